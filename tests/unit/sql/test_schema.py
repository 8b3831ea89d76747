"""Tables, columns, constraints, types: what they know of themselves and of each other."""

from __future__ import annotations

import datetime
import decimal
from typing import Any

import pytest

from unitwork import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ColumnDefault,
    Date,
    DateTime,
    DefaultClause,
    FetchedValue,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    Time,
    Unicode,
    UniqueConstraint,
    exc,
    func,
    text,
)
from unitwork.sql.constraints import constraint_name
from unitwork.sql.types import NullType, TypeEngine, to_type, type_for


def users(metadata: MetaData, **options: Any) -> Table:
    return Table(
        "users",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("name", String(50), nullable=False, unique=True),
        Column("group_id", ForeignKey("groups.id"), index=True),
        **options,
    )


def groups(metadata: MetaData) -> Table:
    return Table("groups", metadata, Column("id", BigInteger, primary_key=True))


def test_columns_are_reached_by_key() -> None:
    """LB-17: as attributes, as items, by place, in order."""
    table = users(MetaData())

    assert table.c.name is table.c["name"] is table.columns.name is table.c[1]
    assert table.c.keys() == ["id", "name", "group_id"]
    assert [column.key for column in table.c] == table.c.keys()
    assert "name" in table.c
    assert table.c.contains_column(table.c.name)
    assert table.c["id", "name"] == [table.c.id, table.c.name]
    assert table.c.values() == list(table.c)
    assert dict(table.c.items()) == table.c.as_mapping()
    assert len(table.c) == 3


def test_a_column_called_like_a_method_is_reached_as_an_item() -> None:
    """LB-17: the method stays what it is."""
    table = Table("t", MetaData(), Column("keys", Integer), Column("x", Integer))

    assert table.c["keys"].name == "keys"
    assert table.c.keys() == ["keys", "x"]


def test_an_unknown_column_is_named_with_those_there_are() -> None:
    """ER-02: a misspelling is found at once."""
    table = users(MetaData())

    with pytest.raises(AttributeError, match="group_id"):
        table.c.nam  # noqa: B018
    with pytest.raises(exc.NoSuchColumnError, match="group_id"):
        table.c["nam"]
    with pytest.raises(KeyError):
        table.c["nam"]
    with pytest.raises(exc.ArgumentError):
        table.c.name in table.c  # noqa: B015


def test_key_differs_from_name() -> None:
    """LB-18: Python uses the key, SQL the name."""
    table = Table("t", MetaData(), Column("database name", Integer, key="short"))

    assert table.c.short.name == "database name"
    assert str(table.select()) == 'SELECT t."database name" FROM t'


def test_what_a_column_knows() -> None:
    """LB-18: flags, defaults, comment, info."""
    column = Column(
        "x",
        Integer,
        default=5,
        onupdate=lambda: 6,
        server_default="7",
        server_onupdate=text("8"),
        comment="c",
        info={"a": 1},
    )

    assert column.default is not None and column.default.is_scalar and column.default.arg == 5
    assert column.onupdate is not None and column.onupdate.is_callable and column.onupdate.arg() == 6
    assert column.server_default is not None and column.server_default.arg == "7"
    assert column.server_onupdate is not None and column.server_onupdate.for_update
    assert (column.nullable, column.primary_key, column.comment, column.info) == (True, False, "c", {"a": 1})


@pytest.mark.parametrize("function", [lambda: 3, lambda context: 3, lambda context=None: 3])
def test_a_function_default_may_take_a_context(function: Any) -> None:
    """PT-27: it can be called both ways."""
    default = Column("x", Integer, default=function).default

    assert default is not None
    assert default.arg() == default.arg("context") == 3


@pytest.mark.parametrize(("given", "expected"), [(dict, {}), (func.now(), None), (list, [])])
def test_kinds_of_defaults(given: Any, expected: Any) -> None:
    """LB-18: a class is a function, an element is SQL."""
    default = Column("x", Integer, default=given).default

    assert default is not None
    assert default.is_clause_element is (expected is None)
    if expected is not None:
        assert default.arg() == expected


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ([Column("id", Integer, primary_key=True)], "id"),
        ([Column("id", String, primary_key=True)], None),
        ([Column("id", Integer, primary_key=True, default=1)], None),
        ([Column("id", Integer, primary_key=True, autoincrement=False)], None),
        ([Column("id", Integer, ForeignKey("o.id"), primary_key=True)], None),
        ([Column("id", Integer, ForeignKey("o.id"), primary_key=True, autoincrement="ignore_fk")], "id"),
        ([Column("id", Integer, primary_key=True), Column("b", Integer, primary_key=True)], None),
        ([Column("a", Integer, primary_key=True), Column("b", Integer, primary_key=True, autoincrement=True)], "b"),
        ([Column("id", Integer)], None),
        ([Column("id", None, primary_key=True)], None),
    ],
)
def test_which_column_counts_up(columns: list[Column], expected: str | None) -> None:
    """LB-18: the single integer primary key without another source, or the one asked for."""
    table = Table("t", MetaData(), *columns)

    found = table.autoincrement_column

    assert (found.name if found is not None else None) == expected


def test_the_primary_key_is_a_constraint() -> None:
    """LB-17: from flags or from a constraint; its columns are NOT NULL."""
    flagged = Table("t", MetaData(), Column("a", Integer, primary_key=True), Column("b", Integer))
    named = Table(
        "t", MetaData(), Column("a", Integer), Column("b", Integer), PrimaryKeyConstraint("b", "a", name="pk")
    )

    assert list(flagged.primary_key) == [flagged.c.a]
    assert flagged.primary_key.contains_column(flagged.c.a)
    assert bool(PrimaryKeyConstraint())
    assert list(named.primary_key) == [named.c.b, named.c.a]
    assert not named.c.a.nullable
    assert named.primary_key.name == "pk"
    assert [one for one in named.constraints if isinstance(one, PrimaryKeyConstraint)] == [named.primary_key]


def test_a_flag_beside_the_constraint_adds_a_column() -> None:
    """LB-17: both say what the key is."""
    table = Table(
        "t", MetaData(), Column("a", Integer), Column("b", Integer, primary_key=True), PrimaryKeyConstraint("a")
    )

    assert list(table.primary_key) == [table.c.a, table.c.b]


def test_foreign_keys_are_resolved_late() -> None:
    """LB-17: the referring column takes the type of the one referred to, whichever table comes first."""
    metadata = MetaData()
    table = users(metadata)
    assert isinstance(table.c.group_id.type, NullType)

    other = groups(metadata)

    (key,) = table.c.group_id.foreign_keys
    assert key.column is other.c.id
    assert key.parent is table.c.group_id
    assert table.c.group_id.type is other.c.id.type
    assert list(table.foreign_keys) == [key]
    assert table.c.group_id.references(other.c.id)


def test_a_missing_table_is_named() -> None:
    """LB-17: with the column that refers to it."""
    table = users(MetaData())
    (key,) = table.foreign_keys

    assert key.find_column() is None
    with pytest.raises(exc.NoReferencedTableError, match=r"users\.group_id.*groups"):
        key.column  # noqa: B018


def test_a_missing_column_is_named() -> None:
    """LB-17: with the column that refers to it."""
    metadata = MetaData()
    groups(metadata)
    table = Table("t", metadata, Column("x", ForeignKey("groups.nothing")))

    with pytest.raises(exc.NoSuchColumnError, match=r"groups\.nothing"):
        next(iter(table.foreign_keys)).column  # noqa: B018


def test_a_composite_foreign_key() -> None:
    """LB-17: one constraint with an element per column."""
    metadata = MetaData()
    parent = Table("p", metadata, Column("a", Integer, primary_key=True), Column("b", String, primary_key=True))
    child = Table(
        "c", metadata, Column("x", Integer), Column("y", String), ForeignKeyConstraint(["x", "y"], ["p.a", "p.b"])
    )

    (constraint,) = child.foreign_key_constraints

    assert constraint.column_keys == ["x", "y"]
    assert constraint.referred_table is parent
    assert [element.column for element in constraint.elements] == [parent.c.a, parent.c.b]
    assert [element.parent for element in constraint.elements] == [child.c.x, child.c.y]


def test_schemas() -> None:
    """LB-17: that of the MetaData, unless the table names its own; foreign keys follow."""
    metadata = MetaData(schema="s")
    one, two = groups(metadata), users(metadata)
    other = Table("other", metadata, Column("id", ForeignKey("s.users.id")), schema="z")

    assert sorted(metadata.tables) == ["s.groups", "s.users", "z.other"]
    assert next(iter(two.foreign_keys)).column is one.c.id
    assert next(iter(other.foreign_keys)).column is two.c.id


def test_constraints_of_ready_columns_bind_themselves() -> None:
    """LB-17: as do indexes, over expressions too."""
    table = Table("t", MetaData(), Column("a", Integer), Column("b", String))

    unique = UniqueConstraint(table.c.a, table.c.b)
    index = Index("i", func.lower(table.c.b))

    assert unique in table.constraints
    assert index in table.indexes
    assert index.table is table


@pytest.mark.parametrize(
    ("convention", "make", "expected"),
    [
        ({"uq": "uq_%(table_name)s_%(column_0_N_name)s"}, lambda: UniqueConstraint("a", "b"), "uq_t_a_b"),
        ({"uq": "uq_%(table_name)s"}, lambda: UniqueConstraint("a", name="own"), "own"),
        ({"ck": "ck_%(table_name)s_%(constraint_name)s"}, lambda: CheckConstraint("a > 0", name="pos"), "ck_t_pos"),
        ({"ck": "ck_%(table_name)s_%(constraint_name)s"}, lambda: CheckConstraint("a > 0"), None),
        (
            {"fk": "fk_%(column_0_name)s_%(referred_table_name)s"},
            lambda: ForeignKeyConstraint(["a"], ["t.b"]),
            "fk_a_t",
        ),
        ({}, lambda: Index(None, "a"), "ix_t_a"),
        ({}, lambda: UniqueConstraint("a"), None),
    ],
)
def test_naming_conventions(convention: dict[str, str], make: Any, expected: str | None) -> None:
    """LB-17: names are made when asked for; a name that was given stays."""
    table = Table("t", MetaData(naming_convention=convention), Column("a", Integer), Column("b", Integer))
    constraint = make()
    constraint.attach(table)

    assert constraint_name(constraint) == expected


def test_an_unknown_token_of_a_convention_is_named() -> None:
    """LB-17: at the first name it would make."""
    table = Table("t", MetaData(naming_convention={"uq": "%(nothing)s"}), Column("a", Integer), UniqueConstraint("a"))
    unique = next(one for one in table.constraints if isinstance(one, UniqueConstraint))

    with pytest.raises(exc.ArgumentError) as caught:
        constraint_name(unique)

    assert caught.value.code == "bad-naming-convention"


def test_copies_belong_to_no_table() -> None:
    """LB-03: what mixins need: a column, its keys and constraints once more."""
    metadata = MetaData()
    original = users(metadata)
    groups(metadata)

    copies = [column.copy() for column in original.c]
    table = Table("again", metadata, *copies)

    assert [(c.name, c.nullable, c.unique, c.index) for c in table.c] == [
        (c.name, c.nullable, c.unique, c.index) for c in original.c
    ]
    assert next(iter(table.foreign_keys)).column is metadata.tables["groups"].c.id
    assert original.c.id.table is original


@pytest.mark.parametrize(
    "make",
    [
        lambda: UniqueConstraint("a", name="u", deferrable=True),
        lambda: PrimaryKeyConstraint("a"),
        lambda: CheckConstraint("a > 0", name="c"),
        lambda: ForeignKeyConstraint(["a"], ["t.b"], ondelete="cascade"),
        lambda: Index("i", "a", unique=True, postgresql_where=text("a > 0")),
    ],
)
def test_constraints_copy(make: Any) -> None:
    """LB-03: for another table with the same columns."""
    one = Table("t", MetaData(), Column("a", Integer), Column("b", Integer))
    two = Table("t", MetaData(), Column("a", Integer), Column("b", Integer))
    constraint = make()
    constraint.attach(one)

    copy = constraint.copy()
    copy.attach(two)

    assert copy.name == constraint.name
    assert [column.table for column in getattr(copy, "columns", [])] in ([two], [])


def test_the_same_name_gives_the_same_table() -> None:
    """LB-17: a second definition is refused unless asked for."""
    metadata = MetaData()
    table = users(metadata)

    assert Table("users", metadata) is table
    assert users(metadata, keep_existing=True) is table
    with pytest.raises(exc.InvalidRequestError) as caught:
        users(metadata)
    assert caught.value.code == "table-exists"

    assert Table("users", metadata, Column("more", Integer), extend_existing=True) is table
    assert table.c.keys() == ["id", "name", "group_id", "more"]


def test_a_column_that_is_replaced_takes_its_foreign_keys_along() -> None:
    """LB-03: what a declarative class needs that overrides a mixin's column."""
    metadata = MetaData()
    groups(metadata)
    table = users(metadata)

    Table("users", metadata, Column("group_id", Integer), extend_existing=True)

    assert not table.foreign_keys
    assert not table.foreign_key_constraints
    assert table.c.keys() == ["id", "name", "group_id"]


def test_parts_print_readably() -> None:
    """ER-21: for messages and debuggers."""
    table = users(MetaData())
    (key,) = table.foreign_keys

    assert repr(table) == "Table('users', id, name, group_id)"
    assert repr(table.c.name) == "Column('name', String(length=50))"
    assert (str(table), str(table.c.name)) == ("users", "users.name")
    assert repr(key) == "ForeignKey('groups.id')"
    assert repr(table.c) == "ColumnCollection(id, name, group_id)"
    assert repr(table.metadata) == "MetaData()"
    assert "users_group_id" not in repr(next(iter(table.indexes)))
    assert repr(Column("x", default=5).default) == "ColumnDefault(5)"
    assert repr(table.alias("y").c.name) == "<ProxyColumn name>"
    assert repr(key.constraint) == "<ForeignKeyConstraint (unnamed)>"


def test_a_foreign_key_by_column_and_by_database_name() -> None:
    """LB-17: the object itself, or the name that the database knows."""
    metadata = MetaData()
    parent = Table("p", metadata, Column("Database Name", Integer, key="short"))
    one = Table("one", metadata, Column("x", ForeignKey(parent.c.short)))
    two = Table("two", metadata, Column("x", ForeignKey("p.Database Name", link_to_name=True)))

    for table in (one, two):
        (key,) = table.foreign_keys
        assert key.column is parent.c.short
        assert key.target_table_key == "p"
        assert key.references(parent)
    assert next(iter(one.foreign_keys)).target_fullname == "p.short"


def test_server_side_items_among_the_arguments() -> None:
    """LB-18: as DefaultClause, FetchedValue and ColumnDefault objects."""
    one = Column("x", Integer, DefaultClause("5"))
    two = Column("x", Integer, FetchedValue())
    three = Column("x", Integer, ColumnDefault(5))

    assert one.server_default is not None and one.server_default.arg == "5"
    assert two.server_default is not None and two.server_default.arg is None
    assert three.default is not None and three.default.arg == 5


def test_metadata_holds_its_tables() -> None:
    """LB-17: by key, in order of definition; sorted by dependency."""
    metadata = MetaData()
    one, two = users(metadata), groups(metadata)

    assert list(metadata.tables) == ["users", "groups"]
    assert metadata.sorted_tables == [two, one]
    assert "users" in metadata
    assert one in metadata
    metadata.remove(one)
    assert list(metadata.tables) == ["groups"]
    metadata.clear()
    assert not metadata.tables


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda: Table("t", MetaData(), Column("a", Integer), Column("a", Integer)), "duplicate-column"),
        (lambda: Table("t", MetaData(), Column(Integer)), "column-without-name"),
        (lambda: Table("t", MetaData(), users(MetaData()).c.name), "column-has-table"),
        (lambda: Table("t", MetaData(), "x"), "bad-table-argument"),
        (lambda: Table("t", MetaData(), Column("a", Integer), mysql_engine="x", colour=1), "bad-table-argument"),
        (lambda: Table("t", MetaData(), Column("a", Integer), UniqueConstraint("b")), "unknown-column"),
        (lambda: Column("a", Integer, "x"), "bad-column-argument"),
        (lambda: Column("a", Integer, server_default=5), "bad-server-default"),
        (lambda: ForeignKey("x"), "bad-fk-target"),
        (lambda: ForeignKey(5), "bad-fk-target"),
        (lambda: ForeignKey("a.b", ondelete="DROP TABLE a"), "bad-fk-action"),
        (lambda: ForeignKeyConstraint(["a"], []), "bad-fk-target"),
    ],
)
def test_what_is_refused(make: Any, code: str) -> None:
    """ER-02: a schema that cannot be is refused where it is written."""
    with pytest.raises(exc.UnitworkError) as caught:
        make()

    assert caught.value.code == code


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (True, Boolean),
        (1, Integer),
        (1.5, Float),
        ("x", String),
        (b"x", LargeBinary),
        (decimal.Decimal(1), Numeric),
        (datetime.datetime(2020, 1, 1), DateTime),
        (datetime.date(2020, 1, 1), Date),
        (datetime.time(), Time),
        (int, Integer),
        (object(), NullType),
    ],
)
def test_types_of_python_values(value: object, expected: type) -> None:
    """LB-19: by class, subclasses included; datetime is no date."""
    assert type(type_for(value)) is expected


@pytest.mark.parametrize(
    ("type_", "shown", "python"),
    [
        (Integer(), "Integer()", int),
        (String(50), "String(length=50)", str),
        (Unicode(), "Unicode()", str),
        (Text(), "Text()", str),
        (Numeric(10, 2), "Numeric(precision=10, scale=2, asdecimal=True)", decimal.Decimal),
        (Numeric(asdecimal=False), "Numeric(asdecimal=False)", float),
        (Float(), "Float(asdecimal=False)", float),
        (DateTime(True), "DateTime(timezone=True)", datetime.datetime),
    ],
)
def test_what_a_type_knows(type_: TypeEngine, shown: str, python: type) -> None:
    """LB-19: its parameters and its Python class."""
    assert repr(type_) == shown
    assert type_.python_type is python


def test_types_are_equal_by_cache_key() -> None:
    """LB-19: class and parameters."""
    assert String(5).cache_key == String(5).cache_key
    assert String(5).cache_key != String(6).cache_key
    assert String(5).cache_key != Unicode(5).cache_key
    assert Integer().cache_key == Integer().cache_key != BigInteger().cache_key


def test_values_are_compared_by_their_type() -> None:
    """LB-20: the default is equality."""
    assert Numeric().compare_values(decimal.Decimal("1.0"), decimal.Decimal("1.00"))
    assert not String().compare_values("a", None)


def test_a_class_stands_for_its_instance() -> None:
    """LB-19: where a type is expected."""
    given = String(5)

    assert isinstance(to_type(String), String)
    assert to_type(given) is given
