"""Mapped attributes of one object: native reads, tracked writes, history, copies (ST-50 to ST-58, EV-74)."""

from __future__ import annotations

import copy
import pickle
import sys
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.models import Author, Book, User
from tests.support.rows import rows_of
from tests.support.states import author_in_state
from unitwork import Column, ForeignKey, Integer, String, Table, exc, inspect, select
from unitwork.orm import DeclarativeBase, Mapped, Session, mapped_column, registry, relationship
from unitwork.orm.attributes import NO_VALUE, flag_modified, get_history, set_committed_value


def python_calls_of(action: Callable[[], Any]) -> list[str]:
    """Names of the Python functions that run while `action` does, itself left out."""
    calls: list[str] = []

    def note(frame: Any, kind: str, _argument: Any) -> None:
        if kind == "call":
            calls.append(frame.f_code.co_qualname if hasattr(frame.f_code, "co_qualname") else frame.f_code.co_name)

    sys.setprofile(note)
    try:
        action()
    finally:
        sys.setprofile(None)
    return calls[1:]


@pytest.mark.parametrize("name", ["name", "books"])
def test_read_of_a_loaded_attribute_runs_no_python_code(session: Session, name: str) -> None:
    """SB-08: a loaded value, a collection too, is read at the speed of a plain attribute."""
    author = author_in_state(session, "S")
    getattr(author, name)

    calls = python_calls_of(lambda: getattr(author, name))

    assert calls == []


def test_read_of_a_loaded_reference_runs_no_python_code(session: Session) -> None:
    """SB-08: a loaded scalar reference is read at the speed of a plain attribute."""
    book = Book(title="b", author=Author(name="ann"))
    session.add(book)
    session.commit()
    _ = book.author

    calls = python_calls_of(lambda: book.author)

    assert calls == []


def test_loaded_values_lie_in_the_instance_dict(session: Session) -> None:
    """ST-30: what is loaded is in the instance's __dict__, what is not is absent there."""
    author = author_in_state(session, "S")

    loaded = {name for name in ("id", "name", "born", "books") if name in vars(author)}

    assert loaded == {"id", "name", "born"}


def test_unset_attribute_reads_none_and_stores_nothing() -> None:
    """ST-56: reading a never-set column gives None, and leaves no value and no history behind."""
    author = Author()

    value = author.name

    assert value is None
    assert "name" not in vars(author)
    assert get_history(author, "name").empty()


def test_attributes_that_are_not_mapped_are_plain(session: Session) -> None:
    """SB-06: an attribute the mapping does not know is kept on the object and makes nothing dirty."""
    author = author_in_state(session, "S")

    author.note = "mine"

    assert author.note == "mine"
    assert author not in session.dirty


def test_deleted_attribute_reads_none_and_is_written_as_null(session: Session) -> None:
    """ST-57, ST-58, DV-17: del of a set column reads None and flush writes NULL (the reference raises KeyError)."""
    author = author_in_state(session, "S")

    del author.name
    value = author.name
    session.commit()

    assert value is None
    assert rows_of(session, Author.__table__.c.name) == [(None,)]


def test_delete_of_an_unset_attribute_is_an_error() -> None:
    """ST-57: del of a never-set attribute raises AttributeError."""
    author = Author()

    with pytest.raises(AttributeError):
        del author.name


def test_history_of_a_transient_object() -> None:
    """ST-51: never set: all empty; set on a transient object: added."""
    author = Author(name="ann")

    histories = (get_history(author, "born"), get_history(author, "name"))

    assert [tuple(map(list, history)) for history in histories] == [([], [], []), (["ann"], [], [])]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], ([], ["ann"], [])),
        (["bea"], (["bea"], [], ["ann"])),
        (["bea", "cat"], (["cat"], [], ["ann"])),
        (["bea", "ann"], ([], ["ann"], [])),
    ],
    ids=["loaded", "changed", "twice", "back"],
)
def test_history_of_a_loaded_column(session: Session, values: list[str], expected: tuple[list[str], ...]) -> None:
    """ST-51: loaded: unchanged; changed: added and deleted; set back: unchanged."""
    author = author_in_state(session, "S")
    for value in values:
        author.name = value

    history = inspect(author).attrs.name.history

    assert tuple(map(list, history)) == expected


def test_history_of_a_value_set_while_expired(session: Session) -> None:
    """ST-52: a set while unloaded does not load; the old value is unknown."""
    author = author_in_state(session, "S")
    session.expire(author)
    author.name = "bea"

    history = inspect(author).attrs.name.history

    assert (list(history.added), list(history.deleted)) == (["bea"], [])


def test_history_of_a_primary_key_set_while_expired(session: Session) -> None:
    """ST-52: primary keys have active history: the old value is loaded when a new one is set."""
    author = author_in_state(session, "S")
    old = author.id
    session.expire(author)
    author.id = old + 1

    history = inspect(author).attrs.id.history

    assert (list(history.added), list(history.deleted)) == ([old + 1], [old])


def test_history_of_a_reference_set_to_none(session: Session) -> None:
    """ST-53: a reference set to None: added None, deleted the old object."""
    author = Author(name="ann")
    book = Book(author=author)
    session.add(book)
    session.commit()
    assert book.author is author
    book.author = None

    history = get_history(book, "author")

    assert (list(history.added), list(history.deleted)) == ([None], [author])


def test_history_of_a_collection(session: Session) -> None:
    """ST-54: added, unchanged and deleted members of a loaded collection."""
    kept, removed, added = Book(title="kept"), Book(title="removed"), Book(title="added")
    author = Author(name="ann", books=[kept, removed])
    session.add(author)
    session.commit()
    author.books.remove(removed)
    author.books.append(added)

    history = get_history(author, "books")

    assert tuple(map(list, history)) == ([added], [kept], [removed])


def test_history_of_an_unloaded_collection(session: Session) -> None:
    """ST-32, ST-54: AttributeState.history never loads; an unloaded collection has an empty one."""
    author = author_in_state(session, "S")

    history = inspect(author).attrs.books.history

    assert history.empty()
    assert inspect(author).attrs.books.loaded_value is NO_VALUE


@pytest.mark.parametrize("end", ["flush", "commit", "rollback"])
def test_history_is_reset(session: Session, end: str) -> None:
    """ST-55: flush, commit and rollback end the history of a change."""
    author = author_in_state(session, "S")
    author.name = "bea"

    getattr(session, end)()

    assert not get_history(author, "name").has_changes()


def test_flag_modified_writes_an_unchanged_value(session: Session) -> None:
    """AP-58: flag_modified() makes the next flush write the attribute although it has no net change."""
    author = author_in_state(session, "S")
    session.execute(Author.__table__.update().values(name="other"))
    flag_modified(author, "name")

    session.flush()

    assert rows_of(session, Author.__table__.c.name) == [("ann",)]


def test_set_committed_value_is_no_change(session: Session) -> None:
    """AP-60: a value set as if loaded makes no history and no dirty object."""
    author = author_in_state(session, "S")

    set_committed_value(author, "name", "bea")

    assert author.name == "bea"
    assert author not in session.dirty


def test_class_with_its_own_setattr(engine: Any) -> None:
    """SB-06: a class that has its own __setattr__ sees every write, and writes are tracked."""
    seen: list[str] = []

    class Base(DeclarativeBase):
        pass

    class Watched(Base):
        __tablename__ = "watched"
        id: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[str] = mapped_column(String(20))

        def __setattr__(self, name: str, value: Any) -> None:
            if name == "name":
                seen.append(value)
                value = value.upper()
            super().__setattr__(name, value)

    Base.metadata.create_all(engine)
    with Session(engine) as session:
        watched = Watched(name="ann")
        session.add(watched)
        session.commit()

        watched.name = "bea"
        session.commit()

        assert (watched.name, seen) == ("BEA", ["ann", "bea"])


def test_class_with_its_own_getattribute(engine: Any) -> None:
    """SB-06: a class that has its own __getattribute__ loads, reads and tracks as any other."""

    class Base(DeclarativeBase):
        pass

    class Watched(Base):
        __tablename__ = "watched"
        id: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[str] = mapped_column(String(20))

        def __getattribute__(self, name: str) -> Any:
            return super().__getattribute__(name)

    Base.metadata.create_all(engine)
    with Session(engine) as session:
        watched = Watched(name="ann")
        session.add(watched)
        session.commit()
        watched.name += "a"
        session.commit()

        assert watched.name == "anna"


def test_class_whose_eq_and_hash_raise(engine: Any) -> None:
    """SB-02, ST-36: identity is decided by `is`: __eq__ and __hash__ of the class are never called."""

    class Base(DeclarativeBase):
        pass

    class Prickly(Base):
        __tablename__ = "prickly"
        id: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[str] = mapped_column(String(20))

        def __eq__(self, other: object) -> bool:
            raise AssertionError("compared")

        def __hash__(self) -> int:
            raise AssertionError("hashed")

    Base.metadata.create_all(engine)
    with Session(engine) as session:
        first, second = Prickly(name="a"), Prickly(name="b")
        session.add_all([first, second])
        session.flush()
        second.name = "c"
        session.delete(first)
        marked = first in session.deleted
        session.commit()

        left = session.scalars(select(Prickly)).all()

        assert marked
        assert [obj.name for obj in left] == ["c"]
        assert left[0] is second


def test_class_whose_truth_value_raises(engine: Any) -> None:
    """CA-30, CA-31: whether an object is there is decided by `is None`: __bool__ and __len__ are never called."""

    class Base(DeclarativeBase):
        pass

    class Owner(Base):
        __tablename__ = "owner"
        id: Mapped[int] = mapped_column(primary_key=True)
        thing: Mapped[Thing | None] = relationship(back_populates="owner", cascade="all, delete-orphan")

    class Thing(Base):
        __tablename__ = "thing"
        id: Mapped[int] = mapped_column(primary_key=True)
        owner_id: Mapped[int] = mapped_column(ForeignKey("owner.id"))
        owner: Mapped[Owner] = relationship(back_populates="thing")

        def __bool__(self) -> bool:
            raise AssertionError("asked for its truth value")

        __len__ = __bool__

    Base.metadata.create_all(engine)
    with Session(engine) as session:
        owner = Owner(thing=Thing())
        session.add(owner)
        session.commit()
        old = owner.thing
        owner.thing = Thing()
        session.flush()

        assert inspect(old).deleted
        assert len(rows_of(session, Thing.__table__.c.id)) == 1


def test_class_with_value_equality_in_a_collection() -> None:
    """ST-54: members of a collection are told apart by identity, although their class calls them equal."""

    class Base(DeclarativeBase):
        pass

    class Box(Base):
        __tablename__ = "box"
        id: Mapped[int] = mapped_column(primary_key=True)
        parts: Mapped[list[Part]] = relationship(back_populates="box")

    class Part(Base):
        __tablename__ = "part"
        id: Mapped[int] = mapped_column(primary_key=True)
        box_id: Mapped[int] = mapped_column(ForeignKey("box.id"))
        box: Mapped[Box | None] = relationship(back_populates="parts")

        def __eq__(self, other: object) -> bool:
            return isinstance(other, Part)

        __hash__ = None  # type: ignore[assignment]

    old, new = Part(), Part()
    box = Box(parts=[old])

    box.parts[0] = new

    assert box.parts[0] is new
    assert new.box is box
    assert old.box is None


def test_copy_is_an_object_of_its_own(session: Session) -> None:
    """ST-01: copy.copy() of a persistent object has the values and a state of its own: transient (the reference
    shares the state of the original)."""
    author = author_in_state(session, "S")

    twin = copy.copy(author)

    assert twin.name == "ann"
    assert inspect(twin) is not inspect(author)
    assert inspect(twin).transient
    assert twin not in session


def test_write_to_a_copy_leaves_the_original_alone(session: Session) -> None:
    """SB-06: what happens to a copy.copy() is not recorded on the original (the reference does)."""
    author = author_in_state(session, "S")
    twin = copy.copy(author)

    twin.name = "bea"

    assert author.name == "ann"
    assert author not in session.dirty


def test_copy_of_a_transient_object_can_be_stored_beside_it(session: Session) -> None:
    """ST-04: original and copy.copy() of it are two objects and become two rows."""
    author = Author(name="ann")
    twin = copy.copy(author)

    session.add_all([author, twin])
    session.commit()

    assert rows_of(session, Author.__table__.c.name) == [("ann",), ("ann",)]


def test_deepcopy_leaves_the_original_alone(session: Session) -> None:
    """SB-06: copy.deepcopy() gives objects outside the Session, whose changes are not those of the originals."""
    author = author_in_state(session, "S")
    author.books.append(Book(title="b"))
    session.flush()

    twin = copy.deepcopy(author)
    twin.name = "bea"
    twin.books[0].title = "c"

    assert (author.name, author.books[0].title) == ("ann", "b")
    assert (twin in session, twin.books[0] in session, list(session.dirty)) == (False, False, [])


def test_pickle_of_a_transient_graph() -> None:
    """EV-74: an unpickled transient graph has its values, both sides of relationships, and is transient."""
    author = Author(name="ann", books=[Book(title="b")])

    twin = pickle.loads(pickle.dumps(author))

    assert (twin.name, twin.books[0].title) == ("ann", "b")
    assert twin.books[0].author is twin
    assert inspect(twin).transient


@pytest.mark.parametrize("protocol", [2, pickle.HIGHEST_PROTOCOL])
def test_pickle_of_a_persistent_object_keeps_identity(session: Session, protocol: int) -> None:
    """EV-74: an unpickled persistent object is detached, with its identity and loaded values."""
    author = author_in_state(session, "S")

    twin = pickle.loads(pickle.dumps(author, protocol))

    assert inspect(twin).detached
    assert (inspect(twin).identity, twin.name) == (inspect(author).identity, "ann")


def test_pickled_changes_are_flushed_after_adding(session: Session) -> None:
    """EV-74: history travels with the pickle: added to a Session, the changes are written."""
    author = author_in_state(session, "S")
    author.name = "bea"
    data = pickle.dumps(author)
    session.close()

    session.add(pickle.loads(data))
    session.commit()

    assert rows_of(session, Author.__table__.c.name) == [("bea",)]


def test_unpickled_collection_is_tracked(accounts: Session) -> None:
    """EV-74: a collection that came out of a pickle keeps both sides in step and is written."""
    accounts.add(User(name="ann"))
    accounts.commit()
    user = accounts.scalars(select(User)).one()
    assert user.addresses == []
    data = pickle.dumps(user)
    accounts.close()
    twin = pickle.loads(data)
    address_class = inspect(User).relationships["addresses"].mapper.class_

    twin.addresses.append(address_class(email="a@x"))
    accounts.add(twin)
    accounts.commit()

    assert rows_of(accounts, address_class.__table__.c.email) == [("a@x",)]


def test_class_without_weak_references_is_refused() -> None:
    """ST-44: a class whose instances cannot be held weakly cannot be mapped; mapping or making one is an error."""
    mapping = registry()

    class Slotted:
        __slots__ = ("id",)

    with pytest.raises((TypeError, AttributeError, exc.ArgumentError), match="Slotted"):
        mapping.map_imperatively(Slotted, Table("slotted", mapping.metadata, Column("id", Integer, primary_key=True)))
        Slotted()
