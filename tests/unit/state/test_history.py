"""History of attributes: pure functions of old and present values, and what a state makes of them."""

from __future__ import annotations

import operator
from typing import Any, NoReturn

import pytest

from tests.support.mapped import Library, map_class, persistent
from unitwork.base.markers import NO_VALUE
from unitwork.mapping.registry import MapperRegistry
from unitwork.state.attributes import AttributeState
from unitwork.state.history import NO_HISTORY, History, collection_history, scalar_history
from unitwork.state.instance import state_of
from unitwork.state.tracker import StateTracker


class Hostile:
    """Raises when it is compared or asked for its truth."""

    def _refuse(self, *_: object) -> NoReturn:
        raise AssertionError("the history called its member")

    __eq__ = __ne__ = __hash__ = __bool__ = __len__ = _refuse  # type: ignore[assignment]


def ids(members: Any) -> list[int]:
    """Identities of members, in order."""
    return [id(member) for member in members]


# -- scalars ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("present", "old", "changed", "expected"),
    [
        (NO_VALUE, NO_VALUE, False, ((), (), ())),
        (1, NO_VALUE, False, ((), [1], ())),
        (None, NO_VALUE, False, ((), [None], ())),
        (2, 1, True, ([2], (), [1])),
        (1, 1, True, ((), [1], ())),
        (2, NO_VALUE, True, ([2], (), ())),
        (None, 1, True, ([None], (), [1])),
        (1, None, True, ([1], (), [None])),
        (NO_VALUE, 1, True, ((), (), [1])),
        (NO_VALUE, NO_VALUE, True, ((), (), ())),
    ],
    ids=[
        "never set",
        "loaded",
        "loaded None",
        "changed",
        "set back",
        "set while unloaded",
        "set to None",
        "set from None",
        "deleted",
        "deleted while unloaded",
    ],
)
def test_history_of_a_scalar(present: Any, old: Any, changed: bool, expected: Any) -> None:
    """ST-51, ST-52, ST-53, ST-57."""
    assert scalar_history(present, old, changed, operator.eq) == expected


def test_values_are_compared_by_the_given_function() -> None:
    """LB-20: types say what is equal."""
    assert scalar_history(1, 2, True, lambda left, right: True) == ((), [1], ())
    assert scalar_history(1, 1, True, lambda left, right: False) == ([1], (), [1])


def test_the_old_value_counts_only_where_something_changed() -> None:
    """What is left of an old value says nothing without a change."""
    assert scalar_history(1, 2, False, operator.eq) == ((), [1], ())


# -- collections ------------------------------------------------------------------------------------------------------


def test_history_of_a_collection_compares_by_identity() -> None:
    """ST-54, LB-42."""
    kept, gone, new = Hostile(), Hostile(), Hostile()

    found = collection_history([new, kept], [kept, gone])

    assert [ids(part) for part in found] == [ids([new]), ids([kept]), ids([gone])]


def test_a_collection_without_change_is_unchanged() -> None:
    """ST-54."""
    member = Hostile()

    found = collection_history([member], None)

    assert [ids(part) for part in found] == [[], ids([member]), []]


def test_an_emptied_collection_has_only_deleted_members() -> None:
    """ST-54."""
    assert collection_history([], ["a", "b"]) == ([], [], ["a", "b"])


# -- History ----------------------------------------------------------------------------------------------------------


def test_helpers_of_a_history() -> None:
    """ST-50: in the order added, unchanged, deleted."""
    history = History([1], [2], [3])

    assert history.sum() == [1, 2, 3]
    assert history.non_deleted() == [1, 2]
    assert history.non_added() == [2, 3]
    assert history.has_changes()
    assert not history.empty()


@pytest.mark.parametrize(
    ("history", "truth", "changes"),
    [
        (NO_HISTORY, False, False),
        (History([None], (), ()), True, True),
        (History((), [None], ()), True, False),
        (History((), (), [None]), True, True),
    ],
)
def test_a_history_is_false_when_it_is_empty(history: History, truth: bool, changes: bool) -> None:
    """ST-50: a None in it counts."""
    assert (bool(history), history.empty(), history.has_changes()) == (truth, not truth, changes)


# -- of a state -------------------------------------------------------------------------------------------------------


def test_a_new_object_has_added_values(library: Library) -> None:
    """ST-51: of scalars, references and collections."""
    author, book = library.Author(), library.Book()
    state_of(author)
    author.__dict__.update(name="ann", books=[book])
    book.__dict__["author"] = author

    assert state_of(author).history_of("name") == (["ann"], (), ())
    assert state_of(author).history_of("id") == ((), (), ())
    assert state_of(author).history_of("books") == ([book], (), ())
    assert state_of(book).history_of("author") == ([author], (), ())


def test_a_persistent_object_has_changes(library: Library, tracker: StateTracker) -> None:
    """ST-51: old against present."""
    author = library.Author()
    state = persistent(tracker, author, 1, id=1, name="ann")

    state.note_change(author, "name", "ann")
    author.__dict__["name"] = "bob"

    assert state.history_of("name") == (["bob"], (), ["ann"])
    assert state.history_of("id") == ((), [1], ())
    assert state.history_of("books") == ((), (), ())


def test_a_reference_is_compared_by_identity(registry: MapperRegistry, tracker: StateTracker) -> None:
    """ST-53, LB-42."""
    hostile = type("Author", (Hostile,), {})
    library = Library(registry, map_class, Author=hostile)
    book, old, new = library.Book(), hostile(), hostile()
    state = persistent(tracker, book, 1, id=1, author=new)

    state.note_change(book, "author", old)
    history = state.history_of("author")

    assert [ids(part) for part in history] == [ids([new]), [], ids([old])]
    assert state.has_net_changes(include_collections=False)


def test_net_changes_compare_values(library: Library, tracker: StateTracker) -> None:
    """ST-38: set back is no change, unknown old values are one."""
    author = library.Author()
    state = persistent(tracker, author, 1, id=1, name="ann")
    state.note_change(author, "name", "ann")
    seen = [state.has_net_changes(True)]

    author.__dict__["name"] = "bob"
    seen.append(state.has_net_changes(True))
    author.__dict__["name"] = "ann"
    state.changes = {"name": NO_VALUE}
    seen.append(state.has_net_changes(True))

    assert seen == [False, True, True]


def test_collections_count_as_net_change_if_wished(library: Library, tracker: StateTracker) -> None:
    """ST-38, ST-39: loaded or queued."""
    loaded, unloaded, book = library.Author(), library.Author(), library.Book()
    changed = persistent(tracker, loaded, 1, id=1, books=[book])
    changed.note_change(loaded, "books", [])
    queued = persistent(tracker, unloaded, 2, id=2)
    queued.queue(unloaded, "books").add(book)

    assert [changed.has_net_changes(True), queued.has_net_changes(True)] == [True, True]
    assert [changed.has_net_changes(False), queued.has_net_changes(False)] == [False, False]


# -- attrs ------------------------------------------------------------------------------------------------------------


def test_attrs_are_a_mapping_by_item_and_attribute(library: Library) -> None:
    """ST-32."""
    attrs = state_of(library.Author()).attrs

    assert list(attrs) == ["id", "name", "books"]
    assert len(attrs) == 3
    assert isinstance(attrs["name"], AttributeState)
    assert attrs.name.key == "name"


def test_attrs_know_no_other_names(library: Library) -> None:
    """ST-32: KeyError by item, AttributeError by attribute."""
    attrs = state_of(library.Author()).attrs

    with pytest.raises(KeyError):
        attrs["nick"]
    with pytest.raises(AttributeError, match="Author has no mapped attribute 'nick'"):
        attrs.nick  # noqa: B018 - reading is the point


def test_loaded_value_and_history_never_load(library: Library, tracker: StateTracker, port: Any) -> None:
    """ST-32: NO_VALUE stands for what is absent."""
    author = library.Author()
    state = persistent(tracker, author, 1, id=1)

    assert state.attrs.name.loaded_value is NO_VALUE
    assert state.attrs.name.history == ((), (), ())
    assert state.attrs.id.loaded_value == 1
    assert state.attrs.id.value == 1
    assert state.attrs.id.load_history() == ((), [1], ())
    assert port.calls == []
