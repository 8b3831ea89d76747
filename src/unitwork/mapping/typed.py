"""``Mapped[T]``: what a type checker sees in a mapped attribute, an SQL expression on the class and a T on an instance.

Nothing here runs: the attributes of a mapped class are replaced when it is mapped. The classes exist at run time so
that annotations can name them and descriptors can derive from them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from unitwork.base.generics import T_co
from unitwork.sql.column_operators import ColumnOperators
from unitwork.sql.elements import ColumnElement
from unitwork.sql.typed import SQLCoreOperations

T = TypeVar("T")


class InstrumentedAttribute(SQLCoreOperations[T_co]):
    """The attribute of a mapped class, as in ``User.name``: an SQL expression with values of type T.

    Attributes:
        key: attribute name.
        class_: the class it belongs to.
        parent: the Mapper of that class.
        property: the ColumnProperty or RelationshipProperty behind it.
    """

    __slots__ = ()

    if TYPE_CHECKING:
        key: str
        class_: type[Any]

        parent: Any
        property: Any

        def __clause_element__(self) -> Any: ...

        def any(self, criterion: Any = None, **values: Any) -> ColumnElement[bool]:
            """Return EXISTS over the related rows of a collection that meet `criterion`."""

        def has(self, criterion: Any = None, **values: Any) -> ColumnElement[bool]:
            """Return EXISTS over the related row of a scalar relationship that meets `criterion`."""

        def of_type(self, entity: Any) -> InstrumentedAttribute[Any]:
            """Return this relationship, leading to a subclass or alias of its target."""

        def and_(self, *criteria: Any) -> InstrumentedAttribute[T_co]:
            """Return this relationship with more criteria in its ON clause."""


class Mapped(Generic[T]):
    """Annotation of a mapped attribute: ``name: Mapped[str]``, ``books: Mapped[list["Book"]]``.

    For type checkers ``User.name`` is an InstrumentedAttribute[str] and ``user.name`` is a str. Spec: LB-01, LB-02.
    """

    __slots__ = ()

    if TYPE_CHECKING:

        @overload
        def __get__(self, instance: None, owner: Any) -> InstrumentedAttribute[T]: ...
        @overload
        def __get__(self, instance: object, owner: Any) -> T: ...
        def __get__(self, instance: object | None, owner: Any) -> InstrumentedAttribute[T] | T: ...
        def __set__(self, instance: Any, value: T | ColumnOperators) -> None: ...
        def __delete__(self, instance: Any) -> None: ...
