"""SQL text written by the user, with ``:name`` parameters.

Spec: LB-21, LB-34.
"""

from __future__ import annotations

import re
from typing import Any

from unitwork import exc
from unitwork.sql.columns import ColumnClause, NamedBind, bindparam
from unitwork.sql.shape import ShapeBuilder
from unitwork.sql.statement import Statement
from unitwork.sql.types import TypeArgument, to_type

# A colon that is not part of "::", of a word such as 12:30, or escaped as "\:".
_PARAMETER = re.compile(r"(?<![:\w\\]):([A-Za-z_]\w*)(?!:)")


class TextClause(Statement):
    r"""SQL taken as it is; ``:name`` is a parameter, ``\:`` a colon.

    Attributes:
        source: the text as given.
        pieces: text and parameters in turn.
        columns_given: what :meth:`columns` was told of the rows.
    """

    visit = "text"
    kind = "text"
    key = None
    name = None

    def __init__(self, source: str) -> None:
        if not isinstance(source, str):
            raise exc.ArgumentError(
                f"text() needs a string, got an object of type {type(source).__qualname__}.",
                do="pass SQL text, and values as :name parameters.",
                code="text-needs-string",
            )
        self.source = source
        parts = _PARAMETER.split(source)
        self.pieces: tuple[str | NamedBind, ...] = tuple(
            bindparam(part) if place % 2 else part.replace("\\:", ":") for place, part in enumerate(parts)
        )
        self.columns_given: tuple[ColumnClause, ...] = ()

    @property
    def precedence(self) -> int:
        return 0

    def shape_into(self, out: ShapeBuilder) -> None:
        out.extend((TextClause, self.source, len(self.columns_given)))
        for piece in self.pieces:
            if not isinstance(piece, str):
                piece.shape_into(out)
        for one in self.columns_given:
            one.shape_into(out)

    def result_elements(self) -> tuple[ColumnClause, ...]:
        """Return what is known of the rows."""
        return self.columns_given

    def bindparams(self, *binds: NamedBind, **values: Any) -> TextClause:
        """Return the text with values, or with ``bindparam()`` objects (types, lists), for its parameters.

        Raises:
            ArgumentError [no-such-parameter]: the text has no parameter of that name.
        """
        given = {bind.key: bind for bind in binds}
        mine = {piece.key for piece in self.pieces if not isinstance(piece, str)}
        for name in (*given, *values):
            if name not in mine:
                raise exc.ArgumentError(
                    f"the text has no parameter :{name}.",
                    do=f"its parameters are: {', '.join(sorted(mine)) or '(none)'}.",
                    code="no-such-parameter",
                    name=name,
                )
        new = self.clone()
        pieces: list[str | NamedBind] = []
        for piece in self.pieces:
            if not isinstance(piece, str):
                piece = given.get(piece.key, piece)
                if piece.key in values:
                    piece = piece.with_value(values[piece.key])
            pieces.append(piece)
        new.pieces = tuple(pieces)
        return new

    def columns(self, *columns: ColumnClause, **types: TypeArgument) -> TextClause:
        """Return the text with columns of its rows, by place: names and types for the result."""
        new = self.clone()
        new.columns_given = (*columns, *(ColumnClause(name, to_type(type_)) for name, type_ in types.items()))
        return new


def text(source: str) -> TextClause:
    r"""Return SQL `source` as an element; ``:name`` marks a parameter, ``\:`` a colon."""
    return TextClause(source)
