"""SQL text written by the user, with ``:name`` parameters.

Spec: LB-21, LB-34.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from unitwork import exc
from unitwork.sql.clause import ClauseElement
from unitwork.sql.columns import ColumnClause, NamedBind, bindparam
from unitwork.sql.compound import SelectBase
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

    @property
    def precedence(self) -> int:
        return 0

    def shape_into(self, out: ShapeBuilder) -> None:
        out.extend((TextClause, self.source))
        for piece in self.pieces:
            if not isinstance(piece, str):
                piece.shape_into(out)

    def children(self) -> tuple[ClauseElement, ...]:
        return tuple(piece for piece in self.pieces if not isinstance(piece, str))

    def with_children(self, children: Sequence[ClauseElement]) -> TextClause:
        new, given = self.clone(), iter(children)
        new.pieces = tuple(piece if isinstance(piece, str) else next(given) for piece in self.pieces)  # type: ignore[misc]
        return new

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

    def columns(self, *columns: ColumnClause, **types: TypeArgument) -> TextualSelect:
        """Return the text as a SELECT of columns: those given, by place, then those named, by name.

        It can be selected from (``subquery()``, ``cte()``), and its rows have these types.
        """
        named = [ColumnClause(name, to_type(type_)) for name, type_ in types.items()]
        return TextualSelect(self, (*columns, *named), by_name=bool(named))


class TextualSelect(SelectBase):
    """A SELECT written by the user, whose columns are known.

    Attributes:
        element: the text.
        columns_given: its columns.
        by_name: they are found in the rows by their names.
    """

    visit = "textual_select"

    def __init__(self, element: TextClause, columns: tuple[Any, ...], by_name: bool = False) -> None:
        self.element = element
        self.columns_given = columns
        self.by_name = by_name

    def result_elements(self) -> tuple[Any, ...]:
        return self.columns_given

    def bindparams(self, *binds: NamedBind, **values: Any) -> TextualSelect:
        """Return the SELECT with values for the parameters of its text."""
        new = self.clone()
        new.element = self.element.bindparams(*binds, **values)
        return new

    def shape_into(self, out: ShapeBuilder) -> None:
        out.extend((TextualSelect, len(self.columns_given), self.by_name))
        self.element.shape_into(out)
        for one in self.columns_given:
            out.append(one.name)
            one.shape_into(out)
        self.shape_tail(out)
        out.append("end")

    def children(self) -> tuple[ClauseElement, ...]:
        return (self.element,)

    def with_children(self, children: Sequence[ClauseElement]) -> TextualSelect:
        new = self.clone()
        new.element = children[0]  # type: ignore[assignment]
        return new


def text(source: str) -> TextClause:
    r"""Return SQL `source` as an element; ``:name`` marks a parameter, ``\:`` a colon."""
    return TextClause(source)
