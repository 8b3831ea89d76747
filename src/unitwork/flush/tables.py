"""A WorkSet, table by table: which tables it writes, in which order, and the rows of each.

An object of a class without inheritance is one row of one table. One of a joined subclass is a row of each of its
tables; one of a single-table subclass lies among the rows of the classes it shares the table with. What stands in one
table for one hierarchy becomes one :class:`TableWork`, whatever the number of classes, so that steps grow with tables.

Spec: FP-01, FP-07, FP-12, RP-08.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Any, NamedTuple

from unitwork.base.graph import components
from unitwork.base.markers import DEFAULT_CELL
from unitwork.flush.changes import PYTHON_DEFAULT, DeleteChange, InsertChange, KeyRef, UpdateChange, WorkSet
from unitwork.flush.extract import TablePart, absent_marker, row_shape
from unitwork.mapping.mapper import MANYTOMANY, Mapper
from unitwork.sql.schema import Column, Table

_by_handle = attrgetter("handle")
_MARKERS = {"PYTHON_DEFAULT": PYTHON_DEFAULT, "DEFAULT_CELL": DEFAULT_CELL, None: None}

#: (table, root Mapper of the hierarchy whose rows are meant)
Place = tuple[Table, Mapper]


class TableWork(NamedTuple):
    """What is written to one table for one hierarchy of classes; changes by handle.

    Attributes:
        table: the table.
        mapper: the class whose table it is; objects may be of classes below it.
        keys: its columns that hold the primary key.
        version: its column that counts versions, or None.
        columns: of the cells of `inserts`.
        inserts, updates, deletes: changes cut down to this table.
    """

    table: Table
    mapper: Mapper
    keys: tuple[Column, ...]
    version: Column | None
    columns: tuple[Column, ...]
    inserts: list[InsertChange]
    updates: list[UpdateChange]
    deletes: list[DeleteChange]


#: (tables, whether they form a cycle)
Part = tuple[list[TableWork], bool]


def ordered_parts(work: WorkSet) -> list[Part]:
    """Return the tables in groups, what others depend on first, and whether a group is a cycle of tables."""
    mappers = sorted({*work.inserts, *work.updates, *work.deletes}, key=attrgetter("order"))
    if not mappers:
        return []
    # The order depends on the classes alone, and flushes of the same classes come again and again.
    known: dict[tuple[Mapper, ...], Any] = mappers[0].memo.setdefault("flush.parts", {})
    parts = known.get(tuple(mappers))
    if parts is None:
        parts = known[tuple(mappers)] = _order_tables(mappers)
    return [([_table_work(work, place, classes) for place, classes in part], cycle) for part, cycle in parts]


# -- order ------------------------------------------------------------------------------------------------------------


def _order_tables(mappers: list[Mapper]) -> list[tuple[list[tuple[Place, list[Mapper]]], bool]]:
    by_table: dict[Table, dict[Mapper, list[Mapper]]] = {}
    for mapper in mappers:
        for table in mapper.tables:
            by_table.setdefault(table, {}).setdefault(mapper.root, []).append(mapper)
    needs = _needed_tables(by_table)
    parts = []
    for tables in components(list(by_table), needs):
        members = [((table, root), classes) for table in tables for root, classes in by_table[table].items()]
        parts.append((members, len(tables) > 1 or tables[0] in needs[tables[0]]))
    return parts


def _needed_tables(by_table: dict[Table, dict[Mapper, list[Mapper]]]) -> dict[Table, dict[Table, None]]:
    """Return for each table those whose rows its rows refer to, by foreign keys or by relationships without any."""
    needs: dict[Table, dict[Table, None]] = {}
    for table, hierarchies in by_table.items():
        needs.setdefault(table, {}).update((key.column.table, None) for key in table.foreign_keys)
        for mapper in [mapper for classes in hierarchies.values() for mapper in classes]:
            for _, own in (pair for one in mapper.iterate_to_root() for pair in one.inherit_pairs):
                needs.setdefault(own.table, {})[mapper.tables[mapper.tables.index(own.table) - 1]] = None
            for prop in mapper.relationships.values():
                if prop.direction is MANYTOMANY or prop.viewonly:
                    continue
                for source, destination in prop.synchronize_pairs:
                    needs.setdefault(destination.table, {})[source.table] = None
    return needs


# -- the rows of one table --------------------------------------------------------------------------------------------


def _table_work(work: WorkSet, place: Place, mappers: list[Mapper]) -> TableWork:
    table = place[0]
    if len(mappers) == 1 and len(mappers[0].tables) == 1:
        mapper = mappers[0]
        shape = row_shape(mapper)
        return TableWork(
            table,
            mapper,
            mapper.primary_key,
            shape.parts[0].version,
            shape.columns,
            sorted(work.inserts.get(mapper, ()), key=_by_handle),
            sorted(work.updates.get(mapper, ()), key=_by_handle),
            sorted(work.deletes.get(mapper, ()), key=_by_handle),
        )
    owner = next(one for one in reversed(list(mappers[0].iterate_to_root())) if one.local_table is table)
    columns = _common_columns(table, [mapper for mapper in mappers if mapper in work.inserts])
    inserts: list[InsertChange] = []
    updates: list[UpdateChange] = []
    deletes: list[DeleteChange] = []
    for mapper in mappers:
        part = next(part for part in row_shape(mapper).parts if part.table is table)
        if mapper in work.inserts:
            align = _aligner(part, columns)
            inserts.extend(map(align, work.inserts[mapper]))
        updates.extend(
            cut for change in work.updates.get(mapper, ()) if (cut := _cut_update(mapper, part, change)) is not None
        )
        if mapper in work.deletes and not _left_to_database(mapper, table):
            deletes.extend(_cut_delete(part, change) for change in work.deletes[mapper])
    for changes in (inserts, updates, deletes):
        changes.sort(key=_by_handle)
    part = next(part for part in row_shape(mappers[0]).parts if part.table is table)
    return TableWork(table, owner, part.keys, part.version, columns, inserts, updates, deletes)


def _common_columns(table: Table, mappers: list[Mapper]) -> tuple[Column, ...]:
    """Return the columns that any of the classes writes on INSERT, in the order of the table."""
    used: set[Column] = set()
    for mapper in mappers:
        for part in row_shape(mapper).parts:
            if part.table is table:
                used.update(part.columns)
                used.update(column for column, _ in part.inherited)
    return tuple(column for column in table.columns if column in used)


def _aligner(part: TablePart, columns: tuple[Column, ...]) -> Callable[[InsertChange], InsertChange]:
    """Return the function that cuts an insert down to one table, its cells in the order of `columns`."""
    places = dict(zip(part.columns, part.places))
    inherited = dict(part.inherited)
    #: place of the cell, or attribute of the object itself, or a constant
    plan: list[tuple[int | None, str | None, Any]] = []
    for column in columns:
        if column in places:
            plan.append((places[column], None, None))
        elif column in inherited:
            plan.append((None, inherited[column], None))
        else:  # a column of another class in the same table
            plan.append((None, None, _MARKERS[absent_marker(column)]))

    def align(change: InsertChange) -> InsertChange:
        handle, cells = change
        return InsertChange(
            handle,
            tuple(
                [
                    cells[place] if place is not None else constant if name is None else KeyRef(handle, name)
                    for place, name, constant in plan
                ]
            ),
        )

    return align


def _cut_update(mapper: Mapper, part: TablePart, change: UpdateChange) -> UpdateChange | None:
    """Return an update cut down to one table, or None if that table does not change."""
    own = [place for place, column in enumerate(change.columns) if column.table is part.table]
    columns = tuple([change.columns[place] for place in own])
    cells = tuple([change.cells[place] for place in own])
    key = change.key
    if part.inherited and any(column in change.columns for column in mapper.primary_key):
        values = dict(zip(change.columns, change.cells))
        moved = tuple([values.get(column, old) for column, old in zip(mapper.primary_key, key)])
        if mapper.options.get("passive_updates", True) and _cascades(part):
            # The database has carried it over from the table above (RP-08), unless it does not heed foreign keys:
            # an UPDATE that finds no row under the new key says so.
            key = moved
            columns, cells = (columns, cells) if columns else (part.keys, moved)
        else:
            columns, cells = (*part.keys, *columns), (*moved, *cells)
    if not columns:
        return None
    return UpdateChange(change.handle, columns, cells, key, None if part.version is None else change.version)


def _cascades(part: TablePart) -> bool:
    """Tell whether the foreign key to the table above is declared with ON UPDATE CASCADE."""
    rules = [key.onupdate for own, _ in part.inherited for key in own.foreign_keys]
    return any(rule is not None and rule.upper() == "CASCADE" for rule in rules)


def _cut_delete(part: TablePart, change: DeleteChange) -> DeleteChange:
    refers_to = tuple(
        (handle, columns) for handle, columns in change.refers_to if all(one.table is part.table for one in columns)
    )
    return DeleteChange(change.handle, change.key, refers_to, None if part.version is None else change.version)


def _left_to_database(mapper: Mapper, table: Table) -> bool:
    """The rows of a subclass's table go with those of the table above, by ON DELETE CASCADE (RP-08)."""
    return any(
        one.local_table is table and one.inherit_condition is not None and bool(one.options.get("passive_deletes"))
        for one in mapper.iterate_to_root()
    )
