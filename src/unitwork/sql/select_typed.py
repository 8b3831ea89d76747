"""``select()`` as type checkers see it: the types of up to ten columns make the type of the rows.

At run time this is ``select.select`` itself.

Spec: SB-43, LB-23.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, overload

from unitwork.sql.select import Select
from unitwork.sql.typed import SQLCoreOperations

if TYPE_CHECKING:
    T0 = TypeVar("T0")
    T1 = TypeVar("T1")
    T2 = TypeVar("T2")
    T3 = TypeVar("T3")
    T4 = TypeVar("T4")
    T5 = TypeVar("T5")
    T6 = TypeVar("T6")
    T7 = TypeVar("T7")
    T8 = TypeVar("T8")
    T9 = TypeVar("T9")

    T = TypeVar("T")
    Item = type[T] | SQLCoreOperations[T]

    @overload
    def select(c0: Item[T0], /) -> Select[tuple[T0]]: ...
    @overload
    def select(c0: Item[T0], c1: Item[T1], /) -> Select[tuple[T0, T1]]: ...
    @overload
    def select(c0: Item[T0], c1: Item[T1], c2: Item[T2], /) -> Select[tuple[T0, T1, T2]]: ...
    @overload
    def select(c0: Item[T0], c1: Item[T1], c2: Item[T2], c3: Item[T3], /) -> Select[tuple[T0, T1, T2, T3]]: ...
    @overload
    def select(
        c0: Item[T0], c1: Item[T1], c2: Item[T2], c3: Item[T3], c4: Item[T4], /
    ) -> Select[tuple[T0, T1, T2, T3, T4]]: ...
    @overload
    def select(
        c0: Item[T0], c1: Item[T1], c2: Item[T2], c3: Item[T3], c4: Item[T4], c5: Item[T5], /
    ) -> Select[tuple[T0, T1, T2, T3, T4, T5]]: ...
    @overload
    def select(
        c0: Item[T0], c1: Item[T1], c2: Item[T2], c3: Item[T3], c4: Item[T4], c5: Item[T5], c6: Item[T6], /
    ) -> Select[tuple[T0, T1, T2, T3, T4, T5, T6]]: ...
    @overload
    def select(
        c0: Item[T0],
        c1: Item[T1],
        c2: Item[T2],
        c3: Item[T3],
        c4: Item[T4],
        c5: Item[T5],
        c6: Item[T6],
        c7: Item[T7],
        /,
    ) -> Select[tuple[T0, T1, T2, T3, T4, T5, T6, T7]]: ...
    @overload
    def select(
        c0: Item[T0],
        c1: Item[T1],
        c2: Item[T2],
        c3: Item[T3],
        c4: Item[T4],
        c5: Item[T5],
        c6: Item[T6],
        c7: Item[T7],
        c8: Item[T8],
        /,
    ) -> Select[tuple[T0, T1, T2, T3, T4, T5, T6, T7, T8]]: ...
    @overload
    def select(
        c0: Item[T0],
        c1: Item[T1],
        c2: Item[T2],
        c3: Item[T3],
        c4: Item[T4],
        c5: Item[T5],
        c6: Item[T6],
        c7: Item[T7],
        c8: Item[T8],
        c9: Item[T9],
        /,
    ) -> Select[tuple[T0, T1, T2, T3, T4, T5, T6, T7, T8, T9]]: ...
    @overload
    def select(*columns: Any) -> Select: ...
    def select(*columns: Any) -> Select:
        """Return a SELECT of columns, expressions, tables or mapped classes."""

else:
    from unitwork.sql.select import select

__all__ = ["select"]
