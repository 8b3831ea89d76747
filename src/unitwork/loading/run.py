"""Carry out a LoadPlan: rows to objects, then what is loaded along with them, level by level.

Relationships that are loaded along cost one SELECT per chunk of owners: the targets come with the key of their owner.

Spec: SB-43, SB-44, LB-12, LB-15, LB-27.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from unitwork import exc
from unitwork.engine.connection import Connection
from unitwork.instrument.collections import bind_loaded
from unitwork.loading.classes import load_subclasses
from unitwork.loading.plan import EntityItem, EntitySpec, LoadPlan
from unitwork.loading.rows import loader_for
from unitwork.loading.select import chunks, key_names, keyed_select, related_select, source_names, target_key
from unitwork.loading.specs import spec_of
from unitwork.mapping.mapper import MANYTOONE, Mapper, RelationshipProperty
from unitwork.state.instance import STATE, InstanceState
from unitwork.state.tracker import StateTracker

#: The states that a load overwrote already, where it overwrites what is present (ST-109); None where it does not.
Populate = set[InstanceState] | None


class LoadHost(Protocol):
    """What loading needs of a Session."""

    tracker: StateTracker
    flushing: int

    def connection_for(self, mapper: Mapper) -> Connection:
        """Return the Connection that rows of a class are read from."""


def load_rows(
    plan: LoadPlan, connection: Connection, rows: list[Any], host: LoadHost, populate: Populate = None
) -> list[Any]:
    """Return what the driver's rows of a SELECT become.

    Args:
        rows: as the driver gave them.
    Returns:
        One object or value per row for a plan with a single item, else one tuple per row.
    """
    dialect = connection.dialect
    loader = loader_for(plan, dialect.name, dialect.result_converter)
    tracker = host.tracker
    identity = tracker.identity
    tables = [None if item is None else identity.table(item.mapper) for item in plan.entities]
    links: list[list[tuple[Any, Any]]] = [[] for _ in plan.joined]
    if plan.refreshes and not host.flushing:
        loaded = loader(rows, tables, tracker, populate, links, set())
    else:
        # A flush reads too, and must not lose what it is about to write.
        loaded = loader(rows, tables, tracker, populate, links)
    if populate is not None:
        for place, item in enumerate(plan.items):
            if isinstance(item, EntityItem):
                _note(populate, loaded if plan.single else [row[place] for row in loaded])
    if plan.joined:
        _store_joined(plan, links, host, populate)
    for place in plan.eager:
        item = plan.items[place]
        if isinstance(item, EntityItem):
            objects = loaded if plan.single else [row[place] for row in loaded]
            _complete(item.spec, objects, connection, host, populate)
    return loaded


def _complete(
    spec: EntitySpec, objects: Iterable[Any], connection: Connection, host: LoadHost, populate: Populate
) -> None:
    """Load what belongs to objects beside their rows: columns of subclasses, and relationships."""
    if spec.mapper.follows_up:
        load_subclasses(spec, objects, connection)
    load_along(spec, objects, host, populate)
    if spec.mapper.follows_up:
        by_mapper: dict[Mapper, list[Any]] = {}
        for obj in objects:
            if obj is not None and obj.__dict__[STATE].mapper.polymorphic_load is not None:
                by_mapper.setdefault(obj.__dict__[STATE].mapper, []).append(obj)
        for mapper, members in by_mapper.items():
            load_along(spec_of(mapper).one_row_each(), members, host, None)


def _note(populate: set[InstanceState], objects: Iterable[Any]) -> None:
    populate.update(obj.__dict__[STATE] for obj in objects if obj is not None)


def _store_joined(
    plan: LoadPlan, links: list[list[tuple[Any, Any]]], host: LoadHost, populate: Populate
) -> None:
    """Store what the rows say of relationships: each target once, in the order of the rows."""
    for child, pairs in zip(plan.joined, links):
        prop = child.prop
        groups: dict[int, tuple[Any, dict[int, Any]]] = {}
        for owner, target in pairs:
            group = groups.get(id(owner))
            if group is None:
                group = groups[id(owner)] = (owner, {})
            if target is not None:
                group[1][id(target)] = target
        for owner, targets in groups.values():
            if prop.key not in owner.__dict__ or populate is not None:
                store(prop, owner, list(targets.values()))
        if populate is not None:
            _note(populate, [target for _, target in pairs])
    for child, pairs in zip(plan.joined, links):
        if child.item.spec.eager or child.item.mapper.follows_up:
            connection = host.connection_for(child.item.mapper)
            _complete(child.item.spec, [target for _, target in pairs], connection, host, populate)


def once_each(plan: LoadPlan, loaded: list[Any]) -> list[Any]:
    """Return the objects of a plan with one item without repetitions, which come of joined collections."""
    return list({id(obj): obj for obj in loaded}.values()) if plan.needs_unique else loaded


# -- loaded along -----------------------------------------------------------------------------------------------------


def load_along(spec: EntitySpec, objects: Iterable[Any], host: LoadHost, populate: Populate = None) -> None:
    """Load the eager relationships of objects that do not have them yet, and go on with their targets."""
    waiting: list[tuple[EntitySpec, Iterable[Any]]] = [(spec, objects)]
    done: set[tuple[int, int]] = set()
    for current, reached in waiting:
        owners = list({id(obj): obj for obj in reached if obj is not None}.values())
        # A spec may lead back to itself, and so may the rows: each object is gone through once under each spec.
        owners = [obj for obj in owners if (id(current), id(obj)) not in done]
        done.update((id(current), id(obj)) for obj in owners)
        for prop, target_spec in current.eager.items():
            unloaded = [obj for obj in owners if populate is not None or prop.key not in obj.__dict__]
            if unloaded:
                targets = _load_relationship(prop, target_spec, unloaded, host, populate)
                if target_spec.eager:
                    waiting.append((target_spec, targets))


def _load_relationship(
    prop: RelationshipProperty, spec: EntitySpec, owners: list[Any], host: LoadHost, populate: Populate
) -> list[Any]:
    names = key_names(prop)
    if names is None:
        return _load_one_by_one(prop, spec, owners, host, populate)
    by_key: dict[Any, list[Any]] = {}
    for obj in owners:
        key = tuple([getattr(obj, name) for name in names])
        if None in [None if part is None else False for part in key]:
            store(prop, obj, [])
        else:
            by_key.setdefault(key if len(key) > 1 else key[0], []).append(obj)
    found: dict[Any, list[Any]] = {}
    if prop.direction is MANYTOONE and prop.uses_get and populate is None and not spec.criteria:
        _from_identity_map(prop, names, by_key, found, host.tracker)
    missing = [key for key in by_key if key not in found]
    if missing:
        _read(prop, spec, missing, found, host, populate)
    for key, group in by_key.items():
        for obj in group:
            store(prop, obj, found.get(key, ()))
    return [target for targets in found.values() for target in targets]


def _load_one_by_one(
    prop: RelationshipProperty, spec: EntitySpec, owners: list[Any], host: LoadHost, populate: Populate
) -> list[Any]:
    names = source_names(prop)
    standing = related_select(prop, spec)
    connection = host.connection_for(prop.mapper)
    found: list[Any] = []
    for obj in owners:
        named = {f"own{place}": getattr(obj, name) for place, name in enumerate(names)}
        targets = load_rows(standing.plan, connection, standing.rows(connection, **named), host, populate)
        targets = once_each(standing.plan, targets)
        store(prop, obj, targets)
        found += targets
    return found


def _from_identity_map(
    prop: RelationshipProperty,
    names: Sequence[str],
    by_key: dict[Any, list[Any]],
    found: dict[Any, list[Any]],
    tracker: StateTracker,
) -> None:
    for key in by_key:
        pk = target_key(prop, names, key if len(names) > 1 else (key,))
        present = tracker.identity.find(prop.mapper, pk)
        if isinstance(present, prop.mapper.class_) and present.__dict__[STATE].expired is None:
            found[key] = [present]


def _read(
    prop: RelationshipProperty,
    spec: EntitySpec,
    keys: Sequence[Any],
    found: dict[Any, list[Any]],
    host: LoadHost,
    populate: Populate,
) -> None:
    from_key = keyed_select(prop, spec)
    width = len(prop.condition.equalities)
    for chunk in chunks(keys):
        connection = host.connection_for(prop.mapper)
        rows: Any = load_rows(from_key.plan, connection, from_key.rows(connection, keys=list(chunk)), host, populate)
        if from_key.plan.needs_unique:
            rows = {(*row[:width], id(row[width])): row for row in rows}.values()
        for row in rows:
            found.setdefault(row[0] if width == 1 else row[:width], []).append(row[width])


def store(prop: RelationshipProperty, obj: Any, targets: Sequence[Any]) -> Any:
    """Store what a relationship of an object leads to, and return the value of the attribute.

    Several rows for a scalar are warned of, and the first one is taken (LB-10).
    """
    if prop.uselist:
        return bind_loaded(prop, obj.__dict__[STATE], obj, targets)
    value = targets[0] if targets else None
    if len(targets) > 1 and any(target is not value for target in targets):
        warnings.warn(
            f"{prop.parent.class_.__name__}.{prop.key} is a scalar, and several rows were found for it: the first one "
            f"is taken. Do: map it as a collection (uselist=True), or mend the rows.",
            exc.UnitworkWarning,
            stacklevel=2,
        )
    obj.__dict__[prop.key] = value
    return value
