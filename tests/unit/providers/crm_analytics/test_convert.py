"""Payloads as captured from orgs, each normalised; nothing senseless is taken for "no schedule"."""

from typing import Any

import pytest

from reconcile.core.snapshot import Values
from reconcile.providers.crm_analytics import convert
from reconcile.providers.crm_analytics.convert import UNSCHEDULED, Unintelligible, from_compact, from_schedule

LA = {"gmtOffset": -8.0, "name": "Pacific Standard Time", "zoneId": "America/Los_Angeles"}


@pytest.mark.parametrize(
    "payload",
    [
        {"assetId": "05v000000000001AAA", "frequency": "none"},
        {"assetId": "0It1", "daysOfWeek": [], "frequency": "weekly", "notificationLevel": "warnings"},
        {"daysOfWeek": [], "notificationLevel": "warnings"},
        {},
        None,
        {"frequency": "None"},
    ],
)
def test_never_scheduled_in_all_its_forms(payload: Any) -> None:
    """Platform page 1.2: four quirks of connectors that were never scheduled, and plain none."""
    assert from_schedule(payload) == (UNSCHEDULED, frozenset())


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (
            {
                "frequency": "hourly",
                "hourlyInterval": 24,
                "daysOfWeek": ["thursday", "tuesday"],
                "nextScheduledDate": "2021-03-02T09:00:00.000Z",
                "time": {"hour": 1, "minute": 0, "timeZone": LA},
            },
            {
                "frequency": "hourly",
                "hourly_interval": 24,
                "days_of_week": ("Tuesday", "Thursday"),
                "time": "01:00",
                "timezone": "America/Los_Angeles",
            },
        ),
        (
            {"frequency": "minutely", "minutelyInterval": 30, "lastHour": 2, "daysOfWeek": ["monday"]},
            {"frequency": "minutely", "minutely_interval": 30, "last_hour": 2, "days_of_week": ("Monday",)},
        ),
        ({"frequency": "monthly", "daysOfMonth": [-1]}, {"frequency": "monthly", "days_of_month": ("last",)}),
        (
            {"frequency": "monthly", "daysOfMonth": [31, 1, 15, 1]},
            {"frequency": "monthly", "days_of_month": (1, 15, 31)},
        ),
        (
            {"frequency": "monthlyrelative", "dayInWeek": "sunday", "weekInMonth": "First"},
            {"frequency": "monthlyrelative", "day_in_week": "Sunday", "week_in_month": "first"},
        ),
        (
            {"frequency": "eventdriven", "triggerRule": "$ALL_SALESFORCE_OBJECTS", "notificationLevel": "Never"},
            {"frequency": "eventdriven", "trigger_rule": "$ALL_SALESFORCE_OBJECTS", "notification_level": "never"},
        ),
        (
            {"frequency": "Daily", "time": {"hour": 0, "minute": 5, "timeZone": "UTC"}},
            {"frequency": "daily", "time": "00:05", "timezone": "UTC"},
        ),
        (
            {"frequency": "daily", "time": {"hour": 0, "minute": 5, "timezone": "UTC"}},
            {"frequency": "daily", "time": "00:05", "timezone": "UTC"},
        ),
    ],
)
def test_shown_schedules(payload: Any, expected: Values) -> None:
    """Lower case, zone objects and text, either spelling of the zone key, days in any order."""
    assert from_schedule(payload)[0] == expected


def test_left_overs_of_another_frequency_are_dropped() -> None:
    """A daily schedule that still shows days and a last hour is a daily schedule."""
    payload = {"frequency": "daily", "daysOfWeek": ["monday"], "lastHour": 3, "time": {"hour": 1, "minute": 0}}
    assert from_schedule(payload)[0] == {"frequency": "daily", "time": "01:00"}


def test_a_last_hour_of_zero_is_a_last_hour() -> None:
    """Midnight is not "not set"."""
    payload = {"frequency": "hourly", "hourlyInterval": 1, "lastHour": 0, "time": {"hour": 0, "minute": 0}}
    assert from_schedule(payload)[0]["last_hour"] == 0


def test_html_entities_are_undone() -> None:
    """Strings may come escaped although we ask otherwise (page 1.5)."""
    payload = {"frequency": "eventdriven", "triggerRule": "a &amp; &quot;b&quot; &#39;c&#39;"}
    assert from_schedule(payload)[0]["trigger_rule"] == "a & \"b\" 'c'"


def test_a_frequency_that_is_not_known_is_not_none() -> None:
    """What a newer platform invents is shown as it is."""
    values, _ = from_schedule({"frequency": "yearly", "time": {"hour": 1, "minute": 0}})
    assert values["frequency"] == "yearly"


@pytest.mark.parametrize("payload", ["", "text", [], 5, {"time": {"hour": 1, "minute": 0}}, {"daysOfWeek": ["monday"]}])
def test_senseless_payloads_are_refused(payload: Any) -> None:
    """What is no schedule is never taken for an unscheduled asset."""
    with pytest.raises(Unintelligible):
        from_schedule(payload)


@pytest.mark.parametrize(
    "payload", [{"Errors": [{"description": "no"}]}, {"message": "down for maintenance"}, {"hourlyInterval": 3}]
)
def test_an_answer_of_another_kind_is_not_no_schedule(payload: Any) -> None:
    """A 200 with an error inside (page 1.6 knows that shape) must not look like an asset without a schedule."""
    with pytest.raises(Unintelligible):
        from_schedule(payload)


BROKEN: dict[str, Any] = {
    "days are a number": {"frequency": "weekly", "daysOfWeek": 5},
    "days of month are true": {"frequency": "monthly", "daysOfMonth": True},
    "days of month are nested": {"frequency": "monthly", "daysOfMonth": [[1]]},
    "hour is a word": {"frequency": "daily", "time": {"hour": "x"}},
    "minute is a list": {"frequency": "daily", "time": {"hour": 1, "minute": [1]}},
}


@pytest.mark.parametrize("name", BROKEN)
def test_malformed_parts_are_unintelligible(name: str) -> None:
    """A schedule with a senseless part is an error of this asset, not a crash of the program."""
    try:
        from_schedule(BROKEN[name])
    except (TypeError, ValueError) as error:
        assert isinstance(error, Unintelligible)  # noqa: PT017 - a plain ValueError is the very defect


def test_days_as_one_text_are_not_letters() -> None:
    """``"monday"`` is refused or read as Monday, never as A, D, M, N, O, Y."""
    try:
        days = from_schedule({"frequency": "weekly", "daysOfWeek": "monday"})[0]["days_of_week"]
    except Unintelligible:
        return
    assert days == ("Monday",)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, UNSCHEDULED),
        ("", UNSCHEDULED),
        ("  ", UNSCHEDULED),
        (
            '{"scheduleType":"weekly","timeZone":"America/Los_Angeles","startTime":{"hour":0,"minute":0},'
            '"daysOfWeek":["Sunday"]}',
            {"frequency": "weekly", "days_of_week": ("Sunday",), "time": "00:00", "timezone": "America/Los_Angeles"},
        ),
        (
            "{&quot;scheduleType&quot;:&quot;eventdriven&quot;,&quot;triggerRule&quot;:&quot;$ALL&quot;}",
            {"frequency": "eventdriven", "trigger_rule": "$ALL"},
        ),
        ('{"scheduleType":"eventdriven"}', None),
        ('{"scheduleType":"hourly","startTime":{"hour":0,"minute":0}}', None),
        ('{"scheduleType":"weekly","startTime":{"hour":0,"minute":0}}', None),
        ("{", None),
        ("[]", None),
        ("{}", None),
    ],
)
def test_the_short_form_of_dataflow_lists(text: Any, expected: Values | None) -> None:
    """Weekly and event are understood, blank is unscheduled, everything else must be looked up."""
    assert from_compact(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        '{"scheduleType":"weekly","daysOfWeek":5,"startTime":{"hour":1}}',
        '{"scheduleType":"weekly","daysOfWeek":["Sunday"],"startTime":{"hour":"q"}}',
        "[" * 100_000,
    ],
)
def test_a_malformed_short_form_is_not_understood(text: str) -> None:
    """The whole dataflow list must not fail because of one entry; GET tells."""
    try:
        found = from_compact(text)
    except (TypeError, ValueError, RecursionError) as error:
        pytest.fail(f"raised {type(error).__name__}")
    assert found is None


def test_the_documented_bodies() -> None:
    """The page's own request examples, key for key."""
    hourly: Values = {
        "frequency": "hourly",
        "hourly_interval": 3,
        "days_of_week": convert.WEEK,
        "time": "02:30",
        "last_hour": 20,
        "timezone": "America/Los_Angeles",
        "notification_level": "failures",
    }
    assert convert.to_payload(hourly) == {
        "frequency": "hourly",
        "hourlyInterval": 3,
        "lastHour": 20,
        "daysOfWeek": ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"],
        "time": {"hour": 2, "minute": 30, "timeZone": "America/Los_Angeles"},
        "notificationLevel": "Failures",
    }
    zone = {"time": "00:00", "timezone": "America/Los_Angeles"}
    at = {"hour": 0, "minute": 0, "timeZone": "America/Los_Angeles"}
    assert convert.to_payload({"frequency": "monthly", "days_of_month": (1, 15, 31), **zone}) == {
        "frequency": "monthly",
        "daysOfMonth": [1, 15, 31],
        "time": at,
    }
    assert convert.to_payload({"frequency": "monthly", "days_of_month": ("last",), **zone}) == {
        "frequency": "monthly",
        "daysOfMonth": [-1],
        "time": at,
    }
    assert convert.to_payload(
        {"frequency": "monthlyrelative", "week_in_month": "last", "day_in_week": "Sunday", **zone}
    ) == {"frequency": "monthlyrelative", "weekInMonth": "Last", "dayInWeek": "Sunday", "time": at}
    assert convert.to_payload({"frequency": "eventdriven", "trigger_rule": "$ALL_SALESFORCE_OBJECTS"}) == {
        "frequency": "eventdriven",
        "triggerRule": "$ALL_SALESFORCE_OBJECTS",
    }


def test_without_a_zone_none_is_sent() -> None:
    """A field that is not in the file is never sent."""
    assert convert.to_payload({"frequency": "daily", "time": "07:05"}) == {
        "frequency": "daily",
        "time": {"hour": 7, "minute": 5},
    }


def test_real_ids_have_their_checksum() -> None:
    """The three letters of two ids from captures."""
    assert convert.long_id("05v000000000001") == "05v000000000001AAA"
    assert convert.long_id("05vxx0000004EkK") == "05vxx0000004EkKAAU"
