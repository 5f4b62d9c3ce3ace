"""What values of a schedule say about when it fires."""

from typing import Any

import pytest
from pydantic import TypeAdapter

from reconcile.core.timing import (
    Clock,
    Daily,
    EventDriven,
    Every,
    Frequency,
    Monthly,
    MonthlyRelative,
    Timing,
    Unclear,
    Unscheduled,
    Weekday,
    Weekly,
    WeekOfMonth,
)
from reconcile.providers.crm_analytics.kinds import Entry
from reconcile.providers.crm_analytics.schedule import ScheduleKind
from reconcile.providers.crm_analytics.timing import answers_to, timing_of, triggers_of
from reconcile.providers.registry import providers

ENTRY: TypeAdapter[Any] = TypeAdapter(Entry)
RECIPE_ID = "05vxx0000004EkKAAU"
TIMED = {"time": "02:30", "timezone": "UTC"}
AT = Clock(150, "UTC")

WRITTEN: list[tuple[dict[str, Any], Timing]] = [
    (
        {"frequency": "hourly", "hourly_interval": 3, "last_hour": 20, "days_of_week": ["Monday", "Sunday"], **TIMED},
        Every(Frequency.HOURLY, 180, AT, frozenset({Weekday.MONDAY, Weekday.SUNDAY}), 20),
    ),
    ({"frequency": "minutely", "minutely_interval": 30, **TIMED}, Every(Frequency.MINUTELY, 30, AT)),
    ({"frequency": "daily", "time": "02:30"}, Daily(Clock(150))),
    ({"frequency": "weekly", "days_of_week": ["Friday"], **TIMED}, Weekly(frozenset({Weekday.FRIDAY}), AT)),
    ({"frequency": "monthly", "days_of_month": [31, 1], **TIMED}, Monthly((1, 31), AT)),
    ({"frequency": "monthly", "days_of_month": ["last"], **TIMED}, Monthly((), AT, on_last=True)),
    (
        {"frequency": "monthlyrelative", "week_in_month": "last", "day_in_week": "Sunday", **TIMED},
        MonthlyRelative(WeekOfMonth.LAST, Weekday.SUNDAY, AT),
    ),
    (
        {"frequency": "eventdriven", "trigger_rule": "$ALL_SALESFORCE_OBJECTS"},
        EventDriven("$ALL_SALESFORCE_OBJECTS", ("$ALL_SALESFORCE_OBJECTS",)),
    ),
    ({"frequency": "none"}, Unscheduled()),
]


@pytest.mark.parametrize(("entry", "timing"), WRITTEN, ids=lambda each: getattr(each, "frequency", ""))
def test_every_frequency_that_can_be_written(entry: dict[str, Any], timing: Timing) -> None:
    declared = ScheduleKind().declare(ENTRY.validate_python({"recipe": "R", **entry}), None)
    assert ScheduleKind().timing(declared.values) == timing


def test_nothing_there_is_unscheduled() -> None:
    assert timing_of({}) == Unscheduled()


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"frequency": "daily"}, "no time of day"),
        ({"frequency": "daily", "time": "24:00"}, "24:00"),
        ({"frequency": "hourly", **TIMED}, "no interval"),
        ({"frequency": "hourly", "hourly_interval": 0, **TIMED}, "no interval"),
        ({"frequency": "minutely", "minutely_interval": True, **TIMED}, "no interval"),
        ({"frequency": "hourly", "hourly_interval": 1, "last_hour": 24, **TIMED}, "24 is no hour"),
        ({"frequency": "weekly", "days_of_week": ("Someday",), **TIMED}, "Someday"),
        ({"frequency": "monthly", **TIMED}, "days of the month"),
        ({"frequency": "monthly", "days_of_month": (0,), **TIMED}, "days of the month"),
        ({"frequency": "monthlyrelative", "week_in_month": "fifth", "day_in_week": "Sunday", **TIMED}, "week"),
        ({"frequency": "monthlyrelative", "week_in_month": "first", **TIMED}, "day of the week"),
        ({"frequency": "yearly", **TIMED}, "yearly"),
        ({"time": "02:30"}, "None"),
    ],
)
def test_live_values_that_do_not_say_when(values: dict[str, Any], why: str) -> None:
    timing = timing_of(values)
    assert isinstance(timing, Unclear)
    assert why in timing.why


def test_a_weekly_schedule_without_days_never_fires_but_is_clear() -> None:
    assert timing_of({"frequency": "weekly", **TIMED}) == Weekly(frozenset(), AT)


@pytest.mark.parametrize(
    ("rule", "triggers"),
    [
        (f"$ALL_SALESFORCE_OBJECTS AND recipe:{RECIPE_ID}", ("$ALL_SALESFORCE_OBJECTS", f"recipe:{RECIPE_ID[:15]}")),
        (f"recipe:{RECIPE_ID[:15]} AND recipe:{RECIPE_ID}", (f"recipe:{RECIPE_ID[:15]}",)),
        ("$ALL_SALESFORCE_OBJECTS OR recipe:x", ()),
        ("(recipe:x)", ()),
        ("", ()),
    ],
)
def test_trigger_rules(rule: str, triggers: tuple[str, ...]) -> None:
    assert triggers_of(rule) == triggers


def test_a_hidden_rule_waits_for_nothing_known() -> None:
    assert timing_of({"frequency": "eventdriven"}) == EventDriven(None)


@pytest.mark.parametrize(
    ("name", "id", "words"),
    [
        ("data_sync:SFDC_LOCAL", None, {"$ALL_SALESFORCE_OBJECTS"}),
        ("data_sync:Other", "0Itxx0000004EkKAAU", set()),
        ("recipe:R", RECIPE_ID, {f"recipe:{RECIPE_ID[:15]}"}),
        ("recipe:R", None, set()),
        (f"id:{RECIPE_ID}", None, {f"recipe:{RECIPE_ID[:15]}"}),
        ("dataflow:D", "02Kxx0000004EkKAAU", {"dataflow:02Kxx0000004EkK"}),
    ],
)
def test_what_answers_to_a_trigger(name: str, id: str | None, words: set[str]) -> None:
    assert answers_to(name, id) == words


def test_other_kinds_have_no_time() -> None:
    kinds = [kind for provider in providers().values() for kind in provider.kinds if kind.name != "schedule"]
    assert len(kinds) >= 2
    assert {kind.timing({"activated": True}) for kind in kinds} == {None}
