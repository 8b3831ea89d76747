"""Attributes by name, and what tools may do to them beyond reading and writing.

Spec: AP-54 to AP-61.
"""

from __future__ import annotations

from typing import Any

from unitwork import exc
from unitwork.base.markers import NO_VALUE
from unitwork.instrument.collections import bind_loaded
from unitwork.state.history import History
from unitwork.state.instance import InstanceState, describe, state_of


def is_instrumented(instance: object, key: str) -> bool:
    """Return whether `key` is a mapped attribute of the instance's class (AP-61)."""
    return key in state_of(instance).mapper.attrs


def get_attribute(instance: object, key: str) -> Any:
    """Return an attribute as reading it does; KeyError if it is not mapped (AP-55)."""
    _known(instance, key)
    return getattr(instance, key)


def set_attribute(instance: object, key: str, value: Any) -> None:
    """Write an attribute as assigning it does; KeyError if it is not mapped (AP-55)."""
    _known(instance, key)
    setattr(instance, key, value)


def del_attribute(instance: object, key: str) -> None:
    """Delete an attribute as ``del`` does; KeyError if it is not mapped (AP-55)."""
    _known(instance, key)
    delattr(instance, key)


def get_history(instance: object, key: str) -> History:
    """Return what changed in an attribute; loads an unloaded value (AP-56). KeyError if it is not mapped."""
    state = _known(instance, key)
    if state.changes is not None and key not in state.changes:
        getattr(instance, key)
    return state.history_of(key)


def flag_modified(instance: object, key: str) -> None:
    """Have the next flush write an attribute even if its value is equal, e.g. after a change inside it (AP-58).

    Raises:
        KeyError: it is not mapped.
        InvalidRequestError [flag-unloaded]: it is not loaded.
    """
    state = _known(instance, key)
    if key not in instance.__dict__:
        raise exc.InvalidRequestError(
            f"cannot flag '{key}' of {describe(state)} as modified: it is not loaded.",
            do="read it first, or assign a value.",
            code="flag-unloaded",
            state=state,
        )
    if state.changes is not None:
        state.note_change(instance, key, NO_VALUE)


def set_committed_value(instance: object, key: str, value: Any) -> None:
    """Store a value as if it had been loaded: no history, no event, no cascade (AP-60). KeyError if not mapped."""
    state = _known(instance, key)
    relationship = state.mapper.relationships.get(key)
    if relationship is not None and relationship.uselist:
        bind_loaded(relationship, state, instance, value)
    else:
        instance.__dict__[key] = value
    if state.changes:
        state.changes.pop(key, None)


def _known(instance: object, key: str) -> InstanceState:
    state = state_of(instance)
    if key not in state.mapper.attrs:
        raise KeyError(f"{state.mapper.class_.__name__} has no mapped attribute {key!r}")
    return state
