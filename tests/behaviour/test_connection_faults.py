"""Connections that break: noticed, named, replaced; a lost COMMIT is neither success nor failure."""

from __future__ import annotations

import select
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.proxy import FaultProxy
from unitwork import create_engine, exc
from unitwork.dialects.url import make_url

pytestmark = pytest.mark.backends("postgresql", "mariadb")


@pytest.fixture
def proxy(url: str, engine: Any) -> Iterator[FaultProxy]:
    """A proxy to the database, which has a table `t`."""
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE t (n INTEGER PRIMARY KEY)")
    address = make_url(url)
    with FaultProxy(str(address.host), int(address.port or 0)) as proxy:
        yield proxy


@pytest.fixture
def fragile(url: str, proxy: FaultProxy) -> Iterator[Any]:
    """An engine that goes through the proxy."""
    engine = create_engine(make_url(url).set(port=proxy.port))
    yield engine
    engine.dispose()


def stored(engine: Any) -> list[int]:
    """What is committed."""
    with engine.connect() as connection:
        return [row[0] for row in connection.exec_driver_sql("SELECT n FROM t ORDER BY n")]


def test_lost_reply_of_commit(fragile: Any, proxy: FaultProxy, engine: Any) -> None:
    """ER-22: the server committed, the answer was lost: CommitOutcomeUnknown, not to be retried blindly."""
    with fragile.connect() as connection:
        connection.exec_driver_sql("INSERT INTO t VALUES (1)")
        proxy.lose_reply(b"COMMIT")
        with pytest.raises(exc.CommitOutcomeUnknown) as caught:
            connection.commit()
        connection.rollback()

    error = caught.value
    assert proxy.fired == 1
    assert (error.code, error.is_disconnect, error.is_retryable) == ("commit-outcome-unknown", True, False)
    assert error.orig is error.__cause__ is not None
    assert stored(engine) == [1]


def test_lost_commit(fragile: Any, proxy: FaultProxy, engine: Any) -> None:
    """ER-22: the server never saw COMMIT; we cannot know, and say so."""
    with fragile.connect() as connection:
        connection.exec_driver_sql("INSERT INTO t VALUES (1)")
        proxy.lose_request(b"COMMIT")
        with pytest.raises(exc.CommitOutcomeUnknown):
            connection.commit()

    assert proxy.fired == 1
    assert stored(engine) == []


def test_connection_lost_before_commit_is_known(fragile: Any, proxy: FaultProxy, engine: Any) -> None:
    """LB-32: a connection that ended before COMMIT was sent committed nothing: an ordinary, retryable loss."""
    with fragile.connect() as connection:
        connection.exec_driver_sql("INSERT INTO t VALUES (1)")
        slot_end(connection, proxy)
        with pytest.raises(exc.OperationalError) as caught:
            connection.commit()

    assert not isinstance(caught.value, exc.CommitOutcomeUnknown)
    assert (caught.value.code, caught.value.is_retryable) == ("connection-lost", True)
    assert stored(engine) == []


def slot_end(connection: Any, proxy: FaultProxy) -> None:
    """Cut the connection and wait until this side knows."""
    descriptor = connection.dialect.descriptor(connection.connection)
    proxy.cut_all()
    poller = select.poll()
    poller.register(descriptor, select.POLLIN | select.POLLHUP)
    assert poller.poll(5000)


@pytest.mark.parametrize("fault", ["lose_request", "lose_reply"])
def test_statement_that_is_cut(fragile: Any, proxy: FaultProxy, engine: Any, fault: str) -> None:
    """LB-32, ER-18: the loss is an OperationalError; nothing goes on until rollback(), then all does."""
    with fragile.connect() as connection:
        connection.exec_driver_sql("INSERT INTO t VALUES (1)")
        getattr(proxy, fault)(b"(2)")
        with pytest.raises(exc.OperationalError) as caught:
            connection.exec_driver_sql("INSERT INTO t VALUES (2)")
        error = caught.value
        assert (error.code, error.is_disconnect, error.is_retryable) == ("connection-lost", True, True)
        assert (error.transaction, connection.invalidated) == ("gone", True)
        for call in (connection.commit, lambda: connection.exec_driver_sql("INSERT INTO t VALUES (3)")):
            with pytest.raises(exc.PendingRollbackError):
                call()
        connection.rollback()
        connection.exec_driver_sql("INSERT INTO t VALUES (4)")
        connection.commit()

    assert stored(engine) == [4]


def test_lost_connection_in_autocommit_is_not_retryable(fragile: Any, proxy: FaultProxy) -> None:
    """ER-18: without a transaction the statement itself may have been committed."""
    with fragile.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        proxy.lose_reply(b"(1)")
        with pytest.raises(exc.OperationalError) as caught:
            connection.exec_driver_sql("INSERT INTO t VALUES (1)")

    assert (caught.value.is_disconnect, caught.value.is_retryable) == (True, False)


def test_rollback_over_a_broken_line_succeeds(fragile: Any, proxy: FaultProxy, engine: Any) -> None:
    """LB-32: the server rolls back what it lost sight of; rollback() and close() do not mask the first error."""
    with fragile.connect() as connection:
        connection.exec_driver_sql("INSERT INTO t VALUES (1)")
        proxy.lose_request(b"ROLLBACK")
        connection.rollback()
        connection.exec_driver_sql("INSERT INTO t VALUES (2)")
        connection.commit()

    assert stored(engine) == [2]


def test_pool_discards_exactly_the_dead(engine: Any) -> None:
    """LB-32: of two idle connections the one the server killed is replaced at checkout, the other one used."""
    one, two = engine.connect(), engine.connect()
    numbers = {connection: server_id(connection) for connection in (one, two)}
    with engine.connect() as third:
        kill(third, numbers[one])
    alive = two.connection
    wait_for_end(one)
    two.close()
    one.close()
    with engine.connect() as first, engine.connect() as second:
        found = {first.connection, second.connection}
        assert all(connection.exec_driver_sql("SELECT 1").scalar() == 1 for connection in (first, second))

    assert alive in found


def test_killed_while_idle_in_the_pool(engine: Any) -> None:
    """LB-32: a connection that the server ended while it was in the pool is never handed out."""
    with engine.connect() as connection:
        number = server_id(connection)
        connection.rollback()
        descriptor = engine.dialect.descriptor(connection.connection)
    with create_engine(engine.url).connect() as other:
        kill(other, number)
        other.engine.dispose()
    wait_readable(descriptor)
    with engine.connect() as connection:
        assert server_id(connection) != number


def server_id(connection: Any) -> int:
    """The server's number for a connection."""
    name = "pg_backend_pid()" if connection.dialect.name == "postgresql" else "CONNECTION_ID()"
    return int(connection.exec_driver_sql(f"SELECT {name}").scalar())


def kill(connection: Any, number: int) -> None:
    """End another connection at the server."""
    ends = "SELECT pg_terminate_backend({})" if connection.dialect.name == "postgresql" else "KILL {}"
    connection.exec_driver_sql(ends.format(number))


def wait_for_end(connection: Any) -> None:
    """Wait until the end of a connection has arrived."""
    wait_readable(connection.dialect.descriptor(connection.connection))


def wait_readable(descriptor: int) -> None:
    """Wait until something arrived at a descriptor."""
    poller = select.poll()
    poller.register(descriptor, select.POLLIN | select.POLLHUP)
    assert poller.poll(5000)


def test_killed_within_a_transaction(engine: Any) -> None:
    """LB-32: an end by the administrator is a loss like any other."""
    with engine.connect() as connection, engine.connect() as other:
        number = server_id(connection)
        kill(other, number)
        wait_for_end(connection)
        with pytest.raises(exc.DBAPIError) as caught:
            connection.exec_driver_sql("SELECT 1")
        connection.rollback()
        assert server_id(connection) != number

    assert (caught.value.code, caught.value.is_disconnect) == ("connection-lost", True)


@pytest.mark.backends("postgresql")
def test_notification_is_no_end(engine: Any) -> None:
    """LB-32: something to read on an idle connection may be a notification: the connection is kept."""
    automatic = engine.execution_options(isolation_level="AUTOCOMMIT")
    with automatic.connect() as listening, automatic.connect() as speaking:
        listening.exec_driver_sql("LISTEN news")
        number = server_id(listening)
        descriptor = engine.dialect.descriptor(listening.connection)
        speaking.exec_driver_sql("NOTIFY news")
        wait_readable(descriptor)
    with engine.connect() as one, engine.connect() as two:
        assert number in (server_id(one), server_id(two))


def test_server_crash(engine: Any, server: Any) -> None:
    """LB-32: after kill -9 of the server the connection is lost; when it is back, the engine works again."""
    with engine.connect() as connection:
        connection.exec_driver_sql("SELECT 1")
        server.kill9()
        with pytest.raises(exc.DBAPIError) as caught:
            connection.exec_driver_sql("SELECT 1")
        connection.rollback()
        with pytest.raises(exc.OperationalError) as refused:
            connection.exec_driver_sql("SELECT 1")
    server.start()
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT 1").scalar() == 1

    assert caught.value.is_disconnect
    assert (refused.value.code, refused.value.transaction) == ("cannot-connect", "none")


def test_nobody_listens(engine: Any) -> None:
    """ER-18: connecting to a port where nobody listens is an OperationalError; the password is not shown."""
    with FaultProxy("127.0.0.1", 1) as proxy:
        port = proxy.port
    lonely = create_engine(engine.url.set(port=port, password="secret"))

    with pytest.raises(exc.OperationalError) as caught:
        lonely.connect()

    assert caught.value.code == "cannot-connect"
    assert "secret" not in str(caught.value)


def test_silent_server_at_connect(fragile: Any, proxy: FaultProxy, backend: str) -> None:
    """LB-29: connect_timeout covers the handshake, too: a server that accepts and stays silent does not hang us."""
    if backend == "mariadb":
        proxy.keep_silent(b"root")
        fragile = create_engine(fragile.url.set(query={"connect_timeout": "1"}))
    else:
        proxy.keep_silent(b"user")
        fragile = create_engine(fragile.url.set(query={"connect_timeout": "2"}))

    with pytest.raises(exc.OperationalError):
        fragile.connect()
