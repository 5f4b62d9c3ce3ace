"""A server between a client and a store that loses answers, or answers by itself."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit


@dataclass
class Fault:
    """What happens to the next ``times`` requests with this method (any, when empty) whose path holds ``path``.

    ``kind``: "answer" (by itself; the store sees nothing), "cut before" (nothing happens at the store), "cut after" (it
    happens, and nobody is told), "cut amid" (half of the answer's body comes), "ignore condition" (as a server that
    knows no conditional writes).
    """

    kind: str
    method: str = ""
    path: str = ""
    times: int = 1
    status: int = 500
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Proxy:
    """The address, and what is still to go wrong; ``seen`` are methods and paths, oldest first."""

    url: str
    faults: list[Fault]
    seen: list[tuple[str, str]]


@contextmanager
def proxy(upstream: str) -> Iterator[Proxy]:
    """Yield a proxy of the server at ``upstream``, without faults; it is gone afterwards."""
    http = _Server(("127.0.0.1", 0), _Handler)
    host = urlsplit(upstream)
    assert host.hostname
    http.upstream = (host.hostname, host.port or 80)
    thread = threading.Thread(target=http.serve_forever, args=[0.05])
    thread.start()
    try:
        yield Proxy(f"http://127.0.0.1:{http.server_port}", http.faults, http.seen)
    finally:
        http.shutdown()
        thread.join()
        http.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    upstream: tuple[str, int]

    def __init__(self, *arguments: object) -> None:
        self.lock = threading.Lock()
        self.faults: list[Fault] = []
        self.seen: list[tuple[str, str]] = []
        super().__init__(*arguments)  # type: ignore[arg-type]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fault = self._fault()
        match fault.kind if fault else "":
            case "answer":
                assert fault
                self._answer(fault.status, fault.headers, fault.body.encode())
            case "cut before":
                self._cut()
            case "cut after":
                self._forward(body)
                self._cut()
            case "cut amid":
                self._answer(*self._forward(body), half=True)
                self._cut()
            case "ignore condition":
                for name in ("If-None-Match", "x-goog-if-generation-match"):
                    del self.headers[name]
                self._answer(*self._forward(body))
            case _:
                self._answer(*self._forward(body))

    do_PUT = do_POST = do_DELETE = do_GET  # noqa: N815 - http.server's names

    def _fault(self) -> Fault | None:
        with self.server.lock:
            path = unquote(self.path)
            self.server.seen.append((self.command, path))
            for fault in self.server.faults:
                if fault.times and self.command.startswith(fault.method) and fault.path in path:
                    fault.times -= 1
                    return fault
        return None

    def _forward(self, body: bytes) -> tuple[int, Mapping[str, str], bytes]:
        connection = HTTPConnection(*self.server.upstream, timeout=30)
        try:
            connection.request(self.command, self.path, body or None, dict(self.headers.items()))
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()

    def _answer(self, status: int, headers: Mapping[str, str], body: bytes, *, half: bool = False) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if half else body)

    def _cut(self) -> None:
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, *_: object) -> None:
        """Say nothing."""
