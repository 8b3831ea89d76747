"""One attribute of one object, as ``inspect(obj).attrs.name`` shows it.

Spec: ST-32.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from unitwork.base.markers import NO_VALUE
from unitwork.state.history import History

if TYPE_CHECKING:
    from unitwork.state.instance import InstanceState


class AttributeState:
    """One attribute of one object (ST-32).

    Attributes:
        state: InstanceState of the object.
        key: attribute name.
    """

    __slots__ = ("key", "state")

    def __init__(self, state: InstanceState, key: str) -> None:
        self.state = state
        self.key = key

    @property
    def value(self) -> Any:
        """The value as reading the attribute gives it; may load."""
        return getattr(self.state(), self.key)

    @property
    def loaded_value(self) -> Any:
        """The value in the instance, NO_VALUE where there is none; never loads."""
        return self.state.dict.get(self.key, NO_VALUE)

    @property
    def history(self) -> History:
        """What changed; never loads."""
        return self.state.history_of(self.key)

    def load_history(self) -> History:
        """Return what changed; loads the value if it is not there."""
        _ = self.value
        return self.history


class AttributeStates(Mapping[str, AttributeState]):
    """AttributeStates of one object, by item and by attribute."""

    __slots__ = ("_state",)

    def __init__(self, state: InstanceState) -> None:
        self._state = state

    def __getitem__(self, name: str) -> AttributeState:
        if name not in self._state.mapper.attrs:
            raise KeyError(name)
        return AttributeState(self._state, name)

    def __getattr__(self, name: str) -> AttributeState:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"{self._state.mapper.class_.__name__} has no mapped attribute {name!r}") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._state.mapper.attrs)

    def __len__(self) -> int:
        return len(self._state.mapper.attrs)
