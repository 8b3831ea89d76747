"""Attributes that a class gains after it was mapped, and used (LB-03, LB-09)."""

from __future__ import annotations

import abc
from typing import Any

import pytest

from unitwork import Column, ForeignKey, String, exc, func, inspect, select
from unitwork.orm import (
    DeclarativeBase,
    DeclarativeBaseNoMeta,
    Mapped,
    Session,
    column_property,
    deferred,
    mapped_column,
    registry,
    relationship,
    selectinload,
    synonym,
)


def test_attributes_are_added_to_a_class_in_use(engine: Any) -> None:
    """LB-03: columns, expressions, synonyms and relationships, each with all that a mapped one has."""

    class Base(DeclarativeBase):
        pass

    class User(Base):
        __tablename__ = "la_user"
        id: Mapped[int] = mapped_column(primary_key=True)

    class Address(Base):
        __tablename__ = "la_address"
        id: Mapped[int] = mapped_column(primary_key=True)
        user_id: Mapped[int] = mapped_column(ForeignKey("la_user.id"))

    sqlite_free = User(id=1), select(User)

    User.nick = mapped_column(String(20), default="none")
    User.town = Column("city", String(20))
    User.essay = deferred(Column(String(50)))
    User.loud = column_property(func.upper(User.nick))
    User.name = synonym("nick")
    User.addresses = relationship(Address, backref="user", order_by=Address.id)
    User.colour = "red"
    Base.metadata.create_all(engine)

    assert sqlite_free[0].nick is None
    assert User.colour == "red"
    assert [column.name for column in User.__table__.c] == ["id", "nick", "city", "essay"]

    with Session(engine) as session:
        session.add(User(id=1, name="ann", town="Rome", essay="long", addresses=[Address(), Address()]))
        session.add(User(id=2))
        session.commit()
        session.expunge_all()
        found = session.scalars(select(User).order_by(User.id).options(selectinload(User.addresses))).all()

        assert [(one.nick, one.town, one.loud, len(one.addresses)) for one in found] == [
            ("ann", "Rome", "ANN", 2), ("none", None, "NONE", 0),
        ]  # fmt: skip
        assert "essay" in inspect(found[0]).unloaded
        assert found[0].essay == "long"
        assert found[0].addresses[0].user is found[0]

        User.more = relationship(Address, viewonly=True)
        found[0].town = "Bern"
        session.commit()

        assert session.scalars(select(User.town).where(User.more.any()).where(User.name == "ann")).all() == ["Bern"]
        assert len(found[0].more) == 2

    with pytest.raises(exc.ArgumentError) as caught:
        User.nick = mapped_column(String(20))

    assert caught.value.code == "attribute-clash"


def test_add_property(engine: Any) -> None:
    """LB-09: the same by the mapper, for classes without the metaclass."""

    class Base(DeclarativeBaseNoMeta, abc.ABC):
        pass

    class User(Base):
        __tablename__ = "la_other"
        id: Mapped[int] = mapped_column(primary_key=True)

    inspect(User).add_property("nick", mapped_column(String(20)))
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add(User(id=1, nick="ann"))
        session.commit()

        assert session.scalars(select(User.nick)).all() == ["ann"]


def test_added_attributes_leave_with_the_mapping() -> None:
    """LB-43: a class that was mapped by the decorator has no trace of them after dispose()."""
    mapping = registry()

    @mapping.mapped
    class User:
        __tablename__ = "user"
        id: Mapped[int] = mapped_column(primary_key=True)

    inspect(User).add_property("nick", mapped_column(String(20)))

    assert User(nick="a").nick == "a"

    mapping.dispose()

    assert not hasattr(User, "nick")
