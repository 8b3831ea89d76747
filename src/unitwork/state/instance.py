"""InstanceState: everything unitwork knows about one object, in one allocation.

The state *is* the weak reference to its object, with the removal callback and the bookkeeping in its slots. It lies in
the instance ``__dict__`` under :data:`STATE`, and is made when first needed: a new object that was never attached to
anything may have none.

Invariants:

* ``state() is obj`` for the object whose ``__dict__`` holds it; where that fails, the ``__dict__`` was copied, and the
  copy gets a state of its own (:func:`state_of`).
* ``changes`` is None for a transient or pending object, whose values all are to be inserted; for any other it maps the
  attributes written since the last flush to their old values, and is the shared :data:`CLEAN` where there are none.
* An attribute of a persistent object that is absent from ``__dict__`` and from ``changes`` is not loaded.

Neighbours: instrument writes changes here; the tracker is told of the first one; flush and loading reset them.

Spec: ST-28 to ST-33, ST-44, ST-50 to ST-58, EV-74, LB-42.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from unitwork import exc
from unitwork.base.markers import NO_VALUE
from unitwork.inspection import inspects
from unitwork.mapping.mapper import Mapper
from unitwork.mapping.registry import mapper_of
from unitwork.state.attributes import AttributeStates
from unitwork.state.history import NO_HISTORY, History, collection_history, scalar_history
from unitwork.state.identity import IdentityKey, key_of
from unitwork.state.lifecycle import DELETED, DETACHED, NAMES, PENDING, PERSISTENT, TRANSIENT
from unitwork.state.queue import Queue

if TYPE_CHECKING:
    from unitwork.state.tracker import StateTracker

#: The ``__dict__`` of an instance, or another dictionary by name.
Present = dict[str, Any]

#: Where the state lies in an instance ``__dict__``.
STATE = "_unitwork_state"

#: The `changes` of an object without changes. Shared, so never written to.
CLEAN: dict[str, Any] = {}


Queues = dict[str, Queue]


class InstanceState(weakref.ref[Any]):
    """Weak reference to a mapped object, and its state.

    Attributes:
        mapper: Mapper of its class.
        tracker: the StateTracker of the Session it is attached to, or None.
        phase: one of the five states, see :mod:`unitwork.state.lifecycle`.
        pk: primary key of its row, the bare value for one column, a tuple for several; None before the row exists.
        changes: see the module.
        expired: names of attributes that were expired and not loaded since, or None.
        queued: changes of unloaded collections by attribute name, or None.
        extra: rarely needed facts by name, or None: "token", "was_deleted", "info".
    """

    __slots__ = ("changes", "expired", "extra", "mapper", "phase", "pk", "queued", "tracker")

    mapper: Mapper
    tracker: StateTracker | None
    phase: int
    pk: Any
    changes: Present | None
    expired: frozenset[str] | None
    queued: Queues | None
    extra: Present | None

    # weakref.ref compares and hashes by the referent, whose own __eq__ and __hash__ must never be called (LB-42). All
    # six are restored, since only then CPython keeps the fast C slots.
    __hash__ = object.__hash__
    __eq__ = object.__eq__
    __ne__ = object.__ne__
    __lt__ = object.__lt__  # type: ignore[operator]
    __le__ = object.__le__  # type: ignore[operator]
    __gt__ = object.__gt__  # type: ignore[operator]
    __ge__ = object.__ge__  # type: ignore[operator]

    # -- which state it is in (ST-28) ---------------------------------------------------------------------------------

    @property
    def transient(self) -> bool:
        """The object is new to unitwork, or was made so again."""
        return self.phase == TRANSIENT

    @property
    def pending(self) -> bool:
        """The object is attached and will be inserted by the next flush."""
        return self.phase == PENDING

    @property
    def persistent(self) -> bool:
        """The object is attached and has a row; also when it is marked for deletion."""
        return self.phase == PERSISTENT

    @property
    def deleted(self) -> bool:
        """DELETE was flushed and the transaction goes on."""
        return self.phase == DELETED

    @property
    def detached(self) -> bool:
        """The object has an identity and no Session."""
        return self.phase == DETACHED

    @property
    def was_deleted(self) -> bool:
        """The row was deleted by a flush, and not restored by a rollback (ST-29)."""
        return self.phase == DELETED or (self.extra is not None and bool(self.extra.get("was_deleted")))

    # -- identity (ST-30, ST-31) --------------------------------------------------------------------------------------

    @property
    def token(self) -> Any:
        """Identity token, None unless one was used (PT-18)."""
        return None if self.extra is None else self.extra.get("token")

    @property
    def identity_token(self) -> Any:
        """Same as `token`; the reference's name."""
        return self.token

    @property
    def key(self) -> IdentityKey | None:
        """(class of the hierarchy root, primary key tuple, token), or None before the row exists."""
        return None if self.pk is None else key_of(self.mapper, self.pk, self.token)

    @property
    def identity_key(self) -> IdentityKey | None:
        """Same as `key`; the reference's name."""
        return self.key

    @property
    def identity(self) -> tuple[Any, ...] | None:
        """Primary key as a tuple, or None before the row exists."""
        return None if self.pk is None else key_of(self.mapper, self.pk)[1]

    @property
    def has_identity(self) -> bool:
        """The object has an identity key."""
        return self.pk is not None

    # -- the object and its surroundings ------------------------------------------------------------------------------

    @property
    def object(self) -> Any:
        """The instance, or None when it was collected."""
        return self()

    def obj(self) -> Any:
        """Return the instance, or None when it was collected."""
        return self()

    @property
    def session(self) -> Any:
        """The Session the object is attached to, or None (SB-38)."""
        return None if self.tracker is None else self.tracker.port.session

    @property
    def dict(self) -> Present:
        """The ``__dict__`` of the instance; empty when it was collected."""
        obj = self()
        return {} if obj is None else obj.__dict__

    @property
    def info(self) -> Present:
        """A dictionary for the user, made on first access."""
        if self.extra is None:
            self.extra = {}
        found: Present = self.extra.setdefault("info", {})
        return found

    # -- what is loaded and what changed ------------------------------------------------------------------------------

    @property
    def unloaded(self) -> set[str]:
        """Names of the attributes without a value in the instance."""
        present = self.dict
        return {name for name in self.mapper.attrs if name not in present}

    @property
    def expired_attributes(self) -> set[str]:
        """Names of the attributes that were expired and not loaded since."""
        present = self.dict
        return {name for name in self.expired or () if name not in present and name not in (self.changes or ())}

    @property
    def is_expired(self) -> bool:
        """The object was expired as a whole and not loaded since."""
        return self.expired is not None

    @property
    def modified(self) -> bool:
        """An attribute was written since the last flush; True for new objects with any value."""
        if self.changes is None:
            present = self.dict
            return any(name in present for name in self.mapper.attrs)
        return bool(self.changes)

    @property
    def unmodified(self) -> set[str]:
        """Names of the attributes that were not written since the last flush."""
        return set(self.mapper.attrs).difference(self.changes or ())

    def unmodified_intersection(self, keys: Iterable[str]) -> set[str]:
        """Return those of `keys` that were not written since the last flush."""
        return self.unmodified.intersection(keys)

    @property
    def attrs(self) -> AttributeStates:
        """AttributeState by name: ``inspect(obj).attrs.name`` (ST-32)."""
        return AttributeStates(self)

    def history_of(self, name: str) -> History:
        """Return the History of an attribute without loading it (ST-50 to ST-55)."""
        present = self.dict
        value = present.get(name, NO_VALUE)
        relationship = self.mapper.relationships.get(name)
        changes = self.changes
        if relationship is not None and relationship.uselist:
            if value is NO_VALUE:
                return NO_HISTORY
            if changes is None:
                return History(relationship.read_members(value), (), ())
            return collection_history(relationship.read_members(value), changes.get(name))
        if changes is None:
            return NO_HISTORY if value is NO_VALUE else History([value], (), ())
        same = _is if relationship is not None else self.mapper.columns[name].column.type.compare_values
        return scalar_history(value, changes.get(name, NO_VALUE), name in changes, same)

    def has_net_changes(self, include_collections: bool) -> bool:
        """Return whether a value differs from the flushed one, as far as memory tells (ST-38, ST-39)."""
        for name in self.mapper.attrs:
            relationship = self.mapper.relationships.get(name)
            if not include_collections and relationship is not None and relationship.uselist:
                continue
            if (self.queued and name in self.queued) or self.history_of(name).has_changes():
                return True
        return False

    # -- recording ----------------------------------------------------------------------------------------------------

    def note_change(self, obj: Any, name: str, old: Any) -> None:
        """Record that an attribute of a non-transient object is about to change for the first time since the flush.

        Raises:
            InvalidRequestError: the Session may not begin (SB-109); nothing was recorded.
        """
        # HOT: every object that is written to; benchmarks W5, W6.
        changes = self.changes
        if changes is CLEAN or changes is None:
            tracker = self.tracker
            if tracker is not None:
                if tracker.idle:
                    tracker.port.changing()
                if self.phase == PERSISTENT:
                    tracker.modified[self] = obj
            self.changes = {name: old}
        else:
            changes[name] = old

    def queue(self, obj: Any, name: str) -> Queue:
        """Return the queue of an unloaded collection, for a change that the other side makes."""
        if self.queued is None:
            self.queued = {}
        queue = self.queued.get(name)
        if queue is None:
            if self.changes is not None and name not in self.changes:
                self.note_change(obj, name, NO_VALUE)
            queue = self.queued[name] = Queue()
        return queue

    def set_extra(self, name: str, value: Any) -> None:
        """Keep a rarely needed fact; None forgets it."""
        if value is not None:
            if self.extra is None:
                self.extra = {}
            self.extra[name] = value
        elif self.extra is not None:
            self.extra.pop(name, None)

    def forget_changes(self) -> None:
        """Take the present values for the flushed ones."""
        self.changes = CLEAN
        self.queued = None

    # -- copies and pickles (EV-74) -----------------------------------------------------------------------------------

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        facts = {
            "pk": self.pk,
            "changes": None if self.changes is None else dict(self.changes),
            "expired": self.expired,
            "extra": {name: value for name, value in (self.extra or {}).items() if name in ("token", "was_deleted")},
        }
        return (restore_state, (self(), facts))

    def __deepcopy__(self, memo: Any) -> Any:
        # deepcopy copies an object's __dict__ after it made the object: the copy is new and has a state of its own, to
        # which its collections bind. Without the copy (somebody's own __deepcopy__) a state is made when needed.
        twin = memo.get(id(self()))
        return None if twin is None else state_of(twin)

    def __repr__(self) -> str:
        return f"<InstanceState of {describe(self)}, {NAMES[self.phase]}>"


def make_state(obj: Any, mapper: Mapper) -> InstanceState:
    """Give an object a new transient state and return it."""
    state = InstanceState(obj, _collected)
    state.mapper = mapper
    state.tracker = state.pk = state.changes = state.expired = state.queued = state.extra = None
    state.phase = TRANSIENT
    obj.__dict__[STATE] = state
    return state


def state_of(obj: Any) -> InstanceState:
    """Return the state of a mapped object; make one where it has none, or has that of another by a copied ``__dict__``.

    Raises:
        UnmappedInstanceError [unmapped]: its class is not mapped.
    """
    # HOT: every object, several times; benchmarks W1, W1p. Most new objects have no state yet: no exception for them.
    try:
        state: InstanceState | None = obj.__dict__.get(STATE)
    except AttributeError:
        return _adopt(obj)
    return state if state is not None and state() is obj else _adopt(obj)


def find_state(obj: Any) -> InstanceState | None:
    """Return the state of an object if it has one of its own, else None; makes none."""
    try:
        state: InstanceState | None = obj.__dict__.get(STATE)
    except AttributeError:
        return None
    return state if state is not None and state() is obj else None


def _adopt(obj: Any) -> InstanceState:
    mapper = mapper_of(type(obj)) if not isinstance(obj, type) else None
    if mapper is None:
        raise unmapped(obj)
    state = make_state(obj, mapper)
    present = obj.__dict__
    for name, relationship in mapper.relationships.items():
        # A copied __dict__ shares its collections with the original: the copy gets its own, with the same members.
        if relationship.uselist and name in present:
            present[name] = present[name].tracked_rebound(relationship, state)
    return state


def restore_state(obj: Any, facts: dict[str, Any]) -> InstanceState:
    """Rebuild the state of an unpickled object: detached if it had a row, else transient."""
    found = find_state(obj)
    if found is not None:
        return found  # the state, or a collection that refers to it, was pickled before the object
    mapper = mapper_of(type(obj))
    if mapper is None:
        raise unmapped(obj)
    state = make_state(obj, mapper)
    state.pk = facts["pk"]
    state.expired = facts["expired"]
    state.extra = dict(facts["extra"]) or None
    if state.pk is not None:
        state.phase = DETACHED
        state.changes = facts["changes"] or CLEAN
    return state


def unmapped(obj: Any) -> exc.UnmappedInstanceError:
    """Return the error for something that is no instance of a mapped class (SB-56)."""
    if isinstance(obj, type):
        return exc.UnmappedInstanceError(
            f"class {obj.__qualname__} was given where an instance is needed.",
            do=f"pass an object, e.g. {obj.__qualname__}(…).",
            code="unmapped",
        )
    return exc.UnmappedInstanceError(
        f"an object of type {type(obj).__module__}.{type(obj).__qualname__} is not mapped.",
        do="map its class, or pass an instance of a mapped class.",
        code="unmapped",
    )


def describe(state: InstanceState) -> str:
    """Return ``<User id=5>``: class and identity key only, so that a message never loads or calls user code."""
    if state.pk is None:
        return f"<{state.mapper.class_.__name__} (no identity)>"
    values = state.identity or ()
    shown = " ".join(f"{name}={value!r}" for name, value in zip(state.mapper.pk_names, values))
    return f"<{state.mapper.class_.__name__} {shown}>"


def _collected(state: InstanceState) -> None:
    # The callback of every weak reference; runs when the object is gone.
    tracker = state.tracker
    if tracker is not None and state.pk is not None:
        tracker.identity.discard(state)


#: For row loaders, which make states themselves: ``InstanceState(obj, on_collected)``.
on_collected = _collected


def _is(left: object, right: object) -> bool:
    return left is right


@inspects(object)
def _inspect_instance(subject: Any) -> InstanceState | None:
    return None if mapper_of(type(subject)) is None else state_of(subject)
