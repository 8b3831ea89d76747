"""Where the benchmarks run: an embedded database, or a server behind a URL, perhaps with a slow network before it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import quote, unquote, urlsplit

from benchmarks.failure import BenchmarkError

_BACKENDS = {"sqlite": "sqlite", "postgresql": "postgresql", "mysql": "mariadb", "mariadb": "mariadb"}
_PORTS = {"sqlite": 0, "postgresql": 5432, "mariadb": 3306}


@dataclass(frozen=True)
class Place:
    """A database by the parts of its URL; `backend` is "sqlite", "postgresql" or "mariadb"."""

    scheme: str
    backend: str
    host: str = ""
    port: int = 0
    user: str = ""
    password: str = ""
    database: str = ""

    @property
    def url(self) -> str:
        """The URL again, for create_engine."""
        if self.backend == "sqlite":
            return "sqlite://"
        secret = f":{quote(self.password, safe='')}" if self.password else ""
        return f"{self.scheme}://{quote(self.user, safe='')}{secret}@{self.host}:{self.port}/{self.database}"

    def at(self, host: str, port: int) -> Place:
        """The same database by another way."""
        return replace(self, host=host, port=port)

    def named(self, database: str) -> Place:
        """Another database of the same server."""
        return replace(self, database=database)


def parse_place(url: str) -> Place:
    """Take a URL apart; SQLite is always in memory.

    Raises:
        BenchmarkError: not a URL of one of the three databases.
    """
    parts = urlsplit(url)
    backend = _BACKENDS.get(parts.scheme.partition("+")[0])
    if backend is None:
        raise BenchmarkError(f"{url}: expected a URL of SQLite, PostgreSQL or MariaDB.")
    if backend == "sqlite":
        return Place(parts.scheme, backend)
    return Place(
        parts.scheme,
        backend,
        parts.hostname or "127.0.0.1",
        parts.port or _PORTS[backend],
        unquote(parts.username or ""),
        unquote(parts.password or ""),
        parts.path.lstrip("/"),
    )
