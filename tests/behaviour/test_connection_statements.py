"""Statements of the expression language on a Connection, with defaults, keys, RETURNING and many parameters."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from unitwork import (
    Column,
    DateTime,
    Integer,
    MetaData,
    String,
    Table,
    bindparam,
    create_engine,
    delete,
    exc,
    func,
    insert,
    select,
    text,
    tuple_,
    update,
)
from unitwork.engine.batch import insert_rows
from unitwork.schema import CreateTable, DropTable

metadata = MetaData()
person = Table(
    "person",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(50)),
    Column("level", Integer, default=3),
    Column("changes", Integer, default=0, onupdate=1),
)
token = Table(
    "token",
    metadata,
    Column("key", String(36), primary_key=True, default=lambda: str(uuid.uuid4())),
    Column("made", DateTime, default=func.now()),
    Column("note", String(20)),
)
code = Table(
    "code", metadata, Column("id", Integer, primary_key=True), Column("n", Integer, default=func.length("abc"))
)


@pytest.fixture
def connection(engine: Any) -> Iterator[Any]:
    """A Connection to the empty tables."""
    metadata.create_all(engine)
    with engine.connect() as connection:
        yield connection


def test_python_defaults(connection: Any) -> None:
    """PT-27, PT-30: scalar and callable defaults, and onupdate."""
    connection.execute(insert(person).values(name="a"))
    connection.execute(update(person).where(person.c.name == "a").values(level=4))

    assert connection.execute(select(person.c.level, person.c.changes)).one() == (4, 1)


def test_key_from_a_callable(connection: Any) -> None:
    """PT-27, SB-50: inserted_primary_key is the value that the callable made."""
    key = connection.execute(insert(token).values(note="x")).inserted_primary_key[0]
    given = connection.execute(insert(token), {"key": "mine", "note": "y"}).inserted_primary_key

    assert connection.scalar(select(token.c.note).where(token.c.key == key)) == "x"
    assert given == ("mine",)


def test_key_from_an_expression(connection: Any) -> None:
    """PT-06, PT-33, SB-50: known where the database returns it, as all three do."""
    key = connection.execute(insert(token).values(key=func.lower("KEY"))).inserted_primary_key

    assert key == ("key",)
    assert connection.scalar(select(token.c.key)) == "key"


def test_expression_defaults_of_many_rows(connection: Any) -> None:
    """PT-35, PT-05: a column whose default is a SQL expression has it in each row."""
    connection.execute(insert(code), [{"id": 1}, {"id": 2}])

    assert connection.execute(select(code).order_by(code.c.id)).all() == [(1, 3), (2, 3)]


def test_expression_as_a_parameter(connection: Any) -> None:
    """LB-34: a parameter is a value; an expression belongs into values()."""
    for rows in ({"name": func.lower("A")}, [{"name": func.lower("A")}, {"name": "b"}]):
        with pytest.raises(exc.StatementError):
            connection.execute(insert(person), rows)
    connection.execute(insert(person).values(name=func.lower("A")))

    assert connection.scalar(select(person.c.name)) == "a"


def test_parameters_with_different_keys(connection: Any) -> None:
    """SB-46: each row is an INSERT of its own then."""
    result = connection.execute(insert(person), [{"name": "a"}, {"name": "b", "level": 9}])

    assert result.rowcount == 2
    assert connection.execute(select(person.c.level).order_by(person.c.id)).scalars().all() == [3, 9]


def test_insert_returning(connection: Any) -> None:
    """SB-50, PT-38: of one row and of many."""
    one = connection.execute(insert(person).values(name="a").returning(person.c.id, person.c.level)).one()
    many = connection.execute(insert(person).returning(person.c.name), [{"name": "b"}, {"name": "c"}])
    computed = connection.execute(insert(person).returning(func.upper(person.c.name)), [{"name": "d"}, {"name": "e"}])

    assert one.level == 3
    assert many.scalars().all() == ["b", "c"]
    assert computed.scalars().all() == ["D", "E"]


def test_insert_of_several_rows_in_values(connection: Any) -> None:
    """PT-67: one statement; there is no single key to tell."""
    result = connection.execute(insert(person).values([{"name": "a"}, {"name": "b"}]))

    assert (result.rowcount, result.inserted_primary_key) == (2, None)


def test_insert_from_select(connection: Any) -> None:
    """LB-21: rows of a SELECT."""
    connection.execute(insert(person).values(name="a"))
    connection.execute(insert(person).from_select(["name"], select(func.upper(person.c.name))))

    assert connection.execute(select(person.c.name).order_by(person.c.id)).scalars().all() == ["a", "A"]


def test_insert_without_values(connection: Any) -> None:
    """LB-33: a row of defaults."""
    connection.execute(insert(person))

    assert connection.execute(select(person.c.name, person.c.level)).all() == [(None, 3)]


@pytest.mark.backends("sqlite", "postgresql")
def test_update_and_delete_returning(connection: Any) -> None:
    """BK-08, BK-16: rows and their count."""
    connection.execute(insert(person), [{"name": "a"}, {"name": "b"}])
    changed = connection.execute(update(person).values(level=5).returning(person.c.name, person.c.level))
    deleted = connection.execute(delete(person).where(person.c.name == "a").returning(person.c.name))

    assert (changed.rowcount, sorted(changed.all())) == (2, [("a", 5), ("b", 5)])
    assert (deleted.rowcount, deleted.scalars().all()) == (1, ["a"])


def test_update_with_many_parameters(connection: Any) -> None:
    """SB-46: one execution for each; their counts are added."""
    connection.execute(insert(person), [{"name": "a"}, {"name": "b"}])
    statement = update(person).where(person.c.name == bindparam("old")).values(name=bindparam("new"))
    result = connection.execute(
        statement, [{"old": "a", "new": "x"}, {"old": "b", "new": "y"}, {"old": "c", "new": "z"}]
    )

    assert result.rowcount == 2
    assert connection.execute(select(person.c.name).order_by(person.c.id)).scalars().all() == ["x", "y"]


def test_parameter_without_value(connection: Any) -> None:
    """SB-46: InvalidRequestError names it."""
    with pytest.raises(exc.InvalidRequestError, match="'wanted'"):
        connection.execute(text("SELECT :wanted"))


def test_text_with_columns(connection: Any) -> None:
    """LB-21: types for the rows of a text."""
    connection.execute(insert(token).values(key="k"))
    found = connection.execute(text("SELECT made FROM token").columns(token.c.made)).one()

    assert type(found.made).__name__ == "datetime"


def test_text_that_returns_nothing(connection: Any) -> None:
    """SB-50: a count."""
    result = connection.execute(text("INSERT INTO person (id, name) VALUES (:id, :name)"), [{"id": 1, "name": "a"}] * 1)

    assert (result.returns_rows, result.rowcount) == (False, 1)


def test_lists_of_row_values(connection: Any) -> None:
    """LB-35: IN over pairs."""
    connection.execute(insert(person), [{"name": name, "level": level} for name in "ab" for level in (1, 2)])
    pairs = [("a", 2), ("b", 1), ("c", 1)]
    query = select(person.c.name, person.c.level).where(tuple_(person.c.name, person.c.level).in_(pairs))

    assert connection.execute(query.order_by(person.c.id)).all() == [("a", 2), ("b", 1)]
    assert connection.execute(query.where(tuple_(person.c.name, person.c.level).in_([]))).all() == []


def test_expressions_are_executed_as_selects(connection: Any) -> None:
    """LB-30: a function or a table-less expression, and what stands for a statement."""

    class Query:
        def __clause_element__(self) -> Any:
            return select(func.lower("B"))

    assert connection.scalar(func.lower("A")) == "a"
    assert connection.scalars(Query()).all() == ["b"]


def test_ddl_statements(connection: Any) -> None:
    """LB-17: CREATE TABLE and DROP TABLE as statements; a percent sign in a name survives."""
    odd = Table("odd 100%", MetaData(), Column("id", Integer, primary_key=True))
    connection.execute(CreateTable(odd))
    assert connection.dialect.has_table(connection, "odd 100%", None)
    connection.execute(DropTable(odd))
    assert not connection.dialect.has_table(connection, "odd 100%", None)


def test_driver_sql_for_many(connection: Any) -> None:
    """LB-30: exec_driver_sql() with a list of tuples."""
    mark = connection.dialect.style.placeholder
    result = connection.exec_driver_sql(f"INSERT INTO person (id, name) VALUES ({mark}, {mark})", [(1, "a"), (2, "b")])

    assert result.rowcount == 2


def test_result_columns_by_element(connection: Any) -> None:
    """SB-44: a row's mapping knows the columns that were selected, under aliases too."""
    connection.execute(insert(person).values(name="a"))
    other = person.alias()
    row = connection.execute(select(other.c.name.label("n"), func.count(other.c.id)).group_by(other.c.name)).one()

    assert (row.n, row.count_1) == ("a", 1)
    assert connection.execute(select(person)).one()._mapping[person.c.name] == "a"


# As on MySQL, which has no RETURNING


@pytest.fixture
def plain(connection: Any) -> Any:
    """A Connection to MariaDB that is believed to have no RETURNING."""
    connection.dialect.features = dataclasses.replace(
        connection.dialect.features, insert_returning=False, delete_returning=False
    )
    return connection


@pytest.mark.backends("mariadb")
def test_keys_without_returning(plain: Any, statements: Any) -> None:
    """BK-24, BK-30: keys are fetched row by row; nothing is counted up from the first."""
    found = insert_rows(plain, person, (person.c.name,), [("a",), ("b",)], (person.c.id, person.c.name))
    defaults = insert_rows(plain, person, (), [(), ()], (person.c.id,))
    stored = plain.execute(select(person.c.id, person.c.name).order_by(person.c.id)).all()

    assert found == stored[:2]
    assert defaults == [(row.id,) for row in stored[2:]]


@pytest.mark.backends("mariadb")
def test_given_keys_without_returning(plain: Any) -> None:
    """BK-24: what the database made is read by the key."""
    found = insert_rows(plain, token, (token.c.key, token.c.note), [("a", "x"), ("b", "y")], (token.c.note,))

    assert found == [("x",), ("y",)]


@pytest.mark.backends("mariadb")
def test_key_that_nobody_can_tell(plain: Any) -> None:
    """PT-36: FlushError."""
    with pytest.raises(exc.FlushError) as caught:
        insert_rows(plain, token, (token.c.note,), [("x",), ("y",)], (token.c.key,))

    assert caught.value.code == "key-not-returned"


@pytest.mark.backends("mariadb")
def test_either_url_finds_out_what_answers(connection: Any, engine: Any) -> None:
    """LB-29, LB-33: a mysql:// URL with a MariaDB server behind has RETURNING."""
    other = create_engine(engine.url.set(drivername="mysql+pymysql"))
    with other.connect() as mine:
        assert mine.dialect.features.insert_returning
        assert mine.dialect.features.max_packet
        assert mine.dialect.server_version >= (10, 5)
        assert mine.get_isolation_level() == "REPEATABLE READ"
    other.dispose()


@pytest.mark.backends("mariadb")
def test_isolation_level_of_a_mariadb_engine(engine: Any) -> None:
    """TX-52: told once per connection, not once per transaction."""
    other = create_engine(engine.url, isolation_level="READ COMMITTED")
    with other.connect() as mine:
        assert mine.exec_driver_sql("SELECT @@tx_isolation").scalar() == "READ-COMMITTED"
        assert mine.get_isolation_level() == "READ COMMITTED"
    other.dispose()


def test_a_given_value_and_a_callable_default_share_no_statement(connection: Any) -> None:
    """PT-27, SB-50: the default is called, though the same INSERT went before with a value of its own."""
    connection.execute(insert(token).values(key="given", made=None, note="first"))
    connection.execute(insert(token).values(made=None, note="second"))
    connection.execute(insert(token).values(made=None, note="third"))

    keys = connection.scalars(select(token.c.key).order_by(token.c.note)).all()

    assert keys[0] == "given"
    assert [len(key) for key in keys[1:]] == [36, 36]
