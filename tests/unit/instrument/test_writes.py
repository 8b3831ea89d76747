"""Writes to columns: what __setattr__ and __delattr__ record, and what their plain twin does as well."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tests.support.mapped import Library, MapClass, Port, pending, persistent
from tests.support.twins import plain_setattr
from unitwork.base.hooks import listen, remove
from unitwork.base.markers import NO_VALUE
from unitwork.instrument.writes import COLUMN, make_setattr, write_column
from unitwork.mapping.registry import MapperRegistry
from unitwork.sql.schema import Column, Table
from unitwork.sql.types import Integer
from unitwork.state.instance import CLEAN, find_state, state_of
from unitwork.state.tracker import StateTracker


def test_a_write_to_a_new_object_makes_no_state(library: Library) -> None:
    """ST-51: all its values are added ones."""
    author = library.Author()

    author.name = "ann"

    assert author.__dict__ == {"name": "ann"}
    assert find_state(author) is None


def test_a_write_to_a_persistent_object_keeps_the_old_value_once(library: Library, tracker: StateTracker) -> None:
    """SB-06, ST-51: of the last flush, not of the last write."""
    author = library.Author()
    state = persistent(tracker, author, 1, id=1, name="ann")

    author.name = "bob"
    author.name = "cid"

    assert author.name == "cid"
    assert state.changes == {"name": "ann"}
    assert tracker.modified == {state: author}


def test_a_write_while_unloaded_loads_nothing(library: Library, tracker: StateTracker, port: Port) -> None:
    """ST-52."""
    author = library.Author()
    state = persistent(tracker, author, 1, id=1)

    author.name = "bob"

    assert state.history_of("name") == (["bob"], (), ())
    assert port.calls == []


def test_a_write_to_an_unloaded_primary_key_loads_the_old_one(
    library: Library, tracker: StateTracker, port: Port
) -> None:
    """ST-52: active history."""
    author = library.Author()
    state = persistent(tracker, author, 1)
    port.values["id"] = 1

    author.id = 2

    assert state.history_of("id") == ([2], (), [1])
    assert port.calls == [("load", state, "id")]


def test_a_write_to_a_pending_object_notes_nothing(library: Library, tracker: StateTracker) -> None:
    """ST-37: it is inserted with the values it has then."""
    author = library.Author()
    state = pending(tracker, author)

    author.name = "ann"

    assert state.changes is None
    assert tracker.modified == {}


def test_a_write_to_a_copy_leaves_the_original_alone(library: Library, tracker: StateTracker) -> None:
    """EV-74: the copied __dict__ holds the state of another object."""
    author = library.Author()
    original = persistent(tracker, author, 1, id=1, name="ann")

    copied = copy.copy(author)
    copied.name = "bob"

    assert (author.name, copied.name) == ("ann", "bob")
    assert original.changes is CLEAN
    assert state_of(copied).transient


def test_a_name_that_is_not_mapped_is_written_as_usual(library: Library, tracker: StateTracker) -> None:
    """SB-06: and never noted."""
    author = library.Author()
    state = persistent(tracker, author, 1, id=1)

    author.nick = "a"

    assert author.__dict__["nick"] == "a"
    assert state.changes is CLEAN


def test_properties_of_the_class_still_work(registry: MapperRegistry, map_tracked: MapClass) -> None:
    """LB-05: what is not mapped goes the usual way, data descriptors included."""

    class Thing:
        @property
        def double(self) -> int:
            return self.id * 2  # type: ignore[attr-defined, no-any-return]

        @double.setter
        def double(self, value: int) -> None:
            self.id = value // 2

    map_tracked(registry, Thing, Table("thing", registry.metadata, Column("id", Integer, primary_key=True)))
    thing = Thing()

    thing.double = 8

    assert thing.__dict__["id"] == 4
    assert thing.double == 8


# -- reading ----------------------------------------------------------------------------------------------------------


def test_a_loaded_value_is_read_by_python_alone(library: Library) -> None:
    """Decision 0003: a non-data descriptor, which Python does not ask where the instance has the value."""
    attribute = library.Author.__dict__["name"]

    assert not hasattr(type(attribute), "__set__")
    assert not hasattr(type(attribute), "__delete__")
    assert library.Author.__getattribute__ is object.__getattribute__


def test_reading_what_was_never_set_stores_nothing(library: Library) -> None:
    """ST-56."""
    author = library.Author()

    assert author.name is None
    assert author.__dict__ == {}


def test_reading_what_is_unloaded_asks_the_session(library: Library, tracker: StateTracker, port: Port) -> None:
    """ST-21."""
    author = library.Author()
    state = persistent(tracker, author, 1, id=1)
    port.values["name"] = "ann"

    assert (author.name, author.name) == ("ann", "ann")
    assert port.calls == [("load", state, "name")]


# -- deleting ---------------------------------------------------------------------------------------------------------


def test_deleting_reads_as_none_and_keeps_the_old_value(library: Library, tracker: StateTracker, port: Port) -> None:
    """ST-57, ST-58."""
    author = library.Author()
    state = persistent(tracker, author, 1, id=1, name="ann")

    del author.name

    assert author.name is None
    assert state.history_of("name") == ((), (), ["ann"])
    assert port.calls == []


@pytest.mark.parametrize("set_before", [False, True])
def test_deleting_what_is_not_there_is_an_error(set_before: bool, library: Library) -> None:
    """ST-57: never set, or deleted already."""
    author = library.Author()
    if set_before:
        author.name = "ann"
        del author.name

    with pytest.raises(AttributeError, match="'Author' object has no value for attribute 'name' to delete"):
        del author.name


def test_deleting_twice_is_an_error_on_a_persistent_object_too(library: Library, tracker: StateTracker) -> None:
    """ST-57."""
    author = library.Author()
    persistent(tracker, author, 1, id=1, name="ann")
    del author.name

    with pytest.raises(AttributeError):
        del author.name


def test_deleting_what_is_not_loaded_is_recorded(library: Library, tracker: StateTracker) -> None:
    """ST-58: a flush writes NULL, whatever it was."""
    author = library.Author()
    state = persistent(tracker, author, 1, id=1)

    del author.name

    assert author.name is None
    assert state.changes == {"name": NO_VALUE}


def test_deleting_a_name_that_is_not_mapped_goes_the_usual_way(library: Library) -> None:
    """LB-05."""
    author = library.Author()
    author.nick = "a"

    del author.nick

    with pytest.raises(AttributeError):
        del author.nick


# -- listeners --------------------------------------------------------------------------------------------------------


def test_a_listener_is_called_before_the_write(library: Library) -> None:
    """EV-85: target, value, old value; the name is written directly again when it is gone."""
    got: list[Any] = []
    author = library.Author(name="ann")

    def heard(target: Any, value: Any, old: Any, _: Any) -> None:
        got.append((target is author, value, old, target.__dict__.get("name")))

    listen(library.Author.name, "set", heard)
    author.name = "bob"
    remove(library.Author.name, "set", heard)
    author.name = "cid"

    assert got == [(True, "bob", "ann", "ann")]
    assert author.name == "cid"


def test_a_listener_that_raises_stops_the_write(library: Library, tracker: StateTracker) -> None:
    """EV-93: value and history stay."""
    author = library.Author()
    state = persistent(tracker, author, 1, id=1, name="ann")

    def refuse(*_: Any) -> None:
        raise ValueError("no")

    listen(library.Author.name, "set", refuse)
    with pytest.raises(ValueError, match="no"):
        author.name = "bob"

    assert author.name == "ann"
    assert state.changes is CLEAN


def test_the_constructor_tells_listeners_too(library: Library) -> None:
    """EV-85: a class with a listener does without the short way."""
    got: list[Any] = []
    listen(library.Author.name, "set", lambda _, value, old, __: got.append((value, old)))

    library.Author(id=1, name="ann")

    assert got == [("ann", NO_VALUE)]


# -- the twin ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [make_setattr, plain_setattr])
def test_both_forms_of_setattr_choose_by_the_table_of_writers(make: Any, library: Library) -> None:
    """Decision 0005: COLUMN, a function, nothing; the table is read at each write."""
    got: list[Any] = []
    writers = {"name": COLUMN, "books": lambda obj, value: got.append(value)}
    write = make(writers)
    author = library.Author()

    write(author, "name", "ann")
    write(author, "books", [1])
    write(author, "other", 2)
    writers["name"] = lambda obj, value: got.append(value)
    write(author, "name", "bob")

    assert author.__dict__ == {"name": "ann", "other": 2}
    assert got == [[1], "bob"]


@pytest.mark.parametrize("phase", ["transient", "pending", "persistent"])
def test_write_column_does_what_the_generated_form_does(phase: str, library: Library, tracker: StateTracker) -> None:
    """Decision 0005: in every state of the object."""
    outcomes = []
    for number, write in enumerate((library.Author.__setattr__, write_column)):
        author = library.Author()
        if phase == "pending":
            pending(tracker, author)
        if phase == "persistent":
            persistent(tracker, author, number, id=number, name="ann")
        write(author, "name", "bob")
        state = find_state(author)
        outcomes.append((author.name, None if state is None else (state.phase, state.changes)))

    assert outcomes[0] == outcomes[1]


def test_the_generated_form_can_be_read(library: Library) -> None:
    """Decision 0005: its source is kept, and holds no name of a user's attribute."""
    source = library.Author.__setattr__.__source__

    assert source.startswith("def __setattr__(self, name, value):")
    assert "books" not in source
