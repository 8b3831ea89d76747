"""What all tracked collections have in common: they tell their owner's state, and the other side, of every change.

A tracked collection has the state of its owner and its relationship in its slots. It refers to the owner weakly,
through the state, so that owner and collection form no cycle. Loaders and the other side of a relationship change it
through `tracked_receive`, `tracked_release` and the kind's `loaded`, which raise no events and cascade nothing. Since a
class of the user's may be the base, all names of ours begin with ``tracked_``.

Neighbours: lists.py, sets.py and dicts.py are the built-in kinds, custom.py makes one of a user's class; kinds.py
chooses; backrefs.py does what follows from a change.

Spec: ST-54, ST-59 to ST-64, CA-11, CA-12, CA-60, EV-86.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from unitwork import exc
from unitwork.instrument.backrefs import NEW_COLLECTION, member_joined, member_left, refuse_member
from unitwork.mapping.mapper import RelationshipProperty
from unitwork.state.instance import InstanceState


class Tracked:
    """Base of tracked collections; without a state (after it was replaced, or copied) one is a plain collection.

    Attributes:
        tracked_prop: the relationship whose value it is.
        tracked_state: of its owner.
    """

    __slots__ = ()

    tracked_prop: RelationshipProperty | None
    tracked_state: InstanceState | None

    # -- what each kind brings ----------------------------------------------------------------------------------------

    def tracked_members(self) -> list[Any]:
        """Return the members, as a new list."""
        raise NotImplementedError

    def tracked_receive(self, member: Any) -> None:
        """Take a member in because the other side was set to the owner."""
        raise NotImplementedError

    def tracked_release(self, member: Any) -> None:
        """Take a member out, where it is in, because the other side was set to something else."""
        raise NotImplementedError

    def tracked_content(self) -> Any:
        """Return a plain copy: what :meth:`tracked_restore` takes."""
        raise NotImplementedError

    def tracked_restore(self, content: Any) -> None:
        """Hold this content and nothing else; nobody is told."""
        raise NotImplementedError

    # -- for loaders: no events, no cascade ---------------------------------------------------------------------------

    def tracked_bind(self, prop: RelationshipProperty, state: InstanceState) -> Any:
        """Make this the collection of an owner; return itself."""
        self.tracked_prop = prop  # type: ignore[misc]  # a slot of each kind
        self.tracked_state = state  # type: ignore[misc]  # a slot of each kind
        return self

    def tracked_unbind(self) -> None:
        """Stop tracking: the collection was replaced (ST-63)."""
        self.tracked_state = None  # type: ignore[misc]  # a slot of each kind

    def tracked_rebound(self, prop: RelationshipProperty, state: InstanceState) -> Any:
        """Return a copy with the same members for another owner, one whose ``__dict__`` was copied."""
        twin = prop.memo[NEW_COLLECTION](state)
        twin.tracked_restore(self.tracked_content())
        return twin

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        name = None if self.tracked_prop is None else self.tracked_prop.key
        return (restore_collection, (self.tracked_content(), self.tracked_state, name))

    # -- for the kinds ------------------------------------------------------------------------------------------------

    def tracked_note(self, before: list[Any] | None = None) -> None:
        """Record that the collection is about to change; `before` are its members where it has changed already."""
        state = self.tracked_state
        prop = self.tracked_prop
        if state is None or prop is None or prop.viewonly:
            return
        owner = state()
        if owner is None:
            raise dereferenced(prop)
        changes = state.changes
        if changes is not None and prop.key not in changes:
            state.note_change(owner, prop.key, self.tracked_members() if before is None else before)

    def tracked_check_joining(self, member: Any) -> None:
        """Raise for a member that may not join; tell listeners of one that may."""
        if self.tracked_state is not None and self.tracked_prop is not None:
            if member is not None:
                refuse_member(self.tracked_prop, self.tracked_state, member)
                if "append" in self.tracked_prop.memo:
                    tell(self.tracked_prop, "append", self.tracked_state(), member)
            self.tracked_note()

    def tracked_check_leaving(self, member: Any) -> None:
        """Tell listeners of a member that leaves."""
        if self.tracked_state is not None and self.tracked_prop is not None:
            if "remove" in self.tracked_prop.memo:
                tell(self.tracked_prop, "remove", self.tracked_state(), member)
            self.tracked_note()

    def tracked_joined(self, member: Any) -> None:
        """Do what follows when a member has joined."""
        if self.tracked_state is None or self.tracked_prop is None or self.tracked_prop.viewonly or member is None:
            return
        member_joined(self.tracked_prop, self.tracked_state, self.tracked_state(), member)

    def tracked_left(self, member: Any) -> None:
        """Do what follows when a member has left, unless it is in once more."""
        if self.tracked_state is None or self.tracked_prop is None or self.tracked_prop.viewonly or member is None:
            return
        if not any(present is member for present in self.tracked_members()):  # it may have been in twice
            member_left(self.tracked_prop, self.tracked_state, self.tracked_state(), member)

    def tracked_become(self, content: Any, joining: Sequence[Any], leaving: Sequence[Any]) -> None:
        """Change to other content, of which the caller knows what joins and what leaves."""
        for member in joining:
            self.tracked_check_joining(member)
        for member in leaving:
            self.tracked_check_leaving(member)
        self.tracked_restore(content)
        for member in leaving:
            self.tracked_left(member)
        for member in joining:
            self.tracked_joined(member)


class CollectionAdapter:
    """What a tracked collection is attached to; made when it is asked for.

    Attributes:
        data: the collection.
        owner_state: InstanceState of the object whose attribute it is; None after it was replaced.
    """

    __slots__ = ("data",)

    def __init__(self, data: Tracked) -> None:
        self.data = data

    @property
    def owner_state(self) -> InstanceState | None:
        """InstanceState of the object whose attribute it is; None after it was replaced."""
        return self.data.tracked_state

    @property
    def attr(self) -> Any:
        """The relationship at class level, e.g. ``User.addresses``; None where it belongs to nobody."""
        prop = self.data.tracked_prop
        return None if prop is None else getattr(prop.parent.class_, prop.key)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.data.tracked_members())

    def __len__(self) -> int:
        return len(self.data.tracked_members())


def collection_adapter(collection: Any) -> CollectionAdapter | None:
    """Return what a collection of a mapped object is attached to; None for any other collection (LB-38)."""
    return CollectionAdapter(collection) if isinstance(collection, Tracked) else None


def restore_collection(content: Any, state: InstanceState | None, name: str | None) -> Any:
    """Rebuild an unpickled or deep-copied collection; one that belongs to nobody becomes a plain one."""
    if state is None or name is None:
        return content
    prop = state.mapper.relationships[name]
    collection = prop.memo[NEW_COLLECTION](state)
    collection.tracked_state = None
    collection.tracked_restore(content)
    return collection.tracked_bind(prop, state)


def not_among(members: Iterable[Any], others: Iterable[Any]) -> list[Any]:
    """Return those of `members` that are not among `others`, by identity, without None."""
    known = {id(other) for other in others}
    return [member for member in members if id(member) not in known and member is not None]


def tell(prop: Any, event: str, owner: Any, member: Any) -> None:
    """Call the listeners of a relationship for one member."""
    for listener in prop.memo.get(event, ()):
        listener(owner, member, prop)


def dereferenced(prop: RelationshipProperty) -> exc.ObjectDereferencedError:
    """Return the error for a change of a collection whose owner is gone."""
    return exc.ObjectDereferencedError(
        f"the {prop.parent.class_.__name__} that this '{prop.key}' collection belongs to was garbage collected.",
        do="keep a reference to the owner for as long as its collection is changed.",
        code="owner-collected",
    )
