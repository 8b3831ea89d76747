"""UPDATE and DELETE of mapped classes by criteria: one statement, and the objects in the Session follow.

The statement changes rows the Session may hold objects of. Which, is worked out in Python where every database would
answer the same ("evaluate"), else by a SELECT of their primary keys before the statement ("fetch"); a Session without
objects of the class needs neither.

Spec: SB-74, SB-75, PT-72 to PT-80.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from unitwork import exc
from unitwork.engine.connection import Connection
from unitwork.engine.result import Result
from unitwork.flush.settle import Settled
from unitwork.loading.criteria import marked, under_criteria
from unitwork.mapping.mapper import Mapper
from unitwork.sql.clause import EntityElement
from unitwork.sql.columns import EntityColumn
from unitwork.sql.compare_values import cannot
from unitwork.sql.dml import CellBind
from unitwork.sql.evaluate import evaluator
from unitwork.sql.select import select
from unitwork.state.instance import CLEAN, InstanceState
from unitwork.state.lifecycle import DELETED
from unitwork.state.tracker import every_name

if TYPE_CHECKING:
    from unitwork.session.core import SessionCore

#: Values of the execution option ``synchronize_session``.
MODES = ("auto", "evaluate", "fetch", False, None)

Matched = list[tuple[InstanceState, Any]]


def mapper_of_statement(statement: Any) -> Mapper | None:
    """Return the Mapper of an UPDATE or DELETE of a mapped class; None for other statements."""
    if getattr(statement, "kind", None) not in ("update", "delete") or statement.entity is None:
        return None
    subject = statement.entity.subject
    return subject if isinstance(subject, Mapper) else None


def execute(
    core: SessionCore,
    connection: Connection,
    mapper: Mapper,
    statement: Any,
    params: Any,
    options: Mapping[str, Any],
) -> Result:
    """Run an UPDATE or DELETE of a mapped class and bring the objects in the Session in step.

    Raises:
        ArgumentError [synchronize-session]: the option ``synchronize_session`` has a value that is not in MODES.
        UnevaluatableError [criterion-not-evaluable]: with "evaluate", only the database can tell which rows match.
        InvalidRequestError [dml-many]: `params` is a list.
    """
    mode = options.get("synchronize_session", "auto")
    if mode not in MODES:
        raise exc.ArgumentError(
            f"synchronize_session={mode!r} is no way to bring objects in step.",
            do='use "auto", "evaluate", "fetch" or False.',
            code="synchronize-session",
        )
    if isinstance(params, (list, tuple)) and params:
        _refuse_many(mapper, statement.kind)
    if params and statement.kind == "update":
        known = statement.bind_keys()
        given = {name: value for name, value in params.items() if name not in known}
        statement = statement.with_cells({**statement.cells, **statement.cells_of(given)})
        params = {name: value for name, value in params.items() if name in known}
    statement = under_criteria(statement)
    matched = _matched(core, connection, mapper, statement, params, mode) if mode else []
    result = connection.execute(statement, params, execution_options=options)
    if statement.kind == "delete":
        _delete(core, matched)
    elif matched:
        _update(core, mapper, statement, matched)
    return result


def refuse_returned_objects(statement: Any) -> None:
    """Refuse a mapped class in RETURNING, whose objects nobody would make.

    Raises:
        InvalidRequestError [returning-objects]: there is one.
    """
    for element in getattr(statement, "returning_elements", ()):
        if isinstance(element, EntityElement):
            name = element.subject.class_.__name__
            raise exc.InvalidRequestError(
                f"the rows of {statement.kind}().returning({name}) are not made objects.",
                do=f"execute select({name}).from_statement(…) of the statement, or return columns: {name}.id, ….",
                code="returning-objects",
            )


def _refuse_many(mapper: Mapper, kind: str) -> None:
    raise exc.InvalidRequestError(
        f"{kind}() of {mapper.class_.__name__} was given a list of parameters: a Session does not pick a row for each.",
        do="change or delete the objects; or run it with criteria of its own: session.connection().execute(…).",
        code="dml-many",
    )


def _matched(
    core: SessionCore, connection: Connection, mapper: Mapper, statement: Any, params: Any, mode: str
) -> Matched:
    held = core.tracker.identity.table(mapper)
    if not held:
        return []
    if mode != "fetch":
        try:
            return _evaluated(core, mapper, list(held.values()), statement, params)
        except exc.UnevaluatableError:
            if mode == "evaluate":
                raise
    keys = select(*mapper.primary_key).select_from(mapper.selectable).where(*statement.all_criteria())
    if statement.is_adjusted:
        keys = marked(keys.options(*statement.with_options), statement.adjust)
    found = []
    for row in connection.execute(keys, params):
        state = held.get(row[0] if len(row) == 1 else tuple(row))
        obj = None if state is None else state()
        if state is not None and obj is not None and isinstance(obj, mapper.class_):
            found.append((state, obj))
    return found


class _NotLoaded(Exception):
    """A value that the criteria ask for is expired."""


def _evaluated(
    core: SessionCore, mapper: Mapper, held: list[InstanceState], statement: Any, params: Mapping[str, Any] | None
) -> Matched:
    # PT-74: fully expired objects are passed over; one that lacks a value of the criteria is expired as a whole.
    def read(column: Any) -> Callable[[Any], Any]:
        own: Any = column.element if isinstance(column, EntityColumn) else column
        name = mapper.name_by_column.get(own)
        if name is None:
            raise cannot("it has a column of another table")

        def value_of(obj: Any) -> Any:
            present = obj.__dict__
            if name not in present:
                raise _NotLoaded
            return present[name]

        return value_of

    tests = [evaluator(criterion, read, params or {}) for criterion in statement.all_criteria()]
    found: Matched = []
    partial: Matched = []
    for state in held:
        obj = state()
        if obj is None or not isinstance(obj, mapper.class_):
            continue
        try:
            # All are asked: one that cannot tell must not depend on what another says.
            answers = [test(obj) for test in tests]
            if all(answer is True for answer in answers):
                found.append((state, obj))
        except _NotLoaded:
            partial.append((state, obj))
    for state, obj in partial:
        if state.expired != every_name(state):
            core.tracker.expire(state, obj)
    return found


def _delete(core: SessionCore, matched: Matched) -> None:
    tracker = core.tracker
    for state, obj in matched:
        tracker.identity.discard(state)
        tracker.modified.pop(state, None)
        tracker.deleted.pop(state, None)
        tracker.gone[state] = obj
        state.phase = DELETED
    if matched:
        core.transactions.note(Settled([], [], [state for state, _ in matched], []))


def _update(core: SessionCore, mapper: Mapper, statement: Any, matched: Matched) -> None:
    # Plain values are what the row holds now; what the database worked out is read when it is asked for (PT-77).
    plain: dict[str, Any] = {}
    worked_out: list[str] = []
    for column, cell in statement.assignments():
        name = mapper.name_by_column.get(column)
        if name is None:
            continue
        if isinstance(cell, CellBind) and cell.key is None and cell.callable is None:
            plain[name] = cell.value
        else:
            worked_out.append(name)
    for state, obj in matched:
        present, expired = obj.__dict__, state.expired or frozenset()
        for name in (*plain, *worked_out):
            present.pop(name, None)
            if state.changes:
                state.changes.pop(name, None)
        present.update({name: value for name, value in plain.items() if name not in expired})
        if worked_out:
            state.expired = expired.union(worked_out)
        if not state.changes:
            state.changes = CLEAN
            core.tracker.modified.pop(state, None)
