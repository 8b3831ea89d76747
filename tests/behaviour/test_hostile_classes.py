"""Objects whose own methods must never be asked, and classes that are unmapped without a trace (LB-42, LB-43)."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from unitwork import Column, ForeignKey, Integer, MetaData, String, Table, inspect, select
from unitwork.declare import imperative
from unitwork.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    aliased,
    clear_mappers,
    column_property,
    joinedload,
    mapped_column,
    registry,
    relationship,
    selectinload,
    synonym,
)


class Hostile:
    """Every special method that the library might call by mistake raises."""

    def __eq__(self, other: object) -> Any:
        raise AssertionError("__eq__ was called")

    def __ne__(self, other: object) -> Any:
        raise AssertionError("__ne__ was called")

    def __hash__(self) -> int:
        raise AssertionError("__hash__ was called")

    def __bool__(self) -> bool:
        raise AssertionError("__bool__ was called")

    def __len__(self) -> int:
        raise AssertionError("__len__ was called")

    def __iter__(self) -> Any:
        raise AssertionError("__iter__ was called")

    def __getattr__(self, name: str) -> Any:
        if name == "__getstate__":  # Python 3.10 itself asks for it, to copy any object
            raise AttributeError(name)
        raise AssertionError(f"__getattr__({name!r}) was called")

    def __repr__(self) -> str:
        raise AssertionError("__repr__ was called")


class Lying(Hostile):
    """The same, where it lies instead of raising: everything is equal, false and empty."""

    def __eq__(self, other: object) -> Any:
        return True

    def __ne__(self, other: object) -> Any:
        return False

    def __hash__(self) -> int:
        return 1

    def __bool__(self) -> bool:
        return False

    def __len__(self) -> int:
        return 0

    def __iter__(self) -> Any:
        return iter(())

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return 7

    def __repr__(self) -> str:
        return ""


class Missing(Hostile):
    """Equal by value, so that Python takes the hash away."""

    __hash__ = None  # type: ignore[assignment]


def library(mixin: type) -> Any:
    """Owner 1-* Part with delete-orphan, Part *-* Mark, Owner 1-1 Seal, Owner *-1 Owner."""

    class Base(DeclarativeBase):
        pass

    Table(
        "hc_part_mark",
        Base.metadata,
        Column("part_id", Integer, ForeignKey("hc_part.id"), primary_key=True),
        Column("mark_id", Integer, ForeignKey("hc_mark.id"), primary_key=True),
    )

    class Owner(mixin, Base):  # type: ignore[misc, valid-type]
        __tablename__ = "hc_owner"
        id: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[str] = mapped_column(String(20))
        boss_id: Mapped[int | None] = mapped_column(ForeignKey("hc_owner.id"))
        parts: Mapped[list[Part]] = relationship(
            back_populates="owner", cascade="all, delete-orphan", order_by="Part.id"
        )
        seal: Mapped[Seal | None] = relationship(back_populates="owner", cascade="all, delete-orphan")
        boss: Mapped[Owner | None] = relationship(remote_side=[id])

    class Part(mixin, Base):  # type: ignore[misc, valid-type]
        __tablename__ = "hc_part"
        id: Mapped[int] = mapped_column(primary_key=True)
        owner_id: Mapped[int] = mapped_column(ForeignKey("hc_owner.id"))
        owner: Mapped[Owner] = relationship(back_populates="parts")
        marks: Mapped[list[Mark]] = relationship(secondary="hc_part_mark", back_populates="parts", order_by="Mark.id")

    class Mark(mixin, Base):  # type: ignore[misc, valid-type]
        __tablename__ = "hc_mark"
        id: Mapped[int] = mapped_column(primary_key=True)
        parts: Mapped[list[Part]] = relationship(secondary="hc_part_mark", back_populates="marks", order_by="Part.id")

    class Seal(mixin, Base):  # type: ignore[misc, valid-type]
        __tablename__ = "hc_seal"
        id: Mapped[int] = mapped_column(primary_key=True)
        owner_id: Mapped[int] = mapped_column(ForeignKey("hc_owner.id"))
        owner: Mapped[Owner] = relationship(back_populates="seal")

    Base.Owner, Base.Part, Base.Mark, Base.Seal = Owner, Part, Mark, Seal
    return Base


@pytest.fixture(params=[Hostile, Lying, Missing])
def base(request: pytest.FixtureRequest, engine: Any) -> Any:
    """The classes, with tables that hold owner 1 with parts 1 to 3, marks 1 and 2 on part 1, and a seal; owner 2."""
    base = library(request.param)
    base.metadata.create_all(engine)
    base.engine = engine
    with Session(engine) as session:
        marks = [base.Mark(id=number) for number in (1, 2)]
        owner = base.Owner(id=1, name="a", seal=base.Seal(id=1))
        owner.parts = [base.Part(id=1, marks=marks), base.Part(id=2), base.Part(id=3)]
        other = base.Owner(id=2, name="b", boss=owner)
        session.add_all([owner, other])
        session.commit()
    return base


@pytest.fixture
def session(base: Any) -> Iterator[Session]:
    with Session(base.engine) as session:
        yield session


def ids(objects: Any) -> list[int]:
    return [inspect(obj).identity[0] for obj in list.__iter__(objects)]


def test_reading(base: Any, session: Session) -> None:
    """LB-42: queries of all kinds, loader options, get, refresh, expire, and the identity map."""
    owner = session.get(base.Owner, 1)
    options = (selectinload(base.Owner.parts).selectinload(base.Part.marks), joinedload(base.Owner.boss))
    found = session.scalars(select(base.Owner).order_by(base.Owner.id).options(*options)).all()

    assert found[0] is owner
    assert owner in session
    assert ids(owner.parts) == [1, 2, 3]
    assert ids(owner.parts[0].marks) == [1, 2]
    assert found[1].boss is owner
    assert owner.seal.owner is owner

    session.refresh(owner)
    session.expire(owner)
    session.expire_all()

    assert owner.name == "a"

    joined = select(base.Part).options(joinedload(base.Part.owner), joinedload(base.Part.marks)).order_by(base.Part.id)

    assert ids(session.scalars(joined).unique().all()) == [1, 2, 3]
    assert ids(session.scalars(select(base.Part).where(base.Part.owner == owner).order_by(base.Part.id)).all()) == [
        1, 2, 3,
    ]  # fmt: skip
    assert ids(session.scalars(select(base.Owner).where(base.Owner.parts.contains(owner.parts[0]))).all()) == [1]
    boss = aliased(base.Owner)
    rows = session.execute(select(base.Owner, boss).join(base.Owner.boss.of_type(boss))).all()

    assert [row[1] is owner for row in rows] == [True]
    assert len({id(obj) for obj in session}) == len(list(session))


def test_writing(base: Any, session: Session) -> None:
    """LB-42: changes from both sides, replacing, orphans, deletes, history, rollback and savepoints."""
    owner, other = session.get(base.Owner, 1), session.get(base.Owner, 2)
    first, second, third = owner.parts
    with session.no_autoflush:
        owner.parts.remove(second)
        second.owner = other
        third.owner = other
        owner.parts.append(base.Part(id=4))
        first.marks = [session.get(base.Mark, 2), base.Mark(id=3)]
        history = inspect(owner).attrs.parts.history

    assert [len(part) for part in history] == [1, 1, 2]

    session.flush()

    assert ids(owner.parts) == [1, 4]
    assert ids(other.parts) == [2, 3]
    assert ids(first.marks) == [2, 3]

    with session.begin_nested() as savepoint:
        owner.parts = []
        owner.seal = None
        session.flush()
        savepoint.rollback()

    assert ids(owner.parts) == [1, 4]

    other.boss = None
    session.delete(other)
    session.commit()

    assert session.scalars(select(base.Part.id).order_by(base.Part.id)).all() == [1, 4]

    owner.seal = base.Seal(id=9)
    del owner.parts[0]
    session.commit()

    assert session.scalars(select(base.Seal.id)).all() == [9]
    assert session.scalars(select(base.Part.id)).all() == [4]

    owner.name = "z"
    session.rollback()

    assert owner.name == "a"

    session.expunge(owner)
    session.add(owner)
    session.expunge_all()


def test_copies(base: Any) -> None:
    """LB-42: copies are new objects with collections of their own."""
    owner = base.Owner(name="a", parts=[base.Part()])

    twin = copy.copy(owner)

    assert twin is not owner
    assert twin.parts is not owner.parts
    assert twin.parts[0] is owner.parts[0]


# -- unmapping --------------------------------------------------------------------------------------------------------


def anatomy(cls: type) -> dict[str, Any]:
    """Everything that a class is made of."""
    return {name: value for name, value in vars(cls).items() if name not in ("__dict__", "__weakref__")}


class Plain:
    """No method of its own."""


class Full:
    """Brings what mapping would put there."""

    colour = "red"

    def __init__(self, name: str | None = None) -> None:
        self.name = name

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)

    @property
    def shown(self) -> str:
        return f"<{self.name}>"

    @shown.setter
    def shown(self, value: str) -> None:
        self.name = value


class Child:
    """Target of a relationship; gets a backref."""


def map_all(cls: type, mapping: registry) -> None:
    metadata = MetaData()
    parent = Table(
        "um_parent",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("name", String(10)),
        Column("colour", String(10)),
    )
    child = Table(
        "um_child",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("parent_id", Integer, ForeignKey("um_parent.id")),
    )
    mapping.map_imperatively(Child, child)
    mapping.map_imperatively(
        cls,
        parent,
        properties={
            "children": relationship(Child, backref="parent", collection_class=set),
            "shown": synonym("name"),
            "doubled": column_property(parent.c.id * 2),
        },
    )
    mapping.metadata = metadata


@pytest.mark.parametrize("cls", [Plain, Full])
@pytest.mark.parametrize("way", ["dispose", "clear_mappers"])
def test_unmapping_leaves_no_trace(engine: Any, cls: Any, way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """LB-43: the class is what it was, its new objects are plain ones, and it can be mapped again."""
    before = {owner: (anatomy(owner), dir(owner)) for owner in (cls, Child)}

    for _ in range(2):
        mapping = registry()
        # clear_mappers() would unmap the classes of all other tests of this process, too.
        monkeypatch.setattr(imperative, "all_registries", lambda only=mapping: [only])
        map_all(cls, mapping)
        mapping.metadata.create_all(engine)
        with Session(engine) as session:
            obj = cls()
            obj.name = "a"
            obj.children.add(Child())
            session.add(obj)
            session.commit()

            assert (obj.shown, obj.doubled, len(obj.children)) == ("a" if cls is Plain else "<a>", obj.id * 2, 1)
            assert Child.parent.property.mapper.class_ is cls

        mapping.dispose() if way == "dispose" else clear_mappers()
        mapping.metadata.drop_all(engine)

        for owner, (body, names) in before.items():
            assert anatomy(owner) == body
            assert dir(owner) == names
        assert inspect(cls, raiseerr=False) is None

    plain = cls()
    plain.name = "x"

    assert vars(plain) == {"name": "x"}
