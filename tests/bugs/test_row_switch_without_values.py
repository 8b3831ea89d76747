"""A new object that took over a deleted one's row, with no value but the key, was sent as UPDATE … SET WHERE."""

from __future__ import annotations

from typing import Any

from tests.support.models import Author, LibraryBase
from unitwork.orm import Session


def test_a_row_switch_without_values_sends_no_update(engine: Any) -> None:
    """FP-03, FP-04: the row stays as it is, and the new object is persistent."""
    LibraryBase.metadata.create_all(engine)
    with Session(engine) as session:
        old = Author(id=7, name="ann")
        session.add(old)
        session.commit()
        new = Author(id=7)

        session.delete(old)
        session.add(new)
        session.flush()

        assert new in session
        assert new.name == "ann"
