"""Operators and functions: the SQL they make, the types they have, what they refuse."""

from __future__ import annotations

import copy
import datetime
import decimal
import operator
import pickle
from typing import Any

import pytest

from tests.support.sql import assert_sql
from unitwork import (
    Boolean,
    Column,
    DateTime,
    Float,
    Integer,
    Interval,
    MetaData,
    Numeric,
    String,
    Table,
    and_,
    asc,
    between,
    bindparam,
    case,
    cast,
    desc,
    distinct,
    exc,
    false,
    func,
    literal,
    literal_column,
    not_,
    null,
    nulls_first,
    or_,
    select,
    text,
    true,
    tuple_,
)
from unitwork.sql.column_operators import ColumnOperators
from unitwork.sql.elements import BinaryExpression, BindParameter, ColumnElement
from unitwork.sql.operators import EQ, Operator

a = Table(
    "a",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("name", String(50)),
    Column("n", Integer),
    Column("f", Float),
    Column("num", Numeric(10, 2)),
    Column("ok", Boolean),
    Column("at", DateTime),
)
c = a.c


class Attribute(ColumnOperators):
    """Stands for a mapped attribute: all it has is the element behind it."""

    def __init__(self, element: Any) -> None:
        self.element = element

    def __clause_element__(self) -> Any:
        return self.element


def anything(value: Any) -> Any:
    """The value, of no type that a checker knows."""
    return value


@pytest.mark.parametrize(
    ("element", "expected"),
    [
        (c.n == 1, "a.n = :n_1"),
        (c.n != 1, "a.n != :n_1"),
        (c.n < 1, "a.n < :n_1"),
        (c.n <= 1, "a.n <= :n_1"),
        (c.n > 1, "a.n > :n_1"),
        (c.n >= 1, "a.n >= :n_1"),
        (1 < c.n, "a.n > :n_1"),  # noqa: SIM300 - the reflected form is the point
        (c.n == None, "a.n IS NULL"),  # noqa: E711
        (c.n != None, "a.n IS NOT NULL"),  # noqa: E711
        (c.n.is_(None), "a.n IS NULL"),
        (c.ok.is_(True), "a.ok IS true"),
        (c.ok.is_not(False), "a.ok IS NOT false"),
        (c.n + 1, "a.n + :n_1"),
        (5 - c.n, ":param_1 - a.n"),
        (2 * c.n + c.n // 2 - 3 % c.n, ":param_1 * a.n + a.n / :n_1 - :param_2 % a.n"),
        (6 / c.f, ":param_1 / a.f"),
        (7 // c.n, ":param_1 / a.n"),
        (True | (c.n == 1), "true"),
        (c.n * (c.n + 1), "a.n * (a.n + :n_1)"),
        (c.n - (c.n - 1), "a.n - (a.n - :n_1)"),
        (c.n - c.n - 1, "a.n - a.n - :param_1"),
        (-c.n, "-a.n"),
        (operator.neg(-c.n), "-(-a.n)"),
        (-(c.n + 1), "-(a.n + :n_1)"),
        (c.n / 2, "a.n / (:n_1 + 0.0)"),
        (c.f / 2, "a.f / :f_1"),
        (c.n // 2, "a.n / :n_1"),
        (c.f // 2, "FLOOR(a.f / :f_1)"),
        (c.n % 2, "a.n % :n_1"),
        (c.name + "x", "a.name || :name_1"),
        (c.name.concat("x"), "a.name || :name_1"),
        (c.name.like("x%"), "a.name LIKE :name_1"),
        (c.name.not_like("x%", escape="/"), "a.name NOT LIKE :name_1 ESCAPE '/'"),
        (c.name.ilike("x"), "lower(a.name) LIKE lower(:name_1)"),
        (c.name.startswith("x"), "a.name LIKE :name_1 || '%'"),
        (c.name.endswith("x"), "a.name LIKE '%' || :name_1"),
        (c.name.contains("x"), "a.name LIKE '%' || :name_1 || '%'"),
        (c.n.between(1, 2), "a.n BETWEEN :n_1 AND :n_2"),
        (between(c.n, 1, 2), "a.n BETWEEN :n_1 AND :n_2"),
        (c.n.in_([1, 2]), "a.n IN (:n_1)"),
        (c.n.not_in([1, 2]), "(a.n NOT IN (:n_1))"),
        (c.n.in_([c.id, 3]), "a.n IN (a.id, :param_1)"),
        (c.n.in_(select(c.id)), "a.n IN (SELECT a.id FROM a)"),
        (c.n.in_(bindparam("ids", expanding=True)), "a.n IN (:ids)"),
        (c.n.op("->>")("x"), "a.n ->> :n_1"),
        (c.n.op("&")(1) + 1, "(a.n & :n_1) + :param_1"),
        (c.n.bool_op("@>")(1), "a.n @> :n_1"),
        (c.n.desc(), "a.n DESC"),
        (c.n.asc().nulls_last(), "a.n ASC NULLS LAST"),
        (nulls_first(desc(c.n)), "a.n DESC NULLS FIRST"),
        (func.count(c.n.distinct()), "count(DISTINCT a.n)"),
        (func.count(distinct(c.n)), "count(DISTINCT a.n)"),
        (c.name.not_ilike("x"), "lower(a.name) NOT LIKE lower(:name_1)"),
        (c.at - c.at, "a.at - a.at"),
        (asc(c.n), "a.n ASC"),
        (c.n.nulls_first(), "a.n NULLS FIRST"),
        (c.n.in_(bindparam("one")), "a.n IN (:one)"),
        (func.lower(text("x")), "lower((x))"),
        (tuple_(c.id, c.n) == (1, 2), "(a.id, a.n) = (:param_1, :param_2)"),
    ],
)
def test_operators(element: Any, expected: str) -> None:
    """LB-22: each operator as neutral SQL, with the parentheses that precedence needs."""
    assert_sql(element, expected)


@pytest.mark.parametrize(
    ("element", "expected"),
    [
        ((c.n == 1) | (c.n == 2) & (c.id == 3), "a.n = :n_1 OR a.n = :n_2 AND a.id = :id_1"),
        (((c.n == 1) | (c.n == 2)) & (c.id == 3), "(a.n = :n_1 OR a.n = :n_2) AND a.id = :id_1"),
        (and_(c.n == 1, and_(c.n == 2, c.n == 3)), "a.n = :n_1 AND a.n = :n_2 AND a.n = :n_3"),
        (and_(true(), c.n == 1), "a.n = :n_1"),
        (and_(False, c.n == 1), "false"),
        (or_(true(), c.n == 1), "true"),
        (or_(), "false"),
        (and_(), "true"),
        (not_(c.n == 1), "a.n != :n_1"),
        (not_(c.n < 1), "a.n >= :n_1"),
        (~c.n.in_([1]), "(a.n NOT IN (:n_1))"),
        (~c.name.startswith("x"), "a.name NOT LIKE :name_1 || '%'"),
        (~c.n.between(1, 2), "a.n NOT BETWEEN :n_1 AND :n_2"),
        (~c.ok, "NOT a.ok"),
        (not_(~c.ok), "a.ok"),
        (not_(true()), "false"),
        (~((c.n == 1) | (c.n == 2)), "NOT (a.n = :n_1 OR a.n = :n_2)"),
        (True & (c.n == 1), "a.n = :n_1"),
        (and_(text("x OR y"), c.n == 1), "(x OR y) AND a.n = :n_1"),
    ],
)
def test_conjunctions(element: Any, expected: str) -> None:
    """LB-22: AND, OR and NOT group by precedence, drop what is neutral, and use opposite operators."""
    assert_sql(element, expected)


@pytest.mark.parametrize(
    ("element", "expected"),
    [
        (func.count(), "count(*)"),
        (func.coalesce(c.n, 0), "coalesce(a.n, :param_1)"),
        (func.now(), "CURRENT_TIMESTAMP"),
        (func.some.pkg(1), "some.pkg(:param_1)"),
        (func.in_(1), "in(:param_1)"),
        (case((c.n > 1, "x"), else_="y"), "CASE WHEN a.n > :n_1 THEN :param_1 ELSE :param_2 END"),
        (case({1: "x"}, value=c.n), "CASE a.n WHEN :param_1 THEN :param_2 END"),
        (cast(c.n, String(5)), "CAST(a.n AS VARCHAR(5))"),
        (c.n.cast(Numeric(5, 1)), "CAST(a.n AS NUMERIC(5, 1))"),
        (literal(1), ":param_1"),
        (null(), "NULL"),
        (true(), "true"),
        (literal_column("1 + 1"), "1 + 1"),
        (text("x = :y AND t = '12:30' AND u::text \\: 1"), "x = :y AND t = '12:30' AND u::text : 1"),
        (c.n == select(func.max(c.n)).scalar_subquery(), "a.n = (SELECT max(a.n) AS max_1 FROM a)"),
    ],
)
def test_functions_and_constructs(element: Any, expected: str) -> None:
    """LB-21, LB-37: functions, CASE, CAST, constants and raw text."""
    assert_sql(element, expected)


@pytest.mark.parametrize(
    ("element", "expected"),
    [
        (c.n == 1, Boolean),
        (c.n.in_([1]) & c.ok, Boolean),
        (c.n + 1, Integer),
        (c.n + 1.5, Float),
        (c.n + decimal.Decimal(1), Numeric),
        (c.n / 2, Numeric),
        (c.at - c.at, Interval),
        (c.at + 1, DateTime),
        (1 + c.at, DateTime),
        (literal_column("x") + c.n, Integer),
        (c.n + literal_column("x"), Integer),
        (c.f / c.n, Float),
        (c.name + "x", String),
        (func.count(), Integer),
        (func.sum(c.f), Float),
        (func.avg(c.n), Numeric),
        (func.max(c.at), DateTime),
        (func.coalesce(null(), c.name), String),
        (func.now(), DateTime),
        (func.unheard_of(1, type_=Integer), Integer),
        (case((c.ok, c.n), else_=null()), Integer),
        (cast(c.n, String), String),
        (select(c.f).scalar_subquery(), Float),
        (c.n.label("x"), Integer),
    ],
)
def test_result_types(element: ColumnElement, expected: type) -> None:
    """LB-37: arithmetic keeps the wider type, generic functions know theirs."""
    assert type(element.type) is expected


@pytest.mark.parametrize("value", [1, "x", 1.5, datetime.date(2020, 1, 1)])
def test_a_comparison_gives_the_value_the_type_of_the_column(value: object) -> None:
    """LB-22: so that the column's conversion is used."""
    comparison = c.num == value

    assert comparison.right.type is c.num.type


def test_a_value_of_another_class_keeps_its_own_type_in_arithmetic() -> None:
    """LB-22: 1.5 beside an Integer is a Float, on either side."""
    assert isinstance((c.n * 1.5).right.type, Float)
    assert isinstance((1.5 * c.n).left.type, Float)


def test_truth_of_a_comparison() -> None:
    """LB-26: ``==`` and ``!=`` are true by identity of their operands, so that lists of columns work."""
    assert bool(c.n == c.n)
    assert not bool(c.n == c.id)
    assert bool(c.n != c.id)
    assert c.n in [c.id, c.n]
    assert c.name not in [c.id, None]


@pytest.mark.parametrize("element", [c.n < 1, c.ok, c.n + 1, c.n.in_([1]), func.count(), text("x"), select(c.n)])
def test_truth_of_anything_else_is_refused(element: Any) -> None:
    """LB-26: an ``if`` or ``and`` on SQL is a mistake."""
    with pytest.raises(TypeError, match="truth value"):
        bool(element)


def test_columns_hash_by_identity() -> None:
    """LB-26: columns are keys of dictionaries."""
    values = {c.n: 1, c.id: 2}

    assert values[c.n] == 1
    assert values[c.id] == 2


def test_mapped_attributes_take_part() -> None:
    """LB-22: whatever has ``__clause_element__`` and the mixin works on both sides."""
    attribute = Attribute(c.n)

    assert_sql(
        and_(attribute == 1, attribute.in_([2]), c.id == attribute), "a.n = :n_1 AND a.n IN (:n_2) AND a.id = a.n"
    )
    assert_sql(attribute.desc(), "a.n DESC")
    assert_sql(1 + attribute, ":param_1 + a.n")


def test_operate_can_be_overridden_in_one_place() -> None:
    """LB-22: every operator passes through ``operate``."""
    seen: list[Operator] = []

    class Own(Attribute):
        def operate(self, op: Operator, *others: Any, **options: Any) -> Any:
            seen.append(op)
            return super().operate(op, *others, **options)

    own = Own(c.n)
    own == 1  # noqa: B015
    own.like("x")
    own.desc()

    assert [op.name for op in seen] == ["eq", "like", "desc"]


def test_values_of_other_classes_are_parameters() -> None:
    """LB-22: what they mean is for the column's type to say; a subclass is like its base."""

    class Name(str):
        """A string of its own."""

    thing = object()
    comparison = c.n == thing

    assert comparison.right.value is thing
    assert comparison.right.type is c.n.type
    assert isinstance(literal(Name("x")).type, String)
    assert isinstance(literal_column("x").in_([1]).right.type, Integer)
    assert "eq" in repr(comparison.operator)


def test_none_in_a_list_is_a_value() -> None:
    """LB-35: it goes as NULL with the others."""
    element = c.n.in_([1, None])

    assert isinstance(element.right, BindParameter)
    assert element.right.value == [1, None]


def test_autoescape_takes_wildcards_as_themselves() -> None:
    """LB-22: the value is escaped, the text names the character."""
    element = c.name.contains("50%_/", autoescape=True)

    assert element.right.value == "50/%/_//"
    assert_sql(element, "a.name LIKE '%' || :name_1 || '%' ESCAPE '/'")


def test_an_expression_is_a_binary_with_operator_and_operands() -> None:
    """What layers above look at: left, right, operator."""
    element = c.n == c.id

    assert isinstance(element, BinaryExpression)
    assert (element.left, element.operator, element.right) == (c.n, EQ, c.id)


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda: and_("a = 1"), "raw-sql-string"),
        (lambda: select(c.n).where("a = 1"), "raw-sql-string"),
        (lambda: or_(None), "not-an-expression"),
        (lambda: select(c.n).where(object()), "not-an-expression"),
        (lambda: c.n == a, "not-an-expression"),
        (lambda: c.n.in_("abc"), "in-needs-list"),
        (lambda: c.n.in_(5), "in-needs-list"),
        (lambda: c.name.contains(c.n, autoescape=True), "autoescape-needs-string"),
        (lambda: case(), "case-without-when"),
        (lambda: func(1), "bad-identifier"),
        (lambda: getattr(func, "a b"), "bad-identifier"),
        (lambda: cast(c.n, anything("INTEGER")), "not-a-type"),
        (lambda: text(anything(1)), "text-needs-string"),
    ],
)
def test_what_is_refused(make: Any, code: str) -> None:
    """ER-02: a raw string or a thing without SQL meaning is an ArgumentError that says what to do."""
    with pytest.raises(exc.ArgumentError) as caught:
        make()

    assert caught.value.code == code
    assert caught.value.do


def test_constants_are_one_object() -> None:
    """PT-21: ``null()`` can be recognised by identity, copied or pickled."""
    assert copy.copy(null()) is pickle.loads(pickle.dumps(null())) is null()
    assert null() is null()
    assert false() is not true()
