"""Exceptions of the object side, under the reference's path."""

from unitwork.exc import (
    ConcurrentModificationError,
    DetachedInstanceError,
    FlushError,
    NoResultFound,
    ObjectDeletedError,
    ObjectDereferencedError,
    StaleDataError,
    UnmappedClassError,
    UnmappedError,
    UnmappedInstanceError,
)

__all__ = [
    "ConcurrentModificationError",
    "DetachedInstanceError",
    "FlushError",
    "NoResultFound",
    "ObjectDeletedError",
    "ObjectDereferencedError",
    "StaleDataError",
    "UnmappedClassError",
    "UnmappedError",
    "UnmappedInstanceError",
]
