"""The workloads, one file for each family; importing this package puts them all on the list."""

from __future__ import annotations

from benchmarks.workloads import attributes, deleting, inserting, loading, small, updating  # noqa: F401
