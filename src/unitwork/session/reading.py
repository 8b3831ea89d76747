"""Everything of a Session that reads: statements, get, refresh, and the loading of single attributes.

Spec: SB-35 to SB-45, SB-77, SB-78, SB-87 to SB-99, ST-21, ST-22, ST-91 to ST-106, PT-09, PT-10.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

from unitwork import exc
from unitwork.cascade.walk import reach
from unitwork.engine.connection import Connection
from unitwork.engine.result import Result, ScalarResult
from unitwork.engine.statement_cache import Prepared
from unitwork.engine.stream import stream_sizes
from unitwork.flush.settle import Settled
from unitwork.instrument.collections import bind_loaded
from unitwork.instrument.references import remember_parent
from unitwork.loading import lazy
from unitwork.loading.criteria import under_criteria
from unitwork.loading.expand import expand
from unitwork.loading.from_statement import read_statement
from unitwork.loading.plan import EntityItem, EntitySpec, LoadPlan
from unitwork.loading.run import load_rows
from unitwork.loading.select import source_names, target_key
from unitwork.loading.specs import options_spec, spec_of
from unitwork.mapping.mapper import MANYTOONE, Mapper, RelationshipProperty
from unitwork.mapping.registry import mapper_of
from unitwork.session import dml
from unitwork.session.flushing import autoflush, row_gone
from unitwork.sql.shape import shape_of
from unitwork.state.instance import CLEAN, InstanceState, describe, state_of
from unitwork.state.lifecycle import DELETED, PERSISTENT

if TYPE_CHECKING:
    from unitwork.session.core import SessionCore

_NOTHING: Mapping[str, Any] = {}


# -- statements -------------------------------------------------------------------------------------------------------


def execute(
    core: SessionCore,
    statement: Any,
    params: Any = None,
    options: Mapping[str, Any] = _NOTHING,
    bind_arguments: Mapping[str, Any] | None = None,
) -> Result:
    """Run a statement and return its Result; a SELECT of mapped classes gives objects."""
    loaded = _load(core, statement, params, options, bind_arguments)
    if isinstance(loaded, Result):
        return loaded
    plan, values = loaded
    rows = [(value,) for value in values] if plan.single else values
    result: Result = Result(rows, plan.keys, needs_unique=plan.needs_unique)
    result.kinds = _kinds(plan)
    return result


def scalars(
    core: SessionCore,
    statement: Any,
    params: Any = None,
    options: Mapping[str, Any] = _NOTHING,
    bind_arguments: Mapping[str, Any] | None = None,
) -> ScalarResult[Any]:
    """Run a statement and return the first item of each row."""
    # HOT: queries of objects; benchmark W2.
    loaded = _load(core, statement, params, options, bind_arguments)
    if isinstance(loaded, Result):
        return loaded.scalars()
    plan, values = loaded
    found = ScalarResult.from_values(values if plan.single else [row[0] for row in values], plan.needs_unique)
    if isinstance(plan.items[0], EntityItem):
        found.identity = id
    return found


def _load(
    core: SessionCore,
    statement: Any,
    params: Any,
    options: Mapping[str, Any],
    bind_arguments: Mapping[str, Any] | None,
) -> Result | tuple[LoadPlan, list[Any]]:
    if isinstance(statement, str):
        raise exc.ArgumentError(
            f"a statement was given as a string: {statement[:60]!r}.",
            do="wrap it: text('…'), with :name for parameters.",
            code="string-statement",
        )
    given = _options_of(core, statement, options)
    if not (given and given.get("autoflush") is False):
        autoflush(core)
    arguments = bind_arguments or _NOTHING
    mapper = None if "mapper" not in arguments else inspect_class(arguments["mapper"])
    connection = core.connection_for(mapper, arguments.get("clause", statement), arguments.get("bind"))
    if getattr(statement, "kind", None) != "select" or isinstance(params, (list, tuple)):
        changed = dml.mapper_of_statement(statement)
        dml.refuse_returned_objects(statement)
        if changed is None:
            return connection.execute(under_criteria(statement), params, execution_options=given)
        return dml.execute(core, connection, changed, statement, params, given)
    if statement.visit == "from_statement":
        found, read = read_statement(statement, connection, params)
        return found, load_rows(found, connection, read, core, _populated(given))
    shape = shape_of(statement)
    prepared = connection.prepare(statement, shape, expand)
    plan: LoadPlan | None = prepared.memo
    if plan is not None and connection.watch is not None:
        statement, params = connection.watch.before_execute(statement, params, given)
        shape = shape_of(statement)
        prepared = connection.prepare(statement, shape, expand)
        plan = prepared.memo
    if plan is None:
        return connection.execute(under_criteria(statement), params, execution_options=given)
    if given or connection.given_options:
        given = {**connection.given_options, **given}
        if stream_sizes(given) is not None and _may_stream(plan, given):
            return _streamed(core, connection, (prepared, *prepared.parameters(shape.binds, params)), given)
    rows = connection.prepared_fetch(prepared, shape.binds, params)
    if connection.watch is not None:
        connection.watch.after_execute(statement, params, given, None)
    return plan, load_rows(plan, connection, rows, core, _populated(given))


def _populated(options: Mapping[str, Any]) -> set[InstanceState] | None:
    return set() if options and options.get("populate_existing") else None


def _may_stream(plan: LoadPlan, options: Mapping[str, Any]) -> bool:
    if plan.needs_unique and options.get("yield_per"):
        raise exc.InvalidRequestError(
            "yield_per cuts the rows into parts, and a joined collection may be spread over several of them.",
            do="load the collection with selectinload(), or leave yield_per out.",
            code="yield-per-joined",
        )
    return not plan.needs_unique


def _streamed(
    core: SessionCore, connection: Connection, ready: tuple[Prepared, str, Any], options: Mapping[str, Any]
) -> Result:
    """Return a Result whose rows become objects chunk by chunk, while they are read (SB-50)."""
    prepared, sql, values = ready
    plan: LoadPlan = prepared.memo
    populates = options.get("populate_existing")
    stream = connection.stream(sql, values, stream_sizes(options))

    def chunk(rows: list[Any]) -> list[Any]:
        loaded = load_rows(plan, connection, rows, core, set() if populates else None)
        return [(value,) for value in loaded] if plan.single else loaded

    result: Result = Result(chain.from_iterable(map(chunk, stream)), plan.keys)
    result.kinds = _kinds(plan)
    result.feed = stream
    if options.get("yield_per"):
        result.yield_per(options["yield_per"])
    return result


def _kinds(plan: LoadPlan) -> tuple[Any, ...]:
    # What unique() compares by: mapped objects by identity, whatever their __eq__ and __hash__ say.
    return tuple([id if isinstance(item, EntityItem) else None for item in plan.items])


def _options_of(core: SessionCore, statement: Any, options: Mapping[str, Any]) -> Mapping[str, Any]:
    # The argument of the call wins over the statement, that over the Session (PT-14).
    own = getattr(statement, "given_execution_options", None) or _NOTHING
    if not own and not options:
        return core.execution_options
    return {**core.execution_options, **own, **options}


def inspect_class(subject: Any) -> Mapper:
    """Return the Mapper of a mapped class or Mapper.

    Raises:
        ArgumentError [not-mapped-class]: it is none.
    """
    mapper = subject if isinstance(subject, Mapper) else mapper_of(subject) if isinstance(subject, type) else None
    if mapper is None:
        name = getattr(subject, "__qualname__", None) or type(subject).__qualname__
        raise exc.ArgumentError(
            f"{name} is not a mapped class.", do="map it, or give one that is mapped.", code="not-mapped-class"
        )
    if not mapper.sealed:
        mapper.registry.configure()
    return mapper


# -- get --------------------------------------------------------------------------------------------------------------


def get(core: SessionCore, entity: Any, ident: Any, populate: bool = False, options: Sequence[Any] = ()) -> Any:
    """Return the object of a primary key from the identity map, else from the database, else None."""
    # HOT: benchmark W8h.
    mapper = inspect_class(entity)
    pk = primary_key(mapper, ident)
    inner = pk[0] if len(pk) == 1 else pk
    if not populate:
        state = core.tracker.identity.table(mapper).get(inner)
        obj = None if state is None else state()
        if state is not None and obj is not None:
            if not isinstance(obj, mapper.class_):
                return None
            if not state.mapper.always_refresh:
                return obj if state.expired is None else _get_expired(core, state, obj)
            populate = True
    autoflush(core)
    spec: EntitySpec = options_spec(mapper, options) if options else spec_of(mapper)
    return lazy.get_row(core, spec, pk, set() if populate else None)


def _get_expired(core: SessionCore, state: InstanceState, obj: Any) -> Any:
    # SB-90: a present but expired object whose row is gone becomes deleted, and None is the answer.
    autoflush(core)
    if state.phase == PERSISTENT and lazy.load_columns(core, state):
        return obj
    if state.phase == PERSISTENT:
        tracker = core.tracker
        tracker.identity.discard(state)
        tracker.modified.pop(state, None)
        tracker.gone[state] = obj
        state.phase = DELETED
        core.transactions.note(Settled([], [], [state], []))
    return None


def primary_key(mapper: Mapper, ident: Any) -> tuple[Any, ...]:
    """Return the primary key that a user gave as a scalar, tuple, list or dictionary, as a tuple (SB-88).

    Raises:
        InvalidRequestError [wrong-primary-key]: wrong number or names of values.
    """
    names = mapper.pk_names
    if isinstance(ident, Mapping):
        if set(ident) != set(names):
            raise _wrong_key(mapper, f"the names {', '.join(map(str, ident))}")
        return tuple(ident[name] for name in names)
    pk = tuple(ident) if isinstance(ident, (tuple, list)) else (ident,)
    if len(pk) != len(names):
        raise _wrong_key(mapper, f"{len(pk)} value{'s' if len(pk) != 1 else ''}")
    return pk


def _wrong_key(mapper: Mapper, got: str) -> exc.InvalidRequestError:
    return exc.InvalidRequestError(
        f"expected the primary key of {mapper.class_.__name__} ({', '.join(mapper.pk_names)}), got {got}.",
        do="pass one value per primary key attribute, in this order, or a dictionary by name.",
        code="wrong-primary-key",
        mapper=mapper,
    )


# -- expire and refresh -----------------------------------------------------------------------------------------------


def persistent_state(core: SessionCore, obj: Any, what: str) -> InstanceState:
    """Return the state of an object that is persistent in this Session.

    Raises:
        InvalidRequestError [not-persistent-here]: it is not.
    """
    state = state_of(obj)
    if state.tracker is not core.tracker or state.phase != PERSISTENT:
        raise exc.InvalidRequestError(
            f"cannot {what} {describe(state)}: it is not persistent in this Session.",
            do="add() and flush() it first.",
            code="not-persistent-here",
            state=state,
        )
    return state


def expire(core: SessionCore, state: InstanceState, obj: Any, names: Iterable[str] | None) -> None:
    """Drop values and pending changes of an object: the named ones, or all, and then along refresh-expire too."""
    if names is None:
        tracker = core.tracker
        reached = list(reach(obj, "refresh-expire", lambda other: other.tracker is tracker))
        for reached_state, reached_obj in ((state, obj), *reached):
            if reached_state.phase == PERSISTENT:
                tracker.expire(reached_state, reached_obj)
        return
    wanted = list(names)
    for name in wanted:
        if name not in state.mapper.attrs:
            raise KeyError(f"{state.mapper.class_.__name__} has no mapped attribute {name!r}")
    for name in wanted:
        obj.__dict__.pop(name, None)
        if state.changes:
            state.changes.pop(name, None)
        if state.queued:
            state.queued.pop(name, None)
    if not state.changes:
        state.changes = CLEAN
        core.tracker.modified.pop(state, None)
    state.expired = frozenset(wanted).union(state.expired or ())


def refresh(core: SessionCore, obj: Any, names: Sequence[str] | None) -> None:
    """Read an object, or the named attributes, again now (ST-96 to ST-105)."""
    state = persistent_state(core, obj, "refresh")
    expire(core, state, obj, names)
    autoflush(core)
    persistent_state(core, obj, "refresh")
    columns = [name for name in names or () if name in state.mapper.columns]
    relationships = [name for name in names or () if name in state.mapper.relationships]
    with_row = names is None or columns or not relationships
    if with_row and not lazy.load_columns(core, state):
        raise exc.InvalidRequestError(
            f"cannot refresh {describe(state)}: its row is gone.",
            do="expunge() the object, or roll back.",
            code="refresh-row-gone",
            state=state,
        )
    for name in relationships:
        load_attribute(core, state, name)


# -- one attribute ----------------------------------------------------------------------------------------------------


def load_attribute(core: SessionCore, state: InstanceState, name: str) -> Any:
    """Return the value of an unloaded attribute of an attached object, and store it there."""
    prop = state.mapper.attrs[name]
    if isinstance(prop, RelationshipProperty):
        return _load_relationship(core, state, prop)
    if lazy.column_refused(state, name):
        raise lazy.refused(state, prop)
    autoflush(core)
    obj = state()
    present = obj.__dict__
    if name in present:
        return present[name]
    if not lazy.load_columns(core, state, name):
        raise row_gone([state])
    return present.get(name)


def _load_relationship(core: SessionCore, state: InstanceState, prop: RelationshipProperty) -> Any:
    obj = state()
    present = obj.__dict__
    way = lazy.way_of(state, prop)
    if way == "raise":
        raise lazy.refused(state, prop)
    if way == "noload":
        return bind_loaded(prop, state, obj, ()) if prop.uselist else None
    names = source_names(prop)
    key = [getattr(obj, name) for name in names]
    if prop.direction is MANYTOONE:
        if all(part is None for part in key):
            present[prop.key] = None
            return None
        if prop.uses_get and not lazy.later_spec(state, prop).criteria:
            found = core.tracker.identity.find(prop.mapper, target_key(prop, names, key))
            if isinstance(found, prop.mapper.class_):
                present[prop.key] = found
                if prop.single_parent:
                    remember_parent(prop, state, found)
                return found
    if way == "raise_on_sql":
        raise lazy.refused(state, prop)
    autoflush(core)
    if prop.key in present:
        return present[prop.key]
    value = lazy.load_relationship(core, state, prop, key)
    if prop.single_parent and not prop.uselist and value is not None:
        remember_parent(prop, state, value)
    return value
