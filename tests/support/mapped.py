"""Maps plain classes for the tests of one layer, with nothing of the layers above it, and stands in for a Session.

Classes are made per test and mapped into a registry that the test disposes of. Nothing here instruments a class:
tests of the layers from `instrument` up do so themselves.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from unitwork.mapping.assemble import ColumnOptions, make_mapper
from unitwork.mapping.mapper import Mapper, RelationshipOptions
from unitwork.mapping.registry import MapperRegistry
from unitwork.sql.foreign_keys import ForeignKey
from unitwork.sql.schema import Column, Table
from unitwork.sql.types import Integer, String
from unitwork.state.instance import CLEAN, state_of
from unitwork.state.lifecycle import PENDING, PERSISTENT

Declared = ColumnOptions | RelationshipOptions


class Port:
    """A SessionPort that writes down what it is asked, and answers from `values`.

    Attributes:
        calls: (method, what it was called with).
        values: attribute name to what load() stores and returns.
        refuse: what changing() raises, or None.
        session: what an object's ``session`` is.
    """

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.values: dict[str, Any] = {}
        self.refuse: Exception | None = None
        self.session: Any = None

    def changing(self) -> None:
        """Note it, or refuse."""
        self.calls.append(("changing",))
        if self.refuse is not None:
            raise self.refuse

    def load(self, state: Any, name: str) -> Any:
        """Note it, store the value and return it."""
        self.calls.append(("load", state, name))
        state.dict[name] = self.values[name]
        return self.values[name]

    def reached(self, owner: Any, target: object) -> None:
        """Note it."""
        self.calls.append(("reached", owner, target))

    def orphaned(self, state: Any) -> None:
        """Note it."""
        self.calls.append(("orphaned", state))


def map_class(registry: MapperRegistry, cls: type | str, table: Table, /, **declared: Declared) -> Mapper:
    """Map a class, or a new one of that name, without instrumentation; relationships are resolved at configure()."""
    made = cls if isinstance(cls, type) else type(cls, (), {})
    mapper = make_mapper(made, table, registry, declared, {})
    registry.enrol(mapper)
    return mapper


#: ``map_(cls or name, table, attr=RelationshipOptions(...))``: what the mappings below map their classes with.
MapClass = Callable[..., Mapper]


class Library:
    """Author 1-* Book *-* Tag with default cascades, mapped by `map_` and configured.

    Attributes:
        authors, books, tags: Mappers; `Author`, `Book` and `Tag` are their classes.
        author, book, tag, book_tag: tables.
    """

    def __init__(self, registry: MapperRegistry, map_: MapClass, **classes: type) -> None:
        metadata = registry.metadata
        self.author = Table("author", metadata, Column("id", Integer, primary_key=True), Column("name", String(40)))
        self.book = Table(
            "book",
            metadata,
            Column("id", Integer, primary_key=True),
            Column("title", String(40)),
            Column("author_id", ForeignKey("author.id")),
        )
        self.tag = Table("tag", metadata, Column("id", Integer, primary_key=True))
        self.book_tag = Table(
            "book_tag",
            metadata,
            Column("book_id", ForeignKey("book.id"), primary_key=True),
            Column("tag_id", ForeignKey("tag.id"), primary_key=True),
        )
        to_books = RelationshipOptions("Book", back_populates="author")
        to_author = RelationshipOptions("Author", back_populates="books")
        to_tags = RelationshipOptions("Tag", secondary=self.book_tag, back_populates="books")
        from_tags = RelationshipOptions("Book", secondary=self.book_tag, back_populates="tags")
        self.authors = map_(registry, classes.get("Author", "Author"), self.author, books=to_books)
        self.books = map_(registry, classes.get("Book", "Book"), self.book, author=to_author, tags=to_tags)
        self.tags = map_(registry, classes.get("Tag", "Tag"), self.tag, books=from_tags)
        registry.configure()
        self.Author: Any = self.authors.class_
        self.Book: Any = self.books.class_
        self.Tag: Any = self.tags.class_


def persistent(tracker: Any, obj: Any, pk: Any, **values: Any) -> Any:
    """Make an object of a mapped class persistent in a tracker, with loaded values; return its state.

    Args:
        tracker: a StateTracker.
        pk: primary key in the inner form: a bare value for one column, a tuple for several.
    """
    state = state_of(obj)
    obj.__dict__.update(values)
    state.pk = pk
    state.phase = PERSISTENT
    state.changes = CLEAN
    state.tracker = tracker
    tracker.identity.add(state)
    return state


def pending(tracker: Any, obj: Any) -> Any:
    """Make an object of a mapped class pending in a tracker; return its state."""
    state = state_of(obj)
    state.phase = PENDING
    state.tracker = tracker
    tracker.new[state] = obj
    return state
