"""The two sides of a relationship in FROM, and its join conditions between them.

A side is what the rows of one class come from: its table, an alias of it, or anything that shows its columns. The
conditions of a relationship speak of tables; between other sides their columns are exchanged.

Spec: LB-22, LB-24.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from unitwork.mapping.mapper import Mapper, RelationshipProperty
from unitwork.sql.clause import ClauseElement
from unitwork.sql.columns import EntityColumn
from unitwork.sql.selectable import EntityFrom, FromClause, Join
from unitwork.sql.traversal import rewrite

#: From a column of a mapped table to what stands for it; None where it stays.
Replace = Callable[[Any], "ClauseElement | None"]


class Side(NamedTuple):
    """What the rows of a class come from.

    Attributes:
        table: stands in FROM.
        replace: gives its columns for those of the mapped table; None where they are the same.
    """

    table: FromClause
    replace: Replace | None = None

    def adapt(self, element: Any) -> Any:
        """Return an expression over the mapped table as one over this side."""
        replace = self.replace
        if replace is None:
            return element

        def change(part: Any) -> ClauseElement | None:
            if not isinstance(part, EntityColumn):
                return replace(part) if part.visit == "column" else None
            shown = replace(part.element)
            return EntityColumn(shown, self.table) if isinstance(self.table, EntityFrom) else shown

        return rewrite(element, change)


def plain_side(mapper: Mapper) -> Side:
    """Return the side of a class as it is mapped."""
    return Side(mapper.__clause_element__().table)


def alias_side(mapper: Mapper, name: str | None = None) -> Side:
    """Return the side of a class under another name; of joined tables each gets one."""
    return side_over(alias_of(plain_side(mapper).table, name))


def side_over(table: FromClause) -> Side:
    """Return the side of a FROM element that shows columns of the mapped table."""
    return Side(table, table.corresponding_column)


def alias_of(table: FromClause, name: str | None = None) -> FromClause:
    """Return a FROM element under another name; joined tables are called ``name_table``."""
    if isinstance(table, EntityFrom):
        shown = alias_of(table.element, name)
        criterion = None if table.criterion is None else side_over(shown).adapt(table.criterion)
        return EntityFrom(shown, shown.leaves()[-1], criterion)
    if not isinstance(table, Join):
        return table.alias(name)
    left, right = (
        alias_of(one, name if name is None or isinstance(one, Join) else f"{name}_{one.name or one.name_hint}")
        for one in (table.left, table.right)
    )
    condition = side_over(right).adapt(side_over(left).adapt(table.onclause))
    return Join(left, right, condition, table.isouter, table.full)


def join_conditions(prop: RelationshipProperty, own: Side, other: Side, between: Side | None) -> list[Any]:
    """Return the conditions that relate two sides: one, or with a secondary table two.

    Args:
        between: of the secondary table, where there is one.
    """
    if between is None:
        return [prop.condition.between(own.replace, other.replace)]
    return [
        prop.condition.between(own.replace, between.replace),
        other.adapt(between.adapt(prop.secondaryjoin)),
    ]
