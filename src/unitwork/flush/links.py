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
from unitwork.state.instance import InstanceState, describe, state_of
from unitwork.state.tracker import StateTracker

#: (object, name of a key attribute) to its value or a KeyRef.
Refer = Callable[[Any, str], Any]


class _Side:
    """How one relationship writes its association table: worked out once per flush.

    Attributes:
        link: the rows of the table.
        known: the cells of `link.added` and of `link.removed`, which both sides report.
        sources, targets: attributes of the owner and of the member that the cells are taken from.
        order: places in the values of both, one per column of the table, or None where that is their order already.
    """

    __slots__ = ("known", "link", "order", "sources", "targets")

    def __init__(self, prop: RelationshipProperty, link: LinkTable, known: tuple[set[Any], set[Any]]) -> None:
        self.link = link
        self.known = known
        self.sources = [prop.parent.name_by_column[source] for source, _ in prop.synchronize_pairs]
        self.targets = [prop.mapper.name_by_column[source] for source, _ in prop.secondary_synchronize_pairs]
        written = [column for _, column in (*prop.synchronize_pairs, *prop.secondary_synchronize_pairs)]
        places = {column: place for place, column in enumerate(written)}
        order = [places[column] for column in link.columns]
        self.order = None if order == list(range(len(written))) else order


class LinkCollector:
    """The association rows of one flush.

    Args:
        tracker: the objects of the Session.
    """

    def __init__(self, tracker: StateTracker) -> None:
        self._tracker = tracker
        self._tables: dict[Any, LinkTable] = {}
        self._known: dict[Any, tuple[set[Any], set[Any]]] = {}
        self._sides: dict[RelationshipProperty, _Side] = {}

    def tables(self) -> dict[Any, LinkTable]:
        """Return the association tables that change."""
        return {key: link for key, link in self._tables.items() if link.added or link.removed or link.cleared}

    def clear(self, prop: RelationshipProperty, owners: list[Subject]) -> None:
        """Have all rows of deleted owners removed."""
        side = self._side(prop)
        own = tuple(column for _, column in prop.synchronize_pairs)
        keys = side.link.cleared.setdefault(own, [])
        for state, obj in owners:
            keys.append(tuple([stored_value(state, obj, name) for name in side.sources]))

    def write(self, prop: RelationshipProperty, obj: Any, added: list[Any], removed: list[Any], refer: Refer) -> None:
        """Take over what changed in a collection of `obj`; `refer` gives the keys of both sides."""
        # HOT: every association row; benchmark W1m.
        side = self._side(prop)
        own: list[Any] | None = None
        for members, rows, known, is_new in (
            (added, side.link.added, side.known[0], True),
            (removed, side.link.removed, side.known[1], False),
        ):
            for member in members:
                if not self._counts(state_of(member), is_new):
                    continue
                if own is None:
                    own = [refer(obj, name) for name in side.sources]
                values = [*own, *[refer(member, name) for name in side.targets]]
                if side.order is not None:
                    values = [values[place] for place in side.order]
                cells = tuple(values)
                if None not in cells and cells not in known:  # None: one side is not written
                    known.add(cells)
                    rows.append(LinkChange(cells))

    def _counts(self, member: InstanceState, is_new: bool) -> bool:
        if member in self._tracker.deleted:
            return False  # all its rows go anyway
        if is_new and member.tracker is not self._tracker:
            warn_unattached(member)
            return False
        return is_new or member.pk is not None

    def _side(self, prop: RelationshipProperty) -> _Side:
        side = self._sides.get(prop)
        if side is not None:
            return side
        table = prop.secondary
        if table is None:
            raise exc.BrokenInvariantError(f"{prop!r} has no association table.", code="no-secondary")
        written = {column for _, column in (*prop.synchronize_pairs, *prop.secondary_synchronize_pairs)}
        columns = tuple(column for column in table.columns if column in written)
        key = (table, columns)
        link = self._tables.get(key)
        if link is None:
            link = self._tables[key] = LinkTable(table, columns, mapper=prop.parent)
            self._known[key] = (set(), set())
        side = self._sides[prop] = _Side(prop, link, self._known[key])
        return side


def warn_unattached(state: InstanceState) -> None:
    """Warn that a relationship leads to an object outside of the Session, and is not written (CA-16)."""
    warnings.warn(
        f"{describe(state)} is not in the Session, and no save-update cascade leads to it: the relationship to it "
        f"is not written. Do: session.add() it.",
        exc.UnitworkWarning,
        stacklevel=2,
    )
