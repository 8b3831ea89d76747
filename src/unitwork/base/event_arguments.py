"""The arguments of events by name, for listeners registered with ``named=True``; and whose results count.

Spec: EV-02.
"""

from __future__ import annotations

_CONNECTION = ("conn",)
_POOLED = ("dbapi_connection", "connection_record")
_INSTANCE = ("target", "context")
_ROW = ("mapper", "connection", "target")

#: Event to the names of its arguments, in order.
ARGUMENTS: dict[str, tuple[str, ...]] = {
    # of engines and connections
    "begin": _CONNECTION,
    "commit": _CONNECTION,
    "rollback": _CONNECTION,
    "savepoint": ("conn", "name"),
    "rollback_savepoint": ("conn", "name", "context"),
    "release_savepoint": ("conn", "name", "context"),
    "before_execute": ("conn", "clauseelement", "multiparams", "params", "execution_options"),
    "after_execute": ("conn", "clauseelement", "multiparams", "params", "execution_options", "result"),
    "before_cursor_execute": ("conn", "cursor", "statement", "parameters", "context", "executemany"),
    "after_cursor_execute": ("conn", "cursor", "statement", "parameters", "context", "executemany"),
    "handle_error": ("exception_context",),
    "engine_connect": _CONNECTION,
    "set_connection_execution_options": ("conn", "opts"),
    "set_engine_execution_options": ("engine", "opts"),
    "engine_disposed": ("engine",),
    "do_connect": ("dialect", "conn_rec", "cargs", "cparams"),
    # of pools
    "connect": _POOLED,
    "first_connect": _POOLED,
    "checkout": (*_POOLED, "connection_proxy"),
    "checkin": _POOLED,
    "reset": (*_POOLED, "reset_state"),
    "invalidate": (*_POOLED, "exception"),
    "close": _POOLED,
    # of Sessions and mapped classes
    "before_flush": ("session", "flush_context", "instances"),
    "after_flush": ("session", "flush_context"),
    "load": _INSTANCE,
    **dict.fromkeys(("before_insert", "before_update", "before_delete"), _ROW),
    **dict.fromkeys(("after_insert", "after_update", "after_delete"), _ROW),
    "set": ("target", "value", "oldvalue", "initiator"),
    "append": ("target", "value", "initiator"),
    "remove": ("target", "value", "initiator"),
    "bulk_replace": ("target", "values", "initiator"),
    # of tables
    **dict.fromkeys(("before_create", "after_create", "before_drop", "after_drop"), ("target", "connection")),
}

#: Events whose listeners' results are used, with ``retval=True`` only.
WITH_RESULT = frozenset({"before_execute", "before_cursor_execute"})
