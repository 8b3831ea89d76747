"""A declarative base per test, taken off again at its end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from unitwork.declare.imperative import registry as registry_class


@pytest.fixture
def registry() -> Iterator[registry_class]:
    """An empty registry."""
    made = registry_class()
    yield made
    made.dispose()
