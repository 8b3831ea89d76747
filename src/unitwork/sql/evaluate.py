"""Criteria evaluated in Python, with SQL's logic of three values: for objects that a statement would find.

:func:`evaluator` turns an expression into a function of an object, once; where it cannot promise what every database
would say, it raises :class:`~unitwork.exc.UnevaluatableError`: at once for what it does not know (functions,
subqueries, CAST), and when called for values that databases compare differently (``compare_values``).

Spec: LB-25, PT-74.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from unitwork.sql import operators as ops
from unitwork.sql.clause import ClauseElement
from unitwork.sql.compare_values import cannot, equal, less, matches
from unitwork.sql.types import Float, Numeric, TypeEngine

#: From an object to the value of an expression.
Getter = Callable[[Any], Any]
_NOTHING: Mapping[str, Any] = MappingProxyType({})

#: Types whose values are compared in Python as in the database, see `TypeEngine.visit`.
_TYPES = frozenset(
    "integer small_integer big_integer string text boolean float double numeric date time datetime large_binary uuid "
    "enum null tuple".split()
)
_LIKES: dict[ops.Operator, tuple[str, str, bool]] = {
    ops.LIKE: ("", "", False),
    ops.ILIKE: ("", "", True),
    ops.STARTSWITH: ("", "%", False),
    ops.ENDSWITH: ("%", "", False),
    ops.CONTAINS: ("%", "%", False),
    ops.ISTARTSWITH: ("", "%", True),
    ops.IENDSWITH: ("%", "", True),
    ops.ICONTAINS: ("%", "%", True),
}


def evaluator(
    criterion: ClauseElement, read: Callable[[Any], Getter], params: Mapping[str, Any] = _NOTHING
) -> Callable[[Any], bool | None]:
    """Return a function of an object that says whether it meets `criterion`: True, False, or None for NULL.

    Args:
        read: from a column of the criterion to a function that reads its value from an object; raises
            UnevaluatableError for a column of something else.
        params: values for named parameters.
    Raises:
        UnevaluatableError [criterion-not-evaluable]: the criterion has a part that only a database can answer; also
            raised by the function returned, for values that databases compare differently.
    """
    found = _Evaluation(read, params).getter(criterion)
    return lambda obj: _truth(found(obj))


class _Evaluation:
    """One criterion on its way to a function."""

    def __init__(self, read: Callable[[Any], Getter], params: Mapping[str, Any]) -> None:
        self.read = read
        self.params = params

    def getter(self, element: Any) -> Getter:
        """Return the function for an element."""
        method = getattr(self, f"_{element.visit}", None)
        if method is None:
            raise cannot(f"it has a {type(element).__name__}")
        type_ = getattr(element, "type", None)
        if type_ is not None:
            _check_type(type_)
        found: Getter = method(element)
        return found

    def _column(self, element: Any) -> Getter:
        if element.is_literal:
            raise cannot("it has SQL text")
        return self.read(element)

    def _label(self, element: Any) -> Getter:
        return self.getter(element.element)

    def _constant(self, element: Any) -> Getter:
        value = element.value
        return lambda obj: value

    def _bind(self, element: Any) -> Getter:
        value = self._value(element)
        values = value if element.expanding else [value]
        scale = getattr(element.type, "scale", None)
        for one in values:
            if scale is not None and _decimals(one) > scale:
                raise cannot("a number has more decimals than the column, and databases round it or do not")
        return lambda obj: value

    def _value(self, element: Any) -> Any:
        if element.key is not None and element.key in self.params:
            return self.params[element.key]
        return list(element.current_value()) if element.expanding else element.current_value()

    def _operation(self, element: Any) -> Getter:
        method = getattr(self, f"_of_{element.operator.kind}", None)
        if method is None:
            raise cannot(f"it has the operator {element.operator.symbol}")
        found: Getter = method(element)
        return found

    # Operators, by their kinds

    def _of_comparison(self, element: Any) -> Getter:
        op = element.operator
        if op.python_impl is None and op not in _COMPARISONS:
            raise cannot(f"the operator {op.symbol} has no python_impl")
        return self._both(element, _COMPARISONS.get(op) or _strict(op.python_impl))

    def _of_custom(self, element: Any) -> Getter:
        if element.operator.python_impl is None:
            raise cannot(f"the operator {element.operator.symbol} has no python_impl")
        return self._both(element, _strict(element.operator.python_impl))

    def _of_arithmetic(self, element: Any) -> Getter:
        if element.operator not in _ARITHMETIC:
            raise cannot(f"databases differ in {element.operator.symbol}")
        return self._both(element, _strict(_ARITHMETIC[element.operator]))

    def _of_concat(self, element: Any) -> Getter:
        return self._both(element, _strict(_joined))

    def _both(self, element: Any, function: Callable[[Any, Any], Any]) -> Getter:
        left, right = [self.getter(operand) for operand in element.operands]
        return lambda obj: function(left(obj), right(obj))

    def _of_bool(self, element: Any) -> Getter:
        getters = [self.getter(operand) for operand in element.operands]
        absorbing = element.operator is ops.OR

        def found(obj: Any) -> bool | None:
            result: bool | None = not absorbing
            for getter in getters:
                truth = _truth(getter(obj))
                if truth is absorbing:
                    return absorbing
                if truth is None:
                    result = None
            return result

        return found

    def _of_prefix(self, element: Any) -> Getter:
        op = element.operator
        inner = self.getter(element.operands[0])
        if op is ops.NOT:
            return lambda obj: _not(_truth(inner(obj)))
        if op is ops.NEG:
            return lambda obj: None if (value := inner(obj)) is None else _minus(0, value)
        raise cannot(f"it has the operator {op.symbol}")

    def _of_is(self, element: Any) -> Getter:
        left, right = element.operands
        if right.visit != "constant":
            raise cannot("IS compares with something else than NULL, true and false")
        getter, wanted, turned = self.getter(left), right.value, element.operator is ops.IS_NOT
        if wanted is None:
            return lambda obj: (getter(obj) is None) is not turned
        return lambda obj: (_truth(getter(obj)) is wanted) is not turned

    def _of_in(self, element: Any) -> Getter:
        left, right = element.operands
        if right.visit == "operation" and right.operator is ops.COMMA and left.visit != "operation":
            items = [self.getter(operand) for operand in right.operands]
        elif right.visit == "bind" and getattr(left, "operator", None) is not ops.COMMA:
            values = self.getter(right)(None)
            items = [lambda obj, value=value: value for value in values]  # type: ignore[misc]
        else:
            raise cannot("IN compares with a subquery or with row values")
        getter, turned = self.getter(left), element.operator is ops.NOT_IN

        def found(obj: Any) -> bool | None:
            if not items:
                return turned
            value = getter(obj)
            answers = [equal(value, item(obj)) for item in items]
            result = True if True in answers else None if None in answers else False
            return _not(result) if turned else result

        return found

    def _of_between(self, element: Any) -> Getter:
        op = element.operator
        value, low, high = [self.getter(operand) for operand in element.operands]
        symmetric = op in (ops.BETWEEN_SYMMETRIC, ops.NOT_BETWEEN_SYMMETRIC)
        turned = op in (ops.NOT_BETWEEN, ops.NOT_BETWEEN_SYMMETRIC)

        def found(obj: Any) -> bool | None:
            one, least, most = value(obj), low(obj), high(obj)
            result = _and(_not(less(one, least)), _not(less(most, one)))
            if symmetric:
                result = _or(result, _and(_not(less(one, most)), _not(less(least, one))))
            return _not(result) if turned else result

        return found

    def _of_like(self, element: Any) -> Getter:
        op, turned = element.operator, element.operator not in _LIKES
        before, after, ignoring_case = _LIKES[op.negation if turned else op]
        left, right = [self.getter(operand) for operand in element.operands]
        escape = dict(element.options).get("escape")

        def found(obj: Any) -> bool | None:
            value, pattern = left(obj), right(obj)
            if value is None or pattern is None:
                return None
            if not isinstance(value, str) or not isinstance(pattern, str):
                raise cannot("LIKE compares something else than text")
            return matches(value, f"{before}{pattern}{after}", escape, ignoring_case) is not turned

        return found


# Logic of three values


def _truth(value: Any) -> bool | None:
    if value is None or value is True or value is False:
        found: bool | None = value
        return found
    raise cannot(f"a value of type {type(value).__name__} stands for a condition")


def _not(value: bool | None) -> bool | None:
    return None if value is None else not value


def _and(left: bool | None, right: bool | None) -> bool | None:
    if left is False or right is False:
        return False
    return None if left is None or right is None else True


def _or(left: bool | None, right: bool | None) -> bool | None:
    return _not(_and(_not(left), _not(right)))


def _same(left: Any, right: Any) -> bool:
    if left is None or right is None:
        return left is right
    return bool(equal(left, right))


_COMPARISONS: dict[ops.Operator, Callable[[Any, Any], bool | None]] = {
    ops.EQ: equal,
    ops.NE: lambda left, right: _not(equal(left, right)),
    ops.LT: less,
    ops.GT: lambda left, right: less(right, left),
    ops.LE: lambda left, right: _not(less(right, left)),
    ops.GE: lambda left, right: _not(less(left, right)),
    ops.IS_DISTINCT_FROM: lambda left, right: not _same(left, right),
    ops.IS_NOT_DISTINCT_FROM: _same,
}


# Values


def _strict(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    return lambda left, right: None if left is None or right is None else function(left, right)


def _joined(left: Any, right: Any) -> str:
    if not isinstance(left, str) or not isinstance(right, str):
        raise cannot("something else than text is joined to text")
    return left + right


def _whole(*values: Any) -> Any:
    # Sums of other numbers are rounded differently, and beyond 32 bits some databases raise an error.
    for value in values:
        if type(value) is not int:
            raise cannot("databases differ in arithmetic of anything but whole numbers")
        if not -(1 << 31) <= value < 1 << 31:
            raise cannot("a number is beyond 32 bits")
    return values[-1]


def _minus(left: Any, right: Any) -> int:
    _whole(left, right)
    return int(_whole(left - right))


def _plus(left: Any, right: Any) -> int:
    _whole(left, right)
    return int(_whole(left + right))


def _times(left: Any, right: Any) -> int:
    _whole(left, right)
    return int(_whole(left * right))


def _divided(left: Any, right: Any) -> int:
    _whole(left, right)
    if right == 0:
        raise cannot("something is divided by zero")
    if (left < 0) != (right < 0) and left % right:
        raise cannot("databases differ in rounding a negative quotient")
    return int(left // right)


def _rest(left: Any, right: Any) -> int:
    _whole(left, right)
    if right == 0:
        raise cannot("something is divided by zero")
    rest = abs(left) % abs(right)
    return int(-rest if left < 0 else rest)


_ARITHMETIC: dict[ops.Operator, Callable[[Any, Any], int]] = {
    ops.ADD: _plus,
    ops.SUB: _minus,
    ops.MUL: _times,
    ops.FLOORDIV: _divided,
    ops.MOD: _rest,
}


def _decimals(value: Any) -> int:
    exponent = value.as_tuple().exponent if hasattr(value, "as_tuple") else 0
    return -exponent if isinstance(exponent, int) else 0


def _check_type(type_: TypeEngine) -> None:
    inexact = isinstance(type_, Float) and type_.precision is not None and type_.precision <= 24
    hidden = isinstance(type_, Numeric) and not isinstance(type_, Float) and not type_.asdecimal
    if type_.visit not in _TYPES or inexact or hidden:
        raise cannot(f"values of {type_!r} are not the same in Python and in the database")
