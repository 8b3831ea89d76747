"""The place of a Mapper in an inheritance hierarchy: parents, children, discriminator, where its rows come from.

A class without inheritance is the root of a hierarchy of one, and pays nothing for this: its FROM is its table.
:mod:`unitwork.mapping.inheritance` fills this in when a subclass is mapped.

Spec: LB-07.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from unitwork.sql.columns import EntityColumn
from unitwork.sql.elements import conjunction
from unitwork.sql.functions import or_
from unitwork.sql.operators import AND
from unitwork.sql.schema import Column, Table
from unitwork.sql.selectable import EntityFrom, FromClause, Join

H = TypeVar("H", bound="Hierarchy")


class Hierarchy:
    """Base of Mapper with all that is about inheritance.

    Attributes:
        inherits: Mapper of the class above, or None.
        children: Mappers of the classes directly below.
        root: Mapper at the head of the hierarchy; itself without inheritance.
        local_table: the table of this class; that of the class above for a single-table subclass.
        tables: every table that rows of this class are spread over, the root's first.
        single: the class shares the table of the class above.
        inherit_condition: joins the own table to those above, or None.
        inherit_pairs: (column above, own column) of that condition.
        polymorphic_on: the column or expression that tells the class of a row, or None.
        polymorphic_key: attribute name of that column, or None.
        polymorphic_identity: the value that stands for this class.
        polymorphic_map: value to Mapper, one dictionary for the whole hierarchy.
        polymorphic_abstract: no row and no object is of this class itself.
        version_id_col: column that counts the versions of a row, or None.
        version_id_generator: (version or None) to the next one; False where the application or the database sets it.
        always_refresh: every SELECT overwrites what objects of this class hold.
        polymorphic_load: how rows of a base bring the columns of this class: "inline", "selectin", or None.
    """

    __slots__ = (
        "_source", "always_refresh", "children", "inherit_condition", "inherit_pairs", "inherits", "local_table",
        "polymorphic_abstract", "polymorphic_identity", "polymorphic_key", "polymorphic_load", "polymorphic_map",
        "polymorphic_on", "root", "single", "tables", "version_id_col", "version_id_generator",
    )  # fmt: skip

    def __init__(self, local_table: Table) -> None:
        self.inherits: Any = None
        self.children: list[Any] = []
        self.root: Any = self
        self.local_table = local_table
        self.tables: tuple[Table, ...] = (local_table,)
        self.single = False
        self.inherit_condition: Any = None
        self.inherit_pairs: tuple[tuple[Column, Column], ...] = ()
        self.polymorphic_on: Any = None
        self.polymorphic_key: str | None = None
        self.polymorphic_identity: Any = None
        self.polymorphic_map: dict[Any, Any] = {}
        self.polymorphic_abstract = False
        self.polymorphic_load: str | None = None
        self.version_id_col: Column | None = None
        self.version_id_generator: Callable[[Any], Any] | bool = False
        self.always_refresh = False
        self._source: FromClause | None = None

    # -- the tree -----------------------------------------------------------------------------------------------------

    @property
    def base_mapper(self: H) -> H:
        """The Mapper at the head of the hierarchy; the reference's name for `root`."""
        found: H = self.root
        return found

    @property
    def self_and_descendants(self: H) -> tuple[H, ...]:
        """This Mapper and all below it, parents first, in the order of mapping."""
        found: list[H] = [self]
        for mapper in found:
            found.extend(mapper.children)
        return tuple(found)

    def polymorphic_iterator(self: H) -> Iterator[H]:
        """Return an iterator over this Mapper and all below it."""
        return iter(self.self_and_descendants)

    def iterate_to_root(self: H) -> Iterator[H]:
        """Yield this Mapper, the one above, and so on up to the root."""
        mapper: H | None = self
        while mapper is not None:
            yield mapper
            mapper = mapper.inherits

    def isa(self, other: Hierarchy) -> bool:
        """Tell whether this Mapper is `other`, or below it."""
        return any(mapper is other for mapper in self.iterate_to_root())

    def common_parent(self, other: Hierarchy) -> bool:
        """Tell whether both belong to one hierarchy."""
        return self.root is other.root

    @property
    def sorts_rows(self) -> bool:
        """Whether rows selected for this class may be of classes below it."""
        return bool(self.children) and self.polymorphic_on is not None

    @property
    def refreshes(self) -> bool:
        """Whether rows selected for this class may be of one with ``always_refresh``."""
        return any(mapper.always_refresh for mapper in self.self_and_descendants)

    @property
    def follows_up(self) -> bool:
        """Whether objects of subclasses are completed after a SELECT of this class."""
        return self.sorts_rows and any(below.polymorphic_load for below in self.self_and_descendants[1:])

    # -- where rows come from -----------------------------------------------------------------------------------------

    @property
    def selectable(self) -> FromClause:
        """The FROM of a SELECT of this class: its table, or more; found on first use, for classes may still come."""
        found = self._source
        if found is None:
            found = self._source = self._make_source()
        return found

    @property
    def persist_selectable(self) -> FromClause:
        """The same without the condition that tells the class; the reference's name."""
        source = self.selectable
        return source.element if isinstance(source, EntityFrom) else source

    def forget_source(self) -> None:
        """Have the FROM worked out anew: a class below was mapped."""
        self._source = None

    def inline_mappers(self: H) -> list[H]:
        """Return the Mappers below whose columns come in the SELECT of this one (``polymorphic_load="inline"``)."""
        found: list[H] = []
        for mapper in self.self_and_descendants[1:]:
            if mapper.polymorphic_load == "inline":
                above = [one for one in mapper.iterate_to_root() if one not in found]
                found.extend(one for one in reversed(above[: above.index(self)]))
        return found

    def source_of(self, tables: tuple[Table, ...]) -> FromClause:
        """Return the FROM of some tables of this class alone, joined by their primary keys."""
        found: FromClause = tables[0]
        first = self.key_columns(tables[0])
        for table in tables[1:]:
            same = [left == right for left, right in zip(first, self.key_columns(table))]
            found = Join(found, table, conjunction(AND, same))
        return found if len(tables) == 1 else EntityFrom(found, tables[-1], None)

    def key_columns(self, table: Table) -> tuple[Column, ...]:
        """Return the columns of one of the tables that hold the primary key, in the order of the root's."""
        if self.inherits is None:
            own: tuple[Column, ...] = self.root.primary_key
            return own
        found: list[Column] = []
        for key in self.root.primary_key:
            same = [key]
            for mapper in reversed(list(self.iterate_to_root())):
                same.extend(own for above, own in mapper.inherit_pairs if any(above is one for one in same))
            found.extend(column for column in same if column.table is table)
        return tuple(found)

    def _make_source(self) -> FromClause:
        source: FromClause = self.root.local_table
        for mapper in reversed(list(self.iterate_to_root())):
            if mapper.inherit_condition is not None:
                source = Join(source, mapper.local_table, mapper.inherit_condition)
        for mapper in self.inline_mappers():
            if mapper.inherit_condition is not None:
                source = Join(source, mapper.local_table, mapper.inherit_condition, isouter=True)
        criterion = self._single_criterion() if self.single and self.polymorphic_on is not None else None
        if criterion is None and isinstance(source, Table):
            return source
        return EntityFrom(source, self.local_table, criterion)

    def _single_criterion(self) -> Any:
        identities = [
            mapper.polymorphic_identity for mapper in self.self_and_descendants if not mapper.polymorphic_abstract
        ]
        condition = self.polymorphic_on.in_([value for value in identities if value is not None])
        return or_(condition, self.polymorphic_on.is_(None)) if None in identities else condition


def attribute_element(mapper: Hierarchy, prop: Any) -> Any:
    """Return what a column attribute of a class is in SQL: its column, which brings the FROM of the class along."""
    source = mapper.selectable
    if isinstance(source, Table) or not isinstance(prop.column, Column):
        return prop.column
    known = prop.memo.get("sql")
    if known is None or known.source is not source:
        known = prop.memo["sql"] = EntityColumn(prop.column, source)
    return known
