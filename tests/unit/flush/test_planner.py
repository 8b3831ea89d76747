"""The planner on WorkSets made by hand: no database, no session, no object."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.mapped import Library, map_class
from unitwork.base.markers import DEFAULT_CELL
from unitwork.exc import CircularDependencyError
from unitwork.flush.changes import (
    PYTHON_DEFAULT,
    DeleteChange,
    InsertChange,
    KeyRef,
    LinkChange,
    LinkTable,
    UpdateChange,
    WorkSet,
)
from unitwork.flush.plan import FlushPlan
from unitwork.flush.planner import plan_flush
from unitwork.mapping.mapper import Mapper, RelationshipOptions
from unitwork.mapping.registry import MapperRegistry
from unitwork.sql.foreign_keys import ForeignKey
from unitwork.sql.schema import Column, Table
from unitwork.sql.types import Integer

Work = Callable[..., WorkSet]

#: A key that the database gives.
NEW = DEFAULT_CELL


def headings(plan: FlushPlan) -> list[str]:
    """What the steps do, with the objects."""
    return [f"{step.verb} {step.table.name} {list(step.handles)}" for step in plan]


def insert(handle: int, *cells: Any) -> InsertChange:
    """A row to insert."""
    return InsertChange(handle, cells)


def new_node(handle: int, parent: int | None, name: str = "n") -> InsertChange:
    """A row of a tree whose key the database gives."""
    return InsertChange(handle, (NEW, name, None if parent is None else KeyRef(parent, "id")))


def gone_node(handle: int, parent: int | None, nodes: Mapper) -> DeleteChange:
    """A row of a tree to delete; its key is a hundred times its handle."""
    column = nodes.local_table.c.parent_id
    return DeleteChange(handle, (handle * 100,), () if parent is None else ((parent, (column,)),))


# -- order of tables --------------------------------------------------------------------------------------------------


def test_nothing_to_do_is_an_empty_plan(work: Work) -> None:
    """FP-01."""
    plan = plan_flush(work())

    assert plan == FlushPlan(())
    assert work().is_empty()
    assert not plan


def test_parents_are_inserted_before_children(library: Library, work: Work) -> None:
    """FP-01: whichever was added, or told, first."""
    child = insert(1, NEW, "t", KeyRef(2, "id"))

    plan = plan_flush(work(inserts={library.books: [child], library.authors: [insert(2, NEW, "ann")]}))

    assert headings(plan) == ["insert author [2]", "insert book [1]"]


def test_children_are_deleted_before_parents(library: Library, work: Work) -> None:
    """FP-01."""
    reference = ((1, (library.book.c.author_id,)),)

    plan = plan_flush(
        work(deletes={library.authors: [DeleteChange(1, (1,), ())], library.books: [DeleteChange(2, (2,), reference)]})
    )

    assert headings(plan) == ["delete book [2]", "delete author [1]"]


def test_classes_without_a_dependency_keep_the_order_of_mapping(library: Library, work: Work) -> None:
    """FP-07."""
    plan = plan_flush(work(inserts={library.tags: [insert(1, NEW)], library.authors: [insert(2, NEW, "ann")]}))

    assert headings(plan) == ["insert author [2]", "insert tag [1]"]


def test_updates_come_before_inserts_and_deletes_are_last(library: Library, work: Work) -> None:
    """FP-02: within one class."""
    update = UpdateChange(2, (library.author.c.name,), ("bob",), (20,))

    plan = plan_flush(
        work(
            deletes={library.authors: [DeleteChange(3, (30,), ())]},
            inserts={library.authors: [insert(1, NEW, "ann")]},
            updates={library.authors: [update]},
        )
    )

    assert headings(plan) == ["update author [2]", "insert author [1]", "delete author [3]"]


def test_rows_follow_the_order_of_adding(library: Library, work: Work) -> None:
    """SB-58: that of the handles."""
    rows = [insert(3, NEW, "c"), insert(1, NEW, "a"), insert(2, NEW, "b")]

    (step,) = plan_flush(work(inserts={library.authors: rows}))

    assert step.handles == (1, 2, 3)
    assert step.rows == (("a",), ("b",), ("c",))


def test_a_one_to_many_alone_orders_its_tables(registry: MapperRegistry, work: Work) -> None:
    """FP-01: where neither a constraint nor the child's own class says that it needs its parent."""
    children, _ = unconstrained(registry)
    parents = registry.all_mappers[1]

    plan = plan_flush(work(inserts={children: [insert(2, NEW, KeyRef(1, "id"))], parents: [insert(1, NEW)]}))

    assert headings(plan) == ["insert parent [1]", "insert child [2]"]


def unconstrained(registry: MapperRegistry) -> tuple[Mapper, Mapper]:
    """Child, mapped first, and Parent with a collection of it, over tables without a foreign key constraint."""
    child = Table("child", registry.metadata, Column("id", Integer, primary_key=True), Column("parent_id", Integer))
    parent = Table("parent", registry.metadata, Column("id", Integer, primary_key=True))
    children = map_class(registry, "Child", child)
    to_children = RelationshipOptions(
        "Child", primaryjoin=parent.c.id == child.c.parent_id, foreign_keys=[child.c.parent_id]
    )
    parents = map_class(registry, "Parent", parent, children=to_children)
    registry.configure()
    return children, parents


# -- columns of a step ------------------------------------------------------------------------------------------------


def test_columns_that_every_row_leaves_to_the_database_are_left_out(library: Library, work: Work) -> None:
    """FP-09: and fetched back."""
    (step,) = plan_flush(work(inserts={library.authors: [insert(1, NEW, "a"), insert(2, NEW, None)]}))

    assert str(step) == "insert author(name) returning id"
    assert step.rows == (("a",), (None,))


def test_columns_that_some_rows_give_are_kept(library: Library, work: Work) -> None:
    """FP-09: one step; the others hold the marker, and are fetched back."""
    (step,) = plan_flush(work(inserts={library.authors: [insert(1, 7, "a"), insert(2, NEW, "b")]}))

    assert str(step) == "insert author(id, name) returning id"
    assert step.rows == ((7, "a"), (DEFAULT_CELL, "b"))


def test_nothing_is_fetched_where_everything_is_given(library: Library, work: Work) -> None:
    """FP-09."""
    (step,) = plan_flush(work(inserts={library.authors: [insert(1, 7, "a")]}))

    assert str(step) == "insert author(id, name)"


def test_a_row_of_defaults_alone_has_no_columns(library: Library, work: Work) -> None:
    """FP-09."""
    (step,) = plan_flush(work(inserts={library.tags: [insert(1, NEW), insert(2, NEW)]}))

    assert str(step) == "insert tag() returning id"
    assert step.rows == ((), ())


def test_updates_are_grouped_by_the_columns_that_changed(library: Library, work: Work) -> None:
    """FP-08, FP-09: one step per set of columns; the key is in each row."""
    name, key = library.author.c.name, library.author.c.id
    changes = [
        UpdateChange(3, (name,), ("c",), (30,)),
        UpdateChange(1, (name,), ("a",), (10,)),
        UpdateChange(2, (key, name), (21, "b"), (20,)),
    ]

    first, second = plan_flush(work(updates={library.authors: changes}))

    assert str(first) == "update author set name where id"
    assert (first.handles, first.rows) == ((1, 3), (("a", 10), ("c", 30)))
    assert str(second) == "update author set id, name where id"
    assert second.rows == ((21, "b", 20),)


def test_a_user_value_is_never_compared(library: Library, work: Work) -> None:
    """LB-42: not with a marker either."""

    class Hostile:
        def __eq__(self, other: object) -> bool:
            raise AssertionError("a value was compared")

        __hash__ = None  # type: ignore[assignment]

    value = Hostile()

    (step,) = plan_flush(work(inserts={library.authors: [insert(1, NEW, value), insert(2, NEW, value)]}))

    assert step.rows[0][0] is value


# -- trees ------------------------------------------------------------------------------------------------------------


def test_a_tree_takes_a_step_per_depth(nodes: Mapper, work: Work) -> None:
    """FP-05, FP-09: adding in any order works."""
    rows = [new_node(1, 3), new_node(2, None), new_node(3, 2), new_node(4, 2), new_node(5, None)]

    plan = plan_flush(work(inserts={nodes: rows}))

    assert headings(plan) == ["insert node [2, 5]", "insert node [3, 4]", "insert node [1]"]


def test_a_tree_is_deleted_from_its_leaves(nodes: Mapper, work: Work) -> None:
    """FP-05."""
    rows = [gone_node(1, None, nodes), gone_node(2, 1, nodes), gone_node(3, 2, nodes), gone_node(4, 1, nodes)]

    plan = plan_flush(work(deletes={nodes: rows}))

    assert headings(plan) == ["delete node [3, 4]", "delete node [2]", "delete node [1]"]


def test_an_update_that_refers_to_a_new_row_waits_for_it(nodes: Mapper, work: Work) -> None:
    """FP-05: other updates do not."""
    parent, name = nodes.local_table.c.parent_id, nodes.local_table.c.name
    updates = [
        UpdateChange(2, (parent,), (KeyRef(1, "id"),), (20,)),
        UpdateChange(3, (name,), ("x",), (30,)),
    ]

    plan = plan_flush(work(inserts={nodes: [new_node(1, None)]}, updates={nodes: updates}))

    assert headings(plan) == ["update node [3]", "insert node [1]", "update node [2]"]


# -- cycles -----------------------------------------------------------------------------------------------------------


def test_a_cycle_is_cut_at_a_nullable_key(nodes: Mapper, work: Work) -> None:
    """FP-06, RP-03: written as NULL, patched when all rows are there."""
    plan = plan_flush(work(inserts={nodes: [new_node(1, 2), new_node(2, 1)]}))

    assert str(plan) == (
        "1 insert node(name, parent_id) returning id\n"
        "    #1 ('n', None)\n"
        "2 insert node(name, parent_id) returning id\n"
        "    #2 ('n', #1.id)\n"
        "3 patch node set parent_id where id\n"
        "    #1 (#2.id, #1.id)"
    )


def test_a_row_that_refers_to_itself_is_patched(nodes: Mapper, work: Work) -> None:
    """RP-02, RP-03."""
    plan = plan_flush(work(inserts={nodes: [new_node(1, 1)]}))

    assert headings(plan) == ["insert node [1]", "patch node [1]"]
    assert plan.steps[1].rows == ((KeyRef(1, "id"), KeyRef(1, "id")),)


def test_many_cycles_are_patched_in_one_step(nodes: Mapper, work: Work) -> None:
    """FP-09: round trips do not grow with rows."""
    rows = [new_node(handle, handle + 1 if handle % 2 else handle - 1) for handle in range(1, 9)]

    plan = plan_flush(work(inserts={nodes: rows}))

    assert headings(plan) == ["insert node [1, 3, 5, 7]", "insert node [2, 4, 6, 8]", "patch node [1, 3, 5, 7]"]


def test_rows_behind_a_cycle_are_not_patched(nodes: Mapper, work: Work) -> None:
    """FP-06: only what has to be."""
    plan = plan_flush(work(inserts={nodes: [new_node(1, 2), new_node(2, 1), new_node(3, 1), new_node(4, 3)]}))

    assert headings(plan)[-1] == "patch node [1]"
    assert [step.rows for step in plan][1] == (("n", KeyRef(1, "id")), ("n", KeyRef(1, "id")))


def test_a_cycle_without_a_nullable_key_is_an_error(rigid: Mapper, work: Work) -> None:
    """FP-06, ER-15: which names the path."""
    with pytest.raises(CircularDependencyError, match="#1 Rigid -> #2 Rigid -> #1 Rigid") as caught:
        plan_flush(work(inserts={rigid: [new_node(1, 2), new_node(2, 1)]}))

    assert caught.value.code == "flush-cycle"
    assert caught.value.handles == (1, 2, 1)  # type: ignore[attr-defined]


def test_a_chain_over_keys_that_are_not_nullable_is_none(rigid: Mapper, work: Work) -> None:
    """FP-05."""
    rows = [new_node(1, 2), InsertChange(2, (NEW, "n", 7))]

    assert headings(plan_flush(work(inserts={rigid: rows}))) == ["insert rigid [2]", "insert rigid [1]"]


@pytest.fixture
def mutual(registry: MapperRegistry) -> tuple[Mapper, Mapper]:
    """Two tables that refer to each other: country(id, capital_id nullable), city(id, country_id not nullable)."""
    country = Table(
        "country",
        registry.metadata,
        Column("id", Integer, primary_key=True),
        Column("capital_id", ForeignKey("city.id")),
    )
    city = Table(
        "city",
        registry.metadata,
        Column("id", Integer, primary_key=True),
        Column("country_id", ForeignKey("country.id"), nullable=False),
    )
    to_city = RelationshipOptions("City", foreign_keys=[country.c.capital_id])
    to_country = RelationshipOptions("Country", foreign_keys=[city.c.country_id])
    countries = map_class(registry, "Country", country, capital=to_city)
    cities = map_class(registry, "City", city, country=to_country)
    registry.configure()
    return countries, cities


def test_two_tables_that_refer_to_each_other(mutual: tuple[Mapper, Mapper], work: Work) -> None:
    """RP-02, RP-03: cut where the key is nullable, whichever row was added first."""
    countries, cities = mutual
    city, country = insert(1, NEW, KeyRef(2, "id")), insert(2, NEW, KeyRef(1, "id"))

    plan = plan_flush(work(inserts={cities: [city], countries: [country]}))

    assert headings(plan) == ["insert country [2]", "insert city [1]", "patch country [2]"]


def test_rows_of_two_tables_in_a_cycle_are_deleted(mutual: tuple[Mapper, Mapper], work: Work) -> None:
    """FP-06: the nullable key is set to NULL first."""
    countries, cities = mutual
    city = DeleteChange(1, (10,), ((2, (cities.local_table.c.country_id,)),))
    country = DeleteChange(2, (20,), ((1, (countries.local_table.c.capital_id,)),))

    plan = plan_flush(work(deletes={cities: [city], countries: [country]}))

    assert headings(plan) == ["patch country [2]", "delete city [1]", "delete country [2]"]
    assert plan.steps[0].rows == ((None, 20),)


def test_a_deleted_row_that_refers_to_itself_is_cleared_first(nodes: Mapper, work: Work) -> None:
    """RP-02: InnoDB wants that."""
    plan = plan_flush(work(deletes={nodes: [gone_node(1, 1, nodes)]}))

    assert headings(plan) == ["patch node [1]", "delete node [1]"]


def test_a_deleted_row_that_must_refer_to_itself_goes_as_it_is(rigid: Mapper, work: Work) -> None:
    """RP-02: its key cannot be cleared."""
    plan = plan_flush(work(deletes={rigid: [gone_node(1, 1, rigid)]}))

    assert headings(plan) == ["delete rigid [1]"]


def test_deleted_rows_in_a_cycle_without_a_nullable_key_are_an_error(rigid: Mapper, work: Work) -> None:
    """FP-06, ER-15."""
    with pytest.raises(CircularDependencyError, match="#1 Rigid -> #2 Rigid -> #1 Rigid") as caught:
        plan_flush(work(deletes={rigid: [gone_node(1, 2, rigid), gone_node(2, 1, rigid)]}))

    assert caught.value.code == "flush-cycle"


def test_a_row_that_a_new_one_takes_over_holds_nothing_up(nodes: Mapper, work: Work) -> None:
    """FP-04: references to it are none among deleted rows."""
    plan = plan_flush(work(deletes={nodes: [gone_node(2, 1, nodes)]}))

    assert headings(plan) == ["delete node [2]"]


# -- association rows -------------------------------------------------------------------------------------------------


def test_association_rows_stand_between_inserts_and_deletes(library: Library, work: Work) -> None:
    """FP-01, CA-28: removed ones before added ones."""
    columns = (library.book_tag.c.book_id, library.book_tag.c.tag_id)
    link = LinkTable(
        library.book_tag,
        columns,
        added=[LinkChange((KeyRef(1, "id"), 5))],
        removed=[LinkChange((3, 5))],
        cleared={columns[:1]: [(9,)]},
        mapper=library.books,
    )

    plan = plan_flush(
        work(
            inserts={library.books: [insert(1, NEW, "t", None)]},
            deletes={library.tags: [DeleteChange(2, (2,), ())]},
            links={"book_tag": link},
        )
    )

    assert str(plan) == (
        "1 insert book(title, author_id) returning id\n"
        "    #1 ('t', None)\n"
        "2 unlink book_tag(book_id, tag_id)\n"
        "    (3, 5)\n"
        "3 unlink book_tag(book_id)\n"
        "    (9)\n"
        "4 link book_tag(book_id, tag_id)\n"
        "    (#1.id, 5)\n"
        "5 delete tag where id\n"
        "    #2 (2)"
    )
    assert [getattr(step, "counted", None) for step in plan] == [None, True, False, None, None]


def test_an_association_table_without_changes_has_no_step(library: Library, work: Work) -> None:
    """FP-01."""
    link = LinkTable(library.book_tag, (library.book_tag.c.book_id,))

    assert plan_flush(work(links={"book_tag": link})) == FlushPlan(())


# -- defaults ---------------------------------------------------------------------------------------------------------


def test_a_default_that_python_makes_stays_a_marker(library: Library, work: Work) -> None:
    """FP-10: nothing is computed while planning, and nothing fetched back."""
    (step,) = plan_flush(work(inserts={library.authors: [insert(1, 1, PYTHON_DEFAULT)]}))

    assert step.rows == ((1, PYTHON_DEFAULT),)
    assert str(step) == "insert author(id, name)"
