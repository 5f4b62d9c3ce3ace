"""The webhook, against a real server: what it sends, how often, and what it says when that was in vain."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest
from alert_cases import PACK, alert_of, message_of

from reconcile.alerts.send import NotDelivered, Ways, send
from reconcile.alerts.webhook import LONGEST_PAUSE, signature
from reconcile.core.alert import WebhookSink
from reconcile.core.redact import Redactor
from sinks.catcher import Catcher, catching

SECRET = "a-secret-of-some-length"
NOW = 1_764_060_000.7


@pytest.fixture
def catcher() -> Iterator[Catcher]:
    with catching() as found:
        yield found


class World:
    """A clock that stands still, and the pauses that were made."""

    def __init__(self) -> None:
        self.pauses: list[float] = []
        self.ways = Ways(out=lambda text: None, now=lambda: NOW, sleep=self.pauses.append)


@pytest.fixture
def world() -> World:
    return World()


def sent(catcher: Catcher, world: World, secret: str = SECRET) -> None:
    send(message_of(), WebhookSink("hook", catcher.url, secret), world.ways)


def test_the_body_is_json_and_the_signature_covers_it_with_the_time(catcher: Catcher, world: World) -> None:
    """Verified as a receiver would, with nothing of ours but the secret."""
    sent(catcher, world)
    (caught,) = catcher.caught
    assert caught.json["format"] == "reconcile.alerts/1"
    assert caught.json["alerts"][0]["subject"] == PACK
    assert caught.json["alerts"][0]["fields"] == [{"path": "time", "before": "01:00", "after": "09:00"}]
    assert caught.headers["content-type"] == "application/json"
    assert caught.headers["x-reconcile-delivery"] == "id-1" == caught.json["id"]
    timestamp = caught.headers["x-reconcile-timestamp"]
    assert timestamp == "1764060000"
    digits = hmac.new(SECRET.encode(), timestamp.encode() + b"." + caught.body, hashlib.sha256).hexdigest()
    assert caught.headers["x-reconcile-signature"] == f"v1={digits}"


def test_the_signature_of_the_documented_example() -> None:
    """What docs/alerts.md shows can be relied on."""
    assert signature("key", "1764060000", b"{}") == (
        "v1=" + hmac.new(b"key", b"1764060000.{}", hashlib.sha256).hexdigest()
    )


def test_without_a_secret_nothing_is_signed(catcher: Catcher, world: World) -> None:
    sent(catcher, world, secret="")
    assert "x-reconcile-signature" not in catcher.caught[0].headers


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_what_may_pass_is_tried_again_with_the_same_id(catcher: Catcher, world: World, status: int) -> None:
    catcher.answers += [(status, {}), (status, {})]
    sent(catcher, world)
    assert len(catcher.caught) == 3
    assert len({each.headers["x-reconcile-delivery"] for each in catcher.caught}) == 1
    assert world.pauses == [1.0, 2.0]


@pytest.mark.parametrize(
    ("said", "pause"),
    [
        ("7", 7.0),
        ("0", 0.0),
        ("86400", LONGEST_PAUSE),
        ("9" * 400, LONGEST_PAUSE),
        ("Tue, 25 Nov 2025 08:40:05 GMT", pytest.approx(4.3)),
        ("Tue, 25 Nov 1999 08:40:05 GMT", 0.0),
        ("soon", 1.0),
        ("Tue, 25 Nov 99999999999999999999 08:40:05 GMT", 1.0),
    ],
)
def test_the_other_side_says_how_long_to_wait_up_to_a_limit(
    catcher: Catcher, world: World, said: str, pause: float
) -> None:
    catcher.answers.append((503, {"Retry-After": said}))
    sent(catcher, world)
    assert world.pauses == [pause]


def test_after_three_attempts_it_is_over(catcher: Catcher, world: World) -> None:
    catcher.answers += [(503, {})] * 3
    with pytest.raises(NotDelivered, match=r"^127\.0\.0\.1: it answers 503 Service Unavailable$"):
        sent(catcher, world)
    assert len(catcher.caught) == 3


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_a_refusal_is_no_reason_to_try_again(catcher: Catcher, world: World, status: int) -> None:
    catcher.answers.append((status, {}))
    with pytest.raises(NotDelivered, match=f"it answers {status}"):
        sent(catcher, world)
    assert len(catcher.caught) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(catcher: Catcher, world: World, status: int) -> None:
    """The signature goes to nobody but the place that the file names."""
    with catching() as other:
        catcher.answers.append((status, {"Location": other.url}))
        with pytest.raises(NotDelivered, match="redirect"):
            sent(catcher, world)
        assert other.caught == []


def test_nobody_listens(world: World) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/very-secret-path"
        with pytest.raises(NotDelivered) as caught:
            send(message_of(), WebhookSink("hook", url), world.ways)
    assert "refused" in str(caught.value)
    assert "very-secret-path" not in str(caught.value)
    assert world.pauses == [1.0, 2.0]


def test_no_answer_in_time(world: World) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        with pytest.raises(NotDelivered, match="no answer in time"):
            send(message_of(), WebhookSink("hook", url, timeout=0.05), world.ways)  # type: ignore[arg-type]


def test_an_answer_without_an_end_is_no_answer_in_time(world: World) -> None:
    """Something comes before every timeout, and the answer comes late: that time counts as a whole."""
    done = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip(connection: socket.socket) -> None:
            with connection, suppress(OSError):
                for _ in range(100):
                    connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
                    done.wait(0.03)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

        def serve() -> None:
            for _ in range(3):
                drip(server.accept()[0])

        thread = threading.Thread(target=serve)
        thread.start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
        try:
            with pytest.raises(NotDelivered, match="no answer in time"):
                send(message_of(), WebhookSink("hook", url, timeout=0.2), world.ways)  # type: ignore[arg-type]
        finally:
            done.set()
            while thread.is_alive():
                with suppress(OSError):
                    socket.create_connection(server.getsockname(), 1).close()
                thread.join(0.1)


def test_a_key_that_is_no_text_signs_as_the_bytes_that_it_is(catcher: Catcher, world: World) -> None:
    """What the environment holds need not be UTF-8."""
    key = SECRET.encode() + b"\xff"
    sent(catcher, world, os.fsdecode(key))
    (caught,) = catcher.caught
    signed = caught.headers["x-reconcile-timestamp"].encode() + b"." + caught.body
    assert caught.headers["x-reconcile-signature"] == "v1=" + hmac.new(key, signed, hashlib.sha256).hexdigest()


def test_what_is_no_http_is_an_unusable_answer(world: World) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            for _ in range(3):
                connection, _ = server.accept()
                with connection:
                    connection.recv(65_536)
                    connection.sendall(b"SSH-2.0-nonsense\r\n\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(NotDelivered, match="no usable answer"):
            send(message_of(), WebhookSink("hook", f"http://127.0.0.1:{server.getsockname()[1]}/"), world.ways)
        thread.join()


def test_no_secret_leaves(catcher: Catcher, world: World) -> None:
    """Whatever an alert holds goes through the redactor; the key of the signature is nowhere."""
    redactor = Redactor(["hunter22"])
    message = message_of(alert_of("sales/schedule/recipe:hunter22"), clean=redactor.clean)
    sink = WebhookSink("hook", catcher.url, SECRET)
    send(message, sink, world.ways)
    (caught,) = catcher.caught
    assert b"hunter22" not in caught.body
    assert SECRET not in json.dumps([*caught.headers.values(), caught.body.decode()])
    assert SECRET not in repr(sink)
    assert "s3cr3t-path" not in repr(sink)
