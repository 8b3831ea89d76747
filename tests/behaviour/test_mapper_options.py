"""What the options of a mapper change: orphans, reading, defaults of the database, partial keys, versions (LB-08)."""

from __future__ import annotations

import warnings
from typing import Any

import pytest

from unitwork import ForeignKey, String, event, exc, func, insert, select, update
from unitwork.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

# -- orphans ----------------------------------------------------------------------------------------------------------


def parents(prefix: str, legacy: bool, both_ways: bool) -> Any:
    """Return (Base, Left, Right, Child): a child of two parents, each with delete-orphan."""

    class Base(DeclarativeBase):
        pass

    class Left(Base):
        __tablename__ = f"{prefix}_left"
        id: Mapped[int] = mapped_column(primary_key=True)
        children: Any = relationship(
            "Child", cascade="all, delete-orphan", back_populates="left" if both_ways else None
        )

    class Right(Base):
        __tablename__ = f"{prefix}_right"
        id: Mapped[int] = mapped_column(primary_key=True)
        children: Any = relationship(
            "Child", cascade="all, delete-orphan", back_populates="right" if both_ways else None
        )

    class Child(Base):
        __tablename__ = f"{prefix}_child"
        id: Mapped[int] = mapped_column(primary_key=True)
        left_id: Mapped[int | None] = mapped_column(ForeignKey(f"{prefix}_left.id"))
        right_id: Mapped[int | None] = mapped_column(ForeignKey(f"{prefix}_right.id"))
        if both_ways:
            left: Mapped[Any] = relationship("Left", back_populates="children")
            right: Mapped[Any] = relationship("Right", back_populates="children")
        __mapper_args__ = {"legacy_is_orphan": legacy}

    return Base, Left, Right, Child


@pytest.mark.parametrize("both_ways", [True, False])
@pytest.mark.parametrize("legacy", [True, False])
@pytest.mark.parametrize("loaded", [True, False])
def test_orphan_of_several_parents(engine: Any, legacy: bool, both_ways: bool, loaded: bool) -> None:
    """CA-62: losing any one of the parents makes an orphan; with legacy_is_orphan, losing all of them."""
    base, left_class, right_class, child_class = parents("mo", legacy, both_ways)
    base.metadata.create_all(engine)
    with Session(engine) as session:
        child = child_class()
        left, right = left_class(children=[child]), right_class(children=[child])
        session.add_all([left, right])
        session.commit()
        if not loaded:
            session.expunge_all()
            left, right = session.get(left_class, 1), session.get(right_class, 1)
        left.children.remove(left.children[0])
        session.commit()
        rows = session.execute(select(child_class.left_id, child_class.right_id)).all()
        assert rows == ([(None, 1)] if legacy else [])
        if legacy:
            right.children.clear()
            session.commit()
            assert session.scalars(select(child_class)).all() == []


@pytest.mark.parametrize("both_ways", [True, False])
def test_all_parents_lost_in_one_flush(engine: Any, both_ways: bool) -> None:
    """CA-62: with legacy_is_orphan the object goes when both let go of it, not when one takes it back."""
    base, left_class, right_class, child_class = parents("mp", True, both_ways)
    base.metadata.create_all(engine)
    with Session(engine) as session:
        first, second = child_class(), child_class()
        left, right = left_class(children=[first, second]), right_class(children=[first, second])
        session.add_all([left, right])
        session.commit()
        assert len(left.children) == len(right.children) == 2
        left.children.clear()
        right.children.remove(first)
        other = right_class(children=[second])
        session.add(other)
        right.children.clear()
        session.commit()
        assert session.scalars(select(child_class)).all() == [second]
        assert (second.left_id, second.right_id) == (None, other.id)


@pytest.mark.parametrize("legacy", [True, False])
@pytest.mark.parametrize("both_ways", [True, False])
def test_pending_orphan_of_several_parents(engine: Any, legacy: bool, both_ways: bool) -> None:
    """CA-60, CA-62: a pending object leaves the Session with its first parent, or with its last."""
    base, left_class, right_class, child_class = parents("mq", legacy, both_ways)
    base.metadata.create_all(engine)
    with Session(engine) as session:
        left, right, child = left_class(), right_class(), child_class()
        session.add_all([left, right])
        left.children.append(child)
        right.children.append(child)
        left.children.remove(child)
        assert (child in session) is legacy
        right.children.remove(child)
        assert child not in session


def test_a_child_moves_between_parents_that_it_does_not_know(engine: Any) -> None:
    """CA-57: without a reference back to the parent, too, moving is an UPDATE and no DELETE."""
    base, left_class, _, child_class = parents("mr", False, False)
    base.metadata.create_all(engine)
    with Session(engine) as session:
        first, second = left_class(children=[child_class(), child_class()]), left_class()
        session.add_all([first, second])
        session.commit()
        assert (len(first.children), second.children) == (2, [])
        moved, gone = first.children
        first.children.clear()
        second.children.append(moved)
        session.commit()
        assert session.scalars(select(child_class)).all() == [moved]
        assert (moved.left_id, gone in session) == (second.id, False)
        assert second.children == [moved]


# -- reading ----------------------------------------------------------------------------------------------------------


def test_every_select_refreshes_objects_of_a_class(engine: Any) -> None:
    """LB-08: always_refresh overwrites what is held, also changes that are not flushed; other classes are left."""

    class Base(DeclarativeBase):
        pass

    class Kept(Base):
        __tablename__ = "mo_kept"
        id: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[str | None] = mapped_column(String(20))

    class Fresh(Base):
        __tablename__ = "mo_fresh"
        id: Mapped[int] = mapped_column(primary_key=True)
        kind: Mapped[str] = mapped_column(String(9))
        name: Mapped[str | None] = mapped_column(String(20))
        kept_id: Mapped[int | None] = mapped_column(ForeignKey("mo_kept.id"))
        kept: Mapped[Any] = relationship(Kept)
        __mapper_args__ = {"always_refresh": True, "polymorphic_on": "kind", "polymorphic_identity": "fresh"}

    class Fresher(Fresh):
        more: Mapped[int | None]
        __mapper_args__ = {"polymorphic_identity": "fresher", "polymorphic_load": "inline"}

    Base.metadata.create_all(engine)
    with Session(engine, autoflush=False) as session:
        fresh, kept = Fresher(name="a", more=1, kept=Kept(name="k")), Kept(name="a")
        session.add_all([fresh, kept])
        session.commit()
        assert (fresh.name, fresh.more, kept.name, fresh.kept.name) == ("a", 1, "a", "k")
        for table in (Kept.__table__, Fresh.__table__):
            session.execute(update(table).values(name="new"))
        session.execute(update(Fresh.__table__).values(more=2))
        fresh.name = kept.name = "mine"

        rows = session.execute(select(Fresh, Kept).where(Kept.id == kept.id)).all()
        assert rows == [(fresh, kept)]
        assert (fresh.name, fresh.more, kept.name) == ("new", 2, "mine")
        assert session.is_modified(kept)
        assert not session.is_modified(fresh)

        session.execute(update(Fresh.__table__).values(name="newer"))
        assert session.get(Fresh, fresh.id).name == "newer"
        session.execute(update(Fresh.__table__).values(name="newest"))
        assert session.get(Fresher, fresh.id).name == "newest"


def test_populate_existing_reaches_columns_of_subclasses(engine: Any) -> None:
    """ST-109: also those that come along with their base."""

    class Base(DeclarativeBase):
        pass

    class Top(Base):
        __tablename__ = "mo_top"
        id: Mapped[int] = mapped_column(primary_key=True)
        kind: Mapped[str] = mapped_column(String(9))
        __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "top"}

    class Below(Top):
        more: Mapped[int | None]
        __mapper_args__ = {"polymorphic_identity": "below", "polymorphic_load": "inline"}

    Base.metadata.create_all(engine)
    with Session(engine) as session:
        below = Below(more=1)
        session.add(below)
        session.commit()
        assert below.more == 1
        session.execute(update(Top.__table__).values(more=2))
        session.scalars(select(Top)).all()
        assert below.more == 1
        session.scalars(select(Top), execution_options={"populate_existing": True}).all()
        assert below.more == 2


@pytest.mark.parametrize("allowed", [True, False])
def test_rows_with_a_partly_null_key(engine: Any, allowed: bool) -> None:
    """FP-18: such a row is an object, or None with allow_partial_pks=False."""

    class Base(DeclarativeBase):
        pass

    class One(Base):
        __tablename__ = "mo_one"
        id: Mapped[int] = mapped_column(primary_key=True)

    class Pair(Base):
        __tablename__ = "mo_pair"
        row: Mapped[int] = mapped_column(primary_key=True)
        a: Mapped[int | None]
        b: Mapped[int | None]
        __mapper_args__ = {"primary_key": ["a", "b"], "allow_partial_pks": allowed}

    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add(One(id=1))
        session.flush()
        session.execute(
            insert(Pair.__table__),
            [{"row": 1, "a": 1, "b": None}, {"row": 2, "a": None, "b": None}, {"row": 3, "a": 1, "b": 2}],
        )
        found = session.scalars(select(Pair).order_by(Pair.row)).all()
        keys = [None if one is None else (one.a, one.b) for one in found]
        assert keys == [(1, None) if allowed else None, None, (1, 2)]


# -- what the database makes ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("eager", [True, False, "auto"])
def test_what_is_read_back_after_writing(engine: Any, statements: Any, eager: Any) -> None:
    """PT-28, PT-29, PT-30: eager_defaults says whether what the database makes comes back at once."""

    class Base(DeclarativeBase):
        pass

    class Made(Base):
        __tablename__ = "mo_made"
        id: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[str | None] = mapped_column(String(20))
        first: Mapped[str | None] = mapped_column(String(20), server_default="dflt")
        size: Mapped[int | None]
        __mapper_args__ = {"eager_defaults": eager}

    Base.metadata.create_all(engine)
    with Session(engine, expire_on_commit=False) as session:
        objects = [Made(name=f"n{number}") for number in range(5)]
        session.add_all(objects)
        session.flush()
        assert [obj.id for obj in objects] == [1, 2, 3, 4, 5]
        assert ["first" in obj.__dict__ for obj in objects] == [eager is not False] * 5
        assert [obj.first for obj in objects] == ["dflt"] * 5

        for obj in objects:
            obj.size = func.length(obj.name) + obj.id
        session.flush()
        assert ["size" in obj.__dict__ for obj in objects] == [eager is True] * 5
        with statements(engine) as log:
            assert [obj.size for obj in objects] == [3, 4, 5, 6, 7]
        assert bool(log.starting_with("SELECT")) is (eager is not True)


# -- rows that are not there ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("confirm", [True, False])
def test_rows_to_delete_that_are_gone(engine: Any, confirm: bool) -> None:
    """FP-15: a warning, none with confirm_deleted_rows=False."""

    class Base(DeclarativeBase):
        pass

    class Gone(Base):
        __tablename__ = "mo_gone"
        id: Mapped[int] = mapped_column(primary_key=True)
        __mapper_args__ = {"confirm_deleted_rows": confirm}

    Base.metadata.create_all(engine)
    with Session(engine) as session:
        objects = [Gone(), Gone()]
        session.add_all(objects)
        session.flush()
        session.execute(Gone.__table__.delete().where(Gone.__table__.c.id == objects[0].id))
        for obj in objects:
            session.delete(obj)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            session.flush()
        assert [one.category for one in caught] == ([exc.UnitworkWarning] if confirm else [])


@pytest.mark.parametrize("batch", [True, False])
def test_hooks_one_by_one(engine: Any, batch: bool) -> None:
    """EV-43: with batch=False each object has its hooks around its own statement."""

    class Base(DeclarativeBase):
        pass

    class Each(Base):
        __tablename__ = "mo_each"
        id: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[str | None] = mapped_column(String(20))
        __mapper_args__ = {"batch": batch}

    log: list[str] = []
    for kind in ("before_insert", "after_insert", "before_update", "after_update"):
        event.listen(Each, kind, lambda mapper, connection, obj, kind=kind: log.append(f"{kind[:8]} {obj.name}"))
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        objects = [Each(name="a"), Each(name="b")]
        session.add_all(objects)
        session.flush()
        together = ["before_i a", "before_i b", "after_in a", "after_in b"]
        alone = ["before_i a", "after_in a", "before_i b", "after_in b"]
        assert log == (together if batch else alone)


# -- versions ---------------------------------------------------------------------------------------------------------


def versioned() -> Any:
    """Return (Base, Doc, Note): a versioned class with notes."""

    class Base(DeclarativeBase):
        pass

    class Doc(Base):
        __tablename__ = "mo_doc"
        id: Mapped[int] = mapped_column(primary_key=True)
        version: Mapped[int]
        name: Mapped[str | None] = mapped_column(String(20))
        above_id: Mapped[int | None] = mapped_column(ForeignKey("mo_doc.id"))
        above: Mapped[Any] = relationship("Doc", remote_side="Doc.id")
        notes: Any = relationship("Note", back_populates="doc")
        __mapper_args__ = {"version_id_col": "version"}

    class Note(Base):
        __tablename__ = "mo_note"
        id: Mapped[int] = mapped_column(primary_key=True)
        doc_id: Mapped[int | None] = mapped_column(ForeignKey("mo_doc.id"))
        doc: Mapped[Any] = relationship("Doc", back_populates="notes")

    return Base, Doc, Note


def test_collections_count_no_version_and_references_do(engine: Any) -> None:
    """VC-08."""
    base, doc_class, note_class = versioned()
    base.metadata.create_all(engine)
    with Session(engine) as session:
        doc, other = doc_class(name="a"), doc_class(name="b")
        session.add_all([doc, other])
        session.commit()
        doc.notes.append(note_class())
        session.commit()
        assert doc.version == 1
        doc.above = other
        session.commit()
        assert (doc.version, other.version) == (2, 1)


def test_merge_of_another_version_is_refused(engine: Any) -> None:
    """ST-78: before anything is copied; an unset version skips the check."""
    base, doc_class, _ = versioned()
    base.metadata.create_all(engine)
    with Session(engine) as session:
        doc = doc_class(name="a")
        session.add(doc)
        session.commit()
        number = doc.id
        session.refresh(doc)
        session.expunge(doc)
        doc.name = "mine"
        session.execute(update(doc_class.__table__).values(version=5))

        fresh = doc_class(name="unrelated")
        with pytest.raises(exc.StaleDataError, match="version 1, and its row is of version 5") as caught:
            session.merge_all([fresh, doc])
        assert caught.value.code == "stale-merge"
        assert not session.new
        assert session.get(doc_class, number).name == "a"

        merged = session.merge(doc_class(id=number, name="forced"))
        session.commit()
        assert (merged.name, merged.version) == ("forced", 6)
        again = session.merge(doc_class(id=number, name="same", version=6))
        session.commit()
        assert (again.name, again.version) == ("same", 7)
