"""Reading through a Session: get, execute, scalars, scalar, lazy loads, refresh, expire, autoflush."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.models import Author, Book, Node, Person, Tag, User
from tests.support.rows import rows_of
from tests.support.states import author_in_state, state_of
from unitwork import exc, func, insert, inspect, select, text, update
from unitwork.orm import Session

TABLE = Author.__table__


def stored_author(session: Session, **values: Any) -> Author:
    """An author with the books a and b, stored; everything expired."""
    author = Author(name="ann", books=[Book(title="a"), Book(title="b")], **values)
    session.add(author)
    session.commit()
    return author


def test_execute_of_a_class_gives_rows_of_one_instance(session: Session) -> None:
    """SB-43: each row of execute(select(Author)) holds one instance."""
    author = author_in_state(session, "S")

    rows = session.execute(select(Author)).all()

    assert [tuple(row) for row in rows] == [(author,)]
    assert rows[0].Author is author


def test_scalar_gives_the_first_column_or_none(session: Session) -> None:
    """SB-43: scalar() gives the first column of the first row, or None when there is no row."""
    author_in_state(session, "S")

    values = (session.scalar(select(Author.name)), session.scalar(select(Author.name).where(Author.id == 77)))

    assert values == ("ann", None)


def test_row_mixes_columns_and_entities(session: Session) -> None:
    """SB-44: rows are named tuples of columns and entities."""
    stored_author(session)

    row = session.execute(select(Author.name, Book).join(Book.author).where(Book.title == "a")).one()

    assert (row.name, row[0], row.Book.title) == ("ann", "ann", "a")
    assert row._mapping["name"] == "ann"
    assert list(row._asdict()) == ["name", "Book"]


def test_plain_string_is_refused(session: Session) -> None:
    """SB-45, ER-02: a str given as statement raises ArgumentError."""
    with pytest.raises(exc.ArgumentError):
        session.execute("SELECT 1")


def test_text_with_named_parameters(session: Session) -> None:
    """SB-45, SB-46: text() takes :name parameters from a dictionary."""
    author_in_state(session, "S")

    name = session.execute(text("SELECT name FROM author WHERE name = :name"), {"name": "ann"}).scalar_one()

    assert name == "ann"


def test_list_of_parameters_runs_for_each(session: Session) -> None:
    """SB-46: a list of dictionaries executes the statement for each of them."""
    session.execute(insert(TABLE), [{"name": "a"}, {"name": "b"}])

    names = session.scalars(select(Author.name).order_by(Author.name)).all()

    assert names == ["a", "b"]


def test_session_keeps_one_instance_per_row(session: Session) -> None:
    """SB-02: two queries, get() and a relationship give the same instance for the same row."""
    author = stored_author(session)

    again = session.scalars(select(Author)).one()
    through_get = session.get(Author, author.id)
    through_book = session.scalars(select(Book)).first().author

    assert again is author
    assert through_get is author
    assert through_book is author


def test_query_asks_the_database_although_the_object_is_present(session: Session, statements: Any) -> None:
    """SB-35: a criteria query goes to the database; only get() is answered from memory."""
    author = author_in_state(session, "S")

    with statements(session.get_bind()) as log:
        session.scalars(select(Author).where(Author.id == author.id)).one()

    assert len(log.starting_with("SELECT")) == 1


def test_row_does_not_overwrite_loaded_attributes(session: Session) -> None:
    """SB-36, ST-112: a row of a present object leaves its loaded attributes as they are."""
    author = author_in_state(session, "S")
    session.execute(update(TABLE).values(name="other"))

    session.scalars(select(Author)).one()

    assert author.name == "ann"


def test_row_does_not_overwrite_pending_changes(session: Session) -> None:
    """SB-36: a row of a present object leaves its unflushed changes as they are."""
    author = author_in_state(session, "S")
    author.name = "bea"

    with session.no_autoflush:
        session.scalars(select(Author)).one()

    assert author.name == "bea"
    assert author in session.dirty


def test_row_fills_expired_attributes(session: Session, statements: Any) -> None:
    """SB-37: a row fills exactly the expired attributes of a present object."""
    author = author_in_state(session, "S")
    session.execute(update(TABLE).values(name="bea", born=1950))
    session.expire(author, ["name"])
    session.scalars(select(Author)).one()

    with statements(session.get_bind()) as log:
        values = (author.name, author.born)

    assert (values, log.count) == (("bea", None), 0)


def test_entity_of_an_outer_join_may_be_none(session: Session) -> None:
    """SB-44: an entity whose key is NULL in the row is None."""
    session.add(Author(name="ann"))
    session.flush()

    row = session.execute(select(Author, Book).outerjoin(Author.books)).one()

    assert row.Book is None


def test_get_answers_from_memory(session: Session, statements: Any) -> None:
    """SB-89: get() of a present, unexpired object sends no SQL."""
    author = author_in_state(session, "S")

    with statements(session.get_bind()) as log:
        found = session.get(Author, author.id)

    assert found is author
    assert log.count == 0


def test_get_gives_a_marked_object(session: Session) -> None:
    """SB-89: get() gives M objects too."""
    author = author_in_state(session, "M")

    found = session.get(Author, author.id)

    assert found is author


def test_get_loads_what_is_not_present(session: Session) -> None:
    """SB-87: get() of a row not in memory loads it; without a row it gives None."""
    stored_author(session)
    session.expunge_all()

    found, missing = session.get(Author, 1), session.get(Author, 77)

    assert found is not None
    assert (found.name, missing) == ("ann", None)


@pytest.mark.parametrize("ident", [1, (1,), [1], {"id": 1}], ids=["scalar", "tuple", "list", "dict"])
def test_forms_of_an_identity(session: Session, ident: Any) -> None:
    """SB-88: the key is a scalar, a tuple, a list, or a dictionary by attribute name."""
    session.add(Author(id=1, name="ann"))
    session.commit()
    session.expunge_all()

    found = session.get(Author, ident)

    assert found is not None
    assert found.name == "ann"


@pytest.mark.parametrize("ident", [(1, 2), (), {"name": 1}, {"id": 1, "name": 2}], ids=str)
def test_wrong_identity_is_refused(session: Session, ident: Any) -> None:
    """SB-88: a wrong number of values, or wrong names, raise InvalidRequestError."""
    with pytest.raises(exc.InvalidRequestError):
        session.get(Author, ident)


def test_get_of_an_expired_object_whose_row_is_gone(session: Session) -> None:
    """SB-90, DV-01: get() of an expired object without row gives None and the object becomes D."""
    author = author_in_state(session, "S")
    key = author.id
    session.expire(author)
    session.execute(TABLE.delete())

    found = session.get(Author, key)

    assert found is None
    assert state_of(session, author) == "D"


def test_get_flushes_pending_objects_first(session: Session) -> None:
    """SB-96: get() of a pending object's key flushes first and gives that object."""
    author = Author(id=5, name="ann")
    session.add(author)

    found = session.get(Author, 5)

    assert found is author


def test_get_without_autoflush_misses_pending_objects(session: Session) -> None:
    """SB-80, SB-96: with autoflush off, get() of a pending object's key gives None."""
    session.add(Author(id=5, name="ann"))

    with session.no_autoflush:
        found = session.get(Author, 5)

    assert found is None


def test_get_of_a_deleted_object_gives_none(session: Session) -> None:
    """SB-97: get() of a D object asks the database and gives None."""
    author = author_in_state(session, "D")

    found = session.get(Author, inspect(author).identity)

    assert found is None


def test_get_one_raises_without_a_row(session: Session) -> None:
    """SB-98: get_one() raises NoResultFound instead of giving None."""
    with pytest.raises(exc.NoResultFound):
        session.get_one(Author, 77)


def test_get_of_a_class_that_is_not_mapped_is_refused(session: Session) -> None:
    """SB-99: get() of an unmapped class raises ArgumentError or NoInspectionAvailable."""
    with pytest.raises((exc.ArgumentError, exc.NoInspectionAvailable)):
        session.get(str, 1)


@pytest.mark.parametrize(
    "use",
    [
        lambda session, author: session.execute(select(Author)).all(),
        lambda session, author: session.scalars(select(Author.name)).all(),
        lambda session, author: session.scalar(select(func.count()).select_from(Author)),
        lambda session, author: session.execute(text("SELECT 1")).all(),
        lambda session, author: session.execute(select(TABLE)).all(),
        lambda session, author: session.get(Author, 77),
        lambda session, author: session.refresh(author),
        lambda session, author: author.books,
        lambda session, author: author.born,
    ],
    ids=["execute", "scalars", "scalar", "text", "core", "get", "refresh", "lazy load", "expired load"],
)
def test_what_autoflushes(session: Session, use: Callable[[Session, Author], Any]) -> None:
    """SB-77, SB-82: pending objects are flushed before each of these."""
    author = author_in_state(session, "S")
    session.expire(author, ["born"])
    pending = Author(name="bea")
    session.add(pending)

    use(session, author)

    assert state_of(session, pending) == "S"


@pytest.mark.parametrize(
    "use",
    [
        lambda session, author: session.get(Author, author.id),
        lambda session, author: session.connection(),
        lambda session, author: session.expire(author),
        lambda session, author: session.delete(author),
        lambda session, author: session.add(author),
        lambda session, author: author in session,
        lambda session, author: author.books[0].author,
    ],
    ids=["get present", "connection", "expire", "delete", "add", "in", "reference present"],
)
def test_what_does_not_autoflush(session: Session, use: Callable[[Session, Author], Any]) -> None:
    """SB-78, LB-15: none of these flushes."""
    author = stored_author(session)
    _ = (author.books, author.name)
    session.expire(author.books[0], ["author"])
    _ = author.books[0].author_id
    pending = Author(name="bea")
    session.add(pending)

    use(session, author)

    assert state_of(session, pending) == "P"


@pytest.mark.parametrize("how", ["argument", "attribute", "block"])
def test_autoflush_switched_off(library: Any, how: str) -> None:
    """SB-80: autoflush=False, session.autoflush = False and no_autoflush suppress it."""
    with Session(library, autoflush=how != "argument") as session:
        session.add(Author(name="ann"))
        if how == "attribute":
            session.autoflush = False

        if how == "block":
            with session.no_autoflush:
                found = session.scalars(select(Author)).all()
        else:
            found = session.scalars(select(Author)).all()

        assert found == []


def test_no_autoflush_restores_the_setting(session: Session) -> None:
    """SB-81: the block gives the Session and restores the setting, after exceptions and when nested."""
    with pytest.raises(KeyError), session.no_autoflush as given:
        with session.no_autoflush:
            pass
        inner = session.autoflush
        raise KeyError

    assert given is session
    assert (inner, session.autoflush) == (False, True)


def test_expired_columns_load_in_one_select(session: Session, statements: Any) -> None:
    """ST-93: reading one expired column loads all expired columns of the object."""
    author = author_in_state(session, "S")
    session.expire(author)

    with statements(session.get_bind()) as log:
        values = (author.name, author.born, author.id)

    assert values == ("ann", None, inspect(author).identity[0])
    assert log.count == 1


def test_expire_discards_changes(session: Session) -> None:
    """ST-91: expire() drops pending changes too."""
    author = author_in_state(session, "S")
    author.name = "bea"

    session.expire(author)

    assert (author.name, author in session.dirty) == ("ann", False)


def test_expire_of_named_attributes_leaves_the_others(session: Session) -> None:
    """ST-91: expire(obj, names) drops the named attributes only."""
    author = author_in_state(session, "S")
    author.name, author.born = "bea", 1950

    session.expire(author, ["name"])

    assert (author.name, author.born) == ("ann", 1950)


def test_expire_all_leaves_pending_objects(session: Session) -> None:
    """ST-92: expire_all() expires S and M objects, P objects keep their values."""
    author = author_in_state(session, "S")
    pending = Author(name="bea")
    session.add(pending)

    session.expire_all()

    assert "name" not in inspect(author).dict
    assert inspect(pending).dict["name"] == "bea"


def test_value_set_while_expired_is_kept(session: Session) -> None:
    """ST-94: a value set before the expired load wins over the row."""
    author = author_in_state(session, "S")
    session.expire(author)
    author.name = "bea"

    born = author.born
    session.commit()

    assert (born, author.name) == (None, "bea")


@pytest.mark.parametrize("method", ["expire", "refresh"])
def test_unknown_attribute_name_is_refused(session: Session, method: str) -> None:
    """ST-95: an unknown name in expire() or refresh() is an error."""
    author = author_in_state(session, "S")

    with pytest.raises((KeyError, exc.InvalidRequestError)):
        getattr(session, method)(author, ["colour"])


def test_refresh_reads_the_row_again(session: Session) -> None:
    """ST-96, SB-100: refresh() shows what was written beside the Session."""
    author = author_in_state(session, "S")
    session.execute(update(TABLE).values(name="bea"))

    session.refresh(author)

    assert author.name == "bea"


def test_refresh_discards_changes_of_the_refreshed_attributes(session: Session) -> None:
    """ST-96: pending changes of refreshed attributes are dropped, those of others are flushed."""
    author = author_in_state(session, "S")
    author.name, author.born = "bea", 1950

    session.refresh(author, ["name"])

    assert author.name == "ann"
    assert rows_of(session, TABLE.c.name, TABLE.c.born) == [("ann", 1950)]


def test_refresh_of_a_missing_row_is_refused(session: Session) -> None:
    """ST-97: refresh() without a row raises InvalidRequestError; the object stays S."""
    author = author_in_state(session, "S")
    session.execute(TABLE.delete())

    with pytest.raises(exc.InvalidRequestError):
        session.refresh(author)

    assert state_of(session, author) == "S"


def test_refresh_expires_loaded_collections(session: Session) -> None:
    """ST-105: refresh() expires loaded lazy relationships, which load again on access."""
    author = stored_author(session)
    assert len(author.books) == 2
    session.execute(insert(Book.__table__).values(title="c", author_id=author.id))

    session.refresh(author)

    assert [book.title for book in author.books] == ["a", "b", "c"]


def test_refresh_of_a_relationship(session: Session) -> None:
    """ST-104, DV-05: refresh(obj, ["books"]) loads that relationship."""
    author = stored_author(session)
    assert len(author.books) == 2
    session.execute(insert(Book.__table__).values(title="c", author_id=author.id))

    session.refresh(author, ["books"])

    assert "books" in inspect(author).dict
    assert [book.title for book in author.books] == ["a", "b", "c"]


def test_populate_existing_overwrites(session: Session) -> None:
    """ST-109, SB-100: populate_existing=True overwrites the columns of present objects."""
    author = author_in_state(session, "S")
    session.execute(update(TABLE).values(name="bea"))

    session.scalars(select(Author).execution_options(populate_existing=True)).one()

    assert author.name == "bea"


def test_lazy_one_to_many(session: Session, statements: Any) -> None:
    """ST-22, ST-103: an unloaded collection is loaded by one SELECT when read, then kept."""
    author = stored_author(session)
    _ = author.name

    with statements(session.get_bind()) as log:
        titles = [book.title for book in author.books]
        again = [book.title for book in author.books]

    assert titles == again == ["a", "b"]
    assert log.count == 1


def test_lazy_many_to_one_asks_the_identity_map(session: Session, statements: Any) -> None:
    """LB-15, SB-35: a many-to-one whose target is present sends no SQL."""
    author = stored_author(session)
    _ = author.name
    book = session.scalars(select(Book)).first()

    with statements(session.get_bind()) as log:
        target = book.author

    assert target is author
    assert log.count == 0


def test_lazy_many_to_one_loads_by_key(session: Session) -> None:
    """ST-22: a many-to-one whose target is not present is loaded by its key."""
    stored_author(session)
    session.expunge_all()
    book = session.scalars(select(Book)).first()

    name = book.author.name

    assert name == "ann"


def test_lazy_many_to_one_of_a_null_key_is_none(session: Session, statements: Any) -> None:
    """ST-22: a many-to-one whose foreign key is NULL is None, without SQL."""
    book = Book(title="b")
    session.add(book)
    session.commit()
    _ = book.title

    with statements(session.get_bind()) as log:
        author = book.author

    assert (author, log.count) == (None, 0)


def test_lazy_many_to_many(session: Session) -> None:
    """ST-22, LB-10: both sides of a many-to-many load through the secondary table."""
    session.add(Book(title="b", tags=[Tag(name="x"), Tag(name="y")]))
    session.commit()
    session.expunge_all()

    book = session.scalars(select(Book)).one()

    assert [tag.name for tag in book.tags] == ["x", "y"]
    assert book.tags[0].books == [book]


def test_lazy_self_referential(session: Session) -> None:
    """ST-22, LB-10: children and parent of a tree load lazily."""
    session.add(Node(name="root", children=[Node(name="a"), Node(name="b")]))
    session.commit()
    session.expunge_all()

    root = session.scalars(select(Node).where(Node.name == "root")).one()

    assert [child.name for child in root.children] == ["a", "b"]
    assert (root.children[0].parent, root.parent) == (root, None)


def test_lazy_self_referential_many_to_many(shop: Session) -> None:
    """ST-22, LB-10: a graph of one class loads in both directions."""
    ann, bea = Person(name="ann"), Person(name="bea")
    ann.friends = [bea]
    shop.add(ann)
    shop.commit()

    friends, friend_of = bea.friends, bea.friend_of

    assert (friends, friend_of) == ([], [ann])


def test_lazy_one_to_one(accounts: Session) -> None:
    """ST-22: the far side of a one-to-one loads one object, or None."""
    profile_class = inspect(User).relationships["profile"].mapper.class_
    accounts.add_all([User(name="ann", profile=profile_class(motto="m")), User(name="bea")])
    accounts.commit()

    ann, bea = accounts.scalars(select(User).order_by(User.name)).all()

    assert (ann.profile.motto, bea.profile) == ("m", None)


def test_collection_loads_without_its_deleted_member(session: Session) -> None:
    """SB-70, SB-71: a deleted object stays in a loaded collection until it expires, then is gone."""
    author = stored_author(session)
    book = author.books[0]
    session.delete(book)
    session.flush()
    before = list(author.books)

    session.commit()

    assert (before[0], len(before)) == (book, 2)
    assert [left.title for left in author.books] == ["b"]


def test_foreign_key_set_by_hand_shows_after_expiry(session: Session) -> None:
    """ST-113: a foreign key column assigned by hand changes the reference only after flush and expiry."""
    stored_author(session)
    other = Author(name="other")
    session.add(other)
    session.flush()
    book = session.scalars(select(Book)).first()
    old = book.author

    book.author_id = other.id
    before = book.author
    session.commit()

    assert before is old
    assert book.author is other


def test_statement_repeated_with_other_values(session: Session) -> None:
    """SB-43: a statement of the same shape with other values gives other rows."""
    session.add_all([Author(name="a"), Author(name="b"), Author(name="c")])

    found = [session.scalars(select(Author.id).where(Author.name == name)).all() for name in "abcx"]
    limited = [session.scalars(select(Author.name).order_by(Author.name).limit(n)).all() for n in (1, 2)]

    assert found == [[1], [2], [3], []]
    assert limited == [["a"], ["a", "b"]]


@pytest.mark.parametrize("names", [[], ["a"], ["a", "c"], ["a", "b", "c", "x"]], ids=len)
def test_in_list_of_any_length(session: Session, names: list[str]) -> None:
    """LB-22: in_() takes lists of any length, the empty one too."""
    session.add_all([Author(name="a"), Author(name="b"), Author(name="c")])

    inside = session.scalars(select(Author.name).where(Author.name.in_(names)).order_by(Author.name)).all()
    outside = session.scalars(select(Author.name).where(Author.name.not_in(names)).order_by(Author.name)).all()

    assert inside == [name for name in "abc" if name in names]
    assert outside == [name for name in "abc" if name not in names]


def test_values_never_become_sql(session: Session) -> None:
    """PT-09: quotes, percent signs, colons and backslashes in values come back as they were."""
    name = """o'b"r%s :x \\ ?; -- ]"""
    session.add(Author(name=name))
    session.commit()

    found = session.scalars(select(Author).where(Author.name == name)).one()

    assert found.name == name


def test_rows_stay_usable_after_the_session_moves_on(session: Session) -> None:
    """SB-08: objects of a closed Session can be read as far as they are loaded."""
    author = stored_author(session)
    _ = [book.title for book in author.books]
    session.refresh(author)
    _ = author.books

    session.close()

    assert [book.title for book in author.books] == ["a", "b"]


@pytest.mark.parametrize(
    ("read", "error"),
    [
        (lambda result: result.one(), "MultipleResultsFound"),
        (lambda result: result.scalar_one_or_none(), "MultipleResultsFound"),
        (lambda result: result.scalars().one(), "MultipleResultsFound"),
    ],
    ids=["one", "scalar_one_or_none", "scalars one"],
)
def test_more_than_one_row(session: Session, read: Callable[[Any], Any], error: str) -> None:
    """SB-50, ER-08: where one row is asked for, two raise MultipleResultsFound."""
    session.add_all([Author(name="a"), Author(name="b")])

    with pytest.raises(getattr(exc, error)):
        read(session.execute(select(Author)))


def test_no_row_where_one_is_needed(session: Session) -> None:
    """SB-50, ER-08: one() and scalar_one() without a row raise NoResultFound."""
    for method in ("one", "scalar_one"):
        with pytest.raises(exc.NoResultFound):
            getattr(session.execute(select(Author)), method)()
