"""What may follow the call of a function: FILTER, WITHIN GROUP and OVER.

Spec: LB-37.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from unitwork import exc
from unitwork.base.generics import T_co
from unitwork.sql import operators as ops
from unitwork.sql.clause import ClauseElement
from unitwork.sql.columns import LabelReference
from unitwork.sql.elements import ColumnElement, as_operand, conjunction
from unitwork.sql.shape import ShapeBuilder


class Frame(NamedTuple):
    """Rows of a window around the current one.

    Attributes:
        unit: ``ROWS``, ``RANGE`` or ``GROUPS``.
        start, end: distance from the current row, negative before it; None for unbounded.
    """

    unit: str
    start: int | None
    end: int | None


class Called(ColumnElement[T_co]):
    """A call with what may follow it: the base of functions and of what is made of them."""

    __slots__ = ()

    def filter(self, *criteria: Any) -> Filtering:
        """Return the aggregate of the rows that meet `criteria`; not on MariaDB and MySQL."""
        return Filtering(self, conjunction(ops.AND, criteria))

    def within_group(self, *order_by: Any) -> WithinGroup:
        """Return the aggregate over rows in an order: ``percentile_cont(0.5) WITHIN GROUP (ORDER BY …)``."""
        return WithinGroup(self, _terms(order_by))

    def over(
        self,
        partition_by: Any = None,
        order_by: Any = None,
        range_: tuple[int | None, int | None] | None = None,
        rows: tuple[int | None, int | None] | None = None,
        groups: tuple[int | None, int | None] | None = None,
    ) -> Over[T_co]:
        """Return the function over a window.

        Args:
            partition_by, order_by: an expression, or a list of some.
            range_, rows, groups: (start, end) of the frame as distances from the current row; None is unbounded.
        Raises:
            ArgumentError [bad-window-frame]: more than one frame, or limits that are no whole numbers.
        """
        return Over(self, _listed(partition_by), _listed(order_by), _frame(range_, rows, groups))


class Filtering(Called):
    """An aggregate of the rows that meet a criterion."""

    __slots__ = ("criterion", "element", "type")
    visit = "filtering"
    parts = ("element", "criterion")

    def __init__(self, element: ColumnElement, criterion: ColumnElement) -> None:
        self.element = element
        self.criterion = criterion
        self.type = element.type

    def filter(self, *criteria: Any) -> Filtering:
        """Return the aggregate with more criteria."""
        return Filtering(self.element, conjunction(ops.AND, (self.criterion, *criteria)))

    def shape_into(self, out: ShapeBuilder) -> None:
        out.append(Filtering)
        self.element.shape_into(out)
        self.criterion.shape_into(out)


class WithinGroup(Called):
    """An aggregate over rows in an order."""

    __slots__ = ("element", "order_by", "type")
    visit = "within_group"

    def __init__(self, element: ColumnElement, order_by: tuple[ColumnElement, ...]) -> None:
        self.element = element
        self.order_by = order_by
        self.type = element.type
        if element.name in ("percentile_cont", "percentile_disc", "mode") and order_by:
            self.type = order_by[0].type

    def shape_into(self, out: ShapeBuilder) -> None:
        out.extend((WithinGroup, len(self.order_by)))
        for child in self.children():
            child.shape_into(out)

    def children(self) -> tuple[ClauseElement, ...]:
        return (self.element, *self.order_by)

    def with_children(self, children: Sequence[ClauseElement]) -> WithinGroup:
        made = [as_operand(child) for child in children]
        return WithinGroup(made[0], tuple(made[1:]))


class Over(ColumnElement[T_co]):
    """A function over a window.

    Attributes:
        element: the call.
        partition_by, order_by: terms.
        frame: rows around the current one, or None for what the database takes.
    """

    __slots__ = ("element", "frame", "order_by", "partition_by", "type")
    visit = "over"

    def __init__(
        self,
        element: ColumnElement,
        partition_by: tuple[ColumnElement, ...],
        order_by: tuple[ColumnElement, ...],
        frame: Frame | None,
    ) -> None:
        self.element = element
        self.partition_by = partition_by
        self.order_by = order_by
        self.frame = frame
        self.type = element.type

    def shape_into(self, out: ShapeBuilder) -> None:
        out.extend((Over, len(self.partition_by), len(self.order_by), self.frame))
        for child in self.children():
            child.shape_into(out)

    def children(self) -> tuple[ClauseElement, ...]:
        return (self.element, *self.partition_by, *self.order_by)

    def with_children(self, children: Sequence[ClauseElement]) -> Over:
        made = [as_operand(child) for child in children]
        split = 1 + len(self.partition_by)
        return Over(made[0], tuple(made[1:split]), tuple(made[split:]), self.frame)


def over(
    element: Called,
    partition_by: Any = None,
    order_by: Any = None,
    range_: tuple[int | None, int | None] | None = None,
    rows: tuple[int | None, int | None] | None = None,
    groups: tuple[int | None, int | None] | None = None,
) -> Over:
    """Return ``element.over(...)``."""
    return element.over(partition_by, order_by, range_, rows, groups)


def within_group(element: Called, *order_by: Any) -> WithinGroup:
    """Return ``element.within_group(...)``."""
    return element.within_group(*order_by)


def funcfilter(element: Called, *criteria: Any) -> Filtering:
    """Return ``element.filter(...)``."""
    return element.filter(*criteria)


def _listed(given: Any) -> tuple[ColumnElement, ...]:
    if given is None:
        return ()
    return _terms(given if isinstance(given, (list, tuple)) else (given,))


def _terms(given: Sequence[Any]) -> tuple[ColumnElement, ...]:
    return tuple(LabelReference(one) if isinstance(one, str) else as_operand(one) for one in given)


def _frame(*given: tuple[int | None, int | None] | None) -> Frame | None:
    found = [(unit, limits) for unit, limits in zip(("RANGE", "ROWS", "GROUPS"), given, strict=True) if limits]
    if not found:
        return None
    unit, limits = found[0]
    whole = isinstance(limits, tuple) and len(limits) == 2
    if len(found) > 1 or not whole or any(not (one is None or isinstance(one, int)) for one in limits):
        raise exc.ArgumentError(
            "a window takes one frame of two limits, whole numbers or None.",
            do="pass one of rows=, range_= and groups=, such as rows=(-1, 0).",
            code="bad-window-frame",
        )
    start, end = limits
    return Frame(unit, None if start is None else int(start), None if end is None else int(end))
