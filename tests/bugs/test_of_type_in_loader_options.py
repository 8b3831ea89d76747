"""selectinload(Firm.staff.of_type(Chief)) left everyone else out of the collection."""

from __future__ import annotations

from typing import Any

import pytest

from unitwork import ForeignKey, String, select
from unitwork.orm import DeclarativeBase, Mapped, Session, joinedload, mapped_column, relationship, selectinload


class Base(DeclarativeBase):
    pass


class Firm(Base):
    __tablename__ = "bug_of_firm"
    id: Mapped[int] = mapped_column(primary_key=True)
    staff: Mapped[list[Person]] = relationship(order_by="Person.id", cascade="all, delete-orphan")


class Person(Base):
    __tablename__ = "bug_of_person"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    name: Mapped[str | None] = mapped_column(String(10))
    firm_id: Mapped[int | None] = mapped_column(ForeignKey("bug_of_firm.id"))
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "person"}


class Chief(Person):
    __tablename__ = "bug_of_chief"
    id: Mapped[int] = mapped_column(ForeignKey("bug_of_person.id"), primary_key=True)
    bonus: Mapped[int | None] = mapped_column()
    __mapper_args__ = {"polymorphic_identity": "chief"}


@pytest.mark.parametrize("way", [selectinload, joinedload])
@pytest.mark.parametrize("deeper", [False, True])
def test_the_collection_is_whole(engine: Any, way: Any, deeper: bool) -> None:
    """LB-07, LB-27: of_type() leads the options that follow; it takes no member away."""
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add(Firm(id=1, staff=[Person(id=1, name="a"), Chief(id=2, name="b", bonus=5)]))
        session.commit()
        session.expunge_all()
        option = way(Firm.staff.of_type(Chief))
        option = option.load_only(Chief.bonus) if deeper else option

        firm = session.scalars(select(Firm).options(option)).unique().one()

        assert [(type(one).__name__, one.name) for one in vars(firm)["staff"]] == [("Person", "a"), ("Chief", "b")]
        assert firm.staff[1].bonus == 5
