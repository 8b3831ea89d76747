"""INSERT that meets rows that are there, and literals, on every database."""

from __future__ import annotations

import datetime
import decimal
from typing import Any

import pytest

from unitwork import (
    Boolean,
    Column,
    Date,
    DateTime,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    String,
    Table,
    exc,
    insert,
    literal,
    select,
)
from unitwork.dialects import mysql, postgresql, sqlite

metadata = MetaData()
stock = Table(
    "stock",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(20), unique=True),
    Column("n", Integer),
)
c = stock.c


@pytest.fixture
def stocked(engine: Any) -> Any:
    """A Connection to a database with two rows."""
    metadata.create_all(engine)
    with engine.connect() as connection:
        connection.execute(insert(stock), [{"id": 1, "name": "nut", "n": 1}, {"id": 2, "name": "bolt", "n": 5}])
        yield connection


def adding(backend: str, **values: Any) -> Any:
    """An INSERT that adds to the number that is there, as each database says it."""
    if backend == "mariadb":
        statement = mysql.insert(stock).values(values) if values else mysql.insert(stock)
        return statement.on_duplicate_key_update(n=c.n + statement.inserted.n)
    kind = sqlite if backend == "sqlite" else postgresql
    conflict = kind.insert(stock).values(values) if values else kind.insert(stock)
    return conflict.on_conflict_do_update(index_elements=[c.name], set_={"n": c.n + conflict.excluded.n})


def rows(connection: Any) -> list[tuple[Any, ...]]:
    """What is in the table."""
    return [tuple(row) for row in connection.execute(select(c.name, c.n).order_by(c.id))]


def test_upsert(stocked: Any, backend: str) -> None:
    """LB-33: the row is inserted, or the one that is there is changed; its key is told either way."""
    added = stocked.execute(adding(backend, id=3, name="nail", n=7))
    changed = stocked.execute(adding(backend, name="nut", n=10))

    assert rows(stocked) == [("nut", 11), ("bolt", 5), ("nail", 7)]
    assert added.inserted_primary_key == (3,)
    assert changed.inserted_primary_key == (1,)


def test_upsert_of_many(stocked: Any, backend: str) -> None:
    """LB-33, SB-46: a list of parameters, the same row twice; and many rows in one statement."""
    stocked.execute(adding(backend), [{"name": "nut", "n": 1}, {"name": "nut", "n": 1}, {"name": "bolt", "n": 1}])
    assert rows(stocked) == [("nut", 3), ("bolt", 6)]

    several = adding(backend).values([{"name": "nut", "n": 2}, {"name": "bolt", "n": 2}])
    stocked.execute(several)
    assert rows(stocked) == [("nut", 5), ("bolt", 8)]


@pytest.mark.backends("sqlite", "postgresql")
def test_do_nothing_tells_no_key(stocked: Any, backend: str) -> None:
    """LB-33: no row was inserted, so that no key is told, and the count is 0."""
    kind = sqlite if backend == "sqlite" else postgresql
    done = stocked.execute(kind.insert(stock).values(name="nut", n=9).on_conflict_do_nothing())
    copied = kind.insert(stock).from_select(["name", "n"], select(c.name, c.n)).on_conflict_do_nothing()

    assert (done.rowcount, done.inserted_primary_key) == (0, (None,))
    assert stocked.execute(copied).rowcount == 0
    assert rows(stocked) == [("nut", 1), ("bolt", 5)]


def test_the_form_of_another_database_sends_nothing(stocked: Any, backend: str, statements: Any) -> None:
    """LB-33: refused by name."""
    wrong = adding("sqlite" if backend == "mariadb" else "mariadb", name="nut", n=1)
    with statements(stocked.engine) as log, pytest.raises(exc.CompileError) as caught:
        stocked.execute(wrong)

    assert (caught.value.code, log.count) == ("not-on-this-database", 0)


LITERALS: list[tuple[Any, Any]] = [
    (5, Integer),
    (-7, Integer),
    ('it\'s 100% \\ "quoted" :name %s ? ; --', String(60)),
    ("", String(5)),
    (True, Boolean),
    (None, String(5)),
    (1.5, Float),
    (decimal.Decimal("12.50"), Numeric(8, 2)),
    (datetime.date(2024, 2, 29), Date),
    (datetime.datetime(2024, 2, 29, 13, 45, 50, 123456), DateTime),
    (b"\x00\xff'\\", LargeBinary),
]


@pytest.mark.parametrize(("value", "type_"), LITERALS, ids=lambda one: repr(one)[:20])
def test_literals_say_the_same_as_parameters(engine: Any, value: Any, type_: Any) -> None:
    """LB-34, LB-41: a statement written out with its values finds what the parameters find."""
    kept = Table("kept", MetaData(), Column("id", Integer, primary_key=True), Column("value", type_))
    kept.create(engine)
    with engine.connect() as connection:
        connection.execute(insert(kept).values(value=value))
        column = kept.c.value
        criterion = column.is_not_distinct_from(value) if value is None else column == literal(value, column.type)
        statement = select(kept.c.id).where(criterion, kept.c.id.in_([1, 2]))
        written = str(statement.compile(dialect=engine.dialect, compile_kwargs={"literal_binds": True}))

        assert connection.exec_driver_sql(written).all() == [(1,)]


def test_literals_that_no_text_can_hold_are_refused(engine: Any) -> None:
    """LB-41: NaN, and objects of unknown classes."""
    for value in (float("nan"), float("inf"), object()):
        with pytest.raises((exc.ArgumentError, ValueError, TypeError)):
            select(literal(value)).compile(dialect=engine.dialect, compile_kwargs={"literal_binds": True})


def test_a_list_longer_than_the_parameters_of_a_statement(stocked: Any, backend: str) -> None:
    """LB-35, LB-36: a very long IN list works, or is refused by name before anything is sent."""
    statement = select(c.id).where(c.id.in_(range(1, 32_001)))
    assert sorted(stocked.scalars(statement).all()) == [1, 2]
    longer = select(c.id).where(c.id.in_(range(300_000)))
    if backend == "sqlite":
        with pytest.raises(exc.InvalidRequestError) as caught:
            stocked.scalars(longer)
        assert caught.value.code == "too-many-parameters"
    else:
        assert sorted(stocked.scalars(longer).all()) == [1, 2]
