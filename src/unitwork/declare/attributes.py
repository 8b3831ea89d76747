"""``declared_attr``: a method of a mixin that makes an attribute, anew for each class that is mapped with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from unitwork.mapping.typed import InstrumentedAttribute, Mapped

T = TypeVar("T")


class DeclaredMethod(Generic[T]):
    """A method that is called with the class when it is mapped; read on a class before that, it is called too.

    Attributes:
        function: the method; takes the class.
        is_directive: it makes no attribute but a setting, as ``__tablename__``.
    """

    is_directive = False
    #: It is called for every class of a hierarchy, and not only for the first that has it.
    cascades = False

    def __init__(self, function: Callable[[Any], Any]) -> None:
        # @declared_attr over @classmethod is what type checkers like best.
        self.function: Callable[[Any], Any] = function.__func__ if isinstance(function, classmethod) else function
        self.__doc__ = self.function.__doc__

    def produce(self, cls: type) -> Any:
        """Call the method for `cls`."""
        return self.function(cls)


class DeclaredDirective(DeclaredMethod[T]):
    """``@declared_attr.directive``: a method for ``__tablename__``, ``__table_args__`` and ``__mapper_args__``."""

    is_directive = True

    if TYPE_CHECKING:

        def __init__(self, function: Callable[[Any], T]) -> None: ...

    def __get__(self, instance: object, owner: type) -> T:
        produced: T = self.produce(owner)
        return produced


class declared_attr(DeclaredMethod[T]):
    """A method of a mixin that returns a mapped attribute, called once for each class that is mapped with it.

    The method takes the class and returns ``mapped_column()``, ``relationship()`` or ``column_property()``. Methods
    named ``__tablename__`` and the like may be given to it too; `directive` says so to type checkers.

    Spec: LB-03.
    """

    directive = DeclaredDirective

    if TYPE_CHECKING:

        def __init__(self, function: Callable[[Any], Mapped[T]]) -> None: ...
        @overload
        def __get__(self, instance: None, owner: Any) -> InstrumentedAttribute[T]: ...
        @overload
        def __get__(self, instance: object, owner: Any) -> T: ...
        def __get__(self, instance: object | None, owner: Any) -> InstrumentedAttribute[T] | T: ...

    else:

        def __get__(self, instance: object, owner: type) -> Any:
            return self.produce(owner)

        @classmethod
        def cascading(cls, function: Callable[[Any], Any]) -> Any:
            """Return a `declared_attr` whose method is called for the subclasses of a mapped class too."""
            made = cls(function)
            made.cascades = True
            return made


def declarative_mixin(cls: type[T]) -> type[T]:
    """Mark a class as a mixin, for readers; it does nothing (LB-38)."""
    return cls
