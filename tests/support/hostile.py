"""Names and values that try to get out of their quotes, from a seed."""

from __future__ import annotations

import random
from typing import Any

#: What quotes, escapes, placeholders and encodings stumble over.
ATOMS = (
    *("'", '"', "`", "\\", "\\'", '\\"', "\\`", "''", '""', "``", "\\\\'", "'||'", "' OR '1'='1", '" OR "1"="1'),
    *("%", "%%", "%s", "%(x)s", "%(", ":name", "::int", "?", "?1", "$1", "$$", "$tag$", "{0}", "@x", "@@sql_mode"),
    *("--", " -- ", "#", "/*", "*/", "/*!50000 x*/", ";", "; DROP TABLE canary; --", "'); DELETE FROM canary; --"),
    *("\n", "\r\n", "\t", "\b", "\x1a", "\x7f", "\ufeff", "\u2028", "\u202e", "😀", "𝒳", "é", "縗", "\u00bf\\"),
    *("\u00bf'", "\u5c27", "\u02bc", "\u2019", "\uff07", "NULL", "null", "DEFAULT", "select", "TRUE", "0x27", "1e5"),
    *("\\0", "\\x27", "\\u0027", "E'", "X'", "N'", "q'[", "[a]", "(", ")", ",", ".", "=", "a", "Z", "0", " ", "_"),
    *("x" * 30, "é" * 16, "\x01", "\x1f", "~", "&", "|", "!", "^", "<", ">", "*", "+", "/", "\x0b"),
)
#: What some databases cannot keep: the library must say so before SQL is sent.
UNKEPT = ("\0", "a\0b", "\ud800", "a\udfff'", "'\0; DROP TABLE canary; --")


class Lying(str):
    """A string that shows itself as an attack."""

    def __str__(self) -> str:
        return "'; DROP TABLE canary; --"

    __repr__ = __str__

    def __format__(self, spec: str) -> str:
        return str(self)

    def __len__(self) -> int:
        return 1

    def __mod__(self, other: Any) -> str:
        return str(self)

    def replace(self, *arguments: Any) -> str:  # type: ignore[override]
        return str(self)

    def encode(self, *arguments: Any) -> bytes:  # type: ignore[override]
        return b"'; DROP TABLE canary; --"


class LyingInt(int):
    """A number that shows itself as an attack."""

    def __str__(self) -> str:
        return "1; DROP TABLE canary"

    __repr__ = __str__

    def __format__(self, spec: str) -> str:
        return str(self)

    def __index__(self) -> int:
        return 666


class LyingFloat(float):
    """The same with a fraction."""

    def __str__(self) -> str:
        return "1.5; DROP TABLE canary"

    __repr__ = __str__


class Fuzz:
    """Hostile names and values.

    Attributes:
        made: how many were handed out.
        handed: the names handed out, to be compared with what stands without quotes.
    """

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.made = 0
        self.handed: list[str] = []

    def _text(self, parts: int) -> str:
        return "".join(self.random.choice(ATOMS) for _ in range(self.random.randint(1, parts)))

    def value(self) -> str:
        """A text that every database keeps; one in ten lies about itself, some are long."""
        self.made += 1
        text = self._text(4)
        if self.random.random() < 0.02:
            text *= 40
        return Lying(text) if self.random.random() < 0.1 else text

    def values(self, count: int) -> list[str]:
        """So many of them."""
        return [self.value() for _ in range(count)]

    def name(self) -> str:
        """A name that every database keeps, unlike the ones before by more than case; one in ten lies."""
        self.made += 1
        number = f"{self.made:x}"
        text = ""
        while not text:
            # MariaDB takes neither blanks at the ends nor characters of four bytes.
            text = "".join(character for character in self._text(3) if character <= "\uffff")
            text = text.lstrip("".join(map(chr, range(33))) + "\x7f")
            text = text.encode()[: 60 - len(number)].decode("utf-8", "ignore")
        name = text + number
        self.handed.append(name)
        return Lying(name) if self.random.random() < 0.1 else name

    def names(self, count: int) -> list[str]:
        """So many of them."""
        return [self.name() for _ in range(count)]


class Harmless(Fuzz):
    """The twin: as many names and values, that all stand in quotes and do nothing."""

    def value(self) -> str:
        """A plain text."""
        self.made += 1
        return f"value {self.made}"

    def name(self) -> str:
        """A name that needs quotes, and nothing else."""
        self.made += 1
        return f"Name {self.made}"


def plain(value: Any) -> Any:
    """The true text of what may lie about itself."""
    return str.__str__(value) if isinstance(value, str) else value
