"""Operators, functions and windows on each database: the whole SQL, or a refusal by name."""

from __future__ import annotations

from typing import Any

import pytest

from unitwork import (
    Column,
    DateTime,
    Integer,
    MetaData,
    String,
    Table,
    all_,
    any_,
    between,
    bitwise_not,
    case,
    collate,
    exc,
    extract,
    func,
    funcfilter,
    over,
    select,
    type_coerce,
    within_group,
)
from unitwork.dialects import MySQLDialect, PostgreSQLDialect, SQLiteDialect
from unitwork.sql.shape import shape_of

table = Table(
    "t",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("a", Integer),
    Column("s", String(20)),
    Column("d", DateTime),
)
c = table.c
DIALECTS = (None, PostgreSQLDialect(), MySQLDialect(), SQLiteDialect())

REFUSED = "(refused)"
#: Expression, then its SQL without a dialect, on PostgreSQL, on MariaDB, on SQLite.
CASES: list[tuple[Any, str, str, str, str]] = [
    (
        c.a.is_distinct_from(None),
        "t.a IS DISTINCT FROM NULL",
        "t.a IS DISTINCT FROM NULL",
        "NOT (t.a <=> NULL)",
        "t.a IS NOT NULL",
    ),
    (
        c.a.is_not_distinct_from(c.id),
        "t.a IS NOT DISTINCT FROM t.id",
        "t.a IS NOT DISTINCT FROM t.id",
        "t.a <=> t.id",
        "t.a IS t.id",
    ),
    (
        ~c.a.is_distinct_from(c.id),
        "t.a IS NOT DISTINCT FROM t.id",
        "t.a IS NOT DISTINCT FROM t.id",
        "t.a <=> t.id",
        "t.a IS t.id",
    ),
    (
        c.a.bitwise_and(1).bitwise_or(2),
        "(t.a & :a_1) | :param_1",
        "(t.a & %s) | %s",
        "CAST((CAST(t.a & %s AS SIGNED)) | %s AS SIGNED)",
        "(t.a & ?) | ?",
    ),
    (
        c.a.bitwise_xor(c.id),
        "t.a ^ t.id",
        "t.a # t.id",
        "CAST(t.a ^ t.id AS SIGNED)",
        "((t.a | t.id) - (t.a & t.id))",
    ),
    (bitwise_not(c.a), "~t.a", "~t.a", "CAST(~t.a AS SIGNED)", "~t.a"),
    (c.a.bitwise_lshift(c.id) + 1, "(t.a << t.id) + :param_1", "(t.a << t.id) + %s", "", "(t.a << t.id) + ?"),
    (c.a.bitwise_rshift(1), "t.a >> :a_1", "t.a >> %s", "CAST(t.a >> %s AS SIGNED)", "t.a >> ?"),
    (
        c.s.regexp_match("a+", flags="i"),
        "t.s REGEXP '(?i)' || :s_1",
        "t.s ~* %s",
        "t.s REGEXP concat('(?i)', %s)",
        "t.s REGEXP '(?i)' || ?",
    ),
    (~c.s.regexp_match("a+"), "t.s NOT REGEXP :s_1", "t.s !~ %s", "t.s NOT REGEXP %s", "t.s NOT REGEXP ?"),
    (
        c.s.regexp_replace("a", "b", flags="gi"),
        "REGEXP_REPLACE(t.s, :param_1, :param_2, 'gi')",
        "REGEXP_REPLACE(t.s, %s, %s, 'gi')",
        "REGEXP_REPLACE(t.s, concat('(?i)', %s), %s)",
        REFUSED,
    ),
    (
        c.s.match("x"),
        "t.s MATCH :s_1",
        "t.s @@ plainto_tsquery(%s)",
        "MATCH (t.s) AGAINST (%s IN BOOLEAN MODE)",
        "t.s MATCH ?",
    ),
    (
        collate(c.s, "nocase") == "x",
        "t.s COLLATE nocase = :param_1",
        "t.s COLLATE nocase = %s",
        "t.s COLLATE nocase = %s",
        "t.s COLLATE nocase = ?",
    ),
    (
        (c.s + "x").collate("C").desc(),
        '(t.s || :s_1) COLLATE "C" DESC',
        '(t.s || %s) COLLATE "C" DESC',
        "(concat(t.s, %s)) COLLATE `C` DESC",
        '(t.s || ?) COLLATE "C" DESC',
    ),
    (
        between(c.a, 3, 1, symmetric=True),
        "(t.a BETWEEN :a_1 AND :a_2 OR t.a BETWEEN :a_3 AND :a_4)",
        "t.a BETWEEN SYMMETRIC %s AND %s",
        "(t.a BETWEEN %s AND %s OR t.a BETWEEN %s AND %s)",
        "(t.a BETWEEN ? AND ? OR t.a BETWEEN ? AND ?)",
    ),
    (
        c.s.icontains("A%", autoescape=True),
        "lower(t.s) LIKE '%' || lower(:s_1) || '%' ESCAPE '/'",
        "lower(t.s) LIKE '%%' || lower(%s) || '%%' ESCAPE '/'",
        "lower(t.s) LIKE concat(concat('%%', lower(%s)), '%%') ESCAPE '/'",
        "lower(t.s) LIKE '%' || lower(?) || '%' ESCAPE '/'",
    ),
    (
        ~c.s.istartswith(c.s),
        "lower(t.s) NOT LIKE lower(t.s) || '%'",
        "lower(t.s) NOT LIKE lower(t.s) || '%%'",
        "lower(t.s) NOT LIKE concat(lower(t.s), '%%')",
        "lower(t.s) NOT LIKE lower(t.s) || '%'",
    ),
    (
        any_(select(c.a)) == 5,
        ":param_1 = ANY (SELECT t.a FROM t)",
        "%s = ANY (SELECT t.a FROM t)",
        "%s = ANY (SELECT t.a FROM t)",
        REFUSED,
    ),
    (
        all_(select(c.a)) > c.id,
        "t.id < ALL (SELECT t.a FROM t)",
        "t.id < ALL (SELECT t.a FROM t)",
        "t.id < ALL (SELECT t.a FROM t)",
        REFUSED,
    ),
    (c.s == func.f(1).any_(), "t.s = ANY (f(:s_1))", "t.s = ANY (f(%s))", REFUSED, REFUSED),
    (
        extract("year", c.d),
        "EXTRACT(year FROM t.d)",
        "EXTRACT(year FROM t.d)",
        "EXTRACT(year FROM t.d)",
        "CAST(strftime('%Y', t.d) AS INTEGER)",
    ),
    (
        extract("dow", c.d),
        "EXTRACT(dow FROM t.d)",
        "EXTRACT(dow FROM t.d)",
        "(DAYOFWEEK(t.d) - 1)",
        "CAST(strftime('%w', t.d) AS INTEGER)",
    ),
    (extract("quarter", c.d), "EXTRACT(quarter FROM t.d)", "EXTRACT(quarter FROM t.d)", "", REFUSED),
    (
        funcfilter(func.count(), c.a > 1, c.a < 9),
        "count(*) FILTER (WHERE t.a > :a_1 AND t.a < :a_2)",
        "count(*) FILTER (WHERE t.a > %s AND t.a < %s)",
        REFUSED,
        "count(*) FILTER (WHERE t.a > ? AND t.a < ?)",
    ),
    (
        over(func.sum(c.a), partition_by=c.s, order_by=[c.a.desc(), c.id], rows=(-1, 0)),
        "sum(t.a) OVER (PARTITION BY t.s ORDER BY t.a DESC, t.id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)",
        "",
        "",
        "",
    ),
    (
        func.sum(c.a).over(order_by=c.a, range_=(None, 3)),
        "sum(t.a) OVER (ORDER BY t.a RANGE BETWEEN UNBOUNDED PRECEDING AND 3 FOLLOWING)",
        "",
        "",
        "",
    ),
    (
        func.sum(c.a).over(order_by=c.a, groups=(1, None)),
        "sum(t.a) OVER (ORDER BY t.a GROUPS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING)",
        "",
        REFUSED,
        "",
    ),
    (
        within_group(func.mode(), c.a),
        "mode() WITHIN GROUP (ORDER BY t.a)",
        "mode() WITHIN GROUP (ORDER BY t.a)",
        REFUSED,
        REFUSED,
    ),
    (
        func.mode().within_group(c.a).over(partition_by=c.s),
        "mode() WITHIN GROUP (ORDER BY t.a) OVER (PARTITION BY t.s)",
        "",
        "",
        REFUSED,
    ),
    (
        func.aggregate_strings(c.s, ", "),
        "string_agg(t.s, :param_1)",
        "string_agg(t.s, %s)",
        "group_concat(t.s SEPARATOR %s)",
        "group_concat(t.s, ?)",
    ),
    (type_coerce(c.a, String) + "x", "t.a || :a_1", "t.a || %s", "concat(t.a, %s)", "t.a || ?"),
    (
        case({1: "one", 2: "two"}, value=c.a, else_="many"),
        "CASE t.a WHEN :param_1 THEN :param_2 WHEN :param_3 THEN :param_4 ELSE :param_5 END",
        "",
        "",
        "",
    ),
]


@pytest.mark.parametrize("case_", CASES, ids=lambda case_: case_[1][:40])
def test_sql_of_each_database(case_: Any) -> None:
    """LB-22, LB-33, LB-37: an empty text stands for the neutral one with the database's placeholders."""
    for dialect, wanted in zip(DIALECTS, case_[1:], strict=True):
        if wanted == REFUSED:
            with pytest.raises(exc.CompileError) as caught:
                case_[0].compile(dialect=dialect)
            assert caught.value.code == "not-on-this-database"
        elif wanted:
            assert str(case_[0].compile(dialect=dialect)) == wanted
        else:
            case_[0].compile(dialect=dialect)


def test_each_takes_part_in_the_shape() -> None:
    """SB-50: statements that render differently have different cache keys."""
    made = [
        *(case_[0] for case_ in CASES),
        func.sum(c.a).over(order_by=c.a, range_=(None, 2)),
        func.sum(c.a).over(order_by=c.a, rows=(None, 2)),
        func.sum(c.a).over(partition_by=c.a, rows=(None, 2)),
        c.s.collate("other") == "x",
        extract("month", c.d),
        c.s.regexp_match("a+"),
        c.s.regexp_match("a+", flags="m"),
    ]

    assert len({shape_of(select(element)).key for element in made}) == len(made) - 1  # one of the cases is ~ of another


def test_an_operator_of_the_users_is_one_object_per_spelling() -> None:
    """LB-22: a repeated query with ``op()`` is found in the statement cache."""
    first, second = (select(table).where(c.a.op("->>", precedence=5)(value)) for value in (1, 2))

    assert shape_of(first).key == shape_of(second).key
    assert shape_of(first).key != shape_of(select(table).where(c.a.op("->", precedence=5)(1))).key


def test_result_types_of_functions() -> None:
    """LB-37: generic functions know what they give."""
    assert func.row_number().over().type.python_type is int
    assert func.cume_dist().type.python_type is float
    assert func.lag(c.s).over(order_by=c.a).type is c.s.type
    assert func.percentile_disc(0.5).within_group(c.a).type is c.a.type
    assert func.aggregate_strings(c.s, ",").type.python_type is str
    assert c.a.op("%%", return_type=String)(1).type.python_type is str
    assert extract("year", c.d).type.python_type is int


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda: func.sum(c.a).over(rows=(1, 2), range_=(1, 2)), "bad-window-frame"),
        (lambda: func.sum(c.a).over(rows=(1,)), "bad-window-frame"),
        (lambda: func.sum(c.a).over(rows=("1; DROP TABLE t", 2)), "bad-window-frame"),
        (lambda: c.s.regexp_match("x", flags="i'--"), "bad-regexp-flags"),
        (lambda: extract("year FROM now()) --", c.d), "bad-identifier"),
        (lambda: c.s.collate(5), "bad-identifier"),
    ],
)
def test_what_would_become_sql_text_is_checked(make: Any, code: str) -> None:
    """LB-34: frames, flags, fields and collations are no way to bring SQL in."""
    with pytest.raises(exc.ArgumentError) as caught:
        make()

    assert caught.value.code == code


def test_a_collation_is_a_quoted_name() -> None:
    """LB-34: what stands in a collation's name stays in its quotes."""
    assert str(c.s.collate('x" OR 1=1')) == 't.s COLLATE "x"" OR 1=1"'
