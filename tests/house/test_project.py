"""The project around the code: what the README promises is what CI runs, and nothing names a foreign place."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from tests.support.source import PACKAGE, ROOT, assert_none, parsed, project_files, texts

#: First parts of absolute paths that every Unix has, and that a text may name.
EVERYWHERE = {"usr", "tmp", "proc", "etc", "var", "dev", "bin", "sbin", "run", "lib", "sys"}

ABSOLUTE = re.compile(r"(?<![\w/.:<>~$}\])*-])/([\w.-]+)((?:/[\w.-]+)*)")
UPWARDS = re.compile(r"(?<![\w/.])(?:\.\./)+[\w.-]+(?:/[\w.-]+)*")


def code_blocks(path: Path) -> list[str]:
    """The fenced code blocks of a Markdown file, without fences."""
    return [block.strip() for block in re.findall(r"^```\w*\n(.*?)^```", path.read_text("utf-8"), re.M | re.S)]


def test_the_readme_starts_with_its_two_commands() -> None:
    """One line each: the main job, and all tests."""
    first, second = code_blocks(ROOT / "README.md")[:2]

    assert first == "sh scripts/run-atlas"
    assert second == "sh scripts/run-tests"


def test_ci_runs_the_readmes_test_command() -> None:
    """Exactly as it stands there, on a line of its own."""
    command = code_blocks(ROOT / "README.md")[1]

    assert command in (ROOT / ".ci" / "run").read_text("utf-8").splitlines()


def test_no_file_names_a_place_of_somebodys_machine() -> None:
    """No absolute path that exists here and is not part of every system, no path that leads out of the project."""
    found: list[str] = []
    for path, text in texts():
        for match in ABSOLUTE.finditer(text):
            first, rest = match.groups()
            if first not in EVERYWHERE and Path(f"/{first}").is_dir() and rest:
                found.append(f"{path.relative_to(ROOT)}: {match.group()}")
        for match in UPWARDS.finditer(text):
            places = [(base / match.group()).resolve() for base in (path.parent, ROOT)]
            if any(place.exists() for place in places) and not any(place.is_relative_to(ROOT) for place in places):
                found.append(f"{path.relative_to(ROOT)}: {match.group()}")

    assert_none(found)


def test_the_library_imports_the_standard_library_alone() -> None:
    """No runtime dependencies: drivers are imported by their dialects only."""
    drivers = {"psycopg2", "pymysql"}
    found: set[str] = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(parsed(path)):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
            found |= {f"{path.name}: {name}" for name in names if name.split(".")[0] in drivers | {"sqlalchemy"}}

    assert {line for line in found if not line.startswith(("postgresql", "mysql", "mariadb"))} == set()
    assert not any("sqlalchemy" in line for line in found)


def test_no_reports_of_runs_are_kept() -> None:
    """Logs, databases and compiled files are made, not kept."""
    made = {".pyc", ".log", ".db", ".sqlite", ".sqlite3", ".orig", ".rej", ".swp"}

    assert [str(path) for path in project_files() if path.suffix in made] == []


def test_changes_are_fragments_by_issue_and_kind() -> None:
    """docs/changes/<issue>.<kind>.md, not empty."""
    fragments = [path for path in (ROOT / "docs" / "changes").iterdir() if path.name != "README.md"]
    right = re.compile(r"\d+\.(added|changed|fixed|removed)\.md")

    assert [path.name for path in fragments if not right.fullmatch(path.name)] == []
    assert [path.name for path in fragments if not path.read_text("utf-8").strip()] == []


def test_decisions_answer_the_five_questions() -> None:
    """Problem, choices, decision, consequences, and how we would know that it was wrong."""
    asked = ["Problem", "Choices", "Decision", "Consequences", "How we would know it was wrong"]
    records = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
    incomplete = [
        record.name
        for record in records
        if re.findall(r"^## (.+)$", record.read_text("utf-8"), re.MULTILINE) != asked
    ]

    assert incomplete == []
    assert [record.name[:4] for record in records] == [f"{number:04}" for number in range(1, len(records) + 1)]
