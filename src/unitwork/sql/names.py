"""Names of things in the database, as users give them.

Spec: LB-17, LB-34.
"""

from __future__ import annotations

from typing import Any

from unitwork import exc


class quoted_name(str):
    """A name that says itself whether it stands in quotes.

    Attributes:
        quote: True always, False never (then it must need none), None where the database asks for them.
    """

    __slots__ = ("quote",)
    quote: bool | None

    def __new__(cls, value: str, quote: bool | None = None) -> quoted_name:
        new = super().__new__(cls, value)
        new.quote = quote
        return new

    def __reduce__(self) -> Any:
        return type(self), (str.__str__(self), self.quote)


class conv(quoted_name):
    """A name of a constraint that is complete: no naming convention is applied to it."""

    __slots__ = ()


def as_name(value: Any, quote: bool | None = None) -> Any:
    """Return a name as a plain string, or as the `quoted_name` it is or is to be; None stays None.

    A subclass of ``str`` may show itself otherwise than it is: what is kept is its text, and nothing of its code.

    Raises:
        ArgumentError [bad-identifier]: it is no string.
    """
    if value is None or (value.__class__ is str and quote is None):
        return value
    if not isinstance(value, str):
        raise exc.ArgumentError(
            f"a name is a string, got an object of type {type(value).__qualname__}.",
            do="pass the name as text.",
            code="bad-identifier",
        )
    if isinstance(value, quoted_name) and quote is None:
        return value
    return str.__str__(value) if quote is None else quoted_name(str.__str__(value), quote)
