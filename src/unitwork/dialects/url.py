"""URLs of databases: parsed, changed by copies, printed without the password.

``scheme://user:password@host:port/database?name=value``. User, password and the query are percent-encoded; the
database is not, so that file paths read as they are.

Spec: LB-29.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus, unquote

from unitwork import exc

QueryValue = str | tuple[str, ...]

_PATTERN = re.compile(
    r"""
    (?P<scheme>[\w+]+)://
    (?:
        (?:(?P<username>[^:/]*)(?::(?P<password>[^@]*))?@)?
        (?:\[(?P<bracketed>[^/?\]]+)\]|(?P<host>[^/:?]+))?
        (?::(?P<port>[^/?]*))?
    )?
    (?:/(?P<database>[^?]*))?
    (?:\?(?P<query>.*))?
    """,
    re.VERBOSE,
)


@dataclass(frozen=True)
class URL:
    """Where a database is and who connects; immutable.

    Attributes:
        drivername: scheme, e.g. ``"postgresql+psycopg2"``.
        query: name to value, or to a tuple of values where a name was repeated.
    """

    drivername: str
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    host: str | None = None
    port: int | None = None
    database: str | None = None
    query: Mapping[str, QueryValue] = field(default_factory=dict)

    @classmethod
    def create(
        cls,
        drivername: str,
        username: str | None = None,
        password: str | None = None,
        *,
        host: str | None = None,
        port: int | None = None,
        database: str | None = None,
        query: Mapping[str, QueryValue] | None = None,
    ) -> URL:
        """Return a URL of parts that need no percent-encoding (LB-29)."""
        return cls(drivername, username, password, host, port, database, dict(query or {}))

    def set(self, **parts: Any) -> URL:
        """Return a copy with some parts replaced."""
        return replace(self, **parts)

    def update_query_string(self, query_string: str, append: bool = False) -> URL:
        """Return a copy with the names of a query string, as it stands after ``?``; see `update_query_pairs`."""
        return self.update_query_pairs(parse_qsl(query_string, keep_blank_values=True), append)

    def update_query_dict(self, query_parameters: Mapping[str, QueryValue | list[str]], append: bool = False) -> URL:
        """Return a copy with the names of a mapping; see `update_query_pairs`."""
        pairs = [(name, one) for name, value in query_parameters.items() for one in _values(value)]
        return self.update_query_pairs(pairs, append)

    def update_query_pairs(self, key_value_pairs: Iterable[tuple[str, str]], append: bool = False) -> URL:
        """Return a copy with further names in its query.

        Args:
            key_value_pairs: (name, value); a name that repeats has several values.
            append: add to the values that a name has, instead of replacing them.
        """
        given: dict[str, QueryValue] = {}
        for name, value in key_value_pairs:
            given[name] = (*_values(given[name]), value) if name in given else value
        if append:
            for name in given.keys() & self.query.keys():
                given[name] = (*_values(self.query[name]), *_values(given[name]))
        return replace(self, query={**self.query, **given})

    def difference_update_query(self, names: Iterable[str]) -> URL:
        """Return a copy without some names in its query."""
        gone = set(names)
        return replace(self, query={name: value for name, value in self.query.items() if name not in gone})

    @property
    def normalized_query(self) -> Mapping[str, tuple[str, ...]]:
        """The query with a tuple of values for each name."""
        return {name: _values(value) for name, value in self.query.items()}

    def get_backend_name(self) -> str:
        """Return the database's name, the part of the scheme before ``+``."""
        return self.drivername.partition("+")[0]

    def get_driver_name(self) -> str:
        """Return the driver's name, the part of the scheme after ``+``; empty if there is none."""
        return self.drivername.partition("+")[2]

    def render_as_string(self, hide_password: bool = True) -> str:
        """Return the text of the URL; the password is shown as ``***`` unless `hide_password` is False."""
        parts = [self.drivername, "://"]
        if self.username is not None:
            parts.append(quote(self.username, safe=" +"))
            if self.password is not None:
                parts.append(":***" if hide_password else ":" + quote(self.password, safe=" +"))
            parts.append("@")
        if self.host is not None:
            parts.append(f"[{self.host}]" if ":" in self.host else self.host)
        if self.port is not None:
            parts.append(f":{self.port}")
        if self.database is not None:
            parts.append("/" + self.database)
        if self.query:
            parts.append("?" + "&".join(_render_query(self.query)))
        return "".join(parts)

    def __str__(self) -> str:
        return self.render_as_string()

    def __repr__(self) -> str:
        return self.render_as_string()

    def __hash__(self) -> int:
        return hash(self.render_as_string(hide_password=False))


def _render_query(query: Mapping[str, QueryValue]) -> list[str]:
    return [f"{quote_plus(name)}={quote_plus(value)}" for name in sorted(query) for value in _values(query[name])]


def _values(value: QueryValue | list[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def make_url(given: str | URL) -> URL:
    """Return `given` as a URL.

    Raises:
        ArgumentError [bad-url]: it is no URL of a database.
    Spec: LB-29.
    """
    if isinstance(given, URL):
        return given
    if not isinstance(given, str):
        raise exc.ArgumentError(
            f"expected a database URL as text or URL, got an object of type {type(given).__name__}.",
            do="pass a text such as 'sqlite:///file.db'.",
            code="bad-url",
        )
    match = _PATTERN.fullmatch(_protect_password(given))
    if match is None:
        raise _bad_url(given)
    parts = match.groupdict()
    return URL(
        parts["scheme"],
        _decoded(parts["username"]),
        _decoded(parts["password"]),
        parts["bracketed"] or parts["host"],
        _port(parts["port"], given),
        parts["database"] or None,
        _parse_query(parts["query"]),
    )


def _protect_password(text: str) -> str:
    # A password may hold "@": the last one before the path ends it, where the pattern would stop at the first.
    scheme, separator, rest = text.partition("://")
    authority, slash, path = rest.partition("/")
    if authority.count("@") > 1:
        credentials, _, host = authority.rpartition("@")
        authority = credentials.replace("@", "%40") + "@" + host
    return scheme + separator + authority + slash + path


def _decoded(text: str | None) -> str | None:
    return None if text is None else unquote(text)


def _port(text: str | None, url: str) -> int | None:
    if not text:
        return None
    if not text.isdigit() or int(text) > 65535:
        raise _bad_url(url)
    return int(text)


def _parse_query(text: str | None) -> dict[str, QueryValue]:
    query: dict[str, QueryValue] = {}
    for name, value in parse_qsl(text or "", keep_blank_values=True):
        query[name] = (*_values(query[name]), value) if name in query else value
    return query


def _bad_url(text: str) -> exc.ArgumentError:
    # The text may hold a password: show no more than the scheme.
    scheme = text.partition("://")[0] if "://" in text else ""
    shown = f"starting with {scheme + '://'!r}" if scheme else "without '://'"
    return exc.ArgumentError(
        f"cannot read a database URL {shown}.",
        do="write 'scheme://user:password@host:port/database', with special characters of user and password "
        "percent-encoded (urllib.parse.quote_plus), or use URL.create().",
        code="bad-url",
    )
