"""Connection: a driver connection for a while, with statements, results and transactions.

A transaction begins by itself with the first statement and lasts until `commit`, `rollback` or `close`. `fetch`,
`write`, `fetch_counted` and `run` are those of the channel, bound at construction: a call costs no detour.

Spec: LB-30, TX-36 to TX-38, SB-43 to SB-50.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any

from unitwork import exc
from unitwork.engine.calls import StatementMethods
from unitwork.engine.channel import Channel
from unitwork.engine.sequences import next_values
from unitwork.engine.statement_cache import Prepared
from unitwork.engine.stream import FIRST, LARGEST, Stream
from unitwork.engine.transaction import NestedTransaction, RootTransaction
from unitwork.engine.watch import Watch
from unitwork.engine.wire import Answer
from unitwork.sql.elements import BindParameter
from unitwork.sql.shape import Shape
from unitwork.sql.statement import refuse_schema_map

if TYPE_CHECKING:
    from unitwork.dialects.base import Dialect
    from unitwork.engine.engine import Engine

Rows = list[tuple[Any, ...]]


class Connection(StatementMethods):
    """A driver connection out of an engine's pool; use it in one thread at a time, close it after use.

    Attributes:
        engine, dialect: whose it is.
        given_options: execution options in force.
        fetch: ``fetch(sql, params) -> list of tuples``; hot; the SQL in the driver's form, values unconverted.
        write: ``write(sql, params) -> matched rows``; hot.
        fetch_counted: ``fetch_counted(sql, params) -> (list of tuples, matched rows)``.
        run: ``run(sql, params) -> (rows or None, row count, names, generated key)``.
        watch: what fires its events, None while nobody listens; see ``engine.watch``.
    """

    __slots__ = (
        "__weakref__",
        "_channel",
        "_nested",
        "_root",
        "dialect",
        "engine",
        "fetch",
        "fetch_counted",
        "given_options",
        "run",
        "watch",
        "write",
    )

    def __init__(self, engine: Engine) -> None:
        # HOT: once per small transaction; bench: W10i, W10u.
        dialect = engine.dialect
        channel = Channel(engine.pool, dialect, engine.log, engine.isolation)
        self.engine: Engine = engine
        self.dialect: Dialect = dialect
        self._channel = channel
        self._root: RootTransaction | None = None
        self._nested: NestedTransaction | None = None
        self.given_options: Mapping[str, Any] = engine.given_options
        self.fetch: Callable[[str, Sequence[Any]], Rows] = channel.fetch
        self.write: Callable[[str, Sequence[Any]], int] = channel.write
        self.fetch_counted: Callable[[str, Sequence[Any]], tuple[Rows, int]] = channel.fetch_counted
        self.run: Callable[[str, Sequence[Any] | None], Answer] = channel.run
        self.watch: Watch | None = None
        if engine.hooks.listeners:
            self.listen_in().tell("engine_connect")

    def prepare(
        self,
        statement: Any,
        shape: Shape | None = None,
        expand: Callable[[Any], tuple[Any, Any]] | None = None,
    ) -> Prepared:
        """Return a statement's SQL, shared by all of its shape, and cached.

        Args:
            shape: saves working it out again.
            expand: see :meth:`StatementCache.prepare`; all callers of one shape give the same.
        """
        return self.engine.statement_cache.prepare(statement, shape, expand)[0]

    def prepared_fetch(
        self, prepared: Prepared, binds: Sequence[BindParameter], named: Mapping[str, Any] | None = None
    ) -> Rows:
        """Run a prepared statement that returns rows; return them as the driver gives them, unconverted."""
        sql, values = prepared.parameters(binds, named)
        return self.fetch(sql, values)

    def next_values(self, sequence: Any, count: int) -> list[int] | None:
        """Return so many new values of a sequence, one SELECT per 1,000; None where there are no sequences (PT-34)."""
        return next_values(self, sequence, count)

    def stream(self, sql: str, params: Any, sizes: tuple[int, int] | None) -> Stream:
        """Run a statement whose rows are to be read in chunks.

        Args:
            sizes: rows of the first chunk, and of the largest; None for those of `stream_results`.
        """
        return (self.watch or self._channel).open_stream(sql, params, *(sizes or (FIRST, LARGEST)))

    def listen_in(self) -> Watch:
        """Fire events from now on; return what does."""
        watch = self.watch
        if watch is None:
            watch = self.watch = Watch(self, self._channel, self.engine.hooks.child())
            self.fetch, self.write, self.run = watch.fetch, watch.write, watch.run
            self.fetch_counted = watch.fetch_counted
        return watch

    # Transactions

    def begin(self) -> RootTransaction:
        """Begin a transaction; it is sent with the first statement.

        Raises:
            InvalidRequestError [transaction-begun]: there is one, maybe begun by a statement (TX-37).
        """
        self._check_open()
        if self._channel.active:
            raise exc.InvalidRequestError(
                "this Connection has begun a transaction already (a statement begins one).",
                do="call begin() before the first statement, or commit() or rollback() before it.",
                code="transaction-begun",
            )
        self._channel.active = True
        self._root = RootTransaction(self)
        if self.watch is not None:
            self.watch.begin()
        return self._root

    def begin_nested(self) -> NestedTransaction:
        """Set a savepoint, beginning a transaction if there is none; it is sent with the next statement."""
        self._check_open()
        if not self._channel.active:
            self.begin()
        self._nested = NestedTransaction(self, self._channel.set_savepoint(), self._nested)
        if self.watch is not None:
            self.watch.tell("savepoint", self._nested.savepoint.name)
        return self._nested

    def commit(self) -> None:
        """Commit the transaction with all its savepoints; does nothing without one.

        Raises:
            PendingRollbackError [transaction-failed]: a statement failed, or the connection was lost.
            CommitOutcomeUnknown [commit-outcome-unknown]: the connection was lost while COMMIT was under way.
            DBAPIError: the database refused; see its attribute `transaction`.
        """
        # HOT: once per small transaction; bench: W10i, W10u.
        if self.watch is not None:
            self.watch.finish("commit", self._channel.finish_commit)
        else:
            self._channel.finish_commit()
            if self.engine.hooks.listeners:
                self.listen_in()
        if self._root is not None or self._nested is not None:
            self._end_objects()

    def rollback(self) -> None:
        """Roll back the transaction with all its savepoints; does nothing without one."""
        try:
            if self.watch is not None:
                self.watch.finish("rollback", self._channel.finish_rollback)
            else:
                self._channel.finish_rollback()
                if self.engine.hooks.listeners:
                    self.listen_in()
        finally:
            self._end_objects()

    def release_nested(self, nested: NestedTransaction) -> None:
        """Release a savepoint and those in it; use ``nested.commit()``."""
        if self.watch is not None:
            self.watch.tell("release_savepoint", nested.savepoint.name, None)
        self._channel.release_savepoint(nested.savepoint)
        self._end_nested(nested)

    def rollback_nested(self, nested: NestedTransaction) -> None:
        """Roll back to a savepoint; use ``nested.rollback()``."""
        if self.watch is not None:
            self.watch.tell("rollback_savepoint", nested.savepoint.name, None)
        self._channel.rollback_savepoint(nested.savepoint)
        self._end_nested(nested)

    def _end_nested(self, nested: NestedTransaction) -> None:
        inner = self._nested
        while inner is not None:
            inner.is_active = False
            if inner is nested:
                break
            inner = inner.parent
        self._nested = nested.parent

    def _end_objects(self) -> None:
        nested, self._nested = self._nested, None
        while nested is not None:
            nested.is_active = False
            nested = nested.parent
        root, self._root = self._root, None
        if root is not None:
            root.is_active = False

    def in_transaction(self) -> bool:
        """Return whether a transaction was begun, by `begin` or by a statement."""
        return self._channel.active

    def in_nested_transaction(self) -> bool:
        """Return whether a savepoint is open."""
        return self._nested is not None

    def get_transaction(self) -> RootTransaction | None:
        """Return the outermost transaction, or None."""
        if self._root is None and self._channel.active:
            self._root = RootTransaction(self)
        return self._root

    def get_nested_transaction(self) -> NestedTransaction | None:
        """Return the innermost savepoint, or None."""
        return self._nested

    @property
    def needs_rollback(self) -> str | None:
        """Why nothing but a rollback is possible, or None while the transaction is usable (TX-05)."""
        return self._channel.failure

    @property
    def transaction_gone(self) -> bool:
        """Whether the server has no transaction any more: rolling back to a savepoint will not help (BK-22)."""
        return self._channel.gone

    # Options

    def execution_options(self, **options: Any) -> Connection:
        """Set options of this Connection and return it.

        Args:
            options: `isolation_level` applies to its transactions until it is closed (TX-54); `logging_token` stands
                before its log messages; see `execute` for the others.
        Raises:
            InvalidRequestError [isolation-in-transaction]: a transaction is under way.
        """
        refuse_schema_map(options)
        if self.watch is not None:
            self.watch.tell("set_connection_execution_options", options)
        if "logging_token" in options:
            self._channel.log = self._channel.log.with_token(options["logging_token"])
        if "isolation_level" in options:
            level = self.engine.checked_isolation(options["isolation_level"])
            if self._channel.active:
                raise exc.InvalidRequestError(
                    "the isolation level cannot change while a transaction is under way.",
                    do="set it before the first statement, or after commit() or rollback().",
                    code="isolation-in-transaction",
                )
            self._channel.set_isolation(level)
        self.given_options = {**self.given_options, **options}
        return self

    def get_execution_options(self) -> Mapping[str, Any]:
        """Return the options in force."""
        return self.given_options

    def get_isolation_level(self) -> str:
        """Return the isolation level of its transactions; may ask the server."""
        return self._channel.isolation or self.default_isolation_level

    @property
    def default_isolation_level(self) -> str:
        """The level of the server or the engine where none was set."""
        return self.engine.isolation or self.dialect.default_isolation(self.connection)

    @property
    def info(self) -> dict[str, Any]:
        """Whatever users want to keep with the driver's connection."""
        self._check_open()
        slot = self._channel.slot
        return {} if slot is None else slot.info

    # The driver's connection

    @property
    def connection(self) -> Any:
        """The driver's connection."""
        self._check_open()
        if self._channel.failure is not None and self._channel.slot is None:
            raise self._channel.pending_rollback("reach the driver's connection")
        return self._channel.driver_connection()

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._channel.closed

    @property
    def invalidated(self) -> bool:
        """Whether the driver's connection was lost or invalidated, and `rollback` not called yet."""
        return self._channel.slot is None and not self._channel.closed

    def invalidate(self, exception: BaseException | None = None) -> None:
        """Close the driver's connection, not the Connection: after a rollback it goes on with another (LB-32)."""
        self._check_open()
        self._channel.invalidate()

    def close(self) -> None:
        """Give the driver's connection back; an open transaction is rolled back."""
        # HOT: once per small transaction; bench: W10i, W10u.
        if self.watch is not None:
            self.watch.finish("rollback", self._channel.hang_up)
        else:
            self._channel.hang_up()
        if self._root is not None or self._nested is not None:
            self._end_objects()

    def discard(self) -> None:
        """Close the Connection and the driver's connection with it."""
        self._channel.hang_up(discard=True)
        self._end_objects()

    def _check_open(self) -> None:
        if self._channel.closed:
            self._channel.refuse_use()

    def __enter__(self) -> Connection:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, err: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # Schema

    def run_ddl(self, visitor: Callable[[Connection], None]) -> None:
        """Call `visitor` with this Connection, for ``metadata.create_all(connection)``."""
        visitor(self)
