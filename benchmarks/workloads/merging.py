"""Detached objects come into another Session."""

from __future__ import annotations

from typing import Any

from benchmarks.contenders import Contender, OrmContender, RawContender
from benchmarks.data import BOOK, fill_books
from benchmarks.failure import expect
from benchmarks.workload import Targets, Timed, Workload, register
from benchmarks.workloads.loading import orm_books, plain_book, raw_books


class _Merge(Workload):
    per = "object"
    needs = "orm.Session.merge_all"
    arrives = 4

    def seed(self, contender: Contender, n: int) -> None:
        """n books."""
        fill_books(contender.execute, contender.backend, n)

    title: str

    def verify(self, contender: Contender, n: int, result: Any) -> None:
        """Each book once, with the title of the detached one."""
        got = sorted((book.id, book.title) for book in result)
        expect("books", got, [(number, self.title.format(number)) for number in range(1, n + 1)])


@register
class MergeHeld(_Merge):
    """No SQL: the values are compared and are equal (a change would make each merge flush the one before)."""

    id = "W13a"
    work = "merge detached objects into a session that holds them"
    title = "the book with number {}"
    targets = Targets(sqlite=(9.2, 2.8), server=(15, 2.2))

    def raw(self, raw: RawContender, n: int) -> Timed:
        """Each value of the one object is compared with the other's."""
        given, held = raw_books(raw), {book.id: book for book in raw_books(raw)}
        return Timed(lambda: [_copy(book, held[book.id]) for book in given])

    def orm(self, orm: OrmContender, n: int) -> Timed:
        """Session.merge() one by one."""
        given = _detached(orm)
        session, books = orm_books(orm)

        def run() -> list[Any]:
            return [session.merge(book) for book in given]

        return Timed(run, lambda: (session.close(), books.clear()))


@register
class MergeUnknown(_Merge):
    """The rows have to be read."""

    id = "W13b"
    work = "merge detached objects into an empty session, merge_all"
    title = "merged {}"
    targets = Targets(sqlite=(5.0, 6.0), server=(15, 6.7), latency=(4, 55))

    def raw(self, raw: RawContender, n: int) -> Timed:
        """One SELECT for each thousand keys."""
        given, db = _retitled(raw_books(raw)), raw.db

        def run() -> list[Any]:
            held: dict[int, Any] = {}
            for start in range(0, len(given), 1000):
                keys = [book.id for book in given[start : start + 1000]]
                text = f"SELECT {', '.join(BOOK)} FROM book WHERE id IN ({', '.join([db.mark] * len(keys))})"
                held.update((row[0], plain_book(raw, row)) for row in db.execute(text, keys))
            return [_copy(book, held[book.id]) for book in given]

        return Timed(run)

    def orm(self, orm: OrmContender, n: int) -> Timed:
        """Session.merge_all()."""
        given = _retitled(_detached(orm))
        session = orm.session()
        return Timed(lambda: list(session.merge_all(given)), session.close)


def _copy(source: Any, target: Any) -> Any:
    for name in BOOK:
        value = getattr(source, name)
        if value != getattr(target, name):
            setattr(target, name, value)
    return target


def _retitled(books: list[Any]) -> list[Any]:
    """The same books, with another title each."""
    for book in books:
        book.title = f"merged {book.id}"
    return books


def _detached(orm: OrmContender) -> list[Any]:
    """Books that belong to no Session."""
    session, books = orm_books(orm)
    session.close()
    return books
