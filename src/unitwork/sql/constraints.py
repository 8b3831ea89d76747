"""Constraints and indexes: what a table promises, and the foreign keys between tables.

A constraint is made with columns or their keys, and bound to its table by :meth:`Constraint.attach`, which ``Table``
calls for what it is given; one made of columns that have a table already binds itself.

Spec: LB-17.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from unitwork import exc
from unitwork.sql.clause import ClauseElement
from unitwork.sql.columns import ColumnClause, ColumnCollection
from unitwork.sql.elements import ColumnElement
from unitwork.sql.foreign_keys import ForeignKey, checked_action
from unitwork.sql.text import text

if TYPE_CHECKING:
    from unitwork.sql.schema import Column, Table


class Constraint:
    """Base of all constraints.

    Attributes:
        name: as given, or None; see :func:`constraint_name` for what the naming convention makes of it.
        table: the table it is bound to.
        kind: token of the naming convention.
    """

    kind: str = ""

    def __init__(
        self,
        name: str | None = None,
        *,
        deferrable: bool | None = None,
        initially: str | None = None,
        info: dict[Any, Any] | None = None,
        comment: str | None = None,
    ) -> None:
        self.name = name
        self.deferrable = deferrable
        self.initially = initially
        self.info: dict[Any, Any] = {} if info is None else info
        self.comment = comment
        self.table: Table = None  # type: ignore[assignment]

    def attach(self, table: Table) -> None:
        """Bind the constraint to `table`."""
        self.table = table
        table.constraints.add(self)

    def copy(self) -> Constraint:
        """Return an unbound copy; columns are named by key."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name or '(unnamed)'}>"


class ColumnConstraint(Constraint):
    """A constraint over columns of its table.

    Attributes:
        columns: the columns, once bound.
        given: the columns or keys it was made with.
    """

    def __init__(self, *columns: Any, name: str | None = None, **options: Any) -> None:
        super().__init__(name, **options)
        self.given: tuple[Any, ...] = tuple(
            one if isinstance(one, str) else getattr(one, "__clause_element__", lambda one=one: one)()
            for one in columns
        )
        self.columns: ColumnCollection[Column] = ColumnCollection()
        attach_when_ready(self.given, self.attach)

    def attach(self, table: Table) -> None:
        super().attach(table)
        self.columns = ColumnCollection([column_of(table, one, self) for one in self.given])

    def copy(self) -> Constraint:
        keys = [one if isinstance(one, str) else one.key for one in self.given or self.columns]
        new = type(self)(*keys, name=self.name)
        new.deferrable, new.initially, new.info, new.comment = self.deferrable, self.initially, self.info, self.comment
        return new

    def contains_column(self, column: Column) -> bool:
        """Say whether `column` is part of it."""
        return self.columns.contains_column(column)

    def __iter__(self) -> Iterator[Column]:
        return iter(self.columns)

    def __len__(self) -> int:
        return len(self.columns)

    def __bool__(self) -> bool:
        return True


def attach_when_ready(given: Sequence[Any], attach: Callable[[Table], None]) -> None:
    """Bind at once where every column given belongs to one table already."""
    tables = {one.table for one in given if isinstance(one, ColumnClause)}
    if len(tables) == 1 and all(isinstance(one, ColumnClause) for one in given):
        (table,) = tables
        if table is not None:
            attach(table)


def column_of(table: Table, given: Any, place: object) -> Any:
    """Return the column of `table` that `given` names or is.

    Raises:
        ArgumentError [unknown-column]: it is no column of the table.
    """
    key = given if isinstance(given, str) else given.key
    found = table.c.get(key)
    if found is None or (not isinstance(given, str) and found is not given):
        raise exc.ArgumentError(
            f"{place!r} names {key!r}, which is no column of the table {table.name!r}.",
            do=f"use one of: {', '.join(table.c.keys())}.",
            code="unknown-column",
        )
    return found


class PrimaryKeyConstraint(ColumnConstraint):
    """The primary key; every table has one, perhaps without columns."""

    kind = "pk"

    def attach(self, table: Table) -> None:
        super().attach(table)
        for column in self.columns:
            column.primary_key = True
            column.nullable = False
        if not self.given:
            self.columns = ColumnCollection([column for column in table.c if column.primary_key])
        else:
            for column in table.c:
                if column.primary_key and not self.columns.contains_column(column):
                    self.columns.add(column)
        previous = getattr(table, "primary_key", None)
        if previous is not None and previous is not self:
            table.constraints.discard(previous)
        table.primary_key = self


class UniqueConstraint(ColumnConstraint):
    """Values of the columns together are unique."""

    kind = "uq"


class CheckConstraint(Constraint):
    """A condition every row fulfils, as SQL text or as an expression.

    Attributes:
        sqltext: the condition.
    """

    kind = "ck"

    def __init__(self, sqltext: str | ClauseElement, name: str | None = None, **options: Any) -> None:
        super().__init__(name, **options)
        self.sqltext: ClauseElement = text(sqltext) if isinstance(sqltext, str) else sqltext

    def copy(self) -> CheckConstraint:
        # An expression names the columns of the original table; they are written without it.
        return CheckConstraint(
            self.sqltext, self.name, deferrable=self.deferrable, initially=self.initially, info=self.info
        )


class ForeignKeyConstraint(Constraint):
    """One or more columns that refer to as many columns of another table.

    Attributes:
        elements: one ForeignKey per column, in order.
    """

    kind = "fk"

    def __init__(
        self,
        columns: Sequence[Any],
        refcolumns: Sequence[Any],
        name: str | None = None,
        *,
        onupdate: str | None = None,
        ondelete: str | None = None,
        use_alter: bool = False,
        link_to_name: bool = False,
        match: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(name, **options)
        if len(columns) != len(refcolumns) or not columns:
            raise exc.ArgumentError(
                f"a ForeignKeyConstraint relates as many columns as it refers to, got {len(columns)} and "
                f"{len(refcolumns)}.",
                do="pass two lists of the same length.",
                code="bad-fk-target",
            )
        self.onupdate = checked_action(onupdate, "onupdate")
        self.ondelete = checked_action(ondelete, "ondelete")
        self.use_alter = use_alter
        self.link_to_name = link_to_name
        self.match = match
        self.given: tuple[Any, ...] = tuple(columns)
        self.elements = [ForeignKey(one, link_to_name=link_to_name) for one in refcolumns]
        for element in self.elements:
            element.constraint = self
            element.ondelete, element.onupdate, element.use_alter = self.ondelete, self.onupdate, use_alter
            element.name, element.deferrable, element.initially = name, self.deferrable, self.initially
        self.columns: ColumnCollection[Column] = ColumnCollection()
        attach_when_ready(self.given, self.attach)

    @classmethod
    def of(cls, element: ForeignKey, column: Column) -> ForeignKeyConstraint:
        """Return the constraint of a ForeignKey that was given to a column."""
        new = cls(
            [column.key],
            [element.target],
            element.name,
            onupdate=element.onupdate,
            ondelete=element.ondelete,
            use_alter=element.use_alter,
            link_to_name=element.link_to_name,
            match=element.match,
            deferrable=element.deferrable,
            initially=element.initially,
            info=element.info,
            comment=element.comment,
        )
        new.elements = [element]
        element.constraint = new
        return new

    @property
    def column_keys(self) -> list[str]:
        """Keys of the columns that refer."""
        return [one if isinstance(one, str) else one.key for one in self.given]

    @property
    def referred_table(self) -> Table:
        """The table referred to.

        Raises:
            NoReferencedTableError [no-referenced-table]: it is not in the MetaData.
        """
        table: Table = self.elements[0].column.table
        return table

    def attach(self, table: Table) -> None:
        super().attach(table)
        self.columns = ColumnCollection([column_of(table, one, self) for one in self.given])
        for column, element in zip(self.columns, self.elements, strict=True):
            element.parent = column
            column.foreign_keys.add(element)
            table.foreign_keys.add(element)
        table.foreign_key_constraints.add(self)
        table.metadata.resolve_types(*self.elements)

    def copy(self) -> ForeignKeyConstraint:
        return ForeignKeyConstraint(
            self.column_keys,
            [element.target for element in self.elements],
            self.name,
            onupdate=self.onupdate,
            ondelete=self.ondelete,
            use_alter=self.use_alter,
            link_to_name=self.link_to_name,
            match=self.match,
            deferrable=self.deferrable,
            initially=self.initially,
            info=self.info,
            comment=self.comment,
        )


class Index:
    """An index over columns or expressions.

    Attributes:
        expressions: the columns, expressions or texts, in order; columns by key until bound.
        options: the dialects' keywords, such as ``postgresql_where``.
    """

    kind = "ix"

    def __init__(
        self,
        name: str | None,
        *expressions: Any,
        unique: bool = False,
        info: dict[Any, Any] | None = None,
        **options: Any,
    ) -> None:
        self.name = name
        self.unique = unique
        self.info: dict[Any, Any] = {} if info is None else info
        self.options = options
        self.expressions: list[Any] = [
            one if isinstance(one, str) else getattr(one, "__clause_element__", lambda one=one: one)()
            for one in expressions
        ]
        self.table: Table = None  # type: ignore[assignment]
        used = [one for one in self.expressions if isinstance(one, ColumnElement)]
        tables = {found for one in used for found in one.from_objects()}
        if len(tables) == 1 and not any(isinstance(one, str) for one in self.expressions):
            self.attach(tables.pop())

    @property
    def columns(self) -> ColumnCollection[Column]:
        """The plain columns among the expressions."""
        return ColumnCollection([one for one in self.expressions if isinstance(one, ColumnClause)])  # type: ignore[misc]

    def attach(self, table: Any) -> None:
        """Bind the index to `table`."""
        self.table = table
        self.expressions = [column_of(table, one, self) if isinstance(one, str) else one for one in self.expressions]
        table.indexes.add(self)

    def copy(self) -> Index:
        """Return an unbound copy; columns are named by key."""
        given = [one.key if isinstance(one, ColumnClause) else one for one in self.expressions]
        new = Index(self.name, unique=self.unique, info=self.info, **self.options)
        new.expressions = given
        return new

    def __repr__(self) -> str:
        return f"<Index {self.name or '(unnamed)'}>"


def constraint_name(constraint: Constraint | Index) -> str | None:
    """Return the name in the database: as given, or made by the naming convention of the MetaData, or None.

    Raises:
        ArgumentError [bad-naming-convention]: the convention uses a token that does not exist.
    """
    convention = constraint.table.metadata.naming_convention.get(constraint.kind)
    if convention is None or (constraint.name is not None and "%(constraint_name)s" not in convention):
        return constraint.name
    if "%(constraint_name)s" in convention and constraint.name is None:
        return None
    try:
        return str(convention % _name_tokens(constraint))
    except KeyError as err:
        raise exc.ArgumentError(
            f"the naming convention {convention!r} uses the unknown token {err.args[0]!r}.",
            do="use table_name, column_0_name, column_0_label, column_0_key, column_0_N_name, referred_table_name, "
            "referred_column_0_name or constraint_name.",
            code="bad-naming-convention",
        ) from None


def _name_tokens(constraint: Constraint | Index) -> dict[str, str]:
    table = constraint.table
    tokens = {"table_name": table.name, "constraint_name": constraint.name or ""}
    columns = list(getattr(constraint, "columns", ()))
    for place, column in enumerate(columns):
        tokens[f"column_{place}_name"] = column.name
        tokens[f"column_{place}_key"] = column.key
        tokens[f"column_{place}_label"] = f"{table.name}_{column.name}"
    tokens["column_0_N_name"] = "_".join(column.name for column in columns)
    tokens["column_0N_name"] = "".join(column.name for column in columns)
    if isinstance(constraint, ForeignKeyConstraint):
        target = constraint.elements[0].target_fullname.split(".")
        tokens["referred_table_name"], tokens["referred_column_0_name"] = target[-2:]
    return tokens
