"""Those who are measured: hand-written code and two ORMs, each with a database of its own."""

from __future__ import annotations

from typing import Any

from benchmarks.data import Row, create_tables
from benchmarks.library import load_library
from benchmarks.models import build_models
from benchmarks.place import Place
from benchmarks.raw import Raw, connect_raw

NAMES = ("raw", "unitwork", "sqlalchemy")


class Contender:
    """What the harness needs of either kind.

    Its own statements go through a connection of their own, except on SQLite, where a database in memory has but one.
    """

    name: str

    def __init__(self, place: Place) -> None:
        self.backend = place.backend
        self._desk = None if place.backend == "sqlite" else connect_raw(place, autocommit=True)

    def execute(self, sql: str, params: tuple[Any, ...] = ()) -> list[Row]:
        """Send a statement of the harness and commit it; the rows of its result."""
        if self._desk is None:
            return self._execute_here(sql, params)
        return self._desk.execute(sql, params)

    def reset(self) -> None:
        """Begin with empty tables."""
        create_tables(self.execute, self.backend)

    def settle(self) -> None:
        """Leave no transaction open that would stand in the way of the harness."""

    def close(self) -> None:
        """Give everything back."""
        if self._desk is not None:
            self._desk.close()

    def _execute_here(self, sql: str, params: tuple[Any, ...]) -> list[Row]:
        raise NotImplementedError


class RawContender(Contender):
    """A driver's connection and hand-written statements."""

    name = "raw"

    def __init__(self, place: Place, way: Place) -> None:
        super().__init__(place)
        self.db: Raw = connect_raw(way)

    def settle(self) -> None:
        """End the transaction that a read has begun."""
        if self.backend == "mariadb":
            self.db.commit()

    def close(self) -> None:
        """Give everything back."""
        self.db.close()
        super().close()

    def _execute_here(self, sql: str, params: tuple[Any, ...]) -> list[Row]:
        return self.db.execute(sql, params)


class OrmContender(Contender):
    """An ORM: its modules, its engine and the classes mapped with it."""

    def __init__(self, name: str, place: Place, way: Place) -> None:
        super().__init__(place)
        self.name = name
        library = load_library(name)
        self.core, self.orm = library.core, library.orm
        self.engine = self.core.create_engine(way.url)
        self.models = build_models(library)
        self.orm.configure_mappers()

    def session(self, *, expire_on_commit: bool = False) -> Any:
        """A new Session; it keeps its objects loaded after a commit, so that their keys can be looked at."""
        return self.orm.Session(self.engine, expire_on_commit=expire_on_commit)

    def has(self, path: str) -> bool:
        """Whether the library has a name, given from here on: "orm.Session.merge"."""
        found: Any = self
        for part in path.split("."):
            found = getattr(found, part, None)
        return found is not None

    def close(self) -> None:
        """Give everything back."""
        self.engine.dispose()
        super().close()

    def _execute_here(self, sql: str, params: tuple[Any, ...]) -> list[Row]:
        with self.engine.begin() as connection:
            result = connection.exec_driver_sql(sql, params)
            return [tuple(row) for row in result.fetchall()] if result.returns_rows else []


def make_contender(name: str, place: Place, way: Place) -> Contender:
    """A contender by its name.

    Args:
        name: one of NAMES.
        place: the database as the harness reaches it.
        way: the same as the contender reaches it: through the latency proxy, perhaps.
    """
    return RawContender(place, way) if name == "raw" else OrmContender(name, place, way)
