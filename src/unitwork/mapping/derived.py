"""Attributes that are made of others: SQL expressions that are loaded with the object, and synonyms.

An expression may be written in a class body, over columns that have no table yet. There a :class:`LateElement` stands
for what will be known when the class is mapped, and :func:`settled` puts that in its place.

Spec: LB-06.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from unitwork import exc
from unitwork.mapping.mapper import ColumnProperty, Mapper, SynonymProperty
from unitwork.sql.clause import ClauseElement
from unitwork.sql.elements import Label, Operation, as_operand
from unitwork.sql.operators import GROUP
from unitwork.sql.schema import Column
from unitwork.sql.traversal import rewrite
from unitwork.sql.types import NULLTYPE


@dataclass
class ExpressionOptions:
    """What the user said about an attribute that is an SQL expression."""

    expression: Any
    deferred: bool = False
    group: str | None = None
    doc: str | None = None
    info: dict[Any, Any] = field(default_factory=dict)


@dataclass
class SynonymOptions:
    """What the user said about a synonym: the attribute it stands for, and a descriptor for instances, if any."""

    name: str
    map_column: bool = False
    descriptor: Any = None
    doc: str | None = None
    info: dict[Any, Any] = field(default_factory=dict)


class ExpressionColumn(Label):
    """An expression in the place of a column: it has the attribute's name, and belongs to no table."""

    __slots__ = ()
    table: Any = None


class LateElement(Operation):
    """An expression over columns that have no table yet: its operand is found when it is asked for.

    Attributes:
        resolve: gives the expression; raises InvalidRequestError [column-not-mapped-yet] as long as there is none.
    """

    __slots__ = ("resolve",)

    def __init__(self, resolve: Callable[[], Any]) -> None:
        self.resolve = resolve
        self.operator = GROUP
        self.type = NULLTYPE
        self.options = ()

    @property
    def operands(self) -> tuple[ClauseElement, ...]:  # type: ignore[override]
        """The expression."""
        return (self.resolve(),)

    def with_children(self, children: Sequence[ClauseElement]) -> Operation:
        return Operation(GROUP, tuple(children), NULLTYPE)


def settled(element: Any) -> Any:
    """Return an expression with every LateElement in it resolved.

    Raises:
        InvalidRequestError [column-not-mapped-yet]: one is over a column that belongs to no mapped class.
    """

    def change(part: ClauseElement) -> ClauseElement | None:
        return settled(part.resolve()) if isinstance(part, LateElement) else None

    return rewrite(element, change)


def add_expression(mapper: Mapper, name: str, options: ExpressionOptions) -> None:
    """Make an SQL expression an attribute of a class: it is loaded as columns are, and never written."""
    element = settled(as_operand(options.expression))
    column: Any = ExpressionColumn(name, element)
    prop = ColumnProperty(name, mapper, (column,))
    prop.deferred = options.deferred
    prop.group = options.group
    prop.doc = options.doc
    prop.info = options.info
    mapper.columns[name] = mapper.attrs[name] = prop


def add_synonym(mapper: Mapper, name: str, options: SynonymOptions) -> None:
    """Make another name for an attribute of a class."""
    prop = SynonymProperty(name, mapper, options.name)
    prop.descriptor = options.descriptor
    prop.doc = options.doc
    prop.info = options.info
    mapper.synonyms[name] = prop


def mapped_column_of(table: Any, name: str, options: SynonymOptions, where: str) -> Column:
    """Return the column that a synonym with ``map_column=True`` maps under the name of its target.

    Raises:
        ArgumentError [synonym-target]: the table has no column of the synonym's name.
    """
    found = table.c.get(name)
    if found is None:
        raise exc.ArgumentError(
            f"the synonym {where}.{name} has map_column=True, but table {table.name!r} has no column {name!r}.",
            do="name the synonym as the column, or leave map_column out.",
            code="synonym-target",
        )
    column: Column = found
    return column


def check_synonyms(mapper: Mapper) -> None:
    """Raise for a synonym that leads nowhere.

    Raises:
        ArgumentError [synonym-target]
    """
    for name, prop in mapper.synonyms.items():
        seen, target = {name}, prop.name
        while target in mapper.synonyms and target not in seen:
            seen.add(target)
            target = mapper.synonyms[target].name
        if (target not in mapper.attrs and not hasattr(mapper.class_, target)) or target in seen:
            raise exc.ArgumentError(
                f"the synonym {mapper.class_.__name__}.{name} stands for {prop.name!r}, which the class does not map.",
                do=f"name one of {', '.join(mapper.attrs)}.",
                code="synonym-target",
                mapper=mapper,
            )
