"""Tables, columns and constraints, under the path of the reference."""

from __future__ import annotations

from unitwork.sql.constraints import (
    CheckConstraint,
    Constraint,
    ForeignKeyConstraint,
    PrimaryKeyConstraint,
    UniqueConstraint,
)
from unitwork.sql.ddl_statements import (
    DDL,
    AddConstraint,
    CreateIndex,
    CreateSchema,
    CreateSequence,
    CreateTable,
    DropColumnComment,
    DropConstraint,
    DropIndex,
    DropSchema,
    DropSequence,
    DropTable,
    DropTableComment,
    SetColumnComment,
    SetTableComment,
)
from unitwork.sql.defaults import ColumnDefault, DefaultClause, FetchedValue
from unitwork.sql.foreign_keys import ForeignKey
from unitwork.sql.generated import Computed, Identity, IdentityOptions
from unitwork.sql.indexes import Index
from unitwork.sql.names import conv, quoted_name
from unitwork.sql.schema import Column, MetaData, Table
from unitwork.sql.sequences import Sequence

__all__ = [
    "DDL",
    "AddConstraint",
    "CheckConstraint",
    "Column",
    "ColumnDefault",
    "Computed",
    "Constraint",
    "CreateIndex",
    "CreateSchema",
    "CreateSequence",
    "CreateTable",
    "DefaultClause",
    "DropColumnComment",
    "DropConstraint",
    "DropIndex",
    "DropSchema",
    "DropSequence",
    "DropTable",
    "DropTableComment",
    "FetchedValue",
    "ForeignKey",
    "ForeignKeyConstraint",
    "Identity",
    "IdentityOptions",
    "Index",
    "MetaData",
    "PrimaryKeyConstraint",
    "Sequence",
    "SetColumnComment",
    "SetTableComment",
    "Table",
    "UniqueConstraint",
    "conv",
    "quoted_name",
]
