"""A DB-API driver that logs every call and answers from a script: unit tests of what is sent, without a database.

It stands for one of the real drivers: errors are that driver's classes, the parameter style is its style, and what
unitwork asks of a connection (open? in a transaction? failed?) is answered in that driver's way, followed from the
texts sent. `test_driver_contract` runs one suite on this and on the real drivers, so that the fake stays true::

    recorder = Recorder(sqlite3)
    recorder.answer("SELECT", columns=("id", "name"), rows=[(1, "ann")])
    engine = create_engine("sqlite://", creator=recorder.connect)
    ...
    assert recorder.log.take_sql() == ["BEGIN", "SELECT id, name FROM user"]
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from itertools import islice
from types import ModuleType
from typing import Any, NamedTuple

IDLE, IN_TRANSACTION, FAILED = 0, 2, 3  # psycopg2's numbers

_ROWS_COME_BACK = re.compile(r"\s*(SELECT|SHOW|VALUES|WITH|PRAGMA)\b|.*\bRETURNING\b", re.IGNORECASE | re.DOTALL)
_CONTROL = re.compile(
    r"\s*(BEGIN|START TRANSACTION|COMMIT|END|ROLLBACK TO|ROLLBACK|SAVEPOINT|RELEASE)\b(?:\s+SAVEPOINT)?\s*([\w\"`]*)",
    re.IGNORECASE,
)


class Call(NamedTuple):
    """One call of the driver."""

    name: str
    sql: str | None = None
    parameters: Any = None


class Log(list[Call]):
    """The calls, in order."""

    def take(self) -> list[Call]:
        """Return the calls since the last take, and forget them."""
        calls = list(self)
        self.clear()
        return calls

    def take_sql(self) -> list[str]:
        """Like `take`, only the SQL texts; an ``executemany`` gives its text once per row."""
        texts: list[str] = []
        for call in self.take():
            if call.sql is not None:
                texts += [call.sql] * (len(call.parameters) if call.name == "executemany" else 1)
        return texts


@dataclass
class Answer:
    """What to answer to a statement.

    Attributes:
        pattern: regular expression, searched for in the text.
        columns: names; empty for a statement that returns no rows.
        rows: the rows, or a function of the parameters that returns them.
        rowcount: as the driver reports it; None for the number of rows, or 1.
        raises: raised instead of answering.
        disconnects: the connection is gone with the error.
        ends_transaction: the error ends the transaction, as a deadlock does on MariaDB.
        times: how often it may be used; None for ever.
    """

    pattern: str
    columns: tuple[str, ...] = ()
    rows: Sequence[tuple[Any, ...]] | Callable[[Any], Sequence[tuple[Any, ...]]] = ()
    rowcount: int | None = None
    lastrowid: int | None = None
    raises: BaseException | None = None
    disconnects: bool = False
    ends_transaction: bool = False
    times: int | None = None


class Recorder:
    """A driver module whose connections record and play.

    Args:
        driver: the real module that it stands for: ``sqlite3``, ``psycopg2`` or ``pymysql``.
    """

    apilevel = "2.0"
    threadsafety = 1

    def __init__(self, driver: ModuleType) -> None:
        self.driver = driver
        self.kind = driver.__name__
        self.paramstyle: str = driver.paramstyle
        self.log = Log()
        self.connections: list[RecordedConnection] = []
        self._answers: list[Answer] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.driver, name)  # Error, OperationalError, Binary …

    def answer(self, pattern: str, **facts: Any) -> None:
        """Add an `Answer`; the one added last is asked first."""
        self._answers.insert(0, Answer(pattern, **facts))

    def connect(self, *args: Any, **options: Any) -> RecordedConnection:
        """A new connection."""
        self.log.append(Call("connect"))
        connection = RecordedConnection(self)
        self.connections.append(connection)
        return connection

    def find_answer(self, sql: str) -> Answer:
        """The answer to a statement; one that returns rows must have been given."""
        for answer in self._answers:
            if answer.times != 0 and re.search(answer.pattern, sql, re.IGNORECASE | re.DOTALL):
                if answer.times is not None:
                    answer.times -= 1
                return answer
        if _ROWS_COME_BACK.match(sql):
            raise LookupError(f"the recorder has no answer to: {sql}")
        return Answer("")

    def error(self, name: str, *args: Any) -> BaseException:
        """An exception of the driver, by class name."""
        error: BaseException = getattr(self.driver, name)(*args)
        return error


class RecordedConnection:
    """A connection that logs, and follows the state of its transaction."""

    isolation_level: str | None = ""  # sqlite3's, to be assigned
    server_version = 150000
    encoding = "UTF8"

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._savepoints: list[str] = []
        self._commits_itself = recorder.kind != "pymysql"  # until told otherwise by `autocommit`
        self.transaction = IDLE
        self.lost = False
        self.shut = False

    # Asked by unitwork, each driver in its own words.

    @property
    def in_transaction(self) -> bool:
        """sqlite3."""
        return self.transaction != IDLE

    @property
    def closed(self) -> int:
        """psycopg2: 0 open, 1 closed, 2 lost."""
        return 2 if self.lost else int(self.shut)

    @property
    def open(self) -> bool:
        """pymysql."""
        return not (self.lost or self.shut)

    def get_transaction_status(self) -> int:
        """psycopg2; 4 is unknown."""
        return 4 if self.closed else self.transaction

    @property
    def autocommit(self) -> Any:
        """An attribute in psycopg2, a method in pymysql."""
        return self._set_autocommit if self._recorder.kind == "pymysql" else self._commits_itself

    @autocommit.setter
    def autocommit(self, value: bool) -> None:
        self._commits_itself = value

    def _set_autocommit(self, value: bool) -> None:
        self._commits_itself = bool(value)

    def get_autocommit(self) -> bool:
        """pymysql."""
        return self._commits_itself

    def create_function(self, name: str, narg: int, func: Any, *, deterministic: bool = False) -> None:
        """sqlite3; not logged, for nothing is sent."""

    # PEP 249.

    def cursor(self, *args: Any, **options: Any) -> RecordedCursor:
        """A new cursor; not logged."""
        self.require_open()
        return RecordedCursor(self._recorder, self)

    def execute(self, sql: str, parameters: Any = ()) -> RecordedCursor:
        """sqlite3's short cut."""
        return self.cursor().execute(sql, parameters)

    def commit(self) -> None:
        """Logged as a call, not as a statement."""
        self._end("commit")

    def rollback(self) -> None:
        """Logged as a call, not as a statement."""
        self._end("rollback")

    def _end(self, call: str) -> None:
        self.require_open()
        self._recorder.log.append(Call(call))
        self.end_transaction()

    def close(self) -> None:
        """Logged; a second time is an error in PyMySQL only."""
        if self.shut:
            if self._recorder.kind == "pymysql":
                raise self._recorder.error("Error", "Already closed")
            return
        self._recorder.log.append(Call("close"))
        self.shut = True
        self.end_transaction()

    # The transaction.

    def require_open(self) -> None:
        """Raise what the driver raises on a closed or lost connection."""
        if self.lost or self.shut:
            name = "ProgrammingError" if self._recorder.kind == "sqlite3" else "InterfaceError"
            raise self._recorder.error(name, "the connection is closed")

    def end_transaction(self) -> None:
        """There is no transaction any more."""
        self.transaction = IDLE
        self._savepoints.clear()

    def follow(self, sql: str) -> str | None:
        """Move the state of the transaction along with a statement that succeeded; returns its tag, if it has one."""
        found = _CONTROL.match(sql)
        if found is None:
            if self._recorder.kind == "pymysql" and not self._commits_itself:
                self.transaction = IN_TRANSACTION
            return None
        word, name = found.group(1).upper(), found.group(2).strip('"`')
        if word in ("BEGIN", "START TRANSACTION"):
            self.transaction = IN_TRANSACTION
        elif word in ("COMMIT", "END", "ROLLBACK"):
            tag = "ROLLBACK" if self.transaction == FAILED else word
            self.end_transaction()
            return tag
        elif word == "SAVEPOINT":
            self.transaction = IN_TRANSACTION
            self._savepoints.append(name)
        else:
            self._reach_savepoint(word, name)
        return word

    def _reach_savepoint(self, word: str, name: str) -> None:
        if name not in self._savepoints:
            raise self._recorder.error("OperationalError", f"no such savepoint: {name}")
        position = len(self._savepoints) - 1 - self._savepoints[::-1].index(name)
        del self._savepoints[position + (word == "ROLLBACK TO") :]
        if word == "ROLLBACK TO":
            self.transaction = IN_TRANSACTION

    def fail(self, answer: Answer) -> BaseException:
        """Move the state of the transaction along with an error; returns the error."""
        assert answer.raises is not None
        if answer.disconnects:
            self.lost = True
            self.end_transaction()
        elif answer.ends_transaction:
            self.end_transaction()
        elif self._recorder.kind == "psycopg2" and self.transaction != IDLE:
            self.transaction = FAILED
        return answer.raises


class RecordedCursor:
    """A cursor that logs, and gives the rows of the answer."""

    arraysize = 1

    def __init__(self, recorder: Recorder, connection: RecordedConnection) -> None:
        self._recorder = recorder
        self.connection = connection
        self._rows: Iterator[tuple[Any, ...]] = iter(())
        self.description: tuple[tuple[Any, ...], ...] | None = None
        self.rowcount = -1
        self.lastrowid: int | None = None
        self.statusmessage: str | None = None

    def execute(self, sql: str, parameters: Any = ()) -> RecordedCursor:
        """Log the statement, and take up its answer."""
        self._play("execute", sql, parameters, 1)
        return self

    def executemany(self, sql: str, rows: Iterable[Any]) -> RecordedCursor:
        """Log the statement with all its rows, and take up its answer."""
        rows = list(rows)
        self._play("executemany", sql, rows, len(rows))
        return self

    def _play(self, call: str, sql: str, parameters: Any, executions: int) -> None:
        self.connection.require_open()
        self._recorder.log.append(Call(call, sql, parameters))
        lead, _, rest = sql.partition(";")
        begins = bool(rest.strip()) and _CONTROL.match(lead) is not None
        self._refuse_if_failed(sql)
        if begins:
            self.connection.follow(lead)  # "BEGIN; <statement>" in one string
        main = rest if begins else sql
        answer = self._recorder.find_answer(main)
        if answer.raises is not None:
            raise self.connection.fail(answer)
        self.statusmessage = self.connection.follow(main)
        rows = answer.rows(parameters) if callable(answer.rows) else answer.rows
        self._rows = iter(list(rows))
        self.description = tuple((name, *[None] * 6) for name in answer.columns) or None
        self.rowcount = answer.rowcount if answer.rowcount is not None else len(rows) if answer.columns else executions
        self.lastrowid = answer.lastrowid

    def _refuse_if_failed(self, sql: str) -> None:
        ends = _CONTROL.match(sql)
        allowed = ends is not None and ends.group(1).upper() in ("ROLLBACK", "ROLLBACK TO", "COMMIT", "END")
        if self.connection.transaction == FAILED and not allowed:
            errors = import_module("psycopg2.errors")
            raise errors.InFailedSqlTransaction("current transaction is aborted")

    def fetchone(self) -> tuple[Any, ...] | None:
        """The next row."""
        return next(self._rows, None)

    def fetchmany(self, size: int | None = None) -> list[tuple[Any, ...]]:
        """Some rows."""
        return list(islice(self._rows, size or self.arraysize))

    def fetchall(self) -> list[tuple[Any, ...]]:
        """The rest."""
        return list(self._rows)

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        return self._rows

    def close(self) -> None:
        """Not logged."""
        self._rows = iter(())

    def __enter__(self) -> RecordedCursor:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()
