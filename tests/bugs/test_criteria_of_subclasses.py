"""Conditions on attributes of a subclass alone also matched rows of other classes; UPDATE and DELETE wrote those."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from unitwork import ForeignKey, String, delete, exc, exists, func, select, update
from unitwork.orm import DeclarativeBase, Mapped, Session, aliased, mapped_column


class Base(DeclarativeBase):
    pass


class Firm(Base):
    __tablename__ = "bug_firm"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(10))


class Plain(Base):
    """Head of classes that share a table."""

    __tablename__ = "bug_plain"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    name: Mapped[str] = mapped_column(String(10))
    firm_id: Mapped[int | None] = mapped_column(ForeignKey("bug_firm.id"))
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "plain"}


class Chief(Plain):
    bonus: Mapped[int | None] = mapped_column()
    __mapper_args__ = {"polymorphic_identity": "chief"}


class Part(Base):
    """Head of classes with tables of their own."""

    __tablename__ = "bug_part"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    name: Mapped[str] = mapped_column(String(10))
    firm_id: Mapped[int | None] = mapped_column(ForeignKey("bug_firm.id"))
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "part"}


class Wheel(Part):
    __tablename__ = "bug_wheel"
    id: Mapped[int] = mapped_column(ForeignKey("bug_part.id"), primary_key=True)
    bonus: Mapped[int | None] = mapped_column()
    __mapper_args__ = {"polymorphic_identity": "wheel"}


PAIRS = [(Plain, Chief), (Part, Wheel)]


@pytest.fixture
def session(engine: Any) -> Iterator[Session]:
    """Firm 1 has a subclass object with bonus 5; firm 2 has objects of the base alone; firm 3 a subclass object."""
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add_all([Firm(id=number, name=f"f{number}") for number in (1, 2, 3)])
        session.flush()
        for base, below in PAIRS:
            session.add_all([below(id=1, name="a", firm_id=1, bonus=5), base(id=2, name="b", firm_id=2)])
            session.add(below(id=3, name="c", firm_id=3, bonus=7))
        session.commit()
        yield session


def bonuses(session: Session, below: Any) -> list[Any]:
    return list(session.scalars(select(below.bonus).order_by(below.id)))


@pytest.mark.parametrize(("base", "below"), PAIRS)
def test_a_class_in_conditions_alone_has_its_own_rows(session: Session, base: Any, below: Any) -> None:
    """LB-07: implicit joins, EXISTS and its negation, counted subqueries, aliases."""
    other = aliased(below)
    one = select(Firm.id).order_by(Firm.id)

    assert list(session.scalars(one.where(below.firm_id == Firm.id))) == [1, 3]
    assert list(session.scalars(one.where(exists().where(below.firm_id == Firm.id)))) == [1, 3]
    assert list(session.scalars(one.where(~exists().where(below.firm_id == Firm.id)))) == [2]
    assert list(session.scalars(one.where(exists().where(below.firm_id == Firm.id, below.bonus == 5)))) == [1]
    assert list(session.scalars(one.where(exists().where(other.firm_id == Firm.id, other.bonus == 5)))) == [1]
    assert list(session.scalars(one.where(~exists().where(other.firm_id == Firm.id)))) == [2]
    count = select(func.count()).where(below.firm_id == Firm.id).scalar_subquery()
    assert [tuple(row) for row in session.execute(select(Firm.id, count).order_by(Firm.id))] == [(1, 1), (2, 0), (3, 1)]


@pytest.mark.parametrize(("base", "below"), PAIRS)
def test_outer_joins_and_the_statement_around_stay(session: Session, base: Any, below: Any) -> None:
    """LB-07: what an outer join does not find is kept; a subquery may speak of the class around it."""
    missing = select(Firm.id).outerjoin(below, below.firm_id == Firm.id).where(below.id.is_(None))
    named = select(below.id).where(exists().where(Firm.id == below.firm_id, Firm.name == "f3"))

    assert list(session.scalars(missing)) == [2]
    assert list(session.scalars(named)) == [3]


@pytest.mark.parametrize(("base", "below"), PAIRS)
@pytest.mark.parametrize("synchronize", ["auto", "fetch", False])
def test_an_update_writes_rows_of_its_class_only(session: Session, base: Any, below: Any, synchronize: Any) -> None:
    """PT-81: criteria on columns of the table above pick the row they are in; objects are in step with the rows."""
    held = {one.id: one for one in session.scalars(select(below))}
    options = {"synchronize_session": synchronize}

    session.execute(update(below).where(below.name == "a").values(bonus=1), execution_options=options)
    assert bonuses(session, below) == [1, 7]
    session.execute(update(below).where(base.id == 2).values(bonus=2), execution_options=options)
    assert bonuses(session, below) == [1, 7]
    session.execute(update(below).where(below.bonus == 7).values(bonus=3), execution_options=options)
    assert bonuses(session, below) == [1, 3]
    if synchronize:
        assert (held[1].bonus, held[3].bonus) == (1, 3)


@pytest.mark.parametrize(("base", "below"), PAIRS)
def test_criteria_of_other_classes_in_update_and_delete(session: Session, base: Any, below: Any) -> None:
    """PT-81: a firm that only an object of the base belongs to is not touched."""
    session.execute(update(Firm).where(exists().where(below.firm_id == Firm.id)).values(name="x"))
    assert list(session.scalars(select(Firm.name).order_by(Firm.id))) == ["x", "f2", "x"]
    session.execute(update(Firm).where(below.firm_id == Firm.id).values(name="y"))
    assert list(session.scalars(select(Firm.name).order_by(Firm.id))) == ["y", "f2", "y"]
    session.add(Firm(id=4, name="f4"))
    session.execute(delete(Firm).where(~exists().where(base.firm_id == Firm.id)))
    assert list(session.scalars(select(Firm.id).order_by(Firm.id))) == [1, 2, 3]


def test_evaluate_knows_the_attributes_of_a_subclass(session: Session, statements: Any) -> None:
    """PT-74: no statement but the UPDATE itself."""
    chief = session.get_one(Chief, 1)
    others = session.get_one(Plain, 2)

    with statements(session.get_bind()) as log:
        session.execute(
            update(Chief).where(Chief.name != "zz", Chief.bonus == 5).values(bonus=6),
            execution_options={"synchronize_session": "evaluate"},
        )
        assert chief.bonus == 6
    assert others.name == "b"
    assert len(log.starting_with("SELECT")) == 0


def test_half_an_object_is_not_deleted(session: Session) -> None:
    """PT-81: a DELETE of a class of several tables would leave the rows of the others; it is refused."""
    with pytest.raises(exc.ArgumentError) as failed:
        session.execute(delete(Wheel).where(Wheel.bonus == 5))
    assert failed.value.code == "dml-hierarchy"
    with pytest.raises(exc.ArgumentError):
        session.query(Wheel).delete()
    assert session.scalar(select(func.count(Wheel.id))) == 2
