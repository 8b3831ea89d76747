"""Attributes of loaded objects, read and written; no SQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from benchmarks.contenders import Contender, OrmContender, RawContender
from benchmarks.data import book_row, fill_books
from benchmarks.failure import expect
from benchmarks.workload import Targets, Timed, Workload, register
from benchmarks.workloads.loading import orm_books, raw_books


@register
class Reads(Workload):
    """Eight columns, two of them twice."""

    id = "W4"
    work = "10 column reads on a loaded object"
    per = "object"
    targets = Targets(sqlite=(4.5, 4.9))

    def seed(self, contender: Contender, n: int) -> None:
        """n books."""
        fill_books(contender.execute, contender.backend, n)

    def raw(self, raw: RawContender, n: int) -> Timed:
        """Plain attributes."""
        books = raw_books(raw)
        return Timed(lambda: _read(books))

    def orm(self, orm: OrmContender, n: int) -> Timed:
        """Mapped attributes."""
        session, books = orm_books(orm)
        return Timed(lambda: _read(books), session.close)

    def verify(self, contender: Contender, n: int, result: Any) -> None:
        """The pages of all books, summed up."""
        expect("pages", result, sum(book_row(number)[4] for number in range(1, n + 1)))


@register
class Writes(Workload):
    """An integer and a string, each for the first time."""

    id = "W5"
    work = "2 writes on a loaded object"
    per = "object"
    targets = Targets(sqlite=(16.0, 2.9))

    def seed(self, contender: Contender, n: int) -> None:
        """n books."""
        fill_books(contender.execute, contender.backend, n)

    def raw(self, raw: RawContender, n: int) -> Timed:
        """Plain attributes."""
        books = raw_books(raw)

        def run() -> tuple[Sequence[Any], None]:
            write_two(books)
            return books, None

        return Timed(run)

    def orm(self, orm: OrmContender, n: int) -> Timed:
        """Mapped attributes, tracked: the Session knows of every change."""
        session, books = orm_books(orm)

        def run() -> tuple[Sequence[Any], Any]:
            write_two(books)
            return books, session

        return Timed(run)

    def verify(self, contender: Contender, n: int, result: Any) -> None:
        """The values are there and, of an ORM, all objects are dirty."""
        books, session = result
        expect("pages", [book.pages for book in books], list(range(2, n + 2)))
        expect("titles", {book.title for book in books}, {"changed"})
        if isinstance(contender, OrmContender):
            expect("dirty objects", len(session.dirty), n)
            session.close()


def write_two(books: Sequence[Any]) -> None:
    """Two writes on each book: `pages` becomes its place and two, `title` another text."""
    pages = 2
    for book in books:
        book.pages = pages
        book.title = "changed"
        pages += 1


def _read(books: Sequence[Any]) -> int:
    total = 0
    for book in books:
        _ = book.id
        _ = book.author_id
        _ = book.title
        _ = book.isbn
        _ = book.price
        _ = book.published
        _ = book.in_stock
        _ = book.title
        _ = book.pages
        total += book.pages
    return total
