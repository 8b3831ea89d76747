"""Join conditions that the user gives: more than foreign keys say, or something else (LB-10, LB-11, LB-13, LB-38)."""

from __future__ import annotations

from typing import Any

import pytest

from unitwork import (
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Integer,
    String,
    Table,
    and_,
    cast,
    exc,
    func,
    select,
)
from unitwork.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    foreign,
    mapped_column,
    relationship,
    remote,
    selectinload,
)


def towns() -> Any:
    """User with addresses, of which one relationship takes those in Paris, and one those in the user's own town."""

    class Base(DeclarativeBase):
        pass

    class User(Base):
        __tablename__ = "gj_user"
        id: Mapped[int] = mapped_column(primary_key=True)
        town: Mapped[str | None] = mapped_column(String(20))
        addresses: Mapped[list[Address]] = relationship(back_populates="user", order_by="Address.id")
        in_paris: Mapped[list[Address]] = relationship(
            primaryjoin="and_(User.id == Address.user_id, Address.town == 'Paris')",
            order_by="Address.id.desc()",
            viewonly=True,
        )
        at_home: Mapped[list[Address]] = relationship(
            primaryjoin=lambda: and_(User.id == Address.user_id, User.town == Address.town),
            order_by=lambda: Address.id,
            viewonly=True,
        )
        if_moved: Mapped[list[Address]] = relationship(
            primaryjoin=lambda: and_(User.id == foreign(Address.user_id), User.town != "Paris"), viewonly=True
        )

    class Address(Base):
        __tablename__ = "gj_address"
        id: Mapped[int] = mapped_column(primary_key=True)
        user_id: Mapped[int | None] = mapped_column(ForeignKey("gj_user.id"))
        town: Mapped[str] = mapped_column(String(20))
        user: Mapped[User | None] = relationship(back_populates="addresses")
        parisian: Mapped[User | None] = relationship(
            primaryjoin=lambda: and_(Address.user_id == User.id, User.town == "Paris"), viewonly=True
        )

    Base.User, Base.Address = User, Address
    return Base


@pytest.fixture
def townspeople(engine: Any) -> Any:
    """User 1 of Paris with addresses 1 (Paris), 2 (Rome), 3 (Paris); user 2 of Rome with 4 (Rome); 3 without town."""
    base = towns()
    base.metadata.create_all(engine)
    user, address = base.User, base.Address
    with Session(engine) as session:
        session.add(
            user(
                id=1,
                town="Paris",
                addresses=[address(id=n, town=t) for n, t in ((1, "Paris"), (2, "Rome"), (3, "Paris"))],
            )
        )
        session.add(user(id=2, town="Rome", addresses=[address(id=4, town="Rome")]))
        session.add(user(id=3))
        session.commit()
        base.session = session
        yield base


def ids(objects: Any) -> list[int]:
    return [obj.id for obj in objects]


@pytest.mark.parametrize("eager", [False, True], ids=["lazy", "selectin"])
def test_more_criteria_are_part_of_every_load(townspeople: Any, eager: bool) -> None:
    """LB-10, LB-11: criteria on either side count for lazy and for eager loads; order_by may be a string."""
    user = townspeople.User
    loads = [selectinload(user.in_paris), selectinload(user.at_home), selectinload(user.if_moved)] if eager else []

    found = townspeople.session.scalars(select(user).order_by(user.id).options(*loads)).all()

    assert [ids(one.in_paris) for one in found] == [[3, 1], [], []]
    assert [ids(one.at_home) for one in found] == [[1, 3], [4], []]
    assert [ids(one.if_moved) for one in found] == [[], [4], []]


@pytest.mark.parametrize("eager", [False, True], ids=["lazy", "selectin"])
def test_more_criteria_of_a_many_to_one(townspeople: Any, eager: bool) -> None:
    """LB-10, LB-15: such a reference is no look-up by key, even when the target is present."""
    address = townspeople.Address
    statement = select(address).order_by(address.id).options(*([selectinload(address.parisian)] if eager else []))
    present = townspeople.session.scalars(select(townspeople.User)).all()

    found = townspeople.session.scalars(statement).all()

    assert len(present) == 3
    assert [one.parisian and one.parisian.id for one in found] == [1, 1, 1, None]


def test_more_criteria_are_part_of_questions(townspeople: Any) -> None:
    """LB-22: any(), has(), contains(), == and join() follow the whole condition."""
    user, address, session = townspeople.User, townspeople.Address, townspeople.session
    rome = session.get(address, 2)
    paris = session.get(address, 3)
    first = session.get(user, 1)

    def found(what: Any, *criteria: Any) -> list[int]:
        return ids(session.scalars(select(what).where(*criteria).order_by(what.id)))

    assert found(user, user.in_paris.any()) == [1]
    assert found(user, ~user.at_home.any()) == [3]
    assert found(user, user.in_paris.contains(paris)) == [1]
    assert found(user, user.in_paris.contains(rome)) == []
    assert found(address, address.parisian.has()) == [1, 2, 3]
    assert found(address, address.parisian == first) == [1, 2, 3]
    assert ids(session.scalars(select(address).select_from(user).join(user.in_paris).order_by(address.id))) == [1, 3]


def test_a_condition_may_compare_columns_without_foreign_keys(engine: Any) -> None:
    """LB-10, LB-38: foreign() marks the column that a flush writes."""

    class Base(DeclarativeBase):
        pass

    class Country(Base):
        __tablename__ = "gj_country"
        id: Mapped[int] = mapped_column(primary_key=True)
        code: Mapped[str] = mapped_column(String(2))
        cities: Mapped[list[City]] = relationship(
            primaryjoin="Country.code == foreign(City.country_code)", back_populates="country"
        )

    class City(Base):
        __tablename__ = "gj_city"
        id: Mapped[int] = mapped_column(primary_key=True)
        country_code: Mapped[str | None] = mapped_column(String(2))
        country: Mapped[Country | None] = relationship(
            primaryjoin="Country.code == City.country_code", foreign_keys="City.country_code", back_populates="cities"
        )

    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add(Country(id=1, code="fr", cities=[City(id=1), City(id=2)]))
        session.commit()
        city = session.get_one(City, 1)

        assert city.country_code == "fr"
        assert city.country is session.get(Country, 1)
        assert ids(city.country.cities) == [1, 2]

        city.country = None
        session.commit()

        assert city.country_code is None


def test_a_condition_may_call_functions(engine: Any) -> None:
    """LB-10: functions and casts over the columns; the other side is found by the whole expression."""

    class Base(DeclarativeBase):
        pass

    class Word(Base):
        __tablename__ = "gj_word"
        id: Mapped[int] = mapped_column(primary_key=True)
        text: Mapped[str] = mapped_column(String(20))
        same: Mapped[list[Note]] = relationship(
            primaryjoin=lambda: func.lower(Word.text) == func.lower(foreign(Note.word)),
            order_by=lambda: Note.id,
            viewonly=True,
        )
        numbered: Mapped[list[Note]] = relationship(
            primaryjoin=lambda: cast(Word.id, String(20)) == foreign(Note.word), viewonly=True
        )

    class Note(Base):
        __tablename__ = "gj_note"
        id: Mapped[int] = mapped_column(primary_key=True)
        word: Mapped[str] = mapped_column(String(20))

    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add_all(
            [Word(id=1, text="Tree"), Note(id=1, word="tree"), Note(id=2, word="TREE"), Note(id=3, word="1")]
        )
        session.commit()
        word = session.get_one(Word, 1)

        assert ids(word.same) == [1, 2]
        assert ids(word.numbered) == [3]

        session.expire_all()
        again = session.scalars(select(Word).options(selectinload(Word.same), selectinload(Word.numbered))).one()

        assert (ids(again.same), ids(again.numbered)) == ([1, 2], [3])


def test_another_operator_only_for_viewing(engine: Any) -> None:
    """LB-10: a path that begins with the own one; remote() tells the sides of a table joined to itself."""

    class Base(DeclarativeBase):
        pass

    class Element(Base):
        __tablename__ = "gj_element"
        id: Mapped[int] = mapped_column(primary_key=True)
        path: Mapped[str] = mapped_column(String(50))
        below: Mapped[list[Element]] = relationship(
            primaryjoin=lambda: remote(foreign(Element.path)).like(Element.path.concat("/%")),
            order_by=lambda: Element.path,
            viewonly=True,
        )

    Base.metadata.create_all(engine)
    with Session(engine) as session:
        paths = ["/a", "/a/b", "/a/b/c", "/ab"]
        session.add_all(Element(id=number, path=path) for number, path in enumerate(paths, 1))
        session.commit()
        top = session.get_one(Element, 1)

        assert [element.path for element in top.below] == ["/a/b", "/a/b/c"]
        assert ids(session.scalars(select(Element).where(Element.below.any(Element.path == "/a/b/c")))) == [1, 2]


def test_another_operator_is_refused_for_writing() -> None:
    """LB-13: nothing tells what a flush should copy."""

    class Base(DeclarativeBase):
        pass

    class Element(Base):
        __tablename__ = "gj_element"
        id: Mapped[int] = mapped_column(primary_key=True)
        path: Mapped[str]
        below: Mapped[list[Element]] = relationship(
            primaryjoin=lambda: remote(foreign(Element.path)).like(Element.path.concat("/%"))
        )

    with pytest.raises(exc.ArgumentError) as caught:
        Base.registry.configure()

    assert caught.value.code == "join-without-columns"
    assert "viewonly=True" in str(caught.value)


@pytest.mark.parametrize("eager", [False, True], ids=["lazy", "selectin"])
@pytest.mark.parametrize("form", ["remote_side", "remote()"])
def test_a_composite_key_that_shares_a_column_with_its_parent(engine: Any, form: str, eager: bool) -> None:
    """LB-06, LB-10: folders of one account, whose parents are of the same account."""

    class Base(DeclarativeBase):
        pass

    class Folder(Base):
        __tablename__ = "gj_folder"
        account: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
        id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
        parent_id: Mapped[int | None]
        __table_args__ = (ForeignKeyConstraint(["account", "parent_id"], ["gj_folder.account", "gj_folder.id"]),)
        if form == "remote_side":
            parent: Mapped[Folder | None] = relationship(back_populates="children", remote_side=[account, id])
            children: Mapped[list[Folder]] = relationship(back_populates="parent", order_by="Folder.id")
        else:
            parent: Mapped[Folder | None] = relationship(
                back_populates="children",
                primaryjoin="and_(remote(Folder.account) == Folder.account, remote(Folder.id) == Folder.parent_id)",
            )
            children: Mapped[list[Folder]] = relationship(
                back_populates="parent",
                order_by="Folder.id",
                primaryjoin="and_(Folder.account == remote(Folder.account), Folder.id == remote(Folder.parent_id))",
            )

    Base.metadata.create_all(engine)
    with Session(engine) as session:
        top = Folder(account=1, id=1, children=[Folder(account=1, id=2), Folder(account=1, id=3)])
        session.add_all([top, Folder(account=2, id=1), Folder(account=2, id=2, parent_id=1)])
        session.commit()
        session.expunge_all()
        loads = [selectinload(Folder.children), selectinload(Folder.parent)] if eager else []
        found = session.scalars(select(Folder).order_by(Folder.account, Folder.id).options(*loads)).all()

        assert [[(child.account, child.id) for child in one.children] for one in found] == [
            [(1, 2), (1, 3)], [], [], [(2, 2)], [],
        ]  # fmt: skip
        assert [one.parent and (one.parent.account, one.parent.id) for one in found] == [
            None, (1, 1), (1, 1), None, (2, 1),
        ]  # fmt: skip
        assert ids(session.scalars(select(Folder).where(Folder.children.any(Folder.id == 3)))) == [1]


def test_overlapping_composite_keys(engine: Any) -> None:
    """LB-10: foreign_keys says which column of a shared key a relationship writes; all of them are compared."""

    class Base(DeclarativeBase):
        pass

    class Magazine(Base):
        __tablename__ = "gj_magazine"
        id: Mapped[int] = mapped_column(primary_key=True)

    class Writer(Base):
        __tablename__ = "gj_writer"
        id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
        magazine_id: Mapped[int] = mapped_column(ForeignKey("gj_magazine.id"), primary_key=True)

    class Article(Base):
        __tablename__ = "gj_article"
        id: Mapped[int] = mapped_column(primary_key=True)
        magazine_id: Mapped[int] = mapped_column(ForeignKey("gj_magazine.id"))
        writer_id: Mapped[int | None]
        __table_args__ = (
            ForeignKeyConstraint(["writer_id", "magazine_id"], ["gj_writer.id", "gj_writer.magazine_id"]),
        )
        magazine: Mapped[Magazine] = relationship()
        writer: Mapped[Writer | None] = relationship(
            primaryjoin="and_(Writer.id == foreign(Article.writer_id), Writer.magazine_id == Article.magazine_id)"
        )

    Base.metadata.create_all(engine)
    with Session(engine) as session:
        first, second = Magazine(id=1), Magazine(id=2)
        session.add_all([first, second])
        session.flush()
        session.add_all([Writer(id=7, magazine_id=1), Writer(id=7, magazine_id=2)])
        session.add(Article(id=1, magazine=first, writer=session.get(Writer, (7, 1))))
        session.commit()
        session.expunge_all()
        article = session.get_one(Article, 1)

        assert (article.writer_id, article.writer.magazine_id) == (7, 1)

        article.writer = None
        session.commit()

        assert (article.writer_id, article.magazine_id) == (None, 1)


@pytest.mark.parametrize("eager", [False, True], ids=["lazy", "selectin"])
def test_criteria_over_the_table_in_between(engine: Any, eager: bool) -> None:
    """LB-10: both joins of a many-to-many may say more."""

    class Base(DeclarativeBase):
        pass

    member = Table(
        "gj_member",
        Base.metadata,
        Column("club_id", Integer, ForeignKey("gj_club.id"), primary_key=True),
        Column("person_id", Integer, ForeignKey("gj_person.id"), primary_key=True),
        Column("role", String(10)),
    )

    class Person(Base):
        __tablename__ = "gj_person"
        id: Mapped[int] = mapped_column(primary_key=True)
        alive: Mapped[int]

    class Club(Base):
        __tablename__ = "gj_club"
        id: Mapped[int] = mapped_column(primary_key=True)
        chairs: Mapped[list[Person]] = relationship(
            secondary="gj_member",
            primaryjoin=lambda: and_(Club.id == member.c.club_id, member.c.role == "chair"),
            secondaryjoin=lambda: and_(Person.id == member.c.person_id, Person.alive == 1),
            order_by=Person.id,
            viewonly=True,
        )

    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add_all([Club(id=1), Club(id=2), *(Person(id=number, alive=number % 2) for number in range(1, 5))])
        session.flush()
        rows = [(1, 1, "chair"), (1, 2, "chair"), (1, 3, "guest"), (2, 3, "chair"), (2, 4, "chair")]
        session.execute(member.insert(), [dict(zip(("club_id", "person_id", "role"), row)) for row in rows])
        session.commit()
        options = [selectinload(Club.chairs)] if eager else []
        clubs = session.scalars(select(Club).order_by(Club.id).options(*options)).all()

        assert [ids(club.chairs) for club in clubs] == [[1], [3]]
        assert ids(session.scalars(select(Club).where(Club.chairs.any(Person.id == 3)))) == [2]
        assert ids(session.scalars(select(Club).where(Club.chairs.contains(session.get(Person, 2))))) == []


@pytest.mark.parametrize("eager", [False, True], ids=["lazy", "selectin"])
def test_several_rows_for_a_scalar_are_warned_of(engine: Any, eager: bool) -> None:
    """LB-10: uselist=False over rows that are more than one takes the first, and says so."""

    class Base(DeclarativeBase):
        pass

    class Person(Base):
        __tablename__ = "gj_one"
        id: Mapped[int] = mapped_column(primary_key=True)
        passport: Mapped[Passport | None] = relationship(order_by="Passport.id")

    class Passport(Base):
        __tablename__ = "gj_passport"
        id: Mapped[int] = mapped_column(primary_key=True)
        person_id: Mapped[int] = mapped_column(ForeignKey("gj_one.id"))

    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add(Person(id=1))
        session.flush()
        session.add_all([Passport(id=1, person_id=1), Passport(id=2, person_id=1)])
        session.commit()

        with pytest.warns(exc.UnitworkWarning, match="Person.passport is a scalar"):
            options = [selectinload(Person.passport)] if eager else []
            person = session.scalars(select(Person).options(*options)).one()
            passport = person.passport

        assert passport is session.get(Passport, 1)
