"""The health of a watch over HTTP: ``/healthz``, ``/readyz``, ``/metrics``; beside the rounds, never in them."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from threading import BoundedSemaphore, Thread
from typing import Any

from reconcile.core.diagnostic import Diagnostic
from reconcile.core.errors import ReconcileError

# A client that says nothing, or reads nothing, is left after so many seconds.
CLIENT_SECONDS = 5.0
# Clients at once; whoever comes then is turned away, so that no flood of them costs the rounds their memory.
MOST_CLIENTS = 16
TEXT = "text/plain; charset=utf-8"

Page = tuple[int, str, str]
"""What is answered: status, content type, body."""

Pages = dict[str, Callable[[], Page]]


def json_page(status: int, document: dict[str, Any]) -> Page:
    """Return a page that holds a JSON document."""
    return status, "application/json", json.dumps(document) + "\n"


@contextmanager
def serving(host: str, port: int, pages: Pages) -> Iterator[int]:
    """Serve the pages while the block goes on, and yield the port, which is chosen freely for port 0.

    Raises ``ReconcileError`` when nothing can listen there.
    """
    try:
        server = _Server(host, port, pages)
    except (OSError, OverflowError) as error:
        told = f"Cannot listen on {host}, port {port}: {getattr(error, 'strerror', None) or error}."
        raise ReconcileError(
            Diagnostic("port-unusable", "The port cannot be used", told, "choose another --port or --host")
        ) from None
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, name="health", daemon=True)
    thread.start()
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    """A thread for each of a few clients."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 32

    def __init__(self, host: str, port: int, pages: Pages) -> None:
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.pages = pages
        self._places = BoundedSemaphore(MOST_CLIENTS)
        super().__init__((host, port), _Handler)

    def server_bind(self) -> None:
        # Not HTTPServer's: it looks our own name up, which may take the resolver seconds.
        TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def process_request(self, request: Any, client_address: Any) -> None:
        if not self._places.acquire(blocking=False):
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a client that went away is no news, and would fill the log."""


class _Handler(BaseHTTPRequestHandler):
    timeout = CLIENT_SECONDS
    server_version = "reconcile"
    sys_version = ""
    server: _Server

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def _answer(self, *, with_body: bool) -> None:
        make = self.server.pages.get(self.path.partition("?")[0])
        status, kind, text = make() if make else (404, TEXT, f"there is: {' '.join(sorted(self.server.pages))}\n")
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        if with_body:
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: probes come every few seconds."""
