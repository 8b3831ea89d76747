"""merge() put members into dictionaries before they had their keys, and overwrote rows of later versions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from unitwork import ForeignKey, String, exc, select
from unitwork.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    attribute_keyed_dict,
    mapped_column,
    relationship,
)


class Base(DeclarativeBase):
    pass


class Page(Base):
    __tablename__ = "bug_merge_page"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str | None] = mapped_column(String(20))
    version: Mapped[int] = mapped_column()
    notes: Mapped[dict[str, Note]] = relationship(
        back_populates="page", collection_class=attribute_keyed_dict("key"), cascade="all, delete-orphan"
    )
    __mapper_args__ = {"version_id_col": version}


class Note(Base):
    __tablename__ = "bug_merge_note"
    id: Mapped[int] = mapped_column(primary_key=True)
    page_id: Mapped[int] = mapped_column(ForeignKey("bug_merge_page.id"))
    key: Mapped[str] = mapped_column(String(10))
    text: Mapped[str | None] = mapped_column(String(20))
    page: Mapped[Page] = relationship(back_populates="notes")


@pytest.fixture
def session(engine: Any) -> Iterator[Session]:
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add(Page(id=1, title="one", notes={"a": Note(id=1, key="a"), "b": Note(id=2, key="b")}))
        session.commit()
        session.expunge_all()
        yield session


def rows(session: Session) -> list[Any]:
    return [tuple(row) for row in session.execute(select(Note.id, Note.key, Note.page_id).order_by(Note.id))]


def test_new_and_renamed_members_have_their_keys(session: Session) -> None:
    """ST-66, LB-16: keys are those of the given objects, also of members that are new or have other keys now."""
    given = Page(id=1, notes={"z": Note(id=1, key="z"), "n": Note(id=3, key="n")})

    page = session.merge(given)

    assert {key: note.id for key, note in page.notes.items()} == {"z": 1, "n": 3}
    session.commit()
    assert rows(session) == [(1, "z", 1), (3, "n", 1)]


def test_a_new_owner_of_new_members(session: Session) -> None:
    """ST-66, LB-16: nothing of the graph is in the database."""
    page = session.merge(Page(id=2, notes={"q": Note(id=9, key="q")}))

    assert list(page.notes) == ["q"]
    session.commit()
    assert rows(session)[-1] == (9, "q", 2)


@pytest.mark.parametrize("present", [True, False])
def test_another_version_is_refused_before_anything_is_copied(session: Session, present: bool) -> None:
    """ST-78: what someone else wrote meanwhile is not overwritten, in this Session or in the database."""
    page = session.get_one(Page, 1)
    page.title = "two"
    session.commit()
    assert page.version == 2
    if not present:
        session.expunge_all()

    with pytest.raises(exc.StaleDataError) as failed:
        session.merge(Page(id=1, title="stale", version=1, notes={}))

    assert failed.value.code == "stale-merge"
    session.commit()
    assert session.execute(select(Page.title, Page.version)).one() == ("two", 2)
    assert len(rows(session)) == 2


def test_the_same_version_and_none_are_taken(session: Session) -> None:
    """ST-78: an unset version skips the check; the version goes on from that of the row."""
    session.merge(Page(id=1, title="two", version=1))
    session.commit()
    session.merge(Page(id=1, title="three"))
    session.commit()

    assert session.execute(select(Page.title, Page.version)).one() == ("three", 3)


def test_a_loaded_object_of_another_version_is_refused_without_load_too(session: Session) -> None:
    """ST-77, ST-78: what is here is newer than what was given."""
    given = session.get_one(Page, 1)
    session.expunge(given)
    page = session.get_one(Page, 1)
    page.title = "two"
    session.flush()

    with pytest.raises(exc.StaleDataError):
        session.merge(given, load=False)
    assert (page.title, page.version) == ("two", 2)
