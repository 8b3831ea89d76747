"""Where a column's value comes from when none is given: Python, a SQL expression sent along, or the database.

Spec: LB-17, LB-18, PT-19, PT-27.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from unitwork import exc
from unitwork.sql.clause import ClauseElement, describe


class DefaultContext:
    """What a default function with one argument is called with.

    Attributes:
        connection: the Connection the row goes to, if one is in use; None while a statement is only rendered.
    """

    __slots__ = ("_parameters", "connection")

    def __init__(self, parameters: Callable[[], dict[str, Any]], connection: Any = None) -> None:
        self._parameters = parameters
        self.connection = connection

    def get_current_parameters(self, isolate_multiinsert_groups: bool = True) -> dict[str, Any]:
        """Return the values of the row by key of the column, as far as they are known: SQL expressions are not."""
        return self._parameters()


class ColumnDefault:
    """What a column gets when no value is given, made in Python or by a SQL expression sent along.

    Attributes:
        arg: the value, the SQL element, or a function called with a DefaultContext.
        wants_context: the function reads its context.
    """

    is_server_default = False
    is_sequence = False

    def __init__(self, arg: Any) -> None:
        if not isinstance(arg, ClauseElement | type) and hasattr(arg, "__clause_element__"):
            arg = arg.__clause_element__()
        self.is_clause_element = isinstance(arg, ClauseElement)
        self.is_callable = callable(arg) and not self.is_clause_element
        self.is_scalar = not (self.is_callable or self.is_clause_element)
        self.wants_context = self.is_callable and _takes_argument(arg)
        self.arg = arg if not self.is_callable else _called(arg, self.wants_context)

    def __repr__(self) -> str:
        return f"ColumnDefault({'<function>' if self.is_callable else self.arg!r})"


def _takes_argument(function: Callable[..., Any]) -> bool:
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        # Builtins and classes without a signature, such as dict or uuid types, take no context.
        return False
    takes = [one for one in parameters if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)]
    return any(one.default is one.empty for one in takes)


def _called(function: Callable[..., Any], wants_context: bool) -> Callable[..., Any]:
    return (lambda context=None: function(context)) if wants_context else lambda context=None: function()


class FetchedValue:
    """Marks a column that the database fills, in a way the schema does not say (a trigger)."""

    is_server_default = True
    is_sequence = False
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
    if isinstance(value, str):
        return DefaultClause(str.__str__(value), for_update)
    if hasattr(value, "__clause_element__"):
        return DefaultClause(value.__clause_element__(), for_update)
    raise exc.ArgumentError(
        f"a server default is a string or a SQL expression, got {describe(value)}.",
        do="pass a string constant, text('...'), or use default= for a Python value.",
        code="bad-server-default",
    )


def python_side(value: Any) -> Any:
    """Return what was given as a Python-side default as an object."""
    known = value is None or isinstance(value, ColumnDefault) or getattr(value, "is_sequence", False) is True
    return value if known else ColumnDefault(value)
