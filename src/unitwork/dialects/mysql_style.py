"""SQL as MariaDB and MySQL spell it, with PyMySQL's placeholders.

Types are chosen so that every value comes back equal: DATETIME and TIME with microseconds, DOUBLE for Float, LONGTEXT
and LONGBLOB where no length is given, DECIMAL(65, 30) for a Numeric without precision (DECIMAL alone has no digits
after the point).

Spec: LB-34; BK-21, BK-27.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from unitwork import exc
from unitwork.sql import types as t
from unitwork.sql.dialect_options import chosen_word
from unitwork.sql.reserved import RESERVED_WORDS
from unitwork.sql.style import ForUpdate, Style
from unitwork.sql.style_types import no_zone
from unitwork.sql.type_enum import Enum
from unitwork.sql.type_json import JSON

# MariaDB 10.11 (those that a table or column cannot be called without quotes) and MySQL 8.4, besides the common ones.
_MORE_RESERVED_WORDS = frozenset(
    """
    accessible asensitive before bigint blob by call cascade change char character condition continue convert
    cube cume_dist cursor databases day_hour day_microsecond day_minute day_second dec decimal declare delayed
    delete_domain_id dense_rank describe deterministic distinctrow div do_domain_ids double dual each elseif
    empty enclosed escaped except exit explain first_value float float4 float8 force fulltext function generated
    get grouping groups high_priority hour_microsecond hour_minute hour_second ignore ignore_domain_ids infile
    inout insensitive int int1 int2 int3 int4 int8 integer intersect interval io_after_gtids io_before_gtids
    iterate json_table key keys kill lag last_value lateral lead leave library linear lines load lock long
    longblob longtext loop low_priority manual master_bind master_demote_to_replica master_demote_to_slave
    master_ssl_verify_server_cert match maxvalue mediumblob mediumint mediumtext middleint minute_microsecond
    minute_second mod modifies no_write_to_binlog nth_value ntile numeric of optimize optimizer_costs optionally
    out outfile over page_checksum parallel parse_vcol_expr partition percent_rank portion precision procedure
    purge qualify range rank read read_write reads real recursive ref_system_id regexp release rename repeat
    replace require resignal restrict return revoke rlike row row_number rows schemas second_microsecond
    sensitive separator show signal smallint spatial specific sql sql_big_result sql_calc_found_rows
    sql_small_result sqlexception sqlstate sqlwarning ssl starting stats_auto_recalc stats_persistent
    stats_sample_pages stored straight_join system tablesample terminated tinyblob tinyint tinytext trigger undo
    unlock unsigned usage use utc_date utc_time utc_timestamp varbinary varchar varcharacter varying virtual
    while window write xor year_month zerofill
    """.split()
)


_NAME_OPTIONS = {
    "engine": "ENGINE",
    "charset": "CHARACTER SET",
    "default_charset": "CHARACTER SET",
    "collate": "COLLATE",
    "default_collate": "COLLATE",
    "row_format": "ROW_FORMAT",
}
_NUMBER_OPTIONS = {"auto_increment": "AUTO_INCREMENT", "key_block_size": "KEY_BLOCK_SIZE"}


_BACKSLASHES = re.compile(r"(\\+)")


class MySQLStyle(Style):
    """SQL for MariaDB and MySQL."""

    name = "mysql"
    placeholder = "%s"
    quote_character = "`"
    reserved_words = RESERVED_WORDS | _MORE_RESERVED_WORDS
    max_name_length = 64
    default_values = "() VALUES ()"
    returning_update = False
    update_extra = "list"
    delete_extra = "mysql"
    drop_index_on_table = True
    drop_words = {"fk": "DROP FOREIGN KEY", "uq": "DROP INDEX", "pk": "DROP PRIMARY KEY"}  # noqa: RUF012 - never changed
    option_prefixes = ("mysql", "mariadb")
    identity = False
    comments = "inline"
    computed_not_null = False
    counting_key_first = True
    functional_indexes = False
    ordered_nulls = False
    match = False
    cascades = False
    autoincrement_suffix = " AUTO_INCREMENT"
    deferrable_kinds = frozenset()
    aggregate_filter = False
    within_group = "over"
    frame_groups = False
    distinct_on = False
    quantified_lists = False
    lateral = False
    tablesample = False
    full_join = False
    table_functions = False
    table_function_columns = False
    dml_in_cte = False
    on_conflict = False
    with_before_dml = False
    function_names = {"length": "char_length", "random": "rand"}  # noqa: RUF012 - never changed

    def check_name(self, name: str) -> None:
        """Also refuse what the server itself refuses or changes: blanks at the ends, characters beyond 16 bits."""
        super().check_name(name)
        problem = None
        if name.endswith(" "):
            problem = "ends with a blank"
        elif name[0] <= " " or name[0] == "\x7f":
            # As the name of a result's column it would lose that character, without a word.
            problem = "begins with a blank or a control character"
        elif max(name) > "\uffff":
            problem = "has a character beyond U+FFFF"
        if problem is not None:
            raise exc.ArgumentError(
                f"the name {name!r} {problem}, {self.name} does not allow it.",
                do="choose another name.",
                code="bad-identifier",
                name=name,
            )

    # Clauses

    def limit_clause(self, limit: str | None, offset: str | None) -> str:
        """An offset needs a limit."""
        everything = "18446744073709551615"
        return super().limit_clause(everything if limit is None and offset is not None else limit, offset)

    def for_update(self, lock: ForUpdate) -> str:
        """FOR UPDATE and LOCK IN SHARE MODE; names of tables are not understood and left out: more is locked."""
        text = " LOCK IN SHARE MODE" if lock.read else " FOR UPDATE"
        if lock.nowait:
            text += " NOWAIT"
        return f"{text} SKIP LOCKED" if lock.skip_locked else text

    def nulls_order(self, bare: str, ordered: str, first: bool) -> str:
        """There is no NULLS FIRST: order by being NULL first."""
        return f"{bare} IS {'NOT ' if first else ''}NULL, {ordered}"

    def server_default(self, text: str, is_expression: bool) -> str:
        """Expressions stand in parentheses."""
        return f"({text})" if is_expression else text

    def table_options(self, options: Mapping[str, Any]) -> str:
        """``mysql_engine=…``, ``mysql_charset=…``, ``mysql_auto_increment=…`` and their like of the Table."""
        parts = []
        for name, value in options.items():
            if name in _NUMBER_OPTIONS:
                parts.append(f" {_NUMBER_OPTIONS[name]}={int(value)}")
            elif name in _NAME_OPTIONS:
                parts.append(f" {_NAME_OPTIONS[name]} {self.quote(value)}")
        return "".join(parts)

    def index_kind(self, options: Mapping[str, Any]) -> str:
        """FULLTEXT or SPATIAL, by ``mysql_prefix=…``."""
        return f"{chosen_word(options, 'prefix', ('FULLTEXT', 'SPATIAL'))} " if options.get("prefix") else ""

    def index_term(self, text: str, key: str | None, options: Mapping[str, Any]) -> str:
        """``mysql_length=10``, or a dict by column: only the beginning is kept in the index."""
        length = options.get("length")
        if isinstance(length, Mapping):
            length = length.get(key)
        return text if length is None or key is None else f"{text}({int(length)})"

    def index_tail(self, options: Mapping[str, Any]) -> str:
        """USING and WITH PARSER."""
        text = f" USING {chosen_word(options, 'using', ('BTREE', 'HASH', 'RTREE'))}" if options.get("using") else ""
        return f"{text} WITH PARSER {self.quote(options['with_parser'])}" if options.get("with_parser") else text

    def unique_words(self, options: Mapping[str, Any]) -> str:
        """USING of a primary key."""
        return f" USING {chosen_word(options, 'using', ('BTREE', 'HASH', 'RTREE'))}" if options.get("using") else ""

    def sequence_words(self, sequence: Any) -> list[str]:
        """Sequences are of 64 bits: the type is left out."""
        return list(sequence.words())

    # Operators

    def operator(self, symbol: str) -> str:
        """``#`` begins a comment here, which would take off the rest of the statement."""
        if "#" in symbol:
            raise exc.CompileError(
                f"the operator {symbol!r} begins a comment on {self.name}.",
                do="use it on PostgreSQL only, or spell it with func or text().",
                code="not-on-this-database",
            )
        return symbol

    def concat(self, left: str, right: str) -> str:
        """``||`` is OR here."""
        return f"concat({left}, {right})"

    def values_source(self, names: Sequence[str], rows: Sequence[Sequence[str]], name: str) -> str:
        """A VALUES list cannot name its columns here: SELECTs do."""
        first = ", ".join([f"{cell} AS {one}" for cell, one in zip(rows[0], names)])
        shown = " UNION ALL SELECT ".join([first, *(", ".join(row) for row in rows[1:])])
        return f"(SELECT {shown}) AS {name}"

    def distinct_from(self, left: str, right: str, negated: bool) -> str:
        """``<=>`` takes NULL for a value."""
        return f"{left} <=> {right}" if negated else f"NOT ({left} <=> {right})"

    def bitwise(self, symbol: str, left: str, right: str) -> str:
        """Results have no sign here: cast, so that they are as elsewhere."""
        return f"CAST({super().bitwise(symbol, left, right)} AS SIGNED)"

    def regexp_replace(self, value: str, pattern: str, replacement: str, flags: str) -> str:
        """Every match is replaced, so that ``g`` says nothing; other flags go into the pattern."""
        rest = flags.replace("g", "")
        return super().regexp_replace(value, self.concat(f"'(?{rest})'", pattern) if rest else pattern, replacement, "")

    def full_text(self, left: str, right: str) -> str:
        """Full-text search in the columns of a FULLTEXT index."""
        return f"MATCH ({left}) AGAINST ({right} IN BOOLEAN MODE)"

    def extract(self, field: str, text: str) -> str:
        """EXTRACT, and functions for parts that it does not know."""
        lowered = field.lower()
        if lowered == "dow":
            return f"(DAYOFWEEK({text}) - 1)"
        if lowered in ("doy", "epoch"):
            return f"{'DAYOFYEAR' if lowered == 'doy' else 'UNIX_TIMESTAMP'}({text})"
        return super().extract(field, text)

    def aggregate_strings(self, text: str, separator: str) -> str:
        """``group_concat`` with a separator."""
        return f"group_concat({text} SEPARATOR {separator})"

    def true_divide(self, left: str, right: str, whole: bool) -> str:
        """``/`` never cuts."""
        return f"{left} / {right}"

    def floor_divide(self, left: str, right: str, whole: bool) -> str:
        """``/`` never cuts: round down."""
        return f"FLOOR({left} / {right})"

    # Types

    def cast_type(self, type_: t.TypeEngine) -> str:
        """CAST knows a few names of its own."""
        type_ = self.concrete(type_)
        if isinstance(type_, (Enum, t.Uuid, JSON)):
            return "CHAR"
        if isinstance(type_, t.Numeric) and not isinstance(type_, t.Float):
            return self.ddl_type(type_).replace("NUMERIC", "DECIMAL", 1)
        if isinstance(type_, t.Boolean | t.Integer | t.Interval):
            return "SIGNED INTEGER"
        if isinstance(type_, t.Text):
            return "CHAR"
        if isinstance(type_, t.String):
            return "CHAR" if type_.length is None else f"CHAR({int(type_.length)})"
        if isinstance(type_, t.LargeBinary):
            return "BINARY"
        return self.ddl_type(type_)

    def column_type(self, type_: t.TypeEngine, keyed: bool) -> str:
        """A text of any length is LONGTEXT, unless a key is made of it, which wants a VARCHAR and its length."""
        here = self.concrete(type_)
        if isinstance(here, t.String) and type(here) in (t.String, t.Unicode) and here.length is None and not keyed:
            return self.collate("LONGTEXT", here)
        return self.ddl_type(type_)

    def type_string(self, type_: t.String) -> str:
        """VARCHAR, which needs a length here."""
        needed_length(type_.length, "VARCHAR")
        return super().type_string(type_)

    def type_text(self, type_: t.Text) -> str:
        """LONGTEXT, or TEXT of a given length."""
        return self.collate("LONGTEXT" if type_.length is None else f"TEXT({int(type_.length)})", type_)

    def collate(self, text: str, type_: t.String) -> str:
        """Collations are plain names."""
        return text if type_.collation is None else f"{text} COLLATE {self.quote(type_.collation)}"

    def type_float(self, type_: t.Float) -> str:
        """DOUBLE, unless fewer bits are asked for."""
        return "DOUBLE" if type_.precision is None else f"FLOAT({int(type_.precision)})"

    def type_double(self, type_: t.Double) -> str:
        """DOUBLE."""
        return "DOUBLE"

    def type_numeric(self, type_: t.Numeric) -> str:
        """DECIMAL, with digits after the point if nothing is said."""
        return "DECIMAL(65, 30)" if type_.precision is None else super().type_numeric(type_)

    def type_time(self, type_: t.Time) -> str:
        """TIME with microseconds."""
        return no_zone(self.dialect.name, "TIME(6)", type_)

    @property
    def variant_names(self) -> tuple[str, ...]:
        """A variant for MySQL serves MariaDB, too."""
        return tuple(dict.fromkeys((self.dialect.name, self.name)))

    checked_kinds = frozenset(("enum",))

    def type_enum(self, type_: Enum) -> str:
        """ENUM, unless it is a VARCHAR."""
        if not type_.native_enum:
            return super().type_enum(type_)
        # The charset of the column, utf8mb4, is that of hexadecimal digits.
        values = [self.constant_literal(value).removeprefix("_utf8mb4 ") for value in type_.enums]
        return f"ENUM({', '.join(values)})"

    def type_real(self, type_: t.Float) -> str:
        """DOUBLE, which is what REAL means here."""
        return "DOUBLE"

    def type_binary(self, type_: t.LargeBinary) -> str:
        """BINARY, which needs a length here."""
        return f"BINARY({needed_length(type_.length, 'BINARY')})"

    def type_varbinary(self, type_: t.LargeBinary) -> str:
        """VARBINARY, which needs a length here."""
        return f"VARBINARY({needed_length(type_.length, 'VARBINARY')})"

    def type_datetime(self, type_: t.DateTime) -> str:
        """DATETIME with microseconds."""
        return "DATETIME(6)"

    def type_large_binary(self, type_: t.LargeBinary) -> str:
        """LONGBLOB, or BLOB of a given length."""
        return "LONGBLOB" if type_.length is None else f"BLOB({int(type_.length)})"

    def string_literal(self, value: str) -> str:
        """Backslashes escape here, unless the session says otherwise: none stands in a literal, but as CHAR(92)."""
        whole = super().string_literal(value)
        if "\\" not in whole:
            return whole
        parts = []
        for part in _BACKSLASHES.split(str.__str__(value)):
            if part.startswith("\\"):
                parts.append(f"CHAR({', '.join(['92'] * len(part))} USING utf8mb4)")
            elif part:
                parts.append(super().string_literal(part))
        return parts[0] if len(parts) == 1 else f"CONCAT({', '.join(parts)})"

    def constant_literal(self, value: str) -> str:
        """As after DEFAULT, where no function may stand, and where hexadecimal digits are taken for the text they are.

        In expressions that the server keeps (CHECK) they are no way: it writes them back as text, wrongly escaped.
        """
        whole = super().string_literal(value)
        return f"_utf8mb4 X'{str.__str__(value).encode('utf-8').hex()}'" if "\\" in whole else whole

    def inline_comment(self, text: str) -> str:
        """A comment has no hexadecimal form: a backslash, which means two things, is refused."""
        if "\\" in text:
            raise exc.ArgumentError(
                f"the comment {text!r} has a backslash, whose meaning depends on the session's sql_mode.",
                do="leave the backslash out of comments on MariaDB and MySQL.",
                code="bad-literal",
            )
        return super().inline_comment(text)

    def temporal(self, symbol: str, left: tuple[str, str], right: tuple[str, str]) -> str:
        """Dates are no numbers: they are subtracted by functions, and INTERVAL is added."""
        (a, kind), (b, other) = left, right
        if kind == other == "date" and symbol == "-":
            return f"DATEDIFF({a}, {b})"
        if {kind, other} <= {"date", "datetime"} and symbol == "-":
            return f"TIMESTAMPDIFF(MICROSECOND, {b}, {a})"
        if kind in ("date", "datetime") and other == "interval" and symbol in "+-":
            moment = f"CAST({a} AS DATETIME(6))" if kind == "date" else a
            return f"{moment} {symbol} INTERVAL ({b}) MICROSECOND"
        if kind == "date" and not other and symbol in "+-":
            return f"{a} {symbol} INTERVAL ({b}) DAY"
        if kind == "interval" and other in ("date", "datetime") and symbol == "+":
            return self.temporal(symbol, right, left)
        if {kind, other} <= {"interval", ""}:
            return super().temporal(symbol, left, right)
        raise self.no_temporal(symbol, left, right)

    def json_item(self, document: str, path: Callable[[], str], form: str) -> str:
        """By JSON_EXTRACT()."""

        def item() -> str:
            return f"JSON_EXTRACT({document}, {path()})"

        if form == "json":
            return item()
        if form == "boolean":
            return f"CASE JSON_UNQUOTE({item()}) WHEN 'true' THEN true WHEN 'false' THEN false END"
        text = f"CASE WHEN JSON_TYPE({item()}) = 'NULL' THEN NULL ELSE JSON_UNQUOTE({item()}) END"
        words = {"integer": "SIGNED INTEGER", "float": "DOUBLE"}
        return f"({text})" if form == "string" else f"CAST({text} AS {words[form]})"


def needed_length(length: int | None, name: str) -> int:
    """Return a length that must be given.

    Raises:
        CompileError [varchar-length]: it is not.
    """
    if length is None:
        raise exc.CompileError(
            f"{name} needs a length on MariaDB and MySQL.",
            do="give it a length, which keys and indexes want; a column in none may be String, Text or LargeBinary.",
            code="varchar-length",
        )
    return int(length)
