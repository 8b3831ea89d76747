"""The contract of a dialect: one database and its driver.

A dialect connects, says how SQL is spelled (:class:`Style`), what the database can do (:class:`Features`), converts
values, and judges errors. It holds no connection; one instance belongs to one engine. The driver is imported by
:meth:`Dialect.import_driver`, so that unitwork imports without it.

Spec: LB-29, LB-32, LB-33, LB-34.
"""

from __future__ import annotations

import contextlib
import decimal
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from unitwork import exc
from unitwork.dialects import failures
from unitwork.dialects.convert import Conversions
from unitwork.dialects.failures import Kind
from unitwork.dialects.features import Features
from unitwork.dialects.url import URL
from unitwork.sql.style import Style
from unitwork.sql.type_base import TypeEngine

#: Errors that a driver, or a conversion, raises for a value it cannot take.
VALUE_ERRORS = (ValueError, TypeError, OverflowError, decimal.DecimalException)


class Dialect(Conversions):
    """One database and its driver; the base of `SQLiteDialect`, `PostgreSQLDialect` and `MySQLDialect`.

    Attributes:
        name: ``"sqlite"``, ``"postgresql"``, ``"mysql"`` or ``"mariadb"``.
        driver: name of the DB-API module.
        style: how SQL is spelled.
        features: what the database can do; settled by the first connection.
        server_version: of the first connection; empty before.
    """

    name: ClassVar[str]
    driver: ClassVar[str]
    #: Sockets are polled before a checkout; a database in this process has none.
    has_socket: ClassVar[bool] = True
    #: A connection with rows on their way can do nothing else before they are all read.
    one_open_result: ClassVar[bool] = False
    features: Features

    def __init__(self, style: Style) -> None:
        super().__init__()
        self.style = style
        style.dialect = self
        self.server_version: tuple[int, ...] = ()
        #: Level that a server is told once per connection, where BEGIN cannot say it: that of the engine.
        self.session_isolation: str | None = None

    # Connecting

    def import_driver(self) -> Any:
        """Return the DB-API module.

        Raises:
            ArgumentError [driver-missing]: it is not installed.
        """
        raise NotImplementedError

    def connect(self, url: URL, connect_args: Mapping[str, Any]) -> Any:
        """Return a new connection of the driver, ready for use: its transactions are ours."""
        raise NotImplementedError

    def adopt(self, connection: Any) -> None:
        """Make a connection that somebody else opened (``creator=``) ready for use; may send statements."""

    def initialize(self, connection: Any) -> None:
        """Learn version and features from the first connection; may send statements."""

    def descriptor(self, connection: Any) -> int | None:
        """Return the file descriptor of the connection's socket, or None if it does not tell."""
        fileno = getattr(connection, "fileno", None)
        return None if fileno is None else int(fileno())

    def is_memory(self, url: URL) -> bool:
        """Return whether the database lives in one connection only."""
        return False

    def ping(self, connection: Any) -> None:
        """Ask the server for an answer; raises the driver's error if there is none."""
        cursor = connection.cursor()
        cursor.execute("SELECT 1")
        cursor.fetchall()
        cursor.close()

    def has_table(self, connection: Any, name: str, schema: str | None) -> bool:
        """Return whether a table or view exists; `connection` is one of the engine's."""
        raise NotImplementedError

    def has_sequence(self, connection: Any, name: str, schema: str | None) -> bool:
        """Return whether a sequence exists; False where there are none."""
        return False

    def has_index(self, connection: Any, table: str, name: str, schema: str | None) -> bool:
        """Return whether a table has an index of that name."""
        raise NotImplementedError

    def close(self, connection: Any) -> None:
        """Close a connection; errors of a connection that is gone are of no interest."""
        with contextlib.suppress(Exception):
            connection.close()

    # Streaming

    def stream_cursor(self, connection: Any) -> Any:
        """Return a cursor of the driver whose rows need not be read at once."""
        return connection.cursor()

    def abandon_cursor(self, cursor: Any) -> None:
        """Have a cursor of `stream_cursor` forget the rows that its connection, which is gone, still owes it."""

    def declare_cursor(self, name: str, sql: str, outlives: bool) -> str | None:
        """Return the statement that opens a cursor at the server for a query; None where the driver's cursor does.

        Args:
            outlives: it is to be readable after its statement was committed.
        """
        return None

    # Transactions

    def begin_statements(self, isolation: str | None) -> tuple[str, ...]:
        """Return the SQL that begins a transaction with an isolation level; None is that of the connection."""
        raise NotImplementedError

    def default_isolation(self, connection: Any) -> str:
        """Return the isolation level of new transactions; may send a statement."""
        raise NotImplementedError

    def reset(self, connection: Any) -> None:
        """Undo what `begin_statements` with an isolation level leaves on a connection; errors discard it."""

    def set_autocommit(self, connection: Any, on: bool) -> None:
        """Let each statement commit by itself, or not; for servers that keep this per connection."""

    def hand_over(self, connection: Any, on: bool) -> None:
        """Let the driver begin transactions by itself, for a user of its connection, or not, for us again."""

    def is_open(self, connection: Any) -> bool:
        """Return whether the server has a transaction open, without asking it."""
        raise NotImplementedError

    def is_failed(self, connection: Any) -> bool:
        """Return whether the server will answer COMMIT with a rollback, without asking it."""
        return False

    def committed(self, cursor: Any) -> bool:
        """Return whether the COMMIT just sent did commit."""
        return True

    # Errors

    def is_disconnect(self, connection: Any) -> bool:
        """Return whether the connection is gone; asks the driver, never a message text."""
        raise NotImplementedError

    def kind(self, error: BaseException) -> Kind:
        """Return what an error of the driver means."""
        raise NotImplementedError

    def transaction_state(self, connection: Any, error: BaseException, kind: Kind, was_open: bool) -> str:
        """Return what is left of the transaction after an error.

        Args:
            was_open: the server had one open before the statement.
        Returns:
            ``"alive"``, ``"failed"``, ``"gone"`` or ``"none"``, see :class:`unitwork.exc.DBAPIError`.
        """
        raise NotImplementedError

    def facts(self, error: BaseException) -> dict[str, Any]:
        """Return `sqlstate`, `errno` and the like of an error, for the exception's attributes."""
        return {}

    def translate(
        self,
        error: BaseException,
        connection: Any,
        *,
        was_open: bool,
        statement: str | None = None,
        params: Any = None,
    ) -> exc.StatementError:
        """Return the error to raise for an error that came out of the driver (ER-18, ER-20)."""
        kind, state = failures.LOST, "gone"
        if not self.is_disconnect(connection):
            if not failures.is_driver_error(error) and isinstance(error, VALUE_ERRORS):
                return failures.refused_value(error, "a parameter", statement, params)
            kind = self.kind(error)
            state = self.transaction_state(connection, error, kind, was_open)
            if self.is_disconnect(connection):  # found out while asking what is left
                kind, state = failures.LOST, "gone"
        return failures.wrap(error, kind, transaction=state, statement=statement, params=params, **self.facts(error))

    def cannot_connect(self, error: BaseException, url: URL) -> exc.DBAPIError:
        """Return the error to raise when no connection could be made; nothing was sent."""
        kind = self.kind(error)
        if kind is failures.OTHER:
            kind = failures.CANNOT_OPEN
        return failures.wrap(error, kind, transaction="none", url=url, **self.facts(error))

    # Values, besides what Conversions has

    def values_cast(self, type_: TypeEngine) -> str | None:
        """Return the type to which the first row of a VALUES list is cast, so that the rest follows; None for none."""
        return None


def driver_missing(dialect: Dialect, package: str) -> exc.ArgumentError:
    """Return the error for a driver that is not installed."""
    return exc.ArgumentError(
        f"the driver {dialect.driver} for {dialect.name} is not installed.",
        do=f"pip install {package}",
        code="driver-missing",
    )


def coerced(query: Mapping[str, Any], kinds: Mapping[str, Callable[[str], Any]]) -> dict[str, Any]:
    """Return a URL's query as keyword arguments of a driver.

    Raises:
        ArgumentError [bad-url]: a value is not what its name asks for.
    """
    options: dict[str, Any] = {}
    for name, value in query.items():
        text = value if isinstance(value, str) else value[-1]
        try:
            options[name] = kinds.get(name, str)(text)
        except ValueError as err:
            raise exc.ArgumentError(
                f"the URL option {name}={text!r} cannot be read.", do="see the driver's documentation.", code="bad-url"
            ) from err
    return options


def flag(text: str) -> bool:
    """Return a word of a URL as a bool."""
    lowered = text.lower()
    if lowered in ("1", "true", "yes", "on"):
        return True
    if lowered in ("0", "false", "no", "off"):
        return False
    raise ValueError(text)
