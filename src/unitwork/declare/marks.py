"""``foreign()`` and ``remote()``: what a given join condition says about its columns (LB-10, LB-38)."""

from __future__ import annotations

from typing import Any

from unitwork.declare.constructors import LateColumn
from unitwork.mapping.conditions import marked
from unitwork.sql.elements import as_operand


def foreign(expr: Any) -> Any:
    """Mark a column of a join condition as the foreign key: a flush copies the other side's value to it.

    Args:
        expr: a column, a mapped attribute, or a ``mapped_column()`` of the same class body.
    """
    return _marked(expr, "foreign")


def remote(expr: Any) -> Any:
    """Mark a column of a join condition as one of the target's; for a class that is joined to itself.

    Args:
        expr: as for :func:`foreign`; ``remote(foreign(column))`` says both.
    """
    return _marked(expr, "remote")


def _marked(expr: Any, mark: str) -> Any:
    if isinstance(expr, LateColumn):
        return LateColumn(lambda: marked(expr.element(), mark))
    return marked(as_operand(expr), mark)
