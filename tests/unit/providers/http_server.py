"""A platform made of one handler, over real sockets on loopback, and a client that never really waits."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from reconcile.core.redact import Redactor
from reconcile.core.request import Request
from reconcile.providers.auth import Auth, BearerToken
from reconcile.providers.base import Notice, Surroundings
from reconcile.providers.http import (
    ReadClient,
    Settings,
    Timing,
    WriteClient,
    open_read_client,
    open_write_client,
)

TOKEN = "s3cret-token-0123456789"
NOW = 1_800_000_000.0
PUT = Request("PUT", "/thing", {"a": 1})
ONCE = Request("POST", "/jobs", {"a": 1}, repeatable=False)


@dataclass(frozen=True)
class Seen:
    """One request as it came in."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def token(self) -> str:
        return self.headers.get("authorization", "").removeprefix("Bearer ")


@dataclass(frozen=True)
class Reply:
    """What the platform does: answers, or ``cut``s the connection, or ``hang``s until the end of the test."""

    status: int = 200
    body: Any = field(default_factory=lambda: {"ok": True})
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: bool = False
    hang: bool = False
    short: bool = False


CUT = Reply(cut=True)
HANG = Reply(hang=True)
OK = Reply()
Handler = Callable[[Seen], Reply]


def script(*replies: Reply) -> Handler:
    """Return a handler that gives the replies in order, and the last one for ever."""
    left = list(replies)
    lock = threading.Lock()

    def handler(seen: Seen) -> Reply:
        with lock:
            return left.pop(0) if len(left) > 1 else left[0]

    return handler


class Server:
    """Listens on 127.0.0.1 and keeps what it saw. ``deaf`` connections are closed before anything is read."""

    def __init__(self, handler: Handler, *, tls: ssl.SSLContext | None = None, deaf: int = 0) -> None:
        self.handler = handler
        self.seen: list[Seen] = []
        self.connections = 0
        self.most_in_flight = 0
        self._in_flight = 0
        self._tls = tls
        self._deaf = deaf
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self._listener.getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)

    @property
    def paths(self) -> list[str]:
        return [seen.path for seen in self.seen]

    def _start(self, target: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            if self._deaf:
                self._deaf -= 1
                connection.close()
                continue
            self._start(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        with ExitStack() as stack:
            stack.enter_context(connection)
            stack.enter_context(suppress(OSError))
            if self._tls:
                connection = stack.enter_context(self._tls.wrap_socket(connection, server_side=True))
            self._open.append(connection)
            while (seen := _read(connection)) is not None:
                if not self._answer(connection, seen):
                    return

    def _answer(self, connection: socket.socket, seen: Seen) -> bool:
        with self._lock:
            self.seen.append(seen)
            self._in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self._in_flight)
        try:
            reply = self.handler(seen)
        finally:
            with self._lock:
                self._in_flight -= 1
        if reply.hang:
            self._stop.wait(30)
        if reply.cut or reply.hang:
            return False
        body = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
        length = len(body) + (10 if reply.short else 0)
        lines = [f"HTTP/1.1 {reply.status} X", f"Content-Length: {length}"]
        lines += [f"{name}: {value}" for name, value in reply.headers.items()]
        connection.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        return not reply.short


def _read(connection: socket.socket) -> Seen | None:
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65536)
        if not more:
            return None
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    while len(body) < int(headers.get("content-length", 0)):
        body += connection.recv(65536)
    method, path, _ = first.split(" ")
    return Seen(method, path, headers, body)


class Desk:
    """A client, and everything it told and waited."""

    def __init__(
        self,
        url: str | None,
        auth: Auth | None = None,
        environment: Mapping[str, str] | None = None,
        timing: Timing | None = None,
        **settings: Any,
    ) -> None:
        self.notices: list[Notice] = []
        self.waits: list[float] = []
        self.redactor = Redactor()
        self.surroundings = Surroundings(self.notices.append, self.redactor, environment or {})
        self._url = url
        self._auth = auth or BearerToken(TOKEN)
        self._settings = settings
        self._timing = timing or Timing(now=lambda: NOW, jitter=lambda: 0.0, pause=self.waits.append)

    def write(self, **options: Any) -> WriteClient:
        settings = Settings(self._url, **self._settings)
        return open_write_client("sales", settings, self._auth, self.surroundings, timing=self._timing, **options)

    def read(self, **options: Any) -> ReadClient:
        settings = Settings(self._url, **self._settings)
        return open_read_client("sales", settings, self._auth, self.surroundings, timing=self._timing, **options)


@contextmanager
def writing(
    handler: Handler, auth: Auth | None = None, *, deaf: int = 0, **settings: Any
) -> Iterator[tuple[Server, WriteClient, Desk]]:
    """Give a server with this handler, a client of it, and the desk it stands on."""
    with Server(handler, deaf=deaf) as server:
        desk = Desk(server.url, auth, **settings)
        with desk.write() as client:
            yield server, client, desk


def closed_port() -> int:
    """Return a port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
