"""What every file keeps to: sizes, privates, where imports stand, and the one place that runs made code."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.source import ROOT, assert_none, imports, modules, parsed, python_files

MAX_FILE, MAX_TEST_FILE, MAX_FUNCTION, MAX_PARAMETERS = 450, 750, 60, 7

#: Functions whose many parameters are the reference's, and with them the length.
SIGNATURES_GIVEN = {
    *("create_engine", "listen", "select", "relationship", "mapped_column", "column_property", "Session.__init__"),
    *("Table.__init__", "Column.__init__", "ForeignKey.__init__", "ForeignKeyConstraint.__init__"),
    *("Sequence.__init__", "Identity.__init__"),
}

#: Names that start with an underscore and are public by contract.
PUBLIC_UNDERSCORES = {"_mapping", "_fields", "_asdict", "_replace", "_make"}

CODE_DIRECTORIES = ("src", "tests", "scripts", "examples", "benchmarks")
FILES = python_files(*CODE_DIRECTORIES)


def place(path: Path, line: int) -> str:
    """File and line as an editor opens it."""
    return f"{path.relative_to(ROOT)}:{line}"


def functions(path: Path) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """Every function and method of a file, with its name and that of its class."""
    yield from _functions_in(parsed(path), "")


def _functions_in(node: ast.AST, prefix: str) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield prefix + child.name, child
        inner = f"{child.name}." if isinstance(child, ast.ClassDef) else prefix
        yield from _functions_in(child, inner)


def test_files_are_short() -> None:
    """A file has one idea and at most 450 lines; a file of tests, which is read piece by piece, at most 750."""
    assert_none(
        f"{path.relative_to(ROOT)}: {lines} lines"
        for path in FILES
        if (lines := len(path.read_text(encoding="utf-8").splitlines()))
        > (MAX_TEST_FILE if path.name.startswith("test_") else MAX_FILE)
    )


def test_functions_are_short() -> None:
    """At most 60 lines, docstring included, where the signature is ours to choose."""
    assert_none(
        f"{place(path, node.lineno)} {name}: {size} lines"
        for path in FILES
        for name, node in functions(path)
        if name not in SIGNATURES_GIVEN and (size := (node.end_lineno or node.lineno) - node.lineno + 1) > MAX_FUNCTION
    )


def test_functions_take_few_parameters() -> None:
    """At most seven, where the signature is ours to choose."""
    assert_none(
        f"{place(path, node.lineno)} {name}: {count} parameters"
        for path in python_files("src")
        for name, node in functions(path)
        if name not in SIGNATURES_GIVEN and (count := own_parameters(node)) > MAX_PARAMETERS
    )


def own_parameters(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Number of parameters without self, cls and the starred ones."""
    names = [argument.arg for argument in [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]]
    return len([name for name in names if name not in ("self", "cls")])


def test_every_file_says_its_idea() -> None:
    """A module opens with a docstring; an empty ``__init__.py`` needs none."""
    assert_none(
        place(path, 1)
        for path in FILES
        if path.read_text(encoding="utf-8").strip() and ast.get_docstring(parsed(path)) is None
    )


def test_underscore_names_stay_in_their_file() -> None:
    """Neither imported by name, nor reached through an imported module."""
    library = modules()
    found: list[str] = []
    for path in FILES:
        ours = [use for use in imports(path) if use.target.split(".")[0] in ("unitwork", "tests")]
        found += [f"{place(path, use.line)} imports {use.name}" for use in ours if is_private(use.name)]
        bound = {use.bound for use in ours if use.name is None and use.target in library}
        found += [
            f"{place(path, node.lineno)} uses {ast.unparse(node)}"
            for node in ast.walk(parsed(path))
            if isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id in bound
            and is_private(node.attr)
        ]

    assert_none(found)


def is_private(name: str | None) -> bool:
    """It starts with one underscore, and no contract makes it public."""
    return name is not None and name.startswith("_") and not name.endswith("__") and name not in PUBLIC_UNDERSCORES


def test_imports_stand_at_the_top() -> None:
    """No import inside a function of the library, except in a dialect's ``import_driver``."""
    assert_none(
        f"{place(path, node.lineno)} in {name}"
        for path in python_files("src")
        for name, function in functions(path)
        if not (function.name == "import_driver" and path.parent.name == "dialects")
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    )


def test_imports_come_before_the_code() -> None:
    """None at the foot of a file, where one would hide a cycle."""
    found: list[str] = []
    for path in python_files("src"):
        seen_code = False
        for node in parsed(path).body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                seen_code = True
            elif seen_code and isinstance(node, ast.Import | ast.ImportFrom):
                found.append(place(path, node.lineno))

    assert_none(found)


def test_only_codegen_runs_made_code() -> None:
    """``exec``, ``eval`` and ``compile`` are called in base/codegen.py alone."""
    assert_none(
        f"{place(path, node.lineno)} calls {node.func.id}"
        for name, path in modules().items()
        if name != "unitwork.base.codegen"
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        if node.func.id in ("exec", "eval", "compile")
    )


@pytest.mark.parametrize("word", ["TODO", "FIXME", "XXX", "HACK"])
def test_nothing_is_put_off_without_an_issue(word: str) -> None:
    """A mark for later names its issue: ``TODO(#12)``."""
    assert_none(
        place(path, number)
        for path in FILES
        if path != Path(__file__)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if word in line.split() or f"{word}:" in line.split()
    )
