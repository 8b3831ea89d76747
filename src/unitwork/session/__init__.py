"""The Session: a thin face over tracker, transactions, reading and flush."""
