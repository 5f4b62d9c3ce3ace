"""What a plan says about one object: every action, every reason, and what is never said."""

from dataclasses import replace

import pytest

from reconcile.core.address import Address
from reconcile.core.diff import FieldChange
from reconcile.core.drift import Why
from reconcile.core.kind import Action
from reconcile.core.plan import Unchanged, build_plan, moved_since, short_of
from reconcile.core.request import Json, Request
from reconcile.core.snapshot import Desired, Reading, Recorded, SameAs, Values

from .cases import (
    BEFORE,
    CONF,
    DAILY,
    EVENT,
    FLOW,
    HIDDEN,
    KINDS,
    NONE,
    NOW,
    OFF,
    ON,
    RESET,
    RULE,
    SCHEDULE,
    STAMP,
    WEEK,
    WEEKLY,
    A,
    B,
    change_of,
    missing,
    ours,
    plan_of,
    shown,
    snapshots,
    unread,
    want,
)

LATER: Values = {**WEEKLY, "time": "05:00"}
EARLIER: Values = {**WEEKLY, "time": "03:00"}
OTHER_RULE: Values = {"frequency": "eventdriven", "trigger_rule": "$OTHER"}
LEVELLED: Values = {**EVENT, "notification_level": "always"}
QUIET: Values = {**HIDDEN, "notification_level": "never"}

Part = Desired | Reading | Recorded

ROWS: dict[str, tuple[tuple[Part, ...], Action, Why, tuple[str, ...], Why | None]] = {
    "create, new": (
        (want(A, WEEKLY), shown(A, NONE)),
        Action.CREATE,
        Why.NEW,
        ("frequency", "days_of_week", "time", "timezone"),
        None,
    ),
    "create, file": (
        (want(A, WEEKLY), shown(A, NONE), ours(A, NONE)),
        Action.CREATE,
        Why.FILE,
        ("frequency", "days_of_week", "time", "timezone"),
        None,
    ),
    "create, drift": (
        (want(A, WEEKLY), shown(A, NONE), ours(A, WEEKLY)),
        Action.CREATE,
        Why.DRIFT,
        ("frequency", "days_of_week", "time", "timezone"),
        Why.DRIFT,
    ),
    "create, both": (
        (want(A, LATER), shown(A, NONE), ours(A, WEEKLY)),
        Action.CREATE,
        Why.BOTH,
        ("frequency", "days_of_week", "time", "timezone"),
        Why.BOTH,
    ),
    "create, unknown": (
        (want(A, WEEKLY), shown(A, NONE), ours(A, WEEKLY, certain=False)),
        Action.CREATE,
        Why.UNKNOWN,
        ("frequency", "days_of_week", "time", "timezone"),
        None,
    ),
    "update, new": ((want(A, LATER), shown(A, WEEKLY)), Action.UPDATE, Why.NEW, ("time",), None),
    "update, file": ((want(A, LATER), shown(A, WEEKLY), ours(A, WEEKLY)), Action.UPDATE, Why.FILE, ("time",), None),
    "update, drift": (
        (want(A, WEEKLY), shown(A, LATER), ours(A, WEEKLY)),
        Action.UPDATE,
        Why.DRIFT,
        ("time",),
        Why.DRIFT,
    ),
    "update, both": (
        (want(A, LATER), shown(A, EARLIER), ours(A, WEEKLY)),
        Action.UPDATE,
        Why.BOTH,
        ("time",),
        Why.BOTH,
    ),
    "update, unknown": (
        (want(A, LATER), shown(A, WEEKLY), ours(A, LATER, certain=False)),
        Action.UPDATE,
        Why.UNKNOWN,
        ("time",),
        None,
    ),
    "update, another shape": (
        (want(A, DAILY), shown(A, WEEKLY), ours(A, WEEKLY)),
        Action.UPDATE,
        Why.FILE,
        ("frequency", "time", "days_of_week"),
        None,
    ),
    "delete, new: none on what we never applied": (
        (want(A, NONE), shown(A, WEEKLY)),
        Action.DELETE,
        Why.NEW,
        ("frequency", "days_of_week", "time", "timezone"),
        None,
    ),
    "delete, file: none on ours": (
        (want(A, NONE), shown(A, WEEKLY), ours(A, WEEKLY)),
        Action.DELETE,
        Why.FILE,
        ("frequency", "days_of_week", "time", "timezone"),
        None,
    ),
    "delete, drift: somebody scheduled what must have none": (
        (want(A, NONE), shown(A, WEEKLY), ours(A, NONE)),
        Action.DELETE,
        Why.DRIFT,
        ("frequency", "days_of_week", "time", "timezone"),
        Why.DRIFT,
    ),
    "delete, both": (
        (want(A, NONE), shown(A, LATER), ours(A, WEEKLY)),
        Action.DELETE,
        Why.BOTH,
        ("frequency", "days_of_week", "time", "timezone"),
        Why.BOTH,
    ),
    "delete, unknown": (
        (want(A, NONE), shown(A, WEEKLY), ours(A, NONE, certain=False)),
        Action.DELETE,
        Why.UNKNOWN,
        ("frequency", "days_of_week", "time", "timezone"),
        None,
    ),
    "delete, removed entry": (
        (shown(A, WEEKLY), ours(A, WEEKLY)),
        Action.DELETE,
        Why.FILE,
        ("frequency", "days_of_week", "time", "timezone"),
        None,
    ),
    "delete, removed entry that also moved": (
        (shown(A, LATER), ours(A, WEEKLY)),
        Action.DELETE,
        Why.BOTH,
        ("frequency", "days_of_week", "time", "timezone"),
        Why.BOTH,
    ),
    "delete, removed entry with an unclear past, and just what we sent": (
        (shown(A, WEEKLY), ours(A, WEEKLY, certain=False)),
        Action.DELETE,
        Why.FILE,
        ("frequency", "days_of_week", "time", "timezone"),
        None,
    ),
    "forget, removed entry with an unclear past, and something else is there": (
        (shown(A, LATER), ours(A, WEEKLY, certain=False)),
        Action.FORGET,
        Why.FILE,
        (),
        None,
    ),
    "forget, removed entry whose asset is gone": (
        (missing(A), ours(A, WEEKLY)),
        Action.FORGET,
        Why.FILE,
        (),
        Why.BOTH,
    ),
    "forget, removed entry without a schedule": ((shown(A, NONE), ours(A, NONE)), Action.FORGET, Why.FILE, (), None),
    "forget, removed entry that somebody unscheduled": (
        (shown(A, NONE), ours(A, WEEKLY)),
        Action.FORGET,
        Why.FILE,
        (),
        Why.BOTH,
    ),
    "forget, removed none that somebody scheduled": (
        (shown(A, WEEKLY), ours(A, NONE)),
        Action.FORGET,
        Why.FILE,
        (),
        Why.BOTH,
    ),
    "forget, declared by another name": ((SameAs(A, B), ours(A, WEEKLY)), Action.FORGET, Why.FILE, (), None),
    "assert, hidden rule, new": (
        (want(A, EVENT), shown(A, HIDDEN, unknown=RULE)),
        Action.ASSERT,
        Why.UNKNOWN,
        ("trigger_rule",),
        None,
    ),
    "assert, hidden rule, unclear past": (
        (want(A, EVENT), shown(A, HIDDEN, unknown=RULE), ours(A, EVENT, certain=False)),
        Action.ASSERT,
        Why.UNKNOWN,
        ("trigger_rule",),
        None,
    ),
    "update, hidden rule that the file changed": (
        (want(A, OTHER_RULE), shown(A, HIDDEN, unknown=RULE), ours(A, EVENT)),
        Action.UPDATE,
        Why.FILE,
        ("trigger_rule",),
        None,
    ),
    "assert, unreadable, new": ((want(CONF, ON),), Action.ASSERT, Why.NEW, ("activated", "archived"), None),
    "assert, unreadable, unclear past": (
        (want(CONF, ON), ours(CONF, ON, certain=False)),
        Action.ASSERT,
        Why.UNKNOWN,
        ("activated", "archived"),
        None,
    ),
    "update, unreadable": ((want(CONF, OFF), ours(CONF, ON)), Action.UPDATE, Why.FILE, ("activated",), None),
    "forget, unreadable": ((ours(CONF, ON),), Action.FORGET, Why.FILE, (), None),
    "run, new": ((want(RESET, {"once": "a"}),), Action.RUN, Why.NEW, ("once",), None),
    "run, file": ((want(RESET, {"once": "b"}), ours(RESET, {"once": "a"})), Action.RUN, Why.FILE, ("once",), None),
    "run, file, after an unclear one": (
        (want(RESET, {"once": "b"}), ours(RESET, {"once": "a"}, certain=False)),
        Action.RUN,
        Why.FILE,
        ("once",),
        None,
    ),
}


@pytest.mark.parametrize("row", ROWS)
def test_judgement(row: str) -> None:
    """Each combination of desired, live and recorded gives its action, reason, fields and drift."""
    parts, action, why, fields, drift = ROWS[row]
    plan = plan_of(*parts)
    (change,) = plan.changes
    assert (change.action, change.why) == (action, why)
    assert {field.path for field in change.fields} == set(fields)
    assert [item.why for item in plan.drift] == ([drift] if drift else [])
    assert not plan.unchanged
    assert not plan.failed


UNCHANGED: dict[str, tuple[tuple[Part, ...], Why | None, bool]] = {
    "as recorded": ((want(A, WEEKLY), shown(A, WEEKLY), ours(A, WEEKLY)), None, False),
    "adopted": ((want(A, WEEKLY), shown(A, WEEKLY)), None, True),
    "adopted without a schedule": ((want(A, NONE), shown(A, NONE)), None, True),
    "none as recorded": ((want(A, NONE), shown(A, NONE), ours(A, NONE)), None, False),
    "an unclear past that turned out well": (
        (want(A, WEEKLY), shown(A, WEEKLY), ours(A, WEEKLY, certain=False)),
        None,
        True,
    ),
    "somebody did what the file asks for": ((want(A, LATER), shown(A, LATER), ours(A, WEEKLY)), Why.BOTH, True),
    "hidden rule, recorded": ((want(A, EVENT), shown(A, HIDDEN, unknown=RULE), ours(A, EVENT)), None, False),
    "a field that is not in the file": (
        (want(A, WEEKLY), shown(A, {**WEEKLY, "notification_level": "always"}), ours(A, WEEKLY)),
        None,
        False,
    ),
    "a field dropped from the file that moved": (
        (
            want(A, WEEKLY),
            shown(A, {**WEEKLY, "notification_level": "always"}),
            ours(A, {**WEEKLY, "notification_level": "never"}),
        ),
        None,
        True,
    ),
    "unreadable": ((want(CONF, ON), ours(CONF, ON)), None, False),
    "one-shot with the same note": ((want(RESET, {"once": "a"}), ours(RESET, {"once": "a"})), None, False),
    "moved to another file": ((want(A, WEEKLY), shown(A, WEEKLY), ours(A, WEEKLY, file="old.yaml")), None, True),
    "newly protected": ((want(A, WEEKLY, protect=True), shown(A, WEEKLY), ours(A, WEEKLY)), None, True),
    "another id": ((want(A, WEEKLY), shown(A, WEEKLY, id="05v2"), ours(A, WEEKLY)), None, True),
}


@pytest.mark.parametrize("row", UNCHANGED)
def test_unchanged(row: str) -> None:
    """What already is as the file says is no change; it is recorded exactly when our record is not yet that."""
    parts, drift, to_record = UNCHANGED[row]
    parts = tuple(replace(p, file="tailer.yaml") if isinstance(p, Recorded) and p.address == CONF else p for p in parts)
    if any(p.address in (CONF, RESET) for p in parts):
        parts = tuple(replace(p, file="sales.yaml") if isinstance(p, Recorded) else p for p in parts)
    plan = plan_of(*parts)
    assert plan.changes == ()
    assert [item.why for item in plan.drift] == ([drift] if drift else [])
    (item,) = plan.unchanged
    assert (item.to_record is not None) == to_record


def same_day_and_zone(live: Values, wanted: Values) -> bool:
    plan = plan_of(want(A, wanted), shown(A, live), ours(A, wanted))
    return not plan.changes and not plan.drift


EVERY_DAY: Values = {**WEEKLY, "days_of_week": WEEK, "time": "01:00"}


@pytest.mark.parametrize(
    ("live", "wanted"),
    [
        (EVERY_DAY, DAILY),
        (DAILY, EVERY_DAY),
        ({**DAILY, "timezone": "GMT"}, DAILY),
        ({**DAILY, "timezone": "Etc/UCT"}, {**DAILY, "timezone": "Zulu"}),
        ({**EVERY_DAY, "timezone": "Etc/GMT"}, DAILY),
        (
            {**EVENT, "trigger_rule": "recipe:05v000000000001AAA AND $ALL_SALESFORCE_OBJECTS"},
            {**EVENT, "trigger_rule": "$ALL_SALESFORCE_OBJECTS AND recipe:05v000000000001"},
        ),
    ],
)
def test_two_spellings_of_the_same_are_neither_change_nor_drift(live: Values, wanted: Values) -> None:
    """Daily is weekly on seven days, UTC has many names, an AND-list has no order, ids have two lengths."""
    assert same_day_and_zone(live, wanted)


@pytest.mark.parametrize(
    ("live", "wanted"),
    [
        ({**EVERY_DAY, "days_of_week": WEEK[1:]}, DAILY),
        ({**DAILY, "timezone": "Europe/London"}, DAILY),
        ({**EVENT, "trigger_rule": "recipe:05v000000000002AAA"}, {**EVENT, "trigger_rule": "recipe:05v000000000001"}),
    ],
)
def test_near_spellings_are_still_different(live: Values, wanted: Values) -> None:
    """Six days are not daily, London is not UTC, another asset is another trigger."""
    assert not same_day_and_zone(live, wanted)


def test_a_respelled_file_is_no_edit() -> None:
    """Writing daily where weekly on seven days stood sends nothing, and keeps when it was last applied."""
    plan = plan_of(want(A, DAILY), shown(A, EVERY_DAY), ours(A, EVERY_DAY))
    (item,) = plan.unchanged
    assert plan.changes == ()
    assert item.to_record is not None
    assert (item.to_record.values, item.to_record.applied_at) == (DAILY, BEFORE)


def test_an_adoption_is_recorded_as_of_now() -> None:
    """What we never applied and find as asked for becomes ours at the time of the plan."""
    (record,) = plan_of(want(A, WEEKLY), shown(A, WEEKLY)).records
    assert record == Recorded(A, WEEKLY, NOW, "05v1", False, "sales.yaml")


def test_reassert_sends_what_cannot_be_read_and_nothing_else() -> None:
    """With --reassert a configuration is sent again; a schedule that is shown as asked for is not."""
    parts = (want(CONF, ON), ours(CONF, ON), want(A, WEEKLY), shown(A, WEEKLY), ours(A, WEEKLY))
    (change,) = plan_of(*parts, reassert=True).changes
    assert (change.address, change.action, change.why, change.fields) == (CONF, Action.ASSERT, Why.UNKNOWN, ())
    assert len(change.requests) == 1


def test_reassert_does_not_repeat_a_one_shot() -> None:
    """A reset is done at most once for its note, whatever the options."""
    assert plan_of(want(RESET, {"once": "a"}), ours(RESET, {"once": "a"}), reassert=True).changes == ()


def test_an_uncertain_one_shot_is_told_and_not_sent() -> None:
    """Nobody knows whether it was done: a warning with the way out, and no call."""
    plan = plan_of(want(RESET, {"once": "a"}), ours(RESET, {"once": "a"}, certain=False))
    assert plan.changes == ()
    assert plan.records == ()
    (told,) = plan.diagnostics
    assert (told.code, told.is_error, told.address) == ("outcome-unknown", False, str(RESET))
    assert "once" in told.hint


def test_a_removed_one_shot_stays_handled() -> None:
    """A reset that left the files is neither run, nor deleted, nor forgotten: it must not run if it comes back."""
    plan = plan_of(ours(RESET, {"once": "a"}))
    assert (plan.changes, plan.unchanged, plan.diagnostics) == ((), (), ())


@pytest.mark.parametrize(
    ("parts", "note"),
    [
        ((missing(A), ours(A, WEEKLY)), "no longer exists"),
        ((shown(A, NONE), ours(A, WEEKLY)), "nothing is there"),
        ((shown(A, WEEKLY), ours(A, NONE)), "stays as it is"),
        ((shown(A, LATER), ours(A, WEEKLY, certain=False)), "stays as it is"),
        ((SameAs(A, B), ours(A, WEEKLY)), str(B)),
        ((ours(CONF, ON),), "no delete call"),
    ],
)
def test_forgetting_says_why(parts: tuple[Part, ...], note: str) -> None:
    """The plan says what becomes of an object that is only forgotten, and nothing is sent."""
    change = change_of(*parts)
    assert note in change.note
    assert (change.requests, change.to_record) == ((), None)


def test_what_we_never_applied_is_left_alone() -> None:
    """A live object that neither file nor record knows is not in the plan."""
    plan = plan_of(shown(A, WEEKLY))
    assert (plan.changes, plan.unchanged, plan.drift, plan.failed) == ((), (), (), ())


def test_a_failed_read_never_looks_like_an_empty_one() -> None:
    """A list that failed plans nothing for anybody on it, and is told once."""
    plan = plan_of(want(A, WEEKLY), unread(A), ours(A, WEEKLY), unread(B), ours(B, WEEKLY))
    assert (plan.changes, plan.unchanged, plan.drift) == ((), (), ())
    assert plan.failed == (A, B)
    assert [d.code for d in plan.diagnostics] == ["unavailable"]
    assert plan.has_errors


def test_a_missing_asset_is_an_error_at_its_line() -> None:
    """An entry for something that does not exist is an error with file and line; other entries are planned."""
    plan = plan_of(want(A, WEEKLY), missing(A), want(B, LATER), shown(B, WEEKLY))
    assert plan.failed == (A,)
    (told,) = plan.diagnostics
    assert (told.code, told.address) == ("unknown-object", str(A))
    assert told.span is not None
    assert told.span.line == 3
    assert [change.address for change in plan.changes] == [B]


def test_a_vanished_asset_is_drift_never_silence() -> None:
    """What we applied and is not there any more is drift (gone), besides the error."""
    plan = plan_of(want(A, WEEKLY), missing(A), ours(A, WEEKLY))
    (item,) = plan.drift
    assert (item.gone, item.why, item.applied_at) == (True, Why.DRIFT, BEFORE)
    assert all(field.after is None for field in item.fields)
    assert plan.has_errors


def test_a_vanished_asset_that_had_no_schedule_has_not_drifted() -> None:
    """``none`` on an asset that is gone lost nothing."""
    assert plan_of(want(A, NONE), missing(A), ours(A, NONE)).drift == ()


def test_a_hidden_trigger_rule_is_never_drift() -> None:
    """What the platform does not show accuses nobody, also when the file changed."""
    for rule in (EVENT, OTHER_RULE):
        assert plan_of(want(A, rule), shown(A, HIDDEN, unknown=RULE), ours(A, EVENT)).drift == ()


def test_a_hidden_trigger_rule_goes_along_when_something_else_changes() -> None:
    """A PUT replaces the whole schedule, so the rule is in it though nothing is said of it."""
    change = change_of(want(A, LEVELLED), shown(A, QUIET, unknown=RULE), ours(A, {**EVENT, "notification_level": "x"}))
    assert {field.path for field in change.fields} == {"notification_level"}
    (request,) = change.requests
    assert request.body is not None
    assert request.body["triggerRule"] == "$ALL_SALESFORCE_OBJECTS"


def test_a_changed_hidden_rule_is_shown_besides_a_visible_change() -> None:
    """The plan shows every field that the request changes: the new rule, too."""
    wanted = {**OTHER_RULE, "notification_level": "always"}
    change = change_of(
        want(A, wanted), shown(A, QUIET, unknown=RULE), ours(A, {**EVENT, "notification_level": "never"})
    )
    assert {field.path for field in change.fields} == {"notification_level", "trigger_rule"}


def test_protection_is_inherited_from_the_record() -> None:
    """An entry that says nothing about protection keeps it; true and false set it."""
    past = ours(A, WEEKLY, protect=True)
    for said, kept in ((None, True), (True, True), (False, False)):
        record = change_of(want(A, LATER, protect=said), shown(A, WEEKLY), past).to_record
        assert record is not None
        assert record.protect is kept


def test_requests_are_what_the_kind_would_send() -> None:
    """A PUT from the whitelist, a DELETE without body; the unmanaged level is not in it."""
    live = {**WEEKLY, "notification_level": "always"}
    body: dict[str, Json] = {
        "frequency": "weekly",
        "daysOfWeek": ["Monday", "Thursday"],
        "time": {"hour": 5, "minute": 0, "timeZone": "UTC"},
    }
    put = Request("PUT", "/services/data/v60.0/wave/asset/05v1/schedule", body)
    delete = Request("DELETE", "/services/data/v60.0/wave/asset/05v1/schedule")
    assert change_of(want(A, LATER), shown(A, live)).requests == (put,)
    assert change_of(want(A, NONE), shown(A, live)).requests == (delete,)


def test_a_connection_that_left_the_workspace_is_a_warning() -> None:
    """Objects of a connection that is gone are not touched, and somebody is told."""
    gone = Address("former", "schedule", "recipe:A")
    plan = plan_of(ours(gone, WEEKLY))
    assert (plan.changes, plan.failed) == ((), ())
    assert [(d.code, d.is_error) for d in plan.diagnostics] == [("connection-removed", False)]


def test_a_plan_is_sorted_by_address() -> None:
    """Changes and unchanged objects come in the order of their addresses, whatever the order of the input."""
    plan = plan_of(want(B, LATER), shown(B, WEEKLY), want(A, LATER), shown(A, WEEKLY), want(FLOW, ON))
    assert [change.address for change in plan.changes] == [A, B, FLOW]


def test_counts() -> None:
    """The summary counts changes by action and unchanged objects apart."""
    plan = plan_of(want(A, LATER), shown(A, WEEKLY), want(B, WEEKLY), shown(B, WEEKLY))
    assert (plan.count(Action.UPDATE), plan.count(Action.UNCHANGED), plan.count(Action.CREATE)) == (1, 1, 0)
    assert isinstance(plan.unchanged[0], Unchanged)


def test_what_was_never_read_is_a_bug_not_a_plan() -> None:
    """A desired object without any reading stops the planner: nothing may be taken for absent."""
    with pytest.raises(AssertionError, match="never read"):
        build_plan(snapshots(want(A, WEEKLY)), KINDS, STAMP)


def test_moved_since_shows_the_third_value() -> None:
    """Between plan and apply the time moved: from what the plan saw to what is there now."""
    change = change_of(want(A, LATER), shown(A, WEEKLY))
    assert moved_since(SCHEDULE.kind, change, shown(A, WEEKLY)) == ()
    assert moved_since(SCHEDULE.kind, change, shown(A, EARLIER)) == (FieldChange("time", "00:45", "03:00"),)


def test_moved_since_ignores_what_is_not_managed() -> None:
    """A level that the file does not manage may move while we apply."""
    change = change_of(want(A, LATER), shown(A, WEEKLY))
    assert moved_since(SCHEDULE.kind, change, shown(A, {**WEEKLY, "notification_level": "always"})) == ()


def test_moved_since_sees_a_change_of_shape_and_a_disappearance() -> None:
    """Another frequency, or none at all, is a move; so is a schedule where the plan saw none."""
    change = change_of(want(A, LATER), shown(A, WEEKLY))
    assert moved_since(SCHEDULE.kind, change, shown(A, DAILY))
    assert moved_since(SCHEDULE.kind, change, shown(A, NONE))
    created = change_of(want(A, LATER), shown(A, NONE))
    assert moved_since(SCHEDULE.kind, created, shown(A, WEEKLY))
    assert moved_since(SCHEDULE.kind, created, shown(A, NONE)) == ()


def test_moved_since_before_a_delete_looks_at_everything() -> None:
    """What is about to be deleted must be what the plan showed, in every field."""
    change = change_of(shown(A, WEEKLY), ours(A, WEEKLY))
    now = {**WEEKLY, "notification_level": "always"}
    assert [f.path for f in moved_since(SCHEDULE.kind, change, shown(A, now))] == ["notification_level"]


def test_short_of() -> None:
    """After a write only the managed fields count, in any spelling; a delete must leave nothing."""
    kind = SCHEDULE.kind
    assert short_of(kind, DAILY, shown(A, {**EVERY_DAY, "timezone": "GMT", "notification_level": "never"})) == ()
    assert short_of(kind, EVENT, shown(A, HIDDEN, unknown=RULE)) == ()
    assert [f.path for f in short_of(kind, {**DAILY, "notification_level": "never"}, shown(A, DAILY))] == [
        "notification_level"
    ]
    assert short_of(kind, {}, shown(A, NONE)) == ()
    assert short_of(kind, {}, shown(A, DAILY))
    assert [f.after for f in short_of(kind, DAILY, shown(A, NONE))] == [None, None, None]
