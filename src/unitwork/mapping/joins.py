"""How two tables are joined for a relationship: from foreign keys, or from the condition the user gave.

Pure: takes tables and elements, gives a Join. Every failure lists what was found, so that the reader can choose.
Spec: LB-10, LB-13, LB-38.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from unitwork import exc
from unitwork.mapping.conditions import (
    Occurrence,
    SidedCondition,
    conjuncts,
    occurrences,
    own_side,
    sided,
    without_marks,
)
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
from unitwork.sql.elements import BinaryExpression
from unitwork.sql.functions import and_
from unitwork.sql.operators import EQ
from unitwork.sql.schema import Column, Table
from unitwork.sql.traversal import iterate


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
    condition: SidedCondition
    secondaryjoin: Any
    synchronize_pairs: tuple[ColumnPair, ...]
    secondary_synchronize_pairs: tuple[ColumnPair, ...]
    local_remote_pairs: tuple[ColumnPair, ...]
    is_plain: bool

    def reversed(self, tables: Collection[Table]) -> Join:
        """Return the same join seen from the other side, the class with these tables."""
        if self.direction is MANYTOMANY:
            own = self.secondary_synchronize_pairs
            other = self.synchronize_pairs
            condition = SidedCondition(self.secondaryjoin).reversed(tables)
            return Join(MANYTOMANY, condition, self.condition.plain, own, other, own + other, self.is_plain)
        direction = MANYTOONE if self.direction is ONETOMANY else ONETOMANY
        pairs = tuple((remote, local) for local, remote in self.local_remote_pairs)
        condition = self.condition.reversed(tables)
        return Join(direction, condition, None, self.synchronize_pairs, (), pairs, self.is_plain)


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
    if request.primaryjoin is not None:
        return _given(request, request.primaryjoin)
    pairs = tuple(_single_foreign_key(request))
    columns = {column for pair in pairs for column in pair}
    direction = _direction(request, pairs, request.remote_side or _remote_of_hierarchy(request, columns))
    if direction is ONETOMANY:
        condition = and_(*(own_side(referenced) == foreign for referenced, foreign in pairs))
        return Join(direction, SidedCondition(condition), None, pairs, (), pairs, True)
    condition = and_(*(referenced == own_side(foreign) for referenced, foreign in pairs))
    local_remote = tuple((foreign, referenced) for referenced, foreign in pairs)
    return Join(direction, SidedCondition(condition), None, pairs, (), local_remote, True)


def _given(request: JoinRequest, condition: Any) -> Join:
    """The join of a primaryjoin without a secondary."""
    found = _pairs_of_condition(request, condition, "primaryjoin")
    remote_side = request.remote_side or frozenset(item.column for item in occurrences(condition) if item.remote)
    if not remote_side:
        remote_side = frozenset(_remote_of_hierarchy(request, {column for pair in found.pairs for column in pair}))
    direction = _direction(request, found.pairs, remote_side)
    remote = remote_side
    if not remote:
        remote = frozenset(pair[1 if direction is ONETOMANY else 0] for pair in found.pairs)
    sides = sided(condition, _own_test(request, condition, remote))
    turned = direction is MANYTOONE
    local_remote = tuple((foreign, other) if turned else (other, foreign) for other, foreign in found.pairs)
    local_remote += tuple(pair for pair in sides.equalities if not any(_is_pair(pair, known) for known in local_remote))
    return Join(direction, sides, None, found.copied, (), local_remote, found.is_plain)


def _is_pair(pair: ColumnPair, other: ColumnPair) -> bool:
    return pair[0] is other[0] and pair[1] is other[1]


def _own_test(request: JoinRequest, condition: Any, remote: Collection[Column]) -> Callable[[Occurrence], bool]:
    """Tell which columns of a given condition belong to the own side, where they stand."""
    tables = request.parent.tables
    if any(item.remote for item in occurrences(condition)):
        return lambda item: not item.remote and item.column.table in tables
    if request.remote_side or set(tables) & set(request.target.tables):
        return lambda item: item.column not in remote and item.column.table in tables
    return lambda item: item.column.table in tables


def _through_secondary(request: JoinRequest, secondary: Table) -> Join:
    own, other = request.parent, request.target
    primary, primary_found = _secondary_half(request, secondary, own, request.primaryjoin, "primaryjoin")
    second, second_found = _secondary_half(request, secondary, other, request.secondaryjoin, "secondaryjoin")
    pairs, more = primary_found.copied, second_found.copied
    tables = request.parent.tables
    sides = sided(primary, lambda item: item.column.table in tables and item.column.table is not secondary)
    plain = primary_found.is_plain and second_found.is_plain
    return Join(MANYTOMANY, sides, without_marks(second), pairs, more, pairs + more, plain)


def _secondary_half(
    request: JoinRequest, secondary: Table, mapper: Mapper, given: Any, name: str
) -> tuple[Any, FoundPairs]:
    if given is not None:
        return given, _pairs_of_condition(request, given, name)
    links: list[list[ColumnPair]] = []
    for table in _own_first(mapper):
        links = links or _links(secondary, table, request.foreign_keys)
    if len(links) != 1:
        raise _join_error(request, secondary, mapper.local_table, links, f"{name}=")
    pairs = tuple(links[0])
    return and_(*(referenced == foreign for referenced, foreign in pairs)), FoundPairs(pairs, pairs, True)


def _single_foreign_key(request: JoinRequest) -> list[ColumnPair]:
    own, other = request.parent.local_table, request.target.local_table
    links = _links_between(request, [own], [other])
    if not links:
        links = _links_between(request, _own_first(request.parent), _own_first(request.target))
    if len(links) != 1:
        raise _join_error(request, own, other, links, "foreign_keys=")
    return links[0]


def _own_first(mapper: Mapper) -> list[Table]:
    """Return the tables of a class, its own first, then those of the classes above."""
    return list(reversed(mapper.tables))


def _links_between(request: JoinRequest, owns: list[Table], others: list[Table]) -> list[list[ColumnPair]]:
    """Links both ways between tables of the two sides, without those that join the tables of one class."""
    inherited = {
        (id(above), id(own))
        for mapper in (*request.parent.iterate_to_root(), *request.target.iterate_to_root())
        for above, own in mapper.inherit_pairs
    }
    found: list[list[ColumnPair]] = []
    for own in owns:
        for other in others:
            links = _links(other, own, request.foreign_keys)
            if own is not other:
                links += _links(own, other, request.foreign_keys)
            for pairs in links:
                joins_one_class = all((id(above), id(below)) in inherited for above, below in pairs)
                if not joins_one_class and not any(_same_pairs(pairs, known) for known in found):
                    found.append(pairs)
    return found


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


class FoundPairs(NamedTuple):
    """What a given condition says about columns.

    Attributes:
        pairs: (referenced, foreign) columns that it compares.
        copied: those of them whose value is copied in a flush: they are compared by ``=``.
        is_plain: it says nothing else.
    """

    pairs: tuple[ColumnPair, ...]
    copied: tuple[ColumnPair, ...]
    is_plain: bool


def _pairs_of_condition(request: JoinRequest, condition: Any, name: str) -> FoundPairs:
    """(referenced, foreign) columns of the comparisons in a given condition, and whether it holds nothing else."""
    is_marked = any(item.foreign for item in occurrences(condition))
    pairs: list[ColumnPair] = []
    is_plain = True
    for part in conjuncts(condition):
        found = _compared(request, part, is_marked) if _is_equation(part) else []
        pairs += found
        is_plain = is_plain and len(found) == 1 and all(isinstance(side, Column) for side in part.operands)
    copied = tuple(pairs)
    if not pairs and request.prop.viewonly:
        for part in iterate(condition):
            pairs += _compared(request, part, is_marked)
    if not pairs:
        raise exc.ArgumentError(
            f"relationship {request.name}: {name} {without_marks(condition)} does not tell which column is copied to "
            "which: it has no 'column = column' part with a foreign key column.",
            do="give a ForeignKey to one of its columns, or mark the foreign key columns with foreign() or in "
            "foreign_keys=; a condition with other operators needs viewonly=True besides.",
            code="join-without-columns",
            property=request.prop,
        )
    return FoundPairs(tuple(pairs), copied, is_plain)


def _is_equation(part: Any) -> bool:
    return isinstance(part, BinaryExpression) and part.operator is EQ


def _compared(request: JoinRequest, part: Any, is_marked: bool) -> list[ColumnPair]:
    """(referenced, foreign) of the columns on either side of one comparison, within functions and casts too."""
    if not isinstance(part, BinaryExpression):
        return []
    found: list[ColumnPair] = []
    for left in occurrences(part.left):
        for right in occurrences(part.right):
            foreign = _foreign_of(request, left, right, is_marked)
            if foreign is not None:
                found.append((right.column if foreign is left else left.column, foreign.column))
    return found


def _foreign_of(request: JoinRequest, left: Occurrence, right: Occurrence, is_marked: bool) -> Occurrence | None:
    """Which of two columns that are compared is the foreign key; None if this cannot be told."""
    both = (left, right)
    if is_marked:
        named = [item for item in both if item.foreign]
    elif request.foreign_keys:
        named = [item for item in both if item.column in request.foreign_keys]
    elif request.secondary is not None:
        named = [item for item in both if item.column.table is request.secondary]
    else:
        named = [item for item, other in (both, both[::-1]) if item.column.references(other.column)]
    if left.column is right.column and named:
        return named[0]  # a part of a composite key that both rows share
    return named[0] if len(named) == 1 else None


def _direction(
    request: JoinRequest, pairs: Iterable[ColumnPair], remote: Collection[Column]
) -> RelationshipDirection:
    own, other = request.parent.tables, request.target.tables
    referenced = {column for column, foreign in pairs if column is not foreign}
    foreign = {foreign for column, foreign in pairs if column is not foreign}
    if set(own) & set(other):
        if not remote or foreign <= set(remote):
            return ONETOMANY
        if referenced <= set(remote):
            return MANYTOONE
    elif all(column.table in other for column in foreign):
        return ONETOMANY
    elif all(column.table in own for column in foreign):
        return MANYTOONE
    raise exc.ArgumentError(
        f"relationship {request.name}: its direction cannot be told from foreign key columns "
        f"{_listed(foreign)}, referenced columns {_listed(referenced)} and remote side "
        f"{_listed(remote) or 'not given'}.",
        do="name the columns of the other side in remote_side=, or the foreign key columns in foreign_keys=.",
        code="join-direction",
        property=request.prop,
    )


def _remote_of_hierarchy(request: JoinRequest, columns: set[Column]) -> set[Column]:
    """The columns of the other side where both are classes of one hierarchy, with tables of their own."""
    own, other = request.parent.local_table, request.target.local_table
    if own is other or not set(request.parent.tables) & set(request.target.tables):
        return set()
    return {
        column
        for column in columns
        if column.table is other or (column.table in request.target.tables and column.table is not own)
    }


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
