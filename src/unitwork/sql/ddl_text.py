"""Texts of CREATE, ALTER and DROP.

They are executed without parameters; nothing in them is escaped for a driver. What a database lacks is refused by name,
or left out where that is documented.

Spec: LB-17, LB-18, LB-44.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from unitwork import exc
from unitwork.sql.clause import ClauseElement
from unitwork.sql.constraints import (
    CheckConstraint,
    Constraint,
    ForeignKeyConstraint,
    PrimaryKeyConstraint,
    UniqueConstraint,
)
from unitwork.sql.dialect_options import own_options
from unitwork.sql.elements import BindParameter
from unitwork.sql.render_stmt import StatementRenderer
from unitwork.sql.style import Style

if TYPE_CHECKING:
    from unitwork.sql.indexes import Index
    from unitwork.sql.schema import Column, Table


# Tables


def create_table(table: Table, style: Style, late: Iterable[Constraint] = (), if_not_exists: bool = False) -> str:
    """Return CREATE TABLE, without the constraints in `late`.

    Raises:
        CompileError [not-on-this-database], [type-not-renderable]: something of it cannot be had.
    """
    counting = counting_column(table, style)
    options = own_options(table.options, style)
    if counting is not None and counting.identity is not None and "start" in counting.identity.options:
        # Where identity columns are emulated, their start is an option of the table.
        options.setdefault("auto_increment", counting.identity.start)
    alone = "" if counting is None else style.counting_key(options)
    lines = [
        column_text(column, style, column is counting) + (alone if column is counting else "")
        for column in table.c
        if not column.system
    ]
    late = set(late)
    for constraint in sorted(table.constraints, key=lambda one: _ORDER.index(one.kind)):
        if constraint in late or (alone and constraint is table.primary_key):
            continue
        if text := constraint_text(constraint, style):
            lines.append(text)
    checks = [style.type_check(column.type, style.quote(column.name)) for column in table.c if not column.system]
    lines += [check for check in checks if check is not None]
    words = ["CREATE", *table.prefixes, "TABLE", *(["IF NOT EXISTS"] if if_not_exists else [])]
    body = ",\n\t".join(lines)
    place = style.table_name(table.name, table.schema)
    text = f"{' '.join(words)} {place} (\n\t{body}\n){style.table_options(options)}"
    if table.comment is not None and style.comments == "inline":
        text += style.inline_comment(table.comment)
    return text


_ORDER = ("pk", "fk", "uq", "ck", "")


def counting_column(table: Table, style: Style) -> Column | None:
    """Return the column that counts up in the database's own way, None if none does or if a sequence does it.

    Raises:
        CompileError [not-on-this-database]: a column is to be counted, and the database cannot.
    """
    column = table.autoincrement_column
    for one in table.c:
        if one.identity is not None and not style.identity and one is not column:
            raise style.refused(
                f"an Identity on {one}, which is not the primary key,",
                "count the primary key, or use a Python default.",
            )
    if column is None or (column.identity is not None and style.identity):
        return None
    sequence = column.default
    if sequence is not None and style.sequences and not sequence.optional:
        return None
    if len(table.primary_key.columns) > 1 and not style.composite_autoincrement:
        raise style.refused(
            f"{column}, which is to count up in a composite primary key,",
            "make it the only key, or set its values by a Python default.",
        )
    return column


def column_text(column: Column, style: Style, counting: bool = False) -> str:
    """Return a column as CREATE TABLE has it.

    Raises:
        CompileError [type-not-renderable]: its type has no SQL name.
        NoReferencedTableError, NoSuchColumnError: its type is that of a column which is not there.
    """
    parts = [style.quote(column.name), _type_text(column, style, counting)]
    default = column.server_default
    if column.computed is not None:
        expression = expression_text(column.computed.sqltext, style)
        parts.append(style.computed_text(column.computed, expression, str(column)))
    elif column.identity is not None and style.identity:
        parts.append(style.identity_text(column.identity))
    elif default is not None and default.arg is not None:
        parts.append(f"DEFAULT {default_text(default.arg, style)}")
    if not column.nullable and (column.computed is None or style.computed_not_null):
        parts.append("NOT NULL")
    elif column.nullable and column.identity is not None and style.identity:
        parts.append("NULL")
    text = " ".join(parts) + (style.autoincrement_suffix if counting else "")
    if column.comment is not None and style.comments == "inline":
        text += style.inline_comment(column.comment)
    return text


def _type_text(column: Column, style: Style, counting: bool) -> str:
    kind = style.concrete(column.type).visit
    if counting and kind in style.autoincrement_types:
        return style.autoincrement_types[kind]
    try:
        return style.column_type(column.type, _is_keyed(column))
    except exc.CompileError as err:
        for foreign_key in column.foreign_keys if kind == "null" else ():
            # The type should come from the column referred to: if that is missing, this is the error to report.
            foreign_key.column  # noqa: B018
        raise exc.CompileError(
            f"the column {column.table.name}.{column.name} cannot be created: {err.message}",
            do=err.do,
            code=err.code,
            column=column,
        ) from err


def _is_keyed(column: Column) -> bool:
    table = column.table
    if column.primary_key or column.unique or column.index or column.foreign_keys:
        return True
    groups = [*table.indexes, *(one for one in table.constraints if not isinstance(one, CheckConstraint))]
    return any(column is one for group in groups for one in getattr(group, "columns", ()))


def default_text(arg: str | ClauseElement, style: Style) -> str:
    """Return what follows DEFAULT."""
    if isinstance(arg, str):
        return style.constant_literal(arg)
    return style.server_default(
        expression_text(arg, style), not isinstance(arg, BindParameter) and arg.visit != "constant"
    )


def expression_text(element: ClauseElement, style: Style) -> str:
    """Return an expression with its values written out and its columns without their table."""
    return StatementRenderer(style, literal=True, bare=True).text(element)


# Comments


def comment_texts(table: Table, style: Style) -> list[str]:
    """Return the statements that follow CREATE TABLE where comments are statements."""
    if style.comments != "statement":
        return []
    found = [] if table.comment is None else [table_comment(table, style, table.comment)]
    found += [column_comment(one, style, one.comment) for one in table.c if one.comment is not None]
    for constraint in table.constraints:
        if constraint.comment is not None and (name := constraint_name_in(constraint, style)) is not None:
            place = style.table_name(table.name, table.schema)
            text = style.string_literal(constraint.comment)
            found.append(f"COMMENT ON CONSTRAINT {style.quote(name)} ON {place} IS {text}")
    return found


def table_comment(table: Table, style: Style, comment: str | None) -> str:
    """Return the statement that sets or (None) drops the comment of a table."""
    place = style.table_name(table.name, table.schema)
    if style.comments == "inline":
        return f"ALTER TABLE {place}{style.inline_comment(comment or '')}"
    _check_comments(style, f"a comment on {table.key}")
    return f"COMMENT ON TABLE {place} IS {'NULL' if comment is None else style.string_literal(comment)}"


def column_comment(column: Column, style: Style, comment: str | None) -> str:
    """Return the statement that sets or (None) drops the comment of a column."""
    table = column.table
    place = style.table_name(table.name, table.schema)
    if style.comments == "inline":
        # There the whole column is said again, its comment with it.
        text = column_text(column, style, column is counting_column(table, style))
        said = "" if column.comment is None else style.inline_comment(column.comment)
        text = text[: len(text) - len(said)] + ("" if comment is None else style.inline_comment(comment))
        return f"ALTER TABLE {place} MODIFY COLUMN {text}"
    _check_comments(style, f"a comment on {column}")
    text = "NULL" if comment is None else style.string_literal(comment)
    return f"COMMENT ON COLUMN {place}.{style.quote(column.name)} IS {text}"


def _check_comments(style: Style, what: str) -> None:
    if not style.comments:
        raise style.refused(what, "leave the comment out there; in Table and Column it is.")


# Constraints


def constraint_text(constraint: Constraint, style: Style) -> str:
    """Return a constraint as CREATE TABLE has it; "" for one that is left out.

    Left out are a primary key without columns, and a foreign key to another file of SQLite.
    """
    options = own_options(constraint.options, style)
    if isinstance(constraint, CheckConstraint):
        body = f"CHECK ({expression_text(constraint.sqltext, style)})"
    elif isinstance(constraint, ForeignKeyConstraint):
        body = _foreign_key_text(constraint, style)
        if not body:
            return ""
    elif isinstance(constraint, (PrimaryKeyConstraint, UniqueConstraint)):
        columns: list[Any] = list(constraint.columns)
        if not columns:
            return ""
        words = "UNIQUE"
        if isinstance(constraint, PrimaryKeyConstraint):
            words = "PRIMARY KEY"
            counting = counting_column(constraint.table, style)
            if style.counting_key_first and counting is not None:
                columns.sort(key=lambda column: column is not counting)
        tail = style.index_tail({"include": options.get("include")})
        body = f"{words}{style.unique_words(options)} ({_names(columns, style)}){tail}"
    else:
        raise exc.CompileError(
            f"{constraint!r} cannot be rendered.", do="use one of the constraint classes.", code="not-renderable"
        )
    if constraint.kind in style.deferrable_kinds:
        if constraint.deferrable is not None:
            body += " DEFERRABLE" if constraint.deferrable else " NOT DEFERRABLE"
        if constraint.initially is not None:
            body += f" INITIALLY {constraint.initially}"
    if options.get("not_valid"):
        body += " NOT VALID"
    name = constraint_name_in(constraint, style)
    return body if name is None else f"CONSTRAINT {style.quote(name)} {body}"


def constraint_name_in(constraint: Constraint | Index, style: Style) -> str | None:
    """Return the name of a constraint or index as this database keeps it: one that a convention made is shortened."""
    name = constraint.name
    return name if name is None or constraint.given_name is not None else style.made_name(name)


def _foreign_key_text(constraint: ForeignKeyConstraint, style: Style) -> str:
    targets = [element.column for element in constraint.elements]
    table = targets[0].table
    place = style.table_name(table.name, table.schema)
    if not style.references_name_schemas:
        if table.schema != constraint.table.schema:
            return ""
        place = style.quote(table.name)
    text = f"FOREIGN KEY ({_names(constraint.columns, style)}) REFERENCES {place} ({_names(targets, style)})"
    if constraint.match and style.match:
        text += f" MATCH {constraint.match}"
    if constraint.ondelete:
        text += f" ON DELETE {constraint.ondelete}"
    if constraint.onupdate:
        text += f" ON UPDATE {constraint.onupdate}"
    return text


def _names(columns: Iterable[Any], style: Style) -> str:
    return ", ".join([style.quote(column.name) for column in columns])


def late_name(constraint: Constraint, style: Style) -> str:
    """Return the name of a constraint that is added by ALTER TABLE: its own, or for a foreign key one that is made.

    Raises:
        CompileError [constraint-without-name]: it has no name, and is no foreign key.
    """
    name = constraint_name_in(constraint, style)
    if name is not None:
        return name
    if not isinstance(constraint, ForeignKeyConstraint):
        raise exc.CompileError(
            f"a constraint of the table {constraint.table.name!r} has no name to drop it by.",
            do="name it, or give the MetaData a naming_convention.",
            code="constraint-without-name",
        )
    made = "_".join(["fk", constraint.table.name, *constraint.column_keys])
    # 55 leaves room below the limit of every database; the digest keeps shortened names apart.
    return made if len(made.encode()) <= 55 else f"fk_{hashlib.sha256(made.encode()).hexdigest()[:16]}"


def add_constraint(constraint: Constraint, style: Style) -> str:
    """Return ALTER TABLE … ADD CONSTRAINT.

    Raises:
        CompileError [not-on-this-database]: it cannot be added later.
    """
    table, body = constraint.table, constraint_text(constraint, style)
    if not style.alter_add_constraint:
        raise style.refused(
            f"ADD CONSTRAINT to {table.key}", "let the constraint be part of the Table, which creates it."
        )
    if isinstance(constraint, ForeignKeyConstraint) and constraint_name_in(constraint, style) is None:
        body = f"CONSTRAINT {style.quote(late_name(constraint, style))} {body}"
    return f"ALTER TABLE {style.table_name(table.name, table.schema)} ADD {body}"


def drop_constraint(constraint: Constraint, style: Style, if_exists: bool = False, cascade: bool = False) -> str:
    """Return ALTER TABLE … DROP of a constraint.

    Raises:
        CompileError [not-on-this-database]: it cannot be dropped alone.
    """
    table = constraint.table
    if not style.alter_add_constraint:
        raise style.refused(f"DROP CONSTRAINT of {table.key}", "copy the rows into a new table without it.")
    verb = style.drop_words.get(constraint.kind, "DROP CONSTRAINT")
    text = f"ALTER TABLE {style.table_name(table.name, table.schema)} {verb}{' IF EXISTS' if if_exists else ''}"
    if verb != "DROP PRIMARY KEY":
        text += f" {style.quote(late_name(constraint, style))}"
    return f"{text} CASCADE" if cascade and style.cascades else text


# Indexes


def create_index(index: Index, style: Style, if_not_exists: bool = False) -> str:
    """Return CREATE INDEX.

    Raises:
        CompileError [not-on-this-database]: the database has no such index.
        CompileError [index-without-name]: it has no name, and the naming convention makes none.
    """
    options = own_options(index.options, style)
    elsewhere = style.name != "neutral" and "where" not in options
    if index.unique and elsewhere and any(name.endswith("_where") for name in index.options):
        # Without the condition it would be unique over all rows: another rule than the one that was asked for.
        raise style.refused(
            f"the unique index {index.given_name!r} over a part of the rows, whose condition is for another database,",
            f"give {style.variant_names[-1]}_where, if this database has it; else make the index only elsewhere.",
        )
    terms = [_index_term(index, one, style, options) for one in index.expressions]
    words = ["CREATE", *(["UNIQUE"] if index.unique else []), f"{style.index_kind(options)}INDEX"]
    if options.get("concurrently"):
        words.append("CONCURRENTLY")
    if if_not_exists:
        words.append("IF NOT EXISTS")
    words += [style.quote(index_name(index, style)), "ON", style.index_place(index.table.name, index.table.schema)]
    if index.table.schema and style.index_in_schema:
        words[-3] = f"{style.quote(index.table.schema)}.{words[-3]}"
    text = f"{' '.join(words)}{style.index_using(options)} ({', '.join(terms)}){style.index_tail(options)}"
    where = options.get("where")
    return text if where is None else f"{text} WHERE {expression_text(_as_element(where, index), style)}"


def _as_element(where: Any, index: Index) -> ClauseElement:
    if hasattr(where, "__clause_element__"):
        element: ClauseElement = where.__clause_element__()
        return element
    raise exc.ArgumentError(
        f"the condition of the index {index.given_name!r} is no SQL expression.",
        do="pass table.c.column > 5, or text('…').",
        code="raw-sql-string",
    )


def _index_term(index: Index, element: Any, style: Style, options: dict[str, Any]) -> str:
    order = ""
    while element.visit == "operation" and element.operator.kind == "order":
        order = f" {element.operator.symbol}{order}"
        element = element.operands[0]
    text = expression_text(element, style)
    plain = element.visit in ("column", "text")
    if (not plain and not style.functional_indexes) or ("NULLS" in order and not style.ordered_nulls):
        raise style.refused(
            f"the index {index.given_name!r} over an expression, or with an order of NULLs,",
            "index a column as it is, or a computed column.",
        )
    key = element.key if element.visit == "column" else None
    return style.index_term(text if plain else f"({text})", key, options) + order


def index_name(index: Index, style: Style) -> str:
    """Return the name of an index.

    Raises:
        CompileError [index-without-name]: it has none, and the naming convention makes none.
    """
    name = constraint_name_in(index, style)
    if name is None:
        raise exc.CompileError(
            f"an index of the table {index.table.name!r} has no name.", do="name it.", code="index-without-name"
        )
    return name


def drop_index(index: Index, style: Style, if_exists: bool = False) -> str:
    """Return DROP INDEX."""
    name, table = style.quote(index_name(index, style)), index.table
    words = "DROP INDEX IF EXISTS" if if_exists else "DROP INDEX"
    if style.drop_index_on_table:
        return f"{words} {name} ON {style.table_name(table.name, table.schema)}"
    return f"{words} {style.quote(table.schema)}.{name}" if table.schema else f"{words} {name}"
