"""Execute: a FlushPlan through connections, step by step.

For each step, in this order: the before-hooks run (they may change the row), markers are resolved, the rows go to
``engine/batch.py`` as one batch, keys and defaults that came of it are published to the objects, the after-hooks run.
Row counts are checked. States are not touched here: ``settle`` does that when all steps are through.

Spec: FP-09, FP-10, FP-15, FP-18, PT-01 to PT-05, PT-20, PT-27, PT-28, PT-30, CA-51, EV-32 to EV-37, EV-43.
"""

from __future__ import annotations

import datetime
import uuid
import warnings
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from unitwork import exc
from unitwork.base.markers import DEFAULT_CELL, SQL_NULL
from unitwork.engine.batch import delete_rows, insert_rows, update_rows
from unitwork.engine.connection import Connection
from unitwork.flush.changes import PYTHON_DEFAULT, KeyRef, WorkSet
from unitwork.flush.defaults import insert_defaults, with_default
from unitwork.flush.extract import row_shape
from unitwork.flush.plan import DeleteRows, FlushPlan, InsertRows, LinkRows, Step, UnlinkRows, UpdateRows
from unitwork.instrument.install import class_hooks
from unitwork.mapping.mapper import Mapper
from unitwork.sql.clause import ClauseElement
from unitwork.sql.dml import insert, update
from unitwork.sql.functions import and_
from unitwork.sql.schema import Column
from unitwork.state.instance import describe

#: (Mapper) to the Connection its rows go to.
ConnectionFor = Callable[[Mapper], Connection]
Cells = list[Any]
#: What before-hooks wrote: attribute name to {place of the object in its step: value}.
Written = dict[str, dict[int, Any]]


def execute(plan: FlushPlan, work: WorkSet, connection_for: ConnectionFor) -> None:
    """Send the steps of a plan.

    Args:
        connection_for: asked once per step.
    Raises:
        StaleDataError [stale-row]: a row to update is not there.
        FlushError [no-primary-key]: a row has no primary key, and the database makes none.
        DBAPIError: a statement failed. Nothing is rolled back here.
    """
    running = _Run(work, connection_for)
    for step in plan.steps:
        if isinstance(step, InsertRows):
            running.insert(step)
        elif isinstance(step, UpdateRows):
            running.update(step)
        elif isinstance(step, DeleteRows):
            running.delete(step)
        elif isinstance(step, UnlinkRows):
            running.unlink(step)
        elif isinstance(step, LinkRows):
            running.link(step)


class _Run:
    """One execution: the objects by handle, and the way to their connections."""

    def __init__(self, work: WorkSet, connection_for: ConnectionFor) -> None:
        self.subjects = work.subjects
        self.connection_for = connection_for

    def mapper_of(self, step: Step) -> Mapper:
        if step.mapper is None:
            raise exc.BrokenInvariantError(f"a step on {step.table.name} has no mapper.", code="step-without-mapper")
        return step.mapper

    def objects(self, step: Step) -> list[Any]:
        return [self.subjects[handle - 1][1] for handle in step.handles]

    def resolve(self, cells: Sequence[Any]) -> Cells:
        """Return one column of cells with every KeyRef replaced by the value that is known by now."""
        subjects = self.subjects
        return [
            subjects[cell[0] - 1][1].__dict__[cell[1]] if type(cell) is KeyRef else cell for cell in cells
        ]

    def columns_of(self, step: Step) -> list[Cells]:
        return [
            self.resolve(cells) if KeyRef in set(map(type, cells)) else list(cells) for cells in zip(*step.rows)
        ]

    # -- INSERT -------------------------------------------------------------------------------------------------------

    def insert(self, step: InsertRows) -> None:
        mapper = self.mapper_of(step)
        connection = self.connection_for(mapper)
        objects = self.objects(step)
        hooks = class_hooks(mapper).listeners
        cells = self.columns_of(step)
        columns = step.columns
        if "before_insert" in hooks:
            columns, cells = self._after_hooks_ran(mapper, connection, objects, columns, cells, hooks["before_insert"])
        columns, cells, returning = insert_defaults(connection, columns, cells, step.returning)
        expressions = _expression_rows(cells)
        _refuse_missing_keys(mapper, columns, cells, objects, returning)
        if expressions:
            got = _insert_expressions(connection, returning, mapper, columns, cells, expressions)
        else:
            rows = list(zip(*cells)) if cells else [()] * len(objects)
            got = insert_rows(connection, mapper.local_table, columns, rows, returning)
        _publish_insert(mapper, objects, columns, cells, returning, got, expressions)
        for listener in hooks.get("after_insert", ()):
            for obj in objects:
                listener(mapper, connection, obj)

    def _after_hooks_ran(
        self,
        mapper: Mapper,
        connection: Connection,
        objects: list[Any],
        columns: tuple[Column, ...],
        cells: list[Cells],
        listeners: Sequence[Callable[..., Any]],
    ) -> tuple[tuple[Column, ...], list[Cells]]:
        """Call the before-hooks, and take over what they wrote to column attributes (EV-32)."""
        shape = row_shape(mapper)
        written = _written_by(listeners, mapper, connection, objects)
        kept = dict(zip(columns, cells))
        result_columns: list[Column] = []
        result_cells: list[Cells] = []
        for name, column in zip(shape.names, shape.columns):
            values = kept.get(column) or [DEFAULT_CELL] * len(objects)
            if name in written and not (name in shape.synced and column in kept):
                missing = PYTHON_DEFAULT if column.default is not None else DEFAULT_CELL if column not in kept else None
                for place, value in written[name].items():
                    plain = value is not None or column.type.should_evaluate_none
                    values[place] = value if plain else missing
            if any(value is not DEFAULT_CELL for value in values):
                result_columns.append(column)
                result_cells.append(values)
        return tuple(result_columns), result_cells

    # -- UPDATE -------------------------------------------------------------------------------------------------------

    def update(self, step: UpdateRows) -> None:
        mapper = self.mapper_of(step)
        connection = self.connection_for(mapper)
        objects = self.objects(step)
        hooks = class_hooks(mapper).listeners
        cells = self.columns_of(step)
        for place, column in enumerate(step.columns):
            if column.onupdate is not None:
                cells[place] = with_default(column.onupdate, place, step.columns, cells, connection)
        if "before_update" in hooks:
            written = _written_by(hooks["before_update"], mapper, connection, objects)
            self._take_over(step, mapper, connection, cells, written)
        expressions = _expression_rows(cells)
        rows = list(zip(*cells))
        if expressions:
            missing = _update_expressions(connection, step, mapper, rows)
        else:
            missing = update_rows(connection, mapper.local_table, step.columns, step.keys, rows)
        if missing:
            raise self._stale(step, missing)
        _publish_update(mapper, objects, step.columns, cells, expressions)
        for listener in hooks.get("after_update", ()):
            for obj in objects:
                listener(mapper, connection, obj)

    def _take_over(
        self, step: UpdateRows, mapper: Mapper, connection: Connection, cells: list[Cells], written: Written
    ) -> None:
        """Put what before-hooks wrote into the cells of an UPDATE; columns that it lacks go out before it (EV-34)."""
        shape = row_shape(mapper)
        keys = list(zip(*cells[len(step.columns) :]))
        lacking: dict[int, dict[Column, Any]] = {}
        for name, column in zip(shape.names, shape.columns):
            for place, value in written.get(name, {}).items():
                if column not in step.columns:
                    lacking.setdefault(place, {})[column] = value
                elif name not in shape.synced:
                    cells[step.columns.index(column)][place] = value
        groups: dict[tuple[Column, ...], list[int]] = {}
        for place, values in lacking.items():
            groups.setdefault(tuple(values), []).append(place)
        for columns, places in groups.items():
            rows = [(*lacking[place].values(), *keys[place]) for place in places]
            missing = update_rows(connection, mapper.local_table, columns, step.keys, rows)
            if missing:
                raise self._stale(step, [places[number] for number in missing])

    def _stale(self, step: Step, missing: Sequence[int]) -> exc.StaleDataError:
        states = [self.subjects[step.handles[place] - 1][0] for place in missing]
        names = ", ".join(describe(state) for state in states[:10])
        more = f" and {len(states) - 10} more" if len(states) > 10 else ""
        return exc.StaleDataError(
            f"UPDATE of table '{step.table.name}' found no row for {names}{more}: deleted or changed by someone else.",
            do="roll back, then refresh the objects or load them again.",
            code="stale-row",
            states=states,
        )

    # -- DELETE -------------------------------------------------------------------------------------------------------

    def delete(self, step: DeleteRows) -> None:
        mapper = self.mapper_of(step)
        connection = self.connection_for(mapper)
        objects = self.objects(step)
        hooks = class_hooks(mapper).listeners
        for listener in hooks.get("before_delete", ()):
            for obj in objects:
                listener(mapper, connection, obj)
        matched = delete_rows(connection, mapper.local_table, step.keys, list(step.rows))
        if 0 <= matched < len(step.rows) and mapper.options.get("confirm_deleted_rows", True):
            warnings.warn(
                f"DELETE of table '{step.table.name}' expected {len(step.rows)} rows and found {matched}. Do: roll "
                f"back if that matters, or set the mapper option confirm_deleted_rows=False.",
                exc.UnitworkWarning,
                stacklevel=2,
            )
        for listener in hooks.get("after_delete", ()):
            for obj in objects:
                listener(mapper, connection, obj)

    # -- association tables -------------------------------------------------------------------------------------------

    def link(self, step: LinkRows) -> None:
        connection = self.connection_for(self.mapper_of(step))
        insert_rows(connection, step.table, step.columns, list(zip(*self.columns_of(step))))

    def unlink(self, step: UnlinkRows) -> None:
        connection = self.connection_for(self.mapper_of(step))
        rows = list(zip(*self.columns_of(step)))
        matched = delete_rows(connection, step.table, step.columns, rows)
        if step.counted and 0 <= matched < len(rows):
            raise exc.StaleDataError(
                f"DELETE of association table '{step.table.name}' expected {len(rows)} rows and found {matched}.",
                do="roll back, and load the objects again.",
                code="stale-link",
                table=step.table,
            )


# -- what hooks wrote -------------------------------------------------------------------------------------------------


def _written_by(
    listeners: Sequence[Callable[..., Any]], mapper: Mapper, connection: Connection, objects: list[Any]
) -> Written:
    """Call before-hooks, and return which column attributes they gave another value."""
    names = row_shape(mapper).names
    written: Written = {}
    for place, obj in enumerate(objects):
        present = obj.__dict__
        before = [present.get(name) for name in names]
        for listener in listeners:
            listener(mapper, connection, obj)
        for name, old in zip(names, before):
            if present.get(name) is not old:
                written.setdefault(name, {})[place] = present.get(name)
    return written


# -- SQL expressions --------------------------------------------------------------------------------------------------


#: Classes of None, and of what stands for NULL.
_NULLS = frozenset((type(None), type(SQL_NULL)))
#: Classes of values that are no SQL expressions, known without a look.
_PLAIN = frozenset(
    (type(None), bool, int, float, str, bytes, Decimal, datetime.date, datetime.datetime, datetime.time, uuid.UUID)
)


def _is_sql(kind: type) -> bool:
    return hasattr(kind, "__clause_element__") or issubclass(kind, ClauseElement)


def _expression_rows(cells: list[Cells]) -> set[int]:
    """Return the places of the rows that hold a SQL expression; those are sent one by one (PT-05)."""
    found: set[int] = set()
    for column in cells:
        # The types of a whole column first: a column without expressions costs no look at its values.
        if not _PLAIN.issuperset(map(type, column)) and any(map(_is_sql, set(map(type, column)))):
            found.update(
                place
                for place, value in enumerate(column)
                if _is_sql(type(value))
            )
    return found


def _insert_expressions(
    connection: Connection,
    returning: tuple[Column, ...],
    mapper: Mapper,
    columns: tuple[Column, ...],
    cells: list[Cells],
    expressions: set[int],
) -> list[tuple[Any, ...]] | None:
    rows = list(zip(*cells))
    got: list[tuple[Any, ...]] = []
    for place, row in enumerate(rows):
        if place not in expressions:
            back = insert_rows(connection, mapper.local_table, columns, [row], returning)
            got.extend(back or ())
            continue
        values = {column: cell for column, cell in zip(columns, row) if cell is not DEFAULT_CELL}
        statement: Any = insert(mapper.local_table).values(values)
        if returning and connection.dialect.features.insert_returning:
            got.append(tuple(connection.execute(statement.returning(*returning)).all()[0]))
        else:
            result = connection.execute(statement)
            got.append(tuple(result.inserted_primary_key or ())[: len(returning)])
    return got if returning else None


def _update_expressions(
    connection: Connection, step: UpdateRows, mapper: Mapper, rows: list[tuple[Any, ...]]
) -> list[int]:
    missing = []
    for place, row in enumerate(rows):
        values = dict(zip(step.columns, row))
        keys = row[len(step.columns) :]
        condition = and_(*(column == key for column, key in zip(step.keys, keys)))
        statement: Any = update(mapper.local_table).where(condition).values(values)
        if connection.execute(statement).rowcount == 0:
            missing.append(place)
    return missing


# -- publishing -------------------------------------------------------------------------------------------------------


def _publish_insert(
    mapper: Mapper,
    objects: list[Any],
    columns: tuple[Column, ...],
    cells: list[Cells],
    returning: tuple[Column, ...],
    got: list[tuple[Any, ...]] | None,
    expressions: set[int],
) -> None:
    # HOT: every new object; benchmark W1.
    names = mapper.name_by_column
    synced = row_shape(mapper).synced
    for column, values in zip(columns, cells):
        name = names[column]
        if name in synced or column.default is not None or column.foreign_keys:
            for obj, value in zip(objects, values):
                if value is not DEFAULT_CELL:
                    obj.__dict__[name] = None if value is SQL_NULL else value
        elif not _NULLS.isdisjoint(map(type, values)):
            for obj, value in zip(objects, values):
                if value is None or value is SQL_NULL:
                    obj.__dict__.setdefault(name)
    if got is not None and returning:
        back = [names[column] for column in returning]
        if len(back) == 1:
            name = back[0]
            for obj, row in zip(objects, got):
                obj.__dict__[name] = row[0]
        else:
            for obj, row in zip(objects, got):
                obj.__dict__.update(zip(back, row))
    _forget_expressions(mapper, objects, columns, cells, expressions)


def _forget_expressions(
    mapper: Mapper, objects: list[Any], columns: tuple[Column, ...], cells: list[Cells], expressions: set[int]
) -> None:
    """Take SQL expressions off the objects, whose values are to be read from the database (PT-03)."""
    for place in expressions:
        for column, values in zip(columns, cells):
            if _is_sql(type(values[place])):
                objects[place].__dict__.pop(mapper.name_by_column[column], None)


def _publish_update(
    mapper: Mapper, objects: list[Any], columns: tuple[Column, ...], cells: list[Cells], expressions: set[int]
) -> None:
    names = mapper.name_by_column
    synced = row_shape(mapper).synced
    for column, values in zip(columns, cells):
        name = names[column]
        if name in synced or column.onupdate is not None or column.foreign_keys:
            for obj, value in zip(objects, values):
                obj.__dict__[name] = value
    _forget_expressions(mapper, objects, columns, cells, expressions)
    for name in row_shape(mapper).expired:
        for obj in objects:
            obj.__dict__.pop(name, None)


def _refuse_missing_keys(
    mapper: Mapper,
    columns: tuple[Column, ...],
    cells: list[Cells],
    objects: list[Any],
    returning: tuple[Column, ...],
) -> None:
    """Raise where a primary key would be NULL: the row could never be found again (FP-18, PT-36)."""
    for key in mapper.primary_key:
        if key in returning:
            continue
        values = cells[columns.index(key)] if key in columns else [None] * len(objects)
        for place, value in enumerate(values):
            if value is None:
                raise exc.FlushError(
                    f"a new {mapper.class_.__name__} has no value for primary key attribute "
                    f"'{mapper.name_by_column[key]}', and the database makes none.",
                    do="set it, give the column a default, or make it an autoincrementing integer.",
                    code="no-primary-key",
                    instance=objects[place],
                )
