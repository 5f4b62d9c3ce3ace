"""What people may write: every frequency, and a useful word about everything that is wrong."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from reconcile.providers.crm_analytics.kinds import Connection, Entry
from reconcile.providers.crm_analytics.schedule import ConnectedSchedule, ScheduleKind

ENTRY: TypeAdapter[Any] = TypeAdapter(Entry)
KIND = ScheduleKind()

DAILY = {"recipe": "R", "frequency": "daily", "time": "01:00", "timezone": "UTC"}
HOURLY = {**DAILY, "frequency": "hourly", "hourly_interval": 3}
MONTHLY = {**DAILY, "frequency": "monthly", "days_of_month": [1]}
WEEKLY = {**DAILY, "frequency": "weekly", "days_of_week": ["Monday"]}

# Contract, section 3, entry for entry.
CONTRACT: dict[str, dict[str, Any]] = {
    "dataflow:Opportunities": {
        "dataflow": "Opportunities",
        "frequency": "hourly",
        "hourly_interval": 3,
        "time": "02:30",
        "last_hour": 20,
        "days_of_week": ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"],
        "timezone": "America/Los_Angeles",
    },
    "recipe:Pipeline_Snapshot": {
        "recipe": "Pipeline_Snapshot",
        "frequency": "weekly",
        "days_of_week": ["Monday", "Thursday"],
        "time": "00:45",
        "timezone": "America/Los_Angeles",
        "notification_level": "failures",
    },
    "recipe:Month_Close": {
        "recipe": "Month_Close",
        "frequency": "monthly",
        "days_of_month": [1, 15, 31],
        "time": "00:00",
        "timezone": "America/Los_Angeles",
    },
    "recipe:Board_Pack": {
        "recipe": "Board_Pack",
        "frequency": "monthlyrelative",
        "week_in_month": "last",
        "day_in_week": "Sunday",
        "time": "00:00",
        "timezone": "America/Los_Angeles",
    },
    "dataflow:After_Sync": {
        "dataflow": "After_Sync",
        "frequency": "eventdriven",
        "trigger_rule": "$ALL_SALESFORCE_OBJECTS",
    },
    "data_sync:SFDC_LOCAL": {"data_sync": "SFDC_LOCAL", "frequency": "daily", "time": "01:00", "timezone": "UTC"},
    "recipe:Retired_Report": {"recipe": "Retired_Report", "frequency": "none"},
    "data_sync:FAST": {"data_sync": "FAST", "frequency": "minutely", "minutely_interval": 30, "time": "01:00"},
    "recipe:Last": {"recipe": "Last", "frequency": "monthly", "days_of_month": ["last"], "time": "01:00"},
    "id:05v000000000001AAA": {"id": "05v000000000001", "frequency": "none"},
}


@pytest.mark.parametrize("name", CONTRACT)
def test_every_entry_of_the_contract(name: str) -> None:
    """Each documented entry is accepted, named as documented, and loses none of its fields."""
    entry = CONTRACT[name]
    declared = KIND.declare(ENTRY.validate_python(entry), None)
    assert declared.name == name
    assert set(declared.values) == set(entry) - {"dataflow", "recipe", "data_sync", "id"}


def test_both_lengths_of_an_id_are_one_object() -> None:
    """15 and 18 characters give the same address, so that a duplicate is found."""
    ids = ("0It000000000001", "0It000000000001CAA")
    names = {KIND.declare(ENTRY.validate_python({"id": text, "frequency": "none"}), None).name for text in ids}
    assert names == {"id:0It000000000001CAA"}


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "text is no number": ({**HOURLY, "hourly_interval": "3"}, "valid integer"),
    "true is no number": ({**HOURLY, "hourly_interval": True}, "valid integer"),
    "a fraction is no number of hours": ({**HOURLY, "hourly_interval": 3.0}, "valid integer"),
    "zero hours": ({**HOURLY, "hourly_interval": 0}, "greater than or equal to 1"),
    "no interval": ({k: v for k, v in HOURLY.items() if k != "hourly_interval"}, "Field required"),
    "hour 24": ({**HOURLY, "last_hour": 24}, "less than or equal to 23"),
    "hour -1": ({**HOURLY, "last_hour": -1}, "greater than or equal to 0"),
    "last_hour of a daily schedule": ({**DAILY, "last_hour": 3}, "Extra inputs"),
    "unknown field": ({**DAILY, "tmie": "01:00"}, "Extra inputs"),
    "unknown frequency": ({**DAILY, "frequency": "yearly"}, "'hourly'"),
    "no frequency": ({"recipe": "R"}, "frequency"),
    "capital frequency": ({**DAILY, "frequency": "Daily"}, "'daily'"),
    "no time": ({"recipe": "R", "frequency": "daily"}, "Field required"),
    "time as a number": ({**DAILY, "time": 130}, "valid string"),
    "time that is none": ({**DAILY, "time": "24:00"}, "HH:MM"),
    "time with seconds": ({**DAILY, "time": "01:00:00"}, "HH:MM"),
    "time with other digits": ({**DAILY, "time": "0\u0661:00"}, "HH:MM"),
    "zone in lower case": ({**DAILY, "timezone": "america/los_angeles"}, 'did you mean "America/Los_Angeles"'),
    "unknown zone": ({**DAILY, "timezone": "Europe/Pariss"}, 'did you mean "Europe/Paris"'),
    "zone that is a path": ({**DAILY, "timezone": "../../etc/passwd"}, "no IANA time zone"),
    "zone that is a folder": ({**DAILY, "timezone": "America"}, "no IANA time zone"),
    "empty zone": ({**DAILY, "timezone": ""}, "no IANA time zone"),
    "level": ({**DAILY, "notification_level": "sometimes"}, "'always', 'failures', 'never' or 'warnings'"),
    "no days": ({**WEEKLY, "days_of_week": []}, "at least 1 item"),
    "one day that is no list": ({**WEEKLY, "days_of_week": "Monday"}, "valid list"),
    "short day": ({**WEEKLY, "days_of_week": ["Mon"]}, "'Monday'"),
    "day 0": ({**MONTHLY, "days_of_month": [0]}, "1 to 31, or last"),
    "day 32": ({**MONTHLY, "days_of_month": [32]}, "1 to 31, or last"),
    "day as text": ({**MONTHLY, "days_of_month": ["1"]}, "1 to 31, or last"),
    "day true": ({**MONTHLY, "days_of_month": [True]}, "1 to 31, or last"),
    "the platform's own -1": ({**MONTHLY, "days_of_month": [-1]}, "1 to 31, or last"),
    "last in company": ({**MONTHLY, "days_of_month": [1, "last"]}, '"last" stands alone'),
    "last twice": ({**MONTHLY, "days_of_month": ["last", "last"]}, '"last" stands alone'),
    "eventdriven sync": (
        {"data_sync": "S", "frequency": "eventdriven", "trigger_rule": "$X"},
        "a data sync cannot be eventdriven",
    ),
    "eventdriven sync by id": (
        {"id": "0It000000000001", "frequency": "eventdriven", "trigger_rule": "$X"},
        "a data sync cannot be eventdriven",
    ),
    "event with a time": ({"recipe": "R", "frequency": "eventdriven", "trigger_rule": "x", "time": "01:00"}, "Extra"),
    "event without a rule": ({"recipe": "R", "frequency": "eventdriven"}, "Field required"),
    "none with a time": ({"recipe": "R", "frequency": "none", "time": "01:00"}, "Extra inputs"),
    "two assets": ({**DAILY, "dataflow": "D"}, "found dataflow and recipe"),
    "no asset": ({"frequency": "none"}, "found none of them"),
    "blank asset": ({"recipe": "  ", "frequency": "none"}, "must not be empty"),
    "short id": ({"id": "05v1", "frequency": "none"}, "15 or 18"),
    "id of something else": ({"id": "0Fb000000000001", "frequency": "none"}, "05v (recipe)"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_entries_are_refused_with_a_word_that_helps(name: str) -> None:
    """Nothing is converted, nothing unknown is let through, and the message says what is expected."""
    entry, words = WRONG[name]
    with pytest.raises(ValidationError) as raised:
        ENTRY.validate_python(entry)
    assert words in str(raised.value)


def test_a_short_hour_is_written_in_full() -> None:
    """``2:30`` and ``02:30`` are the same time and must compare equal."""
    assert ENTRY.validate_python({**DAILY, "time": "2:30"}).time == "02:30"


def codes(entry: dict[str, Any]) -> list[tuple[str, str]]:
    return [(code, field) for code, field, *_ in KIND.declare(ENTRY.validate_python(entry), None).advice]


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (DAILY, []),
        ({k: v for k, v in DAILY.items() if k != "timezone"}, [("no-timezone", "time")]),
        ({**HOURLY, "time": "05:00", "last_hour": 4}, [("last-hour-before-start", "last_hour")]),
        ({**HOURLY, "time": "05:00", "last_hour": 5}, []),
        ({**HOURLY, "time": "05:30", "last_hour": 5}, [("last-hour-before-start", "last_hour")]),
        ({**MONTHLY, "days_of_month": [28]}, []),
        ({**MONTHLY, "days_of_month": [29, 31]}, []),
        ({**MONTHLY, "days_of_month": ["last"]}, []),
    ],
)
def test_advice(entry: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    """What is allowed and doubtful is a warning, not an error (platform page, section 8)."""
    assert codes(entry) == expected


AUTH = {"method": "access_token", "access_token": "00Dxx!token"}
ORG = {"provider": "crm_analytics", "instance_url": "https://x.my.salesforce.com", "auth": AUTH}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"instance_url": None}, "instance_url is needed"),
        ({"instance_url": "http://x.my.salesforce.com"}, "cannot be used"),
        ({"api_version": "60"}, '"60.0"'),
        ({"api_version": 60.0}, "valid string"),
        ({"auth": {"method": "password"}}, "client_credentials"),
        ({"auth": {**AUTH, "access_token": " "}}, "must not be empty"),
        ({"auth": {"method": "jwt_bearer", "client_id": "a", "username": "b"}}, "either private_key"),
        ({"concurrency": 0}, "greater than or equal to 1"),
        ({"concurency": 4}, "Extra inputs"),
    ],
)
def test_wrong_connections(change: dict[str, Any], words: str) -> None:
    """A connection's mistakes are named, and no message quotes the secret."""
    with pytest.raises(ValidationError) as raised:
        Connection.model_validate({**ORG, **change})
    assert words in str(raised.value)
    assert "00Dxx" not in str(raised.value)


def test_the_sf_cli_knows_the_org_itself() -> None:
    """With ``sf_cli`` the URL may be left out; a version may be written with its v."""
    found = Connection.model_validate(
        {"provider": "crm_analytics", "api_version": "v61.0", "auth": {"method": "sf_cli", "org": "dev"}}
    )
    assert (found.instance_url, found.api_version) == (None, "61.0")


def test_the_kind_says_what_a_planner_needs() -> None:
    """Readable, no one-shot, all in one stage; connected below the API version."""
    connected = ConnectedSchedule("/services/data/v60.0", KIND)
    assert (KIND.readable, KIND.one_shot, connected.kind) == (True, False, KIND)
    assert KIND.is_absent({"frequency": "none"})
    assert not KIND.is_absent({})
    assert KIND.fields_of({"frequency": "none"}) == ("frequency",)
    assert KIND.fields_of({"frequency": "daily"}) == ("frequency", "time", "timezone", "notification_level")
