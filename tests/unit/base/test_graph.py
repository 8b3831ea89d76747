"""base.graph: strongly connected parts, levels, and finding a cycle."""

from __future__ import annotations

import pytest

from unitwork.base import graph
from unitwork.base.graph import components, find_cycle, levels

#: Longer than the stack of calls that Python allows.
LONG = 2_000


def chain(length: int) -> tuple[list[int], dict[int, list[int]]]:
    """Numbers, and each one's need of the one before it."""
    return list(range(length)), {number: [number - 1] for number in range(1, length)}


# -- components -------------------------------------------------------------------------------------------------------


def test_components_come_after_what_they_point_to() -> None:
    """FP-05: with edges that mean "needs", what is needed comes first."""
    parts = components(["c", "b", "a"], {"c": ["b"], "b": ["a"]})

    assert parts == [["a"], ["b"], ["c"]]


def test_components_without_edges_keep_the_order_of_the_nodes() -> None:
    """FP-07: ties are settled by the order of the input."""
    assert components(["c", "a", "b"], {}) == [["c"], ["a"], ["b"]]


def test_components_hold_a_cycle_together_in_the_order_of_the_nodes() -> None:
    """FP-05: the members of a cycle are one part, however it is entered."""
    parts = components(["a", "x", "b", "c"], {"a": ["c"], "c": ["b"], "b": ["a"], "x": ["a"]})

    assert parts == [["a", "b", "c"], ["x"]]


def test_components_of_two_cycles_are_two_parts() -> None:
    """FP-05: one cycle that points to another is not part of it."""
    parts = components([1, 2, 3, 4], {1: [2, 3], 2: [1], 3: [4], 4: [3]})

    assert parts == [[3, 4], [1, 2]]


def test_components_take_a_node_that_points_to_itself_for_one_part() -> None:
    """RP-02: a table that refers to itself."""
    assert components(["a"], {"a": ["a"]}) == [["a"]]


def test_components_ignore_what_is_no_node() -> None:
    """An edge may lead out of the nodes that were asked for."""
    assert components(["a"], {"a": ["elsewhere"], "elsewhere": ["a"]}) == [["a"]]


# -- levels -----------------------------------------------------------------------------------------------------------


def test_levels_put_every_node_after_what_it_needs() -> None:
    """FP-05: as early as possible."""
    groups, rest = levels(["leaf", "root", "twig", "other"], {"leaf": ["twig", "root"], "twig": ["root"]})

    assert groups == [["root", "other"], ["twig"], ["leaf"]]
    assert rest == []


def test_levels_keep_the_order_of_the_nodes_within_a_group() -> None:
    """FP-07: also where nodes were freed in another order."""
    groups, _ = levels([3, 1, 2, 9, 8], {3: [8], 1: [9], 2: [8]})

    assert groups == [[9, 8], [3, 1, 2]]


def test_levels_leave_cycles_and_what_is_behind_them() -> None:
    """FP-06: the caller cuts them."""
    groups, rest = levels(["free", "a", "b", "behind"], {"a": ["b"], "b": ["a"], "behind": ["a"]})

    assert groups == [["free"]]
    assert rest == ["a", "b", "behind"]


def test_levels_count_a_need_that_is_told_twice_once() -> None:
    """Two foreign keys of a row may lead to the same one."""
    assert levels(["a", "b"], {"b": ["a", "a"]}) == ([["a"], ["b"]], [])


def test_levels_ignore_needs_that_are_no_nodes() -> None:
    """What is not among the nodes is there already."""
    assert levels(["a"], {"a": ["elsewhere"]}) == ([["a"]], [])


def test_levels_leave_a_node_that_needs_itself() -> None:
    """RP-02: it is a cycle of one."""
    assert levels(["a"], {"a": ["a"]}) == ([], ["a"])


def test_levels_of_nothing_are_no_groups() -> None:
    """An empty flush has no level."""
    assert levels([], {}) == ([], [])


# -- find_cycle -------------------------------------------------------------------------------------------------------


def test_find_cycle_returns_the_path_and_its_first_node_again() -> None:
    """FP-06: the error names the cycle as a path."""
    assert find_cycle(["before", 1, 2, 3], {"before": [1], 1: [2], 2: [3], 3: [1]}) == [1, 2, 3, 1]


def test_find_cycle_finds_a_node_that_needs_itself() -> None:
    """RP-02."""
    assert find_cycle(["a"], {"a": ["a"]}) == ["a", "a"]


def test_find_cycle_leaves_out_what_leads_into_it() -> None:
    """FP-06: a node behind a cycle is no part of the path."""
    assert find_cycle(["x", "a", "b"], {"x": ["a"], "a": ["b"], "b": ["a"]}) == ["a", "b", "a"]


def test_find_cycle_tells_a_meeting_of_two_ways_from_a_cycle() -> None:
    """Two ways to one node are none."""
    assert find_cycle(["a", "b", "c", "d"], {"a": ["b", "c"], "b": ["d"], "c": ["d"]}) == []


def test_find_cycle_stays_among_its_nodes() -> None:
    """A way back through a node that was not asked for does not count."""
    assert find_cycle(["a"], {"a": ["elsewhere"], "elsewhere": ["a"]}) == []


# -- depth ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["components", "levels", "find_cycle"])
def test_depth_needs_no_stack(name: str) -> None:
    """FP-05: a chain longer than Python's stack; 100,000 nodes stand in tests/properties."""
    nodes, needs = chain(LONG)

    found = getattr(graph, name)(nodes[::-1], needs)

    expected = {
        "components": [[number] for number in nodes],
        "levels": ([[number] for number in nodes], []),
        "find_cycle": [],
    }
    assert found == expected[name]


def test_a_ring_of_any_length_is_one_part() -> None:
    """FP-06: and it is found as one cycle."""
    nodes, needs = chain(LONG)
    needs[0] = [LONG - 1]

    assert components(nodes, needs) == [nodes]
    assert len(find_cycle(nodes, needs)) == LONG + 1
    assert levels(nodes, needs) == ([], nodes)
