"""Opening, using and closing a Session; sessionmaker; begin and autobegin (SB-03 to SB-42, SB-102 to SB-130)."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import pytest

from tests.support.models import Author, Book
from tests.support.rows import rows_of
from tests.support.states import author_in_state, state_of
from unitwork import create_engine, event, exc, inspect, select, text
from unitwork.orm import Session, SessionTransactionOrigin, object_session, sessionmaker

NAME = Author.__table__.c.name


class Stop(Exception):
    """Raised by a test to leave a block."""


def test_new_session_sends_nothing(library: Any, statements: Any) -> None:
    """SB-03: constructing and closing a Session emits no SQL and begins no transaction."""
    with statements(library) as log:
        session = Session(library)
        begun = session.in_transaction()
        session.close()

    assert (log.count, begun) == (0, False)


def test_bind_is_the_only_positional_argument(library: Any) -> None:
    """SB-09: Session(engine) equals Session(bind=engine); a second positional argument is a TypeError."""
    with Session(library) as first, Session(bind=library) as second:
        binds = (first.bind, second.bind)

    assert binds == (library, library)
    with pytest.raises(TypeError):
        Session(library, True)


def test_unknown_keyword_is_refused(library: Any) -> None:
    """AP-15: an unknown keyword of the constructor is a TypeError."""
    with pytest.raises(TypeError):
        Session(library, weak_identity_map=True)


def test_with_block_closes_without_commit(library: Any) -> None:
    """SB-10, SB-11: the block gives the Session itself, and at its end rolls back and detaches."""
    session = Session(library)

    with session as given:
        author = Author(name="ann")
        given.add(author)
        given.flush()

    assert given is session
    assert state_of(session, author) == "X"
    assert rows_of(library, NAME) == []


def test_with_begin_commits(library: Any) -> None:
    """SB-12, SB-14: ``with session.begin()`` gives the transaction and commits at the end of the block."""
    session = Session(library)

    with session.begin() as transaction:
        session.add(Author(name="ann"))
        current = session.get_transaction()

    assert transaction is current
    assert session.in_transaction() is False
    assert rows_of(library, NAME) == [("ann",)]


def test_with_begin_rolls_back_and_raises(library: Any) -> None:
    """SB-12: an exception in the block rolls back and comes out unchanged."""
    session = Session(library)
    error = Stop()

    with pytest.raises(Stop) as caught, session.begin():
        session.add(Author(name="ann"))
        session.flush()
        raise error

    assert caught.value is error
    assert rows_of(library, NAME) == []


def test_session_and_begin_in_one_with(library: Any) -> None:
    """SB-13: ``with Session(engine) as s, s.begin()`` commits, then closes."""
    author = Author(name="ann")

    with Session(library) as session, session.begin():
        session.add(author)

    assert state_of(session, author) == "X"
    assert rows_of(library, NAME) == [("ann",)]


@pytest.mark.parametrize(("end", "rows"), [("commit", [("ann",)]), ("rollback", []), ("close", [])])
def test_early_end_inside_a_begin_block(library: Any, end: str, rows: list[Any]) -> None:
    """SB-15, SB-18: commit(), rollback() or close() inside the block ends the transaction; leaving it is silent."""
    session = Session(library)

    with session.begin():
        session.add(Author(name="ann"))
        session.flush()
        getattr(session, end)()

    assert rows_of(library, NAME) == rows


@pytest.mark.parametrize(
    "use",
    [
        lambda session: session.execute(text("SELECT 1")),
        lambda session: session.add(Author()),
        lambda session: session.begin(),
        lambda session: session.commit(),
    ],
    ids=["execute", "add", "begin", "commit"],
)
def test_use_after_an_early_end_is_refused(library: Any, use: Callable[[Session], Any]) -> None:
    """SB-16: after an early commit, what needs a transaction raises until the block is left."""
    session = Session(library)

    with session.begin():
        session.commit()
        with pytest.raises(exc.InvalidRequestError):
            use(session)

    session.close()


def test_rollback_after_an_early_end_is_silent(library: Any) -> None:
    """SB-16: after an early commit, rollback() inside the block does nothing."""
    session = Session(library)

    with session.begin():
        session.add(Author(name="ann"))
        session.commit()
        session.rollback()

    assert rows_of(library, NAME) == [("ann",)]


def test_hand_written_context_manager(library: Any) -> None:
    """SB-34: a contextmanager with commit, rollback and close works like the built-in form."""

    @contextmanager
    def scope() -> Iterator[Session]:
        session = Session(library)
        try:
            yield session
            session.commit()
        except Exception:
            session.rollback()
            raise
        finally:
            session.close()

    with scope() as session:
        session.add(Author(name="kept"))
    with pytest.raises(Stop), scope() as session:
        session.add(Author(name="lost"))
        raise Stop

    assert rows_of(library, NAME) == [("kept",)]


def test_sessions_through_several_transactions(library: Any) -> None:
    """SB-05, SB-07: a Session lives through many transactions, one at a time."""
    with Session(library) as session:
        for number in range(3):
            session.add(Author(name=f"a{number}"))
            session.commit()

        count = len(session.scalars(select(Author)).all())

    assert count == 3


def test_connection_goes_back_after_commit(library: Any) -> None:
    """SB-04, SB-05, TX-06: one Connection serves the transaction and is closed at its end."""
    with Session(library) as session:
        first, second = session.connection(), session.connection()

        session.commit()

        assert first is second
        assert first.closed


def test_two_sessions_see_only_what_is_committed(library: Any) -> None:
    """SB-42: each Session has a transaction of its own."""
    with Session(library) as first, Session(library) as second:
        first.add(Author(name="ann"))
        first.flush()
        before = second.scalars(select(NAME)).all()
        second.rollback()
        first.commit()

        after = second.scalars(select(NAME)).all()

    assert (before, after) == ([], ["ann"])


def test_sessions_in_threads(library: Any) -> None:
    """SB-26, SB-42: Sessions of one maker work in several threads, one after the other's commit."""
    maker = sessionmaker(library)
    turn = threading.Lock()  # SQLite has one writer

    def work(number: int) -> None:
        with turn, maker.begin() as session:
            session.add(Author(name=f"a{number}"))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert rows_of(library, NAME) == [("a0",), ("a1",), ("a2",), ("a3",)]


def test_maker_makes_sessions_of_its_own_class(library: Any) -> None:
    """SB-19, SB-21: each call gives a new Session of a private subclass of class_, with the stored keywords."""

    class Special(Session):
        pass

    maker = sessionmaker(library, class_=Special, autoflush=False)

    with maker() as first, maker() as second:
        assert first is not second
        assert isinstance(first, Special)
        assert maker.class_ is not Special
        assert (first.bind, first.autoflush) == (library, False)


def test_maker_takes_no_positional_arguments_when_called(library: Any) -> None:
    """SB-22: maker(engine) is a TypeError."""
    maker = sessionmaker()

    with pytest.raises(TypeError):
        maker(library)


def test_maker_finds_unknown_keywords_when_called(library: Any) -> None:
    """SB-20: an unknown keyword is stored, and is a TypeError at the call."""
    maker = sessionmaker(library, colour="red")

    with pytest.raises(TypeError):
        maker()


@pytest.mark.parametrize("fails", [False, True])
def test_maker_begin(library: Any, fails: bool) -> None:
    """SB-23: maker.begin() commits and closes, or rolls back, closes and raises."""
    maker = sessionmaker(library)

    with pytest.raises(Stop) if fails else nullcontext(), maker.begin() as session:
        session.add(Author(name="ann"))
        session.flush()
        if fails:
            raise Stop

    assert rows_of(library, NAME) == ([] if fails else [("ann",)])


def test_configure_reaches_later_sessions_only(library: Any) -> None:
    """SB-27, SB-28, SB-32: a bind given by configure() serves the Sessions made afterwards."""
    maker = sessionmaker()
    early = maker()

    result = maker.configure(bind=library)

    assert result is None
    assert (early.bind, maker().bind) == (None, library)


def test_session_without_bind_fails_when_it_needs_one() -> None:
    """SB-28, ER-06: without a bind, UnboundExecutionError is raised when SQL is needed."""
    session = sessionmaker()()

    with pytest.raises(exc.UnboundExecutionError):
        session.execute(select(Author))


def test_keywords_of_the_call_override(library: Any) -> None:
    """SB-29, SB-30: keywords of the call win; info is merged over a copy of the maker's."""
    stored, given = {"a": 1, "b": 1}, {"b": 2}
    maker = sessionmaker(library, expire_on_commit=False, info=stored)

    with maker(expire_on_commit=True, info=given) as session:
        assert session.expire_on_commit is True
        assert session.info == {"a": 1, "b": 2}
        assert (stored, given) == ({"a": 1, "b": 1}, {"b": 2})


def test_repr_of_a_maker(library: Any) -> None:
    """SB-24: repr shows the class and the keywords."""
    maker = sessionmaker(library, autoflush=False)

    shown = repr(maker)

    assert shown.startswith("sessionmaker(class_='")
    assert "autoflush=False" in shown


def test_object_session(session: Session) -> None:
    """SB-38, SB-39: object_session() and inspect() name the Session of P, S and D objects, None outside of one."""
    attached = [author_in_state(session, "D"), author_in_state(session, "P")]

    sessions = [(object_session(obj), inspect(obj).session) for obj in attached]

    assert sessions == [(session, session)] * 2
    assert object_session(Author()) is None
    with pytest.raises(exc.UnmappedInstanceError):
        object_session("ann")


def test_session_bound_to_a_connection(library: Any) -> None:
    """SB-31, TX-08: a Session on a Connection works in it and does not close it."""
    with library.connect() as connection:
        with Session(bind=connection) as session:
            session.add(Author(name="ann"))
            session.commit()

        assert connection.closed is False
        assert connection.execute(select(NAME)).scalar() == "ann"


@pytest.mark.parametrize(
    "use",
    [
        lambda session, author: session.add(Author()),
        lambda session, author: session.delete(author),
        lambda session, author: session.execute(text("SELECT 1")),
        lambda session, author: session.connection(),
        lambda session, author: session.get(Author, 77),
        lambda session, author: author.books,
        lambda session, author: setattr(author, "name", "bea"),
        lambda session, author: session.begin(),
        lambda session, author: session.begin_nested(),
    ],
    ids=["add", "delete", "execute", "connection", "get", "lazy load", "set", "begin", "begin_nested"],
)
def test_what_begins_a_transaction(library: Any, use: Callable[[Session, Author], Any]) -> None:
    """SB-102: in_transaction() becomes true by each of these."""
    with Session(library, expire_on_commit=False) as session:
        author = author_in_state(session, "S")
        session.rollback()
        session.refresh(author)
        session.commit()
        before = session.in_transaction()

        use(session, author)

        assert (before, session.in_transaction()) == (False, True)


@pytest.mark.parametrize(
    "use",
    [
        lambda session, author: (session.new, session.dirty, session.deleted, session.identity_map),
        lambda session, author: list(session),
        lambda session, author: author in session,
        lambda session, author: session.is_modified(author),
        lambda session, author: session.expire(author),
        lambda session, author: session.expire_all(),
        lambda session, author: session.flush(),
        lambda session, author: session.rollback(),
        lambda session, author: author.name,
        lambda session, author: session.get(Author, 1),
    ],
    ids=["sets", "iterate", "in", "is_modified", "expire", "expire_all", "flush", "rollback", "read", "get present"],
)
def test_what_does_not_begin_a_transaction(library: Any, use: Callable[[Session, Author], Any]) -> None:
    """SB-103, SB-89: in_transaction() stays false by each of these."""
    with Session(library, expire_on_commit=False) as session:
        author = author_in_state(session, "S")
        session.commit()

        use(session, author)

        assert session.in_transaction() is False


def test_autobegin_sends_nothing(library: Any, statements: Any) -> None:
    """SB-104: beginning alone, by add() or begin(), reaches no database."""
    with Session(library) as session, statements(library) as log:
        session.begin()
        session.add(Author(name="ann"))
        session.rollback()

    assert log.count == 0


@pytest.mark.parametrize("how", ["explicit", "autobegin"])
def test_begin_inside_a_transaction_is_refused(session: Session, how: str) -> None:
    """SB-105, TX-11: begin() when a transaction exists raises InvalidRequestError."""
    session.begin() if how == "explicit" else session.add(Author())

    with pytest.raises(exc.InvalidRequestError):
        session.begin()


def test_autobegin_false_needs_begin(library: Any) -> None:
    """SB-106, SB-107: with autobegin=False use without begin() raises, again after each end; rollback() does not."""
    with Session(library, autobegin=False) as session:
        with pytest.raises(exc.InvalidRequestError):
            session.add(Author(name="early"))
        with session.begin():
            session.add(Author(name="ann"))
        session.rollback()
        with pytest.raises(exc.InvalidRequestError):
            session.execute(select(Author))

    assert rows_of(library, NAME) == [("ann",)]


def test_origin_of_a_transaction(session: Session) -> None:
    """TX-03: the transaction tells how it came to be."""
    begun = session.begin()
    nested = session.begin_nested()
    session.rollback()
    session.add(Author())

    automatic = session.get_transaction()

    assert automatic is not None
    assert [t.origin for t in (begun, nested, automatic)] == [
        SessionTransactionOrigin.BEGIN,
        SessionTransactionOrigin.BEGIN_NESTED,
        SessionTransactionOrigin.AUTOBEGIN,
    ]


def test_commit_expires_and_next_read_loads(session: Session) -> None:
    """SB-110, ST-111: after commit() an attribute shows what another transaction wrote."""
    author = author_in_state(session, "S")
    session.commit()
    with session.get_bind().begin() as connection:
        connection.execute(Author.__table__.update().values(name="bea"))

    name = author.name

    assert name == "bea"


def test_expire_on_commit_false_keeps_values(library: Any, statements: Any) -> None:
    """SB-113: with expire_on_commit=False values survive the commit."""
    with Session(library, expire_on_commit=False) as session:
        author = Author(name="ann")
        session.add(author)
        session.commit()

        with statements(library) as log:
            values = (author.id, author.name)

    assert (values, log.count) == ((1, "ann"), 0)


def test_commit_without_transaction_expires(session: Session, library: Any, statements: Any) -> None:
    """SB-111, TX-17: commit() with no transaction sends nothing and expires objects."""
    author = author_in_state(session, "S")
    session.commit()
    assert author.name == "ann"
    session.commit()

    with statements(library) as log:
        session.commit()

    assert log.count == 0
    assert "name" not in inspect(author).dict


def test_rollback_without_transaction_is_silent(library: Any) -> None:
    """SB-116, TX-18: rollback() without a transaction expires nothing."""
    with Session(library, expire_on_commit=False) as session:
        author = author_in_state(session, "S")
        session.commit()

        session.rollback()

        assert "name" in inspect(author).dict


def test_rollback_drops_pending_changes(session: Session) -> None:
    """SB-120: pending changes of attributes are lost, flushed or not; the row's values come back."""
    first, second = author_in_state(session, "S"), author_in_state(session, "S")
    first.name = "flushed"
    session.flush()
    second.name = "pending"

    session.rollback()

    assert (first.name, second.name) == ("ann", "ann")


def test_rolled_back_object_keeps_its_values(session: Session) -> None:
    """SB-118, SB-123: a T object left by rollback() keeps its values, the key too, and can be added again."""
    author = Author(name="ann")
    session.add(author)
    session.flush()
    key = author.id

    session.rollback()
    session.add(author)
    session.commit()

    assert key is not None
    assert (author.id, author.name) == (key, "ann")


def test_rolled_back_child_still_refers_to_its_parent(session: Session) -> None:
    """SB-122: after rollback() the child refers to its parent, whose collection reloads without it."""
    author = author_in_state(session, "S")
    book = Book(title="b", author=author)
    session.add(book)
    session.flush()

    session.rollback()

    assert book.author is author
    assert author.books == []


def test_rollback_restores_relationships(session: Session) -> None:
    """SB-120, ST-09: collections and references show the rows again after rollback()."""
    author = Author(name="ann", books=[Book(title="a"), Book(title="b")])
    session.add(author)
    session.commit()
    gone, kept = author.books
    author.books = [kept, Book(title="c")]
    session.flush()

    session.rollback()

    assert author.books == [gone, kept]
    assert gone.author is author


def test_detached_object_added_in_a_rolled_back_transaction_stays(session: Session) -> None:
    """SB-121: an X object added during the transaction is still S after rollback()."""
    author = author_in_state(session, "X")
    session.add(author)

    session.rollback()

    assert state_of(session, author) == "S"


def test_close_makes_a_session_reusable(session: Session) -> None:
    """SB-126, SB-130: after close(), twice or not, the Session can be used again."""
    session.add(Author(name="lost"))
    session.flush()

    session.close()
    session.close()
    session.add(Author(name="ann"))
    session.commit()

    assert rows_of(session, NAME) == [("ann",)]


def test_two_engines_in_one_session(library: Any) -> None:
    """PT-41, PT-45, SB-114: binds= sends each class to its engine, in flush and query, of whatever database."""
    other = create_engine("sqlite://")
    Book.metadata.create_all(other)
    with Session(binds={Author: library, Book: other}) as session:
        session.add_all([Author(name="ann"), Book(title="b")])
        session.commit()

        titles = session.scalars(select(Book.title)).all()
        names = session.scalars(select(Author.name)).all()

    assert (names, titles) == (["ann"], ["b"])
    assert rows_of(library, NAME) == [("ann",)]
    assert rows_of(library, Book.__table__.c.title) == []
    other.dispose()


def test_rollback_with_two_engines(library: Any, second_engine: Any) -> None:
    """PT-51, SB-117: a rollback undoes the work on each engine of the transaction."""
    Author.metadata.create_all(second_engine)
    with Session(binds={Author: library, Book: second_engine}) as session:
        session.add_all([Author(name="ann"), Book(title="b")])
        session.flush()

        session.rollback()

    assert rows_of(library, NAME) == []
    assert rows_of(second_engine, Book.__table__.c.title) == []


def test_use_from_a_second_thread_is_refused(session: Session) -> None:
    """SB-41: a Session busy in one thread refuses a call of another that emits SQL."""
    caught: list[BaseException] = []
    session.add(Author(name="ann"))

    def intrude() -> None:
        try:
            session.execute(select(Author))
        except Exception as error:
            caught.append(error)

    def let_another_thread_in(*_args: Any) -> None:
        thread = threading.Thread(target=intrude)
        thread.start()
        thread.join()

    event.listen(session, "before_flush", let_another_thread_in)
    session.flush()

    assert [isinstance(error, exc.InvalidRequestError) for error in caught] == [True]
