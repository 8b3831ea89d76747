"""From a class body, with its mixins, to a table and what is mapped: reads the class once, when it is mapped.

Attributes are taken in the order of writing, the class's own first, then those of its mixins along the MRO. Columns of
mixins are copied, and methods under ``declared_attr`` called, for each class anew. Spec: LB-01 to LB-03, LB-07.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

from unitwork import exc
from unitwork.declare.annotations import Hint, own_annotations, read_hint
from unitwork.declare.attributes import DeclaredMethod
from unitwork.declare.columns import build_column
from unitwork.declare.constructors import NOT_GIVEN, MappedColumn, MappedExpression, MappedSql, Relationship, Synonym
from unitwork.mapping.assemble import ColumnOptions, Declared
from unitwork.mapping.fields import refuse_field
from unitwork.mapping.mapper import Mapper, RelationshipOptions
from unitwork.mapping.registry import MapperRegistry, mapper_of
from unitwork.sql.schema import Column, Table

_DRAFTS = (MappedColumn, MappedExpression, MappedSql, Synonym, Relationship, Column, DeclaredMethod)
#: Names that the base class uses itself.
_RESERVED = ("metadata", "registry")


@dataclasses.dataclass
class Found:
    """An attribute as found in a class body: its value or NOT_GIVEN, its annotation or None, the class it stands in."""

    name: str
    value: Any
    annotation: Any
    owner: type


@dataclasses.dataclass
class Declaration:
    """What a class declares: its table, its attributes and its mapper options."""

    table: Table
    declared: dict[str, Declared]
    options: dict[str, Any]
    is_new_table: bool


def scan(cls: type, registry: MapperRegistry, above: Mapper | None = None) -> Declaration:
    """Return what `cls` declares; its Table is made, and put into the MetaData, if the class does not bring one.

    Args:
        above: Mapper of the class it derives from; without a table of its own its columns join that class's table.
    Raises:
        ArgumentError [no-table, table-and-columns, attribute-reserved, trailing-comma, relationship-without-target,
            single-table-column, single-table-args]: and the codes of :mod:`unitwork.declare.columns` and
            :mod:`unitwork.declare.annotations`.
    Spec: LB-01 to LB-03, LB-07.
    """
    given: Table | None = setting_of(cls, "__table__")
    name: str | None = setting_of(cls, "__tablename__")
    if given is None and name is None and above is not None:
        return _scan_single(cls, registry, above)
    if given is None and name is None:
        raise exc.ArgumentError(
            f"class {cls.__name__} has neither __tablename__ nor __table__.",
            do="add __tablename__, or __abstract__ = True if it is a base of others.",
            code="no-table",
            class_=cls,
        )
    reader = _Reader(cls, registry, given)
    reader.read()
    table = given if given is not None else _make_table(cls, name or "", registry, reader.columns)
    if given is None:
        type.__setattr__(cls, "__table__", table)
    return Declaration(table, reader.declared, reader.options(), given is None)


def _scan_single(cls: type, registry: MapperRegistry, above: Mapper) -> Declaration:
    """Return what a class declares that shares the table of the class above; its columns are added to that table."""
    table = above.local_table
    if setting_of(cls, "__table_args__"):
        raise exc.ArgumentError(
            f"class {cls.__name__} has __table_args__, but no table of its own: its rows are in {table.name!r}.",
            do=f"move them to {above.class_.__name__}, or give the class a __tablename__.",
            code="single-table-args",
            class_=cls,
        )
    reader = _Reader(cls, registry, None)
    reader.shared = table
    reader.read()
    for _, column in reader.columns:
        if column.key in table.c or column.primary_key:
            what = "a primary key column" if column.primary_key else f"column {column.key!r}, which is there already"
            raise exc.ArgumentError(
                f"class {cls.__name__} shares the table {table.name!r}, and declares {what}.",
                do="say mapped_column(use_existing_column=True) if the same column is meant, or give it another name.",
                code="single-table-column",
                class_=cls,
            )
    for _, column in reader.columns:
        table.append_column(column)
    return Declaration(table, reader.declared, reader.options(), False)


def setting_of(cls: type, name: str) -> Any:
    """Return a setting such as ``__tablename__`` of a class: its own, or that of a mixin.

    What a mapped class above says for itself does not count, unless it is a method that speaks for each class.
    """
    for owner in cls.__mro__:
        if name in vars(owner):
            value = vars(owner)[name]
            if isinstance(value, DeclaredMethod):
                return value.produce(cls)
            return value if owner is cls or "__mapper__" not in vars(owner) else None
    return None


class _Reader:
    """Reads one class; `columns` are (sort order, Column) of a table still to be made."""

    def __init__(self, cls: type, registry: MapperRegistry, table: Table | None) -> None:
        self.cls = cls
        self.registry = registry
        self.table = table
        #: The table of the class above, which the columns join.
        self.shared: Table | None = None
        self.declared: dict[str, Declared] = {}
        self.columns: list[tuple[int, Column]] = []
        self._copies: dict[int, Any] = {}

    def options(self) -> dict[str, Any]:
        """Return the mapper options; columns that they name by their drafts are settled."""
        given = setting_of(self.cls, "__mapper_args__") or {}
        return {key: self._settled(value) for key, value in dict(given).items()}

    def _settled(self, value: Any) -> Any:
        if isinstance(value, (list, tuple)):
            return [self._settled(item) for item in value]
        value = self._copies.get(id(value), value)  # a mixin's options speak of the mixin's columns
        return value.__clause_element__() if isinstance(value, MappedColumn) else value

    def read(self) -> None:
        found = list(_attributes(self.cls))
        # Copies come first: a declared_attr method may use a column of its mixin, and must see the class's own.
        for item in found:
            if item.owner is not self.cls and isinstance(item.value, (MappedColumn, Column)):
                original = item.value
                item.value = self._copies[id(original)] = _copied(original)
                type.__setattr__(self.cls, item.name, item.value)
        for item in found:
            if isinstance(item.value, DeclaredMethod):
                method = item.value
                item.annotation = method.function.__annotations__.get("return")
                item.value = method.produce(self.cls)
                type.__setattr__(self.cls, item.name, item.value)
        for item in found:
            self._check(item)
            hint = None
            if item.annotation is not None:
                hint = read_hint(item.annotation, item.owner, item.name)
            self._declare(item, hint)

    def _declare(self, item: Found, hint: Hint | None) -> None:
        value = item.value
        refuse_field(value, self.cls, item.name)
        if isinstance(value, (MappedSql, Synonym)):
            self.declared[item.name] = value.options
        elif isinstance(value, Relationship):
            self.declared[item.name] = self._relationship(item, value, hint)
        elif isinstance(value, MappedExpression):
            columns = tuple(self._column(item, column, None) for column in value.columns)
            self.declared[item.name] = dataclasses.replace(value.loading, columns=columns)
        elif isinstance(value, MappedColumn):
            self.declared[item.name] = self._mapped_column(item, value, hint)
        elif isinstance(value, Column):
            self.declared[item.name] = ColumnOptions((self._column(item, value, hint),))
        elif value is NOT_GIVEN and hint is not None and not (self.table is not None and item.name in self.table.c):
            self.declared[item.name] = self._mapped_column(item, _empty_column(), hint)
        elif value is not NOT_GIVEN and hint is not None:
            raise exc.ArgumentError(
                f"{self.cls.__name__}.{item.name} is annotated as Mapped, but has a plain {type(value).__name__}.",
                do="assign mapped_column(default=...) or relationship().",
                code="mapped-plain-value",
                class_=self.cls,
            )

    def _mapped_column(self, item: Found, draft: MappedColumn[Any], hint: Hint | None) -> ColumnOptions:
        return dataclasses.replace(draft.loading, columns=(self._column(item, draft, hint),))

    def _column(self, item: Found, value: Any, hint: Hint | None) -> Column:
        """The Column of a draft or of a Column object, noted for the table that is to be made."""
        if isinstance(value, Column) and value.table is not None:
            given: Column = value
            return given
        if self.table is not None:
            raise exc.ArgumentError(
                f"{self.cls.__name__}.{item.name} declares a column, but the class brings its table "
                f"{self.table.name!r} in __table__.",
                do="add the column to the Table, and map it as name = __table__.c.column if it needs another name.",
                code="table-and-columns",
                class_=self.cls,
            )
        if isinstance(value, MappedColumn):
            types = self.registry.type_annotation_map
            built = build_column(value, item.name, hint, types, self.cls)
            if value.use_existing and self.shared is not None and built.key in self.shared.c:
                value.column = self.shared.c[built.key]
                return value.column
            self.columns.append((value.sort_order, built))
            return built
        column: Column = value
        if not column.name:
            column.name = column.key = item.name
        self.columns.append((0, column))
        return column

    def _relationship(self, item: Found, draft: Relationship[Any], hint: Hint | None) -> RelationshipOptions:
        options = draft.options
        changes: dict[str, Any] = {}
        if hint is not None:
            if options.argument is None:
                changes["argument"] = hint.target
            if options.uselist is None:
                changes["uselist"] = hint.is_collection
            if options.collection_class is None and hint.collection not in (None, list):
                changes["collection_class"] = hint.collection
        if changes.get("argument", options.argument) is None:
            raise exc.ArgumentError(
                f"relationship {self.cls.__name__}.{item.name} names no target.",
                do='annotate it with Mapped["Target"] or Mapped[list["Target"]], or give the target as an argument.',
                code="relationship-without-target",
                class_=self.cls,
            )
        return dataclasses.replace(options, **changes)

    def _check(self, item: Found) -> None:
        if item.name in _RESERVED and isinstance(item.value, _DRAFTS):
            raise exc.ArgumentError(
                f"{self.cls.__name__}.{item.name}: the name {item.name!r} is used by the declarative base.",
                do=f"name the attribute otherwise and give it the column name {item.name!r} as its first argument.",
                code="attribute-reserved",
                class_=self.cls,
            )
        if isinstance(item.value, tuple) and len(item.value) == 1 and isinstance(item.value[0], _DRAFTS):
            raise exc.ArgumentError(
                f"{self.cls.__name__}.{item.name} is a tuple of one {type(item.value[0]).__name__}.",
                do="take away the comma at the end of its line.",
                code="trailing-comma",
                class_=self.cls,
            )


def _attributes(cls: type) -> Iterator[Found]:
    """What may be mapped attributes of `cls` and its mixins, in order; a nearer one hides a farther one."""
    found: dict[str, Found] = {}
    above = mapper_of(cls)
    # What the mapped class above has read already is inherited from it.
    read = set() if above is None else set(above.class_.__mro__)
    for owner in cls.__mro__[:-1]:
        annotated = own_annotations(owner)
        for name in _in_order(list(annotated), list(vars(owner))):
            if name.startswith("__"):
                continue
            value, annotation = vars(owner).get(name, NOT_GIVEN), annotated.get(name)
            if owner in read and not (isinstance(value, DeclaredMethod) and value.cascades):
                continue
            nearer = found.get(name)
            if nearer is None:
                found[name] = Found(name, value, annotation, owner)
            elif nearer.value is NOT_GIVEN and value is not NOT_GIVEN:
                # Annotated here, assigned in a mixin: the value has the place, the nearer annotation the say.
                del found[name]
                found[name] = Found(name, value, nearer.annotation, owner)
    return iter(found.values())


def _in_order(annotated: list[str], assigned: list[str]) -> Iterator[str]:
    """Merge the names of annotations and of assignments as they were written, as far as the two orders tell."""
    rest = iter(assigned)
    places = set(assigned)
    known = set(annotated)
    waiting = next(rest, None)
    while waiting is not None and waiting not in known:
        # Assigned before the first annotated assignment; annotations alone may stand anywhere before.
        yield waiting
        waiting = next(rest, None)
    for name in annotated:
        yield name
        if name in places:
            waiting = next(rest, None)
            while waiting is not None and waiting not in known:
                yield waiting
                waiting = next(rest, None)


def _copied(value: Any) -> Any:
    return value.fresh_copy() if isinstance(value, MappedColumn) else value.copy()


def _empty_column() -> MappedColumn[Any]:
    return MappedColumn(None, None, (), {}, ColumnOptions(()), 0)


def _make_table(cls: type, name: str, registry: MapperRegistry, columns: list[tuple[int, Column]]) -> Table:
    arguments: Any = setting_of(cls, "__table_args__") or ()
    options: dict[str, Any] = {}
    if isinstance(arguments, dict):
        arguments, options = (), arguments
    elif arguments and isinstance(arguments[-1], dict):
        *arguments, options = arguments
    metadata = getattr(cls, "metadata", registry.metadata)
    ordered = [column for _, column in sorted(columns, key=lambda pair: pair[0])]
    return Table(name, metadata, *ordered, *arguments, **options)
