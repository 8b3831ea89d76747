"""A table of 32 columns beside its key."""

from __future__ import annotations

from typing import Any

from benchmarks.contenders import Contender, OrmContender, RawContender
from benchmarks.data import WIDE, Row, fill, refresh_statistics, wide_row
from benchmarks.failure import expect
from benchmarks.workload import Targets, Timed, Workload, register

_FLAGS = [place for place, name in enumerate(WIDE) if name.startswith("flag")]


class _PlainWide:
    """What hand-written code would use."""

    def __init__(self, values: Row) -> None:
        self.__dict__.update(zip(WIDE, values))


class _Wide(Workload):
    per = "object"

    def operations(self, n: int) -> int:
        """A quarter of n: each is four times as wide."""
        return max(n // 4, 1)


class _OfRows(_Wide):
    def seed(self, contender: Contender, n: int) -> None:
        """The rows."""
        rows = [wide_row(number) for number in range(1, self.operations(n) + 1)]
        for start in range(0, len(rows), 500):
            fill(contender.execute, contender.backend, "wide", WIDE, rows[start : start + 500])
        refresh_statistics(contender.execute, contender.backend)


@register
class WideInsert(_Wide):
    """The keys come back."""

    id = "W20i"
    work = "32 columns: flush-insert, one commit, keys back"
    targets = Targets(sqlite=(2.0, 1.7), server=(1.5, 1.5), latency=(1.2, 1.2))

    def raw(self, raw: RawContender, n: int) -> Timed:
        """Batches."""
        fields, db = self._fields(n), raw.db
        names = WIDE[1:]

        def run() -> list[Any]:
            objects: list[Any] = [_PlainWide((None, *each.values())) for each in fields]
            db.begin()
            rows = [tuple([getattr(each, name) for name in names]) for each in objects]
            for each, key in zip(objects, db.insert("wide", names, rows, keys=True), strict=True):
                each.id = key
            db.commit()
            return objects

        return Timed(run)

    def orm(self, orm: OrmContender, n: int) -> Timed:
        """Objects are made, added and committed."""
        fields, wide_class = self._fields(n), orm.models.Wide

        def run() -> list[Any]:
            with orm.session() as session:
                objects = [wide_class(**each) for each in fields]
                session.add_all(objects)
                session.commit()
            return objects

        return Timed(run)

    def verify(self, contender: Contender, n: int, result: Any) -> None:
        """Every value."""
        rows = contender.execute(f"SELECT {', '.join(WIDE)} FROM wide ORDER BY id")
        expect("rows", rows, sorted(tuple(getattr(each, name) for name in WIDE) for each in result))
        expect("number of rows", len(rows), self.operations(n))

    def _fields(self, n: int) -> list[dict[str, Any]]:
        count = self.operations(n)
        return [dict(zip(WIDE[1:], wide_row(number)[1:], strict=True)) for number in range(1, count + 1)]


@register
class WideLoad(_OfRows):
    """All columns of all rows."""

    id = "W20l"
    work = "32 columns: load, new session"
    targets = Targets(sqlite=(1.1, 1.3), server=(1, 0.9))

    def raw(self, raw: RawContender, n: int) -> Timed:
        """One SELECT, one object a row."""
        return Timed(lambda: _plain_rows(raw))

    def orm(self, orm: OrmContender, n: int) -> Timed:
        """A new Session, one select()."""
        wide_class, select = orm.models.Wide, orm.core.select

        def run() -> list[Any]:
            with orm.session() as session:
                return list(session.scalars(select(wide_class)))

        return Timed(run)

    def verify(self, contender: Contender, n: int, result: Any) -> None:
        """Every value."""
        got = sorted(tuple(getattr(each, name) for name in WIDE) for each in result)
        expect("objects", got, [wide_row(number) for number in range(1, self.operations(n) + 1)])


@register
class WideUpdate(_OfRows):
    """One column of each."""

    id = "W20u"
    work = "32 columns: change one, flush-update, one commit"
    targets = Targets(sqlite=(2.7, 2.9), server=(2, 2.65), latency=(2, 28))

    def raw(self, raw: RawContender, n: int) -> Timed:
        """One UPDATE for each thousand rows."""
        objects, db = _plain_rows(raw), raw.db

        def run() -> None:
            for each in objects:
                each.text3 = f"changed {each.id}"
            db.begin()
            db.update("wide", ("text3",), [(each.id, each.text3) for each in objects])
            db.commit()

        return Timed(run)

    def orm(self, orm: OrmContender, n: int) -> Timed:
        """The objects are changed and committed."""
        session = orm.session()
        objects = list(session.scalars(orm.core.select(orm.models.Wide)))

        def run() -> None:
            for each in objects:
                each.text3 = f"changed {each.id}"
            session.commit()

        return Timed(run, session.close)

    def verify(self, contender: Contender, n: int, result: Any) -> None:
        """Every row holds the new value."""
        rows = contender.execute("SELECT id, text3 FROM wide ORDER BY id")
        expect("rows", rows, [(number, f"changed {number}") for number in range(1, self.operations(n) + 1)])


def _plain_rows(raw: RawContender) -> list[Any]:
    rows = raw.db.execute(f"SELECT {', '.join(WIDE)} FROM wide")
    if raw.backend == "postgresql":
        return [_PlainWide(row) for row in rows]
    objects = []
    for row in rows:
        values = list(row)
        for place in _FLAGS:
            values[place] = bool(values[place])
        objects.append(_PlainWide(tuple(values)))
    return objects
