"""Events of .ics files as windows; every expected instant is computed by hand."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st

from reconcile.calendar.freeze import windows
from reconcile.config.ics import read_events
from reconcile.config.ics_event import Repeated
from reconcile.config.text import Text
from reconcile.core.diagnostic import Diagnostic
from reconcile.core.errors import ConfigError
from reconcile.core.freeze import Freeze

# A zone that only its file knows: like Berlin, under another name.
OWN_ZONE = """\
BEGIN:VTIMEZONE
TZID:Head office
BEGIN:STANDARD
DTSTART:19701025T030000
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:19700329T020000
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
END:DAYLIGHT
END:VTIMEZONE
"""


def calendar(*events: str, zones: str = "") -> Text:
    """Return a file with these events, whose properties are written with blanks between them."""
    lines = "".join("BEGIN:VEVENT\n" + "\n".join(event.split(" ")) + "\nEND:VEVENT\n" for event in events)
    for zone in ("Head_office", "W._Europe_Standard_Time"):
        lines = lines.replace(zone, zone.replace("_", " "))
    return Text(f"BEGIN:VCALENDAR\nVERSION:2.0\n{zones}{lines}END:VCALENDAR\n", "x.ics")


def spans(
    *events: str, start: str = "2026-01-01", end: str = "2028-01-01", zone: str = "UTC", zones: str = ""
) -> list[str]:
    """Return the windows of the events as ``month-day hour:minute`` in UTC, from and to."""
    freeze = Freeze("x", read_events(calendar(*events, zones=zones)), zone)
    bounds = [int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) for text in (start, end)]
    return [
        " ".join(f"{datetime.fromtimestamp(each, UTC):%m-%d %H:%M}" for each in (window.start, window.end))
        for window in windows((freeze,), *bounds)
    ]


def problem(*events: str) -> Diagnostic:
    with pytest.raises(ConfigError) as caught:
        read_events(calendar(*events))
    (found,) = caught.value.diagnostics
    return found


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ("DTSTART:20261220T100000Z DTEND:20261220T120000Z", "12-20 10:00 12-20 12:00"),
        ("DTSTART:20261220T100000Z DURATION:PT90M", "12-20 10:00 12-20 11:30"),
        ("DTSTART;TZID=Europe/Berlin:20260720T100000 DTEND;TZID=Asia/Tokyo:20260721T000000", "07-20 08:00 07-20 15:00"),
        ("DTSTART;TZID=W._Europe_Standard_Time:20260720T100000 DURATION:PT1H", "07-20 08:00 07-20 09:00"),
        # Without a zone they are meant in that of the entry, here New York (UTC-5 in December).
        ("DTSTART:20261220T100000 DTEND:20261220T120000", "12-20 15:00 12-20 17:00"),
        ("DTSTART;VALUE=DATE:20261224 DTEND;VALUE=DATE:20261227", "12-24 05:00 12-27 05:00"),
        ("DTSTART;VALUE=DATE:20261224", "12-24 05:00 12-25 05:00"),
        ("DTSTART;VALUE=DATE:20261224 DTEND;VALUE=DATE:20261224", "12-24 05:00 12-25 05:00"),
        # The clock is put forward on 2026-03-08: that day has 23 hours. 02:30 of it does not exist, and means 03:30.
        ("DTSTART;VALUE=DATE:20260308", "03-08 05:00 03-09 04:00"),
        ("DTSTART;TZID=America/New_York:20260308T023000 DURATION:PT1H", "03-08 07:30 03-08 08:30"),
        # It is put back on 2026-11-01: the first of two times is meant.
        ("DTSTART;TZID=America/New_York:20261101T013000 DURATION:PT1H", "11-01 05:30 11-01 06:30"),
    ],
)
def test_a_single_event(event: str, expected: str) -> None:
    assert spans(event, zone="America/New_York") == [expected]


NIGHT = "DTSTART;TZID=America/New_York:20260306T220000"


@pytest.mark.parametrize(
    ("length", "expected"),
    [
        # From the 7th, 22:00 EST, to the next morning; the clock is put forward meanwhile.
        ("DTEND;TZID=America/New_York:20260307T060000", ["03-07 03:00 03-07 11:00", "03-08 03:00 03-08 11:00"]),
        ("DURATION:PT8H", ["03-07 03:00 03-07 11:00", "03-08 03:00 03-08 11:00"]),
        ("DURATION:P1D", ["03-07 03:00 03-08 03:00", "03-08 03:00 03-09 02:00"]),
    ],
)
def test_the_length_of_what_repeats(length: str, expected: list[str]) -> None:
    """As long each time where it is hours, to the same time of the next day where it is days (RFC 5545, 3.8.5.3)."""
    assert spans(f"{NIGHT} {length} RRULE:FREQ=DAILY;COUNT=2") == expected


def test_what_repeats_keeps_the_time_of_its_clock() -> None:
    event = "DTSTART;TZID=Europe/Berlin:20260324T090000 DURATION:PT1H RRULE:FREQ=WEEKLY;BYDAY=TU"
    found = spans(event, start="2026-03-20", end="2026-04-08")
    assert found == ["03-24 08:00 03-24 09:00", "03-31 07:00 03-31 08:00", "04-07 07:00 04-07 08:00"]
    own = event.replace("Europe/Berlin", "Head_office")
    assert spans(own, start="2026-03-20", end="2026-04-08", zones=OWN_ZONE) == found


@pytest.mark.parametrize(
    ("rest", "expected"),
    [
        # 2026-03-04T03:00Z is 22:00 of the 3rd in New York, and included.
        ("RRULE:FREQ=DAILY;UNTIL=20260304T030000Z", ["01", "02", "03"]),
        ("RRULE:FREQ=DAILY;UNTIL=20260303", ["01", "02", "03"]),
        ("RRULE:FREQ=DAILY;UNTIL=20260304T025959Z", ["01", "02"]),
        ("RRULE:FREQ=DAILY;COUNT=3;INTERVAL=2", ["01", "03", "05"]),
        ("RRULE:FREQ=DAILY;COUNT=4 EXDATE;TZID=America/New_York:20260302T220000", ["01", "03", "04"]),
        ("RRULE:FREQ=DAILY;COUNT=4 EXDATE:20260303T030000Z,20260304T030000Z", ["01", "04"]),
        ("RRULE:FREQ=DAILY;COUNT=3 EXDATE;VALUE=DATE:20260302", ["01", "03"]),
        ("RRULE:FREQ=DAILY;COUNT=3 EXDATE;TZID=America/New_York:20260302T210000", ["01", "02", "03"]),
        ("RDATE;TZID=America/New_York:20260305T220000,20260309T220000", ["01", "05", "09"]),
        ("RRULE:FREQ=DAILY;COUNT=2 RDATE:20260306T030000Z", ["01", "02", "05"]),
        ("EXDATE:20260302T030000Z", []),
        ("RRULE:FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=2", ["01", "31", "30"]),
        ("RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=1SU", ["01", "07"]),
    ],
)
def test_which_days_it_repeats_on(rest: str, expected: list[str]) -> None:
    """Days of New York; the event itself is on 2026-03-01, whatever its rule says."""
    found = spans(f"DTSTART;TZID=America/New_York:20260301T220000 DURATION:PT1H {rest}")
    # 22:00 in New York is the next day in UTC.
    days = [datetime.strptime(f"2026-{each[:5]}", "%Y-%m-%d") - timedelta(days=1) for each in found]
    assert [f"{day:%d}" for day in days] == expected


def test_periods_have_a_length_of_their_own() -> None:
    found = spans(
        "DTSTART:20260301T100000Z DURATION:PT1H "
        "RDATE;VALUE=PERIOD:20260305T100000Z/PT3H,20260306T100000Z/20260306T110000Z"
    )
    assert found == ["03-01 10:00 03-01 11:00", "03-05 10:00 03-05 13:00", "03-06 10:00 03-06 11:00"]


def test_one_repetition_is_moved_and_one_is_cancelled() -> None:
    """Each is told by an event of its own, in whatever zone, before or after the one that repeats."""
    moved = "UID:1 RECURRENCE-ID:20260302T090000Z DTSTART:20260302T150000Z DURATION:PT2H"
    series = "UID:1 DTSTART;TZID=Europe/Berlin:20260301T100000 DURATION:PT1H RRULE:FREQ=DAILY;COUNT=4"
    gone = (
        "UID:1 RECURRENCE-ID;TZID=Europe/Berlin:20260303T100000 DTSTART:20260303T090000Z DURATION:PT1H STATUS:CANCELLED"
    )
    other = "UID:2 DTSTART:20260302T090000Z DURATION:PT1H"
    expected = [
        "03-01 09:00 03-01 10:00",
        "03-02 09:00 03-02 10:00",
        "03-02 15:00 03-02 17:00",
        "03-04 09:00 03-04 10:00",
    ]
    assert spans(moved, series, gone, other) == expected


def test_what_is_cancelled_or_has_no_length_freezes_nothing() -> None:
    assert spans("DTSTART:20260301T100000Z DURATION:PT1H STATUS:CANCELLED") == []
    assert spans("DTSTART:20260301T100000Z") == []


def test_the_summary_is_one_line() -> None:
    (event,) = read_events(calendar("SUMMARY:Year\\nend\\,\\;closing DTSTART;VALUE=DATE:20261224"))
    assert event.summary == "Year end,;closing"


@pytest.mark.parametrize(
    ("event", "line", "words"),
    [
        ("SUMMARY:x", 3, "no DTSTART"),
        ("SUMMARY:x DTSTART:soon", 5, "soon"),
        ("DTSTART;TZID=Europe/Pari:20260301T100000", 4, 'did you mean "Europe/Paris"'),
        ("DTSTART:20260301T100000Z EXDATE;TZID=Nowhere:20260301T100000 RRULE:FREQ=DAILY", 5, '"Nowhere"'),
        ("DTSTART:20260301T100000Z DTSTART:20260302T100000Z", 4, "more than once"),
        ("DTSTART:PT1H", 4, "no day or time"),
        ("DTSTART:20260301T100000Z DTEND:20260301T090000Z", 5, "ends before it begins"),
        ("DTSTART:20260301T100000Z DTEND;VALUE=DATE:20260302", 5, "not of one sort"),
        ("DTSTART:20260301T100000Z DTEND:20260301T120000", 5, "one has none"),
        ("DTSTART:20260301T100000Z DTEND:20460301T120000Z", 5, "ten years"),
        ("DTSTART:20260301T100000Z DURATION:-PT1H", 5, "ends before it begins"),
        ("DTSTART:20260301T100000Z DURATION:20260301T100000Z", 5, "no length of time"),
        ("DTSTART:20260301T100000Z RRULE:FREQ=HOURLY", 5, "HOURLY"),
        ("DTSTART:20260301T100000Z RRULE:COUNT=3", 5, "not there"),
        ("DTSTART:20260301T100000Z RRULE:FREQ=DAILY;INTERVAL=0", 5, "INTERVAL"),
        ("DTSTART:20260301T100000Z RRULE:FREQ=DAILY;COUNT=2;UNTIL=20260401T000000Z", 5, "both"),
        ("DTSTART:20260301T100000Z RRULE:FREQ=FORTNIGHTLY", 5, "FORTNIGHTLY"),
        ("DTSTART:20260301T100000Z RDATE:PT1H", 5, "no day or time"),
        ("DTSTART:20260301T100000Z EXRULE:FREQ=DAILY", 5, "EXDATE"),
        ("DTSTART:20260301T100000Z RECURRENCE-ID;RANGE=THISANDFUTURE:20260301T100000Z", 5, "RANGE"),
        ("DTSTART:20260301T100000Z RECURRENCE-ID:PT1H", 5, "no day or time"),
        ("DTSTART:20260301T100000Z nonsense", 3, "nonsense"),
    ],
)
def test_what_cannot_be_understood_is_told_with_its_line(event: str, line: int, words: str) -> None:
    told = problem(event)
    assert told.code == "bad-event"
    assert told.span is not None
    assert (told.span.file, told.span.line) == ("x.ics", line)
    assert words in f"{told.detail} {told.hint}"
    assert told.hint


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<html></html>",
        "BEGIN:VCALENDAR\n",
        "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20260301T100000Z\nEND:VEVENT\n",
        "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20260301T100000Z\nEND:VCALENDAR\n",
        "BEGIN:VEVENT\nDTSTART:20260301T100000Z\nEND:VEVENT\n",
        "END:VCALENDAR\n",
    ],
)
def test_what_is_no_whole_calendar_is_an_error(text: str) -> None:
    """What is cut short would freeze less than was meant."""
    with pytest.raises(ConfigError) as caught:
        read_events(Text(text, "x.ics"))
    assert [each.code for each in caught.value.diagnostics] == ["bad-calendar"]


def test_a_line_that_goes_on_with_the_one_before_begins_no_event() -> None:
    """A description that quotes a calendar is text, however it is folded."""
    text = "DTSTART:20260301T100000Z\nDURATION:PT1H\nDESCRIPTION:as in \n BEGIN:VEVENT\n END:VEVENT\nSUMMARY:Release"
    (found,) = read_events(Text(f"BEGIN:VCALENDAR\nBEGIN:VEVENT\n{text}\nEND:VEVENT\nEND:VCALENDAR\n", "x.ics"))
    assert found.summary == "Release"


def test_a_zone_by_the_name_of_a_vendor_is_taken_without_a_word(capsys: pytest.CaptureFixture[str]) -> None:
    """The library warns as programs do, on stderr, between our messages; a warning fails this test."""
    assert spans("DTSTART;TZID=/example.org/Europe/Paris:20260720T100000 DURATION:PT1H") == ["07-20 08:00 07-20 09:00"]
    assert capsys.readouterr().err == ""


def test_a_calendar_without_events_freezes_nothing() -> None:
    assert read_events(Text("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n", "x.ics")) == ()


def test_a_rule_that_names_no_day_is_not_looked_for_to_the_end_of_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody has a 30 February; dateutil goes on to the year 9999, which from today on takes seconds at every plan."""
    years = set()
    of_month = monthrange

    def seen(year: int, month: int) -> tuple[int, int]:
        years.add(year)
        return of_month(year, month)

    monkeypatch.setattr("calendar.monthrange", seen)
    repeated = Repeated(datetime(2020, 1, 1), ("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",))
    assert list(repeated.between(datetime(2026, 1, 1), datetime(2026, 12, 31))) == []
    assert 0 < len(years) <= 400


RULES = [
    "DAILY",
    "WEEKLY;BYDAY=MO,TH;WKST=SU",
    "MONTHLY;BYDAY=-1FR",
    "MONTHLY;BYMONTHDAY=31",
    "MONTHLY;BYMONTHDAY=-1",
    "MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
    "YEARLY",
    "YEARLY;BYWEEKNO=53;BYDAY=SU",
    "YEARLY;BYYEARDAY=366",
    "YEARLY;BYMONTH=2;BYMONTHDAY=29",
    "YEARLY;BYEASTER=-2",
]


# Where a rule names no day, dateutil alone goes on to the year 9999.
@settings(max_examples=50)
@given(
    st.dates(date(1995, 1, 1), date(2030, 12, 31)),
    st.sampled_from(RULES),
    st.integers(1, 9),
    st.sampled_from(["", ";COUNT=7", ";COUNT=60", ";UNTIL=20271231T235959", ";UNTIL=20010101T080000"]),
)
def test_what_a_rule_names_is_what_dateutil_finds(start: date, rule: str, interval: int, end: str) -> None:
    """Though it is not followed in these years but in others that have the same calendar."""
    begin = datetime.combine(start, time(8))
    text = f"FREQ={rule};INTERVAL={interval}{end}"
    first, last = datetime(2026, 1, 1), datetime(2029, 6, 30)
    plain = {
        *rrulestr(text, dtstart=begin).between(first, last, inc=True),
        *([begin] if first <= begin <= last else []),
    }
    assert list(Repeated(begin, (text,)).between(first, last)) == sorted(plain)
