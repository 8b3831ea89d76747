"""What can be read of one execution: rows, or what a view makes of them, once and in order.

A view holds plain tuples, made into what it gives when asked for: Row, one value, or a mapping. Whoever reads to the
end leaves an empty result; `close`, `first` and `one` leave a closed one. Views of one execution share its position.

Spec: SB-43 to SB-50.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, Protocol

from unitwork import exc
from unitwork.base.generics import T_co

if TYPE_CHECKING:
    from typing_extensions import Self

_NONE: Any = object()


class Feed(Protocol):
    """Where the rows of a streaming result come from."""

    size: int

    def close(self) -> None:
        """Release it; nothing more is read."""


class View(Generic[T_co]):
    """Values of some kind made of the rows of one execution; base of the results.

    Args:
        source: what is left to be read.
        make: makes a value of an item of `source`; None if it is one.
        needs_unique: the statement joined a collection: reading demands `unique()` first (SB-49).

    Attributes:
        feed: what `source` streams from, or None; it is closed with the result.
        identity: what `unique()` compares by without a strategy of its own; None for the value.
    """

    # Most results are read once by all(): what few of them need is a default of the class.
    feed: Feed | None = None
    identity: Callable[[Any], Any] | None = None
    _needs_unique = False
    _closed: str | None = None
    _made_unique = False
    _strategy: Callable[[Any], Any] | None = None
    _size: int | None = None
    _origin: View[Any] | None = None

    def __init__(self, source: Iterable[Any], make: Callable[[Any], T_co] | None, needs_unique: bool = False) -> None:
        # HOT: every query; bench: W17, W19.
        self._source = source
        self._make = make
        if needs_unique:
            self._needs_unique = True

    # Reading

    def all(self) -> list[T_co]:
        """Return all that is left."""
        # HOT: every query; bench: W17, W18, W19.
        return self._made(self._rest())

    def fetchall(self) -> list[T_co]:
        """Return all that is left; the same as `all`."""
        return self._made(self._rest())

    def fetchone(self) -> T_co | None:
        """Return the next, or None at the end."""
        return next(iter(self), None)

    def fetchmany(self, size: int | None = None) -> list[T_co]:
        """Return the next `size` (those of one partition by default), fewer at the end."""
        return list(islice(iter(self), size or self._size or 1))

    def partitions(self, size: int | None = None) -> Iterator[list[T_co]]:
        """Yield lists of `size`, the last may be shorter."""
        while True:
            part = self.fetchmany(size or self._size or 1000)
            if not part:
                return
            yield part

    def __iter__(self) -> Iterator[T_co]:
        self._check()
        return self._iterate(self._shared())

    def __next__(self) -> T_co:
        return next(iter(self))

    def first(self) -> T_co | None:
        """Return the first or None, and close."""
        found = next(iter(self), None)
        self._close("first() was called")
        return found

    def one(self) -> T_co:
        """Return the only one, and close.

        Raises:
            NoResultFound [no-result]: there is none.
            MultipleResultsFound [multiple-results]: there are several.
        """
        found = self._at_most_one("one()")
        if found is _NONE:
            raise exc.NoResultFound(
                "a row was required, none was found.",
                do="use one_or_none() or first() if there may be none.",
                code="no-result",
            )
        return found  # type: ignore[no-any-return]

    def one_or_none(self) -> T_co | None:
        """Return the only one, or None if there is none, and close.

        Raises:
            MultipleResultsFound [multiple-results]: there are several.
        """
        found = self._at_most_one("one_or_none()")
        return None if found is _NONE else found

    def _at_most_one(self, what: str) -> Any:
        found = list(islice(iter(self), 2))
        self._close(f"{what} was called")
        if len(found) > 1:
            raise exc.MultipleResultsFound(
                "one row was required, several were found.",
                do="narrow the criteria, or use first(), which takes any of them.",
                code="multiple-results",
            )
        return found[0] if found else _NONE

    # Settings

    def unique(self, strategy: Callable[[Any], Any] | None = None) -> Self:
        """Give each value once; `strategy` returns what to compare by, a hashable.

        Without one, mapped objects are compared by identity, other values by equality.
        """
        self._made_unique = True
        self._seen: dict[Any, Any] = {}
        self._strategy = strategy
        return self

    def yield_per(self, num: int) -> Self:
        """Set the size of partitions, and of what a streaming result reads at a time."""
        self._size = num
        if self.feed is not None:
            self.feed.size = num
        return self

    # The end

    @property
    def closed(self) -> bool:
        """Whether nothing more can be read."""
        return self._closed is not None or (self._origin is not None and self._origin.closed)

    def close(self) -> None:
        """Drop what is left; a streaming result releases its cursor."""
        self._close("close() was called")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, err: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _close(self, why: str) -> None:
        self._source = ()
        if self._closed is None:
            self._closed = why
        if self._origin is not None:
            self._origin._close(why)
        if self.feed is not None:
            self.feed.close()

    # Within

    def _check_open(self) -> None:
        why = self._closed
        if why is None and self._origin is not None:
            why = self._origin._closed
        if why is not None:
            raise exc.ResourceClosedError(
                f"this result gives no rows: {why}.",
                do="keep what was read in a list, or execute the statement again.",
                code="result-closed",
            )

    def _check(self) -> None:
        self._check_open()
        if self._needs_unique and not self._made_unique:
            raise exc.InvalidRequestError(
                "the statement loads a collection by a join, so that objects repeat in its rows.",
                do="call unique() on the result, or load the collection with selectinload().",
                code="unique-required",
            )

    def _rest(self) -> list[Any]:
        if self._closed is not None or self._needs_unique or self._origin is not None:
            self._check()
        source, self._source = self._source, ()
        return source if isinstance(source, list) else list(source)

    def _shared(self) -> Iterator[Any]:
        """Return one iterator of what is left, for all views of this execution."""
        source = self._source
        if not isinstance(source, Iterator):
            source = self._source = iter(source)
        return source

    def _made(self, items: list[Any]) -> list[T_co]:
        make = self._make
        values = items if make is None else list(map(make, items))
        if self._made_unique:
            values = [value for value in values if self._is_new(value)]
        return values

    def _iterate(self, items: Iterator[Any]) -> Iterator[T_co]:
        make, made_unique = self._make, self._made_unique
        for item in items:
            value = item if make is None else make(item)
            if not made_unique or self._is_new(value):
                yield value

    def _is_new(self, value: Any) -> bool:
        strategy = self._strategy or self.identity
        key = value if strategy is None else strategy(value)
        try:
            if key in self._seen:
                return False
            # The value is kept beside its key: an identity may not be taken by another object meanwhile.
            self._seen[key] = value
        except TypeError as err:
            raise exc.InvalidRequestError(
                f"unique() cannot compare {type(value).__qualname__} values: {err}.",
                do="give it a function that returns something hashable: unique(lambda value: …).",
                code="unique-not-hashable",
            ) from err
        return True


class FilterResult(View[T_co]):
    """A view of another result: it reads from the same rows, and both close together."""

    def __init__(self, origin: View[Any], make: Callable[[Any], T_co] | None) -> None:
        origin._check_open()
        super().__init__(origin._shared(), make, origin._needs_unique)
        self._origin = origin
        self._size = origin._size
        self.feed = origin.feed
        if origin._made_unique:
            self.unique(origin._strategy)
