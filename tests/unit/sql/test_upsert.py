"""INSERT that meets rows that are there: whole SQL, and refusals."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.sql import assert_sql
from unitwork import Column, Integer, MetaData, String, Table, UniqueConstraint, bindparam, exc, select, update
from unitwork.dialects import mysql, postgresql, sqlite
from unitwork.sql.shape import shape_of

unique = UniqueConstraint("name", name="uq_name")
table = Table(
    "t", MetaData(), Column("id", Integer, primary_key=True), Column("name", String(9)), Column("n", Integer), unique
)
c = table.c


def sql(statement: Any, dialect: Any) -> str:
    """The text for a dialect."""
    return str(statement.compile(dialect=dialect.dialect()))


def test_do_update() -> None:
    """LB-33: new values from the row that was refused, expressions, conditions."""
    statement = postgresql.insert(table).values(name="a", n=1)
    changed = statement.on_conflict_do_update(
        index_elements=[c.name],
        index_where=c.n > 0,
        set_={"n": statement.excluded.n + c.n, c.name: "x"},
        where=c.n != statement.excluded.n,
    )

    assert_sql(
        sql(changed, postgresql),
        "INSERT INTO t (name, n) VALUES (%s, %s) ON CONFLICT (name) WHERE n > %s"
        " DO UPDATE SET n = excluded.n + t.n, name = %s WHERE t.n != excluded.n",
    )


def test_do_nothing() -> None:
    """LB-33: for any constraint, for columns, for a constraint by name or object."""
    statement = postgresql.insert(table).values(name="a").returning(c.id)
    start = "INSERT INTO t (name) VALUES (%s) ON CONFLICT"

    assert_sql(sql(statement.on_conflict_do_nothing(), postgresql), f"{start} DO NOTHING RETURNING id")
    for target in ("uq_name", unique):
        found = statement.on_conflict_do_nothing(constraint=target)
        assert_sql(sql(found, postgresql), f"{start} ON CONSTRAINT uq_name DO NOTHING RETURNING id")
    key = statement.on_conflict_do_nothing(index_elements=["id", "name"])
    assert_sql(sql(key, postgresql), f"{start} (id, name) DO NOTHING RETURNING id")


def test_on_duplicate_key_update() -> None:
    """LB-33: the form of MariaDB and MySQL; a list keeps its order."""
    statement = mysql.insert(table).values(name="a", n=1)
    changed = statement.on_duplicate_key_update([("n", statement.inserted.n + c.n), ("name", "x")])

    assert_sql(
        sql(changed, mysql),
        "INSERT INTO t (name, n) VALUES (%s, %s) ON DUPLICATE KEY UPDATE n = VALUES(n) + t.n, name = %s",
    )
    assert_sql(
        sql(statement.on_duplicate_key_update({"n": 1}, name="y"), mysql),
        "INSERT INTO t (name, n) VALUES (%s, %s) ON DUPLICATE KEY UPDATE n = %s, name = %s",
    )


def test_from_select_on_sqlite() -> None:
    """LB-33: SQLite would take ON for a join's: a WHERE stands between."""
    statement = sqlite.insert(table).from_select(["name"], select(c.name)).on_conflict_do_nothing()

    assert_sql(
        sql(statement, sqlite),
        "INSERT INTO t (name) SELECT * FROM (SELECT t.name FROM t) WHERE true ON CONFLICT DO NOTHING",
    )


def test_shape_tells_them_apart() -> None:
    """SB-50: each part is in the cache key; values are not."""
    base = postgresql.insert(table).values(name="a")
    made = [
        base,
        base.on_conflict_do_nothing(),
        base.on_conflict_do_nothing(index_elements=[c.name]),
        base.on_conflict_do_nothing(constraint="uq_name"),
        base.on_conflict_do_update(index_elements=[c.name], set_={"n": 1}),
        base.on_conflict_do_update(index_elements=[c.name], set_={"name": "x"}),
        base.on_conflict_do_update(index_elements=[c.name], set_={"n": base.excluded.n}),
        base.on_conflict_do_update(index_elements=[c.name], set_={"n": 1}, where=c.n > 1),
        base.on_conflict_do_update(index_elements=[c.name], set_={"n": 1}, index_where=c.n > 1),
    ]
    other = base.on_conflict_do_update(index_elements=[c.name], set_={"n": 2})

    assert len({shape_of(one).key for one in made}) == len(made)
    assert shape_of(other).key == shape_of(made[4]).key


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda: postgresql.insert(table).on_conflict_do_update(set_={"n": 1}), "conflict-without-target"),
        (
            lambda: postgresql.insert(table).on_conflict_do_update(index_elements=[c.id], set_={}),
            "update-without-values",
        ),
        (lambda: postgresql.insert(table).on_conflict_do_update(index_elements=[c.id], set_="n"), "bad-values"),
        (lambda: postgresql.insert(table).on_conflict_do_nothing("a", ["b"]), "two-targets"),
        (lambda: postgresql.insert(table).on_conflict_do_nothing(None, ["b"]), "unknown-column"),
        (lambda: mysql.insert(table).on_duplicate_key_update(), "update-without-values"),
    ],
)
def test_what_makes_no_sense_is_refused(make: Any, code: str) -> None:
    """LB-33: when the statement is built."""
    with pytest.raises(exc.ArgumentError) as caught:
        make()

    assert caught.value.code == code


def test_the_form_of_another_database_is_refused() -> None:
    """LB-33: by name, with the way to say it there."""
    conflict = postgresql.insert(table).values(n=1).on_conflict_do_nothing()
    named = postgresql.insert(table).values(n=1).on_conflict_do_nothing(constraint="uq_name")
    duplicate = mysql.insert(table).values(n=1).on_duplicate_key_update(n=2)
    for statement, dialect in ((conflict, mysql), (named, sqlite), (duplicate, postgresql), (duplicate, sqlite)):
        with pytest.raises(exc.CompileError) as caught:
            sql(statement, dialect)
        assert caught.value.code == "not-on-this-database"


def test_prefixes_and_ctes_of_changes() -> None:
    """LB-21, LB-23: prefix_with() and add_cte() of INSERT, UPDATE and DELETE."""
    added = select(c.id).cte("x")
    insert = sqlite.insert(table).values(n=1).prefix_with("OR IGNORE", dialect="sqlite").add_cte(added)

    assert_sql(sql(insert, sqlite), "WITH x AS (SELECT t.id FROM t) INSERT OR IGNORE INTO t (n) VALUES (?)")
    assert_sql(sql(insert, postgresql), "WITH x AS (SELECT t.id FROM t) INSERT INTO t (n) VALUES (%s)")
    assert_sql(sql(update(table).values(n=1).prefix_with("LOW_PRIORITY"), mysql), "UPDATE LOW_PRIORITY t SET n = %s")
    assert shape_of(update(table).values(n=1)).key != shape_of(update(table).values(n=1).prefix_with("X")).key


def test_written_out_lists() -> None:
    """LB-41: render_postcompile writes the lists of IN; string and params belong to it."""
    statement = select(c.id).where(c.id.in_([3, 5]), c.n == bindparam("wanted", 7))
    found = statement.compile(compile_kwargs={"render_postcompile": True})

    assert_sql(found.string, "SELECT t.id FROM t WHERE t.id IN (:id_1_1, :id_1_2) AND t.n = :wanted")
    assert found.params == {"id_1_1": 3, "id_1_2": 5, "wanted": 7}
    empty = select(c.id).where(c.id.in_([])).compile(compile_kwargs={"render_postcompile": True})
    assert_sql(str(empty), "SELECT t.id FROM t WHERE t.id IN (NULL) AND (1 != 1)")
    on_server = statement.compile(dialect=postgresql.dialect(), compile_kwargs={"render_postcompile": True})
    assert_sql(str(on_server), "SELECT t.id FROM t WHERE t.id IN (%s, %s) AND t.n = %s")
