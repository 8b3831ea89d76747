"""CREATE and DROP of tables, in dependency order.

``MetaData.create_all(bind)`` hands ``bind.run_ddl`` a :class:`SchemaCreator`, to be called with a Connection.

Tables that refer to each other in a cycle are created without the foreign keys that close it; these follow by ALTER
TABLE, or stand inline where the database cannot alter and takes names of later tables (SQLite). Sequences come before
the tables, as do the types of an Enum where the database makes one, comments after each; on databases without sequences
or comments they are left out.

Spec: LB-17, LB-44.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from unitwork.base.graph import components
from unitwork.sql.constraints import ForeignKeyConstraint
from unitwork.sql.ddl_text import add_constraint, comment_texts, create_index, create_table, drop_constraint
from unitwork.sql.style import Style

if TYPE_CHECKING:
    from unitwork.sql.schema import MetaData, Table
    from unitwork.sql.sequences import Sequence as NamedSequence
    from unitwork.sql.type_enum import Enum

#: Asked with name and schema.
Exists = Callable[[str, "str | None"], bool]

#: What may be listened to on a Table or MetaData; listeners get (target, connection, checkfirst=…, tables=…).
EVENTS = ("before_create", "after_create", "before_drop", "after_drop")


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
    """What a schema change needs of a Connection: its dialect, and to execute text."""

    @property
    def dialect(self) -> Any:
        """Has ``style``, ``has_table(connection, name, schema) -> bool`` and ``has_sequence`` likewise."""
        ...

    def exec_driver_sql(self, statement: str) -> object:
        """Execute SQL text as it is."""
        ...


def named_types(tables: Iterable[Table], style: Style) -> list[Enum]:
    """Return the types that the database must have for columns of `tables`, each once."""
    found = [style.named_type(column.type) for table in tables for column in table.c]
    return list({one.cache_key: one for one in found if one is not None}.values())


def _never(name: str, schema: str | None) -> bool:
    return False


class Moment(NamedTuple):
    """A point of a schema change at which listeners are called."""

    target: Any
    event: str


class SchemaChange:
    """What :class:`SchemaCreator` and :class:`SchemaDropper` share.

    Args:
        tables: in any order.
        checkfirst: leave out what need not be done.
        sequences: those that are created before, or dropped after, the tables.
        metadata: told of the change, if all of it changes.
    """

    def __init__(
        self,
        tables: Sequence[Table],
        checkfirst: bool = True,
        sequences: Sequence[NamedSequence] = (),
        metadata: MetaData | None = None,
    ) -> None:
        self.tables = tuple(tables)
        self.checkfirst = checkfirst
        self.sequences = tuple(dict.fromkeys(one for one in sequences if not one.optional))
        self.metadata = metadata

    def __call__(self, connection: DDLConnection) -> None:
        """Execute the statements through a Connection, in its transaction, and call the listeners."""
        dialect = connection.dialect
        steps = self.steps(
            dialect.style,
            lambda name, schema: bool(dialect.has_table(connection, name, schema)),
            lambda name, schema: bool(dialect.has_sequence(connection, name, schema)),
        )
        for step in steps:
            if isinstance(step, str):
                connection.exec_driver_sql(step)
                continue
            for listener in step.target.hooks.listeners.get(step.event, ()):
                listener(step.target, connection, checkfirst=self.checkfirst, tables=list(self.tables))

    def statements(self, style: Style, has_table: Exists, has_sequence: Exists | None = None) -> list[str]:
        """Return the SQL texts in order."""
        return [step for step in self.steps(style, has_table, has_sequence or _never) if isinstance(step, str)]

    def steps(self, style: Style, has_table: Exists, has_sequence: Exists) -> Iterator[str | Moment]:
        """Yield SQL texts and moments in order."""
        raise NotImplementedError

    def moments(self, event: str) -> list[Moment]:
        """Return the moment at which the MetaData is told, if it is."""
        return [] if self.metadata is None else [Moment(self.metadata, event)]


class SchemaCreator(SchemaChange):
    """Creates tables with their sequences, indexes and comments."""

    def steps(self, style: Style, has_table: Exists, has_sequence: Exists) -> Iterator[str | Moment]:
        """Yield SQL texts and moments in order; what exists is asked for before the first one."""
        ordered, late = sort_tables(self.tables)
        sequences: list[NamedSequence] = list(self.sequences) if style.sequences else []
        if self.checkfirst:
            ordered = [table for table in ordered if not has_table(table.name, table.schema)]
            sequences = [one for one in sequences if not has_sequence(one.name, one.schema)]
        if not style.alter_add_constraint:
            late = set()
        yield from self.moments("before_create")
        for sequence in sequences:
            yield style.create_sequence(sequence)
        for type_ in named_types(ordered, style):
            yield style.create_type(type_)
        for table in ordered:
            yield Moment(table, "before_create")
            yield create_table(table, style, late)
            for index in table.indexes:
                yield create_index(index, style)
            yield from comment_texts(table, style)
            yield Moment(table, "after_create")
        for table in ordered:
            for constraint in table.foreign_key_constraints:
                if constraint in late:
                    yield add_constraint(constraint, style)
        yield from self.moments("after_create")


class SchemaDropper(SchemaChange):
    """Drops tables with their sequences."""

    def steps(self, style: Style, has_table: Exists, has_sequence: Exists) -> Iterator[str | Moment]:
        """Yield SQL texts and moments in order; what exists is asked for before the first one."""
        ordered, late = sort_tables(self.tables)
        sequences: list[NamedSequence] = list(self.sequences) if style.sequences else []
        if self.checkfirst:
            ordered = [table for table in ordered if has_table(table.name, table.schema)]
            sequences = [one for one in sequences if has_sequence(one.name, one.schema)]
        yield from self.moments("before_drop")
        if style.alter_add_constraint:
            for table in ordered:
                for constraint in table.foreign_key_constraints:
                    if constraint in late and constraint.referred_table in ordered:
                        yield drop_constraint(constraint, style)
        for table in reversed(ordered):
            yield Moment(table, "before_drop")
            yield f"DROP TABLE {style.table_name(table.name, table.schema)}"
            yield Moment(table, "after_drop")
        kept = {table for dropped in ordered for table in dropped.metadata.tables.values()} - set(ordered)
        still_used = {type_.cache_key for type_ in named_types(kept, style)}
        for type_ in named_types(ordered, style):
            if type_.cache_key not in still_used:
                yield style.drop_type(type_)
        for sequence in sequences:
            yield style.drop_sequence(sequence)
        yield from self.moments("after_drop")
