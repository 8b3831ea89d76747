"""The whole report: SQLite, and a private PostgreSQL and MariaDB, started for it; the former also far away."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack

from benchmarks.place import Place, parse_place
from tests.support.servers import MariaServer, PostgresServer


def run_everywhere(run: Callable[[Place, bool], None]) -> None:
    """Call `run` with a database and whether to put a slow network before it: the four sections of the report."""
    run(parse_place("sqlite://"), False)
    with ExitStack() as stack:
        # The tests have statements logged, to count them; here that would be measured.
        postgres = PostgresServer(log_statement="none", shared_buffers="256MB")
        stack.callback(postgres.stop)
        run(parse_place(postgres.start().url()), False)
        with ExitStack() as inner:
            maria = MariaServer()
            inner.callback(maria.stop)
            run(parse_place(maria.start().url()), False)
        run(parse_place(postgres.url()), True)
