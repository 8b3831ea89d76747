"""Expressions mean the same on every database, or are refused by name before anything is sent."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from unitwork import (
    Boolean,
    Column,
    DateTime,
    Integer,
    MetaData,
    String,
    Table,
    all_,
    any_,
    case,
    exc,
    extract,
    func,
    insert,
    literal,
    select,
    type_coerce,
)

metadata = MetaData()
item = Table(
    "item",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", String(10)),
    Column("n", Integer),
    Column("truth", Boolean),
    Column("moment", DateTime),
)
c = item.c
MOMENT = datetime.datetime(2024, 2, 29, 13, 45, 50)
ROWS = [
    (1, "ab", 5, True, MOMENT),
    (2, "ab", None, False, MOMENT),
    (3, "cd", 12, None, None),
    (4, None, 7, True, None),
    (5, "50%", 6, True, MOMENT),
]


@pytest.fixture
def items(engine: Any) -> Any:
    """A Connection to a database with the rows."""
    metadata.create_all(engine)
    with engine.connect() as connection:
        connection.execute(insert(item), [dict(zip(c.keys(), row, strict=True)) for row in ROWS])
        yield connection


def ids(connection: Any, criterion: Any) -> list[int]:
    """The ids of the rows that meet a criterion."""
    found: list[int] = connection.scalars(select(c.id).where(criterion).order_by(c.id)).all()
    return found


CRITERIA: list[tuple[str, Any, list[int]]] = [
    ("distinct from value", c.n.is_distinct_from(5), [2, 3, 4, 5]),
    ("distinct from null", c.n.is_distinct_from(None), [1, 3, 4, 5]),
    ("not distinct from null", c.n.is_not_distinct_from(None), [2]),
    ("not distinct from value", c.n.is_not_distinct_from(12), [3]),
    ("bitwise and", c.n.bitwise_and(4) == 4, [1, 3, 4, 5]),
    ("bitwise or", c.n.bitwise_or(2) == 7, [1, 4]),
    ("bitwise xor", c.n.bitwise_xor(1) == 4, [1]),
    ("bitwise not", c.n.bitwise_not() == -6, [1]),
    ("bitwise shift", c.n.bitwise_lshift(1) == c.n + c.n, [1, 3, 4, 5]),
    ("bitwise right shift", c.n.bitwise_rshift(1) == 3, [4, 5]),
    ("bitwise of bitwise", c.n.bitwise_or(8).bitwise_and(12) == 12, [1, 3, 4, 5]),
    ("between", c.n.between(5, 6), [1, 5]),
    ("between symmetric", c.n.between(7, 5, symmetric=True), [1, 4, 5]),
    ("not between symmetric", ~c.n.between(7, 5, symmetric=True), [3]),
    ("regexp", c.kind.regexp_match("^[a-c][bd]$"), [1, 2, 3]),
    ("not regexp", ~c.kind.regexp_match("^a"), [3, 5]),
    ("regexp without case", c.kind.regexp_match("^A", flags="i"), [1, 2]),
    ("icontains", c.kind.icontains("B"), [1, 2]),
    ("icontains autoescape", c.kind.icontains("0%", autoescape=True), [5]),
    ("istartswith", c.kind.istartswith("A"), [1, 2]),
    ("not iendswith", ~c.kind.iendswith("B"), [3, 5]),
    ("ilike", c.kind.ilike("A_"), [1, 2]),
    ("not ilike", c.kind.not_ilike("A_"), [3, 5]),
    ("contains escape", c.kind.contains("/%", escape="/"), [5]),
    ("in with none", c.n.in_([5, None]), [1]),
    ("not in with none", c.n.not_in([5, None]), []),
    ("in nothing", c.n.in_([]), []),
    ("not in nothing", c.n.not_in([]), [1, 2, 3, 4, 5]),
    ("in select", c.n.in_(select(c.n).where(c.kind == "ab")), [1]),
    ("in expressions", c.n.in_([c.id + 4, 7]), [1, 4]),
    ("is true", c.truth.is_(True), [1, 4, 5]),
    ("is not true", c.truth.is_not(True), [2, 3]),
    ("bare boolean", c.truth, [1, 4, 5]),
    ("not boolean", ~c.truth, [2]),
    ("concat", "x" + c.kind + "y" == "xaby", [1, 2]),
    ("case", case((c.n > 6, "big"), (c.n > 5, "middle"), else_="small") == "middle", [5]),
    ("case of value", case({5: 1, 6: 2}, value=c.n) == 2, [5]),
    ("modulo", c.n % 5 == 2, [3, 4]),
    ("floor division", c.n // 5 == 1, [1, 4, 5]),
    ("true division", c.n / 4 == 1.5, [5]),
    ("negative", -c.n < -6, [3, 4]),
    ("extract", extract("month", c.moment) == 2, [1, 2, 5]),
    ("day of the week", extract("dow", c.moment) == 4, [1, 2, 5]),
    ("collate", func.lower(c.kind) == "ab", [1, 2]),
]


@pytest.mark.parametrize(("criterion", "expected"), [one[1:] for one in CRITERIA], ids=[one[0] for one in CRITERIA])
def test_criterion(items: Any, criterion: Any, expected: list[int]) -> None:
    """LB-22, LB-35, LB-37: the same rows everywhere."""
    assert ids(items, criterion) == expected


def test_windows(items: Any) -> None:
    """LB-37: functions over windows, with partitions, orders and frames."""
    ordered = [c.n, c.id]
    statement = (
        select(
            c.id,
            func.row_number().over(order_by=ordered),
            func.sum(c.n).over(order_by=c.id, rows=(-1, 0)),
            func.lag(c.n).over(order_by=c.id),
            func.first_value(c.id).over(partition_by=c.kind, order_by=c.id),
            func.count().over(partition_by=c.kind),
            func.dense_rank().over(order_by=c.kind.nulls_first()),
        )
        .where(c.n.is_not(None))
        .order_by(c.id)
    )

    assert [tuple(row) for row in items.execute(statement)] == [
        (1, 1, 5, None, 1, 1, 3),
        (3, 4, 17, 5, 3, 1, 4),
        (4, 3, 19, 12, 4, 1, 1),
        (5, 2, 13, 7, 5, 1, 2),
    ]


def test_nulls_first_and_last(items: Any) -> None:
    """LB-22: also where the database has no words for it."""
    assert items.scalars(select(c.id).order_by(c.n.desc().nulls_first())).all() == [2, 3, 4, 5, 1]
    assert items.scalars(select(c.id).order_by(c.n.nulls_last())).all() == [1, 5, 4, 3, 2]


def test_aggregates(items: Any) -> None:
    """LB-37: generic functions and their types."""
    statement = select(
        func.count(), func.count(c.n.distinct()), func.sum(c.n), func.max(c.kind), func.coalesce(func.min(c.n), 0)
    )
    joined = select(func.aggregate_strings(c.kind, "/")).where(c.kind == "ab")

    assert tuple(items.execute(statement).one()) == (5, 4, 30, "cd", 5)
    assert items.scalar(joined) == "ab/ab"
    assert items.scalar(select(func.char_length("häuser"))) == 6
    assert isinstance(items.scalar(select(func.now())), (datetime.datetime, str))


@pytest.mark.backends("sqlite", "postgresql")
def test_filtered_aggregate(items: Any) -> None:
    """LB-37: FILTER, where there is one."""
    assert items.scalar(select(func.count().filter(c.n > 5))) == 3


@pytest.mark.backends("postgresql", "mariadb")
def test_any_and_all_of_a_subquery(items: Any) -> None:
    """LB-37: quantified comparisons, on either side."""
    numbers = select(c.id + 3)

    assert ids(items, c.n == any_(numbers)) == [1, 4, 5]
    assert ids(items, c.n > all_(numbers)) == [3]
    assert ids(items, all_(numbers.scalar_subquery()) < c.n) == [3]


@pytest.mark.backends("postgresql")
def test_what_only_postgresql_has(items: Any) -> None:
    """LB-37: arrays, ordered aggregates, DISTINCT ON."""
    assert ids(items, c.n == any_(func.array_remove(select(func.array_agg(c.n)).scalar_subquery(), 5))) == [3, 4, 5]
    assert items.scalar(select(func.percentile_disc(0.5).within_group(c.n))) == 6
    distinct = select(c.kind, c.id).distinct(c.kind).order_by(c.kind.nulls_last(), c.id.desc())
    assert [row.id for row in items.execute(distinct)] == [5, 2, 3, 4]
    assert items.scalar(select(func.regexp_count("aXbX", "X"))) == 2
    assert items.scalar(select(literal("aXbX").regexp_replace("x", "-", flags="gi"))) == "a-b-"


@pytest.mark.backends("mariadb")
def test_regexp_replace_on_mariadb(items: Any) -> None:
    """LB-22: every match is replaced; flags go into the pattern."""
    assert items.scalar(select(literal("aXbX").regexp_replace("x", "-", flags="gi"))) == "a-b-"


REFUSED: list[tuple[Any, str]] = [
    (func.count().filter(c.n > 5), "mariadb"),
    (func.percentile_disc(0.5).within_group(c.n), "sqlite mariadb"),
    (c.n == any_(select(c.n)), "sqlite"),
    (c.n == any_(func.array_agg(c.n)), "sqlite mariadb"),
    (func.sum(c.n).over(order_by=c.n, groups=(0, 1)), "mariadb"),
    (c.kind.regexp_replace("a", "b"), "sqlite"),
    (extract("quarter", c.moment), "sqlite"),
]


@pytest.mark.parametrize(("element", "where"), REFUSED)
def test_refused_by_name(items: Any, statements: Any, backend: str, element: Any, where: str) -> None:
    """LB-33, LB-37: what a database does not have is said before anything is sent."""
    if backend not in where:
        pytest.skip("this database has it")
    with statements(items.engine) as log, pytest.raises(exc.CompileError) as caught:
        items.execute(select(element))

    assert caught.value.code == "not-on-this-database"
    assert log.count == 0


def test_type_coerce_converts_on_our_side_only(items: Any) -> None:
    """LB-37: no CAST is sent; the value is converted like one of the other type."""
    assert items.scalars(select(type_coerce(c.n > 6, Boolean)).where(c.id < 4).order_by(c.id)).all() == [
        False,
        None,
        True,
    ]
