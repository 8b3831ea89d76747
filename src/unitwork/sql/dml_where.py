"""WHERE of UPDATE and DELETE, where it tells more than what was given: the classes that it speaks of.

A column says of which class it is an attribute. Where the rows of that class are some of its table's, or are spread
over several tables, the column alone would also match what is no row of the class.

Spec: LB-07, PT-81.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from unitwork.sql.clause import ClauseElement, EntityElement
from unitwork.sql.elements import ColumnElement
from unitwork.sql.selectable import EntityFrom, FromClause, joining, narrowing
from unitwork.sql.statement import Filtered


class RowCriteria(Filtered):
    """Base of UPDATE and DELETE.

    Attributes:
        table: the table to change.
        entity: what the table was given as, if it was a mapped class.
        spread: where the rows of that class come from, if that is several tables.
    """

    table: Any
    entity: EntityElement | None
    spread: EntityFrom | None = None

    def filter_source(self) -> Any:
        """Return what ``filter_by`` speaks of."""
        return self.table if self.entity is None else self.entity

    def speaking(self) -> Iterable[ClauseElement]:
        """Return the elements that may name other tables."""
        return self.where_criteria

    def all_criteria(self) -> tuple[ColumnElement, ...]:
        """Return the conditions of WHERE, with those that make a row one of the classes whose attributes are used."""
        named = dict.fromkeys(found for element in self.speaking() for found in element.from_objects())
        sources = [found for found in named if isinstance(found, EntityFrom)]
        if self.spread is not None:
            sources.append(self.spread)
        if not sources:
            return self.where_criteria
        brought: list[ColumnElement] = []
        for source in sources:
            brought.extend(narrowing(source))
            if any(leaf in named and leaf is not self.table for leaf in source.leaves()):
                brought.extend(joining(source))
        return tuple(dict.fromkeys((*self.where_criteria, *brought)))

    def extra_froms(self) -> tuple[FromClause, ...]:
        """Return FROM elements that are used besides the table."""
        elements = (*self.speaking(), *self.all_criteria())
        used: dict[Any, None] = dict.fromkeys(found for element in elements for found in element.from_objects())
        return tuple(found for found in used if found is not self.table and not isinstance(found, EntityFrom))
