"""How SQL texts are compared, and how ids of the specification are read."""

from __future__ import annotations

import pytest

from tests.support import spec
from tests.support.sql import assert_sql, assert_statements, normal_sql


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("SELECT  a,\n b\tFROM t ;", "SELECT a, b FROM t"),
        ("SELECT ( a )", "SELECT (a)"),
        ("SELECT 'two  blanks ( kept )'", "SELECT 'two  blanks ( kept )'"),
        ("SELECT 'it''s  one'", "SELECT 'it''s  one'"),
        ('SELECT "a  b" FROM `c  d`', 'SELECT "a  b" FROM `c  d`'),
    ],
)
def test_white_space_counts_in_quotes_only(text: str, normal: str) -> None:
    """Runs of it are one blank outside quotes, none inside parentheses."""
    assert normal_sql(text) == normal


def test_statements_are_compared_whole() -> None:
    """Same words, other order: not the same; one too many: not the same."""
    assert_sql("SELECT a,  b FROM t", "SELECT a, b FROM t")
    assert_statements(["BEGIN", "SELECT 1"], "BEGIN", "SELECT 1")
    with pytest.raises(AssertionError):
        assert_sql("SELECT b, a FROM t", "SELECT a, b FROM t")
    with pytest.raises(AssertionError):
        assert_statements(["BEGIN", "SELECT 1"], "SELECT 1")


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("promises AA-01.", ["AA-01"]),
        ("AA-08 … AA-11", ["AA-08", "AA-09", "AA-10", "AA-11"]),
        ("AA-98 to AA-101", ["AA-98", "AA-99", "AA-100", "AA-101"]),
        ("AA-01, BB-02 and AA-04", ["AA-01", "BB-02", "AA-04"]),
        ("XAA-01 UTF-8 A-12", []),
    ],
)
def test_ids_in_a_text(text: str, ids: list[str]) -> None:
    """One by one, or as a range."""
    assert list(spec.ids_in(text)) == ids


def test_the_specification_is_read_whole() -> None:
    """No id twice; every chapter counts from 1 without a gap."""
    ids = spec.known_ids()
    by_chapter = {id_[:2]: [int(other[3:]) for other in ids if other[:2] == id_[:2]] for id_ in ids}

    assert len(ids) == len(set(ids))
    assert all(sorted(numbers) == list(range(1, len(numbers) + 1)) for numbers in by_chapter.values())
