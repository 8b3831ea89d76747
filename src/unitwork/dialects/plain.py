"""Values of which only the class is known, and values of subclasses, made plain.

Spec: LB-34.
"""

from __future__ import annotations

import datetime
import decimal
import uuid
from typing import Any

from unitwork.dialects.numbers import WHOLE, exact_number, floating
from unitwork.dialects.values import Cell, day, octets, refuse


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
    (int, WHOLE.cell),
    (str, str.__str__),
    (float, floating),
    (decimal.Decimal, exact_number),
    (bytes, octets),
    (bytearray, octets),
    (memoryview, octets),
    (datetime.datetime, lambda value: value),
    (datetime.date, day),
    (datetime.time, lambda value: value),
    (datetime.timedelta, lambda value: value),
    (uuid.UUID, str),
)
