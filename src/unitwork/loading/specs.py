"""How objects of a class are loaded: what the mapping says and what loader options say, made into one EntitySpec.

Spec: LB-06, LB-12, LB-27, ST-106.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from unitwork.loading.criteria import LoaderCriteriaOption, conditions_on
from unitwork.loading.options import EVERYTHING, Load, Step
from unitwork.loading.plan import EntitySpec, Joined
from unitwork.mapping.mapper import Mapper, RelationshipProperty

Path = tuple[Step, ...]

#: Settings of ``relationship(lazy=…)`` to what they do.
_WAYS = {"subquery": "selectin", "immediate": "selectin", False: "joined", True: "select"}
_EAGER = ("selectin", "joined", "contains")


def spec_of(mapper: Mapper) -> EntitySpec:
    """Return how objects of a class are loaded when no option says otherwise."""
    spec: EntitySpec | None = mapper.memo.get("loading.spec")
    if spec is None:
        spec = mapper.memo["loading.spec"] = spec_under(mapper, ())
    return spec


def options_spec(mapper: Mapper, options: Sequence[Any]) -> EntitySpec:
    """Return how objects of a class are loaded under loader options; kept per options."""
    chosen = [option for option in options if isinstance(option, Load) and option.starts_at(mapper, None)]
    criteria = [option for option in options if isinstance(option, LoaderCriteriaOption)]
    if criteria:
        spec = spec_under(mapper, chosen, criteria)
        spec.criteria = conditions_on(mapper, [option for option in criteria if not option.loader_only])
        return spec
    if any(option.elements for option in chosen):
        return spec_under(mapper, chosen)
    key = ("loading.options", tuple(option.cache_key for option in chosen))
    found: EntitySpec | None = mapper.memo.get(key)
    if found is None:
        found = mapper.memo[key] = spec_under(mapper, chosen)
    return found


def spec_under(
    mapper: Mapper, options: Iterable[Load], criteria: Sequence[LoaderCriteriaOption] = ()
) -> EntitySpec:
    """Return how objects of a class are loaded under options that all start from it, or from anything.

    Args:
        criteria: conditions on what relationships lead to.
    """
    paths: list[Path] = []
    everywhere: list[Step] = []
    for option in options:
        if option.root is None:
            everywhere += [path[0] for path in option.paths]
        else:
            paths += option.paths
    return _Maker(tuple(everywhere), criteria).make(mapper, paths, ())


class _Maker:
    """Makes specs.

    Attributes:
        everywhere: steps with a wildcard that start from no class: they hold for every class on the way.
        criteria: conditions on the targets of relationships.
        lasting: those of them that hold for relationships read later, too.
    """

    def __init__(self, everywhere: tuple[Step, ...], criteria: Sequence[LoaderCriteriaOption]) -> None:
        self.everywhere = everywhere
        self.criteria = criteria
        self.lasting = [option for option in criteria if option.propagate_to_loaders]
        self.later: dict[Mapper, EntitySpec] = {}

    def make(self, mapper: Mapper, paths: Sequence[Path], trail: tuple[RelationshipProperty, ...]) -> EntitySpec:
        """Return the spec of a class under paths that start from it; `trail` led here from the first class."""
        here = [*self.everywhere, *(path[0] for path in paths if path and path[0].prop is None)]
        names, refused = _columns(mapper, [step for step in here if not step.is_relationship])
        spec = EntitySpec(mapper, names)
        spec.refused = refused
        wild = [step for step in here if step.is_relationship]
        for prop in mapper.relationships.values():
            own = [path for path in paths if path and path[0].follows(prop)]
            self._relate(spec, prop, own, wild[-1] if wild else None, trail)
        spec.plain = not (self.everywhere or self.lasting or any(paths))
        return spec

    def _relate(
        self,
        spec: EntitySpec,
        prop: RelationshipProperty,
        own: list[Path],
        wild: Step | None,
        trail: tuple[RelationshipProperty, ...],
    ) -> None:
        step = next((path[0] for path in reversed(own) if path[0].strategy != "default"), None)
        said = step or wild
        way = said.strategy if said is not None else _WAYS.get(prop.lazy, prop.lazy)
        deeper = [path[1:] for path in own if len(path) > 1]
        target = _target(prop, step)
        own_criteria = step.criteria if step is not None else ()
        criteria = (*own_criteria, *conditions_on(target, self.criteria))
        if way in _EAGER:
            if step is None and _comes_round(prop, trail):
                return
            if step is not None and step.depth is not None:
                spec.eager[prop] = self._recursive(prop, step, deeper, (*trail, prop))
                return
            child = self.make(target, deeper, (*trail, prop))
            child.criteria = criteria
            if way == "selectin":
                spec.eager[prop] = child
            else:
                given = step.given() if step is not None and way == "contains" else None
                inner = prop.innerjoin if step is None or step.inner is None else step.inner
                spec.joined[prop] = Joined(child, bool(inner), given)
            return
        if said is not None:
            spec.lazy[prop.key] = way
        if deeper or own_criteria:
            later = spec.later[prop.key] = self.make(target, deeper, ())
            later.criteria = (*own_criteria, *conditions_on(target, self.lasting))
        elif self.everywhere or self.lasting:
            spec.later[prop.key] = self._wild_spec(prop.mapper)

    def _wild_spec(self, mapper: Mapper) -> EntitySpec:
        found = self.later.get(mapper)
        if found is None:
            # Relationships lead back here: the spec is known before what hangs on it is made.
            found = self.later[mapper] = EntitySpec(mapper, ())
            made = self.make(mapper, (), ())
            for name in EntitySpec.__slots__:
                setattr(found, name, getattr(made, name))
            found.criteria = conditions_on(mapper, self.lasting)
        return found

    def _recursive(
        self, prop: RelationshipProperty, step: Step, deeper: list[Path], trail: tuple[RelationshipProperty, ...]
    ) -> EntitySpec:
        depth = step.depth or 0
        spec = self.make(prop.mapper, deeper, trail)
        spec.criteria = (*step.criteria, *conditions_on(prop.mapper, self.criteria))
        spec.plain = False
        if depth < 0:
            spec.eager[prop] = spec
        elif depth > 0:
            spec.eager[prop] = self._recursive(prop, step._replace(depth=depth - 1), deeper, trail)
        return spec


def _target(prop: RelationshipProperty, step: Step | None) -> Mapper:
    # Only a join of the statement itself may narrow what a relationship holds: of_type() of others loads it whole.
    if step is None or step.target is None or step.strategy != "contains":
        return prop.mapper
    found: Mapper = step.target.mapper
    return found


def _comes_round(prop: RelationshipProperty, trail: tuple[RelationshipProperty, ...]) -> bool:
    """A default that would go on for ever: it leads to a class that was on the way, or deeper than it may."""
    if prop.join_depth is not None:
        return sum(1 for one in trail if one is prop) >= prop.join_depth
    passed = {(trail[0] if trail else prop).parent.root, *(one.mapper.root for one in trail)}
    return prop.mapper.root in passed


def _columns(mapper: Mapper, steps: list[Step]) -> tuple[tuple[str, ...], frozenset[str]]:
    """Return the column attributes to load, and those that may not be loaded by reading them."""
    names = {name for name, prop in mapper.columns.items() if not prop.deferred}
    refused: set[str] = set()
    for step in steps:
        chosen = set(mapper.columns) if step.names == EVERYTHING else set(step.names)
        if step.strategy == "undefer_group":
            chosen = {name for name, prop in mapper.columns.items() if prop.group in step.names}
        elif chosen.isdisjoint(mapper.columns):
            # The path names a subclass with of_type(): rows of this class do not have its columns.
            continue
        chosen.intersection_update(mapper.columns)
        if step.strategy == "only":
            names = chosen
            refused = set(mapper.columns) - chosen if step.raiseload else refused - chosen
        elif step.strategy == "defer":
            names -= chosen
            refused = refused | chosen if step.raiseload else refused - chosen
        else:
            names |= chosen
            refused -= chosen
    names.update(mapper.pk_names)
    if mapper.sorts_rows and mapper.polymorphic_key is not None:
        names.add(mapper.polymorphic_key)
    return tuple(name for name in mapper.columns if name in names), frozenset(refused - names)
