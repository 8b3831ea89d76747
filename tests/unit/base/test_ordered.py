"""base.ordered: sets that keep order, and one that never asks its members whether they are equal."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, NoReturn

import pytest

from unitwork.base.ordered import IdentitySet, OrderedSet


class Hostile:
    """Raises when it is compared, hashed, asked for its truth or printed."""

    def _refuse(self, *_: object) -> NoReturn:
        raise AssertionError("the set called its member")

    __eq__ = __ne__ = __lt__ = __hash__ = __bool__ = __len__ = __repr__ = _refuse  # type: ignore[assignment]


class Liar:
    """Is equal to everything."""

    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 1


@pytest.fixture
def one() -> Any:
    """A member."""
    return Hostile()


@pytest.fixture
def two() -> Any:
    """Another."""
    return Hostile()


def ids(members: Any) -> list[int]:
    """Identities of members, in order."""
    return [id(member) for member in members]


# -- OrderedSet -------------------------------------------------------------------------------------------------------


def test_an_ordered_set_iterates_in_the_order_of_adding() -> None:
    """Adding again does not move a member."""
    members = OrderedSet("cab")

    members.add("a")
    members.add("d")

    assert list(members) == ["c", "a", "b", "d"]


def test_an_ordered_set_forgets_what_is_discarded() -> None:
    """And is silent about what it never had."""
    members = OrderedSet("ab")

    members.discard("a")
    members.discard("z")

    assert (list(members), len(members), "a" in members) == (["b"], 1, False)


def test_an_ordered_set_is_equal_to_a_set_of_the_same_members() -> None:
    """Order does not count in comparing."""
    assert OrderedSet("ab") == {"b", "a"}
    assert OrderedSet("ab") | OrderedSet("ca") == {"a", "b", "c"}


def test_an_ordered_set_shows_its_members() -> None:
    """In their order."""
    assert repr(OrderedSet("ba")) == "OrderedSet(['b', 'a'])"


# -- IdentitySet ------------------------------------------------------------------------------------------------------


def test_an_identity_set_never_calls_its_members(one: Any, two: Any) -> None:
    """LB-42: adding, looking up, discarding, iterating, counting."""
    members = IdentitySet([one, two, one])

    members.add(one)
    members.discard(two)
    members.discard(two)

    assert ids(members) == ids([one])
    assert one in members
    assert two not in members
    assert len(members) == 1


def test_an_identity_set_keeps_members_apart_that_say_they_are_equal() -> None:
    """LB-42, ST-36: membership is by identity."""
    first, second = Liar(), Liar()
    members = IdentitySet([first])

    assert second not in members
    assert len(IdentitySet([first, second])) == 2


def test_an_identity_set_keeps_the_order_of_adding(one: Any, two: Any) -> None:
    """SB-58: adding again does not move a member."""
    members = IdentitySet([two, one])

    members.add(two)

    assert ids(members) == ids([two, one])


def test_an_identity_set_may_change_while_it_is_iterated(one: Any, two: Any) -> None:
    """ST-36: a loop goes over what was there at its start."""
    members = IdentitySet([one, two])

    for member in members:
        members.discard(member)

    assert len(members) == 0


def test_named_operations_never_call_members(one: Any, two: Any) -> None:
    """LB-42: union, difference, intersection take any iterable."""
    members = IdentitySet([one])

    assert ids(members.union([two, one])) == ids([one, two])
    assert ids(members.difference([two])) == ids([one])
    assert ids(members.intersection([two, one])) == ids([one])
    assert members.isdisjoint([two])


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        (operator.or_, "both"),
        (operator.and_, "none"),
        (operator.sub, "one"),
        (operator.xor, "both"),
        (operator.eq, False),
        (operator.ne, True),
        (operator.le, False),
        (operator.ge, False),
        (operator.lt, False),
        (operator.gt, False),
    ],
)
def test_operators_between_identity_sets_never_call_members(
    operation: Callable[[Any, Any], Any], expected: Any, one: Any, two: Any
) -> None:
    """LB-42: all of a set's operators."""
    members = {"both": [one, two], "one": [one], "none": []}

    found = operation(IdentitySet([one]), IdentitySet([two]))

    assert (ids(found) if isinstance(found, IdentitySet) else found) == (
        ids(members[expected]) if isinstance(expected, str) else expected
    )


@pytest.mark.parametrize(
    "operation",
    [
        operator.or_,
        operator.and_,
        operator.ge,
        operator.lt,
        operator.sub,
        operator.xor,
        operator.le,
    ],
)
def test_operators_with_a_plain_set_never_call_members(operation: Callable[[Any, Any], Any], one: Any) -> None:
    """LB-42: the other side may be a set of something else."""
    operation(IdentitySet([one]), {1})


def test_an_identity_set_is_equal_to_what_has_the_same_members() -> None:
    """ST-36: another identity set, a set, a frozenset; nothing else."""
    member = object()
    members = IdentitySet([member])

    assert members == IdentitySet([member])
    assert members == {member}
    assert members == frozenset([member])
    assert members != IdentitySet()
    assert members != [member]


def test_an_identity_set_is_not_hashable() -> None:
    """It may change."""
    with pytest.raises(TypeError):
        hash(IdentitySet())


def test_an_identity_set_shows_classes_and_not_members(one: Any) -> None:
    """LB-42: printing calls no member either."""
    assert repr(IdentitySet([one])) == f"IdentitySet([<Hostile at {id(one):#x}>])"


def test_removing_what_is_not_there_is_an_error(one: Any, two: Any) -> None:
    """As with any set; pop() gives the members in order."""
    members = IdentitySet([one, two])

    with pytest.raises(KeyError):
        IdentitySet([one]).remove(object())

    assert members.pop() is one
    assert ids(members) == ids([two])
