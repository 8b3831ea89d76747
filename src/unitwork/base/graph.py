"""Order things by what must come first: strongly connected parts, and levels.

Everything here is linear in nodes plus edges, keeps the order of its input where the edges leave a choice, and does not
recurse, so that a chain of 100,000 rows is as good as one of ten.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import TypeVar

N = TypeVar("N", bound=Hashable)


def components(nodes: Sequence[N], successors: Mapping[N, Iterable[N]]) -> list[list[N]]:
    """Group nodes into strongly connected parts, each part after all parts it points to.

    Args:
        nodes: in the order that ties are settled by.
        successors: node to the nodes it points to; nodes outside `nodes` are ignored.
    Returns:
        Parts, dependencies first when an edge means "needs"; members keep the order of `nodes`.
    Spec: FP-05, FP-07.
    """
    # Tarjan's algorithm with a stack of our own.
    known = set(nodes)
    index: dict[N, int] = {}
    low: dict[N, int] = {}
    on_stack: set[N] = set()
    stack: list[N] = []
    found: list[list[N]] = []
    for start in nodes:
        if start in index:
            continue
        index[start] = low[start] = len(index)
        stack.append(start)
        on_stack.add(start)
        work = [(start, iter(successors.get(start, ())))]
        while work:
            node, targets = work[-1]
            for target in targets:
                if target not in known:
                    continue
                if target not in index:
                    index[target] = low[target] = len(index)
                    stack.append(target)
                    on_stack.add(target)
                    work.append((target, iter(successors.get(target, ()))))
                    break
                if target in on_stack:
                    low[node] = min(low[node], index[target])
            else:
                work.pop()
                if work:
                    parent = work[-1][0]
                    low[parent] = min(low[parent], low[node])
                if low[node] == index[node]:
                    part = set()
                    while True:
                        member = stack.pop()
                        on_stack.discard(member)
                        part.add(member)
                        if member == node:
                            break
                    found.append(list(part))
    position = {node: place for place, node in enumerate(nodes)}
    for members in found:
        members.sort(key=position.__getitem__)
    return found


def levels(nodes: Sequence[N], needs: Mapping[N, Sequence[N]]) -> tuple[list[list[N]], list[N]]:
    """Group nodes so that every node comes after all that it needs.

    Args:
        nodes: in the order that ties are settled by.
        needs: node to the nodes that must be in an earlier group; nodes outside `nodes` are ignored.
    Returns:
        (groups, rest): groups in order, each keeping the order of `nodes`; `rest` holds the nodes that are in a cycle
        or behind one, in the order of `nodes`.
    Spec: FP-05, FP-06.
    """
    known = set(nodes)
    waiting: dict[N, int] = {}
    dependants: dict[N, list[N]] = {}
    ready: list[N] = []
    for node in nodes:
        wanted = {needed for needed in needs.get(node, ()) if needed in known}
        if not wanted:
            ready.append(node)
            continue
        waiting[node] = len(wanted)
        for needed in wanted:
            dependants.setdefault(needed, []).append(node)
    position = {node: place for place, node in enumerate(nodes)}
    groups: list[list[N]] = []
    while ready:
        groups.append(ready)
        freed: list[N] = []
        for node in ready:
            for dependant in dependants.get(node, ()):
                waiting[dependant] -= 1
                if not waiting[dependant]:
                    freed.append(dependant)
                    del waiting[dependant]
        ready = sorted(freed, key=position.__getitem__)
    return groups, [node for node in nodes if node in waiting]


def find_cycle(nodes: Sequence[N], needs: Mapping[N, Sequence[N]]) -> list[N]:
    """Return one cycle among `nodes` as the path [a, b, …, a], or an empty list.

    Args:
        nodes: where to start looking, in order.
        needs: node to the nodes it points to.
    """
    known = set(nodes)
    done: set[N] = set()
    for start in nodes:
        path: list[N] = []
        place: dict[N, int] = {}
        node: N | None = start
        work = [(start, iter(needs.get(start, ())))]
        if start in done:
            continue
        place[start] = 0
        path.append(start)
        while work:
            node, targets = work[-1]
            for target in targets:
                if target not in known or target in done:
                    continue
                if target in place:
                    return [*path[place[target] :], target]
                place[target] = len(path)
                path.append(target)
                work.append((target, iter(needs.get(target, ()))))
                break
            else:
                work.pop()
                done.add(node)
                path.pop()
                del place[node]
    return []
