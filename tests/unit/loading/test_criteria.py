"""with_loader_criteria(): what a statement becomes, without a database."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.mapped import Library
from tests.support.sql import assert_sql
from unitwork.loading.criteria import criteria_of, under_criteria, with_loader_criteria
from unitwork.loading.expand import expand
from unitwork.sql.select import select
from unitwork.sql.shape import shape_of


def test_the_condition_stands_in_where(library: Library) -> None:
    """LB-27: once, however often the statement is gone through."""
    books = library.book.c
    statement = select(books.id).options(with_loader_criteria(library.Book, books.title == "a"))

    once = under_criteria(statement)

    assert_sql(once, "SELECT book.id FROM book WHERE book.title = :title_1")
    assert under_criteria(once) is once
    assert expand(once)[0].where_criteria == once.where_criteria


def test_a_statement_without_the_option_stays_itself(library: Library) -> None:
    """LB-27: and has no adjustment for the renderer."""
    statement = select(library.Book)

    assert under_criteria(statement) is statement
    assert expand(statement)[0].adjust is None
    assert criteria_of(statement) == ()


@pytest.mark.parametrize(
    "more", [{}, {"include_aliases": True}, {"loader_only": True}, {"propagate_to_loaders": False}]
)
def test_the_shape_tells_options_apart(library: Library, more: dict[str, Any]) -> None:
    """LB-27, SB-50: by class, condition, value and flags; equal ones share a shape."""
    title = library.book.c.title

    def key(value: str, **flags: Any) -> Any:
        return shape_of(select(library.Book).options(with_loader_criteria(library.Book, title == value, **flags))).key

    assert key("a", **more) == key("a", **more)
    assert key("a", **more) != key("b", **more)
    assert (key("a", **more) == key("a")) is (not more)
    assert key("a") != shape_of(select(library.Book)).key


def test_the_function_is_called_once_for_each_class(library: Library) -> None:
    """LB-27: the condition is the same object wherever it stands, so that its values are found."""
    called: list[Any] = []

    def condition(cls: Any) -> Any:
        called.append(cls)
        return library.book.c.id > 3

    option = with_loader_criteria(library.Book, condition)
    statement = select(library.Book).options(option)
    shape_of(statement)
    expand(statement)

    assert called == [library.Book]
    assert option.condition(library.books) is option.condition(library.books)
    assert option.condition(library.authors) is None
