"""InstanceState: made when needed, identity of its own, copies, pickles, and what it says about its object."""

from __future__ import annotations

import copy
import gc
import operator
import pickle
from collections.abc import Callable
from typing import Any, NoReturn

import pytest

from tests.support.mapped import Library, Port, map_class, pending, persistent
from unitwork.base.markers import NO_VALUE
from unitwork.exc import InvalidRequestError, UnmappedInstanceError
from unitwork.inspection import inspect
from unitwork.mapping.registry import MapperRegistry
from unitwork.sql.schema import Column, Table
from unitwork.sql.types import Integer
from unitwork.state.instance import (
    CLEAN,
    STATE,
    InstanceState,
    Queue,
    describe,
    find_state,
    make_state,
    state_of,
    unmapped,
)
from unitwork.state.lifecycle import DELETED, DETACHED, PENDING, PERSISTENT, TRANSIENT
from unitwork.state.tracker import StateTracker


class Hostile:
    """Raises when it is compared, hashed, asked for its truth or printed."""

    def _refuse(self, *_: object) -> NoReturn:
        raise AssertionError("unitwork called a method of the user's object")

    __eq__ = __ne__ = __lt__ = __le__ = __hash__ = __bool__ = __len__ = __repr__ = _refuse  # type: ignore[assignment]


class Pickled:
    """Mapped while a test of pickling runs; at module level, since pickle looks it up by name."""


@pytest.fixture
def hostile(registry: MapperRegistry) -> Any:
    """An object of a mapped class whose methods must not be called."""
    map_class(registry, Hostile, Table("hostile", registry.metadata, Column("id", Integer, primary_key=True)))
    return Hostile()


@pytest.fixture
def pickled(registry: MapperRegistry) -> Any:
    """An object that can be pickled."""
    table = Table("pickled", registry.metadata, Column("id", Integer, primary_key=True), Column("n", Integer))
    map_class(registry, Pickled, table)
    registry.configure()
    return Pickled()


# -- one state per object ---------------------------------------------------------------------------------------------


def test_a_state_is_made_once_and_lies_in_the_object(library: Library) -> None:
    """ST-28: transient, and nothing known of a row."""
    author = library.Author()

    state = state_of(author)

    assert state_of(author) is state
    assert author.__dict__ == {STATE: state}
    assert (state.phase, state.tracker, state.pk, state.changes, state.expired) == (TRANSIENT, None, None, None, None)
    assert state() is state.object is state.obj() is author
    assert state.mapper is library.authors


def test_finding_a_state_makes_none(library: Library) -> None:
    """ST-56: looking at a new object leaves it as it is."""
    author = library.Author()

    assert find_state(author) is None
    assert author.__dict__ == {}


@pytest.mark.parametrize("subject", [5, None, object(), [1]])
def test_something_unmapped_has_no_state(subject: Any) -> None:
    """SB-56."""
    with pytest.raises(UnmappedInstanceError) as caught:
        state_of(subject)

    assert caught.value.code == "unmapped"
    assert find_state(subject) is None


def test_a_class_in_place_of_an_instance_is_named(library: Library) -> None:
    """SB-56: the message hints that a class was given."""
    with pytest.raises(UnmappedInstanceError, match="class Author was given where an instance is needed"):
        state_of(library.Author)

    assert "class Author" in str(unmapped(library.Author))


def test_inspect_gives_the_state_of_an_instance(library: Library) -> None:
    """ST-28."""
    author = library.Author()

    assert inspect(author) is state_of(author)


# -- identity of its own (LB-42) --------------------------------------------------------------------------------------


def test_a_state_is_equal_to_itself_alone(hostile: Any) -> None:
    """LB-42: weak references borrow ==, hash and repr of what they refer to; states do not."""
    state, other = state_of(hostile), state_of(Hostile())

    assert state == state
    assert (state == other, state != other) == (False, True)
    assert hash(state) == object.__hash__(state)
    assert {state: 1}[state] == 1
    assert other not in {state: 1}
    assert repr(state) == "<InstanceState of <Hostile (no identity)>, transient>"


@pytest.mark.parametrize("operation", [operator.lt, operator.le, operator.gt, operator.ge])
def test_states_have_no_order(operation: Callable[[Any, Any], Any], hostile: Any) -> None:
    """LB-42: the object is not asked for one."""
    with pytest.raises(TypeError):
        operation(state_of(hostile), state_of(Hostile()))


def test_the_hash_of_a_state_outlives_its_object(library: Library) -> None:
    """ST-44: a state is found in a dictionary when its object is gone."""
    author = library.Author()
    state = state_of(author)
    before = hash(state)

    del author

    assert state() is None
    assert hash(state) == before
    assert state == state


def test_a_state_keeps_no_object_alive(library: Library) -> None:
    """ST-44: and no cycle leads from the object to itself, so that it goes at once."""
    gc.disable()
    try:
        state = state_of(library.Author())
        gone = state() is None
    finally:
        gc.enable()

    assert gone
    assert state.dict == {}


# -- copied __dict__ --------------------------------------------------------------------------------------------------


def test_a_shallow_copy_gets_a_state_of_its_own(library: Library, tracker: StateTracker) -> None:
    """EV-74: a copied __dict__ brings the state of another object, which is noticed."""
    author = library.Author()
    original = persistent(tracker, author, 1, id=1, name="ann")

    copied = copy.copy(author)
    found_before = find_state(copied)
    state = state_of(copied)

    assert found_before is None
    assert state is not original
    assert state() is copied
    assert state.transient
    assert (copied.id, copied.name) == (1, "ann")
    assert state_of(author) is original
    assert original.persistent


def test_a_deep_copy_gets_a_state_of_its_own(library: Library, tracker: StateTracker) -> None:
    """EV-74: a transient one, whatever the original is."""
    author = library.Author()
    original = persistent(tracker, author, 1, id=1, name="ann")

    copied = copy.deepcopy(author)

    state = state_of(copied)
    assert state is not original
    assert state() is copied
    assert state.transient
    assert copied.name == "ann"
    assert state_of(author) is original


# -- pickling (EV-74) -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickled_object_with_a_row_comes_back_detached(protocol: int, pickled: Any, tracker: StateTracker) -> None:
    """EV-74: values, identity, expired names and changes are kept; the Session is not."""
    state = persistent(tracker, pickled, 7, id=7, n=1)
    state.note_change(pickled, "n", 1)
    pickled.__dict__["n"] = 2
    state.expired = frozenset(["id"])

    back = pickle.loads(pickle.dumps(pickled, protocol))

    found = find_state(back)
    assert found is not None
    assert (found.phase, found.tracker, found.pk) == (DETACHED, None, 7)
    assert found.identity_key == (Pickled, (7,), None)
    assert found.expired == frozenset(["id"])
    assert found.history_of("n") == ([2], (), [1])
    assert back.n == 2


def test_a_pickled_new_object_comes_back_transient(pickled: Any) -> None:
    """EV-74: with or without a state of its own."""
    pickled.__dict__["n"] = 3
    without = pickle.loads(pickle.dumps(pickled))
    state_of(pickled)

    back = pickle.loads(pickle.dumps(pickled))

    assert find_state(without) is None
    assert state_of(back).transient
    assert state_of(back).changes is None
    assert back.n == without.n == 3


def test_facts_of_a_row_survive_pickling(pickled: Any, tracker: StateTracker) -> None:
    """EV-74, ST-29: token and was_deleted; the user's info does not."""
    state = persistent(tracker, pickled, 7, id=7)
    state.set_extra("token", "east")
    state.set_extra("was_deleted", True)
    state.info["mine"] = object()

    back = state_of(pickle.loads(pickle.dumps(pickled)))

    assert (back.token, back.identity_token, back.was_deleted, back.info) == ("east", "east", True, {})


def test_a_state_may_be_pickled_by_itself(pickled: Any, tracker: StateTracker) -> None:
    """EV-74: its object comes along, and refers to it."""
    persistent(tracker, pickled, 7, id=7)

    state, obj = pickle.loads(pickle.dumps((state_of(pickled), pickled)))

    assert state() is obj
    assert state_of(obj) is state
    assert state.pk == 7


def test_an_object_whose_class_is_not_mapped_any_more_cannot_come_back(pickled: Any, registry: MapperRegistry) -> None:
    """ER-10: the error is ours."""
    state_of(pickled)
    packed = pickle.dumps(pickled)
    registry.dispose()

    with pytest.raises(UnmappedInstanceError):
        pickle.loads(packed)


# -- what it says -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("phase", [TRANSIENT, PENDING, PERSISTENT, DELETED, DETACHED])
def test_exactly_one_boolean_is_true(library: Library, phase: int) -> None:
    """ST-03."""
    author = library.Author()
    state = state_of(author)

    state.phase = phase

    found = [state.transient, state.pending, state.persistent, state.deleted, state.detached]
    assert found == [place == phase for place in range(5)]


def test_identity_is_that_of_the_row_and_not_of_the_attributes(library: Library, tracker: StateTracker) -> None:
    """ST-02, ST-31: a primary key written by hand is none."""
    author = library.Author()
    author.__dict__["id"] = 5
    state = state_of(author)
    before = (state.identity, state.key, state.has_identity)

    persistent(tracker, author, 5)

    assert before == (None, None, False)
    assert (state.identity, state.identity_key) == ((5,), (library.Author, (5,), None))
    assert state.has_identity


def test_a_composite_key_is_a_tuple(registry: MapperRegistry, tracker: StateTracker) -> None:
    """ST-30, LB-06: in the order of the table."""
    table = Table(
        "pair", registry.metadata, Column("a", Integer, primary_key=True), Column("b", Integer, primary_key=True)
    )
    mapper = map_class(registry, "Pair", table)
    pair = mapper.class_()

    state = persistent(tracker, pair, (1, 2), a=1, b=2)

    assert state.identity == (1, 2)
    assert state.key == (mapper.class_, (1, 2), None)
    assert describe(state) == "<Pair a=1 b=2>"


def test_was_deleted_is_true_while_and_after(library: Library) -> None:
    """ST-29."""
    author = library.Author()
    state = state_of(author)
    seen = [state.was_deleted]

    state.phase = DELETED
    seen.append(state.was_deleted)
    state.phase = DETACHED
    state.set_extra("was_deleted", True)
    seen.append(state.was_deleted)
    state.set_extra("was_deleted", None)
    seen.append(state.was_deleted)

    assert seen == [False, True, True, False]


def test_session_is_that_of_the_port(library: Library, tracker: StateTracker, port: Port) -> None:
    """SB-38."""
    author = library.Author()
    before = state_of(author).session

    pending(tracker, author)
    port.session = "a session"

    assert before is None
    assert state_of(author).session == "a session"


def test_info_is_a_dictionary_for_the_user(library: Library) -> None:
    """ST-30: the same each time."""
    author = library.Author()
    state = state_of(author)

    state.info["key"] = "value"

    assert state.info == {"key": "value"}


def test_loaded_unloaded_and_expired_names(library: Library, tracker: StateTracker) -> None:
    """ST-30: expired names are those not loaded and not written since."""
    author = library.Author()
    state = persistent(tracker, author, 1, id=1, name="ann")
    tracker.expire(state, author)
    state.note_change(author, "name", NO_VALUE)

    unloaded = state.unloaded
    author.__dict__.update(id=1, name="bob")

    assert unloaded == {"id", "name", "books"}
    assert state.unloaded == {"books"}
    assert state.expired_attributes == {"books"}
    assert state.is_expired


def test_modified_tells_of_writes(library: Library, tracker: StateTracker) -> None:
    """ST-30: a new object with a value counts."""
    new, old = library.Author(), library.Author()
    seen = [state_of(new).modified]
    new.__dict__["name"] = "ann"
    seen.append(state_of(new).modified)
    state = persistent(tracker, old, 1, id=1, name="ann")
    seen.append(state.modified)

    state.note_change(old, "name", "ann")

    assert [*seen, state.modified] == [False, True, False, True]
    assert state.unmodified == {"id", "books"}
    assert state.unmodified_intersection(["name", "id"]) == {"id"}


def test_a_message_names_class_and_key_and_calls_nothing(hostile: Any, tracker: StateTracker) -> None:
    """LB-42: describing an object asks it nothing."""
    state = make_state(hostile, state_of(hostile).mapper)
    before = describe(state)

    state.pk = 3

    assert (before, describe(state)) == ("<Hostile (no identity)>", "<Hostile id=3>")


# -- noting changes ---------------------------------------------------------------------------------------------------


def test_the_first_change_puts_an_object_among_the_modified(library: Library, tracker: StateTracker) -> None:
    """ST-45: which holds it; the shared empty dictionary stays empty."""
    author = library.Author()
    state = persistent(tracker, author, 1, id=1, name="ann")

    state.note_change(author, "name", "ann")
    state.note_change(author, "id", 1)

    assert tracker.modified == {state: author}
    assert state.changes == {"name": "ann", "id": 1}
    assert CLEAN == {}


def test_the_first_change_outside_of_a_transaction_asks_for_one(
    library: Library, tracker: StateTracker, port: Port
) -> None:
    """SB-102: once per object, not once per attribute."""
    author = library.Author()
    state = persistent(tracker, author, 1, id=1, name="ann")
    tracker.idle = True

    state.note_change(author, "name", "ann")
    state.note_change(author, "id", 1)

    assert port.calls == [("changing",)]


def test_a_refused_change_records_nothing(library: Library, tracker: StateTracker, port: Port) -> None:
    """SB-109."""
    author = library.Author()
    state = persistent(tracker, author, 1, id=1, name="ann")
    tracker.idle = True
    port.refuse = InvalidRequestError("not begun")

    with pytest.raises(InvalidRequestError):
        state.note_change(author, "name", "ann")

    assert state.changes is CLEAN
    assert tracker.modified == {}


def test_a_detached_object_records_its_changes(library: Library) -> None:
    """SB-59: they are written after it was added again."""
    author = library.Author()
    state = state_of(author)
    state.phase, state.pk, state.changes = DETACHED, 1, CLEAN

    state.note_change(author, "name", "ann")

    assert state.changes == {"name": "ann"}


def test_forgetting_changes_takes_the_values_as_they_are(library: Library, tracker: StateTracker) -> None:
    """ST-55."""
    author = library.Author()
    state = persistent(tracker, author, 1, id=1, name="ann")
    state.note_change(author, "name", "bob")
    state.queue(author, "books").add(object())

    state.forget_changes()

    assert state.changes is CLEAN
    assert state.queued is None
    assert state.history_of("name") == ((), ["ann"], ())


# -- queues of unloaded collections (ST-59) ---------------------------------------------------------------------------


def test_a_queue_withdraws_what_is_undone() -> None:
    """ST-59: an addition and its removal leave nothing, compared by identity."""
    queue = Queue()
    first, second, third = Hostile(), Hostile(), Hostile()

    queue.add(first)
    queue.add(second)
    queue.remove(third)
    queue.remove(second)
    queue.add(third)

    assert [member is first for member in queue.added] == [True]
    assert queue.removed == []


def test_a_queue_marks_its_owner_as_changed(library: Library, tracker: StateTracker) -> None:
    """ST-59: once, without a value."""
    author = library.Author()
    state = persistent(tracker, author, 1, id=1)

    queue = state.queue(author, "books")

    assert state.queue(author, "books") is queue
    assert state.changes == {"books": NO_VALUE}
    assert state in tracker.modified


def test_a_new_state_has_the_class_of_its_kind(library: Library) -> None:
    """The state is the weak reference: one allocation."""
    assert isinstance(state_of(library.Author()), InstanceState)
    assert not hasattr(state_of(library.Author()), "__dict__")
