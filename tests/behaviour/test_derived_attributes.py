"""Attributes made of others: SQL expressions, synonyms, several columns under one name (LB-06)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from unitwork import Column, ForeignKey, Integer, String, Table, exc, func, inspect, select
from unitwork.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    aliased,
    column_property,
    declared_attr,
    deferred,
    mapped_column,
    registry,
    relationship,
    synonym,
    synonym_for,
    undefer,
)


class Base(DeclarativeBase):
    """Writers and their works."""


class Work(Base):
    __tablename__ = "da_work"

    id: Mapped[int] = mapped_column(primary_key=True)
    writer_id: Mapped[int] = mapped_column(ForeignKey("da_writer.id"))
    pages: Mapped[int]


class Measured:
    """A mixin with an expression of its own."""

    @declared_attr
    def doubled(cls: Any) -> Mapped[int]:
        return column_property(cls.id * 2)


class Writer(Measured, Base):
    __tablename__ = "da_writer"

    id: Mapped[int] = mapped_column(primary_key=True)
    first: Mapped[str] = mapped_column(String(20))
    last: Mapped[str] = mapped_column(String(20))
    _mood: Mapped[str | None] = mapped_column("mood", String(20))
    works: Mapped[list[Work]] = relationship()
    full_name: Mapped[str] = column_property(first + " " + last)
    pages: Mapped[int | None] = column_property(
        select(func.sum(Work.pages)).where(Work.writer_id == id).correlate_except(Work).scalar_subquery()
    )
    shout: Mapped[str] = column_property(func.upper(first), deferred=True)
    whisper: Mapped[str] = deferred(func.lower(first), group="quiet")
    name: Mapped[str] = synonym("last")
    oeuvre: Mapped[list[Work]] = synonym("works")

    @synonym_for("_mood")
    @property
    def mood(self) -> str:
        return f"<{self._mood}>"


@pytest.fixture
def session(engine: Any) -> Iterator[Session]:
    """Ann Bell with works of 10 and 20 pages; Cyd Dorn without."""
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add(Writer(id=1, first="Ann", last="Bell", works=[Work(pages=10), Work(pages=20)]))
        session.add(Writer(id=2, first="Cyd", last="Dorn"))
        session.commit()
        session.expunge_all()
        yield session


def test_expressions_are_loaded_with_the_object(session: Session, statements: Any) -> None:
    """LB-06: no further statement; a scalar subquery is correlated to the object's row."""
    with statements(session.get_bind()) as sent:
        found = session.scalars(select(Writer).order_by(Writer.id)).all()
        values = [(one.full_name, one.pages, one.doubled) for one in found]

    assert values == [("Ann Bell", 30, 2), ("Cyd Dorn", None, 4)]
    assert type(found[0].pages) is int
    assert len(sent.starting_with("SELECT")) == 1


def test_expressions_in_statements(session: Session) -> None:
    """LB-06: in criteria, filter_by, order_by, selected alone, and over an alias."""
    other = aliased(Writer)

    assert session.scalars(select(Writer.id).where(Writer.full_name == "Ann Bell")).all() == [1]
    assert session.scalars(select(Writer).filter_by(pages=30)).one().id == 1
    assert session.scalars(select(Writer.id).order_by(Writer.full_name.desc())).all() == [2, 1]
    assert session.execute(select(Writer.full_name, Writer.pages).order_by(Writer.id)).all() == [
        ("Ann Bell", 30), ("Cyd Dorn", None),
    ]  # fmt: skip
    assert session.execute(select(Writer.full_name).where(Writer.id == 1)).one().full_name == "Ann Bell"
    assert [one.full_name for one in session.scalars(select(other).where(other.full_name == "Cyd Dorn"))] == [
        "Cyd Dorn"
    ]
    assert session.scalars(select(other.id).where(other.pages > 20)).all() == [1]
    assert session.scalars(select(select(Writer).subquery().c.full_name)).all() == ["Ann Bell", "Cyd Dorn"]


def test_expressions_follow_a_flush(session: Session) -> None:
    """LB-06: a change of the object, a refresh and an expire have them loaded again; a new object has none."""
    writer = session.get_one(Writer, 1)
    writer.last = "Carr"

    assert writer.full_name == "Ann Bell"

    session.flush()

    assert writer.full_name == "Ann Carr"

    session.add(Work(writer_id=1, pages=5))
    session.flush()
    session.refresh(writer, ["pages"])

    assert writer.pages == 35

    new = Writer(id=3, first="Eve", last="Fox")

    assert new.full_name is None

    session.add(new)
    session.flush()

    assert (new.full_name, new.pages) == ("Eve Fox", None)


def test_expressions_are_not_written(session: Session, statements: Any) -> None:
    """LB-06: what is assigned stays until the attribute is loaded, and no flush knows of it."""
    writer = session.get_one(Writer, 1)

    with statements(session.get_bind()) as sent:
        writer.full_name = "Nobody"
        session.flush()

    assert sent.count == 0
    assert writer.full_name == "Nobody"
    assert not inspect(writer).modified

    session.commit()

    assert writer.full_name == "Ann Bell"

    session.add(Writer(id=3, first="Eve", last="Fox", full_name="Nobody", pages=7))
    session.commit()

    assert session.get_one(Writer, 3).full_name == "Eve Fox"


def test_deferred_expressions(session: Session, statements: Any) -> None:
    """LB-06: loaded when read, or with their owner by undefer()."""
    writer = session.get_one(Writer, 1)

    assert inspect(writer).unloaded >= {"shout", "whisper"}
    assert (writer.shout, writer.whisper) == ("ANN", "ann")

    session.expunge_all()
    writer = session.scalars(select(Writer).where(Writer.id == 1).options(undefer(Writer.shout))).one()

    assert "shout" in writer.__dict__
    assert "whisper" not in writer.__dict__


def test_synonyms(session: Session) -> None:
    """LB-06: keyword, reading, writing, criteria, filter_by, loader options; relationships too."""
    writer = Writer(id=3, first="Eve", name="Fox", oeuvre=[Work(pages=1)])

    assert (writer.last, writer.name, len(writer.works)) == ("Fox", "Fox", 1)

    writer.name = "Gray"
    session.add(writer)
    session.commit()

    assert session.scalars(select(Writer.last).where(Writer.name == "Gray")).all() == ["Gray"]
    assert session.scalars(select(Writer).filter_by(name="Gray")).one() is writer
    assert session.scalars(select(Writer.name).order_by(Writer.name)).all() == ["Bell", "Dorn", "Gray"]
    assert [one.id for one in session.scalars(select(Writer).where(Writer.oeuvre.any(Work.pages == 1)))] == [3]
    assert aliased(Writer).name.key == "last"
    assert inspect(Writer).synonyms["name"].name == "last"
    assert "name" not in inspect(Writer).attrs


def test_a_synonym_may_have_a_descriptor(session: Session) -> None:
    """LB-06: synonym_for keeps the property for instances; in SQL it is the column."""
    writer = session.get_one(Writer, 1)
    writer._mood = "gay"
    session.flush()

    assert writer.mood == "<gay>"
    assert session.scalars(select(Writer.id).where(Writer.mood == "gay")).all() == [1]


def test_a_synonym_needs_a_target() -> None:
    """LB-06: said at configuration, before anything is sent."""

    class Local(DeclarativeBase):
        pass

    class Thing(Local):
        __tablename__ = "thing"
        id: Mapped[int] = mapped_column(primary_key=True)
        number: Mapped[int] = synonym("nmber")

    with pytest.raises(exc.ArgumentError, match="nmber") as caught:
        Thing()

    assert caught.value.code == "synonym-target"


def test_the_same_imperatively(engine: Any) -> None:
    """LB-04, LB-06: expressions, synonyms of a property of the class, and map_column."""
    mapping = registry()
    table = Table(
        "da_thing",
        mapping.metadata,
        Column("id", Integer, primary_key=True),
        Column("first", String(20)),
        Column("status", String(20)),
    )

    class Thing:
        def __init__(self, **values: Any) -> None:
            for name, value in values.items():
                setattr(self, name, value)

        @property
        def status(self) -> str:
            return self._status.upper()

        @status.setter
        def status(self, value: str) -> None:
            self._status = value.lower()

    mapping.map_imperatively(
        Thing,
        table,
        properties={
            "greeting": column_property("Hello " + table.c.first),
            "status": synonym("_status", map_column=True),
            "number": synonym("id"),
        },
    )
    mapping.metadata.create_all(engine)
    with Session(engine) as session:
        session.add(Thing(number=1, first="Ann", status="New"))
        session.commit()
        thing = session.scalars(select(Thing).where(Thing.status == "new")).one()

        assert (thing.number, thing.greeting, thing.status, thing._status) == (1, "Hello Ann", "NEW", "new")

    mapping.dispose()

    assert isinstance(vars(Thing)["status"], property)
    assert not hasattr(Thing, "greeting")
