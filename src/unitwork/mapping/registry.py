"""Which classes are mapped: a registry per declarative base, and the look-up from a class to its Mapper.

A class carries its Mapper as ``__mapper__``; a registry knows its classes by name, so that relationships may name a
target that does not exist yet. Making and taking off instrumentation is added above, in
:mod:`unitwork.declare.imperative`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from unitwork import exc
from unitwork.inspection import inspects
from unitwork.mapping import configure
from unitwork.mapping.additions import add_attribute
from unitwork.mapping.inheritance import enrol_below, withdraw_below
from unitwork.mapping.mapper import Mapper, Property
from unitwork.mapping.mapper import mapper_of as mapper_of
from unitwork.sql.schema import MetaData


class MapperRegistry:
    """The mapped classes of one declarative base, or of one group of imperative mappings.

    Args:
        metadata: collection of tables; a new one where None.
        type_annotation_map: Python type to column type, asked before the built-in table (LB-02).
    """

    def __init__(self, *, metadata: MetaData | None = None, type_annotation_map: Mapping[Any, Any] | None = None):
        self.metadata = metadata if metadata is not None else MetaData()
        self.type_annotation_map: dict[Any, Any] = dict(type_annotation_map or {})
        #: Mappers in the order of mapping.
        self.all_mappers: list[Mapper] = []
        #: Mappers that are not configured yet; empty means there is nothing to do.
        self.pending: list[Mapper] = []
        self._by_name: dict[str, list[type]] = {}
        configure.register(self)

    @property
    def mappers(self) -> frozenset[Mapper]:
        """The mappers of this registry."""
        return frozenset(self.all_mappers)

    def enrol(self, mapper: Mapper) -> None:
        """Take in a new Mapper: its class is found by name from now on, and is configured before first use."""
        mapper.class_.__mapper__ = mapper
        enrol_below(mapper)
        self.all_mappers.append(mapper)
        self._by_name.setdefault(mapper.class_.__name__, []).append(mapper.class_)
        self.pending.append(mapper)

    def withdraw(self, mapper: Mapper) -> None:
        """Forget a Mapper; its class is unmapped afterwards."""
        cls = mapper.class_
        withdraw_below(mapper)
        self.all_mappers.remove(mapper)
        if mapper in self.pending:
            self.pending.remove(mapper)
        self._by_name[cls.__name__].remove(cls)
        if cls.__dict__.get("__mapper__") is mapper:
            del cls.__mapper__

    def classes_named(self, name: str) -> list[type]:
        """Return the mapped classes of that name, or of that dotted path (``package.module.Class``)."""
        path, _, last = name.rpartition(".")
        found = self._by_name.get(last, [])
        if not path:
            return list(found)
        return [cls for cls in found if f".{cls.__module__}.{cls.__qualname__}".endswith(f".{name}")]

    def class_names(self) -> list[str]:
        """Return the names of all mapped classes, sorted."""
        return sorted(name for name, classes in self._by_name.items() if classes)

    def configure(self, cascade: bool = False) -> None:
        """Resolve and seal every mapper of this registry that is not configured yet (LB-09).

        Costs one attribute read where there is nothing to do. `cascade` is accepted for the reference's sake:
        registries that this one's relationships lead to are resolved as far as they are needed, always.
        """
        if self.pending:
            configure.configure_registry(self)

    def dispose(self, cascade: bool = False) -> None:
        """Forget every Mapper of this registry; its classes are unmapped afterwards (LB-43)."""
        for mapper in reversed(self.all_mappers):
            self.withdraw(mapper)

    def await_configure(self, mapper: Mapper) -> None:
        """Have a mapper configured (again) before its next use."""
        self.pending.append(mapper)

    def add_property(self, mapper: Mapper, key: str, prop: Any) -> None:
        """Make what a user declared an attribute of a mapped class; without instrumentation, which is added above."""
        add_attribute(mapper, key, prop)

    def note_added(self, mapper: Mapper, prop: Property) -> None:
        """Called when configuring has given `mapper` one more attribute (a backref)."""


def class_mapper(class_: type[Any], configure: bool = True) -> Mapper:
    """Return the Mapper of `class_`.

    Args:
        class_: a mapped class.
        configure: configure its registry first.
    Raises:
        ArgumentError [not-a-class]: an object that is no class was given.
        UnmappedClassError [unmapped-class]: the class is not mapped.
    Spec: LB-09, ER-10.
    """
    if not isinstance(class_, type):
        raise exc.ArgumentError(
            f"expected a class, got an object of type {type(class_).__name__}.",
            do="use object_mapper() for an instance.",
            code="not-a-class",
        )
    mapper = mapper_of(class_)
    if mapper is None:
        raise exc.UnmappedClassError(
            f"class {class_.__module__}.{class_.__qualname__} is not mapped.",
            do="derive it from a declarative base that has a __tablename__, or call registry.map_imperatively().",
            code="unmapped-class",
            class_=class_,
        )
    if configure:
        mapper.registry.configure()
    return mapper


def object_mapper(instance: object) -> Mapper:
    """Return the Mapper of the class of `instance`.

    Raises:
        UnmappedInstanceError [unmapped-instance]: its class is not mapped.
    Spec: LB-09, ER-10.
    """
    mapper = mapper_of(type(instance))
    if mapper is None:
        hint = "pass an instance, not the class itself." if isinstance(instance, type) else "map its class first."
        shown = f"class {instance.__qualname__}" if isinstance(instance, type) else _described(instance)
        raise exc.UnmappedInstanceError(f"{shown} is not a mapped instance.", do=hint, code="unmapped-instance")
    return mapper


def _described(instance: object) -> str:
    cls = type(instance)
    return f"an object of type {cls.__module__}.{cls.__qualname__}"


@inspects(type)
def _inspect_class(class_: type) -> Mapper | None:
    mapper = mapper_of(class_)
    if mapper is not None:
        mapper.registry.configure()
    return mapper


@inspects(Mapper)
def _inspect_mapper(mapper: Mapper) -> Mapper:
    return mapper
