"""The generated row loader, fed with rows made by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.mapped import Library, MapClass, Port, persistent
from unitwork.base.hooks import listen, remove
from unitwork.loading.expand import entity_plan
from unitwork.loading.plan import EntityItem, LoadPlan, ValueItem
from unitwork.loading.rows import fill, loader_for
from unitwork.loading.specs import spec_of
from unitwork.mapping.mapper import Mapper, RelationshipOptions
from unitwork.mapping.registry import MapperRegistry
from unitwork.sql.schema import Column, Table
from unitwork.sql.types import Integer, String
from unitwork.state.instance import CLEAN, state_of
from unitwork.state.tracker import StateTracker

Rows = list[tuple[Any, ...]]
Load = Callable[..., list[Any]]


def shout(type_: Any, stored: bool) -> Callable[[Any], Any] | None:
    """A dialect's converter: texts in capitals, texts that no table stores with a mark; nothing else."""
    if not isinstance(type_, String):
        return None
    return str.upper if stored else lambda value: f"?{value}"


def bare(type_: Any, stored: bool) -> None:
    """A converter for a driver that gives Python's values already."""


def plan_for(mapper: Mapper) -> LoadPlan:
    """The plan of a SELECT of one class, without options."""
    return entity_plan(spec_of(mapper))


@pytest.fixture
def load(tracker: StateTracker) -> Load:
    """``load(plan, rows, populate=False, converter=bare)``."""

    def load_(plan: LoadPlan, rows: Rows, populate: bool = False, converter: Any = bare) -> list[Any]:
        tables = [tracker.identity.table(item.mapper) if isinstance(item, EntityItem) else None for item in plan.items]
        return loader_for(plan, converter.__name__, converter)(rows, tables, tracker, set() if populate else None)

    return load_


@pytest.fixture
def pairs(registry: MapperRegistry, map_tracked: MapClass) -> Mapper:
    """A class with a primary key of two columns."""
    table = Table(
        "pair",
        registry.metadata,
        Column("name", String(9)),
        Column("a", Integer, primary_key=True),
        Column("b", Integer, primary_key=True),
    )
    mapper = map_tracked(registry, "Pair", table)
    registry.configure()
    return mapper


# -- new objects ------------------------------------------------------------------------------------------------------


def test_a_row_becomes_a_persistent_object(library: Library, tracker: StateTracker, load: Load) -> None:
    """ST-19: with its values loaded, clean, in the identity map and tracked."""
    (author,) = load(plan_for(library.authors), [(1, "ann")])

    state = state_of(author)
    assert type(author) is library.Author
    assert (author.id, author.name) == (1, "ann")
    assert state.persistent
    assert (state.pk, state.changes, state.expired, state.tracker) == (1, CLEAN, None, tracker)
    assert tracker.identity.find(library.authors, 1) is author
    assert tracker.modified == {}


def test_rows_keep_their_order_and_no_rows_give_nothing(library: Library, load: Load) -> None:
    """SB-43."""
    plan = plan_for(library.authors)

    assert [author.id for author in load(plan, [(3, "c"), (1, "a"), (2, "b")])] == [3, 1, 2]
    assert load(plan, []) == []


def test_a_row_calls_no_constructor_setter_or_listener(
    registry: MapperRegistry, map_tracked: MapClass, load: Load
) -> None:
    """ST-110."""

    class Author:
        def __init__(self) -> None:
            raise AssertionError("the constructor was called")

        def __setattr__(self, name: str, value: Any) -> None:
            raise AssertionError("a setter was called")

    library = Library(registry, map_tracked, Author=Author)
    listen(Author.name, "set", lambda *_: pytest.fail("a listener was called"))  # type: ignore[attr-defined]

    (author,) = load(plan_for(library.authors), [(1, "ann")])

    assert author.name == "ann"


def test_load_listeners_hear_of_new_objects_only(library: Library, tracker: StateTracker, load: Load) -> None:
    """ST-110, EV-95: the loader is made anew when listeners come and go."""
    heard: list[Any] = []
    plan = plan_for(library.authors)
    present = library.Author()
    persistent(tracker, present, 1, id=1)

    def listener(obj: Any, _: Any) -> None:
        heard.append(obj.id)

    listen(library.Author, "load", listener)
    kept = load(plan, [(1, "ann"), (2, "bob")])
    remove(library.Author, "load", listener)
    kept += load(plan, [(3, "cid")])

    assert heard == [2]
    assert [author.id for author in kept] == [1, 2, 3]


def test_a_listener_that_joins_another_is_called(library: Library, load: Load) -> None:
    """ST-110: from the next row on."""
    heard: list[str] = []
    plan = plan_for(library.authors)

    listen(library.Author, "load", lambda *_: heard.append("first"))
    kept = load(plan, [(1, "ann")])
    listen(library.Author, "load", lambda *_: heard.append("second"))
    kept += load(plan, [(2, "bob")])

    assert heard == ["first", "first", "second"]
    assert len(kept) == 2


def test_a_listener_that_replaces_another_is_called(library: Library, load: Load) -> None:
    """ST-110: and the one before it is not."""
    heard: list[str] = []
    plan = plan_for(library.authors)

    def first(*_: Any) -> None:
        heard.append("first")

    listen(library.Author, "load", first)
    kept = load(plan, [(1, "ann")])
    remove(library.Author, "load", first)
    listen(library.Author, "load", lambda *_: heard.append("second"))
    kept += load(plan, [(2, "bob")])

    assert heard == ["first", "second"]
    assert len(kept) == 2


# -- present objects --------------------------------------------------------------------------------------------------


def test_a_present_object_is_taken_as_it_is(library: Library, tracker: StateTracker, load: Load) -> None:
    """SB-02, SB-36: its values and changes stay."""
    author = library.Author()
    state = persistent(tracker, author, 1, id=1, name="ann")
    author.name = "bob"

    found = load(plan_for(library.authors), [(1, "cid")])

    assert found[0] is author
    assert author.name == "bob"
    assert state.changes == {"name": "ann"}


def test_one_identity_in_two_rows_is_one_object(library: Library, load: Load) -> None:
    """SB-02: the first row counts."""
    first, second = load(plan_for(library.authors), [(1, "ann"), (1, "bob")])

    assert first is second
    assert first.name == "ann"


def test_an_expired_object_is_filled(library: Library, tracker: StateTracker, load: Load) -> None:
    """SB-37: what was written since stays, and it is not expired any more."""
    author = library.Author()
    state = persistent(tracker, author, 1, id=1, name="ann")
    tracker.expire(state, author)
    author.name = "new"

    load(plan_for(library.authors), [(1, "from the row")])

    assert (author.__dict__["id"], author.name) == (1, "new")
    assert state.expired is None


def test_what_was_deleted_since_it_expired_is_not_filled(library: Library, tracker: StateTracker, load: Load) -> None:
    """SB-37, ST-58: the deletion is to be flushed."""
    author = library.Author()
    state = persistent(tracker, author, 1, id=1, name="ann")
    tracker.expire(state, author)
    del author.name

    load(plan_for(library.authors), [(1, "from the row")])

    assert "name" not in author.__dict__
    assert author.name is None


def test_the_place_of_a_collected_object_is_taken_by_a_new_one(
    library: Library, tracker: StateTracker, load: Load
) -> None:
    """ST-46: also where its state lies there still."""
    gone = persistent(tracker, library.Author(), 1)
    tracker.identity.table(library.authors)[1] = gone

    (author,) = load(plan_for(library.authors), [(1, "ann")])

    assert gone() is None
    assert author.name == "ann"
    assert tracker.identity.find(library.authors, 1) is author


def test_populating_overwrites_values_and_drops_changes(
    library: Library, tracker: StateTracker, port: Port, load: Load
) -> None:
    """ST-109: relationships load again when they are read."""
    author = library.Author()
    state = persistent(tracker, author, 1, id=1, name="ann", books=[])
    author.name = "bob"

    load(plan_for(library.authors), [(1, "cid")], populate=True)

    assert author.name == "cid"
    assert state.changes is CLEAN
    assert tracker.modified == {}
    assert "books" not in author.__dict__
    assert port.calls == []


def test_a_row_with_some_columns_leaves_the_others_expired(library: Library, tracker: StateTracker) -> None:
    """SB-37: exactly what the row carries."""
    book = library.Book()
    state = persistent(tracker, book, 1, id=1, title="t", author_id=3)
    tracker.expire(state, book)

    fill(state, book, ("id", "title"), (1, "u"), None)

    assert "author_id" not in book.__dict__
    assert state.expired_attributes & {"id", "title", "author_id"} == {"author_id"}
    assert state.is_expired


# -- keys -------------------------------------------------------------------------------------------------------------


def test_a_row_without_a_primary_key_is_none(library: Library, tracker: StateTracker, load: Load) -> None:
    """SB-43: the empty side of an outer join."""
    assert load(plan_for(library.authors), [(None, None), (None, "ann")]) == [None, None]
    assert tracker.identity.table(library.authors) == {}


def test_a_composite_key_is_found_by_all_its_columns(pairs: Mapper, tracker: StateTracker, load: Load) -> None:
    """LB-06: in the order of the key, wherever they stand in the row."""
    present = pairs.class_()
    persistent(tracker, present, (1, 2), a=1, b=2)

    found = load(plan_for(pairs), [("x", 1, 2), ("y", 2, 1)])

    assert found[0] is present
    assert state_of(found[1]).pk == (2, 1)
    assert (found[1].name, found[1].a, found[1].b) == ("y", 2, 1)


@pytest.mark.parametrize(("row", "pk"), [(("x", None, None), None), (("x", 1, None), (1, None)), (("x", 0, 0), (0, 0))])
def test_a_composite_key_is_missing_where_all_of_it_is(row: Any, pk: Any, pairs: Mapper, load: Load) -> None:
    """FP-18: a partly NULL key is one; zero is not NULL."""
    (found,) = load(plan_for(pairs), [row])

    assert (None if found is None else state_of(found).pk) == pk


# -- conversions ------------------------------------------------------------------------------------------------------


def test_values_are_converted_by_the_dialect(library: Library, load: Load) -> None:
    """LB-20: NULL is not."""
    first, second = load(plan_for(library.authors), [(1, "ann"), (2, None)], converter=shout)

    assert (first.name, second.name) == ("ANN", None)


def test_values_that_fill_a_present_object_are_converted_too(
    library: Library, tracker: StateTracker, load: Load
) -> None:
    """LB-20, SB-37."""
    author = library.Author()
    tracker.expire(persistent(tracker, author, 1, id=1), author)

    load(plan_for(library.authors), [(1, "ann")], converter=shout)

    assert author.name == "ANN"


def test_a_key_is_converted_before_it_is_looked_up(registry: MapperRegistry, map_tracked: MapClass, load: Load) -> None:
    """SB-02: the identity map holds Python's values."""
    table = Table("named", registry.metadata, Column("name", String(9), primary_key=True))
    mapper = map_tracked(registry, "Named", table)
    registry.configure()

    first, second, third = load(plan_for(mapper), [("a",), ("A",), (None,)], converter=shout)

    assert first is second
    assert first.name == "A"
    assert third is None


def test_each_dialect_has_a_loader_of_its_own(library: Library, load: Load) -> None:
    """LB-20: one plan serves engines of several kinds."""
    plan = plan_for(library.authors)

    (first,) = load(plan, [(1, "ann")], converter=shout)
    (second,) = load(plan, [(2, "bob")])

    assert (first.name, second.name) == ("ANN", "bob")
    assert loader_for(plan, "bare", bare) is loader_for(plan, "bare", bare)


# -- several items ----------------------------------------------------------------------------------------------------


def test_several_items_give_tuples(library: Library, load: Load) -> None:
    """SB-44: each from its part of the row; a missing object is None."""
    plan = LoadPlan(
        [
            EntityItem(spec_of(library.authors), 0),
            ValueItem(2, String(9), True),
            ValueItem(3, String(9), False),
            EntityItem(spec_of(library.tags), 4),
        ],
        ["Author", "title", "text", "Tag"],
    )

    first, second = load(plan, [(1, "ann", "t", "x", 7), (1, "ann", None, None, None)], converter=shout)

    assert (first[0].name, first[1], first[2], first[3].id) == ("ANN", "T", "?x", 7)
    assert second == (first[0], None, None, None)


def test_a_class_that_stands_twice_shares_its_objects(library: Library, load: Load) -> None:
    """SB-02: within a row, and between rows."""
    spec = spec_of(library.authors)
    plan = LoadPlan([EntityItem(spec, 0), EntityItem(spec, 2)], ["Author", "Author"])

    first, second = load(plan, [(1, "ann", 1, "ann"), (2, "bob", 1, "ann")])

    assert first[0] is first[1] is second[1]


def test_names_of_attributes_are_values_in_the_source(registry: MapperRegistry, map_tracked: MapClass) -> None:
    """Decision 0005: an attribute may be called as a name of the generated code."""
    names = ["row", "rows", "present", "tracker", "add", "c0", "s0", "it's"]
    table = Table(
        "odd",
        registry.metadata,
        Column("id", Integer, primary_key=True),
        *(Column(name, Integer) for name in names),
    )
    mapper = map_tracked(registry, "Odd", table)
    tracker = StateTracker(Port())

    (odd,) = loader_for(plan_for(mapper), "bare", bare)(
        [tuple(range(9))], [tracker.identity.table(mapper)], tracker, False
    )

    assert [vars(odd)[name] for name in names] == list(range(1, 9))


def test_relationships_take_no_place_in_the_row(library: Library, load: Load) -> None:
    """ST-102: they are unloaded."""
    assert isinstance(library.authors.relationships["books"].options, RelationshipOptions)

    (author,) = load(plan_for(library.authors), [(1, "ann")])

    assert state_of(author).unloaded == {"books"}
