"""Many-to-many: rows of a table between."""

from __future__ import annotations

from typing import Any

from benchmarks.contenders import Contender, OrmContender, RawContender
from benchmarks.data import BOOK, TAG, TAGS, book_row, fill, refresh_statistics, tag_numbers, tag_row
from benchmarks.failure import expect
from benchmarks.plain import PlainBook
from benchmarks.workload import Targets, Timed, Workload, register


@register
class TaggedBooks(Workload):
    """The tags are there already, and loaded."""

    id = "W1m"
    work = "flush-insert books with 3 tags each, many-to-many, one commit, keys back"
    per = "book"
    targets = Targets(sqlite=(3.6, 3.1), server=(1.7, 1.35), latency=(1.6, 1.56))

    def seed(self, contender: Contender, n: int) -> None:
        """One author and the tags."""
        contender.execute("INSERT INTO author (id, name) VALUES (1, 'author 1')")
        fill(contender.execute, contender.backend, "tag", TAG, [tag_row(number) for number in range(1, TAGS + 1)])
        refresh_statistics(contender.execute, contender.backend)

    def raw(self, raw: RawContender, n: int) -> Timed:
        """Two batches: the books, then the links."""
        fields, db, convert = _fields(n), raw.db, raw.backend == "sqlite"

        def run() -> list[Any]:
            books = [PlainBook(None, **each) for each in fields]
            rows = []
            for book in books:
                day = book.published.isoformat() if convert else book.published
                rows.append((book.author_id, book.title, book.isbn, book.pages, book.price, day, book.in_stock))
            db.begin()
            links = []
            for number, (book, key) in enumerate(zip(books, db.insert("book", BOOK[1:], rows, keys=True)), 1):
                book.id = key
                links += [(key, tag) for tag in tag_numbers(number)]
            db.insert("book_tag", ("book_id", "tag_id"), links)
            db.commit()
            return books

        return Timed(run)

    def orm(self, orm: OrmContender, n: int) -> Timed:
        """The books are made with their tags, added and committed."""
        fields, book_class = _fields(n), orm.models.Book
        session = orm.session()
        tags = {tag.id: tag for tag in session.scalars(orm.core.select(orm.models.Tag))}

        def run() -> list[Any]:
            books = [
                book_class(**each, tags=[tags[tag] for tag in tag_numbers(number)])
                for number, each in enumerate(fields, 1)
            ]
            session.add_all(books)
            session.commit()
            return books

        return Timed(run, session.close)

    def verify(self, contender: Contender, n: int, result: Any) -> None:
        """Every book has its row, and every link."""
        rows = contender.execute("SELECT id, title FROM book ORDER BY id")
        expect("books", rows, sorted((book.id, book.title) for book in result))
        links = [(book.id, tag) for number, book in enumerate(result, 1) for tag in tag_numbers(number)]
        expect("links", contender.execute("SELECT book_id, tag_id FROM book_tag ORDER BY 1, 2"), sorted(links))


def _fields(n: int) -> list[dict[str, Any]]:
    """The books as keyword arguments; author 1 has written all."""
    return [dict(zip(BOOK[1:], (1, *book_row(number)[2:]), strict=True)) for number in range(1, n + 1)]
