"""Transaction objects: what ``begin()`` and ``begin_nested()`` return, as context managers.

They hold no state of the database: the channel does. An object is active until it, or one around it, has ended.

Spec: TX-36 to TX-38, LB-30.
"""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, TypeVar

from unitwork import exc
from unitwork.engine.wire import Savepoint

if TYPE_CHECKING:
    from unitwork.engine.connection import Connection

T = TypeVar("T", bound="Transaction")


class Transaction:
    """A transaction of a Connection.

    Attributes:
        connection: whose it is.
        is_active: it has not ended.
        nested: it is a savepoint.
    """

    nested = False

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.is_active = True

    @property
    def is_valid(self) -> bool:
        """Whether it is active and its connection was not lost."""
        return self.is_active and not self.connection.invalidated

    def commit(self) -> None:
        """Commit.

        Raises:
            ResourceClosedError [transaction-ended]: it has ended before.
        """
        raise NotImplementedError

    def rollback(self) -> None:
        """Roll back; does nothing if it has ended."""
        raise NotImplementedError

    def close(self) -> None:
        """Roll back unless it has ended."""
        self.rollback()

    def check_active(self) -> None:
        """Refuse to go on with a transaction that has ended."""
        if not self.is_active:
            raise exc.ResourceClosedError(
                "this transaction has ended already.", do="begin another one.", code="transaction-ended"
            )

    def __enter__(self: T) -> T:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, err: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self.rollback()
            return
        if not self.is_active:
            return
        try:
            self.commit()
        except BaseException:
            self.rollback()
            raise


class RootTransaction(Transaction):
    """The outermost transaction of a Connection."""

    def commit(self) -> None:
        self.check_active()
        self.connection.commit()

    def rollback(self) -> None:
        if self.is_active:
            self.connection.rollback()


class NestedTransaction(Transaction):
    """A savepoint.

    Attributes:
        parent: the savepoint around it, or None.
    """

    nested = True

    def __init__(self, connection: Connection, savepoint: Savepoint, parent: NestedTransaction | None) -> None:
        super().__init__(connection)
        self.savepoint = savepoint
        self.parent = parent

    def commit(self) -> None:
        self.check_active()
        self.connection.release_nested(self)

    def rollback(self) -> None:
        if self.is_active:
            self.connection.rollback_nested(self)
