"""Objects by key, and small queries."""

from __future__ import annotations

from typing import Any

from benchmarks.contenders import Contender, OrmContender, RawContender
from benchmarks.data import BOOK, book_row, fill_books
from benchmarks.failure import expect
from benchmarks.plain import PlainBook
from benchmarks.workload import Targets, Timed, Workload, register
from benchmarks.workloads.loading import orm_books, plain_book

_PAGE = 20


class _OfBooks(Workload):
    per = "query"

    def operations(self, n: int) -> int:
        """A tenth of n queries: each costs as much as many rows of a large one."""
        return max(n // 10, 1)

    def seed(self, contender: Contender, n: int) -> None:
        """n books."""
        fill_books(contender.execute, contender.backend, n)

    def verify(self, contender: Contender, n: int, result: Any) -> None:
        """The pages of the books that were asked for, summed up."""
        expect("pages", result, sum(book_row(number)[4] for number in range(1, self.operations(n) + 1)))


@register
class GetHits(_OfBooks):
    """The identity map answers."""

    id = "W8h"
    work = "get by key: hits"
    per = "object"
    targets = Targets(sqlite=(12, 2.7))

    def operations(self, n: int) -> int:
        """Every object."""
        return n

    def raw(self, raw: RawContender, n: int) -> Timed:
        """A dictionary knows the books by key."""
        known = {number: PlainBook(*book_row(number)) for number in range(1, n + 1)}
        return Timed(lambda: sum(known[number].pages for number in range(1, n + 1)))

    def orm(self, orm: OrmContender, n: int) -> Timed:
        """Session.get() of objects that are there."""
        session, books = orm_books(orm)
        get, book_class = session.get, orm.models.Book

        def run() -> int:
            return sum(get(book_class, number).pages for number in range(1, n + 1))

        return Timed(run, lambda: (session.close(), books.clear()))


@register
class GetMisses(_OfBooks):
    """One SELECT an object."""

    id = "W8m"
    work = "get by key: misses"
    per = "object"
    targets = Targets(sqlite=(6.2, 3.1), server=(2.5, 2.3), latency=(1.2, 1.8))

    def raw(self, raw: RawContender, n: int) -> Timed:
        """SELECT by key."""
        count, db = self.operations(n), raw.db
        text = f"SELECT {', '.join(BOOK)} FROM book WHERE id = {db.mark}"

        def run() -> int:
            return sum(plain_book(raw, db.execute(text, (number,))[0]).pages for number in range(1, count + 1))

        return Timed(run)

    def orm(self, orm: OrmContender, n: int) -> Timed:
        """Session.get() of objects that are not there."""
        count, book_class = self.operations(n), orm.models.Book

        def run() -> int:
            with orm.session() as session:
                return sum(session.get(book_class, number).pages for number in range(1, count + 1))

        return Timed(run)


@register
class OneByFilter(_OfBooks):
    """The statement is made anew each time, as users do."""

    id = "W19"
    work = "single-row queries by filter"
    targets = Targets(sqlite=(9.9, 2.8), server=(3, 2))

    def raw(self, raw: RawContender, n: int) -> Timed:
        """SELECT with a condition."""
        count, db = self.operations(n), raw.db
        text = f"SELECT {', '.join(BOOK)} FROM book WHERE id = {db.mark} AND isbn = {db.mark}"

        def run() -> int:
            rows = (db.execute(text, (number, f"978-{number:09d}"))[0] for number in range(1, count + 1))
            return sum(plain_book(raw, row).pages for row in rows)

        return Timed(run)

    def orm(self, orm: OrmContender, n: int) -> Timed:
        """select().where(...), one()."""
        count, book_class, select = self.operations(n), orm.models.Book, orm.core.select

        def run() -> int:
            total = 0
            with orm.session() as session:
                for number in range(1, count + 1):
                    isbn = f"978-{number:09d}"
                    statement = select(book_class).where(book_class.id == number, book_class.isbn == isbn)
                    total += session.scalars(statement).one().pages
            return total

        return Timed(run)


@register
class Pages(_OfBooks):
    """Each page has objects that were not there before."""

    id = "W17"
    work = "queries of 20 rows: filter, order, limit"
    targets = Targets(sqlite=(2.9, 3.3), server=(1.8, 1.9), latency=(1.2, 1.8))

    def operations(self, n: int) -> int:
        """One for each 20 of n books."""
        return max(n // _PAGE, 1)

    def raw(self, raw: RawContender, n: int) -> Timed:
        """SELECT ... WHERE ... ORDER BY ... LIMIT."""
        count, db, mark = self.operations(n), raw.db, raw.db.mark
        condition = f"id > {mark} AND pages < {mark} ORDER BY id LIMIT {mark}"
        text = f"SELECT {', '.join(BOOK)} FROM book WHERE {condition}"

        def run() -> int:
            total = 0
            for page in range(count):
                books = [plain_book(raw, row) for row in db.execute(text, (page * _PAGE, 5000, _PAGE))]
                total += sum(book.pages for book in books)
            return total

        return Timed(run)

    def orm(self, orm: OrmContender, n: int) -> Timed:
        """select().where().order_by().limit()."""
        count, book_class, select = self.operations(n), orm.models.Book, orm.core.select

        def run() -> int:
            total = 0
            with orm.session() as session:
                for page in range(count):
                    statement = select(book_class).where(book_class.id > page * _PAGE, book_class.pages < 5000)
                    books = session.scalars(statement.order_by(book_class.id).limit(_PAGE)).all()
                    total += sum(book.pages for book in books)
            return total

        return Timed(run)

    def verify(self, contender: Contender, n: int, result: Any) -> None:
        """The pages of all books, summed up."""
        last = min(self.operations(n) * _PAGE, n)
        expect("pages", result, sum(book_row(number)[4] for number in range(1, last + 1)))
