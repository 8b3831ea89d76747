"""What makes a mapped class behave: native reads, tracked writes, tracked collections, both sides kept in step."""
