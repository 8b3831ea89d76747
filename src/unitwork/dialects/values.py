"""Python values on their way to a driver: checked, made plain, or refused before any SQL is sent.

A :class:`Binding` converts the values of one column type. It exists twice: for a single cell, and for a whole column,
where a set of exact classes (or one pass in C) shows that nothing has to be done. Instances of subclasses are turned
into the plain class: a driver must never call code of a user's class to find out what to put into SQL text.

A value that cannot come back equal is refused with ValueError or TypeError; whoever knows table and column makes a
StatementError of it. None passes everywhere.

Spec: LB-34; BK-01; the promise that no value changes silently.
"""

from __future__ import annotations

import datetime
import decimal
import math
import operator
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from unitwork.base.markers import Marker

Cell = Callable[[Any], Any]
NONE = type(None)
_LIMIT = 1 << 63


class Binding(NamedTuple):
    """How values of one type go to the driver: one at a time, or a column of them."""

    cell: Cell
    column: Callable[[Sequence[Any]], Sequence[Any]]


def by_class(cell: Cell, *exact: type) -> Binding:
    """Return a Binding for values that pass as they are if their class is one of `exact`."""
    passing = frozenset((*exact, NONE))

    def convert(value: Any) -> Any:
        return value if value.__class__ in passing else cell(value)

    def column(values: Sequence[Any]) -> Sequence[Any]:
        # HOT: one pass in C shows that there is nothing to do; bench: batch insert.
        if passing.issuperset(map(type, values)):
            return values
        return [convert(value) for value in values]

    return Binding(convert, column)


def each(cell: Cell) -> Binding:
    """Return a Binding that calls `cell` for every value but None."""

    def convert(value: Any) -> Any:
        return None if value is None else cell(value)

    def column(values: Sequence[Any]) -> Sequence[Any]:
        return [None if value is None else cell(value) for value in values]

    return Binding(convert, column)


class MarkerFound(TypeError):
    """A cell holds a marker such as DEFAULT_CELL: the row needs a statement of another form."""


def refuse(value: Any, expected: str) -> Exception:
    """Return the error for a value of a class that the type does not take."""
    if isinstance(value, Marker):
        return MarkerFound(f"{value!r} is no value")
    return TypeError(f"expected {expected}, got {type(value).__qualname__}")


# Whole numbers


def whole(value: Any) -> Any:
    """Return an int within 64 bits; a number with a fraction is refused, text is left to the database."""
    if isinstance(value, int):
        number = int(value)
    elif isinstance(value, (float, decimal.Decimal)):
        if not math.isfinite(value) or value != int(value):
            raise ValueError(f"{value!r} is no whole number")
        number = int(value)
    elif isinstance(value, str):
        return str.__str__(value)
    else:
        raise refuse(value, "int")
    if not -_LIMIT <= number < _LIMIT:
        raise ValueError(f"{number} does not fit into 64 bits")
    return number


def _whole_column(values: Sequence[Any]) -> Sequence[Any]:
    # HOT: two passes in C for a column of plain ints; bench: batch insert.
    classes = set(map(type, values))
    if classes == {int}:
        numbers: Sequence[Any] = values
    elif classes <= {int, NONE}:
        numbers = [value for value in values if value is not None]
    else:
        return [None if value is None else whole(value) for value in values]
    if numbers and (max(numbers) >= _LIMIT or min(numbers) < -_LIMIT):
        return [None if value is None else whole(value) for value in values]
    return values


WHOLE = Binding(lambda value: None if value is None else whole(value), _whole_column)


# Text


def text_binding(nul_allowed: bool) -> Binding:
    """Return the Binding for text that must be Unicode without lone surrogates, and without NUL where not allowed."""

    def check(text: str) -> None:
        if not text.isascii():
            text.encode()
        if not nul_allowed and "\0" in text:
            raise ValueError("the database cannot store text with a NUL character")

    def convert(value: Any) -> Any:
        if value is None:
            return None
        if not isinstance(value, str):
            return plain(value)
        check(value)
        return value if value.__class__ is str else str.__str__(value)

    exact_text = frozenset((str,))
    text_or_none = frozenset((str, NONE))

    def column(values: Sequence[Any]) -> Sequence[Any]:
        # HOT: a few passes in C for a column of plain str; bench: batch insert.
        if exact_text.issuperset(map(type, values)):
            joined = "".join(values)
        elif text_or_none.issuperset(map(type, values)):
            joined = "".join(filter(None, values))
        else:
            return [convert(value) for value in values]
        try:
            check(joined)
        except ValueError:
            return [convert(value) for value in values]  # raises for the value that it is
        return values

    return Binding(convert, column)


# Truth


def truth(value: Any) -> bool:
    """Return True or False of a value that is one of these, or 1 or 0."""
    if value is True or value is False:
        return value
    if isinstance(value, (int, float, decimal.Decimal)) and (value == 0 or value == 1):
        return bool(value)
    if isinstance(value, (int, float, decimal.Decimal)):
        raise ValueError(f"{value!r} is neither True nor False")
    raise refuse(value, "bool")


TRUTH = by_class(truth, bool)


# Floating point numbers


def floating(value: Any, special_allowed: bool) -> float:
    """Return a plain float."""
    if not isinstance(value, (int, float, decimal.Decimal)):
        raise refuse(value, "float")
    number = float(value)
    if not special_allowed and not math.isfinite(number):
        raise ValueError(f"the database cannot store {number!r}")
    return number


def finite_binding(infinity_allowed: bool) -> Binding:
    """Return the Binding of Float where NaN cannot be stored."""

    def cell(value: Any) -> float:
        number = floating(value, True)
        if number != number or (not infinity_allowed and math.isinf(number)):
            raise ValueError(f"the database cannot store {number!r}")
        return number

    refused = math.isnan if infinity_allowed else _not_finite
    plain_classes = frozenset((float,))

    def column(values: Sequence[Any]) -> Sequence[Any]:
        # HOT: two passes in C for a column of plain floats; bench: batch insert.
        if plain_classes.issuperset(map(type, values)) and not any(map(refused, values)):
            return values
        return [None if value is None else cell(value) for value in values]

    return Binding(lambda value: None if value is None else cell(value), column)


def _not_finite(value: float) -> bool:
    return value - value != 0


FLOAT_ANY = by_class(lambda value: floating(value, True), float)


# Exact numbers


def exact_number(value: Any) -> decimal.Decimal:
    """Return a plain Decimal; a float is taken as the shortest text that means it."""
    if isinstance(value, decimal.Decimal):
        number = decimal.Decimal(value)
    elif isinstance(value, float):
        number = decimal.Decimal(float.__repr__(value))
    elif isinstance(value, int):
        number = decimal.Decimal(int(value))
    else:
        raise refuse(value, "Decimal")
    if number.is_snan():
        raise ValueError("the database cannot store a signalling NaN")
    return number


def finite_number(value: Any) -> decimal.Decimal:
    """Return a plain Decimal that is neither NaN nor infinite."""
    number = exact_number(value)
    if not number.is_finite():
        raise ValueError(f"the database cannot store {number}")
    return number


# Dates and times


def day(value: Any) -> datetime.date:
    """Return a date; a datetime is refused, as its time would be lost."""
    if isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
        return datetime.date(value.year, value.month, value.day)
    raise refuse(value, "date")


def any_time(value: Any) -> datetime.time:
    """Return a time, with zone or without."""
    if not isinstance(value, datetime.time):
        raise refuse(value, "time")
    return value


def naive_time(value: Any) -> datetime.time:
    """Return a time without zone."""
    if value.__class__ is datetime.time and value.tzinfo is None:
        return value
    if not isinstance(value, datetime.time):
        raise refuse(value, "time")
    if value.tzinfo is not None:
        raise ValueError(f"{value!r} has a time zone, the column has none")
    return datetime.time(value.hour, value.minute, value.second, value.microsecond)


def naive_moment(value: Any) -> datetime.datetime:
    """Return a datetime without zone."""
    if value.__class__ is datetime.datetime and value.tzinfo is None:
        return value
    if not isinstance(value, datetime.datetime):
        raise refuse(value, "datetime")
    if value.tzinfo is not None:
        raise ValueError(f"{value!r} has a time zone, the column has none; use DateTime(timezone=True)")
    return datetime.datetime(
        value.year, value.month, value.day, value.hour, value.minute, value.second, value.microsecond
    )


def aware_moment(value: Any) -> datetime.datetime:
    """Return a datetime in UTC."""
    if not isinstance(value, datetime.datetime):
        raise refuse(value, "datetime")
    if value.utcoffset() is None:
        raise ValueError(f"{value!r} has no time zone, the column needs one")
    return value.astimezone(datetime.timezone.utc)


def without_zone(check: Cell, exact: type) -> Binding:
    """Return the Binding of datetimes or times that must have no zone."""
    binding = each(check)
    plain_classes = frozenset((exact,))

    def column(values: Sequence[Any]) -> Sequence[Any]:
        # HOT: two passes in C for a column of plain naive values; bench: batch insert.
        if plain_classes.issuperset(map(type, values)) and not any(map(_ZONE, values)):
            return values
        return binding.column(values)

    return Binding(binding.cell, column)


def as_text(check: Cell, exact: type, render: Cell) -> Binding:
    """Return the Binding of dates and naive times that are sent as text; `check` gives plain ones of class `exact`."""
    plain_classes = frozenset((exact,))
    has_zone = exact is not datetime.date

    def cell(value: Any) -> Any:
        return None if value is None else render(check(value))

    def column(values: Sequence[Any]) -> Sequence[Any]:
        # HOT: a few passes in C for a column of plain naive values; bench: batch insert.
        if plain_classes.issuperset(map(type, values)) and not (has_zone and any(map(_ZONE, values))):
            return list(map(render, values))
        return [cell(value) for value in values]

    return Binding(cell, column)


_ZONE = operator.attrgetter("tzinfo")
NAIVE_MOMENT = without_zone(naive_moment, datetime.datetime)
NAIVE_TIME = without_zone(naive_time, datetime.time)


# Bytes


def octets(value: Any) -> bytes:
    """Return bytes of anything that holds bytes."""
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value)
    raise refuse(value, "bytes")


OCTETS = by_class(octets, bytes)


# Values of unknown type


def plain(value: Any) -> Any:
    """Return the value as an instance of the plain class that its class derives from.

    Raises:
        TypeError: it derives from none that drivers know.
    """
    for base, make in _PLAIN:
        if isinstance(value, base):
            return make(value)
    raise refuse(value, "a plain value")


_PLAIN: tuple[tuple[type, Cell], ...] = (
    (bool, bool),
    (int, whole),
    (str, str.__str__),
    (float, float),
    (decimal.Decimal, exact_number),
    (bytes, bytes),
    (bytearray, bytes),
    (memoryview, bytes),
    (datetime.datetime, lambda value: value),
    (datetime.date, day),
    (datetime.time, lambda value: value),
    (datetime.timedelta, lambda value: value),
)


# Results


class _Truth(dict[Any, Any]):
    """0 and 1 to False and True, as a look-up: a third of the cost of a function."""

    def __missing__(self, key: Any) -> bool:
        return bool(key)


to_bool: Cell = _Truth({None: None, 0: False, 1: True}).__getitem__


def nullable(convert: Cell) -> Cell:
    """Return a converter that lets None pass."""
    return lambda value: None if value is None else convert(value)


def number_of(scale: int | None) -> Cell:
    """Return the way from int, float or text to a Decimal with `scale` digits after the point."""

    def convert(value: Any) -> Any:
        if value is None or isinstance(value, decimal.Decimal):
            return value
        if scale is None:
            return decimal.Decimal(repr(value) if isinstance(value, float) else value)
        if isinstance(value, float) and math.isfinite(value):
            return decimal.Decimal(f"{value:.{scale}f}")
        number = decimal.Decimal(value)
        return number if isinstance(value, str) or not scale else number + decimal.Decimal((0, (0,), -scale))

    return convert


def to_int(value: Any) -> Any:
    """Return a whole Decimal (the sum of integers) as int."""
    return int(value) if isinstance(value, decimal.Decimal) else value


def positions_refused(values: Iterable[Any], cell: Cell) -> list[tuple[int, Exception]]:
    """Return place and error of each value that `cell` refuses."""
    refused: list[tuple[int, Exception]] = []
    for place, value in enumerate(values):
        try:
            cell(value)
        except (ValueError, TypeError, OverflowError, decimal.DecimalException) as err:
            refused.append((place, err))
    return refused
