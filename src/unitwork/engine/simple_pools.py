"""Pools that do not queue: a connection per use, one for all, one per thread, one at a time.

Spec: BK-10, LB-29.
"""

from __future__ import annotations

import os
import threading
import weakref
from typing import Any

from unitwork import exc
from unitwork.engine.pool import Pool, PooledConnection, abandoned


class NullPool(Pool):
    """A connection per checkout, closed when it comes back."""

    def _take(self) -> PooledConnection:
        if self._pid != os.getpid():
            self.forget()
        return self._open()

    def _put(self, connection: PooledConnection) -> None:
        self._close(connection)

    _drop = _put

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

    def _take(self) -> PooledConnection:
        # HOT: once per small transaction on sqlite://; bench: W10i, W10u.
        connection = self._only
        if connection is not None and not connection.forked:
            return connection
        with self._mutex:
            connection = self._only
            if connection is None or connection.forked:
                connection = self._only = self._open()
            return connection

    def _put(self, connection: PooledConnection) -> None:
        """It stays open."""

    def _drop(self, connection: PooledConnection) -> None:
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
            abandoned.append(self._only)
        self._only = None

    def status(self) -> str:
        return f"StaticPool: {'open' if self._only is not None else 'not open'}"


class SingletonThreadPool(Pool):
    """A connection per thread, for all users in that thread; a transaction belongs to one of them at a time.

    Args:
        creator, options: as for :class:`Pool`.
        pool_size: not used: a connection goes with its thread.
    """

    shared = True

    def __init__(self, creator: Any, pool_size: int = 5, **options: Any) -> None:
        super().__init__(creator, **options)
        self._local = threading.local()
        self._all: weakref.WeakSet[PooledConnection] = weakref.WeakSet()

    def _take(self) -> PooledConnection:
        if self._pid != os.getpid():
            self.forget()
        connection: PooledConnection | None = getattr(self._local, "connection", None)
        if connection is None or connection not in self._all:
            connection = self._local.connection = self._open()
            self._all.add(connection)
        return connection

    def _put(self, connection: PooledConnection) -> None:
        """It stays open."""

    def _drop(self, connection: PooledConnection) -> None:
        self._all.discard(connection)
        self._close(connection)

    def dispose(self) -> None:
        for connection in list(self._all):
            self._drop(connection)

    def forget(self) -> None:
        super().forget()
        abandoned.extend(self._all)
        self._all = weakref.WeakSet()

    def status(self) -> str:
        return f"SingletonThreadPool: {len(self._all)} open"


class AssertionPool(Pool):
    """One connection at a time: a second use is an error, which shows where one is left open; for tests."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._only: PooledConnection | None = None
        self._out: PooledConnection | None = None

    def _take(self) -> PooledConnection:
        if self._pid != os.getpid():
            self.forget()
        with self._mutex:
            if self._out is not None:
                raise exc.InvalidRequestError(
                    "a second connection was asked of an AssertionPool while the first is in use.",
                    do="close the Connection or Session that has it.",
                    code="pool-in-use",
                )
            connection = self._only
            if connection is None or not self._usable(connection):
                if connection is not None:
                    self._only = None
                    self._close(connection)
                connection = self._only = self._open()
            self._out = connection
            return connection

    def _put(self, connection: PooledConnection) -> None:
        self._out = None

    def _drop(self, connection: PooledConnection) -> None:
        self._only = self._out = None
        self._close(connection)

    def dispose(self) -> None:
        connection, self._only = self._only, None
        if connection is not None and self._out is None:
            self._close(connection)

    def forget(self) -> None:
        super().forget()
        if self._only is not None:
            abandoned.append(self._only)
        self._only = self._out = None

    def status(self) -> str:
        return f"AssertionPool: {'in use' if self._out is not None else 'not in use'}"
