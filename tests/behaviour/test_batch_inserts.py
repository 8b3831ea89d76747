"""INSERT of many rows: few statements, and every returned row belongs to the row that was sent."""

from __future__ import annotations

import random
from typing import Any

import pytest

from unitwork import (
    Column,
    DateTime,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    String,
    Table,
    Text,
    event,
    exc,
    func,
    insert,
    select,
    text,
)
from unitwork.base.markers import DEFAULT_CELL
from unitwork.engine.batch import insert_rows

metadata = MetaData()
auto = Table(
    "auto",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(50)),
    Column("status", String(20), server_default="new"),
)
keyed = Table(
    "keyed",
    metadata,
    Column("code", String(20), primary_key=True),
    Column("part", Integer, primary_key=True, autoincrement=False),
    Column("status", String(20), server_default="new"),
)
bare = Table("bare", metadata, Column("id", Integer, primary_key=True))
odd = Table('odd "%s" %% table', metadata, Column("id", Integer, primary_key=True), Column('a "%" b`c', String(20)))
made = Table(
    "made",
    metadata,
    Column("id", String(36), primary_key=True, server_default=text("'x'")),
    Column("name", String(50)),
)


@pytest.fixture
def tables(engine: Any) -> Any:
    """The engine, with the empty tables."""
    metadata.create_all(engine, tables=[auto, keyed, bare, odd])
    return engine


def test_keys_belong_to_their_rows(tables: Any, statements: Any) -> None:
    """BK-08, BK-16, BK-30, PT-32: 2,500 rows in 3 statements, keys in the order given."""
    names = [f"n{number}" for number in range(2500)]
    random.Random(7).shuffle(names)
    with tables.begin() as connection:
        connection.exec_driver_sql("SELECT 1")
        with statements(tables) as log:
            found = insert_rows(
                connection, auto, (auto.c.name,), [(name,) for name in names], (auto.c.id, auto.c.status)
            )
        stored = dict(connection.execute(select(auto.c.id, auto.c.name)).all())

    assert log.count == 3
    assert found is not None
    assert [stored[key] for key, _ in found] == names
    assert {status for _, status in found} == {"new"}


def test_without_returning(tables: Any, statements: Any) -> None:
    """LB-36: nothing is returned if nothing is asked for."""
    with tables.begin() as connection:
        connection.exec_driver_sql("SELECT 1")
        with statements(tables) as log:
            found = insert_rows(connection, auto, (auto.c.name,), [("a",)] * 1000)
        count = connection.scalar(select(func.count()).select_from(auto))

    assert (found, log.count, count) == (None, 1, 1000)


def test_no_rows(tables: Any) -> None:
    """LB-36: an empty batch sends nothing."""
    with tables.connect() as connection:
        assert insert_rows(connection, auto, (auto.c.name,), []) is None
        assert insert_rows(connection, auto, (auto.c.name,), [], (auto.c.id,)) == []
        assert not connection.in_transaction()


def test_given_keys(tables: Any) -> None:
    """PT-28: rows with composite keys of their own; what the server made comes back to the right row."""
    rows = [(f"c{number % 7}", number, f"s{number}") for number in range(300)]
    random.Random(3).shuffle(rows)
    with tables.begin() as connection:
        found = insert_rows(connection, keyed, (keyed.c.code, keyed.c.part, keyed.c.status), rows, (keyed.c.status,))

    assert found == [(status,) for _, _, status in rows]


def test_given_keys_of_a_counting_table(tables: Any) -> None:
    """PT-32: keys may be given where the database would count."""
    rows = [(number, f"n{number}") for number in (5, 3, 9, -2)]
    with tables.begin() as connection:
        found = insert_rows(connection, auto, (auto.c.id, auto.c.name), rows, (auto.c.id, auto.c.name))

    assert found == rows


def test_default_cells(tables: Any) -> None:
    """PT-25, PT-28: cells left to the database, among others that are not, and keys that are given or made."""
    some = DEFAULT_CELL
    rows: list[tuple[Any, ...]] = [
        (100, "a", some),
        (some, "b", "old"),
        (some, some, some),
        (101, some, "old"),
        (some, "c", None),
    ]
    with tables.begin() as connection:
        found = insert_rows(connection, auto, (auto.c.id, auto.c.name, auto.c.status), rows, (auto.c.id, auto.c.status))
        stored = {row.id: (row.name, row.status) for row in connection.execute(select(auto))}

    assert found is not None
    wanted = [("a", "new"), ("b", "old"), (None, "new"), (None, "old"), ("c", None)]
    assert [stored[key] for key, _ in found] == wanted
    assert [status for _, status in found] == [status for _, status in wanted]
    assert (found[0][0], found[3][0]) == (100, 101)


def test_default_cells_in_many_chunks(tables: Any) -> None:
    """A default cell late in a large batch does not insert the rows before it twice."""
    rows: list[tuple[Any, ...]] = [(f"n{number}", "old") for number in range(1500)]
    rows[1200] = ("n1200", DEFAULT_CELL)
    with tables.begin() as connection:
        found = insert_rows(connection, auto, (auto.c.name, auto.c.status), rows, (auto.c.id, auto.c.name))
        count = connection.scalar(select(func.count()).select_from(auto))

    assert found is not None
    assert [name for _, name in found] == [f"n{number}" for number in range(1500)]
    assert count == 1500


def test_default_cells_cost_few_statements(tables: Any, statements: Any) -> None:
    """PT-25: rows of different columns go in one statement where DEFAULT may stand in a cell, else one per set."""
    rows = [(f"n{number}", DEFAULT_CELL if number % 2 else "old") for number in range(500)]
    with tables.begin() as connection:
        connection.exec_driver_sql("SELECT 1")
        with statements(tables) as log:
            insert_rows(connection, auto, (auto.c.name, auto.c.status), rows, (auto.c.id,))
        sent = log.starting_with("INSERT")

    assert len(sent) == (1 if tables.dialect.features.default_cell else 2)


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("asked", [True, False])
def test_rows_of_defaults_only(tables: Any, count: int, asked: bool) -> None:
    """LB-33: no column at all."""
    with tables.begin() as connection:
        found = insert_rows(connection, bare, (), [()] * count, (bare.c.id,) if asked else ())
        stored = connection.execute(select(bare.c.id).order_by(bare.c.id)).all()

    assert len(stored) == count
    assert found == (stored if asked else None)


def test_names_that_need_care(tables: Any) -> None:
    """LB-34: quotes, percent signs and blanks in names of tables and columns."""
    if tables.name == "mariadb":
        assert len(odd.c) == 2
    column = odd.c[1]
    with tables.begin() as connection:
        found = insert_rows(connection, odd, (column,), [("100%",), ("b",)], (odd.c.id, column))
        again = connection.execute(select(column).where(column == "100%")).scalars().all()

    assert found is not None
    assert [value for _, value in found] == ["100%", "b"]
    assert again == ["100%"]


@pytest.mark.backends("postgresql")
def test_keys_made_by_the_server(engine: Any) -> None:
    """PT-33: keys that are no counting integers come back in order through a numbered VALUES list."""
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE TABLE made (id VARCHAR(36) PRIMARY KEY DEFAULT md5(random()::text), name VARCHAR(50))"
        )
        rows = [(f"n{number}",) for number in range(1200)]
        found = insert_rows(connection, made, (made.c.name,), rows, (made.c.id,))
        stored = dict(connection.execute(select(made.c.id, made.c.name)).all())

    assert found is not None
    assert [stored[key] for (key,) in found] == [name for (name,) in rows]


@pytest.mark.backends("sqlite", "mariadb")
def test_keys_made_by_the_server_row_by_row(engine: Any) -> None:
    """PT-33: where rows cannot be told apart, they are sent one by one."""
    with engine.begin() as connection:
        default = "(lower(hex(randomblob(16))))" if engine.name == "sqlite" else "uuid()"
        connection.exec_driver_sql(
            f"CREATE TABLE made (id VARCHAR(36) PRIMARY KEY DEFAULT {default}, name VARCHAR(50))"
        )
        found = insert_rows(connection, made, (made.c.name,), [("a",), ("b",), ("c",)], (made.c.id,))
        stored = dict(connection.execute(select(made.c.id, made.c.name)).all())

    assert found is not None
    assert [stored[key] for (key,) in found] == ["a", "b", "c"]


def test_a_batch_is_whole_or_absent(tables: Any) -> None:
    """A row that violates a constraint in the middle of a chunk leaves none of the chunk behind."""
    rows = [("x", number, "s") for number in range(500)]
    rows[300] = rows[10]
    with tables.connect() as connection:
        nested = connection.begin_nested()
        with pytest.raises(exc.IntegrityError) as caught:
            insert_rows(connection, keyed, tuple(keyed.c), rows)
        if tables.name == "postgresql":
            nested.rollback()
        count = connection.scalar(select(func.count()).select_from(keyed))

    assert (caught.value.code, count) == ("unique-violation", 0)


def test_refused_value_names_table_column_and_row(tables: Any) -> None:
    """ER-18: a value that cannot be sent is named with its place."""
    with tables.connect() as connection, pytest.raises(exc.StatementError) as caught:
        insert_rows(connection, keyed, (keyed.c.code, keyed.c.part), [("a", 1), ("b", 2**63)])

    assert "keyed.part" in str(caught.value)
    assert caught.value.code == "bad-value"


def test_key_that_a_trigger_changes_is_noticed(tables: Any) -> None:
    """PT-36: if what comes back is not what was sent, FlushError says so, instead of mixing up rows."""
    if tables.name == "sqlite":
        return  # its RETURNING shows rows as they were before triggers
    with tables.begin() as connection:
        if tables.name == "postgresql":
            connection.exec_driver_sql(
                "CREATE FUNCTION up() RETURNS trigger AS $$ BEGIN NEW.code = upper(NEW.code); RETURN NEW; END $$"
                " LANGUAGE plpgsql"
            )
            connection.exec_driver_sql("CREATE TRIGGER up BEFORE INSERT ON keyed FOR EACH ROW EXECUTE FUNCTION up()")
        else:
            connection.exec_driver_sql(
                "CREATE TRIGGER up BEFORE INSERT ON keyed FOR EACH ROW SET NEW.code = upper(NEW.code)"
            )
    with tables.connect() as connection, pytest.raises(exc.FlushError) as caught:
        insert_rows(connection, keyed, (keyed.c.code, keyed.c.part), [("a", 1), ("b", 2)], (keyed.c.status,))

    assert caught.value.code == "returned-rows-unmatched"


@pytest.mark.backends("mariadb")
def test_large_rows_are_split_by_packet(engine: Any) -> None:
    """LB-36: rows that together exceed max_allowed_packet go in several statements."""
    wide = Table(
        "wide", MetaData(), Column("id", Integer, primary_key=True), Column("t", Text), Column("b", LargeBinary)
    )
    wide.metadata.create_all(engine)
    with engine.begin() as connection:
        limit = connection.dialect.features.max_packet
        rows = [("'" * (limit // 10), bytes(limit // 20)) for _ in range(12)]
        found = insert_rows(connection, wide, (wide.c.t, wide.c.b), rows, (wide.c.id,))
        stored = connection.execute(select(func.sum(func.length(wide.c.t)))).scalar()

    assert found is not None
    assert len(found) == 12
    assert stored == 12 * (limit // 10)


@pytest.mark.backends("sqlite")
def test_parameter_limit_splits(engine: Any) -> None:
    """LB-36, BK-08: a statement holds no more parameters than the library allows."""
    many = Table("many", MetaData(), *[Column(f"c{number}", Integer) for number in range(400)])
    many.metadata.create_all(engine)
    rows = [tuple(range(400))] * 1000
    with engine.begin() as connection:
        limit = connection.dialect.features.max_parameters
        sizes: list[int] = []
        event.listen(engine, "before_cursor_execute", lambda *given: sizes.append(len(given[3])))
        connection.commit()
        insert_rows(connection, many, tuple(many.c), rows)
        count = connection.scalar(select(func.count()).select_from(many))

    assert count == 1000
    assert max(sizes) <= limit


def test_core_insert_of_many(tables: Any, statements: Any) -> None:
    """PT-60, SB-46: execute(insert(t), [dicts]) is a batch, with Python-side defaults and RETURNING."""
    log_table = Table(
        "log_table",
        MetaData(),
        Column("id", Integer, primary_key=True),
        Column("name", String(20)),
        Column("level", Integer, default=3),
        Column("tag", String(20), default=lambda: "made"),
    )
    log_table.metadata.create_all(tables)
    with tables.begin() as connection:
        connection.exec_driver_sql("SELECT 1")
        with statements(tables) as log:
            connection.execute(insert(log_table), [{"name": f"n{number}"} for number in range(900)])
        found = connection.execute(
            insert(log_table).returning(log_table.c.name, log_table.c.level, log_table.c.tag),
            [{"name": "a"}, {"name": "b", "level": 5}][:1] * 2,
        ).all()

    assert log.count == 1
    assert found == [("a", 3, "made")] * 2


def test_types_in_numbered_inserts() -> None:
    """The table of made keys is used on PostgreSQL with types that need a cast there."""
    assert isinstance(made.c.id.type, String)
    assert isinstance(Numeric(10, 2), Numeric)
    assert isinstance(DateTime(), DateTime)
