"""INSERT that knows what to do with a row that is there already.

The two forms of it, ``ON CONFLICT`` (PostgreSQL, SQLite) and ``ON DUPLICATE KEY UPDATE`` (MariaDB, MySQL), differ in
meaning, so that neither is made of the other: the dialects' own ``insert()`` give them.

Spec: LB-33.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

from unitwork import exc
from unitwork.sql.clause import ClauseElement, describe
from unitwork.sql.columns import ColumnCollection, ProxyColumn
from unitwork.sql.compound import shape_all
from unitwork.sql.dml import Cells, Insert
from unitwork.sql.elements import ColumnElement, as_criterion
from unitwork.sql.selectable import Alias
from unitwork.sql.shape import ShapeBuilder

Given = Any


class Conflict(ClauseElement):
    """What is done with a row that is there already.

    Attributes:
        cells: new values of that row, by column; None to leave it as it is.
    """

    cells: Cells | None = None

    def shape_cells(self, out: ShapeBuilder) -> None:
        """Append the new values."""
        if self.cells is None:
            out.append(None)
            return
        out.extend((len(self.cells), *(column.token for column in self.cells)))
        for cell in self.cells.values():
            cell.shape_into(out)


class OnConflict(Conflict):
    """``ON CONFLICT``.

    Attributes:
        constraint: name of the constraint that is violated, or None.
        elements: columns of the unique index that is, or none for any.
        index_where: condition of a partial index.
        where: which rows that are there are changed.
    """

    visit = "on_conflict"

    def __init__(
        self,
        constraint: str | None,
        elements: tuple[ClauseElement, ...],
        index_where: ColumnElement | None,
        cells: Cells | None = None,
        where: ColumnElement | None = None,
    ) -> None:
        self.constraint = constraint
        self.elements = elements
        self.index_where = index_where
        self.cells = cells
        self.where = where

    def shape_into(self, out: ShapeBuilder) -> None:
        out.extend((OnConflict, self.constraint))
        shape_all(out, "elements", self.elements)
        self.shape_cells(out)
        for element in (self.index_where, self.where):
            out.append(element is None)
            if element is not None:
                element.shape_into(out)


class OnDuplicateKey(Conflict):
    """``ON DUPLICATE KEY UPDATE``."""

    visit = "on_duplicate_key"

    def __init__(self, cells: Cells) -> None:
        self.cells = cells

    def shape_into(self, out: ShapeBuilder) -> None:
        out.append(OnDuplicateKey)
        self.shape_cells(out)


class InsertedColumn(ProxyColumn):
    """The value that the INSERT had for a column, in ON DUPLICATE KEY UPDATE."""

    visit = "inserted_column"

    def shape_into(self, out: ShapeBuilder) -> None:
        out.extend((InsertedColumn, self.name))

    def from_objects(self) -> Iterable[ClauseElement]:
        return ()


class ConflictInsert(Insert):
    """An INSERT with ON CONFLICT."""

    @cached_property
    def excluded(self) -> ColumnCollection[Any]:
        """The columns of the row that could not be inserted, for new values and conditions."""
        found: ColumnCollection[Any] = Alias(self.table, "excluded").c
        return found

    def on_conflict_do_nothing(
        self, constraint: Given = None, index_elements: Given = None, index_where: Given = None
    ) -> ConflictInsert:
        """Return the INSERT that leaves out rows that are there already.

        Args:
            constraint: name of the unique constraint, or the constraint; none of it and of the next for any.
            index_elements: columns of the unique index.
            index_where: condition of a partial unique index.
        """
        return self._with(OnConflict(*self._target(constraint, index_elements, index_where)))

    def on_conflict_do_update(
        self,
        constraint: Given = None,
        index_elements: Given = None,
        index_where: Given = None,
        set_: Given = None,
        where: Given = None,
    ) -> ConflictInsert:
        """Return the INSERT that changes rows that are there already.

        Args:
            set_: new values by column or key; `excluded` has what would have been inserted. ``onupdate`` defaults do
                not run.
            where: condition on the rows that are there; others are left as they are.
        Raises:
            ArgumentError [conflict-without-target]: neither `constraint` nor `index_elements` says what is violated.
            ArgumentError [update-without-values]: nothing is set.
        """
        target = self._target(constraint, index_elements, index_where)
        if target[0] is None and not target[1]:
            raise exc.ArgumentError(
                "on_conflict_do_update() was not told which unique constraint may be violated.",
                do="give index_elements=[column, ...], or on PostgreSQL constraint='name'.",
                code="conflict-without-target",
            )
        criterion = None if where is None else as_criterion(where)
        return self._with(OnConflict(*target, new_cells(self, set_), criterion))

    def _target(
        self, constraint: Given, index_elements: Given, index_where: Given
    ) -> tuple[str | None, tuple[ClauseElement, ...], ColumnElement | None]:
        if constraint is not None and index_elements is not None:
            raise exc.ArgumentError(
                "ON CONFLICT was given a constraint and index_elements.", do="give one of them.", code="two-targets"
            )
        if constraint is not None and not isinstance(constraint, str):
            index_elements = None if constraint.name else list(constraint.columns)
            constraint = constraint.name
        elements = tuple(
            self.column_of(one) if isinstance(one, str) else one.__clause_element__() for one in index_elements or ()
        )
        return constraint, elements, None if index_where is None else as_criterion(index_where)

    def _with(self, conflict: Conflict) -> ConflictInsert:
        new = self.clone()
        new.conflict = conflict
        return new


class DuplicateKeyInsert(Insert):
    """An INSERT with ON DUPLICATE KEY UPDATE."""

    @cached_property
    def inserted(self) -> ColumnCollection[Any]:
        """The values that the INSERT had, for new values."""
        return ColumnCollection([InsertedColumn(one.name, one.type, key=one.key) for one in self.table.c])

    def on_duplicate_key_update(self, *args: Given, **values: Any) -> DuplicateKeyInsert:
        """Return the INSERT that changes rows that are there already.

        Args:
            args: a dictionary of new values, or a list of (column, value) pairs, which are set in this order.
            values: the same as keywords; `inserted` has what would have been inserted.
        Raises:
            ArgumentError [update-without-values]: nothing is set.
        """
        given: dict[Any, Any] = {}
        for one in args:
            given.update(one if hasattr(one, "items") else dict(one))
        new = self.clone()
        new.conflict = OnDuplicateKey(new_cells(self, {**given, **values}))
        return new


def new_cells(statement: Insert, given: Given) -> Cells:
    """Return new values of a row by column.

    Raises:
        ArgumentError [update-without-values], [bad-values]: there are none, or they are no mapping.
    """
    if given is not None and not hasattr(given, "items") and not _is_pairs(given):
        raise exc.ArgumentError(
            f"new values need a dictionary, got {describe(given)}.", do="pass {column: value}.", code="bad-values"
        )
    values: Mapping[Any, Any] = dict(given.items() if hasattr(given, "items") else given or ())
    if not values:
        raise exc.ArgumentError(
            f"the INSERT into {statement.table.name!r} sets nothing in rows that are there already.",
            do="give new values, or use on_conflict_do_nothing().",
            code="update-without-values",
        )
    return statement.cells_of(values)


def _is_pairs(given: Any) -> bool:
    return isinstance(given, Sequence) and not isinstance(given, str) and all(len(one) == 2 for one in given)
