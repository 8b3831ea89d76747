"""merge: what an object of anywhere says, on this Session's own object of the same row.

Three passes over the graph that the merge cascade reaches. *Reach* walks the given objects, which is all in memory.
*Find* gives each its target: from the identity map, from the database in one SELECT per class and chunk, or a new
object; collections that will be compared are loaded in sets, too. *Copy* sets attributes, which sends nothing.

Spec: ST-14, ST-66 to ST-85, CA-17, CA-18, CA-66, EV-69.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from unitwork import exc
from unitwork.base.markers import NO_VALUE
from unitwork.cascade.walk import relationships_with
from unitwork.instrument.access import set_committed_value
from unitwork.instrument.collections import replace_members
from unitwork.instrument.install import class_hooks
from unitwork.loading import lazy
from unitwork.loading.plan import EntitySpec
from unitwork.loading.run import load_along, load_rows
from unitwork.loading.select import chunks, many_select
from unitwork.loading.specs import options_spec, spec_of
from unitwork.mapping.mapper import Mapper, RelationshipProperty
from unitwork.session.attach import attach_one
from unitwork.session.flushing import autoflush
from unitwork.state.instance import CLEAN, STATE, InstanceState, describe, make_state, state_of
from unitwork.state.lifecycle import DELETED, PENDING, PERSISTENT
from unitwork.state.tracker import StateTracker

if TYPE_CHECKING:
    from unitwork.session.core import SessionCore


class Source(NamedTuple):
    """A given object.

    Attributes:
        state, obj: of it.
        pk: its primary key in the inner form, None where it is not complete.
        root: number of the object given to merge that led to it.
    """

    state: InstanceState
    obj: Any
    pk: Any
    root: int


def merge(core: SessionCore, instance: Any, load: bool, options: Sequence[Any] | None) -> Any:
    """Return the Session's own object for a given one (ST-66)."""
    return merge_all(core, (instance,), load, options)[0]


def merge_all(core: SessionCore, instances: Iterable[Any], load: bool, options: Sequence[Any] | None) -> list[Any]:
    """Return the Session's own objects for given ones, in their order (ST-79)."""
    given = [(state_of(obj), obj) for obj in instances]
    core.ready()
    if not load:
        return _Taken(core).merge(given)
    autoflush(core)
    before, core.autoflush = core.autoflush, False
    try:
        return _Merge(core, options or ()).merge(given)
    finally:
        core.autoflush = before


class _Walk:
    """Reach: the given objects and what their merge cascade leads to; targets by state as they are found."""

    def __init__(self, core: SessionCore) -> None:
        self.core = core
        self.tracker: StateTracker = core.tracker
        self.targets: dict[InstanceState, Any] = {}
        self.sources: list[Source] = []

    def reach(self, given: list[tuple[InstanceState, Any]]) -> None:
        for root, start in enumerate(given):
            waiting = [start]
            while waiting:
                state, obj = waiting.pop()
                if state in self.targets:
                    continue
                if state.tracker is self.tracker and state.phase not in (PENDING, DELETED):
                    self.targets[state] = obj
                    continue
                self.targets[state] = None
                self.sources.append(Source(state, obj, primary_key(state, obj), root))
                present = obj.__dict__
                for prop in reversed(relationships_with(state.mapper, "merge")):
                    value = present.get(prop.key)
                    if value is not None:
                        members = prop.read_members(value) if prop.uselist else [value]
                        waiting.extend((state_of(one), one) for one in reversed(members) if one is not None)

    def target_of(self, obj: Any) -> Any:
        return None if obj is None else self.targets[state_of(obj)]

    def check_versions(self) -> None:
        """Raise StaleDataError where a source says another version than the row has (ST-78)."""
        for state, obj, pk, _ in self.sources:
            column = state.mapper.version_id_col
            if column is None or pk is None:
                continue
            name = state.mapper.name_by_column[column]
            held = self.tracker.identity.table(state.mapper, state.token).get(pk)
            target = None if held is None else held()
            if held is None or target is None or name not in obj.__dict__:
                continue
            version = target.__dict__.get(name, NO_VALUE)
            version = getattr(target, name) if version is NO_VALUE else version
            if obj.__dict__[name] != version:
                raise exc.StaleDataError(
                    f"{describe(state)} to be merged is of version {obj.__dict__[name]!r}, and its row is of version "
                    f"{version!r}.",
                    do="merge what was changed into a fresh copy, or leave the version unset to overwrite the row.",
                    code="stale-merge",
                    states=[state],
                )


class _Merge(_Walk):
    """merge with load=True."""

    def __init__(self, core: SessionCore, options: Sequence[Any]) -> None:
        super().__init__(core)
        self.options = options
        #: (root mapper, token, primary key, number of the given object) to a new target.
        self.made: dict[Any, Any] = {}
        self.created: set[InstanceState] = set()

    def merge(self, given: list[tuple[InstanceState, Any]]) -> list[Any]:
        self.reach(given)
        # What was read stays alive until it is copied to: the identity map holds it weakly.
        held = self.read()
        self.check_versions()
        for source in self.sources:
            self.targets[source.state] = self.find(source)
        self.load_relationships()
        # Values first: a dictionary takes the keys of its members from them.
        for source in self.sources:
            self.copy(source)
        for source in self.sources:
            self.copy_relationships(source)
        del held
        return [self.targets[state] for state, _ in given]

    # -- find ---------------------------------------------------------------------------------------------------------

    def read(self) -> list[Any]:
        """Read the rows of sources that are not here, and the expired ones of those that are, in sets."""
        identity = self.tracker.identity
        unknown: dict[EntitySpec, list[Any]] = {}
        expired: dict[Mapper, dict[InstanceState, Any]] = {}
        held: list[Any] = []
        for state, _, pk, _ in self.sources:
            if pk is None:
                continue
            present = identity.table(state.mapper, state.token).get(pk)
            obj = None if present is None else present()
            if present is None or obj is None:
                mapper = state.mapper
                spec = options_spec(mapper, self.options) if self.options else spec_of(mapper)
                unknown.setdefault(spec, []).append(pk)
            elif present.expired is not None:
                expired.setdefault(present.mapper, {})[present] = obj
        for mapper, subjects in expired.items():
            lazy.load_expired(self.core, mapper, list(subjects.items()))
        for spec, keys in unknown.items():
            connection = self.core.connection_for(spec.mapper)
            standing = many_select(spec)
            for chunk in chunks(list(dict.fromkeys(keys))):
                rows = standing.rows(connection, keys=list(chunk))
                held.extend(load_rows(standing.plan, connection, rows, self.core))
        return held

    def find(self, source: Source) -> Any:
        """Return the target of a source: present by now, or new."""
        state, pk, root = source.state, source.pk, source.root
        if state.tracker is self.tracker and state.phase == PENDING:
            warnings.warn(
                f"{describe(state)} is pending in this Session, and merge() without autoflush makes a second object of "
                "it. Do: flush() first, or use the object itself.",
                exc.UnitworkWarning,
                stacklevel=6,
            )
        mapper = state.mapper
        if pk is not None:
            present = self.tracker.identity.table(mapper, state.token).get(pk)
            target = None if present is None else present()
            if target is not None:
                return target
            target = self.made.get((mapper.root, state.token, pk, root))
            if target is not None:
                return target
        target = _new_instance(mapper)
        target_state = target.__dict__[STATE]
        if state.token is not None:
            target_state.set_extra("token", state.token)
        attach_one(self.tracker, target_state, target)
        self.created.add(target_state)
        if pk is not None:
            self.made[mapper.root, state.token, pk, root] = target
        return target

    def load_relationships(self) -> None:
        """Load what the copying will compare with: relationships that a source has and its target has not, in sets."""
        waiting: dict[RelationshipProperty, dict[int, Any]] = {}
        for source in self.sources:
            target = self.targets[source.state]
            if state_of(target) in self.created:
                continue
            for prop in relationships_with(source.state.mapper, "merge"):
                if prop.key in source.obj.__dict__ and prop.key not in target.__dict__:
                    waiting.setdefault(prop, {})[id(target)] = target
        for prop, owners in waiting.items():
            spec = EntitySpec(prop.parent, ())
            spec.eager[prop] = spec_of(prop.mapper)
            load_along(spec, owners.values(), self.core)

    # -- copy ---------------------------------------------------------------------------------------------------------

    def copy(self, source: Source) -> None:
        """Set on the target the values that the source has (ST-69, ST-70)."""
        # HOT: every merged object; benchmark W13a.
        target = self.targets[source.state]
        present = source.obj.__dict__
        for name in source.state.mapper.columns:
            if name in present:
                setattr(target, name, present[name])

    def copy_relationships(self, source: Source) -> None:
        """Set on the target the targets of what the source refers to (ST-69, ST-70)."""
        target = self.targets[source.state]
        present = source.obj.__dict__
        for prop in relationships_with(source.state.mapper, "merge"):
            if prop.key not in present:
                continue
            value = present[prop.key]
            if prop.viewonly:
                _store(self, prop, target, value)
            elif prop.uselist:
                members = [self.target_of(member) for member in prop.read_members(value)]
                replace_members(prop, target, members)
            else:
                setattr(target, prop.key, self.target_of(value))


class _Taken(_Walk):
    """merge with load=False: what the sources hold is taken for what the rows hold (ST-77)."""

    def merge(self, given: list[tuple[InstanceState, Any]]) -> list[Any]:
        self.reach(given)
        for state, _, _, _ in self.sources:
            _refuse_unclean(state)
        self.check_versions()
        for source in self.sources:
            self.targets[source.state] = self.find(source)
        for source in self.sources:
            self.copy(source)
        return [self.targets[state] for state, _ in given]

    def find(self, source: Source) -> Any:
        state = source.state
        identity = self.tracker.identity
        present = identity.table(state.mapper, state.token).get(state.pk)
        target = None if present is None else present()
        if target is not None:
            return target
        target = _new_instance(state.mapper)
        target_state = target.__dict__[STATE]
        target_state.pk = state.pk
        target_state.tracker = self.tracker
        target_state.phase = PERSISTENT
        target_state.changes = CLEAN
        if state.token is not None:
            target_state.set_extra("token", state.token)
        identity.add(target_state)
        return target

    def copy(self, source: Source) -> None:
        target = self.targets[source.state]
        target_state = state_of(target)
        present = source.obj.__dict__
        mapper = source.state.mapper
        for name in mapper.columns:
            if name in present:
                target.__dict__[name] = present[name]
        for prop in relationships_with(mapper, "merge"):
            if prop.key in present:
                _store(self, prop, target, present[prop.key])
        target_state.forget_changes()
        self.tracker.modified.pop(target_state, None)
        if target_state.expired is not None:
            target_state.expired = target_state.expired.difference(target.__dict__) or None


def _store(walk: _Walk, prop: RelationshipProperty, target: Any, value: Any) -> None:
    if prop.uselist:
        set_committed_value(target, prop.key, [walk.target_of(member) for member in prop.read_members(value)])
    else:
        set_committed_value(target, prop.key, walk.target_of(value))


def _new_instance(mapper: Mapper) -> Any:
    make: Any = mapper.class_.__new__
    target = make(mapper.class_)
    make_state(target, mapper)
    for listener in class_hooks(mapper).listeners.get("load", ()):
        listener(target, None)
    return target


def primary_key(state: InstanceState, obj: Any) -> Any:
    """Return the primary key of an object in the inner form: that of its row, else what its attributes say.

    None where a part is missing; attributes are not loaded for it.
    """
    if state.pk is not None:
        return state.pk
    names = state.mapper.pk_names
    values = tuple([obj.__dict__.get(name) for name in names])
    for value in values:
        if value is None:
            return None
    return values[0] if len(values) == 1 else values


def _refuse_unclean(state: InstanceState) -> None:
    if state.pk is None:
        raise exc.InvalidRequestError(
            f"merge(load=False) takes {describe(state)} for its row, but it has none.",
            do="use load=True.",
            code="merge-without-identity",
            state=state,
        )
    if state.changes or state.queued:
        raise exc.InvalidRequestError(
            f"merge(load=False) takes {describe(state)} for its row, but it has changes that are not flushed.",
            do="use load=True.",
            code="merge-unflushed",
            state=state,
        )
