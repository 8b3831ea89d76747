"""Dialects: one database and its driver each; what they share is in `base`."""

from unitwork.dialects.base import Dialect
from unitwork.dialects.features import Features
from unitwork.dialects.mysql import MariaDBDialect, MySQLDialect
from unitwork.dialects.postgresql import PostgreSQLDialect
from unitwork.dialects.sqlite import SQLiteDialect

__all__ = ["Dialect", "Features", "MariaDBDialect", "MySQLDialect", "PostgreSQLDialect", "SQLiteDialect"]
