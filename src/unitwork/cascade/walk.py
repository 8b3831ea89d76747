"""Objects reached along one kind of cascade: once each, in the order of declaration, without recursion, without I/O.

Only what is in memory is followed; where one has to read (delete), the flush and ``session.deleted`` do it in sets.

Spec: CA-11, CA-19, CA-20, CA-35 to CA-37, CA-67.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from unitwork.base.markers import NO_VALUE
from unitwork.mapping.mapper import Mapper, RelationshipProperty
from unitwork.state.instance import InstanceState, state_of


def relationships_with(mapper: Mapper, kind: str) -> tuple[RelationshipProperty, ...]:
    """Return the relationships of a class that have a cascade, in the order of declaration; kept per Mapper."""
    memo = mapper.memo
    found: tuple[RelationshipProperty, ...] | None = memo.get(("cascade", kind))
    if found is None:
        if not mapper.sealed:
            mapper.registry.configure()
        found = tuple(prop for prop in mapper.relationships.values() if kind in prop.cascade)
        memo[("cascade", kind)] = found
    return found


def loaded_members(state: InstanceState, obj: Any, prop: RelationshipProperty, removed: bool = False) -> list[Any]:
    """Return what a relationship refers to as far as memory tells.

    Args:
        removed: also what was taken out since the last flush.
    """
    value = obj.__dict__.get(prop.key)
    members = [] if value is None else prop.read_members(value) if prop.uselist else [value]
    queue = None if state.queued is None else state.queued.get(prop.key)
    if queue is not None:
        members.extend(queue.added)
        if removed:
            members.extend(queue.removed)
    if removed and state.changes:
        old = state.changes.get(prop.key)
        if prop.uselist:
            members.extend(old or ())
        elif old is not NO_VALUE:
            members.append(old)
    # None within a collection is an error that the flush reports with its place (FP-17).
    return [member for member in members if member is not None]


def reach(
    start: Any, kind: str, enter: Callable[[InstanceState], bool], removed: bool = False
) -> Iterator[tuple[InstanceState, Any]]:
    """Return (state, object) for everything that `start` reaches, `start` itself excepted.

    Args:
        kind: name of the cascade.
        enter: asked for each object once; False leaves it out, with all that is only reached through it.
        removed: follow what was taken out of a relationship since the last flush, too (CA-36).
    """
    first = state_of(start)
    members = _neighbours(first, start, kind, removed)
    return _walk(first, members, kind, enter, removed) if members else iter(())


def _walk(
    first: InstanceState, members: list[Any], kind: str, enter: Callable[[InstanceState], bool], removed: bool
) -> Iterator[tuple[InstanceState, Any]]:
    seen = {first}
    stack = [iter(members)]
    while stack:
        for member in stack[-1]:
            state = state_of(member)
            if state in seen:
                continue
            seen.add(state)
            if not enter(state):
                continue
            yield state, member
            further = _neighbours(state, member, kind, removed)
            if further:
                stack.append(iter(further))
                break
        else:
            stack.pop()


def _neighbours(state: InstanceState, obj: Any, kind: str, removed: bool) -> list[Any]:
    props = relationships_with(state.mapper, kind)
    if not props:
        return []
    present = obj.__dict__
    if not removed and state.queued is None:
        # HOT: every object of a graph that is added; benchmark W1.
        members: list[Any] = []
        for prop in props:
            value = present.get(prop.key)
            if value is not None:
                if prop.uselist:
                    members.extend(member for member in prop.read_members(value) if member is not None)
                else:
                    members.append(value)
        return members
    return [member for prop in props for member in loaded_members(state, obj, prop, removed)]
