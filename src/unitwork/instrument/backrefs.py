"""Keep the other side of a relationship in step, in memory and at once.

Two relationships that are paired by ``back_populates`` show the same fact from two sides. Whoever writes one side calls
here; the other side is changed without writing back, so nothing goes round in circles. The other side never cascades
its object into a Session (CA-13, CA-15, CA-41).

Neighbours: references.py and collections.py call it; state/instance.py queues what meets an unloaded collection.

Spec: ST-59, ST-60, ST-61, CA-13, CA-30, CA-41, CA-60.
"""

from __future__ import annotations

from typing import Any

from unitwork.base.markers import NO_VALUE
from unitwork.mapping.mapper import RelationshipProperty
from unitwork.state.instance import InstanceState, find_state, state_of
from unitwork.state.lifecycle import PENDING, PERSISTENT

#: In the memo of a collection relationship: makes an empty collection for the state of an owner; put there at install.
NEW_COLLECTION = "instrument.new_collection"


def put(prop: RelationshipProperty, owner: Any, member: Any) -> None:
    """Make `owner`'s side of `prop` hold `member`, as a consequence of what `member` was given."""
    name = prop.key
    present = owner.__dict__
    if not prop.uselist:
        old = known_reference(state_of(owner), prop)
        if old is not member:
            write_reference(prop, owner, member, old)
            if prop.reverse is not None and old is not None and old is not NO_VALUE:
                drop(prop.reverse, old, owner)
        return
    collection = present.get(name)
    if collection is not None:
        collection.tracked_receive(member)
        return
    state = state_of(owner)
    if state.changes is None:
        collection = present[name] = prop.memo[NEW_COLLECTION](state)
        collection.tracked_receive(member)
    else:
        state.queue(owner, name).add(member)


def drop(prop: RelationshipProperty, owner: Any, member: Any) -> None:
    """Make `owner`'s side of `prop` no longer hold `member`, as a consequence of what `member` was given."""
    name = prop.key
    present = owner.__dict__
    if not prop.uselist:
        if present.get(name, NO_VALUE) is member:
            write_reference(prop, owner, None, member)
        return
    collection = present.get(name)
    if collection is not None:
        collection.tracked_release(member)
        return
    state = find_state(owner)
    if state is not None and state.changes is not None:
        state.queue(owner, name).remove(member)


def write_reference(prop: RelationshipProperty, obj: Any, value: Any, old: Any) -> None:
    """Store a scalar reference and note the change; listeners hear of it, nothing else follows."""
    name = prop.key
    for listener in prop.memo.get("set", ()):
        listener(obj, value, old, prop)
    state = find_state(obj)
    if state is not None and state.changes is not None and name not in state.changes:
        state.note_change(obj, name, old)
    obj.__dict__[name] = value


def known_reference(state: InstanceState, prop: RelationshipProperty) -> Any:
    """Return the object a scalar relationship holds, as far as memory tells: NO_VALUE where a SELECT would be needed.

    An unloaded many-to-one whose target is in the identity map is known without SQL (LB-15).
    """
    obj = state()
    present = obj.__dict__
    value = present.get(prop.key, NO_VALUE)
    if value is not NO_VALUE or state.phase != PERSISTENT or state.tracker is None:
        return value
    if prop.active_history or not prop.uses_get or "delete-orphan" in prop.cascade:
        # Only a simple many-to-one can do without its old value (ST-52, CA-31).
        return state.tracker.port.load(state, prop.key)
    key = []
    names = state.mapper.name_by_column
    target_names = prop.mapper.name_by_column
    for pk_name in prop.mapper.pk_names:
        for source, destination in prop.synchronize_pairs:
            if target_names[source] == pk_name:
                key.append(present.get(names[destination], NO_VALUE))
    if len(key) != len(prop.mapper.primary_key) or NO_VALUE in map(_marker, key):
        return NO_VALUE
    if any(part is None for part in key):
        return None
    found = state.tracker.identity.find(prop.mapper, key[0] if len(key) == 1 else tuple(key))
    return found if isinstance(found, prop.mapper.class_) else NO_VALUE


def refuse_member(prop: RelationshipProperty, state: InstanceState, member: Any) -> None:
    """Raise, before anything is changed, for a value that cannot become a member: unmapped, or of another Session."""
    member_state = state_of(member)
    if state.tracker is not None and "save-update" in prop.cascade:
        state.tracker.refuse_foreign(member_state)


def member_joined(prop: RelationshipProperty, state: InstanceState, owner: Any, member: Any) -> None:
    """Do what follows when a collection gained a member: the other side, and save-update (CA-12, ST-60, ST-61)."""
    # HOT: every append of an object graph under construction; benchmark W1.
    member_state = state_of(member)
    reverse = prop.reverse
    if reverse is not None:
        if reverse.uselist:
            put(reverse, member, owner)
        elif member.__dict__.get(reverse.key, NO_VALUE) is not owner:
            old = known_reference(member_state, reverse)
            write_reference(reverse, member, owner, old)
            if old is not None and old is not NO_VALUE and old is not owner:
                drop(prop, old, member)
    tracker = state.tracker
    if tracker is not None and "save-update" in prop.cascade and not tracker.holds(member_state):
        tracker.port.reached(state, member)


def member_left(prop: RelationshipProperty, state: InstanceState, owner: Any, member: Any) -> None:
    """Do what follows when a collection lost a member: the other side, and a pending orphan leaves (CA-60)."""
    member_state = state_of(member)
    reverse = prop.reverse
    if reverse is not None:
        if reverse.uselist:
            drop(reverse, member, owner)
        else:
            old = member.__dict__.get(reverse.key, NO_VALUE)
            if old is owner or (old is NO_VALUE and member_state.changes is not None):
                write_reference(reverse, member, None, owner)
    leave_if_orphan(prop, member_state)


def leave_if_orphan(prop: RelationshipProperty, member_state: InstanceState) -> None:
    """Tell the Session about a pending object that lost its parent along delete-orphan."""
    if member_state.phase == PENDING and "delete-orphan" in prop.cascade and member_state.tracker is not None:
        member_state.tracker.port.orphaned(member_state)


def _marker(value: Any) -> Any:
    # User values are never compared; only the marker matters here.
    return NO_VALUE if value is NO_VALUE else None
