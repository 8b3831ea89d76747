"""INSERT, UPDATE and DELETE: values, defaults, parameters, several tables."""

from __future__ import annotations

import itertools
from typing import Any

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
    delete,
    exc,
    func,
    insert,
    null,
    select,
    text,
    update,
)
from unitwork.inspection import inspects
from unitwork.sql.elements import EntityElement
from unitwork.sql.shape import shape_of

metadata = MetaData()
a = Table("a", metadata, Column("id", Integer, primary_key=True), Column("name", String(50)), Column("n", Integer))
b = Table("b", metadata, Column("id", Integer, primary_key=True), Column("a_id", ForeignKey("a.id")), Column("t", Text))
count = itertools.count(1)
filled = Table(
    "filled",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("scalar", Integer, default=7, onupdate=8),
    Column("called", Integer, default=lambda: next(count)),
    Column("context", Integer, default=lambda context: 9),
    Column("made", Integer, default=func.length("abc")),
    Column("server", Integer, server_default="5"),
)


class Meta(type):
    """Class of the mapped class of this file."""


class Entity(EntityElement):
    """Attribute `title` is column `name`."""

    def attribute(self, name: str) -> Any:
        return self.table.c[{"title": "name"}.get(name, name)]


class A(metaclass=Meta):
    """Mapped to `a`."""


@inspects(Meta)
def _inspect(cls: Any) -> Any:
    return type("Mapper", (), {"__clause_element__": lambda self: Entity(A, a, list(a.c))})()


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (insert(a), "INSERT INTO a DEFAULT VALUES"),
        (insert(a).values(name="x"), "INSERT INTO a (name) VALUES (:name_1)"),
        (insert(a).values({a.c.name: "x", "n": 1}), "INSERT INTO a (name, n) VALUES (:name_1, :n_1)"),
        (insert(a).values((1, "x")), "INSERT INTO a (id, name) VALUES (:id_1, :name_1)"),
        (insert(a).values(name="x").values(n=1), "INSERT INTO a (name, n) VALUES (:name_1, :n_1)"),
        (
            insert(a).values([{"n": 1}, {"n": 2}]).returning(a.c.id),
            "INSERT INTO a (n) VALUES (:n_1), (:n_2) RETURNING id",
        ),
        (insert(a).values(n=func.abs(-1), name=null()), "INSERT INTO a (name, n) VALUES (NULL, abs(:n_1))"),
        (insert(a).values(n=select(func.max(b.c.id))), "INSERT INTO a (n) VALUES ((SELECT max(b.id) AS max_1 FROM b))"),
        (insert(a).from_select(["name"], select(b.c.t)), "INSERT INTO a (name) SELECT b.t FROM b"),
        (insert(A).values(title="x").returning(A), "INSERT INTO a (name) VALUES (:name_1) RETURNING id, name, n"),
        (a.update().values(n=1), "UPDATE a SET n = :n_1"),
        (a.insert().values(n=1), "INSERT INTO a (n) VALUES (:n_1)"),
        (update(a).values(n=a.c.n + 1), "UPDATE a SET n = a.n + :n_1"),
        (update(a).where(a.c.id == 1).values(n=None), "UPDATE a SET n = :n_1 WHERE a.id = :id_1"),
        (update(a).ordered_values((a.c.n, 1), ("name", "x")), "UPDATE a SET n = :n_1, name = :name_1"),
        (update(a).values(n=1).filter_by(id=1), "UPDATE a SET n = :n_1 WHERE a.id = :id_1"),
        (update(A).values(title="x").filter_by(title="y"), "UPDATE a SET name = :name_1 WHERE a.name = :name_2"),
        (
            update(a).values(n=select(func.max(b.c.id)).where(b.c.a_id == a.c.id).scalar_subquery()),
            "UPDATE a SET n = (SELECT max(b.id) AS max_1 FROM b WHERE b.a_id = a.id)",
        ),
        (
            update(a).values(n=b.c.id).where(b.c.a_id == a.c.id).returning(a.c.id),
            "UPDATE a SET n = b.id FROM b WHERE b.a_id = a.id RETURNING a.id",
        ),
        (update(a).values(n=1).returning(a.c.id, a.c.n), "UPDATE a SET n = :n_1 RETURNING id, n"),
        (delete(a), "DELETE FROM a"),
        (delete(a).where(a.c.id.in_([1, 2])), "DELETE FROM a WHERE a.id IN (:id_1)"),
        (delete(a).where(b.c.a_id == a.c.id), "DELETE FROM a USING b WHERE b.a_id = a.id"),
        (delete(A).filter_by(title="x").returning(A), "DELETE FROM a WHERE a.name = :name_1 RETURNING id, name, n"),
    ],
)
def test_statements(statement: Any, expected: str) -> None:
    """LB-21, LB-23: each form as neutral SQL."""
    assert_sql(statement, expected)


def test_defaults_fill_what_insert_does_not_name() -> None:
    """PT-19: scalars and functions become values, SQL is sent along, server defaults are left to the server."""
    statement = insert(filled).values(scalar=1)

    assert_sql(
        statement,
        "INSERT INTO filled (scalar, called, context, made) VALUES (:scalar_1, :called_1, :context_1, length(:made_1))",
    )
    assert [bind.current_value() for bind in statement.compile().binds[:3:2]] == [1, 9]


def test_a_function_default_runs_at_each_execution() -> None:
    """PT-27: two executions of one statement get two values, two rows too."""
    statement = insert(filled).values([{"scalar": 1}, {"scalar": 2}])
    called = [
        bind for bind in shape_of(statement).binds if bind.callable is not None and bind.type is filled.c.called.type
    ]

    values = [bind.current_value() for bind in (*called, *called)]

    assert len(called) == 2
    assert len(set(values)) == 4


def test_onupdate_joins_the_values_of_an_update() -> None:
    """PT-30: unless the statement sets the column itself."""
    assert_sql(update(filled).values(called=1), "UPDATE filled SET called = :called_1, scalar = :scalar_1")
    assert_sql(update(filled).values(scalar=1), "UPDATE filled SET scalar = :scalar_1")


def test_none_is_a_value_of_the_same_shape() -> None:
    """PT-21: None is a parameter, ``null()`` is SQL."""
    assert shape_of(insert(a).values(n=None)).key == shape_of(insert(a).values(n=1)).key
    assert shape_of(insert(a).values(n=null())).key != shape_of(insert(a).values(n=1)).key


def test_parameters_of_an_execution_become_columns() -> None:
    """LB-30: ``execute(insert(a), {"name": "x"})`` inserts the named columns."""
    statement = insert(a).for_parameters(["name", "n"])

    assert_sql(statement, "INSERT INTO a (name, n) VALUES (:name, :n)")
    assert all(bind.required for bind in statement.compile().binds)


def test_parameters_join_values_that_are_there() -> None:
    """LB-30: an INSERT with parameters of its own takes both."""
    statement = insert(a).values(name=bindparam("who")).for_parameters(["who", "n"])

    assert_sql(statement, "INSERT INTO a (name, n) VALUES (:who, :n)")


def test_parameters_that_the_statement_knows_are_no_columns() -> None:
    """LB-30: a bindparam in the criteria takes its value."""
    statement = update(a).where(a.c.id == bindparam("key")).for_parameters(["key", "name"])

    assert_sql(statement, "UPDATE a SET name = :name WHERE a.id = :key")


def test_insert_from_select_brings_defaults_along() -> None:
    """PT-19: scalars and SQL, as columns of the SELECT."""
    assert_sql(
        insert(filled).from_select(["called"], select(b.c.id)),
        "INSERT INTO filled (called, scalar, made) "
        "SELECT b.id, :param_1 AS anon_1, length(:param_2) AS length_1 FROM b",
    )


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda: insert(a).values(nothing=1), "unknown-column"),
        (lambda: insert(a).values({b.c.id: 1}), "unknown-column"),
        (lambda: insert(a).values({object(): 1}), "unknown-column"),
        (lambda: insert(a).values("x"), "bad-values"),
        (lambda: str(insert(a).values([{"n": 1}, {"name": "x"}])), "uneven-rows"),
        (lambda: str(update(a)), "update-without-values"),
        (lambda: update(a).for_parameters(["nothing"]), "unknown-column"),
        (lambda: insert(select(a).subquery()), "dml-needs-table"),
        (lambda: delete("a"), "not-a-from"),
        (lambda: text("x = :x").bindparams(y=1), "no-such-parameter"),
    ],
)
def test_what_is_refused(make: Any, code: str) -> None:
    """ER-02: names that mean nothing are named, with those that would."""
    with pytest.raises(exc.UnitworkError) as caught:
        make()

    assert caught.value.code == code


def test_a_required_parameter_without_a_value_is_named() -> None:
    """LB-21: not NULL silently."""
    with pytest.raises(exc.InvalidRequestError) as caught:
        bindparam("x").current_value()

    assert caught.value.code == "bind-without-value"
    assert "'x'" in str(caught.value)


def test_parameters_of_an_execution_beat_the_default_value() -> None:
    """LB-21: a parameter with a value, or with a function, needs none."""
    assert bindparam("x", 1).current_value() == 1
    assert bindparam("x", callable_=lambda: 2).current_value() == 2
