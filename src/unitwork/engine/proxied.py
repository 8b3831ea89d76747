"""A connection of the driver out of a pool, for those who want the driver itself: ``engine.raw_connection()``.

Spec: LB-29, LB-30.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from unitwork import exc

if TYPE_CHECKING:
    from unitwork.dialects.base import Dialect
    from unitwork.engine.pool import Pool, PooledConnection


class PoolProxiedConnection:
    """A connection of the driver, with the driver's own transactions; `close` gives it back to its pool.

    All attributes are those of the driver's connection, but these:

    Attributes:
        info: whatever users want to keep with the connection.
    """

    def __init__(self, pool: Pool, slot: PooledConnection, dialect: Dialect) -> None:
        self._pool = pool
        self._slot: PooledConnection | None = slot
        self._dialect = dialect
        self.info = slot.info
        try:
            dialect.hand_over(slot.driver_connection, True)
        except BaseException:
            self._slot = None
            pool.discard(slot)
            raise

    @property
    def dbapi_connection(self) -> Any:
        """The connection of the DB-API module, None after `close`."""
        return None if self._slot is None else self._slot.driver_connection

    driver_connection = dbapi_connection

    @property
    def is_valid(self) -> bool:
        """Whether it was neither closed nor invalidated."""
        return self._slot is not None

    def __getattr__(self, name: str) -> Any:
        if self._slot is None:
            raise exc.ResourceClosedError(
                "this connection was given back to its pool.",
                do="get another from engine.raw_connection().",
                code="connection-closed",
            )
        return getattr(self._slot.driver_connection, name)

    def close(self) -> None:
        """Give it back; a transaction that is open ends as the pool's `reset_on_return` says."""
        slot, self._slot = self._slot, None
        if slot is None:
            return
        connection = slot.driver_connection
        how = self._pool.reset_on_return
        try:
            if how is not None:
                getattr(connection, how)()
            elif self._dialect.is_open(connection):
                self._pool.discard(slot)
                return
            self._dialect.hand_over(connection, False)
        except Exception as err:
            self._pool.discard(slot, err)
            return
        self._pool.checkin(slot)

    def invalidate(self, e: BaseException | None = None) -> None:
        """Close it; the pool opens another."""
        slot, self._slot = self._slot, None
        if slot is not None:
            self._pool.discard(slot, e)

    def __del__(self) -> None:
        with contextlib.suppress(Exception):
            self.close()
