"""Events of a Connection: the calls that fire them, put in place of the plain ones while anybody listens.

A Connection whose engine has listeners gets a :class:`Watch`: it stands before the channel's `fetch`, `write`,
`fetch_counted`, `run` and `open_stream`, and is told of transactions. A Connection without one runs none of this code.

Around a statement (`before_cursor_execute`, `after_cursor_execute`, `handle_error`) the Connection cannot be used by
listeners; at `begin`, `before_execute` and `after_execute` it can.

Spec: LB-31, EV-01 to EV-03, ER-21.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from unitwork import exc
from unitwork.base.hooks import HookTable, Listener

if TYPE_CHECKING:
    from unitwork.engine.channel import Channel
    from unitwork.engine.connection import Connection
    from unitwork.engine.engine import Engine

#: Events of an Engine, and of a Connection (LB-31).
ENGINE_EVENTS = (
    "begin", "commit", "rollback", "savepoint", "rollback_savepoint", "release_savepoint",
    "before_execute", "after_execute", "before_cursor_execute", "after_cursor_execute", "handle_error",
    "engine_connect", "set_connection_execution_options", "set_engine_execution_options", "engine_disposed",
    "do_connect",
)  # fmt: skip


class ExceptionContext:
    """What a `handle_error` listener is given.

    Attributes:
        connection: the Connection, or None while connecting.
        engine, dialect: whose it is.
        cursor: the driver's, or None.
        statement, parameters: what was sent.
        original_exception: that of the driver.
        sqlalchemy_exception: the library's, which will be raised; the name is the reference's.
        chained_exception: what an earlier listener returned instead, or None.
        execution_context: always None.
        is_disconnect: the connection is taken for lost; a listener may set it.
        is_pre_ping: always False: a failing ping replaces the connection without an error.
    """

    execution_context: None = None
    is_pre_ping = False
    connection: Connection | None

    def __init__(self, connection: Connection | None, engine: Engine, error: exc.StatementError, cursor: Any) -> None:
        self.connection = connection
        self.engine = engine
        self.dialect = engine.dialect
        self.cursor = cursor
        self.statement = error.statement
        self.parameters = error.params
        self.original_exception: BaseException = error.orig or error
        self.sqlalchemy_exception = error
        self.chained_exception: BaseException | None = None
        self.is_disconnect = isinstance(error, exc.DBAPIError) and error.connection_invalidated


def replaced(context: ExceptionContext, listeners: tuple[Listener, ...]) -> BaseException | None:
    """Call `handle_error` listeners; return the exception they give instead, or None.

    What a listener raises passes, and the others are not called.
    """
    for listener in listeners:
        given = listener(context)
        if given is not None:
            context.chained_exception = given
    return context.chained_exception


class Watch:
    """The listeners of one Connection at work."""

    __slots__ = ("_begun", "_busy", "_channel", "_listeners", "_owner", "hooks")

    def __init__(self, connection: Connection, channel: Channel, hooks: HookTable) -> None:
        self._owner = weakref.ref(connection)
        self._channel = channel
        self.hooks = hooks
        self._listeners = hooks.listeners
        self._begun = channel.active
        self._busy = False

    # Statements

    def fetch(self, sql: str, params: Any) -> Any:
        """Stand before ``Channel.fetch``."""
        return self._around(self._channel.fetch, sql, params)

    def write(self, sql: str, params: Any) -> Any:
        """Stand before ``Channel.write``."""
        return self._around(self._channel.write, sql, params)

    def fetch_counted(self, sql: str, params: Any) -> Any:
        """Stand before ``Channel.fetch_counted``."""
        return self._around(self._channel.fetch_counted, sql, params)

    def run(self, sql: str, params: Any) -> Any:
        """Stand before ``Channel.run``."""
        return self._around(self._channel.run, sql, params)

    def open_stream(self, sql: str, params: Any, size: int, limit: int) -> Any:
        """Stand before ``Channel.open_stream``."""
        return self._around(lambda sql, params: self._channel.open_stream(sql, params, size, limit), sql, params)

    def _around(self, send: Callable[[str, Any], Any], sql: str, params: Any) -> Any:
        if self._busy:
            self._channel.refuse_use_in_listener()
        connection = self._owner()
        self.begin()
        listeners = self._listeners
        for listener in listeners.get("before_cursor_execute", ()):
            changed = self._call("before_cursor_execute", listener, sql, params)
            if changed is not None:
                sql, params = changed
        try:
            answer = send(sql, params)
        except exc.StatementError as err:
            self._handle(err, connection)
            raise
        for listener in listeners.get("after_cursor_execute", ()):
            self._call("after_cursor_execute", listener, sql, params)
        return answer

    def _call(self, name: str, listener: Listener, sql: str, params: Any) -> Any:
        self._busy = True
        try:
            return listener(self._owner(), self._channel.cursor, sql, params, None, False)
        except BaseException as err:
            if hasattr(err, "add_note"):
                err.add_note(f"raised by the listener {getattr(listener, '__qualname__', listener)} of {name}")
            raise
        finally:
            self._busy = False

    def _handle(self, error: exc.StatementError, connection: Connection | None) -> None:
        listeners = self._listeners.get("handle_error", ())
        if not listeners or connection is None:
            return
        context = ExceptionContext(connection, connection.engine, error, self._channel.cursor)
        was_lost = context.is_disconnect
        self._busy = True
        try:
            other = replaced(context, listeners)
        finally:
            self._busy = False
            if context.is_disconnect and not was_lost:
                if isinstance(error, exc.DBAPIError):
                    error.connection_invalidated = True
                self._channel.lost("a listener of handle_error said so")
        if other is not None:
            raise other from error.orig

    # Transactions

    def begin(self) -> None:
        """Note that a transaction begins, if none has."""
        if not self._begun:
            self._begun = True
            self.tell("begin")

    def finish(self, name: str, act: Callable[[], None]) -> None:
        """Commit or roll back by `act`, after its event if there is a transaction."""
        if self._begun or self._channel.active:
            self.tell(name)
        try:
            act()
        except exc.StatementError as err:
            self._handle(err, self._owner())
            raise
        finally:
            self._begun = self._channel.active

    def tell(self, name: str, *args: Any) -> None:
        """Call the listeners of an event of the Connection."""
        connection = self._owner()
        for listener in self._listeners.get(name, ()):
            listener(connection, *args)

    # Constructs

    def before_execute(self, statement: Any, params: Any, options: Mapping[str, Any]) -> tuple[Any, Any]:
        """Return (statement, parameters) to execute."""
        for listener in self._listeners.get("before_execute", ()):
            multi, single = _both_forms(params)
            changed = listener(self._owner(), statement, multi, single, options)
            if changed is not None:
                statement, multi, single = changed
                params = multi or single or None
        return statement, params

    def after_execute(self, statement: Any, params: Any, options: Mapping[str, Any], result: Any) -> None:
        """Tell of a Result; None where a Session makes objects of the rows."""
        for listener in self._listeners.get("after_execute", ()):
            listener(self._owner(), statement, *_both_forms(params), options, result)


def _both_forms(params: Any) -> tuple[Any, Any]:
    if params is None:
        return [], {}
    return ([], params) if isinstance(params, Mapping) else (params, {})
