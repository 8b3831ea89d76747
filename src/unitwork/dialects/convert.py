"""Which conversion a type has on a dialect: the part of a Dialect that deals with values.

A method ``bind_<visit>`` makes the :class:`Binding` of a type, ``result_<visit>`` the conversion of what comes back;
both are asked once per type and kept. A value that is *stored* must come back equal; one that is only compared with a
column (``WHERE name = ?``) may be longer or finer than what the column keeps.

Spec: LB-19, LB-34, PT-22, PT-26.
"""

from __future__ import annotations

import json
from typing import Any

from unitwork.base.markers import SQL_NULL, Marker
from unitwork.dialects import rich, values
from unitwork.dialects.values import Binding, Cell, by_class, each, nullable, to_float, to_int
from unitwork.sql import types as t
from unitwork.sql.style import Style
from unitwork.sql.type_base import NULLTYPE, TypeEngine, to_type
from unitwork.sql.type_custom import TypeDecorator, UserDefinedType
from unitwork.sql.type_enum import Enum
from unitwork.sql.type_json import JSON

#: Conversions to keep: a program that makes types without end does not fill the memory.
_LIMIT = 2000


class Conversions:
    """The conversions of one dialect.

    Attributes:
        style: how SQL is spelled; knows under which names the dialect has variants.
        json_serializer, json_deserializer: functions of the user from a document to text and back, or None.
    """

    style: Style
    json_serializer: rich.Serializer | None = None
    json_deserializer: Any = None

    def __init__(self) -> None:
        self._stored: dict[Any, Binding | None] = {}
        self._compared: dict[Any, Binding | None] = {}
        self._results: dict[Any, Cell | None] = {}

    def type_descriptor(self, type_: Any) -> TypeEngine:
        """Return a type as an instance; for ``TypeDecorator.load_dialect_impl``."""
        return to_type(type_)

    def concrete(self, type_: TypeEngine) -> TypeEngine:
        """Return the type that stands for another one here."""
        return self.style.concrete(type_)

    # To the driver

    def binding(self, type_: TypeEngine, stored: bool = True) -> Binding | None:
        """Return how values of a type go to the driver; None if as they are.

        Args:
            stored: they are stored, not compared.
        """
        key = type_.cache_key
        known = self._stored if stored else self._compared
        try:
            return known[key]
        except KeyError:
            if len(known) >= _LIMIT:
                known.clear()
            found = known[key] = self._make_binding(type_, stored)
            return found

    def _make_binding(self, type_: TypeEngine, stored: bool) -> Binding | None:
        here = type_.for_dialect(self.style.variant_names)
        make = getattr(self, f"bind_{here.visit}", None)
        found: Binding | None = None if make is None else make(here, stored)
        return _with_null(found) if type_.should_evaluate_none else found

    def bind_converter(self, type_: TypeEngine, stored: bool = True) -> Cell | None:
        """Return the conversion of one value for the driver; None if it passes as it is."""
        binding = self.binding(type_, stored)
        return None if binding is None else binding.cell

    def bind_column(self, type_: TypeEngine) -> Any:
        """Return the conversion of a sequence of compared values for the driver; None if they pass as they are."""
        binding = self.binding(type_, stored=False)
        return None if binding is None else binding.column

    def bind_decorated(self, type_: TypeDecorator, stored: bool) -> Binding:
        """The user's conversion, then that of the type below."""
        inner = self.binding(type_.type_engine(self), stored)
        process = type_.process_bind_param
        if type(type_).process_bind_param is TypeDecorator.process_bind_param:
            return inner or _AS_IS

        def cell(value: Any) -> Any:
            if isinstance(value, Marker):
                raise values.refuse(value, "a value")
            made = process(value, self)
            return made if inner is None else inner.cell(made)

        return Binding(cell, lambda cells: [cell(value) for value in cells])

    def bind_user(self, type_: UserDefinedType, stored: bool) -> Binding | None:
        """The user's conversion, then that of a value of unknown type."""
        process = type_.bind_processor(self)
        inner = self.binding(NULLTYPE, stored)
        if process is None or inner is None:
            return inner

        def cell(value: Any) -> Any:
            if isinstance(value, Marker):
                raise values.refuse(value, "a value")
            return inner.cell(process(value))

        return Binding(cell, lambda cells: [cell(value) for value in cells])

    def bind_enum(self, type_: Enum, stored: bool) -> Binding:
        """The name of a member."""
        return each(rich.enum_to_name(type_, stored))

    def bind_json(self, type_: JSON, stored: bool) -> Binding:
        """Text; None is ``null`` unless the type says otherwise."""
        return self.json_binding(type_, rich.json_to_text(self.json_serializer))

    def json_binding(self, type_: JSON, to_text: Cell) -> Binding:
        """Return the Binding of documents that `to_text` writes."""
        nothing = "null" if type_.should_evaluate_none else None

        def cell(value: Any) -> Any:
            if isinstance(value, Marker):
                raise values.refuse(value, "a document")
            return nothing if value is None else to_text(value)

        return Binding(cell, lambda cells: [cell(value) for value in cells])

    def bind_jsonb(self, type_: JSON, stored: bool) -> Binding:
        """As JSON."""
        return self.bind_json(type_, stored)

    def bind_uuid(self, type_: t.Uuid, stored: bool) -> Binding:
        """32 hexadecimal digits."""
        as_uuid = type_.as_uuid
        return each(lambda value: rich.to_uuid(value, as_uuid, stored).hex)

    def bind_interval(self, type_: t.Interval, stored: bool) -> Binding:
        """A number of microseconds."""
        return each(rich.microseconds)

    def bind_large_binary(self, type_: t.LargeBinary, stored: bool) -> Binding:
        """Bytes."""
        return values.octets_binding(type_.length if stored else None)

    bind_varbinary = bind_large_binary

    def bind_binary(self, type_: t.LargeBinary, stored: bool) -> Binding:
        """Bytes, exactly as many as the column has."""
        return values.octets_binding(type_.length if stored else None, exact=True)

    def bind_boolean(self, type_: t.Boolean, stored: bool) -> Binding:
        """True or False."""
        return values.TRUTH

    # From the driver

    def result_converter(self, type_: TypeEngine, stored: bool = True) -> Cell | None:
        """Return the conversion of one value from the driver; None if it passes as it is.

        Args:
            stored: the value comes out of a column of this type; else it was computed, and the database may have
                chosen a wider type (the sum of integers, or a float beside an integer, is a decimal number on
                servers).
        """
        if not stored and type_.base is type_:
            if isinstance(type_, t.Integer):
                return to_int
            if isinstance(type_, t.Float) and not type_.asdecimal:
                return to_float
        key = type_.cache_key
        try:
            return self._results[key]
        except KeyError:
            if len(self._results) >= _LIMIT:
                self._results.clear()
            here = type_.for_dialect(self.style.variant_names)
            make = getattr(self, f"result_{here.visit}", None)
            found: Cell | None = None if make is None else make(here)
            self._results[key] = found
            return found

    def result_decorated(self, type_: TypeDecorator) -> Cell | None:
        """The conversion of the type below, then the user's."""
        inner = self.result_converter(type_.type_engine(self))
        if type(type_).process_result_value is TypeDecorator.process_result_value:
            return inner
        process = type_.process_result_value
        if inner is None:
            return lambda value: process(value, self)
        convert = inner
        return lambda value: process(convert(value), self)

    def result_user(self, type_: UserDefinedType) -> Cell | None:
        """The user's conversion."""
        return type_.result_processor(self, None)

    def result_enum(self, type_: Enum) -> Cell:
        """The member of a name."""
        return rich.enum_of_name(type_)

    def result_json(self, type_: JSON) -> Cell | None:
        """The document of a text."""
        return nullable(self.json_deserializer or json.loads)

    def result_jsonb(self, type_: JSON) -> Cell | None:
        """As JSON."""
        return self.result_json(type_)

    def result_uuid(self, type_: t.Uuid) -> Cell:
        """The UUID of a text."""
        return rich.uuid_from if type_.as_uuid else rich.uuid_text_from

    def result_interval(self, type_: t.Interval) -> Cell | None:
        """The timedelta of a number of microseconds."""
        return rich.span_from


_AS_IS = by_class(lambda value: value)


def _with_null(binding: Binding | None) -> Binding:
    # Where None is a value like others, the flush writes a marker for "never set".
    inner = binding or _AS_IS

    def cell(value: Any) -> Any:
        return None if value is SQL_NULL else inner.cell(value)

    def column(cells: Any) -> Any:
        marked = any(value is SQL_NULL for value in cells)
        return [cell(value) for value in cells] if marked else inner.column(cells)

    return Binding(cell, column)


def blank_padded(binding: Binding) -> Binding:
    """Return the Binding of CHAR: a text that ends with a blank is refused."""

    def cell(value: Any) -> Any:
        text = binding.cell(value)
        if isinstance(text, str) and text.endswith(" "):
            raise ValueError("the text ends with a blank, which a CHAR column does not keep")
        return text

    return Binding(cell, lambda cells: [cell(value) for value in cells])


def without_blanks(value: Any) -> Any:
    """Return the text of a CHAR without what it was filled up with."""
    return value if value is None else value.rstrip(" ")
