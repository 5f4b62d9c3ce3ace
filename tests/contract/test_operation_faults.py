"""What becomes of one order when things go wrong: lost answers, refusals, outages, lags, wrong clocks, other people.

However it goes there is exactly one job, or it is said that nobody can tell; never a second call on suspicion.
"""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest

from contract.operation_bed import POLL, Bed, Rule, make_bed, the_step
from contract.operation_subjects import ONE_OF_EACH, RESET, SUBJECTS, Course, Crm, OnPlatform, Subject, Switches, Tamr
from reconcile.core.run import Run, RunState
from reconcile.engine.evidence import CAREFUL_SETTLE_SECONDS, SETTLE_SECONDS
from reconcile.engine.pipeline import Control
from reconcile.sandbox import Server

EACH_KIND = pytest.mark.parametrize("subject", ONE_OF_EACH, ids=str)
EVERY = pytest.mark.parametrize("subject", SUBJECTS, ids=str)
# What is hidden for longer than it is looked for cannot be found; docs/crashes.md says so.
SETTINGS = [
    (subject, switches)
    for subject in SUBJECTS
    for switches in subject.switches
    if subject.platform == "tailer" or not any(value == 45 for value in switches.values())
]
HARMLESS = [subject for subject in SUBJECTS if subject.platform != "tailer"]
(LAUNCH,) = (subject for subject in SUBJECTS if subject.platform == "tailer")
ORG = [subject for subject in SUBJECTS if isinstance(subject, Crm)]

# Answers that do not say whether there is a job.
UNCLEAR: dict[str, Rule] = {
    "cut": {"kind": "cut"},
    "hang": {"kind": "hang", "seconds": 0.01},
    "500": {"kind": "status", "status": 500},
    "502": {"kind": "status", "status": 502},
    "503": {"kind": "status", "status": 503},
    "504": {"kind": "status", "status": 504},
    "503-html": {"kind": "html"},
    "200-html": {"kind": "html", "status": 200},
    "200-garbage": {"kind": "garbage"},
    "200-empty": {"kind": "empty"},
    "200-strange": {"kind": "status", "status": 200, "body": {"hello": "you"}},
    "204": {"kind": "status", "status": 204},
}
# What Salesforce may well answer: it has a job, and does not say which.
WORDLESS = ("200-empty", "200-strange", "204")
# With the effect there can also be half an answer.
LOST: dict[str, Rule] = {
    **{name: {**rule, "after_effect": True} for name, rule in UNCLEAR.items()},
    "half": {"kind": "partial"},
}

# Every kind of trouble for one operation of each kind, for the others the most different ones.
MOST_DIFFERENT = ("cut", "503", "200-garbage", "half")


def cases(kinds: dict[str, Rule]) -> list[tuple[Subject, str]]:
    """Which operation meets which of these troubles."""
    return [(each, kind) for each in SUBJECTS for kind in kinds if each in ONE_OF_EACH or kind in MOST_DIFFERENT]


def named(value: object) -> str:
    """The name of a parameter in the name of a test."""
    return ",".join(f"{k}={v}" for k, v in value.items()) if isinstance(value, dict) else str(value)


@pytest.fixture
def bed(server: Server) -> Bed:
    """A world with nothing wrong at ten o'clock; see ``make_bed``."""
    return make_bed(server)


def succeeded(bed: Bed, subject: Subject, run: Run, *, posts: int) -> OnPlatform:
    """Check that the run succeeded with one job after so many calls, all faults having gone off; return the job."""
    (job,) = subject.jobs(bed.sandbox)
    assert (run.state, the_step(run).state, the_step(run).error) == (RunState.SUCCEEDED, RunState.SUCCEEDED, None)
    assert the_step(run).job == job.id
    assert len(subject.creates(bed)) == posts
    assert bed.faults_left() == []
    return job


def settle_seconds(bed: Bed, subject: Subject) -> float:
    """How long it is looked for a job before it is certain that there is none."""
    return SETTLE_SECONDS if subject.operation(bed).harmless_twice else CAREFUL_SETTLE_SECONDS


def gaps(bed: Bed, subject: Subject) -> list[float]:
    """Simulated seconds between the calls that were to start it."""
    return [later.at - earlier.at for earlier, later in pairwise(subject.creates(bed))]


# -- the answer to the start is lost -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("subject", "lost"), cases(LOST), ids=str)
def test_started_and_the_answer_lost(bed: Bed, subject: Subject, lost: str) -> None:
    """It is looked for, found and adopted; the call is made once."""
    bed.fault({**LOST[lost], **subject.create, "times": 1})
    subject.elsewhere(bed.sandbox)
    run = bed.go(subject.step(bed)).run
    succeeded(bed, subject, run, posts=1)
    assert the_step(run).attempt.adopted == "found"
    assert bed.clock.elapsed() == pytest.approx(120, abs=1)  # nothing was waited for


@pytest.mark.parametrize(("subject", "unclear"), cases(UNCLEAR), ids=str)
def test_not_started_and_the_answer_lost(bed: Bed, subject: Subject, unclear: str) -> None:
    """It is looked for until it is certain that there is none, and then sent again."""
    bed.fault({**UNCLEAR[unclear], **subject.create, "times": 1})
    subject.elsewhere(bed.sandbox)
    run = bed.go(subject.step(bed)).run
    if isinstance(subject, Crm) and unclear in WORDLESS:
        taken_and_not_found(bed, subject, run)
        return
    succeeded(bed, subject, run, posts=2)
    (gap,) = gaps(bed, subject)
    assert gap >= settle_seconds(bed, subject)
    between = {each.at for each in subject.lists(bed) if 0 < each.at < gap}
    assert len(between) >= 4  # looked again and again, not only waited
    assert [attempt.dropped for attempt in the_step(run).attempts] == [True, False]


def taken_and_not_found(bed: Bed, subject: Subject, run: Run) -> None:
    """Check what follows a start that was taken without a word, as old versions do, and left no job."""
    error = the_step(run).error
    assert run.state is RunState.UNKNOWN
    assert error is not None
    assert error.reason == "job-not-found"
    assert (len(subject.creates(bed)), subject.jobs(bed.sandbox)) == (1, [])
    assert bed.clock.elapsed() >= 600


@pytest.mark.parametrize("lost", [True, False])
@EACH_KIND
def test_an_answer_that_never_comes(server: Server, subject: Subject, lost: bool) -> None:
    """Given up after the connection's timeout, and looked into like any other."""
    bed = make_bed(server, timeout=0.25)
    bed.fault({"kind": "hang", "after_effect": lost, **subject.create, "times": 1})
    run = bed.go(subject.step(bed)).run
    succeeded(bed, subject, run, posts=1 if lost else 2)


@EVERY
@pytest.mark.parametrize("fails", [True, False])
def test_over_before_it_is_found(bed: Bed, subject: Subject, fails: bool) -> None:
    """A job that is over already when it is looked for is ours all the same, and so is its failure."""
    bed.switch(**{subject.list_lag: 10})
    subject.script(bed.sandbox, Course(waits=0, runs=1, fails=fails))
    bed.fault({"kind": "cut", "after_effect": True, **subject.create, "times": 1})
    run = bed.go(subject.step(bed)).run
    (job,) = subject.jobs(bed.sandbox)
    assert (run.state, the_step(run).job) == (RunState.FAILED if fails else RunState.SUCCEEDED, job.id)
    assert len(subject.creates(bed)) == 1


@EVERY
def test_a_person_stops_it_before_it_is_found(bed: Bed, subject: Subject) -> None:
    """Then it is stopped, and not started again, though there are retries left."""
    bed.switch(**{subject.list_lag: 10})
    bed.fault({"kind": "cut", "after_effect": True, **subject.create, "times": 1})
    bed.clock.at(2, lambda: subject.end_by_hand(bed.sandbox, subject.jobs(bed.sandbox)[0].id))
    run = bed.go(subject.step(bed, retries=2)).run
    assert run.state is (RunState.STOPPED if subject.operation(bed).stoppable else RunState.FAILED)
    assert len(subject.creates(bed)) == len(subject.jobs(bed.sandbox)) == 1


@EVERY
def test_the_same_work_twice_and_both_answers_lost(bed: Bed, subject: Subject) -> None:
    """Each step finds its own job, and the two are never under way at once."""
    bed.fault({"kind": "cut", "after_effect": True, **subject.create, "times": 2})
    run = bed.go(*(subject.step(bed, name, when_busy="wait") for name in ("one", "two"))).run
    first, second = subject.jobs(bed.sandbox)
    assert run.state is RunState.SUCCEEDED
    assert sorted(step.job or "" for step in run.steps.values()) == sorted([first.id, second.id])
    assert first.ended is not None
    assert second.created >= first.ended
    assert len(subject.creates(bed)) == 2


@EVERY
def test_one_trouble_after_the_other(bed: Bed, subject: Subject) -> None:
    """Cut off, refused, out of order, cut off again, and then started with a lost answer: one job."""
    kinds: list[Rule] = [
        {"kind": "cut"},
        {"kind": "status", "status": 429},
        {"kind": "status", "status": 502},
        {"kind": "garbage"},
        {"kind": "status", "status": 429, "headers": {"Retry-After": "70"}},
        {"kind": "status", "status": 503, "after_effect": True},
    ]
    bed.fault(*({**rule, **subject.create, "times": 1} for rule in kinds))
    run = bed.go(subject.step(bed)).run
    succeeded(bed, subject, run, posts=6)
    assert the_step(run).attempt.adopted == "found"


@EVERY
def test_never_any_answer(bed: Bed, subject: Subject) -> None:
    """It gives up after some tries, each of them looked into, and nothing was started."""
    bed.fault({"kind": "cut", **subject.create})
    run = bed.go(subject.step(bed)).run
    assert run.state is RunState.FAILED
    assert subject.jobs(bed.sandbox) == []
    assert len(subject.creates(bed)) == 10
    assert min(gaps(bed, subject)) >= settle_seconds(bed, subject)


@EVERY
def test_a_list_that_lags_behind(bed: Bed, subject: Subject) -> None:
    """A job that shows up late, but before it is given up, is adopted all the same."""
    lag = settle_seconds(bed, subject) - 1
    bed.switch(**{subject.list_lag: lag})
    bed.fault({"kind": "cut", "after_effect": True, **subject.create, "times": 1})
    run = bed.go(subject.step(bed)).run
    succeeded(bed, subject, run, posts=1)
    assert the_step(run).attempt.adopted == "found"


@pytest.mark.parametrize("subject", ORG, ids=str)
def test_a_start_without_an_id_is_looked_for_longer(bed: Bed, subject: Subject) -> None:
    """The platform said that it took the call, so there is a job, however late it shows."""
    bed.switch(start_returns_id=False, crm_job_lag_seconds=500)
    subject.script(bed.sandbox, Course(runs=1000))
    run = bed.go(subject.step(bed)).run
    succeeded(bed, subject, run, posts=1)
    assert the_step(run).attempt.taken


@EVERY
@pytest.mark.parametrize("lost", [True, False])
def test_lists_fail_while_it_is_looked_for(bed: Bed, subject: Subject, lost: bool) -> None:
    """A list that cannot be read is no empty list: what it must tell is waited for."""
    bed.fault({"kind": "cut", "after_effect": lost, **subject.create, "times": 1})
    for rule in ({"kind": "status", "status": 503}, {"kind": "garbage"}, {"kind": "cut"}, {"kind": "partial"}):
        bed.fault({**rule, **subject.listing, "skip": subject.lists_before, "times": 3})
    subject.script(bed.sandbox, Course(runs=900))
    run = bed.go(subject.step(bed)).run
    succeeded(bed, subject, run, posts=1 if lost else 2)


@EVERY
def test_lists_fail_for_good_while_it_is_looked_for(bed: Bed, subject: Subject) -> None:
    """Then nobody can tell, and nothing is sent; a resume looks again."""
    bed.fault({"kind": "cut", "after_effect": True, **subject.create, "times": 1})
    bed.fault({"kind": "status", "status": 503, **subject.listing, "skip": subject.lists_before})
    subject.script(bed.sandbox, Course(runs=2200))
    run = bed.go(subject.step(bed)).run
    error = the_step(run).error
    assert run.state is RunState.UNKNOWN
    assert error is not None
    assert error.reason == "outcome-unknown"
    assert len(subject.creates(bed)) == 1
    bed.sandbox.faults.clear()
    run = bed.resume(run.id).run
    succeeded(bed, subject, run, posts=1)


@pytest.mark.parametrize("subject", ORG, ids=str)
def test_lists_fail_for_good_after_a_start_without_an_id(bed: Bed, subject: Subject) -> None:
    """There is a job, but nobody can say which, until the list can be read again."""
    bed.switch(start_returns_id=False)
    bed.fault({"kind": "status", "status": 503, **subject.listing, "skip": subject.lists_before})
    subject.script(bed.sandbox, Course(runs=2200))
    run = bed.go(subject.step(bed)).run
    assert (run.state, len(subject.creates(bed))) == (RunState.UNKNOWN, 1)
    bed.sandbox.faults.clear()
    run = bed.resume(run.id).run
    succeeded(bed, subject, run, posts=1)


@EVERY
@pytest.mark.parametrize("lost", [True, False])
def test_left_while_it_is_looked_for(bed: Bed, subject: Subject, lost: bool) -> None:
    """Whoever goes on with the run begins with looking, not with sending."""
    control = Control()
    bed.switch(**{subject.list_lag: 12})
    bed.fault({"kind": "cut", "after_effect": lost, **subject.create, "times": 1})
    bed.clock.at(2, control.leave)
    result = bed.go(subject.step(bed), control=control)
    assert (result.run.is_over, len(subject.creates(bed))) == (False, 1)
    asked = len(bed.asked())
    run = bed.go(subject.step(bed)).run
    succeeded(bed, subject, run, posts=1 if lost else 2)
    first = next(each for each in bed.asked()[asked:] if "oauth2" not in each.path and not _is_asset_list(each.path))
    assert subject.is_list(first)


def _is_asset_list(path: str) -> bool:
    return any(name in path for name in ("/recipes", "/dataflows", "/dataConnectors"))


@EVERY
@pytest.mark.parametrize("lost", [True, False])
def test_stopped_while_it_is_looked_for(bed: Bed, subject: Subject, lost: bool) -> None:
    """What may have been started is found first, and then stopped where that can be done; nothing is sent again."""
    control = Control()
    bed.switch(**{subject.list_lag: 12})
    bed.fault({"kind": "cut", "after_effect": lost, **subject.create, "times": 1})
    bed.clock.at(2, control.stop)
    run = bed.go(subject.step(bed), control=control).run
    assert len(subject.creates(bed)) == 1
    assert len(subject.jobs(bed.sandbox)) == lost
    assert all(job.is_over for job in subject.jobs(bed.sandbox))
    goes_on = lost and not subject.operation(bed).stoppable
    assert run.state is (RunState.SUCCEEDED if goes_on else RunState.STOPPED)


@pytest.mark.parametrize(("subject", "switches"), SETTINGS, ids=named)
@pytest.mark.parametrize("lost", [True, False])
def test_lost_under_every_switch(bed: Bed, subject: Subject, switches: Switches, lost: bool) -> None:
    """However the platform behaves, the lost job is found, and what is not there is not."""
    bed.switch(**switches)
    bed.fault({"kind": "cut", "after_effect": lost, **subject.create, "times": 1})
    run = bed.go(subject.step(bed)).run
    (job,) = subject.jobs(bed.sandbox)
    assert run.state is RunState.SUCCEEDED
    assert job.goes_by(the_step(run).job)
    assert sum(each.effect for each in subject.creates(bed)) == 1
    assert bed.faults_left() == []


# -- refused -----------------------------------------------------------------------------------------------------------


@EVERY
def test_a_storm_of_429(bed: Bed, subject: Subject) -> None:
    """Waited out: half a minute first, twice as long each time, five minutes at most, and then one job."""
    bed.fault({"kind": "status", "status": 429, **subject.create, "times": 20})
    run = bed.go(subject.step(bed)).run
    succeeded(bed, subject, run, posts=21)
    for turn, gap in enumerate(gaps(bed, subject)):
        assert min(300, 30 * 2**turn) - 0.01 <= gap <= min(300, 30 * 2**turn * 1.5) + 0.01
    assert the_step(run).attempt.adopted == ("" if subject.names_its_job else "found")


@EVERY
@pytest.mark.parametrize("leaves", [True, False])
def test_nobody_waits_any_longer_for_429(bed: Bed, subject: Subject, leaves: bool) -> None:
    """Left or stopped while it waits, nothing was started; gone on with, it begins as if nothing had been."""
    control = Control()
    bed.fault({"kind": "status", "status": 429, **subject.create, "times": 3})
    bed.clock.at(60, control.leave if leaves else control.stop)
    result = bed.go(subject.step(bed), control=control)
    assert result.run.state is (RunState.RUNNING if leaves else RunState.STOPPED)
    assert subject.jobs(bed.sandbox) == []
    assert bed.clock.elapsed() == pytest.approx(60, abs=1)
    bed.sandbox.faults.clear()
    run = (bed.go(subject.step(bed)) if leaves else bed.resume(result.run.id)).run
    (job,) = subject.jobs(bed.sandbox)
    assert (run.state, the_step(run).job) == (RunState.SUCCEEDED, job.id)


@EVERY
def test_429_says_how_long(bed: Bed, subject: Subject) -> None:
    """``Retry-After`` is followed, also beyond five minutes, and never answered early."""
    for seconds in (45, 900):
        rule: Rule = {"kind": "status", "status": 429, "headers": {"Retry-After": str(seconds)}}
        bed.fault({**rule, **subject.create, "times": 1})
    run = bed.go(subject.step(bed)).run
    succeeded(bed, subject, run, posts=3)
    assert [45 <= gaps(bed, subject)[0] <= 47, 900 <= gaps(bed, subject)[1] <= 902] == [True, True]


@EVERY
def test_429_and_nobody_wants_to_wait(bed: Bed, subject: Subject) -> None:
    """``on_limit: fail`` fails at once."""
    bed.fault({"kind": "status", "status": 429, **subject.create, "times": 1})
    run = bed.go(subject.step(bed, on_limit="fail")).run
    error = the_step(run).error
    assert (run.state, subject.jobs(bed.sandbox), len(subject.creates(bed))) == (RunState.FAILED, [], 1)
    assert error is not None
    assert error.reason == "limit-reached"


@EVERY
def test_409_is_waited_out(bed: Bed, subject: Subject) -> None:
    """Somebody else was quicker, most likely: looked at again each poll interval."""
    bed.fault({"kind": "status", "status": 409, **subject.create, "times": 3})
    run = bed.go(subject.step(bed)).run
    succeeded(bed, subject, run, posts=4)
    assert min(gaps(bed, subject)) >= POLL


@EACH_KIND
@pytest.mark.parametrize("status", [302, 400, 401, 403, 404, 422, 501])
def test_a_refusal_is_the_end(bed: Bed, subject: Subject, status: int) -> None:
    """Nothing was started, and it is said in the platform's words; asking again would not help."""
    bed.fault({"kind": "status", "status": status, **subject.create, "times": 2})
    run = bed.go(subject.step(bed, retries=2)).run
    error = the_step(run).error
    assert (run.state, subject.jobs(bed.sandbox)) == (RunState.FAILED, [])
    assert error is not None
    assert str(status) in error.message
    # A session may have ended: where there can be a new one it is tried with that.
    assert len(subject.creates(bed)) == (2 if status == 401 and isinstance(subject, Crm) else 1)


@pytest.mark.parametrize("unknown", ["404", "400", "planning_failed"])
@pytest.mark.parametrize("style", ["documented", "gateway"])
@pytest.mark.parametrize("subject", [each for each in SUBJECTS if isinstance(each, Tamr)], ids=str)
def test_tamr_does_not_know_what_to_work_on(bed: Bed, subject: Tamr, unknown: str, style: str) -> None:
    """A refusal or a job that cannot be planned: a failure either way."""
    bed.switch(tamr_unknown_resource=unknown, tamr_error_style=style)
    bed.sandbox.tamr.resources = []
    run = bed.go(subject.step(bed)).run
    assert run.state is RunState.FAILED
    assert ("PLANNING_FAILED" in str(the_step(run).error)) == (unknown == "planning_failed")
    assert len(subject.creates(bed)) == 1


@pytest.mark.parametrize("subject", ORG, ids=str)
def test_a_name_that_is_not_there(bed: Bed, subject: Crm) -> None:
    """Found out before anything is sent, with a name that is near."""
    step = bed.step(subject.connection, subject.name, {subject.kind: subject.asset + "s"})
    run = bed.go(step).run
    assert run.state is RunState.FAILED
    assert subject.asset in str(the_step(run).error)
    assert subject.creates(bed) == []


@pytest.mark.parametrize("style", ["http_text", "http_json", "ok_status_message", "ok_status_code"])
def test_tailer_does_not_know_what_to_launch(bed: Bed, style: str) -> None:
    """However it says so, a refusal is one, and nothing is sent again."""
    bed.switch(ko_style=style)
    run = bed.go(bed.step("tailer", "tailer.launch", {"type": "table-to-table", "id": "no_such_DEV"})).run
    assert run.state is RunState.FAILED
    assert len(LAUNCH.creates(bed)) <= 1
    assert bed.sandbox.tailer.model.runs == []


@pytest.mark.parametrize("refused", ["failure", "queued"])
@pytest.mark.parametrize("named_at_once", [True, False])
@pytest.mark.parametrize("subject", ORG, ids=str)
def test_already_in_the_queue(bed: Bed, subject: Crm, refused: str, named_at_once: bool) -> None:
    """Salesforce takes the call and fails it: the same is queued. Theirs, which was not seen, ends; then comes ours."""
    bed.switch(crm_job_lag_seconds=20, crm_refused_start=refused, start_returns_id=named_at_once)
    subject.script(bed.sandbox, Course(waits=60, runs=100), Course())
    subject.foreign_by_api(bed.sandbox)
    run = bed.go(subject.step(bed)).run
    jobs = subject.jobs(bed.sandbox)
    assert run.state is RunState.SUCCEEDED
    # Without an id it cannot be told apart from theirs, which is as good.
    assert the_step(run).job == jobs[-1].id
    assert len(jobs) == (2 if named_at_once and subject.names_its_job else 1)
    assert len(subject.creates(bed)) == len(jobs)


@pytest.mark.parametrize("when_busy", ["attach", "fail"])
@pytest.mark.parametrize("subject", [each for each in ORG if each.names_its_job], ids=str)
def test_already_in_the_queue_and_ours_is_not_needed(bed: Bed, subject: Crm, when_busy: str) -> None:
    """Attached to theirs once it shows; or failed, with Salesforce's words."""
    bed.switch(crm_job_lag_seconds=20)
    subject.script(bed.sandbox, Course(waits=60, runs=100))
    subject.foreign_by_api(bed.sandbox)
    run = bed.go(subject.step(bed, when_busy=when_busy)).run
    (theirs,) = subject.jobs(bed.sandbox)
    assert len(subject.creates(bed)) == 1
    if when_busy == "attach":
        assert (run.state, the_step(run).job) == (RunState.SUCCEEDED, theirs.id)
    else:
        assert run.state is RunState.FAILED
        assert "already in the queue" in str(the_step(run).error)


# -- outages -----------------------------------------------------------------------------------------------------------

# Troubles of a read, and how often in a row.
BURSTS: dict[str, Rule] = {
    "500": {"kind": "status", "status": 500, "times": 5},
    "502": {"kind": "status", "status": 502, "times": 5},
    "503": {"kind": "status", "status": 503, "times": 5},
    "504": {"kind": "status", "status": 504, "times": 5},
    "429": {"kind": "status", "status": 429, "times": 5},
    "cut": {"kind": "cut", "times": 5},
    "hang": {"kind": "hang", "seconds": 0.01, "times": 2},
    "half": {"kind": "partial", "times": 5},
    "503-html": {"kind": "html", "times": 5},
    "200-html": {"kind": "html", "status": 200, "times": 5},
    "200-garbage": {"kind": "garbage", "times": 5},
    "200-empty": {"kind": "empty", "times": 5},
}
# What a read that nobody may make looks like, or one of what is not there; met once or twice it is an outage, too.
ODD: dict[str, Rule] = {
    "404": {"kind": "status", "status": 404, "times": 3},
    "400": {"kind": "status", "status": 400, "times": 3},
    "403": {"kind": "status", "status": 403, "body": "not today", "times": 2},
    "401": {"kind": "status", "status": 401, "times": 2},
    "200-strange": {"kind": "status", "status": 200, "body": {"hello": "you"}, "times": 3},
}


@EACH_KIND
@pytest.mark.parametrize("burst", [*BURSTS, *ODD])
def test_looks_fail_in_the_middle(bed: Bed, subject: Subject, burst: str) -> None:
    """Watched on, one look a poll interval, to the real end."""
    bed.fault({**{**BURSTS, **ODD}[burst], **subject.look, "skip": subject.looks_before})
    subject.script(bed.sandbox, Course(runs=200, fails=True), Course())
    run = bed.go(subject.step(bed)).run
    (job,) = subject.jobs(bed.sandbox)
    assert (run.state, the_step(run).job, bed.faults_left()) == (RunState.FAILED, job.id, [])
    assert str(the_step(run).error).startswith(subject.reason)
    assert len(subject.creates(bed)) == 1
    times = [each.at for each in subject.looks(bed) if each.at and each.status != 401]
    assert all(later - earlier >= POLL for earlier, later in pairwise(times))


# Answers that would be the end of a job, if they were about ours.
ANOTHER: dict[str, object] = {
    "tamr": {
        "jobId": "job_0",
        "configuration": {},
        "status": {"state": "DONE", "stateStartTime": "2026-11-22T10:00:09Z"},
    },
    "crm_analytics": {"id": "0eP5e0000000099EAA", "status": "Success", "jobType": "recipe_v3"},
    "tailer": {"results": [{"run_id": "20261122-100000-x", "status": "SUCCESS"}]},
}


@pytest.mark.parametrize("subject", [each for each in ONE_OF_EACH if each.names_its_job], ids=str)
def test_a_look_that_shows_another_job(bed: Bed, subject: Subject) -> None:
    """What is said of another job is nothing that is said of ours."""
    rule: Rule = {"kind": "status", "status": 200, "body": ANOTHER[subject.platform], "times": 2}
    bed.fault({**rule, **subject.look, "skip": subject.looks_before})
    subject.script(bed.sandbox, Course(runs=200, fails=True))
    run = bed.go(subject.step(bed)).run
    (job,) = subject.jobs(bed.sandbox)
    assert (run.state, the_step(run).job, bed.faults_left()) == (RunState.FAILED, job.id, [])


@EVERY
def test_an_outage_longer_than_patience(bed: Bed, subject: Subject) -> None:
    """After half an hour nobody watches any more; the job is not lost, and the next command finds its end."""
    bed.fault({"kind": "status", "status": 503, **subject.look, "skip": subject.looks_before})
    result = bed.go(subject.step(bed))
    assert not result.run.is_over
    assert "503" in result.left["job"].detail
    assert 1800 <= bed.clock.elapsed() <= 1900
    bed.sandbox.faults.clear()
    run = bed.go(subject.step(bed)).run
    succeeded(bed, subject, run, posts=1)


@EACH_KIND
@pytest.mark.parametrize("burst", BURSTS)
def test_lists_fail_before_it_begins(bed: Bed, subject: Subject, burst: str) -> None:
    """Nothing is started before it is known what is under way; then one job."""
    bed.fault({**BURSTS[burst], **subject.listing})
    theirs = subject.foreign(bed.sandbox, Course(waits=0, runs=300))
    run = bed.go(subject.step(bed, when_busy="attach")).run
    succeeded(bed, subject, run, posts=0)
    assert the_step(run).job == theirs


@EVERY
def test_lists_fail_for_good(bed: Bed, subject: Subject) -> None:
    """Then nothing is started at all."""
    bed.fault({"kind": "status", "status": 503, **subject.listing})
    run = bed.go(subject.step(bed)).run
    assert (run.state, subject.creates(bed), subject.jobs(bed.sandbox)) == (RunState.FAILED, [], [])
    assert "503" in str(the_step(run).error)


@EVERY
def test_a_fresh_job_is_not_shown_for_a_while(bed: Bed, subject: Subject) -> None:
    """404 shortly after the start is no end."""
    bed.switch(**{subject.look_lag: 200})
    subject.script(bed.sandbox, Course(runs=500))
    run = bed.go(subject.step(bed)).run
    succeeded(bed, subject, run, posts=1)


@EVERY
def test_a_job_that_is_never_shown(bed: Bed, subject: Subject) -> None:
    """It is not started again: nobody can say what became of it, until it shows."""
    bed.switch(**{subject.look_lag: 2000})
    subject.script(bed.sandbox, Course(runs=500))
    run = bed.go(subject.step(bed, retries=2)).run
    error = the_step(run).error
    assert run.state is RunState.UNKNOWN
    assert error is not None
    assert error.reason in ("job-lost", "job-not-found")
    assert len(subject.creates(bed)) == len(subject.jobs(bed.sandbox)) == 1
    bed.switch(**{subject.look_lag: 0})
    bed.sandbox.clock.advance(3000)
    run = bed.resume(run.id).run
    succeeded(bed, subject, run, posts=1)


# -- sessions ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("uses", [1, 2, 3, 4])
@pytest.mark.parametrize("lost", ["", "started", "not started"])
@pytest.mark.parametrize("subject", ORG, ids=str)
def test_sessions_end_all_the_time(bed: Bed, subject: Crm, uses: int, lost: str) -> None:
    """Renewed wherever it happens; a call that was refused for it was not made."""
    bed.switch(token_uses=uses)
    if lost:
        bed.fault({"kind": "cut", "after_effect": lost == "started", **subject.create, "times": 1})
    run = bed.go(subject.step(bed)).run
    (job,) = subject.jobs(bed.sandbox)
    assert (run.state, the_step(run).job) == (RunState.SUCCEEDED, job.id)
    assert sum(each.effect for each in subject.creates(bed)) == 1
    assert any(each.status == 401 for each in bed.asked())


@pytest.mark.parametrize("subject", [each for each in SUBJECTS if not isinstance(each, Crm)], ids=str)
def test_a_key_that_is_refused_before_it_begins(bed: Bed, subject: Subject) -> None:
    """Nothing is started with a key that is no good."""
    bed.fault({"kind": "status", "status": 401, **subject.listing})
    run = bed.go(subject.step(bed)).run
    error = the_step(run).error
    assert (run.state, subject.creates(bed)) == (RunState.FAILED, [])
    assert error is not None
    assert error.reason == "auth-failed"


@pytest.mark.parametrize("subject", [each for each in SUBJECTS if not isinstance(each, Crm)], ids=str)
def test_a_key_that_is_refused_while_it_is_looked_for(bed: Bed, subject: Subject) -> None:
    """Then nobody can tell; with a good key it is found."""
    bed.fault({"kind": "cut", "after_effect": True, **subject.create, "times": 1})
    bed.fault({"kind": "status", "status": 401, **subject.listing, "skip": subject.lists_before})
    run = bed.go(subject.step(bed)).run
    assert (run.state, len(subject.creates(bed))) == (RunState.UNKNOWN, 1)
    bed.sandbox.faults.clear()
    run = bed.resume(run.id).run
    succeeded(bed, subject, run, posts=1)


# -- clocks ------------------------------------------------------------------------------------------------------------

# By hours for every operation; by less than the margin that is left for clocks for one of each kind.
SKEWED = [(subject, timedelta(hours=hours)) for subject in SUBJECTS for hours in (5, -5)]
SKEWED += [(subject, timedelta(seconds=seconds)) for subject in ONE_OF_EACH for seconds in (80, -80)]


# DEFECT, tailer.launch where this clock is 5 hours ahead: its first call of all is the list before the start, so
# ``engine.submission`` takes "an hour ago" from this machine; a run that ended 30 seconds ago is then no known one, and
# after a lost answer it is taken for ours (not started: nothing is ever launched; started: "several jobs").
@pytest.mark.parametrize(("subject", "skew"), SKEWED, ids=str)
@pytest.mark.parametrize("lost", ["", "started", "not started"])
def test_this_machines_clock_is_wrong(server: Server, subject: Subject, skew: timedelta, lost: str) -> None:
    """The platform's own time counts: a job is found, and one that ended just before is not taken for it."""
    bed = make_bed(server, skew=skew)
    theirs = subject.foreign(bed.sandbox, Course(waits=0, runs=10))
    bed.sandbox.clock.advance(30)
    if lost:
        bed.fault({"kind": "cut", "after_effect": lost == "started", **subject.create, "times": 1})
    run = bed.go(subject.step(bed)).run
    first, ours = subject.jobs(bed.sandbox)
    assert (run.state, first.id, the_step(run).job) == (RunState.SUCCEEDED, theirs, ours.id)
    assert sum(each.effect for each in subject.creates(bed)) == 1
    assert len(subject.creates(bed)) == (2 if lost == "not started" else 1)


@EVERY
@pytest.mark.parametrize("lost", [True, False])
@pytest.mark.parametrize("hours", [5, -5])
def test_gone_on_with_where_the_clock_is_wrong(bed: Bed, subject: Subject, lost: bool, hours: int) -> None:
    """Begun on one machine, gone on with on another whose clock is hours off: one job, and the bounds hold."""
    control = Control()
    bed.fault({"kind": "cut", "after_effect": lost, **subject.create, "times": 1})
    bed.switch(**{subject.list_lag: 12})
    bed.clock.at(2, control.leave)
    bed.go(subject.step(bed), control=control)
    bed.clock.skew = timedelta(hours=hours)
    run = bed.go(subject.step(bed)).run
    succeeded(bed, subject, run, posts=1 if lost else 2)


# DEFECT, every operation that can be stopped, where the clock of the second machine is 5 hours ahead: how long the job
# has taken is counted from ``Submitted.at``, which the first machine's clock wrote, to this machine's ``utc()``
# (``engine.pipeline``), so a job of a minute is stopped at once for having taken five hours.
@pytest.mark.parametrize("subject", HARMLESS, ids=str)
@pytest.mark.parametrize("hours", [5, -5])
def test_stop_after_where_the_clock_is_wrong(bed: Bed, subject: Subject, hours: int) -> None:
    """How long a job has taken is not for a wrong clock to say: neither stopped at once nor hours too late."""
    control = Control()
    subject.script(bed.sandbox, Course(runs=5000))
    bed.clock.at(50, control.leave)
    bed.go(subject.step(bed, stop_after=300), control=control)
    bed.clock.skew = timedelta(hours=hours)
    run = bed.go(subject.step(bed, stop_after=300)).run
    (job,) = subject.jobs(bed.sandbox)
    assert (run.state, the_step(run).job) == (RunState.STOPPED, job.id)
    # A clock that is behind says nothing of the 50 seconds before, so they may be left out.
    assert 300 <= bed.clock.elapsed() <= 350 + 2 * POLL


# -- somebody else at the same moment ----------------------------------------------------------------------------------


@pytest.mark.parametrize("subject", HARMLESS, ids=str)
@pytest.mark.parametrize("lost", [True, False])
def test_somebody_starts_the_same_while_ours_is_looked_for(bed: Bed, subject: Subject, lost: bool) -> None:
    """Any will do, so one is adopted, and the call is never made again."""
    bed.switch(**{subject.list_lag: 15})
    # Salesforce would refuse theirs while ours is in the queue.
    subject.script(bed.sandbox, Course(waits=0))
    bed.fault({"kind": "cut", "after_effect": lost, **subject.create, "times": 1})
    bed.clock.at(2, lambda: subject.foreign(bed.sandbox, Course()))
    run = bed.go(subject.step(bed)).run
    assert run.state is RunState.SUCCEEDED
    assert len(subject.creates(bed)) == 1
    assert the_step(run).attempt.adopted == "found"
    assert the_step(run).job in {job.id for job in subject.jobs(bed.sandbox)}


def test_two_launches_that_may_be_ours(bed: Bed) -> None:
    """A second run may do harm, so nobody's is taken for ours: a person has to say which it is."""
    bed.switch(tailer_run_lag_seconds=5)
    LAUNCH.foreign_by_api(bed.sandbox)
    bed.fault({"kind": "cut", "after_effect": True, **LAUNCH.create, "times": 1})
    run = bed.go(LAUNCH.step(bed, retries=2)).run
    error = the_step(run).error
    first, second = LAUNCH.jobs(bed.sandbox)
    assert run.state is RunState.UNKNOWN
    assert error is not None
    assert error.reason == "several-jobs"
    assert first.id in error.message
    assert second.id in error.message
    assert len(LAUNCH.creates(bed)) == 1


def test_a_launch_that_is_taken_without_an_id(bed: Bed) -> None:
    """The platform says ok and not which run: it is looked for."""
    bed.fault(
        {"kind": "status", "status": 200, "body": {"message": "ok"}, "after_effect": True, **LAUNCH.create, "times": 1}
    )
    run = bed.go(LAUNCH.step(bed)).run
    succeeded(bed, LAUNCH, run, posts=1)


def test_one_launch_that_is_not_ours(bed: Bed) -> None:
    """The only one there is is taken for ours: that cannot be told, and nothing is launched a second time."""
    bed.fault({"kind": "cut", **LAUNCH.create, "times": 1})
    bed.clock.at(2, lambda: LAUNCH.foreign(bed.sandbox, Course()))
    run = bed.go(LAUNCH.step(bed)).run
    succeeded(bed, LAUNCH, run, posts=1)


# -- what cannot be looked at ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lost", [each for each in LOST if not each.startswith("503")])
def test_a_reset_with_a_lost_answer(bed: Bed, lost: str) -> None:
    """Nobody can tell, so it is said, and it is never sent again by itself; 503 is none of these (platform page 3)."""
    bed.fault({**LOST[lost], **RESET.create, "times": 1})
    unknown(bed, 1)


@pytest.mark.parametrize("unclear", [each for each in UNCLEAR if not each.startswith("503")])
def test_a_reset_that_may_not_have_been_done(bed: Bed, unclear: str) -> None:
    """The same from here: nothing tells the two apart."""
    bed.fault({**UNCLEAR[unclear], **RESET.create, "times": 1})
    unknown(bed, 0)


def unknown(bed: Bed, done: int) -> None:
    """Order a reset; check that nobody can tell, that it was sent once, and that a resume does not send it either."""
    run = bed.go(RESET.step(bed, retries=3)).run
    error = the_step(run).error
    assert run.state is RunState.UNKNOWN
    assert error is not None
    assert error.reason == "outcome-unknown"
    assert (len(RESET.creates(bed)), RESET.done(bed.sandbox), bed.faults_left()) == (1, done, [])
    assert bed.resume(run.id).run.state is RunState.UNKNOWN
    assert len(RESET.creates(bed)) == 1


@pytest.mark.parametrize("refusal", ["429", "503", "503-html"])
def test_a_reset_that_was_not_taken(bed: Bed, refusal: str) -> None:
    """Both statuses say so: waited out, and then done once."""
    rule = BURSTS[refusal]
    bed.fault({**rule, **RESET.create, "times": 5})
    run = bed.go(RESET.step(bed)).run
    assert (run.state, RESET.done(bed.sandbox), len(RESET.creates(bed))) == (RunState.SUCCEEDED, 1, 6)
    times = [each.at for each in RESET.creates(bed)]
    for turn, (earlier, later) in enumerate(pairwise(times)):
        assert later - earlier >= min(300, 30 * 2**turn)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 501])
def test_a_reset_that_is_refused(bed: Bed, status: int) -> None:
    """Certainly not done, and so said."""
    bed.fault({"kind": "status", "status": status, **RESET.create, "times": 1})
    run = bed.go(RESET.step(bed)).run
    assert (run.state, RESET.done(bed.sandbox), len(RESET.creates(bed))) == (RunState.FAILED, 0, 1)
