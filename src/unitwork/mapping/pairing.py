"""Drafts of configured relationships: target, join and other side, worked out and checked before anything is written.

A relationship may lead to a class of another registry; the other side is then drafted here too, and its Mapper stays
pending in its own registry.
"""

from __future__ import annotations

from dataclasses import dataclass

from unitwork import exc
from unitwork.mapping.assemble import add_relationship, refuse_clash
from unitwork.mapping.checks import check_columns, check_options
from unitwork.mapping.joins import Join, JoinRequest, resolve_join
from unitwork.mapping.late import LateArgument
from unitwork.mapping.mapper import MANYTOMANY, MANYTOONE, Mapper, RelationshipOptions, RelationshipProperty
from unitwork.sql.clause import ClauseElement
from unitwork.sql.schema import Table


@dataclass(eq=False)
class Draft:
    """What configuring found out about one relationship.

    `is_new` tells that the property was made for a backref and is no attribute yet.
    """

    prop: RelationshipProperty
    target: Mapper
    secondary: Table | None
    join: Join
    order_by: tuple[ClauseElement, ...]
    reverse: RelationshipProperty | None = None
    is_new: bool = False

    @property
    def name(self) -> str:
        """Where the relationship stands, for messages."""
        return f"{self.prop.parent.class_.__name__}.{self.prop.key}"

    @property
    def uselist(self) -> bool:
        """The attribute holds a collection."""
        said = self.prop.options.uselist
        return self.join.direction is not MANYTOONE if said is None else said


class Drafts:
    """The drafts of one configuration."""

    def __init__(self) -> None:
        self._drafts: dict[RelationshipProperty, Draft] = {}
        self._backrefs: dict[tuple[Mapper, str], Draft] = {}

    def properties(self) -> list[RelationshipProperty]:
        """Return the relationships drafted so far, in order."""
        return list(self._drafts)

    def of(self, prop: RelationshipProperty) -> Draft:
        """Return the draft of a relationship, made now if there is none.

        Raises:
            InvalidRequestError: with the codes of :mod:`unitwork.mapping.late`.
            ArgumentError: with the codes of :mod:`unitwork.mapping.joins`.
        """
        found = self._drafts.get(prop)
        if found is not None:
            return found
        draft = self._drafts[prop] = _configured(prop) if prop.configured else _resolved(prop)
        if not prop.configured and prop.options.backref is not None:
            self._add_backref(draft, *prop.options.backref)
        return draft

    def pair(self) -> None:
        """Find the other side of every relationship that names one.

        Raises:
            InvalidRequestError [back-populates-missing]
            ArgumentError [back-populates-mismatch, back-populates-direction]
        """
        for draft in list(self._drafts.values()):
            if draft.reverse is None and draft.prop.back_populates is not None:
                other = self._named_side(draft, draft.prop.back_populates)
                draft.reverse, other.reverse = other.prop, draft.prop

    def check(self) -> None:
        """Check what only the whole relationship shows: cascades, column use.

        Raises:
            ArgumentError: see :mod:`unitwork.mapping.checks`.
        """
        for draft in self._drafts.values():
            check_options(draft.prop, draft.join.direction, draft.uselist)
            check_columns(draft.prop, draft.target, draft.join)

    def write(self) -> None:
        """Write all drafts to their properties; last of all `configured`, which tells that the rest is there."""
        for draft in self._drafts.values():
            _write(draft)
        for draft in self._drafts.values():
            if draft.is_new:
                add_relationship(draft.prop)
        for draft in self._drafts.values():
            draft.prop.configured = True
        for draft in self._drafts.values():
            if draft.is_new:
                for mapper in draft.prop.parent.self_and_descendants:
                    if mapper.attrs[draft.prop.key] is draft.prop:
                        mapper.registry.note_added(mapper, draft.prop)

    def _named_side(self, draft: Draft, name: str) -> Draft:
        """The draft of the relationship that `back_populates` names, if it leads back."""
        made = self._backrefs.get((draft.target, name))
        prop = draft.target.attrs.get(name) if made is None else made.prop
        if prop is None:
            raise exc.InvalidRequestError(
                f"relationship {draft.name}: back_populates={name!r} names no attribute of "
                f"{draft.target.class_.__name__}.",
                do=f"add {name} = relationship(back_populates={draft.prop.key!r}) there, or correct the name; its "
                f"relationships are: {', '.join(draft.target.relationships) or 'none'}.",
                code="back-populates-missing",
                property=draft.prop,
            )
        if not isinstance(prop, RelationshipProperty):
            raise exc.ArgumentError(
                f"relationship {draft.name}: back_populates={name!r} names a column of {draft.target.class_.__name__}.",
                do="name the relationship that leads back.",
                code="back-populates-mismatch",
                property=draft.prop,
            )
        other = self.of(prop)
        partner = other.reverse.key if other.reverse is not None else prop.back_populates
        if other.target.root is not draft.prop.parent.root or partner not in (None, draft.prop.key):
            named = f" and is paired with {partner!r}" if partner else ""
            raise exc.ArgumentError(
                f"relationship {draft.name}: back_populates names {other.name}, which leads to "
                f"{other.target.class_.__name__}{named}, not back to {draft.name}.",
                do="let each of the two name the other.",
                code="back-populates-mismatch",
                property=draft.prop,
            )
        direction = draft.join.direction
        if direction is other.join.direction and direction is not MANYTOMANY:
            raise exc.ArgumentError(
                f"relationships {draft.name} and {other.name} are paired, but both are {direction.name}.",
                do="set remote_side on the many-to-one side of a self-referential relationship.",
                code="back-populates-direction",
                property=draft.prop,
            )
        return other

    def _add_backref(self, draft: Draft, name: str, options: RelationshipOptions) -> None:
        """Draft the other side that a backref asks for; joined as this side unless it says otherwise."""
        refuse_clash(draft.target, name)
        if (draft.target, name) in self._backrefs:
            made = self._backrefs[draft.target, name]
            first = f"{made.target.class_.__name__}.{made.prop.back_populates}"
            raise exc.ArgumentError(
                f"relationships {first} and {draft.name} both make the backref {made.name}.",
                do="give one of them another name.",
                code="attribute-clash",
                property=draft.prop,
            )
        prop = RelationshipProperty(name, draft.target, options)
        prop.argument = draft.prop.parent.class_
        prop.back_populates = draft.prop.key
        if options.primaryjoin is None and options.secondaryjoin is None:
            order_by = LateArgument(prop, "order_by").elements(options.order_by)
            made = Draft(prop, draft.prop.parent, draft.secondary, draft.join.reversed(draft.target.tables), order_by)
        else:
            made = _resolved(prop)
        made.is_new = True
        made.reverse, draft.reverse = draft.prop, prop
        self._drafts[prop] = self._backrefs[draft.target, name] = made


def _resolved(prop: RelationshipProperty) -> Draft:
    options = prop.options
    target = LateArgument(prop, "argument").target()
    secondary = LateArgument(prop, "secondary").table(options.secondary)
    request = JoinRequest(
        prop,
        target,
        secondary,
        LateArgument(prop, "primaryjoin").element(options.primaryjoin),
        LateArgument(prop, "secondaryjoin").element(options.secondaryjoin),
        frozenset(LateArgument(prop, "foreign_keys").columns(options.foreign_keys)),
        frozenset(LateArgument(prop, "remote_side").columns(options.remote_side)),
    )
    order_by = LateArgument(prop, "order_by").elements(options.order_by)
    return Draft(prop, target, secondary, resolve_join(request), order_by)


def _configured(prop: RelationshipProperty) -> Draft:
    """The draft of a relationship that was configured earlier, so that another can be paired with it."""
    join = Join(
        prop.direction,
        prop.condition,
        prop.secondaryjoin,
        prop.synchronize_pairs,
        prop.secondary_synchronize_pairs,
        prop.local_remote_pairs,
        prop.uses_get,
    )
    return Draft(prop, prop.mapper, prop.secondary, join, prop.order_by, prop.reverse)


def _write(draft: Draft) -> None:
    prop, join = draft.prop, draft.join
    prop.mapper = draft.target
    prop.secondary = draft.secondary
    prop.direction = join.direction
    prop.uselist = draft.uselist
    prop.condition = join.condition
    prop.primaryjoin = join.condition.plain
    prop.secondaryjoin = join.secondaryjoin
    prop.synchronize_pairs = join.synchronize_pairs
    prop.secondary_synchronize_pairs = join.secondary_synchronize_pairs
    prop.local_remote_pairs = join.local_remote_pairs
    prop.local_columns = frozenset(join.condition.own_columns)
    prop.remote_side = frozenset(remote for _, remote in join.local_remote_pairs)
    prop.order_by = draft.order_by
    prop.is_self_referential = draft.target.root is prop.parent.root
    prop.uses_get = (
        join.direction is MANYTOONE
        and join.is_plain
        and len(join.local_remote_pairs) == len(draft.target.primary_key)
        and {draft.target.name_by_column.get(remote) for remote in prop.remote_side} == {*draft.target.pk_names}
    )
    if join.direction is not MANYTOONE:
        # Rows are found by these values, those of now: a change that did not know the old one would lose them.
        for source, _ in join.synchronize_pairs:
            name = prop.parent.name_by_column.get(source)
            if name is not None:
                for mapper in prop.parent.self_and_descendants:
                    mapper.columns[name].active_history = True
    prop.reverse = draft.reverse
    if draft.reverse is not None:
        prop.back_populates = draft.reverse.key
        if prop.viewonly or draft.reverse.viewonly:
            prop.sync_backref = False
