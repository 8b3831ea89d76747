"""The statement methods of a Session, and what type checkers know of their results.

Spec: SB-43 to SB-46, AP-25, AP-26.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, overload

from unitwork.base.generics import Row_co
from unitwork.engine.result import CursorResult, Result, ScalarResult
from unitwork.session import reading
from unitwork.sql.dml import Dml
from unitwork.sql.select import Select
from unitwork.sql.text import TextClause

if TYPE_CHECKING:
    from unitwork.base.generics import Unpack
    from unitwork.session.core import SessionCore

T = TypeVar("T")
_NOTHING: Mapping[str, Any] = {}


class StatementMethods:
    """Base of Session: running statements in its transaction."""

    _core: SessionCore

    if TYPE_CHECKING:

        @overload
        def execute(
            self,
            statement: Select[Row_co],
            params: Any = None,
            *,
            execution_options: Mapping[str, Any] = _NOTHING,
            bind_arguments: Mapping[str, Any] | None = None,
        ) -> Result[Row_co]: ...
        @overload
        def execute(
            self,
            statement: Dml | TextClause,
            params: Any = None,
            *,
            execution_options: Mapping[str, Any] = _NOTHING,
            bind_arguments: Mapping[str, Any] | None = None,
        ) -> CursorResult: ...
        @overload
        def execute(
            self,
            statement: Any,
            params: Any = None,
            *,
            execution_options: Mapping[str, Any] = _NOTHING,
            bind_arguments: Mapping[str, Any] | None = None,
        ) -> Result: ...

    def execute(
        self,
        statement: Any,
        params: Any = None,
        *,
        execution_options: Mapping[str, Any] = _NOTHING,
        bind_arguments: Mapping[str, Any] | None = None,
    ) -> Result:
        """Run a statement in the Session's transaction and return its Result (SB-43 to SB-46, PT-09, PT-10)."""
        return reading.execute(self._core, statement, params, execution_options, bind_arguments)

    if TYPE_CHECKING:

        @overload
        def scalars(
            self,
            statement: Select[tuple[T, Unpack[tuple[Any, ...]]]],
            params: Any = None,
            *,
            execution_options: Mapping[str, Any] = _NOTHING,
            bind_arguments: Mapping[str, Any] | None = None,
        ) -> ScalarResult[T]: ...
        @overload
        def scalars(
            self,
            statement: Any,
            params: Any = None,
            *,
            execution_options: Mapping[str, Any] = _NOTHING,
            bind_arguments: Mapping[str, Any] | None = None,
        ) -> ScalarResult[Any]: ...

    def scalars(
        self,
        statement: Any,
        params: Any = None,
        *,
        execution_options: Mapping[str, Any] = _NOTHING,
        bind_arguments: Mapping[str, Any] | None = None,
    ) -> ScalarResult[Any]:
        """Run a statement and return the first item of each row (SB-43)."""
        return reading.scalars(self._core, statement, params, execution_options, bind_arguments)

    if TYPE_CHECKING:

        @overload
        def scalar(
            self,
            statement: Select[tuple[T, Unpack[tuple[Any, ...]]]],
            params: Any = None,
            *,
            execution_options: Mapping[str, Any] = _NOTHING,
            bind_arguments: Mapping[str, Any] | None = None,
        ) -> T | None: ...
        @overload
        def scalar(
            self,
            statement: Any,
            params: Any = None,
            *,
            execution_options: Mapping[str, Any] = _NOTHING,
            bind_arguments: Mapping[str, Any] | None = None,
        ) -> Any: ...

    def scalar(
        self,
        statement: Any,
        params: Any = None,
        *,
        execution_options: Mapping[str, Any] = _NOTHING,
        bind_arguments: Mapping[str, Any] | None = None,
    ) -> Any:
        """Run a statement and return the first item of the first row, or None (SB-43)."""
        return reading.scalars(self._core, statement, params, execution_options, bind_arguments).first()
