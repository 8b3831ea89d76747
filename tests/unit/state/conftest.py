"""Mapped classes without instrumentation, and a tracker whose Session is a stand-in."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.mapped import Library, Port, map_class
from unitwork.mapping.registry import MapperRegistry
from unitwork.state.tracker import StateTracker


@pytest.fixture
def registry() -> Iterator[MapperRegistry]:
    """An empty registry; disposed of at the end."""
    made = MapperRegistry()
    yield made
    made.dispose()


@pytest.fixture
def library(registry: MapperRegistry) -> Library:
    """Author, Book and Tag."""
    return Library(registry, map_class)


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
