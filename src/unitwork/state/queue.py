"""Changes of a collection that is not loaded, kept until it is (ST-59)."""

from __future__ import annotations

from typing import Any


class Queue:
    """Changes of a collection that is not loaded: what the other side added and removed (ST-59)."""

    __slots__ = ("_added", "_removed")

    def __init__(self) -> None:
        # By id: members are compared by identity, and one is queued once however often it is added.
        self._added: dict[int, Any] = {}
        self._removed: dict[int, Any] = {}

    @property
    def added(self) -> list[Any]:
        """What the collection gained, in order, as a new list."""
        return list(self._added.values())

    @property
    def removed(self) -> list[Any]:
        """What the collection lost, in order, as a new list."""
        return list(self._removed.values())

    def add(self, member: object) -> None:
        """Queue an addition, or withdraw a queued removal."""
        if self._removed.pop(id(member), None) is None:
            self._added[id(member)] = member

    def remove(self, member: object) -> None:
        """Queue a removal, or withdraw a queued addition."""
        if self._added.pop(id(member), None) is None:
            self._removed[id(member)] = member
