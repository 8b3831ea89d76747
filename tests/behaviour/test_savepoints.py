"""SAVEPOINT through begin_nested(), and the life cycle of a transaction (TX-01 to TX-35, BK-01, BK-02)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.models import Author, Book, User
from tests.support.rows import rows_of
from tests.support.states import author_in_state, state_of
from unitwork import exc, inspect, select, text
from unitwork.orm import Session

NAMES = Author.__table__.c.name


def test_begin_nested_flushes_first(session: Session) -> None:
    """TX-24, SB-79: begin_nested() flushes, whatever autoflush says, and gives the nested transaction."""
    session.autoflush = False
    author = Author(name="ann")
    session.add(author)

    nested = session.begin_nested()

    assert state_of(session, author) == "S"
    assert (nested.nested, nested.parent, nested.is_active) == (True, session.get_transaction(), True)


def test_nested_transaction_is_reported(session: Session) -> None:
    """TX-04: the Session tells its outermost and its innermost nested transaction."""
    outer = session.begin()
    before = (session.get_nested_transaction(), session.in_nested_transaction())
    nested = session.begin_nested()

    assert before == (None, False)
    assert (session.get_transaction(), session.get_nested_transaction()) == (outer, nested)
    assert session.in_nested_transaction()


def test_begin_nested_begins_the_outer_transaction(session: Session) -> None:
    """TX-12: without a transaction begin_nested() begins the outermost too."""
    session.begin_nested()

    session.commit()

    assert session.in_transaction() is False


def test_scope_without_sql_sends_nothing(session: Session, statements: Any) -> None:
    """TX-25, DV-06: a scope in which nothing is sent sends neither SAVEPOINT nor RELEASE."""
    with statements(session.get_bind()) as log, session.begin_nested():
        pass

    assert log.count == 0


def test_work_of_a_committed_savepoint_stays(session: Session) -> None:
    """TX-26, TX-28: leaving the block releases the savepoint; its rows are committed with the outer transaction."""
    with session.begin_nested():
        session.add(Author(name="inner"))
    session.add(Author(name="outer"))
    session.commit()

    assert rows_of(session.get_bind(), NAMES) == [("inner",), ("outer",)]


def test_commit_of_a_savepoint_expires_nothing(session: Session) -> None:
    """TX-26, ST-25: nested.commit() expires nothing and moves no object."""
    author, doomed = author_in_state(session, "S"), author_in_state(session, "S")
    _ = author.name
    nested = session.begin_nested()
    session.delete(doomed)

    nested.commit()

    assert "name" in inspect(author).dict
    assert state_of(session, doomed) == "D"


def test_error_in_the_block_rolls_back_to_the_savepoint(session: Session) -> None:
    """TX-27, TX-28: an exception undoes the scope only and comes out; outer work is kept."""
    session.add(Author(name="before"))

    with pytest.raises(ZeroDivisionError), session.begin_nested():
        session.add(Author(name="inner"))
        session.flush()
        raise ZeroDivisionError
    session.add(Author(name="after"))
    session.commit()

    assert rows_of(session.get_bind(), NAMES) == [("after",), ("before",)]


@pytest.mark.parametrize("flushed", [True, False])
def test_objects_added_in_a_rolled_back_savepoint_are_transient(session: Session, flushed: bool) -> None:
    """TX-27, ST-24: objects added since the savepoint become T, flushed or not."""
    author = Author(name="inner")
    nested = session.begin_nested()
    session.add(author)
    if flushed:
        session.flush()

    nested.rollback()

    assert state_of(session, author) == "T"


@pytest.mark.parametrize("flushed", [True, False])
def test_deletions_in_a_rolled_back_savepoint_are_undone(session: Session, flushed: bool) -> None:
    """TX-27, ST-24: objects deleted since the savepoint are S again."""
    author = author_in_state(session, "S")
    nested = session.begin_nested()
    session.delete(author)
    if flushed:
        session.flush()

    nested.rollback()

    assert state_of(session, author) == "S"
    assert author.name == "ann"


@pytest.mark.parametrize("flushed", [True, False])
def test_changes_in_a_rolled_back_savepoint_are_undone(session: Session, flushed: bool) -> None:
    """TX-27, ST-24: objects modified since the savepoint, flushed or not, show the row again."""
    author = author_in_state(session, "S")
    nested = session.begin_nested()
    author.name = "bea"
    if flushed:
        session.flush()

    nested.rollback()

    assert author.name == "ann"
    assert author not in session.dirty


def test_unmodified_objects_keep_their_values(session: Session, statements: Any) -> None:
    """TX-27, ST-111: a savepoint's rollback leaves loaded state alone that was not changed within it."""
    author = author_in_state(session, "S")
    nested = session.begin_nested()
    session.add(Author(name="inner"))
    session.flush()

    nested.rollback()
    with statements(session.get_bind()) as log:
        name = author.name

    assert (name, log.count) == ("ann", 0)


def test_objects_loaded_in_a_rolled_back_savepoint_stay(session: Session) -> None:
    """TX-35: objects loaded inside the scope stay S with their values."""
    author_in_state(session, "S")
    session.expunge_all()
    nested = session.begin_nested()
    author = session.scalars(select(Author)).one()

    nested.rollback()

    assert state_of(session, author) == "S"
    assert inspect(author).dict["name"] == "ann"


def test_collection_changed_in_a_rolled_back_savepoint(session: Session) -> None:
    """TX-27: a collection that was changed inside the scope shows the rows again."""
    author = author_in_state(session, "S")
    author.books.append(Book(title="kept"))
    session.flush()
    nested = session.begin_nested()
    author.books.append(Book(title="inner"))
    session.flush()

    nested.rollback()

    assert [book.title for book in author.books] == ["kept"]


def test_primary_key_change_in_a_rolled_back_savepoint(session: Session) -> None:
    """TX-30: a key changed inside the scope is undone in the identity map."""
    author = author_in_state(session, "S")
    old = author.id
    nested = session.begin_nested()
    author.id = old + 100
    session.flush()

    nested.rollback()

    assert session.get(Author, old) is author
    assert session.get(Author, old + 100) is None


def test_failed_flush_in_a_block_is_undone_alone(accounts: Session) -> None:
    """TX-28, TX-29, BK-12: a flush error in the block form, caught outside, leaves the Session usable and outer work
    in place."""
    accounts.add(User(name="ann"))
    with pytest.raises(exc.IntegrityError), accounts.begin_nested():
        accounts.add(User(name="ann"))
        accounts.flush()

    accounts.add(User(name="bea"))
    accounts.commit()

    assert rows_of(accounts, User.__table__.c.name) == [("ann",), ("bea",)]


def test_each_of_many_rows_in_its_savepoint(accounts: Session) -> None:
    """TX-28, TX-31: the everyday loop: bad rows are skipped, good ones stay."""
    for name in ("ann", "bea", "ann", "cat", "bea"):
        try:
            with accounts.begin_nested():
                accounts.add(User(name=name))
        except exc.IntegrityError:
            pass
    accounts.commit()

    assert rows_of(accounts, User.__table__.c.name) == [("ann",), ("bea",), ("cat",)]


def test_failed_flush_in_a_savepoint_needs_its_rollback(accounts: Session) -> None:
    """TX-29: without the block form the Session is inactive until nested.rollback(), which keeps outer work."""
    accounts.add(User(name="ann"))
    nested = accounts.begin_nested()
    accounts.add(User(name="ann"))
    with pytest.raises(exc.IntegrityError):
        accounts.flush()
    failed = accounts.is_active
    with pytest.raises(exc.PendingRollbackError):
        accounts.execute(select(User))

    nested.rollback()
    accounts.commit()

    assert failed is False
    assert rows_of(accounts, User.__table__.c.name) == [("ann",)]


def test_session_rollback_after_a_failure_in_a_savepoint(accounts: Session) -> None:
    """TX-29, TX-32: session.rollback() drops everything, the outer work too."""
    accounts.add(User(name="ann"))
    accounts.begin_nested()
    accounts.add(User(name="ann"))
    with pytest.raises(exc.IntegrityError):
        accounts.flush()

    accounts.rollback()

    assert accounts.is_active
    assert rows_of(accounts, User.__table__.c.name) == []


def test_savepoints_nest(session: Session) -> None:
    """TX-31: a savepoint inside a savepoint is undone alone."""
    with session.begin_nested():
        session.add(Author(name="outer"))
        with pytest.raises(ZeroDivisionError), session.begin_nested():
            session.add(Author(name="inner"))
            session.flush()
            raise ZeroDivisionError
    session.commit()

    assert rows_of(session.get_bind(), NAMES) == [("outer",)]


def test_deep_nesting(session: Session) -> None:
    """TX-31: depth is not limited, names do not collide."""
    for number in range(12):
        session.begin_nested()
        session.add(Author(name=f"{number:02}"))
        session.flush()
    for _ in range(6):
        session.get_nested_transaction().rollback()

    session.commit()

    assert rows_of(session.get_bind(), NAMES) == [(f"{number:02}",) for number in range(6)]


@pytest.mark.parametrize(("end", "rows"), [("commit", [("a",), ("b",)]), ("rollback", [])])
def test_end_of_the_session_transaction_inside_savepoints(session: Session, end: str, rows: list[Any]) -> None:
    """TX-10, TX-17, TX-18, TX-32, SB-112, SB-117: session.commit() and rollback() act on the outermost transaction."""
    session.add(Author(name="a"))
    session.begin_nested()
    session.begin_nested()
    session.add(Author(name="b"))

    getattr(session, end)()

    assert session.in_transaction() is False
    assert rows_of(session.get_bind(), NAMES) == rows


def test_commit_of_an_outer_savepoint_ends_the_inner_ones(session: Session) -> None:
    """TX-33: nested.commit() on an outer savepoint releases inner ones first."""
    outer = session.begin_nested()
    session.begin_nested()
    session.add(Author(name="inner"))

    outer.commit()

    assert session.in_nested_transaction() is False
    assert rows_of(session, NAMES) == [("inner",)]


def test_rollback_of_an_outer_savepoint_undoes_the_inner_ones(session: Session) -> None:
    """TX-33: nested.rollback() on an outer savepoint rolls the inner ones back."""
    session.add(Author(name="kept"))
    outer = session.begin_nested()
    session.begin_nested()
    session.add(Author(name="inner"))
    session.flush()

    outer.rollback()

    assert session.in_nested_transaction() is False
    assert rows_of(session, NAMES) == [("kept",)]


def test_outer_rollback_undoes_a_released_savepoint(session: Session) -> None:
    """TX-34, BK-02: what a savepoint committed is undone by the outer rollback; its objects become T."""
    author = Author(name="inner")
    with session.begin_nested():
        session.add(author)

    session.rollback()

    assert state_of(session, author) == "T"
    assert rows_of(session.get_bind(), NAMES) == []


def test_outer_rollback_restores_what_a_released_savepoint_changed(session: Session) -> None:
    """TX-34: changes and deletions of a released savepoint are undone by the outer rollback."""
    changed, deleted = author_in_state(session, "S"), author_in_state(session, "S")
    _ = changed.name
    with session.begin_nested():
        changed.name = "bea"
        session.delete(deleted)

    session.rollback()

    assert [(obj.name, state_of(session, obj)) for obj in (changed, deleted)] == [("ann", "S"), ("ann", "S")]


def test_begin_with_nested_argument(session: Session) -> None:
    """TX-24, AP-17: begin(nested=True) is begin_nested()."""
    nested = session.begin(nested=True)

    assert nested.nested
    assert session.get_nested_transaction() is nested


@pytest.mark.parametrize("end", ["commit", "rollback"])
def test_finished_transaction_cannot_be_ended_again(session: Session, end: str) -> None:
    """TX-22, TX-23, ER-05: commit() and rollback() of a finished transaction raise ResourceClosedError; close() does
    not."""
    transaction = session.begin()
    transaction.commit()

    with pytest.raises(exc.ResourceClosedError):
        getattr(transaction, end)()
    transaction.close()

    assert transaction.is_active is False


@pytest.mark.parametrize(
    "use",
    [
        lambda session: session.execute(text("SELECT 1")).scalar(),
        lambda session: session.scalars(select(Author)).all(),
        lambda session: session.get(Author, 77),
        lambda session: session.connection().execute(text("SELECT 1")).scalar(),
        lambda session: session.add(Author()),
        lambda session: session.flush(),
    ],
    ids=["execute", "scalars", "get", "connection", "add", "flush"],
)
@pytest.mark.parametrize("scope", ["none", "active", "nested"])
def test_use_in_every_live_state(session: Session, use: Callable[[Session], Any], scope: str) -> None:
    """TX-13, TX-14, TX-15, TX-16: these work without a transaction, in one, and inside a savepoint."""
    if scope != "none":
        session.begin()
    if scope == "nested":
        session.begin_nested()

    use(session)
    session.commit()

    assert session.is_active


@pytest.mark.parametrize(("end", "rows"), [("commit", [("ann",)]), ("rollback", [])])
def test_transaction_object_ends_the_transaction(session: Session, end: str, rows: list[Any]) -> None:
    """TX-02: commit() and rollback() of the transaction object are those of the Session."""
    transaction = session.begin()
    session.add(Author(name="ann"))

    getattr(transaction, end)()

    assert session.in_transaction() is False
    assert rows_of(session.get_bind(), NAMES) == rows


def test_select_is_inside_the_transaction(session: Session) -> None:
    """BK-01, TX-13: a read begins the transaction, in which a later savepoint can be undone."""
    session.scalars(select(Author)).all()
    with pytest.raises(ZeroDivisionError), session.begin_nested():
        session.execute(Author.__table__.insert().values(name="inner"))
        raise ZeroDivisionError
    session.commit()

    assert rows_of(session.get_bind(), NAMES) == []
