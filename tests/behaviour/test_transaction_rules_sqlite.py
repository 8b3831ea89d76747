"""Transactions on SQLite under our control: SELECT, DDL, savepoints and WITH … INSERT are inside."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from unitwork import Column, Integer, MetaData, Table, create_engine, exc, insert, select, text

metadata = MetaData()
number = Table("number", metadata, Column("n", Integer, primary_key=True), Column("m", Integer))

pytestmark = pytest.mark.backends("sqlite")


@pytest.fixture
def numbers(engine: Any) -> Any:
    """The engine, with an empty table `number`."""
    metadata.create_all(engine)
    return engine


@pytest.fixture
def connection(numbers: Any) -> Iterator[Any]:
    """A Connection to that."""
    with numbers.connect() as connection:
        yield connection


def committed(engine: Any) -> list[int]:
    """What is committed."""
    with engine.connect() as other:
        return list(other.execute(select(number.c.n).order_by(number.c.n)).scalars())


@pytest.mark.parametrize(
    "statement",
    [
        "WITH w AS (SELECT 7 AS n) INSERT INTO number (n) SELECT n FROM w",
        "/* a comment first */ INSERT INTO number (n) VALUES (7)",
    ],
)
def test_statements_the_driver_would_commit_are_rolled_back(connection: Any, numbers: Any, statement: str) -> None:
    """BK-01: the driver's own mode does not see these as writes, and they would survive rollback()."""
    connection.execute(text(statement))
    connection.rollback()

    assert committed(numbers) == []


def test_ddl_is_rolled_back(connection: Any) -> None:
    """BK-03: rollback() undoes CREATE TABLE."""
    connection.execute(text("CREATE TABLE another (n INTEGER)"))
    connection.rollback()

    assert not connection.dialect.has_table(connection, "another", None)


def test_savepoint_first_does_not_commit_at_release(connection: Any, numbers: Any) -> None:
    """BK-01, BK-02: a savepoint before any other statement lies within a transaction."""
    nested = connection.begin_nested()
    connection.execute(insert(number).values(n=1))
    nested.commit()
    connection.rollback()

    assert committed(numbers) == []


def test_selects_see_one_snapshot(connection: Any, numbers: Any) -> None:
    """BK-01: in WAL mode SELECTs of a transaction see the same data, whatever others commit meanwhile."""
    with numbers.execution_options(isolation_level="AUTOCOMMIT").connect() as other:
        other.exec_driver_sql("PRAGMA journal_mode = WAL")
    before = connection.execute(select(number)).all()
    with numbers.begin() as other:
        other.execute(insert(number).values(n=1))

    assert connection.execute(select(number)).all() == before == []
    connection.commit()
    assert len(connection.execute(select(number)).all()) == 1


def test_stale_snapshot_asks_for_a_rollback(connection: Any, numbers: Any) -> None:
    """TX-05, BK-04: a write on a stale snapshot fails at once, and can never succeed in this transaction."""
    with numbers.execution_options(isolation_level="AUTOCOMMIT").connect() as other:
        other.exec_driver_sql("PRAGMA journal_mode = WAL")
    connection.execute(select(number)).all()
    with numbers.begin() as other:
        other.execute(insert(number).values(n=1))
    with pytest.raises(exc.OperationalError) as caught:
        connection.execute(insert(number).values(n=2))

    assert (caught.value.code, caught.value.is_retryable) == ("database-locked", True)
    assert caught.value.transaction == "failed"
    with pytest.raises(exc.PendingRollbackError):
        connection.commit()
    connection.rollback()
    connection.execute(insert(number).values(n=2))
    connection.commit()
    assert committed(numbers) == [1, 2]


def test_full_database_ends_the_transaction(connection: Any, numbers: Any) -> None:
    """TX-05: SQLite rolls back by itself when the disk is full; what follows would be a transaction of its own."""
    connection.exec_driver_sql("CREATE TABLE big (b BLOB)")
    connection.commit()
    pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
    connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 10}")
    connection.execute(insert(number).values(n=1))
    with pytest.raises(exc.OperationalError) as caught:
        connection.exec_driver_sql("INSERT INTO big VALUES (zeroblob(10000000))")

    assert (caught.value.code, caught.value.transaction) == ("disk-full", "gone")
    with pytest.raises(exc.PendingRollbackError):
        connection.execute(insert(number).values(n=2))
    with pytest.raises(exc.PendingRollbackError):
        connection.commit()
    connection.rollback()
    assert committed(numbers) == []


def test_conflict_clause_that_rolls_back_is_noticed(connection: Any, numbers: Any) -> None:
    """TX-05: INSERT OR ROLLBACK ends the transaction; nothing is written until rollback()."""
    connection.execute(insert(number).values(n=1))
    with pytest.raises(exc.IntegrityError) as caught:
        connection.exec_driver_sql("INSERT OR ROLLBACK INTO number (n) VALUES (1)")

    assert caught.value.transaction == "gone"
    with pytest.raises(exc.PendingRollbackError):
        connection.execute(insert(number).values(n=2))
    with pytest.raises(exc.PendingRollbackError):
        connection.commit()
    connection.rollback()
    assert committed(numbers) == []


def test_busy_commit_can_be_tried_again(url: str, numbers: Any) -> None:
    """BK-04: a COMMIT that finds a reader leaves the transaction open; commit() again succeeds."""
    impatient = create_engine(url, connect_args={"timeout": 0})
    with numbers.connect() as reader, impatient.connect() as writer:
        reader.execute(select(number)).all()
        holding = reader.connection.execute("SELECT 1 FROM number")
        writer.execute(insert(number).values(n=1))
        with pytest.raises(exc.OperationalError) as caught:
            writer.commit()
        holding.close()
        reader.rollback()
        writer.commit()
    impatient.dispose()

    assert (caught.value.code, caught.value.transaction) == ("database-locked", "alive")
    assert committed(numbers) == [1]


def test_busy_begin_immediate_leaves_nothing(url: str, numbers: Any) -> None:
    """BK-04: BEGIN IMMEDIATE that finds a writer fails without a transaction; a later statement begins anew."""
    immediate = create_engine(url, begin="IMMEDIATE", connect_args={"timeout": 0})
    with numbers.connect() as writer, immediate.connect() as waiter:
        writer.execute(insert(number).values(n=1))
        with pytest.raises(exc.OperationalError) as caught:
            waiter.execute(select(number))
        writer.commit()
        found = waiter.execute(select(number.c.n)).scalars().all()
    immediate.dispose()

    assert (caught.value.code, caught.value.transaction) == ("database-locked", "none")
    assert found == [1]


def test_foreign_keys_option(url: str) -> None:
    """BK-05: foreign_keys=True enforces them on every connection; without it they are not."""
    strict = create_engine(url, foreign_keys=True)
    loose = create_engine(url)
    with strict.connect() as one, strict.connect() as two, loose.connect() as three:
        found = [each.exec_driver_sql("PRAGMA foreign_keys").scalar() for each in (one, two, three)]
    strict.dispose()
    loose.dispose()

    assert found == [1, 1, 0]


def test_deferred_foreign_key_at_commit_leaves_the_transaction(url: str) -> None:
    """SB-115: a COMMIT refused by a deferred foreign key may be tried again once the row is there."""
    engine = create_engine(url, foreign_keys=True)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE p (id INTEGER PRIMARY KEY)")
        connection.exec_driver_sql("CREATE TABLE c (p INTEGER REFERENCES p (id) DEFERRABLE INITIALLY DEFERRED)")
    with engine.connect() as connection:
        connection.exec_driver_sql("INSERT INTO c VALUES (1)")
        with pytest.raises(exc.IntegrityError) as caught:
            connection.commit()
        connection.exec_driver_sql("INSERT INTO p VALUES (1)")
        connection.commit()
        count = connection.exec_driver_sql("SELECT count(*) FROM c").scalar()
    engine.dispose()

    assert (caught.value.code, caught.value.transaction, count) == ("foreign-key-violation", "alive", 1)


def test_bad_begin_option(url: str) -> None:
    """LB-29: an unknown way to begin raises ArgumentError."""
    with pytest.raises(exc.ArgumentError):
        create_engine(url, begin="SOON")


# In memory


def test_memory_keeps_one_connection() -> None:
    """BK-10: what one Connection commits in sqlite:// the next one finds, also in another thread."""
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(insert(number).values(n=1))
    found: list[list[int]] = []
    thread = threading.Thread(target=lambda: found.append(committed(engine)))
    thread.start()
    thread.join()
    engine.dispose()

    assert found == [[1]]


def test_memory_refuses_a_second_transaction() -> None:
    """BK-10: while one Connection has a transaction, another one is refused, and can go on afterwards."""
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    with engine.connect() as one, engine.connect() as two:
        one.execute(insert(number).values(n=1))
        with pytest.raises(exc.InvalidRequestError) as caught:
            two.execute(select(number))
        two.rollback()
        one.commit()
        found = two.execute(select(number.c.n)).scalars().all()
    engine.dispose()

    assert caught.value.code == "memory-database-in-use"
    assert found == [1]


def test_closing_another_connection_keeps_the_transaction_in_memory() -> None:
    """BK-10: a Connection without a transaction of its own does not roll back that of another when closed."""
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    with engine.connect() as one:
        one.execute(insert(number).values(n=1))
        engine.connect().close()
        one.commit()
    found = committed(engine)
    engine.dispose()

    assert found == [1]


def test_memory_transaction_of_a_dropped_connection_ends() -> None:
    """BK-10, LB-32: a Connection that is collected gives up its transaction on the shared connection."""
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    connection = engine.connect()
    connection.execute(insert(number).values(n=1))
    del connection

    assert committed(engine) == []
    engine.dispose()


def test_old_library_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """BK-08: a SQLite library before 3.35 is refused with a clear error."""
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 34, 1))
    monkeypatch.setattr(sqlite3, "sqlite_version", "3.34.1")

    with pytest.raises(exc.ArgumentError, match=r"3\.34\.1") as caught:
        create_engine("sqlite://")

    assert caught.value.code == "sqlite-too-old"
