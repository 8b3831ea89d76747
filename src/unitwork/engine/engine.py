"""Engine and ``create_engine``: a database, its dialect, its pool, its caches.

Spec: LB-29, LB-30, TX-52, TX-53, BK-10.
"""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any

from unitwork import exc
from unitwork.base.hooks import HookTable, targets
from unitwork.dialects.base import Dialect
from unitwork.dialects.names import dialect_class
from unitwork.dialects.url import URL, make_url
from unitwork.engine import log
from unitwork.engine.connection import Connection
from unitwork.engine.pool import Pool, QueuePool, StaticPool
from unitwork.engine.statement_cache import StatementCache
from unitwork.sql.statement import refuse_schema_map

#: Events that have a place to fire today (LB-31).
EVENTS = ("before_cursor_execute", "connect")

_MAX_BATCH_TEXTS = 500


class Engine:
    """A database to connect to; thread-safe; made by `create_engine`.

    Attributes:
        url, dialect, pool: what it was made of.
        hooks: listeners of its events.
        isolation: level of its transactions, upper case, or None for that of the server.
        given_options: execution options.
        statement_cache: rendered statements.
        batch_texts: rendered batches, see `engine.batch`.
    """

    def __init__(self, url: URL, dialect: Dialect, pool: Pool, hooks: HookTable, cache_size: int = 500) -> None:
        self.url = url
        self.dialect = dialect
        self.pool = pool
        self.hooks = hooks
        self.isolation: str | None = None
        self.given_options: Mapping[str, Any] = {}
        self.statement_cache = StatementCache(dialect, cache_size)
        self.batch_texts: dict[Any, str] = {}

    @property
    def name(self) -> str:
        """Name of the database."""
        return self.dialect.name

    @property
    def driver(self) -> str:
        """Name of the driver."""
        return self.dialect.driver

    def connect(self) -> Connection:
        """Return a Connection; may open one of the driver's, sends nothing else.

        Raises:
            TimeoutError [pool-timeout]: all connections of the pool are in use.
            DBAPIError [cannot-connect]: the server cannot be reached, or refuses.
        """
        return Connection(self)

    def begin(self) -> EngineTransaction:
        """Return a context manager: a Connection whose transaction is committed at the end, rolled back on error."""
        return EngineTransaction(self)

    def dispose(self, close: bool = True) -> None:
        """Close the pooled connections; a database in memory is lost by it.

        Args:
            close: False forgets them without closing, as a child process must do after a fork.
        """
        if close:
            self.pool.dispose()
        else:
            self.pool.forget()

    def execution_options(self, **options: Any) -> Engine:
        """Return a copy that shares pool and dialect and has further options (TX-53)."""
        refuse_schema_map(options)
        copy = Engine.__new__(Engine)
        copy.__dict__.update(self.__dict__)
        copy.given_options = {**self.given_options, **options}
        if "isolation_level" in options:
            copy.isolation = self.checked_isolation(options["isolation_level"])
        return copy

    def get_execution_options(self) -> Mapping[str, Any]:
        """Return the options in force."""
        return self.given_options

    def checked_isolation(self, level: str | None) -> str | None:
        """Return an isolation level in its normal spelling (TX-52).

        Raises:
            ArgumentError [unknown-isolation-level]: the database does not have it.
        """
        if level is None:
            return None
        known = (*self.dialect.features.isolation_levels, "AUTOCOMMIT")
        normal = str(level).replace("_", " ").upper()
        if normal not in known:
            raise exc.ArgumentError(
                f"{self.dialect.name} has no isolation level {level!r}.",
                do=f"use one of: {', '.join(known)}.",
                code="unknown-isolation-level",
            )
        return normal

    def run_ddl(self, visitor: Callable[[Connection], None]) -> None:
        """Call `visitor` with a Connection in a transaction of its own, for ``metadata.create_all(engine)``."""
        with self.begin() as connection:
            visitor(connection)

    def keep_batch_text(self, key: Any, text: str) -> None:
        """Remember the text of a batch."""
        if len(self.batch_texts) >= _MAX_BATCH_TEXTS:
            self.batch_texts = {}
        self.batch_texts[key] = text

    def clear_compiled_cache(self) -> None:
        """Forget rendered statements."""
        self.statement_cache.clear()
        self.batch_texts = {}

    def __repr__(self) -> str:
        return f"Engine({self.url})"


class EngineTransaction:
    """``with engine.begin() as connection``."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Connection | None = None

    def __enter__(self) -> Connection:
        self._connection = connection = self._engine.connect()
        connection.begin()
        return connection

    def __exit__(
        self, kind: type[BaseException] | None, err: BaseException | None, trace: TracebackType | None
    ) -> None:
        connection, self._connection = self._connection, None
        if connection is None:
            return
        try:
            if kind is None:
                connection.commit()
        finally:
            connection.close()


@targets(Engine)
def _hooks_of(target: Any, identifier: str) -> HookTable | None:
    return target.hooks if identifier in EVENTS else None


def create_engine(
    url: str | URL,
    *,
    isolation_level: str | None = None,
    echo: bool = False,
    poolclass: type[Pool] | None = None,
    connect_args: Mapping[str, Any] | None = None,
    creator: Callable[[], Any] | None = None,
    execution_options: Mapping[str, Any] | None = None,
    query_cache_size: int = 500,
    **options: Any,
) -> Engine:
    """Return an Engine; opens nothing yet.

    Args:
        url: e.g. ``sqlite:///file.db``, ``sqlite://`` (in memory), ``postgresql+psycopg2://user:password@host/name``,
            ``mysql+pymysql://…``, ``mariadb+pymysql://…``; its query is passed to the driver.
        isolation_level: of every transaction (TX-52).
        echo: show statements on standard output.
        poolclass: QueuePool by default, StaticPool for SQLite in memory; or NullPool.
        connect_args: further arguments for the driver's ``connect``.
        creator: called instead of the driver's ``connect``.
        execution_options: of the Engine.
        query_cache_size: rendered statements to keep.
        options: `pool_size`, `max_overflow`, `pool_timeout` and `pool_recycle` (seconds), `pool_pre_ping`; for SQLite
            `foreign_keys` (enforce them, False by default as in the reference) and `begin` (``"DEFERRED"`` or
            ``"IMMEDIATE"``).
    Raises:
        ArgumentError: [bad-url], [unknown-dialect], [bad-engine-option], [unknown-isolation-level], [driver-missing].
    Spec: LB-29, BK-04, BK-05, BK-10, TX-52.
    """
    parsed = make_url(url)
    pool_options = {short: options.pop(name) for name, short in _POOL_OPTIONS.items() if name in options}
    dialect = _make_dialect(parsed, options)
    dialect.import_driver()
    hooks = HookTable(EVENTS)
    in_memory = dialect.is_memory(parsed)
    kind = poolclass or (StaticPool if in_memory else QueuePool)
    if not issubclass(kind, QueuePool):
        pool_options = {name: value for name, value in pool_options.items() if name in ("recycle", "pre_ping")}
    pool = kind(_Opener(parsed, dialect, hooks, dict(connect_args or {}), creator), dialect, **pool_options)
    engine = Engine(parsed, dialect, pool, hooks, query_cache_size)
    if isolation_level is not None:
        engine.isolation = engine.checked_isolation(isolation_level)
        pool.autocommit = engine.isolation == "AUTOCOMMIT"
        dialect.session_isolation = None if pool.autocommit else engine.isolation
    if echo:
        log.show_on_stdout()
    return engine.execution_options(**execution_options) if execution_options else engine


_POOL_OPTIONS = {
    "pool_size": "size",
    "max_overflow": "max_overflow",
    "pool_timeout": "timeout",
    "pool_recycle": "recycle",
    "pool_pre_ping": "pre_ping",
}


def _make_dialect(url: URL, options: Mapping[str, Any]) -> Dialect:
    kind = dialect_class(url)
    known = set(inspect.signature(kind).parameters)
    for name in options:
        if name not in known:
            raise exc.ArgumentError(
                f"create_engine() has no option {name!r} for {kind.name}.",
                do=f"known are: {', '.join(sorted({*known, *_POOL_OPTIONS, 'isolation_level', 'echo', 'poolclass'}))}, "
                "connect_args, creator, execution_options, query_cache_size.",
                code="bad-engine-option",
            )
    return kind(**options)


class _Opener:
    """Opens connections of the driver for a pool."""

    def __init__(
        self,
        url: URL,
        dialect: Dialect,
        hooks: HookTable,
        arguments: Mapping[str, Any],
        creator: Callable[[], Any] | None,
    ) -> None:
        self._url = url
        self._dialect = dialect
        self._hooks = hooks
        self._arguments = arguments
        self._creator = creator
        self._first = threading.Lock()
        self._initialized = False

    def __call__(self) -> Any:
        dialect = self._dialect
        try:
            if self._creator is None:
                connection = dialect.connect(self._url, self._arguments)
            else:
                connection = self._creator()
                dialect.adopt(connection)
            if not self._initialized:
                with self._first:
                    dialect.initialize(connection)
                    self._initialized = True
        except exc.UnitworkError:
            raise
        except Exception as err:
            raise dialect.cannot_connect(err, self._url) from err
        for listener in self._hooks.listeners.get("connect", ()):
            listener(connection, None)
        return connection
