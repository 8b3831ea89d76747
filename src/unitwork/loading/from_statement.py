"""The rows of a statement of the user's own as mapped objects: ``select(User).from_statement(text("…"))``.

Columns are found by what they are, else by their names. An attribute whose column is missing stays unloaded; the
primary key must be there. What one set of names means is found once and kept with the SQL.

Spec: LB-21, LB-23.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from unitwork import exc
from unitwork.engine.connection import Connection
from unitwork.loading.expand import expand
from unitwork.loading.plan import BundleItem, EntityItem, Item, LoadPlan, ValueItem
from unitwork.sql.select import FromStatement, Select
from unitwork.sql.shape import shape_of


def read_statement(
    statement: FromStatement, connection: Connection, params: Any
) -> tuple[LoadPlan, list[tuple[Any, ...]]]:
    """Send a statement and return (what its rows become, its rows in the order of that plan).

    Raises:
        InvalidRequestError [from-statement-columns]: the rows lack a primary key or a selected column.
    """
    shape = shape_of(statement)
    prepared = connection.prepare(statement, shape)
    sql, values = prepared.parameters(shape.binds, params)
    rows, _, names, _ = connection.run(sql, values)
    if prepared.memo is None:
        prepared.memo = {}
    found = prepared.memo.get(names := tuple(names or ()))
    if found is None:
        elements = [column.element for column in prepared.rendered.columns]
        found = prepared.memo[names] = _plan_for(statement, names, elements)
    plan, order = found
    return plan, [tuple([row[place] for place in order]) for row in rows or ()]


class _Columns:
    """Columns of rows, each taken once."""

    def __init__(self, names: Sequence[str], elements: Sequence[Any]) -> None:
        self.names = list(names)
        self._elements = [getattr(one, "element", None) or one for one in elements]
        self._free = dict.fromkeys(range(len(names)))

    def take(self, column: Any) -> int | None:
        """Return the place of a column, None if it is not there."""
        known = column if getattr(column, "element", None) is None else column.element
        places = [place for place, one in enumerate(self._elements) if one is column or one is known]
        places += [place for place, name in enumerate(self.names) if name == getattr(column, "name", None)]
        free = next((place for place in places if place in self._free), None)
        if free is not None:
            del self._free[free]
        return free


def _plan_for(statement: FromStatement, names: Sequence[str], elements: Sequence[Any]) -> tuple[LoadPlan, list[int]]:
    select = Select(*statement.raw_columns).options(*statement.with_options)
    expanded, plan = expand(select)
    columns = _Columns(names, elements)
    items: list[Item] = []
    order: list[int] = []
    wanted = list(expanded.result_elements())
    if plan is None:
        keys = list(expanded.selected_columns.keys())
        given = [ValueItem(place, column.type, False) for place, column in enumerate(wanted)]
        plan = LoadPlan(given, keys)
    for item in plan.items:
        if isinstance(item, EntityItem):
            parts = dict(zip(item.names, wanted[item.start : item.start + len(item.names)]))
            places = {name: columns.take(column) for name, column in parts.items()}
            kept = tuple(name for name, place in places.items() if place is not None)
            missing = [name for name in item.mapper.pk_names if name not in kept]
            if missing:
                raise _missing(item.mapper.class_.__name__, missing, names)
            # What is joined by default is not in these rows: it gets SELECTs of its own.
            spec = (item.spec if kept == item.names else item.spec.with_names(kept)).one_row_each()
            items.append(EntityItem(spec, len(order)))
            order.extend(place for place in places.values() if place is not None)
            continue
        items.append(_placed(item, wanted, columns, order))
    return LoadPlan(items, plan.keys), order


def _placed(
    item: ValueItem | BundleItem, wanted: Sequence[Any], columns: _Columns, order: list[int]
) -> ValueItem | BundleItem:
    """Return an item that takes its values from where the rows have them, which is added to `order`."""
    if isinstance(item, BundleItem):
        return item._replace(items=tuple(_placed(part, wanted, columns, order) for part in item.items))
    place = columns.take(wanted[item.place])
    if place is None:
        raise _missing("the SELECT", [str(getattr(wanted[item.place], "name", None))], columns.names)
    order.append(place)
    return item._replace(place=len(order) - 1)


def _missing(what: str, missing: Sequence[str], names: Sequence[str]) -> exc.InvalidRequestError:
    return exc.InvalidRequestError(
        f"the rows of from_statement() have no column for {', '.join(missing)} of {what}.",
        do=f"select it under that name; the rows have: {', '.join(names) or '(none)'}.",
        code="from-statement-columns",
    )
