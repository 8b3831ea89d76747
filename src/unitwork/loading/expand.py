"""A SELECT of mapped classes to the SELECT that is sent, and its LoadPlan.

Classes become the columns that are loaded. Relationships that are loaded by a join bring aliases of their targets,
outer joins and further columns. Where the statement limits, groups or distinguishes its rows, the joins would change
which rows these are: then it becomes a subquery, and the joins go around it.

Spec: SB-43, SB-44, SB-49, LB-12, LB-27.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from unitwork import exc
from unitwork.instrument.aliased import AliasedEntity, AliasedInsp
from unitwork.instrument.sides import Side, alias_side, join_conditions, side_over
from unitwork.loading.bundle import BundleElement
from unitwork.loading.criteria import adjusted, criteria_of, marked
from unitwork.loading.nesting import Nested
from unitwork.loading.options import Load
from unitwork.loading.plan import BundleItem, EntityItem, EntitySpec, Item, Joined, JoinedItem, LoadPlan, ValueItem
from unitwork.loading.specs import spec_of, spec_under
from unitwork.mapping.mapper import Mapper, RelationshipProperty
from unitwork.sql.clause import EntityElement
from unitwork.sql.columns import ColumnClause, EntityColumn
from unitwork.sql.froms import JoinStep
from unitwork.sql.functions import and_
from unitwork.sql.schema import Column
from unitwork.sql.selectable import EntityFrom, Join


def expand(statement: Any) -> tuple[Any, LoadPlan | None]:
    """Return a statement with the columns that will be loaded, and its plan; None if it selects no mapped class.

    Called once per shape of statement: the result is kept with the SQL.

    Raises:
        ArgumentError [option-unused]: a loader option starts from a class that the statement does not select.
    """
    elements = getattr(statement, "raw_columns", ())
    options = [option for option in statement.with_options if isinstance(option, Load)]
    criteria = criteria_of(statement)
    if criteria:
        statement = adjusted(statement, criteria)
    entities = [element for element in elements if _is_entity(element)]
    for option in options:
        if option.root is not None and not any(option.starts_at(one.subject, _alias_of(one)) for one in entities):
            raise exc.ArgumentError(
                f"{option!r} starts from a class that the statement does not select.",
                do="start from one that it selects, and follow relationships from there; or leave it out.",
                code="option-unused",
            )
    if not entities and not any(isinstance(element, BundleElement) for element in elements):
        return statement, None
    specs = []
    for element in entities:
        mapper: Mapper = element.subject
        if not mapper.sealed:
            mapper.registry.configure()
        own = [option for option in options if option.starts_at(mapper, _alias_of(element))]
        specs.append(spec_under(mapper, own, criteria) if own or criteria else spec_of(mapper))
    found, plan = expanded(statement, specs)
    return (marked(found, statement.adjust) if criteria else found), plan


def expanded(statement: Any, specs: Sequence[EntitySpec]) -> tuple[Any, LoadPlan]:
    """Return a statement with the columns of its entities, loaded as `specs` say, and its plan.

    Args:
        specs: one for each entity among its elements, in order.
    """
    return _Expansion(statement, specs).result()


def entity_plan(spec: EntitySpec) -> LoadPlan:
    """Return the plan of a SELECT of one mapped class and nothing else, with one row for each object."""
    plan: LoadPlan | None = spec.memo.get("plan")
    if plan is None:
        plan = spec.memo["plan"] = LoadPlan((EntityItem(spec, 0),), (spec.mapper.class_.__name__,))
    return plan


class _Owner(NamedTuple):
    """An entity of the rows: its number, how it is loaded, what it comes from; and whether every row has one."""

    number: int
    spec: EntitySpec
    side: Side
    always: bool


class _Expansion:
    """One statement on its way to its expanded form.

    Attributes:
        columns: what the statement itself selects; further ones come behind them.
        further: columns of what is joined to it.
        joined: the plan's, their places in `further` still to be moved behind `columns`.
        steps, order: joins and ORDER BY terms to be added.
    """

    def __init__(self, statement: Any, specs: Sequence[EntitySpec]) -> None:
        self.statement = statement
        self.columns: list[Any] = []
        self.further: list[Any] = []
        self.items: list[Item] = []
        self.keys: list[str] = []
        self.joined: list[tuple[int, RelationshipProperty, EntitySpec, int, bool]] = []
        self.steps: list[JoinStep] = []
        self.order: list[Any] = []
        self.owners: list[_Owner] = []
        left = iter(specs)
        for element in statement.raw_columns:
            if _is_entity(element):
                self._add_entity(element, next(left))
            elif isinstance(element, BundleElement):
                self.items.append(self._bundle(element))
                self.keys.append(element.subject.name)
            else:
                self._add_values(element)

    def _add_entity(self, element: Any, spec: EntitySpec) -> None:
        alias = _alias_of(element)
        names = spec.names
        if alias is not None:
            names = tuple(name for name in names if alias.column(name) is not None)
            shows_more = all(alias.selectable.corresponding_column(column) is not None for column in spec.more)
            spec = spec if names == spec.names and shows_more else spec.with_names(names, shows_more)
        side = Side(element.table) if alias is None else alias.side
        self.owners.append(_Owner(len(self.items), spec, side, True))
        self.items.append(EntityItem(spec, len(self.columns)))
        self.keys.append((alias and alias.name) or spec.mapper.class_.__name__)
        self.columns += _columns_of(spec, side)

    def _add_values(self, element: Any) -> None:
        for column in self.statement.with_only_columns(element).selected_columns:
            self.items.append(ValueItem(len(self.columns), column.type, _is_stored(column)))
            name = getattr(column, "key", None) or getattr(column, "name", None)
            self.keys.append(name or f"column_{len(self.columns)}")
            self.columns.append(column)

    def _bundle(self, element: BundleElement) -> BundleItem:
        parts: list[ValueItem | BundleItem] = []
        for part in element.exprs:
            if isinstance(part, BundleElement):
                parts.append(self._bundle(part))
                continue
            parts.append(ValueItem(len(self.columns), part.type, _is_stored(part)))  # type: ignore[attr-defined]
            self.columns.append(part)
        return BundleItem(tuple(parts), element.maker(self.statement))

    def result(self) -> tuple[Any, LoadPlan]:
        """Return statement and plan."""
        # Owners grow while they are gone through: what is joined may have relationships of its own.
        for owner in self.owners:
            self._take_given(owner)
        whole = self.statement
        added = any(child.given is None for owner in self.owners for child in owner.spec.joined.values())
        if added and self._needs_subquery():
            nested = Nested(whole, self.columns, self._columns_to_join())
            whole, self.columns, self.order = nested.outer, nested.columns, list(nested.order)
            self.owners = [owner._replace(side=nested.side(owner.side)) for owner in self.owners]
        for owner in self.owners:
            self._add_joins(owner)
        if added:
            whole = whole.clone()
            whole.joins = (*whole.joins, *self.steps)
            if self.order:
                whole = whole.order_by(*self.order)
            self._keep_locks_on_owners(whole)
        plan = LoadPlan(self.items, self.keys, list(self._joined_items()))
        return whole.with_only_columns(*self.columns, *self.further), plan

    def _joined_items(self) -> Iterator[JoinedItem]:
        for owner, prop, spec, place, is_further in self.joined:
            start = place + (len(self.columns) if is_further else 0)
            yield JoinedItem(owner, prop, EntityItem(spec, start))

    def _take_given(self, owner: _Owner) -> None:
        for prop, child in owner.spec.joined.items():
            if child.given is None:
                continue
            leaves = {leaf for one in self.statement.froms() for leaf in one.leaves()}
            if not leaves.issuperset(child.given.table.leaves()):
                raise exc.InvalidRequestError(
                    f"contains_eager({prop.parent.class_.__name__}.{prop.key}) takes objects from a join, and the "
                    f"statement has none to {child.given.table.name or child.given.table.name_hint!r}.",
                    do="join it, e.g. with join(); or have it loaded with selectinload() or joinedload().",
                    code="contains-eager-without-join",
                )
            alias = _alias_of(child.given)
            side = Side(child.given.table) if alias is None else alias.side
            number = len(self.items) + len(self.joined)
            self.joined.append((owner.number, prop, child.spec, len(self.columns), False))
            self.columns += _columns_of(child.spec, side)
            self.owners.append(_Owner(number, child.spec, side, False))

    def _add_joins(self, owner: _Owner) -> None:
        for prop, child in owner.spec.joined.items():
            if child.given is None:
                self._add_join(owner, prop, child)

    def _add_join(self, owner: _Owner, prop: RelationshipProperty, child: Joined) -> None:
        spec = child.spec
        side = alias_side(spec.mapper)
        between = None if prop.secondary is None else side_over(prop.secondary.alias())
        inner = child.inner and owner.always
        criteria = [side.adapt(one) for one in spec.criteria]
        conditions = join_conditions(prop, owner.side, side, between)
        right = side.table
        if between is None:
            conditions = [and_(*conditions, *criteria)]
        else:
            right = Join(between.table, side.table, and_(conditions[1], *criteria))
        self.steps.append(JoinStep(right, conditions[0], owner.side.table, not inner, False, None))
        self.order += [side.adapt(one if between is None else between.adapt(one)) for one in prop.order_by]
        number = len(self.items) + len(self.joined)
        self.joined.append((owner.number, prop, spec, len(self.further), True))
        self.further += _columns_of(spec, side)
        self.owners.append(_Owner(number, spec, side, inner))

    def _needs_subquery(self) -> bool:
        statement = self.statement
        if statement.group_by_clauses or statement.having_criteria or statement.is_distinct:
            return True
        if statement.limit_clause is None and statement.offset_clause is None:
            return False
        return any(_joins_collection(owner.spec) for owner in self.owners)

    def _columns_to_join(self) -> list[Any]:
        """Columns of owners that conditions of joins need, loaded or not."""
        return [
            owner.side.adapt(column)
            for owner in self.owners
            for prop, child in owner.spec.joined.items()
            if child.given is None
            for column in prop.condition.own_columns
        ]

    def _keep_locks_on_owners(self, whole: Any) -> None:
        # PostgreSQL refuses to lock the far side of an outer join, and nobody asked for it.
        if whole.for_update is not None and not whole.for_update_of:
            tables = [leaf for owner in self.owners if owner.always for leaf in owner.side.table.leaves()]
            whole.for_update_of = tuple(dict.fromkeys(tables))


def _joins_collection(spec: EntitySpec) -> bool:
    return any(
        child.given is None and (prop.uselist or _joins_collection(child.spec)) for prop, child in spec.joined.items()
    )


def _columns_of(spec: EntitySpec, side: Side) -> list[Any]:
    columns = [side.adapt(column) for column in spec.columns]
    if not isinstance(side.table, EntityFrom):
        return columns
    # Each brings the FROM of its class, which is more, or less, than its table.
    return [EntityColumn(one, side.table) if _is_of_table(one) else one for one in columns]


def _is_of_table(column: Any) -> bool:
    return isinstance(column, ColumnClause) and column.table is not None


def _is_entity(element: Any) -> bool:
    return isinstance(element, EntityElement) and isinstance(element.subject, Mapper)


def _alias_of(element: Any) -> AliasedInsp | None:
    return element.alias if isinstance(element, AliasedEntity) else None


def _is_stored(element: Any) -> bool:
    """Return whether a column of a result shows a column of a table, under whatever name."""
    while getattr(element, "element", None) is not None:
        element = element.element
    return isinstance(element, Column)


