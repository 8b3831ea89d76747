"""A unit of work is whole or absent: failing flushes, stale rows, driver errors (SB-83 to SB-85, SB-124, FP-15)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.models import Address, Author, Book, Profile, User
from tests.support.rows import rows_of
from tests.support.states import author_in_state, state_of
from unitwork import event, exc, inspect, select, text
from unitwork.orm import Session

USERS = User.__table__.c.name


def failed_session(accounts: Session) -> list[User]:
    """Store a user "ann", then fail a flush of the users "bea" and, for the second time, "ann"."""
    accounts.add(User(name="ann"))
    accounts.commit()
    users = [User(name="bea"), User(name="ann")]
    accounts.add_all(users)
    with pytest.raises(exc.IntegrityError):
        accounts.flush()
    return users


def loaded_authors(session: Session, count: int) -> list[Author]:
    """Authors named "0", "1" ..., stored, and loaded again."""
    authors = [Author(name=str(number)) for number in range(count)]
    session.add_all(authors)
    session.commit()
    session.scalars(select(Author)).all()
    return authors


def delete_row(session: Session, author: Author) -> None:
    """Delete the row behind the Session's back, without autoflush."""
    table = Author.__table__
    session.connection().execute(table.delete().where(table.c.id == author.id))


def test_failed_flush_leaves_no_rows(accounts: Session) -> None:
    """SB-84, FP-20: nothing of a failed flush is in the database."""
    engine = accounts.get_bind()
    failed_session(accounts)

    accounts.rollback()
    accounts.commit()

    assert rows_of(engine, USERS) == [("ann",)]


def test_failed_flush_makes_the_session_inactive(accounts: Session) -> None:
    """SB-84, TX-05: after a failed flush is_active is false until rollback()."""
    before = accounts.is_active
    failed_session(accounts)
    failed = (accounts.is_active, accounts.in_transaction())

    accounts.rollback()

    assert (before, failed, accounts.is_active) == (True, (False, True), True)


@pytest.mark.parametrize(
    "use",
    [
        lambda session: session.execute(select(User)),
        lambda session: session.scalars(text("SELECT 1")),
        lambda session: session.get(User, 77),
        lambda session: session.connection(),
        lambda session: session.flush(),
        lambda session: session.commit(),
        lambda session: session.begin_nested(),
    ],
    ids=["execute", "scalars", "get", "connection", "flush", "commit", "begin_nested"],
)
def test_use_after_a_failed_flush_is_refused(accounts: Session, use: Callable[[Session], Any]) -> None:
    """SB-84, ER-04, TX-12, TX-13, TX-15, TX-17: what needs the transaction raises PendingRollbackError."""
    failed_session(accounts)
    accounts.add(User(name="cat"))

    with pytest.raises(exc.PendingRollbackError):
        use(accounts)

    with pytest.warns(exc.UnitworkWarning):
        accounts.rollback()


def test_lazy_load_after_a_failed_flush_is_refused(accounts: Session) -> None:
    """TX-13: a lazy load in the failed transaction raises PendingRollbackError."""
    user = User(name="keeper")
    accounts.add(user)
    accounts.commit()
    failed_session(accounts)

    with pytest.raises(exc.PendingRollbackError):
        _ = user.addresses


def test_flush_without_work_after_a_failure_is_silent(accounts: Session) -> None:
    """TX-16: flush() with nothing to do does not raise in the failed transaction."""
    failed_session(accounts)

    accounts.flush()

    assert accounts.is_active is False


@pytest.mark.parametrize("end", ["rollback", "close"])
def test_session_is_usable_after_the_failure_ended(accounts: Session, end: str) -> None:
    """SB-84, TX-18, TX-21: after rollback() or close() the Session works again."""
    failed_session(accounts)

    getattr(accounts, end)()
    accounts.add(User(name="cat"))
    accounts.commit()

    assert rows_of(accounts, USERS) == [("ann",), ("cat",)]


def test_objects_of_a_failed_flush_are_transient_again(accounts: Session) -> None:
    """SB-84, SB-118: after a failed flush and rollback() the new objects are T with the values given."""
    users = failed_session(accounts)

    accounts.rollback()

    assert [state_of(accounts, user) for user in users] == ["T", "T"]
    assert [user.name for user in users] == ["bea", "ann"]


def test_failed_objects_can_be_mended_and_added_again(accounts: Session) -> None:
    """SB-118, SB-123: objects of a failed flush can be corrected and stored."""
    users = failed_session(accounts)
    accounts.rollback()

    users[1].name = "cat"
    accounts.add_all(users)
    accounts.commit()

    assert rows_of(accounts, USERS) == [("ann",), ("bea",), ("cat",)]


def test_failed_graph_leaves_no_rows_in_any_table(accounts: Session) -> None:
    """SB-84, FP-20: a failure in the last table undoes the rows of the first."""
    user = User(name="ann", addresses=[Address(email="a@x")], profile=Profile(motto="m"))
    accounts.add(user)
    accounts.flush()
    accounts.add(User(name="bea", addresses=[Address(email=None)]))

    with pytest.raises(exc.IntegrityError):
        accounts.flush()
    accounts.rollback()

    assert [rows_of(accounts, cls.__table__.c.id) for cls in (User, Address, Profile)] == [[], [], []]


def test_failed_update_and_delete_leave_rows_alone(accounts: Session) -> None:
    """SB-84, ST-09: updates and deletions of a failed flush are undone, in rows and in objects."""
    accounts.add_all([User(name="ann"), User(name="bea"), User(name="cat")])
    accounts.commit()
    ann, bea, cat = accounts.scalars(select(User).order_by(User.name)).all()
    ann.name = "ann2"
    accounts.delete(bea)
    accounts.add(User(name="cat"))

    with pytest.raises(exc.IntegrityError):
        accounts.flush()
    accounts.rollback()

    assert [(user.name, state_of(accounts, user)) for user in (ann, bea, cat)] == [
        ("ann", "S"),
        ("bea", "S"),
        ("cat", "S"),
    ]


def test_error_of_a_flush_tells_its_statement(accounts: Session) -> None:
    """ER-18, ER-20: the error has the statement, its parameters and the driver's error as cause."""
    accounts.add_all([User(name="ann"), User(name="ann")])

    with pytest.raises(exc.IntegrityError) as caught:
        accounts.flush()

    error = caught.value
    assert error.statement.lstrip().upper().startswith("INSERT")
    assert "ann" in str(error.params)
    assert error.__cause__ is error.orig
    assert isinstance(error, exc.DBAPIError)


def test_error_of_an_autoflush_says_so(accounts: Session) -> None:
    """SB-83: an error during autoflush is raised as itself, with a line that says where it came from."""
    accounts.add_all([User(name="ann"), User(name="ann")])

    with pytest.raises(exc.IntegrityError, match="autoflush"):
        accounts.scalars(select(User)).all()


def test_error_of_a_query_keeps_objects(session: Session) -> None:
    """ER-18: a failing query raises ProgrammingError or OperationalError; objects stay as they are."""
    author = author_in_state(session, "S")

    with pytest.raises((exc.ProgrammingError, exc.OperationalError)):
        session.execute(text("SELECT nonsense FROM nowhere"))

    assert state_of(session, author) == "S"


def test_error_in_a_listener_fails_the_flush(session: Session) -> None:
    """FP-20, EV-63, ER-21: an error of a mapper event passes unchanged and the flush counts as failed."""

    def refuse(*_args: Any) -> None:
        raise ZeroDivisionError("no")

    event.listen(Book, "before_insert", refuse)
    try:
        session.add(Book(title="b", author=Author(name="ann")))
        with pytest.raises(ZeroDivisionError, match="no"):
            session.flush()
        active = session.is_active
    finally:
        event.remove(Book, "before_insert", refuse)
    session.rollback()

    assert active is False
    assert rows_of(session, Author.__table__.c.id) == []


def test_flush_inside_a_flush_is_refused(session: Session) -> None:
    """SB-85, EV-29: flush() while a flush is running raises InvalidRequestError."""

    def flush_again(flushing: Session, *_args: Any) -> None:
        flushing.flush()

    event.listen(session, "before_flush", flush_again)
    session.add(Author(name="ann"))

    with pytest.raises(exc.InvalidRequestError):
        session.flush()


def test_swallowed_flush_error_inside_begin(accounts: Session) -> None:
    """SB-17: after a flush error that was swallowed, the end of the begin block rolls back silently."""
    engine = accounts.get_bind()

    with accounts.begin():
        accounts.add_all([User(name="ann"), User(name="ann")])
        with pytest.raises(exc.IntegrityError):
            accounts.flush()

    assert rows_of(engine, USERS) == []


def test_changes_made_while_inactive_are_discarded(accounts: Session) -> None:
    """SB-125, TX-14: an object added in the failed transaction is T after rollback(), which warns."""
    failed_session(accounts)
    late = User(name="late")
    accounts.add(late)

    with pytest.warns(exc.UnitworkWarning):
        accounts.rollback()

    assert state_of(accounts, late) == "T"


def test_failed_commit_needs_rollback(accounts: Session) -> None:
    """SB-84, TX-05: a commit() whose flush fails leaves the Session inactive until rollback()."""
    accounts.add_all([User(name="ann"), User(name="ann")])

    with pytest.raises(exc.IntegrityError):
        accounts.commit()
    failed = accounts.is_active
    accounts.rollback()

    assert (failed, accounts.is_active) == (False, True)


@pytest.mark.parametrize("count", [1, 5])
def test_update_of_a_missing_row_is_stale(session: Session, count: int) -> None:
    """FP-15, ER-14: an UPDATE that matches no row, alone or in a batch, raises StaleDataError."""
    authors = loaded_authors(session, count)
    for author in authors:
        author.name += "x"
    delete_row(session, authors[-1])

    with pytest.raises(exc.StaleDataError):
        session.flush()

    assert session.is_active is False


def test_stale_flush_leaves_the_other_rows(session: Session) -> None:
    """FP-15, SB-84: after StaleDataError and rollback() no row of the batch is changed."""
    authors = loaded_authors(session, 3)
    for author in authors:
        author.name += "x"
    delete_row(session, authors[1])

    with pytest.raises(exc.StaleDataError):
        session.flush()
    session.rollback()

    assert rows_of(session, Author.__table__.c.name) == [("0",), ("1",), ("2",)]


def test_update_to_the_value_the_row_has_is_not_stale(session: Session) -> None:
    """FP-15, BK-23: matched rows count, not changed ones."""
    author = author_in_state(session, "S")
    author.name = "bea"
    session.connection().execute(Author.__table__.update().values(name="bea"))

    session.flush()

    assert session.is_active


@pytest.mark.parametrize("count", [1, 5])
def test_delete_of_a_missing_row_warns(session: Session, count: int) -> None:
    """FP-15: a DELETE that matches fewer rows than expected warns and goes on."""
    authors = loaded_authors(session, count)
    for author in authors:
        session.delete(author)
    delete_row(session, authors[0])

    with pytest.warns(exc.UnitworkWarning):
        session.commit()

    assert rows_of(session, Author.__table__.c.id) == []


def test_second_object_with_a_present_key(session: Session) -> None:
    """ST-86, DV-09: a pending object with the key of a present one warns and fails with IntegrityError."""
    author = author_in_state(session, "S")
    session.add(Author(id=author.id, name="bea"))

    with pytest.warns(exc.UnitworkWarning), pytest.raises(exc.IntegrityError):
        session.flush()


def test_rollback_after_a_failed_flush_restores_both_sides(accounts: Session) -> None:
    """SB-120, SB-122: after a failed flush and rollback() loaded collections show the rows again."""
    user = User(name="ann", addresses=[Address(email="a@x")])
    accounts.add(user)
    accounts.commit()
    address = user.addresses[0]
    user.addresses = [Address(email=None)]

    with pytest.raises(exc.IntegrityError):
        accounts.flush()
    accounts.rollback()

    assert user.addresses == [address]
    assert (address.user, inspect(address).persistent) == (user, True)
