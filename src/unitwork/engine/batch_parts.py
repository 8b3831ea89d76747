"""What all batches are made of: conversion by columns, chunks, texts from the engine's cache, named errors.

Spec: LB-34, LB-36, BK-24.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from unitwork import exc
from unitwork.dialects import values as checks
from unitwork.dialects.base import VALUE_ERRORS, Dialect
from unitwork.dialects.failures import refused_value
from unitwork.dialects.numbers import WHOLE
from unitwork.dialects.values import MarkerFound
from unitwork.engine.batch_text import Texts
from unitwork.sql import types as t

if TYPE_CHECKING:
    from unitwork.engine.connection import Connection

Rows = Sequence[tuple[Any, ...]]

#: Rows of one statement: what more of them would gain is lost to parsing.
CHUNK = 1000


def converted(dialect: Dialect, table: Any, columns: Sequence[Any], rows: Rows) -> Rows:
    """Return rows in the driver's form: the very same if nothing is to be converted.

    Raises:
        StatementError [bad-value]: a value cannot be sent.
        MarkerFound: a cell is a marker.
    """
    # HOT: every cell of every batch; bench: W1, W6.
    bindings = [dialect.binding(column.type) for column in columns]
    if not any(bindings):
        return rows
    cells: list[Any] = list(zip(*rows))
    changed = False
    for place, binding in enumerate(bindings):
        if binding is not None:
            before = cells[place]
            try:
                after = binding.column(before)
            except MarkerFound:
                raise
            except VALUE_ERRORS as err:
                raise _refused(table, columns[place], binding, before, err) from err
            if after is not before:
                cells[place] = after
                changed = True
    return list(zip(*cells)) if changed else rows


def converted_cell(binding: Any, value: Any, table: Any, column: Any) -> Any:
    try:
        return binding.cell(value)
    except VALUE_ERRORS as err:
        raise _refused(table, column, binding, [value], err) from err


def _refused(table: Any, column: Any, binding: Any, values: Sequence[Any], err: Exception) -> exc.StatementError:
    refused = checks.positions_refused(values, binding.cell)
    shown = refused[0][1] if refused else err
    value = values[refused[0][0]] if refused else None
    error = refused_value(shown, value_place(table, column, value))
    error.add_detail(f"in row {refused[0][0]} of {len(values)}" if refused else "in the batch")
    return error


def named_error(err: exc.StatementError, table: Any, columns: Sequence[Any], rows: Rows) -> exc.StatementError:
    """Return an error that names the column, for a value that the driver was the first to refuse."""
    for place, column in enumerate(columns):
        cell = WHOLE.cell if isinstance(column.type, t.Integer) else _text_only
        refused = checks.positions_refused([row[place] for row in rows], cell)
        if refused:
            place_of_value = value_place(table, column, rows[refused[0][0]][place])
            return refused_value(refused[0][1], place_of_value, err.statement)
    return err


def value_place(table: Any, column: Any, value: Any) -> str:
    """Return words for where a value was to go: its column, the column's type, and the value's class."""
    return f"{table.name}.{column.name} ({column.type!r}), of class {type(value).__qualname__}"


def _text_only(value: Any) -> Any:
    return _PLAIN_TEXT.cell(value) if isinstance(value, str) else value


#: Kinds of types whose values have a few characters at most.
_SHORT = frozenset(
    "integer small_integer big_integer boolean float double real date time datetime uuid interval".split()
)
_PLAIN_TEXT = checks.text_binding(nul_allowed=False)


def chunk_size(dialect: Dialect, width: int) -> int:
    limit = dialect.features.max_parameters
    return CHUNK if limit is None else max(1, min(CHUNK, limit // max(1, width)))


def sliced(rows: Rows, size: int) -> Iterator[Rows]:
    if len(rows) <= size:
        yield rows
        return
    left = iter(rows)
    while part := list(islice(left, size)):
        yield part


def chunks(dialect: Dialect, columns: Sequence[Any], rows: Rows) -> Iterable[Rows]:
    """Return converted rows in parts that fit into one statement."""
    # HOT: every batch, also of one row; bench: W10i, W10u, W15.
    return (rows,) if len(rows) == 1 else _parts(dialect, columns, rows)


def _parts(dialect: Dialect, columns: Sequence[Any], rows: Rows) -> Iterator[Rows]:
    limit = dialect.features.max_packet
    for part in sliced(rows, chunk_size(dialect, len(columns))):
        if limit is None or _bytes_at_most(columns, part) < limit:
            yield part
        else:
            yield from _small_parts(columns, part, limit)


def _small_parts(columns: Sequence[Any], rows: Rows, limit: int) -> Iterator[Rows]:
    part: list[tuple[Any, ...]] = []
    size = 0
    for row in rows:
        more = _bytes_at_most(columns, [row])
        if part and size + more >= limit:
            yield part
            part, size = [], 0
        part.append(row)
        size += more
    yield part


def _bytes_at_most(columns: Sequence[Any], rows: Rows) -> int:
    """Return an upper bound for the length of a statement with `rows` as literals."""
    size = 1000 + 100 * len(columns) + 60 * len(columns) * len(rows)
    for place, column in enumerate(columns):
        if column.type.visit not in _SHORT:
            # A character has at most four bytes, or two when escaped; a byte is two hexadecimal digits.
            size += 4 * sum([len(cell) for row in rows if isinstance(cell := row[place], (str, bytes))])
    return size


def batch_text(
    connection: Connection, kind: str, table: Any, columns: tuple[Any, ...], count: int, more: tuple[Any, ...]
) -> str:
    """Return the text of a batch, from the engine's cache if it is there."""
    cache = connection.engine.batch_texts
    key = (kind, table, columns, count, more)
    text = cache.get(key)
    if text is not None:
        return text
    texts = Texts(connection.dialect, table)
    if kind == "insert":
        text = texts.insert(columns, count, more)
    elif kind == "insert_ordered":
        text = texts.insert_ordered(columns, count, more)
    elif kind == "insert_nothing":
        text = texts.insert_nothing(more)
    elif kind == "update_one":
        text = texts.update_one(columns, more)
    elif kind in ("update_many", "update_numbered"):
        text = texts.update_many(columns, more, count, numbered=kind == "update_numbered")
    elif kind == "delete":
        text = texts.delete(columns, count)
    elif kind == "select_row":
        text = texts.select_row(columns, more)
    else:
        text = texts.select_keys(columns, count, lock=kind == "select_keys_locked")
    connection.engine.keep_batch_text(key, text)
    return text


def picker(places: Sequence[int]) -> Any:
    """Return a function from a row to the tuple of some of its values."""
    if len(places) == 1:
        place = places[0]
        return lambda row: (row[place],)
    return itemgetter(*places) if places else lambda row: ()


def padded_keys(dialect: Dialect, keys: Rows) -> tuple[int, list[Any]]:
    """Return (length, flat values) of a key list, its last key repeated up to a power of two: few texts exist."""
    count, width = len(keys), len(keys[0])
    length = 1 << (count - 1).bit_length()
    limit = dialect.features.max_parameters
    if limit is not None and length * width > limit:
        length = count
    flat = list(chain.from_iterable(keys))
    flat.extend(list(keys[-1]) * (length - count))
    return length, flat
