"""Jobs by hand: started once, found again, watched, stopped, listed; and the platforms' own verbs."""

from __future__ import annotations

import json
import signal
import time
from typing import Any

import pytest

from e2e.harness import FLOW, PREPARE, TABLE, World, ended, flags, killed, until

TAMR = """\
  tamr:
    provider: tamr
    base_url: ${env.TAMR_URL}
    longest_wait: 0.02
    attempts: 3
    auth: {method: api_key, api_key: "${env.TAMR_API_KEY}"}
"""
JOBS = "/api/v1beta1/jobs"
QUICK = ("--wait", "--poll-interval", "0.05")
KEYS = (
    *("id", "operation", "state", "platform_state", "started_at", "ended_at", "error"),
    *("connection", "target", "created_at", "link", "facts"),
)
OF_PREPARE = ("--type", "table-to-table", "--id", PREPARE)


@pytest.fixture
def hand(world: World) -> World:
    """A workspace with a connection to each platform, and jobs that take a moment only."""
    text = (world.root / "reconcile.yaml").read_text()
    world.write("reconcile.yaml", text + TAMR)
    world.write("empty.yaml", "connection: tamr\npipelines: {}\n")
    world.switch(
        tamr_pending_seconds=0.02,
        tamr_running_seconds=0.02,
        tamr_stopping_seconds=0,
        crm_queued_seconds=0.02,
        crm_running_seconds=0.02,
        tailer_run_seconds=0.02,
    )
    return world


def slow(world: World, *sources: str) -> None:
    """Let the next Tamr jobs on these take an hour."""
    world.admin("PUT", "tamr/outcomes", {source: {"pending": 0, "running": 3600} for source in sources})


def tamr_jobs(world: World) -> list[dict[str, Any]]:
    """Return the jobs that Tamr has, as the simulator holds them."""
    found: list[dict[str, Any]] = world.admin("GET", "state")["tamr"]["jobs"]
    return found


def only(result: Any) -> Any:
    """Return the one job of a document."""
    (job,) = result.json["jobs"]
    return job


def posts(world: World) -> int:
    return len(world.log(method="POST", platform="tamr"))


# -- start -------------------------------------------------------------------------------------------------------------


def test_a_job_is_started_and_found_again_without_its_connection(hand: World) -> None:
    """How to watch it is printed; our own record knows where it is."""
    slow(hand, "src_a")
    started = hand.run("jobs", "start", "tamr.load", "source=src_a")
    assert started.code == 0, started
    (job,) = tamr_jobs(hand)
    job_id = job["jobId"]
    assert f"Watch it: reconcile jobs wait {job_id} --connection tamr" in started.out
    hand.admin("PUT", "clock", {"advance": 4000})
    watched = hand.run("jobs", "wait", job_id, "--poll-interval", "0.05")
    assert watched.code == 0, watched
    assert watched.out.startswith("succeeded  tamr.load source:src_a\n")
    assert f"{job_id}: succeeded (DONE)" in watched.err


def test_a_job_is_watched_to_its_end(hand: World) -> None:
    """Exit 0; every key is in the document; stderr tells how it went."""
    result = hand.run("jobs", "start", "tamr.load", "source=src_a", *QUICK, "--format", "json")
    assert result.code == 0, result
    job = only(result)
    assert tuple(job) == KEYS
    assert (job["operation"], job["target"], job["connection"]) == ("tamr.load", "source:src_a", "tamr")
    assert (job["state"], job["platform_state"], job["error"]) == ("succeeded", "DONE", None)
    assert job["created_at"] <= job["started_at"] <= job["ended_at"]
    assert result.json["diagnostics"] == []
    assert "tamr.load: succeeded (DONE)" in result.err


def test_a_job_that_fails_tells_why(hand: World) -> None:
    """Exit 6, with the platform's reason and message."""
    hand.admin("PUT", "tamr/outcomes", {"dp_xyz": {"reason": "PLANNING_FAILED", "message": "no such source"}})
    result = hand.run("tamr", "update", "--data-product", "dp_xyz", *QUICK, "--format", "json")
    assert result.code == 6, result
    assert only(result)["error"] == {"reason": "PLANNING_FAILED", "message": "no such source"}
    text = hand.run("tamr", "update", "--data-product", "dp_xyz", *QUICK)
    assert "  error       PLANNING_FAILED: no such source\n" in text.out


def test_a_job_that_could_not_be_started(hand: World) -> None:
    """Exit 6; the document has no job, and says why."""
    result = hand.run("tamr", "load", "src_nope", "--format", "json")
    assert result.code == 6, result
    assert result.json["jobs"] == []
    assert result.codes == ["not-found"]
    assert "src_nope" in result.json["diagnostics"][0]["detail"]
    assert tamr_jobs(hand) == []


def test_the_same_work_is_attached_to_and_that_is_said(hand: World) -> None:
    """A load that is under way serves us, too; who wants otherwise can say so."""
    slow(hand, "src_a")
    first = only(hand.run("tamr", "load", "src_a", "--format", "json"))
    second = hand.run("tamr", "load", "src_a", "--format", "json")
    assert second.code == 0, second
    assert only(second)["id"] == first["id"]
    assert second.codes == ["attached"]
    third = hand.run("tamr", "load", "src_a", "--when-busy", "fail", "--format", "json")
    assert (third.code, third.codes) == (6, ["busy"])
    assert posts(hand) == 1


def test_a_lost_answer_starts_nothing_twice(hand: World) -> None:
    """The job is found by its work and its time."""
    hand.fault("cut", method="POST", path=JOBS, after_effect=True, times=1)
    result = hand.run("tamr", "load", "src_a", *QUICK, "--format", "json")
    assert result.code == 0, result
    assert [job["jobId"] for job in tamr_jobs(hand)] == [only(result)["id"]]
    assert posts(hand) == 1


def test_a_start_that_was_killed_is_gone_on_with_and_that_is_said(hand: World) -> None:
    """kill -9 while the answer is awaited: the same command finds the job, and says that it is an earlier one's."""
    hand.fault("hang", method="POST", path=JOBS, after_effect=True, seconds=20, times=1)
    process = hand.start("tamr", "load", "src_a")
    until(lambda: tamr_jobs(hand))
    killed(process)
    hand.clear_faults()
    result = hand.run("tamr", "load", "src_a", *QUICK, "--format", "json")
    assert result.code == 0, result
    assert "went-on" in result.codes
    assert [job["jobId"] for job in tamr_jobs(hand)] == [only(result)["id"]]


def test_while_one_process_starts_a_job_another_does_not(hand: World) -> None:
    """Exit 3: of two that want the same at the same moment one does it."""
    hand.fault("hang", method="POST", path=JOBS, after_effect=True, seconds=20, times=1)
    process = hand.start("tamr", "load", "src_a")
    until(lambda: tamr_jobs(hand))
    result = hand.run("tamr", "load", "src_a", "--format", "json")
    killed(process)
    assert (result.code, result.codes) == (3, ["run-goes-on"])
    assert len(tamr_jobs(hand)) == 1


def test_a_limit_can_be_an_error(hand: World) -> None:
    """Nobody waits for a free slot who does not want to."""
    hand.switch(tamr_concurrency=1)
    slow(hand, "src_a")
    assert hand.run("tamr", "load", "src_a").code == 0
    result = hand.run("tamr", "load", "src_b", "--on-limit", "fail", "--format", "json")
    assert result.code == 6, result
    assert result.json["jobs"] == []
    assert len(tamr_jobs(hand)) == 1


def test_nobody_watches_longer_than_asked(hand: World) -> None:
    """Exit 7, the job goes on, and the way back is printed."""
    slow(hand, "src_a")
    result = hand.run("tamr", "load", "src_a", *QUICK, "--wait-timeout", "0s", "--format", "json")
    assert result.code == 7, result
    job = only(result)
    assert job["state"] == "running"
    (diagnostic,) = result.json["diagnostics"]
    assert (diagnostic["code"], diagnostic["severity"]) == ("wait-timeout", "warning")
    assert f"reconcile jobs wait {job['id']} --connection tamr" in diagnostic["hint"]


def test_a_job_that_takes_too_long_is_stopped(hand: World) -> None:
    """Stopped by ourselves is no success: exit 6, and the reason is ours."""
    slow(hand, "src_a")
    result = hand.run("tamr", "load", "src_a", *QUICK, "--stop-after", "0s", "--format", "json")
    assert result.code == 6, result
    job = only(result)
    assert job["state"] == "stopped"
    assert "stop_after" in job["error"]["message"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["tamr.lod", "source=a"], 'operation "tamr.lod"; did you mean "tamr.load"'),
        (["tamr.load", "sorce=a"], 'it has no "sorce"; did you mean "source"?'),
        (["tamr.load", "source"], '"source" is no KEY=VALUE'),
        (["tamr.load", "source=a", "--connection", "tamrr"], 'no connection "tamrr"; did you mean "tamr"?'),
        (
            ["tamr.load", "source=a", "--connection", "sales"],
            'connection "sales" has no tamr.load; these have it: tamr',
        ),
        (["tamr.load", "source=a", "--stop-after", "5m"], "need --wait"),
        (["tailer.launch", "type=table-to-table", "id=x", "--when-busy", "replace"], "the platform cannot stop"),
        (["tailer.launch", "type=table-to-table", "id=x", "--wait", "--stop-after", "5m"], "the platform cannot stop"),
        (["tailer.reset", "workflow=x", "--when-busy", "fail"], "starts nothing that goes on"),
    ],
)
def test_wrong_usage_of_start(hand: World, arguments: list[str], words: str) -> None:
    """Exit 64, before any call, with the way out; with JSON one document."""
    result = hand.run("jobs", "start", *arguments)
    assert result.code == 64, result
    assert words in result.err
    assert hand.run("jobs", "start", *arguments, "--format", "json").codes == ["usage"]
    assert hand.log() == []


def test_of_several_connections_one_is_named(hand: World) -> None:
    """Both are listed; named, it is clear."""
    text = (hand.root / "reconcile.yaml").read_text()
    hand.write("reconcile.yaml", text + TAMR.replace("  tamr:", "  tamr_two:"))
    result = hand.run("tamr", "load", "src_a")
    assert result.code == 64, result
    assert "name one with --connection, one of tamr, tamr_two" in result.err
    assert only(hand.run("tamr", "load", "src_a", "--connection", "tamr_two", "--format", "json"))["connection"] == (
        "tamr_two"
    )


# -- Ctrl-C ------------------------------------------------------------------------------------------------------------


def test_sigterm_leaves_the_job_alone(hand: World) -> None:
    """Exit 7 with the way back; the job goes on."""
    slow(hand, "src_a")
    process = hand.start("tamr", "load", "src_a", *QUICK, "--format", "json")
    until(lambda: posts(hand) and hand.log(method="GET", platform="tamr")[2:])
    process.send_signal(signal.SIGTERM)
    result = ended(process)
    assert result.code == 7, result
    assert result.codes == ["not-watched"]
    assert [job["state"] for job in hand.run("jobs", "list", "--format", "json").json["jobs"]] == ["running"]


def test_ctrl_c_twice_stops_the_job(hand: World) -> None:
    """Exit 130, when the platform says that it has ended."""
    slow(hand, "src_a")
    job_id = only(hand.run("tamr", "load", "src_a", "--format", "json"))["id"]
    said = hand.home / "stderr"
    with said.open("w") as stderr:
        command = ("jobs", "wait", job_id, "--poll-interval", "0.05", "--format", "json")
        process = hand.start(*command, stderr=stderr)
        until(lambda: "running (RUNNING)" in said.read_text())
        process.send_signal(signal.SIGINT)
        until(lambda: "Press it again" in said.read_text())
        time.sleep(0.1)  # nobody is faster
        process.send_signal(signal.SIGINT)
        result = ended(process)
    assert result.code == 130, said.read_text()
    assert only(result)["state"] == "stopped"


# -- what is there -----------------------------------------------------------------------------------------------------


def test_list_asks_every_connection_and_sorts_by_time(hand: World) -> None:
    """Newest first, whoever started them; what was asked narrows."""
    hand.run("crm", "start", "--recipe", "Board_Pack", *QUICK)
    hand.run("tailer", "launch", *OF_PREPARE, *QUICK)
    hand.run("tamr", "load", "src_a", *QUICK)
    jobs = hand.run("jobs", "list", "--format", "json").json["jobs"]
    assert [job["connection"] for job in jobs][:1] == ["tamr"]
    assert {job["connection"] for job in jobs} == {"tamr", "tailer", "sales"}
    assert [job["created_at"][:19] for job in jobs] == sorted((job["created_at"][:19] for job in jobs), reverse=True)

    def listed(*arguments: str) -> set[str]:
        found = hand.run("jobs", "list", *arguments, "--format", "json")
        assert found.code == 0, found
        return {job["target"] for job in found.json["jobs"]}

    assert listed("--set", "source=src_a") == {"source:src_a"}
    assert listed("--operation", "crm_analytics.start") == {"recipe:Board_Pack"}
    assert listed("--set", "recipe=Board_Pack", "--status", "success") == {"recipe:Board_Pack"}
    assert listed("--set", "type=table-to-table", "--set", f"id={PREPARE}") == {f"table-to-table:{PREPARE}"}
    assert listed("--since", "1h", "--connection", "tamr", "--connection", "sales") == {
        "source:src_a",
        "recipe:Board_Pack",
    }
    assert listed("--until", "2020-01-01") == set()
    assert listed("--state", "failed", "--state", "stopped") == set()
    assert listed("--active") == set()


def test_active_jobs_are_those_that_are_not_over(hand: World) -> None:
    """Also of somebody else."""
    hand.run("tamr", "load", "src_a", *QUICK)
    hand.admin("POST", "tamr/jobs", {"configuration": {"load": {"sourceId": "src_b"}}, "running": 3600})
    found = hand.run("jobs", "list", "--active", "--connection", "tamr")
    assert found.code == 0, found
    assert "source:src_b" in found.out
    assert "source:src_a" not in found.out


def test_a_list_is_never_cut_silently(hand: World) -> None:
    """Text and JSON say that there are more; 0 is all."""
    for source in ("src_a", "src_b", "src_a"):
        hand.run("tamr", "load", source, *QUICK)
    result = hand.run("jobs", "list", "--connection", "tamr", "--limit", "2", "--format", "json")
    assert (len(result.json["jobs"]), result.codes, result.code) == (2, ["more-jobs"], 0)
    assert "The newest 2 are shown; --limit 0 lists all." in hand.run("jobs", "list", "--limit", "2").out
    for limit in ("0", "3"):
        whole = hand.run("jobs", "list", "--connection", "tamr", "--limit", limit, "--format", "json")
        assert (len(whole.json["jobs"]), whole.codes) == (3, [])


def test_a_connection_that_fails_is_an_error_and_the_others_are_shown(hand: World) -> None:
    """Exit 1; which one it was is in the document."""
    hand.run("crm", "start", "--recipe", "Board_Pack", *QUICK)
    hand.fault("status", platform="tamr", status=403)
    result = hand.run("jobs", "list", "--format", "json")
    assert result.code == 1, result
    assert [job["target"] for job in result.json["jobs"]] == ["recipe:Board_Pack"]
    assert [(each["code"], each["address"]) for each in result.json["diagnostics"]] == [("forbidden", "tamr")]
    alone = hand.run("jobs", "list", "--connection", "tamr")
    assert (alone.code, alone.out) == (1, "")


def test_a_list_waits_for_a_platform_that_is_not_available(hand: World) -> None:
    """As long as the connection's settings say, and visibly."""
    hand.run("tamr", "load", "src_a", *QUICK)
    hand.fault("status", platform="tamr", status=503, times=2)
    result = hand.run("jobs", "list", "--connection", "tamr")
    assert result.code == 0, result
    assert "source:src_a" in result.out
    assert "waiting" in result.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--operation", "tamr.lod"], 'did you mean "tamr.load"'),
        (["--set", "sorce=a"], 'did you mean "source"'),
        (["--connection", "tamr", "--set", "recipe=a"], 'no jobs of tamr have "recipe"'),
        (["--filter", "x = 1"], "name it with --connection, one of sales, tailer, tamr"),
        (["--active", "--state", "failed"], "give one of the two"),
        (["--since", "soon"], "an age: 2h, 7d"),
        (["--connection", "nope"], 'no connection "nope"'),
    ],
)
def test_wrong_usage_of_list(hand: World, arguments: list[str], words: str) -> None:
    """Exit 64, before any call."""
    result = hand.run("jobs", "list", *arguments)
    assert result.code == 64, result
    assert words in result.err
    assert hand.log() == []


def test_a_filter_is_the_platforms_own(hand: World) -> None:
    """It goes there as it is, and what the platform says of it comes back."""
    hand.run("tamr", "load", "src_a", *QUICK)
    result = hand.run("jobs", "list", "--connection", "tamr", "--filter", "nonsense = 1")
    assert result.code == 1, result
    assert "nonsense" in result.err


def test_show_tells_all_and_what_could_not_be_shown(hand: World) -> None:
    """One that is missing does not hide the others; exit 1."""
    job_id = only(hand.run("tamr", "load", "src_a", *QUICK, "--format", "json"))["id"]
    result = hand.run("jobs", "show", job_id, "job_nope", "--connection", "tamr", "--format", "json")
    assert result.code == 1, result
    assert only(result)["id"] == job_id
    assert [(each["code"], each["address"]) for each in result.json["diagnostics"]] == [("not-found", "tamr")]
    assert hand.run("jobs", "show", job_id).code == 0


def test_a_job_of_somebody_else_needs_its_connection(hand: World) -> None:
    """Ids tell no platform, so nobody guesses."""
    job = hand.admin("POST", "tamr/jobs", {"configuration": {"load": {"sourceId": "src_b"}}})
    job_id = json.dumps(job).partition('"jobId": "')[2].partition('"')[0]
    result = hand.run("jobs", "show", job_id)
    assert result.code == 64, result
    assert "--connection, one of sales, tailer, tamr" in result.err
    shown = hand.run("jobs", "show", job_id, "--connection", "tamr", "--format", "json")
    assert (shown.code, only(shown)["id"]) == (0, job_id)


def test_the_only_connection_needs_no_name(hand: World) -> None:
    """There is nowhere else to look."""
    job_id = hand.admin("POST", "tamr/jobs", {"configuration": {"load": {"sourceId": "src_b"}}})
    job_id = json.dumps(job_id).partition('"jobId": "')[2].partition('"')[0]
    hand.write("reconcile.yaml", "version: 1\nconnections:\n" + TAMR)
    assert hand.run("jobs", "show", job_id).code == 0


def test_nodes_of_a_job_and_one_of_them(hand: World) -> None:
    """By id or by name; a job of Tamr has none to show."""
    job_id = only(hand.run("crm", "start", "--recipe", "Board_Pack", *QUICK, "--format", "json"))["id"]
    document = hand.run("jobs", "nodes", job_id, "--format", "json").json
    assert (document["format"], document["job"], document["connection"]) == ("reconcile.nodes/1", job_id, "sales")
    first = document["nodes"][0]
    assert first["state"] == "succeeded"
    for word in (first["id"], first["name"]):
        assert hand.run("jobs", "nodes", job_id, word, "--format", "json").json["nodes"] == [first]
    missing = hand.run("jobs", "nodes", job_id, first["name"] + "x", "--format", "json")
    assert (missing.code, missing.codes) == (1, ["not-found"])
    assert f'did you mean "{first["name"]}"' in missing.json["diagnostics"][0]["hint"]
    other = only(hand.run("tamr", "load", "src_a", "--format", "json"))["id"]
    assert hand.run("jobs", "nodes", other).code == 1


# -- wait and stop -----------------------------------------------------------------------------------------------------


def test_of_several_jobs_the_worst_counts(hand: World) -> None:
    """All are shown; exit 6 when one failed, 1 when one cannot be looked at."""
    hand.admin("PUT", "tamr/outcomes", {"src_b": {"reason": "SOURCE_UNREACHABLE"}})
    good = only(hand.run("tamr", "load", "src_a", "--format", "json"))["id"]
    bad = only(hand.run("tamr", "load", "src_b", "--format", "json"))["id"]
    result = hand.run("jobs", "wait", good, bad, "--poll-interval", "0.05", "--format", "json")
    assert result.code == 6, result
    assert {job["id"]: job["state"] for job in result.json["jobs"]} == {good: "succeeded", bad: "failed"}
    assert hand.run("jobs", "wait", good, "--poll-interval", "0.05").code == 0
    missing = hand.run("jobs", "wait", bad, "job_nope", "--connection", "tamr", "--format", "json")
    assert (missing.code, len(missing.json["jobs"]), missing.codes) == (1, 1, ["not-found"])


def test_wait_ends_when_it_was_told_to(hand: World) -> None:
    """Exit 7 for the one that goes on, each with its way back."""
    slow(hand, "src_a", "src_b")
    ids = [only(hand.run("tamr", "load", source, "--format", "json"))["id"] for source in ("src_a", "src_b")]
    result = hand.run("jobs", "wait", *ids, "--poll-interval", "0.05", "--wait-timeout", "0s", "--format", "json")
    assert result.code == 7, result
    assert [job["state"] for job in result.json["jobs"]] == ["running", "running"]
    hints = [each["hint"] for each in result.json["diagnostics"]]
    assert all(f"reconcile jobs wait {job} --connection tamr" in hint for job, hint in zip(ids, hints, strict=True))


def test_stop_asks_and_watches(hand: World) -> None:
    """A job that was stopped is what was wanted: exit 0. So is one that is over already."""
    slow(hand, "src_a")
    job_id = only(hand.run("tamr", "load", "src_a", "--format", "json"))["id"]
    result = hand.run("jobs", "stop", job_id, *QUICK, "--format", "json")
    assert result.code == 0, result
    assert only(result)["state"] == "stopped"
    again = hand.run("jobs", "stop", job_id, "--format", "json")
    assert (again.code, only(again)["state"]) == (0, "stopped")


def test_a_job_that_cannot_be_stopped_is_an_error_and_the_others_are(hand: World) -> None:
    """Tailer has no such call: exit 1; what can be stopped is stopped."""
    slow(hand, "src_a")
    job_id = only(hand.run("tamr", "load", "src_a", "--format", "json"))["id"]
    run_id = only(hand.run("tailer", "launch", *OF_PREPARE, "--format", "json"))["id"]
    result = hand.run("jobs", "stop", run_id, job_id, *QUICK, "--format", "json")
    assert result.code == 1, result
    assert [(job["id"], job["state"]) for job in result.json["jobs"]] == [(job_id, "stopped")]
    assert [(each["code"], each["address"]) for each in result.json["diagnostics"]] == [("not-offered", "tailer")]


# -- the platforms' own verbs ------------------------------------------------------------------------------------------


def test_publish_and_slots(hand: World) -> None:
    """The data product is part of the work; slots count jobs of everybody."""
    slow(hand, "src_a")
    hand.run("tamr", "load", "src_a")
    published = hand.run("tamr", "publish", "Test 123", "--data-product", "dp_xyz", *QUICK, "--format", "json")
    assert published.code == 0, published
    assert only(published)["target"] == "destination:dp_xyz/Test 123"
    document = hand.run("tamr", "slots", "--format", "json").json
    assert document["format"] == "reconcile.limits/1"
    assert document["limits"] == [{"name": "jobs at once", "used": 1, "most": 5}]
    assert hand.run("tamr", "slots").out == "jobs at once: 1 of 5\n"


def test_a_recipe_is_run_and_the_day_is_counted(hand: World) -> None:
    """Runs of the day are shown where the org tells; that it does not is no error."""
    result = hand.run("crm", "start", "--recipe", "Board_Pack", *QUICK)
    assert result.code == 0, result
    assert "runs in 24 h: 0 of 60\n" in result.out
    hand.fault("status", platform="crm_analytics", status=500, path="/limits")
    result = hand.run("crm", "start", "--recipe", "Board_Pack", *QUICK, "--format", "json")
    assert result.code == 0, result
    assert only(result)["state"] == "succeeded"
    assert all(each["severity"] == "note" for each in result.json["diagnostics"])


def test_a_data_sync_is_found_although_the_answer_names_no_job(hand: World) -> None:
    """And is watched like any other."""
    result = hand.run("crm", "sync", "SFDC_LOCAL", *QUICK, "--format", "json")
    assert result.code == 0, result
    assert (only(result)["operation"], only(result)["target"]) == ("crm_analytics.sync", "data_sync:SFDC_LOCAL")


def test_an_unknown_recipe_is_not_started(hand: World) -> None:
    """Exit 6, and nothing was posted."""
    result = hand.run("crm", "start", "--recipe", "Bord_Pack", "--format", "json")
    assert (result.code, result.codes) == (6, ["unknown-object"])
    assert [path for _, path, _ in hand.sent()] == []


def test_crm_stop_and_limits(hand: World) -> None:
    """Only connections of this platform are meant, so none has to be named."""
    hand.switch(crm_running_seconds=3600)
    job_id = only(hand.run("crm", "start", "--dataflow", "Opportunities", "--format", "json"))["id"]
    result = hand.run("crm", "stop", job_id, *QUICK, "--format", "json")
    assert (result.code, only(result)["state"]) == (0, "stopped")
    limits = hand.run("crm", "limits", "--format", "json").json["limits"]
    assert {"name": "runs in 24 h", "used": 0, "most": 60} in limits


@pytest.mark.parametrize(
    "arguments",
    [
        ["tamr", "update"],
        ["tamr", "update", "--data-product", "a", "--workflow", "b"],
        ["crm", "start"],
        ["crm", "start", "--dataflow", "a", "--recipe", "b"],
        ["tailer", "launch", "--type", "workflow", "--id", "x"],
        ["tailer", "launch", "--type", "table-to-table", "--id", "x", "--execution-date", "2026-02-30"],
        ["tailer", "by-status", "--type", "tabel-to-table"],
        ["tailer", "check", "r", "--type", "table-to-table"],
        ["tailer", "set-status", "r", *OF_PREPARE, "--status", "DONE"],
        ["tamr", "slots", "--connection", "sales"],
        ["crm", "stop", "x", "--connection", "tamr"],
    ],
)
def test_wrong_usage_of_verbs(hand: World, arguments: list[str]) -> None:
    """Exit 64, before any call."""
    result = hand.run(*arguments)
    assert result.code == 64, result
    assert hand.log() == []


def test_a_launch_and_what_is_told_of_it(hand: World) -> None:
    """By its id, as one of the last, and by its status."""
    launched = hand.run("tailer", "launch", *OF_PREPARE, "--execution-date", "2026-11-20", *QUICK, "--format", "json")
    assert launched.code == 0, launched
    run_id = only(launched)["id"]
    checked = hand.run("tailer", "check", run_id, *OF_PREPARE, "--format", "json")
    assert (checked.code, only(checked)["id"], only(checked)["platform_state"]) == (0, run_id, "SUCCESS")
    last = ("tailer", "last", *OF_PREPARE, "--format", "json")
    assert only(hand.run(*last, "--limit", "1"))["id"] == run_id
    began = only(launched)["started_at"][:10]
    assert only(hand.run(*last, "--execution-date", began, "--status", "success"))["id"] == run_id
    assert hand.run(*last, "--execution-date", "2020-01-01").json["jobs"] == []
    assert hand.run(*last, "--status", "FAILED").json["jobs"] == []
    by_status = ("tailer", "by-status", "--type", "table-to-table", "--format", "json")
    ids = [job["id"] for job in hand.run(*by_status, "--status", "SUCCESS").json["jobs"]]
    assert run_id in ids
    assert hand.run(*by_status, "--status", "FAILED").json["jobs"] == []


def test_a_status_is_set_and_only_success_asks(hand: World) -> None:
    """SUCCESS may start what follows: without a terminal it needs --yes, and warns in any case."""
    run_id = only(hand.run("tailer", "launch", *OF_PREPARE, *QUICK, "--format", "json"))["id"]
    words = ("tailer", "set-status", run_id, *OF_PREPARE, "--status")
    done = hand.run(*words, "checked", "--format", "json")
    assert done.code == 0, done
    assert {key: done.json[key] for key in ("format", "run", "status", "connection", "diagnostics")} == {
        "format": "reconcile.tailer-status/1",
        "run": run_id,
        "status": "CHECKED",
        "connection": "tailer",
        "diagnostics": [],
    }
    refused = hand.run(*words, "SUCCESS", "--format", "json")
    assert (refused.code, refused.codes) == (3, ["no-terminal"])
    assert "may start other data operations" in refused.err
    shown = hand.run("tailer", "check", run_id, *OF_PREPARE, "--format", "json")
    assert only(shown)["platform_state"] == "CHECKED"
    confirmed = hand.run(*words, "SUCCESS", "--yes", "--format", "json")
    assert (confirmed.code, confirmed.codes) == (0, ["may-start-workflows"])
    shown = hand.run("tailer", "check", run_id, *OF_PREPARE, "--format", "json")
    assert only(shown)["platform_state"] == "SUCCESS"


def test_a_workflow_is_reset_once(hand: World) -> None:
    """The answer is all there is: a job without an id that is over."""
    result = hand.run("tailer", "reset", FLOW, "--format", "json")
    assert result.code == 0, result
    assert (only(result)["id"], only(result)["state"], hand.resets()) == (None, "succeeded", 1)


def test_a_reset_without_an_answer_is_not_sent_again(hand: World) -> None:
    """Exit 1: nobody can say, and the platform cannot be looked at."""
    hand.fault("cut", platform="tailer", path="/v1/workflow", after_effect=True)
    result = hand.run("tailer", "reset", FLOW, "--format", "json")
    assert (result.code, result.codes) == (1, ["outcome-unknown"])
    assert hand.resets() == 1


# -- flags by hand -----------------------------------------------------------------------------------------------------

OF_TABLE = ("--type", "table-to-table", "--id", TABLE)
ADDRESS = f"tailer/configuration/table-to-table:{TABLE}"


def test_flags_by_hand_keep_the_record_right(hand: World) -> None:
    """The next plan knows, sends back what the file asks for, and is empty when the file is changed, too."""
    hand.tailer([flags()])
    hand.apply()
    switched = hand.run("tailer", "activate", *OF_TABLE, "--format", "json")
    assert switched.code == 0, switched
    assert hand.flags(TABLE) == (True, False)
    document = switched.json
    assert (document["format"], document["address"]) == ("reconcile.tailer-flags/1", ADDRESS)
    assert (document["values"], document["recorded"], document["serial"]) == (
        {"activated": True, "archived": False},
        True,
        2,
    )
    assert [(each["code"], each["file"]) for each in document["diagnostics"]] == [("declared-otherwise", "tailer.yaml")]
    (change,) = hand.plan()["changes"]
    assert (change["action"], change["fields"]) == ("update", [{"path": "activated", "before": True, "after": False}])
    hand.tailer([flags(activated=True)])
    hand.settled()
    quiet = hand.run("tailer", "activate", "--type", "gbq-to-gbq", "--id", TABLE, "--format", "json")
    assert (quiet.code, quiet.codes, quiet.json["address"]) == (0, [], ADDRESS)


@pytest.mark.parametrize(
    ("verb", "wanted"), [("activate", (True, False)), ("deactivate", (False, False)), ("archive", (False, True))]
)
def test_each_verb_sets_both_flags_and_records_nothing_that_is_not_ours(
    hand: World, verb: str, wanted: tuple[bool, bool]
) -> None:
    """A configuration that no apply of ours ever touched stays nobody's."""
    result = hand.run("tailer", verb, *OF_PREPARE, "--format", "json")
    assert (result.code, result.json["recorded"], result.json["serial"]) == (0, False, None), result
    assert hand.flags(PREPARE) == wanted
    assert hand.run("state", "list").out == "Nothing is recorded.\n"


def test_flags_of_an_unknown_operation_are_an_error(hand: World) -> None:
    """With the doubt about its id before it."""
    result = hand.run("tailer", "archive", "--type", "table-to-table", "--id", "000099_nope", "--format", "json")
    assert (result.code, result.codes) == (1, ["not-found"])
    assert 'did you mean "000099_nope_DEV"?' in result.err


def test_a_start_that_could_not_be_looked_into_stays_open(hand: World) -> None:
    """Whoever asks later still finds the job of the first, and sends nothing."""
    hand.fault("hang", method="POST", path=JOBS, after_effect=True, seconds=20, times=1)
    process = hand.start("tamr", "load", "src_a")
    until(lambda: tamr_jobs(hand))
    killed(process)
    hand.clear_faults()
    hand.fault("status", platform="tamr", status=403)
    assert hand.run("tamr", "load", "src_a").code == 7
    hand.clear_faults()
    result = hand.run("tamr", "load", "src_a", *QUICK, "--format", "json")
    assert (result.code, "went-on" in result.codes) == (0, True), result
    assert len(tamr_jobs(hand)) == 1
