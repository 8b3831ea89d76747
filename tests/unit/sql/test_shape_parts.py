"""Each part of a statement is in its shape: statements that vary in one part at a time are never taken for another."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import permutations, product
from typing import Any

import pytest

from unitwork import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Enum,
    Float,
    Integer,
    Interval,
    LargeBinary,
    MetaData,
    Numeric,
    PickleType,
    String,
    Table,
    Text,
    Time,
    Uuid,
    bindparam,
    case,
    cast,
    column,
    create_engine,
    delete,
    exists,
    extract,
    func,
    insert,
    literal,
    literal_column,
    select,
    table,
    tablesample,
    text,
    tuple_,
    type_coerce,
    union,
    update,
    values,
)
from unitwork.dialects import mysql, postgresql, sqlite
from unitwork.exc import UnitworkError
from unitwork.sql.render_stmt import render
from unitwork.sql.shape import shape_of
from unitwork.types import TypeDecorator

DIALECTS = [
    create_engine(url).dialect
    for url in ("sqlite://", "postgresql+psycopg2://u@h/d", "mariadb+pymysql://u@h/d", "mysql+pymysql://u@h/d")
]


class Letters(enum.Enum):
    """Values are not names."""

    a = "x"
    b = "y"


class Others(enum.Enum):
    """Another class of the same names."""

    a = "x"
    b = "y"


class Prefixed(TypeDecorator):
    """A type with an argument."""

    impl = String
    cache_ok = True

    def __init__(self, prefix: str) -> None:
        super().__init__()
        self.prefix = prefix


metadata = MetaData()
a = Table(
    "a",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(50)),
    Column("n", Integer),
    Column("made", Integer, default=lambda: 7),
    Column("doc", JSON),
)
b = Table("b", metadata, Column("id", Integer, primary_key=True), Column("a_id", Integer))
plain = select(a.c.n)

TYPES: list[Any] = [
    Integer(), BigInteger(), Boolean(), String(), String(5), String(5, collation="C"), Text(), LargeBinary(),
    Numeric(10, 2), Numeric(10, 3), Numeric(10, 2, asdecimal=False), Float(), Float(5), Float(asdecimal=True),
    DateTime(), DateTime(timezone=True), Time(), Time(timezone=True), Interval(), Interval(native=False),
    Enum(Letters), Enum(Others), Enum(Letters, name="other"), Enum(Letters, native_enum=False), Enum("a", "b"),
    Enum("b", "a"), Enum(Letters, values_callable=lambda kind: [one.value for one in kind]), Enum(Letters, schema="s"),
    Uuid(), Uuid(as_uuid=False), Uuid(native_uuid=False), JSON(), JSON(none_as_null=True), PickleType(),
    PickleType(protocol=2), Prefixed("x"), Prefixed("y"), Integer().with_variant(String(), "sqlite"),
    Integer().with_variant(String(5), "sqlite"), Integer().with_variant(String(), "mysql"), Integer().evaluates_none(),
]  # fmt: skip


def of_type(type_: Any) -> Iterator[Any]:
    """Yield statements with a type at every place that takes one."""
    x, y = column("x", type_), column("y", type_)
    yield from (
        select(cast(a.c.n, type_)),
        select(type_coerce(a.c.n, type_)),
        select(x),
        select(literal_column("x", type_)),
    )
    yield from (select(literal(None, type_)), select(bindparam("x", None, type_)), select(func.f(a.c.n, type_=type_)))
    yield select(a.c.n.op("->", return_type=type_)(a.c.id))
    yield text("SELECT x").columns(x=type_)
    yield text(":x").bindparams(bindparam("x", None, type_=type_))
    yield select(table("q", x).c.x)
    yield select(values(x, name="v").data([(None,)]))
    yield select(func.rows(a.c.doc).table_valued(x))
    yield from (select(func.coalesce(x, y)), select(func.max(x)), select(case((a.c.n == 1, literal(None, type_)))))
    yield from (select(union(select(x), select(y)).subquery()), select(select(x).scalar_subquery()), select(x.in_([])))
    yield select(func.lag(x).over(order_by=a.c.id))
    yield select(func.percentile_cont(0.5).within_group(x))
    yield select(x == y, x + y)


def of_names(name: str | None) -> Iterator[Any]:
    """Yield statements with a name at every place that takes one."""
    call = func.rows(a.c.doc).table_valued("value", name=name)
    rows = values(column("x", Integer), name=name)
    for recursive in (False, True):
        found = plain.cte(name, recursive=recursive)
        yield from (select(found), select(found.alias("z")), plain.add_cte(plain.where(a.c.n == 1).cte(name)))
        yield select(found.union_all(select(found.c.n)))
    yield from (
        select(plain.subquery(name)),
        select(plain.lateral(name)),
        select(a.alias(name)),
        select(a.c.n.label(name)),
    )
    yield from (select(rows.data([(1,)])), select(rows.data([(1,), (2,)])), select(rows.data([(a.c.n,)])))
    yield from (select(call), select(call.render_derived()), select(call.render_derived(with_types=True)))
    for ordinality in ("o", "p"):
        yield select(func.rows(a.c.doc).table_valued("value", with_ordinality=ordinality, name=name))
    for sampling in (func.bernoulli(5), func.system(5)):
        yield select(tablesample(a, sampling, name=name))
        yield select(tablesample(a, sampling, name=name, seed=literal(1)))


def of_expressions() -> Iterator[Any]:
    """Yield operators, functions, windows and paths that differ in one argument."""
    for symbol, precedence, comparison in product(("->", "->>"), (0, 1, 50), (False, True)):
        found = a.c.n.op(symbol, precedence=precedence, is_comparison=comparison)(a.c.id)
        yield from (select(found), select(found + 1))
    for path in ("x", "y", 0, "0", 1, -1, ("a", "b"), ("a", 1), ("a", "1"), ("a",), "a.b"):
        found = a.c.doc[path]
        yield from (select(found), select(found.as_string()), select(found.as_integer()), select(found.as_boolean()))
    bounds = [(None, 0), (0, None), (1, None), (-1, 1), (-2, 1), (None, None)]
    for kind, bound in product(("rows", "range_", "groups"), bounds):
        yield select(func.sum(a.c.n).over(order_by=a.c.id, **{kind: bound}))
    for part, order in product((None, a.c.n, [a.c.n, a.c.id]), (None, a.c.n, a.c.n.desc(), [a.c.n, a.c.id])):
        yield select(func.sum(a.c.n).over(partition_by=part, order_by=order))
        yield select(func.sum(a.c.n).filter(a.c.n > 1).over(partition_by=part, order_by=order))
    for name in ("C", "NOCASE"):
        yield from (select(a.c.name.collate(name)), plain.order_by(a.c.name.collate(name)))
    for escape in (None, "/", "!"):
        yield from (select(a.c.name.like("x", escape=escape)), select(a.c.name.ilike("x", escape=escape)))
    for flags in (None, "i"):
        yield from (select(a.c.name.regexp_match("x", flags)), select(a.c.name.regexp_replace("x", "y", flags)))
    for field in ("year", "month"):
        yield select(extract(field, column("x", DateTime)))
    for symmetric in (False, True):
        yield select(a.c.n.between(1, 2, symmetric=symmetric))
    for order in (a.c.n, a.c.n.asc(), a.c.n.desc(), a.c.n.nulls_first(), a.c.n.desc().nulls_last()):
        yield plain.order_by(order)
    for value in (1, True, 1.0, Decimal(1), "1", b"1", date(2020, 1, 1), datetime(2020, 1, 1), timedelta(1), None):
        yield from (
            select(literal(value)),
            select(func.f(value)),
            plain.where(column("x") == value),
            plain.where(a.c.doc == value),
        )
    yield from (select(func.count()), select(func.count(a.c.n)), select(func.x.count()), select(func.COUNT()))
    yield from (plain.where(a.c.n.in_([1])), plain.where(a.c.n.in_([])), plain.where(a.c.n.in_(plain)))
    yield from (plain.where(tuple_(a.c.n, a.c.id).in_([(1, 2)])), plain.where(tuple_(a.c.n, a.c.name).in_([(1, "x")])))
    yield from (
        select(text("a :x").bindparams(x=1)),
        select(text("b :x").bindparams(x=1)),
        select(literal_column("'x'")),
    )


def of_selects() -> Iterator[Any]:
    """Yield clauses of SELECT, each alone, in a subquery, in a CTE and in a set operation."""
    inner = select(b.c.id).where(b.c.a_id == a.c.id)
    locks: list[dict[str, Any]] = [
        {}, {"nowait": True}, {"read": True}, {"skip_locked": True}, {"key_share": True}, {"of": a}, {"of": b},
        {"of": [a, b]}, {"key_share": True, "read": True}, {"of": a, "nowait": True},
    ]  # fmt: skip
    found = [plain.with_for_update(**lock) for lock in locks]
    found += [plain, plain.distinct(), plain.distinct(a.c.n), plain.distinct(a.c.id), plain.distinct(a.c.n, a.c.id)]
    found += [plain.limit(1), plain.offset(1), plain.slice(1, 2), plain.fetch(1), plain.fetch(1, with_ties=True)]
    found += [plain.limit(a.c.n), plain.group_by(a.c.n), plain.having(a.c.n == 1)]
    for given, dialect in product(("A", "B"), ("*", "sqlite", "postgresql")):
        found += [plain.prefix_with(given, dialect=dialect), plain.suffix_with(given, dialect=dialect)]
    found += [plain.prefix_with(*given) for given in permutations("AB")]
    for one in found:
        yield from (one, select(one.subquery()), select(one.cte("x")), select(exists(one)), union(one, plain))
    for one in (inner, inner.correlate(a), inner.correlate(b), inner.correlate(None), inner.correlate_except(a)):
        yield from (
            select(a.c.id, one.scalar_subquery()),
            select(a.c.id).where(a.c.id.in_(one)),
            select(a.c.id, one.lateral()),
        )
    for name in ("union", "union_all", "intersect", "except_", "intersect_all", "except_all"):
        yield getattr(plain, name)(plain)


def of_changes() -> Iterator[Any]:
    """Yield INSERT, UPDATE and DELETE with their clauses."""
    cells: list[dict[str, Any]] = [
        {"n": 1}, {"made": 1}, {"n": 1, "made": 1}, {"n": None}, {"n": a.c.id}, {"n": func.f()}, {"doc": None},
        {"doc": JSON.NULL}, {"made": func.f()}, {"made": bindparam("x")}, {"made": bindparam("x", callable_=lambda: 1)},
    ]  # fmt: skip
    changes: list[Any] = [insert(a).values(**cell) for cell in cells] + [update(a).values(**cell) for cell in cells]
    changes += [insert(a).values([cell, cell]) for cell in cells]
    changes += [update(a).ordered_values(*pairs) for pairs in permutations([(a.c.n, 1), (a.c.name, "x")])]
    changes += [update(a).values(n=1).where(a.c.id == b.c.id), update(a).values(n=1).where(a.c.id == 1), delete(a)]
    changes += [
        insert(a).from_select([name], plain, include_defaults=with_) for name in ("n", "id") for with_ in (0, 1)
    ]
    for change in changes:
        yield change
        for given in ([a.c.id], [a.c.n], [a], [a.c.id.label("x")], [a.c.n + 1]):
            yield from (change.returning(*given), select(change.returning(*given).cte("x")))
        for name in ("A", "B"):
            yield change.prefix_with(name)


def of_upserts() -> Iterator[Any]:
    """Yield what PostgreSQL, SQLite and MariaDB do when a row is there."""
    conditions = (None, a.c.n > 1, a.c.id > 1)
    for made in (sqlite.insert(a).values(n=1), postgresql.insert(a).values(n=1)):
        sets = ({"n": 1}, {"id": 1}, {"n": made.excluded.n}, {"n": made.excluded.id}, {"name": "x", "n": 1})
        for target, partial in product(([a.c.n], [a.c.id], ["n", "id"]), conditions):
            yield made.on_conflict_do_nothing(index_elements=target, index_where=partial)
            for cells, where in product(sets, conditions):
                yield made.on_conflict_do_update(index_elements=target, index_where=partial, set_=cells, where=where)
    for name in ("x", "y"):
        yield postgresql.insert(a).values(n=1).on_conflict_do_nothing(constraint=name)
    other = mysql.insert(a).values(n=1)
    for given in ({"n": 1}, {"n": other.inserted.n}, {"n": other.inserted.id}, {"n": 1, "name": "x"}, {"made": 1}):
        yield other.on_duplicate_key_update(**given)
    for pairs in permutations([("n", 1), ("name", "x")]):
        yield other.on_duplicate_key_update(list(pairs))


def meaning(statement: Any, binds: list[Any], dialect: Any) -> Any:
    """Return what a database is sent for a statement, and what is made of its values and rows."""
    try:
        rendered = render(statement, dialect.style)
    except UnitworkError as err:
        return type(err), str(err)
    places = {id(bind): place for place, bind in reversed(list(enumerate(binds)))}
    sent = [(places.get(id(bind)), type(bind), bind.type.cache_key, bind.stored) for bind in rendered.binds]
    return rendered.text, sent, [(column.name, column.type.cache_key) for column in rendered.columns]


@pytest.mark.parametrize(
    "family",
    [
        lambda: (made for type_ in TYPES for made in of_type(type_)),
        lambda: (made for name in ("x", "y", None) for made in of_names(name)),
        of_expressions,
        of_selects,
        of_changes,
        of_upserts,
    ],
    ids=["types", "names", "expressions", "selects", "changes", "upserts"],
)
def test_equal_shapes_mean_equal_statements(family: Any) -> None:
    """SB-50, LB-35: equal keys are sent, bound and read alike on every database."""
    groups: dict[Any, list[Any]] = {}
    for statement in family():
        key, binds = shape_of(statement)
        groups.setdefault(key, []).append((statement, binds))

    for members, dialect in product(groups.values(), DIALECTS):
        meanings = [meaning(statement, binds, dialect) for statement, binds in members]
        assert all(one == meanings[0] for one in meanings), meanings
    assert len(groups) > 20
