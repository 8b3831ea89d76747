"""From a ``Mapped[...]`` annotation to a Hint: what it says about type, nullability, collection and target.

Annotations come as objects, or as text (``from __future__ import annotations``), or as objects with text inside
(``Mapped[list["Book"]]``). Text is read as a syntax tree and looked up name by name in the scope of its class, never
evaluated: a name that is known to type checkers only (imported under ``TYPE_CHECKING``) stays a ForwardRef, which is
enough for the target of a relationship. The result is the same for all spellings.
"""

from __future__ import annotations

import ast
import builtins
import collections.abc
import sys
import types
import typing
from dataclasses import dataclass
from typing import Annotated, Any, ForwardRef, Literal, Union, get_args, get_origin

from unitwork import exc
from unitwork.mapping.typed import Mapped

if sys.version_info >= (3, 14):
    import annotationlib

#: Names understood although the module does not define them at run time (imported under TYPE_CHECKING).
_FALLBACKS: dict[str, Any] = {
    "Mapped": Mapped,
    **{name: getattr(typing, name) for name in ("Annotated", "Dict", "List", "Literal", "Optional", "Set", "Union")},
}

#: The same forms, taking what is only known at run time.
_ANNOTATED: Any = Annotated
_UNION: Any = Union

#: Origin of a collection annotation to the class of the collection, None where only "a collection" is said.
_COLLECTIONS: dict[Any, type | None] = {
    list: list,
    set: set,
    dict: dict,
    collections.abc.Sequence: list,
    collections.abc.MutableSequence: list,
    collections.abc.Collection: None,
    collections.abc.Iterable: None,
    collections.abc.Set: set,
    collections.abc.MutableSet: set,
    collections.abc.Mapping: dict,
    collections.abc.MutableMapping: dict,
}


@dataclass(frozen=True)
class Hint:
    """What one ``Mapped[...]`` annotation says.

    Attributes:
        text: the annotation as written, for messages.
        argument: what stands in the brackets, without None: a type, or a ForwardRef for an unknown name. May be
            an ``Annotated[...]`` form.
        nullable: the annotation allows None.
        collection: class of the collection (list, set, dict) where the annotation names one, else None.
        is_collection: the annotation names a collection of any kind.
        item: what the collection holds (values, for a dict), or `argument` itself without a collection.
        extras: what ``Annotated`` adds, in order.
    """

    text: str
    argument: Any
    nullable: bool
    collection: type | None
    is_collection: bool
    item: Any
    extras: tuple[Any, ...]

    @property
    def target(self) -> Any:
        """The target of a relationship: a class, or its name as text."""
        return self.item.__forward_arg__ if isinstance(self.item, ForwardRef) else self.item


class Scope:
    """Where the names of an annotation are looked up: class body, module, builtins, in Python's own order."""

    def __init__(self, owner: type) -> None:
        self.owner = owner
        module = sys.modules.get(owner.__module__)
        self._module_names: dict[str, Any] = vars(module) if module is not None else {}

    def find(self, name: str) -> Any:
        """Return what `name` means, or a ForwardRef where nothing is known of it."""
        # An attribute of the class hides the type of the same name (`date: Mapped[date]`), so only types count there.
        own = vars(self.owner).get(name)
        if isinstance(own, type) or get_origin(own) is not None:
            return own
        for names in (self._module_names, vars(builtins), _FALLBACKS):
            if name in names:
                return names[name]
        return self.owner if name == self.owner.__name__ else ForwardRef(name)


def own_annotations(cls: type) -> dict[str, Any]:
    """Return the annotations written in the body of `cls` itself: name to object or text, in order of writing."""
    if sys.version_info >= (3, 14):
        return dict(annotationlib.get_annotations(cls, format=annotationlib.Format.FORWARDREF))
    return dict(vars(cls).get("__annotations__", {}))


def read_hint(annotation: Any, owner: type, name: str) -> Hint | None:
    """Return what the annotation of attribute `name` in class `owner` says, or None if it is no ``Mapped[...]``.

    Raises:
        ArgumentError [annotation-unreadable]: it is ``Mapped`` with a form that cannot be understood.
    Spec: LB-02.
    """
    text = annotation if isinstance(annotation, str) else _text_of(annotation)
    try:
        found = _read(annotation, Scope(owner))
    except (SyntaxError, TypeError, AttributeError) as error:
        if "Mapped" not in text:
            return None
        raise exc.ArgumentError(
            f"the annotation {text} of {owner.__name__}.{name} cannot be understood: {error}.",
            do='write it as Mapped[int], Mapped[str | None], Mapped["Target"] or Mapped[list["Target"]].',
            code="annotation-unreadable",
            owner=owner,
        ) from error
    if found is Mapped:
        raise exc.ArgumentError(
            f"the annotation of {owner.__name__}.{name} is Mapped without a type.",
            do="say what it holds, e.g. Mapped[int].",
            code="annotation-unreadable",
            owner=owner,
        )
    if not (isinstance(get_origin(found), type) and issubclass(get_origin(found), Mapped)):
        return None
    return _hint(get_args(found)[0], text, Scope(owner))


def _hint(argument: Any, text: str, scope: Scope) -> Hint:
    argument = _read(argument, scope)
    argument, nullable = without_none(argument)
    item, extras = argument, ()
    if get_origin(item) is Annotated:
        item, *rest = get_args(item)
        extras = tuple(rest)
        item, inner_nullable = without_none(_read(item, scope))
        nullable = nullable or inner_nullable
    collection: type | None = None
    origin = get_origin(item) or item
    is_collection = isinstance(origin, type) and (
        origin in _COLLECTIONS or (get_origin(item) is not None and _is_collection_class(origin))
    )
    if is_collection:
        collection = _COLLECTIONS.get(origin, origin)
        arguments = get_args(item)
        item = without_none(_read(arguments[-1], scope))[0] if arguments else None
    return Hint(text, argument, nullable, collection, is_collection, item, extras)


def _is_collection_class(origin: type) -> bool:
    return issubclass(origin, (list, set, dict))


def without_none(hint: Any) -> tuple[Any, bool]:
    """Return the type without its None, and whether it had one: ``int | None`` gives (int, True)."""
    if get_origin(hint) not in (Union, types.UnionType):
        return hint, False
    arguments = get_args(hint)
    kept = tuple(argument for argument in arguments if argument is not type(None) and not _names_none(argument))
    if len(kept) == len(arguments):
        return hint, False
    return _UNION[kept], True


def _names_none(argument: Any) -> bool:
    return isinstance(argument, ForwardRef) and argument.__forward_arg__ == "None"


def _read(annotation: Any, scope: Scope) -> Any:
    """Give text and ForwardRefs their meaning; anything else stays as it is."""
    if isinstance(annotation, ForwardRef):
        annotation = annotation.__forward_arg__
    if isinstance(annotation, str):
        return _meaning(ast.parse(annotation.strip(), mode="eval").body, scope)
    return annotation


def _meaning(node: ast.expr, scope: Scope) -> Any:
    match node:
        case ast.Name(id=name):
            return scope.find(name)
        case ast.Constant(value=None):
            return None
        case ast.Constant(value=str(text)):
            return _read(text, scope)
        case ast.Constant(value=value):
            return value
        case ast.Attribute(value=owner, attr=attr):
            found = _meaning(owner, scope)
            if isinstance(found, ForwardRef):
                return _FALLBACKS.get(attr, ForwardRef(ast.unparse(node)))
            return getattr(found, attr)
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return _UNION[_as_hint(_meaning(left, scope)), _as_hint(_meaning(right, scope))]
        case ast.Subscript(value=base, slice=index):
            return _subscript(_meaning(base, scope), index, scope, node)
        case ast.Tuple(elts=items):
            return tuple(_meaning(item, scope) for item in items)
        case ast.List(elts=items):
            return [_meaning(item, scope) for item in items]
    raise TypeError(f"{ast.unparse(node)} is no type; give it a name of its own at module level")


def _subscript(base: Any, index: ast.expr, scope: Scope, node: ast.Subscript) -> Any:
    if base is Literal:
        return Literal[ast.literal_eval(index)]
    if isinstance(base, ForwardRef):
        return ForwardRef(ast.unparse(node))
    if base is Annotated and isinstance(index, ast.Tuple):
        extras = [item.value if isinstance(item, ast.Constant) else _meaning(item, scope) for item in index.elts[1:]]
        arguments = (_as_hint(_meaning(index.elts[0], scope)), *extras)
        return _ANNOTATED[arguments]
    inner = _meaning(index, scope)
    if isinstance(inner, tuple):
        return base[tuple(_as_hint(item) for item in inner)]
    return base[_as_hint(inner)]


def _as_hint(meaning: Any) -> Any:
    return type(None) if meaning is None else meaning


def _text_of(annotation: Any) -> str:
    text = repr(annotation)
    return text[8:-2] if text.startswith("<class ") else text.replace("unitwork.mapping.typed.", "")
