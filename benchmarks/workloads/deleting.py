"""Deleted objects take their rows along, and those of their children."""

from __future__ import annotations

from typing import Any

from benchmarks.contenders import Contender, OrmContender, RawContender
from benchmarks.data import fill_books
from benchmarks.failure import expect
from benchmarks.workload import Targets, Timed, Workload, register


class _Delete(Workload):
    """The cascade reaches the books, and the link rows that books may have, which nobody has loaded."""

    per = "row"

    def operations(self, n: int) -> int:
        """Authors and books."""
        return n // 4 * 4

    def seed(self, contender: Contender, n: int) -> None:
        """A quarter of n authors, with 3 books each."""
        fill_books(contender.execute, contender.backend, n // 4 * 3)

    def authors(self, orm: OrmContender, session: Any) -> list[Any]:
        """The authors, loaded into a Session."""
        raise NotImplementedError

    def orm(self, orm: OrmContender, n: int) -> Timed:
        """Each author is deleted, then one commit."""
        session = orm.session()
        authors = self.authors(orm, session)

        def run() -> None:
            for author in authors:
                session.delete(author)
            session.commit()

        return Timed(run, session.close)

    def verify(self, contender: Contender, n: int, result: Any) -> None:
        """Nothing is left."""
        expect("authors", contender.execute("SELECT count(*) FROM author"), [(0,)])
        expect("books", contender.execute("SELECT count(*) FROM book"), [(0,)])


@register
class DeleteLoaded(_Delete):
    """The Session knows the books."""

    id = "W7"
    work = "delete authors with 3 loaded children each, one commit"
    targets = Targets(sqlite=(6.2, 10.7), server=(5, 6.6), latency=(3, 60))

    def raw(self, raw: RawContender, n: int) -> Timed:
        """Three DELETEs for each thousand, by keys that are known."""
        db = raw.db
        keys = [row[0] for row in db.execute("SELECT id FROM author")]
        book_keys = [row[0] for row in db.execute("SELECT id FROM book")]

        def run() -> None:
            db.begin()
            db.delete("book_tag", "book_id IN {keys}", book_keys)
            db.delete("book", "id IN {keys}", book_keys)
            db.delete("author", "id IN {keys}", keys)
            db.commit()

        return Timed(run)

    def authors(self, orm: OrmContender, session: Any) -> list[Any]:
        """With their books."""
        author_class = orm.models.Author
        statement = orm.core.select(author_class).options(orm.orm.selectinload(author_class.books))
        return list(session.scalars(statement))


@register
class DeleteUnloaded(_Delete):
    """The Session does not know the books."""

    id = "W7b"
    work = "delete authors with 3 children each, children not loaded, one commit"
    targets = Targets(sqlite=(12.2, 17), server=(7, 9.7), latency=(5, 69))

    def raw(self, raw: RawContender, n: int) -> Timed:
        """Three DELETEs for each thousand authors."""
        db = raw.db
        keys = [row[0] for row in db.execute("SELECT id FROM author")]

        def run() -> None:
            db.begin()
            db.delete("book_tag", "book_id IN (SELECT id FROM book WHERE author_id IN {keys})", keys)
            db.delete("book", "author_id IN {keys}", keys)
            db.delete("author", "id IN {keys}", keys)
            db.commit()

        return Timed(run)

    def authors(self, orm: OrmContender, session: Any) -> list[Any]:
        """Without their books."""
        return list(session.scalars(orm.core.select(orm.models.Author)))
