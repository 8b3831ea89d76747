"""TrackedList: a list in every way, which tells its owner and the other side of each change."""

from __future__ import annotations

import copy
import operator
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.mapped import Library, MapClass, Port, pending, persistent
from unitwork.base.hooks import listen
from unitwork.base.markers import NO_VALUE
from unitwork.exc import ObjectDereferencedError, UnmappedInstanceError
from unitwork.instrument.collections import bind_loaded
from unitwork.instrument.lists import TrackedList
from unitwork.mapping.mapper import RelationshipOptions
from unitwork.mapping.registry import MapperRegistry
from unitwork.sql.foreign_keys import ForeignKey
from unitwork.sql.schema import Column, Table
from unitwork.sql.types import Integer
from unitwork.state.instance import state_of
from unitwork.state.tracker import StateTracker

Act = Callable[[Any, list[Any]], Any]

#: Name to what is done to a list of four members, given more members.
MUTATORS: dict[str, Act] = {
    "append": lambda members, more: members.append(more[0]),
    "append what is there": lambda members, more: members.append(members[0]),
    "extend": lambda members, more: members.extend(iter(more)),
    "extend by itself": lambda members, more: members.extend(members),
    "insert": lambda members, more: members.insert(1, more[0]),
    "insert before the start": lambda members, more: members.insert(-99, more[0]),
    "insert behind the end": lambda members, more: members.insert(99, more[0]),
    "remove": lambda members, more: members.remove(members[2]),
    "remove what is not there": lambda members, more: members.remove(more[0]),
    "pop": lambda members, more: members.pop(),
    "pop by place": lambda members, more: members.pop(1),
    "pop out of range": lambda members, more: members.pop(9),
    "pop by text": lambda members, more: members.pop("1"),
    "clear": lambda members, more: members.clear(),
    "set": lambda members, more: operator.setitem(members, 1, more[0]),
    "set to the same": lambda members, more: operator.setitem(members, 1, members[1]),
    "set out of range": lambda members, more: operator.setitem(members, 9, more[0]),
    "set a slice": lambda members, more: operator.setitem(members, slice(1, 3), iter(more)),
    "set all": lambda members, more: operator.setitem(members, slice(None), members[::-1]),
    "set every second": lambda members, more: operator.setitem(members, slice(None, None, 2), more[:2]),
    "set too few": lambda members, more: operator.setitem(members, slice(None, None, 2), more[:1]),
    "delete": lambda members, more: operator.delitem(members, 0),
    "delete from behind": lambda members, more: operator.delitem(members, -1),
    "delete a slice": lambda members, more: operator.delitem(members, slice(1, 3)),
    "delete every second": lambda members, more: operator.delitem(members, slice(None, None, 2)),
    "delete out of range": lambda members, more: operator.delitem(members, 9),
    "add in place": lambda members, more: operator.iadd(members, tuple(more)),
    "add a number in place": lambda members, more: operator.iadd(members, 5),
    "multiply in place": lambda members, more: operator.imul(members, 2),
    "multiply by nothing": lambda members, more: operator.imul(members, 0),
    "multiply by less": lambda members, more: operator.imul(members, -1),
    "reverse": lambda members, more: members.reverse(),
    "sort": lambda members, more: members.sort(key=lambda book: book.title, reverse=True),
    "add": lambda members, more: members + more,
    "multiply": lambda members, more: members * 2,
    "slice": lambda members, more: members[1:3],
    "copy": lambda members, more: members.copy(),
    "index": lambda members, more: members.index(members[2]),
    "count": lambda members, more: members.count(members[2]),
}


def books(library: Library, *titles: str) -> list[Any]:
    """New books."""
    return [library.Book(title=title) for title in titles]


def outcome(act: Act, members: Any, more: list[Any]) -> tuple[Any, list[Any]]:
    """What an act returns or which class of error it raises, and the members afterwards."""
    try:
        result = act(members, more)
    except (IndexError, TypeError, ValueError) as err:
        return type(err), list(members)
    return (list(result) if isinstance(result, list) else result), list(members)


# -- a list in every way ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", MUTATORS)
def test_it_does_what_a_list_does(name: str, library: Library) -> None:
    """ST-64: result or error, and members, are those of a plain list."""
    members, more = books(library, *"abcd"), books(library, *"xyz")
    tracked = library.Author(books=list(members)).books

    found = outcome(MUTATORS[name], tracked, more)

    assert isinstance(tracked, TrackedList)
    assert found == outcome(MUTATORS[name], members, more)


@pytest.mark.parametrize("name", MUTATORS)
def test_the_other_side_is_that_of_the_members(name: str, library: Library) -> None:
    """ST-60, ST-61: after any change, exactly the members have the owner."""
    members, more = books(library, *"abcd"), books(library, *"xyz")
    author = library.Author(books=list(members))

    outcome(MUTATORS[name], author.books, more)

    present = {id(book) for book in author.books}
    assert {id(book) for book in members + more if book.author is author} == present


@pytest.mark.parametrize("name", MUTATORS)
def test_the_history_is_that_of_the_members(name: str, library: Library, tracker: StateTracker) -> None:
    """ST-54, ST-64: what was there at the last flush against what is there."""
    members, more = books(library, *"abcd"), books(library, *"xyz")
    author = library.Author()
    state = persistent(tracker, author, 1, id=1)
    bind_loaded(library.authors.relationships["books"], state, author, members)

    outcome(MUTATORS[name], author.books, more)

    present = {id(book) for book in author.books}
    history = state.history_of("books")
    assert [id(book) for book in history.deleted] == [id(book) for book in members if id(book) not in present]
    assert {id(book) for book in history.added} == present - {id(book) for book in members}
    assert all(state_of(book).tracker is None for book in members)


@pytest.mark.parametrize(
    "act",
    [
        lambda members: members.pop(),
        lambda members: members.remove(members[0]),
        lambda members: operator.delitem(members, slice(0, 1)),
        lambda members: operator.setitem(members, 0, members[1]),
    ],
    ids=["pop", "remove", "delete slice", "set"],
)
def test_a_member_that_is_in_twice_stays_when_it_is_removed_once(act: Any, library: Library) -> None:
    """ST-60: the other side shows the same fact."""
    member, other = books(library, *"ab")
    author = library.Author(books=[member, other, member])

    act(author.books)

    assert any(book is member for book in author.books)
    assert member.author is author


@pytest.mark.parametrize("factor", [1.5, "2"])
def test_it_is_multiplied_by_whole_numbers_only(factor: Any, library: Library) -> None:
    """ST-64: a plain list raises TypeError."""
    tracked = library.Author(books=books(library, "a")).books

    with pytest.raises(TypeError):
        operator.imul(tracked, factor)


def test_remove_goes_by_identity(registry: MapperRegistry, map_tracked: MapClass) -> None:
    """LB-42: members that say they are equal are not asked."""

    class Book:
        def __eq__(self, other: object) -> bool:
            raise AssertionError("a member was compared")

        __hash__ = None  # type: ignore[assignment]

    library = Library(registry, map_tracked, Book=Book)
    first, second = library.Book(), library.Book()
    author = library.Author(books=[first, second])

    author.books.remove(second)

    assert [book is first for book in author.books] == [True]
    assert second.author is None


def test_it_shows_itself_as_a_list(library: Library) -> None:
    """ST-64."""
    assert repr(library.Author().books) == "[]"
    assert library.Author().books == []


# -- telling ----------------------------------------------------------------------------------------------------------


def test_an_empty_collection_stays_the_same_object(library: Library) -> None:
    """Decision 0010: what was read is what is changed."""
    author = library.Author()
    collection = author.books

    collection.append(library.Book())

    assert author.books is collection
    assert len(author.books) == 1


def test_a_member_moves_from_one_owner_to_the_other(library: Library) -> None:
    """ST-61."""
    book = library.Book()
    first, second = library.Author(books=[book]), library.Author()

    second.books.append(book)

    assert (list(first.books), list(second.books), book.author) == ([], [book], second)


def test_both_sides_of_a_many_to_many_are_in_step(library: Library) -> None:
    """ST-60."""
    book, tag = library.Book(), library.Tag()

    book.tags.append(tag)
    there = list(tag.books)
    tag.books.remove(book)

    assert there == [book]
    assert list(book.tags) == []


def test_a_new_member_is_reached_from_an_attached_owner(library: Library, tracker: StateTracker, port: Port) -> None:
    """CA-12: once, and not where it is here already."""
    author, new, known = library.Author(), library.Book(), library.Book()
    state = pending(tracker, author)
    pending(tracker, known)

    author.books.append(new)
    author.books.append(known)

    assert port.calls == [("reached", state, new)]


@pytest.mark.parametrize(
    "act",
    [
        lambda members, new: members.append(new),
        lambda members, new: members.extend([new]),
        lambda members, new: members.insert(0, new),
        lambda members, new: operator.setitem(members, 0, new),
        lambda members, new: operator.setitem(members, slice(0, 0), [new]),
        lambda members, new: operator.iadd(members, [new]),
    ],
    ids=["append", "extend", "insert", "set", "set slice", "+="],
)
def test_something_unmapped_is_refused_by_every_mutator(act: Any, library: Library) -> None:
    """CA-40: nothing changes."""
    members = books(library, "a")
    author = library.Author(books=list(members))

    with pytest.raises(UnmappedInstanceError):
        act(author.books, object())

    assert list(author.books) == members
    assert members[0].author is author


def test_listeners_hear_of_each_member(library: Library) -> None:
    """EV-86: before the change, with target and member."""
    heard: list[Any] = []
    listen(library.Author.books, "append", lambda owner, member, _: heard.append(("append", member, len(owner.books))))
    listen(library.Author.books, "remove", lambda owner, member, _: heard.append(("remove", member, len(owner.books))))
    first, second, third = books(library, *"abc")
    author = library.Author()

    author.books.append(first)
    author.books.insert(0, second)
    author.books[0] = third
    del author.books[0]

    assert heard == [
        ("append", first, 0),
        ("append", second, 1),
        ("append", third, 2),
        ("remove", second, 2),
        ("remove", third, 2),
    ]


def test_a_listener_that_raises_stops_the_change(library: Library) -> None:
    """EV-93."""

    def refuse(*_: Any) -> None:
        raise ValueError("no")

    author, book = library.Author(), library.Book()
    listen(library.Author.books, "append", refuse)

    with pytest.raises(ValueError, match="no"):
        author.books.append(book)

    assert list(author.books) == []
    assert book.author is None


def test_a_collection_that_outlives_its_owner_refuses_changes(library: Library, tracker: StateTracker) -> None:
    """ST-49."""
    author = library.Author()
    persistent(tracker, author, 1, id=1)
    members = bind_loaded(library.authors.relationships["books"], state_of(author), author, [library.Book()])

    del author

    with pytest.raises(ObjectDereferencedError) as caught:
        members.clear()
    assert caught.value.code == "owner-collected"


# -- replacing --------------------------------------------------------------------------------------------------------


def test_a_replaced_collection_is_a_plain_list_from_then_on(library: Library) -> None:
    """ST-63."""
    first, second, third = books(library, *"abc")
    author = library.Author(books=[first, second])
    old = author.books

    author.books = [second, third]
    old.append(first)

    assert list(author.books) == [second, third]
    assert [book.author for book in (first, second, third)] == [None, author, author]


def test_only_what_joins_and_leaves_is_told_of_a_replacement(library: Library) -> None:
    """ST-63: kept members are not."""
    heard: list[Any] = []
    first, second, third = books(library, *"abc")
    author = library.Author(books=[first, second])
    listen(library.Author.books, "append", lambda _, member, __: heard.append(("append", member)))
    listen(library.Author.books, "remove", lambda _, member, __: heard.append(("remove", member)))

    author.books = [second, third]

    assert heard == [("remove", first), ("append", third)]


def test_assigning_the_same_list_changes_nothing(library: Library) -> None:
    """ST-63: `author.books += [...]` assigns it."""
    first, second = books(library, *"ab")
    author = library.Author(books=[first])
    collection = author.books

    author.books += [second]

    assert author.books is collection
    assert list(collection) == [first, second]


@pytest.mark.parametrize("value", [None, set(), (), "text", iter([])])
def test_only_a_list_may_be_assigned(value: Any, library: Library) -> None:
    """ST-62."""
    author = library.Author(books=books(library, "a"))

    with pytest.raises(TypeError, match=r"Author\.books takes a list"):
        author.books = value

    assert len(author.books) == 1


def test_deleting_a_collection_takes_its_members_off(library: Library) -> None:
    """ST-57: and what is not there cannot be deleted."""
    book = library.Book()
    author = library.Author(books=[book])

    del author.books

    assert list(author.books) == []
    assert book.author is None
    with pytest.raises(AttributeError):
        del library.Author().books


# -- loading and queues -----------------------------------------------------------------------------------------------


def test_what_was_queued_is_applied_to_loaded_members(library: Library, tracker: StateTracker, port: Port) -> None:
    """ST-59: nothing is loaded before it is read; the history is that of the queue."""
    author = library.Author()
    state = persistent(tracker, author, 1, id=1)
    stays, goes, comes = books(library, *"abc")
    for number, book in enumerate((stays, goes), 1):
        persistent(tracker, book, number, author=author)
    goes.author = None
    comes.author = author
    calls = list(port.calls)

    bind_loaded(library.authors.relationships["books"], state, author, [stays, goes])

    assert calls == []
    assert list(author.books) == [stays, comes]
    assert state.history_of("books") == ([comes], [stays], [goes])


def test_loaded_members_cause_no_event_and_no_change(library: Library, tracker: StateTracker, port: Port) -> None:
    """EV-95."""
    heard: list[Any] = []
    listen(library.Author.books, "append", lambda *_: heard.append(1))
    author = library.Author()
    state = persistent(tracker, author, 1, id=1)

    bind_loaded(library.authors.relationships["books"], state, author, books(library, "a"))

    assert heard == port.calls == []
    assert not state.modified


def test_appending_to_an_unloaded_collection_queues(library: Library, tracker: StateTracker, port: Port) -> None:
    """ST-59: through the other side; reading would load."""
    author, book = library.Author(), library.Book()
    state = persistent(tracker, author, 1, id=1)

    book.author = author

    assert state.changes == {"books": NO_VALUE}
    assert port.calls == []
    assert "books" not in author.__dict__


# -- copies and pickles -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [list, lambda members: members.copy(), lambda members: members[:]])
def test_a_copy_made_by_the_list_is_a_plain_list(make: Any, library: Library) -> None:
    """ST-64: changing it changes nothing else."""
    author, book = library.Author(books=books(library, "a")), library.Book()

    copied = make(author.books)
    copied.append(book)

    assert type(copied) is list
    assert book.author is None
    assert len(author.books) == 1


def test_a_copy_of_a_collection_belongs_to_nobody(library: Library, tracker: StateTracker) -> None:
    """ST-64: changing it changes neither owner nor other side."""
    author, book = library.Author(books=books(library, "a")), library.Book()

    copied = copy.copy(author.books)
    copied.append(book)

    assert book.author is None
    assert len(author.books) == 1


def test_a_shallow_copy_of_the_owner_has_a_collection_of_its_own(library: Library) -> None:
    """EV-74, decision 0009: with the same members."""
    member, new = books(library, *"ab")
    author = library.Author(books=[member])

    copied = copy.copy(author)
    state_of(copied)
    copied.books.append(new)

    assert list(author.books) == [member]
    assert list(copied.books) == [member, new]
    assert new.author is copied


def test_a_deep_copy_of_the_owner_has_a_tracked_collection(library: Library) -> None:
    """EV-74, decision 0009: with copies of the members, and as good as any."""
    author, new = library.Author(books=books(library, "a")), library.Book()

    copied = copy.deepcopy(author)
    copied.books.append(new)

    assert copied.books[0] is not author.books[0]
    assert copied.books[0].author is copied
    assert new.author is copied
    assert len(author.books) == 1


class Author:
    """Mapped while the next test runs; at module level, since pickle looks it up by name."""


class Book:
    """As above."""


def test_an_unpickled_collection_is_tracked(registry: MapperRegistry, map_tracked: MapClass) -> None:
    """EV-74."""
    library = Library(registry, map_tracked, Author=Author, Book=Book)
    author, new = library.Author(books=books(library, "a")), library.Book()

    back = pickle.loads(pickle.dumps(author))
    back.books.append(new)

    assert [book.title for book in back.books] == ["a", None]
    assert back.books[0].author is back
    assert new.author is back


# -- viewonly ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "act",
    [
        pytest.param(
            lambda members, new: members.append(new),
            id="append",
        ),
        pytest.param(lambda members, new: members.insert(0, new), id="insert"),
        pytest.param(lambda members, new: operator.setitem(members, slice(0, 0), [new]), id="slice"),
    ],
)
def test_a_viewonly_collection_writes_nothing(
    act: Any, registry: MapperRegistry, map_tracked: MapClass, tracker: StateTracker, port: Port
) -> None:
    """CA-07: neither the other side nor a cascade."""
    table = Table("a", registry.metadata, Column("id", Integer, primary_key=True))
    other = Table("b", registry.metadata, Column("id", Integer, primary_key=True), Column("a_id", ForeignKey("a.id")))
    parents = map_tracked(registry, "A", table, bs=RelationshipOptions("B", viewonly=True, back_populates="a"))
    children = map_tracked(registry, "B", other, a=RelationshipOptions("A", back_populates="bs"))
    registry.configure()
    parent, child = parents.class_(), children.class_()
    pending(tracker, parent)

    act(parent.bs, child)

    assert child.a is None
    assert port.calls == []
