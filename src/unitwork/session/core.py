"""SessionCore: the parts of one Session, and the few settings they share.

The Session is a face with signatures and documentation; the functions of this package do the work and are given the
core. It owns the parts and refers to its Session weakly, so that dropping the Session frees everything (ST-48).

Spec: SB-03, SB-04, ST-48, PT-41, PT-43.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from unitwork import exc
from unitwork.base import hooks
from unitwork.engine.connection import Connection
from unitwork.mapping.mapper import Mapper
from unitwork.mapping.registry import mapper_of
from unitwork.session.host import Host
from unitwork.session.scopes import JOIN_MODES, TransactionStack
from unitwork.sql.clause import ClauseElement, EntityElement
from unitwork.sql.schema import Table
from unitwork.sql.select import Select
from unitwork.sql.traversal import iterate
from unitwork.state.instance import state_of
from unitwork.state.tracker import StateTracker

if TYPE_CHECKING:
    from unitwork.session.session import Session

#: Events of a Session that have their place already; more come with the chapter on events.
SESSION_EVENTS = ("before_flush", "after_flush")


class SessionCore:
    """What a Session is made of.

    Attributes:
        tracker: the objects.
        transactions: the transaction and its savepoints.
        hooks: listeners of this Session and its class.
        bind, binds: where statements go.
        autoflush, autobegin, expire_on_commit: settings.
        flushing: identity of the thread that flushes just now, 0 for none.
        session: weak reference to the Session.
    """

    __slots__ = (
        "__weakref__", "autobegin", "autoflush", "bind", "binds", "closed_for_good", "execution_options",
        "expire_on_commit", "flushing", "hooks", "session", "tracker", "transactions",
    )  # fmt: skip

    def __init__(self, session: Any, table: hooks.HookTable, join_mode: str) -> None:
        self.session = weakref.ref(session)
        self.hooks = table
        host = Host(self)
        self.tracker = StateTracker(host)
        host.watch(self.tracker)
        self.transactions = TransactionStack(self.tracker, join_mode)
        self.bind: Any = None
        self.binds: dict[Any, Any] = {}
        self.autoflush = True
        self.autobegin = True
        self.expire_on_commit = True
        self.execution_options: Mapping[str, Any] = {}
        self.flushing = 0
        self.closed_for_good = False

    def __del__(self) -> None:
        # The Session was dropped without close(): its connections go back to their pools.
        transactions = getattr(self, "transactions", None)
        if transactions is not None and transactions.root is not None:
            transactions.abandon()

    def ready(self) -> None:
        """Begin a transaction if there is none, and refuse a state in which nothing may be done.

        Raises:
            InvalidRequestError [no-autobegin, closed-session, block-ended]: a transaction may not begin now.
        """
        stack = self.transactions
        if stack.innermost is None:
            if self.closed_for_good:
                raise exc.InvalidRequestError(
                    "this Session was closed and does not reset (close_resets_only=False).",
                    do="make a new Session.",
                    code="closed-session",
                )
            if not self.autobegin:
                raise exc.InvalidRequestError(
                    "no transaction is begun, and autobegin is off for this Session.",
                    do="call session.begin() first.",
                    code="no-autobegin",
                )
            stack.begin()

    def usable(self) -> None:
        """Like :meth:`ready`, and refuse a transaction that failed, before SQL is sent.

        Raises:
            PendingRollbackError [pending-rollback]: a flush failed and was not rolled back yet.
        """
        if self.flushing and self.flushing != threading.get_ident():
            raise exc.InvalidRequestError(
                f"this Session is flushing in thread {self.flushing}, and was called from thread "
                f"{threading.get_ident()}.",
                do="give each thread a Session of its own.",
                code="two-threads",
            )
        self.ready()
        self.transactions.require_active()

    def connection_for(self, mapper: Mapper | None = None, clause: Any = None, bind: Any = None) -> Connection:
        """Return the transaction's Connection for a class or a statement."""
        self.usable()
        if bind is None:
            session = self.session()
            bind = self.bind if session is None or not self.binds else session.get_bind(mapper, clause=clause)
            if bind is None:
                raise unbound(mapper)
        return self.transactions.connection(bind)

    def add_bind(self, key: Any, bind: Any) -> None:
        """Send a class, with all below it, or a Table to an Engine or Connection (PT-41, PT-42).

        Raises:
            ArgumentError [bad-bind-key]: the key is neither.
        """
        if isinstance(key, Mapper):
            key = key.class_
        if not isinstance(key, (type, Table)):
            raise exc.ArgumentError(
                f"expected a class or a Table as key of binds, got {type(key).__name__}.",
                do="use the mapped class itself, a base class of it, or its Table.",
                code="bad-bind-key",
            )
        self.binds[key] = bind

    def connection_for_mapper(self, mapper: Mapper) -> Connection:
        """Return the Connection that the rows of a class go to, in a flush."""
        return self.connection_for(mapper)

    def find_bind(self, mapper: Mapper | None, clause: Any) -> Any:
        """Return the bind of a class, or of the classes and tables in a statement, or None (PT-43, PT-44)."""
        if self.binds:
            if mapper is not None:
                found = self._bind_of_class(mapper)
                if found is not None:
                    return found
            for subject in _subjects(clause):
                found = self._bind_of_class(subject) if isinstance(subject, Mapper) else self._bind_of_table(subject)
                if found is not None:
                    return found
        return self.bind

    def _bind_of_class(self, mapper: Mapper) -> Any:
        for cls in mapper.class_.__mro__:
            if cls in self.binds:
                return self.binds[cls]
        return self.binds.get(mapper.local_table)

    def _bind_of_table(self, table: Any) -> Any:
        found = self.binds.get(table)
        if found is not None:
            return found
        for key, bind in self.binds.items():
            if isinstance(key, type) and _maps_to(key, table):
                return bind
        return None


def _subjects(clause: Any) -> list[Any]:
    found: list[Any] = []
    for element in getattr(clause, "raw_columns", ()):
        if isinstance(element, EntityElement):
            found.append(element.subject)
        elif isinstance(getattr(element, "table", None), Table):
            found.append(element.table)
    table = getattr(clause, "table", None)
    if isinstance(table, Table):
        found.append(table)
    found.extend(_tables_read(clause))
    return found


def _tables_read(clause: Any) -> Iterator[Table]:
    """Yield the tables that a statement and its subqueries select from."""
    for part in iterate(clause) if isinstance(clause, ClauseElement) else ():
        for source in part.froms() if isinstance(part, Select) else ():
            for leaf in source.leaves():
                if isinstance(leaf, Table):
                    yield leaf
                else:
                    inner = getattr(leaf, "element", None)
                    yield from [inner] if isinstance(inner, Table) else _tables_read(inner)


def _maps_to(cls: type, table: Table) -> bool:
    """Tell whether a class, or one below it, is mapped to a table."""
    mapper = mapper_of(cls)
    if mapper is not None and mapper.local_table is table:
        return True
    subclasses: list[type] = cls.__subclasses__()
    return any(_maps_to(subclass, table) for subclass in subclasses)


def unbound(mapper: Mapper | None) -> exc.UnboundExecutionError:
    """Return the error for a statement that no engine can be found for (ER-06)."""
    what = f"class {mapper.class_.__name__}" if mapper is not None else "this statement"
    return exc.UnboundExecutionError(
        f"the Session has no bind for {what}.",
        do="pass bind=engine to Session or sessionmaker, or binds={Class: engine}.",
        code="unbound",
    )


def check_options(autocommit: bool, future: bool, twophase: bool, mode: str) -> None:
    """Refuse arguments of Session that have no meaning (any more, or yet).

    Raises:
        ArgumentError [join-mode, not-yet, legacy-mode].
    """
    if mode not in JOIN_MODES:
        raise exc.ArgumentError(
            f"join_transaction_mode {mode!r} is unknown.", do=f"use one of {', '.join(JOIN_MODES)}.", code="join-mode"
        )
    if twophase:
        raise exc.ArgumentError(
            "twophase=True is not supported yet.", do="leave it out; see docs/scope.md.", code="not-yet"
        )
    if future and not autocommit:
        return
    name = "autocommit=True" if autocommit else "future=False"
    raise exc.ArgumentError(
        f"Session({name}) is a mode of the past.",
        do="use begin() and commit(), or an engine with isolation_level='AUTOCOMMIT'.",
        code="legacy-mode",
    )


def object_session(instance: object) -> Session | None:
    """Return the Session an object is attached to, or None.

    Raises:
        UnmappedInstanceError [unmapped]: its class is not mapped.
    Spec: SB-38 to SB-40.
    """
    found: Session | None = state_of(instance).session
    return found
