"""Join conditions, directions and pairs of columns."""

from __future__ import annotations

from typing import Any

import pytest

from unitwork import exc
from unitwork.mapping.mapper import MANYTOMANY, MANYTOONE, ONETOMANY, RelationshipOptions, RelationshipProperty
from unitwork.mapping.registry import MapperRegistry
from unitwork.sql.constraints import ForeignKeyConstraint
from unitwork.sql.foreign_keys import ForeignKey
from unitwork.sql.functions import and_
from unitwork.sql.schema import Column, Table
from unitwork.sql.types import Integer, String

MapClass = Any


def test_one_to_many_copies_the_key_to_the_child(
    registry: MapperRegistry, map_class: MapClass, author: Table, book: Table
) -> None:
    """The foreign key is in the target's table."""
    mapper = map_class("Author", author, books=RelationshipOptions("Book"))
    target = map_class("Book", book)

    registry.configure()

    prop = mapper.relationships["books"]
    assert prop.configured
    assert prop.mapper is target
    assert prop.direction is ONETOMANY
    assert prop.uselist is True
    assert prop.synchronize_pairs == ((author.c.id, book.c.author_id),)
    assert prop.local_remote_pairs == ((author.c.id, book.c.author_id),)
    assert prop.local_columns == {author.c.id}
    assert prop.remote_side == {book.c.author_id}
    assert str(prop.primaryjoin) == "author.id = book.author_id"
    assert prop.uses_get is False


def test_many_to_one_copies_the_target_key_to_the_own_table(
    registry: MapperRegistry, map_class: MapClass, author: Table, book: Table
) -> None:
    """And joins exactly the target's primary key. LB-15."""
    map_class("Author", author)
    mapper = map_class("Book", book, author=RelationshipOptions("Author"))

    registry.configure()

    prop = mapper.relationships["author"]
    assert prop.direction is MANYTOONE
    assert prop.uselist is False
    assert prop.synchronize_pairs == ((author.c.id, book.c.author_id),)
    assert prop.local_remote_pairs == ((book.c.author_id, author.c.id),)
    assert prop.local_columns == {book.c.author_id}
    assert prop.remote_side == {author.c.id}
    assert prop.uses_get is True


def test_many_to_many_goes_through_the_secondary(
    registry: MapperRegistry, map_class: MapClass, book: Table, tag: Table, book_tag: Table
) -> None:
    """Both keys are copied to the table in between; it may be named by a string. LB-11."""
    mapper = map_class("Book", book, tags=RelationshipOptions("Tag", secondary="book_tag"))
    map_class("Tag", tag)

    registry.configure()

    prop = mapper.relationships["tags"]
    assert prop.direction is MANYTOMANY
    assert prop.secondary is book_tag
    assert prop.synchronize_pairs == ((book.c.id, book_tag.c.book_id),)
    assert prop.secondary_synchronize_pairs == ((tag.c.id, book_tag.c.tag_id),)
    assert prop.local_columns == {book.c.id}
    assert prop.remote_side == {book_tag.c.book_id, book_tag.c.tag_id}
    assert str(prop.secondaryjoin) == "tag.id = book_tag.tag_id"


@pytest.mark.parametrize(("remote_side", "direction"), [(None, ONETOMANY), ("parent_id", ONETOMANY), ("id", MANYTOONE)])
def test_remote_side_tells_the_direction_to_oneself(
    registry: MapperRegistry, map_class: MapClass, node: Table, remote_side: str | None, direction: object
) -> None:
    """Without it, a self-referential relationship is a collection."""
    said = None if remote_side is None else node.c[remote_side]
    mapper = map_class("Node", node, other=RelationshipOptions("Node", remote_side=said))

    registry.configure()

    prop = mapper.relationships["other"]
    assert prop.direction is direction
    assert prop.is_self_referential is True
    assert prop.synchronize_pairs == ((node.c.id, node.c.parent_id),)


def test_composite_keys_to_oneself_may_share_a_column(registry: MapperRegistry, map_class: MapClass) -> None:
    """The shared column is copied to itself."""
    folder = Table(
        "folder",
        registry.metadata,
        Column("account", Integer, primary_key=True),
        Column("id", Integer, primary_key=True),
        Column("parent", Integer),
        ForeignKeyConstraint(["account", "parent"], ["folder.account", "folder.id"]),
    )
    mapper = map_class(
        "Folder", folder, parent_folder=RelationshipOptions("Folder", remote_side=[folder.c.account, folder.c.id])
    )

    registry.configure()

    prop = mapper.relationships["parent_folder"]
    assert prop.direction is MANYTOONE
    assert prop.synchronize_pairs == ((folder.c.account, folder.c.account), (folder.c.id, folder.c.parent))
    assert prop.uses_get is True


def test_composite_foreign_keys_are_one_join(registry: MapperRegistry, map_class: MapClass) -> None:
    """In the order of the constraint."""
    order = Table(
        "order", registry.metadata, Column("shop", Integer, primary_key=True), Column("no", Integer, primary_key=True)
    )
    line = Table(
        "line",
        registry.metadata,
        Column("id", Integer, primary_key=True),
        Column("shop", Integer),
        Column("no", Integer),
        ForeignKeyConstraint(["shop", "no"], ["order.shop", "order.no"]),
    )
    map_class("Order", order)
    mapper = map_class("Line", line, order=RelationshipOptions("Order"))

    registry.configure()

    prop = mapper.relationships["order"]
    assert prop.synchronize_pairs == ((order.c.shop, line.c.shop), (order.c.no, line.c.no))
    assert prop.uses_get is True


def test_a_key_that_is_not_the_primary_one_is_no_get(registry: MapperRegistry, map_class: MapClass) -> None:
    """The identity map cannot answer for it."""
    country = Table(
        "country", registry.metadata, Column("id", Integer, primary_key=True), Column("iso", String(2), unique=True)
    )
    city = Table(
        "city", registry.metadata, Column("id", Integer, primary_key=True), Column("iso", ForeignKey("country.iso"))
    )
    map_class("Country", country)
    mapper = map_class("City", city, country=RelationshipOptions("Country"))

    registry.configure()

    assert mapper.relationships["country"].direction is MANYTOONE
    assert mapper.relationships["country"].uses_get is False


def two_keys(registry: MapperRegistry) -> tuple[Table, Table]:
    """address(id), and customer with two foreign keys to it."""
    address = Table("address", registry.metadata, Column("id", Integer, primary_key=True))
    customer = Table(
        "customer",
        registry.metadata,
        Column("id", Integer, primary_key=True),
        Column("home_id", ForeignKey("address.id")),
        Column("work_id", ForeignKey("address.id")),
    )
    return address, customer


def test_several_foreign_keys_are_ambiguous(registry: MapperRegistry, map_class: MapClass) -> None:
    """All are listed. LB-13."""
    address, customer = two_keys(registry)
    map_class("Address", address)
    map_class("Customer", customer, home=RelationshipOptions("Address"))

    with pytest.raises(exc.AmbiguousForeignKeysError) as caught:
        registry.configure()

    assert caught.value.code == "ambiguous-foreign-keys"
    assert "customer.home_id -> address.id; customer.work_id -> address.id" in str(caught.value)


@pytest.mark.parametrize("with_join", [False, True])
def test_one_of_several_foreign_keys_is_named(registry: MapperRegistry, map_class: MapClass, with_join: bool) -> None:
    """By foreign_keys, or by the whole condition."""
    address, customer = two_keys(registry)
    said: dict[str, Any] = {"foreign_keys": customer.c.work_id}
    if with_join:
        said = {"primaryjoin": customer.c.work_id == address.c.id}
    map_class("Address", address)
    mapper = map_class("Customer", customer, work=RelationshipOptions("Address", **said))

    registry.configure()

    prop = mapper.relationships["work"]
    assert prop.synchronize_pairs == ((address.c.id, customer.c.work_id),)
    assert prop.uses_get is True


def test_missing_foreign_keys_are_reported(
    registry: MapperRegistry, map_class: MapClass, author: Table, tag: Table
) -> None:
    """With both tables. LB-13."""
    map_class("Author", author, tags=RelationshipOptions("Tag"))
    map_class("Tag", tag)

    with pytest.raises(exc.NoForeignKeysError, match="'author' and 'tag'") as caught:
        registry.configure()

    assert caught.value.code == "no-foreign-keys"


def test_a_join_without_foreign_keys_needs_to_know_which_column_is_foreign(
    registry: MapperRegistry, map_class: MapClass
) -> None:
    """foreign_keys says it."""
    left = Table("left", registry.metadata, Column("id", Integer, primary_key=True))
    right = Table("right", registry.metadata, Column("id", Integer, primary_key=True), Column("left_id", Integer))
    condition = left.c.id == right.c.left_id
    plain = map_class("Left", left, rights=RelationshipOptions("Right", primaryjoin=condition))
    map_class("Right", right)
    with pytest.raises(exc.ArgumentError) as caught:
        registry.configure()

    plain.relationships["rights"].options.foreign_keys = right.c.left_id
    registry.configure()

    assert caught.value.code == "join-without-columns"
    assert plain.relationships["rights"].direction is ONETOMANY


def test_a_condition_may_hold_more_than_the_join(
    registry: MapperRegistry, map_class: MapClass, author: Table, book: Table
) -> None:
    """It stays part of the condition, and rules out a get by key."""
    condition = and_(author.c.id == book.c.author_id, author.c.name == "ann")
    map_class("Author", author)
    mapper = map_class("Book", book, author=RelationshipOptions("Author", primaryjoin=condition))

    registry.configure()

    prop = mapper.relationships["author"]
    assert prop.synchronize_pairs == ((author.c.id, book.c.author_id),)
    assert prop.primaryjoin is condition
    assert prop.uses_get is False


def neighbours(registry: MapperRegistry, map_class: MapClass, **said: Any) -> tuple[RelationshipProperty, Table]:
    """country(id) with a many-to-many relationship to itself."""
    country = Table("country", registry.metadata, Column("id", Integer, primary_key=True))
    border = Table(
        "border",
        registry.metadata,
        Column("a", ForeignKey("country.id"), primary_key=True),
        Column("b", ForeignKey("country.id"), primary_key=True),
    )
    mapper = map_class("Country", country, neighbours=RelationshipOptions("Country", secondary=border, **said))
    return mapper.relationships["neighbours"], border


def test_many_to_many_to_oneself_needs_both_conditions(registry: MapperRegistry, map_class: MapClass) -> None:
    """They may be strings. LB-11."""
    prop, border = neighbours(
        registry, map_class, primaryjoin="Country.id == border.c.a", secondaryjoin="Country.id == border.b"
    )

    registry.configure()

    (own,), (other,) = prop.synchronize_pairs, prop.secondary_synchronize_pairs
    assert own[1] is border.c.a
    assert other[1] is border.c.b
    assert prop.is_self_referential


@pytest.mark.parametrize("form", ["table", "class", "mapper"])
def test_a_secondary_may_be_a_mapped_class(
    registry: MapperRegistry, map_class: MapClass, book: Table, tag: Table, book_tag: Table, form: str
) -> None:
    """Then its table is meant. LB-11."""
    link = map_class("Link", book_tag)
    said = {"table": book_tag, "class": link.class_, "mapper": lambda: link}
    mapper = map_class("Book", book, tags=RelationshipOptions("Tag", secondary=said[form], viewonly=True))
    map_class("Tag", tag)

    registry.configure()

    assert mapper.relationships["tags"].secondary is book_tag


def test_foreign_keys_on_both_sides_give_no_direction(
    registry: MapperRegistry, map_class: MapClass, author: Table, book: Table
) -> None:
    """One half of the join in each table."""
    said = RelationshipOptions(
        "Book",
        primaryjoin=and_(author.c.id == book.c.author_id, author.c.name == book.c.title),
        foreign_keys=[book.c.author_id, author.c.name],
    )
    map_class("Author", author, books=said)
    map_class("Book", book)

    with pytest.raises(exc.ArgumentError) as caught:
        registry.configure()

    assert caught.value.code == "join-direction"


def test_many_to_many_to_oneself_is_ambiguous_without(registry: MapperRegistry, map_class: MapClass) -> None:
    """LB-13."""
    neighbours(registry, map_class)

    with pytest.raises(exc.AmbiguousForeignKeysError, match="primaryjoin="):
        registry.configure()


def test_a_direction_that_cannot_be_told_is_reported(
    registry: MapperRegistry, map_class: MapClass, author: Table, node: Table
) -> None:
    """Here, a remote side that holds neither half of the join."""
    map_class("Node", node, other=RelationshipOptions("Node", remote_side=author.c.id))

    with pytest.raises(exc.ArgumentError) as caught:
        registry.configure()

    assert caught.value.code == "join-direction"
