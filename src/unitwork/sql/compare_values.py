"""Comparison of two Python values as every supported database would compare them in SQL.

Where databases differ, the answer is an error and never a guess: MariaDB takes ``'a'`` and ``'A '`` for equal under its
usual collations, each database orders text in its own way, and numbers that were rounded on their way are not those
that Python holds.

Spec: LB-25.
"""

from __future__ import annotations

import datetime
import decimal
import enum
import math
import re
import uuid
from typing import Any

from unitwork import exc

_ORDERED = (bytes, datetime.date, datetime.datetime, datetime.time)
_PRINTABLE = re.compile(r"[ -~]*\Z")
#: Whole numbers up to here are exact as floating point numbers.
_EXACT = 1 << 53


def cannot(what: str) -> exc.UnevaluatableError:
    """Return the error for something that Python cannot answer as the database would."""
    return exc.UnevaluatableError(
        f"the criterion cannot be evaluated in Python: {what}.",
        do="let the database decide: synchronize_session='fetch', or False and refresh the objects.",
        code="criterion-not-evaluable",
    )


def equal(left: Any, right: Any) -> bool | None:
    """Return ``left = right`` in SQL; None if one is None.

    Raises:
        UnevaluatableError [criterion-not-evaluable]: databases differ about these values.
    """
    if left is None or right is None:
        return None
    if isinstance(left, enum.Enum) or isinstance(right, enum.Enum):
        if type(left) is not type(right):
            raise cannot("a member of an enumeration is compared with something else")
        return left is right or equal_texts(str(left.name), str(right.name))
    if isinstance(left, str) and isinstance(right, str):
        return equal_texts(left, right)
    if isinstance(left, bool) and isinstance(right, bool):
        return left is right
    if isinstance(left, uuid.UUID) and isinstance(right, uuid.UUID):
        return left == right
    check_ordered(left, right)
    return bool(left == right)


def less(left: Any, right: Any) -> bool | None:
    """Return ``left < right`` in SQL; None if one is None.

    Raises:
        UnevaluatableError [criterion-not-evaluable]: databases differ about these values.
    """
    if left is None or right is None:
        return None
    check_ordered(left, right)
    return bool(left < right)


def check_ordered(left: Any, right: Any) -> None:
    """Refuse values that have no common order in every database.

    Raises:
        UnevaluatableError [criterion-not-evaluable]: they have none.
    """
    if is_number(left) and is_number(right):
        _check_numbers(left, right)
        return
    if isinstance(left, (bytearray, memoryview)) or isinstance(right, (bytearray, memoryview)):
        raise cannot("bytes are compared in another form than bytes")
    if type(left) is not type(right) or not isinstance(left, _ORDERED):
        raise cannot(f"databases differ in comparing {type(left).__name__} with {type(right).__name__}")
    if isinstance(left, (datetime.datetime, datetime.time)) and (left.tzinfo is None) != (right.tzinfo is None):
        raise cannot("a time with a zone is compared with one without")
    if isinstance(left, datetime.time) and left.tzinfo is not None:
        raise cannot("times of the day with a zone are compared")


def is_number(value: Any) -> bool:
    """Say whether a value is a number, and no truth value."""
    return isinstance(value, (int, float, decimal.Decimal)) and not isinstance(value, bool)


def _check_numbers(left: Any, right: Any) -> None:
    for value in (left, right):
        if not (math.isfinite(value) if isinstance(value, float) else isinstance(value, int) or value.is_finite()):
            raise cannot("infinity or NaN is compared")
    floats = [isinstance(value, float) for value in (left, right)]
    if any(floats) and not all(floats):
        other = right if floats[0] else left
        if not isinstance(other, int) or abs(other) > _EXACT:
            raise cannot("a floating point number is compared with an exact one")


def equal_texts(left: str, right: str) -> bool:
    """Return whether two texts are equal.

    Raises:
        UnevaluatableError [criterion-not-evaluable]: they are under some collations (case, accents, blanks at the end).
    """
    if left == right:
        return True
    width = max(len(left), len(right))
    # The usual collations compare from left to right, fill up with blanks, and keep plain characters apart.
    for one, other in zip(left.ljust(width), right.ljust(width)):
        if not (_PRINTABLE.match(one) and _PRINTABLE.match(other)):
            break
        if one.lower() != other.lower():
            return False
    raise cannot("databases differ in whether two texts are equal that differ in case, accents or blanks only")


def matches(value: str, pattern: str, escape: str | None, ignoring_case: bool) -> bool:
    """Return ``value LIKE pattern``.

    Args:
        ignoring_case: as ``ilike()`` does.
    Raises:
        UnevaluatableError [criterion-not-evaluable]: databases differ about it.
    """
    if escape is None and "\\" in pattern:
        raise cannot("a backslash in the pattern of LIKE escapes on some databases only")
    if escape is not None and len(escape) != 1:
        raise cannot("the escape of LIKE is not one character")
    expression = _regular(pattern, escape)
    plain = bool(_PRINTABLE.match(value) and _PRINTABLE.match(pattern))
    exactly = re.fullmatch(expression, value, re.DOTALL) is not None
    if exactly and (plain or not ignoring_case):
        return True
    if not plain:
        raise cannot("databases differ in LIKE beyond ASCII")
    loosely = re.fullmatch(expression, value, re.DOTALL | re.IGNORECASE) is not None
    if loosely and not ignoring_case:
        raise cannot("databases differ in whether LIKE ignores case")
    return loosely


def _regular(pattern: str, escape: str | None) -> str:
    parts: list[str] = []
    characters = iter(pattern)
    for character in characters:
        if character == escape:
            following = next(characters, None)
            if following is None:
                raise cannot("the pattern of LIKE ends with its escape")
            parts.append(re.escape(following))
        else:
            parts.append({"%": ".*", "_": "."}.get(character) or re.escape(character))
    return "".join(parts)
