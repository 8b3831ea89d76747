"""``create_engine``: from a URL and options to an Engine that has opened nothing yet.

Spec: LB-29, BK-04, BK-05, BK-10, TX-52.
"""

from __future__ import annotations

import functools
import inspect
import threading
from collections.abc import Callable, Mapping
from typing import Any

from unitwork import exc
from unitwork.dialects.base import Dialect
from unitwork.dialects.names import dialect_class
from unitwork.dialects.url import URL, make_url
from unitwork.engine.engine import Engine
from unitwork.engine.log import Log
from unitwork.engine.pool import Pool
from unitwork.engine.queue_pool import QueuePool
from unitwork.engine.simple_pools import StaticPool
from unitwork.engine.watch import ExceptionContext, replaced


def create_engine(
    url: str | URL,
    *,
    isolation_level: str | None = None,
    echo: bool | str = False,
    hide_parameters: bool = False,
    logging_name: str | None = None,
    pool: Pool | None = None,
    poolclass: type[Pool] | None = None,
    connect_args: Mapping[str, Any] | None = None,
    creator: Callable[[], Any] | None = None,
    execution_options: Mapping[str, Any] | None = None,
    query_cache_size: int = 500,
    future: bool = True,
    **options: Any,
) -> Engine:
    """Return an Engine; opens nothing yet.

    Args:
        url: e.g. ``sqlite:///file.db``, ``sqlite://`` (in memory), ``postgresql+psycopg2://user:password@host/name``,
            ``mysql+pymysql://…``, ``mariadb+pymysql://…``; its query is passed to the driver.
        isolation_level: of every transaction (TX-52).
        echo: log statements, on standard output unless logging is configured; ``"debug"`` is the same.
        hide_parameters: show no values in the log and in errors.
        logging_name: put behind the logger's name, ``unitwork.engine.Engine``.
        pool: a pool that was made already; its options are its own.
        poolclass: QueuePool by default, StaticPool for SQLite in memory; see ``unitwork.pool``.
        connect_args: further arguments for the driver's ``connect``.
        creator: called instead of the driver's ``connect``.
        execution_options: of the Engine.
        query_cache_size: rendered statements to keep.
        future: only True is accepted.
        options: `pool_size`, `max_overflow`, `pool_timeout` and `pool_recycle` (seconds), `pool_pre_ping`,
            `pool_use_lifo`, `pool_reset_on_return`, `pool_logging_name`, `echo_pool`; for SQLite `foreign_keys`
            (enforce them, False by default as in the reference) and `begin` (``"DEFERRED"`` or ``"IMMEDIATE"``).
    Raises:
        ArgumentError: [bad-url], [unknown-dialect], [bad-engine-option], [unknown-isolation-level], [driver-missing].
    Spec: LB-29, BK-04, BK-05, BK-10, TX-52.
    """
    parsed = make_url(url)
    if future is not True:
        raise exc.ArgumentError("future=False is not there.", do="leave it out.", code="bad-engine-option")
    pool_options = {short: options.pop(name) for name, short in _POOL_OPTIONS.items() if name in options}
    dialect = _make_dialect(parsed, options)
    dialect.import_driver()
    opener = functools.partial(Opener, parsed, dialect, dict(connect_args or {}))
    own = opener(creator)
    if pool is None:
        kind = poolclass or (StaticPool if dialect.is_memory(parsed) else QueuePool)
        if not issubclass(kind, QueuePool):
            pool_options = {name: value for name, value in pool_options.items() if name not in _OF_QUEUES}
        pool = kind(own, dialect=dialect, **pool_options)
    else:
        own = pool.serve(dialect, opener)
    name = f"unitwork.engine.Engine.{logging_name}" if logging_name else "unitwork.engine.Engine"
    engine = Engine(parsed, dialect, pool, Log(name, echo, hide_parameters), query_cache_size)
    own.engine = engine
    if isolation_level is not None:
        engine.isolation = engine.checked_isolation(isolation_level)
        pool.autocommit = engine.isolation == "AUTOCOMMIT"
        dialect.session_isolation = None if pool.autocommit else engine.isolation
    if execution_options:
        engine.update_execution_options(**execution_options)
    return engine


def engine_from_config(configuration: Mapping[str, Any], prefix: str = "unitwork.", **kwargs: Any) -> Engine:
    """Return an Engine from a configuration, such as a section of an ini file.

    Args:
        configuration: ``{"unitwork.url": …, "unitwork.pool_size": "5", …}``; strings become what an option needs.
        prefix: of the keys that count.
        kwargs: further options of :func:`create_engine`; they win.
    Raises:
        ArgumentError [bad-engine-option]: there is no url, or a value cannot be read.
    """
    found = {key[len(prefix) :]: value for key, value in configuration.items() if key.startswith(prefix)}
    found = {name: _read(name, value) for name, value in found.items()}
    found.update(kwargs)
    if "url" not in found:
        raise exc.ArgumentError(
            f"the configuration has no {prefix}url.", do="add it, or give another prefix.", code="bad-engine-option"
        )
    return create_engine(found.pop("url"), **found)


_POOL_OPTIONS = {
    "pool_size": "pool_size",
    "max_overflow": "max_overflow",
    "pool_timeout": "timeout",
    "pool_use_lifo": "use_lifo",
    "pool_recycle": "recycle",
    "pool_pre_ping": "pre_ping",
    "pool_reset_on_return": "reset_on_return",
    "pool_logging_name": "logging_name",
    "echo_pool": "echo",
}
_OF_QUEUES = ("pool_size", "max_overflow", "timeout", "use_lifo")
_OTHERS = (
    "isolation_level echo hide_parameters logging_name pool poolclass connect_args creator execution_options".split()
)

_WORDS = {**dict.fromkeys(("true", "yes", "on", "1"), True), **dict.fromkeys(("false", "no", "off", "0"), False)}
_INTEGERS = ("pool_size", "max_overflow", "pool_timeout", "pool_recycle", "query_cache_size")
_FLAGS = ("echo", "echo_pool", "hide_parameters", "pool_pre_ping", "pool_use_lifo", "future", "foreign_keys")


def _read(name: str, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    text = value.strip()
    if name in _INTEGERS:
        if text.lstrip("-").isdigit():
            return int(text)
    elif name in _FLAGS:
        if text.lower() in _WORDS:
            return _WORDS[text.lower()]
        if text.lower() == "debug" and name.startswith("echo"):
            return "debug"
    elif name == "pool_reset_on_return" and text.lower() == "none":
        return None
    else:
        return value
    raise exc.ArgumentError(
        f"the configuration has {name} = {value!r}, which cannot be read.",
        do="give a whole number, or true or false.",
        code="bad-engine-option",
    )


def _make_dialect(url: URL, options: Mapping[str, Any]) -> Dialect:
    kind = dialect_class(url)
    known = set(inspect.signature(kind).parameters)
    for name in options:
        if name not in known:
            raise exc.ArgumentError(
                f"create_engine() has no option {name!r} for {kind.name}.",
                do=f"known are: {', '.join(sorted({*known, *_POOL_OPTIONS, *_OTHERS}))}, query_cache_size.",
                code="bad-engine-option",
            )
    return kind(**options)


class Opener:
    """Opens connections of the driver for a pool.

    Attributes:
        engine: whose `do_connect` and `handle_error` listeners are called.
    """

    engine: Engine | None = None

    def __init__(
        self, url: URL, dialect: Dialect, arguments: Mapping[str, Any], creator: Callable[[], Any] | None
    ) -> None:
        self._url = url
        self._dialect = dialect
        self._arguments = arguments
        self._creator = creator
        self._first = threading.Lock()
        self._initialized = False

    def __call__(self) -> Any:
        dialect = self._dialect
        try:
            connection = self._connect()
            if not self._initialized:
                with self._first:
                    dialect.initialize(connection)
                    self._initialized = True
        except exc.UnitworkError:
            raise
        except Exception as err:
            raise self._explained(dialect.cannot_connect(err, self._url)) from err
        return connection

    def _connect(self) -> Any:
        listeners = () if self.engine is None else self.engine.hooks.listeners.get("do_connect", ())
        dialect, connection, arguments = self._dialect, None, self._arguments
        if listeners:
            arguments = dict(arguments)
            for listener in listeners:
                connection = listener(dialect, None, [], arguments)
                if connection is not None:
                    break
        if connection is None:
            if self._creator is None:
                return dialect.connect(self._url, arguments)
            connection = self._creator()
        dialect.adopt(connection)
        return connection

    def _explained(self, error: exc.DBAPIError) -> BaseException:
        engine = self.engine
        listeners = () if engine is None else engine.hooks.listeners.get("handle_error", ())
        if engine is None or not listeners:
            return error
        return replaced(ExceptionContext(None, engine, error, None), listeners) or error
