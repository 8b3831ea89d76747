"""``with_loader_criteria()``: conditions on all rows of a class, wherever a statement or its loads meet it.

The SELECT of the statement gets them in WHERE, for what it joins in ON; SELECTs within it get them while they are
rendered (:attr:`Statement.adjust`), and relationships that are loaded through the spec of their targets.

A class is found by its table: ``select(User.id)`` and ``select(user_table.c.id)`` are the same statement.

Spec: LB-27, PT-82.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from typing import Any

from unitwork import exc
from unitwork.inspection import inspect
from unitwork.instrument.aliased import AliasedEntity, AliasedInsp
from unitwork.instrument.sides import plain_side, side_over
from unitwork.loading.options import frozen_values
from unitwork.mapping.mapper import MappedEntity, Mapper
from unitwork.mapping.registry import mapper_of
from unitwork.sql.clause import ClauseElement
from unitwork.sql.elements import as_criterion, conjunction
from unitwork.sql.operators import AND
from unitwork.sql.select import Select
from unitwork.sql.selectable import Alias, FromClause, Join
from unitwork.sql.shape import ShapeBuilder
from unitwork.sql.traversal import rewrite


class LoaderCriteriaOption:
    """What :func:`with_loader_criteria` gives: a condition on the rows of a class, or of all classes below one.

    Attributes:
        base: the class; `alias` is the alias of it where that was given.
        loader_only, include_aliases, propagate_to_loaders: as given.
    """

    def __init__(
        self,
        entity_or_base: Any,
        where_criteria: Any,
        loader_only: bool = False,
        include_aliases: bool = False,
        propagate_to_loaders: bool = True,
    ) -> None:
        known = inspect(entity_or_base, raiseerr=False)
        self.alias = known if isinstance(known, AliasedInsp) else None
        self.base: Any = known.class_ if isinstance(known, (AliasedInsp, Mapper)) else entity_or_base
        is_function = callable(where_criteria) and not hasattr(where_criteria, "__clause_element__")
        if not isinstance(self.base, type) or (mapper_of(self.base) is None and not is_function):
            raise exc.ArgumentError(
                f"with_loader_criteria() was given {entity_or_base!r} and {where_criteria!r}.",
                do="give it a mapped class and a condition, or a mixin and a function: lambda cls: cls.gone == False.",
                code="loader-criteria",
            )
        self.loader_only = loader_only
        self.include_aliases = include_aliases
        self.propagate_to_loaders = propagate_to_loaders
        self._make: Callable[[Any], Any] = where_criteria if is_function else lambda cls: where_criteria
        self._made: dict[Mapper, Any] = {}

    def mappers(self) -> list[Mapper]:
        """Return the Mappers of the classes it is about."""
        found: dict[Mapper, None] = {}
        classes: list[type] = [self.base]
        for cls in classes:
            mapper = mapper_of(cls)
            if mapper is not None:
                found[mapper] = None
            below: list[type] = cls.__subclasses__()
            classes += [one for one in below if one not in classes]
        return list(found)

    def condition(self, mapper: Mapper) -> Any:
        """Return the condition on rows of a class, in columns of its table; None where it is not about the class."""
        return self._condition(mapper) if issubclass(mapper.class_, self.base) else None

    def condition_on(self, source: FromClause) -> Any:
        """Return the condition on a FROM element that is the table of a class, or what its rows come from; or None."""
        for mapper in self.mappers():
            if plain_side(mapper).table is source:
                return self.condition(mapper)
        return None

    def _condition(self, mapper: Mapper) -> Any:
        made = self._made.get(mapper)
        if made is None:
            subject: Any = mapper.class_ if self.alias is None else self.alias.entity
            made = self._made[mapper] = rewrite(as_criterion(self._make(subject)), _left_alone)
        return made

    def shape_into(self, out: ShapeBuilder) -> None:
        """Append the conditions to the shape of a statement, with their values, see ``Load.shape_into``."""
        flags = (self.loader_only, self.include_aliases, self.propagate_to_loaders)
        out.append((LoaderCriteriaOption, self.base, flags))
        if self.alias is not None:
            self.alias.selectable.shape_into(out)
        start = len(out.binds)
        for mapper in self.mappers():
            out.append(mapper)
            self._condition(mapper).shape_into(out)
        out.extend(frozen_values(out.binds[start:]))
        out.append("end")


def with_loader_criteria(
    entity_or_base: Any,
    where_criteria: Any,
    loader_only: bool = False,
    include_aliases: bool = False,
    propagate_to_loaders: bool = True,
    track_closure_variables: bool = True,
) -> LoaderCriteriaOption:
    """Return an option that adds a condition wherever a statement, or what it loads, meets a class.

    It holds for the statement and the SELECTs within it, for joins (in ON), relationships that are loaded along, and,
    unless `propagate_to_loaders` says no, for those that are read later on the objects; also for UPDATE and DELETE.

    Args:
        entity_or_base: a mapped class, with all below it; an alias of one; or a mixin or base class of mapped ones.
        where_criteria: a condition; or a function from the class to one, called for each mapped class below a base.
        loader_only: for relationships that are loaded, not for the statement.
        include_aliases: for aliases of the class, too.
        track_closure_variables: accepted for the reference's sake: the function is called for each option anew.
    Raises:
        ArgumentError [loader-criteria]: no class, or a mixin without a function.
    Spec: LB-27, PT-82.
    """
    return LoaderCriteriaOption(entity_or_base, where_criteria, loader_only, include_aliases, propagate_to_loaders)


def criteria_of(statement: Any) -> tuple[LoaderCriteriaOption, ...]:
    """Return these options of a statement."""
    return tuple(option for option in statement.with_options if isinstance(option, LoaderCriteriaOption))


def conditions_on(mapper: Mapper, options: Sequence[LoaderCriteriaOption]) -> tuple[Any, ...]:
    """Return what options say of the rows of a class that a relationship leads to, in columns of its table."""
    found = [option.condition(mapper) for option in options if option.alias is None]
    return tuple(one for one in found if one is not None)


def adjusted(statement: Any, options: Sequence[LoaderCriteriaOption]) -> Any:
    """Return a statement with the conditions of its options, also on SELECTs within it."""
    on_statement = tuple(option for option in options if not option.loader_only)
    if not on_statement or statement.is_adjusted:
        return statement
    adjust = _Adjustment(on_statement)
    if isinstance(statement, Select):
        statement = adjust(statement, statement.froms())
    elif statement.kind in ("update", "delete"):
        mapper = None if statement.entity is None else statement.entity.subject
        if isinstance(mapper, Mapper):
            statement = statement.where(*conditions_on(mapper, on_statement))
    return marked(statement, adjust)


def under_criteria(statement: Any) -> Any:
    """Return a statement with the conditions of its options; the statement itself where it has none."""
    options = criteria_of(statement) if getattr(statement, "with_options", None) else ()
    return adjusted(statement, options) if options else statement


def marked(statement: Any, adjust: Any) -> Any:
    """Return a statement that has its conditions; SELECTs within it get theirs while they are rendered."""
    new = statement.clone()
    new.is_adjusted, new.adjust = True, adjust
    return new


def _left_alone(part: ClauseElement) -> ClauseElement | None:
    # A condition may ask the same class in a SELECT of its own: that one would get the condition again, and again.
    return marked(part, None) if isinstance(part, Select) else None


class _Adjustment:
    """Adds conditions to a SELECT."""

    def __init__(self, options: tuple[LoaderCriteriaOption, ...]) -> None:
        self._options = options

    def __call__(self, statement: Select, froms: Sequence[FromClause]) -> Select:
        """Return a SELECT with the conditions on those of its FROM elements that are not the outer statement's."""
        known = dict(_entities(statement))
        joined: set[FromClause] = set()
        steps = []
        for step in statement.joins:
            sources = list(_sources(step.target, known))
            joined.update(sources)
            added = [one for source in sources for one in self._conditions(source, known)]
            if added:
                onclause = step.onclause if step.onclause is not None else _found_condition(froms, step.target)
                step = step._replace(onclause=conjunction(AND, (onclause, *added)))
            steps.append(step)
        own = dict.fromkeys(source for one in froms for source in _sources(one, known) if source not in joined)
        new = statement.where(*(one for source in own for one in self._conditions(source, known)))
        new.joins, new.is_adjusted = tuple(steps), True
        return new

    def _conditions(self, source: Any, known: dict[FromClause, MappedEntity]) -> list[Any]:
        entity = known.get(source)
        if isinstance(entity, AliasedEntity):
            side, mapper = entity.alias.side, entity.subject
        elif isinstance(source, Alias):
            side, mapper = side_over(source), None
        else:
            return _found(option.condition_on(source) for option in self._options if option.alias is None)
        found = []
        for option in self._options:
            if option.alias is not None:
                found.append(option.condition(option.alias.mapper) if source is option.alias.selectable else None)
            elif option.include_aliases:
                condition = option.condition_on(source.element) if mapper is None else option.condition(mapper)
                over = None if condition is None else side.adapt(condition)
                # What shows none of the columns is a SELECT of its own, which has the condition itself.
                found.append(None if over is condition else over)
        return _found(found)


def _found(conditions: Iterable[Any]) -> list[Any]:
    return [one for one in conditions if one is not None]


def _entities(statement: Select) -> Iterator[tuple[FromClause, MappedEntity]]:
    for element in (*statement.raw_columns, *(step.entity for step in statement.joins)):
        if isinstance(element, MappedEntity):
            yield element.table, element


def _sources(one: FromClause, known: Container[FromClause]) -> Iterator[FromClause]:
    """Yield what a FROM element is joined of, each the rows of one class or table."""
    if isinstance(one, Join) and one not in known:
        yield from _sources(one.left, known)
        yield from _sources(one.right, known)
    else:
        yield one


def _found_condition(froms: Sequence[FromClause], target: FromClause) -> Any:
    """Return the condition of the join to `target`, which the foreign keys gave."""
    waiting = list(froms)
    for one in waiting:
        if isinstance(one, Join):
            if one.right is target:
                return one.onclause
            waiting += [one.left, one.right]
    raise LookupError(target)
