"""Every code block of the documentation runs, on every database, and prints what the page shows.

A block with ``>>>`` is compared with what it prints; one without is run. A page is one program, from top to bottom,
with one namespace. Pages open ``create_engine("sqlite://")``; here that is each database in turn.
``% databases: sqlite`` at the top of a page keeps it to some.
"""

from __future__ import annotations

import doctest
import re
import sys
import types
from pathlib import Path
from typing import Any

import pytest
from sybil import Document
from sybil.parsers.myst import PythonCodeBlockParser

from tests.support.source import ROOT
from unitwork import Engine

PAGES = sorted(
    str(path.relative_to(ROOT))
    for path in (ROOT / "docs").rglob("*.md")
    if "```python" in path.read_text("utf-8")
)
PARSER = PythonCodeBlockParser(doctest_optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
KEPT_TO = re.compile(r"^% databases: (.+)$", re.MULTILINE)
EXAMPLE_URL = '"sqlite://"'


def parse(text: str, name: str) -> Document:
    """Return the page's examples, in order."""
    document = Document(text, name)
    for region in PARSER(document):
        document.add(region)
    return document


def run(text: str, name: str, module: types.ModuleType) -> int:
    """Run a page's examples in the namespace of a module; return how many there were."""
    document = parse(text, name)
    document.namespace = vars(module)
    count = 0
    for example in document.examples():
        example.evaluate()
        count += 1
    return count


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    """A module that can be found by name, as late annotations and pickle need it."""
    page = types.ModuleType("page")
    monkeypatch.setitem(sys.modules, "page", page)
    return page


@pytest.mark.parametrize("page", PAGES)
def test_page(page: str, backend: str, url: Any, module: types.ModuleType) -> None:
    """The page runs whole."""
    text = (ROOT / page).read_text("utf-8")
    kept_to = KEPT_TO.search(text)
    if kept_to and backend not in re.split(r",\s*", kept_to[1]):
        pytest.skip(f"the page is about {kept_to[1]}")
    if backend != "sqlite":
        text = text.replace(EXAMPLE_URL, f'"{url}"')

    count = run(text, page, module)

    assert count > 0
    for value in list(vars(module).values()):
        if isinstance(value, Engine):
            value.dispose()


def test_there_are_pages() -> None:
    """A moved folder does not empty the test."""
    assert "docs/tutorial.md" in PAGES


def test_a_wrong_output_is_noticed(module: types.ModuleType) -> None:
    """A page that shows something else than what is printed fails."""
    text = "```python\n>>> 1 + 1\n3\n```\n"

    with pytest.raises(Exception, match="Expected"):
        run(text, str(Path("page.md")), module)
