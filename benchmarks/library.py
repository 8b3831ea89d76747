"""One face for the two ORMs: the same names from unitwork or from SQLAlchemy."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any

from benchmarks.failure import BenchmarkError


@dataclass(frozen=True)
class Library:
    """The modules of an ORM, by the place of their names.

    Fields:
        name: "unitwork" or "sqlalchemy".
        core: the top module: create_engine, select, Integer, ...
        orm: its orm module: Session, DeclarativeBase, relationship, ...
    """

    name: str
    core: Any
    orm: Any


def load_library(name: str) -> Library:
    """Import an ORM; SQLAlchemy only with its compiled extensions, or the comparison would flatter us.

    Raises:
        BenchmarkError: SQLAlchemy runs without its C extensions.
    """
    if name == "sqlalchemy" and not import_module("sqlalchemy.util").has_compiled_ext():
        raise BenchmarkError("SQLAlchemy is installed without its C extensions: install a binary wheel of it.")
    return Library(name, import_module(name), import_module(f"{name}.orm"))
