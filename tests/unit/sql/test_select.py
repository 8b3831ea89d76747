"""SELECT: its clauses, its FROM, subqueries and set operations, as neutral SQL."""

from __future__ import annotations

from typing import Any, cast

import pytest

from tests.support.sql import assert_sql
from unitwork import (
    Column,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    bindparam,
    case,
    column,
    desc,
    exc,
    except_,
    exists,
    func,
    intersect,
    literal,
    literal_column,
    select,
    text,
    union,
    union_all,
)
from unitwork.inspection import inspects
from unitwork.sql.elements import EntityElement
from unitwork.sql.froms import JoinLeg
from unitwork.sql.rendered import result_columns
from unitwork.sql.shape import shape_of
from unitwork.sql.traversal import iterate, replace_elements

metadata = MetaData()
a = Table("a", metadata, Column("id", Integer, primary_key=True), Column("name", String(50)), Column("n", Integer))
b = Table(
    "b", metadata, Column("id", Integer, primary_key=True), Column("a_id", ForeignKey("a.id")), Column("order", Text)
)
d = Table("d", metadata, Column("id", Integer, primary_key=True), Column("b_id", ForeignKey("b.id")))
twice = Table(
    "twice", metadata, Column("id", Integer), Column("one", ForeignKey("a.id")), Column("two", ForeignKey("a.id"))
)


class Mapper:
    """What ``inspect(cls)`` gives for a mapped class."""

    def __init__(self, entity: EntityElement) -> None:
        self.entity = entity

    def __clause_element__(self) -> EntityElement:
        return self.entity


class Meta(type):
    """Class of the mapped classes of this file."""


class Entity(EntityElement):
    """Attribute `title` is column `name`."""

    def attribute(self, name: str) -> Any:
        return self.table.c[{"title": "name"}.get(name, name)]


class A(metaclass=Meta):
    """Mapped to `a`."""


class B(metaclass=Meta):
    """Mapped to `b`."""


class Children:
    """A relationship attribute from A to B."""

    def __join_legs__(self, to: Any, outer: bool) -> list[JoinLeg]:
        return [JoinLeg(a, b, b.c.a_id == a.c.id, entities[B])]


entities = {A: Entity(A, a, list(a.c)), B: Entity(B, b, list(b.c))}
A.children = Children()  # type: ignore[attr-defined]


@inspects(Meta)
def _inspect(cls: Any) -> Mapper:
    return Mapper(entities[cls])


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (select(a), "SELECT a.id, a.name, a.n FROM a"),
        (select(b.c.order), 'SELECT b."order" FROM b'),
        (select(a.c.id, b.c.id), "SELECT a.id, b.id AS id_1 FROM a, b"),
        (select(a.c.id.label("x")), "SELECT a.id AS x FROM a"),
        (select(func.count(), func.count(a.c.id)), "SELECT count(*) AS count_1, count(a.id) AS count_2 FROM a"),
        (select(a.c.n + 1, a.c.n), "SELECT a.n + :n_1 AS anon_1, a.n FROM a"),
        (select(literal(1), literal_column("2"), text("3")), "SELECT :param_1 AS anon_1, 2, 3"),
        (select(column("x")), "SELECT x"),
        (select(a.c.n.cast(String)), "SELECT CAST(a.n AS VARCHAR) AS n FROM a"),
        (select(a.c.id).where(a.c.n == 1, a.c.id > 2), "SELECT a.id FROM a WHERE a.n = :n_1 AND a.id > :id_1"),
        (select(a.c.id).where(a.c.n == 1).where(a.c.id > 2), "SELECT a.id FROM a WHERE a.n = :n_1 AND a.id > :id_1"),
        (select(a.c.id).filter(a.c.n == 1), "SELECT a.id FROM a WHERE a.n = :n_1"),
        (select(a.c.id).filter_by(n=1, name=None), "SELECT a.id FROM a WHERE a.n = :n_1 AND a.name IS NULL"),
        (select(a.c.id).where(text("x = :x")), "SELECT a.id FROM a WHERE (x = :x)"),
        (select(a.c.id).where(True), "SELECT a.id FROM a WHERE true"),
        (select(a.c.id).order_by(a.c.n, a.c.id.desc()), "SELECT a.id FROM a ORDER BY a.n, a.id DESC"),
        (select(a.c.id).order_by(a.c.n).order_by(None), "SELECT a.id FROM a"),
        (select(a.c.id).order_by("id"), "SELECT a.id FROM a ORDER BY a.id"),
        (select(a.c.id).order_by(text("1")), "SELECT a.id FROM a ORDER BY 1"),
        (select((a.c.n + 1).label("q")).order_by(desc("q")), "SELECT a.n + :n_1 AS q FROM a ORDER BY q DESC"),
        (select(x := (a.c.n + 1).label("q")).order_by(x), "SELECT a.n + :n_1 AS q FROM a ORDER BY q"),
        (select(x).group_by("q"), "SELECT a.n + :n_1 AS q FROM a GROUP BY q"),
        (select(x).where(x > 3), "SELECT a.n + :n_1 AS q FROM a WHERE a.n + :n_2 > :param_1"),
        (
            select(a.c.n, func.count()).group_by(a.c.n).having(func.count() > 1),
            "SELECT a.n, count(*) AS count_1 FROM a GROUP BY a.n HAVING count(*) > :count_1",
        ),
        (select(a.c.n).distinct(), "SELECT DISTINCT a.n FROM a"),
        (select(a.c.n).distinct(a.c.id), "SELECT DISTINCT ON (a.id) a.n FROM a"),
        (select(a.c.id).limit(3).offset(2), "SELECT a.id FROM a LIMIT :param_1 OFFSET :param_2"),
        (select(a.c.id).limit(3).limit(None), "SELECT a.id FROM a"),
        (select(a.c.id).slice(2, 5), "SELECT a.id FROM a LIMIT :param_1 OFFSET :param_2"),
        (select(a.c.id).limit(bindparam("many")), "SELECT a.id FROM a LIMIT :many"),
        (select(a.c.id).with_for_update(), "SELECT a.id FROM a FOR UPDATE"),
        (
            select(a.c.id).with_for_update(of=a, nowait=True, read=True),
            "SELECT a.id FROM a FOR SHARE OF a NOWAIT",
        ),
        (select(a.c.id).with_for_update(skip_locked=True), "SELECT a.id FROM a FOR UPDATE SKIP LOCKED"),
        (select(a).with_only_columns(a.c.n), "SELECT a.n FROM a"),
        (select(a.c.id).add_columns(a.c.n), "SELECT a.id, a.n FROM a"),
        (
            select(a.c.id).join(b).with_only_columns(b.c.id, maintain_column_froms=True),
            "SELECT b.id FROM a JOIN b ON a.id = b.a_id",
        ),
    ],
)
def test_clauses(statement: Any, expected: str) -> None:
    """LB-23: each generative method as SQL."""
    assert_sql(statement, expected)


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (select(a.c.id).join(b), "SELECT a.id FROM a JOIN b ON a.id = b.a_id"),
        (select(a, b.c.id).join(b), "SELECT a.id, a.name, a.n, b.id AS id_1 FROM a JOIN b ON a.id = b.a_id"),
        (select(b.c.id).join(a), "SELECT b.id FROM b JOIN a ON a.id = b.a_id"),
        (select(a.c.id).outerjoin(b), "SELECT a.id FROM a LEFT OUTER JOIN b ON a.id = b.a_id"),
        (select(a.c.id).join(b, full=True), "SELECT a.id FROM a FULL OUTER JOIN b ON a.id = b.a_id"),
        (select(a.c.id).join(b, a.c.n == b.c.id), "SELECT a.id FROM a JOIN b ON a.n = b.id"),
        (
            select(a.c.id).join(b).join(d),
            "SELECT a.id FROM a JOIN b ON a.id = b.a_id JOIN d ON b.id = d.b_id",
        ),
        (select(b.c.id).select_from(a).join(b), "SELECT b.id FROM a JOIN b ON a.id = b.a_id"),
        (select(b.c.id).join(b).select_from(a), "SELECT b.id FROM a JOIN b ON a.id = b.a_id"),
        (select(func.count()).select_from(a.join(b)), "SELECT count(*) AS count_1 FROM a JOIN b ON a.id = b.a_id"),
        (select(a.c.id).join_from(a, b), "SELECT a.id FROM a JOIN b ON a.id = b.a_id"),
        (
            select(d.c.id, a.c.id).join_from(a, b),
            "SELECT d.id, a.id AS id_1 FROM d, a JOIN b ON a.id = b.a_id",
        ),
        (
            select(d.c.id, a.c.id).join(b, b.c.a_id == a.c.id),
            "SELECT d.id, a.id AS id_1 FROM d, a JOIN b ON b.a_id = a.id",
        ),
        (
            select(a.c.id).select_from(a.outerjoin(b.join(d))),
            "SELECT a.id FROM a LEFT OUTER JOIN (b JOIN d ON b.id = d.b_id) ON a.id = b.a_id",
        ),
        (
            select((other := a.alias("other")).c.id, a.c.id).where(other.c.n == a.c.id),
            "SELECT other.id, a.id AS id_1 FROM a AS other, a WHERE other.n = a.id",
        ),
        (select((left := a.alias()), (right := a.alias()).c.id).where(left.c.id == right.c.n),
         "SELECT a_1.id, a_1.name, a_1.n, a_2.id AS id_1 FROM a AS a_1, a AS a_2 WHERE a_1.id = a_2.n"),
        (select(b.c.id).join(other := a.alias("x")), "SELECT b.id FROM b JOIN a AS x ON x.id = b.a_id"),
    ],
)  # fmt: skip
def test_from_and_joins(statement: Any, expected: str) -> None:
    """LB-23, LB-24: FROM follows columns, criteria and joins."""
    assert_sql(statement, expected)


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (select(A), "SELECT a.id, a.name, a.n FROM a"),
        (select(A).filter_by(title="x"), "SELECT a.id, a.name, a.n FROM a WHERE a.name = :name_1"),
        (select(a.c.id).select_from(A), "SELECT a.id FROM a"),
        (select(a.c.id).join(B), "SELECT a.id FROM a JOIN b ON a.id = b.a_id"),
        (select(a.c.id).join(A.children), "SELECT a.id FROM a JOIN b ON b.a_id = a.id"),  # type: ignore[attr-defined]
        (select(a.c.id).join(B, A.children), "SELECT a.id FROM a JOIN b ON b.a_id = a.id"),  # type: ignore[attr-defined]
        (
            select(A).join(B).filter_by(a_id=1),
            "SELECT a.id, a.name, a.n FROM a JOIN b ON a.id = b.a_id WHERE b.a_id = :a_id_1",
        ),
    ],
)
def test_mapped_classes(statement: Any, expected: str) -> None:
    """LB-24: a mapped class stands for its table, a relationship attribute brings its condition."""
    assert_sql(statement, expected)


def test_an_entity_stays_whole_in_raw_columns() -> None:
    """The layers above find what was asked for; this layer expands it."""
    statement = select(A, b.c.id)

    assert statement.raw_columns == (entities[A], b.c.id)
    assert statement.selected_columns.keys() == ["id", "name", "n", "id_1"]


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (
            select(a.c.id).where(exists().where(b.c.a_id == a.c.id)),
            "SELECT a.id FROM a WHERE EXISTS (SELECT 1 FROM b WHERE b.a_id = a.id)",
        ),
        (
            select(a.c.id).where(~exists(select(b.c.id).where(b.c.a_id == a.c.id))),
            "SELECT a.id FROM a WHERE NOT EXISTS (SELECT b.id FROM b WHERE b.a_id = a.id)",
        ),
        (
            select(a.c.id).where(select(b.c.id).where(b.c.a_id == a.c.id).exists()),
            "SELECT a.id FROM a WHERE EXISTS (SELECT b.id FROM b WHERE b.a_id = a.id)",
        ),
        (
            select(a.c.id, select(func.count(b.c.id)).where(b.c.a_id == a.c.id).label("books")),
            "SELECT a.id, (SELECT count(b.id) AS count_1 FROM b WHERE b.a_id = a.id) AS books FROM a",
        ),
        (
            select(a.c.id).where(a.c.n.in_(select(b.c.a_id)), ~a.c.id.in_(union(select(b.c.id).limit(1), select(d)))),
            "SELECT a.id FROM a WHERE a.n IN (SELECT b.a_id FROM b) "
            "AND a.id NOT IN ((SELECT b.id FROM b LIMIT :param_1) UNION SELECT d.id, d.b_id FROM d)",
        ),
        (
            select(a.c.id).where(a.c.n == select(func.max(a.c.n))),
            "SELECT a.id FROM a WHERE a.n = (SELECT max(a.n) AS max_1 FROM a)",
        ),
        (
            select(a.c.id).where(exists().where(b.c.a_id == a.c.id).select_from(b, a).correlate(None)),
            "SELECT a.id FROM a WHERE EXISTS (SELECT 1 FROM b, a WHERE b.a_id = a.id)",
        ),
        (
            select(a.c.id).where(exists().where(b.c.a_id == a.c.id).select_from(b, a).correlate_except(b)),
            "SELECT a.id FROM a WHERE EXISTS (SELECT 1 FROM b WHERE b.a_id = a.id)",
        ),
        (
            select((s := select(b.c.a_id.label("q"), b.c.id).subquery("zz")).c.q).join(a, a.c.id == s.c.q),
            "SELECT zz.q FROM (SELECT b.a_id AS q, b.id FROM b) AS zz JOIN a ON a.id = zz.q",
        ),
        (
            select((s := select(a.c.id, b.c.id).join(b).subquery()).c.id_1).where(s.c.id > 1),
            "SELECT anon_1.id_1 FROM (SELECT a.id, b.id AS id_1 FROM a JOIN b ON a.id = b.a_id) AS anon_1 "
            "WHERE anon_1.id > :id_1",
        ),
    ],
)  # fmt: skip
def test_subqueries(statement: Any, expected: str) -> None:
    """LB-21: subqueries correlate to the statement around them as a value, and see nothing of it in FROM."""
    assert_sql(statement, expected)


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (union(select(a.c.id), select(b.c.id)), "SELECT a.id FROM a UNION SELECT b.id FROM b"),
        (
            select(a.c.id).union_all(select(b.c.id)).order_by("id").limit(1),
            "SELECT a.id FROM a UNION ALL SELECT b.id FROM b ORDER BY id LIMIT :param_1",
        ),
        (
            union_all(select(a.c.id), select(b.c.id)).order_by(a.c.id.desc()),
            "SELECT a.id FROM a UNION ALL SELECT b.id FROM b ORDER BY id DESC",
        ),
        (
            intersect(select(a.c.id).limit(1), except_(select(b.c.id), select(d.c.id))),
            "(SELECT a.id FROM a LIMIT :param_1) INTERSECT (SELECT b.id FROM b EXCEPT SELECT d.id FROM d)",
        ),
        (
            select((u := union(select(a.c.id), select(b.c.id)).subquery()).c.id).where(u.c.id > 1),
            "SELECT anon_1.id FROM (SELECT a.id FROM a UNION SELECT b.id FROM b) AS anon_1 WHERE anon_1.id > :id_1",
        ),
    ],
)
def test_set_operations(statement: Any, expected: str) -> None:
    """LB-21: UNION and the others, with order and limit of the whole."""
    assert_sql(statement, expected)


@pytest.mark.parametrize(
    ("make", "kind", "code"),
    [
        (lambda: select("x"), exc.ArgumentError, "raw-sql-string"),
        (lambda: select(1), exc.ArgumentError, "not-an-expression"),
        (lambda: select(object), exc.ArgumentError, "not-an-expression"),
        (lambda: select(a).select_from(select(a)), exc.ArgumentError, "not-a-from"),
        (lambda: select(a.c.id).limit("1"), exc.ArgumentError, "limit-not-integer"),
        (lambda: union(select(a.c.id), cast(Any, a)), exc.ArgumentError, "not-a-select"),
        (lambda: str(select(a.c.id).order_by("nothing")), exc.ArgumentError, "raw-sql-string"),
        (lambda: select(a.c.id).filter_by(nothing=1), exc.NoSuchColumnError, "no-such-column"),
        (lambda: select(literal(1)).filter_by(x=1), exc.InvalidRequestError, "no-filter-source"),
        (lambda: str(select(a.c.id).join(d)), exc.NoForeignKeysError, "no-join-condition"),
        (lambda: str(select(a.c.id).join(twice)), exc.AmbiguousForeignKeysError, "ambiguous-join-condition"),
        (lambda: str(select(literal(1)).join(a)), exc.InvalidRequestError, "no-join-left"),
        (lambda: str(select(a, d).join(b)), exc.InvalidRequestError, "ambiguous-join-left"),
        (
            lambda: str(select(a.c.id, b.c.id).where(select(a.c.id).where(a.c.id == b.c.id).exists())),
            exc.InvalidRequestError,
            "no-from-left",
        ),
        (lambda: union(select(a.c.id), select(b.c.id)).exists().where(a.c.id == 1), exc.InvalidRequestError,
         "exists-of-compound"),
    ],
)  # fmt: skip
def test_what_is_refused(make: Any, kind: type[exc.UnitworkError], code: str) -> None:
    """ER-02, LB-13: a statement that means nothing says why, and what to do."""
    with pytest.raises(kind) as caught:
        make()

    assert caught.value.code == code
    assert caught.value.do


def test_order_by_names_a_label_only_as_a_whole_term() -> None:
    """LB-23: databases do not know labels inside expressions."""
    x = (a.c.n + 1).label("x")

    assert_sql(
        select(x).order_by(x.desc().nulls_last(), func.abs(x), x == 1),
        "SELECT a.n + :n_1 AS x FROM a ORDER BY x DESC NULLS LAST, abs(a.n + :n_2), a.n + :n_3 = :param_1",
    )


def test_a_join_is_a_from_element() -> None:
    """LB-24: with the columns of both sides, and their correspondence."""
    joined = a.outerjoin(b, a.c.id == b.c.a_id)

    assert joined.c.keys() == ["a_id", "a_name", "a_n", "b_id", "b_a_id", "b_order"]
    assert joined.c.b_order is joined.columns["b_order"] is b.c.order
    assert joined.corresponding_column(b.c.id) is b.c.id
    assert joined.corresponding_column(d.c.id) is None
    assert_sql(
        select(d.c.id).select_from(joined.join(d)),
        "SELECT d.id FROM a LEFT OUTER JOIN b ON a.id = b.a_id JOIN d ON b.id = d.b_id",
    )
    other = a.alias("o")
    assert_sql(
        select(a.c.id).select_from(replace_elements(joined, {a.c.id: other.c.n})),
        "SELECT a.id FROM a LEFT OUTER JOIN b ON o.n = b.a_id",
    )


def test_the_left_side_may_be_given() -> None:
    """LB-23: a part of a join already there, too."""
    statement = select(a.c.id).join(b).outerjoin_from(b, d)

    assert_sql(statement, "SELECT a.id FROM a JOIN b ON a.id = b.a_id LEFT OUTER JOIN d ON b.id = d.b_id")


def test_of_several_left_sides_the_related_one_is_taken() -> None:
    """LB-23: by foreign keys."""
    loner = Table("loner", metadata, Column("id", Integer), keep_existing=True)

    assert_sql(select(loner, a.c.id).join(b), "SELECT loner.id, a.id AS id_1 FROM loner, a JOIN b ON a.id = b.a_id")


def test_rewriting_reaches_every_clause() -> None:
    """LB-24: columns, criteria, terms, joins, set operations, functions, CASE."""
    n = bindparam("n", 1)
    statement = (
        select(func.abs(n), case((a.c.n == n, n), else_=n), case({5: n}, value=n), n.label("l"))
        .join(b, b.c.id == n)
        .where(a.c.n == n)
        .group_by(a.c.n + n)
        .having(func.max(a.c.n) > n)
        .order_by((a.c.n - n).desc())
        .limit(n)
        .offset(n)
    )

    changed = union(statement, select(exists(select(a.c.id).where(a.c.id == n)))).params(n=5)

    assert {bind.value for bind in changed.compile().binds} == {5}
    assert str(changed) == str(union(statement, select(exists(select(a.c.id).where(a.c.id == n)))))


def test_an_entity_filters_by_columns_of_its_table() -> None:
    """LB-23: unless the layer above names attributes otherwise."""
    plain = EntityElement("subject", a, a.c)

    assert_sql(select(plain.columns[0]).select_from(a).filter_by(n=1), "SELECT a.id FROM a WHERE a.n = :n_1")
    assert_sql(select(plain).filter_by(n=1), "SELECT a.id, a.name, a.n FROM a WHERE a.n = :n_1")
    assert_sql(func.count(plain.attribute("n")), "count(a.n)")


def test_a_left_side_that_nothing_else_names() -> None:
    """LB-23: ``join_from`` brings it along."""
    assert_sql(select(literal(1)).join_from(a, b), "SELECT :param_1 AS anon_1 FROM a JOIN b ON a.id = b.a_id")


def test_a_rewrite_without_a_change_gives_the_same_object() -> None:
    """LB-24: so that memos stay good."""
    statement = select(a.c.id).where(a.c.n == 1)

    assert statement.params(x=1) is statement


def test_a_subquery_is_an_alias_too() -> None:
    """LB-21: `alias` of a SELECT, and its use as a value under a name."""
    assert_sql(select(select(a.c.id).alias("s")), "SELECT s.id FROM (SELECT a.id FROM a) AS s")
    assert_sql(
        select(a.c.id).intersect(select(b.c.id)).except_(select(d.c.id)).union(select(d.c.id)),
        "((SELECT a.id FROM a INTERSECT SELECT b.id FROM b) EXCEPT SELECT d.id FROM d) UNION SELECT d.id FROM d",
    )


def test_a_generative_method_leaves_the_original() -> None:
    """LB-23: statements are immutable."""
    base = select(a.c.id)

    base.where(a.c.n == 1).order_by(a.c.n).limit(1).join(b).options().execution_options(x=1)

    assert_sql(base, "SELECT a.id FROM a")
    assert base.get_execution_options() == {}


def test_options_and_execution_options_add_up() -> None:
    """LB-23: the layers above find them on the statement."""

    class Option:
        def shape_into(self, out: list[Any]) -> None:
            """Part of the shape."""

    one, two = Option(), Option()
    statement = select(a).options(one).options(two).execution_options(x=1).execution_options(y=2)

    assert statement.with_options == (one, two)
    assert statement.get_execution_options() == {"x": 1, "y": 2}


def test_result_columns_have_name_type_and_element() -> None:
    """SB-50: what the engine converts and names rows by."""
    columns = result_columns(select(a.c.id, func.count().label("many"), b.c.id))

    assert [(column.name, type(column.type)) for column in columns] == [
        ("id", Integer),
        ("many", Integer),
        ("id_1", Integer),
    ]
    assert columns[0].element is a.c.id


def test_columns_of_raw_text_are_unknown_unless_told() -> None:
    """LB-21: then the driver names them."""
    assert result_columns(select(text("x"))) == ()
    assert result_columns(text("SELECT 1")) == ()
    assert [one.name for one in result_columns(text("SELECT 1").columns(x=Integer))] == ["x"]


def test_params_gives_values_anywhere() -> None:
    """LB-23: named parameters get values, in subqueries too; the original keeps its own."""
    inner = select(b.c.id).where(b.c.a_id == bindparam("x")).scalar_subquery()
    statement = select(a.c.id).where(a.c.n == bindparam("x", 1), a.c.id == inner)

    changed = statement.params(x=5)

    assert changed.compile().params == {"x": 5}
    assert statement.compile().binds[0].value == 1


def test_replacing_columns_by_those_of_an_alias() -> None:
    """LB-24: what adapts a condition; parts without a replaced column stay the same objects."""
    other = a.alias("other")
    kept = b.c.id == 1
    condition = (a.c.id == b.c.a_id) & kept

    adapted = replace_elements(condition, {a.c.id: other.c.id})

    assert_sql(adapted, "other.id = b.a_id AND b.id = :id_1")
    assert kept in list(iterate(adapted))[1:] or any(one is kept for one in iterate(adapted))


def test_an_alias_knows_which_column_shows_another() -> None:
    """LB-24: through subqueries and labels."""
    sub = select(a.c.id.label("x")).subquery()
    outer = sub.alias("y")

    assert sub.corresponding_column(a.c.id) is sub.c.x
    assert outer.corresponding_column(a.c.id) is outer.c.x
    assert outer.corresponding_column(a.c.n) is None


def test_a_scalar_subquery_is_refined() -> None:
    """LB-23: where(), correlate() and correlate_except() of the value are those of its SELECT."""
    inner, outer = Table("i", MetaData(), Column("x", Integer)), Table("o", MetaData(), Column("y", Integer))
    value = select(func.max(inner.c.x)).scalar_subquery().where(inner.c.x == outer.c.y)
    shared = "SELECT o.y FROM o WHERE (SELECT max(i.x) AS max_1 FROM i WHERE i.x = o.y) > o.y"
    apart = "SELECT o.y FROM o WHERE (SELECT max(i.x) AS max_1 FROM i, o WHERE i.x = o.y) > o.y"

    assert_sql(select(outer.c.y).where(value > outer.c.y), shared)
    assert_sql(select(outer.c.y).where(value.correlate(outer) > outer.c.y), shared)
    assert_sql(select(outer.c.y).where(value.correlate(None) > outer.c.y), apart)
    assert_sql(select(outer.c.y).where(value.correlate_except(inner) > outer.c.y), shared)
    with pytest.raises(exc.InvalidRequestError, match="scalar subquery") as caught:
        union(select(inner.c.x), select(outer.c.y)).scalar_subquery().where(inner.c.x == 1)
    assert caught.value.code == "exists-of-compound"


def test_exists_is_refined_and_selected() -> None:
    """LB-23: correlate_except() keeps what is named; select() gives one row with the answer."""
    inner, outer = Table("i", MetaData(), Column("x", Integer)), Table("o", MetaData(), Column("y", Integer))
    present = exists(inner.c.x).where(inner.c.x == outer.c.y)

    assert_sql(
        select(outer.c.y).where(present.correlate_except(inner)),
        "SELECT o.y FROM o WHERE EXISTS (SELECT i.x FROM i WHERE i.x = o.y)",
    )
    either = exists(union(select(inner.c.x), select(outer.c.y)))
    for one in (exists(inner.c.x).where(inner.c.x > 3), either):
        assert str(one.select()) == str(select(one))


def test_params_do_not_reach_into_from() -> None:
    """LB-23: rather than keep the old value in silence, params() says where it can be given; see [params-in-from]."""
    table = Table("p", MetaData(), Column("x", Integer))
    inner = select(table.c.x).where(table.c.x > bindparam("low", 1))
    for source in (inner.subquery(), inner.cte()):
        with pytest.raises(exc.InvalidRequestError, match="'low'") as caught:
            select(source.c.x).params(low=2)
        assert caught.value.code == "params-in-from"
        assert select(source.c.x).params(other=2) is not None

    within = select(table.c.x).where(table.c.x.in_(inner)).params(low=2)
    assert [bind.value for bind in shape_of(within).binds] == [2]
