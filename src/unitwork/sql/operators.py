"""Operators as values, and the mixin that gives Python operators to everything that stands for a column.

An :class:`Operator` knows its symbol, how tightly it binds, and its opposite. It does not know elements: what an
operator makes of its operands is decided by ``ColumnElement.operate`` in ``elements``.

Spec: LB-22.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from unitwork import exc


class Operator:
    """One SQL operator; compared by identity.

    Attributes:
        name: unique readable name.
        symbol: SQL text between (or before, or after) the operands.
        precedence: the higher, the tighter it binds; see :data:`ATOM`.
        kind: which sort of element it makes: ``comparison``, ``arithmetic``, ``concat``, ``like``, ``in``, ``is``,
            ``between``, ``bool``, ``order``, ``prefix``, ``list``, ``cast`` or ``custom``.
        negation: the operator that holds exactly where this one does not (NULL apart), or None.
        associative: ``a op (b op c)`` needs no parentheses.
        python_impl: function of the two Python values, where the user gave one with ``op()`` (LB-25).
    """

    __slots__ = ("name", "symbol", "precedence", "kind", "negation", "associative", "python_impl")

    def __init__(
        self,
        name: str,
        symbol: str,
        precedence: int,
        kind: str,
        *,
        associative: bool = False,
        python_impl: Callable[[Any, Any], Any] | None = None,
    ) -> None:
        self.name = name
        self.symbol = symbol
        self.precedence = precedence
        self.kind = kind
        self.negation: Operator | None = None
        self.associative = associative
        self.python_impl = python_impl

    def __repr__(self) -> str:
        return f"<Operator {self.name}>"


def _opposites(left: Operator, right: Operator) -> None:
    left.negation = right
    right.negation = left


#: Precedence of what never needs parentheses: a name, a bind, a function call.
ATOM = 100
#: Precedence of a whole statement or list: always in parentheses inside an expression.
LOOSEST = 0

OR = Operator("or", "OR", 10, "bool", associative=True)
AND = Operator("and", "AND", 20, "bool", associative=True)
NOT = Operator("not", "NOT", 30, "prefix")
EQ = Operator("eq", "=", 40, "comparison")
NE = Operator("ne", "!=", 40, "comparison")
LT = Operator("lt", "<", 40, "comparison")
LE = Operator("le", "<=", 40, "comparison")
GT = Operator("gt", ">", 40, "comparison")
GE = Operator("ge", ">=", 40, "comparison")
IS = Operator("is", "IS", 40, "is")
IS_NOT = Operator("is_not", "IS NOT", 40, "is")
IN = Operator("in", "IN", 40, "in")
NOT_IN = Operator("not_in", "NOT IN", 40, "in")
LIKE = Operator("like", "LIKE", 40, "like")
NOT_LIKE = Operator("not_like", "NOT LIKE", 40, "like")
ILIKE = Operator("ilike", "ILIKE", 40, "like")
NOT_ILIKE = Operator("not_ilike", "NOT ILIKE", 40, "like")
STARTSWITH = Operator("startswith", "LIKE", 40, "like")
NOT_STARTSWITH = Operator("not_startswith", "NOT LIKE", 40, "like")
ENDSWITH = Operator("endswith", "LIKE", 40, "like")
NOT_ENDSWITH = Operator("not_endswith", "NOT LIKE", 40, "like")
CONTAINS = Operator("contains", "LIKE", 40, "like")
NOT_CONTAINS = Operator("not_contains", "NOT LIKE", 40, "like")
BETWEEN = Operator("between", "BETWEEN", 40, "between")
NOT_BETWEEN = Operator("not_between", "NOT BETWEEN", 40, "between")
CONCAT = Operator("concat", "||", 50, "concat", associative=True)
ADD = Operator("add", "+", 60, "arithmetic")
SUB = Operator("sub", "-", 60, "arithmetic")
MUL = Operator("mul", "*", 70, "arithmetic")
TRUEDIV = Operator("truediv", "/", 70, "arithmetic")
FLOORDIV = Operator("floordiv", "//", 70, "arithmetic")
MOD = Operator("mod", "%", 70, "arithmetic")
NEG = Operator("neg", "-", 80, "prefix")
COMMA = Operator("comma", ",", ATOM, "list")
GROUP = Operator("group", "()", ATOM, "list")
CAST = Operator("cast", "CAST", ATOM, "cast")
DISTINCT = Operator("distinct", "DISTINCT", 5, "prefix")
DESC = Operator("desc", "DESC", 3, "order")
ASC = Operator("asc", "ASC", 3, "order")
NULLS_FIRST = Operator("nulls_first", "NULLS FIRST", 2, "order")
NULLS_LAST = Operator("nulls_last", "NULLS LAST", 2, "order")

for _pair in (
    (EQ, NE),
    (LT, GE),
    (GT, LE),
    (IS, IS_NOT),
    (IN, NOT_IN),
    (LIKE, NOT_LIKE),
    (ILIKE, NOT_ILIKE),
    (STARTSWITH, NOT_STARTSWITH),
    (ENDSWITH, NOT_ENDSWITH),
    (CONTAINS, NOT_CONTAINS),
    (BETWEEN, NOT_BETWEEN),
):
    _opposites(*_pair)


def custom_operator(
    symbol: str,
    precedence: int = 0,
    is_comparison: bool = False,
    python_impl: Callable[[Any, Any], Any] | None = None,
) -> Operator:
    """Return an operator of the user's own, as ``column.op("->>")`` makes it.

    Args:
        precedence: as in the reference 0 is the lowest; the result always stands in parentheses inside another.
        is_comparison: the result is a Boolean.
    """
    kind = "comparison" if is_comparison else "custom"
    return Operator(f"op {symbol}", symbol, 35 + min(max(precedence, 0), 40), kind, python_impl=python_impl)


class ColumnOperators:
    """Python operators and methods that make SQL; mixed into every column expression and mapped attribute.

    All of them call :meth:`operate` or :meth:`reverse_operate`, which by default go to ``__clause_element__()``; a
    class that overrides these two overrides everything.

    Spec: LB-22.
    """

    __slots__ = ()
    __hash__ = object.__hash__

    def __clause_element__(self) -> Any:
        """Return the SQL element this object stands for."""
        raise NotImplementedError

    def operate(self, op: Operator, *others: Any, **options: Any) -> Any:
        """Return the element for `op` with this object on the left."""
        return self.__clause_element__().operate(op, *others, **options)

    def reverse_operate(self, op: Operator, other: Any) -> Any:
        """Return the element for `op` with this object on the right."""
        return self.__clause_element__().reverse_operate(op, other)

    def __eq__(self, other: object) -> Any:
        return self.operate(EQ, other)

    def __ne__(self, other: object) -> Any:
        return self.operate(NE, other)

    def __lt__(self, other: Any) -> Any:
        return self.operate(LT, other)

    def __le__(self, other: Any) -> Any:
        return self.operate(LE, other)

    def __gt__(self, other: Any) -> Any:
        return self.operate(GT, other)

    def __ge__(self, other: Any) -> Any:
        return self.operate(GE, other)

    def __and__(self, other: Any) -> Any:
        return self.operate(AND, other)

    def __rand__(self, other: Any) -> Any:
        return self.reverse_operate(AND, other)

    def __or__(self, other: Any) -> Any:
        return self.operate(OR, other)

    def __ror__(self, other: Any) -> Any:
        return self.reverse_operate(OR, other)

    def __invert__(self) -> Any:
        return self.operate(NOT)

    def __neg__(self) -> Any:
        return self.operate(NEG)

    def __add__(self, other: Any) -> Any:
        return self.operate(ADD, other)

    def __radd__(self, other: Any) -> Any:
        return self.reverse_operate(ADD, other)

    def __sub__(self, other: Any) -> Any:
        return self.operate(SUB, other)

    def __rsub__(self, other: Any) -> Any:
        return self.reverse_operate(SUB, other)

    def __mul__(self, other: Any) -> Any:
        return self.operate(MUL, other)

    def __rmul__(self, other: Any) -> Any:
        return self.reverse_operate(MUL, other)

    def __truediv__(self, other: Any) -> Any:
        return self.operate(TRUEDIV, other)

    def __rtruediv__(self, other: Any) -> Any:
        return self.reverse_operate(TRUEDIV, other)

    def __floordiv__(self, other: Any) -> Any:
        return self.operate(FLOORDIV, other)

    def __rfloordiv__(self, other: Any) -> Any:
        return self.reverse_operate(FLOORDIV, other)

    def __mod__(self, other: Any) -> Any:
        return self.operate(MOD, other)

    def __rmod__(self, other: Any) -> Any:
        return self.reverse_operate(MOD, other)

    def concat(self, other: Any) -> Any:
        """Return ``self || other``."""
        return self.operate(CONCAT, other)

    def is_(self, other: Any) -> Any:
        """Return ``self IS other``, for None, True, False or an element."""
        return self.operate(IS, other)

    def is_not(self, other: Any) -> Any:
        """Return ``self IS NOT other``."""
        return self.operate(IS_NOT, other)

    isnot = is_not

    def in_(self, other: Any) -> Any:
        """Return ``self IN other``; `other` is an iterable of values, a Select or an expanding bind (LB-35)."""
        return self.operate(IN, other)

    def not_in(self, other: Any) -> Any:
        """Return ``self NOT IN other``; true for an empty list (LB-35)."""
        return self.operate(NOT_IN, other)

    notin_ = not_in

    def like(self, other: Any, escape: str | None = None) -> Any:
        """Return ``self LIKE other``."""
        return self.operate(LIKE, other, escape=escape)

    def not_like(self, other: Any, escape: str | None = None) -> Any:
        """Return ``self NOT LIKE other``."""
        return self.operate(NOT_LIKE, other, escape=escape)

    notlike = not_like

    def ilike(self, other: Any, escape: str | None = None) -> Any:
        """Return a LIKE that ignores case."""
        return self.operate(ILIKE, other, escape=escape)

    def not_ilike(self, other: Any, escape: str | None = None) -> Any:
        """Return a NOT LIKE that ignores case."""
        return self.operate(NOT_ILIKE, other, escape=escape)

    notilike = not_ilike

    def startswith(self, other: Any, escape: str | None = None, autoescape: bool = False) -> Any:
        """Return ``self LIKE other || '%'``; `autoescape` takes ``%`` and ``_`` in a string as themselves."""
        return self.operate(STARTSWITH, other, escape=escape, autoescape=autoescape)

    def endswith(self, other: Any, escape: str | None = None, autoescape: bool = False) -> Any:
        """Return ``self LIKE '%' || other``."""
        return self.operate(ENDSWITH, other, escape=escape, autoescape=autoescape)

    def contains(self, other: Any, escape: str | None = None, autoescape: bool = False) -> Any:
        """Return ``self LIKE '%' || other || '%'``."""
        return self.operate(CONTAINS, other, escape=escape, autoescape=autoescape)

    def between(self, low: Any, high: Any) -> Any:
        """Return ``self BETWEEN low AND high``."""
        return self.operate(BETWEEN, low, high)

    def op(
        self,
        opstring: str,
        precedence: int = 0,
        is_comparison: bool = False,
        python_impl: Callable[[Any, Any], Any] | None = None,
    ) -> Callable[[Any], Any]:
        """Return a function of the right operand that applies the operator `opstring`, taken into SQL as it is."""
        operator = custom_operator(opstring, precedence, is_comparison, python_impl)
        return lambda other: self.operate(operator, other)

    def bool_op(self, opstring: str, precedence: int = 0) -> Callable[[Any], Any]:
        """Return ``op(opstring)`` with a Boolean result."""
        return self.op(opstring, precedence, is_comparison=True)

    def desc(self) -> Any:
        """Return this in descending order, for ``order_by``."""
        return self.operate(DESC)

    def asc(self) -> Any:
        """Return this in ascending order, for ``order_by``."""
        return self.operate(ASC)

    def nulls_first(self) -> Any:
        """Return this ordered with NULLs first."""
        return self.operate(NULLS_FIRST)

    nullsfirst = nulls_first

    def nulls_last(self) -> Any:
        """Return this ordered with NULLs last."""
        return self.operate(NULLS_LAST)

    nullslast = nulls_last

    def distinct(self) -> Any:
        """Return ``DISTINCT self``, as in ``func.count(column.distinct())``."""
        return self.operate(DISTINCT)


def without_wildcards(value: object, escape: str) -> str:
    """Return a string for LIKE in which ``%`` and ``_`` stand for themselves, by the character `escape`.

    Raises:
        ArgumentError [autoescape-needs-string]: it is no string.
    """
    if not isinstance(value, str):
        raise exc.ArgumentError(
            f"autoescape=True needs a string, got an object of type {type(value).__qualname__}.",
            do="escape the operand in SQL, or leave autoescape out.",
            code="autoescape-needs-string",
        )
    for character in (escape, "%", "_"):
        value = value.replace(character, escape + character)
    return value


def is_listlike(value: object) -> bool:
    """Say whether `value` is an iterable of values for IN, and not a string or bytes."""
    return isinstance(value, Iterable) and not isinstance(value, (str, bytes, bytearray))
