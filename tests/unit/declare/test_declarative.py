"""Classes mapped by what their body declares."""

from __future__ import annotations

import datetime
import decimal
import enum
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated, Any, NewType

import pytest

from unitwork import exc
from unitwork.declare.attributes import declarative_mixin, declared_attr
from unitwork.declare.base import (
    DeclarativeBase,
    DeclarativeBaseNoMeta,
    as_declarative,
    declarative_base,
    has_inherited_table,
)
from unitwork.declare.constructors import column_property, deferred, mapped_column, relationship
from unitwork.declare.imperative import registry as registry_class
from unitwork.mapping.mapper import MANYTOONE, ONETOMANY, Mapper
from unitwork.mapping.registry import class_mapper, mapper_of
from unitwork.mapping.typed import Mapped
from unitwork.sql.constraints import UniqueConstraint
from unitwork.sql.foreign_keys import ForeignKey
from unitwork.sql.indexes import Index
from unitwork.sql.schema import Column, MetaData, Table
from unitwork.sql.types import (
    BigInteger,
    Boolean,
    Date,
    DateTime,
    Float,
    Integer,
    LargeBinary,
    Numeric,
    String,
    Text,
    Time,
)

pk = Annotated[int, mapped_column(primary_key=True)]
name30 = Annotated[str, 30]
owner_fk = Annotated[int, mapped_column(ForeignKey("owner.id"), index=True)]
Email = NewType("Email", str)


class Colour(str, enum.Enum):
    """Not to be taken for text."""

    RED = "red"


@pytest.fixture
def base() -> Iterator[Any]:
    """A new declarative base."""

    class Base(DeclarativeBase):
        type_annotation_map = {name30: String(30), decimal.Decimal: Numeric(10, 2)}

    yield Base
    Base.registry.dispose()


def columns(cls: Any) -> dict[str, tuple[str, bool]]:
    """Column name to type and nullability, in the order of the table."""
    return {column.name: (repr(column.type), column.nullable) for column in cls.__table__.c}


def test_types_and_nullability_come_from_annotations(base: Any) -> None:
    """LB-01, LB-02."""

    class Thing(base):
        __tablename__ = "thing"
        id: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[str]
        nick: Mapped[str | None] = mapped_column(String(20))
        size: Mapped[float | None]
        price: Mapped[decimal.Decimal]
        born: Mapped[datetime.date]
        seen: Mapped[datetime.datetime]
        wakes: Mapped[datetime.time]
        alive: Mapped[bool]
        image: Mapped[bytes]

    assert columns(Thing) == {
        "id": (repr(Integer()), False),
        "name": (repr(String()), False),
        "nick": (repr(String(20)), True),
        "size": (repr(Float()), True),
        "price": (repr(Numeric(10, 2)), False),
        "born": (repr(Date()), False),
        "seen": (repr(DateTime()), False),
        "wakes": (repr(Time()), False),
        "alive": (repr(Boolean()), False),
        "image": (repr(LargeBinary()), False),
    }
    assert [column.name for column in Thing.__table__.primary_key.columns] == ["id"]


def test_what_is_said_goes_before_the_annotation(base: Any) -> None:
    """Type and nullability. LB-02."""

    class Thing(base):
        __tablename__ = "thing"
        id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
        a: Mapped[str] = mapped_column(Text, nullable=True)
        b: Mapped[str | None] = mapped_column(nullable=False)

    assert columns(Thing) == {
        "id": (repr(BigInteger()), False),
        "a": (repr(Text()), True),
        "b": (repr(String()), False),
    }


def test_attributes_without_annotation_give_their_type(base: Any) -> None:
    """As mapped_column or as Column; nullable unless said. LB-01."""

    class Thing(base):
        __tablename__ = "thing"
        id = Column(Integer, primary_key=True)
        name = mapped_column(String(10))
        title = Column("headline", String(5), nullable=False)

    mapper = class_mapper(Thing)
    assert columns(Thing) == {
        "id": (repr(Integer()), False),
        "name": (repr(String(10)), True),
        "headline": (repr(String(5)), False),
    }
    assert list(mapper.columns) == ["id", "name", "title"]


def test_column_names_may_differ_from_attributes(base: Any) -> None:
    """LB-06."""

    class Thing(base):
        __tablename__ = "thing"
        key: Mapped[int] = mapped_column("id", primary_key=True)
        name: Mapped[str] = mapped_column("the_name", String(10))

    mapper = class_mapper(Thing)
    assert list(columns(Thing)) == ["id", "the_name"]
    assert mapper.pk_names == ("key",)
    assert mapper.name_by_column[Thing.__table__.c.the_name] == "name"


def test_annotated_types_carry_columns_and_keys(base: Any) -> None:
    """A template column, a key of the type map, a foreign key copied for each use. LB-02."""

    class Owner(base):
        __tablename__ = "owner"
        id: Mapped[pk]
        name: Mapped[name30]
        email: Mapped[Email | None]

    class Thing(base):
        __tablename__ = "thing"
        id: Mapped[pk]
        owner_id: Mapped[owner_fk]
        second_id: Mapped[owner_fk | None]

    assert columns(Owner) == {
        "id": (repr(Integer()), False),
        "name": (repr(String(30)), False),
        "email": (repr(String()), True),
    }
    table = Thing.__table__
    assert [index.columns.keys() for index in table.indexes] == [["owner_id"], ["second_id"]]
    assert all(column.references(Owner.__table__.c.id) for column in (table.c.owner_id, table.c.second_id))
    assert (table.c.owner_id.nullable, table.c.second_id.nullable) == (False, True)


def test_columns_stand_in_the_order_of_writing(base: Any) -> None:
    """Annotated or not, own ones before those of mixins; sort_order goes before."""

    class Stamp:
        created: Mapped[int]

    class Thing(Stamp, base):
        __tablename__ = "thing"
        first: Mapped[int]
        id: Mapped[int] = mapped_column(primary_key=True)
        third = Column(Integer)
        fourth: Mapped[int] = mapped_column()
        fifth = mapped_column(Integer)
        sixth: Mapped[int]
        zero: Mapped[int] = mapped_column(sort_order=-1)

    assert list(columns(Thing)) == ["zero", "first", "id", "third", "fourth", "fifth", "sixth", "created"]


def test_relationships_take_target_and_kind_from_annotations(base: Any) -> None:
    """LB-02, LB-10."""

    class Author(base):
        __tablename__ = "author"
        id: Mapped[pk]
        books: Mapped[list[Book]] = relationship(back_populates="author")
        profile: Mapped[Profile | None] = relationship(back_populates="author")

    class Book(base):
        __tablename__ = "book"
        id: Mapped[pk]
        author_id: Mapped[int] = mapped_column(ForeignKey("author.id"))
        author: Mapped[Author] = relationship(back_populates="books")

    class Profile(base):
        __tablename__ = "profile"
        author_id: Mapped[int] = mapped_column(ForeignKey("author.id"), primary_key=True)
        author: Mapped[Author] = relationship(back_populates="profile")

    relationships = class_mapper(Author).relationships
    assert relationships["books"].mapper is mapper_of(Book)
    assert relationships["books"].uselist is True
    assert relationships["books"].reverse is class_mapper(Book).relationships["author"]
    assert relationships["profile"].direction is ONETOMANY
    assert relationships["profile"].uselist is False


def test_columns_of_the_same_body_may_be_named_directly(base: Any) -> None:
    """In remote_side, foreign_keys and order_by, also as expressions. LB-11."""

    class Node(base):
        __tablename__ = "node"
        id: Mapped[pk] = mapped_column()
        key: Mapped[int] = mapped_column()
        parent_id: Mapped[int | None] = mapped_column(ForeignKey("node.id"))
        place: Mapped[int] = mapped_column()
        parent: Mapped[Node | None] = relationship(remote_side=[id], foreign_keys=parent_id, back_populates="children")
        children: Mapped[list[Node]] = relationship(back_populates="parent", order_by=[place.desc(), key])

    relationships = class_mapper(Node).relationships
    assert relationships["parent"].direction is MANYTOONE
    assert relationships["children"].direction is ONETOMANY
    assert [str(element) for element in relationships["children"].order_by] == ["node.place DESC", "node.key"]


def test_class_attributes_serve_in_late_arguments(base: Any) -> None:
    """Through a callable, which sees the mapped class. LB-11."""

    class Author(base):
        __tablename__ = "author"
        id: Mapped[pk]
        books: Mapped[list[Any]] = relationship(lambda: Book, order_by=lambda: Book.title.desc())

    class Book(base):
        __tablename__ = "book"
        id: Mapped[pk]
        title: Mapped[str]
        author_id: Mapped[int] = mapped_column(ForeignKey("author.id"))

    books = class_mapper(Author).relationships["books"]
    assert [str(element) for element in books.order_by] == ["book.title DESC"]


def test_mixins_give_each_class_its_own_columns(base: Any) -> None:
    """Copied, with their foreign keys. LB-03."""

    @declarative_mixin
    class Owned:
        owner_id: Mapped[int] = mapped_column(ForeignKey("owner.id"))
        note = Column(String(5))

    class Owner(base):
        __tablename__ = "owner"
        id: Mapped[pk]

    class A(Owned, base):
        __tablename__ = "a"
        id: Mapped[pk]

    class B(Owned, base):
        __tablename__ = "b"
        id: Mapped[pk]

    for cls in (A, B):
        assert cls.__table__.c.owner_id.references(Owner.__table__.c.id)
        assert list(columns(cls)) == ["id", "owner_id", "note"]
    assert A.__table__.c.note is not B.__table__.c.note


def test_declared_attr_makes_attributes_per_class(base: Any) -> None:
    """Names, columns and relationships; one may use another. LB-03."""

    class Owned:
        @declared_attr.directive
        def __tablename__(cls) -> str:
            return cls.__name__.lower()

        @declared_attr
        def owner_id(cls) -> Mapped[int | None]:
            return mapped_column(ForeignKey("owner.id"))

        @declared_attr
        def owner(cls) -> Mapped[Owner | None]:
            return relationship("Owner", foreign_keys=[cls.owner_id])

    class Owner(base):
        __tablename__ = "owner"
        id: Mapped[pk]

    class Car(Owned, base):
        id: Mapped[pk]

    class Dog(Owned, base):
        id: Mapped[pk]

    for cls in (Car, Dog):
        mapper = class_mapper(cls)
        assert mapper.local_table.name == cls.__name__.lower()
        assert mapper.local_table.c.owner_id.nullable is True
        (pair,) = mapper.relationships["owner"].synchronize_pairs
        assert pair == (Owner.__table__.c.id, mapper.local_table.c.owner_id)


def test_nearer_attributes_hide_those_of_mixins(base: Any) -> None:
    """Another type, another annotation, or None to leave one out. LB-03."""

    class Stamp:
        created: Mapped[int]
        changed: Mapped[int] = mapped_column(BigInteger)
        dropped: Mapped[int]

    class Thing(Stamp, base):
        __tablename__ = "thing"
        id: Mapped[pk]
        created: Mapped[str | None]  # type: ignore[assignment]
        changed: Mapped[int | None]  # type: ignore[assignment]
        dropped = None  # type: ignore[assignment]

    assert columns(Thing) == {
        "id": (repr(Integer()), False),
        "created": (repr(String()), True),
        "changed": (repr(BigInteger()), True),
    }


def test_abstract_bases_share_columns_and_metadata(base: Any) -> None:
    """They are not mapped. LB-03."""
    other = MetaData()

    class Shared(base):
        __abstract__ = True
        metadata = other
        id: Mapped[pk]

    class Thing(Shared):
        __tablename__ = "thing"

    assert mapper_of(Shared) is None
    assert Thing.__table__.metadata is other
    assert list(columns(Thing)) == ["id"]


def test_the_base_itself_may_hold_columns() -> None:
    """Every class gets them. LB-03."""

    class Base(DeclarativeBase):
        id: Mapped[pk]

    class Thing(Base):
        __tablename__ = "thing"

    assert list(columns(Thing)) == ["id"]
    Base.registry.dispose()


def test_table_args_hold_constraints_and_options(base: Any) -> None:
    """A tuple, a dictionary, or a tuple that ends in one. LB-03."""

    class A(base):
        __tablename__ = "a"
        __table_args__ = (UniqueConstraint("x"), Index("ix_a", "x"), {"comment": "as"})
        id: Mapped[pk]
        x: Mapped[int]

    class B(base):
        __tablename__ = "b"
        __table_args__ = {"schema": "other"}
        id: Mapped[pk]

    class C(base):
        __tablename__ = "c"
        __table_args__ = (UniqueConstraint("x"),)
        id: Mapped[pk]
        x: Mapped[int]

    assert A.__table__.comment == "as"
    assert [index.name for index in A.__table__.indexes] == ["ix_a"]
    assert any(isinstance(item, UniqueConstraint) for item in A.__table__.constraints)
    assert B.__table__.fullname == "other.b"
    assert any(isinstance(item, UniqueConstraint) for item in C.__table__.constraints)


def test_a_class_may_bring_its_table(base: Any) -> None:
    """Its columns may be mapped under other names; annotations alone are for type checkers. LB-03."""

    class Thing(base):
        __table__ = Table(
            "thing", base.metadata, Column("id", Integer, primary_key=True), Column("n", String), Column("m", String)
        )
        id: Mapped[int]
        name = __table__.c.n
        other: Mapped[str | None] = deferred(__table__.c.m)  # type: ignore[assignment]

    mapper = class_mapper(Thing)
    assert list(mapper.columns) == ["id", "name", "other"]
    assert mapper.columns["other"].deferred is True


def test_mapper_args_may_name_columns_of_the_body(base: Any) -> None:
    """By their drafts. LB-03, LB-08."""

    class Thing(base):
        __tablename__ = "thing"
        a: Mapped[int] = mapped_column()
        version: Mapped[int] = mapped_column()
        __mapper_args__ = {"primary_key": [a], "version_id_col": version}

    mapper = class_mapper(Thing)
    assert mapper.pk_names == ("a",)
    assert mapper.options["version_id_col"] is Thing.__table__.c.version


def test_loading_options_reach_the_property(base: Any) -> None:
    """LB-06."""

    class Thing(base):
        __tablename__ = "thing"
        id: Mapped[pk]
        a: Mapped[str] = mapped_column(deferred_group="g", active_history=True, doc="about a", info={"k": 1})
        b = column_property(Column("bb", String), active_history=True)

    properties = class_mapper(Thing).columns
    assert (properties["a"].deferred, properties["a"].group, properties["a"].active_history) == (True, "g", True)
    assert (properties["a"].doc, properties["a"].info) == ("about a", {"k": 1})
    assert properties["b"].column.name == "bb"


def test_the_type_map_is_asked_first(base: Any) -> None:
    """Also for subclasses of a known type. LB-02."""

    class Words(str):
        pass

    base.registry.type_annotation_map[str] = Text

    class Thing(base):
        __tablename__ = "thing"
        id: Mapped[pk]
        a: Mapped[str]
        b: Mapped[Email]

    assert columns(Thing)["a"] == (repr(Text()), False)
    assert columns(Thing)["b"] == (repr(Text()), False)


def failure(make: Any) -> exc.ArgumentError:
    """The error of a class definition."""
    with pytest.raises(exc.ArgumentError) as caught:
        make()
    return caught.value


@pytest.mark.parametrize(
    ("body", "annotations", "code"),
    [
        ({"__tablename__": "t"}, {"x": "Mapped[complex]"}, "annotation-type-unknown"),
        ({"__tablename__": "t"}, {"x": "Mapped[list[int]]"}, "annotation-type-unknown"),
        ({"__tablename__": "t"}, {"x": "Mapped[Nowhere]"}, "annotation-unresolved"),
        ({"__tablename__": "t"}, {"x": "Mapped[list['Nowhere']]"}, "annotation-unresolved"),
        ({"__tablename__": "t", "x": 5}, {"x": "Mapped[int]"}, "mapped-plain-value"),
        ({"__tablename__": "t", "x": mapped_column()}, {}, "column-without-type"),
        ({"__tablename__": "t", "x": mapped_column()}, {"x": "int"}, "column-without-type"),
        ({"__tablename__": "t", "x": relationship()}, {}, "relationship-without-target"),
        ({"__tablename__": "t", "x": (mapped_column(Integer),)}, {}, "trailing-comma"),
        ({"__tablename__": "t", "metadata": mapped_column(Integer)}, {}, "attribute-reserved"),
        ({"__tablename__": "t"}, {}, "no-primary-key"),
        ({}, {}, "no-table"),
    ],
)
def test_bodies_that_cannot_be_mapped_are_refused(base: Any, body: Any, annotations: Any, code: str) -> None:
    """When the class is defined, with its name."""
    if code not in ("no-primary-key", "no-table"):
        body = {**body, "id": mapped_column(Integer, primary_key=True)}

    error = failure(lambda: type("Thing", (base,), {**body, "__annotations__": annotations, "__module__": __name__}))

    assert error.code == code
    assert "Thing" in str(error)


def test_expressions_over_columns_of_the_body_are_late(base: Any) -> None:
    """From either side. LB-11."""

    class Node(base):
        __tablename__ = "node"
        id: Mapped[pk]
        parent_id: Mapped[int | None] = mapped_column(ForeignKey("node.id"))
        place = mapped_column(Integer)
        children: Mapped[list[Node]] = relationship("Node", uselist=True, order_by=1 - place)

    (element,) = class_mapper(Node).relationships["children"].order_by
    assert str(element) == ":param_1 - node.place"


def test_collection_classes_come_from_annotations(base: Any) -> None:
    """Other than list, which is the default. LB-02."""

    class Node(base):
        __tablename__ = "node"
        id: Mapped[pk]
        parent_id: Mapped[int | None] = mapped_column(ForeignKey("node.id"))
        children: Mapped[set[Node]] = relationship()

    assert class_mapper(Node).relationships["children"].collection_class is set


def test_declared_attr_may_stand_over_a_classmethod(base: Any) -> None:
    """And is called when read on an unmapped class. LB-03."""

    class Named:
        @declared_attr
        @classmethod
        def name(cls) -> Mapped[str]:
            """The name."""
            return mapped_column(String(7))

        @declared_attr.cascading
        def other(cls) -> Mapped[int]:
            return mapped_column()

    class Thing(Named, base):
        __tablename__ = "thing"
        id: Mapped[pk]

    assert columns(Thing)["name"] == (repr(String(7)), False)
    assert columns(Thing)["other"] == (repr(Integer()), False)
    assert Named.name.type_.length == 7  # type: ignore[attr-defined]


def test_a_refused_class_leaves_no_table(base: Any) -> None:
    """The corrected class may take its name."""
    failure(lambda: type("Thing", (base,), {"__tablename__": "thing", "x": mapped_column(Integer)}))

    thing = type("Thing", (base,), {"__tablename__": "thing", "x": mapped_column(Integer, primary_key=True)})

    assert mapper_of(thing) is not None


def test_a_class_with_a_table_declares_no_columns(base: Any) -> None:
    """They belong into the Table."""
    table = Table("thing", base.metadata, Column("id", Integer, primary_key=True))

    error = failure(lambda: type("Thing", (base,), {"__table__": table, "x": mapped_column(Integer)}))

    assert error.code == "table-and-columns"


def test_a_subclass_that_declares_something_is_mapped(base: Any) -> None:
    """One that does not is an ordinary class, unless there is a discriminator. LB-07."""

    class Thing(base):
        __tablename__ = "thing"
        id: Mapped[pk]

    class Plain(Thing):
        pass

    class Small(Thing):
        size: Mapped[int | None]

    class Far(Thing):
        __tablename__ = "far"
        id: Mapped[int] = mapped_column(ForeignKey("thing.id"), primary_key=True)

    assert mapper_of(Plain) is mapper_of(Thing)
    assert [table.name for table in mapper_of(Small).tables] == ["thing"]
    assert [table.name for table in mapper_of(Far).tables] == ["thing", "far"]
    assert "size" in Thing.__table__.c
    assert not mapper_of(Thing).has_property("size")


def test_declarative_base_is_a_function_too() -> None:
    """With the options of the class form. LB-01."""
    metadata = MetaData()

    class Root:
        def hello(self) -> str:
            return "hello"

    made = declarative_base(metadata=metadata, cls=Root, name="Made", type_annotation_map={str: Text})

    class Thing(made):  # type: ignore[misc,valid-type]
        __tablename__ = "thing"
        id: Mapped[pk]
        name: Mapped[str]

    assert made.__name__ == "Made"
    assert Thing.__table__.metadata is metadata
    assert columns(Thing)["name"] == (repr(Text()), False)
    assert Thing().hello() == "hello"
    made.registry.dispose()


def test_as_declarative_turns_a_class_into_a_base() -> None:
    """LB-01."""

    @as_declarative()
    class Base:
        pass

    class Thing(Base):  # type: ignore[misc,valid-type]
        __tablename__ = "thing"
        id: Mapped[pk]

    assert mapper_of(Thing) is not None
    assert type(DeclarativeBaseNoMeta) is type
    assert not issubclass(DeclarativeBaseNoMeta, DeclarativeBase)
    Base.registry.dispose()


def test_a_base_may_bring_its_registry(registry: registry_class) -> None:
    """And its MetaData with it. LB-01."""
    given = registry

    class Base(DeclarativeBase):
        registry = given

    assert Base.metadata is registry.metadata
    assert Base.registry is registry


def test_registry_mapped_maps_dataclasses(registry: registry_class) -> None:
    """Their constructor stays. LB-01, LB-05."""

    @registry.mapped
    @dataclass
    class Point:
        __table__ = Table(
            "point",
            registry.metadata,
            Column("id", Integer, primary_key=True),
            Column("x", Integer),
            Column("y", Integer),
        )
        x: int
        y: int = 2
        tags: list[str] = field(default_factory=list)
        id: int | None = None

    point = Point(1)

    assert (point.x, point.y, point.id, point.tags) == (1, 2, None, [])
    assert isinstance(mapper_of(Point), Mapper)


def test_has_inherited_table_looks_at_the_bases(base: Any) -> None:
    """For declared_attr methods."""

    class Thing(base):
        __tablename__ = "thing"
        id: Mapped[pk]

    class Plain(Thing):
        pass

    assert has_inherited_table(Plain)
    assert not has_inherited_table(Thing)
