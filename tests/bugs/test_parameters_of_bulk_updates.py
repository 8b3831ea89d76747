"""update() of a class with parameters: a list of them wrote every row; a single one failed where objects were held."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.models import Author, LibraryBase
from unitwork import bindparam, delete, exc, select, update
from unitwork.orm import Session


@pytest.fixture
def session(engine: Any) -> Any:
    LibraryBase.metadata.create_all(engine)
    with Session(engine) as session:
        session.add(Author(id=1, name="ann"))
        session.commit()
        yield session


def test_a_list_of_parameters_is_refused(session: Session) -> None:
    """PT-84, PT-87: the key among them is not taken for a value to set in all rows; a connection runs such lists."""
    for statement in (update(Author), delete(Author)):
        with pytest.raises(exc.InvalidRequestError) as failed:
            session.execute(statement, [{"id": 2, "name": "bea"}])
        assert failed.value.code == "dml-many"
    assert session.execute(select(Author.id, Author.name)).one() == (1, "ann")

    one = update(Author.__table__).where(Author.id == bindparam("key"))
    session.connection().execute(one, [{"key": 1, "name": "bea"}, {"key": 2, "name": "cid"}])
    assert session.execute(select(Author.id, Author.name)).one() == (1, "bea")


@pytest.mark.parametrize("held", [True, False])
def test_values_may_come_as_parameters(session: Session, held: bool) -> None:
    """PT-72, PT-77: beside parameters of the criteria; objects in the Session have the values."""
    ann = session.get_one(Author, 1) if held else None
    if ann is not None:
        assert ann.name == "ann"

    session.execute(update(Author).where(Author.id == bindparam("key")), {"key": 1, "name": "bea"})

    assert ann is None or vars(ann)["name"] == "bea"
    assert session.execute(select(Author.id, Author.name)).one() == (1, "bea")
