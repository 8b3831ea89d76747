"""Keys that mean something, relationships that write the same column, and options of relationships at the edges."""

from __future__ import annotations

import warnings
from typing import Any

import pytest

from unitwork import ForeignKey, ForeignKeyConstraint, String, select
from unitwork.orm import DeclarativeBase, Mapped, Session, configure_mappers, mapped_column, relationship


class Base(DeclarativeBase):
    pass


class Country(Base):
    __tablename__ = "nat_country"
    code: Mapped[str] = mapped_column(String(2), primary_key=True)
    name: Mapped[str | None] = mapped_column(String(20))
    towns: Mapped[list[Town]] = relationship(back_populates="country", cascade="all, delete-orphan")


class Town(Base):
    __tablename__ = "nat_town"
    country_code: Mapped[str] = mapped_column(String(2), ForeignKey("nat_country.code"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    country: Mapped[Country] = relationship(back_populates="towns")
    people: Mapped[list[Inhabitant]] = relationship(back_populates="town", order_by="Inhabitant.id")


class Inhabitant(Base):
    __tablename__ = "nat_inhabitant"
    __table_args__ = (
        ForeignKeyConstraint(["country_code", "town_number"], ["nat_town.country_code", "nat_town.number"]),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    country_code: Mapped[str | None] = mapped_column(String(2))
    town_number: Mapped[int | None]
    town: Mapped[Town | None] = relationship(back_populates="people")


@pytest.fixture
def session(engine: Any) -> Any:
    """Country de with the towns 1, of two people, and 2."""
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        first = Town(number=1, people=[Inhabitant(id=1), Inhabitant(id=2)])
        session.add(Country(code="de", towns=[first, Town(number=2)]))
        session.commit()
        session.expunge_all()
        yield session


# -- natural and composite keys ---------------------------------------------------------------------------------------


def test_composite_keys_are_filled_from_what_is_above(session: Session) -> None:
    """FP-01: a part of the key comes from the parent, and both parts go on to the children."""
    people = session.scalars(select(Inhabitant).order_by(Inhabitant.id)).all()

    assert [(one.country_code, one.town_number) for one in people] == [("de", 1), ("de", 1)]
    assert session.get(Town, ("de", 2)) is session.get(Town, {"number": 2, "country_code": "de"})


def test_a_reference_by_a_composite_key_needs_no_sql(session: Session, statements: Any) -> None:
    """LB-15, SB-87: a many-to-one to an object that is present is found by its key."""
    town = session.get(Town, ("de", 1))
    person = session.get(Inhabitant, 1)
    assert person is not None

    with statements(session.get_bind()) as log:
        assert person.town is town
        assert log.count == 0


def test_half_a_reference_leads_nowhere(session: Session) -> None:
    """LB-15: a key of which a part is NULL."""
    session.add(Inhabitant(id=3, country_code="de"))
    session.commit()
    lost = session.get(Inhabitant, 3)

    assert lost is not None
    assert lost.town is None


def test_moving_and_deleting_under_composite_keys(session: Session) -> None:
    """FP-01: both columns of the reference follow a move, and become NULL when the target goes."""
    first, second = session.get(Town, ("de", 1)), session.get(Town, ("de", 2))
    assert first is not None
    assert second is not None
    first.people[0].town = second
    session.commit()
    assert [person.id for person in second.people] == [1]

    session.delete(second)
    session.commit()

    moved = session.get(Inhabitant, 1)
    assert moved is not None
    assert (moved.country_code, moved.town_number) == (None, None)
    assert session.get(Town, ("de", 2)) is None


def test_a_natural_key_without_references_may_change(session: Session) -> None:
    """FP-08: UPDATE ... SET code, and the object is found under the new key."""
    session.add(Country(code="fr", name="France"))
    session.commit()
    country = session.get(Country, "fr")
    assert country is not None

    country.code = "fx"
    session.commit()

    assert session.get(Country, "fr") is None
    assert session.get(Country, "fx") is country
    assert country.name == "France"


# -- two that write the same column -----------------------------------------------------------------------------------


def overlapping(**options: Any) -> list[str]:
    """Warnings of two relationships over one foreign key, the second with options."""

    class Fresh(DeclarativeBase):
        pass

    class Parent(Fresh):
        __tablename__ = "over_parent"
        id: Mapped[int] = mapped_column(primary_key=True)
        children = relationship("Child", **({"back_populates": "parent"} if "back_populates" in options else {}))

    class Child(Fresh):
        __tablename__ = "over_child"
        id: Mapped[int] = mapped_column(primary_key=True)
        parent_id: Mapped[int] = mapped_column(ForeignKey("over_parent.id"))
        parent = relationship("Parent", **options)

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        configure_mappers()
    return [str(one.message) for one in caught]


def test_two_writers_of_a_column_warn() -> None:
    """LB-14: neither knows of the other; the warning names both and says what to do."""
    found = overlapping()

    assert len(found) == 1
    assert "Parent.children" in found[0]
    assert "Child.parent" in found[0]
    assert "back_populates" in found[0]


@pytest.mark.parametrize("said", [{"overlaps": "children"}, {"back_populates": "children"}, {"viewonly": True}])
def test_writers_that_are_meant_do_not_warn(said: dict[str, Any]) -> None:
    """LB-14: back_populates makes a pair of them, overlaps says it is meant, a view writes nothing."""
    assert overlapping(**said) == []
