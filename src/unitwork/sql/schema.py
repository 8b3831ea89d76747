"""Tables and columns, and the MetaData that holds them.

Spec: LB-17, LB-18.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Protocol

from unitwork import exc
from unitwork.base.ordered import OrderedSet
from unitwork.sql.clause import describe
from unitwork.sql.columns import ColumnClause, ColumnCollection
from unitwork.sql.constraints import (
    Constraint,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    UniqueConstraint,
)
from unitwork.sql.ddl import SchemaCreator, SchemaDropper, sort_tables
from unitwork.sql.defaults import ColumnDefault, FetchedValue, python_side, server_side
from unitwork.sql.dml import Delete, Insert, Update
from unitwork.sql.elements import ColumnElement
from unitwork.sql.foreign_keys import ForeignKey
from unitwork.sql.select import Select
from unitwork.sql.selectable import FromClause
from unitwork.sql.shape import ShapeBuilder
from unitwork.sql.types import NULLTYPE, Integer, TypeArgument, TypeEngine, to_type


class Column(ColumnClause):
    """A column of a table.

    Args:
        arguments: name (may come later), type, and ForeignKey or other items, in this order.
        key: name in ``table.c``, by default the name.
        default, onupdate: value, function or SQL expression for rows that give none.
        server_default, server_onupdate: made by the database.
        autoincrement: ``"auto"`` lets the single integer primary key count up.

    Attributes:
        token: stands for the column in shapes, because comparing keys must not compare columns: that makes SQL.
    """

    table: Any

    def __init__(
        self,
        *arguments: Any,
        type_: TypeArgument | None = None,
        key: str | None = None,
        primary_key: bool = False,
        nullable: bool | None = None,
        default: Any = None,
        onupdate: Any = None,
        server_default: Any = None,
        server_onupdate: Any = None,
        autoincrement: bool | str = "auto",
        unique: bool | None = None,
        index: bool | None = None,
        info: dict[Any, Any] | None = None,
        comment: str | None = None,
        doc: str | None = None,
        system: bool = False,
    ) -> None:
        name, found, items = _column_arguments(arguments, type_)
        super().__init__(name or "", found, key=key or name or "")
        self.token = object()
        self.primary_key = primary_key
        self.nullable = not primary_key if nullable is None else nullable
        self.default = python_side(default)
        self.onupdate = python_side(onupdate)
        self.server_default = server_side(server_default, False)
        self.server_onupdate = server_side(server_onupdate, True)
        self.autoincrement = autoincrement
        self.unique = unique
        self.index = index
        self.info: dict[Any, Any] = {} if info is None else info
        self.comment = comment
        self.doc = doc
        self.system = system
        self.foreign_keys: OrderedSet[ForeignKey] = OrderedSet()
        self.constraints: list[Constraint] = []
        for item in items:
            self._take(item)

    def _take(self, item: Any) -> None:
        if isinstance(item, ForeignKey):
            item.parent = self
            self.foreign_keys.add(item)
        elif isinstance(item, Constraint):
            self.constraints.append(item)
        elif isinstance(item, ColumnDefault):
            self.default = item
        elif isinstance(item, FetchedValue):
            self.server_default = item
        else:
            raise exc.ArgumentError(
                f"Column {self.name!r} was given {describe(item)}.",
                do="pass name, type, then ForeignKey or constraints.",
                code="bad-column-argument",
            )

    def attach(self, table: Table) -> None:
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
    "index",
)  # fmt: skip


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


class DDLRunner(Protocol):
    """What ``create_all`` needs of an Engine or Connection."""

    def run_ddl(self, visitor: Callable[[Any], None]) -> None:
        """Call `visitor` with a Connection, in one transaction."""
        ...


class MetaData:
    """A set of tables that refer to each other.

    Args:
        schema: of tables that name none.
        naming_convention: kind (``ix uq ck fk pk``) to a pattern such as ``"uq_%(table_name)s_%(column_0_name)s"``.
    """

    def __init__(
        self,
        *,
        schema: str | None = None,
        naming_convention: Mapping[str, str] | None = None,
        info: dict[Any, Any] | None = None,
    ) -> None:
        self.schema = schema
        self.naming_convention: dict[str, str] = {"ix": "ix_%(column_0_label)s", **(naming_convention or {})}
        self.info: dict[Any, Any] = {} if info is None else info
        self._tables: dict[str, Table] = {}
        self._untyped: list[ForeignKey] = []

    @property
    def tables(self) -> Mapping[str, Table]:
        """The tables by key (``name`` or ``schema.name``), in the order of definition; a live view."""
        return MappingProxyType(self._tables)

    @property
    def sorted_tables(self) -> list[Table]:
        """The tables, each after those it refers to; in a cycle, by name."""
        return sort_tables(self._tables.values())[0]

    def add_table(self, table: Table) -> None:
        """Put `table` in; foreign keys of others to it can now be resolved."""
        self._tables[table.key] = table

    def resolve_types(self, *keys: ForeignKey) -> None:
        """Give columns without a type the type of the column they refer to, now or when its table is defined.

        Args:
            keys: foreign keys to look after from now on.
        """
        self._untyped.extend(key for key in keys if key.parent.type is NULLTYPE)
        for key in list(self._untyped):
            target = key.find_column()
            if target is not None and target.type is not NULLTYPE:
                key.parent.type = target.type
                self._untyped.remove(key)

    def remove(self, table: Table) -> None:
        """Take `table` out."""
        self._tables.pop(table.key, None)

    def clear(self) -> None:
        """Take all tables out."""
        self._tables.clear()

    def create_all(self, bind: DDLRunner, tables: Sequence[Table] | None = None, checkfirst: bool = True) -> None:
        """Create the tables in dependency order, through an Engine or Connection.

        Args:
            tables: some of the tables; None for all.
            checkfirst: leave out those that exist.
        """
        bind.run_ddl(SchemaCreator(self._chosen(tables), checkfirst))

    def drop_all(self, bind: DDLRunner, tables: Sequence[Table] | None = None, checkfirst: bool = True) -> None:
        """Drop the tables, dependants first; see :meth:`create_all`."""
        bind.run_ddl(SchemaDropper(self._chosen(tables), checkfirst))

    def _chosen(self, tables: Iterable[Table] | None) -> list[Table]:
        return list(self._tables.values() if tables is None else tables)

    def __contains__(self, table: object) -> bool:
        return table in self._tables or any(mine is table for mine in self._tables.values())

    def __repr__(self) -> str:
        return "MetaData()"


class Table(FromClause):
    """A table.

    Attributes:
        key: ``name``, or ``schema.name``.
        primary_key: the PrimaryKeyConstraint; its ``columns`` may be none.
        options: the dialects' keywords, such as ``mysql_engine``.
    """

    visit = "table"
    c: ColumnCollection[Column]
    name: str

    def __new__(cls, name: str, metadata: MetaData, *arguments: Any, **options: Any) -> Table:
        """Return the table of that name if the MetaData has it and nothing new is said about it, else a new one."""
        schema = options.get("schema") or metadata.schema
        present = metadata.tables.get(f"{schema}.{name}" if schema else name)
        if present is None:
            return super().__new__(cls)
        if arguments and not (options.get("keep_existing") or options.get("extend_existing")):
            raise exc.InvalidRequestError(
                f"the table {present.key!r} is already defined in this MetaData.",
                do="use the one in metadata.tables, or pass extend_existing=True to change it.",
                code="table-exists",
                table=present,
            )
        return present

    def __init__(
        self,
        name: str,
        metadata: MetaData,
        *arguments: Any,
        schema: str | None = None,
        info: dict[Any, Any] | None = None,
        comment: str | None = None,
        prefixes: Sequence[str] = (),
        keep_existing: bool = False,
        extend_existing: bool = False,
        **options: Any,
    ) -> None:
        if "metadata" in self.__dict__:
            if not keep_existing:
                self._extend(arguments)
            return
        _check_options(name, options)
        self.name = name
        self.metadata = metadata
        self.schema = schema or metadata.schema
        self.key = self.fullname = f"{self.schema}.{name}" if self.schema else name
        self.info: dict[Any, Any] = {} if info is None else info
        self.comment = comment
        self.prefixes = tuple(prefixes)
        self.options = options
        self.c = ColumnCollection()
        self.constraints: OrderedSet[Constraint] = OrderedSet()
        self.foreign_keys: OrderedSet[ForeignKey] = OrderedSet()
        self.foreign_key_constraints: OrderedSet[ForeignKeyConstraint] = OrderedSet()
        self.indexes: OrderedSet[Index] = OrderedSet()
        self.primary_key: PrimaryKeyConstraint
        PrimaryKeyConstraint().attach(self)
        self._extend(arguments)
        metadata.add_table(self)
        metadata.resolve_types()

    def _extend(self, arguments: Iterable[Any]) -> None:
        items = list(arguments)
        for item in items:
            if isinstance(item, Column):
                self.append_column(item, replace_existing=True)
        for item in items:
            if isinstance(item, Constraint | Index):
                item.attach(self)
            elif not isinstance(item, Column):
                raise exc.ArgumentError(
                    f"the table {self.name!r} was given {describe(item)}.",
                    do="pass Column, constraint and Index objects.",
                    code="bad-table-argument",
                )

    def corresponding_column(self, column: ColumnElement) -> ColumnClause | None:
        return column if isinstance(column, Column) and column.table is self else None

    def append_column(self, column: Column, replace_existing: bool = False) -> None:
        """Add `column`; it takes the place of one with the same key if `replace_existing`.

        Raises:
            ArgumentError [duplicate-column]: there is one with that key.
        """
        present = self.c.get(column.key)
        if present is not None:
            if not replace_existing or "key" not in self.__dict__ or self.key not in self.metadata.tables:
                raise exc.ArgumentError(
                    f"the table {self.name!r} has two columns {column.key!r}.",
                    do="name each column once.",
                    code="duplicate-column",
                )
            for key in present.foreign_keys:
                self.foreign_keys.discard(key)
                if key.constraint is not None:
                    self.constraints.discard(key.constraint)
                    self.foreign_key_constraints.discard(key.constraint)
        column.attach(self)

    def append_constraint(self, constraint: Constraint) -> None:
        """Add `constraint`."""
        constraint.attach(self)

    @property
    def autoincrement_column(self) -> Column | None:
        """The column that counts up by itself: asked for, or the only integer primary key without other source."""
        columns = list(self.primary_key.columns)
        for column in columns:
            if column.autoincrement is True:
                return column
        if len(columns) != 1 or columns[0].autoincrement not in ("auto", "ignore_fk"):
            return None
        (column,) = columns
        own = not column.foreign_keys or column.autoincrement == "ignore_fk"
        made_elsewhere = column.default is not None or column.server_default is not None
        return column if isinstance(column.type, Integer) and own and not made_elsewhere else None

    def shape_into(self, out: ShapeBuilder) -> None:
        # A column that is added later changes what SELECT of the table means.
        out.append(self)
        out.append(len(self.c))

    def select(self) -> Select:
        """Return a SELECT of all columns."""
        return Select(self)

    def insert(self) -> Insert:
        """Return an INSERT into this table."""
        return Insert(self)

    def update(self) -> Update:
        """Return an UPDATE of this table."""
        return Update(self)

    def delete(self) -> Delete:
        """Return a DELETE from this table."""
        return Delete(self)

    def create(self, bind: DDLRunner, checkfirst: bool = False) -> None:
        """Create this table."""
        bind.run_ddl(SchemaCreator([self], checkfirst))

    def drop(self, bind: DDLRunner, checkfirst: bool = False) -> None:
        """Drop this table."""
        bind.run_ddl(SchemaDropper([self], checkfirst))

    def __str__(self) -> str:
        return self.fullname

    def __repr__(self) -> str:
        return f"Table({self.fullname!r}, {', '.join(self.c.keys())})"


_DIALECTS = ("sqlite", "postgresql", "mysql", "mariadb")


def _check_options(name: str, options: Mapping[str, Any]) -> None:
    for option in options:
        if option.partition("_")[0] not in _DIALECTS:
            raise exc.ArgumentError(
                f"the table {name!r} was given the unknown option {option!r}.",
                do="use a documented option, or one that begins with a dialect's name, such as mysql_engine.",
                code="bad-table-argument",
            )
