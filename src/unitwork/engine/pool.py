"""Driver connections kept between uses: checkout, return, discard.

A :class:`PooledConnection` is one driver connection with what belongs to it: its cursor for statements whose rows are
read at once, and the guard that only one thread at a time gets past. Pools hand them out. Before a
checkout the socket is polled, which sees a connection that the server has ended at the price of one system call
(rule 9). A connection made before a fork is never used, nor closed, in the child.

What a user of a connection left behind is undone by ``engine.channel`` before the connection comes back.

Spec: BK-10, LB-29, LB-32, ER-22.
"""

from __future__ import annotations

import os
import select
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable
from typing import Any

from unitwork import exc
from unitwork.dialects.base import Dialect

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


class Pool:
    """Base of pools: opens, checks and closes connections.

    Args:
        creator: opens a driver connection; raises what the caller of checkout is to see.
        dialect: whose connections they are.
        recycle: seconds after which a connection is replaced; -1 for never.
        pre_ping: ask the server for an answer before each checkout.
    """

    #: All users get the same connection.
    shared = False

    def __init__(
        self, creator: Callable[[], Any], dialect: Dialect, *, recycle: float = -1, pre_ping: bool = False
    ) -> None:
        self._creator = creator
        self._dialect = dialect
        self._recycle = recycle
        self._pre_ping = pre_ping
        #: How connections come back: whether the server commits each statement by itself.
        self.autocommit = False
        self._pid = os.getpid()
        self._mutex = threading.Lock()
        _all_pools.add(self)

    def checkout(self) -> PooledConnection:
        """Return a connection for the caller alone; may open one.

        Raises:
            TimeoutError [pool-timeout]: none came back in time.
            DBAPIError: none could be opened.
        """
        raise NotImplementedError

    def checkin(self, connection: PooledConnection) -> None:
        """Take a connection back that has no transaction open."""
        raise NotImplementedError

    def discard(self, connection: PooledConnection) -> None:
        """Take a connection back that is not to be used again, and close it."""
        raise NotImplementedError

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
        return PooledConnection(self._creator(), self._dialect)

    def _close(self, connection: PooledConnection) -> None:
        if connection.forked:
            _abandoned.append(connection)
        else:
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


class _Waiter:
    """Somebody in the queue for a connection."""

    __slots__ = ("connection", "ready", "served")

    def __init__(self) -> None:
        self.ready = threading.Event()
        self.served = False
        self.connection: PooledConnection | None = None


class QueuePool(Pool):
    """Some connections, kept open; more up to a limit, closed when they come back; then a queue.

    Args:
        size: connections kept.
        max_overflow: further ones at a time; -1 for no limit.
        timeout: seconds to wait in the queue.
    """

    def __init__(
        self,
        creator: Callable[[], Any],
        dialect: Dialect,
        *,
        size: int = 5,
        max_overflow: int = 10,
        timeout: float = 30.0,
        recycle: float = -1,
        pre_ping: bool = False,
    ) -> None:
        super().__init__(creator, dialect, recycle=recycle, pre_ping=pre_ping)
        self.size = size
        self.timeout = timeout
        # As in the reference, size 0 means no limit to what is kept.
        self._keep = size if size > 0 else 1 << 30
        self._limit = self._keep + (max_overflow if max_overflow >= 0 else 1 << 30)
        self._idle: list[PooledConnection] = []
        self._out: set[PooledConnection] = set()
        self._permits = 0
        self._generation_start = 0.0
        self._waiters: deque[_Waiter] = deque()

    def checkout(self) -> PooledConnection:
        # HOT: once per small transaction; bench: W10i, W10u.
        if self._pid != os.getpid():
            self.forget()
        with self._mutex:
            connection: PooledConnection | None = None
            waiter: _Waiter | None = None
            if self._idle:
                connection = self._idle.pop()
            elif self._permits < self._limit:
                self._permits += 1
            else:
                waiter = _Waiter()
                self._waiters.append(waiter)
        if waiter is not None:
            connection = self._wait(waiter)
        if connection is None or not self._usable(connection):
            connection = self._replacement(connection)
        connection.since = time.monotonic()
        connection.thread = threading.get_ident()
        self._out.add(connection)
        return connection

    def _replacement(self, connection: PooledConnection | None) -> PooledConnection:
        """Open a connection under a permit that is held already."""
        try:
            if connection is not None:
                self._close(connection)
            return self._open()
        except BaseException:
            self._give_permit_back()
            raise

    def _wait(self, waiter: _Waiter) -> PooledConnection | None:
        if waiter.ready.wait(self.timeout):
            return waiter.connection
        with self._mutex:
            if waiter.served:
                return waiter.connection
            self._waiters.remove(waiter)
        raise self._timed_out()

    def _timed_out(self) -> exc.TimeoutError:
        names = {thread.ident: thread.name for thread in threading.enumerate()}
        now = time.monotonic()
        holders = sorted(self._out, key=lambda connection: connection.since)[:10]
        error = exc.TimeoutError(
            f"no connection came back to the pool within {self.timeout:g} s: all {self._limit} are in use.",
            do="close Connections and Sessions after use (with …), or raise pool_size or max_overflow.",
            code="pool-timeout",
        )
        for connection in holders:
            name = names.get(connection.thread, "that has ended")
            error.add_detail(f"in use for {now - connection.since:.1f} s, checked out by thread {name}")
        return error

    def checkin(self, connection: PooledConnection) -> None:
        # HOT: once per small transaction; bench: W10i, W10u.
        if connection.forked or connection.born < self._generation_start:
            self.discard(connection)
            return
        with self._mutex:
            self._out.discard(connection)
            if self._waiters:
                self._serve(connection)
                return
            if len(self._idle) < self._keep:
                self._idle.append(connection)
                return
            self._permits -= 1
        self._close(connection)

    def discard(self, connection: PooledConnection) -> None:
        if connection in self._out:
            self._out.discard(connection)
            self._give_permit_back()
        self._close(connection)

    def _give_permit_back(self) -> None:
        with self._mutex:
            if self._waiters:
                self._serve(None)
            else:
                self._permits -= 1

    def _serve(self, connection: PooledConnection | None) -> None:
        """Give the first in the queue a connection, or the permit to open one; the mutex is held."""
        waiter = self._waiters.popleft()
        waiter.connection = connection
        waiter.served = True
        waiter.ready.set()

    def dispose(self) -> None:
        with self._mutex:
            idle, self._idle = self._idle, []
            self._permits -= len(idle)
            self._generation_start = time.monotonic()
        for connection in idle:
            self._close(connection)

    def forget(self) -> None:
        super().forget()
        _abandoned.extend(self._idle)
        _abandoned.extend(self._out)
        self._idle = []
        self._out = set()
        self._permits = 0
        self._waiters = deque()

    def status(self) -> str:
        return f"QueuePool: {len(self._out)} in use, {len(self._idle)} idle, limit {self._limit}"


class NullPool(Pool):
    """A connection per checkout, closed when it comes back."""

    def checkout(self) -> PooledConnection:
        if self._pid != os.getpid():
            self.forget()
        return self._open()

    def checkin(self, connection: PooledConnection) -> None:
        self._close(connection)

    discard = checkin

    def dispose(self) -> None:
        """Nothing is kept."""

    def status(self) -> str:
        return "NullPool"


class StaticPool(Pool):
    """One connection for all, which is what a database in memory needs (BK-10).

    Any number of Connections may have it; a transaction belongs to one of them at a time, the others are refused
    until it ends (``engine.channel``).
    """

    shared = True

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._only: PooledConnection | None = None

    def checkout(self) -> PooledConnection:
        # HOT: once per small transaction on sqlite://; bench: W10i, W10u.
        connection = self._only
        if connection is not None and not connection.forked:
            return connection
        with self._mutex:
            connection = self._only
            if connection is None or connection.forked:
                connection = self._only = self._open()
            return connection

    def checkin(self, connection: PooledConnection) -> None:
        """It stays open."""

    def discard(self, connection: PooledConnection) -> None:
        with self._mutex:
            if connection is self._only:
                self._only = None
        self._close(connection)

    def dispose(self) -> None:
        with self._mutex:
            connection, self._only = self._only, None
        if connection is not None:
            self._close(connection)

    def forget(self) -> None:
        super().forget()
        if self._only is not None:
            _abandoned.append(self._only)
        self._only = None

    def status(self) -> str:
        return f"StaticPool: {'open' if self._only is not None else 'not open'}"


_all_connections: weakref.WeakSet[PooledConnection] = weakref.WeakSet()
_all_pools: weakref.WeakSet[Pool] = weakref.WeakSet()
#: Connections of the parent process: kept, so that no garbage collection closes them from here.
_abandoned: list[PooledConnection] = []


def _after_fork_in_child() -> None:
    for connection in list(_all_connections):
        connection.forked = True
        connection.guard.acquire(blocking=False)  # taken for ever: whoever still has it is stopped at its next use
        _abandoned.append(connection)
    for pool in list(_all_pools):
        pool.forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
