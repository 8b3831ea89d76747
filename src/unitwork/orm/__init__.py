"""The public names of the object side, under the reference's path: re-exports only."""

from unitwork.declare.attributes import declarative_mixin, declared_attr
from unitwork.declare.base import (
    DeclarativeBase,
    DeclarativeBaseNoMeta,
    declarative_base,
)
from unitwork.declare.constructors import (
    backref,
    column_property,
    deferred,
    mapped_column,
    relationship,
    synonym,
    synonym_for,
)
from unitwork.declare.dataclasses import MappedAsDataclass
from unitwork.declare.imperative import clear_mappers, mapper, registry
from unitwork.declare.marks import foreign, remote
from unitwork.instrument.aliased import aliased
from unitwork.instrument.class_sql import QueryableAttribute, with_parent
from unitwork.instrument.constructor import reconstructor
from unitwork.loading.bundle import Bundle
from unitwork.loading.criteria import LoaderCriteriaOption, with_loader_criteria
from unitwork.loading.options import Load, UserDefinedOption
from unitwork.loading.shortcuts import (
    contains_eager,
    defaultload,
    defer,
    immediateload,
    joinedload,
    lazyload,
    load_only,
    noload,
    raiseload,
    selectinload,
    subqueryload,
    undefer,
    undefer_group,
)
from unitwork.mapping.configure import configure_mappers
from unitwork.mapping.mapper import (
    MANYTOMANY,
    MANYTOONE,
    ONETOMANY,
    ColumnProperty,
    Mapper,
    RelationshipDirection,
    RelationshipProperty,
)
from unitwork.mapping.registry import class_mapper, object_mapper
from unitwork.mapping.typed import InstrumentedAttribute, Mapped
from unitwork.orm.collections import (
    KeyFuncDict,
    MappedCollection,
    attribute_keyed_dict,
    attribute_mapped_collection,
    column_keyed_dict,
    column_mapped_collection,
    keyfunc_mapping,
    mapped_collection,
)
from unitwork.session.core import object_session
from unitwork.session.factory import close_all_sessions, make_transient, sessionmaker
from unitwork.session.query import Query
from unitwork.session.scoped import scoped_session
from unitwork.session.scopes import SessionTransactionOrigin
from unitwork.session.session import Session
from unitwork.session.transaction import SessionTransaction
from unitwork.state.attributes import AttributeState
from unitwork.state.instance import InstanceState

__all__ = [
    "MANYTOMANY",
    "MANYTOONE",
    "ONETOMANY",
    "AttributeState",
    "Bundle",
    "ColumnProperty",
    "DeclarativeBase",
    "DeclarativeBaseNoMeta",
    "InstanceState",
    "InstrumentedAttribute",
    "KeyFuncDict",
    "Load",
    "LoaderCriteriaOption",
    "Mapped",
    "MappedAsDataclass",
    "MappedCollection",
    "Mapper",
    "Query",
    "QueryableAttribute",
    "RelationshipDirection",
    "RelationshipProperty",
    "Session",
    "SessionTransaction",
    "SessionTransactionOrigin",
    "UserDefinedOption",
    "aliased",
    "attribute_keyed_dict",
    "attribute_mapped_collection",
    "backref",
    "class_mapper",
    "clear_mappers",
    "close_all_sessions",
    "column_keyed_dict",
    "column_mapped_collection",
    "column_property",
    "configure_mappers",
    "contains_eager",
    "declarative_base",
    "declarative_mixin",
    "declared_attr",
    "defaultload",
    "defer",
    "deferred",
    "foreign",
    "immediateload",
    "joinedload",
    "keyfunc_mapping",
    "lazyload",
    "load_only",
    "make_transient",
    "mapped_collection",
    "mapped_column",
    "mapper",
    "noload",
    "object_mapper",
    "object_session",
    "raiseload",
    "reconstructor",
    "registry",
    "relationship",
    "remote",
    "scoped_session",
    "selectinload",
    "sessionmaker",
    "subqueryload",
    "synonym",
    "synonym_for",
    "undefer",
    "undefer_group",
    "with_loader_criteria",
    "with_parent",
]
