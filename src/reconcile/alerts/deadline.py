"""A request that ends: a timeout counts for each wait alone, and of those there may be no end."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any


class Deadline:
    """Cuts the connections that it is given when its time is over, whatever comes over them."""

    def __init__(self) -> None:
        self.is_over = False
        self._held: list[socket.socket] = []
        self._lock = threading.Lock()

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Count from here to the end of the block, and let go of the connections there."""
        timer = threading.Timer(seconds, self._cut)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            with self._lock:
                for each in self._held:
                    each.close()
                self._held.clear()

    def hold(self, connected: socket.socket) -> None:
        """Cut this connection, too. A second handle on it: TLS takes the first one away."""
        with self._lock:
            self._held.append(connected.dup())
        if self.is_over:
            self._cut()

    def handlers(self) -> list[urllib.request.BaseHandler]:
        """Return what opens http and https under this deadline; certificates are checked."""
        return [_Plain(self), _Secure(self)]

    def _cut(self) -> None:
        self.is_over = True
        with self._lock:
            for each in self._held:
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)


class _Connection(http.client.HTTPConnection):
    deadline: Deadline

    def connect(self) -> None:
        super().connect()
        self.deadline.hold(self.sock)


class _SecureConnection(http.client.HTTPSConnection, _Connection):
    """The handshake is made under the deadline, too: it comes after the plain ``connect``."""


class _Plain(urllib.request.HTTPHandler):
    def __init__(self, deadline: Deadline) -> None:
        super().__init__()
        self._deadline = deadline

    def http_open(self, req: urllib.request.Request) -> Any:
        return self.do_open(_under(self._deadline, _Connection), req)


class _Secure(urllib.request.HTTPSHandler):
    def __init__(self, deadline: Deadline) -> None:
        super().__init__()
        self._deadline = deadline

    def https_open(self, req: urllib.request.Request) -> Any:
        context = ssl.create_default_context()
        return self.do_open(_under(self._deadline, _SecureConnection), req, context=context)


def _under(deadline: Deadline, kind: type[_Connection]) -> Callable[..., _Connection]:
    def opened(host: str, **more: Any) -> _Connection:
        connection = kind(host, **more)
        connection.deadline = deadline
        return connection

    return opened
