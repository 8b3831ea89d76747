"""Every way of loading gives the same graph, for random rows, limits and orders."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.models import Author, Book, LibraryBase, Node, Tag, book_tag
from unitwork import create_engine, insert, select
from unitwork.orm import (
    Load,
    Session,
    aliased,
    contains_eager,
    immediateload,
    joinedload,
    lazyload,
    selectinload,
    subqueryload,
)

WAYS = [lazyload, selectinload, subqueryload, immediateload, joinedload]


@pytest.fixture(scope="module")
def engine() -> Iterator[Any]:
    """An empty database in memory."""
    engine = create_engine("sqlite://")
    LibraryBase.metadata.create_all(engine)
    yield engine
    engine.dispose()


#: Numbers of authors and tags; the author of each book, if any; (book, tag) pairs; the parent of each node, if any.
libraries = st.builds(
    lambda authors, tags, owners, pairs, parents: (
        authors,
        tags,
        [None if owner is None or owner >= authors else owner + 1 for owner in owners],
        sorted({(book + 1, tag + 1) for book, tag in pairs if book < len(owners) and tag < tags}),
        [None if parent is None or parent >= place else parent + 1 for place, parent in enumerate(parents)],
    ),
    st.integers(0, 5),
    st.integers(0, 3),
    st.lists(st.none() | st.integers(0, 4), max_size=7),
    st.lists(st.tuples(st.integers(0, 6), st.integers(0, 2)), max_size=10),
    st.lists(st.none() | st.integers(0, 6), max_size=7),
)


def store(session: Session, library: Any) -> None:
    """The rows, by plain statements."""
    authors, tags, owners, pairs, parents = library
    for table, rows in (
        (Author.__table__, [{"id": n + 1, "name": f"a{n % 3}", "born": n % 2} for n in range(authors)]),
        (Book.__table__, [{"id": n + 1, "title": f"t{n % 4}", "author_id": owner} for n, owner in enumerate(owners)]),
        (Tag.__table__, [{"id": n + 1, "name": f"g{n}"} for n in range(tags)]),
        (book_tag, [{"book_id": book, "tag_id": tag} for book, tag in pairs]),
        (Node.__table__, [{"id": n + 1, "name": "n", "parent_id": parent} for n, parent in enumerate(parents)]),
    ):
        for row in rows:
            session.execute(insert(table).values(**row))


def shown(author: Any) -> Any:
    """An author with books, their tags, and the author of each, by keys."""
    books = [(book.id, [tag.id for tag in book.tags], book.author is author) for book in author.books]
    return author.id, author.name, books


def graph_of(session: Session, statement: Any) -> list[Any]:
    """What the statement's authors look like, loaded anew."""
    session.expunge_all()
    return [shown(author) for author in session.scalars(statement).unique()]


@settings(max_examples=60, deadline=None)
@given(
    library=libraries,
    limit=st.none() | st.integers(0, 4),
    offset=st.none() | st.integers(0, 3),
    by_name=st.booleans(),
    first=st.sampled_from(WAYS),
    second=st.sampled_from(WAYS),
    distinct=st.booleans(),
)
def test_every_way_of_loading_gives_the_same_graph(
    engine: Any, library: Any, limit: Any, offset: Any, by_name: bool, first: Any, second: Any, distinct: bool
) -> None:
    """LB-15, LB-27: whatever is mixed along a path, and whatever the statement does to its rows."""
    with Session(engine) as session:
        store(session, library)
        order = [Author.name.desc(), Author.id] if by_name else [Author.id]
        statement = select(Author).order_by(*order).limit(limit).offset(offset)
        statement = statement.distinct() if distinct else statement
        option = first(Author.books)
        for name, attribute in ((second.__name__, Book.tags), (first.__name__, Book.author)):
            option = option.options(getattr(Load(Book), name)(attribute))

        assert graph_of(session, statement.options(option)) == graph_of(session, statement)
        session.rollback()


@settings(max_examples=40, deadline=None)
@given(library=libraries)
def test_joins_of_the_statement_give_the_same_graph(engine: Any, library: Any) -> None:
    """LB-24, LB-27: contains_eager() over outer joins that leave nothing out."""
    with Session(engine) as session:
        store(session, library)
        book, tag = aliased(Book), aliased(Tag)
        statement = (
            select(Author)
            .outerjoin(Author.books.of_type(book))
            .outerjoin(book.tags.of_type(tag))
            .order_by(Author.id, book.id, tag.id)
            .options(contains_eager(Author.books.of_type(book)).contains_eager(book.tags.of_type(tag)))
        )

        assert graph_of(session, statement) == graph_of(session, select(Author).order_by(Author.id))
        session.rollback()


@settings(max_examples=40, deadline=None)
@given(library=libraries, limit=st.none() | st.integers(0, 4), depth=st.integers(1, 3))
def test_trees_are_the_same_in_every_way(engine: Any, library: Any, limit: Any, depth: int) -> None:
    """LB-24, LB-27: a self-reference, some levels by joins or recursion, the rest when it is read."""

    def tree(node: Any) -> Any:
        return node.id, [tree(child) for child in node.children]

    with Session(engine) as session:
        store(session, library)
        statement = select(Node).where(Node.parent_id.is_(None)).order_by(Node.id).limit(limit)
        joined = joinedload(Node.children)
        for _ in range(depth - 1):
            joined = joined.joinedload(Node.children)
        found = []
        for options in ((), (joined,), (selectinload(Node.children, recursion_depth=depth),)):
            session.expunge_all()
            found.append([tree(node) for node in session.scalars(statement.options(*options)).unique()])

        assert found[0] == found[1] == found[2]
        session.rollback()


def test_long_runs_of_rows(engine: Any) -> None:
    """LB-27: many owners, and more keys than one SELECT takes."""
    rnd = random.Random(4)
    with Session(engine) as session:
        for number in range(1, 1200):
            session.execute(insert(Author.__table__).values(id=number, name=str(number % 7)))
            session.execute(insert(Book.__table__).values(id=number, title="t", author_id=rnd.randint(1, 1199)))
        statement = select(Author).order_by(Author.name, Author.id)
        graphs = []
        for way in (selectinload, joinedload):
            session.expunge_all()
            authors = session.scalars(statement.options(way(Author.books))).unique()
            graphs.append([(author.id, [book.id for book in vars(author)["books"]]) for author in authors])
        assert graphs[0] == graphs[1]
        session.rollback()
