"""Hand-written DB-API code, with the batching that each server likes best: the floor that an ORM stands on.

Transactions are statements; on PostgreSQL BEGIN rides on the first one, on MariaDB a transaction begins by itself.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any

import psycopg2
import pymysql
import pymysql.cursors
from pymysql.constants import CLIENT

from benchmarks.data import Row
from benchmarks.place import Place

CHUNK = 1000


class Raw:
    """One connection and the few batch forms that the workloads need; subclasses know one driver each."""

    backend: str
    mark = "%s"

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self.cursor = connection.cursor()
        self._texts: dict[tuple[object, ...], str] = {}

    def execute(self, sql: str, params: Sequence[object] = ()) -> list[Row]:
        """Send one statement; all rows of its result, if it has one. A cursor is reused: no cost of its own."""
        cursor = self.cursor
        cursor.execute(sql, params) if params else cursor.execute(sql)
        return list(cursor.fetchall()) if cursor.description else []

    def stream(self, sql: str, part: int) -> Iterator[Row]:
        """The rows of a SELECT, fetched in parts as the driver does it best."""
        cursor = self.connection.cursor()
        cursor.execute(sql)
        while rows := cursor.fetchmany(part):
            yield from rows

    def begin(self) -> None:
        """Begin a transaction."""
        self.cursor.execute("BEGIN")

    def commit(self) -> None:
        """Commit it."""
        self.cursor.execute("COMMIT")

    def insert(self, table: str, columns: Sequence[str], rows: Sequence[Row], *, keys: bool = False) -> list[int]:
        """Insert rows, many in one statement; with `keys`, the ids that the server gave them, in order."""
        ids: list[int] = []
        for start in range(0, len(rows), CHUNK):
            chunk = rows[start : start + CHUNK]
            values = [value for row in chunk for value in row]
            found = self.execute(self._insert_text(table, tuple(columns), len(chunk), keys), values)
            ids.extend(row[0] for row in found)
        return ids

    def update(self, table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
        """Update rows by id, many in one statement; a row is the id and the values of the columns."""
        for start in range(0, len(rows), CHUNK):
            chunk = rows[start : start + CHUNK]
            values = [value for row in chunk for value in row]
            self.execute(self._update_text(table, tuple(columns), len(chunk)), values)

    def delete(self, table: str, condition: str, keys: Sequence[int]) -> None:
        """Delete the rows that meet a condition, in which `{keys}` stands for a list of keys."""
        for start in range(0, len(keys), CHUNK):
            chunk = keys[start : start + CHUNK]
            marks = f"({', '.join([self.mark] * len(chunk))})"
            self.execute(f"DELETE FROM {table} WHERE {condition.format(keys=marks)}", chunk)

    def close(self) -> None:
        """Close the connection."""
        self.connection.close()

    def _insert_text(self, table: str, columns: tuple[str, ...], count: int, keys: bool) -> str:
        text = self._texts.get((table, columns, count, keys))
        if text is None:
            text = f"INSERT INTO {table} ({', '.join(columns)}) VALUES {self._places(len(columns), count)}"
            text = self._texts[table, columns, count, keys] = text + (" RETURNING id" if keys else "")
        return text

    def _update_text(self, table: str, columns: tuple[str, ...], count: int) -> str:
        text = self._texts.get((table, columns, count))
        if text is None:
            names, places = ", ".join(("id", *columns)), self._places(len(columns) + 1, count)
            text = self._texts[table, columns, count] = self._update_form(table, names, columns, places)
        return text

    def _places(self, width: int, count: int) -> str:
        return ", ".join([f"({', '.join([self.mark] * width)})"] * count)

    def _update_form(self, table: str, names: str, columns: tuple[str, ...], places: str) -> str:
        pairs = ", ".join(f"{name} = new.{name}" for name in columns)
        return f"UPDATE {table} SET {pairs} FROM (VALUES {places}) AS new ({names}) WHERE {table}.id = new.id"


class RawSQLite(Raw):
    """sqlite3, transactions under our control."""

    backend = "sqlite"
    mark = "?"

    def _update_form(self, table: str, names: str, columns: tuple[str, ...], places: str) -> str:
        pairs = ", ".join(f"{name} = new.{name}" for name in columns)
        return f"WITH new ({names}) AS (VALUES {places}) UPDATE {table} SET {pairs} FROM new WHERE {table}.id = new.id"


class RawPostgreSQL(Raw):
    """psycopg2 in autocommit mode: BEGIN in front of the first statement saves a round trip."""

    backend = "postgresql"
    _prefix = ""

    def execute(self, sql: str, params: Sequence[object] = ()) -> list[Row]:
        """Send one statement, with BEGIN in front of it when one is due."""
        prefix, self._prefix = self._prefix, ""
        return super().execute(prefix + sql, params)

    def stream(self, sql: str, part: int) -> Iterator[Row]:
        """The rows of a SELECT, by a cursor of the server."""
        self.cursor.execute(f"BEGIN; DECLARE part CURSOR FOR {sql}")
        while rows := self.execute(f"FETCH {part} FROM part"):
            yield from rows
        self.commit()

    def begin(self) -> None:
        """Let the next statement begin a transaction."""
        self._prefix = "BEGIN; "


class RawMariaDB(Raw):
    """PyMySQL without autocommit: the first statement begins a transaction."""

    backend = "mariadb"

    def stream(self, sql: str, part: int) -> Iterator[Row]:
        """The rows of a SELECT, read from the socket as they are wanted."""
        with self.connection.cursor(pymysql.cursors.SSCursor) as cursor:
            cursor.execute(sql)
            while rows := cursor.fetchmany(part):
                yield from rows

    def begin(self) -> None:
        """Nothing to send."""

    def _update_form(self, table: str, names: str, columns: tuple[str, ...], places: str) -> str:
        pairs = ", ".join(f"{table}.{name} = new.{name}" for name in columns)
        rows = f"(WITH listed ({names}) AS (VALUES {places}) SELECT * FROM listed) AS new"
        return f"UPDATE {table} JOIN {rows} ON {table}.id = new.id SET {pairs}"


def connect_raw(place: Place, *, autocommit: bool = False) -> Raw:
    """Connect to a place with the driver alone; `autocommit` for the statements of the harness."""
    if place.backend == "sqlite":
        return RawSQLite(sqlite3.connect(":memory:", isolation_level=None))
    target: dict[str, Any] = {"host": place.host, "port": place.port, "user": place.user, "password": place.password}
    if place.backend == "postgresql":
        connection = psycopg2.connect(dbname=place.database, **target)
        connection.autocommit = True
        return RawPostgreSQL(connection)
    flags = CLIENT.FOUND_ROWS
    return RawMariaDB(
        pymysql.connect(
            database=place.database,
            charset="utf8mb4",
            client_flag=flags,
            ssl_disabled=True,
            autocommit=autocommit,
            **target,
        )
    )
