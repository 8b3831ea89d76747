"""Events of engines, connections and pools: when they fire, with what, and what listeners may change."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.support.models import Author
from unitwork import Engine, create_engine, event, exc, insert, select, text
from unitwork.engine import ExceptionContext
from unitwork.orm import Session
from unitwork.pool import NullPool, Pool

Calls = list[tuple[Any, ...]]
author = Author.__table__

TRANSACTION = ("begin", "commit", "rollback", "savepoint", "rollback_savepoint", "release_savepoint")
POOLED = ("connect", "first_connect", "checkout", "checkin", "reset", "invalidate", "close")


@pytest.fixture
def own(url: str, library: Any) -> Iterator[Engine]:
    """An engine of the test's own on the library set."""
    engine = create_engine(url, poolclass=NullPool) if url != "sqlite://" else library
    yield engine
    engine.dispose()


def hear(target: Any, *names: str) -> list[str]:
    """Listen to events; return the list that their names go to."""
    heard: list[str] = []

    def register(name: str) -> None:
        event.listen(target, name, lambda *args: heard.append(name))

    for name in names:
        register(name)
    return heard


# Transactions


def test_transaction_events(own: Engine) -> None:
    """LB-31: each with the Connection, in order; nothing for transactions that are not there."""
    heard = hear(own, *TRANSACTION)

    with own.connect() as connection:
        connection.commit()
        connection.scalar(text("SELECT 1"))
        connection.scalar(text("SELECT 1"))
        connection.commit()
        with connection.begin():
            with connection.begin_nested():
                connection.scalar(text("SELECT 1"))
            nested = connection.begin_nested()
            connection.scalar(text("SELECT 1"))
            nested.rollback()
        connection.scalar(text("SELECT 1"))
        connection.rollback()
        connection.rollback()
        connection.scalar(text("SELECT 1"))

    assert heard == [
        *("begin", "commit"),
        *("begin", "savepoint", "release_savepoint", "savepoint", "rollback_savepoint", "commit"),
        *("begin", "rollback"),
        *("begin", "rollback"),
    ]


def test_savepoint_names(own: Engine) -> None:
    """LB-31: the name that set it releases it."""
    names: list[Any] = []
    event.listen(own, "savepoint", lambda conn, name: names.append(name))
    event.listen(own, "release_savepoint", lambda conn, name, context: names.append((name, context)))

    with own.begin() as connection, connection.begin_nested():
        connection.scalar(text("SELECT 1"))

    assert names[1:] == [(names[0], None)]


def test_begin_may_send_statements(own: Engine) -> None:
    """LB-31: what a begin listener does is part of the transaction, and does not begin another."""
    seen: list[Any] = []

    def begun(connection: Any) -> None:
        seen.append("begin")
        connection.execute(insert(author).values(name="by the listener"))

    event.listen(own, "begin", begun)
    with own.connect() as connection:
        assert connection.scalars(select(author.c.name)).all() == ["by the listener"]
        connection.rollback()
        event.remove(own, "begin", begun)
        assert connection.scalars(select(author.c.name)).all() == []
    assert seen == ["begin"]


def test_events_of_a_session(own: Engine) -> None:
    """LB-31: a Session's transactions and statements are those of its Connection."""
    heard = hear(own, *TRANSACTION)
    statements: list[str] = []
    event.listen(own, "after_cursor_execute", lambda *args: statements.append(args[2]))

    with Session(own) as session:
        session.add(Author(name="ann"))
        with session.begin_nested():
            session.add(Author(name="bob"))
        session.commit()
        assert len(session.scalars(select(Author)).all()) == 2

    assert heard == ["begin", "savepoint", "release_savepoint", "commit", "begin", "rollback"]
    assert [one.split()[0].rstrip(";") for one in statements] == ["INSERT", "INSERT", "SELECT"]


# Statements


def test_cursor_events(own: Engine) -> None:
    """LB-31: before and after each statement, with what is sent."""
    calls: Calls = []
    event.listen(own, "before_cursor_execute", lambda *args: calls.append(("before", *args)))
    event.listen(own, "after_cursor_execute", lambda *args: calls.append(("after", *args)))

    with own.connect() as connection:
        connection.execute(select(author.c.id).where(author.c.name == "x"))

    for _, conn, cursor, statement, parameters, context, many in calls:
        assert conn is connection
        assert hasattr(cursor, "execute")
        assert statement.startswith("SELECT")
        assert list(parameters) == ["x"]
        assert (context, many) == (None, False)
    assert [call[0] for call in calls] == ["before", "after"]


def test_results_count_with_retval_only(own: Engine) -> None:
    """EV-02, LB-31: without retval=True what a listener returns is ignored."""

    def other(conn: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> Any:
        return "SELECT 2", parameters

    event.listen(own, "before_cursor_execute", other)
    with own.connect() as connection:
        assert connection.scalar(text("SELECT 1")) == 1
        event.remove(own, "before_cursor_execute", other)
        event.listen(own, "before_cursor_execute", other, retval=True)
        assert connection.scalar(text("SELECT 1")) == 2


def test_execute_events(own: Engine) -> None:
    """LB-31: the construct, its parameters and options before, the Result after."""
    calls: Calls = []
    event.listen(own, "before_execute", lambda *args: calls.append(args))
    event.listen(own, "after_execute", lambda *args: calls.append(args))
    statement = insert(author)

    with own.begin() as connection:
        one = connection.execute(statement, {"name": "a"}, execution_options={"mine": 1})
        many = connection.execute(statement, [{"name": "b"}, {"name": "c"}])

    assert calls == [
        (connection, statement, [], {"name": "a"}, {"mine": 1}),
        (connection, statement, [], {"name": "a"}, {"mine": 1}, one),
        (connection, statement, [{"name": "b"}, {"name": "c"}], {}, {}),
        (connection, statement, [{"name": "b"}, {"name": "c"}], {}, {}, many),
    ]


def test_before_execute_may_replace_the_statement(own: Engine) -> None:
    """LB-31, EV-02: on Connections and Sessions."""

    def none(conn: Any, statement: Any, multi: Any, params: Any, options: Any) -> Any:
        return statement.where(author.c.name == "a"), multi, params

    with Session(own) as session:
        session.add_all([Author(name="a"), Author(name="b")])
        session.commit()
    event.listen(own, "before_execute", none, retval=True)

    with own.connect() as connection:
        assert connection.scalars(select(author.c.name)).all() == ["a"]
    with Session(own) as session:
        assert [one.name for one in session.scalars(select(Author))] == ["a"]


def test_streams_fire_events(own: Engine) -> None:
    """LB-31: once per statement, not per chunk."""
    with own.begin() as connection:
        connection.execute(insert(author), [{"name": "x"} for _ in range(30)])
    heard = hear(own, "before_cursor_execute", "after_cursor_execute")

    with own.connect() as connection:
        assert len(connection.execute(select(author.c.id), execution_options={"yield_per": 10}).all()) == 30

    assert heard == ["before_cursor_execute", "after_cursor_execute"]


# Errors


def fail(connection: Any) -> None:
    """Run a statement that the database refuses."""
    connection.execute(text("SELECT no_such FROM author WHERE name = :n"), {"n": "x"})


def test_handle_error(own: Engine) -> None:
    """LB-31: what failed, and the error that will be raised."""
    contexts: list[ExceptionContext] = []
    event.listen(own, "handle_error", contexts.append)

    with own.connect() as connection, pytest.raises(exc.DBAPIError) as caught:
        fail(connection)

    (context,) = contexts
    assert context.connection is connection
    assert (context.engine, context.dialect) == (own, own.dialect)
    assert "no_such" in str(context.statement)
    assert context.sqlalchemy_exception is caught.value
    assert context.original_exception is caught.value.orig
    assert (context.is_disconnect, context.is_pre_ping, context.chained_exception) == (False, False, None)


class MyError(Exception):
    """An error of the program."""


def test_a_begin_listener_that_raises_keeps_no_connection(own: Engine) -> None:
    """LB-31: ``with engine.begin()`` gives back what it took, at once."""
    returned: list[Any] = []
    event.listen(own, "checkin", lambda *given: returned.append(given))

    def refuse(connection: Any) -> None:
        raise MyError("begin")

    event.listen(own, "begin", refuse)
    try:
        with pytest.raises(MyError) as caught, own.begin():
            raise AssertionError("the block is not reached")
        assert len(returned) == 1, caught  # while the error, and with it every frame, is alive
    finally:
        event.remove(own, "begin", refuse)


def test_handle_error_may_replace_the_error(own: Engine) -> None:
    """LB-31: by returning another, which later listeners see, or by raising it."""
    seen: list[Any] = []
    event.listen(own, "handle_error", lambda context: MyError("returned"))
    event.listen(own, "handle_error", lambda context: seen.append(context.chained_exception))
    with own.connect() as connection:
        with pytest.raises(MyError, match="returned") as caught:
            fail(connection)
        connection.rollback()
        assert isinstance(caught.value.__cause__, Exception)
        assert isinstance(seen[0], MyError)

        @event.listens_for(own, "handle_error")
        def refuse(context: ExceptionContext) -> None:
            raise MyError("raised")

        with pytest.raises(MyError, match="raised"):
            fail(connection)
        connection.rollback()
        assert connection.scalar(text("SELECT 1")) == 1


def test_handle_error_may_call_it_a_disconnect(own: Engine) -> None:
    """LB-31, LB-32: the connection is replaced after a rollback."""

    @event.listens_for(own, "handle_error")
    def lost(context: ExceptionContext) -> None:
        context.is_disconnect = True

    with own.connect() as connection:
        with pytest.raises(exc.DBAPIError) as caught:
            fail(connection)
        assert caught.value.connection_invalidated
        assert connection.invalidated
        with pytest.raises(exc.PendingRollbackError):
            connection.scalar(text("SELECT 1"))
        connection.rollback()
        if own.url.database:  # a database in memory is gone with its connection
            assert connection.scalar(text("SELECT 1")) == 1


def test_errors_of_connecting(backend: str) -> None:
    """LB-31: handle_error is told, without a Connection, and may replace the error."""
    scheme = {"sqlite": "sqlite:////no/such/dir/file.db", "postgresql": "postgresql://127.0.0.1:1/x"}
    engine = create_engine(scheme.get(backend, "mariadb+pymysql://127.0.0.1:1/x"))
    contexts: list[ExceptionContext] = []
    event.listen(engine, "handle_error", contexts.append)

    with pytest.raises(exc.DBAPIError):
        engine.connect()
    event.listen(engine, "handle_error", lambda context: MyError())
    with pytest.raises(MyError):
        engine.connect()

    assert [context.connection for context in contexts] == [None, None]


# Targets


def test_targets(own: Engine) -> None:
    """LB-31, EV-04: one Connection, one Engine, a copy with options, or all Engines."""
    heard: dict[str, list[str]] = {}
    copy = own.execution_options(mine=1)
    with own.connect() as first:
        heard["connection"] = hear(first, "begin")
        heard["copy"] = hear(copy, "begin")
        heard["engine"] = hear(own, "begin")
        listener: Callable[..., Any] = lambda conn: heard.setdefault("class", []).append("begin")  # noqa: E731
        event.listen(Engine, "begin", listener)
        try:
            first.scalar(text("SELECT 1"))
            first.rollback()
            with copy.connect() as second:
                second.scalar(text("SELECT 1"))
        finally:
            event.remove(Engine, "begin", listener)
        first.scalar(text("SELECT 1"))

    assert {name: len(calls) for name, calls in heard.items()} == {"connection": 2, "copy": 1, "engine": 3, "class": 2}


def test_unknown_events(own: Engine) -> None:
    """EV-01: refused with the name."""
    for target in (own, own.pool, Engine, Pool):
        with pytest.raises(exc.InvalidRequestError) as caught:
            event.listen(target, "no_such_event", print)
        assert caught.value.code == "no-such-event"


def test_engine_connect_and_options(own: Engine) -> None:
    """LB-31: a Connection is made, given options; an Engine is given options and disposed of."""
    calls: Calls = []
    event.listen(own, "engine_connect", lambda conn: calls.append((conn,)))
    event.listen(own, "set_connection_execution_options", lambda conn, opts: calls.append((conn, dict(opts))))
    event.listen(own, "set_engine_execution_options", lambda engine, opts: calls.append((engine, dict(opts))))

    with own.connect() as connection:
        connection.execution_options(mine=1)
    copy = own.execution_options(other=2)

    assert calls == [(connection,), (connection, {"mine": 1}), (copy, {"other": 2})]
    heard = hear(copy, "engine_disposed")
    copy.dispose()
    assert heard == ["engine_disposed"]


def test_options_of_listening(own: Engine) -> None:
    """EV-02: once, named, insert; contains() and remove() know the function."""
    calls: Calls = []

    def named(**given: Any) -> None:
        calls.append(tuple(given))

    event.listen(own, "before_cursor_execute", named, named=True)
    event.listen(own, "before_cursor_execute", lambda *args: calls.append(("first",)), insert=True, once=True)
    assert event.contains(own, "before_cursor_execute", named)
    with own.connect() as connection:
        connection.scalar(text("SELECT 1"))
        event.remove(own, "before_cursor_execute", named)
        connection.scalar(text("SELECT 1"))

    assert calls == [("first",), ("conn", "cursor", "statement", "parameters", "context", "executemany")]


# Pools


def test_pool_events(url: str) -> None:
    """LB-31: in order, with the driver's connection and its record."""
    engine = create_engine(url, pool_size=1)
    calls: Calls = []
    for name in POOLED:
        event.listen(engine, name, lambda *args, name=name: calls.append((name, *args)))

    with engine.connect() as connection:
        raw = connection.connection
        connection.scalar(text("SELECT 1"))
    with engine.connect() as connection:
        connection.invalidate()
        connection.rollback()
    engine.dispose()

    assert [call[0] for call in calls] == [
        *("first_connect", "connect", "checkout", "reset", "checkin"),
        *("checkout", "invalidate", "close"),
    ]
    assert all(call[1] is raw and call[2].dbapi_connection is raw for call in calls)
    assert calls[2][3] is calls[2][2]
    assert calls[3][3].transaction_was_reset


def test_pool_targets(url: str) -> None:
    """EV-04: a pool, its engine, all pools."""
    engine = create_engine(url)
    heard = [hear(engine.pool, "connect"), hear(engine, "connect"), hear(Pool, "connect"), hear(Engine, "connect")]
    try:
        engine.connect().close()
    finally:
        for target in (Pool, Engine):
            for listener in list(target_table(target)):
                event.remove(target, "connect", listener)
    engine.dispose()

    assert heard == [["connect"]] * 4


def target_table(target: Any) -> Any:
    """The listeners of `connect` on a class."""
    from unitwork.base.hooks import table_of

    return table_of(target, "connect").listeners.get("connect", ())


def test_connect_prepares_the_connection(url: str) -> None:
    """LB-31: what a connect listener does to the driver's connection stays; its record has an info dictionary."""
    engine = create_engine(url)

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, record: Any) -> None:
        record.info["prepared"] = True

    with engine.connect() as connection:
        assert connection.info["prepared"]
    engine.dispose()


def test_a_failing_connect_listener(url: str) -> None:
    """LB-31: its error comes out of connect(), and nothing is left in use."""
    engine = create_engine(url, pool_size=1, max_overflow=0, pool_timeout=0.1)

    @event.listens_for(engine, "connect")
    def refuse(connection: Any, record: Any) -> None:
        raise MyError

    for _ in range(3):
        with pytest.raises(MyError):
            engine.connect()
    event.remove(engine, "connect", refuse)
    engine.connect().close()
    engine.dispose()


def test_checkout_may_refuse(url: str) -> None:
    """LB-31: DisconnectionError makes the pool try another connection, three times; other errors pass."""
    engine = create_engine(url, pool_size=1, max_overflow=0, pool_timeout=0.1)
    refused: list[Any] = []

    def check(connection: Any, record: Any, proxy: Any) -> None:
        if len(refused) < limit:
            refused.append(connection)
            raise exc.DisconnectionError("no good")

    event.listen(engine, "checkout", check)
    limit = 2
    with engine.connect() as connection:
        assert connection.connection not in refused
    refused.clear()
    limit = 9
    with pytest.raises(exc.InvalidRequestError) as caught:
        engine.connect()
    assert caught.value.code == "checkout-refused"
    event.remove(engine, "checkout", check)
    engine.connect().close()
    engine.dispose()


def test_do_connect(url: str) -> None:
    """LB-31: may change what the driver is given, or connect itself."""
    engine, calls = create_engine(url), []

    @event.listens_for(engine, "do_connect")
    def connect(dialect: Any, record: Any, args: Any, parameters: dict[str, Any]) -> Any:
        calls.append(dialect)
        return None if len(calls) == 1 else dialect.connect(engine.url, parameters)

    with engine.connect() as connection:
        assert connection.scalar(text("SELECT 1")) == 1
    engine.dispose()
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT 1")) == 1
    engine.dispose()

    assert calls == [engine.dialect, engine.dialect]
