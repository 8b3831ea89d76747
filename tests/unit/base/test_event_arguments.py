"""Every event has names for its arguments."""

from __future__ import annotations

import functools
from typing import Any

import pytest

from unitwork import MetaData, Table, create_engine, event
from unitwork.base.event_arguments import ARGUMENTS
from unitwork.base.hooks import HookTable, listen, remove, targets


class Bell:
    """Something with events."""

    def __init__(self) -> None:
        self.hooks = HookTable(("commit", "before_execute", "set"))

    def ring(self, name: str, *args: Any) -> list[Any]:
        """Call the listeners; return what they return."""
        return [fn(*args) for fn in self.hooks.listeners.get(name, ())]


@targets(Bell)
def _bell(target: Bell, name: str) -> HookTable | None:
    return target.hooks if name in target.hooks.names else None


def test_every_event_has_named_arguments() -> None:
    """EV-02: named=True works for all events of engines, pools and tables."""
    engine = create_engine("sqlite://")
    names = engine.hooks.names | engine.pool.hooks.names | Table("t", MetaData()).hooks.names

    assert names - ARGUMENTS.keys() == set()


def test_named() -> None:
    """EV-02: arguments by name; remove() and contains() know the function."""
    bell, seen = Bell(), []

    def hear(**given: Any) -> None:
        seen.append(given)

    listen(bell, "set", hear, named=True)
    assert event.contains(bell, "set", hear)
    bell.ring("set", 1, 2, 3, 4)
    remove(bell, "set", hear)
    bell.ring("set", 5, 6, 7, 8)

    assert seen == [{"target": 1, "value": 2, "oldvalue": 3, "initiator": 4}]


@pytest.mark.parametrize("retval", [True, False])
def test_retval(retval: bool) -> None:
    """EV-02: results of before_execute count where the listener says so."""
    bell = Bell()
    listen(bell, "before_execute", lambda *given: given, retval=retval)

    assert bell.ring("before_execute", 1, 2) == [(1, 2) if retval else None]


def test_all_options_together() -> None:
    """EV-02: once, first, by name."""
    bell, seen = Bell(), []
    listen(bell, "commit", lambda conn: seen.append("second"))
    listen(bell, "commit", lambda conn: seen.append(conn), named=True, once=True, insert=True)
    bell.ring("commit", "first")
    bell.ring("commit", "again")

    assert seen == ["first", "second", "second"]


def test_a_decorated_listener_is_found_again() -> None:
    """EV-03: a function that wraps another is itself, not the one inside."""
    bell = Bell()

    @functools.wraps(print)
    def hear(*args: Any) -> None: ...

    listen(bell, "set", hear)
    remove(bell, "set", hear)

    assert bell.ring("set") == []
