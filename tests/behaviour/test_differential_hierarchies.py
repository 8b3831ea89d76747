"""The same programs on classes that inherit, run on unitwork and on SQLAlchemy: rows, results, kinds of statements.

Spec: LB-07, FP-12, PT-81, ST-107.
"""

from __future__ import annotations

import importlib
import random
import warnings
from typing import Any

import pytest


class Staff:
    """Joined classes three levels deep, and single-table ones, of one library; with a Session and a log."""

    def __init__(self, library: str) -> None:
        self.core: Any = importlib.import_module(library)
        orm: Any = importlib.import_module(f"{library}.orm")
        core, column = self.core, self.core.Column

        class Base(orm.DeclarativeBase):
            pass

        class Person(Base):
            __tablename__ = "person"
            id = column(core.Integer, primary_key=True)
            kind = column(core.String(10))
            name = column(core.String(20))
            chief_id = column(core.Integer, core.ForeignKey("person.id"))
            chief = orm.relationship("Person", remote_side=id, back_populates="team")
            team = orm.relationship("Person", back_populates="chief", order_by="Person.id")
            __mapper_args__ = {"polymorphic_on": kind, "polymorphic_identity": "person"}

        class Engineer(Person):
            __tablename__ = "engineer"
            id = column(core.Integer, core.ForeignKey("person.id"), primary_key=True)
            lang = column(core.String(20))
            __mapper_args__ = {"polymorphic_identity": "engineer"}

        class Senior(Engineer):
            __tablename__ = "senior"
            id = column(core.Integer, core.ForeignKey("engineer.id"), primary_key=True)
            level = column(core.Integer)
            __mapper_args__ = {"polymorphic_identity": "senior"}

        class Manager(Person):
            bonus = column(core.Integer)
            __mapper_args__ = {"polymorphic_identity": "manager"}

        class Boss(Manager):
            car = column(core.String(20))
            __mapper_args__ = {"polymorphic_identity": "boss"}

        self.classes = [Person, Engineer, Senior, Manager, Boss]
        self.tables = [Person.__table__, Engineer.__table__, Senior.__table__]
        self.engine = core.create_engine("sqlite://")
        Base.metadata.create_all(self.engine)
        self.kinds: list[str] = []
        event: Any = importlib.import_module(f"{library}.event")
        event.listen(self.engine, "before_cursor_execute", self._note)
        self.session = orm.Session(self.engine)
        self.trace: list[Any] = []

    def _note(self, connection: Any, cursor: Any, sql: str, *rest: Any) -> None:
        word = sql.split()[0]
        if word in ("INSERT", "UPDATE", "DELETE") and (not self.kinds or self.kinds[-1] != word):
            self.kinds.append(word)

    def note(self, *shown: Any) -> None:
        """Take down what a program has seen, with the kinds of statements since."""
        self.trace.append((*shown, tuple(self.kinds)))
        self.kinds.clear()

    def shown(self, objects: Any) -> list[Any]:
        """Class and values of objects."""
        names = ("id", "kind", "name", "chief_id", "lang", "level", "bonus", "car")
        return [(type(one).__name__, *(getattr(one, name, "-") for name in names)) for one in objects]

    def note_rows(self) -> None:
        """Take down all rows."""
        for table in self.tables:
            found = self.session.execute(self.core.select(table).order_by(table.c.id)).all()
            self.note(table.name, [tuple(row) for row in found])


def step(staff: Staff, dice: random.Random) -> None:
    """Do one random thing."""
    session, select = staff.session, staff.core.select
    person = staff.classes[0]
    everyone = session.scalars(select(person).order_by(person.id)).all()
    acts = ["add", "change", "chief", "delete", "query", "criteria"] * 3
    act = dice.choice([*acts, "add", "add", "add", "expire", "expire", "rollback"])
    if act == "add":
        staff_class = dice.choice(staff.classes)
        new = staff_class(name=f"n{dice.randrange(99)}")
        change(new, dice)
        session.add(new)
        session.flush()
        staff.note(act, new.id, new.kind)
    elif act == "change" and everyone:
        for one in dice.sample(everyone, min(3, len(everyone))):
            change(one, dice)
        session.flush()
        staff.note(act)
    elif act == "chief" and everyone:
        one, other = dice.choice(everyone), dice.choice(everyone)
        if one is not other:
            one.chief = other
        session.flush()
        staff.note(act, one.chief_id)
    elif act == "delete" and everyone:
        session.delete(dice.choice(everyone))
        session.flush()
        staff.note(act)
    elif act == "query":
        staff_class = dice.choice(staff.classes)
        found = session.scalars(select(staff_class).order_by(staff_class.id)).all()
        names = session.execute(select(staff_class.name).order_by(staff_class.id)).all()
        staff.note(act, staff.shown(found), [tuple(row) for row in names], session.get(staff_class, 3) is None)
    elif act == "criteria":
        staff_class, mode = dice.choice(staff.classes), dice.choice(["auto", "fetch"])
        name = {0: "name", 1: "lang", 2: "level", 3: "bonus", 4: "car"}[staff.classes.index(staff_class)]
        attribute, number = getattr(staff_class, name), dice.randrange(9)
        value: Any = number if name in ("level", "bonus") else f"c{number}"
        statement = staff.core.update(staff_class).where(attribute.is_not(None)).values({name: value})
        count = session.execute(statement, execution_options={"synchronize_session": mode}).rowcount
        staff.note(act, staff_class.__name__, count)
    elif act == "expire":
        session.commit()
        staff.note(act, staff.shown(everyone))
    elif act == "rollback":
        session.rollback()
        staff.note(act, staff.shown(session.scalars(select(person).order_by(person.id)).all()))


def change(one: Any, dice: random.Random) -> None:
    """Give some attributes of an object new values."""
    for name in ("name", "lang", "level", "bonus", "car"):
        if hasattr(type(one), name) and dice.random() < 0.5:
            number = dice.randrange(9)
            setattr(one, name, number if name in ("level", "bonus") else f"v{number}")


def trace_of(library: str, seed: int) -> list[Any]:
    """Return what a random program shows on a library."""
    staff, dice = Staff(library), random.Random(seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(40):
            step(staff, dice)
        staff.note_rows()
    staff.session.close()
    staff.engine.dispose()
    return staff.trace


@pytest.mark.parametrize("seed", range(24))
def test_hierarchies_behave_alike(seed: int) -> None:
    """LB-07, FP-12, PT-81: the same rows, results and kinds of statements, step by step."""
    for ours, reference in zip(trace_of("unitwork", seed), trace_of("sqlalchemy", seed), strict=True):
        assert ours == reference
