"""``aliased(User)``: a mapped class under another name, or over a subquery, as an entity of its own in statements.

Its attributes are those of the class over other columns. Objects that are loaded through it are objects of the class.

Spec: LB-24.
"""

from __future__ import annotations

from typing import Any, TypeVar, overload

from unitwork import exc
from unitwork.inspection import inspect, inspects
from unitwork.instrument.class_sql import QueryableAttribute, RelationshipPath, RelationshipSql
from unitwork.instrument.sides import Side, alias_of
from unitwork.mapping.mapper import MappedEntity, Mapper
from unitwork.sql.clause import ClauseElement
from unitwork.sql.compound import SelectBase
from unitwork.sql.selectable import FromClause
from unitwork.sql.shape import ShapeBuilder

T = TypeVar("T")


class AliasedInsp:
    """What ``inspect()`` tells of an alias of a mapped class.

    Attributes:
        mapper: of the class; `class_` is the class.
        selectable: what stands in FROM.
        name: as given, or None.
        entity: the alias, as used in statements.
    """

    __slots__ = ("_adapt_on_names", "_element", "entity", "mapper", "name", "selectable", "side")

    is_aliased_class = True

    def __init__(
        self, entity: AliasedClass, mapper: Mapper, selectable: FromClause, name: str | None, adapt_on_names: bool
    ) -> None:
        self.entity = entity
        self.mapper = mapper
        self.selectable = selectable
        self.name = name
        self.side = Side(selectable, self._shown)
        self._adapt_on_names = adapt_on_names
        self._element: AliasedEntity | None = None

    @property
    def class_(self) -> type[Any]:
        """The mapped class."""
        return self.mapper.class_

    def _shown(self, column: Any) -> Any:
        found: Any = self.selectable.corresponding_column(column)
        if found is None and self._adapt_on_names and column.table in self.mapper.tables:
            found = self.selectable.c.get(column.key, self.selectable.c.get(column.name))
        return found

    def column(self, attribute: str) -> Any:
        """Return the alias's column for a column attribute, None if what it stands for does not show it."""
        column = self.mapper.columns[attribute].column
        return self._shown(column) if column.table is not None else self.side.adapt(column)

    def __clause_element__(self) -> AliasedEntity:
        element = self._element
        if element is None:
            element = self._element = AliasedEntity(self)
        return element

    def __repr__(self) -> str:
        return f"<AliasedInsp {self.class_.__name__} as {self.name or self.selectable.name_hint}>"


class AliasedEntity(MappedEntity):
    """An alias of a mapped class in a statement; `subject` is the Mapper, `alias` the AliasedInsp."""

    __slots__ = ("alias",)

    def __init__(self, alias: AliasedInsp) -> None:
        self.alias = alias
        shown = [column for name in alias.mapper.columns if (column := alias.column(name)) is not None]
        super().__init__(alias.mapper, alias.selectable, shown)

    def attribute(self, name: str) -> Any:
        """Return the alias's attribute `name`, for ``filter_by``.

        Raises:
            InvalidRequestError [unknown-attribute]: the class maps no attribute of that name.
        """
        return getattr(self.alias.entity, self.subject.get_property(name).key)

    def shape_into(self, out: ShapeBuilder) -> None:
        super().shape_into(out)
        out.extend((AliasedEntity, self.alias.name))


class AliasedClass:
    """A mapped class under another name; made by :func:`aliased`."""

    def __init__(self, mapper: Mapper, selectable: FromClause, name: str | None, adapt_on_names: bool) -> None:
        self.__dict__["_aliased"] = AliasedInsp(self, mapper, selectable, name, adapt_on_names)
        self.__dict__["__name__"] = mapper.class_.__name__

    def __clause_element__(self) -> AliasedEntity:
        alias: AliasedInsp = self.__dict__["_aliased"]
        return alias.__clause_element__()

    def __getattr__(self, name: str) -> Any:
        alias: AliasedInsp = self.__dict__["_aliased"]
        if name.startswith("__"):
            raise AttributeError(name)
        mapper = alias.mapper
        if not mapper.sealed:
            mapper.registry.configure()
        found = getattr(mapper.class_, name)
        if isinstance(found, QueryableAttribute):
            found = self.__dict__[name] = _over(alias, found)
            return found
        return _bound_to(self, mapper.class_, name, found)

    def __repr__(self) -> str:
        return f"aliased({self.__dict__['_aliased'].class_.__name__})"


class AliasedAttribute(QueryableAttribute):
    """An attribute of an alias: the class's expression over the alias's columns.

    Attributes:
        source: the AliasedInsp.
        original: the attribute of the class.
    """

    __slots__ = ("original", "source")

    def __init__(self, source: AliasedInsp, original: QueryableAttribute) -> None:
        super().__init__(original.parent, original.prop)
        self.source = source
        self.original = original

    def __clause_element__(self) -> Any:
        if self.key in self.source.mapper.columns and self.source.column(self.key) is None:
            raise exc.InvalidRequestError(
                f"{self.source!r} has no column for {self.original!s}.",
                do="select that column in the subquery; or pass adapt_on_names=True, if the names are the same.",
                code="alias-without-column",
            )
        return self.source.side.adapt(self.original.__clause_element__())

    @property
    def expression(self) -> Any:
        """The alias's column."""
        return self.__clause_element__()

    @property
    def type(self) -> Any:
        """The column's type."""
        return self.__clause_element__().type

    def __str__(self) -> str:
        return f"aliased({self.parent.class_.__name__}).{self.key}"


def _over(alias: AliasedInsp, attribute: QueryableAttribute) -> QueryableAttribute:
    if isinstance(attribute, RelationshipSql):
        return RelationshipPath(attribute, source=alias)
    return AliasedAttribute(alias, attribute)


def _bound_to(alias: AliasedClass, cls: type[Any], name: str, found: Any) -> Any:
    """Return what is no mapped attribute as it would be on a class: with the alias in the place of the class."""
    raw = next(vars(base)[name] for base in cls.__mro__ if name in vars(base))
    if isinstance(raw, classmethod):
        return raw.__func__.__get__(alias)
    get = getattr(type(raw), "__get__", None)
    return found if get is None else get(raw, None, alias)


@overload
def aliased(
    element: type[T], alias: Any = None, name: str | None = None, flat: bool = False, adapt_on_names: bool = False
) -> type[T]: ...
@overload
def aliased(
    element: Any, alias: Any = None, name: str | None = None, flat: bool = False, adapt_on_names: bool = False
) -> Any: ...
def aliased(
    element: Any, alias: Any = None, name: str | None = None, flat: bool = False, adapt_on_names: bool = False
) -> Any:
    """Return a mapped class, or a table, under another name.

    Args:
        element: mapped class, alias of one, or table.
        alias: what its rows come from instead of its table: a subquery, CTE, SELECT or alias.
        name: its name in SQL and in rows; by default the database's name gets a number.
        flat: joined tables of a class are always aliased one by one, so that this changes nothing.
        adapt_on_names: columns of `alias` that do not come from the mapped table count by their names.
    Raises:
        ArgumentError [alias-without-key]: `alias` does not show the primary key.
    Spec: LB-24.
    """
    if isinstance(element, FromClause):
        return element.alias(name)
    known = inspect(element)
    mapper: Mapper = known.mapper
    if not mapper.sealed:
        mapper.registry.configure()
    selectable: Any
    if alias is None:
        selectable = alias_of(known.__clause_element__().table, name)
    else:
        given = alias if isinstance(alias, ClauseElement) else alias.__clause_element__()
        selectable = given.subquery(name) if isinstance(given, SelectBase) else given
    made = AliasedClass(mapper, selectable, name or getattr(selectable, "name", None), adapt_on_names)
    insp: AliasedInsp = inspect(made)
    if any(insp.column(key) is None for key in mapper.pk_names):
        raise exc.ArgumentError(
            f"{type(selectable).__name__} does not have the primary key of {mapper.class_.__name__} "
            f"({', '.join(mapper.pk_names)}).",
            do="select the class, or its key too, in the subquery; or pass adapt_on_names=True.",
            code="alias-without-key",
        )
    return made


@inspects(AliasedClass)
def _inspect_alias(subject: AliasedClass) -> AliasedInsp:
    found: AliasedInsp = subject.__dict__["_aliased"]
    return found


@inspects(AliasedInsp)
def _inspect_itself(subject: AliasedInsp) -> AliasedInsp:
    return subject
