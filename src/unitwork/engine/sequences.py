"""Numbers of a sequence for many rows at once.

Spec: FP-09, PT-34.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from unitwork.engine.connection import Connection

#: Numbers of one statement.
_CHUNK = 1000


def next_values(connection: Connection, sequence: Any, count: int) -> list[int] | None:
    """Return so many new values of a sequence, in the order of their use; None where there are no sequences.

    Emits one SELECT per 1,000 values.
    """
    style = connection.dialect.style
    if not style.sequences or sequence.optional:
        return None
    found: list[int] = []
    while len(found) < count:
        asked = min(_CHUNK, count - len(found))
        # Where parameters are formatted in, a percent sign of the name is doubled.
        sql = style.next_values(sequence, asked)
        sql = sql.replace("%", "%%") if style.placeholder == "%s" else sql
        found.extend(row[0] for row in connection.fetch(sql, ()))
    if sequence.counts_up:
        found.sort()
    return found
