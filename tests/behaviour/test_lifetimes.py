"""What lives how long: Sessions after errors, owners of collections, copies, objects between failure and rollback."""

from __future__ import annotations

import contextlib
import copy
import gc
import weakref
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.models import Author, Book, Tag
from tests.support.rows import rows_of
from tests.support.states import state_of
from unitwork import event, exc, text
from unitwork.orm import Session, sessionmaker


@pytest.fixture
def no_gc() -> Iterator[None]:
    """Only reference counts free anything."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("no_gc")
def test_a_session_dropped_after_a_failed_flush_is_freed(library: Any) -> None:
    """ST-48, SB-84: the error that failed the transaction does not keep the Session alive; its cause is still told."""

    def fail() -> weakref.ref[Session]:
        session = Session(library)

        def refuse(*_: Any) -> None:
            raise exc.ArgumentError("no", code="test")

        event.listen(session, "after_flush", refuse)
        session.add(Author())
        with contextlib.suppress(exc.ArgumentError):
            session.flush()
        with pytest.raises(exc.PendingRollbackError, match="ArgumentError: no"):
            session.execute(text("SELECT 1"))
        return weakref.ref(session)

    assert fail()() is None


@pytest.mark.usefixtures("no_gc")
def test_listeners_of_a_session_go_with_it(library: Any) -> None:
    """ST-48, EV-04: a listener on one Session, or on one sessionmaker, is not kept by the Session class."""

    def listen_on(target: Any) -> weakref.ref[Any]:
        def listener(*_: Any) -> None:
            """Do nothing."""

        event.listen(target, "before_flush", listener)
        return weakref.ref(listener)

    kept = [listen_on(Session(library)), listen_on(sessionmaker(library))]
    gc.collect()  # classes are cycles by nature

    assert [listener() for listener in kept] == [None, None]


def test_change_of_a_collection_whose_owner_is_gone() -> None:
    """ST-49, ER-16: it raises, also if the owner was new, instead of getting lost."""
    books = Author().books

    with pytest.raises(exc.ObjectDereferencedError, match="Author"):
        books.append(Book())


def test_a_copy_has_lists_of_its_own() -> None:
    """SB-06, decision 9: the first thing done to a copy may be a change of its collection."""
    author = Author(books=[Book()])

    twin = copy.copy(author)
    twin.books.append(Book())

    assert (len(author.books), len(twin.books)) == (1, 2)


def test_collections_of_a_deep_copy_are_tracked(session: Session) -> None:
    """ST-60, CA-12: they keep the other side in step, and cascade."""
    author = Author(books=[Book()])
    twin = copy.deepcopy(author)

    book = Book()
    session.add(twin)
    twin.books.append(book)

    assert [member.author is twin for member in twin.books] == [True, True]
    assert (state_of(session, book), state_of(session, author)) == ("P", "T")


def test_changes_after_a_failure_within_a_savepoint_are_discarded(session: Session) -> None:
    """SB-125, TX-29: what was added since the flush failed leaves with the savepoint's rollback, with a warning."""
    session.add(Tag(name="taken"))
    session.flush()
    nested = session.begin_nested()
    session.add(Tag(name="taken"))
    with pytest.raises(exc.IntegrityError):
        session.flush()
    late = Tag(name="late")
    session.add(late)

    with pytest.warns(exc.UnitworkWarning, match="lost by the rollback"):
        nested.rollback()
    session.commit()

    assert state_of(session, late) == "T"
    assert rows_of(session, Tag.__table__.c.name) == [("taken",)]


def test_an_object_found_gone_by_get_returns_at_rollback(session: Session) -> None:
    """SB-90, ST-09: get() of an expired object without row makes it deleted; rollback makes it persistent again."""
    author = Author(name="ann")
    session.add(author)
    session.commit()
    key = author.id
    session.expire(author)
    session.execute(text("DELETE FROM author"))

    found, between = session.get(Author, key), state_of(session, author)
    session.rollback()

    assert (found, between, state_of(session, author), author.name) == (None, "D", "S", "ann")
