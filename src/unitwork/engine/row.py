"""Rows: tuples whose values have names.

The class of a row is made once per list of names; its attributes are C accessors, so a row costs a tuple. A column
called like a method of tuple (``count``, ``index``) wins over the method.

Spec: SB-44, SB-50.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any, ClassVar

from unitwork import exc
from unitwork.base.generics import Cells, Unpack


class Row(tuple[Unpack[Cells]]):
    """One row of a result: a tuple with values reachable as attributes by name.

    Attributes:
        _fields: names, in order.
    """

    __slots__ = ()
    _fields: ClassVar[tuple[str, ...]] = ()
    _places: ClassVar[Mapping[Any, int]] = {}

    @property
    def _mapping(self) -> RowMapping:
        """The row as a mapping, by name and by column."""
        return RowMapping(self)

    @property
    def _t(self) -> tuple[Unpack[Cells]]:
        """The row as a plain tuple."""
        return self[:]

    def _asdict(self) -> dict[str, Any]:
        """Return the row as a dictionary by name."""
        cells: Sequence[Any] = self
        return dict(zip(self._fields, cells))

    def _tuple(self) -> tuple[Unpack[Cells]]:
        """Return the row as a plain tuple."""
        return self[:]

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("__") and self._fields.count(name) > 1:
            raise exc.InvalidRequestError(
                f"the row has several columns called {name!r}.",
                do="give them different names with label(), or use the position: row[0].",
                code="ambiguous-column",
            )
        raise AttributeError(f"the row has no column {name!r}; it has: {', '.join(self._fields)}")

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return _rebuild, (self._fields, self._tuple())


class RowMapping(Mapping[Any, Any]):
    """A row by name, or by the column that was selected."""

    __slots__ = ("_row",)

    def __init__(self, row: Row) -> None:
        self._row = row

    def __getitem__(self, key: Any) -> Any:
        places = self._row.__class__._places
        place = places.get(key)
        if place is None and hasattr(key, "__clause_element__"):
            place = places.get(key.__clause_element__())
        if place is None:
            raise exc.NoSuchColumnError(
                f"the row has no column {key!s}, or several.",
                do=f"it has: {', '.join(self._row._fields)}.",
                code="no-such-column",
            )
        return self._row[place]

    def __iter__(self) -> Iterator[str]:
        return iter(self._row._fields)

    def __len__(self) -> int:
        return len(self._row)

    def __contains__(self, key: object) -> bool:
        try:
            self[key]
        except exc.NoSuchColumnError:
            return False
        return True

    def __repr__(self) -> str:
        return repr(self._row._asdict())

    def __hash__(self) -> int:
        return hash(self._row)


def make_row_class(names: Sequence[str], elements: Sequence[Any] = ()) -> type[Row]:
    """Return a class of rows.

    Args:
        names: of the values, in order; a name may repeat, but then does not serve for access.
        elements: hashable things that `_mapping` also takes as keys, e.g. columns, in the same order.
    """
    fields = tuple(names)
    places: dict[Any, int] = {}
    for place, element in enumerate(elements):
        places.setdefault(element, place)
    namespace: dict[str, Any] = {"__slots__": (), "_fields": fields, "_places": places, "__module__": Row.__module__}
    for place, name in enumerate(fields):
        if fields.count(name) > 1:
            continue
        places[name] = place
        if not name.startswith("_") or not hasattr(Row, name):
            namespace[name] = property(itemgetter(place))
    return type("Row", (Row,), namespace)


row_class = lru_cache(maxsize=1000)(make_row_class)


def convert_rows(
    rows: list[tuple[Any, ...]], converters: Sequence[Callable[[Any], Any] | None]
) -> list[tuple[Any, ...]]:
    """Return rows of the driver with Python's values; the very same list if there is no converter."""
    # HOT: every cell of a result; bench: W18.
    if not rows or not any(converters):
        return rows
    if len(rows) == 1:
        return [tuple([value if convert is None else convert(value) for value, convert in zip(rows[0], converters)])]
    columns: list[Any] = list(zip(*rows))
    for place, convert in enumerate(converters):
        if convert is not None:
            columns[place] = map(convert, columns[place])
    return list(zip(*columns))


def _rebuild(fields: tuple[str, ...], values: tuple[Any, ...]) -> Row:
    return row_class(fields)(values)
