"""LoadPlan: what the rows of a SELECT become, as data; no I/O.

A statement selects items: a mapped class takes some columns of the row, a column expression takes one. How the class is
loaded, its columns and the relationships that are loaded along, stands in an :class:`EntitySpec`, a tree that the
options of the statement and the settings of the mapping give together (:mod:`unitwork.loading.specs`). Relationships
that are loaded by a join take further columns of the row (:mod:`unitwork.loading.expand`). The plan is found once per
shape of statement and kept with its SQL; :mod:`unitwork.loading.rows` generates the loader for it,
:mod:`unitwork.loading.run` carries it out.

Spec: SB-43, SB-44, SB-49, LB-12, LB-27, ST-106.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from unitwork.mapping.mapper import MappedEntity, Mapper, RelationshipProperty
from unitwork.sql.clause import EntityElement


class EntitySpec:
    """How objects of one class are loaded.

    Attributes:
        mapper: of the class.
        names: column attributes to load, in table order.
        eager: relationships to load along, in sets, and how their targets are loaded.
        joined: relationships to load from the same rows.
        lazy: relationships whose way of loading an option changed: "select", "raise", "raise_on_sql" or "noload".
        later: how targets of relationships are loaded that are read later; where options say more than the mapping.
        criteria: conditions on the rows of this class, where a relationship leads here; from ``and_()``.
        refused: deferred columns that must not be loaded by reading them.
        keys: columns that rows are found by, those of the primary key.
        more: columns of subclasses that come after those of `names`.
        sorts: rows may be of classes below, and are told apart; not so where rows only fill objects that are there.
        discriminator: place of the column that tells the class of a row; only where rows are of several classes.
        plain: nothing differs from what the mapping says, so that objects need not remember.
        memo: statements of :mod:`unitwork.loading.lazy` for this spec.
    """

    __slots__ = (
        "criteria", "discriminator", "eager", "joined", "keys", "later", "lazy", "mapper", "memo", "more", "names",
        "plain", "refused", "sorts",
    )  # fmt: skip

    def __init__(self, mapper: Mapper, names: tuple[str, ...], fills: bool = False) -> None:
        self.mapper = mapper
        self.names = names
        self.eager: dict[RelationshipProperty, EntitySpec] = {}
        self.joined: dict[RelationshipProperty, Joined] = {}
        self.lazy: dict[str, str] = {}
        self.later: dict[str, EntitySpec] = {}
        self.criteria: tuple[Any, ...] = ()
        self.refused: frozenset[str] = frozenset()
        self.plain = True
        self.memo: dict[Any, Any] = {}
        self.keys = mapper.primary_key
        self.more: tuple[Any, ...] = ()
        self.discriminator = 0
        self.sorts = mapper.sorts_rows and not fills
        if self.sorts:
            self._sort_rows()

    def with_names(self, names: tuple[str, ...], with_more: bool = True) -> EntitySpec:
        """Return the same with other column attributes, and perhaps without the columns of subclasses."""
        new = EntitySpec(self.mapper, names, fills=not self.sorts)
        if not with_more and new.sorts:
            new.more = ()
            new.discriminator = min(new.discriminator, len(names))
        new.eager, new.joined, new.lazy, new.later = self.eager, self.joined, self.lazy, self.later
        new.criteria, new.refused, new.plain = self.criteria, self.refused, self.plain
        return new

    def one_row_each(self) -> EntitySpec:
        """Return the same with everything loaded by SELECTs of its own, so that each object has one row."""
        if not self.joined:
            return self
        found: EntitySpec | None = self.memo.get("one row each")
        if found is None:
            found = self.memo["one row each"] = self.with_names(self.names)
            found.joined = {}
            own = {prop: child.spec for prop, child in self.joined.items() if child.given is None}
            found.eager = {**own, **self.eager}
        return found

    @property
    def element(self) -> EntityElement:
        """The class in a SELECT, with the columns to load."""
        found: EntityElement | None = self.memo.get("element")
        if found is None:
            found = self.memo["element"] = MappedEntity(self.mapper, self.mapper.selectable, self.columns)
        return found

    @property
    def columns(self) -> tuple[Any, ...]:
        """The columns in the row."""
        known: tuple[Any, ...] | None = self.memo.get("columns")
        if known is not None:
            return known
        mapper = self.mapper
        own = (*(mapper.columns[name].column for name in self.names), *self.more)
        if self.sorts and self.discriminator == len(own):
            own = (*own, mapper.polymorphic_on.label(f"{mapper.local_table.name}_kind"))
        self.memo["columns"] = own
        return own

    @property
    def width(self) -> int:
        """Number of columns in the row."""
        return len(self.columns) if self.sorts else len(self.names)

    def _sort_rows(self) -> None:
        mapper = self.mapper
        more: dict[Any, None] = {}
        for below in mapper.inline_mappers():
            for name, prop in below.columns.items():
                if name not in mapper.columns and not prop.deferred:
                    more[prop.column] = None
        key = mapper.polymorphic_key
        if key is not None and key not in self.names:
            self.sorts = False  # an alias that does not show it
            return
        self.more = tuple(more)
        self.discriminator = self.names.index(key) if key is not None else len(self.names) + len(more)


class Joined(NamedTuple):
    """A relationship that is loaded from the rows of its owners.

    Attributes:
        spec: how the targets are loaded.
        inner: they are joined by an inner join, as every owner has one.
        given: the entity of the statement that they come from (contains_eager); None where the join is to be added.
    """

    spec: EntitySpec
    inner: bool = False
    given: Any = None


class EntityItem(NamedTuple):
    """A mapped class among the items.

    Attributes:
        spec: how it is loaded.
        start: place of its first column in the row.
    """

    spec: EntitySpec
    start: int

    @property
    def mapper(self) -> Mapper:
        """Mapper of the class."""
        return self.spec.mapper

    @property
    def names(self) -> tuple[str, ...]:
        """Attribute names, in the order of its columns."""
        return self.spec.names

    @property
    def width(self) -> int:
        """Number of its columns."""
        return self.spec.width


class ValueItem(NamedTuple):
    """A column expression among the items.

    Attributes:
        place: in the row.
        type: its SQL type.
        stored: it is a column of a table, so that its type is certain.
    """

    place: int
    type: Any
    stored: bool

    @property
    def width(self) -> int:
        """How many columns of the row it takes."""
        return 1


class BundleItem(NamedTuple):
    """A bundle of column expressions among the items.

    Attributes:
        items: its parts, in order.
        make: from a tuple of their values to the value of the bundle.
    """

    items: tuple[ValueItem | BundleItem, ...]
    make: Callable[[Sequence[Any]], Any]

    @property
    def width(self) -> int:
        """How many columns of the row it takes."""
        return sum(item.width for item in self.items)


#: What a row is made of.
Item = EntityItem | ValueItem | BundleItem


class JoinedItem(NamedTuple):
    """Targets of a relationship among the columns of a row.

    Attributes:
        owner: number of the entity that has the relationship: the items of the plan come first, then its joined ones.
        prop: the relationship.
        item: how a target is made of the row.
    """

    owner: int
    prop: RelationshipProperty
    item: EntityItem


class LoadPlan:
    """What the rows of one shape of SELECT become.

    Attributes:
        items: in the order of the statement.
        keys: names in a Row, one per item.
        joined: what else the rows hold, owners first.
        entities: the items that are entities, by number, then those of `joined`; None for the other items.
        refreshes: an entity has the mapper option ``always_refresh``.
        needs_unique: objects repeat in the rows, because a collection is joined (SB-49).
        eager: places of the items that load relationships along.
        memo: generated loaders, by :mod:`unitwork.loading.rows`.
    """

    __slots__ = ("eager", "entities", "items", "joined", "keys", "memo", "needs_unique", "refreshes", "single")

    def __init__(
        self, items: Sequence[Item], keys: Sequence[str], joined: Sequence[JoinedItem] = ()
    ) -> None:
        self.items = tuple(items)
        self.keys = tuple(keys)
        self.joined = tuple(joined)
        self.entities = (
            *(item if isinstance(item, EntityItem) else None for item in self.items),
            *(child.item for child in self.joined),
        )
        self.refreshes = any(item is not None and item.mapper.refreshes for item in self.entities)
        self.needs_unique = any(child.prop.uselist for child in self.joined)
        self.single = len(self.items) == 1
        self.eager = tuple(
            place
            for place, item in enumerate(self.items)
            if isinstance(item, EntityItem) and (item.spec.eager or item.mapper.follows_up)
        )
        self.memo: dict[Any, Any] = {}
