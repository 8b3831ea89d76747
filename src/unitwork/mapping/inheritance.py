"""Put a Mapper below another: whose table, joined how, which row is of which class.

:mod:`unitwork.mapping.assemble` calls :func:`attach_below` before the columns of a subclass are mapped, and
:func:`set_discriminator` after, for every class. The answers are kept on :mod:`unitwork.mapping.hierarchy`.

Spec: LB-07, LB-08.
"""

from __future__ import annotations

import warnings
from collections.abc import Collection, Mapping
from typing import Any

from unitwork import exc
from unitwork.mapping.conditions import conjuncts
from unitwork.mapping.mapper import ColumnProperty, Mapper
from unitwork.sql.clause import ClauseElement
from unitwork.sql.columns import EntityColumn
from unitwork.sql.elements import BinaryExpression, conjunction
from unitwork.sql.operators import AND, EQ
from unitwork.sql.schema import Column, Table
from unitwork.sql.selectable import Join

#: Options that hold for the classes below too, unless they say otherwise.
_HANDED_DOWN = (
    "version_id_col", "version_id_generator", "confirm_deleted_rows", "passive_updates", "passive_deletes",
    "allow_partial_pks", "eager_defaults", "legacy_is_orphan", "always_refresh",
)  # fmt: skip


def attach_below(mapper: Mapper, above: Mapper, table: Table | None) -> None:
    """Place a new Mapper below another: hierarchy, tables, inherited columns and relationships.

    Args:
        table: the class's own table; None, or that of the class above, for single-table inheritance.
    Raises:
        ArgumentError [inherit-condition, inherit-loop]
    """
    mapper.inherits = above
    mapper.root = above.root
    mapper.polymorphic_map = above.polymorphic_map
    mapper.polymorphic_on = above.polymorphic_on
    mapper.polymorphic_key = above.polymorphic_key
    mapper.single = table is None or table is above.local_table
    mapper.tables = above.tables if mapper.single else (*above.tables, mapper.local_table)
    handed_down = {name: above.options[name] for name in _HANDED_DOWN if name in above.options}
    mapper.options = {**handed_down, **mapper.options}
    if not mapper.single:
        mapper.inherit_condition, mapper.inherit_pairs = _condition(mapper, above)
    own = vars(mapper.class_)
    mapper.synonyms.update({name: prop for name, prop in above.synonyms.items() if name not in own})
    for name, prop in above.attrs.items():
        if name in own and name not in above.pk_names and not hasattr(own[name], "__clause_element__"):
            continue  # the class says otherwise: a plain attribute of its own
        if isinstance(prop, ColumnProperty):
            inherit_column(mapper, prop)
        else:
            mapper.relationships[name] = mapper.attrs[name] = prop


def enrol_below(mapper: Mapper) -> None:
    """Let the classes above know a subclass that is mapped: what was worked out for them is worked out anew."""
    if mapper.inherits is None:
        return
    mapper.inherits.children.append(mapper)
    _forget(mapper)


def withdraw_below(mapper: Mapper) -> None:
    """Undo :func:`enrol_below`."""
    if mapper.inherits is not None and mapper in mapper.inherits.children:
        mapper.inherits.children.remove(mapper)
        _forget(mapper)
    if mapper.polymorphic_map.get(mapper.polymorphic_identity) is mapper:
        del mapper.polymorphic_map[mapper.polymorphic_identity]


def _forget(mapper: Mapper) -> None:
    for above in mapper.iterate_to_root():
        above.forget_source()
        above.entity_element = None
        for key in list(above.memo):
            if str(key[0] if isinstance(key, tuple) else key).startswith("loading"):
                del above.memo[key]


def inherit_column(mapper: Mapper, prop: ColumnProperty, own: tuple[Column, ...] = ()) -> ColumnProperty:
    """Give a class its own ColumnProperty for one of the class above, with `own` columns put before its columns."""
    new = ColumnProperty(prop.key, mapper, (*own, *prop.columns))
    for slot in ("deferred", "group", "active_history", "doc", "info"):
        setattr(new, slot, getattr(prop, slot))
    mapper.columns[prop.key] = mapper.attrs[prop.key] = new
    for column in new.columns:
        mapper.name_by_column[column] = prop.key
    return new


def is_joined_column(mapper: Mapper, column: Column) -> bool:
    """Tell whether a column of the own table is the one that an inherited column of the same attribute is joined by."""
    return any(own is column for _, own in mapper.inherit_pairs)


# -- how the tables are joined ----------------------------------------------------------------------------------------


def _condition(mapper: Mapper, above: Mapper) -> tuple[Any, tuple[tuple[Column, Column], ...]]:
    """Return the condition that joins the own table to those above, and its (column above, own column) pairs."""
    given = mapper.options.get("inherit_condition")
    if callable(given) and not isinstance(given, ClauseElement):
        given = given()
    condition = plain_element(given) if given is not None else _by_foreign_keys(mapper, above)
    foreign = {plain_element(column) for column in _listed(mapper.options.get("inherit_foreign_keys"))}
    pairs = []
    for part in conjuncts(condition):
        if not isinstance(part, BinaryExpression) or part.operator is not EQ:
            continue
        left, right = map(plain_element, part.operands)
        if not isinstance(left, Column) or not isinstance(right, Column):
            continue
        if left.table is mapper.local_table and right.table in above.tables:
            left, right = right, left
        if right.table is mapper.local_table and left.table in above.tables and (not foreign or right in foreign):
            pairs.append((left, right))
    mapper.inherit_pairs = tuple(pairs)
    if not pairs or len(mapper.key_columns(mapper.local_table)) != len(above.root.primary_key):
        raise exc.ArgumentError(
            f"class {mapper.class_.__name__} inherits from {above.class_.__name__}, but {condition} does not join the "
            f"primary key of table {above.root.local_table.name!r} to columns of {mapper.local_table.name!r}.",
            do="give the primary key of the subclass's table a ForeignKey to the base's, or say inherit_condition.",
            code="inherit-condition",
            mapper=mapper,
        )
    return condition, tuple(pairs)


def _by_foreign_keys(mapper: Mapper, above: Mapper) -> Any:
    """The condition that the foreign keys give: that of the primary key where several lead up."""
    table = mapper.local_table
    found: list[list[tuple[Column, Column]]] = []
    for constraint in sorted(table.foreign_key_constraints, key=lambda one: [key.parent.name for key in one.elements]):
        pairs = [(key.find_column(), key.parent) for key in constraint.elements]
        if all(target is not None and target.table in above.tables for target, _ in pairs):
            found.append([(target, own) for target, own in pairs if target is not None])
    if len(found) > 1:
        keys = set(table.primary_key.columns)
        of_key = [pairs for pairs in found if {own for _, own in pairs} == keys]
        nearest = [pairs for pairs in of_key if pairs[0][0].table is above.local_table]
        found = (nearest or of_key or found) if len(nearest or of_key) == 1 else found
    if len(found) == 1:
        return conjunction(AND, [target == own for target, own in found[0]])
    # Says which foreign keys there are, or that there is none.
    return Join(above.source_of(above.tables), table).onclause


# -- which row is of which class --------------------------------------------------------------------------------------


def set_discriminator(mapper: Mapper) -> None:
    """Take over ``polymorphic_on``, ``polymorphic_identity`` and what belongs to loading, once the columns are mapped.

    Raises:
        ArgumentError [polymorphic-on]: it names no column of the class.
    """
    options = mapper.options
    mapper.always_refresh = bool(options.get("always_refresh"))
    given = options.get("polymorphic_on")
    if given is not None:
        _set_polymorphic_on(mapper, given)
    load = options.get("polymorphic_load")
    if load not in (None, "inline", "selectin"):
        raise exc.ArgumentError(
            f"class {mapper.class_.__name__} is mapped with polymorphic_load={load!r}.",
            do="use 'inline' or 'selectin', or leave it out.",
            code="polymorphic-load",
            mapper=mapper,
        )
    mapper.polymorphic_load = load
    mapper.polymorphic_abstract = bool(options.get("polymorphic_abstract"))
    if "polymorphic_identity" in options and not mapper.polymorphic_abstract:
        identity = mapper.polymorphic_identity = options["polymorphic_identity"]
        other = mapper.polymorphic_map.get(identity)
        if other is not None:
            warnings.warn(
                f"polymorphic_identity {identity!r} stands for {other.class_.__name__}, and now for "
                f"{mapper.class_.__name__}: rows of the first are loaded as the second. Do: give each class its own.",
                exc.UnitworkWarning,
                stacklevel=2,
            )
        mapper.polymorphic_map[identity] = mapper
    elif mapper.inherits is not None and mapper.polymorphic_on is not None and not mapper.polymorphic_abstract:
        warnings.warn(
            f"class {mapper.class_.__name__} has no polymorphic_identity, though its hierarchy tells classes by "
            f"{_shown(mapper.polymorphic_on)}: its rows cannot be told from those of other classes. Do: give it one in "
            "__mapper_args__, or polymorphic_abstract=True if it has no objects of its own.",
            exc.UnitworkWarning,
            stacklevel=2,
        )


def _set_polymorphic_on(mapper: Mapper, given: Any) -> None:
    if isinstance(given, str):
        prop = mapper.columns.get(given)
        found: Any = prop.column if prop is not None else mapper.local_table.c.get(given)
    else:
        found = plain_element(given)
    if not isinstance(found, ClauseElement):
        raise exc.ArgumentError(
            f"polymorphic_on={given!r} of class {mapper.class_.__name__} names no column that it maps.",
            do=f"name one of {', '.join(mapper.columns)}, or give a column or SQL expression.",
            code="polymorphic-on",
            mapper=mapper,
        )
    mapper.polymorphic_on = found
    mapper.polymorphic_key = mapper.name_by_column.get(found) if isinstance(found, Column) else None
    if isinstance(found, Column) and mapper.polymorphic_key is None:
        raise exc.ArgumentError(
            f"polymorphic_on of class {mapper.class_.__name__} is column {found.name!r}, which the class does not map.",
            do="map it, so that new rows get their value.",
            code="polymorphic-on",
            mapper=mapper,
        )


def set_version(mapper: Mapper) -> None:
    """Take over ``version_id_col`` and ``version_id_generator`` (VC-01, VC-04, VC-05).

    Raises:
        ArgumentError [version-column]: it is no mapped column of the class, or the generator cannot be called.
    """
    given = mapper.options.get("version_id_col")
    if given is None:
        return
    if isinstance(given, str):
        given = mapper.columns[given].column if given in mapper.columns else mapper.local_table.c.get(given)
    column = plain_element(given)
    generator = mapper.options.get("version_id_generator")
    if not isinstance(column, Column) or column not in mapper.name_by_column:
        problem = f"version_id_col={given!r} is no column that the class maps"
    elif generator is not None and generator is not False and not callable(generator):
        problem = f"version_id_generator={generator!r} cannot be called"
    else:
        mapper.version_id_col = column
        mapper.version_id_generator = _next_version if generator is None else generator
        mapper.columns[mapper.name_by_column[column]].active_history = True
        return
    raise exc.ArgumentError(
        f"{problem} (class {mapper.class_.__name__}).",
        do="name a mapped column, and as generator a function of the old version, or False.",
        code="version-column",
        mapper=mapper,
    )


def _next_version(version: Any) -> Any:
    return (version or 0) + 1


def plain_element(given: Any) -> Any:
    """Return the element that a column, attribute or expression stands for; of an attribute its bare column."""
    for _ in range(4):
        if isinstance(given, EntityColumn):
            given = given.element
        elif isinstance(given, ClauseElement) or not hasattr(given, "__clause_element__"):
            break
        else:
            given = given.__clause_element__()
    return given


def _listed(given: Any) -> Collection[Any]:
    return () if given is None else given if isinstance(given, (list, tuple, set, frozenset)) else (given,)


def _shown(element: Any) -> str:
    return f"column {element.name!r}" if isinstance(element, Column) else str(element)


def check_hierarchy_options(class_: type, options: Mapping[str, Any]) -> None:
    """Refuse the options of inheritance that are not there yet, by name.

    Raises:
        ArgumentError [inheritance-not-yet]
    """
    later = [name for name in ("concrete", "with_polymorphic") if options.get(name)]
    if later:
        raise exc.ArgumentError(
            f"class {class_.__name__} is mapped with {', '.join(later)}, which is not supported yet.",
            do="use single-table or joined-table inheritance, and polymorphic_load to load columns of subclasses.",
            code="inheritance-not-yet",
        )
