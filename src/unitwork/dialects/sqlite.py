"""SQLite through the standard library's ``sqlite3``.

The driver begins and ends no transaction (``isolation_level=None``): BEGIN, SAVEPOINT and COMMIT are statements of
ours, so that SELECTs, DDL and savepoints are inside the transaction. What is left after an error is read from
``in_transaction``, the only truth.

How values are stored: dates and times as ISO text (aware ones in UTC), Decimal as a number, refused where a float would
not give it back, True and False as 1 and 0, Interval as microseconds, Uuid and Enum as text, JSON as text. NaN is
refused, SQLite would make it NULL; so is -0.0, whose sign it drops.

Spec: BK-01 to BK-11.
"""

from __future__ import annotations

import datetime
import decimal
import json
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from operator import methodcaller
from typing import Any

from unitwork import exc
from unitwork.dialects import failures, numbers, values
from unitwork.dialects.base import Dialect, coerced, flag
from unitwork.dialects.convert import blank_padded
from unitwork.dialects.failures import Kind
from unitwork.dialects.features import Features
from unitwork.dialects.plain import plain
from unitwork.dialects.rich import json_path
from unitwork.dialects.sqlite_style import SQLiteStyle
from unitwork.dialects.url import URL
from unitwork.dialects.values import Binding, Cell, each, nullable
from unitwork.sql import types as t
from unitwork.sql.type_json import JSON
from unitwork.sql.upsert import ConflictInsert

_FEATURES = Features(
    begin="text",
    isolation_levels=("SERIALIZABLE", "READ UNCOMMITTED"),
    insert_returning=True,
    update_returning=True,
    delete_returning=True,
    update_returning_joined=False,
    update_many="from",
    values_row="",
    default_cell=False,
    default_row="DEFAULT VALUES",
    insert_select_ordered=False,
    lastrowid=True,
    key_list="values",
    max_parameters=32_766,
    max_packet=None,
    max_name=0,
    name_unit="characters",
    alter_add_constraint=False,
    transactional_ddl=True,
    for_update=False,
    sequences=False,
    savepoints=True,
    two_phase=False,
    on_conflict="on conflict",
    multi_table_dml=False,
    counts_matched=True,
    ask_row_count="SELECT changes()",
)

#: Extended result codes; where one is missing, its low byte, the primary code, decides.
_KINDS: dict[int, Kind] = {
    2067: failures.UNIQUE,
    1555: failures.UNIQUE,
    2579: failures.UNIQUE,
    1299: failures.NOT_NULL,
    275: failures.CHECK,
    787: failures.FOREIGN_KEY,
    5: failures.DATABASE_LOCKED,
    262: failures.DATABASE_LOCKED,
    13: failures.DISK_FULL,
    11: failures.CORRUPT,
    26: failures.CORRUPT,
    8: failures.READ_ONLY,
    14: failures.CANNOT_OPEN,
    9: failures.CANCELLED,
    18: failures.TOO_LONG,
}

#: Beginnings of messages, for Python 3.10, whose sqlite3 gives no codes, and for what code 1 does not tell apart.
_TEXTS: tuple[tuple[str, Kind], ...] = (
    ("UNIQUE constraint failed", failures.UNIQUE),
    ("NOT NULL constraint failed", failures.NOT_NULL),
    ("CHECK constraint failed", failures.CHECK),
    ("FOREIGN KEY constraint failed", failures.FOREIGN_KEY),
    ("database is locked", failures.DATABASE_LOCKED),
    ("database or disk is full", failures.DISK_FULL),
    ("attempt to write a readonly database", failures.READ_ONLY),
    ("unable to open database file", failures.CANNOT_OPEN),
    ("no such table", failures.NO_TABLE),
    ("no such savepoint", failures.NO_SAVEPOINT),
)


class SQLiteDialect(Dialect):
    """SQLite 3.35 or later.

    Args:
        foreign_keys: enforce foreign keys, per connection (BK-05).
        begin: ``"DEFERRED"`` or ``"IMMEDIATE"``: take the write lock at BEGIN (BK-04).
    """

    name = "sqlite"
    driver = "sqlite3"
    has_socket = False

    def __init__(
        self,
        foreign_keys: bool = False,
        begin: str = "DEFERRED",
        json_serializer: Callable[[Any], str] | None = None,
        json_deserializer: Callable[[str], Any] | None = None,
    ) -> None:
        super().__init__(SQLiteStyle())
        self.json_serializer = json_serializer
        self.json_deserializer = json_deserializer
        if str(begin).upper() not in ("DEFERRED", "IMMEDIATE"):
            raise exc.ArgumentError(
                f"begin={begin!r} is no way to begin a transaction on SQLite.",
                do="use begin='DEFERRED' or begin='IMMEDIATE'.",
                code="bad-engine-option",
            )
        self.features = _FEATURES
        self.foreign_keys = foreign_keys
        self._begin = "BEGIN IMMEDIATE" if str(begin).upper() == "IMMEDIATE" else "BEGIN"

    # Connecting

    def import_driver(self) -> Any:
        import sqlite3

        if sqlite3.sqlite_version_info < (3, 35):
            raise exc.ArgumentError(
                f"unitwork needs SQLite 3.35 or later, this Python is linked with {sqlite3.sqlite_version}.",
                do="use a Python with a newer SQLite library.",
                code="sqlite-too-old",
            )
        return sqlite3

    def connect(self, url: URL, connect_args: Mapping[str, Any]) -> Any:
        driver = self.import_driver()
        database = url.database or ":memory:"
        options: dict[str, Any] = {"cached_statements": 256}
        query = dict(url.query)
        if database.startswith("file:"):
            options["uri"] = True
            options.update(coerced({name: query.pop(name) for name in _OPTIONS if name in query}, _OPTIONS))
            rest = "&".join(f"{name}={value}" for name, value in query.items() if name != "uri")
            database += ("&" if "?" in database else "?") + rest if rest else ""
        else:
            options.update(coerced(query, _OPTIONS))
        # Connections go from thread to thread through the pool; use at the same time is guarded by engine.connection.
        options.update(connect_args, isolation_level=None, check_same_thread=False)
        connection = driver.connect(database, **options)
        self.adopt(connection)
        return connection

    def adopt(self, connection: Any) -> None:
        connection.isolation_level = None
        connection.create_function("regexp", 2, regexp, deterministic=True)
        if self.foreign_keys:
            connection.execute("PRAGMA foreign_keys = ON")

    def initialize(self, connection: Any) -> None:
        driver = self.import_driver()
        self.server_version = driver.sqlite_version_info
        self.style.full_join = self.server_version >= (3, 39)
        getlimit = getattr(connection, "getlimit", None)
        if getlimit is not None:
            limit = getlimit(driver.SQLITE_LIMIT_VARIABLE_NUMBER)
            self.features = Features(**{**vars(_FEATURES), "max_parameters": limit})

    def is_memory(self, url: URL) -> bool:
        database = url.database or ":memory:"
        return (
            database in ("", ":memory:", "file::memory:")
            or "mode=memory" in database
            or (database.startswith("file:") and url.query.get("mode") == "memory")
        )

    def has_table(self, connection: Any, name: str, schema: str | None) -> bool:
        master = f"{self.style.quote(schema)}.sqlite_master" if schema else "sqlite_master"
        return bool(connection.fetch(f"SELECT 1 FROM {master} WHERE type IN ('table', 'view') AND name = ?", (name,)))

    def has_index(self, connection: Any, table: str, name: str, schema: str | None) -> bool:
        master = f"{self.style.quote(schema)}.sqlite_master" if schema else "sqlite_master"
        sql = f"SELECT 1 FROM {master} WHERE type = 'index' AND tbl_name = ? AND name = ?"
        return bool(connection.fetch(sql, (table, name)))

    # Transactions

    def hand_over(self, connection: Any, on: bool) -> None:
        connection.isolation_level = "" if on else None

    def begin_statements(self, isolation: str | None) -> tuple[str, ...]:
        if isolation == "READ UNCOMMITTED":
            return ("PRAGMA read_uncommitted = 1", self._begin)
        return ("PRAGMA read_uncommitted = 0", self._begin) if isolation else (self._begin,)

    def reset(self, connection: Any) -> None:
        connection.execute("PRAGMA read_uncommitted = 0")

    def default_isolation(self, connection: Any) -> str:
        row = connection.execute("PRAGMA read_uncommitted").fetchone()
        return "READ UNCOMMITTED" if row and row[0] else "SERIALIZABLE"

    def is_open(self, connection: Any) -> bool:
        try:
            return bool(connection.in_transaction)
        except self.import_driver().ProgrammingError:  # closed, and its transaction with it
            return False

    # Errors

    def is_disconnect(self, connection: Any) -> bool:
        return False

    def kind(self, error: BaseException) -> Kind:
        code = getattr(error, "sqlite_errorcode", None)
        if code is not None and code & 0xFF != 1:
            return _KINDS.get(code) or _KINDS.get(code & 0xFF, failures.OTHER)
        text = str(error)
        for beginning, kind in _TEXTS:
            if text.startswith(beginning):
                return kind
        return failures.OTHER

    def transaction_state(self, connection: Any, error: BaseException, kind: Kind, was_open: bool) -> str:
        if not connection.in_transaction:
            return "gone" if was_open else "none"
        return "failed" if kind.dooms else "alive"

    def facts(self, error: BaseException) -> dict[str, Any]:
        return {"errno": getattr(error, "sqlite_errorcode", None)}

    # Values to the driver

    def bind_integer(self, type_: t.Integer, stored: bool) -> Binding:
        return numbers.WHOLE

    bind_small_integer = bind_big_integer = bind_integer

    def bind_string(self, type_: t.String, stored: bool) -> Binding:
        length = type_.length if stored else None
        return _TEXT if length is None else values.text_binding(nul_allowed=True, length=length)

    bind_text = bind_string

    def bind_char(self, type_: t.String, stored: bool) -> Binding:
        return blank_padded(self.bind_string(type_, stored)) if stored else self.bind_string(type_, stored)

    def bind_float(self, type_: t.Float, stored: bool) -> Binding:
        return numbers.float_binding(
            stored, nan=False, infinity=True, negative_zero=numbers.unsigned_zero_only
        )

    bind_double = bind_real = bind_float

    def bind_numeric(self, type_: t.Numeric, stored: bool) -> Binding:
        restore = values.number_of(type_.digits_after_point)
        before, after = type_.digits_before_point, type_.digits_after_point

        def store(value: Any) -> Any:
            return as_sqlite_number(numbers.fitting(numbers.finite_number(value), before, after), restore)

        def compare(value: Any) -> Any:
            return near_sqlite_number(numbers.finite_number(value))

        return each(store if stored else compare)

    def bind_date(self, type_: t.Date, stored: bool) -> Binding:
        return _DATE

    def bind_time(self, type_: t.Time, stored: bool) -> Binding:
        return each(values.no_time_with_zone) if type_.timezone else _TIME

    def bind_datetime(self, type_: t.DateTime, stored: bool) -> Binding:
        if type_.timezone:
            return each(lambda value: values.aware_moment(value).isoformat(" ", "microseconds"))
        return _MOMENT

    def bind_null(self, type_: t.NullType, stored: bool) -> Binding:
        return values.by_class(untyped, int, str, float, bytes, bool)

    def bind_json_path(self, type_: Any, stored: bool) -> Binding:
        return each(lambda value: json_path(value, lambda place: f"[#{place}]", plain_keys=True))

    # Values from the driver

    def result_boolean(self, type_: t.Boolean) -> Cell:
        return values.to_bool

    def result_numeric(self, type_: t.Numeric) -> Cell:
        return values.number_of(type_.digits_after_point) if type_.asdecimal else nullable(float)

    def result_float(self, type_: t.Float) -> Cell | None:
        return values.number_of(None) if type_.asdecimal else None

    result_double = result_real = result_float

    def result_date(self, type_: t.Date) -> Cell:
        return nullable(datetime.date.fromisoformat)

    def result_time(self, type_: t.Time) -> Cell:
        return nullable(datetime.time.fromisoformat)

    def result_datetime(self, type_: t.DateTime) -> Cell:
        return nullable(aware_from_text if type_.timezone else datetime.datetime.fromisoformat)

    def result_json(self, type_: JSON) -> Cell:
        return nullable(json_from(self.json_deserializer or json.loads))


_OPTIONS: dict[str, Callable[[str], Any]] = {
    "timeout": float,
    "cached_statements": int,
    "detect_types": int,
    "uri": flag,
}


_TEXT = values.text_binding(nul_allowed=True)
_DATE = values.as_text(values.day, datetime.date, datetime.date.isoformat)
_TIME = values.as_text(values.naive_time, datetime.time, methodcaller("isoformat", "microseconds"))
_MOMENT = values.as_text(values.naive_moment, datetime.datetime, methodcaller("isoformat", " ", "microseconds"))


@lru_cache(maxsize=128)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def regexp(pattern: Any, value: Any) -> bool | None:
    """Say whether Python's ``re`` finds a pattern: what ``value REGEXP pattern`` calls on SQLite."""
    if pattern is None or value is None:
        return None
    return _compiled(str(pattern)).search(str(value)) is not None


def as_sqlite_number(exact: decimal.Decimal, restore: Cell) -> int | float:
    """Return a number that reads back equal.

    Raises:
        ValueError: there is none; SQLite has 64-bit integers and floating point numbers.
    """
    whole = int(exact)
    if whole == exact:
        if not -(1 << 63) <= whole < 1 << 63:
            raise ValueError(f"{exact} does not fit into SQLite's 64-bit integers")
        return whole
    number = float(exact)
    if restore(number) != exact:
        raise ValueError(f"{exact} has more digits than SQLite can keep; numbers with 15 digits are safe")
    return number


def near_sqlite_number(exact: decimal.Decimal) -> int | float:
    """Return the number that is nearest; for comparisons."""
    whole = int(exact)
    return whole if whole == exact and -(1 << 63) <= whole < 1 << 63 else float(exact)


def json_from(loads: Callable[[Any], Any]) -> Cell:
    """Return the way from what SQLite gives of a document, or of a part of one, to Python."""

    def convert(value: Any) -> Any:
        return loads(value) if isinstance(value, (str, bytes)) else value

    return convert


def aware_from_text(text: str) -> datetime.datetime:
    """Read a moment that was stored in UTC."""
    moment = datetime.datetime.fromisoformat(text)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=datetime.timezone.utc)


def untyped(value: Any) -> Any:
    """Convert a value of which only the class is known."""
    value = plain(value)
    if isinstance(value, decimal.Decimal):
        return as_sqlite_number(numbers.finite_number(value), values.number_of(None))
    if isinstance(value, datetime.datetime):
        moment = values.naive_moment(value) if value.tzinfo is None else values.aware_moment(value)
        return moment.isoformat(" ", "microseconds")
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, datetime.time):
        return values.naive_time(value).isoformat("microseconds")
    if isinstance(value, datetime.timedelta):
        raise TypeError("SQLite has no type for a timedelta")
    return value


class Insert(ConflictInsert):
    """An INSERT that may say ON CONFLICT."""


def insert(table: Any) -> Insert:
    """Return an INSERT that may say ON CONFLICT."""
    return Insert(table)


#: The reference's name for the class: ``statement.compile(dialect=sqlite.dialect())``.
dialect = SQLiteDialect
