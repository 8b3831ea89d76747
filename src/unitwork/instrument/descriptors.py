"""The attributes of a mapped class: native reads on instances, SQL on the class.

They define ``__get__`` only. A loaded value lies in the instance ``__dict__`` under the attribute's name, where Python
finds it before any non-data descriptor, so that reading it runs none of our code. Only an absent value comes here, and
absence means "ask the state": never set, deleted, not loaded, expired.

Classes that bring their own ``__setattr__``, ``__delattr__`` or ``__getattribute__`` get the tracked variants, data
descriptors: slower, and tracked just as well.

Spec: ST-21, ST-22, ST-56; decision 0003.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from unitwork import exc
from unitwork.instrument.backrefs import NEW_COLLECTION
from unitwork.instrument.class_sql import ColumnSql, RelationshipSql
from unitwork.instrument.writes import Writer
from unitwork.state.instance import STATE, InstanceState, describe, state_of
from unitwork.state.lifecycle import DETACHED, PENDING, TRANSIENT


class ColumnAttribute(ColumnSql):
    """A column attribute."""

    __slots__ = ()

    def __get__(self, obj: Any, owner: Any = None) -> Any:
        if obj is None:
            return self
        return read_column(obj, self.key)


class RelationshipAttribute(RelationshipSql):
    """A relationship attribute."""

    __slots__ = ()

    def __get__(self, obj: Any, owner: Any = None) -> Any:
        if obj is None:
            return self
        return read_relationship(obj, self)


class TrackedColumnAttribute(ColumnAttribute):
    """A column attribute of a class with its own attribute access."""

    __slots__ = ("delete", "writers")

    delete: Callable[[Any], None]
    writers: dict[str, Writer]

    def __get__(self, obj: Any, owner: Any = None) -> Any:
        if obj is None:
            return self
        present = vars(obj)
        return present[self.key] if self.key in present else read_column(obj, self.key)

    def __set__(self, obj: Any, value: Any) -> None:
        self.writers[self.key](obj, value)

    def __delete__(self, obj: Any) -> None:
        self.delete(obj)


class TrackedRelationshipAttribute(RelationshipAttribute):
    """A relationship attribute of a class with its own attribute access."""

    __slots__ = ("delete", "writers")

    delete: Callable[[Any], None]
    writers: dict[str, Writer]

    def __get__(self, obj: Any, owner: Any = None) -> Any:
        if obj is None:
            return self
        present = vars(obj)
        return present[self.key] if self.key in present else read_relationship(obj, self)

    def __set__(self, obj: Any, value: Any) -> None:
        self.writers[self.key](obj, value)

    def __delete__(self, obj: Any) -> None:
        self.delete(obj)


def read_column(obj: Any, name: str) -> Any:
    """Return the value of a column attribute that is absent from the instance.

    Raises:
        DetachedInstanceError [detached-load]: it has to be loaded and there is no Session.
    """
    state = obj.__dict__.get(STATE)
    if state is None or state() is not obj or state.phase in (TRANSIENT, PENDING):
        mapper = type(obj).__mapper__
        return mapper.polymorphic_identity if name == mapper.polymorphic_key else None
    if name in state.changes:
        return None
    if state.tracker is None:
        raise detached(state, name)
    return state.tracker.port.load(state, name)


def read_relationship(obj: Any, attribute: RelationshipAttribute) -> Any:
    """Return the value of a relationship attribute that is absent from the instance.

    A new object has None, or an empty collection, which is kept.

    Raises:
        DetachedInstanceError [detached-load]: it has to be loaded and there is no Session.
    """
    prop = attribute.property
    state = state_of(obj)
    if state.phase in (TRANSIENT, PENDING):
        if not prop.uselist:
            return None
        collection = obj.__dict__[prop.key] = prop.memo[NEW_COLLECTION](state)
        return collection
    if state.tracker is None:
        raise detached(state, prop.key)
    return state.tracker.port.load(state, prop.key)


def detached(state: InstanceState, name: str) -> exc.DetachedInstanceError:
    """Return the error for reading an unloaded attribute of an object without a Session (ER-12)."""
    owner = "it is not attached to a Session" if state.phase == DETACHED else "its Session is gone"
    return exc.DetachedInstanceError(
        f"cannot load '{name}' of {describe(state)}: {owner}.",
        do="session.add() the object first, or read the attribute before the Session closes.",
        code="detached-load",
        state=state,
        attribute=name,
    )
