"""Build and compile Python source: the one place that runs ``exec``.

Names that go into the text are checked as identifiers; values never do, they are bound under names. The text is
registered with ``linecache``, so that tracebacks and debuggers show it, and kept on the function as ``__source__``.
"""

from __future__ import annotations

import itertools
import keyword
import linecache
from collections.abc import Callable
from typing import Any

from unitwork import exc

_serial = itertools.count(1)


class Source:
    """Lines of one function under construction, and the values bound to names in it.

    ::

        source = Source("load_user")
        source.add("def load_user(rows):")
        source.add("return [make(row) for row in rows]", indent=1)
        function = source.bind(make=make).compile()
    """

    def __init__(self, name: str) -> None:
        self.name = identifier(name)
        self._lines: list[str] = []
        self._bound: dict[str, Any] = {}

    def add(self, *lines: str, indent: int = 0) -> Source:
        """Append lines, each indented by `indent` steps of four blanks."""
        self._lines.extend("    " * indent + line for line in lines)
        return self

    def bind(self, **values: Any) -> Source:
        """Make values known to the function under names."""
        for name, value in values.items():
            self._bound[identifier(name)] = value
        return self

    @property
    def text(self) -> str:
        """The source as it will be compiled."""
        return "\n".join(self._lines) + "\n"

    def compile(self) -> Callable[..., Any]:
        """Compile the text and return the function called `name` in it."""
        filename = f"<unitwork {self.name} {next(_serial)}>"
        text = self.text
        linecache.cache[filename] = (len(text), None, text.splitlines(True), filename)
        scope: dict[str, Any] = dict(self._bound)
        exec(compile(text, filename, "exec"), scope)
        function: Callable[..., Any] = scope[self.name]
        function.__source__ = text  # type: ignore[attr-defined]
        return function


def identifier(name: str) -> str:
    """Return `name` if it may stand in source text.

    Raises:
        BrokenInvariantError [not-an-identifier]: it is no Python identifier.
    """
    if not name.isidentifier() or keyword.iskeyword(name):
        raise exc.BrokenInvariantError(
            f"generated code may only hold identifiers, got {name!r}.", code="not-an-identifier"
        )
    return name
