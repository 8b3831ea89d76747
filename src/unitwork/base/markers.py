"""Named sentinels: values that mean "no value", each with one meaning.

They compare by identity, print as their name, and survive pickling and copying as themselves.
"""

from __future__ import annotations

import enum


class Marker(enum.Enum):
    """The sentinels of unitwork; import them by name from this module."""

    #: In a history or an event: there was no value, or it was not loaded.
    NO_VALUE = "NO_VALUE"
    #: A scalar that was never set on a new object.
    NEVER_SET = "NEVER_SET"
    #: In a row to insert: leave this column to its default (the cell is rendered as DEFAULT, or left out).
    DEFAULT_CELL = "DEFAULT_CELL"
    #: In a row to insert: SQL's NULL, for a column whose type takes None as a value like others.
    SQL_NULL = "SQL_NULL"

    def __repr__(self) -> str:
        return self.name

    def __bool__(self) -> bool:
        return False


NO_VALUE = Marker.NO_VALUE
NEVER_SET = Marker.NEVER_SET
DEFAULT_CELL = Marker.DEFAULT_CELL
SQL_NULL = Marker.SQL_NULL
