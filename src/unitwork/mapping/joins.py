"""How two tables are joined for a relationship: from foreign keys, or from the condition the user gave.

Pure: takes tables and elements, gives a Join. Every failure lists what was found, so that the reader can choose.
Spec: LB-13.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from unitwork import exc
from unitwork.mapping.mapper import (
    MANYTOMANY,
    MANYTOONE,
    ONETOMANY,
    ColumnPair,
    Mapper,
    RelationshipDirection,
    RelationshipProperty,
)
from unitwork.sql.constraints import ForeignKeyConstraint
from unitwork.sql.elements import BinaryExpression, Operation
from unitwork.sql.functions import and_
from unitwork.sql.operators import AND, EQ
from unitwork.sql.schema import Column, Table


@dataclass(frozen=True)
class JoinRequest:
    """What is to be joined, and what the user said about it; columns and elements are resolved already.

    `foreign_keys` and `remote_side` are empty where the user said nothing.
    """

    prop: RelationshipProperty
    target: Mapper
    secondary: Table | None = None
    primaryjoin: Any = None
    secondaryjoin: Any = None
    foreign_keys: frozenset[Column] = frozenset()
    remote_side: frozenset[Column] = frozenset()

    @property
    def parent(self) -> Mapper:
        return self.prop.parent

    @property
    def name(self) -> str:
        """Where the relationship stands, for messages."""
        return f"{self.parent.class_.__name__}.{self.prop.key}"


@dataclass(frozen=True)
class Join:
    """How a relationship joins its two sides; fields as in RelationshipProperty.

    `is_plain` tells that the condition is nothing but the equalities of `local_remote_pairs`.
    """

    direction: RelationshipDirection
    primaryjoin: Any
    secondaryjoin: Any
    synchronize_pairs: tuple[ColumnPair, ...]
    secondary_synchronize_pairs: tuple[ColumnPair, ...]
    local_remote_pairs: tuple[ColumnPair, ...]
    is_plain: bool

    def reversed(self) -> Join:
        """Return the same join seen from the other side."""
        if self.direction is MANYTOMANY:
            own = self.secondary_synchronize_pairs
            other = self.synchronize_pairs
            return Join(MANYTOMANY, self.secondaryjoin, self.primaryjoin, own, other, own + other, self.is_plain)
        direction = MANYTOONE if self.direction is ONETOMANY else ONETOMANY
        pairs = tuple((remote, local) for local, remote in self.local_remote_pairs)
        return Join(direction, self.primaryjoin, None, self.synchronize_pairs, (), pairs, self.is_plain)


def resolve_join(request: JoinRequest) -> Join:
    """Return how the two sides of a relationship are joined.

    Raises:
        NoForeignKeysError [no-foreign-keys]: nothing joins the tables.
        AmbiguousForeignKeysError [ambiguous-foreign-keys]: several foreign keys do.
        ArgumentError [join-without-columns, join-direction]: a given condition does not tell which column is copied
            to which, or the direction cannot be told.
    Spec: LB-13.
    """
    if request.secondary is not None:
        return _through_secondary(request, request.secondary)
    own, other = request.parent.local_table, request.target.local_table
    if request.primaryjoin is None:
        pairs = _single_foreign_key(request, own, other)
        condition, is_plain = _condition(pairs), True
    else:
        condition = request.primaryjoin
        pairs, is_plain = _pairs_of_condition(request, condition, "primaryjoin")
    direction = _direction(request, pairs)
    if direction is ONETOMANY:
        local_remote = tuple(pairs)
    else:
        local_remote = tuple((foreign, referenced) for referenced, foreign in pairs)
    return Join(direction, condition, None, tuple(pairs), (), local_remote, is_plain)


def _through_secondary(request: JoinRequest, secondary: Table) -> Join:
    own, other = request.parent.local_table, request.target.local_table
    primary, primary_pairs, plain = _secondary_half(request, secondary, own, request.primaryjoin, "primaryjoin")
    second, second_pairs, too = _secondary_half(request, secondary, other, request.secondaryjoin, "secondaryjoin")
    pairs, more = tuple(primary_pairs), tuple(second_pairs)
    return Join(MANYTOMANY, primary, second, pairs, more, pairs + more, plain and too)


def _secondary_half(
    request: JoinRequest, secondary: Table, table: Table, given: Any, name: str
) -> tuple[Any, list[ColumnPair], bool]:
    if given is not None:
        pairs, is_plain = _pairs_of_condition(request, given, name)
        return given, pairs, is_plain
    links = _links(secondary, table, request.foreign_keys)
    if len(links) != 1:
        raise _join_error(request, secondary, table, links, f"{name}=")
    return _condition(links[0]), links[0], True


def _single_foreign_key(request: JoinRequest, own: Table, other: Table) -> list[ColumnPair]:
    links = _links(other, own, request.foreign_keys)
    if own is not other:
        links += _links(own, other, request.foreign_keys)
    if len(links) != 1:
        raise _join_error(request, own, other, links, "foreign_keys=")
    return links[0]


def _links(child: Table, parent: Table, wanted: Collection[Column]) -> list[list[ColumnPair]]:
    """(referenced column, foreign key column) pairs of each foreign key from `child` to `parent`, without repeats.

    With `wanted`, only the foreign keys among these columns count.
    """
    found: list[list[ColumnPair]] = []
    for constraint in _foreign_keys(child):
        # A foreign key to a table that is not there has no column: it does not join these two.
        ends = [(element.find_column(), element.parent) for element in constraint.elements]
        pairs = [(column, foreign) for column, foreign in ends if column is not None and column.table is parent]
        if len(pairs) < len(ends):
            continue
        if wanted:
            pairs = [pair for pair in pairs if pair[1] in wanted]
        if pairs and not any(_same_pairs(pairs, known) for known in found):
            found.append(pairs)
    return found


def _foreign_keys(table: Table) -> list[ForeignKeyConstraint]:
    places = {column: index for index, column in enumerate(table.columns)}
    return sorted(
        table.foreign_key_constraints, key=lambda constraint: [places[item.parent] for item in constraint.elements]
    )


def _same_pairs(left: Iterable[ColumnPair], right: Iterable[ColumnPair]) -> bool:
    return {(id(a), id(b)) for a, b in left} == {(id(a), id(b)) for a, b in right}


def _condition(pairs: list[ColumnPair]) -> Any:
    conditions = [referenced == foreign for referenced, foreign in pairs]
    return conditions[0] if len(conditions) == 1 else and_(*conditions)


def _pairs_of_condition(request: JoinRequest, condition: Any, name: str) -> tuple[list[ColumnPair], bool]:
    """(referenced, foreign) columns of the equalities in a given condition, and whether it holds nothing else."""
    equalities, is_plain = column_equalities(condition)
    pairs: list[ColumnPair] = []
    for left, right in equalities:
        foreign = _foreign_of(request, left, right)
        if foreign is None:
            is_plain = False
        else:
            pairs.append((right, left) if foreign is left else (left, right))
    if not pairs:
        raise exc.ArgumentError(
            f"relationship {request.name}: {name} {condition} does not tell which column is copied to which: it has "
            "no 'column = column' part with a foreign key column.",
            do="give a ForeignKey to one of its columns, or name the foreign key columns in foreign_keys=.",
            code="join-without-columns",
            property=request.prop,
        )
    return pairs, is_plain


def column_equalities(condition: Any) -> tuple[list[ColumnPair], bool]:
    """Return the ``column = column`` parts that a condition demands, and whether it demands nothing else."""
    if isinstance(condition, Operation) and condition.operator is AND:
        pairs: list[ColumnPair] = []
        is_plain = True
        for part in condition.operands:
            found, plain = column_equalities(part)
            pairs += found
            is_plain = is_plain and plain
        return pairs, is_plain
    if isinstance(condition, BinaryExpression) and condition.operator is EQ:
        left, right = condition.left, condition.right
        if isinstance(left, Column) and isinstance(right, Column):
            return [(left, right)], True
    return [], False


def _foreign_of(request: JoinRequest, left: Column, right: Column) -> Column | None:
    """Which of two columns that must be equal is the foreign key; None if this cannot be told."""
    if request.foreign_keys:
        named = [column for column in (left, right) if column in request.foreign_keys]
    elif request.secondary is not None:
        named = [column for column in (left, right) if column.table is request.secondary]
    else:
        named = [own for own, other in ((left, right), (right, left)) if own.references(other)]
    return named[0] if len(named) == 1 else None


def _direction(request: JoinRequest, pairs: list[ColumnPair]) -> RelationshipDirection:
    own, other = request.parent.tables, request.target.tables
    referenced = {column for column, foreign in pairs if column is not foreign}
    foreign = {foreign for column, foreign in pairs if column is not foreign}
    if set(own) & set(other):
        remote = request.remote_side
        if not remote or foreign <= remote:
            return ONETOMANY
        if referenced <= remote:
            return MANYTOONE
    elif all(column.table in other for column in foreign):
        return ONETOMANY
    elif all(column.table in own for column in foreign):
        return MANYTOONE
    raise exc.ArgumentError(
        f"relationship {request.name}: its direction cannot be told from foreign key columns "
        f"{_listed(foreign)}, referenced columns {_listed(referenced)} and remote side "
        f"{_listed(request.remote_side) or 'not given'}.",
        do="name the columns of the other side in remote_side=, or the foreign key columns in foreign_keys=.",
        code="join-direction",
        property=request.prop,
    )


def _listed(columns: Iterable[Column]) -> str:
    return ", ".join(sorted(f"{column.table.name}.{column.name}" for column in columns))


def _join_error(
    request: JoinRequest, left: Table, right: Table, links: list[list[ColumnPair]], argument: str
) -> exc.ArgumentError:
    names = f"table {left.name!r}" if left is right else f"tables {left.name!r} and {right.name!r}"
    if not links:
        said = f" among {_listed(request.foreign_keys)}" if request.foreign_keys else ""
        return exc.NoForeignKeysError(
            f"relationship {request.name}: no foreign key{said} joins {names}.",
            do="add a ForeignKey, or say the condition with primaryjoin= and foreign_keys=.",
            code="no-foreign-keys",
            property=request.prop,
        )
    shown = "; ".join(", ".join(f"{_listed([b])} -> {_listed([a])}" for a, b in pairs) for pairs in links)
    return exc.AmbiguousForeignKeysError(
        f"relationship {request.name}: several foreign keys join {names}: {shown}.",
        do=f"say which one with {argument}.",
        code="ambiguous-foreign-keys",
        property=request.prop,
    )
