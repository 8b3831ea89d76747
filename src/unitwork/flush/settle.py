"""Settle: write what a flush did to the states of its objects.

Reached only when every statement has succeeded. Objects get their identity, their changes are forgotten, deleted ones
leave the identity map.

Spec: ST-06, FP-13, SB-70, EV-49.
"""

from __future__ import annotations

import warnings
from typing import Any, NamedTuple

from unitwork import exc
from unitwork.flush.changes import WorkSet
from unitwork.state.instance import CLEAN, InstanceState, describe
from unitwork.state.lifecycle import DELETED, PENDING, PERSISTENT, TRANSIENT, move
from unitwork.state.tracker import StateTracker, every_name


class Settled(NamedTuple):
    """What became of the objects, for the transaction that may have to take it back.

    Attributes:
        inserted, updated, deleted: states.
        moved: (state, former primary key) of objects whose primary key changed.
    """

    inserted: list[InstanceState]
    updated: list[InstanceState]
    deleted: list[InstanceState]
    moved: list[tuple[InstanceState, Any]]


def settle(tracker: StateTracker, work: WorkSet) -> Settled:
    """Write the outcome of a flush to the states, and return it."""
    settled = Settled([], [], [], [])
    subjects = work.subjects
    # Deleted objects leave the identity map before inserted ones enter it: they may share a key.
    for changes in work.deletes.values():
        for deletion in changes:
            state, obj = subjects[deletion.handle - 1]
            _settle_deleted(tracker, state, obj)
            settled.deleted.append(state)
    for handle in work.replaced:
        state, obj = subjects[handle - 1]
        _settle_deleted(tracker, state, obj)
        settled.deleted.append(state)
    for mapper, update_changes in work.updates.items():
        # HOT: every changed object; benchmark W6.
        columns: Any = None
        moves = False
        for update in update_changes:
            state, obj = subjects[update.handle - 1]
            if update.columns is not columns:
                columns = update.columns
                moves = not set(columns).isdisjoint(mapper.primary_key)
            _settle_updated(tracker, state, obj, update.key if state.phase == PENDING else None, moves, settled)
    for state in work.untouched:
        state.forget_changes()
        tracker.modified.pop(state, None)
        settled.updated.append(state)
    for state in work.dropped:
        move(state, TRANSIENT)
        tracker.release(state)
    for mapper, insert_changes in work.inserts.items():
        # HOT: every new object; benchmark W1.
        table = tracker.identity.table(mapper)
        names = mapper.pk_names
        name = names[0] if len(names) == 1 else None
        for insert in insert_changes:
            state, obj = subjects[insert.handle - 1]
            present = obj.__dict__
            state.pk = pk = present[name] if name is not None else tuple([present[part] for part in names])
            if pk in table:
                _warn_replaced(table[pk], state)
            table[pk] = state
            state.phase = PERSISTENT
            state.changes = CLEAN
            state.queued = None
            del tracker.new[state]
            settled.inserted.append(state)
    return settled


def _settle_deleted(tracker: StateTracker, state: InstanceState, obj: Any) -> None:
    tracker.identity.discard(state)
    tracker.deleted.pop(state, None)
    tracker.modified.pop(state, None)
    tracker.gone[state] = obj
    state.phase = DELETED
    state.forget_changes()


def _settle_updated(
    tracker: StateTracker, state: InstanceState, obj: Any, key: tuple[Any, ...] | None, moves: bool, settled: Settled
) -> None:
    if key is not None:
        # A row switch: the object took over the row of a deleted one (FP-03).
        state.pk = key[0] if len(key) == 1 else key
        move(state, PERSISTENT)
        tracker.identity.add(state)
        state.expired = every_name(state)
        state.forget_changes()
        del tracker.new[state]
        settled.inserted.append(state)
        return
    state.changes = CLEAN
    state.queued = None
    tracker.modified.pop(state, None)
    settled.updated.append(state)
    if moves:
        present = obj.__dict__
        values = tuple(present[name] for name in state.mapper.pk_names)
        settled.moved.append((state, state.pk))
        tracker.identity.discard(state)
        state.pk = values[0] if len(values) == 1 else values
        tracker.identity.add(state)


def _warn_replaced(present: InstanceState, state: InstanceState) -> None:
    if present is not state and present() is not None:
        warnings.warn(
            f"the new {describe(state)} takes the place of another object with the same identity in this Session. "
            f"Do: expunge or delete the other one first.",
            exc.UnitworkWarning,
            stacklevel=2,
        )
