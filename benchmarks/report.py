"""Outcomes as a Markdown table, and a report file with one section for each kind of database."""

from __future__ import annotations

import math
import platform
import re
import sqlite3
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from benchmarks.contenders import Contender
from benchmarks.place import Place
from benchmarks.runner import Measured

_COLUMNS = ("id", "work", "n", "raw µs", "unitwork µs", "SQLAlchemy µs", "unitwork ÷ raw", "target")
_HEAD = f"| {' | '.join(_COLUMNS)} | SQLAlchemy ÷ unitwork | target |\n|{'---|' * (len(_COLUMNS) + 2)}\n"


def section_title(place: Place, *, latency: bool) -> str:
    """The heading of a run."""
    name = {"sqlite": "SQLite in memory", "postgresql": "PostgreSQL", "mariadb": "MariaDB"}[place.backend]
    return f"{name}, 0.5 ms of network each way" if latency else name


def render(outcomes: Sequence[Measured], place: Place, contender: Contender, *, latency: bool) -> str:
    """The table, with the versions above it and the geometric mean below."""
    lines = [_row(outcome, place, latency=latency) for outcome in outcomes]
    ratios = [r for r in (_ratio(outcome, "sqlalchemy", "unitwork") for outcome in outcomes) if r is not None]
    text = f"{_versions(contender)}\n\n{_HEAD}" + "\n".join(lines) + "\n"
    if ratios:
        mean = math.exp(sum(map(math.log, ratios)) / len(ratios))
        text += f"\nSQLAlchemy ÷ unitwork, geometric mean of {len(ratios)} rows: **{mean:.1f}**\n"
    return text


def write_section(path: Path, title: str, body: str) -> None:
    """Put a section into a report file, in place of the one with the same heading."""
    text = path.read_text() if path.exists() else "# Benchmarks\n"
    text = re.sub(rf"\n## {re.escape(title)}\n.*?(?=\n## |\Z)", "", text, flags=re.DOTALL)
    path.write_text(f"{text.rstrip()}\n\n## {title}\n\n{body}")


def _row(outcome: Measured, place: Place, *, latency: bool) -> str:
    workload, micros = outcome.workload, outcome.micros
    targets = workload.targets
    target = targets.latency if latency else targets.sqlite if place.backend == "sqlite" else targets.server
    above, below = target or (None, None)
    over_raw, under_sqlalchemy = _ratio(outcome, "unitwork", "raw"), _ratio(outcome, "sqlalchemy", "unitwork")
    cells = [
        workload.id,
        f"{workload.work} (per {workload.per})",
        f"{workload.operations(outcome.n):,}",
        *(_number(micros.get(name)) for name in ("raw", "unitwork", "sqlalchemy")),
        _mark(over_raw, met=bool(over_raw and above and over_raw <= above)),
        _number(above),
        _mark(under_sqlalchemy, met=bool(under_sqlalchemy and below and under_sqlalchemy >= below)),
        _number(below),
    ]
    return f"| {' | '.join(cells)} |"


def _ratio(outcome: Measured, above: str, below: str) -> float | None:
    if above not in outcome.micros or below not in outcome.micros:
        return None
    return outcome.micros[above] / outcome.micros[below]


def _mark(value: float | None, *, met: bool) -> str:
    return f"**{_number(value)}**" if met else _number(value)


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:,.0f}"


def _versions(contender: Contender) -> str:
    python = f"{platform.python_implementation()} {platform.python_version()}"
    if contender.backend == "sqlite":
        database = f"SQLite {sqlite3.sqlite_version}"
    else:
        database = str(contender.execute("SELECT version()")[0][0]).partition(" (")[0]
        database = database if contender.backend == "postgresql" else f"MariaDB {database}"
    return f"{python}, {database}, SQLAlchemy {version('sqlalchemy')} with C extensions. Bold: the target is met."
