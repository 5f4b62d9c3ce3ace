"""Taking back what an apply did to one object: every action, and everything that can be in the way."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from core.cases import (
    CONF,
    DAILY,
    EVENT,
    HIDDEN,
    KINDS,
    OFF,
    ON,
    RESET,
    RULE,
    WEEKLY,
    A,
    B,
    change_of,
    missing,
    ours,
    shown,
    unread,
    want,
)
from reconcile.core.address import Address
from reconcile.core.change import Change, LeftOut, ThreeWay, Unchanged
from reconcile.core.diagnostic import Diagnostic
from reconcile.core.drift import Why
from reconcile.core.kind import Action
from reconcile.core.snapshot import Reading, Recorded, Unreadable, Values
from reconcile.core.undo import Past, TakenBack, Undoing, take_back

NONE: Values = {"frequency": "none"}
LATER: Values = {**DAILY, "time": "09:00"}
WORDS = "takes back apply a1"


def past(
    action: Action, before: Values, after: Values, was: Recorded | None, became: Recorded | None, **more: Any
) -> Past:
    """Return what an apply did to recipe A."""
    address = more.pop("address", A)
    return Past(address, action, before, after, was=was, became=became, **more)


def back(of: Past, reading: Reading | None, recorded: Recorded | None, culprit: str = "") -> TakenBack:
    """Take it back."""
    connected = KINDS[of.address.connection, of.address.kind]
    return take_back(Undoing(of, connected, reading, recorded, WORDS, culprit))


def changed(of: Past, reading: Reading | None, recorded: Recorded | None) -> Change:
    """Take it back, which takes a change."""
    found = back(of, reading, recorded)
    assert isinstance(found, Change), found
    assert (found.why, found.note.startswith(WORDS)) == (Why.UNDO, True)
    return found


def left(of: Past, reading: Reading | None, recorded: Recorded | None, culprit: str = "") -> LeftOut:
    """Try to take it back, in vain."""
    found = back(of, reading, recorded, culprit)
    assert isinstance(found, LeftOut), found
    assert (found.address, found.action) == (of.address, of.action)
    assert str(of.address) in found.diagnostic.detail
    return found


# -- what can be seen --------------------------------------------------------------------------------------------------


def test_what_was_created_is_deleted_and_nobodys() -> None:
    of = past(Action.CREATE, {}, DAILY, None, ours(A, DAILY))
    change = changed(of, shown(A, DAILY), ours(A, DAILY))
    assert (change.action, change.before, change.after, change.to_record) == (Action.DELETE, DAILY, {}, None)
    assert [request.method for request in change.requests] == ["DELETE"]
    assert change.is_ours


def test_what_was_changed_is_what_it_was_and_so_is_its_record() -> None:
    was = ours(A, DAILY, applied_at="2026-01-01T00:00:00Z", file="old.yaml")
    of = past(Action.UPDATE, DAILY, WEEKLY, was, ours(A, WEEKLY))
    change = changed(of, shown(A, WEEKLY), ours(A, WEEKLY))
    assert (change.action, change.before, change.after, change.to_record) == (Action.UPDATE, WEEKLY, DAILY, was)
    assert [(f.path, f.before, f.after) for f in change.fields][:2] == [
        ("frequency", "weekly", "daily"),
        ("time", "00:45", "01:00"),
    ]
    assert [request.method for request in change.requests] == ["PUT"]


def test_what_was_deleted_comes_back_with_all_that_was_seen_of_it() -> None:
    seen = {**DAILY, "notification_level": "always"}
    was = ours(A, DAILY)
    change = changed(past(Action.DELETE, seen, {}, was, None), shown(A, NONE), None)
    assert (change.action, change.before, change.after, change.to_record) == (Action.CREATE, {}, seen, was)


def test_what_was_not_ours_before_is_nobodys_again() -> None:
    """An object that people had made, and that the apply took over with a change."""
    of = past(Action.UPDATE, WEEKLY, DAILY, None, ours(A, DAILY))
    change = changed(of, shown(A, DAILY), ours(A, DAILY))
    assert (change.action, change.after, change.to_record) == (Action.UPDATE, WEEKLY, None)


def test_a_drift_that_was_put_right_is_there_again() -> None:
    """Live goes back to what was live, the record to what was recorded: not the same here."""
    was = ours(A, DAILY)
    of = past(Action.UPDATE, LATER, DAILY, was, ours(A, DAILY))
    change = changed(of, shown(A, DAILY), ours(A, DAILY))
    assert (change.after, change.to_record) == (LATER, was)


def test_a_field_that_the_apply_did_not_manage_goes_back_to_what_was_seen() -> None:
    """A PUT without it may have reset it."""
    of = past(Action.UPDATE, {**DAILY, "notification_level": "always"}, LATER, ours(A, DAILY), ours(A, LATER))
    change = changed(of, shown(A, {**LATER, "notification_level": "warnings"}), ours(A, LATER))
    assert change.after == {**DAILY, "notification_level": "always"}


def test_a_field_that_nobody_had_seen_or_managed_stays_as_it_is() -> None:
    """Some lists do not carry it; a PUT that left it out would reset it."""
    of = past(Action.UPDATE, DAILY, LATER, ours(A, DAILY), ours(A, LATER))
    change = changed(of, shown(A, {**LATER, "notification_level": "never"}), ours(A, LATER))
    assert change.after == {**DAILY, "notification_level": "never"}
    assert [f.path for f in change.fields] == ["time"]


def test_what_the_platform_spells_otherwise_is_no_change() -> None:
    week = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
    spelled = {**DAILY, "frequency": "weekly", "days_of_week": week}
    of = past(Action.UPDATE, WEEKLY, DAILY, ours(A, WEEKLY), ours(A, DAILY))
    assert changed(of, shown(A, spelled), ours(A, DAILY)).after == WEEKLY


@pytest.mark.parametrize("level", [None, "never"])
def test_what_is_back_already_costs_nothing_but_the_record(level: str | None) -> None:
    more = {"notification_level": level} if level else {}
    was = ours(A, DAILY)
    of = past(Action.UPDATE, DAILY, WEEKLY, was, ours(A, WEEKLY))
    found = back(of, shown(A, {**DAILY, **more}), ours(A, WEEKLY))
    assert isinstance(found, Unchanged)
    assert (found.to_record, found.source) == (was, None)


def test_what_is_back_already_and_was_nobodys_is_only_forgotten() -> None:
    change = changed(past(Action.CREATE, {}, DAILY, None, ours(A, DAILY)), shown(A, NONE), ours(A, DAILY))
    assert (change.action, change.requests, change.to_record) == (Action.FORGET, (), None)


def test_what_is_back_live_and_recorded_by_somebody_since_is_left_alone() -> None:
    """A later apply had the same idea; its record stays."""
    of = past(Action.UPDATE, DAILY, WEEKLY, ours(A, DAILY), ours(A, WEEKLY))
    found = back(of, shown(A, DAILY), ours(A, DAILY, file="new.yaml"))
    assert isinstance(found, Unchanged)
    assert found.to_record is None


def test_an_undo_that_was_cut_off_after_its_call_finds_everything_back() -> None:
    """The record is not certain then; live decides."""
    of = past(Action.UPDATE, DAILY, WEEKLY, ours(A, DAILY), ours(A, WEEKLY))
    found = back(of, shown(A, DAILY), ours(A, DAILY, certain=False, before=WEEKLY))
    assert isinstance(found, Unchanged)


# -- changed since -----------------------------------------------------------------------------------------------------


def test_somebody_changed_it_by_hand() -> None:
    """Refused, with what it was made, what it is, and what it would become."""
    of = past(Action.UPDATE, DAILY, WEEKLY, ours(A, DAILY), ours(A, WEEKLY))
    found = left(of, shown(A, {**WEEKLY, "time": "05:00"}), ours(A, WEEKLY))
    assert found.diagnostic.code == "changed-since"
    assert found.fields == (ThreeWay("time", "00:45", "05:00", "01:00"),)
    assert "on the platform" in found.reason


def test_somebody_deleted_it_by_hand() -> None:
    of = past(Action.UPDATE, DAILY, WEEKLY, ours(A, DAILY), ours(A, WEEKLY))
    assert left(of, shown(A, NONE), ours(A, WEEKLY)).fields[0] == ThreeWay("frequency", "weekly", None, "daily")


def test_somebody_made_a_new_one_where_it_was_deleted() -> None:
    found = left(past(Action.DELETE, DAILY, {}, ours(A, DAILY), None), shown(A, WEEKLY), None)
    assert found.diagnostic.code == "changed-since"
    assert {f.path for f in found.fields} == {"frequency", "days_of_week", "time", "timezone"}


def test_a_later_apply_changed_it() -> None:
    of = past(Action.UPDATE, DAILY, WEEKLY, ours(A, DAILY), ours(A, WEEKLY))
    found = left(of, shown(A, LATER), ours(A, LATER), culprit="b2")
    assert "by apply b2" in found.reason
    assert found.diagnostic.hint == "`reconcile undo b2` comes first"


def test_a_later_apply_changed_a_field_that_the_first_one_did_not_manage() -> None:
    """Live is still what the first one asked for; all the same it would be taken back with it."""
    later = {**WEEKLY, "notification_level": "never"}
    of = past(Action.UPDATE, DAILY, WEEKLY, ours(A, DAILY), ours(A, WEEKLY))
    found = left(of, shown(A, later), ours(A, later), culprit="b2")
    assert found.fields == (ThreeWay("notification_level", None, "never", "never"),)


def test_it_is_recorded_no_more() -> None:
    """`state forget`: somebody said that it is not ours."""
    of = past(Action.UPDATE, DAILY, WEEKLY, ours(A, DAILY), ours(A, WEEKLY))
    assert "in the record, where it is no more" in left(of, shown(A, WEEKLY), None).diagnostic.detail


def test_another_asset_has_its_name_now() -> None:
    of = past(Action.UPDATE, DAILY, WEEKLY, ours(A, DAILY), ours(A, WEEKLY))
    assert "another object" in left(of, shown(A, WEEKLY, id="05v9"), ours(A, WEEKLY)).reason


def test_the_asset_is_gone() -> None:
    of = past(Action.UPDATE, DAILY, WEEKLY, ours(A, DAILY), ours(A, WEEKLY))
    found = back(of, missing(A), ours(A, WEEKLY))
    assert isinstance(found, LeftOut)
    assert (found.diagnostic.code, found.diagnostic.address) == ("unknown-object", str(A))


def test_what_was_created_on_an_asset_that_is_gone_is_back() -> None:
    change = changed(past(Action.CREATE, {}, DAILY, None, ours(A, DAILY)), missing(A), ours(A, DAILY))
    assert (change.action, change.requests) == (Action.FORGET, ())


def test_a_failed_read_says_nothing_of_the_object() -> None:
    found = back(past(Action.CREATE, {}, DAILY, None, ours(A, DAILY)), unread(A), ours(A, DAILY))
    assert isinstance(found, Diagnostic)
    assert (found.code, found.address) == ("unavailable", str(A))


def test_what_the_platform_kept_in_part_is_taken_back_while_it_is_as_it_was_kept() -> None:
    asked = {**WEEKLY, "notification_level": "never"}
    of = past(Action.UPDATE, DAILY, asked, ours(A, DAILY), ours(A, WEEKLY), in_part=True)
    assert changed(of, shown(A, WEEKLY), ours(A, WEEKLY)).after == DAILY


# -- protection --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("was", "made", "now", "then"),
    [(False, True, True, False), (False, False, True, True), (True, True, False, False), (True, True, True, True)],
)
def test_a_protection_that_was_given_or_lifted_since_stays_so(was: bool, made: bool, now: bool, then: bool) -> None:
    of = past(Action.UPDATE, DAILY, WEEKLY, ours(A, DAILY, protect=was), ours(A, WEEKLY, protect=made))
    change = changed(of, shown(A, WEEKLY), ours(A, WEEKLY, protect=now))
    assert (change.protect, change.is_protected) == (then, now)


# -- what the platform hides -------------------------------------------------------------------------------------------


def test_a_hidden_field_comes_back_from_the_record() -> None:
    of = past(Action.UPDATE, HIDDEN, DAILY, ours(A, EVENT), ours(A, DAILY), hidden=("trigger_rule",))
    assert changed(of, shown(A, DAILY), ours(A, DAILY)).after == EVENT


@pytest.mark.parametrize("was", [None, ours(A, EVENT, certain=False)])
def test_a_hidden_field_that_nobody_knew_cannot_come_back(was: Recorded | None) -> None:
    of = past(Action.UPDATE, HIDDEN, DAILY, was, ours(A, DAILY), hidden=("trigger_rule",))
    found = left(of, shown(A, DAILY), ours(A, DAILY))
    assert found.diagnostic.code == "irreversible"
    assert "trigger_rule" in found.reason


def test_a_change_of_what_is_hidden_is_taken_back_by_the_record() -> None:
    """Live looks the same before and after; only the record can tell."""
    other = {**EVENT, "trigger_rule": "recipe:05v1"}
    of = past(Action.UPDATE, HIDDEN, other, ours(A, EVENT), ours(A, other), hidden=("trigger_rule",))
    change = changed(of, shown(A, HIDDEN, unknown=RULE), ours(A, other))
    assert [(f.path, f.before, f.after) for f in change.fields] == [
        ("trigger_rule", "recipe:05v1", "$ALL_SALESFORCE_OBJECTS")
    ]
    assert isinstance(back(of, shown(A, HIDDEN, unknown=RULE), ours(A, EVENT)), Unchanged)


# -- what cannot be read -----------------------------------------------------------------------------------------------


def flags(before: Values, after: Values, was: Recorded | None, became: Recorded | None, **more: Any) -> Past:
    """Return what an apply did to a configuration."""
    return past(Action.UPDATE, before, after, was, became, address=CONF, **more)


def of_conf(values: Values, **more: Any) -> Recorded:
    """Return a recorded configuration."""
    return ours(CONF, values, id=None, **more)


def test_a_flag_goes_back_to_what_was_recorded() -> None:
    change = changed(flags(ON, OFF, of_conf(ON), of_conf(OFF)), Unreadable(CONF), of_conf(OFF))
    assert (change.action, change.before, change.after, change.to_record) == (Action.UPDATE, OFF, ON, of_conf(ON))
    assert [(request.method, request.path) for request in change.requests] == [("POST", "/v1/configuration/status")]
    assert change.stage == KINDS["tailer_dev", "configuration"].kind.stage(Action.UPDATE, CONF, ON)


def test_a_first_write_has_no_way_back() -> None:
    found = left(flags({}, OFF, None, of_conf(OFF)), Unreadable(CONF), of_conf(OFF))
    assert found.diagnostic.code == "irreversible"


def test_a_write_over_what_nobody_knew_has_no_way_back() -> None:
    """By hand a flag is set over a record that is not certain, with its values as the ones before."""
    found = left(flags(ON, OFF, of_conf(ON, certain=False), of_conf(OFF)), Unreadable(CONF), of_conf(OFF))
    assert found.diagnostic.code == "irreversible"


def test_a_flag_that_was_set_again_since_is_left() -> None:
    found = left(flags(ON, OFF, of_conf(ON), of_conf(OFF)), Unreadable(CONF), of_conf({**OFF, "archived": True}))
    assert found.fields == (ThreeWay("archived", False, True, False),)


def test_a_flag_of_which_the_answer_was_lost_is_sent_as_it_was() -> None:
    lost = of_conf(OFF, certain=False, before=ON)
    change = changed(flags(ON, OFF, of_conf(ON), lost), Unreadable(CONF), lost)
    assert (change.action, change.before, change.after) == (Action.ASSERT, {}, ON)


def test_flags_that_are_back_or_were_only_sent_again_cost_nothing() -> None:
    assert isinstance(back(flags(ON, OFF, of_conf(ON), of_conf(OFF)), Unreadable(CONF), of_conf(ON)), Unchanged)
    assert isinstance(back(flags(ON, ON, of_conf(ON), of_conf(ON)), Unreadable(CONF), of_conf(ON)), Unchanged)


def test_what_was_done_once_stays_done() -> None:
    of = past(Action.RUN, {}, {"once": "x"}, None, ours(RESET, {"once": "x"}), address=RESET)
    assert left(of, None, ours(RESET, {"once": "x"})).diagnostic.code == "irreversible"


# -- what only the record knew -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", [A, CONF, RESET])
def test_what_was_forgotten_is_recorded_again(address: Address) -> None:
    """Also a reset: it is not done once more then."""
    was = ours(address, {"once": "x"} if address == RESET else ON if address == CONF else DAILY)
    found = back(past(Action.FORGET, was.values, {}, was, None, address=address, record_only=True), None, None)
    assert isinstance(found, Unchanged)
    assert found.to_record == was


def test_what_was_forgotten_and_is_ours_again_stays_so() -> None:
    of = past(Action.FORGET, DAILY, {}, ours(A, DAILY), None, record_only=True)
    assert left(of, None, ours(A, WEEKLY)).diagnostic.code == "changed-since"
    found = back(of, None, ours(A, DAILY))
    assert isinstance(found, Unchanged)
    assert found.to_record is None


def test_what_was_only_adopted_is_nobodys_again() -> None:
    of = past(Action.UNCHANGED, {}, {}, None, ours(B, DAILY), address=B, record_only=True)
    change = changed(of, None, ours(B, DAILY))
    assert (change.action, change.requests, change.to_record) == (Action.FORGET, (), None)


# -- labelled in the plan ----------------------------------------------------------------------------------------------


def test_a_plan_says_what_cannot_be_taken_back() -> None:
    reset = change_of(want(RESET, {"once": "x"}))
    first = change_of(want(CONF, OFF))
    unsure = change_of(want(CONF, OFF), of_conf(ON, certain=False))
    assert [bool(each.irreversible) for each in (reset, first, unsure)] == [True, True, True]
    hidden = change_of(want(A, DAILY), shown(A, HIDDEN, unknown=RULE))
    assert "trigger_rule" in hidden.irreversible
    assert hidden.hidden == ("trigger_rule",)


def test_what_can_be_taken_back_has_no_such_label() -> None:
    for parts in (
        (want(A, DAILY), shown(A, NONE)),
        (want(A, DAILY), shown(A, WEEKLY)),
        (want(A, NONE), shown(A, WEEKLY)),
        (ours(A, DAILY), shown(A, DAILY)),
        (want(CONF, OFF), of_conf(ON)),
        (of_conf(ON),),
        (want(A, DAILY), shown(A, HIDDEN, unknown=RULE), ours(A, EVENT)),
    ):
        assert change_of(*parts).irreversible == ""


def test_the_label_of_an_undo_is_about_undoing_it() -> None:
    """Done over a record that is not certain, a flag is lost."""
    lost = of_conf(OFF, certain=False, before=ON)
    assert changed(flags(ON, OFF, of_conf(ON), lost), Unreadable(CONF), lost).irreversible
    assert not changed(flags(ON, OFF, of_conf(ON), of_conf(OFF)), Unreadable(CONF), of_conf(OFF)).irreversible


def test_nothing_is_taken_back_twice() -> None:
    """What take_back makes, taken for done, leaves nothing to take back."""
    of = past(Action.UPDATE, DAILY, WEEKLY, ours(A, DAILY), ours(A, WEEKLY))
    change = changed(of, shown(A, WEEKLY), ours(A, WEEKLY))
    assert change.to_record is not None
    again = back(of, shown(A, change.after), replace(change.to_record))
    assert isinstance(again, Unchanged)
    assert again.to_record is None


def test_a_field_that_the_apply_added_goes_again() -> None:
    """Live has all that there was, and one thing more."""
    added = {**DAILY, "notification_level": "never"}
    of = past(Action.UPDATE, DAILY, added, ours(A, DAILY), ours(A, added))
    change = changed(of, shown(A, added), ours(A, added))
    assert change.after == DAILY
    assert [(f.path, f.before, f.after) for f in change.fields] == [("notification_level", "never", None)]
    assert change.unset == {"notification_level"}
