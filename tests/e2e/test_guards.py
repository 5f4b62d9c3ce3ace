"""What keeps an apply from doing harm: shown, exit 3, and then none of it is done."""

from __future__ import annotations

from typing import Any

import pytest

from e2e.harness import DEV, PREPARE, TABLE, World, flags, recipe, reset

NAMES = ("Pipeline_Snapshot", "Month_Close", "Board_Pack", "Quarter_Forecast", "Churn_Score", "Adhoc_Export")


def none(name: str) -> dict[str, Any]:
    return {"recipe": name, "frequency": "none"}


@pytest.fixture
def six(world: World) -> World:
    """Six recorded recipes."""
    world.sales(*(recipe(name) for name in NAMES))
    world.apply()
    world.forget_log()
    return world


def refused(world: World, code: str, *arguments: str) -> None:
    """Check that plan and apply refuse for this reason, and that nothing was written anywhere."""
    state = sorted((world.root / ".reconcile").rglob("*.json"))
    plan = world.run("plan", "--format", "json", *arguments)
    assert plan.code == 3, plan
    assert code in plan.codes
    assert plan.json["refused"] is True
    assert plan.json["changes"], "a refused plan is shown"
    applied = world.run("apply", "--yes", "--format", "json", *arguments)
    assert applied.code == 3, applied
    assert code in applied.codes
    assert applied.json["results"] == []
    assert world.sent() == []
    assert sorted((world.root / ".reconcile").rglob("*.json")) == state


def test_two_of_six_deletes_are_refused(six: World) -> None:
    """A third is more than 30 %."""
    six.sales(*(recipe(name) for name in NAMES[2:]))
    refused(six, "guard-deletes")


def test_one_of_six_deletes_is_allowed(six: World) -> None:
    """A sixth is less than 30 %."""
    six.sales(*(recipe(name) for name in NAMES[1:]))
    six.apply()
    assert six.live(NAMES[0])["frequency"] == "none"


def test_frequency_none_counts_as_a_delete(six: World) -> None:
    """Two recorded schedules to none are as bad as two removed entries; the mixture too."""
    six.sales(*(none(name) for name in NAMES[:2]), *(recipe(name) for name in NAMES[2:]))
    refused(six, "guard-deletes")
    six.sales(none(NAMES[0]), *(recipe(name) for name in NAMES[2:]))
    refused(six, "guard-deletes")


def test_frequency_none_on_what_was_never_ours_is_no_delete_of_ours(world: World) -> None:
    """A first apply may clear schedules that nobody recorded: a file says so for each of them."""
    world.sales(none("Retired_Report"), none("Board_Pack"), none("Month_Close"))
    world.apply()


def test_a_first_delete_that_failed_can_be_tried_again(world: World) -> None:
    """What the platform refused yesterday is not guarded today: the schedule never was ours."""
    world.sales(none("Retired_Report"))
    world.fault("status", method="DELETE", status=500)
    assert world.run("apply", "--yes").code == 1
    world.clear_faults()
    world.apply()


def test_a_schedule_made_by_hand_where_none_is_recorded_can_be_taken_back(world: World) -> None:
    """Recorded is "none": taking away what a person added deletes no schedule that we recorded."""
    world.sales(none("Retired_Report"))
    world.apply()
    world.by_hand(
        "recipe", "Retired_Report", {"frequency": "daily", "time": {"hour": 1, "minute": 0, "timeZone": "UTC"}}
    )
    world.apply()


def test_allow_deletes_is_a_number_and_not_a_switch(six: World) -> None:
    """--allow-deletes 1 does not allow two, 2 does."""
    six.sales(*(recipe(name) for name in NAMES[2:]))
    refused(six, "guard-deletes", "--allow-deletes", "1")
    six.apply("--allow-deletes", "2")


def test_the_guard_holds_with_few_objects(world: World) -> None:
    """One of one is 100 %."""
    world.sales(recipe("Board_Pack"))
    world.apply()
    world.forget_log()
    world.sales()
    refused(world, "guard-deletes")


def test_max_deletes_by_count_and_by_percent_both_hold(six: World) -> None:
    """count refuses what percent allows, and the other way round."""
    six.sales(*(recipe(name) for name in NAMES[1:]))
    six.workspace(top="max_deletes: {count: 0, percent: 100}")
    refused(six, "guard-deletes")
    six.workspace(top="max_deletes: {count: 5, percent: 10}")
    refused(six, "guard-deletes")
    six.workspace(top="max_deletes: {count: 1, percent: 17}")
    six.apply()


def test_a_refused_plan_does_none_of_its_other_changes_either(six: World) -> None:
    """An update next to too many deletes is not made."""
    six.sales(*(recipe(name, time="05:00") for name in NAMES[2:]))
    refused(six, "guard-deletes")


def test_selecting_does_not_shrink_what_the_share_is_of(six: World) -> None:
    """The share is of all recorded objects: selecting the one that goes does not make it 100 %."""
    six.sales(*(recipe(name) for name in NAMES[1:]))
    result = six.run("plan", "--select", f"sales/schedule/recipe:{NAMES[0]}")
    assert result.code == 0, result


def test_an_empty_listing_is_not_believed(six: World) -> None:
    """The platform lists nothing: a removed entry is not forgotten, and what is declared is an error."""
    six.sales(*(recipe(name) for name in NAMES[1:]))
    empty: dict[str, object] = {"recipes": [], "nextPageUrl": None, "totalSize": 0}
    six.fault("status", method="GET", path="/wave/recipes", status=200, body=empty)
    plan = six.run("plan", "--format", "json")
    assert plan.code == 1, plan
    assert "guard-listing" in plan.codes
    assert plan.json["refused"] is True
    assert six.run("apply", "--yes").code == 3
    assert six.sent() == []


def test_an_empty_listing_with_nothing_declared_is_refused(six: World) -> None:
    """All entries gone and all assets gone at once is an accident until somebody allows it."""
    six.sales()
    empty: dict[str, object] = {"recipes": [], "nextPageUrl": None, "totalSize": 0}
    six.fault("status", method="GET", path="/wave/recipes", status=200, body=empty)
    refused(six, "guard-listing")


def test_a_failed_listing_deletes_nothing(six: World) -> None:
    """A listing that fails refuses the delete of what another listing of the same org shows."""
    six.sales(*(recipe(name) for name in NAMES), {"dataflow": "Opportunities", "frequency": "daily", "time": "01:00"})
    six.apply()
    six.forget_log()
    six.sales(
        *(recipe(name) for name in NAMES[1:]), {"dataflow": "Opportunities", "frequency": "daily", "time": "01:00"}
    )
    six.fault("status", method="GET", path="/wave/dataflows", status=500)
    plan = six.run("plan", "--format", "json")
    assert plan.code == 1, plan
    assert "guard-listing" in plan.codes
    applied = six.run("apply", "--yes")
    assert applied.code == 3, applied
    assert six.sent() == []


def test_protect_outlives_the_entry(six: World) -> None:
    """protect: true refuses the delete after the entry is gone, also when deletes are allowed."""
    six.sales(recipe(NAMES[0], protect=True), *(recipe(name) for name in NAMES[1:]))
    six.apply()
    six.forget_log()
    six.sales(*(recipe(name) for name in NAMES[1:]))
    refused(six, "guard-protected")
    refused(six, "guard-protected", "--allow-deletes", "10")


def test_protect_holds_against_frequency_none(six: World) -> None:
    """Neither none in place of the schedule nor a protect: false in the same breath gets around it."""
    six.sales(recipe(NAMES[0], protect=True), *(recipe(name) for name in NAMES[1:]))
    six.apply()
    six.forget_log()
    six.sales(none(NAMES[0]), *(recipe(name) for name in NAMES[1:]))
    refused(six, "guard-protected")
    six.sales({**none(NAMES[0]), "protect": False}, *(recipe(name) for name in NAMES[1:]))
    refused(six, "guard-protected")


def test_dropping_the_word_protect_does_not_lift_it(six: World) -> None:
    """A field that is not in the file is not managed: only an applied protect: false lifts the protection."""
    six.sales(recipe(NAMES[0], protect=True), *(recipe(name) for name in NAMES[1:]))
    six.apply()
    six.sales(*(recipe(name) for name in NAMES))
    six.apply()
    six.forget_log()
    six.sales(*(recipe(name) for name in NAMES[1:]))
    refused(six, "guard-protected")


def test_an_applied_protect_false_lifts_it(six: World) -> None:
    """After an apply of protect: false the entry can go."""
    six.sales(recipe(NAMES[0], protect=True), *(recipe(name) for name in NAMES[1:]))
    six.apply()
    six.sales(recipe(NAMES[0], protect=False), *(recipe(name) for name in NAMES[1:]))
    six.apply()
    six.sales(*(recipe(name) for name in NAMES[1:]))
    six.apply()
    assert six.live(NAMES[0])["frequency"] == "none"


def test_a_removed_schedule_that_was_never_ours_is_left_alone(world: World) -> None:
    """An entry that was written down and removed before any apply deletes nothing."""
    world.sales(recipe("Board_Pack"), recipe("Month_Close"))
    world.run("plan")
    world.sales(recipe("Month_Close"))
    world.apply()
    assert world.live("Board_Pack")["frequency"] == "monthlyrelative"


def test_a_removed_tailer_configuration_is_forgotten_and_the_plan_says_so(world: World) -> None:
    """There is no delete call: nothing is sent, the plan says that it stays as it is."""
    world.tailer([flags()], [reset("once")])
    world.apply()
    world.forget_log()
    world.tailer()
    plan = world.plan()
    assert [(c["action"], c["requests"]) for c in plan["changes"]] == [("forget", [])]
    assert "no delete call" in world.run("plan").out
    world.apply()
    assert world.sent() == []
    assert "configuration" not in world.run("state", "list").out


def test_a_file_that_went_missing_is_guarded_like_removed_entries(six: World) -> None:
    """A lost file of several removes its entries, which the share catches."""
    six.sales(*(recipe(name) for name in NAMES[:3]))
    six.sales(*(recipe(name) for name in NAMES[3:]), file="more.yaml")
    six.apply()
    six.forget_log()
    (six.root / "more.yaml").unlink()
    refused(six, "guard-deletes")


def test_a_connection_that_went_missing_touches_nothing(six: World) -> None:
    """Recorded objects of a connection that is no longer in reconcile.yaml are named and left alone."""
    six.tailer([flags()])
    (six.root / "sales.yaml").unlink()
    text = (six.root / "reconcile.yaml").read_text()
    start, end = text.index("  sales:"), text.index("  tailer:")
    six.write("reconcile.yaml", text[:start] + text[end:])
    plan = six.run("plan", "--format", "json")
    assert plan.code == 0, plan
    assert plan.codes.count("connection-removed") == 6
    assert six.run("apply", "--yes").code == 0
    assert [path for _, path, _ in six.sent()] == ["/v1/configuration/status"]
    assert six.run("state", "list").out.count("sales/") == 6


# -- another account ---------------------------------------------------------------------------------------------------


def made_anew(world: World, *names: str) -> None:
    """Give assets of these names other ids, as another org has."""
    for name in names:
        world.remove_asset(name)
        world.create("recipe", name, {"frequency": "daily", "time": {"hour": 1, "minute": 0, "timeZone": "UTC"}})


def test_another_org_behind_the_same_names_is_refused(six: World) -> None:
    """Every id is another one: nothing is written, recorded or called drift until somebody says it is right."""
    made_anew(six, *NAMES)
    six.sales(*(recipe(name, time="03:00") for name in NAMES))
    refused(six, "guard-account")
    drift = six.run("drift")
    assert drift.code == 1, drift
    assert "--allow-account sales" in drift.err
    assert "No drift" not in drift.out
    six.apply("--allow-account", "sales")
    assert six.run("drift").code == 0


def test_objects_that_all_vanished_are_another_org(six: World) -> None:
    """None is found: said once, beside an error for each."""
    for name in NAMES:
        six.remove_asset(name)
    plan = six.run("plan", "--format", "json")
    assert plan.code == 1, plan
    assert plan.codes.count("guard-account") == 1
    assert plan.codes.count("unknown-object") == 6


def test_one_asset_made_anew_is_no_other_org(six: World) -> None:
    """Somebody deleted it and made it again."""
    made_anew(six, NAMES[0])
    six.apply()


def test_another_address_of_the_same_org_stops_nothing(six: World) -> None:
    """A renamed My Domain: the ids are the same, and the next apply that changes something notes it down."""
    moved = {"SF_INSTANCE_URL": six.server.url.replace("127.0.0.1", "localhost")}
    six.sales(*(recipe(name, time="03:00") for name in NAMES))
    result = six.run("apply", "--yes", env=moved)
    assert result.code == 0, result
    state = sorted((six.root / ".reconcile").rglob("state/*.json"))[-1].read_text()
    assert "localhost" in state


def test_a_single_object_is_enough_at_another_address(world: World) -> None:
    """One of one with another id, and the address changed, too."""
    world.sales(recipe("Board_Pack"))
    world.apply()
    made_anew(world, "Board_Pack")
    moved = {"SF_INSTANCE_URL": world.server.url.replace("127.0.0.1", "localhost")}
    result = world.run("plan", "--format", "json", env=moved)
    assert (result.code, "guard-account" in result.codes) == (3, True)
    assert world.run("plan").code == 0


def staging(world: World) -> None:
    text = (world.root / "reconcile.yaml").read_text()
    world.write("reconcile.yaml", text.replace("environment: DEV", "environment: STAGING"))


def test_another_tenant_is_refused_though_nothing_would_change(world: World) -> None:
    """Its flags cannot be read: "last applied by us" was on another account. Allowed, all of them are sent again."""
    world.tailer([flags()], [reset("once")])
    world.apply()
    world.forget_log()
    staging(world)
    refused(world, "guard-account")
    assert world.run("drift").code == 1
    there = {"configuration_type": "table-to-table", "configuration_id": TABLE}
    world.admin("POST", "tailer/deploy", {**DEV, "environment": "STAGING", **there})
    world.apply("--allow-account", "tailer")
    assert [path for _, path, _ in world.sent()] == ["/v1/configuration/status"]
    assert world.run("drift").code == 0


def test_what_was_not_done_on_another_tenant_is_still_to_be_done(world: World) -> None:
    """The calls fail: the record no longer says of them what was done on the first one."""
    world.tailer([flags()])
    world.apply()
    staging(world)
    assert world.run("apply", "--yes", "--allow-account", "tailer").code == 1
    assert [change["action"] for change in world.plan()["changes"]] == ["assert"]


def test_resets_alone_are_taken_along_to_another_tenant(world: World) -> None:
    """What was done once stays done; allowed once is allowed for good."""
    world.tailer([], [reset("once")])
    world.apply()
    staging(world)
    refused_resets = world.run("plan")
    assert refused_resets.code == 3, refused_resets
    world.apply("--allow-account", "tailer")
    world.settled()
    assert world.resets() == 1


def test_a_connection_with_another_name_is_refused(world: World) -> None:
    """Its resets would be sent once more; after --allow-account they are, and the old name is left alone."""
    world.tailer([flags()], [reset("once")])
    world.apply()
    world.forget_log()
    text = (world.root / "reconcile.yaml").read_text()
    world.write("reconcile.yaml", text.replace("  tailer:", "  tailor:"))
    file = world.root / "tailer.yaml"
    file.write_text(file.read_text().replace("connection: tailer", "connection: tailor"))
    refused(world, "guard-account")
    assert 'call it "tailer" again' in world.run("plan").err
    world.apply("--allow-account", "tailor")
    assert world.run("state", "forget", "tailer/*", "--yes").code == 0
    world.settled()


def test_allow_account_is_a_name_and_can_come_from_the_environment(six: World) -> None:
    """A wrong name is an error with the right one; RECONCILE_ALLOW_ACCOUNT may name several."""
    made_anew(six, *NAMES)
    wrong = six.run("plan", "--allow-account", "sale")
    assert wrong.code == 1
    assert 'did you mean "sales"' in wrong.err
    assert six.run("plan", "--allow-account", "tailer").code == 3
    assert six.run("plan", env={"RECONCILE_ALLOW_ACCOUNT": "tailer sales"}).code == 0


def test_everything_of_a_connection_is_not_forgotten_at_once(world: World) -> None:
    """Two configurations leave the files together, and the reset stays: no file would look otherwise if it was lost."""
    world.tailer([flags(), flags(PREPARE)], [reset("once")])
    world.apply()
    world.forget_log()
    world.tailer([], [reset("once")])
    refused(world, "guard-emptied")
    refused(world, "guard-emptied", "--allow-deletes", "1")
    world.apply("--allow-deletes", "2")
    assert world.sent() == []
