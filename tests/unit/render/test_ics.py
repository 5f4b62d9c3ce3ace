"""A calendar that others subscribe to, read back by a library that knows the rules."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from icalendar import Calendar

from reconcile.core.agenda import Agenda, Frozen
from reconcile.core.redact import Redactor
from reconcile.core.timing import Clock, Daily, Every, Frequency, Weekday
from reconcile.render.ics import calendar_ics

from .agendas import HOSTILE, LA, PARIS, everything, placed, scheduled

NOW = datetime(2026, 3, 7, 5, 20, tzinfo=UTC)


def events(agenda: Agenda, environment: str = "default", now: datetime = NOW) -> list[Any]:
    """Return the events of the text, in its order."""
    calendar: Any = Calendar.from_ical(calendar_ics(agenda, environment, now))
    found: list[Any] = calendar.walk("VEVENT")
    assert not any(each.errors for each in found)
    return found


def test_the_calendar_has_what_those_who_subscribe_to_it_ask_for() -> None:
    calendar: Any = Calendar.from_ical(calendar_ics(everything(), "prod", NOW))
    assert (calendar["version"], calendar["method"], calendar["calscale"]) == ("2.0", "PUBLISH", "GREGORIAN")
    assert calendar["x-wr-calname"] == calendar["name"] == "reconcile (prod)"
    assert calendar["x-wr-timezone"] == "Europe/Paris"
    assert calendar.decoded("refresh-interval") == timedelta(hours=6)
    assert calendar["x-published-ttl"] == "PT6H"
    assert calendar["prodid"]


def test_every_run_is_one_event_in_order_of_time() -> None:
    agenda = everything()
    runs = sorted(run.at for entry in agenda.entries for run in entry.occurrences)
    found = [each for each in events(agenda) if "freeze" not in each.categories]
    assert [each["dtstart"].dt for each in found] == runs
    assert len({each["uid"] for each in found}) == len(runs)
    assert {each["dtstamp"].dt for each in found} == {NOW}
    assert {each["transp"] for each in found} == {"TRANSPARENT"}
    assert {tuple(each.categories) for each in found} == {("sales",)}


def test_an_event_says_whose_run_it_is_when_and_what_is_in_doubt() -> None:
    by_name: dict[str, list[Any]] = {}
    for each in events(everything()):
        by_name.setdefault(str(each["summary"]), []).append(each)
    (risky,) = by_name["recipe:Nightly (at risk)"]
    assert risky["status"] == "TENTATIVE"
    assert str(risky["description"]).split("\n") == [
        "sales/schedule/recipe:Nightly",
        "daily at 02:30, America/Los_Angeles",
        "Usually takes 5 min 0 s.",
        "At risk: the clock skips this time: it may not run, or run before or after it.",
        "Possible times: 2026-03-08 09:30 UTC, 2026-03-08 10:30 UTC",
    ]
    certain = by_name["recipe:Nightly"][0]
    assert (certain["status"], certain["duration"].dt) == ("CONFIRMED", timedelta(minutes=5))
    behind = str(by_name["recipe:Behind"][0]["description"])
    assert "after sales/schedule/recipe:Nightly\nThis is the earliest time that it can start." in behind
    paris = str(by_name["recipe:Paris"][0]["description"])
    assert "In no file." in paris
    assert "How long it takes is not known" in paris


def test_a_freeze_is_an_event() -> None:
    (found,) = (each for each in events(everything()) if "freeze" in each.categories)
    assert str(found["summary"]) == "Freeze: year end"
    assert found["dtstart"].dt == datetime(2026, 3, 7, 18, tzinfo=UTC)
    assert found["dtend"].dt == datetime(2026, 3, 9, 6, tzinfo=UTC)


def test_the_same_run_keeps_its_uid_from_day_to_day() -> None:
    """And another environment's is another one: both may be in one calendar."""
    nightly = [scheduled("A", Daily(Clock(150, LA)))]
    today, tomorrow = (placed(nightly, f"2026-06-0{day}T00:00") for day in (1, 2))
    later = NOW + timedelta(days=1)
    uids = {each["dtstart"].dt: str(each["uid"]) for each in events(today)}
    again = {each["dtstart"].dt: str(each["uid"]) for each in events(tomorrow, now=later)}
    assert len(uids.items() & again.items()) == 6
    other = {str(each["uid"]) for each in events(today, "prod")}
    assert not other & set(uids.values())


def test_no_two_events_share_a_uid() -> None:
    """Two runs of one instant, since the clock skips the time of one of them; freezes that begin together."""
    hourly = scheduled("A", Every(Frequency.HOURLY, 60, Clock(0, PARIS), frozenset(Weekday), 23))
    start = datetime(2027, 3, 27, 23, tzinfo=UTC)
    freezes = tuple(Frozen(start, start + timedelta(days=days), "year end") for days in (2, 1, 2))
    found = events(placed([hourly], "2027-03-28T00:00", days=1, freezes=freezes))
    assert len({str(each["uid"]) for each in found}) == len(found) == 25
    twice = [each for each in found if each["dtstart"].dt == datetime(2027, 3, 28, 0, tzinfo=UTC)]
    assert [str(each["status"]) for each in twice] == ["CONFIRMED", "TENTATIVE"]
    (frozen,) = (each for each in found if "freeze" in each.categories)
    assert frozen["dtend"].dt == start + timedelta(days=2)


def test_a_secret_is_masked_before_it_is_escaped_and_folded() -> None:
    secret = "one,two;three" * 8
    start = datetime(2026, 6, 1, tzinfo=UTC)
    agenda = placed([], "2026-06-01T00:00", freezes=(Frozen(start, start + timedelta(days=1), f"for {secret}"),))
    text = calendar_ics(agenda, "default", NOW, clean=Redactor([secret]).clean)
    (found,) = Calendar.from_ical(text).walk("VEVENT")
    assert str(found["summary"]) == "Freeze: for ***"


def test_lines_end_as_they_must_and_are_folded() -> None:
    raw = calendar_ics(everything(), "default", NOW).encode()
    assert raw.endswith(b"END:VCALENDAR\r\n")
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert max(map(len, raw.split(b"\r\n"))) <= 75


@pytest.mark.parametrize("zone", [PARIS, "Australia/Lord_Howe"])
def test_no_name_adds_a_line(zone: str) -> None:
    agenda = placed([scheduled(HOSTILE.removeprefix("recipe:"), Daily(Clock(0, zone)))], "2026-06-01T00:00", days=1)
    (found,) = events(agenda)
    summary = str(found["summary"])
    assert summary.startswith('recipe:</title><script>alert("1")</script>&amp;\\x1b[31m\\r\\nEND:VEVENT;,\\ü')
    assert summary.endswith("x" * 90)
    assert max(map(len, calendar_ics(agenda, "default", NOW).encode().split(b"\r\n"))) <= 75
