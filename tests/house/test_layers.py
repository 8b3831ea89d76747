"""The layers: each package imports alone, nothing imports upwards or sideways, and modules form no cycle.

import-linter checks the same contracts over the import graph (pyproject.toml); here the packages are really imported,
each in a fresh interpreter where ``unitwork`` itself is an empty package.
"""

from __future__ import annotations

import graphlib
import subprocess
import sys

import pytest

from tests.support.source import PACKAGE, assert_none, imports, modules

#: Lowest first; those of one level do not import each other, except in the lowest, which is not split further.
LEVELS = (
    ("base", "exc", "event", "inspection"),
    ("sql",),
    ("dialects",),
    ("engine", "mapping"),
    ("state",),
    ("instrument",),
    ("cascade", "declare", "loading"),
    ("flush",),
    ("session",),
    ("orm", "pool", "schema", "types"),  # faces: re-exports only
    ("ext",),
)

#: The object side knows nothing of connections; the flush only where it carries out its plan.
OBJECT_SIDE = ("mapping", "state", "instrument", "declare", "cascade", "flush")
MAY_USE_CONNECTIONS = ("unitwork.flush.execute",)
DATABASE_SIDE = ("dialects", "engine")

IMPORT_ALONE = """
import importlib, sys, types
package = types.ModuleType("unitwork")
package.__path__ = [sys.argv[1]]
sys.modules["unitwork"] = package
for name in sys.argv[2].split(","):
    importlib.import_module(name)
print(",".join(sorted({name.split(".")[1] for name in sys.modules if name.startswith("unitwork.")})))
"""


def packages() -> list[str]:
    """The first-level packages and modules that there are."""
    return sorted({part for name in modules() if (part := part_of(name))})


def part_of(name: str) -> str | None:
    """The first-level package of a dotted name of the library, or None."""
    parts = name.split(".")
    return parts[1] if parts[0] == "unitwork" and len(parts) > 1 else None


def allowed_to(package: str) -> set[str]:
    """What a package may have loaded: itself and what is below it."""
    level = next(number for number, names in enumerate(LEVELS) if package in names)
    below = {name for names in LEVELS[:level] for name in names}
    allowed = below | {package} | (set(LEVELS[0]) if level == 0 else set())
    return allowed - set(DATABASE_SIDE) if package in OBJECT_SIDE and package != "flush" else allowed


def test_every_package_has_a_level() -> None:
    """A new package is put into its layer, here and in pyproject.toml."""
    known = {name for names in LEVELS for name in names}

    assert set(packages()) <= known


@pytest.mark.parametrize("package", [name for names in LEVELS for name in names])
def test_a_package_imports_alone(package: str) -> None:
    """Importing every module of a package loads nothing above it or beside it."""
    mine = [name for name in modules() if part_of(name) == package]
    if not mine:
        pytest.skip(f"there is no package {package} yet")

    done = subprocess.run(
        [sys.executable, "-c", IMPORT_ALONE, str(PACKAGE), ",".join(mine)], capture_output=True, text=True
    )

    assert done.returncode == 0, done.stderr
    assert set(done.stdout.strip().split(",")) - allowed_to(package) == set()


def test_the_object_side_does_not_know_connections() -> None:
    """Not even for type checking; carrying out a flush plan is the one place."""
    assert_none(
        f"{name}:{use.line} imports {use.target}"
        for name, path in modules().items()
        if part_of(name) in OBJECT_SIDE and name not in MAY_USE_CONNECTIONS
        for use in imports(path)
        if part_of(use.target) in DATABASE_SIDE
    )


def test_modules_form_no_cycle() -> None:
    """At run time, imports under ``if TYPE_CHECKING:`` left out; within a package, too."""
    graph = {
        name: {use.target for use in imports(path) if not use.for_typing and use.target in modules()} - {name}
        for name, path in modules().items()
    }

    graphlib.TopologicalSorter(graph).prepare()  # raises CycleError, which names the cycle


def test_nothing_inside_imports_the_top_of_the_package() -> None:
    """``from unitwork import create_engine`` is for users; inside it would be a ring."""
    assert_none(
        f"{name}:{use.line} takes {use.name} from unitwork"
        for name, path in modules().items()
        for use in imports(path)
        if use.target == "unitwork"
    )
