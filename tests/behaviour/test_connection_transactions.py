"""Connection: autobegin, commit, rollback, savepoints, isolation, results, on every database."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from unitwork import (
    Column,
    Integer,
    MetaData,
    String,
    Table,
    create_engine,
    event,
    exc,
    func,
    insert,
    literal,
    select,
    text,
    update,
)

metadata = MetaData()
item = Table("item", metadata, Column("id", Integer, primary_key=True), Column("name", String(50), unique=True))


@pytest.fixture
def items(engine: Any) -> Any:
    """The engine, with an empty table `item`."""
    metadata.create_all(engine)
    return engine


@pytest.fixture
def connection(items: Any) -> Iterator[Any]:
    """A Connection to that."""
    with items.connect() as connection:
        yield connection


def names(engine: Any) -> list[str]:
    """What is committed."""
    with engine.connect() as other:
        return list(other.execute(select(item.c.name).order_by(item.c.id)).scalars())


def test_a_statement_begins_a_transaction(connection: Any, items: Any) -> None:
    """TX-36, LB-30: nothing is begun by connecting; a statement begins, commit() ends."""
    assert not connection.in_transaction()

    connection.execute(insert(item).values(name="a"))
    assert connection.in_transaction()
    connection.commit()

    assert not connection.in_transaction()
    assert names(items) == ["a"]


def test_rollback_undoes(connection: Any, items: Any) -> None:
    """TX-36: rollback() undoes everything since the transaction began."""
    connection.execute(insert(item).values(name="a"))
    connection.rollback()

    assert names(items) == []


def test_close_rolls_back(items: Any) -> None:
    """TX-36, LB-32: closing without commit rolls back before the connection returns to the pool."""
    with items.connect() as connection:
        connection.execute(insert(item).values(name="a"))

    assert names(items) == []
    assert connection.closed


def test_a_dropped_connection_returns_to_the_pool(items: Any) -> None:
    """LB-32: a Connection that is collected without close() rolls back and gives its connection back."""
    connection = items.connect()
    connection.execute(insert(item).values(name="a"))
    del connection

    assert "0 in use" in items.pool.status()
    assert names(items) == []


def test_engine_begin_commits_or_rolls_back(items: Any) -> None:
    """LB-30, TX-36: engine.begin() commits at the end of the block, rolls back on an error."""
    with items.begin() as connection:
        connection.execute(insert(item).values(name="kept"))
    with pytest.raises(ZeroDivisionError), items.begin() as connection:
        connection.execute(insert(item).values(name="lost"))
        raise ZeroDivisionError

    assert names(items) == ["kept"]


def test_begin_after_a_statement_is_refused(connection: Any) -> None:
    """TX-37: begin() when a transaction has begun, also by itself, raises InvalidRequestError."""
    connection.execute(select(literal(1)))

    with pytest.raises(exc.InvalidRequestError) as caught:
        connection.begin()

    assert caught.value.code == "transaction-begun"


def test_begin_as_context_manager(connection: Any, items: Any) -> None:
    """TX-38: begin-once style commits at the end of the block."""
    with connection.begin() as transaction:
        connection.execute(insert(item).values(name="a"))
        assert connection.get_transaction() is transaction

    assert not transaction.is_active
    assert names(items) == ["a"]


def test_a_transaction_ends_once(connection: Any) -> None:
    """LB-30: commit() of a transaction that has ended raises ResourceClosedError, rollback() does nothing."""
    transaction = connection.begin()
    transaction.commit()

    transaction.rollback()
    with pytest.raises(exc.ResourceClosedError):
        transaction.commit()


def test_a_closed_connection_refuses_work(items: Any) -> None:
    """ER-05: a closed Connection raises ResourceClosedError."""
    connection = items.connect()
    connection.close()

    with pytest.raises(exc.ResourceClosedError):
        connection.execute(select(literal(1)))


def test_small_transaction_in_two_round_trips(items: Any, statements: Any) -> None:
    """BEGIN rides on the first statement where that saves a round trip, and nothing is sent for nothing."""
    begins = 1 if items.dialect.features.begin == "text" else 0
    with items.connect() as connection, statements(items) as log:
        connection.commit()
        connection.rollback()
        empty = log.count
        connection.execute(insert(item).values(name="a"))
        connection.commit()

    assert empty == 0
    assert log.count == 2 + begins


# Savepoints


def test_savepoint_rolls_back_alone(connection: Any, items: Any) -> None:
    """BK-31, TX-38: a savepoint rolled back takes only what came after it."""
    connection.execute(insert(item).values(name="a"))
    nested = connection.begin_nested()
    connection.execute(insert(item).values(name="b"))
    nested.rollback()
    connection.execute(insert(item).values(name="c"))
    connection.commit()

    assert names(items) == ["a", "c"]


def test_outer_rollback_undoes_released_savepoint(connection: Any, items: Any) -> None:
    """BK-02, TX-34: what a released savepoint kept is undone with the outer transaction, also if it was first."""
    with connection.begin_nested():
        connection.execute(insert(item).values(name="a"))
    connection.rollback()

    assert names(items) == []


def test_savepoints_nest(connection: Any, items: Any) -> None:
    """TX-31, TX-33: an outer savepoint takes the inner ones with it, either way."""
    outer = connection.begin_nested()
    connection.execute(insert(item).values(name="a"))
    inner = connection.begin_nested()
    connection.execute(insert(item).values(name="b"))
    assert (connection.get_nested_transaction(), inner.parent) == (inner, outer)

    outer.rollback()
    connection.execute(insert(item).values(name="c"))
    connection.commit()

    assert not inner.is_active
    assert names(items) == ["c"]


def test_savepoint_without_statements_sends_nothing(items: Any, statements: Any) -> None:
    """TX-25: the savepoint is sent with the first statement in it."""
    with items.connect() as connection, statements(items) as log:
        with connection.begin_nested():
            pass
        connection.commit()

    assert log.count == 0


def test_error_in_a_savepoint_leaves_the_rest(connection: Any, items: Any) -> None:
    """TX-28, BK-12: after an error in a savepoint its rollback makes the transaction usable again."""
    connection.execute(insert(item).values(name="a"))
    with pytest.raises(exc.IntegrityError) as caught, connection.begin_nested():
        connection.execute(insert(item).values(name="a"))
    connection.execute(insert(item).values(name="b"))
    connection.commit()

    assert caught.value.code == "unique-violation"
    assert names(items) == ["a", "b"]


# Isolation


def test_isolation_level_of_one_connection(items: Any) -> None:
    """TX-54, BK-06, BK-17: a level set on a Connection is in force, and gone with it."""
    other = "READ UNCOMMITTED" if items.name == "sqlite" else "SERIALIZABLE"
    with items.begin() as connection:
        connection.execute(insert(item).values(name="a"))
    with items.connect() as connection:
        before = connection.get_isolation_level()
        connection.rollback()
        connection.execution_options(isolation_level=other)
        connection.execute(select(literal(1)))
        during = connection.get_isolation_level()
        seen = level_at_server(connection)
    with items.connect() as connection:
        after = level_at_server(connection)

    assert (during, after) == (other, before)
    assert seen == other


def level_at_server(connection: Any) -> str:
    """The isolation level of the transaction that is open."""
    if connection.dialect.name == "sqlite":
        on = connection.exec_driver_sql("PRAGMA read_uncommitted").scalar()
        return "READ UNCOMMITTED" if on else "SERIALIZABLE"
    if connection.dialect.name == "postgresql":
        return str(connection.exec_driver_sql("SHOW transaction_isolation").scalar()).upper()
    # No variable tells what SET TRANSACTION did. A SERIALIZABLE transaction locks what it reads.
    connection.execute(select(item)).all()
    with connection.engine.connect() as other:
        try:
            other.execute(select(item).with_for_update(nowait=True)).all()
        except exc.OperationalError:
            return "SERIALIZABLE"
    return "REPEATABLE READ"


def test_unknown_isolation_level(items: Any, url: str) -> None:
    """TX-52, BK-06: an unknown level raises ArgumentError, at the engine and at a Connection."""
    with pytest.raises(exc.ArgumentError):
        create_engine(url, isolation_level="SOMETIMES")
    with items.connect() as connection, pytest.raises(exc.ArgumentError):
        connection.execution_options(isolation_level="SOMETIMES")


@pytest.mark.parametrize("level", ["autocommit", "AUTOCOMMIT"])
def test_autocommit_engine(items: Any, url: str, level: str) -> None:
    """TX-52, TX-55, BK-32: with AUTOCOMMIT each statement stays, whatever rollback() is called afterwards."""
    engine = create_engine(url, isolation_level=level)
    with engine.connect() as connection:
        connection.execute(insert(item).values(name="a"))
        connection.rollback()
    engine.dispose()

    assert names(items) == ["a"]


def test_savepoints_under_autocommit_are_not_sent(items: Any) -> None:
    """BK-32: a savepoint would begin a transaction on SQLite; under AUTOCOMMIT it means nothing."""
    automatic = items.execution_options(isolation_level="AUTOCOMMIT")
    with automatic.connect() as connection:
        nested = connection.begin_nested()
        connection.execute(insert(item).values(name="a"))
        nested.rollback()
        connection.execute(insert(item).values(name="b"))

    assert names(items) == ["a", "b"]


def test_autocommit_copy_of_an_engine(items: Any) -> None:
    """TX-53: engine.execution_options() shares the pool; the other engine's transactions stay transactions."""
    automatic = items.execution_options(isolation_level="AUTOCOMMIT")
    with automatic.connect() as connection:
        connection.execute(insert(item).values(name="a"))
    with items.connect() as connection:
        connection.execute(insert(item).values(name="b"))

    assert automatic.pool is items.pool
    assert names(items) == ["a"]


# Results


def test_execute_and_read(connection: Any) -> None:
    """SB-44, SB-46, SB-50: rows are named tuples; a list of parameters is many executions."""
    connection.execute(insert(item), [{"name": "a"}, {"name": "b"}])

    result = connection.execute(select(item.c.id, item.c.name).where(item.c.name == "b"))
    row = result.one()

    assert (row.name, row[1], row._mapping["name"], row._mapping[item.c.name]) == ("b", "b", "b", "b")
    assert row == (row.id, "b")


def test_text_with_parameters(connection: Any) -> None:
    """SB-45, LB-34: text() takes :name parameters; a percent sign is a percent sign."""
    row = connection.execute(text("SELECT :a AS a, '50%' AS b"), {"a": "x"}).one()

    assert (str(row.a), row.b) == ("x", "50%")


def test_plain_string_is_refused(connection: Any) -> None:
    """SB-45: a plain string as a statement raises ArgumentError."""
    with pytest.raises(exc.ArgumentError) as caught:
        connection.execute("SELECT 1")

    assert caught.value.code == "raw-sql-string"


def test_driver_sql_is_sent_as_it_is(connection: Any) -> None:
    """LB-30: exec_driver_sql() takes the driver's own form, without doubling percent signs."""
    assert connection.exec_driver_sql("SELECT '50%'").scalar() == "50%"


def test_insert_tells_its_key(connection: Any) -> None:
    """SB-50, PT-32: inserted_primary_key is the generated key, or the one that was given."""
    generated = connection.execute(insert(item).values(name="a"))
    given = connection.execute(insert(item).values(id=77, name="b"))

    assert generated.inserted_primary_key == (connection.scalar(select(item.c.id).where(item.c.name == "a")),)
    assert given.inserted_primary_key == (77,)


def test_statement_without_rows(connection: Any) -> None:
    """SB-50: row methods on a statement that returned none raise ResourceClosedError."""
    result = connection.execute(update(item).values(name="x"))

    assert (result.returns_rows, result.rowcount) == (False, 0)
    with pytest.raises(exc.ResourceClosedError):
        result.all()


def test_in_lists_of_any_length(connection: Any) -> None:
    """LB-35: a list is expanded per execution; an empty one matches nothing, its negation all."""
    connection.execute(insert(item), [{"name": f"n{number}"} for number in range(10)])
    query = select(func.count()).select_from(item)
    counts = [
        connection.scalar(query.where(item.c.name.in_([f"n{number}" for number in range(length)])))
        for length in (0, 1, 3, 10)
    ]

    assert counts == [0, 1, 3, 10]
    assert connection.scalar(query.where(item.c.name.not_in([]))) == 10


def test_listener_sees_and_changes_statements(items: Any) -> None:
    """LB-31, EV-01: before_cursor_execute is called before each statement, and may replace it."""
    seen: list[str] = []

    def listener(connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> Any:
        seen.append(statement)
        return statement.replace("'x'", "'y'"), parameters

    event.listen(items, "before_cursor_execute", listener, retval=True)
    with items.connect() as connection:
        found = connection.exec_driver_sql("SELECT 'x'").scalar()
    event.remove(items, "before_cursor_execute", listener)

    assert seen == ["SELECT 'x'"]
    assert found == "y"


def test_error_of_a_listener_passes(items: Any) -> None:
    """ER-21: an error raised by a listener passes through unchanged, and the connection stays usable."""

    def listener(*args: Any) -> None:
        raise ZeroDivisionError

    event.listen(items, "before_cursor_execute", listener)
    with items.connect() as connection:
        with pytest.raises(ZeroDivisionError):
            connection.execute(select(literal(1)))
        event.remove(items, "before_cursor_execute", listener)
        connection.rollback()

        assert connection.scalar(select(literal(1))) == 1


def test_connect_listener(url: str) -> None:
    """LB-31, BK-05: a `connect` listener is given each new connection of the driver."""
    engine = create_engine(url)
    given: list[Any] = []
    event.listen(engine, "connect", lambda connection, record: given.append(connection))
    with engine.connect() as connection:
        driver_connection = connection.connection
    engine.dispose()

    assert given == [driver_connection]
