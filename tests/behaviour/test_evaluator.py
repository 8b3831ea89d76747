"""What the evaluator of criteria says, each database says, for random rows and random criteria."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from unitwork import (
    Boolean,
    Column,
    Float,
    Integer,
    MetaData,
    Numeric,
    String,
    Table,
    and_,
    case,
    exc,
    insert,
    not_,
    null,
    or_,
    select,
)
from unitwork.sql.evaluate import evaluator

metadata = MetaData()
table = Table(
    "evaluated",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("a", Integer),
    Column("b", Integer),
    Column("s", String(20)),
    Column("z", String(20)),
    Column("p", Boolean),
    Column("q", Boolean),
    Column("x", Float),
    Column("m", Numeric(8, 2)),
)
c = table.c

# Few and close to each other, so that they often meet.
WHOLE = st.sampled_from([-7, -3, -1, 0, 1, 2, 3, 7])
TEXTS = st.sampled_from(["", " ", "a", "A", "a ", "ab", "aB", "a%", "a_", "é", "e", "b"])
FLOATS = st.sampled_from([-1.5, 0.0, 0.1, 0.25, 3.0, 1e10])
MONEY = st.decimals(-5, 5, places=2, allow_nan=False)
VALUES: dict[str, Any] = {"a": WHOLE, "b": WHOLE, "s": TEXTS, "z": TEXTS, "x": FLOATS, "m": MONEY}
VALUES.update(p=st.booleans(), q=st.booleans())
ROWS = st.lists(
    st.fixed_dictionaries({name: st.none() | values for name, values in VALUES.items()}), min_size=1, max_size=6
)

numbers = st.recursive(
    st.sampled_from([c.a, c.b]),
    lambda inner: st.one_of(
        st.builds(lambda left, right: left + right, inner, inner | WHOLE),
        st.builds(lambda left, right: left - right, inner, inner | WHOLE),
        st.builds(lambda left, right: left * right, inner, WHOLE),
        st.builds(lambda left, right: left // right, inner, inner | WHOLE),
        st.builds(lambda left, right: left % right, inner, inner | WHOLE),
        st.builds(lambda value: -value, inner),
    ),
    max_leaves=3,
)
texts = st.sampled_from([c.s, c.z, c.s + c.z, c.s + "a"])


def compared(left: Any, right: Any) -> Any:
    """Criteria that compare two values in every way."""
    return st.builds(
        lambda one, other, way: getattr(one, way)(other),
        left,
        right,
        st.sampled_from(
            "__eq__ __ne__ __lt__ __le__ __gt__ __ge__ is_distinct_from is_not_distinct_from".split(),
        ),
    )


def same(left: Any, right: Any) -> Any:
    """Criteria that compare two values for being the same."""
    ways = st.sampled_from("__eq__ __ne__ is_distinct_from is_not_distinct_from".split())
    return st.builds(lambda one, other, way: getattr(one, way)(other), left, right, ways)


computed = st.builds(
    lambda one, other, value, way: getattr(one, way)(other) == value,
    st.sampled_from([c.a, c.b, -c.a]),
    st.sampled_from([c.a, c.b]) | WHOLE,
    WHOLE,
    st.sampled_from("__mod__ __floordiv__ __mul__ __sub__".split()),
)
simple = st.one_of(
    computed,
    compared(numbers, numbers | WHOLE | st.just(null())),
    compared(st.just(c.x), FLOATS | WHOLE),
    compared(st.just(c.m), MONEY | WHOLE),
    same(texts, texts | TEXTS),
    same(st.just(c.p), st.just(c.q) | st.booleans()),
    st.sampled_from([c.p, c.q, c.p.is_(True), c.q.is_not(False), c.a.is_(None), c.s.is_not(None)]),
    st.builds(lambda one, items: one.in_(items), numbers, st.lists(st.none() | WHOLE, max_size=4)),
    st.builds(lambda one, items: one.not_in(items), numbers, st.lists(st.none() | WHOLE, max_size=4)),
    st.builds(lambda one, items: one.in_(items), texts, st.lists(st.none() | TEXTS, max_size=3)),
    st.builds(
        lambda one, low, high, way: one.between(low, high, symmetric=way), numbers, numbers, WHOLE, st.booleans()
    ),
    st.builds(
        lambda one, pattern, way: getattr(one, way)(pattern),
        texts,
        TEXTS,
        st.sampled_from("like not_like ilike startswith endswith contains icontains istartswith".split()),
    ),
    st.builds(lambda one, pattern: one.contains(pattern, autoescape=True), texts, TEXTS),
)
criteria = st.recursive(
    simple,
    lambda inner: st.one_of(
        st.builds(lambda *parts: and_(*parts), inner, inner),
        st.builds(lambda *parts: or_(*parts), inner, inner, inner),
        st.builds(not_, inner),
    ),
    max_leaves=4,
)


@pytest.fixture
def evaluated(engine: Any) -> Any:
    """A Connection to a database with the empty table."""
    metadata.create_all(engine)
    with engine.connect() as connection:
        yield connection


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS, criterion=criteria)
def test_evaluator_says_what_the_database_says(evaluated: Any, rows: list[dict[str, Any]], criterion: Any) -> None:
    """LB-25: True, False or NULL, for every row that it does not refuse."""
    objects = [SimpleNamespace(id=place, **row) for place, row in enumerate(rows, 1)]
    try:
        found = evaluator(criterion, lambda column: lambda obj: getattr(obj, column.key))
    except exc.UnevaluatableError:
        return
    expected: dict[int, bool | None] = {}
    for obj in objects:
        try:
            expected[obj.id] = found(obj)
        except exc.UnevaluatableError:
            continue

    asked = select(c.id, case((criterion, 1), (not_(criterion), 0))).where(c.id.in_(list(expected)))
    with evaluated.begin_nested() as savepoint:
        evaluated.execute(insert(table), [vars(obj) for obj in objects])
        answers = {row[0]: None if row[1] is None else bool(row[1]) for row in evaluated.execute(asked)}
        savepoint.rollback()

    assert answers == expected, str(criterion.compile(compile_kwargs={"literal_binds": True}))
