"""FROM elements beside tables, aliases and subqueries: CTEs, LATERAL, VALUES, samples, functions that give rows.

Spec: LB-21, LB-37.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

from unitwork import exc
from unitwork.sql.clause import ClauseElement, describe
from unitwork.sql.columns import ColumnClause, ColumnCollection, ProxyColumn
from unitwork.sql.elements import BindParameter, ColumnElement, as_operand
from unitwork.sql.selectable import Alias, FromClause, Subquery, as_from
from unitwork.sql.shape import ShapeBuilder
from unitwork.sql.types import FLOAT, INTEGER, NULLTYPE


class CTE(Subquery):
    """A named SELECT, or an INSERT, UPDATE or DELETE with RETURNING, in WITH.

    Attributes:
        recursive: its SELECT may refer to it.
        root: the CTE that this one extends by ``union()``; references to either mean the longest. Itself, if none.
    """

    visit = "cte"

    def __init__(
        self, element: Any, name: str | None = None, recursive: bool = False, root: CTE | None = None, length: int = 0
    ) -> None:
        super().__init__(element, name)
        self.recursive = recursive
        self.root: CTE = self if root is None else root
        self.length = length

    def union(self, *others: Any) -> CTE:
        """Return the CTE extended by UNION; `others` may select from it."""
        return self._extended(self.element.union(*others))  # type: ignore[attr-defined]

    def union_all(self, *others: Any) -> CTE:
        """Return the CTE extended by UNION ALL; `others` may select from it."""
        return self._extended(self.element.union_all(*others))  # type: ignore[attr-defined]

    def _extended(self, element: Any) -> CTE:
        return CTE(element, self.name, self.recursive, self.root, self.length + 1)

    def alias(self, name: str | None = None) -> FromClause:
        """Return the CTE under another name, to select from it twice."""
        return Alias(self, name)

    def shape_into(self, out: ShapeBuilder) -> None:
        number = out.number(self)
        out.append(CTE)
        out.append(number)
        if number is None:
            out.extend((self.name, self.recursive))
            self.element.shape_into(out)
            out.append(out.number(self.root))


class Lateral(Subquery):
    """A subquery in FROM that uses columns of the FROM elements before it."""

    visit = "lateral"

    def shape_into(self, out: ShapeBuilder) -> None:
        out.append(Lateral)
        super().shape_into(out)

    def alias(self, name: str | None = None) -> FromClause:
        """Return the same SELECT under another name."""
        return Lateral(self.element, name)


class TableSample(Alias):
    """A random part of a table.

    Attributes:
        sampling: call of the sampling method.
        seed: makes the sample repeatable, or None.
    """

    visit = "tablesample"

    def __init__(self, element: FromClause, sampling: Any, name: str | None, seed: ColumnElement | None) -> None:
        super().__init__(element, name)
        self.sampling = sampling
        self.seed = seed

    def shape_into(self, out: ShapeBuilder) -> None:
        number = out.number(self)
        out.extend((TableSample, number))
        if number is None:
            out.extend((self.name, self.seed is None))
            self.element.shape_into(out)
            self.sampling.shape_into(out)
            if self.seed is not None:
                self.seed.shape_into(out)


class Values(FromClause):
    """Rows of values in FROM; made by :func:`values`, filled by :meth:`data`.

    Attributes:
        rows: cells, one tuple per row.
    """

    visit = "values"

    def __init__(self, columns: Sequence[ColumnClause], name: str | None) -> None:
        self.given = tuple(columns)
        self.name = name
        self.rows: tuple[tuple[ColumnElement, ...], ...] = ()

    @cached_property
    def c(self) -> ColumnCollection[Any]:  # type: ignore[override]
        """The columns, by key."""
        return ColumnCollection([ProxyColumn(one.name, one.type, self, key=one.key) for one in self.given])

    def data(self, rows: Iterable[Sequence[Any]]) -> Values:
        """Return the same with more rows; values become parameters.

        Raises:
            ArgumentError [uneven-rows]: a row has not one value per column.
        """
        new = Values(self.given, self.name)
        made = []
        for row in rows:
            if len(row) != len(self.given):
                raise exc.ArgumentError(
                    f"a row of values() has {len(row)} values for {len(self.given)} columns.",
                    do="give each row one value per column.",
                    code="uneven-rows",
                )
            made.append(
                tuple(
                    BindParameter(None, column.type) if value is None else as_operand(value, column.type)
                    for value, column in zip(row, self.given, strict=True)
                )
            )
        new.rows = (*self.rows, *made)
        return new

    def alias(self, name: str | None = None) -> FromClause:
        """Return the same rows under another name."""
        new = Values(self.given, name)
        new.rows = self.rows
        return new

    def shape_into(self, out: ShapeBuilder) -> None:
        number = out.number(self)
        out.extend((Values, number))
        if number is None:
            names = tuple((one.name, one.type.cache_key) for one in self.given)
            out.extend((self.name, names, len(self.rows)))
            for row in self.rows:
                for cell in row:
                    cell.shape_into(out)


class TableColumn(ColumnClause):
    """A column of a table that no MetaData knows; it has no default."""

    default = None
    onupdate = None

    @property
    def token(self) -> str:
        """What stands for it in shapes."""
        return self.key


class NoKey:
    """The primary key of a table about which nothing is known."""

    columns: tuple[Any, ...] = ()


class TableClause(FromClause):
    """A table by its name, with the columns that were told; made by :func:`table`."""

    visit = "table"
    primary_key = NoKey()
    autoincrement_column = None

    def __init__(self, name: str, columns: Sequence[ColumnClause], schema: str | None) -> None:
        self.name: str = name
        self.schema = schema
        self.name_hint = name
        self.c = ColumnCollection([TableColumn(one.name, one.type, self, key=one.key) for one in columns])

    def shape_into(self, out: ShapeBuilder) -> None:
        columns = tuple((one.name, one.type.cache_key) for one in self.c)
        out.append((TableClause, self.schema, self.name, columns))


class TableValued(FromClause):
    """A function that gives rows, in FROM.

    Attributes:
        element: the call.
        ordinality: name of a column that numbers the rows, or None.
        derived: the names of the columns are written: ``AS name(a, b)``; ``True`` with their types.
    """

    visit = "table_valued"
    name_hint = "anon"

    def __init__(
        self,
        element: Any,
        columns: Sequence[ColumnClause],
        name: str | None = None,
        ordinality: str | None = None,
        derived: bool | None = None,
    ) -> None:
        self.element = element
        self.given = tuple(columns)
        self.name = name
        self.ordinality = ordinality
        self.derived = derived

    @cached_property
    def c(self) -> ColumnCollection[Any]:  # type: ignore[override]
        """The columns, by key."""
        made = [ProxyColumn(one.name, one.type, self) for one in self.given]
        if self.ordinality is not None:
            made.append(ProxyColumn(self.ordinality, INTEGER, self))
        return ColumnCollection(made)

    @property
    def column(self) -> TableValuedColumn:
        """The one value of each row, named as the alias is; on PostgreSQL."""
        return TableValuedColumn(self)

    def alias(self, name: str | None = None) -> TableValued:
        """Return the same under another name."""
        return TableValued(self.element, self.given, name, self.ordinality, self.derived)

    def lateral(self, name: str | None = None) -> TableValued:
        """Return the same under another name: a function in FROM may use what stands before it anyway."""
        return self.alias(name)

    def render_derived(self, name: str | None = None, with_types: bool = False) -> TableValued:
        """Return the same with the names of its columns written: ``AS name(a, b)``."""
        return TableValued(self.element, self.given, name or self.name, self.ordinality, with_types)

    def shape_into(self, out: ShapeBuilder) -> None:
        number = out.number(self)
        out.extend((TableValued, number))
        if number is None:
            names = tuple((one.name, one.type.cache_key) for one in self.given)
            out.extend((self.name, names, self.ordinality, self.derived))
            self.element.shape_into(out)


class TableValuedColumn(ColumnElement):
    """The value of a function in FROM, by the name of its alias."""

    __slots__ = ("table", "type")
    visit = "table_valued_column"

    def __init__(self, source: TableValued) -> None:
        self.table = source
        self.type = source.element.type

    @property
    def name(self) -> str | None:  # type: ignore[override]
        """Name of the alias."""
        return self.table.name

    def shape_into(self, out: ShapeBuilder) -> None:
        out.append(TableValuedColumn)
        self.table.shape_into(out)

    def from_objects(self) -> Iterable[ClauseElement]:
        return (self.table,)


class FieldOf(ColumnElement):
    """One column of what a function gives: ``(f(x)).name``."""

    __slots__ = ("element", "name", "type")
    visit = "field_of"
    parts = ("element",)

    def __init__(self, element: ColumnElement, name: str, type_: Any) -> None:
        self.element = element
        self.name: str = name
        self.type = type_

    def shape_into(self, out: ShapeBuilder) -> None:
        out.extend((FieldOf, self.name, self.type.cache_key))
        self.element.shape_into(out)


def as_columns(given: Iterable[Any], place: str) -> tuple[ColumnClause, ...]:
    """Return names and columns as columns.

    Raises:
        ArgumentError [not-an-expression]: one is neither.
    """
    found = []
    for one in given:
        if isinstance(one, str):
            one = ColumnClause(one, NULLTYPE)
        if not isinstance(one, ColumnClause):
            raise exc.ArgumentError(
                f"{place} needs columns, got {describe(one)}.", do="pass column(name, type).", code="not-an-expression"
            )
        found.append(one)
    return tuple(found)


def values(*columns: ColumnClause, name: str | None = None, literal_binds: bool = False) -> Values:
    """Return rows of values for FROM: ``values(column("id", Integer), name="v").data([(1,), (2,)])``.

    Args:
        literal_binds: accepted, as in the reference; values are parameters always.
    """
    return Values(as_columns(columns, "values()"), name)


def table(name: str, *columns: ColumnClause, schema: str | None = None) -> TableClause:
    """Return a table by its name, with columns made by ``column()``, that no MetaData knows."""
    return TableClause(name, as_columns(columns, "table()"), schema)


def lateral(element: Any, name: str | None = None) -> FromClause:
    """Return a SELECT in FROM that uses columns of the FROM elements before it; on PostgreSQL."""
    found: FromClause = element.lateral(name)
    return found


def alias(selectable: Any, name: str | None = None) -> FromClause:
    """Return a table or SELECT under another name."""
    if isinstance(selectable, ClauseElement) and hasattr(selectable, "subquery"):
        found: FromClause = selectable.subquery(name)
        return found
    return as_from(selectable).alias(name)


def tablesample_of(selectable: Any, sampling: Any, name: str | None, seed: Any) -> TableSample:
    """Return a sample; `sampling` is a call."""
    return TableSample(as_from(selectable), sampling, name, None if seed is None else as_operand(seed, FLOAT))
