"""What is checked of a relationship when it is configured: its cascades, its kind, the columns it copies."""

from __future__ import annotations

from unitwork import exc
from unitwork.mapping.joins import Join
from unitwork.mapping.mapper import (
    MANYTOMANY,
    MANYTOONE,
    ONETOMANY,
    Mapper,
    RelationshipDirection,
    RelationshipProperty,
)


def check_options(prop: RelationshipProperty, direction: RelationshipDirection, uselist: bool) -> None:
    """Refuse options that contradict each other or the direction.

    Raises:
        ArgumentError [orphan-needs-single-parent, passive-deletes-all, collection-on-many-to-one]
    Spec: CA-05, CA-06.
    """
    cascade = prop.cascade
    if cascade.delete_orphan and direction is not ONETOMANY and not prop.single_parent:
        kind = "many-to-one" if direction is MANYTOONE else "many-to-many"
        raise exc.ArgumentError(
            f"relationship {_name(prop)} is {kind} and has cascade 'delete-orphan': an object that leaves one parent "
            "may have another.",
            do="put delete-orphan on the one-to-many side, or say single_parent=True.",
            code="orphan-needs-single-parent",
            property=prop,
        )
    if prop.passive_deletes == "all" and (cascade.delete or cascade.delete_orphan):
        raise exc.ArgumentError(
            f"relationship {_name(prop)} has passive_deletes='all' together with cascade 'delete' or 'delete-orphan'.",
            do="leave the rows to the database with passive_deletes=True, or drop the cascade.",
            code="passive-deletes-all",
            property=prop,
        )
    if direction is MANYTOONE and uselist:
        raise exc.ArgumentError(
            f"relationship {_name(prop)} is declared as a collection, but its foreign key is in its own table "
            f"{prop.parent.local_table.name!r}: it refers to one object.",
            do="annotate it with the target alone, or set remote_side if the collection side was meant.",
            code="collection-on-many-to-one",
            property=prop,
        )


def check_columns(prop: RelationshipProperty, target: Mapper, join: Join) -> None:
    """Refuse a relationship that copies from or to a column that is no attribute (the secondary table's excepted).

    Raises:
        ArgumentError [unmapped-column]
    """
    if prop.viewonly:
        return
    if join.direction is MANYTOMANY:
        used = [(prop.parent, column) for column, _ in join.synchronize_pairs]
        used += [(target, column) for column, _ in join.secondary_synchronize_pairs]
    else:
        used = [(prop.parent, local) for local, _ in join.local_remote_pairs]
        used += [(target, remote) for _, remote in join.local_remote_pairs]
    for mapper, column in used:
        if column not in mapper.name_by_column:
            raise exc.ArgumentError(
                f"relationship {_name(prop)} uses column {column.table.name}.{column.name}, which class "
                f"{mapper.class_.__name__} does not map.",
                do="map the column, or mark the relationship viewonly=True.",
                code="unmapped-column",
                property=prop,
            )


def _name(prop: RelationshipProperty) -> str:
    return f"{prop.parent.class_.__name__}.{prop.key}"
