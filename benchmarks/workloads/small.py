"""Small transactions: what a web request does."""

from __future__ import annotations

from typing import Any

from benchmarks.contenders import Contender, OrmContender, RawContender
from benchmarks.data import AUTHOR, author_row, fill, refresh_statistics
from benchmarks.failure import expect
from benchmarks.plain import PlainAuthor
from benchmarks.workload import Targets, Timed, Workload, register


class _Small(Workload):
    """A tenth of n transactions: each costs as much as many rows of a batch."""

    per = "transaction"

    def operations(self, n: int) -> int:
        """Transactions."""
        return max(n // 10, 1)


@register
class InsertOne(_Small):
    """The key comes back."""

    id = "W10i"
    work = "new session: insert 1, commit"
    targets = Targets(sqlite=(12.2, 6.3), server=(5, 3.4), latency=(1.1, 1.6))

    def raw(self, raw: RawContender, n: int) -> Timed:
        """INSERT ... RETURNING in a transaction of its own."""
        count, db = self.operations(n), raw.db
        text = f"INSERT INTO author (name) VALUES ({db.mark}) RETURNING id"

        def run() -> list[Any]:
            authors = []
            for number in range(1, count + 1):
                author = PlainAuthor(f"author {number}")
                db.begin()
                author.id = db.execute(text, (author.name,))[0][0]
                db.commit()
                authors.append(author)
            return authors

        return Timed(run)

    def orm(self, orm: OrmContender, n: int) -> Timed:
        """A Session for each transaction."""
        count, author_class = self.operations(n), orm.models.Author

        def run() -> list[Any]:
            authors = []
            for number in range(1, count + 1):
                with orm.session() as session:
                    author = author_class(name=f"author {number}")
                    session.add(author)
                    session.commit()
                authors.append(author)
            return authors

        return Timed(run)

    def verify(self, contender: Contender, n: int, result: Any) -> None:
        """Every object has its row."""
        rows = contender.execute("SELECT id, name FROM author ORDER BY id")
        expect("rows", rows, sorted((author.id, author.name) for author in result))
        expect("names", [a.name for a in result], [author_row(i)[1] for i in range(1, self.operations(n) + 1)])


@register
class UpdateOne(_Small):
    """The object is read by key first."""

    id = "W10u"
    work = "new session: get 1, change, commit"
    targets = Targets(sqlite=(11.0, 5.2), server=(5, 3), latency=(1.1, 1.4))

    def seed(self, contender: Contender, n: int) -> None:
        """As many authors as there are transactions."""
        rows = [author_row(number) for number in range(1, self.operations(n) + 1)]
        fill(contender.execute, contender.backend, "author", AUTHOR, rows)
        refresh_statistics(contender.execute, contender.backend)

    def raw(self, raw: RawContender, n: int) -> Timed:
        """SELECT, UPDATE, in a transaction of their own."""
        count, db = self.operations(n), raw.db
        fetch = f"SELECT id, name FROM author WHERE id = {db.mark}"
        change = f"UPDATE author SET name = {db.mark} WHERE id = {db.mark}"

        def run() -> None:
            for number in range(1, count + 1):
                db.begin()
                key, name = db.execute(fetch, (number,))[0]
                author = PlainAuthor(name, key)
                author.name = f"changed {number}"
                db.execute(change, (author.name, author.id))
                db.commit()

        return Timed(run)

    def orm(self, orm: OrmContender, n: int) -> Timed:
        """A Session for each transaction."""
        count, author_class = self.operations(n), orm.models.Author

        def run() -> None:
            for number in range(1, count + 1):
                with orm.session() as session:
                    author = session.get(author_class, number)
                    author.name = f"changed {number}"
                    session.commit()

        return Timed(run)

    def verify(self, contender: Contender, n: int, result: Any) -> None:
        """Every row holds its new name."""
        rows = contender.execute("SELECT id, name FROM author ORDER BY id")
        expect("rows", rows, [(number, f"changed {number}") for number in range(1, self.operations(n) + 1)])
