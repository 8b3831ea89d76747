"""Names that the database is told, made by the naming convention of a MetaData.

Spec: LB-17.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from unitwork import exc
from unitwork.sql.names import conv

_SEVERAL = re.compile(r"(referred_)?column_0(_?)N_(name|key|label)\Z")
_ONE = re.compile(r"(referred_)?column_(\d+)_(name|key|label)\Z")


def constraint_name(constraint: Any) -> str | None:
    """Return the name in the database of a constraint or index that has a table, or None.

    A name made by a convention is a :class:`conv`; one with ``%(constraint_name)s`` goes around a name that was given,
    unless that is a ``conv``.

    Raises:
        ArgumentError [bad-naming-convention]: the convention uses a token that does not exist.
    """
    given: str | None = constraint.given_name
    conventions = constraint.table.metadata.naming_convention
    pattern = next((conventions[kind] for kind in (type(constraint), constraint.kind) if kind in conventions), None)
    if pattern is None or isinstance(given, conv):
        return given
    if "%(constraint_name)s" in pattern:
        return None if given is None else _made(pattern, constraint, conventions)
    return given if given is not None else _made(pattern, constraint, conventions)


def _made(pattern: str, constraint: Any, conventions: Mapping[Any, Any]) -> conv | None:
    tokens = _Tokens(constraint, conventions)
    try:
        return conv(pattern % tokens)
    except KeyError as err:
        if not tokens.columns("") and str(err.args[0]).startswith("column_"):
            return None
        raise exc.ArgumentError(
            f"the naming convention {pattern!r} uses the unknown token {err.args[0]!r}.",
            do="use table_name, column_0_name, column_0_label, column_0_key, column_0_N_name, referred_table_name, "
            "referred_column_0_name, constraint_name, or a function of your own in the convention.",
            code="bad-naming-convention",
        ) from None


class _Tokens(Mapping[str, Any]):
    """The tokens of one constraint; each is made when it is asked for."""

    def __init__(self, constraint: Any, conventions: Mapping[Any, Any]) -> None:
        self.constraint = constraint
        self.conventions = conventions

    def columns(self, side: str) -> list[tuple[str, str, str]]:
        """Return (name, key, label) of the columns, or of those referred to."""
        if side:
            found = []
            for element in self.constraint.elements:
                *_, table, column = element.target_fullname.split(".")
                found.append((column, column, f"{table}_{column}"))
            return found
        table = self.constraint.table.name
        return [(one.name, one.key, f"{table}_{one.name}") for one in getattr(self.constraint, "columns", ())]

    def __getitem__(self, token: str) -> Any:
        constraint = self.constraint
        if token in self.conventions and callable(self.conventions[token]):
            return self.conventions[token](constraint, constraint.table)
        if token == "table_name":
            return constraint.table.name
        if token == "constraint_name":
            return constraint.given_name
        if hasattr(constraint, "elements") and token == "referred_table_name":
            return constraint.elements[0].target_fullname.split(".")[-2]
        one, several = _ONE.match(token), _SEVERAL.match(token)
        if (one or several) and (token.startswith("column") or hasattr(constraint, "elements")):
            kind = ("name", "key", "label").index(token.rpartition("_")[2])
            if several:
                return several[2].join([column[kind] for column in self.columns(several[1] or "")])
            place = int(one[2]) if one else 0
            columns = self.columns(one[1] or "" if one else "")
            if place < len(columns):
                return columns[place][kind]
        raise KeyError(token)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0
