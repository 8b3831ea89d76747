"""LoadPlan: what the rows of a statement become, found without a database."""

from __future__ import annotations

from typing import Any

from tests.support.mapped import Library
from tests.support.sql import assert_sql
from unitwork.loading.bundle import Bundle
from unitwork.loading.expand import entity_plan, expand
from unitwork.loading.plan import BundleItem, EntityItem, LoadPlan, ValueItem
from unitwork.loading.specs import spec_of
from unitwork.sql.functions import func
from unitwork.sql.select import select
from unitwork.sql.types import Integer, String


def planned(statement: Any) -> LoadPlan:
    """The plan of a statement that has one."""
    plan = expand(statement)[1]
    assert plan is not None
    return plan


def test_a_class_takes_a_column_per_attribute(library: Library) -> None:
    """SB-43: in the order of the table."""
    plan = planned(select(library.Book))

    assert plan.items == (EntityItem(spec_of(library.books), 0),)
    assert plan.keys == ("Book",)
    assert plan.single
    assert plan.items[0].names == ("id", "title", "author_id")  # type: ignore[union-attr]


def test_classes_and_columns_stand_side_by_side(library: Library) -> None:
    """SB-44: each at its place in the row."""
    plan = planned(select(library.author.c.name, library.Book, library.tag.c.id))

    kinds = [(type(item), item.place if isinstance(item, ValueItem) else item.start) for item in plan.items]
    assert kinds == [(ValueItem, 0), (EntityItem, 1), (ValueItem, 4)]
    assert plan.keys == ("name", "Book", "id")
    assert not plan.single


def test_a_value_knows_its_type_and_whether_a_table_stores_it(library: Library) -> None:
    """SB-44: what a function returns is converted by other rules."""
    plan = planned(select(library.Author, library.book.c.title, func.count(library.book.c.id).label("n")))

    _, title, count = plan.items
    assert isinstance(title, ValueItem)
    assert isinstance(count, ValueItem)
    assert (type(title.type), title.stored) == (String, True)
    assert (type(count.type), count.stored) == (Integer, False)
    assert plan.keys == ("Author", "title", "n")


def test_a_class_may_be_selected_twice(library: Library) -> None:
    """SB-44: each has columns of its own."""
    plan = planned(select(library.Author, library.Book, library.Author))

    assert [item.start for item in plan.items if isinstance(item, EntityItem)] == [0, 2, 5]


def test_a_table_takes_a_value_per_column(library: Library) -> None:
    """SB-44: beside a class."""
    plan = planned(select(library.author, library.Tag))

    assert [type(item) for item in plan.items] == [ValueItem, ValueItem, EntityItem]
    assert plan.keys == ("id", "name", "Tag")


def test_a_statement_without_classes_has_no_plan(library: Library) -> None:
    """SB-43: it stays as it is, and so do its rows."""
    statement = select(library.author.c.name)

    assert expand(statement) == (statement, None)


def test_a_class_without_options_is_selected_with_all_its_columns(library: Library) -> None:
    """SB-43: in the order of the plan."""
    statement, _ = expand(select(library.tag.c.id, library.Author))

    assert_sql(statement, "SELECT tag.id, author.id AS id_1, author.name FROM tag, author")


def test_the_plan_of_a_class_alone_is_kept(library: Library) -> None:
    """LB-15: for loads by key."""
    plan = entity_plan(spec_of(library.authors))

    assert plan is entity_plan(spec_of(library.authors))
    assert plan.items == planned(select(library.Author)).items


def test_a_bundle_takes_its_columns_where_they_stand(library: Library) -> None:
    """LB-38: one item, whose parts know their places; what follows stands behind all of them."""
    authors = library.author.c
    bundle = Bundle("b", authors.id, Bundle("inner", authors.name, authors.id.label("again")))

    plan = planned(select(bundle, library.Book))

    first, second = plan.items
    assert isinstance(first, BundleItem)
    assert isinstance(second, EntityItem)
    inner = first.items[1]
    assert isinstance(inner, BundleItem)
    assert [part.place for part in inner.items if isinstance(part, ValueItem)] == [1, 2]
    assert (first.width, second.start, plan.keys) == (3, 3, ("b", "Book"))
    assert first.make((1, 2))._fields == ("id", "inner")
