"""What a flush has to do, as data: the WorkSet that `gather` makes and the planner reads.

Objects are named by handle: `subjects[handle - 1]` is (state, object), in the order of adding. A cell is a plain value,
or a marker for what is not known yet. Nothing here knows a connection, a dialect or a clock.

Spec: FP-01, FP-10; style: the plan is pure data.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from unitwork.mapping.mapper import Mapper
from unitwork.sql.schema import Column, Table


class KeyRef(NamedTuple):
    """The value that attribute `name` of object `handle` will have once its row is written."""

    handle: int
    name: str

    def __repr__(self) -> str:
        return f"#{self.handle}.{self.name}"


class Cell(enum.Enum):
    """Markers for cells that get their value when the step runs."""

    #: The column's Python-side default (or onupdate) is computed then.
    PYTHON_DEFAULT = "default"
    #: The version that follows the one the row has (VC-01, VC-04).
    NEXT_VERSION = "next version"

    def __repr__(self) -> str:
        return f"<{self.value}>"


PYTHON_DEFAULT = Cell.PYTHON_DEFAULT
NEXT_VERSION = Cell.NEXT_VERSION


class InsertChange(NamedTuple):
    """An object to insert: cells in the order of the columns of :func:`unitwork.flush.extract.row_shape`."""

    handle: int
    cells: tuple[Any, ...]


class UpdateChange(NamedTuple):
    """A row to update: values of the columns that changed, the primary key and the version that it has now."""

    handle: int
    columns: tuple[Column, ...]
    cells: tuple[Any, ...]
    key: tuple[Any, ...]
    version: Any = None


class DeleteChange(NamedTuple):
    """A row to delete, its primary key, (handle, own foreign key columns) of deleted rows it refers to, its version."""

    handle: int
    key: tuple[Any, ...]
    refers_to: tuple[tuple[int, tuple[Column, ...]], ...]
    version: Any = None


class LinkChange(NamedTuple):
    """A row of an association table to insert or delete, cells in the order of `LinkTable.columns`."""

    cells: tuple[Any, ...]


@dataclass(frozen=True)
class LinkTable:
    """What happens to the rows of one association table.

    Attributes:
        table: the association table.
        columns: the columns that the relationship writes: those of one side, then those of the other.
        added, removed: rows.
        cleared: (columns of one side, keys of deleted owners): all their rows go.
    """

    table: Table
    columns: tuple[Column, ...]
    added: list[LinkChange] = field(default_factory=list)
    removed: list[LinkChange] = field(default_factory=list)
    cleared: dict[tuple[Column, ...], list[tuple[Any, ...]]] = field(default_factory=dict)
    mapper: Mapper | None = None


class WorkSet(NamedTuple):
    """Everything one flush has to write.

    Attributes:
        subjects: (state, object) by handle - 1.
        inserts, updates, deletes: changes by Mapper.
        links: association tables by (table, columns).
        untouched: states that were written to without net change; settling resets them.
        dropped: states of new objects that are not inserted after all, and leave the Session (CA-45).
        replaced: handles of deleted objects whose row a new object takes over (FP-03).
    """

    subjects: tuple[tuple[Any, Any], ...]
    inserts: dict[Mapper, list[InsertChange]]
    updates: dict[Mapper, list[UpdateChange]]
    deletes: dict[Mapper, list[DeleteChange]]
    links: dict[Any, LinkTable]
    untouched: tuple[Any, ...] = ()
    dropped: tuple[Any, ...] = ()
    replaced: tuple[int, ...] = ()

    def is_empty(self) -> bool:
        """Return whether no statement would be sent."""
        return not (self.inserts or self.updates or self.deletes or self.links)
