"""Injected faults over real sockets: each kind, before and after the effect."""

import socket
import threading
import time
from urllib.parse import urlsplit

import httpx
import pytest

from reconcile.sandbox import Sandbox, Server

from .client import RECIPES, WEEKLY, Api, V


def raw(api: Api, method: str, path: str, body: bytes = b"") -> bytes:
    """Return every byte the server sends on a fresh connection until it closes it."""
    where = urlsplit(str(api.http.base_url))
    with socket.create_connection((where.hostname, where.port), timeout=5) as connection:
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: {where.netloc}\r\nAuthorization: Bearer sandbox-access-token\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        connection.sendall(head.encode() + body)
        received = b""
        while chunk := connection.recv(65536):
            received += chunk
    return received


DAILY = b'{"frequency":"daily","time":{"hour":1,"minute":0,"timeZone":"UTC"}}'


@pytest.mark.parametrize("after", [False, True])
def test_a_cut_sends_not_one_byte(api: Api, after: bool, capfd: pytest.CaptureFixture[str]) -> None:
    path = api.schedule_path("Pipeline_Snapshot")
    api.fault(kind="cut", method="PUT", after_effect=after, times=1)
    assert raw(api, "PUT", path, DAILY) == b""
    assert api.get("Pipeline_Snapshot")["frequency"] == ("daily" if after else "none")
    entry = next(each for each in api.log() if each["method"] == "PUT")
    assert (entry["status"], entry["effect"]) == (None, after)
    assert entry["fault"] == ("cut after effect" if after else "cut")
    assert api.put("Pipeline_Snapshot", WEEKLY).status_code == 200, "once only"
    assert "Traceback" not in capfd.readouterr().err


def test_a_cut_is_a_protocol_error_to_a_client_on_a_kept_connection(api: Api) -> None:
    assert api.crm("GET", RECIPES).status_code == 200
    api.fault(kind="cut", times=1)
    with pytest.raises(httpx.RemoteProtocolError):
        api.crm("GET", RECIPES)
    assert api.crm("GET", RECIPES).status_code == 200


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize(
    ("rule", "status", "content_type"),
    [
        ({"kind": "status", "status": 503}, 503, "application/json"),
        ({"kind": "html"}, 503, "text/html; charset=utf-8"),
        ({"kind": "empty"}, 200, "application/json"),
        ({"kind": "garbage"}, 200, "application/json"),
    ],
)
def test_answers_before_and_after_the_effect(
    api: Api, rule: dict[str, object], status: int, content_type: str, after: bool
) -> None:
    api.fault(**rule, method="PUT", after_effect=after, times=1)
    response = api.put("Pipeline_Snapshot", WEEKLY)
    assert (response.status_code, response.headers["content-type"]) == (status, content_type)
    if rule["kind"] in ("garbage", "html"):
        with pytest.raises(ValueError):
            response.json()
    if rule["kind"] == "empty":
        assert response.content == b""
    assert api.get("Pipeline_Snapshot")["frequency"] == ("weekly" if after else "none")
    assert next(each for each in api.log() if each["method"] == "PUT")["effect"] is after


def test_a_status_fault_takes_body_and_headers(api: Api) -> None:
    api.fault(kind="status", status=429, headers={"Retry-After": "3"}, body={"a": 1}, times=1)
    response = api.crm("GET", RECIPES)
    assert (response.status_code, response.headers["retry-after"], response.json()) == (429, "3", {"a": 1})
    api.fault(kind="status", status=502, body="upstream gone", times=1)
    assert api.crm("GET", RECIPES).text == "upstream gone"


def test_without_a_body_the_error_is_the_platforms_own(api: Api) -> None:
    api.fault(kind="status", status=401)
    assert api.crm("GET", RECIPES).json()[0]["errorCode"] == "INVALID_SESSION_ID"
    assert api.flags().json()["code"] == 401
    assert api.tamr("GET", "jobs").json()["statusCode"] == 401


@pytest.mark.parametrize("after", [False, True])
def test_a_hang_lets_the_client_time_out(api: Api, after: bool) -> None:
    api.fault(kind="hang", after_effect=after, method="PUT", times=1)
    path = api.schedule_path("Pipeline_Snapshot")
    headers = {"Authorization": "Bearer sandbox-access-token"}
    with pytest.raises(httpx.ReadTimeout):
        api.http.put(path, json=WEEKLY, headers=headers, timeout=0.2)
    assert api.get("Pipeline_Snapshot")["frequency"] == ("weekly" if after else "none")


def test_a_hang_with_a_time_ends_in_a_cut(api: Api) -> None:
    api.fault(kind="hang", seconds=0.1)
    began = time.monotonic()
    assert raw(api, "GET", RECIPES) == b""
    assert time.monotonic() - began >= 0.1


def test_a_hanging_request_does_not_keep_the_server_from_stopping() -> None:
    with Server(Sandbox()) as server, httpx.Client(base_url=server.url) as http:
        http.post("/_sandbox/faults", json={"kind": "hang"})
        failed = threading.Event()

        def call() -> None:
            try:
                http.get(RECIPES)
            except httpx.HTTPError:
                failed.set()

        thread = threading.Thread(target=call)
        thread.start()
        while not http.get("/_sandbox/log").json()["entries"]:
            time.sleep(0.01)
        began = time.monotonic()
        server.stop()
        thread.join(5)
        assert failed.is_set()
        assert time.monotonic() - began < 2


def test_a_partial_answer_breaks_off_in_the_body(api: Api) -> None:
    api.fault(kind="partial", times=1)
    received = raw(api, "GET", RECIPES)
    head, _, body = received.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200")
    promised = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
    assert len(body) == promised // 2


def test_a_delay_only_delays(api: Api) -> None:
    api.fault(kind="delay", seconds=0.15, times=1)
    began = time.monotonic()
    assert api.crm("GET", RECIPES).status_code == 200
    assert time.monotonic() - began >= 0.15
    api.fault(kind="delay", seconds=0)
    api.fault(kind="status", status=500)
    assert api.crm("GET", RECIPES).status_code == 500, "a delay does not hide the next rule"


def test_latency_holds_for_all_platforms_and_not_for_the_admin(api: Api) -> None:
    api.admin("PUT", "latency", {"seconds": 0.5})
    for method, path in (("GET", RECIPES), ("POST", "/v1/dag/launch"), ("GET", "/api/v1beta1/jobs")):
        began = time.monotonic()
        api.http.request(method, path)
        assert time.monotonic() - began >= 0.5
    began = time.monotonic()
    assert api.admin("GET", "latency") == {"seconds": 0.5}
    assert time.monotonic() - began < 0.5


def test_rules_match_by_platform_method_and_path(api: Api) -> None:
    api.fault(kind="status", status=500, platform="crm_analytics", method="get", path="/wave/recipes")
    api.fault(kind="status", status=501, path="*/wave/data*s")
    assert api.crm("GET", f"{RECIPES}?pageSize=5").status_code == 500
    assert api.crm("GET", f"{V}/dataflows?q=x").status_code == 501, "a glob is over the path or over path and query"
    assert api.crm("GET", f"{V}/dataConnectors").status_code == 501
    assert api.crm("GET", f"{V}/limits").status_code == 200
    assert api.tamr("GET", "jobs").status_code == 200


def test_skip_times_and_order(api: Api) -> None:
    api.fault(kind="status", status=500, skip=1, times=2)
    api.fault(kind="status", status=503, times=3)
    statuses = [api.crm("GET", RECIPES).status_code for _ in range(6)]
    assert statuses == [503, 500, 500, 503, 503, 200]
    assert api.admin("GET", "faults")["faults"] == []


def test_rules_are_listed_counted_and_removed(api: Api) -> None:
    api.fault(kind="status", status=500, path="/nowhere")
    rule = api.admin("POST", "faults", [{"kind": "status", "status": 500}])["faults"][0]
    api.crm("GET", RECIPES)
    listed = api.admin("GET", "faults")
    assert [each["fired"] for each in listed["faults"]] == [0, 1]
    assert "cut" in listed["kinds"]
    api.admin("DELETE", f"faults/{rule['id']}")
    assert api.crm("GET", RECIPES).status_code == 200
    assert api.http.delete("/_sandbox/faults/999").status_code == 404
    api.admin("DELETE", "faults")
    assert api.admin("GET", "faults")["faults"] == []


@pytest.mark.parametrize(
    "rule",
    [
        {},
        {"kind": "explode"},
        {"kind": "cut", "platfrom": "tamr"},
        {"kind": "cut", "platform": "tableau"},
        {"kind": "cut", "times": 0},
        {"kind": "cut", "skip": -1},
        {"kind": "status", "status": 99},
        {"kind": "delay", "seconds": "1"},
        "cut",
        None,
    ],
)
def test_a_bad_rule_is_refused(api: Api, rule: object) -> None:
    response = api.http.post("/_sandbox/faults", json=rule)
    assert response.status_code == 400
    assert response.json()["error"]
    assert api.admin("GET", "faults")["faults"] == []
