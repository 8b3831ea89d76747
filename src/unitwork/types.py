"""Column types, under the path of the reference."""

from __future__ import annotations

from unitwork.sql.types import (
    BigInteger,
    Boolean,
    Date,
    DateTime,
    Double,
    Float,
    Integer,
    LargeBinary,
    NullType,
    Numeric,
    SmallInteger,
    String,
    Text,
    Time,
    TypeEngine,
    Unicode,
    UnicodeText,
)

__all__ = [
    "BigInteger",
    "Boolean",
    "Date",
    "DateTime",
    "Double",
    "Float",
    "Integer",
    "LargeBinary",
    "NullType",
    "Numeric",
    "SmallInteger",
    "String",
    "Text",
    "Time",
    "TypeEngine",
    "Unicode",
    "UnicodeText",
]
