"""Columns of rows, without objects."""

from __future__ import annotations

from datetime import date
from typing import Any

from benchmarks.contenders import Contender, OrmContender, RawContender
from benchmarks.data import BOOK, Row, book_row, fill_books
from benchmarks.failure import expect
from benchmarks.workload import Targets, Timed, Workload, register


class _Columns(Workload):
    per = "row"

    def seed(self, contender: Contender, n: int) -> None:
        """n books."""
        fill_books(contender.execute, contender.backend, n)


@register
class Tuples(_Columns):
    """Rows as the Result gives them."""

    id = "W18"
    work = "select 8 columns, as tuples"
    targets = Targets(sqlite=(1.1, 1.05), server=(1.3, 1.9))

    def raw(self, raw: RawContender, n: int) -> Timed:
        """One SELECT."""
        return Timed(lambda: _rows(raw))

    def orm(self, orm: OrmContender, n: int) -> Timed:
        """A select() of the columns."""
        columns = [getattr(orm.models.Book, name) for name in BOOK]

        def run() -> list[Any]:
            with orm.session() as session:
                return list(session.execute(orm.core.select(*columns)).all())

        return Timed(run)

    def verify(self, contender: Contender, n: int, result: Any) -> None:
        """All values."""
        expect("rows", sorted(tuple(row) for row in result), [book_row(number) for number in range(1, n + 1)])


@register
class Dictionaries(_Columns):
    """Rows by name of column."""

    id = "W18d"
    work = "select 8 columns, as dictionaries (mappings)"
    targets = Targets(sqlite=(1.1, 1.05), server=(1.6, 2.9))

    def raw(self, raw: RawContender, n: int) -> Timed:
        """One SELECT, one dictionary a row."""
        return Timed(lambda: [dict(zip(BOOK, row)) for row in _rows(raw)])

    def orm(self, orm: OrmContender, n: int) -> Timed:
        """A select() of the columns and its mappings."""
        columns = [getattr(orm.models.Book, name) for name in BOOK]

        def run() -> list[Any]:
            with orm.session() as session:
                return list(session.execute(orm.core.select(*columns)).mappings().all())

        return Timed(run)

    def verify(self, contender: Contender, n: int, result: Any) -> None:
        """All values."""
        got = sorted(tuple(row[name] for name in BOOK) for row in result)
        expect("rows", got, [book_row(number) for number in range(1, n + 1)])


def _rows(raw: RawContender) -> list[Row]:
    rows = raw.db.execute(f"SELECT {', '.join(BOOK)} FROM book")
    if raw.backend == "postgresql":
        return rows
    if raw.backend == "mariadb":
        return [(a, b, c, d, e, f, day, bool(flag)) for a, b, c, d, e, f, day, flag in rows]
    parse = date.fromisoformat
    return [(a, b, c, d, e, f, parse(day), bool(flag)) for a, b, c, d, e, f, day, flag in rows]
