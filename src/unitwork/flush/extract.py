"""From an object's ``__dict__`` to the cells of its row: one generated function per Mapper.

For every mapped column of the table the function takes the value that the object holds, the key of the object a
many-to-one refers to (a relationship wins over a foreign key set by hand, FP-10), or a marker for a default.

Spec: FP-10, FP-11, PT-19, PT-20, PT-22, PT-26.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from unitwork.base.codegen import Source
from unitwork.base.markers import DEFAULT_CELL, NO_VALUE, SQL_NULL
from unitwork.flush.changes import PYTHON_DEFAULT, KeyRef
from unitwork.mapping.mapper import MANYTOONE, Mapper, RelationshipProperty
from unitwork.sql.schema import Column

_MEMO = "flush.extract"

#: (target object, its attribute) to the value of that attribute, a KeyRef, or None where it must not be referred to.
Refer = Callable[[Any, str], Any]


class RowShape(NamedTuple):
    """How the rows of one class are made.

    Attributes:
        names: attribute names, in the order of the cells.
        columns: their columns.
        cells: generated ``(__dict__, refer) -> tuple of cells``.
        key: cells to the primary key, the bare value for one column; None where a part of it is not known yet.
        synced: attributes whose value comes from a many-to-one, and is published to the object.
        references: many-to-one relationships that write foreign keys of this table.
        onupdate: columns that get a value of their own whenever others are updated.
        expired: attributes that the database changes whenever others are updated.
        computed: (attribute, column) of those that the database computes, and that are never written.
        orders: columns as they were found to their order in a statement, so that equal sets are one object.
    """

    names: tuple[str, ...]
    columns: tuple[Column, ...]
    cells: Callable[[dict[str, Any], Refer], tuple[Any, ...]]
    key: Callable[[tuple[Any, ...]], Any]
    synced: frozenset[str]
    references: tuple[RelationshipProperty, ...]
    onupdate: tuple[Column, ...]
    expired: tuple[str, ...]
    computed: tuple[tuple[str, Column], ...]
    orders: dict[tuple[Column, ...], tuple[Column, ...]]

    def in_order(self, found: tuple[Column, ...]) -> tuple[Column, ...]:
        """Return columns in the order of the table; the same object for each order in which they are given."""
        ordered = self.orders.get(found)
        if ordered is None:
            wanted = tuple([column for column in self.columns if column in found])
            ordered = self.orders[found] = self.orders.setdefault(wanted, wanted)
        return ordered


def row_shape(mapper: Mapper) -> RowShape:
    """Return how rows of a class are made; generated on first use."""
    shape: RowShape | None = mapper.memo.get(_MEMO)
    if shape is None:
        shape = mapper.memo[_MEMO] = _make(mapper)
    return shape


def _make(mapper: Mapper) -> RowShape:
    references = tuple(
        prop for prop in mapper.relationships.values() if prop.direction is MANYTOONE and not prop.viewonly
    )
    names = tuple(name for name, prop in mapper.columns.items() if prop.column.table is mapper.local_table)
    columns = tuple(mapper.columns[name].column for name in names)
    sources: dict[str, list[tuple[int, str]]] = {}
    for number, reference in enumerate(references):
        for target_column, own_column in reference.synchronize_pairs:
            target_name = reference.mapper.name_by_column[target_column]
            sources.setdefault(mapper.name_by_column[own_column], []).append((number, target_name))
    source = Source("cells")
    source.add("def cells(present, refer):", "    get = present.get")
    for number, reference in enumerate(references):
        source.add(f"target{number} = get({reference.key!r}, NO_VALUE)", indent=1)
    for place, (name, column) in enumerate(zip(names, columns)):
        evaluates_none = column.type.should_evaluate_none
        source.add(f"cell{place} = get({name!r}{', NO_VALUE' if evaluates_none else ''})", indent=1)
        for number, target_name in sources.get(name, ()):
            source.add(f"if target{number} is not NO_VALUE:", indent=1)
            source.add(f"cell{place} = None", f"if target{number} is not None:", indent=2)
            source.add(f"cell{place} = refer(target{number}, {target_name!r})", indent=3)
        if column.computed is not None:
            # Never written: what the object holds is a value of another time, or of another row (merge).
            source.add(f"cell{place} = DEFAULT_CELL", indent=1)
            continue
        marker = _marker(column)
        if evaluates_none:  # an explicit None is a value (PT-22), one never set is NULL or the default
            source.add(f"if cell{place} is NO_VALUE:", f"    cell{place} = {marker or 'SQL_NULL'}", indent=1)
        elif marker is not None:
            source.add(f"if cell{place} is None:", f"    cell{place} = {marker}", indent=1)
    source.add(f"return ({''.join(f'cell{place}, ' for place in range(len(names)))})", indent=1)
    source.bind(DEFAULT_CELL=DEFAULT_CELL, SQL_NULL=SQL_NULL, PYTHON_DEFAULT=PYTHON_DEFAULT, NO_VALUE=NO_VALUE)
    key = _key_function([columns.index(column) for column in mapper.primary_key])
    onupdate = tuple(column for column in columns if column.onupdate is not None)
    pairs = list(zip(names, columns))
    expired = tuple(name for name, column in pairs if column.server_onupdate is not None)
    # An SQL expression over the row is not what it was.
    expired += tuple(name for name, prop in mapper.columns.items() if prop.column.table is None)
    computed = tuple((name, column) for name, column in pairs if column.computed is not None)
    synced = frozenset(sources)
    return RowShape(names, columns, source.compile(), key, synced, references, onupdate, expired, computed, {})


def _key_function(places: list[int]) -> Callable[[tuple[Any, ...]], Any]:
    def known(cell: Any) -> bool:
        return not (cell is DEFAULT_CELL or cell is PYTHON_DEFAULT or cell is None or type(cell) is KeyRef)

    def one(cells: tuple[Any, ...]) -> Any:
        cell = cells[places[0]]
        return cell if known(cell) else None

    def several(cells: tuple[Any, ...]) -> Any:
        parts = tuple([cells[place] for place in places])
        return parts if all(map(known, parts)) else None

    return one if len(places) == 1 else several


def _marker(column: Column) -> str | None:
    # What a missing value (or an explicit None, PT-20) stands for on INSERT.
    if column.default is not None and not (column.default.is_sequence and column.default.optional):
        return "PYTHON_DEFAULT"
    if column.server_default is not None or column is column.table.autoincrement_column:
        return "DEFAULT_CELL"
    return None
