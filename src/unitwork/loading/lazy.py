"""Load what is missing: one row by key, one attribute of one object, or the same of many in sets.

Nothing here decides whether a load is allowed, or flushes before it: that is session/reading.py.

Spec: SB-87 to SB-91, ST-21, ST-22, ST-93, ST-102, ST-103, ST-106, LB-12, LB-15, CA-48.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from unitwork import exc
from unitwork.loading.classes import partial_spec
from unitwork.loading.fill import Subject, fill_from_rows
from unitwork.loading.plan import EntitySpec
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
    elif mapper.inherits is not None:
        # The tables above may be read already (ST-107).
        done = state.dict.keys() | (state.changes or {}).keys()
        spec = partial_spec(mapper, [name for name in spec.names if name not in done])
    connection = host.connection_for(mapper)
    named = {f"pk{place}": value for place, value in enumerate(state.identity or ())}
    rows = one_select(spec).rows(connection, **named)
    if not rows:
        return False
    obj = state()
    was_expired = state.expired is not None
    fill_from_rows(connection, spec, [(state, obj)], rows)
    along = spec_of(mapper).one_row_each() if was_expired else spec
    if was_expired and along.eager:
        load_along(along, [obj], host)
    return True


def _group_spec(mapper: Mapper, wanted: str) -> EntitySpec:
    group = mapper.columns[wanted].group
    names = {wanted, *mapper.pk_names}
    if group is not None:
        names.update(name for name, prop in mapper.columns.items() if prop.group == group)
    return partial_spec(mapper, names)


def load_expired(host: LoadHost, mapper: Mapper, subjects: Sequence[Subject]) -> list[InstanceState]:
    """Fill the unloaded columns of many objects of one class in sets; return the states whose rows are gone."""
    spec = spec_of(mapper).one_row_each()
    connection = host.connection_for(mapper)
    missing: list[InstanceState] = []
    for chunk in chunks(subjects):
        rows = many_select(spec).rows(connection, keys=[state.pk for state, _ in chunk])
        found = fill_from_rows(connection, spec, chunk, rows)
        missing.extend(state for state, _ in chunk if state not in found)
    return missing


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
