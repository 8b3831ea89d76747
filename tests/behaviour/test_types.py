"""Enum, Uuid, Interval, PickleType, types of the user, variants: as columns, in mappings and in statements."""

from __future__ import annotations

import datetime
import enum
import uuid
from decimal import Decimal
from typing import Any, Literal

import pytest

from unitwork import (
    BINARY,
    CHAR,
    BigInteger,
    Column,
    DateTime,
    Enum,
    Integer,
    MetaData,
    PickleType,
    String,
    Table,
    Time,
    TypeDecorator,
    bindparam,
    exc,
    func,
    insert,
    null,
    select,
    text,
    update,
)
from unitwork.orm import DeclarativeBase, Mapped, Session, mapped_column
from unitwork.types import UserDefinedType


class Level(enum.Enum):
    """Members whose names and values differ."""

    LOW = "l"
    HIGH = "h"


class Backwards(TypeDecorator):
    """Text, stored backwards; sees NULL."""

    impl = String(20)
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Any) -> Any:
        return None if value is None else value[::-1]

    def process_result_value(self, value: Any, dialect: Any) -> Any:
        return "(nothing)" if value is None else value[::-1]


class Cents(TypeDecorator):
    """An amount of money, stored as a whole number of cents; BIGINT on servers."""

    impl = Integer
    cache_ok = True

    def load_dialect_impl(self, dialect: Any) -> Any:
        return dialect.type_descriptor(Integer() if dialect.name == "sqlite" else BigInteger())

    def process_bind_param(self, value: Any, dialect: Any) -> Any:
        return None if value is None else int(value * 100)

    def process_result_value(self, value: Any, dialect: Any) -> Any:
        return None if value is None else Decimal(value) / 100

    def coerce_compared_value(self, op: Any, value: Any) -> Any:
        return Integer() if isinstance(value, int) else self

    def compare_values(self, left: Any, right: Any) -> bool:
        return left is not None and right is not None and round(left, 2) == round(right, 2)


class Point(UserDefinedType):
    """Two numbers as a text."""

    cache_ok = True

    def get_col_spec(self, **options: Any) -> str:
        return "VARCHAR(40)"

    def bind_processor(self, dialect: Any) -> Any:
        return lambda value: None if value is None else f"{value[0]};{value[1]}"

    def result_processor(self, dialect: Any, coltype: Any) -> Any:
        return lambda value: None if value is None else tuple(int(part) for part in value.split(";"))


class Base(DeclarativeBase):
    """The tables of these tests."""


class Thing(Base):
    """One column of each type."""

    __tablename__ = "thing"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    level: Mapped[Level | None]
    word: Mapped[Literal["yes", "no"] | None]
    span: Mapped[datetime.timedelta | None]
    back: Mapped[str | None] = mapped_column(Backwards())
    cents: Mapped[Decimal | None] = mapped_column(Cents)
    point: Mapped[Any] = mapped_column(Point(), nullable=True)
    pickled: Mapped[Any] = mapped_column(PickleType, nullable=True)
    none: Mapped[str | None] = mapped_column(String(20).evaluates_none(), default="python", server_default="server")
    number: Mapped[Any] = mapped_column(Integer().with_variant(BigInteger(), "mysql", "postgresql"), nullable=True)


@pytest.fixture
def things(engine: Any) -> Any:
    """The engine, with an empty table `thing`."""
    Base.metadata.create_all(engine)
    return engine


def test_columns_of_a_mapped_class(things: Any) -> None:
    """LB-19, LB-02: through a flush, a load, a change, and a look-up by a key that is a UUID."""
    values = {
        "level": Level.HIGH, "word": "no", "span": datetime.timedelta(days=-40, microseconds=1), "back": "abc",
        "cents": Decimal("12.34"), "point": (3, -4), "pickled": {"a": {1, 2}}, "none": None, "number": 2**40,
    }  # fmt: skip
    with Session(things) as session:
        thing = Thing(**values)
        session.add_all([thing, Thing()])
        session.commit()
        key = thing.id
        session.expunge_all()
        loaded = session.get(Thing, key)
        assert loaded is not None
        found = {name: getattr(loaded, name) for name in values}
        loaded.level, loaded.span = Level.LOW, datetime.timedelta(seconds=1)
        session.commit()
        again = session.scalars(select(Thing).where(Thing.id == key)).one()
        changed = (again.level, again.span)
        empty = session.scalars(select(Thing).where(Thing.level.is_(None))).one()

    assert isinstance(key, uuid.UUID)
    assert found == values
    assert changed == (Level.LOW, datetime.timedelta(seconds=1))
    assert (empty.back, empty.none, empty.point, empty.pickled) == ("(nothing)", "python", None, None)


def test_values_beside_columns(things: Any) -> None:
    """LB-19, LB-22: a plain value has the type of the column that it stands beside."""
    key = uuid.uuid4()
    with Session(things) as session:
        session.add(Thing(
            id=key, level=Level.HIGH, word="yes", span=datetime.timedelta(hours=30), back="abc", cents=Decimal("2.50"),
            point=(1, 2), pickled=[1],
        ))  # fmt: skip
        session.flush()
        true = [
            Thing.id == key, Thing.id.in_([key]), Thing.level == Level.HIGH, Thing.level.in_([Level.LOW, Level.HIGH]),
            Thing.level == "HIGH",
            Thing.word == "yes", Thing.span > datetime.timedelta(hours=29), Thing.back == "abc",
            Thing.back.in_(["abc"]),
            Thing.cents == Decimal("2.50"), Thing.cents == 250, Thing.cents.in_([Decimal("2.50")]),
            Thing.cents.between(Decimal(2), Decimal(3)), Thing.point == (1, 2), Thing.span != null(),
            Decimal("2.5") == Thing.cents, Thing.pickled == [1],
        ]  # fmt: skip
        counts = [session.scalar(select(func.count()).select_from(Thing).where(one)) for one in true]
        top = session.scalar(select(func.max(Thing.cents)))
        changed = session.execute(update(Thing).values(cents=Thing.cents + Decimal("0.50")))
        total = session.scalar(select(Thing.cents))

    assert counts == [1] * len(true)
    assert (top, changed.rowcount, total) == (Decimal("2.5"), 1, Decimal("3"))


def test_compare_values_decides_net_change(things: Any, statements: Any) -> None:
    """LB-20: the type says whether a value has changed."""
    with Session(things) as session:
        thing = Thing(cents=Decimal("1.00"), pickled=[1])
        session.add(thing)
        session.commit()
        assert (thing.cents, thing.pickled) == (Decimal(1), [1])
        thing.cents = Decimal("1.001")
        thing.pickled = [1]
        with statements(things) as log:
            session.flush()
        thing.pickled.append(2)  # a change inside is not seen
        session.commit()
        inside = thing.pickled

    assert log.starting_with("UPDATE") == []
    assert inside == [1]


def test_none_is_a_value(things: Any) -> None:
    """PT-22: None is written as NULL past both defaults; never set, the default applies."""
    with Session(things) as session:
        explicit, never = Thing(none=None), Thing()
        session.add_all([explicit, never])
        session.commit()

        assert (explicit.none, never.none) == (None, "python")


UNFIT: list[tuple[str, Any, str]] = [
    ("level", "HIGH", "none of"),
    ("level", "h", "none of"),
    ("level", 1, "expected"),
    ("word", "maybe", "none of"),
    ("word", 5, "expected"),
    ("span", 5, "timedelta"),
    ("span", "1 day", "timedelta"),
    ("id", "12345678-1234-5678-1234-567812345678", "UUID"),
    ("back", "x" * 21, "characters"),
    ("pickled", lambda: None, "pickled"),
    ("number", "5", "int"),
]


@pytest.mark.parametrize("place", range(len(UNFIT)))
def test_values_that_do_not_fit(things: Any, place: int) -> None:
    """ER-18, LB-19: refused by a flush before SQL, by an error that names column, type and class."""
    name, value, words = UNFIT[place]
    with Session(things) as session:
        session.add(Thing(**{name: value}))
        with pytest.raises(exc.StatementError, match=words) as caught:
            session.flush()

    assert caught.value.code == "bad-value"
    assert f"thing.{name} ({Thing.__table__.c[name].type!r}), of class {type(value).__qualname__}" in str(caught.value)


def test_a_name_that_the_enum_does_not_have(engine: Any) -> None:
    """LB-19: what another program wrote is a LookupError that says so."""
    table = Table("alien", MetaData(), Column("level", Enum(Level, native_enum=False)))
    with engine.begin() as connection:
        table.create(connection)
        connection.execute(text("INSERT INTO alien (level) VALUES ('MID')"))
        with pytest.raises(LookupError, match=r"'MID'.*LOW, HIGH"):
            connection.execute(select(table.c.level)).all()


def test_enums_in_the_schema(engine: Any) -> None:
    """LB-17, LB-19: a type of the database comes with its first table and goes with its last one."""
    metadata = MetaData()
    level = Enum(Level, name="uw_level")
    checked = Enum("a", "b'c", native_enum=False, create_constraint=True, name="ck_letter")
    one = Table("one", metadata, Column("id", Integer, primary_key=True), Column("level", level, nullable=False))
    two = Table("two", metadata, Column("id", Integer, primary_key=True), Column("level", level), Column("c", checked))
    for _ in range(2):
        metadata.create_all(engine)
        metadata.create_all(engine)
        one.drop(engine)
        one.create(engine)
        with engine.begin() as connection:
            connection.execute(insert(one).values(id=1, level=Level.LOW))
            connection.execute(insert(two), [{"id": 1, "level": Level.HIGH, "c": "b'c"}, {"id": 2, "c": "a"}])
            assert connection.scalars(select(two.c.level).order_by(two.c.id)).all() == [Level.HIGH, None]
        with engine.connect() as connection, pytest.raises(exc.IntegrityError):
            connection.execute(text("INSERT INTO two (id, c) VALUES (3, 'z')"))
        metadata.drop_all(engine)
        metadata.drop_all(engine)


def test_values_callable(engine: Any) -> None:
    """LB-19: the database keeps what values_callable gives."""
    kept = Enum(Level, values_callable=lambda cls: [member.value for member in cls], name="uw_value_level")
    table = Table("valued", MetaData(), Column("level", kept))
    with engine.begin() as connection:
        table.create(connection)
        connection.execute(insert(table).values(level=Level.HIGH))
        raw = connection.scalar(text("SELECT level FROM valued"))
        found = connection.scalar(select(table.c.level))
        table.drop(connection)

    assert (raw, found) == ("h", Level.HIGH)


def test_text_of_a_fixed_length(engine: Any) -> None:
    """LB-19: CHAR comes back without the blanks that some databases fill it up with."""
    table = Table("fixed", MetaData(), Column("code", CHAR(5)), Column("key", BINARY(2)))
    with engine.begin() as connection:
        table.create(connection)
        connection.execute(insert(table).values(code="ab", key=b"\0\1"))
        found = connection.execute(select(table)).one()
        equal = connection.scalar(select(func.count()).select_from(table).where(table.c.code == "ab"))

    assert (tuple(found), equal) == (("ab", b"\0\1"), 1)


def test_a_time_of_day_with_a_zone(engine: Any) -> None:
    """LB-44: only PostgreSQL has it; elsewhere it is refused by name when the table is created."""
    table = Table("zoned", MetaData(), Column("at", Time(timezone=True)))
    at = datetime.time(12, 30, tzinfo=datetime.timezone(datetime.timedelta(hours=5, minutes=30)))
    if engine.name != "postgresql":
        with pytest.raises(exc.CompileError) as caught:
            table.create(engine)
        assert caught.value.code == "time-with-zone"
        return
    with engine.begin() as connection:
        table.create(connection)
        connection.execute(insert(table).values(at=at))
        with pytest.raises(exc.StatementError):
            connection.execute(insert(table).values(at=datetime.time(12)))
        found = connection.scalar(select(table.c.at))

    assert (found, found.utcoffset()) == (at, at.utcoffset())


def test_moments_are_read_in_utc(engine: Any) -> None:
    """LB-19: whatever the zone of the session, an aware moment comes back in UTC; also in the hour that comes twice."""
    table = Table("moments", MetaData(), Column("id", Integer, primary_key=True), Column("at", DateTime(timezone=True)))
    first = datetime.datetime(2024, 10, 27, 0, 30, 0, 1, datetime.timezone.utc)
    moments = [first, first + datetime.timedelta(hours=1), first + datetime.timedelta(hours=2)]
    with engine.begin() as connection:
        if engine.name == "postgresql":
            connection.execute(text("SET TIME ZONE 'Europe/Berlin'"))
        table.create(connection)
        connection.execute(insert(table), [{"at": moment} for moment in moments])
        found = connection.scalars(select(table.c.at).order_by(table.c.at)).all()

    assert found == moments
    assert {moment.tzinfo for moment in found} == {datetime.timezone.utc}





def test_bind_of_unknown_type_takes_that_of_its_column(things: Any) -> None:
    """LB-22: bindparam() beside a column has the column's type."""
    key = uuid.uuid4()
    with Session(things) as session:
        session.add(Thing(id=key, level=Level.LOW))
        session.flush()
        listed = Thing.level.in_(bindparam("all", expanding=True))
        query = select(Thing.level).where(Thing.id == bindparam("key"), listed)
        found = session.execute(query, {"key": key, "all": [Level.LOW]}).scalar_one()
        session.execute(update(Thing).values(level=bindparam("new")), {"new": Level.HIGH})
        changed = session.scalar(select(Thing.level))

    assert (found, changed) == (Level.LOW, Level.HIGH)
