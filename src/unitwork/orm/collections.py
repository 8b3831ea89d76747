"""Collections other than lists, under the reference's path: re-exports only."""

from unitwork.instrument.dicts import (
    KeyFuncDict,
    attribute_keyed_dict,
    column_keyed_dict,
    keyfunc_mapping,
)
from unitwork.instrument.roles import collection

#: The names of 1.x.
MappedCollection = KeyFuncDict
mapped_collection = keyfunc_mapping
attribute_mapped_collection = attribute_keyed_dict
column_mapped_collection = column_keyed_dict

__all__ = [
    "KeyFuncDict",
    "MappedCollection",
    "attribute_keyed_dict",
    "attribute_mapped_collection",
    "collection",
    "column_keyed_dict",
    "column_mapped_collection",
    "keyfunc_mapping",
    "mapped_collection",
]
