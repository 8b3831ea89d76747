"""MariaDB and MySQL through PyMySQL.

Sessions run with ``autocommit=0``: a transaction begins by itself with the first statement. The connection is opened
with FOUND_ROWS (an UPDATE to equal values counts as matched), utf8mb4, and no TLS over a Unix socket; over TCP the URL
chooses (``ssl_disabled=true`` saves 57 ms per connect). Statements over the server's ``max_allowed_packet`` are refused
before they are sent, as the server would cut the connection instead of answering.

After a deadlock (1213) or a stale snapshot (1020) the server has no transaction and the next statement would open a
new one: such errors are "gone". After other errors that may have ended it, MariaDB is asked (``@@in_transaction``).

Tested on MariaDB; what differs on MySQL 8 (no RETURNING, ``VALUES ROW()``) follows its documentation.

Spec: BK-19 to BK-30.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from unitwork import exc
from unitwork.dialects import failures, numbers, values
from unitwork.dialects.base import Dialect, coerced, driver_missing, flag
from unitwork.dialects.convert import blank_padded
from unitwork.dialects.failures import Kind
from unitwork.dialects.features import Features
from unitwork.dialects.mysql_style import MySQLStyle
from unitwork.dialects.mysql_values import (
    JSON_DEPTH,
    TEMPORAL_LITERALS,
    TEXT,
    exact_text,
    in_utc,
    time_of_day,
    untyped,
    utc_without_zone,
)
from unitwork.dialects.rich import json_path, json_to_text
from unitwork.dialects.url import URL
from unitwork.dialects.values import Binding, Cell, by_class, nullable
from unitwork.sql import types as t
from unitwork.sql.type_json import JSON
from unitwork.sql.upsert import DuplicateKeyInsert


def _features(mariadb: bool, max_packet: int | None) -> Features:
    return Features(
        begin="implicit",
        isolation_levels=("READ UNCOMMITTED", "READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"),
        insert_returning=mariadb,
        update_returning=False,
        delete_returning=mariadb,
        update_returning_joined=False,
        update_many="join",
        values_row="" if mariadb else "ROW",
        default_cell=True,
        default_row="() VALUES ()",
        insert_select_ordered=False,
        lastrowid=True,
        key_list="join",
        max_parameters=None,
        max_packet=max_packet,
        max_name=64,
        name_unit="characters",
        alter_add_constraint=True,
        transactional_ddl=False,
        for_update=True,
        sequences=mariadb,
        savepoints=True,
        two_phase=True,
        on_conflict="on duplicate key",
        multi_table_dml=True,
        counts_matched=True,
        ask_row_count=None,
    )


_KINDS: dict[int, Kind] = {
    1062: failures.UNIQUE,
    1586: failures.UNIQUE,
    1451: failures.FOREIGN_KEY,
    1452: failures.FOREIGN_KEY,
    1216: failures.FOREIGN_KEY,
    1217: failures.FOREIGN_KEY,
    1048: failures.NOT_NULL,
    1364: failures.NOT_NULL,
    4025: failures.CHECK,
    3819: failures.CHECK,
    1213: failures.DEADLOCK,
    1614: failures.DEADLOCK,
    1020: failures.SERIALIZATION,
    1205: failures.LOCK_TIMEOUT,
    3572: failures.LOCK_TIMEOUT,
    1969: failures.STATEMENT_TIMEOUT,
    3024: failures.STATEMENT_TIMEOUT,
    1317: failures.CANCELLED,
    1290: failures.READ_ONLY,
    1792: failures.READ_ONLY,
    1836: failures.READ_ONLY,
    1114: failures.DISK_FULL,
    1021: failures.DISK_FULL,
    1047: failures.NO_QUORUM,
    1040: failures.TOO_MANY,
    1203: failures.TOO_MANY,
    1146: failures.NO_TABLE,
    1054: failures.NO_COLUMN,
    1064: failures.SYNTAX,
    1264: failures.OUT_OF_RANGE,
    1406: failures.TOO_LONG,
    1305: failures.NO_SAVEPOINT,
    2002: failures.CANNOT_OPEN,
    2003: failures.CANNOT_OPEN,
}

#: After these the server keeps the transaction for certain; about others MariaDB is asked.
_STATEMENT_ONLY = ("IntegrityError", "ProgrammingError", "DataError")
_IN_TRANSACTION = 1  # SERVER_STATUS_IN_TRANS

_OPTIONS: dict[str, Callable[[str], Any]] = {
    "connect_timeout": int,
    "read_timeout": float,
    "write_timeout": float,
    "ssl_disabled": flag,
    "ssl_verify_cert": flag,
    "ssl_verify_identity": flag,
    "local_infile": flag,
    "client_flag": int,
    "max_allowed_packet": int,
}


class PacketTooLarge(ValueError):
    """A statement is longer than the server takes in one packet."""


class MySQLDialect(Dialect):
    """MySQL 8, or MariaDB 10.5 or later, whichever answers."""

    name = "mysql"
    driver = "pymysql"
    one_open_result = True

    def __init__(
        self,
        json_serializer: Callable[[Any], str] | None = None,
        json_deserializer: Callable[[str], Any] | None = None,
    ) -> None:
        super().__init__(MySQLStyle())
        self.json_serializer = json_serializer
        self.json_deserializer = json_deserializer
        self.is_mariadb = self.name == "mariadb"
        self.features = _features(self.is_mariadb, None)

    # Connecting

    def import_driver(self) -> Any:
        try:
            import pymysql
        except ImportError as err:
            raise driver_missing(self, "pymysql") from err
        return pymysql

    def connect(self, url: URL, connect_args: Mapping[str, Any]) -> Any:
        driver = self.import_driver()
        options: dict[str, Any] = {"charset": "utf8mb4"}
        given = {
            "host": url.host,
            "port": url.port,
            "user": url.username,
            "password": url.password,
            "database": url.database or None,
        }
        options.update((name, value) for name, value in given.items() if value is not None)
        options.update(coerced(url.query, _OPTIONS))
        options.update(connect_args)
        if options.get("unix_socket"):
            options.setdefault("ssl_disabled", True)
        options["client_flag"] = options.get("client_flag", 0) | driver.constants.CLIENT.FOUND_ROWS
        options["autocommit"] = None  # adopt() sets it; a value here would cost a round trip of its own
        # connect_timeout does not cover the handshake: a server that accepts and stays silent would hang us.
        read_timeout = options.get("read_timeout")
        options["read_timeout"] = read_timeout or float(options.get("connect_timeout", 10))
        connection = guarded_connection(driver)(**options)
        connection.set_read_timeout(read_timeout)
        self.adopt(connection)
        return connection

    def adopt(self, connection: Any) -> None:
        cursor = connection.cursor()
        cursor.execute("SET autocommit = 0")
        if self.session_isolation is not None:
            cursor.execute(f"SET SESSION TRANSACTION ISOLATION LEVEL {self.session_isolation}")
        if hasattr(connection, "packet_limit"):
            cursor.execute("SELECT @@max_allowed_packet")
            connection.packet_limit = int(cursor.fetchone()[0])
        cursor.close()
        connection.encoders = {**connection.encoders, **TEMPORAL_LITERALS}
        connection.autocommit_mode = False

    def initialize(self, connection: Any) -> None:
        text = str(connection.get_server_info())
        self.is_mariadb = "mariadb" in text.lower()
        found = re.search(r"(\d+)\.(\d+)\.(\d+)-MariaDB", text) or re.match(r"(\d+)\.(\d+)\.(\d+)", text)
        self.server_version = tuple(int(part) for part in found.groups()) if found else ()
        returning = self.is_mariadb and self.server_version >= (10, 5)
        self.features = _features(returning, getattr(connection, "packet_limit", None))
        self.style.sequences = returning
        self.style.functional_indexes = not self.is_mariadb

    def has_table(self, connection: Any, name: str, schema: str | None) -> bool:
        sql = (
            "SELECT 1 FROM information_schema.tables WHERE table_schema = COALESCE(%s, DATABASE()) AND table_name = %s"
        )
        return bool(connection.fetch(sql, (schema, name)))

    def has_sequence(self, connection: Any, name: str, schema: str | None) -> bool:
        sql = (
            "SELECT 1 FROM information_schema.tables WHERE table_schema = COALESCE(%s, DATABASE()) AND table_name = %s"
            " AND table_type = 'SEQUENCE'"
        )
        return bool(connection.fetch(sql, (schema, name)))

    def has_index(self, connection: Any, table: str, name: str, schema: str | None) -> bool:
        sql = (
            "SELECT 1 FROM information_schema.statistics WHERE table_schema = COALESCE(%s, DATABASE())"
            " AND table_name = %s AND index_name = %s"
        )
        return bool(connection.fetch(sql, (schema, table, name)))

    # Transactions

    def stream_cursor(self, connection: Any) -> Any:
        return connection.cursor(self.import_driver().cursors.SSCursor)

    def abandon_cursor(self, cursor: Any) -> None:
        # PyMySQL's result would read on when it is collected, and complain on standard error.
        result = getattr(cursor, "_result", None)
        if result is not None:
            result.unbuffered_active = False

    def begin_statements(self, isolation: str | None) -> tuple[str, ...]:
        if isolation is None or isolation == self.session_isolation:
            return ()
        # For the next transaction only: nothing is left behind for the next user of the connection.
        return (f"SET TRANSACTION ISOLATION LEVEL {isolation}",)

    def default_isolation(self, connection: Any) -> str:
        cursor = connection.cursor()
        cursor.execute("SELECT @@tx_isolation" if self.is_mariadb else "SELECT @@transaction_isolation")
        row = cursor.fetchone()
        cursor.close()
        return str(row[0]).replace("-", " ").upper()

    def set_autocommit(self, connection: Any, on: bool) -> None:
        if connection.get_autocommit() != on:
            cursor = connection.cursor()
            cursor.execute(f"SET autocommit = {int(on)}")
            cursor.close()

    def is_open(self, connection: Any) -> bool:
        return bool(connection.server_status & _IN_TRANSACTION)

    # Errors

    def is_disconnect(self, connection: Any) -> bool:
        return not connection.open

    def kind(self, error: BaseException) -> Kind:
        code = error.args[0] if error.args else None
        return _KINDS.get(code, failures.OTHER) if isinstance(code, int) else failures.OTHER

    def transaction_state(self, connection: Any, error: BaseException, kind: Kind, was_open: bool) -> str:
        if kind in (failures.DEADLOCK, failures.SERIALIZATION):
            return "gone"
        # An error packet carries no status: the flag is that of the last answer before it.
        if not was_open or not self.is_open(connection):
            return "failed" if kind.dooms else "alive"
        error_class = kind.error or failures.driver_class(error)
        if kind is not failures.NO_SAVEPOINT and error_class.__name__ in _STATEMENT_ONLY:
            return "alive"
        if not self._still_open(connection):
            return "gone"
        return "failed" if kind.dooms else "alive"

    def _still_open(self, connection: Any) -> bool:
        if not self.is_mariadb:
            return True
        try:
            cursor = connection.cursor()
            cursor.execute("SELECT @@in_transaction")
            open_ = bool(cursor.fetchone()[0])
            cursor.close()
            return open_
        except Exception:
            return False

    def translate(
        self,
        error: BaseException,
        connection: Any,
        *,
        was_open: bool,
        statement: str | None = None,
        params: Any = None,
    ) -> exc.StatementError:
        if isinstance(error, PacketTooLarge):
            return exc.StatementError(
                f"cannot send the statement: {error}.",
                statement=statement,
                params=params,
                orig=error,
                do="raise max_allowed_packet on the server, or send less at a time.",
                code="packet-too-large",
            )
        return super().translate(error, connection, was_open=was_open, statement=statement, params=params)

    def facts(self, error: BaseException) -> dict[str, Any]:
        code = error.args[0] if error.args and isinstance(error.args[0], int) else None
        return {"errno": code, "sqlstate": getattr(error, "sqlstate", None)}

    # Values to the driver

    def bind_integer(self, type_: t.Integer, stored: bool) -> Binding:
        return numbers.WHOLE_BY_BITS[type_.bits] if stored else numbers.WHOLE

    bind_small_integer = bind_big_integer = bind_integer

    def bind_string(self, type_: t.String, stored: bool) -> Binding:
        length = type_.length if stored else None
        return TEXT if length is None else values.text_binding(nul_allowed=True, length=length)

    bind_text = bind_string

    def bind_char(self, type_: t.String, stored: bool) -> Binding:
        return blank_padded(self.bind_string(type_, stored)) if stored else self.bind_string(type_, stored)

    def bind_float(self, type_: t.Float, stored: bool) -> Binding:
        single = type_.precision is not None and type_.precision <= 24
        return numbers.float_binding(
            stored,
            nan=False,
            infinity=False,
            negative_zero=numbers.unsigned_zero_only,
            shown=numbers.six_digits if single else None,
        )

    bind_double = bind_real = bind_float

    def bind_numeric(self, type_: t.Numeric, stored: bool) -> Binding:
        if not stored:
            return values.each(numbers.finite_number)
        before, after = type_.digits_before_point, type_.digits_after_point
        limits = (35 if before is None else before, 30 if after is None else after)
        return values.each(lambda value: exact_text(numbers.fitting(numbers.finite_number(value), *limits)))

    def bind_date(self, type_: t.Date, stored: bool) -> Binding:
        return by_class(values.day, datetime.date)

    def bind_time(self, type_: t.Time, stored: bool) -> Binding:
        return values.each(values.no_time_with_zone) if type_.timezone else values.NAIVE_TIME

    def bind_datetime(self, type_: t.DateTime, stored: bool) -> Binding:
        # A DATETIME has no zone: aware moments are kept in UTC.
        return values.each(utc_without_zone) if type_.timezone else values.NAIVE_MOMENT

    def bind_json(self, type_: JSON, stored: bool) -> Binding:
        return self.json_binding(type_, json_to_text(self.json_serializer, depth=JSON_DEPTH))

    def bind_json_path(self, type_: Any, stored: bool) -> Binding:
        return values.each(lambda value: json_path(value, lambda place: f"[{place}]", plain_keys=False))

    def bind_null(self, type_: t.NullType, stored: bool) -> Binding:
        return values.each(untyped)

    # Values from the driver

    def result_boolean(self, type_: t.Boolean) -> Cell:
        return values.to_bool

    def result_numeric(self, type_: t.Numeric) -> Cell | None:
        return None if type_.asdecimal else nullable(float)

    def result_float(self, type_: t.Float) -> Cell | None:
        return values.number_of(None) if type_.asdecimal else None

    result_double = result_real = result_float

    def result_time(self, type_: t.Time) -> Cell:
        return nullable(time_of_day)

    def result_datetime(self, type_: t.DateTime) -> Cell | None:
        return nullable(in_utc) if type_.timezone else None


class MariaDBDialect(MySQLDialect):
    """MariaDB 10.5 or later."""

    name = "mariadb"


@cache
def guarded_connection(driver: Any) -> Any:
    """Return the driver's connection class, made to refuse statements that are too long."""

    class GuardedConnection(driver.connections.Connection):  # type: ignore[misc]
        """A connection that knows the server's packet limit."""

        packet_limit = 0

        def query(self, sql: Any, unbuffered: bool = False) -> Any:
            """Send a statement, unless the server would cut the connection because of its length."""
            if isinstance(sql, str):
                sql = sql.encode(self.encoding, "surrogateescape")
            # One byte of the packet is the command.
            if self.packet_limit and len(sql) >= self.packet_limit:
                raise PacketTooLarge(
                    f"the statement has {len(sql):,} bytes, the server takes {self.packet_limit:,} (max_allowed_packet)"
                )
            return super().query(sql, unbuffered)

        def fileno(self) -> int:
            """Return the descriptor of the socket, to be polled."""
            return int(self._sock.fileno())

        def set_read_timeout(self, seconds: float | None) -> None:
            """Set how long to wait for an answer from now on."""
            self._read_timeout = seconds
            self._sock.settimeout(seconds)
            self._current_timeout = seconds

    return GuardedConnection


class Insert(DuplicateKeyInsert):
    """An INSERT that may say ON DUPLICATE KEY UPDATE."""


def insert(table: Any) -> Insert:
    """Return an INSERT that may say ON DUPLICATE KEY UPDATE."""
    return Insert(table)


#: The reference's name for the class: ``statement.compile(dialect=mysql.dialect())``.
dialect = MySQLDialect
