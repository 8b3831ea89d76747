"""The generated row loader: from the driver's rows to objects of the identity map.

For each entity of a row the loader looks for the primary key in the identity map; a present object is taken as it is
(its expired attributes are filled), otherwise a new object is made, without running ``__init__``, setters or events.
Conversions stand in the code only for the columns that need them, ``load`` listeners only if there are any.

Its readable twin is in tests/support; both are compared by a property test.

Spec: SB-02, SB-36, SB-37, ST-19, ST-109, ST-110.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from unitwork.base.codegen import Source
from unitwork.instrument.install import class_hooks
from unitwork.loading.classes import kind_finder
from unitwork.loading.fill import fill
from unitwork.loading.plan import BundleItem, EntityItem, LoadPlan, ValueItem
from unitwork.mapping.mapper import Mapper
from unitwork.state.instance import CLEAN, STATE, InstanceState, on_collected
from unitwork.state.lifecycle import PERSISTENT

#: (type, stored) to a conversion of one value, or None; a dialect's ``result_converter``.
Converter = Callable[[Any, bool], "Callable[[Any], Any] | None"]

#: (rows, tables of the identity map per entity, tracker, populate, links) to a list: of values or objects for a plan
#: with one item, else of tuples. `populate` and `links` are as in run.py, `fresh` is for classes with always_refresh.
Loader = Callable[..., list[Any]]


def loader_for(plan: LoadPlan, dialect_name: str, converter: Converter) -> Loader:
    """Return the loader of a plan for a dialect; generated on first use and when listeners come or go."""
    # HOT: every query of objects; benchmarks W8m, W19.
    listening = tuple(
        [
            class_hooks(mapper).listeners.get("load", ())
            for item in plan.entities
            if item is not None
            for mapper in (item.mapper.self_and_descendants if item.mapper.children else (item.mapper,))
        ]
    )
    key = (dialect_name, listening)
    loader: Loader | None = plan.memo.get(key)
    if loader is None:
        loader = plan.memo[key] = _generate(plan, converter)
    return loader


def _generate(plan: LoadPlan, converter: Converter) -> Loader:
    # HOT: every loaded row; benchmark W2.
    width = sum(item.width for item in plan.items)
    width += sum(child.item.width for child in plan.joined)
    source = Source("load_rows")
    source.add("def load_rows(rows, tables, tracker, populate, links=(), fresh=None):")
    source.add("loaded = []", "add = loaded.append", indent=1)
    if plan.refreshes:
        source.add("fresh = fresh if populate is None else populate", indent=1)
    for number, entity in enumerate(plan.entities):
        if entity is not None:
            source.add(f"table{number} = tables[{number}]", f"find{number} = table{number}.get", indent=1)
    for place in range(len(plan.joined)):
        source.add(f"link{place} = links[{place}].append", indent=1)
    unpacked = "".join(f"c{place}, " for place in range(width))
    source.add(f"for {unpacked} in rows:", indent=1)
    outcomes = []
    for number, item in enumerate(plan.items):
        if isinstance(item, EntityItem):
            outcomes.append(_add_entity(source, number, item, converter))
        elif isinstance(item, BundleItem):
            outcomes.append(_add_bundle(source, f"make{number}", item, converter))
        else:
            outcomes.append(_add_value(source, item, converter))
    for place, child in enumerate(plan.joined):
        target = _add_entity(source, len(plan.items) + place, child.item, converter)
        source.add(f"if o{child.owner} is not None: link{place}((o{child.owner}, {target}))", indent=2)
    result = outcomes[0] if plan.single else f"({', '.join(outcomes)})"
    source.add(f"add({result})", indent=2)
    source.add("return loaded", indent=1)
    source.bind(STATE=STATE, State=InstanceState, CLEAN=CLEAN, on_collected=on_collected, fill=fill)
    return source.compile()


def _add_value(source: Source, item: ValueItem, converter: Converter) -> str:
    convert = converter(item.type, item.stored)
    name = f"c{item.place}"
    if convert is not None:
        source.bind(**{f"convert{item.place}": convert})
        guard = "" if item.type.converts_null else f"if {name} is not None: "
        source.add(f"{guard}{name} = convert{item.place}({name})", indent=2)
    return name


def _add_bundle(source: Source, name: str, item: BundleItem, converter: Converter) -> str:
    parts = []
    for place, part in enumerate(item.items):
        if isinstance(part, BundleItem):
            parts.append(_add_bundle(source, f"{name}_{place}", part, converter))
        else:
            parts.append(_add_value(source, part, converter))
    source.bind(**{name: item.make})
    return f"{name}(({', '.join(parts)},))"


def _add_entity(source: Source, number: int, item: EntityItem, converter: Converter) -> str:
    mapper = item.mapper
    cells = {name: f"c{item.start + offset}" for offset, name in enumerate(item.names)}
    keys = [cells[name] for name in mapper.pk_names]
    for name in mapper.pk_names:
        _add_conversion(source, mapper, name, cells[name], converter, 2)
    pk = keys[0] if len(keys) == 1 else f"({', '.join(keys)})"
    partial = mapper.options.get("allow_partial_pks", True) is not False
    missing = (" and " if partial else " or ").join(f"{key} is None" for key in keys)
    obj, state = f"o{number}", f"s{number}"
    source.add(f"{state} = find{number}({pk})", indent=2)
    source.add(f"{obj} = None if {state} is None else {state}()", indent=2)
    source.add(f"if {obj} is None:", indent=2)
    source.add(f"if not ({missing}):", indent=3)
    others = [name for name in item.names if name not in mapper.pk_names]
    for name in others:
        _add_conversion(source, mapper, name, cells[name], converter, 4)
    extras = ""
    if item.spec.sorts:
        extras = _add_kind(source, number, item, converter)
    else:
        source.bind(**{f"new{number}": mapper.class_.__new__})
        source.bind(**{f"class{number}": mapper.class_, f"mapper{number}": mapper})
        source.add(f"{obj} = new{number}(class{number})", indent=4)
    source.add(
        f"present = {obj}.__dict__",
        f"{state} = State({obj}, on_collected)",
        f"{state}.mapper = {'mapped' if item.spec.sorts else f'mapper{number}'}",
        f"{state}.tracker = tracker",
        f"{state}.pk = {pk}",
        f"{state}.phase = {PERSISTENT}",
        f"{state}.changes = CLEAN",
        f"{state}.expired = {state}.queued = None",
        f"{state}.extra = " + ("None" if item.spec.plain else f"{{'spec': spec{number}}}"),
        f"present[STATE] = {state}",
        *(f"present[{name!r}] = {cells[name]}" for name in item.names),
        f"table{number}[{pk}] = {state}",
        *([f"for name, place in more: present[name] = ({extras})[place]"] if extras else []),
        indent=4,
    )
    _add_listeners(source, item, obj, state)
    populate = f"(fresh if {state}.mapper.always_refresh else populate)" if mapper.refreshes else "populate"
    source.add(f"elif {populate} is not None or {state}.expired is not None:", indent=2)
    for name in others:
        _add_conversion(source, mapper, name, cells[name], converter, 3)
    values = "".join(f"{cells[name]}, " for name in item.names)
    if extras:
        _find_more(source, item, number, converter)
        names = f"(*names{number}, *[name for name, place in kind.more])"
        values = f"{values}*[({extras})[place] for name, place in kind.more]"
        source.add(f"fill({state}, {obj}, {names}, ({values}), {populate})", indent=3)
    else:
        source.add(f"fill({state}, {obj}, names{number}, ({values}), {populate})", indent=3)
    source.bind(**{f"spec{number}": item.spec, f"names{number}": item.names})
    return obj


def _add_listeners(source: Source, item: EntityItem, obj: str, state: str) -> None:
    mapper = item.mapper
    classes = mapper.self_and_descendants if item.spec.sorts else (mapper,)
    if any("load" in class_hooks(one).listeners for one in classes):
        # Looked up for each object: the loader serves whoever listens, as long as anybody does.
        source.bind(class_hooks=class_hooks)
        listeners = f"class_hooks({state}.mapper).listeners.get('load', ())"
        source.add(f"for listener in {listeners}: listener({obj}, None)", indent=4)


def _add_kind(source: Source, number: int, item: EntityItem, converter: Converter) -> str:
    """Add the making of an object whose class the row tells; return the cells of columns of subclasses."""
    spec = item.spec
    known: dict[Any, Any] = {}
    source.bind(**{f"kinds{number}": known, f"find_kind{number}": kind_finder(spec, known)})
    _add_discriminator_conversion(source, item, converter, 4)
    source.add(
        f"kind = kinds{number}.get({_discriminator(item)})",
        f"if kind is None: kind = find_kind{number}({_discriminator(item)})",
        "made, mapped, more = kind",
        f"o{number} = made.__new__(made)",
        indent=4,
    )
    _add_more_conversions(source, item, converter, 4)
    first = item.start + len(spec.names)
    extras = "".join(f"c{first + place}, " for place in range(len(spec.more)))
    return extras


def _find_more(source: Source, item: EntityItem, number: int, converter: Converter) -> None:
    """Add the finding of the columns of subclasses that an object which is present has."""
    _add_discriminator_conversion(source, item, converter, 3)
    _add_more_conversions(source, item, converter, 3)
    source.add(
        f"kind = kinds{number}.get({_discriminator(item)}) or find_kind{number}({_discriminator(item)})",
        indent=3,
    )


def _discriminator(item: EntityItem) -> str:
    return f"c{item.start + item.spec.discriminator}"


def _add_discriminator_conversion(source: Source, item: EntityItem, converter: Converter, indent: int) -> None:
    spec = item.spec
    if spec.discriminator >= len(spec.names) + len(spec.more):
        _add_type_conversion(
            source, spec.columns[spec.discriminator].type, False, _discriminator(item), converter, indent
        )


def _add_more_conversions(source: Source, item: EntityItem, converter: Converter, indent: int) -> None:
    first = item.start + len(item.names)
    for place, column in enumerate(item.spec.more):
        _add_type_conversion(source, column.type, column.table is not None, f"c{first + place}", converter, indent)


def _add_conversion(source: Source, mapper: Mapper, name: str, cell: str, converter: Converter, indent: int) -> None:
    column = mapper.columns[name].column
    is_key = name in mapper.pk_names
    _add_type_conversion(source, column.type, column.table is not None, cell, converter, indent, is_key)


def _add_type_conversion(
    source: Source, type_: Any, stored: bool, cell: str, converter: Converter, indent: int, is_key: bool = False
) -> None:
    convert = converter(type_, stored)
    if convert is not None:
        source.bind(**{f"convert_{cell}": convert})
        guard = "" if type_.converts_null and not is_key else f"if {cell} is not None: "
        source.add(f"{guard}{cell} = convert_{cell}({cell})", indent=indent)
