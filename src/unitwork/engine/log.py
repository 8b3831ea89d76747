"""The statement log: SQL and shortened parameters at level INFO, by engine.

The logger is ``unitwork.engine.Engine``, with the engine's `logging_name` as a child of it. An engine with `echo` is
heard whatever the level of the logger.

Spec: LB-29 (`echo`, `hide_parameters`, `logging_name`).
"""

from __future__ import annotations

import copy
import logging
import sys
from collections.abc import Mapping, Sequence
from typing import Any

#: Characters of one parameter, and parameters of one statement, that are shown.
MAX_VALUE, MAX_VALUES = 100, 20


class Log:
    """The log of one engine or pool.

    Args:
        name: of the logger.
        echo: log, and show the log on standard output unless logging is configured.
        hide_parameters: never show values, in the log or in errors.

    Attributes:
        token: put before each message, or None.
    """

    token: str | None = None

    def __init__(self, name: str, echo: bool | str = False, hide_parameters: bool = False) -> None:
        self.logger = logging.getLogger(name)
        self.hide_parameters = hide_parameters
        self._echo = False
        self.echo = bool(echo)

    @property
    def echo(self) -> bool:
        """Whether it is heard whatever the level of the logger."""
        return self._echo

    @echo.setter
    def echo(self, value: bool | str) -> None:
        self._echo = bool(value)
        if self._echo and not self.logger.hasHandlers():
            handler = logging.StreamHandler(sys.stdout)
            handler.setFormatter(logging.Formatter("%(asctime)s %(name)s %(message)s"))
            logging.getLogger(".".join(self.logger.name.split(".")[:2])).addHandler(handler)

    def with_token(self, token: str | None) -> Log:
        """Return the same log with another token."""
        new = copy.copy(self)
        new.token = token
        return new

    def is_wanted(self) -> bool:
        """Return whether somebody reads it."""
        return self._echo or self.logger.isEnabledFor(logging.INFO)

    def say(self, message: str) -> None:
        """Log a message at level INFO."""
        if self.token is not None:
            message = f"[{self.token}] {message}"
        logger = self.logger
        logger.handle(logger.makeRecord(logger.name, logging.INFO, "(unitwork)", 0, message, (), None))

    def statement(self, sql: str, params: Sequence[Any] | Mapping[str, Any] | None) -> None:
        """Log one statement and its parameters."""
        self.say(sql)
        if params:
            self.say("(parameters are hidden)" if self.hide_parameters else shortened(params))


def shortened(params: Sequence[Any] | Mapping[str, Any]) -> str:
    """Return parameters as text of bounded length."""
    if isinstance(params, Mapping):
        shown = [f"{name}={_short(value)}" for name, value in list(params.items())[:MAX_VALUES]]
    else:
        shown = [_short(value) for value in list(params)[:MAX_VALUES]]
    more = len(params) - len(shown)
    return f"({', '.join(shown)}{f', … {more} more' if more > 0 else ''})"


def _short(value: Any) -> str:
    if isinstance(value, (str, bytes)) and len(value) > MAX_VALUE:
        return f"{value[:MAX_VALUE]!r}… ({len(value)} in all)"
    return repr(value)
