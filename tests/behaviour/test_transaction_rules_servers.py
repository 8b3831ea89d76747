"""What a failed transaction may still do, on PostgreSQL and MariaDB: nothing but roll back."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from unitwork import Column, Integer, MetaData, Table, exc, insert, select, text, update

metadata = MetaData()
account = Table(
    "account",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("balance", Integer, unique=True),
)


@pytest.fixture
def bank(engine: Any) -> Any:
    """The engine, with two accounts."""
    metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(insert(account), [{"id": 1, "balance": 100}, {"id": 2, "balance": 200}])
    return engine


@pytest.fixture
def connection(bank: Any) -> Iterator[Any]:
    """A Connection to that."""
    with bank.connect() as connection:
        yield connection


def balances(engine: Any) -> dict[int, int]:
    """What is committed."""
    with engine.connect() as other:
        return dict(other.execute(select(account.c.id, account.c.balance)).tuples().all())


def put(connection: Any, number: int, balance: int) -> None:
    """Change one account."""
    connection.execute(update(account).where(account.c.id == number).values(balance=balance))


def deadlock(engine: Any) -> tuple[Any, exc.DBAPIError]:
    """Make two transactions wait for each other; return the connection of the victim and its error."""
    one, two = engine.connect(), engine.connect()
    put(one, 1, 1)
    put(two, 2, 2)
    errors: dict[Any, exc.DBAPIError] = {}

    def cross(connection: Any, number: int) -> None:
        try:
            put(connection, number, number * 10)
        except exc.DBAPIError as err:
            errors[connection] = err

    other = threading.Thread(target=cross, args=(one, 2))
    other.start()
    cross(two, 1)
    other.join()
    ((victim, error),) = errors.items()
    survivor = two if victim is one else one
    survivor.close()
    return victim, error


@pytest.mark.backends("postgresql")
def test_failed_transaction_refuses_commit(connection: Any, bank: Any) -> None:
    """TX-05, ER-04, BK-12: PostgreSQL would answer COMMIT with a silent ROLLBACK; commit() raises by name instead."""
    put(connection, 1, 1)
    with pytest.raises(exc.IntegrityError) as caught:
        put(connection, 2, 1)
    assert caught.value.transaction == "failed"
    assert connection.needs_rollback is not None

    with pytest.raises(exc.PendingRollbackError) as refused:
        connection.commit()
    with pytest.raises(exc.PendingRollbackError):
        connection.execute(select(account))
    connection.rollback()
    put(connection, 2, 222)
    connection.commit()

    assert refused.value.code == "transaction-failed"
    assert balances(bank) == {1: 100, 2: 222}


@pytest.mark.backends("postgresql")
@pytest.mark.parametrize("statement", ["SELEC 1", "SELECT * FROM nowhere"])
def test_first_statement_that_fails_dooms_the_transaction(connection: Any, statement: str) -> None:
    """BK-12: also when BEGIN rode on the failed statement and was not even run."""
    with pytest.raises(exc.ProgrammingError) as caught:
        connection.execute(text(statement))

    assert caught.value.transaction == "failed"
    with pytest.raises(exc.PendingRollbackError):
        connection.commit()
    connection.rollback()
    assert connection.scalar(text("SELECT 1")) == 1


@pytest.mark.backends("postgresql")
def test_error_behind_our_back_is_noticed_at_commit(connection: Any, bank: Any) -> None:
    """TX-05: a statement that failed on the driver's connection, and was swallowed, still refuses commit()."""
    put(connection, 1, 1)
    cursor = connection.connection.cursor()
    with pytest.raises(Exception, match="nowhere"):
        cursor.execute("SELECT * FROM nowhere")

    with pytest.raises(exc.PendingRollbackError):
        connection.commit()
    connection.rollback()

    assert balances(bank)[1] == 100


@pytest.mark.backends("mariadb")
def test_failed_statement_leaves_the_transaction(connection: Any, bank: Any) -> None:
    """BK-22: on MariaDB a constraint violation undoes its statement alone."""
    put(connection, 1, 1)
    with pytest.raises(exc.IntegrityError) as caught:
        put(connection, 2, 1)
    connection.commit()

    assert caught.value.transaction == "alive"
    assert balances(bank) == {1: 1, 2: 200}


@pytest.mark.backends("mariadb")
def test_deadlock_victim_refuses_everything_but_rollback(bank: Any) -> None:
    """TX-05, BK-22: after 1213 the transaction is gone, and the next statement would open a new one."""
    victim, error = deadlock(bank)
    with victim:
        assert (error.code, error.errno, error.transaction, error.is_retryable) == ("deadlock", 1213, "gone", True)
        refused: list[Callable[[], Any]] = [
            lambda: put(victim, 1, -999),
            victim.commit,
            lambda: victim.scalar(text("SELECT 1")),
            victim.begin_nested,
        ]
        for call in refused:
            with pytest.raises(exc.PendingRollbackError):
                call()
        victim.rollback()
        put(victim, 2, 222)
        victim.commit()

    assert balances(bank)[2] == 222
    assert -999 not in balances(bank).values()


@pytest.mark.backends("mariadb")
def test_deadlock_takes_the_savepoints_with_it(bank: Any) -> None:
    """BK-22: after a deadlock rolling back to a savepoint fails, and the outer rollback is required."""
    one, two = bank.connect(), bank.connect()
    nested = {}
    for connection, number in ((one, 1), (two, 2)):
        put(connection, number, number)
        nested[connection] = connection.begin_nested()
    errors: list[Any] = []

    def cross(connection: Any, number: int) -> None:
        try:
            put(connection, number, number * 10)
        except exc.OperationalError:
            errors.append(connection)

    other = threading.Thread(target=cross, args=(one, 2))
    other.start()
    cross(two, 1)
    other.join()
    (victim,) = errors
    with one, two:
        with pytest.raises(exc.PendingRollbackError) as caught:
            nested[victim].rollback()
        assert "gone" in str(caught.value)
        victim.rollback()
        assert victim.needs_rollback is None


@pytest.mark.backends("postgresql")
def test_deadlock_on_postgresql(bank: Any) -> None:
    """BK-12, TX-05: the victim's transaction has failed, and may be run again as a whole."""
    victim, error = deadlock(bank)
    with victim:
        assert (error.code, error.sqlstate, error.transaction) == ("deadlock", "40P01", "failed")
        assert error.is_retryable
        with pytest.raises(exc.PendingRollbackError):
            victim.commit()


@pytest.mark.backends("mariadb")
def test_lock_timeout_asks_for_a_rollback(connection: Any, bank: Any) -> None:
    """TX-05, BK-22: 1205 undoes only its statement, but half a unit of work must not be committed."""
    put(connection, 1, 1)
    with bank.connect() as other:
        put(other, 2, 2)
        connection.exec_driver_sql("SET innodb_lock_wait_timeout = 1")
        nested = connection.begin_nested()
        with pytest.raises(exc.OperationalError) as caught:
            put(connection, 2, 20)

    assert (caught.value.code, caught.value.transaction) == ("lock-timeout", "failed")
    with pytest.raises(exc.PendingRollbackError):
        connection.commit()
    nested.rollback()
    connection.commit()
    assert balances(bank) == {1: 1, 2: 200}


@pytest.mark.backends("mariadb")
def test_stale_snapshot_ends_the_transaction(connection: Any, bank: Any) -> None:
    """TX-05: 1020 under innodb_snapshot_isolation leaves no transaction."""
    connection.exec_driver_sql("SET innodb_snapshot_isolation = ON")
    connection.execute(select(account)).all()
    with bank.begin() as other:
        put(other, 1, 5)
    with pytest.raises(exc.OperationalError) as caught:
        put(connection, 1, 6)

    assert (caught.value.code, caught.value.transaction) == ("serialization-failure", "gone")
    with pytest.raises(exc.PendingRollbackError):
        connection.execute(select(account))
    connection.rollback()
    connection.discard()


@pytest.mark.backends("postgresql")
def test_serialization_failure_at_commit_is_known(bank: Any) -> None:
    """BK-17: an error of COMMIT itself with a healthy connection: nothing was committed, and that is known."""
    serializable = bank.execution_options(isolation_level="SERIALIZABLE")
    with serializable.connect() as one, serializable.connect() as two:
        for connection in (one, two):
            connection.execute(select(account)).all()
        put(one, 1, 1)
        put(two, 2, 2)
        one.commit()
        with pytest.raises(exc.OperationalError) as caught:
            two.commit()

        assert not isinstance(caught.value, exc.CommitOutcomeUnknown)
        assert (caught.value.code, caught.value.transaction) == ("serialization-failure", "gone")
        with pytest.raises(exc.PendingRollbackError):
            two.commit()
        two.rollback()
        assert two.scalar(select(account.c.balance).where(account.c.id == 2)) == 200


@pytest.mark.backends("postgresql")
def test_deferred_constraint_fails_at_commit(engine: Any) -> None:
    """BK-15, SB-115: a deferred constraint raises at COMMIT; the transaction is over."""
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE d (n INTEGER UNIQUE DEFERRABLE INITIALLY DEFERRED)")
    with engine.connect() as connection:
        connection.exec_driver_sql("INSERT INTO d VALUES (1), (1)")
        with pytest.raises(exc.IntegrityError) as caught:
            connection.commit()
        connection.rollback()

        assert caught.value.transaction == "gone"
        assert connection.exec_driver_sql("SELECT count(*) FROM d").scalar() == 0


@pytest.mark.backends("mariadb")
def test_ddl_discards_savepoints(connection: Any, engine: Any) -> None:
    """BK-21: DDL commits implicitly; what is done with the savepoint afterwards fails, and asks for a rollback."""
    put(connection, 1, 1)
    nested = connection.begin_nested()
    put(connection, 2, 2)
    connection.exec_driver_sql("CREATE TABLE another (n INTEGER)")

    with pytest.raises(exc.OperationalError) as caught:
        nested.commit()

    assert caught.value.code == "savepoint-gone"
    with pytest.raises(exc.PendingRollbackError):
        connection.commit()
    connection.rollback()


@pytest.mark.backends("mariadb")
def test_update_to_equal_values_counts_as_matched(connection: Any) -> None:
    """BK-23, FP-15: an UPDATE that changes nothing has matched its row."""
    result = connection.execute(update(account).where(account.c.id == 1).values(balance=100))

    assert result.rowcount == 1


@pytest.mark.backends("mariadb")
def test_statement_over_the_packet_limit(connection: Any, bank: Any) -> None:
    """ER-18: what the server would answer by cutting the connection is refused before it is sent."""
    limit = connection.dialect.features.max_packet
    put(connection, 1, 1)

    with pytest.raises(exc.StatementError) as caught:
        connection.execute(text("SELECT length(:big)"), {"big": "x" * limit})
    connection.commit()

    assert caught.value.code == "packet-too-large"
    assert not isinstance(caught.value, exc.DBAPIError)
    assert balances(bank)[1] == 1


@pytest.mark.backends("postgresql", "mariadb")
def test_errors_have_one_class_and_one_code(connection: Any) -> None:
    """ER-18, ER-20: class and code say what happened, on every database alike."""
    wanted: list[tuple[str, type[exc.DBAPIError], str]] = [
        ("INSERT INTO account VALUES (1, 5)", exc.IntegrityError, "unique-violation"),
        ("INSERT INTO account (id) VALUES (NULL)", exc.IntegrityError, "not-null-violation"),
        ("SELECT * FROM nowhere", exc.ProgrammingError, "undefined-table"),
        ("SELECT nothing FROM account", exc.ProgrammingError, "undefined-column"),
        ("SELEC 1", exc.ProgrammingError, "syntax-error"),
        ("SET TRANSACTION READ ONLY", exc.OperationalError, ""),
        ("UPDATE account SET balance = 1", exc.OperationalError, "read-only"),
    ]
    for statement, error_class, code in wanted:
        if not code:
            connection.rollback()
            connection.exec_driver_sql(statement)
            continue
        with pytest.raises(exc.DBAPIError) as caught:
            connection.exec_driver_sql(statement)
        assert (type(caught.value), caught.value.code) == (error_class, code), statement
        assert caught.value.orig is caught.value.__cause__
        if code != "read-only":
            connection.rollback()


@pytest.mark.backends("mariadb")
def test_check_violation_on_mariadb(engine: Any) -> None:
    """ER-18: 4025 is an OperationalError of the driver, with the SQLSTATE of an integrity error."""
    with engine.connect() as connection:
        connection.exec_driver_sql("CREATE TABLE c (n INTEGER CHECK (n > 0))")
        with pytest.raises(exc.IntegrityError) as caught:
            connection.exec_driver_sql("INSERT INTO c VALUES (-1)")

    assert caught.value.code == "check-violation"
