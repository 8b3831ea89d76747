"""The same queries on unitwork and on SQLAlchemy: rows, objects, what is loaded of them, and errors are the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.witness import World

Query = Callable[[World], Any]
QUERIES: dict[str, Query] = {}


def query(function: Query) -> Query:
    QUERIES[function.__name__] = function
    return function


def stored(world: World) -> None:
    """Three authors with 3, 1 and 0 books, three tags, a tree of seven nodes."""
    session = world.session
    red, blue, grey = tags = [world.Tag(id=n, name=name) for n, name in enumerate(("red", "blue", "grey"), 1)]
    session.add_all(tags)
    session.flush()
    for number, (name, count) in enumerate((("ann", 3), ("bea", 1), ("cid", 0)), 1):
        session.add(world.Author(id=number, name=name, born=number % 2))
        session.flush()
        for place in range(count):
            marks = [red, blue][: 2 - place] if number == 1 else [grey]
            session.add(world.Book(id=number * 10 + place, name=f"{name}{place}", author_id=number, tags=marks))
            session.flush()
    session.add(world.Book(id=99, name="stray"))
    for number, parent in ((1, None), (2, 1), (3, 1), (4, 2), (5, 4), (6, None), (7, 6)):
        session.add(world.Node(id=number, name=f"n{number}", parent_id=parent))
        session.flush()
    session.commit()
    session.expunge_all()


def shown(value: Any, depth: int = 3) -> Any:
    """A value, or an object with everything that is loaded of it."""
    if isinstance(value, (list, tuple)) or type(value).__name__ == "Row":
        return [shown(item, depth) for item in value]
    if not hasattr(value, "__table__") or not depth:
        return getattr(value, "id", value)
    present = {name: content for name, content in vars(value).items() if not name.startswith("_")}
    return type(value).__name__, {name: shown(present[name], depth - 1) for name in sorted(present)}


def answer(library: str, ask: Query) -> Any:
    """What a query gives on a library: rows, or the class of the exception."""
    world = World(library)
    try:
        stored(world)
        try:
            found = ask(world)
            if hasattr(found, "whereclause") or type(found).__name__ == "Select":
                found = world.session.execute(found).unique().all()
            return shown(list(found))
        except Exception as error:
            return type(error).__name__
    finally:
        world.close()


@query
def joined_with_limit(world: World) -> Any:
    load = world.orm.joinedload(world.Author.books).joinedload(world.Book.tags)
    return world.core.select(world.Author).order_by(world.Author.name.desc()).limit(2).options(load)


@query
def joined_with_offset_and_condition(world: World) -> Any:
    statement = world.core.select(world.Author).where(world.Author.id > 0).order_by(world.Author.id)
    return statement.offset(1).limit(5).options(world.orm.joinedload(world.Author.books))


@query
def joined_reference_inner(world: World) -> Any:
    load = world.orm.joinedload(world.Book.author, innerjoin=True)
    return world.core.select(world.Book).order_by(world.Book.id).options(load)


@query
def joined_twice_from_one_owner(world: World) -> Any:
    load = world.orm.joinedload
    return (
        world.core.select(world.Book)
        .order_by(world.Book.id)
        .options(load(world.Book.tags), load(world.Book.author).selectinload(world.Author.books))
    )


@query
def joined_and_distinct(world: World) -> Any:
    statement = world.core.select(world.Author).join(world.Author.books).distinct().order_by(world.Author.id)
    return statement.options(world.orm.joinedload(world.Author.books))


@query
def joined_and_grouped(world: World) -> Any:
    statement = world.core.select(world.Author, world.core.func.count(world.Book.id)).join(world.Author.books)
    grouped = statement.group_by(world.Author.id).order_by(world.core.func.count(world.Book.id))
    return grouped.options(world.orm.joinedload(world.Author.books))


@query
def joined_tree(world: World) -> Any:
    load = world.orm.joinedload(world.Node.children).joinedload(world.Node.children)
    return world.core.select(world.Node).where(world.Node.parent_id.is_(None)).order_by(world.Node.id).options(load)


@query
def joined_criteria(world: World) -> Any:
    load = world.orm.joinedload(world.Author.books.and_(world.Book.name == "ann1"))
    return world.core.select(world.Author).order_by(world.Author.id).options(load)


@query
def joined_without_unique(world: World) -> Any:
    statement = world.core.select(world.Author).options(world.orm.joinedload(world.Author.books))
    return world.session.scalars(statement).all()


@query
def selectin_recursion(world: World) -> Any:
    load = world.orm.selectinload(world.Node.children, recursion_depth=2)
    return world.core.select(world.Node).where(world.Node.id == 1).options(load)


@query
def contains_eager_filtered(world: World) -> Any:
    statement = world.core.select(world.Author).join(world.Author.books).join(world.Book.tags)
    statement = statement.where(world.Tag.name == "red").order_by(world.Author.id, world.Book.id)
    return statement.options(world.orm.contains_eager(world.Author.books).contains_eager(world.Book.tags))


@query
def contains_eager_alias(world: World) -> Any:
    child = world.orm.aliased(world.Node)
    statement = world.core.select(world.Node).outerjoin(world.Node.children.of_type(child))
    return statement.order_by(world.Node.id, child.id).options(
        world.orm.contains_eager(world.Node.children.of_type(child))
    )


@query
def wildcards(world: World) -> Any:
    load = (world.orm.joinedload(world.Book.author), world.orm.defer("*"))
    return world.core.select(world.Book).order_by(world.Book.id).options(*load)


@query
def only_some_columns(world: World) -> Any:
    load = world.orm.selectinload(world.Author.books).load_only(world.Book.name)
    return world.core.select(world.Author).order_by(world.Author.id).options(load)


@query
def option_of_another_class(world: World) -> Any:
    return world.core.select(world.Book).options(world.orm.joinedload(world.Author.books))


@query
def aliases_side_by_side(world: World) -> Any:
    one, two = world.orm.aliased(world.Author), world.orm.aliased(world.Author, name="two")
    statement = world.core.select(one, two).join(two, one.born == two.born).where(one.id < two.id)
    return statement.options(world.orm.selectinload(two.books))


@query
def alias_of_a_subquery(world: World) -> Any:
    inner = world.core.select(world.Book).where(world.Book.id < 20).subquery()
    book = world.orm.aliased(world.Book, inner)
    return world.core.select(world.Author, book).join(book, world.Author.books).order_by(book.id)


@query
def joins_in_a_chain(world: World) -> Any:
    first, second = world.orm.aliased(world.Node), world.orm.aliased(world.Node)
    statement = world.core.select(world.Node.id, second.id).join(world.Node.children.of_type(first))
    return statement.join(first.children.of_type(second)).order_by(second.id)


@query
def outer_join_with_criteria(world: World) -> Any:
    statement = world.core.select(world.Book.id, world.Tag.name)
    joined = statement.outerjoin(world.Book.tags.and_(world.Tag.name == "blue"))
    return joined.order_by(world.Book.id)


@query
def join_to_itself_without_alias(world: World) -> Any:
    return world.core.select(world.Node).join(world.Node.children)


@query
def questions(world: World) -> Any:
    author, book, node, tag = world.Author, world.Book, world.Node, world.Tag
    ann = world.session.get(author, 1)
    red = world.session.get(tag, 1)
    conditions = [
        (author, author.books.any(book.tags.any(tag.name == "red"))),
        (author, ~author.books.any()),
        (book, book.author.has(author.name == "bea")),
        (book, book.author != ann),
        (book, book.author == None),  # noqa: E711
        (book, book.tags.contains(red)),
        (node, node.children.any(node.name == "n4")),
        (node, node.parent.has(node.parent == None)),  # noqa: E711
        (node, ~node.children.any(node.children.any())),
    ]
    select = world.core.select
    return [world.session.scalars(select(cls.id).where(one).order_by(cls.id)).all() for cls, one in conditions]


@pytest.mark.parametrize("name", sorted(QUERIES))
def test_query(name: str) -> None:
    """LB-22, LB-24, LB-27: the same answer, of the same objects with the same things loaded."""
    assert answer("unitwork", QUERIES[name]) == answer("sqlalchemy", QUERIES[name])
