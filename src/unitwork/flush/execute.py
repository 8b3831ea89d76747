"""Execute: a FlushPlan through connections, step by step.

For each step, in this order: the before-hooks run (they may change the row), markers are resolved, the rows go to
``engine/batch.py`` as one batch, keys and defaults that came of it are published to the objects, the after-hooks run.
Row counts are checked. States are not touched here: ``settle`` does that when all steps are through.

Spec: FP-09, FP-10, FP-15, FP-18, PT-01 to PT-05, PT-20, PT-27, PT-28, PT-30, CA-51, EV-32 to EV-37, EV-43.
"""

from __future__ import annotations

import datetime
import itertools
import uuid
import warnings
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from unitwork import exc
from unitwork.base.markers import DEFAULT_CELL
from unitwork.engine.batch import delete_rows, insert_rows, missing_rows, update_rows
from unitwork.engine.connection import Connection
from unitwork.flush.changes import PYTHON_DEFAULT, KeyRef, WorkSet
from unitwork.flush.defaults import insert_defaults, with_default
from unitwork.flush.extract import row_shape
from unitwork.flush.plan import DeleteRows, FlushPlan, InsertRows, LinkRows, Step, UnlinkRows, UpdateRows
from unitwork.flush.publish import (
    Cells,
    Class,
    Written,
    cut_down,
    is_sql,
    next_versions,
    one_by_one,
    publish_insert,
    publish_update,
    refetch,
    refuse_missing_keys,
    synced_columns,
    written_by,
)
from unitwork.instrument.install import class_hooks
from unitwork.mapping.mapper import Mapper
from unitwork.sql.dml import insert, update
from unitwork.sql.functions import and_
from unitwork.sql.schema import Column
from unitwork.state.instance import describe

#: (Mapper) to the Connection its rows go to.
ConnectionFor = Callable[[Mapper], Connection]


def execute(plan: FlushPlan, work: WorkSet, connection_for: ConnectionFor) -> None:
    """Send the steps of a plan.

    Args:
        connection_for: asked once per step.
    Raises:
        StaleDataError [stale-row]: a row to update is not there.
        FlushError [no-primary-key]: a row has no primary key, and the database makes none.
        DBAPIError: a statement failed. Nothing is rolled back here.
    """
    running = _Run(plan, work, connection_for)
    for step in itertools.chain.from_iterable(map(one_by_one, plan.steps)):
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

    def __init__(self, plan: FlushPlan, work: WorkSet, connection_for: ConnectionFor) -> None:
        self.plan = plan
        self.subjects = work.subjects
        self.connection_for = connection_for
        #: Objects of several tables whose before-hooks have run, and what these wrote to tables that come later.
        self.heard: dict[int, dict[Column, Any]] = {}
        self.last_steps: dict[int, Step] | None = None

    def mapper_of(self, step: Step) -> Mapper:
        if step.mapper is None:
            raise exc.BrokenInvariantError(f"a step on {step.table.name} has no mapper.", code="step-without-mapper")
        return step.mapper

    def objects(self, step: Step) -> list[Any]:
        return [self.subjects[handle - 1][1] for handle in step.handles]

    def classes(self, step: Step) -> list[Class]:
        """Return the objects of a step by class; those of one table may be of several in a hierarchy."""
        mapper = self.mapper_of(step)
        if not mapper.root.children:
            return [Class(mapper, range(len(step.handles)), self.objects(step))]
        places: dict[Mapper, list[int]] = {}
        objects = self.objects(step)
        for place, handle in enumerate(step.handles):
            places.setdefault(self.subjects[handle - 1][0].mapper, []).append(place)
        return [Class(one, own, [objects[place] for place in own]) for one, own in places.items()]

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

    # -- hooks --------------------------------------------------------------------------------------------------------

    def before(self, step: Step, classes: list[Class], connection: Connection, event: str) -> Written:
        """Call before-hooks, once per object, and return what they wrote to columns (EV-32)."""
        written: Written = {}
        for one in classes:
            listeners = class_hooks(one.mapper).listeners.get(event, ())
            if not listeners:
                continue
            if len(one.mapper.tables) == 1:
                found = written_by(listeners, one.mapper, connection, one.objects)
                for column, values in found.items():
                    written.setdefault(column, {}).update((one.places[place], value) for place, value in values.items())
                continue
            # The first step of an object of several tables: what later tables are to have is kept for them.
            for place, obj in zip(one.places, one.objects):
                kept = self.heard.get(step.handles[place])
                if kept is None:
                    found = written_by(listeners, one.mapper, connection, [obj])
                    kept = self.heard[step.handles[place]] = {column: values[0] for column, values in found.items()}
                for column, value in kept.items():
                    written.setdefault(column, {})[place] = value
        return written

    def after(self, step: Step, classes: list[Class], connection: Connection, event: str) -> None:
        """Call after-hooks for the objects of which this step was the last."""
        for one in classes:
            for listener in class_hooks(one.mapper).listeners.get(event, ()):
                for place, obj in zip(one.places, one.objects):
                    if len(one.mapper.tables) == 1 or self._is_last(step, step.handles[place], one.mapper):
                        listener(one.mapper, connection, obj)

    def _is_last(self, step: Step, handle: int, mapper: Mapper) -> bool:
        if isinstance(step, InsertRows):
            return step.table is mapper.tables[-1]
        if isinstance(step, DeleteRows):
            return step.table is mapper.tables[0]
        if self.last_steps is None:
            self.last_steps = {one: known for known in self.plan.steps for one in known.handles}
        return self.last_steps[handle] is step

    # -- INSERT -------------------------------------------------------------------------------------------------------

    def insert(self, step: InsertRows) -> None:
        mapper = self.mapper_of(step)
        connection = self.connection_for(mapper)
        classes = self.classes(step)
        cells = self.columns_of(step)
        columns = step.columns
        written = self.before(step, classes, connection, "before_insert")
        if written:
            columns, cells = self._with_written(step, classes, columns, cells, written)
        if mapper.version_id_col in columns:
            place = columns.index(mapper.version_id_col)
            cells[place] = next_versions(mapper, cells[place], [None] * len(cells[place]))
        columns, cells, returning = insert_defaults(connection, columns, cells, step.returning)
        expressions = _expression_rows(cells)
        if step.table is mapper.tables[0]:
            refuse_missing_keys(mapper, columns, cells, self.objects(step), returning)
        if expressions:
            got = _insert_expressions(connection, step, returning, columns, cells, expressions)
        else:
            rows = list(zip(*cells)) if cells else [()] * len(step.handles)
            got = insert_rows(connection, step.table, columns, rows, returning)
        for one in classes:
            part = one if len(classes) > 1 or mapper.root.children else None
            publish_insert(one, *cut_down(part, columns, cells, returning, got, expressions))
        self.after(step, classes, connection, "after_insert")

    def _with_written(
        self, step: Step, classes: list[Class], columns: tuple[Column, ...], cells: list[Cells], written: Written
    ) -> tuple[tuple[Column, ...], list[Cells]]:
        """Take over what before-hooks wrote to column attributes (EV-32)."""
        synced = synced_columns(classes)
        kept = dict(zip(columns, cells))
        known = {column for one in classes for column in row_shape(one.mapper).columns}
        result_columns: list[Column] = []
        result_cells: list[Cells] = []
        for column in step.table.columns:
            if column not in kept and (column not in known or column not in written):
                continue
            values = kept.get(column) or [DEFAULT_CELL] * len(step.handles)
            if column in written and not (column in synced and column in kept):
                missing = PYTHON_DEFAULT if column.default is not None else DEFAULT_CELL if column not in kept else None
                for place, value in written[column].items():
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
        classes = self.classes(step)
        cells = self.columns_of(step)
        for place, column in enumerate(step.columns):
            if column is mapper.version_id_col and step.keys[-1] is column:
                cells[place] = next_versions(mapper, cells[place], cells[-1])
            elif column.onupdate is not None:
                cells[place] = with_default(column.onupdate, place, step.columns, cells, connection)
        written = self.before(step, classes, connection, "before_update")
        if written:
            self._take_over(step, classes, connection, cells, written)
        expressions = _expression_rows(cells)
        rows = list(zip(*cells))
        if expressions:
            missing = _update_expressions(connection, step, rows)
        else:
            missing = update_rows(connection, step.table, step.columns, step.keys, rows)
        if missing:
            raise self._stale(step, missing, "UPDATE")
        for one in classes:
            part = one if len(classes) > 1 or mapper.root.children else None
            columns, own_cells, _, _, own_expressions = cut_down(part, step.columns, cells, (), None, expressions)
            publish_update(one, columns, own_cells, own_expressions)
        refetch(connection, step, classes)
        self.after(step, classes, connection, "after_update")

    def _take_over(
        self, step: UpdateRows, classes: list[Class], connection: Connection, cells: list[Cells], written: Written
    ) -> None:
        """Put what before-hooks wrote into the cells of an UPDATE; columns that it lacks go out before it (EV-34)."""
        synced = synced_columns(classes)
        width = len(step.keys) - (step.keys[-1] is self.mapper_of(step).version_id_col)
        keys = list(zip(*cells[len(step.columns) : len(step.columns) + width]))
        lacking: dict[tuple[Any, int], dict[Column, Any]] = {}
        for column, values in written.items():
            for place, value in values.items():
                if column not in step.columns:
                    lacking.setdefault((column.table, place), {})[column] = value
                elif column not in synced:
                    cells[step.columns.index(column)][place] = value
        groups: dict[tuple[Any, tuple[Column, ...]], list[int]] = {}
        for (table, place), own in lacking.items():
            groups.setdefault((table, tuple(own)), []).append(place)
        for (table, columns), places in groups.items():
            rows = [(*lacking[table, place].values(), *keys[place]) for place in places]
            state = self.subjects[step.handles[places[0]] - 1][0]
            missing = update_rows(connection, table, columns, state.mapper.key_columns(table), rows)
            if missing:
                raise self._stale(step, [places[number] for number in missing], "UPDATE")

    def _stale(self, step: UpdateRows | DeleteRows, missing: Sequence[int], verb: str) -> exc.StaleDataError:
        states = [self.subjects[step.handles[place] - 1][0] for place in missing]
        names = [describe(state) for state in states[:10]]
        versioned = step.keys[-1] is self.mapper_of(step).version_id_col
        if versioned:
            names = [f"{name} at version {step.rows[place][-1]!r}" for name, place in zip(names, missing)]
        more = f" and {len(states) - 10} more" if len(states) > 10 else ""
        return exc.StaleDataError(
            f"{verb} of table '{step.table.name}' found no row for {', '.join(names)}{more}: deleted or changed by "
            "someone else.",
            do="roll back, then refresh the objects or load them again.",
            code="stale-row",
            states=states,
        )

    # -- DELETE -------------------------------------------------------------------------------------------------------

    def delete(self, step: DeleteRows) -> None:
        mapper = self.mapper_of(step)
        connection = self.connection_for(mapper)
        classes = self.classes(step)
        self.before(step, classes, connection, "before_delete")
        versioned = step.keys[-1] is mapper.version_id_col
        if versioned and len(step.rows) > 1:
            # Afterwards nobody could say which rows were not matched.
            missing = missing_rows(connection, step.table, step.keys, list(step.rows))
            if missing:
                raise self._stale(step, missing, "DELETE")
        matched = delete_rows(connection, step.table, step.keys, list(step.rows))
        if 0 <= matched < len(step.rows):
            if versioned:
                raise self._stale(step, range(len(step.rows)), "DELETE")
            if mapper.options.get("confirm_deleted_rows", True):
                warnings.warn(
                    f"DELETE of table '{step.table.name}' expected {len(step.rows)} rows and found {matched}. Do: roll "
                    f"back if that matters, or set the mapper option confirm_deleted_rows=False.",
                    exc.UnitworkWarning,
                    stacklevel=2,
                )
        self.after(step, classes, connection, "after_delete")

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


# -- SQL expressions --------------------------------------------------------------------------------------------------


#: Classes of values that are no SQL expressions, known without a look.
_PLAIN = frozenset(
    (type(None), bool, int, float, str, bytes, Decimal, datetime.date, datetime.datetime, datetime.time, uuid.UUID)
)


def _expression_rows(cells: list[Cells]) -> set[int]:
    """Return the places of the rows that hold a SQL expression; those are sent one by one (PT-05)."""
    found: set[int] = set()
    for column in cells:
        # The types of a whole column first: a column without expressions costs no look at its values.
        if not _PLAIN.issuperset(map(type, column)) and any(map(is_sql, set(map(type, column)))):
            found.update(
                place
                for place, value in enumerate(column)
                if is_sql(type(value))
            )
    return found


def _insert_expressions(
    connection: Connection,
    step: InsertRows,
    returning: tuple[Column, ...],
    columns: tuple[Column, ...],
    cells: list[Cells],
    expressions: set[int],
) -> list[tuple[Any, ...]] | None:
    rows = list(zip(*cells))
    got: list[tuple[Any, ...]] = []
    for place, row in enumerate(rows):
        if place not in expressions:
            back = insert_rows(connection, step.table, columns, [row], returning)
            got.extend(back or ())
            continue
        values = {column: cell for column, cell in zip(columns, row) if cell is not DEFAULT_CELL}
        statement: Any = insert(step.table).values(values)
        if returning and connection.dialect.features.insert_returning:
            got.append(tuple(connection.execute(statement.returning(*returning)).all()[0]))
        else:
            result = connection.execute(statement)
            got.append(tuple(result.inserted_primary_key or ())[: len(returning)])
    return got if returning else None


def _update_expressions(
    connection: Connection, step: UpdateRows, rows: list[tuple[Any, ...]]
) -> list[int]:
    missing = []
    for place, row in enumerate(rows):
        values = dict(zip(step.columns, row))
        keys = row[len(step.columns) :]
        condition = and_(*(column == key for column, key in zip(step.keys, keys)))
        statement: Any = update(step.table).where(condition).values(values)
        if connection.execute(statement).rowcount == 0:
            missing.append(place)
    return missing
