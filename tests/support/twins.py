"""Readable twins of what unitwork generates: slow, plain, and right; property tests compare each with its original.

* :func:`plain_setattr` beside ``instrument/writes.py: make_setattr``
* :func:`plain_loader` beside ``loading/rows.py: loader_for``
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from unitwork.instrument.install import class_hooks
from unitwork.instrument.writes import COLUMN, write_column
from unitwork.loading.plan import EntityItem, LoadPlan
from unitwork.loading.rows import fill
from unitwork.state.instance import CLEAN, InstanceState, make_state
from unitwork.state.lifecycle import PERSISTENT
from unitwork.state.tracker import StateTracker


def plain_setattr(writers: dict[str, Any]) -> Callable[[Any, str, Any], None]:
    """Return a ``__setattr__``: look the writer up, then write as it says."""

    def __setattr__(self: Any, name: str, value: Any) -> None:
        write = writers.get(name)
        if write is None:
            object.__setattr__(self, name, value)
        elif write is COLUMN:
            write_column(self, name, value)
        else:
            write(self, value)

    return __setattr__


def plain_loader(plan: LoadPlan, converter: Any) -> Callable[..., list[Any]]:
    """Return a loader of (rows, tables of the identity map, tracker, populate, links): item by item, row by row."""

    def load(
        rows: Sequence[Any], tables: Sequence[Any], tracker: StateTracker, populate: Any, links: Sequence[Any] = ()
    ) -> list[Any]:
        loaded = []
        for row in rows:
            outcome: list[Any] = []
            for item, table in zip(plan.items, tables):
                if isinstance(item, EntityItem):
                    outcome.append(_load_entity(item, row, table, converter, tracker, populate))
                else:
                    outcome.append(_converted(row[item.place], converter(item.type, item.stored)))
            entities = list(outcome)
            for child, table, pairs in zip(plan.joined, tables[len(plan.items) :], links):
                entities.append(_load_entity(child.item, row, table, converter, tracker, populate))
                if entities[child.owner] is not None:
                    pairs.append((entities[child.owner], entities[-1]))
            loaded.append(outcome[0] if plan.single else tuple(outcome))
        return loaded

    return load


def _load_entity(
    item: EntityItem, row: Sequence[Any], table: dict[Any, Any], converter: Any, tracker: StateTracker, populate: Any
) -> Any:
    mapper = item.mapper
    values = {
        name: _converted(row[item.start + offset], converter(mapper.columns[name].column.type, True))
        for offset, name in enumerate(item.names)
    }
    parts = tuple(values[name] for name in mapper.pk_names)
    if all(part is None for part in parts):
        return None
    pk = parts if len(parts) > 1 else parts[0]
    state: InstanceState | None = table.get(pk)
    obj = None if state is None else state()
    if obj is None or state is None:
        return _new_object(item, values, pk, table, tracker)
    if populate is not None or state.expired is not None:
        fill(state, obj, tuple(values), tuple(values.values()), populate)
    return obj


def _new_object(item: EntityItem, values: dict[str, Any], pk: Any, table: dict[Any, Any], tracker: StateTracker) -> Any:
    cls = item.mapper.class_
    obj = cls.__new__(cls)
    state = make_state(obj, item.mapper)
    state.tracker, state.pk, state.phase, state.changes = tracker, pk, PERSISTENT, CLEAN
    obj.__dict__.update(values)
    table[pk] = state
    for listener in class_hooks(item.mapper).listeners.get("load", ()):
        listener(obj, None)
    return obj


def _converted(value: Any, convert: Callable[[Any], Any] | None) -> Any:
    return value if value is None or convert is None else convert(value)
