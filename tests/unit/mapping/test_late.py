"""Strings and callables in relationships."""

from __future__ import annotations

from typing import Any

import pytest

from unitwork import exc
from unitwork.mapping.mapper import Mapper, RelationshipOptions
from unitwork.mapping.registry import MapperRegistry
from unitwork.sql.schema import Column, Table
from unitwork.sql.types import Integer

MapClass = Any


class Endless:
    """Stands for nothing but itself."""

    def __clause_element__(self) -> Endless:
        return self


@pytest.fixture
def target(map_class: MapClass, book: Table) -> Mapper:
    """The mapped class Book."""
    mapped: Mapper = map_class("Book", book)
    return mapped


def configured(registry: MapperRegistry, map_class: MapClass, author: Table, **said: Any) -> Any:
    """Author.books, configured."""
    said.setdefault("argument", "Book")
    mapper = map_class("Author", author, books=RelationshipOptions(**said))
    registry.configure()
    return mapper.relationships["books"]


@pytest.mark.parametrize("form", ["class", "mapper", "name", "path", "callable", "callable name"])
def test_a_target_may_be_said_in_many_ways(
    registry: MapperRegistry, map_class: MapClass, author: Table, target: Mapper, form: str
) -> None:
    """Class, Mapper, name, dotted path, callable. LB-11."""
    cls = target.class_
    said: dict[str, Any] = {
        "class": cls,
        "mapper": target,
        "name": "Book",
        "path": f"{cls.__module__}.Book",
        "callable": lambda: cls,
        "callable name": lambda: "Book",
    }

    prop = configured(registry, map_class, author, argument=said[form])

    assert prop.mapper is target


@pytest.mark.parametrize(
    ("said", "rendered"),
    [
        ("Book.title", ["book.title"]),
        ("Book.title.desc()", ["book.title DESC"]),
        ("desc(Book.title)", ["book.title DESC"]),
        ("[Book.title, Book.id.desc()]", ["book.title", "book.id DESC"]),
        ("Book.title, book.id", ["book.title", "book.id"]),
        ("func.lower(Book.title)", ["lower(book.title)"]),
        ("nulls_last(Book.title.asc())", ["book.title ASC NULLS LAST"]),
        ("-Book.id", ["-book.id"]),
        ("Book.id + 1", ["book.id + :id_1"]),
        ("Book.__table__.c.title", ["book.title"]),
    ],
)
def test_strings_are_expressions_over_classes_and_tables(
    registry: MapperRegistry, map_class: MapClass, author: Table, target: Mapper, said: str, rendered: list[str]
) -> None:
    """Read, not evaluated. LB-11."""
    prop = configured(registry, map_class, author, order_by=said)

    assert [str(element) for element in prop.order_by] == rendered


def test_lists_hold_elements_callables_and_strings(
    registry: MapperRegistry, map_class: MapClass, author: Table, book: Table, target: Mapper
) -> None:
    """In any mixture. LB-11."""
    prop = configured(registry, map_class, author, order_by=[book.c.title, lambda: book.c.id.desc(), "Book.author_id"])

    assert [str(element) for element in prop.order_by] == ["book.title", "book.id DESC", "book.author_id"]


def test_conditions_may_be_strings(
    registry: MapperRegistry, map_class: MapClass, author: Table, book: Table, target: Mapper
) -> None:
    """With and_(), or & and parentheses. LB-11."""
    prop = configured(
        registry, map_class, author, primaryjoin="and_(Author.id == Book.author_id, (Book.id > 5) & (Book.id <= 9))"
    )

    assert prop.synchronize_pairs == ((author.c.id, book.c.author_id),)


def failure(registry: MapperRegistry, map_class: MapClass, author: Table, **said: Any) -> exc.InvalidRequestError:
    """The error of configuring Author.books."""
    with pytest.raises(exc.InvalidRequestError) as caught:
        configured(registry, map_class, author, **said)
    return caught.value


def test_an_unknown_target_names_the_candidates(
    registry: MapperRegistry, map_class: MapClass, author: Table, target: Mapper
) -> None:
    """A near miss is suggested."""
    near = failure(registry, map_class, author, argument="Bok")
    registry.dispose()
    far = failure(registry, map_class, author, argument="Zebra")

    assert near.code == far.code == "target-unknown"
    assert "relationship Author.books: 'Bok' names no mapped class" in str(near)
    assert "did you mean Book?" in str(near)
    assert "use one of: Author" in str(far)


def test_an_ambiguous_target_lists_the_paths(
    registry: MapperRegistry, map_class: MapClass, author: Table, target: Mapper
) -> None:
    """Two classes of one name in one registry."""
    other = map_class("Book", Table("other", registry.metadata, Column("id", Integer, primary_key=True)))
    other.class_.__module__ = "shop.models"

    error = failure(registry, map_class, author)

    assert error.code == "target-ambiguous"
    assert "shop.models.Book" in str(error)


def test_a_path_decides_between_classes_of_one_name(
    registry: MapperRegistry, map_class: MapClass, author: Table, target: Mapper
) -> None:
    """Even the end of one. LB-11."""
    other = map_class("Book", Table("other", registry.metadata, Column("id", Integer, primary_key=True)))
    other.class_.__module__ = "shop.models"
    target.class_.__module__ = "library.models"

    prop = configured(registry, map_class, author, argument="library.models.Book")

    assert prop.mapper is target


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"argument": int}, "target-unmapped"),
        ({"argument": 5}, "target-unmapped"),
        ({"argument": "Book ["}, "late-syntax"),
        ({"secondary": 5}, "late-table"),
        ({"secondary": "nowhere"}, "target-unknown"),
        ({"order_by": "Book.pages"}, "late-name"),
        ({"order_by": "book.pages"}, "late-name"),
        ({"order_by": "Book.title.__class__"}, "late-name"),
        ({"order_by": "Book.title if 1 else 2"}, "late-syntax"),
        ({"order_by": "Book()"}, "late-syntax"),
        ({"order_by": "Nowhere.title"}, "target-unknown"),
        ({"order_by": 5}, "late-expression"),
        ({"order_by": Endless()}, "late-expression"),
        ({"primaryjoin": "[Book.id, Book.title]"}, "late-expression"),
        ({"foreign_keys": "Book.title.desc()"}, "late-expression"),
    ],
)
def test_what_cannot_be_understood_is_refused(
    registry: MapperRegistry, map_class: MapClass, author: Table, target: Mapper, said: dict[str, Any], code: str
) -> None:
    """With the relationship's name. LB-11."""
    error = failure(registry, map_class, author, **said)

    assert error.code == code
    assert "relationship Author.books" in str(error)


def test_nothing_in_a_string_is_evaluated(
    registry: MapperRegistry, map_class: MapClass, author: Table, target: Mapper
) -> None:
    """Builtins are not known."""
    error = failure(registry, map_class, author, order_by="__import__('os').getcwd()")

    assert error.code == "target-unknown"
