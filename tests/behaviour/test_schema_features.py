"""Schemas with all they can have, created and used on every database."""

from __future__ import annotations

from typing import Any

import pytest

from unitwork import (
    DDL,
    CheckConstraint,
    Column,
    Computed,
    FetchedValue,
    ForeignKey,
    Identity,
    Index,
    Integer,
    MetaData,
    Sequence,
    String,
    Table,
    UniqueConstraint,
    event,
    exc,
    func,
    insert,
    select,
    text,
    update,
)
from unitwork.orm import DeclarativeBase, Mapped, Session, mapped_column
from unitwork.schema import CreateSchema, CreateSequence, DropConstraint, DropSchema, SetColumnComment


class Base(DeclarativeBase):
    """Of the classes below."""


class Ticket(Base):
    """Its key and one column more come from sequences."""

    __tablename__ = "ticket"
    id: Mapped[int] = mapped_column(Sequence("ticket_id", start=100), primary_key=True)
    number: Mapped[int | None] = mapped_column(Sequence("ticket_number", increment=10))
    name: Mapped[str | None] = mapped_column(String(20))


class Line(Base):
    """Its total is computed, its stamp is made by the database."""

    __tablename__ = "line"
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    price: Mapped[int]
    amount: Mapped[int] = mapped_column(default=1)
    total: Mapped[int | None] = mapped_column(Computed("price * amount"))
    label: Mapped[str | None] = mapped_column(
        String(40), default=lambda context: f"{context.get_current_parameters()['price']} each"
    )


@pytest.fixture
def schema(engine: Any) -> Any:
    """The engine, with the tables of the classes above."""
    Base.metadata.create_all(engine)
    return engine


# Sequences


def test_a_flush_fetches_the_numbers_of_all_rows_at_once(schema: Any, statements: Any) -> None:
    """PT-34, FP-09: one SELECT per sequence and step, not one per row; elsewhere the key counts up by itself."""
    tickets = [Ticket(name=str(number)) for number in range(50)]
    with Session(schema) as session:
        session.add_all(tickets)
        with statements(schema) as counted:
            session.flush()
        keys = [ticket.id for ticket in tickets]
        session.commit()
        stored = session.execute(select(Ticket.id, Ticket.name, Ticket.number).order_by(Ticket.id)).all()

    has_sequences = schema.dialect.features.sequences
    assert keys == list(range(100, 150) if has_sequences else range(1, 51))
    assert [name for _, name, _ in stored] == [str(number) for number in range(50)]
    numbers = [number for _, _, number in stored]
    assert numbers == (list(range(1, 501, 10)) if has_sequences else [None] * 50)
    assert counted.count <= 5


def test_given_values_need_no_number(schema: Any) -> None:
    """PT-34: a sequence is asked for the rows that have no value; None is no value (PT-20)."""
    with Session(schema) as session:
        session.add_all([Ticket(id=7, name="own"), Ticket(name="made", number=None), Ticket(name="x", number=5)])
        session.commit()
        found = dict(session.execute(select(Ticket.name, Ticket.id)).all())
        numbers = dict(session.execute(select(Ticket.name, Ticket.number)).all())

    assert found["own"] == 7
    assert found["made"] == (100 if schema.dialect.features.sequences else 8)
    assert numbers["x"] == 5
    assert (numbers["made"] is None) != schema.dialect.features.sequences


def test_sequences_in_statements(schema: Any) -> None:
    """PT-34, PT-33: INSERT of one row, with its key; of many; from expressions; by itself."""
    table = Ticket.__table__
    has_sequences = schema.dialect.features.sequences
    with schema.begin() as connection:
        first = connection.execute(insert(table).values(name="a")).inserted_primary_key
        connection.execute(insert(table), [{"name": "b"}, {"name": "c"}])
        keys = connection.scalars(select(table.c.id).order_by(table.c.id)).all()
        if has_sequences:
            sequence = table.c.number.default
            value = connection.scalar(sequence)
            connection.execute(update(table).where(table.c.name == "a").values(number=sequence.next_value()))
            assert connection.scalar(select(table.c.number).where(table.c.name == "a")) == value + 10
        else:
            with pytest.raises(exc.CompileError) as caught:
                connection.scalar(table.c.number.default)
            assert caught.value.code == "not-on-this-database"

    assert first == ((100,) if has_sequences else (1,))
    assert keys == ([100, 101, 102] if has_sequences else [1, 2, 3])


def test_sequences_are_created_and_dropped(engine: Any) -> None:
    """LB-17, LB-44: with the tables and by themselves, once; a server default may use one."""
    metadata = MetaData()
    loose = Sequence("loose", start=7, metadata=metadata)
    if not engine.dialect.features.sequences:
        metadata.create_all(engine)
        with pytest.raises(exc.CompileError, match="'loose'"):
            loose.create(engine)
        return
    table = Table("t", metadata, Column("id", Integer, loose, primary_key=True, server_default=loose.next_value()))

    metadata.create_all(engine)
    metadata.create_all(engine)
    loose.create(engine)
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO t VALUES (DEFAULT)"))
        assert connection.scalars(select(table.c.id)).all() == [7]
    with pytest.raises(exc.DBAPIError), engine.begin() as connection:
        connection.execute(CreateSequence(loose))
    metadata.drop_all(engine)
    metadata.drop_all(engine)
    with engine.connect() as connection:
        assert not engine.dialect.has_sequence(connection, "loose", None)


# Computed columns and defaults


def test_a_computed_column_is_read_back_and_never_written(schema: Any) -> None:
    """LB-17, PT-28, PT-30: after INSERT and UPDATE; a value given by hand is replaced by the true one."""
    with Session(schema) as session:
        lines = [Line(price=2, amount=3), Line(price=5, total=999), Line(price=7)]
        session.add_all(lines)
        session.flush()
        assert [line.total for line in lines] == [6, 5, 7]
        lines[0].price = 10
        lines[1].total = 1
        lines[2].total, lines[2].amount = 1, 2
        session.flush()
        assert [line.total for line in lines] == [30, 5, 14]
        session.commit()
        assert session.scalars(select(Line.total).order_by(Line.id)).all() == [30, 5, 14]


def test_a_default_reads_the_values_of_its_row(schema: Any) -> None:
    """PT-27: get_current_parameters(), in a flush, in one statement and in many."""
    with Session(schema) as session:
        session.add_all([Line(price=1), Line(price=2)])
        session.flush()
        session.execute(insert(Line.__table__).values(price=3))
        session.execute(insert(Line.__table__), {"price": 4})
        session.execute(insert(Line.__table__), [{"price": 5}, {"price": 6}])
        labels = session.scalars(select(Line.label).order_by(Line.price)).all()

    assert labels == [f"{price} each" for price in range(1, 7)]


def test_defaults_of_the_database(engine: Any) -> None:
    """LB-18, PT-28: strings with anything in them, text, functions, and what a trigger may fill."""
    odd = "it's 100% \\ \"x\" :y é€😀"
    metadata = MetaData()
    table = Table(
        "t",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("a", String(50), server_default=odd),
        Column("b", Integer, server_default=text("5")),
        Column("c", String(50), server_default=func.lower("ABC")),
        Column("d", Integer, server_default=FetchedValue()),
    )
    metadata.create_all(engine)

    with engine.begin() as connection:
        connection.execute(insert(table))
        assert connection.execute(select(table)).one() == (1, odd, 5, "abc", None)


# Constraints, names, comments


def test_constraints_hold(engine: Any) -> None:
    """LB-17: check, unique and foreign keys with actions; a constraint made of an expression."""
    metadata = MetaData(naming_convention={"ck": "ck_%(table_name)s_%(constraint_name)s"})
    parent = Table("parent", metadata, Column("id", Integer, primary_key=True), Column("n", Integer))
    child = Table(
        "child",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("parent_id", ForeignKey("parent.id", ondelete="CASCADE", match="FULL", deferrable=True)),
        Column("a", String(20)),
        UniqueConstraint("parent_id", "a", name="once"),
    )
    parent.append_constraint(CheckConstraint(parent.c.n.between(1, 5), name="small"))
    child.append_constraint(CheckConstraint(child.c.a != "it's", name="other"))
    Index("ix_child_a", child.c.a.desc(), child.c.parent_id, mysql_length={"a": 5})
    metadata.create_all(engine)

    with engine.begin() as connection:
        connection.execute(insert(parent), [{"id": 1, "n": 1}, {"id": 2, "n": None}])
        connection.execute(insert(child).values(parent_id=1, a="x"))
    for statement in (
        insert(parent).values(n=6),
        insert(child).values(a="it's"),
        insert(child).values(parent_id=1, a="x"),
    ):
        with pytest.raises(exc.IntegrityError), engine.begin() as connection:
            connection.execute(statement)
    with engine.connect() as connection:
        assert engine.dialect.has_index(connection, "child", "ix_child_a", None)
        assert not engine.dialect.has_index(connection, "child", "ix_other", None)


def test_a_schema_with_everything_is_created_twice_and_dropped(engine: Any) -> None:
    """LB-44: comments, options of all dialects, identity; what a database does not read is left out."""
    metadata = MetaData()
    table = Table(
        "t",
        metadata,
        Column("id", Integer, Identity(start=5, increment=1), primary_key=True, comment="its key"),
        Column("Odd Name", String(20), unique=True, comment='with "quotes" and 100%', key="odd"),
        Index("partial", "odd", postgresql_where=text("id > 5"), sqlite_where=text("id > 5")),
        comment="it's a table",
        mysql_engine="InnoDB",
        sqlite_autoincrement=True,
        postgresql_with={"fillfactor": 70},
    )
    metadata.create_all(engine)
    metadata.create_all(engine)

    with engine.begin() as connection:
        key = connection.execute(insert(table).values(odd="a")).inserted_primary_key
        assert connection.execute(select(table.c.odd)).scalar_one() == "a"
        if engine.dialect.style.comments:
            connection.execute(SetColumnComment(table.c.odd))
    metadata.drop_all(engine)
    with engine.connect() as connection:
        assert not engine.dialect.has_table(connection, "t", None)
    assert key == ((1,) if engine.dialect.name == "sqlite" else (5,))


def test_constraints_are_dropped_where_they_can_be(engine: Any) -> None:
    """LB-17, LB-44: each kind by its own words; refused by name on SQLite."""
    metadata = MetaData()
    Table("o", metadata, Column("id", Integer, primary_key=True))
    table = Table(
        "t",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("a", Integer, ForeignKey("o.id", name="to_o")),
        UniqueConstraint("id", "a", name="u"),
        CheckConstraint("a > 5", name="c"),
    )
    metadata.create_all(engine)
    named = {one.name: one for one in table.constraints}

    for name in ("to_o", "u", "c"):
        if engine.dialect.features.alter_add_constraint:
            with engine.begin() as connection:
                connection.execute(DropConstraint(named[name]))
        else:
            with pytest.raises(exc.CompileError), engine.begin() as connection:
                connection.execute(DropConstraint(named[name]))
    if engine.dialect.features.alter_add_constraint:
        with engine.begin() as connection:
            connection.execute(insert(table), [{"id": 1, "a": 1}])


# Events


def test_listeners_of_create_and_drop(engine: Any) -> None:
    """LB-17: on a Table, on the MetaData and on all tables; DDL as a listener, on some databases only."""
    metadata = MetaData()
    heard: list[str] = []
    table = Table(
        "Some table",
        metadata,
        Column("id", Integer, primary_key=True),
        listeners=[("before_create", lambda target, connection, **details: heard.append(f"before {target.name}"))],
    )
    event.listen(metadata, "after_create", lambda target, connection, **details: heard.append("all created"))
    event.listen(table, "after_create", DDL("INSERT INTO %(fullname)s (id) VALUES (1)"))
    event.listen(table, "after_create", DDL("no SQL").execute_if(dialect="another"))
    event.listen(
        table,
        "after_create",
        DDL("INSERT INTO %(table)s (id) VALUES (%(n)s)", context={"n": 2}).execute_if(
            dialect=("sqlite", "postgresql", "mysql"), callable_=lambda ddl, target, bind, **details: target is table
        ),
    )
    everywhere = heard.append

    def dropped(target: Any, connection: Any, **details: Any) -> None:
        everywhere(f"dropped {target.name}")

    event.listen(Table, "after_drop", dropped)
    try:
        metadata.create_all(engine)
        with engine.connect() as connection:
            assert connection.scalars(select(table.c.id).order_by(table.c.id)).all() == [1, 2]
        metadata.drop_all(engine)
        metadata.drop_all(engine)
    finally:
        event.remove(Table, "after_drop", dropped)

    assert heard == ["before Some table", "all created", "dropped Some table"]
    with pytest.raises(exc.InvalidRequestError):
        event.listen(table, "after_lunch", dropped)


# Schemas and long names


def test_tables_in_a_schema(engine: Any) -> None:
    """LB-17: sequences, foreign keys and indexes in it, created twice, used and dropped; an attached file on SQLite."""
    metadata = MetaData(schema="Some schema")
    first = Table(
        "first",
        metadata,
        Column("id", Integer, Sequence("numbers", metadata=metadata), primary_key=True),
        Column("x", String(9), index=True),
    )
    second = Table(
        "second", metadata, Column("id", Integer, primary_key=True), Column("first_id", ForeignKey("first.id"))
    )
    (index,) = first.indexes
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("ATTACH ':memory:' AS \"Some schema\"")
            connection.commit()
        else:
            connection.execute(CreateSchema("Some schema", if_not_exists=True))
        try:
            metadata.create_all(connection)
            metadata.create_all(connection)
            connection.execute(insert(first), [{"x": "a"}, {"x": "b"}])
            connection.execute(insert(second).values(first_id=2))
            found = connection.execute(select(first.c.x, second.c.id).join_from(first, second)).all()
            index.drop(connection, checkfirst=True)
            index.drop(connection, checkfirst=True)
            index.create(connection, checkfirst=True)
            index.create(connection, checkfirst=True)
            metadata.drop_all(connection)
            metadata.drop_all(connection)
        finally:
            connection.rollback()
            if engine.dialect.name != "sqlite":
                connection.execute(DropSchema("Some schema", cascade=True, if_exists=True))
                connection.commit()

    assert found == [("b", 1)]


def test_the_longest_names(engine: Any) -> None:
    """LB-34: what the library makes of a name that is as long as can be is shortened: aliases, labels, indexes."""
    indexed = Column("d" * 63, Integer, index=True)
    table = Table("t" * 63, MetaData(), Column("c" * 63, Integer, primary_key=True), indexed)
    table.create(engine)
    other = table.alias()
    with engine.begin() as connection:
        connection.execute(insert(table).values({"c" * 63: 1, "d" * 63: 2}))
        assert connection.execute(select(table, other)).all() == [(1, 2, 1, 2)]


def test_a_map_of_schemas_is_refused(engine: Any) -> None:
    """LB-17: unheeded, it would send rows to other tables than was asked for."""
    makers = (engine.execution_options, engine.connect().execution_options, select(Ticket.id).execution_options)
    for make in makers:
        with pytest.raises(exc.ArgumentError) as caught:
            make(schema_translate_map={None: "other"})
        assert caught.value.code == "not-yet"


def test_deferrable_is_left_out_where_it_cannot_be_had(engine: Any) -> None:
    """LB-44: SQLite has it for foreign keys, MariaDB not at all; the constraint then holds at once."""
    metadata = MetaData()
    parent = Table("parent", metadata, Column("id", Integer, primary_key=True))
    child = Table(
        "child",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("parent_id", ForeignKey("parent.id", deferrable=True, initially="DEFERRED")),
        Column("place", Integer),
        UniqueConstraint("place", deferrable=True, initially="IMMEDIATE"),
        CheckConstraint("place > 0", deferrable=True),
    )
    metadata.create_all(engine)

    with pytest.raises(exc.IntegrityError), engine.begin() as connection:
        connection.execute(insert(child), [{"place": 1}, {"place": 1}])
    with pytest.raises(exc.IntegrityError), engine.begin() as connection:
        connection.execute(insert(child).values(place=0))
    if engine.dialect.name != "mariadb":
        with engine.begin() as connection:
            connection.execute(insert(child).values(parent_id=1))
            connection.execute(insert(parent).values(id=1))
    metadata.drop_all(engine)


def test_an_index_with_an_order_of_nulls(engine: Any) -> None:
    """LB-44: only PostgreSQL has it; elsewhere it is refused by name, before SQL."""
    metadata = MetaData()
    table = Table("t", metadata, Column("id", Integer, primary_key=True), Column("a", Integer))
    index = Index("ix_t_a", table.c.a.desc().nulls_last())
    if engine.dialect.name == "postgresql":
        metadata.create_all(engine)
        with engine.connect() as connection:
            assert engine.dialect.has_index(connection, "t", index.name, None)
        return
    with pytest.raises(exc.CompileError, match="ix_t_a") as caught:
        metadata.create_all(engine)

    assert caught.value.code == "not-on-this-database"


def test_a_unique_partial_index_is_never_unique_over_all_rows(engine: Any) -> None:
    """LB-44: where the condition cannot be had, or is given for another database only, the index is refused."""
    metadata = MetaData()
    table = Table("sf_partial", metadata, Column("id", Integer, primary_key=True), Column("a", Integer))
    Index("sf_live", table.c.a, unique=True, postgresql_where=table.c.id > 5)

    if engine.dialect.name == "postgresql":
        metadata.create_all(engine)
        with engine.begin() as connection:
            connection.execute(insert(table), [{"a": 1}, {"a": 1}])
        return
    with pytest.raises(exc.CompileError) as caught:
        metadata.create_all(engine)
    assert caught.value.code == "not-on-this-database"
    assert engine.dialect.name in str(caught.value)
