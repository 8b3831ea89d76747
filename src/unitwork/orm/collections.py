"""The values of relationships to many, lists and others, under the reference's path: re-exports only."""

from unitwork.instrument.dicts import (
    KeyFuncDict,
    attribute_keyed_dict,
    column_keyed_dict,
    keyfunc_mapping,
)
from unitwork.instrument.dicts import TrackedDict as InstrumentedDict
from unitwork.instrument.lists import TrackedList as InstrumentedList
from unitwork.instrument.roles import collection
from unitwork.instrument.sets import TrackedSet as InstrumentedSet
from unitwork.instrument.tracked import collection_adapter

#: The names of 1.x.
MappedCollection = KeyFuncDict
mapped_collection = keyfunc_mapping
attribute_mapped_collection = attribute_keyed_dict
column_mapped_collection = column_keyed_dict

__all__ = [
    "InstrumentedDict",
    "InstrumentedList",
    "InstrumentedSet",
    "KeyFuncDict",
    "MappedCollection",
    "attribute_keyed_dict",
    "attribute_mapped_collection",
    "collection",
    "collection_adapter",
    "column_keyed_dict",
    "column_mapped_collection",
    "keyfunc_mapping",
    "mapped_collection",
]
