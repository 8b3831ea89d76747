"""Aliases of mapped classes, joins along relationships, and questions about related rows."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.models import Author, Book, LibraryBase, Node, Tag
from unitwork import String, and_, exc, func, inspect, select, union_all
from unitwork.orm import Mapped, Session, aliased, mapped_column, selectinload, with_parent


def stored_tree(session: Session) -> None:
    """root - (a - (b), c)."""
    session.add(Node(name="root", children=[Node(name="a", children=[Node(name="b")]), Node(name="c")]))
    session.commit()
    session.expunge_all()


def stored_library(session: Session) -> None:
    """ann with two books of which one has two tags, bea with one book, cid with none."""
    red, blue = Tag(name="red"), Tag(name="blue")
    session.add(Author(name="ann", born=1, books=[Book(title="one", tags=[red, blue]), Book(title="two")]))
    session.add(Author(name="bea", born=2, books=[Book(title="three", tags=[red])]))
    session.add(Author(name="cid", born=2))
    session.commit()
    session.expunge_all()


# -- aliases ----------------------------------------------------------------------------------------------------------


def test_an_alias_stands_beside_its_class(session: Session) -> None:
    """LB-24: both are entities of one statement; the rows hold ordinary objects of the identity map."""
    stored_tree(session)
    parent = aliased(Node, name="above")

    rows = session.execute(
        select(Node, parent).join(parent, Node.parent).where(parent.name == "a").order_by(Node.id)
    ).all()

    assert [(row.Node.name, row.above.name) for row in rows] == [("b", "a")]
    assert rows[0].above is session.get(Node, rows[0].Node.parent_id)
    assert type(rows[0].above) is Node


def test_inspecting_an_alias() -> None:
    """LB-24, LB-44: inspect() tells the class and what stands in FROM."""
    other = aliased(Author, name="other")
    known = inspect(other)

    assert (known.mapper, known.class_, known.name, known.entity) == (inspect(Author), Author, "other", other)
    assert known.selectable.name == "other"
    assert known.is_aliased_class


def test_an_alias_in_filter_by_and_order_by(session: Session) -> None:
    """LB-23, LB-24: filter_by speaks of the alias that was joined last, or is selected."""
    stored_tree(session)
    child = aliased(Node)

    named = select(Node.name).join(Node.children.of_type(child)).filter_by(name="b")
    selected = select(child).filter_by(name="c").order_by(child.id.desc())

    assert session.scalars(named).all() == ["a"]
    assert [node.name for node in session.scalars(selected)] == ["c"]


def test_an_alias_of_a_subquery(session: Session) -> None:
    """LB-24: rows of a subquery, or of a SELECT, become objects; further criteria speak of its columns."""
    stored_library(session)
    young = select(Author).where(Author.born == 2).subquery()

    over = aliased(Author, young)
    direct = aliased(Author, select(Author).order_by(Author.id.desc()).limit(1))

    assert [author.name for author in session.scalars(select(over).order_by(over.name))] == ["bea", "cid"]
    assert [author.name for author in session.scalars(select(direct))] == ["cid"]
    assert session.scalars(select(over.name).where(over.books.any())).all() == ["bea"]


def test_an_alias_of_a_union(session: Session) -> None:
    """LB-24: a compound has the columns of its first SELECT."""
    stored_library(session)
    both = union_all(
        select(Author).where(Author.name == "ann"), select(Author).where(Author.name == "cid")
    ).subquery("both")
    entity = aliased(Author, both)

    assert [author.name for author in session.scalars(select(entity).order_by(entity.name))] == ["ann", "cid"]


def test_columns_a_subquery_leaves_out_are_loaded_when_read(session: Session, statements: Any) -> None:
    """LB-24: the objects are whole; what is missing comes with a statement of its own."""
    stored_library(session)
    entity = aliased(Author, select(Author.id, Author.name).where(Author.name == "bea").subquery())

    author = session.scalars(select(entity)).one()
    with statements(session.get_bind()) as log:
        values = (author.name, author.born)

    assert (values, log.count) == (("bea", 2), 1)
    with pytest.raises(exc.InvalidRequestError) as failed:
        select(entity).where(entity.born == 2)
    assert failed.value.code == "alias-without-column"


def test_a_subquery_without_the_key_is_refused() -> None:
    """LB-24, ER-02: there could be no object."""
    with pytest.raises(exc.ArgumentError) as failed:
        aliased(Author, select(Author.name).subquery())
    assert failed.value.code == "alias-without-key"


def test_columns_by_name(session: Session) -> None:
    """LB-24: adapt_on_names takes columns that only have the right names."""
    stored_library(session)
    latest = select(func.max(Author.id).label("id"), func.max(Author.name).label("name")).subquery()
    entity = aliased(Author, latest, adapt_on_names=True)

    assert session.scalars(select(entity.name)).one() == "cid"
    assert session.scalars(select(entity)).one().born == 2


def test_options_from_an_alias(session: Session) -> None:
    """LB-24, LB-27: an option that starts from an alias is for its objects, not for those of the class."""
    stored_tree(session)
    child = aliased(Node)

    statement = select(Node, child).join(Node.children.of_type(child)).where(Node.name == "root")
    rows = session.execute(statement.options(selectinload(child.children)).order_by(child.id)).all()

    assert [("children" in vars(row[0]), "children" in vars(row[1])) for row in rows] == [(False, True)] * 2
    assert [[node.name for node in row[1].children] for row in rows] == [["b"], []]


def test_which_of_two_aliases_an_option_is_for(session: Session) -> None:
    """LB-27, SB-50: statements that differ in nothing else are not taken for one another."""
    stored_tree(session)
    for chosen in (0, 1):
        pair = (aliased(Node), aliased(Node))
        upper, lower = pair
        statement = select(upper, lower).join(upper.children.of_type(lower)).where(upper.name == "root")
        session.expunge_all()
        row = session.execute(statement.options(selectinload(pair[chosen].children)).order_by(lower.id)).first()
        assert row is not None
        assert ["children" in vars(node) for node in row] == [chosen == 0, chosen == 1]


class Described(LibraryBase):
    """Has more than mapped attributes."""

    __tablename__ = "described"

    id: Mapped[int] = mapped_column(primary_key=True)
    word: Mapped[str] = mapped_column(String(20))
    number = 7

    @classmethod
    def longer_than(cls, length: int) -> Any:
        """Criterion on the class it is called on."""
        return func.length(cls.word) > length


def test_what_a_class_has_beside_attributes() -> None:
    """LB-24: class methods are called with the alias, plain values are as on the class, and so are unknown names."""
    other = aliased(Described)

    assert other.number == 7
    assert str(other.longer_than(3)) == "length(described_1.word) > :length_1"
    with pytest.raises(AttributeError):
        other.nothing  # noqa: B018


# -- joins ------------------------------------------------------------------------------------------------------------


def names_of(session: Session, statement: Any) -> list[Any]:
    """First item of each row."""
    return list(session.scalars(statement))


def test_forms_of_a_join(session: Session) -> None:
    """LB-23, LB-24: an attribute, a class, a class with attribute or condition, from somewhere else; all the same."""
    stored_library(session)
    title = Book.title.desc()
    statements = [
        select(Book.title).select_from(Author).join(Author.books),
        select(Book.title).select_from(Author).join(Book),
        select(Book.title).select_from(Author).join(Book, Author.books),
        select(Book.title).select_from(Author).join(Book, Book.author_id == Author.id),
        select(Book.title).join_from(Author, Author.books),
        select(Book.title).join_from(Author, Book),
        select(Book.title).join(Author.books),
        select(Book.title).join(Book.author),
    ]
    for statement in statements:
        assert names_of(session, statement.where(Author.name == "ann").order_by(title)) == ["two", "one"]


def test_outer_joins(session: Session) -> None:
    """LB-23, LB-24: owners without related rows stay; a criterion of the ON clause does not remove them."""
    stored_library(session)
    ordered = (Author.id, Book.id)

    plain = select(Author.name, Book.title).outerjoin(Author.books).order_by(*ordered)
    some = select(Author.name, Book.title).outerjoin(Author.books.and_(Book.title == "two")).order_by(*ordered)

    assert [tuple(row) for row in session.execute(plain)][-1] == ("cid", None)
    assert [tuple(row) for row in session.execute(some)] == [("ann", "two"), ("bea", None), ("cid", None)]


def test_many_to_many(session: Session) -> None:
    """LB-24: the association table is joined under a name of its own, so that it may be joined again."""
    stored_library(session)
    other = aliased(Tag)

    twice = (
        select(Book.title)
        .join(Book.tags)
        .join(Book.tags.of_type(other))
        .where(Tag.name == "red", other.name == "blue")
    )
    outer = select(Book.title, Tag.name).outerjoin(Book.tags.and_(Tag.name == "blue")).order_by(Book.id)

    assert names_of(session, twice) == ["one"]
    assert [tuple(row) for row in session.execute(outer)] == [("one", "blue"), ("two", None), ("three", None)]


def test_a_chain_along_itself(session: Session) -> None:
    """LB-24: each step of a self-referential chain has an alias."""
    stored_tree(session)
    child, grandchild = aliased(Node), aliased(Node)

    down = select(Node.name, grandchild.name).join(child, Node.children).join(grandchild, child.children)
    up = select(Node.name).join(Node.parent.of_type(child)).join(child.parent.of_type(grandchild))

    assert [tuple(row) for row in session.execute(down)] == [("root", "b")]
    assert names_of(session, up) == ["b"]


def test_criteria_follow_the_alias(session: Session) -> None:
    """LB-22: and_() may speak of the class; where an alias is joined it means the alias."""
    stored_tree(session)
    child = aliased(Node)

    statement = select(Node.name).join(Node.children.of_type(child).and_(Node.name == "b"))

    assert names_of(session, statement) == ["a"]


def test_joins_that_cannot_be(session: Session) -> None:
    """LB-24, ER-02: to itself under one name, with two conditions, without a path, to something that is no target."""
    with pytest.raises(exc.InvalidRequestError) as failed:
        select(Node).join(Node.children)
    assert failed.value.code == "self-join"
    with pytest.raises(exc.InvalidRequestError) as failed:
        select(Author).join(Author.books, Book.title == "x")
    assert failed.value.code == "join-two-conditions"
    with pytest.raises(exc.NoForeignKeysError):
        session.execute(select(Author).join(Tag))
    with pytest.raises(exc.InvalidRequestError) as failed:
        session.execute(select(Author, Node).join(Tag))
    assert failed.value.code == "ambiguous-join-left"
    with pytest.raises(exc.ArgumentError) as refused:
        Author.books.of_type(Tag)
    assert refused.value.code == "of-type-class"


def test_a_join_of_an_alias_without_condition(session: Session) -> None:
    """LB-24: the foreign key that relates both is found through the alias."""
    stored_library(session)
    other = aliased(Book)

    statement = select(Author.name).join(other).where(other.title == "three")

    assert names_of(session, statement) == ["bea"]


# -- questions --------------------------------------------------------------------------------------------------------


def test_any_and_has(session: Session) -> None:
    """LB-22: EXISTS over related rows, with criteria, by keyword, nested, and turned round."""
    stored_library(session)
    author, book = select(Author.name).order_by(Author.id), select(Book.title).order_by(Book.id)

    assert names_of(session, author.where(Author.books.any(Book.title == "two"))) == ["ann"]
    assert names_of(session, author.where(Author.books.any(title="three"))) == ["bea"]
    assert names_of(session, author.where(~Author.books.any())) == ["cid"]
    assert names_of(session, author.where(Author.books.any(Book.tags.any(name="red")))) == ["ann", "bea"]
    assert names_of(session, book.where(Book.author.has(Author.name == "bea"))) == ["three"]
    assert names_of(session, book.where(Book.author.has(Author.books.any(Book.title == "one")))) == ["one", "two"]
    assert names_of(session, book.where(Book.tags.and_(Tag.name == "blue").any())) == ["one"]


def test_any_and_has_of_a_self_reference(session: Session) -> None:
    """LB-22: the rows asked about get a name of their own; criteria on the class mean them."""
    stored_tree(session)
    node = select(Node.name).order_by(Node.id)
    other = aliased(Node)

    assert names_of(session, node.where(Node.children.any(Node.name == "b"))) == ["a"]
    assert names_of(session, node.where(Node.parent.has(name="root"))) == ["a", "c"]
    assert names_of(session, node.where(Node.children.any(Node.children.any()))) == ["root"]
    assert set(names_of(session, node.where(~Node.children.any()))) == {"b", "c"}
    assert names_of(session, select(other.name).where(other.children.any(Node.name == "b"))) == ["a"]
    assert names_of(session, node.where(Node.children.of_type(other).any(other.name == "c"))) == ["root"]


def test_a_question_may_speak_of_the_outer_statement(session: Session) -> None:
    """LB-22: whatever else a criterion names belongs to the statement around it, where that has it."""
    stored_library(session)

    statement = (
        select(Author.name, Tag.name)
        .join(Tag, Tag.id > 0)
        .where(Author.books.any(and_(Book.title == "one", Book.tags.any(Tag.name == "red"), Tag.name == "blue")))
    )

    assert [tuple(row) for row in session.execute(statement)] == [("ann", "blue")]


def test_contains_and_comparison_with_objects(session: Session) -> None:
    """LB-22: an object stands for its key; a reference that is NULL is not equal to any object."""
    stored_library(session)
    session.add(Book(title="stray"))
    session.flush()
    ann = session.scalars(select(Author).where(Author.name == "ann")).one()
    red = session.scalars(select(Tag).where(Tag.name == "red")).one()
    book = select(Book.title).order_by(Book.id)
    other = aliased(Book)

    assert names_of(session, book.where(Book.author == ann)) == ["one", "two"]
    assert names_of(session, book.where(Book.author != ann)) == ["three", "stray"]
    assert names_of(session, book.where(Book.author == None)) == ["stray"]  # noqa: E711
    assert names_of(session, book.where(Book.author != None)) == ["one", "two", "three"]  # noqa: E711
    assert names_of(session, book.where(Book.tags.contains(red))) == ["one", "three"]
    assert names_of(session, select(Author.name).where(Author.books.contains(ann.books[1]))) == ["ann"]
    assert names_of(session, select(other.title).where(other.author == ann).order_by(other.id)) == ["one", "two"]


def test_a_self_reference_compared(session: Session) -> None:
    """LB-22: the side that is compared is the right one."""
    stored_tree(session)
    a, b = (session.scalars(select(Node).where(Node.name == name)).one() for name in "ab")
    node, other = select(Node.name).order_by(Node.id), aliased(Node)

    assert names_of(session, node.where(Node.parent == a)) == ["b"]
    assert names_of(session, node.where(Node.children.contains(b))) == ["a"]
    assert names_of(session, select(other.name).where(other.children.contains(b))) == ["a"]
    assert names_of(session, node.where(Node.parent == None)) == ["root"]  # noqa: E711


def test_comparison_with_the_wrong_object(session: Session) -> None:
    """LB-22, ER-02: of another class, or without a key yet."""
    with pytest.raises(exc.ArgumentError) as failed:
        Book.author == Tag(name="x")  # noqa: B015
    assert failed.value.code == "wrong-class"
    with pytest.raises(exc.InvalidRequestError) as unflushed:
        Book.author == Author(name="x")  # noqa: B015
    assert unflushed.value.code == "no-key-yet"


def test_rows_of_a_parent(session: Session) -> None:
    """LB-38: with_parent() gives the rows an object leads to, of an alias, too, and through an association table."""
    stored_library(session)
    ann = session.scalars(select(Author).where(Author.name == "ann")).one()
    one = session.scalars(select(Book).where(Book.title == "one")).one()
    other = aliased(Book)

    book = select(Book.title).order_by(Book.id)
    assert names_of(session, book.where(with_parent(ann, Author.books))) == ["one", "two"]
    assert names_of(session, book.where(with_parent(ann, Author.books.and_(Book.title == "two")))) == ["two"]
    assert names_of(session, select(other.title).where(with_parent(ann, Author.books.of_type(other)))) == ["one", "two"]
    assert names_of(session, select(other.title).where(with_parent(ann, Author.books, other))) == ["one", "two"]
    assert names_of(session, select(Tag.name).where(with_parent(one, Book.tags)).order_by(Tag.name)) == ["blue", "red"]
    assert names_of(session, select(Author.name).where(with_parent(one, Book.author))) == ["ann"]
    assert names_of(session, book.where(with_parent(Author(name="new"), Author.books))) == []


def test_rows_of_a_parent_along_itself(session: Session) -> None:
    """LB-38, ER-02: the side of a self-reference is the right one; another class's relationship is refused."""
    stored_tree(session)
    a = session.scalars(select(Node).where(Node.name == "a")).one()

    assert names_of(session, select(Node.name).where(with_parent(a, Node.children))) == ["b"]
    assert names_of(session, select(Node.name).where(with_parent(a, Node.parent))) == ["root"]
    with pytest.raises(exc.ArgumentError) as failed:
        with_parent(a, Author.books)
    assert failed.value.code == "not-a-relationship"
