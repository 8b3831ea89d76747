"""Gather: from the tracked objects to a WorkSet.

It carries out delete cascades, marks orphans, reads what planning needs (in sets), and turns every object into cells.
User code has run before (``before_flush``); nothing is written here, to objects or to the database, so that
``session.plan()`` may do the same.

Spec: FP-08, FP-10, FP-11, FP-17, CA-16, CA-24, CA-26, CA-28, CA-40, CA-45.
"""

from __future__ import annotations

import warnings
from typing import Any

from unitwork import exc
from unitwork.base.markers import NO_VALUE
from unitwork.cascade.walk import loaded_members, relationships_with
from unitwork.flush.changes import (
    NEXT_VERSION,
    PYTHON_DEFAULT,
    DeleteChange,
    InsertChange,
    KeyRef,
    UpdateChange,
    WorkSet,
)
from unitwork.flush.deletions import delete_changes, stored_value
from unitwork.flush.extract import row_shape
from unitwork.flush.links import LinkCollector, warn_unattached
from unitwork.flush.orphans import mark_orphans
from unitwork.flush.removal import SetReader, Subject, carry_out_cascades, related_members
from unitwork.flush.rowswitch import switch_rows
from unitwork.mapping.mapper import MANYTOMANY, MANYTOONE, ONETOMANY, Mapper, RelationshipProperty
from unitwork.sql.schema import Column
from unitwork.state.instance import InstanceState, describe, state_of
from unitwork.state.lifecycle import DELETED, PENDING, PERSISTENT
from unitwork.state.tracker import StateTracker


def gather(tracker: StateTracker, reader: SetReader) -> WorkSet:
    """Return what the next flush of a tracker writes.

    Args:
        reader: reads children and expired rows in sets.
    Raises:
        FlushError: an object of a wrong class, or None, stands in a relationship.
    """
    mark_orphans(tracker)
    carry_out_cascades(tracker, reader)
    return _Gathering(tracker, reader).run()


class _Gathering:
    """One run of gather: what is known so far about the objects of one flush."""

    def __init__(self, tracker: StateTracker, reader: SetReader) -> None:
        self.tracker = tracker
        self.reader = reader
        self.subjects: list[Subject] = []
        self.handles: dict[InstanceState, int] = {}
        #: child state to {foreign key column: cell}, from one-to-many sides alone
        self.foreign: dict[InstanceState, dict[Column, Any]] = {}
        #: the objects of these states, since nothing else may hold them
        self.children: dict[InstanceState, Any] = {}
        self.links = LinkCollector(tracker)

    def run(self) -> WorkSet:
        tracker = self.tracker
        new, modified = list(tracker.new.items()), list(tracker.modified.items())
        deleted = list(tracker.deleted.items())
        dropped = self._dropped() if deleted and new else {}
        if dropped:
            new = [pair for pair in new if pair[0] not in dropped]
        self.subjects = new.copy()
        self.handles = {state: number for number, (state, _) in enumerate(new, 1)}
        if deleted:
            modified = [pair for pair in modified if pair[0] not in tracker.deleted]
            self._release_children(deleted)
        self._write_collections(new)
        self._write_collections(modified)
        inserts = self._inserts(new)
        updates, untouched = self._updates(modified)
        deletes: dict[Mapper, list[DeleteChange]] = {}
        if deleted:
            for subject in deleted:
                self.handle(subject)
            deletes = delete_changes(tracker, self.reader, self.handles, deleted)
        replaced = switch_rows(self.subjects, inserts, updates, deletes) if deletes else ()
        return WorkSet(
            subjects=tuple(self.subjects),
            inserts=inserts,
            updates=updates,
            deletes=deletes,
            links=self.links.tables(),
            untouched=tuple(untouched),
            dropped=tuple(dropped),
            replaced=replaced,
        )

    def _dropped(self) -> dict[InstanceState, None]:
        """Return pending objects that delete cascades reach from deleted ones: they are not inserted (CA-45)."""
        dropped: dict[InstanceState, None] = {}
        waiting = list(self.tracker.deleted.items())
        while waiting:
            state, obj = waiting.pop()
            for prop in relationships_with(state.mapper, "delete"):
                for member in loaded_members(state, obj, prop):
                    member_state = state_of(member)
                    if member_state in self.tracker.new and member_state not in dropped:
                        dropped[member_state] = None
                        waiting.append((member_state, member))
        return dropped

    def handle(self, subject: Subject) -> int:
        """Return the number of an object in this flush."""
        state = subject[0]
        number = self.handles.get(state)
        if number is None:
            self.subjects.append(subject)
            number = self.handles[state] = len(self.subjects)
        return number

    # -- what one object's row needs of another -----------------------------------------------------------------------

    def refer(self, target: Any, name: str) -> Any:
        """Return a key attribute of `target`, a KeyRef where it is not known yet, None where it is not here."""
        # HOT: every foreign key of every new row; benchmark W1.
        state = state_of(target)
        if state.tracker is self.tracker:
            if state.phase == PENDING:
                handle = self.handles.get(state)
                return self._refer_outside(state, target, name) if handle is None else KeyRef(handle, name)
            value = target.__dict__.get(name, NO_VALUE)
            return getattr(target, name) if value is NO_VALUE else value
        return self._refer_outside(state, target, name)

    def _refer_outside(self, state: InstanceState, target: Any, name: str) -> Any:
        if state.phase == DELETED or state.pk is None or state.tracker is not None:
            warn_unattached(state)
            return None
        return getattr(target, name)

    # -- deleted parents ----------------------------------------------------------------------------------------------

    def _release_children(self, deleted: list[Subject]) -> None:
        """Set foreign keys of children that stay to NULL, and have association rows of deleted owners removed."""
        by_mapper: dict[Mapper, list[Subject]] = {}
        for state, obj in deleted:
            by_mapper.setdefault(state.mapper, []).append((state, obj))
        for mapper, subjects in by_mapper.items():
            for prop in mapper.relationships.values():
                if prop.viewonly:
                    continue
                if prop.direction is MANYTOMANY:
                    self.links.clear(prop, subjects)
                elif prop.direction is ONETOMANY:
                    if "delete" not in prop.cascade and prop.passive_deletes != "all":
                        self._null_children(prop, subjects)
                    for state, obj in subjects:
                        # What was taken out before is no child any more, whatever becomes of those that are.
                        if state.changes and prop.key in state.changes:
                            removed = self._collection_changes(state, obj, prop)[1]
                            self._write_children(prop, state, obj, [], removed)

    def _null_children(self, prop: RelationshipProperty, subjects: list[Subject]) -> None:
        owners = {id(obj) for _, obj in subjects}
        for child in related_members(prop, subjects, self.reader, passive=prop.passive_deletes is True):
            state = state_of(child)
            if state.tracker is not self.tracker or state in self.tracker.deleted:
                continue
            if prop.reverse is not None and not prop.reverse.uselist:
                parent = child.__dict__.get(prop.reverse.key)
                if parent is not None and id(parent) not in owners:
                    continue
            cells = self.foreign_cells(state, child)
            for _, column in prop.synchronize_pairs:
                cells.setdefault(column, None)

    def foreign_cells(self, state: InstanceState, child: Any) -> dict[Column, Any]:
        """Return the foreign key cells that a parent writes into the row of a child."""
        self.children[state] = child
        return self.foreign.setdefault(state, {})

    # -- collections of new and changed owners ------------------------------------------------------------------------

    def _write_collections(self, subjects: list[Subject]) -> None:
        # HOT: every new or changed object; benchmarks W1, W6.
        mapper: Mapper | None = None
        for state, obj in subjects:
            if state.mapper is not mapper:
                mapper = state.mapper
                props = collection_props(mapper)
            changes = state.changes
            written = obj.__dict__ if changes is None else changes
            for prop in props:
                if prop.key in written:
                    added, removed = self._collection_changes(state, obj, prop)
                    if prop.direction is MANYTOMANY:
                        self.links.write(prop, obj, added, removed, self.refer)
                    else:
                        self._write_children(prop, state, obj, added, removed)

    def _collection_changes(
        self, state: InstanceState, obj: Any, prop: RelationshipProperty
    ) -> tuple[list[Any], list[Any]]:
        value = obj.__dict__.get(prop.key)
        changes = state.changes
        if not prop.uselist:
            old = None if changes is None else changes.get(prop.key)
            lost = old is not None and old is not NO_VALUE and old is not value
            return ([] if value is None else [value], [old] if lost else [])
        members = [] if value is None else prop.read_members(value)
        _check_members(prop, state, members)
        if changes is None:
            return members, []
        if value is None:
            queue = (state.queued or {}).get(prop.key)
            return (list(queue.added), list(queue.removed)) if queue is not None else ([], [])
        old_members = list(changes.get(prop.key) or ())
        old_ids = {id(member) for member in old_members}
        new_ids = {id(member) for member in members}
        added = [member for member in members if id(member) not in old_ids]
        return added, [member for member in old_members if id(member) not in new_ids]

    def _write_children(
        self, prop: RelationshipProperty, state: InstanceState, obj: Any, added: list[Any], removed: list[Any]
    ) -> None:
        back = prop.reverse.key if prop.reverse is not None and not prop.reverse.uselist else None
        names = prop.parent.name_by_column
        for child in added:
            if back is not None and child.__dict__.get(back) is obj and state_of(child).tracker is self.tracker:
                continue  # the child's own side says the same
            child_state = state_of(child)
            if child_state.tracker is not self.tracker:
                warn_unattached(child_state)
                continue
            cells = self.foreign_cells(child_state, child)
            for source, column in prop.synchronize_pairs:
                cells[column] = self.refer(obj, names[source])
        for child in removed:
            child_state = state_of(child)
            if child_state.tracker is not self.tracker or child_state in self.tracker.deleted:
                continue
            if back is not None and (child_state.changes is None or back in child_state.changes):
                continue  # the child's own side says who its owner is now
            cells = self.foreign_cells(child_state, child)
            for _, column in prop.synchronize_pairs:
                cells.setdefault(column, None)

    # -- rows ---------------------------------------------------------------------------------------------------------

    def _inserts(self, new: list[Subject]) -> dict[Mapper, list[InsertChange]]:
        # HOT: every new object; benchmark W1.
        inserts: dict[Mapper, list[InsertChange]] = {}
        refer = self.refer
        handles = self.handles
        foreign = self.foreign
        mapper: Mapper | None = None
        for state, obj in new:
            if state.mapper is not mapper:
                mapper = state.mapper
                shape = row_shape(mapper)
                make_cells = shape.cells
                references = shape.references
                keyed = shape.key
                changes = inserts.setdefault(mapper, [])
            present = obj.__dict__
            for prop in references:
                target = present.get(prop.key)
                if target is not None and not fits(prop, target):
                    raise wrong_class(prop, state, target)
            cells = make_cells(present, refer)
            if state in foreign:
                cells = _overridden(shape.columns, cells, foreign[state])
            if keyed(cells):
                self._warn_taken(state, keyed(cells))
            changes.append(InsertChange(handles[state], cells))
        return inserts

    def _warn_taken(self, state: InstanceState, pk: Any) -> None:
        """Warn where a new object has the key of a persistent one; the database will refuse it (ST-86)."""
        other = self.tracker.identity.table(state.mapper).get(pk)
        if other is not None and other() is not None and other not in self.tracker.deleted:
            warnings.warn(
                f"a new {state.mapper.class_.__name__} has the identity of {describe(other)}, which is in this Session."
                f" Do: change the object that is there, or merge() the new one.",
                exc.UnitworkWarning,
                stacklevel=2,
            )

    def _updates(self, modified: list[Subject]) -> tuple[dict[Mapper, list[UpdateChange]], list[Any]]:
        updates: dict[Mapper, list[UpdateChange]] = {}
        untouched: list[Any] = []
        for state, obj in modified:
            change = self._update(state, obj)
            if change is None:
                untouched.append(state)
            else:
                updates.setdefault(state.mapper, []).append(change)
        seen = {state for state, _ in modified} if self.foreign else ()
        for state in self.foreign:
            # Children of changed or deleted parents that were not written to themselves.
            if state.phase == PERSISTENT and state not in seen:
                change = self._update(state, self.children[state])
                if change is not None:
                    updates.setdefault(state.mapper, []).append(change)
        return updates, untouched

    def _update(self, state: InstanceState, obj: Any) -> UpdateChange | None:
        # HOT: every changed object; benchmark W6.
        mapper = state.mapper
        present = obj.__dict__
        changes = state.changes or {}
        shape = row_shape(mapper)
        values: dict[Column, Any] = {}
        columns = mapper.columns
        for name, old in changes.items():
            prop = columns.get(name)
            if prop is not None:
                value = present.get(name)
                if old is NO_VALUE or not prop.column.type.compare_values(old, value):
                    values[prop.column] = value
        for reference in shape.references:
            if reference.key in changes:
                self._refer_update(reference, state, obj, changes, values)
        overrides = self.foreign.get(state)
        if overrides:
            for column, cell in overrides.items():
                if type(cell) is KeyRef or present.get(mapper.name_by_column[column], NO_VALUE) != cell:
                    values[column] = cell
        for name, column in shape.computed:
            if values.pop(column, None) is not None:
                present.pop(name, None)
        if not values:
            return None
        if len(mapper.tables) > 1:
            _spread(mapper, values)
        for column in mapper.primary_key:
            if column in values and values[column] is None:
                raise exc.FlushError(
                    f"primary key attribute '{mapper.name_by_column[column]}' of {describe(state)} was set to None.",
                    do="give it a value; to insert a copy, make a new object.",
                    code="no-primary-key",
                    state=state,
                )
        for column in shape.onupdate:
            if len(mapper.tables) == 1 or any(other.table is column.table for other in values):
                values.setdefault(column, PYTHON_DEFAULT)
        version = None
        if mapper.version_id_col is not None:
            version = stored_value(state, obj, mapper.name_by_column[mapper.version_id_col])
            if mapper.version_id_generator is not False:
                values.setdefault(mapper.version_id_col, NEXT_VERSION)
        ordered = shape.in_order(tuple(values))
        key = (state.pk,) if len(mapper.pk_names) == 1 else state.pk
        cells = tuple([values[column] for column in ordered])
        return UpdateChange(self.handle((state, obj)), ordered, cells, key, version)

    def _refer_update(
        self,
        prop: RelationshipProperty,
        state: InstanceState,
        obj: Any,
        changes: dict[str, Any],
        values: dict[Column, Any],
    ) -> None:
        present = obj.__dict__
        target = present.get(prop.key)
        if target is not None and not fits(prop, target):
            raise wrong_class(prop, state, target)
        names = state.mapper.name_by_column
        for source, column in prop.synchronize_pairs:
            name = names[column]
            if target is None:
                if changes[prop.key] is None and name in changes:
                    continue  # None before and after: a foreign key set by hand counts (FP-11)
                cell = None
            else:
                cell = self.refer(target, prop.mapper.name_by_column[source])
            old = changes.get(name, present.get(name, NO_VALUE))
            if type(cell) is not KeyRef and old is not NO_VALUE and column.type.compare_values(old, cell):
                values.pop(column, None)
                if name in changes:
                    values[column] = cell
            else:
                values[column] = cell


def _spread(mapper: Mapper, values: dict[Column, Any]) -> None:
    """Have an attribute that stands for several columns write all of them; those that repeat the key follow it."""
    cells = set(row_shape(mapper).columns)
    for column, value in list(values.items()):
        for other in mapper.columns[mapper.name_by_column[column]].columns:
            values.setdefault(other, value)
    for column in [column for column in values if column not in cells]:
        del values[column]


def collection_props(mapper: Mapper) -> tuple[RelationshipProperty, ...]:
    """Return the relationships of a class that write rows other than its own."""
    found: tuple[RelationshipProperty, ...] | None = mapper.memo.get("flush.collection_props")
    if found is None:
        found = tuple(
            prop for prop in mapper.relationships.values() if prop.direction is not MANYTOONE and not prop.viewonly
        )
        mapper.memo["flush.collection_props"] = found
    return found


def _overridden(
    columns: tuple[Column, ...], cells: tuple[Any, ...], overrides: dict[Column, Any]
) -> tuple[Any, ...]:
    return tuple(overrides.get(column, cell) for column, cell in zip(columns, cells))


def _check_members(prop: RelationshipProperty, state: InstanceState, members: list[Any]) -> None:
    target = prop.mapper.class_
    for place, member in enumerate(members):
        if member is None:
            raise exc.FlushError(
                f"expected {target.__name__}, got None - at {describe(state)}.{prop.key}[{place}].",
                do="remove the None from the collection.",
                code="none-in-collection",
                state=state,
            )
        if not fits(prop, member):
            raise wrong_class(prop, state, member)


def fits(prop: RelationshipProperty, value: Any) -> bool:
    """Tell whether an object may stand in a relationship: of its class, or of a subclass that rows are loaded as."""
    target = prop.mapper
    if type(value) is target.class_:
        return True
    if not isinstance(value, target.class_):
        return False
    return target.polymorphic_on is not None or not prop.enable_typechecks or state_of(value).mapper is target


def wrong_class(prop: RelationshipProperty, state: InstanceState, value: Any) -> exc.FlushError:
    """Return the error for an object of a wrong class in a relationship (CA-40)."""
    return exc.FlushError(
        f"expected {prop.mapper.class_.__name__}, got {type(value).__name__} - at {describe(state)}.{prop.key}.",
        do=f"assign an instance of {prop.mapper.class_.__name__}, or of a mapped subclass of it.",
        code="wrong-class",
        state=state,
    )


