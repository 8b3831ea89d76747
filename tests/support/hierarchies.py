"""A staff of joined and single-table classes, three levels deep and mixed, mapped anew for each caller.

Employee (table) <- Engineer (joined) <- Senior (joined); Employee <- Manager (single) <- Boss (single);
Engineer <- Checker (single, within the join). A company has employees, and managers by their class; an engineer has
machines, whose foreign key is to the engineer's own table, and may have a boss, an employee of the same hierarchy.
"""

from __future__ import annotations

from typing import Any

from unitwork import ForeignKey, String
from unitwork.orm import DeclarativeBase, Mapped, mapped_column, relationship


def staff(**loading: str) -> Any:
    """Return a new declarative base with the classes as attributes.

    Args:
        loading: class name to ``polymorphic_load``.
    """

    def options(name: str, identity: str) -> dict[str, Any]:
        found: dict[str, Any] = {"polymorphic_identity": identity}
        if name in loading:
            found["polymorphic_load"] = loading[name]
        return found

    class Base(DeclarativeBase):
        pass

    class Employee(Base):
        __tablename__ = "inh_employee"
        id: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[str | None] = mapped_column(String(30))
        type: Mapped[str] = mapped_column(String(20))
        company_id: Mapped[int | None] = mapped_column(ForeignKey("inh_company.id"))
        company: Any = relationship("Company", back_populates="employees")
        __mapper_args__ = {"polymorphic_on": "type", "polymorphic_identity": "employee"}

    class Engineer(Employee):
        __tablename__ = "inh_engineer"
        id: Mapped[int] = mapped_column(ForeignKey("inh_employee.id"), primary_key=True)
        lang: Mapped[str | None] = mapped_column(String(30))
        boss_id: Mapped[int | None] = mapped_column(ForeignKey("inh_employee.id"))
        boss: Mapped[Employee | None] = relationship(foreign_keys="Engineer.boss_id", remote_side="Employee.id")
        machines: Any = relationship("Machine", back_populates="engineer", order_by="Machine.id")
        __mapper_args__ = options("Engineer", "engineer")

    class Senior(Engineer):
        __tablename__ = "inh_senior"
        sid: Mapped[int] = mapped_column(ForeignKey("inh_engineer.id"), primary_key=True)
        level: Mapped[int | None]
        __mapper_args__ = options("Senior", "senior")

    class Checker(Engineer):
        __tablename__ = None
        bugs: Mapped[int | None]
        __mapper_args__ = options("Checker", "checker")

    class Manager(Employee):
        bonus: Mapped[int | None]
        __mapper_args__ = options("Manager", "manager")

    class Boss(Manager):
        car: Mapped[str | None] = mapped_column(String(30))
        __mapper_args__ = options("Boss", "boss")

    for cls in (Employee, Engineer, Senior, Checker, Manager, Boss):
        setattr(Base, cls.__name__, cls)
    _surroundings(Base)
    return Base


def _surroundings(base: Any) -> None:
    """Map what the staff relates to."""

    class Company(base):
        __tablename__ = "inh_company"
        id: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[str | None] = mapped_column(String(30))
        employees: Any = relationship(
            "Employee", back_populates="company", cascade="all, delete-orphan", order_by="Employee.id"
        )
        managers: Any = relationship("Manager", viewonly=True, order_by="Manager.id")
        engineers: Any = relationship("Engineer", viewonly=True, order_by="Engineer.id")

    class Machine(base):
        __tablename__ = "inh_machine"
        id: Mapped[int] = mapped_column(primary_key=True)
        engineer_id: Mapped[int | None] = mapped_column(ForeignKey("inh_engineer.id"))
        engineer: Any = relationship("Engineer", back_populates="machines")

    base.Company, base.Machine = Company, Machine
