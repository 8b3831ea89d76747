"""Rows of objects that are there already, and rows that come one part at a time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from benchmarks.contenders import Contender, OrmContender, RawContender
from benchmarks.data import BOOK, Row, book_row, fill_books
from benchmarks.failure import expect
from benchmarks.plain import PlainBook
from benchmarks.workload import Targets, Timed, Workload, register
from benchmarks.workloads.loading import orm_books

_PART = 1000


@register
class LoadAgain(Workload):
    """The objects stay as they are: nothing is built, each is found by its key."""

    id = "W3"
    work = "load books again, all present in the Session"
    per = "object"
    targets = Targets(sqlite=(1.4, 1.95), server=(1.6, 1.9))

    def seed(self, contender: Contender, n: int) -> None:
        """n books."""
        fill_books(contender.execute, contender.backend, n)

    def raw(self, raw: RawContender, n: int) -> Timed:
        """One SELECT; a dictionary knows the books by key."""
        db, text = raw.db, f"SELECT {', '.join(BOOK)} FROM book"
        known = {number: PlainBook(*book_row(number)) for number in range(1, n + 1)}

        def run() -> list[Any]:
            return [known[row[0]] for row in db.execute(text)]

        return Timed(run)

    def orm(self, orm: OrmContender, n: int) -> Timed:
        """The same select() in the Session that holds the books."""
        session, books = orm_books(orm)
        select, book_class = orm.core.select, orm.models.Book

        def run() -> list[Any]:
            return list(session.scalars(select(book_class)))

        return Timed(run, lambda: (session.close(), books.clear()))

    def verify(self, contender: Contender, n: int, result: Any) -> None:
        """Each book once."""
        expect("books", sorted(book.id for book in result), list(range(1, n + 1)))


@register
class Stream(Workload):
    """No more than a thousand objects are held."""

    id = "W2s"
    work = "stream books, yield_per 1000, new session"
    per = "object"
    targets = Targets(sqlite=(1.5, 1.4), server=(1.8, 2.2))
    needs = "core.Result.yield_per"
    arrives = 3

    def seed(self, contender: Contender, n: int) -> None:
        """n books."""
        fill_books(contender.execute, contender.backend, n)

    def raw(self, raw: RawContender, n: int) -> Timed:
        """A cursor of the server, a thousand rows a time."""

        def run() -> int:
            return sum(PlainBook(*row).pages for row in _python_rows(raw))

        return Timed(run)

    def orm(self, orm: OrmContender, n: int) -> Timed:
        """A select() with yield_per."""
        statement = orm.core.select(orm.models.Book).execution_options(yield_per=_PART)

        def run() -> int:
            with orm.session() as session:
                return sum(book.pages for book in session.scalars(statement))

        return Timed(run)

    def verify(self, contender: Contender, n: int, result: Any) -> None:
        """The pages of all books, summed up."""
        expect("pages", result, sum(book_row(number)[4] for number in range(1, n + 1)))


def _python_rows(raw: RawContender) -> Iterator[Row]:
    """The rows of all books with Python values, fetched in parts."""
    parse = date.fromisoformat
    for row in raw.db.stream(f"SELECT {', '.join(BOOK)} FROM book", _PART):
        if raw.backend == "postgresql":
            yield row
        elif raw.backend == "mariadb":
            yield (*row[:7], bool(row[7]))
        else:
            yield (*row[:6], parse(row[6]), bool(row[7]))
