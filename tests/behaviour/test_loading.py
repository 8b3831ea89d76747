"""Loader options and the mapping's ways of loading: which statements are sent, and that the same graph comes of all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.models import Author, Book, Node, Tag
from unitwork import ForeignKey, Integer, String, exc, select
from unitwork.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    defer,
    deferred,
    lazyload,
    load_only,
    mapped_column,
    noload,
    raiseload,
    relationship,
    selectinload,
    undefer,
)


def stored_library(session: Session) -> None:
    """Two authors with two books each, which share a tag, and one author without."""
    shared = Tag(name="shared")
    for name in ("ann", "bea"):
        session.add(Author(name=name, books=[Book(title=f"{name}{number}", tags=[shared]) for number in (1, 2)]))
    session.add(Author(name="cid"))
    session.commit()
    session.expunge_all()


def test_selectin_of_a_collection_is_one_more_statement(session: Session, statements: Any) -> None:
    """LB-27: the books of all authors of a result come with one SELECT, and are there without another."""
    stored_library(session)

    with statements(session.get_bind()) as log:
        authors = session.scalars(select(Author).order_by(Author.id).options(selectinload(Author.books))).all()
        titles = [[book.title for book in author.books] for author in authors]

    assert titles == [["ann1", "ann2"], ["bea1", "bea2"], []]
    assert log.count <= 3  # BEGIN, where it is a statement of its own, and two SELECTs


def test_selectin_along_a_path(session: Session, statements: Any) -> None:
    """LB-27: options go on from the target; each step is one more statement for all objects."""
    stored_library(session)

    with statements(session.get_bind()) as log:
        option = selectinload(Author.books).selectinload(Book.tags)
        authors = session.scalars(select(Author).options(option)).all()
        tags = {tag.name for author in authors for book in author.books for tag in book.tags}

    assert tags == {"shared"}
    assert log.count <= 4


def test_selectin_of_a_reference(session: Session, statements: Any) -> None:
    """LB-15, LB-27: the authors of all books come with one SELECT, those in the identity map with none."""
    stored_library(session)
    ann = session.scalars(select(Author).where(Author.name == "ann")).one()

    with statements(session.get_bind()) as log:
        books = session.scalars(select(Book).order_by(Book.id).options(selectinload(Book.author))).all()
        names = [book.author.name for book in books if book.author is not None]

    assert names == ["ann", "ann", "bea", "bea"]
    assert books[0].author is ann
    assert log.count == 2


def test_selectin_leaves_loaded_attributes_alone(session: Session) -> None:
    """SB-36: what is loaded already, and perhaps changed, is not loaded again."""
    stored_library(session)
    ann = session.scalars(select(Author).where(Author.name == "ann")).one()
    with session.no_autoflush:
        ann.books.append(Book(title="new"))
        session.scalars(select(Author).options(selectinload(Author.books))).all()

    assert [book.title for book in ann.books] == ["ann1", "ann2", "new"]


def test_selectin_of_a_self_reference(session: Session, statements: Any) -> None:
    """LB-27: a path may follow the same relationship several times; where it ends, loading is lazy again."""
    session.add(Node(name="root", children=[Node(name="a", children=[Node(name="b", children=[Node(name="c")])])]))
    session.commit()
    session.expunge_all()

    with statements(session.get_bind()) as log:
        option = selectinload(Node.children).selectinload(Node.children)
        root = session.scalars(select(Node).where(Node.parent_id.is_(None)).options(option)).one()
        two_down = root.children[0].children[0]
        sent = log.count
        deepest = two_down.children[0].name

    assert (sent <= 4, deepest) == (True, "c")


def test_entities_and_columns_together(session: Session) -> None:
    """SB-44, LB-27: options apply to the entities of a row that has other items, too."""
    stored_library(session)

    statement = select(Book.title, Author).join(Book.author).order_by(Book.id).options(selectinload(Author.books))
    rows = session.execute(statement).all()

    assert [(row.title, row.Author.name, "books" in vars(row.Author)) for row in rows[:2]] == [
        ("ann1", "ann", True),
        ("ann2", "ann", True),
    ]


def test_raiseload_refuses(session: Session) -> None:
    """LB-27: an unloaded relationship under raiseload() raises, and says how to load it."""
    stored_library(session)
    author = session.scalars(select(Author).options(raiseload(Author.books))).first()

    with pytest.raises(exc.InvalidRequestError, match="selectinload"):
        _ = author.books


def test_raiseload_of_sql_only(session: Session) -> None:
    """LB-27: with sql_only=True what is in the identity map may be read."""
    stored_library(session)
    authors = session.scalars(select(Author)).all()
    book = session.scalars(select(Book).order_by(Book.id).options(raiseload(Book.author, sql_only=True))).first()

    assert book is not None
    assert book.author is authors[0]


def test_noload_is_empty(session: Session) -> None:
    """LB-27: under noload() a relationship is empty, and nothing is written for it."""
    stored_library(session)
    author = session.scalars(select(Author).order_by(Author.id).options(noload(Author.books))).first()

    assert author is not None
    assert list(author.books) == []
    session.commit()
    assert len(session.scalars(select(Book).where(Book.author_id == author.id)).all()) == 2


def test_load_only(session: Session, statements: Any) -> None:
    """LB-27: load_only() leaves the other columns to be loaded when they are read."""
    stored_library(session)
    author = session.scalars(select(Author).order_by(Author.id).options(load_only(Author.name))).first()

    assert author is not None
    assert "born" not in vars(author)
    assert (author.name, author.born) == ("ann", None)


def test_options_stick_for_later_loads(session: Session, statements: Any) -> None:
    """ST-108, LB-27: options below a lazy relationship apply when it is read."""
    stored_library(session)
    author = session.scalars(
        select(Author).order_by(Author.id).options(lazyload(Author.books).selectinload(Book.tags))
    ).first()
    assert author is not None

    with statements(session.get_bind()) as log:
        tags = [tag.name for book in author.books for tag in book.tags]

    assert (tags, log.count) == (["shared", "shared"], 2)


def test_options_of_get(session: Session) -> None:
    """SB-87: get() takes loader options for when it asks the database."""
    stored_library(session)

    author = session.get(Author, 1, options=[selectinload(Author.books)])

    assert author is not None
    assert "books" in vars(author)


def test_option_for_another_class_is_refused() -> None:
    """LB-27, ER-02: an option that does not follow from where it stands raises at once."""
    with pytest.raises(exc.ArgumentError):
        selectinload(Author.books).selectinload(Author.books)
    with pytest.raises(exc.LoaderStrategyError):
        selectinload(Author.name)


class Base(DeclarativeBase):
    """Base of the classes whose mapping says how they are loaded."""


class Album(Base):
    """Loads its tracks along, and its cover not at all until it is read."""

    __tablename__ = "album"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(20))
    cover: Mapped[str | None] = mapped_column(String(100), deferred=True, deferred_group="big")
    notes: Mapped[str | None] = deferred(mapped_column(String(100)), group="big")
    tracks: Mapped[list[Track]] = relationship(back_populates="album", lazy="selectin", order_by="Track.id")


class Track(Base):
    """Refuses to load its album by itself."""

    __tablename__ = "track"

    id: Mapped[int] = mapped_column(primary_key=True)
    album_id: Mapped[int | None] = mapped_column(Integer, ForeignKey("album.id"))
    title: Mapped[str] = mapped_column(String(20))
    album: Mapped[Album | None] = relationship(back_populates="tracks", lazy="raise")


@pytest.fixture
def music(engine: Any) -> Iterator[Session]:
    """A Session with one stored album of two tracks, and nothing loaded."""
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        tracks = [Track(title="one"), Track(title="two")]
        session.add(Album(title="a", cover="front", notes="liner", tracks=tracks))
        session.commit()
        session.expunge_all()
        yield session


def test_mapped_selectin(music: Session) -> None:
    """LB-12: lazy="selectin" loads the collection along with its owner."""
    album = music.scalars(select(Album)).one()

    assert [track.title for track in vars(album)["tracks"]] == ["one", "two"]


def test_mapped_selectin_of_a_lazy_load_and_a_refresh(music: Session) -> None:
    """ST-102, LB-12: an expired object gets its eager relationships back with its columns."""
    album = music.scalars(select(Album)).one()
    music.expire_all()

    assert album.title == "a"
    assert "tracks" in vars(album)


def test_mapped_raise(music: Session) -> None:
    """LB-12: lazy="raise" refuses; an option of the statement wins over it."""
    track = music.scalars(select(Track).order_by(Track.id)).first()
    assert track is not None

    with pytest.raises(exc.InvalidRequestError):
        _ = track.album
    music.expunge_all()
    track = music.scalars(select(Track).order_by(Track.id).options(selectinload(Track.album))).first()

    assert track is not None
    assert track.album is not None


def test_deferred_columns_load_in_their_group(music: Session, statements: Any) -> None:
    """ST-106, LB-06: a deferred column is loaded when it is read, with its group, and nothing else is."""
    album = music.scalars(select(Album)).one()
    assert not {"cover", "notes"} & vars(album).keys()

    with statements(music.get_bind()) as log:
        values = (album.cover, album.notes)

    assert (values, log.count) == (("front", "liner"), 1)


def test_undefer_and_defer(music: Session) -> None:
    """LB-27: undefer() loads a deferred column with its object, defer() leaves another one out."""
    album = music.scalars(select(Album).options(undefer(Album.cover), defer(Album.title))).one()

    assert ("cover" in vars(album), "title" in vars(album)) == (True, False)
    assert (album.cover, album.title) == ("front", "a")


def test_deferred_columns_can_be_written(music: Session) -> None:
    """ST-94, LB-06: writing a deferred column that was never read updates it."""
    album = music.scalars(select(Album)).one()

    album.cover = "back"
    music.commit()

    assert music.scalar(select(Album.cover)) == "back"
