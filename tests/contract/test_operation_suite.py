"""One suite for every operation: ordered once, there is one job, and what is said of it is what became of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from contract.operation_bed import POLL, Bed, make_bed, the_step
from contract.operation_subjects import RESET, SUBJECTS, Course, OnPlatform, Subject, Switches, Tamr
from reconcile.config.pipeline import Pipeline
from reconcile.core.errors import ObjectNotFound, Rejected
from reconcile.core.operation import Job, JobQuery, JobState, Ready
from reconcile.core.run import RunState, StepPlan
from reconcile.engine.pipeline import Control
from reconcile.engine.runs import step_plans
from reconcile.providers.base import Operator
from reconcile.sandbox import Server

EVERY = pytest.mark.parametrize("subject", SUBJECTS, ids=str)
STOPPABLE = [subject for subject in SUBJECTS if subject.platform != "tailer"]
SETTINGS = [(subject, switches) for subject in SUBJECTS for switches in subject.switches]


def named(value: object) -> str:
    """The name of a parameter in the name of a test."""
    return ",".join(f"{k}={v}" for k, v in value.items()) if isinstance(value, dict) else str(value)


@pytest.fixture
def bed(server: Server) -> Bed:
    """A world with nothing wrong at ten o'clock; see ``make_bed``."""
    return make_bed(server)


def only(bed: Bed, subject: Subject) -> OnPlatform:
    """The one job of the work that there ever was."""
    (job,) = subject.jobs(bed.sandbox)
    return job


def moment(iso: str | None) -> datetime:
    assert iso is not None
    return datetime.fromisoformat(iso)


def near(iso: str | None, expected: datetime | None) -> bool:
    """Whether a time in our words is that of the platform, which may show whole milliseconds."""
    return expected is not None and abs(moment(iso) - expected) < timedelta(milliseconds=2)


# -- one job -----------------------------------------------------------------------------------------------------------


@EVERY
def test_one_job_that_succeeds(bed: Bed, subject: Subject) -> None:
    """Started once, watched to its end, and written down with its id and its times."""
    run = bed.go(subject.step(bed)).run
    step, job = the_step(run), only(bed, subject)
    assert (run.state, step.state, step.error) == (RunState.SUCCEEDED, RunState.SUCCEEDED, None)
    assert step.jobs == (job.id,)
    assert step.attempt.adopted == ("" if subject.names_its_job else "found")
    assert near(step.started_at, job.started)
    assert near(step.ended_at, job.ended)
    assert len(subject.creates(bed)) == 1
    assert bed.clock.elapsed() == pytest.approx(120, abs=1)  # the first look after its end at 110


@EVERY
def test_few_requests(bed: Bed, subject: Subject) -> None:
    """About three to start, then one look a poll interval and nothing else."""
    subject.script(bed.sandbox, Course(waits=95, runs=1000))
    bed.go(subject.step(bed))
    asked = [each for each in bed.asked() if "oauth2" not in each.path]
    looks = [each for each in asked if each.at > 0]
    # What starts without a name is looked up at once.
    assert len(asked) - len(looks) == subject.calls_to_start + (0 if subject.names_its_job else 1)
    assert all(subject.is_look(each) for each in looks)
    assert all(later - earlier >= POLL for earlier, later in pairwise([0.0, *(each.at for each in looks)]))
    assert len(looks) == 37  # of 1095 seconds, every 30


@EVERY
def test_shown_in_every_way(bed: Bed, subject: Subject) -> None:
    """Looked at, shown by its id alone, listed, and found on its target while it is active and after."""
    seen: list[tuple[Job, ...]] = []
    plan = planned(bed, subject)

    def meanwhile() -> None:
        with bed.operator(subject.connection) as operator:
            seen.append(views(operator, subject, plan, only(bed, subject).id))

    for seconds in (5, 55, 115):
        bed.clock.at(seconds, meanwhile)
    subject.elsewhere(bed.sandbox)
    bed.go(subject.step(bed))
    job = only(bed, subject)
    states = [JobState.PENDING, JobState.RUNNING, JobState.SUCCEEDED]
    assert len(seen) == len(states)
    for views_then, state in zip(seen, states, strict=True):
        assert {view.id for view in views_then} == {job.id}
        assert {view.state for view in views_then} == {state}
        assert {view.operation for view in views_then} == {subject.name}
        assert {view.target for view in views_then} == {plan.target}
        assert len({view.created_at for view in views_then}) == 1
    assert all(near(view.ended_at, job.ended) for view in seen[-1])


def planned(bed: Bed, subject: Subject) -> StepPlan:
    """The step as a run keeps it."""
    (plan,) = step_plans(bed.place, Pipeline("suite", (subject.step(bed),), subject.step(bed).span))
    return plan


def views(operator: Operator, subject: Subject, plan: StepPlan, job: str) -> tuple[Job, ...]:
    """The job in every way in which it can be seen, each time alone among those of other work."""
    ready = operator.prepare(plan.order)
    since = datetime.fromisoformat("2026-11-22T09:59:00Z")
    (on_target,) = operator.on_target(ready, since)
    (listed,) = operator.jobs(subject.query())
    (since_then,) = operator.jobs(replace(subject.query(), since=since))
    (of_state,) = operator.jobs(replace(subject.query(), states=frozenset({listed.state})))
    last = operator.last_on_subject(ready)
    assert last is not None
    return (operator.look(ready, job), operator.show(job), on_target, listed, since_then, of_state, last)


@EVERY
def test_an_old_job_is_on_target_no_more(bed: Bed, subject: Subject) -> None:
    """What ended before the time asked for is none of ours, and there is no such thing as half a list."""
    bed.go(subject.step(bed))
    with bed.operator(subject.connection) as operator:
        ready = operator.prepare(planned(bed, subject).order)
        assert operator.on_target(ready, datetime.fromisoformat("2026-11-22T10:01:00Z")) == ()
        bed.fault({"kind": "status", "status": 503, **subject.listing})
        with pytest.raises(Exception, match="503"):
            operator.on_target(ready, datetime.fromisoformat("2026-11-22T10:01:00Z"))


@EVERY
def test_an_id_that_nobody_knows(bed: Bed, subject: Subject) -> None:
    """It is said to be unknown, and nothing else goes wrong."""
    bed.go(subject.step(bed))
    job = only(bed, subject).id
    stranger = job[:-6] + ("AAAZZZ" if subject.platform == "crm_analytics" else "ffffff")
    with bed.operator(subject.connection) as operator:
        with pytest.raises(ObjectNotFound):
            operator.show(stranger)
        with pytest.raises(ObjectNotFound):
            operator.look(operator.prepare(planned(bed, subject).order), stranger)


# -- how it ends -------------------------------------------------------------------------------------------------------


@EVERY
def test_a_failure_tells_its_reason(bed: Bed, subject: Subject) -> None:
    """Not tried again where nobody asked for that."""
    subject.script(bed.sandbox, Course(fails=True))
    run = bed.go(subject.step(bed)).run
    step = the_step(run)
    assert (run.state, step.state) == (RunState.FAILED, RunState.FAILED)
    assert step.error is not None
    assert (step.error.reason, step.error.message) == (subject.reason, subject.message)
    assert bed.moved()[-1].error == str(step.error)
    assert step.job == only(bed, subject).id


@EVERY
def test_failed_then_succeeds(bed: Bed, subject: Subject) -> None:
    """With a retry there are two jobs, one after the other, the second no earlier than half a minute later."""
    subject.script(bed.sandbox, Course(fails=True), Course())
    run = bed.go(subject.step(bed, retries=1)).run
    first, second = subject.jobs(bed.sandbox)
    assert run.state is RunState.SUCCEEDED
    assert the_step(run).jobs == (first.id, second.id)
    assert the_step(run).tries == 1
    assert first.ended is not None
    assert second.created - first.ended >= timedelta(seconds=30)


@EVERY
def test_no_more_retries_than_asked_for(bed: Bed, subject: Subject) -> None:
    subject.script(bed.sandbox, *[Course(fails=True)] * 5)
    run = bed.go(subject.step(bed, retries=2)).run
    assert run.state is RunState.FAILED
    assert len(subject.jobs(bed.sandbox)) == 3
    created = [job.created for job in subject.jobs(bed.sandbox)]
    assert created[2] - created[1] > created[1] - created[0]  # twice the pause


@EVERY
def test_a_persons_end_is_not_undone(bed: Bed, subject: Subject) -> None:
    """Stopped by a person (or, where nothing can be stopped, marked as dealt with): never tried again."""
    bed.clock.at(50, lambda: subject.end_by_hand(bed.sandbox, only(bed, subject).id))
    run = bed.go(subject.step(bed, retries=2)).run
    expected = RunState.STOPPED if subject.operation(bed).stoppable else RunState.FAILED
    assert (run.state, the_step(run).state) == (expected, expected)
    assert the_step(run).job == only(bed, subject).id
    assert the_step(run).tries == 0


@pytest.mark.parametrize("subject", STOPPABLE, ids=str)
def test_a_persons_end_in_the_queue(bed: Bed, subject: Subject) -> None:
    """Also of a job that has not begun."""
    bed.clock.at(5, lambda: subject.end_by_hand(bed.sandbox, only(bed, subject).id))
    run = bed.go(subject.step(bed, retries=2)).run
    assert run.state is RunState.STOPPED
    assert only(bed, subject).started is None


@EVERY
def test_a_state_that_is_not_known_is_watched_on(bed: Bed, subject: Subject) -> None:
    """Said once, then watched to the real end."""
    bed.switch(**{subject.unknown_word: "PONDERING"})
    subject.script(bed.sandbox, Course(runs=300, fails=True))
    run = bed.go(subject.step(bed)).run
    assert the_step(run).state is RunState.FAILED
    assert the_step(run).error is not None
    assert str(the_step(run).error).startswith(subject.reason)
    assert len(bed.told("PONDERING")) == 1
    assert the_step(run).job == only(bed, subject).id


@EVERY
def test_wait_timeout_leaves_the_job_alone(bed: Bed, subject: Subject) -> None:
    """The watching ends, the job goes on; the same command watches it again and starts none."""
    subject.script(bed.sandbox, Course(runs=300))
    step = subject.step(bed, wait_timeout=100)
    result = bed.go(step)
    assert result.left["job"].code == "wait-timeout"
    assert (result.run.is_over, the_step(result.run).state) == (False, RunState.RUNNING)
    assert not only(bed, subject).is_over
    assert bed.clock.elapsed() == pytest.approx(100, abs=1)
    result = bed.go(step)
    assert list(result.left) == ["job"]
    assert bed.clock.elapsed() == pytest.approx(200, abs=1)
    while result.left:
        result = bed.go(step)
    assert result.run.state is RunState.SUCCEEDED
    assert the_step(result.run).job == only(bed, subject).id


@EVERY
def test_left_and_gone_on_with(bed: Bed, subject: Subject) -> None:
    """Whoever stops watching leaves the job alone; whoever goes on watches the same one to its end."""
    control = Control()
    bed.clock.at(50, control.leave)
    result = bed.go(subject.step(bed), control=control)
    assert (result.run.is_over, only(bed, subject).is_over) == (False, False)
    bed.sandbox.clock.advance(600)
    run = bed.go(subject.step(bed)).run
    job = only(bed, subject)
    assert (run.state, the_step(run).jobs) == (RunState.SUCCEEDED, (job.id,))
    assert near(the_step(run).ended_at, job.ended)


# -- stopping ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("subject", STOPPABLE, ids=str)
def test_stop_after_stops(bed: Bed, subject: Subject) -> None:
    """Stopped at that second and not before, and watched until it is."""
    subject.script(bed.sandbox, Course(runs=5000))
    run = bed.go(subject.step(bed, stop_after=75)).run
    step, job = the_step(run), only(bed, subject)
    assert (run.state, step.job) == (RunState.STOPPED, job.id)
    assert "stop_after (75 s)" in str(step.error)
    assert job.is_over
    stops = [each for each in bed.asked() if each.method == "PATCH" or each.path.endswith(":stop")]
    assert [round(each.at) for each in stops] == [75]


@EVERY
def test_the_run_is_stopped(bed: Bed, subject: Subject) -> None:
    """Its job is stopped and watched until it is; where none can be stopped it is said that it goes on."""
    control = Control()
    bed.clock.at(50, control.stop)
    run = bed.go(subject.step(bed, retries=2), control=control).run
    assert only(bed, subject).is_over
    if subject.operation(bed).stoppable:
        assert run.state is RunState.STOPPED
        assert bed.clock.elapsed() < 90
    else:
        assert run.state is RunState.SUCCEEDED
        assert len(bed.told("cannot be stopped")) == 1


def test_what_cannot_be_stopped_says_so(bed: Bed) -> None:
    """No call is made in vain."""
    with bed.operator("tailer") as operator, pytest.raises(Rejected):
        operator.stop("20261122-100000-x")
    assert bed.asked() == []


@pytest.mark.parametrize("subject", STOPPABLE, ids=str)
def test_stopped_by_us_it_may_be_tried_again(bed: Bed, subject: Subject) -> None:
    subject.script(bed.sandbox, Course(runs=5000), Course())
    run = bed.go(subject.step(bed, stop_after=200, retries=1)).run
    first, second = subject.jobs(bed.sandbox)
    assert run.state is RunState.SUCCEEDED
    assert the_step(run).jobs == (first.id, second.id)


@pytest.mark.parametrize("subject", STOPPABLE, ids=str)
def test_a_job_that_succeeds_while_it_is_stopped_has_succeeded(bed: Bed, subject: Subject) -> None:
    """The stop came too late, and that is no failure."""
    subject.race(bed.sandbox, runs=100, left=45)
    run = bed.go(subject.step(bed, stop_after=90)).run
    assert (run.state, the_step(run).error) == (RunState.SUCCEEDED, None)
    assert the_step(run).job == only(bed, subject).id
    assert bed.told("stopping job")


@pytest.mark.parametrize("subject", STOPPABLE, ids=str)
def test_a_lost_stop_is_asked_for_again(bed: Bed, subject: Subject) -> None:
    """A stop may be repeated, and is, when nobody answers."""
    path = ":stop" if subject.platform == "tamr" else "/dataflowjobs/"
    method = "POST" if subject.platform == "tamr" else "PATCH"
    bed.fault({"kind": "cut", "method": method, "path": path, "times": 2})
    subject.script(bed.sandbox, Course(runs=5000))
    run = bed.go(subject.step(bed, stop_after=60)).run
    assert (run.state, bed.faults_left()) == (RunState.STOPPED, [])
    assert only(bed, subject).is_over


# -- jobs of others ----------------------------------------------------------------------------------------------------


@EVERY
def test_busy_wait(bed: Bed, subject: Subject) -> None:
    """Ours begins when theirs is over, and both have their end."""
    theirs = subject.foreign(bed.sandbox, Course(waits=0, runs=200))
    run = bed.go(subject.step(bed, when_busy="wait")).run
    first, ours = subject.jobs(bed.sandbox)
    assert (run.state, first.id, the_step(run).jobs) == (RunState.SUCCEEDED, theirs, (ours.id,))
    assert first.ended is not None
    assert ours.created >= first.ended
    (post,) = subject.creates(bed)
    assert (post.at, {each.at for each in subject.lists(bed) if each.at <= post.at}) == (
        7 * POLL,
        {POLL * turn for turn in range(8)},
    )
    assert len(bed.told("waiting for its end (when_busy: wait)")) == 1


@EVERY
def test_busy_attach(bed: Bed, subject: Subject) -> None:
    """Theirs is watched, and none of ours is started."""
    theirs = subject.foreign(bed.sandbox, Course(waits=0, runs=200))
    run = bed.go(subject.step(bed, when_busy="attach")).run
    assert run.state is RunState.SUCCEEDED
    assert only(bed, subject).id == theirs == the_step(run).job
    assert the_step(run).attempt.adopted == "attached"
    assert subject.creates(bed) == []
    assert run.jobs == frozenset()  # none of them is ours


@EVERY
def test_attached_to_one_that_fails(bed: Bed, subject: Subject) -> None:
    """Its failure is the step's; a retry starts one of our own."""
    theirs = subject.foreign(bed.sandbox, Course(waits=0, runs=200, fails=True))
    run = bed.go(subject.step(bed, when_busy="attach", retries=1)).run
    first, ours = subject.jobs(bed.sandbox)
    assert (run.state, the_step(run).jobs) == (RunState.SUCCEEDED, (theirs, ours.id))
    assert first.id == theirs


@EVERY
def test_busy_fail(bed: Bed, subject: Subject) -> None:
    """Nothing is started, and it is said which job is in the way."""
    theirs = subject.foreign(bed.sandbox, Course(waits=0, runs=200))
    run = bed.go(subject.step(bed, when_busy="fail")).run
    step = the_step(run)
    assert (run.state, step.job, step.error and step.error.reason) == (RunState.FAILED, None, "busy")
    assert theirs in str(step.error)
    assert subject.creates(bed) == []
    assert bed.clock.elapsed() < 1


@pytest.mark.parametrize("subject", STOPPABLE, ids=str)
def test_busy_replace(bed: Bed, subject: Subject) -> None:
    """Theirs is stopped, and ours begins when it is over."""
    theirs = subject.foreign(bed.sandbox, Course(waits=0, runs=5000))
    run = bed.go(subject.step(bed, when_busy="replace")).run
    first, ours = subject.jobs(bed.sandbox)
    assert (run.state, first.id, the_step(run).jobs) == (RunState.SUCCEEDED, theirs, (ours.id,))
    assert first.ended is not None
    assert ours.created >= first.ended
    assert bed.clock.elapsed() < 300


@EVERY
def test_the_same_work_twice_in_one_run(bed: Bed, subject: Subject) -> None:
    """Two steps that do the same: one after the other, or one job for both where that will do; never two at once."""
    steps = [subject.step(bed, name) for name in ("one", "two")]
    run = bed.go(*steps).run
    jobs = subject.jobs(bed.sandbox)
    assert run.state is RunState.SUCCEEDED
    assert sorted({job for step in run.steps.values() for job in step.jobs}) == sorted(job.id for job in jobs)
    if subject.operation(bed).when_busy == "attach":
        assert len(jobs) == 1
    else:
        first, second = jobs
        assert first.ended is not None
        assert second.created >= first.ended


@EVERY
def test_other_work_is_not_in_the_way(bed: Bed, subject: Subject) -> None:
    """Jobs on anything else neither delay ours nor are taken for it."""
    subject.elsewhere(bed.sandbox)
    run = bed.go(subject.step(bed)).run
    assert (run.state, the_step(run).jobs) == (RunState.SUCCEEDED, (only(bed, subject).id,))
    assert [each.at for each in subject.creates(bed)] == [0.0]


@EVERY
def test_min_gap_is_kept(bed: Bed, subject: Subject) -> None:
    """Counted from the end of the last job about the same, whoever started that one."""
    subject.foreign(bed.sandbox, Course(waits=0, runs=50))
    run = bed.go(subject.step(bed, min_gap=400)).run
    first, ours = subject.jobs(bed.sandbox)
    assert run.state is RunState.SUCCEEDED
    assert first.ended is not None
    # Tailer's times may be whole seconds.
    assert 399 <= (ours.created - first.ended).total_seconds() < 402


# -- slots -------------------------------------------------------------------------------------------------------------


def loads(bed: Bed, count: int, **options: object) -> list[Tamr]:
    """So many loads, each of a source of its own."""
    names = [f"src_{number}" for number in range(count)]
    bed.sandbox.tamr.resources += names
    return [Tamr(name, "tamr.load", {"source": name}, "load", {"sourceId": name}) for name in names]


def somebodys(bed: Bed, count: int, seconds: float, *, hidden: bool = False) -> None:
    """Have others run so many jobs from now on."""
    for number in range(count):
        configuration = {"load": {"sourceId": f"other_{number}"}}
        bed.sandbox.tamr.add_foreign(
            {"configuration": configuration, "hidden": hidden, "pending": 0, "running": seconds}
        )


def most_at_once(bed: Bed) -> Callable[[], int]:
    """Begin to count; the result tells how many jobs ever held a place at once, hidden ones included."""
    counts = [0]

    def count() -> None:
        with bed.sandbox.lock:
            bed.sandbox.tamr.settle()
            counts.append(sum(not job.is_over for job in bed.sandbox.tamr.jobs))

    bed.clock.watchers.append(count)
    return lambda: max(counts)


def test_slots_are_shared_with_others(server: Server) -> None:
    """With others' jobs on the list no place is taken twice, nothing is refused, and all get their turn."""
    bed = make_bed(server, max_jobs=3)
    bed.switch(tamr_concurrency=3)
    most, work = most_at_once(bed), loads(bed, 8)
    somebodys(bed, 2, 250)
    run = bed.go(*(subject.step(bed, subject.id) for subject in work)).run
    assert run.state is RunState.SUCCEEDED
    assert [len(subject.jobs(bed.sandbox)) for subject in work] == [1] * 8
    assert most() == 3
    assert {each.status for subject in work[:1] for each in subject.creates(bed)} == {200}
    assert len(work[0].creates(bed)) == 8
    assert any(event.text.startswith("all 3 jobs") for event in bed.told("may run at once are in use"))


def test_hidden_jobs_hold_slots_and_429_is_the_authority(server: Server) -> None:
    """What the list does not show refuses us; refused, nothing is started twice and everything in the end."""
    bed = make_bed(server, max_jobs=3)
    bed.switch(tamr_concurrency=3)
    most, work = most_at_once(bed), loads(bed, 6)
    somebodys(bed, 2, 400, hidden=True)
    run = bed.go(*(subject.step(bed, subject.id) for subject in work)).run
    statuses = [each.status for each in work[0].creates(bed)]
    assert run.state is RunState.SUCCEEDED
    assert [len(subject.jobs(bed.sandbox)) for subject in work] == [1] * 6
    assert most() == 3
    assert (statuses.count(200), set(statuses)) == (6, {200, 429})


def test_all_slots_hidden_for_an_hour(server: Server) -> None:
    """It waits as long as it takes, at most five minutes more than needed."""
    bed = make_bed(server)
    somebodys(bed, 5, 3600, hidden=True)
    (subject,) = loads(bed, 1)
    run = bed.go(subject.step(bed)).run
    assert run.state is RunState.SUCCEEDED
    assert 3600 <= [each.at for each in subject.creates(bed)][-1] <= 3900
    assert len(subject.creates(bed)) < 20
    assert only(bed, subject).id == the_step(run).job


@pytest.mark.parametrize("hidden", [False, True])
def test_no_slot_and_nobody_wants_to_wait(server: Server, hidden: bool) -> None:
    """``on_limit: fail`` fails at once, whether the list says so or the platform."""
    bed = make_bed(server)
    somebodys(bed, 5, 3600, hidden=hidden)
    (subject,) = loads(bed, 1)
    run = bed.go(subject.step(bed, on_limit="fail")).run
    error = the_step(run).error
    assert run.state is RunState.FAILED
    assert error is not None
    assert error.reason == ("limit-reached" if hidden else "no-slot")
    assert subject.jobs(bed.sandbox) == []
    assert len(subject.creates(bed)) == hidden
    assert bed.clock.elapsed() < 1


# -- how platforms vary ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("subject", "switches"), SETTINGS, ids=named)
def test_under_every_switch(bed: Bed, subject: Subject, switches: Switches) -> None:
    """However the platform behaves, there is one job, and it is ours."""
    bed.switch(**switches)
    subject.script(bed.sandbox, Course(fails=True), Course())
    run = bed.go(subject.step(bed, retries=1)).run
    jobs = subject.jobs(bed.sandbox)
    assert run.state is RunState.SUCCEEDED
    assert [job.goes_by(name) for job, name in zip(jobs, the_step(run).jobs, strict=True)] == [True, True]
    assert [each.status for each in subject.creates(bed) if each.status != 401] == [200, 200]


CRM = [each for each in SUBJECTS if each.platform == "crm_analytics"]
RUNS = [each for each in CRM if each.names_its_job]
(SYNC,) = (each for each in CRM if not each.names_its_job)


@pytest.mark.parametrize("status", ["Cancelled", "Failure"])
@pytest.mark.parametrize("subject", CRM, ids=str)
def test_however_a_stopped_job_ends(bed: Bed, subject: Subject, status: str) -> None:
    """One that we stopped was stopped, whatever the platform calls that."""
    bed.switch(crm_stop_status=status, crm_stopping_seconds=45)
    subject.script(bed.sandbox, Course(runs=5000))
    run = bed.go(subject.step(bed, stop_after=60)).run
    assert run.state is RunState.STOPPED
    assert only(bed, subject).is_over


@pytest.mark.parametrize("seconds", [5, 200])
@pytest.mark.parametrize("subject", RUNS, ids=str)
def test_a_request_that_became_a_job_meanwhile(bed: Bed, subject: Subject, seconds: float) -> None:
    """Left while it was a request in the queue; another process finds the job that it has become."""
    bed.switch(crm_start_id="request")
    control = Control()
    bed.clock.at(2, control.leave)
    bed.go(subject.step(bed), control=control)
    bed.sandbox.clock.advance(seconds)
    run = bed.go(subject.step(bed)).run
    assert run.state is RunState.SUCCEEDED
    assert only(bed, subject).goes_by(the_step(run).job)
    assert len(subject.creates(bed)) == 1


@pytest.mark.parametrize("seconds", [5, 60])
@pytest.mark.parametrize("subject", RUNS, ids=str)
def test_a_request_is_stopped(bed: Bed, subject: Subject, seconds: int) -> None:
    """In the queue under the request's id, later under that of the job."""
    bed.switch(crm_start_id="request")
    subject.script(bed.sandbox, Course(waits=20, runs=5000))
    run = bed.go(subject.step(bed, stop_after=seconds)).run
    assert run.state is RunState.STOPPED
    assert only(bed, subject).is_over


REPLACED: list[tuple[Subject, Switches, Course]] = [
    *((subject, {"crm_start_id": "request"}, Course(waits=300)) for subject in RUNS),
    *((subject, {"crm_start_id": "request"}, Course(waits=0, runs=5000)) for subject in RUNS),
    (SYNC, {"crm_sync_jobs": 3}, Course(waits=0, runs=5000)),
    (SYNC, {"crm_sync_jobs": 3, "sync_source": "empty"}, Course(waits=0, runs=5000)),
]


@pytest.mark.parametrize(("subject", "switches", "course"), REPLACED, ids=named)
def test_requests_and_syncs_are_replaced(bed: Bed, subject: Subject, switches: Switches, course: Course) -> None:
    """Theirs is stopped whatever it goes by, with all its parts, and ours begins after that."""
    bed.switch(**switches)
    theirs = subject.foreign(bed.sandbox, course)
    run = bed.go(subject.step(bed, when_busy="replace")).run
    first, ours = subject.jobs(bed.sandbox)
    assert (run.state, first.id) == (RunState.SUCCEEDED, theirs)
    assert ours.goes_by(the_step(run).job)
    assert first.ended is not None
    assert ours.created >= first.ended


@pytest.mark.parametrize("source", ["connector", "empty"])
def test_a_sync_of_several_objects_is_stopped(bed: Bed, source: str) -> None:
    """All of its jobs are."""
    bed.switch(crm_sync_jobs=3, sync_source=source)
    SYNC.script(bed.sandbox, Course(runs=5000))
    run = bed.go(SYNC.step(bed, stop_after=60)).run
    assert run.state is RunState.STOPPED
    assert only(bed, SYNC).is_over


def test_a_sync_of_which_one_object_fails(bed: Bed) -> None:
    """It has failed, though the others succeeded, and says which."""
    bed.switch(crm_sync_jobs=3, crm_sync_failing=1)
    run = bed.go(SYNC.step(bed)).run
    assert run.state is RunState.FAILED
    assert "The object could not be read." in str(the_step(run).error)
    assert near(the_step(run).ended_at, only(bed, SYNC).ended)


# -- what cannot be looked at ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("switches", [{}, *RESET.switches], ids=named)
def test_a_reset_is_done_once(bed: Bed, switches: Switches) -> None:
    """Its answer is all there is: it is over at once, with one request, and no job."""
    bed.switch(**switches)
    run = bed.go(RESET.step(bed)).run
    assert (run.state, the_step(run).state, the_step(run).error) == (RunState.SUCCEEDED, RunState.SUCCEEDED, None)
    assert (RESET.done(bed.sandbox), len(bed.asked())) == (1, 1)
    assert bed.clock.elapsed() < 1


@pytest.mark.parametrize("switches", [{}, *RESET.switches], ids=named)
def test_a_refused_reset_has_failed(bed: Bed, switches: Switches) -> None:
    """However the refusal looks, it is one, with the platform's words."""
    bed.switch(**switches)
    run = bed.go(bed.step("tailer", "tailer.reset", {"workflow": "no-such-workflow"}, retries=1)).run
    error = the_step(run).error
    assert run.state is RunState.FAILED
    assert error is not None
    assert error.reason in ("rejected", "not-found")
    assert len(RESET.creates(bed)) == 1


def test_a_reset_leaves_nothing_to_look_at(bed: Bed) -> None:
    """Whoever asks is told so, and no request is wasted on it."""
    with bed.operator("tailer") as operator:
        (plan,) = step_plans(bed.place, Pipeline("suite", (RESET.step(bed),), RESET.step(bed).span))
        ready: Ready = operator.prepare(plan.order)
        assert operator.on_target(ready, datetime.fromisoformat("2026-11-22T09:00:00Z")) == ()
        assert operator.last_on_subject(ready) is None
        with pytest.raises(Rejected):
            operator.look(ready, "")
        with pytest.raises(Rejected):
            operator.jobs(JobQuery(operation="tailer.reset"))
    assert bed.asked() == []
