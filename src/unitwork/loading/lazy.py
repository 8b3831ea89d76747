"""Load what is missing: one row by key, one attribute of one object, or the same of many in sets.

Nothing here decides whether a load is allowed, or flushes before it: that is session/reading.py.

Spec: SB-87 to SB-91, ST-21, ST-22, ST-93, ST-102, ST-103, ST-106, LB-12, LB-15, CA-48.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from unitwork import exc
from unitwork.engine.connection import Connection
from unitwork.loading.plan import EntitySpec
from unitwork.loading.rows import fill
from unitwork.loading.run import LoadHost, Populate, load_along, load_rows, once_each, store
from unitwork.loading.select import (
    StandingSelect,
    chunks,
    key_names,
    many_select,
    one_select,
    related_select,
    related_to_many_select,
    source_names,
)
from unitwork.loading.specs import spec_of
from unitwork.mapping.mapper import Mapper, RelationshipProperty
from unitwork.state.instance import InstanceState, describe

Subject = tuple[InstanceState, Any]


# -- by primary key ---------------------------------------------------------------------------------------------------


def get_row(host: LoadHost, spec: EntitySpec, pk: Sequence[Any], populate: Populate = None) -> Any:
    """Return the object of a primary key by a SELECT, or None.

    Args:
        pk: values in the order of the primary key columns.
    """
    connection = host.connection_for(spec.mapper)
    standing = one_select(spec)
    rows = standing.rows(connection, **{f"pk{place}": value for place, value in enumerate(pk)})
    found = load_rows(standing.plan, connection, rows, host, populate)
    return found[0] if found else None


# -- columns of present objects ---------------------------------------------------------------------------------------


def load_columns(host: LoadHost, state: InstanceState, wanted: str | None = None) -> bool:
    """Fill the unloaded columns of an object from its row; return False if the row is gone.

    Args:
        wanted: a column that must be among them; a deferred one comes with its group, and nothing else does.
    """
    mapper = state.mapper
    spec = spec_of(mapper).one_row_each()
    if wanted is not None and mapper.columns[wanted].deferred:
        spec = _group_spec(mapper, wanted)
    connection = host.connection_for(mapper)
    named = {f"pk{place}": value for place, value in enumerate(state.identity or ())}
    rows = one_select(spec).rows(connection, **named)
    if not rows:
        return False
    obj = state()
    was_expired = state.expired is not None
    _fill_from_rows(connection, spec, [(state, obj)], rows)
    if was_expired and spec.eager:
        load_along(spec, [obj], host)
    return True


def _group_spec(mapper: Mapper, wanted: str) -> EntitySpec:
    group = mapper.columns[wanted].group
    names = {wanted, *mapper.pk_names}
    if group is not None:
        names.update(name for name, prop in mapper.columns.items() if prop.group == group)
    key = ("loading.group", group or wanted)
    spec: EntitySpec | None = mapper.memo.get(key)
    if spec is None:
        spec = mapper.memo[key] = EntitySpec(mapper, tuple(name for name in mapper.columns if name in names))
    return spec


def load_expired(host: LoadHost, mapper: Mapper, subjects: Sequence[Subject]) -> list[InstanceState]:
    """Fill the unloaded columns of many objects of one class in sets; return the states whose rows are gone."""
    spec = spec_of(mapper).one_row_each()
    connection = host.connection_for(mapper)
    missing: list[InstanceState] = []
    for chunk in chunks(subjects):
        rows = many_select(spec).rows(connection, keys=[state.pk for state, _ in chunk])
        found = _fill_from_rows(connection, spec, chunk, rows)
        missing.extend(state for state, _ in chunk if state not in found)
    return missing


def _fill_from_rows(
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


# -- relationships of present objects ---------------------------------------------------------------------------------


def load_relationship(host: LoadHost, state: InstanceState, prop: RelationshipProperty, key: Sequence[Any]) -> Any:
    """Load a relationship of one object and store it there.

    Args:
        key: values of the object's columns that the join starts from, see :func:`source_names`.
    """
    connection = host.connection_for(prop.mapper)
    standing = related_select(prop, later_spec(state, prop))
    rows = standing.rows(connection, **{f"own{place}": value for place, value in enumerate(key)})
    members = once_each(standing.plan, load_rows(standing.plan, connection, rows, host))
    return store(prop, state(), members)


def later_spec(state: InstanceState, prop: RelationshipProperty) -> EntitySpec:
    """Return how targets of a relationship are loaded that is read now, as the options of the owner's load say."""
    spec: EntitySpec | None = None if state.extra is None else state.extra.get("spec")
    if spec is not None:
        joined = spec.joined.get(prop)
        found = spec.later.get(prop.key) or spec.eager.get(prop) or (joined and joined.spec)
        return found or spec_of(prop.mapper)
    return spec_of(prop.mapper)


def way_of(state: InstanceState, prop: RelationshipProperty) -> str:
    """Return how a relationship that is not loaded is to be read: "select", "raise", "raise_on_sql" or "noload"."""
    spec: EntitySpec | None = None if state.extra is None else state.extra.get("spec")
    return prop.lazy if spec is None else spec.lazy.get(prop.key, prop.lazy)


def column_refused(state: InstanceState, name: str) -> bool:
    """Tell whether options refuse to load a column by reading it; one that was expired since is loaded again."""
    spec: EntitySpec | None = None if state.extra is None else state.extra.get("spec")
    return spec is not None and name in spec.refused and name not in (state.expired or ())


def refused(state: InstanceState, prop: Any) -> exc.InvalidRequestError:
    """Return the error for an attribute that may not be loaded by reading it (lazy="raise", raiseload)."""
    is_relationship = isinstance(prop, RelationshipProperty)
    why, option = ("lazy='raise'", "selectinload") if is_relationship else ("raiseload=True", "undefer")
    return exc.InvalidRequestError(
        f"'{prop.key}' of {describe(state)} is not loaded, and {why} refuses to load it.",
        do=f"load it up front with options({option}({prop.parent.class_.__name__}.{prop.key})).",
        code="lazy-raise",
        state=state,
    )


def load_related(host: LoadHost, prop: RelationshipProperty, owners: Sequence[Subject]) -> list[Any]:
    """Return the objects that a relationship leads to from any of `owners`, in sets; the attribute is not stored."""
    spec = bare_spec(prop.mapper)
    connection = host.connection_for(prop.mapper)
    found: list[Any] = []
    names = key_names(prop)
    if names is None:
        one = related_select(prop, spec)
        for state, obj in owners:
            values = [_value_in_row(state, obj, name) for name in source_names(prop)]
            named = {f"own{place}": value for place, value in enumerate(values)}
            found.extend(load_rows(one.plan, connection, one.rows(connection, **named), host))
        return found
    keys = []
    for state, obj in owners:
        key = tuple(_value_in_row(state, obj, name) for name in names)
        if None not in [None if part is None else False for part in key]:
            keys.append(key if len(key) > 1 else key[0])
    standing: StandingSelect = related_to_many_select(prop, spec)
    for chunk in chunks(keys):
        found.extend(load_rows(standing.plan, connection, standing.rows(connection, keys=list(chunk)), host))
    return found


def bare_spec(mapper: Mapper) -> EntitySpec:
    """Return a spec that loads nothing along: for a flush, which needs the rows alone."""
    spec: EntitySpec | None = mapper.memo.get("loading.bare")
    if spec is None:
        spec = mapper.memo["loading.bare"] = EntitySpec(mapper, spec_of(mapper).names)
    return spec


def _value_in_row(state: InstanceState, obj: Any, name: str) -> Any:
    if state.changes and name in state.changes:
        return state.changes[name]
    return getattr(obj, name)
