"""``Bundle``: several columns of a row under one name.

Spec: LB-38.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import itemgetter
from typing import Any

from unitwork import exc
from unitwork.engine.row import row_class
from unitwork.sql.clause import ClauseElement, EntityElement
from unitwork.sql.selectable import FromClause, as_column
from unitwork.sql.shape import ShapeBuilder

#: Finds what a bundle holds in the values of its columns.
Processor = Callable[[Sequence[Any]], Any]


class Bundle:
    """Columns that stand in a row as one named value, itself a row with their names.

    Args:
        name: under which the value stands in a row.
        exprs: columns, expressions, or further bundles.
        single_entity: a Query of this bundle alone gives the values themselves, not rows of one value.
    Attributes:
        c: its columns by name, for conditions: ``select(bundle).where(bundle.c.name == "a")``; also `columns`.
    Raises:
        ArgumentError [bundle-content]: there are none, or a whole class or table is among them.
    Spec: LB-38.
    """

    single_entity = False

    def __init__(self, name: str, *exprs: Any, single_entity: bool = False) -> None:
        self.name = name
        self.exprs = exprs
        self.single_entity = single_entity or self.single_entity
        self.c = self.columns = BundleColumns({_name_of(one, place): one for place, one in enumerate(exprs)})
        elements = tuple(as_column(one, "Bundle()") for one in exprs)
        whole = [
            one for one in elements
            if isinstance(one, FromClause) or (isinstance(one, EntityElement) and not isinstance(one, BundleElement))
        ]  # fmt: skip
        if whole or not elements:
            raise exc.ArgumentError(
                f"Bundle({name!r}) was given {'a whole class or table' if whole else 'no columns'}.",
                do="give it columns; select a class beside it: select(User, Bundle('address', Address.email)).",
                code="bundle-content",
            )
        self._element = BundleElement(self, elements)

    def __clause_element__(self) -> BundleElement:
        return self._element

    def label(self, name: str) -> Bundle:
        """Return the same under another name."""
        new = copy.copy(self)
        new.name = name
        new._element = BundleElement(new, self._element.exprs)
        return new

    def create_row_processor(self, query: Any, procs: Sequence[Processor], labels: Sequence[str]) -> Processor:
        """Return what makes the value of this bundle; for subclasses, which may make anything else of it.

        Args:
            query: the statement that is run.
            procs: one function per part; each takes what the function returned here is called with.
            labels: the names of the parts.
        """
        make = row_class(tuple(labels))
        return lambda row: make([proc(row) for proc in procs])


class BundleColumns:
    """The parts of a bundle by name: ``bundle.c.email`` or ``bundle.c["email"]``."""

    def __init__(self, parts: dict[str, Any]) -> None:
        self._parts = parts

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name not in self._parts:
            raise AttributeError(f"the bundle has no column {name!r}; it has: {', '.join(self._parts)}")
        return self._parts[name]

    def __getitem__(self, name: str) -> Any:
        return self._parts[name]

    def __contains__(self, name: object) -> bool:
        return name in self._parts

    def __iter__(self) -> Iterator[Any]:
        return iter(self._parts.values())

    def __len__(self) -> int:
        return len(self._parts)

    def keys(self) -> list[str]:
        """Return the names, in order."""
        return list(self._parts)


class BundleElement(EntityElement):
    """A bundle in a SELECT.

    Attributes:
        exprs: its parts; `columns` are those of bundles within, too.
    """

    def __init__(self, bundle: Bundle, exprs: Sequence[ClauseElement]) -> None:
        self.exprs = tuple(exprs)
        flat: list[ClauseElement] = []
        for one in exprs:
            flat += one.columns if isinstance(one, BundleElement) else [one]
        super().__init__(bundle, None, flat)

    def attribute(self, name: str) -> Any:
        """Return a part by name, for ``filter_by``."""
        return self.subject.c[name]

    def description(self) -> dict[str, Any]:
        bundle = self.subject
        return {"name": bundle.name, "type": type(bundle), "aliased": False, "expr": bundle, "entity": None}

    def shape_into(self, out: ShapeBuilder) -> None:
        out.append(BundleElement)
        out.append((self.subject.__class__, self.subject.name, len(self.exprs), tuple(self.subject.c.keys())))
        for one in self.exprs:
            one.shape_into(out)

    def children(self) -> tuple[ClauseElement, ...]:
        return self.exprs

    def with_children(self, children: Sequence[ClauseElement]) -> BundleElement:
        return BundleElement(self.subject, children)

    def from_objects(self) -> Iterable[ClauseElement]:
        return [found for one in self.exprs for found in one.from_objects()]

    def over(self, columns: Iterator[ClauseElement]) -> BundleElement:
        """Return the same bundle of other columns, taken one by one."""
        parts = [one.over(columns) if isinstance(one, BundleElement) else next(columns) for one in self.exprs]
        return BundleElement(self.subject, parts)

    def maker(self, statement: Any) -> Callable[[Sequence[Any]], Any]:
        """Return the function that makes its value of those of its parts."""
        procs = [itemgetter(place) for place in range(len(self.exprs))]
        make: Callable[[Sequence[Any]], Any] = self.subject.create_row_processor(
            statement, procs, self.subject.c.keys()
        )
        return make


def _name_of(expr: Any, place: int) -> str:
    if isinstance(expr, Bundle):
        return expr.name
    name = getattr(expr, "key", None) or getattr(expr, "name", None)
    return name if isinstance(name, str) else f"column_{place}"
