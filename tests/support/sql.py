"""Compare SQL texts whole, without caring for white space outside quotes."""

from __future__ import annotations

import re
from typing import Any

_PIECE = re.compile(r"""('(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`)|(\()\s+|\s+(\))|\s+""")


def normal_sql(statement: Any) -> str:
    """The text of a statement with each run of white space outside quotes as one blank, none at the ends."""
    text = statement if isinstance(statement, str) else str(statement)
    return _PIECE.sub(lambda found: next(filter(None, found.groups()), " "), text).strip().rstrip("; ")


def assert_sql(statement: Any, expected: str) -> None:
    """Fail unless `statement` (a text, or anything whose ``str`` is SQL) is `expected`."""
    got, wanted = normal_sql(statement), normal_sql(expected)
    assert got == wanted, f"\n     got: {got}\nexpected: {wanted}"


def assert_statements(texts: list[str], *expected: str) -> None:
    """Fail unless the statements are `expected`, all of them and in order."""
    assert [normal_sql(text) for text in texts] == [normal_sql(text) for text in expected]
