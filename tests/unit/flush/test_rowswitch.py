"""Row switch: a deleted and a new object of one key become one UPDATE."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tests.support.mapped import Library, map_class
from unitwork.base.markers import DEFAULT_CELL
from unitwork.flush.changes import PYTHON_DEFAULT, DeleteChange, InsertChange, KeyRef, UpdateChange
from unitwork.flush.rowswitch import switch_rows
from unitwork.mapping.mapper import Mapper
from unitwork.mapping.registry import MapperRegistry
from unitwork.sql.schema import Column, Table
from unitwork.sql.types import Integer, String


def subjects(*values: dict[str, Any]) -> list[tuple[Any, Any]]:
    """Objects with these values in their ``__dict__``, by handle - 1."""
    return [(None, SimpleNamespace(**given)) for given in values]


def delete(handle: int, *key: Any) -> DeleteChange:
    """A row to delete."""
    return DeleteChange(handle, key, ())


def test_a_pair_of_one_key_becomes_an_update(library: Library) -> None:
    """FP-03: the old object's handle is returned, since its row is not deleted."""
    inserts = {library.authors: [InsertChange(1, (7, "new"))]}
    updates: dict[Mapper, list[UpdateChange]] = {}
    deletes = {library.authors: [delete(2, 7)]}

    replaced = switch_rows(subjects({"id": 7, "name": "new"}, {}), inserts, updates, deletes)

    assert replaced == (2,)
    assert (inserts, deletes) == ({}, {})
    assert updates == {library.authors: [UpdateChange(1, (library.author.c.name,), ("new",), (7,))]}


def test_other_rows_stay_as_they_are(library: Library) -> None:
    """FP-03: of another key, or of none yet."""
    kept = [InsertChange(1, (8, "other")), InsertChange(2, (DEFAULT_CELL, "new"))]
    inserts = {library.authors: [*kept, InsertChange(3, (7, "x"))]}
    updates = {library.authors: [UpdateChange(4, (library.author.c.name,), ("y",), (1,))]}
    deletes = {library.authors: [delete(5, 7), delete(6, 9)]}

    replaced = switch_rows(subjects({}, {}, {"id": 7, "name": "x"}), inserts, updates, deletes)

    assert replaced == (5,)
    assert inserts == {library.authors: kept}
    assert deletes == {library.authors: [delete(6, 9)]}
    assert [change.handle for change in updates[library.authors]] == [4, 3]


def test_classes_do_not_take_each_others_rows(library: Library) -> None:
    """FP-03: a key is one of a table."""
    inserts = {library.authors: [InsertChange(1, (7, "x"))]}
    deletes = {library.tags: [delete(2, 7)]}
    updates: dict[Mapper, list[UpdateChange]] = {}

    assert switch_rows(subjects({"id": 7}), inserts, updates, deletes) == ()
    assert updates == {}


def test_columns_that_were_never_set_keep_the_value_of_the_row(library: Library) -> None:
    """FP-04: an UPDATE without columns is one of no columns; None that was set counts."""
    inserts = {library.authors: [InsertChange(1, (7, None)), InsertChange(2, (8, None))]}
    updates: dict[Mapper, list[UpdateChange]] = {}
    deletes = {library.authors: [delete(3, 7), delete(4, 8)]}

    switch_rows(subjects({"id": 7}, {"id": 8, "name": None}), inserts, updates, deletes)

    assert [change.columns for change in updates[library.authors]] == [(), (library.author.c.name,)]


def test_a_key_from_a_relationship_is_written(library: Library) -> None:
    """FP-04, FP-10: though the attribute itself was not set."""
    inserts = {library.books: [InsertChange(1, (7, None, KeyRef(2, "id")))]}
    updates: dict[Mapper, list[UpdateChange]] = {}
    deletes = {library.books: [delete(3, 7)]}

    switch_rows(subjects({"id": 7}), inserts, updates, deletes)

    assert updates[library.books] == [UpdateChange(1, (library.book.c.author_id,), (KeyRef(2, "id"),), (7,))]


def test_two_new_objects_of_one_key_take_one_row(library: Library) -> None:
    """FP-03: the second is inserted, and the database will refuse it."""
    second = InsertChange(2, (7, "b"))
    inserts = {library.authors: [InsertChange(1, (7, "a")), second]}
    deletes = {library.authors: [delete(3, 7)]}

    replaced = switch_rows(subjects({"id": 7, "name": "a"}, {"id": 7, "name": "b"}), inserts, {}, deletes)

    assert replaced == (3,)
    assert inserts == {library.authors: [second]}


@pytest.mark.parametrize(("key", "switched"), [((1, 2), True), ((2, 1), False)])
def test_a_composite_key_counts_as_a_whole(key: tuple[int, int], switched: bool, registry: MapperRegistry) -> None:
    """FP-03, LB-06; a default that Python makes for a column does not overwrite the row."""
    table = Table(
        "pair",
        registry.metadata,
        Column("a", Integer, primary_key=True),
        Column("b", Integer, primary_key=True),
        Column("text", String(9)),
    )
    pairs = map_class(registry, "Pair", table)
    updates: dict[Mapper, list[UpdateChange]] = {}

    replaced = switch_rows(
        subjects({"a": 1, "b": 2}),
        {pairs: [InsertChange(1, (1, 2, PYTHON_DEFAULT))]},
        updates,
        {pairs: [delete(2, *key)]},
    )

    assert replaced == ((2,) if switched else ())
    assert updates == ({pairs: [UpdateChange(1, (), (), (1, 2))]} if switched else {})
