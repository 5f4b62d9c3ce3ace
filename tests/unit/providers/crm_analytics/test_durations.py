"""How long runs usually take: what counts as a run, whose it is, and what is left out rather than guessed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from reconcile.providers.crm_analytics.api import Asset, Listing
from reconcile.providers.crm_analytics.durations import LAST_RUNS, data_syncs, runs, usual
from reconcile.providers.crm_analytics.job_convert import connector_of, is_of_connector, ran, seconds_run
from reconcile.providers.crm_analytics.listed import Listed

BEGIN = datetime(2026, 1, 5, 7, 0, tzinfo=UTC)
D1, R1, R2 = "02K000000000001", "05v000000000001", "05v000000000002"
RUN1 = "02K000000000009"
LOCAL, REMOTE = "0It000000000001", "0It000000000002"
FLOWS = Listed.of("dataflow", Listing((Asset(f"{D1}EAA", "D1", "D 1"),), 1))
RECIPES = Listed.of(
    "recipe",
    Listing((Asset(f"{R1}AAA", "R1", "", target_id=f"{RUN1}EAA"), Asset(f"{R2}AAA", "R2", "")), 1),
)
LISTS = (FLOWS, RECIPES)
CONNECTORS = (Asset(f"{LOCAL}CAA", "LOCAL", "Local org"), Asset(f"{REMOTE}CAA", "REMOTE", "Far away"))


def iso(seconds: float) -> str:
    return (BEGIN + timedelta(seconds=seconds)).isoformat().replace("+00:00", ".000Z")


def job(
    number: int = 1, at: float = 0, queued: float = 0, seconds: float | None = 60, status: str = "Success", **more: Any
) -> dict[str, Any]:
    """Return a job that was asked for ``at``, waited, and ran; without ``seconds`` no end is shown."""
    shown = {
        "id": f"03C{number:012}AAA",
        "jobType": "user",
        "status": status,
        "createdDate": iso(at),
        "startDate": iso(at),
        "executedDate": iso(at + queued),
        "source": {"id": f"{D1}EAA", "name": "D1"},
        **({"endDate": iso(at + queued + seconds)} if seconds is not None else {}),
    }
    return {name: value for name, value in {**shown, **more}.items() if value is not None}


def sync(number: int, label: str, at: float = 0, seconds: float = 60, **more: Any) -> dict[str, Any]:
    source = {"id": "", "name": "", "url": ""}
    return job(number, at, 5, seconds, **{"jobType": "datasync", "source": source, "label": label, **more})


def of(jobs: Sequence[dict[str, Any]], asset: str = D1) -> list[float]:
    return list(runs(jobs, LISTS).get(asset, []))


# -- one run -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shown", "seconds"),
    [
        (job(queued=500, seconds=60), 60),
        (job(queued=500, seconds=60, startDate=None), 60),
        (job(seconds=60, executedDate=None, duration=26), 26),
        (job(seconds=None, duration=26), 26),
        (job(seconds=None, executedDate=None, duration=26.5), 26.5),
        (job(seconds=60, duration=26), 60),
        (job(seconds=60, executedDate=None), None),
        (job(seconds=None), None),
        (job(seconds=None, executedDate=None, duration=0), None),
        (job(seconds=None, executedDate=None, duration="26"), None),
        (job(seconds=None, duration=True), None),
        (job(seconds=-60), None),
        (job(seconds=-60, duration=12), 12),
        (job(executedDate="soon", endDate={"x": 1}), None),
    ],
)
def test_the_time_in_the_queue_does_not_count(shown: dict[str, Any], seconds: float | None) -> None:
    """Dates that say when it ran come first, then the duration; what is missing or odd makes no length."""
    assert seconds_run(shown) == seconds


def test_an_absurd_duration_does_not_leave_the_calendar() -> None:
    span = ran(job(seconds=None, duration=1e300))
    assert span is not None
    assert span[1] - span[0] == timedelta(hours=48)


@pytest.mark.parametrize(
    ("status", "counts"),
    [
        ("Success", True),
        ("Warning", True),
        ("Failure", False),
        ("Cancelled", False),
        ("Running", False),
        ("Queued", False),
        ("Mystery", False),
    ],
)
def test_only_what_ended_well_counts(status: str, counts: bool) -> None:
    assert of([job(status=status)]) == ([60.0] if counts else [])


def test_newest_first_and_each_job_once() -> None:
    """Whatever the order of the list, and also when a page shows a job again."""
    assert of([job(1, at=0, seconds=10), job(3, at=200, seconds=30), job(2, at=100, seconds=20), job(3, at=200)]) == [
        60.0,
        20.0,
        10.0,
    ]


def test_the_median_of_the_last_ones() -> None:
    assert usual([]) is None
    assert usual([30, 10, 500]) == 30
    assert usual([10, 20]) == 15
    assert usual([5] * LAST_RUNS + [9000] * 50) == 5


# -- whose it is -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("job_type", "source", "asset"),
    [
        ("user", {"id": f"{D1}EAA", "name": "D1"}, D1),
        ("user", {"id": D1, "name": ""}, D1),
        ("recipe_v3", {"id": f"{R1}AAA", "name": "R1"}, R1),
        ("recipe_v3", {"id": f"{RUN1}EAA", "name": "anything"}, R1),
        ("recipe", {"id": "", "name": "R2"}, R2),
        ("user", {"id": "", "name": "D1"}, D1),
        ("recipe", {"id": "", "name": "D1"}, None),
        ("recipe", {"id": "05v000000000077AAA", "name": "R1"}, None),
        ("recipe", {"id": "", "name": ""}, None),
        ("recipe", None, None),
        ("recipe", "R1", None),
        (None, {"id": "", "name": "R1"}, None),
    ],
)
def test_a_run_counts_for_the_asset_that_its_job_names(job_type: str | None, source: Any, asset: str | None) -> None:
    """A recipe's job may name the recipe or the dataflow that runs it; an id that nobody knows is something else."""
    found = runs([job(jobType=job_type, source=source)], LISTS)
    assert {key: list(value) for key, value in found.items()} == ({asset: [60.0]} if asset else {})


def test_a_name_that_two_have_says_nothing() -> None:
    twins = Listed.of("recipe", Listing((Asset(f"{R1}AAA", "R", ""), Asset(f"{R2}AAA", "R", "")), 1))
    assert runs([job(jobType="recipe", source={"id": "", "name": "R"})], [twins]) == {}
    by_id = runs([job(jobType="recipe", source={"id": R2, "name": "R"})], [twins])
    assert list(by_id[R2]) == [60.0]


def test_a_name_on_a_short_list_says_nothing() -> None:
    """The one that is missing may have the same name."""
    short = Listed.of("recipe", Listing((Asset(f"{R1}AAA", "R1", ""),), 1, promised=2))
    assert runs([job(jobType="recipe", source={"id": "", "name": "R1"})], [short]) == {}


# -- data syncs --------------------------------------------------------------------------------------------------------


def lengths(jobs: Sequence[dict[str, Any]], *, is_whole: bool = True) -> dict[str, list[float]]:
    return {key: list(value) for key, value in data_syncs(jobs, CONNECTORS, is_whole=is_whole).items()}


def test_a_sync_is_as_long_as_all_its_jobs_together() -> None:
    """Three objects, one of them waiting for a place: from the first begin to the last end, without the queue."""
    jobs = [sync(1, "Account (LOCAL)"), sync(2, "Contact (LOCAL)", at=1), sync(3, "Task (LOCAL)", at=2)]
    jobs[2] |= {"executedDate": iso(70), "endDate": iso(100)}
    assert lengths(jobs) == {LOCAL: [95.0]}


def test_each_sync_counts_once_the_newest_first() -> None:
    jobs = [sync(n, f"{name} (LOCAL)", at=at, seconds=s) for n, (name, at, s) in enumerate(SYNCED)]
    assert lengths(jobs) == {LOCAL: [40.0, 30.0]}


SYNCED = [("Account", 3600, 40), ("Contact", 3600, 20), ("Account", 0, 10), ("Contact", 0, 30)]


def test_a_sync_of_which_an_object_failed_does_not_count() -> None:
    assert lengths([sync(1, "Account (LOCAL)"), sync(2, "Contact (LOCAL)", status="Failure")]) == {LOCAL: []}


def test_a_sync_of_which_a_length_is_not_known_does_not_count() -> None:
    assert lengths([sync(1, "Account (LOCAL)"), sync(2, "Contact (LOCAL)", endDate=None)]) == {LOCAL: []}
    assert lengths([sync(1, "Account (LOCAL)", executedDate=None, duration=42)]) == {LOCAL: [42.0]}


def test_the_oldest_sync_of_what_was_read_may_be_cut_off() -> None:
    """Its other jobs may be on the page that nobody asked for; with no such page it counts."""
    jobs = [sync(n, f"{name} (LOCAL)", at=at, seconds=s) for n, (name, at, s) in enumerate(SYNCED)]
    assert lengths(jobs, is_whole=False) == {LOCAL: [40.0]}


def test_a_sync_that_may_be_of_several_connections_counts_for_none() -> None:
    assert lengths([sync(1, "Account")]) == {}
    assert lengths([sync(1, "Account (ELSEWHERE)")]) == {}
    assert lengths([sync(1, "", source={"id": "0It000000000077CAA", "name": "LOCAL"})]) == {}
    assert lengths([sync(1, "", source={"id": f"{REMOTE}CAA", "name": "whatever"})]) == {REMOTE: [60.0]}
    assert lengths([sync(1, "", source={"id": "", "name": "Far away"})]) == {REMOTE: [60.0]}


def test_the_only_connection_of_an_org_is_meant_by_every_sync_but_by_no_other_job() -> None:
    only = CONNECTORS[:1]
    assert data_syncs([sync(1, "Account")], only, is_whole=True) == {LOCAL: [60.0]}
    assert data_syncs([job(jobType="recipe", source=None)], only, is_whole=True) == {}


def test_the_connection_of_a_sync_is_the_only_one_that_it_may_be_of() -> None:
    """The short way finds what the long one says."""
    sources = [{"id": ""}, {"id": f"{LOCAL}CAA"}, {"id": "0It000000000077CAA"}, {"id": "", "name": "REMOTE"}]
    labels = ["", "Account", "Account (LOCAL)", "Account (Far away)", "Account (ELSEWHERE)"]
    for connectors in (CONNECTORS, CONNECTORS[:1], ()):
        for shown in (sync(1, label, source=source) for label in labels for source in sources):
            mine = [each for each in connectors if is_of_connector(shown, each, connectors)]
            assert connector_of(shown, connectors) == (mine[0] if len(mine) == 1 else None)
