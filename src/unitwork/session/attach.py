"""Attach objects to a Session and take them off: add, delete, expunge.

Spec: SB-51 to SB-65, ST-04, ST-05, ST-10, ST-11, CA-11, CA-20, CA-35, CA-36, CA-39, CA-60, CA-61.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from unitwork import exc
from unitwork.cascade.walk import reach, relationships_with
from unitwork.flush.removal import mark
from unitwork.state.instance import CLEAN, InstanceState, describe, state_of
from unitwork.state.lifecycle import DELETED, DETACHED, NAMES, PENDING, PERSISTENT, TRANSIENT, move
from unitwork.state.tracker import StateTracker

if TYPE_CHECKING:
    from unitwork.session.core import SessionCore


def add(core: SessionCore, obj: Any) -> None:
    """Attach an object, and everything that save-update leads to from it."""
    # HOT: every new object; benchmark W1.
    state = state_of(obj)
    core.ready()
    tracker = core.tracker
    reached: list[tuple[InstanceState, Any]] = []
    if relationships_with(state.mapper, "save-update"):
        # All of the graph is looked at before any of it is attached: an error leaves nothing half done (CA-39).
        reached = list(reach(obj, "save-update", _Outside(tracker), removed=state.phase == DETACHED))
        for reached_state, _ in reached:
            tracker.refuse_foreign(reached_state)
    attach_one(tracker, state, obj)
    for reached_state, reached_obj in reached:
        attach_one(tracker, reached_state, reached_obj)


class _Outside:
    """Tells whether an object is not in the Session yet: a cascade stops at those that are (CA-35)."""

    __slots__ = ("_tracker",)

    def __init__(self, tracker: StateTracker) -> None:
        self._tracker = tracker

    def __call__(self, state: InstanceState) -> bool:
        return state.tracker is not self._tracker


def attach_one(tracker: StateTracker, state: InstanceState, obj: Any) -> None:
    """Attach one object: a transient one becomes pending, a detached one persistent.

    Raises:
        InvalidRequestError [other-session, was-deleted, identity-taken]: it cannot be attached; nothing has changed.
    """
    if state.tracker is tracker and state.phase != DELETED:
        if state in tracker.deleted:
            del tracker.deleted[state]
            tracker.uncascaded.pop(state, None)
            if state.changes:
                tracker.modified[state] = obj
        return
    if state.phase == TRANSIENT and state.tracker is None:
        state.phase = PENDING
        state.tracker = tracker
        tracker.new[state] = obj
        return
    tracker.refuse_foreign(state)
    if state.was_deleted:
        raise exc.InvalidRequestError(
            f"{describe(state)} was deleted.",
            do="to insert its values as a new row, call make_transient(obj) first.",
            code="was-deleted",
            state=state,
        )
    _attach_detached(tracker, state, obj)


def _attach_detached(tracker: StateTracker, state: InstanceState, obj: Any) -> None:
    present = tracker.identity.table(state.mapper, state.token).get(state.pk)
    if present is not None and present is not state and present() is not None:
        raise exc.InvalidRequestError(
            f"another object with the identity of {describe(state)} is in this Session already.",
            do="merge() the object, or expunge the other one first.",
            code="identity-taken",
            state=state,
        )
    move(state, PERSISTENT)
    state.tracker = tracker
    tracker.identity.add(state)
    if state.changes:
        tracker.modified[state] = obj


def delete(core: SessionCore, obj: Any) -> None:
    """Mark an object for deletion, and what delete cascades lead to from it; a detached one is attached first.

    Loaded objects are marked at once; those that have to be read are read in sets, when ``session.deleted`` is asked
    for or a flush comes (SB-66).
    """
    state = state_of(obj)
    tracker = core.tracker
    tracker.refuse_foreign(state)
    if state.phase == DELETED or (state.phase == DETACHED and state.was_deleted and state.tracker is tracker):
        warnings.warn(
            f"{describe(state)} was deleted by an earlier flush already. Do: leave out the second delete().",
            exc.UnitworkWarning,
            stacklevel=3,
        )
        return
    if state.phase in (TRANSIENT, PENDING):
        raise exc.InvalidRequestError(
            f"{describe(state)} is {NAMES[state.phase]}: it has no row to delete.",
            do="expunge() it if it is pending; otherwise just drop it.",
            code="delete-without-row",
            state=state,
        )
    core.ready()
    if state.phase == DETACHED:
        state.set_extra("was_deleted", None)
        _attach_detached(tracker, state, obj)
    if not mark(tracker, state, obj):
        return
    for reached_state, reached_obj in reach(obj, "delete", _Markable(tracker)):
        mark(tracker, reached_state, reached_obj)


class _Markable:
    """Tells whether a delete cascade goes on to an object: it is persistent here and not marked (CA-22)."""

    __slots__ = ("_tracker",)

    def __init__(self, tracker: StateTracker) -> None:
        self._tracker = tracker

    def __call__(self, state: InstanceState) -> bool:
        tracker = self._tracker
        return state.tracker is tracker and state.phase == PERSISTENT and state not in tracker.deleted


def expunge(core: SessionCore, obj: Any) -> None:
    """Take an object off the Session, and what expunge cascades lead to from it (ST-10, CA-20)."""
    state = state_of(obj)
    tracker = core.tracker
    if state.tracker is not tracker:
        raise exc.InvalidRequestError(
            f"{describe(state)} is not in this Session.", do="expunge it from its own.", code="not-here", state=state
        )
    reached = list(reach(obj, "expunge", _Inside(tracker)))
    release(tracker, state)
    for reached_state, _ in reached:
        release(tracker, reached_state)


class _Inside:
    """Tells whether an object is in the Session."""

    __slots__ = ("_tracker",)

    def __init__(self, tracker: StateTracker) -> None:
        self._tracker = tracker

    def __call__(self, state: InstanceState) -> bool:
        return state.tracker is self._tracker


def drop_pending(core: SessionCore, state: InstanceState) -> None:
    """Take a pending object off the Session, and what expunge cascades lead to from it."""
    obj = state()
    if state.phase == PENDING and obj is not None:
        expunge(core, obj)


def release(tracker: StateTracker, state: InstanceState) -> None:
    """Stop tracking an object: a pending one becomes transient, any other detached."""
    if state.phase == PENDING:
        move(state, TRANSIENT)
    else:
        if state.phase == DELETED:
            state.set_extra("was_deleted", True)
        move(state, DETACHED)
        if state.changes is None:
            state.changes = CLEAN
    tracker.release(state)
