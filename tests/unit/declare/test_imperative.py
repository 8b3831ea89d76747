"""registry().map_imperatively(), and taking mappings off again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from unitwork import exc
from unitwork.declare import imperative
from unitwork.declare.constructors import backref, column_property, deferred, relationship
from unitwork.declare.imperative import clear_mappers
from unitwork.declare.imperative import registry as registry_class
from unitwork.mapping.mapper import ONETOMANY
from unitwork.mapping.registry import class_mapper, mapper_of
from unitwork.sql.foreign_keys import ForeignKey
from unitwork.sql.schema import Column, Table
from unitwork.sql.types import Integer, String


@pytest.fixture
def author(registry: registry_class) -> Table:
    """author(id, name)."""
    return Table("author", registry.metadata, Column("id", Integer, primary_key=True), Column("name", String(50)))


@pytest.fixture
def book(registry: registry_class, author: Table) -> Table:
    """book(id, title, author_id -> author.id)."""
    return Table(
        "book",
        registry.metadata,
        Column("id", Integer, primary_key=True),
        Column("title", String(50)),
        Column("author_id", ForeignKey("author.id")),
    )


def test_plain_classes_are_mapped_in_place(registry: registry_class, author: Table, book: Table) -> None:
    """Columns by key or by name, relationships to classes. LB-04."""

    class Author:
        pass

    class Book:
        pass

    registry.map_imperatively(
        Author, author, properties={"key": author.c.id, "books": relationship(Book, back_populates="author")}
    )
    mapper = registry.map_imperatively(
        Book,
        book,
        properties={
            "name": column_property(book.c.title, active_history=True),
            "fk": deferred(book.c.author_id),
            "author": relationship(Author, back_populates="books"),
        },
    )

    assert list(class_mapper(Author).columns) == ["key", "name"]
    assert list(mapper.columns) == ["id", "name", "fk"]
    assert (mapper.columns["name"].active_history, mapper.columns["fk"].deferred) == (True, True)
    assert class_mapper(Author).relationships["books"].reverse is mapper.relationships["author"]


def test_dataclasses_keep_their_constructor(registry: registry_class, author: Table) -> None:
    """LB-04, LB-05."""

    @dataclass
    class Author:
        name: str
        id: int | None = None

    registry.map_imperatively(Author, author)

    made = Author("ann")
    assert (made.name, made.id) == ("ann", None)


def test_backrefs_become_attributes(registry: registry_class, author: Table, book: Table) -> None:
    """Of the target's class, at the first use. CA-09."""

    class Author:
        pass

    class Book:
        pass

    registry.map_imperatively(Author, author)
    options = {"author": relationship(Author, backref=backref("books", cascade="all"))}
    registry.map_imperatively(Book, book, properties=options)
    registry.configure()

    ann: Any = Author()
    novel: Any = Book()
    ann.books.append(novel)

    assert class_mapper(Author).relationships["books"].direction is ONETOMANY
    assert class_mapper(Author).relationships["books"].cascade.delete is True
    assert novel.author is ann


def test_several_columns_may_stand_under_one_attribute(registry: registry_class, author: Table) -> None:
    """The first is read. LB-04."""

    class Author:
        pass

    mapper = registry.map_imperatively(Author, author, properties={"both": [author.c.id, author.c.name]})

    assert list(mapper.columns) == ["both"]
    assert mapper.columns["both"].columns == (author.c.id, author.c.name)
    assert mapper.name_by_column[author.c.name] == "both"


def test_declared_classes_take_properties_as_options(registry: registry_class, author: Table) -> None:
    """In __mapper_args__. LB-08."""

    class Author:
        __table__ = author
        __mapper_args__ = {"properties": {"title": author.c.name}}

    mapper = registry.map_declaratively(Author)

    assert list(mapper.columns) == ["id", "title"]


def test_a_refused_class_leaves_its_table(registry: registry_class, author: Table) -> None:
    """The user made it."""

    class Author:
        __table__ = author
        __mapper_args__ = {"exclude_properties": ["id"]}

    with pytest.raises(exc.ArgumentError):
        registry.map_declaratively(Author)

    assert author in registry.metadata


def test_mapper_options_are_keywords(registry: registry_class, author: Table) -> None:
    """LB-08."""

    class Author:
        pass

    mapper = registry.map_imperatively(Author, author, exclude_properties=["name"])

    assert list(mapper.columns) == ["id"]


@pytest.mark.parametrize(
    ("class_", "table", "properties", "code"),
    [
        (5, None, {}, "not-a-class"),
        (int, "author", {}, "not-a-table"),
        (type("A", (), {}), None, {}, "not-a-table"),
        (type("A", (), {}), ..., {"x": 5}, "property-unknown"),
    ],
)
def test_bad_arguments_are_refused(
    registry: registry_class, author: Table, class_: Any, table: Any, properties: Any, code: str
) -> None:
    """With what was given."""
    with pytest.raises(exc.ArgumentError) as caught:
        registry.map_imperatively(class_, author if table is ... else table, properties=properties)

    assert caught.value.code == code


def test_a_class_that_cannot_be_instrumented_stays_unmapped(registry: registry_class, author: Table) -> None:
    """Nothing of a failed mapping remains."""

    class Author:
        __slots__ = ("id", "name")

    with pytest.raises(exc.ArgumentError):
        registry.map_imperatively(Author, author)

    assert mapper_of(Author) is None
    assert registry.mappers == frozenset()
    assert registry.pending == []


def test_dispose_takes_everything_off(registry: registry_class, author: Table) -> None:
    """The class behaves as before, and can be mapped again. LB-43."""

    class Author:
        name = "default"

    before = dict(vars(Author))
    registry.map_imperatively(Author, author)
    assert Author.name != "default"

    registry.dispose()

    assert dict(vars(Author)) == before
    assert mapper_of(Author) is None
    registry.map_imperatively(Author, author)
    assert mapper_of(Author) is not None


def test_clear_mappers_goes_over_all_registries(
    registry: registry_class, author: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here over one, to leave the classes of other tests alone. LB-09, LB-43."""
    monkeypatch.setattr(imperative, "all_registries", lambda: [registry])

    class Author:
        pass

    registry.map_imperatively(Author, author)

    clear_mappers()

    assert mapper_of(Author) is None
