"""Values that the database works out: compared as their type, and read as their type."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta, timezone
from typing import Any

import pytest

from unitwork import (
    Column,
    Date,
    DateTime,
    Float,
    Integer,
    MetaData,
    Table,
    Time,
    case,
    column,
    func,
    insert,
    literal,
    select,
    update,
    values,
)

metadata = MetaData()
event = Table(
    "computed_event",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("n", Integer),
    Column("share", Float),
    Column("moment", DateTime),
    Column("day", Date),
    Column("hour", Time),
    Column("aware", DateTime(timezone=True)),
)
EARLY: dict[str, Any] = {
    "moment": datetime(2020, 1, 2, 3, 4, 5),
    "day": date(1, 1, 1),
    "hour": time(23, 59, 59),
    "aware": datetime(2020, 1, 2, 3, 4, 5, tzinfo=timezone.utc),
}
LATE: dict[str, Any] = {
    "moment": datetime(9999, 12, 31, 23, 59, 59, 999999),
    "day": date(2020, 2, 29),
    "hour": time(0, 0, 0, 1),
    "aware": datetime(2021, 1, 2, 12, tzinfo=timezone(timedelta(hours=5, minutes=30))),
}
KINDS = pytest.mark.parametrize("name", sorted(EARLY))


@pytest.fixture
def connection(engine: Any) -> Iterator[Any]:
    """A Connection to three rows: early, without values, late."""
    metadata.create_all(engine)
    with engine.connect() as connection:
        connection.execute(insert(event), [{"id": 1, "n": 1, **EARLY}, {"id": 3, "n": 3, **LATE}])
        connection.execute(insert(event).values(id=2))
        yield connection


@KINDS
@pytest.mark.parametrize("given", [EARLY, LATE], ids=["early", "late"])
def test_a_moment_beside_a_column_is_compared_as_a_moment(connection: Any, name: str, given: dict[str, Any]) -> None:
    """LB-19, SB-50: COALESCE and CASE of a column and a value, whether that value has fractions of a second or not."""
    cell, value = event.c[name], given[name]
    same = select(event.c.id).where(func.coalesce(cell, value) == value).order_by(event.c.id)
    chosen = select(event.c.id).where(case((cell.is_(None), value), else_=cell) == value).order_by(event.c.id)

    expected = [1, 2] if given is EARLY else [2, 3]
    assert connection.scalars(same).all() == expected
    assert connection.scalars(chosen).all() == expected


@KINDS
def test_a_computed_moment_is_read_as_a_moment(connection: Any, name: str) -> None:
    """LB-19: a value alone, in COALESCE, in CASE, in VALUES, written by CASE."""
    cell, value = event.c[name], LATE[name]
    rows = values(column("id", Integer), column("value", cell.type), name="given").data([(1, value)])

    assert connection.scalar(select(literal(value, cell.type))) == value
    assert connection.scalar(select(literal(value))) == value
    assert connection.scalars(select(func.coalesce(cell, value)).order_by(event.c.id)).all() == [
        EARLY[name],
        value,
        value,
    ]
    assert connection.scalar(select(case((event.c.id == 2, value), else_=cell)).where(event.c.id == 2)) == value
    assert connection.scalar(select(rows.c.value)) == value
    connection.execute(update(event).values({name: case((event.c.id == 1, value), else_=EARLY[name])}))
    assert connection.scalars(select(cell).order_by(event.c.id)).all() == [value, EARLY[name], EARLY[name]]


def test_a_computed_float_is_a_float(connection: Any) -> None:
    """LB-19: what a server works out as an exact number is read as the type of the expression says."""
    found = connection.execute(
        select(literal(1.5), event.c.n + 1.5, func.coalesce(event.c.share, 2.5)).order_by(event.c.id)
    ).first()

    assert [type(one) for one in found] == [float, float, float]
    assert tuple(found) == (1.5, 2.5, 2.5)
