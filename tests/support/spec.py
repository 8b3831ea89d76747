"""The ids of the specification: defined in docs/spec.md, planned in docs/scope.md, cited by tests.

A test cites an id in its docstring, its table of cases or its body; what a file says of itself at its top is no
citation. ``ST-04 … ST-08`` and ``ST-04 to ST-08`` cite every id between.

docs/scope.md has two tables: "Works now", whose ids are promised, and "Comes later", whose rows name the issue that
brings them. An id in both works now: a later row may name a whole range of which some is done.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

_DEFINED = re.compile(r"^(?:\*|\|) ([A-Z]{2}-\d+)\b", re.MULTILINE)
_CITED = re.compile(r"\b([A-Z]{2})-(\d{2,3})\b(?:\s*(?:…|to)\s*(?:\1-)?(\d{2,3})\b)?")

#: Section 12 lists decisions and points to the statements that hold them; those are tested.
_POINTERS = "DV"


@dataclass(frozen=True)
class Scope:
    """docs/scope.md: the ids that work now, and the issue that brings each of the others."""

    now: frozenset[str]
    later: dict[str, str]
    problems: tuple[str, ...]


def known_ids() -> list[str]:
    """Every id of docs/spec.md, in its order."""
    return _DEFINED.findall((ROOT / "docs" / "spec.md").read_text(encoding="utf-8"))


def defined_ids() -> list[str]:
    """The ids of statements, which want a test each."""
    return [id_ for id_ in known_ids() if not id_.startswith(_POINTERS)]


def ids_in(text: str) -> Iterator[str]:
    """The ids that a text names, ranges spelt out."""
    for chapter, first, last in _CITED.findall(text):
        for number in range(int(first), int(last or first) + 1):
            yield f"{chapter}-{number:02d}"


def citations() -> dict[str, list[str]]:
    """Id to the files of tests that cite it, known to the specification or not."""
    chapters = {id_[:2] for id_ in defined_ids()} | {_POINTERS}
    found: dict[str, list[str]] = {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for id_ in sorted(set(ids_in(_without_head(path.read_text(encoding="utf-8"))))):
            if id_[:2] in chapters:
                found.setdefault(id_, []).append(str(path.relative_to(ROOT)))
    return found


def _without_head(source: str) -> str:
    """A module without its docstring."""
    body = ast.parse(source).body
    has_docstring = body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant)
    first = (body[0].end_lineno or 0) if has_docstring else 0
    return "\n".join(source.splitlines()[first:])


def scope() -> Scope:
    """docs/scope.md, with what is wrong in it."""
    now: set[str] = set()
    later: dict[str, str] = {}
    for heading, cells in _table_rows((ROOT / "docs" / "scope.md").read_text(encoding="utf-8")):
        if heading == "Works now":
            now.update(ids_in(cells[0]))
        elif heading == "Comes later":
            later.update(dict.fromkeys(ids_in(cells[1]), cells[0]))
    known = set(defined_ids())
    problems = [f"{id_} is in docs/scope.md and not in docs/spec.md" for id_ in sorted((now | set(later)) - known)]
    problems += [f"{id_} is nowhere in docs/scope.md" for id_ in defined_ids() if id_ not in now and id_ not in later]
    return Scope(frozenset(now), {id_: issue for id_, issue in later.items() if id_ not in now}, tuple(problems))


def _table_rows(text: str) -> Iterator[tuple[str, list[str]]]:
    """(heading, cells) of each row of each Markdown table; heads and rules have no ids, and do no harm."""
    heading = ""
    for line in text.splitlines():
        if line.startswith("#"):
            heading = line.lstrip("# ").strip()
        elif line.startswith("|"):
            yield heading, [cell.strip() for cell in line.strip("|").split("|")]
