"""The private servers and the statement counter do what the other tests rely on, checked with the raw drivers."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.support import counter


def connect(backend: str, server: Any, url: str) -> Any:
    """A raw connection to the database of `url`, committing by itself."""
    name = urlsplit(url).path[1:]
    if backend == "sqlite":
        return sqlite3.connect(name, isolation_level=None)
    connection = server.connect(name)
    connection.autocommit = True if backend == "postgresql" else connection.autocommit(True)
    return connection


def count(backend: str, server: Any, url: str) -> contextlib.AbstractContextManager[counter.Counted]:
    """The counter of `backend` on the database of `url`."""
    name = urlsplit(url).path[1:]
    if backend == "sqlite":
        return counter.count_sqlite(name)
    return counter.count_postgres(server, name) if backend == "postgresql" else counter.count_maria(server)


def test_every_statement_counts(backend: str, server: Any, url: str) -> None:
    """Three statements before, four in the block: the block counts four and knows their texts."""
    with contextlib.closing(connect(backend, server, url)) as connection:
        cursor = connection.cursor()
        cursor.execute("CREATE TABLE t (a INTEGER)")
        cursor.execute("INSERT INTO t VALUES (0)")
        cursor.execute("BEGIN")

        with count(backend, server, url) as log:
            cursor.execute("INSERT INTO t VALUES (1)")
            cursor.execute("SELECT a\nFROM t")
            found = cursor.fetchall()
            cursor.execute("COMMIT")
            in_block = log.count
            cursor.execute("DELETE FROM t")
        cursor.execute("SELECT 1")
        cursor.fetchall()

        assert [row[0] for row in found] == [0, 1]
        assert in_block == 3
        assert log.count == 4
        assert log.texts == ["INSERT INTO t VALUES (1)", "SELECT a\nFROM t", "COMMIT", "DELETE FROM t"]
        assert log.starting_with("insert", "delete") == ["INSERT INTO t VALUES (1)", "DELETE FROM t"]


def test_each_execution_of_executemany_counts(backend: str, server: Any, url: str) -> None:
    """An UPDATE over five parameter sets is five statements; the drivers loop."""
    with contextlib.closing(connect(backend, server, url)) as connection:
        cursor = connection.cursor()
        cursor.execute("CREATE TABLE t (a INTEGER)")
        marker = "?" if backend == "sqlite" else "%s"

        with count(backend, server, url) as log:
            cursor.executemany(f"UPDATE t SET a = {marker} WHERE a = {marker}", [(1, n) for n in range(5)])

        assert len(log.starting_with("UPDATE")) == 5
        assert log.count == len(log.texts)
        assert log.count >= 5  # SQLite adds none, with autocommit


def test_connections_made_while_counting_count(backend: str, server: Any, url: str) -> None:
    """A connection opened in the block is seen, too."""
    with count(backend, server, url) as log, contextlib.closing(connect(backend, server, url)) as connection:
        connection.cursor().execute("CREATE TABLE t (a INTEGER)")

    assert len(log.starting_with("CREATE")) == 1


@pytest.fixture(scope="module")
def left_open() -> Iterator[list[Any]]:
    """Connections that a test leaves open; closed at the end of the module."""
    connections: list[Any] = []
    yield connections
    for connection in connections:
        with contextlib.suppress(Exception):  # the server has cut most of them
            connection.close()


@pytest.mark.parametrize("time", ["first", "second"])
def test_what_a_test_leaves_is_dropped(
    backend: str, server: Any, url: str, left_open: list[Any], time: str
) -> None:
    """Both runs make the same tables, referring to each other, and leave a transaction open; the second finds none."""
    connection = connect(backend, server, url)
    left_open.append(connection)
    cursor = connection.cursor()
    cursor.execute("CREATE TABLE parent (id INTEGER PRIMARY KEY)")
    cursor.execute("CREATE TABLE child (id INTEGER PRIMARY KEY, up INTEGER, FOREIGN KEY (up) REFERENCES parent (id))")
    cursor.execute("CREATE VIEW seen AS SELECT id FROM parent")
    if backend == "postgresql":
        cursor.execute("CREATE TYPE mood AS ENUM ('good')")
        cursor.execute("CREATE SCHEMA other")
    cursor.execute("BEGIN")
    cursor.execute("INSERT INTO parent VALUES (1)")

    assert time in ("first", "second")


def test_the_two_databases_are_different(url: str, second_url: str) -> None:
    """Two binds of one Session need two databases."""
    assert url != second_url


@pytest.mark.backends("postgresql", "mariadb")
def test_a_killed_server_comes_back_with_its_data(backend: str, server: Any, url: str) -> None:
    """kill -9 cuts the connections and keeps what was committed; the port stays."""
    with contextlib.closing(connect(backend, server, url)) as connection:
        connection.cursor().execute("CREATE TABLE kept (a INTEGER)")
        port = server.port

        server.kill9()
        assert not server.running
        server.start()

        with contextlib.closing(connect(backend, server, url)) as again:
            cursor = again.cursor()
            cursor.execute("SELECT count(*) FROM kept")
            assert cursor.fetchone()[0] == 0
        assert server.port == port
        with pytest.raises(Exception, match=r"."):
            connection.cursor().execute("SELECT 1")


@pytest.mark.backends("postgresql")
def test_postgres_allows_prepared_transactions(backend: str, server: Any, url: str) -> None:
    """Two-phase commit is switched off in a PostgreSQL as delivered."""
    with contextlib.closing(connect(backend, server, url)) as connection:
        cursor = connection.cursor()
        cursor.execute("SHOW max_prepared_transactions")

        assert int(cursor.fetchone()[0]) > 0
