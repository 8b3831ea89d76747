"""base.hooks: tables of listeners, free while they are empty."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from unitwork.base import hooks
from unitwork.base.hooks import HookTable, contains, listen, listens_for, remove, targets
from unitwork.exc import InvalidRequestError


class Target:
    """Something with events, found by the resolver below."""

    def __init__(self) -> None:
        self.table = HookTable(("saved", "loaded"))


@targets(Target)
def table_of(target: Target, name: str) -> HookTable | None:
    """The table of a Target that has the event."""
    return target.table if name in target.table.names else None


@pytest.fixture
def target() -> Target:
    """A target without listeners."""
    return Target()


def listener(name: str, log: list[str]) -> Callable[..., None]:
    """A listener that writes its name down."""
    return lambda *_: log.append(name)


def fire(table: HookTable, name: str) -> None:
    """What the owner of a table does."""
    for called in table.listeners.get(name, ()):
        called()


# -- tables -----------------------------------------------------------------------------------------------------------


def test_a_table_without_listeners_is_empty() -> None:
    """Nothing to call costs one look-up."""
    assert HookTable(("saved",)).listeners == {}


def test_listeners_are_called_in_the_order_of_adding() -> None:
    """EV-06."""
    table = HookTable(("saved",))
    log: list[str] = []

    for name in "abc":
        table.add("saved", listener(name, log))
    fire(table, "saved")

    assert log == ["a", "b", "c"]


def test_a_listener_may_be_put_first() -> None:
    """EV-02: insert."""
    table = HookTable(("saved",))
    log: list[str] = []

    table.add("saved", listener("a", log))
    table.add("saved", listener("b", log), first=True)
    fire(table, "saved")

    assert log == ["b", "a"]


def test_a_function_is_called_once_per_registration() -> None:
    """EV-09."""
    table = HookTable(("saved", "loaded"))
    log: list[str] = []
    function = listener("a", log)

    table.add("saved", function)
    table.add("saved", function)
    table.add("loaded", function)
    fire(table, "saved")
    fire(table, "loaded")

    assert log == ["a"] * 3


def test_discarding_takes_one_registration_and_says_so() -> None:
    """EV-01: and the name is gone with the last of them."""
    table = HookTable(("saved",))
    table.add("saved", print)

    assert table.discard("saved", print) is True
    assert table.discard("saved", print) is False
    assert table.listeners == {}


def test_listeners_are_compared_by_identity() -> None:
    """LB-42: an object that says it is equal to everything is not taken for another."""

    class Equal:
        def __eq__(self, other: object) -> bool:
            return True

        def __call__(self) -> None: ...

    table = HookTable(("saved",))
    table.add("saved", Equal())

    assert not table.discard("saved", Equal())
    assert not table.has("saved", Equal())


# -- children ---------------------------------------------------------------------------------------------------------


def test_a_child_calls_its_parents_listeners_first() -> None:
    """EV-06: class-level listeners, then those of the instance."""
    log: list[str] = []
    parent = HookTable(("saved",))
    child = parent.child()

    child.add("saved", listener("own", log))
    parent.add("saved", listener("parent's", log))
    fire(child, "saved")

    assert log == ["parent's", "own"]


def test_a_child_has_what_its_parent_had_before() -> None:
    """EV-04: listeners of a class reach instances that are made later."""
    parent = HookTable(("saved",))
    parent.add("saved", print)

    assert parent.child().listeners == {"saved": (print,)}


def test_a_child_follows_its_parent_through_generations() -> None:
    """EV-04: coming and going."""
    grandparent = HookTable(("saved",))
    grandchild = grandparent.child().child()

    grandparent.add("saved", print)
    there = dict(grandchild.listeners)
    grandparent.discard("saved", print)

    assert there == {"saved": (print,)}
    assert grandchild.listeners == {}


def test_a_parent_does_not_see_its_childs_listeners() -> None:
    """SB-21: events on one do not reach another."""
    parent = HookTable(("saved",))
    child = parent.child()

    child.add("saved", print)

    assert parent.listeners == {}
    assert parent.child().listeners == {}


def test_a_table_may_have_several_parents() -> None:
    """EV-06: in the order of the parents."""
    first, second = HookTable(("saved",)), HookTable(("saved",))
    first.add("saved", print)
    second.add("saved", repr)

    table = HookTable(("saved",), (first, second))

    assert table.listeners == {"saved": (print, repr)}


def test_of_reads_parents_that_do_not_know_the_table() -> None:
    """EV-04: a table that is made for each Session is not held by its class."""
    parent = HookTable(("saved",))
    table = HookTable(("saved",), (parent,))

    parent.add("saved", print)

    assert table.of("saved") == (print,)


# -- on_change --------------------------------------------------------------------------------------------------------


def test_a_table_tells_its_owner_of_every_change() -> None:
    """So that generated code may leave out events that nobody listens to."""
    told: list[str] = []
    table = HookTable(("saved", "loaded"), on_change=told.append)

    table.add("saved", print)
    table.add("loaded", print)
    table.discard("saved", print)

    assert told == ["saved", "loaded", "saved"]


def test_a_change_of_a_parent_is_told_to_its_children() -> None:
    """Their listeners change with it."""
    told: list[str] = []
    parent = HookTable(("saved",))
    child = parent.child(on_change=told.append)

    parent.add("saved", print)

    assert told == ["saved"]
    assert child.listeners == {"saved": (print,)}


def test_nothing_is_told_where_nothing_changed() -> None:
    """Discarding an unknown listener."""
    told: list[str] = []
    table = HookTable(("saved",), on_change=told.append)

    table.discard("saved", print)

    assert told == []


# -- listen and remove ------------------------------------------------------------------------------------------------


def test_listen_contains_and_remove_go_together(target: Target) -> None:
    """EV-01."""
    listen(target, "saved", print)
    there = contains(target, "saved", print)
    remove(target, "saved", print)

    assert there is True
    assert contains(target, "saved", print) is False


def test_listens_for_returns_the_function(target: Target) -> None:
    """EV-01: the decorated name stays what it was."""

    def function() -> None: ...

    assert listens_for(target, "saved")(function) is function
    assert contains(target, "saved", function)


def test_insert_puts_a_listener_first(target: Target) -> None:
    """EV-02."""
    log: list[str] = []

    listen(target, "saved", listener("a", log))
    listen(target, "saved", listener("b", log), insert=True)
    fire(target.table, "saved")

    assert log == ["b", "a"]


def test_once_calls_a_single_time_with_the_arguments(target: Target) -> None:
    """EV-02: afterwards it is not registered any more."""
    got: list[Any] = []
    listen(target, "saved", got.append, once=True)

    for number in (1, 2):
        for called in target.table.listeners.get("saved", ()):
            called(number)

    assert got == [1]
    assert target.table.listeners == {}


def test_a_once_listener_is_found_and_removed_by_its_function(target: Target) -> None:
    """EV-01, EV-02."""
    listen(target, "saved", print, once=True)
    there = contains(target, "saved", print)

    remove(target, "saved", print)

    assert there is True
    assert target.table.listeners == {}


def test_a_once_listener_is_gone_before_it_runs(target: Target) -> None:
    """EV-02: even if it fires the event itself, it is called once."""
    runs: list[int] = []

    def again() -> None:
        runs.append(1)
        fire(target.table, "saved")

    listen(target, "saved", again, once=True)
    fire(target.table, "saved")

    assert runs == [1]


def test_an_unknown_event_is_refused(target: Target) -> None:
    """EV-03: at listen(), not when it would fire."""
    with pytest.raises(InvalidRequestError) as caught:
        listen(target, "sawed", print)

    assert caught.value.code == "no-such-event"


def test_a_target_without_events_is_refused() -> None:
    """EV-03."""
    with pytest.raises(InvalidRequestError) as caught:
        listen(object(), "saved", print)

    assert caught.value.code == "no-such-event"


def test_removing_what_was_not_registered_is_refused(target: Target) -> None:
    """EV-03."""
    with pytest.raises(InvalidRequestError) as caught:
        remove(target, "saved", print)

    assert caught.value.code == "no-such-listener"


def test_a_resolver_may_leave_a_target_to_another(target: Target) -> None:
    """One type may have events of several owners: the first that has the name counts."""

    class Special(Target):
        pass

    other = HookTable(("polished",))
    hooks.targets(Special)(lambda _, name: other if name == "polished" else None)
    special = Special()

    listen(special, "polished", print)
    listen(special, "saved", print)

    assert other.listeners == {"polished": (print,)}
    assert special.table.listeners == {"saved": (print,)}


def test_a_bound_method_can_be_removed() -> None:
    """EV-03: it is another object each time it is named."""

    class Listener:
        def hear(self) -> None:
            """Do nothing."""

    one, other = Listener(), Listener()
    table = HookTable(["a"])
    table.add("a", one.hear)

    assert table.has("a", one.hear)
    assert not table.discard("a", other.hear)
    assert table.discard("a", one.hear)
    assert table.listeners == {}
