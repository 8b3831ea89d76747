"""Rows without objects, and objects without relationships."""

from __future__ import annotations

from typing import Any

from benchmarks.contenders import Contender, OrmContender, RawContender
from benchmarks.data import AUTHOR, BOOK, author_row, book_row, fill_books, stored
from benchmarks.failure import expect
from benchmarks.plain import PlainAuthor
from benchmarks.workload import Targets, Timed, Workload, register


@register
class Keyed(Workload):
    """The keys are given: nothing has to come back."""

    id = "W1p"
    work = "flush-insert authors with keys given, one commit"
    per = "row"
    targets = Targets(sqlite=(3.4, 2.3), server=(2, 2.35), latency=(1.7, 2.2))

    def raw(self, raw: RawContender, n: int) -> Timed:
        """One batch."""
        names, db = [author_row(number)[1] for number in range(1, n + 1)], raw.db

        def run() -> None:
            authors = [PlainAuthor(name, number) for number, name in enumerate(names, 1)]
            db.begin()
            db.insert("author", AUTHOR, [(author.id, author.name) for author in authors])
            db.commit()

        return Timed(run)

    def orm(self, orm: OrmContender, n: int) -> Timed:
        """Objects are made, added and committed."""
        names, author_class = [author_row(number)[1] for number in range(1, n + 1)], orm.models.Author

        def run() -> None:
            with orm.session() as session:
                session.add_all([author_class(id=number, name=name) for number, name in enumerate(names, 1)])
                session.commit()

        return Timed(run)

    def verify(self, contender: Contender, n: int, result: Any) -> None:
        """All rows."""
        rows = contender.execute("SELECT id, name FROM author ORDER BY id")
        expect("rows", rows, [author_row(number) for number in range(1, n + 1)])


@register
class BulkInsert(Workload):
    """No objects are made."""

    id = "W1b"
    work = "bulk insert of dictionaries, execute(insert(Book), [...]), one commit"
    per = "row"
    targets = Targets(sqlite=(1.7, 2.6), server=(1.5, 3.9), latency=(1.5, 12.7))

    def seed(self, contender: Contender, n: int) -> None:
        """The author of all books."""
        contender.execute("INSERT INTO author (id, name) VALUES (1, 'author 1')")

    def raw(self, raw: RawContender, n: int) -> Timed:
        """One batch."""
        rows, db, convert = _dictionaries(n), raw.db, raw.backend == "sqlite"

        def run() -> None:
            values = [tuple(row.values()) for row in rows]
            if convert:
                values = [(*head, day.isoformat(), flag) for *head, day, flag in values]
            db.begin()
            db.insert("book", BOOK, values)
            db.commit()

        return Timed(run)

    def orm(self, orm: OrmContender, n: int) -> Timed:
        """One statement with many parameters."""
        rows, statement = _dictionaries(n), orm.core.insert(orm.models.Book)

        def run() -> None:
            with orm.session() as session:
                session.execute(statement, rows)
                session.commit()

        return Timed(run)

    def verify(self, contender: Contender, n: int, result: Any) -> None:
        """All rows."""
        rows = contender.execute(f"SELECT {', '.join(BOOK)} FROM book ORDER BY id")
        expect("rows", [stored(row, "sqlite") for row in rows], [stored(_row(i), "sqlite") for i in range(1, n + 1)])


@register
class BulkUpdate(Workload):
    """No objects are read."""

    id = "W6k"
    work = "bulk update of rows by key, execute(update(Book), [...]), one commit"
    per = "row"
    targets = Targets(sqlite=(2.0, 2.3), server=(1.5, 3), latency=(1.5, 35))
    needs = "orm.Session.bulk_update_mappings"  # comes together with updates by key
    arrives = 8

    def seed(self, contender: Contender, n: int) -> None:
        """n books."""
        fill_books(contender.execute, contender.backend, n)

    def raw(self, raw: RawContender, n: int) -> Timed:
        """One UPDATE for each thousand rows."""
        rows, db = _changes(n), raw.db

        def run() -> None:
            db.begin()
            db.update("book", ("pages", "title"), [(row["id"], row["pages"], row["title"]) for row in rows])
            db.commit()

        return Timed(run)

    def orm(self, orm: OrmContender, n: int) -> Timed:
        """One statement with many parameters."""
        rows, statement = _changes(n), orm.core.update(orm.models.Book)

        def run() -> None:
            with orm.session() as session:
                session.execute(statement, rows)
                session.commit()

        return Timed(run)

    def verify(self, contender: Contender, n: int, result: Any) -> None:
        """Every row holds the new values."""
        rows = contender.execute("SELECT id, pages, title FROM book ORDER BY id")
        expect("rows", rows, [tuple(row.values()) for row in _changes(n)])


def _row(number: int) -> tuple[Any, ...]:
    key, _, *values = book_row(number)
    return key, 1, *values


def _dictionaries(n: int) -> list[dict[str, Any]]:
    return [dict(zip(BOOK, _row(number), strict=True)) for number in range(1, n + 1)]


def _changes(n: int) -> list[dict[str, Any]]:
    return [{"id": number, "pages": number + 1, "title": f"changed {number}"} for number in range(1, n + 1)]
