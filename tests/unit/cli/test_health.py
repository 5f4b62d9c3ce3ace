"""The health endpoint: answers, over real sockets, whatever kind of client comes."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import pytest

from reconcile.cli import health
from reconcile.cli.health import TEXT, json_page, serving
from reconcile.core.errors import ReconcileError


def broken() -> health.Page:
    raise RuntimeError("a defect")


@pytest.fixture
def port() -> Iterator[int]:
    pages: health.Pages = {
        "/healthz": lambda: (200, TEXT, "ok\n"),
        "/readyz": lambda: json_page(503, {"ready": False}),
        "/broken": broken,
    }
    with serving("127.0.0.1", 0, pages) as found:
        yield found


@pytest.fixture
def http(port: int) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=10) as client:
        yield client


def test_pages(http: httpx.Client) -> None:
    assert http.get("/healthz?verbose=1").text == "ok\n"
    ready = http.get("/readyz")
    assert (ready.status_code, ready.json()) == (503, {"ready": False})
    assert ready.headers["content-type"] == "application/json"
    head = http.head("/healthz")
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", "3")


def test_what_is_not_there(http: httpx.Client) -> None:
    """Says what is; nothing but GET and HEAD is answered, and no version of anything is told."""
    answer = http.get("/")
    assert answer.status_code == 404
    assert "/healthz" in answer.text
    assert http.post("/healthz").status_code == 501
    assert answer.headers["server"].strip() == "reconcile"


def test_bad_clients_keep_nobody_waiting(port: int, http: httpx.Client, capfd: pytest.CaptureFixture[str]) -> None:
    """Silence, garbage, half a request, a page with a defect: the next answer comes, and nothing is logged."""
    with ExitStack() as stack:
        for sent in (b"", b"\x16\x03\x01\x02\x00", b"GET /healthz HTTP/1.1\r\nHost:", b"GET " + b"x" * 70_000):
            client = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=10))
            client.sendall(sent)
        with pytest.raises(httpx.RemoteProtocolError):
            http.get("/broken")
        assert http.get("/healthz").text == "ok\n"
    assert http.get("/healthz").text == "ok\n"
    assert capfd.readouterr().err == ""


def test_a_flood_of_clients_is_turned_away(port: int, http: httpx.Client) -> None:
    """More than there is room for are closed; when they are gone, the next is served."""
    with ExitStack() as stack:
        silent = [
            stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=10))
            for _ in range(health.MOST_CLIENTS + 4)
        ]
        assert silent[-1].recv(1) == b""
    for _ in range(50):
        try:
            assert http.get("/healthz").text == "ok\n"
            break
        except httpx.HTTPError:
            continue


def test_a_silent_client_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health._Handler, "timeout", 0.05)
    with (
        serving("127.0.0.1", 0, {}) as port,
        socket.create_connection(("127.0.0.1", port), timeout=10) as client,
    ):
        assert client.recv(1) == b""


def test_a_port_that_is_taken(port: int) -> None:
    with pytest.raises(ReconcileError) as caught, serving("127.0.0.1", port, {}):
        pass
    assert caught.value.diagnostics[0].code == "port-unusable"


def test_it_is_gone_afterwards() -> None:
    with serving("127.0.0.1", 0, {}) as port:
        pass
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=10)
