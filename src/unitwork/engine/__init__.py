"""Engines, connections, results: the database side that knows no mapped objects."""

from unitwork.dialects.url import URL, make_url
from unitwork.engine.connection import Connection
from unitwork.engine.engine import Engine, create_engine
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

__all__ = [
    "URL",
    "Connection",
    "CursorResult",
    "Engine",
    "FilterResult",
    "FrozenResult",
    "MappingResult",
    "MergedResult",
    "NestedTransaction",
    "Result",
    "RootTransaction",
    "Row",
    "RowMapping",
    "ScalarResult",
    "Transaction",
    "TupleResult",
    "create_engine",
    "make_url",
]
