"""Loader options by function: each begins an option at the class of its first attribute; see :class:`Load`.

Spec: LB-27.
"""

from __future__ import annotations

from typing import Any

from unitwork.loading.options import Load, start_of


def selectinload(*keys: Any, recursion_depth: int | None = None) -> Load:
    """Load relationships with one more SELECT each, for all objects of the result at once.

    Args:
        recursion_depth: follow a relationship of a class to itself this often beyond the first time; -1 to the end.
    """
    return start_of(keys).selectinload(*keys, recursion_depth=recursion_depth)


def subqueryload(*keys: Any) -> Load:
    """Same as :func:`selectinload`: one more SELECT each, for all objects of the result at once."""
    return start_of(keys).subqueryload(*keys)


def immediateload(*keys: Any, recursion_depth: int | None = None) -> Load:
    """Load relationships right after the objects, in sets like :func:`selectinload`."""
    return start_of(keys).immediateload(*keys, recursion_depth=recursion_depth)


def joinedload(*keys: Any, innerjoin: bool | str | None = None) -> Load:
    """Load relationships from the same rows, by a join that is added to the statement; see ``Load.joinedload``."""
    return start_of(keys).joinedload(*keys, innerjoin=innerjoin)


def contains_eager(*keys: Any, alias: Any = None) -> Load:
    """Load relationships from the rows of a join that the statement has itself; see ``Load.contains_eager``."""
    return start_of(keys).contains_eager(*keys, alias=alias)


def lazyload(*keys: Any) -> Load:
    """Load relationships when they are read."""
    return start_of(keys).lazyload(*keys)


def raiseload(*keys: Any, sql_only: bool = False) -> Load:
    """Refuse to load relationships when they are read; with `sql_only` those that would need SQL."""
    return start_of(keys).raiseload(*keys, sql_only=sql_only)


def noload(*keys: Any) -> Load:
    """Leave relationships empty."""
    return start_of(keys).noload(*keys)


def defaultload(*keys: Any) -> Load:
    """Follow relationships without a change in how they are loaded."""
    return start_of(keys).defaultload(*keys)


def load_only(*attrs: Any, raiseload: bool = False) -> Load:
    """Load these columns, and the primary key, and no others until they are read; or never, with `raiseload`."""
    return start_of(attrs).load_only(*attrs, raiseload=raiseload)


def defer(key: Any, *addl_attrs: Any, raiseload: bool = False) -> Load:
    """Load columns when they are read; with `raiseload` refuse to.

    Args:
        key, addl_attrs: a column attribute, or relationships that lead to one.
    """
    start, end = _along((key, *addl_attrs))
    return start.defer(end, raiseload=raiseload)


def undefer(key: Any, *addl_attrs: Any) -> Load:
    """Load deferred columns with their object; arguments as for :func:`defer`."""
    start, end = _along((key, *addl_attrs))
    return start.undefer(end)


def undefer_group(name: str) -> Load:
    """Load the deferred columns of a group with their object."""
    return Load.of_anything().undefer_group(name)


def _along(keys: tuple[Any, ...]) -> tuple[Load, Any]:
    start = start_of(keys[:1])
    return start.defaultload(*keys[:-1]) if len(keys) > 1 else start, keys[-1]
