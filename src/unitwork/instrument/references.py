"""Setting a scalar relationship: ``book.author = author``.

In this order: check the value, note the old one, store, bring the other side in step, cascade save-update to the new
object, and let a pending orphan leave.

Spec: ST-53, ST-60, CA-12 to CA-15, CA-31, CA-40, CA-65, EV-85.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from unitwork import exc
from unitwork.base.markers import NO_VALUE
from unitwork.instrument.backrefs import drop, known_reference, leave_if_orphan, put, refuse_member
from unitwork.instrument.writes import Writer
from unitwork.mapping.mapper import RelationshipProperty
from unitwork.state.instance import STATE, InstanceState, describe, find_state, state_of


def reference_writer(prop: RelationshipProperty) -> Writer:
    """Return the writer of a scalar relationship."""
    name = prop.key
    events = prop.memo

    def write(obj: Any, value: Any) -> None:
        # HOT: every assignment of a graph under construction; benchmark W1.
        if not prop.parent.sealed:
            prop.parent.registry.configure()
        present = obj.__dict__
        target = None if value is None else state_of(value)
        state = present.get(STATE)
        if state is not None and state() is not obj:
            state = state_of(obj)
        if target is not None and state is not None and not prop.viewonly:
            refuse_member(prop, state, value)
        old = present.get(name, NO_VALUE)
        if old is NO_VALUE and state is not None:
            old = known_reference(state, prop)
        if "set" in events:
            for listener in events["set"]:
                listener(obj, value, old, prop)
        if prop.single_parent and target is not None and old is not value:
            _refuse_second_parent(prop, obj, value)
            remember_parent(prop, state_of(obj), value)
        if state is not None and not prop.viewonly:
            changes = state.changes
            if changes is not None and name not in changes:
                state.note_change(obj, name, old)
        present[name] = value
        if old is value or prop.viewonly:
            return
        _sync(prop, obj, old, value)
        if state is not None and state.tracker is not None:
            if target is not None:
                if "save-update" in prop.cascade and not state.tracker.holds(target):
                    state.tracker.port.reached(state, value)
            elif prop.reverse is not None and old is not None and old is not NO_VALUE:
                leave_if_orphan(prop.reverse, state)

    return write


def _sync(prop: RelationshipProperty, obj: Any, old: Any, value: Any) -> None:
    reverse = prop.reverse
    if reverse is not None and prop.sync_backref:
        if old is not None and old is not NO_VALUE:
            drop(reverse, old, obj)
        if value is not None:
            put(reverse, value, obj)
    if old is not None and old is not NO_VALUE:
        old_state = find_state(old)
        if old_state is not None:
            leave_if_orphan(prop, old_state)


def reference_deleter(prop: RelationshipProperty, write: Writer) -> Callable[[Any], None]:
    """Return the function behind ``del obj.reference``: the reference is taken off, and reads as None."""

    def delete(obj: Any) -> None:
        state = find_state(obj)
        if prop.key not in obj.__dict__ and (state is None or state.changes is None or prop.key in state.changes):
            raise AttributeError(f"{type(obj).__name__!r} object has no value for attribute {prop.key!r} to delete")
        write(obj, None)

    return delete


def remember_parent(prop: RelationshipProperty, owner: InstanceState, value: Any) -> None:
    """Keep which object a single-parent target belongs to; loaders call it too, for those they load."""
    state = state_of(value)
    parents = dict((state.extra or {}).get("parents", ()))
    parents[prop] = owner
    state.set_extra("parents", parents)


def _refuse_second_parent(prop: RelationshipProperty, obj: Any, value: Any) -> None:
    holder = (state_of(value).extra or {}).get("parents", {}).get(prop)
    other = None if holder is None else holder()
    if other is not None and other is not obj and other.__dict__.get(prop.key) is value:
        raise exc.InvalidRequestError(
            f"{describe(state_of(value))} has the parent {describe(holder)} already, and "
            f"{prop.parent.class_.__name__}.{prop.key} allows a single parent.",
            do=f"take it off first: set {prop.key} of the present parent to None.",
            code="second-parent",
        )
