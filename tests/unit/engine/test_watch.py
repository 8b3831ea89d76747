"""What events cost: nothing where nobody listens; and what they must not keep alive or lock."""

from __future__ import annotations

import gc
from typing import Any

import pytest

from unitwork import create_engine, event, exc, text
from unitwork.pool import AssertionPool, QueuePool, SingletonThreadPool, StaticPool


def test_connections_without_listeners_run_no_event_code() -> None:
    """LB-31: the hot calls are the channel's own; with a listener they are those that fire."""
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        assert connection.watch is None
        assert type(connection.fetch.__self__).__name__ == "Channel"  # type: ignore[attr-defined]
    event.listen(engine, "commit", lambda conn: None)
    with engine.connect() as connection:
        assert connection.watch is not None
        assert connection.fetch.__self__ is connection.watch  # type: ignore[attr-defined]
    engine.dispose()


@pytest.mark.parametrize("kind", [StaticPool, QueuePool, SingletonThreadPool, AssertionPool])
def test_the_first_connection_of_every_pool(kind: Any) -> None:
    """LB-31: listeners of connect and first_connect are called, whatever the pool holds meanwhile."""
    engine = create_engine("sqlite://", poolclass=kind)
    heard: list[str] = []
    for name in ("first_connect", "connect", "checkout", "checkin"):
        event.listen(engine, name, lambda *args, name=name: heard.append(name))

    for _ in range(2):
        with engine.connect() as connection:
            assert connection.scalar(text("SELECT 1")) == 1
    engine.dispose()

    assert heard == ["first_connect", "connect", *("checkout", "checkin") * 2]


def test_a_dropped_connection_comes_back() -> None:
    """LB-31: a Connection with listeners is collected as soon as nobody has it."""
    engine = create_engine("sqlite://", poolclass=QueuePool, pool_size=1, max_overflow=0, pool_timeout=0.05)
    event.listen(engine, "commit", lambda conn: None)
    gc.disable()
    try:
        connection = engine.connect()
        connection.scalar(text("SELECT 1"))
        del connection
        engine.connect().close()
    finally:
        gc.enable()
    engine.dispose()


def test_a_result_outlives_its_connection() -> None:
    """SB-50: a stream keeps what it reads from, and no more."""
    engine = create_engine("sqlite://", poolclass=QueuePool, pool_size=1, max_overflow=0, pool_timeout=0.05)
    rows = text("SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3")

    streamed = engine.connect().execute(rows, execution_options={"yield_per": 1})
    assert [row[0] for row in streamed] == [1, 2, 3]
    del streamed
    gc.collect()
    engine.connect().close()
    engine.dispose()


def test_an_error_of_a_commit_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """LB-31: handle_error hears of COMMIT, too."""
    engine = create_engine("sqlite://")
    codes: list[Any] = []
    event.listen(engine, "handle_error", lambda context: codes.append(context.statement))
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA foreign_keys = ON")
        connection.rollback()
        connection.exec_driver_sql("CREATE TABLE p (id INTEGER PRIMARY KEY)")
        connection.exec_driver_sql("CREATE TABLE c (p INTEGER REFERENCES p (id) DEFERRABLE INITIALLY DEFERRED)")
        connection.commit()
        connection.connection.execute("PRAGMA foreign_keys = ON")
        connection.exec_driver_sql("INSERT INTO c VALUES (1)")
        with pytest.raises(exc.IntegrityError):
            connection.commit()
        connection.rollback()
    engine.dispose()

    assert codes == ["COMMIT"]
