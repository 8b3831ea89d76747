"""``registry``: maps classes, declared or imperative, with all that a mapping does: mapper, instrumentation, names.

Also the decorators and functions that go over all registries. Spec: LB-01, LB-04, LB-09, LB-43.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, TypeVar

from unitwork import exc
from unitwork.declare.columns import build_column
from unitwork.declare.constructors import MappedColumn, MappedExpression, MappedSql, Relationship, Synonym
from unitwork.declare.dataclasses import make_dataclass
from unitwork.declare.scan import scan
from unitwork.instrument.install import install, install_attribute, install_synonym, uninstall
from unitwork.mapping.additions import add_attribute, forget_generated
from unitwork.mapping.assemble import ColumnOptions, Declared, make_mapper, refuse_clash, refuse_class
from unitwork.mapping.configure import all_registries
from unitwork.mapping.inheritance import withdraw_below
from unitwork.mapping.mapper import Mapper, Property, SynonymProperty, mapper_of
from unitwork.mapping.registry import MapperRegistry, class_mapper
from unitwork.sql.schema import Column, MetaData, Table

T = TypeVar("T", bound=type)


class registry(MapperRegistry):
    """The mapped classes that know each other by name, with their MetaData.

    Args:
        metadata: collection of tables; a new one where None.
        type_annotation_map: Python type to column type, asked before the built-in table.
    Spec: LB-01, LB-04, LB-09.
    """

    def __init__(
        self, *, metadata: MetaData | None = None, type_annotation_map: Mapping[Any, Any] | None = None
    ) -> None:
        super().__init__(metadata=metadata, type_annotation_map=type_annotation_map)

    def map_imperatively(
        self,
        class_: type[Any],
        local_table: Table | None = None,
        *,
        properties: Mapping[str, Any] | None = None,
        inherits: Any = None,
        **options: Any,
    ) -> Mapper:
        """Map a class to a table and return its Mapper.

        Args:
            class_: a class with ``__dict__`` and ``__weakref__``; it is instrumented in place.
            local_table: its table.
            properties: attribute name to ``relationship()``, Column, list of Columns, ``column_property()`` or
                ``deferred()``; columns of the table that are not named are mapped under their key.
            inherits: mapped class, or its Mapper, that `class_` derives from; without a table of its own the class
                shares the table of that one.
            options: mapper options (LB-08).
        Raises:
            ArgumentError [not-a-class, not-a-table, property-unknown]: and the codes of
                :func:`unitwork.mapping.assemble.make_mapper`.
        Spec: LB-04, LB-07.
        """
        if not isinstance(class_, type):
            raise exc.ArgumentError(
                f"expected a class to map, got an object of type {type(class_).__name__}.",
                do="give the class itself.",
                code="not-a-class",
            )
        above: Mapper | None = None
        if inherits is not None:
            above = inherits if isinstance(inherits, Mapper) else class_mapper(inherits, False)
        if local_table is None and above is not None:
            local_table = above.local_table
        if not isinstance(local_table, Table):
            raise exc.ArgumentError(
                f"class {class_.__name__} cannot be mapped to {local_table!r}: it is no Table.",
                do="give a Table; mapping to other selectables is not supported.",
                code="not-a-table",
                class_=class_,
            )
        declared = {
            name: _declared(value, f"{class_.__name__}.{name}") for name, value in dict(properties or {}).items()
        }
        if above is not None and local_table is above.local_table:
            prefix = options.get("column_prefix") or ""
            taken = {column for one in declared.values() if isinstance(one, ColumnOptions) for column in one.columns}
            rest = [one for one in local_table.c if one not in above.name_by_column and one not in taken]
            declared.update((prefix + one.key, ColumnOptions((one,))) for one in rest)
        return self._map(class_, local_table, declared, options, above)

    def map_declaratively(self, cls: type[Any]) -> Mapper:
        """Map a class by what its body declares, and return its Mapper (LB-01)."""
        above = mapper_of(cls)
        refuse_class(cls, above)
        found = scan(cls, self, above)
        try:
            return self._map(cls, found.table, found.declared, found.options, above)
        except BaseException:
            if found.is_new_table:
                # So that the corrected class can be defined under the same table name.
                found.table.metadata.remove(found.table)
            raise

    def mapped(self, cls: T) -> T:
        """Map a class by what its body declares, as a decorator; also over ``@dataclass`` (LB-01)."""
        self.map_declaratively(cls)
        return cls

    def mapped_as_dataclass(self, cls: Any = None, **options: Any) -> Any:
        """Make a class a dataclass and map it, as a decorator; with or without options (LB-38).

        Args:
            options: init, repr, eq, order, unsafe_hash, match_args, kw_only, dataclass_callable.
        """

        def decorate(given: Any) -> Any:
            make_dataclass(given, {name: value for name, value in options.items() if value is not None})
            return self.mapped(given)

        return decorate if cls is None else decorate(cls)

    def dispose(self, cascade: bool = False) -> None:
        """Unmap every class of this registry and take its instrumentation off (LB-43).

        Tables stay in the MetaData. `cascade` is accepted for the reference's sake.
        """
        for mapper in reversed(self.all_mappers):
            uninstall(mapper)
        super().dispose(cascade)

    def add_property(self, mapper: Mapper, key: str, prop: Any) -> None:
        """Make a draft an attribute of a mapped class, as ``User.nick = mapped_column(String(20))`` does.

        Raises:
            ArgumentError [attribute-clash]: the class maps an attribute of that name already.
        """
        refuse_clash(mapper, key)
        for draft in (prop, *getattr(prop, "columns", ())):
            if isinstance(draft, MappedColumn):
                built = build_column(draft, key, None, self.type_annotation_map, mapper.class_)
                mapper.local_table.append_column(built)
            elif isinstance(draft, Column) and draft.table is None:
                draft.name = draft.name or key
                draft.key = draft.key or key
                mapper.local_table.append_column(draft)
        if isinstance(prop, MappedColumn) and prop.column is not None:
            declared: Declared = dataclasses.replace(prop.loading, columns=(prop.column,))
        elif isinstance(prop, MappedExpression):
            columns = tuple(getattr(item, "column", item) for item in prop.columns)
            declared = dataclasses.replace(prop.loading, columns=columns)
        else:
            declared = _declared(prop, f"{mapper.class_.__name__}.{key}")
        made = add_attribute(mapper, key, declared)
        if isinstance(made, SynonymProperty):
            install_synonym(mapper, made)
        else:
            install_attribute(mapper, made)
            for below in mapper.self_and_descendants[1:]:
                if key not in vars(below.class_):
                    install_attribute(below, below.attrs[key])

    def note_added(self, mapper: Mapper, prop: Property) -> None:
        """Instrument an attribute that a backref has added."""
        forget_generated(mapper)
        install_attribute(mapper, prop)

    def _map(
        self,
        cls: type,
        table: Table,
        declared: Mapping[str, Declared],
        options: Mapping[str, Any],
        above: Mapper | None = None,
    ) -> Mapper:
        options = dict(options)
        more = options.pop("properties", None)
        if more:
            added = {name: _declared(value, f"{cls.__name__}.{name}") for name, value in more.items()}
            declared = {**declared, **added}
        mapper = make_mapper(cls, table, self, declared, options, above)
        try:
            install(mapper)
        except BaseException:
            withdraw_below(mapper)
            uninstall(mapper)
            raise
        self.enrol(mapper)
        return mapper


def _declared(value: Any, where: str) -> Declared:
    """What one entry of ``properties`` declares."""
    if isinstance(value, (Relationship, MappedSql, Synonym)):
        return value.options
    if isinstance(value, Column):
        return ColumnOptions((value,))
    if isinstance(value, (list, tuple)) and value and all(isinstance(item, Column) for item in value):
        return ColumnOptions(tuple(value))
    if isinstance(value, MappedExpression) and not any(isinstance(item, MappedColumn) for item in value.columns):
        return dataclasses.replace(value.loading, columns=value.columns)
    raise exc.ArgumentError(
        f"{where} cannot be mapped as {value!r}.",
        do="give relationship(), a Column of the table, column_property() or deferred().",
        code="property-unknown",
    )


def mapper(
    class_: type[Any], local_table: Table | None = None, properties: Mapping[str, Any] | None = None, **options: Any
) -> Mapper:
    """Map a class to a table, in a registry that all calls share, and return its Mapper; the name of 1.x (LB-04)."""
    return _SHARED.map_imperatively(class_, local_table, properties=properties, **options)


#: Where :func:`mapper` maps.
_SHARED = registry()


def clear_mappers() -> None:
    """Unmap every class of every registry; for tests (LB-09, LB-43)."""
    for known in all_registries():
        known.dispose()
