"""How a class is put below another where foreign keys alone do not say it; versions that the database makes (LB-08)."""

from __future__ import annotations

from typing import Any

import pytest

from unitwork import FetchedValue, ForeignKey, String, exc, inspect, select, text, update
from unitwork.orm import DeclarativeBase, Mapped, Session, mapped_column


def saved_and_read(engine: Any, root: Any, *objects: Any) -> list[Any]:
    """Save objects and return them as they are read again."""
    root.__table__.metadata.create_all(engine)
    with Session(engine) as session:
        session.add_all(objects)
        session.commit()
        session.expunge_all()
        found = list(session.scalars(select(root).order_by(*inspect(root).primary_key)))
        for one in found:
            session.refresh(one)
        return found


def test_the_condition_may_be_given(engine: Any) -> None:
    """LB-08: inherit_condition, where two foreign keys of the subclass lead to its base."""

    class Base(DeclarativeBase):
        pass

    class Top(Base):
        __tablename__ = "ihm_top"
        id: Mapped[int] = mapped_column(primary_key=True)
        kind: Mapped[str] = mapped_column(String(9))
        __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "top"}

    class Low(Top):
        __tablename__ = "ihm_low"
        key: Mapped[int] = mapped_column(ForeignKey("ihm_top.id"), primary_key=True)
        other: Mapped[int | None] = mapped_column(ForeignKey("ihm_top.id"))
        __mapper_args__ = {"polymorphic_identity": "low", "inherit_condition": key == Top.id}

    top, low = saved_and_read(engine, Top, Top(), Low(other=1))
    assert (type(top), type(low), low.id, low.key, low.other) == (Top, Low, 2, 2, 1)
    Base.metadata.drop_all(engine)


def test_foreign_columns_of_the_condition_may_be_given(engine: Any) -> None:
    """LB-08: inherit_condition and inherit_foreign_keys, where the tables have no foreign key."""

    class Base(DeclarativeBase):
        pass

    class Top(Base):
        __tablename__ = "ihm_free"
        id: Mapped[int] = mapped_column(primary_key=True)
        kind: Mapped[str] = mapped_column(String(9))
        __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "top"}

    class Low(Top):
        __tablename__ = "ihm_free_low"
        key: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
        value: Mapped[int | None]
        __mapper_args__ = {
            "polymorphic_identity": "low", "inherit_condition": key == Top.id, "inherit_foreign_keys": [key]
        }  # fmt: skip

    top, low = saved_and_read(engine, Top, Top(), Low(value=7))
    assert (type(top), type(low), low.id, low.key, low.value) == (Top, Low, 2, 2, 7)


def test_subclasses_may_share_a_column(engine: Any) -> None:
    """LB-08: use_existing_column."""

    class Base(DeclarativeBase):
        pass

    class Top(Base):
        __tablename__ = "ihm_share"
        id: Mapped[int] = mapped_column(primary_key=True)
        kind: Mapped[str] = mapped_column(String(9))
        __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "top"}

    class One(Top):
        day: Mapped[int | None] = mapped_column(use_existing_column=True)
        __mapper_args__ = {"polymorphic_identity": "one"}

    class Two(Top):
        day: Mapped[int | None] = mapped_column(use_existing_column=True)
        __mapper_args__ = {"polymorphic_identity": "two"}

    assert [column.name for column in Top.__table__.columns] == ["id", "kind", "day"]
    one, two, top = saved_and_read(engine, Top, One(day=1), Two(day=2), Top())
    assert (one.day, two.day, hasattr(top, "day")) == (1, 2, False)


def test_an_abstract_class_has_no_rows_of_its_own(engine: Any) -> None:
    """LB-08: polymorphic_abstract; the classes below it are found through it."""

    class Base(DeclarativeBase):
        pass

    class Top(Base):
        __tablename__ = "ihm_abstract"
        id: Mapped[int] = mapped_column(primary_key=True)
        kind: Mapped[str] = mapped_column(String(9))
        __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "top"}

    class Between(Top):
        word: Mapped[str | None] = mapped_column(String(9))
        __mapper_args__ = {"polymorphic_abstract": True}

    class Low(Between):
        __mapper_args__ = {"polymorphic_identity": "low"}

    top, low = saved_and_read(engine, Top, Top(), Low(word="w"))
    assert (type(top), type(low), low.word) == (Top, Low, "w")
    with Session(engine) as session:
        assert [type(one) for one in session.scalars(select(Between))] == [Low]


def test_rows_below_are_left_to_the_database(engine: Any, backend: str, statements: Any) -> None:
    """RP-08: passive_deletes of a mapper; one DELETE, of the table above."""

    class Base(DeclarativeBase):
        pass

    class Top(Base):
        __tablename__ = "ihm_passive"
        id: Mapped[int] = mapped_column(primary_key=True)
        kind: Mapped[str] = mapped_column(String(9))
        __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "top"}

    class Low(Top):
        __tablename__ = "ihm_passive_low"
        id: Mapped[int] = mapped_column(ForeignKey("ihm_passive.id", ondelete="CASCADE"), primary_key=True)
        x: Mapped[int | None]
        __mapper_args__ = {"polymorphic_identity": "low", "passive_deletes": True}

    Base.metadata.create_all(engine)
    with Session(engine) as session:
        enforced = backend != "sqlite" or session.execute(text("PRAGMA foreign_keys")).scalar() == 1
        low = Low(x=1)
        session.add(low)
        session.commit()
        session.delete(low)
        with statements(engine) as log:
            session.flush()
        (sql,) = log.starting_with("DELETE")
        assert "ihm_passive_low" not in sql
        assert len(session.execute(select(Low.__table__)).all()) == (0 if enforced else 1)
    Base.metadata.drop_all(engine)


def test_versions_that_the_database_makes_are_read_at_once(engine: Any, statements: Any) -> None:
    """VC-05: with the INSERT; and never counted by the library."""

    class Base(DeclarativeBase):
        pass

    class Doc(Base):
        __tablename__ = "ihm_server"
        id: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[str | None] = mapped_column(String(9))
        mark: Mapped[int] = mapped_column(server_default="7", server_onupdate=FetchedValue())
        __mapper_args__ = {"version_id_col": "mark", "version_id_generator": False}

    Base.metadata.create_all(engine)
    with Session(engine) as session:
        docs = [Doc(name="a"), Doc(name="b")]
        session.add_all(docs)
        session.flush()
        assert [doc.__dict__["mark"] for doc in docs] == [7, 7]
        for doc in docs:
            doc.name = "new"
        session.flush()
        with statements(engine) as log:
            assert [doc.__dict__["mark"] for doc in docs] == [7, 7]
        assert log.starting_with("SELECT") == []
        session.execute(update(Doc.__table__).where(Doc.__table__.c.id == docs[1].id).values(mark=8))
        docs[0].name = docs[1].name = "stale"
        with pytest.raises(exc.StaleDataError, match="<Doc id=2> at version 7"):
            session.flush()


def test_every_row_of_a_batch_is_checked(engine: Any) -> None:
    """VC-10: whatever the driver counts for many rows, each stale one is found."""

    class Base(DeclarativeBase):
        pass

    class Doc(Base):
        __tablename__ = "ihm_many"
        id: Mapped[int] = mapped_column(primary_key=True)
        version: Mapped[int]
        name: Mapped[str | None] = mapped_column(String(9))
        __mapper_args__ = {"version_id_col": "version"}

    Base.metadata.create_all(engine)
    table = Doc.__table__
    with Session(engine) as session:
        docs = [Doc(name="a") for _ in range(50)]
        session.add_all(docs)
        session.commit()
        for doc in docs:
            doc.name = "b"
        session.flush()
        assert {doc.version for doc in docs} == {2}
        session.commit()
        assert {doc.version for doc in docs} == {2}
        session.execute(update(table).where(table.c.id.in_([docs[10].id, docs[40].id])).values(version=9))
        for doc in docs:
            doc.name = "c"
        with pytest.raises(exc.StaleDataError) as caught:
            session.flush()
        assert [one for one in ("id=11>", "id=41>", "id=12>") if one in str(caught.value)] == ["id=11>", "id=41>"]
