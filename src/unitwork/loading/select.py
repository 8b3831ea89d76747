"""The statements that loading sends on its own: built once per class, relationship and spec, prepared once per dialect.

Spec: SB-87, LB-12, LB-15, CA-48.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator, Sequence
from typing import Any

from unitwork.engine.connection import Connection
from unitwork.loading.expand import entity_plan, expanded
from unitwork.loading.plan import EntitySpec, LoadPlan
from unitwork.mapping.mapper import RelationshipProperty
from unitwork.sql.columns import bindparam
from unitwork.sql.functions import tuple_
from unitwork.sql.select import select
from unitwork.sql.shape import shape_of

#: Keys per SELECT when rows are read for many objects.
CHUNK = 1024


class StandingSelect:
    """A SELECT with named parameters, prepared once per dialect.

    Attributes:
        statement: the Select.
        plan: what its rows become.
    """

    __slots__ = ("_prepared", "_shape", "plan", "statement")

    def __init__(self, statement: Any, plan: LoadPlan) -> None:
        self.statement = statement
        self.plan = plan
        self._shape = shape_of(statement)
        self._prepared: weakref.WeakKeyDictionary[Any, Any] = weakref.WeakKeyDictionary()

    def rows(self, connection: Connection, **named: Any) -> list[Any]:
        """Send it and return the driver's rows."""
        prepared = self._prepared.get(connection.dialect)
        if prepared is None:
            prepared = self._prepared[connection.dialect] = connection.prepare(self.statement, self._shape)
        return connection.prepared_fetch(prepared, self._shape.binds, named)


def one_select(spec: EntitySpec) -> StandingSelect:
    """Return the SELECT of one object by primary key: parameters ``pk0``, ``pk1``, …"""
    standing: StandingSelect | None = spec.memo.get("one")
    if standing is None:
        conditions = [
            column == bindparam(f"pk{place}", type_=column.type)
            for place, column in enumerate(spec.keys)
        ]
        standing = spec.memo["one"] = _standing(select(spec.element).where(*conditions, *spec.criteria), spec)
    return standing


def many_select(spec: EntitySpec) -> StandingSelect:
    """Return the SELECT of many objects by primary key: parameter ``keys``, a list."""
    standing: StandingSelect | None = spec.memo.get("many")
    if standing is None:
        condition = _is_among_keys(spec.keys)
        standing = spec.memo["many"] = _standing(select(spec.element).where(condition), spec)
    return standing


def related_select(prop: RelationshipProperty, spec: EntitySpec) -> StandingSelect:
    """Return the SELECT of what one owner refers to: parameters ``own0``, ``own1``, … as :func:`source_names`."""
    standing: StandingSelect | None = spec.memo.get(("related", prop))
    if standing is None:
        binds = {
            column: bindparam(f"own{place}", type_=column.type)
            for place, column in enumerate(prop.condition.own_columns)
        }
        condition = prop.condition.between(own=binds.get)
        statement = _joined(prop, select(spec.element)).where(condition, *spec.criteria)
        standing = spec.memo[("related", prop)] = _standing(statement, spec)
    return standing


def related_to_many_select(prop: RelationshipProperty, spec: EntitySpec) -> StandingSelect:
    """Return the SELECT of what many owners refer to: parameter ``keys``, a list; see :func:`key_names`."""
    standing: StandingSelect | None = spec.memo.get(("related to many", prop))
    if standing is None:
        statement = _joined(prop, select(spec.element)).where(*_is_among_owners(prop))
        standing = spec.memo[("related to many", prop)] = _standing(statement, spec)
    return standing


def keyed_select(prop: RelationshipProperty, spec: EntitySpec) -> StandingSelect:
    """Like :func:`related_to_many_select`; the rows begin with the values that tell the owner."""
    standing: StandingSelect | None = spec.memo.get(("keyed", prop))
    if standing is None:
        columns = [other for _, other in prop.condition.equalities]
        labelled = [column.label(f"own_{place}") for place, column in enumerate(columns)]
        statement = _joined(prop, select(*labelled, spec.element)).where(*_is_among_owners(prop), *spec.criteria)
        standing = spec.memo[("keyed", prop)] = _standing(statement, spec)
        # The targets of all chunks are gone on with together.
        standing.plan.eager = ()
    return standing


def _standing(statement: Any, spec: EntitySpec) -> StandingSelect:
    if not spec.joined and len(statement.raw_columns) == 1:
        return StandingSelect(statement, entity_plan(spec))
    return StandingSelect(*expanded(statement, [spec]))


def source_names(prop: RelationshipProperty) -> tuple[str, ...]:
    """Return the attributes of the owner whose values a relationship is looked up by, in the order of parameters."""
    names = prop.parent.name_by_column
    return tuple(names[own] for own in prop.condition.own_columns)


def key_names(prop: RelationshipProperty) -> tuple[str, ...] | None:
    """Return the attributes of owners by which their related rows are found in sets; in the order of the key.

    None where that is not possible, since the join condition asks something of the owner that is no ``own = other``:
    then each owner needs a SELECT of its own.
    """
    condition = prop.condition
    if condition.others_are_own or not condition.equalities:
        return None
    names = prop.parent.name_by_column
    return tuple(names[own] for own, _ in condition.equalities)


def target_key(prop: RelationshipProperty, names: Sequence[str], key: Sequence[Any]) -> Any:
    """Return the primary key of the target of a many-to-one that may be found by it (`uses_get`).

    Args:
        names, key: attributes of the owner and their values.
    Returns:
        The bare value for one column, a tuple for several, as the identity map has it.
    """
    if len(key) == 1:
        return key[0]
    values = dict(zip(names, key))
    own_names = prop.parent.name_by_column
    target_names = prop.mapper.name_by_column
    by_name = {target_names[target]: values[own_names[own]] for own, target in prop.condition.equalities}
    return tuple(by_name[name] for name in prop.mapper.pk_names)


def chunks(things: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """Yield parts of at most CHUNK."""
    for start in range(0, len(things), CHUNK):
        yield things[start : start + CHUNK]


def _joined(prop: RelationshipProperty, statement: Any) -> Any:
    if prop.secondary is not None:
        statement = statement.select_from(prop.target).join(prop.secondary, prop.secondaryjoin)
    return statement.order_by(*prop.order_by) if prop.order_by else statement


def _is_among_owners(prop: RelationshipProperty) -> list[Any]:
    condition = prop.condition
    return [_is_among_keys([other for _, other in condition.equalities]), *condition.beyond_equalities()]


def _is_among_keys(columns: Sequence[Any]) -> Any:
    key = columns[0] if len(columns) == 1 else tuple_(*columns)
    return key.in_(bindparam("keys", type_=key.type, expanding=True))
