"""What changed in an attribute: added, unchanged and deleted values, computed from what is kept of the old ones.

A state keeps the old value of an attribute from its first change on; nothing is kept of one that did not change.
Everything here is a pure function of those values, and never loads.

Spec: ST-50 to ST-57.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from unitwork.base.markers import NO_VALUE


class History(NamedTuple):
    """Values of an attribute since the last flush (ST-50).

    Attributes:
        added: values that are new; for a scalar the present one, if it changed.
        unchanged: values that were there and are.
        deleted: values that were there and are not.
    """

    added: Sequence[Any]
    unchanged: Sequence[Any]
    deleted: Sequence[Any]

    def __bool__(self) -> bool:
        return bool(self.added or self.unchanged or self.deleted)

    def sum(self) -> list[Any]:
        """Return added, unchanged and deleted values, in this order."""
        return [*self.added, *self.unchanged, *self.deleted]

    def non_deleted(self) -> list[Any]:
        """Return added and unchanged values."""
        return [*self.added, *self.unchanged]

    def non_added(self) -> list[Any]:
        """Return unchanged and deleted values."""
        return [*self.unchanged, *self.deleted]

    def has_changes(self) -> bool:
        """Return whether anything was added or deleted."""
        return bool(self.added or self.deleted)

    def empty(self) -> bool:
        """Return whether nothing is known."""
        return not self


NO_HISTORY = History((), (), ())


def scalar_history(present: Any, old: Any, changed: bool, same: Any) -> History:
    """Return the history of a scalar.

    Args:
        present: value in the instance, or NO_VALUE.
        old: value before the first change, or NO_VALUE where it was not known; counts only if `changed`.
        changed: whether the attribute was written since the last flush.
        same: function of two values that tells whether they are equal.
    """
    if not changed:
        return NO_HISTORY if present is NO_VALUE else History((), [present], ())
    if present is NO_VALUE:
        return History((), (), () if old is NO_VALUE else [old])
    if old is NO_VALUE:
        return History([present], (), ())
    if same(present, old):
        return History((), [present], ())
    return History([present], (), [old])


def collection_history(present: Iterable[Any], old: Iterable[Any] | None) -> History:
    """Return the history of a collection, members compared by identity.

    Args:
        present: members now.
        old: members before the first change; None if it did not change.
    """
    members = list(present)
    if old is None:
        return History((), members, ())
    before = list(old)
    old_ids = {id(member) for member in before}
    new_ids = {id(member) for member in members}
    return History(
        [member for member in members if id(member) not in old_ids],
        [member for member in members if id(member) in old_ids],
        [member for member in before if id(member) not in new_ids],
    )
