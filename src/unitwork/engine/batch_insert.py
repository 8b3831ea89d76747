"""INSERT of many rows, and which returned row belongs to which.

Returned rows are matched to those given by what identifies them, never by trust in the order of RETURNING: by sorted
integer key where the database counts keys up, by the keys given, by a number where PostgreSQL can order the rows;
otherwise rows are sent one by one. `engine.batch` is the public face.

Spec: LB-33, LB-36, BK-08, BK-16, BK-30, PT-36.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from unitwork import exc
from unitwork.base.markers import DEFAULT_CELL
from unitwork.dialects.values import MarkerFound
from unitwork.engine.batch_parts import (
    Rows,
    batch_text,
    chunk_size,
    chunks,
    converted,
    converted_cell,
    named_error,
    picker,
    sliced,
)
from unitwork.engine.batch_text import Texts
from unitwork.engine.row import convert_rows
from unitwork.sql import types as t

if TYPE_CHECKING:
    from unitwork.engine.connection import Connection

Fetched = list[tuple[Any, ...]]

#: Types whose values come back equal on every database: rows can be found again by them.
_EXACT = (t.Integer, t.String, t.Date, t.DateTime, t.Boolean, t.LargeBinary)


def insert_rows(
    connection: Connection, table: Any, columns: Sequence[Any], rows: Rows, returning: Sequence[Any] = ()
) -> Fetched | None:
    """Insert rows and return what the database made of them.

    Args:
        columns: those to be given values; none inserts rows of defaults.
        rows: one value per column, not converted; DEFAULT_CELL leaves a cell to the database.
        returning: columns to return.
    Returns:
        One tuple per row, in the order of `rows`, of the values of `returning` in Python's form; None without
        `returning`.
    Raises:
        StatementError [bad-value]: a value cannot be sent; names table and column. Of its chunk nothing was sent.
        FlushError [returned-rows-unmatched]: what came back does not belong to what was sent.
        DBAPIError: see ER-18.
    Spec: LB-36, BK-08, BK-16, BK-30.
    """
    if not rows:
        return [] if returning else None
    columns, returning = tuple(columns), tuple(returning)
    if not columns:
        return _insert_defaults(connection, table, len(rows), returning)
    result: Fetched = []
    for part in sliced(rows, chunk_size(connection.dialect, len(columns))):
        result += _insert_chunk(connection, table, columns, part, returning) or ()
    return result if returning else None


def _insert_chunk(
    connection: Connection, table: Any, columns: tuple[Any, ...], rows: Rows, returning: tuple[Any, ...]
) -> Fetched | None:
    try:
        cells = converted(connection.dialect, table, columns, rows)
        return _insert(connection, table, columns, rows, cells, returning)
    except MarkerFound:
        pass
    except exc.StatementError as err:
        # SQLite's driver is the first to see a marker, or a value it cannot take, in columns that need no conversion.
        if connection.dialect.features.default_cell or not any(cell is DEFAULT_CELL for row in rows for cell in row):
            if isinstance(err, exc.DBAPIError):
                raise
            raise named_error(err, table, columns, rows) from err.orig
    return _insert_groups(connection, table, columns, rows, returning)


def _insert(
    connection: Connection, table: Any, columns: tuple[Any, ...], rows: Rows, cells: Rows, returning: tuple[Any, ...]
) -> Fetched | None:
    """Insert rows without markers, by the way that keeps what comes back in order."""
    features = connection.dialect.features
    if not returning:
        for part in chunks(connection.dialect, columns, cells):
            sql = batch_text(connection, "insert", table, columns, len(part), ())
            connection.write(sql, tuple(chain.from_iterable(part)))
        return None
    if not features.insert_returning:
        return _insert_by_lastrowid(connection, table, columns, cells, returning)
    if len(cells) == 1:
        found = connection.fetch(batch_text(connection, "insert", table, columns, 1, returning), tuple(cells[0]))
        return _checked(connection, table, returning, found, 1)
    keys = tuple(table.primary_key.columns)
    automatic = table.counting_column
    if automatic is not None and automatic not in columns:
        return _insert_counted(connection, table, columns, cells, returning, automatic)
    if keys and all(key in columns and isinstance(key.type, _EXACT) for key in keys):
        return _insert_keyed(connection, table, columns, (rows, cells), returning, keys)
    if features.insert_select_ordered:
        result: Fetched = []
        for part in chunks(connection.dialect, columns, cells):
            sql = batch_text(connection, "insert_ordered", table, columns, len(part), returning)
            found = connection.fetch(sql, tuple(chain.from_iterable(part)))
            result += _checked(connection, table, returning, found, len(part))
        return result
    sql = batch_text(connection, "insert", table, columns, 1, returning)
    return [_checked(connection, table, returning, connection.fetch(sql, tuple(row)), 1)[0] for row in cells]


def _insert_counted(
    connection: Connection, table: Any, columns: tuple[Any, ...], cells: Rows, returning: tuple[Any, ...], key: Any
) -> Fetched:
    """Insert rows whose integer key the database counts up: sorted by it they are in the order given."""
    # HOT: every batch of new objects; bench: W1, W1t.
    asked = returning if key in returning else (*returning, key)
    place = itemgetter(asked.index(key))
    result: Fetched = []
    for part in chunks(connection.dialect, columns, cells):
        sql = batch_text(connection, "insert", table, columns, len(part), asked)
        found = connection.fetch(sql, tuple(chain.from_iterable(part)))
        found.sort(key=place)
        result += _checked(connection, table, asked, found, len(part))
    return result if asked is returning else [row[:-1] for row in result]


def _insert_keyed(
    connection: Connection,
    table: Any,
    columns: tuple[Any, ...],
    given: tuple[Rows, Rows],
    returning: tuple[Any, ...],
    keys: tuple[Any, ...],
) -> Fetched:
    """Insert rows that bring their keys: by these the rows that come back are found."""
    rows, cells = given
    asked = (*keys, *returning)
    key_of = picker([columns.index(key) for key in keys])
    width = len(keys)
    by_key: dict[Any, tuple[Any, ...]] = {}
    for part in chunks(connection.dialect, columns, cells):
        sql = batch_text(connection, "insert", table, columns, len(part), asked)
        found = connection.fetch(sql, tuple(chain.from_iterable(part)))
        by_key.update((row[:width], row[width:]) for row in _checked(connection, table, asked, found, len(part)))
    try:
        return [by_key[key_of(row)] for row in rows]
    except KeyError as err:
        raise _unmatched(table, f"no row came back with the key {err.args[0]!r}") from None


def _insert_by_lastrowid(
    connection: Connection, table: Any, columns: tuple[Any, ...], cells: Rows, returning: tuple[Any, ...]
) -> Fetched:
    """Insert row by row where there is no RETURNING (MySQL), and read the rest by key."""
    keys = tuple(table.primary_key.columns)
    automatic = table.autoincrement_column
    missing = [key for key in keys if key not in columns]
    if missing and missing != [automatic]:
        raise exc.FlushError(
            f"{connection.dialect.name} cannot tell the key that it made for a row of {table.name!r}.",
            do="give the key a Python-side default.",
            code="key-not-returned",
        )
    result: Fetched = []
    insert = (
        batch_text(connection, "insert", table, columns, 1, ())
        if columns
        else batch_text(connection, "insert_nothing", table, (), 1, ())
    )
    select = batch_text(connection, "select_row", table, returning, 1, keys)
    for row in cells:
        generated = connection.run(insert, tuple(row))[3]
        key = [generated if column in missing else row[columns.index(column)] for column in keys]
        result += connection.fetch(select, key)
    return _checked(connection, table, returning, result, len(cells))


def _insert_defaults(connection: Connection, table: Any, count: int, returning: tuple[Any, ...]) -> Fetched | None:
    """Insert rows that are given no value at all."""
    automatic = table.counting_column
    features = connection.dialect.features
    if count > 1 and automatic is not None and features.insert_returning:
        if features.default_cell:
            return _insert_patterned(connection, table, (automatic,), [(DEFAULT_CELL,)] * count, returning)
        # SQLite: NULL for the rowid lets the database count.
        result: Fetched = []
        asked = returning if automatic in returning else (*returning, automatic)
        for part in chunks(connection.dialect, (automatic,), [(None,)] * count):
            found = connection.fetch(
                batch_text(connection, "insert", table, (automatic,), len(part), asked), [None] * len(part)
            )
            found.sort(key=itemgetter(asked.index(automatic)))
            result += _checked(connection, table, asked, found, len(part))
        return None if not returning else [row[: len(returning)] for row in result]
    if returning and not features.insert_returning:
        return _insert_by_lastrowid(connection, table, (), [()] * count, returning)
    sql = batch_text(connection, "insert_nothing", table, (), 1, returning)
    if not returning:
        for _ in range(count):
            connection.write(sql, ())
        return None
    return [_checked(connection, table, returning, connection.fetch(sql, ()), 1)[0] for _ in range(count)]


def _insert_groups(
    connection: Connection, table: Any, columns: tuple[Any, ...], rows: Rows, returning: tuple[Any, ...]
) -> Fetched | None:
    """Insert rows of which some leave cells to the database."""
    features = connection.dialect.features
    groups: dict[Any, list[int]] = {}
    for place, row in enumerate(rows):
        pattern = tuple([cell is DEFAULT_CELL for cell in row])
        # DEFAULT for single cells needs no group; but rows that bring a key and rows that get one are not mixed.
        if features.default_cell:
            key = tuple([default for default, column in zip(pattern, columns) if column.primary_key])
            groups.setdefault(key, []).append(place)
        else:
            groups.setdefault(pattern, []).append(place)
    result: list[Any] = [None] * len(rows)
    # Rows that bring their key go first: a key that the database makes may be the next after theirs.
    makes_key = [place for place, column in enumerate(columns) if column.primary_key]
    ordered = sorted(groups, key=lambda one: any(rows[groups[one][0]][place] is DEFAULT_CELL for place in makes_key))
    for pattern in ordered:
        places = groups[pattern]
        chosen = [rows[place] for place in places]
        if features.default_cell:
            found = _insert_patterned(connection, table, columns, chosen, returning)
        else:
            kept = [number for number, default in enumerate(pattern) if not default]
            pick = picker(kept)
            found = insert_rows(connection, table, [columns[n] for n in kept], [pick(row) for row in chosen], returning)
        for place, row in zip(places, found or ()):
            result[place] = row
    return result if returning else None


def _insert_patterned(
    connection: Connection, table: Any, columns: tuple[Any, ...], rows: Rows, returning: tuple[Any, ...]
) -> Fetched | None:
    """Insert rows with DEFAULT for single cells, in statements of their own text."""
    dialect = connection.dialect
    bindings = [dialect.binding(column.type) for column in columns]
    texts = Texts(dialect, table)
    keys = tuple(table.primary_key.columns)
    automatic = table.counting_column
    counted = automatic is not None and (automatic not in columns or rows[0][columns.index(automatic)] is DEFAULT_CELL)
    keyed = (
        not counted
        and bool(keys)
        and all(
            key in columns and isinstance(key.type, _EXACT) and rows[0][columns.index(key)] is not DEFAULT_CELL
            for key in keys
        )
    )
    one_by_one = bool(returning) and not counted and not keyed
    asked = (*keys, *returning) if returning and not one_by_one else returning
    result: Fetched = []
    for part in sliced(rows, 1 if one_by_one else chunk_size(dialect, len(columns))):
        patterns = [tuple([cell is DEFAULT_CELL for cell in row]) for row in part]
        flat = [
            cell if binding is None else converted_cell(binding, cell, table, column)
            for row in part
            for cell, binding, column in zip(row, bindings, columns)
            if cell is not DEFAULT_CELL
        ]
        sql = texts.insert_with_defaults(columns, patterns, asked)
        if not asked:
            connection.write(sql, flat)
            continue
        found = _checked(connection, table, asked, connection.fetch(sql, flat), len(part))
        if counted:
            found.sort(key=itemgetter(asked.index(automatic)))
        elif keyed:
            by_key = {row[: len(keys)]: row for row in found}
            key_of = picker([columns.index(key) for key in keys])
            try:
                found = [by_key[key_of(row)] for row in part]
            except KeyError as err:
                raise _unmatched(table, f"no row came back with the key {err.args[0]!r}") from None
        result += found
    if not returning:
        return None
    return result if asked is returning else [row[len(keys) :] for row in result]


def _checked(connection: Connection, table: Any, columns: Sequence[Any], found: Fetched, count: int) -> Fetched:
    """Return fetched rows in Python's form, if they are as many as were sent."""
    if len(found) != count:
        raise _unmatched(table, f"{count} rows were sent, {len(found)} came back")
    return convert_rows(found, [connection.dialect.result_converter(column.type) for column in columns])


def _unmatched(table: Any, what: str) -> exc.FlushError:
    return exc.FlushError(
        f"cannot tell which returned row of {table.name!r} belongs to which inserted one: {what}.",
        do="look for triggers or rules on the table that change keys or leave rows out.",
        code="returned-rows-unmatched",
    )
