"""FlushPlan: what a flush will send, as a value that can be printed, compared and tested.

Steps name objects by handle (``#2``) and hold what is not known yet as markers. A plan knows no connection and no
dialect: the same plan serves every database.

::

    1 insert user(name) returning id
        #1 ('ann')
    2 insert address(user_id, email) returning id
        #2 (#1.id, 'a@x')
        #3 (#1.id, 'b@x')
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from unitwork.mapping.mapper import Mapper
from unitwork.sql.schema import Column, Table

#: Rows that the printed form shows of a step before it says how many more there are.
SHOWN_ROWS = 20

Row = tuple[Any, ...]


@dataclass(frozen=True)
class Step:
    """One statement (per chunk) on one table.

    Attributes:
        table: what is written.
        mapper: class of the objects; for an association table, of the side that owns the relationship.
        handles: the objects, in order; empty for association rows.
        rows: one tuple of cells per object or association row.
    """

    table: Table
    mapper: Mapper | None
    handles: tuple[int, ...]
    rows: tuple[Row, ...]

    verb = ""

    def heading(self) -> str:
        """Return what the step does, without its rows."""
        return f"{self.verb} {self.table.name}"

    def lines(self) -> Iterator[str]:
        """Yield the rows, as they are printed."""
        for handle, row in zip(self.handles, self.rows):
            yield f"#{handle} {_row(row)}"

    def __str__(self) -> str:
        return self.heading()


@dataclass(frozen=True)
class InsertRows(Step):
    """Insert rows, and fetch `returning` back for all of them.

    Attributes:
        columns: columns of the cells.
        returning: columns that the database fills.
    """

    columns: tuple[Column, ...]
    returning: tuple[Column, ...]

    verb = "insert"

    def heading(self) -> str:
        """Return ``insert table(columns) returning keys``."""
        back = f" returning {_names(self.returning)}" if self.returning else ""
        return f"insert {self.table.name}({_names(self.columns)}){back}"


@dataclass(frozen=True)
class UpdateRows(Step):
    """Update rows; each tuple holds the values of `columns`, then those of `keys`.

    Attributes:
        columns: columns to set.
        keys: columns that find the row.
    """

    columns: tuple[Column, ...]
    keys: tuple[Column, ...]

    verb = "update"

    def heading(self) -> str:
        """Return ``update table set columns where keys``."""
        return f"{self.verb} {self.table.name} set {_names(self.columns)} where {_names(self.keys)}"


@dataclass(frozen=True)
class PatchRows(UpdateRows):
    """Set, or clear, a foreign key apart from its row, to cut a cycle of rows (FP-06)."""

    verb = "patch"


@dataclass(frozen=True)
class DeleteRows(Step):
    """Delete rows by primary key.

    Attributes:
        keys: primary key columns.
    """

    keys: tuple[Column, ...]

    verb = "delete"

    def heading(self) -> str:
        """Return ``delete table where keys``."""
        return f"delete {self.table.name} where {_names(self.keys)}"


@dataclass(frozen=True)
class LinkRows(Step):
    """Insert rows of an association table."""

    columns: tuple[Column, ...]

    verb = "link"

    def heading(self) -> str:
        """Return ``link table(columns)``."""
        return f"{self.verb} {self.table.name}({_names(self.columns)})"

    def lines(self) -> Iterator[str]:
        """Yield the rows, as they are printed."""
        for row in self.rows:
            yield _row(row)


@dataclass(frozen=True)
class UnlinkRows(LinkRows):
    """Delete rows of an association table.

    Attributes:
        counted: each row is known to exist, so that one that is missing is an error (CA-51); False where all rows of
            deleted owners go, as many as there are.
    """

    counted: bool = True

    verb = "unlink"


@dataclass(frozen=True)
class FlushPlan:
    """The steps of a flush, in order. Equal plans send the same."""

    steps: tuple[Step, ...]

    def __iter__(self) -> Iterator[Step]:
        return iter(self.steps)

    def __len__(self) -> int:
        return len(self.steps)

    def __bool__(self) -> bool:
        return bool(self.steps)

    def summary(self) -> str:
        """Return the short form: one line per step, with its number of rows."""
        lines = []
        for number, step in enumerate(self.steps, 1):
            count = len(step.rows)
            lines.append(f"{number:>3} {step.heading()}: {count} {'row' if count == 1 else 'rows'}")
        return "\n".join(lines) if lines else "nothing to flush"

    def __str__(self) -> str:
        if not self.steps:
            return "nothing to flush"
        lines = []
        for number, step in enumerate(self.steps, 1):
            lines.append(f"{number} {step.heading()}")
            for place, line in enumerate(step.lines()):
                if place == SHOWN_ROWS:
                    lines.append(f"    … and {len(step.rows) - SHOWN_ROWS} more")
                    break
                lines.append(f"    {line}")
        return "\n".join(lines)


def _names(columns: tuple[Column, ...]) -> str:
    return ", ".join(column.name for column in columns)


def _row(row: Row) -> str:
    return f"({', '.join(repr(cell) for cell in row)})"
