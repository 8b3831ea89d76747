"""Laws of the planner, over random tables, random foreign keys and random changes.

A schema has up to four tables with nullable and other references among them, cycles and self-references included; each
object inserts a row, updates one or deletes one. References lead to new rows (a KeyRef) or to rows that are there.

The laws: a KeyRef points to an earlier step; no row is deleted before its dependants; one step per table and level;
shuffling the changes leaves the plan the same; every change is carried out once, and nothing else is.
"""

from __future__ import annotations

import itertools
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st

from tests.support.mapped import map_class
from unitwork.base.markers import DEFAULT_CELL
from unitwork.exc import CircularDependencyError
from unitwork.flush.changes import DeleteChange, InsertChange, KeyRef, LinkChange, LinkTable, UpdateChange, WorkSet
from unitwork.flush.extract import row_shape
from unitwork.flush.plan import DeleteRows, FlushPlan, InsertRows, LinkRows, PatchRows, Step, UnlinkRows, UpdateRows
from unitwork.flush.planner import plan_flush
from unitwork.mapping.mapper import Mapper, RelationshipOptions
from unitwork.mapping.registry import MapperRegistry
from unitwork.sql.foreign_keys import ForeignKey
from unitwork.sql.schema import Column, Table
from unitwork.sql.types import Integer

#: (table it starts from, table it leads to, nullable)
Reference = tuple[int, int, bool]


def schema(registry: MapperRegistry, size: int, references: list[Reference]) -> list[Mapper]:
    """Classes `T0`, `T1`, … with a primary key, a column `n`, and a many-to-one per reference."""
    tables = [
        Table(
            f"t{number}",
            registry.metadata,
            Column("id", Integer, primary_key=True),
            Column("n", Integer),
            *(
                Column(f"r{place}", ForeignKey(f"t{target}.id"), nullable=nullable)
                for place, (start, target, nullable) in enumerate(references)
                if start == number
            ),
        )
        for number in range(size)
    ]
    for number, table in enumerate(tables):
        relationships = {
            f"to_{place}": RelationshipOptions(
                f"T{target}", foreign_keys=[table.c[f"r{place}"]], remote_side=[tables[target].c.id]
            )
            for place, (start, target, _) in enumerate(references)
            if start == number
        }
        map_class(registry, f"T{number}", table, **relationships)
    registry.configure()
    return list(registry.all_mappers)


@dataclass
class Case:
    """A WorkSet and what it was made of.

    Attributes:
        mappers: of the schema.
        work: the changes.
        deleted: handle of a deleted row to the handles of deleted rows that it refers to, over any key.
    """

    mappers: list[Mapper]
    work: WorkSet
    deleted: dict[int, set[int]] = field(default_factory=dict)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """A schema, and a WorkSet over it."""
    size = draw(st.integers(1, 4))
    references = draw(
        st.lists(st.tuples(st.integers(0, size - 1), st.integers(0, size - 1), st.booleans()), max_size=5)
    )
    registry = MapperRegistry()
    mappers = schema(registry, size, references)
    kinds = draw(
        st.lists(st.tuples(st.sampled_from(["insert", "update", "delete"]), st.integers(0, size - 1)), max_size=9)
    )
    case = Case(mappers, WorkSet((), {}, {}, {}, {}))
    for handle, (kind, number) in enumerate(kinds, 1):
        leads_to = {
            mappers[number].local_table.c[f"r{place}"]: target
            for place, (start, target, _) in enumerate(references)
            if start == number
        }
        alike = {
            column: [other for other, (its_kind, its_number) in enumerate(kinds, 1) if (its_kind, its_number) == wanted]
            for column, target in leads_to.items()
            for wanted in [("delete" if kind == "delete" else "insert", target)]
        }
        chosen = {column: draw(st.sampled_from([None, *others])) for column, others in alike.items()}
        add_change(case, kind, mappers[number], handle, chosen)
    return case


def add_change(case: Case, kind: str, mapper: Mapper, handle: int, chosen: dict[Column, int | None]) -> None:
    """Put a change of one object into the WorkSet; `chosen` is what its foreign keys refer to among the objects."""
    if kind == "delete":
        refers_to = tuple((target, (column,)) for column, target in chosen.items() if target is not None)
        case.deleted[handle] = {target for target, _ in refers_to}
        case.work.deletes.setdefault(mapper, []).append(DeleteChange(handle, (handle,), refers_to))
        return
    values: dict[Column, Any] = {
        column: 7 if target is None else KeyRef(target, "id") for column, target in chosen.items()
    }
    columns = row_shape(mapper).columns
    key, number = columns[:2]
    if kind == "insert":
        cells = tuple({key: DEFAULT_CELL, number: handle, **values}[column] for column in columns)
        case.work.inserts.setdefault(mapper, []).append(InsertChange(handle, cells))
        return
    changed = (number, *columns[2 : 2 + handle % 3])
    cells = tuple({number: handle, **values}[column] for column in changed)
    case.work.updates.setdefault(mapper, []).append(UpdateChange(handle, changed, cells, (handle,)))


def planned(case: Case) -> FlushPlan:
    """The plan, of a WorkSet that has one."""
    try:
        return plan_flush(case.work)
    except CircularDependencyError:
        event("no plan: a cycle without a nullable key")
        assume(False)
        raise


LAW = settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)


def handles_of(plan: FlushPlan, kind: type[Step]) -> dict[int, int]:
    """Handle to the place of the step of this kind it is in."""
    return {handle: place for place, step in enumerate(plan) if type(step) is kind for handle in step.handles}


# -- the laws ---------------------------------------------------------------------------------------------------------


@LAW
@given(case=cases())
def test_a_key_ref_points_to_an_earlier_step(case: Case) -> None:
    """FP-01, FP-05, FP-06: of its own row nothing is known before it is written."""
    plan = planned(case)

    written = handles_of(plan, InsertRows)
    for place, step in enumerate(plan):
        for row in step.rows:
            assert all(written[cell.handle] < place for cell in row if type(cell) is KeyRef)


@LAW
@given(case=cases())
def test_no_row_is_deleted_before_its_dependants(case: Case) -> None:
    """FP-01, FP-05, FP-06: unless it was cleared of the reference before."""
    plan = planned(case)

    gone = handles_of(plan, DeleteRows)
    for handle, targets in references_left(case, plan).items():
        assert all(gone[handle] < gone[target] for target in targets)


@LAW
@given(case=cases())
def test_a_class_takes_a_step_per_level(case: Case) -> None:
    """FP-09: as many steps as its rows are deep, not as many as it has rows."""
    plan = planned(case)

    steps = Counter((type(step), step.mapper) for step in plan if type(step) in (InsertRows, DeleteRows))
    for (kind, mapper), count in steps.items():
        assert count <= deepest(case, plan, kind, mapper)


def deepest(case: Case, plan: FlushPlan, kind: type[Step], mapper: Mapper | None) -> int:
    """How deep the deepest row of a class lies, by what rows refer to in the plan; all rows that count for deletes."""
    needs = references_left(case, plan)
    levels: dict[int, int] = {}
    found: set[int] = set()
    for step in plan if kind is InsertRows else reversed(plan.steps):
        if type(step) is not kind:
            continue
        for handle, row in zip(step.handles, step.rows):
            needed = [cell.handle for cell in row if type(cell) is KeyRef] if kind is InsertRows else needs[handle]
            levels[handle] = 1 + max((levels[target] for target in needed), default=0)
            if step.mapper is mapper:
                found.add(levels[handle])
    return max(found) if kind is InsertRows else max(levels.values())


def references_left(case: Case, plan: FlushPlan) -> dict[int, list[int]]:
    """Deleted row to the other deleted rows that it refers to until it goes, over keys that no patch cleared."""
    cleared = {
        (handle, column)
        for step in plan
        if type(step) is PatchRows
        for handle in step.handles
        for column in step.columns
    }
    return {
        change.handle: [
            target
            for target, columns in change.refers_to
            if target != change.handle and not all((change.handle, column) in cleared for column in columns)
        ]
        for changes in case.work.deletes.values()
        for change in changes
    }


@LAW
@given(case=cases())
def test_rows_of_tables_without_a_cycle_take_one_step(case: Case) -> None:
    """FP-09: order is decided per table there; updates take one per set of columns."""
    plan = planned(case)

    in_cycle = tables_in_cycles(case.mappers)
    for kind in (InsertRows, DeleteRows):
        tables = Counter(step.table for step in plan if type(step) is kind)
        assert all(count == 1 for table, count in tables.items() if table not in in_cycle)
    updates = Counter((step.table, step.columns) for step in plan if type(step) is UpdateRows)
    assert all(count == 1 for (table, _), count in updates.items() if table not in in_cycle)


def tables_in_cycles(mappers: list[Mapper]) -> set[Table]:
    """Tables that a path of foreign keys leads back to."""
    needs = {
        mapper.local_table: {foreign_key.column.table for foreign_key in mapper.local_table.foreign_keys}
        for mapper in mappers
    }
    found = set()
    for start in needs:
        reached: set[Table] = set()
        waiting = [start]
        while waiting:
            new = needs[waiting.pop()] - reached
            reached |= new
            waiting.extend(new)
        if start in reached:
            found.add(start)
    return found


@LAW
@given(case=cases(), seed=st.integers(0, 999))
def test_shuffling_the_changes_leaves_the_plan_the_same(case: Case, seed: int) -> None:
    """SB-58, FP-07: ties follow the handles; classes follow the order of mapping."""
    plan = planned(case)

    shuffled = plan_flush(
        case.work._replace(
            inserts=shuffle(case.work.inserts, seed),
            updates=shuffle(case.work.updates, seed),
            deletes=shuffle(case.work.deletes, seed),
        )
    )

    assert shuffled == plan
    assert str(shuffled) == str(plan)


def shuffle(changes: dict[Mapper, list[Any]], seed: int) -> dict[Mapper, Any]:
    """The same changes told in another order, classes and rows."""
    order = random.Random(seed)
    return {
        mapper: order.sample(changes[mapper], len(changes[mapper])) for mapper in order.sample([*changes], len(changes))
    }


@LAW
@given(case=cases())
def test_planning_is_pure(case: Case) -> None:
    """Decision 0006: the WorkSet stays as it was, and gives the same plan again."""
    before = {kind: {mapper: list(rows) for mapper, rows in getattr(case.work, kind).items()} for kind in KINDS}

    plan = planned(case)

    assert plan_flush(case.work) == plan
    assert {kind: getattr(case.work, kind) for kind in KINDS} == before


KINDS = ("inserts", "updates", "deletes")


@LAW
@given(case=cases())
def test_every_change_is_carried_out_once(case: Case) -> None:
    """FP-01: rows, updated columns with what patches add to a row, and keys of deleted rows."""
    plan = planned(case)

    for kind, step_kind in zip(KINDS, (InsertRows, UpdateRows, DeleteRows)):
        wanted = [change.handle for changes in getattr(case.work, kind).values() for change in changes]
        done = [handle for step in plan if type(step) is step_kind for handle in step.handles]
        assert sorted(done) == sorted(wanted)
    final = final_cells(plan)
    for mapper, changes in case.work.inserts.items():
        for change in changes:
            given_ = dict(zip(row_shape(mapper).columns, change.cells))
            assert {**given_, **final[change.handle]} == given_


def final_cells(plan: FlushPlan) -> dict[int, dict[Column, Any]]:
    """What each inserted row holds at the end, by handle: its cells, and its patches over them."""
    found: dict[int, dict[Column, Any]] = {}
    for step in plan:
        if isinstance(step, (InsertRows, PatchRows)):
            for handle, row in zip(step.handles, step.rows):
                found.setdefault(handle, {}).update(zip(step.columns, row))
    return found


@LAW
@given(case=cases())
def test_only_nullable_keys_are_cleared_and_only_in_cycles(case: Case) -> None:
    """FP-06: a patch is the exception; until then the row holds NULL."""
    plan = planned(case)

    inserted = final_cells(FlushPlan(tuple(step for step in plan if type(step) is InsertRows)))
    in_cycle = tables_in_cycles(case.mappers)
    for step in plan:
        if isinstance(step, PatchRows):
            assert step.table in in_cycle
            assert all(column.nullable for column in step.columns)
            assert all(
                inserted[handle][column] is None
                for handle in step.handles
                if handle in inserted
                for column in step.columns
            )


@LAW
@given(case=cases())
def test_an_error_names_a_cycle_that_is_there(case: Case) -> None:
    """FP-06, ER-15: a path of rows of which each needs the next, over keys that cannot wait."""
    try:
        plan_flush(case.work)
    except CircularDependencyError as err:
        needs = {
            change.handle: {cell.handle for cell in change.cells if type(cell) is KeyRef}
            for changes in case.work.inserts.values()
            for change in changes
        }
        handles = err.handles  # type: ignore[attr-defined]
        if handles[0] in needs:
            assert handles[0] == handles[-1]
            assert all(end in needs[start] for start, end in itertools.pairwise(handles))
        else:
            assert set(handles) <= set(case.deleted)


# -- association tables -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def link_tables() -> Iterator[list[Table]]:
    """Three association tables."""
    registry = MapperRegistry()
    yield [Table(f"link{number}", registry.metadata, Column("a", Integer), Column("b", Integer)) for number in range(3)]
    registry.dispose()


@settings(max_examples=50, deadline=None)
@given(rows=st.lists(st.tuples(st.integers(0, 2), st.booleans(), st.integers(0, 9)), max_size=9))
def test_association_rows_are_removed_before_any_is_added(
    link_tables: list[Table], rows: list[tuple[int, bool, int]]
) -> None:
    """FP-01, FP-09: one step per table and direction."""
    links: dict[Any, LinkTable] = {}
    for number, added, value in rows:
        table = link_tables[number]
        link = links.setdefault(number, LinkTable(table, tuple(table.columns)))
        (link.added if added else link.removed).append(LinkChange((value, value)))

    plan = plan_flush(WorkSet((), {}, {}, {}, links))

    kinds = [type(step) for step in plan]
    assert kinds == sorted(kinds, key=lambda kind: kind is LinkRows)
    assert set(kinds) <= {LinkRows, UnlinkRows}
    assert len({(type(step), step.table) for step in plan}) == len(plan)
    assert sum(len(step.rows) for step in plan) == len(rows)
