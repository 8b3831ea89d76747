"""Collections and back references in memory and in the rows they become (ST-59 to ST-65)."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.models import Author, Book, Order, Person, Profile, Tag, User, book_tag, friendship
from tests.support.rows import rows_of
from unitwork import exc, inspect, select
from unitwork.orm import Session

Mutation = Callable[[list[Any], Any], Any]

#: Every way to change a list, each given the list and a new element.
MUTATIONS: dict[str, Mutation] = {
    "append": lambda books, new: books.append(new),
    "extend": lambda books, new: books.extend([new]),
    "iadd": lambda books, new: operator.iadd(books, [new]),
    "insert": lambda books, new: books.insert(1, new),
    "pop": lambda books, new: books.pop(),
    "pop first": lambda books, new: books.pop(0),
    "remove": lambda books, new: books.remove(books[1]),
    "clear": lambda books, new: books.clear(),
    "set item": lambda books, new: operator.setitem(books, 1, new),
    "set last item": lambda books, new: operator.setitem(books, -1, new),
    "set slice": lambda books, new: operator.setitem(books, slice(0, 2), [new]),
    "set whole slice": lambda books, new: operator.setitem(books, slice(None), [new]),
    "set stepped slice": lambda books, new: operator.setitem(books, slice(0, 3, 2), [new, books[0]]),
    "delete item": lambda books, new: operator.delitem(books, 0),
    "delete slice": lambda books, new: operator.delitem(books, slice(1, None)),
    "reverse": lambda books, new: books.reverse(),
    "sort": lambda books, new: books.sort(key=lambda book: book.title, reverse=True),
}
every_mutation = pytest.mark.parametrize("mutate", MUTATIONS.values(), ids=MUTATIONS.keys())


def author_with_books(session: Session) -> Author:
    """An author with the books a, b and c, stored, the collection loaded."""
    author = Author(name="ann", books=[Book(title="a"), Book(title="b"), Book(title="c")])
    session.add(author)
    session.commit()
    assert len(author.books) == 3
    return author


@every_mutation
def test_mutator_does_what_a_list_does(session: Session, mutate: Mutation) -> None:
    """ST-64: each mutator leaves the collection as it leaves a plain list."""
    author = author_with_books(session)
    plain, new = list(author.books), Book(title="new")

    mutate(author.books, new)
    mutate(plain, new)

    assert author.books == plain


@every_mutation
def test_mutator_keeps_the_other_side_in_step(session: Session, mutate: Mutation) -> None:
    """ST-60, ST-64: after each mutator exactly the members refer to the owner."""
    author = author_with_books(session)
    candidates = [*author.books, Book(title="new")]

    mutate(author.books, candidates[-1])

    assert [book.author is author for book in candidates] == [book in author.books for book in candidates]


@every_mutation
def test_mutator_is_written_at_flush(session: Session, mutate: Mutation) -> None:
    """SB-06, ST-64: what each mutator did is in the database after the flush."""
    author = author_with_books(session)

    mutate(author.books, Book(title="new"))
    expected = sorted(book.title for book in author.books)
    session.commit()

    table = Book.__table__
    linked = [title for title, owner in rows_of(session, table.c.title, table.c.author_id) if owner == author.id]
    assert linked == expected


@every_mutation
def test_mutator_keeps_a_many_to_many_in_step(session: Session, mutate: Mutation) -> None:
    """ST-60, CA-50: each mutator of a many-to-many changes the other collection and the association rows."""
    book = Book(title="b", tags=[Tag(name="a"), Tag(name="b"), Tag(name="c")])
    session.add(book)
    session.commit()
    for tag in book.tags:
        tag.title = tag.name  # the mutations sort by it
    candidates = [*book.tags, Tag(name="new")]
    candidates[-1].title = "new"

    mutate(book.tags, candidates[-1])
    members = list(book.tags)
    in_step = [book in tag.books for tag in candidates] == [tag in members for tag in candidates]
    session.flush()

    assert in_step
    assert rows_of(session, book_tag.c.tag_id) == sorted((tag.id,) for tag in members)


@pytest.mark.parametrize(
    "fail",
    [
        lambda books: books.remove(Book()),
        lambda books: books.pop(9),
        lambda books: operator.delitem(books, 9),
        lambda books: operator.setitem(books, 9, Book()),
        lambda books: operator.setitem(books, slice(0, 3, 2), [Book()]),
    ],
    ids=["remove", "pop", "delete item", "set item", "stepped slice"],
)
def test_failing_mutator_changes_nothing(session: Session, fail: Callable[[list[Any]], Any]) -> None:
    """ST-64, EV-93: a mutator that raises what a list raises leaves members and back references as they were."""
    author = author_with_books(session)
    before = list(author.books)

    with pytest.raises((ValueError, IndexError)):
        fail(author.books)

    assert author.books == before
    assert all(book.author is author for book in before)
    assert session.is_modified(author) is False


def test_reading_methods_of_a_list(session: Session) -> None:
    """ST-64: a collection is a list: index, slice, count, contains, iteration, equality, concatenation."""
    author = author_with_books(session)
    first, second, third = author.books

    results = (author.books.index(second), author.books[1:], author.books.count(first), author.books + [first])  # noqa: RUF005

    assert isinstance(author.books, list)
    assert results == (1, [second, third], 1, [first, second, third, first])
    assert list(reversed(author.books)) == [third, second, first]


def test_slice_of_a_collection_is_a_plain_list(session: Session) -> None:
    """ST-64: a slice and a copy are lists of their own, whose changes are not tracked."""
    author = author_with_books(session)

    author.books[:].clear()
    author.books.copy().clear()

    assert len(author.books) == 3
    assert author not in session.dirty


@pytest.mark.parametrize("side", ["collection", "reference"])
def test_one_side_of_a_one_to_many_sets_the_other(side: str) -> None:
    """ST-60: append and assignment keep collection and reference in step, for transient objects too."""
    author, book = Author(), Book()

    if side == "collection":
        author.books.append(book)
    else:
        book.author = author

    assert (author.books, book.author) == ([book], author)


@pytest.mark.parametrize("side", ["books", "tags"])
def test_one_side_of_a_many_to_many_sets_the_other(side: str) -> None:
    """ST-60: both collections of a many-to-many are kept in step, whichever is changed."""
    book, tag = Book(), Tag()

    (book.tags if side == "tags" else tag.books).append(book if side == "books" else tag)

    assert (book.tags, tag.books) == ([tag], [book])


@pytest.mark.parametrize("side", ["user", "profile"])
def test_one_side_of_a_one_to_one_sets_the_other(side: str) -> None:
    """ST-60: both references of a one-to-one are kept in step."""
    user, profile = User(name="ann"), Profile()

    setattr(*((profile, "user", user) if side == "user" else (user, "profile", profile)))

    assert (user.profile, profile.user) == (profile, user)


def test_replaced_one_to_one_leaves_the_old_partner(accounts: Session) -> None:
    """ST-60, ST-61: a new partner in a one-to-one takes the old one's reference away."""
    old, new = Profile(motto="old"), Profile(motto="new")
    user = User(name="ann", profile=old)

    user.profile = new

    assert (old.user, new.user) == (None, user)


def test_self_referential_many_to_many_sides_are_in_step(shop: Session) -> None:
    """ST-60, LB-10: both directions of a graph of one class are kept in step and stored once."""
    ann, bea = Person(name="ann"), Person(name="bea")
    ann.friends.append(bea)
    shop.add(ann)
    shop.commit()

    edges = rows_of(shop, friendship.c.person_id, friendship.c.friend_id)

    assert bea.friend_of == [ann]
    assert bea.friends == []
    assert edges == [(ann.id, bea.id)]


def test_append_to_a_second_owner_leaves_the_first() -> None:
    """ST-61: an element appended to another owner's collection leaves the loaded collection of the first."""
    book = Book()
    first, second = Author(books=[book]), Author()

    second.books.append(book)

    assert (first.books, second.books, book.author) == ([], [book], second)


def test_assignment_of_the_reference_moves_the_element() -> None:
    """ST-60, ST-61: assigning the reference takes the element out of the old collection and into the new one."""
    book = Book()
    first, second = Author(books=[book]), Author()

    book.author = second

    assert (first.books, second.books) == ([], [book])


def test_reference_set_to_none_leaves_the_collection() -> None:
    """ST-60: assigning None to the reference removes the element from the collection."""
    book = Book()
    author = Author(books=[book])

    book.author = None

    assert author.books == []


def test_deleted_reference_leaves_the_collection() -> None:
    """ST-57, ST-60: del of the reference removes the element from the collection."""
    book = Book()
    author = Author(books=[book])

    del book.author

    assert (author.books, book.author) == ([], None)


@pytest.mark.parametrize("value", [None, {}, set(), 5, Book], ids=["none", "dict", "set", "int", "class"])
def test_assignment_of_a_wrong_container_is_refused(value: object) -> None:
    """ST-62: anything but a list assigned to a list collection raises TypeError and changes nothing."""
    book = Book()
    author = Author(books=[book])

    with pytest.raises(TypeError):
        author.books = value

    assert (author.books, book.author) == ([book], author)


def test_assigned_list_replaces_the_members(session: Session) -> None:
    """ST-63: kept members stay, missing ones leave, new ones come; both sides are in step."""
    author = author_with_books(session)
    first, second, third = author.books
    new = Book(title="new")

    author.books = [third, new, first]
    session.flush()

    assert author.books == [third, new, first]
    assert [book.author for book in (first, second, third, new)] == [author, None, author, author]
    assert second.author_id is None


def test_assigned_list_is_copied() -> None:
    """ST-63: the list that was assigned stays the caller's: later changes of it do not count."""
    plain = [Book()]
    author = Author(books=plain)

    plain.append(Book())

    assert len(author.books) == 1


def test_replaced_list_stops_tracking(session: Session) -> None:
    """ST-63: changes of a list that has been replaced touch no object."""
    author = author_with_books(session)
    old, late = author.books, Book(title="late")
    author.books = []

    old.append(late)

    assert (late.author, author.books, late in session) == (None, [], False)


def test_assignment_of_the_same_collection_changes_nothing(session: Session) -> None:
    """ST-63: assigning a collection to itself keeps the members and makes no net change."""
    author = author_with_books(session)
    before = list(author.books)

    author.books = author.books

    assert author.books == before
    assert session.is_modified(author) is False


def test_augmented_assignment_appends_once(session: Session) -> None:
    """ST-64: ``author.books += [...]`` extends the collection and keeps its identity."""
    author = author_with_books(session)
    collection, new = author.books, Book(title="new")

    author.books += [new]

    assert author.books is collection
    assert [book.title for book in collection] == ["a", "b", "c", "new"]


def test_append_through_a_back_reference_does_not_load(session: Session, statements: Any) -> None:
    """ST-59: an element that joins an unloaded collection through its reference waits without SQL."""
    author = author_with_books(session)
    session.expire(author, ["books"])

    with statements(session.get_bind()) as log:
        Book(title="new").author = author

    assert log.count == 0


def test_queued_changes_are_applied_when_the_collection_loads(session: Session) -> None:
    """ST-59: an unloaded collection that is read has its rows and the changes made meanwhile."""
    author = author_with_books(session)
    moved = author.books[0]
    session.expire(author, ["books"])
    new = Book(title="new", author=author)
    moved.author = None

    with session.no_autoflush:
        titles = [book.title for book in author.books]

    assert titles == ["b", "c", "new"]
    assert new.author is author


def test_loaded_many_to_one_appears_once_in_the_collection(session: Session) -> None:
    """ST-59: an element that is queued and flushed is not in the collection twice."""
    author = author_with_books(session)
    session.expire(author, ["books"])
    session.add(Book(title="new", author=author))

    titles = [book.title for book in author.books]

    assert titles == ["a", "b", "c", "new"]


def test_pending_element_that_left_an_unloaded_collection(session: Session) -> None:
    """ST-59, FP-10: a pending object that changes its owner is inserted with the new one, the old one being expired."""
    first, second = Author(name="first"), Author(name="second")
    session.add_all([first, second])
    session.commit()
    book = Book(title="b", author=first)
    session.add(book)
    session.expire(first)

    book.author = second
    session.commit()

    assert rows_of(session, Book.__table__.c.author_id) == [(second.id,)]


def test_element_queued_twice_and_removed(session: Session) -> None:
    """ST-59, CA-50: an element that was queued, forgotten by expire(), added again and removed leaves no row."""
    book, tag = Book(title="b"), Tag(name="t")
    session.add_all([book, tag])
    session.commit()
    book.tags.append(tag)
    session.expire(book)

    with session.no_autoflush:
        book.tags.append(tag)
        book.tags.remove(tag)
    session.flush()

    assert rows_of(session, book_tag.c.tag_id) == []


def test_duplicate_members_are_kept_in_memory(session: Session) -> None:
    """ST-64, CA-37: a list may hold an element twice; it is one row."""
    book = Book(title="b")
    author = Author(name="ann", books=[book, book])
    session.add(author)
    session.flush()

    rows = rows_of(session, Book.__table__.c.title)

    assert (author.books, rows) == ([book, book], [("b",)])


def test_none_in_a_collection_fails_the_flush(session: Session) -> None:
    """FP-17: None inside a collection raises FlushError at flush and nothing is written."""
    session.add(Author(name="ann", books=[None]))

    with pytest.raises(exc.FlushError):
        session.flush()
    session.rollback()

    assert rows_of(session, Author.__table__.c.name) == []


def test_unmapped_value_in_a_collection_is_refused(session: Session) -> None:
    """CA-40: an unmapped value in a relationship raises at assignment."""
    author = Author(name="ann")
    session.add(author)

    with pytest.raises((AttributeError, TypeError, exc.UnitworkError)):
        author.books.append("a title")


def test_wrong_class_in_a_collection_fails_the_flush(session: Session) -> None:
    """CA-40, DV-22: an object of a wrong class raises FlushError at flush at the latest; nothing is written."""
    author = Author(name="ann")
    session.add(author)

    with pytest.raises(exc.FlushError):
        author.books.append(Tag(name="t"))
        session.flush()
    session.rollback()

    assert rows_of(session, Author.__table__.c.name) == []


def test_collection_without_back_reference(shop: Session) -> None:
    """SB-06: a one-to-many without a reverse side is written too."""
    item_class = inspect(Order).relationships["items"].mapper.class_
    order = Order(number="1", items=[item_class(name="a"), item_class(name="b")])
    shop.add(order)
    shop.commit()

    order.items.pop(0)
    shop.commit()

    owners = rows_of(shop, item_class.__table__.c.name, item_class.__table__.c.order_id)
    assert owners == [("a", None), ("b", order.id)]


def test_loaded_collection_is_ordered(session: Session) -> None:
    """LB-10: order_by= of the relationship orders a collection when it is loaded."""
    author = Author(name="ann", books=[Book(id=3), Book(id=1), Book(id=2)])
    session.add(author)
    session.commit()

    ids = [book.id for book in session.scalars(select(Author)).one().books]

    assert ids == [1, 2, 3]


def test_two_owners_swap_an_element_each(session: Session) -> None:
    """ST-61, CA-57: two elements that change places in one flush end where memory says."""
    first, second = Author(name="a", books=[Book(title="x")]), Author(name="b", books=[Book(title="y")])
    session.add_all([first, second])
    session.commit()

    first.books, second.books = list(second.books), list(first.books)
    session.commit()

    assert [book.title for book in first.books] == ["y"]
    assert [book.title for book in second.books] == ["x"]
