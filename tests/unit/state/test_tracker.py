"""The tracker: what it holds, what it lets go, and what expiring leaves."""

from __future__ import annotations

import pytest

from tests.support.mapped import Library, pending, persistent
from unitwork.exc import BrokenInvariantError
from unitwork.state.instance import CLEAN, state_of
from unitwork.state.lifecycle import DELETED, move
from unitwork.state.tracker import StateTracker, every_name


def test_an_empty_tracker_has_nothing_to_flush(tracker: StateTracker) -> None:
    """SB-77: a flush without work looks no further."""
    assert not tracker.has_changes()
    assert tracker.objects() == []
    assert tracker.attached() == []


def test_pending_modified_and_marked_objects_are_held(library: Library, tracker: StateTracker) -> None:
    """ST-45: by the three dictionaries, in the order of adding; they are what a flush looks at."""
    first, second = pending(tracker, library.Author()), pending(tracker, library.Author())
    kept = persistent(tracker, author := library.Author(), 1, id=1)
    kept.note_change(author, "id", 1)
    del author

    assert list(tracker.new) == [first, second]
    assert None not in (first(), second(), kept())
    assert tracker.has_changes()


def test_unmodified_objects_are_not_held(library: Library, tracker: StateTracker) -> None:
    """ST-44."""
    state = persistent(tracker, library.Author(), 1, id=1)

    assert state() is None
    assert tracker.attached() == []


def test_objects_are_pending_ones_then_persistent_ones(library: Library, tracker: StateTracker) -> None:
    """ST-34."""
    old, new = library.Author(), library.Author()
    persistent(tracker, old, 1)
    pending(tracker, new)

    assert [id(obj) for obj in tracker.objects()] == [id(new), id(old)]


def test_contains_is_true_of_pending_and_persistent_objects_here(library: Library, tracker: StateTracker) -> None:
    """ST-15."""
    objects = [library.Author() for _ in range(4)]
    new = pending(tracker, objects[0])
    old = persistent(tracker, objects[1], 1)
    gone = persistent(tracker, objects[2], 2)
    move(gone, DELETED)
    outside = state_of(objects[3])

    assert [tracker.contains(state) for state in (new, old, gone, outside)] == [True, True, False, False]


def test_holds_leaves_out_what_is_to_be_deleted(library: Library, tracker: StateTracker) -> None:
    """CA-12: save-update reaches marked and deleted objects again."""
    objects = [library.Author() for _ in range(4)]
    new = pending(tracker, objects[0])
    marked = persistent(tracker, objects[1], 1)
    tracker.deleted[marked] = objects[1]
    gone = persistent(tracker, objects[2], 2)
    move(gone, DELETED)
    outside = state_of(objects[3])

    assert [tracker.holds(state) for state in (new, marked, gone, outside)] == [True, False, False, False]


def test_releasing_takes_an_object_out_of_everything(library: Library, tracker: StateTracker) -> None:
    """ST-10: the identity map included."""
    author = library.Author()
    state = persistent(tracker, author, 1, id=1)
    held = (tracker.new, tracker.modified, tracker.deleted, tracker.gone, tracker.uncascaded)
    for states in held:
        states[state] = author

    tracker.release(state)

    assert [len(states) for states in held] == [0] * 5
    assert tracker.identity.states() == []
    assert state.tracker is None


# -- expire -----------------------------------------------------------------------------------------------------------


def test_expiring_drops_values_and_changes(library: Library, tracker: StateTracker) -> None:
    """ST-91, ST-55: what is no mapped attribute stays."""
    author = library.Author()
    author.__dict__["nick"] = "a"
    state = persistent(tracker, author, 1, id=1, name="ann")
    state.note_change(author, "name", "ann")
    state.queue(author, "books").add(object())

    tracker.expire(state, author)

    assert set(author.__dict__) == {"nick", "_unitwork_state"}
    assert state.changes is CLEAN
    assert state.queued is None
    assert tracker.modified == {}
    assert state.expired_attributes == {"id", "name", "books"}


def test_expiring_all_reaches_every_persistent_object(library: Library, tracker: StateTracker) -> None:
    """ST-92: and no pending one."""
    old, new = library.Author(), library.Author()
    persistent(tracker, old, 1, id=1)
    new.__dict__["name"] = "ann"
    pending(tracker, new)

    tracker.expire_all()

    assert "id" not in old.__dict__
    assert new.__dict__["name"] == "ann"


def test_the_names_of_a_class_are_one_shared_set(library: Library, tracker: StateTracker) -> None:
    """Expiring many objects makes no set per object."""
    first, second = library.Author(), library.Author()
    states = [persistent(tracker, first, 1), persistent(tracker, second, 2)]

    tracker.expire_all()

    assert states[0].expired is states[1].expired is every_name(states[0])


# -- release_all (ST-11, ST-20) ----------


def test_letting_go_forgets_every_object(library: Library, tracker: StateTracker) -> None:
    """ST-20, SB-40: new ones are transient, the others detached; nothing is held any more."""
    objects = [library.Author() for _ in range(4)]
    new = pending(tracker, objects[0])
    old = persistent(tracker, objects[1], 1, id=1)
    marked = persistent(tracker, objects[2], 2, id=2)
    tracker.deleted[marked] = objects[2]
    gone = persistent(tracker, objects[3], 3, id=3)
    tracker.identity.discard(gone)
    tracker.gone[gone] = objects[3]
    move(gone, DELETED)

    tracker.release_all()

    assert (new.transient, old.detached, marked.detached, gone.detached) == (True,) * 4
    assert [state.was_deleted for state in (new, old, marked, gone)] == [False, False, False, True]
    assert [state.tracker for state in (new, old, marked, gone)] == [None] * 4
    assert tracker.attached() == []
    assert not tracker.has_changes()


def test_released_objects_keep_values_identity_and_changes(library: Library, tracker: StateTracker) -> None:
    """SB-08, SB-59: they may be added to another Session."""
    author = library.Author()
    state = persistent(tracker, author, 1, id=1, name="ann")
    state.note_change(author, "name", "bob")

    tracker.release_all()

    assert (author.id, author.name, state.identity) == (1, "ann", (1,))
    assert state.changes == {"name": "bob"}


def test_a_released_object_may_be_collected(library: Library, tracker: StateTracker) -> None:
    """ST-20: its weak reference looks for no map any more."""
    author = library.Author()
    state = persistent(tracker, author, 1, id=1)
    tracker.release_all()

    del author

    assert state() is None


def test_no_move_leads_from_transient_to_persistent(library: Library) -> None:
    """ST-02: only a flush or a row makes an object persistent."""
    state = state_of(library.Author())

    with pytest.raises(BrokenInvariantError):
        move(state, 2)
