"""From results to what is recorded, and to what history tells."""

from dataclasses import replace

import pytest

from reconcile.core.address import Address
from reconcile.core.diagnostic import Diagnostic
from reconcile.core.kind import Action
from reconcile.core.plan import Change, Plan
from reconcile.core.snapshot import Recorded, Values
from reconcile.engine.apply import Outcome, Result
from reconcile.engine.record import applied_block, journal_outcome, recorded_after
from reconcile.state import intent
from reconcile.state.format import Origin

from .world import BEFORE, NONE, NOW, Org, daily, plan_for, recipe, reset_of

A, B = recipe("A"), recipe("B")
OLD, NEW = daily("01:00"), daily("02:00")
ORIGIN = Origin("a1", NOW, "me", "here", "reconcile apply")


def ours(address: Address, values: Values, *, certain: bool = True) -> Recorded:
    return Recorded(address, values, BEFORE, f"05v{address.name.partition(':')[2]}", False, "f.yaml", certain)


def planned(desired: Values | None, recorded: Values | None, live: Values = OLD) -> tuple[Plan, Change]:
    plan = plan_for(
        Org({"A": live}),
        {A: desired} if desired else {},
        {A: ours(A, recorded)} if recorded else {},
    )
    return plan, plan.changes[0]


@pytest.mark.parametrize(
    ("outcome", "sent", "expected"),
    [
        (Outcome.DONE, True, intent.Outcome.DONE),
        (Outcome.DONE, False, intent.Outcome.DONE),
        (Outcome.UNKNOWN, True, intent.Outcome.UNKNOWN),
        (Outcome.FAILED, True, intent.Outcome.UNKNOWN),
        (Outcome.FAILED, False, intent.Outcome.FAILED),
        (Outcome.REFUSED, False, intent.Outcome.FAILED),
        (Outcome.SKIPPED, False, intent.Outcome.FAILED),
    ],
)
def test_what_the_journal_is_told(outcome: Outcome, sent: bool, expected: intent.Outcome) -> None:
    """A failure after a call leaves doubt; a refusal, a skip and a call never made leave none."""
    assert journal_outcome(Result(planned(NEW, OLD)[1], outcome, sent=sent)) is expected


def test_done_is_recorded_as_asked_for() -> None:
    """The new values, of now, certain."""
    plan, change = planned(NEW, OLD)
    after = recorded_after({A: ours(A, OLD)}, plan, [Result(change, Outcome.DONE, sent=True)])
    assert after == {A: Recorded(A, NEW, NOW, "05vA", False, "f.yaml", True)}


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.REFUSED, Outcome.SKIPPED])
def test_what_was_not_sent_leaves_the_record_alone(outcome: Outcome) -> None:
    """Nothing happened, nothing is noted."""
    plan, change = planned(NEW, OLD)
    before = {A: ours(A, OLD)}
    assert recorded_after(before, plan, [Result(change, outcome)]) == before


def test_the_unknown_is_recorded_as_uncertain() -> None:
    """What was asked for, and that nobody knows."""
    plan, change = planned(NEW, OLD)
    after = recorded_after({A: ours(A, OLD)}, plan, [Result(change, Outcome.UNKNOWN, sent=True)])
    assert (after[A].values, after[A].certain) == (NEW, False)


def test_a_dropped_field_leaves_an_uncertain_record() -> None:
    """The platform changed something: the old record would accuse it of drift."""
    plan, change = planned(NEW, OLD)
    after = recorded_after({A: ours(A, OLD)}, plan, [Result(change, Outcome.FAILED, sent=True)])
    assert not after[A].certain


def test_a_removed_entry_leaves_the_record_when_it_is_deleted() -> None:
    """Deleted and not asked for: no record. Not deleted: still ours. Unknown: ours, in doubt."""
    plan, change = planned(None, OLD)
    before = {A: ours(A, OLD)}
    assert recorded_after(before, plan, [Result(change, Outcome.DONE, sent=True)]) == {}
    assert recorded_after(before, plan, [Result(change, Outcome.REFUSED)]) == before
    doubtful = recorded_after(before, plan, [Result(change, Outcome.UNKNOWN, sent=True)])
    assert doubtful == {A: replace(ours(A, OLD, certain=False), before=OLD)}


def test_none_stays_recorded() -> None:
    """``frequency: none`` is a wish to be kept: somebody who schedules it again causes drift."""
    plan, change = planned(NONE, OLD)
    assert recorded_after({}, plan, [Result(change, Outcome.DONE, sent=True)])[A].values == NONE


def test_adoptions_are_recorded_besides_changes() -> None:
    """Unchanged objects enter the record; what nobody asked about stays in it."""
    other = recipe("Z")
    plan = plan_for(Org({"A": OLD, "B": OLD}), {A: OLD, B: NEW})
    after = recorded_after({other: ours(other, OLD)}, plan, [Result(plan.changes[0], Outcome.DONE, sent=True)])
    assert set(after) == {A, B, other}


def test_the_arguments_are_left_as_they_are() -> None:
    """What was recorded before is needed for the next attempt."""
    before = {A: ours(A, OLD)}
    plan, change = planned(NEW, OLD)
    recorded_after(before, plan, [Result(change, Outcome.DONE, sent=True)])
    assert before == {A: ours(A, OLD)}


def test_a_lost_one_shot_is_recorded_uncertain_and_not_run_again() -> None:
    """At most once for each note: the next plan warns and sends nothing; a changed note runs."""
    reset = reset_of("w")
    plan = plan_for(None, {reset: {"once": "x"}})
    after = recorded_after({}, plan, [Result(plan.changes[0], Outcome.UNKNOWN, sent=True)])
    assert (after[reset].values, after[reset].certain) == ({"once": "x"}, False)
    again = plan_for(None, {reset: {"once": "x"}}, after)
    assert (again.changes, again.records) == ((), ())
    assert [d.code for d in again.diagnostics] == ["outcome-unknown"]
    assert len(plan_for(None, {reset: {"once": "y"}}, after).changes) == 1


def test_a_rejected_one_shot_may_run_again() -> None:
    """What certainly did not happen is still wanted."""
    reset = reset_of("w")
    plan = plan_for(None, {reset: {"once": "x"}})
    assert recorded_after({}, plan, [Result(plan.changes[0], Outcome.FAILED)]) == {}


@pytest.mark.parametrize(
    ("outcomes", "whole"),
    [
        ((Outcome.DONE, Outcome.DONE), "done"),
        ((Outcome.DONE, Outcome.FAILED), "in part"),
        ((Outcome.DONE, Outcome.UNKNOWN), "in part"),
        ((Outcome.REFUSED, Outcome.FAILED), "failed"),
        ((), "done"),
    ],
)
def test_history_tells_the_whole(outcomes: tuple[Outcome, ...], whole: str) -> None:
    """All done, some done, none done."""
    change = planned(NEW, OLD)[1]
    assert applied_block(ORIGIN, [Result(change, outcome) for outcome in outcomes]).outcome == whole


def test_history_tells_each_change() -> None:
    """From what to what, what was sent, and why it failed; nothing was sent where no call was made."""
    change = planned(NEW, OLD)[1]
    told = Diagnostic("x", "No", "because")
    (sent, unsent) = applied_block(
        ORIGIN, [Result(change, Outcome.FAILED, told, sent=True), Result(change, Outcome.SKIPPED)]
    ).changes
    assert (sent.before, sent.after, sent.error) == (OLD, NEW, "No: because")
    assert sent.requests == (("PUT", "/v60.0/wave/asset/05vA/schedule"),)
    assert (unsent.requests, unsent.error) == ((), None)


def test_a_lost_update_does_not_make_our_schedule_somebody_elses() -> None:
    """Ours for long; an update is lost without effect; the entry is removed: the schedule is still ours to delete."""
    before = {A: ours(A, OLD)}
    plan, change = planned(NEW, OLD)
    after = recorded_after(before, plan, [Result(change, Outcome.UNKNOWN, sent=True)])
    (removed,) = plan_for(Org({"A": OLD}), {}, after).changes
    assert removed.action is Action.DELETE


def test_a_schedule_with_a_dropped_field_is_still_ours_to_delete() -> None:
    """We created it, the platform drops the level, the user gives up and removes the entry: it must go."""
    wanted = daily("02:00", notification_level="never")
    plan, change = planned(wanted, None, NONE)
    after = recorded_after({}, plan, [Result(change, Outcome.FAILED, sent=True, shown=NEW)])
    (removed,) = plan_for(Org({"A": NEW}), {}, after).changes
    assert removed.action is Action.DELETE
