"""From annotations, as text and as objects, to hints."""

# The older spellings are tested here.
# ruff: noqa: UP006, UP007, UP035, UP045

from __future__ import annotations

import datetime
import typing
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Dict, ForwardRef, List, Literal, Optional, TypeVar, Union

import pytest

import unitwork.mapping.typed as orm
from unitwork import exc
from unitwork.declare.annotations import Hint, read_hint
from unitwork.mapping.typed import Mapped

if TYPE_CHECKING:
    from nowhere import Book  # type: ignore[import-not-found]

T = TypeVar("T")
name30 = Annotated[str, 30]


class Tags(list[T]):
    """A collection of the user's own."""


class Owner:
    """Holds the annotations."""

    date = 5

    class Inner:
        """Known in the class body alone."""


def read(annotation: Any) -> Hint:
    """The hint of an annotation of Owner."""
    hint = read_hint(annotation, Owner, "attr")
    assert hint is not None
    return hint


@pytest.mark.parametrize(
    ("annotation", "item", "nullable"),
    [
        ("Mapped[int]", int, False),
        ("Mapped['int']", int, False),
        ("orm.Mapped[int]", int, False),
        ("'Mapped[int]'", int, False),
        ("Mapped[Optional[str]]", str, True),
        ("Mapped[str | None]", str, True),
        ("Mapped['str | None']", str, True),
        ("Mapped[None | str]", str, True),
        ("Mapped[typing.Union[str, None]]", str, True),
        ("Mapped[datetime.date]", datetime.date, False),
        ("Mapped[Owner]", Owner, False),
        (Mapped[int], int, False),
        (Mapped["int"], int, False),
        (Mapped[Optional[str]], str, True),
        (Mapped[Union[str, None]], str, True),
        (Mapped["Optional[str]"], str, True),
        (orm.Mapped[datetime.date], datetime.date, False),
    ],
)
def test_all_spellings_of_a_type_mean_the_same(annotation: Any, item: object, nullable: bool) -> None:
    """Text, objects, and text inside objects. LB-02."""
    hint = read(annotation)

    assert (hint.item, hint.nullable, hint.is_collection) == (item, nullable, False)


@pytest.mark.parametrize(
    ("annotation", "collection"),
    [
        ("Mapped[list[Book]]", list),
        ("Mapped[list['Book']]", list),
        ("Mapped['list[Book]']", list),
        ("Mapped[List[Book]]", list),
        ("Mapped[typing.List['Book']]", list),
        ("Mapped[Sequence[Book]]", list),
        ("Mapped[set[Book]]", set),
        ("Mapped[dict[str, Book]]", dict),
        ("Mapped[Dict[str, 'Book']]", dict),
        ("Mapped[typing.Collection[Book]]", None),
        (Mapped[list["Book"]], list),
        (Mapped[list["Book"]], list),
        (Mapped[List["Book"]], list),
        (Mapped[Dict[str, "Book"]], dict),
        (Mapped["List[Book]"], list),
        (Mapped[Sequence["Book"]], list),
        (Mapped[dict[str, "Book"]], dict),
    ],
)
def test_collections_name_their_class_and_target(annotation: Any, collection: type | None) -> None:
    """The target need not be known at run time. LB-02."""
    hint = read(annotation)

    assert hint.is_collection
    assert hint.collection is collection
    assert hint.target == "Book"


@pytest.mark.parametrize(
    "annotation",
    [
        "Mapped[Book]",
        "Mapped[Optional[Book]]",
        "Mapped[Book | None]",
        "Mapped['Book | None']",
        Mapped["Book"],
        Mapped[Optional["Book"]],
        Mapped["Book | None"],
        Mapped["Optional[Book]"],
    ],
)
def test_targets_may_be_unknown_at_run_time(annotation: Any) -> None:
    """Imported under TYPE_CHECKING, or defined later. LB-02, LB-11."""
    hint = read(annotation)

    assert hint.target == "Book"
    assert hint.is_collection is False


def test_targets_of_unknown_modules_keep_their_path() -> None:
    """The registry finds the class by it."""
    hint = read("Mapped[list[shop.models.Book]]")

    assert hint.target == "shop.models.Book"


@pytest.mark.parametrize("annotation", ["Mapped[name30]", "Mapped[Annotated[str, 30]]", Mapped[name30]])
def test_annotated_keeps_what_it_adds(annotation: Any) -> None:
    """And the whole form, for the type map. LB-02."""
    hint = read(annotation)

    assert hint.item is str
    assert hint.extras == (30,)
    assert hint.argument == name30


def test_annotated_may_be_optional() -> None:
    """From outside and from inside."""
    assert read("Mapped[Optional[name30]]").nullable
    assert read("Mapped[Annotated[Optional[str], 'note']]").nullable
    assert read("Mapped[Annotated[Optional[str], 'note']]").extras == ("note",)


@pytest.mark.parametrize(
    ("annotation", "argument"),
    [
        ("Mapped[Union[int, str]]", Union[int, str]),
        ("Mapped[Callable[[int], str]]", Callable[[int], str]),
        ("Mapped[Tags[int]]", Tags),
        ("Mapped[Inner]", None),
        (Mapped[Union[int, str]], Union[int, str]),
    ],
)
def test_other_forms_are_kept(annotation: str, argument: Any) -> None:
    """Unions, callables, generic collections of the user's own, classes of the class body."""
    hint = read(annotation)

    if argument is Tags:
        assert (hint.collection, hint.item) == (Tags, int)
    else:
        assert hint.argument == (argument or Owner.Inner)


def test_literals_are_no_names() -> None:
    """Their strings stay strings."""
    assert read("Mapped[Literal['Book', 'b']]").item == Literal["Book", "b"]


def test_an_attribute_does_not_hide_the_type_of_its_name() -> None:
    """As in ``date: Mapped[date]``."""

    class Diary:
        date: Mapped[datetime.date]

    Diary.date = 5  # type: ignore[assignment]

    hint = read_hint("Mapped[datetime.date]", Diary, "date")

    assert hint is not None
    assert hint.item is datetime.date


@pytest.mark.parametrize("annotation", ["int", int, "list[int]", "Nowhere", "a b", "lambda: 1", Optional[int]])
def test_other_annotations_are_none_of_ours(annotation: Any) -> None:
    """Even those that cannot be read."""
    assert read_hint(annotation, Owner, "attr") is None


@pytest.mark.parametrize("annotation", ["Mapped", Mapped, "Mapped[int", "Mapped[int()]", "Mapped[int.nothing]"])
def test_mapped_forms_that_cannot_be_read_are_refused(annotation: Any) -> None:
    """With the class and the attribute."""
    with pytest.raises(exc.ArgumentError, match=r"Owner\.attr") as caught:
        read_hint(annotation, Owner, "attr")

    assert caught.value.code == "annotation-unreadable"


def test_unknown_names_are_forward_references() -> None:
    """What is not known at run time is kept by its text."""
    assert read("Mapped[Maybe[int]]").item == ForwardRef("Maybe[int]")
    assert typing.get_origin(read("Mapped[Dict[str, int]]").argument) is dict
