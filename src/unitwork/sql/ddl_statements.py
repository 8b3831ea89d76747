"""CREATE, ALTER and DROP as statements, to be executed or printed one by one; ``DDL`` is text of one's own.

Spec: LB-17, LB-41, LB-44.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

from unitwork import exc
from unitwork.sql.ddl_text import (
    add_constraint,
    column_comment,
    create_index,
    create_table,
    drop_constraint,
    drop_index,
    table_comment,
)
from unitwork.sql.names import as_name
from unitwork.sql.shape import ShapeBuilder
from unitwork.sql.statement import Statement
from unitwork.sql.style import Style


class DDLStatement(Statement):
    """A statement on the schema, to be executed, printed, or given to ``event.listen`` as a listener.

    Attributes:
        element: what is created, dropped or changed.
        flags: options of the statement.
    """

    visit = "ddl"
    kind = "ddl"
    _condition: Callable[..., bool] | None = None
    _dialects: tuple[str, ...] = ()

    def __init__(self, element: Any, **flags: bool) -> None:
        self.element = element
        self.flags = flags

    def ddl_text(self, style: Style) -> str:
        """Return the text."""
        raise NotImplementedError

    def shape_into(self, out: ShapeBuilder) -> None:
        # Tables change while a schema is put together: a text is never taken from a cache.
        out.append(object())

    def execute_if(
        self, dialect: str | tuple[str, ...] | list[str] | None = None, callable_: Callable[..., bool] | None = None
    ) -> Any:
        """Return the statement as one that, as a listener, is executed on some databases or conditions only.

        Args:
            dialect: a name, or several; ``"mysql"`` is MariaDB, too.
            callable_: called with (statement, target, connection), and what else the event brings as keywords.
        """
        new = copy.copy(self)
        new._dialects = () if dialect is None else (dialect,) if isinstance(dialect, str) else tuple(dialect)
        new._condition = callable_
        return new

    def against(self, target: Any) -> Any:
        """Return the statement with a Table or MetaData that its text may name."""
        new = copy.copy(self)
        new.element = target
        return new

    def __call__(self, target: Any, connection: Any, **details: Any) -> None:
        """Execute the statement, as the listener of an event on `target`."""
        names = {connection.dialect.name, *connection.dialect.style.option_prefixes}
        if self._dialects and not names.intersection(self._dialects):
            return
        statement = self.against(target) if self.element is None else self
        if self._condition is None or self._condition(statement, target, connection, **details):
            connection.execute(statement)


class DDL(DDLStatement):
    """SQL text, into which ``%(table)s``, ``%(schema)s``, ``%(fullname)s`` and `context` are put.

    ``%%`` is a percent sign. Names of the table are quoted; what `context` holds is taken as it is.
    """

    def __init__(self, statement: str, context: Mapping[str, Any] | None = None) -> None:
        if not isinstance(statement, str):
            raise exc.ArgumentError(
                f"DDL() needs SQL text, got an object of type {type(statement).__qualname__}.",
                do="pass a string.",
                code="text-needs-string",
            )
        super().__init__(None)
        self.statement = str.__str__(statement)
        self.context = dict(context or {})

    def ddl_text(self, style: Style) -> str:
        names: dict[str, Any] = {}
        if getattr(self.element, "visit", None) == "table":
            table = self.element
            names["table"] = style.quote(table.name)
            names["schema"] = style.quote(table.schema) if table.schema else ""
            names["fullname"] = style.table_name(table.name, table.schema)
        try:
            return self.statement % {**names, **self.context}
        except (KeyError, TypeError, ValueError) as err:
            raise exc.ArgumentError(
                f"the text of a DDL cannot be filled in: {err!r}.",
                do="write percent signs twice, and give a context for every %(name)s.",
                code="bad-ddl-text",
            ) from err


class CreateTable(DDLStatement):
    """CREATE TABLE of a Table."""

    def __init__(self, element: Any, if_not_exists: bool = False) -> None:
        super().__init__(element, if_not_exists=if_not_exists)

    def ddl_text(self, style: Style) -> str:
        return create_table(self.element, style, (), self.flags["if_not_exists"])


class DropTable(DDLStatement):
    """DROP TABLE of a Table."""

    def __init__(self, element: Any, if_exists: bool = False) -> None:
        super().__init__(element, if_exists=if_exists)

    def ddl_text(self, style: Style) -> str:
        words = "IF EXISTS " if self.flags["if_exists"] else ""
        return f"DROP TABLE {words}{style.table_name(self.element.name, self.element.schema)}"


class CreateIndex(DDLStatement):
    """CREATE INDEX of an Index."""

    def __init__(self, element: Any, if_not_exists: bool = False) -> None:
        super().__init__(element, if_not_exists=if_not_exists)

    def ddl_text(self, style: Style) -> str:
        return create_index(self.element, style, self.flags["if_not_exists"])


class DropIndex(DDLStatement):
    """DROP INDEX of an Index."""

    def __init__(self, element: Any, if_exists: bool = False) -> None:
        super().__init__(element, if_exists=if_exists)

    def ddl_text(self, style: Style) -> str:
        return drop_index(self.element, style, self.flags["if_exists"])


class CreateSequence(DDLStatement):
    """CREATE SEQUENCE of a Sequence; refused where there are none."""

    def __init__(self, element: Any, if_not_exists: bool = False) -> None:
        super().__init__(element, if_not_exists=if_not_exists)

    def ddl_text(self, style: Style) -> str:
        return style.create_sequence(self.element, self.flags["if_not_exists"])


class DropSequence(DDLStatement):
    """DROP SEQUENCE of a Sequence; refused where there are none."""

    def __init__(self, element: Any, if_exists: bool = False) -> None:
        super().__init__(element, if_exists=if_exists)

    def ddl_text(self, style: Style) -> str:
        return style.drop_sequence(self.element, self.flags["if_exists"])


class CreateSchema(DDLStatement):
    """CREATE SCHEMA of a name; refused where there are none."""

    def __init__(self, name: str, if_not_exists: bool = False) -> None:
        super().__init__(as_name(name), if_not_exists=if_not_exists)

    def ddl_text(self, style: Style) -> str:
        _check_schemas(style, self.element)
        return f"CREATE SCHEMA {'IF NOT EXISTS ' if self.flags['if_not_exists'] else ''}{style.quote(self.element)}"


class DropSchema(DDLStatement):
    """DROP SCHEMA of a name; refused where there are none.

    MariaDB and MySQL always drop what is in it; PostgreSQL with `cascade` only.
    """

    def __init__(self, name: str, cascade: bool = False, if_exists: bool = False) -> None:
        super().__init__(as_name(name), cascade=cascade, if_exists=if_exists)

    def ddl_text(self, style: Style) -> str:
        _check_schemas(style, self.element)
        text = f"DROP SCHEMA {'IF EXISTS ' if self.flags['if_exists'] else ''}{style.quote(self.element)}"
        return f"{text} CASCADE" if self.flags["cascade"] and style.cascades else text


def _check_schemas(style: Style, name: str) -> None:
    if not style.schemas:
        raise style.refused(f"the schema {name!r}", "ATTACH a database file of that name to the connection.")


class AddConstraint(DDLStatement):
    """ALTER TABLE … ADD of a constraint; refused where it cannot be done (SQLite)."""

    def ddl_text(self, style: Style) -> str:
        return add_constraint(self.element, style)


class DropConstraint(DDLStatement):
    """ALTER TABLE … DROP of a constraint; refused where it cannot be done (SQLite)."""

    def __init__(self, element: Any, cascade: bool = False, if_exists: bool = False) -> None:
        super().__init__(element, cascade=cascade, if_exists=if_exists)

    def ddl_text(self, style: Style) -> str:
        return drop_constraint(self.element, style, self.flags["if_exists"], self.flags["cascade"])


class SetTableComment(DDLStatement):
    """Sets the comment of a Table in the database to the one that it has; refused on SQLite."""

    def ddl_text(self, style: Style) -> str:
        return table_comment(self.element, style, self.element.comment or "")


class DropTableComment(DDLStatement):
    """Takes the comment of a Table out of the database; refused on SQLite."""

    def ddl_text(self, style: Style) -> str:
        return table_comment(self.element, style, None)


class SetColumnComment(DDLStatement):
    """Sets the comment of a Column in the database to the one that it has; refused on SQLite."""

    def ddl_text(self, style: Style) -> str:
        return column_comment(self.element, style, self.element.comment or "")


class DropColumnComment(DDLStatement):
    """Takes the comment of a Column out of the database; refused on SQLite."""

    def ddl_text(self, style: Style) -> str:
        return column_comment(self.element, style, None)
