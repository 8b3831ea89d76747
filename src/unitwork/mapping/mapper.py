"""What a class means in tables: Mapper, ColumnProperty and RelationshipProperty, plain data.

The three refer to each other and so share this file. They are filled in two phases: :mod:`unitwork.mapping.assemble`
makes a Mapper with its columns when a class is mapped, :mod:`unitwork.mapping.configure` resolves relationships and
seals it before first use. After that nothing here changes, except `Mapper.memo`, where upper layers keep what they
have generated for a mapper. Attributes are read on hot paths, so they are slots and not properties.
"""

from __future__ import annotations

import enum
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from unitwork import exc
from unitwork.mapping.cascade_options import DEFAULT_CASCADE, CascadeOptions
from unitwork.mapping.conditions import SidedCondition
from unitwork.mapping.hierarchy import Hierarchy
from unitwork.mapping.synonyms import SynonymProperty as SynonymProperty
from unitwork.sql.clause import ClauseElement, EntityElement
from unitwork.sql.elements import ColumnElement
from unitwork.sql.schema import Column, MetaData, Table
from unitwork.sql.selectable import FromClause
from unitwork.sql.shape import ShapeBuilder


class RelationshipDirection(enum.Enum):
    """Which side holds the foreign key, seen from the class that has the relationship."""

    #: The target's table holds the foreign key.
    ONETOMANY = "ONETOMANY"
    #: The own table holds the foreign key.
    MANYTOONE = "MANYTOONE"
    #: A table in between holds both.
    MANYTOMANY = "MANYTOMANY"

    def __repr__(self) -> str:
        return self.name


ONETOMANY = RelationshipDirection.ONETOMANY
MANYTOONE = RelationshipDirection.MANYTOONE
MANYTOMANY = RelationshipDirection.MANYTOMANY

#: A synchronised pair: the value of the first column is copied to the second.
ColumnPair = tuple[Column, Column]
#: An element, an attribute, a column draft, a string or callable that gives one, or a collection of these.
LateExpression = Any


class MapperHome(Protocol):
    """What a Mapper knows of the registry it belongs to; implemented by :mod:`unitwork.mapping.registry`."""

    metadata: MetaData
    all_mappers: list[Mapper]

    def configure(self, cascade: bool = False) -> None:
        """Configure every mapper that is not configured yet; nothing to do costs one attribute read."""

    def classes_named(self, name: str) -> list[type]:
        """Return the mapped classes of that name, or of that dotted path."""

    def class_names(self) -> list[str]:
        """Return the names of all mapped classes, sorted."""

    def note_added(self, mapper: Mapper, prop: Property) -> None:
        """Called when configuring has given `mapper` one more attribute (a backref)."""

    def await_configure(self, mapper: Mapper) -> None:
        """Have a mapper configured (again) before its next use."""

    def add_property(self, mapper: Mapper, key: str, prop: Any) -> None:
        """Make a draft an attribute of a mapped class."""


class ColumnProperty:
    """A mapped column (or column expression) of one class.

    Attributes:
        key: attribute name.
        columns: the columns behind the attribute, the own table's first.
        column: ``columns[0]``.
        deferred: not loaded with the object, but when first read.
        group: name of the deferred group, or None.
        active_history: the old value is loaded before it is replaced; always so for primary key
            columns, and for those by which a relationship finds other rows.
        parent: the Mapper it belongs to.
    """

    __slots__ = ("active_history", "column", "columns", "deferred", "doc", "group", "info", "key", "memo", "parent")

    def __init__(self, key: str, parent: Mapper, columns: tuple[Column, ...]) -> None:
        self.key = key
        self.parent = parent
        self.columns = columns
        self.column: Column = columns[0]
        self.deferred = False
        self.group: str | None = None
        self.active_history = False
        self.doc: str | None = None
        self.info: dict[Any, Any] = {}
        self.memo: dict[Any, Any] = {}

    @property
    def class_attribute(self) -> Any:
        """The attribute of the mapped class, as used in SQL expressions."""
        return getattr(self.parent.class_, self.key)

    def __repr__(self) -> str:
        return f"<ColumnProperty {self.parent.class_.__name__}.{self.key}>"


@dataclass(eq=False)
class RelationshipOptions:
    """What ``relationship()`` was given, unresolved; defaults are the constructor's (LB-10).

    `argument` is a class, a Mapper, a string, a callable that returns one of these, or None where an annotation says
    it. `secondary`, joins, `foreign_keys`, `remote_side` and `order_by` may be strings or callables. `cascade` is
    parsed already.
    """

    argument: Any = None
    secondary: Any = None
    primaryjoin: LateExpression = None
    secondaryjoin: LateExpression = None
    foreign_keys: LateExpression = None
    remote_side: LateExpression = None
    order_by: LateExpression = None
    back_populates: str | None = None
    backref: tuple[str, RelationshipOptions] | None = None
    uselist: bool | None = None
    lazy: str = "select"
    collection_class: Callable[[], Any] | None = None
    cascade: CascadeOptions = DEFAULT_CASCADE
    passive_deletes: bool | str = False
    passive_updates: bool = True
    post_update: bool = False
    viewonly: bool = False
    single_parent: bool = False
    sync_backref: bool | None = None
    load_on_pending: bool = False
    enable_typechecks: bool = True
    active_history: bool = False
    innerjoin: bool | str = False
    join_depth: int | None = None
    overlaps: frozenset[str] = frozenset()
    info: dict[Any, Any] = field(default_factory=dict)
    doc: str | None = None


class RelationshipProperty:
    """A relationship of one class to another; its lower part is filled at configure time.

    Attributes:
        key: attribute name.
        parent: the Mapper it belongs to.
        options: what ``relationship()`` was given.
        argument: target as given, before it is resolved.
        configured: what follows is filled in; before that `mapper` is None.
        mapper: the target's Mapper.
        direction: ONETOMANY, MANYTOONE or MANYTOMANY.
        uselist: the attribute holds a collection.
        read_members: from a collection to its members, as a new list.
        secondary: the table in between, or None.
        synchronize_pairs: (source, destination) columns. One-to-many: own column to the target's foreign key.
            Many-to-one: the target's column to the own foreign key. Many-to-many: own column to the secondary's.
        secondary_synchronize_pairs: (target column, secondary column), many-to-many only.
        local_remote_pairs: (own column, remote column) of the whole join, in the order of the join.
        local_columns: columns of the own table that take part in the join.
        remote_side: columns of `local_remote_pairs` on the other side: the target's, or the secondary table's.
        primaryjoin, secondaryjoin: elements; the second is None without a secondary.
        condition: the primaryjoin, with what belongs to which side (:mod:`unitwork.mapping.conditions`).
        order_by: elements.
        reverse: the relationship paired with this one by back_populates or backref, or None.
        uses_get: a many-to-one whose join is exactly the target's primary key: a lazy load may be a get (LB-15).
    """

    __slots__ = (
        "active_history", "argument", "back_populates", "cascade", "collection_class", "condition", "configured",
        "direction", "doc",
        "enable_typechecks", "info", "innerjoin", "is_self_referential", "join_depth", "key", "lazy", "load_on_pending",
        "local_columns", "local_remote_pairs", "mapper", "memo", "options", "order_by", "overlaps", "parent",
        "passive_deletes", "passive_updates", "post_update", "primaryjoin", "read_members", "remote_side", "reverse",
        "secondary", "secondary_synchronize_pairs", "secondaryjoin", "single_parent", "sync_backref",
        "synchronize_pairs", "uselist", "uses_get", "viewonly",
    )  # fmt: skip

    def __init__(self, key: str, parent: Mapper, options: RelationshipOptions) -> None:
        self.key = key
        self.parent = parent
        self.options = options
        self.argument = options.argument
        self.back_populates: str | None = options.back_populates
        self.lazy = options.lazy
        self.collection_class = options.collection_class
        self.cascade = options.cascade
        self.passive_deletes = options.passive_deletes
        self.passive_updates = options.passive_updates
        self.post_update = options.post_update
        self.viewonly = options.viewonly
        self.single_parent = options.single_parent
        self.sync_backref = not options.viewonly if options.sync_backref is None else options.sync_backref
        self.load_on_pending = options.load_on_pending
        self.enable_typechecks = options.enable_typechecks
        self.active_history = options.active_history
        self.innerjoin = options.innerjoin
        self.join_depth = options.join_depth
        self.overlaps = options.overlaps
        self.info = options.info
        self.doc = options.doc
        self.memo: dict[Any, Any] = {}
        self.configured = False
        self.mapper: Mapper = None  # type: ignore[assignment]
        self.direction: RelationshipDirection = ONETOMANY
        self.uselist = options.uselist is not False
        self.read_members: Callable[[Any], list[Any]] = list
        self.secondary: Table | None = None
        self.synchronize_pairs: tuple[ColumnPair, ...] = ()
        self.secondary_synchronize_pairs: tuple[ColumnPair, ...] = ()
        self.local_remote_pairs: tuple[ColumnPair, ...] = ()
        self.local_columns: frozenset[Column] = frozenset()
        self.remote_side: frozenset[Column] = frozenset()
        self.primaryjoin: ColumnElement = None  # type: ignore[assignment]
        self.condition: SidedCondition = None  # type: ignore[assignment]
        self.secondaryjoin: ColumnElement | None = None
        self.order_by: tuple[ClauseElement, ...] = ()
        self.reverse: RelationshipProperty | None = None
        self.is_self_referential = False
        self.uses_get = False

    @property
    def class_attribute(self) -> Any:
        """The attribute of the mapped class, as used in SQL expressions."""
        return getattr(self.parent.class_, self.key)

    @property
    def entity(self) -> Mapper:
        """The target's Mapper; same as `mapper`."""
        return self.mapper

    @property
    def target(self) -> FromClause:
        """The FROM of the target: its table, or more."""
        return self.mapper.selectable

    def __repr__(self) -> str:
        return f"<RelationshipProperty {self.parent.class_.__name__}.{self.key}>"


Property = ColumnProperty | RelationshipProperty

_mapper_numbers = itertools.count()


class Mapper(Hierarchy):
    """How one class is stored: its tables, columns and relationships; those of the classes above are among them.

    Attributes:
        class_: the mapped class.
        primary_key: primary key columns, of the root's table; `pk_names` are their attribute names, in the same order.
        columns: attribute name to ColumnProperty, in table order.
        relationships: attribute name to RelationshipProperty, in order of declaration.
        attrs: both of the above.
        synonyms: other names to SynonymProperty.
        name_by_column: Column to attribute name.
        registry: the registry it belongs to.
        order: number in the order of mapping.
        options: parsed ``__mapper_args__``.
        sealed: configured; nothing changes any more.
        memo: what upper layers generated for this mapper, keyed by their module's name.
    """

    __slots__ = (
        "__weakref__", "attrs", "class_", "columns", "entity_element", "memo", "name_by_column", "options", "order",
        "pk_names", "primary_key", "registry", "relationships", "sealed", "synonyms",
    )  # fmt: skip

    def __init__(self, class_: type, local_table: Table, registry: MapperHome, options: Mapping[str, Any]) -> None:
        super().__init__(local_table)
        self.class_: type[Any] = class_
        self.primary_key: tuple[Column, ...] = ()
        self.pk_names: tuple[str, ...] = ()
        self.columns: dict[str, ColumnProperty] = {}
        self.relationships: dict[str, RelationshipProperty] = {}
        self.attrs: dict[str, Property] = {}
        self.synonyms: dict[str, SynonymProperty] = {}
        self.name_by_column: dict[Column, str] = {}
        self.registry = registry
        self.order = next(_mapper_numbers)
        self.options: dict[str, Any] = dict(options)
        self.sealed = False
        self.memo: dict[Any, Any] = {}
        self.entity_element: EntityElement | None = None

    @property
    def mapper(self) -> Mapper:
        """The Mapper itself, so that ``inspect(x).mapper`` works for classes and instances alike."""
        return self

    @property
    def entity(self) -> type[Any]:
        """The mapped class."""
        return self.class_

    @property
    def column_attrs(self) -> PropertyView[ColumnProperty]:
        """The column attributes, as a view that iterates over properties (reference form)."""
        return PropertyView(self.columns)

    def get_property(self, name: str) -> Property | SynonymProperty:
        """Return the property of attribute `name`.

        Raises:
            InvalidRequestError [unknown-attribute]: the class maps no attribute of that name.
        """
        found = self.attrs.get(name) or self.synonyms.get(name)
        if found is None:
            raise exc.InvalidRequestError(
                f"class {self.class_.__name__} has no mapped attribute {name!r}.",
                do=f"use one of {', '.join(self.attrs)}.",
                code="unknown-attribute",
                mapper=self,
            )
        return found

    def add_property(self, key: str, prop: Any) -> None:
        """Add an attribute to the class: ``mapped_column()``, ``relationship()``, or another draft, or a Column.

        A new column is added to the table of the class; not to that of the database.

        Raises:
            ArgumentError [attribute-clash]: the class maps an attribute of that name already.
        """
        self.registry.add_property(self, key, prop)

    def has_property(self, name: str) -> bool:
        """Tell whether the class maps an attribute of that name."""
        return name in self.attrs or name in self.synonyms

    def get_property_by_column(self, column: Column) -> ColumnProperty:
        """Return the property that stands for `column`.

        Raises:
            InvalidRequestError [unmapped-column]: no attribute stands for it.
        """
        name = self.name_by_column.get(column)
        if name is None:
            raise exc.InvalidRequestError(
                f"column {column.name!r} is not mapped by class {self.class_.__name__}.",
                do="map it to an attribute, or use a column of the class's own table.",
                code="unmapped-column",
                mapper=self,
            )
        return self.columns[name]

    def identity_key_from_primary_key(
        self, primary_key: Sequence[Any], identity_token: Any = None
    ) -> tuple[type[Any], tuple[Any, ...], Any]:
        """Return (root class, primary key tuple, token), the key of the identity map (ST-41)."""
        return (self.root.class_, tuple(primary_key), identity_token)

    def primary_key_from_instance(self, instance: object) -> list[Any]:
        """Return the primary key values of `instance`, in table order; reading an expired one may load it."""
        return [getattr(instance, name) for name in self.pk_names]

    def identity_key_from_instance(self, instance: object) -> tuple[type[Any], tuple[Any, ...], Any]:
        """Return the identity key that the primary key attributes of `instance` give; may load an expired one."""
        return self.identity_key_from_primary_key(self.primary_key_from_instance(instance))

    def __clause_element__(self) -> EntityElement:
        element = self.entity_element
        if element is None:
            columns = tuple(prop.column for prop in self.columns.values())
            element = self.entity_element = MappedEntity(self, self.selectable, columns)
        return element

    def __repr__(self) -> str:
        return f"<Mapper {self.class_.__name__} on {self.local_table.name}>"


P = TypeVar("P", bound=Property)


class MappedEntity(EntityElement):
    """A mapped class in a statement; `subject` is its Mapper."""

    __slots__ = ()

    def shape_into(self, out: ShapeBuilder) -> None:
        super().shape_into(out)
        if self.subject.children:
            # One more subclass, and the rows become something else.
            out.append(len(self.subject.self_and_descendants))

    def attribute(self, name: str) -> Any:
        """Return the class attribute `name`, for ``filter_by``.

        Raises:
            InvalidRequestError [unknown-attribute]: the class maps no attribute of that name.
        """
        return self.subject.get_property(name).class_attribute


class PropertyView(Generic[P]):
    """Read-only view of properties by name: iterates over the properties, and gives them by item and attribute."""

    __slots__ = ("_properties",)

    def __init__(self, properties: Mapping[str, P]) -> None:
        self._properties = properties

    def __iter__(self) -> Iterator[P]:
        return iter(self._properties.values())

    def __len__(self) -> int:
        return len(self._properties)

    def __contains__(self, name: object) -> bool:
        return name in self._properties

    def __getitem__(self, name: str) -> P:
        return self._properties[name]

    def __getattr__(self, name: str) -> P:
        try:
            return self._properties[name]
        except KeyError:
            raise AttributeError(name) from None

    def keys(self) -> list[str]:
        """Return the attribute names, in table order."""
        return list(self._properties)

    def values(self) -> list[P]:
        """Return the properties, in table order."""
        return list(self._properties.values())

    def items(self) -> list[tuple[str, P]]:
        """Return (attribute name, property), in table order."""
        return list(self._properties.items())


def mapper_of(cls: type) -> Mapper | None:
    """Return the Mapper of a class, or of the mapped class that an unmapped subclass derives from; None for neither."""
    found = getattr(cls, "__mapper__", None)
    return found if found.__class__ is Mapper else None
