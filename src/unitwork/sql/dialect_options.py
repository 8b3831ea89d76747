"""Keywords that begin with a dialect's name, such as ``mysql_engine``: which there are, and who reads them.

Spec: LB-17, LB-44.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from unitwork import exc

_MYSQL: dict[str, tuple[str, ...]] = {
    "Table": ("auto_increment", "charset", "collate", "default_charset", "default_collate", "engine", "key_block_size",
              "row_format"),
    "Index": ("length", "prefix", "using", "with_parser"),
    "PrimaryKeyConstraint": ("using",),
}  # fmt: skip

_KNOWN: dict[str, dict[str, tuple[str, ...]]] = {
    "sqlite": {"Table": ("autoincrement", "strict", "with_rowid"), "Index": ("where",)},
    "postgresql": {
        "Table": ("inherits", "on_commit", "tablespace", "using", "with"),
        "Index": ("concurrently", "include", "nulls_not_distinct", "ops", "tablespace", "using", "where", "with"),
        "UniqueConstraint": ("include", "nulls_not_distinct"),
        "PrimaryKeyConstraint": ("include",),
        "ForeignKeyConstraint": ("not_valid",),
        "ForeignKey": ("not_valid",),
        "CheckConstraint": ("not_valid",),
    },
    "mysql": _MYSQL,
    "mariadb": _MYSQL,
}


class HasOptions:
    """What was given keywords of dialects: tables, constraints, indexes.

    Attributes:
        options: the keywords as given.
    """

    __slots__ = ()
    options: dict[str, Any]

    @property
    def kwargs(self) -> dict[str, Any]:
        """The keywords of dialects, as given."""
        return self.options

    @property
    def dialect_kwargs(self) -> dict[str, Any]:
        """The keywords of dialects, as given."""
        return self.options

    @property
    def dialect_options(self) -> dict[str, dict[str, Any]]:
        """The keywords by dialect: ``table.dialect_options["mysql"]["engine"]``; made anew each time."""
        found: dict[str, dict[str, Any]] = {}
        for option, value in self.options.items():
            dialect, _, name = option.partition("_")
            found.setdefault(dialect, {})[name] = value
        return found


class ReadsOptions(Protocol):
    """A Style."""

    name: str
    option_prefixes: tuple[str, ...]


def checked_options(owner: str, name: Any, options: Mapping[str, Any], code: str) -> dict[str, Any]:
    """Return the options of something called `name`, made by the class `owner`, as a dict of their own.

    Raises:
        ArgumentError: an option is unknown; with the given code.
    """
    for option in options:
        dialect, _, rest = option.partition("_")
        if rest not in _KNOWN.get(dialect, {}).get(owner, ()):
            listed = sorted(f"{one}_{word}" for one, kinds in _KNOWN.items() for word in kinds.get(owner, ()))
            raise exc.ArgumentError(
                f"the {owner} {name!r} was given the unknown option {option!r}.",
                do=f"of dialects' options it has: {', '.join(listed) or '(none)'}.",
                code=code,
            )
    return dict(options)


def own_options(options: Mapping[str, Any], style: ReadsOptions) -> dict[str, Any]:
    """Return the options that a database reads, without its name; one of its own name goes before a relative's."""
    found: dict[str, Any] = {}
    for prefix in style.option_prefixes or (style.name,):
        for option, value in options.items():
            if option.startswith(f"{prefix}_") and value is not None:
                found[option[len(prefix) + 1 :]] = value
    return found


def chosen_word(options: Mapping[str, Any], name: str, words: tuple[str, ...]) -> str:
    """Return the value of an option that is one of a few words, in capitals.

    Raises:
        ArgumentError [bad-constraint-option]: it is none of them.
    """
    value = options[name]
    found = next((word for word in words if isinstance(value, str) and str.upper(value) == word), None)
    if found is None:
        raise exc.ArgumentError(
            f"the option {name}={value!r} is not known.",
            do=f"use one of: {', '.join(words)}.",
            code="bad-constraint-option",
        )
    return found
