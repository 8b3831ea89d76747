"""Text for drivers: placeholders, expanding lists, quoting, literals, what a Style decides."""

from __future__ import annotations

import datetime
import decimal
import enum
from typing import Any

import pytest

from tests.support.sql import assert_sql
from unitwork import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Double,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    SmallInteger,
    String,
    Table,
    Text,
    Time,
    Unicode,
    and_,
    bindparam,
    delete,
    exc,
    func,
    insert,
    select,
    text,
    tuple_,
    union,
    update,
)
from unitwork.dialects import PostgreSQLDialect
from unitwork.sql.render_stmt import render
from unitwork.sql.style import Style

metadata = MetaData()
a = Table("a", metadata, Column("id", Integer, primary_key=True), Column("name", String(50)), Column("n", Integer))
b = Table("b", metadata, Column("id", Integer, primary_key=True))


class Question(Style):
    """As SQLite's driver."""

    name = "question"
    placeholder = "?"
    row_list_prefix = "VALUES "
    compound_parentheses = False
    delete_extra = ""
    returning_insert = False


class Percent(Style):
    """As psycopg2 and PyMySQL."""

    name = "percent"
    placeholder = "%s"
    quote_character = "`"
    max_name_length = 10
    update_extra = "list"
    delete_extra = "mysql"


question, percent = Question(), Percent()


def test_parameters_come_in_the_order_of_the_text() -> None:
    """LB-34: whatever order the walk has."""
    statement = select(a.c.n + 1).where(a.c.id == 2).group_by(a.c.n + 3).having(func.count() > 4).limit(5).offset(6)

    rendered = render(statement, question)

    assert [bind.value for bind in rendered.binds] == [1, 2, 3, 4, 5, 6]
    assert rendered.text.count("?") == 6


def test_percent_signs_are_doubled_for_pyformat() -> None:
    """LB-34: operators, LIKE patterns and the user's text alike."""
    statement = select(a.c.n % 2).where(a.c.name.startswith("x"), text("name LIKE '5%'"))

    assert_sql(
        render(statement, percent).text,
        "SELECT a.n %% %s AS anon_1 FROM a WHERE a.name LIKE %s || '%%' AND (name LIKE '5%%')",
    )
    assert "%%" not in render(statement, question).text


@pytest.mark.parametrize(("count", "sent"), [(1, 1), (2, 2), (3, 4), (5, 8), (1000, 1024), (1025, 2048), (2049, 3072)])
def test_lists_are_padded(count: int, sent: int) -> None:
    """LB-35: few texts exist; the last value is repeated."""
    rendered = render(select(a.c.id).where(a.c.id.in_([]), a.c.n == 7), question)

    sql, values = rendered.expand([list(range(count)), 7])

    assert rendered.expanding
    assert sql.count("?") == len(values) == sent + 1
    assert set(values[:-1]) == set(range(count))
    assert values[-1] == 7


@pytest.mark.parametrize(
    ("element", "expected"),
    [
        (a.c.id.in_([]), "SELECT a.id FROM a WHERE a.id IN (NULL) AND (1 != 1)"),
        (a.c.id.not_in([]), "SELECT a.id FROM a WHERE (a.id NOT IN (NULL) OR (1 = 1))"),
        (
            tuple_(a.c.id, a.c.n).in_([]),
            "SELECT a.id FROM a WHERE (a.id, a.n) IN (VALUES (NULL, NULL)) AND (1 != 1)",
        ),
    ],
)
def test_an_empty_list(element: Any, expected: str) -> None:
    """LB-35: IN is false, NOT IN is true, even for NULL."""
    sql, values = render(select(a.c.id).where(element), question).expand([[]])

    assert (sql, values) == (expected, [])


def test_lists_of_row_values() -> None:
    """LB-35: a tuple per item, flat parameters."""
    rendered = render(select(a.c.id).where(tuple_(a.c.id, a.c.n).in_([])), question)

    sql, values = rendered.expand([[(1, 2), (3, 4)]])

    assert sql == "SELECT a.id FROM a WHERE (a.id, a.n) IN (VALUES (?, ?), (?, ?))"
    assert values == [1, 2, 3, 4]


def test_a_list_in_text() -> None:
    """LB-35: an expanding parameter brings its parentheses."""
    statement = text("SELECT 1 WHERE 1 IN :ids").bindparams(bindparam("ids", expanding=True))

    rendered = render(statement, question)

    assert rendered.expand([[1, 2]]) == ("SELECT 1 WHERE 1 IN (?, ?)", [1, 2])
    assert rendered.expand([[]]) == ("SELECT 1 WHERE 1 IN (SELECT 1 WHERE 1 != 1)", [])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("plain_1", "plain_1"),
        ("Mixed", '"Mixed"'),
        ("order", '"order"'),
        ("with space", '"with space"'),
        ('a"b', '"a""b"'),
        ("1st", '"1st"'),
        ("naïve", '"naïve"'),
        ("x; DROP TABLE y", '"x; DROP TABLE y"'),
    ],
)
def test_names_are_quoted_when_needed(name: str, expected: str) -> None:
    """LB-34: a name is always one identifier."""
    assert Style().quote(name) == expected


class Bytes(Style):
    """As PostgreSQL."""

    max_name_length = 5
    name_length_in_bytes = True


@pytest.mark.parametrize(
    ("style", "name"), [(Style(), ""), (Style(), "a\0b"), (percent, "x" * 11), (Bytes(), "ääx" + "y")]
)
def test_names_a_database_would_not_keep_are_refused(style: Style, name: str) -> None:
    """LB-34: never cut silently."""
    with pytest.raises(exc.ArgumentError) as caught:
        style.quote(name)

    assert caught.value.code == "bad-identifier"


def test_odd_names_everywhere() -> None:
    """LB-34: tables, columns, labels and aliases."""
    odd = Table("Odd one", MetaData(schema="S"), Column("a`b", Integer))

    assert_sql(
        render(select(odd.c["a`b"].label("Y")).where(odd.alias("Z").c["a`b"] == 1), percent).text,
        "SELECT `S`.`Odd one`.`a``b` AS `Y` FROM `S`.`Odd one`, `S`.`Odd one` AS `Z` WHERE `Z`.`a``b` = %s",
    )


def test_a_nul_in_raw_text_is_refused() -> None:
    """LB-34: it would end the statement at some servers."""
    with pytest.raises(exc.ArgumentError) as caught:
        str(text("SELECT \0 1"))

    assert caught.value.code == "bad-literal"


class Colour(enum.IntEnum):
    """An int with a ``str`` of its own."""

    RED = 1


class Lying(str):
    """A string whose ``__str__`` says something else."""

    def __str__(self) -> str:
        return "'; DROP TABLE a; --"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "NULL"),
        (True, "true"),
        (False, "false"),
        (Colour.RED, "1"),
        (-5, "-5"),
        (1.5, "1.5"),
        (decimal.Decimal("1E+3"), "1000"),
        ("it's", "'it''s'"),
        (datetime.date(2020, 1, 2), "'2020-01-02'"),
        (datetime.datetime(2020, 1, 2, 3, 4, 5, 6), "'2020-01-02 03:04:05.000006'"),
    ],
)
def test_literals(value: object, expected: str) -> None:
    """LB-34: for DDL, which has no parameters."""
    assert Style().literal(value) == expected


def test_literals_of_bytes() -> None:
    """LB-34: digits only, so that nothing in them can end the literal."""
    assert Style().literal(b"a'\x00") == "X'612700'"
    assert PostgreSQLDialect().style.literal(bytearray(b"a'")) == r"'\x6127'::bytea"


def test_a_literal_is_what_the_string_holds() -> None:
    """LB-34: not what its class says of itself."""
    assert Style().literal(Lying("x")) == "'x'"
    assert Style().quote(Lying("x y")) == '"x y"'


@pytest.mark.parametrize("value", [object(), float("nan"), decimal.Decimal("sNaN"), "a\0b", 1j])
def test_values_without_a_literal_are_refused(value: object) -> None:
    """LB-34: rather than guessed."""
    with pytest.raises(exc.ArgumentError) as caught:
        Style().literal(value)

    assert caught.value.code == "bad-literal"


@pytest.mark.parametrize(
    ("statement", "style", "expected"),
    [
        (
            union(select(a.c.id).limit(1), select(b.c.id)),
            question,
            "SELECT * FROM (SELECT a.id FROM a LIMIT ?) UNION SELECT b.id FROM b",
        ),
        (
            update(a).values(n=b.c.id).where(b.c.id == a.c.id),
            percent,
            "UPDATE a, b SET a.n = b.id WHERE b.id = a.id",
        ),
        (delete(a).where(b.c.id == a.c.id), percent, "DELETE FROM a USING a, b WHERE b.id = a.id"),
    ],
)
def test_forms_that_a_style_decides(statement: Any, style: Style, expected: str) -> None:
    """LB-33: by attributes, never by the driver's name."""
    assert_sql(render(statement, style).text, expected)


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        (insert(a).returning(a.c.id), "returning-not-supported"),
        (delete(a).where(b.c.id == a.c.id), "multi-table-dml"),
    ],
)
def test_what_a_database_cannot_say_is_refused(statement: Any, code: str) -> None:
    """ER-17: before anything is sent."""
    with pytest.raises(exc.CompileError) as caught:
        render(statement, question)

    assert caught.value.code == code


def test_an_element_out_of_place_is_refused() -> None:
    """ER-17: named by its class."""

    class Strange(type(a.c.id == 1)):  # type: ignore[misc]
        visit = "strange"

    strange = Strange((a.c.id == 1).operator, (a.c.id, a.c.n), a.c.id.type)

    with pytest.raises(exc.CompileError) as caught:
        str(and_(strange, a.c.id == 1))

    assert caught.value.code == "not-renderable"


@pytest.mark.parametrize(
    ("options", "expected"),
    [({"key_share": True}, "FOR NO KEY UPDATE"), ({"key_share": True, "read": True}, "FOR KEY SHARE")],
)
def test_locks_on_keys(options: dict[str, bool], expected: str) -> None:
    """LB-23: as PostgreSQL has them."""
    assert_sql(select(a.c.id).with_for_update(**options), f"SELECT a.id FROM a {expected}")


def test_row_values_listed_one_by_one() -> None:
    """LB-22: where an item is an element, in the form the database takes."""
    element = tuple_(a.c.id, a.c.n).in_([tuple_(a.c.n, 1)])

    assert_sql(render(select(element), question).text, "SELECT (a.id, a.n) IN (VALUES (a.n, ?)) AS anon_1 FROM a")


def test_an_unnamed_label_is_called_after_what_it_labels() -> None:
    """SB-50: with a number."""
    assert_sql(select(a.c.n.label(None), (a.c.n + 1).label(None)), "SELECT a.n AS n_1, a.n + :n_1 AS anon_1 FROM a")


def test_what_a_rendered_statement_is() -> None:
    """What the engine decides by."""
    kinds = [
        (select(a), "is_select", True),
        (insert(a), "is_insert", False),
        (insert(a).returning(a), "is_insert", True),
        (update(a).values(n=1), "is_update", False),
        (delete(a), "is_delete", False),
    ]

    for statement, attribute, returns_rows in kinds:
        rendered = statement.compile()
        assert getattr(rendered, attribute)
        assert rendered.returns_rows is returns_rows
        assert not rendered.is_ddl


def test_values_can_be_written_out_for_reading() -> None:
    """LB-41: ``literal_binds``; lists too, and nothing is escaped for a driver."""
    statement = select(a.c.id).where(
        a.c.name == "it's 5%",
        a.c.n.in_([1, 2]),
        a.c.id.in_([]),
        text("x IN :ids").bindparams(bindparam("ids", [3], expanding=True)),
    )

    for style in (question, percent):
        dialect = type("Dialect", (), {"style": style})()
        assert_sql(
            statement.compile(dialect, compile_kwargs={"literal_binds": True}).text,
            "SELECT a.id FROM a WHERE a.name = 'it''s 5%' AND a.n IN (1, 2) AND a.id IN (NULL) AND (1 != 1) "
            "AND (x IN (3))",
        )


def test_the_neutral_style_has_a_name_for_every_type() -> None:
    """LB-19: NullType apart."""
    named = {
        Integer(): "INTEGER",
        SmallInteger(): "SMALLINT",
        BigInteger(): "BIGINT",
        String(): "VARCHAR",
        Unicode(5, "C"): 'VARCHAR(5) COLLATE "C"',
        Text(): "TEXT",
        Boolean(): "BOOLEAN",
        Float(): "FLOAT",
        Float(24): "FLOAT(24)",
        Double(): "DOUBLE PRECISION",
        Numeric(): "NUMERIC",
        Numeric(5): "NUMERIC(5)",
        Numeric(5, 2): "NUMERIC(5, 2)",
        Date(): "DATE",
        Time(): "TIME",
        DateTime(): "DATETIME",
        LargeBinary(): "BLOB",
    }

    assert {type_: Style().ddl_type(type_) for type_ in named} == named


def test_compile_takes_a_dialect_or_an_engine() -> None:
    """LB-41: both know their style; with neither the text has ``:name`` parameters."""
    dialect = type("Dialect", (), {"style": question})()
    engine = type("Engine", (), {"dialect": dialect})()
    statement = select(a.c.id).where(a.c.n == 1)

    assert str(statement.compile(dialect)) == str(statement.compile(bind=engine)) == "SELECT a.id FROM a WHERE a.n = ?"
    assert statement.compile().params == {"n_1": 1}
