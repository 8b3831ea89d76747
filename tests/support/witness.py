"""Runs one small program on unitwork and on SQLAlchemy and tells what each of them showed.

A program is a function of a :class:`World`: mapped classes, a Session on an empty SQLite database in memory, and
``note()``. What it notes, the errors it meets, the states of all objects it made and the rows it leaves are the trace;
two libraries that behave alike leave equal traces. Errors are told by the name of their class.
"""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

Program = Callable[["World"], None]

#: Columns whose rows end a trace, by table.
TABLES = ("author", "book", "tag", "book_tag", "node")


def trace_of(library: str, program: Program) -> list[tuple[Any, ...]]:
    """Run a program on the library of that name (``"unitwork"`` or ``"sqlalchemy"``) and return its trace."""
    world = World(library)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            program(world)
            world.note_end()
    finally:
        world.close()
    return world.trace


class World:
    """One library with mapped classes, an empty database and a Session.

    Attributes:
        session: the Session.
        Author, Book, Tag, Node: mapped classes; author 1-* book *-* tag, node is a tree. `orphans` of an author are
            books it owns by delete-orphan.
        trace: what was noted.
    """

    def __init__(self, library: str) -> None:
        self.core: Any = importlib.import_module(library)
        self.orm: Any = importlib.import_module(f"{library}.orm")
        self.trace: list[tuple[Any, ...]] = []
        self.made: list[Any] = []
        self._build()
        self.engine = self._engine()
        self.registry.metadata.create_all(self.engine)
        self.session = self.orm.Session(self.engine)

    def _build(self) -> None:
        core, column, relationship = self.core, self.core.Column, self.orm.relationship
        self.registry = self.orm.registry()
        base: Any = self.registry.generate_base() if hasattr(self.registry, "generate_base") else None
        if base is None:
            base = self.orm.declarative_base(metadata=self.registry.metadata)
            self.registry = base.registry
        self.book_tag = core.Table(
            "book_tag",
            self.registry.metadata,
            column("book_id", core.Integer, core.ForeignKey("book.id"), primary_key=True),
            column("tag_id", core.Integer, core.ForeignKey("tag.id"), primary_key=True),
        )

        class Author(base):
            __tablename__ = "author"
            id = column(core.Integer, primary_key=True)
            name = column(core.String(40))
            born = column(core.Integer)
            books = relationship("Book", back_populates="author", order_by="Book.id")

        class Book(base):
            __tablename__ = "book"
            id = column(core.Integer, primary_key=True)
            author_id = column(core.Integer, core.ForeignKey("author.id"))
            name = column(core.String(40), unique=True)
            author = relationship("Author", back_populates="books")
            tags = relationship("Tag", secondary=self.book_tag, back_populates="books", order_by="Tag.id")

        class Tag(base):
            __tablename__ = "tag"
            id = column(core.Integer, primary_key=True)
            name = column(core.String(40))
            books = relationship("Book", secondary=self.book_tag, back_populates="tags", order_by="Book.id")

        class Node(base):
            __tablename__ = "node"
            id = column(core.Integer, primary_key=True)
            parent_id = column(core.Integer, core.ForeignKey("node.id"))
            name = column(core.String(40))
            children = relationship("Node", back_populates="parent", cascade="all, delete-orphan", order_by="Node.id")
            parent = relationship("Node", back_populates="children", remote_side=[id])

        self.Author, self.Book, self.Tag, self.Node = Author, Book, Tag, Node

    def _engine(self) -> Any:
        engine = self.core.create_engine("sqlite://")
        if self.core.__name__ == "sqlalchemy":
            # SQLite as it should be: the driver must not begin and end transactions by itself.
            self.core.event.listen(engine, "connect", _no_driver_transactions)
            self.core.event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
        return engine

    def close(self) -> None:
        """Give everything back."""
        self.session.close()
        self.engine.dispose()
        self.registry.dispose()

    # What programs use -----------------------------------------------------------------------------------------------

    def make(self, cls_name: str, **values: Any) -> Any:
        """A new object; its state is noted at the end."""
        obj = getattr(self, cls_name)(**values)
        self.made.append(obj)
        return obj

    def stored(self, cls_name: str, **values: Any) -> Any:
        """A new object, committed."""
        obj = self.make(cls_name, **values)
        self.session.add(obj)
        self.session.commit()
        return obj

    def note(self, *values: Any) -> None:
        """Add values to the trace; mapped objects are shown by class and the number of their making."""
        self.trace.append(tuple(self.shown(value) for value in values))

    def shown(self, value: Any) -> Any:
        """A value in a form that is equal for both libraries."""
        if isinstance(value, (self.Author, self.Book, self.Tag, self.Node)):
            number = next((number for number, obj in enumerate(self.made) if obj is value), "loaded")
            return f"<{type(value).__name__} {number}>"
        if isinstance(value, (list, tuple)) or type(value).__name__ in ("IdentitySet", "History"):
            return [self.shown(item) for item in value]
        return value

    def note_states(self, *objects: Any) -> None:
        """Note the state of objects, by default of all that were made."""
        for obj in objects or self.made:
            state = self.core.inspect(obj)
            names = [n for n in ("transient", "pending", "persistent", "deleted", "detached") if getattr(state, n)]
            marked, dirty = obj in self.session.deleted, obj in self.session.dirty
            self.note(obj, *names, "marked" if marked else "", "dirty" if dirty else "")

    @contextmanager
    def catching(self) -> Iterator[None]:
        """Note the class name of an exception instead of raising it."""
        try:
            yield
        except Exception as error:
            self.note("error", type(error).__name__)
        else:
            self.note("no error")

    def note_end(self) -> None:
        """Note states and the rows that are visible in the Session's transaction, then those that are committed."""
        self.note_states()
        if self.session.is_active:
            with self.catching():
                self.session.flush()
        self.session.rollback()
        self.note_states()
        with self.engine.connect() as connection:
            for name in TABLES:
                table = self.registry.metadata.tables[name]
                rows = [tuple(row) for row in connection.execute(self.core.select(table))]
                self.note(name, sorted(rows, key=repr))


def _no_driver_transactions(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
