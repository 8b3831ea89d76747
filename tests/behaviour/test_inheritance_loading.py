"""Columns of subclasses with their base, versions of rows in several tables, cycles and hooks in a hierarchy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.hierarchies import staff
from unitwork import ForeignKey, String, case, event, exc, select, update
from unitwork.orm import DeclarativeBase, Mapped, Session, mapped_column, registry, relationship

NAMES = ("Engineer", "Senior", "Checker", "Manager", "Boss")
MODELS = {kind: staff(**dict.fromkeys(NAMES, kind)) for kind in ("inline", "selectin")}


@pytest.mark.parametrize(("kind", "selects"), [("inline", 1), ("selectin", 6)])
def test_columns_of_subclasses_come_with_their_base(engine: Any, statements: Any, kind: str, selects: int) -> None:
    """LB-08: polymorphic_load, in the same SELECT or by one more per class, for new and for expired objects."""
    model = MODELS[kind]
    model.metadata.create_all(engine)
    with Session(engine) as session:
        for _ in range(20):
            session.add_all([model.Engineer(lang="py"), model.Senior(lang="c", level=3), model.Manager(bonus=1)])
            session.add_all([model.Boss(bonus=2, car="red"), model.Employee(), model.Checker(lang="sh", bugs=4)])
        session.commit()
        for fresh in (True, False):
            if fresh:
                session.expunge_all()
            with statements(engine) as log:
                found = session.scalars(select(model.Employee).order_by(model.Employee.id)).all()
                engineer, senior, manager, boss, _, checker = found[:6]
                assert (engineer.lang, senior.lang, senior.level, manager.bonus) == ("py", "c", 3, 1)
                assert (boss.bonus, boss.car, checker.lang, checker.bugs) == (2, "red", "sh", 4)
            assert len(log.starting_with("SELECT")) == selects
            session.expire_all()


class Base(DeclarativeBase):
    """Base of the versioned classes."""


class Paper(Base):
    """A versioned class."""

    __tablename__ = "inhv_paper"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(9))
    version: Mapped[int]
    name: Mapped[str | None] = mapped_column(String(20))
    __mapper_args__ = {"version_id_col": "version", "polymorphic_on": "kind", "polymorphic_identity": "paper"}


class Deed(Paper):
    """A versioned class with a table of its own."""

    __tablename__ = "inhv_deed"
    id: Mapped[int] = mapped_column(ForeignKey("inhv_paper.id"), primary_key=True)
    seal: Mapped[int | None]
    __mapper_args__ = {"polymorphic_identity": "deed"}


@pytest.fixture
def session(engine: Any) -> Iterator[Session]:
    """A Session with two deeds and a paper, committed."""
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add_all([Deed(name="a", seal=1), Deed(name="b", seal=2), Paper(name="c")])
        session.commit()
        yield session


def papers(session: Session) -> list[Any]:
    """All objects, by key."""
    return list(session.scalars(select(Paper).order_by(Paper.id)))


def test_any_change_counts_the_version_in_the_base_table(session: Session, statements: Any) -> None:
    """VC-01, VC-03, FP-12: also one of the subclass's table alone; and none without a net change."""
    deeds = papers(session)
    deeds[0].seal = 5
    deeds[1].name = "z"
    deeds[2].name = deeds[2].name
    with statements(session.get_bind()) as log:
        session.flush()

    assert [paper.version for paper in deeds] == [2, 2, 1]
    assert len(log.starting_with("UPDATE")) == 3
    session.commit()
    assert [paper.version for paper in deeds] == [2, 2, 1]


@pytest.mark.parametrize("action", ["update", "delete"])
def test_a_stale_row_of_a_batch_is_named_and_nothing_is_written(session: Session, action: str) -> None:
    """VC-02, VC-10: with the version that was expected."""
    deeds = papers(session)
    table = Paper.__table__
    session.execute(update(table).where(table.c.id == deeds[1].id).values(version=9))
    for deed in deeds:
        if action == "delete":
            session.delete(deed)
        else:
            deed.name = "new"

    with pytest.raises(exc.StaleDataError, match=rf"{action.upper()}.*<Deed id=2> at version 1:"):
        session.flush()

    session.rollback()
    assert [(paper.name, paper.version) for paper in papers(session)] == [("a", 1), ("b", 1), ("c", 1)]


def test_a_generator_of_versions_and_versions_set_by_hand(engine: Any) -> None:
    """VC-04, VC-06, VC-07."""
    seen: list[Any] = []

    def following(version: Any) -> str:
        seen.append(version)
        return f"v{len(seen)}"

    class Local(DeclarativeBase):
        pass

    class Made(Local):
        __tablename__ = "inhv_made"
        id: Mapped[int] = mapped_column(primary_key=True)
        mark: Mapped[str] = mapped_column(String(9))
        x: Mapped[int | None]
        __mapper_args__ = {"version_id_col": mark, "version_id_generator": following}

    class Hand(Local):
        __tablename__ = "inhv_hand"
        id: Mapped[int] = mapped_column(primary_key=True)
        mark: Mapped[int]
        x: Mapped[int | None]
        __mapper_args__ = {"version_id_col": "mark", "version_id_generator": False}

    Local.metadata.create_all(engine)
    with Session(engine) as session:
        made, hand = Made(), Hand(mark=7)
        session.add_all([made, hand])
        session.commit()
        made.x = hand.x = 1
        session.commit()
        assert (made.mark, hand.mark, seen) == ("v2", 7, [None, "v1"])
        made.mark, hand.mark = "own", 8
        session.commit()
        assert (made.mark, hand.mark, len(seen)) == ("own", 8, 2)
        session.execute(update(Hand).values(mark=99))
        hand.__dict__["mark"] = 8
        hand.x = 2
        with pytest.raises(exc.StaleDataError):
            session.flush()


def test_a_base_may_refer_to_its_own_subclass(engine: Any) -> None:
    """FP-05, FP-12: the two tables form a cycle, and rows are ordered by object and table."""

    class Local(DeclarativeBase):
        pass

    class Worker(Local):
        __tablename__ = "inhc_worker"
        id: Mapped[int] = mapped_column(primary_key=True)
        kind: Mapped[str] = mapped_column(String(9))
        chief_id: Mapped[int | None] = mapped_column(ForeignKey("inhc_chief.id"))
        chief: Mapped[Any] = relationship("Chief", foreign_keys=chief_id, back_populates="reports")
        __mapper_args__ = {"polymorphic_on": kind, "polymorphic_identity": "worker"}

    class Chief(Worker):
        __tablename__ = "inhc_chief"
        id: Mapped[int] = mapped_column(ForeignKey("inhc_worker.id"), primary_key=True)
        reports: Any = relationship(Worker, foreign_keys=Worker.chief_id, back_populates="chief")
        __mapper_args__ = {"polymorphic_identity": "chief"}

    Local.metadata.create_all(engine)
    with Session(engine) as session:
        top = Chief()
        middle = Chief(chief=top)
        session.add_all([Worker(chief=middle) for _ in range(3)])
        session.commit()
        assert (len(middle.reports), top.reports) == (3, [middle])
        for worker in session.scalars(select(Worker)).all():
            session.delete(worker)
        session.commit()
        assert session.scalars(select(Worker)).all() == []
    Worker.__table__.metadata.drop_all(engine)


def test_a_discriminator_may_be_an_expression(engine: Any) -> None:
    """LB-07: polymorphic_on with a CASE, mapped imperatively."""
    from_table = staff().Company.__table__
    from_table.metadata.create_all(engine)
    classes = registry()
    small = type("Small", (), {})
    big = type("Big", (small,), {})
    kind = case((from_table.c.id > 1, "big"), else_="small")
    classes.map_imperatively(small, from_table, polymorphic_on=kind, polymorphic_identity="small")
    classes.map_imperatively(big, inherits=small, polymorphic_identity="big")
    with Session(engine) as session:
        session.add_all([small(name="a"), small(name="b")])
        session.commit()
        session.expunge_all()
        found = session.scalars(select(small).order_by(small.id)).all()
        assert [type(one).__name__ for one in found] == ["Small", "Big"]
        assert [one.name for one in session.scalars(select(big))] == ["b"]
    classes.dispose()


def test_hooks_are_called_once_for_an_object_of_several_tables(engine: Any) -> None:
    """EV-32, EV-34: before its first row and after its last; what they write reaches every table."""
    model = staff()
    model.metadata.create_all(engine)
    log: list[Any] = []

    def before(mapper: Any, connection: Any, obj: Any) -> None:
        log.append("before")
        obj.level, obj.name = (obj.level or 0) + 10, "set"

    event.listen(model.Senior, "before_insert", before)
    event.listen(model.Senior, "before_update", before)
    event.listen(model.Senior, "after_insert", lambda mapper, connection, obj: log.append(obj.sid))
    event.listen(model.Senior, "after_update", lambda mapper, connection, obj: log.append("after"))
    with Session(engine) as session:
        senior = model.Senior(name="n")
        session.add_all([senior, model.Manager(name="m")])
        session.commit()
        senior.lang = "c"
        session.commit()
        assert log == ["before", senior.sid, "before", "after"]
        assert (senior.name, senior.level, senior.lang) == ("set", 20, "c")


def test_a_base_may_gain_attributes_later(engine: Any) -> None:
    """LB-03, LB-07: subclasses that are mapped already have them too."""
    model = staff()
    model.Employee.badge = mapped_column(String(9))
    model.metadata.create_all(engine)
    with Session(engine) as session:
        boss = model.Boss(badge="b1")
        session.add_all([boss, model.Senior(badge="s1")])
        session.commit()
        boss.badge = "b2"
        session.commit()
        session.expunge_all()
        found = session.scalars(select(model.Employee).order_by(model.Employee.id)).all()
        assert [one.badge for one in found] == ["b2", "s1"]
    model.metadata.drop_all(engine)
