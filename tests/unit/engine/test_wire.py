"""What is sent, on a driver that records: BEGIN, COMMIT, savepoints, and what errors leave."""

from __future__ import annotations

import decimal
import sqlite3
from collections.abc import Iterator
from typing import Any

import psycopg2
import pytest

from tests.support.recorder import Recorder
from unitwork import Column, Integer, MetaData, String, Table, create_engine, event, exc, insert, select, text, update
from unitwork.engine.batch import delete_rows, insert_rows, update_rows

table = Table("t", MetaData(), Column("id", Integer, primary_key=True), Column("name", String(20)))


@pytest.fixture(params=["sqlite", "postgresql"])
def name(request: pytest.FixtureRequest) -> str:
    """The database that the recorder stands for."""
    return str(request.param)


@pytest.fixture
def recorder(name: str) -> Recorder:
    """A recorder with an answer to SELECT."""
    recorder = Recorder(sqlite3 if name == "sqlite" else psycopg2)
    recorder.answer("SELECT", columns=("id", "name"), rows=[(1, "ann")])
    recorder.answer("PRAGMA")
    return recorder


@pytest.fixture
def engine(name: str, recorder: Recorder) -> Iterator[Any]:
    """An engine on the recorder."""
    url = {"sqlite": "sqlite:///file.db", "postgresql": "postgresql://h/d"}[name]
    engine = create_engine(url, creator=recorder.connect)
    yield engine
    engine.dispose()


def begun(name: str, *statements: str) -> list[str]:
    """The statements of a transaction, with BEGIN where it goes."""
    first, *rest = statements
    return ["BEGIN", first, *rest] if name == "sqlite" else [f"BEGIN; {first}", *rest]


def test_transaction(engine: Any, recorder: Recorder, name: str) -> None:
    """BK-01: BEGIN is ours, COMMIT is a statement, nothing else is sent."""
    with engine.connect() as connection:
        recorder.log.take()
        connection.fetch("SELECT 1", ())
        connection.write("UPDATE t", ())
        connection.commit()

    assert recorder.log.take_sql() == begun(name, "SELECT 1", "UPDATE t", "COMMIT")


def test_close_rolls_back(engine: Any, recorder: Recorder, name: str) -> None:
    """LB-32: before the connection goes back."""
    with engine.connect() as connection:
        recorder.log.take()
        connection.fetch("SELECT 1", ())

    assert recorder.log.take_sql() == begun(name, "SELECT 1", "ROLLBACK")


def test_nothing_is_sent_for_nothing(engine: Any, recorder: Recorder) -> None:
    """SB-104: begin, savepoints, commit and rollback without a statement."""
    with engine.connect() as connection:
        recorder.log.take()
        with connection.begin(), connection.begin_nested():
            pass
        connection.begin_nested().rollback()
        connection.rollback()

    assert recorder.log.take_sql() == []


def test_savepoints_are_sent_late(engine: Any, recorder: Recorder, name: str) -> None:
    """TX-25, TX-31: with the first statement in them, under names that do not repeat."""
    with engine.connect() as connection:
        recorder.log.take()
        connection.fetch("SELECT 1", ())
        with connection.begin_nested():
            connection.fetch("SELECT 2", ())
        nested = connection.begin_nested()
        connection.fetch("SELECT 3", ())
        nested.rollback()
        connection.commit()

    assert recorder.log.take_sql() == begun(
        name,
        "SELECT 1",
        "SAVEPOINT unitwork_1",
        "SELECT 2",
        "RELEASE SAVEPOINT unitwork_1",
        "SAVEPOINT unitwork_2",
        "SELECT 3",
        "ROLLBACK TO SAVEPOINT unitwork_2",
        "RELEASE SAVEPOINT unitwork_2",
        "COMMIT",
    )


def test_savepoint_first(engine: Any, recorder: Recorder) -> None:
    """BK-02: a transaction is begun around a savepoint that comes first."""
    with engine.connect() as connection:
        recorder.log.take()
        connection.begin_nested()
        connection.fetch("SELECT 1", ())
        connection.commit()

    assert recorder.log.take_sql() == ["BEGIN", "SAVEPOINT unitwork_1", "SELECT 1", "COMMIT"]


def test_isolation_in_begin(engine: Any, recorder: Recorder, name: str) -> None:
    """TX-54: told in BEGIN where that is possible, so that nothing is left on the connection."""
    level = {"sqlite": "READ UNCOMMITTED", "postgresql": "REPEATABLE READ"}[name]
    with engine.connect() as connection:
        connection.execution_options(isolation_level=level.lower().replace(" ", "_"))
        recorder.log.take()
        connection.fetch("SELECT 1", ())
        connection.commit()
    wanted = {
        "sqlite": ["PRAGMA read_uncommitted = 1", "BEGIN", "SELECT 1", "COMMIT", "PRAGMA read_uncommitted = 0"],
        "postgresql": ["BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1", "COMMIT"],
    }

    assert recorder.log.take_sql() == wanted[name]


def test_isolation_within_a_transaction(engine: Any) -> None:
    """TX-54: refused."""
    with engine.connect() as connection:
        connection.fetch("SELECT 1", ())
        with pytest.raises(exc.InvalidRequestError) as caught:
            connection.execution_options(isolation_level="SERIALIZABLE")

    assert caught.value.code == "isolation-in-transaction"


def test_autocommit(engine: Any, recorder: Recorder) -> None:
    """TX-52, BK-32: no BEGIN, no COMMIT, no ROLLBACK, no savepoint."""
    with engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT")
        recorder.log.take()
        connection.fetch("SELECT 1", ())
        connection.commit()
        connection.fetch("SELECT 2", ())

    assert recorder.log.take_sql() == ["SELECT 1", "SELECT 2"]


def test_lost_connection_is_replaced_after_rollback(engine: Any, recorder: Recorder, name: str) -> None:
    """LB-32: discarded at once; the next statement after rollback() gets another."""
    if name == "sqlite":
        return
    recorder.answer("bad", raises=recorder.error("OperationalError", "gone"), disconnects=True)
    with engine.connect() as connection:
        with pytest.raises(exc.OperationalError) as caught:
            connection.write("UPDATE bad", ())
        with pytest.raises(exc.PendingRollbackError):
            connection.fetch("SELECT 1", ())
        with pytest.raises(exc.PendingRollbackError):
            connection.connection  # noqa: B018
        connection.rollback()
        connection.fetch("SELECT 1", ())
        other = connection.connection

    assert caught.value.code == "connection-lost"
    assert recorder.connections == [recorder.connections[0], other]


def test_lost_connection_during_commit(engine: Any, recorder: Recorder, name: str) -> None:
    """ER-22: CommitOutcomeUnknown."""
    if name == "sqlite":
        return
    recorder.answer("^COMMIT", raises=recorder.error("OperationalError", "gone"), disconnects=True)
    with engine.connect() as connection:
        connection.write("UPDATE t", ())
        with pytest.raises(exc.CommitOutcomeUnknown) as caught:
            connection.commit()
        with pytest.raises(exc.PendingRollbackError):
            connection.commit()
        connection.rollback()

    assert caught.value.code == "commit-outcome-unknown"


@pytest.mark.parametrize("statement", ["UPDATE t", "COMMIT", "ROLLBACK"])
def test_interrupt_passes(engine: Any, recorder: Recorder, statement: str) -> None:
    """ER-20: KeyboardInterrupt is no driver error; the connection is in need of a rollback, or replaced."""
    recorder.answer(statement, raises=KeyboardInterrupt(), times=1)
    with engine.connect() as connection:
        connection.fetch("SELECT 1", ())
        with pytest.raises(KeyboardInterrupt):
            connection.write("UPDATE t", ())
            connection.commit() if statement == "COMMIT" else connection.rollback()
        connection.rollback()

        assert connection.fetch("SELECT 1", ()) == [(1, "ann")]


def test_commit_that_fails_is_over(engine: Any, recorder: Recorder) -> None:
    """SB-115: an error of COMMIT with a healthy connection and no transaction left."""
    recorder.answer("^COMMIT", raises=recorder.error("IntegrityError", "deferred"), ends_transaction=True)
    with engine.connect() as connection:
        connection.write("UPDATE t", ())
        with pytest.raises(exc.IntegrityError) as caught:
            connection.commit()
        assert caught.value.transaction == "gone"
        with pytest.raises(exc.PendingRollbackError):
            connection.commit()
        connection.rollback()

        assert connection.needs_rollback is None


def test_rollback_that_fails_discards(engine: Any, recorder: Recorder) -> None:
    """LB-32: a connection that cannot be rolled back is not used again."""
    recorder.answer("^ROLLBACK", raises=recorder.error("OperationalError", "no"), times=1)
    with engine.connect() as connection:
        connection.write("UPDATE t", ())
        with pytest.raises(exc.OperationalError):
            connection.rollback()
        connection.fetch("SELECT 1", ())

    assert len(recorder.connections) == 2


def test_error_at_close_discards(engine: Any, recorder: Recorder) -> None:
    """LB-32: close() never raises because of the driver."""
    recorder.answer("^ROLLBACK", raises=recorder.error("OperationalError", "no"), times=1)
    with engine.connect() as connection:
        connection.write("UPDATE t", ())
    with engine.connect() as connection:
        connection.fetch("SELECT 1", ())

    assert len(recorder.connections) == 2


def test_savepoint_that_is_gone(engine: Any, recorder: Recorder) -> None:
    """BK-21: a RELEASE that fails without another failure before means that the transaction is gone."""
    recorder.answer("^RELEASE", raises=recorder.error("OperationalError", "no such savepoint: x"))
    with engine.connect() as connection:
        nested = connection.begin_nested()
        connection.write("UPDATE t", ())
        with pytest.raises(exc.OperationalError):
            nested.commit()
        with pytest.raises(exc.PendingRollbackError):
            connection.commit()
        with pytest.raises(exc.PendingRollbackError):
            nested.rollback()
        assert connection.transaction_gone
        connection.rollback()


def test_savepoint_after_the_failure_does_not_help(engine: Any, recorder: Recorder, name: str) -> None:
    """TX-29: only a savepoint that the server has seen before the failure brings the transaction back."""
    if name == "sqlite":
        return
    recorder.answer("bad", raises=recorder.error("ProgrammingError", "bad"))
    with engine.connect() as connection:
        connection.fetch("SELECT 1", ())
        outer = connection.begin_nested()
        connection.fetch("SELECT 2", ())
        inner = connection.begin_nested()
        recorder.answer("SAVEPOINT unitwork_2", raises=recorder.error("OperationalError", "no"), times=1)
        with pytest.raises(exc.OperationalError):
            connection.write("UPDATE t", ())
        for refused in (inner.rollback, inner.commit, connection.begin_nested, connection.commit):
            with pytest.raises(exc.PendingRollbackError):
                refused()
        outer.rollback()

        assert connection.needs_rollback is None
        connection.fetch("SELECT 1", ())


def test_invalidate(engine: Any, recorder: Recorder) -> None:
    """LB-30: closes the driver's connection; after a rollback the Connection goes on with another."""
    with engine.connect() as connection:
        connection.fetch("SELECT 1", ())
        transaction = connection.get_transaction()
        connection.invalidate()
        assert connection.invalidated
        assert not transaction.is_valid
        connection.rollback()
        connection.fetch("SELECT 1", ())

    assert recorder.connections[0].shut
    assert len(recorder.connections) == 2


def test_discard(engine: Any, recorder: Recorder) -> None:
    """SB-129: closes both."""
    connection = engine.connect()
    connection.fetch("SELECT 1", ())
    connection.discard()
    connection.close()

    assert connection.closed
    assert recorder.connections[0].shut


def test_facts_of_a_connection(engine: Any) -> None:
    """LB-30: engine, dialect, info, options."""
    with engine.connect() as connection:
        connection.info["mine"] = 1
        connection.execution_options(mine=2)
        assert connection.get_execution_options()["mine"] == 2
        assert (connection.engine, connection.dialect) == (engine, engine.dialect)
        with connection.begin() as transaction:
            assert connection.get_transaction() is transaction
            assert connection.get_nested_transaction() is None
    with engine.connect() as connection:
        assert connection.info == {"mine": 1}
        assert "mine" not in connection.get_execution_options()
    for use in (lambda: connection.info, connection.begin, connection.begin_nested, lambda: connection.connection):
        with pytest.raises(exc.ResourceClosedError):
            use()
    assert engine.execution_options(mine=3).get_execution_options() == {"mine": 3}
    assert (engine.name, engine.driver) == (engine.dialect.name, engine.dialect.driver)


def test_statements_are_rendered_once(engine: Any) -> None:
    """SB-50: by shape; values are no part of it."""
    with engine.connect() as connection:
        for number in range(5):
            connection.execute(select(table).where(table.c.id == number, table.c.name.in_(["x"] * number))).all()

    assert len(engine.statement_cache) == 1
    engine.clear_compiled_cache()
    assert len(engine.statement_cache) == 0


def test_values_never_enter_the_text(engine: Any, recorder: Recorder, name: str) -> None:
    """LB-34: SQL and parameters go apart."""
    with engine.connect() as connection:
        connection.execute(update(table).where(table.c.name == "it's").values(name="100%"))
        call = recorder.log.take()[-1]
    mark = "?" if name == "sqlite" else "%s"

    assert call.sql is not None
    assert call.sql.removeprefix("BEGIN; ") == f"UPDATE t SET name = {mark} WHERE t.name = {mark}"
    assert list(call.parameters) == ["100%", "it's"]


def test_prepared_statements(engine: Any) -> None:
    """SB-50: prepared once, run with other values."""
    statement = select(table.c.id).where(table.c.name == "a")
    with engine.connect() as connection:
        prepared = connection.prepare(statement)
        again, binds = engine.statement_cache.prepare(select(table.c.id).where(table.c.name == "b"))
        rows = connection.prepared_fetch(prepared, binds)

    assert prepared is again
    assert [bind.value for bind in binds] == ["b"]
    assert rows == [(1, "ann")]


def test_refused_parameter_is_named(engine: Any) -> None:
    """ER-18: by its name in the statement."""
    with engine.connect() as connection, pytest.raises(exc.StatementError) as caught:
        connection.execute(text("SELECT :good, :bad"), {"good": 1, "bad": decimal.Decimal("Infinity")})

    assert "'bad'" in str(caught.value)


def test_parameters_of_a_wrong_kind(engine: Any) -> None:
    """SB-46: a mapping or a list of mappings."""
    with engine.connect() as connection:
        with pytest.raises(exc.ArgumentError):
            connection.execute(insert(table), [(1, "a")])
        with pytest.raises(exc.ArgumentError):
            connection.execute(42)
        assert connection.execute(insert(table), []).rowcount == 0


def test_listener_that_comes_late(engine: Any) -> None:
    """LB-31: a listener is heard from the next transaction on; without any, nothing is called."""
    seen: list[str] = []
    with engine.connect() as connection:
        connection.fetch("SELECT 1", ())
        event.listen(engine, "before_cursor_execute", lambda *given: seen.append(given[2]))
        connection.commit()
        connection.fetch("SELECT 2", ())
    with pytest.raises(exc.InvalidRequestError):
        event.listen(engine, "no_such_event", print)

    assert seen == ["SELECT 2"]


def test_echo(engine: Any, caplog: pytest.LogCaptureFixture) -> None:
    """LB-29: the log has BEGIN, the statement, its shortened parameters and COMMIT."""
    caplog.set_level("INFO", "unitwork.engine")
    with engine.connect() as connection:
        connection.write("UPDATE t SET name = x", ("y" * 500, *range(50)))
        connection.commit()
    messages = caplog.messages

    assert "UPDATE t SET name = x" in messages
    assert "BEGIN" in messages
    assert messages[-1] == "COMMIT"
    shown = next(message for message in messages if message.startswith("("))
    assert "(500 in all)" in shown
    assert "… 31 more)" in shown


# Batches


def test_batch_texts(engine: Any, recorder: Recorder, name: str) -> None:
    """BK-16, LB-36: one statement each."""
    mark = "?" if name == "sqlite" else "%s"
    recorder.answer("INSERT", columns=("id",), rows=lambda parameters: [(2,), (1,)])
    recorder.answer("UPDATE", rowcount=2)
    with engine.connect() as connection:
        connection.fetch("SELECT 1", ())
        recorder.log.take()
        found = insert_rows(connection, table, (table.c.name,), [("a",), ("b",)], (table.c.id,))
        update_rows(connection, table, (table.c.name,), (table.c.id,), [("a", 1), ("b", 2)])
        delete_rows(connection, table, (table.c.id,), [(1,), (2,), (3,)])
        sent = recorder.log.take_sql()

    assert found == [(1,), (2,)]
    one = f"({mark}, {mark})"
    values = {
        "sqlite": f"(VALUES {one}, {one}) AS d WHERE t.id = d.column2",
        "postgresql": f"(VALUES (CAST(%s AS TEXT), CAST(%s AS INTEGER)), {one}) AS d (c0, c1) WHERE t.id = d.c1",
    }
    assert sent == [
        f"INSERT INTO t (name) VALUES ({mark}), ({mark}) RETURNING id",
        f"UPDATE t AS t SET name = d.{'column1' if name == 'sqlite' else 'c0'} FROM {values[name]}",
        f"DELETE FROM t WHERE id IN ({', '.join([mark] * 4)})",
    ]


def test_batch_that_gets_too_few_rows_back(engine: Any, recorder: Recorder) -> None:
    """PT-36: keys are never given to the wrong rows."""
    recorder.answer("INSERT", columns=("id",), rows=[(1,)])
    with engine.connect() as connection, pytest.raises(exc.FlushError) as caught:
        insert_rows(connection, table, (table.c.name,), [("a",), ("b",)], (table.c.id,))

    assert caught.value.code == "returned-rows-unmatched"
