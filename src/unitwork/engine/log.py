"""The statement log: logger ``unitwork.engine``, SQL and shortened parameters at level INFO.

Spec: LB-29 (`echo`).
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from typing import Any

logger = logging.getLogger("unitwork.engine")

#: Characters of one parameter, and parameters of one statement, that are shown.
MAX_VALUE, MAX_VALUES = 100, 20


def show_on_stdout() -> None:
    """Make the log visible on standard output, unless logging is configured already (`echo=True`)."""
    if logger.getEffectiveLevel() > logging.INFO:
        logger.setLevel(logging.INFO)
    if not logger.hasHandlers():
        handler = logging.StreamHandler(sys.stdout)
        handler.setFormatter(logging.Formatter("%(asctime)s %(name)s %(message)s"))
        logger.addHandler(handler)


def is_wanted() -> bool:
    """Return whether somebody reads the log."""
    return logger.isEnabledFor(logging.INFO)


def log_statement(sql: str, params: Sequence[Any] | None) -> None:
    """Log one statement."""
    logger.info("%s", sql)
    if params:
        logger.info("%s", shortened(params))


def shortened(params: Sequence[Any]) -> str:
    """Return parameters as text of bounded length."""
    shown = [_short(value) for value in list(params)[:MAX_VALUES]]
    more = len(params) - len(shown)
    return f"({', '.join(shown)}{f', … {more} more' if more > 0 else ''})"


def _short(value: Any) -> str:
    if isinstance(value, (str, bytes)) and len(value) > MAX_VALUE:
        return f"{value[:MAX_VALUE]!r}… ({len(value)} in all)"
    return repr(value)
