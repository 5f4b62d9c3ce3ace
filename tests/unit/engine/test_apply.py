"""Look again, call, read back: what is said of every change under every fault."""

import threading
from collections.abc import Collection
from dataclasses import replace

import pytest

from reconcile.core.address import Address
from reconcile.core.diagnostic import Diagnostic
from reconcile.core.diff import FieldChange
from reconcile.core.errors import AnswerLost, BadAnswer, Rejected, StateError, Unavailable
from reconcile.core.request import Request
from reconcile.core.snapshot import Live, Values
from reconcile.engine import apply as engine
from reconcile.engine.apply import Outcome, Result
from reconcile.engine.events import ApplyBegan, ChangeEnded, ReadBackBegan
from reconcile.providers.base import Readings, Wanted

from .world import NONE, Clock, Diary, Org, Run, Tailer, daily, flags_of, plan_for, recipe, reset_of

A, B, C = recipe("A"), recipe("B"), recipe("C")
OLD, NEW, THIRD = daily("01:00"), daily("02:00"), daily("03:00")
ON: Values = {"activated": True, "archived": False}
OFF: Values = {"activated": False, "archived": False}
LOST = AnswerLost("the connection was cut")


@pytest.fixture(autouse=True)
def one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a width of one mean one worker, so that the order of calls is known."""
    monkeypatch.setattr(engine, "SPARE_WORKERS", 0)


def test_a_plain_update() -> None:
    """Read again, write, read back: three calls, one outcome, and the witness knows."""
    org = Org({"A": OLD})
    run = Run(org)
    results = run.apply(plan_for(org, {A: NEW}).changes)
    assert results["A"].outcome is Outcome.DONE
    assert results["A"].sent
    assert org.schedules["A"] == NEW
    assert org.calls == [("read", "1"), ("PUT", "A"), ("read", "1")]
    assert run.witness.outcomes == {A: "done"}


def test_many_changes_share_the_reading() -> None:
    """Reading again and reading back are one call each, however many objects: calls grow with the writes only."""
    names = [f"R{n:03}" for n in range(60)]
    org = Org(dict.fromkeys(names, OLD))
    Run(org, width=4).apply(plan_for(org, {recipe(n): NEW for n in names}).changes)
    assert len(org.calls) == 62
    assert org.calls[0] == ("read", "60")
    assert org.calls[-1] == ("read", "60")


def test_create_and_delete() -> None:
    """A schedule where none was, and none where one was; the DELETE is read back as well."""
    org = Org({"A": NONE, "B": OLD})
    results = Run(org).apply(plan_for(org, {A: NEW, B: NONE}).changes)
    assert {r.outcome for r in results.values()} == {Outcome.DONE}
    assert org.schedules == {"A": NEW, "B": NONE}
    assert ("DELETE", "B") in org.calls


def test_what_needs_no_call_makes_none() -> None:
    """Forgetting neither reads nor writes."""
    org = Org({})
    results = Run(org).apply(plan_for(org, {}, {A: OLD}).changes)
    assert results["A"].outcome is Outcome.DONE
    assert not results["A"].sent
    assert org.calls == []


def test_the_reading_is_never_older_than_ten_seconds() -> None:
    """Each write takes three seconds: the bulk reading is made anew before it is too old."""
    names = "ABCDEFGH"
    org = Org(dict.fromkeys(names, OLD), send_seconds=3.0)
    Run(org).apply(plan_for(org, {recipe(n): NEW for n in names}).changes)
    read_at = 0.0
    for what, _, at in org.log:
        if what == "read":
            read_at = at
        else:
            assert at - read_at <= 10.0
    assert org.sent == list(names)
    assert [w for w, _ in org.calls].count("read") <= 4


def test_later_bulk_readings_ask_only_for_what_is_left() -> None:
    """What has been written is not read again until the end."""
    org = Org(dict.fromkeys("ABCD", OLD), send_seconds=9.0)
    Run(org).apply(plan_for(org, {recipe(n): NEW for n in "ABCD"}).changes)
    assert [n for w, n in org.calls if w == "read"] == ["4", "3", "2", "1", "4"]


def test_a_list_that_takes_too_long_is_given_up_for_single_readings() -> None:
    """A bulk reading that is old when it arrives is not used: each object is read alone, right before its write."""
    org = Org(dict.fromkeys("ABC", OLD), read_seconds=20.0)

    def quick_alone(number: int) -> None:
        if number == 1:
            org.read_seconds = 1.0

    org.before_read = quick_alone
    Run(org).apply(plan_for(org, {recipe(n): NEW for n in "ABC"}).changes)
    assert org.calls[:7] == [
        ("read", "3"),
        ("read", "1"),
        ("PUT", "A"),
        ("read", "1"),
        ("PUT", "B"),
        ("read", "1"),
        ("PUT", "C"),
    ]


def test_what_moved_is_refused_alone_with_the_third_value() -> None:
    """Somebody changed B after the plan: B is left as it is, A and C are done."""
    org = Org(dict.fromkeys("ABC", OLD))
    changes = plan_for(org, dict.fromkeys((A, B, C), NEW)).changes
    org.schedules["B"] = THIRD
    results = Run(org).apply(changes)
    assert [r.outcome for r in results.values()] == [Outcome.DONE, Outcome.REFUSED, Outcome.DONE]
    assert results["B"].fields == (FieldChange("time", "01:00", "03:00"),)
    assert not results["B"].sent
    assert results["B"].diagnostic is not None
    assert results["B"].diagnostic.code == "moved"
    assert results["B"].diagnostic.span is not None
    assert org.schedules["B"] == THIRD


def test_a_delete_of_what_moved_is_refused() -> None:
    """What the plan did not show is not deleted."""
    org = Org({"A": OLD})
    changes = plan_for(org, {A: NONE}).changes
    org.schedules["A"] = THIRD
    assert Run(org).apply(changes)["A"].outcome is Outcome.REFUSED
    assert org.sent == []


def test_a_schedule_that_appeared_meanwhile_is_not_overwritten() -> None:
    """The plan creates; somebody else was faster with another schedule."""
    org = Org({"A": NONE})
    changes = plan_for(org, {A: NEW}).changes
    org.schedules["A"] = THIRD
    assert Run(org).apply(changes)["A"].outcome is Outcome.REFUSED


def test_a_disappeared_schedule_is_not_recreated_unseen() -> None:
    """Somebody deleted what the plan updates: that is a move like any other."""
    org = Org({"A": OLD})
    changes = plan_for(org, {A: NEW}).changes
    org.schedules["A"] = NONE
    result = Run(org).apply(changes)["A"]
    assert result.outcome is Outcome.REFUSED
    assert all(field.after is None for field in result.fields)


@pytest.mark.parametrize(("wanted", "now"), [(NEW, NEW), (NONE, NONE)])
def test_what_somebody_already_did_is_done(wanted: Values, now: Values) -> None:
    """Already as desired: done without a call, and it says so."""
    org = Org({"A": OLD})
    changes = plan_for(org, {A: wanted}).changes
    org.schedules["A"] = now
    result = Run(org).apply(changes)["A"]
    assert (result.outcome, result.sent, result.note) == (Outcome.DONE, False, "somebody already did it")
    assert org.sent == []


def test_another_asset_under_the_same_name_is_refused() -> None:
    """Deleted and made anew between plan and apply: the id of the plan is another asset's."""
    org = Org({"A": OLD})
    (change,) = plan_for(org, {A: NEW}).changes

    class Renewed(Org):
        def read(self, wanted: Collection[Wanted], *, exact: bool = False) -> Readings:
            found = super().read(wanted, exact=exact).by_address
            return Readings({a: replace(r, id="05vOther") for a, r in found.items() if isinstance(r, Live)})

    result = Run(Renewed({"A": OLD})).apply([change])["A"]
    assert result.outcome is Outcome.REFUSED
    assert result.diagnostic is not None
    assert "another asset" in result.diagnostic.detail


def test_an_asset_that_is_gone() -> None:
    """An update of it fails; its deletion is done."""
    org = Org({"A": OLD, "B": OLD})
    changes = plan_for(org, {A: NEW, B: NONE}).changes
    org.schedules.clear()
    results = Run(org).apply(changes)
    assert (results["A"].outcome, results["B"].outcome) == (Outcome.FAILED, Outcome.DONE)
    assert org.sent == []


def test_a_reading_again_that_fails_writes_nothing() -> None:
    """Unseen is untouched; the others go on."""
    org = Org({"A": OLD, "B": OLD})
    changes = plan_for(org, {A: NEW, B: NEW}).changes
    org.unread["A"] = Unavailable("503")
    results = Run(org).apply(changes)
    assert (results["A"].outcome, results["B"].outcome) == (Outcome.FAILED, Outcome.DONE)
    assert not results["A"].sent
    assert org.sent == ["B"]


def test_a_reader_that_raises_fails_the_changes_and_nothing_else() -> None:
    """Also a whole list that raises becomes results."""
    org = Org({"A": OLD})
    changes = plan_for(org, {A: NEW}).changes
    org.read_raises = Unavailable("503")
    assert Run(org).apply(changes)["A"].outcome is Outcome.FAILED


def test_a_rejected_write_fails_alone() -> None:
    """The platform refused B: said with its words and place; A and C are done; B is not read back."""
    org = Org(dict.fromkeys("ABC", OLD), faults={"B": Rejected("400 JSON_PARSER_ERROR")})
    results = Run(org).apply(plan_for(org, dict.fromkeys((A, B, C), NEW)).changes)
    assert [r.outcome for r in results.values()] == [Outcome.DONE, Outcome.FAILED, Outcome.DONE]
    result = results["B"]
    assert not result.sent
    assert result.diagnostic is not None
    assert (result.diagnostic.address, result.diagnostic.detail) == (str(B), "400 JSON_PARSER_ERROR")
    assert org.calls[-1] == ("read", "2")


@pytest.mark.parametrize("error", [LOST, BadAnswer("200 <html>")])
def test_a_lost_answer_whose_effect_is_seen_is_done(error: AnswerLost | BadAnswer) -> None:
    """The call had its effect before the answer was lost: reading back tells."""
    org = Org({"A": OLD}, faults_after={"A": error})
    result = Run(org).apply(plan_for(org, {A: NEW}).changes)["A"]
    assert (result.outcome, result.diagnostic, result.sent) == (Outcome.DONE, None, True)
    assert org.sent == ["A"]


def test_a_lost_answer_without_effect_is_a_failure() -> None:
    """Nothing happened: failed, with the fields that fall short and the first error's words."""
    org = Org({"A": OLD}, faults={"A": LOST})
    result = Run(org).apply(plan_for(org, {A: NEW}).changes)["A"]
    assert (result.outcome, result.sent) == (Outcome.FAILED, False)
    assert result.fields == (FieldChange("time", "02:00", "01:00"),)
    assert result.diagnostic is not None
    assert "cut" in result.diagnostic.detail


def test_a_dropped_field_is_an_error_that_names_it() -> None:
    """The platform said yes and kept the old level: that is not done."""
    org = Org({"A": daily("01:00", notification_level="always")}, drops=frozenset(("notification_level",)))
    wanted = daily("01:00", notification_level="never")
    result = Run(org).apply(plan_for(org, {A: wanted}).changes)["A"]
    assert result.outcome is Outcome.FAILED
    assert [f.path for f in result.fields] == ["notification_level"]
    assert result.diagnostic is not None
    assert result.diagnostic.code == "not-kept"
    assert "notification_level" in result.diagnostic.detail


def test_only_the_asset_itself_can_convict() -> None:
    """A list that lags behind is not believed when it accuses: the object is read alone, and is as asked for."""
    org = Org({"A": OLD, "B": OLD})
    changes = plan_for(org, {A: NEW, B: NEW}).changes
    org.lag["A"] = OLD
    results = Run(org).apply(changes)
    assert {r.outcome for r in results.values()} == {Outcome.DONE}
    assert org.calls[-2:] == [("read", "2"), ("exact", "1")]


def test_a_failing_read_back_is_unknown() -> None:
    """The platform took it and cannot be asked: nobody says done, nobody says failed."""
    org = Org({"A": OLD, "B": OLD})
    changes = plan_for(org, {A: NEW, B: NEW}).changes

    def break_after_writing(number: int) -> None:
        if number:
            org.unread["A"] = Unavailable("503")

    org.before_read = break_after_writing
    results = Run(org).apply(changes)
    assert (results["A"].outcome, results["B"].outcome) == (Outcome.UNKNOWN, Outcome.DONE)
    assert results["A"].sent
    assert results["A"].diagnostic is not None
    assert results["A"].diagnostic.code == "outcome-unknown"


def test_a_lost_answer_and_a_failing_read_back_is_unknown() -> None:
    """The words of the lost answer are kept."""
    org = Org({"A": OLD}, faults={"A": LOST})
    changes = plan_for(org, {A: NEW}).changes
    org.before_read = lambda number: org.unread.update({"A": Unavailable("503")} if number else {})
    result = Run(org).apply(changes)["A"]
    assert result.outcome is Outcome.UNKNOWN
    assert result.diagnostic is not None
    assert "cut" in result.diagnostic.detail


def test_a_hidden_rule_is_sent_and_cannot_convict() -> None:
    """A rule that the platform does not show is sent because only that makes sure, and is done when it is taken."""
    event: Values = {"frequency": "eventdriven", "trigger_rule": "$X"}
    org = Org({"A": event}, hides=frozenset(("trigger_rule",)))
    result = Run(org).apply(plan_for(org, {A: event}).changes)["A"]
    assert (result.outcome, org.sent) == (Outcome.DONE, ["A"])


def test_a_hidden_rule_is_sent_also_when_the_rest_is_done_already() -> None:
    """Rule and level are to change; somebody sets the level: the rule, which nobody can see, must still be sent."""
    org = Org({"A": {"frequency": "eventdriven", "trigger_rule": "$OLD", "notification_level": "never"}})
    org.hides = frozenset(("trigger_rule",))
    wanted: Values = {"frequency": "eventdriven", "trigger_rule": "$NEW", "notification_level": "always"}
    changes = plan_for(org, {A: wanted}).changes
    org.schedules["A"] = {**org.schedules["A"], "notification_level": "always"}
    result = Run(org).apply(changes)["A"]
    assert org.schedules["A"]["trigger_rule"] == "$NEW" or result.outcome is not Outcome.DONE


def test_stages_of_a_tailer_apply() -> None:
    """Off from the workflow down, on from the target up, the reset last; also side by side (page 5.6)."""
    tailer = Tailer()
    desired: dict[Address, Values] = {
        flags_of("workflow:w-off"): OFF,
        flags_of("table-to-table:t-off"): OFF,
        flags_of("table-to-table:t-on"): ON,
        flags_of("workflow:w-on"): ON,
        reset_of("w-reset"): {"once": "x"},
    }
    Run(tailer=tailer, width=4).apply(plan_for(None, desired).changes)
    assert tailer.sent == ["w-off", "t-off", "t-on", "w-on", "w-reset"]


def test_a_failed_flag_stops_nobody_and_a_lost_one_is_unknown() -> None:
    """Flags cannot be read: the answer is all the evidence there is."""
    tailer = Tailer()
    tailer.faults = {"a": Rejected("ko"), "b": LOST}
    desired = {flags_of(f"workflow:{n}"): OFF for n in "abc"}
    results = Run(tailer=tailer).apply(plan_for(None, desired).changes)
    assert [r.outcome for r in results.values()] == [Outcome.FAILED, Outcome.UNKNOWN, Outcome.DONE]
    assert [r.sent for r in results.values()] == [False, True, True]
    assert tailer.sent == ["a", "b", "c"]


class Ordered(Tailer):
    """Writes its calls into the diary of the witness."""

    def __init__(self, log: list[str]) -> None:
        super().__init__()
        self._diary = log

    def send(self, request: Request) -> None:
        assert request.body is not None
        self._diary.append(f"sent {request.body['configuration_id']}")
        super().send(request)


def test_a_one_shot_is_noted_before_it_is_sent() -> None:
    """A crash right after the call must find the note; flags need none."""
    log: list[str] = []
    run = Run(tailer=Ordered(log), witness=Diary(log))
    run.apply(plan_for(None, {reset_of("w"): {"once": "x"}, flags_of("workflow:w"): ON}).changes)
    assert log == ["sent w", "about to send w", "sent w"]


def test_a_lost_one_shot_is_unknown_and_not_repeated() -> None:
    """Sent once, answer lost: unknown; nobody sends it again."""
    tailer = Tailer()
    tailer.faults["w"] = LOST
    result = Run(tailer=tailer).apply(plan_for(None, {reset_of("w"): {"once": "x"}}).changes)["w"]
    assert (result.outcome, result.sent, tailer.sent) == (Outcome.UNKNOWN, True, ["w"])
    assert result.diagnostic is not None
    assert result.diagnostic.code == "outcome-unknown"


def test_a_one_shot_that_cannot_be_noted_is_not_sent_and_stops_nobody() -> None:
    """The journal fails at ``sent``: no call, a failed result, and the results of all others are kept."""

    class Full(Diary):
        def sent(self, address: Address) -> None:
            raise StateError(Diagnostic("state-unusable", "The state cannot be written", "disk full"))

    tailer = Tailer()
    desired: dict[Address, Values] = {reset_of("w"): {"once": "x"}, flags_of("workflow:w2"): ON}
    try:
        results = Run(tailer=tailer, witness=Full()).apply(plan_for(None, desired).changes)
    except StateError:
        pytest.fail("apply raised; what became of w2 is lost")
    assert (results["w"].outcome, results["w2"].outcome) == (Outcome.FAILED, Outcome.DONE)
    assert tailer.sent == ["w2"]


def test_an_interrupted_apply_skips_what_has_not_begun() -> None:
    """Stopped after the first write: that one is read back, the rest is skipped and counted."""
    org = Org(dict.fromkeys("ABC", OLD))
    run = Run(org, stopping=lambda: bool(org.sent))
    results = run.apply(plan_for(org, dict.fromkeys((A, B, C), NEW)).changes)
    assert [r.outcome for r in results.values()] == [Outcome.DONE, Outcome.SKIPPED, Outcome.SKIPPED]
    assert org.sent == ["A"]
    assert [e.outcome for e in run.events if isinstance(e, ChangeEnded)].count(Outcome.SKIPPED) == 2


def test_an_interrupted_apply_skips_later_stages() -> None:
    """A stop in an early stage reaches the reset at the end."""
    tailer = Tailer()
    run = Run(tailer=tailer, stopping=lambda: bool(tailer.sent))
    results = run.apply(plan_for(None, {flags_of("workflow:w"): OFF, reset_of("w9"): {"once": "x"}}).changes)
    assert (results["w"].outcome, results["w9"].outcome) == (Outcome.DONE, Outcome.SKIPPED)
    assert not any("w9" in line for line in run.witness.log)


def test_events() -> None:
    """The listener hears the total, every end with a growing count, and the reading back."""
    org = Org(dict.fromkeys("AB", OLD))
    run = Run(org)
    run.apply(plan_for(org, {A: NEW, B: NEW}).changes)
    assert run.events[0] == ApplyBegan(2)
    assert ReadBackBegan("sales", 2) in run.events
    assert [(e.done, e.total) for e in run.events if isinstance(e, ChangeEnded)] == [(1, 2), (2, 2)]


def test_no_changes_make_no_calls() -> None:
    """An empty plan is applied in no time."""
    org = Org({})
    assert Run(org).apply([]) == {}
    assert org.calls == []


def test_a_field_that_is_to_go_is_not_gone_already() -> None:
    """All that is asked for is there, and one thing more: that is a reason to send it."""
    more = {**OLD, "notification_level": "never"}
    (change,) = plan_for(Org({"A": {**OLD, "time": "09:00"}}), {A: OLD}).changes
    less = replace(change, before=more, fields=(FieldChange("notification_level", "never", None),))
    org = Org({"A": more})
    assert Run(org).apply([less])["A"].outcome is Outcome.DONE
    assert org.schedules["A"] == OLD
    assert Run(org).apply([less])["A"].note == "somebody already did it"


def test_a_field_that_the_platform_does_not_let_go_is_named() -> None:
    """It is still there afterwards."""
    more = {**OLD, "notification_level": "never"}
    (change,) = plan_for(Org({"A": {**OLD, "time": "09:00"}}), {A: OLD}).changes
    less = replace(change, before=more, fields=(FieldChange("notification_level", "never", None),))
    org = Org({"A": more})
    org._kept = lambda body: more  # type: ignore[method-assign]
    result = Run(org).apply([less])["A"]
    assert (result.outcome, result.diagnostic and result.diagnostic.code) == (Outcome.FAILED, "not-kept")
    assert [field.path for field in result.fields] == ["notification_level"]


def test_connections_run_side_by_side() -> None:
    """A connection that waits does not hold up another one."""
    tailer_done = threading.Event()
    org = Org({"A": OLD})

    class Waiting(Org):
        def send(self, request: Request) -> None:
            assert tailer_done.wait(10)
            super().send(request)

    class Quick(Tailer):
        def send(self, request: Request) -> None:
            super().send(request)
            tailer_done.set()

    changes = [*plan_for(org, {A: NEW}).changes, *plan_for(None, {flags_of("workflow:w"): ON}).changes]
    results = Run(Waiting({"A": OLD}), Quick()).apply(changes)
    assert {r.outcome for r in results.values()} == {Outcome.DONE}


def test_the_witness_hears_every_outcome_once() -> None:
    """Done, failed, refused, skipped, unknown: each settled exactly once (the diary checks that)."""
    org = Org(dict.fromkeys("ABC", OLD), faults={"A": Rejected("400"), "B": LOST})
    run = Run(org)
    changes = plan_for(org, dict.fromkeys((A, B, C), NEW)).changes
    results = run.apply(changes)
    assert run.witness.outcomes == {r.change.address: r.outcome for r in results.values()}
    assert all(isinstance(r, Result) for r in results.values())
    assert isinstance(org.clock, Clock)
