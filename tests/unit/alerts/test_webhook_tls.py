"""The webhook by https: whom it trusts, and that a handshake ends."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from alert_cases import message_of

from reconcile.alerts.send import NotDelivered, Ways, send
from reconcile.core.alert import WebhookSink
from sinks.catcher import Catcher, catching

WAYS = Ways(out=lambda text: None, sleep=lambda seconds: None)


@pytest.fixture
def secure(certificate: Path) -> Iterator[Catcher]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with catching(context) as found:
        yield found


def test_a_certificate_that_nobody_trusts_is_told_nothing(secure: Catcher, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    with pytest.raises(NotDelivered, match="its certificate is not trusted"):
        send(message_of(), WebhookSink("hook", secure.url), WAYS)
    assert secure.caught == []


def test_others_to_trust_are_named_by_the_environment(
    secure: Catcher, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    send(message_of(), WebhookSink("hook", secure.url), WAYS)
    assert len(secure.caught) == 1
    wrong = secure.url.replace("127.0.0.1", "localhost")
    with pytest.raises(NotDelivered, match="its certificate is not trusted"):
        send(message_of(), WebhookSink("hook", wrong), WAYS)


def test_a_handshake_without_an_end_is_no_answer_in_time() -> None:
    """Bytes of one long record keep coming; who waits for it does so no longer than an attempt may take."""
    done = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            for _ in range(3):
                connection, _ = server.accept()
                with connection, suppress(OSError):
                    connection.sendall(b"\x16\x03\x03\x40\x00")
                    for _ in range(100):
                        connection.sendall(b"\x00")
                        done.wait(0.03)

        thread = threading.Thread(target=serve)
        thread.start()
        url = f"https://127.0.0.1:{server.getsockname()[1]}/"
        with pytest.raises(NotDelivered, match="no answer in time"):
            send(message_of(), WebhookSink("hook", url, timeout=0.2), WAYS)  # type: ignore[arg-type]
        done.set()
        thread.join()
