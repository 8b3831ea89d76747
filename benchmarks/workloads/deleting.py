"""Deleted objects take their rows along, and those of their children."""

from __future__ import annotations

from typing import Any

from benchmarks.contenders import Contender, OrmContender, RawContender
from benchmarks.data import fill_books
from benchmarks.failure import expect
from benchmarks.workload import Targets, Timed, Workload, register


@register
class DeleteUnloaded(Workload):
    """The cascade reaches the books, and the link rows that books may have, through the database."""

    id = "W7b"
    work = "delete authors with 3 children each, children not loaded, one commit"
    per = "row"
    targets = Targets(sqlite=(12.2, 17), server=(7, 9.7), latency=(5, 69))

    def operations(self, n: int) -> int:
        """Authors and books."""
        return n // 4 * 4

    def seed(self, contender: Contender, n: int) -> None:
        """A quarter of n authors, with 3 books each."""
        fill_books(contender.execute, contender.backend, n // 4 * 3)

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

    def orm(self, orm: OrmContender, n: int) -> Timed:
        """Each author is deleted, then one commit."""
        session = orm.session()
        authors = list(session.scalars(orm.core.select(orm.models.Author)))

        def run() -> None:
            for author in authors:
                session.delete(author)
            session.commit()

        return Timed(run, session.close)

    def verify(self, contender: Contender, n: int, result: Any) -> None:
        """Nothing is left."""
        expect("authors", contender.execute("SELECT count(*) FROM author"), [(0,)])
        expect("books", contender.execute("SELECT count(*) FROM book"), [(0,)])
