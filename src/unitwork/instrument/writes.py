"""Tracked writes: the generated ``__setattr__`` and ``__delattr__`` of a mapped class.

A write to a column attribute notes the old value on the state, once per flush, and stores into the instance
``__dict__``. Everything that does more (relationships, attributes with listeners) stands as a function in the class's
table of writers, so that it costs nothing where it is not used.

Neighbours: instrument/install.py puts the functions on the class; state/instance.py records the change.

Spec: SB-06, ST-23, ST-52, ST-57, ST-58, EV-85.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from unitwork.base.codegen import Source
from unitwork.base.markers import NO_VALUE
from unitwork.mapping.mapper import ColumnProperty, Mapper
from unitwork.state.instance import STATE, InstanceState, find_state, state_of
from unitwork.state.lifecycle import PERSISTENT

#: In a table of writers: a column attribute without listeners.
COLUMN = object()

Writer = Callable[[Any, Any], None]


def make_setattr(writers: dict[str, Any]) -> Callable[[Any, str, Any], None]:
    """Return the ``__setattr__`` of a class.

    Args:
        writers: attribute name to COLUMN or to a function ``(obj, value)``; read at each write, so it may change.
    """
    # HOT: every attribute write; benchmark W5. Its plain twin is `write_column` with a look-up before it.
    source = Source("__setattr__")
    source.add("def __setattr__(self, name, value):")
    source.add("write = writer_of(name)", indent=1)
    source.add("if write is COLUMN:", indent=1)
    source.add("present = self.__dict__", indent=2)
    source.add("state = present.get(STATE)", indent=2)
    source.add("if state is not None:", indent=2)
    source.add("changes = state.changes", indent=3)
    source.add("if changes is not None and name not in changes:", indent=3)
    source.add("first_change(state, self, name)", indent=4)
    source.add("present[name] = value", indent=2)
    source.add("elif write is None:", indent=1)
    source.add("plain_set(self, name, value)", indent=2)
    source.add("else:", indent=1)
    source.add("write(self, value)", indent=2)
    source.bind(writer_of=writers.get, COLUMN=COLUMN, STATE=STATE, first_change=first_change)
    source.bind(plain_set=object.__setattr__)
    return source.compile()


def make_delattr(deleters: dict[str, Callable[[Any], None]]) -> Callable[[Any, str], None]:
    """Return the ``__delattr__`` of a class; `deleters` has a function ``(obj)`` per mapped attribute."""

    def __delattr__(self: Any, name: str) -> None:
        delete = deleters.get(name)
        if delete is None:
            object.__delattr__(self, name)
        else:
            delete(self)

    return __delattr__


def first_change(state: InstanceState, obj: Any, name: str) -> None:
    """Record the old value of a column attribute that is about to change for the first time since the flush."""
    if state() is not obj:
        # The __dict__ was copied from another object: this one is new, and has nothing to record.
        state = state_of(obj)
        if state.changes is None:
            return
    old = obj.__dict__.get(name, NO_VALUE)
    if old is NO_VALUE and state.mapper.columns[name].active_history:
        old = _load_old(state, name)
    state.note_change(obj, name, old)


def write_column(obj: Any, name: str, value: Any) -> None:
    """Write a column attribute with tracking: what the generated ``__setattr__`` does, for others."""
    state = find_state(obj)
    if state is not None and state.changes is not None and name not in state.changes:
        first_change(state, obj, name)
    obj.__dict__[name] = value


def column_deleter(prop: ColumnProperty) -> Callable[[Any], None]:
    """Return the function behind ``del obj.column``: it reads as None, and a flush writes NULL (ST-57, ST-58)."""
    name = prop.key

    def delete(obj: Any) -> None:
        state = find_state(obj)
        present = obj.__dict__
        if name not in present and (state is None or state.changes is None or name in state.changes):
            raise AttributeError(f"{type(obj).__name__!r} object has no value for attribute {name!r} to delete")
        if state is not None and state.changes is not None and name not in state.changes:
            first_change(state, obj, name)
        present.pop(name, None)

    return delete


def listened_column_writer(prop: ColumnProperty, mapper: Mapper) -> Writer:
    """Return the writer of a column attribute that has ``set`` listeners (EV-85).

    Listeners are called with (target, value, oldvalue, initiator); one that raises stops the change (EV-93).
    """
    name = prop.key
    events = prop.memo

    def write(obj: Any, value: Any) -> None:
        old = obj.__dict__.get(name, NO_VALUE)
        for listener in events["set"]:
            listener(obj, value, old, prop)
        write_column(obj, name, value)

    return write


def _load_old(state: InstanceState, name: str) -> Any:
    if state.phase == PERSISTENT and state.tracker is not None:
        return state.tracker.port.load(state, name)
    return NO_VALUE
