"""The mapped classes of the workloads: one source for both ORMs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from benchmarks.data import WIDE
from benchmarks.library import Library


@dataclass(frozen=True)
class Models:
    """The classes, mapped by one library: author 1-* book *-* tag, a tree of nodes, a table of 32 columns."""

    Author: Any
    Book: Any
    Tag: Any
    Node: Any
    Wide: Any


def build_models(library: Library) -> Models:
    """Map the classes anew with a library."""
    core, orm = library.core, library.orm
    column, relationship = orm.mapped_column, orm.relationship

    class Base(orm.DeclarativeBase):  # type: ignore[name-defined,misc]
        pass

    book_tag = core.Table(
        "book_tag",
        Base.metadata,
        core.Column("book_id", core.ForeignKey("book.id"), primary_key=True),
        core.Column("tag_id", core.ForeignKey("tag.id"), primary_key=True),
    )

    class Author(Base):
        __tablename__ = "author"
        id = column(core.Integer, primary_key=True)
        name = column(core.String(100), nullable=False)
        books = relationship("Book", back_populates="author", cascade="all, delete-orphan")

    class Book(Base):
        __tablename__ = "book"
        id = column(core.Integer, primary_key=True)
        author_id = column(core.ForeignKey("author.id"), nullable=False, index=True)
        title = column(core.String(200), nullable=False)
        isbn = column(core.String(20), nullable=False)
        pages = column(core.Integer, nullable=False)
        price = column(core.Float, nullable=False)
        published = column(core.Date, nullable=False)
        in_stock = column(core.Boolean, nullable=False)
        author = relationship("Author", back_populates="books")
        tags = relationship("Tag", secondary=book_tag, back_populates="books")

    class Tag(Base):
        __tablename__ = "tag"
        id = column(core.Integer, primary_key=True)
        name = column(core.String(50), nullable=False)
        books = relationship("Book", secondary=book_tag, back_populates="tags")

    class Node(Base):
        __tablename__ = "node"
        id = column(core.Integer, primary_key=True)
        parent_id = column(core.ForeignKey("node.id"), index=True)
        name = column(core.String(50), nullable=False)
        children = relationship("Node", back_populates="parent")
        parent = relationship("Node", back_populates="children", remote_side=[id])

    kinds = {"whole": core.Integer, "real": core.Float, "text": core.String(40), "flag": core.Boolean}
    columns = {name: column(kinds[name[:-1]]) for name in WIDE[1:]}
    wide = {"__tablename__": "wide", "__module__": __name__, "id": column(core.Integer, primary_key=True), **columns}
    return Models(Author, Book, Tag, Node, type("Wide", (Base,), wide))
