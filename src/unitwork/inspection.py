"""``inspect()``: from an object to what unitwork knows about it.

Upper layers register a function per type here; this module imports none of them. A registered function may decline by
returning None, and the search goes on along the MRO of the type.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from unitwork import exc

_F = TypeVar("_F", bound=Callable[[Any], Any])
_inspectors: dict[type, Callable[[Any], Any]] = {}


def inspects(*types: type) -> Callable[[_F], _F]:
    """Register the decorated function as what ``inspect()`` calls for instances of `types`."""

    def register(function: _F) -> _F:
        for type_ in types:
            _inspectors[type_] = function
        return function

    return register


def inspect(subject: Any, raiseerr: bool = True) -> Any:
    """Return what unitwork knows about `subject`.

    A mapped instance gives its InstanceState, a mapped class its Mapper, an Engine an Inspector.

    Args:
        subject: anything.
        raiseerr: False returns None for the unknown (LB-44).
    Raises:
        NoInspectionAvailable [no-inspection]: nothing is known of this type.
    Spec: ST-33, LB-44.
    """
    for base in type(subject).__mro__:
        inspector = _inspectors.get(base)
        if inspector is not None:
            found = inspector(subject)
            if found is not None:
                return found
    if raiseerr:
        raise exc.NoInspectionAvailable(
            f"no inspection is available for {_describe(subject)}: it is neither mapped nor an Engine.",
            do="map the class first, or pass raiseerr=False to get None.",
            code="no-inspection",
        )
    return None


def _describe(subject: Any) -> str:
    if isinstance(subject, type):
        return f"class {subject.__qualname__}"
    return f"an object of type {type(subject).__qualname__}"
