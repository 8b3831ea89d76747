"""Rows of a hierarchy changed by criteria, keys that change in several tables, keys that go to another class."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.hierarchies import staff
from unitwork import ForeignKey, String, delete, exc, func, select, text, update
from unitwork.orm import DeclarativeBase, Mapped, Session, mapped_column

MODEL = staff()
Employee, Engineer, Senior, Manager, Boss = MODEL.Employee, MODEL.Engineer, MODEL.Senior, MODEL.Manager, MODEL.Boss


@pytest.fixture
def session(engine: Any) -> Iterator[Session]:
    """A Session that holds an object of each class."""
    MODEL.metadata.create_all(engine)
    with Session(engine, expire_on_commit=False) as session:
        held = session.info["held"] = [
            Engineer(name="e", lang="py"),
            Manager(name="m", bonus=1),
            Boss(name="b", bonus=2),
            Senior(name="s", lang="c", level=3),
            Employee(name="x"),
        ]
        session.add_all(held)
        session.commit()
        yield session


def rows(session: Session, cls: Any, *names: str) -> list[Any]:
    """Return columns of the class's own table, by its first column."""
    table = cls.__table__
    found = session.execute(select(*[table.c[name] for name in names]).order_by(next(iter(table.c))))
    return [tuple(row) for row in found]


MODES = ("auto", "evaluate", "fetch", False)


@pytest.mark.parametrize("mode", MODES)
def test_single_table_subclasses_are_changed_alone(session: Session, mode: Any) -> None:
    """PT-72 to PT-75, PT-81: rows and objects of other classes stay, those of classes below go along."""
    engineer, manager, boss, senior, employee = session.info["held"]
    options = {"synchronize_session": mode}
    changed = session.execute(update(Manager).where(Manager.bonus > 0).values(bonus=9), execution_options=options)

    assert changed.rowcount == 2
    assert rows(session, Employee, "bonus") == [(None,), (9,), (9,), (None,), (None,)]
    assert (manager.bonus, boss.bonus) == ((9, 9) if mode else (1, 2))

    assert session.execute(delete(Boss).where(Boss.name != ""), execution_options=options).rowcount == 1
    assert session.execute(delete(Manager).where(Employee.name == "e"), execution_options=options).rowcount == 0
    assert [name for (name,) in rows(session, Employee, "name")] == ["e", "m", "s", "x"]
    held = [one in session for one in (engineer, manager, boss, senior, employee)]
    assert held == [True, True, not mode, True, True]


@pytest.mark.parametrize("mode", MODES)
def test_joined_subclasses_are_changed_in_their_own_table(session: Session, mode: Any) -> None:
    """PT-81: criteria on columns of tables above find the rows of the same object, and no others."""
    engineer, _, _, senior, _ = session.info["held"]
    options = {"synchronize_session": mode}

    def run(statement: Any) -> int:
        count: int = session.execute(statement, execution_options=options).rowcount
        return count

    assert run(update(Engineer).where(Engineer.lang == "py").values(lang="go")) == 1
    assert run(update(Engineer).where(Engineer.name == "s").values(lang="rust")) == 1
    assert rows(session, Engineer, "id", "lang") == [(1, "go"), (4, "rust")]
    assert run(update(Senior).where(Senior.lang == "go").values(level=7)) == 0
    assert run(update(Senior).where(Senior.name == "s", Engineer.lang == "rust").values(level=8)) == 1
    assert run(update(Senior).where(Senior.sid == Engineer.id, Engineer.lang == "go").values(level=1)) == 0
    assert rows(session, Senior, "sid", "level") == [(4, 8)]
    assert (engineer.lang, senior.lang, senior.level) == (("go", "rust", 8) if mode else ("py", "c", 3))


def test_the_statement_connects_tables_also_without_a_session(session: Session) -> None:
    """PT-81: on a Connection, and where a value comes from a table above."""
    connection = session.connection()
    assert connection.execute(update(Engineer).values(lang=Engineer.name)).rowcount == 2
    assert connection.execute(update(Engineer).where(func.length(Employee.name) > 5).values(lang="z")).rowcount == 0
    assert rows(session, Engineer, "id", "lang") == [(1, "e"), (4, "s")]


def test_deleting_rows_of_one_table_of_several_is_refused(session: Session) -> None:
    """PT-81: the rest of the object would stay; before SQL is sent."""
    with pytest.raises(exc.ArgumentError, match="several"):
        delete(Senior)


def test_columns_of_tables_above_are_refused(session: Session) -> None:
    """PT-81: one statement changes one table; before SQL is sent."""
    with pytest.raises(exc.ArgumentError, match="names no column of the table 'inh_engineer'"):
        update(Engineer).values(name="z")
    with pytest.raises(exc.ArgumentError, match="several"):
        update(MODEL.Checker).values(bugs=3)


# -- keys -------------------------------------------------------------------------------------------------------------


def keyed(passive: bool, cascade: str | None) -> Any:
    """Return (Base, lowest class) of three joined classes whose keys may change."""

    class Base(DeclarativeBase):
        pass

    class Top(Base):
        __tablename__ = "ihk_top"
        id: Mapped[int] = mapped_column(primary_key=True)
        kind: Mapped[str] = mapped_column(String(9))
        __mapper_args__ = {
            "polymorphic_on": "kind", "polymorphic_identity": "top", "passive_updates": passive
        }  # fmt: skip

    class Middle(Top):
        __tablename__ = "ihk_middle"
        id: Mapped[int] = mapped_column(ForeignKey("ihk_top.id", onupdate=cascade), primary_key=True)
        x: Mapped[int | None]
        __mapper_args__ = {"polymorphic_identity": "middle"}

    class Low(Middle):
        __tablename__ = "ihk_low"
        key: Mapped[int] = mapped_column(ForeignKey("ihk_middle.id", onupdate=cascade), primary_key=True)
        y: Mapped[int | None]
        __mapper_args__ = {"polymorphic_identity": "low"}

    return Base, Low


@pytest.mark.parametrize("passive", [True, False])
@pytest.mark.parametrize("cascade", ["CASCADE", None])
def test_a_changed_key_reaches_every_table_or_is_an_error(
    engine: Any, backend: str, passive: bool, cascade: str | None
) -> None:
    """RP-08: by ON UPDATE CASCADE, else by UPDATEs of our own; nothing is left behind silently."""
    base, low_class = keyed(passive, cascade)
    base.metadata.create_all(engine)
    with Session(engine) as session:
        enforced = backend != "sqlite" or session.execute(text("PRAGMA foreign_keys")).scalar() == 1
        low = low_class(x=1, y=2)
        session.add(low)
        session.commit()
        for number, changes in ((50, {}), (60, {"y": 5}), (70, {"x": 8})):
            before = low.id
            low.id = number
            for name, value in changes.items():
                setattr(low, name, value)
            expected: Any = None
            if enforced and not (passive and cascade):
                expected = exc.StaleDataError if cascade else exc.IntegrityError
            elif not enforced and passive and cascade:
                expected = exc.StaleDataError
            if expected is not None:
                with pytest.raises(expected):
                    session.commit()
                session.rollback()
                assert low.id == before
                continue
            session.commit()
            assert (low.id, low.key) == (number, number)
            for table in base.metadata.sorted_tables:
                assert session.execute(select(table.primary_key.columns[0])).all() == [(number,)]
        assert (low.x, low.y) == ((1, 2) if expected else (8, 5))
    base.metadata.drop_all(engine)


def test_a_key_goes_to_an_object_with_other_tables(session: Session) -> None:
    """FP-03: no UPDATE can do that; it is refused before SQL is sent, and works in two flushes."""
    engineer = session.info["held"][0]
    session.delete(engineer)
    session.add(Manager(id=engineer.id, name="new"))
    with pytest.raises(exc.FlushError, match="Manager has the key 1 of a Engineer") as caught:
        session.flush()
    assert caught.value.code == "row-switch-tables"
    session.rollback()

    session.delete(engineer)
    session.flush()
    session.add(Manager(id=1, name="new"))
    session.commit()
    session.expunge_all()
    assert type(session.get(Employee, 1)) is Manager
    assert rows(session, Engineer, "id") == [(4,)]
