"""SessionPort: what the objects ask of their Session, the one door upwards.

Data and behaviour pass upwards by return value everywhere else. These few needs start at an object and end at the
Session; the tracker holds the port, ``session/host.py`` implements it, and nothing below knows more than this.
"""

from __future__ import annotations

from typing import Any, Protocol


class SessionPort(Protocol):
    """The requests that start low and end high. The implementation holds its Session weakly."""

    @property
    def session(self) -> Any:
        """The Session, or None when it was collected."""

    def changing(self) -> None:
        """A persistent object is about to change for the first time: begin, or refuse (SB-102, SB-109)."""

    def load(self, state: Any, name: str) -> Any:
        """Return an unloaded attribute of an attached persistent object, and store it there (ST-21, ST-22)."""

    def reached(self, owner: Any, target: object) -> None:
        """An attached object now refers to `target` along save-update: attach that too (CA-12)."""

    def orphaned(self, state: Any) -> None:
        """A pending object lost its parent along delete-orphan: it leaves the Session at once (CA-60)."""
