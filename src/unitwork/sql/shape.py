"""The shape of a statement: its structure with the values taken out, as a key for caches.

Two statements of equal key render to the same SQL and have the same result columns; they differ in the values of their
binds, which come in the same order. One walk finds both: every element appends its structure to a
:class:`ShapeBuilder` (``ClauseElement.shape_into``).

Tables and columns take part by identity; caches of shapes are bounded, because their statements keep tables alive.
Anonymous aliases are numbered by first occurrence, because they are made anew for each statement. No item of a key is
a column expression: comparing those would make SQL.

Spec: LB-35, SB-50.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from unitwork.sql.elements import BindParameter


class ShapeBuilder(list[Any]):
    """The list of key items under construction, with the binds met so far."""

    __slots__ = ("binds", "numbers")

    def __init__(self) -> None:
        self.binds: list[BindParameter] = []
        self.numbers: dict[int, int] | None = None

    def number(self, thing: object) -> int | None:
        """Return the number given to `thing` earlier in this walk; None (and a number from now on) if it is new."""
        numbers = self.numbers
        if numbers is None:
            numbers = self.numbers = {}
        found = numbers.get(id(thing))
        if found is None:
            numbers[id(thing)] = len(numbers)
        return found


class Shape(NamedTuple):
    """Structure of a statement.

    Attributes:
        key: hashable; equal for statements that render alike.
        binds: the parameters with the values of this statement, in walk order.
    """

    key: tuple[Any, ...]
    binds: list[BindParameter]


class Shaped(Protocol):
    """What has a shape: every ClauseElement."""

    def shape_into(self, out: ShapeBuilder) -> None:
        """Append structure and binds."""


# HOT: once per execution of a user's statement; bench: W17, W19.
def shape_of(statement: Shaped) -> Shape:
    """Return the shape of `statement`.

    The same bind object may be in a statement twice, and two objects may stand at the same places of another one: the
    pattern of repetition is part of the key.
    """
    out = ShapeBuilder()
    statement.shape_into(out)
    binds = out.binds
    if len(binds) > 1 and len(set(map(id, binds))) != len(binds):
        first: dict[int, int] = {}
        out.append(tuple(first.setdefault(id(bind), place) for place, bind in enumerate(binds)))
    return Shape(tuple(out), binds)
