"""Column types as plain descriptions: what a value is in Python, and which parameters its SQL name has.

Nothing here knows a database. A dialect turns a type into DDL text (``Style.ddl_type``, by :attr:`TypeEngine.visit`)
and into converters (``Dialect.bind_converter`` and ``result_converter``). Types are immutable after construction; two
types with equal :attr:`TypeEngine.cache_key` are interchangeable.

Spec: LB-19, LB-20.
"""

from __future__ import annotations

import datetime
import decimal
from functools import cached_property
from typing import ClassVar, TypeAlias

from unitwork import exc


class TypeEngine:
    """Base of every column type.

    Attributes:
        visit: kind of the type, by which dialects look up its SQL name and converters; subclasses inherit it.
        parameters: names of the attributes that, with the class, make up identity, ``repr`` and cache key.
        python_type: the Python class of a value, ``object`` where unknown.
    """

    visit: ClassVar[str] = "null"
    parameters: ClassVar[tuple[str, ...]] = ()
    python_type: type = object

    def compare_values(self, left: object, right: object) -> bool:
        """Say whether two Python values of this type are the same value, for net change (LB-20)."""
        return bool(left == right)

    @cached_property
    def cache_key(self) -> object:
        """What identifies the type in the shape of a statement; hashable, equal for types that work alike."""
        if not self.parameters:
            return type(self)
        return (type(self), *(getattr(self, name) for name in self.parameters))

    def __repr__(self) -> str:
        shown = [f"{name}={value!r}" for name in self.parameters if (value := getattr(self, name)) is not None]
        return f"{type(self).__name__}({', '.join(shown)})"


class NullType(TypeEngine):
    """The type of an expression about which nothing is known: values pass unconverted."""


class Integer(TypeEngine):
    """Whole numbers, 32 bit or more."""

    visit = "integer"
    python_type = int


class SmallInteger(Integer):
    """Whole numbers, 16 bit."""

    visit = "small_integer"


class BigInteger(Integer):
    """Whole numbers, 64 bit."""

    visit = "big_integer"


class String(TypeEngine):
    """Text of limited length, VARCHAR.

    Args:
        length: in characters; some databases (MySQL, MariaDB) demand it in DDL.
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
    """True or False; a small integer where the database has no such type."""

    visit = "boolean"
    python_type = bool


class Numeric(TypeEngine):
    """Exact decimal numbers.

    Args:
        precision: digits in all.
        scale: digits after the point.
        asdecimal: results are Decimal if True, else float.
    """

    visit = "numeric"
    parameters = ("precision", "scale", "asdecimal")

    def __init__(self, precision: int | None = None, scale: int | None = None, asdecimal: bool = True) -> None:
        self.precision = precision
        self.scale = scale
        self.asdecimal = asdecimal
        self.python_type = decimal.Decimal if asdecimal else float


class Float(Numeric):
    """Floating point numbers; results are float unless `asdecimal` is True."""

    visit = "float"

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
    """A time of day, ``datetime.time``."""

    visit = "time"
    parameters = ("timezone",)
    python_type = datetime.time

    def __init__(self, timezone: bool = False) -> None:
        self.timezone = timezone


class DateTime(TypeEngine):
    """A point in time, ``datetime.datetime``; with `timezone`, aware where the database can."""

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


class TupleType(TypeEngine):
    """The type of a row value ``(a, b)``; each item of a value has the type at its place in :attr:`types`."""

    visit = "tuple"
    parameters = ("types",)
    python_type = tuple

    def __init__(self, *types: TypeEngine) -> None:
        self.types = types

    @cached_property
    def cache_key(self) -> object:
        return (TupleType, *(type_.cache_key for type_ in self.types))


#: What is accepted where a type is expected: an instance, or a class that is called without arguments.
TypeArgument: TypeAlias = "TypeEngine | type[TypeEngine]"

NULLTYPE = NullType()
INTEGER = Integer()
STRING = String()
BOOLEAN = Boolean()
NUMERIC = Numeric()
FLOAT = Float()
DATE = Date()
TIME = Time()
DATETIME = DateTime()
BINARY = LargeBinary()

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
}


def to_type(argument: TypeArgument) -> TypeEngine:
    """Return `argument` as a type instance.

    Raises:
        ArgumentError [not-a-type]: it is neither a type nor a type class.
    """
    if isinstance(argument, TypeEngine):
        return argument
    if isinstance(argument, type) and issubclass(argument, TypeEngine):
        return argument()
    raise exc.ArgumentError(
        f"expected a column type such as Integer or String(50), got {argument!r}.",
        do="pass a class or an instance from unitwork.types.",
        code="not-a-type",
    )


def type_for(value: object) -> TypeEngine:
    """Return the default type of a Python class, or of a value by its class; NullType if there is none."""
    cls = value if isinstance(value, type) else type(value)
    found = PLAIN_TYPES.get(cls)
    if found is not None:
        return found
    for base in cls.__mro__[1:]:
        found = PLAIN_TYPES.get(base)
        if found is not None:
            return found
    return NULLTYPE


_TEMPORAL = (Date, Time, DateTime)


def arithmetic_type(symbol: str, left: TypeEngine, right: TypeEngine) -> TypeEngine:
    """Return the type of ``left symbol right`` for ``+ - * / // %``.

    The wider number wins (Integer, then Numeric, then Float); ``/`` of whole numbers is Numeric. A date or time keeps
    its type when something is added to it; the difference of two is of unknown type.
    """
    if isinstance(left, _TEMPORAL) or isinstance(right, _TEMPORAL):
        if isinstance(left, _TEMPORAL) and isinstance(right, _TEMPORAL):
            return NULLTYPE
        return left if isinstance(left, _TEMPORAL) else right
    if isinstance(left, NullType):
        return right
    if isinstance(right, NullType):
        return left
    if symbol == "/" and isinstance(left, Integer) and isinstance(right, Integer):
        return NUMERIC
    return right if _width(right) > _width(left) else left


def _width(type_: TypeEngine) -> int:
    if isinstance(type_, Float):
        return 3
    if isinstance(type_, Numeric):
        return 2
    return 1 if isinstance(type_, Integer) else 0
