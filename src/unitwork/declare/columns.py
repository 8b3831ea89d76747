"""From a draft and its annotation to a Column: name, type and nullability, said or derived (LB-01, LB-02)."""

from __future__ import annotations

import enum
from collections.abc import Hashable, Mapping
from typing import Annotated, Any, ForwardRef, Literal, get_args, get_origin

from unitwork import exc
from unitwork.declare.annotations import Hint
from unitwork.declare.constructors import MappedColumn
from unitwork.sql.foreign_keys import ForeignKey
from unitwork.sql.schema import Column
from unitwork.sql.type_enum import Enum
from unitwork.sql.types import PLAIN_TYPES, TypeEngine, to_type


def build_column(
    draft: MappedColumn[Any], name: str, hint: Hint | None, types: Mapping[Any, Any], owner: type
) -> Column:
    """Make the Column of a draft and remember it in the draft.

    Args:
        draft: what ``mapped_column()`` was given.
        name: attribute name.
        hint: its annotation, or None.
        types: the registry's type_annotation_map.
        owner: the class that is mapped, for messages.
    Raises:
        ArgumentError [annotation-type-unknown, annotation-unresolved, column-without-type]
    Spec: LB-01, LB-02, LB-18.
    """
    template = _template(hint)
    type_ = draft.type_
    arguments, options = draft.arguments, dict(draft.options)
    if template is not None:
        type_ = template.type_ if type_ is None else type_
        if not any(isinstance(item, ForeignKey) for item in arguments):
            arguments += template.arguments
        options = {**template.options, **options}
    # A foreign key takes the type of the column it refers to, which knows more than an annotation, e.g. a length.
    has_foreign_key = any(isinstance(item, ForeignKey) for item in arguments)
    if type_ is None and hint is not None and not has_foreign_key:
        type_ = type_of_hint(hint, types, f"{owner.__name__}.{name}")
    if type_ is None and not has_foreign_key:
        raise exc.ArgumentError(
            f"{owner.__name__}.{name} has no column type: neither mapped_column() nor an annotation says it.",
            do="write Mapped[int], or mapped_column(Integer).",
            code="column-without-type",
            owner=owner,
        )
    if hint is not None and "nullable" not in options and not options.get("primary_key"):
        options["nullable"] = hint.nullable
    column_name = draft.name or (template.name if template is not None else None) or name
    typed = () if type_ is None else (to_type(type_),)
    draft.column = Column(column_name, *typed, *(item.copy() for item in arguments), **options)
    return draft.column


def type_of_hint(hint: Hint, types: Mapping[Any, Any], where: str) -> TypeEngine:
    """Return the column type that an annotation stands for.

    Args:
        types: the registry's type_annotation_map; asked first, for the ``Annotated`` form, then for the plain type.
        where: class and attribute, for messages.
    Raises:
        ArgumentError [annotation-type-unknown, annotation-unresolved]
    """
    for candidate in _candidates(hint.argument):
        if isinstance(candidate, Hashable) and candidate in types:
            return _for_enum(to_type(types[candidate]), candidate)
        if get_origin(candidate) is Literal and all(isinstance(value, str) for value in get_args(candidate)):
            return Enum(*get_args(candidate), native_enum=False)
        if isinstance(candidate, type):
            is_enum = issubclass(candidate, enum.Enum)
            for base in candidate.__mro__:
                if base in types:
                    return _for_enum(to_type(types[base]), candidate)
                if base in PLAIN_TYPES and not is_enum:
                    return PLAIN_TYPES[base]
            if is_enum:
                return Enum(candidate)
    if isinstance(hint.item, ForwardRef):
        raise exc.ArgumentError(
            f"the annotation {hint.text} of {where} names {hint.item.__forward_arg__!r}, unknown at run time.",
            do="import it outside 'if TYPE_CHECKING:' if it is a column's type, or assign relationship() if it is a "
            "mapped class.",
            code="annotation-unresolved",
        )
    raise exc.ArgumentError(
        f"no column type is known for the annotation {hint.text} of {where}.",
        do="give the type to mapped_column(), add it to type_annotation_map, or assign relationship() if it is a "
        "mapped class.",
        code="annotation-type-unknown",
    )


def _for_enum(type_: TypeEngine, annotated: Any) -> TypeEngine:
    """Return the type for a class, where the map has ``Enum(enum.Enum, ...)`` for all of them."""
    if not isinstance(type_, Enum) or type_.enum_class is None or type_.enums:
        return type_
    is_enum = isinstance(annotated, type) and issubclass(annotated, enum.Enum)
    return type_.for_class(annotated) if is_enum else type_


def _candidates(argument: Any) -> list[Any]:
    """The annotation itself, then without Annotated, then what its NewType stands for."""
    found = [argument]
    if get_origin(argument) is Annotated:
        found.append(get_args(argument)[0])
    while hasattr(found[-1], "__supertype__"):
        found.append(found[-1].__supertype__)
    return found


def _template(hint: Hint | None) -> MappedColumn[Any] | None:
    extras = () if hint is None else hint.extras
    return next((item for item in extras if isinstance(item, MappedColumn)), None)
