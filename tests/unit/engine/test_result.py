"""Results and rows, made of plain tuples."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from unitwork import Column, Integer, MetaData, Table, exc
from unitwork.engine import MappingResult, Result, ScalarResult
from unitwork.engine.row import Row, convert_rows, make_row_class, row_class

KEYS = ("id", "name")
ROWS = [(1, "a"), (2, "b"), (3, "c")]


def result(rows: Any = None) -> Result:
    """A result of three rows, or of those given."""
    return Result(list(ROWS) if rows is None else rows, KEYS)


def test_all() -> None:
    """SB-50: all() gives rows in order, and leaves nothing."""
    found = result()

    assert found.all() == ROWS
    assert found.all() == []
    assert found.keys() == KEYS


def test_reading_in_steps() -> None:
    """SB-50: fetchone, fetchmany, iteration and fetchall continue each other."""
    found = result([*ROWS, (4, "d"), (5, "e")])

    assert found.fetchone() == (1, "a")
    assert found.fetchmany(2) == [(2, "b"), (3, "c")]
    assert next(found) == (4, "d")
    assert next(iter(found)) == (5, "e")
    assert found.fetchone() is None
    assert found.fetchall() == []
    with pytest.raises(StopIteration):
        next(found)


def test_partitions() -> None:
    """SB-50: lists of the size asked for, or set by yield_per()."""
    assert [len(part) for part in result().partitions(2)] == [2, 1]
    assert [len(part) for part in result().yield_per(1).partitions()] == [1, 1, 1]
    assert [len(part) for part in result().partitions()] == [3]
    assert len(result().yield_per(2).fetchmany()) == 2
    assert len(result().fetchmany()) == 1


def test_first_closes() -> None:
    """SB-50: first() gives one row or None, and drops the rest."""
    found = result()

    assert found.first() == (1, "a")
    assert found.closed
    with pytest.raises(exc.ResourceClosedError) as caught:
        found.all()
    assert caught.value.code == "result-closed"
    assert result([]).first() is None


def test_one() -> None:
    """SB-50, ER-08: exactly one row, or an error that says which."""
    assert result(ROWS[:1]).one() == (1, "a")
    with pytest.raises(exc.NoResultFound) as none:
        result([]).one()
    with pytest.raises(exc.MultipleResultsFound) as many:
        result().one()
    assert (none.value.code, many.value.code) == ("no-result", "multiple-results")


def test_one_or_none() -> None:
    """SB-50, ER-08: at most one row."""
    assert result(ROWS[:1]).one_or_none() == (1, "a")
    assert result([]).one_or_none() is None
    with pytest.raises(exc.MultipleResultsFound):
        result().one_or_none()


def test_a_row_of_none_is_a_row() -> None:
    """SB-50: a scalar None is told from no row."""
    assert ScalarResult.from_values([None]).one() is None
    assert ScalarResult.from_values([None]).one_or_none() is None


def test_scalar() -> None:
    """SB-43, SB-50: the first value of the first, or of the only, row."""
    assert result().scalar() == 1
    assert result([]).scalar() is None
    assert result(ROWS[:1]).scalar_one() == 1
    assert result(ROWS[:1]).scalar_one_or_none() == 1
    assert result([]).scalar_one_or_none() is None


def test_scalars() -> None:
    """SB-43, SB-50: values by place or by name."""
    assert result().scalars().all() == [1, 2, 3]
    assert result().scalars(1).all() == ["a", "b", "c"]
    assert result().scalars("name").first() == "a"
    assert isinstance(result().scalars(), ScalarResult)
    with pytest.raises(exc.NoSuchColumnError) as caught:
        result().scalars("other")
    assert caught.value.code == "no-such-column"


def test_scalars_take_what_is_left() -> None:
    """SB-50: a view continues where the result was."""
    found = result()
    found.fetchone()

    assert found.scalars().all() == [2, 3]
    assert found.all() == []


def test_mappings() -> None:
    """SB-50: rows by name."""
    found = result().mappings()

    assert isinstance(found, MappingResult)
    assert found.keys() == KEYS
    assert found.all() == [dict(zip(KEYS, row)) for row in ROWS]


def test_columns_and_tuples() -> None:
    """SB-50: some of the columns, in another order; rows are tuples already."""
    found = result().columns("name", 0)

    assert (found.keys(), found.all()) == (("name", "id"), [("a", 1), ("b", 2), ("c", 3)])
    assert result().tuples().all() == ROWS


def test_unique() -> None:
    """SB-50, SB-48: each value once, by a strategy if there is one, over steps and views."""
    rows = [(1, "a"), (1, "a"), (2, "a")]

    assert result(rows).unique().all() == [(1, "a"), (2, "a")]
    assert result(rows).unique(lambda row: row[1]).all() == [(1, "a")]
    assert result(rows).scalars(1).unique().all() == ["a"]
    assert result(rows).unique().scalars(0).all() == [1, 2]
    assert [row for row in result(rows).unique()] == [(1, "a"), (2, "a")]  # noqa: C416


def test_joined_collections_demand_unique() -> None:
    """SB-49: without unique() reading raises."""
    for view in (Result(ROWS, KEYS, needs_unique=True), Result(ROWS, KEYS, needs_unique=True).scalars()):
        with pytest.raises(exc.InvalidRequestError) as caught:
            view.all()
        assert caught.value.code == "unique-required"
    assert Result(ROWS, KEYS, needs_unique=True).unique().all() == ROWS


def test_close() -> None:
    """SB-50: a closed result gives nothing; the with statement closes."""
    with result() as found:
        pass

    for read in (found.all, found.fetchone, found.scalars, found.mappings, lambda: found.columns(0)):
        with pytest.raises(exc.ResourceClosedError):
            read()
    found.close()


def test_result_without_rows() -> None:
    """SB-50: counts only."""
    found = Result(None, (), rowcount=3)

    assert (found.returns_rows, found.rowcount, found.closed) == (False, 3, True)
    for read in (found.all, found.first, found.scalars):
        with pytest.raises(exc.ResourceClosedError):
            read()


# Rows


def test_row_by_name() -> None:
    """SB-44: values as attributes, by place and by mapping."""
    row = result().first()
    assert row is not None

    assert (row.id, row[1], row._fields, row._asdict()) == (1, "a", KEYS, {"id": 1, "name": "a"})
    assert dict(row._mapping) == {"id": 1, "name": "a"}
    assert (len(row._mapping), "id" in row._mapping, "x" in row._mapping) == (2, True, False)
    assert repr(row._mapping) == "{'id': 1, 'name': 'a'}"
    assert row == (1, "a")
    assert hash(row) == hash((1, "a")) == hash(row._mapping)
    assert type(row._tuple()) is type(row._t) is tuple
    number, name = row
    assert (number, name) == (1, "a")


def test_names_of_tuple_methods() -> None:
    """SB-44: a column called count is the column."""
    row = row_class(("count", "index", "_asdict"))((5, 6, 7))

    assert (row.count, row.index) == (5, 6)  # type: ignore[comparison-overlap]
    assert row._asdict() == {"count": 5, "index": 6, "_asdict": 7}


def test_unknown_and_ambiguous_names() -> None:
    """SB-44: AttributeError tells what there is; a name that repeats is refused."""
    row = row_class(("a", "b", "a"))((1, 2, 3))

    with pytest.raises(AttributeError, match="a, b, a"):
        row.c  # noqa: B018
    with pytest.raises(exc.InvalidRequestError) as caught:
        row.a  # noqa: B018
    assert caught.value.code == "ambiguous-column"
    with pytest.raises(exc.NoSuchColumnError):
        row._mapping["c"]
    assert row.b == 2


def test_mapping_by_column() -> None:
    """SB-44: also by the column that was selected, or by what stands for it."""
    table = Table("t", MetaData(), Column("id", Integer), Column("n", Integer))

    class Attribute:
        def __clause_element__(self) -> Any:
            return table.c.n

    row = make_row_class(("id", "n"), [table.c.id, table.c.n])((1, 2))

    assert (row._mapping[table.c.n], row._mapping[Attribute()]) == (2, 2)


def test_rows_survive_pickling() -> None:
    """SB-44: a row comes back with its names."""
    row = pickle.loads(pickle.dumps(result().first()))

    assert isinstance(row, Row)
    assert (row, row.name) == ((1, "a"), "a")


def test_row_classes_are_shared() -> None:
    """A class per list of names, not per result."""
    assert row_class(KEYS) is row_class(("id", "name"))


def test_conversion_of_rows() -> None:
    """LB-19: by column; nothing is copied where nothing is converted."""
    assert convert_rows(ROWS, ()) is ROWS
    assert convert_rows(ROWS, (None, None)) is ROWS
    assert convert_rows([], (str, None)) == []
    assert convert_rows(ROWS[:1], (str, None)) == [("1", "a")]
    assert convert_rows(ROWS, (str, None)) == [("1", "a"), ("2", "b"), ("3", "c")]
