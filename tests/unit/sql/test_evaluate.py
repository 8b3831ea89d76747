"""Criteria evaluated in Python: three values, and no guess where databases differ."""

from __future__ import annotations

import datetime
import decimal
import enum
from types import SimpleNamespace
from typing import Any

import pytest

from unitwork import (
    Boolean,
    Column,
    DateTime,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    String,
    Table,
    and_,
    bindparam,
    case,
    exc,
    false,
    func,
    literal,
    literal_column,
    not_,
    null,
    or_,
    select,
    text,
    true,
    tuple_,
)
from unitwork.sql.evaluate import evaluator

table = Table(
    "t",
    MetaData(),
    Column("a", Integer),
    Column("n", Integer),
    Column("s", String(20)),
    Column("yes", Boolean),
    Column("price", Numeric(8, 2)),
    Column("cheap", Numeric(8, 2, asdecimal=False)),
    Column("x", Float),
    Column("small", Float(precision=24)),
    Column("at", DateTime),
    Column("raw", LargeBinary),
)
c = table.c
D = decimal.Decimal
NOON = datetime.datetime(2024, 2, 29, 12)
OBJ = SimpleNamespace(a=5, n=None, s="Ab", yes=True, price=D("1.50"), x=0.5, at=NOON, raw=b"ab", cheap=1.5, small=1.5)


class Colour(enum.Enum):
    RED = 1
    BLUE = 2


def read(column: Any) -> Any:
    """The attribute of the column's name."""
    if column.table is not table:
        raise exc.UnevaluatableError("another table", do="x", code="criterion-not-evaluable")
    return lambda obj: getattr(obj, column.key)


ANSWERS: list[tuple[Any, bool | None]] = [
    (c.a == 5, True),
    (c.a != 5, False),
    (c.a == c.n, None),
    (c.a == None, False),  # noqa: E711
    (c.n.is_(None), True),
    (c.n.is_not(None), False),
    (c.yes.is_(True), True),
    (c.yes.is_not(False), True),
    (c.yes, True),
    (~c.yes, False),
    (c.a < 5.5, True),
    (c.a >= 5, True),
    (c.n > 1, None),
    (not_(c.n > 1), None),
    (and_(c.n > 1, c.a == 4), False),
    (and_(c.n > 1, c.a == 5), None),
    (or_(c.n > 1, c.a == 5), True),
    (or_(c.n > 1, c.a == 4), None),
    (true(), True),
    (false(), False),
    (null() == c.a, None),
    (c.a.in_([1, 5]), True),
    (c.a.in_([1, None]), None),
    (c.a.not_in([1, None]), None),
    (c.a.not_in([5, None]), False),
    (c.a.in_([]), False),
    (c.n.not_in([]), True),
    (c.n.in_([1]), None),
    (c.a.in_([c.n, c.a]), True),
    (c.a.between(1, 5), True),
    (c.a.between(6, 1, symmetric=True), True),
    (~c.a.between(6, c.n), True),
    (c.a.between(1, c.n), None),
    (c.s == "Ab", True),
    (c.s == "xb", False),
    (c.s.like("A%"), True),
    (c.s.like("x_"), False),
    (c.s.ilike("aB"), True),
    (c.s.startswith("A"), True),
    (c.s.endswith("x"), False),
    (~c.s.contains("q"), True),
    (c.s.icontains("B"), True),
    (c.s.contains("%", autoescape=True), False),
    (c.s.like(null()), None),
    (c.s + "c" == "Abc", True),
    (c.a + 2 * c.a - 1 == 14, True),
    (-c.a == -5, True),
    (c.a // 2 == 2, True),
    (c.a % -3 == 2, True),
    (-c.a % 3 == -2, True),
    (c.a + c.n == 1, None),
    (c.n.is_distinct_from(None), False),
    (c.n.is_distinct_from(3), True),
    (c.a.is_not_distinct_from(5), True),
    (c.price == D("1.5"), True),
    (c.price > 1, True),
    (c.x == 0.5, True),
    (c.at < datetime.datetime(2025, 1, 1), True),
    (c.raw == b"ab", True),
    (c.a.label("other") == 5, True),
    (c.a.op("<=>", is_comparison=True, python_impl=lambda left, right: left == right)(5), True),
    (c.n.bool_op("~", python_impl=lambda left, right: True)(5), None),
    (c.a.op("^", python_impl=pow)(2) == 25, True),
]


@pytest.mark.parametrize(("criterion", "expected"), ANSWERS, ids=lambda one: str(one)[:50])
def test_answers(criterion: Any, expected: bool | None) -> None:
    """LB-25: comparisons, logic, lists, patterns, arithmetic; NULL is neither true nor false."""
    assert evaluator(criterion, read)(OBJ) is expected


#: What no Python can answer: refused before any object is looked at.
UNKNOWN: list[Any] = [
    func.lower(c.s) == "ab",
    c.a.in_(select(c.a)),
    c.a == select(c.a).scalar_subquery(),
    text("a = 5"),
    literal_column("a") == 5,
    c.a.cast(String) == "5",
    case((c.a == 5, True)),
    tuple_(c.a, c.n) == (1, 2),
    tuple_(c.a, c.n).in_([(1, 2)]),
    c.a.op("->")(1) == 5,
    c.a.bool_op("@>")(1),
    c.a / 2 == 2,
    c.a.bitwise_and(4) == 4,
    c.s.regexp_match("A"),
    c.cheap == 1.5,
    c.small == 1.5,
    c.price == D("1.505"),
    c.a.is_(c.n),
    table.alias().c.a == 5,
]


@pytest.mark.parametrize("criterion", UNKNOWN, ids=lambda one: str(one)[:50])
def test_what_only_a_database_knows_is_refused_at_once(criterion: Any) -> None:
    """LB-25: the error says what, and what to do; it has a code of its own."""
    with pytest.raises(exc.UnevaluatableError) as caught:
        evaluator(criterion, read)

    assert caught.value.code == "criterion-not-evaluable"
    assert isinstance(caught.value, exc.InvalidRequestError)


#: What databases answer differently: refused when such values are met.
DIFFERENT: list[Any] = [
    c.s == "ab",
    c.s == "Ab ",
    c.s == "Äb",
    c.s < "B",
    c.s.like("a%"),
    c.s.like("A\\%"),
    c.s.like("A/", escape="/"),
    c.s.ilike("Ä%"),
    c.x + 1 == 1.5,
    c.price * 2 == 3,
    c.a * 2**31 == 1,
    c.a // -2 == -3,
    c.a // 0 == 1,
    c.a % 0 == 1,
    c.x == literal(D("0.5")),
    c.x == float("nan"),
    c.yes == literal(1),
    c.a.op("+", return_type=Boolean, python_impl=lambda left, right: left)(1),
    c.at == literal(datetime.date(2024, 2, 29)),
    c.at == literal(NOON.replace(tzinfo=datetime.timezone.utc)),
    literal("RED") == literal(Colour.RED, String),
]


@pytest.mark.parametrize("criterion", DIFFERENT, ids=lambda one: str(one)[:50])
def test_where_databases_differ_there_is_no_guess(criterion: Any) -> None:
    """LB-25: case, accents, blanks, rounding, overflow."""
    found = evaluator(criterion, read)

    with pytest.raises(exc.UnevaluatableError) as caught:
        found(OBJ)
    assert caught.value.code == "criterion-not-evaluable"


def test_parameters() -> None:
    """LB-25: named parameters have the value of the execution, or their own."""
    criterion = c.a == bindparam("wanted", 4)

    assert evaluator(criterion, read)(OBJ) is False
    assert evaluator(criterion, read, {"wanted": 5})(OBJ) is True
    with pytest.raises(exc.InvalidRequestError, match="no value was given"):
        evaluator(c.a == bindparam("wanted"), read)
