"""What ``User.name`` and ``User.books`` mean in SQL: comparison, any(), has(), joins.

A column attribute stands for its column. A relationship attribute stands for its join condition: compared with an
object it becomes a comparison of key columns, and it tells ``select().join()`` which tables and conditions to add.

Spec: LB-22, LB-24.
"""

from __future__ import annotations

from typing import Any

from unitwork import exc
from unitwork.inspection import inspect
from unitwork.instrument.sides import Side, alias_side, join_conditions, plain_side, side_over
from unitwork.mapping.hierarchy import attribute_element
from unitwork.mapping.mapper import MANYTOMANY, MANYTOONE, ColumnProperty, Mapper, RelationshipProperty
from unitwork.mapping.typed import InstrumentedAttribute
from unitwork.sql.clause import EntityElement
from unitwork.sql.elements import as_criterion, as_operand
from unitwork.sql.froms import JoinLeg
from unitwork.sql.functions import and_, not_, null, or_, true
from unitwork.sql.operators import EQ, NE, Operator
from unitwork.sql.select import exists, select
from unitwork.sql.selectable import Join, as_from
from unitwork.state.instance import describe, state_of


class QueryableAttribute(InstrumentedAttribute[Any]):
    """A mapped attribute at class level.

    Attributes:
        key: attribute name.
        prop: ColumnProperty or RelationshipProperty.
        parent: Mapper of the class; `class_` is the class.
        source: the alias it belongs to, an AliasedInsp; None for the attribute of the class.
    """

    __slots__ = ("class_", "key", "parent", "prop")
    source: Any = None

    def __init__(self, parent: Mapper, prop: Any) -> None:
        self.parent = parent
        self.class_ = parent.class_
        self.key: str = prop.key
        self.prop = prop

    def _ready(self) -> None:
        if not self.parent.sealed:
            self.parent.registry.configure()

    @property  # the last one of this class, since it hides the builtin from here on
    def property(self) -> Any:
        """The ColumnProperty or RelationshipProperty, configured."""
        self._ready()
        return self.prop

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self}>"

    def __str__(self) -> str:
        return f"{self.parent.class_.__name__}.{self.key}"


class ColumnSql(QueryableAttribute):
    """A column attribute in SQL: its column."""

    __slots__ = ()
    prop: ColumnProperty

    def __clause_element__(self) -> Any:
        mapper = self.parent
        if mapper.inherits is None and not mapper.children:
            return self.prop.column
        return attribute_element(mapper, self.prop)

    @property
    def expression(self) -> Any:
        """The column."""
        return self.__clause_element__()

    @property
    def type(self) -> Any:
        """The column's type."""
        return self.prop.column.type


class RelationshipSql(QueryableAttribute):
    """A relationship in SQL: its join condition, and questions about related rows.

    Attributes:
        target: the alias or subclass that ``of_type()`` leads to, an AliasedInsp or Mapper; or None.
        criteria: added to its condition by ``and_()``.
    """

    __slots__ = ()
    prop: RelationshipProperty
    target: Any = None
    criteria: tuple[Any, ...] = ()

    def __clause_element__(self) -> Any:
        own, other = self._own_side(), self._other_side()
        between = None if self.prop.secondary is None else Side(self.prop.secondary)
        return and_(*join_conditions(self.prop, own, other, between), *self.criteria)

    def of_type(self, entity: Any) -> RelationshipPath:
        """Return the relationship as one that leads to an alias, or a subclass, of its target (LB-22).

        Raises:
            ArgumentError [of-type-class]: `entity` is neither.
        """
        known = inspect(entity, raiseerr=False)
        mapper = getattr(known, "mapper", None)
        if mapper is None or not issubclass(mapper.class_, self.mapper.class_):
            raise exc.ArgumentError(
                f"{self} leads to {self.mapper.class_.__name__}; of_type() was given {entity!r}.",
                do="give it that class, a subclass, or an alias of one: of_type(aliased(Target)).",
                code="of-type-class",
            )
        return RelationshipPath(self, target=known)

    def and_(self, *criteria: Any) -> RelationshipPath:
        """Return the relationship with more conditions on the related rows (LB-22)."""
        return RelationshipPath(self, criteria=tuple(as_criterion(one) for one in criteria))

    def __join_legs__(self, to: Any = None, outer: bool = False) -> list[JoinLeg]:
        """Return the joins along this relationship.

        Args:
            to: what to join, where it is not the target itself: an alias, or a FROM element that shows its columns.
            outer: the joins are outer ones: a secondary table is joined to its target first, so both or none match.
        Raises:
            InvalidRequestError [self-join]: a table would be joined to itself under one name.
        """
        prop, own = self.property, self._own_side()
        entity, other = self._joined_side(to)
        if set(own.table.leaves()) & set(other.table.leaves()):
            name = prop.mapper.class_.__name__
            raise exc.InvalidRequestError(
                f"{self} joins the table {prop.mapper.local_table.name!r} to itself, which needs an alias.",
                do=f"join an alias: other = aliased({name}); join({self}.of_type(other)).",
                code="self-join",
            )
        criteria = [other.adapt(one) for one in self.criteria]
        if prop.secondary is None:
            condition = and_(*join_conditions(prop, own, other, None), *criteria)
            return [JoinLeg(own.table, other.table, condition, entity)]
        between = side_over(prop.secondary.alias())
        first, second = join_conditions(prop, own, other, between)
        second = and_(second, *criteria)
        if outer:
            return [JoinLeg(own.table, Join(between.table, other.table, second), first, entity)]
        return [JoinLeg(own.table, between.table, first, None), JoinLeg(between.table, other.table, second, entity)]

    def _own_side(self) -> Side:
        self._ready()
        side: Side = plain_side(self.parent) if self.source is None else self.source.side
        return side

    def _other_side(self) -> Side:
        return _side_of(self.target or self.prop.mapper)

    def _joined_side(self, to: Any) -> tuple[EntityElement | None, Side]:
        known = self.target or self.prop.mapper
        if to is not None:
            known = inspect(to, raiseerr=False)
            if known is None:
                return None, side_over(as_from(to))
        return known.__clause_element__(), _side_of(known)

    @property
    def mapper(self) -> Mapper:
        """The target's Mapper."""
        self._ready()
        found: Mapper = self.prop.mapper if self.target is None else self.target.mapper
        return found

    @property
    def entity(self) -> Any:
        """The target: its Mapper, or what ``of_type()`` was given."""
        return self.target or self.mapper

    def any(self, criterion: Any = None, **filters: Any) -> Any:
        """Return EXISTS over the related rows of a collection that meet the criterion (LB-22)."""
        if not self.property.uselist:
            raise exc.InvalidRequestError(f"{self} is a scalar.", do="use has() for scalars.", code="any-or-has")
        return self._exists(criterion, filters)

    def has(self, criterion: Any = None, **filters: Any) -> Any:
        """Return EXISTS over the related row of a scalar that meets the criterion (LB-22)."""
        if self.property.uselist:
            raise exc.InvalidRequestError(f"{self} is a collection.", do="use any().", code="any-or-has")
        return self._exists(criterion, filters)

    def contains(self, other: Any, escape: str | None = None, autoescape: bool = False) -> Any:
        """Return the condition that a collection holds `other` (LB-22)."""
        if not self.property.uselist:
            raise exc.InvalidRequestError(f"{self} is a scalar.", do="compare it with ==.", code="any-or-has")
        if self.prop.direction is MANYTOMANY:
            return self._exists(self._is_object(self.prop.mapper, other), {})
        return self._leads_to(other)

    def is_(self, other: Any) -> Any:
        """Return the condition that a scalar reference is None."""
        return self.operate(EQ, other)

    def is_not(self, other: Any) -> Any:
        """Return the condition that a scalar reference is not None."""
        return self.operate(NE, other)

    def operate(self, op: Operator, *others: Any, **options: Any) -> Any:
        """Return ``== obj``, ``!= obj``, ``== None`` or ``!= None`` in terms of key columns."""
        self._ready()
        other = others[0] if others else None
        if op not in (EQ, NE) or (self.prop.uselist and other is not None):
            raise exc.InvalidRequestError(
                f"operator {op.name!r} has no meaning for the relationship {self}.",
                do="use any(), has() or contains(), or compare columns.",
                code="relationship-operator",
            )
        if self.prop.direction is MANYTOONE:
            return self._refers(other, op is EQ)
        if other is None:
            present = self._exists(None, {})
            return not_(present) if op is EQ else present
        present = self._exists(self._is_object(self.prop.mapper, other), {})
        return present if op is EQ else not_(present)

    def _refers(self, other: Any, equal: bool) -> Any:
        own = self._own_side()
        if other is None:
            condition = and_(*(own.adapt(column).is_(null()) for _, column in self.prop.synchronize_pairs))
            return condition if equal else not_(condition)
        condition = self._leads_to(other)
        if equal:
            return condition
        # A reference that is NULL is not `other` either; SQL alone would not say so.
        return or_(not_(condition), *(own.adapt(column).is_(null()) for column in self.prop.condition.own_columns))

    def _leads_to(self, other: Any) -> Any:
        """The join condition with the values of `other` in place of the other side's columns."""
        names = state_of(other).mapper.name_by_column
        columns = [column for column in dict.fromkeys(self._other_columns()) if column in names]
        values = dict(zip(columns, self._values_of(other, columns)))
        binds = {column: as_operand(value, column.type) for column, value in values.items()}
        return self.prop.condition.between(own=self._own_side().replace, other=binds.get)

    def _other_columns(self) -> list[Any]:
        found: list[Any] = []
        self.prop.condition.between(other=lambda column: found.append(column))
        return found

    def _is_object(self, mapper: Mapper, other: Any) -> Any:
        values = self._values_of(other, list(mapper.primary_key))
        return and_(*(column == value for column, value in zip(mapper.primary_key, values)))

    def _values_of(self, other: Any, columns: list[Any]) -> list[Any]:
        state = state_of(other)
        if not isinstance(other, self.prop.mapper.class_):
            raise exc.ArgumentError(
                f"{self} leads to {self.prop.mapper.class_.__name__}; it is compared with {describe(state)}.",
                do="compare it with an object of that class, or with None.",
                code="wrong-class",
            )
        names = state.mapper.name_by_column
        values = [getattr(other, names[column]) for column in columns]
        if any(value is None for value in values):
            raise exc.InvalidRequestError(
                f"{self} is compared with {describe(state)}, which has no key yet.",
                do="flush it first.",
                code="no-key-yet",
            )
        return values

    def _exists(self, criterion: Any, filters: dict[str, Any]) -> Any:
        prop, own, other = self.property, self._own_side(), self._other_side()
        conditions = [] if criterion is None else [as_criterion(criterion)]
        target_class = self.entity.entity
        conditions += [getattr(target_class, name) == value for name, value in filters.items()]
        conditions += self.criteria
        if set(own.table.leaves()) & set(other.table.leaves()):
            other = alias_side(self.mapper)
        conditions = [other.adapt(one) for one in conditions]
        between = None if prop.secondary is None else Side(prop.secondary)
        tables = [other.table] if between is None else [other.table, between.table]
        joined = join_conditions(prop, own, other, between)
        return exists(select(true()).select_from(*tables).where(*joined, *conditions).correlate_except(*tables))


class RelationshipPath(RelationshipSql):
    """A relationship from an alias, to an alias or a subclass, or with more criteria."""

    __slots__ = ("criteria", "source", "target")

    def __init__(
        self, base: RelationshipSql, source: Any = None, target: Any = None, criteria: tuple[Any, ...] = ()
    ) -> None:
        super().__init__(base.parent, base.prop)
        self.source = base.source if source is None else source
        self.target = base.target if target is None else target
        self.criteria = base.criteria + criteria

    def __str__(self) -> str:
        text = super().__str__()
        return text if self.source is None else f"aliased({self.parent.class_.__name__}).{self.key}"


def with_parent(instance: object, prop: Any, from_entity: Any = None) -> Any:
    """Return the condition that rows are those a relationship of an object leads to (LB-38).

    Args:
        instance: the object the relationship starts from.
        prop: the relationship, e.g. ``User.addresses``; with ``of_type(alias)`` the rows are those of the alias.
        from_entity: the alias whose rows are meant, where `prop` does not say it.
    Raises:
        ArgumentError [not-a-relationship]: `prop` is no relationship of the object's class.
    """
    state = state_of(instance)
    if not isinstance(prop, RelationshipSql) or not isinstance(instance, prop.parent.class_):
        raise exc.ArgumentError(
            f"with_parent() was given {describe(state)} and {prop!s}.",
            do="give it an object and a relationship of its class: with_parent(user, User.addresses).",
            code="not-a-relationship",
        )
    relationship: RelationshipProperty = prop.property
    names = state.mapper.name_by_column
    values = {
        column: as_operand(getattr(instance, names[column]), column.type)
        for column in relationship.condition.own_columns
    }
    known = prop.target or relationship.mapper if from_entity is None else inspect(from_entity)
    other = _side_of(known)
    between = None if relationship.secondary is None else Side(relationship.secondary)
    own = Side(plain_side(prop.parent).table, values.get)
    conditions = join_conditions(relationship, own, other, between)
    return and_(*conditions, *(other.adapt(one) for one in prop.criteria))


def _side_of(known: Any) -> Side:
    """Return the side of a Mapper or of an alias."""
    return plain_side(known) if isinstance(known, Mapper) else known.side

