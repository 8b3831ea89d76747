"""StateTracker: the objects of one Session, by what the next flush has to do with them.

It holds the identity map and three dicts from state to object, which keep their objects alive: `new` (in the order of
adding), `modified` and `deleted` (marked). Everything else is reached weakly (ST-44, ST-45).

Neighbours: instrument tells of first changes; session/attach.py adds and removes; flush reads and settles.
"""

from __future__ import annotations

from typing import Any

from unitwork import exc
from unitwork.state.identity import IdentityMap
from unitwork.state.instance import CLEAN, InstanceState, describe
from unitwork.state.lifecycle import DELETED, DETACHED, PENDING, PERSISTENT, TRANSIENT
from unitwork.state.port import SessionPort


class StateTracker:
    """What a Session tracks.

    Attributes:
        identity: the identity map.
        new: pending objects, in the order they were added (SB-58).
        modified: persistent objects written to since the last flush.
        deleted: persistent objects marked for deletion, M.
        gone: objects whose DELETE was flushed in this transaction, D.
        uncascaded: marked objects whose delete cascade is not carried out yet (SB-66).
        idle: no transaction is begun, so that a first change has to ask for one.
        port: the door to the Session.
    """

    __slots__ = ("__weakref__", "deleted", "gone", "identity", "idle", "modified", "new", "port", "uncascaded")

    def __init__(self, port: SessionPort) -> None:
        self.identity = IdentityMap()
        self.new: dict[InstanceState, Any] = {}
        self.modified: dict[InstanceState, Any] = {}
        self.deleted: dict[InstanceState, Any] = {}
        self.gone: dict[InstanceState, Any] = {}
        self.uncascaded: dict[InstanceState, Any] = {}
        self.idle = True
        self.port = port

    def has_changes(self) -> bool:
        """Return whether a flush would find anything to look at."""
        return bool(self.new or self.modified or self.deleted)

    def holds(self, state: InstanceState) -> bool:
        """Return whether a save-update cascade has nothing to do with the object: it is here, and not to be deleted."""
        return state.tracker is self and state.phase != DELETED and state not in self.deleted

    def refuse_foreign(self, state: InstanceState) -> None:
        """Raise for an object that is attached to another Session.

        Raises:
            InvalidRequestError [other-session]: it is; nothing has changed.
        """
        if state.tracker is not None and state.tracker is not self:
            raise exc.InvalidRequestError(
                f"{describe(state)} is attached to another Session.",
                do="expunge it there first, or merge() a copy of it.",
                code="other-session",
                state=state,
            )

    def contains(self, state: InstanceState) -> bool:
        """Return whether the object is pending or persistent here (ST-15)."""
        return state.tracker is self and state.phase in (PENDING, PERSISTENT)

    def objects(self) -> list[Any]:
        """Return the pending and persistent objects (ST-34)."""
        persistent = [state() for state in self.identity.states()]
        return [*self.new.values(), *(obj for obj in persistent if obj is not None)]

    def attached(self) -> list[InstanceState]:
        """Return the states of all objects attached here: pending, persistent, deleted."""
        return [*self.new, *self.identity.states(), *self.gone]

    def release(self, state: InstanceState) -> None:
        """Stop tracking an object; its phase is the caller's matter."""
        if state.pk is not None:
            self.identity.discard(state)
        self.new.pop(state, None)
        self.modified.pop(state, None)
        self.deleted.pop(state, None)
        self.uncascaded.pop(state, None)
        self.gone.pop(state, None)
        state.tracker = None

    def release_all(self) -> None:
        """Let go of every object: new ones are transient, the others detached (ST-11, ST-20)."""
        # HOT: every object of a Session that closes; benchmark W2.
        for state in self.new:
            state.phase = TRANSIENT
            state.tracker = None
        for state in self.gone:
            state.set_extra("was_deleted", True)
            state.phase = DETACHED
            state.tracker = None
        for table in self.identity.tables.values():
            for state in list(table.values()):  # list() first: an object may be collected while we look
                state.phase = DETACHED
                state.tracker = None
            table.clear()
        for held in (self.new, self.modified, self.deleted, self.gone, self.uncascaded):
            held.clear()

    def expire_all(self) -> None:
        """Expire every persistent object (ST-92, ST-111)."""
        for state in self.identity.states():
            obj = state()
            if obj is not None:
                self.expire(state, obj)

    def expire(self, state: InstanceState, obj: Any) -> None:
        """Drop all loaded values and pending changes of a persistent object, so that the next access loads (ST-91)."""
        # HOT: every object of a Session at each commit; benchmark W14.
        present = obj.__dict__
        names = state.mapper.attrs
        for name in names:
            if name in present:
                del present[name]
        state.expired = every_name(state)
        state.changes = CLEAN
        state.queued = None
        self.modified.pop(state, None)


def every_name(state: InstanceState) -> frozenset[str]:
    """Return the names of all attributes of the object's class, one shared set per class."""
    memo = state.mapper.memo
    names: frozenset[str] | None = memo.get("state.every_name")
    if names is None:
        names = memo["state.every_name"] = frozenset(state.mapper.attrs)
    return names
