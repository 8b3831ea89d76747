"""What all statements share: copying on change, options, WHERE.

A statement keeps what was given in its instance ``__dict__``; everything else is a default of the class. So a
generative method is a copy of a small dict and one assignment.

Spec: LB-23.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar, TypeVar

from unitwork import exc
from unitwork.sql.clause import ClauseElement, EntityElement, describe
from unitwork.sql.columns import literal_column
from unitwork.sql.elements import ColumnElement, as_criterion
from unitwork.sql.shape import ShapeBuilder

S = TypeVar("S", bound="Statement")
F = TypeVar("F", bound="Filtered")

_NOTHING: Mapping[str, Any] = MappingProxyType({})


class Statement(ClauseElement):
    """A statement that can be executed; each generative method returns a changed copy.

    Attributes:
        kind: ``select``, ``insert``, ``update``, ``delete``, ``ddl`` or ``text``.
        with_options: opaque options for the layers above; each has a ``shape_into`` of its own.
        added_ctes: CTEs given with :meth:`add_cte`.
        prefixes, suffixes: (text, database) pairs, as given.
        adjust: makes of each SELECT within it what is rendered in its place, of the SELECT and its FROM elements; for
            layers above, which say in `with_options` what it does, as part of the shape.
        is_adjusted: this was done.
        given_execution_options: for the engine and the layers above; not part of the shape.
    """

    kind: ClassVar[str] = "text"
    with_options: tuple[Any, ...] = ()
    added_ctes: tuple[Any, ...] = ()
    prefixes: tuple[tuple[Any, str], ...] = ()
    suffixes: tuple[tuple[Any, str], ...] = ()
    adjust: Any = None
    is_adjusted: bool = False
    given_execution_options: Mapping[str, Any] = _NOTHING

    def clone(self: S) -> S:
        """Return a copy; what was worked out from the original (``memo``) is left behind."""
        cls = self.__class__
        new = cls.__new__(cls)
        new.__dict__.update(self.__dict__)
        new.__dict__.pop("memo", None)
        return new

    def options(self: S, *options: Any) -> S:
        """Return the statement with options such as ``selectinload(...)``.

        Raises:
            ArgumentError [not-an-option]: something else was given.
        """
        for option in options:
            if not hasattr(option, "shape_into"):
                raise exc.ArgumentError(
                    f"options() was given {describe(option)}.",
                    do="give it loader options such as selectinload(User.addresses).",
                    code="not-an-option",
                )
        new = self.clone()
        new.with_options = self.with_options + options
        return new

    def add_cte(self: S, *ctes: Any) -> S:
        """Return the statement with CTEs in its WITH clause, whether it selects from them or not."""
        new = self.clone()
        new.added_ctes = self.added_ctes + ctes
        return new

    def prefix_with(self: S, *prefixes: Any, dialect: str = "*") -> S:
        """Return the statement with SQL text after its first word, on one database or on all."""
        new = self.clone()
        new.prefixes = self.prefixes + tuple((as_text(one), dialect) for one in prefixes)
        return new

    def suffix_with(self: S, *suffixes: Any, dialect: str = "*") -> S:
        """Return the statement with SQL text at its end, on one database or on all."""
        new = self.clone()
        new.suffixes = self.suffixes + tuple((as_text(one), dialect) for one in suffixes)
        return new

    def with_statement_hint(self: S, text: str, dialect_name: str = "*") -> S:
        """Return the statement with a hint at its end, on one database or on all."""
        return self.suffix_with(text, dialect=dialect_name)

    def shape_extras(self, out: ShapeBuilder) -> None:
        """Append what few statements have: options, CTEs added, prefixes and suffixes."""
        for option in self.with_options:
            option.shape_into(out)
        for cte in self.added_ctes:
            out.append("cte")
            cte.shape_into(out)
        if self.prefixes or self.suffixes:
            for marker, affixes in (("prefixes", self.prefixes), ("suffixes", self.suffixes)):
                out.append(marker)
                out.append(tuple(dialect for _, dialect in affixes))
                for element, _ in affixes:
                    element.shape_into(out)

    def execution_options(self: S, **options: Any) -> S:
        """Return the statement with options for its execution."""
        refuse_schema_map(options)
        new = self.clone()
        new.given_execution_options = {**self.given_execution_options, **options}
        return new

    def get_execution_options(self) -> Mapping[str, Any]:
        """Return the options for execution; not to be changed."""
        return self.given_execution_options


def refuse_schema_map(options: Mapping[str, Any]) -> None:
    """Refuse the one option that, left unheeded, would send rows to other tables than was asked for.

    Raises:
        ArgumentError [not-yet]: it is among `options`.
    """
    if options.get("schema_translate_map"):
        raise exc.ArgumentError(
            "schema_translate_map is not supported.",
            do="give the tables their schema: table.to_metadata(MetaData(), schema=…), or MetaData(schema=…).",
            code="not-yet",
        )


def as_text(given: Any) -> ClauseElement:
    """Return a string as SQL text taken as it is, an element as itself."""
    return given if isinstance(given, ClauseElement) else literal_column(given)


class Filtered(Statement):
    """A statement with WHERE.

    Attributes:
        where_criteria: conditions that must all hold.
    """

    where_criteria: tuple[ColumnElement, ...] = ()

    def where(self: F, *criteria: Any) -> F:
        """Return the statement with more conditions, all of which must hold."""
        new = self.clone()
        new.where_criteria = self.where_criteria + tuple(
            [one if isinstance(one, ColumnElement) else as_criterion(one) for one in criteria]
        )
        return new

    def filter(self: F, *criteria: Any) -> F:
        """Return :meth:`where` of the same conditions."""
        return self.where(*criteria)

    def filter_by(self: F, **values: Any) -> F:
        """Return the statement with the condition that attributes equal values.

        The attributes are those of the last entity or table joined, else of the first in the statement.
        """
        source = self.filter_source()
        return self.where(*[attribute_of(source, name) == value for name, value in values.items()])

    def filter_source(self) -> Any:
        """Return the entity or FROM element whose attributes ``filter_by`` names."""
        raise NotImplementedError


def attribute_of(source: Any, name: str) -> Any:
    """Return the expression for attribute `name` of an entity, or for the column of that key."""
    return source.attribute(name) if isinstance(source, EntityElement) else source.c[name]
