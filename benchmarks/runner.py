"""One interleaved run: round by round each contender does the work once; the fastest of its rounds counts."""

from __future__ import annotations

import cProfile
import gc
import pstats
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from benchmarks.contenders import Contender, OrmContender, RawContender, make_contender
from benchmarks.failure import BenchmarkError
from benchmarks.place import Place
from benchmarks.raw import connect_raw
from benchmarks.workload import Timed, Workload

PROGRESS = Callable[[str], None]


@dataclass(frozen=True)
class Measured:
    """A workload's outcome: its figure, mostly microseconds for each operation, by contender who can do it."""

    workload: Workload
    n: int
    figures: dict[str, float]


def measure(
    workloads: Sequence[Workload], contenders: Sequence[Contender], n: int, rounds: int, progress: PROGRESS
) -> list[Measured]:
    """Run all workloads with all contenders; each result is verified.

    Raises:
        BenchmarkError: a contender's result is wrong.
    """
    outcomes = []
    for workload in workloads:
        able = [contender for contender in contenders if workload.is_possible(contender)]
        figures = {contender.name: float("inf") for contender in able}
        for turn in range(rounds):
            start = turn % len(able)  # nobody always goes first
            for contender in (*able[start:], *able[:start]):
                figures[contender.name] = min(figures[contender.name], _once(workload, contender, n))
        outcomes.append(Measured(workload, n, figures))
        shown = "  ".join(f"{name} {value:9.2f} {workload.unit}" for name, value in figures.items())
        progress(f"{workload.id:5} {shown}")
    return outcomes


def profile(workload: Workload, contender: Contender, n: int, lines: int = 40) -> None:
    """Print where a contender's time goes in one run, after one that warms up."""
    _once(workload, contender, n)
    contender.reset()
    workload.seed(contender, n)
    timed = _prepare(workload, contender, n)
    profiler = cProfile.Profile()
    result = profiler.runcall(timed.run)
    timed.finish()
    contender.settle()
    workload.verify(contender, n, result)
    pstats.Stats(profiler).sort_stats("tottime").print_stats(lines)


@contextmanager
def contending(names: Sequence[str], place: Place, way: Place) -> Iterator[list[Contender]]:
    """The contenders, on a server each in a database of its own, which is dropped in the end."""
    with ExitStack() as stack:
        contenders = []
        for name in names:
            database = f"benchmark_{name}"
            if place.backend != "sqlite":
                stack.enter_context(_database(place, database))
            contender = make_contender(name, place.named(database), way.named(database))
            stack.callback(contender.close)
            contenders.append(contender)
        yield contenders


@contextmanager
def _database(place: Place, name: str) -> Iterator[None]:
    desk = connect_raw(place, autocommit=True)
    try:
        desk.execute(f"DROP DATABASE IF EXISTS {name}")
        desk.execute(f"CREATE DATABASE {name}" + (" CHARACTER SET utf8mb4" if place.backend == "mariadb" else ""))
        yield
        desk.execute(f"DROP DATABASE {name}" + (" WITH (FORCE)" if place.backend == "postgresql" else ""))
    finally:
        desk.close()


def _once(workload: Workload, contender: Contender, n: int) -> float:
    """Do the work once on fresh tables, verify it, and return its figure."""
    contender.reset()
    workload.seed(contender, n)
    timed = _prepare(workload, contender, n)
    with _equal_memory():
        started = time.perf_counter()
        result = timed.run()
        seconds = time.perf_counter() - started
    timed.finish()
    contender.settle()
    try:
        workload.verify(contender, n, result)
    except BenchmarkError as error:
        raise BenchmarkError(f"{workload.id}, {contender.name}: {error}") from error
    return workload.cost(seconds, n, result)


@contextmanager
def _equal_memory() -> Iterator[None]:
    """Start everybody with no garbage; what was there before is not looked at, what the work makes is, as in life."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _prepare(workload: Workload, contender: Contender, n: int) -> Timed:
    if isinstance(contender, RawContender):
        return workload.raw(contender, n)
    assert isinstance(contender, OrmContender)
    return workload.orm(contender, n)
