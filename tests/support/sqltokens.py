"""The shape of SQL text: its tokens, with everything in quotes taken out. What is in quotes cannot do harm.

A text made with hostile names and values has the shape of its twin made with harmless ones, or something got out of its
quotes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

NAME, TEXT = "<name>", "<text>"

_WORD = re.compile(r"[A-Za-z_\u0080-\U0010ffff][\w$\u0080-\U0010ffff]*")
_REST = re.compile(r"\d+(\.\d+)?|%%|%s|:[A-Za-z_]\w*|[^\s]")

_BACKSLASH = re.compile("CHAR\0\\(\0(92\0,\0)*92\0USING\0utf8mb4\0\\)")
_CONCAT = re.compile(f"CONCAT\0\\(\0({TEXT}\0,\0)*{TEXT}\0\\)")


class Unfinished(AssertionError):
    """The text ends inside of quotes or of a comment."""


def tokens(sql: str, dialect: str, backslashes: bool = False) -> list[str]:
    """Return the tokens of a statement as a database reads them.

    Args:
        dialect: ``sqlite``, ``postgresql`` or ``mysql``.
        backslashes: in plain quotes they escape.
    Raises:
        Unfinished: a quote or comment does not end.
    """
    found: list[str] = []
    place = 0
    while place < len(sql):
        character = sql[place]
        if character.isspace():
            place += 1
        elif sql.startswith("--", place) or (character == "#" and dialect == "mysql"):
            end = sql.find("\n", place)
            found.append("<comment>")
            place = len(sql) if end < 0 else end
        elif sql.startswith("/*", place):
            found.append("<comment>")
            place = _after(sql, sql.find("*/", place + 2), 2)
        elif character in "'\"`" and not (character == "`" and dialect == "postgresql"):
            text = character == "'" or (character == '"' and dialect == "mysql")
            place = _closing(sql, place, character, backslashes and text)
            found.append(TEXT if text else NAME)
        elif character == "$" and dialect == "postgresql" and (tag := re.compile(r"\$\w*\$").match(sql, place)):
            place = _after(sql, sql.find(tag[0], tag.end()), len(tag[0]))
            found.append(TEXT)
        elif word := _WORD.match(sql, place):
            place = word.end()
            place = _word(sql, place, word[0], dialect, found)
        else:
            rest = _REST.match(sql, place)
            assert rest is not None
            found.append(rest[0])
            place = rest.end()
    return _joined(found) if dialect == "mysql" else found


def _joined(found: list[str]) -> list[str]:
    # A text with backslashes is put together: CONCAT('a', CHAR(92 USING utf8mb4), 'b').
    text = "\0".join(found)
    text = _BACKSLASH.sub(TEXT, text)
    return _CONCAT.sub(TEXT, text).split("\0")


def _word(sql: str, place: int, word: str, dialect: str, found: list[str]) -> int:
    # Some words belong to the text that follows: E'…', X'…', _utf8mb4 X'…'.
    if dialect == "mysql" and word == "_utf8mb4":
        return place + len(sql[place:]) - len(sql[place:].lstrip())
    if sql[place : place + 1] == "'" and word.upper() in ("E", "X", "N", "B"):
        found.append(TEXT)
        return _closing(sql, place, "'", word.upper() == "E")
    found.append(word)
    return place


def _closing(sql: str, place: int, quote: str, backslashes: bool) -> int:
    place += 1
    while place < len(sql):
        if backslashes and sql[place] == "\\":
            place += 2
        elif sql[place] == quote:
            if sql[place + 1 : place + 2] != quote:
                return place + 1
            place += 2
        else:
            place += 1
    raise Unfinished(f"{quote} is not closed: {sql[-200:]!r}")


def _after(sql: str, place: int, width: int) -> int:
    if place < 0:
        raise Unfinished(f"it does not end: {sql[-200:]!r}")
    return place + width


def differences(twin: list[str], given: list[str], names: Iterable[str]) -> str | None:
    """Return how two shapes differ, or None; a name of `names` that needs no quotes may stand without them."""
    allowed = {name.lower() for name in names}
    if len(twin) != len(given):
        return f"{len(twin)} tokens became {len(given)}"
    for place, (one, other) in enumerate(zip(twin, given, strict=True)):
        if one != other and not (one == NAME and other.lower() in allowed):
            return f"token {place}: {one!r} became {other!r}"
    return None
