"""The table of moves between states."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from unitwork.exc import BrokenInvariantError
from unitwork.state.lifecycle import DELETED, DETACHED, MOVES, NAMES, PENDING, PERSISTENT, TRANSIENT, move

#: From, to, event: what the table of operations allows (ST-04 to ST-20), written out once more.
LEGAL = [
    (TRANSIENT, PENDING, "transient_to_pending"),
    (TRANSIENT, DETACHED, ""),
    (PENDING, TRANSIENT, "pending_to_transient"),
    (PENDING, PERSISTENT, "pending_to_persistent"),
    (PERSISTENT, TRANSIENT, "persistent_to_transient"),
    (PERSISTENT, DELETED, "persistent_to_deleted"),
    (PERSISTENT, DETACHED, "persistent_to_detached"),
    (DELETED, PERSISTENT, "deleted_to_persistent"),
    (DELETED, DETACHED, "deleted_to_detached"),
    (DELETED, TRANSIENT, "deleted_to_detached"),
    (DETACHED, PERSISTENT, "detached_to_persistent"),
    (DETACHED, TRANSIENT, ""),
]
ALL = [(start, end) for start in range(len(NAMES)) for end in range(len(NAMES))]
ILLEGAL = [pair for pair in ALL if pair not in {(start, end) for start, end, _ in LEGAL}]


def name_of(value: object) -> str:
    """How a test is called."""
    return NAMES[value] if isinstance(value, int) else str(value) or "silent"


@pytest.mark.parametrize(("start", "end", "event"), LEGAL, ids=name_of)
def test_a_legal_move_changes_the_state_and_names_its_event(start: int, end: int, event: str) -> None:
    """ST-04 to ST-11, ST-16, ST-17."""
    state = SimpleNamespace(phase=start)

    told = move(state, end)

    assert (told, state.phase) == (event, end)


@pytest.mark.parametrize(("start", "end"), ILLEGAL, ids=name_of)
def test_any_other_move_breaks_an_invariant(start: int, end: int) -> None:
    """ST-03: callers check first; the state stays as it was."""
    state = SimpleNamespace(phase=start)

    with pytest.raises(BrokenInvariantError) as caught:
        move(state, end)

    assert caught.value.code == "illegal-move"
    assert f"from {NAMES[start]} to {NAMES[end]}" in str(caught.value)
    assert state.phase == start


def test_the_table_has_no_further_moves() -> None:
    """A new one belongs into the list above, with what allows it."""
    assert {(start, end): event for start, end, event in LEGAL} == MOVES
