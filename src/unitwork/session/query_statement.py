"""What a Query asks: the Select it holds, the methods that change it, and its use inside other statements [L].

Spec: LB-28, SB-47.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from unitwork import exc
from unitwork.inspection import inspect
from unitwork.instrument.aliased import aliased
from unitwork.instrument.class_sql import RelationshipSql
from unitwork.loading.bundle import BundleElement
from unitwork.loading.options import Load
from unitwork.sql.clause import ClauseElement, EntityElement
from unitwork.sql.compound import CompoundSelect, ScalarSelect
from unitwork.sql.elements import BindParameter, ColumnElement, Label, conjunction
from unitwork.sql.operators import AND
from unitwork.sql.select import Select
from unitwork.sql.selectable import Subquery, as_element
from unitwork.sql.traversal import rewrite

if TYPE_CHECKING:
    from unitwork.session.session import Session

Q = TypeVar("Q", bound="QueryStatement")


class QueryStatement:
    """The statement side of :class:`unitwork.session.query.Query`: immutable, each method returns a changed copy."""

    def __init__(self, entities: Any, session: Session | None = None) -> None:
        given = entities if isinstance(entities, (list, tuple)) else (entities,)
        self.session = session
        self._select: Any = Select(*given)
        self._is_fixed = False
        self._asserts = True
        self._eager = True
        #: What it selects from after union() and its kin, and the classes as they stand there.
        self._source: Subquery | None = None
        self._shown: dict[Any, Any] = {}

    # -- what is selected ---------------------------------------------------------------------------------------------

    def with_entities(self: Q, *entities: Any) -> Q:
        """Return the Query with other entities and the same criteria."""
        return self._with(self._select.with_only_columns(*self._adapted(entities)))

    def add_columns(self: Q, *columns: Any) -> Q:
        """Return the Query with more columns or entities."""
        return self._with(self._select.add_columns(*self._adapted(columns)))

    def add_entity(self: Q, entity: Any) -> Q:
        """Return the Query with one more entity."""
        return self._with(self._select.add_columns(*self._adapted([entity])))

    def select_from(self: Q, *froms: Any) -> Q:
        """Return the Query with an explicit left side of its joins."""
        return self._with(self._changeable("select_from").select_from(*froms))

    def join(self: Q, target: Any, onclause: Any = None, *, isouter: bool = False, full: bool = False) -> Q:
        """Return the Query with a join to an entity, a table, or along a relationship."""
        target, onclause = self._adapted([target, onclause])
        return self._with(self._changeable("join").join(target, onclause, isouter=isouter, full=full))

    def outerjoin(self: Q, target: Any, onclause: Any = None, *, full: bool = False) -> Q:
        """Return the Query with a left outer join."""
        target, onclause = self._adapted([target, onclause])
        return self._with(self._changeable("outerjoin").outerjoin(target, onclause, full=full))

    # -- which rows ---------------------------------------------------------------------------------------------------

    def filter(self: Q, *criteria: Any) -> Q:
        """Return the Query with more conditions.

        Raises:
            InvalidRequestError [query-after-limit]: LIMIT or OFFSET is set, which would have to come last.
        """
        return self._with(self._changeable("filter", before_limit=True).where(*self._adapted(criteria)))

    where = filter

    def filter_by(self: Q, **values: Any) -> Q:
        """Return the Query with the condition that attributes of the last joined entity equal values."""
        return self._with(self._changeable("filter_by", before_limit=True).filter_by(**values))

    def group_by(self: Q, *clauses: Any) -> Q:
        """Return the Query with more GROUP BY terms; ``group_by(None)`` takes all away."""
        return self._with(self._changeable("group_by", before_limit=True).group_by(*self._adapted(clauses)))

    def having(self: Q, *criteria: Any) -> Q:
        """Return the Query with more HAVING conditions."""
        return self._with(self._changeable("having", before_limit=True).having(*self._adapted(criteria)))

    def order_by(self: Q, *clauses: Any) -> Q:
        """Return the Query with more ORDER BY terms; ``order_by(None)`` or ``order_by(False)`` takes all away."""
        given = (None,) if len(clauses) == 1 and clauses[0] is False else clauses
        return self._with(self._changeable("order_by", before_limit=True).order_by(*self._adapted(given)))

    def distinct(self: Q, *on: Any) -> Q:
        """Return the Query with DISTINCT."""
        return self._with(self._changeable("distinct").distinct(*self._adapted(on)))

    def limit(self: Q, limit: Any) -> Q:
        """Return the Query with at most `limit` rows."""
        return self._with(self._changeable("limit").limit(limit))

    def offset(self: Q, offset: Any) -> Q:
        """Return the Query without its first `offset` rows."""
        return self._with(self._changeable("offset").offset(offset))

    def slice(self: Q, start: int | None, stop: int | None) -> Q:
        """Return the Query with the rows ``[start:stop]`` of those it has now."""
        select = self._changeable("slice")
        first, length = _whole(select.offset_clause) or 0, _whole(select.limit_clause)
        if stop is not None:
            length = max(0, min(stop, length) if length is not None else stop)
        if start:
            first, length = first + start, None if length is None else max(0, length - start)
        return self._with(select.offset(first or None).limit(length))

    def with_for_update(self: Q, **options: Any) -> Q:
        """Return the Query that locks its rows: `read`, `nowait`, `skip_locked`, `of`, `key_share`."""
        return self._with(self._select.with_for_update(**options))

    def correlate(self: Q, *froms: Any) -> Q:
        """Return the Query that takes `froms` from the statement around it."""
        return self._with(self._select.correlate(*froms))

    def params(self: Q, *given: Mapping[str, Any], **values: Any) -> Q:
        """Return the Query with values for its ``bindparam()`` parameters."""
        named = {name: value for mapping in given for name, value in mapping.items()}
        return self._with(self._select.params(**named, **values))

    # -- how it is carried out ----------------------------------------------------------------------------------------

    def options(self: Q, *options: Any) -> Q:
        """Return the Query with loader options."""
        given = [self._over_source(option) for option in options] if self._shown else options
        return self._with(self._select.options(*given))

    def execution_options(self: Q, **options: Any) -> Q:
        """Return the Query with options for its execution."""
        return self._with(self._select.execution_options(**options))

    def get_execution_options(self) -> Mapping[str, Any]:
        """Return the options for execution; not to be changed."""
        found: Mapping[str, Any] = self._select.get_execution_options()
        return found

    def populate_existing(self: Q) -> Q:
        """Return the Query that overwrites objects which are present (ST-109)."""
        return self.execution_options(populate_existing=True)

    def autoflush(self: Q, setting: bool) -> Q:
        """Return the Query that flushes first, or does not."""
        return self.execution_options(autoflush=setting)

    def yield_per(self: Q, count: int) -> Q:
        """Return the Query that fetches `count` rows at a time; duplicates are not left out then."""
        return self.execution_options(yield_per=count)

    def enable_eagerloads(self: Q, value: bool) -> Q:
        """Return the Query that loads relationships along as mapping and options say, or does not."""
        new = self._with(self._select)
        new._eager = value
        return new

    def enable_assertions(self: Q, value: bool) -> Q:
        """Return the Query that does, or does not, refuse criteria after LIMIT."""
        new = self._with(self._select)
        new._asserts = value
        return new

    def with_session(self: Q, session: Session) -> Q:
        """Return the Query on another Session."""
        new = self._with(self._select)
        new.session = session
        return new

    def from_statement(self: Q, statement: Any) -> Q:
        """Return the Query whose rows come from a SELECT or ``text()`` given whole."""
        new = self._with(self._changeable("from_statement").from_statement(statement))
        new._is_fixed = True
        return new

    # -- as a part of statements --------------------------------------------------------------------------------------

    @property
    def statement(self) -> Any:
        """The SELECT."""
        return self._select

    def __clause_element__(self) -> Any:
        return self._select

    @property
    def selectable(self) -> Any:
        """The SELECT."""
        return self._select

    @property
    def whereclause(self) -> ColumnElement | None:
        """All conditions, or None."""
        criteria = self._select.where_criteria
        return conjunction(AND, list(criteria)) if criteria else None

    @property
    def column_descriptions(self) -> Sequence[Mapping[str, Any]]:
        """What is selected: one dictionary per item."""
        found: Sequence[Mapping[str, Any]] = self._select.column_descriptions
        return found

    @property
    def is_single_entity(self) -> bool:
        """Results are objects, not rows."""
        return self._is_single_entity

    def subquery(self, name: str | None = None) -> Subquery:
        """Return this as a FROM element with columns."""
        found: Subquery = self._select.subquery(name)
        return found

    def cte(self, name: str | None = None, recursive: bool = False) -> Any:
        """Return this as a common table expression."""
        return self._select.cte(name, recursive=recursive)

    def scalar_subquery(self) -> ScalarSelect:
        """Return this as a value: its one column of its one row."""
        found: ScalarSelect = self._select.scalar_subquery()
        return found

    def label(self, name: str | None) -> Label[Any]:
        """Return the scalar subquery under a name in the result."""
        found: Label[Any] = self._select.label(name)
        return found

    def union(self: Q, *others: QueryStatement) -> Q:
        """Return the Query of the UNION with `others`."""
        return self._combined(self._select.union(*_selects(others)))

    def union_all(self: Q, *others: QueryStatement) -> Q:
        """Return the Query of the UNION ALL with `others`."""
        return self._combined(self._select.union_all(*_selects(others)))

    def intersect(self: Q, *others: QueryStatement) -> Q:
        """Return the Query of the INTERSECT with `others`."""
        return self._combined(self._select.intersect(*_selects(others)))

    def except_(self: Q, *others: QueryStatement) -> Q:
        """Return the Query of the EXCEPT of `others`."""
        return self._combined(self._select.except_(*_selects(others)))

    def __str__(self) -> str:
        return str(self._select)

    # -- inside -------------------------------------------------------------------------------------------------------

    def _with(self: Q, select: Any) -> Q:
        new = self.__class__.__new__(self.__class__)
        new.__dict__.update(self.__dict__)
        new._select = select
        return new

    def _combined(self: Q, compound: CompoundSelect) -> Q:
        """Return the Query of the rows of a set operation; what is added later speaks of those."""
        source = compound.subquery()
        columns = iter(source.c)
        shown: dict[Any, Any] = {}
        elements: list[Any] = []
        for element in self._select.raw_columns:
            if isinstance(element, BundleElement):
                elements.append(element.over(columns))
            elif isinstance(element, EntityElement):
                alias = shown[element.subject] = aliased(element.subject, source)
                elements.append(alias)
                for _ in element.columns:
                    next(columns)
            else:
                elements.append(next(columns))
        new = self._with(Select(*elements))
        new._source, new._shown = source, shown
        return new.options(*self._select.with_options)

    def _over_source(self, option: Any) -> Any:
        alias = self._shown.get(option.root) if isinstance(option, Load) and option.alias is None else None
        return option if alias is None else option.over(inspect(alias))

    def _adapted(self, given: Sequence[Any]) -> Sequence[Any]:
        return given if self._source is None else [self._adapt(one) for one in given]

    def _adapt(self, argument: Any) -> Any:
        source: Any = self._source
        if isinstance(argument, RelationshipSql):
            alias = self._shown.get(argument.parent)
            return argument if alias is None else getattr(alias, argument.key)
        element = None if argument is None else as_element(argument)
        if isinstance(element, EntityElement):
            return self._shown.get(element.subject, argument)
        if element is None:
            return argument

        def change(part: ClauseElement) -> ClauseElement | None:
            return source.corresponding_column(part) if isinstance(part, ColumnElement) else None

        return rewrite(element, change)

    def _changeable(self, method: str, before_limit: bool = False) -> Any:
        select = self._select
        if self._is_fixed:
            raise exc.InvalidRequestError(
                f"Query.{method}() cannot change a Query whose statement is given whole.",
                do="put it into the statement.",
                code="query-fixed",
            )
        if before_limit and self._asserts and (select.limit_clause is not None or select.offset_clause is not None):
            raise exc.InvalidRequestError(
                f"Query.{method}() comes after LIMIT or OFFSET, which SQL applies last.",
                do=f"call {method}() before limit() and offset(), or select from a subquery().",
                code="query-after-limit",
            )
        return select

    def _entities(self) -> list[Any]:
        return [one for one in self._select.raw_columns if _is_class(one)]

    @property
    def _is_single_entity(self) -> bool:
        columns = self._select.raw_columns
        if len(columns) != 1 or not isinstance(columns[0], EntityElement):
            return False
        return _is_class(columns[0]) or bool(columns[0].subject.single_entity)


def _is_class(element: Any) -> bool:
    return isinstance(element, EntityElement) and not isinstance(element, BundleElement)


def _whole(clause: Any) -> int | None:
    if clause is None:
        return None
    if isinstance(clause, BindParameter) and isinstance(clause.value, int):
        return clause.value
    raise exc.InvalidRequestError(
        "slice() needs LIMIT and OFFSET that are whole numbers.",
        do="use limit() and offset() with expressions.",
        code="query-slice",
    )


def _selects(queries: Sequence[QueryStatement]) -> list[Any]:
    return [one.statement if isinstance(one, QueryStatement) else one for one in queries]
