"""merge: what an object of anywhere says, on the Session's own object of the same row."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest

from tests.support.models import Address, Author, Book, Node, Tag, User
from unitwork import event, exc, inspect, select
from unitwork.orm import Session, selectinload


def stored(library: Any, count: int = 2) -> list[Author]:
    """Detached authors with two books each, which share a tag; all of it loaded."""
    with Session(library) as session:
        tag = Tag(name="shared")
        for number in range(count):
            books = [Book(title=f"{number}.{place}", tags=[tag]) for place in (1, 2)]
            session.add(Author(name=f"author {number}", books=books))
        session.commit()
        path = selectinload(Author.books).selectinload(Book.tags)
        return list(session.scalars(select(Author).options(path).order_by(Author.id)).all())


def test_a_copy_of_the_sessions_own(library: Any, session: Session) -> None:
    """ST-66, ST-69: the target is the Session's; the given object is neither attached nor changed."""
    (given,) = stored(library, 1)
    given.name = "new"

    merged = session.merge(given)

    assert merged is not given
    assert merged in session
    assert inspect(given).detached
    assert merged is session.get(Author, given.id)
    assert merged.name == "new"
    session.commit()
    assert session.scalar(select(Author.name)) == "new"
    assert given.name == "new"


def test_equal_values_write_nothing(library: Any, session: Session, statements: Any) -> None:
    """ST-69: the target is in dirty, is not modified, and no UPDATE is sent."""
    (given,) = stored(library, 1)

    merged = session.merge(given)

    assert merged in session.dirty
    assert not session.is_modified(merged)
    with statements(session.get_bind()) as sent:
        session.flush()
    assert sent.starting_with("UPDATE", "INSERT", "DELETE") == []


def test_new_objects(session: Session, statements: Any) -> None:
    """ST-67: without a complete primary key no SELECT is sent; with one of no row a new object comes."""
    with statements(session.get_bind()) as sent:
        first = session.merge(Author(name="ann", books=[Book(title="one")]))
    assert sent.starting_with("SELECT") == []
    assert inspect(first).pending
    second = session.merge(Author(id=77, name="bea"))
    assert inspect(second).pending
    assert [book.title for book in first.books] == ["one"]
    session.commit()
    assert session.get(Author, 77) is second


def test_the_objects_of_the_session_itself(library: Any, session: Session) -> None:
    """ST-71, ST-82: they are given back; one that is marked for deletion stays marked."""
    stored(library, 2)
    first, second = session.scalars(select(Author).order_by(Author.id))
    session.delete(second)
    session.autoflush = False

    assert session.merge(first) is first
    assert session.merge(second) is second
    assert session.merge(Author(id=second.id, name="other")) is second
    assert second in session.deleted


def test_a_pending_object_of_the_session(session: Session) -> None:
    """ST-14, ST-76: autoflush makes it persistent first; without it a second one comes, with a warning."""
    first = Author(name="ann")
    session.add(first)
    assert session.merge(first) is first
    assert inspect(first).persistent

    second = Author(name="bea")
    session.add(second)
    session.autoflush = False
    with pytest.warns(exc.UnitworkWarning, match="pending"):
        twin = session.merge(second)
    assert twin is not second
    assert len(session.new) == 2


def test_what_the_source_does_not_have_stays(library: Any, session: Session) -> None:
    """ST-70, CA-66: attributes that are not in the source's dictionary leave the target alone."""
    (given,) = stored(library, 1)
    mine = session.get(Author, given.id)
    assert mine is not None
    mine.born = 1900
    assert len(mine.books) == 2

    merged = session.merge(Author(id=given.id, name="other"))

    assert merged is mine
    assert (mine.name, mine.born, len(mine.books)) == ("other", 1900, 2)


def test_expired_attributes_of_another_session(library: Any, session: Session, statements: Any) -> None:
    """ST-72: they are not copied, and not loaded from the source's own Session."""
    stored(library, 1)
    with Session(library) as other:
        source = other.scalars(select(Author)).one()
        other.expire(source, ["name"])
        identity = source.id
        other.connection()
        before = dict(source.__dict__)

        merged = session.merge(source)

        assert source.__dict__ == before
        assert merged.id == identity
        assert not session.is_modified(merged)


def test_graphs_and_cycles(library: Any, session: Session) -> None:
    """ST-73, CA-17: related objects are merged along; each source has one target."""
    given = stored(library, 2)

    merged = session.merge_all(given)

    tags = {id(tag) for author in merged for book in author.books for tag in book.tags}
    assert len(tags) == 1
    assert all(book.author is author for author in merged for book in author.books)
    assert {book.id for author in merged for book in author.books} == {
        book.id for author in given for book in author.books
    }
    assert not any(session.is_modified(one) for one in session)


def test_self_reference(session: Session) -> None:
    """ST-73: a ring of new objects becomes a ring."""
    root = Node(name="root")
    root.children = [Node(name="leaf", parent=root)]

    merged = session.merge(root)

    assert merged.children[0].parent is merged
    session.commit()
    assert [one.name for one in session.scalars(select(Node).order_by(Node.id))] == ["root", "leaf"]


def test_collections(library: Any, session: Session) -> None:
    """ST-74: members missing in the source are removed; those without a primary key are new."""
    (given,) = stored(library, 1)
    kept, lost = given.books
    given.books = [kept, Book(title="new")]

    merged = session.merge(given)
    session.commit()

    assert [book.title for book in merged.books] == [kept.title, "new"]
    gone = session.get(Book, lost.id)
    assert gone is not None
    assert gone.author_id is None


def test_orphans_of_a_merged_collection(accounts: Session) -> None:
    """ST-74: with delete-orphan the missing member is deleted."""
    user = User(name="ann", addresses=[Address(email="a"), Address(email="b")])
    accounts.add(user)
    accounts.commit()
    given = User(id=user.id, name="ann", addresses=[Address(id=user.addresses[0].id, email="c")])
    accounts.expunge_all()

    accounts.merge(given)
    accounts.commit()

    assert accounts.scalars(select(Address.email)).all() == ["c"]


def test_none_overwrites(library: Any, session: Session) -> None:
    """ST-75, ST-85: a reference that is None wins over a foreign key value given at the same time."""
    (given,) = stored(library, 1)
    book = given.books[0]

    merged = session.merge(Book(id=book.id, author_id=given.id, author=None))
    session.commit()

    assert merged.author_id is None


def test_reading_before_merging(library: Any, session: Session) -> None:
    """ST-84, ST-56: a read of an attribute that was never set has no part in it."""
    (given,) = stored(library, 1)
    source = Book(id=given.books[0].id, title="t")
    assert source.author is None

    merged = session.merge(source)
    session.commit()

    assert merged.author_id == given.id


def test_without_load(library: Any, session: Session, statements: Any) -> None:
    """ST-77: no SQL; the targets are persistent and clean."""
    given = stored(library, 2)
    session.connection()

    with statements(session.get_bind()) as sent:
        merged = session.merge_all(given, load=False)
        assert [author.name for author in merged] == [author.name for author in given]
        assert merged[0].books[0].author is merged[0] or "author" not in merged[0].books[0].__dict__
        assert merged[0].books[0].title == given[0].books[0].title

    assert sent.starting_with("SELECT") == []
    assert all(inspect(author).persistent for author in merged)
    assert not session.dirty


def test_without_load_refuses(library: Any, session: Session) -> None:
    """ST-77: what has no row, or has changes, is refused."""
    (given,) = stored(library, 1)
    given.name = "changed"

    with pytest.raises(exc.InvalidRequestError) as caught:
        session.merge(given, load=False)
    assert caught.value.code == "merge-unflushed"
    with pytest.raises(exc.InvalidRequestError) as caught:
        session.merge(Author(id=5), load=False)
    assert caught.value.code == "merge-without-identity"
    assert len(session.identity_map) == 0


def test_the_same_new_key_twice(session: Session) -> None:
    """ST-79: two given objects with the same new primary key give two pending objects, in order."""
    first, second = session.merge_all([Author(id=9, name="a"), Author(id=9, name="b")])

    assert first is not second
    assert (first.name, second.name) == ("a", "b")
    session.expunge_all()


def test_unmapped(session: Session) -> None:
    """ST-80: something that is not mapped is refused, and nothing was merged."""
    with pytest.raises(exc.UnmappedInstanceError):
        session.merge_all([Author(name="a"), object()])
    assert not session.new


def test_options(library: Any, session: Session, statements: Any) -> None:
    """ST-81: loader options for reading the target."""
    (given,) = stored(library, 1)
    source = Author(id=given.id)

    merged = session.merge(source, options=[selectinload(Author.books)])

    assert "books" in merged.__dict__


def test_autoflush_once(library: Any, session: Session) -> None:
    """ST-68: one flush at the start, and none while merging."""
    given = stored(library, 2)
    flushes = []
    event.listen(session, "before_flush", lambda *_: flushes.append(1))
    session.add(Tag(name="pending"))

    session.merge_all(given)

    assert len(flushes) == 1
    assert session.autoflush


def test_load_event(session: Session) -> None:
    """EV-69: a new target is told to the listeners of load, without a context."""
    seen: list[Any] = []

    def note(target: Any, context: Any) -> None:
        seen.append((target, context))

    event.listen(Author, "load", note)
    try:
        merged = session.merge(Author(name="ann"))
    finally:
        event.remove(Author, "load", note)

    assert seen == [(merged, None)]


def test_after_pickling_and_copying(library: Any, session: Session) -> None:
    """EV-74: a pickled object that changed is merged; so is a copy."""
    (given,) = stored(library, 1)
    clone = pickle.loads(pickle.dumps(given))
    clone.name = "from afar"

    merged = session.merge(clone)
    assert merged.name == "from afar"
    session.commit()

    twin = copy.copy(clone)
    twin.name = "twin"
    assert session.merge(twin).name == "twin"


def test_many_objects_few_statements(library: Any, session: Session, statements: Any) -> None:
    """ST-67: a thousand objects of an empty Session cost SELECTs per class and chunk, not per object."""
    counts = []
    for number in (10, 300):
        with Session(library) as other:
            for table in ("book_tag", "book", "author", "tag"):
                other.execute(Author.metadata.tables[table].delete())
            other.commit()
        given = stored(library, number)
        session.expunge_all()
        with statements(session.get_bind()) as sent:
            session.merge_all(given)
        counts.append(len(sent.starting_with("SELECT")))
        session.rollback()

    assert counts[0] == counts[1] <= 6
