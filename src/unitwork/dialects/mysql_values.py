"""What MariaDB and MySQL want of single values, and what PyMySQL gives of them.

Spec: LB-19, LB-34.
"""

from __future__ import annotations

import datetime
import decimal
from typing import Any

from unitwork.dialects import numbers, values
from unitwork.dialects.plain import plain

#: How deep a document may be nested for MariaDB to take it as JSON.
JSON_DEPTH = 31

TEXT = values.text_binding(nul_allowed=True)
FLOAT = numbers.float_binding(False, nan=False, infinity=False)
_MIDNIGHT = datetime.datetime(1, 1, 1)


def _moment_literal(value: datetime.datetime, mapping: Any = None) -> str:
    return f"TIMESTAMP'{datetime.datetime.isoformat(value.replace(tzinfo=None), ' ')}'"


def _date_literal(value: datetime.date, mapping: Any = None) -> str:
    return f"DATE'{datetime.date.isoformat(value)}'"


def _time_literal(value: datetime.time, mapping: Any = None) -> str:
    return f"TIME'{datetime.time.isoformat(value.replace(tzinfo=None))}'"


#: How the driver is to write values. It would write texts, and COALESCE or CASE of a column and a text is a text:
#: compared letter by letter, with or without ``.000000`` at its end.
TEMPORAL_LITERALS = {
    datetime.datetime: _moment_literal,
    datetime.date: _date_literal,
    datetime.time: _time_literal,
}


def exact_text(number: decimal.Decimal) -> Any:
    """Return a number so that the server takes it as an exact one: with an exponent it would be a float."""
    return format(number, "f") if "E" in str(number) else number


def utc_without_zone(value: Any) -> datetime.datetime:
    """Return an aware moment as UTC, without saying so."""
    return values.aware_moment(value).replace(tzinfo=None)


def in_utc(value: Any) -> datetime.datetime:
    """Return what `utc_without_zone` made as an aware moment again."""
    moment: datetime.datetime = value.replace(tzinfo=datetime.timezone.utc)
    return moment


def time_of_day(value: Any) -> Any:
    """Return the driver's timedelta as a time; one that is no time of day stays."""
    if isinstance(value, datetime.timedelta) and value.days == 0:
        return (_MIDNIGHT + value).time()
    return value


def untyped(value: Any) -> Any:
    """Convert a value of which only the class is known; the driver would send the text of anything else."""
    value = plain(value)
    if isinstance(value, str):
        return TEXT.cell(value)
    if isinstance(value, float):
        return FLOAT.cell(value)
    if isinstance(value, decimal.Decimal):
        return numbers.finite_number(value)
    if isinstance(value, datetime.datetime):
        return values.naive_moment(value) if value.tzinfo is None else utc_without_zone(value)
    if isinstance(value, datetime.time):
        return values.naive_time(value)
    return value
