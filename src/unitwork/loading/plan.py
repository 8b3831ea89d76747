"""LoadPlan: what the rows of a SELECT become, as data; no I/O.

A statement selects items: a mapped class takes some columns of the row, a column expression takes one. How the class is
loaded, its columns and the relationships that are loaded along, stands in an :class:`EntitySpec`, a tree that the
options of the statement and the settings of the mapping give together. The plan is found once per shape of statement
and kept with its SQL; :mod:`unitwork.loading.rows` generates the loader for it, :mod:`unitwork.loading.run` carries it
out.

Spec: SB-43, SB-44, SB-49, LB-12, LB-27, ST-106.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from unitwork.instrument.aliased import AliasedEntity, AliasedInsp
from unitwork.loading.options import Load, Step
from unitwork.mapping.mapper import MappedEntity, Mapper, RelationshipProperty
from unitwork.sql.clause import EntityElement

#: Settings of ``relationship(lazy=…)`` that load the related objects together with their owners.
EAGER = ("selectin", "subquery", "immediate", "joined")


class EntitySpec:
    """How objects of one class are loaded.

    Attributes:
        mapper: of the class.
        names: column attributes to load, in table order.
        eager: relationships to load along, in sets, and how their targets are loaded.
        lazy: relationships whose way of loading an option changed: "select", "raise", "raise_on_sql" or "noload".
        later: how targets of relationships are loaded that are read later; where options say more than the mapping.
        plain: nothing differs from what the mapping says, so that objects need not remember.
        memo: statements of :mod:`unitwork.loading.lazy` for this spec.
    """

    __slots__ = ("eager", "later", "lazy", "mapper", "memo", "names", "plain")

    def __init__(self, mapper: Mapper, names: tuple[str, ...]) -> None:
        self.mapper = mapper
        self.names = names
        self.eager: dict[RelationshipProperty, EntitySpec] = {}
        self.lazy: dict[str, str] = {}
        self.later: dict[str, EntitySpec] = {}
        self.plain = True
        self.memo: dict[Any, Any] = {}

    def with_names(self, names: tuple[str, ...]) -> EntitySpec:
        """Return the same with other column attributes."""
        new = EntitySpec(self.mapper, names)
        new.eager, new.lazy, new.later, new.plain = self.eager, self.lazy, self.later, self.plain
        return new

    @property
    def element(self) -> EntityElement:
        """The class in a SELECT, with the columns to load."""
        found: EntityElement | None = self.memo.get("element")
        if found is None:
            columns = tuple(self.mapper.columns[name].column for name in self.names)
            found = self.memo["element"] = MappedEntity(self.mapper, self.mapper.local_table, columns)
        return found


class EntityItem(NamedTuple):
    """A mapped class among the items.

    Attributes:
        spec: how it is loaded.
        start: place of its first column in the row.
    """

    spec: EntitySpec
    start: int

    @property
    def mapper(self) -> Mapper:
        """Mapper of the class."""
        return self.spec.mapper

    @property
    def names(self) -> tuple[str, ...]:
        """Attribute names, in the order of its columns."""
        return self.spec.names


class ValueItem(NamedTuple):
    """A column expression among the items.

    Attributes:
        place: in the row.
        type: its SQL type.
        stored: it is a column of a table, so that its type is certain.
    """

    place: int
    type: Any
    stored: bool


class LoadPlan:
    """What the rows of one shape of SELECT become.

    Attributes:
        items: in the order of the statement.
        keys: names in a Row, one per item.
        eager: places of the items that load relationships along.
        memo: generated loaders, by :mod:`unitwork.loading.rows`.
    """

    __slots__ = ("eager", "items", "keys", "memo", "single")

    def __init__(self, items: Sequence[EntityItem | ValueItem], keys: Sequence[str]) -> None:
        self.items = tuple(items)
        self.keys = tuple(keys)
        self.single = len(self.items) == 1
        self.eager = tuple(
            place for place, item in enumerate(self.items) if isinstance(item, EntityItem) and item.spec.eager
        )
        self.memo: dict[Any, Any] = {}


def spec_of(mapper: Mapper) -> EntitySpec:
    """Return how objects of a class are loaded when no option says otherwise."""
    spec: EntitySpec | None = mapper.memo.get("loading.spec")
    if spec is None:
        spec = mapper.memo["loading.spec"] = _make_spec(mapper, (), ())
    return spec


def options_spec(mapper: Mapper, options: Sequence[Any]) -> EntitySpec:
    """Return how objects of a class are loaded under loader options; kept per options."""
    chosen = [option for option in options if isinstance(option, Load) and option.root is mapper]
    key = ("loading.options", tuple(option.cache_key for option in chosen))
    spec: EntitySpec | None = mapper.memo.get(key)
    if spec is None:
        spec = mapper.memo[key] = _make_spec(mapper, [option.steps for option in chosen], ())
    return spec


def entity_plan(spec: EntitySpec) -> LoadPlan:
    """Return the plan of a SELECT of one mapped class and nothing else."""
    plan: LoadPlan | None = spec.memo.get("plan")
    if plan is None:
        plan = spec.memo["plan"] = LoadPlan((EntityItem(spec, 0),), (spec.mapper.class_.__name__,))
    return plan


def expand(statement: Any) -> tuple[Any, LoadPlan | None]:
    """Return a statement with the columns that will be loaded, and its plan; None if it selects no mapped class.

    Called once per shape of statement: the result is kept with the SQL.
    """
    elements = getattr(statement, "raw_columns", ())
    if not any(map(_is_entity, elements)):
        return statement, None
    options = [option for option in statement.with_options if isinstance(option, Load)]
    items: list[EntityItem | ValueItem] = []
    keys: list[str] = []
    columns: list[Any] = []
    place = 0
    for element in elements:
        if _is_entity(element):
            mapper: Mapper = element.subject
            if not mapper.sealed:
                mapper.registry.configure()
            alias = element.alias.entity if isinstance(element, AliasedEntity) else None
            own = [option.steps for option in options if option.root is mapper and option.alias is alias]
            spec = _make_spec(mapper, own, ()) if own else spec_of(mapper)
            keys.append(mapper.class_.__name__)
            if isinstance(element, AliasedEntity):
                spec, entity = _over_alias(spec, element.alias)
                keys[-1] = element.alias.name or keys[-1]
                columns.append(entity)
            else:
                columns.append(spec.element)
            items.append(EntityItem(spec, place))
            place += len(spec.names)
            continue
        columns.append(element)
        for column in statement.with_only_columns(element).selected_columns:
            items.append(ValueItem(place, column.type, getattr(column, "table", None) is not None))
            keys.append(getattr(column, "key", None) or getattr(column, "name", None) or f"column_{place}")
            place += 1
    return statement.with_only_columns(*columns), LoadPlan(items, keys)


def _over_alias(spec: EntitySpec, alias: AliasedInsp) -> tuple[EntitySpec, EntityElement]:
    """Return a class's spec without the columns that an alias does not show, and the alias as it is selected."""
    shown = {name: alias.column(name) for name in spec.names}
    names = tuple(name for name, column in shown.items() if column is not None)
    if names != spec.names:
        spec = spec.with_names(names)
    return spec, MappedEntity(spec.mapper, alias.selectable, tuple(shown[name] for name in names))


def _is_entity(element: Any) -> bool:
    return isinstance(element, EntityElement) and isinstance(element.subject, Mapper)


def _make_spec(
    mapper: Mapper, options: Iterable[tuple[Step, ...]], path: tuple[RelationshipProperty, ...]
) -> EntitySpec:
    """Return the spec of a class under options that start from it; `path` led here, and is not followed again."""
    here = [steps[0] for steps in options if steps and steps[0].prop is None]
    spec = EntitySpec(mapper, _names(mapper, here))
    for prop in mapper.relationships.values():
        own = [steps for steps in options if steps and steps[0].prop is prop]
        strategy = next((steps[0].strategy for steps in reversed(own) if steps[0].strategy != "default"), None)
        deeper = [steps[1:] for steps in own if len(steps) > 1]
        lazy = strategy or ("selectin" if prop.lazy in EAGER else prop.lazy)
        if lazy == "selectin":
            if strategy is None and prop in path:
                continue  # a default that leads round in a circle stops where it began
            spec.eager[prop] = _make_spec(prop.mapper, deeper, (*path, prop))
        elif strategy is not None:
            spec.lazy[prop.key] = lazy
        if deeper and lazy != "selectin":
            spec.later[prop.key] = _make_spec(prop.mapper, deeper, ())
    spec.plain = not (options and any(options))
    return spec


def _names(mapper: Mapper, steps: list[Step]) -> tuple[str, ...]:
    names = {name for name, prop in mapper.columns.items() if not prop.deferred}
    for step in steps:
        if step.strategy == "only":
            names = set(step.names)
        elif step.strategy == "defer":
            names.difference_update(step.names)
        else:
            names.update(step.names)
    names.update(mapper.pk_names)
    return tuple(name for name in mapper.columns if name in names)
