"""``DeclarativeBase``: a class whose subclasses are mapped as soon as they are defined (LB-01, LB-03)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from unitwork.declare.annotations import own_annotations, read_hint
from unitwork.declare.constructors import MappedColumn, MappedExpression, MappedSql, Relationship, Synonym
from unitwork.declare.imperative import registry as registry_class
from unitwork.declare.scan import setting_of
from unitwork.mapping.mapper import Mapper
from unitwork.mapping.registry import mapper_of
from unitwork.sql.schema import Column, MetaData

T = TypeVar("T")

_DRAFTS = (MappedColumn, MappedExpression, MappedSql, Synonym, Relationship, Column)


class DeclarativeAttributeIntercept(type):
    """Metaclass of declarative classes: ``User.nick = mapped_column(...)`` adds an attribute to a mapped class."""

    def __setattr__(cls, name: str, value: Any) -> None:
        if isinstance(value, _DRAFTS) and isinstance(vars(cls).get("__mapper__"), Mapper):
            vars(cls)["__mapper__"].add_property(name, value)
        else:
            super().__setattr__(name, value)


class _Declarative:
    """What declarative bases with and without metaclass have in common."""

    if TYPE_CHECKING:
        metadata: ClassVar[MetaData]
        registry: ClassVar[registry_class]
        type_annotation_map: ClassVar[Mapping[Any, Any]]
        __mapper__: ClassVar[Mapper]
        __table__: ClassVar[Any]
        __tablename__: Any
        __mapper_args__: Any
        __table_args__: Any

        def __init__(self, **kw: Any) -> None: ...

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "_is_foundation" in vars(cls):
            return
        if _is_root(cls):
            _make_root(cls)
        elif not cls.__dict__.get("__abstract__", False):
            _map(cls)


class DeclarativeBase(_Declarative, metaclass=DeclarativeAttributeIntercept):
    """Base of mapped classes: derive your own ``Base`` from it, and your classes from that.

    A direct subclass gets a registry of its own. It may set `metadata`, `registry` and `type_annotation_map`, and hold
    columns that all its classes share. A class below it is mapped when it is defined, unless it says
    ``__abstract__ = True``.

    Spec: LB-01 to LB-03.
    """

    _is_foundation = True


class DeclarativeBaseNoMeta(_Declarative):
    """The same as DeclarativeBase without a metaclass, for classes that have another one.

    Attributes are added to a mapped class by ``inspect(User).add_property(name, mapped_column(...))`` only.
    """

    _is_foundation = True


def _is_root(cls: type) -> bool:
    """The class derives from DeclarativeBase directly: it is a user's Base."""
    return any("_is_foundation" in vars(base) for base in cls.__bases__)


def _make_root(cls: type[Any]) -> None:
    own = vars(cls).get("registry")
    if own is None:
        types = getattr(cls, "type_annotation_map", None)
        own = cls.registry = registry_class(metadata=getattr(cls, "metadata", None), type_annotation_map=types)
    cls.metadata = vars(cls).get("metadata", own.metadata)


def _map(cls: type[Any]) -> None:
    parent = mapper_of(cls)
    if parent is None or _wants_mapping(cls):
        cls.registry.map_declaratively(cls)


def _wants_mapping(cls: type) -> bool:
    """A subclass of a mapped class declares something of its own; without, it is just another Python class.

    In a hierarchy that tells classes by a discriminator every subclass is mapped.
    """
    own = vars(cls)
    above = mapper_of(cls)
    if above is not None and above.polymorphic_on is not None:
        return True
    names = ("__tablename__", "__table__", "__mapper_args__")
    return (
        any(name in own for name in names)
        or any(setting_of(cls, name) is not None for name in names)
        or any(isinstance(value, _DRAFTS) for value in own.values())
        or any(read_hint(hint, cls, name) is not None for name, hint in own_annotations(cls).items())
    )


def declarative_base(
    *,
    metadata: MetaData | None = None,
    cls: type | tuple[type, ...] = object,
    name: str = "Base",
    type_annotation_map: Mapping[Any, Any] | None = None,
) -> Any:
    """Return a new base for mapped classes, in the form of a function (LB-01).

    Args:
        metadata: collection of tables; a new one where None.
        cls: class or classes that the base derives from.
        name: name of the base.
        type_annotation_map: as for :class:`DeclarativeBase`.
    """
    bases = cls if isinstance(cls, tuple) else (cls,)
    body: dict[str, Any] = {"__module__": __name__}
    if metadata is not None:
        body["metadata"] = metadata
    if type_annotation_map is not None:
        body["type_annotation_map"] = type_annotation_map
    return type(name, (*(base for base in bases if base is not object), DeclarativeBase), body)


def as_declarative(**options: Any) -> Callable[[type[T]], Any]:
    """Return a decorator that makes a class a declarative base; options as for :func:`declarative_base`."""

    def decorate(cls: type[T]) -> Any:
        return declarative_base(cls=cls, name=cls.__name__, **options)

    return decorate


def has_inherited_table(cls: type) -> bool:
    """Tell whether a base of `cls` has a table (for ``declared_attr`` methods)."""
    return any(getattr(base, "__table__", None) is not None for base in cls.__mro__[1:])
