"""Changed objects become UPDATEs."""

from __future__ import annotations

from typing import Any

from benchmarks.contenders import Contender, OrmContender, RawContender
from benchmarks.data import fill_books
from benchmarks.failure import expect
from benchmarks.workload import Targets, Timed, Workload, register
from benchmarks.workloads.attributes import write_two
from benchmarks.workloads.loading import orm_books, raw_books


@register
class Update(Workload):
    """The same two columns of every book."""

    id = "W6"
    work = "2 writes on a loaded object, flush-update, one commit"
    per = "object"
    targets = Targets(sqlite=(5.9, 4.6), server=(2, 2.3), latency=(2, 29.5))

    def seed(self, contender: Contender, n: int) -> None:
        """n books."""
        fill_books(contender.execute, contender.backend, n)

    def raw(self, raw: RawContender, n: int) -> Timed:
        """One UPDATE for each thousand rows."""
        books, db = raw_books(raw), raw.db

        def run() -> None:
            write_two(books)
            db.begin()
            db.update("book", ("pages", "title"), [(book.id, book.pages, book.title) for book in books])
            db.commit()

        return Timed(run)

    def orm(self, orm: OrmContender, n: int) -> Timed:
        """The objects are changed and committed."""
        session, books = orm_books(orm)

        def run() -> None:
            write_two(books)
            session.commit()

        return Timed(run, session.close)

    def verify(self, contender: Contender, n: int, result: Any) -> None:
        """Every row holds the new values."""
        rows = contender.execute("SELECT pages, title FROM book ORDER BY pages")
        expect("rows", rows, [(number + 1, "changed") for number in range(1, n + 1)])
