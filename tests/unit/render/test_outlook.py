"""What is to come with a plan: limits, what waits, freezes, the week; in a terminal, in Markdown, as JSON."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

from reconcile.core.address import Address
from reconcile.core.experience import Experience
from reconcile.core.freeze import Freeze, Weekly
from reconcile.core.occurrence import Silence
from reconcile.core.outlook import Outlook
from reconcile.core.plan import Plan
from reconcile.core.snapshot import Desired, Live, Values
from reconcile.core.source import Span
from reconcile.engine.outlook import Viewer, look_ahead
from reconcile.engine.timetable import timetable
from reconcile.providers.crm_analytics.limits import DAILY_RUNS, DATAFLOWS, RECIPES, SYNCS
from reconcile.render.json import plan_document
from reconcile.render.markdown import plan_markdown
from reconcile.render.outlook import outlook_document, outlook_text, week_lines
from reconcile.render.terminal import painter
from reconcile.render.text import plan_text

from .plans import HOSTILE, KINDS, NONE, Scene, daily

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
EVENT: Values = {"frequency": "eventdriven", "trigger_rule": "$ALL_SALESFORCE_OBJECTS"}
HALF_AN_HOUR = 1800.0
LIMITS = (DAILY_RUNS, RECIPES, DATAFLOWS, SYNCS)


def recipe(name: str) -> Address:
    return Address("sales", "schedule", f"recipe:{name}")


def crowd() -> Scene:
    """Three recipes at 02:10, which is all that may run at once; a fourth is to join them."""
    scene = Scene()
    for name in ("A", "B", "C"):
        scene.schedule(name, file=daily("02:10"), live=daily("02:10"), ours=daily("02:10"))
    return scene.schedule("D", file=daily("02:20"), live=NONE)


def outlook(scene: Scene, *, measured: bool = True, freezes: tuple[Freeze, ...] = ()) -> tuple[Plan, Outlook]:
    plan = scene.plan()
    usual = dict.fromkeys(scene.live, HALF_AN_HOUR) if measured else {}
    table = timetable(KINDS, plan.changes, scene.live, (), {"sales": Experience(usual)})
    found = look_ahead(table, Viewer(NOW), {"sales": LIMITS}, freezes)
    assert found
    return plan, found


def test_a_limit_that_the_plan_exceeds_is_told_unasked_with_a_way_out() -> None:
    _, found = outlook(crowd())
    (block,) = outlook_text(found, painter(False))
    assert block.splitlines() == [
        "Forecast for sales, 31 days ahead",
        "    recipes at once: at most 3 -> 4 of 3, too many: Mon 2026-11-23 02:20 UTC",
        "      4 at once, 31 times, first Mon 2026-11-23 02:20 UTC:",
        *(f"        sales/schedule/recipe:{name}" for name in "ABCD"),
        "        hint: moving sales/schedule/recipe:D by +20 min would end it",
    ]


def test_details_show_every_limit_with_its_source() -> None:
    _, found = outlook(crowd())
    (block,) = outlook_text(found, painter(False), details=True)
    assert "    runs a day: at most 3 -> 4 of 60\n      Analytics Setup Guide" in block
    assert "    data syncs at once: at most 0 -> 0 of 3\n" in block


def test_nothing_is_said_of_what_runs_at_once_when_no_duration_is_known() -> None:
    _, found = outlook(crowd(), measured=False)
    assert outlook_text(found, painter(False)) == []
    (block,) = outlook_text(found, painter(False), details=True)
    assert "    recipes at once: not known, of 3\n" in block
    assert "how long runs take is known of 0 of 4 schedules" in block


def test_one_known_duration_says_nothing_of_the_other_sorts_of_runs() -> None:
    scene = crowd()
    sync = Address("sales", "schedule", "data_sync:SFDC_LOCAL")
    scene.live[sync] = Live(sync, daily("01:00"), "0It1")
    table = timetable(KINDS, scene.plan().changes, scene.live, (), {"sales": Experience({sync: HALF_AN_HOUR})})
    found = look_ahead(table, Viewer(NOW), {"sales": LIMITS})
    assert found
    (block,) = outlook_text(found, painter(False), details=True)
    assert "    recipes at once: not known, of 3\n" in block
    assert "    data syncs at once: at most 1 -> 1 of 3\n" in block
    limits = {each["name"]: each for each in outlook_document(found)["limits"]}  # type: ignore[index]
    assert limits["recipes at once"]["after"]["peak"] is None
    assert limits["data syncs at once"]["after"]["peak"] == 1


def test_schedules_of_which_it_is_not_known_when_they_run_are_said_not_to_be_counted() -> None:
    scene = crowd().schedule("Waiting", file=EVENT, live=daily("05:00"))
    _, found = outlook(scene)
    assert "    not counted: 1 schedule of which it is not known when it runs" in "\n".join(
        outlook_text(found, painter(False))
    )
    assert outlook_document(found)["unplaced"] == ["sales/schedule/recipe:Waiting"]  # type: ignore[index]


def test_the_zone_of_the_user_who_applies_is_that_of_what_is_written_and_of_nothing_else() -> None:
    no_zone: Values = {"frequency": "daily", "time": "03:00"}
    scene = Scene().schedule("Written", file=no_zone, live=NONE).schedule("Set_By_Somebody", file=NONE, live=no_zone)
    table = timetable(KINDS, scene.plan().changes, scene.live, (), {"sales": Experience(zone="Asia/Kathmandu")})
    found = look_ahead(table, Viewer(NOW))
    assert found
    assert found.effects[recipe("Written")].runs_after == 31
    assert found.effects[recipe("Set_By_Somebody")].silence_before is Silence.NO_ZONE


def test_a_hint_that_helps_but_is_not_enough_says_so() -> None:
    _, found = outlook(crowd().schedule("E", file=daily("02:20"), live=NONE))
    (block,) = outlook_text(found, painter(False))
    assert "hint: moving sales/schedule/recipe:D by +20 min would take it out; the others are still too many" in block


def test_what_waits_feels_it_when_what_changes_becomes_doubtful() -> None:
    sync = Address("sales", "schedule", "data_sync:SFDC_LOCAL")
    hourly: Values = {"frequency": "hourly", "hourly_interval": 1, "time": "00:00", "timezone": "UTC"}
    scene = Scene().schedule("Waiting", file=EVENT, live=EVENT, ours=EVENT)
    scene.live[sync] = Live(sync, hourly, "0It1")
    scene.desired[sync] = Desired(sync, {**hourly, "last_hour": 23}, Span("sales.yaml", 3, 5))
    _, found = outlook(scene)
    assert list(found.felt) == [recipe("Waiting")]
    assert "at risk are 0 -> 31 of 744 runs" in outlook_text(found, painter(False))[0]


def test_what_waits_for_what_changes_feels_it() -> None:
    sync = Address("sales", "schedule", "data_sync:SFDC_LOCAL")
    scene = Scene().schedule("Waiting", file=EVENT, live=EVENT, ours=EVENT)
    other = Scene().schedule("x", file=daily("03:00"), live=daily("01:00"))
    moved = recipe("x")
    scene.desired[sync] = replace(other.desired[moved], address=sync)
    scene.live[sync] = replace(other.live[moved], address=sync)
    plan, found = outlook(scene)
    assert [change.address for change in plan.changes] == [sync]
    assert list(found.felt) == [recipe("Waiting")]
    assert "Not changed, but waiting for what changes\n    sales/schedule/recipe:Waiting: " in plan_text(
        plan, outlook=found
    )
    assert outlook_document(found)["felt"][0]["effect"]["month"]["moved"] == 30  # type: ignore[index]


def test_runs_inside_a_freeze_are_named() -> None:
    weekend = Freeze("No changes at weekends", Weekly(frozenset({5, 6})))
    plan, found = outlook(crowd(), freezes=(weekend,))
    told = "Runs inside a freeze, 31 days ahead\n    sales/schedule/recipe:D: 8 runs, first Sat 2026-11-28 02:20 UTC"
    assert told in plan_text(plan, outlook=found)
    assert outlook_document(found)["frozen"] == [  # type: ignore[index]
        {
            "address": "sales/schedule/recipe:D",
            "reason": "No changes at weekends",
            "times": 8,
            "first": "2026-11-28T02:20:00Z",
        }
    ]


def test_the_week_as_plain_text_fits_into_80_columns() -> None:
    _, found = outlook(crowd())
    lines = week_lines(found.before, found.after)
    assert max(map(len, lines)) <= 76
    assert len(lines) == 2 + 7
    assert lines[2].startswith("Mon 11-23   ..3.....")
    assert "..4....." in lines[2]
    assert lines[2].endswith(" 4")


def test_a_plan_in_markdown_carries_effect_and_week() -> None:
    plan, found = outlook(crowd())
    text = plan_markdown(plan, outlook=found)
    assert "starts 31 runs a month, from Mon 2026-11-23 02:20 UTC |" in text
    assert "<summary>The next seven days (UTC)</summary>" in text
    assert "<summary>What is to come</summary>" in text
    assert "Mon 11-23   ..3" in text


def test_json_has_the_effect_of_each_change_and_the_outlook() -> None:
    plan, found = outlook(crowd())
    document = json.loads(json.dumps(plan_document(plan, outlook=found)))
    (change,) = document["changes"]
    assert (change["effect"]["runs_before"], change["effect"]["runs_after"]) == (0, 31)
    coming = document["outlook"]
    assert (coming["start"], coming["zone"], coming["schedules"]) == ("2026-11-23T02:00:00Z", "UTC", 4)
    assert (coming["week"]["before"][0][2], coming["week"]["after"][0][2]) == (3, 4)
    (recipes,) = (limit for limit in coming["limits"] if limit["name"] == "recipes at once")
    assert (recipes["before"]["exceeded"], recipes["after"]["exceeded"]) == (False, True)
    (collision,) = recipes["after"]["collisions"]
    assert collision["suggestion"] == {"address": "sales/schedule/recipe:D", "minutes": 20, "ends": True}
    assert plan_document(plan)["outlook"] is None
    assert plan_document(plan)["changes"][0]["effect"] is None


def test_names_that_mean_harm_stay_on_their_line() -> None:
    for name in HOSTILE:
        scene = Scene().schedule(name, file=daily("02:10"), live=NONE)
        plan, found = outlook(scene, freezes=(Freeze(name, Weekly(frozenset(range(7)))),))
        text = plan_text(plan, outlook=found, details=True)
        assert "\x1b" not in text
        assert "\r" not in text
        (line,) = (line for line in text.splitlines() if " runs, first " in line)
        assert line.startswith("    sales/schedule/recipe:")
