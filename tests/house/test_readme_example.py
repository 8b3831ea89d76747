"""The example of the README runs, and prints what stands under it."""

from __future__ import annotations

import contextlib
import io
import re
import sys
import types
from typing import Any

import pytest

from tests.support.source import ROOT

BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The namespace of a module that can be found by name, as late annotations need it."""
    readme = types.ModuleType("readme_example")
    monkeypatch.setitem(sys.modules, "readme_example", readme)
    return vars(readme)


def test_the_example_prints_its_plan(module: dict[str, Any]) -> None:
    """Run whole, on SQLite; the plan is printed exactly, and then the two addresses."""
    blocks = BLOCK.findall((ROOT / "README.md").read_text("utf-8"))
    (example,) = [text for language, text in blocks if language == "python"]
    (plan,) = [text for language, text in blocks if not language]
    printed = io.StringIO()

    with contextlib.redirect_stdout(printed):
        exec(example, module)
    module["engine"].dispose()

    assert printed.getvalue() == plan + "['a@x', 'b@x']\n"
