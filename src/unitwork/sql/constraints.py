"""Constraints: what a table promises, and the foreign keys between tables.

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
from unitwork.sql.dialect_options import HasOptions, checked_options
from unitwork.sql.foreign_keys import INITIALLY, MATCH, ForeignKey, checked_action, checked_word
from unitwork.sql.names import as_name
from unitwork.sql.naming import constraint_name
from unitwork.sql.text import text

if TYPE_CHECKING:
    from unitwork.sql.schema import Column, Table


class Constraint(HasOptions):
    """Base of all constraints.

    Attributes:
        given_name: as given, or None.
        table: the table it is bound to.
        kind: token of the naming convention.
        options: the dialects' keywords.
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
        **options: Any,
    ) -> None:
        self.given_name: str | None = as_name(name)
        self.deferrable = deferrable
        self.initially = checked_word(initially, "initially", INITIALLY)
        self.info: dict[Any, Any] = {} if info is None else info
        self.comment = comment
        self.options = checked_options(type(self).__name__, name, options, "bad-constraint-option")
        self.table: Table = None  # type: ignore[assignment]

    @property
    def name(self) -> str | None:
        """The name in the database: as given, or what the naming convention makes of it; None without either."""
        return self.given_name if self.table is None else constraint_name(self)

    @name.setter
    def name(self, name: str | None) -> None:
        self.given_name = as_name(name)

    def attach(self, table: Table) -> None:
        """Bind the constraint to `table`."""
        self.table = table
        table.constraints.add(self)

    def copy(self) -> Constraint:
        """Return an unbound copy; columns are named by key."""
        raise NotImplementedError

    def kept(self) -> dict[str, Any]:
        """Return what a copy has in common with it, as keywords."""
        return {
            "deferrable": self.deferrable,
            "initially": self.initially,
            "info": self.info,
            "comment": self.comment,
            **self.options,
        }

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.given_name or '(unnamed)'}>"


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
        return type(self)(*keys, name=self.given_name, **self.kept())

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
        return CheckConstraint(self.sqltext, self.given_name, **self.kept())


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
        self.match = checked_word(match, "match", MATCH)
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
            **element.options,
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
        return self._copy([element.target for element in self.elements])

    def copy_into(self, schema: str | None) -> ForeignKeyConstraint:
        """Return an unbound copy that refers to the table of the same name in `schema`, of whatever MetaData."""
        targets = []
        for element in self.elements:
            table, column = element.target_table_key.rpartition(".")[2], element.target_fullname.rpartition(".")[2]
            targets.append(f"{schema}.{table}.{column}" if schema else f"{table}.{column}")
        return self._copy(targets)

    def _copy(self, targets: Sequence[Any]) -> ForeignKeyConstraint:
        return ForeignKeyConstraint(
            self.column_keys,
            targets,
            self.given_name,
            onupdate=self.onupdate,
            ondelete=self.ondelete,
            use_alter=self.use_alter,
            link_to_name=self.link_to_name,
            match=self.match,
            **self.kept(),
        )
