"""Instrumented classes without the declarative layer, and a tracker whose Session is a stand-in."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.mapped import Library, MapClass, Port, map_class
from unitwork.instrument.install import install, uninstall
from unitwork.mapping.mapper import Mapper
from unitwork.mapping.registry import MapperRegistry
from unitwork.sql.schema import Table
from unitwork.state.tracker import StateTracker


@pytest.fixture
def registry() -> Iterator[MapperRegistry]:
    """An empty registry; its classes are as before at the end."""
    made = MapperRegistry()
    yield made
    for mapper in made.all_mappers:
        uninstall(mapper)
    made.dispose()


@pytest.fixture
def map_tracked() -> MapClass:
    """``map_tracked(registry, cls or name, table, attr=RelationshipOptions(...))``: maps and instruments."""

    def map_(registry: MapperRegistry, cls: type | str, table: Table, /, **declared: object) -> Mapper:
        mapper = map_class(registry, cls, table, **declared)  # type: ignore[arg-type]
        install(mapper)
        return mapper

    return map_


@pytest.fixture
def library(registry: MapperRegistry, map_tracked: MapClass) -> Library:
    """Author, Book and Tag."""
    return Library(registry, map_tracked)


@pytest.fixture
def port() -> Port:
    """The stand-in for a Session."""
    return Port()


@pytest.fixture
def tracker(port: Port) -> StateTracker:
    """An empty tracker in a begun transaction."""
    made = StateTracker(port)
    made.idle = False
    return made
