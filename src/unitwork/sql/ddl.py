"""CREATE and DROP, as text and in dependency order.

``MetaData.create_all(bind)`` hands ``bind.run_ddl`` a :class:`SchemaCreator`, to be called with a Connection. Its texts
are executed without parameters; nothing in them is escaped for a driver.

Tables that refer to each other in a cycle are created without the foreign keys that close it; these follow by ALTER
TABLE, or stand inline where the database cannot alter and takes names of later tables (SQLite).

Spec: LB-17, LB-44.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from unitwork import exc
from unitwork.base.graph import components
from unitwork.sql.clause import ClauseElement
from unitwork.sql.constraints import (
    CheckConstraint,
    Constraint,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    UniqueConstraint,
    constraint_name,
)
from unitwork.sql.elements import BindParameter
from unitwork.sql.render_stmt import StatementRenderer
from unitwork.sql.shape import ShapeBuilder
from unitwork.sql.statement import Statement
from unitwork.sql.style import Style

if TYPE_CHECKING:
    from unitwork.sql.schema import Column, Table

HasTable = Callable[[str, "str | None"], bool]


# Order


def sort_tables(tables: Iterable[Table]) -> tuple[list[Table], set[ForeignKeyConstraint]]:
    """Return tables so that each comes after those it refers to, and the foreign keys that are left for later.

    Ties follow the name. Left out of the order are foreign keys with ``use_alter``, and those between tables of a
    cycle; both are in the second part.
    """
    nodes = sorted(tables, key=lambda table: table.key)
    known = set(nodes)
    late: set[ForeignKeyConstraint] = set()
    needs: dict[Table, list[Table]] = {table: [] for table in nodes}
    for table in nodes:
        for constraint in table.foreign_key_constraints:
            target = constraint.elements[0].find_column()
            if target is None or target.table is table or target.table not in known:
                continue
            if constraint.use_alter:
                late.add(constraint)
            else:
                needs[table].append(target.table)
    ordered: list[Table] = []
    for part in components(nodes, needs):
        ordered.extend(part)
        members = set(part)
        for table in part if len(part) > 1 else ():
            for constraint in table.foreign_key_constraints:
                referred = constraint.elements[0].find_column()
                if referred is not None and referred.table in members and referred.table is not table:
                    late.add(constraint)
    return ordered, late


class DDLConnection(Protocol):
    """What a schema change needs of a Connection: ``dialect.style``, ``dialect.has_table``, and to execute text."""

    @property
    def dialect(self) -> Any:
        """Has ``style``, and ``has_table(connection, name, schema) -> bool``."""
        ...

    def exec_driver_sql(self, statement: str) -> object:
        """Execute SQL text as it is."""
        ...


class SchemaChange(Protocol):
    """A SchemaCreator or SchemaDropper."""

    def statements(self, style: Style, has_table: HasTable) -> Iterator[str]:
        """Yield SQL texts in order."""
        ...


def run_statements(change: SchemaChange, connection: DDLConnection) -> None:
    """Execute the statements of a schema change, in the transaction of `connection`."""
    dialect = connection.dialect
    for text in change.statements(dialect.style, lambda name, schema: dialect.has_table(connection, name, schema)):
        connection.exec_driver_sql(text)


class SchemaCreator:
    """Creates tables with their indexes.

    Args:
        tables: in any order.
        checkfirst: leave out tables that exist.
    """

    def __init__(self, tables: Sequence[Table], checkfirst: bool = True) -> None:
        self.tables = tuple(tables)
        self.checkfirst = checkfirst

    def __call__(self, connection: DDLConnection) -> None:
        """Execute the statements through a Connection."""
        run_statements(self, connection)

    def statements(self, style: Style, has_table: HasTable) -> Iterator[str]:
        """Yield SQL texts in order; `has_table` is asked before the first one."""
        ordered, late = sort_tables(self.tables)
        if self.checkfirst:
            ordered = [table for table in ordered if not has_table(table.name, table.schema)]
        if not style.alter_add_constraint:
            late = set()
        for table in ordered:
            yield create_table(table, style, late)
            for index in table.indexes:
                yield create_index(index, style)
        for table in ordered:
            for constraint in table.foreign_key_constraints:
                if constraint in late:
                    yield add_constraint(constraint, style)


class SchemaDropper:
    """Drops tables; see :class:`SchemaCreator`."""

    def __init__(self, tables: Sequence[Table], checkfirst: bool = True) -> None:
        self.tables = tuple(tables)
        self.checkfirst = checkfirst

    def __call__(self, connection: DDLConnection) -> None:
        """Execute the statements through a Connection."""
        run_statements(self, connection)

    def statements(self, style: Style, has_table: HasTable) -> Iterator[str]:
        """Yield SQL texts in order; `has_table` is asked before the first one."""
        ordered, late = sort_tables(self.tables)
        if self.checkfirst:
            ordered = [table for table in ordered if has_table(table.name, table.schema)]
        if style.alter_add_constraint:
            for table in ordered:
                for constraint in table.foreign_key_constraints:
                    if constraint in late and constraint.referred_table in ordered:
                        yield drop_constraint(constraint, style)
        for table in reversed(ordered):
            yield f"DROP TABLE {style.table_name(table.name, table.schema)}"


# Texts


def create_table(table: Table, style: Style, late: Iterable[Constraint] = (), if_not_exists: bool = False) -> str:
    """Return CREATE TABLE, without the constraints in `late`."""
    autoincrement = table.autoincrement_column
    lines = [column_text(column, style, column is autoincrement) for column in table.c]
    keys = sorted(table.constraints, key=lambda one: _ORDER.index(one.kind))
    late = set(late)
    lines += [text for one in keys if one not in late and (text := constraint_text(one, style))]
    words = ["CREATE", *table.prefixes, "TABLE", *(["IF NOT EXISTS"] if if_not_exists else [])]
    options = {
        name[len(style.name) + 1 :]: value for name, value in table.options.items() if name.startswith(f"{style.name}_")
    }
    body = ",\n\t".join(lines)
    return (
        f"{' '.join(words)} {style.table_name(table.name, table.schema)} (\n\t{body}\n){style.table_options(options)}"
    )


_ORDER = ("pk", "fk", "uq", "ck", "")


def column_text(column: Column, style: Style, autoincrement: bool) -> str:
    """Return a column as CREATE TABLE has it.

    Raises:
        CompileError [type-not-renderable]: its type has no SQL name.
    """
    if autoincrement and column.type.visit in style.autoincrement_types:
        type_text = style.autoincrement_types[column.type.visit]
    else:
        try:
            type_text = style.ddl_type(column.type)
        except exc.CompileError as err:
            raise exc.CompileError(
                f"the column {column.table.name}.{column.name} cannot be created: {err.message}",
                do=err.do,
                code=err.code,
                column=column,
            ) from err
    text = f"{style.quote(column.name)} {type_text}"
    default = column.server_default
    if default is not None and default.arg is not None:
        text += f" DEFAULT {default_text(default.arg, style)}"
    if not column.nullable:
        text += " NOT NULL"
    return text + style.autoincrement_suffix if autoincrement else text


def default_text(arg: str | ClauseElement, style: Style) -> str:
    """Return what follows DEFAULT."""
    if isinstance(arg, str):
        return style.string_literal(arg)
    return style.server_default(
        expression_text(arg, style), not isinstance(arg, BindParameter) and arg.visit != "constant"
    )


def expression_text(element: ClauseElement, style: Style) -> str:
    """Return an expression with its values written out and its columns without their table."""
    return StatementRenderer(style, literal=True, bare=True).text(element)


def constraint_text(constraint: Constraint, style: Style) -> str:
    """Return a constraint as CREATE TABLE has it; "" for a primary key without columns."""
    if isinstance(constraint, CheckConstraint):
        body = f"CHECK ({expression_text(constraint.sqltext, style)})"
    elif isinstance(constraint, ForeignKeyConstraint):
        body = _foreign_key_text(constraint, style)
    elif isinstance(constraint, (PrimaryKeyConstraint, UniqueConstraint)):
        if not constraint.columns:
            return ""
        words = "PRIMARY KEY" if isinstance(constraint, PrimaryKeyConstraint) else "UNIQUE"
        body = f"{words} ({_names(constraint.columns, style)})"
    else:
        raise exc.CompileError(
            f"{constraint!r} cannot be rendered.", do="use one of the constraint classes.", code="not-renderable"
        )
    name = constraint_name(constraint)
    if style.deferrable:
        if constraint.deferrable is not None:
            body += " DEFERRABLE" if constraint.deferrable else " NOT DEFERRABLE"
        if constraint.initially is not None:
            body += f" INITIALLY {'DEFERRED' if constraint.initially.upper() == 'DEFERRED' else 'IMMEDIATE'}"
    return body if name is None else f"CONSTRAINT {style.quote(name)} {body}"


def _foreign_key_text(constraint: ForeignKeyConstraint, style: Style) -> str:
    targets = [element.column for element in constraint.elements]
    table = targets[0].table
    text = (
        f"FOREIGN KEY ({_names(constraint.columns, style)}) "
        f"REFERENCES {style.table_name(table.name, table.schema)} ({_names(targets, style)})"
    )
    if constraint.ondelete:
        text += f" ON DELETE {constraint.ondelete}"
    if constraint.onupdate:
        text += f" ON UPDATE {constraint.onupdate}"
    return text


def _names(columns: Iterable[Any], style: Style) -> str:
    return ", ".join([style.quote(column.name) for column in columns])


def create_index(index: Index, style: Style) -> str:
    """Return CREATE INDEX; the option ``<dialect>_where`` makes it partial."""
    terms = []
    for one in index.expressions:
        text = expression_text(one, style)
        terms.append(text if one.visit in ("column", "text", "operation") and _is_plain(one) else f"({text})")
    text = "CREATE UNIQUE INDEX" if index.unique else "CREATE INDEX"
    text += f" {style.quote(index_name(index))} ON {style.table_name(index.table.name, index.table.schema)}"
    text += f" ({', '.join(terms)})"
    where = index.options.get(f"{style.name}_where")
    return text if where is None else f"{text} WHERE {expression_text(where, style)}"


def _is_plain(element: Any) -> bool:
    # An expression stands in parentheses of its own; DESC goes outside of them.
    return bool(element.visit != "operation" or element.operator.kind == "order")


def index_name(index: Index) -> str:
    """Return the name of an index.

    Raises:
        CompileError [index-without-name]: it has none, and the naming convention makes none.
    """
    name = constraint_name(index)
    if name is None:
        raise exc.CompileError(
            f"an index of the table {index.table.name!r} has no name.", do="name it.", code="index-without-name"
        )
    return name


def drop_index(index: Index, style: Style) -> str:
    """Return DROP INDEX."""
    name, table = style.quote(index_name(index)), index.table
    if style.drop_index_on_table:
        return f"DROP INDEX {name} ON {style.table_name(table.name, table.schema)}"
    return f"DROP INDEX {style.quote(table.schema)}.{name}" if table.schema else f"DROP INDEX {name}"


def late_name(constraint: ForeignKeyConstraint) -> str:
    """Return the name of a foreign key that is added by ALTER TABLE: its own, or one made so that DROP finds it."""
    name = constraint_name(constraint)
    if name is not None:
        return name
    made = "_".join(["fk", constraint.table.name, *constraint.column_keys])
    # 55 leaves room below the limit of every database; the digest keeps shortened names apart.
    return made if len(made.encode()) <= 55 else f"fk_{hashlib.sha256(made.encode()).hexdigest()[:16]}"


def add_constraint(constraint: ForeignKeyConstraint, style: Style) -> str:
    """Return ALTER TABLE … ADD CONSTRAINT."""
    table, body = constraint.table, constraint_text(constraint, style)
    if constraint_name(constraint) is None:
        body = f"CONSTRAINT {style.quote(late_name(constraint))} {body}"
    return f"ALTER TABLE {style.table_name(table.name, table.schema)} ADD {body}"


def drop_constraint(constraint: ForeignKeyConstraint, style: Style) -> str:
    """Return ALTER TABLE … DROP of a foreign key."""
    table = constraint.table
    return (
        f"ALTER TABLE {style.table_name(table.name, table.schema)} "
        f"{style.drop_foreign_key} {style.quote(late_name(constraint))}"
    )


# Statements


class DDLStatement(Statement):
    """A statement on the schema, to be executed or printed."""

    visit = "ddl"
    kind = "ddl"

    def __init__(self, element: Any, **options: bool) -> None:
        self.element = element
        self.flags = options

    def ddl_text(self, style: Style) -> str:
        """Return the text."""
        raise NotImplementedError

    def shape_into(self, out: ShapeBuilder) -> None:
        # Tables change while a schema is put together: a text is never taken from a cache.
        out.append(object())


class CreateTable(DDLStatement):
    """CREATE TABLE of a Table."""

    def __init__(self, element: Table, if_not_exists: bool = False) -> None:
        super().__init__(element, if_not_exists=if_not_exists)

    def ddl_text(self, style: Style) -> str:
        return create_table(self.element, style, (), self.flags["if_not_exists"])


class DropTable(DDLStatement):
    """DROP TABLE of a Table."""

    def __init__(self, element: Table, if_exists: bool = False) -> None:
        super().__init__(element, if_exists=if_exists)

    def ddl_text(self, style: Style) -> str:
        words = "IF EXISTS " if self.flags["if_exists"] else ""
        return f"DROP TABLE {words}{style.table_name(self.element.name, self.element.schema)}"


class CreateIndex(DDLStatement):
    """CREATE INDEX of an Index."""

    def ddl_text(self, style: Style) -> str:
        return create_index(self.element, style)


class DropIndex(DDLStatement):
    """DROP INDEX of an Index."""

    def ddl_text(self, style: Style) -> str:
        return drop_index(self.element, style)


class AddConstraint(DDLStatement):
    """ALTER TABLE … ADD of a ForeignKeyConstraint."""

    def ddl_text(self, style: Style) -> str:
        return add_constraint(self.element, style)


class DropConstraint(DDLStatement):
    """ALTER TABLE … DROP of a ForeignKeyConstraint."""

    def ddl_text(self, style: Style) -> str:
        return drop_constraint(self.element, style)
