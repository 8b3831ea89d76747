"""A slow network: forwards TCP to a server and holds every piece of data back for a while, in a process of its own.

A process, because a thread would share the interpreter lock with the code that is being measured. Data is delayed and
not throttled: pieces that arrive while others wait leave as long after their arrival as those.
"""

from __future__ import annotations

import queue
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.place import Place

DELAY = 0.0005  # seconds, each way


@contextmanager
def slow_way(place: Place, delay: float = DELAY) -> Iterator[Place]:
    """The way to `place` through a proxy that lives as long as the block."""
    command = [sys.executable, "-m", "benchmarks.proxy", place.host, str(place.port), str(delay)]
    root = Path(__file__).parent.parent
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield place.at("127.0.0.1", int(process.stdout.readline()))
        finally:
            process.kill()


def serve(host: str, port: int, delay: float) -> None:
    """Print the port to connect to, then forward until the process ends."""
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    while True:
        near, _ = listener.accept()
        far = socket.create_connection((host, port))
        for source, target in ((near, far), (far, near)):
            source.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            pieces: queue.SimpleQueue[tuple[float, bytes]] = queue.SimpleQueue()
            threading.Thread(target=_receive, args=(source, pieces, delay), daemon=True).start()
            threading.Thread(target=_send, args=(target, pieces), daemon=True).start()


def _receive(source: socket.socket, pieces: queue.SimpleQueue[tuple[float, bytes]], delay: float) -> None:
    data = b"-"
    while data:
        try:
            data = source.recv(1 << 18)
        except OSError:
            data = b""
        pieces.put((time.perf_counter() + delay, data))


def _send(target: socket.socket, pieces: queue.SimpleQueue[tuple[float, bytes]]) -> None:
    """Send each piece when its time has come; an empty one closes the connection."""
    while True:
        due, data = pieces.get()
        wait = due - time.perf_counter()
        if wait > 0:
            time.sleep(wait)
        try:
            if not data:
                return target.shutdown(socket.SHUT_WR)
            target.sendall(data)
        except OSError:
            return None


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
