"""How objects of mapped classes come about: the constructor, copies, and what is called after a load (LB-05, LB-38)."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import FunctionType
from typing import Any, TypeVar

from unitwork import exc
from unitwork.instrument.writes import COLUMN
from unitwork.mapping.mapper import Mapper
from unitwork.state.instance import state_of

M = TypeVar("M", bound=Callable[..., Any])


def make_constructor(
    mapper: Mapper, writers: dict[str, Any], plain: set[str], own_access: bool
) -> Callable[..., None]:
    """Return an ``__init__`` that takes attribute names as keywords.

    Args:
        mapper: of the class; its name stands in the error.
        writers: see :func:`unitwork.instrument.writes.make_setattr`.
        own_access: the class has its own ``__setattr__``, which sees every write.
        plain: names of the column attributes without listeners, which go into ``__dict__`` as they are; may change.
    """
    # HOT: every new object; benchmark W1.
    registry = mapper.registry

    def __init__(self: Any, **kwargs: Any) -> None:
        if not mapper.sealed:
            registry.configure()
        if own_access:
            for name, value in kwargs.items():
                _set(self, name, value, writers)
            return
        present = self.__dict__
        if kwargs.keys() <= plain:
            present.update(kwargs)
            return
        for name, value in kwargs.items():
            write = writers.get(name)
            if write is COLUMN:
                present[name] = value
            elif write is not None:
                write(self, value)
            else:
                _set(self, name, value, writers)

    __init__.__qualname__ = f"{mapper.class_.__qualname__}.__init__"
    return __init__


def _set(obj: Any, name: str, value: Any, writers: dict[str, Any]) -> None:
    if not hasattr(type(obj), name):
        raise TypeError(f"{name!r} is no attribute of {type(obj).__name__}; it has {', '.join(writers)}.")
    setattr(obj, name, value)


def copy_of(obj: Any) -> Any:
    """Return a copy, as copy.copy() makes it of any object, with collections of its own from the start (decision 9).

    A list that is shared until the copy gets its state would be changed under the original.
    """
    make, arguments, *rest = obj.__reduce_ex__(4)
    twin = make(*arguments)
    content = rest[0] if rest else None
    if content is not None and hasattr(type(twin), "__setstate__"):
        twin.__setstate__(content)
    elif content is not None:
        present, slots = content if isinstance(content, tuple) else (content, None)
        twin.__dict__.update(present or {})
        for name, value in (slots or {}).items():
            object.__setattr__(twin, name, value)
    state_of(twin)
    return twin


def reconstructor(method: M) -> M:
    """Mark a method that is called for each object that is loaded; ``__init__`` is not (LB-38).

    It takes nothing but the object, whose columns are loaded. An object that is in the Session already, or that
    __init__ makes, does not come by here.
    """
    method.__unitwork_reconstructor__ = True  # type: ignore[attr-defined]
    return method


def reconstructor_of(cls: type) -> Callable[[Any, Any], None] | None:
    """Return the listener for ``load`` that calls the marked method of a class, or None."""
    for name in dir(cls):
        method = inspect.getattr_static(cls, name)
        if isinstance(method, FunctionType) and hasattr(method, "__unitwork_reconstructor__"):

            def reconstruct(obj: Any, context: Any, method: FunctionType = method) -> None:
                method(obj)

            return reconstruct
    return None


def refuse_unsuitable(cls: type) -> None:
    """Raise for a class whose instances cannot be tracked.

    Raises:
        ArgumentError [class-without-dict]: instances have no ``__dict__`` or cannot be referred to weakly.
    """
    missing = [
        name
        for name, offset in (("__dict__", cls.__dictoffset__), ("__weakref__", cls.__weakrefoffset__))
        if not offset
    ]
    if missing:
        raise exc.ArgumentError(
            f"class {cls.__qualname__} cannot be mapped: its instances have no {' and no '.join(missing)}.",
            do="leave out __slots__ (dataclass: slots=False), or name '__dict__' and '__weakref__' in it.",
            code="class-without-dict",
            class_=cls,
        )
