"""A database server as a child of the test process: a directory, a port, a life.

A server lives in a directory of its own under the temporary directory, listens on a free port of 127.0.0.1 and on a
Unix socket in that directory, and is gone when the test process is gone, however that ends. Servers that run already on
the machine are never touched. As root the server programs run as the users that their packages made (``postgres``,
``mysql``), which both programs demand; as an ordinary user they run as that user.

A fresh data directory takes one to two seconds to make, so a finished one is kept as a template and copied (see
`_Template`). The kinds of server are in `servers`.
"""

from __future__ import annotations

import contextlib
import fcntl
import glob
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any, ClassVar

_LAUNCH = str(Path(__file__).with_name("launch.py"))
_PREFIX = "unitwork-server-"
SEARCH_PATH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/local/sbin", "/usr/sbin", "/sbin"])


class ServerFailed(RuntimeError):
    """The server did not start; the text is the end of its log."""


class Server:
    """One private server; `start`, `kill9` and `stop` may be called in any sensible order.

    The port and the data directory stay the same from start to start, so that a kill and a restart are seen by clients
    as the same server.
    """

    name: ClassVar[str]
    account: ClassVar[str]
    soft_stop: ClassVar[signal.Signals]

    def __init__(self) -> None:
        _sweep()
        self.directory = Path(tempfile.mkdtemp(prefix=_PREFIX))
        self._lock = _hold(self.directory)
        self.data = self.directory / "data"
        self.log_path = self.directory / "log"
        self.log_path.touch()
        self.user = self.account if os.geteuid() == 0 else "-"
        if self.user != "-":
            entry = pwd.getpwnam(self.user)
            os.chown(self.directory, entry.pw_uid, entry.pw_gid)
        self.port = _free_port()
        self._process: subprocess.Popen[bytes] | None = None
        template = _Template(f"{self.name}-{self.version()}")
        if not template.copy_to(self.data):
            self._run(*self.init_command())
            template.keep(self.data)

    # What a kind of server answers.

    def version(self) -> str:
        """Version of the server programs, for the name of the template."""
        raise NotImplementedError

    def init_command(self) -> list[str]:
        """Command that makes the data directory."""
        raise NotImplementedError

    def command(self) -> list[str]:
        """Command that runs the server in the foreground."""
        raise NotImplementedError

    def connect(self, database: str | None = None, **options: Any) -> Any:
        """A new connection of the driver itself, by the Unix socket; the caller closes it."""
        raise NotImplementedError

    def url(self, database: str | None = None) -> str:
        """URL for ``create_engine``, over TCP."""
        raise NotImplementedError

    # Life.

    @property
    def running(self) -> bool:
        """The server process is there (it may still be starting)."""
        return self._process is not None and self._process.poll() is None

    def start(self, *extra: str, limit: float = 60.0) -> Server:
        """Start the server and wait until it answers.

        Args:
            extra: further arguments for the server program, for this start.
            limit: seconds to wait.
        Raises:
            ServerFailed: it ended or did not answer in time.
        """
        if self.running:
            return self
        for attempt in (1, 2, 3):
            try:
                self._start(extra, limit)
                return self
            except ServerFailed:
                if attempt == 3 or _port_is_free(self.port):
                    raise
                self.port = _free_port()  # somebody took it between our look and the start
        raise AssertionError("the loop returns or raises")

    def _start(self, extra: tuple[str, ...], limit: float) -> None:
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(
                self._launched(*self.command(), *extra),
                cwd=self.directory,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C goes to the tests, which stop us in order
            )
        deadline = time.monotonic() + limit
        while True:
            try:
                self._knock()
                self.connect().close()
                return
            except Exception as error:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    self.kill9()
                    raise ServerFailed(f"{self.name} did not start:\n{self._log_end()}") from error
                time.sleep(0.01)

    def _knock(self) -> None:
        """Raise unless the port takes connections: a driver that fails to connect may leave its socket unclosed."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=5):
            pass

    def kill9(self) -> None:
        """Kill the server and its children as a crash would, and reap it."""
        process = self._process
        if process is None:
            return
        children = _children(process.pid)
        process.kill()
        for child in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        process.wait()

    def stop(self) -> None:
        """End the server in order, and remove all it left."""
        process = self._process
        if process is not None and process.poll() is None:
            process.send_signal(self.soft_stop)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill9()
        os.close(self._lock)
        shutil.rmtree(self.directory, ignore_errors=True)

    # Databases.

    def create_database(self, name: str) -> None:
        """Create an empty database."""
        raise NotImplementedError

    def drop_database(self, name: str) -> None:
        """Drop a database, connected clients or not."""
        raise NotImplementedError

    def empty_database(self, name: str) -> None:
        """Drop all that a test made in the database; ends other connections to it first."""
        raise NotImplementedError

    # Parts.

    def _run(self, *command: str) -> None:
        done = subprocess.run(
            self._launched(*command),
            cwd=self.directory,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise ServerFailed(f"{command[0]} failed:\n{done.stdout[-1000:]}\n{done.stderr[-2000:]}")

    def _launched(self, *command: str) -> list[str]:
        if threading.current_thread() is not threading.main_thread():
            raise ServerFailed("start servers from the main thread: they die with the thread that starts them.")
        return [sys.executable, "-I", "-S", _LAUNCH, self.user, str(os.getpid()), *command]

    def _environment(self) -> dict[str, str]:
        return {"PATH": SEARCH_PATH, "HOME": str(self.directory), "LC_ALL": "C.UTF-8"}

    def _log_end(self) -> str:
        return self.log_path.read_text(errors="replace")[-2000:]


class _Template:
    """A ready data directory, kept between test sessions in a directory that only this user may enter.

    It is put in place by one rename, so that test processes that make it at the same time do no harm. Without a safe
    place for it (another owner, another mode) nothing is kept and every server makes its own.
    """

    def __init__(self, name: str) -> None:
        self._home = Path(tempfile.gettempdir(), f"unitwork-templates-{os.geteuid()}")
        self._path = self._home / re.sub(r"[^\w.-]", "_", name)

    def copy_to(self, target: Path) -> bool:
        """Copy the template to `target`; False if there is none."""
        if not self._is_safe() or not self._path.is_dir():
            return False
        return _copy(self._path, target)

    def keep(self, source: Path) -> None:
        """Keep a copy of `source`, a data directory whose server does not run."""
        with contextlib.suppress(OSError):
            self._home.mkdir(mode=0o700, exist_ok=True)
        if not self._is_safe() or self._path.exists():
            return
        draft = Path(tempfile.mkdtemp(dir=self._home))
        if _copy(source, draft / "data"):
            with contextlib.suppress(OSError):  # another process was first
                os.rename(draft / "data", self._path)
        shutil.rmtree(draft, ignore_errors=True)

    def _is_safe(self) -> bool:
        try:
            found = os.lstat(self._home)
        except OSError:
            return False
        return found.st_uid == os.geteuid() and (found.st_mode & 0o170077) == 0o040000


def _copy(source: Path, target: Path) -> bool:
    done = subprocess.run(["cp", "-a", str(source), str(target)], capture_output=True)  # sparse files, owners, fast
    if done.returncode:
        shutil.rmtree(target, ignore_errors=True)
    return done.returncode == 0


def _hold(directory: Path) -> int:
    """Lock the directory for as long as this process lives; returns the descriptor."""
    draft = directory / "lock.new"
    lock = os.open(draft, os.O_CREAT | os.O_RDWR, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    draft.rename(directory / "lock")  # nobody ever sees it unlocked
    return lock


def _sweep() -> None:
    """Remove directories of test processes that were killed: nobody holds their lock any more."""
    for directory in Path(tempfile.gettempdir()).glob(_PREFIX + "*"):
        try:
            lock = os.open(directory / "lock", os.O_RDWR)
        except OSError:  # another user's, or one just being made
            continue
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(directory, ignore_errors=True)
        except OSError:  # in use
            pass
        finally:
            os.close(lock)


def _children(pid: int) -> list[int]:
    found: list[int] = []
    for path in glob.glob(f"/proc/{pid}/task/*/children"):
        with contextlib.suppress(OSError):
            found += [int(child) for child in Path(path).read_text().split()]
    return found


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _port_is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
