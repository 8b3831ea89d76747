"""The generated row loader: from the driver's rows to objects of the identity map.

For each entity of a row the loader looks for the primary key in the identity map; a present object is taken as it is
(its expired attributes are filled), otherwise a new object is made, without running ``__init__``, setters or events.
Conversions stand in the code only for the columns that need them, ``load`` listeners only if there are any.

Its readable twin is in tests/support; both are compared by a property test.

Spec: SB-02, SB-36, SB-37, ST-19, ST-109, ST-110.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from unitwork.base.codegen import Source
from unitwork.instrument.install import class_hooks
from unitwork.loading.plan import EntityItem, LoadPlan, ValueItem
from unitwork.mapping.mapper import Mapper
from unitwork.state.instance import CLEAN, STATE, InstanceState, on_collected
from unitwork.state.lifecycle import PERSISTENT

#: (type, stored) to a conversion of one value, or None; a dialect's ``result_converter``.
Converter = Callable[[Any, bool], "Callable[[Any], Any] | None"]

#: (rows, tables of the identity map per entity, tracker, populate, links) to a list: of values or objects for a plan
#: with one item, else of tuples. `populate` and `links` are as in run.py.
Loader = Callable[..., list[Any]]


def loader_for(plan: LoadPlan, dialect_name: str, converter: Converter) -> Loader:
    """Return the loader of a plan for a dialect; generated on first use and when listeners come or go."""
    # HOT: every query of objects; benchmarks W8m, W19.
    listening = tuple(
        [() if item is None else class_hooks(item.mapper).listeners.get("load", ()) for item in plan.entities]
    )
    key = (dialect_name, listening)
    loader: Loader | None = plan.memo.get(key)
    if loader is None:
        loader = plan.memo[key] = _generate(plan, converter)
    return loader


def _generate(plan: LoadPlan, converter: Converter) -> Loader:
    # HOT: every loaded row; benchmark W2.
    width = sum(len(item.names) if isinstance(item, EntityItem) else 1 for item in plan.items)
    width += sum(len(child.item.names) for child in plan.joined)
    source = Source("load_rows")
    source.add("def load_rows(rows, tables, tracker, populate, links=()):")
    source.add("loaded = []", "add = loaded.append", indent=1)
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


def _add_entity(source: Source, number: int, item: EntityItem, converter: Converter) -> str:
    mapper = item.mapper
    cells = {name: f"c{item.start + offset}" for offset, name in enumerate(item.names)}
    keys = [cells[name] for name in mapper.pk_names]
    for name in mapper.pk_names:
        _add_conversion(source, mapper, name, cells[name], converter, 2)
    pk = keys[0] if len(keys) == 1 else f"({', '.join(keys)})"
    missing = " and ".join(f"{key} is None" for key in keys)
    obj, state = f"o{number}", f"s{number}"
    source.add(f"{state} = find{number}({pk})", indent=2)
    source.add(f"{obj} = None if {state} is None else {state}()", indent=2)
    source.add(f"if {obj} is None:", indent=2)
    source.add(f"if not ({missing}):", indent=3)
    others = [name for name in item.names if name not in mapper.pk_names]
    for name in others:
        _add_conversion(source, mapper, name, cells[name], converter, 4)
    source.add(
        f"{obj} = new{number}(class{number})",
        f"present = {obj}.__dict__",
        f"{state} = State({obj}, on_collected)",
        f"{state}.mapper = mapper{number}",
        f"{state}.tracker = tracker",
        f"{state}.pk = {pk}",
        f"{state}.phase = {PERSISTENT}",
        f"{state}.changes = CLEAN",
        f"{state}.expired = {state}.queued = None",
        f"{state}.extra = " + ("None" if item.spec.plain else f"{{'spec': spec{number}}}"),
        f"present[STATE] = {state}",
        *(f"present[{name!r}] = {cells[name]}" for name in item.names),
        f"table{number}[{pk}] = {state}",
        indent=4,
    )
    listeners = class_hooks(mapper).listeners
    if "load" in listeners:
        # Looked up for each object: the loader serves whoever listens, as long as anybody does.
        source.bind(**{f"listeners{number}": listeners})
        source.add(f"for listener in listeners{number}.get('load', ()): listener({obj}, None)", indent=4)
    source.add(f"elif populate is not None or {state}.expired is not None:", indent=2)
    for name in others:
        _add_conversion(source, mapper, name, cells[name], converter, 3)
    values = "".join(f"{cells[name]}, " for name in item.names)
    source.add(f"fill({state}, {obj}, names{number}, ({values}), populate)", indent=3)
    source.bind(**{f"new{number}": mapper.class_.__new__})
    source.bind(**{f"spec{number}": item.spec})
    source.bind(**{f"class{number}": mapper.class_, f"mapper{number}": mapper, f"names{number}": item.names})
    return obj


def _add_conversion(source: Source, mapper: Mapper, name: str, cell: str, converter: Converter, indent: int) -> None:
    column = mapper.columns[name].column
    type_ = column.type
    convert = converter(type_, column.table is not None)
    if convert is not None:
        source.bind(**{f"convert_{cell}": convert})
        guard = "" if type_.converts_null and name not in mapper.pk_names else f"if {cell} is not None: "
        source.add(f"{guard}{cell} = convert_{cell}({cell})", indent=indent)


def fill(
    state: InstanceState, obj: Any, names: Sequence[str], values: Sequence[Any], populate: set[InstanceState] | None
) -> None:
    """Store the values of a row into an object that is present already.

    Args:
        populate: overwrite everything and drop pending changes (ST-109), once for each object; those done are noted in
            it. None fills what is not loaded and was not written since (SB-37, ST-94).
    """
    present = obj.__dict__
    if populate is not None and state not in populate:
        populate.add(state)
        present.update(zip(names, values))
        for name in state.mapper.relationships:
            present.pop(name, None)
        state.forget_changes()
        if state.tracker is not None:
            state.tracker.modified.pop(state, None)
    else:
        changes = state.changes or ()
        for name, value in zip(names, values):
            if name not in present and name not in changes:
                present[name] = value
    if state.expired is not None:
        loaded = present.keys() | (state.changes or {}).keys()
        columns = state.mapper.columns
        left = [name for name in state.expired if name in columns and name not in loaded and not columns[name].deferred]
        state.expired = frozenset(left) if left else None
