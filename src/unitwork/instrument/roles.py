"""What the methods of a collection class are for: the ``@collection.*`` decorators, and what goes without saying.

A class may derive from list, set or dict, look like one, or say by ``__emulates__`` which of them it stands for; it
needs a method that takes a member in, one that takes a member out, and one that iterates over the members.

Spec: LB-16.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from unitwork import exc

F = TypeVar("F", bound=Callable[..., Any])

_MARK = "tracked_roles"

_DEFAULTS: dict[Any, tuple[str, str, str]] = {
    list: ("append", "remove", "__iter__"),
    set: ("add", "remove", "__iter__"),
    dict: ("", "", "values"),
    None: ("", "", ""),
}

_MUTATORS: dict[Any, frozenset[str]] = {
    list: frozenset("append extend insert remove pop clear __setitem__ __delitem__ __iadd__ __imul__".split()),
    set: frozenset(
        "add discard remove pop clear update difference_update intersection_update symmetric_difference_update "
        "__ior__ __iand__ __isub__ __ixor__".split()
    ),
    dict: frozenset("__setitem__ __delitem__ pop popitem setdefault update clear __ior__".split()),
    None: frozenset(),
}


class collection:
    """Decorators for the methods of a class that is given to ``relationship(collection_class=...)`` (LB-16)."""

    @staticmethod
    def appender(fn: F) -> F:
        """Mark the method that takes one member in; loaders and back references call it."""
        return _marked(fn, "appender")

    @staticmethod
    def remover(fn: F) -> F:
        """Mark the method that takes one member out."""
        return _marked(fn, "remover")

    @staticmethod
    def iterator(fn: F) -> F:
        """Mark the method that iterates over all members."""
        return _marked(fn, "iterator")

    @staticmethod
    def internally_instrumented(fn: F) -> F:
        """Mark a method that changes the collection through its other methods alone, and needs no tracking itself."""
        return _marked(fn, "internally_instrumented")

    @staticmethod
    def converter(fn: F) -> F:
        """Mark the method that takes what is assigned to the attribute and gives an iterable of members."""
        return _marked(fn, "converter")

    @staticmethod
    def adds(arg: int | str) -> Callable[[F], F]:
        """Mark a method that takes in one of its arguments."""
        return lambda fn: _marked(fn, "mutator")

    @staticmethod
    def replaces(arg: int | str) -> Callable[[F], F]:
        """Mark a method that takes in one of its arguments, in the place of another member, which it returns."""
        return lambda fn: _marked(fn, "mutator")

    @staticmethod
    def removes(arg: int | str) -> Callable[[F], F]:
        """Mark a method that takes out one of its arguments."""
        return lambda fn: _marked(fn, "mutator")

    @staticmethod
    def removes_return() -> Callable[[F], F]:
        """Mark a method that takes out a member and returns it."""
        return lambda fn: _marked(fn, "mutator")


def _marked(fn: F, role: str) -> F:
    fn.__dict__[_MARK] = fn.__dict__.get(_MARK, frozenset()) | {role}
    return fn


@dataclass(frozen=True)
class Roles:
    """What the methods of one collection class are for.

    Attributes:
        emulates: list, set or dict, or None where the class is like none of them.
        appender, remover, iterator: names of methods.
        converter: name of a method, or None.
        watched: names of the methods of the user's that may change the members.
    """

    emulates: Any
    appender: str
    remover: str
    iterator: str
    converter: str | None
    watched: tuple[str, ...]


def roles_of(cls: type, where: str) -> Roles:
    """Return what the methods of a collection class are for.

    Args:
        where: class and attribute of the relationship, for messages.
    Raises:
        ArgumentError [collection-class]: it lacks a way to take members in or out, or to iterate.
    """
    emulates = _emulated(cls)
    said: dict[str, str] = {}
    watched = []
    for name in dir(cls):
        owner = next((base for base in cls.__mro__ if name in vars(base)), object)
        marks: frozenset[str] = getattr(vars(owner).get(name), _MARK, frozenset())
        for role in marks:
            said[role] = name
        changes = marks & {"appender", "remover", "mutator"} or name in _MUTATORS[emulates]
        if changes and "internally_instrumented" not in marks and owner not in (list, set, dict, object):
            watched.append(name)
    defaults = dict(zip(("appender", "remover", "iterator"), _DEFAULTS[emulates]))
    chosen = {role: said.get(role) or default for role, default in defaults.items()}
    missing = [role for role, name in chosen.items() if not name or not hasattr(cls, name)]
    if missing:
        raise exc.ArgumentError(
            f"{where} cannot be a collection of class {cls.__qualname__}: it has no {' and no '.join(missing)}.",
            do="for a dictionary give collection_class=attribute_keyed_dict('name of the attribute that is the key'); "
            f"for a class of your own mark its methods with {', '.join(f'@collection.{role}' for role in missing)}.",
            code="collection-class",
        )
    return Roles(emulates, **chosen, converter=said.get("converter"), watched=tuple(watched))


def _emulated(cls: type) -> Any:
    if hasattr(cls, "__emulates__"):
        return cls.__emulates__ if cls.__emulates__ in (list, set, dict) else None
    for kind in (list, set, dict):
        if issubclass(cls, kind):
            return kind
    for kind, method in ((list, "append"), (set, "add"), (dict, "set")):
        if hasattr(cls, method):
            return kind
    return None
