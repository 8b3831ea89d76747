"""Gather the rows to delete, and which of them refer to which, so that the planner can order them.

Spec: FP-01, FP-05, FP-06, FP-16.
"""

from __future__ import annotations

from typing import Any

from unitwork.base.markers import NO_VALUE
from unitwork.flush.changes import DeleteChange
from unitwork.flush.removal import SetReader, Subject
from unitwork.mapping.mapper import MANYTOMANY, MANYTOONE, Mapper
from unitwork.sql.schema import Column
from unitwork.state.instance import InstanceState
from unitwork.state.tracker import StateTracker

#: (target Mapper, [(target's column, own attribute name, own foreign key column)])
Reference = tuple[Mapper, list[tuple[Column, str, Column]]]

#: (identity table of the target, own attribute names in the order of its primary key, own foreign key columns)
Lookup = tuple[dict[Any, InstanceState], list[str], tuple[Column, ...]]


def delete_changes(
    tracker: StateTracker, reader: SetReader, handles: dict[InstanceState, int], deleted: list[Subject]
) -> dict[Mapper, list[DeleteChange]]:
    """Return the rows to delete, with what they refer to among each other.

    Args:
        handles: numbers of all deleted objects in this flush.
    Raises:
        ObjectDeletedError [row-gone]: an expired object has no row any more (FP-16).
    """
    by_mapper: dict[Mapper, list[Subject]] = {}
    for subject in deleted:
        by_mapper.setdefault(subject[0].mapper, []).append(subject)
    references = _references(list(by_mapper))
    deletes: dict[Mapper, list[DeleteChange]] = {}
    for mapper, subjects in by_mapper.items():
        expired = [subject for subject in subjects if subject[0].expired is not None]
        if expired:
            reader.load_expired(mapper, expired)
        changes = deletes.setdefault(mapper, [])
        lookups = _lookups(tracker, references.get(mapper, []))
        single = len(mapper.primary_key) == 1
        version = mapper.version_id_col
        for state, obj in subjects:
            # HOT: every deleted object; benchmarks W7, W7b.
            refers_to = _deleted_targets(tracker, handles, state, obj, lookups) if lookups else ()
            stored = None if version is None else stored_value(state, obj, mapper.name_by_column[version])
            changes.append(DeleteChange(handles[state], (state.pk,) if single else state.pk, refers_to, stored))
    return deletes


def _references(mappers: list[Mapper]) -> dict[Mapper, list[Reference]]:
    """Return how rows of the given classes may refer to each other, by the class that holds the foreign key."""
    found: dict[Mapper, list[Reference]] = {}
    for mapper in mappers:
        for prop in mapper.relationships.values():
            if prop.viewonly or prop.direction is MANYTOMANY:
                continue
            others = [other for other in mappers if other.isa(prop.mapper)]
            for other in others:
                owner, target = (mapper, other) if prop.direction is MANYTOONE else (other, mapper)
                names = owner.name_by_column
                pairs = [(source, names[own], own) for source, own in prop.synchronize_pairs if own in names]
                known = found.setdefault(owner, [])
                if (target, pairs) not in known:
                    known.append((target, pairs))
    return found


def _lookups(tracker: StateTracker, references: list[Reference]) -> list[Lookup]:
    """Return how to find what a row refers to; a reference to anything but the whole primary key finds nothing."""
    found: list[Lookup] = []
    for target_mapper, pairs in references:
        target_names = target_mapper.name_by_column
        names = {target_names[target]: name for target, name, _ in pairs}
        if all(name in names for name in target_mapper.pk_names):
            key = [names[name] for name in target_mapper.pk_names]
            found.append((tracker.identity.table(target_mapper), key, tuple(own for _, _, own in pairs)))
    return found


def _deleted_targets(
    tracker: StateTracker, handles: dict[InstanceState, int], state: InstanceState, obj: Any, lookups: list[Lookup]
) -> tuple[tuple[int, tuple[Column, ...]], ...]:
    """Return (handle, own foreign key columns) of deleted objects that the row of a deleted object refers to."""
    found: list[tuple[int, tuple[Column, ...]]] = []
    for table, names, columns in lookups:
        if len(names) == 1:
            key = stored_value(state, obj, names[0])
            target = None if key is None else table.get(key)
        else:
            target = table.get(tuple([stored_value(state, obj, name) for name in names]))
        if target is not None and target in tracker.deleted:
            found.append((handles[target], columns))
    return tuple(found)


def stored_value(state: InstanceState, obj: Any, name: str) -> Any:
    """Return the value of an attribute as it is in the row, before changes of this flush; may load it."""
    if state.changes and name in state.changes and state.changes[name] is not NO_VALUE:
        return state.changes[name]
    value = obj.__dict__.get(name, NO_VALUE)
    return getattr(obj, name) if value is NO_VALUE else value
