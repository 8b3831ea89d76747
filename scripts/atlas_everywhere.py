"""Run examples/atlas on SQLite and on a private PostgreSQL and MariaDB; exit 1 if one run fails.

python scripts/atlas_everywhere.py [OPTIONS OF THE ATLAS]
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.support.servers import MariaServer, PostgresServer  # noqa: E402 - needs the path above


def main(options: list[str]) -> int:
    """Run on one database after the other, and return the exit status."""
    failed = [] if run([], options) else ["sqlite"]
    for kind in (PostgresServer, MariaServer):
        server = kind()
        try:
            server.start()
            server.create_database("atlas")
            if not run([server.url("atlas")], options):
                failed.append(server.name)
        finally:
            server.stop()
    print(f"atlas failed on: {', '.join(failed)}" if failed else "atlas ran on SQLite, PostgreSQL and MariaDB")
    return 1 if failed else 0


def run(url: list[str], options: list[str]) -> bool:
    """Run once; True when the atlas says that its checks held."""
    command = [sys.executable, str(ROOT / "examples" / "atlas"), *url, *options]
    return subprocess.run(command, stdin=subprocess.DEVNULL).returncode == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
