"""Error codes: each one used is declared in exc.CODES, and each one declared is used and has its section."""

from __future__ import annotations

import ast
import re

from tests.support.source import ROOT, assert_none, parsed, python_files
from unitwork import exc

SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
SECTION = re.compile(r"^## ([a-z0-9-]+)$(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)


def used_codes() -> dict[str, str]:
    """Code to one place that gives it; see `code_given`."""
    found: dict[str, str] = {}
    for path in python_files("src"):
        for node in ast.walk(parsed(path)):
            for part in ast.walk(code_given(node) or ast.Pass()):
                if isinstance(part, ast.Constant) and isinstance(part.value, str) and SLUG.fullmatch(part.value):
                    found[part.value] = f"{path.relative_to(ROOT)}:{part.lineno}"
    return found


def code_given(node: ast.AST) -> ast.expr | None:
    """What stands for a code: an argument ``code=…``, the first of a ``Kind(…)``, or what a name ``code`` is set to."""
    if isinstance(node, ast.keyword) and node.arg == "code":
        return node.value
    if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("Kind") and node.args:
        return node.args[0]
    if isinstance(node, ast.Assign) and [ast.unparse(target) for target in node.targets] == ["code"]:
        return node.value
    return None


def sections() -> dict[str, str]:
    """Code to the text of its section in docs/errors.md."""
    return dict(SECTION.findall((ROOT / "docs" / "errors.md").read_text(encoding="utf-8")))


def test_codes_that_are_used_are_declared() -> None:
    """exc.CODES is the list of all codes."""
    assert_none(f"{place}: {code}" for code, place in used_codes().items() if code not in exc.CODES)


def test_codes_that_are_declared_are_used() -> None:
    """A code that is raised nowhere has been renamed or forgotten."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in python_files("src") if path.name != "exc.py")

    assert_none(code for code in exc.CODES if f'"{code}"' not in text)


def test_codes_are_slugs() -> None:
    """Lower-case words with hyphens between, readable in a sentence."""
    assert_none(code for code in exc.CODES if not SLUG.fullmatch(code))


def test_every_code_has_its_section() -> None:
    """docs/errors.md has a section per code, and none for a code that is not."""
    assert_none(set(sections()) ^ set(exc.CODES))


def test_a_section_says_cause_and_what_to_do() -> None:
    """Both, not empty; `scripts/error_sections.py` adds sections for new codes."""
    assert_none(
        code
        for code, text in sections().items()
        if not all(re.search(rf"^\*\*{part}\*\* \S", text, re.MULTILINE) for part in ("Cause.", "What to do."))
    )
