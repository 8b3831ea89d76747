"""One driver connection in use: statements out, rows in, and the truth about what is left after an error.

A :class:`Wire` knows what the server has of the transaction: nothing yet, BEGIN on its way with the first statement,
or an open one. After every error it asks the driver's connection what is left, and from then on refuses everything
until a rollback: a failed PostgreSQL transaction would answer COMMIT with a silent rollback, and a MariaDB deadlock
victim would open a new transaction with the next statement. A second thread that comes while a statement is under way
is stopped before a byte is sent.

`fetch`, `write` and `fetch_counted` are the hot calls of the layers above; they know neither elements nor results.
`engine.channel` adds COMMIT, ROLLBACK and savepoints, `engine.connection` makes the public Connection of it.

Spec: TX-05, ER-04, ER-20, BK-10, BK-12, BK-22, LB-32.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from unitwork import exc
from unitwork.dialects.base import Dialect
from unitwork.engine.log import Log
from unitwork.engine.pool import Pool, PooledConnection

# What the server has of the transaction.
NOTHING, BEGINNING, OPEN = 0, 1, 2

Row = tuple[Any, ...]
#: What a statement gave: rows or None, row count, names of the cells of a row, generated key or None.
Answer = tuple["list[Row] | None", int, tuple[str, ...], Any]


class Savepoint:
    """A savepoint of a channel; `sent` says that the server knows it."""

    __slots__ = ("name", "sent")

    def __init__(self, name: str) -> None:
        self.name = name
        self.sent = False


class Wire:
    """A driver connection checked out of a pool.

    Args:
        isolation: level of its transactions, upper case; ``"AUTOCOMMIT"``; None for that of the connection.
        log: where its statements are logged.

    Attributes:
        slot: the pooled connection, None once it is lost or given back.
        active: a transaction is under way, for the caller; `stage` says what the server has of it.
        smooth: a statement can go straight to the driver.
        failure: why nothing but a rollback is possible, or None.
        gone: the server has no transaction any more, nor its savepoints.
        savepoints: open ones, outermost first.
        streams: statements whose rows were not all read, see ``engine.stream``; while there are any, `smooth` is off.
    """

    __slots__ = (
        "__weakref__",
        "_begin",
        "acquire",
        "active",
        "cursor",
        "dialect",
        "failure",
        "gone",
        "isolation",
        "log",
        "pool",
        "release",
        "savepoints",
        "slot",
        "smooth",
        "stage",
        "streams",
    )

    def __init__(self, pool: Pool, dialect: Dialect, log: Log, isolation: str | None) -> None:
        # HOT: once per small transaction; bench: W10i, W10u.
        self.dialect = dialect
        self.pool = pool
        self.log = log
        self.isolation = isolation
        self.active = False
        self.stage = NOTHING
        self.smooth = False
        self.failure: str | None = None
        self.gone = False
        self.savepoints: list[Savepoint] = []
        self.streams: Sequence[Any] = ()
        self._begin: tuple[str, ...] | None = None
        self.slot: PooledConnection | None = None
        self.take(pool.checkout())

    def take(self, slot: PooledConnection) -> None:
        """Go on with a connection."""
        self.slot = slot
        self.cursor = slot.cursor
        self.acquire: Callable[[bool], bool] = slot.guard.acquire
        self.release: Callable[[], None] = slot.guard.release

    # Hot calls

    def fetch(self, sql: str, params: Sequence[Any]) -> list[Row]:
        """Run a statement that returns rows and return all of them as the driver gives them.

        Args:
            sql: with the driver's placeholders; where they are ``%s``, literal ``%`` doubled.
            params: a sequence, if an empty one.
        Raises:
            DBAPIError, StatementError: see ER-18.
            PendingRollbackError [transaction-failed]: a rollback must come first.
        """
        # HOT: every statement of the object side; bench: W8m, W10u, W19.
        if not self.acquire(False):
            self.refuse_use()
        try:
            if not self.smooth:
                sql, params = self._before(sql, params)
            cursor = self.cursor
            cursor.execute(sql, params)
            rows = cursor.fetchall()
            return rows if rows.__class__ is list else list(rows)
        except BaseException as err:
            self.explain(err, sql, params)
            raise
        finally:
            self.release()

    def write(self, sql: str, params: Sequence[Any]) -> int:
        """Run a statement that returns no rows and return how many rows it matched; see `fetch`."""
        # HOT: every statement of the object side; bench: W10i, W10u.
        if not self.acquire(False):
            self.refuse_use()
        try:
            if not self.smooth:
                sql, params = self._before(sql, params)
            cursor = self.cursor
            cursor.execute(sql, params)
            count: int = cursor.rowcount
            return count
        except BaseException as err:
            self.explain(err, sql, params)
            raise
        finally:
            self.release()

    def fetch_counted(self, sql: str, params: Sequence[Any]) -> tuple[list[Row], int]:
        """Run a data-changing statement with RETURNING; return (rows, matched row count); see `fetch`."""
        if not self.acquire(False):
            self.refuse_use()
        try:
            if not self.smooth:
                sql, params = self._before(sql, params)
            cursor = self.cursor
            cursor.execute(sql, params)
            # psycopg2 forgets the count when fetching fails, sqlite3 knows it only when all rows are fetched.
            early: int = cursor.rowcount
            rows = list(cursor.fetchall())
            late: int = cursor.rowcount
            return rows, max(early, late)
        except BaseException as err:
            self.explain(err, sql, params)
            raise
        finally:
            self.release()

    def run(self, sql: str, params: Sequence[Any] | None) -> Answer:
        """Run any statement; return (rows or None, row count, names of the row's cells, generated key or None).

        Args:
            params: None sends the text as it is: no ``%`` is doubled.
        """
        if not self.acquire(False):
            self.refuse_use()
        try:
            if not self.smooth:
                sql, params = self._before(sql, params)
            cursor = self.cursor
            if params is None and not self.dialect.has_socket:
                params = ()  # sqlite3 knows no None
            cursor.execute(sql, params)
            count: int = cursor.rowcount
            if cursor.description is None:
                return None, count, (), getattr(cursor, "lastrowid", None)
            names = tuple(str(column[0]) for column in cursor.description)
            rows = list(cursor.fetchall())
            return rows, max(count, cursor.rowcount), names, None
        except BaseException as err:
            self.explain(err, sql, params)
            raise
        finally:
            self.release()

    # Before a statement

    def forget_begin(self) -> None:
        """Work out anew how a transaction begins."""
        self._begin = None

    def _before(self, sql: str, params: Any) -> tuple[str, Any]:
        """Do what the first statement of a transaction, needs; return what to send."""
        if self.failure is not None:
            raise self.pending_rollback("run a statement")
        if self.slot is None:
            self.reconnect()
        if self.streams:
            self.make_way()
        if self.stage == NOTHING:
            self.active = True
        wanted = self.log.is_wanted()
        if wanted:
            self.log.statement(sql, params)
        if self.stage != OPEN:
            sql = self._open(sql, wanted)
        for savepoint in self.savepoints:
            if not savepoint.sent and self.isolation != "AUTOCOMMIT":
                self.cursor.execute(f"SAVEPOINT {savepoint.name}")
                savepoint.sent = True
        self.smooth = self.stage == OPEN and not wanted and not self.streams
        return sql, params

    def make_way(self) -> None:
        """Do what streams need before another statement."""

    def end_streams(self, why: str, at_server: bool = True) -> None:
        """End all streams; see ``engine.stream``."""

    def reconnect(self) -> None:
        """Go on with another connection, after the loss of one was dealt with by a rollback."""
        slot = self.pool.checkout()
        slot.guard.acquire(blocking=False)  # the statement that is under way releases it
        self.take(slot)

    def _open(self, sql: str, wanted: bool) -> str:
        """Begin the transaction at the server, or put BEGIN in front of `sql`."""
        if self.stage == BEGINNING:  # the statement with BEGIN succeeded
            self.stage = OPEN
            return sql
        slot = self.slot
        assert slot is not None
        if self.pool.shared:
            self._claim(slot)
        on = self.isolation == "AUTOCOMMIT"
        if slot.autocommit is not on:
            self.dialect.set_autocommit(slot.driver_connection, on)
            slot.autocommit = on
        if on:
            self.stage = OPEN
            return sql
        statements = self._begin
        if statements is None:
            statements = self._begin = self.dialect.begin_statements(self.isolation)
        if wanted and statements:
            self.log.statement("; ".join(statements), None)
        if self.dialect.features.begin == "rides":
            self.stage = BEGINNING
            if self.savepoints:  # a savepoint must stand between BEGIN and the statement
                self.cursor.execute(statements[0])
                self.stage = OPEN
                return sql
            return f"{statements[0]}; {sql}"
        for statement in statements:
            self.cursor.execute(statement)
        self.stage = OPEN if statements and self.dialect.features.begin == "text" else BEGINNING
        return sql

    def _claim(self, slot: PooledConnection) -> None:
        """Take the one connection of a database in memory for a transaction (BK-10)."""
        holder = slot.holder() if slot.holder is not None else None
        if holder is not None and holder is not self:
            raise exc.InvalidRequestError(
                "the database in memory has one connection, and another Connection or Session has a transaction on it.",
                do="commit, roll back or close that one first; or use a file: create_engine('sqlite:///file.db').",
                code="memory-database-in-use",
            )
        slot.holder = weakref.ref(self)

    # After an error

    def explain(self, err: BaseException, sql: str | None, params: Any) -> None:
        """Raise what `err` means, and take note of what is left; return for an error that is to pass as it is."""
        if isinstance(err, exc.UnitworkError):
            self.settle()
            return
        slot = self.slot
        assert slot is not None
        connection = slot.driver_connection
        if not isinstance(err, Exception):
            # KeyboardInterrupt and the like pass; PyMySQL has closed the connection, psycopg2 has finished the query.
            if self.dialect.is_disconnect(connection):
                self.lost("the statement was interrupted")
            elif self.dialect.is_failed(connection):
                self.fail("the statement was interrupted", gone=False)
            self.settle()
            return
        was_open = self.stage == OPEN
        if sql and self.stage == BEGINNING and self._begin and self.dialect.features.begin == "rides":
            sql = sql.removeprefix(f"{self._begin[0]}; ")  # the caller's statement, without what rode on it
        error = self.dialect.translate(err, connection, was_open=was_open, statement=sql, params=params)
        if self.log.hide_parameters:
            error.hide_parameters = True
            # PostgreSQL quotes the statement, values and all, in the lines after the first.
            first, *more = str(err).splitlines() or [""]
            if more:
                error.message = f"({type(err).__module__}.{type(err).__name__}) {first}"
                error.args = (error.message,)
        self._note(error)
        try:
            raise error from err
        finally:
            del error  # it refers to this frame by its traceback, and would keep the connection alive (P8)

    def _note(self, error: exc.StatementError) -> None:
        """Take note of what an error left of the transaction."""
        if not isinstance(error, exc.DBAPIError):
            self.settle()
            return
        reason = error.message
        if error.connection_invalidated:
            if self.isolation == "AUTOCOMMIT":
                error.is_retryable = False  # the statement may have been committed
            self.lost(reason)
        elif self.isolation == "AUTOCOMMIT":
            error.transaction = "none"
        elif error.transaction in ("failed", "gone"):
            self.fail(reason, gone=error.transaction == "gone")
        else:
            self.settle()

    def settle(self) -> None:
        """After an error that ended nothing: find out whether BEGIN, which rode on the statement, was run."""
        if self.slot is not None and self.stage == BEGINNING and self.dialect.features.begin == "rides":
            self.stage = OPEN if self.dialect.is_open(self.slot.driver_connection) else NOTHING
            self.smooth = False

    def fail(self, reason: str, gone: bool) -> None:
        """Refuse everything but a rollback from now on; with `gone`, but a rollback of the whole transaction."""
        self.failure = reason
        self.gone = self.gone or gone
        self.smooth = False

    def lost(self, reason: str) -> None:
        """Discard the connection."""
        slot, self.slot = self.slot, None
        self.fail(reason, gone=True)
        if self.streams:
            self.end_streams("the connection was lost", at_server=False)
        self.active = True
        if slot is not None:
            self.acquire, self.release = _open_door, _nothing
            self.pool.discard(slot)

    def pending_rollback(self, action: str) -> exc.PendingRollbackError:
        """Return the error for whatever is tried in a transaction that must be rolled back first (ER-04)."""
        only = "rollback() the whole transaction" if self.gone else "rollback(), or roll back to a savepoint,"
        return exc.PendingRollbackError(
            f"cannot {action}: the transaction {'is gone' if self.gone else 'has failed'} and was not rolled back yet."
            f" It failed with: {self.failure}",
            do=f"call {only} before anything else.",
            code="transaction-failed",
            reason=self.failure,
        )

    def refuse_use_in_listener(self) -> NoReturn:
        """Raise that a listener around a statement cannot use its connection."""
        raise self._in_use()

    def refuse_use(self) -> NoReturn:
        """Raise why the connection cannot be used now."""
        slot = self.slot
        if slot is None:
            raise exc.ResourceClosedError(
                "this Connection is closed.", do="get another from engine.connect().", code="connection-closed"
            )
        if slot.forked:
            raise exc.InvalidRequestError(
                "this connection was opened before a fork; using it here would break it for the parent process.",
                do="open connections and Sessions after the fork.",
                code="connection-forked",
            )
        raise self._in_use()

    def _in_use(self) -> exc.InvalidRequestError:
        return exc.InvalidRequestError(
            "this connection is in use: a statement of another thread, or of a listener around this one, is under way.",
            do="give every thread a Connection or Session of its own.",
            code="concurrent-use",
        )


def _open_door(blocking: bool) -> bool:
    return True


def _nothing() -> None:
    return None


def closed_door(blocking: bool) -> bool:
    """Guard of a channel that has given its connection back."""
    return False
