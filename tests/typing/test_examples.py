"""The examples of this directory under ``mypy --strict`` and under pyright: both must agree with each assertion.

pyright is a Node program; the package of that name on PyPI fetches Node and pyright when it first runs. Where it
cannot, its part is skipped, and says so; under ``CI=true`` it fails.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
EXAMPLES = sorted(HERE.glob("examples_*.py"))

#: Each line is wrong, and both checkers must say so: otherwise Any has crept in.
MISTAKES = """
from tests.typing.examples_models import User
from unitwork import select
from unitwork.orm import Session

def mistakes(session: Session, user: User) -> None:
    a: str = session.execute(select(User.id)).scalar_one()
    b: list[int] = session.scalars(select(User)).all()
    c, d, e = session.execute(select(User.id, User.name)).one()
    f: User = session.get(User, 1)
    user.name = 5
    g: int = user.nickname
    session.execute(select(User)).no_such_method()
    h: bool = User.id == 1
"""


def run(*command: str) -> subprocess.CompletedProcess[str]:
    """Run a checker at the root of the project, with the library's source in its path."""
    source = {"PYTHONPATH": str(ROOT / "src"), "MYPYPATH": str(ROOT / "src")}
    return subprocess.run(command, cwd=ROOT, env={**os.environ, **source}, capture_output=True, text=True, check=False)


def missing(why: str) -> NoReturn:
    """Skip the test; fail it on CI."""
    if os.environ.get("CI", "").lower() in ("1", "true", "yes"):
        pytest.fail(why)
    pytest.skip(why)


def mypy(*files: Path) -> subprocess.CompletedProcess[str]:
    """Check files with mypy as a user with the strictest settings does."""
    cache = os.devnull if os.name != "nt" else "nul"
    return run(sys.executable, "-m", "mypy", "--strict", f"--cache-dir={cache}", "--config-file=", *map(str, files))


def pyright(*files: Path) -> dict[str, int]:
    """Check files with pyright; return its findings by file and line."""
    program = shutil.which("pyright", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
    if program is None:
        missing("pyright is not installed")
    done = run(program, "--outputjson", "--pythonpath", sys.executable, *map(str, files))
    try:
        found = json.loads(done.stdout)["generalDiagnostics"]
    except (ValueError, KeyError):
        missing(f"pyright does not run here: {done.stderr[-200:]}")
    return {f"{one['range']['start']['line'] + 1}: {one['message']}": 1 for one in found if one["severity"] == "error"}


@pytest.mark.timeout(300)
def test_examples_under_mypy() -> None:
    """LB-02, SB-43: every assert_type holds, with --strict."""
    done = mypy(*EXAMPLES)

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.timeout(300)
def test_examples_under_pyright() -> None:
    """LB-02, SB-43: the same, with its basic settings."""
    assert pyright(*EXAMPLES) == {}


@pytest.mark.timeout(300)
def test_mistakes_are_found(tmp_path: Path) -> None:
    """Both checkers find each of the wrong lines: the types are not Any."""
    wrong = tmp_path / "wrong.py"
    wrong.write_text(MISTAKES)
    lines = {number for number, line in enumerate(MISTAKES.splitlines(), 1) if line.startswith("    ")}

    by_mypy = {int(line.split(":")[1]) for line in mypy(wrong).stdout.splitlines() if ": error:" in line}

    assert by_mypy == lines
    assert {int(place.split(":")[0]) for place in pyright(wrong)} == lines
