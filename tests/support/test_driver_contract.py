"""One suite on the recorder and on the drivers it stands for: what unitwork relies on is the same in both."""

from __future__ import annotations

import contextlib
import importlib
import sqlite3
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest

from tests.support.recorder import Recorder


class Driver(NamedTuple):
    """A connection that commits by itself, the module of its errors, and the marker of its parameters."""

    connection: Any
    module: Any
    marker: str

    @property
    def name(self) -> str:
        """Module name of the driver."""
        return str(self.module.__name__)

    def in_transaction(self) -> bool:
        """As unitwork asks."""
        if self.name == "sqlite3":
            return bool(self.connection.in_transaction)
        return self.name == "psycopg2" and self.connection.get_transaction_status() != 0

    def is_open(self) -> bool:
        """As unitwork asks; sqlite3 cannot be asked."""
        return not self.connection.closed if self.name == "psycopg2" else bool(self.connection.open)


@pytest.fixture(params=["real", "recorder"])
def driver(request: pytest.FixtureRequest, backend: str, server: Any, url: str) -> Iterator[Driver]:
    """The driver of the database under test, and the recorder in its place."""
    name = {"sqlite": "sqlite3", "postgresql": "psycopg2", "mariadb": "pymysql"}[backend]
    module = importlib.import_module(name)
    if request.param == "recorder":
        connection: Any = scripted(Recorder(module)).connect()
    elif backend == "sqlite":
        connection = sqlite3.connect(urlsplit(url).path[1:], isolation_level=None)
    else:
        connection = server.connect(urlsplit(url).path[1:])
    if backend == "postgresql":
        connection.autocommit = True
    elif backend == "mariadb":
        connection.autocommit(True)
    yield Driver(connection, module, "?" if backend == "sqlite" else "%s")
    with contextlib.suppress(module.Error):  # the test may have closed it
        connection.close()


def scripted(recorder: Recorder) -> Recorder:
    """The recorder with the answers that the suite needs."""
    recorder.answer("CREATE", rowcount=-1 if recorder.kind != "pymysql" else 0)
    unknown = -1 if recorder.kind == "sqlite3" else None
    recorder.answer("SELECT n FROM t WHERE n > 100", columns=("n",), rowcount=unknown)
    recorder.answer("SELECT n FROM t ORDER", columns=("n",), rows=[(1,), (2,), (3,)], rowcount=unknown)
    recorder.answer("UPDATE", rowcount=3)
    recorder.answer("SELECT nothing", raises=recorder.error(WRONG_TABLE[recorder.kind], "no such table"))
    return recorder


WRONG_TABLE = {"sqlite3": "OperationalError", "psycopg2": "ProgrammingError", "pymysql": "ProgrammingError"}


@pytest.fixture
def cursor(driver: Driver) -> Any:
    """A cursor on a table of the numbers 1 to 3."""
    cursor = driver.connection.cursor()
    cursor.execute("CREATE TABLE t (n INTEGER)")
    cursor.executemany(f"INSERT INTO t VALUES ({driver.marker})", [(1,), (2,), (3,)])
    return cursor


def test_a_select_describes_its_columns(cursor: Any) -> None:
    """Name first, seven facts each."""
    cursor.execute("SELECT n FROM t ORDER BY n")

    assert cursor.description[0][0] == "n"
    assert len(cursor.description[0]) == 7


def test_rows_are_fetched_one_some_and_all(cursor: Any) -> None:
    """The three ways to fetch continue each other, and end with None and nothing."""
    cursor.execute("SELECT n FROM t ORDER BY n")

    assert cursor.fetchone() == (1,)
    assert list(cursor.fetchmany(1)) == [(2,)]
    assert list(cursor.fetchall()) == [(3,)]
    assert cursor.fetchone() is None
    assert list(cursor.fetchall()) == []


def test_no_rows(cursor: Any) -> None:
    """A select without a match still has a description."""
    cursor.execute("SELECT n FROM t WHERE n > 100")

    assert cursor.description is not None
    assert list(cursor.fetchall()) == []


def test_an_update_has_a_row_count_and_no_description(cursor: Any, driver: Driver) -> None:
    """Which is how rows are told from none."""
    cursor.execute(f"UPDATE t SET n = n + {driver.marker}", (10,))

    assert cursor.description is None
    assert cursor.rowcount == 3


def test_executemany_sums_the_row_counts(cursor: Any, driver: Driver) -> None:
    """Three inserts count three."""
    cursor.executemany(f"INSERT INTO t VALUES ({driver.marker})", [(4,), (5,), (6,)])

    assert cursor.rowcount == 3


def test_begin_and_commit_as_statements(cursor: Any, driver: Driver) -> None:
    """Transaction control by text is seen by the driver's connection."""
    before = driver.in_transaction()
    cursor.execute("BEGIN")
    within = driver.in_transaction()
    cursor.execute("COMMIT")

    assert not before
    assert within or driver.name == "pymysql"  # PyMySQL cannot tell
    assert not driver.in_transaction()


def test_savepoints_as_statements(cursor: Any, driver: Driver) -> None:
    """A savepoint rolled back to is still there, one released is not."""
    cursor.execute("BEGIN")
    cursor.execute("SAVEPOINT one")
    cursor.execute("ROLLBACK TO SAVEPOINT one")
    cursor.execute("ROLLBACK TO SAVEPOINT one")
    cursor.execute("RELEASE SAVEPOINT one")

    with pytest.raises(driver.module.Error):
        cursor.execute("ROLLBACK TO SAVEPOINT one")
    cursor.execute("ROLLBACK")
    assert not driver.in_transaction()


def test_an_error_is_the_drivers(cursor: Any, driver: Driver) -> None:
    """The same class from both."""
    with pytest.raises(getattr(driver.module, WRONG_TABLE[driver.name])):
        cursor.execute("SELECT nothing FROM nowhere")


@pytest.mark.backends("postgresql")
def test_a_failed_transaction_refuses_and_commits_nothing(cursor: Any, driver: Driver) -> None:
    """PostgreSQL refuses every statement after an error, and answers ROLLBACK to COMMIT."""
    cursor.execute("BEGIN")
    with pytest.raises(driver.module.ProgrammingError):
        cursor.execute("SELECT nothing FROM nowhere")

    status = driver.connection.get_transaction_status()
    with pytest.raises(driver.module.InternalError):
        cursor.execute("SELECT n FROM t ORDER BY n")
    cursor.execute("COMMIT")

    assert status == 3
    assert cursor.statusmessage == "ROLLBACK"
    assert not driver.in_transaction()


@pytest.mark.backends("postgresql")
def test_begin_rides_on_a_statement(cursor: Any, driver: Driver) -> None:
    """Two statements in one string: the last one's result is seen, the transaction is open."""
    cursor.execute("BEGIN; SELECT n FROM t ORDER BY n")

    assert cursor.fetchall() == [(1,), (2,), (3,)]
    assert driver.in_transaction()
    cursor.execute("ROLLBACK")


def test_a_closed_connection_refuses(cursor: Any, driver: Driver) -> None:
    """With the error of the driver; `closed` and `open` tell."""
    driver.connection.close()

    with pytest.raises(driver.module.Error):
        driver.connection.cursor().execute("SELECT 1")
    if driver.name != "sqlite3":
        assert not driver.is_open()


def test_closing_twice(driver: Driver) -> None:
    """An error in PyMySQL, nothing in the others."""
    driver.connection.close()

    with pytest.raises(driver.module.Error) if driver.name == "pymysql" else contextlib.nullcontext():
        driver.connection.close()


def test_the_log_is_taken_once() -> None:
    """`take` returns the calls since the last take; statements of an executemany count each."""
    recorder = Recorder(sqlite3)
    connection = recorder.connect()
    connection.execute("INSERT INTO t VALUES (?)", (1,))
    connection.cursor().executemany("INSERT INTO t VALUES (?)", [(2,), (3,)])
    connection.commit()

    first, second = recorder.log.take(), recorder.log.take()
    connection.execute("DELETE FROM t")

    assert [call.name for call in first] == ["connect", "execute", "executemany", "commit"]
    assert second == []
    assert recorder.log.take_sql() == ["DELETE FROM t"]


def test_an_unscripted_select_is_refused() -> None:
    """The test would otherwise go on with rows that nobody thought of."""
    with pytest.raises(LookupError, match="no answer to: SELECT 1"):
        Recorder(sqlite3).connect().execute("SELECT 1")


def test_an_answer_may_disconnect() -> None:
    """After it the connection is lost, and says so in the driver's way."""
    import psycopg2

    recorder = Recorder(psycopg2)
    recorder.answer("COMMIT", raises=psycopg2.OperationalError("server closed the connection"), disconnects=True)
    connection = recorder.connect()

    with pytest.raises(psycopg2.OperationalError):
        connection.cursor().execute("COMMIT")

    assert connection.closed == 2
    with pytest.raises(psycopg2.InterfaceError):
        connection.cursor()
