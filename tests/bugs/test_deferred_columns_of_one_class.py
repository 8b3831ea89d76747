"""Two deferred columns of a class, read one after the other: the second was given the value of the first.

The statements that load them differ in the columns of the class alone, which was not part of their shape, so that the
second one found the SQL of the first.
"""

from __future__ import annotations

from typing import Any

from unitwork import String
from unitwork.orm import DeclarativeBase, Mapped, Session, mapped_column


def test_each_deferred_column_has_its_own_value(engine: Any) -> None:
    """LB-06: what is read is what was written."""

    class Base(DeclarativeBase):
        pass

    class Page(Base):
        __tablename__ = "bug_page"
        id: Mapped[int] = mapped_column(primary_key=True)
        head: Mapped[str] = mapped_column(String(10), deferred=True)
        foot: Mapped[str] = mapped_column(String(10), deferred=True)

    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add(Page(id=1, head="head", foot="foot"))
        session.commit()
        session.expunge_all()
        page = session.get_one(Page, 1)

        assert (page.head, page.foot) == ("head", "foot")
