"""Put the instrumentation on a class, and take it off again without a trace (LB-43).

Neighbours: declare calls :func:`install` for each new Mapper; configure adds attributes that appear later (a backref).
"""

from __future__ import annotations

import functools
from typing import Any

from unitwork.base import hooks
from unitwork.inspection import inspects
from unitwork.instrument import backrefs, collections, constructor, references, writes
from unitwork.instrument.class_sql import QueryableAttribute
from unitwork.instrument.derived import SynonymAttribute, descriptor_of, expression_deleter, expression_writer
from unitwork.instrument.descriptors import (
    ColumnAttribute,
    RelationshipAttribute,
    TrackedColumnAttribute,
    TrackedRelationshipAttribute,
)
from unitwork.instrument.kinds import choose_kind
from unitwork.mapping.mapper import ColumnProperty, Mapper, SynonymProperty
from unitwork.mapping.registry import mapper_of

_MEMO = "instrument.install"
_ABSENT = object()

#: Events of mapped attributes that have their place already; more come with the chapter on events.
ATTRIBUTE_EVENTS = ("set", "append", "remove", "bulk_replace")
#: Events of mapped classes: of instances, and of rows in a flush.
CLASS_EVENTS = (
    "load", "before_insert", "before_update", "before_delete", "after_insert", "after_update", "after_delete",
)  # fmt: skip
#: Key of the class's HookTable in ``mapper.memo``.
CLASS_HOOKS = "instrument.hooks"


class Installation:
    """What was put on one class.

    Attributes:
        writers: attribute name to :data:`writes.COLUMN` or a function ``(obj, value)``.
        deleters: attribute name to a function ``(obj)``.
        plain: names that the constructor may store without a writer.
        tables: attribute name to its HookTable.
        replaced: what the class had under each name before, to be put back.
        own_access: the class brings its own attribute access, so it has data descriptors.
    """

    def __init__(self, cls: type) -> None:
        self.cls = cls
        self.writers: dict[str, Any] = {}
        self.deleters: dict[str, Any] = {}
        self.plain: set[str] = set()
        self.tables: dict[str, hooks.HookTable] = {}
        self.replaced: dict[str, Any] = {}
        hooks = ("__setattr__", "__delattr__", "__getattribute__")
        self.own_access = any(not inherits_from_object(cls, name) for name in hooks)

    def put(self, name: str, value: Any) -> None:
        """Set a name on the class, remembering what was there."""
        self.replaced.setdefault(name, self.cls.__dict__.get(name, _ABSENT))
        type.__setattr__(self.cls, name, value)

    def take_off(self) -> None:
        """Put everything back."""
        for name, before in self.replaced.items():
            if before is not _ABSENT:
                type.__setattr__(self.cls, name, before)
            elif name in self.cls.__dict__:
                type.__delattr__(self.cls, name)


def install(mapper: Mapper) -> None:
    """Instrument the class of a new Mapper.

    Raises:
        ArgumentError [class-without-dict]: instances of the class cannot be tracked.
    Spec: LB-05, LB-43; goals: reads at native speed.
    """
    cls = mapper.class_
    constructor.refuse_unsuitable(cls)
    done = Installation(cls)
    mapper.memo[_MEMO] = done
    mapper.memo[CLASS_HOOKS] = hooks.HookTable(CLASS_EVENTS)
    reconstruct = constructor.reconstructor_of(cls)
    if reconstruct is not None:
        class_hooks(mapper).add("load", reconstruct)
    for prop in mapper.attrs.values():
        install_attribute(mapper, prop)
    for synonym in mapper.synonyms.values():
        install_synonym(mapper, synonym)
    if not done.own_access:
        done.put("__setattr__", writes.make_setattr(done.writers))
        done.put("__delattr__", writes.make_delattr(done.deleters))
    if inherits_from_object(cls, "__init__"):
        done.put("__init__", constructor.make_constructor(mapper, done.writers, done.plain, done.own_access))
    if not hasattr(cls, "__copy__"):
        done.put("__copy__", constructor.copy_of)


def inherits_from_object(cls: type, name: str) -> bool:
    """Tell whether no class but object has a method of that name, what was installed on mapped classes apart."""
    for owner in cls.__mro__:
        if name in vars(owner):
            mapper = vars(owner).get("__mapper__")
            installed = mapper.memo.get(_MEMO) if isinstance(mapper, Mapper) else None
            if installed is None or installed.replaced.get(name) is not _ABSENT:
                return owner is object
    return True


def install_attribute(mapper: Mapper, prop: Any) -> None:
    """Instrument one attribute of a class that is being mapped, or that gains the attribute later."""
    done: Installation = mapper.memo[_MEMO]
    name = prop.key
    attribute: Any
    if isinstance(prop, ColumnProperty):
        is_expression = prop.column.table is None
        tracked = expression_writer(prop) if is_expression else functools.partial(_write_plain, name)
        done.writers[name] = tracked if done.own_access or is_expression else writes.COLUMN
        done.deleters[name] = expression_deleter(prop) if is_expression else writes.column_deleter(prop)
        done.plain.add(name)
        attribute = (TrackedColumnAttribute if done.own_access else ColumnAttribute)(mapper, prop)
    else:
        choose_kind(prop)
        prop.memo[backrefs.NEW_COLLECTION] = collections.new_collection(prop)
        done.writers[name] = _late_writer(done, prop)
        done.deleters[name] = _late_deleter(done, prop)
        attribute = (TrackedRelationshipAttribute if done.own_access else RelationshipAttribute)(mapper, prop)
    if done.own_access:
        attribute.writers = done.writers
        attribute.delete = done.deleters[name]
    done.tables[name] = hooks.HookTable(ATTRIBUTE_EVENTS, on_change=functools.partial(_listeners_changed, done, prop))
    done.put(name, attribute)


def install_synonym(mapper: Mapper, prop: SynonymProperty) -> None:
    """Put a synonym on a class."""
    done: Installation = mapper.memo[_MEMO]
    descriptor = prop.descriptor
    if descriptor is None:
        descriptor = descriptor_of(mapper.class_, prop.key)
    done.put(prop.key, SynonymAttribute(prop, descriptor))


def uninstall(mapper: Mapper) -> None:
    """Take the instrumentation off a class: it behaves as before mapping (LB-43)."""
    done: Installation | None = mapper.memo.pop(_MEMO, None)
    if done is not None:
        done.take_off()


def class_hooks(mapper: Mapper) -> hooks.HookTable:
    """Return the HookTable of a mapped class."""
    table: hooks.HookTable = mapper.memo[CLASS_HOOKS]
    return table



def _late_writer(done: Installation, prop: Any) -> writes.Writer:
    # Whether a relationship is a collection is known when it is configured: its writer is chosen at first use.
    def write(obj: Any, value: Any) -> None:
        _choose_writer(done, prop)
        done.writers[prop.key](obj, value)

    return write


def _late_deleter(done: Installation, prop: Any) -> Any:
    def delete(obj: Any) -> None:
        _choose_writer(done, prop)
        done.deleters[prop.key](obj)

    return delete


def _choose_writer(done: Installation, prop: Any) -> None:
    prop.parent.registry.configure()
    if prop.uselist:
        write = collections.collection_writer(prop)
        done.deleters[prop.key] = collections.collection_deleter(prop)
    else:
        write = references.reference_writer(prop)
        done.deleters[prop.key] = references.reference_deleter(prop, write)
    done.writers[prop.key] = write


def _write_plain(name: str, obj: Any, value: Any) -> None:
    writes.write_column(obj, name, value)


def _listeners_changed(done: Installation, prop: Any, name: str) -> None:
    # Writers look for listeners in prop.memo; the writer of a column changes with the first of them.
    listeners = done.tables[prop.key].listeners.get(name)
    if listeners:
        prop.memo[name] = listeners
    else:
        prop.memo.pop(name, None)
    if name == "set" and isinstance(prop, ColumnProperty):
        if listeners:
            done.writers[prop.key] = writes.listened_column_writer(prop, prop.parent)
            done.plain.discard(prop.key)
        else:
            plain = functools.partial(_write_plain, prop.key)
            done.writers[prop.key] = plain if done.own_access else writes.COLUMN
            done.plain.add(prop.key)


@hooks.targets(QueryableAttribute)
def _attribute_table(target: QueryableAttribute, name: str) -> hooks.HookTable | None:
    done: Installation = target.parent.memo[_MEMO]
    return done.tables[target.key] if name in ATTRIBUTE_EVENTS else None


@hooks.targets(type)
def _class_table(target: type, name: str) -> hooks.HookTable | None:
    mapper = mapper_of(target)
    return class_hooks(mapper) if mapper is not None and name in CLASS_EVENTS else None


@hooks.targets(Mapper)
def _mapper_table(target: Mapper, name: str) -> hooks.HookTable | None:
    return class_hooks(target) if name in CLASS_EVENTS else None


@inspects(QueryableAttribute)
def _inspect_attribute(subject: QueryableAttribute) -> Any:
    return subject

