"""Results: rows of one execution, and views of them as scalars or mappings.

A result holds plain tuples, made into what the view gives when asked for: Row, one value, or a mapping. Rows are read
once; whoever reads to the end leaves an empty result, `close`, `first` and `one` leave a closed one.

Spec: SB-43 to SB-50.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from operator import itemgetter
from types import TracebackType
from typing import Any, Generic, TypeVar

from unitwork import exc
from unitwork.engine.row import Row, RowMapping, row_class

T = TypeVar("T")
S = TypeVar("S", bound="View[Any]")
_NONE: Any = object()


class View(Generic[T]):
    """Values of some kind made of the rows of one execution; base of the results.

    Args:
        source: what is left to be read.
        make: makes a value of an item of `source`; None if it is one.
        needs_unique: the statement joined a collection: reading demands `unique()` first (SB-49).
    """

    # Most results are read once by all(): what few of them need is a default of the class.
    _needs_unique = False
    _closed: str | None = None
    _made_unique = False
    _strategy: Callable[[Any], Any] | None = None
    _size: int | None = None

    def __init__(self, source: Iterable[Any], make: Callable[[Any], T] | None, needs_unique: bool = False) -> None:
        # HOT: every query; bench: W17, W19.
        self._source = source
        self._make = make
        if needs_unique:
            self._needs_unique = True

    # Reading

    def all(self) -> list[T]:
        """Return all that is left."""
        # HOT: every query; bench: W17, W18, W19.
        return self._made(self._rest())

    def fetchall(self) -> list[T]:
        """Return all that is left; the same as `all`."""
        return self._made(self._rest())

    def fetchone(self) -> T | None:
        """Return the next, or None at the end."""
        return next(iter(self), None)

    def fetchmany(self, size: int | None = None) -> list[T]:
        """Return the next `size` (those of one partition by default), fewer at the end."""
        return list(islice(iter(self), size or self._size or 1))

    def partitions(self, size: int | None = None) -> Iterator[list[T]]:
        """Yield lists of `size`, the last may be shorter."""
        while True:
            part = self.fetchmany(size or self._size or 1000)
            if not part:
                return
            yield part

    def __iter__(self) -> Iterator[T]:
        self._check()
        if not isinstance(self._source, Iterator):
            self._source = iter(self._source)
        return self._iterate(self._source)

    def __next__(self) -> T:
        return next(iter(self))

    def first(self) -> T | None:
        """Return the first or None, and close."""
        found = self.fetchone()
        self._close("first() was called")
        return found

    def one(self) -> T:
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

    def one_or_none(self) -> T | None:
        """Return the only one, or None if there is none, and close.

        Raises:
            MultipleResultsFound [multiple-results]: there are several.
        """
        found = self._at_most_one("one_or_none()")
        return None if found is _NONE else found

    def _at_most_one(self, what: str) -> Any:
        found = self.fetchmany(2)
        self._close(f"{what} was called")
        if len(found) > 1:
            raise exc.MultipleResultsFound(
                "one row was required, several were found.",
                do="narrow the criteria, or use first(), which takes any of them.",
                code="multiple-results",
            )
        return found[0] if found else _NONE

    # Settings

    def unique(self: S, strategy: Callable[[Any], Any] | None = None) -> S:
        """Give each value once; `strategy` returns what to compare by, a hashable."""
        self._made_unique = True
        self._seen: set[Any] = set()
        self._strategy = strategy
        return self

    def yield_per(self: S, num: int) -> S:
        """Set the size of partitions."""
        self._size = num
        return self

    # The end

    @property
    def closed(self) -> bool:
        """Whether nothing more can be read."""
        return self._closed is not None

    def close(self) -> None:
        """Drop what is left."""
        self._close("close() was called")

    def __enter__(self: S) -> S:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, err: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _close(self, why: str) -> None:
        self._source = ()
        if self._closed is None:
            self._closed = why

    # Within

    def _check(self) -> None:
        if self._closed is not None:
            raise exc.ResourceClosedError(
                f"this result gives no rows: {self._closed}.",
                do="keep what was read in a list, or execute the statement again.",
                code="result-closed",
            )
        if self._needs_unique and not self._made_unique:
            raise exc.InvalidRequestError(
                "the statement loads a collection by a join, so that objects repeat in its rows.",
                do="call unique() on the result, or load the collection with selectinload().",
                code="unique-required",
            )

    def _rest(self) -> list[Any]:
        if self._closed is not None or self._needs_unique:
            self._check()
        source, self._source = self._source, ()
        return source if isinstance(source, list) else list(source)

    def _made(self, items: list[Any]) -> list[T]:
        make = self._make
        values = items if make is None else list(map(make, items))
        if self._made_unique:
            values = [value for value in values if self._is_new(value)]
        return values

    def _iterate(self, items: Iterator[Any]) -> Iterator[T]:
        make, made_unique = self._make, self._made_unique
        for item in items:
            value = item if make is None else make(item)
            if not made_unique or self._is_new(value):
                yield value

    def _is_new(self, value: Any) -> bool:
        key = value if self._strategy is None else self._strategy(value)
        if key in self._seen:
            return False
        self._seen.add(key)
        return True

    def _handed_over(self) -> tuple[Iterable[Any], bool]:
        """Give what is left to another view."""
        if self._closed is not None:
            self._check()
        source, self._source = self._source, ()
        return source, self._needs_unique

    def _inherit(self, other: View[Any]) -> None:
        if other._made_unique:
            self.unique(other._strategy)
        self._size = other._size


class ScalarResult(View[T]):
    """One value of each row."""

    @classmethod
    def from_values(cls, values: list[T], needs_unique: bool = False) -> ScalarResult[T]:
        """Return a result of values that are there already."""
        return cls(values, None, needs_unique)


class MappingResult(View[RowMapping]):
    """Each row as a mapping."""

    def __init__(self, source: Iterable[Any], names: tuple[str, ...], kind: type[Row], needs_unique: bool) -> None:
        super().__init__(source, lambda row: RowMapping(kind(row)), needs_unique)
        self._names = names

    def keys(self) -> tuple[str, ...]:
        """Return the names."""
        return self._names


class Result(View[Row]):
    """Rows of one execution, or the counts of a statement without rows.

    Args:
        source: tuples, all of the length of `keys`; None if the statement gave no rows.
        keys: names of the values.
        kind: class of the rows, by default one made of `keys`.
        rowcount: rows that were matched or fetched, -1 where unknown.

    Attributes:
        returns_rows: the statement gave rows, if perhaps none.
        inserted_primary_key: key of the row that a single INSERT made, as a row by column name; else None.
        lastrowid: the driver's word for the generated key, or None.
    """

    returns_rows = True
    inserted_primary_key: Row | None = None
    lastrowid: Any = None

    def __init__(
        self,
        source: Iterable[tuple[Any, ...]] | None,
        keys: Sequence[str],
        kind: type[Row] | None = None,
        *,
        rowcount: int = -1,
        needs_unique: bool = False,
    ) -> None:
        # HOT: every query; bench: W17, W19.
        self._keys = keys if keys.__class__ is tuple else tuple(keys)
        self._kind = kind if kind is not None else row_class(self._keys)
        self._make = self._kind
        self.rowcount = rowcount
        if needs_unique:
            self._needs_unique = True
        if source is not None:
            self._source = source
        else:
            self.returns_rows = False
            self._close("the statement returned none")

    def keys(self) -> tuple[str, ...]:
        """Return the names of the values of a row."""
        return self._keys

    def scalars(self, index: int | str = 0) -> ScalarResult[Any]:
        """Return the values at one place, or under one name, of what is left."""
        if not self.returns_rows:
            self._check()
        source, needs_unique = self._handed_over()
        view: ScalarResult[Any] = ScalarResult(source, itemgetter(self._place(index)), needs_unique)
        view._inherit(self)
        return view

    def mappings(self) -> MappingResult:
        """Return what is left as mappings."""
        source, needs_unique = self._handed_over()
        view = MappingResult(source, self._keys, self._kind, needs_unique)
        view._inherit(self)
        return view

    def columns(self, *keys: int | str) -> Result:
        """Return what is left with some of its columns, in the order given."""
        source, needs_unique = self._handed_over()
        places = [self._place(key) for key in keys]
        chosen = (tuple([row[place] for place in places]) for row in source)
        view = Result(
            chosen, [self._keys[place] for place in places], rowcount=self.rowcount, needs_unique=needs_unique
        )
        view._inherit(self)
        return view

    def tuples(self) -> Result:
        """Return itself: rows are tuples."""
        return self

    def scalar(self) -> Any:
        """Return the first value of the first row or None, and close."""
        row = self.first()
        return None if row is None else row[0]

    def scalar_one(self) -> Any:
        """Return the first value of the only row, and close; raises as `one` does."""
        return self.one()[0]

    def scalar_one_or_none(self) -> Any:
        """Return the first value of the only row, None if there is none, and close; raises as `one_or_none` does."""
        row = self.one_or_none()
        return None if row is None else row[0]

    def _place(self, key: int | str) -> int:
        if isinstance(key, int):
            return key
        if self._keys.count(key) != 1:
            raise exc.NoSuchColumnError(
                f"the result has no column {key!r}, or several.",
                do=f"it has: {', '.join(self._keys)}.",
                code="no-such-column",
            )
        return self._keys.index(key)
