"""Expressions: values, operations, labels, columns; how Python operands become them.

An expression is a tree of a few kinds of node: :class:`BindParameter`, :class:`Constant`, :class:`ColumnClause`,
:class:`Operation`, :class:`Label`, elsewhere functions, CASE, text and subqueries. Nodes are immutable.

Spec: LB-21, LB-22, LB-26, LB-35.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from unitwork import exc
from unitwork.base.generics import T_co
from unitwork.sql import operators as ops
from unitwork.sql.build import BUILDERS, Maker, peer
from unitwork.sql.clause import ClauseElement as ClauseElement
from unitwork.sql.clause import EntityElement as EntityElement
from unitwork.sql.clause import describe, refuse_string
from unitwork.sql.operators import Operator
from unitwork.sql.shape import ShapeBuilder
from unitwork.sql.typed import SQLCoreOperations
from unitwork.sql.types import (
    BOOLEAN,
    NULLTYPE,
    PLAIN_TYPES,
    NullType,
    TypeArgument,
    TypeEngine,
    to_type,
    type_for,
)

Options = tuple[tuple[str, Any], ...]


class ColumnElement(SQLCoreOperations[T_co], ClauseElement):
    """Root of expressions, which have a type and a value in a row.

    Attributes:
        type: what its value is.
        name: its name in a result, None for an expression without one.
    """

    __slots__ = ()
    __hash__ = object.__hash__
    type: TypeEngine
    name: str | None = None

    def __clause_element__(self) -> ColumnElement[T_co]:
        return self

    def operate(self, op: Operator, *others: Any, **options: Any) -> ColumnElement:
        found: ColumnElement = BUILDERS[op.kind](_MAKE, self, op, others, options)
        return found

    def reverse_operate(self, op: Operator, other: Any) -> ColumnElement:
        if op.kind == "bool":
            return conjunction(op, (other, self))
        found: ColumnElement = BUILDERS[op.kind](_MAKE, peer(_MAKE, other, self.type, op), op, (self,), {})
        return found

    # HOT: the most frequent operator with a plain value takes the short way; bench: W17, W19.
    def __eq__(self, other: object) -> ColumnElement[bool]:  # type: ignore[override]
        if other.__class__ not in PLAIN_TYPES:
            return self.operate(ops.EQ, other)
        type_ = self.type
        if type_.coerces:
            return self.operate(ops.EQ, other)
        return BinaryExpression(
            ops.EQ, (self, BindParameter(other, type_for(other) if type_.__class__ is NullType else type_)), BOOLEAN
        )

    def label(self, name: str | None) -> Label[T_co]:
        """Return this under another name in the result; None lets the renderer choose one."""
        return Label(name, self)

    def cast(self, type_: TypeArgument) -> ColumnElement:
        """Return ``CAST(self AS type_)``."""
        return cast(self, type_)


class BindParameter(ColumnElement):
    """A value that goes to the driver as a parameter; never into SQL text (LB-34).

    Attributes:
        value: the value in Python's form (a list, if expanding).
        key: name by which an execution may give the value, or None.
        required: there is no value unless an execution gives one.
        expanding: the value is a list that is expanded per execution (LB-35).
        callable: function that gives the value at each execution, or None.
    """

    __slots__ = ("type", "value")
    visit = "bind"
    key: str | None = None
    required: bool = False
    expanding: bool = False
    stored: bool = False  # a value to keep, not to compare with
    callable: Callable[[], Any] | None = None

    def __init__(self, value: Any, type_: TypeEngine) -> None:
        self.value = value
        self.type = type_

    def shape_into(self, out: ShapeBuilder) -> None:
        out.append(BindParameter)
        out.append(self.type.cache_key)
        out.binds.append(self)

    def typed(self, type_: TypeEngine) -> BindParameter:
        """Return a copy of another type; a parameter of unknown type has that of what it stands beside."""
        new = copy.copy(self)
        new.type = type_
        return new

    def current_value(self) -> Any:
        """Return the value to send now."""
        return self.value if self.callable is None else self.callable()


class ExpandingBind(BindParameter):
    """A list of values for IN; its length is no part of the statement's shape (LB-35)."""

    __slots__ = ()
    expanding = True

    def shape_into(self, out: ShapeBuilder) -> None:
        out.append(ExpandingBind)
        out.append(self.type.cache_key)
        out.binds.append(self)


class Constant(ColumnElement):
    """One of NULL, true and false; compared by identity."""

    __slots__ = ("type", "value")
    visit = "constant"

    def __init__(self, value: bool | None, type_: TypeEngine) -> None:
        self.value = value
        self.type = type_

    def shape_into(self, out: ShapeBuilder) -> None:
        out.append(Constant)
        out.append(self.value)

    def __reduce__(self) -> str:
        return {None: "NULL", True: "TRUE", False: "FALSE"}[self.value]


NULL = Constant(None, NULLTYPE)
TRUE = Constant(True, BOOLEAN)
FALSE = Constant(False, BOOLEAN)


class Operation(ColumnElement):
    """An operator with its operands: ``NOT x``, ``x AND y AND z``, ``x BETWEEN y AND z``, ``x DESC``, ``CAST(x AS t)``.

    Attributes:
        operator: what is done; see ``operators``.
        operands: the elements it is done to, in the order of the text.
        options: (name, value) pairs, part of the shape: a LIKE's ``escape``, a CAST's type.
    """

    __slots__ = ("operands", "operator", "options", "type")
    visit = "operation"

    def __init__(
        self, operator: Operator, operands: tuple[ClauseElement, ...], type_: TypeEngine, options: Options = ()
    ) -> None:
        self.operator = operator
        self.operands = operands
        self.type = type_
        self.options = options

    @property
    def precedence(self) -> int:
        return self.operator.precedence

    def shape_into(self, out: ShapeBuilder) -> None:
        out.append(self.operator)
        out.append(len(self.operands))
        if self.options:
            out.append(self.options)
        for operand in self.operands:
            operand.shape_into(out)

    def children(self) -> tuple[ClauseElement, ...]:
        return self.operands

    def with_children(self, children: Sequence[ClauseElement]) -> Operation:
        return type(self)(self.operator, tuple(children), self.type, self.options)


class BinaryExpression(Operation):
    """An operation of two operands."""

    __slots__ = ()

    def shape_into(self, out: ShapeBuilder) -> None:
        out.append(self.operator)
        if self.options:
            out.append(self.options)
        left, right = self.operands
        left.shape_into(out)
        right.shape_into(out)

    @property
    def left(self) -> ClauseElement:
        """The left operand."""
        return self.operands[0]

    @property
    def right(self) -> ClauseElement:
        """The right operand."""
        return self.operands[1]

    def __bool__(self) -> bool:
        """Return whether the operands of ``==`` are the same element (or of ``!=`` are not) (LB-26)."""
        if self.operator is ops.EQ or self.operator is ops.IS:
            return self.operands[0] is self.operands[1]
        if self.operator is ops.NE or self.operator is ops.IS_NOT:
            return self.operands[0] is not self.operands[1]
        return super().__bool__()


class Label(ColumnElement[T_co]):
    """An expression under a name in the result; elsewhere it acts as the expression itself."""

    __slots__ = ("element", "name", "type")
    __hash__ = object.__hash__
    visit = "label"
    parts = ("element",)

    def __init__(self, name: str | None, element: ColumnElement) -> None:
        self.name = name
        self.element: ColumnElement = element.element if isinstance(element, Label) else element
        self.type = element.type

    @property
    def precedence(self) -> int:
        return self.element.precedence

    def __eq__(self, other: object) -> ColumnElement[bool]:  # type: ignore[override]
        return self.element == other

    def operate(self, op: Operator, *others: Any, **options: Any) -> ColumnElement:
        # An ordering keeps the label, so that ORDER BY can name it.
        operand = self if op.kind == "order" else self.element
        found: ColumnElement = BUILDERS[op.kind](_MAKE, operand, op, others, options)
        return found

    def shape_into(self, out: ShapeBuilder) -> None:
        out.append(Label)
        out.append(self.name)
        self.element.shape_into(out)


def as_operand(value: Any, type_: TypeEngine = NULLTYPE) -> ColumnElement:
    """Return `value` as an operand: an element as it is, None as NULL, a SELECT as a scalar subquery, else a bind.

    Args:
        type_: type of the bind; NullType lets the value decide.
    """
    if value.__class__ in PLAIN_TYPES:
        return BindParameter(value, type_for(value) if type_.__class__ is NullType else type_)
    if value is None:
        return NULL
    if not isinstance(value, ClauseElement) and not isinstance(value, type):
        to_element = getattr(value, "__clause_element__", None)
        if to_element is None:
            return BindParameter(value, type_for(value) if type_.__class__ is NullType else type_)
        value = to_element()
    if isinstance(value, ColumnElement):
        if isinstance(value, BindParameter) and value.type is NULLTYPE and type_ is not NULLTYPE:
            return value.typed(type_)
        return value
    to_scalar = getattr(value, "scalar_subquery", None)
    if to_scalar is not None:
        return as_operand(to_scalar())
    if isinstance(value, ClauseElement) and value.visit == "text":
        return Operation(ops.GROUP, (value,), NULLTYPE)
    raise exc.ArgumentError(
        f"{describe(value)} is no operand of an expression.",
        do="use a column, a value, or a SELECT of one column.",
        code="not-an-expression",
    )


def cast(expression: Any, type_: TypeArgument) -> ColumnElement:
    """Return ``CAST(expression AS type_)``."""
    target = to_type(type_)
    return Operation(ops.CAST, (as_operand(expression, target),), target, (("type", target.cache_key),))


def conjunction(op: Operator, criteria: Iterable[Any]) -> ColumnElement:
    """Return criteria joined by AND or OR: neutral constants drop out, lists of the same operator are merged."""
    neutral, absorbing = (TRUE, FALSE) if op is ops.AND else (FALSE, TRUE)
    kept: list[ClauseElement] = []
    for criterion in criteria:
        element = as_criterion(criterion)
        if element is absorbing:
            return absorbing
        if isinstance(element, Operation) and element.operator is op:
            kept.extend(element.operands)
        elif element is not neutral:
            kept.append(element)
    if len(kept) == 1 and isinstance(kept[0], ColumnElement):
        return kept[0]
    return Operation(op, tuple(kept), BOOLEAN) if kept else neutral


def as_criterion(value: Any) -> ColumnElement[bool]:
    """Return `value` as a condition for WHERE, HAVING or ON.

    Raises:
        ArgumentError [raw-sql-string]: it is a string (ER-02).
        ArgumentError [not-an-expression]: it is no element, nor True or False.
    """
    if isinstance(value, ColumnElement):
        return value
    if value is True or value is False:
        return TRUE if value else FALSE
    refuse_string(value, "a condition")
    if value is not None and (isinstance(value, ClauseElement) or hasattr(value, "__clause_element__")):
        return as_operand(value)
    raise exc.ArgumentError(
        f"{describe(value)} is no condition.",
        do="write a comparison such as table.c.name == 'x', or combine some with and_() and or_().",
        code="not-an-expression",
    )


def negate(element: ColumnElement) -> ColumnElement:
    """Return the opposite of a condition; an operator with an opposite is exchanged for it."""
    if isinstance(element, Constant) and element.value is not None:
        return FALSE if element.value else TRUE
    if isinstance(element, Operation):
        if element.operator.negation is not None:
            return type(element)(element.operator.negation, element.operands, BOOLEAN, element.options)
        if element.operator is ops.NOT and isinstance(element.operands[0], ColumnElement):
            return element.operands[0]
    return Operation(ops.NOT, (element,), BOOLEAN)


_MAKE = Maker(
    operand=as_operand,
    conjunction=conjunction,
    negate=negate,
    binary=BinaryExpression,
    operation=Operation,
    expanding=ExpandingBind,
    null=NULL,
    truth={True: TRUE, False: FALSE},
)
