"""WITH, set operations, VALUES, functions in FROM and SQL text as a source: one meaning on every database."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.models import Author, Book, LibraryBase
from unitwork import (
    Column,
    DateTime,
    ForeignKey,
    Integer,
    MetaData,
    Numeric,
    String,
    Table,
    alias,
    column,
    delete,
    exc,
    except_,
    except_all,
    exists,
    func,
    insert,
    intersect,
    intersect_all,
    lateral,
    literal,
    select,
    table,
    tablesample,
    text,
    true,
    union,
    union_all,
    update,
    values,
)
from unitwork.orm import Session

metadata = MetaData()
node = Table(
    "node",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("parent_id", Integer, ForeignKey("node.id")),
    Column("name", String(20)),
    Column("price", Numeric(8, 2)),
    Column("made", DateTime),
)
c = node.c
ROWS = [(1, None, "root", 1), (2, 1, "left", 2), (3, 1, "right", 3), (4, 2, "leaf", 2)]


@pytest.fixture
def nodes(engine: Any) -> Any:
    """A Connection to a database with a small tree."""
    metadata.create_all(engine)
    with engine.connect() as connection:
        for row in ROWS:
            connection.execute(insert(node).values(dict(zip(("id", "parent_id", "name", "price"), row, strict=True))))
        yield connection


def refused(connection: Any, statements: Any, statement: Any) -> None:
    """Check that a statement is refused by name and nothing is sent."""
    with statements(connection.engine) as log, pytest.raises(exc.CompileError) as caught:
        connection.execute(statement)
    assert (caught.value.code, log.count) == ("not-on-this-database", 0)


def tuples(connection: Any, statement: Any) -> list[tuple[Any, ...]]:
    """The rows as tuples."""
    return [tuple(row) for row in connection.execute(statement)]


def test_recursive_cte(nodes: Any) -> None:
    """LB-21: a CTE that selects from itself; parameters inside it keep their order."""
    start = select(c.id, c.name, literal(0).label("depth")).where(c.id == 1).cte("tree", recursive=True)
    tree = start.union_all(select(c.id, c.name, start.c.depth + 1).join(start, c.parent_id == start.c.id))
    statement = select(tree.c.name, tree.c.depth).where(tree.c.depth > 0).order_by(tree.c.depth, tree.c.name)

    assert tuples(nodes, statement) == [("left", 1), ("right", 1), ("leaf", 2)]
    assert nodes.scalar(select(func.count()).select_from(tree)) == 4


def test_cte_of_cte_and_in_subqueries(nodes: Any) -> None:
    """LB-21: CTEs that use each other, twice in one statement, and under another name."""
    cheap = select(c.id, c.parent_id).where(c.price < 3).cte("cheap")
    inner = select(cheap.c.parent_id.label("id")).where(cheap.c.id > 1).cte()
    other = cheap.alias("other")

    assert nodes.scalars(select(c.name).where(c.id.in_(select(inner.c.id))).order_by(c.id)).all() == ["root", "left"]
    pairs = select(cheap.c.id, other.c.id).join(other, cheap.c.id == other.c.parent_id).order_by(cheap.c.id)
    assert tuples(nodes, pairs) == [(1, 2), (2, 4)]


def test_two_ctes_of_one_name_are_refused(nodes: Any) -> None:
    """LB-21: the error names them; nothing is guessed."""
    first, second = select(c.id).cte("one"), select(c.parent_id).cte("one")

    with pytest.raises(exc.CompileError, match="two CTEs") as caught:
        nodes.execute(select(first.c.id, second.c.parent_id))
    assert caught.value.code == "cte-name-twice"


def test_cte_in_insert(nodes: Any) -> None:
    """LB-21: WITH stands where the database wants it."""
    leaves = select(c.id).where(~exists().where(node.alias("n").c.parent_id == c.id)).cte("leaves")
    nodes.execute(insert(node).from_select(["id", "name"], select(leaves.c.id + 100, literal("copy"))))

    assert nodes.scalars(select(c.id).where(c.name == "copy").order_by(c.id)).all() == [103, 104]


def test_cte_in_update_and_delete(nodes: Any, backend: str, statements: Any) -> None:
    """LB-21: in front of the statement; refused by name on MariaDB, which has no such form."""
    cheap = select(c.id).where(c.price == 2).cte("cheap")
    change = update(node).values(name="cheap").where(c.id.in_(select(cheap.c.id)))
    removal = delete(node).where(c.id.in_(select(cheap.c.id).where(cheap.c.id > 2)))

    if backend == "mariadb":
        refused(nodes, statements, change)
        refused(nodes, statements, removal)
        return
    assert nodes.execute(change).rowcount == 2
    assert nodes.execute(removal).rowcount == 1


def test_cte_of_dml(nodes: Any, backend: str, statements: Any) -> None:
    """LB-21: a DELETE … RETURNING in WITH, on PostgreSQL; the CTE may also only be there."""
    gone = delete(node).where(c.id == 4).returning(c.name).cte("gone")
    statement = select(gone.c.name)

    if backend != "postgresql":
        refused(nodes, statements, statement)
        return
    assert nodes.scalars(statement).all() == ["leaf"]
    unused = delete(node).where(c.id == 3).returning(c.id).cte()
    assert nodes.scalar(select(literal(1)).add_cte(unused)) == 1
    assert nodes.scalars(select(c.id).order_by(c.id)).all() == [1, 2]


def test_set_operations(nodes: Any, backend: str, statements: Any) -> None:
    """LB-21: combined, nested, with orders and limits inside and outside, as subquery and CTE."""
    ids, parents = select(c.id), select(c.parent_id).where(c.parent_id.is_not(None))

    assert nodes.scalars(union(ids, parents).order_by("id")).all() == [1, 2, 3, 4]
    assert nodes.scalars(union_all(ids, parents).order_by("id").limit(3).offset(1)).all() == [1, 1, 2]
    assert nodes.scalars(intersect(ids, parents).order_by("id")).all() == [1, 2]
    assert nodes.scalars(except_(ids, parents).order_by("id")).all() == [3, 4]
    assert nodes.scalars(ids.union(parents).except_(select(literal(1))).order_by("id")).all() == [2, 3, 4]
    limited = union_all(ids.order_by(c.id.desc()).limit(1), parents.order_by(c.parent_id).limit(1))
    assert sorted(nodes.scalars(limited).all()) == [1, 4]
    inside = except_(ids, union(select(literal(1)), select(literal(2)))).subquery()
    assert nodes.scalars(select(inside.c.id).order_by(inside.c.id)).all() == [3, 4]
    named = union(ids, parents).cte("all_ids")
    assert nodes.scalar(select(func.count()).select_from(named)) == 4
    for combined, expected in ((except_all(union_all(ids, ids), ids), 4), (intersect_all(ids, parents), 2)):
        if backend == "sqlite":
            refused(nodes, statements, combined)
        else:
            assert len(nodes.scalars(combined).all()) == expected


def test_values(nodes: Any) -> None:
    """LB-21, LB-37: rows of values as a FROM element, joined; NULL in the first row has a type."""
    given = values(column("id", Integer), column("extra", String), name="given").data([(1, None), (3, "it's 100%")])
    statement = select(c.name, given.c.extra).join(given, given.c.id == c.id).order_by(c.id)

    assert tuples(nodes, statement) == [("root", None), ("right", "it's 100%")]
    assert nodes.scalar(select(func.count()).select_from(given.alias("again")).where(true())) == 2
    with pytest.raises(exc.CompileError) as caught:
        nodes.execute(select(values(column("id", Integer), name="v")))
    assert caught.value.code == "values-without-rows"
    with pytest.raises(exc.ArgumentError) as uneven:
        given.data([(1,)])
    assert uneven.value.code == "uneven-rows"


def test_lateral(nodes: Any, backend: str, statements: Any) -> None:
    """LB-21: a subquery in FROM that uses its neighbour."""
    inner = alias(node, "inner_node")
    child = lateral(select(func.max(inner.c.name).label("last")).where(inner.c.parent_id == c.id), "child")
    statement = select(c.id, child.c.last).join(child, true()).order_by(c.id)

    if backend != "postgresql":
        refused(nodes, statements, statement)
        return
    assert tuples(nodes, statement) == [(1, "right"), (2, "leaf"), (3, None), (4, None)]


def test_tablesample(nodes: Any, backend: str, statements: Any) -> None:
    """LB-37: a sample of all of it is all of it."""
    statement = select(func.count()).select_from(tablesample(node, func.bernoulli(100), seed=3))

    if backend != "postgresql":
        refused(nodes, statements, statement)
        return
    assert nodes.scalar(statement) == 4


def test_table_and_column_without_metadata(nodes: Any) -> None:
    """LB-37: table() and column() stand for what is there, in queries and changes."""
    plain = table("node", column("id", Integer), column("name", String))
    nodes.execute(insert(plain).values(id=9, name="new"))
    nodes.execute(insert(plain), [{"id": 10, "name": "a"}, {"id": 11, "name": "b"}])
    nodes.execute(update(plain).where(plain.c.id == 9).values(name="newer"))
    nodes.execute(delete(plain).where(plain.c.id == 11))

    found = nodes.execute(select(plain).where(plain.c.id >= 9).order_by(plain.c.id))
    assert [tuple(row) for row in found] == [(9, "newer"), (10, "a")]


@pytest.mark.backends("sqlite", "postgresql")
def test_table_valued_function(nodes: Any, backend: str) -> None:
    """LB-37: a function in FROM, with columns."""
    if backend == "sqlite":
        each = func.json_each("[10, 20]").table_valued("key", column("value", Integer), name="item")
        found = tuples(nodes, select(each.c.key, each.c.value + 1).order_by(each.c.key))
        assert found == [(0, 11), (1, 21)]
        return
    series = func.generate_series(1, 3).table_valued(column("n", Integer), with_ordinality="place").render_derived()
    assert tuples(nodes, select(series.c.n * 2, series.c.place).order_by(series.c.n)) == [(2, 1), (4, 2), (6, 3)]
    number = func.generate_series(1, 3).column_valued("number")
    assert nodes.scalars(select(number).order_by(number.desc())).all() == [3, 2, 1]


def test_table_valued_function_is_refused_by_name(nodes: Any, backend: str, statements: Any) -> None:
    """LB-37, LB-33: MariaDB has none; SQLite cannot name their columns."""
    if backend == "mariadb":
        refused(nodes, statements, select(func.json_each("[1]").table_valued("value")))
    if backend == "sqlite":
        refused(nodes, statements, select(func.json_each("[1]").column_valued("value")))
        refused(nodes, statements, select(func.f(1).table_valued("a").render_derived()))


def test_text_as_a_source(nodes: Any) -> None:
    """LB-21, LB-23: text().columns() is selected from, and its rows have types, by place or by name."""
    raw = text("SELECT id, price FROM node WHERE id > :least").bindparams(least=2)
    placed = raw.columns(column("id", Integer), column("price", Numeric(8, 2))).subquery("placed")
    by_name = text("SELECT price, id AS id FROM node WHERE id = :id").columns(id=Integer, price=Numeric(8, 2))

    found = nodes.execute(select(placed.c.price).where(placed.c.id == 3)).scalar_one()
    assert (found, type(found).__name__) == (3, "Decimal")
    row = nodes.execute(by_name, {"id": 4}).one()
    assert (row.id, row.price, type(row.price).__name__) == (4, 2, "Decimal")
    with pytest.raises(exc.CompileError) as caught:
        nodes.execute(by_name.limit(1), {"id": 4})
    assert caught.value.code == "text-is-fixed"


def test_fetch_and_slices(nodes: Any, backend: str, statements: Any) -> None:
    """LB-23: limits may be expressions; ties are fetched where the database can."""
    ordered = select(c.id).order_by(c.price, c.id)

    assert nodes.scalars(ordered.fetch(2)).all() == [1, 2]
    assert nodes.scalars(ordered.slice(1, 3)).all() == [2, 4]
    assert nodes.scalars(ordered.offset(3)).all() == [3]
    with_ties = select(c.price).order_by(c.price).fetch(2, with_ties=True)
    if backend == "sqlite":
        refused(nodes, statements, with_ties)
    else:
        assert len(nodes.scalars(with_ties).all()) == 3


def test_full_outer_join(nodes: Any, backend: str, statements: Any) -> None:
    """LB-23: where there is one."""
    child = node.alias("child")
    statement = select(func.count()).select_from(node.join(child, c.id == child.c.parent_id, full=True))

    if backend == "mariadb":
        refused(nodes, statements, statement)
    else:
        assert nodes.scalar(statement) == 6


def test_prefixes(nodes: Any) -> None:
    """LB-23: text after the first word, for one database."""
    statement = select(c.id).prefix_with("SQL_NO_CACHE", dialect="mysql").where(c.id == 1).suffix_with("/* end */")

    assert nodes.scalar(statement) == 1


# Objects


@pytest.fixture
def library(engine: Any) -> Any:
    """A Session with an author and books."""
    LibraryBase.metadata.create_all(engine)
    with Session(engine) as session:
        session.add(Author(name="ann", books=[Book(title="one"), Book(title="two")]))
        session.commit()
        yield session


def test_objects_from_text(library: Session) -> None:
    """LB-23: columns are found by name in any order; missing ones are loaded when read; parameters are given."""
    text_ = text("SELECT name, 5 AS five, id FROM author WHERE name = :name")
    author = library.scalars(select(Author).from_statement(text_), {"name": "ann"}).one()
    assert (author.name, [book.title for book in author.books]) == ("ann", ["one", "two"])

    library.expunge_all()
    partly = library.scalars(select(Author).from_statement(text("SELECT id FROM author"))).one()
    assert "name" not in partly.__dict__
    assert partly.name == "ann"
    assert library.scalars(select(Author).from_statement(text("SELECT id FROM author"))).one() is partly


def test_objects_and_values_from_other_statements(library: Session) -> None:
    """LB-21, LB-23: from a union, from textual columns, several items in a row."""
    both = union_all(select(Book).where(Book.title == "one"), select(Book).where(Book.title == "two"))
    assert sorted(book.title for book in library.scalars(select(Book).from_statement(both))) == ["one", "two"]

    pairs = select(Author, Book).join(Author.books).order_by(Book.title)
    found = library.execute(select(Author, Book.title).from_statement(pairs)).all()
    assert [(author.name, title) for author, title in found] == [("ann", "one"), ("ann", "two")]


@pytest.mark.backends("sqlite", "postgresql")
def test_objects_from_returning(library: Session) -> None:
    """LB-23: an UPDATE … RETURNING gives objects."""
    change = update(Book).where(Book.title == "one").values(title="uno").returning(Book)

    assert [book.title for book in library.scalars(select(Book).from_statement(change))] == ["uno"]


def test_objects_from_rows_without_key_are_refused(library: Session) -> None:
    """LB-23: an object has an identity, so that its key must be among the columns."""
    with pytest.raises(exc.InvalidRequestError) as caught:
        library.scalars(select(Author).from_statement(text("SELECT name FROM author"))).all()

    assert caught.value.code == "from-statement-columns"
    with pytest.raises(exc.ArgumentError) as raw:
        select(Author).from_statement("SELECT 1")
    assert raw.value.code == "raw-sql-string"


def test_column_descriptions(library: Session) -> None:
    """LB-23: what each item of a SELECT is."""
    found = select(Author, Book.title.label("t"), func.count()).column_descriptions

    assert [(one["name"], one["entity"]) for one in found] == [("Author", Author), ("t", None), ("count", None)]
    assert found[0]["type"] is Author
    assert [one.name for one in select(Author, Book.title).columns_clause_froms] == ["author", "book"]
