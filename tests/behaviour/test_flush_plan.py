"""session.plan(): what a flush would send, as data, without writing or running user code (FP-01, SB-76)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.models import Address, Author, Book, Node, Tag, User, book_tag
from tests.support.rows import rows_of
from tests.support.states import state_of
from unitwork import String, event, exc
from unitwork.orm import DeclarativeBase, Mapped, Session, mapped_column


def user_with_addresses() -> User:
    return User(name="ann", addresses=[Address(email="a@x"), Address(email="b@x")])


def test_printed_plan_of_a_graph(accounts: Session) -> None:
    """FP-01, FP-10: a plan prints its steps in order, objects by handle, keys that are not known yet by reference."""
    accounts.add(user_with_addresses())

    plan = accounts.plan()

    assert str(plan) == "\n".join(
        [
            "1 insert user_account(name) returning id",
            "    #1 ('ann')",
            "2 insert address(user_id, email) returning id",
            "    #2 (#1.id, 'a@x')",
            "    #3 (#1.id, 'b@x')",
        ]
    )


def test_summary_of_a_plan(accounts: Session) -> None:
    """FP-09: the short form has one line per step, with its number of rows."""
    accounts.add(user_with_addresses())

    lines = accounts.plan().summary().splitlines()

    assert [line.split()[1:3] for line in lines] == [["insert", "user_account(name)"], ["insert", "address(user_id,"]]
    assert [line.split()[-2:] for line in lines] == [["1", "row"], ["2", "rows"]]


def test_equal_work_makes_equal_plans(accounts: Session) -> None:
    """FP-07: the same work planned twice, in one Session or in two, gives equal plans; other work does not."""
    accounts.add(user_with_addresses())
    with Session(accounts.get_bind()) as other:
        other.add(user_with_addresses())

        plans = (accounts.plan(), accounts.plan(), other.plan())
        accounts.add(User(name="bea"))

        assert plans[0] == plans[1] == plans[2]
        assert accounts.plan() != plans[0]


def test_plan_sends_nothing_for_new_objects(accounts: Session, statements: Any) -> None:
    """SB-76: planning inserts sends nothing, begins nothing at the database and leaves objects pending."""
    user = user_with_addresses()
    accounts.add(user)

    with statements(accounts.get_bind()) as log:
        accounts.plan()

    assert log.count == 0
    assert (state_of(accounts, user), user.id) == ("P", None)


def test_plan_may_read_and_never_writes(session: Session, statements: Any) -> None:
    """CA-48: planning a deletion may read the children in sets; it writes nothing."""
    author = Author(name="ann", books=[Book(title="b")])
    session.add(author)
    session.commit()
    session.delete(author)

    with statements(session.get_bind()) as log:
        session.plan()

    assert log.starting_with("INSERT", "UPDATE", "DELETE") == []
    assert state_of(session, author) == "M"


def test_plan_runs_no_user_code(engine: Any) -> None:
    """FP-01: planning runs no listener, no default and no property of user classes."""
    calls: list[str] = []

    class Base(DeclarativeBase):
        pass

    class Thing(Base):
        __tablename__ = "thing"
        id: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[str] = mapped_column(String(20), default=lambda: calls.append("default") or "x")

        def __eq__(self, other: object) -> bool:
            calls.append("__eq__")
            return self is other

        def __hash__(self) -> int:
            calls.append("__hash__")
            return id(self)

        def __repr__(self) -> str:
            calls.append("__repr__")
            return "thing"

    Base.metadata.create_all(engine)
    with Session(engine) as session:
        event.listen(session, "before_flush", lambda *_: calls.append("before_flush"))
        event.listen(Thing, "before_insert", lambda *_: calls.append("before_insert"))
        session.add(Thing())

        str(session.plan())

        assert calls == []


def test_flush_does_what_the_plan_says(session: Session, statements: Any) -> None:
    """FP-09: a flush sends one statement per step of its plan."""
    session.add(Author(name="ann", books=[Book(title="b", tags=[Tag(name="t")]), Book(title="c")]))
    session.connection()
    plan = session.plan()

    with statements(session.get_bind()) as log:
        session.flush()

    assert len(log.starting_with("INSERT")) == len(plan.steps) == 4


def test_steps_name_table_and_rows(session: Session) -> None:
    """FP-01: each step tells its table and its rows; parents come before children, association rows last."""
    session.add(Author(name="ann", books=[Book(title="b", tags=[Tag(name="t")]), Book(title="c")]))

    steps = session.plan().steps

    counts = {step.table.name: len(step.rows) for step in steps}
    names = [step.table.name for step in steps]
    assert counts == {"author": 1, "book": 2, "tag": 1, "book_tag": 1}
    assert names.index("author") < names.index("book") < names.index("book_tag") == 3


def test_printed_plan_of_updates_and_deletes(accounts: Session) -> None:
    """FP-01, FP-02, FP-08: updates name the columns that change, deletions come last, children before parents."""
    accounts.add_all([User(id=1, name="ann"), User(id=2, name="bea", addresses=[Address(id=5, email="b@x")])])
    accounts.commit()
    ann, bea = accounts.get_one(User, 1), accounts.get_one(User, 2)
    ann.name = "cat"
    accounts.delete(bea)

    lines = str(accounts.plan()).splitlines()

    steps = [line.partition(" ")[2] for line in lines if not line.startswith(" ")]
    assert steps == ["update user_account set name where id", "delete address where id", "delete user_account where id"]
    assert "('cat', 1)" in lines[1]


def test_association_rows_are_linked_and_unlinked(session: Session) -> None:
    """FP-01: association rows have steps of their own: links after inserts, unlinks before deletes."""
    book = Book(title="b", tags=[Tag(name="x")])
    session.add(book)
    session.commit()
    book.tags = [Tag(name="y")]

    headings = [step.heading().split("(")[0] for step in session.plan().steps]

    assert "insert tag" in headings
    assert {"link book_tag", "unlink book_tag"} <= set(headings)
    assert headings.index("insert tag") < headings.index("link book_tag")
    assert all(step.table is book_tag for step in session.plan().steps if "link" in step.heading())


def test_one_step_per_level_of_a_tree(session: Session) -> None:
    """FP-05: rows of a self-referential table are planned by level, not one by one."""
    root = Node(name="root", children=[Node(name=str(n), children=[Node(name="leaf")]) for n in range(10)])
    session.add(root)

    counts = [len(step.rows) for step in session.plan().steps]

    assert counts == [1, 10, 10]


def test_cycle_is_shown_as_a_patch(session: Session) -> None:
    """FP-06: a row that had to wait for its key is patched by a step of its own."""
    first, second = Node(name="a"), Node(name="b")
    first.parent, second.parent = second, first
    session.add(first)

    headings = [step.heading() for step in session.plan().steps]

    assert [heading.split()[0] for heading in headings] == ["insert", "insert", "patch"]


def test_plan_of_nothing_is_empty(session: Session) -> None:
    """SB-76: without work the plan is empty, and says so."""
    plan = session.plan()

    assert (len(plan.steps), bool(plan)) == (0, False)
    assert str(plan) == "nothing to flush"


def test_plan_of_an_impossible_flush_raises(session: Session) -> None:
    """FP-17: what would fail at flush before anything is sent fails when planned, and leaves the Session active."""
    session.add(Author(name="ann", books=[None]))

    with pytest.raises(exc.FlushError):
        session.plan()

    assert session.is_active


def test_planning_leaves_the_flush_as_it_was(session: Session) -> None:
    """SB-76: a flush after a plan writes everything."""
    book = Book(title="b", author=Author(name="ann"))
    session.add(book)
    session.plan()

    session.commit()

    assert rows_of(session, Book.__table__.c.title) == [("b",)]
    assert book.author.name == "ann"
