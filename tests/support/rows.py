"""Reads rows beside the object side, so that a test can compare what the database holds."""

from __future__ import annotations

from typing import Any

from unitwork import select
from unitwork.orm import Session


def rows_of(source: Any, *columns: Any) -> list[tuple[Any, ...]]:
    """Rows of the given table columns as plain tuples, sorted, None first.

    Args:
        source: an Engine (a connection of its own sees what is committed) or a Session (its transaction; no autoflush).
    """
    statement = select(*columns)
    if isinstance(source, Session):
        rows = [tuple(row) for row in source.connection().execute(statement)]
    else:
        with source.connect() as connection:
            rows = [tuple(row) for row in connection.execute(statement)]
    return sorted(rows, key=lambda row: [(value is not None, value) for value in row])


def columns_of(cls: Any, *names: str) -> list[Any]:
    """The table columns of a mapped class with these names."""
    return [cls.__table__.c[name] for name in names]
