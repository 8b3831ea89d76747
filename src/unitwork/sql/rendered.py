"""What rendering gives: :class:`Rendered`, SQL text with places for its parameters, and the columns of its rows.

Spec: LB-34, LB-35, LB-41.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from unitwork.sql.operators import CAST
from unitwork.sql.render_expr import MARK, Expansion, ExpressionRenderer
from unitwork.sql.types import NULLTYPE, TypeEngine

if TYPE_CHECKING:
    from unitwork.sql.clause import ClauseElement
    from unitwork.sql.elements import BindParameter


class ResultColumn(NamedTuple):
    """One column of the rows a statement returns.

    Attributes:
        name: its key in a Row.
        type: what converts its values.
        element: the element of the statement it comes from.
    """

    name: str
    type: TypeEngine
    element: ClauseElement


class Rendered:
    """SQL text of a statement and where its parameters go.

    Attributes:
        text: SQL with the driver's placeholders; an expanding list has one, see :meth:`expand`. With ``%s`` literal
            ``%`` are doubled: give the driver a parameter sequence always, an empty one too.
        binds: the parameters in placeholder order, objects of the statement that was rendered.
        columns: what a row holds; () where only the driver knows (``text()``) and where there are no rows.
        kind: ``select``, ``insert``, ``update``, ``delete``, ``ddl`` or ``text``.
        returns_rows: the statement gives rows; for ``text`` only the driver knows.
        expanding: some bind is a list: call :meth:`expand` for text and parameters.
        expansions: place in `binds` to how that list expands.
        names: name of each parameter in neutral SQL.
    """

    __slots__ = ("binds", "columns", "expansions", "kind", "names", "pieces", "placeholder", "returns_rows", "text")

    def __init__(self, text: str, renderer: ExpressionRenderer, kind: str, columns: tuple[ResultColumn, ...]) -> None:
        style = renderer.style
        pieces, order = _split(text, style.placeholder == "%s" and not renderer.literal)
        self.kind = kind
        self.columns = columns
        self.returns_rows = kind == "select" or bool(columns)
        self.binds: tuple[BindParameter, ...] = tuple(renderer.binds[place] for place in order)
        self.names = _names(renderer, order)
        self.placeholder = style.placeholder
        self.pieces = pieces
        self.expansions: dict[int, Expansion] = {
            index: renderer.expansions[place] for index, place in enumerate(order) if place in renderer.expansions
        }
        marks = [style.placeholder or f":{name}" for name in self.names]
        self.text = "".join([part for pair in zip(pieces, [*marks, ""], strict=True) for part in pair])

    @property
    def expanding(self) -> bool:
        """Some bind is a list."""
        return bool(self.expansions)

    @property
    def is_select(self) -> bool:
        """The statement is a SELECT or a compound of some."""
        return self.kind == "select"

    @property
    def is_insert(self) -> bool:
        """The statement is an INSERT."""
        return self.kind == "insert"

    @property
    def is_update(self) -> bool:
        """The statement is an UPDATE."""
        return self.kind == "update"

    @property
    def is_delete(self) -> bool:
        """The statement is a DELETE."""
        return self.kind == "delete"

    @property
    def is_ddl(self) -> bool:
        """The statement changes the schema."""
        return self.kind == "ddl"

    @property
    def params(self) -> dict[str, Any]:
        """Values of the rendered statement by neutral name."""
        return {name: bind.value for name, bind in zip(self.names, self.binds, strict=True)}

    @property
    def string(self) -> str:
        """The SQL text."""
        return self.text

    def written_out(self) -> Rendered:
        """Return the same, for reading, with each list of IN as single parameters: ``IN (:id_1_1, :id_1_2)``."""
        new = object.__new__(Rendered)
        for name in self.__slots__:
            setattr(new, name, getattr(self, name))
        parts: list[str] = []
        names: list[str] = []
        binds: list[BindParameter] = []
        for index, (name, bind) in enumerate(zip(self.names, self.binds)):
            parts.append(self.pieces[index])
            expansion = self.expansions.get(index)
            values = [bind.current_value()] if expansion is None else list(bind.current_value())
            marks = []
            for place, value in enumerate(values, 1):
                cells = list(value) if expansion is not None and expansion.width > 1 else [value]
                own = [name if expansion is None else f"{name}_{place}" for _ in cells]
                own = own if len(own) == 1 else [f"{one}_{number}" for number, one in enumerate(own, 1)]
                shown = ", ".join([self.placeholder or f":{one}" for one in own])
                marks.append(f"({shown})" if len(own) > 1 else shown)
                names += own
                binds += [_holding(bind, cell) for cell in cells]
            if expansion is not None:
                parts.append(expansion.prefix + ", ".join(marks) if marks else expansion.empty)
            else:
                parts += marks
        new.text = "".join([*parts, self.pieces[-1]])
        new.names, new.binds = tuple(names), tuple(binds)
        return new

    def expand(self, values: Sequence[Any], padded: bool = True) -> tuple[str, list[Any]]:
        """Return text and flat parameters with every list expanded (LB-35).

        Args:
            values: one per placeholder of `text`, converted; a list (of tuples for a row value) where it expands.
        Returns:
            (text, parameters). A list is padded by repeating its last item to a length of 1, 2, 4, 8 … 1024 or a
            multiple of that, so that few texts exist; an empty one makes IN false and NOT IN true.
        """
        parts: list[str] = []
        flat: list[Any] = []
        single = self.placeholder
        for index, value in enumerate(values):
            parts.append(self.pieces[index])
            expansion = self.expansions.get(index)
            if expansion is None:
                parts.append(single or f":{self.names[index]}")
                flat.append(value)
                continue
            items = list(value)
            if not items:
                parts.append(expansion.empty)
                continue
            if padded:
                items.extend([items[-1]] * (_padded(len(items)) - len(items)))
            mark = single or "?"
            if expansion.width > 1:
                mark = f"({', '.join([mark] * expansion.width)})"
                flat.extend([cell for item in items for cell in item])
            else:
                flat.extend(items)
            parts.append(expansion.prefix + ", ".join([mark] * len(items)))
        parts.append(self.pieces[-1])
        return "".join(parts), flat

    def __str__(self) -> str:
        return self.text


def _holding(bind: BindParameter, value: Any) -> BindParameter:
    new = copy.copy(bind)
    new.value = value
    return new


def _padded(count: int) -> int:
    if count > 1024:
        return -(-count // 1024) * 1024
    return 1 << (count - 1).bit_length()


def _split(text: str, double_percent: bool) -> tuple[tuple[str, ...], list[int]]:
    parts = text.split(MARK)
    pieces = parts[::2]
    if double_percent:
        pieces = [piece.replace("%", "%%") for piece in pieces]
    return tuple(pieces), [int(place) for place in parts[1::2]]


def _names(renderer: ExpressionRenderer, order: list[int]) -> tuple[str, ...]:
    names: list[str] = []
    counts: dict[str, int] = {}
    for place in order:
        hint = renderer.hints[place]
        if hint.endswith("_") and renderer.binds[place].key is None:
            counts[hint] = counts.get(hint, 0) + 1
            hint = f"{hint}{counts[hint]}"
        names.append(hint)
    return tuple(names)


def result_columns(statement: Any) -> tuple[ResultColumn, ...]:
    """Return what the rows of a statement hold; () if it gives none, or if only the database knows."""
    elements = statement.result_elements() if hasattr(statement, "result_elements") else ()
    if any(element.visit == "text" for element in elements):
        return ()
    named = []
    for (name, _), element in zip(result_names(elements), elements, strict=True):
        key = element.key if element.visit == "column" and element.name == name else name
        named.append(ResultColumn(key, getattr(element, "type", NULLTYPE), element))
    return tuple(named)


def result_names(elements: Iterable[Any]) -> list[tuple[str, bool]]:
    """Return (name, needs AS) for each element of a columns clause.

    A name that is taken gets a number: ``id``, ``id_1``; a function is called ``count_1``, a CAST like what is cast,
    any other ``anon_1``.
    """
    found: list[tuple[str, bool]] = []
    taken: set[str] = set()
    for element in elements:
        if element.visit == "text":
            found.append(("", False))
            continue
        own, plain = _own_name(element)
        name = own if plain else f"{own}_1"
        number = 1
        while name in taken:
            number += 0 if name == own else 1
            name = f"{own}_{number}"
        taken.add(name)
        found.append((name, element.visit != "column" or name != own))
    return found


def _own_name(element: Any) -> tuple[str, bool]:
    # (name, it is taken as it is)
    if element.visit == "operation" and element.operator is CAST:
        inner = getattr(element.operands[0], "name", None)
        return inner or "anon", inner is not None
    if element.visit == "label" and element.name is None:
        return getattr(element.element, "name", None) or "anon", False
    return element.name or "anon", element.visit in ("column", "label", "field_of", "table_valued_column")
