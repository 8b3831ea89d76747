"""The statement methods of a Connection, and what type checkers know of their results.

Spec: SB-43 to SB-50, LB-30.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar, overload

from unitwork.base.generics import Row_co
from unitwork.engine import execution
from unitwork.engine.result import CursorResult, ScalarResult
from unitwork.sql.select import Select

if TYPE_CHECKING:
    from unitwork.base.generics import Unpack

T = TypeVar("T")
Parameters = Mapping[str, Any] | Sequence[Mapping[str, Any]]
Options = Mapping[str, Any]


class StatementMethods:
    """Base of Connection: running statements.

    All of them take execution options, of which those of the call win over the statement's, these over the
    Connection's, and these over the Engine's.
    """

    __slots__ = ()

    if TYPE_CHECKING:

        @overload
        def execute(
            self,
            statement: Select[Row_co],
            params: Parameters | None = None,
            *,
            execution_options: Options | None = None,
        ) -> CursorResult[Row_co]: ...
        @overload
        def execute(
            self, statement: Any, params: Parameters | None = None, *, execution_options: Options | None = None
        ) -> CursorResult: ...

    def execute(
        self: Any, statement: Any, params: Parameters | None = None, *, execution_options: Options | None = None
    ) -> CursorResult:
        """Run a statement; emits SQL.

        Args:
            statement: of ``select()``, ``insert()``, ``text()`` …; no plain string.
            params: values by name, or a list of such mappings, one per execution.
            execution_options: e.g. `yield_per`, `stream_results`, `max_row_buffer` (streaming); others are kept for
                listeners.
        Raises:
            StatementError, DBAPIError: see ER-18.
            PendingRollbackError [transaction-failed]: a rollback must come first.
        Spec: SB-43 to SB-50, LB-30.
        """
        return execution.execute(self, statement, params, execution_options)

    if TYPE_CHECKING:

        @overload
        def scalar(
            self,
            statement: Select[tuple[T, Unpack[tuple[Any, ...]]]],
            params: Parameters | None = None,
            *,
            execution_options: Options | None = None,
        ) -> T | None: ...
        @overload
        def scalar(
            self, statement: Any, params: Parameters | None = None, *, execution_options: Options | None = None
        ) -> Any: ...

    def scalar(
        self: Any, statement: Any, params: Parameters | None = None, *, execution_options: Options | None = None
    ) -> Any:
        """Run a statement; return the first value of the first row, None without rows."""
        return execution.execute(self, statement, params, execution_options).scalar()

    if TYPE_CHECKING:

        @overload
        def scalars(
            self,
            statement: Select[tuple[T, Unpack[tuple[Any, ...]]]],
            params: Parameters | None = None,
            *,
            execution_options: Options | None = None,
        ) -> ScalarResult[T]: ...
        @overload
        def scalars(
            self, statement: Any, params: Parameters | None = None, *, execution_options: Options | None = None
        ) -> ScalarResult[Any]: ...

    def scalars(
        self: Any, statement: Any, params: Parameters | None = None, *, execution_options: Options | None = None
    ) -> ScalarResult[Any]:
        """Run a statement; return the first value of each row."""
        return execution.execute(self, statement, params, execution_options).scalars()

    def exec_driver_sql(
        self: Any, statement: str, parameters: Any = None, execution_options: Options | None = None
    ) -> CursorResult:
        """Run SQL in the driver's own form.

        Args:
            parameters: a tuple or dictionary as the driver wants it, or a list of some, each of which is run.
        Spec: LB-30.
        """
        return execution.run_text(self, statement, parameters, execution_options)
