"""mapped_column(), relationship() and the other drafts."""

from __future__ import annotations

from typing import Any

import pytest

from unitwork import exc
from unitwork.declare.constructors import backref, column_property, deferred, mapped_column, relationship
from unitwork.mapping.derived import settled
from unitwork.sql.foreign_keys import ForeignKey
from unitwork.sql.schema import Column
from unitwork.sql.types import Integer, String


def test_positional_arguments_are_name_type_and_constraints() -> None:
    """In this order. LB-01."""
    type_, key = String(50), ForeignKey("a.id")

    draft = mapped_column("email", type_, key)

    assert (draft.name, draft.type_, draft.arguments) == ("email", type_, (key,))


@pytest.mark.parametrize("arguments", [(String(50), "email"), ("a", "b"), (Integer, int)])
def test_positional_arguments_in_another_order_are_refused(arguments: tuple[Any, ...]) -> None:
    """A name after the type, or a Python type."""
    with pytest.raises(exc.ArgumentError) as caught:
        mapped_column(*arguments)

    assert caught.value.code == "mapped-column-argument"


def test_name_and_type_may_be_left_out() -> None:
    """They come from the attribute and its annotation. LB-01."""
    key = ForeignKey("a.id")

    draft = mapped_column(key, index=True)

    assert (draft.name, draft.type_, draft.arguments) == (None, None, (key,))
    assert draft.options == {"index": True}


@pytest.mark.parametrize("said", [{"name": "b"}, {"type_": Integer}])
def test_nothing_is_said_twice(said: dict[str, Any]) -> None:
    """Positional and by keyword."""
    with pytest.raises(exc.ArgumentError, match="twice"):
        mapped_column("a", String, **said)


def test_insert_default_goes_before_default() -> None:
    """Both are the default of INSERT."""
    assert mapped_column(default=1).options["default"] == 1
    assert mapped_column(default=1, insert_default=2).options["default"] == 2
    assert "default" not in mapped_column().options
    assert mapped_column(default=None).options["default"] is None


def test_expressions_in_a_class_body_wait() -> None:
    """The column has no name yet: an element stands for it, which has no text until the class is mapped."""
    draft = mapped_column()

    late = draft.desc().__clause_element__()

    with pytest.raises(exc.InvalidRequestError) as caught:
        str(late)
    assert caught.value.code == "column-not-mapped-yet"

    draft.column = Column("a", Integer)

    assert str(settled(late)) == "a DESC"


def test_deferring_is_part_of_the_draft() -> None:
    """A group alone means deferred. LB-06."""
    assert mapped_column(deferred=True).loading.deferred is True
    assert mapped_column(deferred_group="g").loading.deferred is True
    assert deferred(Column("a", Integer), group="g").loading.group == "g"
    assert column_property(Column("a", Integer), active_history=True).loading.active_history is True


def test_column_properties_are_one_expression_or_columns() -> None:
    """Anything else is refused. LB-06."""
    for wrong in ((), (Column("a", Integer) + 1, Column("b", Integer))):
        with pytest.raises(exc.ArgumentError) as caught:
            column_property(*wrong)

        assert caught.value.code == "column-property"


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"cascade": "fly"}, "cascade-unknown"),
        ({"cascade_backrefs": True}, "cascade-backrefs"),
        ({"backref": "a", "back_populates": "b"}, "backref-and-back-populates"),
        ({"lazy": "never"}, "lazy-unknown"),
        ({"lazy": "dynamic"}, "lazy-unknown"),
        ({"viewonly": True, "sync_backref": True}, "viewonly-sync-backref"),
    ],
)
def test_bad_options_are_refused_at_once(said: dict[str, Any], code: str) -> None:
    """When the relationship is constructed. CA-03, CA-08, CA-09."""
    with pytest.raises(exc.ArgumentError) as caught:
        relationship("Book", **said)

    assert caught.value.code == code


@pytest.mark.parametrize(
    ("said", "meant"),
    [(True, "select"), (False, "joined"), (None, "noload"), ("selectin", "selectin"), ("raise_on_sql", "raise_on_sql")],
)
def test_lazy_has_words_and_aliases(said: Any, meant: str) -> None:
    """LB-12."""
    assert relationship("Book", lazy=said).options.lazy == meant


def test_cascade_may_be_left_out_or_emptied() -> None:
    """Absence means the default, None and "" mean none. CA-01, CA-02, CA-07."""
    assert relationship("Book").options.cascade == {"save-update", "merge"}
    assert relationship("Book", cascade=None).options.cascade == frozenset()
    assert relationship("Book", cascade="").options.cascade == frozenset()
    assert relationship("Book", viewonly=True).options.cascade == {"merge"}


def test_delete_orphan_without_delete_warns_at_the_call() -> None:
    """The warning points to this file. CA-04."""
    with pytest.warns(exc.UnitworkWarning) as caught:
        relationship("Book", cascade="delete-orphan")

    assert caught[0].filename == __file__


def test_backrefs_carry_options() -> None:
    """CA-09."""
    made = relationship(
        "Book", secondary="t", backref=backref("authors", cascade="all", lazy="selectin")
    ).options.backref

    assert made is not None
    name, options = made
    assert name == "authors"
    assert options.cascade.delete is True
    assert (options.lazy, options.secondary) == ("selectin", "t")


def test_overlaps_are_names() -> None:
    """LB-14."""
    assert relationship("Book", overlaps="a, b").options.overlaps == {"a", "b"}
