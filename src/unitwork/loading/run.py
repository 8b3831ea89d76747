"""Carry out a LoadPlan: rows to objects, then what is loaded along with them, level by level.

Relationships that are loaded along cost one SELECT per chunk of owners: the targets come with the key of their owner.

Spec: SB-43, SB-44, LB-12, LB-15, LB-27.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from unitwork.engine.connection import Connection
from unitwork.instrument.collections import bind_loaded
from unitwork.loading.plan import EntityItem, EntitySpec, LoadPlan
from unitwork.loading.rows import loader_for
from unitwork.loading.select import chunks, key_names, keyed_select, related_select, source_names, target_key
from unitwork.mapping.mapper import MANYTOONE, Mapper, RelationshipProperty
from unitwork.state.instance import STATE
from unitwork.state.tracker import StateTracker


class LoadHost(Protocol):
    """What loading needs of a Session."""

    tracker: StateTracker

    def connection_for(self, mapper: Mapper) -> Connection:
        """Return the Connection that rows of a class are read from."""


def load_rows(
    plan: LoadPlan, connection: Connection, rows: list[Any], host: LoadHost, populate: bool = False
) -> list[Any]:
    """Return what the driver's rows of a SELECT become.

    Args:
        rows: as the driver gave them.
        populate: overwrite objects that are present (ST-109).
    Returns:
        One object or value per row for a plan with a single item, else one tuple per row.
    """
    dialect = connection.dialect
    loader = loader_for(plan, dialect.name, dialect.result_converter)
    tracker = host.tracker
    identity = tracker.identity
    tables = [identity.table(item.mapper) if isinstance(item, EntityItem) else None for item in plan.items]
    loaded = loader(rows, tables, tracker, populate)
    for place in plan.eager:
        item = plan.items[place]
        if isinstance(item, EntityItem):
            objects = loaded if plan.single else [row[place] for row in loaded]
            load_along(item.spec, objects, host, populate)
    return loaded


# -- loaded along -----------------------------------------------------------------------------------------------------


def load_along(spec: EntitySpec, objects: Iterable[Any], host: LoadHost, populate: bool = False) -> None:
    """Load the eager relationships of objects that do not have them yet, and go on with their targets."""
    owners = list({id(obj): obj for obj in objects if obj is not None}.values())
    for prop, target_spec in spec.eager.items():
        waiting = [obj for obj in owners if populate or prop.key not in obj.__dict__]
        if waiting:
            _load_relationship(prop, target_spec, waiting, host, populate)


def _load_relationship(
    prop: RelationshipProperty, spec: EntitySpec, owners: list[Any], host: LoadHost, populate: bool
) -> None:
    names = key_names(prop)
    if names is None:
        _load_one_by_one(prop, spec, owners, host, populate)
        return
    by_key: dict[Any, list[Any]] = {}
    for obj in owners:
        key = tuple([getattr(obj, name) for name in names])
        if None in [None if part is None else False for part in key]:
            _store(prop, obj, [])
        else:
            by_key.setdefault(key if len(key) > 1 else key[0], []).append(obj)
    found: dict[Any, list[Any]] = {}
    if prop.direction is MANYTOONE and prop.uses_get and not populate:
        _from_identity_map(prop, names, by_key, found, host.tracker)
    missing = [key for key in by_key if key not in found]
    if missing:
        _read(prop, spec, missing, found, host, populate)
    for key, group in by_key.items():
        for obj in group:
            _store(prop, obj, found.get(key, ()))
    if spec.eager:
        load_along(spec, [target for targets in found.values() for target in targets], host, populate)


def _load_one_by_one(
    prop: RelationshipProperty, spec: EntitySpec, owners: list[Any], host: LoadHost, populate: bool
) -> None:
    names = source_names(prop)
    standing = related_select(prop, spec)
    connection = host.connection_for(prop.mapper)
    for obj in owners:
        named = {f"own{place}": getattr(obj, name) for place, name in enumerate(names)}
        _store(prop, obj, load_rows(standing.plan, connection, standing.rows(connection, **named), host, populate))


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
        if present is not None and present.__dict__[STATE].expired is None:
            found[key] = [present]


def _read(
    prop: RelationshipProperty,
    spec: EntitySpec,
    keys: Sequence[Any],
    found: dict[Any, list[Any]],
    host: LoadHost,
    populate: bool,
) -> None:
    from_key = keyed_select(prop, spec)
    width = len(prop.condition.equalities)
    for chunk in chunks(keys):
        connection = host.connection_for(prop.mapper)
        rows = from_key.rows(connection, keys=list(chunk))
        for row in load_rows(from_key.plan, connection, rows, host, populate):
            found.setdefault(row[0] if width == 1 else row[:width], []).append(row[width])


def _store(prop: RelationshipProperty, obj: Any, targets: Sequence[Any]) -> None:
    if prop.uselist:
        bind_loaded(prop, obj.__dict__[STATE], obj, targets)
    else:
        obj.__dict__[prop.key] = targets[0] if targets else None
