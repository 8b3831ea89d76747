"""Outcomes as a Markdown table, and a report file with one section for each kind of database."""

from __future__ import annotations

import math
import os
import platform
import re
import sqlite3
from collections.abc import Sequence
from datetime import date
from importlib.metadata import version
from pathlib import Path

from benchmarks.contenders import Contender
from benchmarks.place import Place
from benchmarks.runner import Measured

_COLUMNS = ("id", "work", "n", "raw", "unitwork", "SQLAlchemy", "unitwork ÷ raw", "target", "SQLAlchemy ÷ unitwork")
_HEAD = f"| {' | '.join((*_COLUMNS, 'target', 'missed'))} |\n|{'---|' * (len(_COLUMNS) + 2)}\n"
_PREFACE = """# Benchmarks

The same work, checked for its result, by hand-written DB-API code with plain objects ("raw": a floor, not an ORM), by
unitwork, and by SQLAlchemy with its C extensions; interleaved round by round, the fastest round counts. Microseconds an
operation, unless another unit is given. "Missed" says which target a row does not reach: `raw` is the multiple of raw
that unitwork should stay under, `SQLAlchemy` the factor by which it should be faster, and `SLOWER` is a row in which
SQLAlchemy wins. Ratios hold across machines, microseconds do not. To repeat it: `python -m benchmarks --everywhere`.
"""


def section_title(place: Place, *, latency: bool) -> str:
    """The heading of a run."""
    name = {"sqlite": "SQLite in memory", "postgresql": "PostgreSQL", "mariadb": "MariaDB"}[place.backend]
    return f"{name}, 0.5 ms of network each way" if latency else name


def render(outcomes: Sequence[Measured], place: Place, contender: Contender, *, latency: bool, rounds: int) -> str:
    """The table, with the conditions above it and the geometric means below."""
    lines = [_row(outcome, place, latency=latency) for outcome in outcomes]
    text = f"{_conditions(contender, rounds)}\n\n{_HEAD}" + "\n".join(lines) + "\n\n"
    timed = [outcome for outcome in outcomes if outcome.workload.unit == "µs"]
    for above, below in (("sqlalchemy", "unitwork"), ("unitwork", "raw")):
        ratios = [ratio for ratio in (_ratio(outcome, above, below) for outcome in timed) if ratio is not None]
        if ratios:
            mean = math.exp(sum(map(math.log, ratios)) / len(ratios))
            text += f"- {above} ÷ {below}, geometric mean of {len(ratios)} rows: **{mean:.2f}**\n"
    return text


def write_section(path: Path, title: str, body: str) -> None:
    """Put a section into a report file, in place of the one with the same heading."""
    text = path.read_text() if path.exists() else ""
    sections = re.split(r"(?m)^## ", text)[1:]
    by_title = {section.partition("\n")[0]: section.partition("\n")[2].strip() for section in sections}
    by_title[title] = body.strip()
    path.write_text(_PREFACE + "".join(f"\n## {title}\n\n{body}\n" for title, body in by_title.items()))


def _row(outcome: Measured, place: Place, *, latency: bool) -> str:
    workload, figures = outcome.workload, outcome.figures
    targets = workload.targets
    target = targets.latency if latency else targets.sqlite if place.backend == "sqlite" else targets.server
    over_raw, ahead = _ratio(outcome, "unitwork", "raw"), _ratio(outcome, "sqlalchemy", "unitwork")
    unit = "" if workload.unit == "µs" else f" {workload.unit}"
    shown = [
        f"{_number(figures[name])}{unit}" if name in figures else "-" for name in ("raw", "unitwork", "sqlalchemy")
    ]
    if "unitwork" not in figures:
        shown[1] = f"not yet: issue {workload.arrives}"
    above, below = target or (None, None)
    cells = [
        workload.id,
        f"{workload.work} (per {workload.per})",
        f"{workload.operations(outcome.n):,}",
        *shown,
        *(_number(value) for value in (over_raw, above, ahead, below)),
        _missed(over_raw, above, ahead, below),
    ]
    return f"| {' | '.join(cells)} |"


def _missed(over_raw: float | None, above: float | None, ahead: float | None, below: float | None) -> str:
    """Which targets are not reached; a twentieth is within what such measurements are good for."""
    found = []
    if over_raw and above and over_raw > above * 1.05:
        found.append("raw")
    if ahead and below and ahead < below * 0.95:
        found.append("SQLAlchemy")
    if ahead and ahead < 0.98:
        found.append("**SLOWER**")
    return ", ".join(found)


def _ratio(outcome: Measured, above: str, below: str) -> float | None:
    if above not in outcome.figures or below not in outcome.figures:
        return None
    return outcome.figures[above] / outcome.figures[below]


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:,.0f}"


def _conditions(contender: Contender, rounds: int) -> str:
    python = f"{platform.python_implementation()} {platform.python_version()}"
    if contender.backend == "sqlite":
        database = f"SQLite {sqlite3.sqlite_version}"
    else:
        database = str(contender.execute("SELECT version()")[0][0]).partition(" (")[0]
        database = database if contender.backend == "postgresql" else f"MariaDB {database}"
    machine = f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the end"
    software = f"{python}, {database}, SQLAlchemy {version('sqlalchemy')}"
    return f"{date.today().isoformat()}; {software}; {machine}; fastest of {rounds} rounds."
