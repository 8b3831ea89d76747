"""Which FROM elements a SELECT has: joins resolved to a left side, what a join covers left out.

Spec: LB-23, LB-24.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from unitwork import exc
from unitwork.sql.clause import EntityElement
from unitwork.sql.elements import ColumnElement
from unitwork.sql.selectable import EntityFrom, FromClause, Join, join_condition
from unitwork.sql.shape import ShapeBuilder


class JoinStep(NamedTuple):
    """One ``join()`` as it was asked for.

    Attributes:
        target: right side.
        onclause: condition, or None for the foreign key that relates both sides.
        left: left side, or None to be found.
        entity: the entity that `target` was given as, or None.
    """

    target: FromClause
    onclause: ColumnElement | None
    left: FromClause | None
    isouter: bool
    full: bool
    entity: EntityElement | None

    def shape_into(self, out: ShapeBuilder) -> None:
        """Append the step to a shape."""
        out.extend((self.onclause is None, self.left is None, self.isouter, self.full))
        self.target.shape_into(out)
        for element in (self.onclause, self.left):
            if element is not None:
                element.shape_into(out)


class JoinLeg(NamedTuple):
    """One of the joins that a mapped relationship asks for.

    Attributes:
        left: left side.
        right: right side.
        onclause: condition.
        entity: the entity that `right` stands for, or None.
    """

    left: FromClause
    right: FromClause
    onclause: ColumnElement
    entity: EntityElement | None


def resolve_joins(
    froms: list[FromClause], explicit: tuple[FromClause, ...], steps: tuple[JoinStep, ...]
) -> list[FromClause]:
    """Return `froms` with each step joined to its left side.

    Args:
        froms: FROM elements known so far, in order.
        explicit: those of them given with ``select_from``, which are preferred as left sides.
    Raises:
        InvalidRequestError [no-join-left], [ambiguous-join-left]: a step has no left side, or several.
    """
    preferred = list(explicit)
    for step in steps:
        left = _left_side(froms, preferred, step)
        joined = Join(left, step.target, step.onclause, step.isouter, step.full)
        replaced = False
        for sequence in (froms, preferred):
            if left in sequence:
                sequence[sequence.index(left)] = joined
                replaced = True
        if not replaced:
            froms.append(joined)
    return froms


def _left_side(froms: list[FromClause], preferred: list[FromClause], step: JoinStep) -> FromClause:
    if step.left is not None:
        wanted = step.left
        leaves = set(wanted.leaves())
        return next((one for one in froms if wanted is one or leaves.issubset(one.leaves())), wanted)
    candidates = [one for one in (preferred or froms) if one is not step.target]
    if not candidates:
        raise exc.InvalidRequestError(
            f"nothing is there that {_name(step.target)} could be joined to.",
            do="name the left side with select_from() or join_from().",
            code="no-join-left",
        )
    if len(candidates) > 1:
        fitting = [one for one in candidates if _relates(one, step)]
        if len(fitting) != 1:
            raise exc.InvalidRequestError(
                f"{_name(step.target)} could be joined to {', '.join(map(_name, fitting or candidates))}.",
                do="name the left side with join_from(left, target, onclause).",
                code="ambiguous-join-left",
            )
        candidates = fitting
    return candidates[0]


def _relates(left: FromClause, step: JoinStep) -> bool:
    if step.onclause is not None:
        used = set(step.onclause.from_objects())
        return any(leaf in used for leaf in left.leaves())
    try:
        join_condition(left, step.target)
    except exc.AmbiguousForeignKeysError:
        return True
    except exc.NoForeignKeysError:
        return False
    return True


def visible_froms(froms: Iterable[FromClause]) -> list[FromClause]:
    """Return `froms` once each, without those that a join among them covers."""
    unique = list(dict.fromkeys(froms))
    covered = {leaf for one in unique if isinstance(one, (Join, EntityFrom)) for leaf in one.leaves()}
    kept = [one for one in unique if one not in covered]
    if any(isinstance(one, EntityFrom) for one in kept):
        return _without_parts(kept)
    return kept


def _without_parts(froms: list[FromClause]) -> list[FromClause]:
    """Leave out FROM elements of mapped classes whose tables all are in another one, or the same in an earlier one."""
    leaves = [frozenset(one.leaves()) for one in froms]
    return [
        one
        for place, one in enumerate(froms)
        if not isinstance(one, EntityFrom)
        or not any(
            leaves[place] < other or (leaves[place] == other and (before < place or isinstance(froms[before], Join)))
            for before, other in enumerate(leaves)
            if before != place
        )
    ]


def _name(source: FromClause) -> str:
    return repr(source.name or source.name_hint)
