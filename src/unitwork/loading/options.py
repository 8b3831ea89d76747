"""Loader options: what a statement says about how related objects and columns are loaded.

An option is a value: the class it starts from, and paths of steps along relationships, each with a way of loading, the
last of them perhaps about columns. It is part of the shape of a statement, with the values in its criteria.

Spec: LB-27, LB-12, ST-106, ST-108.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from unitwork import exc
from unitwork.inspection import inspect
from unitwork.instrument.aliased import AliasedInsp
from unitwork.instrument.class_sql import QueryableAttribute
from unitwork.mapping.mapper import ColumnProperty, Mapper, RelationshipProperty
from unitwork.sql.clause import ClauseElement
from unitwork.sql.shape import ShapeBuilder

#: The name that stands for all attributes.
EVERYTHING = ("*",)
_COLUMN_STRATEGIES = ("only", "defer", "undefer", "undefer_group")


class Step(NamedTuple):
    """One step of an option.

    Attributes:
        prop: the relationship it follows; None for a step about columns, or about all relationships.
        strategy: "select", "selectin", "joined", "contains", "raise", "raise_on_sql", "noload" or "default"; for
            columns "only", "defer", "undefer" or "undefer_group".
        names: column attributes, or groups; EVERYTHING for all.
        target: the alias (AliasedInsp) or subclass (Mapper) that ``of_type()`` names, or None.
        criteria: conditions on the related rows, of ``and_()``.
        inner: join by an inner join; None where nothing is said.
        depth: how often a relationship of a class to itself is followed beyond the first time; -1 to the end.
        raiseload: reading what was deferred raises.
    """

    prop: RelationshipProperty | None
    strategy: str
    names: tuple[str, ...] = ()
    target: Any = None
    criteria: tuple[ClauseElement, ...] = ()
    inner: bool | None = None
    depth: int | None = None
    raiseload: bool = False

    @property
    def is_relationship(self) -> bool:
        """It speaks of relationships, not of columns."""
        return self.strategy not in _COLUMN_STRATEGIES

    def follows(self, prop: RelationshipProperty) -> bool:
        """Tell whether it is about this relationship, perhaps as a subclass has it."""
        own = self.prop
        if own is None or own is prop:
            return own is prop
        return own.key == prop.key and issubclass(prop.parent.class_, own.parent.class_)

    def given(self) -> Any:
        """Return the entity of the statement that contains_eager() takes targets from."""
        known = self.prop.mapper if self.target is None else self.target  # type: ignore[union-attr]
        return known.__clause_element__()

    def elements(self) -> list[ClauseElement]:
        """Return what takes part in the shape of a statement by its structure."""
        table = [self.target.selectable] if isinstance(self.target, AliasedInsp) else []
        return [*table, *self.criteria]


class Load:
    """A loader option; each method returns a new one that goes on from there.

    Args:
        entity: the mapped class it starts from, or an alias of one.
    Attributes:
        root: Mapper of that class; None for ``lazyload("*")`` and the like, which start from any.
        alias: what it starts from, where that is an alias of the class; else None.
        paths: what it says.
        elements: parts of the statement that it holds.
    """

    __slots__ = ("_at", "_key", "alias", "elements", "paths", "root")

    def __init__(self, entity: Any) -> None:
        known = inspect(entity, raiseerr=False)
        if not isinstance(known, (Mapper, AliasedInsp)):
            raise exc.ArgumentError(
                f"a loader option starts from a mapped class, got {entity!r}.",
                do="use Load(User), or selectinload(User.addresses).",
                code="option-without-class",
            )
        self.root: Mapper | None = known.mapper
        self.alias: AliasedInsp | None = known if isinstance(known, AliasedInsp) else None
        self._begin((), ())

    def _begin(self, at: tuple[Step, ...], others: tuple[tuple[Step, ...], ...]) -> None:
        # _at is the path that the next method goes on from, the last of `paths`.
        self._at = at
        self._key: Any = None
        self.paths = (*others, at) if at else others
        self.elements: list[ClauseElement] = [] if self.alias is None else [self.alias.selectable]
        for path in self.paths:
            for step in path:
                self.elements += step.elements()

    def _copy(self, at: tuple[Step, ...], others: tuple[tuple[Step, ...], ...]) -> Load:
        new = object.__new__(Load)
        new.root, new.alias = self.root, self.alias
        new._begin(at, others)
        return new

    def _with(self, step: Step) -> Load:
        """Return the option with one step more, from where the relationships followed so far lead to."""
        here = self._here()
        goes_on = bool(self._at) and len(here) == len(self._at)
        return self._copy((*here, step), self.paths[:-1] if goes_on else self.paths)

    def _here(self) -> tuple[Step, ...]:
        at = self._at
        return at[:-1] if at and at[-1].prop is None else at

    @classmethod
    def of_anything(cls) -> Load:
        """Return an option that starts from every class of a statement; it goes on with wildcards only."""
        new = object.__new__(cls)
        new.root = new.alias = None
        new._begin((), ())
        return new

    def over(self, alias: AliasedInsp) -> Load:
        """Return the option as one that starts from an alias of its class."""
        new = self._copy((), self.paths)
        new.alias = alias
        new._begin((), self.paths)
        return new

    def lazily(self) -> Load:
        """Return the option with a lazy load wherever it loads something along."""
        along = ("selectin", "joined")
        paths = tuple(
            tuple(step._replace(strategy="select") if step.strategy in along else step for step in path)
            for path in self.paths
        )
        return self._copy((), paths)

    @property
    def cache_key(self) -> Any:
        """What it says, as a hashable; what is in `elements` comes beside it, see :meth:`shape_into`."""
        if self._key is None:
            steps = tuple(
                tuple(step._replace(target=_mapper_of(step.target), criteria=len(step.criteria)) for step in path)  # type: ignore[arg-type]
                for path in self.paths
            )
            self._key = (self.root, self.alias is None, steps)
        return self._key

    def shape_into(self, out: ShapeBuilder) -> None:
        """Append what it says to the shape of a statement, with the values of its criteria.

        The SELECTs that load relationships along hold these values: statements with others have other plans.
        """
        out.append(self.cache_key)
        start = len(out.binds)
        for element in self.elements:
            element.shape_into(out)
        out.extend(frozen_values(out.binds[start:]))

    def starts_at(self, mapper: Mapper, alias: AliasedInsp | None) -> bool:
        """Tell whether it is about an entity of a statement: a class, or an alias of one."""
        if self.root is None:
            return True
        if self.alias is not alias:
            return False
        return issubclass(mapper.class_, self.root.class_) or issubclass(self.root.class_, mapper.class_)

    # -- relationships

    def selectinload(self, *attributes: Any, recursion_depth: int | None = None) -> Load:
        """Load relationships with one more SELECT each, for all objects at once.

        Args:
            recursion_depth: follow a relationship of a class to itself this often beyond the first time; -1 to the end.
        """
        return self._follow(attributes, "selectin", depth=recursion_depth)

    def immediateload(self, *attributes: Any, recursion_depth: int | None = None) -> Load:
        """Load relationships right after the objects, as :meth:`selectinload` does."""
        return self._follow(attributes, "selectin", depth=recursion_depth)

    def subqueryload(self, *attributes: Any) -> Load:
        """Load relationships as :meth:`selectinload` does."""
        return self._follow(attributes, "selectin")

    def joinedload(self, *attributes: Any, innerjoin: bool | str | None = None) -> Load:
        """Load relationships from the same rows, by a join that is added to the statement.

        Args:
            innerjoin: every object has related ones, so that an inner join will do; below an outer join it is one, too.
        """
        return self._follow(attributes, "joined", inner=None if innerjoin is None else bool(innerjoin))

    def contains_eager(self, *attributes: Any, alias: Any = None) -> Load:
        """Load relationships from the rows of a join that the statement has itself.

        Args:
            alias: what the statement joined, where that is an alias; same as ``of_type(alias)`` on the attribute.
        """
        if alias is not None and attributes:
            attributes = (*attributes[:-1], attributes[-1].of_type(alias))
        return self._follow(attributes, "contains")

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

    # -- columns

    def load_only(self, *attributes: Any, raiseload: bool = False) -> Load:
        """Load these columns, and the primary key, and no others until they are read; or never, with `raiseload`."""
        return self._columns(attributes, "only", raiseload)

    def defer(self, *attributes: Any, raiseload: bool = False) -> Load:
        """Load columns when they are read; with `raiseload` refuse to."""
        return self._columns(attributes, "defer", raiseload)

    def undefer(self, *attributes: Any) -> Load:
        """Load deferred columns with their object."""
        return self._columns(attributes, "undefer", False)

    def undefer_group(self, name: str) -> Load:
        """Load the deferred columns of a group with their object."""
        return self._with(Step(None, "undefer_group", (name,)))

    def options(self, *options: Load) -> Load:
        """Return the option with several others that go on from here."""
        end = self._end()
        branches: list[tuple[Step, ...]] = []
        for option in options:
            if not isinstance(option, Load) or (option.root is not None and not option.starts_at(end, option.alias)):
                raise exc.ArgumentError(
                    f"options() of a loader option that leads to {end.class_.__name__} was given {option!r}.",
                    do=f"give it options that start from {end.class_.__name__}.",
                    code="option-attribute",
                )
            branches += [(*self._here(), *path) for path in option.paths]
        own = self.paths[:-1] if self._at else self.paths
        return self._copy(self._at, (*own, *branches))

    # -- within

    def _end(self) -> Mapper:
        if self.root is None:
            raise exc.ArgumentError(
                f"{self!r} stands for every class, nothing can follow it.",
                do="start from a class: Load(User).lazyload('*').",
                code="option-without-class",
            )
        followed = self._here()
        if not followed:
            return self.root
        end: Mapper = (followed[-1].target or followed[-1].prop).mapper  # type: ignore[union-attr]
        return end

    def _source(self) -> Any:
        """The alias that the next attribute belongs to, if any."""
        followed = self._here()
        found = followed[-1].target if followed else self.alias
        return found if isinstance(found, AliasedInsp) else None

    def _follow(self, attributes: tuple[Any, ...], strategy: str, **more: Any) -> Load:
        if _is_wildcard(attributes):
            return self._with(Step(None, strategy, EVERYTHING))
        option = self
        for attribute in attributes:
            prop = _checked(attribute, option, RelationshipProperty)
            if more.get("depth") is not None and prop.mapper.root is not prop.parent.root:
                raise exc.InvalidRequestError(
                    f"recursion_depth was given for {attribute}, which does not lead from a class to itself.",
                    do="leave it out, or give it for a self-referential relationship.",
                    code="option-kind",
                )
            step = Step(prop, strategy, target=attribute.target, criteria=attribute.criteria, **more)
            option = option._with(step)
        return option

    def _columns(self, attributes: tuple[Any, ...], what: str, raiseload: bool) -> Load:
        if _is_wildcard(attributes):
            return self._with(Step(None, what, EVERYTHING, raiseload=raiseload))
        names = tuple(_checked(attribute, self, ColumnProperty).key for attribute in attributes)
        return self._with(Step(None, what, names, raiseload=raiseload))

    def __repr__(self) -> str:
        shown = [
            "".join(f".{step.strategy}({step.prop.key if step.prop else ', '.join(step.names)})" for step in path)
            for path in self.paths
        ]
        return f"Load({self.root.class_.__name__ if self.root else '*'}){' and '.join(shown)}"


class UserDefinedOption:
    """An option without meaning for the library, for ``options()``; subclasses carry what listeners look for (LB-38).

    Attributes:
        payload: what it was made with; statements that differ in it alone share their SQL.
        propagate_to_loaders: accepted for the reference's sake.
    """

    propagate_to_loaders = False

    def __init__(self, payload: Any = None) -> None:
        self.payload = payload

    def shape_into(self, out: ShapeBuilder) -> None:
        """Append nothing: the SQL does not depend on it."""


def _is_wildcard(attributes: tuple[Any, ...]) -> bool:
    # By type first: attributes compare to SQL.
    return len(attributes) == 1 and isinstance(attributes[0], str) and attributes == EVERYTHING


def _mapper_of(target: Any) -> Any:
    return None if target is None else (target.mapper, isinstance(target, Mapper))


def frozen_values(binds: Sequence[Any]) -> list[Any]:
    """Return the values of parameters as parts of a key."""
    return [_frozen(bind.value) for bind in binds]


def _frozen(value: Any) -> Any:
    """Return a value as part of a key: of equal ones SQL may make a difference where the class differs."""
    if isinstance(value, (list, tuple, set, frozenset)):
        return (value.__class__, tuple(map(_frozen, value)))
    return (value.__class__, value if value.__class__.__hash__ is not None else repr(value))


def _checked(attribute: Any, option: Load, kind: type[Any]) -> Any:
    end = option._end()
    fits = isinstance(attribute, QueryableAttribute) and issubclass(end.class_, attribute.parent.class_)
    if not fits or attribute.source is not option._source():
        raise exc.ArgumentError(
            f"a loader option for {option._source() or end.class_.__name__} was given {attribute!s}.",
            do=f"give it attributes of what it leads to, e.g. {end.class_.__name__}.{next(iter(end.attrs))}.",
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


def start_of(attributes: tuple[Any, ...]) -> Load:
    """Return the option that goes on with these attributes: one of the class, or alias, that the first belongs to.

    Raises:
        ArgumentError [option-attribute]: it is no attribute of a mapped class.
    """
    if _is_wildcard(attributes):
        return Load.of_anything()
    first = attributes[0] if attributes else None
    if not isinstance(first, QueryableAttribute):
        raise exc.ArgumentError(
            f"a loader option needs a mapped attribute, got {first!r}.",
            do="write e.g. selectinload(User.addresses).",
            code="option-attribute",
        )
    return Load(first.source or first.parent)
