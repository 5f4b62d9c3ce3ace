"""When a request is sent again, after how long, and what is said when that is of no use."""

from __future__ import annotations

import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate

import pytest
from http_server import (
    CUT,
    HANG,
    NOW,
    OK,
    ONCE,
    PUT,
    TOKEN,
    Desk,
    Reply,
    Seen,
    Server,
    closed_port,
    script,
    writing,
)

from reconcile.core.errors import (
    AnswerLost,
    AuthFailed,
    BadAnswer,
    Forbidden,
    LimitReached,
    ObjectNotFound,
    PlatformError,
    Rejected,
    Unavailable,
)
from reconcile.core.lapse import readable
from reconcile.core.request import Request
from reconcile.providers.answer import Answer
from reconcile.providers.http import Timing
from reconcile.providers.retry import retry_after

GET: None = None
REPEATABLE_POST = Request("POST", "/set", {"a": 1}, repeatable=True)
DELETE = Request("DELETE", "/thing")


@pytest.mark.parametrize("request_", [GET, PUT, DELETE, REPEATABLE_POST])
@pytest.mark.parametrize("reply", [Reply(408), Reply(429), Reply(500), Reply(502), Reply(503), Reply(504), CUT])
def test_what_is_repeatable_is_repeated(request_: Request | None, reply: Reply) -> None:
    """Two failures and a success, with doubled waits, each told before it begins."""
    with writing(script(reply, reply, OK)) as (server, client, desk):
        answer = client.send(request_) if request_ else client.get("/thing")
    assert answer.status == 200
    assert len(server.seen) == 3
    assert desk.waits == [1.0, 2.0]
    assert [(n.connection, n.seconds) for n in desk.notices] == [("sales", 1.0), ("sales", 2.0)]
    assert "attempt 2 of 6" in desk.notices[0].text
    assert "waiting 2 s (attempt 3 of 6 follows)" in desk.notices[1].text


@pytest.mark.parametrize("status", [400, 403, 404, 409, 501, 505, 520])
def test_what_will_not_pass_is_not_repeated(status: int) -> None:
    """A verdict is a verdict."""
    with writing(script(Reply(status), OK)) as (server, client, desk), pytest.raises(PlatformError):
        client.get("/x")
    assert (len(server.seen), desk.waits) == (1, [])


@pytest.mark.parametrize("reply", [Reply(500), Reply(502), Reply(504), Reply(408), CUT])
def test_a_one_shot_is_not_repeated_when_it_may_have_happened(reply: Reply) -> None:
    """Also not when the answer names a time."""
    reply = Reply(reply.status, headers={"Retry-After": "1"}, cut=reply.cut)
    with writing(script(reply, OK)) as (server, client, desk), pytest.raises(PlatformError) as caught:
        client.send(ONCE)
    assert (len(server.seen), desk.waits) == (1, [])
    # 408 says that the request never came in whole.
    assert caught.value.may_have_happened is (reply.status != 408)
    assert isinstance(caught.value, Unavailable if reply.status == 408 else AnswerLost)


@pytest.mark.parametrize("status", [429, 503])
def test_a_refused_one_shot_is_left_to_whoever_sent_it(status: int) -> None:
    """What a refusal means depends on the operation, so nothing is repeated here; what was asked for is told."""
    refusal = Reply(status, headers={"Retry-After": "7"})
    with writing(script(refusal, OK)) as (server, client, desk), pytest.raises(PlatformError) as caught:
        client.send(ONCE)
    assert (len(server.seen), desk.waits) == (1, [])
    assert (caught.value.retry_after, caught.value.may_have_happened) == (7.0, status == 503)


@pytest.mark.parametrize("request_", [GET, PUT, ONCE])
def test_no_connection_is_repeated_for_everything(request_: Request | None) -> None:
    """Nothing was sent; in the end it is unavailable, and certainly nothing happened."""
    desk = Desk(f"http://127.0.0.1:{closed_port()}")
    with desk.write() as client, pytest.raises(Unavailable) as caught:
        client.send(request_) if request_ else client.get("/x")
    assert desk.waits == [1.0, 2.0, 4.0]
    assert not caught.value.may_have_happened
    assert caught.value.status is None
    assert "(sales): no connection" in str(caught.value)
    assert "after 4 attempts" in str(caught.value)


def test_connections_cut_before_the_request_was_read() -> None:
    """From here it looks the same as after: a write may have happened, a read is simply repeated."""
    with writing(script(OK), deaf=2) as (server, client, desk):
        assert client.send(PUT).status == 200
        assert (server.connections, len(desk.waits)) == (3, 2)
    with writing(script(OK), deaf=1) as (server, client, desk), pytest.raises(AnswerLost):
        client.send(ONCE)


@pytest.mark.parametrize(("request_", "kind"), [(GET, Unavailable), (PUT, AnswerLost), (ONCE, AnswerLost)])
@pytest.mark.parametrize("reply", [CUT, Reply(short=True), HANG])
def test_lost_answers(request_: Request | None, kind: type[PlatformError], reply: Reply) -> None:
    """Cut after the request, cut within the answer, never answered: lost for a write, unavailable for a read."""
    with (
        writing(script(reply), attempts=2, timeout=0.1 if reply is HANG else 30.0) as (server, client, _),
        pytest.raises(kind) as caught,
    ):
        client.send(request_) if request_ else client.get("/thing")
    assert type(caught.value) is kind
    assert caught.value.may_have_happened is (request_ is not None)
    assert len(server.seen) == (1 if request_ is ONCE else 2)
    assert ("no answer in time" if reply is HANG else "the connection was cut") in str(caught.value)
    if request_ is not None:
        assert "run plan" in caught.value.diagnostics[0].hint


def test_500_is_repeated_twice_at_most() -> None:
    """It is more often a defect than a bad moment."""
    with writing(script(Reply(500))) as (server, client, desk), pytest.raises(Unavailable):
        client.get("/x")
    assert (len(server.seen), len(desk.waits)) == (3, 2)


@pytest.mark.parametrize(
    ("asked", "date", "seconds"),
    [
        ("7", None, 7.0),
        (" 0 ", None, 0.0),
        (formatdate(NOW + 9, usegmt=True), None, 9.0),
        (formatdate(NOW - 9, usegmt=True), None, 0.0),
        (formatdate(NOW + 5000, usegmt=True), formatdate(NOW + 4995, usegmt=True), 5.0),
        ("soon", None, None),
        ("-3", None, None),
        ("1e9", None, None),
        ("", None, None),
        ("9" * 400, None, 1e9),
        ("99, 99 Nov 9999 99:99:99 GMT", None, None),
    ],
)
def test_retry_after_in_both_forms(asked: str, date: str | None, seconds: float | None) -> None:
    """Seconds, or a date, which is measured from the platform's own clock where it tells it."""
    headers = {"Retry-After": asked} | ({"Date": date} if date else {})
    assert retry_after(Answer(429, headers, ""), lambda: NOW) == seconds


@pytest.mark.parametrize("asked", ["3", formatdate(NOW + 3, usegmt=True)])
@pytest.mark.parametrize("request_", [GET, PUT])
def test_retry_after_is_waited_for(request_: Request | None, asked: str) -> None:
    """At least as long as asked, and for a one-shot too."""
    with writing(script(Reply(429, headers={"Retry-After": asked}), OK)) as (_, client, desk):
        client.send(request_) if request_ else client.get("/x")
    assert desk.waits == [3.0]
    assert desk.notices[0].text.startswith("429 from ")


def test_too_long_a_retry_after_fails_at_once() -> None:
    """Saying how long the platform asks for."""
    reply = Reply(429, {"message": "Too many"}, {"Retry-After": "7300"})
    with writing(script(reply)) as (server, client, desk):
        with pytest.raises(LimitReached, match="asks to wait 2 h 1 min"):
            client.send(PUT)
        server.handler = script(Reply(503, headers={"Retry-After": "121"}))
        with pytest.raises(Unavailable, match="asks to wait 2 min 1 s"):
            client.get("/x")
    assert (len(server.seen), desk.waits) == (2, [])


def test_chance_spreads_waits_upwards_only() -> None:
    """Half as much again without advice, a little more with; never less than asked, never above the longest."""
    waits: list[float] = []
    timing = Timing(now=lambda: NOW, jitter=lambda: 1.0, pause=waits.append)
    replies = [Reply(503), Reply(503, headers={"Retry-After": "2"}), Reply(503), Reply(503), OK]
    with writing(script(*replies), timing=timing, longest_wait=10.0) as (_, client, _):
        client.get("/x")
    assert waits == pytest.approx([1.5, 2.3, 6.0, 10.0])


def test_after_the_last_attempt() -> None:
    """A limit stays a limit, and says how often it was tried."""
    with (
        writing(script(Reply(429, {"statusCode": 429, "message": "Too Many Requests"}))) as (server, client, desk),
        pytest.raises(LimitReached) as caught,
    ):
        client.send(PUT)
    assert (len(server.seen), desk.waits) == (6, [1.0, 2.0, 4.0, 8.0, 16.0])
    (said,) = caught.value.diagnostics
    assert said.detail == "PUT /thing (sales): 429: Too Many Requests (after 6 attempts)"
    assert "requests_per_second" in said.hint
    assert not caught.value.may_have_happened


@pytest.mark.parametrize(
    ("last", "kind"),
    [(Reply(429), AnswerLost), (Reply(400), Rejected), (Reply(404), ObjectNotFound), (Reply(503), AnswerLost)],
)
def test_doubt_is_not_forgotten(last: Reply, kind: type[PlatformError]) -> None:
    """After one lost answer no later refusal proves that nothing happened."""
    with writing(script(CUT, last), attempts=2) as (_, client, _), pytest.raises(kind) as caught:
        client.send(PUT)
    assert caught.value.may_have_happened
    with writing(script(last), attempts=1) as (_, client, _), pytest.raises(PlatformError) as caught:
        client.send(PUT)
    assert caught.value.may_have_happened is (last.status == 503)


def test_doubt_survives_a_platform_that_goes_away() -> None:
    """Lost first, then nobody listens: still lost."""
    with Server(script(OK), deaf=1) as server:
        desk = Desk(server.url, attempts=2)

        def stop(_: float) -> None:
            server.__exit__(None, None, None)

        object.__setattr__(desk._timing, "pause", stop)
        with desk.write() as client, pytest.raises(AnswerLost, match="no connection"):
            client.send(PUT)


@pytest.mark.parametrize(("number", "waits"), [(socket.EAI_NONAME, 0), (socket.EAI_AGAIN, 3)])
def test_a_host_without_address_fails_at_once(monkeypatch: pytest.MonkeyPatch, number: int, waits: int) -> None:
    """A typing error is not waited for; a name server that says "try again" is."""

    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(number, "no such name")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    desk = Desk("https://nobody.invalid")
    with desk.read() as client, pytest.raises(Unavailable) as caught:
        client.get("/x")
    assert len(desk.waits) == waits
    assert ("check the host" in caught.value.diagnostics[0].hint) is (waits == 0)


def test_an_interruption_is_no_failure_to_repeat() -> None:
    """Ctrl-C passes through the retries at once."""

    def interrupted(_: float) -> None:
        raise KeyboardInterrupt

    timing = Timing(now=lambda: NOW, jitter=lambda: 0.0, pause=interrupted)
    with writing(script(Reply(503)), timing=timing) as (server, client, _), pytest.raises(KeyboardInterrupt):
        client.get("/x")
    assert len(server.seen) == 1


def test_threads_wait_each_for_themselves() -> None:
    """Twenty requests that are limited once each all arrive, with one wait each."""
    met: set[str] = set()
    lock = threading.Lock()

    def handler(seen: Seen) -> Reply:
        with lock:
            first = seen.path not in met
            met.add(seen.path)
        return Reply(429) if first else OK

    with writing(handler) as (server, client, desk), ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda n: client.get(f"/{n}"), range(20)))
    assert [a.status for a in answers] == [200] * 20
    assert (len(server.seen), desk.waits) == (40, [1.0] * 20)


def test_retries_are_told_and_not_logged(capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> None:
    """stamina writes nothing by itself."""
    with writing(script(Reply(503), OK)) as (_, client, _):
        client.get("/x")
    assert capfd.readouterr() == ("", "")
    assert caplog.records == []


MEANINGS = [
    (302, Rejected, False),
    (400, Rejected, False),
    (401, AuthFailed, False),
    (403, Forbidden, False),
    (404, ObjectNotFound, False),
    (405, Rejected, False),
    (408, Unavailable, False),
    (409, Rejected, False),
    (410, Rejected, False),
    (411, Rejected, False),
    (412, Rejected, False),
    (415, Rejected, False),
    (422, Rejected, False),
    (429, LimitReached, False),
    (499, Rejected, False),
    (500, AnswerLost, True),
    (501, Rejected, False),
    (502, AnswerLost, True),
    (503, AnswerLost, True),
    (504, AnswerLost, True),
    (520, AnswerLost, True),
    (600, AnswerLost, True),
]


@pytest.mark.parametrize(("status", "kind", "may_have_happened"), MEANINGS)
def test_meaning_of_statuses_for_writes(status: int, kind: type[PlatformError], may_have_happened: bool) -> None:
    """The table, for a request that could have had an effect."""
    with (
        writing(script(Reply(status, {"message": "words"})), attempts=1) as (_, client, _),
        pytest.raises(PlatformError) as caught,
    ):
        client.send(PUT)
    assert type(caught.value) is kind
    assert (caught.value.status, caught.value.may_have_happened) == (status, may_have_happened)
    assert str(caught.value).endswith(f"PUT /thing (sales): {status}: words")


@pytest.mark.parametrize(("status", "kind", "may_have_happened"), MEANINGS)
def test_meaning_of_statuses_for_reads(status: int, kind: type[PlatformError], may_have_happened: bool) -> None:
    """The same table, where nothing can have happened."""
    with (
        writing(script(Reply(status, {"message": "words"})), attempts=1) as (_, client, _),
        pytest.raises(PlatformError) as caught,
    ):
        client.get("/x")
    assert type(caught.value) is (Unavailable if may_have_happened else kind)
    assert not caught.value.may_have_happened


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            [{"errorCode": "JSON_PARSER_ERROR", "message": "Unrecognized field"}],
            "400 JSON_PARSER_ERROR: Unrecognized field",
        ),
        ([{"errorCode": "269", "message": "Can't find"}], "400 269: Can't find"),
        ({"statusCode": 400, "message": "Bad"}, "400: Bad"),
        ({"code": 3, "message": "invalid argument", "details": []}, "400 3: invalid argument"),
        ({"code": 400, "message": "Jwt is missing"}, "400: Jwt is missing"),
        ({"error": "invalid_grant", "error_description": "expired"}, "400 invalid_grant: expired"),
        ({"error": {"code": 400, "message": "deep"}}, "400: deep"),
        ({"Errors": [{"description": "handled"}]}, "400: handled"),
        ({"error": "only_code"}, "400 only_code, without a word"),
        (b"<html><body><h1>Bad</h1> gateway&amp;co</body></html>", "400: Bad gateway&co"),
        (b"", "400, without a word"),
        (b"[]", "400: []"),
        (b"\x1b]0;title\x07 plain \r\n text", "400: ]0;title plain text"),
        (TOKEN.encode(), "400: ***"),
    ],
)
def test_words_of_platforms(body: object, said: str) -> None:
    """Every shape known, what stands at the edge, and nothing that could steer a terminal or give a secret away."""
    with writing(script(Reply(400, body))) as (_, client, _), pytest.raises(Rejected) as caught:
        client.send(PUT)
    assert caught.value.diagnostics[0].detail == f"PUT /thing (sales): {said}"


def test_long_words_are_cut() -> None:
    """An error page of a megabyte is one line of an error."""
    with writing(script(Reply(400, b"x" * 1_000_000))) as (_, client, _), pytest.raises(Rejected) as caught:
        client.send(PUT)
    assert len(str(caught.value)) < 400


def test_a_platform_may_mean_a_limit_by_403() -> None:
    """Its own words decide, and it is not waited for."""

    def describe(answer: Answer) -> tuple[str | None, str]:
        return "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."

    with Server(script(Reply(403))) as server:
        desk = Desk(server.url)
        with (
            desk.write(describe=describe, limits=frozenset({"REQUEST_LIMIT_EXCEEDED"})) as client,
            pytest.raises(LimitReached, match="403 REQUEST_LIMIT_EXCEEDED: TotalRequests"),
        ):
            client.send(PUT)
        assert (len(server.seen), desk.waits) == (1, [])


def test_causes_do_not_hold_the_request() -> None:
    """The library's exception would bring the headers into any traceback."""
    with writing(script(CUT), attempts=1) as (_, client, _), pytest.raises(AnswerLost) as caught:
        client.send(PUT)
    error: BaseException | None = caught.value
    assert error is not None
    assert error.__cause__ is None
    assert error.__suppress_context__


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.0, "0 s"), (0.44, "0.4 s"), (3.0, "3 s"), (31.4, "31 s"), (125.0, "2 min 5 s"), (10_800.0, "3 h 0 min")],
)
def test_readable_waits(seconds: float, text: str) -> None:
    """For people."""
    assert readable(seconds) == text


def test_bad_answers_of_an_odd_server() -> None:
    """A status that is none of HTTP's kinds that we know."""
    with writing(script(Reply(299))) as (_, client, _):
        assert client.get("/x").status == 299
    with (
        writing(script(Reply(199)), attempts=1, timeout=0.2) as (_, client, _),
        pytest.raises((Unavailable, BadAnswer)),
    ):
        client.get("/x")
