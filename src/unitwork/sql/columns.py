"""Named columns, collections of them, and the other ways to name something: bind names, label names.

Spec: LB-18, LB-21.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Generic, TypeVar, overload

from unitwork import exc
from unitwork.sql.clause import ClauseElement
from unitwork.sql.elements import BindParameter, ColumnElement
from unitwork.sql.shape import ShapeBuilder
from unitwork.sql.types import NULLTYPE, TypeArgument, TypeEngine, to_type, type_for

C = TypeVar("C", bound="ColumnClause")


class ColumnClause(ColumnElement):
    """A named column: of a table (``schema.Column``), of an alias or subquery, or free-standing.

    Attributes:
        key: name in the collection ``table.c``.
        table: the FROM element it belongs to, or None.
        element: for a column of an alias or subquery the expression it shows, else None.
        is_literal: the name is SQL text, taken as it is.
    """

    visit = "column"
    name: str

    def __init__(
        self,
        name: str,
        type_: TypeEngine = NULLTYPE,
        table: Any = None,
        *,
        key: str | None = None,
        element: ColumnElement | None = None,
        is_literal: bool = False,
    ) -> None:
        self.name = name
        self.key = name if key is None else key
        self.type = type_
        self.table = table
        self.element = element
        self.is_literal = is_literal

    def shape_into(self, out: ShapeBuilder) -> None:
        out.append(ColumnClause)
        if self.table is None:
            out.extend((self.name, self.is_literal, self.type.cache_key))
        else:
            # Aliases are made anew for each statement: the shape numbers them, and the key names the column.
            out.append(self.key)
            self.table.shape_into(out)

    def from_objects(self) -> Iterable[ClauseElement]:
        return () if self.table is None else (self.table,)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}>"


# Siblings of schema.Column, not its bases: of two operands Python asks the one of the derived class first, which would
# turn ``alias.c.x == table.c.y`` around.


class ProxyColumn(ColumnClause):
    """A column of an alias or subquery."""


class EntityColumn(ColumnClause):
    """A column as an attribute of a class whose rows come from more, or less, than the column's table.

    Selected, it brings the FROM of its class; in a condition it is just the column.

    Attributes:
        element: the column.
        source: the FROM of the class.
    """

    def __init__(self, element: Any, source: Any) -> None:
        super().__init__(element.name, element.type, element.table, key=element.key, element=element)
        self.source = source

    def shape_into(self, out: ShapeBuilder) -> None:
        out.append(EntityColumn)
        self.source.shape_into(out)
        super().shape_into(out)

    def from_objects(self) -> Iterable[ClauseElement]:
        return (self.source, self.table)


class FreeColumn(ColumnClause):
    """A column of no table."""


class LabelReference(ColumnElement):
    """A string in ``order_by`` or ``group_by``: the name of a label or column of the SELECT."""

    __slots__ = ("name",)
    visit = "label_reference"
    type = NULLTYPE

    def __init__(self, name: str) -> None:
        self.name: str = name

    def shape_into(self, out: ShapeBuilder) -> None:
        out.append(LabelReference)
        out.append(self.name)


class NamedBind(BindParameter):
    """A parameter with a name of its own, made by ``bindparam()`` or by ``:name`` in ``text()``."""

    __slots__ = ("callable", "expanding", "key", "required", "stored")
    key: str

    def __init__(
        self,
        key: str,
        value: Any,
        type_: TypeEngine,
        *,
        required: bool = False,
        expanding: bool = False,
        callable_: Callable[[], Any] | None = None,
    ) -> None:
        super().__init__(value, type_)
        self.key = key
        self.required = required
        self.expanding = expanding
        self.callable = callable_
        self.stored = False

    def for_cell(self) -> NamedBind:
        """Return a copy whose value is stored in a column."""
        new = copy.copy(self)
        new.stored = True
        return new

    def shape_into(self, out: ShapeBuilder) -> None:
        out.append(NamedBind)
        out.append(self.key)
        out.append(self.expanding)
        out.append(self.stored)
        out.append(self.type.cache_key)
        out.binds.append(self)

    def current_value(self) -> Any:
        """Return the value to send now.

        Raises:
            InvalidRequestError [bind-without-value]: the execution should have given one by name.
        """
        if self.required:
            raise exc.InvalidRequestError(
                f"no value was given for the parameter {self.key!r}.",
                do=f"execute with {{{self.key!r}: value}}, or give the bindparam a value.",
                code="bind-without-value",
                key=self.key,
            )
        return super().current_value()

    def with_value(self, value: Any) -> NamedBind:
        """Return a copy that has `value`, and its type if this one has none."""
        type_ = type_for(value) if self.type is NULLTYPE else self.type
        new = NamedBind(self.key, value, type_, expanding=self.expanding)
        new.stored = self.stored
        return new


class _Required:
    def __repr__(self) -> str:
        return "REQUIRED"


_REQUIRED = _Required()


def bindparam(
    key: str,
    value: Any = _REQUIRED,
    type_: TypeArgument | None = None,
    *,
    required: bool | None = None,
    expanding: bool = False,
    callable_: Callable[[], Any] | None = None,
) -> NamedBind:
    """Return a parameter called `key`, whose value an execution may give.

    Args:
        value: used when the execution gives none; without one the execution must.
        type_: by default what the class of `value` suggests.
        expanding: the value is a list for ``in_`` (LB-35).
        callable_: called at each execution for the value.
    """
    if value is _REQUIRED:
        is_required, value = callable_ is None if required is None else required, None
    else:
        is_required = bool(required)
    found = to_type(type_) if type_ is not None else NULLTYPE if value is None or expanding else type_for(value)
    return NamedBind(key, value, found, required=is_required, expanding=expanding, callable_=callable_)


def column(text: str, type_: TypeArgument | None = None) -> FreeColumn:
    """Return a column that belongs to no table, by its name."""
    return FreeColumn(text, NULLTYPE if type_ is None else to_type(type_))


def literal_column(text: str, type_: TypeArgument | None = None) -> FreeColumn:
    """Return SQL `text` as a column expression, taken as it is."""
    return FreeColumn(text, NULLTYPE if type_ is None else to_type(type_), is_literal=True)


class ColumnCollection(Generic[C]):
    """Columns in order, by key: ``table.c.name``, ``table.c["name"]``, iteration, ``in``.

    A column lies in the collection's own ``__dict__`` too, so that ``table.c.name`` is a plain attribute read; a column
    whose key is a method of this class is reached by ``table.c["keys"]``.
    """

    __slots__ = ("__dict__", "_by_key")

    def __init__(self, columns: Iterable[C] = ()) -> None:
        self._by_key: dict[str, C] = {}
        for element in columns:
            self.add(element)

    def add(self, element: C, key: str | None = None) -> None:
        """Append `element` under `key`, by default its own; it takes the place of one with the same key."""
        key = element.key if key is None else key
        self._by_key[key] = element
        if not hasattr(type(self), key):
            self.__dict__[key] = element

    def __getattr__(self, name: str) -> C:
        if name.startswith("_"):
            raise AttributeError(name)
        raise AttributeError(f"there is no column {name!r}; there are: {', '.join(self.keys()) or 'none'}")

    @overload
    def __getitem__(self, key: str | int) -> C: ...
    @overload
    def __getitem__(self, key: tuple[str | int, ...]) -> list[C]: ...
    def __getitem__(self, key: str | int | tuple[str | int, ...]) -> C | list[C]:
        if isinstance(key, tuple):
            return [self[one] for one in key]
        if isinstance(key, int):
            return list(self._by_key.values())[key]
        try:
            return self._by_key[key]
        except KeyError:
            raise exc.NoSuchColumnError(
                f"there is no column {key!r}.",
                do=f"use one of: {', '.join(self.keys()) or '(none)'}.",
                code="no-such-column",
                key=key,
            ) from None

    def __iter__(self) -> Iterator[C]:
        return iter(self._by_key.values())

    def __len__(self) -> int:
        return len(self._by_key)

    def __contains__(self, key: object) -> bool:
        if not isinstance(key, str):
            raise exc.ArgumentError(
                "'in' asks a column collection for the key of a column.",
                do="use contains_column() to ask for a column.",
                code="column-key-not-string",
            )
        return key in self._by_key

    def contains_column(self, element: object) -> bool:
        """Say whether this very column is in the collection."""
        return any(mine is element for mine in self._by_key.values())

    def get(self, key: str, default: C | None = None) -> C | None:
        """Return the column of that key, else `default`."""
        return self._by_key.get(key, default)

    def keys(self) -> list[str]:
        """Return the keys in order."""
        return list(self._by_key)

    def values(self) -> list[C]:
        """Return the columns in order."""
        return list(self._by_key.values())

    def items(self) -> list[tuple[str, C]]:
        """Return (key, column) pairs in order."""
        return list(self._by_key.items())

    def as_mapping(self) -> Mapping[str, C]:
        """Return the live mapping of key to column; not to be changed."""
        return self._by_key

    def __repr__(self) -> str:
        return f"ColumnCollection({', '.join(self.keys())})"
