"""Sets that the standard library lacks: one that keeps order, one that compares members by identity.

User objects are compared by identity everywhere (LB-42), so each set of them that leaves the library is an IdentitySet.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, MutableSet
from typing import Any, TypeVar

T = TypeVar("T")


class OrderedSet(MutableSet[T]):
    """A set that iterates in the order of adding."""

    __slots__ = ("_members",)

    def __init__(self, members: Iterable[T] = ()) -> None:
        self._members: dict[T, None] = dict.fromkeys(members)

    def __contains__(self, member: object) -> bool:
        return member in self._members

    def __iter__(self) -> Iterator[T]:
        return iter(self._members)

    def __len__(self) -> int:
        return len(self._members)

    def add(self, value: T) -> None:
        """Add `value` at the end, unless it is there."""
        self._members[value] = None

    def discard(self, value: T) -> None:
        """Remove `value` if it is there."""
        self._members.pop(value, None)

    def __repr__(self) -> str:
        return f"OrderedSet({list(self._members)!r})"


class IdentitySet(MutableSet[T]):
    """A set of objects by identity, in the order of adding; ``__eq__`` and ``__hash__`` of members are not called."""

    __slots__ = ("_members",)

    def __init__(self, members: Iterable[T] = ()) -> None:
        self._members: dict[int, T] = {id(member): member for member in members}

    def __contains__(self, member: object) -> bool:
        return id(member) in self._members

    def __iter__(self) -> Iterator[T]:
        return iter(list(self._members.values()))

    def __len__(self) -> int:
        return len(self._members)

    def add(self, value: T) -> None:
        """Add `value` at the end, unless it is there."""
        self._members.setdefault(id(value), value)

    def discard(self, value: T) -> None:
        """Remove `value` if it is there."""
        self._members.pop(id(value), None)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, IdentitySet):
            return self._members.keys() == other._members.keys()
        if isinstance(other, (set, frozenset)):
            return self._members.keys() == {id(member) for member in other}
        return NotImplemented

    __hash__ = None  # type: ignore[assignment]

    # The methods of the abstract class ask the other side `in`, which may call __hash__ of our members.

    def __sub__(self, other: Iterable[Any]) -> IdentitySet[T]:
        return self.difference(other)

    def __rsub__(self, other: Iterable[Any]) -> IdentitySet[Any]:
        return IdentitySet(other).difference(self)

    def __and__(self, other: Iterable[Any]) -> IdentitySet[T]:
        return self.intersection(other)

    def __xor__(self, other: Iterable[Any]) -> IdentitySet[Any]:
        others = IdentitySet(other)
        return self.difference(others).union(others.difference(self))

    __rxor__ = __xor__

    def __le__(self, other: Iterable[Any]) -> bool:
        return self._members.keys() <= {id(member) for member in other}

    def __ge__(self, other: Iterable[Any]) -> bool:
        return self._members.keys() >= {id(member) for member in other}

    def __iand__(self, other: Iterable[Any]) -> IdentitySet[T]:
        self._members = self.intersection(other)._members
        return self

    @classmethod
    def _from_iterable(cls, it: Iterable[Any]) -> IdentitySet[Any]:
        return IdentitySet(it)

    def union(self, other: Iterable[T]) -> IdentitySet[T]:
        """Return a new set of the members of both."""
        return IdentitySet([*self, *other])

    def difference(self, other: Iterable[T]) -> IdentitySet[T]:
        """Return a new set of the members that `other` does not have."""
        unwanted = {id(member) for member in other}
        return IdentitySet(member for member in self if id(member) not in unwanted)

    def intersection(self, other: Iterable[T]) -> IdentitySet[T]:
        """Return a new set of the members that both have."""
        wanted = {id(member) for member in other}
        return IdentitySet(member for member in self if id(member) in wanted)

    def __repr__(self) -> str:
        names = ", ".join(f"<{type(member).__name__} at {id(member):#x}>" for member in self)
        return f"IdentitySet([{names}])"
