"""Everything that is live, out of as few calls as that takes; and never a part of it for all of it."""

from __future__ import annotations

from typing import Any

import pytest

from reconcile.core.address import Address, Selection
from reconcile.core.errors import ObjectNotFound, Unavailable
from reconcile.core.snapshot import Live, ReadFailed
from reconcile.providers.base import Discovers, Found, Sought

from .org import DAILY, DOWN, SHORT_WEEKLY, Org, id_of, recipe, wanted

DAILY_VALUES = {"frequency": "daily", "time": "01:00", "timezone": "UTC"}
LISTS = ["/wave/dataflows", "/wave/recipes", "/wave/dataConnectors"]
NOTHING = {"frequency": "none"}


def at(name: str) -> Address:
    return Address("sales", "schedule", name)


def discover(org: Org, *select: str, known: tuple[str, ...] = (), whole: bool = False, **more: Any) -> Found:
    reader = org.reader()
    assert isinstance(reader, Discovers)
    sought = Sought(Selection(select, more.get("exclude", ())), frozenset(map(at, known)), whole)
    return reader.discover(sought)


def values(found: Found) -> dict[str, Any]:
    return {a.name: r.values for a, r in found.readings.items() if isinstance(r, Live)}


@pytest.fixture
def org() -> Org:
    """Two recipes, a dataflow and a data sync, of which one recipe has no schedule."""
    org = Org()
    org.recipes(recipe(1, DAILY), recipe(2))
    org.dataflows({"id": id_of(3, "02K"), "name": "D3", "label": "D three", "scheduleAttributes": SHORT_WEEKLY})
    org.connectors({"id": id_of(4, "0It"), "name": "C4", "ingestionSchedule": DAILY})
    return org


def test_three_lists_tell_it_all(org: Org) -> None:
    found = discover(org)
    assert sorted(org.asked) == sorted(LISTS)
    assert found.diagnostics == ()
    assert list(values(found)) == ["data_sync:C4", "dataflow:D3", "recipe:R1", "recipe:R2"]
    assert values(found)["recipe:R2"] == NOTHING
    assert found.readings[at("dataflow:D3")].label == "D three"  # type: ignore[union-attr]
    assert found.listed == set(found.readings)


def test_lists_that_a_read_has_brought_are_not_asked_for_again(org: Org) -> None:
    reader = org.reader()
    reader.read([wanted("recipe:R1")])
    reader.discover(Sought())
    assert sorted(org.asked) == sorted(LISTS)


def test_an_empty_org_is_no_error() -> None:
    found = discover(Org())
    assert found == Found()


def test_whole_reads_what_the_list_of_dataflows_lacks(org: Org) -> None:
    org.schedule(id_of(3, "02K"), {**DAILY, "notificationLevel": "always"})
    found = discover(org, whole=True)
    assert org.asked[3:] == [f"/wave/asset/{id_of(3, '02K')}/schedule"]
    assert values(found)["dataflow:D3"] == {**DAILY_VALUES, "notification_level": "always"}


def test_a_dataflow_without_a_schedule_is_not_read_alone() -> None:
    org = Org()
    org.dataflows({"id": id_of(3, "02K"), "name": "D3"})
    assert values(discover(org, whole=True)) == {"dataflow:D3": NOTHING}
    assert sorted(org.asked) == sorted(LISTS)


@pytest.mark.parametrize(
    ("select", "asked"),
    [
        ("sales/schedule/recipe:*", ["/wave/recipes"]),
        ("sales/schedule/d*", ["/wave/dataflows", "/wave/dataConnectors"]),
        ("sales/schedule/id:0It*", ["/wave/dataConnectors"]),
        ("other/*", []),
        ("*:R1", LISTS),
    ],
)
def test_only_lists_that_can_hold_something_selected_are_read(org: Org, select: str, asked: list[str]) -> None:
    discover(org, select)
    assert sorted(org.asked) == sorted(asked)


def test_what_is_left_out_is_not_read(org: Org) -> None:
    found = discover(org, exclude=("sales/schedule/data*",))
    assert org.asked == ["/wave/recipes"]
    assert list(values(found)) == ["recipe:R1", "recipe:R2"]
    assert list(values(discover(org, exclude=("*:R1", "sales/schedule/id:*")))) == [
        "data_sync:C4",
        "dataflow:D3",
        "recipe:R2",
    ]


def test_known_objects_are_counted_and_not_read(org: Org) -> None:
    """Also when they are known by an id, in either form."""
    found = discover(org, known=("recipe:R1", f"id:{id_of(3, '02K')}"), whole=True)
    assert list(values(found)) == ["data_sync:C4", "recipe:R2"]
    assert found.known == {at("recipe:R1"), at("dataflow:D3")}
    assert sorted(org.asked) == sorted(LISTS)


def test_an_ambiguous_name_is_told_by_id_with_a_note() -> None:
    org = Org()
    org.recipes(recipe(1, DAILY), {**recipe(2, DAILY), "name": "R1"}, recipe(3, DAILY))
    found = discover(org)
    ids = [f"id:{id_of(1)}", f"id:{id_of(2)}"]
    assert list(values(found)) == [*ids, "recipe:R3"]
    assert {address.name: note for address, note in found.notes.items()} == dict.fromkeys(ids, "2 recipes are named R1")
    assert at("recipe:R1") in found.listed
    # Either way of naming it selects it.
    assert list(values(discover(org, "sales/schedule/recipe:R1"))) == ids
    assert list(values(discover(org, f"sales/{'schedule'}/{ids[1]}"))) == [ids[1]]


def test_a_unique_name_can_be_selected_by_id(org: Org) -> None:
    found = discover(org, f"sales/schedule/id:{id_of(1)}")
    assert list(values(found)) == ["recipe:R1"]
    assert at(f"id:{id_of(1)}") in found.listed


@pytest.mark.parametrize("path", LISTS)
def test_a_failing_list_is_an_error_and_the_others_count(org: Org, path: str) -> None:
    org.answers[path] = DOWN
    found = discover(org)
    assert [d.code for d in found.diagnostics] == [DOWN.diagnostics[0].code]
    assert "sales" in found.diagnostics[0].detail
    assert 2 <= len(found.readings) <= 3


def test_a_failing_page_leaves_none_of_its_list() -> None:
    org = Org()
    org.recipes(*(recipe(n, DAILY) for n in range(1, 6)), page=2)
    org.answers["/wave/recipes?page=p1"] = Unavailable("503")
    found = discover(org)
    assert found.readings == {}
    assert found.diagnostics[0].is_error


def test_a_list_that_is_shorter_than_promised_is_an_error() -> None:
    org = Org()
    org.recipes(recipe(1, DAILY), totalSize=2)
    found = discover(org)
    assert found.readings == {}
    assert [(d.code, d.is_error) for d in found.diagnostics] == [("incomplete-listing", True)]


def test_an_asset_that_cannot_be_read_says_so() -> None:
    org = Org()
    org.recipes({"id": id_of(1), "name": "R1"}, {"id": id_of(2), "name": "R2"}, recipe(3, DAILY))
    org.schedule(id_of(1), Unavailable("503"))
    org.schedule(id_of(2), {"frequency": 5})
    found = discover(org)
    assert isinstance(found.readings[at("recipe:R1")], ReadFailed)
    assert isinstance(found.readings[at("recipe:R2")], ReadFailed)
    assert list(values(found)) == ["recipe:R3"]


def test_an_asset_that_went_meanwhile_is_not_live() -> None:
    org = Org()
    org.recipes({"id": id_of(1), "name": "R1"})
    org.schedule(id_of(1), ObjectNotFound("404"))
    assert discover(org).readings == {}


def test_a_trigger_rule_that_only_the_list_shows_is_kept() -> None:
    org = Org()
    event = '{"scheduleType":"eventdriven","triggerRule":"$ALL"}'
    org.dataflows({"id": id_of(3, "02K"), "name": "D3", "scheduleAttributes": event})
    org.schedule(id_of(3, "02K"), {"frequency": "eventdriven", "notificationLevel": "never"})
    assert values(discover(org, whole=True))["dataflow:D3"] == {
        "frequency": "eventdriven",
        "trigger_rule": "$ALL",
        "notification_level": "never",
    }
