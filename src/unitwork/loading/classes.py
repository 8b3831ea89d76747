"""Rows of an inheritance hierarchy: which class a row is of, and the columns of subclasses that its SELECT lacks.

A SELECT of a class gives rows of the classes below it too. What they have more comes in the same SELECT
(``polymorphic_load="inline"``), by one more SELECT for all objects of a class (``"selectin"``), or when it is read.

Spec: LB-07, LB-08, ST-107.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from unitwork import exc
from unitwork.engine.connection import Connection
from unitwork.loading.fill import Subject, fill_from_rows
from unitwork.loading.plan import EntitySpec
from unitwork.loading.select import chunks, many_select
from unitwork.mapping.mapper import MappedEntity, Mapper
from unitwork.sql.schema import Column
from unitwork.state.instance import STATE


class Kind(NamedTuple):
    """What a row becomes.

    Attributes:
        class_: class of the object; `mapper` is its Mapper.
        more: (attribute, place among the columns of subclasses) of the columns that come in the same SELECT.
    """

    class_: type[Any]
    mapper: Mapper
    more: tuple[tuple[str, int], ...]


def kind_finder(spec: EntitySpec, known: dict[Any, Kind]) -> Callable[[Any], Kind]:
    """Return the function from a discriminator value to what its row becomes; `known` collects its answers.

    Raises:
        InvalidRequestError [polymorphic-identity, polymorphic-class]: (the function) the value stands for no class of
            the hierarchy, or for none that was asked for.
    """
    mapper = spec.mapper
    places = {column: place for place, column in enumerate(spec.more)}

    def find(value: Any) -> Kind:
        found: Mapper | None = mapper.polymorphic_map.get(value, mapper if value is None else None)
        if found is None:
            values = ", ".join(repr(identity) for identity in mapper.polymorphic_map)
            raise exc.InvalidRequestError(
                f"a row of table {mapper.local_table.name!r} has {value!r} as discriminator, which stands for no class "
                f"of the hierarchy of {mapper.root.class_.__name__}; there are {values}.",
                do="import the module that maps its class, or mend the row.",
                code="polymorphic-identity",
                mapper=mapper,
            )
        if not found.isa(mapper):
            raise exc.InvalidRequestError(
                f"a row selected for {mapper.class_.__name__} has {value!r} as discriminator, which stands for "
                f"{found.class_.__name__}, not a subclass of it.",
                do=f"select {mapper.root.class_.__name__}, or mend the row.",
                code="polymorphic-class",
                mapper=mapper,
            )
        more = tuple(
            (name, places[prop.column])
            for name, prop in found.columns.items()
            if name not in spec.names and prop.column in places
        )
        kind = known[value] = Kind(found.class_, found, more)
        return kind

    return find


def partial_spec(mapper: Mapper, names: Iterable[str]) -> EntitySpec:
    """Return the spec of some column attributes of a class, read from the tables alone that hold them."""
    wanted = {*names, *mapper.pk_names}
    ordered = tuple(name for name in mapper.columns if name in wanted)
    key = ("loading.partial", ordered)
    spec: EntitySpec | None = mapper.memo.get(key)
    if spec is None:
        spec = mapper.memo[key] = EntitySpec(mapper, ordered, fills=True)
        if mapper.inherits is not None:
            _read_partly(spec)
    return spec


def _read_partly(spec: EntitySpec) -> None:
    mapper = spec.mapper
    others = [mapper.columns[name].column for name in spec.names if name not in mapper.pk_names]
    tables = tuple(table for table in mapper.tables if any(column.table is table for column in others))
    tables = tables or mapper.tables[:1]
    spec.keys = mapper.key_columns(tables[0])
    by_name: dict[str, Column] = dict(zip(mapper.pk_names, spec.keys))
    columns = tuple(by_name.get(name, mapper.columns[name].column) for name in spec.names)
    spec.memo["columns"] = columns
    spec.memo["element"] = MappedEntity(mapper, mapper.source_of(tables), columns)


def load_subclasses(spec: EntitySpec, objects: Iterable[Any], connection: Connection) -> None:
    """Load the columns of subclasses with ``polymorphic_load="selectin"``: one SELECT per class and chunk."""
    waiting: dict[Mapper, list[Subject]] = {}
    for obj in objects:
        state = None if obj is None else obj.__dict__[STATE]
        if state is not None and state.mapper is not spec.mapper and state not in waiting:
            waiting.setdefault(state.mapper, []).append((state, obj))
    for mapper, subjects in waiting.items():
        names = selectin_names(spec, mapper)
        lacking = list(
            {id(obj): (state, obj) for state, obj in subjects if names and not obj.__dict__.keys() >= names}.values()
        )
        if lacking:
            part = partial_spec(mapper, names)
            for chunk in chunks(lacking):
                rows = many_select(part).rows(connection, keys=[state.pk for state, _ in chunk])
                fill_from_rows(connection, part, chunk, rows)


def selectin_names(spec: EntitySpec, mapper: Mapper) -> set[str]:
    """Return the attributes of a class that a SELECT of `spec` has to be followed up for."""
    found: set[str] = set()
    for one in mapper.iterate_to_root():
        if one is spec.mapper:
            break
        if one.polymorphic_load == "selectin":
            above: Sequence[str] = tuple(one.inherits.columns)
            found.update(name for name, prop in one.columns.items() if name not in above and not prop.deferred)
    return found
