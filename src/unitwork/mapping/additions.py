"""Attributes that a class gains after it was mapped: ``User.nick = mapped_column(...)``, ``mapper.add_property()``.

What upper layers have generated for the class is forgotten, so that they generate it anew; a relationship has the class
configured again before its next use. Spec: LB-03, LB-09.
"""

from __future__ import annotations

from unitwork.mapping.assemble import ColumnOptions, Declared, add_relationship, refuse_clash
from unitwork.mapping.derived import ExpressionOptions, SynonymOptions, add_expression, add_synonym
from unitwork.mapping.inheritance import inherit_column
from unitwork.mapping.mapper import ColumnProperty, Mapper, Property, RelationshipProperty, SynonymProperty


def add_attribute(mapper: Mapper, name: str, given: Declared) -> Property | SynonymProperty:
    """Make what the user declared an attribute of a mapped class, and return its property.

    Args:
        given: its columns are in the table of the class already.
    Raises:
        ArgumentError [attribute-clash]: the class maps an attribute of that name already.
    """
    refuse_clash(mapper, name)
    if isinstance(given, SynonymOptions):
        add_synonym(mapper, name, given)
        return mapper.synonyms[name]
    if isinstance(given, ColumnOptions):
        _add_column(mapper, name, given)
        _hand_down(mapper, name)
    elif isinstance(given, ExpressionOptions):
        add_expression(mapper, name, given)
        _hand_down(mapper, name)
    else:
        add_relationship(RelationshipProperty(name, mapper, given))
        if mapper.sealed:
            mapper.sealed = False
            mapper.registry.await_configure(mapper)
    for one in mapper.self_and_descendants:
        forget_generated(one)
    return mapper.attrs[name]


def _hand_down(mapper: Mapper, name: str) -> None:
    """Give the classes below a column or expression that their base has gained."""
    for below in mapper.self_and_descendants[1:]:
        inherited = below.inherits.columns.get(name)
        if inherited is not None and name not in below.attrs:
            inherit_column(below, inherited)


def _add_column(mapper: Mapper, name: str, given: ColumnOptions) -> None:
    prop = ColumnProperty(name, mapper, given.columns)
    prop.deferred = given.deferred
    prop.group = given.group
    prop.active_history = given.active_history
    prop.doc = given.doc
    prop.info = given.info
    mapper.columns[name] = mapper.attrs[name] = prop
    for column in given.columns:
        mapper.name_by_column[column] = name


def forget_generated(mapper: Mapper) -> None:
    """Forget what was generated for a class; its instrumentation stays."""
    mapper.entity_element = None
    for key in list(mapper.memo):
        if not (isinstance(key, str) and key.startswith("instrument.")):
            del mapper.memo[key]
