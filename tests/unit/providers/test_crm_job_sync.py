"""What the jobs of a data sync are as one job; and what a request became."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from reconcile.core.operation import Job, JobError, JobState, Order, Ready
from reconcile.core.request import Request
from reconcile.providers.crm_analytics.request_trail import DAY, Sighting, Trail, begin_of, heir
from reconcile.providers.crm_analytics.sync import Dated, merged, syncs

BEGIN = datetime(2026, 1, 5, 7, 0, tzinfo=UTC)
WORDS = {
    JobState.PENDING: "Queued",
    JobState.RUNNING: "Running",
    JobState.SUCCEEDED: "Success",
    JobState.FAILED: "Failure",
    JobState.STOPPED: "Cancelled",
    JobState.UNKNOWN: "Mystery",
}
P, R, S, F, C, U = WORDS


def iso(seconds: float) -> str:
    return (BEGIN + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")


def made(number: int, state: JobState = S, at: float = 0, ended: float | None = None, **more: Any) -> Job:
    """Return a job of an object, made and ended so many seconds after the beginning."""
    given = {
        "id": f"03C{number:012}AAA",
        "operation": "crm_analytics.sync",
        "target": "data_sync:LOCAL",
        "state": state,
        "platform_state": WORDS[state],
        "created_at": iso(at),
        "ended_at": iso(ended) if ended is not None else None,
        "facts": {"label": f"Object{number}"},
        **more,
    }
    return Job(**given)


def dated(*jobs: Job) -> list[Dated]:
    return [(datetime.fromisoformat(job.created_at) if job.created_at else None, job) for job in jobs]


def numbers(*jobs: Job) -> list[list[int]]:
    return [[int(job.id[3:15]) for _, job in group] for group in syncs(dated(*jobs))]


# -- which jobs are one sync -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("jobs", "expected"),
    [
        ([], []),
        ([made(2), made(1)], [[1, 2]]),
        ([made(2, at=0), made(1, at=1)], [[2, 1]]),
        ([made(1, R), made(2, R, at=120)], [[1, 2]]),
        ([made(1, R), made(2, R, at=121)], [[1], [2]]),
        ([made(1, R), made(2, R, at=100), made(3, R, at=121)], [[1, 2], [3]]),
    ],
)
def test_a_sync_is_what_was_made_at_about_the_same_time(jobs: list[Job], expected: list[list[int]]) -> None:
    """Within 120 seconds of its first job."""
    assert numbers(*jobs) == expected


def test_what_is_made_after_the_end_is_another_sync() -> None:
    """A sync that failed and was started again at once is two."""
    assert numbers(made(1, F, ended=40), made(2, ended=30), made(3, at=60)) == [[1, 2], [3]]
    assert numbers(made(1, F, ended=40), made(2, ended=80), made(3, at=60)) == [[1, 2, 3]]
    assert numbers(made(1, F), made(3, at=60)) == [[1], [3]]


def test_the_end_of_quick_objects_does_not_cut_a_sync() -> None:
    """The first object may be done before the last one has its job."""
    assert numbers(made(1, ended=2), made(2, R, at=5)) == [[1, 2]]


def test_an_object_is_synced_once_in_a_sync() -> None:
    """The same one again is of the next sync, queued while the first runs."""
    again = [made(number, P, at=30, facts={"label": f"Object{number - 2}"}) for number in (3, 4)]
    assert numbers(made(1, R), made(2, R), *again) == [[1, 2], [3, 4]]


def test_objects_without_a_label_are_not_the_same() -> None:
    assert numbers(made(1, R, facts={}), made(2, R, facts={})) == [[1, 2]]


def test_a_refused_request_is_no_part_of_a_sync() -> None:
    """It says nothing about the one that was under way; one that waits is part of it."""
    refused = made(2, F, id="030000000000002AAA", at=5)
    assert numbers(made(1, R), refused, made(3, R, at=6)) == [[1, 3], [2]]
    waiting = made(2, P, id="030000000000002AAA", at=5)
    assert numbers(made(1, R), waiting) == [[1, 2]]


def test_a_job_without_a_date_is_alone() -> None:
    assert numbers(made(1, R), made(2, R, created_at=None)) == [[1], [2]]


# -- what they are as one ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("states", "state", "word"),
    [
        ((P, P), P, "Queued"),
        ((P, R), R, "Running"),
        ((P, S), R, "Queued"),
        ((U, S), R, "Mystery"),
        ((U, U), R, "Mystery"),
        ((F, R), R, "Running"),
        ((C, P), R, "Queued"),
        ((S, F), F, "Failure"),
        ((C, F), F, "Failure"),
        ((S, C), C, "Cancelled"),
        ((S, S), S, "Success"),
    ],
)
def test_the_state_of_a_sync(states: tuple[JobState, ...], state: JobState, word: str) -> None:
    """It goes on as long as any goes on, and succeeds when all do."""
    found = merged([made(number, each) for number, each in enumerate(states)])
    assert (found.state, found.platform_state) == (state, word)
    assert found.id == made(0).id


def test_the_times_of_a_sync() -> None:
    """From the first to the last; fractions of a second count, and nothing has ended before all have."""
    first = made(1, S, at=0.5, ended=30, started_at=iso(9))
    second = made(2, S, at=0, ended=31.5, started_at=iso(8))
    third = made(3, S, at=1, ended=31)
    found = merged([first, second, third])
    assert (found.created_at, found.started_at, found.ended_at) == (iso(0), iso(8), iso(31.5))
    assert merged([first, made(2, R)]).ended_at is None
    assert merged([made(1, P), made(2, P)]).started_at is None


def test_a_failed_sync_says_which_objects_failed() -> None:
    """With what the platform says of each; of many, the first five."""
    bad = [made(number, F, error=JobError("Failure", "no access" if number == 1 else "")) for number in range(1, 9)]
    two = merged([bad[0], made(9), bad[1]])
    assert two.error == JobError("Failure", "Object1: no access; Object2")
    many = merged(bad)
    assert many.error is not None
    assert many.error.message.endswith("Object4; Object5; and 3 more")
    assert merged([bad[0], made(9, R)]).error is None


def test_the_facts_of_a_sync() -> None:
    """How far it is, and who warns; what is about one object alone is left out."""
    warned = {"label": "Object1", "warning": "3 rows", "type": "datasync", "license": "Sonic", "duration": "3 s"}
    jobs = [made(1, S, platform_state="Warning", facts=warned), made(2), made(3, R)]
    assert merged(jobs).facts == {
        "objects": "2 of 3 done",
        "under way": "Object3",
        "warning": "Object1: 3 rows",
        "type": "datasync",
        "license": "Sonic",
    }
    assert merged([made(2), jobs[0]]).platform_state == "Warning"


def test_a_sync_of_one_job_is_that_job() -> None:
    assert merged([made(1, U)]) == made(1, U)


# -- what a request became ---------------------------------------------------------------------------------------------

READY = Ready(Order("crm_analytics.start", "recipe:R1", "recipe:R1"), Request("POST", "/"), "02K000000000009EAA")
SEEN = Sighting(READY, BEGIN, BEGIN + timedelta(seconds=60))
NOW = BEGIN + timedelta(hours=1)


@pytest.mark.parametrize(
    ("ages", "expected"),
    [
        ([], None),
        ([0], 0),
        ([-5], 0),
        ([-11], None),
        ([170], 0),
        ([181], None),
        ([-5, 0, 30], 1),
        ([-5, 30], None),
        ([0, 0], None),
    ],
)
def test_the_job_that_a_request_became(ages: list[float], expected: int | None) -> None:
    """The one that was made with it, or the only one that was made since."""
    found = heir([made(number, at=age) for number, age in enumerate(ages)], SEEN, NOW)
    assert (found.id if found else None) == (made(expected).id if expected is not None else None)


def test_other_requests_are_no_jobs() -> None:
    """Nor is a job that tells no time."""
    jobs = [made(1, id="030000000000001AAA"), made(2, created_at=None), made(3, at=1)]
    assert heir(jobs, SEEN, NOW) == jobs[2]
    assert heir(jobs[:2], SEEN, NOW) is None


def test_a_request_that_nobody_remembers() -> None:
    """The only job of a day may be it; among several it cannot be told."""
    assert begin_of(None, NOW) == NOW - DAY
    assert heir([made(1, at=-7200)], None, NOW) == made(1, at=-7200)
    assert heir([made(1, at=-7200), made(2)], None, NOW) is None


def test_what_a_trail_remembers() -> None:
    """Requests and data syncs that go on; when a request was made, and when it was seen last."""
    trail = Trail()
    request = made(1, P, id="030000000000001AAA", operation="crm_analytics.start")
    trail.saw(READY, request, BEGIN + timedelta(seconds=9))
    bare = Ready(READY.order, READY.request)
    trail.saw(bare, Job(request.id[:15], "", "", P, "Queued"), BEGIN + timedelta(seconds=60))
    assert trail.sighting(request.id) == SEEN
    for job in (made(2, R), made(3, S, id="030000000000003AAA")):
        trail.saw(READY, job, NOW)
        assert trail.sighting(job.id) is None
    trail.saw(READY, Job("030000000000004AAA", "", "", P, "Queued"), None)
    assert trail.sighting("030000000000004AAA") is None
