"""Every exception and warning of unitwork, with the codes they may carry.

An error says what failed, on which object, and what to do next::

    DetachedInstanceError: cannot load 'addresses' of <User id=5>: it is not attached to a Session.
      Do: session.add(user) first, or load it up front with options(selectinload(User.addresses)).
      [detached-load]

The first argument is the sentence that says what failed; ``do`` is the next step; ``code`` is a slug from
:data:`CODES`, never renamed, with a section in ``docs/errors.md``. Further keyword arguments are facts that are set as
attributes of the exception (``exc.state``, ``exc.table``), so that programs need not read the text.

Building a message never loads, flushes or calls user code. Spec: ER-01 to ER-22.
"""

from __future__ import annotations

from typing import Any

from unitwork.base.codes import CODES

__all__ = [
    "CODES",
    "AmbiguousForeignKeysError",
    "ArgumentError",
    "BrokenInvariantError",
    "CircularDependencyError",
    "CommitOutcomeUnknown",
    "CompileError",
    "ConcurrentModificationError",
    "DBAPIError",
    "DataError",
    "DatabaseError",
    "DetachedInstanceError",
    "DisconnectionError",
    "FlushError",
    "IllegalStateChangeError",
    "IntegrityError",
    "InterfaceError",
    "InternalError",
    "InvalidRequestError",
    "LoaderStrategyError",
    "MultipleResultsFound",
    "NoForeignKeysError",
    "NoInspectionAvailable",
    "NoReferencedTableError",
    "NoResultFound",
    "NoSuchColumnError",
    "NoSuchTableError",
    "NotSupportedError",
    "ObjectDeletedError",
    "ObjectDereferencedError",
    "OperationalError",
    "PendingRollbackError",
    "ProgrammingError",
    "ResourceClosedError",
    "StaleDataError",
    "StatementError",
    "TimeoutError",
    "UnboundExecutionError",
    "UnevaluatableError",
    "UnitworkDeprecationWarning",
    "UnitworkError",
    "UnitworkWarning",
    "UnmappedClassError",
    "UnmappedError",
    "UnmappedInstanceError",
]


class UnitworkError(Exception):
    """Root of every error of the library (ER-01).

    Args:
        message: what failed and on which object, one sentence.
        do: the next step for the reader, or None where there is none.
        code: slug in :data:`CODES`, or None.
        facts: set as attributes of the exception.
    """

    code: str | None = None

    def __init__(self, message: str = "", *, do: str | None = None, code: str | None = None, **facts: Any) -> None:
        super().__init__(message)
        self.message = message
        self.do = do
        self.details: list[str] = []
        if code is not None:
            self.code = code
        for name, value in facts.items():
            setattr(self, name, value)

    def add_detail(self, line: str) -> None:
        """Add a line to the text, e.g. that the error came from an autoflush (SB-83)."""
        self.details.append(line)

    def __str__(self) -> str:
        lines = [self.message]
        lines.extend(f"  {detail}" for detail in self.details)
        if self.do:
            lines.append(f"  Do: {self.do}")
        if self.code:
            lines.append(f"  [{self.code}]")
        return "\n".join(lines)


class ArgumentError(UnitworkError):
    """A constructor or option value is bad, e.g. a raw string given as SQL (ER-02)."""


class AmbiguousForeignKeysError(ArgumentError):
    """More than one foreign key could join the two tables (LB-13)."""


class NoForeignKeysError(ArgumentError):
    """No foreign key joins the two tables (LB-13)."""


class InvalidRequestError(UnitworkError):
    """The operation is not allowed in the current state (ER-03)."""


class UnevaluatableError(InvalidRequestError):
    """A criterion cannot be evaluated in Python as every database would evaluate it (LB-25)."""


class PendingRollbackError(InvalidRequestError):
    """SQL was attempted in a transaction that failed and was not rolled back yet (ER-04)."""


class ResourceClosedError(InvalidRequestError):
    """A finished transaction, a closed Connection or a consumed Result was used (ER-05)."""


class UnboundExecutionError(InvalidRequestError):
    """No engine can be found for a statement (ER-06)."""


class NoInspectionAvailable(InvalidRequestError):
    """``inspect()`` was given something it does not know (ER-07)."""


class NoResultFound(InvalidRequestError):
    """A row was required and none was found (ER-08)."""


class MultipleResultsFound(InvalidRequestError):
    """One row was required and several were found (ER-08)."""


class IllegalStateChangeError(InvalidRequestError):
    """Transaction control was called while another call of it is under way (ER-09)."""


class UnmappedError(InvalidRequestError):
    """Something without a mapping was given where a mapped one is needed (ER-10)."""


class UnmappedInstanceError(UnmappedError):
    """The object is no instance of a mapped class (ER-10)."""


class UnmappedClassError(UnmappedError):
    """The class is not mapped (ER-10)."""


class ObjectDeletedError(InvalidRequestError):
    """An expired instance was refreshed and its row is gone (ER-11)."""


class LoaderStrategyError(InvalidRequestError):
    """A loader option does not fit the attribute it is given for (ER-17)."""


class NoSuchColumnError(InvalidRequestError, KeyError):
    """A row or a table has no column of that name."""

    __str__ = UnitworkError.__str__


class NoReferencedTableError(InvalidRequestError):
    """A foreign key names a table that its MetaData does not have."""


class NoSuchTableError(InvalidRequestError):
    """The table does not exist in the database."""


class DetachedInstanceError(UnitworkError):
    """An unloaded attribute was read on an object without a Session (ER-12)."""


class FlushError(UnitworkError):
    """A precondition of the flush is violated (ER-13)."""


class StaleDataError(UnitworkError):
    """UPDATE or DELETE matched an unexpected number of rows, or a version differs (ER-14)."""


ConcurrentModificationError = StaleDataError


class CircularDependencyError(UnitworkError):
    """Rows or tables depend on each other in a cycle that cannot be cut (ER-15)."""


class ObjectDereferencedError(UnitworkError):
    """A change event reached an instance that has been garbage collected (ER-16)."""


class CompileError(UnitworkError):
    """A statement cannot be rendered for this database (ER-17)."""


class BrokenInvariantError(UnitworkError):
    """An impossible case: the message states the invariant that does not hold (ER-22)."""


class TimeoutError(UnitworkError):
    """No connection came from the pool in time; lists the holders (ER-22)."""


class DisconnectionError(UnitworkError):
    """Raised by a `checkout` listener: the connection is no good, the pool is to try another (LB-31)."""


class StatementError(UnitworkError):
    """A statement could not be sent: carries statement, parameters and the cause (ER-18).

    Attributes:
        statement: SQL text, or None.
        params: parameters as given to the driver, or None.
        orig: the exception of the driver or of the conversion, also ``__cause__``.
        hide_parameters: the text shows no parameters.
    """

    hide_parameters = False

    def __init__(
        self,
        message: str = "",
        *,
        statement: str | None = None,
        params: Any = None,
        orig: BaseException | None = None,
        do: str | None = None,
        code: str | None = None,
        **facts: Any,
    ) -> None:
        super().__init__(message, do=do, code=code, **facts)
        self.statement = statement
        self.params = params
        self.orig = orig

    def __str__(self) -> str:
        text = super().__str__()
        if self.statement is None:
            return text
        lines = [text, f"  SQL: {_shorten(self.statement, 500)}"]
        if self.params and self.hide_parameters:
            lines.append("  Parameters: hidden, as the engine's hide_parameters asks for")
        elif self.params:
            lines.append(f"  Parameters: {_shorten(repr(self.params), 300)}")
        return "\n".join(lines)


class DBAPIError(StatementError):
    """The driver raised an error (ER-18).

    Attributes:
        connection_invalidated: the connection to the server is gone.
        sqlstate: five characters, where the driver gave them (PostgreSQL, MariaDB).
        errno: error number of MariaDB/MySQL, or SQLite's extended code.
        transaction: what is left of the transaction: ``"alive"``, ``"failed"`` (only a rollback, or a rollback to a
            savepoint, helps), ``"gone"`` (the server has ended it) or ``"none"``.
        is_retryable: running the whole unit of work again may succeed.
    """

    def __init__(
        self,
        message: str = "",
        *,
        connection_invalidated: bool = False,
        sqlstate: str | None = None,
        errno: int | None = None,
        transaction: str = "alive",
        is_retryable: bool = False,
        **facts: Any,
    ) -> None:
        super().__init__(message, **facts)
        self.connection_invalidated = connection_invalidated
        self.sqlstate = sqlstate
        self.errno = errno
        self.transaction = transaction
        self.is_retryable = is_retryable

    @property
    def is_disconnect(self) -> bool:
        """The connection to the server is gone; same as ``connection_invalidated``."""
        return self.connection_invalidated


class InterfaceError(DBAPIError):
    """The driver was used in a way it does not allow, or lost its connection."""


class DatabaseError(DBAPIError):
    """Any error of the database itself."""


class DataError(DatabaseError):
    """A value does not fit its column."""


class OperationalError(DatabaseError):
    """The database could not work: disconnect, lock, resources."""


class IntegrityError(DatabaseError):
    """A constraint is violated."""


class InternalError(DatabaseError):
    """The database reports an error within itself."""


class ProgrammingError(DatabaseError):
    """The statement is wrong: unknown table, syntax."""


class NotSupportedError(DatabaseError):
    """The database or the driver does not have the feature."""


class CommitOutcomeUnknown(DBAPIError):
    """The connection was lost while COMMIT was under way: the data may be committed or not (ER-22).

    Attributes:
        xid: transaction id to ask the server for, where one was fetched; else None.
    """

    xid: str | None = None


class UnitworkWarning(RuntimeWarning):
    """Every warning of this library (ER-19)."""


class UnitworkDeprecationWarning(DeprecationWarning):
    """A spelling that still works and should be replaced (ER-19)."""


def _shorten(text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    half = limit // 2
    return f"{text[:half]} … [{len(text) - limit} characters] … {text[-half:]}"
