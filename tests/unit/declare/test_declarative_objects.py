"""The same declarations with annotations that are objects: a module without postponed annotations."""
# The older spellings are tested here.
# ruff: noqa: UP006, UP035, UP045

from typing import Any, List, Optional

from unitwork.declare.base import DeclarativeBase
from unitwork.declare.constructors import mapped_column, relationship
from unitwork.mapping.registry import class_mapper
from unitwork.mapping.typed import Mapped
from unitwork.sql.foreign_keys import ForeignKey


def test_annotations_may_be_objects_with_text_inside() -> None:
    """LB-02."""

    class Base(DeclarativeBase):
        pass

    class Author(Base):
        __tablename__ = "author"
        id: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[Optional[str]]
        nick: Mapped[str | None]
        books: Mapped[List["Book"]] = relationship(back_populates="author")
        drafts: Mapped[list["Book"]] = relationship(viewonly=True)

    class Book(Base):
        __tablename__ = "book"
        id: Mapped[int] = mapped_column(primary_key=True)
        author_id: Mapped["int | None"] = mapped_column(ForeignKey("author.id"))
        author: Mapped["Author | None"] = relationship(back_populates="books")

    mapper: Any = class_mapper(Author)
    assert mapper.local_table.c.name.nullable is True
    assert mapper.local_table.c.nick.nullable is True
    assert mapper.relationships["books"].mapper is class_mapper(Book)
    assert mapper.relationships["drafts"].uselist is True
    assert class_mapper(Book).relationships["author"].uselist is False
    assert class_mapper(Book).local_table.c.author_id.nullable is True
    Base.registry.dispose()
