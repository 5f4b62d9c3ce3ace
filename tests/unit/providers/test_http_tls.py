"""Certificates: refused by default, accepted by a named bundle, unchecked only aloud; and which proxy leads where."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx
import pytest
from http_server import OK, TOKEN, Desk, Server, script

from reconcile.core.errors import ConfigError, Unavailable
from reconcile.providers.transport import ssl_context
from reconcile.providers.url import proxy_for, without_secrets


@pytest.fixture
def secure(certificate: Path) -> Iterator[Server]:
    """Give an https server that nobody vouches for."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with Server(script(OK), tls=context) as server:
        yield server


def test_an_unknown_certificate_is_refused(secure: Server) -> None:
    """At once, with the way out, and before any credential leaves."""
    desk = Desk(secure.url)
    with desk.write() as client, pytest.raises(Unavailable) as caught:
        client.get("/x")
    assert "certificate verify failed" in str(caught.value)
    assert "ca_file" in caught.value.diagnostics[0].hint
    assert (secure.seen, desk.waits) == ([], [])


def test_a_named_bundle_is_trusted(secure: Server, certificate: Path) -> None:
    """Besides the usual ones, and silently."""
    desk = Desk(secure.url, ca_file=str(certificate))
    with desk.read() as client:
        assert client.get("/x").status == 200
    assert desk.notices == []
    assert len(ssl_context(str(certificate), True).get_ca_certs()) > 50


def test_unchecked_certificates_are_told(secure: Server) -> None:
    """Once for each client, also before the first call."""
    desk = Desk(secure.url, verify=False)
    with desk.read() as client:
        assert len(desk.notices) == 1
        client.get("/x")
        client.get("/x")
    (notice,) = desk.notices
    assert (notice.connection, notice.seconds) == ("sales", 0.0)
    assert "NOT checked" in notice.text


def test_the_name_is_checked_too(secure: Server, certificate: Path) -> None:
    """A trusted certificate of somebody else is of no use."""
    desk = Desk(secure.url.replace("127.0.0.1", "localhost"), ca_file=str(certificate))
    with desk.read() as client, pytest.raises(Unavailable, match="certificate verify failed"):
        client.get("/x")
    assert secure.seen == []


def test_bundles_that_cannot_be_used(secure: Server, tmp_path: Path) -> None:
    """A missing one before any call, an empty one at the first."""
    with pytest.raises(ConfigError, match=r"sales: there is no ca_file"):
        Desk(secure.url, ca_file=str(tmp_path / "no.pem")).read()
    empty = tmp_path / "empty.pem"
    empty.write_text("nothing")
    with Desk(secure.url, ca_file=str(empty)).read() as client, pytest.raises(Unavailable, match="no certificates"):
        client.get("/x")


def test_one_context_for_all() -> None:
    """It takes 100 ms to make one."""
    assert ssl_context(None, True) is ssl_context(None, True)
    assert ssl_context(None, True).verify_mode is ssl.CERT_REQUIRED
    assert ssl_context(None, True).check_hostname
    assert ssl_context(None, False).verify_mode is ssl.CERT_NONE


P = "http://proxy.example:3128"


@pytest.mark.parametrize(
    ("url", "environment", "proxy"),
    [
        ("https://a.example", {}, None),
        ("https://a.example", {"HTTPS_PROXY": P}, P),
        ("https://a.example", {"https_proxy": P, "HTTPS_PROXY": "http://other"}, P),
        ("https://a.example", {"ALL_PROXY": P}, P),
        ("https://a.example", {"HTTP_PROXY": P}, None),
        ("https://a.example", {"HTTPS_PROXY": "proxy.example:3128"}, P),
        ("https://a.example", {"HTTPS_PROXY": ""}, None),
        ("https://127.0.0.1", {"HTTPS_PROXY": P}, None),
        ("https://localhost", {"ALL_PROXY": P}, None),
        ("https://[::1]", {"ALL_PROXY": P}, None),
        ("https://a.example", {"HTTPS_PROXY": P, "NO_PROXY": "*"}, None),
        ("https://a.example", {"HTTPS_PROXY": P, "NO_PROXY": "b.example, a.example"}, None),
        ("https://x.a.example", {"HTTPS_PROXY": P, "no_proxy": "A.example"}, None),
        ("https://x.a.example", {"HTTPS_PROXY": P, "no_proxy": ".a.example"}, None),
        ("https://x.a.example", {"HTTPS_PROXY": P, "no_proxy": "*.a.example"}, None),
        ("https://xa.example", {"HTTPS_PROXY": P, "NO_PROXY": "a.example"}, P),
        ("https://a.example", {"HTTPS_PROXY": P, "NO_PROXY": "a.example:443"}, None),
        ("https://a.example", {"HTTPS_PROXY": P, "NO_PROXY": "a.example:8443"}, P),
        ("https://10.1.2.3", {"HTTPS_PROXY": P, "NO_PROXY": "10.1.2.3"}, None),
        ("https://[fd00::1]", {"HTTPS_PROXY": P, "NO_PROXY": "[fd00::1]"}, None),
        ("https://[fd00::1]", {"HTTPS_PROXY": P, "NO_PROXY": "fd00::1"}, None),
        ("https://a.example", {"HTTPS_PROXY": P, "NO_PROXY": " , "}, P),
    ],
)
def test_proxy_rules(url: str, environment: Mapping[str, str], proxy: str | None) -> None:
    """As curl and httpx read the environment; never for this machine."""
    assert proxy_for(httpx.URL(url), environment) == proxy


def test_a_proxy_that_cannot_be_used() -> None:
    """It is named without its password."""
    desk = Desk("https://a.example", environment={"HTTPS_PROXY": "gopher://me:pr0xypassword@proxy:70"})
    with desk.read() as client, pytest.raises(Unavailable, match="gopher://proxy:70") as caught:
        client.get("/x")
    assert "pr0xypassword" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://me:word@h.example/p?token=x#y", "https://h.example/p"),
        ("me:word@h.example/p", "h.example/p"),
        ("/p?x", "/p"),
        ("https://h.example", "https://h.example"),
        ("https://me:p@ss@h.example/", "https://h.example/"),
        ("https://h.example?token=x", "https://h.example"),
        ("", ""),
    ],
)
def test_urls_fit_to_show(url: str, shown: str) -> None:
    """No user, no password, no query."""
    assert without_secrets(url) == shown


def test_tokens_stay_on_an_encrypted_line(secure: Server, certificate: Path) -> None:
    """The whole way works over https, one-shots included."""
    with Desk(secure.url, ca_file=str(certificate)).write() as client:
        client.get("/x")
    assert secure.seen[0].token == TOKEN
