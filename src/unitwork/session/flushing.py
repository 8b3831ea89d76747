"""Run a flush: the four stages in order, inside the Session's transaction.

Whatever fails in them rolls the innermost scope back, and the Session is inactive until ``rollback()``.

Spec: SB-76 to SB-85, FP-19, FP-20, EV-29, EV-30, EV-39, EV-62, EV-63.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from unitwork import exc
from unitwork.flush.execute import execute
from unitwork.flush.gather import gather
from unitwork.flush.plan import FlushPlan
from unitwork.flush.planner import plan_flush
from unitwork.flush.removal import carry_out_cascades
from unitwork.flush.settle import settle
from unitwork.loading import lazy
from unitwork.loading.select import source_names
from unitwork.mapping.mapper import Mapper, RelationshipProperty
from unitwork.state.instance import InstanceState, describe

if TYPE_CHECKING:
    from unitwork.session.core import SessionCore

#: Flushes within one commit before it is taken for endless (EV-39).
MAX_ROUNDS = 100


class FlushContext:
    """What listeners of flush events are given (EV-47).

    Attributes:
        session: the Session.
    """

    __slots__ = ("session",)

    def __init__(self, session: Any) -> None:
        self.session = session


def flush(core: SessionCore) -> None:
    """Write all changes; with nothing to do nothing happens at all (SB-76)."""
    tracker = core.tracker
    if not tracker.has_changes():
        return
    if core.flushing == threading.get_ident():
        raise exc.InvalidRequestError(
            "flush() was called while a flush of this Session is running.",
            do="leave it out: what listeners change in before_flush is part of the running flush.",
            code="flush-in-flush",
        )
    core.usable()
    core.flushing = threading.get_ident()
    try:
        listeners = core.hooks.listeners
        if listeners:
            _tell(core, listeners.get("before_flush", ()), True)
        try:
            work = gather(tracker, SetLoads(core))
            plan = plan_flush(work)
            if plan.steps:
                execute(plan, work, core.connection_for_mapper)
            if listeners:
                _tell(core, listeners.get("after_flush", ()), False)
            settled = settle(tracker, work)
        except BaseException as error:
            core.transactions.fail(error)
            raise
        core.transactions.note(settled)
    finally:
        core.flushing = 0


def _tell(core: SessionCore, listeners: Sequence[Any], with_instances: bool) -> None:
    session = core.session()
    context = FlushContext(session)
    for listener in listeners:
        if with_instances:
            listener(session, context, None)
        else:
            listener(session, context)


def flush_until_clean(core: SessionCore) -> None:
    """Flush until listeners stop making new changes.

    Raises:
        FlushError [endless-flush]: they do not stop (EV-39).
    """
    for _ in range(MAX_ROUNDS):
        if not core.tracker.has_changes():
            return
        flush(core)
    raise exc.FlushError(
        f"after {MAX_ROUNDS} flushes within one commit there are still changes.",
        do="look for a flush listener that changes an object each time.",
        code="endless-flush",
    )


def autoflush(core: SessionCore) -> None:
    """Flush before a query, unless that is switched off; an error says that it came from here (SB-77, SB-83)."""
    if not core.autoflush or core.flushing or not core.tracker.has_changes():
        return
    try:
        flush(core)
    except exc.UnitworkError as error:
        error.add_detail("This came from an autoflush, which runs before a query; see Session.no_autoflush.")
        raise


def plan(core: SessionCore) -> FlushPlan:
    """Return what a flush would send; reads what it has to, runs no listener and no default, writes nothing."""
    if not core.tracker.has_changes():
        return FlushPlan(())
    core.usable()
    tracker = core.tracker
    marks = [(held, dict(held)) for held in (tracker.deleted, tracker.uncascaded)]
    core.flushing = threading.get_ident()
    try:
        return plan_flush(gather(tracker, SetLoads(core)))
    finally:
        core.flushing = 0
        # What was marked on the way is for the flush to find again: until then a parent may be kept, a child moved.
        for held, before in marks:
            held.clear()
            held.update(before)


def carry_out_deletes(core: SessionCore) -> None:
    """Mark what delete cascades lead to, reading what is not loaded, for ``session.deleted`` (SB-66)."""
    if core.tracker.uncascaded and not core.flushing:
        core.flushing = threading.get_ident()
        try:
            carry_out_cascades(core.tracker, SetLoads(core))
        finally:
            core.flushing = 0


class SetLoads:
    """What a flush reads, in sets; see :class:`unitwork.flush.removal.SetReader`."""

    __slots__ = ("_core",)

    def __init__(self, core: SessionCore) -> None:
        self._core = core

    def related(self, prop: RelationshipProperty, owners: list[tuple[InstanceState, Any]]) -> list[Any]:
        """Return what a relationship of several owners leads to."""
        core = self._core
        self._load_unloaded_keys(prop, owners)
        return lazy.load_related(core, prop, owners)

    def _load_unloaded_keys(self, prop: RelationshipProperty, owners: list[tuple[InstanceState, Any]]) -> None:
        names = source_names(prop)
        unloaded = [
            (state, obj)
            for state, obj in owners
            if any(name not in obj.__dict__ and name not in (state.changes or ()) for name in names)
        ]
        if unloaded:
            self.load_expired(prop.parent, unloaded)

    def load_expired(self, mapper: Mapper, subjects: list[tuple[InstanceState, Any]]) -> None:
        """Fill unloaded columns of objects of one class.

        Raises:
            ObjectDeletedError [row-gone]: a row is not there any more (FP-16).
        """
        missing = lazy.load_expired(self._core, mapper, subjects)
        if missing:
            raise row_gone(missing)


def row_gone(states: Sequence[InstanceState]) -> exc.ObjectDeletedError:
    """Return the error for expired objects whose rows are not there (ER-11)."""
    names = ", ".join(describe(state) for state in states[:10])
    return exc.ObjectDeletedError(
        f"the row of {names} is gone: it was deleted outside of this Session.",
        do="expunge() the object, or roll back.",
        code="row-gone",
        states=list(states),
    )
