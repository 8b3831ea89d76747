"""Related objects, read one by one as they are asked for, or together with the others."""

from __future__ import annotations

from typing import Any

from benchmarks.contenders import Contender, OrmContender, RawContender
from benchmarks.data import AUTHOR, BOOK, author_row, book_row, fill, fill_books, refresh_statistics, stored
from benchmarks.failure import expect
from benchmarks.plain import PlainAuthor
from benchmarks.workload import Targets, Timed, Workload, register
from benchmarks.workloads.loading import orm_books, plain_book, raw_books


@register
class LazyParent(Workload):
    """Every book has an author of its own: none is there before."""

    id = "W9a"
    work = "lazy many-to-one, one by one"
    per = "object"
    targets = Targets(sqlite=(5.0, 4.0), server=(5, 4.2), latency=(1.2, 1.75))

    def operations(self, n: int) -> int:
        """A tenth of n: each is a query."""
        return max(n // 10, 1)

    def seed(self, contender: Contender, n: int) -> None:
        """As many books as authors."""
        count = self.operations(n)
        numbers = range(1, count + 1)
        fill(contender.execute, contender.backend, "author", AUTHOR, [author_row(number) for number in numbers])
        books = [(number, number, *book_row(number)[2:]) for number in numbers]
        fill(contender.execute, contender.backend, "book", BOOK, [stored(book, contender.backend) for book in books])
        refresh_statistics(contender.execute, contender.backend)

    def raw(self, raw: RawContender, n: int) -> Timed:
        """One SELECT for each book, as lazy loading sends it."""
        books, db = raw_books(raw), raw.db
        text = f"SELECT id, name FROM author WHERE id = {db.mark}"

        def run() -> list[str]:
            names = []
            for book in books:
                key, name = db.execute(text, (book.author_id,))[0]
                names.append(PlainAuthor(name, key).name)
            return names

        return Timed(run)

    def orm(self, orm: OrmContender, n: int) -> Timed:
        """book.author.name."""
        session, books = orm_books(orm)
        return Timed(lambda: [book.author.name for book in books], session.close)

    def verify(self, contender: Contender, n: int, result: Any) -> None:
        """The names of all authors."""
        names = [author_row(number)[1] for number in range(1, self.operations(n) + 1)]
        expect("names", sorted(result), sorted(names))


@register
class LazyChildren(Workload):
    """Three books an author."""

    id = "W9b"
    work = "lazy one-to-many, one by one, 3 children each"
    per = "parent"
    targets = Targets(sqlite=(4.4, 3.9), server=(5, 2.8), latency=(1.2, 1.6))

    def operations(self, n: int) -> int:
        """A tenth of n: each is a query."""
        return max(n // 10, 1)

    def seed(self, contender: Contender, n: int) -> None:
        """Authors with 3 books each."""
        fill_books(contender.execute, contender.backend, self.operations(n) * 3)

    def raw(self, raw: RawContender, n: int) -> Timed:
        """One SELECT for each author, as lazy loading sends it."""
        authors, db = _plain_authors(raw), raw.db
        text = f"SELECT {', '.join(BOOK)} FROM book WHERE author_id = {db.mark}"

        def run() -> int:
            for author in authors:
                author.books = [plain_book(raw, row) for row in db.execute(text, (author.id,))]
            return sum(book.pages for author in authors for book in author.books)

        return Timed(run)

    def orm(self, orm: OrmContender, n: int) -> Timed:
        """author.books."""
        session = orm.session()
        authors = list(session.scalars(orm.core.select(orm.models.Author)))
        return Timed(lambda: sum(book.pages for author in authors for book in author.books), session.close)

    def verify(self, contender: Contender, n: int, result: Any) -> None:
        """The pages of all books, summed up."""
        expect("pages", result, sum(book_row(number)[4] for number in range(1, self.operations(n) * 3 + 1)))


def _plain_authors(raw: RawContender) -> list[PlainAuthor]:
    return [PlainAuthor(name, key) for key, name in raw.db.execute("SELECT id, name FROM author")]
