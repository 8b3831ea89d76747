"""From a WorkSet to a FlushPlan: a pure function.

Order is decided per table (:mod:`unitwork.flush.tables`): parents' before children's on INSERT, the reverse on
DELETE. Only the tables of a cycle (most often one that refers to itself) are ordered row by row, in levels, so that a
tree is written in one step per depth. A cycle of rows is cut at a nullable foreign key, which is written as NULL and
patched later.

Laws (tests/properties): a KeyRef points to an earlier step; no row is deleted before its dependants; one step per table
and level; the order of changes within the WorkSet does not matter, ties follow the handles.

Spec: FP-01, FP-02, FP-05 to FP-09, RP-03.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from unitwork import exc
from unitwork.base.graph import components, find_cycle, levels
from unitwork.base.markers import DEFAULT_CELL
from unitwork.flush.changes import DeleteChange, InsertChange, KeyRef, LinkTable, UpdateChange, WorkSet
from unitwork.flush.plan import (
    DeleteRows,
    FlushPlan,
    InsertRows,
    LinkRows,
    PatchRows,
    Step,
    UnlinkRows,
    UpdateRows,
)
from unitwork.flush.tables import TableWork, ordered_parts
from unitwork.sql.schema import Column

_MARKER = type(DEFAULT_CELL)

#: A row: (handle of its object, number of its table within the part).
Node = tuple[int, int]
Needs = dict[Node, list[Node]]


def plan_flush(work: WorkSet) -> FlushPlan:
    """Return the steps that write a WorkSet.

    Raises:
        CircularDependencyError [flush-cycle]: rows depend on each other, and no foreign key of the cycle is nullable.
    """
    parts = ordered_parts(work)
    written: list[Step] = []
    patches: list[Step] = []
    for part, is_cycle in parts:
        written.extend(_write_part(part, is_cycle, patches))
    unlinks, links = _link_steps(work.links.values()) if work.links else ([], [])
    removed: list[Step] = []
    for part, is_cycle in reversed(parts) if work.deletes else ():
        removed.extend(_delete_part(part, is_cycle))
    return FlushPlan((*written, *_merged(patches), *unlinks, *links, *removed))


# -- INSERT and UPDATE ------------------------------------------------------------------------------------------------


def _write_part(part: list[TableWork], is_cycle: bool, patches: list[Step]) -> list[Step]:
    if not is_cycle:
        updates = [step for table in part for step in _update_steps(table, table.updates)]
        return [*updates, *(step for table in part for step in _insert_step(table, table.inserts))]
    new = {change.handle for table in part for change in table.inserts}
    early: list[Step] = []
    late: list[Step] = []
    for table in part:
        waiting: list[UpdateChange] = []
        ready: list[UpdateChange] = []
        for change in table.updates:
            waits = any(type(cell) is KeyRef and cell.handle in new for cell in change.cells)
            (waiting if waits else ready).append(change)
        early.extend(_update_steps(table, ready))
        late.extend(_update_steps(table, waiting))
    steps = early
    for level in _insert_levels(part, patches):
        for number, changes in level:
            steps.extend(_insert_step(part[number], changes))
    return [*steps, *late]


def _insert_levels(part: list[TableWork], patches: list[Step]) -> list[list[tuple[int, list[InsertChange]]]]:
    """Return the rows of a cycle of tables in levels, each as (number of the table, rows)."""
    rows = {(change.handle, number): change for number, table in enumerate(part) for change in table.inserts}
    needs: Needs = {}
    for node, change in rows.items():
        needed = [
            target
            for column, cell in zip(part[node[1]].columns, change.cells)
            if type(cell) is KeyRef
            for target in _rows_of(part, rows, node, cell.handle, column)
        ]
        if needed:
            needs[node] = needed
    order = sorted(rows)
    groups, rest = levels(order, needs)
    while rest:
        for knot in components(rest, needs):
            if len(knot) > 1 or knot[0] in needs.get(knot[0], ()):
                _cut_cycle(part, rows, needs, knot, patches)
        groups, rest = levels(order, needs)
    return [
        [
            (number, changes)
            for number in range(len(part))
            if (changes := [rows[node] for node in group if node[1] == number])
        ]
        for group in groups
    ]


def _rows_of(
    part: list[TableWork], rows: dict[Node, Any], node: Node, handle: int, column: Column
) -> list[Node]:
    """Return the rows of an object that must be there before another row may refer to it in `column`."""
    tables = {key.column.table for key in column.foreign_keys}
    known = [(handle, number) for number in range(len(part)) if (handle, number) in rows]
    found = [one for one in known if part[one[1]].table in tables]
    if found or handle != node[0]:
        return found or known
    return [one for one in known if _is_above(part, one, node)]


def _is_above(part: list[TableWork], node: Node, other: Node) -> bool:
    """Tell whether a row is that of a class above, of the object whose row `other` is."""
    return node != other and node[0] == other[0] and part[other[1]].mapper.isa(part[node[1]].mapper)


def _cut_cycle(
    part: list[TableWork], rows: dict[Node, InsertChange], needs: Needs, rest: list[Node], patches: list[Step]
) -> None:
    """Write one foreign key of a cycle as NULL, and patch it when all rows are there (FP-06)."""
    cycle = find_cycle(rest, needs)
    for node, target in itertools.pairwise(cycle):
        table, change = part[node[1]], rows[node]
        places = [
            place
            for place, (column, cell) in enumerate(zip(table.columns, change.cells))
            if type(cell) is KeyRef and target in _rows_of(part, rows, node, cell.handle, column)
        ]
        if not all(table.columns[place].nullable for place in places):
            continue
        handle = node[0]
        cells = tuple(None if place in places else cell for place, cell in enumerate(change.cells))
        rows[node] = InsertChange(handle, cells)
        needs[node] = [needed for needed in needs[node] if needed != target]
        keys = tuple(KeyRef(handle, name) for name in table.mapper.pk_names)
        patches.append(
            PatchRows(
                table=table.table,
                mapper=table.mapper,
                handles=(handle,),
                rows=((*(change.cells[place] for place in places), *keys),),
                columns=tuple(table.columns[place] for place in places),
                keys=table.keys,
            )
        )
        return
    names = [f"#{handle} {part[number].mapper.class_.__name__}" for handle, number in cycle]
    raise exc.CircularDependencyError(
        f"these new rows need each other first: {' -> '.join(names)}.",
        do="make one foreign key of the cycle nullable, or flush part of the objects first.",
        code="flush-cycle",
        handles=tuple(handle for handle, _ in cycle),
    )


def _merged(patches: list[Step]) -> list[Step]:
    """Join the patches of one table and column set into one step."""
    groups: dict[Any, list[PatchRows]] = {}
    for patch in patches:
        if isinstance(patch, PatchRows):
            groups.setdefault((patch.table, patch.mapper, patch.columns), []).append(patch)
    return [
        replace(
            group[0],
            handles=tuple(handle for patch in group for handle in patch.handles),
            rows=tuple(row for patch in group for row in patch.rows),
        )
        for group in groups.values()
    ]


def _insert_step(table: TableWork, changes: list[InsertChange]) -> list[Step]:
    if not changes:
        return []
    cells_by_column = list(zip(*(change.cells for change in changes)))
    kept = [
        place
        for place, cells in enumerate(cells_by_column)
        if cells[0] is not DEFAULT_CELL or any(cell is not DEFAULT_CELL for cell in cells)
    ]
    returning = tuple(
        column
        for column, cells in zip(table.columns, cells_by_column)
        if _MARKER in set(map(type, cells)) and DEFAULT_CELL in map(_marker_of, cells)
    )
    if len(kept) == len(table.columns):
        rows = tuple(change.cells for change in changes)
    else:
        rows = tuple(zip(*(cells_by_column[place] for place in kept))) if kept else ((),) * len(changes)
    columns = tuple(table.columns[place] for place in kept)
    if returning and table.mapper.options.get("eager_defaults") is False:
        returning = tuple(column for column in returning if column in table.keys)
    handles = tuple(change.handle for change in changes)
    return [InsertRows(table.table, table.mapper, handles, rows, columns, returning)]


def _marker_of(cell: Any) -> Any:
    # A user's value is never compared with a marker by ==.
    return cell if cell is DEFAULT_CELL else None


def _update_steps(table: TableWork, changes: list[UpdateChange]) -> list[Step]:
    groups: dict[tuple[Column, ...], list[UpdateChange]] = {}
    for change in changes:
        if change.columns:  # else the object took over a row whose values all stay (FP-04)
            groups.setdefault(change.columns, []).append(change)
    keys, version = table.keys, table.version
    steps: list[Step] = []
    for columns, group in groups.items():
        handles = tuple(change.handle for change in group)
        if version is None:
            rows = tuple((*change.cells, *change.key) for change in group)
        else:
            rows = tuple((*change.cells, *change.key, change.version) for change in group)
        found_by = keys if version is None else (*keys, version)
        steps.append(UpdateRows(table.table, table.mapper, handles, rows, columns, found_by))
    return steps


# -- association tables -----------------------------------------------------------------------------------------------


def _link_steps(tables: Iterable[LinkTable]) -> tuple[list[Step], list[Step]]:
    unlinks: list[Step] = []
    links: list[Step] = []
    for link in tables:
        if link.removed:
            rows = tuple(change.cells for change in link.removed)
            unlinks.append(UnlinkRows(link.table, link.mapper, (), rows, link.columns))
        for columns, keys in link.cleared.items():
            unlinks.append(UnlinkRows(link.table, link.mapper, (), tuple(keys), columns, counted=False))
        if link.added:
            rows = tuple(change.cells for change in link.added)
            links.append(LinkRows(link.table, link.mapper, (), rows, link.columns))
    return unlinks, links


# -- DELETE -----------------------------------------------------------------------------------------------------------


def _delete_part(part: list[TableWork], is_cycle: bool) -> list[Step]:
    if not is_cycle:
        return [_delete_step(table, table.deletes) for table in reversed(part) if table.deletes]
    rows = {(change.handle, number): change for number, table in enumerate(part) for change in table.deletes}
    # A row can go when all rows that refer to it are gone.
    needs: Needs = {}
    for node, change in rows.items():
        for target, columns in change.refers_to:
            # A row that refers to itself can go as it is, but InnoDB wants that reference cleared first.
            for referred in _rows_of(part, rows, node, target, columns[0]):
                if referred != node or all(column.nullable for column in columns):
                    needs.setdefault(referred, []).append(node)
        for number in range(len(part)):
            # The row of a subclass's table refers to that of the table above.
            above = (node[0], number)
            if above in rows and _is_above(part, above, node):
                needs.setdefault(above, []).append(node)
    groups, rest = levels(sorted(rows), needs)
    steps: list[Step] = []
    if rest:
        steps.extend(_clear_references(part, rows, needs, rest))
        groups, rest = levels(sorted(rows), needs)
    if rest:
        names = " -> ".join(f"#{node[0]} {part[node[1]].mapper.class_.__name__}" for node in find_cycle(rest, needs))
        raise exc.CircularDependencyError(
            f"these rows refer to each other and cannot be deleted one after the other: {names}.",
            do="make one foreign key of the cycle nullable.",
            code="flush-cycle",
            handles=tuple(handle for handle, _ in rest),
        )
    for group in groups:
        for number, table in reversed(list(enumerate(part))):
            changes = [rows[node] for node in group if node[1] == number]
            if changes:
                steps.append(_delete_step(table, changes))
    return steps


def _clear_references(
    part: list[TableWork], rows: dict[Node, DeleteChange], needs: Needs, rest: list[Node]
) -> list[Step]:
    """Set nullable foreign keys of rows in a cycle to NULL, and take them out of `needs` (FP-06)."""
    waiting = set(rest)
    groups: dict[tuple[int, tuple[Column, ...]], list[DeleteChange]] = {}
    for node in rest:
        change = rows[node]
        cleared: dict[Column, None] = {}
        for handle, columns in change.refers_to:
            for target in _rows_of(part, rows, node, handle, columns[0]):
                if target in waiting and all(column.nullable for column in columns):
                    cleared.update(dict.fromkeys(columns))
                    needs[target].remove(node)
        if cleared:
            groups.setdefault((node[1], tuple(cleared)), []).append(change)
    return [
        PatchRows(
            table=part[number].table,
            mapper=part[number].mapper,
            handles=tuple(change.handle for change in changes),
            rows=tuple((*((None,) * len(columns)), *change.key) for change in changes),
            columns=columns,
            keys=part[number].keys,
        )
        for (number, columns), changes in groups.items()
    ]


def _delete_step(table: TableWork, changes: list[DeleteChange]) -> Step:
    handles = tuple(change.handle for change in changes)
    if table.version is None:
        return DeleteRows(table.table, table.mapper, handles, tuple(change.key for change in changes), table.keys)
    rows = tuple((*change.key, change.version) for change in changes)
    return DeleteRows(table.table, table.mapper, handles, rows, (*table.keys, table.version))
