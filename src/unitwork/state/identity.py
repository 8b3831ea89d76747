"""The identity map: from identity key to state, weak by nature.

A state is itself the weak reference to its object, so the map holds no object alive. It is kept as one plain dict per
hierarchy root, from the primary key (the bare value for one column, a tuple for several) to the state: that is what row
loaders read and write. :class:`IdentityView` shows it in the reference's form.

Spec: SB-02, ST-41, ST-44 to ST-46.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from unitwork.mapping.mapper import Mapper

if TYPE_CHECKING:
    from unitwork.state.instance import InstanceState

#: (class of the hierarchy root, primary key tuple, identity token)
IdentityKey = tuple[type[Any], tuple[Any, ...], Any]


class IdentityMap:
    """States by root, token and primary key.

    Invariant: a state is in at most one dict, under its own `pk`; every state in it is persistent.
    """

    __slots__ = ("tables",)

    def __init__(self) -> None:
        #: root Mapper, or (root Mapper, token) where a token is used, to {primary key: state}
        self.tables: dict[Any, dict[Any, InstanceState]] = {}

    def table(self, mapper: Mapper, token: Any = None) -> dict[Any, InstanceState]:
        """Return the dict of a hierarchy, made on first use; it stays the same object for the life of the map."""
        key = mapper.root if token is None else (mapper.root, token)
        found = self.tables.get(key)
        if found is None:
            found = self.tables[key] = {}
        return found

    def find(self, mapper: Mapper, pk: Any, token: Any = None) -> object | None:
        """Return the live object of that primary key, or None. `pk` is in the inner form."""
        state = self.table(mapper, token).get(pk)
        return None if state is None else state()

    def add(self, state: InstanceState) -> None:
        """Put a state under its primary key, replacing what is there."""
        self.table(state.mapper, state.token)[state.pk] = state

    def discard(self, state: InstanceState) -> None:
        """Take a state out, if it is what its key leads to."""
        token = state.token
        table = self.tables.get(state.mapper.root if token is None else (state.mapper.root, token))
        if table is not None and table.get(state.pk) is state:
            del table[state.pk]

    def states(self) -> list[InstanceState]:
        """Return all states, those of collected objects excepted, as a new list."""
        # list() first: an object may be collected, and so removed, while we look.
        return [state for table in list(self.tables.values()) for state in list(table.values()) if state() is not None]

    def clear(self) -> None:
        """Forget everything; the dicts stay, since loaders may hold them."""
        for table in self.tables.values():
            table.clear()


def key_of(mapper: Mapper, pk: Any, token: Any = None) -> IdentityKey:
    """Return the identity key in the reference's form for a primary key in the inner form."""
    return (mapper.root.class_, pk if len(mapper.primary_key) > 1 else (pk,), token)


class IdentityView(Mapping[IdentityKey, object]):
    """``session.identity_map``: identity keys to live objects (ST-41)."""

    __slots__ = ("_map",)

    def __init__(self, identity: IdentityMap) -> None:
        self._map = identity

    def __iter__(self) -> Iterator[IdentityKey]:
        return iter([key for key in (state.key for state in self._map.states()) if key is not None])

    def __len__(self) -> int:
        return len(self._map.states())

    def __getitem__(self, key: IdentityKey) -> object:
        class_, pk, token = key
        if not isinstance(pk, tuple) or not pk:
            raise KeyError(key)
        for place, table in self._map.tables.items():
            root, its_token = place if isinstance(place, tuple) else (place, None)
            if root.class_ is class_ and its_token == token:
                state = table.get(pk if len(pk) > 1 else pk[0])
                found: object = None if state is None else state()
                if found is not None:
                    return found
        raise KeyError(key)

    def __contains__(self, key: object) -> bool:
        return isinstance(key, tuple) and len(key) == 3 and self.get(key) is not None

    def has_key(self, key: IdentityKey) -> bool:
        """Return whether a live object has this identity key."""
        return key in self

    def all_states(self) -> list[Any]:
        """Return the InstanceStates of all live objects."""
        return self._map.states()

    def __repr__(self) -> str:
        return f"<IdentityView of {len(self)} objects>"
