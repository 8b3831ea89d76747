"""TrackedDict, and KeyFuncDict, a dictionary that knows the key of each member; see tracked.py.

The members are the values. Loaders and the other side bring members without keys, so only dictionaries that make the
keys themselves can be the value of a relationship (LB-16).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

from unitwork import exc
from unitwork.inspection import inspect
from unitwork.instrument.roles import collection
from unitwork.instrument.tracked import Tracked
from unitwork.mapping.mapper import RelationshipProperty
from unitwork.sql.elements import as_operand
from unitwork.state.instance import InstanceState, describe, find_state
from unitwork.state.lifecycle import PENDING, TRANSIENT

K = TypeVar("K")
V = TypeVar("V")

_ABSENT: Any = object()


class TrackedDict(dict[K, V], Tracked):
    """A dictionary that is the value of a relationship.

    It behaves as a dict in every way. Without a state (after it was replaced, or copied) it is a plain dict.
    """

    __slots__ = ("tracked_prop", "tracked_state")

    tracked_prop: RelationshipProperty | None
    tracked_state: InstanceState | None

    # -- for loaders and the other side: no events, no cascade --------------------------------------------------------

    def tracked_members(self) -> list[Any]:
        return [*dict.values(self)]

    def tracked_release(self, member: Any) -> None:
        for key, present in dict.items(self):
            if present is member:
                self.tracked_note()
                dict.__delitem__(self, key)
                return

    def tracked_restore(self, content: Any) -> None:
        dict.clear(self)
        dict.update(self, content)

    def tracked_content(self) -> Any:
        return {**self} if type(self).__iter__ is dict.__iter__ else dict(dict.items(self))

    # -- what the user calls ------------------------------------------------------------------------------------------

    def __setitem__(self, key: K, member: V) -> None:
        old = dict.get(self, key, _ABSENT)
        if old is member:
            return
        self.tracked_check_joining(member)
        if old is not _ABSENT:
            self.tracked_check_leaving(old)
        dict.__setitem__(self, key, member)
        if old is not _ABSENT:
            self.tracked_left(old)
        self.tracked_joined(member)

    def __delitem__(self, key: K) -> None:
        old = dict.get(self, key, _ABSENT)
        if old is not _ABSENT:
            self.tracked_check_leaving(old)
        dict.__delitem__(self, key)
        self.tracked_left(old)

    def pop(self, key: K, *default: Any) -> Any:
        """Remove a key and return its member; `default` if it is not there."""
        if default and key not in self:
            return default[0]
        member = self[key]
        del self[key]
        return member

    def popitem(self) -> tuple[K, V]:
        """Remove the key that came last, and return it with its member."""
        for key in reversed(self):
            return key, self.pop(key)
        raise KeyError("popitem(): dictionary is empty")

    def setdefault(self, key: K, default: Any = None) -> Any:
        """Return the member of a key; put `default` there if there is none."""
        if key not in self:
            self[key] = default
        return self[key]

    def update(self, *others: Any, **named: Any) -> None:
        """Do as dict.update."""
        wanted = self.tracked_content()
        dict.update(wanted, *others, **named)
        self._become(wanted)

    def clear(self) -> None:
        """Remove all members."""
        self._become({})

    def __ior__(self, other: Any) -> Any:  # type: ignore[misc]
        self.update(other)
        return self

    def copy(self) -> dict[K, V]:
        """Return a plain dict of the same."""
        plain: dict[K, V] = self.tracked_content()
        return plain

    __copy__ = copy

    def _become(self, wanted: Mapping[K, V]) -> None:
        before, after = self.tracked_members(), list(wanted.values())
        kept, came = {id(member) for member in before}, {id(member) for member in after}
        self.tracked_become(
            wanted,
            joining=[member for member in after if id(member) not in kept],
            leaving=[member for member in before if id(member) not in came],
        )


class KeyFuncDict(dict[K, V], Generic[K, V]):
    """A dictionary of mapped objects that makes the key of each by a function; see :func:`keyfunc_mapping`.

    Args:
        keyfunc: takes an object, gives its key.
        dict_args: as for dict.
        ignore_unpopulated_attribute: an object whose key is not there yet is left out, instead of an error.
    """

    def __init__(
        self, keyfunc: Callable[[Any], Any], *dict_args: Any, ignore_unpopulated_attribute: bool = False
    ) -> None:
        super().__init__(*dict_args)
        self.keyfunc = keyfunc
        self.ignore_unpopulated_attribute = ignore_unpopulated_attribute

    @collection.appender
    @collection.internally_instrumented
    def set(self, value: Any) -> None:
        """Put a member under its key.

        Raises:
            InvalidRequestError [key-not-populated]: the attribute that gives the key was never set.
        """
        key = self.keyfunc(value)
        if key is not _ABSENT:
            self[key] = value
        elif not self.ignore_unpopulated_attribute:
            raise exc.InvalidRequestError(
                f"{_shown(value)} cannot be put into a dictionary: the attribute that gives its key was never set.",
                do="set that attribute before the object is put there, also by a back reference, or make the "
                "dictionary with ignore_unpopulated_attribute=True.",
                code="key-not-populated",
            )

    @collection.remover
    @collection.internally_instrumented
    def remove(self, value: Any) -> None:
        """Take out a member, under whatever key it is.

        Raises:
            InvalidRequestError [not-a-member]: it is not in the dictionary.
        """
        for key, present in list(self.items()):
            if present is value:
                del self[key]
                return
        raise exc.InvalidRequestError(
            f"{_shown(value)} is not in this dictionary.", do="remove only what is in it.", code="not-a-member"
        )


def keyfunc_mapping(
    keyfunc: Callable[[Any], Any], *, ignore_unpopulated_attribute: bool = False
) -> Callable[[], KeyFuncDict[Any, Any]]:
    """Return a `collection_class` for dictionaries whose keys a function makes (LB-16)."""
    return lambda: KeyFuncDict(keyfunc, ignore_unpopulated_attribute=ignore_unpopulated_attribute)


def attribute_keyed_dict(
    attr_name: str, *, ignore_unpopulated_attribute: bool = False
) -> Callable[[], KeyFuncDict[Any, Any]]:
    """Return a `collection_class` for dictionaries by the value of an attribute (LB-16)."""
    return keyfunc_mapping(
        lambda member: _value(member, attr_name), ignore_unpopulated_attribute=ignore_unpopulated_attribute
    )


def column_keyed_dict(
    mapping_spec: Any, *, ignore_unpopulated_attribute: bool = False
) -> Callable[[], KeyFuncDict[Any, Any]]:
    """Return a `collection_class` for dictionaries by the value of a column, or by a tuple of several (LB-16).

    Args:
        mapping_spec: a column, or a list of columns.
    """
    several = isinstance(mapping_spec, (list, tuple))
    columns = list(mapping_spec) if several else [mapping_spec]

    def key(member: Any) -> Any:
        names = inspect(type(member)).name_by_column
        values = tuple(_value(member, names[as_operand(column)]) for column in columns)
        if any(value is _ABSENT for value in values):
            return _ABSENT
        return values if len(values) > 1 else values[0]

    return keyfunc_mapping(key, ignore_unpopulated_attribute=ignore_unpopulated_attribute)


def _value(member: Any, name: str) -> Any:
    """An attribute; _ABSENT where a new object has none yet."""
    state = find_state(member)
    is_new = state is None or state.phase in (TRANSIENT, PENDING)
    if is_new and name not in member.__dict__ and name in inspect(type(member)).attrs:
        return _ABSENT
    return getattr(member, name)


def _shown(value: Any) -> str:
    state = find_state(value)
    return f"an object of type {type(value).__name__}" if state is None else describe(state)
