"""``reconcile calendar`` as users run it: from the files alone, from the platforms, into pipes and calendars."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from icalendar import Calendar

from e2e.harness import Entry, Result, World, flags, recipe

PARIS = ("--zone", "Europe/Paris")
MONDAY = ("--from", "2026-06-01")
BOARD = "sales/schedule/recipe:Board_Pack"


def runs(document: Any, name: str) -> list[str]:
    """Return when a schedule of the document runs."""
    return [run["at"] for run in schedule(document, name)["runs"]]


def schedule(document: Any, name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(each for each in document["schedules"] if each["address"] == f"sales/schedule/{name}")
    return found


def events(result: Result) -> dict[str, datetime]:
    """Return when each event begins, by its UID."""
    calendar: Any = Calendar.from_ical(result.out)
    return {str(each["uid"]): each["dtstart"].dt for each in calendar.walk("VEVENT")}


def after(trigger: str, **fields: object) -> Entry:
    return {"recipe": "Churn_Score", "frequency": "eventdriven", "trigger_rule": trigger, **fields}


@pytest.fixture
def files(world: World) -> World:
    """A workspace whose files name two recipes and a Tailer configuration."""
    world.sales(recipe("Board_Pack"), {"recipe": "Month_Close", "frequency": "none"})
    return world


# -- from the files ----------------------------------------------------------------------------------------------------


def test_the_files_are_enough(files: World, tmp_path: Path) -> None:
    """No call, no credentials that work, nothing written."""
    files.forget_log()
    before = sorted(tmp_path.rglob("*"))
    nowhere = {"SF_INSTANCE_URL": "https://nowhere.invalid", "SF_CLIENT_SECRET": "no secret at all"}
    result = files.spawn("calendar", *MONDAY, *PARIS, env=nowhere)
    assert (result.code, result.err) == (0, "")
    assert files.log() == []
    assert sorted(tmp_path.rglob("*")) == before
    assert "7 runs of 2 schedules, Mon 2026-06-01 00:00 to Mon 2026-06-08 00:00,\n" in result.out
    assert "\n  03:00  sales/schedule/recipe:Board_Pack  (01:00 UTC)\n" in result.out
    assert "\n  sales/schedule/recipe:Month_Close\n    it has no schedule\n" in result.out


def test_it_goes_into_any_pipe(files: World) -> None:
    plain = files.spawn("calendar", *MONDAY, *PARIS, env={"PYTHONIOENCODING": "ascii"})
    assert plain.code == 0, plain
    assert plain.out.isascii()
    assert "  . . . @@. . " in plain.out
    blocks = files.spawn("calendar", *MONDAY, *PARIS, env={"PYTHONIOENCODING": "utf-8"})
    assert "  · · · ██· · " in blocks.out
    assert "\x1b" not in blocks.out
    assert max(map(len, blocks.out.splitlines())) <= 80


def test_what_is_held_has_no_runs(files: World) -> None:
    files.sales(recipe("Board_Pack", hold={"reason": "moving house"}), recipe("Month_Close"))
    document = files.run("calendar", *MONDAY, "--format", "json").json
    held = schedule(document, "recipe:Board_Pack")
    assert (held["runs"], held["hold"]) == ([], {"reason": "moving house", "until": None, "since": None})
    assert len(runs(document, "recipe:Month_Close")) == 7
    assert "    held: moving house\n" in files.run("calendar", *MONDAY).out


def test_a_recipe_that_others_wait_for_is_known_once_it_was_applied(files: World) -> None:
    """Its id is in the record; before that nobody can tell which recipe a rule means."""
    id_ = files.asset("Board_Pack")["id"]
    files.sales(recipe("Board_Pack"), after(f"recipe:{id_}"))
    document = files.run("calendar", *MONDAY, "--format", "json").json
    assert schedule(document, "recipe:Churn_Score")["silence"] == "unknown_trigger"
    files.apply()
    files.forget_log()
    document = files.run("calendar", *MONDAY, "--format", "json", env={"SF_CLIENT_SECRET": "gone"}).json
    assert files.log() == []
    assert schedule(document, "recipe:Churn_Score")["after"] == [BOARD]
    assert runs(document, "recipe:Churn_Score") == runs(document, "recipe:Board_Pack")


def test_what_is_not_selected_still_triggers_others(files: World) -> None:
    files.sales(
        {"data_sync": "SFDC_LOCAL", "frequency": "daily", "time": "01:00", "timezone": "UTC"},
        after("$ALL_SALESFORCE_OBJECTS"),
    )
    document = files.run("calendar", *MONDAY, "--select", "*Churn*", "--format", "json").json
    assert [each["address"] for each in document["schedules"]] == ["sales/schedule/recipe:Churn_Score"]
    assert len(runs(document, "recipe:Churn_Score")) == 7
    assert document["week"]["total"] == 7


def test_a_damaged_record_keeps_nobody_from_looking(files: World) -> None:
    files.apply()
    for path in (files.root / ".reconcile").rglob("state/*.json"):
        path.write_text("{", encoding="utf-8")
    result = files.run("calendar", *MONDAY, "--format", "json")
    assert result.code == 0, result
    assert result.codes == ["state-damaged"]
    assert result.json["diagnostics"][0]["severity"] == "warning"


def test_a_record_elsewhere_is_not_asked(world: World) -> None:
    """Asking it would fail: nobody listens there."""
    world.workspace(top='state: "s3://nobody-listens/there?endpoint=http://127.0.0.1:9&allow_http=true"')
    world.sales(recipe("Board_Pack"))
    result = world.run("calendar", *MONDAY)
    assert result.code == 0, result
    assert "7 runs of 1 schedule" in result.out


def test_what_has_nothing_to_do_with_time_is_not_in_it(world: World) -> None:
    world.tailer([flags()])
    result = world.run("calendar", *MONDAY)
    assert result.code == 0, result
    assert "\nNothing here has a schedule.\n" in result.out


def test_freezes_are_in_it(world: World) -> None:
    freeze = '{from: 2026-06-02, until: 2026-06-03, timezone: Europe/Paris, reason: "books closed"}'
    world.workspace(top=f"freezes: [{freeze}]")
    world.sales(recipe("Board_Pack"))
    text = world.run("calendar", *MONDAY, *PARIS)
    assert "Nothing is to be changed\n  Tue 2026-06-02 00:00 to Wed 2026-06-03 00:00  books closed\n" in text.out, text
    document = world.run("calendar", *MONDAY, "--format", "json").json
    assert document["freezes"] == [
        {"from": "2026-06-01T22:00:00Z", "until": "2026-06-02T22:00:00Z", "reason": "books closed"}
    ]


@pytest.mark.parametrize("format_", ["text", "json", "markdown", "svg", "ics"])
def test_a_secret_is_in_no_format(world: World, format_: str) -> None:
    """Not where a format spells it otherwise: escaped, or folded over two lines."""
    secret = 'a<b>&c,"secret";' * 4
    freeze = '{from: 2026-06-02, until: 2026-06-03, reason: "see ${env.SF_CLIENT_SECRET}"}'
    world.workspace(top=f"freezes: [{freeze}]")
    world.sales(recipe("Board_Pack"))
    world.env["SF_CLIENT_SECRET"] = secret
    result = world.run("calendar", *MONDAY, "--format", format_)
    assert result.code == 0, result
    assert "see ***" in " ".join(result.out.split())
    assert "secret" not in result.out


# -- which days, on whose clock ----------------------------------------------------------------------------------------


def test_days_are_those_of_the_readers_zone(files: World) -> None:
    document = files.run("calendar", "--from", "2026-03-28", "--days", "2", *PARIS, "--format", "json").json
    assert (document["from"], document["until"]) == ("2026-03-27T23:00:00Z", "2026-03-29T22:00:00Z")
    assert document["zone"] == document["week"]["zone"] == "Europe/Paris"
    # Clocks go forward at 01:00 UTC, when it is 02:00: the run is at 03:00.
    assert [hours.index(1) for hours in document["week"]["counts"]] == [2, 3]


def test_the_zone_comes_from_the_environment_where_nobody_asks_for_one(files: World) -> None:
    for env in ({"RECONCILE_ZONE": "Asia/Tokyo", "TZ": "UTC"}, {"TZ": "Asia/Tokyo"}):
        document = files.run("calendar", *MONDAY, "--format", "json", env=env).json
        assert (document["zone"], document["from"]) == ("Asia/Tokyo", "2026-05-31T15:00:00Z")


def test_the_next_runs_however_far_ahead(files: World) -> None:
    leap = {"frequency": "monthly", "days_of_month": [31], "time": "00:00", "timezone": "UTC"}
    files.sales(
        {"data_sync": "SFDC_LOCAL", **leap},
        after("$ALL_SALESFORCE_OBJECTS"),
        {"recipe": "Board_Pack", "frequency": "minutely", "minutely_interval": 30, "time": "00:00", "timezone": "UTC",
         "days_of_week": ["Monday"]},
    )  # fmt: skip
    document = files.run("calendar", *MONDAY, "--next", "3", "--zone", "UTC", "--format", "json").json
    monthly = ["2026-07-31T00:00:00Z", "2026-08-31T00:00:00Z", "2026-10-31T00:00:00Z"]
    assert runs(document, "data_sync:SFDC_LOCAL") == monthly
    assert runs(document, "recipe:Churn_Score") == monthly
    assert runs(document, "recipe:Board_Pack") == [f"2026-06-01T0{at}:00Z" for at in ("0:00", "0:30", "1:00")]
    assert document["week"]["total"] == 48
    text = files.run("calendar", *MONDAY, "--next", "1", "--zone", "UTC").out
    assert (
        "\nsales/schedule/recipe:Churn_Score\n    after sales/schedule/data_sync:SFDC_LOCAL\n    Fri 2026-07-31 00:00\n"
        in text
    )


def test_a_freeze_that_a_run_falls_into_is_shown_however_far_ahead(world: World) -> None:
    """Of the others those of the first week: a hundred weekends would bury it."""
    weekends = '{weekly: {days_of_week: [Saturday, Sunday]}, reason: "nobody is there"}'
    closing = '{from: 2026-12-31, until: 2027-01-02, reason: "books closed"}'
    world.workspace(top=f"freezes: [{weekends}, {closing}]")
    monthly = {"frequency": "monthly", "days_of_month": [31], "time": "00:00", "timezone": "UTC"}
    world.sales({"recipe": "Month_Close", **monthly})
    document = world.run("calendar", *MONDAY, "--next", "4", "--zone", "UTC", "--format", "json").json
    assert runs(document, "recipe:Month_Close")[2:] == ["2026-10-31T00:00:00Z", "2026-12-31T00:00:00Z"]
    assert [each["from"][:10] for each in document["freezes"]] == [
        "2026-06-06", "2026-06-07", "2026-10-31", "2026-12-31",
    ]  # fmt: skip
    text = world.run("calendar", *MONDAY, "--next", "4", "--zone", "UTC").out
    assert text.endswith("  Thu 2026-12-31 00:00 to Sat 2027-01-02 00:00  books closed\n")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--zone", "Europe/Pariss"), 'did you mean "Europe/Paris"'),
        (("--from", "tomorrow"), "--from tomorrow: write a day or a moment"),
        (("--from", "0001-01-01"), "--from 0001-01-01: write a day or a moment"),
        (("--days", "0"), "--days"),
        (("--days", "3", "--next", "3"), "--days and --next exclude each other"),
        (("--next", "3", "--format", "svg"), "--next makes a list"),
    ],
)
def test_wrong_usage(files: World, arguments: tuple[str, ...], words: str) -> None:
    result = files.run("calendar", *arguments)
    assert result.code == 64, result
    assert words in result.err
    assert result.out == ""


def test_a_selection_that_names_nothing_is_an_error(files: World) -> None:
    result = files.run("calendar", "--select", "sales/schedule/recipe:Bord_Pack")
    assert result.code == 1
    assert "error[nothing-selected]" in result.err
    assert result.out == ""


# -- formats -----------------------------------------------------------------------------------------------------------


def test_a_calendar_to_subscribe_to(files: World) -> None:
    """A month of it, and the same events the day after."""
    first, second = (
        files.spawn("calendar", "--from", day, "--format", "ics", *PARIS) for day in ("2026-06-01", "2026-06-02")
    )
    assert (first.code, second.code) == (0, 0)
    one, other = events(first), events(second)
    assert (len(one), len(other), len(one.items() & other.items())) == (31, 31, 30)


def test_a_picture(files: World) -> None:
    result = files.run("calendar", *MONDAY, "--format", "svg")
    assert result.code == 0, result
    assert ET.fromstring(result.out).tag == "{http://www.w3.org/2000/svg}svg"


@pytest.mark.parametrize("format_", ["svg", "ics"])
def test_files_are_utf_8_whatever_the_terminal_is(world: World, format_: str) -> None:
    """Those who read them take nothing else for granted."""
    world.workspace(top='freezes: [{from: 2026-06-02, until: 2026-06-03, reason: "Jahresabschluß, 年末"}]')
    world.sales(recipe("Board_Pack"))
    found = world.spawn("calendar", *MONDAY, "--format", format_, env={"PYTHONIOENCODING": "latin-1"}, encoding="utf-8")
    assert found.code == 0, found
    assert "Jahresabschluß" in found.out
    assert "年末" in found.out


def test_a_terminal_that_has_no_such_character_shows_the_rest(world: World) -> None:
    world.workspace(top='freezes: [{from: 2026-06-02, until: 2026-06-03, reason: "Jahresabschluß, 年末"}]')
    world.sales(recipe("Board_Pack"))
    found = world.spawn("calendar", *MONDAY, env={"PYTHONIOENCODING": "latin-1"}, encoding="latin-1")
    assert found.code == 0, found
    assert "Jahresabschluß, \\u5e74\\u672b\n" in found.out


def test_markdown(files: World) -> None:
    result = files.run("calendar", *MONDAY, *PARIS, "--format", "markdown")
    assert result.out.startswith("### reconcile calendar: 7 runs of 2 schedules, Mon 2026-06-01 00:00")


@pytest.mark.parametrize("format_", ["svg", "ics"])
def test_other_commands_have_no_such_format(files: World, format_: str) -> None:
    result = files.run("validate", "--format", format_)
    assert result.code == 64
    assert f"this command has no --format {format_}; it has: text, json, markdown" in result.err


# -- from the platforms ------------------------------------------------------------------------------------------------


def test_live_shows_what_is_there_and_what_nobody_wrote_down(files: World) -> None:
    """The files say nothing of when: Board_Pack is as somebody made it."""
    files.forget_log()
    document = files.run("calendar", *MONDAY, "--live", "--format", "json", "--zone", "UTC").json
    assert document["source"] == "live"
    assert {method for method, _ in files.calls()} == {"GET"}
    board = schedule(document, "recipe:Board_Pack")
    assert (board["declared"], board["timing"]) == (True, "monthly on the last Sunday at 02:00, America/Los_Angeles")
    churn = schedule(document, "recipe:Churn_Score")
    assert not churn["declared"]
    assert churn["count"] == 21
    assert not any(each["address"].endswith(":Adhoc_Export") for each in document["schedules"])
    assert "sales/schedule/recipe:Churn_Score (in no file)\n" in files.run("calendar", *MONDAY, "--live").out


def test_live_needs_no_file_at_all(world: World) -> None:
    result = world.run("calendar", "--live", *MONDAY)
    assert result.code == 0, result
    assert "of 8 schedules" in result.out


def test_what_could_not_be_read_is_named_and_the_rest_is_shown(files: World) -> None:
    files.fault("status", path="/wave/recipes", status=500)
    result = files.run("calendar", "--live", *MONDAY, *PARIS)
    assert result.code == 1
    assert "error[unavailable]" in result.err
    head, _, _ = result.out.partition("\n\n")
    assert "NOT the whole: something could not be read" in head.replace("\n", " ")
    assert "sales/schedule/data_sync:Marketing_Cloud (in no file)\n" in result.out
    assert "could not be read:\n  sales/schedule/recipe:Board_Pack\n  sales/schedule/recipe:Month_Close\n" in result.out
    document = files.run("calendar", "--live", *MONDAY, "--format", "json")
    assert document.code == 1
    assert document.json["unread"] == [BOARD, "sales/schedule/recipe:Month_Close"]
    assert "unavailable" in document.codes


def test_a_login_that_fails_is_no_empty_calendar(files: World) -> None:
    result = files.run("calendar", "--live", *MONDAY, "--format", "json", env={"SF_CLIENT_SECRET": "wrong"})
    assert result.code == 1
    assert any(each["severity"] == "error" for each in result.json["diagnostics"])
    assert result.json["unread"] == [BOARD, "sales/schedule/recipe:Month_Close"]


def test_an_object_that_is_not_there_is_a_warning(files: World) -> None:
    files.sales(recipe("Board_Pack"), recipe("Bord_Pack"))
    result = files.run("calendar", "--live", *MONDAY)
    assert result.code == 0, result
    assert "warning[unknown-object]" in result.err


def test_live_leaves_alone_what_nothing_selected_can_be_on(files: World) -> None:
    files.forget_log()
    result = files.run("calendar", "--live", "--select", "tailer/*", *MONDAY)
    assert files.calls() == []
    assert result.code == 1
    assert "error[nothing-selected]" in result.err
