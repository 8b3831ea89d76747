"""The two kinds of private server: PostgreSQL and MariaDB, and where their programs are found.

``PGBIN`` names the directory of another PostgreSQL's programs. How a server lives and dies is in `server_process`.
"""

from __future__ import annotations

import contextlib
import glob
import os
import re
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any

from tests.support.server_process import SEARCH_PATH, Server, ServerFailed


def find_postgres() -> Path | None:
    """Directory that holds ``postgres`` and ``initdb``, newest version first, or None."""
    candidates = [os.environ["PGBIN"]] if os.environ.get("PGBIN") else []
    candidates += sorted(glob.glob("/usr/lib/postgresql/*/bin"), key=_version_in_path, reverse=True)
    on_path = shutil.which("postgres", path=SEARCH_PATH)
    if on_path:
        candidates.append(os.path.dirname(os.path.realpath(on_path)))
    for candidate in candidates:
        if Path(candidate, "postgres").exists() and Path(candidate, "initdb").exists():
            return Path(candidate)
    return None


def _version_in_path(path: str) -> float:
    found = re.search(r"/(\d+(?:\.\d+)?)/bin$", path)
    return float(found.group(1)) if found else 0.0


def find_mariadb() -> tuple[str, str] | None:
    """Paths of ``mariadbd`` and ``mariadb-install-db``, or None."""
    server = shutil.which("mariadbd", path=SEARCH_PATH)
    install = shutil.which("mariadb-install-db", path=SEARCH_PATH)
    return (server, install) if server and install else None


class PostgresServer(Server):
    """A private PostgreSQL.

    ``fsync`` is off: a kill loses nothing by it, only a power cut would. All statements are logged, which is how they
    are counted.
    """

    name = "postgresql"
    account = "postgres"
    soft_stop = signal.SIGINT  # fast shutdown

    def __init__(self, **settings: str) -> None:
        programs = find_postgres()
        if programs is None:
            raise ServerFailed("no PostgreSQL server programs found")
        self.programs = programs
        self.settings = {
            "listen_addresses": "127.0.0.1",
            "max_connections": "100",
            "max_prepared_transactions": "50",
            "shared_buffers": "32MB",
            "fsync": "off",
            "deadlock_timeout": "50ms",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "log_statement": "all",
            "log_line_prefix": "|%p|%d|",
            **settings,
        }
        super().__init__()

    def version(self) -> str:
        done = subprocess.run([self.programs / "postgres", "--version"], capture_output=True, text=True, check=True)
        return done.stdout.split()[2]

    def init_command(self) -> list[str]:
        return [
            *(str(self.programs / "initdb"), "-D", str(self.data), "-U", "postgres"),
            *("-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"),
        ]

    def command(self) -> list[str]:
        settings = {**self.settings, "port": str(self.port), "unix_socket_directories": str(self.directory)}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [str(self.programs / "postgres"), "-D", str(self.data), *options]

    def connect(self, database: str | None = None, **options: Any) -> Any:
        import psycopg2

        given = {"host": str(self.directory), "port": self.port, "user": "postgres", "connect_timeout": 5}
        return psycopg2.connect(**{**given, "dbname": database or "postgres", **options})

    def url(self, database: str | None = None) -> str:
        return f"postgresql+psycopg2://postgres@127.0.0.1:{self.port}/{database or 'postgres'}"

    def create_database(self, name: str) -> None:
        self._execute(None, f'CREATE DATABASE "{name}"')

    def drop_database(self, name: str) -> None:
        self._execute(None, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def empty_database(self, name: str) -> None:
        self._execute(
            name,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()",
            "SET lock_timeout = '5s'",
            _DROP_SCHEMAS,
        )

    def _execute(self, database: str | None, *statements: str) -> None:
        connection = self.connect(database)
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)
        finally:
            connection.close()


#: Leaves `public` alone when nothing was made in it: dropping a schema costs ten times the look.
_DROP_SCHEMAS = """
DO $$ DECLARE spare name; BEGIN
  FOR spare IN SELECT nspname FROM pg_namespace n WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' AND (
      nspname <> 'public' OR EXISTS (SELECT FROM pg_class WHERE relnamespace = n.oid)
      OR EXISTS (SELECT FROM pg_type WHERE typnamespace = n.oid)
      OR EXISTS (SELECT FROM pg_proc WHERE pronamespace = n.oid))
  LOOP EXECUTE format('DROP SCHEMA %I CASCADE', spare); END LOOP;
  CREATE SCHEMA IF NOT EXISTS public;
END $$
"""


class MariaServer(Server):
    """A private MariaDB; commits survive a kill of the server, not of the machine."""

    name = "mariadb"
    account = "mysql"
    soft_stop = signal.SIGTERM

    def __init__(self, *arguments: str) -> None:
        programs = find_mariadb()
        if programs is None:
            raise ServerFailed("no MariaDB server programs found")
        self.program, self.install_program = programs
        self.arguments = list(arguments)
        super().__init__()

    def version(self) -> str:
        text = subprocess.run([self.program, "--no-defaults", "--version"], capture_output=True, text=True, check=True)
        found = re.search(r"Ver (\S+)", text.stdout)
        return found.group(1) if found else "unknown"

    def init_command(self) -> list[str]:
        return [
            *(self.install_program, "--no-defaults", f"--datadir={self.data}"),
            *("--auth-root-authentication-method=normal", "--skip-test-db"),
        ]

    def command(self) -> list[str]:
        return [
            *(self.program, "--no-defaults", f"--datadir={self.data}", f"--port={self.port}"),
            *("--bind-address=127.0.0.1", "--skip-name-resolve", f"--socket={self.socket}"),
            *(f"--pid-file={self.directory}/pid", f"--general-log-file={self.general_log}"),
            *("--innodb-buffer-pool-size=64M", "--innodb-flush-log-at-trx-commit=2", "--default-time-zone=+00:00"),
            *("--character-set-server=utf8mb4", *self.arguments),
        ]

    @property
    def socket(self) -> str:
        """Path of the Unix socket."""
        return str(self.directory / "socket")

    @property
    def general_log(self) -> Path:
        """File of the general log, which the statement counter turns on while it counts."""
        return self.directory / "general.log"

    def connect(self, database: str | None = None, **options: Any) -> Any:
        import pymysql

        given = {"unix_socket": self.socket, "user": "root", "ssl_disabled": True, "connect_timeout": 5}
        return pymysql.connect(**{**given, "read_timeout": 30, "database": database, **options})

    def url(self, database: str | None = None) -> str:
        return f"mariadb+pymysql://root@127.0.0.1:{self.port}/{database or ''}"

    def create_database(self, name: str) -> None:
        self._execute(f"CREATE DATABASE `{name}`")

    def drop_database(self, name: str) -> None:
        self._execute(f"DROP DATABASE IF EXISTS `{name}`")

    def empty_database(self, name: str) -> None:
        connection = self.connect()
        try:
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT id FROM information_schema.processlist WHERE db = %s AND id <> connection_id()", (name,)
                )
                for (thread,) in cursor.fetchall():
                    with contextlib.suppress(Exception):  # it may be gone by now
                        cursor.execute(f"KILL {int(thread)}")
                cursor.execute(
                    "SELECT table_name, table_type FROM information_schema.tables WHERE table_schema = %s", (name,)
                )
                found = cursor.fetchall()
                if found:
                    cursor.execute("SET lock_wait_timeout = 5, foreign_key_checks = 0")
                for table, kind in found:
                    word = {"VIEW": "VIEW", "SEQUENCE": "SEQUENCE"}.get(kind, "TABLE")
                    cursor.execute(f"DROP {word} `{name}`.`{table.replace('`', '``')}`")
        finally:
            connection.close()

    def _execute(self, *statements: str) -> None:
        connection = self.connect()
        try:
            with connection.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)
        finally:
            connection.close()
