"""Enum: one of a few values, by a class of Python's ``enum`` or as plain strings.

Spec: LB-19.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from unitwork import exc
from unitwork.sql.type_base import TypeEngine

_OPTIONS: dict[str, Any] = {
    "create_constraint": False,
    "metadata": None,
    "inherit_schema": False,
    "validate_strings": False,
    "sort_key_function": None,
    "omit_aliases": True,
}


class Enum(TypeEngine):
    """One of a few values.

    The database keeps names: of the members of an ``enum.Enum`` class, or the strings themselves. PostgreSQL has a type
    for each Enum (``create_all()`` makes it), MariaDB and MySQL an ENUM; elsewhere, and with ``native_enum=False``, it
    is a VARCHAR. A value that is none of the members is refused before any SQL is sent.

    Args:
        enums: one class of ``enum.Enum``, or strings.
        name: of the type and of its constraint; by default that of the class in lower case.
        native_enum: use the type of the database, if it has one.
        length: of the VARCHAR, by default that of the longest name.
        schema: of the type.
        values_callable: called with the class, returns what the database keeps, in the order of the members.
        options: `create_constraint` has the database check the values where it has no such type; `omit_aliases` (True)
            leaves out names that are aliases of other members. Accepted without effect: `validate_strings` (strings
            are always checked), `metadata` and `inherit_schema` (the type follows the tables that use it, and lies in
            `schema`), `sort_key_function` (rows are written in the order in which their objects were added).
    Raises:
        ArgumentError [bad-enum]: the values are no strings, empty, twice the same, or too long.
    """

    visit = "enum"

    def __init__(
        self,
        *enums: Any,
        name: str | None = None,
        native_enum: bool = True,
        length: int | None = None,
        schema: str | None = None,
        values_callable: Callable[[Any], Sequence[str]] | None = None,
        **options: Any,
    ) -> None:
        unknown = options.keys() - _OPTIONS.keys()
        if unknown:
            raise TypeError(f"Enum() has no option {', '.join(sorted(unknown))}")
        self.options = {**_OPTIONS, **options}
        self.native_enum = native_enum
        self.schema = schema
        self.values_callable = values_callable
        self.create_constraint: bool = self.options["create_constraint"]
        self.sort_key_function = self.options["sort_key_function"]
        self.enum_class: type[enum.Enum] | None = None
        given = enums[0] if len(enums) == 1 else None
        if isinstance(given, type) and issubclass(given, enum.Enum):
            self.enum_class = given
            self.python_type = given
            members = self._members(given)
        else:
            names = list(given) if isinstance(given, (list, tuple)) else list(enums)
            self.python_type = str
            members = list(zip(names, names))
        self._given_length = length
        self.to_name, self.of_name = _tables(members)
        self.enums = list(self.of_name)
        self.name = name or (self.enum_class.__name__.lower() if self.enum_class is not None else None)
        longest = max(map(len, self.enums), default=1)
        if length is not None and length < longest:
            raise _bad(f"its length is {length}, the longest value has {longest} characters")
        self.length = longest if length is None else length

    def _members(self, enum_class: type[enum.Enum]) -> list[tuple[Any, str]]:
        named = {
            name: member
            for name, member in enum_class.__members__.items()
            if not self.options["omit_aliases"] or member.name == name
        }
        if self.values_callable is None:
            return [(member, name) for name, member in named.items()]
        values = list(self.values_callable(enum_class))
        if len(values) != len(named):
            raise _bad(f"values_callable gives {len(values)} values for {len(named)} members")
        return list(zip(named.values(), values))

    def for_class(self, enum_class: type[enum.Enum]) -> Enum:
        """Return an Enum of another class with the options of this one; for ``type_annotation_map``."""
        return type(self)(
            enum_class,
            native_enum=self.native_enum,
            length=self._given_length,
            schema=self.schema,
            values_callable=self.values_callable,
            **self.options,
        )

    def own_key(self) -> Any:
        return (type(self), self.enum_class, tuple(self.enums), self.name, self.native_enum, self.schema, self.length)

    def allowed(self) -> list[object]:
        """Return what a CHECK constraint lets into the column."""
        return list(self.enums)

    def __repr__(self) -> str:
        shown = self.enum_class.__name__ if self.enum_class is not None else ", ".join(map(repr, self.enums))
        return f"Enum({shown})"


def _tables(members: Iterable[tuple[Any, Any]]) -> tuple[dict[Any, str], dict[str, Any]]:
    to_name: dict[Any, str] = {}
    of_name: dict[str, Any] = {}
    for member, name in members:
        if type(name) is not str:
            if not isinstance(name, str):
                raise _bad(f"a value of type {type(name).__qualname__} is no string")
            name = str.__str__(name)
        if name in of_name:
            raise _bad(f"the value {name!r} is given twice")
        of_name[name] = member
        to_name.setdefault(member, name)
    return to_name, of_name


def _bad(problem: str) -> exc.ArgumentError:
    return exc.ArgumentError(
        f"this Enum cannot be: {problem}.",
        do="give one class of enum.Enum, or different strings: Enum('red', 'green').",
        code="bad-enum",
    )
