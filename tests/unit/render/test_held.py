"""What is held is seen: in the change that holds it, and for as long as it lasts."""

import json
from dataclasses import replace

from reconcile.core.address import Address
from reconcile.core.hold import Hold
from reconcile.core.plan import Base, Plan, Stamp, build_plan
from reconcile.core.snapshot import Snapshots, Values
from reconcile.render.json import document_text, drift_document, plan_document
from reconcile.render.markdown import drift_markdown, plan_markdown
from reconcile.render.text import drift_text, plan_text, summary_line

from .plans import KINDS, NONE, NOW, THEN, Scene, daily

MOVING = Hold("moving house", "2026-12-01T00:00:00Z")


def address(name: str) -> Address:
    return Address("sales", "schedule", f"recipe:{name}")


class Held(Scene):
    """A scene with holds."""

    def hold(self, name: str, hold: Hold = MOVING, *, since: str | None = None, live: Values = NONE) -> "Held":
        """Add a recipe that is to be daily and is held; with ``since`` it has been."""
        self.schedule(name, file=daily("01:00"), live=live, ours=NONE if since else daily("01:00"))
        at = address(name)
        self.desired[at] = replace(self.desired[at], hold=hold)
        self.recorded[at] = replace(self.recorded[at], held_since=since)
        return self


def test_the_change_that_holds_says_why_and_until_when() -> None:
    """Below where it is written; a restore says what ended."""
    text = plan_text(Held().hold("A", live=daily("01:00")).plan())
    assert "- delete  sales/schedule/recipe:A\n" in text
    assert "          held: moving house (until 2026-12-01)\n" in text
    back = Held().schedule("A", file=daily("01:00"), live=NONE, ours=NONE)
    back.recorded[address("A")] = replace(back.recorded[address("A")], held_since=THEN)
    assert "sales.yaml:3: the hold was removed\n" in plan_text(back.plan())


def test_what_is_held_is_counted_and_grouped_by_its_hold() -> None:
    """One line for each hold, oldest first, with an age; the objects themselves are listed on request."""
    scene = Held().hold("A", since="2026-11-20T14:00:00Z").hold("B", since=THEN)
    plan = scene.hold("C", Hold("no end"), since="2026-11-22T09:00:00Z").plan()
    text = plan_text(plan)
    lines = [line for line in text.splitlines() if line.startswith("held:")]
    assert lines == [
        "held: 2 objects, since 2026-11-01 09:30:07 UTC, 21 days at most; until 2026-12-01: moving house",
        "held: 1 object, since 2026-11-22 09:00:00 UTC, 5 hours: no end",
    ]
    assert "recipe:A" not in text
    listed = plan_text(plan, everything=True)
    line = next(line for line in listed.splitlines() if line.startswith("= held    sales/schedule/recipe:A  "))
    assert line.endswith("sales.yaml:3  moving house (since 2026-11-20 14:00:00 UTC, 2 days; until 2026-12-01)")
    assert summary_line(plan) == "Plan: nothing to do; 3 unchanged, 3 held."


def test_a_hold_that_keeps_nothing_off_has_no_age() -> None:
    """It is listed all the same."""
    scene = Held().hold("A", since=THEN)
    scene.desired[address("A")] = replace(scene.desired[address("A")], values=NONE)
    scene.recorded[address("A")] = replace(scene.recorded[address("A")], held_since=None)
    assert "held: 1 object, until 2026-12-01: moving house" in plan_text(scene.plan())


def parsed(document: object) -> dict[str, object]:
    found: dict[str, object] = json.loads(document_text(document))  # type: ignore[arg-type]
    return found


def test_json_has_it_in_the_change_and_in_one_list() -> None:
    """``held`` has what is held and what is to be, in the order of addresses."""
    plan = Held().hold("B", since=THEN).hold("A", live=daily("01:00")).plan()
    document = parsed(plan_document(plan, everything=True))
    new = {"reason": "moving house", "until": "2026-12-01T00:00:00Z", "since": None}
    old = {**new, "since": THEN}
    source = {"file": "sales.yaml", "line": 3, "column": 5}
    assert document["held"] == [
        {"address": str(address("A")), **new, "source": source},
        {"address": str(address("B")), **old, "source": source},
    ]
    assert [change["hold"] for change in document["changes"]] == [new]  # type: ignore[attr-defined]
    assert [item["hold"] for item in document["unchanged"]] == [old]  # type: ignore[attr-defined]
    assert parsed(plan_document(Scene().plan()))["held"] == []


def moved() -> Plan:
    """Return the plan of a held schedule that somebody made anew."""
    return Held().hold("A", since=THEN, live=daily("05:00")).plan()


def test_drift_says_that_it_is_held() -> None:
    """Somebody switched on what was off on purpose: both are worth knowing."""
    plan = moved()
    text = drift_text(plan.drift, held=plan.held)
    assert "          held: moving house (since 2026-11-01 09:30:07 UTC; until 2026-12-01)\n" in text
    assert text in plan_text(plan)
    held = drift_document(plan.drift, 0, [], [], plan.held)["held"]
    assert [item["since"] for item in held] == [THEN]


def test_markdown_has_it_in_the_table_and_above_it() -> None:
    """What a reason says means nothing to Markdown."""
    scene = Held().hold("A", Hold("<b>|moving* @all"), live=daily("01:00")).hold("B", since=THEN)
    text = plan_markdown(scene.plan())
    assert "held: \\<b" not in text
    assert r"held: &lt;b&gt;\|moving\* \@all" in text
    assert "- held: 1 object, since 2026-11-01 09:30:07 UTC, 21 days; until 2026-12-01: moving house" in text
    plan = moved()
    assert "held: moving house" in drift_markdown(plan.drift, 0, [], held=plan.held, now=NOW)


def test_nothing_in_a_reason_reaches_the_terminal() -> None:
    """Files are written by many."""
    evil = Held().hold("A", Hold("\x1b[2J gone"), since=THEN).hold("B", Hold("\x1b[2J"), live=daily("01:00"))
    assert "\x1b" not in plan_text(evil.plan(), everything=True)


def test_a_held_environment_is_one_line() -> None:
    """However much it has."""
    scene = Scene("dev")
    for number in range(50):
        scene.schedule(f"R{number}", file=daily("01:00"), live=NONE, ours=NONE)
    views = Snapshots(scene.desired, scene.live, {a: replace(r, held_since=THEN) for a, r in scene.recorded.items()})
    plan = build_plan(views, KINDS, Stamp("p", NOW, "dev", Base("l", 1)), hold=Hold("dev sleeps"))
    assert [line for line in plan_text(plan).splitlines() if "held:" in line] == [
        "held: 50 objects, since 2026-11-01 09:30:07 UTC, 21 days: dev sleeps"
    ]
