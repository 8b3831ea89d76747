"""Bundles of columns, methods called after a load, and the remaining names of the reference's object side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from tests.support.models import Author, Book, LibraryBase
from unitwork import JSON, Column, Integer, MetaData, String, Table, exc, func, select, text
from unitwork.orm import (
    Bundle,
    DeclarativeBase,
    Mapped,
    Session,
    UserDefinedOption,
    joinedload,
    mapped_column,
    mapper,
    object_mapper,
    reconstructor,
    relationship,
)
from unitwork.orm.collections import (
    InstrumentedDict,
    InstrumentedList,
    InstrumentedSet,
    attribute_keyed_dict,
    collection_adapter,
)


@pytest.fixture
def books(session: Session) -> Session:
    """Ann with two books, bea with one."""
    session.add(Author(name="ann", born=1, books=[Book(title="one"), Book(title="two")]))
    session.add(Author(name="bea", born=2, books=[Book(title="three")]))
    session.commit()
    session.expunge_all()
    return session


# -- bundles ----------------------------------------------------------------------------------------------------------


def test_a_bundle_is_one_value_with_names(books: Session) -> None:
    """LB-38: beside other things, and its columns serve for conditions."""
    who = Bundle("who", Author.name, Author.born)
    statement = select(who, Author.id, Author).where(who.c.name == "ann", who.columns["born"] < 2)

    row = books.execute(statement).one()

    assert row._fields == ("who", "id", "Author")
    assert (row.who, row.who.name, row.who._fields) == (("ann", 1), "ann", ("name", "born"))
    assert row.Author is books.get(Author, row.id)
    assert books.scalars(select(who).order_by(Author.id)).all() == [("ann", 1), ("bea", 2)]
    assert (list(who.c.keys()), len(who.c), "name" in who.c) == (["name", "born"], 2, True)


def test_bundles_nest(books: Session) -> None:
    """LB-38: a bundle is a part of another one under its own name."""
    outer = Bundle("outer", Author.id, Bundle("inner", Author.name, func.count(Book.id).label("n")), Author.born)
    statement = select(outer).join(Author.books).order_by(outer.c.inner.c.n)
    statement = statement.group_by(Author.id, Author.name, Author.born)

    found = books.execute(statement).all()

    values = [(row.outer.inner.name, row.outer.inner.n, row.outer.born) for row in found]
    assert values == [("bea", 1, 2), ("ann", 2, 1)]


def test_a_single_bundle_in_a_query(books: Session) -> None:
    """LB-38: single_entity gives the values, else there are rows of one value; equal rows stay apart."""
    pair = Bundle("pair", Author.name, Author.born)
    alone = Bundle("pair", Author.name, Author.born, single_entity=True)

    assert books.query(pair).order_by(Author.id).all() == [(("ann", 1),), (("bea", 2),)]
    assert books.query(alone).order_by(Author.id).all() == [("ann", 1), ("bea", 2)]
    assert books.query(alone).filter(alone.c.name == "bea").one().born == 2
    assert len(books.query(alone).join(Author.books).all()) == 3
    assert len(books.query(pair).join(Author.books).all()) == 3
    assert (books.query(alone).count(), books.query(pair).filter_by(name="ann").count()) == (2, 1)
    for refused in (lambda: books.query(alone).get(1), lambda: books.query(alone).delete()):
        with pytest.raises(exc.InvalidRequestError):
            refused()


def test_a_bundle_makes_what_its_class_says(books: Session) -> None:
    """LB-38: create_row_processor is given a function and a name for each part."""

    class Dictionary(Bundle):
        def create_row_processor(
            self, query: Any, procs: Sequence[Callable[[Any], Any]], labels: Sequence[str]
        ) -> Callable[[Any], Any]:
            return lambda row: {label: proc(row) for label, proc in zip(labels, procs)}

    found = books.scalars(select(Dictionary("d", Author.name, Bundle("b", Author.born))).order_by(Author.id)).all()
    again = books.scalars(select(Bundle("d", Author.name, Bundle("b", Author.born))).order_by(Author.id)).all()

    assert found == [{"name": "ann", "b": (1,)}, {"name": "bea", "b": (2,)}]
    assert again == [("ann", (1,)), ("bea", (2,))]


def test_a_bundle_beside_joined_objects_in_a_subquery(books: Session) -> None:
    """LB-38, LB-12: where the statement is put into a subquery, the columns of the bundle come out of it."""
    pair = Bundle("pair", Author.born, Author.name.label("who"))
    statement = select(Author, pair).options(joinedload(Author.books)).order_by(Author.id).limit(1)

    rows = books.execute(statement).unique().all()

    assert [(row.pair.who, row.pair.born, [book.title for book in row.Author.books]) for row in rows] == [
        ("ann", 1, ["one", "two"])
    ]


def test_a_bundle_read_from_a_given_statement(books: Session) -> None:
    """LB-38, SB-43: columns are found by name, whatever their order."""
    pair = Bundle("pair", Author.name, Author.born)

    statement = select(Author.id, pair).from_statement(text("SELECT born, name, id FROM author ORDER BY id"))

    assert [(row.pair.name, row.pair.born) for row in books.execute(statement)] == [("ann", 1), ("bea", 2)]
    with pytest.raises(exc.InvalidRequestError) as caught:
        books.execute(select(pair).from_statement(text("SELECT id, name FROM author")))
    assert caught.value.code == "from-statement-columns"


def test_a_bundle_converts_its_values(engine: Any) -> None:
    """LB-38, LB-32: as the same columns do outside."""
    table = Table("bundle_doc", MetaData(), Column("id", Integer, primary_key=True), Column("doc", JSON))
    table.create(engine)
    with Session(engine) as session:
        session.execute(table.insert(), [{"id": 1, "doc": {"a": [1]}}, {"id": 2, "doc": [None]}])

        found = session.scalars(select(Bundle("b", table.c.doc, table.c.id)).order_by(table.c.id)).all()

    assert [(one.doc, one.id) for one in found] == [({"a": [1]}, 1), ([None], 2)]


def test_a_bundle_under_another_name_and_described(books: Session) -> None:
    """LB-38: label() leaves the original; column_descriptions tell the bundle."""
    pair = Bundle("pair", Author.name, Author.born)
    other = pair.label("other")
    statement = select(other)

    assert (pair.name, list(books.execute(statement).keys())) == ("pair", ["other"])
    assert statement.column_descriptions[0]["name"] == "other"
    assert statement.column_descriptions[0]["expr"] is other


def test_a_bundle_finds_the_engine_of_its_class(library: Any) -> None:
    """LB-38, PT-43: a Session that is bound by class only."""
    with Session(binds={Author: library}) as session:
        assert session.execute(select(Bundle("b", Author.id))).all() == []


@pytest.mark.parametrize("parts", [(), (Author,), (Author.id, Author.__table__)])
def test_a_bundle_takes_columns_only(parts: tuple[Any, ...]) -> None:
    """LB-38: [bundle-content]."""
    with pytest.raises(exc.ArgumentError) as caught:
        Bundle("b", *parts)

    assert caught.value.code == "bundle-content"


def test_a_bundle_knows_its_columns_only() -> None:
    """LB-38: an unknown name is an AttributeError that lists the others."""
    with pytest.raises(AttributeError, match="it has: name"):
        Bundle("b", Author.name).c.title  # noqa: B018


# -- reconstructor ----------------------------------------------------------------------------------------------------


def test_a_reconstructor_is_called_after_a_load(engine: Any) -> None:
    """LB-38: for new objects of the identity map only, with the columns loaded; __init__ is not called."""

    class Base(DeclarativeBase):
        pass

    class Marked:
        calls: list[str]

        @reconstructor
        def wake(self) -> None:
            self.calls = [f"woken {self.name}"]  # type: ignore[attr-defined]

    class Sleeper(Marked, Base):
        __tablename__ = "sleeper"
        id: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[str] = mapped_column(String(20))

        def __init__(self, name: str) -> None:
            self.name = name
            self.calls = ["made"]

    class Silent(Marked, Base):
        __tablename__ = "silent"
        id: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[str] = mapped_column(String(20))

        def wake(self) -> None:
            raise AssertionError("not marked here")

    Base.metadata.create_all(engine)
    with Session(engine) as session:
        made = Sleeper("a")
        session.add_all([made, Silent(id=1, name="s")])
        session.commit()
        assert made.name == "a"
        assert made.calls == ["made"]
        session.expunge_all()

        loaded = session.get(Sleeper, made.id)

        assert loaded is not None
        assert loaded.calls == ["woken a"]
        loaded.calls.append("kept")
        session.expire_all()
        assert session.scalars(select(Sleeper)).one().calls == ["woken a", "kept"]
        assert session.get(Silent, 1) is not None


# -- other names ------------------------------------------------------------------------------------------------------


def test_mapper_maps_as_in_earlier_versions(engine: Any) -> None:
    """LB-04: mapper(Class, table, properties=…)."""
    metadata = MetaData()
    table = Table("mapped_by_hand", metadata, Column("id", Integer, primary_key=True), Column("n", Integer))

    class Thing:
        id: int
        number: int

    made = mapper(Thing, table, properties={"number": table.c.n})
    metadata.create_all(engine)
    with Session(engine) as session:
        thing = Thing()
        thing.number = 7
        session.add(thing)
        session.commit()

        assert object_mapper(thing) is made
        assert session.scalars(select(Thing.number)).all() == [7]  # type: ignore[call-overload]


def test_collections_are_of_the_named_classes() -> None:
    """LB-38: orm.collections names what the values of relationships are; the adapter tells their owner."""

    class Base(DeclarativeBase):
        pass

    class Leaf(Base):
        __tablename__ = "leaf_of_kinds"
        id: Mapped[int] = mapped_column(primary_key=True)

    from_leaf = {"primaryjoin": "foreign(Leaf.id) == Tree.id", "viewonly": True}

    class Tree(Base):
        __tablename__ = "tree_of_kinds"
        id: Mapped[int] = mapped_column(primary_key=True)
        listed = relationship(Leaf, **from_leaf)  # type: ignore[var-annotated, arg-type]
        aset = relationship(Leaf, collection_class=set, **from_leaf)  # type: ignore[var-annotated, arg-type]
        keyed = relationship(  # type: ignore[var-annotated]
            Leaf, collection_class=attribute_keyed_dict("id"), **from_leaf  # type: ignore[arg-type]
        )

    tree = Tree(id=1)

    assert isinstance(tree.listed, InstrumentedList)
    assert isinstance(tree.aset, InstrumentedSet)
    assert isinstance(tree.keyed, (InstrumentedDict, dict))
    adapter = collection_adapter(tree.listed)
    assert adapter is not None
    assert adapter.owner_state is not None
    assert adapter.owner_state.obj() is tree
    assert (adapter.data is tree.listed, str(adapter.attr), len(adapter), list(adapter)) == (True, "Tree.listed", 0, [])
    assert collection_adapter([]) is None


def test_an_option_of_the_users_own(books: Session) -> None:
    """LB-38: a UserDefinedOption changes nothing and stays readable on the statement."""

    class Marker(UserDefinedOption):
        pass

    statement = select(Author).options(Marker("payload")).order_by(Author.id)

    assert [author.name for author in books.scalars(statement)] == ["ann", "bea"]
    assert [option.payload for option in statement.with_options] == ["payload"]
    assert LibraryBase.registry is object_mapper(books.scalars(statement).first()).registry
