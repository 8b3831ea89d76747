"""with_loader_criteria(): conditions on all rows of a class, wherever a statement or its loads meet it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from unitwork import ForeignKey, String, delete, exc, func, select, union_all, update
from unitwork.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    aliased,
    contains_eager,
    joinedload,
    mapped_column,
    relationship,
    selectinload,
    with_loader_criteria,
)


class Base(DeclarativeBase):
    pass


class SoftDelete:
    """What has rows that count as deleted."""

    gone: Mapped[bool] = mapped_column(default=False)


class Shelf(SoftDelete, Base):
    __tablename__ = "crit_shelf"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(20))
    boxes: Mapped[list[Box]] = relationship(back_populates="shelf", order_by="Box.id")


class Box(SoftDelete, Base):
    __tablename__ = "crit_box"
    id: Mapped[int] = mapped_column(primary_key=True)
    shelf_id: Mapped[int | None] = mapped_column(ForeignKey("crit_shelf.id"))
    size: Mapped[int]
    shelf: Mapped[Shelf | None] = relationship(back_populates="boxes")


class Pet(Base):
    __tablename__ = "crit_pet"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    legs: Mapped[int]
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "pet"}


class Bird(Pet):
    __mapper_args__ = {"polymorphic_identity": "bird"}


NOT_GONE = with_loader_criteria(Box, Box.gone == False)  # noqa: E712


@pytest.fixture
def session(engine: Any) -> Iterator[Session]:
    """Shelf a with boxes 1, 2 (gone) and 3; b, which is gone, with 4; c with 5 (gone)."""
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add_all([Shelf(id=1, name="a"), Shelf(id=2, name="b", gone=True), Shelf(id=3, name="c")])
        session.flush()
        for id_, shelf, gone in ((1, 1, False), (2, 1, True), (3, 1, False), (4, 2, False), (5, 3, True)):
            session.add(Box(id=id_, shelf_id=shelf, size=id_, gone=gone))
        session.add_all([Pet(id=1, kind="pet", legs=4), Bird(id=2, legs=2), Bird(id=3, legs=1)])
        session.commit()
        session.expunge_all()
        yield session


def ids(session: Session, statement: Any) -> list[Any]:
    """The first column of the rows."""
    return [getattr(one, "id", one) for one in session.scalars(statement).unique()]


def boxes_of(shelves: Any) -> list[tuple[str, list[int]]]:
    """Names of shelves and ids of their boxes."""
    return [(shelf.name, [box.id for box in shelf.boxes]) for shelf in shelves]


# -- the statement ----------------------------------------------------------------------------------------------------


def test_it_holds_for_objects_and_columns(session: Session) -> None:
    """LB-27: the SELECT of the class gets the condition, whatever of it is selected."""
    assert ids(session, select(Box).options(NOT_GONE).order_by(Box.id)) == [1, 3, 4]
    assert ids(session, select(Box.id).options(NOT_GONE).order_by(Box.id)) == [1, 3, 4]
    assert ids(session, select(func.count()).select_from(Box).options(NOT_GONE)) == [3]
    assert session.query(Box).options(NOT_GONE).count() == 3
    assert ids(session, select(Box).order_by(Box.id)) == [1, 2, 3, 4, 5]


def test_it_goes_into_on_of_joins(session: Session) -> None:
    """LB-27: an outer join keeps its left side; a join without a given condition keeps the one of its foreign keys."""
    rows = select(Shelf.id, Box.id).order_by(Shelf.id, Box.id).options(NOT_GONE)
    expected = [(1, 1), (1, 3), (2, 4), (3, None)]

    assert session.execute(rows.outerjoin(Shelf.boxes)).all() == expected
    assert session.execute(rows.outerjoin(Box)).all() == expected
    assert session.execute(rows.outerjoin(Box, Box.shelf_id == Shelf.id)).all() == expected
    assert session.execute(rows.join(Shelf.boxes)).all() == expected[:3]


def test_it_holds_within_subqueries(session: Session) -> None:
    """LB-27: IN, EXISTS, scalar subqueries, FROM, CTE and the parts of a UNION."""
    shelves = select(Shelf.id).options(NOT_GONE).order_by(Shelf.id)
    sub = select(Box.shelf_id, Box.size).subquery()
    cte = select(Box.shelf_id).cte()
    count = select(func.count(Box.id)).where(Box.shelf_id == Shelf.id).scalar_subquery()

    assert ids(session, shelves.where(Shelf.id.in_(select(Box.shelf_id)))) == [1, 2]
    assert ids(session, shelves.where(Shelf.boxes.any())) == [1, 2]
    assert ids(session, select(sub.c.size).options(NOT_GONE).order_by(sub.c.size)) == [1, 3, 4]
    assert ids(session, shelves.join(cte, cte.c.shelf_id == Shelf.id)) == [1, 2]
    counts = select(Shelf.id, count).options(NOT_GONE).order_by(Shelf.id)
    assert session.execute(counts).all() == [(1, 2), (2, 1), (3, 0)]
    both = union_all(select(Box.id), select(Box.id).where(Box.id < 3)).options(NOT_GONE)
    assert sorted(session.scalars(both)) == [1, 1, 3, 4]


def test_the_values_are_part_of_the_shape(session: Session) -> None:
    """LB-27, SB-50: the same statement with another value, or without the option, is another statement."""
    for limit, expected in ((3, [1, 2]), (5, [1, 2, 3, 4]), (3, [1, 2])):
        smaller = with_loader_criteria(Box, lambda cls, limit=limit: cls.size < limit)
        found = ids(session, select(Box).options(smaller).order_by(Box.id))
        shelf = session.scalars(select(Shelf).where(Shelf.id == 1).options(selectinload(Shelf.boxes), smaller)).one()
        assert (found, len(shelf.boxes)) == (expected, min(limit - 1, 3))
        session.expunge_all()
    assert len(ids(session, select(Box))) == 5


def test_a_mixin_stands_for_all_classes_with_it(session: Session) -> None:
    """LB-27: a function makes the condition of each class; others of the statement are left alone."""
    present = with_loader_criteria(SoftDelete, lambda cls: cls.gone == False)  # noqa: E712

    rows = session.execute(select(Shelf.name, Box.id).join(Box.shelf).options(present).order_by(Box.id)).all()
    pets = ids(session, select(Pet.id).options(present).order_by(Pet.id))

    assert rows == [("a", 1), ("a", 3)]
    assert pets == [1, 2, 3]


def test_a_class_stands_for_those_below_it(session: Session) -> None:
    """LB-27, LB-06: a condition on Pet holds for Bird, one on Bird not for every Pet of the same table."""
    on_pets = with_loader_criteria(Pet, Pet.legs > 1)
    on_birds = with_loader_criteria(Bird, lambda cls: cls.legs > 1)

    assert ids(session, select(Pet).options(on_pets).order_by(Pet.id)) == [1, 2]
    assert ids(session, select(Bird).options(on_pets)) == [2]
    assert ids(session, select(Bird).options(on_birds)) == [2]
    assert ids(session, select(Bird.id).options(on_birds)) == [2]
    assert ids(session, select(Pet).options(on_birds).order_by(Pet.id)) == [1, 2, 3]


def test_aliases_are_asked_for(session: Session) -> None:
    """LB-27: include_aliases; or the alias itself is named."""
    other = aliased(Box)
    everywhere = with_loader_criteria(Box, lambda cls: cls.gone == False, include_aliases=True)  # noqa: E712
    this = with_loader_criteria(other, other.size > 2)

    assert ids(session, select(other).options(NOT_GONE).order_by(other.id)) == [1, 2, 3, 4, 5]
    assert ids(session, select(other).options(everywhere).order_by(other.id)) == [1, 3, 4]
    assert ids(session, select(other.id).options(everywhere).order_by(other.id)) == [1, 3, 4]
    assert ids(session, select(other).options(this).order_by(other.id)) == [3, 4, 5]
    assert len(ids(session, select(Box).options(this))) == 5
    inner = aliased(Box, select(Box).subquery())
    assert ids(session, select(inner).options(everywhere).order_by(inner.id)) == [1, 3, 4]


def test_a_condition_may_ask_its_own_class(session: Session) -> None:
    """LB-27: a SELECT within the condition is left as it is."""
    largest = with_loader_criteria(Box, Box.size == select(func.max(Box.size)).correlate(None).scalar_subquery())

    assert ids(session, select(Box).options(largest)) == [5]


# -- what is loaded ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("load", [selectinload, joinedload])
def test_it_holds_for_what_is_loaded_along(session: Session, load: Any) -> None:
    """LB-27, LB-12: in sets or by a join, also around a subquery."""
    statement = select(Shelf).options(load(Shelf.boxes), NOT_GONE).order_by(Shelf.id)

    found = boxes_of(session.scalars(statement.limit(2)).unique())

    assert found == [("a", [1, 3]), ("b", [4])]
    session.expunge_all()
    assert boxes_of(session.scalars(statement).unique())[2] == ("c", [])


def test_it_holds_for_a_join_given_by_the_statement(session: Session) -> None:
    """LB-27: contains_eager() takes what the join finds."""
    statement = select(Shelf).outerjoin(Shelf.boxes).options(contains_eager(Shelf.boxes), NOT_GONE)

    assert boxes_of(session.scalars(statement.order_by(Shelf.id, Box.id)).unique()) == [
        ("a", [1, 3]), ("b", [4]), ("c", [])
    ]  # fmt: skip


def test_it_sticks_to_objects(session: Session) -> None:
    """LB-27: what is read later on them is restricted, after a commit too; not with propagate_to_loaders=False."""
    shelf = session.scalars(select(Shelf).where(Shelf.id == 1).options(NOT_GONE)).one()
    assert [box.id for box in shelf.boxes] == [1, 3]
    session.commit()
    assert [box.id for box in shelf.boxes] == [1, 3]
    session.expunge_all()

    now = with_loader_criteria(Box, Box.gone == False, propagate_to_loaders=False)  # noqa: E712
    shelf = session.scalars(select(Shelf).where(Shelf.id == 1).options(now)).one()
    assert [box.id for box in shelf.boxes] == [1, 2, 3]


def test_it_goes_on_along_lazy_loads(session: Session) -> None:
    """LB-27: what a lazy load finds carries it further, and a reference to a row it hides is None."""
    present = with_loader_criteria(SoftDelete, lambda cls: cls.gone == False)  # noqa: E712
    box = session.scalars(select(Box).where(Box.id == 1).options(present)).one()

    assert box.shelf is not None
    assert [one.id for one in box.shelf.boxes] == [1, 3]
    hidden = session.scalars(select(Box).where(Box.id == 4).options(present)).one()
    assert hidden.shelf is None


def test_loader_only_leaves_the_statement_alone(session: Session) -> None:
    """LB-27: loader_only."""
    along = with_loader_criteria(SoftDelete, lambda cls: cls.gone == False, loader_only=True)  # noqa: E712

    found = session.scalars(select(Shelf).options(along).order_by(Shelf.id))

    assert boxes_of(found) == [("a", [1, 3]), ("b", [4]), ("c", [])]


def test_get_is_restricted(session: Session) -> None:
    """LB-27, SB-87: an object that has to be read; one that is present is given."""
    assert session.get(Box, 2, options=[NOT_GONE]) is None
    assert session.get(Box, 1, options=[NOT_GONE]) is not None
    held = session.get(Box, 2)
    assert held is not None
    assert session.get(Box, 2, options=[NOT_GONE]) is held


# -- UPDATE and DELETE ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["evaluate", "fetch", "auto", False])
def test_it_holds_for_update_and_delete(session: Session, mode: Any) -> None:
    """PT-82: the condition is added to WHERE, and objects follow as far as it holds."""
    held = session.scalars(select(Box).order_by(Box.id)).all()
    how = {"synchronize_session": mode}

    changed: Any = session.execute(update(Box).values(size=70).options(NOT_GONE), execution_options=how)
    assert changed.rowcount == 3
    assert [box.size for box in held] == ([1, 2, 3, 4, 5] if mode is False else [70, 2, 70, 70, 5])
    deleted: Any = session.execute(delete(Box).where(Box.id < 4).options(NOT_GONE), execution_options=how)
    assert deleted.rowcount == 2
    assert [box in session for box in held[:3]] == ([True] * 3 if mode is False else [False, True, False])
    session.expire_all()
    assert session.scalars(select(Box.id).order_by(Box.id)).all() == [2, 4, 5]


def test_update_with_a_subquery(session: Session) -> None:
    """PT-82: the SELECT within gets the condition, in the one that looks for objects, too."""
    shelves = session.scalars(select(Shelf).order_by(Shelf.id)).all()

    session.execute(update(Shelf).values(name="x").where(Shelf.id.in_(select(Box.shelf_id))).options(NOT_GONE))

    assert [shelf.name for shelf in shelves] == ["x", "x", "c"]


# -- errors -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("given", [(SoftDelete, Box.gone), ("Box", Box.gone), (3, lambda cls: cls.gone)])
def test_what_is_no_class_is_refused(given: tuple[Any, Any]) -> None:
    """LB-27: [loader-criteria]."""
    with pytest.raises(exc.ArgumentError) as caught:
        with_loader_criteria(*given)

    assert caught.value.code == "loader-criteria"
