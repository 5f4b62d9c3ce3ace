"""What to tell whom: once, again when it changes or lasts, once when it is over; each sink for itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from alert_cases import CLOSE, NOON, PACK, alert_of
from hypothesis import given
from hypothesis import strategies as st

from reconcile.alerts.dedupe import Decision, Situation, claimed, decide, delivered, released
from reconcile.core.alert import Alert, Alerting, AlertKind, JsonLinesSink, Level, Memory, StdoutSink
from reconcile.core.alerted import Notice, Occasion, Silence

ONE = Alerting((StdoutSink("out"),), remind_after=3600)
TWO = Alerting((StdoutSink("out"), JsonLinesSink("log")), remind_after=3600)


def at(minutes: int) -> str:
    """Return noon, and so many minutes."""
    return f"2026-11-{23 + minutes // 1440:02}T{(12 + minutes // 60) % 24:02}:{minutes % 60:02}:00Z"


def now_of(*alerts: Alert, muted: Iterable[str] = (), over: bool = True) -> Situation:
    return Situation(alerts, frozenset(muted), lambda subject: over)


def told(decision: Decision) -> dict[str, list[tuple[str, str]]]:
    """Return kind and occasion of what is due, by sink."""
    return {
        name: [(notice.alert.kind.value, notice.occasion.value) for notice in notices]
        for name, notices in decision.due.items()
    }


def after(memory: Memory, situation: Situation, now: str, about: Alerting = ONE, fails: Iterable[str] = ()) -> Memory:
    """Return the memory after a round in which the sinks of ``fails`` took nothing."""
    decision = decide(memory, situation, about, now, "me")
    good, bad = parted(decision.due, fails)
    memory = claimed(decision.before, decision.due, now, "me")
    return released(delivered(memory, good, now), bad, "me")


def parted(
    due: Mapping[str, tuple[Notice, ...]], fails: Iterable[str]
) -> tuple[dict[str, tuple[Notice, ...]], dict[str, tuple[Notice, ...]]]:
    good = {name: notices for name, notices in due.items() if name not in fails}
    return good, {name: notices for name, notices in due.items() if name in fails}


def test_what_is_new_is_told_and_then_no_more() -> None:
    situation = now_of(alert_of())
    assert told(decide({}, situation, ONE, NOON)) == {"out": [("drift", "new")]}
    memory = after({}, situation, NOON)
    again = decide(memory, situation, ONE, at(59))
    assert told(again) == {}
    assert [each.why for each in again.suppressed] == [Silence.TOLD]
    assert again.before == memory


def test_what_changes_is_told_again() -> None:
    memory = after({}, now_of(alert_of()), NOON)
    assert told(decide(memory, now_of(alert_of(fingerprint="b" * 16)), ONE, at(1))) == {"out": [("drift", "changed")]}


def test_what_lasts_is_told_again_after_a_while_and_never_with_0() -> None:
    situation = now_of(alert_of())
    memory = after({}, situation, NOON)
    assert told(decide(memory, situation, ONE, at(60))) == {"out": [("drift", "reminder")]}
    assert told(decide(memory, situation, Alerting(ONE.sinks, remind_after=0), at(600))) == {}
    memory = after(memory, situation, at(60))
    assert told(decide(memory, situation, ONE, at(119))) == {}


def test_the_end_is_told_once_with_what_it_ends() -> None:
    memory = after({}, now_of(alert_of()), NOON)
    end = decide(memory, now_of(), ONE, at(1))
    assert told(end) == {"out": [("back-in-sync", "over")]}
    assert end.due["out"][0].alert.fingerprint == "a" * 16
    assert after(memory, now_of(), at(1)) == {}


def test_nothing_is_over_that_was_not_looked_at() -> None:
    memory = after({}, now_of(alert_of()), NOON)
    unseen = now_of(over=False)
    assert told(decide(memory, unseen, ONE, at(1))) == {}
    assert after(memory, unseen, at(1)) == memory


def test_a_failed_check_is_told_and_that_it_works_again() -> None:
    failed = Alert(AlertKind.CHECK_FAILED, "check", "f" * 16, Level.ERROR, "failed")
    memory = after({}, Situation([failed]), NOON)
    assert told(decide(memory, now_of(), ONE, at(1))) == {"out": [("check-restored", "over")]}


def test_a_sink_that_failed_is_behind_and_the_other_hears_nothing_twice() -> None:
    situation = now_of(alert_of())
    memory = after({}, situation, NOON, TWO, fails=["log"])
    assert told(decide(memory, situation, TWO, at(1))) == {"log": [("drift", "new")]}
    memory = after(memory, situation, at(1), TWO)
    assert told(decide(memory, situation, TWO, at(2))) == {}


def test_an_end_that_was_not_taken_is_told_again() -> None:
    memory = after({}, now_of(alert_of()), NOON)
    memory = after(memory, now_of(), at(1), fails=["out"])
    assert told(decide(memory, now_of(), ONE, at(2))) == {"out": [("back-in-sync", "over")]}


def test_who_never_heard_of_it_does_not_hear_that_it_is_over() -> None:
    memory = after({}, now_of(alert_of()), NOON, TWO, fails=["log"])
    assert told(decide(memory, now_of(), TWO, at(1))) == {"out": [("back-in-sync", "over")]}


def test_acknowledged_is_silent_and_told_anew_when_that_ends() -> None:
    memory = after({}, now_of(alert_of()), NOON)
    memory = after(memory, now_of(muted=[PACK]), at(1))
    assert told(decide(memory, now_of(muted=[PACK]), ONE, at(2))) == {}
    assert told(decide(memory, now_of(alert_of()), ONE, at(3))) == {"out": [("drift", "new")]}
    assert told(decide(memory, now_of(), ONE, at(3))) == {"out": [("back-in-sync", "over")]}
    memory = after(memory, now_of(alert_of()), at(3))
    assert told(decide(memory, now_of(alert_of()), ONE, at(4))) == {}


def test_less_urgent_than_a_sink_wants() -> None:
    about = Alerting((StdoutSink("out", Level.ERROR),))
    situation = now_of(alert_of(), alert_of(CLOSE, level=Level.ERROR))
    decision = decide({}, situation, about, NOON)
    assert [notice.alert.subject for notice in decision.due["out"]] == [CLOSE]
    assert [(each.alert.subject, each.why) for each in decision.suppressed] == [(PACK, Silence.BELOW)]


def test_what_another_is_sending_is_left_to_him_until_his_claim_runs_out() -> None:
    situation = now_of(alert_of())
    memory = claimed({}, decide({}, situation, ONE, NOON, "him").due, NOON, "him")
    mine = decide(memory, situation, ONE, at(1), "me")
    assert told(mine) == {}
    assert [each.why for each in mine.suppressed] == [Silence.CLAIMED]
    assert told(decide(memory, situation, ONE, at(10), "me")) == {"out": [("drift", "new")]}


def test_a_claim_of_a_clock_that_is_days_ahead_keeps_nobody_silent() -> None:
    situation = now_of(alert_of())
    memory = claimed({}, decide({}, situation, ONE, at(3000), "him").due, at(3000), "him")
    assert told(decide(memory, situation, ONE, NOON, "me")) == {"out": [("drift", "new")]}


def test_what_was_told_by_a_clock_that_was_ahead_is_reminded_of() -> None:
    """Sooner than that clock says: nobody waits until the year that it showed."""
    situation = now_of(alert_of())
    memory = after({}, situation, at(3000))
    assert told(decide(memory, situation, ONE, NOON)) == {"out": [("drift", "reminder")]}
    slightly = after({}, situation, at(5))
    assert told(decide(slightly, situation, ONE, NOON)) == {}


def test_who_gives_up_leaves_the_claim_of_another_alone() -> None:
    situation = now_of(alert_of())
    mine = decide({}, situation, ONE, NOON, "me").due
    memory = claimed(claimed({}, mine, NOON, "me"), mine, at(11), "him")
    assert released(memory, mine, "me") == memory
    assert released(memory, mine, "him") == {}


def test_who_died_while_telling_may_have_told_so_the_end_is_told() -> None:
    memory = claimed({}, decide({}, now_of(alert_of()), ONE, NOON, "him").due, NOON, "him")
    assert told(decide(memory, now_of(), ONE, at(1), "me")) == {}
    assert told(decide(memory, now_of(), ONE, at(11), "me")) == {"out": [("back-in-sync", "over")]}


def test_a_sink_that_is_gone_is_forgotten() -> None:
    memory = after({}, now_of(alert_of()), NOON, TWO)
    assert set(decide(memory, now_of(alert_of()), ONE, at(1)).before) == {"out"}


# -- laws --------------------------------------------------------------------------------------------------------------

WORLD = st.dictionaries(st.sampled_from([PACK, CLOSE, "t/k/n"]), st.sampled_from(["a" * 16, "b" * 16]), max_size=3)
ROUNDS = st.lists(st.tuples(WORLD, st.frozensets(st.sampled_from(["out", "log"]))), max_size=12)


@given(ROUNDS)
def test_every_sink_hears_what_changes_and_nothing_else(
    rounds: list[tuple[dict[str, str], frozenset[str]]],
) -> None:
    """Whatever fails in between: nothing twice without a change, each end once, and in the end every sink is level.

    Rounds are a minute apart, and nothing is reminded of.
    """
    about = Alerting(TWO.sinks, remind_after=0)
    heard: dict[str, dict[str, str]] = {"out": {}, "log": {}}
    memory: Memory = {}
    last = rounds[-1][0] if rounds else {}
    for number, (world, fails) in enumerate([*rounds, (last, frozenset())]):
        situation = now_of(*(alert_of(subject, fingerprint) for subject, fingerprint in world.items()))
        decision = decide(memory, situation, about, at(number), "me")
        for name, notices in decision.due.items():
            if name in fails:
                continue
            for notice in notices:
                subject, fingerprint = notice.alert.subject, notice.alert.fingerprint
                if notice.occasion is Occasion.OVER:
                    assert heard[name].pop(subject) == fingerprint
                else:
                    assert heard[name].get(subject) != fingerprint
                    assert (subject in heard[name]) == (notice.occasion is Occasion.CHANGED)
                    heard[name][subject] = fingerprint
        memory = after(memory, situation, at(number), about, fails)
    assert heard == {"out": last, "log": last}
    assert {name: {s: t.fingerprint for s, t in known.items()} for name, known in memory.items()} == {
        name: known for name, known in heard.items() if known
    }


@given(WORLD, st.integers(0, 100))
def test_the_same_situation_twice_is_told_once(world: dict[str, str], minutes: int) -> None:
    """Looking again without a change never says anything before it is time to remind."""
    situation = now_of(*(alert_of(subject, fingerprint) for subject, fingerprint in world.items()))
    memory = after({}, situation, NOON, TWO)
    assert bool(decide(memory, situation, TWO, at(minutes)).due) == (bool(world) and minutes >= 60)


@given(ROUNDS)
def test_of_two_that_look_at_once_one_tells(rounds: list[tuple[dict[str, str], frozenset[str]]]) -> None:
    """Once the first has claimed what is due, the second has nothing to tell."""
    memory: Memory = {}
    for number, (world, _) in enumerate(rounds):
        situation = now_of(*(alert_of(subject, fingerprint) for subject, fingerprint in world.items()))
        first = decide(memory, situation, TWO, at(number), "first")
        between = claimed(first.before, first.due, at(number), "first")
        assert decide(between, situation, TWO, at(number), "second").due == {}
        memory = delivered(between, first.due, at(number))
