"""TrackedSet: a set that is the value of a relationship; see tracked.py.

Members are found as in any set, by their own hash and equality.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from unitwork.instrument.tracked import Tracked
from unitwork.mapping.mapper import RelationshipProperty
from unitwork.state.instance import InstanceState

T = TypeVar("T")


class TrackedSet(set[T], Tracked):
    """A set that is the value of a relationship.

    It behaves as a set in every way. Without a state (after it was replaced, or copied) it is a plain set.
    """

    __slots__ = ("tracked_prop", "tracked_state")

    tracked_prop: RelationshipProperty | None
    tracked_state: InstanceState | None

    def __init__(self, members: Iterable[T] = ()) -> None:
        set.__init__(self, members)
        self.tracked_state = self.tracked_prop = None

    # -- for loaders and the other side: no events, no cascade --------------------------------------------------------

    def tracked_members(self) -> list[Any]:
        return [*set.__iter__(self)]

    def tracked_receive(self, member: T) -> None:
        self.tracked_note()
        set.add(self, member)

    def tracked_release(self, member: T) -> None:
        if set.__contains__(self, member):
            self.tracked_note()
            set.discard(self, member)

    def tracked_restore(self, content: Any) -> None:
        set.clear(self)
        set.update(self, content)

    def tracked_content(self) -> Any:
        return {*set.__iter__(self)}

    # -- what the user calls ------------------------------------------------------------------------------------------

    def add(self, member: T) -> None:
        """Add a member."""
        if not set.__contains__(self, member):
            self.tracked_check_joining(member)
            set.add(self, member)
            self.tracked_joined(member)

    def discard(self, member: object) -> None:
        """Remove a member if it is in."""
        if set.__contains__(self, member):
            self.remove(member)  # type: ignore[arg-type]

    def remove(self, member: T) -> None:
        """Remove a member.

        Raises:
            KeyError: it is not in the set.
        """
        if set.__contains__(self, member):
            self.tracked_check_leaving(member)
        set.remove(self, member)
        self.tracked_left(member)

    def pop(self) -> T:
        """Remove any member and return it."""
        for member in set.__iter__(self):
            self.remove(member)
            return member
        raise KeyError("pop from an empty set")

    def copy(self) -> set[T]:
        """Return a plain set of the members."""
        return set(self)

    __copy__ = copy

    clear: Callable[..., None]
    update: Callable[..., None]
    difference_update: Callable[..., None]
    intersection_update: Callable[..., None]
    symmetric_difference_update: Callable[..., None]


def _through_copy(name: str) -> Callable[..., Any]:
    """The method of that name: carried out on a plain copy, to whose members the set then changes one by one."""
    change = getattr(set, name)

    def method(self: TrackedSet[Any], *others: Any) -> Any:
        wanted = self.tracked_content()
        result = change(wanted, *others)
        if result is NotImplemented:
            return result
        self.tracked_become(
            wanted,
            joining=[member for member in wanted if not set.__contains__(self, member)],
            leaving=[member for member in set.__iter__(self) if member not in wanted],
        )
        return self if name.startswith("__") else result

    method.__name__ = name
    method.__qualname__ = f"TrackedSet.{name}"
    method.__doc__ = f"Do as set.{name}."
    return method


for _name in (
    "clear", "update", "difference_update", "intersection_update", "symmetric_difference_update", "__ior__",
    "__iand__", "__isub__", "__ixor__",
):  # fmt: skip
    setattr(TrackedSet, _name, _through_copy(_name))
