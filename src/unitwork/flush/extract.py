"""From an object's ``__dict__`` to the cells of its row, or rows: one generated function per Mapper.

For every mapped column of the table the function takes the value that the object holds, the key of the object a
many-to-one refers to (a relationship wins over a foreign key set by hand, FP-10), or a marker for a default.

Spec: FP-10, FP-11, PT-19, PT-20, PT-22, PT-26.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from unitwork.base.codegen import Source
from unitwork.base.markers import DEFAULT_CELL, NO_VALUE, SQL_NULL
from unitwork.flush.changes import NEXT_VERSION, PYTHON_DEFAULT, KeyRef
from unitwork.mapping.mapper import MANYTOONE, Mapper, RelationshipProperty
from unitwork.sql.schema import Column, Table

_MEMO = "flush.extract"

#: (target object, its attribute) to the value of that attribute, a KeyRef, or None where it must not be referred to.
Refer = Callable[[Any, str], Any]


class TablePart(NamedTuple):
    """What one table has of the rows of a class.

    Attributes:
        table: the table.
        columns: its columns among those of the shape, and their `places` among the cells.
        keys: its columns that hold the primary key.
        inherited: (column, attribute): columns that repeat the key of the table above.
        version: its column that counts versions, or None.
    """

    table: Table
    columns: tuple[Column, ...]
    places: tuple[int, ...]
    keys: tuple[Column, ...]
    inherited: tuple[tuple[Column, str], ...]
    version: Column | None


class RowShape(NamedTuple):
    """How the rows of one class are made.

    Attributes:
        names: attribute names, in the order of the cells.
        columns: their columns, table by table.
        parts: what each table has of them, the root's first.
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
    parts: tuple[TablePart, ...]
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
    names, columns = _own_columns(mapper)
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
        marker = _marker(mapper, column)
        if evaluates_none:  # an explicit None is a value (PT-22), one never set is NULL or the default
            source.add(f"if cell{place} is NO_VALUE:", f"    cell{place} = {marker or 'SQL_NULL'}", indent=1)
        elif marker is not None:
            source.add(f"if cell{place} is None:", f"    cell{place} = {marker}", indent=1)
    source.add(f"return ({''.join(f'cell{place}, ' for place in range(len(names)))})", indent=1)
    source.bind(DEFAULT_CELL=DEFAULT_CELL, SQL_NULL=SQL_NULL, PYTHON_DEFAULT=PYTHON_DEFAULT, NO_VALUE=NO_VALUE)
    source.bind(NEXT_VERSION=NEXT_VERSION, IDENTITY=mapper.polymorphic_identity)
    key = _key_function([columns.index(column) for column in mapper.primary_key])
    onupdate = tuple(column for column in columns if column.onupdate is not None)
    pairs = list(zip(names, columns))
    expired = tuple(name for name, column in pairs if column.server_onupdate is not None)
    # An SQL expression over the row is not what it was.
    expired += tuple(name for name, prop in mapper.columns.items() if prop.column.table is None)
    computed = tuple((name, column) for name, column in pairs if column.computed is not None)
    parts = tuple(_part(mapper, table, columns) for table in mapper.tables)
    synced = {*sources, *(name for part in parts for _, name in part.inherited)}
    if mapper.polymorphic_key is not None:
        synced.add(mapper.polymorphic_key)
    made = source.compile()
    return RowShape(
        names, columns, parts, made, key, frozenset(synced), references, onupdate, expired, computed, {}
    )


def _own_columns(mapper: Mapper) -> tuple[tuple[str, ...], tuple[Column, ...]]:
    """Attribute names and columns of the cells: of every table, what repeats the key of the table above left out."""
    repeated = {own for one in mapper.iterate_to_root() for _, own in one.inherit_pairs}
    found = [
        (name, column)
        for table in mapper.tables
        for name, prop in mapper.columns.items()
        for column in (prop.columns if len(mapper.tables) > 1 else prop.columns[:1])
        if column.table is table and column not in repeated
    ]
    return tuple(name for name, _ in found), tuple(column for _, column in found)


def _part(mapper: Mapper, table: Table, columns: tuple[Column, ...]) -> TablePart:
    places = tuple(place for place, column in enumerate(columns) if column.table is table)
    inherited = tuple(
        (own, mapper.name_by_column[above])
        for one in mapper.iterate_to_root()
        for above, own in one.inherit_pairs
        if own.table is table
    )
    version = mapper.version_id_col
    return TablePart(
        table,
        tuple(columns[place] for place in places),
        places,
        mapper.key_columns(table),
        inherited,
        version if version is not None and version.table is table else None,
    )


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


def _marker(mapper: Mapper, column: Column) -> str | None:
    # What a missing value (or an explicit None, PT-20) stands for on INSERT.
    if column is mapper.version_id_col and mapper.version_id_generator is not False:
        return "NEXT_VERSION"
    if column is mapper.polymorphic_on and mapper.polymorphic_identity is not None:
        return "IDENTITY"
    return absent_marker(column)


def absent_marker(column: Column) -> str | None:
    """Return the name of the marker for a column without a value, None where that is NULL."""
    if column.default is not None and not (column.default.is_sequence and column.default.optional):
        return "PYTHON_DEFAULT"
    if column.server_default is not None or column is column.table.autoincrement_column:
        return "DEFAULT_CELL"
    return None
