"""Numbers on their way to a driver: whole, floating and exact ones, checked against what the column keeps.

A number of another class passes where it is written the same: 3 for a Float, 1.5 for a Numeric (taken as the shortest
text that means it). One that the database would cut, round or turn into another is refused.

Spec: LB-19, LB-34; the promise that no value changes silently.
"""

from __future__ import annotations

import decimal
import math
import struct
from collections.abc import Callable, Sequence
from typing import Any

from unitwork.dialects.values import NONE, Binding, Cell, refuse

# Whole numbers


def whole_number(value: Any) -> int:
    """Return a plain int; a number with a fraction is refused."""
    if isinstance(value, int):
        return int.__index__(value)
    if isinstance(value, float):
        number = float.__float__(value)
        if number.is_integer():
            return int(number)
        raise ValueError(f"{number!r} is no whole number")
    if isinstance(value, decimal.Decimal):
        exact = decimal.Decimal(value)
        if exact.is_finite() and exact == exact.to_integral_value():
            return int(exact)
        raise ValueError(f"{exact} is no whole number")
    raise refuse(value, "int")


def whole_binding(bits: int) -> Binding:
    """Return the Binding of whole numbers of so many bits."""
    limit = 1 << (bits - 1)

    def cell(value: Any) -> Any:
        if value is None:
            return None
        number = value if type(value) is int else whole_number(value)
        if not -limit <= number < limit:
            raise ValueError(f"{number} does not fit into {bits} bits")
        return number

    def column(values: Sequence[Any]) -> Sequence[Any]:
        # HOT: two passes in C for a column of plain ints; bench: batch insert.
        classes = set(map(type, values))
        if classes == {int}:
            numbers: Sequence[Any] = values
        elif classes <= {int, NONE}:
            numbers = [value for value in values if value is not None]
        else:
            return [cell(value) for value in values]
        if numbers and (max(numbers) >= limit or min(numbers) < -limit):
            return [cell(value) for value in values]
        return values

    return Binding(cell, column)


WHOLE_16, WHOLE_32, WHOLE = whole_binding(16), whole_binding(32), whole_binding(64)
WHOLE_BY_BITS = {16: WHOLE_16, 32: WHOLE_32, 64: WHOLE}


# Floating point numbers


def floating(value: Any) -> float:
    """Return a plain float, whatever it loses; for comparisons."""
    if isinstance(value, float):
        return float.__float__(value)
    if isinstance(value, int):
        return float(int.__index__(value))
    if isinstance(value, decimal.Decimal):
        return float(decimal.Decimal(value))
    raise refuse(value, "float")


def same_float(value: Any) -> float:
    """Return a plain float that is written as `value` is."""
    number = floating(value)
    if isinstance(value, (int, decimal.Decimal)):
        exact = decimal.Decimal(int.__index__(value) if isinstance(value, int) else value)
        if exact.is_finite() and decimal.Decimal(repr(number)) != exact:
            raise ValueError(f"no float is written as {exact}")
    return number


def float_binding(
    stored: bool, *, nan: bool, infinity: bool, negative_zero: Cell | None = None, shown: Cell | None = None
) -> Binding:
    """Return the Binding of Float.

    Args:
        stored: the values are stored, not compared.
        nan, infinity: the database has them.
        negative_zero: what to send for -0.0; None for itself.
        shown: what the database shows of a number, where that is less than the number.
    """
    make = same_float if stored else floating
    plain_classes = frozenset((float,))
    refused: Callable[[float], bool] | None = None if nan and infinity else math.isnan if infinity else _not_finite

    def cell(value: Any) -> Any:
        if value is None:
            return None
        number = make(value)
        if refused is not None and refused(number):
            raise ValueError(f"the database cannot store {number!r}")
        if stored:
            if shown is not None and number - number == 0 and shown(number) != number:
                raise ValueError(f"{number!r} has more digits than the column keeps")
            if negative_zero is not None and number == 0 and math.copysign(1, number) < 0:
                return negative_zero(number)
        return number

    def column(values: Sequence[Any]) -> Sequence[Any]:
        # HOT: a few passes in C for a column of plain floats; bench: batch insert.
        if (
            plain_classes.issuperset(map(type, values))
            and shown is None
            and (refused is None or not any(map(refused, values)))
            and (negative_zero is None or 0.0 not in values)
        ):
            return values
        return [cell(value) for value in values]

    return Binding(cell, column)


def _not_finite(value: float) -> bool:
    return value - value != 0


def unsigned_zero_only(value: Any) -> Any:
    """Refuse -0.0."""
    raise ValueError("the database does not keep the sign of a zero; add 0.0 to drop it")


def shortest_single(number: float) -> float:
    """Return what a database that keeps single precision, and shows it by the shortest text, gives back."""
    try:
        packed = struct.pack("<f", number)
    except OverflowError:
        raise ValueError(f"{number!r} is too large for single precision") from None
    if number and packed in _ZEROS:
        raise ValueError(f"{number!r} is too small for single precision")
    kept: float = struct.unpack("<f", packed)[0]
    for digits in range(1, 9):
        text = f"{kept:.{digits}g}"
        if struct.pack("<f", float(text)) == packed:
            return float(text)
    return float(f"{kept:.9g}")


_ZEROS = (struct.pack("<f", 0.0), struct.pack("<f", -0.0))


def six_digits(number: float) -> float:
    """Return what a database that keeps single precision, and shows six digits, gives back."""
    if number and not 1e-37 < abs(number) < 3.4e38:
        raise ValueError(f"{number!r} is too large or too small for single precision")
    return float(f"{number:.6g}")


# Exact numbers


def exact_number(value: Any) -> decimal.Decimal:
    """Return a plain Decimal; a float is taken as the shortest text that means it."""
    if isinstance(value, decimal.Decimal):
        number = decimal.Decimal(value)
    elif isinstance(value, float):
        number = decimal.Decimal(float.__repr__(value))
    elif isinstance(value, int):
        number = decimal.Decimal(int.__index__(value))
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


def finite_or_nan(value: Any) -> decimal.Decimal:
    """Return a plain Decimal that is not infinite."""
    number = exact_number(value)
    if number.is_infinite():
        raise ValueError(f"the database cannot store {number}")
    return number


def fitting(number: decimal.Decimal, before: int | None, after: int | None) -> decimal.Decimal:
    """Return `number` if it has at most so many digits before and after the point; None for any number.

    Raises:
        ValueError: it has more: the database would refuse or round it.
    """
    if not number.is_finite():
        return number
    if after is not None:
        _, digits, exponent = number.as_tuple()
        if -int(exponent) > after:
            surplus = digits[max(0, len(digits) + after + int(exponent)) :]
            if any(surplus):
                raise ValueError(
                    f"{_short(number)} has more than the {after} digits after the point that the column keeps;"
                    f" round it, e.g. by round(value, {after})"
                )
    if before is not None and number and number.adjusted() >= before:
        raise ValueError(f"{_short(number)} has more than the {before} digits before the point that the column keeps")
    return number


def _short(number: decimal.Decimal) -> str:
    text = str(number)
    return text if len(text) <= 60 else f"{text[:60]}…"
