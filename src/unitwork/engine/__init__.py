"""Engines, connections, results: the database side that knows no mapped objects."""

from unitwork.dialects.url import URL, make_url
from unitwork.engine.connection import Connection
from unitwork.engine.engine import Engine, create_engine
from unitwork.engine.result import MappingResult, Result, ScalarResult
from unitwork.engine.row import Row, RowMapping
from unitwork.engine.transaction import NestedTransaction, RootTransaction, Transaction

__all__ = [
    "URL",
    "Connection",
    "Engine",
    "MappingResult",
    "NestedTransaction",
    "Result",
    "RootTransaction",
    "Row",
    "RowMapping",
    "ScalarResult",
    "Transaction",
    "create_engine",
    "make_url",
]
