"""Where a column's value comes from when none is given: Python, a SQL expression sent along, or the database.

Spec: LB-17, LB-18, PT-19, PT-27.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from unitwork import exc
from unitwork.sql.clause import ClauseElement, describe


class ColumnDefault:
    """What a column gets when no value is given, made in Python or by a SQL expression sent along.

    Attributes:
        arg: the value, the SQL element, or a function that may be called with a context or without.
    """

    is_server_default = False

    def __init__(self, arg: Any) -> None:
        self.is_clause_element = isinstance(arg, ClauseElement)
        self.is_callable = callable(arg) and not self.is_clause_element
        self.is_scalar = not (self.is_callable or self.is_clause_element)
        self.arg = _with_optional_context(arg) if self.is_callable else arg

    def __repr__(self) -> str:
        return f"ColumnDefault({'<function>' if self.is_callable else self.arg!r})"


def _with_optional_context(function: Callable[..., Any]) -> Callable[..., Any]:
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        # Builtins and classes without a signature, such as dict or uuid types, take no context.
        parameters = []
    takes = [one for one in parameters if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)]
    if any(one.default is one.empty for one in takes):
        return lambda context=None: function(context)
    return lambda context=None: function()


class FetchedValue:
    """Marks a column that the database fills, in a way the schema does not say (a trigger)."""

    is_server_default = True
    arg: Any = None

    def __init__(self, for_update: bool = False) -> None:
        self.for_update = for_update


class DefaultClause(FetchedValue):
    """A DEFAULT in CREATE TABLE: a string is a text constant, anything else SQL.

    Attributes:
        arg: a string or an element.
    """

    def __init__(self, arg: str | ClauseElement, for_update: bool = False) -> None:
        super().__init__(for_update)
        self.arg = arg


def server_side(value: Any, for_update: bool) -> FetchedValue | None:
    """Return what was given as a server default as an object.

    Raises:
        ArgumentError [bad-server-default]: it is neither a string nor SQL.
    """
    if value is None or isinstance(value, FetchedValue):
        return value
    if isinstance(value, str | ClauseElement):
        return DefaultClause(value, for_update)
    raise exc.ArgumentError(
        f"a server default is a string or a SQL expression, got {describe(value)}.",
        do="pass a string constant, text('...'), or use default= for a Python value.",
        code="bad-server-default",
    )


def python_side(value: Any) -> ColumnDefault | None:
    """Return what was given as a Python-side default as an object."""
    return value if value is None or isinstance(value, ColumnDefault) else ColumnDefault(value)
