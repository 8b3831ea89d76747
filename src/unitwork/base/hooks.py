"""``listen`` and ``remove``: hook tables that are empty, and free, until used.

Whoever fires events owns a :class:`HookTable` and asks it for the listeners of a name: a tuple, empty unless somebody
listens. Owners register with :func:`targets` how a public target (a Session, a mapped class, an attribute, an Engine)
leads to its table. Generated code holds no call for an event without listeners: a table tells its owner when that
changes (`on_change`).

Spec: EV-01 to EV-04, EV-09.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable
from types import MethodType
from typing import Any, TypeVar

from unitwork import exc
from unitwork.base.event_arguments import ARGUMENTS, WITH_RESULT

Listener = Callable[..., Any]
_F = TypeVar("_F", bound=Listener)


class HookTable:
    """The listeners of one target, after those of its parents.

    Args:
        names: the events this target has.
        parents: tables whose listeners are called first, e.g. that of the class for an instance.
        on_change: called with the name of the event whenever its listeners, or those of a parent, change.
    """

    __slots__ = ("__weakref__", "_children", "_own", "_parents", "listeners", "names", "on_change")

    def __init__(
        self,
        names: Iterable[str],
        parents: Iterable[HookTable] = (),
        on_change: Callable[[str], None] | None = None,
    ) -> None:
        self.names = frozenset(names)
        self._own: dict[str, list[Listener]] = {}
        self._parents = tuple(parents)
        #: Weakly: a Session with listeners of its own, or the class of a sessionmaker, may go.
        self._children: weakref.WeakSet[HookTable] = weakref.WeakSet()
        self.on_change = on_change
        #: event name to listeners, only for names that have any: ``table.listeners.get("load", ())``.
        self.listeners: dict[str, tuple[Listener, ...]] = {}
        for parent in self._parents:
            for name in parent.listeners:
                self._refresh(name)

    def child(self, on_change: Callable[[str], None] | None = None) -> HookTable:
        """Return a table that follows this one for as long as both live (a subclass of a class)."""
        table = HookTable(self.names, (self,), on_change)
        self._children.add(table)
        return table

    def of(self, name: str) -> tuple[Listener, ...]:
        """Return the listeners of an event, parents' first; reads parents that do not know this table, too."""
        own = tuple(self._own.get(name, ()))
        if not self._parents:
            return own
        return tuple(listener for parent in self._parents for listener in parent.of(name)) + own

    def add(self, name: str, listener: Listener, first: bool = False) -> None:
        """Register a listener, as the first of its event if wished."""
        registered = self._own.setdefault(name, [])
        if first:
            registered.insert(0, listener)
        else:
            registered.append(listener)
        self._refresh(name)

    def discard(self, name: str, listener: Listener) -> bool:
        """Unregister a listener; return whether it was registered."""
        registered = self._own.get(name, [])
        for place, known in enumerate(registered):
            if _is_same(known, listener):
                del registered[place]
                self._refresh(name)
                return True
        return False

    def has(self, name: str, listener: Listener) -> bool:
        """Return whether the listener is registered here."""
        return any(_is_same(known, listener) for known in self._own.get(name, ()))

    def _refresh(self, name: str) -> None:
        listeners = self.of(name)
        if listeners:
            self.listeners[name] = listeners
        else:
            self.listeners.pop(name, None)
        if self.on_change is not None:
            self.on_change(name)
        for child in list(self._children):
            child._refresh(name)


def _is_same(known: Listener, listener: Listener) -> bool:
    if known is listener:
        return True
    known = getattr(known, "__wrapped__", known)
    # A bound method is made anew each time it is named.
    return known is listener or (isinstance(known, MethodType) and known == listener)


Resolver = Callable[[Any, str], "HookTable | None"]
_resolvers: dict[type, list[Resolver]] = {}


def targets(*types: type) -> Callable[[Resolver], Resolver]:
    """Register the decorated function as the way from a target of `types`, and an event name, to a HookTable.

    The function may return None: the target is none of its kind, or has no such event.
    """

    def register(resolver: Resolver) -> Resolver:
        for type_ in types:
            _resolvers.setdefault(type_, []).append(resolver)
        return resolver

    return register


def listen(
    target: Any,
    identifier: str,
    fn: Listener,
    *,
    once: bool = False,
    insert: bool = False,
    named: bool = False,
    propagate: bool = False,
    retval: bool = False,
) -> None:
    """Call `fn` at each event named `identifier` on `target`.

    Args:
        target: a Session, a Session class, a sessionmaker, a mapped class, a mapped attribute, an Engine, a Connection,
            a Pool, the classes Engine and Pool for all of them, a Table or a MetaData.
        identifier: name of the event.
        fn: the listener; its arguments are those of the event.
        once: call it a single time.
        insert: put it before the listeners that are there.
        named: give it the arguments by name.
        propagate: for mapped classes; subclasses hear what is listened to on their class, with or without it.
        retval: what it returns counts, for `before_execute` and `before_cursor_execute`, which ignore it otherwise.
    Raises:
        InvalidRequestError [no-such-event]: the target has no events, or none of this name.
    Spec: EV-01, EV-02, EV-03.
    """
    table = table_of(target, identifier)
    quiet = identifier in WITH_RESULT and not retval
    if once or named or quiet:
        names = ARGUMENTS[identifier] if named else None
        table.add(identifier, _adapted(fn, (table, identifier) if once else None, names, quiet), insert)
    else:
        table.add(identifier, fn, insert)


def listens_for(target: Any, identifier: str, **options: Any) -> Callable[[_F], _F]:
    """Decorate a function to be called at each event named `identifier` on `target`; see :func:`listen`."""

    def register(fn: _F) -> _F:
        listen(target, identifier, fn, **options)
        return fn

    return register


def remove(target: Any, identifier: str, fn: Listener) -> None:
    """Undo ``listen(target, identifier, fn)``.

    Raises:
        InvalidRequestError [no-such-listener]: it was not registered.
    Spec: EV-01, EV-03.
    """
    if not table_of(target, identifier).discard(identifier, fn):
        raise exc.InvalidRequestError(
            f"no listener {getattr(fn, '__qualname__', fn)!s} is registered for '{identifier}' on {_name(target)}.",
            do="pass the same target and function that listen() was given.",
            code="no-such-listener",
        )


def contains(target: Any, identifier: str, fn: Listener) -> bool:
    """Return whether `fn` listens to `identifier` on `target` (EV-01)."""
    return table_of(target, identifier).has(identifier, fn)


def table_of(target: Any, identifier: str) -> HookTable:
    """Return the table of a public target for an event; raises InvalidRequestError [no-such-event] if there is none."""
    for base in type(target).__mro__:
        for resolver in _resolvers.get(base, ()):
            table = resolver(target, identifier)
            if table is not None:
                return table
    raise exc.InvalidRequestError(
        f"{_name(target)} has no event '{identifier}'.",
        do="see the table of events in the documentation for the names and their targets.",
        code="no-such-event",
    )


def _adapted(fn: Listener, once: tuple[HookTable, str] | None, names: tuple[str, ...] | None, quiet: bool) -> Listener:
    def call(*args: Any, **kwargs: Any) -> Any:
        if once is not None:
            once[0].discard(once[1], fn)
        result = fn(*args, **kwargs) if names is None else fn(**dict(zip(names, args)), **kwargs)
        return None if quiet else result

    call.__wrapped__ = fn  # type: ignore[attr-defined]
    call.__qualname__ = getattr(fn, "__qualname__", repr(fn))
    return call


def _name(target: Any) -> str:
    return getattr(target, "__qualname__", None) or f"an object of type {type(target).__qualname__}"
