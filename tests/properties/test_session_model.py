"""A Session against a plain dictionary: random programs leave the rows that the dictionary says.

The model knows authors with books: names, and who owns which book. Every step is done to the Session and to the model;
``commit`` copies the model, ``rollback`` brings the copy back. After each step the objects must read as the model, and
at each commit the rows of the database must be those of the model.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.models import Author, Book, LibraryBase
from tests.support.rows import rows_of
from unitwork import create_engine
from unitwork.orm import Session

#: A step: its name, two numbers that choose objects, and a value.
steps = st.tuples(
    st.sampled_from(
        [
            "add author",
            "add book",
            "write",
            "append",
            "assign",
            "remove",
            "delete",
            "flush",
            "commit",
            "rollback",
            "read",
        ]
    ),
    st.integers(0, 9),
    st.integers(0, 9),
    st.integers(0, 3),
)


@dataclass
class Model:
    """What should be: names of authors, (name, owner) of books, by the number an object was made with."""

    authors: dict[int, str] = field(default_factory=dict)
    books: dict[int, tuple[str, int | None]] = field(default_factory=dict)

    def titles_of(self, author: int) -> list[str]:
        return sorted(name for name, owner in self.books.values() if owner == author)


class Pair:
    """A Session and its model, driven by the same steps."""

    def __init__(self, engine: Any) -> None:
        self.session = Session(engine)
        self.model = Model()
        self.committed = Model()
        self.objects: dict[int, Any] = {}
        self.next_number = 0

    def run(self, name: str, first: int, second: int, value: int) -> None:
        getattr(self, name.replace(" ", "_"))(first, second, f"v{value}")

    def some(self, kind: dict[int, Any], choice: int) -> int | None:
        numbers = sorted(kind)
        return numbers[choice % len(numbers)] if numbers else None

    def make(self, obj: Any) -> int:
        self.session.add(obj)
        self.next_number += 1
        self.objects[self.next_number] = obj
        return self.next_number

    def add_author(self, _first: int, _second: int, value: str) -> None:
        self.model.authors[self.make(Author(name=value))] = value

    def add_book(self, _first: int, _second: int, value: str) -> None:
        self.model.books[self.make(Book(title=value))] = (value, None)

    def write(self, first: int, _second: int, value: str) -> None:
        number = self.some({**self.model.authors, **self.model.books}, first)
        if number in self.model.authors:
            self.objects[number].name = value
            self.model.authors[number] = value
        elif number is not None:
            self.objects[number].title = value
            self.model.books[number] = (value, self.model.books[number][1])

    def append(self, first: int, second: int, _value: str) -> None:
        author, book = self.some(self.model.authors, first), self.some(self.model.books, second)
        if author is not None and book is not None and self.objects[book] not in self.objects[author].books:
            self.objects[author].books.append(self.objects[book])
            self.model.books[book] = (self.model.books[book][0], author)

    def assign(self, first: int, second: int, value: str) -> None:
        book = self.some(self.model.books, second)
        author = None if value == "v0" else self.some(self.model.authors, first)
        if book is not None:
            self.objects[book].author = None if author is None else self.objects[author]
            self.model.books[book] = (self.model.books[book][0], author)

    def remove(self, first: int, second: int, _value: str) -> None:
        author = self.some(self.model.authors, first)
        books = [] if author is None else list(self.objects[author].books)
        if books:
            gone = books[second % len(books)]
            self.objects[author].books.remove(gone)
            book = next(number for number, obj in self.objects.items() if obj is gone)
            self.model.books[book] = (self.model.books[book][0], None)

    def delete(self, first: int, _second: int, _value: str) -> None:
        number = self.some({**self.model.authors, **self.model.books}, first)
        if number is None:
            return
        self.session.flush()
        self.session.delete(self.objects[number])
        self.session.flush()
        self.session.expire_all()  # a deleted object stays in loaded collections until they expire
        self.model.authors.pop(number, None)
        self.model.books.pop(number, None)
        for book, (title, owner) in self.model.books.items():
            if owner == number:
                self.model.books[book] = (title, None)

    def flush(self, _first: int, _second: int, _value: str) -> None:
        self.session.flush()

    def commit(self, _first: int, _second: int, _value: str) -> None:
        self.session.commit()
        self.committed = copy.deepcopy(self.model)
        self.check_rows()

    def rollback(self, _first: int, _second: int, _value: str) -> None:
        self.session.rollback()
        self.model = copy.deepcopy(self.committed)

    def read(self, _first: int, _second: int, _value: str) -> None:
        for number, name in self.model.authors.items():
            author = self.objects[number]
            assert author.name == name
            assert sorted(book.title for book in author.books) == self.model.titles_of(number)
        for number, (title, owner) in self.model.books.items():
            book = self.objects[number]
            assert book.title == title
            assert book.author is (None if owner is None else self.objects[owner])

    def check_rows(self) -> None:
        keys = {number: self.objects[number].id for number in self.model.authors}
        assert rows_of(self.session, Author.__table__.c.name) == sorted((name,) for name in self.model.authors.values())
        books = [(title, None if owner is None else keys[owner]) for title, owner in self.model.books.values()]
        assert rows_of(self.session, Book.__table__.c.title, Book.__table__.c.author_id) == sorted(
            books, key=lambda row: [(value is not None, value) for value in row]
        )


@pytest.fixture(scope="module")
def engine() -> Iterator[Any]:
    engine = create_engine("sqlite://")
    yield engine
    engine.dispose()


@settings(max_examples=50, deadline=None)
@given(program=st.lists(steps, max_size=30))
def test_session_leaves_the_rows_of_the_model(engine: Any, program: list[tuple[str, int, int, int]]) -> None:
    """SB-06, SB-110, SB-118 to SB-120, ST-60, CA-24: objects read, and rows are, as a plain dictionary says."""
    LibraryBase.metadata.create_all(engine)
    pair = Pair(engine)
    try:
        for step in program:
            pair.run(*step)
        pair.read(0, 0, "")
        pair.commit(0, 0, "")
        pair.read(0, 0, "")
    finally:
        pair.session.close()
        LibraryBase.metadata.drop_all(engine)
