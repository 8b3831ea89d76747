"""Changed objects become UPDATEs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from benchmarks.contenders import Contender, OrmContender, RawContender
from benchmarks.data import book_row, fill_books
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


@register
class MixedUpdate(Workload):
    """A web of changes: the books differ in what was changed."""

    id = "W6b"
    work = "flush-update, 5 different column sets, one commit"
    per = "object"
    targets = Targets(sqlite=(4.3, 4.65), server=(2.5, 2.6), latency=(2.5, 21))

    def seed(self, contender: Contender, n: int) -> None:
        """n books."""
        fill_books(contender.execute, contender.backend, n)

    def raw(self, raw: RawContender, n: int) -> Timed:
        """One UPDATE for each set of columns and thousand rows."""
        books, db = raw_books(raw), raw.db

        def run() -> None:
            _write_mixed(books)
            groups: list[list[Any]] = [[], [], [], [], []]
            for book in books:
                groups[book.id % 5].append((book.id, *[getattr(book, name) for name in _SETS[book.id % 5]]))
            db.begin()
            for names, rows in zip(_SETS, groups):
                db.update("book", names, rows)
            db.commit()

        return Timed(run)

    def orm(self, orm: OrmContender, n: int) -> Timed:
        """The objects are changed and committed."""
        session, books = orm_books(orm)

        def run() -> None:
            _write_mixed(books)
            session.commit()

        return Timed(run, session.close)

    def verify(self, contender: Contender, n: int, result: Any) -> None:
        """Every row holds the new values, and the old ones where nothing was changed."""
        rows = contender.execute("SELECT id, title, isbn, pages, price FROM book ORDER BY id")
        expect("rows", rows, [_mixed(number) for number in range(1, n + 1)])


_SETS = (("pages",), ("title",), ("isbn", "price"), ("pages", "title"), ("pages", "price"))


def _write_mixed(books: Sequence[Any]) -> None:
    """One or two writes on each book, by its key."""
    for book in books:
        kind = book.id % 5
        if kind == 0:
            book.pages = 1
        elif kind == 1:
            book.title = "changed"
        elif kind == 2:
            book.isbn = "none"
            book.price = 2.5
        elif kind == 3:
            book.pages = 3
            book.title = "new"
        else:
            book.pages = 4
            book.price = 4.5


def _mixed(number: int) -> tuple[Any, ...]:
    key, _, title, isbn, pages, price, *_ = book_row(number)
    changed = {0: {"pages": 1}, 1: {"title": "changed"}, 2: {"isbn": "none", "price": 2.5}}
    changed |= {3: {"pages": 3, "title": "new"}, 4: {"pages": 4, "price": 4.5}}
    row = {"id": key, "title": title, "isbn": isbn, "pages": pages, "price": price, **changed[number % 5]}
    return tuple(row.values())
