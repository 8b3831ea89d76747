"""UPDATE and DELETE of many rows: one statement per chunk, and rows that matched nothing are named."""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import sqlite3
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
    Text,
    exc,
    func,
    select,
)
from unitwork.engine.batch import delete_rows, insert_rows, update_rows

metadata = MetaData()
item = Table(
    "item",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(50)),
    Column("version", Integer),
)
link = Table(
    "link",
    metadata,
    Column("a", Integer, primary_key=True, autoincrement=False),
    Column("b", String(20), primary_key=True),
    Column("note", String(20)),
)
wide = Table(
    "wide",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("truth", Boolean),
    Column("moment", DateTime),
    Column("day", Date),
    Column("money", Numeric(12, 2)),
    Column("float", Float),
    Column("text", Text),
    Column("bytes", LargeBinary),
    Column("short", String(5)),
)


@pytest.fixture
def items(engine: Any) -> Any:
    """The engine, with 1,200 items of version 1 and 300 links."""
    metadata.create_all(engine)
    with engine.begin() as connection:
        insert_rows(connection, item, tuple(item.c), [(n, f"n{n}", 1) for n in range(1, 1201)])
        insert_rows(connection, link, (link.c.a, link.c.b), [(n, f"b{n % 5}") for n in range(300)])
    return engine


def test_update_many(items: Any, statements: Any) -> None:
    """BK-16, BK-24: each row gets its own values, a thousand rows with one statement."""
    rows = [(f"new{n}", n, n) for n in range(1, 1201)]
    with items.begin() as connection:
        connection.exec_driver_sql("SELECT 1")
        with statements(items) as log:
            missing = update_rows(connection, item, (item.c.name, item.c.version), (item.c.id,), rows)
        stored = connection.execute(select(item).order_by(item.c.id)).all()

    assert (missing, log.count) == ([], 2)
    assert stored == [(n, f"new{n}", n) for n in range(1, 1201)]


@pytest.mark.parametrize("count", [1, 2, 50])
def test_update_to_equal_values_matches(items: Any, count: int) -> None:
    """BK-23, FP-15: rows that have the new values already are matched rows."""
    rows = [(f"n{n}", n) for n in range(1, count + 1)]
    with items.begin() as connection:
        assert update_rows(connection, item, (item.c.name,), (item.c.id,), rows) == []


@pytest.mark.parametrize("places", [[0], [3], [0, 7, 49], list(range(50))])
def test_rows_that_are_gone_are_named(items: Any, places: list[int]) -> None:
    """FP-15: the places of rows that matched nothing, exactly; the others are updated."""
    rows = [(f"x{n}", n + 1) for n in range(50)]
    for place in places:
        rows[place] = ("x", 5000 + place)
    with items.begin() as connection:
        missing = update_rows(connection, item, (item.c.name,), (item.c.id,), rows)
        changed = connection.scalar(select(func.count()).select_from(item).where(item.c.name.like("x%")))

    assert missing == places
    assert changed == 50 - len(places)


def test_single_row_that_is_gone(items: Any) -> None:
    """FP-15: one row is an ordinary UPDATE, and its count tells."""
    with items.begin() as connection:
        assert update_rows(connection, item, (item.c.name,), (item.c.id,), [("x", 5000)]) == [0]
        assert update_rows(connection, item, (item.c.name,), (item.c.id,), [("x", 1)]) == []


def test_stale_versions_are_named_exactly(items: Any) -> None:
    """VC-02: rows whose version another transaction has raised to the very number that we would write."""
    with items.begin() as connection:
        update_rows(connection, item, (item.c.version,), (item.c.id,), [(2, 4), (2, 8)])
        delete_rows(connection, item, (item.c.id,), [(6,)])
    rows = [(f"mine{n}", 2, n, 1) for n in range(1, 11)]
    with items.begin() as connection:
        missing = update_rows(connection, item, (item.c.name, item.c.version), (item.c.id, item.c.version), rows)
        mine = (
            connection.execute(select(item.c.id).where(item.c.name.like("mine%")).order_by(item.c.id)).scalars().all()
        )

    assert missing == [3, 5, 7]
    assert mine == [1, 2, 3, 5, 7, 9, 10]


def test_current_versions_match(items: Any) -> None:
    """VC-01: rows with the expected version are all matched and raised."""
    rows = [(2, n, 1) for n in range(1, 1201)]
    with items.begin() as connection:
        assert update_rows(connection, item, (item.c.version,), (item.c.id, item.c.version), rows) == []
        assert connection.scalar(select(func.min(item.c.version))) == 2


def test_composite_keys(items: Any) -> None:
    """FP-15: keys of several columns, of numbers and texts."""
    rows = [(f"note{n}", n, f"b{n % 5}") for n in range(300)]
    rows[7] = ("x", 7, "nowhere")
    with items.begin() as connection:
        missing = update_rows(connection, link, (link.c.note,), (link.c.a, link.c.b), rows)
        stored = connection.scalar(select(func.count()).select_from(link).where(link.c.note.is_not(None)))

    assert (missing, stored) == ([7], 299)


def test_key_changes(items: Any) -> None:
    """FP-13: the new key is set, the old one finds the row."""
    with items.begin() as connection:
        missing = update_rows(connection, item, (item.c.id,), (item.c.id,), [(2001, 1), (2002, 2), (2003, 9999)])
        found = connection.execute(select(item.c.id).where(item.c.id > 2000).order_by(item.c.id)).scalars().all()

    assert missing == [2]
    assert found == [2001, 2002]


def test_values_of_every_type(items: Any) -> None:
    """LB-19: values in a VALUES list keep their types, also where the first row has none."""
    row = (
        True,
        datetime.datetime(2024, 1, 2, 3, 4, 5, 6),
        datetime.date(2024, 1, 2),
        decimal.Decimal("12.34"),
        0.1,
        "long " * 1000,
        b"\x00\xff'",
        "short",
    )
    columns = tuple(wide.c)[1:]
    nothing = (None,) * len(columns)
    with items.begin() as connection:
        insert_rows(connection, wide, (wide.c.id,), [(n,) for n in range(3)])
        rows = [(*nothing, 0), (*row, 1), (*nothing, 2)]
        missing = update_rows(connection, wide, columns, (wide.c.id,), rows)
        stored = connection.execute(select(*columns).order_by(wide.c.id)).all()

    assert missing == []
    assert stored == [nothing, row, nothing]


def test_too_long_text_is_not_cut(items: Any) -> None:
    """LB-19: a text that does not fit its column is refused in a batch, too, before any SQL is sent."""
    with items.connect() as connection:
        insert_rows(connection, wide, (wide.c.id,), [(1,), (2,)])
        with pytest.raises(exc.StatementError, match=r"wide\.short") as caught:
            update_rows(connection, wide, (wide.c.short,), (wide.c.id,), [("too long", 1), ("fine", 2)])

    assert caught.value.code == "bad-value"


def test_one_row_twice_is_our_mistake(items: Any) -> None:
    """ER-22: two updates of one row in a batch would lose one silently."""
    with items.connect() as connection, pytest.raises(exc.BrokenInvariantError):
        update_rows(connection, item, (item.c.name,), (item.c.id,), [("a", 1), ("b", 1)])


def test_refused_value_in_an_update(items: Any) -> None:
    """ER-18: named with table and column."""
    with items.connect() as connection:
        for rows in ([(2**63, 1)], [(1, 1), (2**63, 2)]):
            with pytest.raises(exc.StatementError, match=r"item\.version"):
                update_rows(connection, item, (item.c.version,), (item.c.id,), rows)


def test_delete_many(items: Any, statements: Any) -> None:
    """FP-15: a thousand keys with one statement; the count is that of the rows that were there."""
    keys = [(n,) for n in range(1, 1201)] + [(9999,)]
    with items.begin() as connection:
        connection.exec_driver_sql("SELECT 1")
        with statements(items) as log:
            count = delete_rows(connection, item, (item.c.id,), keys)
        left = connection.scalar(select(func.count()).select_from(item))

    assert (count, log.count, left) == (1200, 2, 0)


@pytest.mark.parametrize("count", [1, 2, 3, 299])
def test_delete_by_composite_keys(items: Any, count: int) -> None:
    """FP-15: keys of several columns."""
    keys = [(n, f"b{n % 5}") for n in range(count)]
    with items.begin() as connection:
        deleted = delete_rows(connection, link, (link.c.a, link.c.b), [*keys, (0, "b4")])
        left = connection.scalar(select(func.count()).select_from(link))

    assert (deleted, left) == (count, 300 - count)


def test_nothing_to_do(items: Any) -> None:
    """LB-36: empty batches send nothing."""
    with items.connect() as connection:
        assert update_rows(connection, item, (item.c.name,), (item.c.id,), []) == []
        assert delete_rows(connection, item, (item.c.id,), []) == 0
        assert not connection.in_transaction()


@pytest.mark.backends("sqlite")
def test_padding_keeps_to_the_parameter_limit(items: Any) -> None:
    """LB-36: lists of keys are not padded over the number of parameters that an old library allows."""
    with items.begin() as connection:
        connection.exec_driver_sql("SELECT 1")
        connection.dialect.features = dataclasses.replace(connection.dialect.features, max_parameters=999)
        if hasattr(connection.connection, "setlimit"):  # Python 3.11
            connection.connection.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, 999)
        keys = [(n,) for n in range(1, 1201)]
        assert update_rows(connection, item, (item.c.name,), (item.c.id,), [("x", n) for (n,) in keys]) == []
        assert delete_rows(connection, item, (item.c.id,), keys) == 1200


def test_few_texts_for_many_lengths(items: Any) -> None:
    """Key lists are padded by repetition, so that lists of any length have a dozen texts."""
    with items.begin() as connection:
        for length in range(1, 60):
            delete_rows(connection, item, (item.c.id,), [(90_000 + n,) for n in range(length)])
        deletes = [key for key in items.batch_texts if key[0] == "delete"]

    assert len(deletes) == 7
