"""Conversion of values: the quick way for a column and the way for a cell agree."""

from __future__ import annotations

import datetime
import decimal
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unitwork.base.markers import DEFAULT_CELL, NEVER_SET
from unitwork.dialects import numbers, values
from unitwork.dialects.base import Dialect
from unitwork.dialects.mysql import MariaDBDialect
from unitwork.dialects.postgresql import PostgreSQLDialect
from unitwork.dialects.sqlite import SQLiteDialect
from unitwork.sql import types as t

DIALECTS: list[Dialect] = [SQLiteDialect(), PostgreSQLDialect(), MariaDBDialect()]
TYPES: list[t.TypeEngine] = [
    t.Integer(),
    t.SmallInteger(),
    t.BigInteger(),
    t.String(10),
    t.Text(),
    t.Boolean(),
    t.Float(),
    t.Double(),
    t.Float(asdecimal=True),
    t.Numeric(),
    t.Numeric(10, 2),
    t.Numeric(10, 2, asdecimal=False),
    t.Date(),
    t.Time(),
    t.Time(timezone=True),
    t.DateTime(),
    t.DateTime(timezone=True),
    t.LargeBinary(),
    t.NullType(),
]
PLAIN = (int, str, float, bool, bytes, decimal.Decimal, datetime.date, datetime.datetime, datetime.time, type(None))

ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    # Without -0.0, for which PostgreSQL is sent an object of the driver's.
    st.floats().map(lambda number: number + 0.0),
    st.decimals(),
    st.text(st.characters()),
    st.binary(),
    st.dates(),
    st.datetimes(timezones=st.none() | st.timezones()),
    st.times(timezones=st.none() | st.just(datetime.timezone.utc)),
)


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
@pytest.mark.parametrize("type_", TYPES, ids=repr)
@settings(max_examples=25, deadline=None, database=None)
@given(column=st.lists(ANYTHING, max_size=6))
def test_column_and_cell_agree(dialect: Dialect, type_: t.TypeEngine, column: list[Any]) -> None:
    """LB-34: a column of values is converted as its cells are, and refused if one of them is."""
    binding = dialect.binding(type_)
    if binding is None:
        return
    refused = values.positions_refused(column, binding.cell)
    if refused:
        with pytest.raises((ValueError, TypeError, OverflowError, decimal.DecimalException)):
            binding.column(column)
        return
    cells = [binding.cell(value) for value in column]

    assert repr(list(binding.column(column))) == repr(cells)
    assert all(type(cell) in PLAIN for cell in cells)
    assert [cell is None for cell in cells] == [value is None for value in column]


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
@pytest.mark.parametrize("type_", TYPES, ids=repr)
@pytest.mark.parametrize("marker", [DEFAULT_CELL, NEVER_SET])
def test_markers_are_told(dialect: Dialect, type_: t.TypeEngine, marker: Any) -> None:
    """A marker among the values is never taken for one; SQLite's driver refuses what is not converted."""
    binding = dialect.binding(type_)
    if binding is None:
        assert dialect.name == "sqlite"
        return
    for call in (lambda: binding.cell(marker), lambda: binding.column([None, marker])):
        with pytest.raises(values.MarkerFound):
            call()


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
@pytest.mark.parametrize("type_", TYPES, ids=repr)
def test_null_comes_back_as_none(dialect: Dialect, type_: t.TypeEngine) -> None:
    """NULL has no conversion."""
    for stored in (True, False):
        convert = dialect.result_converter(type_, stored)
        assert convert is None or convert(None) is None


def test_untouched_columns_are_the_same_object() -> None:
    """A column that needs no conversion costs a look at its classes."""
    column = (1, None, 2)

    assert numbers.WHOLE.column(column) is column


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
@settings(max_examples=200, deadline=None, database=None)
@given(number=st.decimals(decimal.Decimal("-9999999999.999"), decimal.Decimal("9999999999.999"), places=3))
def test_numbers_within_fifteen_digits_are_safe(dialect: Dialect, number: decimal.Decimal) -> None:
    """LB-19: 13 digits with 3 after the point come back equal, in SQLite's floating point, too."""
    type_ = t.Numeric(13, 3)
    bind, result = dialect.bind_converter(type_), dialect.result_converter(type_)
    assert bind is not None
    sent = bind(number)

    assert (sent if result is None else result(sent)) == number


def test_numbers_that_sqlite_would_change_are_refused() -> None:
    """LB-19: not rounded silently."""
    bind = DIALECTS[0].bind_converter(t.Numeric(20, 10))
    assert bind is not None

    with pytest.raises(ValueError, match="digits"):
        bind(decimal.Decimal("1234567890.1234567891"))
    with pytest.raises(ValueError, match="digits"):
        bind(decimal.Decimal(10) ** 10)


@pytest.mark.parametrize(("value", "truth"), [(0, False), (1, True), (2, True), (None, None)])
def test_numbers_as_truth(value: Any, truth: bool | None) -> None:
    """LB-19: what other programs wrote reads as they meant it."""
    assert values.to_bool(value) is truth


def test_text_of_a_moment_without_zone_is_utc() -> None:
    """LB-19: SQLite's CURRENT_TIMESTAMP has no zone and means UTC."""
    convert = DIALECTS[0].result_converter(t.DateTime(timezone=True))
    assert convert is not None

    assert convert("2024-01-02 03:04:05") == datetime.datetime(2024, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc)


def test_time_of_more_than_a_day_stays() -> None:
    """MariaDB's TIME can hold what is no time of day."""
    convert = DIALECTS[2].result_converter(t.Time())
    assert convert is not None

    assert convert(datetime.timedelta(hours=30)) == datetime.timedelta(hours=30)
    assert convert(datetime.timedelta(hours=3)) == datetime.time(3)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_special_floats(value: float) -> None:
    """LB-19: PostgreSQL takes all, SQLite has no NaN, MariaDB neither."""
    taken = []
    for dialect in DIALECTS:
        bind = dialect.bind_converter(t.Float())
        assert bind is not None
        try:
            bind(value)
            taken.append(dialect.name)
        except ValueError:
            pass

    assert taken == (["postgresql"] if math.isnan(value) else ["sqlite", "postgresql"])
