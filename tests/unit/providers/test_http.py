"""What a client sends, and what it never sends."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from http_server import NOW, OK, ONCE, PUT, TOKEN, Desk, Reply, Seen, Server, closed_port, script, writing

from reconcile.core.errors import BadAnswer, ConfigError, Refused, Rejected, Unavailable
from reconcile.core.request import Request
from reconcile.providers.auth import ApiKey
from reconcile.providers.http import ReadClient, Timing, WriteClient
from reconcile.providers.pace import Pace
from reconcile.providers.retry import REPEATABLE
from reconcile.providers.settings import Settings


def test_get_sends_credentials_and_returns_json() -> None:
    """A GET carries the token, our name and the wish for JSON; the answer's headers are found in any case."""
    with writing(script(Reply(body={"a": [1]}, headers={"Sforce-Limit-Info": "api-usage=1/5"}))) as (server, client, _):
        answer = client.get("/x/y", {"pageSize": 200, "q": "a b"})
    assert answer.json() == {"a": [1]}
    assert answer.headers["sforce-limit-info"] == "api-usage=1/5"
    (seen,) = server.seen
    assert (seen.method, seen.path, seen.token) == ("GET", "/x/y?pageSize=200&q=a+b", TOKEN)
    assert seen.headers["accept"] == "application/json"
    assert seen.headers["user-agent"].startswith("reconcile/")


def test_put_sends_json_bytes() -> None:
    """A body is compact JSON in UTF-8, with its type."""
    with writing(script(OK)) as (server, client, _):
        client.send(Request("PUT", "/x", {"name": "Zoë", "n": None}))
    (seen,) = server.seen
    assert seen.body == '{"name":"Zoë","n":null}'.encode()
    assert seen.headers["content-type"] == "application/json"


def test_requests_without_body_have_no_type() -> None:
    """DELETE and an empty POST send nothing and claim nothing."""
    with writing(script(OK)) as (server, client, _):
        client.send(Request("DELETE", "/x"))
        client.send(Request("POST", "/jobs/1:stop"))
    assert [(s.method, s.path, s.body, "content-type" in s.headers) for s in server.seen] == [
        ("DELETE", "/x", b"", False),
        ("POST", "/jobs/1:stop", b"", False),
    ]


@pytest.mark.parametrize("path", ["x", "/x", "//x", "//evil.example/x", "@evil.example/x", ".evil.example/x"])
def test_no_path_becomes_a_host(path: str) -> None:
    """Whatever the path looks like, it arrives below the base URL."""
    with Server(script(OK)) as server:
        with Desk(server.url + "/base/").read() as client:
            client.get(path)
        assert server.paths == ["/base/" + path.lstrip("/")]


def test_connections_are_kept_and_no_cookie_is() -> None:
    """Repeatable requests share a connection; what the platform wants remembered is not."""
    with writing(script(Reply(headers={"Set-Cookie": "id=1; Path=/"}))) as (server, client, _):
        for _ in range(5):
            client.get("/x")
    assert server.connections == 1
    assert all("cookie" not in seen.headers for seen in server.seen)


def test_one_shots_take_a_fresh_connection_each() -> None:
    """A pooled connection may be closing: that would leave open whether the work was started."""
    with writing(script(OK)) as (server, client, _):
        client.get("/x")
        client.send(ONCE)
        client.send(ONCE)
        client.get("/x")
        assert server.connections == 3


def test_next_pages_stay_on_the_origin() -> None:
    """A link is taken from the root or whole; another host gets nothing, not even a connection."""
    with Server(script(OK)) as other, Server(script(OK)) as server:
        with Desk(server.url).read() as client:
            client.get_page("/services/x?page=2")
            client.get_page(server.url + "/services/x?page=3")
            for link in (
                other.url + "/x",
                f"//127.0.0.1:{other.port}/x",
                f"{server.url.replace('//', '//u:p@')}/",
                "http://[x",
            ):
                with pytest.raises(BadAnswer) as caught:
                    client.get_page(link)
                assert not caught.value.may_have_happened
        assert server.paths == ["/services/x?page=2", "/services/x?page=3"]
        assert other.connections == 0


def test_a_reader_cannot_write() -> None:
    """No method writes, and the transport below refuses what a defect would try."""
    with Server(script(OK)) as server:
        with Desk(server.url).read() as client:
            assert not hasattr(client, "send")
            assert {name for name in dir(ReadClient) if not name.startswith("_")} == {
                "get",
                "get_page",
                "login",
                "server_time",
                "close",
            }
            for method in ("PUT", "POST", "DELETE", "PATCH", "HEAD"):
                with pytest.raises(Refused):
                    client._call(method, client._url("/x"), b"{}", REPEATABLE)
        assert server.seen == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_get_follows_on_the_same_origin(status: int) -> None:
    """Up to three redirects, with credentials, because it is the same server."""
    replies = [Reply(status, headers={"Location": f"/hop{n}"}) for n in (1, 2, 3)]
    with writing(script(*replies, OK)) as (server, client, _):
        assert client.get("/x").status == 200
    assert server.paths == ["/x", "/hop1", "/hop2", "/hop3"]
    assert {seen.token for seen in server.seen} == {TOKEN}


def test_a_fourth_redirect_is_too_many() -> None:
    """A circle ends."""
    with (
        writing(script(Reply(302, headers={"Location": "/x"}))) as (server, client, _),
        pytest.raises(Rejected, match="redirect"),
    ):
        client.get("/x")
    assert len(server.seen) == 4


@pytest.mark.parametrize("request_", [None, PUT, ONCE])
def test_no_redirect_to_another_host(request_: Request | None) -> None:
    """The other host receives nothing at all, and is named; nothing happened."""
    with Server(script(OK)) as other:
        target = f"{other.url}/x?token=abcdefgh"
        with (
            writing(script(Reply(307, headers={"Location": target}))) as (server, client, _),
            pytest.raises(Rejected) as caught,
        ):
            client.send(request_) if request_ else client.get("/x")
    assert (len(server.seen), other.connections) == (1, 0)
    assert f"127.0.0.1:{other.port}" in str(caught.value)
    assert "abcdefgh" not in str(caught.value)
    assert caught.value.diagnostics[0].code == "redirected"
    assert not caught.value.may_have_happened


def test_writes_follow_no_redirect_at_all() -> None:
    """Not even on the same origin: what was asked for is not what would be sent."""
    with (
        writing(script(Reply(308, headers={"Location": "/other"}))) as (server, client, _),
        pytest.raises(Rejected),
    ):
        client.send(PUT)
    assert server.paths == ["/thing"]


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://example.com", "must begin with https://"),
        ("http://127.0.0.1.example.com", "must begin with https://"),
        ("http://localhost.example.com", "must begin with https://"),
        ("http://10.0.0.1", "must begin with https://"),
        ("http://0.0.0.0", "must begin with https://"),
        ("http://127.0.0.1@example.com", "holds a user name"),
        ("https://user:passw0rd@example.com", "holds a user name"),
        ("ftp://example.com", "must begin with https://"),
        ("example.com", "must begin with https://"),
        ("https://", "must begin with https://"),
        ("", "must begin with https://"),
        ("https://example.com?x=1", "without ? or #"),
        ("https://exa mple.com", "no host"),
        ("https://example.com:99999", "no port"),
    ],
)
def test_unsafe_urls_are_refused(url: str, said: str) -> None:
    """Before any call, naming the connection, and without the password."""
    with pytest.raises(ConfigError, match="sales: ") as caught:
        Desk(url).read()
    assert said in str(caught.value)
    assert "passw0rd" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    ["https://example.com", "https://example.com/base/", "http://127.9.8.7:1", "http://[::1]:80", "http://LOCALHOST:1"],
)
def test_safe_urls_are_taken(url: str) -> None:
    """https anywhere, http on this machine."""
    Desk(url).read().close()


def test_no_more_in_flight_than_allowed() -> None:
    """Twelve threads, three at once, and really three."""
    gate = threading.Barrier(3, timeout=10)

    def handler(seen: Seen) -> Reply:
        gate.wait()
        return OK

    with writing(handler, concurrency=3) as (server, client, _), ThreadPoolExecutor(12) as pool:
        list(pool.map(lambda n: client.get(f"/{n}"), range(12)))
        assert server.most_in_flight == 3
        assert server.connections == 3


def test_a_waiting_request_gives_its_place_away() -> None:
    """While one waits to be repeated, others go on even with a concurrency of one."""
    waiting, go_on = threading.Event(), threading.Event()

    def pause(seconds: float) -> None:
        waiting.set()
        assert go_on.wait(10)

    timing = Timing(now=lambda: NOW, jitter=lambda: 0.0, pause=pause)
    with writing(script(Reply(503), OK), concurrency=1, timing=timing) as (_, client, _), ThreadPoolExecutor(1) as pool:
        slow = pool.submit(client.get, "/slow")
        assert waiting.wait(10)
        assert client.get("/quick").status == 200
        go_on.set()
        assert slow.result().status == 200


def test_pace_spaces_evenly_over_threads() -> None:
    """Each reservation is its own moment; time that passed unused is not saved up."""
    clock = [100.0]
    pace = Pace(4.0, lambda: clock[0])
    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(lambda _: pace.reserve(), range(5))) == [0.0, 0.25, 0.5, 0.75, 1.0]
    clock[0] += 60.0
    assert [pace.reserve(), pace.reserve()] == [0.0, 0.25]
    assert [Pace(None, lambda: 0.0).reserve() for _ in range(3)] == [0.0, 0.0, 0.0]


def test_pacing_is_kept_and_long_waits_are_told() -> None:
    """A client with a pace waits for its moments, and says so when they are far."""
    waits: list[float] = []
    timing = Timing(monotonic=lambda: 5.0, pause=waits.append)
    with writing(script(OK), requests_per_second=0.5, timing=timing) as (_, client, desk):
        for _ in range(3):
            client.get("/x")
    assert waits == [2.0, 4.0]
    assert [notice.seconds for notice in desk.notices] == [2.0, 4.0]


def test_closing_ends_a_wait() -> None:
    """A real wait of a minute ends at once when the client is closed, with the trouble it waited for."""
    told = threading.Event()
    with Server(script(Reply(503, headers={"Retry-After": "60"}))) as server:
        desk = Desk(server.url, timing=Timing())
        object.__setattr__(desk.surroundings, "notify", lambda notice: told.set())
        client = desk.read()
        with ThreadPoolExecutor(1) as pool:
            result = pool.submit(client.get, "/x")
            assert told.wait(10)
            client.close()
            with pytest.raises(Unavailable, match="503"):
                result.result(10)
        assert len(server.seen) == 1


def test_closing_twice_and_asking_afterwards() -> None:
    """A closed client sends nothing and says why."""
    with Server(script(OK)) as server:
        client = Desk(server.url).write()
        client.get("/x")
        client.close()
        client.close()
        with pytest.raises(Unavailable, match="closed"):
            client.send(ONCE)
        assert len(server.seen) == 1


def test_proxies_are_not_used_on_loopback() -> None:
    """Environment or not: what is for this machine stays on it."""
    proxy = f"http://127.0.0.1:{closed_port()}"
    environment = {"HTTP_PROXY": proxy, "http_proxy": proxy, "ALL_PROXY": proxy}
    with writing(script(OK), environment=environment) as (_, client, _):
        assert client.get("/x").status == 200


def test_elsewhere_the_proxy_of_the_environment_is_used() -> None:
    """The proxy is asked for a tunnel, and its refusal is told without its password, at once and with no wait."""
    with Server(script(Reply(407, body=b"no"))) as proxy:
        environment = {"https_proxy": f"http://me:pr0xypassword@127.0.0.1:{proxy.port}"}
        desk = Desk("https://platform.example", environment=environment)
        with desk.write() as client, pytest.raises(Unavailable) as caught:
            client.send(ONCE)
        (seen,) = proxy.seen
    assert (seen.method, seen.path) == ("CONNECT", "platform.example:443")
    assert TOKEN not in str(seen.headers)
    assert "pr0xypassword" not in str(caught.value)
    assert desk.waits == []


def test_answers_that_are_no_json() -> None:
    """A login page or nothing at all is a bad answer with a clean excerpt; tokens in it are masked."""
    page = f"<html><head><style>p{{}}</style><title>Login</title></head><p>Hello \x1b[31m{TOKEN}</p></html>".encode()
    with writing(script(Reply(body=page), Reply(body=b""), Reply(body=b"[" * 200_000))) as (_, client, _):
        with pytest.raises(
            BadAnswer, match=r"GET /x \(sales\): the answer is no JSON: Login Hello \[31m\*\*\*"
        ) as caught:
            client.get("/x").json()
        assert "\x1b" not in str(caught.value)
        with pytest.raises(BadAnswer, match="it is empty"):
            client.get("/x").json()
        with pytest.raises(BadAnswer):
            client.get("/x").json()


def test_answers_that_cannot_be_decompressed() -> None:
    """The platform answered, so nothing is repeated blindly by a one-shot; the effect is possible."""
    reply = Reply(body=b"this is not gzip", headers={"Content-Encoding": "gzip"})
    with writing(script(reply), attempts=1) as (_, client, _), pytest.raises(Unavailable, match="decompressed"):
        client.get("/x")


def test_secrets_are_in_no_repr_and_no_log(caplog: pytest.LogCaptureFixture) -> None:
    """Not even with every logger of the process at DEBUG."""
    caplog.set_level(logging.DEBUG)
    with writing(script(Reply(body={"secret": TOKEN})), ApiKey(TOKEN)) as (_, client, desk):
        answer = client.get("/x", {"access_token": TOKEN})
        texts = [repr(client), repr(answer), repr(client._session), repr(client._settings), repr(desk._auth)]
        texts += [str(vars(client)), caplog.text]
    assert TOKEN not in "".join(texts)
    assert "access_token" not in caplog.text


def test_the_key_goes_into_its_header() -> None:
    """Tamr's way."""
    with writing(script(OK), ApiKey("apk_0123456789")) as (server, client, desk):
        client.get("/x")
    assert server.seen[0].headers["x-api-key"] == "apk_0123456789"
    assert "authorization" not in server.seen[0].headers
    assert desk.redactor.clean("apk_0123456789") == "***"


def test_settings_come_from_what_the_owner_wrote() -> None:
    """Every transport setting of a connection arrives."""
    from reconcile.providers.connection import Transport

    written: dict[str, Any] = {
        "concurrency": 2,
        "requests_per_second": 1.5,
        "timeout": 3.0,
        "attempts": 4,
        "longest_wait": 5.0,
        "ca_file": "x.pem",
        "verify": False,
    }
    settings = Settings.of("https://x.example", Transport(**written))
    assert {name: getattr(settings, name) for name in written} == written
    assert set(Transport.model_fields) == set(written)


def test_a_writer_is_a_reader() -> None:
    """Apply reads with the client it writes with."""
    assert issubclass(WriteClient, ReadClient)
