"""First phase: a Mapper from a table, and the look-up of mappers."""

from __future__ import annotations

from typing import Any

import pytest

from unitwork import exc
from unitwork.inspection import inspect
from unitwork.mapping.assemble import ColumnOptions, make_mapper
from unitwork.mapping.mapper import RelationshipOptions
from unitwork.mapping.registry import MapperRegistry, class_mapper, mapper_of, object_mapper
from unitwork.sql.clause import EntityElement
from unitwork.sql.schema import Column, Table
from unitwork.sql.types import Integer

MapClass = Any


def test_columns_are_mapped_under_their_keys(map_class: MapClass, book: Table) -> None:
    """In the order of the table."""
    mapper = map_class("Book", book)

    assert list(mapper.columns) == ["id", "title", "author_id"]
    assert mapper.columns["title"].column is book.c.title
    assert mapper.name_by_column[book.c.title] == "title"
    assert mapper.primary_key == (book.c.id,)
    assert mapper.pk_names == ("id",)
    assert mapper.root is mapper
    assert mapper.tables == (book,)


def test_attribute_names_may_differ_from_column_names(map_class: MapClass, book: Table) -> None:
    """LB-06."""
    mapper = map_class("Book", book, key=ColumnOptions((book.c.id,)), name=ColumnOptions((book.c.title,)))

    assert list(mapper.columns) == ["key", "name", "author_id"]
    assert mapper.pk_names == ("key",)
    assert mapper.get_property_by_column(book.c.title).key == "name"


def test_primary_key_columns_keep_their_history(map_class: MapClass, book: Table) -> None:
    """A changed key must know its old value."""
    mapper = map_class("Book", book)

    assert mapper.columns["id"].active_history is True
    assert mapper.columns["title"].active_history is False


def test_a_table_without_primary_key_is_refused(registry: MapperRegistry, map_class: MapClass) -> None:
    """Its rows have no identity."""
    log = Table("log", registry.metadata, Column("line", Integer))

    with pytest.raises(exc.ArgumentError, match="'log': it has no primary key") as caught:
        map_class("Log", log)

    assert caught.value.code == "no-primary-key"


def test_the_primary_key_can_be_named(registry: MapperRegistry, map_class: MapClass) -> None:
    """For a table that declares none. LB-08."""
    log = Table("log", registry.metadata, Column("a", Integer), Column("b", Integer))

    mapper = map_class("Log", log, options={"primary_key": [log.c.b, log.c.a]})

    assert mapper.pk_names == ("b", "a")


def test_columns_can_be_left_out(map_class: MapClass, book: Table) -> None:
    """By exclude_properties and include_properties. LB-08."""
    without = map_class("A", book, options={"exclude_properties": ["title"]})
    only = map_class("B", book, options={"include_properties": ["id", book.c.title]})

    assert list(without.columns) == ["id", "author_id"]
    assert list(only.columns) == ["id", "title"]


def test_leaving_out_the_primary_key_is_refused(map_class: MapClass, book: Table) -> None:
    """Identity needs it."""
    with pytest.raises(exc.ArgumentError, match="does not map its primary key column 'id'"):
        map_class("Book", book, options={"exclude_properties": ["id"]})


@pytest.mark.parametrize(("option", "code"), [("speed", "mapper-option-unknown"), ("concrete", "inheritance-not-yet")])
def test_unknown_mapper_options_are_refused(map_class: MapClass, book: Table, option: str, code: str) -> None:
    """And those of inheritance, which is not there yet."""
    with pytest.raises(exc.ArgumentError) as caught:
        map_class("Book", book, options={option: 1})

    assert caught.value.code == code


def test_attribute_clashes_are_refused(map_class: MapClass, author: Table, book: Table) -> None:
    """A column and a relationship, two columns, a column and the name of another."""
    cases: list[dict[str, Any]] = [
        {"title": RelationshipOptions("Author")},
        {"a": ColumnOptions((book.c.title,)), "b": ColumnOptions((book.c.title,))},
        {"title": ColumnOptions((book.c.author_id,))},
    ]

    for declared in cases:
        with pytest.raises(exc.ArgumentError) as caught:
            map_class("Book", book, **declared)
        assert caught.value.code == "attribute-clash"


def test_columns_of_other_tables_are_refused(map_class: MapClass, author: Table, book: Table) -> None:
    """An attribute stands for a column of the class's own table."""
    with pytest.raises(exc.ArgumentError, match="not in table 'book'") as caught:
        map_class("Book", book, name=ColumnOptions((author.c.name,)))

    assert caught.value.code == "column-not-in-table"


def test_a_class_is_mapped_once(registry: MapperRegistry, map_class: MapClass, book: Table) -> None:
    """And a subclass only as one that inherits from it."""
    mapper = map_class("Book", book)
    subclass = type("Novel", (mapper.class_,), {})

    for cls, code in ((mapper.class_, "already-mapped"), (subclass, "inherits-missing")):
        with pytest.raises(exc.ArgumentError) as caught:
            make_mapper(cls, book, registry, {}, {})
        assert caught.value.code == code


def test_mappers_are_found_by_class_and_object(map_class: MapClass, book: Table) -> None:
    """Also through an unmapped subclass. LB-09."""
    mapper = map_class("Book", book)
    subclass = type("Novel", (mapper.class_,), {})

    assert mapper_of(mapper.class_) is mapper
    assert mapper_of(subclass) is mapper
    assert class_mapper(mapper.class_) is mapper
    assert object_mapper(mapper.class_()) is mapper
    assert inspect(mapper.class_) is mapper
    assert mapper.sealed


def test_unmapped_things_have_no_mapper() -> None:
    """Each in its own words. ER-10."""
    with pytest.raises(exc.UnmappedClassError) as for_class:
        class_mapper(int)
    with pytest.raises(exc.UnmappedInstanceError) as for_object:
        object_mapper(5)
    with pytest.raises(exc.UnmappedInstanceError, match="not the class itself"):
        object_mapper(int)
    with pytest.raises(exc.ArgumentError) as for_instance:
        class_mapper(5)  # type: ignore[arg-type]

    assert mapper_of(int) is None
    assert inspect(int, raiseerr=False) is None
    codes = (for_class.value.code, for_object.value.code, for_instance.value.code)
    assert codes == ("unmapped-class", "unmapped-instance", "not-a-class")


def test_unknown_properties_are_named(map_class: MapClass, author: Table, book: Table) -> None:
    """With what there is."""
    mapper = map_class("Book", book)

    with pytest.raises(exc.InvalidRequestError, match="no mapped attribute 'pages'") as by_name:
        mapper.get_property("pages")
    with pytest.raises(exc.InvalidRequestError, match="'name' is not mapped by class Book") as by_column:
        mapper.get_property_by_column(author.c.name)

    assert (by_name.value.code, by_column.value.code) == ("unknown-attribute", "unmapped-column")
    assert mapper.get_property("title") is mapper.columns["title"]
    assert mapper.has_property("title")


def test_identity_keys_name_the_root_class(map_class: MapClass, book: Table) -> None:
    """(class, primary key tuple, token). ST-41."""
    mapper = map_class("Book", book)
    obj = mapper.class_()
    obj.id = 7

    assert mapper.identity_key_from_primary_key([5]) == (mapper.class_, (5,), None)
    assert mapper.primary_key_from_instance(obj) == [7]
    assert mapper.identity_key_from_instance(obj) == (mapper.class_, (7,), None)


def test_a_mapper_stands_for_its_class_in_a_statement(map_class: MapClass, book: Table) -> None:
    """As one element, always the same."""
    mapper = map_class("Book", book)

    element = mapper.__clause_element__()

    assert isinstance(element, EntityElement)
    assert element is mapper.__clause_element__()
    assert (element.subject, element.table) == (mapper, book)
    assert list(element.columns) == list(book.c)


def test_column_attrs_is_a_view_of_properties(map_class: MapClass, book: Table) -> None:
    """In the reference's form: iterates over properties, by name and attribute."""
    attrs = map_class("Book", book).column_attrs

    assert [prop.key for prop in attrs] == attrs.keys() == ["id", "title", "author_id"]
    assert attrs.title is attrs["title"]
    assert "title" in attrs
    assert len(attrs) == 3
    assert [name for name, _ in attrs.items()] == [prop.key for prop in attrs.values()]
    with pytest.raises(AttributeError):
        _ = attrs.pages


def test_mappers_and_properties_describe_themselves(map_class: MapClass, author: Table, book: Table) -> None:
    """In the reference's words, and in messages."""
    mapper = map_class("Author", author, books=RelationshipOptions("Book"))
    target = map_class("Book", book)
    mapper.class_.name = "the class attribute"
    mapper.class_.books = "another"
    mapper.registry.configure()
    books = mapper.relationships["books"]

    assert (mapper.mapper, mapper.entity, mapper.persist_selectable) == (mapper, mapper.class_, author)
    assert (books.entity, books.target) == (target, book)
    assert mapper.columns["name"].class_attribute == "the class attribute"
    assert books.class_attribute == "another"
    assert repr(mapper) == "<Mapper Author on author>"
    assert repr(mapper.columns["name"]) == "<ColumnProperty Author.name>"
    assert repr(books) == "<RelationshipProperty Author.books>"
    assert repr(books.direction) == "ONETOMANY"
    assert mapper.__clause_element__().attribute("name") == "the class attribute"
    with pytest.raises(exc.InvalidRequestError):
        mapper.__clause_element__().attribute("pages")


def test_looking_up_a_mapper_may_leave_it_unconfigured(map_class: MapClass, book: Table) -> None:
    """LB-09."""
    mapper = map_class("Book", book)

    assert class_mapper(mapper.class_, configure=False) is mapper
    assert not mapper.sealed


def test_withdrawn_classes_are_unmapped(registry: MapperRegistry, map_class: MapClass, book: Table) -> None:
    """And can be mapped again. LB-43."""
    mapper = map_class("Book", book)
    assert registry.mappers == {mapper}

    registry.dispose()

    assert mapper_of(mapper.class_) is None
    assert registry.classes_named("Book") == []
    assert make_mapper(mapper.class_, book, registry, {}, {}).local_table is book
