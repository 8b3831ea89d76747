"""SQL as SQLite spells it.

Spec: LB-34, LB-44; BK-01, BK-07.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from unitwork.sql import types as t
from unitwork.sql.reserved import RESERVED_WORDS
from unitwork.sql.style import ForUpdate, Style
from unitwork.sql.style_types import no_zone
from unitwork.sql.type_json import JSON

#: Parts of a date or time, as strftime() calls them.
_PARTS = {
    "year": "%Y",
    "month": "%m",
    "day": "%d",
    "hour": "%H",
    "minute": "%M",
    "second": "%S",
    "doy": "%j",
    "dow": "%w",
    "epoch": "%s",
}


class SQLiteStyle(Style):
    """SQL as SQLite spells it."""

    name = "sqlite"
    placeholder = "?"
    reserved_words = RESERVED_WORDS | {"autoincrement", "nothing"}
    delete_extra = ""
    row_list_prefix = "VALUES "
    compound_parentheses = False
    alter_add_constraint = False
    # Only a column that is INTEGER by name is the rowid, which counts up.
    autoincrement_types = {"small_integer": "INTEGER", "big_integer": "INTEGER"}  # noqa: RUF012 - never changed
    function_names = {"char_length": "length", "substring": "substr"}  # noqa: RUF012 - never changed
    sequences = False
    identity = False
    comments = ""
    schemas = False
    composite_autoincrement = False
    cascades = False
    references_name_schemas = False
    index_in_schema = True
    ordered_nulls = False
    deferrable_kinds = frozenset(("fk",))
    within_group = ""
    distinct_on = False
    quantified_lists = None
    lateral = False
    tablesample = False
    table_function_columns = False
    dml_in_cte = False
    conflict_constraint = False
    wrap_conflict_select = True
    set_operations_all = False

    def limit_clause(self, limit: str | None, offset: str | None) -> str:
        """An offset needs a limit."""
        return super().limit_clause("-1" if limit is None and offset is not None else limit, offset)

    def for_update(self, lock: ForUpdate) -> str:
        """Left out: a transaction that writes is alone (BK-07)."""
        return ""

    def ties_clause(self, limit: str, offset: str | None) -> str:
        """There is none."""
        raise self.refusal("FETCH … WITH TIES", "rank the rows with func.rank().over().")

    def values_source(self, names: Sequence[str], rows: Sequence[Sequence[str]], name: str) -> str:
        """The columns of VALUES are called column1, column2, …"""
        shown = ", ".join([f"({', '.join(row)})" for row in rows])
        columns = ", ".join([f"column{place} AS {one}" for place, one in enumerate(names, 1)])
        return f"(SELECT {columns} FROM (VALUES {shown})) AS {name}"

    def distinct_from(self, left: str, right: str, negated: bool) -> str:
        """IS compares any two values."""
        return f"{left} IS {'' if negated else 'NOT '}{right}"

    def bitwise(self, symbol: str, left: str, right: str) -> str:
        """There is no exclusive or: what is in one of the two, less what is in both."""
        if symbol == "^":
            return f"(({left} | {right}) - ({left} & {right}))"
        return super().bitwise(symbol, left, right)

    def regexp_replace(self, value: str, pattern: str, replacement: str, flags: str) -> str:
        """There is none."""
        raise self.refusal("regexp_replace()", "use replace(), or replace in Python.")

    def extract(self, field: str, text: str) -> str:
        """Parts come from strftime()."""
        code = _PARTS.get(field.lower())
        if code is None:
            raise self.refusal(f"extract({field!r})", f"use one of: {', '.join(_PARTS)}.")
        return f"CAST(strftime('{code}', {text}) AS INTEGER)"

    def aggregate_strings(self, text: str, separator: str) -> str:
        """``group_concat``."""
        return f"group_concat({text}, {separator})"

    def server_default(self, text: str, is_expression: bool) -> str:
        """Expressions stand in parentheses."""
        return f"({text})" if is_expression else text

    def counting_key(self, options: Mapping[str, Any]) -> str:
        """``sqlite_autoincrement=True``: numbers of deleted rows are not used again."""
        return " PRIMARY KEY AUTOINCREMENT" if options.get("autoincrement") else ""

    def table_options(self, options: Mapping[str, Any]) -> str:
        """``sqlite_with_rowid=False`` and ``sqlite_strict=True``."""
        words = ["WITHOUT ROWID"] if options.get("with_rowid") is False else []
        if options.get("strict"):
            words.append("STRICT")
        return f" {', '.join(words)}" if words else ""

    def cast_type(self, type_: t.TypeEngine) -> str:
        """Dates are text; the affinity of their type names would make numbers of them."""
        type_ = self.concrete(type_)
        return "TEXT" if isinstance(type_, (t.Date, t.Time, t.DateTime, JSON)) else self.ddl_type(type_)

    def type_json(self, type_: JSON) -> str:
        """TEXT: a column called JSON would make numbers of documents that look like one."""
        return "TEXT"

    def type_time(self, type_: t.Time) -> str:
        """TIME, without zone."""
        return no_zone(self.name, super().type_time(type_), type_)

    def json_item(self, document: str, path: Callable[[], str], form: str) -> str:
        """By json_extract(), which makes 1 of true, and by json_type(), which tells them apart."""

        def kind() -> str:
            return f"json_type({document}, {path()})"

        def value() -> str:
            return f"json_extract({document}, {path()})"

        if form == "json":
            plain = f"WHEN {kind()} IN ('true', 'false', 'null') THEN {kind()}"
            return f"CASE WHEN {kind()} IS NULL THEN NULL {plain} ELSE json_quote({value()}) END"
        if form == "string":
            return f"CASE WHEN {kind()} IN ('true', 'false') THEN {kind()} ELSE CAST({value()} AS TEXT) END"
        return value() if form == "boolean" else f"CAST({value()} AS {'INTEGER' if form == 'integer' else 'REAL'})"

    def temporal(self, symbol: str, left: tuple[str, str], right: tuple[str, str]) -> str:
        """Dates are text: differences, and days added to a date, go through functions."""
        (a, kind), (b, other) = left, right
        if kind == other == "date" and symbol == "-":
            return f"CAST(julianday({a}) - julianday({b}) AS INTEGER)"
        if {kind, other} <= {"date", "datetime"} and symbol == "-":
            return f"({_microseconds(a)} - {_microseconds(b)})"
        if kind == "date" and not other and symbol in "+-":
            return f"date({a}, ({symbol}({b})) || ' days')"
        if {kind, other} <= {"interval", ""}:
            return super().temporal(symbol, left, right)
        raise self.no_temporal(symbol, left, right)


def _microseconds(moment: str) -> str:
    """Return the microseconds since 1970 of a moment in ISO form."""
    # Without its fraction, which strftime() would round.
    seconds = f"CAST(strftime('%s', substr({moment}, 1, 19)) AS INTEGER)"
    return f"({seconds} * 1000000 + CAST(substr({moment}, 21, 6) AS INTEGER))"
