"""The MetaData and its tables; the columns are in ``schema_column``.

Spec: LB-17, LB-18.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Protocol

from unitwork import exc
from unitwork.base.hooks import HookTable, targets
from unitwork.base.ordered import OrderedSet
from unitwork.sql.clause import describe
from unitwork.sql.columns import ColumnClause, ColumnCollection
from unitwork.sql.constraints import Constraint, ForeignKeyConstraint, PrimaryKeyConstraint
from unitwork.sql.ddl import EVENTS, SchemaCreator, SchemaDropper, sort_tables
from unitwork.sql.dialect_options import HasOptions, checked_options
from unitwork.sql.dml import Delete, Insert, Update
from unitwork.sql.elements import ColumnElement
from unitwork.sql.foreign_keys import ForeignKey
from unitwork.sql.indexes import Index
from unitwork.sql.names import as_name
from unitwork.sql.schema_column import Column
from unitwork.sql.select import Select
from unitwork.sql.selectable import FromClause
from unitwork.sql.sequences import Sequence as NamedSequence
from unitwork.sql.shape import ShapeBuilder
from unitwork.sql.types import NULLTYPE, Integer

__all__ = ["Column", "MetaData", "Table"]


class DDLRunner(Protocol):
    """What ``create_all`` needs of an Engine or Connection."""

    def run_ddl(self, visitor: Callable[[Any], None]) -> None:
        """Call `visitor` with a Connection, in one transaction."""
        ...


class MetaData:
    """A set of tables that refer to each other.

    Args:
        schema: of tables that name none.
        naming_convention: kind (``ix uq ck fk pk``, or the class) to a pattern such as
            ``"uq_%(table_name)s_%(column_0_name)s"``; other keys are tokens of one's own, functions of
            ``(constraint, table)``.

    Attributes:
        hooks: listeners of before_create, after_create, before_drop and after_drop.
    """

    def __init__(
        self,
        *,
        schema: str | None = None,
        quote_schema: bool | None = None,
        naming_convention: Mapping[Any, Any] | None = None,
        info: dict[Any, Any] | None = None,
    ) -> None:
        self.schema = as_name(schema or None, quote_schema)
        self.naming_convention: dict[Any, Any] = {"ix": "ix_%(column_0_label)s", **(naming_convention or {})}
        self.info: dict[Any, Any] = {} if info is None else info
        self.hooks: HookTable = _EVERY_METADATA.child()
        self._tables: dict[str, Table] = {}
        self._sequences: dict[str, NamedSequence] = {}
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

    def add_sequence(self, sequence: NamedSequence) -> None:
        """Let `sequence` be created and dropped with the tables."""
        self._sequences[sequence.key] = sequence

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
        """Take all tables and sequences out."""
        self._tables.clear()
        self._sequences.clear()

    def create_all(self, bind: DDLRunner, tables: Sequence[Table] | None = None, checkfirst: bool = True) -> None:
        """Create the tables in dependency order, through an Engine or Connection.

        Args:
            tables: some of the tables; None for all.
            checkfirst: leave out those that exist.
        """
        bind.run_ddl(SchemaCreator(self._chosen(tables), checkfirst, self._sequences_for(tables), self))

    def drop_all(self, bind: DDLRunner, tables: Sequence[Table] | None = None, checkfirst: bool = True) -> None:
        """Drop the tables, dependants first; see :meth:`create_all`."""
        bind.run_ddl(SchemaDropper(self._chosen(tables), checkfirst, self._sequences_for(tables), self))

    def _chosen(self, tables: Iterable[Table] | None) -> list[Table]:
        return list(self._tables.values() if tables is None else tables)

    def _sequences_for(self, tables: Sequence[Table] | None) -> list[NamedSequence]:
        if tables is not None:
            return [sequence for table in tables for sequence in table.sequences]
        return list(self._sequences.values())

    def __contains__(self, table: object) -> bool:
        return table in self._tables or any(mine is table for mine in self._tables.values())

    def __repr__(self) -> str:
        return "MetaData()"


class _Retain:
    """Keep the schema that is there."""


RETAIN_SCHEMA: Any = _Retain()


class Table(HasOptions, FromClause):
    """A table.

    Args:
        prefixes: words after CREATE, such as ``TEMPORARY``.
        quote, quote_schema: whether the names stand in quotes; None where they need it.
        listeners: (event, function) pairs, as for ``event.listen(table, event, function)``.
        extend_existing, keep_existing: change a table of that name, or leave it, where the MetaData has one.
        must_exist: there must be one.
        options: the dialects' keywords, such as ``mysql_engine``.

    Attributes:
        key: ``name``, or ``schema.name``.
        primary_key: the PrimaryKeyConstraint; its ``columns`` may be none.
        hooks: listeners of before_create, after_create, before_drop and after_drop.
    """

    visit = "table"
    c: ColumnCollection[Column]
    name: str

    def __new__(cls, name: str, metadata: MetaData, *arguments: Any, **options: Any) -> Table:
        """Return the table of that name if the MetaData has it and nothing new is said about it, else a new one."""
        schema = options.get("schema") or metadata.schema
        present = metadata.tables.get(f"{schema}.{name}" if schema else name)
        keep, extend = options.get("keep_existing"), options.get("extend_existing")
        if keep and extend:
            raise exc.ArgumentError(
                f"the table {name!r} was given keep_existing and extend_existing.",
                do="give one of them.",
                code="bad-table-argument",
            )
        if present is None and options.get("must_exist"):
            raise exc.InvalidRequestError(
                f"the table {name!r} is not in this MetaData, and must_exist says that it is.",
                do="define the table first, or leave must_exist out.",
                code="table-not-defined",
            )
        if present is None:
            return super().__new__(cls)
        if arguments and not (keep or extend):
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
        quote: bool | None = None,
        quote_schema: bool | None = None,
        info: dict[Any, Any] | None = None,
        comment: str | None = None,
        prefixes: Sequence[str] = (),
        listeners: Iterable[tuple[str, Callable[..., Any]]] = (),
        keep_existing: bool = False,
        extend_existing: bool = False,
        must_exist: bool = False,
        **options: Any,
    ) -> None:
        present = "metadata" in self.__dict__
        if present and keep_existing:
            return
        options = checked_options("Table", name, options, "bad-table-argument")
        if not present:
            self._begin(as_name(name, quote), metadata, as_name(schema or None, quote_schema) or metadata.schema)
        if info is not None or not present:
            self.info: dict[Any, Any] = {} if info is None else info
        if comment is not None or not present:
            self.comment = comment
        if prefixes or not present:
            self.prefixes = tuple(checked_prefix(self.name, word) for word in prefixes)
        self.options: dict[str, Any] = {**self.__dict__.get("options", {}), **options}
        for event, function in listeners:
            self.hooks.add(event, function)
        self._extend(arguments)
        if not present:
            metadata.add_table(self)
            metadata.resolve_types()

    def _begin(self, name: str, metadata: MetaData, schema: str | None) -> None:
        """Make a table without anything."""
        self.name = name
        self.metadata = metadata
        self.schema = schema
        self.key = self.fullname = f"{schema}.{name}" if schema else name
        self.c = ColumnCollection()
        self.constraints: OrderedSet[Constraint] = OrderedSet()
        self.foreign_keys: OrderedSet[ForeignKey] = OrderedSet()
        self.foreign_key_constraints: OrderedSet[ForeignKeyConstraint] = OrderedSet()
        self.indexes: OrderedSet[Index] = OrderedSet()
        self.hooks: HookTable = _EVERY_TABLE.child()
        self.primary_key: PrimaryKeyConstraint
        PrimaryKeyConstraint().attach(self)

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
    def sequences(self) -> list[NamedSequence]:
        """The sequences that give values to its columns."""
        sources = [source for column in self.c for source in (column.default, column.onupdate)]
        return [source for source in sources if isinstance(source, NamedSequence)]

    @property
    def autoincrement_column(self) -> Column | None:
        """The column that counts up by itself: asked for, or the only integer primary key without other source.

        Raises:
            ArgumentError [bad-column-argument]: autoincrement=True stands on a column of no integer type.
        """
        columns = list(self.primary_key.columns)
        for column in columns:
            if column.autoincrement is True or column.identity is not None:
                if not isinstance(column.type, Integer):
                    raise exc.ArgumentError(
                        f"the column {column} counts up, and its type {column.type!r} is no integer.",
                        do="give it an integer type, or leave autoincrement out.",
                        code="bad-column-argument",
                    )
                return column
        if len(columns) != 1 or columns[0].autoincrement not in ("auto", "ignore_fk"):
            return None
        (column,) = columns
        own = not column.foreign_keys or column.autoincrement == "ignore_fk"
        made_elsewhere = column.server_default is not None or not (
            column.default is None or isinstance(column.default, NamedSequence)
        )
        return column if isinstance(column.type, Integer) and own and not made_elsewhere else None

    @property
    def counting_column(self) -> Column | None:
        """The autoincrement column, if later rows have greater values for certain."""
        column = self.autoincrement_column
        if column is None or (column.identity is not None and not column.identity.counts_up):
            return None
        return column

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

    def to_metadata(
        self,
        metadata: MetaData,
        *,
        schema: Any = RETAIN_SCHEMA,
        referred_schema_fn: Callable[..., str | None] | None = None,
        name: str | None = None,
    ) -> Table:
        """Return a copy in another MetaData, or the table of that name that it has.

        Args:
            schema: of the copy; by default that of this table; None for that of `metadata`.
            referred_schema_fn: ``(table, schema, constraint, referred schema)`` to the schema that a foreign key refers
                to; by default a key to the old schema follows the table to the new one.
            name: of the copy, by default the same.
        """
        target = self.schema if schema is RETAIN_SCHEMA else schema or metadata.schema
        name = self.name if name is None else as_name(name)
        present = metadata.tables.get(f"{target}.{name}" if target else name)
        if present is not None:
            return present
        new = Table(name, metadata, schema=target, comment=self.comment, info=self.info, prefixes=self.prefixes)
        new.options = dict(self.options)
        for column in self.c:
            copied = column.copy()
            # What these make comes with the table's constraints and indexes.
            copied.index = copied.unique = None
            copied.foreign_keys = OrderedSet()
            copied.constraints = []
            new.append_column(copied)
            copied.index, copied.unique = column.index, column.unique
        for constraint in self.constraints:
            if isinstance(constraint, ForeignKeyConstraint):
                referred = constraint.elements[0].target_schema
                wanted = target if referred == self.schema else referred
                if referred_schema_fn is not None:
                    wanted = referred_schema_fn(new, target, constraint, referred)
                constraint.copy_into(wanted).attach(new)
            else:
                constraint.copy().attach(new)
        for index in self.indexes:
            index.copy_for(new).attach(new)
        return new

    def create(self, bind: DDLRunner, checkfirst: bool = False) -> None:
        """Create this table."""
        bind.run_ddl(SchemaCreator([self], checkfirst, self.sequences))

    def drop(self, bind: DDLRunner, checkfirst: bool = False) -> None:
        """Drop this table."""
        bind.run_ddl(SchemaDropper([self], checkfirst, self.sequences))

    def __str__(self) -> str:
        return self.fullname

    def __repr__(self) -> str:
        return f"Table({self.fullname!r}, {', '.join(self.c.keys())})"


def checked_prefix(table: str, word: str) -> str:
    """Return a word that stands between CREATE and TABLE.

    Raises:
        ArgumentError [bad-table-argument]: it is no plain word.
    """
    word = str.__str__(word) if isinstance(word, str) else ""
    if not word.replace(" ", "").isalpha() or not word.isascii():
        raise exc.ArgumentError(
            f"the table {table!r} was given the prefix {word!r}.",
            do="use plain words, such as TEMPORARY.",
            code="bad-table-argument",
        )
    return word


#: Listeners of all tables and of all MetaData: ``event.listen(Table, "after_create", function)``.
_EVERY_TABLE, _EVERY_METADATA = HookTable(EVENTS), HookTable(EVENTS)


@targets(Table, MetaData)
def _own_hooks(target: Any, name: str) -> HookTable | None:
    hooks: HookTable = target.hooks
    return hooks if name in hooks.names else None


@targets(type)
def _class_hooks(target: Any, name: str) -> HookTable | None:
    hooks = {Table: _EVERY_TABLE, MetaData: _EVERY_METADATA}.get(target)
    return hooks if hooks is not None and name in hooks.names else None
