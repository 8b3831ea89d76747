"""Generated values for every column type, and what "came back equal" means.

A value may change its class where that class is not the type's own: True in an Integer comes back as 1. It must then be
written the same. Beyond ``==`` are compared: class, sign of a floating zero, NaN, and that a moment has a zone.
"""

from __future__ import annotations

import datetime
import decimal
import enum
import math
import pickle
import random
import uuid
from collections.abc import Callable, Iterator
from typing import Any

from unitwork import types as t

UTC = datetime.timezone.utc


class Colour(enum.Enum):
    """Members whose values say nothing about their names."""

    RED = 1
    GREEN = "g"
    SCARLET = 1  # noqa: PIE796 - an alias
    BLUE = None


class Odd:
    """An object that no type takes; its own code must never be run."""

    def __repr__(self) -> str:
        raise AssertionError("code of the value was run")

    __str__ = __repr__
    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        raise AssertionError("code of the value was run")


class Doubled(t.TypeDecorator):
    """An Integer that is stored doubled."""

    impl = t.Integer
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Any) -> Any:
        if value is not None and not isinstance(value, int):
            raise TypeError("no int")
        return None if value is None else value * 2

    def process_result_value(self, value: Any, dialect: Any) -> Any:
        return None if value is None else value // 2


#: A column type, by a short name.
TYPES: dict[str, t.TypeEngine] = {
    "small": t.SmallInteger(),
    "integer": t.Integer(),
    "big": t.BigInteger(),
    "string": t.String(20),
    "unicode": t.Unicode(5),
    "text": t.Text(),
    "char": t.CHAR(6),
    "boolean": t.Boolean(),
    "float": t.Float(),
    "double": t.Double(),
    "single": t.Float(20),
    "real": t.REAL(),
    "float_as_decimal": t.Float(asdecimal=True),
    "numeric": t.Numeric(12, 4),
    "numeric_whole": t.Numeric(15),
    "numeric_any": t.Numeric(),
    "numeric_as_float": t.Numeric(10, 2, asdecimal=False),
    "date": t.Date(),
    "time": t.Time(),
    "moment": t.DateTime(),
    "moment_zone": t.DateTime(timezone=True),
    "timestamp": t.TIMESTAMP(timezone=True),
    "interval": t.Interval(),
    "interval_number": t.Interval(native=False),
    "bytes": t.LargeBinary(),
    "bytes_10": t.LargeBinary(10),
    "binary": t.BINARY(4),
    "varbinary": t.VARBINARY(12),
    "uuid": t.Uuid(),
    "uuid_text": t.Uuid(as_uuid=False),
    "uuid_hex": t.Uuid(native_uuid=False),
    "enum": t.Enum(Colour, native_enum=False),
    "enum_text": t.Enum("a", "b'c", "ü%", native_enum=False),
    "enum_native": t.Enum(Colour, name="fidelity_colour"),
    "enum_text_native": t.Enum("x", "y'%", "ü\"", name="fidelity text"),
    "json": t.JSON(),
    "json_null": t.JSON(none_as_null=True),
    "pickle": t.PickleType(),
    "doubled": Doubled(),
    "variant": t.BigInteger().with_variant(t.Integer(), "sqlite"),
}

EDGES: list[Any] = [
    None, True, False, 0, 1, -1, 2, 2**15 - 1, 2**15, -(2**15) - 1, 2**31 - 1, 2**31, -(2**31) - 1, 2**53, 2**53 + 1,
    2**63 - 1, 2**63, -(2**63), 10**30, 0.0, -0.0, 0.5, 1.5, 0.1, 1 / 3, 1e16, 1e22, 1e300, 5e-324,
    -1.7976931348623157e308, 16777217.0, 3.4e38, math.nan, math.inf, -math.inf, "", "a", "abc", "a" * 20, "a" * 21,
    "blank ", " ", "ä" * 5,
    "🎉" * 6, "nul\0", "half \ud83d", "it's 100% \\ \"q\" `b` $1 :n ?", "NULL", "null", "1", "2024-01-01", "true",
    b"", b"abc", b"\x00\xff", b"a" * 4, b"a" * 11, bytearray(b"xy"), decimal.Decimal("0"), decimal.Decimal("1.5"),
    decimal.Decimal("1.50000"), decimal.Decimal("0.00005"), decimal.Decimal("1E+5"), decimal.Decimal("1E-7"),
    decimal.Decimal("123456789012345678901234567890.123456789012345678901234567890"), decimal.Decimal("NaN"),
    decimal.Decimal("sNaN"), decimal.Decimal("Infinity"), decimal.Decimal("99999999.9999"),
    decimal.Decimal("100000000"),
    datetime.date(1, 1, 1), datetime.date(9999, 12, 31), datetime.date(2024, 2, 29), datetime.time(0, 0),
    datetime.time(23, 59, 59, 999999), datetime.time(12, tzinfo=UTC), datetime.datetime(1, 1, 1),
    datetime.datetime(9999, 12, 31, 23, 59, 59, 999999), datetime.datetime(2024, 10, 27, 2, 30),
    datetime.datetime(1, 1, 1, tzinfo=UTC), datetime.datetime(9999, 12, 31, 23, tzinfo=UTC),
    datetime.datetime(2024, 10, 27, 0, 30, 0, 1, UTC), datetime.datetime(1969, 12, 31, 23, tzinfo=UTC),
    datetime.datetime(2024, 1, 1, tzinfo=datetime.timezone(datetime.timedelta(hours=-11, minutes=-30))),
    datetime.timedelta(0), datetime.timedelta(microseconds=-1),
    datetime.timedelta(days=-400, seconds=5, microseconds=7),
    datetime.timedelta(hours=100, microseconds=999999), datetime.timedelta.max, datetime.timedelta.min,
    uuid.UUID(int=0), uuid.UUID(int=2**128 - 1), "12345678-1234-5678-1234-567812345678",
    "12345678123456781234567812345678", "12345678-1234-5678-1234-56781234567G",
    Colour.RED, Colour.GREEN, Colour.BLUE, "RED", "b'c", "ü%", t.JSON.NULL,
    [], {}, [1, "a", None, True, 1.5, {"k": []}], {"a": {"b": [1, 2]}, "ü": "🎉"}, {"n": math.nan}, {1: "a"}, (1, 2),
    {"t": (1, 2)}, {"big": 10**40, "f": 1e22, "nul": "\0", "half": "\ud800", "quote": "\"\\'%"}, {"s": {1}},
    object(), Odd(), range(3), 1j,
]  # fmt: skip


def nested(depth: int) -> Any:
    """A list in lists."""
    value: Any = []
    for _ in range(depth):
        value = [value]
    return value


EDGES += [nested(20), nested(40), nested(5000)]


def _text(rng: random.Random) -> str:
    alphabet = "abc XYZ019'\"\\%_?:;`$\t\n\räß漢🎉\x7f\u00a0"
    return "".join(rng.choice(alphabet) for _ in range(rng.choice([0, 1, 3, 5, 6, 12, 20, 25])))


def _decimal(rng: random.Random) -> decimal.Decimal:
    digits = rng.randrange(10 ** rng.randrange(1, 20))
    return decimal.Decimal(rng.choice((1, -1)) * digits).scaleb(-rng.randrange(8))


def _moment(rng: random.Random) -> datetime.datetime:
    start = datetime.datetime(1, 1, 3)
    moment = start + datetime.timedelta(microseconds=rng.randrange(9990 * 365 * 86400 * 10**6))
    return moment if rng.random() < 0.6 else moment.replace(microsecond=0)


def _json(rng: random.Random, depth: int = 0) -> Any:
    kind = rng.randrange(8 if depth < 3 else 6)
    if kind == 6:
        return [_json(rng, depth + 1) for _ in range(rng.randrange(4))]
    if kind == 7:
        return {_text(rng): _json(rng, depth + 1) for _ in range(rng.randrange(4))}
    return [None, True, rng.randrange(-(10**12), 10**12), rng.uniform(-1e6, 1e6), _text(rng), False][kind]


MAKERS: dict[type, Callable[[random.Random], Any]] = {
    int: lambda rng: rng.randrange(-(2 ** (bits := rng.choice([3, 15, 31, 63, 64]))), 2**bits),
    float: lambda rng: rng.choice(
        [
            rng.uniform(-1e3, 1e3),
            float(rng.randrange(-1000, 1000)) + 0.0,
            rng.uniform(-1, 1) * 10.0 ** rng.randrange(-300, 300),
        ]
    ),
    str: _text,
    bool: lambda rng: rng.choice([True, False, 0, 1]),
    decimal.Decimal: _decimal,
    bytes: lambda rng: rng.randbytes(rng.choice([0, 1, 4, 10, 12, 30])),
    datetime.date: lambda rng: datetime.date.fromordinal(rng.randrange(1, datetime.date.max.toordinal())),
    datetime.time: lambda rng: _moment(rng).time(),
    datetime.datetime: lambda rng: rng.choice([_moment(rng), _moment(rng).replace(tzinfo=UTC), _moment(rng).replace(
        tzinfo=datetime.timezone(datetime.timedelta(minutes=rng.randrange(-840, 840))))]),
    datetime.timedelta: lambda rng: datetime.timedelta(
        microseconds=rng.randrange(-(10**e), 10**e) if (e := rng.randrange(1, 18)) else 0
    ),
    uuid.UUID: lambda rng: uuid.UUID(int=rng.getrandbits(128)),
    Colour: lambda rng: rng.choice(list(Colour)),
    dict: _json,
}  # fmt: skip


def values_for(name: str, seed: int, count: int) -> Iterator[Any]:
    """Yield the edge cases, then `count` values, most of them of the type's own class."""
    type_ = TYPES[name]
    rng = random.Random(f"{name} {seed}")
    yield from EDGES
    own = dict if name.startswith("json") else int if name in ("doubled", "variant") else type_.python_type
    makers = list(MAKERS.values())
    for _ in range(count):
        make = MAKERS.get(own) if rng.random() < 0.85 else None
        yield (make or rng.choice(makers))(rng)


def came_back(type_: t.TypeEngine, given: Any, found: Any) -> bool:
    """Say whether `found`, read back, is the `given` value."""
    if given is None:
        return found is None
    if isinstance(type_, t.PickleType):
        return pickle.dumps(given) == pickle.dumps(found)
    if isinstance(type_, t.JSON):
        return (found is None and given is t.JSON.NULL) or _same_document(given, found)
    if type(given) is not type(found):
        return _same_in_other_words(given, found)
    if isinstance(type_, t.Numeric) and not isinstance(type_, t.Float) and found == 0:
        return bool(given == 0)  # an exact number has no negative zero
    if isinstance(given, float):
        return repr(given) == repr(found)
    if isinstance(given, decimal.Decimal):
        return given == found or (given.is_nan() and found.is_nan())
    if isinstance(given, datetime.datetime):
        return given == found and (given.tzinfo is None) == (found.tzinfo is None)
    return bool(given == found)


def _same_document(given: Any, found: Any) -> bool:
    # Without recursion: documents are as deep as Python can read them.
    pairs = [(given, found)]
    while pairs:
        one, other = pairs.pop()
        if type(one) is not type(other):
            return False
        if isinstance(one, list) and len(one) == len(other):
            pairs.extend(zip(one, other))
        elif isinstance(one, dict) and one.keys() == other.keys():
            pairs.extend((one[key], other[key]) for key in one)
        elif isinstance(one, float):
            if repr(one) != repr(other):
                return False
        elif one != other:
            return False
    return True


def _same_in_other_words(given: Any, found: Any) -> bool:
    number = (bool, int, float, decimal.Decimal)
    if isinstance(given, number) and isinstance(found, number):
        if math.isnan(given):
            return math.isnan(found)
        # 0.1 is written as Decimal("0.1"), which is not the number that it is.
        return given == found or decimal.Decimal(str(given * 1)) == decimal.Decimal(str(found * 1))
    return isinstance(given, bytearray) and given == found
