"""First phase of mapping: a Mapper with its columns and primary key, from a table and what the user said about it.

Relationships are put in their place here, unresolved; :mod:`unitwork.mapping.configure` resolves them later.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from unitwork import exc
from unitwork.mapping.derived import (
    ExpressionOptions,
    SynonymOptions,
    add_expression,
    add_synonym,
    mapped_column_of,
)
from unitwork.mapping.inheritance import (
    attach_below,
    check_hierarchy_options,
    is_joined_column,
    plain_element,
    set_discriminator,
    set_version,
)
from unitwork.mapping.mapper import (
    ColumnProperty,
    Mapper,
    MapperHome,
    RelationshipOptions,
    RelationshipProperty,
    mapper_of,
)
from unitwork.sql.schema import Column, Table

#: Names accepted in ``__mapper_args__`` (LB-08).
_OPTIONS = frozenset(
    "version_id_col version_id_generator eager_defaults batch confirm_deleted_rows passive_updates passive_deletes "
    "legacy_is_orphan allow_partial_pks always_refresh primary_key include_properties exclude_properties properties "
    "column_prefix polymorphic_on polymorphic_identity polymorphic_load polymorphic_abstract inherits "
    "inherit_condition inherit_foreign_keys concrete with_polymorphic".split()
)


@dataclass
class ColumnOptions:
    """What the user said about one mapped column: its columns (the own table's first) and how it is loaded."""

    columns: tuple[Column, ...]
    deferred: bool = False
    group: str | None = None
    active_history: bool = False
    doc: str | None = None
    info: dict[Any, Any] = field(default_factory=dict)


Declared = ColumnOptions | RelationshipOptions | ExpressionOptions | SynonymOptions


def make_mapper(
    class_: type,
    table: Table,
    registry: MapperHome,
    declared: Mapping[str, Declared],
    options: Mapping[str, Any],
    above: Mapper | None = None,
) -> Mapper:
    """Return a new Mapper of `class_` on `table`, not enrolled in its registry yet.

    Args:
        class_: the class to map; it is not touched.
        table: its table.
        registry: where it belongs.
        declared: attribute name to what the user said; columns of the table that are not named there are mapped under
            their key.
        options: ``__mapper_args__``.
        above: Mapper of the class it inherits from, whose table may be the same.
    Raises:
        ArgumentError [already-mapped, mapper-option-unknown, inheritance-not-yet, attribute-clash,
            column-not-in-table, no-primary-key, inherit-condition, polymorphic-on]
    Spec: LB-03, LB-04, LB-06 to LB-08.
    """
    refuse_class(class_, above)
    _check_options(class_, options)
    mapper = Mapper(class_, table, registry, options)
    if above is not None:
        attach_below(mapper, above, table)
    columns = _columns_by_name(mapper, _with_columns_of_synonyms(mapper, declared))
    for name, chosen in columns.items():
        inherited = mapper.columns.get(name)
        own = chosen.columns if inherited is None else (*chosen.columns, *inherited.columns)
        prop = ColumnProperty(name, mapper, own)
        prop.deferred = chosen.deferred
        prop.group = chosen.group
        prop.active_history = chosen.active_history
        prop.doc = chosen.doc
        prop.info = chosen.info
        mapper.columns[name] = mapper.attrs[name] = prop
        for column in chosen.columns:
            mapper.name_by_column[column] = name
    for name, given in declared.items():
        if isinstance(given, ExpressionOptions):
            add_expression(mapper, name, given)
        elif isinstance(given, SynonymOptions):
            add_synonym(mapper, name, given)
        elif isinstance(given, RelationshipOptions):
            if name in mapper.relationships and mapper.relationships[name].parent is not mapper:
                del mapper.relationships[name], mapper.attrs[name]  # the class says otherwise than the one above
            add_relationship(RelationshipProperty(name, mapper, given))
    _set_primary_key(mapper)
    set_discriminator(mapper)
    set_version(mapper)
    return mapper


def _with_columns_of_synonyms(mapper: Mapper, declared: Mapping[str, Declared]) -> dict[str, Declared]:
    more: dict[str, Declared] = {}
    for name, given in declared.items():
        if isinstance(given, SynonymOptions) and given.map_column:
            column = mapped_column_of(mapper.local_table, name, given, mapper.class_.__name__)
            more[given.name] = ColumnOptions((column,))
    return {**declared, **more}


def add_relationship(prop: RelationshipProperty) -> None:
    """Make a relationship an attribute of its Mapper.

    Raises:
        ArgumentError [attribute-clash]: the class maps an attribute of that name already.
    """
    refuse_clash(prop.parent, prop.key)
    for mapper in prop.parent.self_and_descendants:
        if prop.key not in mapper.attrs:
            mapper.relationships[prop.key] = mapper.attrs[prop.key] = prop


def refuse_clash(mapper: Mapper, name: str) -> None:
    """Raise if the class maps an attribute of that name already.

    Raises:
        ArgumentError [attribute-clash]
    """
    if name in mapper.attrs:
        raise exc.ArgumentError(
            f"{mapper.class_.__name__}.{name} cannot be a relationship: the class maps "
            f"{_described(mapper, name)} under that name.",
            do="give one of them another attribute name.",
            code="attribute-clash",
            mapper=mapper,
        )


def _described(mapper: Mapper, name: str) -> str:
    prop = mapper.attrs[name]
    return f"column {prop.column.name!r}" if isinstance(prop, ColumnProperty) else "another relationship"


def _columns_by_name(mapper: Mapper, declared: Mapping[str, Declared]) -> dict[str, ColumnOptions]:
    """Attribute name to its own columns, in the order of the table; what is inherited is not among them."""
    table = mapper.local_table
    name_by_column: dict[Column, str] = {}
    chosen: dict[str, ColumnOptions] = {}
    for name, given in declared.items():
        if not isinstance(given, ColumnOptions):
            continue
        chosen[name] = given
        for column in given.columns:
            if column.table is not table:
                raise exc.ArgumentError(
                    f"{mapper.class_.__name__}.{name} is given column {column.name!r}, which is not in table "
                    f"{table.name!r}.",
                    do=f"map a column of it: {', '.join(c.key for c in table.columns)}.",
                    code="column-not-in-table",
                    mapper=mapper,
                )
            if column in name_by_column:
                raise exc.ArgumentError(
                    f"column {column.name!r} is mapped twice in class {mapper.class_.__name__}: as "
                    f"{name_by_column[column]!r} and as {name!r}.",
                    do="keep one of them.",
                    code="attribute-clash",
                    mapper=mapper,
                )
            name_by_column[column] = name
    result: dict[str, ColumnOptions] = {}
    prefix = mapper.options.get("column_prefix") or ""
    for column in table.columns:
        known = name_by_column.get(column)
        if known is not None:
            result.setdefault(known, chosen[known])
            _check_inherited(mapper, known, column)
            continue
        name = prefix + column.key
        if mapper.single or _is_excluded(mapper, column, name):
            continue  # other columns of a shared table are those of the class above, or of its other subclasses
        _check_inherited(mapper, name, column)
        if name in chosen or name in declared:
            raise exc.ArgumentError(
                f"column {column.name!r} of table {table.name!r} cannot be mapped as "
                f"{mapper.class_.__name__}.{name}: something else is mapped under that name.",
                do=f"map the column under another name, or put {name!r} into exclude_properties.",
                code="attribute-clash",
                mapper=mapper,
            )
        result[name] = ColumnOptions((column,))
    return result


def _check_inherited(mapper: Mapper, name: str, column: Column) -> None:
    """Look at an own column under the name of an inherited attribute: the attribute then stands for both columns.

    Raises:
        ArgumentError [attribute-clash]: the inherited attribute is a relationship, or its column is in this table too.
    """
    inherited = mapper.attrs.get(name)
    if inherited is None or is_joined_column(mapper, column):
        return
    if isinstance(inherited, ColumnProperty) and inherited.column is column:
        return  # use_existing_column
    if not isinstance(inherited, ColumnProperty) or inherited.column.table is column.table:
        raise exc.ArgumentError(
            f"{mapper.class_.__name__}.{name} cannot be column {column.name!r}: the class inherits "
            f"{_described(mapper, name)} under that name from {inherited.parent.class_.__name__}.",
            do="give the attribute another name, or say use_existing_column=True if the same column is meant.",
            code="attribute-clash",
            mapper=mapper,
        )
    warnings.warn(
        f"{mapper.class_.__name__}.{name} stands for two columns, {column} and {inherited.column}: both are written, "
        f"the first is read. Do: give the column of {mapper.class_.__name__} another attribute name if that is not "
        "meant.",
        exc.UnitworkWarning,
        stacklevel=2,
    )


def _is_excluded(mapper: Mapper, column: Column, name: str) -> bool:
    included = mapper.options.get("include_properties")
    excluded = mapper.options.get("exclude_properties") or ()
    if included is not None and not _names(column, name, included):
        return True
    return _names(column, name, excluded)


def _column_named(mapper: Mapper) -> Callable[[Any], Any]:
    """Return the function from what ``primary_key`` of the mapper options lists to a column."""

    def column_of(given: Any) -> Any:
        return mapper.local_table.c[given] if isinstance(given, str) else plain_element(given)

    return column_of


def _names(column: Column, name: str, wanted: Any) -> bool:
    return any(item is column or (isinstance(item, str) and item in (name, column.name)) for item in wanted)


def _set_primary_key(mapper: Mapper) -> None:
    if mapper.inherits is not None:
        mapper.primary_key, mapper.pk_names = mapper.inherits.primary_key, mapper.inherits.pk_names
        for name in mapper.pk_names:
            mapper.columns[name].active_history = True
        return
    given = mapper.options.get("primary_key")
    key_columns = tuple(map(_column_named(mapper), given)) if given else tuple(mapper.local_table.primary_key.columns)
    if not key_columns:
        raise exc.ArgumentError(
            f"class {mapper.class_.__name__} cannot be mapped to table {mapper.local_table.name!r}: it has no primary "
            "key, so its rows have no identity.",
            do="mark the identifying columns primary_key=True, or name them in __mapper_args__['primary_key'].",
            code="no-primary-key",
            mapper=mapper,
        )
    unmapped = [column.name for column in key_columns if column not in mapper.name_by_column]
    if unmapped:
        raise exc.ArgumentError(
            f"class {mapper.class_.__name__} does not map its primary key column{'s' if len(unmapped) > 1 else ''} "
            f"{', '.join(map(repr, unmapped))}.",
            do="take them out of exclude_properties, or add them to include_properties.",
            code="no-primary-key",
            mapper=mapper,
        )
    mapper.primary_key = key_columns
    mapper.pk_names = tuple(mapper.name_by_column[column] for column in key_columns)
    for name in mapper.pk_names:
        mapper.columns[name].active_history = True


def refuse_class(class_: type, above: Mapper | None = None) -> None:
    """Raise for a class that is mapped already, or derives from a mapped one and is not said to inherit from it.

    Raises:
        ArgumentError [already-mapped, inherits-missing]
    """
    found = vars(class_).get("__mapper__")
    if isinstance(found, Mapper):
        raise exc.ArgumentError(
            f"class {class_.__name__} is mapped already, to table {found.local_table.name!r}.",
            do="call clear_mappers() or registry.dispose() before mapping it again.",
            code="already-mapped",
            mapper=found,
        )
    base = mapper_of(class_)
    if base is not None and (above is None or not issubclass(class_, above.class_)):
        raise exc.ArgumentError(
            f"class {class_.__name__} derives from mapped class {base.class_.__name__}, and is not mapped as "
            "inheriting from it.",
            do=f"say inherits={base.class_.__name__}.",
            code="inherits-missing",
            mapper=base,
        )
    if above is not None and not issubclass(class_, above.class_):
        raise exc.ArgumentError(
            f"class {class_.__name__} is mapped with inherits={above.class_.__name__}, and does not derive from it.",
            do=f"write class {class_.__name__}({above.class_.__name__}).",
            code="inherits-missing",
            mapper=above,
        )


def _check_options(class_: type, options: Mapping[str, Any]) -> None:
    check_hierarchy_options(class_, options)
    unknown = sorted(set(options) - _OPTIONS)
    if unknown:
        raise exc.ArgumentError(
            f"unknown mapper option {', '.join(map(repr, unknown))} for class {class_.__name__}.",
            do=f"use any of {', '.join(sorted(_OPTIONS))}.",
            code="mapper-option-unknown",
        )
