"""Tables, columns and constraints, under the path of the reference."""

from __future__ import annotations

from unitwork.sql.constraints import (
    CheckConstraint,
    Constraint,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    UniqueConstraint,
)
from unitwork.sql.ddl import AddConstraint, CreateIndex, CreateTable, DropConstraint, DropIndex, DropTable
from unitwork.sql.defaults import ColumnDefault, DefaultClause, FetchedValue
from unitwork.sql.foreign_keys import ForeignKey
from unitwork.sql.schema import Column, MetaData, Table

__all__ = [
    "AddConstraint",
    "CheckConstraint",
    "Column",
    "ColumnDefault",
    "Constraint",
    "CreateIndex",
    "CreateTable",
    "DefaultClause",
    "DropConstraint",
    "DropIndex",
    "DropTable",
    "FetchedValue",
    "ForeignKey",
    "ForeignKeyConstraint",
    "Index",
    "MetaData",
    "PrimaryKeyConstraint",
    "Table",
    "UniqueConstraint",
]
