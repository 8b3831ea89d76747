"""CREATE and DROP: texts, order, cycles."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.sql import assert_sql, assert_statements
from unitwork import (
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Numeric,
    PrimaryKeyConstraint,
    String,
    Table,
    UniqueConstraint,
    desc,
    exc,
    func,
    text,
    true,
)
from unitwork.schema import AddConstraint, CreateIndex, CreateTable, DropConstraint, DropIndex, DropTable
from unitwork.sql.ddl import SchemaCreator, SchemaDropper
from unitwork.sql.style import Style


class Inline(Style):
    """As SQLite: no ALTER TABLE."""

    alter_add_constraint = False


class Serial(Style):
    """As PostgreSQL and MySQL at once."""

    name = "postgresql"
    autoincrement_types = {"integer": "SERIAL"}
    autoincrement_suffix = " AUTO_INCREMENT"
    drop_index_on_table = True

    def table_options(self, options: Any) -> str:
        return "".join(f" {name}={value}" for name, value in options.items())


def every(*tables: Table, style: Style | None = None, drop: bool = False, present: tuple[str, ...] = ()) -> list[str]:
    """The statements that create or drop `tables`; some are present already."""
    change = (SchemaDropper if drop else SchemaCreator)(tables, checkfirst=True)
    return list(change.statements(style or Style(), lambda name, schema: name in present))


def test_create_table() -> None:
    """LB-17: columns, then keys, foreign keys, unique and check constraints."""
    metadata = MetaData()
    Table("g", metadata, Column("id", Integer, primary_key=True))
    table = Table(
        "t",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("name", String(5), nullable=False, unique=True, server_default="it's"),
        Column("g_id", Integer, ForeignKey("g.id", ondelete="cascade", onupdate="SET NULL", name="to_g")),
        Column("at", DateTime, server_default=func.now()),
        Column("ok", Integer, server_default=text("5")),
        Column("price", Numeric(5, 2), CheckConstraint("price > 0", name="positive")),
        CheckConstraint("name LIKE 'a%'"),
    )
    table.append_constraint(CheckConstraint(table.c.price < 100))

    assert_sql(
        CreateTable(table),
        """
        CREATE TABLE t (
            id INTEGER NOT NULL,
            name VARCHAR(5) DEFAULT 'it''s' NOT NULL,
            g_id INTEGER,
            at DATETIME DEFAULT CURRENT_TIMESTAMP,
            ok INTEGER DEFAULT 5,
            price NUMERIC(5, 2),
            PRIMARY KEY (id),
            CONSTRAINT to_g FOREIGN KEY (g_id) REFERENCES g (id) ON DELETE CASCADE ON UPDATE SET NULL,
            UNIQUE (name),
            CONSTRAINT positive CHECK (price > 0),
            CHECK (name LIKE 'a%'),
            CHECK (price < 100)
        )
        """,
    )


def test_what_a_style_decides() -> None:
    """LB-33: the autoincrement column, table options."""
    table = Table(
        "t", MetaData(schema="s"), Column("id", Integer, primary_key=True), postgresql_with="x", mysql_engine="InnoDB"
    )

    assert_sql(
        CreateTable(table).compile(type("Dialect", (), {"style": Serial()})()),
        "CREATE TABLE s.t (id SERIAL NOT NULL AUTO_INCREMENT, PRIMARY KEY (id)) with=x",
    )


def test_deferrable_constraints() -> None:
    """LB-17: or left out where the database has none."""
    table = Table("t", MetaData(), Column("a", Integer), UniqueConstraint("a", deferrable=True, initially="deferred"))
    plain = type("Plain", (Style,), {"deferrable_kinds": frozenset()})()

    assert_sql(CreateTable(table), "CREATE TABLE t (a INTEGER, UNIQUE (a) DEFERRABLE INITIALLY DEFERRED)")
    assert_statements(every(table, style=plain), "CREATE TABLE t (a INTEGER, UNIQUE (a))")


def test_other_statements() -> None:
    """LB-17: the DDL elements one by one."""
    metadata = MetaData()
    one = Table("one", metadata, Column("id", Integer, primary_key=True))
    two = Table("two", metadata, Column("one_id", ForeignKey("one.id"), index=True), Column("x", String))
    (index,), (key,) = two.indexes, two.foreign_key_constraints

    assert_sql(
        CreateTable(one, if_not_exists=True), "CREATE TABLE IF NOT EXISTS one (id INTEGER NOT NULL, PRIMARY KEY (id))"
    )
    assert_sql(DropTable(one, if_exists=True), "DROP TABLE IF EXISTS one")
    assert_sql(CreateIndex(index), "CREATE INDEX ix_two_one_id ON two (one_id)")
    assert_sql(DropIndex(index), "DROP INDEX ix_two_one_id")
    assert_sql(
        AddConstraint(key), "ALTER TABLE two ADD CONSTRAINT fk_two_one_id FOREIGN KEY (one_id) REFERENCES one (id)"
    )
    assert_sql(DropConstraint(key), "ALTER TABLE two DROP CONSTRAINT fk_two_one_id")
    assert_sql(DropIndex(index).compile(type("D", (), {"style": Serial()})()), "DROP INDEX ix_two_one_id ON two")


def test_indexes_over_expressions() -> None:
    """LB-17: each in parentheses of its own, with an order outside, and a condition."""
    table = Table("t", MetaData(), Column("a", Integer), Column("b", String))
    index = Index(
        "i", func.lower(table.c.b), desc(table.c.a), table.c.a + 1, unique=True, postgresql_where=table.c.a > 5
    )

    assert_sql(CreateIndex(index), "CREATE UNIQUE INDEX i ON t ((lower(b)), a DESC, (a + 1))")
    assert_sql(
        CreateIndex(index).compile(type("D", (), {"style": Serial()})()),
        "CREATE UNIQUE INDEX i ON t ((lower(b)), a DESC, (a + 1)) WHERE a > 5",
    )


def test_tables_come_in_dependency_order() -> None:
    """LB-17: created after what they refer to, dropped before it; a table may refer to itself."""
    metadata = MetaData()
    c = Table("c", metadata, Column("b", ForeignKey("b.id")))
    b = Table("b", metadata, Column("id", Integer), Column("a", ForeignKey("a.id")), Column("own", ForeignKey("b.id")))
    a = Table("a", metadata, Column("id", Integer))

    assert [sql.split()[2] for sql in every(c, b, a)] == ["a", "b", "c"]
    assert [sql.split()[2] for sql in every(a, b, c, drop=True, present=("a", "b", "c"))] == ["c", "b", "a"]


def test_what_exists_is_left_alone() -> None:
    """LB-17: with checkfirst, in both directions."""
    metadata = MetaData()
    a, b = (Table(name, metadata, Column("id", Integer, index=True)) for name in "ab")

    assert_statements(every(a, b, present=("a",)), "CREATE TABLE b (id INTEGER)", "CREATE INDEX ix_b_id ON b (id)")
    assert_statements(every(a, b, present=("a",), drop=True), "DROP TABLE a")


def cycle() -> tuple[Table, Table]:
    metadata = MetaData()
    a = Table("a", metadata, Column("id", Integer, primary_key=True), Column("b_id", ForeignKey("b.id")))
    b = Table("b", metadata, Column("id", Integer, primary_key=True), Column("a_id", ForeignKey("a.id", name="back")))
    return a, b


def test_a_cycle_is_closed_by_alter_table() -> None:
    """LB-17: after all tables are there; a foreign key without a name gets one, so that it can be dropped."""
    assert_statements(
        every(*cycle()),
        "CREATE TABLE a (id INTEGER NOT NULL, b_id INTEGER, PRIMARY KEY (id))",
        "CREATE TABLE b (id INTEGER NOT NULL, a_id INTEGER, PRIMARY KEY (id))",
        "ALTER TABLE a ADD CONSTRAINT fk_a_b_id FOREIGN KEY (b_id) REFERENCES b (id)",
        "ALTER TABLE b ADD CONSTRAINT back FOREIGN KEY (a_id) REFERENCES a (id)",
    )
    assert_statements(
        every(*cycle(), drop=True, present=("a", "b")),
        "ALTER TABLE a DROP CONSTRAINT fk_a_b_id",
        "ALTER TABLE b DROP CONSTRAINT back",
        "DROP TABLE b",
        "DROP TABLE a",
    )


def test_a_cycle_stands_inline_without_alter_table() -> None:
    """LB-17: SQLite accepts names of tables that come later."""
    created = every(*cycle(), style=Inline())

    assert_statements(
        created,
        "CREATE TABLE a (id INTEGER NOT NULL, b_id INTEGER, PRIMARY KEY (id), FOREIGN KEY (b_id) REFERENCES b (id))",
        "CREATE TABLE b (id INTEGER NOT NULL, a_id INTEGER, PRIMARY KEY (id), "
        "CONSTRAINT back FOREIGN KEY (a_id) REFERENCES a (id))",
    )


def test_use_alter_leaves_a_foreign_key_for_later() -> None:
    """LB-17: and takes it out of the order."""
    metadata = MetaData()
    b = Table("b", metadata, Column("id", Integer, primary_key=True))
    a = Table("a", metadata, Column("b_id", ForeignKey("b.id", use_alter=True, name="later")))

    assert [sql.split()[:3] for sql in every(a, b)] == [
        ["CREATE", "TABLE", "a"],
        ["CREATE", "TABLE", "b"],
        ["ALTER", "TABLE", "a"],
    ]


def test_made_names_fit_every_database() -> None:
    """LB-17: a long one is replaced by a digest, always the same."""
    metadata = MetaData()
    long = Table("x" * 60, metadata, Column("id", Integer, primary_key=True), Column("y" * 60, ForeignKey("b.id")))
    Table("b", metadata, Column("id", Integer, primary_key=True))
    (key,) = long.foreign_key_constraints

    text = str(AddConstraint(key))

    assert text == str(AddConstraint(key))
    assert len(text.split("ADD CONSTRAINT ")[1].split()[0]) < 63


def test_create_all_goes_through_the_bind() -> None:
    """LB-17: the Engine or Connection is handed something to call with a Connection."""
    metadata = MetaData()
    Table("a", metadata, Column("id", Integer))
    Table("b", metadata, Column("id", Integer))
    sent: list[str] = []

    class Connection:
        class dialect:
            style = Style()

            @staticmethod
            def has_table(connection: Any, name: str, schema: str | None) -> bool:
                return name == "b"

        def exec_driver_sql(self, statement: str) -> None:
            sent.append(statement)

    class Engine:
        def run_ddl(self, visitor: Any) -> None:
            visitor(Connection())

    metadata.create_all(Engine())
    metadata.create_all(Engine(), tables=[metadata.tables["b"]], checkfirst=False)
    metadata.tables["a"].create(Engine())
    metadata.drop_all(Engine())
    metadata.tables["a"].drop(Engine())

    assert [" ".join(sql.split()[:3]) for sql in sent] == [
        "CREATE TABLE a",
        "CREATE TABLE b",
        "CREATE TABLE a",
        "DROP TABLE b",
        "DROP TABLE a",
    ]


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda t: CreateTable(t), "type-not-renderable"),
        (lambda t: CreateIndex(Index(None, func.lower(text("x")))), "index-without-name"),
    ],
)
def test_what_cannot_be_created(make: Any, code: str) -> None:
    """ER-17: named with its table and column."""
    table = Table("t", MetaData(naming_convention={"ix": "%(constraint_name)s"}), Column("a"), Column("b", Integer))
    statement = make(table)
    if isinstance(statement, CreateIndex):
        statement.element.attach(table)

    with pytest.raises(exc.CompileError) as caught:
        str(statement)

    assert caught.value.code == code
    assert "t" in str(caught.value)


def test_a_column_without_a_type_whose_foreign_key_leads_nowhere() -> None:
    """ER-17, LB-17: the missing table or column is the cause, and not the type that would come from it."""
    metadata = MetaData()
    table = Table("t", metadata, Column("a", ForeignKey("missing.id")))
    other = Table("u", metadata, Column("a", ForeignKey("t.missing")))

    with pytest.raises(exc.NoReferencedTableError, match=r"t\.a.*missing"):
        str(CreateTable(table))
    with pytest.raises(exc.NoSuchColumnError, match=r"u\.a.*missing"):
        str(CreateTable(other))


def test_server_defaults() -> None:
    """LB-18: a string is a constant, an element is SQL; a Style may want parentheses around the latter."""

    class Careful(Style):
        def server_default(self, text: str, is_expression: bool) -> str:
            return f"({text})" if is_expression else text

    table = Table(
        "t",
        MetaData(),
        Column("a", String, server_default="now()"),
        Column("b", String, server_default=text("now()")),
        Column("c", Integer, server_default=true()),
        PrimaryKeyConstraint(),
    )

    assert_statements(
        every(table, style=Careful()),
        "CREATE TABLE t (a VARCHAR DEFAULT 'now()', b VARCHAR DEFAULT (now()), c INTEGER DEFAULT true)",
    )
