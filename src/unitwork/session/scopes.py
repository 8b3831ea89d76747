"""The Session's transaction: one outermost scope, below it one per open SAVEPOINT.

A :class:`Scope` knows the connections in use and what happened to objects since it began, for a rollback to take
back. :class:`TransactionStack` holds the scopes and moves between them; it never flushes and knows no Session. What the
user gets to see of a scope is :class:`unitwork.session.transaction.SessionTransaction`.

Spec: TX-01 to TX-05, TX-10 to TX-35, TX-62 to TX-73, SB-12 to SB-18, SB-84, SB-115 to SB-125, ST-08, ST-09.
"""

from __future__ import annotations

import enum
import weakref
from collections.abc import Iterable
from typing import Any

from unitwork import exc
from unitwork.engine.connection import Connection
from unitwork.flush.settle import Settled
from unitwork.state.instance import InstanceState
from unitwork.state.lifecycle import DELETED, DETACHED, PENDING, PERSISTENT, TRANSIENT
from unitwork.state.tracker import StateTracker

JOIN_MODES = ("conditional_savepoint", "rollback_only", "control_fully", "create_savepoint")


class SessionTransactionOrigin(enum.Enum):
    """Why a transaction began (TX-03)."""

    AUTOBEGIN = 0
    BEGIN = 1
    BEGIN_NESTED = 2
    SUBTRANSACTION = 3


class ScopeState(enum.Enum):
    """How far a scope has come."""

    ACTIVE = "active"
    #: A flush or a COMMIT failed: only rollback() and close() are possible.
    FAILED = "failed"
    ENDED = "ended"


class Scope:
    """The outermost transaction, or one SAVEPOINT.

    Attributes:
        parent: the scope around it, None for the outermost.
        connections: bind to its Joined connection.
        added: states that became pending or were inserted here.
        deleted: states whose DELETE was flushed here.
        updated: states that were written here.
        moved: (state, former primary key).
        block: a ``with`` block is open on it.
        error: what failed it, in words; `cause` refers to it weakly, since its traceback leads back to the Session.
        face: the SessionTransaction that was handed out for it, while somebody holds that.
    """

    __slots__ = (
        "added", "block", "cause", "connections", "deleted", "error", "face", "moved", "origin", "parent", "state",
        "updated",
    )  # fmt: skip

    def __init__(self, parent: Scope | None, origin: SessionTransactionOrigin) -> None:
        self.parent = parent
        self.origin = origin
        self.state = ScopeState.ACTIVE
        self.connections: dict[Any, Joined] = {}
        self.added: dict[InstanceState, None] = {}
        self.deleted: dict[InstanceState, Any] = {}
        self.updated: dict[InstanceState, None] = {}
        self.moved: list[tuple[InstanceState, Any]] = []
        self.block = False
        self.error = ""
        self.cause: weakref.ref[BaseException] | None = None
        self.face: weakref.ref[Any] | None = None

    def fail(self, error: BaseException) -> None:
        """Take note that something failed it."""
        self.state = ScopeState.FAILED
        self.error = type(error).__name__
        if isinstance(error, exc.UnitworkError):
            self.error += f": {error.message}"
            self.cause = weakref.ref(error)


class Joined:
    """A Connection that takes part in a scope.

    Attributes:
        connection: the Connection.
        transaction: what commit and rollback of the scope act on; None if the Connection was made for the Session.
        commits, closes: whether committing, or closing, the scope acts on it (TX-62 to TX-68).
        owned: the Connection was made for the Session, and closes with the transaction.
    """

    __slots__ = ("closes", "commits", "connection", "owned", "transaction")

    def __init__(
        self, connection: Connection, transaction: Any, owned: bool, commits: bool = True, closes: bool = True
    ) -> None:
        self.connection = connection
        self.transaction = transaction
        self.owned = owned
        self.commits = commits
        self.closes = closes

    def commit(self) -> None:
        if self.transaction is None:
            self.connection.commit()
        elif self.commits:
            self.transaction.commit()

    def rollback(self) -> None:
        if self.transaction is None:
            self.connection.rollback()
        elif self.transaction.is_active or self.connection.needs_rollback:
            self.transaction.rollback()


class TransactionStack:
    """The scopes of one Session.

    Attributes:
        root, innermost: outermost and innermost scope, None without a transaction.
        blocked: number of open ``with`` blocks whose transaction has ended (SB-16).
    """

    __slots__ = ("_join_mode", "_tracker", "blocked", "innermost", "root")

    def __init__(self, tracker: StateTracker, join_mode: str) -> None:
        self._tracker = tracker
        self._join_mode = join_mode
        self.root: Scope | None = None
        self.innermost: Scope | None = None
        self.blocked = 0

    # -- begin --------------------------------------------------------------------------------------------------------

    def begin(self, origin: SessionTransactionOrigin = SessionTransactionOrigin.AUTOBEGIN) -> Scope:
        """Begin the outermost scope; nothing is sent.

        Raises:
            InvalidRequestError [begun-already, block-ended].
        """
        self._refuse_ended_block()
        if self.root is not None:
            raise exc.InvalidRequestError(
                "a transaction is begun on this Session already.",
                do="use it, or call begin_nested() for a SAVEPOINT.",
                code="begun-already",
            )
        self.root = self.innermost = Scope(None, origin)
        self._tracker.idle = False
        return self.root

    def begin_nested(self) -> Scope:
        """Open a scope for a SAVEPOINT, which is sent when a connection is first used in it (TX-25)."""
        self.require_active()
        self.innermost = Scope(self.innermost, SessionTransactionOrigin.BEGIN_NESTED)
        return self.innermost

    def _refuse_ended_block(self) -> None:
        if self.blocked:
            raise exc.InvalidRequestError(
                "the transaction of this 'with' block has ended.",
                do="leave the block before the Session is used again.",
                code="block-ended",
            )

    def require_active(self) -> None:
        """Refuse a transaction in which no SQL may be sent.

        Raises:
            PendingRollbackError [pending-rollback]: a flush failed, or the database has given the transaction up.
        """
        if self.blocked:
            self._refuse_ended_block()
        scope = self.innermost
        if scope is not None and scope.state is ScopeState.FAILED:
            what = f" ({scope.error})" if scope.error else ""
            raise exc.PendingRollbackError(
                f"an earlier flush or statement of this transaction failed{what}, and it was not rolled back yet.",
                do="call session.rollback(); inside begin_nested() roll that back.",
                code="pending-rollback",
            ) from (None if scope.cause is None else scope.cause())

    @property
    def is_active(self) -> bool:
        """There is no transaction, or a usable one (TX-05)."""
        scope = self.innermost
        if scope is None:
            return True
        if scope.state is not ScopeState.ACTIVE:
            return False
        return not any(joined.connection.needs_rollback for joined in scope.connections.values())

    # -- connections --------------------------------------------------------------------------------------------------

    def connection(self, bind: Any) -> Connection:
        """Return the transaction's Connection for an Engine or Connection, joined on first use."""
        scope = self.innermost
        if scope is None:
            raise exc.BrokenInvariantError("a connection needs a transaction.", code="no-transaction")
        joined = scope.connections.get(bind)
        return joined.connection if joined is not None else self._join(scope, bind).connection

    def _join(self, scope: Scope, bind: Any) -> Joined:
        if scope.parent is not None:
            outer = scope.parent.connections.get(bind) or self._join(scope.parent, bind)
            joined = Joined(outer.connection, outer.connection.begin_nested(), owned=False)
        elif isinstance(bind, Connection):
            joined = self._join_connection(scope, bind)
        else:
            joined = Joined(bind.connect(), None, owned=True)
        scope.connections[bind] = joined
        return joined

    def _join_connection(self, scope: Scope, connection: Connection) -> Joined:
        if any(joined.connection.engine is connection.engine for joined in scope.connections.values()):
            raise exc.InvalidRequestError(
                "the Session uses a Connection of this Engine in its transaction already.",
                do="bind either the Engine or the Connection, not both.",
                code="bound-twice",
            )
        if not connection.in_transaction():
            return Joined(connection, connection.begin(), owned=False)
        mode = self._join_mode
        if mode == "conditional_savepoint":
            mode = "create_savepoint" if connection.in_nested_transaction() else "rollback_only"
        if mode == "create_savepoint":
            return Joined(connection, connection.begin_nested(), owned=False)
        transaction = connection.get_nested_transaction() or connection.get_transaction()
        full = mode == "control_fully"
        return Joined(connection, transaction, owned=False, commits=full, closes=full)

    # -- what a flush did ---------------------------------------------------------------------------------------------

    def note(self, settled: Settled) -> None:
        """Keep what a flush did, for a rollback to take back."""
        scope = self.innermost
        if scope is not None:
            scope.added.update(dict.fromkeys(settled.inserted))
            scope.updated.update(dict.fromkeys(settled.updated))
            if settled.deleted:
                scope.deleted.update([(state, state()) for state in settled.deleted])
            scope.moved.extend(settled.moved)

    def fail(self, error: BaseException) -> None:
        """Roll back the innermost scope because a flush failed; it stays, unusable, until rollback() (SB-84)."""
        scope = self.innermost
        if scope is None or scope.state is not ScopeState.ACTIVE:
            return
        scope.fail(error)
        self._send_rollback(scope)
        self._restore(scope)

    # -- commit -------------------------------------------------------------------------------------------------------

    def release(self, scope: Scope) -> None:
        """Commit a SAVEPOINT: RELEASE it, with those inside it, and hand what happened to the scope around it."""
        while True:
            inner = self.innermost
            if inner is None or inner.parent is None:
                raise exc.BrokenInvariantError("a released scope is on the stack.", code="scope-not-open")
            for joined in inner.connections.values():
                joined.commit()
            parent = inner.parent
            parent.added.update(inner.added)
            parent.updated.update(inner.updated)
            parent.deleted.update(inner.deleted)
            parent.moved.extend(inner.moved)
            self._leave(inner)
            self.innermost = parent
            if inner is scope:
                return

    def commit(self) -> None:
        """Send COMMIT on every connection in turn.

        Raises:
            DBAPIError: a commit failed; the transaction stays, unusable, until rollback() (SB-115).
        """
        root = self.root
        if root is None:
            return
        while self.innermost is not root and self.innermost is not None:
            self.release(self.innermost)
        try:
            for joined in root.connections.values():
                joined.commit()
        except BaseException as error:
            root.fail(error)
            raise
        self._end(root)

    # -- rollback -----------------------------------------------------------------------------------------------------

    def rollback_to(self, scope: Scope) -> None:
        """Roll back a SAVEPOINT, with those inside it, and leave the scope around it innermost."""
        while True:
            inner = self.innermost
            if inner is None or inner.parent is None:
                raise exc.BrokenInvariantError("a scope that is rolled back is on the stack.", code="scope-not-open")
            if inner.state is ScopeState.ACTIVE:
                self._send_rollback(inner)
            # A failed one was restored when it failed: what was done to objects since is taken back now (SB-125).
            self._restore(inner)
            self._leave(inner)
            self.innermost = inner.parent
            self._fail_if_gone(inner.parent)
            if inner is scope:
                return

    def rollback(self) -> None:
        """Roll everything back and restore the objects."""
        root = self.root
        if root is None:
            return
        while self.innermost is not root and self.innermost is not None:
            inner = self.innermost
            if inner.state is ScopeState.ACTIVE:
                self._restore(inner)
            self._leave(inner)
            self.innermost = inner.parent
        try:
            self._send_rollback(root)
        finally:
            self._restore(root)
            self._end(root)

    def close(self) -> None:
        """End the transaction without restoring objects; connections roll back, those of others as their mode says."""
        root = self.root
        if root is None:
            return
        try:
            for scope in self._scopes():
                for joined in scope.connections.values():
                    if joined.closes:
                        joined.rollback()
        finally:
            self._end(root)

    def invalidate(self) -> None:
        """Throw the driver's connections in use away, instead of returning them to their pools (SB-129)."""
        for joined in self.root.connections.values() if self.root is not None else ():
            joined.connection.invalidate()

    def abandon(self) -> None:
        """Close, whatever the driver says about it: the Session is gone."""
        try:
            self.close()
        except exc.UnitworkError:
            pass

    def _scopes(self) -> Iterable[Scope]:
        scope = self.innermost
        while scope is not None:
            yield scope
            scope = scope.parent

    def _leave(self, scope: Scope) -> None:
        scope.state = ScopeState.ENDED
        if scope.block:
            self.blocked += 1

    def _end(self, root: Scope) -> None:
        for scope in list(self._scopes()):
            self._leave(scope)
        self.root = self.innermost = None
        self._tracker.idle = True
        for joined in root.connections.values():
            if joined.owned:
                joined.connection.close()

    def _send_rollback(self, scope: Scope) -> None:
        for joined in scope.connections.values():
            joined.rollback()

    def _fail_if_gone(self, scope: Scope) -> None:
        # A server that gave up the whole transaction left nothing to go on with (BK-22).
        if scope.state is ScopeState.ACTIVE:
            for joined in scope.connections.values():
                if joined.connection.needs_rollback:
                    scope.state = ScopeState.FAILED

    # -- objects ------------------------------------------------------------------------------------------------------

    def _restore(self, scope: Scope) -> None:
        """Take back what happened to objects in a scope (ST-08, ST-09, SB-118 to SB-121)."""
        tracker = self._tracker
        changed = [*scope.updated, *tracker.modified]
        tracker.deleted.clear()
        tracker.uncascaded.clear()
        for state, pk in reversed(scope.moved):
            if state.tracker is tracker and state not in scope.added:
                tracker.identity.discard(state)
                state.pk = pk
                tracker.identity.add(state)
        for state in [*scope.added, *tracker.new]:
            _make_transient_again(tracker, state)
        for state, obj in scope.deleted.items():
            if state.tracker is tracker and state.phase == DELETED and obj is not None:
                del tracker.gone[state]
                state.phase = PERSISTENT
                tracker.identity.add(state)
                tracker.expire(state, obj)
        expired = tracker.identity.states() if scope.parent is None else changed
        for state in expired:
            obj = state()
            if obj is not None and state.tracker is tracker and state.phase == PERSISTENT:
                tracker.expire(state, obj)
        tracker.modified.clear()


def _make_transient_again(tracker: StateTracker, state: InstanceState) -> None:
    if state.tracker is not tracker or state.phase not in (PENDING, PERSISTENT, DELETED):
        return
    tracker.release(state)
    state.phase = TRANSIENT
    state.pk = None
    state.changes = None
    state.expired = None
    state.queued = None
    state.set_extra("was_deleted", None)


def detach_deleted(tracker: StateTracker) -> None:
    """Detach the objects whose deletion was committed (ST-07)."""
    for state in list(tracker.gone):
        state.set_extra("was_deleted", True)
        state.phase = DETACHED
        state.tracker = None
    tracker.gone.clear()
