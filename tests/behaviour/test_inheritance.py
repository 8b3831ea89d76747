"""Classes of a hierarchy: written, read, asked for and deleted, on single and joined tables (LB-07)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.hierarchies import staff
from unitwork import exc, exists, func, select, update
from unitwork.orm import Session, aliased, selectinload

MODEL = staff()
Company, Employee, Engineer, Senior = MODEL.Company, MODEL.Employee, MODEL.Engineer, MODEL.Senior
Checker, Manager, Boss, Machine = MODEL.Checker, MODEL.Manager, MODEL.Boss, MODEL.Machine


@pytest.fixture
def session(engine: Any) -> Iterator[Session]:
    """A Session with a company of one employee of each class, flushed, committed and forgotten."""
    MODEL.metadata.create_all(engine)
    with Session(engine) as session:
        company = Company(name="acme")
        company.employees = [
            Engineer(name="eng", lang="py", machines=[Machine(), Machine()]),
            Manager(name="man", bonus=3),
            Senior(name="sen", lang="c", level=4),
            Boss(name="boss", bonus=9, car="red"),
            Employee(name="emp"),
            Checker(name="tes", lang="sh", bugs=7),
        ]
        session.add(company)
        session.flush()
        company.employees[0].boss = company.employees[3]
        session.commit()
        session.expunge_all()
        yield session


def kinds(objects: Any) -> list[str]:
    """Class names, in order."""
    return [type(obj).__name__ for obj in objects]


ALL = ["Engineer", "Manager", "Senior", "Boss", "Employee", "Checker"]


# -- reading ----------------------------------------------------------------------------------------------------------


def test_rows_become_objects_of_their_class(session: Session) -> None:
    """LB-07: ids follow the order of adding, whatever the class."""
    found = session.scalars(select(Employee).order_by(Employee.id)).all()

    assert kinds(found) == ALL
    assert [employee.id for employee in found] == [1, 2, 3, 4, 5, 6]
    assert [employee.type for employee in found] == ["engineer", "manager", "senior", "boss", "employee", "checker"]
    assert (found[0].lang, found[2].lang, found[2].level, found[2].sid) == ("py", "c", 4, 3)
    assert (found[1].bonus, found[3].bonus, found[3].car) == (3, 9, "red")
    assert (found[5].lang, found[5].bugs) == ("sh", 7)


@pytest.mark.parametrize(
    ("cls", "expected"),
    [
        (Engineer, ["Engineer", "Senior", "Checker"]),
        (Senior, ["Senior"]),
        (Checker, ["Checker"]),
        (Manager, ["Manager", "Boss"]),
        (Boss, ["Boss"]),
    ],
)
def test_a_subclass_is_selected_with_those_below_it(session: Session, cls: Any, expected: list[str]) -> None:
    """LB-07: in queries of objects, of columns, of counts, in EXISTS and through aliases."""
    other = aliased(cls)

    assert kinds(session.scalars(select(cls).order_by(cls.id))) == expected
    assert len(session.execute(select(cls.name)).all()) == len(expected)
    assert session.scalar(select(func.count()).select_from(cls)) == len(expected)
    assert session.scalar(select(func.count(cls.id))) == len(expected)
    assert session.scalar(select(Company.id).where(exists(select(cls.id).where(cls.name == "nobody")))) is None
    assert kinds(session.scalars(select(other).order_by(other.id))) == expected
    assert len(session.execute(select(other.name)).all()) == len(expected)


def test_unloaded_columns_of_a_subclass_take_one_select_of_its_tables(session: Session, statements: Any) -> None:
    """ST-107: the tables above are read already."""
    senior = session.scalars(select(Employee).where(Employee.id == 3)).one()

    with statements(session.get_bind()) as log:
        assert (senior.lang, senior.level, senior.sid) == ("c", 4, 3)

    (text,) = log.starting_with("SELECT")
    assert "inh_engineer" in text
    assert "inh_senior" in text
    assert "inh_employee" not in text


def test_an_expired_object_is_read_from_all_its_tables_at_once(session: Session, statements: Any) -> None:
    """ST-107."""
    senior = session.get(Senior, 3)
    session.expire(senior)

    with statements(session.get_bind()) as log:
        assert (senior.name, senior.lang, senior.level) == ("sen", "c", 4)
        session.refresh(senior)

    assert len(log.starting_with("SELECT")) == 2


def test_the_identity_key_is_that_of_the_root(session: Session) -> None:
    """LB-07, SB-91: any class of the hierarchy leads to the object; one that it is not an instance of, to None."""
    assert session.get(Manager, 3) is None
    engineer = session.get(Employee, 3)

    assert type(engineer) is Senior
    assert session.get(Senior, 3) is engineer
    assert session.get(Engineer, 3) is engineer
    assert session.get(Manager, 3) is None
    session.expire(engineer)
    assert session.get(Manager, 3) is None
    assert Senior.__mapper__.identity_key_from_primary_key((3,)) == (Employee, (3,), None)


def test_relationships_lead_to_objects_of_their_class(session: Session, statements: Any) -> None:
    """LB-07: lazy and in sets; a relationship to a subclass finds its rows alone."""
    company = session.get(Company, 1)

    assert kinds(company.employees) == ALL
    assert kinds(company.managers) == ["Manager", "Boss"]
    assert kinds(company.engineers) == ["Engineer", "Senior", "Checker"]
    assert company.employees[0].boss is company.employees[3]
    assert [machine.engineer for machine in company.employees[0].machines] == [company.employees[0]] * 2

    session.expunge_all()
    options = [selectinload(Company.managers), selectinload(Company.engineers).selectinload(Engineer.machines)]
    with statements(session.get_bind()) as log:
        company = session.scalars(select(Company).options(*options)).one()
        assert kinds(company.managers) == ["Manager", "Boss"]
        assert [len(engineer.machines) for engineer in company.engineers] == [2, 0, 0]
    assert len(log.starting_with("SELECT")) == 4


def test_joins_and_questions_along_relationships(session: Session) -> None:
    """LB-22, LB-24: to a subclass, from a subclass, outer ones, any() and has()."""
    assert session.scalars(select(Company.name).where(Company.managers.any(Manager.bonus > 8))).all() == ["acme"]
    assert session.scalars(select(Company.name).where(Company.engineers.any(Engineer.lang == "c"))).all() == ["acme"]
    assert session.scalars(select(Company.name).where(Company.engineers.any(Engineer.lang == "x"))).all() == []
    assert session.scalars(select(Manager.name).join(Manager.company).order_by(Manager.id)).all() == ["man", "boss"]
    assert session.scalars(select(Engineer.lang).join(Engineer.machines)).all() == ["py", "py"]
    assert kinds(session.scalars(select(Engineer).where(Engineer.machines.any()))) == ["Engineer"]
    assert kinds(session.scalars(select(Engineer).where(Engineer.boss.has(Employee.name == "boss")))) == ["Engineer"]
    joined = select(Company.name, Manager.name).outerjoin(Company.managers).order_by(Manager.id)
    assert session.execute(joined).all() == [("acme", "man"), ("acme", "boss")]
    nobody = select(Company.name, Senior.level).outerjoin(Company.engineers.of_type(Senior))
    assert session.execute(nobody).all() == [("acme", 4)]


def test_a_row_of_an_unknown_class_is_an_error(session: Session) -> None:
    """LB-07: it names the value and the classes there are."""
    session.execute(update(Employee.__table__).where(Employee.__table__.c.id == 5).values(type="ghost"))

    with pytest.raises(exc.InvalidRequestError, match="'ghost'") as caught:
        session.scalars(select(Employee)).all()

    assert caught.value.code == "polymorphic-identity"


# -- writing ----------------------------------------------------------------------------------------------------------


def test_the_plan_names_a_step_per_table(session: Session) -> None:
    """FP-12: root first on INSERT, last on DELETE, and only tables with changes on UPDATE; keys flow down."""
    new = Senior(name="n", lang="c", level=1)
    session.add(new)

    assert str(session.plan()).splitlines() == [
        "1 insert inh_employee(name, type, company_id) returning id",
        "    #1 ('n', 'senior', None)",
        "2 insert inh_engineer(id, lang, boss_id, bugs)".replace(", bugs", ""),
        "    #1 (#1.id, 'c', None)",
        "3 insert inh_senior(sid, level)",
        "    #1 (#1.id, 1)",
    ]
    session.flush()
    assert (new.id, new.sid, new.type) == (7, 7, "senior")

    new.level = 2
    assert [step.heading() for step in session.plan()] == ["update inh_senior set level where sid"]
    session.flush()

    session.delete(new)
    assert [step.table.name for step in session.plan()] == ["inh_senior", "inh_engineer", "inh_employee"]
    session.flush()
    assert session.get(Employee, 7) is None


def test_statements_do_not_grow_with_the_number_of_objects(session: Session, statements: Any) -> None:
    """FP-09, FP-12: 1,000 objects of three levels take as many statements as 10, per table."""
    counts = []
    for number in (10, 1000):
        people = [
            (Senior(name="s", level=1), Manager(name="m", bonus=1), Engineer(name="e"))[n % 3] for n in range(number)
        ]
        session.add_all(people)
        taken = []
        for change in (None, "update", "delete"):
            for person in people:
                if change == "update":
                    person.name += "!"
                    if type(person) is Senior:
                        person.level = 5
                elif change == "delete":
                    session.delete(person)
            with statements(session.get_bind()) as log:
                session.flush()
            taken.append(len(log.starting_with("INSERT", "UPDATE", "DELETE")))
        counts.append(taken)

    assert counts[0] == counts[1]
    assert counts[0][1:] == [2, 3]
    assert counts[0][0] == 3


def test_the_discriminator_is_there_from_the_start(session: Session) -> None:
    """LB-07: it reads so before the flush, and may be given."""
    boss = Boss(name="b")

    assert boss.type == "boss"
    session.add(boss)
    session.flush()
    assert boss.__dict__["type"] == "boss"


def test_deleting_the_owner_deletes_objects_of_all_classes(session: Session, statements: Any) -> None:
    """CA-22, CA-23, CA-48: along the cascade, in sets, from every table."""
    session.delete(session.get(Company, 1))
    with statements(session.get_bind()) as log:
        session.flush()

    assert len(log.starting_with("DELETE")) == 4
    assert session.scalars(select(Employee)).all() == []
    assert session.execute(select(Engineer.__table__)).all() == []
    assert [machine.engineer_id for machine in session.scalars(select(Machine))] == [None, None]


def test_orphans_of_any_class_are_deleted(session: Session) -> None:
    """CA-30, CA-64."""
    company = session.get(Company, 1)
    company.employees.remove(company.employees[2])
    session.commit()

    assert kinds(company.employees) == [name for name in ALL if name != "Senior"]
    assert session.execute(select(Senior.__table__)).all() == []


def test_a_changed_key_is_changed_in_every_table(session: Session, backend: str) -> None:
    """FP-13, FP-10: the key of a new object is given to all its tables."""
    session.add(Senior(id=70, name="x", level=1))
    session.flush()

    assert session.execute(select(Senior.__table__)).all()[-1] == (70, 1)
    assert session.get(Senior, 70).sid == 70


def test_rollback_brings_back_what_was_there(session: Session) -> None:
    """SB-84: an object of several tables is transient again; a deleted one is back."""
    new, old = Senior(name="n", level=1), session.get(Senior, 3)
    session.add(new)
    session.delete(old)
    session.flush()
    session.rollback()

    assert new not in session
    assert (old.level, old.lang) == (4, "c")


def test_an_object_of_another_class_takes_over_the_row_in_a_shared_table(session: Session) -> None:
    """FP-03: within one table a row switch changes the class; history and discriminator follow."""
    session.delete(session.get(Manager, 2))
    session.add(Boss(id=2, name="new", car="blue"))
    session.commit()
    session.expunge_all()

    found = session.get(Employee, 2)
    assert (type(found), found.name, found.car) == (Boss, "new", "blue")


def test_objects_of_a_wrong_class_are_refused(session: Session) -> None:
    """CA-40: a base object where a subclass is wanted."""
    machine = Machine(engineer=Manager(name="m"))
    session.add(machine)

    with pytest.raises(exc.FlushError, match="expected Engineer, got Manager"):
        session.flush()


def test_update_of_a_subclass_leaves_other_rows_alone(session: Session) -> None:
    """LB-07: a statement on a class that shares its table has the condition of the class."""
    session.execute(update(Manager).values(bonus=50))
    bonuses = session.scalars(select(Employee.__table__.c.bonus).order_by(Employee.__table__.c.id)).all()
    assert bonuses == [None, 50, None, 50, None, None]


def test_classes_may_come_later(engine: Any) -> None:
    """LB-07: a subclass that is mapped after the base was used is known from then on."""
    model = staff()
    model.metadata.create_all(engine)
    with Session(engine) as session:
        assert session.scalars(select(model.Manager)).all() == []

        class Intern(model.Manager):
            __mapper_args__ = {"polymorphic_identity": "intern"}

        session.add(Intern(name="i"))
        session.commit()
        session.expunge_all()
        assert kinds(session.scalars(select(model.Manager))) == ["Intern"]
        assert kinds(session.scalars(select(model.Employee))) == ["Intern"]
