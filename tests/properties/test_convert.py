"""Laws of CRM Analytics payloads: what is sent and shown again is what was asked for.

``shown`` is a second, independent reading of the platform page (1.1, 1.2): it shares no code with the provider.
"""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from reconcile.core.snapshot import Value, Values
from reconcile.providers.crm_analytics import convert
from reconcile.providers.crm_analytics.kinds import Entry
from reconcile.providers.crm_analytics.schedule import ScheduleKind

DAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
ZONES = ("UTC", "America/Los_Angeles", "Europe/Paris", "Asia/Kathmandu")
KEYS = {
    "frequency",
    "hourlyInterval",
    "minutelyInterval",
    "daysOfWeek",
    "daysOfMonth",
    "weekInMonth",
    "dayInWeek",
    "time",
    "lastHour",
    "triggerRule",
    "notificationLevel",
}
RULES = ("$ALL_SALESFORCE_OBJECTS", "$ALL_SALESFORCE_OBJECTS AND recipe:05v000000000001AAA", "a & b < 'c'")

law = settings(max_examples=60)

times = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.integers(0, 59))
days_of_week = st.sets(st.sampled_from(DAYS), min_size=1).map(lambda s: tuple(sorted(s, key=DAYS.index)))
days_of_month: st.SearchStrategy[tuple[Value, ...]] = st.one_of(
    st.just(("last",)), st.sets(st.integers(1, 31), min_size=1).map(lambda s: tuple(sorted(s)))
)
levels = st.sampled_from(("always", "failures", "never", "warnings"))


def _schedule(frequency: str, needed: dict[str, Any], optional: dict[str, Any]) -> st.SearchStrategy[Values]:
    mapping = {"frequency": st.just(frequency), **needed}
    return st.fixed_dictionaries(mapping, optional={**optional, "notification_level": levels})


_at = {"time": times}
_zone = {"timezone": st.sampled_from(ZONES)}
_until = {**_zone, "days_of_week": days_of_week, "last_hour": st.integers(0, 23)}
timed = st.one_of(
    _schedule("hourly", {"hourly_interval": st.integers(1, 24), **_at}, _until),
    _schedule("minutely", {"minutely_interval": st.integers(1, 90), **_at}, _until),
    _schedule("daily", _at, _zone),
    _schedule("weekly", {"days_of_week": days_of_week, **_at}, _zone),
    _schedule("monthly", {"days_of_month": days_of_month, **_at}, _zone),
    _schedule(
        "monthlyrelative",
        {
            "week_in_month": st.sampled_from(("first", "second", "third", "fourth", "last")),
            "day_in_week": st.sampled_from(DAYS),
            **_at,
        },
        _zone,
    ),
)
event = _schedule("eventdriven", {"trigger_rule": st.sampled_from(RULES)}, {})
scheduled = st.one_of(timed, event)


def shown(body: dict[str, Any], *, hides_rule: bool = False, user_zone: str | None = None) -> dict[str, Any]:
    """Return what GET shows after a PUT of ``body``: lower case, and the zone as an object."""
    answer: dict[str, Any] = {"assetId": "05v000000000001AAA", "nextScheduledDate": "2026-11-22T08:00:00.000Z"}
    for key, value in body.items():
        match key:
            case "time":
                zone = value.get("timeZone", user_zone)
                answer["time"] = {"hour": value["hour"], "minute": value["minute"]}
                if zone:
                    answer["time"]["timeZone"] = {"gmtOffset": -8.0, "name": "Some Standard Time", "zoneId": zone}
            case "triggerRule":
                if not hides_rule:
                    answer[key] = value
            case "daysOfWeek":
                answer[key] = [day.lower() for day in reversed(value)]
            case _:
                answer[key] = value.lower() if isinstance(value, str) else value
    return answer


@law
@given(scheduled)
def test_what_is_sent_is_shown_again_as_asked(values: Values) -> None:
    """``from_schedule(answer to to_payload(x)) == x`` for every frequency."""
    assert convert.from_schedule(shown(convert.to_payload(values))) == (values, frozenset())


@law
@given(scheduled)
def test_a_put_holds_whitelisted_keys_of_managed_fields_only(values: Values) -> None:
    """No key that was not asked for, nothing that only GET knows, the zone as text."""
    body: dict[str, Any] = convert.to_payload(values)
    assert set(body) <= KEYS
    assert len(body) == len(values) - ("timezone" in values)
    assert isinstance(body.get("time", {}).get("timeZone", ""), str)
    assert body["frequency"] == values["frequency"]


@law
@given(event)
def test_a_hidden_rule_is_unknown_not_absent(values: Values) -> None:
    """A GET without the trigger rule names it as unknown and invents nothing."""
    found, unknown = convert.from_schedule(shown(convert.to_payload(values), hides_rule=True))
    assert unknown == {"trigger_rule"}
    assert found == {name: value for name, value in values.items() if name != "trigger_rule"}


@law
@given(timed)
def test_the_users_zone_does_not_hide_the_time(values: Values) -> None:
    """Without a zone in the file the platform shows that of the user; everything else is as asked."""
    found, _ = convert.from_schedule(shown(convert.to_payload(values), user_zone="Asia/Tokyo"))
    assert {**found, "timezone": None} == {**values, "timezone": None}


@law
@given(scheduled)
def test_a_file_entry_becomes_the_same_values(values: Values) -> None:
    """Every valid schedule can be written in a file, and is declared as it was meant; lists in any order."""
    from pydantic import TypeAdapter

    written = {name: list(reversed(value)) if isinstance(value, tuple) else value for name, value in values.items()}
    declared = ScheduleKind().declare(TypeAdapter(Entry).validate_python({"recipe": "R", **written}), None)
    assert (declared.name, declared.values) == ("recipe:R", values)
    assert tuple(declared.values) == tuple(n for n in convert.FIELDS if n in values)


@law
@given(scheduled, scheduled)
def test_align_is_idempotent_and_changes_no_meaning(live: Values, wanted: Values) -> None:
    """Aligning twice is aligning once, aligning to itself is nothing, and the result aligns back to the start."""
    once = convert.align(live, wanted)
    assert convert.align(once, wanted) == once
    assert convert.align(live, live) == live
    assert convert.align(once, live) == live


@law
@given(st.text("ABCabc012xyzXYZ9", min_size=15, max_size=15))
def test_ids_are_the_same_in_both_lengths(text: str) -> None:
    """15 characters grow to 18 and back, once and for all."""
    long = convert.long_id(text)
    assert len(long) == 18
    assert convert.long_id(long) == long
    assert convert.short_id(long) == convert.short_id(text) == text
