"""Mapped classes shared by the behaviour tests: three small sets, each with a MetaData of its own.

* library: ``Author`` 1-* ``Book`` *-* ``Tag``, and the self-referential ``Node``; default cascades, nullable keys.
* accounts: ``User`` 1-* ``Address`` and ``User`` 1-1 ``Profile``; delete-orphan, keys that are not nullable.
* shop: ``Order`` 1-* ``Item`` with delete but no delete-orphan, ``Order`` *-1 ``Customer`` without a reverse side,
  ``Item`` *-1 ``Label`` with delete-orphan and ``single_parent``, and ``Person`` *-* ``Person``.

A test creates the tables of the set it uses (see ``tests/behaviour/conftest.py``).
"""

from __future__ import annotations

from unitwork import Column, ForeignKey, Integer, String, Table
from unitwork.orm import DeclarativeBase, Mapped, mapped_column, relationship


class LibraryBase(DeclarativeBase):
    """Base of the library set."""


book_tag = Table(
    "book_tag",
    LibraryBase.metadata,
    Column("book_id", Integer, ForeignKey("book.id"), primary_key=True),
    Column("tag_id", Integer, ForeignKey("tag.id"), primary_key=True),
)


class Author(LibraryBase):
    """Parent of a one-to-many with default cascades."""

    __tablename__ = "author"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str | None] = mapped_column(String(40))
    born: Mapped[int | None]
    books: Mapped[list[Book]] = relationship(back_populates="author", order_by="Book.id")


class Book(LibraryBase):
    """Child of Author, one end of a many-to-many."""

    __tablename__ = "book"

    id: Mapped[int] = mapped_column(primary_key=True)
    author_id: Mapped[int | None] = mapped_column(ForeignKey("author.id"))
    title: Mapped[str | None] = mapped_column(String(40))
    author: Mapped[Author | None] = relationship(back_populates="books")
    tags: Mapped[list[Tag]] = relationship(secondary=book_tag, back_populates="books", order_by="Tag.id")


class Tag(LibraryBase):
    """Other end of the many-to-many; its name is unique."""

    __tablename__ = "tag"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40), unique=True)
    books: Mapped[list[Book]] = relationship(secondary=book_tag, back_populates="tags", order_by="Book.id")


class Node(LibraryBase):
    """A tree in one table."""

    __tablename__ = "node"

    id: Mapped[int] = mapped_column(primary_key=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("node.id"))
    name: Mapped[str | None] = mapped_column(String(40))
    children: Mapped[list[Node]] = relationship(back_populates="parent", order_by="Node.id")
    parent: Mapped[Node | None] = relationship(back_populates="children", remote_side=[id])


class AccountBase(DeclarativeBase):
    """Base of the accounts set."""


class User(AccountBase):
    """Owner of addresses and of one profile, which do not live without it; its name is unique."""

    __tablename__ = "user_account"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40), unique=True)
    addresses: Mapped[list[Address]] = relationship(
        back_populates="user", cascade="all, delete-orphan", order_by="Address.id"
    )
    profile: Mapped[Profile | None] = relationship(back_populates="user", cascade="all, delete-orphan")


class Address(AccountBase):
    """Belongs to a User; its key is not nullable."""

    __tablename__ = "address"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    email: Mapped[str] = mapped_column(String(40))
    user: Mapped[User] = relationship(back_populates="addresses")


class Profile(AccountBase):
    """The one profile of a User."""

    __tablename__ = "profile"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    motto: Mapped[str | None] = mapped_column(String(40))
    user: Mapped[User] = relationship(back_populates="profile")


class ShopBase(DeclarativeBase):
    """Base of the shop set."""


class Customer(ShopBase):
    """Referenced by orders, knows nothing of them."""

    __tablename__ = "customer"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str | None] = mapped_column(String(40))


class Order(ShopBase):
    """Owner of items by delete cascade without delete-orphan."""

    __tablename__ = "shop_order"

    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id"))
    number: Mapped[str | None] = mapped_column(String(40))
    customer: Mapped[Customer | None] = relationship()
    items: Mapped[list[Item]] = relationship(cascade="all", order_by="Item.id")


class Item(ShopBase):
    """Part of an order, sole owner of its label."""

    __tablename__ = "item"

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int | None] = mapped_column(ForeignKey("shop_order.id"))
    label_id: Mapped[int | None] = mapped_column(ForeignKey("label.id"))
    name: Mapped[str | None] = mapped_column(String(40))
    label: Mapped[Label | None] = relationship(cascade="all, delete-orphan", single_parent=True)


class Label(ShopBase):
    """Owned by one item, on the "one" side of a many-to-one."""

    __tablename__ = "label"

    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str | None] = mapped_column(String(40))


friendship = Table(
    "friendship",
    ShopBase.metadata,
    Column("person_id", Integer, ForeignKey("person.id"), primary_key=True),
    Column("friend_id", Integer, ForeignKey("person.id"), primary_key=True),
)


class Person(ShopBase):
    """A graph in one table: both directions of a many-to-many of a class with itself."""

    __tablename__ = "person"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str | None] = mapped_column(String(40))
    friends: Mapped[list[Person]] = relationship(
        secondary=friendship,
        primaryjoin=lambda: Person.id == friendship.c.person_id,
        secondaryjoin=lambda: Person.id == friendship.c.friend_id,
        back_populates="friend_of",
    )
    friend_of: Mapped[list[Person]] = relationship(
        secondary=friendship,
        primaryjoin=lambda: Person.id == friendship.c.friend_id,
        secondaryjoin=lambda: Person.id == friendship.c.person_id,
        back_populates="friends",
    )
