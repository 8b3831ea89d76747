"""Loader options: what a statement says about how related objects and columns are loaded.

An option is a value: the class it starts from, and steps along relationships, each with a way of loading, the last of
them perhaps about columns. It is part of the shape of a statement.

Spec: LB-27, LB-12, ST-106, ST-108.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from unitwork import exc
from unitwork.inspection import inspect
from unitwork.instrument.aliased import AliasedInsp
from unitwork.instrument.class_sql import QueryableAttribute
from unitwork.mapping.mapper import ColumnProperty, Mapper, RelationshipProperty
from unitwork.sql.shape import ShapeBuilder

#: Ways of loading a relationship: when it is read, with its owner in sets, never, or not at all.
STRATEGIES = ("select", "selectin", "raise", "raise_on_sql", "noload")


class Step(NamedTuple):
    """One step of an option.

    Attributes:
        prop: the relationship it follows; None for a step about columns.
        strategy: one of STRATEGIES, or "default"; for columns "only", "defer" or "undefer".
        names: column attributes.
    """

    prop: RelationshipProperty | None
    strategy: str
    names: tuple[str, ...] = ()


class Load:
    """A loader option; each method returns a new one that goes on from there.

    Args:
        entity: the mapped class it starts from, or an alias of one.
    Attributes:
        root: Mapper of that class.
        alias: what it starts from, where that is an alias of the class; else None.
        steps: what it says.
    """

    __slots__ = ("alias", "cache_key", "root", "steps")

    def __init__(self, entity: Any, steps: tuple[Step, ...] = ()) -> None:
        known = inspect(entity, raiseerr=False)
        mapper = known.mapper if isinstance(known, (Mapper, AliasedInsp)) else None
        if mapper is None:
            raise exc.ArgumentError(
                f"a loader option starts from a mapped class, got {entity!r}.",
                do="use Load(User), or selectinload(User.addresses).",
                code="option-without-class",
            )
        self.root: Mapper = mapper
        self.alias: Any = known.entity if isinstance(known, AliasedInsp) else None
        self.steps = steps
        self.cache_key = (mapper, *((step.prop, step.strategy, step.names) for step in steps))

    def shape_into(self, out: ShapeBuilder) -> None:
        """Append what it says to the shape of a statement."""
        out.append(self.cache_key)
        if self.alias is not None:
            self.alias.__clause_element__().table.shape_into(out)

    def selectinload(self, *attributes: Any) -> Load:
        """Load relationships with one more SELECT each, for all objects at once."""
        return self._follow(attributes, "selectin")

    subqueryload = selectinload
    immediateload = selectinload

    def lazyload(self, *attributes: Any) -> Load:
        """Load relationships when they are read."""
        return self._follow(attributes, "select")

    def raiseload(self, *attributes: Any, sql_only: bool = False) -> Load:
        """Refuse to load relationships; with `sql_only` those that would need SQL."""
        return self._follow(attributes, "raise_on_sql" if sql_only else "raise")

    def noload(self, *attributes: Any) -> Load:
        """Leave relationships empty."""
        return self._follow(attributes, "noload")

    def defaultload(self, *attributes: Any) -> Load:
        """Follow relationships without a change in how they are loaded."""
        return self._follow(attributes, "default")

    def load_only(self, *attributes: Any) -> Load:
        """Load these columns, and the primary key, and no others until they are read."""
        return self._columns(attributes, "only")

    def defer(self, *attributes: Any) -> Load:
        """Load columns when they are read."""
        return self._columns(attributes, "defer")

    def undefer(self, *attributes: Any) -> Load:
        """Load deferred columns with their object."""
        return self._columns(attributes, "undefer")

    def _end(self) -> Mapper:
        props = [step.prop for step in self.steps if step.prop is not None]
        return props[-1].mapper if props else self.root

    def _with(self, step: Step) -> Load:
        return Load(self.root if self.alias is None else self.alias, (*self.steps, step))

    def _follow(self, attributes: tuple[Any, ...], strategy: str) -> Load:
        option = self
        for attribute in attributes:
            prop = _checked(attribute, option._end(), RelationshipProperty)
            option = option._with(Step(prop, strategy))
        return option

    def _columns(self, attributes: tuple[Any, ...], what: str) -> Load:
        end = self._end()
        names = tuple(_checked(attribute, end, ColumnProperty).key for attribute in attributes)
        return self._with(Step(None, what, names))

    def __repr__(self) -> str:
        parts = [(step.strategy, step.prop.key if step.prop else ", ".join(step.names)) for step in self.steps]
        steps = "".join(f".{strategy}({what})" for strategy, what in parts)
        return f"Load({self.root.class_.__name__}){steps}"


def _checked(attribute: Any, end: Mapper, kind: type[Any]) -> Any:
    if not isinstance(attribute, QueryableAttribute) or not issubclass(end.class_, attribute.parent.class_):
        raise exc.ArgumentError(
            f"a loader option for {end.class_.__name__} was given {attribute!s}.",
            do=f"give it attributes of the class, e.g. {end.class_.__name__}.{next(iter(end.attrs))}.",
            code="option-attribute",
        )
    prop = attribute.property
    if not isinstance(prop, kind):
        raise exc.LoaderStrategyError(
            f"this loader option does not fit {attribute!s}.",
            do="use selectinload() and the like for relationships; defer(), undefer(), load_only() for columns.",
            code="option-kind",
        )
    return prop


def _root_of(attributes: tuple[Any, ...]) -> Load:
    first = attributes[0] if attributes else None
    if not isinstance(first, QueryableAttribute):
        raise exc.ArgumentError(
            f"a loader option needs a mapped attribute, got {first!r}.",
            do="write e.g. selectinload(User.addresses).",
            code="option-attribute",
        )
    return Load(first.source or first.parent)


def selectinload(*attributes: Any) -> Load:
    """Load relationships with one more SELECT each, for all objects of the result at once (LB-27)."""
    return _root_of(attributes).selectinload(*attributes)


def subqueryload(*attributes: Any) -> Load:
    """Same as :func:`selectinload`: one more SELECT each, for all objects of the result at once (LB-27)."""
    return _root_of(attributes).selectinload(*attributes)


def immediateload(*attributes: Any) -> Load:
    """Load relationships right after the objects, in sets like :func:`selectinload` (LB-27)."""
    return _root_of(attributes).selectinload(*attributes)


def lazyload(*attributes: Any) -> Load:
    """Load relationships when they are read (LB-27)."""
    return _root_of(attributes).lazyload(*attributes)


def raiseload(*attributes: Any, sql_only: bool = False) -> Load:
    """Refuse to load relationships when they are read (LB-27)."""
    return _root_of(attributes).raiseload(*attributes, sql_only=sql_only)


def noload(*attributes: Any) -> Load:
    """Leave relationships empty (LB-27)."""
    return _root_of(attributes).noload(*attributes)


def defaultload(*attributes: Any) -> Load:
    """Follow relationships without a change in how they are loaded (LB-27)."""
    return _root_of(attributes).defaultload(*attributes)


def load_only(*attributes: Any) -> Load:
    """Load these columns, and the primary key, and no others until they are read (LB-27)."""
    return _root_of(attributes).load_only(*attributes)


def defer(*attributes: Any) -> Load:
    """Load columns when they are read (LB-27)."""
    return _root_of(attributes).defer(*attributes)


def undefer(*attributes: Any) -> Load:
    """Load deferred columns with their object (LB-27)."""
    return _root_of(attributes).undefer(*attributes)
