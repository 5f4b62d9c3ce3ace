"""``freezes`` in files: what an entry means, of the workspace and of an environment, and what is wrong with one."""

from __future__ import annotations

import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from reconcile.core.freeze import Dates, Freeze, Weekly

from .fakes import WORKSPACE, errors, load_files, only, underlined, wrong

LAMPS = {"a.yaml": "connection: attic\nlamps: []\n"}
EVENT = "BEGIN:VEVENT\nUID:1\nDTSTART:20261220T100000Z\nDTEND:20261220T120000Z\nEND:VEVENT\n"
CALENDAR = f"BEGIN:VCALENDAR\n{EVENT}END:VCALENDAR\n"


def files(*entries: str, **more: str) -> dict[str, str]:
    items = "".join(f"  - {entry}\n" for entry in entries)
    return {
        "reconcile.yaml": f"{WORKSPACE}freezes:\n{items}",
        **LAMPS,
        **{f"{name}.ics": t for name, t in more.items()},
    }


def freezes_of(root: Path, files: dict[str, str], environment: str | None = None, **environ: str) -> list[Freeze]:
    return list(load_files(root, files, environment, **environ).freezes)


@pytest.mark.parametrize(
    ("written", "when", "zone"),
    [
        (
            "{from: 2026-12-20, until: 2027-01-03, reason: closing}",
            Dates(datetime(2026, 12, 20), datetime(2027, 1, 3)),
            "UTC",
        ),
        (
            '{from: "2026-12-20T18:00", until: "2027-01-03 06:00:30", reason: closing, timezone: "${var.zone}"}',
            Dates(datetime(2026, 12, 20, 18), datetime(2027, 1, 3, 6, 0, 30)),
            "Europe/Paris",
        ),
        ("{weekly: {days_of_week: [Saturday, Sunday]}, reason: closing}", Weekly(frozenset({5, 6}), 0, 1440), "UTC"),
        (
            "{weekly: {days_of_week: [Monday], from: '22:00', until: 6:30}, reason: closing}",
            Weekly(frozenset({0}), 1320, 390),
            "UTC",
        ),
    ],
)
def test_an_entry_is_read(written: str, when: object, zone: str, tmp_path: Path) -> None:
    (found,) = freezes_of(tmp_path, files(written))
    assert (found.when, found.zone, found.reason) == (when, zone, "closing")
    assert found.source is not None
    assert str(found.source).startswith("reconcile.yaml:")


def test_an_offset_is_kept(tmp_path: Path) -> None:
    (found,) = freezes_of(tmp_path, files("{from: 2026-12-20T06:00:00+02:00, until: 2026-12-21, reason: x}"))
    assert isinstance(found.when, Dates)
    assert found.when.start.isoformat() == "2026-12-20T06:00:00+02:00"


def test_the_reason_is_one_line(tmp_path: Path) -> None:
    (found,) = freezes_of(tmp_path, files("{from: 2026-12-20, until: 2026-12-21, reason: ' a\n     b '}"))
    assert found.reason == "a b"


@pytest.mark.parametrize(
    ("written", "code", "words", "marked"),
    [
        ("{from: 2026-12-20, until: 2026-12-20, reason: x}", "wrong-value", "write the day after", "2026-12-20"),
        ("{from: 2027-01-03, until: 2026-12-20, reason: x}", "wrong-value", "wrong way round", "2026-12-20"),
        ("{from: soon, until: 2026-12-20, reason: x}", "wrong-value", "write it as 2026-12-01", "soon"),
        ("{from: 1203-01-01, until: 2026-12-20, reason: x}", "wrong-value", "between 1970 and 9000", "1203-01-01"),
        ("{from: 2026, until: 2026-12-20, reason: x}", "wrong-type", "A date is text", "2026"),
        ("{from: , until: 2026-12-20, reason: x}", "wrong-type", "A date is text", None),
        ("{from: 2026-12-20, reason: x}", "missing-field", "add until:", "{from: 2026-12-20, reason: x}"),
        ("{until: 2026-12-20, reason: x}", "missing-field", "add from:", "{until: 2026-12-20, reason: x}"),
        ("{from: 2026-12-20, until: 2026-12-21}", "missing-field", '"reason"', "{from: 2026-12-20, until: 2026-12-21}"),
        ("{from: 2026-12-20, until: 2026-12-21, reason: ' '}", "wrong-value", "must say something", "' '"),
        ("{reason: x}", "wrong-value", '"weekly"; "calendar"', "{reason: x}"),
        ("{calendar: x.ics, weekly: {days_of_week: [Monday]}}", "wrong-value", "several entries", None),
        ("{weekly: {days_of_week: []}, reason: x}", "out-of-range", "at least 1", "[]"),
        ("{weekly: {days_of_week: [Sundy]}, reason: x}", "unknown-value", 'did you mean "Sunday"', "Sundy"),
        ("{weekly: {days_of_week: [7]}, reason: x}", "wrong-type", "write Saturday", "7"),
        ("{weekly: {from: '22:00'}, reason: x}", "missing-field", '"days_of_week"', "{from: '22:00'}"),
        ("{weekly: {days_of_week: [Monday], from: '25:00'}, reason: x}", "wrong-value", "HH:MM", "'25:00'"),
        ("{weekly: {days_of_week: [Monday], until: '0:00'}, reason: x}", "wrong-value", "for whole days", "'0:00'"),
        ("{weekly: {days_of_week: [Monday], start: '1:00'}, reason: x}", "unknown-field", "known fields", "start"),
        ("{weekly: {days_of_week: [Monday]}, reason: x, timezone: Europe/Pari}", "wrong-value", "Paris", "Europe/Pari"),
        ("{weekly: {days_of_week: [Monday]}, reason: x, timezone: localtime}", "wrong-value", "IANA", "localtime"),
        ("{weekly: {days_of_week: [Monday]}, reason: x, zone: UTC}", "unknown-field", "timezone", "zone"),
        ("{weekly: {days_of_week: [Monday]}, reason: '${var.nope}'}", "missing-variable", '"nope"', "${var.nope}"),
        ("{weekly: {days_of_week: ['${var.nope}']}, reason: x}", "missing-variable", '"nope"', "${var.nope}"),
        ("saturday", "wrong-type", "should be a mapping", "saturday"),
    ],
)
def test_a_wrong_entry_is_shown_where_it_is(
    written: str, code: str, words: str, marked: str | None, tmp_path: Path
) -> None:
    error = wrong(tmp_path, files(written))
    told = only(list(error.diagnostics))
    assert told.code == code
    assert words in f"{told.detail} {told.hint}"
    assert marked is None or underlined(error, told).strip('"') == marked


# -- of an environment -------------------------------------------------------------------------------------------------


def in_environment(entry: str) -> dict[str, str]:
    text = WORKSPACE.replace("dev: {variables: {zone: UTC}}", f"dev: {{variables: {{zone: UTC}}, freezes: [{entry}]}}")
    assert text != WORKSPACE
    every = "freezes: [{weekly: {days_of_week: [Friday]}, reason: every, timezone: '${var.zone}'}]\n"
    return {"reconcile.yaml": text + every, **LAMPS}


def test_those_of_an_environment_are_added(tmp_path: Path) -> None:
    own = in_environment('{from: "${env.DAY}", until: 2027-01-03, reason: own, timezone: "${var.zone}"}')
    found = freezes_of(tmp_path, own, "dev", DAY="2026-12-20")
    assert [(each.reason, each.zone) for each in found] == [("every", "UTC"), ("own", "UTC")]
    # What only another environment needs need not be there.
    assert [(each.reason, each.zone) for each in freezes_of(tmp_path, own, "prod")] == [("every", "Europe/Paris")]
    assert only(errors(tmp_path, own, "dev")).code == "missing-variable"


@pytest.mark.parametrize("chosen", ["dev", "prod", None])
def test_a_wrong_one_is_an_error_in_every_environment(chosen: str | None, tmp_path: Path) -> None:
    told = only(errors(tmp_path, in_environment("{from: soon, until: 2027-01-03, reason: x}"), chosen))
    assert told.code == "wrong-value"


def test_a_secret_is_not_shown(tmp_path: Path) -> None:
    error = wrong(tmp_path, files("{from: '${env.KEY}', until: 2027-01-03, reason: x}"))
    assert "opensesame-1234" not in str(only(list(error.diagnostics)))


# -- calendars ---------------------------------------------------------------------------------------------------------


def test_a_calendar_is_read_from_the_workspace(tmp_path: Path) -> None:
    (found,) = freezes_of(tmp_path, files("{calendar: x.ics, timezone: Asia/Tokyo}", x=CALENDAR))
    assert isinstance(found.when, tuple)
    assert [event.summary for event in found.when] == ["an event of x.ics"]
    assert (found.reason, found.zone) == ("", "Asia/Tokyo")


def test_one_that_is_not_there_says_which_there_are(tmp_path: Path) -> None:
    error = wrong(tmp_path, files("{calendar: freezs.ics, reason: x}", freezes=CALENDAR))
    told = only(list(error.diagnostics))
    assert (told.code, told.hint) == ("no-calendar", 'did you mean "freezes.ics"?')
    assert underlined(error, told) == "freezs.ics"
    far = only(errors(tmp_path, files("{calendar: ../elsewhere/x.ics, reason: x}")))
    assert "its path counts from the workspace" in far.hint


def test_one_of_an_environment_that_nobody_chose_is_not_read(tmp_path: Path) -> None:
    own = in_environment("{calendar: nowhere.ics}")
    assert len(freezes_of(tmp_path, own, "prod")) == 1
    assert only(errors(tmp_path, own, "dev")).code == "no-calendar"


def test_a_folder_is_no_calendar(tmp_path: Path) -> None:
    (tmp_path / "x.ics").mkdir()
    assert only(errors(tmp_path, files("{calendar: x.ics}"))).code == "unreadable-file"


def test_every_event_that_is_wrong_is_told_with_its_line(tmp_path: Path) -> None:
    bad = CALENDAR.replace("END:VCALENDAR", "BEGIN:VEVENT\nSUMMARY:x\nDTSTART:someday\nEND:VEVENT\nEND:VCALENDAR")
    bad = bad.replace("DTEND:20261220T120000Z", "DTEND:20261219T120000Z")
    error = wrong(tmp_path, files("{calendar: x.ics}", x=bad))
    assert [(each.code, underlined(error, each)) for each in error.diagnostics] == [
        ("bad-event", "DTEND:20261219T120000Z"),
        ("bad-event", "DTSTART:someday"),
    ]


def test_another_text_of_a_calendar_is_no_other_workspace(tmp_path: Path) -> None:
    """A saved plan asks whether the files changed: what is frozen is looked at anew when it is applied."""
    config = load_files(tmp_path, files("{calendar: x.ics}", x=CALENDAR))
    assert not [name for name in config.sources if name.endswith(".ics")]


def test_without_a_calendar_the_library_is_not_loaded() -> None:
    code = "import sys, reconcile.config.load, reconcile.engine.run; print(*sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "reconcile.config.ics" in found.stdout.split()
    assert not {"icalendar", "dateutil"} & set(found.stdout.split())
