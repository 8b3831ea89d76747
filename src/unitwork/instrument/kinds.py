"""Which collection a relationship has: a list unless ``collection_class`` says otherwise.

Neighbours: install.py asks for the kind of each relationship; collections.py fills and replaces collections by it.

Spec: LB-16, ST-62.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from typing import Any

from unitwork import exc
from unitwork.instrument.custom import TrackedObject, quiet, tracked_class
from unitwork.instrument.lists import TrackedList
from unitwork.instrument.roles import Roles, roles_of
from unitwork.instrument.sets import TrackedSet
from unitwork.instrument.tracked import Tracked
from unitwork.mapping.mapper import RelationshipProperty

_KIND = "instrument.kind"

_WORDS = {list: "a list", set: "a set", dict: "a dictionary"}


class Kind:
    """How the collections of one relationship are made.

    Attributes:
        make: gives an empty one that belongs to nobody.
        roles: what its methods are for; None for a plain list.
    """

    __slots__ = ("make", "roles")

    def __init__(self, make: Callable[[], Any], roles: Roles | None) -> None:
        self.make = make
        self.roles = roles

    def filled(self, members: Iterable[Any]) -> Any:
        """Return a collection that belongs to nobody, with `members`."""
        if self.roles is None:
            return TrackedList(members)
        collection = self.make()
        for member in members:
            collection.tracked_receive(member)
        return collection

    def members(self, prop: RelationshipProperty, value: Any) -> list[Any]:
        """Return the members of what a user assigns to the attribute.

        Raises:
            TypeError: it is no collection of this kind.
        """
        emulates = next((kind for kind in (list, set, dict) if isinstance(value, kind)), None)
        if emulates is None and isinstance(value, TrackedObject):
            emulates = value.tracked_roles.emulates
        roles = self.roles
        if roles is not None and roles.converter is not None:
            return list(getattr(self.make(), roles.converter)(value))
        wanted = list if roles is None else roles.emulates
        is_right = wanted is emulates or (wanted is None and emulates is not None)
        if not is_right and emulates is None:
            is_right = hasattr(value, {list: "append", set: "add", dict: "values"}.get(wanted, "__iter__"))
        if wanted is set and isinstance(value, frozenset):
            is_right = True
        if not is_right:
            example = {set: "set()", dict: "{}"}.get(wanted, "[]")
            raise TypeError(
                f"{prop.parent.class_.__name__}.{prop.key} takes {_WORDS.get(wanted, 'a collection')}, got "
                f"{type(value).__name__}; to empty it, assign {example} or call .clear()."
            )
        if isinstance(value, Tracked):
            return value.tracked_members()
        return list(value.values()) if wanted is dict or emulates is dict else list(value)


_LIST = Kind(TrackedList, None)


def kind_of(prop: RelationshipProperty) -> Kind:
    """Return the kind of collection of a relationship."""
    kind: Kind = prop.memo.get(_KIND, _LIST)
    return kind


def choose_kind(prop: RelationshipProperty) -> None:
    """Work out the kind of collection of a relationship, once, when it is installed.

    Raises:
        ArgumentError [collection-class]: its `collection_class` cannot be one.
    """
    given = prop.collection_class
    if given is None or given is list:
        return
    where = f"{prop.parent.class_.__name__}.{prop.key}"
    if isinstance(given, type):
        cls, make_plain = given, None
    elif callable(given):
        cls, make_plain = type(given()), given
    else:
        raise exc.ArgumentError(
            f"the collection_class of {where} is {given!r}, which is no class and no callable.",
            do="give a class, e.g. set, or a function that returns a collection.",
            code="collection-class",
        )
    if cls is list:
        return
    roles = roles_of(cls, where)
    if cls is set:
        prop.memo[_KIND] = Kind(TrackedSet, roles)
        return
    prop.read_members = operator.methodcaller("tracked_members")
    tracked = tracked_class(cls, roles)
    prop.memo[_KIND] = Kind(tracked if make_plain is None else _maker(tracked, make_plain, where), roles)


def _maker(tracked: Any, make_plain: Callable[[], Any], where: str) -> Callable[[], Any]:
    """Collections that a function makes become tracked ones: same attributes, same members."""

    def make() -> Any:
        plain = make_plain()
        if not hasattr(plain, "__dict__"):
            raise exc.ArgumentError(
                f"the collection_class of {where} returns a {type(plain).__name__} without __dict__, which cannot be "
                "made a tracked one.",
                do="give the class itself, or leave out its __slots__.",
                code="collection-class",
            )
        made = tracked.__new__(tracked)
        made.__dict__.update(plain.__dict__)
        if isinstance(plain, (list, set, dict)):
            with quiet(made):
                made.tracked_restore(plain)
        return made

    return make
