"""``reconcile explain`` as users run it: all there is to know of one object."""

from __future__ import annotations

from typing import Any

import pytest

from e2e.harness import TABLE, Result, World, flags, recipe

BOARD = "sales/schedule/recipe:Board_Pack"
ZONE = ("--zone", "UTC")


def explained(world: World, address: str = BOARD, *arguments: str) -> Any:
    result = world.run("explain", address, "--format", "json", *ZONE, *arguments)
    assert result.code == 0, result
    return result.json


@pytest.fixture
def applied(world: World) -> World:
    world.write(
        "sales.yaml",
        "connection: sales\nschedules:\n"
        "  # the pack\n"
        "  - recipe: Board_Pack\n    frequency: daily\n"
        '    time: "01:00"  # early\n    timezone: UTC\n\n'
        "  # another one\n"
        '  - {recipe: Churn_Score, frequency: daily, time: "02:00", timezone: UTC}\n',
    )
    world.apply()
    return world


def test_all_is_as_it_should_be(applied: World) -> None:
    told = explained(applied)
    assert told["declared"]["line"] == 4
    assert told["declared"]["file"] == "desired_state/sales.yaml"
    assert told["declared"]["text"] == [
        "  - recipe: Board_Pack",
        "    frequency: daily",
        '    time: "01:00"  # early',
        "    timezone: UTC",
    ]
    assert told["recorded"]["values"]["time"] == "01:00"
    assert told["live"]["status"] == "read"
    assert told["live"]["values"]["time"] == "01:00"
    assert told["change"] is None
    assert told["unchanged"] is True
    assert told["drift"] is None
    assert len(told["runs"]["next"]) == 5
    assert told["runs_live"] is None
    assert len(told["applies"]) == 1
    assert [change["address"] for change in told["applies"][0]["changes"]] == [BOARD]


def test_why_it_would_change(applied: World) -> None:
    text = (applied.root / "sales.yaml").read_text().replace("01:00", "04:00")
    (applied.root / "sales.yaml").write_text(text)
    told = explained(applied)
    assert told["change"]["why"] == "file"
    assert told["change"]["fields"] == [{"path": "time", "before": "01:00", "after": "04:00"}]
    assert told["change"]["requests"][0]["method"] == "PUT"
    assert told["change"]["effect"] is not None
    assert told["runs"]["timing"].startswith("daily at 04:00")
    assert told["runs_live"]["timing"].startswith("daily at 01:00")
    shown = applied.run("explain", BOARD, *ZONE)
    assert "the file changed" in shown.out
    assert "PUT /services/data" in shown.out
    assert "as it is live: daily at 01:00" in shown.out


def test_drift_is_told(applied: World) -> None:
    schedule = applied.asset("Churn_Score")["schedule"]
    applied.by_hand("recipe", "Board_Pack", schedule)
    told = explained(applied)
    assert told["drift"]["why"] == "drift"
    assert {field["path"] for field in told["drift"]["fields"]} == {"time"}
    assert told["change"]["why"] == "drift"


def test_offline_asks_no_platform(applied: World) -> None:
    applied.forget_log()
    told = explained(applied, BOARD, "--offline")
    assert applied.log() == []
    assert told["live"] is None
    assert told["offline"] is True
    assert told["recorded"] is not None
    assert told["runs"]["next"]
    assert "not asked (--offline)" in applied.run("explain", BOARD, "--offline").out


def test_what_was_removed_from_the_files(applied: World) -> None:
    applied.sales(recipe("Churn_Score", time="02:00"))
    told = explained(applied)
    assert told["declared"] is None
    assert told["change"]["action"] == "delete"
    assert "in no file" in applied.run("explain", BOARD).out


def test_who_waits_for_whom(world: World) -> None:
    world.sales(
        recipe("Board_Pack"),
        {"recipe": "Churn_Score", "frequency": "eventdriven", "trigger_rule": "$ALL_SALESFORCE_OBJECTS"},
        {"data_sync": "SFDC_LOCAL", "frequency": "daily", "time": "00:30", "timezone": "UTC"},
    )
    churn = explained(world, "sales/schedule/recipe:Churn_Score")
    assert churn["runs"]["frequency"] == "event"
    assert churn["runs"]["silence"] or churn["runs"]["next"]
    sync = explained(world, "sales/schedule/data_sync:SFDC_LOCAL")
    assert BOARD in sync["others"]["read_by"]
    assert sync["recorded"] is None


def test_what_hangs_on_others_is_told_although_this_one_alone_is_read(world: World) -> None:
    sync = {"data_sync": "SFDC_LOCAL", "frequency": "daily", "time": "00:30", "timezone": "UTC"}
    event = {"recipe": "Churn_Score", "frequency": "eventdriven", "trigger_rule": "$ALL_SALESFORCE_OBJECTS"}
    world.sales(sync, event)
    told = explained(world, "sales/schedule/recipe:Churn_Score")
    assert told["others"]["waits_for"] == ["sales/schedule/data_sync:SFDC_LOCAL"]
    assert told["findings"] == []
    assert told["change"]["effect"]["known"] is True
    assert len(told["runs"]["next"]) == 5


def test_a_circle_is_told_of_each_of_it(world: World) -> None:
    ids = {name: world.asset(name)["id"] for name in ("Board_Pack", "Churn_Score")}
    pairs = (("Board_Pack", "Churn_Score"), ("Churn_Score", "Board_Pack"))
    world.sales(*({"recipe": a, "frequency": "eventdriven", "trigger_rule": f"recipe:{ids[b]}"} for a, b in pairs))
    world.apply()
    assert [each["code"] for each in explained(world)["findings"]] == ["trigger-circle"]


def test_findings_and_what_is_accepted(world: World) -> None:
    entry = recipe("Board_Pack", time="02:30", timezone="Europe/Paris")
    world.sales(entry)
    told = explained(world)
    assert {each["code"] for each in told["findings"]} == {"dst-skipped", "dst-doubled"}
    world.workspace(top="allow:\n  - {code: dst-skipped, reason: we know}")
    told = explained(world)
    assert {each["code"] for each in told["findings"]} == {"dst-doubled"}
    assert [(each["code"], each["reason"]) for each in told["allowed"]] == [("dst-skipped", "we know")]


def test_a_guard_in_the_way_is_told(applied: World) -> None:
    text = (
        (applied.root / "sales.yaml")
        .read_text()
        .replace("    timezone: UTC\n", "    timezone: UTC\n    protect: true\n")
    )
    (applied.root / "sales.yaml").write_text(text)
    applied.apply()
    applied.sales(recipe("Churn_Score", time="02:00"))
    told = explained(applied)
    assert told["refusals"]
    assert told["recorded"]["protect"] is True
    assert "Guards" in applied.run("explain", BOARD).out


def test_what_cannot_be_shown(world: World) -> None:
    world.tailer([flags()])
    address = f"tailer/configuration/table-to-table:{TABLE}"
    told = explained(world, address)
    assert told["live"] == {"status": "unreadable"} or told["live"] is None
    assert told["runs"] is None
    assert "no way to show it" in world.run("explain", address).out


def test_what_cannot_be_read_is_exit_1(applied: World) -> None:
    applied.fault("status", method="GET", path="/wave/", status=403)
    result = applied.run("explain", BOARD, "--format", "json")
    applied.clear_faults()
    assert result.code == 1, result
    assert result.json["live"]["status"] == "failed"
    assert result.json["diagnostics"]


def lines(result: Result) -> list[str]:
    return [line for line in result.out.splitlines() if len(line) > 80]


def test_it_fits_and_has_no_colours_in_a_pipe(applied: World) -> None:
    shown = applied.run("explain", BOARD, *ZONE)
    assert lines(shown) == []
    assert "\x1b" not in shown.out
    assert "4 |   - recipe: Board_Pack" in shown.out


def test_markdown(applied: World) -> None:
    shown = applied.run("explain", BOARD, "--format", "markdown")
    assert shown.out.startswith(f"### reconcile: {BOARD}")
    assert "**Declared**" in shown.out


@pytest.mark.parametrize(
    ("address", "words"),
    [("sales/schedule/recipe:Board_Pak", "did you mean"), ("Board_Pack", "is no address"), ("x/y/z", "--unmanaged")],
)
def test_an_unknown_address_has_a_way_out(applied: World, address: str, words: str) -> None:
    result = applied.run("explain", address)
    assert result.code == 1
    assert words in result.err


def test_a_name_with_glob_characters_is_itself(world: World) -> None:
    world.create("recipe", "odd[1]*")
    world.create("recipe", "odd1x")
    world.sales(recipe("odd[1]*"), recipe("odd1x", time="03:00"))
    told = explained(world, "sales/schedule/recipe:odd[1]*")
    assert told["change"]["after"]["time"] == "01:00"
