"""One job started, once: every answer that a platform can give, and none."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.office import (
    CAREFUL,
    ORDER,
    READY,
    START,
    UNWATCHABLE,
    Claim,
    Office,
    Seats,
    lost,
    lost_5xx,
    nobody,
    office,
)
from reconcile.core.diagnostic import Diagnostic
from reconcile.core.errors import (
    AuthFailed,
    BadAnswer,
    LimitReached,
    ObjectNotFound,
    PlatformError,
    Rejected,
    StateError,
    StateMoved,
)
from reconcile.core.operation import Job, JobState
from reconcile.engine.desk import NotStarted, Outcome, Started, Unclear
from reconcile.engine.evidence import SETTLE_SECONDS, TAKEN_SECONDS
from reconcile.engine.loom import run_alone
from reconcile.engine.submission import Policy, recover, submit
from reconcile.engine.waits import Waits
from reconcile.engine.watch import StopAsked


def submitted(desk: Office, **policy: object) -> Outcome:
    return run_alone(submit(desk.desk(), ORDER, Policy(**policy)), desk.clock)  # type: ignore[arg-type]


def recovered(desk: Office, *known: str, taken: bool = False, ago: float = 0.0) -> Outcome | None:
    at = desk.clock.utc() - timedelta(seconds=ago)
    return run_alone(recover(desk.desk(), READY, at, known, taken=taken), desk.clock)


def job_of(outcome: Outcome | None) -> Job:
    assert isinstance(outcome, Started), outcome
    return outcome.job


def found(outcome: Outcome) -> str:
    """Return the id of a job that was looked for and found."""
    assert isinstance(outcome, Started), outcome
    assert outcome.adopted == "found"
    return outcome.job.id


def code_of(outcome: Outcome | None) -> str:
    assert isinstance(outcome, NotStarted | Unclear), outcome
    return outcome.diagnostic.code


def limit(retry_after: float | None = None) -> LimitReached:
    error = LimitReached("429: too many", status=429)
    error.retry_after = retry_after
    return error


# -- the plain way -----------------------------------------------------------------------------------------------------


def test_the_intent_is_written_before_the_call_and_the_job_after_it() -> None:
    desk = office()
    words_at_call: list[str] = []
    desk.platform.on_submit = lambda: words_at_call.extend(desk.ledger.words)
    assert job_of(submitted(desk)).id == "j1"
    assert words_at_call == ["intended"]
    assert desk.ledger.lines == [("intended", ""), ("submitted", "j1")]
    assert desk.ledger.at == START
    assert desk.seat.held  # for as long as the job runs
    assert not desk.claim.held


def test_what_was_there_before_is_written_down_as_known() -> None:
    desk = office()
    desk.platform.add(-30.0, id="young", ends=-10.0)
    desk.platform.add(-7200.0, id="old", ends=-7000.0)
    submitted(desk)
    assert desk.ledger.known == ("young",)


@pytest.mark.parametrize(
    "error", [StateError(Diagnostic("away", "The drive is away")), StateMoved(Diagnostic("m", "m"))]
)
def test_what_cannot_be_noted_is_not_sent(error: StateError) -> None:
    desk = office()
    desk.ledger.fails["intended"] = error
    with pytest.raises(StateError):
        submitted(desk)
    assert desk.platform.count("submit") == 0
    assert not desk.seat.held
    assert not desk.claim.held


@pytest.mark.parametrize("error", [ObjectNotFound("no source a"), Rejected("bad", status=400), AuthFailed("no")])
def test_a_call_that_cannot_be_prepared_is_not_made(error: PlatformError) -> None:
    desk = office(reads=[error])
    assert code_of(submitted(desk)) == error.code
    assert desk.ledger.lines == []
    assert desk.clock.now == 0.0


@pytest.mark.parametrize(
    "error", [Rejected("400: bad", status=400), ObjectNotFound("404", status=404), AuthFailed("401")]
)
def test_a_refusal_starts_nothing_and_is_final(error: PlatformError) -> None:
    desk = office(before=[error])
    outcome = submitted(desk)
    assert isinstance(outcome, NotStarted)
    assert outcome.error is error
    assert desk.ledger.words == ["intended", "dropped"]
    assert (desk.platform.count("submit"), desk.seat.held) == (1, False)


@pytest.mark.parametrize("failures", [1, 7])
def test_a_platform_that_is_away_is_waited_for_before_anything_is_sent(failures: int) -> None:
    desk = office(reads=[nobody() for _ in range(failures)])
    assert job_of(submitted(desk)).id == "j1"
    assert desk.clock.now >= failures
    assert desk.platform.count("submit") == 1


def test_a_platform_that_stays_away_is_given_up_after_two_minutes() -> None:
    desk = office(reads=[None, *(nobody() for _ in range(20))])
    assert code_of(submitted(desk)) == "unavailable"
    assert 100 < desk.clock.now < 150
    assert desk.ledger.lines == []


# -- busy --------------------------------------------------------------------------------------------------------------


def test_busy_wait_starts_after_the_end_of_the_other() -> None:
    desk = office()
    desk.platform.add(-10.0, id="theirs", ends=100.0)
    assert job_of(submitted(desk, when_busy="wait")).id == "j2"
    assert desk.platform.times("submit") == [120.0]
    assert sum("theirs" in text for text, _ in desk.told) == 1  # not again and again


def test_busy_attach_takes_over_what_is_under_way() -> None:
    desk = office()
    desk.platform.add(-10.0, id="theirs", ends=100.0)
    assert submitted(desk, when_busy="attach") == Started(desk.platform.jobs_["theirs"], "attached")
    assert desk.ledger.lines == [("submitted", "theirs attached")]
    assert desk.platform.count("submit") == 0


def test_busy_fail_names_the_other() -> None:
    desk = office()
    desk.platform.add(-10.0, id="theirs", ends=100.0)
    outcome = submitted(desk, when_busy="fail")
    assert code_of(outcome) == "busy"
    assert isinstance(outcome, NotStarted)
    assert "theirs" in outcome.diagnostic.detail
    assert desk.ledger.lines == []


def test_busy_replace_stops_all_others_first() -> None:
    desk = office()
    desk.platform.add(-10.0, id="one", ends=1000.0)
    desk.platform.add(-5.0, id="two", ends=1000.0)
    assert job_of(submitted(desk, when_busy="replace")).id == "j3"
    assert desk.platform.count("stop") == 2
    assert desk.platform.times("submit") == [30.0]


def test_busy_replace_where_nothing_can_be_stopped_starts_nothing() -> None:
    desk = office(stops=[Rejected("no such call")])
    desk.platform.add(-10.0, ends=1000.0)
    assert code_of(submitted(desk, when_busy="replace")) == "rejected"
    assert desk.platform.count("submit") == 0


# -- limits ------------------------------------------------------------------------------------------------------------


def test_a_limit_is_waited_for_from_30_seconds_doubling_up_to_5_minutes() -> None:
    desk = office(before=[limit() for _ in range(6)])
    assert job_of(submitted(desk))
    at = desk.platform.times("submit")
    gaps = [b - a for a, b in pairwise(at)]
    for gap, least in zip(gaps, [30, 60, 120, 240, 300, 300], strict=True):
        assert least - 1e-6 <= gap <= min(300, least * 1.5) + 1e-6
    assert desk.ledger.words == ["intended", "dropped"] * 6 + ["intended", "submitted"]


def test_a_limit_never_gives_up_by_itself() -> None:
    desk = office(before=[limit() for _ in range(60)])
    assert job_of(submitted(desk))
    assert desk.platform.count("submit") == 61


@pytest.mark.parametrize("asked", [5.0, 900.0])
def test_what_the_platform_asks_for_is_what_is_waited(asked: float) -> None:
    desk = office(before=[limit(asked)])
    assert job_of(submitted(desk))
    assert asked <= desk.clock.now <= asked + 1.0


def test_on_limit_fail_fails_at_once() -> None:
    desk = office(before=[limit()])
    assert code_of(submitted(desk, on_limit="fail")) == "limit-reached"
    assert desk.clock.now == 0.0
    assert not desk.seat.held


def test_no_place_and_nobody_to_wait_is_a_failure() -> None:
    desk = office()
    desk.seat = Seats(free=False)
    assert code_of(submitted(desk, on_limit="fail")) == "no-slot"
    assert desk.platform.count("submit") == 0


def test_while_it_waits_a_submission_holds_no_place() -> None:
    desk = office(before=[limit()])
    held: list[bool] = []
    desk.platform.on_submit = lambda: held.append(desk.seat.held)
    job_of(submitted(desk))
    assert held == [True, True]
    assert desk.seat.taken == 2  # given back and taken anew


def test_waits_have_an_end_where_they_are_given_one() -> None:
    waits = Waits(1.0, 8.0, attempts=3, may_ask=10.0)
    assert waits.before(3, None) is None
    assert waits.before(1, 11.0) is None
    assert 10.0 <= (waits.before(1, 10.0) or 0) <= 11.0
    desk = office(before=[limit() for _ in range(5)])
    assert code_of(submitted(desk, waits=waits)) == "limit-reached"
    assert desk.platform.count("submit") == 3
    asks = office(before=[limit(60.0)])
    outcome = submitted(asks, waits=waits)
    assert isinstance(outcome, NotStarted)
    assert "too long" in outcome.diagnostic.detail


@given(st.integers(1, 500), st.floats(0.1, 60), st.floats(60, 600))
def test_no_wait_is_longer_than_the_longest(attempt: int, first: float, longest: float) -> None:
    seconds = Waits(first, longest).before(attempt, None)
    assert seconds is not None
    assert min(first, longest) <= seconds <= longest


def test_a_conflict_without_a_job_to_see_is_tried_again_a_few_times() -> None:
    desk = office(before=[Rejected("409: busy", status=409) for _ in range(3)])
    assert job_of(submitted(desk))
    assert desk.platform.times("submit") == [0.0, 30.0, 60.0, 90.0]


def test_a_conflict_that_stays_is_a_failure() -> None:
    desk = office(before=[Rejected("409: busy", status=409) for _ in range(50)])
    assert code_of(submitted(desk)) == "rejected"
    assert desk.platform.count("submit") == 10


def test_a_conflict_is_final_where_busy_is() -> None:
    desk = office(before=[Rejected("409: busy", status=409)])
    assert code_of(submitted(desk, when_busy="fail")) == "rejected"
    assert desk.platform.count("submit") == 1


def test_many_limits_leave_the_patience_for_conflicts_as_it_was() -> None:
    conflict = Rejected("409: busy", status=409)
    desk = office(before=[*(limit() for _ in range(15)), conflict])
    assert job_of(submitted(desk))


def test_nobody_listening_is_tried_again_and_then_given_up() -> None:
    desk = office(before=[nobody() for _ in range(3)])
    assert job_of(submitted(desk))
    assert desk.platform.times("submit") == [0.0, 1.0, 3.0, 7.0]
    down = office(before=[nobody() for _ in range(50)])
    assert code_of(submitted(down)) == "unavailable"
    assert down.platform.count("submit") == 10
    assert down.ledger.words[-1] == "dropped"


# -- no clear answer ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [lost, lost_5xx, lambda: BadAnswer("html")])
@pytest.mark.parametrize("list_lag", [0.0, 10.0])
def test_a_lost_answer_of_a_start_that_happened_is_found(error: object, list_lag: float) -> None:
    assert callable(error)
    raised = error()
    raised.may_have_happened = True
    desk = office(after=[raised], list_lag=list_lag)
    assert found(submitted(desk)) == "j1"
    assert desk.platform.count("submit") == 1
    assert desk.ledger.lines[-1] == ("submitted", "j1 found")
    assert desk.seat.held


@pytest.mark.parametrize("error", [lost, lost_5xx])
def test_a_lost_answer_of_a_start_that_did_not_happen_is_waited_out_and_sent_again(error: object) -> None:
    assert callable(error)
    desk = office(before=[error()])
    assert job_of(submitted(desk)).id == "j1"
    first, second = desk.platform.times("submit")
    assert second - first >= SETTLE_SECONDS
    assert desk.ledger.words == ["intended", "dropped", "intended", "submitted"]
    assert len(desk.platform.jobs_) == 1


def test_a_platform_that_never_answers_starts_is_given_up() -> None:
    desk = office(before=[lost_5xx() for _ in range(100)])
    assert code_of(submitted(desk)) == "answer-lost"
    assert desk.platform.count("submit") == 10
    assert desk.ledger.words[-1] == "dropped"


def test_evidence_is_looked_for_through_an_outage() -> None:
    """The answer is lost, and then nobody can list the jobs for a quarter of an hour: the job is not forgotten."""
    desk = office(after=[lost()])
    desk.platform.reads = [None, None, *(nobody() for _ in range(15))]
    assert found(submitted(desk)) == "j1"
    assert desk.platform.count("submit") == 1


@pytest.mark.parametrize("error", [nobody(), AuthFailed("401: expired"), Rejected("no list", status=400)])
def test_where_the_evidence_cannot_be_seen_nothing_is_claimed(error: PlatformError) -> None:
    desk = office(after=[lost()])
    desk.platform.reads = [None, None, *(error for _ in range(100))]
    outcome = submitted(desk)
    assert isinstance(outcome, Unclear)
    assert outcome.diagnostic.code == "outcome-unknown"
    assert desk.ledger.words == ["intended"]  # it dangles, and is looked into again
    assert not desk.seat.held


def test_a_stop_does_not_end_the_search_for_what_was_started() -> None:
    desk = office(after=[lost()], list_lag=10.0)
    desk.platform.reads = [None, None, nobody(), nobody()]
    desk.stop_at = 1.5
    assert found(submitted(desk)) == "j1"
    assert desk.stop_at == 1.5  # it is still to be stopped


def test_a_stop_before_the_call_leaves_nothing() -> None:
    desk = office()
    desk.stop_at = 0.0
    with pytest.raises(StopAsked):
        submitted(desk)
    assert desk.ledger.lines == []
    assert (desk.seat.held, desk.claim.held) == (False, False)


def test_what_cannot_be_watched_is_never_sent_again() -> None:
    desk = office(after=[lost()])
    desk.operation = UNWATCHABLE
    outcome = submitted(desk)
    assert code_of(outcome) == "outcome-unknown"
    assert isinstance(outcome, Unclear)
    assert desk.platform.count("submit") == 1


def test_a_start_without_a_name_is_looked_for() -> None:
    desk = office(nameless=True, list_lag=120.0)
    assert found(submitted(desk)) == "j1"
    assert desk.ledger.words == ["intended", "taken", "submitted"]
    assert desk.platform.count("submit") == 1


def test_a_start_without_a_name_that_never_shows_up_is_not_sent_again() -> None:
    desk = office(nameless=True, list_lag=1e9)
    assert code_of(submitted(desk)) == "job-not-found"
    assert desk.clock.now >= TAKEN_SECONDS
    assert desk.platform.count("submit") == 1
    assert desk.ledger.words == ["intended", "taken"]


# -- whose job it is ---------------------------------------------------------------------------------------------------


def test_a_job_that_was_known_before_is_not_ours() -> None:
    desk = office()
    desk.platform.add(-30.0, id="before", ends=-1.0)
    assert recovered(desk, "before", ago=10.0) is None
    assert desk.ledger.words == ["dropped"]


def test_a_job_that_is_older_than_the_call_is_not_ours() -> None:
    desk = office()
    desk.platform.add(-300.0, id="older", ends=1000.0)
    assert recovered(desk, ago=60.0) is None


def test_clocks_of_a_platform_may_differ_by_a_minute() -> None:
    desk = office()
    desk.platform.add(-60.0, id="ours", ends=1000.0)
    assert job_of(recovered(desk)).id == "ours"


def test_a_job_that_belongs_to_somebody_else_is_not_ours() -> None:
    desk = office()
    desk.platform.add(0.0, id="theirs", ends=1000.0)
    desk.claimed = {"theirs"}
    assert recovered(desk) is None


def test_a_job_that_tells_no_time_may_be_ours() -> None:
    desk = office()
    desk.platform.add(0.0, id="timeless", created_at=None)
    assert job_of(recovered(desk)).id == "timeless"


def test_of_several_any_will_do_where_twice_does_no_harm() -> None:
    desk = office()
    desk.platform.add(-2.0, id="over", ends=-1.0)
    desk.platform.add(-1.0, id="active", ends=1000.0)
    desk.platform.add(0.0, id="later", ends=1000.0)
    assert job_of(recovered(desk)).id == "active"


def test_of_several_that_are_over_the_newest_is_taken() -> None:
    desk = office()
    desk.platform.add(-3.0, id="first", ends=-2.0)
    desk.platform.add(-2.0, id="second", ends=-1.0)
    assert job_of(recovered(desk)).id == "second"


def test_of_several_nobody_chooses_where_twice_does_harm() -> None:
    desk = office()
    desk.operation = CAREFUL
    desk.platform.add(-2.0, id="one", ends=1000.0)
    desk.platform.add(-1.0, id="two", ends=1000.0)
    outcome = recovered(desk)
    assert isinstance(outcome, Unclear)
    assert outcome.diagnostic.code == "several-jobs"
    assert "one" in outcome.diagnostic.detail
    assert "two" in outcome.diagnostic.detail
    assert desk.ledger.lines == []
    desk.claimed = {"one"}
    assert job_of(recovered(desk)).id == "two"


# -- what an earlier process left --------------------------------------------------------------------------------------


@pytest.mark.parametrize("ago", [0.0, 5.0])
def test_an_intent_of_a_moment_ago_is_given_time_to_show_its_job(ago: float) -> None:
    desk = office()
    assert recovered(desk, ago=ago) is None
    assert desk.clock.now == pytest.approx(SETTLE_SECONDS - ago, abs=1.0)
    assert desk.ledger.words == ["dropped"]


def test_an_intent_of_long_ago_has_had_its_time() -> None:
    desk = office()
    assert recovered(desk, ago=3600.0) is None
    assert desk.clock.now == 0.0


def test_a_platform_without_a_date_is_measured_by_our_own_clock() -> None:
    desk = office(shows_time=False)
    assert recovered(desk, ago=3600.0) is None
    assert desk.clock.now == 0.0


def test_a_taken_intent_without_a_job_is_never_dropped() -> None:
    desk = office()
    assert code_of(recovered(desk, taken=True, ago=3600.0)) == "job-not-found"
    assert desk.ledger.lines == []


def test_an_intent_that_cannot_be_watched_stays_unclear() -> None:
    desk = office()
    desk.operation = UNWATCHABLE
    assert code_of(recovered(desk)) == "outcome-unknown"
    assert desk.ledger.lines == []


def test_recovery_waits_for_whoever_is_starting_the_same_and_not_for_a_stop() -> None:
    desk = office()
    desk.claim = Claim(taken=3)
    desk.stop_at = 1.0
    desk.platform.add(0.0, id="ours", ends=1000.0)
    assert job_of(recovered(desk)).id == "ours"
    assert desk.clock.now == 6.0
    assert not desk.claim.held


def test_recovery_says_when_the_platform_cannot_be_asked() -> None:
    desk = office(reads=[AuthFailed("401")])
    with pytest.raises(AuthFailed):
        recovered(desk)
    assert desk.ledger.lines == []
    assert not desk.claim.held


def test_a_submission_waits_for_whoever_is_starting_the_same() -> None:
    desk = office()
    desk.claim = Claim(taken=2)
    job_of(submitted(desk))
    assert desk.platform.times("submit") == [4.0]
    assert not desk.claim.held


# -- min_gap -----------------------------------------------------------------------------------------------------------


def test_a_gap_is_kept_from_the_end_of_the_last_job() -> None:
    desk = office()
    desk.platform.add(-100.0, id="last", ends=-40.0)
    job_of(submitted(desk, min_gap=100))
    assert desk.platform.times("submit") == [60.0]


def test_a_gap_is_kept_from_the_end_of_one_that_is_still_going_on() -> None:
    desk = office()
    desk.platform.add(-100.0, id="last", ends=45.0)
    job_of(submitted(desk, min_gap=100))
    assert desk.platform.times("submit") == [145.0]


@pytest.mark.parametrize("gap", [None, 0, 10])
def test_a_gap_that_is_over_costs_nothing(gap: int | None) -> None:
    desk = office()
    desk.platform.add(-100.0, id="last", ends=-40.0)
    job_of(submitted(desk, min_gap=gap))
    assert desk.platform.times("submit") == [0.0]


def test_without_an_earlier_job_there_is_no_gap() -> None:
    desk = office()
    job_of(submitted(desk, min_gap=3600))
    assert desk.clock.now == 0.0


# -- all of it ---------------------------------------------------------------------------------------------------------

TROUBLE = st.sampled_from(["none", "lost before", "lost after", "limit", "nobody", "conflict"])


@settings(max_examples=150)
@given(
    st.lists(TROUBLE, max_size=6),
    st.lists(st.booleans(), max_size=7),
    st.floats(0.0, SETTLE_SECONDS - 1.0),
    st.booleans(),
)
def test_whatever_is_answered_there_is_one_job(
    troubles: list[str], outages: list[bool], list_lag: float, nameless: bool
) -> None:
    desk = office(list_lag=list_lag, nameless=nameless)
    desk.platform.runs_for = 10.0
    for trouble in troubles:
        # ``after`` is used up only by starts that get that far.
        if trouble == "lost after":
            desk.platform.before.append(None)
            desk.platform.after.append(lost())
            break
        error = {"lost before": lost(), "limit": limit(), "nobody": nobody(), "conflict": Rejected("409", status=409)}
        if trouble in error:
            desk.platform.before.append(error[trouble])
    desk.platform.reads.extend(nobody() if each else None for each in outages)
    outcome = submitted(desk)
    assert isinstance(outcome, Started)
    assert [*desk.platform.jobs_] == [outcome.job.id]
    assert desk.ledger.words[-1] == "submitted"
    assert outcome.job.state is not JobState.UNKNOWN
