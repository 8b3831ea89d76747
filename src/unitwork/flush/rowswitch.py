"""Row switch: a deleted object and a new one with the same primary key become one UPDATE.

Columns that were never set on the new object keep the value of the row, and are loaded when read.

Spec: FP-03, FP-04.
"""

from __future__ import annotations

from typing import Any

from unitwork import exc
from unitwork.flush.changes import PYTHON_DEFAULT, DeleteChange, InsertChange, UpdateChange
from unitwork.flush.extract import row_shape
from unitwork.mapping.mapper import Mapper


def switch_rows(
    subjects: list[tuple[Any, Any]],
    inserts: dict[Mapper, list[InsertChange]],
    updates: dict[Mapper, list[UpdateChange]],
    deletes: dict[Mapper, list[DeleteChange]],
) -> tuple[int, ...]:
    """Turn pairs of DELETE and INSERT of one key into UPDATEs, in place; return the handles of the deleted objects."""
    replaced: dict[int, None] = {}
    for mapper in list(inserts):
        # Subclasses that share their tables may take each other's rows.
        sources = [one for one in deletes if one.root is mapper.root and one.tables == mapper.tables]
        if mapper.root.children:
            _refuse_other_tables(mapper, inserts[mapper], deletes)
        if not sources:
            continue
        shape = row_shape(mapper)
        old = {change.key: change for one in sources for change in deletes[one]}
        kept = []
        for change in inserts[mapper]:
            pk = shape.key(change.cells)
            key = pk if isinstance(pk, tuple) else (pk,)
            if pk is None or key not in old:
                kept.append(change)
                continue
            gone = old.pop(key)
            replaced[gone.handle] = None
            updates.setdefault(mapper, []).append(_as_update(subjects, mapper, change, gone))
        _keep(inserts, mapper, kept)
        for one in sources:
            _keep(deletes, one, [change for change in deletes[one] if change.handle not in replaced])
    return tuple(replaced)


def _refuse_other_tables(
    mapper: Mapper, new: list[InsertChange], deletes: dict[Mapper, list[DeleteChange]]
) -> None:
    """Raise where a new object has the key of a deleted one whose rows lie in other tables."""
    others = [one for one in deletes if one.root is mapper.root and one.tables != mapper.tables]
    old = {change.key: one for one in others for change in deletes[one]}
    key_of = row_shape(mapper).key
    for change in new if old else ():
        pk = key_of(change.cells)
        other = old.get(pk if isinstance(pk, tuple) else (pk,))
        if other is not None:
            raise exc.FlushError(
                f"a new {mapper.class_.__name__} has the key {pk!r} of a {other.class_.__name__} that is deleted in "
                "the same flush, and the two have rows in different tables.",
                do="flush() after the deletion, then add the new object.",
                code="row-switch-tables",
            )


def _as_update(
    subjects: list[tuple[Any, Any]], mapper: Mapper, change: InsertChange, gone: DeleteChange
) -> UpdateChange:
    shape = row_shape(mapper)
    present = subjects[change.handle - 1][1].__dict__
    places = [
        place
        for place, (name, column) in enumerate(zip(shape.names, shape.columns))
        if column not in mapper.primary_key
        and change.cells[place] is not PYTHON_DEFAULT
        and (
            name in present
            or column is mapper.version_id_col
            or (name in shape.synced and change.cells[place] is not None)
        )
    ]
    columns = tuple(shape.columns[place] for place in places)
    cells = tuple(change.cells[place] for place in places)
    return UpdateChange(change.handle, columns, cells, gone.key, gone.version)


def _keep(changes: dict[Mapper, Any], mapper: Mapper, kept: list[Any]) -> None:
    if kept:
        changes[mapper] = kept
    else:
        del changes[mapper]
