"""What a Session does whose engine was disposed of meanwhile."""

from __future__ import annotations

from typing import Any

import pytest

from unitwork import create_engine, literal, select
from unitwork.orm import Session


@pytest.mark.parametrize("end", ["rollback", "close"])
def test_ending_after_dispose(backend: str, url: str, end: str) -> None:
    """LB-30: rollback() and close() end a Session whose connection dispose() may have closed."""
    engine = create_engine("sqlite://" if backend == "sqlite" else url)
    session = Session(engine)
    session.execute(select(literal(1)))

    engine.dispose()
    getattr(session, end)()

    assert not session.in_transaction()
    assert session.scalar(select(literal(2))) == 2
    session.close()
    engine.dispose()


def test_dropping_after_dispose(engine: Any) -> None:
    """ST-48, LB-30: so does dropping it."""
    session = Session(engine)
    session.execute(select(literal(1)))

    engine.dispose()
    del session

    with Session(engine) as other:
        assert other.scalar(select(literal(2))) == 2
