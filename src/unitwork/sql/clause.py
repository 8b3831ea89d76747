"""The root of everything that can be part of a statement.

An element is immutable and cheap to make. What is worked out from it lives elsewhere: ``shape_into`` feeds the cache
key (``shape``), ``children`` and ``with_children`` serve walks and rewrites (``traversal``), and the renderers dispatch
on :attr:`ClauseElement.visit`. The renderers stand below the elements, because ``str(element)`` calls them.

Spec: LB-26, LB-41.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar

from unitwork import exc
from unitwork.sql import operators as ops
from unitwork.sql.render_stmt import render
from unitwork.sql.rendered import Rendered
from unitwork.sql.shape import ShapeBuilder
from unitwork.sql.style import NEUTRAL_STYLE, Style

_NOTHING: Mapping[str, Any] = MappingProxyType({})


class ClauseElement:
    """Part of a statement, or a whole one.

    Attributes:
        visit: kind of element; the renderer's method of that name makes its text.
        parts: names of the attributes that hold its child elements, in the order of the text.
    """

    __slots__ = ()
    visit: ClassVar[str]
    parts: ClassVar[tuple[str, ...]] = ()

    @property
    def precedence(self) -> int:
        """How tightly the rendered text binds, see ``operators``; a looser operand is put in parentheses."""
        return ops.ATOM

    def __clause_element__(self) -> ClauseElement:
        """Return itself: an element stands for itself."""
        return self

    def shape_into(self, out: ShapeBuilder) -> None:
        """Append the structure to `out`, without values, and the binds to ``out.binds``, in one walk.

        The items appended must delimit themselves: elements of different structure never append equal items.
        """
        raise NotImplementedError

    def children(self) -> tuple[ClauseElement, ...]:
        """Return the elements this one is made of, in the order of its text."""
        return tuple(child for part in self.parts if (child := getattr(self, part)) is not None)

    def with_children(self, children: Sequence[ClauseElement]) -> ClauseElement:
        """Return a copy made of `children`, which match what ``children()`` returned."""
        if not children:
            return self
        new = copy.copy(self)
        given = iter(children)
        for part in self.parts:
            if getattr(self, part) is not None:
                setattr(new, part, next(given))
        return new

    def from_objects(self) -> Iterable[ClauseElement]:
        """Return the FROM elements that a statement with this element needs; may repeat."""
        return [found for child in self.children() for found in child.from_objects()]

    def compile(self, dialect: Any = None, bind: Any = None, compile_kwargs: Mapping[str, Any] = _NOTHING) -> Rendered:
        """Return the SQL for `dialect`, or for that of the engine `bind`; with neither, neutral SQL (LB-41).

        Args:
            compile_kwargs: ``{"literal_binds": True}`` writes the values into the text, for reading;
                ``{"render_postcompile": True}`` writes out the lists of IN.
        Raises:
            ArgumentError [bad-literal]: a value has no form as SQL text.
        """
        given = bind if dialect is None else dialect
        source = getattr(given, "dialect", given)
        style: Style = NEUTRAL_STYLE if source is None else source.style
        found = render(self, style, bool(compile_kwargs.get("literal_binds")), getattr(source, "bind_converter", None))
        return found.written_out() if compile_kwargs.get("render_postcompile") else found

    def __str__(self) -> str:
        return str(self.compile())

    def __bool__(self) -> bool:
        raise TypeError(
            f"the truth value of a SQL {type(self).__name__} is not defined; "
            "use & | ~ or and_() or_() not_() to combine, and 'is None' to test for presence"
        )


class EntityElement(ClauseElement):
    """What a layer above puts into ``select()`` as a whole: a mapped class.

    Attributes:
        subject: opaque and hashable; takes part in the shape by identity.
        table: the FROM element its rows come from.
        columns: what it stands for when this layer renders it alone.
    """

    visit = "entity"

    def __init__(self, subject: Any, table: Any, columns: Iterable[ClauseElement]) -> None:
        self.subject = subject
        self.table = table
        self.columns = tuple(columns)
        # Part of the shape: the same class is selected with these columns or with others.
        self._names = tuple([getattr(column, "key", None) or getattr(column, "name", None) for column in self.columns])

    def attribute(self, name: str) -> Any:
        """Return the expression for attribute `name`, for ``filter_by``; here a column of the table by its key."""
        return self.table.c[name]

    def description(self) -> dict[str, Any]:
        """Return what it is, for ``column_descriptions``."""
        cls = getattr(self.subject, "class_", self.subject)
        alias = getattr(self, "alias", None)
        other = getattr(alias, "entity", None)
        name = getattr(alias, "name", None) or getattr(cls, "__name__", None)
        shown = cls if other is None else other
        return {"name": name, "type": cls, "aliased": other is not None, "expr": shown, "entity": shown}

    def shape_into(self, out: ShapeBuilder) -> None:
        out.append(EntityElement)
        out.append(self.subject)
        out.append(self._names)
        self.table.shape_into(out)

    def from_objects(self) -> Iterable[ClauseElement]:
        return (self.table,)


def describe(value: object) -> str:
    """Return words for a rejected argument, by its class alone: the value's own code is never run (ER-21)."""
    if isinstance(value, type):
        return f"the class {value.__qualname__}"
    return f"an object of type {type(value).__qualname__}"


def refuse_string(value: object, place: str) -> None:
    """Refuse a raw string where an element is expected (ER-02).

    Raises:
        ArgumentError [raw-sql-string]: `value` is a string.
    """
    if isinstance(value, str):
        raise exc.ArgumentError(
            f"{place} was given the string {value!r}.",
            do=f"use a column or a mapped attribute, or wrap SQL text explicitly: text({value!r}).",
            code="raw-sql-string",
        )
