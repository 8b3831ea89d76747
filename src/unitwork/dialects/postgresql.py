"""PostgreSQL through psycopg2.

The driver runs in autocommit mode; BEGIN goes in front of the first statement of a transaction in the same string (one
round trip less), COMMIT and ROLLBACK are statements whose answers are checked, since a failed transaction answers
COMMIT with ROLLBACK and no error. Whether a connection is gone is asked of ``connection.closed`` alone.

Spec: BK-12 to BK-18.
"""

from __future__ import annotations

import datetime
import decimal
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from unitwork.dialects import failures, numbers, values
from unitwork.dialects.base import Dialect, coerced, driver_missing
from unitwork.dialects.convert import blank_padded, without_blanks
from unitwork.dialects.failures import Kind
from unitwork.dialects.features import Features
from unitwork.dialects.plain import plain
from unitwork.dialects.postgresql_style import PostgreSQLStyle
from unitwork.dialects.rich import json_to_text, span, to_uuid
from unitwork.dialects.url import URL
from unitwork.dialects.values import Binding, Cell, by_class, nullable
from unitwork.sql import types as t
from unitwork.sql.type_json import JSON
from unitwork.sql.type_json import JSONB as JSONB
from unitwork.sql.upsert import ConflictInsert

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
    ask_row_count=None,
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

    def __init__(
        self,
        json_serializer: Callable[[Any], str] | None = None,
        json_deserializer: Callable[[str], Any] | None = None,
    ) -> None:
        super().__init__(PostgreSQLStyle())
        self.json_serializer = json_serializer
        self.json_deserializer = json_deserializer
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
        if self.json_deserializer is not None:
            extras = import_module("psycopg2.extras")
            extras.register_default_json(connection, loads=self.json_deserializer)
            extras.register_default_jsonb(connection, loads=self.json_deserializer)

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

    def hand_over(self, connection: Any, on: bool) -> None:
        connection.autocommit = not on

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

    def bind_integer(self, type_: t.Integer, stored: bool) -> Binding:
        return numbers.WHOLE_BY_BITS[type_.bits] if stored else numbers.WHOLE

    bind_small_integer = bind_big_integer = bind_integer

    def bind_string(self, type_: t.String, stored: bool) -> Binding:
        length = type_.length if stored else None
        return _TEXT if length is None else values.text_binding(nul_allowed=False, length=length)

    bind_text = bind_string

    def bind_char(self, type_: t.String, stored: bool) -> Binding:
        return blank_padded(self.bind_string(type_, stored)) if stored else self.bind_string(type_, stored)

    def bind_float(self, type_: t.Float, stored: bool) -> Binding:
        single = type_.visit == "real" or (type_.precision is not None and type_.precision <= 24)
        return numbers.float_binding(
            stored,
            nan=True,
            infinity=True,
            # As a bare number it would be an exact one, which has no negative zero.
            negative_zero=lambda value: self.import_driver().extensions.AsIs("'-0.0'::float8"),
            shown=numbers.shortest_single if single else None,
        )

    bind_double = bind_real = bind_float

    def bind_numeric(self, type_: t.Numeric, stored: bool) -> Binding:
        if not stored:
            return values.each(numbers.finite_or_nan)
        before, after = type_.digits_before_point, type_.digits_after_point
        limits = (131_072 if before is None else before, 16_383 if after is None else after)
        return values.each(lambda value: numbers.fitting(numbers.finite_or_nan(value), *limits))

    def bind_date(self, type_: t.Date, stored: bool) -> Binding:
        return by_class(values.day, datetime.date)

    def bind_time(self, type_: t.Time, stored: bool) -> Binding:
        return values.each(values.aware_time) if type_.timezone else values.NAIVE_TIME

    def bind_datetime(self, type_: t.DateTime, stored: bool) -> Binding:
        return values.each(moment_in_any_zone) if type_.timezone else values.NAIVE_MOMENT

    def bind_null(self, type_: t.NullType, stored: bool) -> Binding:
        return by_class(untyped, *_SAFE)

    def bind_uuid(self, type_: t.Uuid, stored: bool) -> Binding:
        if not type_.native_uuid:
            return super().bind_uuid(type_, stored)
        as_uuid = type_.as_uuid
        return values.each(lambda value: str(to_uuid(value, as_uuid, stored)))

    def bind_interval(self, type_: t.Interval, stored: bool) -> Binding:
        return values.each(span) if type_.native else super().bind_interval(type_, stored)

    def bind_jsonb(self, type_: JSON, stored: bool) -> Binding:
        return self.json_binding(type_, json_to_text(self.json_serializer, nul=False))

    def bind_json_path(self, type_: Any, stored: bool) -> Binding:
        return values.each(lambda value: [str(step) for step in value])

    # Values from the driver

    def result_char(self, type_: t.String) -> Cell:
        return without_blanks

    def result_numeric(self, type_: t.Numeric) -> Cell | None:
        return None if type_.asdecimal else nullable(float)

    def result_float(self, type_: t.Float) -> Cell | None:
        return values.number_of(None) if type_.asdecimal else None

    result_double = result_real = result_float

    def result_datetime(self, type_: t.DateTime) -> Cell | None:
        return nullable(in_utc) if type_.timezone else None

    def result_large_binary(self, type_: t.LargeBinary) -> Cell:
        return nullable(bytes)

    result_binary = result_varbinary = result_large_binary

    def result_json(self, type_: JSON) -> Cell | None:
        # The driver has read the document, with the engine's deserializer if there is one.
        return None

    def result_interval(self, type_: t.Interval) -> Cell | None:
        return None if type_.native else super().result_interval(type_)

    def values_cast(self, type_: t.TypeEngine) -> str | None:
        # Without length: a cast to VARCHAR(3) would cut a text silently, the assignment to the column does not.
        concrete = self.concrete(type_)
        kind = concrete.visit
        if kind in ("string", "text", "char"):
            return "TEXT"
        if kind == "numeric":
            return "NUMERIC"
        return None if kind == "null" else self.style.cast_type(concrete)


_TEXT = values.text_binding(nul_allowed=False)
_SAFE = (int, str, float, bytes, bool, datetime.date, datetime.datetime, datetime.time, datetime.timedelta)


#: A server shows moments in the zone of the session, and the driver knows no year before 1 nor after 9999.
_DAY = datetime.timedelta(days=1)
_FIRST_MOMENT = datetime.datetime.min.replace(tzinfo=datetime.timezone.utc) + _DAY
_LAST_MOMENT = datetime.datetime.max.replace(tzinfo=datetime.timezone.utc) - _DAY


def moment_in_any_zone(value: Any) -> datetime.datetime:
    """Return a datetime in UTC that can be shown in every time zone."""
    moment = values.aware_moment(value)
    if not _FIRST_MOMENT <= moment <= _LAST_MOMENT:
        raise ValueError("the datetime is too near to the end of the calendar to be shown in every time zone")
    return moment


def in_utc(value: Any) -> Any:
    """Return an aware datetime in UTC, whatever the zone of the session."""
    return value if value.tzinfo is datetime.timezone.utc else value.astimezone(datetime.timezone.utc)


def untyped(value: Any) -> Any:
    """Convert a value of which only the class is known; what the driver has adapters for passes."""
    if isinstance(value, decimal.Decimal):
        return numbers.finite_or_nan(value)
    try:
        return plain(value)
    except values.MarkerFound:
        raise
    except TypeError:
        return value


class Insert(ConflictInsert):
    """An INSERT that may say ON CONFLICT."""


def insert(table: Any) -> Insert:
    """Return an INSERT that may say ON CONFLICT."""
    return Insert(table)


#: The reference's name for the class: ``statement.compile(dialect=postgresql.dialect())``.
dialect = PostgreSQLDialect
