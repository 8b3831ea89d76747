"""Command line of the benchmarks."""

from __future__ import annotations

import argparse
import sys
from contextlib import nullcontext
from pathlib import Path

import benchmarks.workloads  # noqa: F401  (puts the workloads on the list)
from benchmarks.contenders import NAMES
from benchmarks.everywhere import run_everywhere
from benchmarks.failure import BenchmarkError
from benchmarks.place import Place, parse_place
from benchmarks.proxy import slow_way
from benchmarks.report import render, section_title, write_section
from benchmarks.runner import contending, measure, profile
from benchmarks.workload import Targets, Workload, all_workloads

_REPORT = Path(__file__).with_name("report.md")


def main() -> int:
    """Measure, print the tables, and return the exit status."""
    options = _parser().parse_args()
    try:
        if options.everywhere:
            options.report = options.report or _REPORT
            run_everywhere(lambda place, latency: _run(options, place, latency))
        else:
            _run(options, parse_place(options.url), options.latency)
    except BenchmarkError as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return 1
    return 0


def _run(options: argparse.Namespace, place: Place, latency: bool) -> None:
    if latency and place.backend == "sqlite":
        raise BenchmarkError("--latency needs a server: give its --url.")
    n = options.n or (1_000 if latency else 10_000 if place.backend == "sqlite" else 5_000)
    names = ["unitwork"] if options.profile else options.contenders.split(",")
    with (
        slow_way(place) if latency else nullcontext(place) as way,
        contending(names, place, way) as contenders,
    ):
        if options.profile:
            return profile(_chosen(options.profile)[0], contenders[0], n)
        title = section_title(place, latency=latency)
        print(f"{title}, {n:,} objects, fastest of {options.rounds} rounds", flush=True)
        workloads = _chosen(options.only)
        if not options.only:  # without a target it would be measured for the third time
            workloads = [each for each in workloads if _target(each.targets, place, latency)]
        outcomes = measure(workloads, contenders, n, options.rounds, lambda line: print(line, flush=True))
        body = render(outcomes, place, contenders[0], latency=latency, rounds=options.rounds)
    print(f"\n{body}")
    if options.report:
        write_section(options.report, title, body)
    return None


def _target(targets: Targets, place: Place, latency: bool) -> tuple[float, float] | None:
    return targets.latency if latency else targets.sqlite if place.backend == "sqlite" else targets.server


def _chosen(ids: str | None) -> list[Workload]:
    """The workloads named in 'W1,W2', or all."""
    workloads = all_workloads()
    unknown = [each for each in (ids or "").split(",") if each and each not in workloads]
    if unknown:
        raise BenchmarkError(f"no workload {', '.join(unknown)}: there are {', '.join(workloads)}.")
    return [workloads[each] for each in ids.split(",")] if ids else list(workloads.values())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="unitwork, hand-written DB-API code and SQLAlchemy, side by side."
    )
    parser.add_argument("--everywhere", action="store_true", help="all databases, on private servers; writes report.md")
    parser.add_argument("--url", default="sqlite://", help="a server's database, where others can be created")
    parser.add_argument("--only", metavar="W1,W2", help="these workloads; default: all")
    parser.add_argument("--rounds", type=int, default=3, help="the fastest counts; default: 3")
    parser.add_argument("--n", type=int, help="objects; default: 10,000 on SQLite, 5,000, with latency 1,000")
    parser.add_argument("--latency", action="store_true", help="put 0.5 ms of network each way before the server")
    parser.add_argument("--contenders", default=",".join(NAMES), help=f"default: {','.join(NAMES)}")
    parser.add_argument("--profile", metavar="W1", help="print a profile of unitwork's part of one workload")
    parser.add_argument("--report", type=Path, metavar="FILE", help="write the tables into this Markdown file")
    return parser


if __name__ == "__main__":
    sys.exit(main())
