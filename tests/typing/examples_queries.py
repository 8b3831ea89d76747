"""What type checkers know of queries and results; checked by mypy and pyright, never run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from typing_extensions import assert_type

from tests.typing.examples_models import Address, User
from unitwork import (
    ColumnElement,
    Connection,
    Engine,
    Result,
    Row,
    Select,
    and_,
    create_engine,
    delete,
    func,
    insert,
    or_,
    select,
    text,
    update,
)
from unitwork.engine import CursorResult, MappingResult, ScalarResult
from unitwork.orm import InstrumentedAttribute, Session, aliased, object_session, scoped_session, sessionmaker


def attributes(user: User) -> None:
    assert_type(User.name, InstrumentedAttribute[str])
    assert_type(User.nickname, InstrumentedAttribute[str | None])
    assert_type(user.name, str)
    assert_type(user.nickname, str | None)
    assert_type(user.addresses, list[Address])
    assert_type(user.addresses[0].user, User)
    user.name = "eve"
    user.id = 4


def conditions() -> None:
    assert_type(User.id == 1, ColumnElement[bool])
    assert_type(User.name.in_(["a"]), ColumnElement[bool])
    assert_type((User.id > 1) & User.name.like("a%"), ColumnElement[bool])
    assert_type(~(User.id != 1), ColumnElement[bool])
    assert_type(and_(User.id == 1, or_(User.name == "x", User.name.is_(None))), ColumnElement[bool])
    assert_type(User.addresses.any(Address.email == "x"), ColumnElement[bool])


def statements() -> None:
    assert_type(select(User), Select[tuple[User]])
    assert_type(select(User, Address), Select[tuple[User, Address]])
    assert_type(select(User.id, User.name), Select[tuple[int, str]])
    assert_type(select(User.id, User.nickname, Address), Select[tuple[int, str | None, Address]])
    assert_type(select(func.count()), Select[tuple[int]])
    assert_type(select(func.count(User.id), func.max(User.name)), Select[tuple[int, str]])
    assert_type(select(User.name.label("n")), Select[tuple[str]])
    refined = (
        select(User)
        .join(User.addresses)
        .where(User.id == 1, Address.email == "x")
        .filter_by(email="y")
        .group_by(User.id)
        .having(func.count() > 1)
        .order_by(User.name.desc())
        .limit(3)
        .offset(2)
        .distinct()
        .with_for_update()
        .execution_options(yield_per=10)
    )
    assert_type(refined, Select[tuple[User]])
    a = Address.id
    assert_type(
        select(a, a, a, a, a, a, a, a, a, a),
        Select[tuple[int, int, int, int, int, int, int, int, int, int]],
    )


def sessions(session: Session) -> None:
    assert_type(session.execute(select(User)), Result[tuple[User]])
    assert_type(session.execute(select(User)).scalars(), ScalarResult[User])
    assert_type(session.execute(select(User)).scalars().all(), list[User])
    assert_type(session.execute(select(User.id, User.name)).all(), list[Row[int, str]])
    assert_type(session.execute(select(User.id)).scalar_one(), int)
    assert_type(session.execute(select(User.id)).scalar(), int | None)
    assert_type(session.execute(select(User.id, User.name)).mappings(), MappingResult)
    assert_type(session.scalars(select(User)), ScalarResult[User])
    assert_type(session.scalars(select(User.name, User.id)).first(), str | None)
    assert_type(session.scalars(select(User)).one(), User)
    assert_type(session.scalar(select(func.count())), int | None)
    assert_type(session.scalar(select(User)), User | None)
    assert_type(session.get(User, 1), User | None)
    assert_type(session.get_one(User, 1), User)
    assert_type(object_session(User()), Session | None)
    assert_type(session.execute(update(User).values(name="x")), CursorResult)
    assert_type(session.execute(update(User).values(name="x")).rowcount, int)
    assert_type(session.execute(delete(User)).rowcount, int)
    assert_type(session.execute(text("select 1")).rowcount, int)
    for user in session.scalars(select(User)):
        assert_type(user, User)


def rows(session: Session) -> None:
    for number, name in session.execute(select(User.id, User.name)):
        assert_type(number, int)
        assert_type(name, str)
    for row in session.execute(select(User.id, User.name)):
        assert_type(row[1], str)
        assert_type(row._tuple(), tuple[int, str])
        assert_type(row.name, Any)
        assert_type(row._asdict(), dict[str, Any])
    first = session.execute(select(User.id, User)).first()
    if first is not None:
        number, user = first
        assert_type(user, User)
    for part in session.execute(select(User.id, User.name)).partitions(10):
        assert_type(part, list[Row[int, str]])
    one, two = session.execute(text("select 1, 2")).one()
    assert_type((one, two), tuple[Any, Any])


def connections(engine: Engine) -> None:
    with engine.connect() as connection:
        assert_type(connection, Connection)
        assert_type(connection.execute(select(User.id)), CursorResult[tuple[int]])
        assert_type(connection.scalar(select(User.id)), int | None)
        assert_type(connection.scalars(select(User.id)).all(), list[int])
        assert_type(connection.execute(insert(User)).rowcount, int)
    with engine.begin() as connection:
        assert_type(connection.execute(select(User.id, User.name)).one(), Row[int, str])


def aliases(session: Session) -> None:
    other = aliased(User, name="other")
    assert_type(other, type[User])
    assert_type(select(User, other.name), Select[tuple[User, str]])
    assert_type(session.scalars(select(other).where(other.id == 1)).all(), list[User])


class OwnSession(Session):
    pass


def makers() -> None:
    engine = create_engine("sqlite://")
    assert_type(sessionmaker(engine), sessionmaker[Session])
    assert_type(sessionmaker(engine)(), Session)
    assert_type(sessionmaker(engine, class_=OwnSession)(), OwnSession)
    with sessionmaker(engine, class_=OwnSession).begin() as session:
        assert_type(session, OwnSession)
    scoped = scoped_session(sessionmaker(engine, class_=OwnSession))
    assert_type(scoped, scoped_session[OwnSession])
    assert_type(scoped(), OwnSession)
    assert_type(scoped.scalars(select(User)).all(), list[User])


def passes(users: Sequence[User], found: Result[tuple[int, str]], plain: Result, statement: Select[Any]) -> None:
    """Rows of known types may be given where less is known."""


def use(session: Session) -> None:
    pairs = session.execute(select(User.id, User.name))
    passes(session.scalars(select(User)).all(), pairs, pairs, select(User))
