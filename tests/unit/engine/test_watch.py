"""One job watched: to its end, through outages, and with bounds."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.office import READY, UNWATCHABLE, Office, nobody, office
from reconcile.core.errors import AuthFailed, Forbidden, LimitReached, ObjectNotFound, PlatformError, Rejected
from reconcile.core.operation import Job, JobError, JobState
from reconcile.engine.loom import run_alone
from reconcile.engine.watch import OUTAGE_SECONDS, UNSEEN_SECONDS, Bounds, GoesOn, Lost, Over, Seen, watch


def watched(
    desk: Office, job: Job, *, wait: float | None = None, stop: float | None = None, began: float = 0.0
) -> Seen:
    """Watch a job that was submitted at ``began`` from now on."""
    seen: list[Job] = []
    bounds = Bounds(wait, stop, 0.0, desk.clock.now)
    return run_alone(watch(desk.desk(), READY, job, bounds, seen.append), desk.clock)


def going(desk: Office, ends: float | None = 100.0) -> Job:
    return desk.platform.add(id="j", ends=ends)


def gone() -> ObjectNotFound:
    return ObjectNotFound("no job j", status=404)


def test_a_job_is_looked_at_once_an_interval_until_it_is_over() -> None:
    desk = office()
    seen = watched(desk, going(desk))
    assert isinstance(seen, Over)
    assert (seen.job.state, seen.stopped_for) == (JobState.SUCCEEDED, "")
    assert desk.platform.times("look") == [30.0, 60.0, 90.0, 120.0]


def test_a_job_that_is_over_is_not_looked_at() -> None:
    desk = office()
    job = desk.platform.add(state=JobState.FAILED, error=JobError("X"))
    assert watched(desk, job) == Over(job)
    assert desk.platform.calls == []


def test_every_look_is_told() -> None:
    desk, seen = office(), list[Job]()
    run_alone(watch(desk.desk(), READY, going(desk), Bounds(), seen.append), desk.clock)
    assert [job.state for job in seen] == [JobState.RUNNING] * 4 + [JobState.SUCCEEDED]


def test_a_state_that_is_not_known_is_watched_on_and_told_once() -> None:
    desk = office()
    job = going(desk, ends=None)
    desk.platform.jobs_["j"] = Job("j", "", "", JobState.UNKNOWN, "LIVE", job.created_at)
    desk.platform.end("j", 200.0)
    assert isinstance(watched(desk, job), Over)
    assert sum("'LIVE'" in text for text, _ in desk.told) == 1


@pytest.mark.parametrize("look_lag", [31.0, 500.0])
def test_a_job_that_is_not_to_be_seen_yet_is_waited_for(look_lag: float) -> None:
    desk = office(look_lag=look_lag)
    assert isinstance(watched(desk, going(desk)), Over)


def test_a_job_of_an_earlier_process_that_is_never_to_be_seen_is_lost() -> None:
    desk = office(look_lag=1e9)
    going(desk)
    seen = watched(desk, Job("j", "", "", JobState.UNKNOWN, ""))
    assert isinstance(seen, Lost)
    assert seen.diagnostic.code == "job-lost"
    assert UNSEEN_SECONDS <= desk.clock.now <= UNSEEN_SECONDS + 60


def test_one_odd_404_loses_nothing() -> None:
    desk = office(looks=[None, gone(), None])
    assert isinstance(watched(desk, going(desk, 300.0)), Over)


def test_a_job_that_was_seen_and_stays_away_is_lost() -> None:
    desk = office(looks=[None, *(gone() for _ in range(100))])
    assert isinstance(watched(desk, going(desk, None)), Lost)
    assert UNSEEN_SECONDS <= desk.clock.now <= UNSEEN_SECONDS + 90


def test_a_404_after_a_long_outage_loses_nothing() -> None:
    desk = office(looks=[None, *(nobody() for _ in range(30)), gone(), None])
    assert isinstance(watched(desk, going(desk, 1000.0)), Over)


@pytest.mark.parametrize("error", [nobody(), LimitReached("429", status=429), Rejected("418", status=418)])
def test_an_outage_of_minutes_is_borne(error: PlatformError) -> None:
    desk = office(looks=[error] * 50)
    assert isinstance(watched(desk, going(desk)), Over)
    assert desk.clock.now == 51 * 30.0  # no look more than one an interval


def test_a_long_outage_ends_the_watching_and_not_the_job() -> None:
    desk = office(looks=[nobody() for _ in range(100)])
    seen = watched(desk, going(desk))
    assert isinstance(seen, GoesOn)
    assert seen.diagnostic.code == "unavailable"
    assert OUTAGE_SECONDS <= desk.clock.now <= OUTAGE_SECONDS + 60
    assert desk.platform.count("stop") == 0


@pytest.mark.parametrize("error", [AuthFailed("401"), Forbidden("403")])
def test_a_login_that_is_refused_for_good_ends_the_watching(error: PlatformError) -> None:
    desk = office(looks=[error] * 9)
    assert isinstance(watched(desk, going(desk)), GoesOn)
    assert desk.platform.count("look") == 3


def test_denials_count_in_a_row() -> None:
    desk = office(looks=[AuthFailed("401"), AuthFailed("401"), nobody(), AuthFailed("401"), None, AuthFailed("401")])
    assert isinstance(watched(desk, going(desk)), Over)


# -- bounds ------------------------------------------------------------------------------------------------------------


def test_wait_timeout_leaves_the_job_alone() -> None:
    desk = office()
    seen = watched(desk, going(desk), wait=45.0)
    assert isinstance(seen, GoesOn)
    assert seen.diagnostic.code == "wait-timeout"
    assert desk.clock.now == 45.0
    assert desk.platform.count("stop") == 0


def test_wait_timeout_counts_from_when_it_is_watched() -> None:
    desk = office()
    desk.clock.now = 1000.0
    assert isinstance(watched(desk, going(desk, 1050.0), wait=70.0), Over)


def test_stop_after_stops_and_waits_for_the_end() -> None:
    desk = office()
    seen = watched(desk, going(desk, None), stop=45.0)
    assert isinstance(seen, Over)
    assert seen.job.state is JobState.STOPPED
    assert "stop_after" in seen.stopped_for
    assert desk.platform.times("stop") == [45.0]


def test_stop_after_counts_from_the_start_of_the_job() -> None:
    desk = office()
    desk.clock.now = 1000.0
    watched(desk, going(desk, None), stop=1030.0)
    assert desk.platform.times("stop") == [1030.0]
    late = office()
    late.clock.now = 1000.0
    watched(late, going(late, None), stop=500.0)
    assert late.platform.times("stop") == [1000.0]


def test_what_succeeded_while_it_was_stopped_has_succeeded() -> None:
    desk = office()
    desk.platform.stop = lambda job_id: desk.platform.end(job_id, 80.0)  # type: ignore[method-assign]
    seen = watched(desk, going(desk, None), stop=45.0)
    assert isinstance(seen, Over)
    assert seen.job.state is JobState.SUCCEEDED


def test_a_stop_that_nobody_hears_is_asked_again_before_each_look() -> None:
    desk = office(stops=[nobody() for _ in range(12)])
    seen = watched(desk, going(desk, None), stop=45.0)
    assert isinstance(seen, Over)
    assert seen.job.state is JobState.STOPPED
    assert desk.platform.count("stop") == 13


def test_a_stop_that_is_refused_is_not_asked_again() -> None:
    desk = office(stops=[Rejected("no")])
    seen = watched(desk, going(desk, 200.0), stop=45.0)
    assert isinstance(seen, Over)
    assert seen.job.state is JobState.SUCCEEDED
    assert desk.platform.count("stop") == 1


def test_what_cannot_be_stopped_is_watched_to_its_end() -> None:
    desk = office()
    desk.operation = UNWATCHABLE
    seen = watched(desk, going(desk, 200.0), stop=45.0)
    assert isinstance(seen, Over)
    assert (seen.job.state, seen.stopped_for) == (JobState.SUCCEEDED, "")
    assert desk.platform.count("stop") == 0
    assert sum("cannot be stopped" in text for text, _ in desk.told) == 1


@pytest.mark.parametrize("outage", [0, 5])
def test_a_run_that_is_stopped_stops_the_job_once(outage: int) -> None:
    desk = office(stops=[nobody() for _ in range(outage)])
    desk.stop_at = 40.0
    seen = watched(desk, going(desk, None))
    assert isinstance(seen, Over)
    assert seen.job.state is JobState.STOPPED
    assert seen.stopped_for
    assert desk.platform.count("stop") == 1 + outage


def test_a_run_that_is_stopped_while_stop_after_meets_an_outage_goes_on_watching() -> None:
    desk = office(stops=[nobody() for _ in range(5)])
    desk.stop_at = 50.0
    seen = watched(desk, going(desk, None), stop=45.0)
    assert isinstance(seen, Over)
    assert seen.job.state is JobState.STOPPED


@settings(max_examples=80)
@given(
    st.floats(0.0, 400.0),
    st.one_of(st.none(), st.floats(1.0, 300.0)),
    st.one_of(st.none(), st.floats(1.0, 300.0)),
    st.lists(st.booleans(), max_size=10),
)
def test_looks_are_never_closer_than_the_interval_and_bounds_are_kept(
    ends: float, wait: float | None, stop: float | None, outages: list[bool]
) -> None:
    desk = office(looks=[nobody() if each else None for each in outages])
    seen = watched(desk, going(desk, ends), wait=wait, stop=stop)
    looks = [0.0, *desk.platform.times("look")]
    assert all(b - a >= 30.0 - 1e-6 for a, b in pairwise(looks))
    assert desk.platform.count("stop") <= 1
    if isinstance(seen, GoesOn):
        assert wait is not None
        assert desk.clock.now == pytest.approx(wait)
    else:
        assert wait is None or desk.clock.now <= wait + 1e-6
