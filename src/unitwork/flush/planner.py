"""From a WorkSet to a FlushPlan: a pure function.

Order is decided per table: parents' tables before children's on INSERT, the reverse on DELETE. Only the tables of a
cycle (most often one that refers to itself) are ordered row by row, in levels, so that a tree is written in one step
per depth. A cycle of rows is cut at a nullable foreign key, which is written as NULL and patched later.

Laws (tests/properties): a KeyRef points to an earlier step; no row is deleted before its dependants; one step per table
and level; the order of changes within the WorkSet does not matter, ties follow the handles.

Spec: FP-01, FP-02, FP-05 to FP-09, RP-03.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import replace
from operator import attrgetter
from typing import Any

from unitwork import exc
from unitwork.base.graph import components, find_cycle, levels
from unitwork.base.markers import DEFAULT_CELL
from unitwork.flush.changes import DeleteChange, InsertChange, KeyRef, LinkTable, UpdateChange, WorkSet
from unitwork.flush.extract import row_shape
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
from unitwork.mapping.mapper import MANYTOMANY, Mapper
from unitwork.sql.schema import Column, Table

_by_handle = attrgetter("handle")
_by_order = attrgetter("order")
_MARKER = type(DEFAULT_CELL)

#: (classes, whether their tables form a cycle)
Part = tuple[list[Mapper], bool]


def plan_flush(work: WorkSet) -> FlushPlan:
    """Return the steps that write a WorkSet.

    Raises:
        CircularDependencyError [flush-cycle]: rows depend on each other, and no foreign key of the cycle is nullable.
    """
    parts = _ordered_parts(work)
    written: list[Step] = []
    patches: list[Step] = []
    for part, is_cycle in parts:
        written.extend(_write_part(work, part, is_cycle, patches))
    unlinks, links = _link_steps(work.links.values()) if work.links else ([], [])
    removed: list[Step] = []
    for part, is_cycle in reversed(parts) if work.deletes else ():
        removed.extend(_delete_part(work, part, is_cycle))
    return FlushPlan((*written, *_merged(patches), *unlinks, *links, *removed))


# -- order of tables --------------------------------------------------------------------------------------------------


def _ordered_parts(work: WorkSet) -> list[Part]:
    """Return groups of mappers, what others depend on first, and whether a group is a cycle of tables."""
    mappers = sorted({*work.inserts, *work.updates, *work.deletes}, key=_by_order)
    if not mappers:
        return []
    # The order depends on the classes alone, and flushes of the same classes come again and again.
    known: dict[tuple[Mapper, ...], list[Part]] = mappers[0].memo.setdefault("flush.parts", {})
    parts = known.get(tuple(mappers))
    if parts is None:
        parts = known[tuple(mappers)] = _order_tables(mappers)
    return parts


def _order_tables(mappers: list[Mapper]) -> list[Part]:
    by_table: dict[Table, list[Mapper]] = {}
    for mapper in mappers:
        by_table.setdefault(mapper.local_table, []).append(mapper)
    needs = _needed_tables(by_table)
    parts = []
    for tables in components(list(by_table), needs):
        members = [mapper for table in tables for mapper in by_table[table]]
        parts.append((members, len(tables) > 1 or tables[0] in needs[tables[0]]))
    return parts


def _needed_tables(by_table: dict[Table, list[Mapper]]) -> dict[Table, dict[Table, None]]:
    """Return for each table those whose rows its rows refer to, by foreign keys or by relationships without any."""
    needs: dict[Table, dict[Table, None]] = {}
    for table, mappers in by_table.items():
        needs.setdefault(table, {}).update((key.column.table, None) for key in table.foreign_keys)
        for mapper in mappers:
            for prop in mapper.relationships.values():
                if prop.direction is MANYTOMANY or prop.viewonly:
                    continue
                for source, destination in prop.synchronize_pairs:
                    needs.setdefault(destination.table, {})[source.table] = None
    return needs


# -- INSERT and UPDATE ------------------------------------------------------------------------------------------------


def _write_part(work: WorkSet, part: list[Mapper], is_cycle: bool, patches: list[Step]) -> list[Step]:
    inserts = {mapper: sorted(work.inserts[mapper], key=_by_handle) for mapper in part if mapper in work.inserts}
    updates = {mapper: sorted(work.updates[mapper], key=_by_handle) for mapper in part if mapper in work.updates}
    if not is_cycle:
        return [*_update_steps(updates), *_insert_steps(inserts)]
    new = {change.handle for changes in inserts.values() for change in changes}
    early: dict[Mapper, list[UpdateChange]] = {}
    late: dict[Mapper, list[UpdateChange]] = {}
    for mapper, changes in updates.items():
        for change in changes:
            waits = any(type(cell) is KeyRef and cell.handle in new for cell in change.cells)
            (late if waits else early).setdefault(mapper, []).append(change)
    steps = [*_update_steps(early)]
    for level in _insert_levels(inserts, new, patches):
        steps.extend(_insert_steps(level))
    return [*steps, *_update_steps(late)]


def _insert_levels(
    inserts: dict[Mapper, list[InsertChange]], new: set[int], patches: list[Step]
) -> list[dict[Mapper, list[InsertChange]]]:
    rows: dict[int, tuple[Mapper, InsertChange]] = {}
    needs: dict[int, list[int]] = {}
    for mapper, changes in inserts.items():
        for change in changes:
            rows[change.handle] = (mapper, change)
            refers_to = [cell.handle for cell in change.cells if type(cell) is KeyRef and cell.handle in new]
            if refers_to:
                needs[change.handle] = refers_to
    order = sorted(rows)
    groups, rest = levels(order, needs)
    while rest:
        for knot in components(rest, needs):
            if len(knot) > 1 or knot[0] in needs.get(knot[0], ()):
                _cut_cycle(rows, needs, knot, patches)
        groups, rest = levels(order, needs)
    found = []
    for group in groups:
        by_mapper: dict[Mapper, list[InsertChange]] = {}
        for handle in group:
            mapper, change = rows[handle]
            by_mapper.setdefault(mapper, []).append(change)
        found.append(by_mapper)
    return found


def _cut_cycle(
    rows: dict[int, tuple[Mapper, InsertChange]], needs: dict[int, list[int]], rest: list[int], patches: list[Step]
) -> None:
    """Write one foreign key of a cycle as NULL, and patch it when all rows are there (FP-06)."""
    cycle = find_cycle(rest, needs)
    for handle, target in itertools.pairwise(cycle):
        mapper, change = rows[handle]
        shape = row_shape(mapper)
        places = [
            place for place, cell in enumerate(change.cells) if type(cell) is KeyRef and cell.handle == target
        ]
        if not all(shape.columns[place].nullable for place in places):
            continue
        cells = tuple(None if place in places else cell for place, cell in enumerate(change.cells))
        rows[handle] = (mapper, InsertChange(handle, cells))
        needs[handle] = [needed for needed in needs[handle] if needed != target]
        keys = tuple(KeyRef(handle, name) for name in mapper.pk_names)
        patches.append(
            PatchRows(
                table=mapper.local_table,
                mapper=mapper,
                handles=(handle,),
                rows=((*(change.cells[place] for place in places), *keys),),
                columns=tuple(shape.columns[place] for place in places),
                keys=mapper.primary_key,
            )
        )
        return
    names = {handle: f"#{handle} {rows[handle][0].class_.__name__}" for handle in cycle}
    raise exc.CircularDependencyError(
        f"these new rows need each other first: {' -> '.join(names[handle] for handle in cycle)}.",
        do="make one foreign key of the cycle nullable, or flush part of the objects first.",
        code="flush-cycle",
        handles=tuple(cycle),
    )


def _merged(patches: list[Step]) -> list[Step]:
    """Join the patches of one class and column set into one step."""
    groups: dict[Any, list[PatchRows]] = {}
    for patch in patches:
        if isinstance(patch, PatchRows):
            groups.setdefault((patch.mapper, patch.columns), []).append(patch)
    return [
        replace(
            group[0],
            handles=tuple(handle for patch in group for handle in patch.handles),
            rows=tuple(row for patch in group for row in patch.rows),
        )
        for group in groups.values()
    ]


def _insert_steps(inserts: dict[Mapper, list[InsertChange]]) -> list[Step]:
    steps: list[Step] = []
    for mapper, changes in inserts.items():
        shape = row_shape(mapper)
        cells_by_column = list(zip(*(change.cells for change in changes)))
        kept = [
            place
            for place, cells in enumerate(cells_by_column)
            if cells[0] is not DEFAULT_CELL or any(cell is not DEFAULT_CELL for cell in cells)
        ]
        returning = tuple(
            column
            for column, cells in zip(shape.columns, cells_by_column)
            if _MARKER in set(map(type, cells)) and DEFAULT_CELL in map(_marker_of, cells)
        )
        if len(kept) == len(shape.columns):
            rows = tuple(change.cells for change in changes)
        else:
            rows = tuple(zip(*(cells_by_column[place] for place in kept))) if kept else ((),) * len(changes)
        columns = tuple(shape.columns[place] for place in kept)
        handles = tuple(change.handle for change in changes)
        steps.append(InsertRows(mapper.local_table, mapper, handles, rows, columns, returning))
    return steps


def _marker_of(cell: Any) -> Any:
    # A user's value is never compared with a marker by ==.
    return cell if cell is DEFAULT_CELL else None


def _update_steps(updates: dict[Mapper, list[UpdateChange]]) -> list[Step]:
    steps: list[Step] = []
    for mapper, changes in updates.items():
        groups: dict[tuple[Column, ...], list[UpdateChange]] = {}
        for change in changes:
            if change.columns:  # else the object took over a row whose values all stay (FP-04)
                groups.setdefault(change.columns, []).append(change)
        for columns, group in groups.items():
            rows = tuple((*change.cells, *change.key) for change in group)
            handles = tuple(change.handle for change in group)
            steps.append(UpdateRows(mapper.local_table, mapper, handles, rows, columns, mapper.primary_key))
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


def _delete_part(work: WorkSet, part: list[Mapper], is_cycle: bool) -> list[Step]:
    deletes = {mapper: sorted(work.deletes[mapper], key=_by_handle) for mapper in part if mapper in work.deletes}
    if not is_cycle:
        return [_delete_step(mapper, changes) for mapper, changes in reversed(deletes.items())]
    rows = {change.handle: (mapper, change) for mapper, changes in deletes.items() for change in changes}
    # A row can go when all rows that refer to it are gone.
    needs: dict[int, list[int]] = {}
    for handle, (_, change) in rows.items():
        for target, columns in change.refers_to:
            # A row that refers to itself can go as it is, but InnoDB wants that reference cleared first.
            if target != handle or all(column.nullable for column in columns):
                needs.setdefault(target, []).append(handle)
    groups, rest = levels(sorted(rows), needs)
    steps: list[Step] = []
    if rest:
        steps.extend(_clear_references(rows, needs, rest))
        groups, rest = levels(sorted(rows), needs)
    if rest:
        names = " -> ".join(f"#{handle} {rows[handle][0].class_.__name__}" for handle in find_cycle(rest, needs))
        raise exc.CircularDependencyError(
            f"these rows refer to each other and cannot be deleted one after the other: {names}.",
            do="make one foreign key of the cycle nullable.",
            code="flush-cycle",
            handles=tuple(rest),
        )
    for group in groups:
        by_mapper: dict[Mapper, list[DeleteChange]] = {}
        for handle in group:
            mapper, change = rows[handle]
            by_mapper.setdefault(mapper, []).append(change)
        steps.extend(_delete_step(mapper, changes) for mapper, changes in by_mapper.items())
    return steps


def _clear_references(
    rows: dict[int, tuple[Mapper, DeleteChange]], needs: dict[int, list[int]], rest: list[int]
) -> list[Step]:
    """Set nullable foreign keys of rows in a cycle to NULL, and take them out of `needs` (FP-06)."""
    waiting = set(rest)
    groups: dict[tuple[Mapper, tuple[Column, ...]], list[DeleteChange]] = {}
    for handle in rest:
        mapper, change = rows[handle]
        cleared: dict[Column, None] = {}
        for target, columns in change.refers_to:
            if target in waiting and all(column.nullable for column in columns):
                cleared.update(dict.fromkeys(columns))
                needs[target].remove(handle)
        if cleared:
            groups.setdefault((mapper, tuple(cleared)), []).append(change)
    return [
        PatchRows(
            table=mapper.local_table,
            mapper=mapper,
            handles=tuple(change.handle for change in changes),
            rows=tuple((*((None,) * len(columns)), *change.key) for change in changes),
            columns=columns,
            keys=mapper.primary_key,
        )
        for (mapper, columns), changes in groups.items()
    ]


def _delete_step(mapper: Mapper, changes: list[DeleteChange]) -> Step:
    handles = tuple(change.handle for change in changes)
    return DeleteRows(mapper.local_table, mapper, handles, tuple(change.key for change in changes), mapper.primary_key)


