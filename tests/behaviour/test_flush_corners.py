"""Flushes with a listener, a deleted parent, a composite key or a look at the plan in the wrong place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.support.models import Address, Author, Book, LibraryBase, User
from tests.support.rows import rows_of
from tests.support.states import state_of
from unitwork import ForeignKey, ForeignKeyConstraint, String, event, exc, func, select, union
from unitwork.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship


class CornerBase(DeclarativeBase):
    """Base of the classes of this module."""


class Crate(CornerBase):
    """Parent of a relationship that its children do not know of."""

    __tablename__ = "crate"

    id: Mapped[int] = mapped_column(primary_key=True)
    bottles: Mapped[list[Bottle]] = relationship(order_by="Bottle.id")


class Bottle(CornerBase):
    """Child, with a column that changes at each UPDATE."""

    __tablename__ = "bottle"

    id: Mapped[int] = mapped_column(primary_key=True)
    crate_id: Mapped[int | None] = mapped_column(ForeignKey("crate.id"))
    label: Mapped[str | None] = mapped_column(String(20))
    price: Mapped[int | None]
    version: Mapped[int] = mapped_column(default=1, onupdate=2)


class Page(CornerBase):
    """Key of two columns."""

    __tablename__ = "page"

    book: Mapped[str] = mapped_column(String(20), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    notes: Mapped[list[Note]] = relationship(cascade="all, delete-orphan", back_populates="page")


class Note(CornerBase):
    """Refers to a key of two columns, and has children of its own."""

    __tablename__ = "note"

    id: Mapped[int] = mapped_column(primary_key=True)
    book: Mapped[str] = mapped_column(String(20))
    number: Mapped[int]
    page: Mapped[Page] = relationship(back_populates="notes")
    words: Mapped[list[Word]] = relationship(cascade="all, delete-orphan", back_populates="note")

    __table_args__ = (ForeignKeyConstraint(["book", "number"], ["page.book", "page.number"]),)


class Word(CornerBase):
    """Child of a Note."""

    __tablename__ = "word"

    id: Mapped[int] = mapped_column(primary_key=True)
    note_id: Mapped[int] = mapped_column(ForeignKey("note.id"))
    note: Mapped[Note] = relationship(back_populates="words")


class Brand(CornerBase):
    """Its products refer to a unique column that is not its key."""

    __tablename__ = "brand"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(20), unique=True)
    products: Mapped[list[Product]] = relationship()


class Product(CornerBase):
    """Refers to a Brand by its code."""

    __tablename__ = "product"

    id: Mapped[int] = mapped_column(primary_key=True)
    brand_code: Mapped[str | None] = mapped_column(ForeignKey("brand.code"))


class Empty(CornerBase):
    """False as a condition, and the only target of another."""

    __tablename__ = "empty"

    id: Mapped[int] = mapped_column(primary_key=True)
    inner_id: Mapped[int | None] = mapped_column(ForeignKey("empty.id"))
    inner: Mapped[Empty | None] = relationship(remote_side=[id], cascade="all, delete-orphan", single_parent=True)

    def __len__(self) -> int:
        return 0


@pytest.fixture
def corners(engine: Any) -> Iterator[Session]:
    """A Session on the tables of this module."""
    CornerBase.metadata.create_all(engine)
    with Session(engine) as session:
        yield session


@pytest.fixture
def listen() -> Iterator[Callable[..., None]]:
    """``event.listen`` whose registrations end with the test."""
    registered: list[tuple[Any, ...]] = []

    def register(*arguments: Any) -> None:
        event.listen(*arguments)
        registered.append(arguments)

    yield register
    for arguments in registered:
        event.remove(*arguments)


def _nothing(*_: Any) -> None:
    """Listen, and do nothing."""


def test_before_insert_leaves_foreign_keys_of_one_sided_collections(corners: Session, listen: Any) -> None:
    """EV-32, FP-10: a listener that changes nothing changes nothing, also where only the parent knows the child."""
    listen(Bottle, "before_insert", _nothing)
    crate = Crate(bottles=[Bottle()])
    corners.add(crate)

    corners.flush()

    assert rows_of(corners, Bottle.__table__.c.crate_id) == [(crate.id,)]


def test_before_update_leaves_foreign_keys_of_one_sided_collections(corners: Session, listen: Any) -> None:
    """EV-34, CA-24, FP-10: children that gain or lose a parent are written so with a listener, too."""
    listen(Bottle, "before_update", _nothing)
    crate, bottle = Crate(), Bottle()
    corners.add_all([crate, bottle])
    corners.commit()

    crate.bottles.append(bottle)
    corners.commit()
    gained = rows_of(corners, Bottle.__table__.c.crate_id) == [(crate.id,)]
    corners.delete(crate)
    corners.commit()

    assert (gained, rows_of(corners, Bottle.__table__.c.crate_id)) == (True, [(None,)])


def test_before_update_leaves_onupdate(corners: Session, listen: Any) -> None:
    """EV-34, PT-30: a column with onupdate gets its value with a listener, too."""
    listen(Bottle, "before_update", _nothing)
    bottle = Bottle(label="old")
    corners.add(bottle)
    corners.commit()

    bottle.label = "new"
    corners.commit()

    assert rows_of(corners, Bottle.__table__.c.version) == [(2,)]


def test_before_update_may_change_other_columns(corners: Session, listen: Any) -> None:
    """EV-34: what a listener writes is updated, whether or not the column was to be, and for those objects alone."""

    def set_price(_mapper: Any, _connection: Any, bottle: Bottle) -> None:
        if bottle.label == "dear":
            bottle.price = 9

    listen(Bottle, "before_update", set_price)
    bottles = [Bottle(price=1), Bottle(price=2), Bottle(price=3)]
    corners.add_all(bottles)
    corners.commit()

    for bottle, label in zip(bottles, ("dear", "cheap", "dear")):
        bottle.label = label
    corners.commit()

    assert rows_of(corners, Bottle.__table__.c.label, Bottle.__table__.c.price) == [
        ("cheap", 2),
        ("dear", 9),
        ("dear", 9),
    ]


def test_load_listeners_are_those_of_now(session: Session, listen: Any) -> None:
    """EV-03, EV-54: a listener that came after another had gone is called, the other one is not."""
    session.add(Author(name="ann"))
    session.commit()
    seen: list[str] = []

    def first(*_: Any) -> None:
        seen.append("first")

    event.listen(Author, "load", first)
    session.expunge_all()
    session.scalars(select(Author)).all()
    event.remove(Author, "load", first)
    listen(Author, "load", lambda *_: seen.append("second"))
    session.expunge_all()
    session.scalars(select(Author)).all()

    assert seen == ["first", "second"]


def test_new_children_of_a_dropped_child_are_dropped(corners: Session) -> None:
    """CA-45: what delete cascades reach from a deleted parent is not inserted, at any depth."""
    page = Page(book="b", number=1)
    corners.add(page)
    corners.commit()
    _ = page.notes
    with corners.no_autoflush:
        corners.delete(page)
        note, word = Note(), Word()
        note.words.append(word)
        page.notes.append(note)

        corners.flush()

    assert (state_of(corners, note), state_of(corners, word)) == ("T", "T")
    assert rows_of(corners, Word.__table__.c.id) == []


def test_unloaded_children_of_composite_keys_are_read_in_sets(corners: Session) -> None:
    """CA-48, SB-66: delete cascades read children by keys of two columns."""
    corners.add_all([Page(book="a'b", number=n, notes=[Note(words=[Word()]), Note()]) for n in (1, 2, 3)])
    corners.commit()
    for page in corners.scalars(select(Page)):
        corners.delete(page)

    corners.commit()

    assert [rows_of(corners, cls.__table__.c.id) for cls in (Note, Word)] == [[], []]


def test_children_are_found_by_the_key_that_the_row_has(corners: Session) -> None:
    """CA-24, FP-13: a referred-to column that was written while expired does not hide the children of its row."""
    brand = Brand(code="old", products=[Product()])
    corners.add(brand)
    corners.commit()

    brand.code = "new"
    corners.delete(brand)
    corners.commit()

    assert rows_of(corners, Product.__table__.c.brand_code) == [(None,)]


def test_objects_are_never_taken_for_truth_values(corners: Session) -> None:
    """CA-31, LB-42: an orphan whose class has a length of 0 is an orphan."""
    outer = Empty(inner=Empty())
    corners.add(outer)
    corners.commit()
    _ = outer.inner

    outer.inner = None
    corners.commit()

    assert rows_of(corners, Empty.__table__.c.id) == [(outer.id,)]


def test_none_appended_to_an_unchanged_collection_is_refused(session: Session) -> None:
    """FP-17: None in a collection fails the flush, also if nothing else has changed."""
    author = Author(name="ann")
    session.add(author)
    session.commit()

    author.books.append(None)  # type: ignore[arg-type]

    with pytest.raises(exc.FlushError, match="got None"):
        session.flush()


def test_plan_marks_nothing(accounts: Session) -> None:
    """SB-52, CA-57: after plan() a deletion may be withdrawn, and an orphan go to another parent."""
    first = User(name="first", addresses=[Address(email="a"), Address(email="b")])
    second = User(name="second")
    accounts.add_all([first, second])
    accounts.commit()

    accounts.delete(first)
    accounts.plan()
    accounts.add(first)
    moved = first.addresses.pop()
    accounts.plan()
    moved.user = second
    accounts.commit()

    assert rows_of(accounts, Address.__table__.c.user_id) == [(first.id,), (second.id,)]


def test_statements_go_where_their_tables_are(engine: Any, second_engine: Any) -> None:
    """PT-43: the bind of a class is found by the tables that a statement reads from, wherever they stand in it."""
    LibraryBase.metadata.create_all(engine)
    LibraryBase.metadata.create_all(second_engine)
    with Session(engine, binds={Book: second_engine}) as session:
        session.add_all([Book(title="b"), Author(name="a")])
        session.commit()
        inner = select(Book).subquery()

        counted = session.scalar(select(func.count()).select_from(Book))
        titles = session.scalars(select(inner.c.title)).all()
        both = session.scalars(union(select(Book.title), select(Book.title))).all()

    assert (counted, titles, both) == (1, ["b"], ["b"])


def test_a_base_class_in_binds_stands_for_its_tables(engine: Any) -> None:
    """PT-41, PT-43: binds={Base: engine} serves statements of columns and functions, too."""
    LibraryBase.metadata.create_all(engine)
    with Session(binds={LibraryBase: engine}) as session:
        session.add(Book(title="b"))
        session.commit()

        assert session.scalars(select(Book.title)).all() == ["b"]
        assert session.scalar(select(func.count()).select_from(Book)) == 1
