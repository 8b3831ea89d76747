"""Errors of drivers to errors of this library: one class, one code, one answer to "what is left, may I retry?".

A driver's error becomes a :class:`Kind` through the tables of its dialect (SQLSTATE, error number, SQLite's extended
code). Whether the connection is gone, and what is left of the transaction, is asked of the driver's connection; texts
are looked at for SQLite before Python 3.11 only, which gives no codes.

Spec: ER-18, ER-20, LB-32.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from unitwork import exc

#: Names of PEP 249 to our classes, most special first.
_CLASSES: dict[str, type[exc.DBAPIError]] = {
    "InterfaceError": exc.InterfaceError,
    "DataError": exc.DataError,
    "OperationalError": exc.OperationalError,
    "IntegrityError": exc.IntegrityError,
    "InternalError": exc.InternalError,
    "ProgrammingError": exc.ProgrammingError,
    "NotSupportedError": exc.NotSupportedError,
    "DatabaseError": exc.DatabaseError,
    "Error": exc.DBAPIError,
}


class Kind(NamedTuple):
    """What an error of a driver means.

    Attributes:
        code: slug of the error.
        error: class to raise; None keeps that of the driver.
        retryable: running the whole unit of work again may succeed.
        dooms: nothing but a rollback makes sense afterwards, though the server may still have the transaction.
        do: the next step for the reader.
    """

    code: str
    error: type[exc.DBAPIError] | None = None
    retryable: bool = False
    dooms: bool = False
    do: str | None = None


_AGAIN = "roll back, then run the whole unit of work again."

OTHER = Kind("driver-error")
UNIQUE = Kind("unique-violation", exc.IntegrityError)
FOREIGN_KEY = Kind("foreign-key-violation", exc.IntegrityError)
NOT_NULL = Kind("not-null-violation", exc.IntegrityError)
CHECK = Kind("check-violation", exc.IntegrityError)
EXCLUSION = Kind("exclusion-violation", exc.IntegrityError)
DEADLOCK = Kind("deadlock", exc.OperationalError, True, True, _AGAIN)
SERIALIZATION = Kind("serialization-failure", exc.OperationalError, True, True, _AGAIN)
LOCK_TIMEOUT = Kind("lock-timeout", exc.OperationalError, True, True, _AGAIN)
DATABASE_LOCKED = Kind("database-locked", exc.OperationalError, True, True, _AGAIN)
STATEMENT_TIMEOUT = Kind("statement-timeout", exc.OperationalError)
CANCELLED = Kind("query-cancelled", exc.OperationalError)
READ_ONLY = Kind(
    "read-only", exc.OperationalError, do="connect to the primary server, or open the database for writing."
)
DISK_FULL = Kind("disk-full", exc.OperationalError)
NO_QUORUM = Kind("no-quorum", exc.OperationalError, True)
FAILED = Kind("transaction-failed", exc.InternalError, False, True, "roll back first.")
NO_TABLE = Kind("undefined-table", do="create the tables first, e.g. metadata.create_all(engine).")
NO_COLUMN = Kind("undefined-column", exc.ProgrammingError)
SYNTAX = Kind("syntax-error", exc.ProgrammingError)
OUT_OF_RANGE = Kind("value-out-of-range", exc.DataError)
TOO_LONG = Kind("value-too-long", exc.DataError)
TOO_MANY = Kind("too-many-connections", exc.OperationalError, True)
CORRUPT = Kind("database-corrupt")
NO_SAVEPOINT = Kind("savepoint-gone", exc.OperationalError, False, False, "roll the whole transaction back.")
CANNOT_OPEN = Kind("cannot-connect", exc.OperationalError)
LOST = Kind("connection-lost", exc.OperationalError, True, True, "roll back, then run the whole unit of work again.")


def is_driver_error(error: BaseException) -> bool:
    """Return whether an error is one of PEP 249, not one that Python code of the driver let out."""
    return any(base.__name__ in _CLASSES for base in type(error).__mro__)


def driver_class(error: BaseException) -> type[exc.DBAPIError]:
    """Return our class for an error, by the PEP 249 name nearest to it."""
    for base in type(error).__mro__:
        found = _CLASSES.get(base.__name__)
        if found is not None:
            return found
    return exc.DBAPIError


def text_of(error: BaseException) -> str:
    """Return the driver's message in one line."""
    arguments = error.args
    text = str(arguments[1]) if len(arguments) == 2 and isinstance(arguments[0], int) else str(error)
    return " ".join(text.split()) or type(error).__name__


def wrap(
    error: BaseException,
    kind: Kind,
    *,
    transaction: str,
    statement: str | None = None,
    params: Any = None,
    **facts: Any,
) -> exc.DBAPIError:
    """Return the error to raise ``from error``.

    Args:
        transaction: what is left of it, see :class:`unitwork.exc.DBAPIError`.
        facts: `sqlstate`, `errno`, `constraint` and the like.
    """
    error_class = kind.error or driver_class(error)
    return error_class(
        f"({type(error).__module__}.{type(error).__name__}) {text_of(error)}",
        statement=statement,
        params=params,
        orig=error,
        do=kind.do,
        code=kind.code,
        connection_invalidated=kind is LOST,
        transaction=transaction,
        is_retryable=kind.retryable,
        **facts,
    )


def refused_value(
    error: BaseException, where: str, statement: str | None = None, params: Any = None
) -> exc.StatementError:
    """Return the error for a value that cannot be sent; `where` names table and column, or the parameter."""
    return exc.StatementError(
        f"cannot send the value for {where}: {text_of(error)}.",
        statement=statement,
        params=params,
        orig=error,
        do="give a value that the column's type can hold.",
        code="bad-value",
    )
