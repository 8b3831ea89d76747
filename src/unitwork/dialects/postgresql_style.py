"""SQL as PostgreSQL spells it, with psycopg2's placeholders.

Spec: LB-34, LB-44.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from unitwork import exc
from unitwork.sql import types as t
from unitwork.sql.dialect_options import chosen_word
from unitwork.sql.style import Style
from unitwork.sql.type_enum import Enum
from unitwork.sql.type_json import JSON


def enum_name(type_: Enum) -> str:
    """Return the name of an Enum's type.

    Raises:
        CompileError [enum-without-name]: it has none.
    """
    if type_.name is None:
        raise exc.CompileError(
            f"{type_!r} has no name, and PostgreSQL makes a type of it.",
            do="name it: Enum('red', 'green', name='colour'); or use native_enum=False.",
            code="enum-without-name",
        )
    return type_.name


class PostgreSQLStyle(Style):
    """SQL as PostgreSQL spells it, with psycopg2's placeholders."""

    name = "postgresql"
    placeholder = "%s"
    max_name_length = 63
    name_length_in_bytes = True
    autoincrement_types = {  # noqa: RUF012 - never changed
        "integer": "SERIAL",
        "small_integer": "SMALLSERIAL",
        "big_integer": "BIGSERIAL",
    }

    values_first_cast = True

    def typed_cell(self, text: str, type_: t.TypeEngine) -> str:
        """A cast; text without its length, which would cut."""
        if isinstance(type_, t.NullType):
            return text
        return f"CAST({text} AS {'TEXT' if isinstance(type_, t.String) else self.cast_type(type_)})"

    def bytes_literal(self, value: bytes) -> str:
        """A bytea."""
        return rf"'\x{value.hex()}'::bytea"

    def ilike(self, left: str, right: str, negated: bool) -> str:
        """ILIKE."""
        return f"{left} {'NOT ILIKE' if negated else 'ILIKE'} {right}"

    def between_symmetric(self, value: str, low: str, high: str, negated: bool) -> str:
        """BETWEEN SYMMETRIC."""
        return f"{value} {'NOT ' if negated else ''}BETWEEN SYMMETRIC {low} AND {high}"

    def bitwise(self, symbol: str, left: str, right: str) -> str:
        """``^`` is a power here, ``#`` the exclusive or."""
        return super().bitwise("#" if symbol == "^" else symbol, left, right)

    def regexp(self, left: str, right: str, flags: str, negated: bool) -> str:
        """``~``, or ``~*`` where only case is to be ignored."""
        if flags not in ("", "i"):
            right = self.concat(f"'(?{flags})'", right)
        return f"{left} {'!' if negated else ''}{'~*' if flags == 'i' else '~'} {right}"

    def full_text(self, left: str, right: str) -> str:
        """Full-text search with the words of a plain text."""
        return f"{left} @@ plainto_tsquery({right})"

    def type_float(self, type_: t.Float) -> str:
        """Double precision, unless fewer bits are asked for."""
        return "DOUBLE PRECISION" if type_.precision is None else f"FLOAT({int(type_.precision)})"

    def type_datetime(self, type_: t.DateTime) -> str:
        """TIMESTAMP."""
        return "TIMESTAMP WITH TIME ZONE" if type_.timezone else "TIMESTAMP WITHOUT TIME ZONE"

    def type_time(self, type_: t.Time) -> str:
        """TIME."""
        return "TIME WITH TIME ZONE" if type_.timezone else "TIME WITHOUT TIME ZONE"

    def type_large_binary(self, type_: t.LargeBinary) -> str:
        """BYTEA."""
        return "BYTEA"

    # Schema

    virtual_columns = False

    def next_value(self, sequence: Any) -> str:
        """A function of the sequence's name as text."""
        return f"nextval({self.string_literal(self.table_name(sequence.name, sequence.schema))})"

    def next_values(self, sequence: Any, count: int) -> str:
        """Of a series."""
        return f"SELECT {self.next_value(sequence)} FROM generate_series(1, {int(count)})"

    def table_options(self, options: Mapping[str, Any]) -> str:
        """INHERITS, USING, WITH, ON COMMIT and TABLESPACE, by ``postgresql_inherits=…`` and their like."""
        text = ""
        if options.get("inherits"):
            given = options["inherits"]
            parents = [given] if isinstance(given, str) else list(given)
            text += f" INHERITS ({', '.join([self.quote(parent) for parent in parents])})"
        if options.get("using"):
            text += f" USING {self.quote(options['using'])}"
        text += self._storage(options)
        if options.get("on_commit"):
            text += f" ON COMMIT {chosen_word(options, 'on_commit', ('DROP', 'DELETE ROWS', 'PRESERVE ROWS'))}"
        return f"{text} TABLESPACE {self.quote(options['tablespace'])}" if options.get("tablespace") else text

    def _storage(self, options: Mapping[str, Any]) -> str:
        parameters = options.get("with")
        if not parameters:
            return ""
        parts = [f"{self.quote(name)} = {self.literal(value)}" for name, value in parameters.items()]
        return f" WITH ({', '.join(parts)})"

    def index_using(self, options: Mapping[str, Any]) -> str:
        """``postgresql_using="gin"``."""
        return f" USING {self.quote(options['using'])}" if options.get("using") else ""

    def index_term(self, text: str, key: str | None, options: Mapping[str, Any]) -> str:
        """``postgresql_ops={"column": "text_pattern_ops"}``."""
        operators = (options.get("ops") or {}).get(key)
        return text if operators is None else f"{text} {self.quote(operators)}"

    def index_tail(self, options: Mapping[str, Any]) -> str:
        """INCLUDE, NULLS NOT DISTINCT, WITH, TABLESPACE."""
        text = ""
        if options.get("include"):
            names = [self.quote(one if isinstance(one, str) else one.name) for one in options["include"]]
            text += f" INCLUDE ({', '.join(names)})"
        if options.get("nulls_not_distinct") is not None:
            text += f" NULLS {'NOT ' if options['nulls_not_distinct'] else ''}DISTINCT"
        text += self._storage(options)
        return f"{text} TABLESPACE {self.quote(options['tablespace'])}" if options.get("tablespace") else text

    def unique_words(self, options: Mapping[str, Any]) -> str:
        """NULLS NOT DISTINCT of a unique constraint."""
        said = options.get("nulls_not_distinct")
        return "" if said is None else f" NULLS {'NOT ' if said else ''}DISTINCT"

    def string_literal(self, value: str) -> str:
        """Backslashes may escape, by a setting of the session: a text with one says that they do."""
        if "\\" not in value:
            return super().string_literal(value)
        return f"E{super().string_literal(value.replace(chr(92), chr(92) * 2))}"

    checked_kinds = frozenset(("enum", "boolean"))

    def named_type(self, type_: t.TypeEngine) -> Enum | None:
        """An Enum, unless it is a VARCHAR."""
        concrete = self.concrete(type_)
        return concrete if isinstance(concrete, Enum) and concrete.native_enum else None

    def create_type(self, type_: Enum) -> str:
        """CREATE TYPE, which has no IF NOT EXISTS: the error is caught at the server."""
        values = ", ".join([self.string_literal(value) for value in type_.enums])
        text = f"CREATE TYPE {self.type_enum(type_)} AS ENUM ({values})"
        mark = "$unitwork$"
        while mark in text:
            mark = f"{mark[:-1]}_$"
        return f"DO {mark} BEGIN {text}; EXCEPTION WHEN duplicate_object THEN NULL; END {mark}"

    def drop_type(self, type_: Enum) -> str:
        """DROP TYPE."""
        return f"DROP TYPE IF EXISTS {self.type_enum(type_)}"

    def type_enum(self, type_: Enum) -> str:
        """The name of a type of its own, unless it is a VARCHAR."""
        if not type_.native_enum:
            return super().type_enum(type_)
        return self.table_name(enum_name(type_), type_.schema)

    def type_jsonb(self, type_: JSON) -> str:
        """JSONB."""
        return "JSONB"

    def type_uuid(self, type_: t.Uuid) -> str:
        """UUID."""
        return "UUID" if type_.native_uuid else super().type_uuid(type_)

    def type_interval(self, type_: t.Interval) -> str:
        """INTERVAL."""
        return "INTERVAL" if type_.native else super().type_interval(type_)
