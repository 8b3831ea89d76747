"""A TCP proxy that loses what it is told to lose: requests, replies, whole connections.

A fault is armed for the next request that holds certain bytes, fires once, and tells by `fired` that it did::

    with FaultProxy("127.0.0.1", port) as proxy:
        proxy.lose_reply(b"COMMIT")

=================  =====================================================================================
`lose_request`     the server never sees the request; the client's connection is reset
`lose_reply`       the server works on the request; the client's connection is reset instead of an answer
`keep_silent`      the server works on the request; no answer ever comes
`cut_all`          every open connection is reset now
=================  =====================================================================================

One thread serves one connection and closes its sockets itself: a socket that another thread closes while it is waited
for sends no reset.
"""

from __future__ import annotations

import contextlib
import select
import socket
import struct
import threading
from dataclasses import dataclass
from typing import Any

_RESET = struct.pack("ii", 1, 0)  # SO_LINGER: on, 0 s


@dataclass
class _Fault:
    needle: bytes
    kind: str


class _Link:
    """A client, its connection to the server, and the thread that carries bytes between them."""

    def __init__(self, proxy: FaultProxy, client: socket.socket, server: socket.socket) -> None:
        self._proxy = proxy
        self.client = client
        self.server = server
        self.wake, self._awake = socket.socketpair()
        self._pending: str | None = None

    def carry(self) -> None:
        """Carry bytes until one side ends, or a fault does."""
        try:
            while True:
                ready, _, _ = select.select([self.client, self.server, self._awake], [], [])
                if self._awake in ready or any(not self._pass_on(side) for side in ready):
                    return
        except OSError:
            return
        finally:
            self._reset()
            self._proxy.links.discard(self)

    def _pass_on(self, side: socket.socket) -> bool:
        data = side.recv(1 << 16)
        if not data:
            return False
        if side is self.client:
            self._pending = self._proxy.fault_for(data) or self._pending
            if self._pending == "lose_request":
                return False
            self.server.sendall(data)
            return True
        if self._pending == "lose_reply":
            return False
        if self._pending != "keep_silent":
            self.client.sendall(data)
        return True

    def _reset(self) -> None:
        for side in (self.client, self.server):
            with contextlib.suppress(OSError):
                side.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            side.close()
        self.wake.close()
        self._awake.close()


class FaultProxy:
    """Listens on a port of its own and connects on to a server.

    Attributes:
        port: where clients connect to.
        fired: how many faults have happened.
        links: connections that are open.
    """

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.fired = 0
        self.links: set[_Link] = set()
        self._faults: list[_Fault] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def lose_request(self, needle: bytes) -> None:
        """Arm: the next request with `needle` does not arrive."""
        self._faults.append(_Fault(needle, "lose_request"))

    def lose_reply(self, needle: bytes) -> None:
        """Arm: the answer to the next request with `needle` does not arrive."""
        self._faults.append(_Fault(needle, "lose_reply"))

    def keep_silent(self, needle: bytes) -> None:
        """Arm: after the next request with `needle` nothing comes back, and nothing is closed."""
        self._faults.append(_Fault(needle, "keep_silent"))

    def cut_all(self) -> None:
        """Reset every open connection."""
        for link in list(self.links):
            with contextlib.suppress(OSError):
                link.wake.send(b"!")

    def fault_for(self, data: bytes) -> str | None:
        """Take the fault that is armed for a request, if there is one."""
        for fault in self._faults:
            if fault.needle in data:
                self._faults.remove(fault)
                self.fired += 1
                return fault.kind
        return None

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(self._target)
            except OSError:
                client.close()
                continue
            for side in (client, server):
                side.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            link = _Link(self, client, server)
            self.links.add(link)
            threading.Thread(target=link.carry, daemon=True).start()

    def close(self) -> None:
        """Stop listening and reset what is open."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut_all()

    def __enter__(self) -> FaultProxy:
        return self

    def __exit__(self, *error: Any) -> None:
        self.close()
