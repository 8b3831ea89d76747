"""Rows become objects."""

from __future__ import annotations

from datetime import date
from typing import Any

from benchmarks.contenders import Contender, OrmContender, RawContender
from benchmarks.data import BOOK, Row, book_row, fill_books
from benchmarks.failure import expect
from benchmarks.plain import PlainBook
from benchmarks.workload import Targets, Timed, Workload, register


@register
class LoadBooks(Workload):
    """All columns of all rows, into objects that were not there before."""

    id = "W2"
    work = "load books, new session"
    per = "object"
    targets = Targets(sqlite=(1.6, 1.9), server=(1.5, 1.6), latency=(1.4, 2.1))

    def seed(self, contender: Contender, n: int) -> None:
        """n books."""
        fill_books(contender.execute, contender.backend, n)

    def raw(self, raw: RawContender, n: int) -> Timed:
        """One SELECT, one constructor call a row."""
        return Timed(lambda: raw_books(raw))

    def orm(self, orm: OrmContender, n: int) -> Timed:
        """A new Session, one select()."""
        book_class, select = orm.models.Book, orm.core.select

        def run() -> list[Any]:
            with orm.session() as session:
                return list(session.scalars(select(book_class)))

        return Timed(run)

    def verify(self, contender: Contender, n: int, result: Any) -> None:
        """Every value of every object."""
        got = sorted(tuple(getattr(book, name) for name in BOOK) for book in result)
        expect("books", got, [book_row(number) for number in range(1, n + 1)])


def raw_books(raw: RawContender) -> list[PlainBook]:
    """All books as plain objects with Python values."""
    rows = raw.db.execute(f"SELECT {', '.join(BOOK)} FROM book")
    if raw.backend == "postgresql":
        return [PlainBook(*row) for row in rows]
    if raw.backend == "mariadb":
        return [PlainBook(a, b, c, d, e, f, day, bool(flag)) for a, b, c, d, e, f, day, flag in rows]
    parse = date.fromisoformat
    return [PlainBook(a, b, c, d, e, f, parse(day), bool(flag)) for a, b, c, d, e, f, day, flag in rows]


def plain_book(raw: RawContender, row: Row) -> PlainBook:
    """A plain object with Python values from a row of the driver."""
    if raw.backend == "postgresql":
        return PlainBook(*row)
    *head, day, flag = row
    return PlainBook(*head, day if raw.backend == "mariadb" else date.fromisoformat(day), bool(flag))


def orm_books(orm: OrmContender) -> tuple[Any, list[Any]]:
    """(a Session that stays open, all books in it)."""
    session = orm.session()
    return session, list(session.scalars(orm.core.select(orm.models.Book)))
