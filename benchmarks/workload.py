"""What a workload is, and the list of them.

To add one: subclass Workload in the file of its family under `workloads/`, and decorate it with `register`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from benchmarks.contenders import Contender, OrmContender, RawContender


@dataclass(frozen=True)
class Targets:
    """What unitwork is to reach: (times raw at most, times faster than SQLAlchemy at least); None: not set.

    Fields:
        sqlite: on SQLite in memory.
        server: on PostgreSQL and MariaDB.
        latency: on a server with 0.5 ms of network each way.
    """

    sqlite: tuple[float, float]
    server: tuple[float, float] | None = None
    latency: tuple[float, float] | None = None


@dataclass(frozen=True)
class Timed:
    """A piece of work that is ready to be timed; what `run` returns is verified. `finish` comes after the clock."""

    run: Callable[[], Any]
    finish: Callable[[], object] = lambda: None


class Workload:
    """The same work for hand-written code and for an ORM, and a check that it was done."""

    id: str
    work: str
    per: str
    targets: Targets
    unit = "µs"
    needs = ""  # what a library must have, from its top module on: "orm.Session.merge"
    arrives = 0  # the issue that brings it to unitwork

    def is_possible(self, contender: Contender) -> bool:
        """Whether a library has what the work needs; hand-written code always has."""
        return not self.needs or not isinstance(contender, OrmContender) or contender.has(self.needs)

    def operations(self, n: int) -> int:
        """How many objects or operations a run has, by which its time is divided."""
        return n

    def seed(self, contender: Contender, n: int) -> None:
        """Fill the empty tables; not timed."""

    def raw(self, raw: RawContender, n: int) -> Timed:
        """The work as hand-written DB-API code with plain objects."""
        raise NotImplementedError

    def orm(self, orm: OrmContender, n: int) -> Timed:
        """The work with a Session: one source for both ORMs."""
        raise NotImplementedError

    def cost(self, seconds: float, n: int, result: Any) -> float:
        """The figure that is compared, in `unit`: microseconds for each operation, unless it is not time."""
        return seconds / self.operations(n) * 1e6

    def verify(self, contender: Contender, n: int, result: Any) -> None:
        """Raise BenchmarkError unless the work was done, in memory and in the database."""
        raise NotImplementedError


_WORKLOADS: dict[str, Workload] = {}


def register(class_: type[Workload]) -> type[Workload]:
    """Put a workload on the list."""
    _WORKLOADS[class_.id] = class_()
    return class_


def all_workloads() -> dict[str, Workload]:
    """The workloads by id: W1, W1t, W2, ..., W10i."""
    return dict(sorted(_WORKLOADS.items(), key=lambda item: (int(re.findall(r"\d+", item[0])[0]), item[0])))
