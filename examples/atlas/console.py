"""What the reader of the terminal sees: steps with the time, and what each piece of work cost the database."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from unitwork import Engine, event
from unitwork.orm import Session


class Console:
    """Prints, and counts the statements that an engine sends to its driver."""

    def __init__(self, engine: Engine) -> None:
        self._started = time.perf_counter()
        self._statements = 0
        event.listen(engine, "before_cursor_execute", self._count)

    def _count(self, conn: Any, cursor: Any, statement: str, parameters: Any, context: Any, executemany: bool) -> None:
        self._statements += len(parameters) if executemany else 1

    def chapter(self, title: str) -> None:
        """Print a heading with the seconds since the start."""
        print(f"\n[{time.perf_counter() - self._started:6.1f} s] {title}", flush=True)

    def say(self, text: str) -> None:
        """Print text of one or more lines, indented."""
        for line in text.splitlines():
            print(f"    {line}", flush=True)

    def table(self, rows: Iterable[Sequence[object]]) -> None:
        """Print rows in columns, numbers to the right."""
        cells = [[f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in row] for row in rows]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        for row in cells:
            self.say("  ".join(_pad(cell, width) for cell, width in zip(row, widths, strict=True)))

    @contextmanager
    def measured(self, what: str) -> Iterator[None]:
        """Print how many statements and seconds the block took."""
        before, started = self._statements, time.perf_counter()
        yield
        seconds = time.perf_counter() - started
        self.say(f"{what}: {self._statements - before} statements, {seconds:.2f} s")

    def flush(self, session: Session) -> int:
        """Show the flush plan in short form, carry it out, and return how many statements that took."""
        before, started = self._statements, time.perf_counter()
        plan = session.plan()
        read, planned = self._statements - before, time.perf_counter()
        self.say(plan.summary())
        session.flush()
        flushed, sent = time.perf_counter(), self._statements - before
        rows = sum(len(step.rows) for step in plan.steps)
        self.say(
            f"-> {rows:,} rows in {sent} statements, {read} of them to plan; "
            f"plan {planned - started:.2f} s, flush {flushed - planned:.2f} s"
        )
        return sent


def _pad(cell: str, width: int) -> str:
    return cell.rjust(width) if cell.replace(",", "").isdigit() else cell.ljust(width)
