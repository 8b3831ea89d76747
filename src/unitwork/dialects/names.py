"""URL schemes to dialects.

Spec: LB-29.
"""

from __future__ import annotations

from unitwork import exc
from unitwork.dialects.base import Dialect
from unitwork.dialects.mysql import MariaDBDialect, MySQLDialect
from unitwork.dialects.postgresql import PostgreSQLDialect
from unitwork.dialects.sqlite import SQLiteDialect
from unitwork.dialects.url import URL

DIALECTS: dict[str, type[Dialect]] = {
    "sqlite": SQLiteDialect,
    "sqlite+pysqlite": SQLiteDialect,
    "postgresql": PostgreSQLDialect,
    "postgresql+psycopg2": PostgreSQLDialect,
    "mysql": MySQLDialect,
    "mysql+pymysql": MySQLDialect,
    "mariadb": MariaDBDialect,
    "mariadb+pymysql": MariaDBDialect,
}


def dialect_class(url: URL) -> type[Dialect]:
    """Return the dialect that serves the scheme of `url`.

    Raises:
        ArgumentError [unknown-dialect]: there is none.
    Spec: LB-29.
    """
    found = DIALECTS.get(url.drivername)
    if found is None:
        close = {"postgres": "postgresql", "psycopg2": "postgresql", "pymysql": "mysql"}.get(url.get_backend_name())
        raise exc.ArgumentError(
            f"no dialect is known for the URL scheme {url.drivername!r}.",
            do=f"use {close}:// instead." if close else f"use one of {', '.join(sorted(DIALECTS))}.",
            code="unknown-dialect",
        )
    return found
