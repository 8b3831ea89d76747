"""Rows read in chunks while the statement stays open: `yield_per` and `stream_results`, on Connections and Sessions."""

from __future__ import annotations

import gc
import tracemalloc
import weakref
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.models import Author, Book
from unitwork import Column, Integer, MetaData, String, Table, create_engine, event, exc, insert, select, text
from unitwork.orm import Session, selectinload

metadata = MetaData()
number = Table("number", metadata, Column("n", Integer, primary_key=True), Column("name", String(20)))
COUNT = 95
in_order = select(number.c.n, number.c.name).order_by(number.c.n)
in_tens = in_order.execution_options(yield_per=10)


@pytest.fixture
def connection(engine: Any) -> Iterator[Any]:
    """A Connection to a table of the numbers from 1 to 95."""
    metadata.create_all(engine)
    with engine.connect() as connection:
        connection.execute(insert(number), [{"n": n, "name": f"n{n}"} for n in range(1, COUNT + 1)])
        connection.commit()
        yield connection


@pytest.fixture
def authors(library: Any) -> Iterator[Session]:
    """A Session on 35 authors of two books each."""
    with Session(library) as session:
        session.add_all([Author(id=n, name=f"a{n}", books=[Book(title="x"), Book(title="y")]) for n in range(1, 36)])
        session.commit()
        session.expunge_all()
        yield session


def sizes(result: Any) -> list[int]:
    """Sizes of the partitions of a result."""
    return [len(part) for part in result.partitions()]


# Core


def test_all_rows_arrive_in_order(connection: Any) -> None:
    """SB-50, PT-14: the same rows, whatever the size of the chunks, by whichever way the option is given."""
    expected = [(n, f"n{n}") for n in range(1, COUNT + 1)]

    for size in (1, 7, 94, 95, 96, 1000):
        assert connection.execute(in_order, execution_options={"yield_per": size}).all() == expected
    assert list(connection.execute(in_tens)) == expected
    assert connection.execute(in_order, execution_options={"stream_results": True}).all() == expected
    growing = {"stream_results": True, "max_row_buffer": 20}
    assert connection.execute(in_order, execution_options=growing).all() == expected


def test_partitions_have_the_size_asked_for(connection: Any) -> None:
    """SB-50: yield_per is the size of partitions and of fetchmany(); Result.yield_per() changes it."""
    assert sizes(connection.execute(in_tens)) == [10] * 9 + [5]
    assert len(connection.execute(in_tens).fetchmany()) == 10
    assert sizes(connection.execute(in_tens).yield_per(40)) == [40, 40, 15]
    assert sizes(connection.execute(in_tens).scalars()) == [10] * 9 + [5]


def test_the_nearest_option_wins(engine: Any, connection: Any) -> None:
    """PT-14, TX-53: of the call before the statement, that before the Connection, that before the Engine."""
    connection.rollback()
    with engine.execution_options(yield_per=50).connect() as other:
        assert sizes(other.execute(in_order)) == [50, 45]
        other.execution_options(yield_per=60)
        assert sizes(other.execute(in_order)) == [60, 35]
        assert len(sizes(other.execute(in_tens))) == 10
        assert sizes(other.execute(in_tens, execution_options={"yield_per": 70})) == [70, 25]


@pytest.mark.parametrize("options", [{"yield_per": -1}, {"yield_per": "3"}, {"yield_per": True}])
def test_bad_sizes(connection: Any, options: Any) -> None:
    """SB-50: refused before anything is sent."""
    with pytest.raises(exc.ArgumentError) as caught:
        connection.execute(in_order, execution_options=options)
    assert caught.value.code == "bad-yield-per"
    with pytest.raises(exc.ArgumentError):
        connection.execute(in_order, execution_options={"stream_results": True, "max_row_buffer": 0})


def test_memory_stays_bounded(connection: Any) -> None:
    """SB-50: nine thousand rows of a kilobyte pass through chunks of fifty."""
    wide = text("SELECT a.n, b.n, concat('x', repeat('y', 1000)) FROM number a CROSS JOIN number b")
    if connection.dialect.name == "sqlite":
        wide = text("SELECT a.n, b.n, 'x' || hex(zeroblob(500)) FROM number a CROSS JOIN number b")
    connection.execute(wide, execution_options={"yield_per": 50}).close()

    tracemalloc.start()
    seen = sum(1 for _ in connection.execute(wide, execution_options={"yield_per": 50}))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert seen == COUNT * COUNT
    assert peak < 1_000_000


def test_text_and_driver_sql(connection: Any) -> None:
    """LB-30: SELECTs of text() and exec_driver_sql(); other statements ignore the option."""
    options = {"yield_per": 20}
    found = connection.execute(
        text("SELECT n AS k FROM number WHERE n > :low ORDER BY n"), {"low": 50}, execution_options=options
    )

    assert found.keys() == ("k",)
    assert sizes(found) == [20, 20, 5]
    raw = connection.exec_driver_sql("SELECT n FROM number WHERE name LIKE 'n1%' ORDER BY n", execution_options=options)
    assert raw.scalars().all() == [1, *range(10, 20)]
    assert connection.execute(text("DELETE FROM number WHERE n < 5"), execution_options=options).rowcount == 4
    assert connection.execute(insert(number).values(n=1), execution_options=options).inserted_primary_key == (1,)


def test_other_statements_meanwhile(connection: Any) -> None:
    """SB-50: they run, read and write, and the stream goes on with what it was to give."""
    streamed = connection.execute(in_tens)
    first = streamed.fetchmany(15)

    assert connection.scalar(select(number.c.name).where(number.c.n == 95)) == "n95"
    connection.execute(text("UPDATE number SET name = 'changed'"))
    rest = streamed.all()

    assert [row.n for row in first + rest] == list(range(1, COUNT + 1))


def test_two_streams_at_once(connection: Any) -> None:
    """SB-50: chunks of both, in turn."""
    up, down = connection.execute(in_tens), connection.execute(in_tens.order_by(None).order_by(number.c.n.desc()))

    pairs = list(zip(up, down))

    assert [one.n for one, _ in pairs] == list(range(1, COUNT + 1))
    assert [other.n for _, other in pairs] == list(range(COUNT, 0, -1))


@pytest.mark.parametrize("end", ["commit", "rollback", "close"])
def test_the_end_of_the_transaction_ends_it(connection: Any, end: str) -> None:
    """SB-50, TX-36: what was not read is gone, and reading on says why; the Connection is as good as ever."""
    streamed = connection.execute(in_tens)
    assert next(streamed).n == 1

    getattr(connection, end)()

    with pytest.raises(exc.ResourceClosedError) as caught:
        streamed.all()
    assert caught.value.code == "stream-ended"
    if end != "close":
        assert len(connection.execute(in_tens).all()) == COUNT


def test_savepoints(connection: Any) -> None:
    """TX-25: releasing one lets the stream go on, rolling back to one ends it."""
    connection.begin()
    streamed = connection.execute(in_tens)
    next(streamed)
    with connection.begin_nested():
        connection.execute(text("DELETE FROM number WHERE n = 95"))
    assert len(streamed.all()) in (COUNT - 1, COUNT - 2)

    streamed = connection.execute(in_tens)
    next(streamed)
    savepoint = connection.begin_nested()
    connection.execute(text("DELETE FROM number WHERE n = 94"))
    savepoint.rollback()
    with pytest.raises(exc.ResourceClosedError):
        streamed.all()


def test_a_small_result_outlives_the_transaction(connection: Any) -> None:
    """SB-50: what was read with the first chunk is there."""
    streamed = connection.execute(in_order, execution_options={"yield_per": 1000})
    connection.commit()

    assert len(streamed.all()) == COUNT


def test_closing_early_releases(engine: Any, connection: Any) -> None:
    """SB-50: by close(), first(), a with block, or by dropping the result."""
    connection.execute(in_tens).close()
    assert connection.execute(in_tens).first() == (1, "n1")
    with connection.execute(in_tens) as found:
        next(found)
    dropped = connection.execute(in_tens)
    next(dropped)
    del dropped
    gc.collect()

    assert len(connection.execute(in_tens).all()) == COUNT
    assert list(connection._channel.streams) == []
    with pytest.raises(exc.MultipleResultsFound):
        connection.execute(in_tens).one()
    connection.commit()


def test_autocommit(engine: Any, connection: Any) -> None:
    """TX-54: without a transaction around it."""
    connection.commit()
    with engine.connect() as other:
        other.execution_options(isolation_level="AUTOCOMMIT")
        streamed = other.execute(in_tens)
        next(streamed)
        assert other.scalar(text("SELECT 1")) == 1
        assert len(streamed.all()) == COUNT - 1


def test_a_failing_statement(connection: Any) -> None:
    """ER-18: an error of the database is raised by execute(), as without streaming, and names the statement."""
    with pytest.raises(exc.DBAPIError) as caught:
        connection.execute(text("SELECT x FROM no_such_table"), execution_options={"yield_per": 5})
    assert "no_such_table" in str(caught.value.statement)
    connection.rollback()
    assert len(connection.execute(in_tens).all()) == COUNT


@pytest.mark.backends("postgresql")
def test_an_error_on_the_way(connection: Any) -> None:
    """ER-18, ER-04: an error of a later chunk is raised by reading, and the transaction must be rolled back."""
    streamed = connection.execute(
        text("SELECT 1 / (50 - n) FROM number ORDER BY n"), execution_options={"yield_per": 10}
    )
    with pytest.raises(exc.DBAPIError) as caught:
        streamed.all()
    assert "1 / (50 - n)" in str(caught.value.statement)
    with pytest.raises(exc.PendingRollbackError):
        connection.commit()
    connection.rollback()
    assert len(connection.execute(in_tens).all()) == COUNT


# Sessions


def test_objects_arrive_chunk_by_chunk(authors: Session) -> None:
    """SB-50, ST-20: objects that the program drops are collected while later ones load."""
    alive: weakref.WeakSet[Author] = weakref.WeakSet()
    most = 0
    for author in authors.scalars(select(Author).order_by(Author.id), execution_options={"yield_per": 5}):
        alive.add(author)
        most = max(most, len(alive))
    del author

    assert most <= 11
    assert len(authors.identity_map) == 0


def test_identity(authors: Session) -> None:
    """ST-19: a present object is given again, and equals what get() gives."""
    kept = authors.get(Author, 20)
    streamed = authors.execute(select(Author, Author.name).order_by(Author.id).execution_options(yield_per=5))

    rows = streamed.all()

    assert rows[19][0] is kept
    assert [(row.Author.id, row.name) for row in rows] == [(n, f"a{n}") for n in range(1, 36)]
    assert authors.scalars(select(Author), execution_options={"stream_results": True}).unique().all() == [
        row[0] for row in rows
    ]


def test_loading_along(authors: Session) -> None:
    """LB-12, SB-50: collections come with each chunk; lazy loads work in between."""
    statement = select(Author).order_by(Author.id).execution_options(yield_per=10)

    eager = [
        [book.title for book in author.books]
        for author in authors.scalars(statement.options(selectinload(Author.books)))
    ]
    authors.expunge_all()
    lazy = [len(author.books) for author in authors.scalars(statement)]

    assert eager == [["x", "y"]] * 35
    assert lazy == [2] * 35


def test_session_options(library: Any, authors: Session) -> None:
    """PT-14: options of the Session reach every statement."""
    with Session(library, execution_options={"yield_per": 10}) as session:
        assert sizes(session.scalars(select(Author))) == [10, 10, 10, 5]
        assert sizes(session.execute(select(Author.name))) == [10, 10, 10, 5]
        assert sizes(session.execute(text("SELECT id FROM author"))) == [10, 10, 10, 5]


def test_a_session_commits_on_the_way(authors: Session) -> None:
    """SB-110: the stream ends with the transaction."""
    streamed = authors.scalars(select(Author).order_by(Author.id).execution_options(yield_per=5))
    first = next(streamed)
    first.name = "changed"
    authors.commit()

    with pytest.raises(exc.ResourceClosedError) as caught:
        streamed.all()
    assert caught.value.code == "stream-ended"
    assert authors.scalar(select(Author.name).where(Author.id == first.id)) == "changed"


def test_a_listener_that_fails_on_the_way(authors: Session) -> None:
    """EV-01: its error comes out of reading; the Session can be used."""
    seen: list[Any] = []

    def stop(author: Author, context: Any) -> None:
        seen.append(author.id)
        if len(seen) == 12:
            raise ZeroDivisionError

    event.listen(Author, "load", stop)
    try:
        with pytest.raises(ZeroDivisionError):
            authors.scalars(select(Author).execution_options(yield_per=5)).all()
    finally:
        event.remove(Author, "load", stop)
    assert len(authors.scalars(select(Author)).all()) == 35


def test_round_trips(engine: Any, connection: Any, statements: Any) -> None:
    """SB-50: a result that fits into the first chunk costs no more than one that is not streamed."""
    connection.commit()
    with engine.connect() as other, statements(engine) as counted:
        other.execute(in_order, execution_options={"yield_per": 1000}).all()
    selects = [one for one in counted.texts if "FROM number" in one.replace('"', "").replace("`", "")]

    assert len(selects) == 1


def test_a_dropped_connection_closes_its_streams(url: Any) -> None:
    """SB-50, BK-10: nothing of it is left in the pool."""
    engine = create_engine(url)
    connection = engine.connect()
    streamed = connection.execute(
        text("SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3"), execution_options={"yield_per": 1}
    )
    next(streamed)
    del streamed, connection
    gc.collect()

    with engine.connect() as other:
        assert other.scalar(text("SELECT 4")) == 4
    engine.dispose()
