"""What all SELECTs share, their use as values and conditions, and set operations.

Spec: LB-21, LB-23.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from unitwork import exc
from unitwork.sql.clause import ClauseElement, describe
from unitwork.sql.columns import ColumnCollection, LabelReference, NamedBind
from unitwork.sql.derived import CTE, Lateral
from unitwork.sql.elements import BindParameter, ColumnElement, Label, as_operand
from unitwork.sql.rendered import result_columns
from unitwork.sql.selectable import Subquery, as_column
from unitwork.sql.shape import ShapeBuilder, shape_of
from unitwork.sql.statement import Statement
from unitwork.sql.traversal import rewrite
from unitwork.sql.types import BOOLEAN, INTEGER, NULLTYPE, TypeEngine

B = TypeVar("B", bound="SelectBase")
E = TypeVar("E", bound=ClauseElement)


class SelectBase(Statement):
    """What SELECT and its compounds share: order, limit, and use inside other statements."""

    kind = "select"
    order_by_clauses: tuple[ClauseElement, ...] = ()
    limit_clause: ColumnElement | None = None
    offset_clause: ColumnElement | None = None
    with_ties: bool = False

    def result_elements(self) -> tuple[Any, ...]:
        """Return one element per column of the rows."""
        raise NotImplementedError

    @property
    def selected_columns(self) -> ColumnCollection[Any]:
        """The columns of the rows, entities expanded, by name in the result."""
        collection: ColumnCollection[Any] = ColumnCollection()
        for name, _, element in result_columns(self):
            collection.add(element, name)
        return collection

    @property
    def has_tail(self) -> bool:
        """It has an order, a limit or the like, which needs parentheses inside a compound."""
        return bool(self.order_by_clauses) or self.limit_clause is not None or self.offset_clause is not None

    def order_by(self: B, *clauses: Any) -> B:
        """Return the statement with more ORDER BY terms; ``order_by(None)`` takes all away."""
        new = self.clone()
        new.order_by_clauses = order_terms(self.order_by_clauses, clauses, "order_by()")
        return new

    def limit(self: B, limit: Any) -> B:
        """Return the statement with at most `limit` rows; None takes the limit away."""
        new = self.clone()
        new.limit_clause = _count(limit, "limit()")
        new.with_ties = False
        return new

    def fetch(self: B, count: Any, with_ties: bool = False, percent: bool = False) -> B:
        """Return the statement with its first `count` rows.

        Args:
            with_ties: and those equal to the last of them in the order; not on SQLite.
            percent: no supported database has it.
        Raises:
            CompileError [not-on-this-database]: `percent` was asked for.
        """
        if percent:
            raise exc.CompileError(
                "FETCH … PERCENT does not exist on any supported database.",
                do="count the rows first, and pass the number.",
                code="not-on-this-database",
            )
        new = self.limit(count)
        new.with_ties = with_ties and count is not None
        return new

    def offset(self: B, offset: Any) -> B:
        """Return the statement without its first `offset` rows; None takes the offset away."""
        new = self.clone()
        new.offset_clause = _count(offset, "offset()")
        return new

    def slice(self: B, start: int, stop: int) -> B:
        """Return the statement with the rows of ``[start:stop]``."""
        return self.offset(start or None).limit(stop - start)

    def params(self: B, **values: Any) -> B:
        """Return the statement with values for its ``bindparam()`` parameters."""
        return with_params(self, values)

    def subquery(self, name: str | None = None) -> Subquery:
        """Return this as a FROM element with columns."""
        return Subquery(self, name)

    def alias(self, name: str | None = None) -> Subquery:
        """Return :meth:`subquery`."""
        return Subquery(self, name)

    def lateral(self, name: str | None = None) -> Lateral:
        """Return this as a FROM element that may use columns of those before it."""
        return Lateral(self, name)

    def cte(self, name: str | None = None, recursive: bool = False) -> CTE:
        """Return this as a named part of the WITH clause.

        Args:
            recursive: it is to be extended by ``cte.union_all(select(cte…))``, which selects from it.
        """
        return CTE(self, name, recursive)

    def scalar_subquery(self) -> ScalarSelect:
        """Return this as a value: its one column of its one row."""
        return ScalarSelect(self)

    def label(self, name: str | None) -> Label:
        """Return the scalar subquery under a name in the result."""
        return self.scalar_subquery().label(name)

    def exists(self) -> Exists:
        """Return the condition that this has a row."""
        return Exists(self)

    def union(self, *others: SelectBase) -> CompoundSelect:
        """Return the UNION with `others`."""
        return _compound("UNION", (self, *others))

    def union_all(self, *others: SelectBase) -> CompoundSelect:
        """Return the UNION ALL with `others`."""
        return _compound("UNION ALL", (self, *others))

    def intersect(self, *others: SelectBase) -> CompoundSelect:
        """Return the INTERSECT with `others`."""
        return _compound("INTERSECT", (self, *others))

    def except_(self, *others: SelectBase) -> CompoundSelect:
        """Return the EXCEPT of `others`."""
        return _compound("EXCEPT", (self, *others))

    def intersect_all(self, *others: SelectBase) -> CompoundSelect:
        """Return the INTERSECT ALL with `others`; not on SQLite."""
        return _compound("INTERSECT ALL", (self, *others))

    def except_all(self, *others: SelectBase) -> CompoundSelect:
        """Return the EXCEPT ALL of `others`; not on SQLite."""
        return _compound("EXCEPT ALL", (self, *others))

    def from_objects(self) -> Iterable[ClauseElement]:
        return ()

    def shape_tail(self, out: ShapeBuilder) -> None:
        """Append what all SELECTs may end with; the markers are strings that no element appends first."""
        if self.order_by_clauses:
            shape_all(out, "order_by", self.order_by_clauses)
        if self.limit_clause is not None:
            out.append("limit")
            self.limit_clause.shape_into(out)
        if self.offset_clause is not None:
            out.append("offset")
            self.offset_clause.shape_into(out)
        if self.with_ties:
            out.append("ties")
        self.shape_extras(out)


class CompoundSelect(SelectBase):
    """SELECTs combined by UNION, UNION ALL, INTERSECT or EXCEPT; its columns are those of the first."""

    visit = "compound"

    def __init__(self, keyword: str, selects: Sequence[SelectBase]) -> None:
        self.keyword = keyword
        self.selects = tuple(selects)

    def result_elements(self) -> tuple[Any, ...]:
        return self.selects[0].result_elements()

    def shape_into(self, out: ShapeBuilder) -> None:
        out.append(CompoundSelect)
        out.append(self.keyword)
        shape_all(out, "selects", self.selects)
        self.shape_tail(out)
        out.append("end")

    def children(self) -> tuple[ClauseElement, ...]:
        return self.selects

    def with_children(self, children: Sequence[ClauseElement]) -> CompoundSelect:
        new = self.clone()
        new.selects = tuple(child for child in children if isinstance(child, SelectBase))
        return new


class ScalarSelect(ColumnElement):
    """A SELECT of one column as a value."""

    __slots__ = ("element", "type")
    visit = "scalar_subquery"
    parts = ("element",)

    def __init__(self, element: SelectBase) -> None:
        self.element = element
        columns = element.result_elements()
        self.type: TypeEngine = getattr(columns[0], "type", NULLTYPE) if columns else NULLTYPE

    def where(self, *criteria: Any) -> ScalarSelect:
        """Return the value of the SELECT with more criteria."""
        return ScalarSelect(_refinable(self.element, "a scalar subquery").where(*criteria))

    def correlate(self, *froms: Any) -> ScalarSelect:
        """Return the value of the SELECT that takes `froms` from the statement around it."""
        return ScalarSelect(_refinable(self.element, "a scalar subquery").correlate(*froms))

    def correlate_except(self, *froms: Any) -> ScalarSelect:
        """Return the value of the SELECT that takes what it shares with the one around it from there, but `froms`."""
        return ScalarSelect(_refinable(self.element, "a scalar subquery").correlate_except(*froms))

    def shape_into(self, out: ShapeBuilder) -> None:
        out.append(ScalarSelect)
        self.element.shape_into(out)

    def from_objects(self) -> Iterable[ClauseElement]:
        return ()


class Exists(ColumnElement):
    """The condition that a SELECT has a row; refined with ``where`` and ``select_from``."""

    __slots__ = ("element",)
    visit = "exists"
    parts = ("element",)
    type = BOOLEAN

    def __init__(self, element: SelectBase) -> None:
        self.element = element

    def shape_into(self, out: ShapeBuilder) -> None:
        out.append(Exists)
        self.element.shape_into(out)

    def from_objects(self) -> Iterable[ClauseElement]:
        return ()

    def where(self, *criteria: Any) -> Exists:
        """Return the condition with more criteria in its SELECT."""
        return Exists(_refinable(self.element, "EXISTS").where(*criteria))

    def select_from(self, *froms: Any) -> Exists:
        """Return the condition with FROM elements in its SELECT."""
        return Exists(_refinable(self.element, "EXISTS").select_from(*froms))

    def correlate(self, *froms: Any) -> Exists:
        """Return the condition whose SELECT takes `froms` from the statement around it."""
        return Exists(_refinable(self.element, "EXISTS").correlate(*froms))

    def correlate_except(self, *froms: Any) -> Exists:
        """Return the condition whose SELECT takes what it shares with the one around it from there, but `froms`."""
        return Exists(_refinable(self.element, "EXISTS").correlate_except(*froms))

    def select(self) -> Any:
        """Return a SELECT of the condition, which gives one row with true or false."""
        one: Any = self.element
        while one.visit == "compound":
            one = one.selects[0]
        return type(one)(self)


def _refinable(element: Any, what: str) -> Any:
    """Return a SELECT that takes further criteria.

    Raises:
        InvalidRequestError [exists-of-compound]: it is a set operation.
    """
    if element.visit != "select":
        raise exc.InvalidRequestError(
            f"{what} of a set operation takes no more criteria.",
            do="filter the SELECTs before they are combined.",
            code="exists-of-compound",
        )
    return element


def order_terms(present: tuple[ClauseElement, ...], given: tuple[Any, ...], place: str) -> tuple[ClauseElement, ...]:
    """Return terms of ORDER BY or GROUP BY: `present` and the given; a single None takes all away."""
    if len(given) == 1 and given[0] is None:
        return ()
    made = [LabelReference(one) if isinstance(one, str) else as_column(one, place) for one in given]
    return present + tuple(made)


def with_params(statement: E, values: Mapping[str, Any]) -> E:
    """Return a statement with values for the ``bindparam()`` parameters of these names.

    Raises:
        InvalidRequestError [params-in-from]: one of them stands in a subquery or CTE that the statement selects from.
    """
    given: dict[int, NamedBind] = {}

    def give(element: ClauseElement) -> ClauseElement | None:
        if isinstance(element, NamedBind) and element.key in values:
            new = element.with_value(values[element.key])
            given[id(new)] = new
            return new
        return None

    found = rewrite(statement, give)
    for bind in shape_of(found).binds:
        # The columns of a FROM element belong to it alone: another one with this value would not be theirs.
        if isinstance(bind, NamedBind) and bind.key in values and id(bind) not in given:
            raise exc.InvalidRequestError(
                f"params() was given {bind.key!r}, which stands in a subquery or CTE that the statement selects from.",
                do=f"give the value when it is run: execute(statement, {{{bind.key!r}: …}}).",
                code="params-in-from",
            )
    return found


def shape_all(out: ShapeBuilder, marker: str, elements: Sequence[ClauseElement]) -> None:
    """Append a clause: its marker, how many elements, and each."""
    out.append(marker)
    out.append(len(elements))
    for element in elements:
        element.shape_into(out)


def _count(value: Any, place: str) -> ColumnElement | None:
    if value is None:
        return None
    if isinstance(value, int):
        return BindParameter(value, INTEGER)
    if isinstance(value, ClauseElement):
        return as_operand(value, INTEGER)
    raise exc.ArgumentError(
        f"{place} needs a whole number, got {describe(value)}.", do="pass an int, or None.", code="limit-not-integer"
    )


def _compound(keyword: str, selects: tuple[Any, ...]) -> CompoundSelect:
    for one in selects:
        if not isinstance(one, SelectBase):
            raise exc.ArgumentError(
                f"{keyword} needs SELECT statements, got {describe(one)}.", do="pass select(...).", code="not-a-select"
            )
    return CompoundSelect(keyword, selects)


def union(*selects: SelectBase) -> CompoundSelect:
    """Return the UNION of `selects`."""
    return _compound("UNION", selects)


def union_all(*selects: SelectBase) -> CompoundSelect:
    """Return the UNION ALL of `selects`."""
    return _compound("UNION ALL", selects)


def intersect(*selects: SelectBase) -> CompoundSelect:
    """Return the INTERSECT of `selects`."""
    return _compound("INTERSECT", selects)


def except_(*selects: SelectBase) -> CompoundSelect:
    """Return the EXCEPT of `selects`."""
    return _compound("EXCEPT", selects)


def intersect_all(*selects: SelectBase) -> CompoundSelect:
    """Return the INTERSECT ALL of `selects`; not on SQLite."""
    return _compound("INTERSECT ALL", selects)


def except_all(*selects: SelectBase) -> CompoundSelect:
    """Return the EXCEPT ALL of `selects`; not on SQLite."""
    return _compound("EXCEPT ALL", selects)
