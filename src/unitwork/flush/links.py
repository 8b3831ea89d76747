"""Gather the rows of association tables: which to insert, which to delete, and which go with a deleted owner.

Both sides of a many-to-many relationship report the same row once each; it is written once.

Spec: CA-28, CA-50, FP-01, FP-09.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from unitwork import exc
from unitwork.flush.changes import LinkChange, LinkTable
from unitwork.flush.deletions import stored_value
from unitwork.flush.removal import Subject
from unitwork.mapping.mapper import RelationshipProperty
from unitwork.sql.schema import Column
from unitwork.state.instance import InstanceState, describe, state_of
from unitwork.state.tracker import StateTracker

#: (object, name of a key attribute) to its value or a KeyRef.
Refer = Callable[[Any, str], Any]


class LinkCollector:
    """The association rows of one flush.

    Args:
        tracker: the objects of the Session.
    """

    def __init__(self, tracker: StateTracker) -> None:
        self._tracker = tracker
        self._tables: dict[Any, LinkTable] = {}
        self._known: dict[Any, set[Any]] = {}

    def tables(self) -> dict[Any, LinkTable]:
        """Return the association tables that change."""
        return {key: link for key, link in self._tables.items() if link.added or link.removed or link.cleared}

    def clear(self, prop: RelationshipProperty, owners: list[Subject]) -> None:
        """Have all rows of deleted owners removed."""
        names = prop.parent.name_by_column
        own = tuple(column for _, column in prop.synchronize_pairs)
        sources = [names[source] for source, _ in prop.synchronize_pairs]
        keys = self._table(prop).cleared.setdefault(own, [])
        for state, obj in owners:
            keys.append(tuple(stored_value(state, obj, name) for name in sources))

    def write(self, prop: RelationshipProperty, obj: Any, added: list[Any], removed: list[Any], refer: Refer) -> None:
        """Take over what changed in a collection of `obj`; `refer` gives the keys of both sides."""
        link = self._table(prop)
        known = self._known[(link.table, link.columns)]
        for members, rows, is_new in ((added, link.added, True), (removed, link.removed, False)):
            for member in members:
                cells = self._cells(prop, obj, member, refer) if self._counts(state_of(member), is_new) else None
                if cells is not None and (is_new, cells) not in known:
                    known.add((is_new, cells))
                    rows.append(LinkChange(cells))

    def _counts(self, member: InstanceState, is_new: bool) -> bool:
        if member in self._tracker.deleted:
            return False  # all its rows go anyway
        if is_new and member.tracker is not self._tracker:
            warn_unattached(member)
            return False
        return is_new or member.pk is not None

    def _table(self, prop: RelationshipProperty) -> LinkTable:
        table = prop.secondary
        if table is None:
            raise exc.BrokenInvariantError(f"{prop!r} has no association table.", code="no-secondary")
        written = {column for _, column in (*prop.synchronize_pairs, *prop.secondary_synchronize_pairs)}
        columns = tuple(column for column in table.columns if column in written)
        key = (table, columns)
        link = self._tables.get(key)
        if link is None:
            link = self._tables[key] = LinkTable(table, columns, mapper=prop.parent)
            self._known[key] = set()
        return link

    def _cells(self, prop: RelationshipProperty, obj: Any, member: Any, refer: Refer) -> tuple[Any, ...] | None:
        values: dict[Column, Any] = {}
        for source, column in prop.synchronize_pairs:
            values[column] = refer(obj, prop.parent.name_by_column[source])
        for source, column in prop.secondary_synchronize_pairs:
            values[column] = refer(member, prop.mapper.name_by_column[source])
        if any(value is None for value in values.values()):
            return None  # one side is not written
        return tuple(values[column] for column in self._table(prop).columns)


def warn_unattached(state: InstanceState) -> None:
    """Warn that a relationship leads to an object outside of the Session, and is not written (CA-16)."""
    warnings.warn(
        f"{describe(state)} is not in the Session, and no save-update cascade leads to it: the relationship to it "
        f"is not written. Do: session.add() it.",
        exc.UnitworkWarning,
        stacklevel=2,
    )
