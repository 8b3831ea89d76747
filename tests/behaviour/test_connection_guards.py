"""Misuse of connections is an error at once: two threads, fork, a full pool."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from unitwork import create_engine, event, exc, text
from unitwork.pool import NullPool


@pytest.fixture
def connection(engine: Any) -> Iterator[Any]:
    """A Connection to an empty database."""
    with engine.connect() as connection:
        yield connection


def slow_statement(connection: Any, started: threading.Event) -> str:
    """Make and return a statement that takes a while, and sets `started` when it is under way, as far as we can see."""
    started.set()
    if connection.dialect.name == "postgresql":
        return "SELECT pg_sleep(0.5)"
    if connection.dialect.name == "mariadb":
        return "SELECT SLEEP(0.5)"
    connection.connection.create_function("hold", 0, lambda: time.sleep(0.5))
    return "SELECT hold()"


def test_second_thread_is_stopped(connection: Any) -> None:
    """Use from a second thread while a statement is under way raises before a byte is sent."""
    started = threading.Event()
    statement = slow_statement(connection, started)
    connection.exec_driver_sql("SELECT 1")
    answers: list[Any] = []
    thread = threading.Thread(target=lambda: answers.append(connection.exec_driver_sql(statement).all()))
    thread.start()
    refused: list[exc.InvalidRequestError] = []
    others = 0
    while thread.is_alive() and not refused:
        try:
            others += connection.exec_driver_sql("SELECT 1").scalar()
        except exc.InvalidRequestError as err:
            refused.append(err)
    for call in (connection.commit, connection.rollback, connection.close):
        if thread.is_alive():
            with pytest.raises(exc.InvalidRequestError):
                call()
    thread.join()

    assert refused[0].code == "concurrent-use"
    assert len(answers[0]) == 1
    assert connection.exec_driver_sql("SELECT 2").scalar() == 2


def test_racing_threads_get_right_answers_or_an_error(connection: Any) -> None:
    """Three threads on one connection: every answer is the right one, or an error; never another thread's."""
    wrong: list[Any] = []
    refused: list[Exception] = []
    mark = connection.dialect.style.placeholder

    def ask(first: int) -> None:
        for number in range(first, first + 300):
            try:
                found = connection.exec_driver_sql(f"SELECT {mark}", (number,)).scalar()
            except exc.InvalidRequestError as err:
                refused.append(err)
            else:
                if found != number:
                    wrong.append((number, found))

    threads = [threading.Thread(target=ask, args=(start * 1000,)) for start in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []
    assert all(err.code == "concurrent-use" for err in refused)  # type: ignore[attr-defined]


def test_handing_over_to_another_thread_works(connection: Any) -> None:
    """One thread after the other may use a connection, also within a transaction."""
    connection.exec_driver_sql("SELECT 1")
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(connection.exec_driver_sql("SELECT 2").scalar()))
    thread.start()
    thread.join()
    connection.commit()

    assert found == [2]


def test_use_in_a_listener_is_refused(engine: Any) -> None:
    """A listener around a statement cannot use the same Connection."""
    refused: list[str | None] = []

    def listener(connection: Any, *rest: Any) -> None:
        try:
            connection.exec_driver_sql("SELECT 2")
        except exc.InvalidRequestError as err:
            refused.append(err.code)

    event.listen(engine, "before_cursor_execute", listener)
    with engine.connect() as connection:
        connection.exec_driver_sql("SELECT 1")

    assert refused == ["concurrent-use"]


# Fork


def in_child(work: Any) -> str:
    """Run `work` in a forked child; return the text that it returned."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            answer = str(work())
        except BaseException as err:
            answer = f"{type(err).__name__}: {getattr(err, 'code', err)}"
        os.write(writer, answer.encode()[:4000])
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as answers:
        text_ = answers.read().decode()
    os.waitpid(child, 0)
    return text_


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_fork_with_pooled_connection(engine: Any) -> None:
    """LB-32: a child never uses, nor closes, connections of its parent's pool; it opens its own."""
    with engine.connect() as connection:
        connection.exec_driver_sql("SELECT 1")

    def work() -> Any:
        with engine.connect() as connection:
            found = connection.exec_driver_sql("SELECT 2").scalar()
        engine.dispose()
        return found

    assert in_child(work) == "2"
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT 3").scalar() == 3


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_fork_within_a_transaction(connection: Any) -> None:
    """A connection checked out before the fork is refused in the child, and lives on in the parent."""
    connection.exec_driver_sql("CREATE TABLE forked (n INTEGER)")
    connection.commit()
    connection.exec_driver_sql("INSERT INTO forked VALUES (1)")

    def work() -> Any:
        return connection.exec_driver_sql("SELECT 2").scalar()

    def close() -> Any:
        connection.close()
        return "closed"

    assert in_child(work) == "InvalidRequestError: connection-forked"
    assert in_child(close) == "closed"
    assert connection.exec_driver_sql("SELECT n FROM forked").scalar() == 1
    connection.commit()


# The pool


def test_exhausted_pool_names_the_holders(url: str) -> None:
    """ER-22, LB-29: no connection in time raises TimeoutError, which lists who has them."""
    engine = create_engine(url, pool_size=1, max_overflow=0, pool_timeout=0.1)
    with engine.connect():
        start = time.monotonic()
        with pytest.raises(exc.TimeoutError) as caught:
            engine.connect()
        waited = time.monotonic() - start
    with engine.connect():
        pass
    engine.dispose()

    assert caught.value.code == "pool-timeout"
    assert "MainThread" in str(caught.value)
    assert 0.05 < waited < 2


def test_waiting_threads_are_served(url: str) -> None:
    """LB-29: many threads over few connections all get their turn, and nothing is left checked out."""
    engine = create_engine(url, pool_size=2, max_overflow=1, pool_timeout=30)
    done: list[int] = []

    def work(number: int) -> None:
        for _ in range(10):
            with engine.connect() as connection:
                done.append(connection.exec_driver_sql("SELECT 1").scalar())

    threads = [threading.Thread(target=work, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    status = engine.pool.status()
    engine.dispose()

    assert len(done) == 120
    assert status.startswith("QueuePool: 0 in use")


def test_overflow_is_closed_when_it_comes_back(url: str) -> None:
    """LB-29: connections over pool_size are not kept."""
    engine = create_engine(url, pool_size=1, max_overflow=2)
    connections = [engine.connect() for _ in range(3)]
    for connection in connections:
        connection.close()

    assert engine.pool.status() == "QueuePool: 0 in use, 1 idle, limit 3"
    engine.dispose()


def test_null_pool_keeps_nothing(url: str) -> None:
    """LB-29: poolclass=NullPool opens a connection per use."""
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        first = connection.connection
    with engine.connect() as connection:
        assert connection.connection is not first
        assert connection.exec_driver_sql("SELECT 1").scalar() == 1


def test_recycled_connection_is_replaced(url: str) -> None:
    """LB-29: a connection older than pool_recycle is replaced at checkout."""
    engine = create_engine(url, pool_recycle=0)
    with engine.connect() as connection:
        first = connection.connection
    with engine.connect() as connection:
        second = connection.connection
    engine.dispose()

    assert second is not first


def test_dispose_replaces_connections(engine: Any) -> None:
    """LB-30: dispose() closes what is idle; what is in use is closed when it comes back."""
    used = engine.connect()
    driver_connection = used.connection
    with engine.connect():
        pass
    engine.dispose()
    used.close()
    with engine.connect() as connection:
        assert connection.connection is not driver_connection
    assert engine.pool.status().endswith("0 in use, 1 idle, limit 15")


def test_creator_is_called(url: str, engine: Any) -> None:
    """LB-29: `creator` opens the driver's connections instead of the dialect."""
    made: list[Any] = []

    def creator() -> Any:
        made.append(engine.dialect.connect(engine.url, {}))
        return made[-1]

    own = create_engine(url, creator=creator)
    with own.connect() as connection:
        assert connection.connection is made[0]
        assert connection.scalar(text("SELECT 1")) == 1
    own.dispose()
