"""Related objects read in sets, together with those they belong to."""

from __future__ import annotations

from typing import Any

from benchmarks.contenders import Contender, OrmContender, RawContender
from benchmarks.data import BOOK, book_row, fill_books, fill_tagged_books, tag_numbers
from benchmarks.failure import expect
from benchmarks.plain import PlainAuthor
from benchmarks.workload import Targets, Timed, Workload, register
from benchmarks.workloads.loading import plain_book, raw_books

_CHUNK = 500


@register
class SelectinChildren(Workload):
    """Authors, then the books of 500 authors a statement."""

    id = "W9c"
    work = "selectin one-to-many, 3 children each"
    per = "parent"
    targets = Targets(sqlite=(2.0, 1.7), server=(3, 2.4), latency=(1.6, 2.2))

    def operations(self, n: int) -> int:
        """A third of n authors."""
        return max(n // 3, 1)

    def seed(self, contender: Contender, n: int) -> None:
        """Authors with 3 books each."""
        fill_books(contender.execute, contender.backend, self.operations(n) * 3)

    def raw(self, raw: RawContender, n: int) -> Timed:
        """SELECT ... WHERE author_id IN (...)."""
        db = raw.db

        def run() -> list[Any]:
            authors = [PlainAuthor(name, key) for key, name in db.execute("SELECT id, name FROM author")]
            by_key = {author.id: author for author in authors}
            keys = list(by_key)
            for start in range(0, len(keys), _CHUNK):
                chunk = keys[start : start + _CHUNK]
                marks = ", ".join([db.mark] * len(chunk))
                for row in db.execute(f"SELECT {', '.join(BOOK)} FROM book WHERE author_id IN ({marks})", chunk):
                    by_key[row[1]].books.append(plain_book(raw, row))
            return authors

        return Timed(run)

    def orm(self, orm: OrmContender, n: int) -> Timed:
        """options(selectinload(...))."""
        author_class = orm.models.Author

        def run() -> list[Any]:
            with orm.session() as session:
                statement = orm.core.select(author_class).options(orm.orm.selectinload(author_class.books))
                return list(session.scalars(statement))

        return Timed(run)

    def verify(self, contender: Contender, n: int, result: Any) -> None:
        """Every author has the right books."""
        got = {author.id: sorted(book.id for book in author.books) for author in result}
        count = self.operations(n)
        expect("books", got, {key: [key * 3 - 2, key * 3 - 1, key * 3] for key in range(1, count + 1)})


@register
class JoinedParent(Workload):
    """Three books share an author."""

    id = "W9d"
    work = "joined many-to-one"
    per = "object"
    targets = Targets(sqlite=(2.0, 1.6), server=(2.5, 2.2), latency=(1.5, 2.1))
    needs = "orm.joinedload"
    arrives = 3

    def seed(self, contender: Contender, n: int) -> None:
        """n books."""
        fill_books(contender.execute, contender.backend, n)

    def raw(self, raw: RawContender, n: int) -> Timed:
        """SELECT ... LEFT JOIN."""
        names = ", ".join(f"b.{name}" for name in BOOK)
        text = f"SELECT {names}, a.id, a.name FROM book b LEFT JOIN author a ON a.id = b.author_id"

        def run() -> list[Any]:
            authors: dict[int, PlainAuthor] = {}
            books = []
            for row in raw.db.execute(text):
                book: Any = plain_book(raw, row[:8])
                author = authors.get(row[8])
                if author is None:
                    author = authors[row[8]] = PlainAuthor(row[9], row[8])
                book.author = author
                books.append(book)
            return books

        return Timed(run)

    def orm(self, orm: OrmContender, n: int) -> Timed:
        """options(joinedload(...))."""
        book_class = orm.models.Book

        def run() -> list[Any]:
            with orm.session() as session:
                statement = orm.core.select(book_class).options(orm.orm.joinedload(book_class.author))
                return list(session.scalars(statement))

        return Timed(run)

    def verify(self, contender: Contender, n: int, result: Any) -> None:
        """Every book has the right author."""
        got = {book.id: (book.author.id, book.author.name) for book in result}
        expect("authors", got, {i: (book_row(i)[1], f"author {book_row(i)[1]}") for i in range(1, n + 1)})


@register
class SelectinLinked(Workload):
    """Books, then the tags of 500 books a statement."""

    id = "W9e"
    work = "selectin many-to-many, 3 tags each"
    per = "object"
    targets = Targets(sqlite=(2.5, 1.6), server=(3, 2.1), latency=(1.7, 2.1))

    def seed(self, contender: Contender, n: int) -> None:
        """n books with their tags."""
        fill_tagged_books(contender.execute, contender.backend, n)

    def raw(self, raw: RawContender, n: int) -> Timed:
        """SELECT ... JOIN book_tag WHERE book_id IN (...)."""
        db = raw.db
        text = "SELECT l.book_id, t.id, t.name FROM book_tag l JOIN tag t ON t.id = l.tag_id WHERE l.book_id IN"

        def run() -> list[Any]:
            books: list[Any] = list(raw_books(raw))
            by_key = {book.id: book for book in books}
            for book in books:
                book.tags = []
            tags: dict[int, PlainAuthor] = {}
            for start in range(0, len(books), _CHUNK):
                chunk = [book.id for book in books[start : start + _CHUNK]]
                for book_id, key, name in db.execute(f"{text} ({', '.join([db.mark] * len(chunk))})", chunk):
                    tag = tags.get(key)
                    if tag is None:
                        tag = tags[key] = PlainAuthor(name, key)
                    by_key[book_id].tags.append(tag)
            return books

        return Timed(run)

    def orm(self, orm: OrmContender, n: int) -> Timed:
        """options(selectinload(...))."""
        book_class = orm.models.Book

        def run() -> list[Any]:
            with orm.session() as session:
                statement = orm.core.select(book_class).options(orm.orm.selectinload(book_class.tags))
                return list(session.scalars(statement))

        return Timed(run)

    def verify(self, contender: Contender, n: int, result: Any) -> None:
        """Every book has the right tags."""
        got = {book.id: sorted(tag.id for tag in book.tags) for book in result}
        expect("tags", got, {number: sorted(tag_numbers(number)) for number in range(1, n + 1)})
