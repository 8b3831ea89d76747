"""Putting the instrumentation on a class and taking it off; constructors; classes with their own attribute access."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import FrozenInstanceError, dataclass
from typing import Any

import pytest

from tests.support.mapped import Library, MapClass, map_class, persistent
from unitwork.base.hooks import listen
from unitwork.exc import ArgumentError
from unitwork.instrument.descriptors import TrackedColumnAttribute, TrackedRelationshipAttribute
from unitwork.instrument.install import install, uninstall
from unitwork.mapping.mapper import RelationshipOptions
from unitwork.mapping.registry import MapperRegistry
from unitwork.sql.foreign_keys import ForeignKey
from unitwork.sql.schema import Column, Table
from unitwork.sql.types import Integer, String
from unitwork.state.instance import CLEAN, STATE
from unitwork.state.tracker import StateTracker


@pytest.fixture
def thing(registry: MapperRegistry) -> Table:
    """thing(id, name)."""
    return Table("thing", registry.metadata, Column("id", Integer, primary_key=True), Column("name", String(40)))


# -- the constructor (LB-05) ------------------------------------------------------------------------------------------


def test_the_constructor_takes_attributes_by_name(library: Library) -> None:
    """LB-05: columns and relationships."""
    book = library.Book(title="t")

    author = library.Author(name="ann", books=[book])

    assert (author.name, list(author.books), book.author) == ("ann", [book], author)


def test_the_constructor_stores_nothing_that_was_not_given(library: Library) -> None:
    """ST-56."""
    assert library.Author().__dict__ == {}
    assert library.Author(name=None).__dict__ == {"name": None}


@pytest.mark.parametrize("given", [{"nick": 1}, {"name": "ann", "nick": 1}])
def test_the_constructor_refuses_other_names(given: dict[str, Any], library: Library) -> None:
    """LB-05: and says which there are."""
    with pytest.raises(TypeError, match="'nick' is no attribute of Author; it has id, name, books"):
        library.Author(**given)


def test_the_constructor_takes_no_positional_arguments(library: Library) -> None:
    """LB-05."""
    with pytest.raises(TypeError):
        library.Author("ann")


def test_the_constructor_takes_other_attributes_of_the_class(registry: MapperRegistry, thing: Table) -> None:
    """LB-05: what the class has counts, mapped or not."""
    mapper = map_class(registry, type("Thing", (), {"label": "none"}), thing)
    install(mapper)

    made = mapper.class_(id=1, label="some")

    assert made.__dict__ == {"id": 1, "label": "some"}


def test_a_constructor_of_the_class_is_kept(registry: MapperRegistry, thing: Table) -> None:
    """LB-05: and its writes are tracked as any."""

    class Thing:
        def __init__(self, name: str) -> None:
            self.name = name.upper()

    own = Thing.__init__
    install(map_class(registry, Thing, thing))

    assert Thing.__init__ is own
    assert Thing("ann").name == "ANN"


def test_the_constructor_configures_what_is_not_configured_yet(registry: MapperRegistry, map_tracked: MapClass) -> None:
    """LB-09: the first object of a class."""
    table = Table("a", registry.metadata, Column("id", Integer, primary_key=True))
    other = Table("b", registry.metadata, Column("id", Integer, primary_key=True), Column("a_id", ForeignKey("a.id")))
    mapper = map_tracked(registry, "A", table, bs=RelationshipOptions("B"))
    map_tracked(registry, "B", other)

    made = mapper.class_()

    assert mapper.sealed
    assert list(made.bs) == []


# -- suitable classes -------------------------------------------------------------------------------------------------


class NoDict:
    """Instances have neither ``__dict__`` nor ``__weakref__``."""

    __slots__ = ("id", "name")


class NoWeakref:
    """Instances cannot be referred to weakly."""

    __slots__ = ("__dict__",)


@pytest.mark.parametrize(
    ("cls", "missing"), [(NoDict, "no __dict__ and no __weakref__"), (NoWeakref, "no __weakref__")]
)
def test_a_class_whose_instances_cannot_be_tracked_is_refused(
    cls: type, missing: str, registry: MapperRegistry, thing: Table
) -> None:
    """LB-05: when it is mapped, not when it is used; the class stays as it was."""
    before = dict(vars(cls))
    mapper = map_class(registry, cls, thing)

    with pytest.raises(ArgumentError, match=missing) as caught:
        install(mapper)

    registry.dispose()
    assert caught.value.code == "class-without-dict"
    assert dict(vars(cls)) == before


def test_slots_with_both_are_enough(registry: MapperRegistry, thing: Table) -> None:
    """LB-05: a class may have slots for what is not mapped."""

    class Thing:
        __slots__ = ("__dict__", "__weakref__", "extra")

    install(map_class(registry, Thing, thing))
    made: Any = Thing()
    made.extra = 1
    made.id = 2

    assert made.__dict__ == {"id": 2}
    assert made.extra == 1


# -- taking it off (LB-43) --------------------------------------------------------------------------------------------


class Plain:
    """A class with nothing of its own."""


class Own:
    """A class with a default for an attribute, and methods that the instrumentation replaces or keeps."""

    name = "nobody"

    def __init__(self, id: int = 0) -> None:
        self.id = id


class Access:
    """A class with its own attribute access."""

    def __setattr__(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)


@pytest.mark.parametrize("cls", [Plain, Own, Access])
def test_uninstalling_leaves_no_trace(cls: type, registry: MapperRegistry, thing: Table) -> None:
    """LB-43: every name of the class is what it was, the same object."""
    before = dict(vars(cls))
    mapper = map_class(registry, cls, thing)
    install(mapper)
    during = dict(vars(cls))

    uninstall(mapper)
    registry.dispose()

    assert during != before
    assert dict(vars(cls)) == before
    assert list(vars(cls)) == list(before)


def test_uninstalling_twice_is_silent(registry: MapperRegistry, thing: Table) -> None:
    """LB-43: clear_mappers() may meet a class that is off already."""
    mapper = map_class(registry, Plain, thing)
    install(mapper)

    uninstall(mapper)
    uninstall(mapper)

    assert "__setattr__" not in vars(Plain)


def test_a_class_can_be_mapped_again(registry: MapperRegistry, thing: Table) -> None:
    """LB-43."""
    first = map_class(registry, Plain, thing)
    install(first)
    uninstall(first)
    registry.dispose()

    install(map_class(registry, Plain, thing))

    assert Plain(name="ann").name == "ann"  # type: ignore[call-arg]


def test_objects_live_on_after_uninstalling(registry: MapperRegistry, thing: Table) -> None:
    """LB-43: as plain objects with the values they had."""
    mapper = map_class(registry, Plain, thing)
    install(mapper)
    made: Any = Plain(name="ann")  # type: ignore[call-arg]

    uninstall(mapper)
    made.name = "bob"

    assert made.__dict__ == {"name": "bob"}


# -- own attribute access ---------------------------------------------------------------------------------------------


def audited(name: str = "Thing") -> tuple[type, list[Any]]:
    """A class whose ``__setattr__`` and ``__delattr__`` write down what they see, and that list."""
    seen: list[Any] = []

    class Thing:
        def __setattr__(self, name: str, value: Any) -> None:
            seen.append((name, value))
            super().__setattr__(name, value)

        def __delattr__(self, name: str) -> None:
            seen.append(name)
            super().__delattr__(name)

    Thing.__name__ = name
    return Thing, seen


def reading() -> tuple[type, list[Any]]:
    """A class whose ``__getattribute__`` writes down what is read, and that list."""
    seen: list[Any] = []

    class Thing:
        def __getattribute__(self, name: str) -> Any:
            seen.append(name)
            return super().__getattribute__(name)

    return Thing, seen


@pytest.mark.parametrize("make", [audited, reading])
def test_a_class_with_its_own_access_is_tracked_by_data_descriptors(
    make: Callable[[], tuple[type, list[Any]]], registry: MapperRegistry, thing: Table, tracker: StateTracker
) -> None:
    """Decision 0003: writes and deletes are noted as anywhere, reads find the value or load."""
    cls, _ = make()
    own = dict(vars(cls))
    install(map_class(registry, cls, thing))
    made: Any = cls()
    state = persistent(tracker, made, 1, id=1, name="ann")

    made.name = "bob"
    value = made.name
    del made.name

    assert isinstance(vars(cls)["name"], TrackedColumnAttribute)
    assert {name: vars(cls)[name] for name in own if "attr" in name} == {
        name: value for name, value in own.items() if "attr" in name
    }
    assert (value, made.name) == ("bob", None)
    assert state.changes == {"name": "ann"}


def test_its_own_setattr_sees_every_write(registry: MapperRegistry, thing: Table) -> None:
    """LB-05: those of the constructor, too."""
    cls, seen = audited()
    install(map_class(registry, cls, thing))

    made: Any = cls(name="ann")
    made.name = "bob"
    del made.name

    assert seen == [("name", "ann"), ("name", "bob"), "name"]


def test_its_own_setattr_may_refuse(registry: MapperRegistry, thing: Table, tracker: StateTracker) -> None:
    """EV-93: nothing is noted then."""

    class Thing:
        def __setattr__(self, name: str, value: Any) -> None:
            raise AttributeError("frozen")

    install(map_class(registry, Thing, thing))
    made: Any = Thing()
    state = persistent(tracker, made, 1, id=1, name="ann")

    with pytest.raises(AttributeError, match="frozen"):
        made.name = "bob"

    assert state.changes is CLEAN
    assert made.name == "ann"


def test_a_frozen_dataclass_keeps_its_promise(registry: MapperRegistry, thing: Table) -> None:
    """LB-01: its constructor writes past its own __setattr__, which refuses everybody else."""

    @dataclass(frozen=True, eq=False)
    class Thing:
        id: int
        name: str

    install(map_class(registry, Thing, thing))
    made = Thing(1, "ann")

    with pytest.raises(FrozenInstanceError):
        made.name = "bob"  # type: ignore[misc]

    assert {name: value for name, value in made.__dict__.items() if name != STATE} == {"id": 1, "name": "ann"}


def test_relationships_and_listeners_of_such_a_class(registry: MapperRegistry, map_tracked: MapClass) -> None:
    """ST-60, EV-85: both sides in step, listeners called, collections kept."""
    got: list[Any] = []
    library = Library(registry, map_tracked, Author=audited("Author")[0], Book=audited("Book")[0])
    listen(library.Book.title, "set", lambda _, value, *__: got.append(value))

    author, book = library.Author(), library.Book(title="t")
    author.books.append(book)
    book.author = None

    assert isinstance(vars(library.Author)["books"], TrackedRelationshipAttribute)
    assert got == ["t"]
    assert list(author.books) == []
    assert book.author is None
