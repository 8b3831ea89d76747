"""A join condition that knows which of its columns belong to the own side of a relationship and which to the other.

`foreign()` and `remote()` mark columns in a condition that the user gives (:class:`JoinMark`); configuring reads the
marks, takes them out, and keeps a :class:`SidedCondition`, in which every column of the own side is wrapped. From it
come the plain condition for a JOIN, the same over aliases, and the WHERE of a lazy load, whose own side consists of
parameters.

Neighbours: joins.py makes SidedConditions; loading/select.py and instrument/class_sql.py use them.

Spec: LB-10, LB-38.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from unitwork.sql.clause import ClauseElement
from unitwork.sql.elements import BindParameter, ColumnElement, Operation
from unitwork.sql.functions import and_
from unitwork.sql.operators import AND, EQ, GROUP
from unitwork.sql.schema import Column
from unitwork.sql.traversal import iterate, rewrite

#: From a column to what stands for it, None where it stays.
Replace = Callable[[Column], ClauseElement | None]

_FOREIGN = "foreign"
_REMOTE = "remote"


class JoinMark(Operation):
    """An expression marked by ``foreign()`` or ``remote()``; `options` names the marks."""

    __slots__ = ()


class OwnSide(Operation):
    """A column of the own side, within a :class:`SidedCondition`."""

    __slots__ = ()


def marked(element: ColumnElement, mark: str) -> JoinMark:
    """Return an expression with a mark, "foreign" or "remote"; those it has stay."""
    options = ((mark, True),)
    if isinstance(element, JoinMark):
        element, options = element.operands[0], element.options + options  # type: ignore[assignment]
    return JoinMark(GROUP, (element,), element.type, options)


def own_side(column: Column) -> OwnSide:
    """Return a column as one of the own side."""
    return OwnSide(GROUP, (column,), column.type)


@dataclass(frozen=True)
class Occurrence:
    """A column where it stands in a condition, with the marks around it."""

    column: Column
    foreign: bool
    remote: bool


def occurrences(element: ClauseElement, foreign: bool = False, remote: bool = False) -> Iterator[Occurrence]:
    """Yield the table columns of an expression, in the order of the text, with their marks."""
    if isinstance(element, Column):
        yield Occurrence(element, foreign, remote)
        return
    if isinstance(element, JoinMark):
        names = dict(element.options)
        foreign, remote = foreign or _FOREIGN in names, remote or _REMOTE in names
    for child in element.children():
        yield from occurrences(child, foreign, remote)


def without_marks(element: Any) -> Any:
    """Return an expression without the marks of both kinds that are in it."""

    def change(part: ClauseElement) -> ClauseElement | None:
        return without_marks(part.operands[0]) if isinstance(part, (JoinMark, OwnSide)) else None

    return rewrite(element, change)


def conjuncts(condition: Any) -> list[Any]:
    """Return the parts of a condition that are joined by AND."""
    if isinstance(condition, Operation) and condition.operator is AND:
        return [found for part in condition.operands for found in conjuncts(part)]
    return [condition]


class SidedCondition:
    """A join condition, seen from one side.

    Attributes:
        element: the condition, with the columns of the own side in :class:`OwnSide`.
        plain: the condition as it stands in SQL.
        own_columns: the own side's columns, each once, in the order of the text.
        equalities: (own column, other column) of the parts that only say ``own = other``.
        others: the parts that say something else.
        others_are_own: one of these asks about the own side.
    """

    __slots__ = ("element", "equalities", "others", "others_are_own", "own_columns", "plain")

    def __init__(self, element: Any, plain: Any = None) -> None:
        self.element = element
        self.plain: Any = without_marks(element) if plain is None else plain
        self.own_columns: tuple[Column, ...] = tuple(dict.fromkeys(_own_columns(element)))
        parts = [(part, _equality(part)) for part in conjuncts(element)]
        self.equalities: tuple[tuple[Column, Column], ...] = tuple(pair for _, pair in parts if pair is not None)
        self.others: tuple[Any, ...] = tuple(part for part, pair in parts if pair is None)
        self.others_are_own = any(True for part in self.others for _ in _own_columns(part))

    def between(self, own: Replace | None = None, other: Replace | None = None) -> Any:
        """Return the condition with columns exchanged: those of the own side by `own`, all others by `other`."""

        def change(part: ClauseElement) -> ClauseElement | None:
            if isinstance(part, OwnSide):
                column: Any = part.operands[0]
                changed = None if own is None else own(column)
                return column if changed is None else changed
            if isinstance(part, Column):
                return other(part) if other is not None else None
            return None

        return _values_last(rewrite(self.element, change))

    def beyond_equalities(self) -> list[Any]:
        """Return the parts of the condition that are no ``own = other``, as they stand in SQL."""
        return [without_marks(part) for part in self.others]

    def reversed(self, tables: Any) -> SidedCondition:
        """Return the same condition seen from the other side, whose columns are those of `tables`."""

        def change(part: ClauseElement) -> ClauseElement | None:
            if isinstance(part, OwnSide):
                return part.operands[0]
            return own_side(part) if isinstance(part, Column) and part.table in tables else None

        return SidedCondition(rewrite(self.element, change), self.plain)


def sided(condition: Any, is_own: Callable[[Occurrence], bool]) -> SidedCondition:
    """Return a condition that may have marks as a SidedCondition; `is_own` tells for each column where it belongs."""

    def change(part: Any, foreign: bool, remote: bool) -> Any:
        if isinstance(part, Column):
            return own_side(part) if is_own(Occurrence(part, foreign, remote)) else part
        if isinstance(part, JoinMark):
            names = dict(part.options)
            return change(part.operands[0], foreign or _FOREIGN in names, remote or _REMOTE in names)
        children = part.children()
        new = [change(child, foreign, remote) for child in children]
        same = all(one is before for one, before in zip(new, children))
        return part if same else part.with_children(new)

    return SidedCondition(change(condition, False, False), without_marks(condition))


def _own_columns(element: Any) -> Iterator[Column]:
    for part in iterate(element):
        if isinstance(part, OwnSide) and isinstance(part.operands[0], Column):
            yield part.operands[0]


def _equality(part: Any) -> tuple[Column, Column] | None:
    if not isinstance(part, Operation) or part.operator is not EQ:
        return None
    for own, other in (part.operands, reversed(part.operands)):
        if isinstance(own, OwnSide) and isinstance(own.operands[0], Column) and isinstance(other, Column):
            return own.operands[0], other
    return None


def _values_last(condition: Any) -> Any:
    """``:value = column`` turned round, as one would write it; some databases plan it better, too."""
    parts = []
    for part in conjuncts(condition):
        if isinstance(part, Operation) and part.operator is EQ and isinstance(part.operands[0], BindParameter):
            part = part.with_children(tuple(reversed(part.operands)))
        parts.append(part)
    return and_(*parts)
