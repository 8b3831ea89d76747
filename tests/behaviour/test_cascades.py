"""Cascades along relationships: the argument, and save-update (CA-01 to CA-43)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.models import (
    Author,
    Book,
    Node,
    Tag,
)
from tests.support.rows import rows_of
from tests.support.states import state_of
from unitwork import ForeignKey, exc
from unitwork.orm import DeclarativeBase, Mapped, Session, mapped_column, registry, relationship


@pytest.mark.parametrize(
    ("cascade", "names"),
    [
        ("save-update, merge", {"save-update", "merge"}),
        ("all", {"save-update", "merge", "refresh-expire", "expunge", "delete"}),
        ("all, delete-orphan", {"save-update", "merge", "refresh-expire", "expunge", "delete", "delete-orphan"}),
        (["save-update", "delete"], {"save-update", "delete"}),
        ("", set()),
        ("none", set()),
        (None, {"save-update", "merge"}),
    ],
    ids=lambda value: " ".join(sorted(value)) if isinstance(value, set) else str(value),
)
def test_forms_of_the_cascade_argument(cascade: Any, names: set[str]) -> None:
    """CA-01, CA-02, CA-10: cascade= takes a string or a list of names; the result reads as a frozen set."""
    given = {} if cascade is None else {"cascade": cascade}

    class Base(DeclarativeBase):
        pass

    class Parent(Base):
        __tablename__ = "parent"
        id: Mapped[int] = mapped_column(primary_key=True)
        children: Mapped[list[Child]] = relationship(**given)

    class Child(Base):
        __tablename__ = "child"
        id: Mapped[int] = mapped_column(primary_key=True)
        parent_id: Mapped[int] = mapped_column(ForeignKey("parent.id"))

    found = Parent.children.property.cascade

    assert set(found) == names
    assert (found.save_update, found.delete_orphan) == ("save-update" in names, "delete-orphan" in names)


def test_unknown_cascade_is_refused() -> None:
    """CA-03: an unknown name raises ArgumentError when the relationship is constructed."""
    with pytest.raises(exc.ArgumentError, match="save_all"):
        relationship("Book", cascade="save_all")


def test_delete_orphan_on_the_many_side_needs_single_parent() -> None:
    """CA-05: delete-orphan on a many-to-one without single_parent=True raises at configuration."""
    mapping = registry()

    @mapping.mapped
    class Parent:
        __tablename__ = "parent"
        id: Mapped[int] = mapped_column(primary_key=True)

    @mapping.mapped
    class Child:
        __tablename__ = "child"
        id: Mapped[int] = mapped_column(primary_key=True)
        parent_id: Mapped[int] = mapped_column(ForeignKey("parent.id"))
        parent: Mapped[Parent] = relationship(cascade="all, delete-orphan")

    try:
        with pytest.raises(exc.ArgumentError, match="single_parent"):
            mapping.configure()
    finally:
        mapping.dispose()


def test_add_reaches_the_whole_graph(session: Session) -> None:
    """CA-11, CA-35, SB-60: add() of one object attaches everything reachable, in both directions."""
    tag = Tag(name="t")
    book = Book(title="b", tags=[tag])
    author = Author(name="ann", books=[book])

    session.add(tag)

    assert [state_of(session, obj) for obj in (author, book, tag)] == ["P", "P", "P"]


def test_add_reaches_a_deep_graph(session: Session) -> None:
    """CA-35: the cascade is not limited by Python's recursion limit."""
    root = node = Node(name="0")
    for number in range(1, 3000):
        node.children = [Node(name=str(number))]
        node = node.children[0]

    session.add(root)

    assert len(session.new) == 3000


def test_append_to_an_attached_owner_attaches(session: Session) -> None:
    """CA-12: an object appended to an attached owner is pending at once."""
    author = Author(name="ann")
    session.add(author)
    book = Book(title="b")

    author.books.append(book)

    assert state_of(session, book) == "P"


def test_assignment_to_an_attached_owner_attaches(session: Session) -> None:
    """CA-12, CA-14: an object assigned to a reference of an attached owner is pending at once."""
    book = Book(title="b")
    session.add(book)
    author = Author(name="ann")

    book.author = author

    assert state_of(session, author) == "P"


def test_reference_to_an_attached_parent_does_not_attach(session: Session) -> None:
    """CA-13, CA-41: child.parent = attached parent shows in the collection and does not attach the child."""
    author = Author(name="ann")
    session.add(author)

    book = Book(title="b", author=author)

    assert author.books == [book]
    assert state_of(session, book) == "T"


def test_append_of_an_attached_child_does_not_attach_the_parent(session: Session) -> None:
    """CA-15: appending an attached child to a transient parent does not attach the parent."""
    book = Book(title="b")
    session.add(book)
    author = Author(name="ann")

    author.books.append(book)

    assert state_of(session, author) == "T"


def test_unattached_child_of_a_collection_is_left_out_with_a_warning(session: Session) -> None:
    """CA-16, CA-42: a flush that meets an unattached child warns and does not insert it."""
    author = Author(name="ann")
    session.add(author)
    book = Book(title="b", author=author)

    with pytest.warns(exc.UnitworkWarning):
        session.flush()

    assert state_of(session, book) == "T"
    assert rows_of(session, Book.__table__.c.title) == []


def test_removed_object_is_still_reached_by_add(session: Session) -> None:
    """CA-11, CA-36: an object removed while its owner was detached comes in with the owner."""
    author = Author(name="ann", books=[Book(title="b")])
    session.add(author)
    session.commit()
    book = author.books[0]
    _ = book.title
    session.expunge(book)
    session.expunge(author)
    author.books.remove(book)

    session.add(author)

    assert state_of(session, book) == "S"


def test_many_to_one_without_cascade(engine: Any) -> None:
    """CA-16, CA-38: with cascade="" the target is not attached; the flush warns and writes NULL."""

    class Base(DeclarativeBase):
        pass

    class Parent(Base):
        __tablename__ = "parent"
        id: Mapped[int] = mapped_column(primary_key=True)

    class Child(Base):
        __tablename__ = "child"
        id: Mapped[int] = mapped_column(primary_key=True)
        parent_id: Mapped[int | None] = mapped_column(ForeignKey("parent.id"))
        parent: Mapped[Parent | None] = relationship(cascade="")

    Base.metadata.create_all(engine)
    with Session(engine) as session:
        child = Child(parent=Parent())
        session.add(child)

        with pytest.warns(exc.UnitworkWarning):
            session.flush()

        assert state_of(session, child.parent) == "T"
        assert rows_of(session, Child.__table__.c.parent_id) == [(None,)]


def test_cascade_to_an_object_of_another_session_is_refused(session: Session, library: Any) -> None:
    """CA-39: a cascade that meets an object of another Session raises InvalidRequestError."""
    with Session(library) as other:
        book = Book(title="b")
        other.add(book)

        with pytest.raises(exc.InvalidRequestError):
            session.add(Author(books=[book]))
