"""Type variables with defaults (PEP 696), for type checkers: a bare ``Select`` means a Select of any columns.

At run time only `Generic` needs them, and plain ones serve; nothing beyond the standard library is imported.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing_extensions import TypeVar, TypeVarTuple
    from typing_extensions import Unpack as Unpack

    #: Python type of an expression's value.
    T_co = TypeVar("T_co", covariant=True, default=Any)
    #: Values of a row, as a tuple type.
    Row_co = TypeVar("Row_co", bound=tuple[Any, ...], covariant=True, default=tuple[Any, ...])
    #: The same, one by one.
    Cells = TypeVarTuple("Cells", default=Unpack[tuple[Any, ...]])
else:
    from typing import TypeVar

    T_co = TypeVar("T_co", covariant=True)
    Row_co = TypeVar("Row_co", covariant=True)
    # ``class Row(tuple[Unpack[Cells]])`` runs on Python 3.10 too, which has neither of these.
    Cells = Any
    Unpack = {Any: Any}
