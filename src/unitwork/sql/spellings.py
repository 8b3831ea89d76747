"""How operators and functions are spelled: the part of a :class:`~unitwork.sql.style.Style` that expressions ask.

What a database cannot say is refused here by name, before anything is sent.

Spec: LB-22, LB-33, LB-37.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from unitwork import exc
from unitwork.sql.types import TypeEngine

_NOTHING: Mapping[str, str] = MappingProxyType({})


class Spellings:
    """Spellings of operators and functions; the neutral ones.

    Attributes:
        name: name of the database in messages.
        function_names: own names of generic functions, e.g. ``{"char_length": "length"}``.
        aggregate_filter: FILTER (WHERE …) after an aggregate is understood.
        within_group: WITHIN GROUP is understood: ``"yes"``, before OVER only (``"over"``), or not ("").
        frame_groups: a window frame may count GROUPS.
        distinct_on: DISTINCT ON is understood.
        lateral, tablesample, full_join: these are understood in FROM.
        table_functions: functions may stand in FROM.
        table_function_columns: their alias may name columns, or stand for the value.
        values_first_cast: the first row of a VALUES list is cast, so that its columns have types.
        dml_in_cte: INSERT, UPDATE and DELETE may stand in WITH.
        with_before_dml: WITH may stand in front of INSERT, UPDATE and DELETE.
        on_conflict: INSERT has ON CONFLICT; else ON DUPLICATE KEY UPDATE.
        conflict_constraint: ON CONFLICT may name a constraint.
        wrap_conflict_select: a SELECT before ON CONFLICT must end with WHERE.
        set_operations_all: INTERSECT ALL and EXCEPT ALL are understood.
        quantified_lists: ANY and ALL take arrays, beside subqueries; None if they do not exist.
    """

    name: str = "neutral"
    function_names: Mapping[str, str] = _NOTHING
    aggregate_filter: bool = True
    within_group: str = "yes"
    frame_groups: bool = True
    distinct_on: bool = True
    quantified_lists: bool | None = True
    lateral: bool = True
    tablesample: bool = True
    full_join: bool = True
    table_functions: bool = True
    table_function_columns: bool = True
    values_first_cast: bool = False
    dml_in_cte: bool = True
    with_before_dml: bool = True
    set_operations_all: bool = True
    on_conflict: bool = True
    conflict_constraint: bool = True
    wrap_conflict_select: bool = False

    def refusal(self, what: str, do: str) -> exc.CompileError:
        """Return the error for something this database has no form of."""
        return exc.CompileError(f"{what} does not exist on {self.name}.", do=do, code="not-on-this-database")

    def quote(self, name: str) -> str:
        """Return `name` as an identifier."""
        raise NotImplementedError

    # Clauses

    def ties_clause(self, limit: str, offset: str | None) -> str:
        """Return the end of a SELECT of the first rows and those that are equal to the last of them in order."""
        text = f" OFFSET {offset} ROWS" if offset is not None else ""
        return f"{text} FETCH FIRST {limit} ROWS WITH TIES"

    def values_source(self, names: Sequence[str], rows: Sequence[Sequence[str]], name: str) -> str:
        """Return rows of values as a FROM element; `names` and `name` are quoted."""
        shown = ", ".join([f"({', '.join(row)})" for row in rows])
        return f"(VALUES {shown}) AS {name} ({', '.join(names)})"

    def typed_cell(self, text: str, type_: TypeEngine) -> str:
        """Return a cell of the first row of a VALUES list with its type."""
        return text

    # Operators

    def concat(self, left: str, right: str) -> str:
        """Return the concatenation of two operands (each binds at least as tightly as ``||``)."""
        return f"{left} || {right}"

    def distinct_from(self, left: str, right: str, negated: bool) -> str:
        """Return a comparison in which NULL is a value; `negated` says that the two are the same."""
        return f"{left} IS {'NOT ' if negated else ''}DISTINCT FROM {right}"

    def between_symmetric(self, value: str, low: str, high: str, negated: bool) -> str:
        """Return BETWEEN with limits in either order."""
        if negated:
            return f"({value} NOT BETWEEN {low} AND {high} AND {value} NOT BETWEEN {high} AND {low})"
        return f"({value} BETWEEN {low} AND {high} OR {value} BETWEEN {high} AND {low})"

    def bitwise(self, symbol: str, left: str, right: str) -> str:
        """Return an operation on bits: ``& | ^ << >>``, or ``~`` with nothing on the left."""
        return f"{left} {symbol} {right}" if left else f"{symbol}{right}"

    def regexp(self, left: str, right: str, flags: str, negated: bool) -> str:
        """Return a search for a regular expression."""
        if flags:
            right = self.concat(f"'(?{flags})'", right)
        return f"{left} {'NOT REGEXP' if negated else 'REGEXP'} {right}"

    def regexp_replace(self, value: str, pattern: str, replacement: str, flags: str) -> str:
        """Return `value` with matches replaced; how many depends on the database and its flags."""
        arguments = [value, pattern, replacement, *([f"'{flags}'"] if flags else [])]
        return f"REGEXP_REPLACE({', '.join(arguments)})"

    def full_text(self, left: str, right: str) -> str:
        """Return a full-text search."""
        return f"{left} MATCH {right}"

    def quantified(self, word: str, text: str, is_subquery: bool) -> str:
        """Return ANY or ALL of a subquery (which has its parentheses) or of an array."""
        if self.quantified_lists is None or not (is_subquery or self.quantified_lists):
            what = f"{word} of a subquery" if is_subquery else f"{word} of an array"
            raise self.refusal(what, "use in_(), exists(), or the minimum or maximum in a scalar subquery.")
        return f"{word} {text}" if is_subquery else f"{word} ({text})"

    def ilike(self, left: str, right: str, negated: bool) -> str:
        """Return a LIKE that ignores case."""
        return f"lower({left}) {'NOT LIKE' if negated else 'LIKE'} lower({right})"

    def true_divide(self, left: str, right: str, whole: bool) -> str:
        """Return a division with fractions; `whole` says that both operands are whole numbers."""
        return f"{left} / ({right} + 0.0)" if whole else f"{left} / {right}"

    def floor_divide(self, left: str, right: str, whole: bool) -> str:
        """Return a division rounded down; `whole` says that both operands are whole numbers."""
        return f"{left} / {right}" if whole else f"FLOOR({left} / {right})"

    def modulo(self, left: str, right: str) -> str:
        """Return the remainder of a division."""
        return f"{left} % {right}"

    # Functions

    def extract(self, field: str, text: str) -> str:
        """Return a part of a date or time."""
        return f"EXTRACT({field} FROM {text})"

    def aggregate_strings(self, text: str, separator: str) -> str:
        """Return the aggregate that joins strings."""
        return f"string_agg({text}, {separator})"

    def json_item(self, document: str, path: Callable[[], str], form: str) -> str:
        """Return an item of a JSON document.

        Args:
            path: gives the text of the path, as often as it is needed.
            form: what it is read as: ``json``, ``string``, ``integer``, ``float`` or ``boolean``.
        """
        if form == "json":
            return f"({document} #> {path()})"
        text = f"({document} #>> {path()})"
        words = {"integer": "BIGINT", "float": "DOUBLE PRECISION", "boolean": "BOOLEAN"}
        return text if form == "string" else f"CAST({text} AS {words[form]})"

    def function(self, name: str, arguments: str) -> str:
        """Return a function call; `name` is spelled as after ``func.``, `arguments` are joined by commas."""
        lowered = name.lower()
        if not arguments and lowered in _BARE_FUNCTIONS:
            return _BARE_FUNCTIONS[lowered]
        return f"{self.function_names.get(name.lower(), name)}({arguments})"


_BARE_FUNCTIONS = {
    "now": "CURRENT_TIMESTAMP",
    "current_timestamp": "CURRENT_TIMESTAMP",
    "current_date": "CURRENT_DATE",
    "current_time": "CURRENT_TIME",
    "current_user": "CURRENT_USER",
    "session_user": "SESSION_USER",
    "localtime": "LOCALTIME",
    "localtimestamp": "LOCALTIMESTAMP",
}
