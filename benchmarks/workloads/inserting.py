"""New objects become rows, and their keys come back."""

from __future__ import annotations

from typing import Any

from benchmarks.contenders import Contender, OrmContender, RawContender
from benchmarks.data import BOOK, book_row, parent_number, stored
from benchmarks.failure import expect
from benchmarks.plain import PlainAuthor, PlainBook, PlainNode
from benchmarks.workload import Targets, Timed, Workload, register


@register
class Graph(Workload):
    """A quarter of the rows are authors, the rest their books."""

    id = "W1"
    work = "flush-insert authors with 3 books each through relationships, one commit, keys back"
    per = "row"
    targets = Targets(sqlite=(3.8, 3.5), server=(2, 1.6), latency=(1.7, 2))

    def operations(self, n: int) -> int:
        """Authors and books."""
        return n // 4 * 4

    def raw(self, raw: RawContender, n: int) -> Timed:
        """Two batches: the authors, then the books with the keys that the authors got."""
        names, books, db = _names(n), _books(n), raw.db
        convert = raw.backend == "sqlite"

        def run() -> list[PlainAuthor]:
            authors = []
            for name, fields in zip(names, books, strict=True):
                author = PlainAuthor(name)
                author.books = [PlainBook(None, None, **each) for each in fields]
                authors.append(author)
            db.begin()
            ids = db.insert("author", ("name",), [(author.name,) for author in authors], keys=True)
            flat, rows = [], []
            for author, key in zip(authors, ids, strict=True):
                author.id = key
                for book in author.books:
                    book.author_id = key
                    flat.append(book)
                    day = book.published.isoformat() if convert else book.published
                    rows.append((key, book.title, book.isbn, book.pages, book.price, day, book.in_stock))
            for book, key in zip(flat, db.insert("book", BOOK[1:], rows, keys=True), strict=True):
                book.id = key
            db.commit()
            return authors

        return Timed(run)

    def orm(self, orm: OrmContender, n: int) -> Timed:
        """The graph is made, added and committed."""
        names, books = _names(n), _books(n)
        author_class, book_class = orm.models.Author, orm.models.Book

        def run() -> list[Any]:
            with orm.session() as session:
                authors = [
                    author_class(name=name, books=[book_class(**each) for each in fields])
                    for name, fields in zip(names, books, strict=True)
                ]
                session.add_all(authors)
                session.commit()
            return authors

        return Timed(run)

    def verify(self, contender: Contender, n: int, result: Any) -> None:
        """The rows are those of the objects, keys included, and hold what went in."""
        rows = contender.execute("SELECT id, name FROM author ORDER BY id")
        expect("authors", rows, sorted((author.id, author.name) for author in result))
        expect("names", sorted(author.name for author in result), sorted(_names(n)))
        got = contender.execute(f"SELECT {', '.join(BOOK)} FROM book ORDER BY id")
        want = [tuple(getattr(book, name) for name in BOOK) for author in result for book in author.books]
        expect("books", [stored(row, "sqlite") for row in got], [stored(row, "sqlite") for row in sorted(want)])
        expect("foreign keys", {book.author_id == a.id for a in result for book in a.books}, {True})
        expect("number of books", len(got), n // 4 * 3)


@register
class Tree(Workload):
    """Ten children a node."""

    id = "W1t"
    work = "flush-insert a self-referential tree, one commit, keys back"
    per = "row"
    targets = Targets(sqlite=(10.3, 5.2), server=(3, 2.3), latency=(2.5, 2))

    def raw(self, raw: RawContender, n: int) -> Timed:
        """One batch for each level of the tree."""
        names, parents, db = _node_names(n), _parents(n), raw.db

        def run() -> list[PlainNode]:
            nodes = [PlainNode(name) for name in names]
            for node, parent in zip(nodes, parents, strict=True):
                if parent is not None:
                    nodes[parent].children.append(node)
            db.begin()
            level = nodes[:1]
            while level:
                rows = [(node.parent_id, node.name) for node in level]
                below: list[PlainNode] = []
                for node, key in zip(level, db.insert("node", ("parent_id", "name"), rows, keys=True), strict=True):
                    node.id = key
                    for child in node.children:
                        child.parent_id = key
                    below += node.children
                level = below
            db.commit()
            return nodes

        return Timed(run)

    def orm(self, orm: OrmContender, n: int) -> Timed:
        """The tree is made by setting parents, and its root added."""
        names, parents, node_class = _node_names(n), _parents(n), orm.models.Node

        def run() -> list[Any]:
            with orm.session() as session:
                nodes: list[Any] = []
                for name, parent in zip(names, parents, strict=True):
                    nodes.append(node_class(name=name, parent=None if parent is None else nodes[parent]))
                session.add(nodes[0])
                session.commit()
            return nodes

        return Timed(run)

    def verify(self, contender: Contender, n: int, result: Any) -> None:
        """The rows are those of the objects, and each points to its parent's row."""
        rows = contender.execute("SELECT id, parent_id, name FROM node ORDER BY id")
        expect("nodes", rows, sorted((node.id, node.parent_id, node.name) for node in result))
        expect("names", [node.name for node in result], _node_names(n))
        wanted = [None if parent is None else result[parent].id for parent in _parents(n)]
        expect("parents", [node.parent_id for node in result], wanted)


def _names(n: int) -> list[str]:
    return [f"author {number}" for number in range(1, n // 4 + 1)]


def _books(n: int) -> list[list[dict[str, Any]]]:
    """The books of each author, as keyword arguments."""
    count = n // 4 * 3
    books = [dict(zip(BOOK[2:], book_row(number)[2:], strict=True)) for number in range(1, count + 1)]
    return [books[start : start + 3] for start in range(0, count, 3)]


def _node_names(n: int) -> list[str]:
    return [f"node {number}" for number in range(1, n + 1)]


def _parents(n: int) -> list[int | None]:
    """The place of each node's parent in the list of nodes."""
    numbers = [parent_number(number) for number in range(1, n + 1)]
    return [None if number is None else number - 1 for number in numbers]
