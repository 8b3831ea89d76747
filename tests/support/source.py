"""The project's own files as the house rules see them: what is part of it, and what its modules import."""

from __future__ import annotations

import ast
import functools
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "unitwork"

_MADE = {"build", "dist", "htmlcov", "__pycache__"}
_OURS_WITH_DOT = {".ci", ".gitignore"}


@functools.cache
def project_files() -> tuple[Path, ...]:
    """Every file that is or could be committed; without git, every file that is not plainly made."""
    found = [ROOT / name for name in _listed_by_git()]
    if not found:
        found = [path for path in ROOT.rglob("*") if not _is_made(path.relative_to(ROOT))]
    return tuple(sorted(path for path in found if path.is_file()))


def _listed_by_git() -> list[str]:
    if shutil.which("git") is None:
        return []
    command = ["git", "ls-files", "-co", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    return [name for name in listed.stdout.split("\0") if name] if listed.returncode == 0 else []


def _is_made(path: Path) -> bool:
    hidden = path.parts[0].startswith(".") and path.parts[0] not in _OURS_WITH_DOT
    return hidden or any(part in _MADE or part.endswith(".egg-info") for part in path.parts)


def texts() -> Iterator[tuple[Path, str]]:
    """The project's text files with their content."""
    for path in project_files():
        try:
            yield path, path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


@functools.cache
def parsed(path: Path) -> ast.Module:
    """The syntax tree of a file."""
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def python_files(*directories: str) -> list[Path]:
    """The project's Python files under `directories`, or all."""
    roots = [ROOT / name for name in directories] or [ROOT]
    return [
        path for path in project_files() if path.suffix == ".py" and any(path.is_relative_to(root) for root in roots)
    ]


@functools.cache
def modules() -> dict[str, Path]:
    """Dotted name to file, for every module of the library."""
    found: dict[str, Path] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@dataclass(frozen=True)
class Import:
    """One import statement of one name.

    Attributes:
        target: dotted name of the imported module.
        name: the name taken out of it, or None for the module itself.
        bound: the name it has in the importing module.
        line: where.
        depth: 0 at module level, more inside functions.
        for_typing: it is under ``if TYPE_CHECKING:``.
    """

    target: str
    name: str | None
    bound: str
    line: int
    depth: int
    for_typing: bool


def assert_none(found: Iterable[object]) -> None:
    """Fail with all of `found`, one to a line."""
    lines = [str(line) for line in found]
    assert not lines, "\n" + "\n".join(lines)


def imports(path: Path) -> list[Import]:
    """The imports of a file, all levels; relative ones made absolute."""
    found: list[Import] = []
    _collect(parsed(path), path, 0, False, found)
    return found


def _collect(node: ast.AST, path: Path, depth: int, for_typing: bool, found: list[Import]) -> None:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            for alias in child.names:
                bound = alias.asname or alias.name.partition(".")[0]
                found.append(Import(alias.name, None, bound, child.lineno, depth, for_typing))
        elif isinstance(child, ast.ImportFrom):
            base = _absolute(child, path)
            for alias in child.names:
                found.append(_from_import(base, alias, child.lineno, depth, for_typing))
        elif isinstance(child, ast.If) and ast.unparse(child.test).endswith("TYPE_CHECKING"):
            for statement in child.body:
                _collect(ast.Module([statement], []), path, depth, True, found)
            for statement in child.orelse:
                _collect(ast.Module([statement], []), path, depth, for_typing, found)
        else:
            inner = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            _collect(child, path, depth + inner, for_typing, found)


def _from_import(base: str, alias: ast.alias, line: int, depth: int, for_typing: bool) -> Import:
    bound = alias.asname or alias.name
    if f"{base}.{alias.name}" in modules():
        return Import(f"{base}.{alias.name}", None, bound, line, depth, for_typing)
    return Import(base, alias.name, bound, line, depth, for_typing)


def _absolute(node: ast.ImportFrom, path: Path) -> str:
    if not node.level:
        return node.module or ""
    parts = path.relative_to(PACKAGE.parent).parts[: -node.level]
    return ".".join([*parts, *([node.module] if node.module else [])])
