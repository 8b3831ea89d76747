"""The example of the main job, run as its reader runs it, on a small part of its input."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ATLAS = ROOT / "examples" / "atlas"

# Runs the example after one city of its input was kept from it.
FORGETFUL = """
import runpy, sys
sys.path.insert(0, sys.argv[1])
import load
honest = load.load_world
load.load_world = lambda engine, world, console: honest(engine, world._replace(cities=world.cities[1:]), console)
runpy.run_path(sys.argv.pop(1), run_name="__main__")
"""


def test_atlas_agrees_with_its_input(url: str) -> None:
    """FP-01, FP-09, CA-48: loading, reading, changing, rolling back and deleting the world leaves what was put in."""
    done = _python(str(ATLAS), url, "--cities", "400")

    assert done.returncode == 0, done.stdout + done.stderr
    assert " 0 failed" in done.stdout
    assert done.stderr == ""


@pytest.mark.backends("sqlite")
def test_atlas_fails_when_a_city_is_missing(url: str) -> None:
    """FP-09: the checks of the example are not idle: a row too few turns its exit status to 1."""
    done = _python("-c", FORGETFUL, str(ATLAS), url, "--cities", "300")

    assert done.returncode == 1, done.stdout + done.stderr
    assert "rows of atlas_city: expected" in done.stdout


def _python(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")])},
    )
