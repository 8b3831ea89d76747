"""Shapes: statements that differ in values only have the same key, all others have different ones."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unitwork import (
    Column,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    and_,
    bindparam,
    case,
    cast,
    column,
    exists,
    func,
    insert,
    literal,
    literal_column,
    not_,
    null,
    or_,
    select,
    text,
    tuple_,
    union,
    update,
)
from unitwork.schema import CreateTable
from unitwork.sql.elements import EntityElement
from unitwork.sql.render_stmt import render
from unitwork.sql.shape import shape_of
from unitwork.sql.style import NEUTRAL_STYLE

metadata = MetaData()
a = Table("a", metadata, Column("id", Integer, primary_key=True), Column("name", String(50)), Column("n", Integer))
b = Table("b", metadata, Column("id", Integer, primary_key=True), Column("a_id", ForeignKey("a.id")))


def self_join(value: int) -> Any:
    other = a.alias()
    return select(a.c.id).join(other, other.c.id == a.c.n).where(other.c.n == value)


def nested(value: int) -> Any:
    sub = select(b.c.a_id, func.count().label("many")).where(b.c.id > value).group_by(b.c.a_id).subquery()
    return select(sub.c.many).join(a, a.c.id == sub.c.a_id).limit(value)


@pytest.mark.parametrize(
    "make",
    [
        lambda value: select(a.c.id).where(a.c.n == value),
        lambda value: select(a.c.id).limit(value).offset(value),
        lambda value: select(a.c.id).where(a.c.n.in_(list(range(value)))),
        lambda value: select(a.c.id).where(a.c.name.startswith(str(value), autoescape=True)),
        lambda value: select(a.c.n + value, cast(value, String)),
        lambda value: select(case((a.c.n > value, value), else_=0)),
        lambda value: select(a.c.id).where(exists().where(b.c.a_id == a.c.id, b.c.id == value)),
        lambda value: union(select(a.c.id).where(a.c.n == value), select(b.c.id)),
        lambda value: insert(a).values(name=str(value), n=None if value == 1 else value),
        lambda value: update(a).values(n=value).where(a.c.id == value),
        lambda value: text("SELECT :x").bindparams(x=value),
        self_join,
        nested,
    ],
)
def test_values_are_no_part_of_the_shape(make: Any) -> None:
    """LB-35: rendered once, used for all values; aliases and subqueries made anew are the same."""
    one, two = shape_of(make(1)), shape_of(make(2))

    assert one.key == two.key
    assert hash(one.key) == hash(two.key)
    assert len(one.binds) == len(two.binds)


DIFFERENT = [
    select(a.c.id),
    select(a.c.n),
    select(a),
    select(a.c.id, a.c.n),
    select(a.c.id).distinct(),
    select(a.c.id).where(a.c.n == 1),
    select(a.c.id).where(a.c.n == "1"),
    select(a.c.id).where(a.c.n == None),  # noqa: E711
    select(a.c.id).where(a.c.n != 1),
    select(a.c.id).where(a.c.n == literal("1")),
    select(a.c.id).where(a.c.n == bindparam("x", 1)),
    select(a.c.id).where(a.c.n == bindparam("y", 1)),
    select(a.c.id).where(a.c.n == 1, a.c.n == 2),
    select(a.c.id).where(or_(a.c.n == 1, a.c.n == 2)),
    select(a.c.id).where(not_(a.c.n > 1)),
    select(a.c.id).where(a.c.n.in_([1])),
    select(a.c.id).where(a.c.n.in_([a.c.id])),
    select(a.c.id).where(a.c.n.not_in([1])),
    select(a.c.id).where(a.c.name.like("x")),
    select(a.c.id).where(a.c.name.like("x", escape="/")),
    select(a.c.id).order_by(a.c.n),
    select(a.c.id, a.c.n).order_by("n"),
    select(a.c.id, a.c.n).order_by("id"),
    select(a.c.id).where(exists().where(b.c.a_id == a.c.id)),
    select(a.c.id).where(exists().where(b.c.a_id == a.c.id).correlate(a)),
    select(a.c.id).select_from(a.join(b)),
    select(a.c.id).select_from(a.outerjoin(b)),
    select(column("x")),
    select(literal_column("x")),
    select(EntityElement("subject", a, [a.c.id])),
    select(EntityElement("other", a, [a.c.id])),
    select(a.c.id).where(tuple_(a.c.id, a.c.n).in_([(1, 2)])),
    select(a.c.id).where(tuple_(a.c.id, a.c.name).in_([(1, "x")])),
    select(a.c.id).group_by(a.c.n),
    select(a.c.id).order_by(a.c.n.desc()),
    select(a.c.id).limit(1),
    select(a.c.id).offset(1),
    select(a.c.id).limit(1).offset(1),
    select(a.c.id).having(a.c.n == 1),
    select(a.c.id).join(b),
    select(a.c.id).outerjoin(b),
    select(a.c.id).join(b, a.c.id == b.c.id),
    select(a.c.id).select_from(b),
    select(a.c.id).with_for_update(),
    select(a.c.id).with_for_update(of=a),
    select(a.c.id).with_for_update(nowait=True),
    select(a.c.id.label("x")),
    select(a.c.id.label("y")),
    select(func.count(a.c.id)),
    select(func.max(a.c.id)),
    select(cast(a.c.id, String)),
    select(cast(a.c.id, String(5))),
    select(a.c.n + a.c.id),
    select(a.c.id + a.c.n),
    select(a.alias("x")),
    select(a.alias("y")),
    select(a.alias()),
    select(select(a.c.id).subquery()),
    select(select(a.c.id).scalar_subquery()),
    select(text("id")).select_from(a),
    select(null()),
    text("SELECT 1"),
    text("SELECT 1").columns(x=Integer),
    union(select(a.c.id), select(b.c.id)),
    union(select(a.c.id), select(b.c.id)).limit(1),
    insert(a),
    insert(a).values(n=1),
    insert(a).values(name="x"),
    insert(a).values([{"n": 1}, {"n": 2}]),
    insert(a).values(n=1).returning(a.c.id),
    insert(a).from_select(["n"], select(b.c.id)),
    update(a).values(n=1),
    update(a).values(n=a.c.id),
    a.delete(),
    a.delete().where(a.c.n == 1),
]


def test_different_structures_have_different_shapes() -> None:
    """SB-50: no statement is ever sent with the SQL of another; `a.n == "1"` converts as `a.n == 1` does."""
    keys: dict[Any, list[str]] = {}
    for statement in DIFFERENT:
        keys.setdefault(shape_of(statement).key, []).append(str(statement))

    shared = [texts for texts in keys.values() if len(texts) > 1]

    assert shared == [["SELECT a.id FROM a WHERE a.n = :n_1"] * 2]


def test_a_bind_that_is_repeated_is_part_of_the_shape() -> None:
    """LB-34: one object at two places, and two objects, do not share a text with one value for both."""
    same = literal(1)

    repeated = shape_of(select(a.c.id).where(a.c.n == same, a.c.id == same))
    separate = shape_of(select(a.c.id).where(a.c.n == literal(1), a.c.id == literal(2)))

    assert repeated.key != separate.key


def test_aliases_are_told_apart() -> None:
    """LB-24: which alias a column belongs to is structure."""
    one, two = a.alias(), a.alias()

    left = shape_of(select(one.c.id, two.c.id).where(one.c.n == 1))
    right = shape_of(select(one.c.id, two.c.id).where(two.c.n == 1))

    assert left.key != right.key


def test_a_column_added_later_is_part_of_the_shape() -> None:
    """SB-50: what SELECT of a table means has changed."""
    table = Table("grows", MetaData(), Column("id", Integer))
    before = shape_of(select(table)).key

    table.append_column(Column("more", Integer))

    assert shape_of(select(table)).key != before


def test_schema_statements_share_no_shape() -> None:
    """LB-17: a table changes while it is put together."""
    assert shape_of(CreateTable(a)).key != shape_of(CreateTable(a)).key


def test_options_are_part_of_the_shape() -> None:
    """LB-23: by what they append."""

    class Option:
        def __init__(self, key: str) -> None:
            self.key = key

        def shape_into(self, out: list[Any]) -> None:
            out.append(self.key)

    keys = {shape_of(select(a).options(Option(key))).key for key in ("x", "y", "x")}

    assert len(keys) == 2


columns = st.sampled_from([a.c.id, a.c.n, b.c.id, b.c.a_id])
operands = st.one_of(columns, st.integers(-2, 2))


def combine(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    number = st.one_of(inner, operands)
    return st.one_of(
        st.builds(lambda x, y: x + y, inner, number),
        st.builds(lambda x, y: x - y, inner, number),
        st.builds(lambda x: -x, inner),
        st.builds(lambda x, y: func.coalesce(x, y), inner, number),
        st.builds(lambda x, y, z: case((x == y, z), else_=0), inner, number, number),
    )


expressions = st.recursive(columns, combine, max_leaves=6)
criteria = st.recursive(
    st.one_of(
        st.builds(lambda x, y: x == y, expressions, operands),
        st.builds(lambda x, y: x.in_(y), expressions, st.lists(st.integers(), max_size=3)),
        st.builds(lambda x, y, z: x.between(y, z), expressions, operands, operands),
    ),
    lambda inner: st.one_of(st.builds(and_, inner, inner), st.builds(or_, inner, inner), st.builds(not_, inner)),
    max_leaves=5,
)
statements = st.builds(
    lambda x, y, limit: select(x).where(y).limit(limit), expressions, criteria, st.sampled_from([None, 1, 2])
)


@settings(max_examples=150, deadline=None)
@given(statements, statements)
def test_equal_shapes_mean_equal_texts(one: Any, two: Any) -> None:
    """SB-50: the cache never gives a wrong text, and walk order and text order name the same binds."""
    shapes = shape_of(one), shape_of(two)
    texts = render(one, NEUTRAL_STYLE), render(two, NEUTRAL_STYLE)

    if shapes[0].key == shapes[1].key:
        assert texts[0].text == texts[1].text
    for shape, rendered in zip(shapes, texts, strict=True):
        assert {id(bind) for bind in rendered.binds} == {id(bind) for bind in shape.binds}


def test_rendering_changes_no_shape() -> None:
    """The key of a statement is the same before and after."""
    statement = nested(3)
    before = shape_of(statement).key

    str(statement)

    assert shape_of(statement).key == before
