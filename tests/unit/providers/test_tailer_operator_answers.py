"""Tailer's operator and odd answers: exact bodies, rows nobody documented, lost answers, ended sessions."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from http_server import CUT, Reply, Seen, Server, closed_port, script

from reconcile.core.errors import AnswerLost, AuthFailed, BadAnswer, ObjectNotFound, PlatformError, Rejected
from reconcile.core.operation import Job, JobQuery, JobState, Ready
from reconcile.core.redact import Redactor
from reconcile.providers.base import Notice, Surroundings
from reconcile.providers.tailer.kinds import Connection
from reconcile.providers.tailer.operations import LAUNCH, RESET, Launch, Reset
from reconcile.providers.tailer.operator import TailerOperator, open_operator

TOKEN = "header.payload-0123456789.signature"
UUID = "1fb692b0-3531-4578-9919-acf6fdb0a5b1"
RUN_ID = f"20201230-113940-{UUID}"
IOWA = "000099_iowa_liquor_prepare_pda_DEV"
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
Handler = Callable[[Seen], Reply]


class Stand:
    """An operator on a scripted platform, and what it told."""

    def __init__(self, url: str, auth: dict[str, str] | None = None, environment: dict[str, str] | None = None) -> None:
        self.notices: list[Notice] = []
        self.connection = Connection.model_validate(
            {
                "provider": "tailer",
                "account": "000099",
                "environment": "DEV",
                "base_url": url,
                "timeout": 5,
                "auth": auth or {"method": "token", "token": TOKEN},
            }
        )
        surroundings = Surroundings(self.notices.append, Redactor([TOKEN]), environment or {})
        self.operator = open_operator("dev", self.connection, surroundings)

    def launch(self, **settings: str) -> Ready:
        entry = Launch.model_validate({"type": "table-to-table", "id": IOWA, **settings})
        return self.operator.prepare(LAUNCH.order(entry, self.connection))

    def reset(self) -> Ready:
        order = RESET.order(Reset(workflow="000099-iowa-liquor-load-pda"), self.connection)
        return self.operator.prepare(order)


@contextmanager
def standing(handler: Handler, **options: Any) -> Iterator[tuple[Server, Stand]]:
    """Give a server with this handler and an operator on it."""
    with Server(handler) as server:
        stand = Stand(server.url, **options)
        try:
            yield server, stand
        finally:
            stand.operator.close()


def row(**changes: Any) -> dict[str, Any]:
    """Return a documented row with changes; None leaves a key out."""
    full = {
        "account": "000099",
        "configuration_id": IOWA,
        "configuration_type": "gbq-to-gbq",
        "duration": "0:01:24.002519",
        "environment": "DEV",
        "job_id": f"gbq-to-gbq|{IOWA}",
        "last_update_date": "2020-12-30T11:41:10.960767+00:00",
        "run_id": RUN_ID,
        "start_execution_date": "2020-12-30T11:39:43.861340+00:00",
        "status": "SUCCESS",
    }
    return {name: value for name, value in {**full, **changes}.items() if value is not None}


def rows(*shown: Any) -> Reply:
    return Reply(body={"results": list(shown)})


def sent(server: Server, number: int = -1) -> Any:
    return json.loads(server.seen[number].body)


# -- what is sent: the samples of the reference page "API features" ----------------------------------------------------

DEV = {"account": "000099", "environment": "DEV"}
IDENTITY = {**DEV, "configuration_type": "table-to-table", "configuration_id": IOWA}
STORAGE = {
    **DEV,
    "configuration_type": "storage-to-storage",
    "configuration_id": "000099-jarvis-demo-iowa-liquor-storage-to-storage",
}
STS, STS_ID = STORAGE["configuration_type"], STORAGE["configuration_id"]
CALLS: dict[str, tuple[Callable[[TailerOperator], object], dict[str, Any]]] = {
    "checking a run": (
        lambda tailer: tailer.check("table-to-table", IOWA, RUN_ID),
        {"action": "check_run_status", **IDENTITY, "job_id": f"gbq-to-gbq|{IOWA}", "run_id": RUN_ID},
    ),
    "checking a run of a file": (
        lambda tailer: tailer.check(STS, STS_ID, RUN_ID),
        {"action": "check_run_status", **STORAGE, "run_id": RUN_ID},
    ),
    "the last status": (
        lambda tailer: tailer.last_status("table-to-table", IOWA),
        {"action": "get_last_status", **IDENTITY},
    ),
    "the last status, narrowed": (
        lambda tailer: tailer.last_status(STS, STS_ID, execution_date="2020-12-09", status="SUCCESS", limit=2),
        {"action": "get_last_status", **STORAGE, "execution_date": "2020-12-09", "status": "SUCCESS", "limit": 2},
    ),
    "the last status of a job": (
        lambda tailer: tailer.last_status("table-to-table", IOWA, job_id="gbq-to-gbq|x"),
        {"action": "get_last_status", **IDENTITY, "job_id": "gbq-to-gbq|x"},
    ),
    "by status": (
        lambda tailer: tailer.by_status("gbq-to-gbq"),
        {"action": "get_by_status", **DEV, "configuration_type": "table-to-table", "limit": 100},
    ),
    "by status, narrowed": (
        lambda tailer: tailer.by_status("table-to-table", status="RUNNING", execution_date="2024-09-18", limit=15),
        {
            "action": "get_by_status",
            **DEV,
            "configuration_type": "table-to-table",
            "status": "RUNNING",
            "execution_date": "2024-09-18",
            "limit": 15,
        },
    ),
}


@pytest.mark.parametrize("name", CALLS)
def test_the_documented_bodies_of_reads(name: str) -> None:
    """As in the samples; by status, the environment that the text asks for is sent, too."""
    call, expected = CALLS[name]
    with standing(script(rows(row()))) as (server, stand):
        call(stand.operator)
        assert (server.seen[0].method, server.paths) == ("POST", ["/v1/dag/status"])
        assert sent(server) == expected
        assert server.seen[0].token == TOKEN


def test_the_documented_body_of_setting_a_status() -> None:
    """Platform page 1.1: no environment and no job id."""
    with standing(script(Reply(body={"message": "ok"}))) as (server, stand):
        stand.operator.set_status("gbq-to-gbq", IOWA, RUN_ID, "CHECKED")
        assert server.paths == ["/v1/dag/status"]
        assert sent(server) == {
            "action": "set_run_status",
            "account": "000099",
            "configuration_type": "table-to-table",
            "configuration_id": IOWA,
            "run_id": RUN_ID,
            "status": "CHECKED",
        }


def test_the_documented_bodies_of_launch_and_reset() -> None:
    """And the documented answers to them."""
    answers = Reply(body={"run_id": RUN_ID}), Reply(body={"code": 200, "data": {}, "message": "ok"})
    with standing(script(*answers)) as (server, stand):
        job = stand.operator.submit(stand.launch())
        assert sent(server) == {"action": "launch_job", **IDENTITY}
        assert job == Job(
            RUN_ID, "tailer.launch", f"table-to-table:{IOWA}", JobState.PENDING, "", created_at="2020-12-30T11:39:40Z"
        )
        done = stand.operator.submit(stand.reset())
        workflow = {"configuration_type": "workflow", "configuration_id": "000099-iowa-liquor-load-pda"}
        assert sent(server) == {"action": "reset_workflow_status", **DEV, **workflow}
        assert done is not None
        assert (done.id, done.is_over) == ("", True)
        assert server.paths == ["/v1/dag/launch", "/v1/workflow/status"]


# -- what is answered --------------------------------------------------------------------------------------------------

LAUNCHES: dict[str, tuple[Reply, type[PlatformError], bool]] = {
    "words": (Reply(body={"message": "no such configuration"}), Rejected, False),
    "a code": (Reply(body={"code": 404, "data": {}, "message": "ko"}), Rejected, False),
    "null": (Reply(body={"run_id": None, "message": "ko"}), Rejected, False),
    "400 in words": (Reply(400, b"configuration_id is required"), Rejected, False),
    "404": (Reply(404, {"code": 404, "message": "not found"}), ObjectNotFound, False),
    "ok without a run": (Reply(body={"message": "ok"}), BadAnswer, True),
    "an empty run": (Reply(body={"run_id": "", "message": "ko"}), BadAnswer, True),
    "a run that is no text": (Reply(body={"run_id": 7}), BadAnswer, True),
    "a run and a code": (Reply(body={"run_id": RUN_ID, "code": 500}), BadAnswer, True),
    "another success": (Reply(202, {"run_id": RUN_ID}), BadAnswer, True),
    "nothing": (Reply(body=b""), BadAnswer, True),
    "an empty object": (Reply(body={}), BadAnswer, True),
    "a list": (Reply(body=[{"run_id": RUN_ID}]), BadAnswer, True),
    "a page": (Reply(body=b"<html><h1>Log in</h1></html>"), BadAnswer, True),
    "500": (Reply(500, {"message": "boom"}), AnswerLost, True),
    "504": (Reply(504, b"upstream request timeout"), AnswerLost, True),
    "503": (Reply(503, b"busy"), AnswerLost, True),
    "a cut": (CUT, AnswerLost, True),
}


@pytest.mark.parametrize("name", LAUNCHES)
def test_launches_that_are_none(name: str) -> None:
    """Only a clear no is a no; whatever could be a launch may have happened. It is sent once in any case."""
    reply, kind, may_have_happened = LAUNCHES[name]
    with standing(script(reply)) as (server, stand):
        with pytest.raises(kind) as raised:
            stand.operator.submit(stand.launch())
        assert raised.value.may_have_happened == may_have_happened
        assert server.paths == ["/v1/dag/launch"]


def test_a_launch_that_could_not_be_sent() -> None:
    """Nobody listens, so nothing can have happened."""
    stand = Stand(f"http://127.0.0.1:{closed_port()}")
    with pytest.raises(PlatformError) as raised:
        stand.operator.submit(stand.launch())
    assert not raised.value.may_have_happened
    stand.operator.close()


@pytest.mark.parametrize("reply", [CUT, Reply(500), Reply(short=True), Reply(body=b"")])
def test_a_reset_whose_answer_is_lost(reply: Reply) -> None:
    """It may have happened, and nothing can ever tell."""
    with standing(script(reply)) as (server, stand):
        with pytest.raises(PlatformError) as raised:
            stand.operator.submit(stand.reset())
        assert raised.value.may_have_happened
        assert len(server.seen) == 1


def test_a_status_whose_writing_is_lost_may_be_set() -> None:
    """The verb that writes keeps its doubt."""
    with standing(script(CUT)) as (server, stand):
        with pytest.raises(AnswerLost):
            stand.operator.set_status("table-to-table", IOWA, RUN_ID, "SUCCESS")
        assert len(server.seen) == 1


STATUSES: dict[str, tuple[Reply, type[PlatformError]]] = {
    "words": (Reply(body={"message": "no such run"}), Rejected),
    "a code": (Reply(body={"code": 404, "data": {}, "message": "ko"}), ObjectNotFound),
    "another code": (Reply(body={"code": 400, "message": "ko"}), Rejected),
    "a code and rows": (Reply(body={"code": 500, "message": "half of it", "results": []}), Rejected),
    "404": (Reply(404, b"no such run"), ObjectNotFound),
    "no rows": (rows(), ObjectNotFound),
    "another run": (rows(row(run_id=f"20201230-000000-{UUID}")), ObjectNotFound),
    "ok without rows": (Reply(body={"message": "ok"}), BadAnswer),
    "rows that are no list": (Reply(body={"results": row()}), BadAnswer),
    "null rows": (Reply(body={"results": None}), BadAnswer),
    "a row that is no object": (rows("x"), BadAnswer),
    "a row without a run": (rows(row(run_id=None)), BadAnswer),
    "another success": (Reply(203, {"results": [row()]}), BadAnswer),
    "a list": (Reply(body=[row()]), BadAnswer),
    "no JSON": (Reply(body=b"{"), BadAnswer),
    "a cut": (CUT, PlatformError),
    "half of it": (Reply(short=True), PlatformError),
    "500": (Reply(500), PlatformError),
}


@pytest.mark.parametrize("name", STATUSES)
def test_statuses_that_are_none(name: str) -> None:
    """A read changes nothing, whatever is answered or lost."""
    reply, kind = STATUSES[name]
    with standing(script(reply)) as (server, stand):
        with pytest.raises(kind) as raised:
            stand.operator.look(stand.launch(), RUN_ID)
        assert not raised.value.may_have_happened
        assert len(server.seen) == 1


LISTS = [name for name in STATUSES if name not in ("no rows", "another run")]


@pytest.mark.parametrize("name", LISTS)
def test_lists_that_are_none(name: str) -> None:
    """A failed list never looks like an empty one."""
    reply, kind = STATUSES[name]
    with standing(script(reply)) as (_, stand):
        for read in (
            lambda: stand.operator.on_target(stand.launch(), LONG_AGO),
            lambda: list(stand.operator.jobs(JobQuery(settings={"type": "table-to-table"}))),
        ):
            with pytest.raises(kind) as raised:
                read()
            assert not raised.value.may_have_happened


def test_a_refusal_keeps_the_words_and_shows_no_secret() -> None:
    """Cleaned for a terminal; the token is masked even when the platform repeats it."""
    answer = Reply(body={"message": f"bad token {TOKEN} \x1b[31m in account"})
    with standing(script(answer)) as (_, stand), pytest.raises(Rejected) as raised:
        stand.operator.submit(stand.launch())
    said = raised.value.diagnostics[0]
    assert "bad token ***" in said.detail
    assert "in account" in said.detail
    assert TOKEN not in str(raised.value)
    assert "\x1b" not in said.detail
    assert said.hint


# -- odd rows ----------------------------------------------------------------------------------------------------------


def test_a_run_by_another_name_of_its_type_is_the_order_s() -> None:
    """Evidence must not be lost to a spelling: the call named type and id."""
    odd = row(configuration_type="gbq_to_gbq_v2", status="MELTING", duration=None, last_update_date=None)
    with standing(script(rows(odd))) as (_, stand):
        ready = stand.launch()
        job = stand.operator.look(ready, RUN_ID)
        assert (job.target, job.operation) == (ready.order.target, "tailer.launch")
        assert (job.state, job.platform_state, job.ended_at) == (JobState.UNKNOWN, "MELTING", None)
        assert stand.operator.on_target(ready, datetime(2026, 1, 1, tzinfo=UTC)) == (job,), "unknown is not over"


def test_a_run_longer_than_a_day() -> None:
    """Python writes days in words."""
    with standing(script(rows(row(start_execution_date="2020-12-30T11:39:43", duration="1 day, 2:03:04")))) as (_, s):
        job = s.operator.look(s.launch(), RUN_ID)
    assert (job.started_at, job.ended_at) == ("2020-12-30T11:39:43Z", "2020-12-31T13:42:47Z")


def test_rows_in_no_order_are_put_in_order() -> None:
    """That the newest comes first is what two samples show, and no more."""
    shown = [row(run_id=f"x{n}", start_execution_date=f"2020-12-30T{n}:00:00+00:00") for n in (12, 10, 14, 11)]
    with standing(script(rows(*shown))) as (_, stand):
        ready = stand.launch()
        assert [job.id for job in stand.operator.last_status("table-to-table", IOWA)] == ["x14", "x12", "x11", "x10"]
        assert [job.id for job in stand.operator.on_target(ready, LONG_AGO)] == ["x10", "x11", "x12", "x14"]
        last = stand.operator.last_on_subject(ready)
        assert last is not None
        assert last.id == "x14"


def test_rows_of_another_environment_are_not_ours() -> None:
    """Nobody knows what the API filters by; a connection is one environment of one account."""
    shown = rows(row(), row(run_id="prod", environment="PROD"), row(run_id="other", account="000001"))
    with standing(script(shown)) as (_, stand):
        assert [job.id for job in stand.operator.by_status("table-to-table")] == [RUN_ID]
        assert [job.id for job in stand.operator.on_target(stand.launch(), LONG_AGO)] == [RUN_ID]


def test_a_run_of_no_known_age_counts_as_new() -> None:
    """It might be the one whose launch was never answered."""
    ageless = row(run_id="manual", start_execution_date=None)
    with standing(script(rows(ageless, row()))) as (_, stand):
        ready = stand.launch()
        assert [job.id for job in stand.operator.on_target(ready, datetime(2026, 1, 1, tzinfo=UTC))] == ["manual"]


def test_what_begins_while_a_list_is_read_loses_and_doubles_nothing() -> None:
    """The wider answer has newer runs on top and repeats the rest: each is given once, the late ones late."""

    def handler(seen: Seen) -> Reply:
        limit = json.loads(seen.body)["limit"]
        newest = 200 if limit == 100 else 210
        numbers = range(newest, max(newest - limit, 90), -1)
        return rows(
            *(row(run_id=f"x{n}", start_execution_date=f"2020-12-30T{n // 60:02}:{n % 60:02}:00") for n in numbers)
        )

    with standing(handler) as (server, stand):
        query = JobQuery(settings={"type": "table-to-table", "id": IOWA})
        found = [job.id for job in stand.operator.jobs(query)]
        assert found == [f"x{n}" for n in (*range(200, 100, -1), *range(210, 200, -1), *range(100, 90, -1))]
        assert [sent(server, n)["limit"] for n in (0, 1)] == [100, 1000]


def test_a_list_may_be_sorted_by_creation_or_by_start() -> None:
    """A run that waited for hours stands elsewhere in each; it is neither lost nor taken for the end of the list."""
    fresh = [row(run_id=f"20201230-12{n // 60:02}{n % 60:02}-{UUID}", start_execution_date=None) for n in range(120)]
    waited = row(run_id=f"20201230-080000-{UUID}", start_execution_date="2020-12-30T13:00:00+00:00")

    def check(shown: list[dict[str, Any]]) -> None:
        with standing(lambda seen: rows(*shown[: json.loads(seen.body)["limit"]])) as (_, stand):
            query = JobQuery(settings={"type": "table-to-table", "id": IOWA})
            assert {job.id for job in stand.operator.jobs(query)} == {each["run_id"] for each in shown}
            found = stand.operator.on_target(stand.launch(), datetime(2020, 12, 30, 12, tzinfo=UTC))
            assert [job.id for job in found] == [each["run_id"] for each in fresh]

    check([waited, *reversed(fresh)])
    check([*reversed(fresh), waited])


@pytest.mark.parametrize(
    ("query", "status"),
    [
        (JobQuery(words=("failed",)), "FAILED"),
        (JobQuery(words=("FAILED", "CHECKED")), None),
        (JobQuery(states=frozenset({JobState.RUNNING})), "RUNNING"),
        (JobQuery(states=frozenset({JobState.FAILED})), None),
    ],
)
def test_tailer_sorts_out_what_it_can(query: JobQuery, status: str | None) -> None:
    """One status goes with the question, several are sorted out here; every type is asked with the same one."""
    with standing(script(rows())) as (server, stand):
        assert list(stand.operator.jobs(query)) == []
        assert {sent(server, n).get("status") for n in range(len(server.seen))} == {status}
        types = [sent(server, n)["configuration_type"] for n in range(len(server.seen))]
        assert types[:2] == ["table-to-table", "table-to-storage"]
        assert sorted(types) == sorted(set(types))


def test_one_run_id_of_two_data_operations_is_two_jobs() -> None:
    """Platform page 2.5: a run's document is named by its data operation and its run id together."""
    both = rows(row(configuration_id="a"), row(configuration_id="b"))
    with standing(script(both)) as (_, stand):
        found = list(stand.operator.jobs(JobQuery(settings={"type": "table-to-table"})))
    assert {job.target for job in found} == {"table-to-table:a", "table-to-table:b"}
    assert len(found) == 2


# -- the platform's time, and sessions ---------------------------------------------------------------------------------


def test_the_platform_s_own_time() -> None:
    """From the last answer, a refusal too."""
    stamped = {"Date": "Sun, 22 Nov 2026 10:00:00 GMT"}
    with standing(script(Reply(404, headers=stamped))) as (_, stand):
        assert stand.operator.server_time() is None
        with pytest.raises(ObjectNotFound):
            stand.operator.look(stand.launch(), RUN_ID)
        assert stand.operator.server_time() == datetime(2026, 11, 22, 10, tzinfo=UTC)


def test_a_session_that_ended_is_renewed_once(tmp_path: Path) -> None:
    """A 401 launched nothing, so the launch goes out again with a fresh token, which no text ever shows."""
    program = tmp_path / "tailer"
    program.write_text(
        f"#!{sys.executable} -S\n"
        f"calls = {str(tmp_path / 'calls')!r}\n"
        "open(calls, 'a').write('x')\n"
        "print('User token : secret-token-' + str(len(open(calls).read())))\n"
    )
    program.chmod(0o755)
    environment = {"PATH": f"{tmp_path}{os.pathsep}/usr/bin:/bin", "TAILER_HOME": str(tmp_path)}

    def handler(seen: Seen) -> Reply:
        if seen.token == "secret-token-1":
            return Reply(401, {"code": 401, "message": "Jwt is expired: secret-token-1"})
        if "launch" in seen.path:
            return Reply(body={"run_id": RUN_ID})
        return Reply(403, {"message": f"Audiences in Jwt are not allowed: {seen.token}"})

    with standing(handler, auth={"method": "tailer_cli"}, environment=environment) as (server, stand):
        job = stand.operator.submit(stand.launch())
        assert job is not None
        assert job.id == RUN_ID
        assert [seen.token for seen in server.seen] == ["secret-token-1", "secret-token-2"]
        with pytest.raises(PlatformError) as raised:
            stand.operator.look(stand.launch(), RUN_ID)
        texts = [str(raised.value), repr(stand.operator), repr(job), *(notice.text for notice in stand.notices)]
        assert not [text for text in texts if "secret-token" in text]
        assert stand.notices


def test_a_token_that_ended_says_what_to_do() -> None:
    """One that cannot be renewed is refused at once, and nothing was launched."""
    with standing(script(Reply(401, {"code": 401, "message": f"Jwt is expired: {TOKEN}"}))) as (server, stand):
        with pytest.raises(AuthFailed) as raised:
            stand.operator.submit(stand.launch())
        assert not raised.value.may_have_happened
        assert TOKEN not in str(raised.value)
        assert raised.value.diagnostics[0].hint
        assert len(server.seen) == 1
