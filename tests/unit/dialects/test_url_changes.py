"""Copies of URLs with other queries."""

from __future__ import annotations

from unitwork import make_url

URL = make_url("postgresql://u:p@h/d?a=1&a=2&b=3")


def test_update_query() -> None:
    """LB-29: by string, by pairs, by dictionary: names that are given replace those that are there."""
    assert URL.update_query_string("b=4&c=5&c=6").query == {"a": ("1", "2"), "b": "4", "c": ("5", "6")}
    assert URL.update_query_pairs([("a", "9")]).query == {"a": "9", "b": "3"}
    assert URL.update_query_dict({"a": ["7", "8"], "b": ("1",), "c": "x"}).query == {
        "a": ("7", "8"),
        "b": "1",
        "c": "x",
    }
    assert URL.query == {"a": ("1", "2"), "b": "3"}


def test_append() -> None:
    """LB-29: with append, values are added."""
    changed = URL.update_query_pairs([("b", "4"), ("c", "5")], append=True)

    assert changed.query == {"a": ("1", "2"), "b": ("3", "4"), "c": "5"}
    assert URL.update_query_string("a=3", append=True).query["a"] == ("1", "2", "3")
    assert URL.update_query_dict({"a": "3"}, append=True).query["a"] == ("1", "2", "3")


def test_difference() -> None:
    """LB-29: names taken out; those that are not there do not matter."""
    assert URL.difference_update_query(["a", "z"]).query == {"b": "3"}


def test_normalized() -> None:
    """LB-29: a tuple for each name."""
    assert URL.normalized_query == {"a": ("1", "2"), "b": ("3",)}


def test_the_password_stays_hidden() -> None:
    """LB-29: in copies, too; it is there where it is asked for."""
    changed = URL.update_query_string("b=4")

    assert str(changed) == "postgresql://u:***@h/d?a=1&a=2&b=4"
    assert changed.render_as_string(hide_password=False) == "postgresql://u:p@h/d?a=1&a=2&b=4"
