"""Collection attributes: filled by loaders, replaced and deleted by users, copied and pickled.

Neighbours: kinds.py knows what the collections of a relationship are; tracked.py what they do when they change.

Spec: ST-59, ST-62, ST-63, LB-16, EV-74, EV-86.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from unitwork.instrument.backrefs import member_joined, member_left, refuse_member
from unitwork.instrument.kinds import kind_of
from unitwork.instrument.tracked import Tracked, not_among, tell
from unitwork.instrument.writes import Writer
from unitwork.mapping.mapper import RelationshipProperty
from unitwork.state.instance import InstanceState, find_state, state_of
from unitwork.state.lifecycle import PENDING, TRANSIENT


def new_collection(prop: RelationshipProperty) -> Callable[[InstanceState], Any]:
    """Return the function that makes an empty collection of `prop` for the state of an owner."""
    make_empty = kind_of(prop).make

    def make(state: InstanceState) -> Any:
        return make_empty().tracked_bind(prop, state)

    return make


def bind_loaded(prop: RelationshipProperty, state: InstanceState, obj: Any, members: Iterable[Any]) -> Any:
    """Store loaded members as the collection of `obj`, apply what was queued meanwhile, and return it (ST-59)."""
    collection = kind_of(prop).filled(members).tracked_bind(prop, state)
    obj.__dict__[prop.key] = collection
    queue = None if state.queued is None else state.queued.pop(prop.key, None)
    if queue is not None:
        loaded = collection.tracked_members()
        for member in queue.removed:
            collection.tracked_release(member)
        present = {id(member) for member in loaded}
        for member in queue.added:
            if id(member) not in present:
                collection.tracked_receive(member)
        if state.changes is not None:
            state.changes[prop.key] = loaded
    return collection


def collection_writer(prop: RelationshipProperty) -> Writer:
    """Return the writer of a collection attribute: ``author.books = [...]`` replaces its members (ST-62, ST-63)."""
    name = prop.key

    def write(obj: Any, value: Any) -> None:
        if not prop.parent.sealed:
            prop.parent.registry.configure()
        members = kind_of(prop).members(prop, value)
        if obj.__dict__.get(name) is not value:
            replace_members(prop, obj, members)

    return write


def replace_members(prop: RelationshipProperty, obj: Any, members: list[Any]) -> None:
    """Give an object a new collection of these members; the old one belongs to nobody afterwards."""
    name = prop.key
    state = state_of(obj)
    for member in members:
        if member is not None:
            refuse_member(prop, state, member)
    old = obj.__dict__.get(name)
    if old is None:
        old = _present_members(prop, state)
    before = old.tracked_members() if isinstance(old, Tracked) else list(old)
    for listener in prop.memo.get("bulk_replace", ()):
        listener(obj, members, prop)
    collection = kind_of(prop).filled(members).tracked_bind(prop, state)
    # What the collection really took: a dictionary keeps one member per key.
    members = collection.tracked_members()
    joining, leaving = not_among(members, before), not_among(before, members) if before else []
    for member in leaving:
        tell(prop, "remove", obj, member)
    for member in joining:
        tell(prop, "append", obj, member)
    changes = state.changes
    if changes is not None and name not in changes and not prop.viewonly:
        state.note_change(obj, name, before)
    obj.__dict__[name] = collection
    if isinstance(old, Tracked):
        old.tracked_unbind()
    if prop.viewonly:
        return
    for member in leaving:
        member_left(prop, state, obj, member)
    for member in joining:
        member_joined(prop, state, obj, member)


def collection_deleter(prop: RelationshipProperty) -> Callable[[Any], None]:
    """Return the function behind ``del obj.collection``: its members are removed."""

    def delete(obj: Any) -> None:
        state = find_state(obj)
        if prop.key not in obj.__dict__ and (state is None or state.changes is None):
            raise AttributeError(f"{type(obj).__name__!r} object has no value for attribute {prop.key!r} to delete")
        replace_members(prop, obj, [])

    return delete


def _present_members(prop: RelationshipProperty, state: InstanceState) -> Any:
    if state.phase in (TRANSIENT, PENDING) or state.tracker is None:
        return []
    return state.tracker.port.load(state, prop.key)
