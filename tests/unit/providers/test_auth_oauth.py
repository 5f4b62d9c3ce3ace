"""The logins that speak to a token endpoint, and those that sign for themselves."""

from __future__ import annotations

import base64
import builtins
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from http_server import CUT, NOW, OK, Desk, Reply, Seen, Server, closed_port, script

from reconcile.core.errors import AuthFailed, LimitReached, PlatformError, Unavailable
from reconcile.providers.auth import Auth, ClientCredentials, JwtBearer, RefreshToken, ServiceAccount
from reconcile.providers.oauth import JWT_GRANT

SECRET = "client-s3cret-0123456789"
REFRESH = "5Aep861-refresh-0123456789"
ISSUED = "00Dx0000000001!AQ.issued-0123456789"


def _pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = _pem(KEY)


def form(seen: Seen) -> dict[str, str]:
    """Return the fields of a form."""
    return {name: values[0] for name, values in parse_qs(seen.body.decode(), keep_blank_values=True).items()}


def org(*logins: Reply, issued: str = ISSUED) -> Callable[[Seen], Reply]:
    """Return a handler that gives these answers to logins (by default: a token), and "ok" to whoever has it."""
    login = script(*(logins or (Reply(body={"access_token": issued, "instance_url": "https://else.example"}),)))

    def handler(seen: Seen) -> Reply:
        if seen.path == "/services/oauth2/token":
            return login(seen)
        return OK if seen.token == issued else Reply(401)

    return handler


CREDENTIALS = ClientCredentials("my-app", SECRET)


def test_client_credentials() -> None:
    """One form to the org's own host; its ``instance_url`` is not needed."""
    with Server(org()) as server, Desk(server.url + "/", CREDENTIALS).read() as client:
        assert client.get("/x").status == 200
        login, call = server.seen
    assert (login.method, login.path) == ("POST", "/services/oauth2/token")
    assert login.headers["content-type"] == "application/x-www-form-urlencoded"
    assert form(login) == {"grant_type": "client_credentials", "client_id": "my-app", "client_secret": SECRET}
    assert "authorization" not in login.headers
    assert call.token == ISSUED


@pytest.mark.parametrize("line_breaks", ["\n", "\\n"])
def test_jwt_bearer(line_breaks: str) -> None:
    """The assertion is signed with our key and says who, for whom, and until when."""
    auth = JwtBearer("my-app", "me@example.com", PEM.replace("\n", line_breaks), audience="https://test.salesforce.com")
    with Server(org()) as server, Desk(server.url, auth).read() as client:
        assert client.get("/x").status == 200
        sent = form(server.seen[0])
    claims = jwt.decode(
        sent["assertion"], KEY.public_key(), algorithms=["RS256"], options={"verify_exp": False, "verify_aud": False}
    )
    assert sent["grant_type"] == JWT_GRANT
    assert claims == {
        "iss": "my-app",
        "sub": "me@example.com",
        "aud": "https://test.salesforce.com",
        "exp": int(NOW) + 180,
    }


def test_a_key_is_read_once(tmp_path: Path) -> None:
    """Parsing takes 31 ms; and the file may be gone later."""
    file = tmp_path / "key.pem"
    file.write_text(PEM)
    auth = JwtBearer("my-app", "me@example.com", private_key_file=str(file))
    logins = [Reply(body={"access_token": token}) for token in ("first-token", ISSUED)]
    with Server(org(*logins)) as server, Desk(server.url, auth).read() as client:
        client._session.token()
        file.unlink()
        assert client.get("/x").status == 200
        assert server.paths == ["/services/oauth2/token", "/x", "/services/oauth2/token", "/x"]


def test_refresh_token() -> None:
    """With the secret only where there is one."""
    for secret in (None, SECRET):
        with Server(org()) as server, Desk(server.url, RefreshToken("my-app", REFRESH, secret)).read() as client:
            assert client.get("/x").status == 200
            expected = {"grant_type": "refresh_token", "client_id": "my-app", "refresh_token": REFRESH}
            assert form(server.seen[0]) == expected | ({"client_secret": secret} if secret else {})


def test_refresh_tokens_may_rotate() -> None:
    """The next login uses the new one, the user is told, and the new one is shown nowhere."""
    rotated = "5Aep861-rotated-0123456789"
    logins = (Reply(body={"access_token": "old-token", "refresh_token": rotated}), Reply(body={"access_token": ISSUED}))
    auth = RefreshToken("my-app", REFRESH)
    with Server(org(*logins)) as server:
        desk = Desk(server.url, auth)
        with desk.read() as client:
            assert client.get("/x").status == 200
        assert [form(s)["refresh_token"] for s in server.seen if s.method == "POST"] == [REFRESH, rotated]
    assert any("replaced the refresh token" in notice.text for notice in desk.notices)
    assert rotated not in repr(desk.notices) + repr(auth)
    assert desk.redactor.clean(rotated) == "***"


def test_a_login_url_of_its_own() -> None:
    """login.salesforce.com, or the whole address of the endpoint."""
    with Server(org()) as login, Server(org()) as server:
        for url in (login.url, login.url + "/", login.url + "/services/oauth2/token"):
            with Desk(server.url, RefreshToken("my-app", REFRESH, login_url=url)).read() as client:
                assert client.get("/x").status == 200
        assert login.paths == ["/services/oauth2/token"] * 3
        assert server.paths == ["/x"] * 3


def test_the_answer_may_say_where_the_org_is() -> None:
    """When no instance URL is configured."""
    with Server(org()) as server:
        login = org(Reply(body={"access_token": ISSUED, "instance_url": server.url}))
        with Server(login) as front, Desk(None, RefreshToken("a", REFRESH, login_url=front.url)).read() as client:
            assert client.get("/x").status == 200
        assert server.paths == ["/x"]


@pytest.mark.parametrize(
    ("code", "hint"),
    [
        ("invalid_grant", "approved for this user"),
        ("invalid_client_id", "consumer key"),
        ("invalid_client", "client_secret"),
        ("inactive_user", "inactive"),
        ("unsupported_grant_type", "switch this login on"),
        ("something_new", "check login_url"),
    ],
)
def test_refused_logins_show_the_platforms_words(code: str, hint: str) -> None:
    """Cleaned, with a hint for the code, after a single try."""
    said = f"no \x1b[1mclient\ncredentials user enabled for {SECRET}"
    reply = Reply(400, {"error": code, "error_description": said})
    with Server(org(reply)) as server:
        desk = Desk(server.url, CREDENTIALS)
        with desk.read() as client, pytest.raises(AuthFailed) as caught:
            client.get("/x")
        assert (len(server.seen), desk.waits) == (1, [])
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.detail == (
        f"POST /services/oauth2/token (sales, login): 400 {code}: no [1mclient credentials user enabled for ***"
    )
    assert hint in diagnostic.hint
    assert caught.value.status == 400


@pytest.mark.parametrize(
    "reply",
    [
        Reply(body=b"<html><body>Welcome</body></html>"),
        Reply(body=b""),
        Reply(body=["access_token"]),
        Reply(body={"token_type": "Bearer"}),
        Reply(body={"access_token": None}),
        Reply(body={"access_token": "two words"}),
        Reply(404, b"<html><body>Not here</body></html>"),
        Reply(403, {}),
    ],
)
def test_logins_that_answer_nonsense(reply: Reply) -> None:
    """They failed; and nothing is sent to the platform."""
    with Server(org(reply)) as server:
        with Desk(server.url, CREDENTIALS).read() as client, pytest.raises(AuthFailed) as caught:
            client.get("/x")
        assert server.paths == ["/services/oauth2/token"]
    assert caught.value.diagnostics[0].hint


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_logins_follow_no_redirect(status: int) -> None:
    """Not even on the same host: the form holds the secret."""
    with Server(script(OK)) as other:
        reply = Reply(status, b"", {"Location": f"{other.url}/services/oauth2/token"})
        with (
            Server(org(reply)) as server,
            Desk(server.url, CREDENTIALS).read() as client,
            pytest.raises(AuthFailed, match="elsewhere"),
        ):
            client.get("/x")
        assert other.connections == 0


@pytest.mark.parametrize("reply", [Reply(429), Reply(503)])
def test_logins_wait_where_that_helps(reply: Reply) -> None:
    """Visibly."""
    token = Reply(body={"access_token": ISSUED})
    with Server(org(reply, reply, token)) as server:
        desk = Desk(server.url, CREDENTIALS)
        with desk.read() as client:
            assert client.get("/x").status == 200
    assert desk.waits == [1.0, 2.0]
    assert "(sales, login)" in desk.notices[0].text


@pytest.mark.parametrize(
    ("reply", "kind", "waits"),
    [(Reply(429), LimitReached, 2), (Reply(503), Unavailable, 2), (Reply(500), Unavailable, 0), (CUT, Unavailable, 0)],
)
def test_logins_that_never_work(reply: Reply, kind: type[PlatformError], waits: int) -> None:
    """A login has no effect on any object, whatever became of it; also before a write."""
    from http_server import ONCE

    with Server(org(reply)) as server:
        desk = Desk(server.url, CREDENTIALS, attempts=3)
        with desk.write() as client, pytest.raises(kind) as caught:
            client.send(ONCE)
    assert type(caught.value) is kind
    assert len(desk.waits) == waits
    assert not caught.value.may_have_happened


def test_a_login_that_is_not_there() -> None:
    """No connection is waited for."""
    desk = Desk(f"http://127.0.0.1:{closed_port()}", CREDENTIALS, attempts=3)
    with desk.read() as client, pytest.raises(Unavailable, match="login"):
        client.get("/x")
    assert desk.waits == [1.0, 2.0]


@pytest.mark.parametrize("url", ["http://login.example.com", "https://me:passw0rd@login.example.com"])
def test_login_urls_keep_the_rule(url: str) -> None:
    """https, and no password in it."""
    desk = Desk("https://org.example.com", RefreshToken("my-app", REFRESH, login_url=url))
    with desk.read() as client, pytest.raises(AuthFailed, match="login URL") as caught:
        client.get("/x")
    assert "passw0rd" not in str(caught.value)


def test_no_url_to_log_in_at() -> None:
    """It says which setting is missing."""
    with Desk(None, CREDENTIALS).read() as client, pytest.raises(AuthFailed) as caught:
        client.get("/x")
    assert "instance_url" in caught.value.diagnostics[0].hint


@pytest.mark.parametrize(
    "auth",
    [
        CREDENTIALS,
        JwtBearer("my-app", "me@example.com", PEM),
        RefreshToken("my-app", REFRESH, SECRET),
        ServiceAccount("key.json"),
    ],
)
def test_no_repr_shows_a_secret(auth: Auth) -> None:
    """Not of the login, not of what is inside."""
    text = repr(auth)
    for secret in (SECRET, REFRESH, PEM.splitlines()[3]):
        assert secret not in text


def test_secrets_are_in_no_error_of_a_login_that_quotes_them() -> None:
    """A debugging endpoint that answers with the form itself."""

    def echo(seen: Seen) -> Reply:
        return Reply(400, {"error": "invalid_grant", "error_description": str(form(seen))})

    auths: list[Auth] = [
        CREDENTIALS,
        JwtBearer("my-app", "me@example.com", PEM),
        RefreshToken("my-app", REFRESH, SECRET),
    ]
    for auth in auths:
        with Server(echo) as server, Desk(server.url, auth).read() as client, pytest.raises(AuthFailed) as caught:
            client.get("/x")
        assert "***" in str(caught.value)
        for secret in (SECRET, REFRESH, "eyJhbGciOi"):
            assert secret not in str(caught.value)


EC_PEM = _pem(ec.generate_private_key(ec.SECP256R1()))


@pytest.mark.parametrize("pem", ["", "nothing", PEM[:200], PEM.replace("PRIVATE", "PUBLIC"), EC_PEM])
def test_keys_of_no_use(pem: str) -> None:
    """Said without showing a line of it, before any call."""
    auth = JwtBearer("my-app", "me@example.com", pem)
    with Server(org()) as server:
        with Desk(server.url, auth).read() as client, pytest.raises(AuthFailed, match="no RSA key") as caught:
            client.get("/x")
        assert server.seen == []
    assert not any(line in str(caught.value) for line in PEM.splitlines()[1:-1])


def test_a_key_file_that_is_missing() -> None:
    """It is named."""
    auth = JwtBearer("my-app", "me@example.com", private_key_file="/no/such.pem")
    with (
        Desk("https://org.example.com", auth).read() as client,
        pytest.raises(AuthFailed, match=r"'/no/such\.pem' cannot be read: No such file"),
    ):
        client.get("/x")


@pytest.mark.parametrize("missing", ["jwt", "cryptography"])
def test_without_the_extra(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says how to get it."""
    original = builtins.__import__

    def absent(name: str, *rest: Any) -> Any:
        if name.partition(".")[0] == missing:
            raise ImportError(name)
        return original(name, *rest)

    monkeypatch.setattr(builtins, "__import__", absent)
    with (
        Desk("https://org.example.com", JwtBearer("my-app", "me@example.com", PEM)).read() as client,
        pytest.raises(AuthFailed) as caught,
    ):
        client.get("/x")
    assert caught.value.diagnostics[0].hint == 'pip install "reconcile[jwt]"'


ACCOUNT = {
    "type": "service_account",
    "client_email": "robot@project.iam.gserviceaccount.com",
    "private_key_id": "kid-1",
    "private_key": PEM,
}


def test_service_account(tmp_path: Path) -> None:
    """The token is what the published recipe makes; it ends in an hour and is renewed before."""
    file = tmp_path / "key.json"
    file.write_text(json.dumps(ACCOUNT))
    with Server(script(OK)) as server:
        desk = Desk(server.url, ServiceAccount(str(file)))
        with desk.write() as client:
            client.get("/x")
            client.get("/y")
            token = client._session.token()
        first, second = (seen.token for seen in server.seen)
    assert first == second == token.value
    assert token.ends_at == NOW + 3600
    header = json.loads(base64.urlsafe_b64decode(first.split(".")[0] + "=="))
    assert header == {"typ": "JWT", "alg": "RS256", "kid": "kid-1"}
    email = ACCOUNT["client_email"]
    assert jwt.decode(
        first, KEY.public_key(), algorithms=["RS256"], options={"verify_iat": False, "verify_aud": False}
    ) == {
        "iat": int(NOW),
        "exp": int(NOW) + 3600,
        "iss": email,
        "sub": email,
        "email": email,
        "aud": "https://tailer-api-nqonovswsq-ew.a.run.app",
    }
    assert desk.redactor.clean(first) == "***"
    assert desk.redactor.clean(PEM.splitlines()[5]) == "***"


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", json.dumps(ACCOUNT | {"private_key": "no"}), json.dumps({"client_email": "x"})]
)
def test_service_account_files_of_no_use(tmp_path: Path, text: str) -> None:
    """They say what the file should be."""
    file = tmp_path / "key.json"
    file.write_text(text)
    with Desk("https://t.example.com", ServiceAccount(str(file))).read() as client, pytest.raises(AuthFailed) as caught:
        client.get("/x")
    assert caught.value.diagnostics[0].hint
