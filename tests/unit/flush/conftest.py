"""Mapped classes without instrumentation: a planner needs no more."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.mapped import Library, map_class
from unitwork.flush.changes import WorkSet
from unitwork.mapping.mapper import Mapper, RelationshipOptions
from unitwork.mapping.registry import MapperRegistry
from unitwork.sql.foreign_keys import ForeignKey
from unitwork.sql.schema import Column, Table
from unitwork.sql.types import Integer, String


@pytest.fixture
def registry() -> Iterator[MapperRegistry]:
    """An empty registry; disposed of at the end."""
    made = MapperRegistry()
    yield made
    made.dispose()


@pytest.fixture
def library(registry: MapperRegistry) -> Library:
    """Author, Book and Tag; rows are (id, name), (id, title, author_id) and (id,)."""
    return Library(registry, map_class)


@pytest.fixture
def nodes(registry: MapperRegistry) -> Mapper:
    """A tree in one table: rows are (id, name, parent_id)."""
    return tree(registry, "node", nullable=True)


@pytest.fixture
def rigid(registry: MapperRegistry) -> Mapper:
    """A tree whose foreign key is not nullable: rows are (id, name, parent_id)."""
    return tree(registry, "rigid", nullable=False)


def tree(registry: MapperRegistry, name: str, nullable: bool) -> Mapper:
    """A class whose table refers to itself."""
    table = Table(
        name,
        registry.metadata,
        Column("id", Integer, primary_key=True),
        Column("name", String(9)),
        Column("parent_id", ForeignKey(f"{name}.id"), nullable=nullable),
    )
    mapper = map_class(
        registry, name.title(), table, parent=RelationshipOptions(name.title(), remote_side=[table.c.id])
    )
    registry.configure()
    return mapper


@pytest.fixture
def work() -> Any:
    """``work(inserts={mapper: [...]}, …)``: a WorkSet of these changes, nothing else in it."""

    def make(**changes: Any) -> WorkSet:
        return WorkSet(**{"subjects": (), "inserts": {}, "updates": {}, "deletes": {}, "links": {}, **changes})

    return make
