"""What a draft of an attribute says for the case that its class is a dataclass."""

from __future__ import annotations

from typing import Any

from unitwork import exc

#: Names of :func:`dataclasses.field`, and our own for its `metadata`.
NAMES = ("init", "repr", "default", "default_factory", "compare", "kw_only", "hash", "dataclass_metadata")

_FIELD = "_dataclass_field"


def take_field(options: dict[str, Any], what: str, others_allowed: bool = False) -> dict[str, Any]:
    """Take the arguments of a dataclass field out of keyword arguments and return them.

    Raises:
        TypeError: there are others, and none are allowed.
    """
    taken = {name: options.pop(name) for name in NAMES if name in options}
    if options and not others_allowed:
        raise TypeError(f"{what}() got an unexpected keyword argument {next(iter(options))!r}")
    return taken


def keep_field(draft: Any, given: dict[str, Any]) -> Any:
    """Keep the arguments of a dataclass field with a draft, and return the draft."""
    if given:
        setattr(draft, _FIELD, given)
    return draft


def given_field(draft: Any) -> dict[str, Any]:
    """Return the arguments of a dataclass field that a draft was given."""
    found: dict[str, Any] = getattr(draft, _FIELD, {})
    return found


def refuse_field(draft: Any, cls: type, name: str) -> None:
    """Raise for a draft that speaks of a dataclass field in a class that is no dataclass.

    Raises:
        ArgumentError [dataclass-field]
    """
    said = [word for word in given_field(draft) if word != "default"]
    if said and "__dataclass_fields__" not in vars(cls):
        raise exc.ArgumentError(
            f"{cls.__name__}.{name} is given {', '.join(said)}, but the class is no dataclass.",
            do="derive its base from MappedAsDataclass, or take these arguments away.",
            code="dataclass-field",
            class_=cls,
        )
