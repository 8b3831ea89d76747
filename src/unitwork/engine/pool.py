"""Driver connections kept between uses: checkout, return, discard.

A :class:`PooledConnection` is one driver connection with what belongs to it: its cursor for statements whose rows are
read at once, and the guard that only one thread at a time gets past. Pools hand them out. Before a
checkout the socket is polled, which sees a connection that the server has ended at the price of one system call
(rule 9). A connection made before a fork is never used, nor closed, in the child.

What a user of a connection left behind is undone by ``engine.channel`` before the connection comes back.

The pools themselves are in ``engine.queue_pool`` and ``engine.simple_pools``.

Spec: BK-10, LB-29, LB-31, LB-32, ER-22.
"""

from __future__ import annotations

import os
import select
import threading
import time
import weakref
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from unitwork import exc
from unitwork.base.hooks import HookTable
from unitwork.dialects.base import Dialect
from unitwork.engine.log import Log
from unitwork.engine.proxied import PoolProxiedConnection

F = TypeVar("F", bound=Callable[[], Any])

#: Events of a pool (LB-31).
POOL_EVENTS = ("connect", "first_connect", "checkout", "checkin", "reset", "invalidate", "close")
#: Listeners of every pool.
EVERY_POOL = HookTable(POOL_EVENTS)

_POLLRDHUP: int = getattr(select, "POLLRDHUP", 0)


class PooledConnection:
    """One driver connection.

    Attributes:
        driver_connection: the connection of the DB-API module.
        cursor: for statements whose rows are fetched before the next one is sent.
        guard: held while a statement is under way.
        holder: on a shared connection, a weak reference to whose transaction is open.
        autocommit: the server commits each statement by itself.
        info: whatever users want to keep with the connection.
    """

    __slots__ = (
        "__weakref__",
        "_poller",
        "autocommit",
        "born",
        "cursor",
        "driver_connection",
        "forked",
        "guard",
        "holder",
        "info",
        "since",
        "thread",
    )

    def __init__(self, driver_connection: Any, dialect: Dialect) -> None:
        self.driver_connection = driver_connection
        self.cursor = driver_connection.cursor()
        self.guard = threading.Lock()
        self.holder: weakref.ref[Any] | None = None
        self.autocommit = False
        self.forked = False
        self.info: dict[str, Any] = {}
        self.born = time.monotonic()
        self.since = 0.0
        self.thread = 0
        self._poller = _poller(dialect.descriptor(driver_connection) if dialect.has_socket else None)
        _all_connections.add(self)

    @property
    def dbapi_connection(self) -> Any:
        """The connection of the DB-API module."""
        return self.driver_connection

    def hung_up(self) -> bool:
        """Return whether the other side has ended the connection; asks the socket, not the server."""
        return self._poller is not None and any(event & ~select.POLLIN for _, event in self._poller.poll(0))

    def has_news(self) -> bool:
        """Return whether something arrived while nothing was asked: a notification, or the end."""
        return self._poller is not None and bool(self._poller.poll(0))


def _poller(descriptor: int | None) -> Any:
    if descriptor is None or not hasattr(select, "poll"):
        return None
    poller = select.poll()
    poller.register(descriptor, select.POLLIN | select.POLLERR | select.POLLHUP | _POLLRDHUP)
    return poller


class PoolResetState(NamedTuple):
    """What a `reset` listener is told of a connection that comes back.

    Attributes:
        transaction_was_reset: no transaction is open any more.
        terminate_only: always False: such a connection is closed, not reset.
        asyncio_safe: always True.
    """

    transaction_was_reset: bool
    terminate_only: bool = False
    asyncio_safe: bool = True


class Pool:
    """Base of pools: opens, checks and closes connections.

    Args:
        creator: opens a driver connection; raises what the caller of checkout is to see.
        recycle: seconds after which a connection is replaced; -1 for never.
        pre_ping: ask the server for an answer before each checkout.
        reset_on_return: what ends a transaction that a user of the driver's connection left open (see
            `Engine.raw_connection`): ``"rollback"`` or True, ``"commit"``, or None, and then it is closed.
        echo: log what is opened and closed; ``"debug"`` also what goes out and comes back.
        logging_name: part of the logger's name.
        dialect: whose connections they are; an Engine gives its own.

    Attributes:
        hooks: listeners of its events.
        log: where it logs.
        autocommit: how connections come back: whether the server commits each statement by itself.
    """

    #: All users get the same connection.
    shared = False

    def __init__(
        self,
        creator: Callable[[], Any],
        *,
        recycle: float = -1,
        pre_ping: bool = False,
        reset_on_return: str | bool | None = "rollback",
        echo: bool | str = False,
        logging_name: str | None = None,
        dialect: Dialect | None = None,
    ) -> None:
        self._creator = creator
        self._dialect: Dialect = dialect  # type: ignore[assignment]
        self._recycle = recycle
        self._pre_ping = pre_ping
        self.reset_on_return = _reset(reset_on_return)
        self.autocommit = False
        self.hooks = EVERY_POOL.child()
        self._listeners = self.hooks.listeners
        name = f"unitwork.pool.{type(self).__name__}"
        self.log = Log(f"{name}.{logging_name}" if logging_name else name, echo)
        if echo == "debug":
            self.hooks.add("checkout", lambda *given: self.log.say("a connection goes out"))
            self.hooks.add("checkin", lambda *given: self.log.say("a connection comes back"))
        self._met = False
        self._pid = os.getpid()
        self._mutex = threading.Lock()
        _all_pools.add(self)

    def serve(self, dialect: Dialect, opener: Callable[[Callable[[], Any]], F]) -> F:
        """Become the pool of an Engine; return what opens its connections.

        Args:
            opener: makes, of the creator given to the pool, what opens connections ready for use.
        """
        self._dialect = dialect
        opening = opener(self._creator)
        self._creator = opening
        return opening

    # Out and back

    def checkout(self) -> PooledConnection:
        """Return a connection for the caller alone; may open one.

        Raises:
            TimeoutError [pool-timeout]: none came back in time.
            DBAPIError: none could be opened.
            ArgumentError [pool-without-engine]: the pool was not given to ``create_engine(pool=…)``.
        """
        # HOT: once per small transaction; bench: W10i, W10u.
        connection = self._take()
        return self._announced(connection) if self._listeners else connection

    def checkin(self, connection: PooledConnection) -> None:
        """Take a connection back that has no transaction open."""
        # HOT: once per small transaction; bench: W10i, W10u.
        if self._listeners:
            self.tell("reset", connection, PoolResetState(True))
            self.tell("checkin", connection)
        self._put(connection)

    def discard(self, connection: PooledConnection, error: BaseException | None = None) -> None:
        """Take a connection back that is not to be used again, and close it."""
        if self._listeners:
            self.tell("invalidate", connection, error)
        self._drop(connection)

    def tell(self, name: str, connection: PooledConnection, *args: Any) -> None:
        """Call the listeners of an event."""
        for listener in self._listeners.get(name, ()):
            listener(connection.driver_connection, connection, *args)

    def _announced(self, connection: PooledConnection) -> PooledConnection:
        for _ in range(3):
            try:
                self.tell("checkout", connection, connection)
                return connection
            except exc.DisconnectionError as err:
                self.discard(connection, err)
                connection = self._take()
            except BaseException:
                self._put(connection)
                raise
        self._put(connection)
        raise exc.InvalidRequestError(
            "a checkout listener refused three connections in a row.",
            do="see why it raises DisconnectionError: the database may be down.",
            code="checkout-refused",
        )

    def _take(self) -> PooledConnection:
        raise NotImplementedError

    def _put(self, connection: PooledConnection) -> None:
        raise NotImplementedError

    def _drop(self, connection: PooledConnection) -> None:
        raise NotImplementedError

    # All of it

    def connect(self) -> PoolProxiedConnection:
        """Return a connection of the driver, to be closed by its user: then it comes back."""
        return PoolProxiedConnection(self, self.checkout(), self._dialect)

    def dispose(self) -> None:
        """Close the connections that are not in use; those in use are closed when they come back."""
        raise NotImplementedError

    def status(self) -> str:
        """Return a line on what is in use."""
        raise NotImplementedError

    def forget(self) -> None:
        """Start anew in the child of a fork: its parent's connections are neither used nor closed."""
        self._pid = os.getpid()
        self._mutex = threading.Lock()

    def _open(self) -> PooledConnection:
        if self._dialect is None:
            raise exc.ArgumentError(
                "this pool belongs to no Engine.",
                do="give it to one: create_engine(url, pool=pool).",
                code="pool-without-engine",
            )
        connection = PooledConnection(self._creator(), self._dialect)
        if self.log.is_wanted():
            self.log.say("a connection was opened")
        if self._listeners:
            self._introduce(connection)
        return connection

    def _introduce(self, connection: PooledConnection) -> None:
        try:
            if not self._met:
                with _first_meeting:
                    first, self._met = not self._met, True
                if first:
                    self.tell("first_connect", connection)
            self.tell("connect", connection)
        except BaseException:
            self._close(connection)
            raise

    def _close(self, connection: PooledConnection) -> None:
        if connection.forked:
            abandoned.append(connection)
            return
        if self._listeners:
            self.tell("close", connection)
        if self.log.is_wanted():
            self.log.say("a connection is closed")
        self._dialect.close(connection.driver_connection)

    def _usable(self, connection: PooledConnection) -> bool:
        if connection.forked:
            return False
        if 0 <= self._recycle < time.monotonic() - connection.born:
            return False
        if not self._pre_ping and not connection.has_news():
            return True
        if connection.hung_up():
            return False
        try:
            self._dialect.ping(connection.driver_connection)
        except Exception:
            return False
        return True


def _reset(given: str | bool | None) -> str | None:
    words: dict[Any, str | None] = {
        "rollback": "rollback",
        True: "rollback",
        "commit": "commit",
        None: None,
        False: None,
    }
    if given not in words:
        raise exc.ArgumentError(
            f"a pool cannot reset connections by {given!r}.",
            do="give 'rollback', 'commit' or None.",
            code="bad-engine-option",
        )
    return words[given]


_all_connections: weakref.WeakSet[PooledConnection] = weakref.WeakSet()
#: Not the pool's own mutex: a StaticPool opens its connection while it holds that.
_first_meeting = threading.Lock()
_all_pools: weakref.WeakSet[Pool] = weakref.WeakSet()
#: Connections of the parent process: kept, so that no garbage collection closes them from here.
abandoned: list[PooledConnection] = []


def _after_fork_in_child() -> None:
    for connection in list(_all_connections):
        connection.forked = True
        connection.guard.acquire(blocking=False)  # taken for ever: whoever still has it is stopped at its next use
        abandoned.append(connection)
    for pool in list(_all_pools):
        pool.forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
