"""Generated code against its readable twin: the same rows and the same writes leave the same behind (decision 0005)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.mapped import Library, Port, map_class, pending, persistent
from tests.support.twins import plain_loader, plain_setattr
from unitwork.base.hooks import listen
from unitwork.instrument.install import install, uninstall
from unitwork.instrument.writes import make_setattr
from unitwork.loading.plan import EntityItem, JoinedItem, LoadPlan, ValueItem
from unitwork.loading.rows import loader_for
from unitwork.loading.specs import spec_of
from unitwork.mapping.mapper import Mapper
from unitwork.mapping.registry import MapperRegistry
from unitwork.sql.schema import Column, Table
from unitwork.sql.types import Integer, String
from unitwork.state.instance import STATE, find_state, state_of
from unitwork.state.tracker import StateTracker


def convert(type_: Any, stored: bool) -> Callable[[Any], Any] | None:
    """A dialect's converter with some work to do: texts in capitals where they are stored, marked where not."""
    if not isinstance(type_, String):
        return None
    return str.upper if stored else lambda value: f"?{value}"


class Mapped:
    """Author, Book and Tag, and a class with a key of two columns, instrumented; one of them with a load listener."""

    def __init__(self) -> None:
        self.registry = MapperRegistry()
        self.library = Library(self.registry, self.map)
        pair = Table(
            "pair",
            self.registry.metadata,
            Column("text", String(9)),
            Column("a", Integer, primary_key=True),
            Column("b", String(9), primary_key=True),
        )
        self.pairs = self.map(self.registry, "Pair", pair)
        self.registry.configure()
        self.heard: list[Any] = []
        listen(self.library.Book, "load", lambda book, _: self.heard.append(book.id))

    @staticmethod
    def map(registry: MapperRegistry, cls: Any, table: Table, /, **declared: Any) -> Mapper:
        """Map and instrument."""
        mapper = map_class(registry, cls, table, **declared)
        install(mapper)
        return mapper

    @property
    def mappers(self) -> list[Mapper]:
        """Those that rows are loaded for."""
        return [self.library.authors, self.library.books, self.pairs]


@pytest.fixture(scope="module")
def mapped() -> Iterator[Mapped]:
    """One set of classes for all examples."""
    made = Mapped()
    yield made
    for mapper in made.registry.all_mappers:
        uninstall(mapper)
    made.registry.dispose()


# -- the row loader ---------------------------------------------------------------------------------------------------

texts = st.none() | st.sampled_from(["x", "Y", ""])
#: Cells that fit any column: keys that repeat, and none at all.
integers = st.none() | st.integers(0, 3)

#: What is in the Session before: class by number, key, and whether it is loaded, changed, deleted from, or expired.
presents = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 3), st.sampled_from(["loaded", "changed", "deleted", "expired"])),
    max_size=4,
    unique_by=lambda given: given[:2],
)


@st.composite
def programs(draw: st.DrawFn) -> tuple[list[int], list[list[tuple[Any, ...]]]]:
    """Items of a plan (classes 0 to 2; 3 and 4 are values), and rows: a tuple of cells per item."""
    items = draw(st.lists(st.integers(0, 4), min_size=1, max_size=3))
    cells = {
        0: st.tuples(integers, texts),
        1: st.tuples(integers, texts, integers),
        2: st.tuples(texts, integers, texts),
        3: st.tuples(texts),
        4: st.tuples(texts),
    }
    rows = draw(st.lists(st.tuples(*(cells[item] for item in items)), max_size=6))
    return items, [list(row) for row in rows]


class Loaded:
    """One run of a loader over a fresh Session's worth of objects."""

    def __init__(self, mapped: Mapped, present: list[tuple[int, int, str]]) -> None:
        self.mapped = mapped
        self.tracker = StateTracker(Port())
        self.tracker.idle = False
        self.held = [self.make(*given) for given in present]

    def make(self, kind: int, number: int, condition: str) -> Any:
        """An object of the identity map."""
        mapper = self.mapped.mappers[kind]
        obj = mapper.class_()
        key = (number, "X") if mapper is self.mapped.pairs else number
        values = dict(zip(mapper.pk_names, key if isinstance(key, tuple) else (key,)))
        state = persistent(self.tracker, obj, key, **{**dict.fromkeys(mapper.columns, "old"), **values})
        if condition == "expired":
            self.tracker.expire(state, obj)
        name = next(name for name in mapper.columns if name not in mapper.pk_names)
        if condition == "changed":
            setattr(obj, name, "new")
        if condition == "deleted":
            self.tracker.expire(state, obj)
            delattr(obj, name)
        return obj

    def run(self, make: Any, plan: LoadPlan, rows: list[Any], populate: bool) -> Any:
        """What a loader returns and leaves behind, in terms that two runs share."""
        del self.mapped.heard[:]
        tables = [None if item is None else self.tracker.identity.table(item.mapper) for item in plan.entities]
        links: list[list[Any]] = [[] for _ in plan.joined]
        found = make(plan, convert)(rows, tables, self.tracker, set() if populate else None, links)
        places: dict[int, int] = {}
        returned = [
            [self.seen(value, places) for value in (row if isinstance(row, tuple) else (row,))] for row in found
        ]
        returned += [[self.seen(obj, places) for obj in pair] for pairs in links for pair in pairs]
        held = [self.seen(obj, places) for obj in self.held]
        map_ = {key: find_state(obj) is not None for table in tables if table for key, obj in self.live(table)}
        return returned, held, map_, list(self.mapped.heard), len(self.tracker.modified)

    @staticmethod
    def live(table: dict[Any, Any]) -> list[tuple[Any, Any]]:
        """Key and object of what is in a table of the map."""
        return [(key, state()) for key, state in table.items() if state() is not None]

    def seen(self, value: Any, places: dict[int, int]) -> Any:
        """A value, or everything that is known of an object, with a number instead of its identity."""
        state = None if value is None or isinstance(value, (str, int)) else find_state(value)
        if state is None:
            return value
        number = places.setdefault(id(value), len(places))
        values = {name: content for name, content in vars(value).items() if name != STATE}
        facts = (state.phase, state.pk, state.changes, state.expired, state.queued, state.extra)
        return number, type(value), values, facts, state.tracker is self.tracker, state() is value


def any_loader(plan: LoadPlan, converter: Any) -> Any:
    """The generated loader of a plan."""
    return loader_for(plan, "any", converter)


@settings(max_examples=100, deadline=None)
@given(program=programs(), present=presents, populate=st.booleans(), joins=st.integers(0, 2))
def test_the_generated_loader_does_what_its_twin_does(
    mapped: Mapped,
    program: tuple[list[int], list[Any]],
    present: list[tuple[int, int, str]],
    populate: bool,
    joins: int,
) -> None:
    """SB-36, SB-37, SB-49, ST-19, ST-109, ST-110: the objects, their states, the identity map, and who was told.

    Up to two entities at the end of a row count as joined to the first one.
    """
    kinds, rows = program
    items: list[Any] = []
    place = 0
    for kind in kinds:
        if kind < 3:
            items.append(EntityItem(spec_of(mapped.mappers[kind]), place))
            place += len(mapped.mappers[kind].columns)
        else:
            items.append(ValueItem(place, String(9), kind == 3))
            place += 1
    joined = []
    while len(joined) < joins and len(items) > 1 and isinstance(items[0], EntityItem) and kinds[len(items) - 1] < 3:
        joined.append(JoinedItem(0, mapped.mappers[0].relationships["books"], items.pop()))
    plan = LoadPlan(items, [str(kind) for kind in kinds[: len(items)]], joined)
    flat = [tuple(cell for cells in row for cell in cells) for row in rows]
    if joined:
        # A target without owner is kept by nobody: how long it lives is not a matter of the loader.
        names = items[0].names
        keys = [names.index(name) for name in items[0].mapper.pk_names]
        flat = [row for row in flat if any(row[place] is not None for place in keys)]

    generated = Loaded(mapped, present).run(
        lambda plan, convert: loader_for(plan, "any", convert), plan, flat, populate
    )
    plain = Loaded(mapped, present).run(plain_loader, plan, flat, populate)

    assert generated == plain


# -- __setattr__ ------------------------------------------------------------------------------------------------------

#: Writes to one object: a name (the last two are not columns) and a value.
writes = st.lists(
    st.tuples(st.sampled_from(["id", "title", "author_id", "author", "other"]), st.none() | st.integers(0, 2)),
    max_size=8,
)
#: What the object is, and which of its columns are loaded; a copy has the __dict__, and state, of another object.
conditions = st.tuples(
    st.sampled_from(["new", "stateless", "pending", "persistent", "copied"]),
    st.sets(st.sampled_from(["id", "title", "author_id"])),
)


def written(mapped: Mapped, setattr_: Any, program: list[Any], condition: tuple[str, set[str]]) -> Any:
    """What a program of writes leaves behind."""
    kind, loaded = condition
    port = Port()
    port.values = {"id": 1, "title": "loaded", "author_id": 2, "author": None}
    tracker = StateTracker(port)
    book = mapped.library.Book()
    original = book
    values = dict.fromkeys(sorted(loaded), 0)
    if kind == "pending":
        pending(tracker, book)
    if kind in ("persistent", "copied"):
        persistent(tracker, book, 1, **values)
    if kind == "copied":
        book = mapped.library.Book()
        book.__dict__.update(original.__dict__)
    if kind == "stateless":
        book.__dict__.update(values)
    authors = [mapped.library.Author(id=number) for number in range(3)]
    for name, value in program:
        setattr_(book, name, authors[value] if name == "author" and value is not None else value)
    return [facts_of(obj, authors, tracker) for obj in (book, original)], [call[0] for call in port.calls]


def facts_of(obj: Any, authors: list[Any], tracker: StateTracker) -> Any:
    """Values and state of an object, authors by number."""

    def plain(values: dict[str, Any]) -> dict[str, Any]:
        return {
            name: f"author {authors.index(value)}" if any(value is author for author in authors) else value
            for name, value in values.items()
            if name != STATE
        }

    state = state_of(obj)  # made now or before: a new one says nothing
    changes = None if state.changes is None else plain(state.changes)
    return plain(vars(obj)), state.phase, changes, state in tracker.modified


@settings(max_examples=100, deadline=None)
@given(program=writes, condition=conditions)
def test_the_generated_setattr_does_what_its_twin_does(
    mapped: Mapped, program: list[Any], condition: tuple[str, set[str]]
) -> None:
    """SB-06, ST-51, ST-52: values, changes, what was loaded for them, and who is among the modified."""
    writers = mapped.library.Book.__setattr__.__globals__["writer_of"].__self__  # a generated function's own

    generated = written(mapped, make_setattr(writers), program, condition)
    plain = written(mapped, plain_setattr(writers), program, condition)

    assert generated == plain
