"""Query, the 1.x interface: a thin face over select()."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.models import Author, Book, LibraryBase, Node, Tag
from unitwork import and_, create_engine, delete, exc, func, insert, or_, select, text
from unitwork.orm import Query, Session, aliased, joinedload, scoped_session, selectinload, sessionmaker


@pytest.fixture
def session(library: Any) -> Any:
    """A Session with three authors: ann (2 books), bea (2 books), cid (none); all books share a tag."""
    with Session(library) as session:
        shared = Tag(name="shared")
        for name, born in (("ann", 1901), ("bea", 1902)):
            books = [Book(title=f"{name}{number}", tags=[shared]) for number in (1, 2)]
            session.add(Author(name=name, born=born, books=books))
        session.add(Author(name="cid"))
        session.commit()
        yield session


def names(query: Any) -> list[str]:
    """Names of the authors a Query finds."""
    return [author.name for author in query]


def test_building_sends_nothing(session: Session, statements: Any) -> None:
    """SB-47, SB-78: nothing is flushed or sent before a result is asked for."""
    session.add(Author(name="new"))

    with statements(session.get_bind()) as sent:
        query = session.query(Author).filter(Author.name == "new").order_by(Author.id)

    assert sent.starting_with("SELECT", "INSERT") == []
    assert len(session.new) == 1
    assert names(query) == ["new"]


def test_objects_rows_and_scalars(session: Session) -> None:
    """LB-28, SB-47: one entity gives objects, anything else rows."""
    assert names(session.query(Author).order_by(Author.name)) == ["ann", "bea", "cid"]
    assert session.query(Author.name, Author.born).filter_by(name="bea").all() == [("bea", 1902)]
    assert session.query(Author.name).filter_by(name="bea").scalar() == "bea"
    assert session.query(Author.name).filter_by(name="nobody").scalar() is None
    assert session.query(Author).filter_by(name="bea").scalar() is session.query(Author).filter_by(name="bea").one()
    pairs = session.query(Author, Book).join(Author.books).order_by(Book.id).all()
    assert [(author.name, book.title) for author, book in pairs] == [
        ("ann", "ann1"),
        ("ann", "ann2"),
        ("bea", "bea1"),
        ("bea", "bea2"),
    ]


def test_duplicates_are_left_out(session: Session) -> None:
    """SB-48: a single entity comes once, also where its rows come often; select() keeps the rows."""
    query = session.query(Author).join(Author.books).order_by(Author.id)

    assert names(query) == ["ann", "bea"]
    assert query.count() == 4
    assert [one.name for one in session.scalars(select(Author).join(Author.books).order_by(Author.id))] == [
        "ann",
        "ann",
        "bea",
        "bea",
    ]
    assert session.query(Author.name).join(Author.books).count() == 4
    assert len(session.query(Author.name).join(Author.books).all()) == 4


def test_criteria(session: Session) -> None:
    """LB-28: filter, filter_by, where, and the last joined entity."""
    query = session.query(Author).order_by(Author.name)

    assert names(query.filter(or_(Author.name == "ann", Author.born == 1902))) == ["ann", "bea"]
    assert names(query.filter(Author.born.is_(None))) == ["cid"]
    assert names(query.where(and_(Author.name > "a", Author.name < "b"))) == ["ann"]
    assert names(query.join(Author.books).filter_by(title="bea2")) == ["bea"]
    assert names(query.outerjoin(Author.books).filter(Book.id.is_(None))) == ["cid"]
    assert names(query.filter(Author.books.any(Book.title == "ann1"))) == ["ann"]
    assert names(query.filter(Author.name == "ann", Author.born == 1902)) == []


def test_first_one_and_the_like(session: Session, statements: Any) -> None:
    """LB-28: first asks for one row; one and one_or_none count them."""
    query = session.query(Author).order_by(Author.name)

    with statements(session.get_bind()) as sent:
        first = query.first()
    assert first is not None and first.name == "ann"
    assert "LIMIT" in sent.starting_with("SELECT")[-1]
    assert query.filter_by(name="x").first() is None
    assert query.filter_by(name="x").one_or_none() is None
    assert query.filter_by(name="cid").one().name == "cid"
    with pytest.raises(exc.NoResultFound):
        query.filter_by(name="x").one()
    with pytest.raises(exc.MultipleResultsFound):
        query.one()
    with pytest.raises(exc.MultipleResultsFound):
        query.one_or_none()


def test_limit_offset_and_slices(session: Session) -> None:
    """LB-28: slices are LIMIT and OFFSET, within those that are set."""
    query = session.query(Author).order_by(Author.name)

    assert names(query.limit(2)) == ["ann", "bea"]
    assert names(query.offset(1)) == ["bea", "cid"]
    assert names(query[1:]) == ["bea", "cid"]
    assert names(query[:2]) == ["ann", "bea"]
    assert query[1].name == "bea"
    assert names(query[0:3:2]) == ["ann", "cid"]
    assert names(query.slice(1, 2)) == ["bea"]
    assert names(query.slice(0, 2).slice(1, 5)) == ["bea"]
    assert names(query.limit(1).slice(1, 3)) == []
    with pytest.raises(IndexError):
        query[5]
    with pytest.raises(IndexError):
        query[-1]


def test_criteria_after_limit_are_refused(session: Session) -> None:
    """LB-28: SQL applies LIMIT last, so criteria cannot come after it."""
    query = session.query(Author).limit(1)

    with pytest.raises(exc.InvalidRequestError) as caught:
        query.filter(Author.name == "ann")

    assert caught.value.code == "query-after-limit"
    assert query.enable_assertions(False).filter(Author.name == "bea").one().name == "bea"


def test_get(session: Session, statements: Any) -> None:
    """LB-28, SB-87: by primary key, from memory where it is there; only without criteria."""
    ann = session.query(Author).filter_by(name="ann").one()

    with statements(session.get_bind()) as sent:
        assert session.query(Author).get(ann.id) is ann
    assert sent.starting_with("SELECT") == []
    assert session.query(Author).get(12345) is None
    with pytest.raises(exc.InvalidRequestError) as caught:
        session.query(Author).filter_by(name="ann").get(ann.id)
    assert caught.value.code == "query-get"


def test_count_and_exists(session: Session) -> None:
    """LB-28: count() counts rows; exists() is a condition."""
    assert session.query(Author).count() == 3
    assert session.query(Author, Book).join(Author.books).count() == 4
    assert session.query(Author).limit(2).count() == 2
    assert session.query(Author.born).distinct().count() == 3
    query = session.query(Author).filter_by(name="ann")
    assert session.query(query.exists()).scalar()
    assert not session.query(session.query(Author).filter_by(name="x").exists()).scalar()
    has_books = session.query(Book).filter(Book.author_id == Author.id).exists()
    assert names(session.query(Author).filter(has_books).order_by(Author.id)) == ["ann", "bea"]


def test_group_by_having_and_distinct(session: Session) -> None:
    """LB-28: aggregates."""
    rows = (
        session.query(Author.name, func.count(Book.id))
        .outerjoin(Author.books)
        .group_by(Author.name)
        .order_by(Author.name)
    )

    assert rows.all() == [("ann", 2), ("bea", 2), ("cid", 0)]
    assert rows.having(func.count(Book.id) == 0).all() == [("cid", 0)]
    assert session.query(Book.author_id).distinct().count() == 2


def test_other_columns(session: Session) -> None:
    """LB-28: with_entities, add_columns, add_entity, select_from."""
    query = session.query(Author).filter_by(name="ann")

    assert query.with_entities(Author.name, Author.born).all() == [("ann", 1901)]
    assert [(one.name, born) for one, born in query.add_columns(Author.born)] == [("ann", 1901)]
    assert query.join(Author.books).add_entity(Book).count() == 2
    joined = session.query(Book.title).select_from(Author).join(Author.books).filter(Author.name == "bea")
    assert sorted(joined.all()) == [("bea1",), ("bea2",)]


def test_subqueries(session: Session) -> None:
    """LB-28: subquery, scalar_subquery, label, statement, aliases."""
    counts = (
        session.query(Book.author_id, func.count(Book.id).label("books")).group_by(Book.author_id).subquery("counts")
    )
    rows = session.query(Author.name, counts.c.books).join(counts, counts.c.author_id == Author.id)
    assert rows.order_by(Author.name).all() == [("ann", 2), ("bea", 2)]

    youngest = session.query(func.max(Author.born)).scalar_subquery()
    assert names(session.query(Author).filter(Author.born == youngest)) == ["bea"]
    titles = session.query(Book.title).filter(Book.author_id == Author.id).order_by(Book.id).limit(1)
    assert session.query(Author.name, titles.label("first")).filter_by(name="ann").all() == [("ann", "ann1")]
    assert session.scalars(session.query(Author).filter_by(name="cid").statement).one().name == "cid"

    other = aliased(Author)
    pairs = session.query(Author.name, other.name).join(other, other.born > Author.born)
    assert pairs.all() == [("ann", "bea")]


def test_combined(session: Session) -> None:
    """LB-28: union and its kin load entities."""
    ann, bea = (session.query(Author).filter_by(name=name) for name in ("ann", "bea"))

    assert sorted(names(ann.union(bea))) == ["ann", "bea"]
    assert names(ann.union_all(ann)) == ["ann"]
    assert len(session.query(Author.name).union_all(session.query(Author.name)).all()) == 6
    everyone = session.query(Author)
    assert sorted(names(everyone.except_(ann))) == ["bea", "cid"]
    assert names(everyone.intersect(ann)) == ["ann"]

    both = ann.union(bea)
    assert names(both.order_by(Author.name.desc())) == ["bea", "ann"]
    assert names(both.filter(Author.born > 1901)) == ["bea"]
    assert names(both.filter_by(name="ann")) == ["ann"]
    assert names(both.join(Author.books).filter(Book.title == "bea2")) == ["bea"]
    loaded = both.options(selectinload(Author.books)).order_by(Author.id).limit(1).one()
    assert "books" in loaded.__dict__
    assert both.count() == 2
    assert sorted(names(both.union(everyone))) == ["ann", "bea", "cid"]
    pairs = session.query(Author, Book).join(Author.books)
    assert pairs.union(pairs).count() == 4
    titles = session.query(Book.title).union_all(session.query(Author.name))
    assert titles.order_by(Book.title).first() == ("ann",)


def test_from_statement(session: Session) -> None:
    """LB-28: the rows of a statement given whole, as entities."""
    statement = text("SELECT * FROM author WHERE name = :name")

    found = session.query(Author).from_statement(statement).params(name="bea").one()

    assert found.born == 1902
    with pytest.raises(exc.InvalidRequestError) as caught:
        session.query(Author).from_statement(statement).filter(Author.name == "ann")
    assert caught.value.code == "query-fixed"
    assert session.query(Author).filter_by(name="bea").one() is found


def test_options(session: Session, statements: Any) -> None:
    """LB-28: loader options, enable_eagerloads, populate_existing, autoflush, params, yield_per."""
    session.expunge_all()
    with statements(session.get_bind()) as sent:
        authors = session.query(Author).options(selectinload(Author.books)).order_by(Author.id).all()
        assert [len(author.books) for author in authors] == [2, 2, 0]
    assert len(sent.starting_with("SELECT")) == 2

    session.expunge_all()
    with statements(session.get_bind()) as sent:
        authors = session.query(Author).options(joinedload(Author.books)).order_by(Author.id).all()
        assert [len(author.books) for author in authors] == [2, 2, 0]
    assert len(sent.starting_with("SELECT")) == 1

    session.expunge_all()
    with statements(session.get_bind()) as sent:
        session.query(Author).options(selectinload(Author.books)).enable_eagerloads(False).all()
    assert len(sent.starting_with("SELECT")) == 1

    ann = session.query(Author).filter_by(name="ann").one()
    ann.born = 1
    assert session.query(Author).autoflush(False).filter_by(name="ann").one().born == 1
    assert session.query(Author).autoflush(False).populate_existing().filter_by(name="ann").one().born == 1901
    assert len(list(session.query(Book).yield_per(3))) == 4


def test_locking_runs_everywhere(session: Session) -> None:
    """LB-28: with_for_update, where the database has no row locks, is left out."""
    assert session.query(Author).filter_by(name="ann").with_for_update().one().name == "ann"


def test_another_session(session: Session, library: Any) -> None:
    """LB-28: a Query without a Session says so; with_session gives it one."""
    query = Query(Author).filter_by(name="ann")

    with pytest.raises(exc.InvalidRequestError) as caught:
        query.all()

    assert caught.value.code == "query-without-session"
    assert query.with_session(session).one().name == "ann"


def test_update(session: Session, statements: Any) -> None:
    """PT-83, PT-72, PT-77: one statement; the count; objects that are here follow, pending changes of them go."""
    ann, bea = (session.query(Author).filter_by(name=name).one() for name in ("ann", "bea"))
    with session.no_autoflush:
        ann.born = 1

    with statements(session.get_bind()) as sent:
        count = session.query(Author).filter(Author.born.is_not(None)).update({"born": 1950})
        assert (ann.born, bea.born) == (1950, 1950)
    assert count == 2
    assert len(sent.starting_with("UPDATE")) == 2  # the flush of ann, and this

    session.query(Author).filter_by(name="ann").update({Author.born: Author.born + 1})
    assert ann.born == 1951
    session.rollback()
    assert (ann.born, bea.born) == (1901, 1902)


def test_update_without_synchronisation(session: Session) -> None:
    """PT-76: False leaves the objects alone; an unknown value is refused."""
    ann = session.query(Author).filter_by(name="ann").one()

    session.query(Author).update({"born": 7}, synchronize_session=False)

    assert ann.born == 1901
    session.refresh(ann)
    assert ann.born == 7
    with pytest.raises(exc.ArgumentError):
        session.query(Author).update({"born": 7}, synchronize_session="sometimes")


def test_delete(session: Session) -> None:
    """SB-75, PT-78: the count; objects that are here become deleted, and come back with a rollback."""
    cid = session.query(Author).filter_by(name="cid").one()
    ann = session.query(Author).filter_by(name="ann").one()

    assert session.query(Author).filter_by(name="cid").delete() == 1

    assert cid not in session
    assert ann in session
    assert session.query(Author).count() == 2
    session.rollback()
    assert cid in session
    assert cid.name == "cid"


def test_delete_by_execute(session: Session) -> None:
    """SB-74, PT-72: session.execute(delete()) brings objects in step, too."""
    cid = session.query(Author).filter_by(name="cid").one()

    result = session.execute(delete(Author).where(Author.name == "cid"))

    assert result.rowcount == 1
    assert cid not in session
    session.commit()
    assert session.query(Author).count() == 2


@pytest.mark.parametrize(
    "restrict",
    [
        lambda query: query.limit(1),
        lambda query: query.offset(1),
        lambda query: query.order_by(Author.id),
        lambda query: query.group_by(Author.id),
        lambda query: query.distinct(),
        lambda query: query.join(Author.books),
        lambda query: query.select_from(Author),
    ],
)
def test_update_and_delete_take_criteria_only(session: Session, restrict: Any) -> None:
    """SB-75: anything else that is set is refused, by name."""
    query = restrict(session.query(Author))

    with pytest.raises(exc.InvalidRequestError) as caught:
        query.delete()
    assert caught.value.code == "query-dml"
    with pytest.raises(exc.InvalidRequestError):
        query.update({"born": 1})


def test_self_reference(session: Session) -> None:
    """LB-28: joins to an alias of the same class."""
    session.add(Node(name="root", children=[Node(name="leaf")]))
    session.commit()
    parent = aliased(Node)

    found = session.query(Node).join(parent, Node.parent).filter(parent.name == "root").one()

    assert found.name == "leaf"


def test_query_property_and_query_cls(library: Any) -> None:
    """CX-12, AP-09: a class attribute that asks the present Session; a Query class of one's own."""

    class Counting(Query[Any]):
        def twice(self) -> int:
            return 2 * self.count()

    scope = scoped_session(sessionmaker(library, query_cls=Counting))
    scope.add(Author(name="ann"))
    scope.commit()
    Author.query = scope.query_property()  # type: ignore[attr-defined]
    try:
        assert Author.query.filter_by(name="ann").one().name == "ann"  # type: ignore[attr-defined]
        assert scope.query(Author).twice() == 2
        assert isinstance(Author.query, Counting)  # type: ignore[attr-defined]
    finally:
        del Author.query  # type: ignore[attr-defined]
        scope.remove()


def test_text_of_a_query() -> None:
    """LB-41: str() is the SQL, without a database."""
    session = Session(create_engine("sqlite://"))

    shown = str(session.query(Author.name).filter_by(name="ann"))

    assert shown.split() == "SELECT author.name FROM author WHERE author.name = :name_1".split()
    assert LibraryBase.metadata.tables["author"] is Author.__table__


def test_evaluated_in_python(session: Session, statements: Any) -> None:
    """PT-73, PT-74: where every database answers the same, objects are matched without a SELECT."""
    authors = session.query(Author).order_by(Author.id).all()

    with statements(session.get_bind()) as sent:
        count = session.query(Author).filter(Author.born > 1901).update({"born": 5}, synchronize_session="evaluate")
        assert [author.born for author in authors] == [1901, 5, None]
    assert count == 1
    assert sent.starting_with("SELECT") == []

    with pytest.raises(exc.UnevaluatableError):
        session.query(Author).filter(func.lower(Author.name) == "cid").delete(synchronize_session="evaluate")
    assert session.query(Author).filter(func.lower(Author.name) == "cid").delete() == 1
    assert authors[2] not in session


def test_evaluation_of_expired_objects(session: Session) -> None:
    """PT-74: fully expired objects are passed over; one that lacks a value of the criteria is expired as a whole."""
    ann, bea, cid = session.query(Author).order_by(Author.id).all()
    session.expire(bea, ["born"])
    session.expire(cid)

    session.query(Author).filter(Author.born < 5000).update({"name": "x"}, synchronize_session="evaluate")

    assert ann.__dict__["name"] == "x"
    assert "name" not in bea.__dict__
    assert bea.name == "x"
    assert cid.name == "cid"


def test_merge_result(session: Session, library: Any) -> None:
    """LB-28, EV-27: results of a cache, as objects of the Session."""
    with Session(library) as other:
        authors = other.query(Author).order_by(Author.id).all()
        rows = other.query(Author, Author.name).order_by(Author.id).all()
        outer = other.query(Author.name, Book).outerjoin(Author.books).filter(Author.name == "cid").all()

    merged = session.query(Author).merge_result(authors, load=False)
    pairs = session.query(Author, Author.name).merge_result(rows, load=False)

    assert [one.name for one in merged] == ["ann", "bea", "cid"]
    assert all(one in session for one in merged)
    assert [(author is one, name) for (author, name), one in zip(pairs, merged)] == [
        (True, "ann"),
        (True, "bea"),
        (True, "cid"),
    ]
    assert session.query(Author.name, Book).merge_result(outer) == [("cid", None)]


def test_returned_objects(session: Session) -> None:
    """PT-38, PT-71: a mapped class in RETURNING is refused, with the way that makes objects of the rows."""
    statement = insert(Author).values(name="dee").returning(Author)

    with pytest.raises(exc.InvalidRequestError) as caught:
        session.scalars(statement)
    assert caught.value.code == "returning-objects"

    made = session.scalars(select(Author).from_statement(statement)).one()
    assert made.name == "dee"
    assert made in session
