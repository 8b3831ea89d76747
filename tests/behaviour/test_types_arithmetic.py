"""Dates, times and spans in arithmetic: one meaning on every database, or a refusal by name."""

from __future__ import annotations

import datetime
import uuid
from decimal import Decimal
from typing import Any

import pytest

from unitwork import (
    JSON,
    Column,
    Date,
    DateTime,
    Enum,
    Integer,
    Interval,
    MetaData,
    Numeric,
    String,
    Table,
    Time,
    Uuid,
    case,
    cast,
    exc,
    func,
    insert,
    literal,
    select,
    type_coerce,
)
from unitwork.dialects.mysql import MariaDBDialect
from unitwork.dialects.postgresql import PostgreSQLDialect
from unitwork.dialects.sqlite import SQLiteDialect

metadata = MetaData()
event = Table(
    "event",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("day", Date),
    Column("end", Date),
    Column("at", DateTime),
    Column("till", DateTime),
    Column("zoned", DateTime(timezone=True)),
    Column("span", Interval),
    Column("time", Time),
    Column("price", Numeric(10, 2)),
)
UTC = datetime.timezone.utc
DAY, END = datetime.date(2024, 2, 27), datetime.date(2024, 3, 2)
AT = datetime.datetime(1969, 12, 31, 23, 59, 59, 999_999)
TILL = datetime.datetime(2024, 2, 29, 1, 2, 3, 4)
SPAN = datetime.timedelta(days=2, hours=30, microseconds=7)
ROW = {
    "day": DAY, "end": END, "at": AT, "till": TILL, "zoned": TILL.replace(tzinfo=UTC), "span": SPAN,
    "time": datetime.time(1, 2), "price": Decimal("2.50"),
}  # fmt: skip


@pytest.fixture
def events(engine: Any) -> Any:
    """The engine, with a row in the table `event`."""
    metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(insert(event).values(ROW))
    return engine


c = event.c
EVERYWHERE: list[tuple[Any, Any]] = [
    (c.end - c.day, 4),
    (c.day - datetime.date(2023, 2, 27), 365),
    (datetime.date(2024, 2, 28) - c.day, 1),
    (c.day + 3, datetime.date(2024, 3, 1)),
    (c.end - 2, datetime.date(2024, 2, 29)),
    (c.till - c.at, TILL - AT),
    (c.at - c.till, AT - TILL),
    (c.till - datetime.datetime(2024, 1, 1), TILL - datetime.datetime(2024, 1, 1)),
    (c.zoned - datetime.datetime(2024, 1, 1, tzinfo=UTC), TILL - datetime.datetime(2024, 1, 1)),
    (c.span + datetime.timedelta(microseconds=3), SPAN + datetime.timedelta(microseconds=3)),
    (c.span * 2, SPAN * 2),
    (c.price * 2, Decimal("5.00")),
    (c.price + Decimal("0.005"), Decimal("2.505")),
    (1 + c.price, Decimal("3.50")),
    (c.price + c.price - Decimal("4.9"), Decimal("0.10")),
    (c.price * Decimal("0.19"), Decimal("0.475")),
]


@pytest.mark.parametrize("place", range(len(EVERYWHERE)))
def test_arithmetic_that_all_can_do(events: Any, place: int) -> None:
    """LB-19, LB-22: value and class are those of Python."""
    expression, value = EVERYWHERE[place]
    with events.connect() as connection:
        found = connection.scalar(select(expression))

    assert (found, type(found)) == (value, type(value))


SERVERS: list[tuple[Any, Any, str]] = [
    (c.at + datetime.timedelta(days=1, microseconds=2), AT + datetime.timedelta(days=1, microseconds=2), "sqlite"),
    (c.till - c.span, TILL - SPAN, "sqlite"),
    (c.span + c.till, TILL + SPAN, "sqlite"),
    (c.day + datetime.timedelta(hours=36), datetime.datetime(2024, 2, 28, 12), "sqlite"),
    (c.time - datetime.time(1), datetime.timedelta(minutes=2), "sqlite mariadb"),
]


@pytest.mark.parametrize("place", range(len(SERVERS)))
def test_arithmetic_that_some_can_do(events: Any, place: int) -> None:
    """LB-33: where a database would lose something, it is refused by name, before SQL is sent."""
    expression, value, refused = SERVERS[place]
    with events.connect() as connection:
        if events.name in refused.split():
            with pytest.raises(exc.CompileError) as caught:
                connection.scalar(select(expression))
            assert caught.value.code == "no-date-arithmetic"
            return
        found = connection.scalar(select(expression))

    assert (found, type(found)) == (value, type(value))


def test_differences_in_criteria(events: Any) -> None:
    """LB-22: a difference is compared with a plain timedelta, a number of days with a number."""
    true = [c.till - c.at > datetime.timedelta(days=365), c.end - c.day == 4, c.span < datetime.timedelta(days=4)]
    with events.connect() as connection:
        counts = [connection.scalar(select(func.count()).select_from(event).where(one)) for one in true]

    assert counts == [1, 1, 1]


def test_types_of_expressions(events: Any) -> None:
    """LB-19, LB-37: max(), coalesce(), case() and subqueries keep the type; cast() and type_coerce() choose it."""
    shown = [
        func.coalesce(c.span, datetime.timedelta(0)), case((c.id > 0, c.span)), select(c.span).scalar_subquery(),
        type_coerce(c.span, Interval), literal(SPAN, Interval), cast(c.price, Numeric(12, 1)), cast(c.id, String(5)),
    ]  # fmt: skip
    with events.connect() as connection:
        largest = connection.execute(select(func.max(c.span), func.min(c.zoned), func.sum(c.price))).one()
        found = connection.execute(select(*[one.label(f"x{place}") for place, one in enumerate(shown)])).one()

    assert tuple(found) == (*[SPAN] * 5, Decimal("2.5"), "1")
    assert tuple(largest) == (SPAN, ROW["zoned"], Decimal("2.50"))


LITERALS: list[tuple[Any, str]] = [
    (literal("a", Enum("a", "b", name="e")), "'a'"),

    (literal({"a": [1, "it's"]}, JSON), "'{\"a\": [1, \"it''s\"]}'"),
    (literal(uuid.UUID(int=5), Uuid(native_uuid=False)), "'00000000000000000000000000000005'"),
]  # fmt: skip


@pytest.mark.parametrize(("element", "text"), LITERALS, ids=lambda one: str(one)[:20])
@pytest.mark.parametrize("dialect", [SQLiteDialect(), PostgreSQLDialect(), MariaDBDialect()], ids=lambda one: one.name)
def test_values_written_into_text(element: Any, text: str, dialect: Any) -> None:
    """LB-41: with literal_binds a value is written as the database keeps it."""
    assert str(element.compile(dialect=dialect, compile_kwargs={"literal_binds": True})) == text


def test_spans_written_into_text() -> None:
    """LB-41: a number where it is one, else a text that PostgreSQL reads."""
    element = literal(datetime.timedelta(days=-1, microseconds=5), Interval)
    texts = [
        str(element.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
        for dialect in (SQLiteDialect(), PostgreSQLDialect())
    ]

    assert texts == ["-86399999995", "'-1 days 0.000005 seconds'"]
