"""Engine: a database, its dialect, its pool, its caches; made by ``engine.create``.

Spec: LB-29 to LB-31, TX-52, TX-53, BK-10.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any

from unitwork import exc
from unitwork.base.hooks import HookTable, targets
from unitwork.dialects.base import Dialect
from unitwork.dialects.url import URL
from unitwork.engine.connection import Connection
from unitwork.engine.log import Log
from unitwork.engine.pool import EVERY_POOL, POOL_EVENTS, Pool
from unitwork.engine.proxied import PoolProxiedConnection
from unitwork.engine.statement_cache import StatementCache
from unitwork.engine.watch import ENGINE_EVENTS
from unitwork.sql.statement import refuse_schema_map

#: Listeners of every Engine.
EVERY_ENGINE = HookTable(ENGINE_EVENTS)

_MAX_BATCH_TEXTS = 500


class Engine:
    """A database to connect to; thread-safe; made by `create_engine`.

    Attributes:
        url, dialect, pool: what it was made of.
        hooks: listeners of its events.
        log: where its statements are logged.
        isolation: level of its transactions, upper case, or None for that of the server.
        given_options: execution options.
        statement_cache: rendered statements.
        batch_texts: rendered batches, see `engine.batch`.
    """

    def __init__(self, url: URL, dialect: Dialect, pool: Pool, log: Log, cache_size: int = 500) -> None:
        self.url = url
        self.dialect = dialect
        self.pool = pool
        self.hooks = EVERY_ENGINE.child()
        self.log = log
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

    @property
    def echo(self) -> bool:
        """Whether statements are logged whatever the level of the logger; may be set at any time."""
        return self.log.echo

    @echo.setter
    def echo(self, value: bool | str) -> None:
        self.log.echo = value

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
        self._tell("engine_disposed")

    def raw_connection(self) -> PoolProxiedConnection:
        """Return a connection of the driver out of the pool, to be given back with its ``close()``."""
        return self.pool.connect()

    def execution_options(self, **options: Any) -> Engine:
        """Return a copy that shares pool and dialect and has further options (TX-53).

        Listeners of this Engine hear of the copy, too; those of the copy do not hear of this one.
        """
        copy = Engine.__new__(Engine)
        copy.__dict__.update(self.__dict__)
        copy.hooks = self.hooks.child()
        copy.update_execution_options(**options)
        return copy

    def update_execution_options(self, **options: Any) -> None:
        """Set options of this very Engine."""
        refuse_schema_map(options)
        self._tell("set_engine_execution_options", options)
        self.given_options = {**self.given_options, **options}
        if "isolation_level" in options:
            self.isolation = self.checked_isolation(options["isolation_level"])
        if "logging_token" in options:
            self.log = self.log.with_token(options["logging_token"])

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

    def _tell(self, name: str, *args: Any) -> None:
        for listener in self.hooks.listeners.get(name, ()):
            listener(self, *args)

    def __repr__(self) -> str:
        return f"Engine({self.url})"


class EngineTransaction:
    """``with engine.begin() as connection``."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Connection | None = None

    def __enter__(self) -> Connection:
        self._connection = connection = self._engine.connect()
        try:
            connection.begin()
        except BaseException:  # of a listener
            connection.close()
            raise
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
def _engine_hooks(target: Engine, name: str) -> HookTable | None:
    return target.hooks if name in ENGINE_EVENTS else target.pool.hooks if name in POOL_EVENTS else None


@targets(Connection)
def _connection_hooks(target: Connection, name: str) -> HookTable | None:
    return target.listen_in().hooks if name in ENGINE_EVENTS else None


@targets(Pool)
def _pool_hooks(target: Pool, name: str) -> HookTable | None:
    return target.hooks if name in POOL_EVENTS else None


@targets(type)
def _class_hooks(target: type, name: str) -> HookTable | None:
    if target is Pool or target is Engine:
        if name in POOL_EVENTS:
            return EVERY_POOL
        return EVERY_ENGINE if target is Engine and name in ENGINE_EVENTS else None
    return None
