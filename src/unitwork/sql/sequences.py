"""Sequences: numbers that the database hands out, apart from any table.

Spec: LB-17, LB-44, PT-34.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Sequence as Elements
from typing import Any, Protocol

from unitwork.sql.clause import ClauseElement
from unitwork.sql.elements import ColumnElement
from unitwork.sql.generated import IdentityOptions
from unitwork.sql.names import as_name
from unitwork.sql.shape import ShapeBuilder
from unitwork.sql.types import INTEGER, TypeArgument, TypeEngine, to_type


class Collected(Protocol):
    """What a sequence needs of a MetaData."""

    schema: str | None

    def add_sequence(self, sequence: Any) -> None:
        """Let the sequence be created and dropped with the tables."""
        ...


class Sequence(IdentityOptions):
    """A sequence: as the default of a column, or by itself.

    As a column's default it gives its values where the database has sequences (their numbers are fetched for many rows
    at once), and is as if it were not there elsewhere (PT-34).

    Args:
        data_type: Integer, BigInteger or SmallInteger; PostgreSQL only.
        optional: use it on no database that counts keys up without it, that is, on none of ours.
        metadata: create and drop it with this MetaData's tables, and use its schema.

    Attributes:
        key: ``name``, or ``schema.name``.
    """

    is_sequence = True
    is_callable = is_clause_element = is_scalar = wants_context = is_server_default = False

    def __init__(
        self,
        name: str,
        start: int | None = None,
        increment: int | None = None,
        minvalue: int | None = None,
        maxvalue: int | None = None,
        nominvalue: bool | None = None,
        nomaxvalue: bool | None = None,
        cycle: bool | None = None,
        schema: str | None = None,
        cache: int | None = None,
        order: bool | None = None,
        data_type: TypeArgument | None = None,
        optional: bool = False,
        quote: bool | None = None,
        metadata: Collected | None = None,
        quote_schema: bool | None = None,
        for_update: bool = False,
    ) -> None:
        super().__init__(
            start=start,
            increment=increment,
            minvalue=minvalue,
            maxvalue=maxvalue,
            nominvalue=nominvalue,
            nomaxvalue=nomaxvalue,
            cycle=cycle,
            cache=cache,
            order=order,
        )
        self.name: str = as_name(name, quote)
        if schema is None and metadata is not None:
            schema = metadata.schema
        self.schema: str | None = as_name(schema or None, quote_schema)
        self.key = self.name if self.schema is None else f"{self.schema}.{self.name}"
        self.data_type: TypeEngine | None = None if data_type is None else to_type(data_type)
        self.optional = optional
        self.for_update = for_update
        self.metadata = metadata
        self.column: Any = None
        if metadata is not None:
            metadata.add_sequence(self)

    def next_value(self) -> NextValue:
        """Return the SQL expression of the next value."""
        return NextValue(self)

    def __clause_element__(self) -> NextValue:
        return NextValue(self)

    def create(self, bind: Any, checkfirst: bool = True) -> None:
        """Create the sequence, through an Engine or Connection.

        Raises:
            CompileError [not-on-this-database]: the database has no sequences.
        """
        bind.run_ddl(_Change("CREATE", self, checkfirst))

    def drop(self, bind: Any, checkfirst: bool = True) -> None:
        """Drop the sequence; see :meth:`create`."""
        bind.run_ddl(_Change("DROP", self, checkfirst))

    def copy(self) -> Sequence:
        """Return another of the same that no MetaData knows."""
        return Sequence(
            self.name,
            **self.options,
            schema=self.schema,
            data_type=self.data_type,
            optional=self.optional,
            for_update=self.for_update,
        )

    def __repr__(self) -> str:
        return f"Sequence({self.key!r})"


class _Change:
    """Creates or drops one sequence."""

    def __init__(self, verb: str, sequence: Sequence, checkfirst: bool) -> None:
        self.verb = verb
        self.sequence = sequence
        self.checkfirst = checkfirst

    def __call__(self, connection: Any) -> None:
        style, sequence = connection.dialect.style, self.sequence
        make: Callable[[Any], str] = style.create_sequence if self.verb == "CREATE" else style.drop_sequence
        text = make(sequence)
        if self.checkfirst:
            present = connection.dialect.has_sequence(connection, sequence.name, sequence.schema)
            if present == (self.verb == "CREATE"):
                return
        connection.exec_driver_sql(text)


class NextValue(ColumnElement):
    """The next value of a sequence, as an expression."""

    __slots__ = ("sequence",)
    visit = "next_value"
    name = "next_value"
    type = INTEGER

    def __init__(self, sequence: Sequence) -> None:
        self.sequence = sequence

    def shape_into(self, out: ShapeBuilder) -> None:
        out.append(NextValue)
        out.append(self.sequence)

    def with_children(self, children: Elements[ClauseElement]) -> NextValue:
        return self
