"""Second phase: pairing of the two sides, checks, backrefs, failures and threads."""

from __future__ import annotations

import threading
import warnings
from typing import Any

import pytest

from unitwork import exc
from unitwork.mapping.assemble import make_mapper
from unitwork.mapping.cascade_options import CascadeOptions
from unitwork.mapping.configure import configure_mappers
from unitwork.mapping.mapper import MANYTOMANY, MANYTOONE, ONETOMANY, Mapper, Property, RelationshipOptions
from unitwork.mapping.registry import MapperRegistry
from unitwork.sql.foreign_keys import ForeignKey
from unitwork.sql.schema import Column, Table
from unitwork.sql.types import Integer

MapClass = Any


def pair(map_class: MapClass, author: Table, book: Table, one: dict[str, Any], many: dict[str, Any]) -> tuple[Any, Any]:
    """Author.books and Book.author with these options."""
    first = map_class("Author", author, books=RelationshipOptions("Book", **one))
    second = map_class("Book", book, author=RelationshipOptions("Author", **many))
    return first.relationships["books"], second.relationships["author"]


def test_sides_that_name_each_other_are_paired(
    registry: MapperRegistry, map_class: MapClass, author: Table, book: Table
) -> None:
    """Each is the other's reverse."""
    books, to_author = pair(map_class, author, book, {"back_populates": "author"}, {"back_populates": "books"})

    registry.configure()

    assert books.reverse is to_author
    assert to_author.reverse is books
    assert books.sync_backref is to_author.sync_backref is True


def test_one_side_may_name_the_other_for_both(
    registry: MapperRegistry, map_class: MapClass, author: Table, book: Table
) -> None:
    """A pair is a pair from either side."""
    books, to_author = pair(map_class, author, book, {"back_populates": "author"}, {})

    registry.configure()

    assert to_author.reverse is books
    assert to_author.back_populates == "books"


@pytest.mark.parametrize(
    ("one", "many", "code", "words"),
    [
        ({"back_populates": "writer"}, {}, "back-populates-missing", "names no attribute of Book"),
        ({"back_populates": "title"}, {}, "back-populates-mismatch", "names a column of Book"),
        (
            {"back_populates": "author"},
            {"back_populates": "works"},
            "back-populates-mismatch",
            "leads to Author and is paired with 'works'",
        ),
    ],
)
def test_sides_that_do_not_fit_are_refused(
    registry: MapperRegistry,
    map_class: MapClass,
    author: Table,
    book: Table,
    one: Any,
    many: Any,
    code: str,
    words: str,
) -> None:
    """The message names both."""
    pair(map_class, author, book, one, many)

    with pytest.raises(exc.UnitworkError, match=words) as caught:
        registry.configure()

    assert caught.value.code == code


def test_a_side_that_leads_elsewhere_is_refused(
    registry: MapperRegistry, map_class: MapClass, author: Table, book: Table, tag: Table, book_tag: Table
) -> None:
    """back_populates must lead back."""
    map_class("Author", author, books=RelationshipOptions("Book", back_populates="tags"))
    map_class("Book", book, tags=RelationshipOptions("Tag", secondary=book_tag))
    map_class("Tag", tag)

    with pytest.raises(exc.ArgumentError, match=r"Book\.tags, which leads to Tag") as caught:
        registry.configure()

    assert caught.value.code == "back-populates-mismatch"


def test_two_sides_of_one_direction_are_refused(registry: MapperRegistry, map_class: MapClass, node: Table) -> None:
    """The usual cause is a missing remote_side."""
    map_class(
        "Node",
        node,
        parent=RelationshipOptions("Node", back_populates="children"),
        children=RelationshipOptions("Node", back_populates="parent"),
    )

    with pytest.raises(exc.ArgumentError, match="remote_side") as caught:
        registry.configure()

    assert caught.value.code == "back-populates-direction"


def test_viewonly_sides_are_not_kept_in_step(
    registry: MapperRegistry, map_class: MapClass, author: Table, book: Table
) -> None:
    """Neither from nor to what is only viewed."""
    books, to_author = pair(
        map_class, author, book, {"back_populates": "author", "viewonly": True}, {"back_populates": "books"}
    )

    registry.configure()

    assert books.reverse is to_author
    assert books.sync_backref is to_author.sync_backref is False


class RecordingRegistry(MapperRegistry):
    """Remembers what configuring added."""

    added: list[tuple[Mapper, Property]]

    def note_added(self, mapper: Mapper, prop: Property) -> None:
        self.added.append((mapper, prop))


def test_a_backref_makes_the_other_side(author: Table, book: Table, map_class: MapClass) -> None:
    """With options of its own; the registry is told. CA-09."""
    reverse = RelationshipOptions(cascade=CascadeOptions("merge"), order_by="Author.name")
    registry = RecordingRegistry(metadata=author.metadata)
    registry.added = []
    mappers = [
        map_class("Author", author),
        map_class("Book", book, author=RelationshipOptions("Author", backref=("books", reverse))),
    ]
    for mapper in mappers:
        mapper.registry.withdraw(mapper)
        mapper.registry = registry
        registry.enrol(mapper)

    registry.configure()

    books = mappers[0].relationships["books"]
    assert registry.added == [(mappers[0], books)]
    assert mappers[0].attrs["books"] is books
    assert books.direction is ONETOMANY
    assert books.synchronize_pairs == ((author.c.id, book.c.author_id),)
    assert books.local_remote_pairs == ((author.c.id, book.c.author_id),)
    assert books.cascade == {"merge"}
    assert [str(element) for element in books.order_by] == ["author.name"]
    assert books.reverse is mappers[1].relationships["author"]
    assert books.reverse.reverse is books
    assert books.reverse.back_populates == "books"


def test_a_many_to_many_backref_swaps_the_halves(
    registry: MapperRegistry, map_class: MapClass, book: Table, tag: Table, book_tag: Table
) -> None:
    """CA-09."""
    map_class(
        "Book", book, tags=RelationshipOptions("Tag", secondary=book_tag, backref=("books", RelationshipOptions()))
    )
    mapper = map_class("Tag", tag)

    registry.configure()

    books = mapper.relationships["books"]
    assert books.direction is MANYTOMANY
    assert books.secondary is book_tag
    assert books.synchronize_pairs == ((tag.c.id, book_tag.c.tag_id),)
    assert books.secondary_synchronize_pairs == ((book.c.id, book_tag.c.book_id),)


def test_a_backref_to_oneself_goes_the_other_way(registry: MapperRegistry, map_class: MapClass, node: Table) -> None:
    """The remote side need not be said twice."""
    mapper = map_class("Node", node, children=RelationshipOptions("Node", backref=("parent", RelationshipOptions())))

    registry.configure()

    assert mapper.relationships["children"].direction is ONETOMANY
    assert mapper.relationships["parent"].direction is MANYTOONE
    assert mapper.relationships["parent"].uses_get is True


def test_a_backref_may_bring_its_own_condition(
    registry: MapperRegistry, map_class: MapClass, author: Table, book: Table
) -> None:
    """It is resolved as any other. CA-09."""
    mapper = map_class("Author", author)
    condition = book.c.author_id == author.c.id
    reverse = RelationshipOptions(primaryjoin=condition)
    map_class("Book", book, author=RelationshipOptions("Author", backref=("books", reverse)))

    registry.configure()

    assert mapper.relationships["books"].primaryjoin is condition
    assert mapper.relationships["books"].direction is ONETOMANY


@pytest.mark.parametrize("name", ["name", "books"])
def test_a_backref_does_not_hide_an_attribute(
    registry: MapperRegistry, map_class: MapClass, author: Table, book: Table, name: str
) -> None:
    """Neither a column nor a relationship."""
    map_class("Author", author, books=RelationshipOptions("Book"))
    map_class("Book", book, author=RelationshipOptions("Author", backref=(name, RelationshipOptions())))

    with pytest.raises(exc.ArgumentError) as caught:
        registry.configure()

    assert caught.value.code == "attribute-clash"


def test_two_backrefs_of_one_name_clash(registry: MapperRegistry, map_class: MapClass, author: Table) -> None:
    """The second is refused."""
    map_class("Author", author)
    for number in (1, 2):
        table = Table(
            f"t{number}",
            registry.metadata,
            Column("id", Integer, primary_key=True),
            Column("author_id", ForeignKey("author.id")),
        )
        map_class(f"T{number}", table, author=RelationshipOptions("Author", backref=("things", RelationshipOptions())))

    with pytest.raises(exc.ArgumentError, match=r"T1\.author and T2\.author both make the backref Author\.things"):
        registry.configure()


@pytest.mark.parametrize(
    ("one", "many", "code"),
    [
        ({}, {"cascade": CascadeOptions("all, delete-orphan")}, "orphan-needs-single-parent"),
        ({"cascade": CascadeOptions("all"), "passive_deletes": "all"}, {}, "passive-deletes-all"),
        ({}, {"uselist": True}, "collection-on-many-to-one"),
    ],
)
def test_options_that_contradict_the_direction_are_refused(
    registry: MapperRegistry, map_class: MapClass, author: Table, book: Table, one: Any, many: Any, code: str
) -> None:
    """CA-05, CA-06."""
    pair(map_class, author, book, {"back_populates": "author", **one}, {"back_populates": "books", **many})

    with pytest.raises(exc.ArgumentError) as caught:
        registry.configure()

    assert caught.value.code == code


def test_single_parent_allows_orphans_of_a_many_to_one(
    registry: MapperRegistry, map_class: MapClass, author: Table, book: Table
) -> None:
    """CA-05."""
    map_class("Author", author)
    options = RelationshipOptions("Author", cascade=CascadeOptions("all, delete-orphan"), single_parent=True)
    mapper = map_class("Book", book, author=options)

    registry.configure()

    assert mapper.relationships["author"].configured


def test_columns_that_are_copied_must_be_mapped(
    registry: MapperRegistry, map_class: MapClass, author: Table, book: Table
) -> None:
    """A flush reads and writes attributes."""
    map_class("Author", author, books=RelationshipOptions("Book"))
    map_class("Book", book, options={"exclude_properties": ["author_id"]})

    with pytest.raises(exc.ArgumentError, match=r"book\.author_id, which class Book does not map") as caught:
        registry.configure()

    assert caught.value.code == "unmapped-column"


def test_a_failure_changes_nothing_and_is_reported_again(
    registry: MapperRegistry, map_class: MapClass, author: Table, book: Table
) -> None:
    """Every use fails alike, until the cause is gone. LB-09."""
    books, to_author = pair(map_class, author, book, {"back_populates": "author"}, {})
    to_author.options.argument = to_author.argument = "Nobody"
    for _ in range(2):
        with pytest.raises(exc.InvalidRequestError):
            registry.configure()
    assert not books.configured

    to_author.options.argument = to_author.argument = "Author"
    registry.configure()

    assert books.configured
    assert registry.pending == []


def test_overlapping_relationships_warn(
    registry: MapperRegistry, map_class: MapClass, author: Table, book: Table
) -> None:
    """Two that write one foreign key and are no pair. LB-14."""
    pair(map_class, author, book, {}, {})

    with pytest.warns(exc.UnitworkWarning, match=r"Author\.books and Book\.author both write book\.author_id"):
        registry.configure()

    assert registry.pending == []


@pytest.mark.parametrize("many", [{"viewonly": True}, {"overlaps": frozenset({"books"})}])
def test_overlaps_that_are_meant_do_not_warn(
    registry: MapperRegistry, map_class: MapClass, author: Table, book: Table, many: dict[str, Any]
) -> None:
    """Said by overlaps, or because one side never writes. LB-14."""
    pair(map_class, author, book, {}, many)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        registry.configure()

    assert registry.pending == []


def test_callables_may_map_more_classes(
    registry: MapperRegistry, map_class: MapClass, author: Table, book: Table
) -> None:
    """As an import inside one would; using the classes being configured is no deadlock. LB-11."""

    def late() -> Any:
        registry.configure()
        return map_class("Book", book, author=RelationshipOptions("Author", back_populates="books")).class_

    mapper = map_class("Author", author, books=RelationshipOptions(late, back_populates="author"))

    registry.configure()

    target = mapper.relationships["books"].mapper
    assert target.sealed
    assert target.relationships["author"].reverse is mapper.relationships["books"]


def test_mappers_mapped_later_are_configured_later(
    registry: MapperRegistry, map_class: MapClass, author: Table, book: Table
) -> None:
    """The earlier side may be paired with a later one."""
    first = map_class("Author", author)
    registry.configure()

    second = map_class("Book", book, author=RelationshipOptions("Author"))
    configure_mappers()

    assert first.sealed
    assert second.relationships["author"].mapper is first


def test_relationships_may_lead_to_another_registry(registry: MapperRegistry, author: Table, book: Table) -> None:
    """The other side is resolved as well; the rest of its class waits."""
    other = MapperRegistry(metadata=registry.metadata)
    cls = type("Author", (), {})
    options = RelationshipOptions(lambda: mapper.class_, back_populates="author")
    home = make_mapper(cls, author, other, {"books": options}, {})
    other.enrol(home)
    there = RelationshipOptions(cls, back_populates="books")
    mapper = make_mapper(type("Book", (), {}), book, registry, {"author": there}, {})
    registry.enrol(mapper)

    registry.configure()

    assert home.relationships["books"].configured
    assert home.relationships["books"].reverse is mapper.relationships["author"]
    assert not home.sealed
    other.configure()
    assert home.sealed


def test_threads_wait_for_the_configuration(
    registry: MapperRegistry, map_class: MapClass, author: Table, book: Table
) -> None:
    """None sees a relationship half done."""
    entered, go_on = threading.Event(), threading.Event()

    def late() -> str:
        entered.set()
        assert go_on.wait(10)
        return "Book"

    mapper = map_class("Author", author, books=RelationshipOptions(late))
    map_class("Book", book)
    seen: list[bool] = []

    def use() -> None:
        registry.configure()
        seen.append(mapper.relationships["books"].configured)

    first = threading.Thread(target=use)
    first.start()
    assert entered.wait(10)
    second = threading.Thread(target=use)
    second.start()
    assert not mapper.sealed
    go_on.set()
    first.join(10)
    second.join(10)

    assert seen == [True, True]
