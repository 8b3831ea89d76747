"""Write what a step sent, and what came back, to the objects; and check that a new row can be found again.

Spec: FP-10, FP-18, PT-03, PT-20, PT-36.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from unitwork import exc
from unitwork.base.markers import DEFAULT_CELL, SQL_NULL
from unitwork.flush.changes import NEXT_VERSION
from unitwork.flush.extract import row_shape
from unitwork.flush.plan import InsertRows, Step, UpdateRows
from unitwork.mapping.mapper import Mapper
from unitwork.sql.clause import ClauseElement
from unitwork.sql.functions import tuple_
from unitwork.sql.schema import Column
from unitwork.sql.select import select

Cells = list[Any]

#: Classes of None, and of what stands for NULL.
_NULLS = frozenset((type(None), type(SQL_NULL)))


def is_sql(kind: type) -> bool:
    """Tell whether values of a class are SQL expressions."""
    return hasattr(kind, "__clause_element__") or issubclass(kind, ClauseElement)


class Class(NamedTuple):
    """The objects of one class in a step, and their places among its rows."""

    mapper: Mapper
    places: Sequence[int]
    objects: list[Any]


#: What before-hooks wrote: column to {place of the object in its step: value}.
Written = dict[Column, dict[int, Any]]


def one_by_one(step: Step) -> Iterable[Step]:
    """Return the step, or one step per object for classes with the mapper option ``batch=False``."""
    if step.mapper is None or step.mapper.options.get("batch", True) or not isinstance(step, (InsertRows, UpdateRows)):
        return (step,)
    return [replace(step, handles=(handle,), rows=(row,)) for handle, row in zip(step.handles, step.rows)]


def written_by(
    listeners: Sequence[Callable[..., Any]], mapper: Mapper, connection: Any, objects: list[Any]
) -> Written:
    """Call before-hooks, and return which columns they gave another value."""
    shape = row_shape(mapper)
    written: Written = {}
    for place, obj in enumerate(objects):
        present = obj.__dict__
        before = [present.get(name) for name in shape.names]
        for listener in listeners:
            listener(mapper, connection, obj)
        for name, column, old in zip(shape.names, shape.columns, before):
            if present.get(name) is not old:
                written.setdefault(column, {})[place] = present.get(name)
    return written


def synced_columns(classes: list[Class]) -> set[Column]:
    """Return the columns whose value comes from a many-to-one, of all classes of a step."""
    return {
        column
        for one in classes
        for name, column in zip(row_shape(one.mapper).names, row_shape(one.mapper).columns)
        if name in row_shape(one.mapper).synced and name != one.mapper.polymorphic_key
    }


def next_versions(mapper: Mapper, cells: Cells, olds: Cells) -> Cells:
    """Return cells with NEXT_VERSION replaced by what the class's generator makes of the old version (VC-04)."""
    make = mapper.version_id_generator
    if not callable(make):
        return cells
    return [make(old) if cell is NEXT_VERSION else cell for cell, old in zip(cells, olds)]


def cut_down(
    one: Class | None,
    columns: tuple[Column, ...],
    cells: list[Cells],
    returning: tuple[Column, ...],
    got: list[tuple[Any, ...]] | None,
    expressions: set[int],
) -> tuple[tuple[Column, ...], list[Cells], tuple[Column, ...], list[tuple[Any, ...]] | None, set[int]]:
    """Return what a step sent and got for the objects of one class of several: their rows, and the columns it maps."""
    if one is None:
        return columns, cells, returning, got, expressions
    names = one.mapper.name_by_column
    kept = [place for place, column in enumerate(columns) if column in names]
    back = [place for place, column in enumerate(returning) if column in names]
    return (
        tuple(columns[place] for place in kept),
        [[cells[place][row] for row in one.places] for place in kept],
        tuple(returning[place] for place in back),
        None if got is None else [tuple(got[row][place] for place in back) for row in one.places],
        {number for number, row in enumerate(one.places) if row in expressions},
    )


def refetch(connection: Any, step: UpdateRows, classes: list[Class]) -> None:
    """Forget values that the database has changed with an UPDATE, or read them back at once.

    Read at once are versions that the database makes (VC-05), and all of them with ``eager_defaults=True``.
    """
    for one in classes:
        mapper = one.mapper
        names = mapper.name_by_column
        changed = [
            column
            for column in step.table.columns
            if column.server_onupdate is not None and column in names and column not in step.columns
        ]
        version = mapper.version_id_col
        makes_version = (
            version is not None
            and version.table is step.table
            and version not in step.columns
            and mapper.version_id_generator is False
            and (version.server_default is not None or version.server_onupdate is not None)
        )
        if version is not None and makes_version and version not in changed:
            changed.append(version)
        for obj in one.objects if changed else ():
            for column in changed:
                obj.__dict__.pop(names[column], None)
        if mapper.options.get("eager_defaults") is True:
            popped = {name for name in row_shape(mapper).names for obj in one.objects if name not in obj.__dict__}
            changed += [
                column
                for column in step.columns
                if names.get(column) in popped and column not in changed
            ]
        elif version is not None and makes_version:
            changed = [version]
        else:
            continue
        if changed:
            _read_back(connection, step, one, changed)


def _read_back(connection: Any, step: UpdateRows, one: Class, columns: list[Column]) -> None:
    mapper = one.mapper
    keys = mapper.key_columns(step.table)
    objects = {tuple(obj.__dict__[name] for name in mapper.pk_names): obj for obj in one.objects}
    rows = list(objects)
    for start in range(0, len(rows), 500):
        part = rows[start : start + 500]
        among = keys[0].in_([row[0] for row in part]) if len(keys) == 1 else tuple_(*keys).in_(part)
        for row in connection.execute(select(*keys, *columns).where(among)).all():
            obj = objects.get(tuple(row[: len(keys)])) or (one.objects[0] if len(one.objects) == 1 else None)
            if obj is not None:
                obj.__dict__.update(zip([mapper.name_by_column[column] for column in columns], row[len(keys) :]))


def publish_insert(
    one: Class,
    columns: tuple[Column, ...],
    cells: list[Cells],
    returning: tuple[Column, ...],
    got: list[tuple[Any, ...]] | None,
    expressions: set[int],
) -> None:
    """Write what was inserted to the objects: defaults, foreign keys, and what the database gave back."""
    # HOT: every new object; benchmark W1.
    mapper, objects = one.mapper, one.objects
    names = mapper.name_by_column
    synced = row_shape(mapper).synced
    for column, values in zip(columns, cells):
        name = names[column]
        if name in synced or column.default is not None or column.foreign_keys or column is mapper.version_id_col:
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
            if is_sql(type(values[place])):
                objects[place].__dict__.pop(mapper.name_by_column[column], None)


def publish_update(one: Class, columns: tuple[Column, ...], cells: list[Cells], expressions: set[int]) -> None:
    """Write what was updated to the objects: foreign keys, and values they did not have."""
    mapper, objects = one.mapper, one.objects
    names = mapper.name_by_column
    synced = row_shape(mapper).synced
    for column, values in zip(columns, cells):
        name = names[column]
        if name in synced or column is mapper.version_id_col or column.onupdate is not None or column.foreign_keys:
            for obj, value in zip(objects, values):
                obj.__dict__[name] = value
    _forget_expressions(mapper, objects, columns, cells, expressions)
    for name in row_shape(mapper).expired:
        for obj in objects:
            obj.__dict__.pop(name, None)


def refuse_missing_keys(
    mapper: Mapper,
    columns: tuple[Column, ...],
    cells: list[Cells],
    objects: list[Any],
    returning: tuple[Column, ...],
) -> None:
    """Raise where a primary key would be NULL: the row could never be found again (FP-18, PT-36)."""
    missing: dict[int, list[str]] = {}
    for key in mapper.primary_key:
        if key in returning:
            continue
        values = cells[columns.index(key)] if key in columns else [None] * len(objects)
        for place, value in enumerate(values):
            if value is None:
                missing.setdefault(place, []).append(mapper.name_by_column[key])
    for place, names in missing.items():
        if len(names) == len(mapper.primary_key) or mapper.options.get("allow_partial_pks", True) is False:
            raise exc.FlushError(
                f"a new {type(objects[place]).__name__} has no value for primary key attribute "
                f"'{names[0]}', and the database makes none.",
                do="set it, give the column a default, or make it an autoincrementing integer.",
                code="no-primary-key",
                instance=objects[place],
            )
