"""What a platform tells for a forecast, over real sockets: against the simulator, and an org made by other hands."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from e2e.fakes import Body, Platform, Seen, listening
from e2e.harness import World
from reconcile.core.address import Address
from reconcile.core.experience import Experience
from reconcile.core.redact import Redactor
from reconcile.core.snapshot import Live
from reconcile.providers.base import Discovers, Remembers, Sought, Surroundings
from reconcile.providers.crm_analytics.kinds import Connection
from reconcile.providers.registry import providers

SECRET = "sandbox-secret"
TOKEN = "00D!by-hand.token"
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@contextmanager
def reading(url: str, **more: Any) -> Iterator[Any]:
    """Give the reader of a connection ``sales`` to the org at this address."""
    auth = {"method": "client_credentials", "client_id": "sandbox-client", "client_secret": SECRET}
    settings = {"provider": "crm_analytics", "instance_url": url, "auth": auth, "attempts": 2, "longest_wait": 0.02}
    connection = Connection.model_validate({**settings, **more})
    provider = providers()["crm_analytics"]
    reader = provider.reader("sales", connection, Surroundings(lambda notice: None, Redactor(), {}))
    try:
        yield reader
    finally:
        reader.close()


def everything(reader: Any) -> list[Live]:
    """Return all that is live, as a plan finds it."""
    assert isinstance(reader, Discovers)
    return [each for each in reader.discover(Sought()).readings.values() if isinstance(each, Live)]


def told(reader: Any, live: list[Live]) -> Experience:
    assert isinstance(reader, Remembers)
    return reader.experience(live)


def schedule(name: str) -> Address:
    return Address("sales", "schedule", name)


# -- the simulator -----------------------------------------------------------------------------------------------------


def history(world: World) -> None:
    """Let three recipes and a dataflow have run, and a data sync of four objects, each with a while in the queue."""
    world.admin("PUT", "clock", {"now": NOW.isoformat()})
    world.switch(crm_sync_jobs=4, crm_queued_seconds=300)
    for day, seconds in enumerate((600, 900, 7200), 1):
        at = (NOW - timedelta(days=day)).isoformat()
        ran(world, "recipe", "Board_Pack", at, running_seconds=seconds)
        ran(world, "dataflow", "SalesEdgeEltWorkflow", at, running_seconds=60)
        # Its last object begins late and ends last: 240 seconds in all.
        steps = [{"queued_seconds": 300, "running_seconds": 120, "times": 3}, {"queued_seconds": 400, "times": 1}]
        world.admin("PUT", "crm/outcomes", {"data_sync:SFDC_LOCAL": [steps[0], {**steps[1], "running_seconds": 140}]})
        ran(world, "data_sync", "SFDC_LOCAL", at)
        ran(world, "recipe", "Month_Close", at, running_seconds=5, outcome="failure")


def ran(world: World, asset_type: str, name: str, at: str, **script: object) -> None:
    world.admin("POST", "crm/jobs", {"type": asset_type, "name": name, "created_at": at, **script})


def paths(world: World) -> list[str]:
    """Return what was asked since the log was cleared, in the order of the alphabet, without parameters."""
    entries = world.admin("GET", "log")["entries"]
    assert {each["method"] for each in entries} <= {"GET"}
    return sorted(each["path"].partition("?")[0].replace("/services/data/v60.0", "") for each in entries)


def test_all_that_the_simulator_tells_costs_five_calls(world: World) -> None:
    history(world)
    world.switch(user_zone="Europe/Paris", crm_daily_runs=90)
    world.admin("PUT", "crm/users", {"Ann <Example>": {"active": False, "assets": ["recipe:Board_Pack"]}})
    with reading(world.server.url) as reader:
        live = everything(reader)
        world.admin("DELETE", "log")
        found = told(reader, live)
    assert found.usual_seconds == {
        schedule("recipe:Board_Pack"): 900,
        schedule("dataflow:SalesEdgeEltWorkflow"): 60,
        schedule("data_sync:SFDC_LOCAL"): 240,
    }, "one recipe has failed each time"
    assert {name: limit.most for name, limit in found.limits.items()} == {"runs a day": 90}
    assert found.zone == "Europe/Paris"
    (warning,) = found.diagnostics
    assert (warning.code, warning.address) == ("owner-inactive", "sales/schedule/recipe:Board_Pack")
    assert "Ann <Example>, who is inactive" in warning.detail
    jobs = "/wave/dataflowjobs"
    assert paths(world) == ["/limits", "/query", "/services/oauth2/userinfo", jobs, jobs]


def test_jobs_without_a_source_are_told_apart_by_their_labels_or_not_at_all(world: World) -> None:
    """As captured: the source of a sync's job is blank, and its label ends with the connection."""
    history(world)
    world.switch(sync_source="empty")
    with reading(world.server.url) as reader:
        assert told(reader, everything(reader)).usual_seconds[schedule("data_sync:SFDC_LOCAL")] == 240
    world.switch(crm_sync_jobs=1)
    ran(world, "data_sync", "Marketing_Cloud", (NOW - timedelta(hours=2)).isoformat(), running_seconds=9)
    with reading(world.server.url) as reader:
        assert schedule("data_sync:Marketing_Cloud") not in told(reader, everything(reader)).usual_seconds


def test_the_settings_spare_a_call(world: World) -> None:
    with reading(world.server.url, limits={"runs_a_day": 10}) as reader:
        live = everything(reader)
        world.admin("DELETE", "log")
        found = told(reader, live)
    assert found.limits == {}
    assert "/limits" not in paths(world)


def test_refusals_of_every_sort_end_in_one_note_and_no_secret(world: World) -> None:
    """HTML, a missing permission, a scope that is not there, an answer that is cut off: the plan goes on."""
    history(world)
    with reading(world.server.url) as reader:
        live = everything(reader)
        refusal = [{"errorCode": "INSUFFICIENT_ACCESS", "message": "no"}]
        faults: list[Body] = [
            {"kind": "html", "path": "/wave/dataflowjobs"},
            {"kind": "status", "path": "*/v60.0/limits", "status": 403, "body": refusal},
            {"kind": "status", "path": "/oauth2/userinfo", "status": 403, "body": "Bad_OAuth_Token"},
            {"kind": "partial", "path": "/query"},
        ]
        world.admin("POST", "faults", faults)
        found = told(reader, live)
        assert (found.usual_seconds, found.limits, found.zone) == ({}, {}, None)
        (note,) = found.diagnostics
        assert note.code == "experience-unread"
        assert all(word in note.detail for word in ("INSUFFICIENT_ACCESS", "Bad_OAuth_Token", "/query", "sales"))
        assert not any(word in str(note) for word in (SECRET, "Bearer", "00D5e0000000001!"))
        world.admin("DELETE", "faults")
        assert told(reader, live).diagnostics == (), "it is asked anew"


def test_a_session_that_ended_meanwhile_is_renewed(world: World) -> None:
    history(world)
    with reading(world.server.url) as reader:
        live = everything(reader)
        world.admin("POST", "crm/expire-sessions")
        found = told(reader, live)
        assert found.usual_seconds, "calls of the API say 401, and then there is a new session"


# -- an org made by hand -----------------------------------------------------------------------------------------------

ANN, BOB = "005RM000002Fb6AYAS", "005RM000002AuUpYAK"
R1, FLOW, LOCAL, FAR = "05vRM00000003OwYAI", "02KRM0000002XSl2AM", "0ItRM0000004Dfe0AE", "0ItRM0000004Dfk0AE"
DAILY = {"frequency": "daily", "time": {"hour": 1, "minute": 0, "timeZone": {"zoneId": "UTC"}}}


@dataclass
class Org(Platform):
    """Lists without users in part, jobs without dates in part, queries in pieces of one record; users come and go."""

    jobs: list[Body] = field(default_factory=list)
    page: int = 2

    def answer(self, request: Seen) -> tuple[int, dict[str, str], bytes]:
        url = urlsplit(request.path)
        args = {name: values[0] for name, values in parse_qs(url.query).items()}
        if url.path == "/services/oauth2/token":
            return _json({"access_token": TOKEN, "instance_url": self.url})
        assert request.headers["authorization"] == f"Bearer {TOKEN}"
        match url.path.removeprefix("/services/data/v60.0"):
            case "/services/oauth2/userinfo":
                return _json({"zoneinfo": "GMT", "sub": "x", "email": "a@b.example"})
            case "/wave/recipes":
                by = {"id": ANN, "name": "", "profilePhotoUrl": ""}
                row = {"id": R1, "name": "r1", "label": "R 1", "lastModifiedBy": by, "targetDataflowId": FLOW}
                return _json(
                    {"recipes": [{**row, "scheduleAttributes": {"assetId": R1, **DAILY}}], "nextPageUrl": None}
                )
            case "/wave/dataflows":
                return _json({"dataflows": []})
            case "/wave/dataConnectors":
                return _json({"dataConnectors": [_connector(LOCAL, "SFDC_LOCAL"), _connector(FAR, "Sample_Data")]})
            case "/wave/dataflowjobs":
                return self._list(args)
            case "/query":
                assert args["q"] == f"SELECT Id, Name, IsActive FROM User WHERE Id IN ('{ANN}')"
                more = "/services/data/v60.0/query/01gRM-1"
                return _json({"totalSize": 2, "done": False, "nextRecordsUrl": more, "records": [_user(BOB, True)]})
            case "/query/01gRM-1":
                return _json({"totalSize": 2, "done": True, "records": [_user(ANN, False)]})
        return _json([{"errorCode": "NOT_FOUND", "message": "no such thing"}], 404)

    def _list(self, args: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        """Know nothing of types, as before v53, and show odd links."""
        start = int(args.get("page", "0").removeprefix("p+"))
        body: Body = {"dataflowJobs": self.jobs[start : start + self.page]}
        if start + self.page < len(self.jobs):
            body["nextPageUrl"] = f"/services/data/v60.0/wave/dataflowjobs?page=p%2B{start + self.page}"
        return _json(body)


def _json(body: object, status: int = 200) -> tuple[int, dict[str, str], bytes]:
    return status, {"Content-Type": "application/json;charset=UTF-8"}, json.dumps(body).encode()


def _connector(id: str, name: str) -> Body:
    return {"id": id, "name": name, "label": name, "ingestionSchedule": DAILY}


def _user(id: str, active: bool) -> Body:
    return {"attributes": {"type": "User", "url": "x"}, "Id": id, "Name": f"U {id[-4:]}", "IsActive": active}


def _job(number: int, **more: Any) -> Body:
    shown = {"id": f"03C{number:012}AAA", "status": "Success", "createdDate": f"2026-11-{20 - number:02}T07:00:00.000Z"}
    return {**shown, "source": {"id": "", "name": "", "url": ""}, **more}


def test_an_org_made_by_hand() -> None:
    """A recipe's jobs name its dataflow, durations stand for dates, and all types come in one list."""
    jobs = [
        _job(1, jobType="recipe", duration=120, waitTime=4000, source={"id": FLOW, "name": "r1_dataflow"}),
        _job(2, jobType="datasync", duration=33, label="Account (SFDC_LOCAL)"),
        _job(3, jobType="recipe", duration=180, source={"id": FLOW[:15]}),
        _job(4, jobType="recipe", duration=9999, status="Failure", source={"id": FLOW}),
        _job(5, jobType="datasync", duration=7),
    ]
    org = Org(jobs=jobs)
    with listening(org), reading(org.url) as reader:
        live = everything(reader)
        before = len(org.seen)
        found = told(reader, live)
        asked = [urlsplit(each.path).path.removeprefix("/services/data/v60.0") for each in org.seen[before:]]
    assert found.usual_seconds == {schedule("recipe:r1"): 150, schedule("data_sync:SFDC_LOCAL"): 33}
    assert found.zone == "GMT"
    assert [each.code for each in found.diagnostics] == ["owner-inactive", "experience-unread"]
    assert ANN not in found.diagnostics[0].detail
    assert f"U {ANN[-4:]}, who is inactive" in found.diagnostics[0].detail
    assert "how many runs a day it allows" in found.diagnostics[1].detail
    assert asked.count("/wave/dataflowjobs") == 3 + 2
    assert len(asked) == 3 + 2 + 4
    assert {each.method for each in org.seen[before:]} == {"GET"}
