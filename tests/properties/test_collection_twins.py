"""A tracked collection of each kind against a plain twin: same content; history and other side tell the truth of it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.behaviour.test_collection_kinds import KINDS, Base, Shelf, members_of, put, take
from unitwork import create_engine, inspect
from unitwork.orm import Session

NUMBERS = st.integers(0, 5)
MANY = st.lists(NUMBERS, max_size=4)

#: Kind to operations: (name, arguments); numbers stand for boxes.
SET_STEPS = st.one_of(
    st.tuples(st.sampled_from(["add", "discard"]), NUMBERS),
    st.tuples(
        st.sampled_from(["update", "difference_update", "intersection_update", "symmetric_difference_update"]), MANY
    ),
    st.tuples(st.just("clear")),
)
DICT_STEPS = st.one_of(
    st.tuples(st.sampled_from(["__setitem__", "setdefault"]), NUMBERS, NUMBERS),
    st.tuples(st.just("pop"), NUMBERS),
    st.tuples(st.just("update"), st.dictionaries(NUMBERS, NUMBERS, max_size=3)),
    st.tuples(st.sampled_from(["popitem", "clear"])),
)
OTHER_STEPS = st.tuples(st.sampled_from(["put", "take", "reference", "unreference"]), NUMBERS)


@pytest.fixture(scope="module")
def engine() -> Any:
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    yield engine
    engine.dispose()


def outcome(target: Any, step: str, arguments: list[Any]) -> Any:
    """The result of an operation, or the type of its error."""
    try:
        return getattr(target, step)(*arguments)
    except (KeyError, ValueError) as error:
        return type(error)


def agree(shelf: Any, name: str, boxes: list[Any], before: set[int], now: list[Any]) -> None:
    """History and other side say what the content says."""
    inside = {id(one) for one in now}
    assert {id(one) for one in members_of(shelf, name)} == inside
    history = inspect(shelf).attrs[name].history
    assert {id(one) for one in history.added} == inside - before
    assert {id(one) for one in history.deleted} == before - inside
    assert {id(one) for one in history.unchanged} == before & inside
    assert [one.shelf is shelf for one in boxes] == [id(one) in inside for one in boxes]


@settings(max_examples=60, deadline=None)
@given(steps=st.lists(SET_STEPS, max_size=8), start=MANY)
def test_set(engine: Any, steps: list[Any], start: list[int]) -> None:
    """LB-16."""
    boxes = [KINDS["as_set"](name=str(number)) for number in range(6)]
    with Session(engine, autoflush=False) as session:
        shelf = Shelf(as_set={boxes[number] for number in start})
        session.add(shelf)
        session.flush()
        plain = set(shelf.as_set)
        before = {id(one) for one in plain}
        for step, *arguments in steps:
            given = [[boxes[n] for n in item] if isinstance(item, list) else boxes[item] for item in arguments]
            results = [outcome(held, step, given) for held in (shelf.as_set, plain)]

            assert results[0] is results[1]
            assert shelf.as_set == plain
            agree(shelf, "as_set", boxes, before, list(plain))


@settings(max_examples=60, deadline=None)
@given(steps=st.lists(DICT_STEPS, max_size=8), start=MANY)
def test_dict(engine: Any, steps: list[Any], start: list[int]) -> None:
    """LB-16; a box may lie under several keys, and keys need not be the box's own."""
    boxes = [KINDS["as_dict"](name=str(number)) for number in range(6)]
    with Session(engine, autoflush=False) as session:
        shelf = Shelf(as_dict={number: boxes[number] for number in start})
        session.add(shelf)
        session.flush()
        plain = dict(shelf.as_dict)
        before = {id(one) for one in plain.values()}
        for step, *arguments in steps:
            given = list(arguments)
            if isinstance(given[-1] if given else None, dict):
                given = [{str(key): boxes[number] for key, number in given[0].items()}]
            elif given:
                given[0] = str(given[0])
                given[1:] = [boxes[number] for number in given[1:]]
            results = [outcome(held, step, given) for held in (shelf.as_dict, plain)]

            assert results[0] == results[1]
            assert list(shelf.as_dict.items()) == list(plain.items())
            agree(shelf, "as_dict", boxes, before, list(plain.values()))


@pytest.mark.parametrize("name", KINDS)
@settings(max_examples=25, deadline=None)
@given(steps=st.lists(OTHER_STEPS, max_size=8), start=st.sets(NUMBERS, max_size=3))
def test_every_kind_from_both_sides(engine: Any, name: str, steps: list[Any], start: set[int]) -> None:
    """LB-16, ST-60: appended and removed on either side, in any order."""
    boxes = [KINDS[name](name=str(number)) for number in range(6)]
    with Session(engine, autoflush=False) as session:
        shelf = Shelf()
        for number in start:
            put(shelf, name, boxes[number])
        session.add(shelf)
        session.flush()
        twin = {number: boxes[number] for number in start}
        before = {id(one) for one in twin.values()}
        for step, number in steps:
            box = boxes[number]
            if step == "put" and number not in twin:
                put(shelf, name, box)
                twin[number] = box
            elif step == "take" and number in twin:
                take(shelf, name, box)
                del twin[number]
            elif step == "reference":
                box.shelf = shelf
                twin[number] = box
            elif step == "unreference":
                box.shelf = None
                twin.pop(number, None)

            agree(shelf, name, boxes, before, list(twin.values()))

