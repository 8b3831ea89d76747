"""Host: implements SessionPort, the requests that start at an object and end at its Session.

Held by the tracker, so by every attached object; it holds the core of the Session weakly. When that is collected, the
tracker lets go of its objects (ST-20).
"""

from __future__ import annotations

import functools
import weakref
from typing import TYPE_CHECKING, Any

from unitwork.flush.orphans import has_other_parent
from unitwork.instrument.descriptors import detached
from unitwork.session import attach, reading
from unitwork.state.instance import InstanceState
from unitwork.state.tracker import StateTracker

if TYPE_CHECKING:
    from unitwork.session.core import SessionCore


class Host:
    """The door from objects to their Session; see :class:`unitwork.state.port.SessionPort`."""

    __slots__ = ("_core",)

    def __init__(self, core: SessionCore) -> None:
        self._core: weakref.ref[SessionCore] = weakref.ref(core)

    def watch(self, tracker: StateTracker) -> None:
        """Have the tracker let go of its objects when the Session is collected."""
        core = self._core()
        self._core = weakref.ref(core, functools.partial(_abandon, weakref.ref(tracker)))  # type: ignore[arg-type]

    @property
    def session(self) -> Any:
        """The Session, or None when it was collected."""
        core = self._core()
        return None if core is None else core.session()

    def changing(self) -> None:
        """Begin a transaction before the first change of a persistent object, or refuse (SB-102, SB-109)."""
        core = self._core()
        if core is not None and core.transactions.innermost is None:
            core.ready()

    def load(self, state: InstanceState, name: str) -> Any:
        """Load an attribute."""
        core = self._core()
        if core is None:
            raise detached(state, name)
        return reading.load_attribute(core, state, name)

    def reached(self, owner: InstanceState, target: object) -> None:
        """Attach what an attached object refers to now (CA-12)."""
        core = self._core()
        if core is not None:
            attach.add(core, target)

    def orphaned(self, state: InstanceState) -> None:
        """Let a pending orphan go (CA-60)."""
        core = self._core()
        if core is not None and not has_other_parent(core.tracker, state):
            attach.drop_pending(core, state)


def _abandon(tracker: weakref.ref[StateTracker], _: Any) -> None:
    found = tracker()
    if found is not None:
        found.release_all()
