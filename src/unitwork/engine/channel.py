"""The transaction of a driver connection: COMMIT, ROLLBACK, savepoints, and giving the connection back.

COMMIT is a step of its own, and its error is one of three: known failed, still open (SQLite, which may try again), or
unknown, when the connection was lost on the way. Each has its name. COMMIT is not sent where the transaction is known
to have failed, nor ROLLBACK where the server has nothing to undo.

Spec: TX-25, TX-36, ER-04, ER-22, BK-02, BK-12, BK-21, BK-22, LB-32.
"""

from __future__ import annotations

import contextlib
from typing import Any

from unitwork import exc
from unitwork.engine.pool import PooledConnection
from unitwork.engine.stream import StreamingWire
from unitwork.engine.wire import BEGINNING, NOTHING, OPEN, Savepoint, closed_door


class Channel(StreamingWire):
    """A wire with transaction control; gives its connection back when it is collected."""

    __slots__ = ("_counter",)

    @property
    def closed(self) -> bool:
        """Whether the connection was given back."""
        return self.acquire is closed_door

    def set_isolation(self, level: str | None) -> None:
        """Set the level of the transactions to come."""
        self.isolation = level
        self.forget_begin()

    def finish_commit(self) -> None:
        """Commit, if a transaction is under way.

        Raises:
            PendingRollbackError [transaction-failed]: a rollback must come first.
            CommitOutcomeUnknown [commit-outcome-unknown]: the connection was lost while COMMIT was under way.
            DBAPIError: the commit failed; `transaction` tells whether it may be tried again ("alive").
        """
        # HOT: once per small transaction; bench: W10i, W10u.
        if not self.active:
            return
        if not self.acquire(False):
            self.refuse_use()
        try:
            if self.failure is not None:
                raise self.pending_rollback("commit")
            if self.streams:
                self.end_streams("the transaction was committed")
            if self.stage and self.isolation != "AUTOCOMMIT":
                self._send_commit()
            self.end()
        finally:
            self.release()

    def _send_commit(self) -> None:
        dialect = self.dialect
        slot = self.slot
        assert slot is not None
        if dialect.has_socket:
            if dialect.is_failed(slot.driver_connection):
                self.fail("a statement failed on the driver's connection", gone=False)
                raise self.pending_rollback("commit")
            if slot.hung_up():
                self.lost("the server ended the connection before COMMIT was sent")
                raise exc.OperationalError(
                    "the server ended the connection before COMMIT was sent: nothing was committed.",
                    do="roll back, then run the whole unit of work again.",
                    code="connection-lost",
                    statement="COMMIT",
                    connection_invalidated=True,
                    transaction="gone",
                    is_retryable=True,
                )
        if self.log.is_wanted():
            self.log.statement("COMMIT", None)
        try:
            self.cursor.execute("COMMIT")
        except BaseException as err:
            self._commit_failed(err, slot)
            raise
        if dialect.has_socket and not dialect.committed(self.cursor):
            self.fail("the server answered COMMIT with ROLLBACK", gone=True)
            raise self.pending_rollback("commit")

    def _commit_failed(self, err: BaseException, slot: PooledConnection) -> None:
        connection = slot.driver_connection
        lost = self.dialect.is_disconnect(connection)
        if not isinstance(err, Exception):
            if lost:
                self.lost("COMMIT was interrupted; whether it was done is unknown")
            else:
                self.fail("COMMIT was interrupted; whether it was done is unknown", gone=True)
            return
        if lost:
            self.lost("the connection was lost during COMMIT")
            raise exc.CommitOutcomeUnknown(
                "the connection was lost while COMMIT was under way: the server may have committed, or not.",
                do="look for what was to be written before writing it again.",
                code="commit-outcome-unknown",
                statement="COMMIT",
                orig=err,
                connection_invalidated=True,
                transaction="gone",
                **self.dialect.facts(err),
            ) from err
        error = self.dialect.translate(err, connection, was_open=True, statement="COMMIT")
        if isinstance(error, exc.DBAPIError):
            if self.dialect.features.begin == "text" and self.dialect.is_open(connection):
                error.transaction = "alive"  # SQLite: COMMIT alone may be tried again
            else:
                error.transaction = "gone"
                self.fail(error.message, gone=True)
        try:
            raise error from err
        finally:
            del error  # see Wire.explain

    def finish_rollback(self) -> None:
        """Roll back, if a transaction is under way; a connection that is gone counts as rolled back.

        Raises:
            DBAPIError: the server refused; the connection is discarded.
        """
        if not self.active:
            return
        if not self.acquire(False):
            self.refuse_use()
        try:
            slot = self.slot
            if self.streams:
                self.end_streams("the transaction was rolled back", at_server=slot is not None)
            if slot is not None and self.stage and self.isolation != "AUTOCOMMIT":
                self._send_rollback(slot)
        finally:
            self.release()
            self.end()

    def _send_rollback(self, slot: PooledConnection) -> None:
        connection = slot.driver_connection
        # MariaDB's status is that of the last answer without error: it may have a transaction that it does not tell.
        if self.dialect.features.begin != "implicit" and not self.dialect.is_open(connection):
            return
        if self.log.is_wanted():
            self.log.statement("ROLLBACK", None)
        try:
            self.cursor.execute("ROLLBACK")
        except BaseException as err:
            lost = self.dialect.is_disconnect(connection)
            self.lost("the connection was lost during ROLLBACK")
            if not isinstance(err, Exception):
                raise
            if not lost:
                raise self.dialect.translate(err, connection, was_open=True, statement="ROLLBACK") from err

    def end(self) -> None:
        """Forget the transaction."""
        if self.stage and self.pool.shared and self.slot is not None:
            self.slot.holder = None
        self.active = False
        self.stage = NOTHING
        self.smooth = False
        self.failure = None
        self.gone = False
        if self.savepoints:
            self.savepoints = []

    # Savepoints

    def set_savepoint(self) -> Savepoint:
        """Return a savepoint; it is sent with the next statement (TX-25)."""
        if self.failure is not None:
            raise self.pending_rollback("set a savepoint")
        if self.closed:
            self.refuse_use()
        self._counter: int = getattr(self, "_counter", 0) + 1
        savepoint = Savepoint(f"unitwork_{self._counter}")
        self.savepoints.append(savepoint)
        self.active = True
        self.smooth = False
        return savepoint

    def release_savepoint(self, savepoint: Savepoint) -> None:
        """Keep what was done since a savepoint, as part of what is around it; drops the savepoints after it."""
        if self.failure is not None:
            raise self.pending_rollback("release a savepoint")
        self._use_savepoint(savepoint, "RELEASE SAVEPOINT")
        del self.savepoints[self.savepoints.index(savepoint) :]

    def rollback_savepoint(self, savepoint: Savepoint) -> None:
        """Undo what was done since a savepoint, and drop it and those after it; a failed transaction lives again.

        Raises:
            PendingRollbackError [transaction-failed]: the whole transaction is gone.
        """
        if self.gone:
            raise self.pending_rollback("roll back to a savepoint")
        if self.failure is not None and not savepoint.sent:
            raise self.pending_rollback("roll back to a savepoint that was not set before the failure")
        self._use_savepoint(savepoint, "ROLLBACK TO SAVEPOINT")
        self.failure = None
        self._use_savepoint(savepoint, "RELEASE SAVEPOINT")
        del self.savepoints[self.savepoints.index(savepoint) :]

    def _use_savepoint(self, savepoint: Savepoint, words: str) -> None:
        if not savepoint.sent or self.isolation == "AUTOCOMMIT":
            return
        if not self.acquire(False):
            self.refuse_use()
        sql = f"{words} {savepoint.name}"
        try:
            if self.streams:
                self._before_savepoint(words)
            if self.stage == BEGINNING:
                self.stage = OPEN
            if self.log.is_wanted():
                self.log.statement(sql, None)
            self.cursor.execute(sql)
        except BaseException as err:
            if self.failure is None:
                self.fail("a savepoint is gone: the server has ended the transaction it was set in", gone=True)
            self.explain(err, sql, ())
            raise
        finally:
            self.release()

    def _before_savepoint(self, words: str) -> None:
        if words.startswith("ROLLBACK"):
            self.end_streams("the transaction was rolled back to a savepoint")
        else:
            self.make_way()

    # The end

    def hang_up(self, discard: bool = False) -> None:
        """Give the connection back: what is open is rolled back first; with `discard` it is closed instead."""
        slot = self.slot
        if slot is None:
            self.acquire = closed_door
            return
        if slot.forked:
            self.slot = None
            self.acquire = closed_door
            self.pool.discard(slot)
            return
        if not discard and self.active:
            try:
                self.finish_rollback()
            except exc.DBAPIError:
                discard = True
        slot = self.slot
        self.slot = None
        self.acquire = closed_door
        if slot is None:
            return
        if (self.isolation is not None or slot.autocommit is not self.pool.autocommit) and not discard:
            discard = not self._restore(slot)
        if discard:
            self.pool.discard(slot)
        else:
            self.pool.checkin(slot)

    def _restore(self, slot: PooledConnection) -> bool:
        """Undo what this channel's isolation level left on the connection (TX-54)."""
        with contextlib.suppress(Exception):
            if slot.autocommit is not self.pool.autocommit:
                self.dialect.set_autocommit(slot.driver_connection, self.pool.autocommit)
                slot.autocommit = self.pool.autocommit
            if self.isolation not in (None, "AUTOCOMMIT", self.dialect.session_isolation):
                self.dialect.reset(slot.driver_connection)
            return True
        return False

    def driver_connection(self) -> Any:
        """Return the driver's connection; may open another one after a loss."""
        if self.slot is None:
            self.take(self.pool.checkout())
        assert self.slot is not None
        return self.slot.driver_connection

    def invalidate(self) -> None:
        """Close the driver's connection now; a rollback makes this usable again with another one (LB-32)."""
        if self.slot is not None:
            self.lost("the connection was invalidated")

    def __del__(self) -> None:
        # A Connection that was dropped without close(): its connection must come back, and without a transaction.
        with contextlib.suppress(Exception):
            if self.slot is not None:
                self.hang_up()
