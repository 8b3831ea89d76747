"""What a Session holds: new, dirty, deleted, the identity map and its weak references (ST-34 to ST-48)."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import pytest

from tests.support.models import Author, Book, Node
from tests.support.rows import rows_of
from tests.support.states import author_in_state
from unitwork import exc, inspect, select
from unitwork.orm import Session, object_session


def test_iteration_yields_everything_attached(session: Session) -> None:
    """ST-34: a Session yields its P, S and M objects."""
    persistent, marked, pending = (author_in_state(session, letter) for letter in "SMP")

    members = list(session)

    assert len(members) == 3
    assert all(any(member is obj for member in members) for obj in (persistent, marked, pending))


def test_iteration_works_on_a_snapshot(session: Session) -> None:
    """ST-34: adding while iterating is safe."""
    session.add_all([Author(), Author()])

    for _ in session:
        session.add(Author())

    assert len(session.new) == 4


def test_session_is_truthy_and_has_no_length(session: Session) -> None:
    """ST-34: an empty Session is true; len() of a Session is a TypeError."""
    assert bool(session) is True
    with pytest.raises(TypeError):
        len(session)  # type: ignore[arg-type]


def test_membership_of_an_unmapped_object_is_refused(session: Session) -> None:
    """ST-35: ``in`` with an unmapped object raises UnmappedInstanceError."""
    with pytest.raises(exc.UnmappedInstanceError):
        _ = "ann" in session


def test_new_dirty_and_deleted_tell_objects_apart(session: Session) -> None:
    """ST-36, ST-37: each changed object is in exactly one of the three sets."""
    changed, marked, pending = (author_in_state(session, letter) for letter in "SMP")
    changed.name = "bea"
    marked.name = "cat"
    pending.name = "dot"

    sets = [list(session.new), list(session.dirty), list(session.deleted)]

    assert sets == [[pending], [changed], [marked]]


@pytest.mark.parametrize("name", ["new", "dirty", "deleted"])
def test_sets_belong_to_the_caller(session: Session, name: str) -> None:
    """ST-36: the sets are fresh ones: changing them changes nothing in the Session."""
    author = author_in_state(session, {"new": "P", "dirty": "S", "deleted": "M"}[name])
    author.name = "bea"

    getattr(session, name).clear()

    assert list(getattr(session, name)) == [author]


def test_collection_change_makes_the_owner_dirty(session: Session) -> None:
    """ST-37: an append puts the owner into session.dirty."""
    author = author_in_state(session, "S")
    _ = author.books

    author.books.append(Book(title="b"))

    assert list(session.dirty) == [author]


@pytest.mark.parametrize("how", ["flush", "commit", "expire", "rollback"])
def test_dirty_ends(session: Session, how: str) -> None:
    """ST-37, ST-55: flush, commit, expire and rollback leave nothing dirty."""
    author = author_in_state(session, "S")
    author.name = "bea"

    session.expire(author) if how == "expire" else getattr(session, how)()

    assert list(session.dirty) == []


@pytest.mark.parametrize(
    ("values", "modified"), [(["bea"], True), (["bea", "ann"], False), (["ann"], False)], ids=["new", "back", "same"]
)
def test_is_modified_compares_values(session: Session, values: list[str], modified: bool) -> None:
    """ST-38: is_modified() tells of net change, dirty of any set."""
    author = author_in_state(session, "S")
    for value in values:
        author.name = value

    told = session.is_modified(author)

    assert told is modified


def test_is_modified_of_a_value_set_while_unloaded(session: Session, statements: Any) -> None:
    """ST-38: a value set while the old one was unloaded counts as change; is_modified() does not load."""
    author = author_in_state(session, "S")
    session.expire(author)
    author.name = "ann"

    with statements(session.get_bind()) as log:
        told = session.is_modified(author)

    assert (told, log.count) == (True, 0)


def test_is_modified_without_collections(session: Session) -> None:
    """ST-39: include_collections=False ignores collections and counts scalar references."""
    author = author_in_state(session, "S")
    book = Book(title="b")
    session.add(book)
    session.flush()
    author.books.append(book)

    told = [session.is_modified(obj, include_collections=False) for obj in (author, book)]

    assert told == [False, True]


def test_identity_map_is_a_mapping(session: Session) -> None:
    """ST-41: the identity map leads from (class, key, token) to the live object."""
    author = author_in_state(session, "S")
    key = (Author, (author.id,), None)

    found = session.identity_map

    assert list(found.keys()) == [key]
    assert list(found.values()) == [author]
    assert (found[key], found.get(key), key in found, len(found)) == (author, author, True, 1)
    assert inspect(author).identity_key == key


def test_clean_object_is_held_weakly(session: Session) -> None:
    """ST-44: an unmodified object that nobody refers to disappears from the Session."""
    author = author_in_state(session, "S")
    session.commit()
    reference = weakref.ref(author)

    del author
    gc.collect()

    assert reference() is None
    assert (list(session), len(session.identity_map)) == ([], 0)


def test_clean_graph_is_held_weakly(session: Session) -> None:
    """ST-44: objects that refer to each other only disappear together."""
    root = Node(name="root", children=[Node(name="a"), Node(name="b")])
    session.add(root)
    session.flush()

    del root
    gc.collect()

    assert list(session) == []


@pytest.mark.parametrize("state", ["P", "M", "S"])
def test_changed_object_is_held_strongly(session: Session, state: str) -> None:
    """ST-45: P, M and modified S objects are kept until they are flushed."""
    author = author_in_state(session, state)
    author.name = "bea"
    reference = weakref.ref(author)

    del author
    gc.collect()

    assert reference() is not None


@pytest.mark.parametrize("how", ["flush", "expire_all", "rollback"])
def test_object_is_weak_again_after_its_change_ended(session: Session, how: str) -> None:
    """ST-45: after flush, expire or rollback a modified object is held weakly again."""
    author = author_in_state(session, "S")
    author.name = "bea"
    reference = weakref.ref(author)

    getattr(session, how)()
    del author
    gc.collect()

    assert reference() is None


def test_change_of_a_forgotten_object_is_written(session: Session) -> None:
    """ST-45: a change is not lost because the program dropped the object."""
    author_in_state(session, "S").name = "bea"
    gc.collect()

    session.commit()

    assert rows_of(session, Author.__table__.c.name) == [("bea",)]


def test_row_of_a_collected_object_makes_a_new_one(session: Session) -> None:
    """ST-46: loading the row again after collection gives a new instance with the row's values."""
    author = author_in_state(session, "S")
    session.commit()
    del author
    gc.collect()

    found = session.scalars(select(Author)).one()

    assert found.name == "ann"


def test_session_is_not_kept_alive_by_its_objects(library: Any) -> None:
    """ST-48: dropping the last reference to a Session collects it, although its objects live."""
    session = Session(library)
    author = author_in_state(session, "S")
    reference = weakref.ref(session)

    del session
    gc.collect()

    assert reference() is None
    assert author.name == "ann"


def test_info_is_a_copy(library: Any) -> None:
    """ST-42: session.info is the Session's own dictionary."""
    given = {"a": 1}

    with Session(library, info=given) as session:
        session.info["b"] = 2

        assert (session.info, given) == ({"a": 1, "b": 2}, {"a": 1})


def test_settings_are_readable(library: Any) -> None:
    """ST-43: bind, autoflush and expire_on_commit can be read."""
    with Session(library) as session:
        settings = (session.bind, session.autoflush, session.expire_on_commit)

    assert settings == (library, True, True)


def test_object_session_in_its_three_places(session: Session) -> None:
    """SB-38: the function, the static method of Session and inspect() agree; None for an object without a Session."""
    author = Author(name="ann")
    before = (object_session(author), Session.object_session(author))
    session.add(author)

    assert before == (None, None)
    assert object_session(author) is Session.object_session(author) is inspect(author).session is session
