"""R23: any value of any type comes back equal from every database, or is refused before any SQL is sent."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.support import fidelity
from tests.support.fidelity import TYPES, came_back, values_for
from unitwork import Column, Integer, MetaData, Table, event, exc, insert, null, select
from unitwork.orm import Session, registry
from unitwork.types import JSON

SEED = 20261122
PER_TYPE = 40
#: For each database; a run that tries fewer values fails.
MINIMUM, MINIMUM_KEPT = 5_000, 1_500

metadata = MetaData()
TABLES = {
    name: Table(f"fidelity_{name}", metadata, Column("id", Integer, primary_key=True), Column("value", type_))
    for name, type_ in TYPES.items()
}
mappers = registry()
CLASSES: dict[str, Any] = {name: type(f"Fidelity_{name}", (), {}) for name in TYPES}
for name, table in TABLES.items():
    mappers.map_imperatively(CLASSES[name], table)


def kept_and_refused(connection: Any, sent: list[str], table: Any, values: list[Any]) -> tuple[list[Any], list[Any]]:
    """Insert values one by one; return those that were sent, and those that were refused before."""
    kept, refused = [], []
    for value in values:
        before = len(sent)
        try:
            connection.execute(insert(table).values(value=null() if value is None else value))
            kept.append(value)
        except exc.StatementError as err:
            assert not isinstance(err, exc.DBAPIError), f"{table.name}: the database refused {value!r}: {err}"
            assert len(sent) == before
            assert err.code == "bad-value"
            assert f"({table.c.value.type!r}), of class {type(value).__qualname__}: " in str(err)
            refused.append(value)
    return kept, refused


def changed(name: str, given: list[Any], found: list[Any]) -> list[tuple[str, Any, Any]]:
    """Return what did not come back as it was."""
    assert len(given) == len(found)
    return [(name, one, other) for one, other in zip(given, found) if not came_back(TYPES[name], one, other)]


def test_values_come_back_or_are_refused(engine: Any, statements: Any, record_property: Any) -> None:
    """LB-19: by insert(), by a batch, by a flush; and what is refused alone is refused in a batch and in a flush."""
    metadata.create_all(engine)
    tried = kept_in_all = 0
    wrong: list[Any] = []
    sent: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *given: sent.append(given[2]))
    with statements(engine) as log:
        for name, table in TABLES.items():
            values = list(values_for(name, SEED, PER_TYPE))
            tried += len(values)
            with engine.connect() as connection:
                kept, refused = kept_and_refused(connection, sent, table, values)
                found = connection.scalars(select(table.c.value).order_by(table.c.id)).all()
                wrong += changed(name, kept, found)
            kept_in_all += len(kept)
            wrong += in_batches(engine, name, [value for value in kept if value is not None])
            refused_in_batches(engine, sent, name, refused)
    record_property("values", f"{tried} tried, {kept_in_all} kept and equal, {tried - kept_in_all} refused")

    shown = [f"{name}: {ascii(given)[:100]} -> {ascii(found)[:100]}" for name, given, found in wrong]
    assert shown == []
    assert len(log.starting_with("INSERT")) == sum(text.upper().startswith("INSERT") for text in sent)
    assert tried >= MINIMUM
    assert kept_in_all >= MINIMUM_KEPT


def in_batches(engine: Any, name: str, kept: list[Any]) -> list[Any]:
    """Write values by a batch and by a flush; return what was changed."""
    table, class_ = TABLES[name], CLASSES[name]
    with engine.connect() as connection:
        connection.execute(insert(table), [{"value": value} for value in kept])
        wrong = changed(name, kept, connection.scalars(select(table.c.value).order_by(table.c.id)).all())
    with Session(engine) as session:
        objects = [class_(value=value) for value in kept]
        session.add_all(objects)
        session.flush()
        session.expire_all()
        wrong += changed(name, kept, [one.value for one in objects])
    return wrong


def refused_in_batches(engine: Any, sent: list[str], name: str, refused: list[Any]) -> None:
    """Check that a batch and a flush refuse, too, before anything is sent; the error names column and type."""
    table, class_ = TABLES[name], CLASSES[name]
    before = len(sent)
    for value in refused:
        with engine.connect() as connection, pytest.raises(exc.StatementError, match=rf"{table.name}\.value \("):
            connection.execute(insert(table), [{"value": None}, {"value": value}])
    for value in refused[::10]:
        with Session(engine) as session:
            session.add_all([class_(value=value), class_(value=value)])
            with pytest.raises(exc.StatementError, match=rf"{table.name}\.value \("):
                session.flush()
    assert len(sent) == before, sent[before:]


@pytest.mark.parametrize(
    ("name", "given", "found"),
    [
        ("integer", "5", 5), ("string", "a ", "a"), ("float", -0.0, 0.0), ("boolean", 2, True), ("bytes", b"a", "a"),
        ("numeric", Decimal("1.00005"), Decimal("1.0001")), ("json", {"a": 1}, {"a": True}), ("json", (1,), [1]),
        ("moment", datetime.datetime(2024, 1, 1, tzinfo=fidelity.UTC), datetime.datetime(2024, 1, 1)),
        ("float", float("nan"), None), ("enum", fidelity.Colour.RED, "RED"),
    ],
)  # fmt: skip
def test_the_check_sees_a_silent_change(name: str, given: Any, found: Any) -> None:
    """The comparison itself can fail: for each of these a database (or a library) is known to change the value."""
    assert changed(name, [given], [found]) == [(name, given, found)]
    assert changed(name, [given], [given]) == []


def test_a_planted_fault_is_found(engine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A conversion that cuts a text silently turns the check red."""
    metadata.create_all(engine)
    table = TABLES["string"]
    cut = engine.dialect.binding(table.c.value.type)._replace(cell=lambda value: value[:3])
    monkeypatch.setattr(engine.dialect, "binding", lambda type_, stored=True: cut)
    with engine.connect() as connection:
        connection.execute(insert(table).values(value="abcdef"))
        found = connection.scalars(select(table.c.value)).all()

    assert changed("string", ["abcdef"], found) == [("string", "abcdef", "abc")]


def test_json_null_and_sql_null(engine: Any) -> None:
    """PT-26: JSON's null and SQL's NULL are told apart."""
    metadata.create_all(engine)
    table = TABLES["json"]
    with engine.connect() as connection:
        for value in (None, JSON.NULL, null()):
            connection.execute(insert(table).values(value=value))
        connection.execute(insert(table).values(id=10))
        missing = connection.scalars(select(table.c.id).where(table.c.value.is_(None))).all()
        found = connection.scalars(select(table.c.value)).all()

    assert (len(missing), found) == (2, [None] * 4)
