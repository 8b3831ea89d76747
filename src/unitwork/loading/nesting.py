"""A SELECT as the subquery of another one, which shows its rows and takes joins in its place.

Spec: LB-27.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from unitwork import exc
from unitwork.instrument.sides import Side
from unitwork.sql.columns import EntityColumn, LabelReference, ProxyColumn
from unitwork.sql.elements import Label, Operation
from unitwork.sql.operators import ASC, DESC, NULLS_FIRST, NULLS_LAST
from unitwork.sql.rendered import result_names
from unitwork.sql.select import Select
from unitwork.sql.selectable import Subquery

_DIRECTIONS = (ASC, DESC, NULLS_FIRST, NULLS_LAST)


class Nested:
    """A SELECT and the one around it.

    Args:
        statement: the inner one.
        columns: what it selects.
        more: columns that the outer one needs beside them.
    Attributes:
        outer: the SELECT around it; it selects nothing yet.
        columns: the given columns, as the outer one sees them.
        order: its ORDER BY terms, as the outer one sees them.
    """

    def __init__(self, statement: Any, columns: Sequence[Any], more: Sequence[Any]) -> None:
        self._selected: list[Any] = list(columns)
        for column in more:
            self._place_of(column)
        terms = [self._prepared(term) for term in statement.order_by_clauses]
        inner = statement.with_only_columns(*self._selected)
        inner.with_options = ()
        # Its FROM elements are found from its columns: those that only joins or criteria named stay with the joins.
        self._subquery = Subquery(inner, None)
        names = [name for name, _ in result_names(inner.result_elements())]
        self._proxies = [
            ProxyColumn(name, one.type, self._subquery, key=f"{place} {name}", element=_shown(one))
            for place, (name, one) in enumerate(zip(names, self._selected))
        ]
        self.columns = self._proxies[: len(columns)]
        self.order = [self._outside(term, names) for term in terms]
        outer = Select()
        outer.from_clauses = (self._subquery,)
        self.outer = outer

    def side(self, inner: Side) -> Side:
        """Return what shows the rows of one side of the inner statement in the outer one."""

        def replace(column: Any) -> Any:
            found = inner.adapt(column)
            place = next((place for place, one in enumerate(self._selected) if _shown(one) is found), None)
            return None if place is None else self._proxies[place]

        return Side(self._subquery, replace)

    def _place_of(self, element: Any) -> int:
        for place, one in enumerate(self._selected):
            if one is element or _shown(one) is _shown(element):
                return place
        self._selected.append(element)
        return len(self._selected) - 1

    def _prepared(self, term: Any) -> Any:
        """Return an ORDER BY term with a place in the selected columns, or a name, for what it orders by."""
        if isinstance(term, Operation) and term.operator in _DIRECTIONS:
            return (term, self._prepared(term.operands[0]))
        if isinstance(term, LabelReference):
            return term.name
        if term.visit == "text":
            raise exc.CompileError(
                f"ORDER BY {term} is text, and the joined collections need it outside of a subquery, too.",
                do="order by columns or expressions; or load the collections with selectinload().",
                code="joined-order-by-text",
            )
        return self._place_of(term)

    def _outside(self, prepared: Any, names: list[str]) -> Any:
        if isinstance(prepared, tuple):
            term, inner = prepared
            return term.with_children((self._outside(inner, names),))
        if isinstance(prepared, str):
            return self._proxies[names.index(prepared)] if prepared in names else LabelReference(prepared)
        return self._proxies[prepared]


def _shown(element: Any) -> Any:
    return element.element if isinstance(element, (Label, EntityColumn)) else element
