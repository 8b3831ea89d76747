"""One event of each family: before_flush, before_insert, attribute set, load (EV-01 to EV-10, EV-29, EV-32, EV-69)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.support.models import Author, Book
from tests.support.rows import rows_of
from tests.support.states import author_in_state, state_of
from unitwork import event, exc, select
from unitwork.orm import Session, sessionmaker
from unitwork.orm.attributes import NO_VALUE

NAMES = Author.__table__.c.name

Listen = Callable[[Any, str, Callable[..., Any]], None]


@pytest.fixture
def listen() -> Iterator[Listen]:
    """``event.listen`` whose registrations end with the test."""
    registered: list[tuple[Any, str, Callable[..., Any]]] = []

    def register(target: Any, name: str, fn: Callable[..., Any]) -> None:
        event.listen(target, name, fn)
        registered.append((target, name, fn))

    yield register
    for arguments in registered:
        event.remove(*arguments)


def test_before_flush_may_change_the_work(session: Session, listen: Listen) -> None:
    """EV-29, EV-38: objects added, changed and deleted in before_flush are part of the same flush."""
    gone, changed = Author(name="gone"), Author(name="old")
    session.add_all([gone, changed])
    session.commit()

    def work(flushing: Session, _context: Any, _instances: Any) -> None:
        flushing.add(Author(name="added"))
        flushing.delete(gone)
        changed.name = "new"

    listen(session, "before_flush", work)
    session.add(Author(name="own"))
    session.flush()

    assert rows_of(session, NAMES) == [("added",), ("new",), ("own",)]


def test_before_flush_gets_session_context_and_none(session: Session, listen: Listen) -> None:
    """EV-29, EV-38: its arguments are the Session, an opaque context and None."""
    seen: list[tuple[Any, ...]] = []
    listen(session, "before_flush", lambda *arguments: seen.append(arguments))
    session.add(Author(name="ann"))

    session.flush()

    assert [(arguments[0], len(arguments), arguments[2]) for arguments in seen] == [(session, 3, None)]


def test_before_flush_is_silent_without_work(session: Session, listen: Listen) -> None:
    """SB-76: a flush with nothing to do fires no event."""
    seen: list[Any] = []
    listen(session, "before_flush", lambda *arguments: seen.append(arguments))

    session.flush()

    assert seen == []


def test_queries_in_before_flush_do_not_autoflush(session: Session, listen: Listen) -> None:
    """EV-29: a query in before_flush sees the database before the flush."""
    found: list[Any] = []
    listen(session, "before_flush", lambda flushing, *_: found.append(flushing.scalars(select(Author)).all()))
    session.add(Author(name="ann"))

    session.flush()

    assert found == [[]]


def test_error_in_before_flush_leaves_the_session_active(session: Session, listen: Listen) -> None:
    """EV-62: after an error in before_flush nothing was sent, and everything is as it was."""

    def refuse(*_arguments: Any) -> None:
        raise ZeroDivisionError

    author = Author(name="ann")
    session.add(author)
    event.listen(session, "before_flush", refuse)

    with pytest.raises(ZeroDivisionError):
        session.flush()

    assert (session.is_active, state_of(session, author)) == (True, "P")


@pytest.mark.parametrize("target", ["maker", "class", "instance"])
def test_targets_of_session_events(library: Any, listen: Listen, target: str) -> None:
    """EV-04: a maker, a Session class or a Session can be listened to; others do not hear of it."""

    class Special(Session):
        pass

    seen: list[Session] = []
    maker = sessionmaker(library, class_=Special)
    with maker() as session, Session(library) as stranger:
        heard = {"maker": maker, "class": Special, "instance": session}[target]
        listen(heard, "before_flush", lambda flushing, *_: seen.append(flushing))

        for flushing in (session, stranger):
            flushing.add(Author(name="ann"))
            flushing.flush()
            flushing.rollback()

        assert seen == [session]


def test_before_insert_may_change_columns(session: Session, listen: Listen) -> None:
    """EV-32: column attributes changed in before_insert are inserted."""

    def shout(_mapper: Any, _connection: Any, target: Author) -> None:
        target.name = target.name.upper()
        target.born = 1950

    listen(Author, "before_insert", shout)
    author = Author(name="ann")
    session.add(author)
    session.flush()

    assert rows_of(session, NAMES, Author.__table__.c.born) == [("ANN", 1950)]
    assert author.name == "ANN"


def test_before_insert_gets_mapper_connection_and_target(session: Session, listen: Listen) -> None:
    """EV-32: its arguments; the connection works in the flush's transaction."""
    seen: list[Any] = []

    def note(mapper: Any, connection: Any, target: Any) -> None:
        rows = connection.execute(select(NAMES)).all()
        seen.append((mapper.class_, target, [tuple(row) for row in rows]))

    session.add(Author(name="first"))
    session.flush()
    listen(Author, "before_insert", note)
    second = Author(name="second")
    session.add(second)
    session.flush()

    assert seen == [(Author, second, [("first",)])]


def test_before_insert_of_another_class_is_silent(session: Session, listen: Listen) -> None:
    """EV-46: a listener on one class does not hear of others, nor of updates."""
    seen: list[Any] = []
    author = author_in_state(session, "S")
    listen(Author, "before_insert", lambda *arguments: seen.append(arguments))
    session.add(Book(title="b"))
    author.name = "bea"

    session.flush()

    assert seen == []


def test_set_event_of_an_attribute(listen: Listen) -> None:
    """EV-85: set passes target, value and old value, NO_VALUE where there was none."""
    seen: list[Any] = []
    listen(Author.name, "set", lambda target, value, old, _initiator: seen.append((target, value, old)))
    author = Author()

    author.name = "ann"
    author.name = "bea"

    assert seen == [(author, "ann", NO_VALUE), (author, "bea", "ann")]


def test_arguments_of_attribute_events_by_name() -> None:
    """EV-02: named=True is understood by all events of an attribute, also where a collection is replaced."""
    seen: list[tuple[str, ...]] = []

    def note(**arguments: Any) -> None:
        seen.append(tuple(arguments))

    for name in ("bulk_replace", "append"):
        event.listen(Author.books, name, note, named=True)
    try:
        Author().books = [Book()]
    finally:
        for name in ("bulk_replace", "append"):
            event.remove(Author.books, name, note)

    assert seen == [("target", "values", "initiator"), ("target", "value", "initiator")]


def test_error_in_a_set_listener_stops_the_change(session: Session, listen: Listen) -> None:
    """EV-93, ER-21: an error in a set listener passes unchanged; the value stays as before."""
    author = author_in_state(session, "S")

    def refuse(*_arguments: Any) -> None:
        raise ZeroDivisionError("no")

    listen(Author.name, "set", refuse)
    with pytest.raises(ZeroDivisionError, match="no"):
        author.name = "bea"

    assert author.name == "ann"
    assert session.is_modified(author) is False


def test_set_event_of_a_reference(listen: Listen) -> None:
    """EV-85: set fires for scalar references as well, also for those set through the other side."""
    seen: list[Any] = []
    listen(Book.author, "set", lambda target, value, _old, _initiator: seen.append((target, value)))
    author, first, second = Author(), Book(), Book()

    first.author = author
    author.books.append(second)

    assert seen == [(first, author), (second, author)]


def test_loading_fires_no_set_event(session: Session, listen: Listen) -> None:
    """EV-95, ST-110: loads, refreshes and keys filled by a flush are no set events."""
    seen: list[Any] = []
    for attribute in (Author.id, Author.name):
        listen(attribute, "set", lambda *arguments: seen.append(arguments))
    author = Author(name="ann")
    seen.clear()
    session.add(author)
    session.commit()
    session.refresh(author)
    session.expunge_all()

    session.scalars(select(Author)).all()

    assert seen == []


def test_load_event(session: Session, listen: Listen) -> None:
    """EV-69: load fires once for each instance made from a row, with its values, not for present ones."""
    author_in_state(session, "S")
    session.expunge_all()
    seen: list[Any] = []
    listen(Author, "load", lambda target, _context: seen.append((target, target.name)))

    author = session.scalars(select(Author)).one()
    session.scalars(select(Author)).one()
    session.refresh(author)

    assert seen == [(author, "ann")]


def test_load_event_of_get(session: Session, listen: Listen) -> None:
    """EV-69: load fires for instances that get() and lazy loads make."""
    session.add(Book(title="b", author=Author(name="ann")))
    session.commit()
    session.expunge_all()
    seen: list[str] = []
    for cls in (Author, Book):
        listen(cls, "load", lambda target, _context: seen.append(type(target).__name__))

    book = session.get(Book, 1)
    _ = book.author

    assert seen == ["Book", "Author"]


def test_removed_listener_is_not_called(session: Session) -> None:
    """EV-01: remove() ends a registration; contains() tells of it."""
    seen: list[Any] = []

    def note(*arguments: Any) -> None:
        seen.append(arguments)

    event.listen(Author, "before_insert", note)
    before = event.contains(Author, "before_insert", note)
    event.remove(Author, "before_insert", note)
    session.add(Author(name="ann"))
    session.flush()

    assert (before, event.contains(Author, "before_insert", note), seen) == (True, False, [])


def test_listens_for_decorator(session: Session) -> None:
    """EV-01, EV-02: listens_for registers the decorated function; once=True fires a single time."""
    seen: list[Any] = []

    @event.listens_for(session, "before_flush", once=True)
    def note(*arguments: Any) -> None:
        seen.append(arguments)

    for name in "ab":
        session.add(Author(name=name))
        session.flush()

    assert len(seen) == 1


@pytest.mark.parametrize(("target", "name"), [(Author, "before_lunch"), (object(), "load"), (Session, "nothing")])
def test_unknown_event_or_target_is_refused(target: Any, name: str) -> None:
    """EV-03: unknown names and targets raise InvalidRequestError."""
    with pytest.raises(exc.InvalidRequestError):
        event.listen(target, name, lambda *_: None)


def test_removal_of_an_unregistered_listener_is_refused() -> None:
    """EV-03: remove() of what was never registered raises InvalidRequestError."""
    with pytest.raises(exc.InvalidRequestError):
        event.remove(Author, "before_insert", lambda *_: None)


def test_listeners_are_called_in_order(session: Session, listen: Listen) -> None:
    """EV-06, EV-09: class-level listeners first, each group in order of registration."""
    seen: list[str] = []
    listen(session, "before_flush", lambda *_: seen.append("instance"))
    listen(Session, "before_flush", lambda *_: seen.append("class 1"))
    listen(Session, "before_flush", lambda *_: seen.append("class 2"))
    session.add(Author(name="ann"))

    session.flush()

    assert seen == ["class 1", "class 2", "instance"]
