"""The attributes of synonyms and of SQL expressions on a class (LB-06)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from unitwork.mapping.mapper import ColumnProperty, SynonymProperty


class SynonymAttribute:
    """Another name for an attribute: on the class its SQL, on an instance its value.

    Attributes:
        prop: the SynonymProperty.
        descriptor: what reads and writes on instances instead, e.g. a property of the class; or None.
    """

    def __init__(self, prop: SynonymProperty, descriptor: Any) -> None:
        self.prop = prop
        self.descriptor = descriptor
        self.__doc__ = prop.doc

    def __get__(self, obj: Any, owner: Any = None) -> Any:
        if obj is None:
            return getattr(owner, self.prop.name)
        if self.descriptor is not None:
            return self.descriptor.__get__(obj, owner)
        return getattr(obj, self.prop.name)

    def __set__(self, obj: Any, value: Any) -> None:
        if self.descriptor is not None:
            self.descriptor.__set__(obj, value)
        else:
            setattr(obj, self.prop.name, value)

    def __delete__(self, obj: Any) -> None:
        if self.descriptor is not None:
            self.descriptor.__delete__(obj)
        else:
            delattr(obj, self.prop.name)


def expression_writer(prop: ColumnProperty) -> Callable[[Any, Any], None]:
    """Return the writer of an SQL expression: the value stays until the attribute is loaded, and is never flushed."""
    name = prop.key

    def write(obj: Any, value: Any) -> None:
        obj.__dict__[name] = value

    return write


def expression_deleter(prop: ColumnProperty) -> Callable[[Any], None]:
    """Return the function behind ``del obj.expression``: it is loaded again when it is read."""
    name = prop.key

    def delete(obj: Any) -> None:
        if name not in obj.__dict__:
            raise AttributeError(f"{type(obj).__name__!r} object has no value for attribute {name!r} to delete")
        del obj.__dict__[name]

    return delete


def descriptor_of(cls: type, name: str) -> Any:
    """Return what reads `name` on instances of a class before it is mapped, if it is a property or the like."""
    for base in cls.__mro__:
        if name in vars(base):
            found = vars(base)[name]
            return found if hasattr(type(found), "__get__") and hasattr(type(found), "__set__") else None
    return None
