"""INSERT, UPDATE and DELETE, as immutable statements.

Columns that ``values()`` does not name get their Python-side defaults here (``insert_columns``, ``assignments``), so
that shape and rendering see the same cells. Many rows of one table are the business of ``engine/batch.py``.

Spec: LB-21, LB-23, PT-19, PT-21, PT-30.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from unitwork import exc
from unitwork.sql.clause import ClauseElement, EntityElement, describe
from unitwork.sql.columns import ColumnClause, EntityColumn, NamedBind, bindparam
from unitwork.sql.compound import SelectBase, shape_all
from unitwork.sql.defaults import DefaultContext
from unitwork.sql.derived import CTE
from unitwork.sql.dml_where import RowCriteria
from unitwork.sql.elements import BindParameter, as_operand
from unitwork.sql.select import Select
from unitwork.sql.selectable import EntityFrom, as_column, as_element, as_from, dml_target, expand
from unitwork.sql.shape import ShapeBuilder
from unitwork.sql.statement import Statement, attribute_of
from unitwork.sql.types import TypeEngine

D = TypeVar("D", bound="Dml")
V = TypeVar("V", bound="ValuesDml")
Cells = dict[Any, ClauseElement]


class CellBind(BindParameter):
    """A value for a column of an INSERT or UPDATE."""

    __slots__ = ()
    stored = True

    def shape_into(self, out: ShapeBuilder) -> None:
        # What is prepared for a value given never calls a default: the class tells them apart.
        out.extend((self.__class__, self.type.cache_key))
        out.binds.append(self)


class DefaultBind(CellBind):
    """A cell that a callable default fills anew at each execution."""

    __slots__ = ("callable",)

    def __init__(self, callable_: Callable[[], Any], type_: TypeEngine) -> None:
        super().__init__(None, type_)
        self.callable = callable_


class Dml(Statement):
    """What the three share.

    Attributes:
        table: the table to change.
        entity: what the table was given as, if it was a mapped class.
        returning_elements: the columns to give back.
    """

    returning_elements: tuple[ClauseElement, ...] = ()

    def __init__(self, target: Any) -> None:
        element = as_element(target)
        self.entity: EntityElement | None = element if isinstance(element, EntityElement) else None
        self.table: Any = as_from(target)
        if isinstance(self.table, EntityFrom):
            self.__dict__.update(dml_target(self.kind, self.table))
        if self.table.visit != "table":
            raise exc.ArgumentError(
                f"{self.kind}() needs a table or a mapped class, got {describe(target)}.",
                do="name the table itself.",
                code="dml-needs-table",
            )

    def returning(self: D, *columns: Any) -> D:
        """Return the statement that gives back columns of the changed rows."""
        new = self.clone()
        new.returning_elements = self.returning_elements + tuple(as_column(one, "returning()") for one in columns)
        return new

    def cte(self, name: str | None = None) -> CTE:
        """Return this, with RETURNING, as a named part of the WITH clause; on PostgreSQL."""
        return CTE(self, name)

    def result_elements(self) -> tuple[Any, ...]:
        """Return one element per column of the rows given back."""
        return expand(self.returning_elements)

    def from_objects(self) -> Iterable[ClauseElement]:
        return ()

    def shape_end(self, out: ShapeBuilder) -> None:
        """Append what all three end with."""
        shape_all(out, "returning", self.returning_elements)
        self.shape_extras(out)
        out.append("end")


class ValuesDml(Dml):
    """An INSERT or UPDATE: it gives values to columns."""

    def column_of(self, key: Any) -> Any:
        """Return the column of the table that a key of ``values()`` names: a key, a column, a mapped attribute.

        Raises:
            ArgumentError [unknown-column]: the table has none.
        """
        found: Any = None
        if isinstance(key, str):
            if self.entity is None:
                found = self.table.c.get(key)
            else:
                attribute = getattr(attribute_of(self.entity, key), "__clause_element__", None)
                found = None if attribute is None else attribute()
        elif hasattr(key, "__clause_element__"):
            found = key.__clause_element__()
        if isinstance(found, ColumnClause) and found.table is self.table:
            return found.element if isinstance(found, EntityColumn) else found
        shown = repr(key) if isinstance(key, (str, ColumnClause)) else describe(key)
        raise exc.ArgumentError(
            f"{shown} names no column of the table {self.table.name!r}.",
            do=f"use one of: {', '.join(self.table.c.keys())}.",
            code="unknown-column",
        )

    def cells_of(self, values: Mapping[Any, Any]) -> Cells:
        """Return column to element; None is a parameter like other values, ``null()`` is the SQL constant."""
        cells: Cells = {}
        for key, value in values.items():
            column = self.column_of(key)
            cells[column] = as_cell(value, column.type)
        return cells

    def bind_keys(self) -> set[str]:
        """Return the names of the statement's own ``bindparam()`` parameters."""
        out = ShapeBuilder()
        self.shape_into(out)
        return {bind.key for bind in out.binds if bind.key is not None}

    def for_parameters(self: V, names: Iterable[str]) -> V:
        """Return the statement as executed with parameters of `names`.

        A name that is no ``bindparam()`` of the statement is a column to be given a value: ``execute(insert(table),
        {"name": "x"})``.

        Raises:
            ArgumentError [unknown-column]: a name is neither.
        """
        known = self.bind_keys() if self.has_values() else set()
        added: Cells = {}
        for name in names:
            if name not in known:
                column = self.column_of(name)
                added[column] = bindparam(name, type_=column.type).for_cell()
        return self.with_cells(added)

    def has_values(self) -> bool:
        """The statement has anything that could hold a parameter."""
        return True

    def with_cells(self: V, cells: Cells) -> V:
        """Return the statement with further cells (in every row of an INSERT)."""
        raise NotImplementedError


def _default_cell(column: Any, default: Any, row: Mapping[Any, ClauseElement | None]) -> ClauseElement | None:
    if default is None:
        return None
    if default.is_sequence:
        return None if default.optional else as_operand(default.next_value())
    if default.is_clause_element:
        return as_operand(default.arg)
    if not default.is_callable:
        return CellBind(default.arg, column.type)
    if default.wants_context:
        return DefaultBind(lambda: default.arg(DefaultContext(lambda: _values_of(row))), column.type)
    return DefaultBind(default.arg, column.type)


def as_cell(value: Any, type_: TypeEngine) -> ClauseElement:
    """Return what is written into a column of `type_`: a value as a parameter, an element as it is."""
    if value is None:
        return CellBind(None, type_)
    element = as_operand(value, type_)
    if isinstance(element, NamedBind):
        return element.for_cell()
    return CellBind(value, type_) if isinstance(element, BindParameter) and element is not value else element


def _values_of(row: Mapping[Any, ClauseElement | None]) -> dict[str, Any]:
    """Return the plain values of a row by key, for the functions of its defaults."""
    return {
        column.key: cell.current_value()
        for column, cell in row.items()
        if isinstance(cell, BindParameter) and not isinstance(cell, DefaultBind)
    }


class Insert(ValuesDml):
    """An INSERT of rows, of a SELECT, or of defaults.

    Attributes:
        rows: cells by column, one dict per row, as given.
        select: the SELECT whose rows are inserted, or None.
        conflict: what is done with rows that are there already, see ``upsert``; or None.
    """

    visit = "insert"
    kind = "insert"
    rows: tuple[Cells, ...] = ()
    select: SelectBase | None = None
    select_columns: tuple[Any, ...] = ()
    conflict: Any = None
    memo: tuple[tuple[Any, ...], tuple[tuple[ClauseElement, ...], ...]] | None = None

    def values(self, *rows: Any, **values: Any) -> Insert:
        """Return the statement with values: keywords, a dict, a tuple in table order, or a list of dicts or tuples."""
        given: list[Any] = []
        for row in rows:
            given.extend(row if isinstance(row, list) else [row])
        if values:
            given = [{**row, **values} for row in given] if given else [values]
        made = tuple(self.cells_of(self._named(row)) for row in given)
        if len(self.rows) == 1 and len(made) == 1:
            made = ({**self.rows[0], **made[0]},)
        else:
            made = self.rows + made
        new = self.clone()
        new.rows = made
        return new

    def _named(self, row: Any) -> Mapping[Any, Any]:
        if isinstance(row, Mapping):
            return row
        if isinstance(row, Sequence) and not isinstance(row, str):
            return dict(zip(self.table.c, row, strict=False))
        raise exc.ArgumentError(
            f"values() needs dicts or tuples, got {describe(row)}.",
            do="pass {column: value}, or a list of such dicts.",
            code="bad-values",
        )

    def with_cells(self, cells: Cells) -> Insert:
        new = self.clone()
        new.rows = tuple({**row, **cells} for row in self.rows) if self.rows else (cells,)
        return new

    def has_values(self) -> bool:
        return bool(self.rows or self.select is not None or self.returning_elements or self.conflict is not None)

    def inline(self) -> Insert:
        """Return the statement itself: defaults in SQL always run inside the INSERT."""
        return self

    def from_select(self, names: Sequence[Any], select: SelectBase, include_defaults: bool = True) -> Insert:
        """Return the statement that inserts the rows of `select` into the columns of `names`.

        Args:
            include_defaults: add scalar and SQL defaults of other columns to the SELECT (callables are not run).
        """
        new = self.clone()
        new.select_columns = tuple(self.column_of(name) for name in names)
        new.select = select
        if include_defaults and isinstance(select, Select):
            for column in self.table.c:
                if column not in new.select_columns and column.default is not None and not column.default.is_callable:
                    cell = _default_cell(column, column.default, {})
                    if cell is not None:
                        new.select_columns += (column,)
                        new.select = select = select.add_columns(cell)
        return new

    def insert_columns(self) -> tuple[Any, ...]:
        """Return the columns to write, defaults included."""
        return self.select_columns if self.select is not None else self._completed()[0]

    def insert_rows(self) -> tuple[tuple[ClauseElement, ...], ...]:
        """Return cells in the order of :meth:`insert_columns`, one tuple per row.

        Raises:
            ArgumentError [uneven-rows]: rows name different columns.
        """
        return self._completed()[1]

    def sent_cells(self, sequences: bool) -> tuple[Sequence[Any], Sequence[Sequence[ClauseElement]]]:
        """Return columns and rows of cells as a database with `sequences`, or one without, is sent them.

        There a column whose default is a sequence is left out: the database finds its values (PT-34).
        """
        columns, rows = self.insert_columns(), self.insert_rows()
        if sequences or self.select is not None:
            return columns, rows
        kept = [
            place
            for place, (column, cell) in enumerate(zip(columns, rows[0], strict=True))
            if cell.visit != "next_value" or column.default is None or not column.default.is_sequence
        ]
        return [columns[place] for place in kept], [[row[place] for place in kept] for row in rows]

    def _completed(self) -> tuple[tuple[Any, ...], tuple[tuple[ClauseElement, ...], ...]]:
        if self.memo is not None:
            return self.memo
        given = self.rows or ({},)
        columns = tuple(column for column in self.table.c if column in given[0] or column.default is not None)
        done = []
        for row in given:
            if row.keys() != given[0].keys():
                raise exc.ArgumentError(
                    f"the rows of an INSERT into {self.table.name!r} name different columns.",
                    do="give every row the same keys, or execute the statement with a list of parameters.",
                    code="uneven-rows",
                )
            cells = {column: row.get(column) for column in columns}
            done.append({c: _default_cell(c, c.default, row) if cell is None else cell for c, cell in cells.items()})
        # A default that no value can be made of here (a sequence) leaves its column to the database.
        kept = tuple(column for column in columns if done[0][column] is not None)
        rows = tuple(tuple(cell for column in kept if (cell := row[column]) is not None) for row in done)
        self.memo = (kept, rows)
        return self.memo

    def shape_into(self, out: ShapeBuilder) -> None:
        columns = self.insert_columns()
        out.extend((Insert, self.table, self.select is None, len(columns), *[column.token for column in columns]))
        if self.select is not None:
            self.select.shape_into(out)
        else:
            rows = self.insert_rows()
            out.append(len(rows))
            for row in rows:
                for cell in row:
                    cell.shape_into(out)
        if self.conflict is not None:
            self.conflict.shape_into(out)
        self.shape_end(out)


class Update(ValuesDml, RowCriteria):
    """An UPDATE."""

    visit = "update"
    kind = "update"
    cells: Cells
    memo: tuple[tuple[Any, ClauseElement], ...] | None = None

    def __init__(self, target: Any) -> None:
        super().__init__(target)
        self.cells = {}

    def values(self, *values: Mapping[Any, Any], **named: Any) -> Update:
        """Return the statement with new values, by column or key; a value may be an expression."""
        made: Cells = {}
        for given in (*values, named):
            made.update(self.cells_of(given))
        return self.with_cells(made)

    def ordered_values(self, *pairs: tuple[Any, Any]) -> Update:
        """Return the statement with (column, value) pairs, set in this order."""
        return self.values(dict(pairs))

    def with_cells(self, cells: Cells) -> Update:
        new = self.clone()
        new.cells = {**self.cells, **cells}
        return new

    def assignments(self) -> tuple[tuple[Any, ClauseElement], ...]:
        """Return (column, element) pairs, ``onupdate`` defaults included.

        Raises:
            InvalidRequestError [update-without-values]: nothing is set.
        """
        if self.memo is None:
            cells = dict(self.cells)
            if not cells:
                raise exc.InvalidRequestError(
                    f"the UPDATE of {self.table.name!r} sets nothing.",
                    do="call values(), or execute it with parameters.",
                    code="update-without-values",
                )
            for column in self.table.c:
                if column not in cells and (cell := _default_cell(column, column.onupdate, self.cells)) is not None:
                    cells[column] = cell
            self.memo = tuple(cells.items())
        return self.memo

    def speaking(self) -> Iterable[ClauseElement]:
        return (*self.where_criteria, *(cell for _, cell in self.assignments()))

    def bind_keys(self) -> set[str]:
        out = ShapeBuilder()
        for element in (*self.cells.values(), *self.where_criteria):
            element.shape_into(out)
        return {bind.key for bind in out.binds if bind.key is not None}

    def shape_into(self, out: ShapeBuilder) -> None:
        assignments = self.assignments()
        out.extend((Update, self.table, len(assignments)))
        for column, cell in assignments:
            out.append(column.token)
            cell.shape_into(out)
        shape_all(out, "where", self.all_criteria())
        self.shape_end(out)


class Delete(Dml, RowCriteria):
    """A DELETE."""

    visit = "delete"
    kind = "delete"

    def shape_into(self, out: ShapeBuilder) -> None:
        out.extend((Delete, self.table))
        shape_all(out, "where", self.all_criteria())
        self.shape_end(out)


def insert(table: Any) -> Insert:
    """Return an INSERT into a table or the table of a mapped class."""
    return Insert(table)


def update(table: Any) -> Update:
    """Return an UPDATE of a table or of the table of a mapped class."""
    return Update(table)


def delete(table: Any) -> Delete:
    """Return a DELETE from a table or the table of a mapped class."""
    return Delete(table)
