"""The finer points of loader options: wildcards, groups, refusals, recursion, branches, and what is kept per shape."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.models import Author, Book, Node, Tag
from unitwork import ForeignKey, String, exc, inspect, select
from unitwork.loading import expand as expansion
from unitwork.orm import (
    DeclarativeBase,
    Load,
    Mapped,
    Session,
    aliased,
    defaultload,
    defer,
    deferred,
    immediateload,
    joinedload,
    lazyload,
    load_only,
    mapped_column,
    noload,
    raiseload,
    relationship,
    selectinload,
    subqueryload,
    undefer,
    undefer_group,
)


def stored_library(session: Session) -> None:
    """ann with two books that share a tag, bea with none."""
    tag = Tag(name="shared")
    session.add(tag)
    session.flush()
    session.add(Author(id=1, name="ann", born=1, books=[Book(id=n, title=f"b{n}", tags=[tag]) for n in (1, 2)]))
    session.add(Author(id=2, name="bea"))
    session.commit()
    session.expunge_all()


def stored_chain(session: Session, length: int = 6) -> None:
    """A node with a child with a child …; named by number."""
    node = root = Node(name="0")
    for number in range(1, length):
        child = Node(name=str(number))
        node.children.append(child)
        node = child
    session.add(root)
    session.commit()
    session.expunge_all()


def depth_of(node: Any) -> int:
    """How many levels of children are loaded."""
    depth = 0
    while "children" in vars(node):
        depth += 1
        if not node.children:
            break
        node = node.children[0]
    return depth


# -- wildcards --------------------------------------------------------------------------------------------------------


def test_raiseload_of_everything(session: Session) -> None:
    """LB-27: with "*" every relationship that no other option names refuses, of every class on the way."""
    stored_library(session)

    ann = session.scalars(
        select(Author).options(selectinload(Author.books), raiseload("*")).order_by(Author.id)
    ).first()

    assert ann is not None
    assert [book.title for book in ann.books] == ["b1", "b2"]
    with pytest.raises(exc.InvalidRequestError) as failed:
        _ = ann.books[0].tags
    assert failed.value.code == "lazy-raise"


def test_a_wildcard_of_one_class(session: Session) -> None:
    """LB-27: Load(Class).raiseload("*") speaks of that class alone, after a step of the class it leads to."""
    stored_library(session)

    ann = session.scalars(select(Author).options(Load(Author).raiseload("*")).order_by(Author.id)).first()
    assert ann is not None
    with pytest.raises(exc.InvalidRequestError):
        _ = ann.books
    session.expunge_all()
    book = session.scalars(select(Book).options(joinedload(Book.author).raiseload("*")).order_by(Book.id)).first()
    assert book is not None
    assert [tag.name for tag in book.tags] == ["shared"]
    with pytest.raises(exc.InvalidRequestError):
        _ = book.author.books  # type: ignore[union-attr]


def test_wildcards_reach_what_is_loaded_later(session: Session, statements: Any) -> None:
    """LB-27, ST-108: lazyload("*") and defer("*") hold for objects that are loaded by reading."""
    stored_library(session)

    ann = session.scalars(select(Author).options(lazyload(Author.books), raiseload("*")).order_by(Author.id)).first()
    assert ann is not None
    with pytest.raises(exc.InvalidRequestError):
        _ = ann.books[0].tags


def test_eager_wildcards(session: Session) -> None:
    """LB-27: selectinload("*") and joinedload("*") load all relationships of a class, round no circle."""
    stored_library(session)
    for option in (selectinload("*"), joinedload("*"), Load(Book).subqueryload("*")):
        session.expunge_all()
        book = session.scalars(select(Book).options(option).where(Book.id == 1)).unique().one()
        assert (vars(book)["author"].name, [tag.name for tag in vars(book)["tags"]]) == ("ann", ["shared"])


def test_noload_of_everything(session: Session) -> None:
    """LB-27: relationships are empty without asking."""
    stored_library(session)

    book = session.scalars(select(Book).options(noload("*"))).first()

    assert book is not None
    assert (book.author, book.tags) == (None, [])


def test_columns_of_a_class_by_wildcard(session: Session) -> None:
    """LB-27: defer("*") leaves all columns but the key out, undefer() brings one back."""
    stored_library(session)

    author = session.scalars(select(Author).options(defer("*"), undefer(Author.name)).order_by(Author.id)).first()

    assert author is not None
    assert ("id" in vars(author), "name" in vars(author), "born" in vars(author)) == (True, True, False)
    assert author.born == 1


# -- columns ----------------------------------------------------------------------------------------------------------


class Base(DeclarativeBase):
    """Base of the class with deferred groups."""


class Letter(Base):
    """Has two groups of deferred columns."""

    __tablename__ = "letter"

    id: Mapped[int] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(String(20))
    body: Mapped[str | None] = deferred(mapped_column(String(100)), group="text")
    footer: Mapped[str | None] = deferred(mapped_column(String(100)), group="text")
    scan: Mapped[str | None] = deferred(mapped_column(String(100)), group="image")
    answers: Mapped[list[Letter]] = relationship()
    answer_to: Mapped[int | None] = mapped_column(ForeignKey("letter.id"))


@pytest.fixture
def letters(engine: Any) -> Iterator[Session]:
    """A Session with a stored letter and its answer, nothing loaded."""
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        values = {"body": "b", "footer": "f", "scan": "s"}
        session.add(Letter(id=1, subject="x", answers=[Letter(id=2, subject="y", **values)], **values))
        session.commit()
        session.expunge_all()
        yield session


def test_a_group_of_columns(letters: Session) -> None:
    """LB-06, LB-27: undefer_group() loads the columns of a group along, below a relationship too."""
    letter = letters.scalars(select(Letter).options(undefer_group("text")).where(Letter.id == 1)).one()
    assert {"body", "footer", "scan"} & vars(letter).keys() == {"body", "footer"}
    letters.expunge_all()

    option = selectinload(Letter.answers).undefer_group("image")
    letter = letters.scalars(select(Letter).options(option).where(Letter.id == 1)).one()
    assert {"body", "footer", "scan"} & vars(letter).keys() == set()
    assert {"body", "footer", "scan"} & vars(letter.answers[0]).keys() == {"scan"}


def test_columns_that_refuse(letters: Session) -> None:
    """LB-27: raiseload=True on defer() and load_only(): reading raises until the object is expired or written."""
    for option in (
        defer(Letter.subject, raiseload=True),
        load_only(Letter.id, raiseload=True),
        Load(Letter).defer("*", raiseload=True),
    ):
        letters.expunge_all()
        letter = letters.scalars(select(Letter).options(option).where(Letter.id == 1)).one()
        with pytest.raises(exc.InvalidRequestError) as failed:
            _ = letter.subject
        assert failed.value.code == "lazy-raise"
        assert "undefer" in str(failed.value)
    letters.expire(letter)
    assert letter.subject == "x"


def test_defer_along_a_path(letters: Session) -> None:
    """LB-27: defer() and undefer() take relationships that lead to a column."""
    option = defer(Letter.answers, Letter.subject)
    letter = letters.scalars(select(Letter).options(option, selectinload(Letter.answers)).where(Letter.id == 1)).one()

    assert "subject" in vars(letter)
    assert "subject" not in vars(letter.answers[0])


# -- branches and recursion -------------------------------------------------------------------------------------------


def test_branches_of_an_option(session: Session) -> None:
    """LB-27: options() goes on from one place in several ways; a chain goes on behind columns, too."""
    stored_library(session)
    option = selectinload(Author.books).options(
        load_only(Book.title), joinedload(Book.author), selectinload(Book.tags).load_only(Tag.name)
    )
    chain = Load(Author).load_only(Author.name).selectinload(Author.books).load_only(Book.title).joinedload(Book.tags)

    ann = session.scalars(select(Author).options(option).order_by(Author.id)).first()
    assert ann is not None
    book = vars(ann)["books"][0]
    assert ("title" in vars(book), "author_id" in vars(book)) == (True, False)
    assert vars(book)["author"] is ann
    assert [vars(tag)["name"] for tag in vars(book)["tags"]] == ["shared"]
    session.expunge_all()
    ann = session.scalars(select(Author).options(chain).order_by(Author.id)).first()
    assert ann is not None
    assert "born" not in vars(ann)
    assert [tag.name for tag in vars(vars(ann)["books"][0])["tags"]] == ["shared"]


def test_defaultload_changes_nothing_itself(session: Session) -> None:
    """LB-27: it only leads to what follows it."""
    stored_library(session)

    ann = session.scalars(select(Author).options(defaultload(Author.books).load_only(Book.id))).first()

    assert ann is not None
    assert "books" not in vars(ann)
    assert "title" not in vars(ann.books[0])


@pytest.mark.parametrize("load", [selectinload, immediateload])
def test_recursion(session: Session, statements: Any, load: Any) -> None:
    """LB-27: recursion_depth follows a self-reference so often beyond the first time; -1 to the end, round circles."""
    stored_chain(session)
    found = []
    for depth in (None, 1, 3, -1):
        session.expunge_all()
        option = load(Node.children, recursion_depth=depth)
        found.append(depth_of(session.scalars(select(Node).where(Node.name == "0").options(option)).one()))
    assert found == [1, 2, 4, 6]

    root = session.scalars(select(Node).where(Node.name == "0")).one()
    root.parent = session.scalars(select(Node).where(Node.name == "5")).one()
    session.commit()
    option = load(Node.children, recursion_depth=-1)
    again = select(Node).options(option).execution_options(populate_existing=True)
    assert all(len(vars(node)["children"]) == 1 for node in session.scalars(again))


def test_recursion_with_more(session: Session) -> None:
    """LB-27: what follows applies on each level; of another class there is no recursion."""
    stored_chain(session)

    option = selectinload(Node.children, recursion_depth=2).load_only(Node.parent_id)
    root = session.scalars(select(Node).where(Node.name == "0").options(option)).one()

    assert depth_of(root) == 3
    assert "name" not in vars(root.children[0].children[0])
    with pytest.raises(exc.InvalidRequestError):
        selectinload(Author.books, recursion_depth=1)


def test_a_long_chain(session: Session) -> None:
    """LB-27: depth is not limited by Python's stack."""
    session.add_all([Node(id=number, name=str(number), parent_id=number - 1 or None) for number in range(1, 401)])
    session.commit()
    session.expunge_all()

    option = selectinload(Node.children, recursion_depth=-1)
    root = session.scalars(select(Node).where(Node.id == 1).options(option)).one()

    assert depth_of(root) == 400


# -- the same in every way --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("load", [selectinload, subqueryload, immediateload, joinedload, lazyload])
def test_all_ways_give_the_same(session: Session, load: Any) -> None:
    """LB-27: owners, members, order and identity do not depend on the way of loading."""
    stored_library(session)
    option = load(Author.books)
    option = getattr(option, load.__name__)(Book.tags)

    authors = session.scalars(select(Author).order_by(Author.id).options(option)).unique().all()

    assert [[(book.title, [tag.name for tag in book.tags]) for book in author.books] for author in authors] == [
        [("b1", ["shared"]), ("b2", ["shared"])],
        [],
    ]
    assert len({id(tag) for author in authors for book in author.books for tag in book.tags}) == 1


def test_plans_are_kept_by_shape(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """SB-50, LB-27: the second execution of a statement, written anew, makes no plan; other values of criteria do."""
    stored_library(session)
    made: list[Any] = []
    original = expansion.expanded
    monkeypatch.setattr(expansion, "expanded", lambda *args: made.append(args) or original(*args))

    def run(title: str, number: int) -> int:
        other = aliased(Author)
        statement = (
            select(Author, other)
            .join(other, Author.id == other.id)
            .where(Author.id < number)
            .options(
                joinedload(Author.books.and_(Book.title != title)).selectinload(Book.tags),
                selectinload(other.books).options(load_only(Book.title), undefer(Book.author_id)),
                raiseload("*"),
            )
        )
        session.expunge_all()
        session.execute(statement).unique().all()
        count = len(made)
        made.clear()
        return count

    assert run("b1", 7) > 0
    assert [run("b1", number) for number in (7, 8)] == [0, 0]
    assert run("b2", 7) > 0
    assert run("b2", 8) == 0


def test_options_that_do_not_fit(session: Session) -> None:
    """LB-27, ER-02: each says what it was given, and what to give instead."""
    with pytest.raises(exc.ArgumentError):
        selectinload("books")
    with pytest.raises(exc.ArgumentError):
        Load(Author).options(joinedload(Book.tags))
    with pytest.raises(exc.ArgumentError):
        raiseload("*").selectinload(Author.books)
    with pytest.raises(exc.LoaderStrategyError):
        load_only(Author.books)
    with pytest.raises(exc.ArgumentError):
        select(Author).options("books")
    with pytest.raises(exc.ArgumentError):
        Load(aliased(Author)).selectinload(Author.books)
    assert inspect(Author).relationships["books"].lazy == "select"
