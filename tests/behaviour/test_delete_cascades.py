"""Deletion along relationships: delete cascade, keys set to NULL, delete-orphan (CA-22 to CA-69)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.models import (
    Address,
    Author,
    Book,
    Customer,
    Item,
    Label,
    Order,
    Profile,
    Tag,
    User,
    book_tag,
)
from tests.support.rows import rows_of
from tests.support.states import state_of
from unitwork import Column, ForeignKey, Integer, Table, exc, select
from unitwork.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

EMAIL = Address.__table__.c.email


def stored_user(session: Session, *emails: str) -> User:
    """A user with addresses, stored and loaded."""
    user = User(name="ann", addresses=[Address(email=email) for email in emails])
    session.add(user)
    session.commit()
    assert len(user.addresses) == len(emails)
    return user


def stored_order(session: Session) -> Order:
    """An order of a customer with two items, the first with a label; stored, everything expired."""
    items = [Item(name="a", label=Label(text="l")), Item(name="b")]
    order = Order(number="1", customer=Customer(name="c"), items=items)
    session.add(order)
    session.commit()
    return order


def test_delete_without_cascade_sets_loaded_children_to_null(session: Session) -> None:
    """CA-24, SB-67, SB-73, CA-69: without delete cascade children keep their rows; their key is NULL at once."""
    author = Author(name="ann", books=[Book(title="b")])
    session.add(author)
    session.commit()
    book = author.books[0]
    session.delete(author)

    session.flush()

    assert (book.author_id, state_of(session, book)) == (None, "S")
    assert rows_of(session, Book.__table__.c.author_id) == [(None,)]


def test_delete_without_cascade_reads_unloaded_children(session: Session) -> None:
    """CA-24, SB-67: children that are not in memory are set to NULL too."""
    session.add(Author(name="ann", books=[Book(title="a"), Book(title="b")]))
    session.commit()
    session.expunge_all()
    session.delete(session.scalars(select(Author)).one())

    session.commit()

    assert rows_of(session, Book.__table__.c.author_id) == [(None,), (None,)]


def test_null_for_a_key_that_is_not_nullable_fails(engine: Any) -> None:
    """SB-67: without delete cascade a child whose key is NOT NULL makes the flush fail with IntegrityError."""

    class Base(DeclarativeBase):
        pass

    class Parent(Base):
        __tablename__ = "parent"
        id: Mapped[int] = mapped_column(primary_key=True)
        children: Mapped[list[Child]] = relationship()

    class Child(Base):
        __tablename__ = "child"
        id: Mapped[int] = mapped_column(primary_key=True)
        parent_id: Mapped[int] = mapped_column(ForeignKey("parent.id"))

    Base.metadata.create_all(engine)
    with Session(engine) as session:
        parent = Parent(children=[Child()])
        session.add(parent)
        session.commit()
        session.delete(parent)

        with pytest.raises(exc.IntegrityError):
            session.flush()


def test_delete_cascade_marks_at_once(accounts: Session) -> None:
    """CA-22, SB-66: delete() loads the children and marks them before any flush."""
    stored_user(accounts, "a@x", "b@x")
    accounts.expunge_all()
    user = accounts.scalars(select(User)).one()

    accounts.delete(user)

    assert sorted(type(obj).__name__ for obj in accounts.deleted) == ["Address", "Address", "User"]


def test_delete_cascade_deletes_rows(accounts: Session) -> None:
    """CA-23: children are deleted with, and before, their parent."""
    user = stored_user(accounts, "a@x", "b@x")
    user.profile = Profile(motto="m")
    accounts.commit()

    accounts.delete(user)
    accounts.commit()

    assert [rows_of(accounts, cls.__table__.c.id) for cls in (User, Address, Profile)] == [[], [], []]


def test_delete_cascade_ignores_pending_children(accounts: Session) -> None:
    """CA-22, CA-45, DV-21: a child appended to a marked parent is not inserted (the reference leaves its row)."""
    user = stored_user(accounts, "a@x")
    accounts.delete(user)
    late = Address(email="late@x")
    user.addresses.append(late)

    accounts.flush()

    assert state_of(accounts, late) == "T"
    assert rows_of(accounts, EMAIL) == []


def test_pending_objects_below_a_deleted_one_are_not_inserted(engine: Any) -> None:
    """CA-45, DV-21: below a marked object, pending children and their pending children are left out together."""

    class Base(DeclarativeBase):
        pass

    class Branch(Base):
        __tablename__ = "branch"
        id: Mapped[int] = mapped_column(primary_key=True)
        parent_id: Mapped[int | None] = mapped_column(ForeignKey("branch.id"))
        children: Mapped[list[Branch]] = relationship(back_populates="parent", cascade="all, delete-orphan")
        parent: Mapped[Branch | None] = relationship(back_populates="children", remote_side=[id])

    Base.metadata.create_all(engine)
    with Session(engine) as session:
        root = Branch()
        session.add(root)
        session.commit()
        root.children.append(Branch(children=[Branch()]))
        session.delete(root)

        session.commit()

        assert rows_of(session, Branch.__table__.c.id) == []


def test_delete_does_not_cascade_to_a_referenced_object(shop: Session) -> None:
    """CA-26: without delete cascade on the many-to-one the referenced object stays."""
    order = stored_order(shop)

    shop.delete(order)
    shop.commit()

    assert rows_of(shop, Customer.__table__.c.name) == [("c",)]


def test_delete_cascades_along_a_many_to_one(shop: Session) -> None:
    """CA-25, CA-64: with delete cascade on the many-to-one the referenced object goes after its owner."""
    order = stored_order(shop)

    shop.delete(order)
    shop.commit()

    assert [rows_of(shop, cls.__table__.c.id) for cls in (Order, Item, Label)] == [[], [], []]


def test_delete_cascades_down_a_tree(engine: Any) -> None:
    """CA-22, CA-23: delete cascade goes down a self-referential tree, children first."""

    class Base(DeclarativeBase):
        pass

    class Branch(Base):
        __tablename__ = "branch"
        id: Mapped[int] = mapped_column(primary_key=True)
        parent_id: Mapped[int | None] = mapped_column(ForeignKey("branch.id"))
        children: Mapped[list[Branch]] = relationship(cascade="all")

    Base.metadata.create_all(engine)
    with Session(engine) as session:
        root = Branch(children=[Branch(children=[Branch()]), Branch()])
        session.add(root)
        session.commit()

        session.delete(root)
        session.commit()

        assert rows_of(session, Branch.__table__.c.id) == []


@pytest.mark.parametrize("side", ["book", "tag"])
def test_delete_of_either_end_deletes_association_rows(session: Session, side: str) -> None:
    """SB-68, CA-28: association rows go with either end, loaded or not; the other end stays."""
    session.add(Book(title="b", tags=[Tag(name="x"), Tag(name="y")]))
    session.commit()
    session.expunge_all()
    if side == "book":
        session.delete(session.scalars(select(Book)).one())
    else:
        for tag in session.scalars(select(Tag)):
            session.delete(tag)

    session.commit()

    left = [len(rows_of(session, column)) for column in (book_tag.c.book_id, Book.__table__.c.id, Tag.__table__.c.id)]
    assert left == ([0, 0, 2] if side == "book" else [0, 1, 0])


def test_delete_cascade_on_a_many_to_many(engine: Any) -> None:
    """CA-27: association rows, then the owner, then the targets are deleted."""

    class Base(DeclarativeBase):
        pass

    link = Table(
        "link",
        Base.metadata,
        Column("left_id", Integer, ForeignKey("left_side.id"), primary_key=True),
        Column("right_id", Integer, ForeignKey("right_side.id"), primary_key=True),
    )

    class Right(Base):
        __tablename__ = "right_side"
        id: Mapped[int] = mapped_column(primary_key=True)

    class Left(Base):
        __tablename__ = "left_side"
        id: Mapped[int] = mapped_column(primary_key=True)
        rights: Mapped[list[Right]] = relationship(secondary=link, cascade="all")

    Base.metadata.create_all(engine)
    with Session(engine) as session:
        left = Left(rights=[Right(), Right()])
        session.add(left)
        session.commit()

        session.delete(left)
        session.commit()

        assert [rows_of(session, table.c[0]) for table in Base.metadata.tables.values()] == [[], [], []]


def test_removal_without_delete_orphan_sets_null(shop: Session) -> None:
    """CA-33: with delete but no delete-orphan, a removed child keeps its row with NULL."""
    order = stored_order(shop)

    order.items.pop()
    shop.commit()

    assert rows_of(shop, Item.__table__.c.name, Item.__table__.c.order_id) == [("a", order.id), ("b", None)]


@pytest.mark.parametrize("how", ["remove", "replace", "clear reference"])
def test_orphan_is_deleted(accounts: Session, how: str) -> None:
    """CA-30, SB-72: a child that loses its parent is deleted at flush."""
    user = stored_user(accounts, "a@x", "b@x")
    first, second = user.addresses

    if how == "remove":
        user.addresses.remove(first)
    elif how == "replace":
        user.addresses = [second]
    else:
        first.user = None
    accounts.flush()

    assert state_of(accounts, first) == "D"
    assert rows_of(accounts, EMAIL) == [("b@x",)]


def test_orphan_of_a_one_to_one_is_deleted(accounts: Session) -> None:
    """CA-30: replacing the partner of a one-to-one deletes the old one's row."""
    user = User(name="ann", profile=Profile(motto="old"))
    accounts.add(user)
    accounts.commit()

    user.profile = Profile(motto="new")
    accounts.commit()

    assert rows_of(accounts, Profile.__table__.c.motto) == [("new",)]


@pytest.mark.parametrize("new", [None, "other"])
def test_orphan_of_a_single_parent_is_deleted(shop: Session, new: str | None) -> None:
    """CA-31, SB-72: assigning None or another object deletes the old target of a single_parent many-to-one."""
    order = stored_order(shop)
    item = order.items[0]

    item.label = Label(text=new) if new else None
    shop.commit()

    assert rows_of(shop, Label.__table__.c.text) == ([(new,)] if new else [])


def test_single_parent_refuses_a_second_owner(shop: Session) -> None:
    """CA-65: a target of single_parent=True given to a second owner raises InvalidRequestError."""
    label = Label(text="l")
    first, second = Item(label=label), Item()

    with pytest.raises(exc.InvalidRequestError):
        second.label = label

    assert first.label is label


def test_pending_orphan_leaves_at_once(accounts: Session) -> None:
    """CA-60: a pending child removed from its parent leaves the Session immediately."""
    user = stored_user(accounts)
    address = Address(email="a@x")
    user.addresses.append(address)
    before = state_of(accounts, address)

    user.addresses.remove(address)

    assert (before, state_of(accounts, address)) == ("P", "T")


def test_pending_orphan_takes_its_children_along(engine: Any) -> None:
    """CA-20, CA-60: what leaves the Session as pending orphan leaves with what it owns, which is not inserted."""

    class Base(DeclarativeBase):
        pass

    class Branch(Base):
        __tablename__ = "branch"
        id: Mapped[int] = mapped_column(primary_key=True)
        parent_id: Mapped[int | None] = mapped_column(ForeignKey("branch.id"))
        children: Mapped[list[Branch]] = relationship(cascade="all, delete-orphan")

    Base.metadata.create_all(engine)
    with Session(engine) as session:
        leaf = Branch()
        root, orphan = Branch(), Branch(children=[leaf])
        root.children.append(orphan)
        session.add(root)

        root.children.remove(orphan)

        assert (state_of(session, orphan), state_of(session, leaf)) == ("T", "T")
        session.commit()
        assert len(rows_of(session, Branch.__table__.c.id)) == 1


def test_none_given_to_an_empty_reference_makes_no_orphan(accounts: Session) -> None:
    """CA-59: a pending object without parent stays pending when its reference is set to None."""
    address = Address(email="a@x")
    accounts.add(address)

    address.user = None

    assert state_of(accounts, address) == "P"


def test_object_that_never_had_a_parent_is_no_orphan(accounts: Session) -> None:
    """CA-59: a pending object without parent is inserted, and the database may refuse it."""
    accounts.add(Address(email="a@x"))

    with pytest.raises(exc.IntegrityError):
        accounts.flush()


def test_foreign_key_by_hand_replaces_a_parent(accounts: Session) -> None:
    """CA-59, FP-11: a pending child whose foreign key was set by hand is inserted with it."""
    user = stored_user(accounts)
    accounts.add(Address(email="a@x", user_id=user.id))

    accounts.commit()

    assert [address.email for address in user.addresses] == ["a@x"]


@pytest.mark.parametrize("how", ["remove and append", "append", "assign"])
def test_child_moved_in_one_flush_is_updated(accounts: Session, how: str) -> None:
    """CA-57: moving a child between two parents in one flush is no orphan delete."""
    first, second = stored_user(accounts, "a@x"), User(name="bea")
    accounts.add(second)
    accounts.commit()
    address = first.addresses[0]
    key = address.id
    _ = second.addresses

    if how == "remove and append":
        first.addresses.remove(address)
    if how == "assign":
        address.user = second
    else:
        second.addresses.append(address)
    accounts.commit()

    table = Address.__table__
    assert rows_of(accounts, table.c.id, table.c.user_id) == [(key, second.id)]


def test_autoflush_between_removal_and_append_deletes(accounts: Session) -> None:
    """CA-58: a trap kept from the reference: a lazy load between removal and append flushes the deletion."""
    first, second = stored_user(accounts, "a@x"), User(name="bea")
    accounts.add(second)
    accounts.commit()
    address = first.addresses[0]
    first.addresses.remove(address)

    with pytest.raises(exc.InvalidRequestError):
        second.addresses.append(address)
        accounts.flush()
    accounts.rollback()

    assert first.addresses == [address]


def test_parent_and_child_deleted_together(session: Session, statements: Any) -> None:
    """CA-47: parent and child deleted explicitly need no UPDATE to NULL."""
    author = Author(name="ann", books=[Book(title="b")])
    session.add(author)
    session.commit()
    session.delete(author.books[0])
    session.delete(author)

    with statements(session.get_bind()) as log:
        session.flush()

    assert log.starting_with("UPDATE") == []
    assert rows_of(session, Book.__table__.c.id) == []


def test_marked_child_given_to_another_parent_lives(accounts: Session) -> None:
    """CA-46: a marked child appended to another parent that is saved in the same flush is not deleted."""
    first, second = stored_user(accounts, "a@x"), User(name="bea")
    accounts.add(second)
    accounts.commit()
    _ = second.addresses
    address = first.addresses[0]
    accounts.delete(address)

    second.addresses.append(address)
    accounts.flush()

    assert rows_of(accounts, EMAIL, Address.__table__.c.user_id) == [("a@x", second.id)]


def test_unloaded_parent_set_to_none_cannot_tell_the_orphan(engine: Any) -> None:
    """CA-63: child.parent = None while the parent was never loaded sets the key to NULL; the row stays."""

    class Base(DeclarativeBase):
        pass

    class Parent(Base):
        __tablename__ = "parent"
        id: Mapped[int] = mapped_column(primary_key=True)
        children: Mapped[list[Child]] = relationship(back_populates="parent", cascade="all, delete-orphan")

    class Child(Base):
        __tablename__ = "child"
        id: Mapped[int] = mapped_column(primary_key=True)
        parent_id: Mapped[int | None] = mapped_column(ForeignKey("parent.id"))
        parent: Mapped[Parent | None] = relationship(back_populates="children")

    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add(Parent(children=[Child()]))
        session.commit()
        session.expunge_all()
        child = session.scalars(select(Child)).one()

        child.parent = None
        session.commit()

        assert rows_of(session, Child.__table__.c.parent_id) == [(None,)]


def test_association_changed_on_both_sides_is_written_once(session: Session) -> None:
    """CA-50: both ends changed in one flush insert, then delete, the association row once."""
    book, tag = Book(title="b"), Tag(name="t")
    session.add_all([book, tag])
    session.commit()
    assert (book.tags, tag.books) == ([], [])

    book.tags.append(tag)
    session.commit()
    linked = len(rows_of(session, book_tag.c.book_id))
    assert book.tags == [tag]
    assert tag.books == [book]
    tag.books.remove(book)
    session.commit()

    assert (linked, len(rows_of(session, book_tag.c.book_id))) == (1, 0)


def test_association_row_that_is_gone_already(session: Session) -> None:
    """CA-51: if the association row to delete is gone, the flush raises StaleDataError."""
    book = Book(title="b", tags=[Tag(name="t")])
    session.add(book)
    session.commit()
    assert len(book.tags) == 1
    session.execute(book_tag.delete())
    book.tags.clear()

    with pytest.raises(exc.StaleDataError):
        session.flush()


@pytest.mark.parametrize("loaded", [True, False])
def test_passive_deletes_leaves_unloaded_children_alone(engine: Any, statements: Any, loaded: bool) -> None:
    """CA-52: with passive_deletes=True unloaded children are neither read nor changed; loaded ones are deleted."""

    class Base(DeclarativeBase):
        pass

    class Parent(Base):
        __tablename__ = "parent"
        id: Mapped[int] = mapped_column(primary_key=True)
        children: Mapped[list[Child]] = relationship(passive_deletes=True, cascade="all")

    class Child(Base):
        __tablename__ = "child"
        id: Mapped[int] = mapped_column(primary_key=True)
        parent_id: Mapped[int | None] = mapped_column(ForeignKey("parent.id", ondelete="CASCADE"))

    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add(Parent(children=[Child()]))
        session.commit()
        session.expunge_all()
        parent = session.scalars(select(Parent)).one()
        if loaded:
            assert len(parent.children) == 1

        with statements(engine) as log:
            session.delete(parent)
            session.flush()

        touched = [line for line in log.texts if "child" in line.lower()]
        assert bool(touched) is loaded


def test_deleted_member_stays_in_a_loaded_collection(session: Session) -> None:
    """SB-70, CA-68: after the flush a deleted object is still in loaded collections, a removed one is not."""
    author = Author(name="ann", books=[Book(title="a"), Book(title="b")])
    session.add(author)
    session.commit()
    deleted, removed = author.books
    session.delete(deleted)
    author.books.remove(removed)

    session.flush()

    assert author.books == [deleted]


def test_foreign_key_follows_the_reference_at_flush(session: Session) -> None:
    """SB-73, CA-69: the foreign key column shows the new parent, or None, right after the flush."""
    first, second = Author(name="a"), Author(name="b")
    book = Book(title="x", author=first)
    session.add_all([book, second])
    session.flush()
    keys = [book.author_id]
    for author in (second, None):
        book.author = author
        session.flush()
        keys.append(book.author_id)

    assert keys == [first.id, second.id, None]


@pytest.mark.parametrize("cascade", ["save-update", "all", "all, delete-orphan"])
def test_child_removed_from_a_parent_that_is_deleted(engine: Any, cascade: str) -> None:
    """CA-24, CA-30, CA-33: a child taken out of its parent before the parent is deleted keeps no key to it; with
    delete-orphan it goes."""

    class Base(DeclarativeBase):
        pass

    class Parent(Base):
        __tablename__ = "parent"
        id: Mapped[int] = mapped_column(primary_key=True)
        children: Mapped[list[Child]] = relationship(cascade=cascade)

    class Child(Base):
        __tablename__ = "child"
        id: Mapped[int] = mapped_column(primary_key=True)
        parent_id: Mapped[int | None] = mapped_column(ForeignKey("parent.id"))

    Base.metadata.create_all(engine)
    with Session(engine) as session:
        parent = Parent(children=[Child()])
        session.add(parent)
        session.commit()
        parent.children.clear()

        session.delete(parent)
        session.commit()

        assert rows_of(session, Child.__table__.c.parent_id) == ([] if "orphan" in cascade else [(None,)])
