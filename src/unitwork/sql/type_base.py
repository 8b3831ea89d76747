"""The base of every column type, and what is accepted as a type.

Types are plain descriptions: what a value is in Python, and which parameters its SQL name has. Nothing here knows a
database. A dialect turns a type into DDL text (``Style.ddl_type``, by :attr:`TypeEngine.visit`) and into converters
(``Dialect.bind_converter`` and ``result_converter``). Types are immutable after construction; two types with equal
:attr:`TypeEngine.cache_key` are interchangeable.

Spec: LB-19, LB-20, PT-22, PT-23.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from functools import cached_property
from types import MappingProxyType
from typing import Any, ClassVar, TypeAlias, TypeVar

from unitwork import exc

T = TypeVar("T", bound="TypeEngine")
_NONE: Mapping[str, Any] = MappingProxyType({})


class TypeEngine:
    """Base of every column type.

    Attributes:
        visit: kind of the type, by which dialects look up its SQL name and converters; subclasses inherit it.
        parameters: names of the attributes that, with the class, make up identity, ``repr`` and cache key.
        python_type: the Python class of a value, ``object`` where unknown.
        should_evaluate_none: None is a value like others and bypasses defaults on INSERT (PT-22).
        converts_null: conversions of the type see NULL, too.
        coerces: `coerce_compared_value` must be asked for the type of a value beside a column of this type.
        variants: name of a dialect to the type that stands for this one there.
    """

    visit: ClassVar[str] = "null"
    parameters: ClassVar[tuple[str, ...]] = ()
    coerces: ClassVar[bool] = False
    python_type: type = object
    should_evaluate_none: bool = False
    converts_null: bool = False
    variants: Mapping[str, TypeEngine] = _NONE
    sort_key_function: Any = None

    def __class_getitem__(cls, item: Any) -> Any:
        """Return the class itself: ``TypeDecorator[str]`` is understood, as the reference has it."""
        return cls

    def compare_values(self, left: Any, right: Any) -> bool:
        """Say whether two Python values of this type are the same value, for net change (LB-20)."""
        return bool(left == right)

    def coerce_compared_value(self, op: Any, value: Any) -> TypeEngine:
        """Return the type of a plain value beside a column of this type."""
        return self

    def with_variant(self: T, type_: TypeArgument, *dialect_names: str) -> T:
        """Return a copy for which another type stands on the dialects of these names.

        Raises:
            ArgumentError [bad-variant]: there is no name, or one has a variant already.
        """
        if not dialect_names or any(name in self.variants for name in dialect_names):
            raise exc.ArgumentError(
                f"with_variant() of {self!r} needs names of dialects that have no variant yet, got {dialect_names!r}.",
                do="name each dialect once: Integer().with_variant(BigInteger(), 'postgresql').",
                code="bad-variant",
            )
        variant = to_type(type_)
        changes = {"variants": {**self.variants, **dict.fromkeys(dialect_names, variant)}}
        if variant.converts_null:
            return self.copy(**changes, converts_null=True)
        return self.copy(**changes)

    def evaluates_none(self: T) -> T:
        """Return a copy for which None is written as NULL, bypassing defaults (PT-22, PT-23)."""
        return self.copy(should_evaluate_none=True)

    def copy(self: T, **changes: Any) -> T:
        """Return a copy, with some attributes changed."""
        new = copy.copy(self)
        new.__dict__.pop("cache_key", None)
        new.__dict__.update(changes)
        return new

    def for_dialect(self, names: tuple[str, ...]) -> TypeEngine:
        """Return the variant for the first of `names` that has one, else this type."""
        for name in names if self.variants else ():
            if name in self.variants:
                return self.variants[name].for_dialect(names)
        return self

    def compile(self, dialect: Any = None) -> str:
        """Return the SQL name of the type on a dialect; without one, its ``repr``.

        Raises:
            CompileError [type-not-renderable]: it has none there.
        """
        return repr(self) if dialect is None else str(dialect.style.ddl_type(self))

    @property
    def base(self) -> TypeEngine:
        """The plain type by which operators are chosen."""
        return self

    @cached_property
    def cache_key(self) -> Any:
        """What identifies the type in the shape of a statement; hashable, equal for types that work alike."""
        key = self.own_key()
        if self.variants or "should_evaluate_none" in self.__dict__:
            return (key, self.should_evaluate_none, tuple((name, one.cache_key) for name, one in self.variants.items()))
        return key

    def own_key(self) -> Any:
        """Return the part of the cache key that class and parameters make up."""
        if not self.parameters:
            return type(self)
        return (type(self), *(getattr(self, name) for name in self.parameters))

    def __str__(self) -> str:
        return repr(self)

    def __repr__(self) -> str:
        shown = [f"{name}={value!r}" for name in self.parameters if (value := getattr(self, name)) is not None]
        return f"{type(self).__name__}({', '.join(shown)})"


class NullType(TypeEngine):
    """The type of an expression about which nothing is known: values pass unconverted."""


#: What is accepted where a type is expected: an instance, or a class that is called without arguments.
TypeArgument: TypeAlias = "TypeEngine | type[TypeEngine]"

NULLTYPE = NullType()


def to_type(argument: TypeArgument) -> TypeEngine:
    """Return `argument` as a type instance.

    Raises:
        ArgumentError [not-a-type]: it is neither a type nor a type class.
    """
    if isinstance(argument, TypeEngine):
        return argument
    if isinstance(argument, type) and issubclass(argument, TypeEngine):
        return argument()
    raise exc.ArgumentError(
        f"expected a column type such as Integer or String(50), got {argument!r}.",
        do="pass a class or an instance from unitwork.types.",
        code="not-a-type",
    )
