"""scoped_session: one Session per scope, a thread unless told otherwise, reached through one object.

Spec: CX-01 to CX-19.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Hashable, Iterator
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from unitwork import exc
from unitwork.base import hooks
from unitwork.mapping.registry import mapper_of
from unitwork.session.core import object_session
from unitwork.session.factory import sessionmaker
from unitwork.session.query import Query
from unitwork.session.session import Session

T = TypeVar("T")


class ThreadLocalRegistry(Generic[T]):
    """One object per thread, made on first call; it goes with the thread (CX-13, CX-14, CX-19).

    Args:
        createfunc: makes the object.
    """

    def __init__(self, createfunc: Callable[[], T]) -> None:
        self.createfunc = createfunc
        self._local = threading.local()

    def __call__(self) -> T:
        if not self.has():
            self._local.value = self.createfunc()
        found: T = self._local.value
        return found

    def has(self) -> bool:
        """Return whether this thread has an object."""
        return hasattr(self._local, "value")

    def set(self, obj: T) -> None:
        """Make `obj` the object of this thread."""
        self._local.value = obj

    def clear(self) -> None:
        """Forget the object of this thread, if there is one."""
        if self.has():
            del self._local.value


class ScopedRegistry(Generic[T]):
    """One object per key that a function gives, kept until it is cleared (CX-16 to CX-19).

    Args:
        createfunc: makes the object.
        scopefunc: gives the key of the present scope.
    """

    def __init__(self, createfunc: Callable[[], T], scopefunc: Callable[[], Hashable]) -> None:
        self.createfunc = createfunc
        self.scopefunc = scopefunc
        self.registry: dict[Hashable, T] = {}

    def __call__(self) -> T:
        key = self.scopefunc()
        try:
            return self.registry[key]
        except KeyError:
            # setdefault keeps one where two threads of a scope come first at the same time (CX-18).
            return self.registry.setdefault(key, self.createfunc())

    def has(self) -> bool:
        """Return whether the present scope has an object."""
        return self.scopefunc() in self.registry

    def set(self, obj: T) -> None:
        """Make `obj` the object of the present scope."""
        self.registry[self.scopefunc()] = obj

    def clear(self) -> None:
        """Forget the object of the present scope, if there is one."""
        self.registry.pop(self.scopefunc(), None)


if TYPE_CHECKING:
    from typing_extensions import TypeVar as TypeVarWithDefault

    S = TypeVarWithDefault("S", bound=Session, default=Session)
    #: For type checkers it has all methods of a Session; at run time they are passed on one by one.
    _SessionMethods = Session
else:
    S = TypeVar("S", bound=Session)

    class _SessionMethods:
        """Nothing: ``__getattr__`` finds them."""


class _QueryProperty:
    def __init__(self, scope: scoped_session[Any], query_cls: type[Query[Any]] | None) -> None:
        self._scope = scope
        self._query_cls = query_cls

    def __get__(self, instance: object, owner: type[Any]) -> Any:
        if mapper_of(owner) is None:
            return None
        if self._query_cls is not None:
            return self._query_cls(owner, self._scope.registry())
        return self._scope.registry().query(owner)


class scoped_session(_SessionMethods, Generic[S]):
    """The Session of the present scope, with the methods and attributes of a Session.

    Args:
        session_factory: makes Sessions, e.g. a sessionmaker.
        scopefunc: gives a hashable key of the present scope; None means the thread.
    Attributes:
        session_factory: as given.
        registry: ThreadLocalRegistry or ScopedRegistry of Sessions.
    Spec: CX-01 to CX-11.
    """

    def __init__(
        self, session_factory: Callable[..., S], scopefunc: Callable[[], Hashable] | None = None
    ) -> None:
        self.session_factory = session_factory
        self.registry: ThreadLocalRegistry[S] | ScopedRegistry[S] = (
            ThreadLocalRegistry(session_factory) if scopefunc is None else ScopedRegistry(session_factory, scopefunc)
        )

    def __call__(self, **kw: Any) -> S:
        """Return the Session of the present scope, made with `kw` if there is none.

        Raises:
            InvalidRequestError [scope-has-session]: arguments were given, and there is one already (CX-03).
        """
        if kw:
            if self.registry.has():
                raise exc.InvalidRequestError(
                    "this scope has a Session already, so arguments for a new one have no effect.",
                    do="call remove() first, or leave the arguments out.",
                    code="scope-has-session",
                )
            self.registry.set(self.session_factory(**kw))
        return self.registry()

    def remove(self) -> None:
        """Close the Session of the present scope, if there is one, and forget it (CX-04, CX-05)."""
        if self.registry.has():
            self.registry().close()
        self.registry.clear()

    def configure(self, **kwargs: Any) -> None:
        """Change the factory's stored arguments; a Session that is there is not changed (CX-06)."""
        if self.registry.has():
            warnings.warn(
                "this scope has a Session already, which configure() does not change. Do: call remove() first.",
                exc.UnitworkWarning,
                stacklevel=2,
            )
        self.session_factory.configure(**kwargs)  # type: ignore[attr-defined]

    object_session = staticmethod(object_session)

    def query_property(self, query_cls: type[Query[Any]] | None = None) -> Any:
        """Return a class attribute that gives a Query of its class on the present Session (CX-12) [L].

        Args:
            query_cls: what to make; what the Session makes, by default.
        """
        return _QueryProperty(self, query_cls)

    def __contains__(self, instance: object) -> bool:
        return instance in self.registry()

    def __iter__(self) -> Iterator[Any]:
        return iter(self.registry())

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            if name in _PROXIED:
                return getattr(self.registry(), name)
            raise AttributeError(f"scoped_session has no attribute {name!r}")

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _ASSIGNABLE:
            setattr(self.registry(), name, value)
        else:
            object.__setattr__(self, name, value)


#: Methods and attributes of the present Session that a scoped_session has, too (CX-08, CX-09).
_PROXIED = frozenset(
    "add add_all autoflush begin begin_nested bind close commit connection delete delete_all deleted dirty execute "
    "execution_options expire expire_all expunge expunge_all flush get get_bind get_one identity_map info is_active "
    "is_modified merge merge_all new no_autoflush plan query refresh reset rollback scalar scalars".split()
)
_ASSIGNABLE = frozenset(("autoflush", "bind"))


@hooks.targets(scoped_session)
def _scoped_table(target: scoped_session[Any], name: str) -> hooks.HookTable | None:
    factory = target.session_factory
    if isinstance(factory, sessionmaker) or (isinstance(factory, type) and issubclass(factory, Session)):
        return hooks.table_of(factory, name)
    raise exc.ArgumentError(
        "listeners for a scoped_session need a sessionmaker or a Session class as its factory.",
        do="give scoped_session() one of these.",
        code="scope-factory",
    )
