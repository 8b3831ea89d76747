"""Results: rows of one execution, and views of them as scalars, mappings or some of the columns.

Spec: SB-43 to SB-50.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from unitwork import exc
from unitwork.base.generics import Row_co, T_co
from unitwork.engine.row import Row, RowMapping, row_class
from unitwork.engine.view import FilterResult, View

if TYPE_CHECKING:
    from typing_extensions import Self

    from unitwork.base.generics import Cells, Unpack

T = TypeVar("T")


class ScalarResult(FilterResult[T_co]):
    """One value of each row."""

    @classmethod
    def from_values(cls, values: Iterable[Any], needs_unique: bool = False) -> ScalarResult[Any]:
        """Return a result of values that are there already."""
        view = cls.__new__(cls)
        View.__init__(view, values, None, needs_unique)
        return view


class MappingResult(FilterResult[RowMapping]):
    """Each row as a mapping."""

    def __init__(self, origin: Result[Any], kind: type[Row]) -> None:
        super().__init__(origin, lambda row: RowMapping(kind(row)))
        self._keys = origin.keys()
        self._kind = kind

    def keys(self) -> tuple[str, ...]:
        """Return the names."""
        return self._keys

    def columns(self, *keys: int | str) -> MappingResult:
        """Return what is left with some of its columns, in the order given."""
        return Result._of_some(self, self._keys, keys).mappings()


class TypedRows(View[Any], Generic[Row_co]):
    """What type checkers see of reading rows: a Result of ``tuple[int, str]`` gives Rows that unpack to both."""

    if TYPE_CHECKING:

        def all(self: TypedRows[tuple[Unpack[Cells]]]) -> list[Row[Unpack[Cells]]]: ...
        def fetchall(self: TypedRows[tuple[Unpack[Cells]]]) -> list[Row[Unpack[Cells]]]: ...
        def fetchone(self: TypedRows[tuple[Unpack[Cells]]]) -> Row[Unpack[Cells]] | None: ...
        def fetchmany(self: TypedRows[tuple[Unpack[Cells]]], size: int | None = None) -> list[Row[Unpack[Cells]]]: ...
        def partitions(
            self: TypedRows[tuple[Unpack[Cells]]], size: int | None = None
        ) -> Iterator[list[Row[Unpack[Cells]]]]: ...
        def __iter__(self: TypedRows[tuple[Unpack[Cells]]]) -> Iterator[Row[Unpack[Cells]]]: ...
        def __next__(self: TypedRows[tuple[Unpack[Cells]]]) -> Row[Unpack[Cells]]: ...
        def first(self: TypedRows[tuple[Unpack[Cells]]]) -> Row[Unpack[Cells]] | None: ...
        def one(self: TypedRows[tuple[Unpack[Cells]]]) -> Row[Unpack[Cells]]: ...
        def one_or_none(self: TypedRows[tuple[Unpack[Cells]]]) -> Row[Unpack[Cells]] | None: ...

        @overload
        def scalar(self: TypedRows[tuple[T]]) -> T | None: ...
        @overload
        def scalar(self) -> Any: ...
        def scalar(self) -> Any: ...
        @overload
        def scalar_one(self: TypedRows[tuple[T]]) -> T: ...
        @overload
        def scalar_one(self) -> Any: ...
        def scalar_one(self) -> Any: ...
        @overload
        def scalar_one_or_none(self: TypedRows[tuple[T]]) -> T | None: ...
        @overload
        def scalar_one_or_none(self) -> Any: ...
        def scalar_one_or_none(self) -> Any: ...
        @overload
        def scalars(self: TypedRows[tuple[T, Unpack[tuple[Any, ...]]]]) -> ScalarResult[T]: ...
        @overload
        def scalars(self: TypedRows[tuple[T]], index: int) -> ScalarResult[T]: ...
        @overload
        def scalars(self, index: int | str = 0) -> ScalarResult[Any]: ...
        def scalars(self, index: int | str = 0) -> ScalarResult[Any]: ...

    else:

        def scalars(self, index: int | str = 0) -> ScalarResult[Any]:
            """Return the values at one place, or under one name, of what is left."""
            if not self.returns_rows:
                self._check()
            place = self._place(index)
            view = ScalarResult(self, itemgetter(place))
            if self.kinds is not None:
                view.identity = self.kinds[place]
            return view

        def scalar(self) -> Any:
            """Return the first value of the first row or None, and close."""
            row = self.first()
            return None if row is None else row[0]

        def scalar_one(self) -> Any:
            """Return the first value of the only row, and close; raises as `one` does."""
            return self.one()[0]

        def scalar_one_or_none(self) -> Any:
            """Return the first value of the only row, None without rows, and close; raises as `one_or_none` does."""
            row = self.one_or_none()
            return None if row is None else row[0]


class Result(TypedRows[Row_co]):
    """Rows of one execution, or the counts of a statement without rows.

    Args:
        source: tuples, all of the length of `keys`; None if the statement gave no rows.
        keys: names of the values.
        kind: class of the rows, by default one made of `keys`.
        rowcount: rows that were matched or fetched, -1 where unknown.

    Attributes:
        returns_rows: the statement gave rows, if perhaps none.
        kinds: for each value what `unique()` compares it by, None for the value itself; None if that is so for all.
    """

    returns_rows = True
    kinds: tuple[Callable[[Any], Any] | None, ...] | None = None

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

    def unique(self, strategy: Callable[[Any], Any] | None = None) -> Self:
        kinds = self.kinds
        if kinds is not None and any(kinds):
            self.identity = lambda row: tuple(
                [value if kind is None else kind(value) for value, kind in zip(row, kinds)]
            )
        return super().unique(strategy)

    def mappings(self) -> MappingResult:
        """Return what is left as mappings."""
        return MappingResult(self, self._kind)

    def columns(self, *keys: int | str) -> Result:
        """Return what is left with some of its columns, in the order given.

        Raises:
            NoSuchColumnError [no-such-column]: there is no such name, or several.
        """
        view = Result._of_some(self, self._keys, keys)
        view.rowcount = self.rowcount
        return view

    @staticmethod
    def _of_some(origin: View[Any], names: tuple[str, ...], keys: Sequence[int | str]) -> Result:
        places = [_place(names, key) for key in keys]
        view: Result = Result((), [names[place] for place in places])
        rows = FilterResult(origin, None)
        view._source = (tuple([row[place] for place in places]) for row in rows._shared())
        view._origin, view._size, view.feed = origin, rows._size, rows.feed
        view._needs_unique = rows._needs_unique
        if rows._made_unique:
            view.unique(rows._strategy)
        return view

    def tuples(self) -> TupleResult[Row_co]:
        """Return the rows as plain tuples, of the same types."""
        return TupleResult(self, None)

    @property
    def t(self) -> TupleResult[Row_co]:
        """The same as :meth:`tuples`."""
        return self.tuples()

    def freeze(self) -> FrozenResult[Row_co]:
        """Return what is left as something that gives a new Result of it as often as it is called."""
        return FrozenResult(self)

    def merge(self, *others: Result[Any]) -> MergedResult[Row_co]:
        """Return the rows of this and other results of the same columns, one after the other."""
        return MergedResult([self, *others])

    def _place(self, key: int | str) -> int:
        return _place(self._keys, key)


class TupleResult(FilterResult[Row_co]):
    """Each row as a tuple without names."""

    if TYPE_CHECKING:

        @overload
        def scalar(self: TupleResult[tuple[T]]) -> T | None: ...
        @overload
        def scalar(self) -> Any: ...

    def scalar(self) -> Any:
        """Return the first value of the first row or None, and close."""
        row = self.first()
        return None if row is None else row[0]


class FrozenResult(Generic[Row_co]):
    """Rows that were read, to be given again and again: each call returns a new Result.

    Attributes:
        data: the rows.
    """

    def __init__(self, result: Result[Row_co]) -> None:
        self._keys, self._kind = result.keys(), result._kind
        self._kinds = result.kinds
        self.data: list[tuple[Any, ...]] = [tuple(row) for row in result.all()]

    def with_rows(self, rows: Sequence[tuple[Any, ...]]) -> FrozenResult[Row_co]:
        """Return the same with other rows."""
        new: FrozenResult[Row_co] = FrozenResult.__new__(FrozenResult)
        new.__dict__.update(self.__dict__, data=list(rows))
        return new

    def __call__(self) -> Result[Row_co]:
        result: Result[Row_co] = Result(list(self.data), self._keys, self._kind, rowcount=len(self.data))
        result.kinds = self._kinds
        return result


class MergedResult(Result[Row_co]):
    """Rows of several results of the same columns."""

    def __init__(self, results: Sequence[Result[Any]]) -> None:
        first = results[0]
        for other in results:
            other._check()
            if len(other.keys()) != len(first.keys()):
                raise exc.ArgumentError(
                    f"results of {len(first.keys())} and of {len(other.keys())} columns cannot be merged.",
                    do="merge results of the same columns.",
                    code="results-differ",
                )
        counts = [other.rowcount for other in results]
        source = chain.from_iterable(other._shared() for other in results)
        super().__init__(source, first.keys(), first._kind, rowcount=-1 if min(counts) < 0 else sum(counts))
        self._merged = tuple(results)
        self.kinds = first.kinds

    def _close(self, why: str) -> None:
        super()._close(why)
        for other in self._merged:
            other._close(why)


class CursorResult(Result[Row_co]):
    """The Result of a statement that went to the database as it is.

    Attributes:
        rowcount: rows that an UPDATE or DELETE matched, or that were inserted or fetched; -1 where unknown.
        is_insert: the statement was an INSERT.
        inserted_primary_key: key of the row that a single INSERT made, as a row by column name; else None.
        inserted_primary_key_rows: the same, in a list; empty where they are not known.
        lastrowid: the driver's word for the generated key, or None.
    """

    is_insert = False
    inserted_primary_key: Row | None = None
    lastrowid: Any = None

    @property
    def inserted_primary_key_rows(self) -> list[Row]:
        """The key of the row that a single INSERT made, in a list."""
        return [] if self.inserted_primary_key is None else [self.inserted_primary_key]

    def supports_sane_rowcount(self) -> bool:
        """Return whether `rowcount` counts matched rows: on all databases here."""
        return True

    def supports_sane_multi_rowcount(self) -> bool:
        """Return whether `rowcount` is right for a list of parameters: on all databases here."""
        return True


def _place(names: tuple[str, ...], key: int | str) -> int:
    if isinstance(key, int):
        return key
    if names.count(key) != 1:
        raise exc.NoSuchColumnError(
            f"the result has no column {key!r}, or several.",
            do=f"it has: {', '.join(names)}.",
            code="no-such-column",
        )
    return names.index(key)
