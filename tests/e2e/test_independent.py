"""The whole job against platforms that were written apart from the sandbox, straight from the platform pages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from e2e.fakes import Asset, Crm, Tailer, listening
from e2e.harness import World, flags, recipe, reset

WEEK = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]
SECRET = "not-the-sandbox's"


@pytest.fixture
def crm() -> Crm:
    return Crm()


@pytest.fixture
def tailer() -> Tailer:
    return Tailer(known={("table-to-table", "t_DEV"): (True, False), ("workflow", "w"): (True, False)})


@pytest.fixture
def world(world: World, crm: Crm, tailer: Tailer) -> Iterator[World]:
    for number, kind in enumerate(("dataflow", "recipe", "data_sync"), 1):
        prefix = {"dataflow": "02K", "recipe": "05v", "data_sync": "0It"}[kind]
        for index in range(1, 9):
            crm.assets.append(Asset(f"{prefix}7Q00000{number}{index:02}aB3", f"{kind}_{index}", kind))
            crm.assets[-1].id = crm.assets[-1].id[:15] + "QA2"
    with listening(crm, tailer):
        world.env |= {"SF_INSTANCE_URL": crm.url, "SF_CLIENT_SECRET": SECRET, "SF_CLIENT_ID": "another client"}
        world.env |= {"TAILER_URL": tailer.url, "TAILER_API_JWT": "tailer-token-by-hand"}
        yield world


TIMED: dict[str, dict[str, Any]] = {
    "hourly": {"hourly_interval": 3, "last_hour": 20, "days_of_week": WEEK},
    "minutely": {"minutely_interval": 30, "last_hour": 18, "days_of_week": ["Friday", "Monday"]},
    "daily": {},
    "weekly": {"days_of_week": ["Thursday", "Monday"], "notification_level": "failures"},
    "monthly": {"days_of_month": [31, 1, 15]},
    "monthlyrelative": {"week_in_month": "last", "day_in_week": "Sunday"},
}


def every_frequency(kind: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for index, (frequency, fields) in enumerate(TIMED.items(), 1):
        zone = "America/Los_Angeles" if index % 2 else "UTC"
        found.append({kind: f"{kind}_{index}", "frequency": frequency, "time": "02:30", "timezone": zone, **fields})
    if kind != "data_sync":
        rule = "$ALL_SALESFORCE_OBJECTS AND recipe:05v7Q0000020301QA2"
        found.append({kind: f"{kind}_7", "frequency": "eventdriven", "trigger_rule": rule})
    return found


def test_every_frequency_of_every_kind_arrives_and_stays(world: World, crm: Crm) -> None:
    """All frequencies are applied to all three kinds, and neither the next plan nor drift finds anything."""
    world.sales(*(entry for kind in ("dataflow", "recipe", "data_sync") for entry in every_frequency(kind)))
    assert world.run("validate").code == 0
    plan = world.plan()
    assert plan["summary"]["create"] == 20
    assert all(seen.method == "GET" for seen in crm.seen if "oauth2" not in seen.path)
    world.apply()
    sent = sorted(((m, p, b) for m, p, b in crm.writes()), key=lambda each: each[1])
    planned = sorted(
        ((r["method"], r["path"], r["body"]) for c in plan["changes"] for r in c["requests"]), key=lambda r: r[1]
    )
    assert sent == planned
    assert world.run("drift").code == 0
    assert world.run("plan", "--exact", "--detailed-exitcode").code == 0


def test_an_update_a_delete_and_a_removed_entry(world: World, crm: Crm) -> None:
    """Changes, frequency none and a removed entry reach the platform; then all is quiet."""
    entries = every_frequency("recipe")
    world.sales(*entries)
    world.apply()
    entries[0] = {"recipe": "recipe_1", "frequency": "weekly", "days_of_week": ["Tuesday"], "time": "04:00"}
    entries[1] = {"recipe": "recipe_2", "frequency": "none"}
    world.sales(*entries[:-1])
    crm.seen.clear()
    world.apply()
    assert sorted(method for method, _, _ in crm.writes()) == ["DELETE", "DELETE", "PUT"]
    schedules = {asset.name: asset.put for asset in crm.assets}
    assert schedules["recipe_1"] == {
        "frequency": "weekly", "daysOfWeek": ["Tuesday"], "time": {"hour": 4, "minute": 0}
    }  # fmt: skip
    assert schedules["recipe_2"] is None
    assert schedules["recipe_7"] is None


def test_an_org_whose_recipe_list_shows_no_schedules(world: World, crm: Crm) -> None:
    """Where the list has no scheduleAttributes (page 2.1, before v53) each wanted recipe is read by itself."""
    crm.lists_schedules = False
    world.sales(*every_frequency("recipe")[:-1])
    world.apply()
    crm.assets[8].put = {"frequency": "daily", "time": {"hour": 5, "minute": 5, "timeZone": "UTC"}}
    drift = world.run("drift", "--format", "json")
    assert drift.code == 5, drift
    assert [each["address"] for each in drift.json["drift"]] == ["sales/schedule/recipe:recipe_1"]


def test_a_trigger_rule_that_no_read_shows(world: World, crm: Crm) -> None:
    """Where neither list nor GET shows a trigger rule, ours is taken to be there: no drift, and no plan for ever."""
    crm.lists_schedules = False
    world.sales({"recipe": "recipe_1", "frequency": "eventdriven", "trigger_rule": "$ALL_SALESFORCE_OBJECTS"})
    world.apply()
    assert world.run("drift").code == 0
    world.sales({"recipe": "recipe_1", "frequency": "eventdriven", "trigger_rule": "recipe:05v7Q0000020301QA2"})
    plan = world.plan()
    assert [change["action"] for change in plan["changes"]] == ["update"]
    world.apply()


def test_never_scheduled_connectors_are_unscheduled(world: World, crm: Crm) -> None:
    """A connector without ingestionSchedule, or with one that has no frequency, has no schedule (page 1.2)."""
    crm.assets.append(Asset("0It7Q0000009901QA2", "sync_odd", "data_sync"))
    world.sales(
        {"data_sync": "data_sync_1", "frequency": "none"}, {"data_sync": "sync_odd", "frequency": "none"}
    )  # fmt: skip
    assert world.plan()["summary"]["unchanged"] == 2


def test_recipes_on_a_second_page(world: World, crm: Crm) -> None:
    """An opaque link is followed as given; without totalSize the list is whole when it has no next page."""
    crm.assets += [Asset(f"05v8Q0000{n:06}QA2", f"many_{n}", "recipe") for n in range(450)]
    world.sales(recipe("many_449"), recipe("recipe_1"))
    world.apply()
    lists = [seen.path for seen in crm.seen if "/wave/recipes" in seen.path][:3]
    assert lists[0].endswith("recipes?pageSize=200")
    assert lists[1].endswith("page=opaque%2F%2B%3D%20200")
    assert crm.assets[-1].put is not None


def test_a_platform_that_escapes_in_spite_of_the_header(world: World, crm: Crm) -> None:
    """Names and rules that come HTML-escaped are what a person wrote (page 1.5)."""
    crm.always_escapes = True
    crm.assets.append(Asset("05v7Q0000099999QA2", "R&D <all> 'q'", "recipe"))
    rule = "$ALL_SALESFORCE_OBJECTS AND recipe:a&b"
    world.sales(recipe("R&D <all> 'q'"), {"dataflow": "dataflow_1", "frequency": "eventdriven", "trigger_rule": rule})
    world.apply()
    assert world.run("drift").code == 0
    assert crm.assets[0].put == {"frequency": "eventdriven", "triggerRule": rule}


def test_ids_of_fifteen_and_of_eighteen_characters_are_one(world: World, crm: Crm) -> None:
    """An asset is found by either form of its id, and naming it twice is an error."""
    real = crm.assets[8]
    assert (real.kind, real.name) == ("recipe", "recipe_1")
    world.sales({"id": real.id[:15], "frequency": "daily", "time": "01:00", "timezone": "UTC"})
    world.apply()
    assert real.put is not None
    world.sales(recipe("recipe_1"), {"id": real.id[:15], "frequency": "daily", "time": "01:00", "timezone": "UTC"})
    plan = world.run("plan", "--format", "json")
    assert plan.code == 1
    assert "duplicate-object" in plan.codes


def test_drift_by_a_person(world: World, crm: Crm) -> None:
    """A person's change is drift with both values; a gone asset is drift too, and says so."""
    world.sales(recipe("recipe_1"), recipe("recipe_2"), recipe("recipe_3"))
    world.apply()
    by_name = {asset.name: asset for asset in crm.assets}
    by_name["recipe_1"].put = {"frequency": "daily", "time": {"hour": 9, "minute": 0, "timeZone": "UTC"}}
    crm.assets.remove(by_name["recipe_2"])
    drift = world.run("drift", "--format", "json")
    assert drift.code == 5, drift
    first, second = drift.json["drift"]
    assert (first["address"], first["fields"]) == (
        "sales/schedule/recipe:recipe_1",
        [{"path": "time", "before": "01:00", "after": "09:00"}],
    )
    assert second["gone"] is True
    assert all(seen.method == "GET" for seen in crm.seen[-4:] if "oauth2" not in seen.path)


def test_tailer_flags_and_a_reset(world: World, tailer: Tailer) -> None:
    """Flags are set, a reset is made once, and Tailer's other words for ok are understood."""
    table = flags("t_DEV", activated=False)
    flow = flags("w", activated=True, type_="workflow")
    world.tailer([table, flow], [reset("first", "w")])
    world.apply()
    assert tailer.known == {("table-to-table", "t_DEV"): (False, False), ("workflow", "w"): (True, False)}
    assert tailer.resets == ["w"]
    world.tailer([table, flow], [reset("second", "w")])
    world.apply()
    assert tailer.resets == ["w", "w"]


def test_a_tailer_refusal_with_status_200_is_a_failure(world: World) -> None:
    """A 200 whose message is not ok is no success: exit 1, and the answer's own words."""
    world.tailer([flags("nobody_DEV")])
    result = world.run("apply", "--yes")
    assert result.code == 1, result
    assert "unknown configuration nobody_DEV" in result.err
    assert world.plan()["summary"]["assert"] == 1


def test_the_secrets_of_an_independent_platform_stay_secret(world: World, crm: Crm) -> None:
    """A session token with odd characters is in no output and no file."""
    world.sales(recipe("recipe_1"))
    found = world.run("apply", "--yes", "-v")
    for text in (found.out, found.err, *(p.read_text() for p in world.root.rglob("*.json"))):
        for secret in (crm.token, SECRET, "tailer-token-by-hand"):
            assert secret not in text


@pytest.mark.parametrize("is_old", [False, True])
def test_an_org_is_imported_as_it_is(world: World, crm: Crm, is_old: bool) -> None:
    """All frequencies of all three kinds, also from an org whose list of recipes shows no schedules."""
    crm.lists_schedules, crm.page = not is_old, 3
    world.sales(*(entry for kind in ("dataflow", "recipe", "data_sync") for entry in every_frequency(kind)))
    world.apply()
    (world.root / "sales.yaml").unlink()
    (world.root / ".reconcile").rename(world.home / "lost")
    crm.seen.clear()
    result = world.run("import", "--format", "json")
    assert result.code == 0, result
    # Before v53 only lists showed trigger rules (page 1.2), and that of recipes did not.
    hidden = 1 if is_old else 0
    assert result.json["summary"] == {"imported": 20 - hidden, "declared": 0, "absent": 4, "left_out": hidden}
    assert crm.writes() == []
    world.settled()
    assert crm.writes() == []


def test_what_is_changed_by_hand_is_accepted(world: World, crm: Crm) -> None:
    """Every frequency is taken in place of every other one's entry, whatever the platform's spelling."""
    entries = every_frequency("recipe")
    world.sales(*entries)
    world.apply()
    put = {asset.name: asset.put for asset in crm.assets if asset.kind == "recipe" and asset.put}
    names = sorted(put)
    for asset in crm.assets:
        if asset.name in put:
            asset.put = put[names[(names.index(asset.name) + 1) % len(names)]]
    assert world.run("drift").code == 5
    assert world.run("accept", "sales/*").code == 0
    world.apply()
