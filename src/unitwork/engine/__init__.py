"""Engines, connections, results: the database side that knows no mapped objects."""

from unitwork.dialects.url import URL, make_url
from unitwork.engine.connection import Connection
from unitwork.engine.create import create_engine, engine_from_config
from unitwork.engine.engine import Engine
from unitwork.engine.proxied import PoolProxiedConnection
from unitwork.engine.result import (
    CursorResult,
    FrozenResult,
    MappingResult,
    MergedResult,
    Result,
    ScalarResult,
    TupleResult,
)
from unitwork.engine.row import Row, RowMapping
from unitwork.engine.transaction import NestedTransaction, RootTransaction, Transaction
from unitwork.engine.view import FilterResult
from unitwork.engine.watch import ExceptionContext

__all__ = [
    "URL",
    "Connection",
    "CursorResult",
    "Engine",
    "ExceptionContext",
    "FilterResult",
    "FrozenResult",
    "MappingResult",
    "MergedResult",
    "NestedTransaction",
    "PoolProxiedConnection",
    "Result",
    "RootTransaction",
    "Row",
    "RowMapping",
    "ScalarResult",
    "Transaction",
    "TupleResult",
    "create_engine",
    "engine_from_config",
    "make_url",
]
