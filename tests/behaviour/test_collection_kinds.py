"""Collections that are no lists: sets, dictionaries, classes of the user's (LB-16, LB-02, LB-10)."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from unitwork import ForeignKey, String, event, exc, inspect, select
from unitwork.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    attribute_keyed_dict,
    column_keyed_dict,
    keyfunc_mapping,
    mapped_column,
    relationship,
    selectinload,
)
from unitwork.orm.collections import KeyFuncDict, collection


class Base(DeclarativeBase):
    """Shelves with their boxes, in a collection of each kind."""


class Sorted(list):
    """A list that keeps its members in the order of their names, whoever adds them."""

    def append(self, member: Any) -> None:
        place = next((place for place, other in enumerate(self) if other.name > member.name), len(self))
        list.insert(self, place, member)


class Bag:
    """Like nothing built in: members lie in a dictionary by identity."""

    __emulates__ = None

    def __init__(self) -> None:
        self.content: dict[int, Any] = {}

    @collection.appender
    def put(self, member: Any) -> None:
        self.content[id(member)] = member

    @collection.remover
    def take(self, member: Any) -> None:
        del self.content[id(member)]

    @collection.iterator
    def each(self) -> Iterator[Any]:
        return iter(list(self.content.values()))

    @collection.removes_return()
    def draw(self) -> Any:
        return self.content.popitem()[1]

    @collection.adds(1)
    def put_named(self, member: Any, name: str) -> None:
        member.name = name
        self.content[id(member)] = member

    @collection.internally_instrumented
    def put_all(self, members: Any) -> None:
        for member in members:
            self.put(member)

    @collection.converter
    def converted(self, given: Any) -> Any:
        return [given] if isinstance(given, Box) else list(given)


class Ducks:
    """Looks like a list, without being one."""

    def __init__(self) -> None:
        self.inner: list[Any] = []

    def append(self, member: Any) -> None:
        self.inner.append(member)

    def remove(self, member: Any) -> None:
        self.inner.remove(member)

    def extend(self, members: Any) -> None:
        self.inner.extend(members)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.inner)


class OwnDict(KeyFuncDict):
    """A dictionary class of the user's, by a key function of its own."""

    def __init__(self) -> None:
        super().__init__(lambda box: box.name.upper())


class Shelf(Base):
    """Owner of one collection per kind."""

    __tablename__ = "ck_shelf"

    id: Mapped[int] = mapped_column(primary_key=True)
    as_set: Mapped[set[InSet]] = relationship(back_populates="shelf", cascade="all, delete-orphan")
    as_dict: Mapped[dict[str, InDict]] = relationship(
        back_populates="shelf", cascade="all, delete-orphan", collection_class=attribute_keyed_dict("name")
    )
    as_own_dict: Mapped[dict[str, InOwnDict]] = relationship(
        back_populates="shelf", cascade="all, delete-orphan", collection_class=OwnDict
    )
    as_sorted: Mapped[list[InSorted]] = relationship(
        back_populates="shelf", cascade="all, delete-orphan", collection_class=Sorted
    )
    as_bag: Mapped[Any] = relationship(
        "InBag", back_populates="shelf", cascade="all, delete-orphan", collection_class=Bag, uselist=True
    )
    as_ducks: Mapped[Any] = relationship(
        "InDucks", back_populates="shelf", cascade="all, delete-orphan", collection_class=lambda: Ducks(), uselist=True
    )


class Box:
    """What a member has, whatever collection it is in."""

    id: Mapped[int] = mapped_column(primary_key=True)
    shelf_id: Mapped[int] = mapped_column(ForeignKey("ck_shelf.id"))
    name: Mapped[str] = mapped_column(String(20))


class InSet(Box, Base):
    __tablename__ = "ck_in_set"
    shelf: Mapped[Shelf] = relationship(back_populates="as_set")


class InDict(Box, Base):
    __tablename__ = "ck_in_dict"
    shelf: Mapped[Shelf] = relationship(back_populates="as_dict")


class InOwnDict(Box, Base):
    __tablename__ = "ck_in_own_dict"
    shelf: Mapped[Shelf] = relationship(back_populates="as_own_dict")


class InSorted(Box, Base):
    __tablename__ = "ck_in_sorted"
    shelf: Mapped[Shelf] = relationship(back_populates="as_sorted")


class InBag(Box, Base):
    __tablename__ = "ck_in_bag"
    shelf: Mapped[Shelf] = relationship(back_populates="as_bag")


class InDucks(Box, Base):
    __tablename__ = "ck_in_ducks"
    shelf: Mapped[Shelf] = relationship(back_populates="as_ducks")


def put(shelf: Any, name: str, box: Any) -> None:
    """Add a member in the way of its collection."""
    members = getattr(shelf, name)
    for method in ("append", "add", "put", "set"):
        if hasattr(members, method):
            getattr(members, method)(box)
            return


def take(shelf: Any, name: str, box: Any) -> None:
    """Remove a member in the way of its collection."""
    members = getattr(shelf, name)
    (members.take if isinstance(members, Bag) else members.remove)(box)


def members_of(shelf: Any, name: str) -> list[Any]:
    members = getattr(shelf, name)
    found = members.values() if isinstance(members, dict) else members.each() if isinstance(members, Bag) else members
    return sorted(found, key=lambda box: box.name)


def names_of(shelf: Any, name: str) -> list[str]:
    return [box.name for box in members_of(shelf, name)]


KINDS: dict[str, type[Any]] = {
    "as_set": InSet, "as_dict": InDict, "as_own_dict": InOwnDict, "as_sorted": InSorted, "as_bag": InBag,
    "as_ducks": InDucks,
}  # fmt: skip


@pytest.fixture
def session(engine: Any) -> Iterator[Session]:
    """A Session on empty tables."""
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        yield session


@pytest.mark.parametrize("name", KINDS)
def test_round_trip(session: Session, name: str) -> None:
    """LB-16: what joins is inserted by cascade, loads again lazily and in sets, and what leaves is deleted."""
    box = KINDS[name]
    shelf = Shelf(id=1)
    for letter in "bac":
        put(shelf, name, box(name=letter))
    session.add(shelf)
    session.commit()

    assert names_of(shelf, name) == ["a", "b", "c"]
    assert all(member.shelf is shelf for member in members_of(shelf, name))

    session.expunge_all()
    shelf = session.scalars(select(Shelf).options(selectinload(getattr(Shelf, name)))).one()
    take(shelf, name, members_of(shelf, name)[1])
    put(shelf, name, box(name="d"))
    history = inspect(shelf).attrs[name].history

    assert [[one.name for one in part] for part in (history.added, history.deleted)] == [["d"], ["b"]]

    session.commit()

    assert names_of(shelf, name) == ["a", "c", "d"]
    assert session.scalars(select(box.name).order_by(box.name)).all() == ["a", "c", "d"]


@pytest.mark.parametrize("name", KINDS)
def test_the_other_side_changes_it(session: Session, name: str) -> None:
    """ST-59, ST-60: setting the reference moves the member, in loaded collections and in unloaded ones."""
    box = KINDS[name]
    session.add_all([Shelf(id=1), Shelf(id=2)])
    session.flush()
    first = box(name="a")
    first.shelf = session.get(Shelf, 1)
    session.add(first)
    session.commit()
    loaded, unloaded = session.get_one(Shelf, 1), session.get_one(Shelf, 2)

    assert names_of(loaded, name) == ["a"]

    first.shelf = unloaded

    assert names_of(loaded, name) == []
    assert name not in unloaded.__dict__
    assert names_of(unloaded, name) == ["a"]

    session.commit()

    assert first.shelf_id == 2


@pytest.mark.parametrize("name", KINDS)
def test_replacing_the_collection(session: Session, name: str) -> None:
    """ST-62, ST-63: members that are not in the new collection leave, and the old collection belongs to nobody."""
    box = KINDS[name]
    shelf = Shelf(id=1)
    for letter in "ab":
        put(shelf, name, box(name=letter))
    session.add(shelf)
    session.commit()
    old, kept = getattr(shelf, name), members_of(shelf, name)[0]
    new = {"as_set": set, "as_dict": dict, "as_own_dict": dict}.get(name, list)()
    if isinstance(new, dict):
        new.update(x=kept, y=box(name="c"))
    else:
        (new.add if isinstance(new, set) else new.append)(kept)
        (new.add if isinstance(new, set) else new.append)(box(name="c"))

    setattr(shelf, name, new)
    put(Holder(old), "held", box(name="never"))
    session.commit()

    assert names_of(shelf, name) == ["a", "c"]
    assert isinstance(getattr(shelf, name), type(old).__mro__[1])
    assert session.scalars(select(box.name).order_by(box.name)).all() == ["a", "c"]


class Holder:
    """Holds a collection that belongs to no object."""

    def __init__(self, held: Any) -> None:
        self.held = held


@pytest.mark.parametrize("name", ["as_set", "as_dict", "as_sorted"])
def test_a_collection_of_another_kind_is_refused(name: str) -> None:
    """ER-04: assigning a collection of a wrong kind is a TypeError, and changes nothing."""
    shelf = Shelf()
    put(shelf, name, KINDS[name](name="a"))
    wrong: dict[str, Any] = {"as_set": [], "as_dict": [], "as_sorted": set()}

    with pytest.raises(TypeError, match=name):
        setattr(shelf, name, wrong[name])

    assert names_of(shelf, name) == ["a"]


@pytest.mark.parametrize("name", KINDS)
def test_copies_and_pickles(name: str) -> None:
    """EV-74: a copied or unpickled object has a collection of its own."""
    shelf = Shelf(id=1)
    put(shelf, name, KINDS[name](name="a"))

    shallow = copy.copy(shelf)
    put(shallow, name, KINDS[name](name="b"))
    deep = copy.deepcopy(shelf)
    put(deep, name, KINDS[name](name="c"))
    thawed = pickle.loads(pickle.dumps(shelf))
    put(thawed, name, KINDS[name](name="d"))

    assert [names_of(one, name) for one in (shelf, shallow, deep, thawed)] == [
        ["a"], ["a", "b"], ["a", "c"], ["a", "d"],
    ]  # fmt: skip
    assert all(member.shelf is thawed for member in members_of(thawed, name))


def test_methods_of_the_users_class_are_followed() -> None:
    """LB-16: @collection.adds, removes_return, internally_instrumented and converter; super() and base calls."""
    shelf = Shelf()
    boxes = [InBag(name=letter) for letter in "abc"]

    shelf.as_bag.put_all(boxes[:2])
    shelf.as_bag.put_named(boxes[2], "z")
    drawn = shelf.as_bag.draw()

    assert drawn is boxes[2]
    assert drawn.shelf is None
    assert [box.shelf for box in boxes[:2]] == [shelf, shelf]

    shelf.as_bag = boxes[2]

    assert names_of(shelf, "as_bag") == ["z"]
    assert [box.shelf for box in boxes] == [None, None, shelf]

    ducks = [InDucks(name=letter) for letter in "ab"]
    shelf.as_ducks.extend(ducks)

    assert [duck.shelf for duck in ducks] == [shelf, shelf]

    shelf.as_sorted.extend([InSorted(name="b"), InSorted(name="a")])

    assert [box.name for box in shelf.as_sorted] == ["a", "b"]


def test_the_members_class_is_kept() -> None:
    """LB-16: the collection is an instance of the class that was given, and of set or dict."""
    shelf = Shelf()

    assert isinstance(shelf.as_set, set)
    assert isinstance(shelf.as_dict, KeyFuncDict)
    assert isinstance(shelf.as_own_dict, OwnDict)
    assert isinstance(shelf.as_sorted, Sorted)
    assert isinstance(shelf.as_bag, Bag)
    assert type(shelf.as_ducks).__name__ == "Ducks"


def test_a_dictionary_makes_its_keys() -> None:
    """LB-16: attribute_keyed_dict, column_keyed_dict and keyfunc_mapping; a key that is taken displaces its member."""

    class Local(DeclarativeBase):
        pass

    class Part(Local):
        __tablename__ = "part"
        id: Mapped[int] = mapped_column(primary_key=True)
        whole_id: Mapped[int | None] = mapped_column(ForeignKey("whole.id"))
        number: Mapped[int]
        letter: Mapped[str]

    class Whole(Local):
        __tablename__ = "whole"
        id: Mapped[int] = mapped_column(primary_key=True)
        by_column: Mapped[dict[int, Part]] = relationship(
            collection_class=column_keyed_dict(Part.__table__.c.number), overlaps="by_both,by_function"
        )
        by_both: Mapped[dict[Any, Part]] = relationship(
            collection_class=column_keyed_dict([Part.number, Part.letter]), overlaps="by_column,by_function"
        )
        by_function: Mapped[dict[Any, Part]] = relationship(
            collection_class=keyfunc_mapping(lambda part: part.letter * part.number), overlaps="by_column,by_both"
        )

    part, other = Part(number=2, letter="x"), Part(number=2, letter="y")
    whole = Whole()
    for members in (whole.by_column, whole.by_both, whole.by_function):
        members.set(part)
        members.set(other)

    assert whole.by_column == {2: other}
    assert whole.by_both == {(2, "x"): part, (2, "y"): other}
    assert whole.by_function == {"xx": part, "yy": other}


def test_a_member_without_key_is_refused() -> None:
    """LB-16: an attribute that was never set gives no key; ignore_unpopulated_attribute leaves such objects out."""
    shelf = Shelf()

    with pytest.raises(exc.InvalidRequestError) as caught:
        shelf.as_dict.set(InDict())

    assert caught.value.code == "key-not-populated"
    assert shelf.as_dict == {}

    lenient = attribute_keyed_dict("name", ignore_unpopulated_attribute=True)()
    lenient.set(InDict())

    assert lenient == {}


def test_a_member_is_removed_whatever_its_key_is_now() -> None:
    """LB-16: a member whose key attribute has changed since is found by identity."""
    shelf = Shelf()
    box = InDict(name="a")
    shelf.as_dict.set(box)
    box.name = "b"

    box.shelf = None

    assert shelf.as_dict == {}


def test_a_plain_dict_is_no_collection_class() -> None:
    """LB-16: loaded members have no keys, so the error says at mapping what to give."""

    class Local(DeclarativeBase):
        pass

    with pytest.raises(exc.ArgumentError, match="attribute_keyed_dict") as caught:

        class Whole(Local):
            __tablename__ = "whole"
            id: Mapped[int] = mapped_column(primary_key=True)
            parts: Mapped[dict[str, Whole]] = relationship()

    assert caught.value.code == "collection-class"


#: Name to what is done to a set, or to a dictionary by name, of which "a" and "b" are in and "c" is not.
SET_CHANGES: dict[str, Callable[[Any, dict[str, Any]], Any]] = {
    "add": lambda held, by: held.add(by["c"]),
    "add again": lambda held, by: held.add(by["a"]),
    "remove": lambda held, by: held.remove(by["a"]),
    "discard": lambda held, by: held.discard(by["c"]),
    "pop": lambda held, by: held.pop(),
    "clear": lambda held, by: held.clear(),
    "update": lambda held, by: held.update([by["c"]], {by["a"]}),
    "difference_update": lambda held, by: held.difference_update([by["a"]]),
    "intersection_update": lambda held, by: held.intersection_update([by["a"], by["c"]]),
    "symmetric_difference_update": lambda held, by: held.symmetric_difference_update([by["a"], by["c"]]),
    "or": lambda held, by: held.__ior__({by["c"]}),
    "and": lambda held, by: held.__iand__({by["a"]}),
    "minus": lambda held, by: held.__isub__({by["a"]}),
    "xor": lambda held, by: held.__ixor__({by["a"], by["c"]}),
}
DICT_CHANGES: dict[str, Callable[[Any, dict[str, Any]], Any]] = {
    "set item": lambda held, by: held.__setitem__("c", by["c"]),
    "displace": lambda held, by: held.__setitem__("a", by["c"]),
    "set to the same": lambda held, by: held.__setitem__("a", by["a"]),
    "delete": lambda held, by: held.__delitem__("a"),
    "pop": lambda held, by: held.pop("a"),
    "pop with default": lambda held, by: held.pop("z", None),
    "popitem": lambda held, by: held.popitem(),
    "setdefault": lambda held, by: held.setdefault("c", by["c"]),
    "setdefault of what is there": lambda held, by: held.setdefault("a", by["c"]),
    "clear": lambda held, by: held.clear(),
    "update": lambda held, by: held.update({"c": by["c"]}, b=by["b"]),
    "or": lambda held, by: held.__ior__({"a": by["c"]}),
}


@pytest.mark.parametrize(
    ("name", "change"),
    [*(("as_set", change) for change in SET_CHANGES), *(("as_dict", change) for change in DICT_CHANGES)],
)
def test_every_change_is_tracked(session: Session, name: str, change: str) -> None:
    """LB-16, EV-86: content, result, history, other side and listeners, against a plain set or dict."""
    box = KINDS[name]
    boxes = {letter: box(name=letter) for letter in "abc"}
    shelf = Shelf(id=1, **{name: set(list(boxes.values())[:2]) if name == "as_set" else {
        "a": boxes["a"], "b": boxes["b"]}})  # fmt: skip
    session.add(shelf)
    session.flush()
    tracked = getattr(shelf, name)
    plain = tracked.copy()
    heard: list[tuple[str, Any]] = []
    listeners = {kind: lambda _, member, __, kind=kind: heard.append((kind, member)) for kind in ("append", "remove")}
    for kind, listener in listeners.items():
        event.listen(getattr(Shelf, name), kind, listener)
    act = {"as_set": SET_CHANGES, "as_dict": DICT_CHANGES}[name][change]

    result, expected = act(tracked, boxes), act(plain, boxes)
    for kind, listener in listeners.items():
        event.remove(getattr(Shelf, name), kind, listener)

    assert tracked == plain
    assert type(plain) in (set, dict)
    assert result is tracked if expected is plain else result == expected
    inside = {id(one) for one in (plain if name == "as_set" else plain.values())}
    assert [one.shelf is shelf for one in boxes.values()] == [id(one) in inside for one in boxes.values()]
    history = inspect(shelf).attrs[name].history
    assert {id(one) for one in history.added} == inside - {id(boxes["a"]), id(boxes["b"])}
    assert {id(one) for one in history.deleted} == {id(boxes["a"]), id(boxes["b"])} - inside
    assert sorted(kind for kind, _ in heard) == ["append"] * len(history.added) + ["remove"] * len(history.deleted)
