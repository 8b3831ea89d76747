"""The pool of servers and files: a few connections kept open, more up to a limit, then a queue.

Spec: LB-29, ER-22.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from unitwork import exc
from unitwork.engine.pool import Pool, PooledConnection, abandoned


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
        pool_size: connections kept.
        max_overflow: further ones at a time; -1 for no limit.
        timeout: seconds to wait in the queue.
        use_lifo: give the connection that came back last, not the one that waits longest.
        options: those of :class:`Pool`.
    """

    def __init__(
        self,
        creator: Callable[[], Any],
        pool_size: int = 5,
        max_overflow: int = 10,
        timeout: float = 30.0,
        use_lifo: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(creator, **options)
        self._size = pool_size
        self._timeout = timeout
        self._place = -1 if use_lifo else 0
        # As in the reference, size 0 means no limit to what is kept.
        self._keep = pool_size if pool_size > 0 else 1 << 30
        self._limit = self._keep + (max_overflow if max_overflow >= 0 else 1 << 30)
        self._idle: list[PooledConnection] = []
        self._out: set[PooledConnection] = set()
        self._permits = 0
        self._generation_start = 0.0
        self._waiters: deque[_Waiter] = deque()

    def _take(self) -> PooledConnection:
        # HOT: once per small transaction; bench: W10i, W10u.
        if self._pid != os.getpid():
            self.forget()
        with self._mutex:
            connection: PooledConnection | None = None
            waiter: _Waiter | None = None
            if self._idle:
                connection = self._idle.pop(self._place)
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
        if waiter.ready.wait(self._timeout):
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
            f"no connection came back to the pool within {self._timeout:g} s: all {self._limit} are in use.",
            do="close Connections and Sessions after use (with …), or raise pool_size or max_overflow.",
            code="pool-timeout",
        )
        for connection in holders:
            name = names.get(connection.thread, "that has ended")
            error.add_detail(f"in use for {now - connection.since:.1f} s, checked out by thread {name}")
        return error

    def _put(self, connection: PooledConnection) -> None:
        # HOT: once per small transaction; bench: W10i, W10u.
        if connection.forked or connection.born < self._generation_start:
            self._drop(connection)
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

    def _drop(self, connection: PooledConnection) -> None:
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
        abandoned.extend(self._idle)
        abandoned.extend(self._out)
        self._idle = []
        self._out = set()
        self._permits = 0
        self._waiters = deque()

    def status(self) -> str:
        return f"QueuePool: {len(self._out)} in use, {len(self._idle)} idle, limit {self._limit}"

    def size(self) -> int:
        """Return how many connections are kept."""
        return self._size

    def timeout(self) -> float:
        """Return how many seconds are waited in the queue."""
        return self._timeout

    def checkedin(self) -> int:
        """Return how many connections are idle."""
        return len(self._idle)

    def checkedout(self) -> int:
        """Return how many connections are in use."""
        return len(self._out)

    def overflow(self) -> int:
        """Return how many connections there are beyond `size`; negative while there are fewer."""
        return self._permits - self._size
