"""A column's reference to another column, resolved late.

Spec: LB-17.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from unitwork import exc
from unitwork.sql.clause import describe
from unitwork.sql.columns import ColumnClause
from unitwork.sql.dialect_options import checked_options
from unitwork.sql.names import as_name

if TYPE_CHECKING:
    from unitwork.sql.constraints import ForeignKeyConstraint
    from unitwork.sql.schema import Column, Table

_ACTIONS = ("CASCADE", "SET NULL", "SET DEFAULT", "RESTRICT", "NO ACTION")


def checked_action(action: str | None, place: str) -> str | None:
    """Return what happens to dependent rows, in capitals, or None.

    Raises:
        ArgumentError [bad-fk-action]: it is none of the five actions of SQL.
    """
    return checked_word(action, place, _ACTIONS)


def checked_word(word: str | None, place: str, words: tuple[str, ...]) -> str | None:
    """Return one of the words that SQL has for MATCH or INITIALLY, in capitals, or None.

    Raises:
        ArgumentError [bad-fk-action]: it is none of them.
    """
    if word is None:
        return None
    found = next((one for one in words if isinstance(word, str) and str.upper(word) == one), None)
    if found is None:
        raise exc.ArgumentError(
            f"{place}={word!r} is not known.", do=f"use one of: {', '.join(words)}.", code="bad-fk-action"
        )
    return found


INITIALLY = ("DEFERRED", "IMMEDIATE")
MATCH = ("FULL", "PARTIAL", "SIMPLE")


class ForeignKey:
    """A reference to a column, given as ``"table.column"``, ``"schema.table.column"``, a Column or a mapped attribute.

    Attributes:
        parent: the column that refers.
        constraint: the ForeignKeyConstraint it is part of, from when its table is known.
    """

    def __init__(
        self,
        column: Any,
        *,
        name: str | None = None,
        onupdate: str | None = None,
        ondelete: str | None = None,
        deferrable: bool | None = None,
        initially: str | None = None,
        use_alter: bool = False,
        link_to_name: bool = False,
        match: str | None = None,
        info: dict[Any, Any] | None = None,
        comment: str | None = None,
        **options: Any,
    ) -> None:
        target = column if isinstance(column, str) else getattr(column, "__clause_element__", lambda: column)()
        if not isinstance(target, str | ColumnClause) or (isinstance(target, str) and target.count(".") not in (1, 2)):
            shown = repr(target) if isinstance(target, str) else describe(target)
            raise exc.ArgumentError(
                f"a ForeignKey cannot refer to {shown}.",
                do='name the column as "table.column", or pass the Column.',
                code="bad-fk-target",
            )
        self.target: str | ColumnClause = target
        self.name = as_name(name)
        self.onupdate = checked_action(onupdate, "onupdate")
        self.ondelete = checked_action(ondelete, "ondelete")
        self.deferrable = deferrable
        self.initially = checked_word(initially, "initially", INITIALLY)
        self.use_alter = use_alter
        self.link_to_name = link_to_name
        self.match = checked_word(match, "match", MATCH)
        self.options = checked_options("ForeignKey", name, options, "bad-constraint-option")
        self.info: dict[Any, Any] = {} if info is None else info
        self.comment = comment
        self.parent: Column = None  # type: ignore[assignment]
        self.constraint: ForeignKeyConstraint | None = None
        self._column: Column | None = None

    @property
    def target_fullname(self) -> str:
        """``table.column`` or ``schema.table.column`` of what is referred to."""
        if isinstance(self.target, str):
            return self.target
        return f"{self.target.table.fullname}.{self.target.key}"

    @property
    def target_table_key(self) -> str:
        """Key of the table referred to in ``MetaData.tables``."""
        if not isinstance(self.target, str):
            return str(self.target.table.key)
        table_key = self.target.rpartition(".")[0]
        schema = getattr(getattr(self.parent, "table", None), "metadata", None)
        if "." not in table_key and schema is not None and schema.schema is not None:
            return f"{schema.schema}.{table_key}"
        return table_key

    @property
    def target_schema(self) -> str | None:
        """Schema of the table referred to."""
        if not isinstance(self.target, str):
            schema: str | None = self.target.table.schema
            return schema
        return self.target_table_key.rpartition(".")[0] or None

    def find_column(self) -> Column | None:
        """Return the column referred to, None while its table or the column is not there."""
        if self._column is None:
            if not isinstance(self.target, str):
                self._column = self.target  # type: ignore[assignment]
            else:
                table = getattr(self.parent, "table", None)
                found = None if table is None else table.metadata.tables.get(self.target_table_key)
                if found is not None:
                    self._column = _column_of(found, self.target.rpartition(".")[2], self.link_to_name)
        return self._column

    @property
    def column(self) -> Column:
        """The column referred to.

        Raises:
            NoReferencedTableError [no-referenced-table]: the MetaData has no such table.
            NoSuchColumnError [no-referenced-column]: the table has no such column.
        """
        found = self.find_column()
        if found is not None:
            return found
        own = f"{getattr(self.parent, 'table', None)}.{getattr(self.parent, 'name', None)}"
        table = getattr(self.parent, "table", None)
        if table is None or self.target_table_key not in table.metadata.tables:
            raise exc.NoReferencedTableError(
                f"the foreign key of {own} refers to {self.target_fullname!r}, and there is no table "
                f"{self.target_table_key!r} in the MetaData.",
                do="define that table with the same MetaData, or correct the name.",
                code="no-referenced-table",
            )
        raise exc.NoSuchColumnError(
            f"the foreign key of {own} refers to {self.target_fullname!r}, and that table has no such column.",
            do="correct the name of the column.",
            code="no-referenced-column",
        )

    def references(self, table: Table) -> bool:
        """Say whether the column referred to is one of `table`."""
        found = self.find_column()
        return found is not None and found.table is table

    def copy(self) -> ForeignKey:
        """Return an unbound copy."""
        return ForeignKey(
            self.target,
            name=self.name,
            onupdate=self.onupdate,
            ondelete=self.ondelete,
            deferrable=self.deferrable,
            initially=self.initially,
            use_alter=self.use_alter,
            link_to_name=self.link_to_name,
            match=self.match,
            info=self.info,
            comment=self.comment,
            **self.options,
        )

    def __repr__(self) -> str:
        return f"ForeignKey({self.target_fullname!r})"


def _column_of(table: Table, name: str, link_to_name: bool) -> Column | None:
    if link_to_name:
        return next((column for column in table.c if column.name == name), None)
    return table.c.get(name)
