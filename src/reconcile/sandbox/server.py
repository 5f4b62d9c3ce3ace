"""The sandbox on a socket: the assembled application, and a server on loopback and nowhere else."""

import asyncio
import signal
import socket
import threading
import time
from types import FrameType
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount
from uvicorn.protocols.http.h11_impl import H11Protocol

from reconcile.sandbox.admin import admin_routes
from reconcile.sandbox.crm_auth import CLIENT_ID, CLIENT_SECRET
from reconcile.sandbox.front import PREFIXES, TRANSPORT, FrontDoor
from reconcile.sandbox.page import page_routes
from reconcile.sandbox.tailer_auth import make_token
from reconcile.sandbox.world import Sandbox

LOOPBACK = ("127.0.0.1", "::1")
_KEEP_ALIVE_SECONDS = 75
"""Longer than clients keep idle connections, so that none is closed under a request."""

_TOKEN_SECONDS = 10 * 365 * 24 * 3600


def build_app(sandbox: Sandbox) -> Starlette:
    """Return the ASGI application of a sandbox."""
    platforms = [Mount(prefix, app=FrontDoor(sandbox, platform)) for prefix, platform in PREFIXES.items()]
    return Starlette(routes=[*platforms, *admin_routes(sandbox), *page_routes(sandbox)])


def environment(url: str) -> dict[str, str]:
    """Return the environment variables with which a workspace reaches the sandbox at that address."""
    return {
        "SF_INSTANCE_URL": url,
        "SF_CLIENT_ID": CLIENT_ID,
        "SF_CLIENT_SECRET": CLIENT_SECRET,
        "TAILER_URL": url,
        "TAILER_API_JWT": make_token("dev@example.test", _TOKEN_SECONDS),
        "TAMR_URL": url,
        "TAMR_API_KEY": "apk_sandbox",
    }


class Server:
    """The sandbox behind `url`, in a thread of its own; a context manager.

    `port` 0 takes a free one. Nothing but a loopback address is accepted (ValueError): a simulator has no security.
    """

    def __init__(self, sandbox: Sandbox, port: int = 0, *, host: str = "127.0.0.1", log_level: str = "warning") -> None:
        if host not in LOOPBACK:
            raise ValueError(f"the sandbox listens on loopback only ({' or '.join(LOOPBACK)}), not on {host}")
        self.sandbox = sandbox
        self.url = ""
        """`http://HOST:PORT`, known once `start` has returned."""
        self._host, self._port, self._log_level = host, port, log_level
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> "Server":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Listen; when this returns requests are answered. An OSError when the port is taken."""
        if self._thread is not None:
            return
        listener = _bound(self._host, self._port)
        config = uvicorn.Config(
            self.sandbox.app(),
            http=_Protocol,
            ws="none",
            lifespan="off",
            loop="asyncio",
            access_log=False,
            log_config=None,
            log_level=self._log_level,
            server_header=False,
            date_header=False,  # the front door says what time it is in the simulated world
            proxy_headers=False,
            timeout_keep_alive=_KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=2,
        )
        self._server = uvicorn.Server(config)
        self.sandbox.stopping = False
        thread = threading.Thread(target=self._run, args=(self._server, listener), name="sandbox", daemon=True)
        thread.start()
        while not self._server.started and thread.is_alive():
            time.sleep(0.002)
        host = f"[{self._host}]" if ":" in self._host else self._host
        self._thread, self.url = thread, f"http://{host}:{listener.getsockname()[1]}"

    def stop(self) -> None:
        """Finish open requests (hanging ones are dropped), close the socket, save. Harmless when not started."""
        if self._thread is None or self._server is None:
            return
        self.sandbox.stopping = True
        self._server.should_exit = True
        self._thread.join()
        self._thread = None
        self.sandbox.flush()

    def serve(self) -> None:
        """Run in the foreground until SIGINT or SIGTERM, then stop in order. Starts the server if need be."""
        asked = threading.Event()

        def ask(_signal: int, _frame: FrameType | None) -> None:
            asked.set()

        before = {each: signal.signal(each, ask) for each in (signal.SIGINT, signal.SIGTERM)}
        try:
            self.start()
            while not asked.wait(0.5) and self._thread is not None and self._thread.is_alive():
                pass
        finally:
            self.stop()
            for each, handler in before.items():
                signal.signal(each, handler)

    @staticmethod
    def _run(server: uvicorn.Server, listener: socket.socket) -> None:
        with listener:
            asyncio.run(server.serve(sockets=[listener]))


class _Protocol(H11Protocol):
    """uvicorn's HTTP/1.1, which also lets the application at the connection, so that a fault can cut it."""

    def connection_made(self, transport: Any) -> None:
        """Hand the transport to every request of this connection through `scope["state"]`."""
        super().connection_made(transport)
        self.app_state = {**self.app_state, TRANSPORT: transport}


def _bound(host: str, port: int) -> socket.socket:
    # asyncio sets TCP_NODELAY only on sockets that name their protocol; without it every response takes 40 ms.
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(256)
    except OSError:
        listener.close()
        raise
    return listener
