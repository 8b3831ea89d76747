"""unitwork, hand-written DB-API code and SQLAlchemy, measured side by side: `python -m benchmarks --help`."""
