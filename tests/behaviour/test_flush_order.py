"""What a flush sends, in which order, and what it leaves on the objects (FP-01 to FP-19, SB-58, SB-73, SB-76)."""

from __future__ import annotations

import random
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.support.models import Author, Book, Node, Tag, User, book_tag
from tests.support.rows import columns_of, rows_of
from tests.support.states import author_in_state, state_of
from unitwork import (
    Boolean,
    Date,
    DateTime,
    Float,
    ForeignKey,
    LargeBinary,
    Numeric,
    String,
    Text,
    UniqueConstraint,
    exc,
    inspect,
    select,
)
from unitwork.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship


def tables_written(log: Any, *verbs: str) -> list[str]:
    """Names of the library's tables in the order in which statements of these kinds wrote them."""
    found = []
    for statement in log.starting_with(*verbs):
        words = statement.replace("(", " ").replace('"', " ").replace("`", " ").split()
        found.append(next(word for word in words if word in ("author", "book", "tag", "book_tag", "node")))
    return list(dict.fromkeys(found))


def test_flush_without_work_sends_nothing(session: Session, statements: Any) -> None:
    """SB-76, TX-16: flush() with nothing to do sends nothing, begins nothing and returns None."""
    author_in_state(session, "S")
    session.commit()

    with statements(session.get_bind()) as log:
        result = session.flush()

    assert (result, log.count, session.in_transaction()) == (None, 0, False)


def test_change_without_net_effect_sends_nothing(session: Session, statements: Any) -> None:
    """FP-08, EV-44: a value set to what it was sends no UPDATE and leaves the object clean."""
    author = author_in_state(session, "S")
    author.name = "bea"
    author.name = "ann"

    with statements(session.get_bind()) as log:
        session.flush()

    assert log.count == 0
    assert author not in session.dirty


def test_keys_come_back(session: Session) -> None:
    """PT-32, ST-06: after flush every new object has its key, its identity and is persistent."""
    authors = [Author(name=str(number)) for number in range(30)]
    session.add_all(authors)

    session.flush()

    keys = [author.id for author in authors]
    assert len(set(keys)) == 30
    assert rows_of(session, *columns_of(Author, "id", "name")) == sorted((a.id, a.name) for a in authors)
    assert all(session.get(Author, key) is author for key, author in zip(keys, authors, strict=True))


def test_keys_belong_to_their_rows(session: Session) -> None:
    """FP-09: keys fetched for a batch belong to the right objects, also where some keys were given."""
    authors = [Author(name=str(number)) for number in range(40)]
    for number in (3, 17, 31):
        authors[number].id = 1000 - number
    session.add_all(authors)

    session.flush()
    names = {author.id: author.name for author in authors}
    session.expunge_all()

    assert {author.id: author.name for author in session.scalars(select(Author))} == names


def test_rows_are_inserted_in_the_order_added(session: Session) -> None:
    """SB-58: pending objects of one class get keys in the order they were added."""
    authors = [Author(name=str(number)) for number in range(20)]
    shuffled = random.Random(7).sample(authors, len(authors))
    session.add_all(shuffled)

    session.flush()

    assert sorted(authors, key=lambda author: author.id) == shuffled


def test_given_and_generated_keys_in_one_flush(session: Session) -> None:
    """FP-09, PT-32: objects with a key and objects without are inserted in one flush."""
    session.add_all([Author(id=50, name="a"), Author(name="b")])

    session.flush()

    names = [name for (name,) in rows_of(session, Author.__table__.c.name)]
    assert names == ["a", "b"]


def test_parents_are_inserted_first(session: Session, statements: Any) -> None:
    """FP-01: parents, then children, then association rows, whatever the order of adding."""
    author, book, tag = Author(name="a"), Book(title="b"), Tag(name="t")
    session.add_all([tag, book, author])
    book.author = author
    book.tags.append(tag)

    with statements(session.get_bind()) as log:
        session.flush()

    order = tables_written(log, "INSERT")
    assert order.index("author") < order.index("book") < order.index("book_tag")
    assert order.index("tag") < order.index("book_tag")


def test_children_are_deleted_first(session: Session, statements: Any) -> None:
    """FP-01: association rows, then children, then parents are deleted."""
    author = Author(name="a", books=[Book(title="b", tags=[Tag(name="t")])])
    session.add(author)
    session.commit()
    book = author.books[0]
    for obj in (author, book, book.tags[0]):
        session.delete(obj)

    with statements(session.get_bind()) as log:
        session.flush()

    order = tables_written(log, "DELETE")
    assert order.index("book_tag") < order.index("book") < order.index("author")


def test_foreign_key_comes_from_the_parent(session: Session) -> None:
    """FP-10, SB-73: the child's key column is filled from the parent that is inserted in the same flush."""
    book = Book(title="b", author=Author(name="ann"))
    session.add(book)

    session.flush()

    assert book.author_id == book.author.id


def test_reference_wins_over_a_key_set_by_hand(session: Session) -> None:
    """FP-10: a relationship wins over a foreign key column set by hand."""
    author = Author(name="ann")
    book = Book(title="b", author=author, author_id=77)
    session.add(book)

    session.flush()

    assert book.author_id == author.id


def test_key_set_by_hand_is_kept_without_a_reference(session: Session) -> None:
    """FP-11: a pending child whose reference reads None, but was never set, keeps the key set by hand."""
    author = author_in_state(session, "S")
    book = Book(title="b", author_id=author.id)
    session.add(book)
    reference = book.author

    session.flush()

    assert reference is None
    assert rows_of(session, Book.__table__.c.author_id) == [(author.id,)]


def test_reference_set_to_none_wins_over_a_key_set_by_hand(session: Session) -> None:
    """FP-10, ST-85: None assigned to the reference is a value too: the key becomes NULL."""
    author = author_in_state(session, "S")
    session.add(Book(title="b", author_id=author.id, author=None))

    session.flush()

    assert rows_of(session, Book.__table__.c.author_id) == [(None,)]


def test_update_has_changed_columns_only(session: Session) -> None:
    """FP-08: columns without net change are not written, so that others' writes to them stay."""
    author = author_in_state(session, "S")
    author.name = "bea"
    with session.no_autoflush:
        session.connection().execute(Author.__table__.update().values(born=1950))

    session.flush()

    assert rows_of(session, *columns_of(Author, "name", "born")) == [("bea", 1950)]


def test_updates_of_different_columns_in_one_flush(session: Session) -> None:
    """FP-08, FP-09: objects with different changed columns are each written right."""
    authors = [Author(name=str(number), born=number) for number in range(9)]
    session.add_all(authors)
    session.commit()
    for number, author in enumerate(authors):
        if number % 3 != 0:
            author.name = f"n{number}"
        if number % 3 != 1:
            author.born = 100 + number
    expected = [(author.id, author.name, author.born) for author in authors]

    session.commit()

    assert rows_of(session, *columns_of(Author, "id", "name", "born")) == expected


def test_update_to_null_among_others(session: Session) -> None:
    """PT-24, FP-09: None is written as NULL, also beside values in the same batch."""
    authors = [Author(name=str(number), born=number) for number in range(3)]
    session.add_all(authors)
    session.commit()
    for author, born in zip(authors, (None, 7, None), strict=True):
        author.born = born

    session.commit()

    assert [born for _, born in rows_of(session, *columns_of(Author, "id", "born"))] == [None, 7, None]


def test_update_to_null_of_every_row(session: Session) -> None:
    """PT-24, FP-09: a batch in which a column is None in every row is written."""
    authors = [Author(name=str(number), born=number) for number in range(3)]
    session.add_all(authors)
    session.commit()
    for author in authors:
        author.born = None

    session.commit()

    assert rows_of(session, Author.__table__.c.born) == [(None,)] * 3


def test_primary_key_change(session: Session) -> None:
    """FP-13: a changed key is written with the old key in WHERE, and the identity map follows."""
    author = author_in_state(session, "S")
    old = author.id
    author.id = old + 100

    session.flush()

    assert session.get(Author, old + 100) is author
    assert session.get(Author, old) is None
    assert inspect(author).identity == (old + 100,)


def test_primary_key_change_is_undone_by_rollback(session: Session) -> None:
    """FP-13, TX-30: after rollback the old key is back."""
    author = author_in_state(session, "S")
    old = author.id
    author.id = old + 100
    session.flush()

    session.rollback()

    assert (author.id, session.get(Author, old)) == (old, author)


@pytest.mark.parametrize("order", ["root first", "leaf first"])
def test_tree_is_inserted_in_any_order(session: Session, order: str) -> None:
    """FP-05: rows of a self-referential table are inserted parents first, whatever the order of adding."""
    root = Node(name="root")
    child = Node(name="child", parent=root)
    leaf = Node(name="leaf", parent=child)
    session.add_all([root, child, leaf] if order == "root first" else [leaf, child, root])

    session.commit()

    rows = rows_of(session, *columns_of(Node, "name", "parent_id"))
    assert rows == [("child", root.id), ("leaf", child.id), ("root", None)]


def test_tree_is_deleted_leaves_first(session: Session) -> None:
    """FP-05: rows of a self-referential table are deleted children first."""
    nodes = [Node(name="root")]
    for number in range(1, 12):
        nodes.append(Node(name=str(number), parent=nodes[(number - 1) // 3]))
    session.add_all(nodes)
    session.commit()
    for node in nodes:
        session.delete(node)

    session.commit()

    assert rows_of(session, Node.__table__.c.id) == []


def test_subtree_is_moved(session: Session) -> None:
    """FP-05: a row moves to a parent that is inserted in the same flush."""
    root = Node(name="root", children=[Node(name="leaf")])
    session.add(root)
    session.commit()
    leaf = root.children[0]

    leaf.parent = Node(name="new", parent=root)
    session.commit()

    assert [node.name for node in root.children] == ["new"]
    assert root.children[0].children == [leaf]


@pytest.mark.parametrize("length", [1, 2, 3])
def test_cycle_of_rows_through_a_nullable_key(session: Session, length: int) -> None:
    """FP-06, RP-02, RP-03, DV-27: rows that refer to each other in a ring are inserted and deleted (the reference
    raises CircularDependencyError)."""
    nodes = [Node(name=str(number)) for number in range(length)]
    for number, node in enumerate(nodes):
        node.parent = nodes[(number + 1) % length]
    session.add_all(nodes)
    session.commit()
    ring = [node.parent for node in nodes]

    for node in nodes:
        session.delete(node)
    session.commit()

    assert ring == nodes[1:] + nodes[:1]
    assert rows_of(session, Node.__table__.c.id) == []


def test_cycle_of_rows_that_cannot_wait(engine: Any, statements: Any) -> None:
    """FP-06, ER-15: a ring through keys that are NOT NULL raises CircularDependencyError before anything is sent."""

    class Base(DeclarativeBase):
        pass

    class Link(Base):
        __tablename__ = "link"
        id: Mapped[int] = mapped_column(primary_key=True)
        next_id: Mapped[int] = mapped_column(ForeignKey("link.id"))
        next: Mapped[Link] = relationship(remote_side=[id])

    Base.metadata.create_all(engine)
    with Session(engine) as session:
        first, second = Link(), Link()
        first.next, second.next = second, first
        session.add(first)

        with statements(engine) as log, pytest.raises(exc.CircularDependencyError):
            session.flush()

        assert log.starting_with("INSERT") == []


def test_two_tables_that_refer_to_each_other(engine: Any) -> None:
    """FP-06, RP-02, DV-27: rows of two tables that refer to each other are inserted and deleted together (the
    reference needs post_update)."""

    class Base(DeclarativeBase):
        pass

    class Team(Base):
        __tablename__ = "team"
        id: Mapped[int] = mapped_column(primary_key=True)
        captain_id: Mapped[int | None] = mapped_column(ForeignKey("player.id", name="fk_team_captain", use_alter=True))
        captain: Mapped[Player | None] = relationship(foreign_keys=[captain_id])

    class Player(Base):
        __tablename__ = "player"
        id: Mapped[int] = mapped_column(primary_key=True)
        team_id: Mapped[int] = mapped_column(ForeignKey("team.id"))
        team: Mapped[Team] = relationship(foreign_keys=[team_id])

    Base.metadata.create_all(engine)
    with Session(engine) as session:
        team = Team()
        team.captain = Player(team=team)
        session.add(team)
        session.commit()
        loaded = (team.captain.team is team, team.captain_id == team.captain.id)

        session.delete(team.captain)
        session.delete(team)
        session.commit()

        assert loaded == (True, True)
        assert rows_of(session, Player.__table__.c.id) == []


def test_row_switch(session: Session) -> None:
    """FP-03: an object deleted and another added with its key become one UPDATE of the row."""
    author = author_in_state(session, "S")
    key = author.id
    session.delete(author)
    successor = Author(id=key, name="bea", born=1950)
    session.add(successor)

    session.commit()

    assert rows_of(session, *columns_of(Author, "id", "name", "born")) == [(key, "bea", 1950)]
    assert state_of(session, successor) == "S"
    assert inspect(author).detached


def test_row_switch_of_an_object_that_is_referred_to(session: Session) -> None:
    """FP-03, FP-04: the row is updated, not deleted: a row that refers to it keeps its parent."""
    book = Book(title="b", author=Author(name="ann"))
    session.add(book)
    session.commit()
    key = book.author_id
    with session.no_autoflush:
        session.delete(book.author)
        book.author = Author(id=key, name="bea")
    session.commit()

    assert rows_of(session, *columns_of(Author, "id", "name")) == [(key, "bea")]
    assert book.author.name == "bea"


def test_unique_value_taken_over_from_an_updated_row(accounts: Session) -> None:
    """FP-02: a unique value given up by one row is taken by another one in the same flush."""
    old = User(name="ann")
    accounts.add(old)
    accounts.commit()
    old.name = "bea"
    accounts.add(User(name="ann"))

    accounts.commit()

    assert rows_of(accounts, User.__table__.c.name) == [("ann",), ("bea",)]


def test_many_to_many_rows(session: Session) -> None:
    """FP-01, FP-09: association rows of many objects are inserted and deleted as the collections say."""
    tags = [Tag(name=str(number)) for number in range(5)]
    books = [Book(title=str(number), tags=[tags[number % 5], tags[(number + 2) % 5]]) for number in range(20)]
    session.add_all(books)
    session.flush()
    inserted = rows_of(session, book_tag.c.book_id, book_tag.c.tag_id)
    for book in books[::2]:
        book.tags = [tags[0]]
    session.flush()

    rows = rows_of(session, book_tag.c.book_id, book_tag.c.tag_id)

    assert len(inserted) == 40
    assert rows == sorted((book.id, tag.id) for book in books for tag in book.tags)


def test_composite_keys_are_copied_and_matched(engine: Any) -> None:
    """LB-06, FP-09, FP-10: keys of several columns are copied to children, and found for UPDATE and DELETE."""

    class Base(DeclarativeBase):
        pass

    class Cell(Base):
        __tablename__ = "cell"
        x: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
        y: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
        note: Mapped[str | None] = mapped_column(String(20))

    Base.metadata.create_all(engine)
    with Session(engine) as session:
        cells = [Cell(x=x, y=y, note="n") for x in range(3) for y in range(3)]
        session.add_all(cells)
        session.commit()
        for cell in cells:
            if cell.x == cell.y:
                session.delete(cell)
            elif cell.x > cell.y:
                cell.note = f"{cell.x}{cell.y}"
        session.commit()

        assert rows_of(session, *columns_of(Cell, "x", "y", "note")) == [
            (0, 1, "n"), (0, 2, "n"), (1, 0, "10"), (1, 2, "n"), (2, 0, "20"), (2, 1, "21"),
        ]  # fmt: skip


def test_values_of_every_type_come_back(engine: Any) -> None:
    """LB-19: what was stored is what is loaded, None included."""

    class Base(DeclarativeBase):
        pass

    class Sample(Base):
        __tablename__ = "sample"
        id: Mapped[int] = mapped_column(primary_key=True)
        flag: Mapped[bool | None] = mapped_column(Boolean)
        ratio: Mapped[float | None] = mapped_column(Float(53))
        price: Mapped[Decimal | None] = mapped_column(Numeric(10, 4))
        day: Mapped[date | None] = mapped_column(Date)
        moment: Mapped[datetime | None] = mapped_column(DateTime)
        data: Mapped[bytes | None] = mapped_column(LargeBinary)
        note: Mapped[str | None] = mapped_column(Text)

    values = {
        "flag": True,
        "ratio": 0.1,
        "price": Decimal("1234.5600"),
        "day": date(2024, 2, 29),
        "moment": datetime(2024, 2, 29, 23, 59, 58),
        "data": b"\x00\xff'",
        "note": "ä € 🙂",
    }
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add_all([Sample(**values), Sample(**dict.fromkeys(values))])
        session.commit()
        full, empty = session.scalars(select(Sample).order_by(Sample.id)).all()

        assert {name: getattr(full, name) for name in values} == values
        assert {name: type(getattr(full, name)) for name in values} == {name: type(v) for name, v in values.items()}
        assert {name: getattr(empty, name) for name in values} == dict.fromkeys(values)


def test_object_of_keys_only(engine: Any) -> None:
    """FP-09: rows without any value but a generated key are inserted, many at once too."""

    class Base(DeclarativeBase):
        pass

    class Token(Base):
        __tablename__ = "token"
        id: Mapped[int] = mapped_column(primary_key=True)

    Base.metadata.create_all(engine)
    with Session(engine) as session:
        tokens = [Token() for _ in range(5)]
        session.add_all(tokens)

        session.flush()

        assert sorted((token.id,) for token in tokens) == rows_of(session, Token.__table__.c.id)


def test_server_default_is_loaded_after_insert(engine: Any) -> None:
    """PT-19, PT-28: a column left to the server reads as what the server wrote."""

    class Base(DeclarativeBase):
        pass

    class Token(Base):
        __tablename__ = "token"
        id: Mapped[int] = mapped_column(primary_key=True)
        kind: Mapped[str] = mapped_column(String(10), server_default="plain")

    Base.metadata.create_all(engine)
    with Session(engine) as session:
        tokens = [Token(), Token(kind="own"), Token()]
        session.add_all(tokens)

        session.flush()

        assert [token.kind for token in tokens] == ["plain", "own", "plain"]


def test_large_flush_is_split_without_loss(session: Session) -> None:
    """FP-09: more rows than fit one statement are all inserted, updated and deleted."""
    authors = [Author(name=str(number)) for number in range(2500)]
    session.add_all(authors)
    session.flush()
    for author in authors:
        author.born = int(author.name)
    session.flush()
    written = session.scalars(select(Author.born).order_by(Author.born)).all()
    for author in authors[:2400]:
        session.delete(author)
    session.flush()

    left = len(rows_of(session, Author.__table__.c.id))

    assert written == list(range(2500))
    assert left == 100


def test_unloaded_children_of_many_parents_are_read_in_sets(session: Session, statements: Any) -> None:
    """CA-48: deleting many parents whose children are not loaded does not ask for each (the reference does)."""
    session.add_all([Author(name=str(n), books=[Book(title=str(n))]) for n in range(50)])
    session.commit()
    session.expunge_all()
    authors = session.scalars(select(Author)).all()
    for author in authors:
        session.delete(author)

    with statements(session.get_bind()) as log:
        session.flush()

    assert log.count <= 6
    assert rows_of(session, Book.__table__.c.author_id) == [(None,)] * 50


def test_deleting_an_expired_object_whose_row_is_gone(session: Session) -> None:
    """FP-16: deleting an expired object loads it first; if its row is gone ObjectDeletedError is raised."""
    author = author_in_state(session, "S")
    session.expire(author)
    session.execute(Author.__table__.delete())

    with pytest.raises(exc.ObjectDeletedError):
        session.delete(author)
        session.flush()


def test_null_primary_key_fails(engine: Any) -> None:
    """FP-18: a wholly NULL primary key raises FlushError."""

    class Base(DeclarativeBase):
        pass

    class Word(Base):
        __tablename__ = "word"
        text: Mapped[str] = mapped_column(String(20), primary_key=True)
        note: Mapped[str | None] = mapped_column(String(20))

    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add(Word(note="n"))

        with pytest.raises((exc.FlushError, exc.IntegrityError)):
            session.flush()


def test_unique_over_two_columns(engine: Any) -> None:
    """FP-02: rows of a table with a composite unique constraint are rearranged in one flush without release."""

    class Base(DeclarativeBase):
        pass

    class Seat(Base):
        __tablename__ = "seat"
        __table_args__ = (UniqueConstraint("room", "place"),)
        id: Mapped[int] = mapped_column(primary_key=True)
        room: Mapped[int]
        place: Mapped[int]

    Base.metadata.create_all(engine)
    with Session(engine) as session:
        seats = [Seat(room=1, place=1), Seat(room=1, place=2)]
        session.add_all(seats)
        session.commit()

        seats[0].room = 2
        seats[1].place = 1
        session.commit()

        assert rows_of(session, *columns_of(Seat, "room", "place")) == [(1, 1), (2, 1)]
