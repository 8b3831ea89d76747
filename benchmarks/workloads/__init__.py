"""The workloads, one file for each family; importing this package puts them all on the list."""

from __future__ import annotations

from benchmarks.workloads import (  # noqa: F401
    attributes,
    bulk,
    columns,
    deleting,
    eager,
    expiring,
    inserting,
    links,
    loading,
    memory,
    merging,
    queries,
    related,
    reloading,
    small,
    updating,
    wide,
)
