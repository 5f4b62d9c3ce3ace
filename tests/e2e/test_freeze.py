"""Freezes, with the real program: what is refused and left alone, what goes ahead, and what history keeps of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from e2e.harness import World, recipe

EVERY_DAY = "Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday"
ALWAYS = f"""\
freezes:
  - weekly: {{days_of_week: [{EVERY_DAY}]}}
    reason: the books are being closed
"""


def dates(start: datetime, end: datetime, reason: str = "the books are being closed") -> str:
    shown = [at.strftime("%Y-%m-%dT%H:%M:%S") for at in (start, end)]
    return f"freezes:\n  - {{from: {shown[0]}, until: {shown[1]}, reason: {reason}, timezone: Asia/Kathmandu}}\n"


def around_now(*, before: float = 1, after: float = 1) -> str:
    """Return a freeze from so many hours before now to so many after it, on the clock of Kathmandu (UTC+5:45)."""
    now = datetime.now(UTC) + timedelta(hours=5, minutes=45)
    return dates(now - timedelta(hours=before), now + timedelta(hours=after))


def changed(world: World, top: str) -> None:
    """Write a workspace with a freeze, and one change to be made."""
    world.workspace(top=top)
    world.sales(recipe("Board_Pack"))
    world.forget_log()


def last(world: World) -> dict[str, object]:
    """Return the newest apply of the history."""
    found: dict[str, object] = world.run("history", "--format", "json").json["applies"][0]
    return found


def test_apply_inside_a_freeze_is_refused_and_nothing_is_touched(world: World) -> None:
    changed(world, around_now())
    before = world.live("Board_Pack")
    result = world.spawn("apply", "--yes", cwd=world.root)
    assert result.code == 3, result
    assert "error[guard-freeze]: Changes are frozen now\n  reconcile.yaml:3:5\n" in result.err
    assert "the books are being closed: 20" in result.err
    assert "Asia/Kathmandu, 20" in result.err
    assert "hint: wait until 20" in result.err
    assert '`--override "REASON"`' in result.err
    assert world.sent() == []
    assert world.live("Board_Pack") == before
    assert world.run("history", "--format", "json").json["applies"] == []
    assert not list(world.root.glob(".reconcile/default/journal/*"))


def test_the_document_of_a_refused_apply_says_so(world: World) -> None:
    changed(world, around_now())
    result = world.run("apply", "--yes", "--format", "json")
    assert result.code == 3, result
    assert result.json["plan"]["refused"] is True
    assert "guard-freeze" in [each["code"] for each in result.json["plan"]["diagnostics"]]


def test_an_override_applies_and_is_kept(world: World) -> None:
    changed(world, around_now())
    result = world.spawn("apply", "--yes", "--override", "  hotfix,\n ticket 4711 ")
    assert result.code == 0, result
    assert "warning[freeze-overridden]" in result.err
    assert world.live("Board_Pack")["frequency"] == "daily"
    override = last(world)["override"]
    assert isinstance(override, dict)
    assert override["reason"] == "hotfix, ticket 4711"
    assert override["freeze"].startswith("the books are being closed (20")
    assert "    inside a freeze: hotfix, ticket 4711\n" in world.run("history").out
    told = world.run("history", "show", "latest").out
    assert "  override  hotfix, ticket 4711\n" in told
    assert "  freeze    the books are being closed (20" in told
    # Later applies say nothing of it.
    world.workspace()
    world.sales(recipe("Board_Pack", time="02:00"))
    world.apply()
    assert last(world)["override"] is None
    assert "freeze" not in world.run("history", "--limit", "1").out


def test_the_reason_may_come_from_the_environment_and_must_say_something(world: World) -> None:
    changed(world, ALWAYS)
    for empty in ("", "  "):
        result = world.run("apply", "--yes", "--override", empty)
        assert result.code == 64, result
        assert "say why" in result.err
    assert world.sent() == []
    result = world.run("apply", "--yes", env={"RECONCILE_OVERRIDE": "agreed with Ana"})
    assert result.code == 0, result
    override = last(world)["override"]
    assert isinstance(override, dict)
    assert override["reason"] == "agreed with Ana"


def test_a_secret_in_the_reason_is_kept_nowhere(world: World) -> None:
    changed(world, ALWAYS)
    secret = world.env["SF_CLIENT_SECRET"]
    result = world.run("apply", "--yes", "--override", f"it says {secret}")
    assert result.code == 0, result
    assert secret not in result.out + result.err
    assert not [path for path in world.root.glob(".reconcile/**/*.json") if secret in path.read_text()]


def test_an_override_lifts_no_other_guard(world: World) -> None:
    world.sales(recipe("Board_Pack", protect=True))
    world.apply()
    world.workspace(top=ALWAYS)
    world.sales(recipe("Month_Close"))
    world.forget_log()
    result = world.run("apply", "--yes", "--override", "hotfix")
    assert result.code == 3, result
    assert "guard-protected" in result.err
    assert "guard-freeze" not in result.err
    assert world.sent() == []


def test_outside_a_freeze_nothing_is_said_and_nothing_is_kept(world: World) -> None:
    changed(world, around_now(before=3, after=-1))
    result = world.run("apply", "--yes", "--override", "just in case")
    assert result.code == 0, result
    assert "freeze" not in result.err
    assert last(world)["override"] is None


def test_without_a_change_nothing_is_refused(world: World) -> None:
    """What already is as the files say becomes ours also in a freeze: nothing is sent."""
    changed(world, "")
    world.apply()
    world.run("state", "forget", "--yes", "sales/schedule/recipe:Board_Pack")
    world.workspace(top=ALWAYS)
    result = world.run("apply", "--yes")
    assert result.code == 0, result
    assert "freeze" not in result.err
    plan = world.plan()
    assert plan["changes"] == []
    assert plan["diagnostics"] == []


def test_a_plan_in_a_freeze_is_made_and_says_so(world: World) -> None:
    changed(world, around_now())
    plan = world.run("plan", "--format", "json")
    assert plan.code == 0, plan
    assert plan.codes == ["freeze-active"]
    assert plan.json["refused"] is False
    shown = world.run("plan")
    assert "warning[freeze-active]" in shown.err
    assert "Apply would be refused" in shown.err


def test_a_freeze_that_begins_within_a_day_is_noted(world: World) -> None:
    changed(world, around_now(before=-20, after=30))
    assert world.run("plan", "--format", "json").codes == ["freeze-soon"]
    assert "freeze" not in world.run("plan").err
    assert "note[freeze-soon]" in world.run("plan", "-v").err
    changed(world, around_now(before=-26, after=30))
    assert world.run("plan", "--format", "json").codes == []


def test_a_saved_plan_is_judged_when_it_is_applied(world: World) -> None:
    """Made in a freeze for later; refused inside it, and not used up by that; applied afterwards without a word."""
    changed(world, around_now())
    assert world.run("plan", "--out", "plan.json").code == 0
    refused = world.run("apply", "plan.json")
    assert refused.code == 3, refused
    assert "guard-freeze" in refused.err
    assert world.sent() == []
    world.workspace(top=around_now(before=3, after=-1))
    done = world.run("apply", "plan.json")
    assert done.code == 0, done
    assert "freeze" not in done.err


def test_a_saved_plan_can_be_applied_with_an_override(world: World) -> None:
    changed(world, ALWAYS)
    assert world.run("plan", "--out", "plan.json").code == 0
    result = world.run("apply", "plan.json", "--override", "hotfix")
    assert result.code == 0, result
    override = last(world)["override"]
    assert isinstance(override, dict)
    assert override["reason"] == "hotfix"


def test_undo_is_refused_too(world: World) -> None:
    changed(world, "")
    before = world.live("Board_Pack")
    world.apply()
    world.workspace(top=ALWAYS)
    world.forget_log()
    refused = world.run("undo", "latest", "--yes")
    assert refused.code == 3, refused
    assert "guard-freeze" in refused.err
    assert "No time without a freeze follows within two years." in refused.err
    assert world.sent() == []
    late = world.run("undo", "latest", "--out", "back.json", "--override", "hotfix")
    assert late.code == 64, late
    assert "apply FILE" in late.err
    done = world.run("undo", "latest", "--yes", "--override", "it broke the month's end")
    assert done.code == 0, done
    assert world.live("Board_Pack") == before
    override = last(world)["override"]
    assert isinstance(override, dict)
    assert override["reason"] == "it broke the month's end"


def test_the_freezes_of_an_environment_are_added(world: World) -> None:
    own = f"environments:\n  prod:\n    {ALWAYS.strip().replace(chr(10), chr(10) + '    ')}\n"
    changed(world, own)
    assert world.run("apply", "--yes", "--env", "prod").code == 3
    assert world.run("apply", "--yes").code == 0


def test_the_events_of_a_calendar_freeze(world: World) -> None:
    now = datetime.now(UTC)
    start, end = ((now + timedelta(hours=hours)).strftime("%Y%m%dT%H%M%SZ") for hours in (-24 * 14 - 1, -24 * 14 + 1))
    event = f"UID:1\nSUMMARY:Release train\nDTSTART:{start}\nDTEND:{end}\nRRULE:FREQ=WEEKLY\n"
    world.write("freezes.ics", f"BEGIN:VCALENDAR\nBEGIN:VEVENT\n{event}END:VEVENT\nEND:VCALENDAR\n")
    changed(world, "freezes:\n  - {calendar: freezes.ics, reason: platform team}\n")
    assert world.run("validate").code == 0
    result = world.run("apply", "--yes")
    assert result.code == 3, result
    assert "platform team: Release train: 20" in result.err
    (world.root / "freezes.ics").unlink()
    for command in ("validate", "apply"):
        gone = world.run(command)
        assert gone.code == 1, gone
        assert "error[no-calendar]" in gone.err
    assert world.sent() == []
