"""base.codegen: names are checked, values are bound, tracebacks show the text."""

from __future__ import annotations

import linecache
import traceback
from collections.abc import Callable
from typing import Any

import pytest

from unitwork.base.codegen import Source, identifier
from unitwork.exc import BrokenInvariantError

#: What must never get into the text as a name.
BAD_NAMES = ["", "two words", "1st", "a.b", "a; import os", "a\nb", "class", "None", "a=1", "x-y", "'x'"]


def adder() -> Callable[..., Any]:
    """A function of one line that adds a bound value."""
    source = Source("add").add("def add(value):").add("return value + more", indent=1)
    return source.bind(more=10).compile()


def test_a_function_is_made_of_its_lines_and_bound_values() -> None:
    """The text names values, it does not hold them."""
    function = adder()

    assert function(1) == 11


def test_lines_are_indented_by_steps_of_four() -> None:
    """Each line of a call to add() alike."""
    source = Source("f").add("def f():").add("a = 1", "return a", indent=1)

    assert source.text == "def f():\n    a = 1\n    return a\n"


@pytest.mark.parametrize("name", BAD_NAMES)
def test_a_function_has_an_identifier_for_a_name(name: str) -> None:
    """Anything else is refused before it can be run."""
    with pytest.raises(BrokenInvariantError) as caught:
        Source(name)

    assert caught.value.code == "not-an-identifier"


@pytest.mark.parametrize("name", BAD_NAMES)
def test_a_value_is_bound_under_an_identifier(name: str) -> None:
    """Names of columns and attributes come from users."""
    with pytest.raises(BrokenInvariantError) as caught:
        Source("f").bind(**{name: 1})

    assert caught.value.code == "not-an-identifier"


def test_an_identifier_is_returned_as_it_is() -> None:
    """Letters of any alphabet count."""
    assert [identifier(name) for name in ("f", "_f1", "größe")] == ["f", "_f1", "größe"]


def test_a_value_stays_the_object_it_is() -> None:
    """A bound value is neither copied nor printed."""
    value = object()

    function = Source("f").add("def f():").add("return value", indent=1).bind(value=value).compile()

    assert function() is value


def test_the_source_is_kept_on_the_function() -> None:
    """What was made can be read."""
    assert adder().__source__ == "def add(value):\n    return value + more\n"  # type: ignore[attr-defined]


def test_a_traceback_shows_the_line_that_failed() -> None:
    """The text is registered with linecache."""
    function = adder()

    with pytest.raises(TypeError) as caught:
        function("text")

    shown = "".join(traceback.format_exception(caught.value))
    assert "return value + more" in shown
    assert "<unitwork add " in shown


def test_the_text_outlives_a_check_of_the_cache() -> None:
    """linecache forgets files that changed on disk; this one has none."""
    function = adder()

    linecache.checkcache()

    assert linecache.getline(function.__code__.co_filename, 2) == "    return value + more\n"


def test_two_functions_of_one_name_have_texts_of_their_own() -> None:
    """Each has a file name of its own."""
    first, second = adder(), adder()

    assert first.__code__.co_filename != second.__code__.co_filename


def test_functions_share_no_names() -> None:
    """What one binds, another does not see."""
    adder()
    function = Source("f").add("def f():").add("return more", indent=1).compile()

    with pytest.raises(NameError):
        function()
