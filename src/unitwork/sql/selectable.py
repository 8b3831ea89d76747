"""What can stand in FROM: the base of tables, joins, aliases and subqueries; and how two of them are joined.

Spec: LB-21, LB-24.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any

from unitwork import exc
from unitwork.inspection import inspect
from unitwork.sql.clause import ClauseElement, EntityElement, describe, refuse_string
from unitwork.sql.columns import ColumnClause, ColumnCollection, ProxyColumn
from unitwork.sql.elements import ColumnElement, Label, as_criterion, conjunction
from unitwork.sql.operators import AND
from unitwork.sql.rendered import result_columns
from unitwork.sql.shape import ShapeBuilder


class FromClause(ClauseElement):
    """Something with columns that can stand in FROM.

    Attributes:
        c: the columns, by key.
        name: its name, None for an anonymous alias, which is named when a statement is rendered.
        name_hint: what an anonymous alias of it is called, with a number.
    """

    c: ColumnCollection[Any]
    name: str | None = None
    name_hint: str = "anon"

    @property
    def columns(self) -> ColumnCollection[Any]:
        """The columns, by key; same as :attr:`c`."""
        return self.c

    def from_objects(self) -> Iterable[ClauseElement]:
        return (self,)

    def children(self) -> tuple[ClauseElement, ...]:
        return ()

    def leaves(self) -> tuple[FromClause, ...]:
        """Return the FROM elements this one is joined of; itself, if it is no join."""
        return (self,)

    def corresponding_column(self, column: ColumnElement) -> ColumnClause | None:
        """Return the column of this element that shows `column`, directly or through further aliases; else None."""
        return self._shown.get(column)

    @cached_property
    def _shown(self) -> dict[ColumnElement, ColumnClause]:
        shown: dict[ColumnElement, ColumnClause] = {}
        for own in self.c:
            element: Any = own
            while element is not None and shown.setdefault(element, own) is own:
                element = getattr(element, "element", None)
        return shown

    def foreign_key_pairs(self) -> Iterator[tuple[ColumnClause, ColumnElement, object]]:
        """Yield (own column, column referred to, constraint) for each foreign key that can be resolved."""
        for own in self.c:
            base: Any = own
            while getattr(base, "element", None) is not None:
                base = base.element
            for key in getattr(base, "foreign_keys", ()):
                target = key.find_column()
                if target is not None:
                    yield own, target, key.constraint or key

    def join(self, right: Any, onclause: Any = None, isouter: bool = False, full: bool = False) -> Join:
        """Return a join with `right`, by their foreign keys unless `onclause` is given."""
        return Join(self, as_from(right), onclause, isouter, full)

    def outerjoin(self, right: Any, onclause: Any = None, full: bool = False) -> Join:
        """Return a left outer join with `right`."""
        return Join(self, as_from(right), onclause, True, full)

    def alias(self, name: str | None = None) -> FromClause:
        """Return this under another name; None has the renderer choose one."""
        return Alias(self, name)


class Alias(FromClause):
    """A table under another name."""

    visit = "alias"

    def __init__(self, element: FromClause, name: str | None = None) -> None:
        self.element = element
        self.name = name
        self.name_hint = element.name or element.name_hint

    @cached_property
    def c(self) -> ColumnCollection[Any]:  # type: ignore[override]
        """The columns, by key."""
        return ColumnCollection(
            [ProxyColumn(one.name, one.type, self, key=one.key, element=one) for one in self.element.c]
        )

    def shape_into(self, out: ShapeBuilder) -> None:
        number = out.number(self)
        out.append(Alias)
        out.append(number)
        if number is None:
            out.append(self.name)
            self.element.shape_into(out)


class Subquery(FromClause):
    """A SELECT in FROM, with the columns of its rows."""

    visit = "subquery"

    def __init__(self, element: ClauseElement, name: str | None = None) -> None:
        self.element = element
        self.name = name

    @cached_property
    def c(self) -> ColumnCollection[Any]:  # type: ignore[override]
        """The columns, by their names in the result."""
        made = []
        for name, type_, element in result_columns(self.element):
            shown: Any = element.element if isinstance(element, Label) else element
            own = element.name if getattr(element, "key", None) == name else name  # type: ignore[attr-defined]
            made.append(ProxyColumn(own, type_, self, key=name, element=shown))
        return ColumnCollection(made)

    def alias(self, name: str | None = None) -> FromClause:
        """Return the same SELECT under another name."""
        return Subquery(self.element, name)

    def shape_into(self, out: ShapeBuilder) -> None:
        number = out.number(self)
        out.append(Subquery)
        out.append(number)
        if number is None:
            out.append(self.name)
            self.element.shape_into(out)


class EntityFrom(FromClause):
    """Where the rows of a class of an inheritance hierarchy come from; in the text it is what it is made of.

    Attributes:
        element: its table, or the join of its tables.
        local: the class's own table, which is what INSERT, UPDATE and DELETE of the class write.
        criterion: condition that tells rows of the class from others of the same table, or None. A SELECT has it in
            its WHERE, a join to the class in its ON.
    """

    visit = "entity_from"

    def __init__(self, element: FromClause, local: FromClause, criterion: ColumnElement | None) -> None:
        self.element = element
        self.local = local
        self.criterion = criterion
        self.name = element.name
        self.name_hint = local.name or element.name_hint

    @cached_property
    def c(self) -> ColumnCollection[Any]:  # type: ignore[override]
        """The columns of what it is made of."""
        return self.element.c

    def leaves(self) -> tuple[FromClause, ...]:
        return self.element.leaves()

    def corresponding_column(self, column: ColumnElement) -> ColumnClause | None:
        return self.element.corresponding_column(column)

    def foreign_key_pairs(self) -> Iterator[tuple[ColumnClause, ColumnElement, object]]:
        return self.element.foreign_key_pairs()

    def shape_into(self, out: ShapeBuilder) -> None:
        number = out.number(self)
        out.append(EntityFrom)
        out.append(number)
        if number is None:
            self.element.shape_into(out)
            if self.criterion is not None:
                self.criterion.shape_into(out)


def narrowing(source: ClauseElement) -> Iterator[ColumnElement]:
    """Yield the conditions that a FROM element brings for WHERE: those of classes that share their table."""
    if isinstance(source, EntityFrom):
        if source.criterion is not None:
            yield source.criterion
    elif isinstance(source, Join):
        yield from narrowing(source.left)


def joined_entities(source: FromClause) -> Iterator[FromClause]:
    """Yield the right sides of a join and of those in it."""
    if isinstance(source, Join):
        yield source.right
        yield from joined_entities(source.left)
        yield from joined_entities(source.right)


def joining(source: EntityFrom) -> Iterator[ColumnElement]:
    """Yield the conditions that join the tables in which every row of a class has a part."""
    element: FromClause = source.element
    while isinstance(element, Join):
        if not element.isouter:
            yield element.onclause
        element = element.left


def dml_target(kind: str, source: EntityFrom) -> dict[str, Any]:
    """Return what a statement that writes a class has: `table`, ``where_criteria`` that tell its rows, `spread`.

    Raises:
        ArgumentError [dml-hierarchy]: one statement on that table cannot do what is asked.
    """
    criterion = source.criterion
    if kind == "update" and criterion is None:
        return {"table": source.local, "spread": source}
    if kind != "insert" and criterion is not None and source.leaves() == (source.local,):
        return {"table": source.local, "where_criteria": (criterion,)}
    raise exc.ArgumentError(
        f"{kind}() of a class that shares its table with others, or has several, is no single statement on the table "
        f"{source.local.name!r}.",
        do="write objects of the class with a Session, or name the table itself.",
        code="dml-hierarchy",
    )


class Join(FromClause):
    """Two FROM elements joined on a condition.

    Raises:
        NoForeignKeysError [no-join-condition], AmbiguousForeignKeysError [ambiguous-join-condition]: without a
            condition, when not exactly one foreign key relates the two.
    """

    visit = "join"

    def __init__(
        self, left: FromClause, right: FromClause, onclause: Any = None, isouter: bool = False, full: bool = False
    ) -> None:
        self.left = left
        self.right = right
        self.onclause = join_condition(left, right) if onclause is None else as_criterion(onclause)
        if isinstance(right, EntityFrom) and right.criterion is not None:
            self.onclause = conjunction(AND, (self.onclause, right.criterion))
        self.isouter = isouter
        self.full = full

    @cached_property
    def c(self) -> ColumnCollection[Any]:  # type: ignore[override]
        """The columns of both sides, by ``table_key``."""
        collection: ColumnCollection[Any] = ColumnCollection()
        for leaf in self.leaves():
            for one in leaf.c:
                collection.add(one, f"{leaf.name or leaf.name_hint}_{one.key}")
        return collection

    def leaves(self) -> tuple[FromClause, ...]:
        return self.left.leaves() + self.right.leaves()

    def children(self) -> tuple[ClauseElement, ...]:
        return (self.onclause,)

    def with_children(self, children: Any) -> Join:
        new = copy.copy(self)
        new.onclause = children[0]
        return new

    def corresponding_column(self, column: ColumnElement) -> ColumnClause | None:
        found = (leaf.corresponding_column(column) for leaf in self.leaves())
        return next((one for one in found if one is not None), None)

    def foreign_key_pairs(self) -> Iterator[tuple[ColumnClause, ColumnElement, object]]:
        for leaf in self.leaves():
            yield from leaf.foreign_key_pairs()

    def shape_into(self, out: ShapeBuilder) -> None:
        out.extend((Join, self.isouter, self.full))
        self.left.shape_into(out)
        self.right.shape_into(out)
        self.onclause.shape_into(out)


def join_condition(left: FromClause, right: FromClause) -> ColumnElement:
    """Return the condition that joins two FROM elements along the one foreign key between them.

    Raises:
        NoForeignKeysError [no-join-condition]: no foreign key relates them.
        AmbiguousForeignKeysError [ambiguous-join-condition]: more than one constraint does.
    """
    found: dict[object, list[ColumnElement]] = {}
    for source, target in ((right, left), (left, right)):
        for own, referred, constraint in source.foreign_key_pairs():
            other = target.corresponding_column(referred)
            if other is not None and other is not own:
                found.setdefault(constraint, []).append(other == own)
    names = f"{left.name or left.name_hint!r} and {right.name or right.name_hint!r}"
    if not found:
        raise exc.NoForeignKeysError(
            f"no foreign key relates {names}.",
            do="give the condition: join(target, left.c.x == right.c.y).",
            code="no-join-condition",
        )
    if len(found) > 1:
        choices = "; ".join(str(conjunction(AND, criteria)) for criteria in found.values())
        raise exc.AmbiguousForeignKeysError(
            f"{len(found)} foreign keys relate {names}: {choices}.",
            do="give the condition: join(target, onclause).",
            code="ambiguous-join-condition",
        )
    return conjunction(AND, next(iter(found.values())))


# From arguments to elements


def as_element(argument: Any) -> ClauseElement | None:
    """Return the element an argument stands for: itself, a mapped class or attribute; None if it stands for none."""
    if isinstance(argument, ClauseElement):
        return argument
    if isinstance(argument, type):
        argument = inspect(argument, raiseerr=False)
    to_element = getattr(argument, "__clause_element__", None)
    if to_element is None:
        return None
    element = to_element()
    return element if isinstance(element, ClauseElement) else as_element(element)


def as_column(argument: Any, place: str = "select()") -> ClauseElement:
    """Return `argument` as part of a columns clause.

    Raises:
        ArgumentError [raw-sql-string]: it is a string.
        ArgumentError [not-an-expression]: it is no element and stands for none.
    """
    element = as_element(argument)
    if element is None:
        refuse_string(argument, place)
        raise exc.ArgumentError(
            f"{place} needs columns, tables or mapped classes, got {describe(argument)}.",
            do="wrap a plain value as literal(value); map the class first.",
            code="not-an-expression",
        )
    return element


def as_from(argument: Any) -> FromClause:
    """Return `argument` as a FROM element; an entity gives its table.

    Raises:
        ArgumentError [not-a-from]: it is no table, alias, subquery, join or mapped class.
    """
    element = as_element(argument)
    if isinstance(element, EntityElement):
        element = element.table
    if isinstance(element, FromClause):
        return element
    is_select = element is not None and element.visit in ("select", "compound")
    raise exc.ArgumentError(
        f"{describe(argument)} cannot stand in FROM.",
        do="call .subquery() on the SELECT." if is_select else "use a table, an alias, a subquery or a mapped class.",
        code="not-a-from",
    )


def expand(elements: Iterable[ClauseElement]) -> tuple[Any, ...]:
    """Return the elements of a columns clause with entities and FROM elements replaced by their columns."""
    found: list[Any] = []
    for element in elements:
        if isinstance(element, (EntityElement, FromClause)):
            found.extend(element.columns)
        else:
            found.append(element)
    return tuple(found)
