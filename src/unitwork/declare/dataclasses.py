"""Mapped classes that are dataclasses: ``MappedAsDataclass`` and ``@registry.mapped_as_dataclass``.

The class is made a dataclass before it is mapped: for that moment each ``name: Mapped[X]`` reads ``name: X``, with a
dataclass field made of what the draft says (``init``, ``default``, ``kw_only`` …). Then the drafts are put back, and
the class is mapped as any other; the generated ``__init__`` sets the attributes one by one, so all of it is tracked.

Spec: LB-38, LB-05.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from unitwork import exc
from unitwork.declare.annotations import own_annotations, read_hint
from unitwork.declare.constructors import (
    MappedColumn,
    MappedExpression,
    MappedSql,
    Relationship,
    Synonym,
    column_property,
    deferred,
    mapped_column,
    relationship,
    synonym,
)
from unitwork.mapping.fields import given_field

if sys.version_info >= (3, 11):
    from typing import dataclass_transform
elif TYPE_CHECKING:
    from typing_extensions import dataclass_transform
else:

    def dataclass_transform(**_: Any) -> Callable[[Any], Any]:
        return lambda decorated: decorated


C = TypeVar("C", bound=type)

_DRAFTS = (MappedColumn, MappedExpression, MappedSql, Relationship, Synonym)


#: Names that ``dataclass()`` takes, as options of a class.
_OPTIONS = ("init", "repr", "eq", "order", "unsafe_hash", "match_args", "kw_only")

#: Where a class keeps its options, for those that derive from it.
_KEPT = "_dataclass_options"


@dataclass_transform(field_specifiers=(mapped_column, relationship, column_property, synonym, deferred))
class MappedAsDataclass:
    """Mixin of a declarative base or of a mapped class: it and all classes below are dataclasses too.

    Args, where a class derives from it: init, repr, eq, order, unsafe_hash, match_args, kw_only, as for
    ``dataclasses.dataclass``, and `dataclass_callable` to be called in its place; they hold for classes below too.

    Spec: LB-38.
    """

    if TYPE_CHECKING:

        def __init__(self, *args: Any, **kw: Any) -> None: ...

    def __init_subclass__(cls, **kwargs: Any) -> None:
        names = (*_OPTIONS, "dataclass_callable")
        own = {name: kwargs.pop(name) for name in names if kwargs.get(name) is not None}
        options = {**getattr(cls, _KEPT, {}), **own}
        setattr(cls, _KEPT, options)
        make_dataclass(cls, options)
        super().__init_subclass__(**kwargs)


def make_dataclass(cls: type[Any], options: dict[str, Any]) -> None:
    """Make a class that is not mapped yet a dataclass, in place; its drafts stay.

    Raises:
        ArgumentError [dataclass-field]: an attribute has a default and a default_factory.
    """
    options = dict(options)
    decorate = options.pop("dataclass_callable", None) or dataclasses.dataclass
    annotations = own_annotations(cls)
    as_fields: dict[str, Any] = {}
    kept: dict[str, Any] = {}
    for name, annotation in annotations.items():
        hint = read_hint(annotation, cls, name)
        draft = vars(cls).get(name)
        if hint is None and not isinstance(draft, _DRAFTS):
            as_fields[name] = annotation
            continue
        as_fields[name] = Any if hint is None else hint.argument
        if isinstance(draft, _DRAFTS):
            kept[name] = draft
            type.__setattr__(cls, name, _field(cls, name, given_field(draft)))
    unannotated = {name: value for name, value in vars(cls).items() if isinstance(value, _DRAFTS) and name not in kept}
    cls.__annotations__ = as_fields
    try:
        decorate(cls, **options)
    finally:
        cls.__annotations__ = annotations
        for name in as_fields:
            if name in kept:
                type.__setattr__(cls, name, kept[name])
        for name, draft in unannotated.items():
            type.__setattr__(cls, name, draft)


def _field(cls: type, name: str, given: dict[str, Any]) -> Any:
    said = dict(given)
    if "default" in said and "default_factory" in said:
        raise exc.ArgumentError(
            f"{cls.__name__}.{name} has both default and default_factory.",
            do="give one of them.",
            code="dataclass-field",
            class_=cls,
        )
    metadata = said.pop("dataclass_metadata", None)
    if metadata is not None:
        said["metadata"] = metadata
    if said.get("init") is False and "default" in said:
        # The class attribute, where a dataclass looks for it, will be the mapped one.
        value = said.pop("default")
        said["default_factory"] = lambda: value
    return dataclasses.field(**said)
