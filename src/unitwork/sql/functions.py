"""Functions of the database, CASE, and the constructors of plain expressions.

``func.name(...)`` makes a call of any function; the generic ones know their result type.

Spec: LB-21, LB-37.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from unitwork import exc
from unitwork.base.generics import T_co
from unitwork.sql import operators as ops
from unitwork.sql.clause import ClauseElement
from unitwork.sql.columns import LabelReference
from unitwork.sql.derived import FieldOf, TableSample, TableValued, TableValuedColumn, as_columns, tablesample_of
from unitwork.sql.elements import (
    FALSE,
    NULL,
    TRUE,
    BindParameter,
    ColumnElement,
    Constant,
    Operation,
    as_criterion,
    as_operand,
    conjunction,
    negate,
)
from unitwork.sql.known_functions import KnownFunctions
from unitwork.sql.shape import ShapeBuilder
from unitwork.sql.types import (
    DATE,
    DATETIME,
    FLOAT,
    INTEGER,
    NULLTYPE,
    NUMERIC,
    STRING,
    TIME,
    Integer,
    NullType,
    Numeric,
    TupleType,
    TypeArgument,
    TypeEngine,
    to_type,
    type_for,
)
from unitwork.sql.windows import Called


class Function(Called[T_co]):
    """A call of a function of the database.

    Attributes:
        name: last part of its name, from which its column in a result is named.
        spelling: whole name as written after ``func.``.
        arguments: elements.
        star: with no arguments it is called with ``*``, as ``count(*)``.
    """

    __slots__ = ("arguments", "name", "spelling", "star", "type")
    visit = "function"

    def __init__(self, spelling: str, arguments: Sequence[ClauseElement], type_: TypeEngine) -> None:
        self.spelling = spelling
        self.name: str = spelling.rpartition(".")[2]
        self.arguments = tuple(arguments)
        self.type = type_
        self.star = not arguments and self.name.lower() == "count"

    def shape_into(self, out: ShapeBuilder) -> None:
        out.extend((Function, self.spelling, len(self.arguments), self.type.cache_key))
        for argument in self.arguments:
            argument.shape_into(out)

    def children(self) -> tuple[ClauseElement, ...]:
        return self.arguments

    def table_valued(
        self, *columns: Any, name: str | None = None, with_ordinality: str | None = None, joins_implicitly: bool = False
    ) -> TableValued:
        """Return the call as a FROM element with columns; not on MariaDB and MySQL.

        Args:
            columns: names, or columns made by ``column()``.
            with_ordinality: name of a column that numbers the rows, on PostgreSQL.
            joins_implicitly: accepted, as in the reference.
        """
        return TableValued(self, as_columns(columns, "table_valued()"), name, with_ordinality)

    def column_valued(self, name: str | None = None, joins_implicitly: bool = False) -> TableValuedColumn:
        """Return the one value of each row that the call gives in FROM; on PostgreSQL."""
        return TableValued(self, (), name).column

    def scalar_table_valued(self, name: str, type_: TypeArgument | None = None) -> FieldOf:
        """Return one column of what the call gives: ``(f(x)).name``; on PostgreSQL."""
        return FieldOf(self, name, NULLTYPE if type_ is None else to_type(type_))

    def alias(self, name: str | None = None, joins_implicitly: bool = False) -> TableValued:
        """Return the call as a FROM element."""
        return TableValued(self, (), name)

    def with_children(self, children: Sequence[ClauseElement]) -> Function:
        return Function(self.spelling, children, self.type)


def _same(arguments: tuple[ColumnElement, ...]) -> TypeEngine:
    # The first argument that knows its type: COALESCE(NULL, x) is like x.
    return next((one.type for one in arguments if one.type.__class__ is not NullType), NULLTYPE)


def _sum(arguments: tuple[ColumnElement, ...]) -> TypeEngine:
    return _same(arguments)


def _average(arguments: tuple[ColumnElement, ...]) -> TypeEngine:
    found = _same(arguments)
    return NUMERIC if isinstance(found, Integer) else found


_RESULT_TYPES: dict[str, TypeEngine | Callable[[tuple[ColumnElement, ...]], TypeEngine]] = {
    "count": INTEGER,
    "length": INTEGER,
    "char_length": INTEGER,
    "sum": _sum,
    "avg": _average,
    **dict.fromkeys(("min", "max", "coalesce", "nullif", "abs", "greatest", "least"), _same),
    **dict.fromkeys(("row_number", "rank", "dense_rank", "ntile"), INTEGER),
    **dict.fromkeys(("percent_rank", "cume_dist"), FLOAT),
    **dict.fromkeys(("lag", "lead", "first_value", "last_value", "nth_value"), _same),
    **dict.fromkeys(("aggregate_strings", "string_agg", "group_concat"), STRING),
    **dict.fromkeys(("user", "current_user", "session_user"), STRING),
    **dict.fromkeys(("lower", "upper", "trim", "ltrim", "rtrim", "concat", "substr", "substring", "replace"), STRING),
    **dict.fromkeys(("now", "current_timestamp", "localtimestamp", "sysdate"), DATETIME),
    "current_date": DATE,
    **dict.fromkeys(("current_time", "localtime"), TIME),
    "round": lambda arguments: found if isinstance(found := _same(arguments), (Numeric, Integer)) else NUMERIC,
    "random": NULLTYPE,
}


class FunctionMaker(KnownFunctions):
    """``func``: attribute access gives a maker of calls; ``func.schema.name(...)`` works too."""

    __slots__ = ("_spelling",)

    def __init__(self, spelling: str = "") -> None:
        self._spelling = spelling

    def __getattr__(self, name: str) -> FunctionMaker:
        if name.startswith("__"):
            raise AttributeError(name)
        # A trailing underscore serves names that are Python keywords.
        name = name[:-1] if name.endswith("_") else name
        if not name.isidentifier():
            raise exc.ArgumentError(
                f"{name!r} is no function name.", do="use letters, digits and underscores.", code="bad-identifier"
            )
        return FunctionMaker(f"{self._spelling}.{name}" if self._spelling else name)

    def __call__(self, *arguments: Any, type_: TypeArgument | None = None) -> Function:
        """Return the call; plain values become parameters.

        Args:
            type_: of the result; by default what a generic function of that name gives, else unknown.
        """
        if not self._spelling:
            raise exc.ArgumentError("func is no function.", do="name one, as in func.count().", code="bad-identifier")
        elements = tuple(as_operand(argument) for argument in arguments)
        if type_ is not None:
            return Function(self._spelling, elements, to_type(type_))
        known = _RESULT_TYPES.get(self._spelling.lower(), NULLTYPE)
        return Function(self._spelling, elements, known if isinstance(known, TypeEngine) else known(elements))


func = FunctionMaker()


class Case(ColumnElement):
    """CASE: searched, or comparing :attr:`value` (then the conditions are values)."""

    __slots__ = ("else_", "type", "value", "whens")
    visit = "case"

    def __init__(
        self,
        whens: Sequence[tuple[ClauseElement, ColumnElement]],
        value: ClauseElement | None,
        else_: ColumnElement | None,
    ) -> None:
        self.whens = tuple(whens)
        self.value = value
        self.else_ = else_
        self.type = _same(tuple(result for _, result in self.whens) + (() if else_ is None else (else_,)))

    def shape_into(self, out: ShapeBuilder) -> None:
        out.extend((Case, len(self.whens), self.value is None, self.else_ is None))
        for child in self.children():
            child.shape_into(out)

    def children(self) -> tuple[ClauseElement, ...]:
        ends = (self.value, self.else_)
        return (*(part for when in self.whens for part in when), *(end for end in ends if end is not None))

    def with_children(self, children: Sequence[ClauseElement]) -> Case:
        elements = [as_operand(child) for child in children]
        count = 2 * len(self.whens)
        ends = iter(elements[count:])
        value = None if self.value is None else next(ends)
        return Case(
            list(zip(elements[:count:2], elements[1:count:2], strict=True)),
            value,
            None if self.else_ is None else next(ends),
        )


def case(*whens: Any, value: Any = None, else_: Any = None) -> Case:
    """Return a CASE.

    Args:
        whens: (condition, result) pairs, or one mapping of compared value to result with `value`.
        value: compared with the conditions; None for a searched CASE.
        else_: result where nothing matches; None gives NULL.
    Raises:
        ArgumentError [case-without-when]: there is no pair.
    """
    pairs: list[Any] = []
    for when in whens:
        pairs.extend(when.items() if isinstance(when, Mapping) else [when])
    if not pairs:
        raise exc.ArgumentError(
            "case() needs at least one (condition, result).",
            do="pass pairs: case((a > 1, 'x')).",
            code="case-without-when",
        )
    compared = None if value is None else as_operand(value)
    made = [
        (as_criterion(test) if compared is None else as_operand(test, compared.type), as_operand(result))
        for test, result in pairs
    ]
    return Case(made, compared, None if else_ is None else as_operand(else_))


def and_(*criteria: Any) -> ColumnElement[bool]:
    """Return the conjunction of `criteria`; true if there are none."""
    return conjunction(ops.AND, criteria)


def or_(*criteria: Any) -> ColumnElement[bool]:
    """Return the disjunction of `criteria`; false if there are none."""
    return conjunction(ops.OR, criteria)


def not_(criterion: Any) -> ColumnElement[bool]:
    """Return the opposite of `criterion`."""
    return negate(as_criterion(criterion))


def any_(expression: Any) -> ColumnElement:
    """Return ``ANY (expression)`` of a subquery or an array, to compare with; not on SQLite."""
    return as_operand(expression).operate(ops.ANY)


def all_(expression: Any) -> ColumnElement:
    """Return ``ALL (expression)`` of a subquery or an array, to compare with; not on SQLite."""
    return as_operand(expression).operate(ops.ALL)


def bitwise_not(expression: Any) -> ColumnElement:
    """Return ``~expression``, every bit turned."""
    return as_operand(expression).operate(ops.BITWISE_NOT)


def collate(expression: Any, collation: str) -> ColumnElement:
    """Return `expression` compared and ordered by a collation of the database."""
    return as_operand(expression).operate(ops.COLLATE, collation)


def extract(field: str, expr: Any) -> ColumnElement:
    """Return a part of a date or time: ``year``, ``month``, ``day``, ``hour``, ``minute``, ``second``, ``dow`` …

    Raises:
        ArgumentError [bad-identifier]: `field` is no word.
    """
    if not isinstance(field, str) or not field.isidentifier() or not field.isascii():
        raise exc.ArgumentError(
            f"{field!r} is no part of a date or time.", do="use a word such as 'year'.", code="bad-identifier"
        )
    return Operation(ops.EXTRACT, (as_operand(expr),), INTEGER, (("field", field),))


class TypeCoerce(ColumnElement):
    """An expression that Python takes for another type; SQL does not see it."""

    __slots__ = ("element", "name", "type")
    visit = "type_coerce"
    parts = ("element",)

    def __init__(self, element: ColumnElement, type_: TypeEngine) -> None:
        self.element = element
        self.type = type_
        self.name = element.name

    @property
    def precedence(self) -> int:
        return self.element.precedence

    def shape_into(self, out: ShapeBuilder) -> None:
        out.extend((TypeCoerce, self.type.cache_key))
        self.element.shape_into(out)


def type_coerce(expression: Any, type_: TypeArgument) -> ColumnElement:
    """Return `expression` with another type on Python's side, and no CAST in SQL."""
    target = to_type(type_)
    found = as_operand(expression, target)
    if found.__class__ is BindParameter:
        return BindParameter(found.value, target)
    return TypeCoerce(found, target)


def tablesample(selectable: Any, sampling: Any, name: str | None = None, seed: Any = None) -> TableSample:
    """Return a random part of a table; on PostgreSQL.

    Args:
        sampling: percentage for the method ``system``, or a call such as ``func.bernoulli(10)``.
        seed: makes the sample repeatable.
    """
    call = sampling if isinstance(sampling, Function) else func.system(sampling)
    return tablesample_of(selectable, call, name, seed)


def null() -> Constant:
    """Return NULL; in ``values()`` and on a mapped attribute it bypasses defaults (PT-21)."""
    return NULL


def true() -> Constant:
    """Return the constant true."""
    return TRUE


def false() -> Constant:
    """Return the constant false."""
    return FALSE


def literal(value: Any, type_: TypeArgument | None = None) -> BindParameter:
    """Return `value` as a parameter of `type_`, or of the type its Python class suggests."""
    return BindParameter(value, type_for(value) if type_ is None else to_type(type_))


def tuple_(*items: Any) -> Operation:
    """Return a row value ``(a, b)``, to compare with tuples and for ``in_`` with a list of tuples."""
    elements = tuple(as_operand(item) for item in items)
    return Operation(ops.COMMA, elements, TupleType(*(element.type for element in elements)))


def _ordered(op: ops.Operator, expression: Any) -> ColumnElement:
    operand = LabelReference(expression) if isinstance(expression, str) else as_operand(expression)
    return operand.operate(op)


def desc(expression: Any) -> ColumnElement:
    """Return `expression` in descending order."""
    return _ordered(ops.DESC, expression)


def asc(expression: Any) -> ColumnElement:
    """Return `expression` in ascending order."""
    return _ordered(ops.ASC, expression)


def nulls_first(expression: Any) -> ColumnElement:
    """Return `expression` ordered with NULLs first."""
    return _ordered(ops.NULLS_FIRST, expression)


def nulls_last(expression: Any) -> ColumnElement:
    """Return `expression` ordered with NULLs last."""
    return _ordered(ops.NULLS_LAST, expression)


def distinct(expression: Any) -> ColumnElement:
    """Return ``DISTINCT expression``, as in ``func.count(distinct(column))``."""
    return _ordered(ops.DISTINCT, expression)


def between(expression: Any, low: Any, high: Any, symmetric: bool = False) -> ColumnElement[bool]:
    """Return ``expression BETWEEN low AND high``; `symmetric` lets the limits come in either order."""
    return as_operand(expression).operate(ops.BETWEEN_SYMMETRIC if symmetric else ops.BETWEEN, low, high)
