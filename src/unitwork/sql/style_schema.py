"""How a database spells what only a schema has: identity and computed columns, sequences, comments, options.

Part of :class:`unitwork.sql.style.Style`, which inherits it; what a database lacks is refused here by name, or left out
where that loses nothing but a note (comments on SQLite).

Spec: LB-17, LB-44.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from unitwork import exc

if TYPE_CHECKING:
    from unitwork.sql.generated import Computed, Identity
    from unitwork.sql.sequences import Sequence


class SchemaStyle:
    """Spellings of DDL.

    Attributes:
        option_prefixes: names of dialects whose keywords (``mysql_engine``) this database reads, if not its own.
        sequences: there are sequences.
        identity: columns may be GENERATED AS IDENTITY; else the primary key counts up in its own way.
        comments: where comments go: ``"statement"``, ``"inline"``, or ``""`` for nowhere: they are left out.
        schemas: schemas are created and dropped by statements.
        computed_not_null: a computed column may say NOT NULL.
        virtual_columns: computed columns may be computed when read.
        composite_autoincrement: a column of a composite primary key may count up.
        counting_key_first: the column that counts up must be the first of its primary key.
        functional_indexes: indexes may be over expressions.
        ordered_nulls: a term of an index may say where NULLs stand.
        match: foreign keys have MATCH.
        cascades: DROP CONSTRAINT and DROP SCHEMA have CASCADE.
        references_name_schemas: REFERENCES may name a schema; else it is always that of the table itself.
        index_in_schema: the schema of an index stands in front of its own name, not of the table's.
        drop_words: kind of a constraint to the words of ALTER TABLE that drop it, if not DROP CONSTRAINT.
    """

    name: str
    option_prefixes: tuple[str, ...] = ()
    sequences: bool = True
    identity: bool = True
    comments: str = "statement"
    schemas: bool = True
    computed_not_null: bool = True
    virtual_columns: bool = True
    composite_autoincrement: bool = True
    counting_key_first: bool = False
    functional_indexes: bool = True
    ordered_nulls: bool = True
    match: bool = True
    cascades: bool = True
    references_name_schemas: bool = True
    index_in_schema: bool = False
    drop_words: Mapping[str, str] = MappingProxyType({})

    def quote(self, name: str) -> str:
        """Return a name in quotes if it needs them."""
        raise NotImplementedError

    def table_name(self, name: str, schema: str | None) -> str:
        """Return the name of a table, or of anything else that lies in a schema."""
        raise NotImplementedError

    def string_literal(self, value: str) -> str:
        """Return a text in single quotes."""
        raise NotImplementedError

    def constant_literal(self, value: str) -> str:
        """Return a text as it stands after DEFAULT."""
        return self.string_literal(value)

    @property
    def variant_names(self) -> tuple[str, ...]:
        """Names that this database goes by, its own first."""
        raise NotImplementedError

    def ddl_type(self, type_: Any) -> str:
        """Return a type."""
        raise NotImplementedError

    def refused(self, what: str, do: str) -> exc.CompileError:
        """Return the error for something that this database does not have."""
        return exc.CompileError(f"{what} cannot be had on {self.variant_names[0]}.", do=do, code="not-on-this-database")

    def operator(self, symbol: str) -> str:
        """Return an operator of ``op()``."""
        return symbol

    # Columns

    def server_default(self, text: str, is_expression: bool) -> str:
        """Return what follows DEFAULT; some databases want an expression in parentheses."""
        return text

    def identity_text(self, identity: Identity) -> str:
        """Return what follows the type of an identity column."""
        words = " ".join(identity.words())
        kind = "ALWAYS" if identity.always else "BY DEFAULT"
        return f"GENERATED {kind} AS IDENTITY{f' ({words})' if words else ''}"

    def computed_text(self, computed: Computed, expression: str, place: str) -> str:
        """Return what follows the type of a computed column.

        Args:
            place: table and column, for a message.
        """
        if computed.persisted is False and not self.virtual_columns:
            raise self.refused(
                f"the computed column {place} with persisted=False",
                "leave persisted out, or store it: Computed(…, persisted=True).",
            )
        kept = computed.persisted if self.virtual_columns else True
        word = "" if kept is None else " STORED" if kept else " VIRTUAL"
        return f"GENERATED ALWAYS AS ({expression}){word}"

    def counting_key(self, options: Mapping[str, Any]) -> str:
        """Return what an autoincrement column says instead of being in a PRIMARY KEY constraint, mostly ``""``."""
        return ""

    def table_options(self, options: Mapping[str, Any]) -> str:
        """Return what follows the closing parenthesis of CREATE TABLE.

        Args:
            options: the dialect's keywords of ``Table``, without the dialect's name: ``{"engine": "InnoDB"}``.
        """
        return ""

    def inline_comment(self, text: str) -> str:
        """Return a comment as a column or table has it."""
        return f" COMMENT {self.string_literal(text)}"

    # Indexes

    def index_place(self, table: str, schema: str | None) -> str:
        """Return the table of CREATE INDEX."""
        return self.quote(table) if self.index_in_schema else self.table_name(table, schema)

    def index_kind(self, options: Mapping[str, Any]) -> str:
        """Return a word in front of INDEX, with a blank at its end."""
        return ""

    def index_term(self, text: str, key: str | None, options: Mapping[str, Any]) -> str:
        """Return a term of an index; `key` is that of the column that it is, if it is one."""
        return text

    def index_using(self, options: Mapping[str, Any]) -> str:
        """Return USING, which stands before the terms."""
        return ""

    def index_tail(self, options: Mapping[str, Any]) -> str:
        """Return what stands between the terms and WHERE."""
        return ""

    def unique_words(self, options: Mapping[str, Any]) -> str:
        """Return what stands between UNIQUE and its columns."""
        return ""

    # Sequences

    def next_value(self, sequence: Sequence) -> str:
        """Return the expression of the next value.

        Raises:
            CompileError [not-on-this-database]: there are no sequences.
        """
        self._check_sequences(sequence)
        return f"NEXT VALUE FOR {self.table_name(sequence.name, sequence.schema)}"

    def next_values(self, sequence: Sequence, count: int) -> str:
        """Return a SELECT of so many values, in any order."""
        rows = ", ".join(["(0)"] * count)
        return f"SELECT {self.next_value(sequence)} FROM (VALUES {rows}) AS d"

    def create_sequence(self, sequence: Sequence, if_not_exists: bool = False) -> str:
        """Return CREATE SEQUENCE."""
        self._check_sequences(sequence)
        parts = ["CREATE SEQUENCE", *(["IF NOT EXISTS"] if if_not_exists else [])]
        parts.append(self.table_name(sequence.name, sequence.schema))
        parts += self.sequence_words(sequence)
        return " ".join(parts)

    def sequence_words(self, sequence: Sequence) -> list[str]:
        """Return the options of CREATE SEQUENCE."""
        kind = [] if sequence.data_type is None else [f"AS {self.ddl_type(sequence.data_type)}"]
        return [*kind, *sequence.words()]

    def drop_sequence(self, sequence: Sequence, if_exists: bool = False) -> str:
        """Return DROP SEQUENCE."""
        self._check_sequences(sequence)
        return f"DROP SEQUENCE {'IF EXISTS ' if if_exists else ''}{self.table_name(sequence.name, sequence.schema)}"

    def _check_sequences(self, sequence: Sequence) -> None:
        if not self.sequences:
            raise self.refused(
                f"the sequence {sequence.key!r}", "use it as a column's default, where it is left out, or not at all."
            )
