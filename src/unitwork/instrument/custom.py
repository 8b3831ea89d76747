"""Tracked collections of a user's class: a subclass made of it, whose changing methods are watched.

The subclass puts the built-in tracked kind behind the user's class, so that ``super().append()`` there is tracked. The
user's own methods that change members are watched besides: what they did is seen by comparing the members before and
after, whatever way they took.

Spec: LB-16, ST-54, ST-62.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from unitwork.instrument.backrefs import refuse_member
from unitwork.instrument.dicts import TrackedDict
from unitwork.instrument.lists import TrackedList
from unitwork.instrument.roles import Roles
from unitwork.instrument.sets import TrackedSet
from unitwork.instrument.tracked import Tracked, not_among

_KINDS: tuple[tuple[type, type[Tracked]], ...] = ((list, TrackedList), (set, TrackedSet), (dict, TrackedDict))


class TrackedObject(Tracked):
    """Base of tracked collections whose class derives from no built-in one: known by its methods alone."""

    __slots__ = ()

    tracked_roles: Roles

    def tracked_members(self) -> list[Any]:
        return list(getattr(self, self.tracked_roles.iterator)())

    def tracked_content(self) -> Any:
        return self.tracked_members()

    def tracked_restore(self, content: Any) -> None:
        with quiet(self):
            for member in not_among(self.tracked_members(), content):
                getattr(self, self.tracked_roles.remover)(member)
            for member in not_among(content, self.tracked_members()):
                getattr(self, self.tracked_roles.appender)(member)


@contextlib.contextmanager
def quiet(collection: Tracked) -> Iterator[None]:
    """Let a collection be changed by its own methods without anybody being told."""
    state = collection.tracked_state
    collection.tracked_state = None  # type: ignore[misc]  # a slot of each kind
    try:
        yield
    finally:
        collection.tracked_state = state  # type: ignore[misc]


def tracked_class(cls: type, roles: Roles) -> type[Any]:
    """Return a subclass of a collection class whose instances are tracked."""
    base = next((tracked for kind, tracked in _KINDS if issubclass(cls, kind)), TrackedObject)

    def __new__(own: type[Any], *arguments: Any, **named: Any) -> Any:
        new: Any = cls.__new__
        made = new(own) if new is object.__new__ else new(own, *arguments, **named)
        made.tracked_state = made.tracked_prop = None
        return made

    body: dict[str, Any] = {
        "__slots__": ("tracked_prop", "tracked_state") if base is TrackedObject else (),
        "__module__": cls.__module__,
        "__qualname__": cls.__qualname__,
        "__doc__": cls.__doc__,
        "__new__": __new__,
        "tracked_roles": roles,
        "tracked_receive": _receive,
        "tracked_release": _release,
    }
    for name in roles.watched:
        body[name] = _watched(getattr(cls, name))
    return type(cls)(cls.__name__, (cls, base), body)


def _receive(self: Any, member: Any) -> None:
    self.tracked_note()
    with quiet(self):
        getattr(self, self.tracked_roles.appender)(member)


def _release(self: Any, member: Any) -> None:
    if any(present is member for present in self.tracked_members()):
        self.tracked_note()
        with quiet(self):
            getattr(self, self.tracked_roles.remover)(member)


def _watched(original: Callable[..., Any]) -> Callable[..., Any]:
    """A method of the user's, after which the collection tells what joined and what left."""

    def method(self: Any, *arguments: Any, **named: Any) -> Any:
        if self.tracked_state is None:
            return original(self, *arguments, **named)
        before, content = self.tracked_members(), self.tracked_content()
        try:
            with quiet(self):
                return original(self, *arguments, **named)
        finally:
            # Also after an error: what the method has done until then is done.
            _settle(self, before, content)

    method.__name__ = original.__name__
    method.__qualname__ = getattr(original, "__qualname__", original.__name__)
    method.__doc__ = original.__doc__
    return method


def _settle(collection: Any, before: list[Any], content: Any) -> None:
    after = collection.tracked_members()
    joining, leaving = not_among(after, before), not_among(before, after)
    try:
        for member in joining:
            refuse_member(collection.tracked_prop, collection.tracked_state, member)
        if len(after) != len(before) or any(one is not other for one, other in zip(after, before)):
            collection.tracked_note(before)
        for member in joining:
            collection.tracked_check_joining(member)
        for member in leaving:
            collection.tracked_check_leaving(member)
    except BaseException:
        collection.tracked_restore(content)
        raise
    for member in leaving:
        collection.tracked_left(member)
    for member in joining:
        collection.tracked_joined(member)
