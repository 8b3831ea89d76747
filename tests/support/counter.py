"""Count and read the statements that reach a database, at the database.

Every execution counts, each one of an ``executemany`` too, and so do BEGIN, COMMIT and savepoints. What a trigger or a
foreign key does inside the server does not. Several statements sent as one string count once on PostgreSQL, where they
are one round trip.

===========  =====================================================================================================
SQLite       the trace callback of every connection open to the file; needs `trace_sqlite_connections` beforehand
PostgreSQL   the server's log, in which every statement appears before it runs; only those to the same database
MariaDB      the counter ``Questions``, read from a second connection, and the general log for the texts; both know
             all databases of the server together
===========  =====================================================================================================
"""

from __future__ import annotations

import contextlib
import os
import re
import sqlite3
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

from tests.support.servers import MariaServer, PostgresServer


class Counted:
    """What was sent while counting; `count` and `texts` may be read in the block and after it.

    Attributes:
        texts: SQL with values filled in, in the order sent.
    """

    def __init__(self, source: _Source) -> None:
        self._source = source
        self._ended: tuple[int, list[str]] | None = None

    def end(self) -> None:
        """Stop counting."""
        self._ended = self._source.read()
        self._source.close()

    @property
    def count(self) -> int:
        """Statements so far."""
        return (self._ended or self._source.read())[0]

    @property
    def texts(self) -> list[str]:
        """Texts so far."""
        return (self._ended or self._source.read())[1]

    def starting_with(self, *words: str) -> list[str]:
        """The texts that start with one of `words`, in any case; ``BEGIN;`` in front of a statement is left out."""
        texts = [re.sub(r"^\s*BEGIN[^;]*;\s*", "", text) or text for text in self.texts]
        return [text for text in texts if text.lstrip().upper().startswith(tuple(word.upper() for word in words))]

    def __repr__(self) -> str:
        shown = "\n".join(f"  {text[:200]}" for text in self.texts)
        return f"<{self.count} statements\n{shown}\n>"


class _Source(Protocol):
    def read(self) -> tuple[int, list[str]]: ...
    def close(self) -> None: ...


@contextlib.contextmanager
def count_sqlite(database: str | None) -> Iterator[Counted]:
    """Count what is sent to a SQLite file, or with None to any SQLite database."""
    yield from _counting(_SqliteTrace(database))


@contextlib.contextmanager
def count_postgres(server: PostgresServer, database: str) -> Iterator[Counted]:
    """Count what is sent to one database of a PostgreSQL server."""
    yield from _counting(_PostgresLog(server.log_path, database))


@contextlib.contextmanager
def count_maria(server: MariaServer) -> Iterator[Counted]:
    """Count what is sent to a MariaDB server."""
    yield from _counting(_MariaQuestions(server))


def _counting(source: _Source) -> Iterator[Counted]:
    counted = Counted(source)
    try:
        yield counted
    finally:
        counted.end()


class TracedConnection(sqlite3.Connection):
    """A SQLite connection that `count_sqlite` can find."""

    def __init__(self, database: Any, *args: Any, **options: Any) -> None:
        super().__init__(database, *args, **options)
        self.database = _file_of(database)
        _open_connections.add(self)
        for trace in _active_traces:
            trace.watch(self)


_open_connections: weakref.WeakSet[TracedConnection] = weakref.WeakSet()
_active_traces: list[_SqliteTrace] = []


@contextlib.contextmanager
def trace_sqlite_connections() -> Iterator[None]:
    """Make every ``sqlite3.connect`` in the block give a `TracedConnection`, unless it asks for a factory."""
    connect = sqlite3.connect

    def traced(*args: Any, **options: Any) -> Any:
        options.setdefault("factory", TracedConnection)
        return connect(*args, **options)

    setattr(sqlite3, "connect", traced)  # noqa: B010 - the checker knows only the function's own type
    try:
        yield
    finally:
        setattr(sqlite3, "connect", connect)  # noqa: B010


def _file_of(database: Any) -> str:
    name = os.fspath(database)
    name = name.decode() if isinstance(name, bytes) else str(name)
    if name.startswith("file:"):
        name = name[len("file:") :].partition("?")[0]
    return name if name in ("", ":memory:") else os.path.realpath(name)


class _SqliteTrace:
    def __init__(self, database: str | None) -> None:
        self._database = None if database is None else _file_of(database or ":memory:")
        self._texts: list[str] = []
        self._watched: list[TracedConnection] = []
        _active_traces.append(self)
        for connection in list(_open_connections):
            self.watch(connection)

    def watch(self, connection: TracedConnection) -> None:
        if self._database is None or connection.database == self._database:
            with contextlib.suppress(sqlite3.ProgrammingError):  # closed already
                connection.set_trace_callback(self._note)
                self._watched.append(connection)

    def _note(self, text: str) -> None:
        if not text.startswith("--"):  # a trigger's or foreign key's doing, told as a comment
            self._texts.append(text)

    def read(self) -> tuple[int, list[str]]:
        return len(self._texts), list(self._texts)

    def close(self) -> None:
        _active_traces.remove(self)
        for connection in self._watched:
            with contextlib.suppress(sqlite3.ProgrammingError):
                connection.set_trace_callback(None)
        self._watched.clear()


class _PostgresLog:
    #: One entry: process, database, and the text up to the next entry; further lines start with a tab.
    _ENTRY = re.compile(r"^\|\d+\|([^|\n]*)\|LOG:  (?:statement|execute [^:\n]*): (.*(?:\n\t.*)*)", re.MULTILINE)

    def __init__(self, path: Path, database: str) -> None:
        self._path = path
        self._database = database
        self._start = path.stat().st_size

    def read(self) -> tuple[int, list[str]]:
        with self._path.open("rb") as log:
            log.seek(self._start)
            written = log.read().decode(errors="replace")
        entries = self._ENTRY.findall(written)
        texts = [text.replace("\n\t", "\n") for database, text in entries if database == self._database]
        return len(texts), texts

    def close(self) -> None:
        pass


class _MariaQuestions:
    #: One entry of the general log: optional time, thread, command, text up to the next entry.
    _HEAD = r"^(?:\d{6} [ \d]\d:\d\d:\d\d)?\t+ *(\d+) ([A-Z]\w*(?: DB)?)\t"
    _ENTRY = re.compile(rf"{_HEAD}(.*(?:\n(?!{_HEAD[1:]}).*)*)", re.MULTILINE)

    def __init__(self, server: MariaServer) -> None:
        self._path = server.general_log
        self._connection = server.connect(autocommit=True)
        self._ask("SET GLOBAL general_log = ON")
        self._own_thread = str(self._connection.thread_id())
        self._start_of_texts = self._path.stat().st_size if self._path.exists() else 0
        self._asked = 0
        self._start = self._questions()

    def read(self) -> tuple[int, list[str]]:
        self._asked += 1
        total = self._questions() - self._start - self._asked
        with self._path.open("rb") as log:
            log.seek(self._start_of_texts)
            written = log.read().decode(errors="replace")
        entries = [found.group(1, 2, 3) for found in self._ENTRY.finditer(written.removesuffix("\n"))]
        return total, [text for thread, kind, text in entries if kind == "Query" and thread != self._own_thread]

    def close(self) -> None:
        self._ask("SET GLOBAL general_log = OFF")
        self._connection.close()

    def _questions(self) -> int:
        """The server's count, which includes the question for it."""
        return int(self._ask("SHOW GLOBAL STATUS LIKE 'Questions'")[1])

    def _ask(self, statement: str) -> Any:
        with self._connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchone()
