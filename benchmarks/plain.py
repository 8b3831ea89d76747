"""The classes that hand-written code would use: no mapping, no tracking."""

from __future__ import annotations

from datetime import date


class PlainAuthor:
    """An author with its books."""

    def __init__(self, name: str, id: int | None = None) -> None:
        self.id = id
        self.name = name
        self.books: list[PlainBook] = []


class PlainBook:
    """A book, its fields in the order of the table's columns."""

    def __init__(
        self,
        id: int | None,
        author_id: int | None,
        title: str,
        isbn: str,
        pages: int,
        price: float,
        published: date,
        in_stock: bool,
    ) -> None:
        self.id = id
        self.author_id = author_id
        self.title = title
        self.isbn = isbn
        self.pages = pages
        self.price = price
        self.published = published
        self.in_stock = in_stock


class PlainNode:
    """A node of a tree, with its children."""

    def __init__(self, name: str) -> None:
        self.id: int | None = None
        self.parent_id: int | None = None
        self.name = name
        self.children: list[PlainNode] = []
