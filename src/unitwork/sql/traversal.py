"""Walks over expression trees, and rewrites of them.

Spec: LB-24, LB-25.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar, cast

from unitwork.sql.clause import ClauseElement

E = TypeVar("E", bound=ClauseElement)


def iterate(element: ClauseElement) -> Iterator[ClauseElement]:
    """Yield `element` and all below it, parents first, in the order of the text."""
    stack = [element]
    while stack:
        current = stack.pop()
        yield current
        stack.extend(reversed(current.children()))


def rewrite(element: E, change: Callable[[ClauseElement], ClauseElement | None]) -> E:
    """Return `element` with parts exchanged; whatever has no changed part stays the same object.

    Args:
        change: called for each element, parents first; what it returns replaces the element with all below it, None
            goes on below.
    """
    changed = change(element)
    if changed is not None:
        return cast(E, changed)
    children = element.children()
    if not children:
        return element
    new = [rewrite(child, change) for child in children]
    if all(one is other for one, other in zip(new, children, strict=True)):
        return element
    return cast(E, element.with_children(new))


def replace_elements(element: E, mapping: Mapping[ClauseElement, ClauseElement]) -> E:
    """Return `element` with each key of `mapping` replaced by its value, e.g. columns by those of an alias."""
    return rewrite(element, mapping.get)
