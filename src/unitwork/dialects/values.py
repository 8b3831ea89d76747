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


class Binding(NamedTuple):
    """How values of one type go to the driver: one at a time, or a column of them."""

    cell: Cell
    column: Callable[[Sequence[Any]], Sequence[Any]]


def by_class(cell: Cell, *exact: type) -> Binding:
    """Return a Binding for values that pass as they are if their class is one of `exact`."""
    passing = frozenset((*exact, NONE))

    def convert(value: Any) -> Any:
        return value if type(value) in passing else cell(value)

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


# Text


def text_binding(nul_allowed: bool, length: int | None = None) -> Binding:
    """Return the Binding for text that must be Unicode without lone surrogates.

    Args:
        nul_allowed: a NUL character is allowed.
        length: of the longest text, in characters; None for no limit.
    """

    def check(text: str) -> None:
        if not text.isascii():
            text.encode()
        if not nul_allowed and "\0" in text:
            raise ValueError("the database cannot store text with a NUL character")

    def convert(value: Any) -> Any:
        if value is None:
            return None
        if not isinstance(value, str):
            raise refuse(value, "str")
        text = value if type(value) is str else str.__str__(value)
        check(text)
        if length is not None and len(text) > length:
            raise ValueError(f"the text has {len(text)} characters, the column keeps {length}")
        return text

    exact_text = frozenset((str,))
    text_or_none = frozenset((str, NONE))

    def column(values: Sequence[Any]) -> Sequence[Any]:
        # HOT: a few passes in C for a column of plain str; bench: batch insert.
        if exact_text.issuperset(map(type, values)):
            texts = values
        elif text_or_none.issuperset(map(type, values)):
            texts = list(filter(None, values))
        else:
            return [convert(value) for value in values]
        if length is not None and texts and max(map(len, texts)) > length:
            return [convert(value) for value in values]
        try:
            check("".join(texts))
        except ValueError:
            return [convert(value) for value in values]  # raises for the value that it is
        return values

    return Binding(convert, column)


# Truth


def truth(value: Any) -> bool:
    """Return True or False of a value that is one of these, or 1 or 0."""
    if value is True or value is False:
        return value
    if isinstance(value, int):
        number: Any = int.__index__(value)
    elif isinstance(value, float):
        number = float.__float__(value)
    elif isinstance(value, decimal.Decimal):
        number = decimal.Decimal(value)
        if not number.is_finite():
            raise ValueError(f"{number} is neither True nor False")
    else:
        raise refuse(value, "bool")
    if number == 0 or number == 1:
        return bool(number)
    raise ValueError(f"{number} is neither True nor False")


TRUTH = by_class(truth, bool)


# Dates and times


def day(value: Any) -> datetime.date:
    """Return a date; a datetime is refused, as its time would be lost."""
    if type(value) is datetime.date:
        return value
    if isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
        return datetime.date(value.year, value.month, value.day)
    raise refuse(value, "date")


def aware_time(value: Any) -> datetime.time:
    """Return a time that says its offset from UTC."""
    if not isinstance(value, datetime.time):
        raise refuse(value, "time")
    offset = value.utcoffset()
    if offset is None:
        raise ValueError("the time has no offset from UTC, the column needs one")
    zone = datetime.timezone(offset)
    return datetime.time(value.hour, value.minute, value.second, value.microsecond, zone)


def no_time_with_zone(value: Any) -> Any:
    """Refuse any value of Time(timezone=True), where the database has no such type."""
    if not isinstance(value, datetime.time):
        raise refuse(value, "time")
    raise ValueError("the database has no time of day with a time zone; use Time() or DateTime(timezone=True)")


def naive_time(value: Any) -> datetime.time:
    """Return a time without zone."""
    if not isinstance(value, datetime.time):
        raise refuse(value, "time")
    if value.tzinfo is not None:
        raise ValueError("the time has a time zone, the column has none")
    return value if type(value) is datetime.time else datetime.time(*_clock(value))


def naive_moment(value: Any) -> datetime.datetime:
    """Return a datetime without zone."""
    if not isinstance(value, datetime.datetime):
        raise refuse(value, "datetime")
    if value.tzinfo is not None:
        raise ValueError("the datetime has a time zone, the column has none; use DateTime(timezone=True)")
    if type(value) is datetime.datetime:
        return value
    return datetime.datetime(value.year, value.month, value.day, *_clock(value))


def _clock(value: Any) -> tuple[int, int, int, int]:
    return value.hour, value.minute, value.second, value.microsecond


def aware_moment(value: Any) -> datetime.datetime:
    """Return a datetime in UTC."""
    if not isinstance(value, datetime.datetime):
        raise refuse(value, "datetime")
    if value.utcoffset() is None:
        raise ValueError("the datetime has no time zone, the column needs one")
    moment = value.astimezone(datetime.timezone.utc)
    if type(moment) is datetime.datetime:
        return moment
    return datetime.datetime(moment.year, moment.month, moment.day, *_clock(moment), datetime.timezone.utc)


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
        return memoryview(value).tobytes()
    raise refuse(value, "bytes")


OCTETS = by_class(octets, bytes)


def octets_binding(length: int | None, exact: bool = False) -> Binding:
    """Return the Binding of bytes, of at most so many, or of exactly so many."""
    if length is None:
        return OCTETS
    limit = length

    def cell(value: Any) -> bytes:
        found = value if type(value) is bytes else octets(value)
        if len(found) > limit:
            raise ValueError(f"the value has {len(found)} bytes, the column keeps {limit}")
        if exact and len(found) < limit:
            raise ValueError(f"the value has {len(found)} bytes, the column would fill it up to {limit}")
        return found

    return each(cell)


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


def to_float(value: Any) -> Any:
    """Return a Decimal as float."""
    return float(value) if isinstance(value, decimal.Decimal) else value


def positions_refused(values: Iterable[Any], cell: Cell) -> list[tuple[int, Exception]]:
    """Return place and error of each value that `cell` refuses."""
    refused: list[tuple[int, Exception]] = []
    for place, value in enumerate(values):
        try:
            cell(value)
        except (ValueError, TypeError, OverflowError, decimal.DecimalException) as err:
            refused.append((place, err))
    return refused
