"""FlushPlan as a value: compared, printed, iterated."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.mapped import Library
from unitwork.flush.changes import PYTHON_DEFAULT, KeyRef
from unitwork.flush.plan import (
    SHOWN_ROWS,
    DeleteRows,
    FlushPlan,
    InsertRows,
    LinkRows,
    PatchRows,
    UnlinkRows,
    UpdateRows,
)


def insert(library: Library, *names: Any) -> InsertRows:
    """A step that inserts authors."""
    columns, key = (library.author.c.name,), (library.author.c.id,)
    handles = tuple(range(1, len(names) + 1))
    return InsertRows(library.author, library.authors, handles, tuple((name,) for name in names), columns, key)


def update(library: Library, kind: type[UpdateRows] = UpdateRows, column: str = "name") -> UpdateRows:
    """A step that updates an author."""
    columns = (library.author.c[column],)
    return kind(library.author, library.authors, (1,), ((5, 1),), columns, (library.author.c.id,))


def test_plans_of_equal_steps_are_equal(library: Library) -> None:
    """Decision 0006: a plan is a value."""
    assert FlushPlan((insert(library, "ann"),)) == FlushPlan((insert(library, "ann"),))
    assert FlushPlan((insert(library, KeyRef(1, "id")),)) == FlushPlan((insert(library, KeyRef(1, "id")),))


def test_plans_differ_by_anything_that_is_sent(library: Library) -> None:
    """Decision 0006: values, kind of step, columns, number and order of steps."""
    plans = [
        FlushPlan(()),
        FlushPlan((insert(library, "ann"),)),
        FlushPlan((insert(library, "bob"),)),
        FlushPlan((insert(library, "ann", "bob"),)),
        FlushPlan((insert(library, "ann"), update(library))),
        FlushPlan((update(library), insert(library, "ann"))),
        FlushPlan((update(library),)),
        FlushPlan((update(library, PatchRows),)),
        FlushPlan((update(library, column="id"),)),
    ]

    assert [[left == right for right in plans] for left in plans] == [
        [left is right for right in plans] for left in plans
    ]


def test_a_plan_cannot_be_changed(library: Library) -> None:
    """Decision 0006."""
    plan = FlushPlan((insert(library, "ann"),))

    with pytest.raises(AttributeError):
        plan.steps = ()  # type: ignore[misc]
    with pytest.raises(AttributeError):
        plan.steps[0].rows = ()  # type: ignore[misc]


def test_a_plan_is_a_sequence_of_steps(library: Library) -> None:
    """And false when there are none."""
    step = insert(library, "ann")
    plan = FlushPlan((step,))

    assert (list(plan), len(plan), bool(plan)) == ([step], 1, True)
    assert (len(FlushPlan(())), bool(FlushPlan(()))) == (0, False)


def test_each_step_says_what_it_does(library: Library) -> None:
    """As SQL would, with the tables' names."""
    pair = (library.book_tag.c.book_id, library.book_tag.c.tag_id)
    key = (library.author.c.id,)

    assert str(insert(library, "ann")) == "insert author(name) returning id"
    assert str(InsertRows(library.author, library.authors, (1,), ((1,),), key, ())) == "insert author(id)"
    assert str(update(library)) == "update author set name where id"
    assert str(update(library, PatchRows)) == "patch author set name where id"
    assert str(DeleteRows(library.author, library.authors, (1,), ((1,),), key)) == "delete author where id"
    assert str(LinkRows(library.book_tag, library.books, (), ((1, 2),), pair)) == "link book_tag(book_id, tag_id)"
    assert str(UnlinkRows(library.book_tag, library.books, (), ((1,),), pair[:1])) == "unlink book_tag(book_id)"


def test_a_plan_prints_its_steps_and_rows(library: Library) -> None:
    """Objects by handle, what is not known yet by name."""
    plan = FlushPlan((insert(library, "ann", KeyRef(1, "id"), PYTHON_DEFAULT), update(library)))

    assert str(plan) == (
        "1 insert author(name) returning id\n"
        "    #1 ('ann')\n"
        "    #2 (#1.id)\n"
        "    #3 (<default>)\n"
        "2 update author set name where id\n"
        "    #1 (5, 1)"
    )


def test_a_long_step_is_cut_when_printed(library: Library) -> None:
    """And says how many rows there are besides."""
    plan = FlushPlan((insert(library, *range(SHOWN_ROWS + 3)),))

    lines = str(plan).splitlines()

    assert len(lines) == 1 + SHOWN_ROWS + 1
    assert lines[-1] == "    … and 3 more"


def test_a_step_of_as_many_rows_as_are_shown_is_not_cut(library: Library) -> None:
    """The limit itself."""
    assert "more" not in str(FlushPlan((insert(library, *range(SHOWN_ROWS)),)))


def test_a_summary_has_a_line_per_step(library: Library) -> None:
    """With the number of rows."""
    plan = FlushPlan((insert(library, "ann", "bob"), update(library)))

    assert plan.summary() == (
        "  1 insert author(name) returning id: 2 rows\n  2 update author set name where id: 1 row"
    )


def test_an_empty_plan_says_so() -> None:
    """In both forms."""
    assert str(FlushPlan(())) == FlushPlan(()).summary() == "nothing to flush"
