"""Mapping classes without instrumentation: what this layer does alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from unitwork.mapping.assemble import Declared, make_mapper
from unitwork.mapping.mapper import Mapper, RelationshipOptions
from unitwork.mapping.registry import MapperRegistry
from unitwork.sql.foreign_keys import ForeignKey
from unitwork.sql.schema import Column, Table
from unitwork.sql.types import Integer, String

MapClass = Callable[..., Mapper]


@pytest.fixture
def registry() -> Iterator[MapperRegistry]:
    """An empty registry; disposed of at the end, since configure_mappers() goes over all there are."""
    made = MapperRegistry()
    yield made
    made.dispose()


@pytest.fixture
def map_class(registry: MapperRegistry) -> MapClass:
    """``map_class(name, table, options={...}, attr=RelationshipOptions(...))``: a new class, mapped and enrolled."""

    def map_(name: str, table: Table, /, options: dict[str, Any] | None = None, **declared: Declared) -> Mapper:
        mapper = make_mapper(type(name, (), {}), table, registry, declared, options or {})
        registry.enrol(mapper)
        return mapper

    return map_


@pytest.fixture
def author(registry: MapperRegistry) -> Table:
    """author(id, name)."""
    return Table("author", registry.metadata, Column("id", Integer, primary_key=True), Column("name", String(50)))


@pytest.fixture
def book(registry: MapperRegistry, author: Table) -> Table:
    """book(id, title, author_id -> author.id)."""
    return Table(
        "book",
        registry.metadata,
        Column("id", Integer, primary_key=True),
        Column("title", String(50)),
        Column("author_id", ForeignKey("author.id")),
    )


@pytest.fixture
def node(registry: MapperRegistry) -> Table:
    """node(id, parent_id -> node.id)."""
    return Table(
        "node",
        registry.metadata,
        Column("id", Integer, primary_key=True),
        Column("parent_id", ForeignKey("node.id")),
    )


@pytest.fixture
def tag(registry: MapperRegistry) -> Table:
    """tag(id)."""
    return Table("tag", registry.metadata, Column("id", Integer, primary_key=True))


@pytest.fixture
def book_tag(registry: MapperRegistry, book: Table, tag: Table) -> Table:
    """book_tag(book_id -> book.id, tag_id -> tag.id)."""
    return Table(
        "book_tag",
        registry.metadata,
        Column("book_id", ForeignKey("book.id"), primary_key=True),
        Column("tag_id", ForeignKey("tag.id"), primary_key=True),
    )


@pytest.fixture
def related() -> type[RelationshipOptions]:
    """The options of a relationship, short to write."""
    return RelationshipOptions
