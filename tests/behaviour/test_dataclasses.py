"""Mapped classes that are dataclasses (LB-38, LB-05)."""

from __future__ import annotations

import dataclasses
import inspect as python
from typing import Any

import pytest

from unitwork import ForeignKey, String, exc, inspect, select
from unitwork.orm import DeclarativeBase, Mapped, MappedAsDataclass, Session, mapped_column, registry, relationship


class Base(MappedAsDataclass, DeclarativeBase):
    """All classes below are dataclasses."""


class Stamped(MappedAsDataclass):
    """A mixin with a field of its own."""

    note: Mapped[str | None] = mapped_column(String(20), default=None, kw_only=True)


class Team(Stamped, Base):
    __tablename__ = "dc_team"

    id: Mapped[int] = mapped_column(init=False, primary_key=True)
    name: Mapped[str] = mapped_column(String(20))
    rank: Mapped[int] = mapped_column(default=1)
    level: Mapped[int] = mapped_column(init=False, default=7)
    colour: Mapped[str] = mapped_column(String(20), insert_default="red", default=None, repr=False)
    players: Mapped[list[Player]] = relationship(back_populates="team", default_factory=list, repr=False)


class Player(Base, order=True):
    __tablename__ = "dc_player"

    id: Mapped[int] = mapped_column(init=False, primary_key=True, compare=False)
    name: Mapped[str] = mapped_column(String(20))
    team: Mapped[Team | None] = relationship(back_populates="players", default=None, repr=False, compare=False)
    team_id: Mapped[int | None] = mapped_column(ForeignKey("dc_team.id"), init=False, compare=False, repr=False)
    nickname: str = "none"


def test_the_constructor_takes_the_fields_in_order() -> None:
    """LB-38: init, default, default_factory, kw_only and insert_default have their meaning."""
    assert str(python.signature(Team)).split(" -> ")[0].count(":") == 5
    assert list(python.signature(Team).parameters) == ["name", "rank", "colour", "players", "note"]

    team = Team("A", 2, note="n")

    assert (team.id, team.name, team.rank, team.level, team.colour, team.players, team.note) == (
        None, "A", 2, 7, None, [], "n",
    )  # fmt: skip
    with pytest.raises(TypeError):
        Team()
    with pytest.raises(TypeError):
        Team("A", id=1)


def test_repr_eq_and_order() -> None:
    """LB-38: as dataclasses have them."""
    assert repr(Team("A")) == "Team(note=None, id=None, name='A', rank=1, level=7)"
    assert Team("A") == Team("A")
    assert Team("A") != Team("B")
    assert Player("a") < Player("b")
    assert [field.name for field in dataclasses.fields(Player)] == ["id", "name", "team", "team_id", "nickname"]


def test_round_trip(engine: Any) -> None:
    """LB-38, LB-42: relationships cascade from the constructor; equal, unhashable objects are kept apart."""
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        team = Team("A", players=[Player("x"), Player("x")])
        Player("y", team)
        session.add(team)
        session.commit()

        assert [player.name for player in team.players] == ["x", "x", "y"]
        assert (team.colour, team.level, team.rank) == ("red", 7, 1)

        session.expunge_all()
        found = session.scalars(select(Player).order_by(Player.id)).all()

        assert [player.team.name for player in found] == ["A", "A", "A"]
        assert len({id(player.team) for player in found}) == 1

        found[0].name = "z"
        found[0].team.players.remove(found[1])
        session.commit()

        assert session.scalars(select(Player.name).where(Player.team_id.is_not(None)).order_by(Player.id)).all() == [
            "z", "y",
        ]  # fmt: skip


def test_the_decorator_of_a_registry() -> None:
    """LB-38: with and without options; the class can be mapped again after dispose()."""
    mapping = registry()

    @mapping.mapped_as_dataclass(kw_only=True)
    class Point:
        __tablename__ = "point"
        x: Mapped[int] = mapped_column(primary_key=True)
        y: Mapped[int] = mapped_column(default=0)

    @mapping.mapped_as_dataclass
    class Line:
        __tablename__ = "line"
        id: Mapped[int] = mapped_column(primary_key=True)

    with pytest.raises(TypeError):
        Point(1)

    assert repr(Point(x=1)).endswith("Point(x=1, y=0)")
    assert Line(3).id == 3
    assert inspect(Point).columns["y"].column.default is not None


def test_arguments_of_fields_in_a_plain_class_are_refused() -> None:
    """LB-38: they would do nothing there."""

    class Plain(DeclarativeBase):
        pass

    with pytest.raises(exc.ArgumentError) as caught:

        class Thing(Plain):
            __tablename__ = "thing"
            id: Mapped[int] = mapped_column(primary_key=True, init=False)

    assert caught.value.code == "dataclass-field"

    with pytest.raises(TypeError, match="unknown"):
        relationship("Thing", unknown=1)
