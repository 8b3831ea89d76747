"""A String without a length: on every database, and what a key of it wants."""

from __future__ import annotations

from typing import Any

import pytest

from unitwork import Column, ForeignKey, Index, Integer, MetaData, String, Table, UniqueConstraint, exc, insert, select
from unitwork.dialects.mysql import MariaDBDialect
from unitwork.schema import CreateTable


def test_any_length(engine: Any) -> None:
    """LB-19: a String without a length holds any text, on MariaDB too, and is compared and ordered as others are."""
    table = Table("note", MetaData(), Column("id", Integer, primary_key=True), Column("body", String, nullable=False))
    table.metadata.create_all(engine)
    long = "é" * 70_000

    with engine.begin() as connection:
        connection.execute(insert(table), [{"body": long}, {"body": "short"}, {"body": "also"}])
        found = connection.scalars(select(table.c.body).where(table.c.body != long).order_by(table.c.body)).all()
        assert found == ["also", "short"]
        assert connection.scalar(select(table.c.body).where(table.c.body == long)) == long


@pytest.mark.parametrize(
    "table",
    [
        Table("t", MetaData(), Column("a", String, primary_key=True)),
        Table("t", MetaData(), Column("a", String, unique=True)),
        Table("t", MetaData(), Column("a", String, index=True)),
        Table("t", MetaData(), Column("a", String), UniqueConstraint("a")),
        Table("t", MetaData(), Column("a", String), Index("i", "a")),
        Table("t", MetaData(), Column("a", String, ForeignKey("other.id"))),
    ],
)
def test_keys_want_one_on_mariadb(table: Table) -> None:
    """LB-44: MariaDB makes no key or index of a text without a length: refused when the table is made, by name."""
    with pytest.raises(exc.CompileError) as caught:
        str(CreateTable(table).compile(dialect=MariaDBDialect()))

    assert caught.value.code == "varchar-length"
    assert "t.a" in str(caught.value)
