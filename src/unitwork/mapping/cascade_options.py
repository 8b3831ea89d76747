"""The ``cascade`` option of a relationship: a word list, parsed and checked when the relationship is constructed.

What is left after parsing is a frozen set of kinds with boolean members, so that walking a graph costs one attribute
read per relationship. Which kinds fit which direction is checked at configure time (:mod:`unitwork.mapping.configure`).
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable

from unitwork import exc

#: What ``"all"`` stands for: everything but delete-orphan.
ALL_KINDS = frozenset({"save-update", "merge", "refresh-expire", "expunge", "delete"})
#: Every kind there is.
KINDS = ALL_KINDS | {"delete-orphan"}
#: What a viewonly relationship keeps: it never writes.
VIEWONLY_KINDS = frozenset({"merge", "expunge", "refresh-expire"})

_WORDS = KINDS | {"all", "none"}
_ORDER = ("save-update", "merge", "refresh-expire", "expunge", "delete", "delete-orphan")


class CascadeOptions(frozenset[str]):
    """The cascade kinds of one relationship: a frozen set of names with one boolean member per kind.

    Args:
        cascade: comma-separated string, collection of names, ``""`` or None.
    Raises:
        ArgumentError [cascade-unknown]: a name is no cascade kind.
    Spec: CA-01 to CA-04, CA-10.
    """

    save_update: bool
    merge: bool
    refresh_expire: bool
    expunge: bool
    delete: bool
    delete_orphan: bool

    __slots__ = ("save_update", "merge", "refresh_expire", "expunge", "delete", "delete_orphan")

    def __new__(cls, cascade: str | Iterable[str] | None = None) -> CascadeOptions:
        kinds = frozenset.__new__(cls, _parse(cascade))
        kinds.save_update = "save-update" in kinds
        kinds.merge = "merge" in kinds
        kinds.refresh_expire = "refresh-expire" in kinds
        kinds.expunge = "expunge" in kinds
        kinds.delete = "delete" in kinds
        kinds.delete_orphan = "delete-orphan" in kinds
        return kinds

    def __repr__(self) -> str:
        return f"CascadeOptions({', '.join(kind for kind in _ORDER if kind in self)!r})"

    def __reduce__(self) -> tuple[type[CascadeOptions], tuple[list[str]]]:
        return CascadeOptions, (sorted(self),)


def cascade_for(cascade: str | Iterable[str] | None, *, given: bool, viewonly: bool) -> CascadeOptions:
    """Return the cascade kinds of a relationship from what its constructor was given.

    Args:
        cascade: the ``cascade`` argument; ignored where `given` is False.
        given: the argument was given at all; None and ``"none"`` mean "no cascade", absence means the default.
        viewonly: keep only the kinds that never write, silently (CA-07).
    Raises:
        ArgumentError [cascade-unknown]: a name is no cascade kind.
    Spec: CA-01 to CA-04, CA-07.
    """
    if not given:
        return VIEWONLY_CASCADE if viewonly else DEFAULT_CASCADE
    kinds = CascadeOptions(cascade)
    if viewonly:
        return CascadeOptions(kinds & VIEWONLY_KINDS)
    if kinds.delete_orphan and not kinds.delete:
        warnings.warn(
            "cascade 'delete-orphan' is set without 'delete': an object would be deleted when it leaves its parent, "
            "but not when its parent is deleted. Do: use cascade='all, delete-orphan'.",
            exc.UnitworkWarning,
            stacklevel=3,
        )
    return kinds


def _parse(cascade: str | Iterable[str] | None) -> frozenset[str]:
    if cascade is None:
        return frozenset()
    names = cascade.split(",") if isinstance(cascade, str) else list(cascade)
    words = {name.strip() for name in names} - {""}
    unknown = sorted(words - _WORDS)
    if unknown:
        raise exc.ArgumentError(
            f"unknown cascade name{'s' if len(unknown) > 1 else ''} {', '.join(map(repr, unknown))} in {cascade!r}.",
            do=f"use any of {', '.join(_ORDER)}, all, none.",
            code="cascade-unknown",
            names=unknown,
        )
    if "none" in words:
        return frozenset()
    if "all" in words:
        words |= ALL_KINDS
    return frozenset(words - {"all"})


#: What a relationship cascades when nothing is said (CA-02), and the same for a viewonly one (CA-07).
DEFAULT_CASCADE = CascadeOptions("save-update, merge")
VIEWONLY_CASCADE = CascadeOptions("merge")
