"""How many statements a flush sends, counted at the database, with constraints checked at once on every one of them.

Each execution of an ``executemany`` counts, and so do BEGIN and COMMIT: these are the bounds that a user can rely on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from tests.conftest import Statements
from unitwork import Column, ForeignKey, Integer, String, Table, create_engine, func, select
from unitwork.orm import DeclarativeBase, Mapped, mapped_column, relationship
from unitwork.orm import Session as UnitworkSession

AUTHORS, BOOKS_EACH, TAGS = 1_000, 3, 50
LEVELS = (10, 50, 190, 450, 800)  # 1,500 nodes, depth 5


class Base(DeclarativeBase):
    """Base of the classes of this file."""


book_tag = Table(
    "book_tag",
    Base.metadata,
    Column("book_id", Integer, ForeignKey("book.id"), primary_key=True),
    Column("tag_id", Integer, ForeignKey("tag.id"), primary_key=True),
)


class Author(Base):
    """Deletes its books along with itself."""

    __tablename__ = "author"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40))
    books: Mapped[list[Book]] = relationship(back_populates="author", cascade="all, delete-orphan")


class Book(Base):
    """Has two tags each in these tests."""

    __tablename__ = "book"

    id: Mapped[int] = mapped_column(primary_key=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("author.id"), index=True)
    title: Mapped[str] = mapped_column(String(40))
    author: Mapped[Author] = relationship(back_populates="books")
    tags: Mapped[list[Tag]] = relationship(secondary=book_tag, back_populates="books")


class Tag(Base):
    """Shared by many books."""

    __tablename__ = "tag"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40))
    books: Mapped[list[Book]] = relationship(secondary=book_tag, back_populates="tags")


class Node(Base):
    """Deletes its children along with itself."""

    __tablename__ = "node"

    id: Mapped[int] = mapped_column(primary_key=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("node.id"), index=True)
    name: Mapped[str] = mapped_column(String(40))
    children: Mapped[list[Node]] = relationship(back_populates="parent", cascade="all")
    parent: Mapped[Node | None] = relationship(back_populates="children", remote_side=[id])


@pytest.fixture
def database(url: str, backend: str) -> Iterator[Any]:
    """An engine whose database checks foreign keys with each statement, with empty tables."""
    engine = create_engine(url, foreign_keys=True) if backend == "sqlite" else create_engine(url)
    Base.metadata.create_all(engine)
    yield engine
    engine.dispose()


def test_insert_of_a_graph_takes_at_most_20_statements(database: Any, statements: Statements) -> None:
    """FP-01, FP-09: 1,000 authors, 3,000 books and 6,000 links to tags are inserted in batches."""
    with UnitworkSession(database) as session, statements(database) as log:
        _add_library(session)
        session.commit()

    assert log.count <= 20, log
    assert _rows(database, Author, Book, book_tag) == [AUTHORS, AUTHORS * BOOKS_EACH, AUTHORS * BOOKS_EACH * 2]


def test_update_of_a_graph_takes_at_most_20_statements(database: Any, statements: Statements) -> None:
    """FP-08, FP-09: a column of every author, book and tag, and one tag of each book, change in batches."""
    with UnitworkSession(database, expire_on_commit=False) as session:
        authors, tags = _add_library(session)
        session.commit()
        with statements(database) as log:
            for author in authors:
                author.name += "!"
                for book in author.books:
                    book.title += "!"
                    book.tags[0] = tags[(tags.index(book.tags[0]) + 2) % TAGS]
            for tag in tags:
                tag.name += "!"
            session.commit()

    assert log.count <= 20, log
    assert _rows(database, Author, Book, book_tag) == [AUTHORS, AUTHORS * BOOKS_EACH, AUTHORS * BOOKS_EACH * 2]
    with database.connect() as connection:
        for class_ in (Author.name, Book.title, Tag.name):
            unchanged = select(func.count()).where(class_.not_like("%!"))
            assert connection.scalar(unchanged) == 0


def test_delete_of_a_graph_takes_at_most_20_statements(database: Any, statements: Statements) -> None:
    """CA-48, FP-09: authors go whose books are not loaded; books and links are read and deleted in sets."""
    with UnitworkSession(database) as session:
        _add_library(session)
        session.commit()
    with UnitworkSession(database) as session:
        authors = session.scalars(select(Author)).all()

        with statements(database) as log:
            for author in authors:
                session.delete(author)
            session.commit()

    assert log.count <= 20, log
    assert _rows(database, Author, Book, book_tag) == [0, 0, 0]


def test_insert_of_a_tree_takes_at_most_12_statements(database: Any, statements: Statements) -> None:
    """FP-05, FP-09: 1,500 nodes in five levels are inserted level by level."""
    with UnitworkSession(database) as session, statements(database) as log:
        _add_tree(session)
        session.commit()

    assert log.count <= 12, log
    assert _rows(database, Node) == [sum(LEVELS)]
    with database.connect() as connection:
        assert connection.scalar(select(func.count()).where(Node.parent_id.is_(None))) == LEVELS[0]


def test_update_of_a_tree_takes_at_most_12_statements(database: Any, statements: Statements) -> None:
    """FP-05, FP-09: every node changes its name, and every node of the lowest level its parent."""
    with UnitworkSession(database, expire_on_commit=False) as session:
        levels = _add_tree(session)
        session.commit()
        with statements(database) as log:
            for node in (node for level in levels for node in level):
                node.name += "!"
            for node in levels[-1]:
                node.parent = levels[0][0]
            session.commit()

    assert log.count <= 12, log
    with database.connect() as connection:
        assert connection.scalar(select(func.count()).where(Node.name.not_like("%!"))) == 0
        moved = select(func.count()).where(Node.parent_id == levels[0][0].id)
        assert connection.scalar(moved) == LEVELS[-1] + LEVELS[1] // LEVELS[0]


def test_delete_of_a_tree_takes_at_most_12_statements(database: Any, statements: Statements) -> None:
    """CA-48, FP-05, FP-09: only the roots are loaded; each level below is read and deleted in one set."""
    with UnitworkSession(database) as session:
        _add_tree(session)
        session.commit()
    with UnitworkSession(database) as session:
        roots = session.scalars(select(Node).where(Node.parent_id.is_(None))).all()

        with statements(database) as log:
            for root in roots:
                session.delete(root)
            session.commit()

    assert log.count <= 12, log
    assert _rows(database, Node) == [0]


def _add_library(session: UnitworkSession) -> tuple[list[Author], list[Tag]]:
    tags = [Tag(name=f"tag {number}") for number in range(TAGS)]
    authors = []
    for number in range(AUTHORS):
        pair = [tags[number % TAGS], tags[(number + 1) % TAGS]]
        books = [Book(title=f"book {number}.{place}", tags=list(pair)) for place in range(BOOKS_EACH)]
        authors.append(Author(name=f"author {number}", books=books))
    session.add_all(authors)
    return authors, tags


def _add_tree(session: UnitworkSession) -> list[list[Node]]:
    """The levels of the tree; a level's nodes are spread evenly over the level above."""
    levels: list[list[Node]] = []
    for size in LEVELS:
        above: Sequence[Node | None] = levels[-1] if levels else [None]
        parents = [above[place * len(above) // size] for place in range(size)]
        levels.append([Node(name="node", parent=parent) for parent in parents])
    session.add_all(levels[0])
    return levels


def _rows(database: Any, *tables: Any) -> list[int | None]:
    with database.connect() as connection:
        return [connection.scalar(select(func.count()).select_from(table)) for table in tables]
