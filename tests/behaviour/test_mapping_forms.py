"""The ways to map a class, each proved by a round trip through the database (LB-01 to LB-13)."""

from __future__ import annotations

import dataclasses
from typing import Any, ClassVar, Optional

import pytest

from unitwork import Column, ForeignKey, Integer, MetaData, String, Table, UniqueConstraint, exc, inspect, select
from unitwork.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    declarative_base,
    declared_attr,
    mapped_column,
    registry,
    relationship,
)


def reloaded(engine: Any, metadata: MetaData, obj: Any) -> Any:
    """Store an object in new tables and give its copy from a fresh Session, detached with its columns loaded."""
    metadata.create_all(engine)
    with Session(engine) as session:
        session.add(obj)
        session.commit()
        key = inspect(obj).identity
    with Session(engine) as session:
        copy = session.get(type(obj), key)
    assert copy is not None
    assert copy is not obj
    return copy


def planet_table(metadata: MetaData) -> Table:
    return Table("planet", metadata, Column("id", Integer, primary_key=True), Column("name", String(20)))


def test_annotations_give_type_and_nullability(engine: Any) -> None:
    """LB-02: Mapped[int] is a NOT NULL integer, Mapped[int | None] and Optional are nullable."""

    class Base(DeclarativeBase):
        pass

    class Planet(Base):
        __tablename__ = "planet"
        id: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[str] = mapped_column(String(20))
        moons: Mapped[int | None]
        rings: Mapped[Optional[int]]  # noqa: UP045 - the older spelling is what is tested

    copy = reloaded(engine, Base.metadata, Planet(name="Mars", moons=2))

    assert (copy.id, copy.name, copy.moons, copy.rings) == (1, "Mars", 2, None)
    assert [column.nullable for column in Planet.__table__.c] == [False, False, True, True]
    assert isinstance(Planet.__table__.c.moons.type, Integer)


def test_nullable_of_mapped_column_wins_over_the_annotation() -> None:
    """LB-02: nullable= given to mapped_column() is taken, whatever the annotation says."""

    class Base(DeclarativeBase):
        pass

    class Planet(Base):
        __tablename__ = "planet"
        id: Mapped[int] = mapped_column(primary_key=True)
        moons: Mapped[int] = mapped_column(nullable=True)

    assert Planet.__table__.c.moons.nullable is True


def test_mapped_column_without_annotation(engine: Any) -> None:
    """LB-01: mapped_column() needs no annotation."""

    class Base(DeclarativeBase):
        pass

    class Planet(Base):
        __tablename__ = "planet"
        id = mapped_column(Integer, primary_key=True)
        name = mapped_column(String(20))

    copy = reloaded(engine, Base.metadata, Planet(name="Mars"))

    assert copy.name == "Mars"


def test_column_objects_are_accepted(engine: Any) -> None:
    """LB-01: a declarative class may be written with Column objects."""

    class Base(DeclarativeBase):
        pass

    class Planet(Base):
        __tablename__ = "planet"
        id = Column(Integer, primary_key=True)
        name = Column(String(20))

    copy = reloaded(engine, Base.metadata, Planet(name="Mars"))

    assert copy.name == "Mars"


def test_table_given_to_a_declarative_class(engine: Any) -> None:
    """LB-03: __table__ maps an existing Table."""

    class Base(DeclarativeBase):
        pass

    class Planet(Base):
        __table__ = planet_table(Base.metadata)

    copy = reloaded(engine, Base.metadata, Planet(name="Mars"))

    assert copy.name == "Mars"


def test_registry_decorator(engine: Any) -> None:
    """LB-01: registry.mapped maps a class that has no base."""
    mapping = registry()

    @mapping.mapped
    class Planet:
        __tablename__ = "planet"
        id: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[str] = mapped_column(String(20))

    copy = reloaded(engine, mapping.metadata, Planet(name="Mars"))

    assert copy.name == "Mars"


def test_declarative_base_function(engine: Any) -> None:
    """LB-01: declarative_base() gives a base class with a metadata of its own."""
    base: Any = declarative_base()

    class Planet(base):
        __tablename__ = "planet"
        id = Column(Integer, primary_key=True)
        name = Column(String(20))

    copy = reloaded(engine, base.metadata, Planet(name="Mars"))

    assert copy.name == "Mars"


def test_columns_of_a_mixin_are_copied_to_each_class(engine: Any) -> None:
    """LB-03: two classes of one mixin have columns of their own."""

    class Base(DeclarativeBase):
        pass

    class Named:
        id: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[str] = mapped_column(String(20))

    class Planet(Named, Base):
        __tablename__ = "planet"

    class Star(Named, Base):
        __tablename__ = "star"

    copy = reloaded(engine, Base.metadata, Star(name="Sun"))

    assert copy.name == "Sun"
    assert Planet.__table__.c.name.table is Planet.__table__
    assert Star.__table__.c.name.table is Star.__table__


def test_declared_attr_is_called_with_each_class() -> None:
    """LB-03: declared_attr computes attributes of a mixin from the class."""

    class Base(DeclarativeBase):
        pass

    class Named:
        @declared_attr.directive
        def __tablename__(cls) -> str:
            return cls.__name__.lower()

        @declared_attr
        def id(cls) -> Mapped[int]:
            return mapped_column(f"{cls.__name__.lower()}_id", primary_key=True)

    class Planet(Named, Base):
        pass

    class Star(Named, Base):
        pass

    assert (Planet.__table__.name, Planet.__table__.c.keys()) == ("planet", ["planet_id"])
    assert (Star.__table__.name, Star.__table__.c.keys()) == ("star", ["star_id"])


def test_abstract_class_is_not_mapped() -> None:
    """LB-03: __abstract__ keeps a class out of the mapping and hands its columns down."""

    class Base(DeclarativeBase):
        pass

    class Body(Base):
        __abstract__ = True
        id: Mapped[int] = mapped_column(primary_key=True)

    class Planet(Body):
        __tablename__ = "planet"

    assert list(Base.metadata.tables) == ["planet"]
    assert Planet.__table__.c.keys() == ["id"]


def test_table_args_reach_the_table(engine: Any) -> None:
    """LB-03: constraints and options of __table_args__ become part of the table."""

    class Base(DeclarativeBase):
        pass

    class Planet(Base):
        __tablename__ = "planet"
        __table_args__ = (UniqueConstraint("name"), {"info": {"kind": "body"}})
        id: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[str] = mapped_column(String(20))

    Base.metadata.create_all(engine)
    with Session(engine) as session, pytest.raises(exc.IntegrityError):
        session.add_all([Planet(name="Mars"), Planet(name="Mars")])
        session.flush()

    assert Planet.__table__.info == {"kind": "body"}


def test_type_annotation_map_gives_the_column_type() -> None:
    """LB-02: the base decides which column type a Python type stands for."""

    class Base(DeclarativeBase):
        type_annotation_map: ClassVar[dict[Any, Any]] = {str: String(33)}

    class Planet(Base):
        __tablename__ = "planet"
        id: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[str]

    assert Planet.__table__.c.name.type.length == 33


def test_attribute_name_may_differ_from_the_column_name(engine: Any) -> None:
    """LB-06: mapped_column("other_name") maps an attribute to a column of another name."""

    class Base(DeclarativeBase):
        pass

    class Planet(Base):
        __tablename__ = "planet"
        key: Mapped[int] = mapped_column("planet_id", primary_key=True)
        label: Mapped[str] = mapped_column("planet_name", String(20))

    copy = reloaded(engine, Base.metadata, Planet(label="Mars"))

    assert (copy.key, copy.label) == (1, "Mars")
    assert Planet.__table__.c.keys() == ["planet_id", "planet_name"]


def test_composite_primary_key(engine: Any) -> None:
    """LB-06: a key of two columns, given by hand, is the identity in table order."""

    class Base(DeclarativeBase):
        pass

    class Cell(Base):
        __tablename__ = "cell"
        x: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
        y: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
        value: Mapped[int]

    copy = reloaded(engine, Base.metadata, Cell(x=3, y=4, value=7))

    assert (inspect(copy).identity, copy.value) == ((3, 4), 7)


def test_primary_key_that_is_a_foreign_key(engine: Any) -> None:
    """LB-06, FP-10: a key that refers to the parent's key is filled from the parent."""

    class Base(DeclarativeBase):
        pass

    class Planet(Base):
        __tablename__ = "planet"
        id: Mapped[int] = mapped_column(primary_key=True)

    class Atmosphere(Base):
        __tablename__ = "atmosphere"
        planet_id: Mapped[int] = mapped_column(ForeignKey("planet.id"), primary_key=True)
        gas: Mapped[str] = mapped_column(String(20))
        planet: Mapped[Planet] = relationship()

    copy = reloaded(engine, Base.metadata, Atmosphere(gas="CO2", planet=Planet(id=9)))

    assert (copy.planet_id, copy.gas) == (9, "CO2")


def test_imperative_mapping_of_a_plain_class(engine: Any) -> None:
    """LB-04: map_imperatively() maps a class that knows nothing of tables."""
    mapping = registry()

    class Planet:
        pass

    mapping.map_imperatively(Planet, planet_table(mapping.metadata))
    mars = Planet()
    mars.name = "Mars"

    copy = reloaded(engine, mapping.metadata, mars)

    assert copy.name == "Mars"


def test_imperative_mapping_with_properties(engine: Any) -> None:
    """LB-04, LB-06: properties= renames columns and adds relationships in both directions."""
    mapping = registry()
    planets = planet_table(mapping.metadata)
    moons = Table(
        "moon",
        mapping.metadata,
        Column("id", Integer, primary_key=True),
        Column("planet_id", Integer, ForeignKey("planet.id")),
        Column("moon_name", String(20)),
    )

    class Planet:
        pass

    class Moon:
        pass

    mapping.map_imperatively(Planet, planets, properties={"moons": relationship(Moon, back_populates="planet")})
    mapping.map_imperatively(
        Moon, moons, properties={"label": moons.c.moon_name, "planet": relationship(Planet, back_populates="moons")}
    )
    moon = Moon()
    moon.label = "Phobos"
    moon.planet = Planet()
    moon.planet.name = "Mars"

    moons_of_planet = moon.planet.moons
    copy = reloaded(engine, mapping.metadata, moon)

    assert moons_of_planet == [moon]
    assert copy.label == "Phobos"


def test_dataclass_under_the_registry_decorator(engine: Any) -> None:
    """LB-01: a dataclass with __table__ keeps its own constructor, defaults and repr."""
    mapping = registry()

    @mapping.mapped
    @dataclasses.dataclass
    class Planet:
        __table__ = planet_table(mapping.metadata)
        name: str = "unnamed"
        id: int | None = None

    copy = reloaded(engine, mapping.metadata, Planet("Mars"))

    assert (copy.name, Planet().name) == ("Mars", "unnamed")
    assert repr(copy).endswith("Planet(name='Mars', id=1)")


def test_imperative_mapping_of_a_dataclass(engine: Any) -> None:
    """LB-04: a dataclass mapped imperatively compares by value and has no hash, and still works as a mapped class."""
    mapping = registry()

    @dataclasses.dataclass
    class Moon:
        name: str
        id: int | None = None

    @dataclasses.dataclass
    class Planet:
        name: str
        id: int | None = None
        moons: list[Moon] = dataclasses.field(default_factory=list)

    moons = Table(
        "moon",
        mapping.metadata,
        Column("id", Integer, primary_key=True),
        Column("planet_id", Integer, ForeignKey("planet.id")),
        Column("name", String(20)),
    )
    mapping.map_imperatively(Moon, moons)
    mapping.map_imperatively(Planet, planet_table(mapping.metadata), properties={"moons": relationship(Moon)})
    mapping.metadata.create_all(engine)

    with Session(engine) as session:
        session.add(Planet("Mars", moons=[Moon("Phobos"), Moon("Phobos")]))
        session.commit()
        loaded = session.scalars(select(Planet)).one()

        assert [moon.name for moon in loaded.moons] == ["Phobos", "Phobos"]
        assert loaded.moons[0] is not loaded.moons[1]


def test_default_constructor_takes_attribute_names() -> None:
    """LB-05: keywords are attribute names; an unknown one raises TypeError and names it."""

    class Base(DeclarativeBase):
        pass

    class Planet(Base):
        __tablename__ = "planet"
        id: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[str] = mapped_column(String(20))

    mars = Planet(id=4, name="Mars")

    assert (mars.id, mars.name) == (4, "Mars")
    with pytest.raises(TypeError, match="colour"):
        Planet(colour="red")


def test_own_constructor_runs_for_new_objects_only(engine: Any) -> None:
    """LB-05, ST-110: a user's __init__ is kept; loading a row does not call it."""
    calls = []

    class Base(DeclarativeBase):
        pass

    class Planet(Base):
        __tablename__ = "planet"
        id: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[str] = mapped_column(String(20))

        def __init__(self, name: str) -> None:
            calls.append(name)
            self.name = name.upper()

    copy = reloaded(engine, Base.metadata, Planet("Mars"))

    assert (copy.name, calls) == ("MARS", ["Mars"])


@pytest.mark.parametrize("form", ["string", "class", "callable"])
def test_relationship_target_may_be_resolved_late(form: str) -> None:
    """LB-11: the target is a class, its name, or a callable that gives the class."""

    class Base(DeclarativeBase):
        pass

    class Moon(Base):
        __tablename__ = "moon"
        id: Mapped[int] = mapped_column(primary_key=True)
        planet_id: Mapped[int] = mapped_column(ForeignKey("planet.id"))

    targets: dict[str, Any] = {"string": "Moon", "class": Moon, "callable": lambda: Moon}

    class Planet(Base):
        __tablename__ = "planet"
        id: Mapped[int] = mapped_column(primary_key=True)
        moons = relationship(targets[form])

    planet = Planet(moons=[Moon()])

    assert inspect(Planet).relationships["moons"].mapper.class_ is Moon
    assert len(planet.moons) == 1


def test_ambiguous_foreign_keys_are_refused_at_configuration() -> None:
    """LB-13: two foreign keys to the target and no choice between them raise AmbiguousForeignKeysError."""
    mapping = registry()

    @mapping.mapped
    class Planet:
        __tablename__ = "planet"
        id: Mapped[int] = mapped_column(primary_key=True)

    @mapping.mapped
    class Voyage:
        __tablename__ = "voyage"
        id: Mapped[int] = mapped_column(primary_key=True)
        start_id: Mapped[int] = mapped_column(ForeignKey("planet.id"))
        end_id: Mapped[int] = mapped_column(ForeignKey("planet.id"))
        start: Mapped[Planet] = relationship()

    try:
        with pytest.raises(exc.AmbiguousForeignKeysError, match="start"):
            mapping.configure()
    finally:
        mapping.dispose()


def test_foreign_keys_argument_settles_ambiguity(engine: Any) -> None:
    """LB-10, LB-13: foreign_keys= chooses the column of each relationship."""

    class Base(DeclarativeBase):
        pass

    class Planet(Base):
        __tablename__ = "planet"
        id: Mapped[int] = mapped_column(primary_key=True)

    class Voyage(Base):
        __tablename__ = "voyage"
        id: Mapped[int] = mapped_column(primary_key=True)
        start_id: Mapped[int] = mapped_column(ForeignKey("planet.id"))
        end_id: Mapped[int] = mapped_column(ForeignKey("planet.id"))
        start: Mapped[Planet] = relationship(foreign_keys=[start_id])
        end: Mapped[Planet] = relationship(foreign_keys=[end_id])

    copy = reloaded(engine, Base.metadata, Voyage(start=Planet(id=3), end=Planet(id=4)))

    assert (copy.start_id, copy.end_id) == (3, 4)


def test_missing_foreign_key_is_refused_at_configuration() -> None:
    """LB-13: a relationship between tables without a foreign key raises NoForeignKeysError."""
    mapping = registry()

    @mapping.mapped
    class Planet:
        __tablename__ = "planet"
        id: Mapped[int] = mapped_column(primary_key=True)

    @mapping.mapped
    class Voyage:
        __tablename__ = "voyage"
        id: Mapped[int] = mapped_column(primary_key=True)
        start: Mapped[Planet] = relationship()

    try:
        with pytest.raises(exc.NoForeignKeysError, match="start"):
            mapping.configure()
    finally:
        mapping.dispose()


def test_back_populates_of_a_missing_attribute_is_refused() -> None:
    """LB-09: back_populates that names no attribute of the target raises at configuration."""
    mapping = registry()

    @mapping.mapped
    class Planet:
        __tablename__ = "planet"
        id: Mapped[int] = mapped_column(primary_key=True)

    @mapping.mapped
    class Moon:
        __tablename__ = "moon"
        id: Mapped[int] = mapped_column(primary_key=True)
        planet_id: Mapped[int] = mapped_column(ForeignKey("planet.id"))
        planet: Mapped[Planet] = relationship(back_populates="satellites")

    try:
        with pytest.raises(exc.InvalidRequestError, match="satellites"):
            mapping.configure()
    finally:
        mapping.dispose()


def test_unknown_target_is_refused_at_configuration() -> None:
    """LB-09, LB-11: a target name that no class has raises InvalidRequestError and names it."""
    mapping = registry()

    @mapping.mapped
    class Planet:
        __tablename__ = "planet"
        id: Mapped[int] = mapped_column(primary_key=True)
        moons = relationship("Moooon")

    try:
        with pytest.raises(exc.InvalidRequestError, match="Moooon"):
            mapping.configure()
    finally:
        mapping.dispose()


def test_class_without_primary_key_is_refused() -> None:
    """LB-01: a mapped table needs a primary key; mapping one without raises ArgumentError."""

    class Base(DeclarativeBase):
        pass

    with pytest.raises(exc.ArgumentError, match="primary key"):

        class Planet(Base):
            __tablename__ = "planet"
            name: Mapped[str] = mapped_column(String(20))


def test_inspect_of_a_class_gives_its_mapper() -> None:
    """ST-33, LB-09: inspect(Class) is the mapper: class, table, key, columns and relationships."""

    class Base(DeclarativeBase):
        pass

    class Planet(Base):
        __tablename__ = "planet"
        id: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[str] = mapped_column(String(20))

    mapper = inspect(Planet)
    Base.registry.configure()

    assert (mapper.class_, mapper.local_table) == (Planet, Planet.__table__)
    assert [column.name for column in mapper.primary_key] == ["id"]
    assert [attribute.key for attribute in mapper.column_attrs] == ["id", "name"]
    assert list(mapper.relationships) == []


def test_class_attribute_is_an_sql_expression(engine: Any) -> None:
    """LB-22: a mapped attribute of the class takes part in SQL expressions."""

    class Base(DeclarativeBase):
        pass

    class Planet(Base):
        __tablename__ = "planet"
        id: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[str] = mapped_column(String(20))

    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add_all([Planet(name="Mars"), Planet(name="Venus"), Planet(name="Earth")])
        statement = select(Planet.name).where(Planet.name != "Mars", Planet.id < 3).order_by(Planet.name.desc())

        names = session.scalars(statement).all()

    assert names == ["Venus"]


def test_scalar_and_callable_defaults_are_filled_at_flush(engine: Any) -> None:
    """PT-19, PT-27: Python-side defaults are on the instance right after flush, not before."""

    class Base(DeclarativeBase):
        pass

    class Planet(Base):
        __tablename__ = "planet"
        id: Mapped[int] = mapped_column(primary_key=True)
        moons: Mapped[int] = mapped_column(default=0)
        rings: Mapped[int] = mapped_column(default=lambda: 4)

    Base.metadata.create_all(engine)
    with Session(engine) as session:
        planet = Planet()
        session.add(planet)
        before = (planet.moons, planet.rings)

        session.flush()

        assert (before, (planet.moons, planet.rings)) == ((None, None), (0, 4))


def test_one_to_one_of_an_annotation(engine: Any) -> None:
    """LB-02, LB-10: a one-to-many whose annotation is a class, not a list, holds one object."""

    class Base(DeclarativeBase):
        pass

    class Planet(Base):
        __tablename__ = "planet"
        id: Mapped[int] = mapped_column(primary_key=True)
        ruler: Mapped[Ruler | None] = relationship(back_populates="planet")

    class Ruler(Base):
        __tablename__ = "ruler"
        id: Mapped[int] = mapped_column(primary_key=True)
        planet_id: Mapped[int] = mapped_column(ForeignKey("planet.id"))
        planet: Mapped[Planet] = relationship(back_populates="ruler")

    planet = Planet(ruler=Ruler())

    assert planet.ruler.planet is planet
    assert inspect(Planet).relationships["ruler"].uselist is False
