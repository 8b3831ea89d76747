"""PostgreSQL through psycopg2.

The driver runs in autocommit mode; BEGIN goes in front of the first statement of a transaction in the same string (one
round trip less), COMMIT and ROLLBACK are statements whose answers are checked, since a failed transaction answers
COMMIT with ROLLBACK and no error. Whether a connection is gone is asked of ``connection.closed`` alone.

Spec: BK-12 to BK-18.
"""

from __future__ import annotations

import datetime
import decimal
from collections.abc import Mapping
from typing import Any

from unitwork.dialects import failures, values
from unitwork.dialects.base import Dialect, coerced, driver_missing
from unitwork.dialects.failures import Kind
from unitwork.dialects.features import Features
from unitwork.dialects.postgresql_style import PostgreSQLStyle
from unitwork.dialects.url import URL
from unitwork.dialects.values import Binding, Cell, by_class, nullable
from unitwork.sql import types as t

_FEATURES = Features(
    begin="rides",
    isolation_levels=("READ UNCOMMITTED", "READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"),
    insert_returning=True,
    update_returning=True,
    delete_returning=True,
    update_returning_joined=True,
    update_many="from",
    values_row="",
    default_cell=True,
    default_row="DEFAULT VALUES",
    insert_select_ordered=True,
    lastrowid=False,
    key_list="using",
    max_parameters=None,
    max_packet=None,
    max_name=63,
    name_unit="bytes",
    alter_add_constraint=True,
    transactional_ddl=True,
    for_update=True,
    sequences=True,
    savepoints=True,
    two_phase=True,
    on_conflict="on conflict",
    multi_table_dml=True,
    counts_matched=True,
)

_KINDS: dict[str, Kind] = {
    "23505": failures.UNIQUE,
    "23503": failures.FOREIGN_KEY,
    "23502": failures.NOT_NULL,
    "23514": failures.CHECK,
    "23P01": failures.EXCLUSION,
    "40P01": failures.DEADLOCK,
    "40001": failures.SERIALIZATION,
    "55P03": failures.LOCK_TIMEOUT,
    "57014": failures.CANCELLED,
    "25006": failures.READ_ONLY,
    "25P02": failures.FAILED,
    "53100": failures.DISK_FULL,
    "53300": failures.TOO_MANY,
    "42P01": failures.NO_TABLE,
    "42703": failures.NO_COLUMN,
    "42601": failures.SYNTAX,
    "22003": failures.OUT_OF_RANGE,
    "22001": failures.TOO_LONG,
    "3B001": failures.NO_SAVEPOINT,
}

# States of psycopg2's get_transaction_status().
_IDLE, _FAILED = 0, 3

#: How libpq's text options become arguments; the rest is passed as text.
_OPTIONS = {"connect_timeout": int, "port": int}


class PostgreSQLDialect(Dialect):
    """PostgreSQL 12 or later."""

    name = "postgresql"
    driver = "psycopg2"

    def __init__(self) -> None:
        super().__init__()
        self.style = PostgreSQLStyle()
        self.features = _FEATURES

    # Connecting

    def import_driver(self) -> Any:
        try:
            import psycopg2
        except ImportError as err:
            raise driver_missing(self, "psycopg2-binary") from err
        return psycopg2

    def connect(self, url: URL, connect_args: Mapping[str, Any]) -> Any:
        options: dict[str, Any] = {"client_encoding": "utf8"}
        given = {
            "host": url.host,
            "port": url.port,
            "user": url.username,
            "password": url.password,
            "dbname": url.database or None,
        }
        options.update((name, value) for name, value in given.items() if value is not None)
        options.update(coerced(url.query, _OPTIONS))
        options.update(connect_args)
        connection = self.import_driver().connect(**options)
        self.adopt(connection)
        return connection

    def adopt(self, connection: Any) -> None:
        connection.autocommit = True

    def initialize(self, connection: Any) -> None:
        number = connection.server_version
        self.server_version = (number // 10_000, number % 10_000)

    def has_table(self, connection: Any, name: str, schema: str | None) -> bool:
        return self._has_relation(connection, ("r", "p", "v", "m", "f"), name, schema)

    def has_sequence(self, connection: Any, name: str, schema: str | None) -> bool:
        return self._has_relation(connection, ("S",), name, schema)

    def has_index(self, connection: Any, table: str, name: str, schema: str | None) -> bool:
        return self._has_relation(connection, ("i", "I"), name, schema)

    def _has_relation(self, connection: Any, kinds: tuple[str, ...], name: str, schema: str | None) -> bool:
        visible = "n.nspname = %s" if schema else "pg_catalog.pg_table_is_visible(c.oid)"
        listed = ", ".join([f"'{kind}'" for kind in kinds])
        sql = (
            "SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
            f" WHERE c.relkind IN ({listed}) AND c.relname = %s AND {visible}"
        )
        return bool(connection.fetch(sql, (name, schema) if schema else (name,)))

    # Transactions

    def declare_cursor(self, name: str, sql: str, outlives: bool) -> str:
        return f"DECLARE {name} NO SCROLL CURSOR {'WITH HOLD ' if outlives else ''}FOR {sql}"

    def begin_statements(self, isolation: str | None) -> tuple[str, ...]:
        return (f"BEGIN ISOLATION LEVEL {isolation}",) if isolation else ("BEGIN",)

    def default_isolation(self, connection: Any) -> str:
        cursor = connection.cursor()
        cursor.execute("SHOW default_transaction_isolation")
        row = cursor.fetchone()
        cursor.close()
        return str(row[0]).upper()

    def is_open(self, connection: Any) -> bool:
        return bool(connection.get_transaction_status() != _IDLE)

    def is_failed(self, connection: Any) -> bool:
        return bool(connection.get_transaction_status() == _FAILED)

    def committed(self, cursor: Any) -> bool:
        return bool(cursor.statusmessage != "ROLLBACK")

    # Errors

    def is_disconnect(self, connection: Any) -> bool:
        return bool(connection.closed)

    def kind(self, error: BaseException) -> Kind:
        return _KINDS.get(getattr(error, "pgcode", None) or "", failures.OTHER)

    def transaction_state(self, connection: Any, error: BaseException, kind: Kind, was_open: bool) -> str:
        status = connection.get_transaction_status()
        if status == _FAILED:
            return "failed"
        if status == _IDLE:
            # The server looks at the whole string first: with a syntax error in it BEGIN was not run. For the caller
            # it is the same: a statement failed, the transaction is to be rolled back (BK-12).
            return "gone" if was_open else "failed" if getattr(error, "pgcode", None) else "none"
        return "failed" if kind.dooms else "alive"

    def facts(self, error: BaseException) -> dict[str, Any]:
        diagnosis = getattr(error, "diag", None)
        return {
            "sqlstate": getattr(error, "pgcode", None),
            "constraint": getattr(diagnosis, "constraint_name", None),
        }

    # Values to the driver

    def bind_integer(self, type_: t.Integer) -> Binding:
        return values.WHOLE

    bind_small_integer = bind_big_integer = bind_integer

    def bind_string(self, type_: t.String) -> Binding:
        return _TEXT

    bind_text = bind_string

    def bind_boolean(self, type_: t.Boolean) -> Binding:
        return values.TRUTH

    def bind_float(self, type_: t.Float) -> Binding:
        return values.FLOAT_ANY

    bind_double = bind_float

    def bind_numeric(self, type_: t.Numeric) -> Binding:
        return values.each(number)

    def bind_date(self, type_: t.Date) -> Binding:
        return by_class(values.day, datetime.date)

    def bind_time(self, type_: t.Time) -> Binding:
        return by_class(values.any_time, datetime.time) if type_.timezone else values.NAIVE_TIME

    def bind_datetime(self, type_: t.DateTime) -> Binding:
        return values.each(values.aware_moment) if type_.timezone else values.NAIVE_MOMENT

    def bind_large_binary(self, type_: t.LargeBinary) -> Binding:
        return values.OCTETS

    def bind_null(self, type_: t.NullType) -> Binding:
        return by_class(untyped, *_SAFE)

    # Values from the driver

    def result_numeric(self, type_: t.Numeric) -> Cell | None:
        return None if type_.asdecimal else nullable(float)

    def result_float(self, type_: t.Float) -> Cell | None:
        return values.number_of(None) if type_.asdecimal else None

    result_double = result_float

    def result_large_binary(self, type_: t.LargeBinary) -> Cell:
        return nullable(bytes)

    def values_cast(self, type_: t.TypeEngine) -> str | None:
        # Without length: a cast to VARCHAR(3) would cut a text silently, the assignment to the column does not.
        kind = type_.visit
        if kind in ("string", "text"):
            return "TEXT"
        if kind == "numeric":
            return "NUMERIC"
        return None if kind == "null" else self.style.cast_type(type_)


_TEXT = values.text_binding(nul_allowed=False)
_SAFE = (int, str, float, bytes, bool, datetime.date, datetime.datetime, datetime.time, datetime.timedelta)


def number(value: Any) -> decimal.Decimal:
    """Return a Decimal that PostgreSQL can store: infinity would arrive as NaN."""
    exact = values.exact_number(value)
    if exact.is_infinite():
        raise ValueError(f"the database cannot store {exact}")
    return exact


def untyped(value: Any) -> Any:
    """Convert a value of which only the class is known; what the driver has adapters for passes."""
    if isinstance(value, decimal.Decimal):
        return number(value)
    try:
        return values.plain(value)
    except values.MarkerFound:
        raise
    except TypeError:
        return value
