"""The column of a table.

Spec: LB-17, LB-18, LB-44.
"""

from __future__ import annotations

from typing import Any

from unitwork import exc
from unitwork.base.ordered import OrderedSet
from unitwork.sql.clause import describe
from unitwork.sql.columns import ColumnClause
from unitwork.sql.constraints import Constraint, ForeignKeyConstraint, UniqueConstraint
from unitwork.sql.defaults import ColumnDefault, FetchedValue, python_side, server_side
from unitwork.sql.foreign_keys import ForeignKey
from unitwork.sql.generated import Computed, Identity
from unitwork.sql.indexes import Index
from unitwork.sql.names import as_name
from unitwork.sql.sequences import Sequence
from unitwork.sql.shape import ShapeBuilder
from unitwork.sql.types import NULLTYPE, TypeArgument, TypeEngine, to_type


class Column(ColumnClause):
    """A column of a table.

    Args:
        arguments: name (may come later), type, and ForeignKey or other items, in this order.
        key: name in ``table.c``, by default the name.
        primary_key: the column is the primary key, or a part of it.
        nullable: by default True, but for a primary key and an Identity.
        default, onupdate: value, function or SQL expression for rows that give none, on INSERT and on UPDATE.
        insert_default: another name for `default`.
        server_default, server_onupdate: made by the database; a string is a constant, ``text()`` is SQL.
        autoincrement: ``"auto"`` lets the single integer primary key count up.
        unique, index: make a constraint or an index of this column alone; both together, a unique index.
        quote: True puts the name in quotes always, False never.
        comment: kept by the database; left out on SQLite.
        doc, info: for programs; the database does not see them.
        system: the database has the column by itself, as PostgreSQL has xmin; CREATE TABLE leaves it out.

    Attributes:
        token: stands for the column in shapes, because comparing keys must not compare columns: that makes SQL.
    """

    table: Any

    def __init__(
        self,
        *arguments: Any,
        name: str | None = None,
        type_: TypeArgument | None = None,
        key: str | None = None,
        primary_key: bool = False,
        nullable: bool | None = None,
        default: Any = None,
        insert_default: Any = None,
        onupdate: Any = None,
        server_default: Any = None,
        server_onupdate: Any = None,
        autoincrement: bool | str = "auto",
        unique: bool | None = None,
        index: bool | None = None,
        quote: bool | None = None,
        info: dict[Any, Any] | None = None,
        comment: str | None = None,
        doc: str | None = None,
        system: bool = False,
    ) -> None:
        positional, found, items = _column_arguments(arguments, type_)
        if name is not None and positional is not None:
            raise _refused(name, "was given two names", "pass one of them")
        name = as_name(positional if name is None else name, quote)
        super().__init__(name or "", found, key=as_name(key) or name or "")
        self.token = object()
        self.primary_key = primary_key
        self.default: Any = python_side(default if insert_default is None else insert_default)
        self.onupdate: Any = python_side(onupdate)
        self.server_default = server_side(server_default, False)
        self.server_onupdate = server_side(server_onupdate, True)
        self.identity: Identity | None = None
        self.computed: Computed | None = None
        if autoincrement not in ("auto", True, False, "ignore_fk"):
            raise _refused(
                self.name, f"was given autoincrement={autoincrement!r}", "use 'auto', True, False or 'ignore_fk'"
            )
        self.autoincrement = autoincrement
        self.unique = unique
        self.index = index
        self.info: dict[Any, Any] = {} if info is None else info
        self.comment = comment
        self.doc = doc
        self.system = system
        self.foreign_keys: OrderedSet[ForeignKey] = OrderedSet()
        self.constraints: list[Constraint] = []
        for item in (*items, self.server_default) if isinstance(self.server_default, _RULES) else items:
            self._take(item)
        self._check_sources()
        self.nullable = not (primary_key or self.identity is not None) if nullable is None else nullable

    def _check_sources(self) -> None:
        """Refuse a column that is computed or counted and has another source, too."""
        if self.computed is not None:
            others = (self.default, self.onupdate, self.identity)
            if any(other is not None for other in others) or self.server_default is not self.computed:
                raise _refused(self.name, "is Computed and has a default besides", "leave one of them out")
        if self.identity is not None and self.server_default is not self.identity:
            raise _refused(self.name, "has an Identity and a server default", "leave one of them out")

    def _take(self, item: Any) -> None:
        if isinstance(item, ForeignKey):
            item.parent = self
            self.foreign_keys.add(item)
        elif isinstance(item, Constraint):
            self.constraints.append(item)
        elif isinstance(item, Sequence) and item.for_update:
            self.onupdate = item
        elif isinstance(item, ColumnDefault | Sequence):
            self.default = item
        elif isinstance(item, Computed):
            self.computed = item
            self.server_default = self.server_default or item
            self.server_onupdate = self.server_onupdate or item
        elif isinstance(item, Identity):
            self.identity = item
            self.server_default = self.server_default or item
        elif isinstance(item, FetchedValue):
            if item.for_update:
                self.server_onupdate = item
            else:
                self.server_default = item
        else:
            raise _refused(
                self.name, f"was given {describe(item)}", "pass name, type, then ForeignKey, constraints or defaults"
            )

    def attach(self, table: Any) -> None:
        """Bind the column, with its constraints and indexes, to `table`.

        Raises:
            ArgumentError [column-without-name], [column-has-table]: it cannot be bound.
        """
        if not self.name:
            raise exc.ArgumentError(
                f"a column of the table {table.name!r} has no name.", do="name it.", code="column-without-name"
            )
        if self.table is not None:
            raise exc.ArgumentError(
                f"the column {self.name!r} belongs to the table {self.table.name!r} already.",
                do="give each table a column of its own, e.g. column.copy().",
                code="column-has-table",
            )
        self.table = table
        table.c.add(self)
        if self.primary_key and not table.primary_key.columns.contains_column(self):
            table.primary_key.columns.add(self)
        for source in (self.default, self.onupdate):
            if isinstance(source, Sequence):
                source.column = source.column or self
                table.metadata.add_sequence(source)
        for key in list(self.foreign_keys):
            if key.constraint is None:
                ForeignKeyConstraint.of(key, self).attach(table)
        for constraint in self.constraints:
            constraint.attach(table)
        if self.index:
            Index(None, self.key, unique=bool(self.unique)).attach(table)
        elif self.unique:
            UniqueConstraint(self.key).attach(table)

    def shape_into(self, out: ShapeBuilder) -> None:
        out.append(self.token)

    def references(self, column: Column) -> bool:
        """Say whether a foreign key of this column refers to `column`."""
        return any(key.find_column() is column for key in self.foreign_keys)

    def copy(self) -> Column:
        """Return a copy that belongs to no table, with copies of its foreign keys and constraints."""
        items = [key.copy() for key in self.foreign_keys if key.constraint is None or len(key.constraint.elements) == 1]
        new = Column(*items, type_=self.type, info=self.info, comment=self.comment, doc=self.doc, system=self.system)
        new.name, new.key = self.name, self.key
        for attribute in _COPIED:
            setattr(new, attribute, getattr(self, attribute))
        new.constraints = [constraint.copy() for constraint in self.constraints]
        return new

    def __str__(self) -> str:
        return self.name if self.table is None else f"{self.table.name}.{self.name}"

    def __repr__(self) -> str:
        return f"Column({self.name!r}, {self.type!r})"


_COPIED = (
    "primary_key", "nullable", "default", "onupdate", "server_default", "server_onupdate", "autoincrement", "unique",
    "index", "identity", "computed",
)  # fmt: skip

_RULES = (Computed, Identity)


def _refused(name: str | None, what: str, do: str) -> exc.ArgumentError:
    return exc.ArgumentError(f"the Column {name or ''!r} {what}.", do=f"{do}.", code="bad-column-argument")


def _column_arguments(
    arguments: tuple[Any, ...], type_: TypeArgument | None
) -> tuple[str | None, TypeEngine, list[Any]]:
    rest = list(arguments)
    name: str | None = None
    if rest and (rest[0] is None or isinstance(rest[0], str)):
        name = rest.pop(0)
    if rest and (isinstance(rest[0], TypeEngine) or (isinstance(rest[0], type) and issubclass(rest[0], TypeEngine))):
        type_ = rest.pop(0)
    elif rest and rest[0] is None:
        rest.pop(0)
    return name, NULLTYPE if type_ is None else to_type(type_), rest
