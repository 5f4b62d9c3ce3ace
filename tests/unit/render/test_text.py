"""Plans and drift as people read them: short golden cases, widths, colours, and names that mean harm."""

from textwrap import dedent

import pytest

from reconcile.core.address import Address
from reconcile.core.plan import Plan
from reconcile.core.snapshot import SameAs, Value, Values
from reconcile.render.terminal import Style, counted, painter, printable, value_text, when_text
from reconcile.render.text import drift_text, plan_text, summary_line

from .plans import HOSTILE, NONE, Scene, daily


def lines(text: str) -> str:
    return dedent(text).lstrip("\n")


def test_nothing_to_do() -> None:
    """One line that says so."""
    scene = Scene().schedule("A", file=daily("01:00"), live=daily("01:00"), ours=daily("01:00"))
    assert plan_text(scene.plan()) == "Plan: nothing to do; 1 unchanged.\n"


def test_every_action() -> None:
    """Create, update, delete, run, assert, forget: sign, address, place, reason, fields, counts."""
    weekly: Values = {"frequency": "weekly", "days_of_week": ("Monday", "Thursday"), "time": "01:00", "timezone": "UTC"}
    on: Values = {"activated": True, "archived": False}
    scene = (
        Scene("prod")
        .schedule("A", file=daily("01:00"), live=NONE)
        .schedule("B", file=daily("05:00"), live=daily("01:00"), ours=daily("01:00"), line=9)
        .schedule("C", live=weekly, ours=weekly)
        .schedule("D", ours=NONE)
        .tailer("configuration", "workflow:w", file=on)
        .tailer("workflow_reset", "w", file={"once": "again"})
    )
    assert plan_text(scene.plan()) == lines(
        """
        + create  sales/schedule/recipe:A
                  sales.yaml:3: not applied by us before
            frequency: daily
            time: 01:00
            timezone: UTC

        ~ update  sales/schedule/recipe:B
                  sales.yaml:9: the file changed
                  last applied by us at 2026-11-01 09:30:07 UTC
            time: 01:00 -> 05:00

        - delete  sales/schedule/recipe:C
                  removed from the files
                  last applied by us at 2026-11-01 09:30:07 UTC
            frequency: weekly
            days_of_week: [Monday, Thursday]
            time: 01:00
            timezone: UTC

        x forget  sales/schedule/recipe:D
                  removed from the files; it no longer exists on the platform
                  last applied by us at 2026-11-01 09:30:07 UTC
        """
    ) + "\n" + lines(
        """
        ! assert  tailer_dev/configuration/workflow:w
                  tailer.yaml:7: not applied by us before
                  cannot be undone: nobody knows what it is now
            activated: true
            archived: false

        > run     tailer_dev/workflow_reset/w
                  tailer.yaml:7: not applied by us before
                  cannot be undone: what was done once stays done
            once: again

        Plan: 1 to create, 1 to update, 1 to delete, 1 to run, 1 to assert, 1 to forget; 0 unchanged (environment prod).
        """
    )


def test_drift_stands_apart() -> None:
    """What moved is shown from recorded to live, besides the change that takes it back."""
    scene = Scene().schedule("A", file=daily("01:00"), live=daily("03:00"), ours=daily("01:00"))
    assert plan_text(scene.plan()) == lines(
        """
        ~ update  sales/schedule/recipe:A
                  sales.yaml:3: changed on the platform
                  last applied by us at 2026-11-01 09:30:07 UTC
            time: 03:00 -> 01:00

        Drift: 1 object moved on the platform since our last apply

        * drift   sales/schedule/recipe:A
                  sales.yaml:3
                  last applied by us at 2026-11-01 09:30:07 UTC
            time: 01:00 -> 03:00

        Plan: 1 to update; 0 unchanged, 1 drifted.
        """
    )


def test_requests_are_shown_as_they_will_be_sent() -> None:
    """Method, path and body of each call, on request only."""
    plan = Scene().schedule("A", file=daily("01:00"), live=NONE).plan()
    assert "PUT" not in plan_text(plan)
    calls = (
        "    PUT /services/data/v60.0/wave/asset/05v1/schedule\n"
        '      {"frequency": "daily", "time": {"hour": 1, "minute": 0, "timeZone": "UTC"}}\n'
    )
    assert calls in plan_text(plan, requests=True)


def test_lists_show_what_enters_and_leaves() -> None:
    """A changed list of days says which days."""
    monthly: Values = {"frequency": "monthly", "days_of_month": (1, 15, 31), "time": "00:00", "timezone": "UTC"}
    scene = Scene().schedule("A", file={**monthly, "days_of_month": (1, 15, 20)}, live=monthly)
    assert "    days_of_month: [1, 15, 31] -> [1, 15, 20]  (added 20; removed 31)\n" in plan_text(scene.plan())


def test_what_cannot_be_seen_is_said() -> None:
    """Flags as last applied, when that was, and how to send them again."""
    on: Values = {"activated": True, "archived": False}
    scene = Scene().tailer("configuration", "workflow:w", file=on, ours=on)
    assert plan_text(scene.plan()) == lines(
        """
        tailer_dev cannot show 1 object: taken to be as last applied by us at 2026-11-01 09:30:07 UTC (--reassert sends them again)

        Plan: nothing to do; 1 unchanged.
        """  # noqa: E501
    )


def test_unchanged_objects_are_listed_on_request() -> None:
    """With --all every object has its line, also one that is about to be ours."""
    scene = Scene().schedule("A", file=daily("01:00"), live=daily("01:00"))
    text = plan_text(scene.plan(), everything=True, prefix="desired_state/")
    assert "= same    sales/schedule/recipe:A  desired_state/sales.yaml:3 (to be recorded as ours)" in text
    assert "1 of them to be recorded as ours" in text


def test_what_is_gone_is_said_so() -> None:
    """An asset that vanished: in the drift, and counted as not planned."""
    plan = Scene().schedule("A", file=daily("01:00"), ours=daily("01:00")).plan()
    assert "it no longer exists on the platform" in plan_text(plan)
    assert "1 not planned because of errors" in summary_line(plan)


def test_drift_says_whether_the_file_changed_too() -> None:
    """Both moved; and an entry that is in no file any more."""
    both = Scene().schedule("A", file=daily("02:00"), live=daily("03:00"), ours=daily("01:00")).plan()
    assert "the file changed, too" in drift_text(both.drift)
    removed = Scene().schedule("A", live=daily("03:00"), ours=daily("01:00")).plan()
    assert "in no file any more" in drift_text(removed.drift)
    assert "and changed on the platform since our last apply" in plan_text(removed)


def full_plan() -> Plan:
    scene = Scene().tailer("workflow_reset", "w", file={"once": "again"})
    for number in range(9):
        scene.schedule(f"R{number}", file=daily("05:00"), live=daily("01:00") if number % 2 else NONE, ours=NONE)
    return scene.plan()


def test_a_new_schedule_fits_80_columns() -> None:
    """A usual name, every field: nothing makes a line longer than a terminal is wide."""
    wanted = daily("01:00", notification_level="failures")
    plan = Scene().schedule("Quarterly_Revenue_Forecast_By_Region", file=wanted, live=NONE).plan()
    assert max(map(len, plan_text(plan, everything=True).splitlines())) <= 80


def test_a_changed_schedule_fits_80_columns() -> None:
    """The most usual change there is: ours, and the file changed."""
    plan = Scene().schedule("A", file=daily("05:00"), live=daily("01:00"), ours=daily("01:00")).plan()
    assert max(map(len, plan_text(plan).splitlines())) <= 80


def test_colours_only_when_asked_for() -> None:
    """Plain text has no escape; painted text without its escapes is the plain text."""
    import re

    plain, painted = plan_text(full_plan()), plan_text(full_plan(), color=True)
    assert "\x1b" not in plain
    assert "\x1b[32m" in painted
    assert re.sub(r"\x1b\[[0-9;]*m", "", painted) == plain


def test_a_painter_paints_no_nothing() -> None:
    """Empty text stays empty."""
    assert painter(True)("", Style.BAD) == ""
    assert painter(False)("x", Style.BAD) == "x"


@pytest.mark.parametrize("name", HOSTILE)
def test_names_are_spelled_out(name: str) -> None:
    """Whatever a platform calls its assets: no control character, no new line, no turning of the text."""
    scene = Scene().schedule(name, file=daily("05:00"), live=daily("03:00"), ours=daily("01:00"))
    for text in (plan_text(scene.plan(), everything=True), drift_text(scene.plan().drift)):
        assert all(c.isprintable() or c == "\n" for c in text)
        assert "\n| a" not in text


@pytest.mark.parametrize("value", ["\x9b31mred", "a\x7f", "\u202etxet", "\u2028x"])
def test_values_are_spelled_out(value: str) -> None:
    """A trigger rule from the platform is no safer than a name."""
    assert value_text(value).isprintable()


@pytest.mark.parametrize("what", ["file", "note", "request"])
def test_other_texts_are_spelled_out(what: str) -> None:
    """A file name, the address in a note, and a call hold what people and platforms wrote, too."""
    bad = "\x9b\x7fX"
    scene = Scene()
    if what == "file":
        scene.schedule("A", file=daily("05:00"), live=NONE, path=f"{bad}.yaml")
    elif what == "note":
        scene.schedule("A", ours=daily("05:00"))
        (address,) = scene.live
        scene.live[address] = SameAs(address, Address("sales", "schedule", f"recipe:{bad}"))
    else:
        scene.schedule("A", file={"frequency": "eventdriven", "trigger_rule": bad}, live=NONE)
    text = plan_text(scene.plan(), requests=True)
    if what == "request":
        text = text[text.index("PUT") :]
    assert all(c.isprintable() or c == "\n" for c in text)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "(not set)"),
        (True, "true"),
        (3, "3"),
        ("02:30", "02:30"),
        ("", '""'),
        (" x", '" x"'),
        ("$ALL", "$ALL"),
        ("[x", '"[x"'),
        ("a\nb", '"a\\nb"'),
        (("Monday", 1), "[Monday, 1]"),
    ],
)
def test_values(value: Value, expected: str) -> None:
    """One line for every value."""
    assert value_text(value) == expected


def test_printable() -> None:
    """Control characters are spelled out; letters of any script stay."""
    assert printable("a\x1b[0m\tb\u202e") == "a\\x1b[0m\\tb\\u202e"
    assert printable("Übersicht 日本") == "Übersicht 日本"


@pytest.mark.parametrize(
    ("iso", "expected"),
    [
        ("2026-11-22T14:00:07Z", "2026-11-22 14:00:07 UTC"),
        ("2026-11-22T14:00:07.123456+00:00", "2026-11-22 14:00:07 UTC"),
        ("", ""),
    ],
)
def test_instants(iso: str, expected: str) -> None:
    """UTC, to the second."""
    assert when_text(iso) == expected


def test_counted() -> None:
    """One object, several objects, thousands with a comma."""
    assert [counted(n, "object") for n in (0, 1, 1234)] == ["0 objects", "1 object", "1,234 objects"]
