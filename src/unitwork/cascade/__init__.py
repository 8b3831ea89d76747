"""Which objects an operation on one object reaches along its relationships."""
