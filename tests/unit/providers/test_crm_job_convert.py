"""Payloads about jobs to values, in every form the platform is known to have."""

from __future__ import annotations

from typing import Any

import pytest
from crm_jobs import D1, LOCAL, R1, REMOTE, job

from reconcile.core.operation import JobError, JobState, Limit
from reconcile.providers.crm_analytics.api import Asset
from reconcile.providers.crm_analytics.job_convert import (
    is_of_connector,
    is_of_dataflow,
    job_from,
    limit_from_wave,
    limits_from_org,
    node_from,
)

CURLY = "The dataflow job can\N{RIGHT SINGLE QUOTATION MARK}t start because it&#39;s already in the queue."
CONNECTORS = (Asset(LOCAL, "LOCAL", "Local org"), Asset(REMOTE, "REMOTE", "Remote org"))


def source(**fields: str) -> dict[str, Any]:
    return {"id": "", "name": "", "url": "", **fields}


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("Queued", JobState.PENDING),
        ("Preprocessing", JobState.RUNNING),
        ("Running", JobState.RUNNING),
        ("Live", JobState.RUNNING),
        ("Success", JobState.SUCCEEDED),
        ("Warning", JobState.SUCCEEDED),
        ("Failure", JobState.FAILED),
        ("Cancelled", JobState.STOPPED),
        ("success", JobState.SUCCEEDED),
        ("Exploded", JobState.UNKNOWN),
        ("", JobState.UNKNOWN),
    ],
)
def test_every_word_for_a_state(word: str, state: JobState) -> None:
    """Words are compared in any case; one that nobody knows is watched on, and shown as it is."""
    found = job_from(job(status=word), {})
    assert (found.state, found.platform_state) == (state, word)


def test_a_job_without_a_status_is_unknown() -> None:
    """Nothing told is nothing known."""
    assert job_from({"id": "x"}, {}).state is JobState.UNKNOWN


@pytest.mark.parametrize("apostrophe", ["'", "\N{RIGHT SINGLE QUOTATION MARK}", "&#39;"])
def test_a_request_that_was_already_queued(apostrophe: str) -> None:
    """It says so in a 030 job, with any apostrophe and in any case (page 3); it never started."""
    text = f"scheduled run failed It{apostrophe}s Already in the  queue."
    found = job_from(job(status="Failure", prefix="030", message=text), {})
    assert found.displaced
    assert found.error is not None
    assert found.error.reason == "already-queued"
    assert "Already in the" in found.error.message
    assert (found.started_at, found.ended_at) == (None, None)


@pytest.mark.parametrize(
    ("prefix", "status", "message"),
    [("03C", "Failure", CURLY), ("030", "Failure", "no permission"), ("030", "Queued", CURLY), ("030", "Failure", "")],
)
def test_other_jobs_are_not_displaced(prefix: str, status: str, message: str) -> None:
    """It takes the id, the failure and the words."""
    assert not job_from(job(status=status, prefix=prefix, message=message), {}).displaced


def test_the_message_of_a_failure_is_unescaped() -> None:
    """Escaped text is shown as a person wrote it (page 1.5)."""
    found = job_from(job(status="Failure", message="Can&#39;t read &lt;Account&gt;"), {})
    assert found.error == JobError("Failure", "Can't read <Account>")
    assert "message" not in found.facts


def test_a_warning_is_a_success_that_says_why() -> None:
    """The message is kept; without one the facts still say that there were warnings."""
    found = job_from(job(status="Warning", message="3 rows failed"), {})
    assert (found.error, found.facts["warning"]) == (None, "3 rows failed")
    assert job_from(job(status="Warning"), {}).facts["warning"] == "it ended with warnings"


def test_a_stopped_job_keeps_its_message() -> None:
    """Stopped is not failed, so there is no error to hold the words."""
    found = job_from(job(status="Cancelled", message="by somebody"), {})
    assert (found.error, found.facts["message"]) == (None, "by somebody")


def test_times_in_utc() -> None:
    """Creation, execution, and an end that follows from the duration where none is told."""
    found = job_from(
        job(createdDate="2026-01-05T09:00:01.000+0200", executedDate="2026-01-05T07:00:04.500Z", duration=26), {}
    )
    assert found.created_at == "2026-01-05T07:00:01Z"
    assert found.started_at == "2026-01-05T07:00:04.500Z"
    assert found.ended_at == "2026-01-05T07:00:30.500Z"


def test_an_end_that_is_told_counts() -> None:
    """``endDate`` is exact; a duration is whole seconds."""
    assert job_from(job(endDate="2026-01-05T08:00:00.000Z", duration=1), {}).ended_at == "2026-01-05T08:00:00Z"


@pytest.mark.parametrize("status", ["Running", "Queued", "New"])
def test_what_goes_on_has_no_end(status: str) -> None:
    """A duration so far is no end."""
    assert job_from(job(status=status, duration=26, endDate="2026-01-05T08:00:00Z"), {}).ended_at is None


def test_a_queued_job_has_not_started() -> None:
    """``startDate`` is when it was asked for, as the captures show; recipes lack ``executedDate``."""
    assert job_from(job(status="Queued"), {}).started_at is None
    assert job_from(job(status="Running", executedDate=""), {}).started_at == "2026-01-05T07:01:00Z"


@pytest.mark.parametrize("odd", [None, "", "  ", "soon", 17, {}, "9999-12-31T23:59:59-23:00"])
def test_odd_times_are_no_times(odd: Any) -> None:
    """Blank, absent and strange dates do not spoil a job."""
    found = job_from(job(createdDate=odd, startDate=odd, executedDate=odd, endDate=odd, duration=5), {})
    assert (found.created_at, found.started_at, found.ended_at) == (None, None, None)


@pytest.mark.parametrize("odd", [None, "5", True, -1, float("nan"), float("inf"), 1e300])
def test_odd_durations_are_no_durations(odd: Any) -> None:
    """A number that is none, or beyond all calendars, gives no end."""
    assert job_from(job(duration=odd), {}).ended_at is None


def test_a_time_without_a_zone_is_utc() -> None:
    """Old versions gave a start date only, which is when the job was made."""
    shown = job(createdDate=None, startDate="2026-01-05T07:00:00")
    assert job_from(shown, {}).created_at == "2026-01-05T07:00:00Z"


def test_facts_in_the_order_to_show() -> None:
    """What is told, and nothing else; progress only while it means something."""
    shown = job(
        status="Running",
        label="Board &amp; Pack",
        message="halfway",
        progress=1.0666666666666667,
        duration=126,
        waitTime=42,
        retryCount=2,
        nextRunDate="2026-01-06T07:00:00.000Z",
        licenseAttributes={"type": "Sonic"},
    )
    assert list(job_from(shown, {}).facts.items()) == [
        ("label", "Board & Pack"),
        ("message", "halfway"),
        ("progress", "1.06667"),
        ("duration", "2 min 6 s"),
        ("wait", "42 s"),
        ("type", "user"),
        ("retries", "2"),
        ("next run", "2026-01-06T07:00:00Z"),
        ("license", "Sonic"),
    ]
    assert "progress" not in job_from(job(progress=0.0), {}).facts
    assert dict(job_from({"id": "x", "licenseAttributes": None, "retryCount": 0}, {}).facts) == {}


@pytest.mark.parametrize(
    ("job_type", "given", "expected"),
    [
        ("user", source(id=D1), ("crm_analytics.start", "dataflow:D1")),
        ("recipe_v3", source(id="02K000000000009"), ("crm_analytics.start", "recipe:R1")),
        ("recipe", source(id=R1), ("crm_analytics.start", "recipe:R1")),
        ("datasync", source(id=LOCAL), ("crm_analytics.sync", "data_sync:LOCAL")),
        ("Recipe_V3", source(name="R&amp;D"), ("crm_analytics.start", "recipe:R&D")),
        ("user", source(id="02K000000000077EAA", name="Other"), ("crm_analytics.start", "dataflow:Other")),
        ("datasync", source(id="0It000000000077CAA", name="Other"), ("crm_analytics.sync", "data_sync:Other")),
        ("datasync", source(name="Account"), ("crm_analytics.sync", "")),
        ("datasync", source(id="0Iu000000000001AAA", name="Account"), ("crm_analytics.sync", "")),
        ("user", source(), ("crm_analytics.start", "")),
        ("user", None, ("crm_analytics.start", "")),
        ("fileupload", source(), ("", "")),
        ("", source(id=D1), ("crm_analytics.start", "dataflow:D1")),
        ("", source(id=LOCAL), ("crm_analytics.sync", "data_sync:LOCAL")),
        ("", source(), ("", "")),
    ],
)
def test_operation_and_target_of_a_listed_job(job_type: str, given: Any, expected: tuple[str, str]) -> None:
    """By the id of the source where we know it, else by the name that the platform gives."""
    targets = {
        D1[:15]: "dataflow:D1",
        "02K000000000009": "recipe:R1",
        R1[:15]: "recipe:R1",
        LOCAL[:15]: "data_sync:LOCAL",
    }
    found = job_from(job(jobType=job_type, source=given), targets)
    assert (found.operation, found.target) == expected


def test_work_that_is_known_counts() -> None:
    """A job that was found for an order has the order's names."""
    found = job_from(job(jobType="datasync"), {}, ("crm_analytics.start", "recipe:R1"))
    assert (found.operation, found.target) == ("crm_analytics.start", "recipe:R1")


def test_jobs_of_a_dataflow() -> None:
    """The list was asked for them; only one that is plainly another's is left out."""
    assert is_of_dataflow(job(source=source(id=D1[:15])), D1)
    assert is_of_dataflow(job(source=source(id=R1)), D1)
    assert is_of_dataflow(job(), D1)
    assert not is_of_dataflow(job(source=source(id="02K000000000002EAA")), D1)


@pytest.mark.parametrize(
    ("shown", "mine"),
    [
        ({"source": source(id=LOCAL[:15])}, True),
        ({"source": source(id=REMOTE)}, False),
        ({"source": source(name="LOCAL")}, True),
        ({"source": source(label="Local org")}, True),
        ({"source": source(name="REMOTE")}, False),
        ({"source": source(name="Account", id="0Iu000000000001AAA")}, True),
        ({"source": source()}, True),
        ({"source": None}, True),
        ({"label": "Account (LOCAL)"}, True),
        ({"label": "Account (Local org)"}, True),
        ({"label": "Account (REMOTE)"}, False),
        ({"label": "Account (Replication)"}, True),
    ],
)
def test_jobs_of_a_connector(shown: dict[str, Any], mine: bool) -> None:
    """What names another connector is not ours; what names none cannot be told apart."""
    assert is_of_connector(job(jobType="datasync", **shown), CONNECTORS[0], CONNECTORS) is mine


def test_a_node() -> None:
    """Counts of rows may be missing (page 2.2)."""
    shown = {
        "id": "03L000000000001AAA",
        "name": "Extract_Account",
        "nodeType": "sfdcFetch",
        "status": "success",
        "duration": 1,
        "message": "",
        "inputRows": {},
        "outputRows": {"processedCount": 10, "failedCount": 0},
        "startDate": "2026-01-05T07:00:04.692Z",
    }
    node = node_from(shown)
    assert (node.id, node.name, node.type) == ("03L000000000001AAA", "Extract_Account", "sfdcFetch")
    assert (node.state, node.platform_state) == (JobState.SUCCEEDED, "success")
    assert (node.started_at, node.seconds) == ("2026-01-05T07:00:04.692Z", 1)
    assert (node.rows_in, node.rows_out, node.message) == (None, 10, "")


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("pending", JobState.PENDING),
        ("Running", JobState.RUNNING),
        ("warning", JobState.SUCCEEDED),
        ("error", JobState.FAILED),
        ("aborted", JobState.STOPPED),
        ("melted", JobState.UNKNOWN),
    ],
)
def test_every_word_for_a_state_of_a_node(word: str, state: JobState) -> None:
    """Nodes have words of their own."""
    assert node_from({"id": "x", "label": "N", "status": word}).state is state


def test_limits() -> None:
    """Used is what is not left; what is not told is None."""
    told = {"DailyAnalyticsDataflowJobExecutions": {"Max": 60, "Remaining": 48}, "DailyApiRequests": {"Max": 5}}
    assert limits_from_org(told) == (Limit("runs in 24 h", 12, 60),)
    assert limits_from_org({}) == ()
    assert limits_from_org({"DailyAnalyticsDataflowJobExecutions": {"Max": 60}}) == (Limit("runs in 24 h", None, 60),)
    shown = {
        "type": "DatasetQueries",
        "licenseAttributes": {"type": "Sonic"},
        "current": 7,
        "max": 9,
        "interval": "Monthly",
    }
    assert limit_from_wave(shown) == Limit("DatasetQueries (Sonic, monthly)", 7, 9)
    assert limit_from_wave({"type": "DatasetRowCount", "interval": "None"}) == Limit("DatasetRowCount", None, None)
    assert limit_from_wave({"type": "X", "interval": 24, "max": "?"}) == Limit("X", None, None)
