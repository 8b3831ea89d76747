"""Operators as values.

An :class:`Operator` knows its symbol, how tightly it binds, and its opposite. It does not know elements: what an
operator makes of its operands is decided in ``build``.

Spec: LB-22.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

from unitwork import exc


class Operator:
    """One SQL operator; compared by identity.

    Attributes:
        name: unique readable name.
        symbol: SQL text between (or before, or after) the operands.
        precedence: the higher, the tighter it binds; see :data:`ATOM`.
        kind: which sort of element it makes: ``comparison``, ``arithmetic``, ``bitwise``, ``concat``, ``like``,
            ``regexp``, ``regexp_replace``, ``in``, ``is``, ``between``, ``bool``, ``order``, ``prefix``, ``collate``,
            ``extract``, ``list``, ``cast``, ``quantified`` or ``custom``.
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
ISTARTSWITH = Operator("istartswith", "LIKE", 40, "like")
NOT_ISTARTSWITH = Operator("not_istartswith", "NOT LIKE", 40, "like")
IENDSWITH = Operator("iendswith", "LIKE", 40, "like")
NOT_IENDSWITH = Operator("not_iendswith", "NOT LIKE", 40, "like")
ICONTAINS = Operator("icontains", "LIKE", 40, "like")
NOT_ICONTAINS = Operator("not_icontains", "NOT LIKE", 40, "like")
REGEXP_MATCH = Operator("regexp_match", "REGEXP", 40, "regexp")
NOT_REGEXP_MATCH = Operator("not_regexp_match", "NOT REGEXP", 40, "regexp")
MATCH = Operator("match", "MATCH", 40, "regexp")
NOT_MATCH = Operator("not_match", "NOT MATCH", 40, "regexp")
IS_DISTINCT_FROM = Operator("is_distinct_from", "IS DISTINCT FROM", 40, "comparison")
IS_NOT_DISTINCT_FROM = Operator("is_not_distinct_from", "IS NOT DISTINCT FROM", 40, "comparison")
BETWEEN = Operator("between", "BETWEEN", 40, "between")
NOT_BETWEEN = Operator("not_between", "NOT BETWEEN", 40, "between")
BETWEEN_SYMMETRIC = Operator("between_symmetric", "BETWEEN SYMMETRIC", 40, "between")
NOT_BETWEEN_SYMMETRIC = Operator("not_between_symmetric", "NOT BETWEEN SYMMETRIC", 40, "between")
BITWISE_OR = Operator("bitwise_or", "|", 45, "bitwise")
BITWISE_XOR = Operator("bitwise_xor", "^", 45, "bitwise")
BITWISE_AND = Operator("bitwise_and", "&", 45, "bitwise")
LSHIFT = Operator("bitwise_lshift", "<<", 45, "bitwise")
RSHIFT = Operator("bitwise_rshift", ">>", 45, "bitwise")
CONCAT = Operator("concat", "||", 50, "concat", associative=True)
ADD = Operator("add", "+", 60, "arithmetic")
SUB = Operator("sub", "-", 60, "arithmetic")
MUL = Operator("mul", "*", 70, "arithmetic")
TRUEDIV = Operator("truediv", "/", 70, "arithmetic")
FLOORDIV = Operator("floordiv", "//", 70, "arithmetic")
MOD = Operator("mod", "%", 70, "arithmetic")
NEG = Operator("neg", "-", 80, "prefix")
REGEXP_REPLACE = Operator("regexp_replace", "REGEXP_REPLACE", ATOM, "regexp_replace")
BITWISE_NOT = Operator("bitwise_not", "~", 80, "prefix")
ITEM = Operator("item", "[]", ATOM, "item")
FORM = Operator("form", "as", ATOM, "form")
COLLATE = Operator("collate", "COLLATE", 90, "collate")
ANY = Operator("any", "ANY", ATOM, "quantified")
ALL = Operator("all", "ALL", ATOM, "quantified")
EXTRACT = Operator("extract", "EXTRACT", ATOM, "extract")
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
    (ISTARTSWITH, NOT_ISTARTSWITH),
    (IENDSWITH, NOT_IENDSWITH),
    (ICONTAINS, NOT_ICONTAINS),
    (REGEXP_MATCH, NOT_REGEXP_MATCH),
    (MATCH, NOT_MATCH),
    (IS_DISTINCT_FROM, IS_NOT_DISTINCT_FROM),
    (BETWEEN, NOT_BETWEEN),
    (BETWEEN_SYMMETRIC, NOT_BETWEEN_SYMMETRIC),
):
    _opposites(*_pair)


# What is in quotes or comments, or ends the statement, is no part of an operator.
_NO_OPERATOR = re.compile(r"""['"`;\\\0]|--|/\*|\*/""")


def custom_operator(
    symbol: str,
    precedence: int = 0,
    is_comparison: bool = False,
    python_impl: Callable[[Any, Any], Any] | None = None,
) -> Operator:
    """Return an operator of the user's own, as ``column.op("->>")`` makes it; the same one for the same arguments.

    Args:
        precedence: as in the reference 0 is the lowest; the result always stands in parentheses inside another.
        is_comparison: the result is a Boolean.
    Raises:
        ArgumentError [bad-operator]: it is more than an operator: it has quotes, a semicolon or a comment.
    """
    if not isinstance(symbol, str) or _NO_OPERATOR.search(str.__str__(symbol)) or not str.strip(symbol):
        raise exc.ArgumentError(
            f"op() was given {symbol!r}, which is no operator.",
            do="use signs or words, without quotes, semicolons and comments; text('…') takes any SQL.",
            code="bad-operator",
        )
    symbol = str.__str__(symbol)
    if python_impl is None:
        return _plain_operator(symbol, precedence, is_comparison)
    return Operator(f"op {symbol}", symbol, _place(precedence), _kind(is_comparison), python_impl=python_impl)


@lru_cache(maxsize=512)
def _plain_operator(symbol: str, precedence: int, is_comparison: bool) -> Operator:
    # One object per spelling: an operator takes part in the shape of statements by identity.
    return Operator(f"op {symbol}", symbol, _place(precedence), _kind(is_comparison))


def _place(precedence: int) -> int:
    return 35 + min(max(precedence, 0), 40)


def _kind(is_comparison: bool) -> str:
    return "comparison" if is_comparison else "custom"


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
    value = str.__str__(value)
    for character in (escape, "%", "_"):
        value = value.replace(character, escape + character)
    return value


def is_listlike(value: object) -> bool:
    """Say whether `value` is an iterable of values for IN, and not a string or bytes."""
    return isinstance(value, Iterable) and not isinstance(value, (str, bytes, bytearray))
