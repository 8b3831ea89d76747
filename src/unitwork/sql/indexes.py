"""Indexes of a table.

Spec: LB-17.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from unitwork.sql.columns import ColumnClause, ColumnCollection
from unitwork.sql.constraints import column_of
from unitwork.sql.ddl_text import create_index, drop_index, index_name
from unitwork.sql.dialect_options import HasOptions, checked_options
from unitwork.sql.elements import ColumnElement
from unitwork.sql.names import as_name
from unitwork.sql.naming import constraint_name
from unitwork.sql.traversal import replace_elements, rewrite

if TYPE_CHECKING:
    from unitwork.sql.schema import Table
    from unitwork.sql.schema_column import Column


class Index(HasOptions):
    """An index over columns or expressions.

    Attributes:
        given_name: as given, or None.
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
        quote: bool | None = None,
        **options: Any,
    ) -> None:
        self.given_name: str | None = as_name(name, quote)
        self.unique = unique
        self.info: dict[Any, Any] = {} if info is None else info
        self.options = checked_options("Index", name, options, "bad-constraint-option")
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
    def name(self) -> str | None:
        """The name in the database: as given, or what the naming convention makes of it; None without either."""
        return self.given_name if self.table is None else constraint_name(self)

    @name.setter
    def name(self, name: str | None) -> None:
        self.given_name = as_name(name)

    @property
    def columns(self) -> ColumnCollection[Column]:
        """The plain columns among the expressions."""
        return ColumnCollection([one for one in self.expressions if isinstance(one, ColumnClause)])  # type: ignore[misc]

    def attach(self, table: Any) -> None:
        """Bind the index to `table`."""
        self.table = table
        self.expressions = [
            column_of(table, one, self) if isinstance(one, str) else rewrite(one, self._named_column)
            for one in self.expressions
        ]
        table.indexes.add(self)

    def _named_column(self, element: Any) -> Any:
        # desc("name") names a column.
        return column_of(self.table, element.name, self) if element.visit == "label_reference" else None

    def copy(self) -> Index:
        """Return an unbound copy; columns are named by key."""
        given = [one.key if isinstance(one, ColumnClause) else one for one in self.expressions]
        new = Index(self.given_name, unique=self.unique, info=self.info, **self.options)
        new.expressions = given
        return new

    def copy_for(self, table: Table) -> Index:
        """Return an unbound copy, expressions of which use the columns of `table`."""
        new = self.copy()
        own: dict[Any, Any] = {column: table.c[column.key] for column in self.table.c}
        new.expressions = [one if isinstance(one, str) else replace_elements(one, own) for one in new.expressions]
        return new

    def create(self, bind: Any, checkfirst: bool = False) -> None:
        """Create this index, through an Engine or Connection."""
        bind.run_ddl(_Change(self, checkfirst, create=True))

    def drop(self, bind: Any, checkfirst: bool = False) -> None:
        """Drop this index, through an Engine or Connection."""
        bind.run_ddl(_Change(self, checkfirst, create=False))

    def __repr__(self) -> str:
        return f"<Index {self.given_name or '(unnamed)'}>"


class _Change:
    """Creates or drops one index."""

    def __init__(self, index: Index, checkfirst: bool, create: bool) -> None:
        self.index = index
        self.checkfirst = checkfirst
        self.create = create

    def __call__(self, connection: Any) -> None:
        index, dialect = self.index, connection.dialect
        text = (create_index if self.create else drop_index)(index, dialect.style)
        if self.checkfirst:
            table = index.table
            present = dialect.has_index(connection, table.name, index_name(index, dialect.style), table.schema)
            if present == self.create:
                return
        connection.exec_driver_sql(text)
