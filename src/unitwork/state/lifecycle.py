"""The five states of an object, and the table of legal moves between them.

An object is always in exactly one of them (ST-03). M, "persistent and marked for deletion", is a persistent object that
its tracker has in `deleted`. Hot loops of the flush and the row loaders assign `state.phase` themselves, along moves
that stand in this table; everybody else calls :func:`move`.

Spec: ST-01 to ST-23.
"""

from __future__ import annotations

from typing import Protocol

from unitwork import exc

TRANSIENT = 0
PENDING = 1
PERSISTENT = 2
DELETED = 3
DETACHED = 4

NAMES = ("transient", "pending", "persistent", "deleted", "detached")

#: (from, to): the name of the event that tells of the move.
MOVES: dict[tuple[int, int], str] = {
    (TRANSIENT, PENDING): "transient_to_pending",
    (PENDING, TRANSIENT): "pending_to_transient",
    (PENDING, PERSISTENT): "pending_to_persistent",
    (PERSISTENT, TRANSIENT): "persistent_to_transient",
    (PERSISTENT, DELETED): "persistent_to_deleted",
    (PERSISTENT, DETACHED): "persistent_to_detached",
    (DELETED, PERSISTENT): "deleted_to_persistent",
    (DELETED, DETACHED): "deleted_to_detached",
    # A rolled back insert of an object that was deleted in the same transaction (ST-08).
    (DELETED, TRANSIENT): "deleted_to_detached",
    (DETACHED, PERSISTENT): "detached_to_persistent",
    # make_transient() and make_transient_to_detached() move without an event (ST-16, ST-17).
    (DETACHED, TRANSIENT): "",
    (TRANSIENT, DETACHED): "",
}


class Moving(Protocol):
    """What a move needs of an InstanceState."""

    phase: int


def move(state: Moving, to: int) -> str:
    """Change the state of an object and return the name of the event to fire ("" where there is none).

    Raises:
        BrokenInvariantError [illegal-move]: the move is not in the table; callers check first what a user may do.
    """
    event = MOVES.get((state.phase, to))
    if event is None:
        raise exc.BrokenInvariantError(
            f"no move leads from {NAMES[state.phase]} to {NAMES[to]}.", code="illegal-move", state=state
        )
    state.phase = to
    return event
