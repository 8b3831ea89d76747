"""Orphans: objects that lost a parent along delete-orphan, and which of them a flush deletes.

Losing any one parent makes an orphan, unless the parent is another one along the same relationship; with the mapper
option ``legacy_is_orphan`` the last of all parents must be lost.

Spec: CA-30 to CA-32, CA-57, CA-60, CA-62.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from unitwork.base.markers import NO_VALUE
from unitwork.cascade.walk import loaded_members, relationships_with
from unitwork.flush.removal import mark
from unitwork.mapping.mapper import ONETOMANY, Mapper, RelationshipProperty
from unitwork.state.instance import InstanceState, state_of
from unitwork.state.lifecycle import PERSISTENT
from unitwork.state.tracker import StateTracker


def mark_orphans(tracker: StateTracker) -> None:
    """Mark the persistent objects that a changed parent no longer refers to along delete-orphan."""
    # HOT: every changed object; benchmark W6.
    mapper: Mapper | None = None
    lost: list[tuple[RelationshipProperty, Any]] = []
    for state, obj in tracker.modified.items():
        if state.mapper is not mapper:
            mapper = state.mapper
            props = relationships_with(mapper, "delete-orphan")
        for prop in props:
            if state.changes and prop.key in state.changes:
                lost.extend((prop, member) for member in _lost_members(state, obj, prop))
    if not lost:
        return
    parents = _Parents(tracker)
    for prop, member in lost:
        parents.lost.setdefault(prop, set()).add(id(member))
    for prop, member in lost:
        member_state = state_of(member)
        if member_state.phase != PERSISTENT or parents.has(prop, member):
            continue
        if not member_state.mapper.options.get("legacy_is_orphan") or not parents.has_any(member_state, member):
            mark(tracker, member_state, member)


def has_other_parent(tracker: StateTracker, state: InstanceState) -> bool:
    """Tell whether a pending object that lost a parent stays for others: only with ``legacy_is_orphan`` (CA-62)."""
    obj = state()
    return bool(state.mapper.options.get("legacy_is_orphan")) and _Parents(tracker).has_any(state, obj)


class _Parents:
    """Who has a parent, as far as memory and the rows tell."""

    def __init__(self, tracker: StateTracker) -> None:
        self.tracker = tracker
        #: relationship to ids of the members that a parent lost since the last flush
        self.lost: dict[RelationshipProperty, set[int]] = {}
        self._kept: dict[RelationshipProperty, set[int]] = {}

    def has(self, prop: RelationshipProperty, member: Any) -> bool:
        """Tell whether an object that lost a parent has another one along the same relationship (CA-57)."""
        reverse = prop.reverse
        if reverse is None:
            return id(member) in self.kept(prop)
        holder = member.__dict__.get(reverse.key)
        return bool(reverse.read_members(holder)) if reverse.uselist and holder is not None else holder is not None

    def has_any(self, state: InstanceState, member: Any) -> bool:
        """Tell whether an object has a parent along any relationship with delete-orphan (CA-62)."""
        for prop in _relationships_to(state.mapper):
            if self.has(prop, member) or id(member) in self.kept(prop):
                return True
            if id(member) not in self.lost.get(prop, ()) and self._row_refers(state, member, prop):
                return True
        return False

    def kept(self, prop: RelationshipProperty) -> set[int]:
        """Return the ids of what new and changed owners refer to now."""
        found = self._kept.get(prop)
        if found is None:
            found = self._kept[prop] = set()
            for state, obj in (*self.tracker.new.items(), *self.tracker.modified.items()):
                if state not in self.tracker.deleted and state.mapper.isa(prop.parent):
                    found.update(map(id, loaded_members(state, obj, prop)))
        return found

    def _row_refers(self, state: InstanceState, member: Any, prop: RelationshipProperty) -> bool:
        """Tell whether the row of an object refers to a parent that nobody took from it."""
        if prop.reverse is not None and prop.reverse.key in member.__dict__:
            return False  # it says who its parent is, and was asked
        if prop.direction is not ONETOMANY:
            # The reference stands in another row, which would have to be read: what may have a parent is kept.
            return state.phase == PERSISTENT
        names = state.mapper.name_by_column
        own = [names[column] for _, column in prop.synchronize_pairs]
        present = member.__dict__
        read = [present.get(name) if state.pk is None else getattr(member, name) for name in own]
        return all(value is not None for value in read)


def _relationships_to(mapper: Mapper) -> Iterator[RelationshipProperty]:
    for other in mapper.registry.all_mappers:
        for prop in relationships_with(other, "delete-orphan"):
            if prop.parent is other and mapper.isa(prop.mapper):
                yield prop


def _lost_members(state: InstanceState, obj: Any, prop: RelationshipProperty) -> list[Any]:
    changes = state.changes or {}
    old = changes.get(prop.key)
    if not prop.uselist:
        return [old] if old is not None and old is not NO_VALUE and old is not obj.__dict__.get(prop.key) else []
    lost = list(state.queued[prop.key].removed) if state.queued and prop.key in state.queued else []
    holder = obj.__dict__.get(prop.key)
    present = {id(member) for member in (() if holder is None else prop.read_members(holder))}
    lost.extend(member for member in old or () if id(member) not in present)
    return lost
