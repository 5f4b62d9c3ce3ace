"""Paused on purpose: what is kept off, for how long it counts, and what brings it back."""

import pytest

from reconcile.core.address import Address
from reconcile.core.change import Change, Unchanged
from reconcile.core.diagnostic import Severity
from reconcile.core.drift import Why
from reconcile.core.guard import DeleteLimits, refusals
from reconcile.core.hold import Hold, in_force
from reconcile.core.kind import Action
from reconcile.core.lapse import age
from reconcile.core.snapshot import Recorded, SameAs, Values, in_doubt

from .cases import (
    BEFORE,
    CONF,
    DAILY,
    NONE,
    NOW,
    OFF,
    ON,
    RESET,
    WEEKLY,
    A,
    B,
    asset,
    change_of,
    missing,
    ours,
    plan_of,
    shown,
    snapshots,
    unread,
    want,
)

LATER = "2026-12-01T00:00:00Z"
EARLIER = "2026-11-20T00:00:00Z"
HOLD = Hold("moving house", LATER)
OVER = Hold("moving house", EARLIER)
EVERYWHERE = Hold("dev sleeps")
PUT_AWAY: Values = {"activated": False, "archived": True}


def unchanged_of(*parts: object, hold: Hold | None = None) -> Unchanged:
    plan = plan_of(*parts, hold=hold)  # type: ignore[arg-type]
    assert plan.changes == ()
    (found,) = plan.unchanged
    return found


def held(address: Address, *, since: str = BEFORE, **more: object) -> Recorded:
    """Return the record of a schedule that a hold keeps off."""
    return ours(address, NONE, held_since=since, **more)


def recorded(item: Change | Unchanged) -> Recorded:
    assert item.to_record is not None
    return item.to_record


# -- how long it lasts -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("until", "over"),
    [(None, False), ("2026-11-22T14:00:01Z", False), (NOW, True), ("2026-11-22T13:59:59Z", True)],
)
def test_it_ends_at_until(until: str | None, over: bool) -> None:
    """In force before that second, over from it on; for good without one."""
    assert Hold("why", until).is_over(NOW) is over
    assert (in_force((Hold("why", until),), NOW) is None) is over


def test_of_several_the_last_to_end_counts() -> None:
    """The entry's and the environment's: what ends last keeps it off; one that is over counts for nothing."""
    assert in_force((HOLD, EVERYWHERE), NOW) is EVERYWHERE
    assert in_force((HOLD, Hold("short", "2026-11-30T00:00:00Z")), NOW) is HOLD
    assert in_force((Hold("mine"), EVERYWHERE), NOW) == Hold("mine")
    assert in_force((None, OVER), NOW) is None


@pytest.mark.parametrize(
    ("since", "words"),
    [
        ("2026-11-10T13:00:00Z", "12 days"),
        ("2026-11-21T14:00:00Z", "1 day"),
        ("2026-11-22T08:59:00Z", "5 hours"),
        ("2026-11-22T13:58:59Z", "1 minute"),
        (NOW, "less than a minute"),
        ("2026-11-22T15:00:00Z", "less than a minute"),
    ],
)
def test_an_age_is_the_largest_whole_unit(since: str, words: str) -> None:
    """Clocks that differ make nothing older than it is."""
    assert age(since, NOW) == words


# -- putting on hold ---------------------------------------------------------------------------------------------------


def test_a_held_schedule_is_taken_away_and_recorded_as_held() -> None:
    """What is there goes, for the reason that the file gives; the record says since when."""
    change = change_of(want(A, DAILY, hold=HOLD), shown(A, DAILY), ours(A, DAILY))
    assert (change.action, change.why, change.after, change.hold) == (Action.DELETE, Why.FILE, {}, HOLD)
    assert [request.method for request in change.requests] == ["DELETE"]
    assert (recorded(change).values, recorded(change).held_since) == (NONE, NOW)


def test_a_schedule_that_was_never_ours_is_held_all_the_same() -> None:
    """The file asks for it: adopting under a hold takes the schedule away, and shows why."""
    change = change_of(want(A, DAILY, hold=HOLD), shown(A, WEEKLY))
    assert (change.action, change.why, change.hold) == (Action.DELETE, Why.NEW, HOLD)
    assert recorded(change).held_since == NOW


def test_a_held_configuration_is_switched_off_and_stays_where_it_was_put() -> None:
    """``activated`` goes, ``archived`` is as the file says; nothing of it can be read, so it is sent."""
    change = change_of(want(CONF, ON, hold=HOLD), ours(CONF, ON))
    assert (change.action, change.after, change.hold) == (Action.UPDATE, OFF, HOLD)
    assert recorded(change).held_since == NOW
    assert change_of(want(CONF, ON, hold=HOLD)).action is Action.ASSERT


@pytest.mark.parametrize("values", [OFF, PUT_AWAY])
def test_what_is_off_anyway_is_held_and_nothing_changes(values: Values) -> None:
    """There is nothing to be kept off, so nothing is recorded as kept off."""
    found = unchanged_of(want(CONF, values, hold=HOLD), ours(CONF, values))
    assert (found.hold, found.to_record) == (HOLD, None)


def test_frequency_none_under_a_hold_changes_nothing() -> None:
    """The same for a schedule that is to be none."""
    found = unchanged_of(want(A, NONE, hold=HOLD), shown(A, NONE), ours(A, NONE))
    assert (found.hold, found.to_record) == (HOLD, None)


def test_where_nothing_is_there_yet_only_the_record_learns_of_the_hold() -> None:
    """A new schedule under a hold is not made; that it is held counts from now on."""
    found = unchanged_of(want(A, DAILY, hold=HOLD), shown(A, NONE))
    assert (found.hold, recorded(found).held_since) == (HOLD, NOW)


def test_the_hold_of_the_environment_holds_everything() -> None:
    """Schedules, configurations and what is only done once."""
    plan = plan_of(want(A, DAILY), shown(A, DAILY), want(CONF, ON), want(RESET, {"once": "x"}), hold=EVERYWHERE)
    assert {(c.address, c.action) for c in plan.changes} == {(A, Action.DELETE), (CONF, Action.ASSERT)}
    assert [item.address for item in plan.held] == [A, CONF, RESET]
    assert all(item.hold == EVERYWHERE for item in plan.held)


# -- while it lasts ----------------------------------------------------------------------------------------------------


def test_what_is_held_keeps_its_age() -> None:
    """Nothing to do, and the hold is as old as the record says."""
    found = unchanged_of(want(A, DAILY, hold=HOLD), shown(A, NONE), held(A))
    assert found.to_record is None
    assert found.hold == Hold("moving house", LATER, BEFORE)


def test_another_reason_makes_it_no_younger() -> None:
    """The words may change while it is held, and what it would come back as may, too."""
    found = unchanged_of(want(A, WEEKLY, hold=Hold("still moving")), shown(A, NONE), held(A))
    assert found.to_record is None
    assert found.hold == Hold("still moving", None, BEFORE)


def test_a_schedule_made_by_hand_during_a_hold_is_drift() -> None:
    """It is said to have moved, and is taken away again; the hold stays as old as it is."""
    plan = plan_of(want(A, DAILY, hold=HOLD), shown(A, WEEKLY), held(A))
    (change,), (drift,) = plan.changes, plan.drift
    assert (change.action, change.why) == (Action.DELETE, Why.DRIFT)
    assert recorded(change).held_since == BEFORE
    assert {field.path for field in drift.fields} == set(WEEKLY)


def test_what_is_held_has_not_drifted() -> None:
    """That nothing is there is as we left it."""
    assert plan_of(want(A, DAILY, hold=HOLD), shown(A, NONE), held(A)).drift == ()


def test_a_one_shot_waits() -> None:
    """It is not done and nothing is recorded; the first plan after the hold does it."""
    found = unchanged_of(want(RESET, {"once": "x"}, hold=HOLD))
    assert (found.hold, found.to_record) == (HOLD, None)
    assert change_of(want(RESET, {"once": "x"}, hold=OVER)).action is Action.RUN


def test_a_one_shot_that_was_done_is_not_held() -> None:
    """There is nothing left to wait."""
    assert unchanged_of(want(RESET, {"once": "x"}, hold=HOLD), ours(RESET, {"once": "x"})).hold is None


def test_a_doubtful_hold_is_looked_at_again() -> None:
    """The answer to its delete was lost: what is there decides, and it stays held."""
    doubt = in_doubt(held(A, since=NOW), ours(A, DAILY))
    assert doubt.held_since == NOW
    done = unchanged_of(want(A, DAILY, hold=HOLD), shown(A, NONE), doubt)
    assert (recorded(done).certain, recorded(done).held_since) == (True, NOW)
    again = change_of(want(A, DAILY, hold=HOLD), shown(A, DAILY), doubt)
    assert (again.action, recorded(again).held_since) == (Action.DELETE, NOW)


def test_a_lost_answer_to_a_restore_forgets_no_hold() -> None:
    """Not knowing whether it came back, the record still says that it was held."""
    assert in_doubt(ours(A, DAILY), held(A)).held_since == BEFORE


# -- bringing back -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hold", "note"),
    [
        (OVER, "the hold ended at 2026-11-20 00:00:00 UTC"),
        (None, "the hold was removed"),
        # Over before the object was held: it was another one.
        (Hold("last year", "2025-01-01T00:00:00Z"), "the hold was removed"),
    ],
)
def test_the_first_plan_afterwards_restores(hold: Hold | None, note: str) -> None:
    """As the file says now, and the plan says why."""
    change = change_of(want(A, DAILY, hold=hold), shown(A, NONE), held(A))
    assert (change.action, change.why, change.note, change.hold) == (Action.CREATE, Why.FILE, note, None)
    assert recorded(change).held_since is None


def test_a_configuration_is_switched_on_again() -> None:
    """What cannot be read is sent."""
    change = change_of(want(CONF, ON, hold=OVER), ours(CONF, OFF, held_since=BEFORE))
    assert (change.action, change.after, recorded(change).held_since) == (Action.UPDATE, ON, None)


def test_the_environments_hold_ends_too() -> None:
    """One note for all of it."""
    plan = plan_of(want(A, DAILY), shown(A, NONE), held(A), want(B, DAILY), shown(B, NONE), held(B), hold=OVER)
    assert [c.action for c in plan.changes] == [Action.CREATE] * 2
    assert [(d.code, d.severity) for d in plan.diagnostics] == [("hold-over", Severity.NOTE)]


def test_a_hold_that_is_over_can_be_removed() -> None:
    """Once restored, a note says so at the entry; it is no warning, and not said while there is something to do."""
    parts = (want(A, DAILY, hold=OVER), shown(A, DAILY), ours(A, DAILY))
    (told,) = plan_of(*parts).diagnostics
    assert (told.code, told.severity, told.address) == ("hold-over", Severity.NOTE, str(A))
    assert plan_of(want(A, DAILY, hold=OVER), shown(A, NONE), held(A)).diagnostics == ()


def test_what_was_restored_by_hand_is_recorded_as_it_is() -> None:
    """Nothing to send; the record forgets the hold."""
    found = unchanged_of(want(A, DAILY), shown(A, DAILY), held(A))
    assert (recorded(found).values, recorded(found).held_since) == (DAILY, None)


# -- giving up what is held --------------------------------------------------------------------------------------------


def codes(*parts: object, limits: DeleteLimits | None = None, hold: Hold | None = None) -> list[str]:
    views = snapshots(*parts)  # type: ignore[arg-type]
    plan = plan_of(*parts, hold=hold)  # type: ignore[arg-type]
    return [d.code for d in refusals(plan, views.recorded, views.live, limits or DeleteLimits())]


def test_removing_a_held_entry_is_a_delete_without_a_call() -> None:
    """Nothing is there to be deleted; but what would have come back never will."""
    change = change_of(shown(A, NONE), held(A))
    assert (change.action, change.requests, change.to_record, change.is_ours) == (Action.DELETE, (), None, True)
    assert "held" in change.note
    assert codes(shown(A, NONE), held(A)) == ["guard-deletes"]
    assert codes(shown(A, NONE), held(A, protect=True), limits=DeleteLimits(allowed=1)) == ["guard-protected"]


@pytest.mark.parametrize("hold", [None, HOLD])
def test_none_in_place_of_a_held_schedule_is_the_same(hold: Hold | None) -> None:
    """Guarded like any ``frequency: none``, whether the hold goes on or not; then it is settled."""
    parts = (want(A, NONE, hold=hold), shown(A, NONE), held(A, protect=True))
    change = change_of(*parts)
    assert (change.action, change.requests, recorded(change).held_since) == (Action.DELETE, (), None)
    assert codes(*parts, limits=DeleteLimits(100)) == ["guard-protected"]
    assert plan_of(want(A, NONE, hold=hold), shown(A, NONE), recorded(change)).changes == ()


def test_a_held_schedule_that_somebody_made_by_hand_is_guarded_too() -> None:
    """What goes is what a person made; and what is held does not come back either."""
    parts = (want(A, NONE), shown(A, WEEKLY), held(A))
    assert [r.method for r in change_of(*parts).requests] == ["DELETE"]
    assert codes(*parts) == ["guard-deletes"]


def test_what_is_there_in_spite_of_a_hold_is_left_alone_with_its_entry_gone() -> None:
    """We had seen to it that nothing is there: it is somebody's."""
    change = change_of(shown(A, WEEKLY), held(A))
    assert (change.action, change.requests) == (Action.FORGET, ())


def test_a_held_configuration_stays_off_for_good() -> None:
    """It is forgotten like any other, and the plan says how it is left."""
    change = change_of(ours(CONF, OFF, held_since=BEFORE))
    assert change.action is Action.FORGET
    assert "stays off" in change.note


def test_a_held_asset_that_is_gone_is_forgotten() -> None:
    """There is nothing left that anybody could hold."""
    assert change_of(missing(A), held(A)).action is Action.FORGET


def test_another_name_for_a_held_asset_keeps_the_hold() -> None:
    """By id instead of by name: the hold goes with it, and nothing is lost."""
    by_id = Address("sales", "schedule", "id:05v000000000001AAA")
    parts = (SameAs(A, by_id), held(A, protect=True), want(by_id, DAILY, hold=HOLD), shown(by_id, NONE))
    plan = plan_of(*parts)
    assert [(c.address, c.action) for c in plan.changes] == [(A, Action.FORGET)]
    (kept,) = plan.unchanged
    assert recorded(kept).held_since == BEFORE
    assert codes(*parts, limits=DeleteLimits(100)) == []


# -- guards ------------------------------------------------------------------------------------------------------------


def test_a_hold_is_no_loss() -> None:
    """A whole environment may be put on hold, protected objects too, within any limits."""
    parts = [part for n in range(10) for part in (want(asset(n), DAILY), shown(asset(n), DAILY))]
    parts += [ours(asset(n), DAILY, protect=True) for n in range(10)]  # type: ignore[misc]
    assert len(plan_of(*parts, hold=EVERYWHERE).changes) == 10
    assert codes(*parts, hold=EVERYWHERE, limits=DeleteLimits(0, 0)) == []


def test_a_hold_needs_no_whole_listing() -> None:
    """What is taken away has been seen; it comes back by itself."""
    parts = (want(A, DAILY, hold=HOLD), shown(A, DAILY), ours(A, DAILY), want(B, DAILY), unread(B))
    assert codes(*parts) == []


def test_none_under_a_hold_is_a_delete_like_any_other() -> None:
    """What the file itself asks for is not excused by a hold."""
    assert codes(want(A, NONE, hold=HOLD), shown(A, DAILY), ours(A, DAILY)) == ["guard-deletes"]
