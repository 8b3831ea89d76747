"""Views of one result share its rows and its end; frozen and merged results; what unique() compares by."""

from __future__ import annotations

from typing import Any

import pytest

from unitwork import exc
from unitwork.engine import FrozenResult, MergedResult, Result, ScalarResult, TupleResult

KEYS = ("id", "name")
ROWS = [(1, "a"), (2, "b"), (3, "c"), (4, "d")]


class Feed:
    """Something that a result streams from."""

    size = 1
    closed = 0

    def close(self) -> None:
        """Count."""
        self.closed += 1


class Unhashable:
    """Equal to all others, as a mapped dataclass may be."""

    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        return True


def result(rows: Any = None) -> Result:
    """A result of four rows, or of those given."""
    return Result(list(ROWS) if rows is None else rows, KEYS)


def test_views_share_the_position() -> None:
    """SB-50: what one view has read, the others do not give again."""
    found = result()
    numbers = found.scalars()

    assert next(numbers) == 1
    assert found.fetchone() == (2, "b")
    assert numbers.all() == [3, 4]
    assert found.all() == []


def test_views_close_together() -> None:
    """SB-50: closing a view closes the result, and the other way round."""
    found = result()
    numbers = found.scalars()
    numbers.close()
    other = result()
    mappings = other.mappings()
    other.close()

    assert (found.closed, numbers.closed, other.closed, mappings.closed) == (True, True, True, True)
    for view in (found, numbers, other, mappings):
        with pytest.raises(exc.ResourceClosedError) as caught:
            view.fetchone()
        assert caught.value.code == "result-closed"


def test_a_view_that_reads_one_closes_all() -> None:
    """SB-50: first() of a view ends the result."""
    found = result()

    assert found.scalars().first() == 1
    assert found.closed


def test_tuples() -> None:
    """SB-50: rows without names."""
    rows = result().tuples()

    assert isinstance(rows, TupleResult)
    assert type(rows.fetchone()) is tuple
    assert result().t.all() == ROWS
    assert result().tuples().scalar() == 1
    assert result([]).tuples().scalar() is None


def test_columns_of_columns_and_of_mappings() -> None:
    """SB-50: a choice of a choice; mappings have it, too."""
    assert result().columns("name", "id").columns(1).all() == [(1,), (2,), (3,), (4,)]
    assert result(ROWS[:1]).mappings().columns("name").all() == [{"name": "a"}]
    with pytest.raises(exc.NoSuchColumnError):
        result().columns("nobody")
    assert result().unique(lambda row: 1).columns("id").all() == [(1,)]


def test_frozen() -> None:
    """SB-50: a frozen result gives its rows as often as it is called."""
    frozen = result().freeze()

    assert isinstance(frozen, FrozenResult)
    assert frozen().all() == frozen().all() == ROWS
    assert frozen().scalars("name").all() == ["a", "b", "c", "d"]
    assert frozen.data == ROWS
    assert frozen.with_rows([(7, "x")])().mappings().all() == [{"id": 7, "name": "x"}]


def test_merged() -> None:
    """SB-50: one result of several, in order; its end is theirs."""
    first, second = result(ROWS[:1]), result(ROWS[1:])
    merged = first.merge(second)

    assert isinstance(merged, MergedResult)
    assert merged.keys() == KEYS
    assert merged.all() == ROWS
    merged.close()
    assert (first.closed, second.closed) == (True, True)
    with pytest.raises(exc.ResourceClosedError):
        result().merge(first)
    with pytest.raises(exc.ArgumentError) as caught:
        result().merge(Result([(1,)], ("id",)))
    assert caught.value.code == "results-differ"


def test_merged_counts() -> None:
    """SB-50: the counts are added, where all are known."""
    counted = Result(ROWS, KEYS, rowcount=4)

    assert counted.merge(Result(ROWS, KEYS, rowcount=2)).rowcount == 6
    assert Result(ROWS, KEYS, rowcount=4).merge(Result(ROWS, KEYS)).rowcount == -1


def test_unique_by_identity() -> None:
    """SB-48: values that say so are compared by identity, in rows and in views; freezing and merging keep it."""
    one, other = Unhashable(), Unhashable()
    rows = [(1, one), (1, one), (1, other)]

    def compared() -> Result:
        found = Result(list(rows), KEYS)
        found.kinds = (None, id)
        return found

    assert len(compared().unique().all()) == 2
    assert len(compared().scalars(1).unique().all()) == 2
    assert compared().scalars(0).unique().all() == [1]
    assert len(compared().freeze()().unique().all()) == 2
    assert len(compared().merge(compared()).unique().all()) == 2


def test_unique_needs_something_hashable() -> None:
    """SB-48: the error says what to give."""
    with pytest.raises(exc.InvalidRequestError) as caught:
        ScalarResult.from_values([[1], [1]]).unique().all()
    assert caught.value.code == "unique-not-hashable"
    assert ScalarResult.from_values([[1], [1]]).unique(str).all() == [[1]]


def test_a_feed_is_closed_with_the_result() -> None:
    """SB-50: close(), first(), one() and the end of a with block release what the rows come from."""
    feeds = [Feed() for _ in range(4)]
    results = [result(iter(ROWS)) for _ in feeds]
    for found, feed in zip(results, feeds):
        found.feed = feed

    results[0].close()
    results[1].scalars().first()
    with pytest.raises(exc.MultipleResultsFound):
        results[2].mappings().one()
    with results[3]:
        pass

    assert [bool(feed.closed) for feed in feeds] == [True] * 4


def test_yield_per_reaches_the_feed() -> None:
    """SB-50: what is read at a time can be set on the result or on a view of it."""
    found, feed = result(iter(ROWS)), Feed()
    found.feed = feed

    assert [len(part) for part in found.scalars().yield_per(3).partitions()] == [3, 1]
    assert feed.size == 3
