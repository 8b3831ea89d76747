"""Values come back equal from every database, or are refused before any SQL is sent."""

from __future__ import annotations

import datetime
import decimal
import enum
import math
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from unitwork import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    SmallInteger,
    String,
    Table,
    Text,
    Time,
    exc,
    func,
    insert,
    literal,
    select,
    text,
)
from unitwork.engine.batch import insert_rows

D = decimal.Decimal
UTC = datetime.timezone.utc
EAST = datetime.timezone(datetime.timedelta(hours=5, minutes=30))

metadata = MetaData()
sample = Table(
    "sample",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("small", SmallInteger),
    Column("whole", Integer),
    Column("big", BigInteger),
    Column("string", String(200)),
    Column("text", Text),
    Column("truth", Boolean),
    Column("float", Float),
    Column("money", Numeric(12, 2)),
    Column("any_number", Numeric),
    Column("float_of_numeric", Numeric(12, 2, asdecimal=False)),
    Column("date", Date),
    Column("time", Time),
    Column("moment", DateTime),
    Column("aware", DateTime(timezone=True)),
    Column("bytes", LargeBinary),
)

HARD_TEXT = 'it\'s 100% "quoted" \\ back\\slash `tick` $1 :name ? %s %(x)s -- ; /* é 漢 🎉 \x7f \t\n\r end '

GOOD: list[tuple[str, Any]] = [
    ("small", -32768),
    ("whole", 2**31 - 1),
    ("whole", True),
    ("big", 2**63 - 1),
    ("big", -(2**63)),
    ("string", HARD_TEXT),
    ("string", ""),
    ("text", HARD_TEXT * 2000),
    ("truth", True),
    ("truth", False),
    ("truth", 1),
    ("float", 0.1),
    ("float", 5e-324),
    ("float", 1.7976931348623157e308),
    ("float", 3),
    ("money", D("1234567890.12")),
    ("money", D("1.500")),
    ("money", D("-0.01")),
    ("money", D("5")),
    ("any_number", D("123456789.012345")),
    ("any_number", D("1E+10")),
    ("float_of_numeric", 1.25),
    ("date", datetime.date(1, 1, 1)),
    ("date", datetime.date(9999, 12, 31)),
    ("time", datetime.time(0, 0)),
    ("time", datetime.time(23, 59, 59, 999999)),
    ("moment", datetime.datetime(2024, 2, 29, 12, 0)),
    ("moment", datetime.datetime(1000, 1, 1, 0, 0, 0, 1)),
    ("moment", datetime.datetime(9999, 12, 31, 23, 59, 59, 999999)),
    ("aware", datetime.datetime(2024, 10, 27, 1, 30, 0, 5, tzinfo=UTC)),
    ("aware", datetime.datetime(2024, 10, 27, 1, 30, tzinfo=EAST)),
    ("bytes", bytes(range(256)) * 300),
    ("bytes", b""),
    ("bytes", bytearray(b"ab")),
]


@pytest.fixture
def samples(engine: Any) -> Any:
    """The engine, with an empty table `sample`."""
    metadata.create_all(engine)
    return engine


@pytest.mark.parametrize(("name", "value"), GOOD, ids=lambda one: repr(one)[:30])
def test_value_comes_back_equal(samples: Any, name: str, value: Any) -> None:
    """LB-19, LB-34: through insert(), through a batch, and as a parameter of a query; None does, too."""
    column = sample.c[name]
    with samples.connect() as connection:
        connection.execute(insert(sample).values({name: value}))
        insert_rows(connection, sample, (column,), [(value,), (None,), (value,)])
        found = connection.execute(select(column).order_by(sample.c.id)).scalars().all()
        if name not in ("float", "text", "bytes", "time", "any_number"):
            assert connection.scalar(select(func.count()).select_from(sample).where(column == value)) == 3

    assert found == [value, value, None, value]
    assert type(found[0]) is column.type.python_type


BAD: list[tuple[str, Any]] = [
    ("big", 2**63),
    ("whole", -(2**63) - 1),
    ("string", "half \ud83d"),
    ("truth", 2),
    ("truth", "yes"),
    ("float", "1.5"),
    ("money", D("sNaN")),
    ("money", D("Infinity")),
    ("money", "1.5"),
    ("money", D("12345678901")),
    ("money", D("1.005")),
    ("money", 1.005),
    ("whole", "5"),
    ("whole", 1.5),
    ("string", "a" * 201),
    ("string", b"bytes"),
    ("string", 5),
    ("text", b"bytes"),
    ("bytes", 5),
    ("date", datetime.datetime(2024, 1, 1, 12)),
    ("date", "2024-01-01"),
    ("time", datetime.time(1, tzinfo=UTC)),
    ("moment", datetime.datetime(2024, 1, 1, tzinfo=UTC)),
    ("moment", datetime.date(2024, 1, 1)),
    ("aware", datetime.datetime(2024, 1, 1)),
    ("bytes", "text"),
]
BAD_SOMEWHERE: list[tuple[str, Any, str]] = [
    ("string", "nul \0", "postgresql"),
    ("float", math.nan, "sqlite mariadb"),
    ("float", math.inf, "mariadb"),
    ("money", D("NaN"), "sqlite mariadb"),
    ("any_number", D("0.1234567890123456789"), "sqlite"),
    ("float", -0.0, "sqlite mariadb"),
    ("whole", 2**31, "postgresql mariadb"),
    ("small", 2**15, "postgresql mariadb"),
]


def refused(samples: Any, statements: Any, name: str, value: Any) -> None:
    """Check that a value is refused, by a batch and by insert(), and that no statement was sent."""
    column = sample.c[name]
    with samples.connect() as connection, statements(samples) as log:
        with pytest.raises(exc.StatementError) as in_batch:
            insert_rows(connection, sample, (column,), [(None,), (value,)])
        with pytest.raises(exc.StatementError) as alone:
            connection.execute(insert(sample).values({name: value}))
        sent = log.starting_with("INSERT")

    assert sent == []
    for caught in (in_batch, alone):
        assert caught.value.code == "bad-value"
        assert not isinstance(caught.value, exc.DBAPIError)
    assert f"sample.{name}" in str(in_batch.value)


@pytest.mark.parametrize(("name", "value"), BAD, ids=lambda one: repr(one)[:30])
def test_value_that_cannot_be_stored(samples: Any, statements: Any, name: str, value: Any) -> None:
    """ER-18: refused with a StatementError that names table and column, before any SQL is sent."""
    refused(samples, statements, name, value)


@pytest.mark.parametrize(("name", "value", "where"), BAD_SOMEWHERE, ids=lambda one: repr(one)[:30])
def test_value_that_one_database_cannot_store(samples: Any, statements: Any, name: str, value: Any, where: str) -> None:
    """ER-18: what only some databases cannot store is refused there, and comes back equal elsewhere."""
    if samples.name in where.split():
        refused(samples, statements, name, value)
        return
    with samples.connect() as connection:
        connection.execute(insert(sample).values({name: value}))
        found = connection.execute(select(sample.c[name])).scalars().one()
        assert found == value or (found != found and value != value)
        assert not isinstance(value, float) or math.copysign(1, found) == math.copysign(1, value)


def test_decimals_are_never_rounded(samples: Any) -> None:
    """LB-19: a number with more digits than its column's scale is refused, one with fewer comes back with the scale."""
    values = [D("1.5"), D("-1.50"), D("2"), D("0.9900")]
    with samples.connect() as connection:
        insert_rows(connection, sample, (sample.c.money,), [(value,) for value in values])
        with pytest.raises(exc.StatementError, match="digits after the point"):
            insert_rows(connection, sample, (sample.c.money,), [(D("1.005"),)])
        found = connection.execute(select(sample.c.money).order_by(sample.c.id)).scalars().all()

    assert [str(value) for value in found] == ["1.50", "-1.50", "2.00", "0.99"]


def test_comparisons_may_be_finer_than_the_column(samples: Any) -> None:
    """LB-19: what only stands beside a column may be longer, wider or finer than what the column keeps."""
    c = sample.c
    with samples.connect() as connection:
        connection.execute(insert(sample).values(money=D("1.00"), string="ab", small=7))
        query = select(func.count()).select_from(sample)
        counts = [
            connection.scalar(query.where(criterion))
            for criterion in (
                c.money < D("1.005"), c.money.in_([D("1.005"), D(1)]), c.string < "b" * 300, c.small < 10**6,
                c.string.like("%" * 250), c.money == D("1.005"),
            )
        ]  # fmt: skip

    assert counts == [1, 1, 1, 1, 1, 0]


class Lying(int):
    """A number that says something else."""

    def __str__(self) -> str:
        return "0); DROP TABLE sample; --"

    __repr__ = __str__


class LyingFloat(float):
    """A number that says something else."""

    def __repr__(self) -> str:
        return "0); DROP TABLE sample; --"

    __str__ = __repr__


class LyingText(str):
    """A text that says something else."""

    __slots__ = ()

    def __str__(self) -> str:
        return "'); DROP TABLE sample; --"

    def translate(self, table: Any) -> str:
        return "'); DROP TABLE sample; --"

    def replace(self, *parts: Any) -> str:
        return "'); DROP TABLE sample; --"


class Colour(str, enum.Enum):
    """An enumeration of texts."""

    RED = "red"


def test_subclasses_are_sent_as_what_they_are(samples: Any) -> None:
    """LB-34: what a subclass of a number or text says of itself never reaches the SQL text."""
    row = {"whole": Lying(5), "float": LyingFloat(1.5), "string": LyingText("fine"), "text": Colour.RED}
    columns = tuple(sample.c[name] for name in row)
    with samples.connect() as connection:
        connection.execute(insert(sample).values(row))
        insert_rows(connection, sample, columns, [tuple(row.values())] * 2)
        found = connection.execute(select(*columns)).all()
        untyped = connection.execute(
            text("SELECT :a AS a, :b AS b, :c AS c"), {"a": Lying(5), "b": LyingFloat(1.5), "c": LyingText("fine")}
        ).one()

    assert found == [(5, 1.5, "fine", "red")] * 3
    assert [str(value) for value in untyped] == ["5", "1.5", "fine"]


def test_values_of_unknown_type(samples: Any) -> None:
    """LB-34: parameters of text() are sent by their class; what has no SQL form is refused."""
    given = {"a": D("1.5"), "b": datetime.date(2024, 1, 2), "c": b"x", "d": None, "e": True}
    with samples.connect() as connection:
        row = connection.execute(text("SELECT :a, :b, :c, :d, :e"), given).one()
        with pytest.raises(exc.StatementError):
            connection.execute(text("SELECT :a"), {"a": object()})

    assert row[3] is None
    assert (float(row[0]), str(row[1]), bytes(row[2]), bool(row[4])) == (1.5, "2024-01-02", b"x", True)


def test_computed_integers_are_integers(samples: Any) -> None:
    """LB-37: the sum of integers is an int, though servers make a decimal number of it."""
    with samples.connect() as connection:
        insert_rows(connection, sample, (sample.c.whole,), [(1,), (2,)])
        total = connection.scalar(select(func.sum(sample.c.whole)))
        truth = connection.scalar(select(literal(1) == 1))

    assert (total, type(total), truth) == (3, int, True)


ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=50)
ROWS = st.lists(
    st.tuples(
        st.none() | st.integers(-(2**63), 2**63 - 1),
        st.none() | ANY_TEXT,
        st.none() | st.floats(allow_nan=False, allow_infinity=False).map(lambda number: number + 0.0),
        st.none() | st.decimals(D("-9999999999.99"), D("9999999999.99"), places=2),
        st.none() | st.datetimes(datetime.datetime(1000, 1, 1)),
        st.none() | st.binary(max_size=50),
        st.none() | st.times(),
    ),
    min_size=1,
    max_size=20,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], database=None)
@given(rows=ROWS)
def test_generated_rows_come_back_equal(samples: Any, rows: list[tuple[Any, ...]]) -> None:
    """LB-19, LB-34: any mixture of values and None, in batches."""
    c = sample.c
    columns = (c.big, c.text, c.float, c.money, c.moment, c.bytes, c.time)
    with samples.connect() as connection:
        insert_rows(connection, sample, columns, rows)
        found = connection.execute(select(*columns).order_by(c.id)).all()

    assert found == rows
