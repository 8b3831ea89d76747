"""JSON: documents of dicts, lists, strings, numbers, booleans and None.

Spec: LB-19, LB-20, PT-26.
"""

from __future__ import annotations

import enum
import json
from typing import Any, ClassVar

from unitwork.sql.type_base import TypeEngine


class JsonNull(enum.Enum):
    """The value ``null`` of JSON, as opposed to SQL's NULL."""

    NULL = "null"

    def __repr__(self) -> str:
        return "JSON.NULL"


class JSON(TypeEngine):
    """A JSON document.

    ``column["key"]``, ``column[0]`` and ``column[("key", 0)]`` reach into it; ``as_string()``, ``as_integer()``,
    ``as_float()`` and ``as_boolean()`` of that give a plain value to compare with. A change inside of a loaded document
    is not noticed: assign another one, or call ``flag_modified()``.

    A document that would come back as another one (a tuple, a key that is no string, NaN) is refused before any SQL is
    sent, unless the engine has a serializer of its own.

    Args:
        none_as_null: None is SQL's NULL; else it is JSON's ``null``, and ``null()`` writes SQL's (PT-26).
    """

    visit = "json"
    parameters = ("none_as_null",)
    NULL: ClassVar[JsonNull] = JsonNull.NULL

    def __init__(self, none_as_null: bool = False) -> None:
        self.none_as_null = none_as_null
        self.should_evaluate_none = not none_as_null

    def compare_values(self, left: Any, right: Any) -> bool:
        """Documents that are written the same: 1, 1.0 and True differ."""
        if left is right:
            return True
        try:
            return bool(left == right) and _written(left) == _written(right)
        except (TypeError, ValueError, RecursionError):
            return bool(left == right)


def _written(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


class JSONB(JSON):
    """A JSON document in PostgreSQL's binary form; elsewhere the same as JSON."""

    visit = "jsonb"


class JsonPathType(TypeEngine):
    """The type of a path into a document: a tuple of keys and positions."""

    visit = "json_path"
    python_type = tuple


JSON_PATH = JsonPathType()
