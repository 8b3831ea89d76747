"""Relationships loaded by joins: joinedload(), lazy="joined" and contains_eager()."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.models import Author, Book, Node, Tag
from unitwork import ForeignKey, String, exc, func, select
from unitwork.orm import (
    DeclarativeBase,
    Load,
    Mapped,
    Session,
    aliased,
    contains_eager,
    joinedload,
    lazyload,
    mapped_column,
    relationship,
    selectinload,
)


def stored_library(session: Session) -> None:
    """ann with three books of which one has two tags, bea with one book, cid with none; a book without author."""
    red, blue = Tag(name="red"), Tag(name="blue")
    session.add_all([red, blue])
    session.flush()
    books = [Book(id=1, title="one"), Book(id=2, title="two"), Book(id=3, title="three", tags=[blue])]
    books[0].tags = [red, blue]
    for author in (Author(name="ann", born=1, books=books), Author(name="bea", born=2), Author(name="cid", born=2)):
        session.add(author)
        session.flush()
    session.add(
        Book(id=4, title="four", tags=[red], author=session.scalars(select(Author).filter_by(name="bea")).one())
    )
    session.flush()
    session.add(Book(id=5, title="stray"))
    session.commit()
    session.expunge_all()


def graph(authors: Any) -> list[Any]:
    """What is loaded of authors, books and tags; fails on what is not loaded."""
    return [
        (author.name, [(book.title, [tag.name for tag in vars(book)["tags"]]) for book in vars(author)["books"]])
        for author in authors
    ]


WHOLE = [
    ("ann", [("one", ["red", "blue"]), ("two", []), ("three", ["blue"])]),
    ("bea", [("four", ["red"])]),
    ("cid", []),
]


def test_a_collection_comes_with_its_owners(session: Session, statements: Any) -> None:
    """LB-27: one statement; owners without members have an empty collection; members are in the mapped order."""
    stored_library(session)

    with statements(session.get_bind()) as log:
        authors = session.scalars(select(Author).order_by(Author.id).options(joinedload(Author.books))).unique().all()
        titles = [[book.title for book in author.books] for author in authors]

    assert titles == [["one", "two", "three"], ["four"], []]
    assert len(log.starting_with("SELECT")) == 1


def test_unique_is_demanded_for_collections_only(session: Session) -> None:
    """SB-49: a joined collection repeats its owners; a joined reference does not."""
    stored_library(session)

    with pytest.raises(exc.InvalidRequestError) as failed:
        session.scalars(select(Author).options(joinedload(Author.books))).all()
    assert failed.value.code == "unique-required"
    with pytest.raises(exc.InvalidRequestError):
        session.execute(select(Author).options(joinedload(Author.books))).all()
    books = session.scalars(select(Book).options(joinedload(Book.author)).order_by(Book.id)).all()
    assert [vars(book)["author"] and vars(book)["author"].name for book in books] == ["ann"] * 3 + ["bea", None]


def test_joins_below_joins(session: Session, statements: Any) -> None:
    """LB-27: along a path, through an association table, each member once and in order."""
    stored_library(session)

    with statements(session.get_bind()) as log:
        option = joinedload(Author.books).joinedload(Book.tags)
        authors = session.scalars(select(Author).order_by(Author.id).options(option)).unique().all()
        found = graph(authors)

    assert [(name, [(title, sorted(tags)) for title, tags in books]) for name, books in found] == [
        (name, [(title, sorted(tags)) for title, tags in books]) for name, books in WHOLE
    ]
    assert len(log.starting_with("SELECT")) == 1


def test_selectin_below_a_join_and_a_join_below_selectin(session: Session, statements: Any) -> None:
    """LB-27: ways of loading may be mixed along a path."""
    stored_library(session)
    for option in (
        joinedload(Author.books).selectinload(Book.tags),
        selectinload(Author.books).joinedload(Book.tags),
    ):
        session.expunge_all()
        with statements(session.get_bind()) as log:
            authors = session.scalars(select(Author).order_by(Author.id).options(option)).unique().all()
            found = graph(authors)
        assert found == WHOLE
        assert len(log.starting_with("SELECT")) == 2


def test_two_collections_of_one_owner(session: Session) -> None:
    """LB-27: their product in the rows puts nothing into a collection twice."""
    stored_library(session)
    tag = session.scalars(select(Tag).where(Tag.name == "blue")).one()
    session.expunge_all()

    option = joinedload(Tag.books).options(joinedload(Book.author), joinedload(Book.tags))
    found = session.scalars(select(Tag).where(Tag.id == tag.id).options(option)).unique().one()

    assert [book.title for book in vars(found)["books"]] == ["one", "three"]
    assert [sorted(tag.name for tag in vars(book)["tags"]) for book in found.books] == [["blue", "red"], ["blue"]]
    assert [vars(book)["author"].name for book in found.books] == ["ann", "ann"]


def test_a_limit_counts_owners(session: Session, statements: Any) -> None:
    """LB-27: with LIMIT and OFFSET the right owners come, with whole collections, in the order of the statement."""
    stored_library(session)
    ordered = select(Author).order_by(Author.name.desc()).options(joinedload(Author.books).joinedload(Book.tags))

    with statements(session.get_bind()) as log:
        second = session.scalars(ordered.offset(1).limit(2)).unique().all()
        assert [(author.name, len(vars(author)["books"])) for author in second] == [("bea", 1), ("ann", 3)]
    assert len(log.starting_with("SELECT")) == 1
    session.expunge_all()
    assert [author.name for author in session.scalars(ordered.limit(1)).unique()] == ["cid"]


def test_a_limit_with_an_order_that_is_not_selected(session: Session) -> None:
    """LB-27: by an expression with values, by a label, by a column of another table."""
    stored_library(session)
    option = joinedload(Author.books)

    by_value = select(Author).order_by(func.coalesce(Author.born, 7) * -1, Author.id).limit(2).options(option)
    books = func.count(Book.id).label("books")
    by_label = (
        select(Author, books)
        .outerjoin(Author.books)
        .group_by(Author.id, Author.name, Author.born)
        .order_by(books.desc(), Author.id)
        .limit(2)
        .options(option)
    )
    by_other = (
        select(Book).join(Book.author).order_by(Author.name.desc(), Book.id).limit(2).options(joinedload(Book.tags))
    )

    assert [author.name for author in session.scalars(by_value).unique()] == ["bea", "cid"]
    rows = session.execute(by_label).unique().all()
    assert [(row.Author.name, row.books, len(vars(row.Author)["books"])) for row in rows] == [
        ("ann", 3, 3),
        ("bea", 1, 1),
    ]
    found = session.scalars(by_other).unique().all()
    assert [(book.title, len(vars(book)["tags"])) for book in found] == [("four", 1), ("one", 2)]


def test_a_limit_with_the_name_of_a_label(session: Session) -> None:
    """LB-23, LB-27: a string in order_by() names a label; text cannot be taken outside."""
    stored_library(session)
    statement = select(Author, func.length(Author.name).label("size")).options(joinedload(Author.books)).limit(1)

    row = session.execute(statement.order_by("size", Author.id)).unique().one()

    assert (row.Author.name, row.size) == ("ann", 3)


def test_distinct_and_group_by(session: Session) -> None:
    """LB-27: rows are distinguished and grouped before anything is joined to them."""
    stored_library(session)

    distinct = select(Author).join(Author.books).distinct().order_by(Author.id).options(joinedload(Author.books))
    grouped = (
        select(func.count(Book.id), Author)
        .join(Author.books)
        .group_by(Author.id, Author.name, Author.born)
        .having(func.count(Book.id) > 1)
        .options(joinedload(Author.books))
    )

    assert [(a.name, len(vars(a)["books"])) for a in session.scalars(distinct).unique()] == [("ann", 3), ("bea", 1)]
    assert [(n, a.name, len(vars(a)["books"])) for n, a in session.execute(grouped).unique()] == [(3, "ann", 3)]


def test_inner_joins(session: Session) -> None:
    """LB-27: innerjoin=True leaves owners without related rows out; below an outer join it is an outer one."""
    stored_library(session)

    inner = select(Book).options(joinedload(Book.author, innerjoin=True)).order_by(Book.id)
    below = select(Author).options(joinedload(Author.books).joinedload(Book.author, innerjoin=True)).order_by(Author.id)

    assert [book.title for book in session.scalars(inner)] == ["one", "two", "three", "four"]
    assert [author.name for author in session.scalars(below).unique()] == ["ann", "bea", "cid"]


def test_what_is_loaded_is_left_alone(session: Session) -> None:
    """SB-36, ST-109: changes stay; populate_existing overwrites them, and the collections, too."""
    stored_library(session)
    ann = session.scalars(select(Author).where(Author.name == "ann")).one()
    statement = select(Author).where(Author.id == ann.id).options(joinedload(Author.books))
    with session.no_autoflush:
        ann.books.append(Book(id=6, title="new"))
        session.scalars(statement).unique().all()
        assert [book.title for book in ann.books] == ["one", "two", "three", "new"]

        ann.books[0].title = "changed"
        session.scalars(statement.execution_options(populate_existing=True)).unique().all()

    assert [book.title for book in ann.books] == ["one", "two", "three"]


def test_populate_existing_keeps_what_it_loaded_itself(session: Session) -> None:
    """ST-109: objects that come again further down keep what was loaded for them before."""
    stored_library(session)
    option = joinedload(Author.books).selectinload(Book.author)
    statement = select(Author).order_by(Author.id).options(option).execution_options(populate_existing=True)

    for _ in range(2):
        authors = session.scalars(statement).unique().all()
        assert [len(vars(author)["books"]) for author in authors] == [3, 1, 0]
        assert vars(authors[0].books[0])["author"] is authors[0]


def test_criteria_of_the_option(session: Session) -> None:
    """LB-22, LB-27: and_() narrows what is loaded; another value makes another statement."""
    stored_library(session)
    for title in ("one", "two"):
        for load in (joinedload, selectinload):
            session.expunge_all()
            option = load(Author.books.and_(Book.title == title))
            authors = session.scalars(select(Author).order_by(Author.id).options(option)).unique().all()
            assert [[book.title for book in author.books] for author in authors] == [[title], [], []]


def test_criteria_stay_with_a_lazy_load(session: Session) -> None:
    """LB-27, ST-108: and_() on lazyload() holds when the attribute is read."""
    stored_library(session)
    option = lazyload(Author.books.and_(Book.title != "one"))

    ann = session.scalars(select(Author).order_by(Author.id).options(option)).first()
    assert ann is not None
    assert [book.title for book in ann.books] == ["two", "three"]
    book = session.scalars(select(Book).options(lazyload(Book.author.and_(Author.name == "nobody")))).first()
    assert book is not None
    assert book.author is ann or book.author is None


def test_several_entities_and_aliases_as_owners(session: Session) -> None:
    """LB-24, LB-27: each entity of a row has its own joins."""
    stored_library(session)
    other = aliased(Author)

    statement = (
        select(Author, other)
        .join(other, other.born == Author.born)
        .where(Author.id < other.id)
        .options(joinedload(Author.books), joinedload(other.books))
    )
    rows = session.execute(statement).unique().all()

    assert [(one.name, two.name, len(vars(one)["books"]), len(vars(two)["books"])) for one, two in rows] == [
        ("bea", "cid", 1, 0)
    ]


def test_columns_of_joined_targets(session: Session) -> None:
    """LB-27: load_only() below a join; the rest is loaded when it is read."""
    stored_library(session)
    option = joinedload(Author.books).load_only(Book.author_id)

    ann = session.scalars(select(Author).order_by(Author.id).options(option)).unique().first()

    assert ann is not None
    assert "title" not in vars(ann.books[0])
    assert ann.books[0].title == "one"


def test_a_join_from_a_deferred_column(session: Session) -> None:
    """LB-27: a column that only the join needs is not loaded, within a subquery neither."""
    stored_library(session)
    option = Load(Book).load_only(Book.title).options(joinedload(Book.author), joinedload(Book.tags))

    books = session.scalars(select(Book).order_by(Book.id).limit(2).options(option)).unique().all()

    assert [(book.title, vars(book)["author"].name, "author_id" in vars(book)) for book in books] == [
        ("one", "ann", False),
        ("two", "ann", False),
    ]


def test_options_of_joined_targets_stick(session: Session, statements: Any) -> None:
    """ST-108: what an option says further down a joined path holds for later loads."""
    stored_library(session)
    option = joinedload(Author.books).lazyload(Book.tags).selectinload(Tag.books)

    ann = session.scalars(select(Author).order_by(Author.id).options(option)).unique().first()
    assert ann is not None
    tags = ann.books[0].tags

    assert all("books" in vars(tag) for tag in tags)


def test_yield_per_is_refused(session: Session) -> None:
    """SB-48, LB-27: a part of the rows could hold a part of a collection; a reference is fine."""
    stored_library(session)
    statement = select(Author).options(joinedload(Author.books)).execution_options(yield_per=2)

    with pytest.raises(exc.InvalidRequestError) as failed:
        session.scalars(statement).unique().all()
    assert failed.value.code == "yield-per-joined"


def test_rows_are_locked_where_the_owners_are(session: Session) -> None:
    """LB-23, LB-27: FOR UPDATE with an outer join locks the owners; a database that cannot say so locks more."""
    stored_library(session)
    statement = select(Book).order_by(Book.id).with_for_update().options(joinedload(Book.author))

    assert [book.title for book in session.scalars(statement)][-1] == "stray"


def test_options_that_start_elsewhere(session: Session) -> None:
    """LB-27, ER-02: an option whose class is not selected is an error, on columns alone, too."""
    for statement in (
        select(Book).options(joinedload(Author.books)),
        select(Book.id).options(joinedload(Book.author)),
        select(Book).options(joinedload(aliased(Book).author)),
    ):
        with pytest.raises(exc.ArgumentError) as failed:
            session.execute(statement)
        assert failed.value.code == "option-unused"


# -- contains_eager ---------------------------------------------------------------------------------------------------


def test_contains_eager(session: Session, statements: Any) -> None:
    """LB-27: the collection holds the rows of the statement's own join, and no more than these."""
    stored_library(session)
    statement = (
        select(Author)
        .join(Author.books)
        .where(Book.title.in_(["one", "three", "four"]))
        .order_by(Author.id, Book.id.desc())
        .options(contains_eager(Author.books))
    )

    with statements(session.get_bind()) as log:
        authors = session.scalars(statement).unique().all()
        titles = [[book.title for book in author.books] for author in authors]

    assert titles == [["three", "one"], ["four"]]
    assert len(log.starting_with("SELECT")) == 1


def test_contains_eager_of_an_alias(session: Session) -> None:
    """LB-24, LB-27: of_type() says which join; chains go on from the alias."""
    stored_library(session)
    book, tag = aliased(Book), aliased(Tag)
    statement = (
        select(Author)
        .outerjoin(Author.books.of_type(book))
        .outerjoin(book.tags.of_type(tag))
        .order_by(Author.id, book.id, tag.id)
        .options(contains_eager(Author.books.of_type(book)).contains_eager(book.tags.of_type(tag)))
    )

    found = graph(session.scalars(statement).unique())

    assert [(name, [title for title, _ in books]) for name, books in found] == [
        (name, [title for title, _ in books]) for name, books in WHOLE
    ]
    assert sorted(dict(found[0][1])["one"]) == ["blue", "red"]


def test_contains_eager_of_a_reference(session: Session) -> None:
    """LB-27: rows of a many-to-one; no unique() is needed."""
    stored_library(session)
    statement = select(Book).join(Book.author).order_by(Book.id).options(contains_eager(Book.author))

    assert [vars(book)["author"].name for book in session.scalars(statement)] == ["ann"] * 3 + ["bea"]


def test_contains_eager_overwrites_with_populate_existing(session: Session) -> None:
    """ST-109, LB-27: a collection that is loaded stays, unless the statement says otherwise."""
    stored_library(session)
    ann = session.scalars(select(Author).where(Author.name == "ann").options(selectinload(Author.books))).one()
    statement = select(Author).join(Author.books).where(Book.title == "two").options(contains_eager(Author.books))

    assert len(session.scalars(statement).unique().one().books) == 3
    session.scalars(statement.execution_options(populate_existing=True)).unique().one()
    assert [book.title for book in ann.books] == ["two"]


def test_contains_eager_with_joins_and_a_limit(session: Session) -> None:
    """LB-27: a limit counts the rows of the statement's own join; what is joined to them goes around it."""
    stored_library(session)
    statement = (
        select(Author)
        .join(Author.books)
        .order_by(Book.id)
        .limit(2)
        .options(contains_eager(Author.books).joinedload(Book.tags))
    )

    authors = session.scalars(statement).unique().all()

    assert [(name, [(title, len(tags)) for title, tags in books]) for name, books in graph(authors)] == [
        ("ann", [("one", 2), ("two", 0)])
    ]


def test_contains_eager_without_a_join(session: Session) -> None:
    """LB-27, ER-02: there is nothing to take the objects from."""
    with pytest.raises(exc.InvalidRequestError) as failed:
        session.execute(select(Author).options(contains_eager(Author.books)))
    assert failed.value.code == "contains-eager-without-join"


# -- the mapping says it ----------------------------------------------------------------------------------------------


class Base(DeclarativeBase):
    """Base of classes that are mapped with lazy="joined"."""


class Shelf(Base):
    """Loads its boxes by a join, and they their shelf."""

    __tablename__ = "shelf"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(20))
    boxes: Mapped[list[Box]] = relationship(back_populates="shelf", lazy="joined", order_by="Box.name.desc()")
    first: Mapped[list[Box]] = relationship(
        primaryjoin="and_(Shelf.id == Box.shelf_id, Box.name == 'a')", viewonly=True
    )


class Box(Base):
    """Has a colour, by an inner join."""

    __tablename__ = "box"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(20))
    shelf_id: Mapped[int | None] = mapped_column(ForeignKey("shelf.id"))
    colour_id: Mapped[int] = mapped_column(ForeignKey("colour.id"))
    shelf: Mapped[Shelf | None] = relationship(back_populates="boxes", lazy="joined")
    colour: Mapped[Colour] = relationship(lazy="joined", innerjoin=True)


class Colour(Base):
    """Of a box."""

    __tablename__ = "colour"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(20))


class Branch(Base):
    """A tree that is loaded two levels deep."""

    __tablename__ = "branch"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(20))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("branch.id"))
    branches: Mapped[list[Branch]] = relationship(lazy="joined", join_depth=2, order_by="Branch.id")


@pytest.fixture
def shelves(engine: Any) -> Iterator[Session]:
    """A Session with two shelves of which one has two boxes, and a tree of four levels; nothing loaded."""
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        red = Colour(name="red")
        boxes = [Box(name="a", colour=red), Box(name="b", colour=Colour(name="blue"))]
        session.add_all([Shelf(id=1, name="full", boxes=boxes), Shelf(id=2, name="empty")])
        deepest = Branch(name="3", branches=[Branch(name="4")])
        session.add(Branch(name="1", branches=[Branch(name="2", branches=[deepest])]))
        session.commit()
        session.expunge_all()
        yield session


def test_mapped_joins(shelves: Session, statements: Any) -> None:
    """LB-12: a SELECT of the class joins what the mapping says, round no circle."""
    with statements(shelves.get_bind()) as log:
        found = shelves.scalars(select(Shelf).order_by(Shelf.id)).unique().all()
        content = [[(box.name, vars(box)["colour"].name) for box in vars(shelf)["boxes"]] for shelf in found]

    assert content == [[("b", "blue"), ("a", "red")], []]
    assert len(log.starting_with("SELECT")) == 1


def test_mapped_joins_of_get_refresh_and_a_lazy_load(shelves: Session, statements: Any) -> None:
    """LB-12, SB-87, ST-102: get() joins; an expired object gets its relationships back."""
    with statements(shelves.get_bind()) as log:
        shelf = shelves.get(Shelf, 1)
        assert shelf is not None
        assert [vars(box)["colour"].name for box in vars(shelf)["boxes"]] == ["blue", "red"]
    assert len(log.starting_with("SELECT")) == 1

    shelves.expire_all()
    assert shelf.name == "full"
    assert [box.name for box in vars(shelf)["boxes"]] == ["b", "a"]
    shelves.refresh(shelf)
    assert len(vars(shelf)["boxes"]) == 2
    box = shelves.scalars(select(Box).options(lazyload(Box.shelf)).order_by(Box.id)).first()
    assert box is not None
    assert box.shelf is shelf


def test_values_in_a_mapped_condition(shelves: Session) -> None:
    """LB-13, LB-27: values of the mapping stand beside those of the statement, of which there may be others."""
    for name in ("full", "empty", "full"):
        shelves.expunge_all()
        statement = select(Shelf).where(Shelf.name == name).limit(1)
        shelf = shelves.scalars(statement.options(joinedload(Shelf.first), lazyload(Shelf.boxes))).unique().one()
        assert (shelf.name, [box.name for box in vars(shelf)["first"]]) == (name, ["a"] if name == "full" else [])


def test_an_option_wins_over_the_mapping(shelves: Session, statements: Any) -> None:
    """LB-12, LB-27: lazyload() takes a mapped join away, and with it unique()."""
    found = shelves.scalars(select(Shelf).options(lazyload(Shelf.boxes))).all()

    assert [("boxes" in vars(shelf)) for shelf in found] == [False, False]


def test_depth_of_a_tree(shelves: Session) -> None:
    """LB-12: join_depth says how many levels of a self-reference are joined."""
    root = shelves.scalars(select(Branch).where(Branch.name == "1")).unique().one()

    second = vars(vars(root)["branches"][0])["branches"][0]
    assert "branches" not in vars(second)
    assert second.branches[0].name == "4"


def test_joins_of_a_self_reference(session: Session) -> None:
    """LB-24, LB-27: as many levels as the path of the option has."""
    session.add(Node(name="root", children=[Node(name="a", children=[Node(name="b")]), Node(name="c")]))
    session.commit()
    session.expunge_all()
    option = joinedload(Node.children).joinedload(Node.children)

    root = session.scalars(select(Node).where(Node.parent_id.is_(None)).options(option).limit(1)).unique().one()

    assert sorted(node.name for node in vars(root)["children"]) == ["a", "c"]
    assert {child.name: [node.name for node in vars(child)["children"]] for child in root.children} == {
        "a": ["b"],
        "c": [],
    }
