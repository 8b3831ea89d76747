"""The kinds of pools, their options and figures, and connections of the driver out of them."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from tests.support.models import Author
from unitwork import create_engine, engine_from_config, exc, func, insert, select, text
from unitwork.pool import AssertionPool, NullPool, PoolProxiedConnection, QueuePool, SingletonThreadPool, StaticPool

author = Author.__table__


def driver_of(connection: Any) -> Any:
    """The driver's connection."""
    return connection.connection


def test_figures(url: str) -> None:
    """LB-29: size, what is in, out and over."""
    engine = create_engine(url, poolclass=QueuePool, pool_size=2, max_overflow=3, pool_timeout=7)
    pool = engine.pool
    assert isinstance(pool, QueuePool)
    assert (pool.size(), pool.timeout(), pool.checkedin(), pool.checkedout(), pool.overflow()) == (2, 7, 0, 0, -2)

    connections = [engine.connect() for _ in range(4)]
    assert (pool.checkedin(), pool.checkedout(), pool.overflow()) == (0, 4, 2)
    for connection in connections:
        connection.close()

    assert (pool.checkedin(), pool.checkedout(), pool.overflow()) == (2, 0, 0)
    engine.dispose()
    assert (pool.checkedin(), pool.checkedout(), pool.overflow()) == (0, 0, -2)


def test_overflow_and_timeout(url: str) -> None:
    """LB-29, ER-22: max_overflow more, then a queue, then an error that lists who has the connections."""
    engine = create_engine(url, poolclass=QueuePool, pool_size=1, max_overflow=1, pool_timeout=0.05)
    with engine.connect(), engine.connect(), pytest.raises(exc.TimeoutError) as caught:
        engine.connect()
    engine.connect().close()
    engine.dispose()

    assert caught.value.code == "pool-timeout"
    assert str(caught.value).count("checked out by thread") == 2


def test_the_queue_serves(url: str) -> None:
    """LB-29: who waits gets the connection that comes back."""
    engine = create_engine(url, poolclass=QueuePool, pool_size=1, max_overflow=0, pool_timeout=30)
    first = engine.connect()
    raw, got = driver_of(first), []

    def wait() -> None:
        with engine.connect() as connection:
            got.append(driver_of(connection))

    thread = threading.Thread(target=wait)
    thread.start()
    first.close()
    thread.join(30)
    engine.dispose()

    assert got == [raw]


@pytest.mark.parametrize("lifo", [True, False])
def test_use_lifo(url: str, lifo: bool) -> None:
    """LB-29: the connection that waits longest, or with pool_use_lifo the one that came back last."""
    engine = create_engine(url, poolclass=QueuePool, pool_size=2, pool_use_lifo=lifo)
    first, second = engine.connect(), engine.connect()
    raws = [driver_of(first), driver_of(second)]
    first.close()
    second.close()

    with engine.connect() as connection:
        assert driver_of(connection) is raws[1 if lifo else 0]
    engine.dispose()


def test_recycle(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """LB-29: a connection that is too old is replaced at checkout."""
    engine = create_engine(url, poolclass=QueuePool, pool_recycle=60)
    with engine.connect() as connection:
        raw = driver_of(connection)
    with engine.connect() as connection:
        assert driver_of(connection) is raw
    later = time.monotonic() + 61
    monkeypatch.setattr(time, "monotonic", lambda: later)

    with engine.connect() as connection:
        assert driver_of(connection) is not raw
    engine.dispose()


@pytest.mark.backends("postgresql", "mariadb")
def test_pre_ping(url: str) -> None:
    """LB-29, BK-12: a connection that the server has ended is replaced before anybody sees it."""
    engine, other = create_engine(url, pool_pre_ping=True), create_engine(url)
    kill, own = {
        "postgresql": ("SELECT pg_terminate_backend(:id)", "SELECT pg_backend_pid()"),
        "mariadb": ("KILL :id", "SELECT connection_id()"),
    }[engine.dialect.name if engine.dialect.name == "postgresql" else "mariadb"]
    with engine.connect() as connection:
        number = connection.scalar(text(own))
    with other.connect() as connection:
        connection.execute(text(kill), {"id": number})

    with engine.connect() as connection:
        assert connection.scalar(text(own)) != number
    engine.dispose()
    other.dispose()


def test_null_pool(url: str) -> None:
    """LB-29: another connection each time."""
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as one, engine.connect() as two:
        assert driver_of(one) is not driver_of(two)


def test_static_pool(url: str) -> None:
    """BK-10: one for all, and for one transaction at a time."""
    engine = create_engine(url, poolclass=StaticPool)
    with engine.connect() as one, engine.connect() as two:
        assert driver_of(one) is driver_of(two)
        one.scalar(text("SELECT 1"))
        with pytest.raises(exc.InvalidRequestError):
            two.scalar(text("SELECT 1"))
        one.rollback()
        assert two.scalar(text("SELECT 1")) == 1
    engine.dispose()


def test_singleton_thread_pool(url: str) -> None:
    """LB-29: one per thread."""
    engine = create_engine(url, poolclass=SingletonThreadPool)
    raws: list[Any] = []

    def use() -> None:
        for _ in range(2):
            with engine.connect() as connection:
                raws.append(driver_of(connection))

    use()
    thread = threading.Thread(target=use)
    thread.start()
    thread.join()
    engine.dispose()

    assert raws[0] is raws[1]
    assert raws[2] is raws[3] is not raws[0]
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT 1")) == 1
    engine.dispose()


def test_assertion_pool(url: str) -> None:
    """LB-29: one at a time; the second says so."""
    engine = create_engine(url, poolclass=AssertionPool)
    with engine.connect() as connection:
        raw = driver_of(connection)
        with pytest.raises(exc.InvalidRequestError) as caught:
            engine.connect()
    with engine.connect() as connection:
        assert driver_of(connection) is raw
    engine.dispose()

    assert caught.value.code == "pool-in-use"


def test_a_pool_of_ones_own(url: str) -> None:
    """LB-29: pool= with a creator; without an engine it does not work, and says so."""
    maker = create_engine(url)
    made: list[Any] = []

    def create() -> Any:
        made.append(maker.dialect.connect(maker.url, {}))
        return made[-1]

    pool = QueuePool(create, pool_size=1)
    with pytest.raises(exc.ArgumentError) as caught:
        pool.connect()
    pool = QueuePool(create, pool_size=1)
    engine = create_engine(url, pool=pool)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT 1")) == 1
        assert driver_of(connection) is made[0]
    engine.dispose()

    assert engine.pool is pool
    assert caught.value.code == "pool-without-engine"


# The driver's connection


@pytest.mark.parametrize(("how", "kept"), [("rollback", 0), ("commit", 1), (None, 0), (True, 0)])
def test_reset_on_return(url: str, library: Any, how: Any, kept: int) -> None:
    """LB-29: what ends a transaction that was left open on the driver's connection."""
    if url == "sqlite://":
        pytest.skip("needs two connections")
    engine = create_engine(url, pool_reset_on_return=how)
    raw = engine.raw_connection()
    cursor = raw.cursor()
    cursor.execute("INSERT INTO author (id, name) VALUES (1, 'raw')")
    cursor.close()
    raw.close()

    with engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(author)) == kept
    engine.dispose()


def test_raw_connection(url: str, library: Any) -> None:
    """LB-29: the driver's own transactions work on it; closed twice it is closed, and used then it says so."""
    raw = library.raw_connection()
    assert isinstance(raw, PoolProxiedConnection)
    assert raw.is_valid
    for end in (raw.rollback, raw.commit):
        cursor = raw.cursor()
        cursor.execute("INSERT INTO author (name) VALUES ('raw')")
        cursor.close()
        end()
    raw.close()
    raw.close()

    assert (raw.is_valid, raw.dbapi_connection) == (False, None)
    with pytest.raises(exc.ResourceClosedError):
        raw.cursor()
    with library.begin() as connection:
        assert connection.scalar(select(func.count()).select_from(author)) == 1
        connection.execute(insert(author).values(name="ours"))
    with library.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(author)) == 2


def test_raw_connection_invalidated(url: str) -> None:
    """LB-32: the pool opens another."""
    engine = create_engine(url, poolclass=QueuePool, pool_size=1, max_overflow=0, pool_timeout=0.1)
    raw = engine.raw_connection()
    before = raw.driver_connection
    raw.invalidate()

    with engine.connect() as connection:
        assert driver_of(connection) is not before
    del raw
    engine.raw_connection()  # dropped: it comes back
    engine.connect().close()
    engine.dispose()


# Configuration


def test_engine_from_config(url: str) -> None:
    """LB-29: strings become what options need; arguments win."""
    config = {
        "db.url": url,
        "db.pool_size": "3",
        "db.echo": "false",
        "db.pool_pre_ping": "true",
        "db.pool_reset_on_return": "none",
        "other.url": "no",
    }
    engine = engine_from_config(config, "db.", max_overflow=1, poolclass=QueuePool)

    assert isinstance(engine.pool, QueuePool)
    assert (engine.pool.size(), engine.pool.reset_on_return) == (3, None)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT 1")) == 1
    engine.dispose()
    for wrong in ({}, {"db.url": url, "db.pool_size": "many"}, {"db.url": url, "db.echo": "perhaps"}):
        with pytest.raises(exc.ArgumentError) as caught:
            engine_from_config(wrong, "db.")
        assert caught.value.code == "bad-engine-option"


@pytest.mark.parametrize("options", [{"pool_reset_on_return": "maybe"}, {"future": False}, {"paramstyle": "named"}])
def test_options_that_are_refused(url: str, options: Any) -> None:
    """LB-29: with the name of what was wrong."""
    with pytest.raises(exc.ArgumentError) as caught:
        create_engine(url, **options)
    assert caught.value.code == "bad-engine-option"


def test_options_of_an_engine(url: str) -> None:
    """TX-53: a copy has its own; update_execution_options() changes an engine."""
    engine = create_engine(url, execution_options={"a": 1})
    copy = engine.execution_options(b=2)
    engine.update_execution_options(c=3)

    assert dict(engine.get_execution_options()) == {"a": 1, "c": 3}
    assert dict(copy.get_execution_options()) == {"a": 1, "b": 2}
    assert copy.pool is engine.pool
    with copy.connect() as connection:
        assert connection.get_execution_options() == {"a": 1, "b": 2}
