"""Tracked collections: a list that tells its owner's state, and the other side, of every change.

A TrackedList is a list with a state and a relationship in its slots. It refers to its owner weakly, through the state,
so that owner and list form no cycle. Loaders and the other side of a relationship change it through `receive`,
`release` and `bind_loaded`, which raise no events and cascade nothing.

Neighbours: backrefs.py does what follows from a change; install.py makes the writers of collection attributes.

Spec: ST-54, ST-59 to ST-64, CA-11, CA-12, CA-60, EV-86.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from typing import Any, SupportsIndex, TypeVar

from unitwork import exc
from unitwork.instrument.backrefs import member_joined, member_left, refuse_member
from unitwork.instrument.writes import Writer
from unitwork.mapping.mapper import RelationshipProperty
from unitwork.state.instance import InstanceState, find_state, state_of
from unitwork.state.lifecycle import PENDING, TRANSIENT

T = TypeVar("T")


class TrackedList(list[T]):
    """A list that is the value of a relationship.

    It behaves as a list in every way. Without a state (after it was replaced, or copied) it is a plain list.
    """

    __slots__ = ("_prop", "_state")

    _prop: RelationshipProperty | None
    _state: InstanceState | None

    def __init__(self, members: Iterable[T] = ()) -> None:
        list.__init__(self, members)
        self._state = self._prop = None

    # -- for loaders and the other side: no events, no cascade --------------------------------------------------------

    def bind(self, prop: RelationshipProperty, state: InstanceState) -> TrackedList[T]:
        """Make this the collection of an owner; return itself."""
        self._prop = prop
        self._state = state
        return self

    def unbind(self) -> None:
        """Stop tracking: the collection was replaced (ST-63)."""
        self._state = None

    def rebound(self, prop: RelationshipProperty, state: InstanceState) -> TrackedList[T]:
        """Return a copy with the same members for another owner, one whose ``__dict__`` was copied."""
        return TrackedList(self).bind(prop, state)

    def receive(self, member: T) -> None:
        """Append a member because the other side was set to the owner."""
        self._note()
        list.append(self, member)

    def release(self, member: T) -> None:
        """Take a member out, where it is in, because the other side was set to something else."""
        for place, present in enumerate(self):
            if present is member:
                self._note()
                list.__delitem__(self, place)
                return

    # -- what the user calls ------------------------------------------------------------------------------------------

    def append(self, member: T) -> None:
        """Append a member."""
        # HOT: graphs under construction; benchmark W1.
        state = self._state
        if state is None or member is None:
            # None is refused by the flush, which can say where it stands (FP-17).
            self._note()
            list.append(self, member)
            return
        prop = self._prop
        owner = state()
        refuse_member(prop, state, member)  # type: ignore[arg-type]
        if "append" in prop.memo:  # type: ignore[union-attr]
            _tell(prop, "append", owner, member)
        changes = state.changes
        if owner is None or (changes is not None and prop.key not in changes):  # type: ignore[union-attr]
            self._note()
        list.append(self, member)
        if not prop.viewonly:  # type: ignore[union-attr]
            member_joined(prop, state, owner, member)  # type: ignore[arg-type]

    def extend(self, members: Iterable[T]) -> None:
        """Append each of `members`."""
        for member in list(members):
            self.append(member)

    def insert(self, place: SupportsIndex, member: T) -> None:
        """Insert a member before `place`."""
        self._check_joining(member)
        list.insert(self, place, member)
        self._joined(member)

    def remove(self, member: T) -> None:
        """Remove the first occurrence of a member, compared by identity.

        Raises:
            ValueError: it is not in the list.
        """
        for place, present in enumerate(self):
            if present is member:
                del self[place]
                return
        raise ValueError("list.remove(x): x not in list")

    def pop(self, place: SupportsIndex = -1) -> T:
        """Remove the member at `place` and return it."""
        member = self[place]
        del self[place]
        return member

    def clear(self) -> None:
        """Remove all members."""
        del self[:]

    def __setitem__(self, place: Any, value: Any) -> None:
        if isinstance(place, slice):
            present = list(self)
            present[place] = value
            self._become(present)
        else:
            old = self[place]
            if old is value:
                return
            self._check_joining(value)
            self._check_leaving(old)
            list.__setitem__(self, place, value)
            self._left(old)
            self._joined(value)

    def __delitem__(self, place: SupportsIndex | slice) -> None:
        leaving = list(self[place]) if isinstance(place, slice) else [self[place]]
        for member in leaving:
            self._check_leaving(member)
        list.__delitem__(self, place)
        for member in leaving:
            self._left(member)

    def __iadd__(self, members: Iterable[T]) -> TrackedList[T]:  # type: ignore[override, misc]
        self.extend(members)
        return self

    def __imul__(self, times: SupportsIndex) -> TrackedList[T]:
        self._become(list(self) * operator.index(times))
        return self

    # -- copies and pickles -------------------------------------------------------------------------------------------

    def __copy__(self) -> list[T]:
        return list(self)

    def __reduce_ex__(self, protocol: SupportsIndex) -> tuple[Any, ...]:
        name = None if self._prop is None else self._prop.key
        return (restore_list, (list(self), self._state, name))

    def copy(self) -> list[T]:
        """Return a plain list of the members."""
        return list(self)

    # -- within -------------------------------------------------------------------------------------------------------

    def _note(self) -> None:
        state = self._state
        prop = self._prop
        if state is None or prop is None or prop.viewonly:
            return
        owner = state()
        if owner is None:
            raise _dereferenced(prop)
        changes = state.changes
        if changes is not None and prop.key not in changes:
            state.note_change(owner, prop.key, list(self))

    def _check_joining(self, member: T) -> None:
        if self._state is not None and self._prop is not None:
            if member is not None:
                refuse_member(self._prop, self._state, member)
                if "append" in self._prop.memo:
                    _tell(self._prop, "append", self._state(), member)
            self._note()

    def _check_leaving(self, member: T) -> None:
        if self._state is not None and self._prop is not None:
            if "remove" in self._prop.memo:
                _tell(self._prop, "remove", self._state(), member)
            self._note()

    def _joined(self, member: T) -> None:
        if self._state is not None and self._prop is not None and not self._prop.viewonly and member is not None:
            member_joined(self._prop, self._state, self._state(), member)

    def _left(self, member: T) -> None:
        if self._state is None or self._prop is None or self._prop.viewonly or member is None:
            return
        if not any(present is member for present in self):  # it may have been in twice
            member_left(self._prop, self._state, self._state(), member)

    def _become(self, members: list[T]) -> None:
        joining = _not_among(members, self)
        leaving = _not_among(self, members)
        for member in joining:
            self._check_joining(member)
        for member in leaving:
            self._check_leaving(member)
        list.__setitem__(self, slice(None), members)
        for member in leaving:
            self._left(member)
        for member in joining:
            self._joined(member)


def new_list(prop: RelationshipProperty) -> Callable[[InstanceState], TrackedList[Any]]:
    """Return the function that makes an empty collection of `prop` for the state of an owner."""

    def make(state: InstanceState) -> TrackedList[Any]:
        return TrackedList[Any]().bind(prop, state)

    return make


def bind_loaded(prop: RelationshipProperty, state: InstanceState, obj: Any, members: Iterable[Any]) -> Any:
    """Store loaded members as the collection of `obj`, apply what was queued meanwhile, and return it (ST-59)."""
    collection = TrackedList[Any](members).bind(prop, state)
    obj.__dict__[prop.key] = collection
    queue = None if state.queued is None else state.queued.pop(prop.key, None)
    if queue is not None:
        loaded = list(collection)
        for member in queue.removed:
            collection.release(member)
        present = {id(member) for member in loaded}
        for member in queue.added:
            if id(member) not in present:
                collection.receive(member)
        if state.changes is not None:
            state.changes[prop.key] = loaded
    return collection


def collection_writer(prop: RelationshipProperty) -> Writer:
    """Return the writer of a collection attribute: ``author.books = [...]`` replaces its members (ST-62, ST-63)."""
    name = prop.key

    def write(obj: Any, value: Any) -> None:
        if not prop.parent.sealed:
            prop.parent.registry.configure()
        if not isinstance(value, list):
            raise TypeError(
                f"{prop.parent.class_.__name__}.{name} takes a list, got {type(value).__name__}; "
                f"to empty it, assign [] or call .clear()."
            )
        state = state_of(obj)
        for member in value:
            if member is not None:
                refuse_member(prop, state, member)
        old = obj.__dict__.get(name)
        if old is value:
            return
        if old is None:
            old = _present_members(prop, state)
        collection = TrackedList[Any](value).bind(prop, state)
        joining = _not_among(value, old)
        leaving = _not_among(old, value) if old else ()
        for member in leaving:
            _tell(prop, "remove", obj, member)
        for member in joining:
            _tell(prop, "append", obj, member)
        changes = state.changes
        if changes is not None and name not in changes and not prop.viewonly:
            state.note_change(obj, name, list(old))
        obj.__dict__[name] = collection
        if isinstance(old, TrackedList):
            old.unbind()
        if prop.viewonly:
            return
        for member in leaving:
            member_left(prop, state, obj, member)
        for member in joining:
            member_joined(prop, state, obj, member)

    return write


def collection_deleter(prop: RelationshipProperty, write: Writer) -> Callable[[Any], None]:
    """Return the function behind ``del obj.collection``: its members are removed."""

    def delete(obj: Any) -> None:
        state = find_state(obj)
        if prop.key not in obj.__dict__ and (state is None or state.changes is None):
            raise AttributeError(f"{type(obj).__name__!r} object has no value for attribute {prop.key!r} to delete")
        write(obj, [])

    return delete


def restore_list(members: list[Any], state: InstanceState | None, name: str | None) -> TrackedList[Any]:
    """Rebuild an unpickled or deep-copied collection."""
    restored = TrackedList[Any](members)
    if state is not None and name is not None:
        restored.bind(state.mapper.relationships[name], state)
    return restored


def _present_members(prop: RelationshipProperty, state: InstanceState) -> list[Any]:
    if state.phase in (TRANSIENT, PENDING) or state.tracker is None:
        return []
    loaded: list[Any] = state.tracker.port.load(state, prop.key)
    return loaded


def _not_among(members: Iterable[Any], others: Iterable[Any]) -> list[Any]:
    known = {id(other) for other in others}
    return [member for member in members if id(member) not in known and member is not None]


def _tell(prop: Any, event: str, owner: Any, member: Any) -> None:
    for listener in prop.memo.get(event, ()):
        listener(owner, member, prop)


def _dereferenced(prop: RelationshipProperty) -> exc.ObjectDereferencedError:
    return exc.ObjectDereferencedError(
        f"the {prop.parent.class_.__name__} that this '{prop.key}' collection belongs to was garbage collected.",
        do="keep a reference to the owner for as long as its collection is changed.",
        code="owner-collected",
    )


