"""What each kind of operator makes of its operands.

One function per :attr:`Operator.kind`; the element on the left asks for it (``ColumnElement.operate``) and hands in a
:class:`Maker`, which makes the nodes: this file stands below them.

Spec: LB-22, LB-35.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from unitwork import exc
from unitwork.sql import operators as ops
from unitwork.sql.clause import ClauseElement, describe
from unitwork.sql.operators import Operator
from unitwork.sql.type_json import JSON, JSON_PATH
from unitwork.sql.types import (
    BOOLEAN,
    FLOAT,
    INTEGER,
    NULLTYPE,
    PLAIN_TYPES,
    STRING,
    Float,
    Integer,
    NullType,
    Numeric,
    String,
    TupleType,
    TypeEngine,
    arithmetic_type,
    exact_type_of,
    to_type,
    type_for,
)

Options = dict[str, Any]


class Maker(NamedTuple):
    """The nodes of expressions, as functions.

    Attributes:
        operand: (value, type) to an operand.
        conjunction: (AND or OR, criteria) to one criterion.
        negate: a criterion to its opposite.
        binary: (operator, two operands, type, options) to an operation.
        operation: the same, with any number of operands.
        expanding: (values, type) to a list for IN.
        null: the constant NULL.
        truth: the constants true and false.
    """

    operand: Callable[..., Any]
    conjunction: Callable[..., Any]
    negate: Callable[..., Any]
    binary: Callable[..., Any]
    operation: Callable[..., Any]
    expanding: Callable[..., Any]
    null: Any
    truth: Mapping[bool, Any]


def _compare(make: Maker, left: Any, op: Operator, others: tuple[Any, ...], options: Options) -> Any:
    other = others[0]
    if (other is None or other is make.null) and op in _NULL_FORMS:
        return make.binary(_NULL_FORMS[op], (left, make.null), BOOLEAN)
    if isinstance(left.type, TupleType) and isinstance(other, tuple):
        types = left.type.types
        items = tuple(make.operand(item, type_) for item, type_ in zip(other, types, strict=True))
        return make.binary(op, (left, make.operation(ops.COMMA, items, left.type)), BOOLEAN)
    return make.binary(op, (left, make.operand(other, beside(left.type, op, other))), BOOLEAN)


def beside(type_: TypeEngine, op: Operator, value: Any) -> TypeEngine:
    """Return the type of a plain value beside an expression of `type_`."""
    return to_type(type_.coerce_compared_value(op, value)) if type_.coerces else type_


_NULL_FORMS = {ops.EQ: ops.IS, ops.NE: ops.IS_NOT}


def _arithmetic(make: Maker, left: Any, op: Operator, others: tuple[Any, ...], options: Options) -> Any:
    right = peer(make, others[0], left.type, op)
    left_base, right_base = left.type.base, right.type.base
    if op is ops.ADD and (isinstance(left_base, String) or isinstance(right_base, String)):
        return make.binary(ops.CONCAT, (left, right), left.type if isinstance(left_base, String) else right.type)
    whole = (("whole", True),) if isinstance(left_base, Integer) and isinstance(right_base, Integer) else ()
    return make.binary(op, (left, right), arithmetic_type(op.symbol, left.type, right.type), whole)


def peer(make: Maker, value: Any, type_: TypeEngine, op: Operator) -> Any:
    """Return `value` as operand beside one of `type_` in arithmetic: 1.5 beside an Integer keeps a type of its own."""
    if type_.coerces:
        return make.operand(value, beside(type_, op, value))
    if value.__class__ is Decimal and isinstance(type_, Numeric) and not isinstance(type_, Float):
        return make.operand(value, exact_type_of(value, type_.asdecimal))
    same = isinstance(value, type_.python_type) and type_.python_type is not object
    return make.operand(value, type_ if same else NULLTYPE)


def _bitwise(make: Maker, left: Any, op: Operator, others: tuple[Any, ...], options: Options) -> Any:
    type_ = INTEGER if left.type.__class__ is NullType else left.type
    return make.binary(op, (left, make.operand(others[0], type_)), type_)


def _concat(make: Maker, left: Any, op: Operator, others: tuple[Any, ...], options: Options) -> Any:
    type_ = left.type if isinstance(left.type.base, String) else STRING
    return make.binary(op, (left, make.operand(others[0], beside(type_, op, others[0]))), type_)


def _like(make: Maker, left: Any, op: Operator, others: tuple[Any, ...], options: Options) -> Any:
    other, escape = others[0], options.get("escape")
    if options.get("autoescape"):
        escape = escape or "/"
        other = ops.without_wildcards(other, escape)
    right = make.operand(other, _text_type(left))
    return make.binary(op, (left, right), BOOLEAN, () if escape is None else (("escape", escape),))


def _regexp(make: Maker, left: Any, op: Operator, others: tuple[Any, ...], options: Options) -> Any:
    return make.binary(op, (left, make.operand(others[0], _text_type(left))), BOOLEAN, _flags(options))


def _regexp_replace(make: Maker, left: Any, op: Operator, others: tuple[Any, ...], options: Options) -> Any:
    type_ = _text_type(left)
    operands = (left, *(make.operand(other, type_) for other in others))
    return make.operation(op, operands, type_, _flags(options))


def _flags(options: Options) -> tuple[tuple[str, Any], ...]:
    flags = options.get("flags")
    if flags is None:
        return ()
    if not isinstance(flags, str) or not flags.isalpha() or not flags.isascii():
        raise exc.ArgumentError(
            f"the flags {flags!r} of a regular expression are no letters.",
            do="pass a string such as 'i'.",
            code="bad-regexp-flags",
        )
    return (("flags", flags),)


def _text_type(left: Any) -> TypeEngine:
    found: TypeEngine = left.type
    return found if isinstance(found, String) else STRING


def _in(make: Maker, left: Any, op: Operator, others: tuple[Any, ...], options: Options) -> Any:
    values = others[0]
    if isinstance(values, ClauseElement) or hasattr(values, "__clause_element__"):
        element: Any = values.__clause_element__()
        if element.visit == "bind" and not element.expanding:
            element = make.operation(ops.COMMA, (element,), NULLTYPE)
        elif element.visit == "bind" and element.type.__class__ is NullType:
            element = copy.copy(element)
            element.type = left.type
        return make.binary(op, (left, element), BOOLEAN)
    if not ops.is_listlike(values):
        raise exc.ArgumentError(
            f"IN needs a list of values or a SELECT, got {describe(values)}.",
            do="pass a list, as in column.in_([value]).",
            code="in-needs-list",
        )
    items = list(values)
    if any(item.__class__ not in PLAIN_TYPES and hasattr(item, "__clause_element__") for item in items):
        listed = tuple(make.operand(item, left.type) for item in items)
        return make.binary(op, (left, make.operation(ops.COMMA, listed, NULLTYPE)), BOOLEAN)
    type_ = left.type
    if type_.__class__ is NullType and items:
        type_ = type_for(items[0])
    elif items:
        type_ = beside(type_, op, items[0])
    return make.binary(op, (left, make.expanding(items, type_)), BOOLEAN)


def _is(make: Maker, left: Any, op: Operator, others: tuple[Any, ...], options: Options) -> Any:
    other = others[0]
    right = make.truth[other] if isinstance(other, bool) else make.operand(other, beside(left.type, op, other))
    return make.binary(op, (left, right), BOOLEAN)


def _between(make: Maker, left: Any, op: Operator, others: tuple[Any, ...], options: Options) -> Any:
    limits = [make.operand(other, beside(left.type, op, other)) for other in others]
    return make.operation(op, (left, *limits), BOOLEAN)


def _bool(make: Maker, left: Any, op: Operator, others: tuple[Any, ...], options: Options) -> Any:
    return make.conjunction(op, (left, *others))


def _prefix(make: Maker, left: Any, op: Operator, others: tuple[Any, ...], options: Options) -> Any:
    return make.negate(left) if op is ops.NOT else make.operation(op, (left,), left.type)


def _collate(make: Maker, left: Any, op: Operator, others: tuple[Any, ...], options: Options) -> Any:
    collation = others[0]
    if not isinstance(collation, str):
        raise exc.ArgumentError(
            f"collate() needs the name of a collation, got {describe(collation)}.",
            do="pass a string, as the database calls the collation.",
            code="bad-identifier",
        )
    return make.operation(op, (left,), _text_type(left), (("collation", collation),))


def _custom(make: Maker, left: Any, op: Operator, others: tuple[Any, ...], options: Options) -> Any:
    given = options.get("return_type")
    type_ = left.type if given is None else to_type(given)
    shown = () if given is None else (("type", type_.cache_key),)
    return make.binary(op, (left, make.operand(others[0], beside(left.type, op, others[0]))), type_, shown)


def _item(make: Maker, left: Any, op: Operator, others: tuple[Any, ...], options: Options) -> Any:
    key = others[0]
    path = tuple(key) if isinstance(key, (tuple, list)) else (key,)
    if not isinstance(left.type.base, JSON):
        raise exc.ArgumentError(
            f"an expression of type {left.type!r} has no items.",
            do="index columns of type JSON, or read the value and index it in Python.",
            code="not-indexable",
        )
    if not path or not all(isinstance(step, str) or type(step) is int for step in path):
        raise exc.ArgumentError(
            f"{describe(key)} is no path into a JSON document.",
            do="use a string, a whole number, or a tuple of these: column['key'], column[0], column[('key', 0)].",
            code="bad-json-path",
        )
    if getattr(left, "operator", None) is ops.ITEM and left.type.base is left.type:
        left, before = left.operands
        path = (*before.value, *path)
    return make.binary(ops.ITEM, (left, make.operand(path, JSON_PATH)), left.type, (("form", "json"),))


def _as_form(make: Maker, left: Any, op: Operator, others: tuple[Any, ...], options: Options) -> Any:
    form = others[0]
    if not isinstance(left.type.base, JSON):
        raise exc.ArgumentError(
            f"as_{form}() is for JSON, the expression is of type {left.type!r}.",
            do="use cast(expression, type).",
            code="not-indexable",
        )
    type_ = left.type if form == "json" else JSON_FORMS[form]
    operands = left.operands if getattr(left, "operator", None) is ops.ITEM else (left, make.operand((), JSON_PATH))
    return make.binary(ops.ITEM, tuple(operands), type_, (("form", form),))


#: What a value in a document can be read as, and its type.
JSON_FORMS: Mapping[str, TypeEngine] = {"string": STRING, "integer": INTEGER, "float": FLOAT, "boolean": BOOLEAN}

#: Kind of operator to (make, left, operator, others, options) -> element.
BUILDERS: Mapping[str, Callable[[Maker, Any, Operator, tuple[Any, ...], Options], Any]] = {
    "comparison": _compare,
    "arithmetic": _arithmetic,
    "bitwise": _bitwise,
    "concat": _concat,
    "like": _like,
    "regexp": _regexp,
    "regexp_replace": _regexp_replace,
    "in": _in,
    "is": _is,
    "between": _between,
    "bool": _bool,
    "prefix": _prefix,
    "collate": _collate,
    "quantified": _prefix,
    "order": _prefix,
    "custom": _custom,
    "item": _item,
    "form": _as_form,
}
