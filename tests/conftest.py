"""Fixtures of every test: the databases, an engine on an empty database, and the statement counter.

A test that takes `backend`, or anything made of it (`url`, `engine`, `statements` …), runs on SQLite, PostgreSQL and
MariaDB; ``@pytest.mark.backends("postgresql", "mariadb")`` keeps it to some. ``--db sqlite`` runs on some only, by
wish. The servers are private to this process (each worker of pytest-xdist has its own), start at first use and end with
it.

A server that cannot be had is told loudly at the end; under ``CI=true`` its tests fail.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import random
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import counter
from tests.support.servers import MariaServer, PostgresServer, find_mariadb, find_postgres

BACKENDS = ("sqlite", "postgresql", "mariadb")
ON_CI = os.environ.get("CI", "").lower() in ("1", "true", "yes")

Statements = Callable[[Any], contextlib.AbstractContextManager[counter.Counted]]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--db",
        default=",".join(BACKENDS),
        help="databases to run on, a comma between: sqlite,postgresql,mariadb (all by default)",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "backends(*names): run on these databases only")
    if config.getoption("numprocesses", None):
        # One for all workers, or tests named after a set have another name in each.
        os.environ.setdefault("PYTHONHASHSEED", str(random.randrange(2**32)))
    unknown = _wished(config) - set(BACKENDS)
    if unknown:
        raise pytest.UsageError(f"--db: unknown database {', '.join(sorted(unknown))}")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "backend" not in metafunc.fixturenames:
        return
    mark = metafunc.definition.get_closest_marker("backends")
    names = [name for name in (mark.args if mark else BACKENDS) if name in _wished(metafunc.config)]
    metafunc.parametrize("backend", names, indirect=True, scope="session")


def pytest_report_header(config: pytest.Config) -> str | None:
    if not config.getoption("numprocesses", None):
        return None
    return f"hash seed of the workers: {os.environ['PYTHONHASHSEED']}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    untested = [f"{name}: {why}" for name in BACKENDS if name in _wished(config) and (why := why_missing(name))]
    left_out = [f"{name}: not in --db" for name in BACKENDS if name not in _wished(config)]
    if not untested and not left_out:
        return
    terminalreporter.section("NOT TESTED", sep="!", red=True, bold=True)
    for line in untested + left_out:
        terminalreporter.line(f"NOT TESTED: {line}", red=True, bold=True)
    if untested:
        terminalreporter.line("scripts/setup-servers installs what is missing (Debian, as root).")


def _wished(config: pytest.Config) -> set[str]:
    return set(config.getoption("--db").split(","))


def why_missing(name: str) -> str | None:
    """Why tests cannot run on a database, or None when they can."""
    driver = {"postgresql": "psycopg2", "mariadb": "pymysql"}.get(name)
    if driver and importlib.util.find_spec(driver) is None:
        return f"the driver {driver} is not installed"
    if name == "postgresql" and find_postgres() is None:
        return "no PostgreSQL server programs found (postgres, initdb)"
    if name == "mariadb" and find_mariadb() is None:
        return "no MariaDB server programs found (mariadbd, mariadb-install-db)"
    return None


@pytest.fixture(scope="session")
def backend(request: pytest.FixtureRequest) -> str:
    """Name of the database under test: ``"sqlite"``, ``"postgresql"`` or ``"mariadb"``."""
    name: str = request.param
    _need(name)
    return name


def _need(name: str) -> None:
    missing = why_missing(name)
    if missing:
        (pytest.fail if ON_CI else pytest.skip)(f"cannot test on {name}: {missing}")


@pytest.fixture(scope="session")
def pg_server() -> Iterator[PostgresServer]:
    """The private PostgreSQL; a test that kills it starts it again."""
    _need("postgresql")
    server = PostgresServer()
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def maria_server() -> Iterator[MariaServer]:
    """The private MariaDB; a test that kills it starts it again."""
    _need("mariadb")
    server = MariaServer()
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def server(backend: str, request: pytest.FixtureRequest) -> PostgresServer | MariaServer | None:
    """The server of the database under test; None on SQLite."""
    name = {"postgresql": "pg_server", "mariadb": "maria_server"}.get(backend)
    found: PostgresServer | MariaServer | None = request.getfixturevalue(name) if name else None
    return found


@pytest.fixture(scope="module")
def database_names(
    server: PostgresServer | MariaServer | None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, str]]:
    """Two databases of this test module's own: names on a server, paths on SQLite."""
    if server is None:
        directory = tmp_path_factory.mktemp("sqlite")
        yield str(directory / "first.db"), str(directory / "second.db")
        return
    names = (f"first_{uuid.uuid4().hex[:12]}", f"second_{uuid.uuid4().hex[:12]}")
    for name in names:
        server.create_database(name)
    yield names
    server.start()  # a test may have killed it
    for name in names:
        server.drop_database(name)


@pytest.fixture
def url(server: PostgresServer | MariaServer | None, database_names: tuple[str, str]) -> Iterator[str]:
    """URL of an empty database; what the test makes in it is dropped after the test."""
    yield from _empty_url(server, database_names[0])


@pytest.fixture
def second_url(server: PostgresServer | MariaServer | None, database_names: tuple[str, str]) -> Iterator[str]:
    """URL of another empty database of the same kind."""
    yield from _empty_url(server, database_names[1])


def _empty_url(server: PostgresServer | MariaServer | None, name: str) -> Iterator[str]:
    if server is not None:
        yield server.url(name)
        server.start()  # a test may have killed it
        server.empty_database(name)
        return
    yield f"sqlite:///{name}"
    for path in Path(name).parent.glob(Path(name).name + "*"):  # journal and WAL too
        path.unlink()


@pytest.fixture
def engine(url: str) -> Iterator[Any]:
    """An engine on an empty database; disposed after the test."""
    yield from _disposed_engine(url)


@pytest.fixture
def second_engine(second_url: str) -> Iterator[Any]:
    """An engine on the other empty database."""
    yield from _disposed_engine(second_url)


def _disposed_engine(url: str) -> Iterator[Any]:
    # Not at the top: the tests of one layer must run while the layers above it do not import.
    from unitwork import create_engine

    engine = create_engine(url)
    try:
        yield engine
    finally:
        engine.dispose()


@pytest.fixture(scope="session", autouse=True)
def traced_sqlite() -> Iterator[None]:
    """SQLite connections that the statement counter can find."""
    with counter.trace_sqlite_connections():
        yield


@pytest.fixture
def statements(backend: str, server: Any) -> Statements:
    """``with statements(engine) as log: …`` counts what reaches the engine's database; see `counter`."""

    def count(engine: Any) -> contextlib.AbstractContextManager[counter.Counted]:
        database = engine.url.database
        if backend == "sqlite":
            return counter.count_sqlite(database or ":memory:")
        if backend == "postgresql":
            return counter.count_postgres(server, database)
        return counter.count_maria(server)

    return count
