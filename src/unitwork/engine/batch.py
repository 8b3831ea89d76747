"""Many rows of one table in as few round trips as the database allows: INSERT, UPDATE, DELETE.

Rows come as tuples of Python values and are converted column by column. A chunk of up to 1,000 rows is one statement,
so an error leaves it undone as a whole. Row counts are checked; which rows matched nothing is asked only when the count
differs, or when the update changes what the rows are found by.

Spec: LB-33, LB-36, BK-16, BK-23, BK-24, FP-15, VC-02.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

from unitwork import exc
from unitwork.engine.batch_insert import insert_rows
from unitwork.engine.batch_parts import Rows, batch_text, chunks, converted, named_error, padded_keys
from unitwork.engine.row import convert_rows

if TYPE_CHECKING:
    from unitwork.engine.connection import Connection

__all__ = ["delete_rows", "insert_rows", "missing_rows", "update_rows"]


# UPDATE


def update_rows(
    connection: Connection, table: Any, set_columns: Sequence[Any], key_columns: Sequence[Any], rows: Rows
) -> list[int]:
    """Update rows found by key.

    Args:
        key_columns: what identifies a row, e.g. the primary key and a version; values are not NULL, and no two rows
            have the same.
        rows: values for `set_columns`, then for `key_columns`, not converted.
    Returns:
        Places of those rows that matched nothing; [] if all did.
    Raises:
        StatementError [bad-value]: a value cannot be sent; names table and column. Nothing was sent.
        BrokenInvariantError: two rows have the same key.
        DBAPIError: see ER-18.
    Spec: LB-36, BK-16, BK-23, FP-15, VC-02.
    """
    if not rows:
        return []
    set_columns, key_columns = tuple(set_columns), tuple(key_columns)
    dialect = connection.dialect
    columns = (*set_columns, *key_columns)
    cells = converted(dialect, table, columns, rows)
    width = len(set_columns)
    moves_key = not set(set_columns).isdisjoint(key_columns)
    missing: list[int] = []
    done = 0
    try:
        for part in chunks(dialect, columns, cells):
            if len(part) == 1:
                sql = batch_text(connection, "update_one", table, set_columns, 1, key_columns)
                if not connection.write(sql, tuple(part[0])):
                    missing.append(done)
            elif not moves_key:
                sql = batch_text(connection, "update_many", table, set_columns, len(part), key_columns)
                if connection.write(sql, tuple(chain.from_iterable(part))) != len(part):
                    found = _missing(connection, table, key_columns, [row[width:] for row in part])
                    missing += [done + place for place in found]
            else:
                missing += [done + place for place in _update_moving(connection, table, set_columns, key_columns, part)]
            done += len(part)
    except exc.StatementError as err:
        if isinstance(err, exc.DBAPIError):
            raise
        raise named_error(err, table, columns, rows) from err.orig
    return missing


def _update_moving(
    connection: Connection, table: Any, set_columns: tuple[Any, ...], key_columns: tuple[Any, ...], part: Rows
) -> list[int]:
    """Update rows whose keys (or versions) change: afterwards nobody could say which were matched."""
    if connection.dialect.features.update_returning_joined:
        sql = batch_text(connection, "update_numbered", table, set_columns, len(part), key_columns)
        matched = {row[0] for row in connection.fetch(sql, tuple(chain.from_iterable(part)))}
        return [place for place in range(len(part)) if place not in matched]
    width = len(set_columns)
    missing = _missing(connection, table, key_columns, [row[width:] for row in part], lock=True)
    kept = [row for place, row in enumerate(part) if place not in set(missing)] if missing else part
    if kept:
        sql = batch_text(connection, "update_many", table, set_columns, len(kept), key_columns)
        connection.write(sql, tuple(chain.from_iterable(kept)))
    return missing


def _missing(
    connection: Connection, table: Any, key_columns: tuple[Any, ...], keys: Rows, lock: bool = False
) -> list[int]:
    """Return places of converted keys that are not in the table."""
    if len(set(keys)) != len(keys):
        raise exc.BrokenInvariantError(
            f"a batch must not change a row twice: two updates of {table.name!r} have the same key.",
            code="row-updated-twice",
        )
    dialect = connection.dialect
    length, flat = padded_keys(dialect, keys)
    kind = "select_keys_locked" if lock else "select_keys"
    found = connection.fetch(batch_text(connection, kind, table, key_columns, length, ()), flat)
    # Compare what the driver gives with what it was given, both in Python's form.
    converters = [dialect.result_converter(column.type) for column in key_columns]
    present = set(convert_rows(found, converters))
    wanted = convert_rows([tuple(key) for key in keys], converters)
    return [place for place, key in enumerate(wanted) if key not in present]


def missing_rows(connection: Connection, table: Any, key_columns: Sequence[Any], keys: Rows) -> list[int]:
    """Return the places of keys that no row has; the rows of the others are locked where the database can.

    Args:
        keys: tuples of values for `key_columns`, not converted, not NULL.
    Spec: VC-02.
    """
    key_columns = tuple(key_columns)
    cells = converted(connection.dialect, table, key_columns, keys)
    missing: list[int] = []
    done = 0
    for part in chunks(connection.dialect, key_columns, cells):
        missing += [done + place for place in _missing(connection, table, key_columns, part, lock=True)]
        done += len(part)
    return missing


# DELETE


def delete_rows(connection: Connection, table: Any, key_columns: Sequence[Any], keys: Rows) -> int:
    """Delete rows by key and return how many there were.

    Args:
        keys: tuples of values for `key_columns`, not converted, not NULL.
    Raises:
        StatementError [bad-value]: a value cannot be sent; names table and column. Nothing was sent.
        DBAPIError: see ER-18.
    Spec: LB-36, FP-15.
    """
    if not keys:
        return 0
    key_columns = tuple(key_columns)
    cells = converted(connection.dialect, table, key_columns, keys)
    count = 0
    try:
        for part in chunks(connection.dialect, key_columns, cells):
            length, flat = padded_keys(connection.dialect, part)
            count += connection.write(batch_text(connection, "delete", table, key_columns, length, ()), flat)
    except exc.StatementError as err:
        if isinstance(err, exc.DBAPIError):
            raise
        raise named_error(err, table, key_columns, keys) from err.orig
    return count
