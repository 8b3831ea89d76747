"""What ``User.name`` and ``User.books`` mean in SQL: comparison, any(), has(), joins.

A column attribute stands for its column. A relationship attribute stands for its join condition: compared with an
object it becomes a comparison of key columns, and it tells ``select().join()`` which tables and conditions to add.

Spec: LB-22, LB-24.
"""

from __future__ import annotations

from typing import Any

from unitwork import exc
from unitwork.inspection import inspect
from unitwork.mapping.mapper import MANYTOMANY, MANYTOONE, ColumnProperty, Mapper, RelationshipProperty
from unitwork.mapping.typed import InstrumentedAttribute
from unitwork.sql.elements import as_criterion, as_operand
from unitwork.sql.functions import and_, not_, null, true
from unitwork.sql.operators import EQ, NE, Operator
from unitwork.sql.select import exists, select
from unitwork.sql.traversal import replace_elements
from unitwork.state.instance import describe, state_of


class QueryableAttribute(InstrumentedAttribute[Any]):
    """A mapped attribute at class level.

    Attributes:
        key: attribute name.
        prop: ColumnProperty or RelationshipProperty.
        parent: Mapper of the class; `class_` is the class.
    """

    __slots__ = ("class_", "key", "parent", "prop")

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
        return self.prop.column

    @property
    def expression(self) -> Any:
        """The column."""
        return self.prop.column

    @property
    def type(self) -> Any:
        """The column's type."""
        return self.prop.column.type


class RelationshipSql(QueryableAttribute):
    """A relationship in SQL: its join condition, and questions about related rows."""

    __slots__ = ()
    prop: RelationshipProperty

    def __clause_element__(self) -> Any:
        self._ready()
        return self.prop.primaryjoin

    def __join_target__(self) -> list[tuple[Any, Any]]:
        """Return (table to join, condition) in the order to join them; two for a many-to-many."""
        self._ready()
        prop = self.prop
        if prop.is_self_referential:
            raise exc.InvalidRequestError(
                f"{self} joins the table {prop.target.name!r} to itself, which needs an alias.",
                do=f"join an alias of {prop.mapper.class_.__name__} with an ON condition of your own.",
                code="self-join",
            )
        if prop.secondary is not None:
            return [(prop.secondary, prop.primaryjoin), (prop.target, prop.secondaryjoin)]
        return [(prop.target, prop.primaryjoin)]

    @property
    def mapper(self) -> Mapper:
        """The target's Mapper."""
        self._ready()
        return self.prop.mapper

    @property
    def entity(self) -> Mapper:
        """The target's Mapper."""
        return self.mapper

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

    def operate(self, op: Operator, *others: Any, **options: Any) -> Any:
        """Return ``== obj``, ``!= obj``, ``== None`` or ``!= None`` in terms of key columns."""
        self._ready()
        if op not in (EQ, NE) or self.prop.uselist:
            raise exc.InvalidRequestError(
                f"operator {op.name!r} has no meaning for the relationship {self}.",
                do="use any(), has() or contains(), or compare columns.",
                code="relationship-operator",
            )
        condition = self._equals(others[0])
        return condition if op is EQ else not_(condition)

    def _equals(self, other: Any) -> Any:
        prop = self.prop
        if prop.direction is not MANYTOONE:
            if other is None:
                return not_(self._exists(None, {}))
            return self._exists(self._is_object(prop.mapper, other), {})
        if other is None:
            return and_(*(own.is_(null()) for _, own in prop.synchronize_pairs))
        return self._leads_to(other)

    def _leads_to(self, other: Any) -> Any:
        """The join condition with the values of `other` in place of the other side's columns."""
        names = state_of(other).mapper.name_by_column
        columns = [column for column in dict.fromkeys(self._other_columns()) if column in names]
        values = dict(zip(columns, self._values_of(other, columns)))
        binds = {column: as_operand(value, column.type) for column, value in values.items()}
        return self.prop.condition.between(other=binds.get)

    def _other_columns(self) -> list[Any]:
        found: list[Any] = []
        self.prop.condition.between(other=lambda column: found.append(column))
        return found

    def _is_object(self, mapper: Mapper, other: Any) -> Any:
        values = self._values_of(other, list(mapper.primary_key))
        return and_(*(column == value for column, value in zip(mapper.primary_key, values)))

    def _values_of(self, other: Any, columns: list[Any]) -> list[Any]:
        state = state_of(other)
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
        prop = self.prop
        target_class = inspect(prop.mapper.class_).class_
        criteria = [] if criterion is None else [as_criterion(criterion)]
        criteria += [getattr(target_class, name) == value for name, value in filters.items()]
        target: Any = prop.target
        replace: dict[Any, Any] = {}
        if prop.is_self_referential:
            # The rows asked about need a name of their own beside the owner's.
            target = prop.target.alias()
            replace = {column: target.c[column.key] for column in prop.target.c}
        conditions = [prop.condition.between(other=replace.get)]
        if prop.secondaryjoin is not None:
            conditions.append(replace_elements(prop.secondaryjoin, replace))
        conditions += [replace_elements(each, replace) for each in criteria]
        tables = [target] if prop.secondary is None else [target, prop.secondary]
        inner = select(true()).select_from(*tables).where(*conditions).correlate(prop.parent.local_table)
        return exists(inner)
