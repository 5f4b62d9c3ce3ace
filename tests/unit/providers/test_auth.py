"""One session for all threads of a connection: obtained once, renewed once, and never hammered."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest
from http_server import NOW, OK, ONCE, PUT, TOKEN, Desk, Reply, Seen, Server, writing

from reconcile.core.errors import AuthFailed, PlatformError, Unavailable
from reconcile.providers.auth import ApiKey, BearerToken, Means, Token
from reconcile.providers.http import Timing
from reconcile.providers.session import LOGIN_REST, MARGIN

REFUSED = Reply(401, [{"errorCode": "INVALID_SESSION_ID", "message": "Session expired or invalid"}])


@dataclass
class Counter:
    """A login that hands out numbered tokens, and counts."""

    logins: int = 0
    renewable: bool = True
    advice: str = "look at the settings"
    lifetime: float | None = None
    failure: PlatformError | None = None
    instance_url: str | None = None
    slow: threading.Event = field(default_factory=threading.Event)

    def obtain(self, means: Means) -> Token:
        self.logins += 1
        if self.failure:
            raise self.failure
        ends_at = means.now() + self.lifetime if self.lifetime else None
        return Token(f"token-number-{self.logins}", ends_at=ends_at, instance_url=self.instance_url)


def accepts(*tokens: str) -> object:
    """Return a handler that lets these tokens in."""

    def handler(seen: Seen) -> Reply:
        return OK if seen.token in tokens else REFUSED

    return handler


def test_login_comes_with_the_first_request_and_lasts() -> None:
    """Not before, and once."""
    auth = Counter()
    with writing(lambda _: OK, auth) as (server, client, _):
        assert auth.logins == 0
        client.get("/a")
        client.get("/b")
    assert auth.logins == 1
    assert [seen.token for seen in server.seen] == ["token-number-1"] * 2


@pytest.mark.parametrize("request_", [None, PUT, ONCE])
def test_a_401_renews_once_and_repeats(request_: object) -> None:
    """Also for a one-shot: a 401 says that nothing happened. No wait, but a word."""
    auth = Counter()
    with writing(lambda seen: OK if seen.token == "token-number-2" else REFUSED, auth) as (server, client, desk):
        answer = client.send(request_) if request_ else client.get("/x")  # type: ignore[arg-type]
    assert answer.status == 200
    assert (auth.logins, len(server.seen), desk.waits) == (2, 2, [])
    assert [notice.text for notice in desk.notices] == ["the session ended: logging in again"]


def test_twenty_threads_share_one_renewal() -> None:
    """All are refused with the old token, one logs in, all go on with the new one."""
    auth = Counter()
    gate = threading.Barrier(20, timeout=20)

    def handler(seen: Seen) -> Reply:
        if seen.token == "token-number-1":
            gate.wait()
            return REFUSED
        return OK

    with writing(handler, auth, concurrency=20) as (server, client, _), ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda n: client.get(f"/{n}"), range(20)))
    assert [answer.status for answer in answers] == [200] * 20
    assert (auth.logins, len(server.seen)) == (2, 40)


def test_twenty_threads_share_the_first_login() -> None:
    """Nobody logs in beside another."""
    auth = Counter()
    gate = threading.Barrier(20, timeout=20)
    with writing(lambda _: OK, auth) as (_, client, _), ThreadPoolExecutor(20) as pool:

        def get(n: int) -> int:
            gate.wait()
            return client.get(f"/{n}").status

        assert list(pool.map(get, range(20))) == [200] * 20
    assert auth.logins == 1


def test_a_second_401_says_what_to_check() -> None:
    """With the platform's words and the method's advice."""
    with writing(lambda _: REFUSED, Counter()) as (server, client, _), pytest.raises(AuthFailed) as caught:
        client.get("/x")
    (said,) = caught.value.diagnostics
    assert said.detail == "GET /x (sales): 401 INVALID_SESSION_ID: Session expired or invalid"
    assert said.hint == "look at the settings"
    assert (len(server.seen), caught.value.status, caught.value.may_have_happened) == (2, 401, False)


def test_a_login_refused_at_once_is_not_repeated_for_each_request() -> None:
    """Hundreds of objects must not become hundreds of logins."""
    auth = Counter()
    with writing(lambda _: REFUSED, auth) as (server, client, _), ThreadPoolExecutor(8) as pool:

        def fails(n: int) -> bool:
            with pytest.raises(AuthFailed):
                client.get(f"/{n}")
            return True

        assert all(pool.map(fails, range(50)))
    assert auth.logins == 2
    assert len(server.seen) <= 50 + 8


def test_sessions_may_end_again_and_again() -> None:
    """Each token is good for two requests; each end is one renewal, for as long as one was let in between."""
    auth = Counter()
    used: dict[str, int] = {}

    def handler(seen: Seen) -> Reply:
        used[seen.token] = used.get(seen.token, 0) + 1
        return OK if used[seen.token] <= 2 else REFUSED

    with writing(handler, auth) as (_, client, _):
        for n in range(10):
            assert client.get(f"/{n}").status == 200
    assert auth.logins == 5


@pytest.mark.parametrize("auth", [BearerToken(TOKEN), ApiKey(TOKEN)])
def test_what_cannot_be_renewed_fails_at_the_first_401(auth: BearerToken | ApiKey) -> None:
    """One request, and what to do."""
    with writing(lambda _: REFUSED, auth) as (server, client, desk), pytest.raises(AuthFailed) as caught:
        client.get("/x")
    assert (len(server.seen), desk.notices) == (1, [])
    assert caught.value.diagnostics[0].hint == auth.advice


def test_a_failed_login_is_remembered() -> None:
    """Accounts are locked by less. Each failure is an error of its own."""
    auth = Counter(failure=AuthFailed("invalid_grant: no", hint="do this", status=400))
    with writing(lambda _: OK, auth) as (server, client, _):
        errors = []
        for _ in range(3):
            with pytest.raises(AuthFailed, match="invalid_grant: no") as caught:
                client.get("/x")
            errors.append(caught.value)
    assert (auth.logins, server.seen) == (1, [])
    assert len({id(error) for error in errors}) == 3
    assert {(error.diagnostics, error.status) for error in errors} == {(errors[0].diagnostics, 400)}


def test_a_failed_renewal_ends_it() -> None:
    """No further request goes out with the refused token."""
    auth = Counter()
    with writing(lambda _: REFUSED, auth) as (server, client, _):
        client._session.token()
        auth.failure = AuthFailed("the user was frozen")
        for _ in range(3):
            with pytest.raises(AuthFailed, match="frozen"):
                client.get("/x")
    assert (auth.logins, len(server.seen)) == (2, 1)


def test_an_unreachable_login_rests() -> None:
    """Requests share the failure for a while; then it is tried again, and may work."""
    clock = [0.0]
    auth = Counter(failure=Unavailable("nobody there"))
    timing = Timing(monotonic=lambda: clock[0], pause=lambda _: None)
    with writing(lambda _: OK, auth, timing=timing) as (_, client, _):
        for _ in range(3):
            with pytest.raises(Unavailable, match="nobody there"):
                client.get("/x")
        assert auth.logins == 1
        clock[0] += LOGIN_REST
        auth.failure = None
        assert client.get("/x").status == 200
    assert auth.logins == 2


def test_tokens_with_an_end_are_renewed_before_it() -> None:
    """A minute before, without a 401."""
    clock = [NOW]
    auth = Counter(lifetime=3600.0)
    timing = Timing(now=lambda: clock[0], pause=lambda _: None)
    with writing(lambda _: OK, auth, timing=timing) as (server, client, _):
        client.get("/a")
        clock[0] += 3600.0 - MARGIN - 1
        client.get("/b")
        clock[0] += 1
        client.get("/c")
    assert [seen.token[-1] for seen in server.seen] == ["1", "1", "2"]


def test_the_login_may_say_where_the_platform_is() -> None:
    """When nothing is configured; and only then."""
    with Server(lambda _: OK) as server, Server(lambda _: OK) as other:
        with Desk(None, Counter(instance_url=server.url + "/")).read() as client:
            assert client.get("/x").status == 200
        with Desk(server.url, Counter(instance_url=other.url)).read() as client:
            assert client.get("/y").status == 200
        assert server.paths == ["/x", "/y"]
        assert other.connections == 0


@pytest.mark.parametrize("where", [None, "", "http://example.com", "https://me:passw0rd@example.com"])
def test_the_login_may_not_send_us_anywhere(where: str | None) -> None:
    """The URL rule holds for what a login says, too."""
    with Desk(None, Counter(instance_url=where)).read() as client, pytest.raises(AuthFailed) as caught:
        client.get("/x")
    assert "set instance_url" in caught.value.diagnostics[0].hint
    assert "passw0rd" not in str(caught.value)


@pytest.mark.parametrize("token", ["", "   ", "two words", "line\nbreak-0123456789", "nön-ascii-0123456789", "a\x00b"])
@pytest.mark.parametrize("kind", [BearerToken, ApiKey])
def test_tokens_that_no_header_can_carry(kind: type[BearerToken | ApiKey], token: str) -> None:
    """They are refused before the request, and not shown."""
    with writing(lambda _: OK, kind(token)) as (server, client, _), pytest.raises(AuthFailed) as caught:
        client.get("/x")
    assert server.seen == []
    assert "0123456789" not in str(caught.value)


def test_white_space_around_a_token_is_not_the_token() -> None:
    """Files end with a line break."""
    with writing(lambda _: OK, BearerToken(f"  {TOKEN}\n")) as (server, client, _):
        client.get("/x")
    assert server.seen[0].token == TOKEN


def test_every_token_is_known_to_the_redactor() -> None:
    """The platform may quote it in an error."""
    with (
        writing(lambda seen: Reply(400, {"message": f"bad {seen.token}"}), BearerToken(TOKEN)) as (_, client, desk),
        pytest.raises(PlatformError) as caught,
    ):
        client.get("/x")
    assert "bad ***" in str(caught.value)
    assert desk.redactor.clean(TOKEN) == "***"
