"""Which objects a flush deletes: those marked, and what delete cascades from them; orphans are in ``orphans``.

Cascades are followed in sets: the children of all marked parents of a class are read by one SELECT per chunk, whatever
the number of parents, and however many parents were marked one by one before (SB-66).

Neighbours: gather calls it for a flush, the Session for ``session.deleted``; loading/lazy.py reads.

Spec: SB-61, SB-66, CA-22, CA-23, CA-25, CA-27 to CA-29, CA-64.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

from unitwork.cascade.walk import loaded_members, relationships_with
from unitwork.mapping.mapper import Mapper, RelationshipProperty
from unitwork.state.instance import InstanceState, state_of
from unitwork.state.lifecycle import PERSISTENT
from unitwork.state.tracker import StateTracker

Subject = tuple[InstanceState, Any]


class SetReader(Protocol):
    """Reads what a flush needs to know, in sets; implemented by the Session."""

    def related(self, prop: RelationshipProperty, owners: list[Subject]) -> list[Any]:
        """Return the objects that `prop` leads to from any of `owners`, whose values of it are not loaded."""

    def load_expired(self, mapper: Mapper, subjects: list[Subject]) -> None:
        """Load the expired columns of objects of one class; raise ObjectDeletedError where a row is gone (FP-16)."""


def mark(tracker: StateTracker, state: InstanceState, obj: Any) -> bool:
    """Mark a persistent object for deletion; its cascade is carried out later. Return whether it was not marked yet."""
    if state in tracker.deleted or state.phase != PERSISTENT or state.tracker is not tracker:
        return False
    tracker.deleted[state] = obj
    tracker.uncascaded[state] = obj
    return True


def carry_out_cascades(tracker: StateTracker, reader: SetReader) -> None:
    """Mark everything that delete cascades reach from the marked objects, reading what is not loaded."""
    while tracker.uncascaded:
        # One class at a time, and every object of it that is known by now: a tree is read in one SELECT per depth.
        by_mapper: dict[Mapper, list[Subject]] = {}
        for state, obj in tracker.uncascaded.items():
            by_mapper.setdefault(state.mapper, []).append((state, obj))
        tracker.uncascaded.clear()
        for mapper, subjects in by_mapper.items():
            for prop in relationships_with(mapper, "delete"):
                for member in related_members(prop, subjects, reader, passive=prop.passive_deletes is not False):
                    mark(tracker, state_of(member), member)


def related_members(
    prop: RelationshipProperty, owners: Iterable[Subject], reader: SetReader, passive: bool = False
) -> list[Any]:
    """Return what a relationship of several owners refers to, loaded or read in sets.

    Args:
        passive: leave unloaded ones alone (CA-52).
    """
    members: list[Any] = []
    unloaded: list[Subject] = []
    for state, obj in owners:
        members.extend(loaded_members(state, obj, prop))
        if prop.key not in obj.__dict__:
            unloaded.append((state, obj))
    if unloaded and not passive:
        members.extend(reader.related(prop, unloaded))
    return members
