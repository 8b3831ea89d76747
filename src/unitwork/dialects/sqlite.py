"""SQLite through the standard library's ``sqlite3``.

The driver begins and ends no transaction (``isolation_level=None``): BEGIN, SAVEPOINT and COMMIT are statements of
ours, so that SELECTs, DDL and savepoints are inside the transaction. What is left after an error is read from
``in_transaction``, the only truth.

How values are stored: dates and times as ISO text (aware ones in UTC), Decimal as a number, rounded to the scale of
its column and refused where a float would not give it back, True and False as 1 and 0. NaN is refused: SQLite would
make it NULL.

Spec: BK-01 to BK-11.
"""

from __future__ import annotations

import datetime
import decimal
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from operator import methodcaller
from typing import Any

from unitwork import exc
from unitwork.dialects import failures, values
from unitwork.dialects.base import Dialect, coerced, flag
from unitwork.dialects.failures import Kind
from unitwork.dialects.features import Features
from unitwork.dialects.url import URL
from unitwork.dialects.values import Binding, Cell, each, nullable
from unitwork.sql import types as t
from unitwork.sql.reserved import RESERVED_WORDS
from unitwork.sql.style import ForUpdate, Style

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


#: Parts of a date or time, as strftime() calls them.
_PARTS = {
    "year": "%Y",
    "month": "%m",
    "day": "%d",
    "hour": "%H",
    "minute": "%M",
    "second": "%S",
    "doy": "%j",
    "dow": "%w",
    "epoch": "%s",
}


class SQLiteStyle(Style):
    """SQL as SQLite spells it."""

    name = "sqlite"
    placeholder = "?"
    reserved_words = RESERVED_WORDS | {"autoincrement", "nothing"}
    delete_extra = ""
    row_list_prefix = "VALUES "
    compound_parentheses = False
    alter_add_constraint = False
    # Only a column that is INTEGER by name is the rowid, which counts up.
    autoincrement_types = {"small_integer": "INTEGER", "big_integer": "INTEGER"}  # noqa: RUF012 - never changed
    function_names = {"char_length": "length", "substring": "substr"}  # noqa: RUF012 - never changed
    sequences = False
    identity = False
    comments = ""
    schemas = False
    composite_autoincrement = False
    cascades = False
    index_in_schema = True
    within_group = ""
    distinct_on = False
    quantified_lists = None

    def limit_clause(self, limit: str | None, offset: str | None) -> str:
        """An offset needs a limit."""
        return super().limit_clause("-1" if limit is None and offset is not None else limit, offset)

    def for_update(self, lock: ForUpdate) -> str:
        """Left out: a transaction that writes is alone (BK-07)."""
        return ""

    def distinct_from(self, left: str, right: str, negated: bool) -> str:
        """IS compares any two values."""
        return f"{left} IS {'' if negated else 'NOT '}{right}"

    def bitwise(self, symbol: str, left: str, right: str) -> str:
        """There is no exclusive or: what is in one of the two, less what is in both."""
        if symbol == "^":
            return f"(({left} | {right}) - ({left} & {right}))"
        return super().bitwise(symbol, left, right)

    def regexp_replace(self, value: str, pattern: str, replacement: str, flags: str) -> str:
        """There is none."""
        raise self.refusal("regexp_replace()", "use replace(), or replace in Python.")

    def extract(self, field: str, text: str) -> str:
        """Parts come from strftime()."""
        code = _PARTS.get(field.lower())
        if code is None:
            raise self.refusal(f"extract({field!r})", f"use one of: {', '.join(_PARTS)}.")
        return f"CAST(strftime('{code}', {text}) AS INTEGER)"

    def aggregate_strings(self, text: str, separator: str) -> str:
        """``group_concat``."""
        return f"group_concat({text}, {separator})"

    def server_default(self, text: str, is_expression: bool) -> str:
        """Expressions stand in parentheses."""
        return f"({text})" if is_expression else text

    def counting_key(self, options: Mapping[str, Any]) -> str:
        """``sqlite_autoincrement=True``: numbers of deleted rows are not used again."""
        return " PRIMARY KEY AUTOINCREMENT" if options.get("autoincrement") else ""

    def table_options(self, options: Mapping[str, Any]) -> str:
        """``sqlite_with_rowid=False`` and ``sqlite_strict=True``."""
        words = ["WITHOUT ROWID"] if options.get("with_rowid") is False else []
        if options.get("strict"):
            words.append("STRICT")
        return f" {', '.join(words)}" if words else ""

    def cast_type(self, type_: t.TypeEngine) -> str:
        """Dates are text; the affinity of their type names would make numbers of them."""
        return "TEXT" if isinstance(type_, (t.Date, t.Time, t.DateTime)) else self.ddl_type(type_)


class SQLiteDialect(Dialect):
    """SQLite 3.35 or later.

    Args:
        foreign_keys: enforce foreign keys, per connection (BK-05).
        begin: ``"DEFERRED"`` or ``"IMMEDIATE"``: take the write lock at BEGIN (BK-04).
    """

    name = "sqlite"
    driver = "sqlite3"
    has_socket = False

    def __init__(self, foreign_keys: bool = False, begin: str = "DEFERRED") -> None:
        super().__init__()
        if str(begin).upper() not in ("DEFERRED", "IMMEDIATE"):
            raise exc.ArgumentError(
                f"begin={begin!r} is no way to begin a transaction on SQLite.",
                do="use begin='DEFERRED' or begin='IMMEDIATE'.",
                code="bad-engine-option",
            )
        self.style = SQLiteStyle()
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
        return bool(connection.in_transaction)

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

    # Values to the driver; int and str pass, the driver itself refuses what it cannot store

    def bind_boolean(self, type_: t.Boolean) -> Binding:
        return values.TRUTH

    def bind_float(self, type_: t.Float) -> Binding:
        return values.finite_binding(infinity_allowed=True)

    bind_double = bind_float

    def bind_numeric(self, type_: t.Numeric) -> Binding:
        restore = values.number_of(type_.scale)
        precision, scale = type_.precision, type_.scale

        def number(value: Any) -> Any:
            exact = values.finite_number(value)
            if scale is not None:
                exact = round_to(exact, scale)
            if precision is not None and exact and exact.adjusted() >= precision - (scale or 0):
                raise ValueError(f"{exact} has more digits than NUMERIC({precision}, {scale or 0}) holds")
            return as_sqlite_number(exact, restore)

        return each(number)

    def bind_date(self, type_: t.Date) -> Binding:
        return _DATE

    def bind_time(self, type_: t.Time) -> Binding:
        return _TIME

    def bind_datetime(self, type_: t.DateTime) -> Binding:
        if type_.timezone:
            return each(lambda value: values.aware_moment(value).isoformat(" ", "microseconds"))
        return _MOMENT

    def bind_large_binary(self, type_: t.LargeBinary) -> Binding:
        return values.OCTETS

    def bind_null(self, type_: t.NullType) -> Binding:
        return values.by_class(untyped, int, str, float, bytes, bool)

    # Values from the driver

    def result_boolean(self, type_: t.Boolean) -> Cell:
        return values.to_bool

    def result_numeric(self, type_: t.Numeric) -> Cell:
        return values.number_of(type_.scale) if type_.asdecimal else nullable(float)

    def result_float(self, type_: t.Float) -> Cell | None:
        return values.number_of(None) if type_.asdecimal else None

    result_double = result_float

    def result_date(self, type_: t.Date) -> Cell:
        return nullable(datetime.date.fromisoformat)

    def result_time(self, type_: t.Time) -> Cell:
        return nullable(datetime.time.fromisoformat)

    def result_datetime(self, type_: t.DateTime) -> Cell:
        return nullable(aware_from_text if type_.timezone else datetime.datetime.fromisoformat)


_OPTIONS: dict[str, Callable[[str], Any]] = {
    "timeout": float,
    "cached_statements": int,
    "detect_types": int,
    "uri": flag,
}


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


def round_to(number: decimal.Decimal, scale: int) -> decimal.Decimal:
    """Round as the servers do when a number is stored: half away from zero."""
    with decimal.localcontext() as context:
        context.prec = max(28, number.adjusted() + scale + 2)
        return number.quantize(decimal.Decimal((0, (1,), -scale)), decimal.ROUND_HALF_UP)


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


def aware_from_text(text: str) -> datetime.datetime:
    """Read a moment that was stored in UTC."""
    moment = datetime.datetime.fromisoformat(text)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=datetime.timezone.utc)


def untyped(value: Any) -> Any:
    """Convert a value of which only the class is known."""
    value = values.plain(value)
    if isinstance(value, decimal.Decimal):
        return as_sqlite_number(values.finite_number(value), values.number_of(None))
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
