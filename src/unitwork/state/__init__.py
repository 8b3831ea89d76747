"""What unitwork knows about one instance, and about all instances of one Session."""
