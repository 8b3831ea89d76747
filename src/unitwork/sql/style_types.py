"""How types are spelled in CREATE TABLE and CAST: the part of a Style that deals with types.

Spec: LB-19, LB-33.
"""

from __future__ import annotations

from typing import Any

from unitwork import exc
from unitwork.sql import types as t
from unitwork.sql.names import quoted_name
from unitwork.sql.type_base import TypeEngine, to_type
from unitwork.sql.type_custom import TypeDecorator, UserDefinedType
from unitwork.sql.type_enum import Enum
from unitwork.sql.type_json import JSON


class NoDialect:
    """What types with code of the user are shown where no dialect is at hand, as in ``str(statement)``."""

    name = "default"

    def type_descriptor(self, type_: Any) -> TypeEngine:
        """Return a type as an instance."""
        return to_type(type_)


class TypeNames:
    """SQL names of types; a dialect's Style overrides the methods ``type_<visit>``.

    Attributes:
        dialect: what types with code of the user are shown as their dialect; a Dialect puts itself here.
    """

    name: str
    #: Kinds of types that the database has, and checks by itself.
    checked_kinds: frozenset[str] = frozenset()

    def __init__(self) -> None:
        self.dialect: Any = NoDialect()

    def quote(self, name: str) -> str:
        """Return a name in quotes if it needs them."""
        raise NotImplementedError

    def literal(self, value: object) -> str:
        """Return a constant as SQL text."""
        raise NotImplementedError

    @property
    def variant_names(self) -> tuple[str, ...]:
        """Names of dialects whose variants of a type stand here, the best first."""
        return (self.name,)

    def concrete(self, type_: t.TypeEngine) -> t.TypeEngine:
        """Return the plain type that stands for another one here: its variant, or what it decorates."""
        here = type_.for_dialect(self.variant_names)
        return self.concrete(here.type_engine(self.dialect)) if isinstance(here, TypeDecorator) else here

    def ddl_type(self, type_: t.TypeEngine) -> str:
        """Return the type as CREATE TABLE spells it, through the method ``type_<visit>``.

        Raises:
            CompileError [type-not-renderable]: the type has no SQL name here.
        """
        type_ = self.concrete(type_)
        method = getattr(self, f"type_{type_.visit}", None)
        if method is None:
            raise exc.CompileError(
                f"{type_!r} has no SQL name on {self.name}.",
                do="give the column a type such as Integer or String(50).",
                code="type-not-renderable",
            )
        return str(method(type_))

    def column_type(self, type_: t.TypeEngine, keyed: bool) -> str:
        """Return the type of a column; `keyed` says that it is in a key, a constraint or an index."""
        return self.ddl_type(type_)

    def cast_type(self, type_: t.TypeEngine) -> str:
        """Return the type as CAST spells it."""
        return self.ddl_type(type_)

    def type_user(self, type_: UserDefinedType) -> str:
        """Name of a type of the user."""
        return type_.get_col_spec()

    def type_char(self, type_: t.String) -> str:
        """Name of CHAR."""
        return self.collate(f"CHAR({1 if type_.length is None else int(type_.length)})", type_)

    def type_enum(self, type_: Enum) -> str:
        """Name of Enum where there is no such type."""
        return f"VARCHAR({type_.length})"

    def named_type(self, type_: TypeEngine) -> Enum | None:
        """Return the Enum for which the database makes a type of its own, None if it does not."""
        return None

    def create_type(self, type_: Enum) -> str:
        """Return the statement that makes the type of an Enum, if it is not there: tables share it."""
        raise NotImplementedError

    def drop_type(self, type_: Enum) -> str:
        """Return the statement that drops the type of an Enum."""
        raise NotImplementedError

    def temporal_kind(self, type_: TypeEngine | None) -> str:
        """Return ``date``, ``time``, ``datetime`` or ``interval`` for types of these kinds, else ""."""
        kind = "" if type_ is None else self.concrete(type_).visit
        return kind if kind in ("date", "time", "datetime", "interval") else ""

    def temporal(self, symbol: str, left: tuple[str, str], right: tuple[str, str]) -> str:
        """Return ``left symbol right`` where one is a date, a time or an Interval; each is (text, kind)."""
        return f"{left[0]} {symbol} {right[0]}"

    def no_temporal(self, symbol: str, left: tuple[str, str], right: tuple[str, str]) -> exc.CompileError:
        """Return the error for arithmetic with dates and times that the database does not know."""
        kinds = [one[1] or "another value" for one in (left, right)]
        return exc.CompileError(
            f"{self.name} cannot compute {kinds[0]} {symbol} {kinds[1]} without losing something.",
            do="compute it in Python, or use a function of the database: func.name(...).",
            code="no-date-arithmetic",
        )

    def type_check(self, type_: TypeEngine, column_name: str) -> str | None:
        """Return the CHECK constraint that a type asks for, None for none."""
        concrete = self.concrete(type_)
        if not getattr(concrete, "create_constraint", False):
            return None
        if concrete.visit in self.checked_kinds and getattr(concrete, "native_enum", True):
            return None
        listed = ", ".join([self.literal(value) for value in concrete.allowed()])  # type: ignore[attr-defined]
        text = f"CHECK ({column_name} IN ({listed}))"
        name = concrete.name  # type: ignore[attr-defined]
        return text if name is None else f"CONSTRAINT {self.quote(name)} {text}"

    def type_json(self, type_: JSON) -> str:
        """Name of JSON."""
        return "JSON"

    def type_jsonb(self, type_: JSON) -> str:
        """Name of JSONB."""
        return self.type_json(type_)

    def type_uuid(self, type_: t.Uuid) -> str:
        """Name of Uuid where there is no such type."""
        return "CHAR(32)"

    def type_interval(self, type_: t.Interval) -> str:
        """Name of Interval where there is no such type."""
        return "BIGINT"

    def type_real(self, type_: t.Float) -> str:
        """Name of REAL."""
        return "REAL"

    def type_binary(self, type_: t.LargeBinary) -> str:
        """Name of BINARY."""
        return self.type_large_binary(type_)

    def type_varbinary(self, type_: t.LargeBinary) -> str:
        """Name of VARBINARY."""
        return self.type_large_binary(type_)

    def type_integer(self, type_: t.Integer) -> str:
        """Name of Integer."""
        return "INTEGER"

    def type_small_integer(self, type_: t.SmallInteger) -> str:
        """Name of SmallInteger."""
        return "SMALLINT"

    def type_big_integer(self, type_: t.BigInteger) -> str:
        """Name of BigInteger."""
        return "BIGINT"

    def type_string(self, type_: t.String) -> str:
        """Name of String and Unicode."""
        return self.collate("VARCHAR" if type_.length is None else f"VARCHAR({int(type_.length)})", type_)

    def type_text(self, type_: t.Text) -> str:
        """Name of Text."""
        return self.collate("TEXT", type_)

    def collate(self, text: str, type_: t.String) -> str:
        """Return a text type with its collation, if it has one."""
        return text if type_.collation is None else f"{text} COLLATE {self.quote(quoted_name(type_.collation, True))}"

    def type_boolean(self, type_: t.Boolean) -> str:
        """Name of Boolean."""
        return "BOOLEAN"

    def type_float(self, type_: t.Float) -> str:
        """Name of Float."""
        return "FLOAT" if type_.precision is None else f"FLOAT({int(type_.precision)})"

    def type_double(self, type_: t.Double) -> str:
        """Name of Double."""
        return "DOUBLE PRECISION"

    def type_numeric(self, type_: t.Numeric) -> str:
        """Name of Numeric."""
        if type_.precision is None:
            return "NUMERIC"
        if type_.scale is None:
            return f"NUMERIC({int(type_.precision)})"
        return f"NUMERIC({int(type_.precision)}, {int(type_.scale)})"

    def type_date(self, type_: t.Date) -> str:
        """Name of Date."""
        return "DATE"

    def type_time(self, type_: t.Time) -> str:
        """Name of Time."""
        return "TIME"

    def type_datetime(self, type_: t.DateTime) -> str:
        """Name of DateTime."""
        return "DATETIME"

    def type_large_binary(self, type_: t.LargeBinary) -> str:
        """Name of LargeBinary."""
        return "BLOB"


def no_zone(name: str, text: str, type_: t.Time) -> str:
    """Return the name of Time where a time of day has no zone.

    Raises:
        CompileError [time-with-zone]: it should have one.
    """
    if type_.timezone:
        raise exc.CompileError(
            f"{name} has no time of day with a time zone.",
            do="use Time(), or DateTime(timezone=True).",
            code="time-with-zone",
        )
    return text
