"""Store what was read into objects that are there already.

Spec: SB-37, ST-94, ST-106, ST-109.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from unitwork.engine.connection import Connection
from unitwork.loading.plan import EntitySpec
from unitwork.state.instance import InstanceState

Subject = tuple[InstanceState, Any]


def fill(
    state: InstanceState, obj: Any, names: Sequence[str], values: Sequence[Any], populate: set[InstanceState] | None
) -> None:
    """Store the values of a row into an object that is present already.

    Args:
        populate: overwrite everything and drop pending changes (ST-109), once for each object; those done are noted in
            it. None fills what is not loaded and was not written since (SB-37, ST-94).
    """
    present = obj.__dict__
    if populate is not None and state not in populate:
        populate.add(state)
        present.update(zip(names, values))
        for name in state.mapper.relationships:
            present.pop(name, None)
        state.forget_changes()
        if state.tracker is not None:
            state.tracker.modified.pop(state, None)
    else:
        changes = state.changes or ()
        for name, value in zip(names, values):
            if name not in present and name not in changes:
                present[name] = value
    if state.expired is not None:
        loaded = present.keys() | (state.changes or {}).keys()
        columns = state.mapper.columns
        left = [name for name in state.expired if name in columns and name not in loaded and not columns[name].deferred]
        state.expired = frozenset(left) if left else None


def fill_from_rows(
    connection: Connection, spec: EntitySpec, subjects: Sequence[Subject], rows: list[Any]
) -> set[InstanceState]:
    """Store rows into the objects they belong to, found by primary key; return the states that had a row."""
    mapper = spec.mapper
    names = spec.names
    convert = connection.dialect.result_converter
    columns = [mapper.columns[name].column for name in names]
    converters = [convert(column.type, column.table is not None) for column in columns]
    places = [names.index(name) for name in mapper.pk_names]
    by_key = {state.pk: (state, obj) for state, obj in subjects}
    found = set()
    for row in rows:
        values = [
            value if value is None or converter is None else converter(value)
            for value, converter in zip(row, converters)
        ]
        pk = values[places[0]] if len(places) == 1 else tuple(values[place] for place in places)
        subject = by_key.get(pk)
        if subject is None and len(subjects) == 1:
            subject = subjects[0]  # the database holds keys equal that Python does not, e.g. of another case
        if subject is not None:
            fill(*subject, names, values, None)
            found.add(subject[0])
    return found
