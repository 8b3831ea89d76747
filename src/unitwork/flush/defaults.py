"""Python-side defaults of the rows of a step: scalars, functions, SQL expressions, numbers of sequences.

Spec: FP-09, PT-20, PT-27, PT-30, PT-34, PT-35.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from unitwork.base.markers import DEFAULT_CELL
from unitwork.flush.changes import PYTHON_DEFAULT
from unitwork.sql.clause import ClauseElement
from unitwork.sql.defaults import DefaultContext
from unitwork.sql.schema import Column

Columns = tuple[Column, ...]
Cells = list[Any]


def insert_defaults(
    connection: Any, columns: Columns, cells: list[Cells], returning: Columns
) -> tuple[Columns, list[Cells], Columns]:
    """Return (columns, cells, columns to return) of an INSERT, with what the defaults make in place of their marks.

    The Connection is asked for the numbers of sequences, and handed to functions that take a context.
    A column whose sequence the database does not have is left to it, and read back.
    """
    left: list[int] = []
    for place, column in enumerate(columns):
        default = column.default
        if default is None:
            continue
        cells[place] = with_default(default, place, columns, cells, connection)
        if default.is_sequence and any(cell is DEFAULT_CELL for cell in cells[place]):
            if column not in returning:
                returning = (*returning, column)
            if all(cell is DEFAULT_CELL for cell in cells[place]):
                left.append(place)
    if left:
        columns = tuple([column for place, column in enumerate(columns) if place not in left])
        cells = [column_cells for place, column_cells in enumerate(cells) if place not in left]
    return columns, cells, returning


def with_default(
    default: Any, place: int, columns: Sequence[Column], cells: list[Cells], connection: Any
) -> Cells:
    """Return the cells of one column with what `default` makes in place of its mark.

    Args:
        columns, cells: all of the rows, for functions that read their row.
    """
    own = cells[place]
    if PYTHON_DEFAULT not in set(map(_python_default, own)):
        return own
    if default.is_sequence:
        rows = [number for number, cell in enumerate(own) if cell is PYTHON_DEFAULT]
        values: list[Any] = connection.next_values(default, len(rows)) or [DEFAULT_CELL] * len(rows)
        made = list(own)
        for number, value in zip(rows, values):
            made[number] = value
        return made
    if default.wants_context:
        return [
            default.arg(_context(number, columns, cells, connection)) if cell is PYTHON_DEFAULT else cell
            for number, cell in enumerate(own)
        ]
    if default.is_callable:
        return [default.arg(None) if cell is PYTHON_DEFAULT else cell for cell in own]
    return [default.arg if cell is PYTHON_DEFAULT else cell for cell in own]


def _context(row: int, columns: Sequence[Column], cells: list[Cells], connection: Any) -> DefaultContext:
    def values() -> dict[str, Any]:
        return {
            column.key: value
            for column, column_cells in zip(columns, cells)
            if not ((value := column_cells[row]) is PYTHON_DEFAULT or value is DEFAULT_CELL or _is_sql(value))
        }

    return DefaultContext(values, connection)


def _is_sql(value: Any) -> bool:
    return isinstance(value, ClauseElement) or hasattr(type(value), "__clause_element__")


def _python_default(value: Any) -> Any:
    # A user's value is never compared with a marker by ==.
    return value if value is PYTHON_DEFAULT else None
