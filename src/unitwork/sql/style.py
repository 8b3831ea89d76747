"""What rendering needs to know of a database: quoting, placeholders, spellings of types and clauses.

:class:`Style` itself is the neutral one, with ``:name`` parameters, for ``str(statement)``. A dialect derives its own
and overrides attributes and methods; the renderers ask nothing else about a database. A Style is immutable after its
construction and shared by threads.

Spec: LB-33, LB-34, LB-41.
"""

from __future__ import annotations

import datetime
import decimal
import enum
import hashlib
import math
import re
import uuid
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from unitwork import exc
from unitwork.sql.names import quoted_name
from unitwork.sql.reserved import RESERVED_WORDS
from unitwork.sql.spellings import Spellings
from unitwork.sql.style_schema import SchemaStyle
from unitwork.sql.style_types import TypeNames

_NOTHING: Mapping[str, str] = MappingProxyType({})
_PLAIN_NAME = re.compile(r"[a-z_][a-z0-9_]*\Z")
_BARE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_$]*\Z")
_SURROGATE = re.compile("[\ud800-\udfff]")


def has_surrogate(text: str) -> bool:
    """Return whether UTF-8 cannot write a text: it has half of a pair of UTF-16."""
    return _SURROGATE.search(text) is not None


class ForUpdate(NamedTuple):
    """What ``with_for_update()`` asks for; `of` holds rendered names of tables or columns when given to a Style."""

    read: bool = False
    nowait: bool = False
    skip_locked: bool = False
    key_share: bool = False
    of: tuple[str, ...] = ()


class Style(TypeNames, SchemaStyle, Spellings):
    """How SQL is spelled for one database and driver.

    Attributes:
        name: name of the database in messages.
        placeholder: what stands for a value: ``"?"`` or ``"%s"``; None for ``:name``. With ``"%s"`` every literal
            ``%`` of the text is doubled, so the driver must always be given a parameter sequence, if an empty one.
        quote_character: around names that need it.
        reserved_words: lower-case words that need quotes.
        max_name_length: longest identifier, 0 for no limit.
        name_length_in_bytes: the limit counts UTF-8 bytes (PostgreSQL), not characters.
        true, false: literals for Boolean constants.
        default_values: what follows ``INSERT INTO t`` when there is no column.
        returning_insert, returning_update, returning_delete: RETURNING is understood there.
        update_extra: further tables of an UPDATE come in a ``"from"`` clause, in the ``"list"`` of tables, or not ("").
        delete_extra: further tables of a DELETE come in a ``"using"`` clause, as ``"mysql"`` has it, or not ("").
        row_list_prefix: goes before a list of row values in IN, ``"VALUES "`` on SQLite.
        compound_parentheses: a SELECT inside UNION may stand in parentheses.
        alter_add_constraint: foreign keys between tables of a cycle are added by ALTER TABLE; else they stand in
            CREATE TABLE, and the database must accept names of tables that come later.
        drop_index_on_table: DROP INDEX needs ``ON table``.
        autoincrement_types: visit name of a type to what CREATE TABLE spells for an autoincrement column of it, e.g.
            ``{"integer": "SERIAL"}``; other types are spelled as usual.
        autoincrement_suffix: goes after NOT NULL of an autoincrement column, e.g. ``" AUTO_INCREMENT"``.
        deferrable_kinds: kinds of constraints that may be DEFERRABLE and INITIALLY …; for others that is left out, and
            they are checked at once.
    """

    placeholder: str | None = None
    quote_character: str = '"'
    reserved_words: frozenset[str] = RESERVED_WORDS
    max_name_length: int = 0
    name_length_in_bytes: bool = False
    true: str = "true"
    false: str = "false"
    default_values: str = "DEFAULT VALUES"
    returning_insert: bool = True
    returning_update: bool = True
    returning_delete: bool = True
    update_extra: str = "from"
    delete_extra: str = "using"
    row_list_prefix: str = ""
    compound_parentheses: bool = True
    alter_add_constraint: bool = True
    drop_index_on_table: bool = False
    autoincrement_types: Mapping[str, str] = _NOTHING
    autoincrement_suffix: str = ""
    deferrable_kinds: frozenset[str] = frozenset(("fk", "uq", "pk"))

    def __init__(self) -> None:
        self._quoted: dict[str, str] = {}
        super().__init__()

    # Names

    def quote(self, name: str) -> str:
        """Return `name` as an identifier, in quotes where it needs them (LB-34).

        Raises:
            ArgumentError [bad-identifier]: it is empty, has a NUL, or is longer than the database keeps.
        """
        if name.__class__ is not str:
            if isinstance(name, quoted_name) and name.quote is not None:
                return self._quote_as_told(str.__str__(name), name.quote)
            # What a subclass says of itself is not what was checked.
            name = str.__str__(name)
        quoted = self._quoted.get(name)
        if quoted is None:
            self.check_name(name)
            quoted = name
            if not _PLAIN_NAME.match(name) or name in self.reserved_words:
                quoted = self._in_quotes(name)
            # A program has few names; this guards against one that makes them up without end.
            if len(self._quoted) < 10_000:
                self._quoted[name] = quoted
        return quoted

    def _in_quotes(self, name: str) -> str:
        mark = self.quote_character
        return f"{mark}{name.replace(mark, mark * 2)}{mark}"

    def _quote_as_told(self, name: str, quote: bool) -> str:
        self.check_name(name)
        if quote:
            return self._in_quotes(name)
        if not _BARE_NAME.match(name):
            raise exc.ArgumentError(
                f"the name {name!r} was given with quote=False, and cannot stand without quotes.",
                do="leave quote out: a name is quoted where it needs it.",
                code="bad-identifier",
                name=name,
            )
        return name

    def made_name(self, name: str) -> str:
        """Return a name that the library made, shortened to what the database keeps: the end becomes a digest."""
        if not self.max_name_length:
            return name
        if len(name.encode("utf-8", "surrogatepass") if self.name_length_in_bytes else name) <= self.max_name_length:
            return name
        digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
        # A character has at most four bytes; a cut within one is mended by dropping what is left of it.
        kept = name.encode("utf-8", "surrogatepass")[: self.max_name_length - 9] if self.name_length_in_bytes else None
        short = name[: self.max_name_length - 9] if kept is None else kept.decode("utf-8", "ignore")
        return f"{short}_{digest}"

    def check_name(self, name: str) -> None:
        """Refuse a name that the database would not keep as it is.

        Raises:
            ArgumentError [bad-identifier]: it is empty, has a NUL, or is too long.
        """
        problem = None
        if not name:
            problem = "is empty"
        elif "\0" in name:
            problem = "has a NUL character"
        elif not name.isascii() and has_surrogate(name):
            problem = "has a character that UTF-8 cannot write"
        elif self.max_name_length:
            length = len(name.encode("utf-8", "surrogatepass")) if self.name_length_in_bytes else len(name)
            if length > self.max_name_length:
                unit = "bytes" if self.name_length_in_bytes else "characters"
                problem = f"has {length} {unit}, {self.name} keeps {self.max_name_length}"
        if problem is not None:
            raise exc.ArgumentError(
                f"the name {name!r} {problem}.",
                do="choose a name that every database in use can keep whole.",
                code="bad-identifier",
                name=name,
            )

    def table_name(self, name: str, schema: str | None) -> str:
        """Return the name of a table, with its schema if it has one."""
        return f"{self.quote(schema)}.{self.quote(name)}" if schema else self.quote(name)

    # Clauses

    def limit_clause(self, limit: str | None, offset: str | None) -> str:
        """Return the end of a SELECT with a limit, an offset or both, beginning with a blank."""
        text = f" LIMIT {limit}" if limit is not None else ""
        return f"{text} OFFSET {offset}" if offset is not None else text

    def for_update(self, lock: ForUpdate) -> str:
        """Return the locking clause of a SELECT, beginning with a blank, or "" where the database has none."""
        if lock.key_share:
            text = " FOR KEY SHARE" if lock.read else " FOR NO KEY UPDATE"
        else:
            text = " FOR SHARE" if lock.read else " FOR UPDATE"
        if lock.of:
            text += f" OF {', '.join(lock.of)}"
        if lock.nowait:
            text += " NOWAIT"
        return f"{text} SKIP LOCKED" if lock.skip_locked else text

    def nulls_order(self, bare: str, ordered: str, first: bool) -> str:
        """Return an ORDER BY term with NULLs first or last; `bare` has no direction, `ordered` may have DESC."""
        return f"{ordered} NULLS {'FIRST' if first else 'LAST'}"


    # Literals, for DDL only: values of a query are always parameters

    def string_literal(self, value: str) -> str:
        """Return a text in single quotes.

        Raises:
            ArgumentError [bad-literal]: it has a NUL character, or one that UTF-8 cannot write.
        """
        value = str.__str__(value)
        if "\0" in value or (not value.isascii() and has_surrogate(value)):
            raise exc.ArgumentError(
                f"the text {value!r} has a NUL character, or one that UTF-8 cannot write.",
                do="take it out; SQL text cannot hold it.",
                code="bad-literal",
            )
        return "'" + value.replace("'", "''") + "'"

    def bytes_literal(self, value: bytes) -> str:
        """Return bytes as SQL text."""
        return f"X'{value.hex()}'"

    def literal(self, value: object) -> str:
        """Return a constant as SQL text.

        Raises:
            ArgumentError [bad-literal]: there is no literal for values of its class.
        """
        if value is None:
            return "NULL"
        if value is True:
            return self.true
        if value is False:
            return self.false
        if isinstance(value, str):
            return self.string_literal(str.__str__(value))
        if isinstance(value, int):
            return int.__repr__(value)
        if isinstance(value, float) and math.isfinite(value):
            return float.__repr__(value)
        if isinstance(value, decimal.Decimal) and value.is_finite():
            return decimal.Decimal.__format__(value, "f")
        if isinstance(value, datetime.datetime):
            return self.string_literal(value.isoformat(" "))
        if isinstance(value, (datetime.date, datetime.time)):
            return self.string_literal(value.isoformat())
        if isinstance(value, (bytes, bytearray, memoryview)):
            return self.bytes_literal(bytes(value))
        if isinstance(value, uuid.UUID):
            return self.string_literal(str(value))
        if isinstance(value, enum.Enum):
            return self.string_literal(str(value.name))
        if isinstance(value, datetime.timedelta):
            return self.string_literal(f"{value.days} days {value.seconds}.{value.microseconds:06} seconds")
        raise exc.ArgumentError(
            f"a value of type {type(value).__qualname__} has no literal form in SQL on {self.name}.",
            do="use text() to spell it, or a Python default.",
            code="bad-literal",
        )


#: Style of ``str(statement)``.
NEUTRAL_STYLE = Style()
