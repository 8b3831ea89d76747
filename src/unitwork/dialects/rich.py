"""Values of the richer types on their way to a driver and back: enumerations, JSON, UUIDs, spans of time.

Spec: LB-19, LB-34, PT-26.
"""

from __future__ import annotations

import datetime
import enum
import json
import re
import uuid
from collections.abc import Callable
from typing import Any

from unitwork.dialects.numbers import WHOLE
from unitwork.dialects.values import Cell, refuse
from unitwork.sql.type_enum import Enum
from unitwork.sql.type_json import JSON

Serializer = Callable[[Any], str]
_MICROSECOND = datetime.timedelta(microseconds=1)

# Enumerations


def enum_to_name(type_: Enum, stored: bool) -> Cell:
    """Return the way from a member, or a string, to what the database keeps; its name may stand for it to compare."""
    names = type_.to_name if stored else {**dict(zip(type_.enums, type_.enums)), **type_.to_name}
    wanted: type = str if type_.enum_class is None else type_.enum_class
    shown = ", ".join(map(repr, type_.enums[:10])) + (", …" if len(type_.enums) > 10 else "")

    def cell(value: Any) -> str:
        if type(value) is not wanted and not isinstance(value, (wanted, str)):
            raise refuse(value, f"one of {shown}")
        if isinstance(value, str) and not isinstance(value, enum.Enum):
            value = str.__str__(value)
        try:
            return names[value]
        except KeyError:
            raise ValueError(f"the value is none of {shown}") from None

    return cell


def enum_of_name(type_: Enum) -> Cell:
    """Return the way from what the database keeps to a member, or a string.

    The function raises LookupError for a name that is none of the type's.
    """
    members = type_.of_name

    def convert(value: Any) -> Any:
        try:
            return None if value is None else members[value]
        except KeyError:
            raise LookupError(
                f"the database holds {value!r}, which is none of the values of {type_!r}: {', '.join(members)}"
            ) from None

    return convert


# JSON

_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


def default_serializer(value: Any) -> str:
    """Return a document as text.

    Raises:
        ValueError: it would come back as another one.
        TypeError: it holds what JSON does not know.
    """
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
        same = json.loads(text) == value
    except RecursionError:
        raise ValueError("the document is nested too deeply") from None
    if not same:
        raise ValueError("the document would come back as another one: a tuple as a list, a key as a string")
    text.encode()
    return text


def json_to_text(serializer: Serializer | None, depth: int | None = None, nul: bool = True) -> Cell:
    """Return the way from a document, or JSON.NULL, to text.

    Args:
        serializer: of the engine, or None.
        depth: to which the database reads documents; None for any.
        nul: a string in it may have a NUL character.
    """
    dumps = serializer or default_serializer

    def cell(value: Any) -> str:
        if value is JSON.NULL:
            return "null"
        text = dumps(value)
        if depth is not None and text.count("[") + text.count("{") > depth and depth_of(value) > depth:
            raise ValueError(f"the document is nested more than {depth} deep, which the database does not take")
        if not nul and _NUL.search(text):
            raise ValueError("the database cannot store text with a NUL character")
        return text

    return cell


def depth_of(value: Any) -> int:
    """Return how deep lists and dicts are nested."""
    depth, level = 0, [value]
    while level := [one for one in level if isinstance(one, (dict, list, tuple))]:
        depth += 1
        level = [item for one in level for item in (one.values() if isinstance(one, dict) else one)]
    return depth


def json_path(value: Any, negative: Callable[[int], str], plain_keys: bool) -> str:
    """Return a path such as ``$."key"[0]``.

    Args:
        negative: makes the text of a position counted from the end.
        plain_keys: a key cannot have quotes, backslashes or control characters.
    """
    parts = ["$"]
    for step in value:
        if isinstance(step, int):
            parts.append(f"[{step}]" if step >= 0 else negative(step))
            continue
        text = json.dumps(step, ensure_ascii=False)
        if plain_keys and text != f'"{step}"':
            raise ValueError("a JSON key with quotes, backslashes or control characters cannot be looked up here")
        parts.append(f".{text}")
    return "".join(parts)


# UUIDs


def to_uuid(value: Any, as_uuid: bool, stored: bool) -> uuid.UUID:
    """Return a plain UUID of one, or of its text."""
    if as_uuid:
        if not isinstance(value, uuid.UUID):
            raise refuse(value, "UUID")
        return value if type(value) is uuid.UUID else uuid.UUID(int=int.__index__(value.int))
    if not isinstance(value, str):
        raise refuse(value, "the text of a UUID")
    text = str.__str__(value)
    try:
        found = uuid.UUID(text)
    except ValueError:
        raise ValueError("the text is no UUID") from None
    if stored and str(found) != text:
        raise ValueError(f"the UUID would come back in its usual form: {found}")
    return found


def uuid_from(value: Any) -> Any:
    """Return the UUID of a text."""
    return value if value is None or isinstance(value, uuid.UUID) else uuid.UUID(value)


def uuid_text_from(value: Any) -> Any:
    """Return the usual form of a UUID's text."""
    return None if value is None else str(uuid_from(value))


# Spans of time


def span(value: Any) -> datetime.timedelta:
    """Return a plain timedelta."""
    if not isinstance(value, datetime.timedelta):
        raise refuse(value, "timedelta")
    if type(value) is datetime.timedelta:
        return value
    return datetime.timedelta(value.days, value.seconds, value.microseconds)


def microseconds(value: Any) -> int:
    """Return a timedelta as a number of microseconds.

    Raises:
        ValueError: it does not fit into 64 bits (292,000 years).
    """
    number: int = WHOLE.cell(span(value) // _MICROSECOND)
    return number


def span_from(value: Any) -> Any:
    """Return the timedelta of a number of microseconds."""
    if value is None or isinstance(value, datetime.timedelta):
        return value
    return datetime.timedelta(microseconds=int(value))
