"""Rendered statements by shape: what a repeated query costs is a key and a look-up.

A :class:`Prepared` is the SQL of all statements of one shape, where their values go, and how these and the rows are
converted. It belongs to one dialect. The cache has two generations: what is found in the old one moves to the young
one, and when that is full, the old one is dropped. No lock is needed; at worst a statement is rendered twice.

Spec: SB-50, LB-34, LB-35.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from unitwork import exc
from unitwork.dialects.base import VALUE_ERRORS, Dialect
from unitwork.dialects.failures import refused_value
from unitwork.dialects.values import Cell
from unitwork.engine.row import Row, convert_rows, make_row_class
from unitwork.sql.dml import CellBind
from unitwork.sql.elements import BindParameter
from unitwork.sql.render_stmt import render
from unitwork.sql.rendered import Rendered
from unitwork.sql.schema import Column
from unitwork.sql.shape import Shape, shape_of
from unitwork.sql.types import TupleType, TypeEngine

Rows = list[tuple[Any, ...]]

#: Binds whose value is at hand.
_VALUES = (BindParameter, CellBind)


class Prepared:
    """All statements of one shape, ready to run.

    Attributes:
        rendered: the SQL.
        order: for each placeholder the place of its bind in the shape's binds.
        converters: for each placeholder the conversion of its value, or None; of a whole list where it expands.
        names: of the values of a row; () where only the driver knows them.
        result_converters: for each value of a row its conversion, or None; () if nothing is to be converted.
        memo: what a layer above keeps with all statements of this shape; None until it does.
    """

    # _constants: values of what `expand` added to the statements, the same for all of this shape.
    __slots__ = (
        "_constants", "_dialect", "_kind", "_plain", "converters", "memo", "names", "order", "rendered",
        "result_converters",
    )  # fmt: skip

    def __init__(self, rendered: Rendered, binds: Sequence[BindParameter], dialect: Dialect) -> None:
        places = {id(bind): place for place, bind in reversed(list(enumerate(binds)))}
        constants: list[BindParameter] = []
        for bind in rendered.binds:
            if id(bind) not in places:
                places[id(bind)] = len(binds) + len(constants)
                constants.append(bind)
        self._constants = constants
        self.rendered = rendered
        self.order = tuple([places[id(bind)] for bind in rendered.binds])
        self.converters = tuple(
            [
                _list_converter(bind.type, dialect)
                if place in rendered.expansions
                else dialect.bind_converter(bind.type, bind.stored)
                for place, bind in enumerate(rendered.binds)
            ]
        )
        self._plain = not rendered.expanding and all(bind.__class__ in _VALUES for bind in rendered.binds)
        self.names = tuple([column.name for column in rendered.columns])
        converters = tuple(
            [dialect.result_converter(column.type, stored=_is_stored(column.element)) for column in rendered.columns]
        )
        self.result_converters: tuple[Cell | None, ...] = converters if any(converters) else ()
        self._dialect = dialect
        self._kind: type[Row] | None = None
        self.memo: Any = None

    @property
    def row_class(self) -> type[Row]:
        """Class of the statement's rows; its `_mapping` knows the selected elements, too."""
        kind = self._kind
        if kind is None:
            kind = self._kind = make_row_class(self.names, [column.element for column in self.rendered.columns])
        return kind

    def parameters(
        self, binds: Sequence[BindParameter], named: Mapping[str, Any] | None = None
    ) -> tuple[str, Sequence[Any]]:
        """Return (SQL text, parameters for the driver) of one statement of this shape.

        Args:
            binds: those of its shape.
            named: values that replace those of binds, by their key.
        Raises:
            StatementError [bad-value]: a value cannot be sent; names the parameter.
            InvalidRequestError [bind-without-value]: a required value is missing.
            InvalidRequestError [too-many-parameters]: lists are longer than the database takes.
        """
        # HOT: every execution of a user's statement; bench: W17, W19.
        if self._constants:
            binds = [*binds, *self._constants]
        try:
            if self._plain:
                return self.rendered.text, [
                    binds[place].value if convert is None else convert(binds[place].value)
                    for place, convert in zip(self.order, self.converters)
                ]
            values = [
                value if convert is None else convert(value)
                for value, convert in zip(self._values(binds, named or {}), self.converters)
            ]
        except VALUE_ERRORS as err:
            raise self._refused(binds, named or {}, err) from err
        if self.rendered.expanding:
            return self._expanded(values)
        return self.rendered.text, values

    def _expanded(self, values: Sequence[Any]) -> tuple[str, Sequence[Any]]:
        sql, flat = self.rendered.expand(values)
        limit = self._dialect.features.max_parameters
        if limit is None or len(flat) <= limit:
            return sql, flat
        sql, flat = self.rendered.expand(values, padded=False)
        if len(flat) > limit:
            raise exc.InvalidRequestError(
                f"the statement has {len(flat)} parameters, and the database takes {limit}.",
                do="execute it with parts of the list, or put the values into a table and join it.",
                code="too-many-parameters",
            )
        return sql, flat

    def _values(self, binds: Sequence[BindParameter], named: Mapping[str, Any]) -> list[Any]:
        chosen = [binds[place] for place in self.order]
        return [
            named[bind.key] if bind.key is not None and bind.key in named else bind.current_value() for bind in chosen
        ]

    def _refused(self, binds: Sequence[BindParameter], named: Mapping[str, Any], err: Exception) -> Exception:
        names = [f"{name!r} ({bind.type!r})" for name, bind in zip(self.rendered.names, self.rendered.binds)]
        for value, convert, name in zip(self._values(binds, named), self.converters, names):
            try:
                if convert is not None:
                    convert(value)
            except VALUE_ERRORS as found:
                where = f"the parameter {name}, of class {type(value).__qualname__}"
                return refused_value(found, where, self.rendered.text)
        return refused_value(err, "a parameter", self.rendered.text)

    def convert(self, rows: Rows) -> Rows:
        """Return rows of the driver with Python's values."""
        return convert_rows(rows, self.result_converters)


def _is_stored(element: Any) -> bool:
    """Return whether a column of a result shows a column of a table, under whatever name."""
    while getattr(element, "element", None) is not None:
        element = element.element
    return isinstance(element, Column)


def _list_converter(type_: TypeEngine, dialect: Dialect) -> Cell | None:
    """Return the conversion of a list of values, or of row values, of an IN."""
    if isinstance(type_, TupleType):
        cells = [dialect.bind_converter(one, stored=False) for one in type_.types]
        if not any(cells):
            return None
        return lambda items: [
            tuple([value if cell is None else cell(value) for value, cell in zip(item, cells)]) for item in items
        ]
    convert = dialect.bind_column(type_)
    return None if convert is None else lambda items: convert(list(items))


class StatementCache:
    """Prepared statements of one dialect by shape, bounded.

    Args:
        size: statements of a generation; 0 keeps none.
    """

    def __init__(self, dialect: Dialect, size: int = 500) -> None:
        self._dialect = dialect
        self._size = size
        self._young: dict[Any, Prepared] = {}
        self._old: dict[Any, Prepared] = {}

    def prepare(
        self, statement: Any, shape: Shape | None = None, expand: Callable[[Any], tuple[Any, Any]] | None = None
    ) -> tuple[Prepared, Sequence[BindParameter]]:
        """Return (what all statements of this shape share, the binds of this one).

        Args:
            expand: asked once per shape for (the statement to send instead, what to keep as `memo`); the other
                statement has the same binds.
        """
        # HOT: every execution of a user's statement; bench: W17, W19.
        if shape is None:
            shape = shape_of(statement)
        key, binds = shape
        if expand is not None:
            key = (expand, *key)
        found = self._young.get(key)
        if found is None:
            found = self._old.pop(key, None) or self._rendered(statement, binds, expand)
            if len(self._young) >= self._size:
                self._old, self._young = self._young, {}
            self._young[key] = found
        return found, binds

    def _rendered(self, statement: Any, binds: Sequence[BindParameter], expand: Any) -> Prepared:
        memo = None
        if expand is not None:
            statement, memo = expand(statement)
        prepared = Prepared(render(statement, self._dialect.style), binds, self._dialect)
        prepared.memo = memo
        return prepared

    def clear(self) -> None:
        """Forget everything."""
        self._young, self._old = {}, {}

    def __len__(self) -> int:
        return len(self._young) + len(self._old)
