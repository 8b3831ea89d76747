"""Commit, roll back and close a Session's transaction, and SessionTransaction, the public face of one scope.

Spec: TX-02 to TX-05, TX-09, TX-17, TX-18, TX-21 to TX-35, SB-12 to SB-18, SB-110 to SB-127.
"""

from __future__ import annotations

import warnings
import weakref
from typing import TYPE_CHECKING, Any

from unitwork import exc
from unitwork.engine.connection import Connection
from unitwork.session.flushing import flush, flush_until_clean
from unitwork.session.scopes import Scope, ScopeState, SessionTransactionOrigin, detach_deleted

if TYPE_CHECKING:
    from unitwork.session.core import SessionCore


def commit(core: SessionCore) -> None:
    """Flush, commit the outermost transaction with all SAVEPOINTs, expire the objects (SB-110 to SB-115)."""
    stack = core.transactions
    if stack.innermost is None:
        core.ready()
    stack.require_active()
    flush_until_clean(core)
    stack.commit()
    tracker = core.tracker
    if tracker.gone:
        detach_deleted(tracker)
    if core.expire_on_commit:
        tracker.expire_all()


def rollback(core: SessionCore) -> None:
    """Roll back the outermost transaction with all SAVEPOINTs, and restore the objects (SB-116 to SB-125)."""
    stack = core.transactions
    root = stack.root
    if root is None:
        return
    _warn_of_loss(core, root)
    stack.rollback()


def _warn_of_loss(core: SessionCore, scope: Scope) -> None:
    if scope.state is ScopeState.FAILED and core.tracker.has_changes():
        warnings.warn(
            "objects were added or changed after the transaction had failed: these changes are lost by the rollback. "
            "Do: roll back first.",
            exc.UnitworkWarning,
            stacklevel=4,
        )


def close(core: SessionCore) -> None:
    """Take all objects off the Session, roll back, release the connections (SB-126)."""
    core.tracker.release_all()
    core.transactions.close()


def end_scope(core: SessionCore, scope: Scope, commits: bool) -> None:
    """Commit or roll back one scope: the outermost one, or a SAVEPOINT with those inside it (TX-26 to TX-33)."""
    if scope.parent is None:
        (commit if commits else rollback)(core)
    elif commits:
        core.transactions.require_active()
        flush_until_clean(core)
        core.transactions.release(scope)
    else:
        _warn_of_loss(core, scope)
        core.transactions.rollback_to(scope)


def begin_nested(core: SessionCore) -> Scope:
    """Flush, then open the scope of a SAVEPOINT; begins the outermost one where there is none (TX-12, TX-24)."""
    stack = core.transactions
    if stack.innermost is None:
        stack.begin(SessionTransactionOrigin.BEGIN)
    stack.require_active()
    flush(core)
    return stack.begin_nested()


class SessionTransaction:
    """A transaction of a Session, or a SAVEPOINT of it; also a context manager (TX-02).

    Attributes:
        session: the Session.
    """

    __slots__ = ("__weakref__", "_core", "_scope", "session")

    def __init__(self, session: Any, core: SessionCore, scope: Scope) -> None:
        self.session = session
        self._core = core
        self._scope = scope

    @property
    def nested(self) -> bool:
        """It is a SAVEPOINT."""
        return self._scope.parent is not None

    @property
    def parent(self) -> SessionTransaction | None:
        """The transaction around a SAVEPOINT; None for the outermost."""
        parent = self._scope.parent
        return None if parent is None else face_of(self.session, self._core, parent)

    @property
    def origin(self) -> SessionTransactionOrigin:
        """Why it began (TX-03)."""
        return self._scope.origin

    @property
    def is_active(self) -> bool:
        """It is open and usable."""
        return self._scope.state is ScopeState.ACTIVE

    def connection(self, mapper: Any = None) -> Connection:
        """Return the Connection used for a mapped class."""
        arguments = None if mapper is None else {"mapper": mapper}
        found: Connection = self.session.connection(bind_arguments=arguments)
        return found

    def commit(self) -> None:
        """Flush and commit; for a SAVEPOINT, RELEASE it.

        Raises:
            ResourceClosedError [transaction-ended]: it has ended already (TX-22).
        """
        self._require_open()
        end_scope(self._core, self._scope, True)

    def rollback(self) -> None:
        """Roll back; objects return to where they were.

        Raises:
            ResourceClosedError [transaction-ended]: it has ended already (TX-22).
        """
        self._require_open()
        end_scope(self._core, self._scope, False)

    def close(self) -> None:
        """Roll back without a word if it is still open (TX-09, TX-23)."""
        if self._scope.state is not ScopeState.ENDED:
            end_scope(self._core, self._scope, False)

    def _require_open(self) -> None:
        if self._scope.state is ScopeState.ENDED:
            raise exc.ResourceClosedError(
                "this transaction has ended.", do="begin a new one.", code="transaction-ended"
            )

    def __enter__(self) -> SessionTransaction:
        self._scope.block = True
        return self

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        scope = self._scope
        scope.block = False
        if scope.state is ScopeState.ENDED:
            self._core.transactions.blocked -= 1
            return
        if kind is not None or scope.state is not ScopeState.ACTIVE:
            end_scope(self._core, scope, False)
            return
        try:
            end_scope(self._core, scope, True)
        except BaseException:
            self.close()
            raise


def face_of(session: Any, core: SessionCore, scope: Scope) -> SessionTransaction:
    """Return the SessionTransaction of a scope, the same one for as long as somebody holds it."""
    face: SessionTransaction | None = None if scope.face is None else scope.face()
    if face is None:
        face = SessionTransaction(session, core, scope)
        scope.face = weakref.ref(face)
    return face
