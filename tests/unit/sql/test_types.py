"""Types as descriptions: identity, copies, variants, what is refused when they are made."""

from __future__ import annotations

import enum
import pickle
from typing import Any

import pytest

from unitwork import exc
from unitwork import types as t
from unitwork.dialects.mysql import MariaDBDialect
from unitwork.dialects.postgresql import JSONB, PostgreSQLDialect
from unitwork.dialects.sqlite import SQLiteDialect
from unitwork.sql import types as plain
from unitwork.sql.columns import column
from unitwork.sql.elements import cast
from unitwork.sql.shape import shape_of


class Size(enum.Enum):
    """Members."""

    SMALL = 1
    LARGE = 2


class Keyed(t.TypeDecorator):
    """Its instances of equal arguments work alike."""

    impl = t.String
    cache_ok = True

    def __init__(self, length: int, hook: Any = None) -> None:
        super().__init__(length)
        self.length_ = length
        self.hook = hook


class Unkeyed(t.TypeDecorator):
    """Says nothing about its instances."""

    impl = t.String


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        (t.String(5), t.String(5), True),
        (t.String(5), t.String(6), False),
        (t.String(5), t.Text(5), False),
        (t.Enum(Size), t.Enum(Size), True),
        (t.Enum("a"), t.Enum("b"), False),
        (t.Enum("a"), t.Enum("a", native_enum=False), False),
        (t.JSON(), t.JSON(), True),
        (t.JSON(), t.JSON(none_as_null=True), False),
        (t.JSON(), JSONB(), False),
        (t.String(), t.String().evaluates_none(), False),
        (t.Integer(), t.Integer().with_variant(t.BigInteger(), "sqlite"), False),
        (t.Integer().with_variant(t.Text(), "sqlite"), t.Integer().with_variant(t.Text(), "sqlite"), True),
        (t.Integer().with_variant(t.Text(), "sqlite"), t.Integer().with_variant(t.Text(), "mysql"), False),
        (Keyed(5), Keyed(5), True),
        (Keyed(5), Keyed(6), False),
        (Unkeyed(5), Unkeyed(5), False),
        (t.PickleType(), t.PickleType(), True),
        (t.PickleType(comparator=lambda a, b: True), t.PickleType(comparator=lambda a, b: True), False),
        (t.Uuid(), t.Uuid(as_uuid=False), False),
    ],
)
def test_identity_of_types(left: t.TypeEngine, right: t.TypeEngine, same: bool) -> None:
    """SB-50: statements share what was prepared only if their types work alike."""
    x = column("x")

    assert (left.cache_key == right.cache_key) is same
    assert (shape_of(cast(x, left)).key == shape_of(cast(x, right)).key) is same
    assert hash(left.cache_key) == hash(left.copy().cache_key) or isinstance(left, Unkeyed)


def test_arguments_without_hash_are_told_apart_by_instance() -> None:
    """SB-50: cache_ok=True with an argument that cannot be a key is as safe as without."""
    one, other = Keyed(5, hook=[]), Keyed(5, hook=[])

    assert one.cache_key != other.cache_key
    assert one.cache_key == one.cache_key


def test_copies_leave_the_original() -> None:
    """PT-23: evaluates_none() and with_variant() return copies."""
    type_ = t.String(5)
    marked, varied = type_.evaluates_none(), type_.with_variant(t.Text(), "sqlite")

    assert (type_.should_evaluate_none, marked.should_evaluate_none) == (False, True)
    assert (dict(type_.variants), type(varied.variants["sqlite"])) == ({}, t.Text)
    assert (marked.length, varied.length) == (5, 5)


DIALECTS = (SQLiteDialect(), PostgreSQLDialect(), MariaDBDialect())
NAMES: list[tuple[t.TypeEngine, tuple[str, str, str]]] = [
    (t.Enum(Size), ("VARCHAR(5)", "size", "ENUM('SMALL', 'LARGE')")),
    (t.Enum("a", "b'c", native_enum=False), ("VARCHAR(3)",) * 3),
    (t.Enum("a", length=9, native_enum=False), ("VARCHAR(9)",) * 3),
    (t.JSON(), ("TEXT", "JSON", "JSON")),
    (JSONB(), ("TEXT", "JSONB", "JSON")),
    (t.Uuid(), ("CHAR(32)", "UUID", "CHAR(32)")),
    (t.UUID(), ("CHAR(32)", "UUID", "CHAR(32)")),
    (t.Uuid(native_uuid=False), ("CHAR(32)",) * 3),
    (t.Interval(), ("BIGINT", "INTERVAL", "BIGINT")),
    (t.PickleType(), ("BLOB", "BYTEA", "LONGBLOB")),
    (t.CHAR(3), ("CHAR(3)",) * 3),
    (t.NVARCHAR(3), ("VARCHAR(3)",) * 3),
    (t.CLOB(), ("TEXT", "TEXT", "LONGTEXT")),
    (t.BINARY(4), ("BLOB", "BYTEA", "BINARY(4)")),
    (t.VARBINARY(4), ("BLOB", "BYTEA", "VARBINARY(4)")),
    (t.DECIMAL(8, 2), ("NUMERIC(8, 2)",) * 3),
    (t.REAL(), ("REAL", "REAL", "DOUBLE")),
    (t.TIMESTAMP(), ("DATETIME", "TIMESTAMP WITHOUT TIME ZONE", "DATETIME(6)")),
    (t.TIMESTAMP(timezone=True), ("DATETIME", "TIMESTAMP WITH TIME ZONE", "DATETIME(6)")),
    (t.BigInteger().with_variant(t.Integer(), "sqlite"), ("INTEGER", "BIGINT", "BIGINT")),
    (t.Text().with_variant(t.String(9), "mysql"), ("TEXT", "TEXT", "VARCHAR(9)")),
    (t.Text().with_variant(t.String(9), "mariadb"), ("TEXT", "TEXT", "VARCHAR(9)")),
    (Keyed(7), ("VARCHAR(7)",) * 3),
]


@pytest.mark.parametrize(("type_", "names"), NAMES, ids=lambda one: repr(one)[:40])
def test_names_in_sql(type_: t.TypeEngine, names: tuple[str, str, str]) -> None:
    """LB-19: as CREATE TABLE spells a type; compile() gives the same."""
    assert tuple(type_.compile(dialect) for dialect in DIALECTS) == names


def test_enum_of_postgresql_needs_a_name() -> None:
    """LB-44: there it becomes a type of the schema."""
    with pytest.raises(exc.CompileError) as caught:
        t.Enum("a").compile(DIALECTS[1])

    assert caught.value.code == "enum-without-name"


def test_type_of_an_enum_is_made_once_and_quoted() -> None:
    """LB-34: whatever its values are, they stay text."""
    style = DIALECTS[1].style
    made = style.create_type(t.Enum("it's", "$unitwork$", name="Big Name"))

    assert made == (
        "DO $unitwork_$ BEGIN CREATE TYPE \"Big Name\" AS ENUM ('it''s', '$unitwork$'); "
        "EXCEPTION WHEN duplicate_object THEN NULL; END $unitwork_$"
    )


@pytest.mark.parametrize(
    ("make", "error", "code"),
    [
        (lambda: t.Enum("a", "a"), exc.ArgumentError, "bad-enum"),
        (lambda: t.Enum("a", 5), exc.ArgumentError, "bad-enum"),
        (lambda: t.Enum("abc", length=2), exc.ArgumentError, "bad-enum"),
        (lambda: t.Enum(Size, values_callable=lambda cls: ["x"]), exc.ArgumentError, "bad-enum"),
        (lambda: t.Integer().with_variant(t.Text()), exc.ArgumentError, "bad-variant"),
        (
            lambda: t.Integer().with_variant(t.Text(), "sqlite").with_variant(t.Text(), "sqlite"),
            exc.ArgumentError,
            "bad-variant",
        ),
        (lambda: type("Bare", (t.TypeDecorator,), {})(), exc.ArgumentError, "type-decorator-impl"),
        (
            lambda: type("Wrapping", (t.UserDefinedType,), {"column_expression": lambda self, col: col}),
            exc.ArgumentError,
            "type-expression",
        ),
        (lambda: t.UserDefinedType().compile(DIALECTS[0]), exc.CompileError, "type-not-renderable"),
        (lambda: t.BINARY().compile(DIALECTS[2]), exc.CompileError, "varchar-length"),
    ],
)
def test_what_cannot_be_made(make: Any, error: type[Exception], code: str) -> None:
    """LB-19: said by name, when the type is made or spelled."""
    with pytest.raises(error) as caught:
        make()

    assert caught.value.code == code  # type: ignore[attr-defined]


def test_enum_options_are_checked() -> None:
    """ER-02: a mistyped option is no option."""
    with pytest.raises(TypeError, match="creat_constraint"):
        t.Enum("a", creat_constraint=True)


def test_enum_aliases() -> None:
    """LB-19: aliases are left out, or are names of the same member."""

    class Two(enum.Enum):
        ONE = 1
        ALIAS = 1  # noqa: PIE796

    assert t.Enum(Two).enums == ["ONE"]
    assert t.Enum(Two, omit_aliases=False).enums == ["ONE", "ALIAS"]
    assert t.Enum(Two, omit_aliases=False).to_name == {Two.ONE: "ONE"}


@pytest.mark.parametrize(
    ("type_", "left", "right", "same"),
    [
        (t.Float(), 0.0, -0.0, False),
        (t.Float(), 0.0, 0.0, True),
        (t.Float(), None, 0.0, False),
        (t.JSON(), {"a": 1}, {"a": 1.0}, False),
        (t.JSON(), {"a": 1}, {"a": True}, False),
        (t.JSON(), {"a": 1, "b": 2}, {"b": 2, "a": 1}, True),
        (t.JSON(), [set()], [set()], True),
        (t.PickleType(comparator=lambda a, b: True), 1, 2, True),
        (Keyed(3), "a", "a", True),
        (t.Uuid(), None, None, True),
    ],
)
def test_comparison_of_values(type_: t.TypeEngine, left: Any, right: Any, same: bool) -> None:
    """LB-20: what counts as the same value."""
    assert type_.compare_values(left, right) is same


def test_texts_and_pickles() -> None:
    """LB-19: types are readable, can be pickled and copied; a decorator knows what its type knows."""
    assert str(t.Enum("a", "b")) == "Enum('a', 'b')"
    assert repr(t.Uuid()) == "Uuid(as_uuid=True, native_uuid=True)"
    assert Keyed(7).length == 7
    assert pickle.loads(pickle.dumps(t.Enum(Size))).cache_key == t.Enum(Size).cache_key
    assert repr(t.JSON.NULL) == "JSON.NULL"
    assert pickle.loads(pickle.dumps(t.JSON.NULL)) is t.JSON.NULL
    assert plain.type_for(type("MyInt", (int,), {})(3)) is plain.INTEGER
