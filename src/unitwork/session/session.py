"""Session: the single entry for loading and writing mapped objects.

This file holds signatures and documentation; the work is done by the neighbours in this package.

Spec: SB, ST, AP-02 to AP-39.
"""

from __future__ import annotations

import contextlib
import weakref
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from unitwork import exc
from unitwork.base import hooks
from unitwork.base.ordered import IdentitySet
from unitwork.engine.connection import Connection
from unitwork.engine.engine import Engine
from unitwork.flush.plan import FlushPlan
from unitwork.session import attach, flushing, reading, transaction
from unitwork.session import merge as merging
from unitwork.session.core import SESSION_EVENTS, SessionCore, check_options, object_session, unbound
from unitwork.session.query import Query
from unitwork.session.scopes import Scope, SessionTransactionOrigin
from unitwork.session.statements import StatementMethods
from unitwork.session.transaction import SessionTransaction, face_of
from unitwork.state.identity import IdentityView
from unitwork.state.instance import state_of

if TYPE_CHECKING:
    from typing_extensions import Self

T = TypeVar("T")
_NOTHING: Mapping[str, Any] = {}

#: Every live Session, for close_all_sessions() alone.
all_sessions: weakref.WeakSet[Session] = weakref.WeakSet()


class Session(StatementMethods):
    """A unit of work over one or several databases.

    It keeps one object per row (identity map), notices what changes, and writes all of it in one ordered batch at
    `flush()`. A new Session holds no connection; the first SQL begins a transaction that lasts until `commit()`,
    `rollback()` or `close()`. One thread at a time may use it.

    Args:
        bind: Engine or Connection for all that `binds` does not name.
        autoflush: flush before queries.
        expire_on_commit: forget loaded values after a commit, so that they are read again.
        autobegin: begin without being asked; otherwise `begin()` has to be called.
        twophase: False; two-phase transactions are not there yet.
        binds: mapped class, base class or Table to Engine or Connection.
        info: initial content of `session.info`, copied.
        join_transaction_mode: what to do with a Connection that is in a transaction already.
        close_resets_only: False makes the Session unusable after `close()`.
        execution_options: for all statements.
        query_cls: what `query()` makes.
        autocommit, future: only the values False and True are accepted.

    Raises:
        ArgumentError: a value is not one of those allowed.
    Spec: AP-02 to AP-15, SB-03, SB-09.
    """

    _class_hooks = hooks.HookTable(SESSION_EVENTS)
    _query_cls: type[Query[Any]] = Query

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls._class_hooks = cls._class_hooks.child()

    def __init__(
        self,
        bind: Engine | Connection | None = None,
        *,
        autoflush: bool = True,
        expire_on_commit: bool = True,
        autobegin: bool = True,
        twophase: bool = False,
        binds: Mapping[Any, Engine | Connection] | None = None,
        info: Mapping[Any, Any] | None = None,
        join_transaction_mode: str = "conditional_savepoint",
        close_resets_only: bool = True,
        execution_options: Mapping[str, Any] = _NOTHING,
        query_cls: type[Query[Any]] = Query,
        autocommit: bool = False,
        future: bool = True,
    ) -> None:
        check_options(autocommit, future, twophase, join_transaction_mode)
        core = self._core = SessionCore(self, self._class_hooks, join_transaction_mode)
        core.bind = bind
        core.autoflush = autoflush
        core.expire_on_commit = expire_on_commit
        core.autobegin = autobegin
        core.execution_options = execution_options
        if query_cls is not Query:
            self._query_cls = query_cls
        self._close_resets_only = close_resets_only
        self._info: dict[Any, Any] | None = dict(info) if info is not None else None
        for key, target in (binds or {}).items():
            self._core.add_bind(key, target)
        all_sessions.add(self)

    @property
    def bind(self) -> Engine | Connection | None:
        """Engine or Connection for all that `binds` does not name."""
        found: Engine | Connection | None = self._core.bind
        return found

    @bind.setter
    def bind(self, value: Engine | Connection | None) -> None:
        self._core.bind = value

    @property
    def autoflush(self) -> bool:
        """Whether queries flush first; may be set at any time (SB-80)."""
        return self._core.autoflush

    @autoflush.setter
    def autoflush(self, value: bool) -> None:
        self._core.autoflush = value

    @property
    def expire_on_commit(self) -> bool:
        """Whether a commit expires all objects; may be set at any time."""
        return self._core.expire_on_commit

    @expire_on_commit.setter
    def expire_on_commit(self, value: bool) -> None:
        self._core.expire_on_commit = value

    @property
    def autobegin(self) -> bool:
        """Whether a transaction begins without being asked."""
        return self._core.autobegin

    @property
    def execution_options(self) -> Mapping[str, Any]:
        """Options for all statements (PT-14)."""
        return self._core.execution_options

    @property
    def info(self) -> dict[Any, Any]:
        """A dictionary for the user (ST-42)."""
        if self._info is None:
            self._info = {}
        return self._info

    @property
    @contextlib.contextmanager
    def no_autoflush(self) -> Iterator[Session]:
        """Context manager in which queries do not flush first (SB-81)."""
        before, self._core.autoflush = self._core.autoflush, False
        try:
            yield self
        finally:
            self._core.autoflush = before

    # -- objects in the Session (2.2) ---------------------------------------------------------------------------------

    def add(self, instance: object) -> None:
        """Attach an object, and what save-update cascades lead to from it; the next flush inserts new ones.

        Emits no SQL.

        Raises:
            UnmappedInstanceError [unmapped]: its class is not mapped.
            InvalidRequestError [other-session, was-deleted, identity-taken]: it cannot be attached here.
        Spec: SB-51 to SB-60, CA-11.
        """
        attach.add(self._core, instance)

    def add_all(self, instances: Iterable[object]) -> None:
        """Attach objects in order; an error leaves the earlier ones attached (SB-57)."""
        core = self._core
        for instance in instances:
            attach.add(core, instance)

    def delete(self, instance: object) -> None:
        """Mark an object for deletion, and what delete cascades lead to from it; the next flush deletes the rows.

        Raises:
            InvalidRequestError [delete-without-row, other-session]: it has no row, or belongs to another Session.
        Spec: SB-61 to SB-69, CA-22.
        """
        attach.delete(self._core, instance)

    def delete_all(self, instances: Iterable[object]) -> None:
        """Mark objects in order; an error keeps the earlier marks (SB-64)."""
        core = self._core
        for instance in instances:
            attach.delete(core, instance)

    def expunge(self, instance: object) -> None:
        """Take an object off the Session, and what expunge cascades lead to from it; emits no SQL (ST-87 to ST-89)."""
        attach.expunge(self._core, instance)

    def expunge_all(self) -> None:
        """Take every object off the Session; the transaction goes on (ST-90)."""
        self._core.tracker.release_all()

    @property
    def new(self) -> IdentitySet[Any]:
        """Pending objects, in the order they were added (ST-36)."""
        return IdentitySet(self._core.tracker.new.values())

    @property
    def dirty(self) -> IdentitySet[Any]:
        """Persistent objects that were written to, whether or not a value differs; not those marked (ST-37)."""
        tracker = self._core.tracker
        return IdentitySet(obj for state, obj in tracker.modified.items() if state not in tracker.deleted)

    @property
    def deleted(self) -> IdentitySet[Any]:
        """Objects marked for deletion; reads what delete cascades have to, in sets (SB-66)."""
        flushing.carry_out_deletes(self._core)
        return IdentitySet(self._core.tracker.deleted.values())

    @property
    def identity_map(self) -> IdentityView:
        """Identity keys to the live persistent objects (ST-41)."""
        return IdentityView(self._core.tracker.identity)

    def is_modified(self, instance: object, include_collections: bool = True) -> bool:
        """Return whether an object differs from its row, as far as memory tells; never loads (ST-38 to ST-40)."""
        state = state_of(instance)
        return state.has_net_changes(include_collections)

    def __contains__(self, instance: object) -> bool:
        return self._core.tracker.contains(state_of(instance))

    def __iter__(self) -> Iterator[Any]:
        return iter(self._core.tracker.objects())

    def merge(self, instance: T, *, load: bool = True, options: Sequence[Any] | None = None) -> T:
        """Return this Session's own object for the row of a given one, with the given one's values (ST-66 to ST-85).

        Args:
            instance: an object of anywhere; it is not changed and not attached.
            load: False takes it for what the row holds, and sends nothing.
            options: loader options for reading the row.
        Raises:
            UnmappedInstanceError [unmapped]: its class is not mapped.
            InvalidRequestError [merge-without-identity, merge-unflushed]: with load=False, it is not like its row.
        """
        found: T = merging.merge(self._core, instance, load, options)
        return found

    def merge_all(
        self, instances: Iterable[T], *, load: bool = True, options: Sequence[Any] | None = None
    ) -> Sequence[T]:
        """Merge objects in order, their rows read in sets (ST-79)."""
        return merging.merge_all(self._core, instances, load, options)

    # -- flush --------------------------------------------------------------------------------------------------------

    def flush(self) -> None:
        """Write all pending changes, ordered by dependency and in batches; with nothing to do nothing happens.

        Raises:
            DBAPIError, StaleDataError, FlushError: it failed; the transaction (or the innermost SAVEPOINT) is rolled
                back, and `rollback()` makes the Session usable again.
        Spec: SB-76 to SB-85, FP-01 to FP-20.
        """
        flushing.flush(self._core)

    def plan(self) -> FlushPlan:
        """Return what the next flush would send, as a value that prints and compares.

        It may SELECT what planning needs; it writes nothing, to objects or to the database, and runs no listener and no
        default.
        """
        return flushing.plan(self._core)

    # -- reading ------------------------------------------------------------------------------------------------------

    def get(
        self, entity: type[T], ident: Any, *, options: Sequence[Any] = (), populate_existing: bool = False
    ) -> T | None:
        """Return the object of a primary key: from memory where it is there, else by one SELECT; None without a row.

        Args:
            ident: a value, a tuple or list of values, or a dictionary by attribute name.
            options: loader options, for when the database is asked.
            populate_existing: ask the database, and overwrite what is loaded.
        Raises:
            InvalidRequestError [wrong-primary-key]: wrong number or names of values.
        Spec: SB-35, SB-87 to SB-97.
        """
        found: T | None = reading.get(self._core, entity, ident, populate_existing, options)
        return found

    def get_one(
        self, entity: type[T], ident: Any, *, options: Sequence[Any] = (), populate_existing: bool = False
    ) -> T:
        """Like `get()`, and raise NoResultFound [no-such-row] instead of returning None (SB-98)."""
        found: T | None = reading.get(self._core, entity, ident, populate_existing, options)
        if found is None:
            raise exc.NoResultFound(
                f"no {entity.__name__} has the primary key {ident!r}.", do="use get() for None.", code="no-such-row"
            )
        return found

    def refresh(self, instance: object, attribute_names: Sequence[str] | None = None) -> None:
        """Read an object, or the named attributes, from the database now; pending changes of them are lost.

        Raises:
            InvalidRequestError [not-persistent-here, refresh-row-gone].
            KeyError: an unknown attribute name.
        Spec: ST-96 to ST-105.
        """
        reading.refresh(self._core, instance, attribute_names)

    def expire(self, instance: object, attribute_names: Iterable[str] | None = None) -> None:
        """Forget loaded values and pending changes, all or of the named attributes; the next access loads.

        Raises:
            InvalidRequestError [not-persistent-here].
            KeyError: an unknown attribute name.
        Spec: ST-91 to ST-95.
        """
        state = reading.persistent_state(self._core, instance, "expire")
        reading.expire(self._core, state, instance, attribute_names)

    def expire_all(self) -> None:
        """Expire every persistent object (ST-92)."""
        self._core.tracker.expire_all()

    def query(self, *entities: Any) -> Query[Any]:
        """Return a Query of mapped classes, attributes or columns on this Session; sends nothing yet (SB-47) [L]."""
        return self._query_cls(entities, self)

    # -- transaction --------------------------------------------------------------------------------------------------

    def begin(self, nested: bool = False) -> SessionTransaction:
        """Begin a transaction; as a context manager it commits at the end, or rolls back on an exception.

        Raises:
            InvalidRequestError [begun-already]: one is begun.
        Spec: SB-12 to SB-18, SB-105, TX-11.
        """
        if nested:
            return self.begin_nested()
        if self._core.closed_for_good:
            self._core.ready()
        return self._face(self._core.transactions.begin(SessionTransactionOrigin.BEGIN))

    def begin_nested(self) -> SessionTransaction:
        """Flush, then open a SAVEPOINT (TX-12, TX-24 to TX-35)."""
        return self._face(transaction.begin_nested(self._core))

    def commit(self) -> None:
        """Flush, commit, and expire all objects (SB-110 to SB-115)."""
        transaction.commit(self._core)

    def rollback(self) -> None:
        """Roll back the outermost transaction; objects return to where they were (SB-116 to SB-125)."""
        transaction.rollback(self._core)

    def close(self) -> None:
        """Take all objects off, roll back, release the connections; the Session can be used again (SB-126, SB-128)."""
        transaction.close(self._core)
        self._core.closed_for_good = self._core.closed_for_good or not self._close_resets_only

    def reset(self) -> None:
        """Like `close()`, and the Session can be used again in any case (SB-127)."""
        transaction.close(self._core)

    def invalidate(self) -> None:
        """Close, and throw the connections in use away instead of returning them to their pools (SB-129)."""
        self._core.transactions.invalidate()
        self.close()

    def in_transaction(self) -> bool:
        """Return whether a transaction is begun (SB-102 to SB-104)."""
        return self._core.transactions.root is not None

    def in_nested_transaction(self) -> bool:
        """Return whether a SAVEPOINT is open."""
        return self.get_nested_transaction() is not None

    def get_transaction(self) -> SessionTransaction | None:
        """Return the outermost transaction, or None (TX-04)."""
        root = self._core.transactions.root
        return None if root is None else self._face(root)

    def get_nested_transaction(self) -> SessionTransaction | None:
        """Return the innermost SAVEPOINT, or None (TX-04)."""
        innermost = self._core.transactions.innermost
        return None if innermost is None or innermost.parent is None else self._face(innermost)

    @property
    def is_active(self) -> bool:
        """There is no transaction, or a usable one (TX-05)."""
        return self._core.transactions.is_active

    def connection(self, bind_arguments: Mapping[str, Any] | None = None) -> Connection:
        """Return the transaction's Connection; SQL on it bypasses autoflush (TX-06, PT-13)."""
        arguments = bind_arguments or _NOTHING
        mapper = reading.inspect_class(arguments["mapper"]) if "mapper" in arguments else None
        return self._core.connection_for(mapper, arguments.get("clause"), arguments.get("bind"))

    def get_bind(
        self, mapper: Any = None, *, clause: Any = None, bind: Engine | Connection | None = None
    ) -> Engine | Connection:
        """Return the Engine or Connection for a class or a statement (PT-43).

        Raises:
            UnboundExecutionError [unbound]: there is none.
        """
        known = None if mapper is None else reading.inspect_class(mapper)
        found: Engine | Connection | None = bind or self._core.find_bind(known, clause)
        if found is None:
            raise unbound(known)
        return found

    def bind_mapper(self, mapper: Any, bind: Engine | Connection) -> None:
        """Send a mapped class (or all below a base class), or a Table, to an Engine or Connection (PT-42)."""
        self._core.add_bind(mapper, bind)

    bind_table = bind_mapper
    object_session = staticmethod(object_session)

    def _face(self, scope: Scope) -> SessionTransaction:
        return face_of(self, self._core, scope)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        self.close()
