"""The table "state x operation" of the specification, one cell per test (ST-01 to ST-23)."""

from __future__ import annotations

import gc

import pytest

from tests.support.models import Author, Book
from tests.support.rows import rows_of
from tests.support.states import author_in_state, state_of
from unitwork import exc, inspect, select
from unitwork.orm import Session


@pytest.mark.parametrize(("before", "after"), [("T", "P"), ("P", "P"), ("S", "S"), ("M", "S"), ("X", "S")])
def test_add_attaches_or_leaves_as_it_is(session: Session, before: str, after: str) -> None:
    """ST-04, SB-51, SB-52: add() makes T pending, X persistent, and withdraws the deletion mark of M."""
    author = author_in_state(session, before)

    session.add(author)

    assert state_of(session, author) == after


@pytest.mark.parametrize("before", ["D", "XD"])
def test_add_of_a_deleted_object_is_refused(session: Session, before: str) -> None:
    """ST-04, SB-53: add() of an object whose row was deleted raises InvalidRequestError and changes nothing."""
    author = author_in_state(session, before)

    with pytest.raises(exc.InvalidRequestError):
        session.add(author)

    assert state_of(session, author) == before


@pytest.mark.parametrize(("before", "after"), [("S", "M"), ("M", "M"), ("X", "M")])
def test_delete_marks(session: Session, before: str, after: str) -> None:
    """ST-05, SB-61, SB-63: delete() marks a persistent object, attaching a detached one first; twice is no error."""
    author = author_in_state(session, before)

    session.delete(author)

    assert state_of(session, author) == after


@pytest.mark.parametrize("before", ["T", "P"])
def test_delete_of_an_object_without_row_is_refused(session: Session, before: str) -> None:
    """ST-05, SB-62: delete() of a transient or pending object raises InvalidRequestError and changes nothing."""
    author = author_in_state(session, before)

    with pytest.raises(exc.InvalidRequestError):
        session.delete(author)

    assert state_of(session, author) == before


def test_delete_of_a_deleted_object_warns_and_sends_nothing(session: Session) -> None:
    """ST-05, SB-65, DV-19: delete() of a D object warns, stays D and marks nothing (the reference marks it again)."""
    author = author_in_state(session, "D")

    with pytest.warns(exc.UnitworkWarning):
        session.delete(author)

    assert (state_of(session, author), len(session.deleted)) == ("D", 0)


@pytest.mark.parametrize(
    ("before", "after"), [("T", "T"), ("P", "S"), ("S", "S"), ("M", "D"), ("D", "D"), ("X", "X"), ("XD", "XD")]
)
def test_flush_moves_pending_and_marked_objects(session: Session, before: str, after: str) -> None:
    """ST-06: flush() makes P persistent and M deleted, all other states stay."""
    author = author_in_state(session, before)

    session.flush()

    assert state_of(session, author) == after


@pytest.mark.parametrize(
    ("before", "after"), [("T", "T"), ("P", "S"), ("S", "S"), ("M", "XD"), ("D", "XD"), ("X", "X"), ("XD", "XD")]
)
def test_commit_detaches_deleted_objects(session: Session, before: str, after: str) -> None:
    """ST-07: after commit() deleted objects are detached, pending and persistent ones persistent."""
    author = author_in_state(session, before)

    session.commit()

    assert state_of(session, author) == after


def test_commit_detaches_deleted_objects_without_expire_on_commit(library: object) -> None:
    """ST-27, DV-15: a D object is detached by commit() also with expire_on_commit=False (the reference keeps it)."""
    with Session(library, expire_on_commit=False) as session:
        author = author_in_state(session, "D")

        session.commit()

        assert state_of(session, author) == "XD"


@pytest.mark.parametrize("steps", ["", "flush", "flush delete", "flush delete flush"])
def test_rollback_makes_objects_added_in_the_transaction_transient(session: Session, steps: str) -> None:
    """ST-08, SB-118, DV-16: an object that came in as P is T after rollback(), whatever happened to it since."""
    author = Author(name="ann")
    session.add(author)
    for step in steps.split():
        session.delete(author) if step == "delete" else session.flush()

    session.rollback()

    assert state_of(session, author) == "T"
    assert inspect(author).was_deleted is False


@pytest.mark.parametrize("before", ["S", "M", "D"])
def test_rollback_restores_objects_that_were_persistent(session: Session, before: str) -> None:
    """ST-09, SB-119, SB-120: an object persistent before the transaction is S and expired after rollback()."""
    author = author_in_state(session, before)

    session.rollback()

    assert state_of(session, author) == "S"
    assert "name" in inspect(author).expired_attributes


@pytest.mark.parametrize(("before", "after"), [("P", "T"), ("S", "X"), ("M", "X"), ("D", "XD")])
def test_expunge_detaches(session: Session, before: str, after: str) -> None:
    """ST-10: expunge() makes P transient and everything else of this Session detached."""
    author = author_in_state(session, before)

    session.expunge(author)

    assert state_of(session, author) == after


@pytest.mark.parametrize("before", ["T", "X", "XD"])
def test_expunge_of_an_object_outside_the_session_is_refused(session: Session, before: str) -> None:
    """ST-10, ST-87: expunge() of an object that is not in this Session raises InvalidRequestError."""
    author = author_in_state(session, before)

    with pytest.raises(exc.InvalidRequestError):
        session.expunge(author)


def test_expunged_deleted_object_stays_detached_after_rollback(session: Session) -> None:
    """ST-10: a D object that was expunged is not brought back by a later rollback()."""
    author = author_in_state(session, "D")
    session.expunge(author)

    session.rollback()

    assert inspect(author).detached
    assert author not in session


@pytest.mark.parametrize(
    ("before", "after"), [("T", "T"), ("P", "T"), ("S", "X"), ("M", "X"), ("D", "XD"), ("X", "X"), ("XD", "XD")]
)
def test_close_empties_the_session(session: Session, before: str, after: str) -> None:
    """ST-11, SB-126, DV-14: close() makes P transient and the rest detached, D included (the reference keeps D)."""
    author = author_in_state(session, before)

    session.close()

    assert state_of(session, author) == after


@pytest.mark.parametrize("before", ["T", "P", "D", "X", "XD"])
def test_refresh_needs_a_persistent_object(session: Session, before: str) -> None:
    """ST-12: refresh() of anything but a persistent object raises InvalidRequestError."""
    author = author_in_state(session, before)

    with pytest.raises(exc.InvalidRequestError):
        session.refresh(author)


def test_refresh_of_a_marked_object_flushes_the_deletion_first(session: Session) -> None:
    """ST-12: with autoflush on, refresh() of M sends the DELETE and then fails."""
    author = author_in_state(session, "M")

    with pytest.raises(exc.InvalidRequestError):
        session.refresh(author)

    assert state_of(session, author) == "D"


@pytest.mark.parametrize(("before", "after"), [("S", "S"), ("M", "M")])
def test_expire_drops_loaded_values(session: Session, before: str, after: str) -> None:
    """ST-13: expire() of S and M drops the values and keeps the state."""
    author = author_in_state(session, before)

    session.expire(author)

    assert state_of(session, author) == after
    assert "name" not in inspect(author).dict


@pytest.mark.parametrize("before", ["T", "P", "D", "X", "XD"])
def test_expire_needs_a_persistent_object(session: Session, before: str) -> None:
    """ST-13: expire() of anything but a persistent object raises InvalidRequestError."""
    author = author_in_state(session, before)

    with pytest.raises(exc.InvalidRequestError):
        session.expire(author)


@pytest.mark.parametrize(
    ("state", "inside"),
    [("T", False), ("P", True), ("S", True), ("M", True), ("D", False), ("X", False), ("XD", False)],
)
def test_membership(session: Session, state: str, inside: bool) -> None:
    """ST-15: P, S and M are in the Session, T, D and X are not."""
    author = author_in_state(session, state)

    found = author in session

    assert found is inside


@pytest.mark.parametrize("state", ["S", "M"])
def test_a_row_of_a_present_identity_gives_the_present_object(session: Session, state: str) -> None:
    """ST-19, SB-36: loading a row whose identity is present yields the same instance in the same state."""
    author = author_in_state(session, state)

    with session.no_autoflush:
        found = session.scalars(select(Author)).one()

    assert found is author
    assert state_of(session, author) == state


def test_a_row_of_a_detached_object_gives_a_new_instance(session: Session) -> None:
    """ST-19: loading the row of a detached object creates another, persistent, instance."""
    author = author_in_state(session, "X")

    found = session.scalars(select(Author)).one()

    assert found is not author
    assert (state_of(session, found), state_of(session, author)) == ("S", "X")


@pytest.mark.parametrize(("before", "after"), [("P", "T"), ("S", "X"), ("M", "X"), ("D", "XD")])
def test_collecting_the_session_frees_its_objects(library: object, before: str, after: str) -> None:
    """ST-20, ST-48: when the Session itself is collected its objects are transient or detached."""
    session = Session(library)
    author = author_in_state(session, before)
    other = Session(library)

    del session
    gc.collect()

    assert state_of(other, author) == after


@pytest.mark.parametrize("state", ["T", "P"])
def test_unset_column_of_a_new_object_reads_none(session: Session, state: str) -> None:
    """ST-21: an unset column attribute of T and P reads None and stays unset."""
    author = author_in_state(session, state)

    with session.no_autoflush:
        value = author.born

    assert value is None
    assert state_of(session, author) == state


@pytest.mark.parametrize("state", ["S", "M"])
def test_expired_column_is_loaded_on_access(session: Session, state: str) -> None:
    """ST-21: an expired column attribute of S and M is loaded when read."""
    author = author_in_state(session, state)
    session.expire(author)

    with session.no_autoflush:
        name = author.name

    assert name == "ann"


def test_expired_column_of_a_missing_row_is_an_error(session: Session) -> None:
    """ST-21, ER-11: reading an expired attribute whose row is gone raises ObjectDeletedError."""
    author = author_in_state(session, "S")
    session.expire(author)
    session.execute(Author.__table__.delete())

    with pytest.raises(exc.ObjectDeletedError):
        _ = author.name


def test_expired_column_of_a_detached_object_is_an_error(session: Session) -> None:
    """ST-21, ER-12: reading an expired attribute of a detached object raises DetachedInstanceError."""
    author = author_in_state(session, "S")
    session.expire(author)
    session.expunge(author)

    with pytest.raises(exc.DetachedInstanceError):
        _ = author.name


@pytest.mark.parametrize("state", ["T", "P"])
def test_unset_relationships_of_a_new_object_are_empty(session: Session, state: str) -> None:
    """ST-22: unloaded relationships of T and P read as an empty collection and as None."""
    book = Book(title="b")
    author = author_in_state(session, state)
    if state == "P":
        session.add(book)

    with session.no_autoflush:
        values = (author.books, book.author)

    assert values == ([], None)


def test_unloaded_relationship_of_a_detached_object_is_an_error(session: Session) -> None:
    """ST-22, ER-12: reading an unloaded relationship of a detached object raises DetachedInstanceError."""
    author = author_in_state(session, "X")

    with pytest.raises(exc.DetachedInstanceError):
        _ = author.books


@pytest.mark.parametrize(
    ("state", "dirty"), [("T", False), ("P", False), ("S", True), ("M", False), ("D", False), ("X", False)]
)
def test_setting_an_attribute_is_allowed_in_every_state(session: Session, state: str, dirty: bool) -> None:
    """ST-23, ST-37: a write is allowed in every state; only S objects become dirty by it."""
    author = author_in_state(session, state)

    author.name = "bea"

    assert author.name == "bea"
    assert (author in session.dirty) is dirty


def test_primary_key_set_by_hand_does_not_make_an_object_persistent(session: Session) -> None:
    """ST-02, ST-31: the identity exists after flush only, not because key attributes are filled."""
    author = Author(id=5, name="ann")
    session.add(author)

    before = inspect(author).identity
    session.flush()

    assert (before, inspect(author).identity) == (None, (5,))


def test_change_of_a_detached_object_is_written_after_adding_it(session: Session) -> None:
    """SB-59: changes made to an X object stay pending and are flushed once it is added again."""
    author = author_in_state(session, "X")
    author.name = "bea"

    session.add(author)
    dirty = author in session.dirty
    session.commit()

    assert dirty
    assert rows_of(session, Author.__table__.c.name) == [("bea",)]


def test_add_of_an_object_of_another_session_is_refused(session: Session, library: object) -> None:
    """SB-54, ST-26: add() of an object attached to another Session raises and changes nothing."""
    author = author_in_state(session, "S")

    with Session(library) as other, pytest.raises(exc.InvalidRequestError):
        other.add(author)

    assert state_of(session, author) == "S"


def test_add_of_a_second_object_with_a_present_identity_is_refused(session: Session) -> None:
    """SB-55: add() of an X object whose identity another live instance holds raises InvalidRequestError."""
    detached = author_in_state(session, "X")
    present = session.scalars(select(Author)).one()

    with pytest.raises(exc.InvalidRequestError):
        session.add(detached)

    assert (state_of(session, present), state_of(session, detached)) == ("S", "X")


@pytest.mark.parametrize("value", [None, [], Author, "ann"], ids=["none", "list", "class", "str"])
def test_add_of_an_unmapped_value_is_refused(session: Session, value: object) -> None:
    """SB-56, ER-10: add() of anything that is no mapped instance raises UnmappedInstanceError."""
    with pytest.raises(exc.UnmappedInstanceError):
        session.add(value)


def test_add_all_keeps_what_came_before_an_error(session: Session) -> None:
    """SB-57: add_all() adds in order; an error part-way leaves the earlier objects added."""
    first, last = Author(name="a"), Author(name="b")

    with pytest.raises(exc.UnmappedInstanceError):
        session.add_all([first, None, last])

    assert (state_of(session, first), state_of(session, last)) == ("P", "T")


@pytest.mark.parametrize("state", ["D", "XD"])
def test_was_deleted_tells_of_a_deleted_row(session: Session, state: str) -> None:
    """ST-29: was_deleted is true in D and XD."""
    author = author_in_state(session, state)

    told = inspect(author).was_deleted

    assert told is True


def test_inspect_of_an_unknown_object_is_refused() -> None:
    """ST-33, ER-07: inspect() of something it does not know raises NoInspectionAvailable."""
    with pytest.raises(exc.NoInspectionAvailable):
        inspect(object())


def test_state_members_of_a_persistent_object(session: Session) -> None:
    """ST-30: the state names its session, object, identity, mapper, and what is unloaded and modified."""
    author = author_in_state(session, "S")

    state = inspect(author)

    assert (state.session, state.object, state.identity) == (session, author, (author.id,))
    assert (state.mapper.class_, state.has_identity, state.modified) == (Author, True, False)
    assert state.unloaded == {"books"}
