"""The column types of everyday use.

Spec: LB-19, LB-20.
"""

from __future__ import annotations

import datetime
import decimal
import uuid
from typing import Any, ClassVar

from unitwork.sql.type_base import NULLTYPE as NULLTYPE
from unitwork.sql.type_base import NullType as NullType
from unitwork.sql.type_base import TypeArgument as TypeArgument
from unitwork.sql.type_base import TypeEngine as TypeEngine
from unitwork.sql.type_base import to_type as to_type


class Integer(TypeEngine):
    """Whole numbers, 32 bit (64 on SQLite)."""

    visit = "integer"
    python_type = int
    #: Bits of a value on databases that limit it.
    bits: ClassVar[int] = 32


class SmallInteger(Integer):
    """Whole numbers, 16 bit."""

    visit = "small_integer"
    bits = 16


class BigInteger(Integer):
    """Whole numbers, 64 bit."""

    visit = "big_integer"
    bits = 64


class String(TypeEngine):
    """Text of limited length, VARCHAR.

    Args:
        length: in characters; a longer text is refused. Without one MariaDB keeps a LONGTEXT, and wants a length where
            the column is part of a key or an index.
        collation: name of a collation of the database, for DDL.
    """

    visit = "string"
    parameters = ("length", "collation")
    python_type = str

    def __init__(self, length: int | None = None, collation: str | None = None) -> None:
        self.length = length
        self.collation = collation


class Text(String):
    """Text of any length."""

    visit = "text"


class Unicode(String):
    """The same as String: all text is Unicode."""


class UnicodeText(Text):
    """The same as Text: all text is Unicode."""


class Boolean(TypeEngine):
    """True or False; a small integer where the database has no such type.

    Args:
        create_constraint: have the database check it, where it has no such type.
        name: of that constraint.
    """

    visit = "boolean"
    python_type = bool
    create_constraint: bool = False
    name: str | None = None

    def __init__(self, create_constraint: bool = False, name: str | None = None) -> None:
        if create_constraint:
            self.create_constraint, self.name = True, name

    def allowed(self) -> list[object]:
        """Return what a CHECK constraint lets into the column."""
        return [0, 1]


class Numeric(TypeEngine):
    """Exact decimal numbers.

    Args:
        precision: digits in all.
        scale: digits after the point; with a precision 0 by default. A number with more digits is refused.
        asdecimal: results are Decimal if True, else float.
    """

    visit = "numeric"
    parameters = ("precision", "scale", "asdecimal")

    def __init__(self, precision: int | None = None, scale: int | None = None, asdecimal: bool = True) -> None:
        self.precision = precision
        self.scale = scale
        self.asdecimal = asdecimal
        self.python_type = decimal.Decimal if asdecimal else float

    @property
    def digits_after_point(self) -> int | None:
        """How many the database keeps; None for any number."""
        return 0 if self.scale is None and self.precision is not None else self.scale

    @property
    def digits_before_point(self) -> int | None:
        """How many the database keeps; None for any number."""
        return None if self.precision is None else self.precision - (self.scale or 0)


class Float(Numeric):
    """Floating point numbers; results are float unless `asdecimal` is True.

    Args:
        precision: bits of the mantissa; up to 24 the servers keep single precision, and other numbers are refused.
    """

    visit = "float"

    def compare_values(self, left: Any, right: Any) -> bool:
        """Zeros of different sign are different."""
        return bool(left == right) and (bool(left) or repr(left) == repr(right))

    def __init__(self, precision: int | None = None, asdecimal: bool = False) -> None:
        super().__init__(precision, None, asdecimal)


class Double(Float):
    """Floating point numbers of double precision."""

    visit = "double"


class Date(TypeEngine):
    """A calendar date, ``datetime.date``."""

    visit = "date"
    python_type = datetime.date


class Time(TypeEngine):
    """A time of day, ``datetime.time``, to the microsecond.

    Args:
        timezone: with the offset from UTC; on PostgreSQL only, other databases refuse it.
    """

    visit = "time"
    parameters = ("timezone",)
    python_type = datetime.time

    def __init__(self, timezone: bool = False) -> None:
        self.timezone = timezone


class DateTime(TypeEngine):
    """A point in time, ``datetime.datetime``, to the microsecond.

    Args:
        timezone: values are aware, and come back in UTC; else they have no zone. The other kind is refused.
    """

    visit = "datetime"
    parameters = ("timezone",)
    python_type = datetime.datetime

    def __init__(self, timezone: bool = False) -> None:
        self.timezone = timezone


class LargeBinary(TypeEngine):
    """Bytes of any length, BLOB."""

    visit = "large_binary"
    parameters = ("length",)
    python_type = bytes

    def __init__(self, length: int | None = None) -> None:
        self.length = length


class Uuid(TypeEngine):
    """A ``uuid.UUID``; 32 hexadecimal digits where the database has no such type.

    Args:
        as_uuid: values are ``uuid.UUID``, else text in the usual form, with hyphens.
        native_uuid: use the type of the database, if it has one.
    """

    visit = "uuid"
    parameters = ("as_uuid", "native_uuid")

    def __init__(self, as_uuid: bool = True, native_uuid: bool = True) -> None:
        self.as_uuid = as_uuid
        self.native_uuid = native_uuid
        self.python_type = uuid.UUID if as_uuid else str


class Interval(TypeEngine):
    """A span of time, ``datetime.timedelta``; a number of microseconds where the database has no such type.

    Args:
        native: use the type of the database, if it has one.
        second_precision, day_precision: accepted; every microsecond and day is kept.
    """

    visit = "interval"
    parameters = ("native",)
    python_type = datetime.timedelta

    def __init__(
        self, native: bool = True, second_precision: int | None = None, day_precision: int | None = None
    ) -> None:
        self.native = native


class TupleType(TypeEngine):
    """The type of a row value ``(a, b)``; each item of a value has the type at its place in :attr:`types`."""

    visit = "tuple"
    parameters = ("types",)
    python_type = tuple

    def __init__(self, *types: TypeEngine) -> None:
        self.types = types

    def own_key(self) -> Any:
        return (TupleType, *(type_.cache_key for type_ in self.types))


INTEGER = Integer()
STRING = String()
BOOLEAN = Boolean()
NUMERIC = Numeric()
FLOAT = Float()
DATE = Date()
TIME = Time()
DATETIME = DateTime()
BINARY = LargeBinary()
INTERVAL = Interval()

#: Exact Python class of a plain value to its default type.
PLAIN_TYPES: dict[type, TypeEngine] = {
    bool: BOOLEAN,
    int: INTEGER,
    float: FLOAT,
    str: STRING,
    bytes: BINARY,
    bytearray: BINARY,
    memoryview: BINARY,
    decimal.Decimal: NUMERIC,
    datetime.datetime: DATETIME,
    datetime.date: DATE,
    datetime.time: TIME,
    datetime.timedelta: INTERVAL,
    uuid.UUID: Uuid(),
}


#: Types of moments and times that know their zone.
_AWARE: dict[TypeEngine, TypeEngine] = {DATETIME: DateTime(timezone=True), TIME: Time(timezone=True)}


def type_for(value: object) -> TypeEngine:
    """Return the default type of a Python class, or of a value by its class; NullType if there is none."""
    cls = value if isinstance(value, type) else type(value)
    for base in cls.__mro__:
        found = PLAIN_TYPES.get(base)
        if found is not None:
            aware = found in _AWARE and cls is not value and getattr(value, "tzinfo", None) is not None
            return _AWARE[found] if aware else found
    return NULLTYPE


_TEMPORAL = (Date, Time, DateTime)


def arithmetic_type(symbol: str, left: TypeEngine, right: TypeEngine) -> TypeEngine:
    """Return the type of ``left symbol right`` for ``+ - * / // %``.

    The wider number wins (Integer, then Numeric, then Float); ``/`` of whole numbers is Numeric. The difference of two
    dates is a number of days, of two moments or times an Interval; a date or time keeps its type when something is
    added to it, but that a date and an Interval make a moment.
    """
    if isinstance(left.base, _TEMPORAL) or isinstance(right.base, _TEMPORAL):
        return _temporal_type(left, right)
    if isinstance(left.base, Interval) or isinstance(right.base, Interval):
        return left if isinstance(left.base, Interval) else right
    if isinstance(left, NullType):
        return right
    if isinstance(right, NullType):
        return left
    if symbol == "/" and isinstance(left.base, Integer) and isinstance(right.base, Integer):
        return NUMERIC
    if _width(left) == _width(right) == 2:
        return _exact_type(symbol, left.base, right.base)
    return right if _width(right) > _width(left) else left


def _temporal_type(left: TypeEngine, right: TypeEngine) -> TypeEngine:
    if isinstance(left.base, _TEMPORAL) and isinstance(right.base, _TEMPORAL):
        both_days = isinstance(left.base, Date) and isinstance(right.base, Date)
        return INTEGER if both_days else INTERVAL
    own, other = (left, right) if isinstance(left.base, _TEMPORAL) else (right, left)
    return DATETIME if isinstance(own.base, Date) and isinstance(other.base, Interval) else own


def _exact_type(symbol: str, left: Any, right: Any) -> Numeric:
    """Return the type of a computed exact number, with the digits after the point that it can have."""
    if left.scale is None or right.scale is None or symbol not in ("+", "-", "*"):
        return Numeric(asdecimal=left.asdecimal)
    scale = left.scale + right.scale if symbol == "*" else max(left.scale, right.scale)
    return Numeric(None, scale, left.asdecimal)


def exact_type_of(number: decimal.Decimal, asdecimal: bool) -> Numeric:
    """Return the type of a Decimal that stands beside another exact number."""
    exponent = number.as_tuple().exponent
    return Numeric(None, max(0, -exponent) if isinstance(exponent, int) else None, asdecimal)


def _width(type_: TypeEngine) -> int:
    if isinstance(type_.base, Float):
        return 3
    if isinstance(type_.base, Numeric):
        return 2
    return 1 if isinstance(type_.base, Integer) else 0
