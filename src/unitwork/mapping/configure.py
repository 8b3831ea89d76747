"""Second phase of mapping: resolve relationships, pair their sides, check them, and seal the mappers.

Runs before first use, once per mapper, under one lock. Everything is worked out on drafts (:mod:`.pairing`) and
written to the properties when all of it has proved right, `RelationshipProperty.configured` last: other threads see a
relationship either unconfigured or complete, and after a failure nothing has changed, so that every later use reports
it again.
"""

from __future__ import annotations

import threading
import weakref
from typing import Protocol

from unitwork.mapping.derived import check_synonyms
from unitwork.mapping.mapper import Mapper, MapperHome
from unitwork.mapping.overlaps import warn_of_overlaps
from unitwork.mapping.pairing import Drafts


class ConfigurableRegistry(MapperHome, Protocol):
    """What configuring needs of a registry."""

    all_mappers: list[Mapper]
    pending: list[Mapper]

    def dispose(self, cascade: bool = False) -> None:
        """Forget every Mapper of this registry."""


_lock = threading.RLock()
_registries: weakref.WeakSet[ConfigurableRegistry] = weakref.WeakSet()
#: Registries being configured, innermost last; only the thread that holds the lock looks at it.
_under_way: list[ConfigurableRegistry] = []


def register(registry: ConfigurableRegistry) -> None:
    """Let :func:`configure_mappers` know a registry; it is held weakly."""
    with _lock:
        _registries.add(registry)


def all_registries() -> list[ConfigurableRegistry]:
    """Return every registry there is, in no order."""
    with _lock:
        return list(_registries)


def configure_mappers() -> None:
    """Resolve and seal every mapper of every registry that is not configured yet.

    Raises:
        ArgumentError, InvalidRequestError: a relationship cannot be resolved or contradicts another; see its code.
    Spec: LB-09, LB-11, LB-13, CA-05, CA-06.
    """
    for registry in all_registries():
        registry.configure()


def configure_registry(registry: ConfigurableRegistry) -> None:
    """Resolve and seal the pending mappers of `registry`; other threads wait until it is done.

    User code that runs meanwhile (late callables) may map more classes, or use the ones being configured.

    Raises:
        ArgumentError, InvalidRequestError: as :func:`configure_mappers`.
    """
    with _lock:
        if any(registry is active for active in _under_way):
            return
        _under_way.append(registry)
        try:
            drafts, mappers = _worked_out(registry)
            drafts.write()
        finally:
            _under_way.pop()
        for mapper in mappers:
            mapper.sealed = True
        del registry.pending[: len(mappers)]
        # Last, so that a warning that is turned into an error leaves nothing half done.
        warn_of_overlaps(drafts.properties(), registry.all_mappers)


def _worked_out(registry: ConfigurableRegistry) -> tuple[Drafts, list[Mapper]]:
    """The checked drafts of all pending mappers, and these mappers."""
    drafts = Drafts()
    done = 0
    # A late callable may import a module that maps more classes: they are configured too.
    while done < len(registry.pending):
        mapper = registry.pending[done]
        for prop in list(mapper.relationships.values()):
            if prop.parent is mapper:  # the others are inherited
                drafts.of(prop)
        done += 1
    drafts.pair()
    drafts.check()
    for mapper in registry.pending[:done]:
        check_synonyms(mapper)
    return drafts, registry.pending[:done]
