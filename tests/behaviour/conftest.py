"""Sessions on the shared model sets, each on a database where the tables of its set exist and are empty."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.models import AccountBase, LibraryBase, ShopBase
from unitwork.mapping.configure import all_registries
from unitwork.orm import Session


@pytest.fixture(autouse=True)
def own_mappings() -> Iterator[None]:
    """What a test maps goes with it: a mapping that is refused on purpose would be in the way of all that follow."""
    before = {id(registry) for registry in all_registries()}
    yield
    for registry in all_registries():
        if id(registry) not in before:
            registry.dispose()


@pytest.fixture
def library(engine: Any) -> Any:
    """The engine, with the tables of the library set."""
    LibraryBase.metadata.create_all(engine)
    return engine


@pytest.fixture
def session(library: Any) -> Iterator[Session]:
    """A Session on the library set."""
    with Session(library) as session:
        yield session


@pytest.fixture
def accounts(engine: Any) -> Iterator[Session]:
    """A Session on the accounts set."""
    AccountBase.metadata.create_all(engine)
    with Session(engine) as session:
        yield session


@pytest.fixture
def shop(engine: Any) -> Iterator[Session]:
    """A Session on the shop set."""
    ShopBase.metadata.create_all(engine)
    with Session(engine) as session:
        yield session
