"""What is refused leaves nothing half done, and what failed is let go."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.models import Author, Book, Tag
from unitwork import bindparam, exc, inspect, select, text
from unitwork.orm import Session, make_transient


@pytest.fixture
def without_gc() -> Iterator[None]:
    """No cyclic garbage is collected meanwhile, so that what goes away has no cycle."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def test_member_of_another_session_is_refused_before_anything_changes(session: Session, library: Any) -> None:
    """CA-39, SB-54: appending, or assigning, an object of another Session changes neither side."""
    with Session(library) as other:
        book = Book(title="theirs")
        other.add(book)
        author = Author(name="ann")
        session.add(author)

        with pytest.raises(exc.InvalidRequestError):
            author.books.append(book)
        with pytest.raises(exc.InvalidRequestError):
            author.books = [book]

        assert (list(author.books), book.author) == ([], None)


def test_graph_with_an_object_of_another_session_is_refused_whole(session: Session, library: Any) -> None:
    """CA-39: when a cascade meets an object of another Session, nothing of the graph is attached."""
    with Session(library) as other:
        tag = Tag(name="theirs")
        other.add(tag)
        author = Author(name="ann", books=[Book(title="a"), Book(title="b", tags=[tag])])

        with pytest.raises(exc.InvalidRequestError):
            session.add(author)

        assert len(session.new) == 0


def test_failed_statement_keeps_nothing_alive(library: Any, without_gc: None) -> None:
    """P8, ST-48: an error that was caught and forgotten leaves no cycle that holds the Session."""
    session = Session(library)
    try:
        session.execute(text("SELECT * FROM no_such_table"))
    except exc.DBAPIError:
        pass
    session.rollback()
    session.close()
    left = weakref.ref(session)

    del session

    assert left() is None


def test_primary_key_set_to_none_is_refused(session: Session) -> None:
    """FP-18: the key of a persistent object cannot become NULL; the error names the object."""
    author = Author(name="ann")
    session.add(author)
    session.commit()
    author.id = None  # type: ignore[assignment]

    with pytest.raises(exc.FlushError, match="Author"):
        session.flush()


def test_make_transient(session: Session) -> None:
    """AP-46, AP-47, ST-16: the object is new again; with another key it is inserted as another row."""
    author = Author(name="ann")
    session.add(author)
    session.commit()
    assert author.name == "ann"

    make_transient(author)

    assert inspect(author).transient
    author.id = None  # type: ignore[assignment]
    session.add(author)
    session.commit()
    assert session.scalars(select(Author.name)).all() == ["ann", "ann"]


def test_list_parameter_takes_the_type_of_its_column(session: Session) -> None:
    """LB-35: a named list parameter of IN is converted as its column's values are."""
    session.add_all([Author(name="ann"), Author(name="bea")])
    session.flush()

    statement = select(Author.name).where(Author.name.in_(bindparam("names", expanding=True)))

    assert session.scalars(statement, {"names": ["bea", "cid"]}).all() == ["bea"]
