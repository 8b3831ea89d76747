"""What is not time per object: memory, and the time that an import takes."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import tempfile
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.contenders import Contender, OrmContender, RawContender
from benchmarks.data import fill_books
from benchmarks.failure import expect
from benchmarks.plain import PlainAuthor
from benchmarks.workload import Targets, Timed, Workload, register
from benchmarks.workloads.loading import orm_books, raw_books

_ROOT = Path(__file__).parent.parent.parent
_CACHE = tempfile.TemporaryDirectory(prefix="benchmark-bytecode-")


class _Bytes(Workload):
    per = "object"
    unit = "bytes"

    def cost(self, seconds: float, n: int, result: Any) -> float:
        """The bytes of an object."""
        return float(result[1]) / n

    def verify(self, contender: Contender, n: int, result: Any) -> None:
        """All objects are there while they are weighed."""
        expect("objects", result[0], n)


@register
class LoadedBytes(_Bytes):
    """Values, object, and what a Session keeps of it."""

    id = "W11"
    work = "memory of a loaded object of 8 columns"
    targets = Targets(sqlite=(1.6, 1.55))

    def seed(self, contender: Contender, n: int) -> None:
        """n books."""
        fill_books(contender.execute, contender.backend, n)

    def raw(self, raw: RawContender, n: int) -> Timed:
        """Plain objects in a list."""
        return Timed(lambda: _weigh(lambda: raw_books(raw), len))

    def orm(self, orm: OrmContender, n: int) -> Timed:
        """Objects in a list and in a Session."""
        return Timed(lambda: _weigh(lambda: orm_books(orm), lambda held: len(held[1]), lambda held: held[0].close()))


@register
class NewBytes(_Bytes):
    """The values are there before: what is added to them."""

    id = "W11n"
    work = "memory of a new object, added to a Session"
    targets = Targets(sqlite=(2.6, 2.5))

    def raw(self, raw: RawContender, n: int) -> Timed:
        """Plain objects in a list."""
        return Timed(lambda: _weigh(lambda: [PlainAuthor("author") for _ in range(n)], len))

    def orm(self, orm: OrmContender, n: int) -> Timed:
        """Pending objects in a list and in a Session."""
        author_class = orm.models.Author

        def make() -> tuple[Any, list[Any]]:
            session = orm.session()
            authors = [author_class(name="author") for _ in range(n)]
            session.add_all(authors)
            return session, authors

        return Timed(lambda: _weigh(make, lambda held: len(held[1]), lambda held: held[0].close()))


@register
class Import(Workload):
    """A fresh interpreter, its bytecode compiled before."""

    id = "W12"
    work = "import of the library; of the driver alone"
    per = "process"
    unit = "ms"
    targets = Targets(sqlite=(6.8, 5.1))

    def operations(self, n: int) -> int:
        """One."""
        return 1

    def raw(self, raw: RawContender, n: int) -> Timed:
        """import sqlite3 and what a module of plain classes needs."""
        return Timed(lambda: _import("sqlite3, dataclasses, datetime, typing"))

    def orm(self, orm: OrmContender, n: int) -> Timed:
        """The top module, its orm module, and an engine, which loads the driver."""
        return Timed(lambda: _import(f"{orm.name}, {orm.name}.orm", f"{orm.name}.create_engine('sqlite://')"))

    def cost(self, seconds: float, n: int, result: Any) -> float:
        """The milliseconds that the process says it took."""
        return float(result)

    def verify(self, contender: Contender, n: int, result: Any) -> None:
        """It took time."""
        expect("an import took time", result > 0, True)


def _weigh(
    make: Callable[[], Any], count: Callable[[Any], int], release: Callable[[Any], object] = lambda held: None
) -> tuple[int, int]:
    """(the number of objects, the bytes that stay allocated while they are held)."""
    release(make())  # caches and compiled code are no part of an object
    gc.collect()
    tracemalloc.start()
    try:
        held = make()
        gc.collect()
        size = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    number = count(held)
    release(held)
    return number, size


def _import(modules: str, then: str = "pass") -> float:
    """Milliseconds of an import in a new process; its bytecode stays from round to round, whatever the settings."""
    code = f"import time; t = time.perf_counter(); import {modules}; {then}; print((time.perf_counter() - t) * 1000)"
    path = os.pathsep.join([str(_ROOT / "src"), os.environ.get("PYTHONPATH", "")])
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=_ROOT,
        env={**environment, "PYTHONPATH": path, "PYTHONPYCACHEPREFIX": _CACHE.name},
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout)
