"""The identity map: weak, one object per key, and its view in the reference's form."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.mapped import Library, map_class, pending, persistent
from unitwork.mapping.registry import MapperRegistry
from unitwork.sql.schema import Column, Table
from unitwork.sql.types import Integer
from unitwork.state.identity import IdentityMap, IdentityView, key_of
from unitwork.state.tracker import StateTracker


@pytest.fixture
def identity(tracker: StateTracker) -> IdentityMap:
    """The map of the tracker."""
    return tracker.identity


@pytest.fixture
def view(identity: IdentityMap) -> IdentityView:
    """What ``session.identity_map`` shows of it."""
    return IdentityView(identity)


def test_an_object_is_found_by_its_key(library: Library, tracker: StateTracker, identity: IdentityMap) -> None:
    """SB-02: of its class, and of no other."""
    author = library.Author()

    persistent(tracker, author, 1)

    assert identity.find(library.authors, 1) is author
    assert identity.find(library.authors, 2) is None
    assert identity.find(library.books, 1) is None


def test_a_token_makes_another_identity(library: Library, tracker: StateTracker, identity: IdentityMap) -> None:
    """SB-02: (root, key, token)."""
    author = library.Author()
    state = persistent(tracker, author, 1)
    identity.discard(state)

    state.set_extra("token", "east")
    identity.add(state)

    assert identity.find(library.authors, 1) is None
    assert identity.find(library.authors, 1, "east") is author
    identity.discard(state)
    assert identity.find(library.authors, 1, "east") is None


def test_a_collected_object_leaves_the_map(library: Library, tracker: StateTracker, identity: IdentityMap) -> None:
    """ST-44: at once, and its key with it."""
    author = library.Author()
    persistent(tracker, author, 1)

    del author

    assert identity.table(library.authors) == {}
    assert identity.states() == []


def test_a_collected_object_does_not_take_its_successor_along(
    library: Library, tracker: StateTracker, identity: IdentityMap
) -> None:
    """ST-46: the key may belong to another instance by then."""
    first, second = library.Author(), library.Author()
    persistent(tracker, first, 1)
    persistent(tracker, second, 1)

    del first

    assert identity.find(library.authors, 1) is second


def test_discarding_takes_out_only_the_state_itself(
    library: Library, tracker: StateTracker, identity: IdentityMap
) -> None:
    """SB-55: another holder of the key stays."""
    first, second = library.Author(), library.Author()
    old = persistent(tracker, first, 1)
    persistent(tracker, second, 1)

    identity.discard(old)

    assert identity.find(library.authors, 1) is second


def test_discarding_from_a_map_that_never_had_the_class_is_silent(library: Library, tracker: StateTracker) -> None:
    """A state may be released twice."""
    state = persistent(tracker, library.Author(), 1)
    empty = IdentityMap()

    empty.discard(state)

    assert empty.tables == {}


def test_tables_stay_the_same_object(library: Library, tracker: StateTracker, identity: IdentityMap) -> None:
    """Row loaders hold them: clear() empties, and does not replace."""
    author = library.Author()
    table = identity.table(library.authors)
    persistent(tracker, author, 1)

    identity.clear()

    assert identity.table(library.authors) is table
    assert table == {}


# -- keys -------------------------------------------------------------------------------------------------------------


def test_keys_have_the_form_of_the_reference(registry: MapperRegistry, library: Library) -> None:
    """ST-41: the key is a tuple, of one column too."""
    table = Table(
        "pair", registry.metadata, Column("a", Integer, primary_key=True), Column("b", Integer, primary_key=True)
    )
    pairs = map_class(registry, "Pair", table)

    assert key_of(library.authors, 1) == (library.Author, (1,), None)
    assert key_of(pairs, (1, 2), "east") == (pairs.class_, (1, 2), "east")


# -- the view ---------------------------------------------------------------------------------------------------------


def test_the_view_is_a_mapping_from_keys_to_live_objects(
    library: Library, tracker: StateTracker, view: IdentityView
) -> None:
    """ST-41."""
    author, book = library.Author(), library.Book()
    first, second = persistent(tracker, author, 1), persistent(tracker, book, 2)

    assert dict(view) == {first.key: author, second.key: book}
    assert len(view) == 2
    assert view[(library.Author, (1,), None)] is author
    assert view.has_key((library.Book, (2,), None))
    assert (library.Book, (1,), None) not in view
    assert view.get((library.Book, (1,), None)) is None
    assert view.all_states() == [first, second]
    assert repr(view) == "<IdentityView of 2 objects>"


def test_the_view_has_no_key_of_a_collected_object(library: Library, tracker: StateTracker, view: IdentityView) -> None:
    """ST-44."""
    persistent(tracker, library.Author(), 1)

    with pytest.raises(KeyError):
        view[(library.Author, (1,), None)]


def test_the_view_has_no_pending_objects(library: Library, tracker: StateTracker, view: IdentityView) -> None:
    """ST-41: they have no key."""
    author = library.Author()

    pending(tracker, author)

    assert list(view) == []


@pytest.mark.parametrize("key", [None, 5, (), ("Author", (1,)), ("Author", (1,), None)])
def test_something_that_is_no_key_is_not_in_the_view(
    key: Any, library: Library, tracker: StateTracker, view: IdentityView
) -> None:
    """ST-41."""
    author = library.Author()
    persistent(tracker, author, 1)

    assert key not in view


@pytest.mark.parametrize("pk", [1, ()])
def test_a_key_with_a_primary_key_of_a_wrong_form_is_not_in_the_view(
    pk: Any, library: Library, tracker: StateTracker, view: IdentityView
) -> None:
    """ST-41: a bare value is a frequent slip; it raises TypeError or IndexError where False is promised."""
    author = library.Author()
    persistent(tracker, author, 1)

    assert (library.Author, pk, None) not in view
