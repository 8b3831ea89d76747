"""The one exception of the benchmarks."""

from __future__ import annotations


class BenchmarkError(Exception):
    """A contender did not do the work it was timed for, or cannot run here."""


def expect(what: str, got: object, expected: object) -> None:
    """Raise BenchmarkError unless the two are equal."""
    if got != expected:
        raise BenchmarkError(f"{what}: expected {_short(expected)}, got {_short(got)}")


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 200 else f"{text[:200]}…"
