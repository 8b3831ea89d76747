"""Brings an Author into each state of the life cycle, and names the state an object is in.

Letters as in the specification: T transient, P pending, S persistent, M persistent and marked for deletion, D deleted
with the transaction still open, X detached, XD detached after its row was deleted.
"""

from __future__ import annotations

from typing import Any

from tests.support.models import Author
from unitwork import inspect
from unitwork.orm import Session


def author_in_state(session: Session, letter: str) -> Author:
    """An Author named "ann" in the given state; S and M were committed before and are loaded again."""
    author = Author(name="ann")
    if letter == "T":
        return author
    session.add(author)
    if letter == "P":
        return author
    session.commit()
    assert author.name == "ann"
    if letter == "X":
        session.expunge(author)
        session.rollback()
    elif letter in ("M", "D", "XD"):
        session.delete(author)
        if letter != "M":
            session.flush()
        if letter == "XD":
            session.commit()
    return author


def state_of(session: Session, obj: Any) -> str:
    """Letter of the state of an object, from its public booleans; exactly one of them must be true."""
    state = inspect(obj)
    booleans = [state.transient, state.pending, state.persistent, state.deleted, state.detached]
    assert booleans.count(True) == 1
    letter = "TPSDX"[booleans.index(True)]
    if letter == "S" and obj in session.deleted:
        return "M"
    if letter == "X" and state.was_deleted:
        return "XD"
    return letter
