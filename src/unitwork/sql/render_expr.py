"""Expressions to SQL text.

A renderer walks a tree once and returns text in which each value is a numbered mark between NUL characters (no name,
literal or raw text may hold one); ``render_stmt`` turns the marks into the driver's placeholders, so that the order of
parameters is the order in the text, however the walk went. Parentheses are put by precedence.

What is asked of an element is in its class (``elements``, ``columns``, ``functions``); this file stands below them.

Spec: LB-22, LB-34, LB-35.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from unitwork import exc
from unitwork.sql import operators as ops
from unitwork.sql.style import Style, has_surrogate
from unitwork.sql.type_custom import TypeDecorator
from unitwork.sql.types import TupleType

if TYPE_CHECKING:
    from unitwork.sql.clause import ClauseElement, EntityElement
    from unitwork.sql.columns import ColumnClause, LabelReference
    from unitwork.sql.elements import BindParameter, Constant, Label, Operation
    from unitwork.sql.text import TextClause

MARK = "\0"


class Expansion(NamedTuple):
    """How a list of values for IN becomes text.

    Attributes:
        width: placeholders per item: 1, or the number of columns of a row value.
        prefix: goes before a list that is not empty.
        empty: stands in the place of an empty list; it closes the parenthesis of the list and opens another.
    """

    width: int
    prefix: str
    empty: str


class ExpressionRenderer:
    """Makes text of expressions for one statement.

    Args:
        style: of the database.
        literal: write values into the text (for DDL only); else as marks.
        bare: write columns without their table.
    """

    def __init__(self, style: Style, *, literal: bool = False, bare: bool = False) -> None:
        self.style = style
        self.literal = literal
        self.bare = bare
        # From a type to the conversion of its values, for literals.
        self.converter: Callable[[Any], Any] | None = None
        self.binds: list[BindParameter] = []
        self.hints: list[str] = []
        self.expansions: dict[int, Expansion] = {}
        # What the SELECT being rendered calls its columns: for ORDER BY and GROUP BY.
        self.labels: dict[str, ClauseElement] = {}
        self.naming_labels = False
        self._alias_names: dict[int, str] = {}
        self._alias_counts: dict[str, int] = {}
        self._hint = "param"

    def text(self, element: ClauseElement) -> str:
        """Return the text of any element."""
        method: Callable[[Any], str] | None = getattr(self, f"visit_{element.visit}", None)
        if method is None:
            raise exc.CompileError(
                f"a {type(element).__name__} cannot be rendered here.",
                do="use it where it belongs: a table in FROM, an assignment in values().",
                code="not-renderable",
            )
        return method(element)

    def operand(self, element: ClauseElement, precedence: int, strict: bool = True) -> str:
        """Return text of an operand, in parentheses if it binds less tightly (or `strict`, as tightly)."""
        text = self.text(element)
        own = element.precedence
        return f"({text})" if own < precedence or (strict and own == precedence) else text

    def joined(self, elements: Iterable[ClauseElement]) -> str:
        """Return texts with commas between them."""
        return ", ".join([self.text(element) for element in elements])

    @contextmanager
    def scope(self, *, labels: dict[str, ClauseElement] | None = None, bare: bool | None = None) -> Iterator[None]:
        """Render the body with other labels to name, or with bare columns, and set things back."""
        kept = (self.labels, self.naming_labels, self.bare)
        self.naming_labels = False
        self.labels = labels or {}
        if bare is not None:
            self.bare = bare
        try:
            yield
        finally:
            self.labels, self.naming_labels, self.bare = kept

    # Values

    def visit_bind(self, element: BindParameter) -> str:
        """A parameter, or a literal where the renderer writes those."""
        if self.literal:
            return self.literal_of(element.type, element.current_value())
        place = len(self.binds)
        self.binds.append(element)
        self.hints.append(element.key or f"{self._hint}_")
        return f"{MARK}{place}{MARK}"

    def literal_of(self, type_: Any, value: Any) -> str:
        """Return a value as the database would be sent it, as SQL text."""
        here = type_.for_dialect(self.style.variant_names)
        if isinstance(here, TypeDecorator) and self.converter is not None:
            made = here.process_literal_param(value, self.style.dialect)
            return self.literal_of(here.type_engine(self.style.dialect), made)
        convert = None if self.converter is None else self.converter(type_)
        return self.style.literal(value if convert is None else convert(value))

    def _literal_item(self, type_: Any, value: Any) -> str:
        if not isinstance(value, tuple):
            return self.literal_of(type_, value)
        types = type_.types if isinstance(type_, TupleType) else [type_] * len(value)
        return f"({', '.join([self.literal_of(one, item) for one, item in zip(types, value)])})"

    def visit_constant(self, element: Constant) -> str:
        """NULL, true or false."""
        if element.value is None:
            return "NULL"
        return self.style.true if element.value else self.style.false

    # Names

    def visit_column(self, element: ColumnClause) -> str:
        """A column, with the table it belongs to."""
        if element.is_literal:
            return self.raw(element.name)
        name = self.style.quote(element.name)
        table = element.table
        if self.bare or table is None:
            return name
        return f"{self.from_name(table)}.{name}"

    def from_name(self, table: Any) -> str:
        """Return the name by which columns refer to a FROM element."""
        if table.visit == "table":
            return self.style.table_name(table.name, table.schema)
        return self.style.quote(self.alias_name(table))

    def alias_name(self, alias: Any) -> str:
        """Return the name of an alias; an anonymous one gets a name of its own in this statement."""
        if alias.name is not None:
            name: str = alias.name
            return name
        made = self._alias_names.get(id(alias))
        if made is None:
            base = alias.name_hint
            number = self._alias_counts[base] = self._alias_counts.get(base, 0) + 1
            made = self._alias_names[id(alias)] = self.style.made_name(f"{base}_{number}")
        return made

    def visit_label(self, element: Label) -> str:
        """Outside the columns clause a label is its expression, or its name in ORDER BY."""
        if self.naming_labels and element.name is not None:
            labelled = self.labels.get(element.name)
            if labelled is element or getattr(labelled, "element", None) is element.element:
                return self.style.quote(element.name)
        return self.text(element.element)

    def order_term(self, element: ClauseElement) -> str:
        """Return a term of ORDER BY; a label that is the whole term, but for a direction, is named."""
        inner: Any = element
        while inner.visit == "operation" and inner.operator.kind == "order":
            inner = inner.operands[0]
        self.naming_labels = inner.visit == "label"
        return self.text(element)

    def visit_label_reference(self, element: LabelReference) -> str:
        """The name of a label or column of the SELECT, given as a string."""
        found = self.labels.get(element.name)
        if found is None:
            raise exc.ArgumentError(
                f"no column or label of the SELECT is called {element.name!r}.",
                do=f"name one of: {', '.join(self.labels) or '(none)'}; wrap SQL text: text({element.name!r}).",
                code="raw-sql-string",
            )
        return self.style.quote(element.name) if found.visit == "label" else self.text(found)

    def visit_entity(self, element: EntityElement) -> str:
        """An entity as an operand stands for its columns."""
        return self.joined(element.columns)

    # Operators

    def visit_operation(self, element: Operation) -> str:
        """Any operator, by its kind."""
        kind = element.operator.kind
        return str(getattr(self, f"_{kind}", self._infix)(element))

    def _infix(self, element: Operation) -> str:
        op = element.operator
        if _is_quantified(element.operands[0]) and not _is_quantified(element.operands[1]):
            # ANY and ALL stand on the right only.
            op = _MIRRORED.get(op, op)
            element = type(element)(op, element.operands[::-1], element.type, element.options)
        left, right = self._sides(element)
        if op is ops.CONCAT:
            return self.style.concat(left, right)
        if op is ops.IS_DISTINCT_FROM or op is ops.IS_NOT_DISTINCT_FROM:
            return self.style.distinct_from(left, right, op is ops.IS_NOT_DISTINCT_FROM)
        if op.kind == "arithmetic":
            return self._arithmetic_text(element, left, right)
        return f"{left} {self.style.operator(op.symbol)} {right}"

    def _sides(self, element: Operation) -> tuple[str, str]:
        op = element.operator
        first, second = element.operands
        left_associative = op.kind in ("arithmetic", "concat")
        left = self.operand(first, op.precedence, strict=not left_associative)
        kept, self._hint = self._hint, getattr(first, "name", None) or self._hint
        same = op.associative and getattr(second, "operator", None) is op
        right = self.operand(second, op.precedence, strict=not same)
        self._hint = kept
        return left, right

    def _arithmetic_text(self, element: Operation, left: str, right: str) -> str:
        op = element.operator
        kinds = [self.style.temporal_kind(first_type(operand)) for operand in element.operands]
        if any(kinds):
            return self.style.temporal(op.symbol, (left, kinds[0]), (right, kinds[1]))
        whole = bool(element.options)
        if op is ops.TRUEDIV:
            return self.style.true_divide(left, right, whole)
        if op is ops.FLOORDIV:
            return self.style.floor_divide(left, right, whole)
        return self.style.modulo(left, right) if op is ops.MOD else f"{left} {op.symbol} {right}"

    def _bitwise(self, element: Operation) -> str:
        left, right = self._sides(element)
        return self.style.bitwise(element.operator.symbol, left, right)

    def _regexp(self, element: Operation) -> str:
        op = element.operator
        left, right = self._sides(element)
        if op is ops.MATCH or op is ops.NOT_MATCH:
            text = self.style.full_text(left, right)
            return text if op is ops.MATCH else f"NOT ({text})"
        return self.style.regexp(left, right, dict(element.options).get("flags", ""), op is ops.NOT_REGEXP_MATCH)

    def _regexp_replace(self, element: Operation) -> str:
        value, pattern, replacement = [self.text(operand) for operand in element.operands]
        return self.style.regexp_replace(value, pattern, replacement, dict(element.options).get("flags", ""))

    def _collate(self, element: Operation) -> str:
        text = self.operand(element.operands[0], element.operator.precedence)
        return f"{text} COLLATE {self.style.quote(dict(element.options)['collation'])}"

    def _quantified(self, element: Operation) -> str:
        inner = element.operands[0]
        return self.style.quantified(element.operator.symbol, self.text(inner), inner.visit == "scalar_subquery")

    def _extract(self, element: Operation) -> str:
        return self.style.extract(dict(element.options)["field"], self.text(element.operands[0]))

    def _bool(self, element: Operation) -> str:
        op = element.operator
        return f" {op.symbol} ".join([self.operand(operand, op.precedence) for operand in element.operands])

    def _prefix(self, element: Operation) -> str:
        op = element.operator
        text = self.operand(element.operands[0], op.precedence)
        if op is ops.NEG:
            return f"-({text})" if text.startswith("-") else f"-{text}"
        if op is ops.BITWISE_NOT:
            return self.style.bitwise(op.symbol, "", text)
        return f"{op.symbol} {text}"

    def _order(self, element: Operation) -> str:
        op, inner = element.operator, element.operands[0]
        text = self.operand(inner, op.precedence, strict=False)
        if op is ops.NULLS_FIRST or op is ops.NULLS_LAST:
            directed = getattr(inner, "operator", None) in (ops.DESC, ops.ASC)
            bare = self.text(inner.children()[0]) if directed else text
            return self.style.nulls_order(bare, text, op is ops.NULLS_FIRST)
        return f"{text} {op.symbol}"

    def _between(self, element: Operation) -> str:
        op = element.operator
        value, low, high = element.operands
        left = self.operand(value, op.precedence)
        kept, self._hint = self._hint, getattr(value, "name", None) or self._hint
        least, most = [self.operand(limit, op.precedence) for limit in (low, high)]
        self._hint = kept
        if op is ops.BETWEEN_SYMMETRIC or op is ops.NOT_BETWEEN_SYMMETRIC:
            return self.style.between_symmetric(left, least, most, op is ops.NOT_BETWEEN_SYMMETRIC)
        return f"{left} {op.symbol} {least} AND {most}"

    def _list(self, element: Operation) -> str:
        return f"({self.joined(element.operands)})"

    def _item(self, element: Operation) -> str:
        document, path = element.operands
        left = self.operand(document, ops.ATOM, strict=False)
        form = dict(element.options)["form"]
        # Some databases need the path more than once.
        return self.style.json_item(left, lambda: self.text(path), form)

    def _cast(self, element: Operation) -> str:
        return f"CAST({self.text(element.operands[0])} AS {self.style.cast_type(element.type)})"

    def _like(self, element: Operation) -> str:
        op = element.operator
        left, right = self._sides(element)
        before, after, ignoring_case = _LIKE_FORMS.get(op, (False, False, False))
        if ignoring_case:
            left, right = f"lower({left})", f"lower({right})"
        if before:
            right = self.style.concat("'%'", right)
        if after:
            right = self.style.concat(right, "'%'")
        if op is ops.ILIKE or op is ops.NOT_ILIKE:
            text = self.style.ilike(left, right, op is ops.NOT_ILIKE)
        else:
            text = f"{left} {op.symbol} {right}"
        for _, escape in element.options:
            text += f" ESCAPE {self.style.string_literal(escape)}"
        return text

    def _in(self, element: Operation) -> str:
        op, (first, second) = element.operator, element.operands
        left = self.operand(first, op.precedence)
        if second.visit == "bind":
            text = f"{left} {op.symbol} ({self._expanding(first, second, op is ops.NOT_IN)})"  # type: ignore[arg-type]
            # The empty form of NOT IN is an OR.
            return f"({text})" if op is ops.NOT_IN else text
        right = self.text(second)
        in_parentheses = second.visit == "scalar_subquery" or getattr(second, "operator", None) is ops.COMMA
        if second.visit == "operation" and self.style.row_list_prefix and isinstance(first_type(first), TupleType):
            right = f"({self.style.row_list_prefix}{right[1:]}"
        return f"{left} {op.symbol} {right if in_parentheses else f'({right})'}"

    def _expanding(self, left: ClauseElement, values: BindParameter, negated: bool) -> str:
        left_type = first_type(left)
        width = len(left_type.types) if isinstance(left_type, TupleType) else 0
        nothing = f"({', '.join(['NULL'] * width)})" if width else "NULL"
        prefix = self.style.row_list_prefix if width else ""
        empty = f"{prefix}{nothing}) OR (1 = 1" if negated else f"{prefix}{nothing}) AND (1 != 1"
        if self.literal:
            return ", ".join([self._literal_item(values.type, value) for value in values.current_value()]) or empty
        self.expansions[len(self.binds)] = Expansion(width or 1, prefix, empty)
        kept, self._hint = self._hint, getattr(left, "name", None) or self._hint
        text = self.visit_bind(values)
        self._hint = kept
        return text

    # Raw text

    def visit_text(self, element: TextClause) -> str:
        """SQL text of the user with its ``:name`` parameters."""
        return "".join(
            [self.raw(piece) if isinstance(piece, str) else self.visit_text_bind(piece) for piece in element.pieces]
        )

    def visit_text_bind(self, bind: BindParameter) -> str:
        """A parameter of a text; a list brings its parentheses, as after IN."""
        if not bind.expanding:
            return self.visit_bind(bind)
        nothing = "SELECT 1 WHERE 1 != 1"
        if self.literal:
            return f"({', '.join([self.literal_of(bind.type, value) for value in bind.current_value()]) or nothing})"
        self.expansions[len(self.binds)] = Expansion(1, "", nothing)
        return f"({self.visit_bind(bind)})"

    def raw(self, text: str) -> str:
        """Return SQL text of the user as it is.

        Raises:
            ArgumentError [bad-literal]: it has a NUL character, or one that UTF-8 cannot write.
        """
        if MARK in text or (not text.isascii() and has_surrogate(text)):
            raise exc.ArgumentError(
                "SQL text has a NUL character, or one that UTF-8 cannot write.",
                do="take it out; pass values as parameters.",
                code="bad-literal",
            )
        return text


#: Operator to (% before the operand, % after it, case ignored).
_LIKE_FORMS: dict[ops.Operator, tuple[bool, bool, bool]] = {}
for _op, _form in (
    (ops.STARTSWITH, (False, True, False)),
    (ops.ENDSWITH, (True, False, False)),
    (ops.CONTAINS, (True, True, False)),
    (ops.ISTARTSWITH, (False, True, True)),
    (ops.IENDSWITH, (True, False, True)),
    (ops.ICONTAINS, (True, True, True)),
):
    _LIKE_FORMS[_op] = _form
    if _op.negation is not None:
        _LIKE_FORMS[_op.negation] = _form

#: Comparison to the one that says the same with its sides exchanged.
_MIRRORED = {ops.LT: ops.GT, ops.GT: ops.LT, ops.LE: ops.GE, ops.GE: ops.LE}


def _is_quantified(element: ClauseElement) -> bool:
    return getattr(getattr(element, "operator", None), "kind", None) == "quantified"


def first_type(element: ClauseElement) -> Any:
    """Return the type of an element, None for one without."""
    return getattr(element, "type", None)
