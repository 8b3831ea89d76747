"""A commit makes a Session forget, and what is read again afterwards; a Session that holds much and writes little."""

from __future__ import annotations

from typing import Any

from benchmarks.contenders import Contender, OrmContender, RawContender
from benchmarks.data import BOOK, book_row, fill_books
from benchmarks.failure import expect
from benchmarks.workload import Targets, Timed, Workload, register
from benchmarks.workloads.loading import plain_book, raw_books


@register
class Expired(Workload):
    """The first read of an expired object reads its row again."""

    id = "W14"
    work = "commit expires objects, re-read one by one"
    per = "object"
    targets = Targets(sqlite=(8.8, 3.1), server=(25, 3.7), latency=(60, 2.65))

    def operations(self, n: int) -> int:
        """A fifth of n: each is a query."""
        return max(n // 5, 1)

    def seed(self, contender: Contender, n: int) -> None:
        """The books."""
        fill_books(contender.execute, contender.backend, self.operations(n))

    def raw(self, raw: RawContender, n: int) -> Timed:
        """One SELECT an object on SQLite; on a server one for each thousand, as hand-written code would."""
        books, db, step = raw_books(raw), raw.db, 1 if raw.backend == "sqlite" else 1000
        text = f"SELECT {', '.join(BOOK)} FROM book WHERE id IN "

        def run() -> int:
            total = 0
            for start in range(0, len(books), step):
                keys = [book.id for book in books[start : start + step]]
                rows = db.execute(f"{text} ({', '.join([db.mark] * len(keys))})", keys)
                total += sum(plain_book(raw, row).pages for row in rows)
            return total

        return Timed(run)

    def orm(self, orm: OrmContender, n: int) -> Timed:
        """Session.commit(), then an attribute of each."""
        session = orm.session(expire_on_commit=True)
        books = list(session.scalars(orm.core.select(orm.models.Book)))

        def run() -> int:
            session.commit()
            return sum(book.pages for book in books)

        return Timed(run, session.close)

    def verify(self, contender: Contender, n: int, result: Any) -> None:
        """The pages of all books, summed up."""
        expect("pages", result, sum(book_row(number)[4] for number in range(1, self.operations(n) + 1)))


@register
class OneOfMany(Workload):
    """A flush must look at what changed, not at what is there."""

    id = "W15"
    work = "modify 1, flush, five times n clean objects held"
    per = "flush"
    targets = Targets(sqlite=(11.7, 6.1), server=(2, 2.4), latency=(1.1, 1.3))

    def operations(self, n: int) -> int:
        """A tenth of n flushes."""
        return max(n // 10, 1)

    def seed(self, contender: Contender, n: int) -> None:
        """50,000 books, if n is 10,000."""
        fill_books(contender.execute, contender.backend, 5 * n)

    def raw(self, raw: RawContender, n: int) -> Timed:
        """One UPDATE a time, in one transaction."""
        count, db, books = self.operations(n), raw.db, raw_books(raw)
        text = f"UPDATE book SET pages = {db.mark} WHERE id = {db.mark}"
        db.commit() if raw.backend == "mariadb" else None
        db.begin()

        def run() -> None:
            for number, book in enumerate(books[:count]):
                book.pages = 10_000 + number
                db.execute(text, (book.pages, book.id))

        return Timed(run, db.commit)

    def orm(self, orm: OrmContender, n: int) -> Timed:
        """One write, one flush(), again and again."""
        count, session = self.operations(n), orm.session()
        books = list(session.scalars(orm.core.select(orm.models.Book)))

        def run() -> None:
            for number, book in enumerate(books[:count]):
                book.pages = 10_000 + number
                session.flush()

        return Timed(run, lambda: (session.commit(), session.close()))

    def verify(self, contender: Contender, n: int, result: Any) -> None:
        """The rows of the changed books, and no others."""
        rows = contender.execute("SELECT pages FROM book WHERE pages >= 10000 ORDER BY pages")
        expect("rows", rows, [(10_000 + number,) for number in range(self.operations(n))])
