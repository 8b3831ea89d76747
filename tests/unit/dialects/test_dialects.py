"""Dialects without a database: spellings, options, what errors mean."""

from __future__ import annotations

import sqlite3
import sys
from typing import Any

import psycopg2
import psycopg2.errors
import pymysql
import pytest

from unitwork import Column, Integer, MetaData, Table, exc, func, select
from unitwork.dialects import Dialect, MariaDBDialect, MySQLDialect, PostgreSQLDialect, SQLiteDialect, failures
from unitwork.dialects.url import make_url
from unitwork.sql import types as t
from unitwork.sql.style import ForUpdate

table = Table("t", MetaData(), Column("id", Integer, primary_key=True), Column("n", Integer))


@pytest.mark.parametrize(
    ("type_", "names"),
    [
        (t.Integer(), ("INTEGER", "INTEGER", "INTEGER")),
        (t.String(5), ("VARCHAR(5)", "VARCHAR(5)", "VARCHAR(5)")),
        (t.Text(), ("TEXT", "TEXT", "LONGTEXT")),
        (t.Float(), ("FLOAT", "DOUBLE PRECISION", "DOUBLE")),
        (t.Numeric(), ("NUMERIC", "NUMERIC", "DECIMAL(65, 30)")),
        (t.Numeric(10, 2), ("NUMERIC(10, 2)", "NUMERIC(10, 2)", "NUMERIC(10, 2)")),
        (t.DateTime(), ("DATETIME", "TIMESTAMP WITHOUT TIME ZONE", "DATETIME(6)")),
        (t.DateTime(timezone=True), ("DATETIME", "TIMESTAMP WITH TIME ZONE", "DATETIME(6)")),
        (t.Time(), ("TIME", "TIME WITHOUT TIME ZONE", "TIME(6)")),
        (t.LargeBinary(), ("BLOB", "BYTEA", "LONGBLOB")),
        (t.Boolean(), ("BOOLEAN", "BOOLEAN", "BOOLEAN")),
    ],
    ids=repr,
)
def test_type_names(type_: t.TypeEngine, names: tuple[str, ...]) -> None:
    """LB-19: names in CREATE TABLE, chosen so that values come back equal."""
    dialects = (SQLiteDialect(), PostgreSQLDialect(), MariaDBDialect())

    assert tuple(dialect.style.ddl_type(type_) for dialect in dialects) == names


def test_varchar_needs_a_length_on_mariadb() -> None:
    """ER-17: CompileError."""
    with pytest.raises(exc.CompileError):
        MariaDBDialect().style.ddl_type(t.String())


@pytest.mark.parametrize(
    ("dialect", "text"),
    [
        (SQLiteDialect(), "SELECT t.id FROM t LIMIT -1 OFFSET ?"),
        (PostgreSQLDialect(), "SELECT t.id FROM t OFFSET %s FOR UPDATE"),
        (MariaDBDialect(), "SELECT t.id FROM t LIMIT 18446744073709551615 OFFSET %s FOR UPDATE"),
    ],
    ids=lambda one: getattr(one, "name", ""),
)
def test_offset_and_lock(dialect: Dialect, text: str) -> None:
    """BK-07, LB-33: an offset alone, and FOR UPDATE where it exists."""
    statement = select(table.c.id).offset(5).with_for_update()

    assert statement.compile(dialect=dialect).text == text


@pytest.mark.parametrize("dialect", [PostgreSQLDialect(), MariaDBDialect()], ids=lambda one: one.name)
def test_percent_signs_are_doubled(dialect: Dialect) -> None:
    """LB-34: with %s placeholders."""
    text = select(table.c.n % 2).compile(dialect=dialect).text

    assert "%%" in text


@pytest.mark.parametrize(
    ("dialect", "name"),
    [
        (PostgreSQLDialect(), "é" * 32),
        (MariaDBDialect(), "x" * 65),
        (MariaDBDialect(), "x "),
        (MariaDBDialect(), "\U0001f389"),
        (MariaDBDialect(), " x"),
        (MariaDBDialect(), "\x7fx"),
        (SQLiteDialect(), "a\0b"),
        (SQLiteDialect(), "a\ud800"),
    ],
)
def test_names_that_would_not_be_kept(dialect: Dialect, name: str) -> None:
    """LB-34: names that the database would cut or change are refused."""
    with pytest.raises(exc.ArgumentError) as caught:
        dialect.style.quote(name)

    assert caught.value.code == "bad-identifier"


def test_words_of_mariadb() -> None:
    """Spellings of its own."""
    style = MariaDBDialect().style

    assert style.quote("key") == "`key`"
    assert style.concat("a", "b") == "concat(a, b)"
    assert style.nulls_order("a", "a DESC", True) == "a IS NOT NULL, a DESC"
    assert style.nulls_order("a", "a", False) == "a IS NULL, a"
    assert style.for_update(ForUpdate(read=True, nowait=True)) == " LOCK IN SHARE MODE NOWAIT"
    assert style.for_update(ForUpdate(skip_locked=True)) == " FOR UPDATE SKIP LOCKED"
    # A backslash means one thing or another by sql_mode: such a text is written so that both read the same.
    assert style.string_literal("a\\'") == "CONCAT('a', CHAR(92 USING utf8mb4), '''')"
    assert style.constant_literal("a\\'") == "_utf8mb4 X'615c27'"
    assert style.string_literal("\\\\") == "CHAR(92, 92 USING utf8mb4)"
    assert style.string_literal("a'") == "'a'''"
    assert style.floor_divide("a", "b", True) == "FLOOR(a / b)"
    assert style.true_divide("a", "b", True) == "a / b"
    assert style.table_options({"engine": "InnoDB", "other": 1}) == " ENGINE `InnoDB`"
    assert style.server_default("now()", True) == "(now())"
    casts = [t.Integer(), t.Boolean(), t.Text(), t.String(), t.String(3), t.LargeBinary(), t.Date()]
    names = ["SIGNED INTEGER", "SIGNED INTEGER", "CHAR", "CHAR", "CHAR(3)", "BINARY", "DATE"]
    assert [style.cast_type(type_) for type_ in casts] == names


def test_functions_by_their_names() -> None:
    """LB-37: generic functions are called what the database calls them."""
    statement = select(func.char_length(table.c.n))

    assert "length(" in statement.compile(dialect=SQLiteDialect()).text


def test_mysql_without_returning() -> None:
    """BK-24: MySQL has no RETURNING; a MariaDB server behind a mysql:// URL has."""
    assert not MySQLDialect().features.insert_returning
    assert MariaDBDialect().features.insert_returning
    assert MySQLDialect().features.values_row == "ROW"


def test_casts_for_values_lists() -> None:
    """BK-16: without length, since a cast would cut a text silently."""
    dialect = PostgreSQLDialect()

    assert dialect.values_cast(t.String(3)) == "TEXT"
    assert dialect.values_cast(t.Numeric(3, 1)) == "NUMERIC"
    assert dialect.values_cast(t.BigInteger()) == "BIGINT"
    assert dialect.values_cast(t.NullType()) is None
    assert SQLiteDialect().values_cast(t.String(3)) is None


# Connecting


@pytest.mark.parametrize(
    ("url", "memory"),
    [
        ("sqlite://", True),
        ("sqlite:///:memory:", True),
        ("sqlite:///file::memory:", True),
        ("sqlite:///file:x?mode=memory&cache=shared", True),
        ("sqlite:///file.db", False),
    ],
)
def test_memory_urls(url: str, memory: bool) -> None:
    """BK-10: which URLs name a database in memory."""
    assert SQLiteDialect().is_memory(make_url(url)) is memory


def test_url_options_reach_the_driver() -> None:
    """LB-29: words of the query become what the driver wants; what cannot be read is refused."""
    dialect = SQLiteDialect()
    connection = dialect.connect(make_url("sqlite:///file:x?mode=memory&timeout=1.5"), {})
    connection.close()

    with pytest.raises(exc.ArgumentError):
        dialect.connect(make_url("sqlite://?timeout=soon"), {})


@pytest.mark.parametrize(
    ("dialect", "package"), [(PostgreSQLDialect(), "psycopg2-binary"), (MariaDBDialect(), "pymysql")]
)
def test_missing_driver(dialect: Dialect, package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """LB-29: the error says what to install."""
    monkeypatch.setitem(sys.modules, dialect.driver, None)

    with pytest.raises(exc.ArgumentError, match=package) as caught:
        dialect.import_driver()

    assert caught.value.code == "driver-missing"


# Errors


class FakeConnection:
    """Answers what dialects ask of a driver's connection."""

    def __init__(self, **facts: Any) -> None:
        self.closed = 0
        self.open = True
        self.in_transaction = True
        self.server_status = 1
        self.status = 2
        self.__dict__.update(facts)

    def get_transaction_status(self) -> int:
        return int(self.status)


def sqlite_error(error_class: type[Exception], text: str, code: int | None = None) -> Exception:
    """An error as sqlite3 makes it; without code as before Python 3.11."""
    error = error_class(text)
    if code is not None:
        error.sqlite_errorcode = code  # type: ignore[attr-defined]
    return error


@pytest.mark.parametrize(
    ("error", "slug", "retryable"),
    [
        (sqlite_error(sqlite3.IntegrityError, "UNIQUE constraint failed: t.n", 2067), "unique-violation", False),
        (sqlite_error(sqlite3.IntegrityError, "UNIQUE constraint failed: t.n"), "unique-violation", False),
        (sqlite_error(sqlite3.IntegrityError, "PRIMARY KEY", 1555), "unique-violation", False),
        (sqlite_error(sqlite3.IntegrityError, "x", 1299), "not-null-violation", False),
        (sqlite_error(sqlite3.IntegrityError, "CHECK constraint failed: n"), "check-violation", False),
        (sqlite_error(sqlite3.IntegrityError, "x", 787), "foreign-key-violation", False),
        (sqlite_error(sqlite3.OperationalError, "database is locked", 5), "database-locked", True),
        (sqlite_error(sqlite3.OperationalError, "database is locked", 517), "database-locked", True),
        (sqlite_error(sqlite3.OperationalError, "database table is locked", 262), "database-locked", True),
        (sqlite_error(sqlite3.OperationalError, "database table is locked", 6), "driver-error", False),
        (sqlite_error(sqlite3.OperationalError, "database or disk is full", 13), "disk-full", False),
        (sqlite_error(sqlite3.DatabaseError, "malformed", 11), "database-corrupt", False),
        (sqlite_error(sqlite3.DatabaseError, "not a database", 26), "database-corrupt", False),
        (sqlite_error(sqlite3.OperationalError, "readonly", 1032), "read-only", False),
        (sqlite_error(sqlite3.OperationalError, "unable to open database file", 14), "cannot-connect", False),
        (sqlite_error(sqlite3.OperationalError, "interrupted", 9), "query-cancelled", False),
        (sqlite_error(sqlite3.OperationalError, "no such table: x", 1), "undefined-table", False),
        (sqlite_error(sqlite3.OperationalError, 'near "x": syntax error', 1), "driver-error", False),
        (sqlite_error(sqlite3.ProgrammingError, "Cannot operate on a closed database."), "driver-error", False),
    ],
    ids=lambda one: str(one)[:40],
)
def test_kinds_of_sqlite_errors(error: Exception, slug: str, retryable: bool) -> None:
    """ER-18: one code each."""
    kind = SQLiteDialect().kind(error)

    assert (kind.code, kind.retryable) == (slug, retryable)


@pytest.mark.parametrize(
    ("number", "error_class", "slug", "state"),
    [
        (1062, exc.IntegrityError, "unique-violation", "alive"),
        (1364, exc.IntegrityError, "not-null-violation", "alive"),
        (4025, exc.IntegrityError, "check-violation", "alive"),
        (1054, exc.ProgrammingError, "undefined-column", "alive"),
        (1213, exc.OperationalError, "deadlock", "gone"),
        (1020, exc.OperationalError, "serialization-failure", "gone"),
        (1205, exc.OperationalError, "lock-timeout", "failed"),
        (1114, exc.OperationalError, "disk-full", "alive"),
        (9999, exc.OperationalError, "driver-error", "alive"),
    ],
)
def test_kinds_of_mariadb_errors(number: int, error_class: type, slug: str, state: str) -> None:
    """ER-18, BK-22: class, code and what is left; the driver calls many of these OperationalError."""
    driver_error = pymysql.err.OperationalError(number, "text")
    dialect = MySQLDialect()  # does not ask the server

    error = dialect.translate(driver_error, FakeConnection(), was_open=True, statement="S", params=(1,))

    assert isinstance(error, exc.DBAPIError)
    assert (type(error), error.code, error.transaction, error.errno) == (error_class, slug, state, number)
    assert (error.statement, error.params, error.orig) == ("S", (1,), driver_error)


def test_kinds_of_postgresql_errors() -> None:
    """ER-18: through the SQLSTATE; a read-only transaction is no InternalError."""
    dialect = PostgreSQLDialect()
    wanted = [
        ("23505", exc.IntegrityError, "unique-violation"),
        ("40P01", exc.OperationalError, "deadlock"),
        ("25006", exc.OperationalError, "read-only"),
        ("25P02", exc.InternalError, "transaction-failed"),
        ("55P03", exc.OperationalError, "lock-timeout"),
    ]
    for code, error_class, slug in wanted:
        error = type("Fake", (psycopg2.errors.lookup(code),), {"pgcode": code})("text")
        made = dialect.translate(error, FakeConnection(status=3), was_open=True)
        assert isinstance(made, exc.DBAPIError)
        assert (type(made), made.code, made.sqlstate, made.transaction) == (error_class, slug, code, "failed")


@pytest.mark.parametrize(
    ("dialect", "connection", "error"),
    [
        (PostgreSQLDialect(), FakeConnection(closed=2), psycopg2.OperationalError("server closed")),
        (PostgreSQLDialect(), FakeConnection(closed=2), psycopg2.DatabaseError("lost synchronization")),
        (MariaDBDialect(), FakeConnection(open=False), pymysql.err.InternalError("Packet sequence number wrong")),
        (MariaDBDialect(), FakeConnection(open=False), AttributeError("'NoneType' object")),
        (MariaDBDialect(), FakeConnection(open=False), ValueError("what the driver let out")),
    ],
)
def test_disconnect_is_asked_of_the_connection(dialect: Dialect, connection: Any, error: Exception) -> None:
    """LB-32: whatever the error says, and whatever its class."""
    made = dialect.translate(error, connection, was_open=True)

    assert isinstance(made, exc.OperationalError)
    assert (made.code, made.is_disconnect, made.is_retryable, made.transaction) == (
        "connection-lost",
        True,
        True,
        "gone",
    )


@pytest.mark.parametrize(
    ("status", "was_open", "has_code", "state"),
    [(2, True, False, "alive"), (0, True, True, "gone"), (0, False, True, "failed"), (0, False, False, "none")],
)
def test_what_is_left_on_postgresql(status: int, was_open: bool, has_code: bool, state: str) -> None:
    """BK-12: from the driver's word on the transaction."""
    error = type("Fake", (psycopg2.ProgrammingError,), {"pgcode": "42601" if has_code else None})("text")
    dialect = PostgreSQLDialect()

    found = dialect.transaction_state(FakeConnection(status=status), error, failures.OTHER, was_open)

    assert found == state


def test_value_errors_of_a_driver() -> None:
    """ER-18: what a driver cannot send is a StatementError, no DBAPIError."""
    made = PostgreSQLDialect().translate(ValueError("NUL"), FakeConnection(), was_open=True)

    assert type(made) is exc.StatementError
    assert made.code == "bad-value"


def test_other_exceptions_of_a_driver_are_wrapped() -> None:
    """ER-20: nothing that a driver lets out escapes unwrapped."""
    made = PostgreSQLDialect().translate(RuntimeError("?"), FakeConnection(), was_open=True)

    assert type(made) is exc.DBAPIError
