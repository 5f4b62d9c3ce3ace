"""An HTTP server that keeps what it is sent, and answers as it is told."""

from __future__ import annotations

import json
import ssl
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Caught:
    """One request as it arrived; header names in small letters."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Catcher:
    """What arrived so far, and the answers to come: (status, headers). After those it answers 200."""

    url: str = ""
    caught: list[Caught] = field(default_factory=list)
    answers: list[tuple[int, Mapping[str, str]]] = field(default_factory=list)

    @property
    def told(self) -> list[tuple[str, str]]:
        """Kind and subject of every alert that arrived, in order."""
        return [(each["kind"], each["subject"]) for one in self.caught for each in one.json["alerts"]]


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a handshake that the other side broke off: some tests are about just that."""
        if not isinstance(sys.exception(), ssl.SSLError | ConnectionError):
            super().handle_error(request, client_address)


@contextmanager
def catching(tls: ssl.SSLContext | None = None) -> Iterator[Catcher]:
    """Yield a catcher that listens on a free port of 127.0.0.1 until the end of the block; by https with ``tls``."""
    catcher = Catcher()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            catcher.caught.append(Caught(self.path, headers, self.rfile.read(length)))
            status, more = catcher.answers.pop(0) if catcher.answers else (200, {})
            self.send_response(status)
            for name, value in more.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = _Server(("127.0.0.1", 0), Handler)
    if tls:
        # The handshake is left to the thread of each connection, where one that fails is nobody else's.
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    scheme = "https" if tls else "http"
    catcher.url = f"{scheme}://127.0.0.1:{server.server_port}/hook/s3cr3t-path"
    try:
        yield catcher
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
