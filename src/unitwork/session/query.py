"""Query: the 1.x way of asking, as a thin face over :class:`unitwork.sql.select.Select` [L].

A Query holds a Select and a Session; nothing is sent before a result is asked for. What differs from
``session.execute(select(…))``: objects come without the row around them, and duplicates of entities are left out.

Neighbours: query_statement.py has what only changes the Select.

Spec: LB-28, SB-47, SB-48, SB-75, PT-83, CX-12.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from unitwork import exc
from unitwork.loading.criteria import criteria_of
from unitwork.loading.options import Load
from unitwork.loading.shortcuts import lazyload
from unitwork.session import reading
from unitwork.session.query_statement import QueryStatement
from unitwork.sql.clause import EntityElement
from unitwork.sql.columns import literal_column
from unitwork.sql.compound import Exists
from unitwork.sql.dml import delete, update
from unitwork.sql.elements import BindParameter
from unitwork.sql.functions import func
from unitwork.sql.select import Select

if TYPE_CHECKING:
    from unitwork.session.session import Session

T = TypeVar("T")


class Query(QueryStatement, Generic[T]):
    """A SELECT with a Session to ask.

    Args:
        entities: mapped classes, aliases, attributes or column expressions; one, or a list of them.
        session: the Session; may be given later with `with_session()`.
    Spec: LB-28, SB-47.
    """

    # -- results ------------------------------------------------------------------------------------------------------

    def __iter__(self) -> Iterator[T]:
        return iter(self._result())

    def all(self) -> list[T]:
        """Return all objects or rows."""
        found: list[T] = self._result().all()
        return found

    def first(self) -> T | None:
        """Return the first object or row, or None; asks for one row only."""
        found: T | None = (self if self._is_fixed else self.limit(_at_most_one(self._select)))._result().first()
        return found

    def one(self) -> T:
        """Return the only object or row.

        Raises:
            NoResultFound, MultipleResultsFound: there is none, or more than one.
        """
        found: T = self._result().one()
        return found

    def one_or_none(self) -> T | None:
        """Return the only object or row, or None.

        Raises:
            MultipleResultsFound: there is more than one.
        """
        found: T | None = self._result().one_or_none()
        return found

    def scalar(self) -> Any:
        """Return the first item of the only row, or None.

        Raises:
            MultipleResultsFound: there is more than one row.
        """
        row = self.one_or_none()
        return row[0] if row is not None and not self._is_single_entity else row  # type: ignore[index]

    def get(self, ident: Any) -> T | None:
        """Return the object of a primary key, as ``Session.get()`` does.

        Raises:
            InvalidRequestError [query-get]: there are criteria, or not exactly one entity.
        """
        select = self._select
        if not (self._is_single_entity and self._entities()) or select.where_criteria or select.joins or self._is_fixed:
            raise exc.InvalidRequestError(
                "Query.get() finds by primary key, on one entity without criteria.",
                do="use session.get(Class, key), or filter() and one_or_none().",
                code="query-get",
            )
        populate = bool(select.get_execution_options().get("populate_existing"))
        entity = self._entities()[0].subject
        core = self._session()._core
        found: T | None = reading.get(core, entity, ident, populate, select.with_options)
        return found

    def count(self) -> int:
        """Return the number of rows, duplicates included: SELECT count(*) FROM (…)."""
        rows = self._select.subquery()
        counted = Select(func.count()).select_from(rows).options(*criteria_of(self._select))
        found: int = self._session().scalar(counted, execution_options=self._own())
        return found

    def exists(self) -> Exists:
        """Return the condition that there is a row: ``session.query(q.exists()).scalar()``."""
        return Exists(self._select.with_only_columns(literal_column("1"), maintain_column_froms=True))

    def __getitem__(self, item: int | slice) -> Any:
        if isinstance(item, slice):
            for bound in (item.start, item.stop):
                _refuse_negative(bound)
            found = self.slice(item.start, item.stop).all()
            return found[:: item.step] if item.step is not None else found
        _refuse_negative(item)
        return self.slice(item, item + 1).all()[0]

    def merge_result(self, iterator: Iterable[Any], load: bool = True) -> list[Any]:
        """Return results of elsewhere, e.g. of a cache, with their objects merged into the Session (EV-27).

        Args:
            iterator: objects for a Query of one entity, else rows as this Query gives them.
            load: as for ``Session.merge()``.
        """
        session = self._session()
        if self._is_single_entity:
            return list(session.merge_all(iterator, load=load))
        rows = [list(row) for row in iterator]
        for place, element in enumerate(self._select.raw_columns):
            if isinstance(element, EntityElement):
                given = [row for row in rows if row[place] is not None]
                for row, merged in zip(given, session.merge_all([row[place] for row in given], load=load)):
                    row[place] = merged
        return [tuple(row) for row in rows]

    # -- changing rows ------------------------------------------------------------------------------------------------

    def delete(self, synchronize_session: Any = "auto") -> int:
        """Delete the rows in one statement, and return how many were matched; no cascade of objects (SB-75).

        Raises:
            InvalidRequestError [query-dml]: the Query has more than criteria.
        """
        statement = delete(self._plain_entity("delete")).where(*self._select.where_criteria)
        return self._changed_rows(statement, synchronize_session)

    def update(
        self,
        values: Mapping[Any, Any],
        synchronize_session: Any = "auto",
        update_args: Mapping[str, Any] | None = None,
    ) -> int:
        """Update the rows in one statement, and return how many were matched (PT-83).

        Args:
            values: names or attributes to values or expressions.
            synchronize_session: how objects in the Session follow (PT-73 to PT-77).
            update_args: accepted; ``preserve_parameter_order`` is what happens anyway.
        Raises:
            InvalidRequestError [query-dml]: the Query has more than criteria.
        """
        statement = update(self._plain_entity("update")).where(*self._select.where_criteria).values(dict(values))
        return self._changed_rows(statement, synchronize_session)

    def _plain_entity(self, what: str) -> Any:
        select = self._select
        present = {
            "limit()": select.limit_clause,
            "offset()": select.offset_clause,
            "order_by()": select.order_by_clauses,
            "group_by()": select.group_by_clauses,
            "distinct()": select.is_distinct,
            "join()": select.joins,
            "select_from()": select.from_clauses,
            "from_statement()": self._is_fixed,
        }
        found = [name for name, value in present.items() if value is not None and value != () and value is not False]
        if found or not (self._is_single_entity and self._entities()):
            raise exc.InvalidRequestError(
                f"Query.{what}() takes one entity and criteria; "
                + (f"{', '.join(found)} is set." if found else "this Query selects something else."),
                do="put what it restricts into filter(), with a subquery where needed.",
                code="query-dml",
            )
        return self._entities()[0].subject.class_

    def _changed_rows(self, statement: Any, synchronize_session: Any) -> int:
        options = {**self._own(), "synchronize_session": synchronize_session}
        count: int = self._session().execute(statement, execution_options=options).rowcount
        return count

    # -- inside -------------------------------------------------------------------------------------------------------

    def _session(self) -> Session:
        if self.session is None:
            raise exc.InvalidRequestError(
                "the Query has no Session to ask.", do="call with_session(session).", code="query-without-session"
            )
        return self.session

    def _own(self) -> dict[str, Any]:
        return {name: value for name, value in self.get_execution_options().items() if name != "yield_per"}

    def _result(self) -> Any:
        session = self._session()
        select = self._select if self._eager else _without_eager(self._select)
        result: Any = session.scalars(select) if self._is_single_entity else session.execute(select)
        is_unique = self._entities() and "yield_per" not in self.get_execution_options()
        return result.unique() if is_unique else result


def _at_most_one(select: Select) -> Any:
    clause = select.limit_clause
    return 1 if not isinstance(clause, BindParameter) or clause.value else 0


def _refuse_negative(bound: Any) -> None:
    if isinstance(bound, int) and bound < 0:
        raise IndexError("negative indexes are not accepted: rows are counted from the start (use order_by(…desc())).")


def _without_eager(select: Any) -> Any:
    lazily = [option.lazily() if isinstance(option, Load) else option for option in select.with_options]
    new = select.clone()
    new.with_options = (lazyload("*"), *lazily)
    return new
