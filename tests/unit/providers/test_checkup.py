"""What a checkup says of the way to a platform, of tokens and of clocks; it never raises."""

from __future__ import annotations

import base64
import json
import socket
from datetime import UTC, datetime, timedelta

import pytest

from reconcile.core.checkup import Finding, Verdict
from reconcile.core.errors import AuthFailed
from reconcile.providers.checkup import asked, clock, hasty, package, program, reach, token_end
from reconcile.providers.crm_analytics.checkup import _calls_left, _version, _write
from reconcile.providers.settings import Settings

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)


def jwt(claims: object) -> str:
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"head.{body}.signature"


@pytest.mark.parametrize(
    ("left", "verdict"), [(-1, Verdict.FAIL), (0, Verdict.FAIL), (599, Verdict.WARN), (601, Verdict.OK)]
)
def test_a_token_that_says_when_it_ends(left: int, verdict: Verdict) -> None:
    token = jwt({"exp": (NOW + timedelta(seconds=left)).timestamp()})
    (found,) = token_end(token, NOW)
    assert found.verdict is verdict
    assert token not in found.detail


@pytest.mark.parametrize(
    "token",
    [
        "",
        "opaque",
        "a.b",
        "a.b.c",
        "a.!!!.c",
        jwt({}),
        jwt([]),
        jwt({"exp": "soon"}),
        jwt({"exp": None}),
        jwt({"exp": 1e300}),
    ],
)
def test_of_any_other_token_nothing_is_said(token: str) -> None:
    assert list(token_end(token, NOW)) == []


@pytest.mark.parametrize(
    ("seconds", "verdict", "word"),
    [
        (0, Verdict.OK, "agree"),
        (-60, Verdict.OK, "agree"),
        (90, Verdict.WARN, "ahead"),
        (-3600, Verdict.WARN, "behind"),
    ],
)
def test_how_far_the_clocks_are_apart(seconds: int, verdict: Verdict, word: str) -> None:
    found = clock(NOW - timedelta(seconds=seconds), NOW)
    assert (found.verdict, word in found.detail) == (verdict, True)


def test_a_platform_that_tells_no_time() -> None:
    assert clock(None, NOW).verdict is Verdict.SKIP


def walked(url: str | None, **environment: str) -> tuple[list[Finding], bool]:
    """Return what is found on the way, and whether it is open."""
    found: list[Finding] = []
    way = reach(Settings(url), environment)
    while True:
        try:
            found.append(next(way))
        except StopIteration as end:
            return found, end.value


def test_an_open_port() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        found, is_open = walked(f"http://127.0.0.1:{listening.getsockname()[1]}")
    assert is_open
    assert [each.check for each in found] == ["address", "connection"]


def test_a_port_that_speaks_no_tls() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(10)
        port = listening.getsockname()[1]
        way = reach(Settings(f"https://127.0.0.1:{port}"), {})
        assert [next(way).verdict for _ in range(2)] == [Verdict.OK, Verdict.OK]
        taken, _ = listening.accept()
        with taken:
            taken.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            found = next(way)
    assert (found.check, found.verdict) == ("certificate", Verdict.FAIL)
    with pytest.raises(StopIteration) as end:
        next(way)
    assert end.value.value is False


def test_the_way_leads_through_the_proxy_of_the_environment() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        proxy = f"http://user:secret@127.0.0.1:{listening.getsockname()[1]}"
        found, is_open = walked("https://acme.my.salesforce.com", HTTPS_PROXY=proxy)
    assert is_open
    assert "proxy" in found[0].detail
    assert "secret" not in repr(found)


def test_an_address_that_only_the_login_knows() -> None:
    found, is_open = walked(None)
    assert is_open
    assert found[0].verdict is Verdict.SKIP


def test_a_call_that_fails_is_a_finding() -> None:
    def refused() -> int:
        raise AuthFailed("it was refused", hint="check the key")

    found = asked("login", refused)
    assert isinstance(found, Finding)
    assert (found.check, found.verdict, found.detail, found.hint) == (
        "login",
        "fail",
        "it was refused",
        "check the key",
    )
    assert asked("login", lambda: 7) == 7


def test_programs_and_packages() -> None:
    assert program("no-such-program-here", {"PATH": "/nowhere"}).verdict is Verdict.FAIL
    assert program("sh", {"PATH": "/bin:/usr/bin"}).verdict is Verdict.OK
    assert package("json", "jwt").verdict is Verdict.OK
    assert "reconcile[jwt]" in package("no_such_package_here", "jwt").hint


def test_a_look_waits_for_nothing_long() -> None:
    found = hasty(Settings("https://a.b", timeout=300, attempts=9, longest_wait=900))
    assert (found.attempts, found.timeout, found.longest_wait) == (1, 5.0, 5.0)


@pytest.mark.parametrize(
    ("limits", "verdicts"),
    [
        ({"DailyApiRequests": {"Max": 100, "Remaining": 10}}, [Verdict.OK]),
        ({"DailyApiRequests": {"Max": 100, "Remaining": 9}}, [Verdict.WARN]),
        ({"DailyApiRequests": {"Max": 0, "Remaining": 0}}, []),
        ({"DailyApiRequests": {"Max": "many"}}, []),
        ({"DailyApiRequests": None}, []),
        ({}, []),
    ],
)
def test_how_many_calls_an_org_has_left(limits: object, verdicts: list[Verdict]) -> None:
    assert [each.verdict for each in _calls_left(limits)] == verdicts


@pytest.mark.parametrize(
    ("versions", "used", "verdict"),
    [
        (("9.0", "59.0", "60.0"), "60.0", Verdict.OK),
        (("9.0", "59.0"), "60.0", Verdict.FAIL),
        (("52.0", "60.0"), "52.0", Verdict.WARN),
        ((), "60.0", Verdict.OK),
    ],
)
def test_which_version_an_org_has(versions: tuple[str, ...], used: str, verdict: Verdict) -> None:
    assert _version(versions, used).verdict is verdict


def test_rights_that_are_not_told_are_not_missing() -> None:
    assert _write(Finding("write", Verdict.FAIL, "no such object")).verdict is Verdict.SKIP
