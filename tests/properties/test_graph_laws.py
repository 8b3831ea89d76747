"""Laws of base.graph, over random graphs, and over ones far deeper than Python's stack.

Each function is compared with the definition of what it finds: reachability, worked out the slow way.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable, Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unitwork.base.graph import components, find_cycle, levels

Graph = tuple[list[int], dict[int, list[int]]]

DEEP = 100_000


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Nodes in any order, edges among them, some to nodes that are not asked for, some twice."""
    size = draw(st.integers(0, 9))
    nodes = draw(st.permutations(range(size)))
    edge = st.tuples(st.integers(0, size + 1), st.integers(0, size + 1))
    needs: dict[int, list[int]] = {}
    for start, end in draw(st.lists(edge, max_size=20)):
        needs.setdefault(start, []).append(end)
    return list(nodes), needs


def reachable(start: int, nodes: Iterable[int], needs: Mapping[int, list[int]]) -> set[int]:
    """Nodes that a path of at least one edge leads to, all of it among `nodes`."""
    known = set(nodes)
    found: set[int] = set()
    waiting = [start]
    while waiting:
        for target in needs.get(waiting.pop(), ()):
            if target in known and target not in found:
                found.add(target)
                waiting.append(target)
    return found


def place_by_node(groups: list[list[int]]) -> dict[int, int]:
    """Node to the number of its group."""
    return {node: place for place, group in enumerate(groups) for node in group}


@settings(max_examples=100, deadline=None)
@given(graph=graphs())
def test_components_are_the_classes_of_mutual_reachability(graph: Graph) -> None:
    """FP-05: every node once; together exactly where each leads to the other."""
    nodes, needs = graph

    parts = components(nodes, needs)

    place = place_by_node(parts)
    assert sorted(node for part in parts for node in part) == sorted(nodes)
    for node in nodes:
        mutual = {other for other in reachable(node, nodes, needs) if node in reachable(other, nodes, needs)}
        assert {other for other in nodes if place[other] == place[node]} == mutual | {node}


@settings(max_examples=100, deadline=None)
@given(graph=graphs())
def test_components_point_to_earlier_ones(graph: Graph) -> None:
    """FP-05: and members keep the order of the nodes."""
    nodes, needs = graph

    parts = components(nodes, needs)

    place = place_by_node(parts)
    for node in nodes:
        assert all(place[target] <= place[node] for target in needs.get(node, ()) if target in place)
    assert all(part == [node for node in nodes if node in part] for part in parts)


@settings(max_examples=100, deadline=None)
@given(graph=graphs())
def test_levels_are_as_early_as_can_be(graph: Graph) -> None:
    """FP-05: each node one group after the latest that it needs, in the order of the nodes."""
    nodes, needs = graph

    groups, _ = levels(nodes, needs)

    place = place_by_node(groups)
    for node in place:
        assert place[node] == max((place[target] + 1 for target in needs.get(node, ()) if target in nodes), default=0)
    assert all(group == [node for node in nodes if node in group] for group in groups)


@settings(max_examples=100, deadline=None)
@given(graph=graphs())
def test_levels_leave_exactly_what_leads_into_a_cycle(graph: Graph) -> None:
    """FP-06: nothing else, and nothing twice."""
    nodes, needs = graph

    groups, rest = levels(nodes, needs)

    in_cycles = {node for node in nodes if node in reachable(node, nodes, needs)}
    behind = [node for node in nodes if node in in_cycles or reachable(node, nodes, needs) & in_cycles]
    assert rest == behind
    assert sorted([*rest, *place_by_node(groups)]) == sorted(nodes)


@settings(max_examples=100, deadline=None)
@given(graph=graphs())
def test_a_cycle_is_found_exactly_if_there_is_one(graph: Graph) -> None:
    """FP-06: a path of edges that ends where it began, and meets no other node twice."""
    nodes, needs = graph

    cycle = find_cycle(nodes, needs)

    assert bool(cycle) == any(node in reachable(node, nodes, needs) for node in nodes)
    if cycle:
        assert cycle[0] == cycle[-1]
        assert len(set(cycle)) == len(cycle) - 1
        assert all(end in needs[start] for start, end in itertools.pairwise(cycle))
        assert set(cycle) <= set(nodes)


@settings(max_examples=100, deadline=None)
@given(graph=graphs(), seed=st.integers(0, 99))
def test_the_order_of_edges_does_not_matter(graph: Graph, seed: int) -> None:
    """FP-07: groups and the members of parts follow the nodes alone."""
    nodes, needs = graph
    items = list(needs.items())
    random.Random(seed).shuffle(items)
    shuffled = {node: random.Random(seed).sample(targets, len(targets)) for node, targets in items}

    assert levels(nodes, shuffled) == levels(nodes, needs)
    assert sorted(components(nodes, shuffled)) == sorted(components(nodes, needs))


# -- depth ------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def chain() -> dict[int, list[int]]:
    """DEEP nodes, each in need of the one before."""
    return {number: [number - 1] for number in range(1, DEEP)}


def test_levels_of_a_deep_chain(chain: dict[int, list[int]]) -> None:
    """FP-05: a level per node; no stack of calls is needed."""
    groups, rest = levels(range(DEEP), chain)

    assert (len(groups), groups[0], groups[-1], rest) == (DEEP, [0], [DEEP - 1], [])


def test_components_of_a_deep_chain(chain: dict[int, list[int]]) -> None:
    """FP-05: entered from its far end, which is the deepest way."""
    parts = components(range(DEEP - 1, -1, -1), chain)

    assert (len(parts), parts[0], parts[-1]) == (DEEP, [0], [DEEP - 1])


def test_the_cycle_of_a_long_ring(chain: dict[int, list[int]]) -> None:
    """FP-06: the path has every node, and the first again."""
    ring = {**chain, 0: [DEEP - 1]}

    assert len(find_cycle(range(DEEP), ring)) == DEEP + 1
    assert len(components(range(DEEP), ring)) == 1
