"""What the one suite needs to know of each provider: what can be declared there, and how its platform varies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import permutations
from typing import Any, Protocol

from e2e.harness import Entry, World

Pair = tuple[Entry, Entry]
Switches = Mapping[str, object]

WEEK = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
ZONE = "America/Los_Angeles"


class Subject(Protocol):
    """One provider in the suite. Every pair is about an object of its own: as it is first, and as it is to become."""

    @property
    def platform(self) -> str:
        """The name of the sandbox's platform."""

    @property
    def switches(self) -> Sequence[Switches]:
        """The settings of the sandbox under which the suite has to hold."""

    def declare(self, world: World, entries: Sequence[Entry]) -> None:
        """Write the entries into the workspace."""

    def plant(self, world: World, entries: Sequence[Entry]) -> None:
        """Make what the entries are about exist on the platform, without what they ask for."""

    def shapes(self) -> list[Pair]:
        """Return one pair for every way from one shape of object to another."""

    def fields(self) -> list[tuple[str, Entry, Entry]]:
        """Return a pair for every field that can change, with the field's name."""

    def off(self, entry: Entry) -> Entry | None:
        """Return the entry that takes the object back; None where there is no such entry."""


# -- CRM Analytics -----------------------------------------------------------------------------------------------------

# Every frequency with every field it can have: before, and another value for each.
SHAPES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "hourly": (
        {"hourly_interval": 3, "time": "02:30", "last_hour": 20, "days_of_week": list(WEEK), "timezone": ZONE},
        {"hourly_interval": 24, "time": "03:45", "last_hour": 23, "days_of_week": ["Monday"], "timezone": "UTC"},
    ),
    "minutely": (
        {"minutely_interval": 30, "time": "08:00", "last_hour": 18, "days_of_week": ["Friday"], "timezone": ZONE},
        {"minutely_interval": 15, "time": "08:15", "last_hour": 19, "days_of_week": list(WEEK), "timezone": "UTC"},
    ),
    "daily": (
        {"time": "01:00", "timezone": "UTC", "notification_level": "always"},
        {"time": "01:59", "timezone": "Europe/Paris", "notification_level": "never"},
    ),
    "weekly": (
        {"days_of_week": ["Thursday", "Monday"], "time": "00:45", "timezone": ZONE, "notification_level": "failures"},
        {"days_of_week": ["Sunday"], "time": "23:59", "timezone": "Asia/Kolkata", "notification_level": "warnings"},
    ),
    "monthly": (
        {"days_of_month": [31, 1, 15], "time": "00:00", "timezone": ZONE},
        {"days_of_month": ["last"], "time": "00:01", "timezone": "UTC"},
    ),
    "monthlyrelative": (
        {"week_in_month": "last", "day_in_week": "Sunday", "time": "00:00", "timezone": ZONE},
        {"week_in_month": "first", "day_in_week": "Monday", "time": "12:00", "timezone": "UTC"},
    ),
    "eventdriven": (
        {"trigger_rule": "$ALL_SALESFORCE_OBJECTS", "notification_level": "always"},
        {"trigger_rule": "$ALL_SALESFORCE_OBJECTS AND recipe:05v5e0000000004AAA", "notification_level": "never"},
    ),
    "none": ({}, {}),
}


@dataclass
class CrmAnalytics:
    """Schedules of one type of asset."""

    kind: str
    platform: str = "crm_analytics"
    switches: Sequence[Switches] = (
        {"put_response": "{}", "delete_status": 200},
        {"put_response": "object", "delete_unscheduled": "404"},
        {"event_get_hides_trigger_rule": True},
        {"entity_encoding": False},
        {"never_scheduled_connector": "days_only", "unscheduled_dataflow": "blank"},
        {"never_scheduled_connector": "absent", "dataflow_string": "all"},
        {"never_scheduled_connector": "none", "timezone_alias": "reject"},
        {"trailing_slash": "404", "strict_fields": False},
        {"token_uses": 25},
    )

    def __str__(self) -> str:
        return self.kind

    def declare(self, world: World, entries: Sequence[Entry]) -> None:
        world.sales(*entries)

    def plant(self, world: World, entries: Sequence[Entry]) -> None:
        names = [str(entry[self.kind]) for entry in entries]
        world.admin("POST", "crm/assets", [{"type": self.kind, "name": name} for name in names])

    def shapes(self) -> list[Pair]:
        ways = permutations(self._frequencies(), 2)
        return [(self._entry(f"{a}_to_{b}", a, 0), self._entry(f"{a}_to_{b}", b, 1)) for a, b in ways]

    def fields(self) -> list[tuple[str, Entry, Entry]]:
        found: list[tuple[str, Entry, Entry]] = []
        for frequency in self._frequencies():
            for name, value in SHAPES[frequency][1].items():
                entry = self._entry(f"{frequency}_{name}", frequency, 0)
                found.append((name, entry, {**entry, name: value}))
        return found

    def off(self, entry: Entry) -> Entry:
        return {self.kind: entry[self.kind], "frequency": "none"}

    def _frequencies(self) -> list[str]:
        return [f for f in SHAPES if not (self.kind == "data_sync" and f == "eventdriven")]

    def _entry(self, name: str, frequency: str, which: int) -> Entry:
        return {self.kind: name, "frequency": frequency, **SHAPES[frequency][which]}


# -- Tailer ------------------------------------------------------------------------------------------------------------

STATES = {
    "on": {"activated": True, "archived": False},
    "off": {"activated": False, "archived": False},
    "archived": {"activated": False, "archived": True},
}


@dataclass
class Tailer:
    """Both flags of data operations, of two types."""

    platform: str = "tailer"
    types: Sequence[str] = ("table-to-table", "workflow")
    switches: Sequence[Switches] = (
        {"ok_style": "code"},
        {"ok_case": "upper"},
        {"ok_case": "title", "ok_style": "code"},
        {"both_flags": "reject", "partial_flags": "reject"},
        {"tailer_lookup": "id_only"},
        {"ko_style": "ok_status_code"},
        {"ko_style": "ok_status_message"},
        {"ko_style": "http_json"},
    )
    _planted: set[str] = field(default_factory=set)

    def __str__(self) -> str:
        return self.platform

    def declare(self, world: World, entries: Sequence[Entry]) -> None:
        world.tailer(entries)

    def plant(self, world: World, entries: Sequence[Entry]) -> None:
        for entry in entries:
            identity = {"account": "000099", "environment": "DEV", "configuration_type": entry["type"]}
            world.admin("POST", "tailer/deploy", {**identity, "configuration_id": entry["id"], "activated": True})

    def shapes(self) -> list[Pair]:
        return [
            (self._entry(type_, f"{a}_{b}", a), self._entry(type_, f"{a}_{b}", b))
            for type_ in self.types
            for a, b in permutations(STATES, 2)
        ]

    def fields(self) -> list[tuple[str, Entry, Entry]]:
        return [
            (name, self._entry(type_, name, "off"), self._entry(type_, name, state))
            for type_ in self.types
            for name, state in (("activated", "on"), ("archived", "archived"))
        ]

    def off(self, entry: Entry) -> None:
        return None

    def _entry(self, type_: str, name: str, state: str) -> Entry:
        return {"type": type_, "id": f"{name}_{type_}_DEV", **STATES[state]}


SUBJECTS: tuple[Subject, ...] = (CrmAnalytics("recipe"), CrmAnalytics("dataflow"), CrmAnalytics("data_sync"), Tailer())
