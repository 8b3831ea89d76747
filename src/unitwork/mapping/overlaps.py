"""A warning for two relationships that write the same foreign key and do not know of each other (LB-14)."""

from __future__ import annotations

import warnings
from collections.abc import Iterable

from unitwork import exc
from unitwork.mapping.mapper import MANYTOMANY, Mapper, RelationshipProperty
from unitwork.sql.schema import Column


def warn_of_overlaps(fresh: Iterable[RelationshipProperty], mappers: Iterable[Mapper]) -> None:
    """Warn for every pair of relationships that write the same columns, of which at least one is in `fresh`.

    Pairs that are joined by back_populates or backref, or that name each other in ``overlaps``, keep in step by
    themselves or are meant. Composite keys that merely share a column do not count.
    """
    remaining = {prop for prop in fresh if not prop.viewonly}
    if not remaining:
        return
    known: dict[frozenset[Column], list[RelationshipProperty]] = {}
    for mapper in mappers:
        for prop in mapper.relationships.values():
            if not prop.configured or prop.viewonly or prop.parent is not mapper:
                continue
            others = known.setdefault(_written(prop), [])
            for other in others:
                if (prop in remaining or other in remaining) and not _agreed(prop, other):
                    _warn(prop, other)
            others.append(prop)


def _written(prop: RelationshipProperty) -> frozenset[Column]:
    """The foreign key columns that a flush of `prop` writes."""
    columns = {destination for _, destination in prop.synchronize_pairs}
    if prop.direction is MANYTOMANY:
        columns |= {destination for _, destination in prop.secondary_synchronize_pairs}
    return frozenset(columns)


def _agreed(prop: RelationshipProperty, other: RelationshipProperty) -> bool:
    return prop.reverse is other or other.reverse is prop or other.key in prop.overlaps or prop.key in other.overlaps


def _warn(prop: RelationshipProperty, other: RelationshipProperty) -> None:
    columns = ", ".join(sorted(f"{column.table.name}.{column.name}" for column in _written(prop)))
    warnings.warn(
        f"relationships {_name(other)} and {_name(prop)} both write {columns} and do not know of each other: what one "
        f"sets the other may overwrite. Do: pair them with back_populates, make one of them viewonly=True, or say "
        f"overlaps={other.key!r} on {_name(prop)} if that is meant.",
        exc.UnitworkWarning,
        stacklevel=6,
    )


def _name(prop: RelationshipProperty) -> str:
    return f"{prop.parent.class_.__name__}.{prop.key}"
