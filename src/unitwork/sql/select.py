"""SELECT, as an immutable statement.

A Select records what it was told; which FROM elements that means is worked out when it is rendered (``froms``), once
per shape. So building one is cheap, and joins are resolved with everything known.

Spec: LB-21, LB-23, LB-24.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Generic

from unitwork import exc
from unitwork.base.generics import Row_co
from unitwork.sql.clause import ClauseElement, EntityElement, describe, refuse_string
from unitwork.sql.columns import literal_column
from unitwork.sql.compound import Exists, SelectBase, order_terms, shape_all, with_params
from unitwork.sql.elements import ColumnElement, as_criterion
from unitwork.sql.froms import JoinLeg, JoinStep, resolve_joins, visible_froms
from unitwork.sql.selectable import (
    EntityFrom,
    FromClause,
    as_column,
    as_element,
    as_from,
    expand,
    joined_entities,
    narrowing,
)
from unitwork.sql.shape import ShapeBuilder
from unitwork.sql.statement import Filtered, Statement
from unitwork.sql.style import ForUpdate

if TYPE_CHECKING:
    from typing_extensions import Self


class Select(SelectBase, Filtered, Generic[Row_co]):
    """A SELECT.

    Attributes:
        raw_columns: the elements as given; an entity stays whole.
        from_clauses: given with ``select_from``.
        joins: joins in the order given, not yet resolved.
        correlated: FROM elements of the statement around this one that it uses; None lets rendering find them.
        uncorrelated: FROM elements that are its own, while any other may be the outer statement's; or None.
    """

    visit = "select"
    raw_columns: tuple[ClauseElement, ...] = ()
    from_clauses: tuple[FromClause, ...] = ()
    joins: tuple[JoinStep, ...] = ()
    group_by_clauses: tuple[ClauseElement, ...] = ()
    having_criteria: tuple[ColumnElement, ...] = ()
    is_distinct: bool = False
    distinct_on: tuple[ClauseElement, ...] = ()
    for_update: ForUpdate | None = None
    for_update_of: tuple[ClauseElement, ...] = ()
    correlated: tuple[FromClause, ...] | None = None
    uncorrelated: tuple[FromClause, ...] | None = None

    def __init__(self, *columns: Any) -> None:
        self.raw_columns = tuple([as_column(one) for one in columns])

    def result_elements(self) -> tuple[Any, ...]:
        return expand(self.raw_columns)

    # HOT: once per execution of a user's statement; bench: W17, W19.
    def shape_into(self, out: ShapeBuilder) -> None:
        out.append(Select)
        out.append(len(self.raw_columns))
        for column in self.raw_columns:
            column.shape_into(out)
        if self.where_criteria:
            shape_all(out, "where", self.where_criteria)
        if self.joins:
            out.append("joins")
            out.append(len(self.joins))
            for step in self.joins:
                step.shape_into(out)
        if self.from_clauses:
            shape_all(out, "from", self.from_clauses)
        if self.group_by_clauses:
            shape_all(out, "group_by", self.group_by_clauses)
        if self.having_criteria:
            shape_all(out, "having", self.having_criteria)
        if self.is_distinct:
            shape_all(out, "distinct", self.distinct_on)
        if self.for_update is not None:
            out.append(self.for_update)
            shape_all(out, "of", self.for_update_of)
        if self.correlated is not None:
            shape_all(out, "correlate", self.correlated)
        if self.uncorrelated is not None:
            shape_all(out, "correlate_except", self.uncorrelated)
        self.shape_tail(out)
        out.append("end")

    def children(self) -> tuple[ClauseElement, ...]:
        found = list(self.raw_columns + self.where_criteria + self.having_criteria)
        found.extend(self.group_by_clauses + self.order_by_clauses)
        found.extend(one for one in (self.limit_clause, self.offset_clause) if one is not None)
        found.extend(step.onclause for step in self.joins if step.onclause is not None)
        return tuple(found)

    def with_children(self, children: Sequence[ClauseElement]) -> Self:
        new, given = self.clone(), iter(children)
        for part in ("raw_columns", "where_criteria", "having_criteria", "group_by_clauses", "order_by_clauses"):
            if getattr(self, part):
                setattr(new, part, tuple(next(given) for _ in getattr(self, part)))
        for part in ("limit_clause", "offset_clause"):
            if getattr(self, part) is not None:
                setattr(new, part, next(given))
        new.joins = tuple(
            step if step.onclause is None else step._replace(onclause=as_criterion(next(given))) for step in self.joins
        )
        return new

    # Columns and FROM

    def add_columns(self, *columns: Any) -> Select:
        """Return the statement with more columns or entities."""
        new = self.clone()
        new.raw_columns = self.raw_columns + tuple(as_column(one) for one in columns)
        return new

    def with_only_columns(self, *columns: Any, maintain_column_froms: bool = False) -> Select:
        """Return the statement with other columns; FROM follows them, unless `maintain_column_froms`."""
        new = self.clone()
        if maintain_column_froms:
            new.from_clauses = tuple(self.froms())
            new.joins = ()
        new.raw_columns = tuple(as_column(one) for one in columns)
        return new

    def select_from(self, *froms: Any) -> Self:
        """Return the statement with FROM elements beside those its columns imply."""
        new = self.clone()
        new.from_clauses = self.from_clauses + tuple(as_from(one) for one in froms)
        return new

    def join(self, target: Any, onclause: Any = None, *, isouter: bool = False, full: bool = False) -> Self:
        """Return the statement with a join to a table, an entity or along a mapped relationship.

        Args:
            target: what to join; a relationship attribute tells its own condition.
            onclause: condition or relationship attribute; by default the foreign key that relates both.
        """
        return self._joined(None, target, onclause, isouter, full)

    def outerjoin(self, target: Any, onclause: Any = None, *, full: bool = False) -> Self:
        """Return the statement with a left outer join."""
        return self._joined(None, target, onclause, True, full)

    def join_from(
        self, from_: Any, target: Any, onclause: Any = None, *, isouter: bool = False, full: bool = False
    ) -> Self:
        """Return the statement with a join whose left side is `from_`."""
        return self._joined(as_from(from_), target, onclause, isouter, full)

    def outerjoin_from(self, from_: Any, target: Any, onclause: Any = None, *, full: bool = False) -> Self:
        """Return the statement with a left outer join whose left side is `from_`."""
        return self._joined(as_from(from_), target, onclause, True, full)

    def _joined(self, left: FromClause | None, target: Any, onclause: Any, isouter: bool, full: bool) -> Self:
        new = self.clone()
        along: Callable[..., list[JoinLeg]] | None = getattr(onclause, "__join_legs__", None)
        if along is not None:
            legs = along(target, isouter or full)
        elif hasattr(target, "__join_legs__"):
            if onclause is not None:
                raise exc.InvalidRequestError(
                    f"join({target}, …) was given a condition beside that of the relationship.",
                    do=f"add to its condition with join({target}.and_(…)), or join the class: join(Target, condition).",
                    code="join-two-conditions",
                )
            legs = target.__join_legs__(None, isouter or full)
        else:
            element = as_element(target)
            entity = element if isinstance(element, EntityElement) else None
            criterion = None if onclause is None else as_criterion(onclause)
            new.joins = (*self.joins, JoinStep(as_from(target), criterion, left, isouter, full, entity))
            return new
        first = legs[0] if left is None else legs[0]._replace(left=left)
        steps = [JoinStep(leg.right, leg.onclause, leg.left, isouter, full, leg.entity) for leg in (first, *legs[1:])]
        new.joins = (*self.joins, *steps)
        return new

    def froms(self, enclosing: frozenset[FromClause] = frozenset()) -> list[FromClause]:
        """Return the FROM elements, joins resolved.

        Args:
            enclosing: the tables that a statement around has.
        Raises:
            InvalidRequestError [no-join-left], [ambiguous-join-left]: a join has no left side, or several.
        """
        found = dict.fromkeys(self.from_clauses)
        for column in self.raw_columns:
            found.update(dict.fromkeys(column.from_objects()))  # type: ignore[arg-type]
        sources = list(found)
        if self.joins and any(isinstance(one, EntityFrom) for one in sources):
            sources = visible_froms(sources)
        froms = resolve_joins(sources, self.from_clauses, self.joins)
        taken = enclosing.union(leaf for one in froms for leaf in one.leaves())
        for source in self._criteria_sources():
            # A class that only conditions speak of is selected from, unless one of its tables is there already.
            if not isinstance(source, EntityFrom) or taken.isdisjoint(source.leaves()):
                froms.append(source)
                taken = taken.union(source.leaves() if isinstance(source, EntityFrom) else ())
        return visible_froms(froms)

    def all_criteria(self, froms: Iterable[FromClause]) -> tuple[ColumnElement, ...]:
        """Return the conditions of WHERE, those included that classes bring which share their table.

        Args:
            froms: the FROM elements that are written; classes of others speak of the statement around.
        """
        sources = [*self.from_clauses, *(step.left for step in self.joins if step.left is not None)]
        for column in self.raw_columns:
            sources.extend(column.from_objects())  # type: ignore[arg-type]
        shown = {leaf for one in froms for leaf in one.leaves()}
        sources.extend(one for one in self._criteria_sources() if shown.issuperset(one.leaves()))
        # A join has the conditions of what it joins to in its ON: an outer one keeps what they do not hold for.
        joined = {step.target for step in self.joins}.union(*(joined_entities(one) for one in self.from_clauses))
        brought = dict.fromkeys(
            criterion for source in sources if source not in joined for criterion in narrowing(source)
        )
        return (*self.where_criteria, *brought)

    def _criteria_sources(self) -> Iterator[FromClause]:
        for criterion in self.where_criteria:
            yield from criterion.from_objects()  # type: ignore

    def display_froms(self, enclosing: frozenset[FromClause]) -> list[FromClause]:
        """Return the FROM elements to write in a statement that has `enclosing` already (correlation).

        Raises:
            InvalidRequestError [no-from-left]: all of several FROM elements belong to the statement around.
        """
        froms = self.froms(enclosing)
        if self.correlated is not None:
            outer = {leaf for one in self.correlated for leaf in one.leaves()}
            return [one for one in froms if not outer.issuperset(one.leaves())]
        if self.uncorrelated is not None:
            return [one for one in froms if one in self.uncorrelated or not enclosing.issuperset(one.leaves())]
        if len(froms) < 2 or not enclosing:
            return froms
        kept = [one for one in froms if one not in enclosing]
        if not kept:
            raise exc.InvalidRequestError(
                "every FROM element of a subquery belongs to the statement around it.",
                do="name those it shares with correlate(), or use an alias inside.",
                code="no-from-left",
            )
        return kept

    def correlate(self, *froms: Any) -> Self:
        """Return the statement that takes `froms` from the statement around it; none with ``correlate(None)``."""
        new = self.clone()
        new.correlated = tuple(as_from(one) for one in froms if one is not None)
        return new

    def correlate_except(self, *froms: Any) -> Select:
        """Return the statement that takes from the one around it whatever both have, but for `froms`."""
        new = self.clone()
        new.uncorrelated = tuple(as_from(one) for one in froms if one is not None)
        return new

    def get_final_froms(self) -> list[FromClause]:
        """Return the FROM elements, joins resolved."""
        return self.froms()

    @property
    def columns_clause_froms(self) -> list[FromClause]:
        """The FROM elements of its columns."""
        return list(dict.fromkeys(one for column in self.raw_columns for one in column.from_objects()))  # type: ignore[misc]

    @property
    def column_descriptions(self) -> list[dict[str, Any]]:
        """What each selected item is, as dicts of `name`, `type`, `aliased`, `expr` and `entity`."""
        return [describe_item(element) for element in self.raw_columns]

    def from_statement(self, statement: Any) -> FromStatement:
        """Return a statement that reads the rows of another one, also of ``text()``, as what this one selects.

        Raises:
            ArgumentError [raw-sql-string], [not-a-statement]: it is a string, or no statement.
        """
        return FromStatement(self, statement)

    def filter_source(self) -> Any:
        """Return what ``filter_by`` speaks of: the last joined, else the first selected."""
        if self.joins:
            last = self.joins[-1]
            return last.target if last.entity is None else last.entity
        if self.from_clauses:
            return self.from_clauses[0]
        for column in self.raw_columns:
            if isinstance(column, (EntityElement, FromClause)):
                return column
            for found in column.from_objects():
                return found
        raise exc.InvalidRequestError(
            "filter_by() found no entity or table in the SELECT.", do="use where().", code="no-filter-source"
        )

    # Other clauses

    def group_by(self, *clauses: Any) -> Self:
        """Return the statement with more GROUP BY terms; ``group_by(None)`` takes all away."""
        new = self.clone()
        new.group_by_clauses = order_terms(self.group_by_clauses, clauses, "group_by()")
        return new

    def having(self, *criteria: Any) -> Self:
        """Return the statement with more HAVING conditions."""
        new = self.clone()
        new.having_criteria = self.having_criteria + tuple(as_criterion(one) for one in criteria)
        return new

    def distinct(self, *on: Any) -> Self:
        """Return the statement with DISTINCT, or DISTINCT ON where the database has it."""
        new = self.clone()
        new.is_distinct = True
        new.distinct_on = self.distinct_on + tuple(as_column(one, "distinct()") for one in on)
        return new

    def with_for_update(
        self,
        *,
        read: bool = False,
        nowait: bool = False,
        skip_locked: bool = False,
        of: Any = None,
        key_share: bool = False,
    ) -> Self:
        """Return the statement that locks its rows, where the database can.

        Args:
            of: a column, table or entity, or a list of some, whose rows are locked.
        """
        new = self.clone()
        new.for_update = ForUpdate(read, nowait, skip_locked, key_share)
        given = () if of is None else of if isinstance(of, (list, tuple)) else (of,)
        elements = (as_column(one, "with_for_update(of=)") for one in given)
        new.for_update_of = tuple(
            part for one in elements for part in (one.table.leaves() if isinstance(one, EntityElement) else (one,))
        )
        return new


class FromStatement(Statement):
    """A statement whose rows are read as what a SELECT selects; columns are found by name.

    Attributes:
        raw_columns: what the SELECT selects.
        element: the statement that is sent.
    """

    visit = "from_statement"
    kind = "select"

    def __init__(self, select: Select, statement: Any) -> None:
        refuse_string(statement, "from_statement()")
        if not isinstance(statement, Statement) or statement.kind == "ddl":
            raise exc.ArgumentError(
                f"from_statement() needs a statement that gives rows, got {describe(statement)}.",
                do="pass text(), a SELECT, or an INSERT, UPDATE or DELETE with returning().",
                code="not-a-statement",
            )
        self.raw_columns = select.raw_columns
        self.with_options = select.with_options
        self.given_execution_options = select.given_execution_options
        self.element: Any = statement

    def params(self, **values: Any) -> FromStatement:
        """Return the statement with values for its ``bindparam()`` parameters."""
        return with_params(self, values)

    def result_elements(self) -> tuple[Any, ...]:
        """Return one element per column of the rows, as far as they are known."""
        found: tuple[Any, ...] = getattr(self.element, "result_elements", tuple)()
        return found

    @property
    def column_descriptions(self) -> list[dict[str, Any]]:
        """What each item is, see :attr:`Select.column_descriptions`."""
        return [describe_item(element) for element in self.raw_columns]

    def shape_into(self, out: ShapeBuilder) -> None:
        out.append(FromStatement)
        shape_all(out, "columns", self.raw_columns)
        self.element.shape_into(out)
        self.shape_extras(out)
        out.append("end")

    def children(self) -> tuple[ClauseElement, ...]:
        return (self.element,)

    def with_children(self, children: Sequence[ClauseElement]) -> FromStatement:
        new = self.clone()
        new.element = children[0]
        return new


def describe_item(element: Any) -> dict[str, Any]:
    """Return what a selected item is, as a dict."""
    if isinstance(element, EntityElement):
        return element.description()
    return {
        "name": getattr(element, "name", None),
        "type": getattr(element, "type", None),
        "aliased": False,
        "expr": element,
        "entity": None,
    }


def select(*columns: Any) -> Select:
    """Return a SELECT of columns, expressions, tables or mapped classes."""
    return Select(*columns)


def exists(*arguments: Any) -> Exists:
    """Return EXISTS of a SELECT, or of a new one of the given columns, to be refined with ``where``."""
    if len(arguments) == 1 and isinstance(arguments[0], SelectBase):
        return Exists(arguments[0])
    return Exists(Select(*(arguments or (literal_column("1"),))))
