"""TrackedList: a list that is the value of a relationship; see tracked.py."""

from __future__ import annotations

import operator
from collections.abc import Iterable
from typing import Any, SupportsIndex, TypeVar

from unitwork.instrument.backrefs import member_joined, refuse_member
from unitwork.instrument.tracked import Tracked, not_among, tell
from unitwork.mapping.mapper import RelationshipProperty
from unitwork.state.instance import InstanceState

T = TypeVar("T")


class TrackedList(list[T], Tracked):
    """A list that is the value of a relationship.

    It behaves as a list in every way. Without a state (after it was replaced, or copied) it is a plain list.
    """

    __slots__ = ("tracked_prop", "tracked_state")

    tracked_prop: RelationshipProperty | None
    tracked_state: InstanceState | None

    def __init__(self, members: Iterable[T] = ()) -> None:
        list.__init__(self, members)
        self.tracked_state = self.tracked_prop = None

    # -- for loaders and the other side: no events, no cascade --------------------------------------------------------

    def tracked_members(self) -> list[Any]:
        return [*list.__iter__(self)]

    def tracked_receive(self, member: T) -> None:
        self.tracked_note()
        list.append(self, member)

    def tracked_release(self, member: T) -> None:
        for place, present in enumerate(list.__iter__(self)):
            if present is member:
                self.tracked_note()
                list.__delitem__(self, place)
                return

    def tracked_content(self) -> Any:
        return self.tracked_members()

    def tracked_restore(self, content: Any) -> None:
        list.__setitem__(self, slice(None), content)

    # -- what the user calls ------------------------------------------------------------------------------------------

    def append(self, member: T) -> None:
        """Append a member."""
        # HOT: graphs under construction; benchmark W1.
        state = self.tracked_state
        if state is None or member is None:
            # None is refused by the flush, which can say where it stands (FP-17).
            self.tracked_note()
            list.append(self, member)
            return
        prop = self.tracked_prop
        owner = state()
        refuse_member(prop, state, member)  # type: ignore[arg-type]
        if "append" in prop.memo:  # type: ignore[union-attr]
            tell(prop, "append", owner, member)
        changes = state.changes
        if owner is None or (changes is not None and prop.key not in changes):  # type: ignore[union-attr]
            self.tracked_note()
        list.append(self, member)
        if not prop.viewonly:  # type: ignore[union-attr]
            member_joined(prop, state, owner, member)  # type: ignore[arg-type]

    def extend(self, members: Iterable[T]) -> None:
        """Append each of `members`."""
        for member in list(members):
            self.append(member)

    def insert(self, place: SupportsIndex, member: T) -> None:
        """Insert a member before `place`."""
        self.tracked_check_joining(member)
        list.insert(self, place, member)
        self.tracked_joined(member)

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
            self.tracked_check_joining(value)
            self.tracked_check_leaving(old)
            list.__setitem__(self, place, value)
            self.tracked_left(old)
            self.tracked_joined(value)

    def __delitem__(self, place: SupportsIndex | slice) -> None:
        leaving = list(self[place]) if isinstance(place, slice) else [self[place]]
        for member in leaving:
            self.tracked_check_leaving(member)
        list.__delitem__(self, place)
        for member in leaving:
            self.tracked_left(member)

    def __iadd__(self, members: Iterable[T]) -> TrackedList[T]:  # type: ignore[override, misc]
        self.extend(members)
        return self

    def __imul__(self, times: SupportsIndex) -> TrackedList[T]:
        self._become(list(self) * operator.index(times))
        return self

    # -- copies -------------------------------------------------------------------------------------------------------

    def __copy__(self) -> list[T]:
        return list(self)

    def copy(self) -> list[T]:
        """Return a plain list of the members."""
        return list(self)

    # -- within -------------------------------------------------------------------------------------------------------

    def _become(self, members: list[T]) -> None:
        present = self.tracked_members()
        self.tracked_become(members, joining=not_among(members, present), leaving=not_among(present, members))
