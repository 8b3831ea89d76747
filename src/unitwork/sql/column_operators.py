"""The mixin that gives Python operators to everything that stands for a column.

Spec: LB-22.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from unitwork.sql import operators as ops
from unitwork.sql.operators import Operator


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

    def label(self, name: str | None) -> Any:
        """Return this under another name in the result."""
        return self.__clause_element__().label(name)

    def cast(self, type_: Any) -> Any:
        """Return ``CAST(self AS type_)``."""
        return self.__clause_element__().cast(type_)

    def __eq__(self, other: object) -> Any:
        return self.operate(ops.EQ, other)

    def __ne__(self, other: object) -> Any:
        return self.operate(ops.NE, other)

    def __lt__(self, other: Any) -> Any:
        return self.operate(ops.LT, other)

    def __le__(self, other: Any) -> Any:
        return self.operate(ops.LE, other)

    def __gt__(self, other: Any) -> Any:
        return self.operate(ops.GT, other)

    def __ge__(self, other: Any) -> Any:
        return self.operate(ops.GE, other)

    def __and__(self, other: Any) -> Any:
        return self.operate(ops.AND, other)

    def __rand__(self, other: Any) -> Any:
        return self.reverse_operate(ops.AND, other)

    def __or__(self, other: Any) -> Any:
        return self.operate(ops.OR, other)

    def __ror__(self, other: Any) -> Any:
        return self.reverse_operate(ops.OR, other)

    def __invert__(self) -> Any:
        return self.operate(ops.NOT)

    def __neg__(self) -> Any:
        return self.operate(ops.NEG)

    def __add__(self, other: Any) -> Any:
        return self.operate(ops.ADD, other)

    def __radd__(self, other: Any) -> Any:
        return self.reverse_operate(ops.ADD, other)

    def __sub__(self, other: Any) -> Any:
        return self.operate(ops.SUB, other)

    def __rsub__(self, other: Any) -> Any:
        return self.reverse_operate(ops.SUB, other)

    def __mul__(self, other: Any) -> Any:
        return self.operate(ops.MUL, other)

    def __rmul__(self, other: Any) -> Any:
        return self.reverse_operate(ops.MUL, other)

    def __truediv__(self, other: Any) -> Any:
        return self.operate(ops.TRUEDIV, other)

    def __rtruediv__(self, other: Any) -> Any:
        return self.reverse_operate(ops.TRUEDIV, other)

    def __floordiv__(self, other: Any) -> Any:
        return self.operate(ops.FLOORDIV, other)

    def __rfloordiv__(self, other: Any) -> Any:
        return self.reverse_operate(ops.FLOORDIV, other)

    def __mod__(self, other: Any) -> Any:
        return self.operate(ops.MOD, other)

    def __rmod__(self, other: Any) -> Any:
        return self.reverse_operate(ops.MOD, other)

    def bitwise_and(self, other: Any) -> Any:
        """Return ``self & other``, bit by bit."""
        return self.operate(ops.BITWISE_AND, other)

    def bitwise_or(self, other: Any) -> Any:
        """Return ``self | other``, bit by bit."""
        return self.operate(ops.BITWISE_OR, other)

    def bitwise_xor(self, other: Any) -> Any:
        """Return the bits that are in one operand only."""
        return self.operate(ops.BITWISE_XOR, other)

    def bitwise_not(self) -> Any:
        """Return ``~self``, every bit turned."""
        return self.operate(ops.BITWISE_NOT)

    def bitwise_lshift(self, other: Any) -> Any:
        """Return ``self << other``."""
        return self.operate(ops.LSHIFT, other)

    def bitwise_rshift(self, other: Any) -> Any:
        """Return ``self >> other``."""
        return self.operate(ops.RSHIFT, other)

    def concat(self, other: Any) -> Any:
        """Return ``self || other``."""
        return self.operate(ops.CONCAT, other)

    def is_(self, other: Any) -> Any:
        """Return ``self IS other``, for None, True, False or an element."""
        return self.operate(ops.IS, other)

    def is_not(self, other: Any) -> Any:
        """Return ``self IS NOT other``."""
        return self.operate(ops.IS_NOT, other)

    isnot = is_not

    def is_distinct_from(self, other: Any) -> Any:
        """Return whether the two differ, NULL being a value like others: never NULL itself."""
        return self.operate(ops.IS_DISTINCT_FROM, other)

    def is_not_distinct_from(self, other: Any) -> Any:
        """Return whether the two are the same, NULL being a value like others."""
        return self.operate(ops.IS_NOT_DISTINCT_FROM, other)

    isnot_distinct_from = is_not_distinct_from

    def in_(self, other: Any) -> Any:
        """Return ``self IN other``; `other` is an iterable of values, a Select or an expanding bind (LB-35)."""
        return self.operate(ops.IN, other)

    def not_in(self, other: Any) -> Any:
        """Return ``self NOT IN other``; true for an empty list (LB-35)."""
        return self.operate(ops.NOT_IN, other)

    notin_ = not_in

    def like(self, other: Any, escape: str | None = None) -> Any:
        """Return ``self LIKE other``."""
        return self.operate(ops.LIKE, other, escape=escape)

    def not_like(self, other: Any, escape: str | None = None) -> Any:
        """Return ``self NOT LIKE other``."""
        return self.operate(ops.NOT_LIKE, other, escape=escape)

    notlike = not_like

    def ilike(self, other: Any, escape: str | None = None) -> Any:
        """Return a LIKE that ignores case."""
        return self.operate(ops.ILIKE, other, escape=escape)

    def not_ilike(self, other: Any, escape: str | None = None) -> Any:
        """Return a NOT LIKE that ignores case."""
        return self.operate(ops.NOT_ILIKE, other, escape=escape)

    notilike = not_ilike

    def startswith(self, other: Any, escape: str | None = None, autoescape: bool = False) -> Any:
        """Return ``self LIKE other || '%'``; `autoescape` takes ``%`` and ``_`` in a string as themselves."""
        return self.operate(ops.STARTSWITH, other, escape=escape, autoescape=autoescape)

    def endswith(self, other: Any, escape: str | None = None, autoescape: bool = False) -> Any:
        """Return ``self LIKE '%' || other``."""
        return self.operate(ops.ENDSWITH, other, escape=escape, autoescape=autoescape)

    def contains(self, other: Any, escape: str | None = None, autoescape: bool = False) -> Any:
        """Return ``self LIKE '%' || other || '%'``."""
        return self.operate(ops.CONTAINS, other, escape=escape, autoescape=autoescape)

    def istartswith(self, other: Any, escape: str | None = None, autoescape: bool = False) -> Any:
        """Return :meth:`startswith` that ignores case."""
        return self.operate(ops.ISTARTSWITH, other, escape=escape, autoescape=autoescape)

    def iendswith(self, other: Any, escape: str | None = None, autoescape: bool = False) -> Any:
        """Return :meth:`endswith` that ignores case."""
        return self.operate(ops.IENDSWITH, other, escape=escape, autoescape=autoescape)

    def icontains(self, other: Any, escape: str | None = None, autoescape: bool = False) -> Any:
        """Return :meth:`contains` that ignores case."""
        return self.operate(ops.ICONTAINS, other, escape=escape, autoescape=autoescape)

    def regexp_match(self, pattern: Any, flags: str | None = None) -> Any:
        """Return whether a regular expression is found in self; its syntax is that of the database.

        Args:
            flags: letters such as ``"i"``.
        """
        return self.operate(ops.REGEXP_MATCH, pattern, flags=flags)

    def regexp_replace(self, pattern: Any, replacement: Any, flags: str | None = None) -> Any:
        """Return self with what a regular expression finds replaced; not on SQLite."""
        return self.operate(ops.REGEXP_REPLACE, pattern, replacement, flags=flags)

    def match(self, other: Any, **kwargs: Any) -> Any:
        """Return the full-text search of the database: ``@@``, ``MATCH … AGAINST`` or ``MATCH``."""
        return self.operate(ops.MATCH, other, **kwargs)

    def collate(self, collation: str) -> Any:
        """Return self compared and ordered by a collation of the database."""
        return self.operate(ops.COLLATE, collation)

    def any_(self) -> Any:
        """Return ``ANY (self)``, to compare with: ``value == subquery.any_()``."""
        return self.operate(ops.ANY)

    def all_(self) -> Any:
        """Return ``ALL (self)``, to compare with."""
        return self.operate(ops.ALL)

    def between(self, low: Any, high: Any, symmetric: bool = False) -> Any:
        """Return ``self BETWEEN low AND high``; `symmetric` lets the limits come in either order."""
        return self.operate(ops.BETWEEN_SYMMETRIC if symmetric else ops.BETWEEN, low, high)

    def op(
        self,
        opstring: str,
        precedence: int = 0,
        is_comparison: bool = False,
        return_type: Any = None,
        python_impl: Callable[[Any, Any], Any] | None = None,
    ) -> Callable[[Any], Any]:
        """Return a function of the right operand that applies the operator `opstring`, taken into SQL as it is.

        Args:
            precedence: the higher, the tighter it binds; as in the reference 0 is the lowest.
            is_comparison: the result is a Boolean.
            return_type: type of the result; by default that of self.
            python_impl: function of the two Python values, for the evaluator of criteria (LB-25).
        """
        operator = ops.custom_operator(opstring, precedence, is_comparison, python_impl)
        if return_type is None:
            return lambda other: self.operate(operator, other)
        return lambda other: self.operate(operator, other, return_type=return_type)

    def bool_op(
        self, opstring: str, precedence: int = 0, python_impl: Callable[[Any, Any], Any] | None = None
    ) -> Callable[[Any], Any]:
        """Return ``op(opstring)`` with a Boolean result."""
        return self.op(opstring, precedence, is_comparison=True, python_impl=python_impl)

    def desc(self) -> Any:
        """Return this in descending order, for ``order_by``."""
        return self.operate(ops.DESC)

    def asc(self) -> Any:
        """Return this in ascending order, for ``order_by``."""
        return self.operate(ops.ASC)

    def nulls_first(self) -> Any:
        """Return this ordered with NULLs first."""
        return self.operate(ops.NULLS_FIRST)

    nullsfirst = nulls_first

    def nulls_last(self) -> Any:
        """Return this ordered with NULLs last."""
        return self.operate(ops.NULLS_LAST)

    nullslast = nulls_last

    def distinct(self) -> Any:
        """Return ``DISTINCT self``, as in ``func.count(column.distinct())``."""
        return self.operate(ops.DISTINCT)

    # JSON

    #: A column has items, and no end of them: it is not to be iterated over.
    __iter__ = None

    def __getitem__(self, key: Any) -> Any:
        """Return an item of a JSON document: by key, by position, or by a tuple of these."""
        return self.operate(ops.ITEM, key)

    def as_string(self) -> Any:
        """Return a value of a JSON document as text."""
        return self.operate(ops.FORM, "string")

    def as_integer(self) -> Any:
        """Return a value of a JSON document as a whole number."""
        return self.operate(ops.FORM, "integer")

    def as_float(self) -> Any:
        """Return a value of a JSON document as a floating point number."""
        return self.operate(ops.FORM, "float")

    def as_boolean(self) -> Any:
        """Return a value of a JSON document as a truth value."""
        return self.operate(ops.FORM, "boolean")

    def as_json(self) -> Any:
        """Return a part of a JSON document as JSON; what an item is anyway."""
        return self.operate(ops.FORM, "json")
