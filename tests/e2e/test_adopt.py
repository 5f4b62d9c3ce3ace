"""From an org that nobody has written down to an empty plan; and drift that is taken into its file."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from e2e.harness import TABLE, World, flags, recipe, reset

BOARD = "sales/schedule/recipe:Board_Pack"
SCHEDULED = 8  # in the example org
ASSETS = 14
PACIFIC = {"hour": 3, "minute": 15, "timeZone": "America/Los_Angeles"}

SALES = """\
# the schedules of sales
connection: sales
schedules:
  - recipe: Board_Pack      # for the board
    frequency: monthlyrelative
    week_in_month: last
    day_in_week: Sunday
    time: '02:00'           # at night
    timezone: ${var.zone}
    protect: true

  - recipe: Adhoc_Export
    frequency: none
"""


def names(world: World) -> list[str]:
    return sorted(path.relative_to(world.root).as_posix() for path in world.root.rglob("*.yaml"))


@pytest.fixture
def applied(world: World) -> World:
    """``SALES`` is applied, and the platform has moved since."""
    world.workspace(top="variables: {zone: America/Los_Angeles}")
    world.write("sales.yaml", SALES)
    world.apply()
    weekly = {"frequency": "weekly", "daysOfWeek": ["monday", "friday"], "time": PACIFIC}
    world.by_hand("recipe", "Board_Pack", weekly)
    return world


# -- import ------------------------------------------------------------------------------------------------------------


def test_from_nothing_to_an_empty_plan(world: World) -> None:
    """As a user does it, with processes of their own."""
    result = world.spawn("import")
    assert result.code == 0, result
    assert result.out == (
        "wrote desired_state/sales.yaml: 8 schedules\n"
        "Imported: 8 objects; 6 with nothing to write down (--all writes that, too).\n"
    )
    assert "warning[not-shown]: Tailer shows no flags" in result.err
    text = (world.root / "sales.yaml").read_text(encoding="utf-8")
    assert text.startswith(
        "connection: sales\n"
        "schedules:\n"
        "  - data_sync: Marketing_Cloud          # Marketing Cloud\n"
        "    frequency: daily\n"
        '    time: "04:00"\n'
        "    timezone: Europe/Paris\n"
        "    notification_level: warnings\n"
        "\n"
    )
    assert world.spawn("plan", "--detailed-exitcode").code == 0
    assert world.sent() == []
    assert world.spawn("apply", "--yes").code == 0
    world.settled()
    assert world.sent() == []
    again = world.spawn("import", "--format", "json")
    assert again.json["summary"] == {"imported": 0, "declared": SCHEDULED, "absent": 6, "left_out": 0}
    assert again.json["files"] == []


def test_everything_is_everything(world: World) -> None:
    assert world.run("import", "--all").code == 0
    world.settled()
    plan = world.plan("--unmanaged", "--all")
    assert (len(plan["unchanged"]), plan["unmanaged"]) == (ASSETS, [])


def test_a_selection_is_imported_and_the_rest_later(world: World) -> None:
    assert world.run("import", "--select", "sales/schedule/recipe:*", "--exclude", "*Board*").code == 0
    text = (world.root / "sales.yaml").read_text(encoding="utf-8")
    assert "data_sync" not in text
    assert "Board_Pack" not in text
    refused = world.run("import")
    assert refused.code == 1
    assert "error[file-exists]" in refused.err
    assert "--into desired_state/sales.yaml" in refused.err
    assert (world.root / "sales.yaml").read_text(encoding="utf-8") == text
    result = world.run("import", "--into", "desired_state/sales.yaml", "--format", "json")
    assert result.json["summary"]["imported"] == 4
    assert result.json["files"][0]["created"] is False
    assert (world.root / "sales.yaml").read_text(encoding="utf-8").startswith(text)
    world.settled()


def test_a_file_keeps_all_that_it_says(world: World) -> None:
    world.workspace(top="variables: {zone: America/Los_Angeles}")
    path = world.root / "sales.yaml"
    path.write_bytes(SALES.replace("\n", "\r\n").encode())
    path.chmod(0o640)
    assert world.run("import", "--into", str(path)).code == 0
    text = path.read_bytes().decode()
    assert text.startswith(SALES.replace("\n", "\r\n"))
    assert "\n" not in text.replace("\r\n", "")
    assert "timezone: ${var.zone}\r\n" in text.removeprefix(SALES.replace("\n", "\r\n"))
    assert path.stat().st_mode & 0o777 == 0o640
    world.settled()


def test_into_a_file_that_is_not_there_or_not_read(world: World) -> None:
    world.sales(recipe("Adhoc_Export", frequency="none"), file="sub/here.yaml")
    (world.root / "sub/here.yaml").write_text("connection: sales\nschedules: []\n", encoding="utf-8")
    result = world.run("import", "--into", "sub/here.yaml")
    assert result.code == 1
    assert "error[not-read]" in result.err
    assert str(world.root / "here.yaml") in result.err or "here.yaml" in result.err
    assert world.run("import", "--into", "desired_state/new/a.yaml").code == 0
    assert names(world) == ["new/a.yaml", "reconcile.yaml", "sub/here.yaml"]
    world.settled()


def test_to_another_folder_and_to_stdout(world: World) -> None:
    shown = world.run("import", "--out", "-")
    assert shown.code == 0
    assert names(world) == ["reconcile.yaml"]
    assert "Imported: 8 objects" in shown.err
    outside = world.run("import", "--out", "elsewhere")
    assert outside.code == 0
    assert "warning[not-read]" in outside.err
    assert (world.home / "elsewhere/sales.yaml").read_text(encoding="utf-8") == shown.out
    assert world.run("plan").code == 1
    world.write("sales.yaml", shown.out)
    world.settled()
    assert world.run("import", "--into", "x.yaml", "--out", "-").code == 64


def test_a_selection_that_names_nothing(world: World) -> None:
    result = world.run("import", "--select", "sales/schedule/recipe:Board_Pak")
    assert result.code == 1
    assert f'did you mean "{BOARD}"' in result.err
    assert names(world) == ["reconcile.yaml"]
    # Without a schedule it is there all the same.
    nothing = world.run("import", "--select", "*Adhoc_Export")
    assert (nothing.code, nothing.out.split(";")[0]) == (0, "Imported: nothing")


def test_what_was_ours_and_left_the_files_is_kept(world: World) -> None:
    """Its entry was removed, so it was about to be deleted; what is live comes back into a file, and that is said."""
    world.sales(recipe("Adhoc_Export"))
    world.tailer([flags(activated=True)], [reset("x")])
    world.apply()
    (world.root / "sales.yaml").unlink()
    world.tailer([], [])
    plan = world.plan("--allow-deletes", "9", "--unmanaged")
    assert {c["action"] for c in plan["changes"]} == {"delete", "forget"}
    assert "sales/schedule/recipe:Adhoc_Export" not in {item["address"] for item in plan["unmanaged"]}
    (world.root / "tailer.yaml").unlink()
    assert world.run("plan", "--unmanaged").code == 1
    result = world.run("import")
    assert result.code == 0, result
    assert "warning[ours-again]" in result.err
    text = (world.root / "tailer.yaml").read_text(encoding="utf-8")
    assert f"    id: {TABLE}\n    activated: true\n    archived: false\n" in text
    assert "# last applied by us at" in text
    assert "workflow_resets" not in text
    world.settled()
    assert world.sent()[-1][0] != "DELETE"


def test_a_secret_is_never_written_down(world: World) -> None:
    secret = world.env["SF_CLIENT_SECRET"]
    world.create("recipe", f"with {secret}", {"frequency": "daily", "time": {"hour": 1, "minute": 0}})
    world.create("recipe", "plain", {"frequency": "daily", "time": {"hour": 1, "minute": 0}}, label=f"for {secret}")
    result = world.run("import")
    assert result.code == 0, result
    text = (world.root / "sales.yaml").read_text(encoding="utf-8")
    assert secret not in text + result.out + result.err
    assert "recipe: plain" in text
    assert "it holds a secret of a connection" in result.err
    world.settled()


def test_an_environment_has_variables_of_its_own(world: World) -> None:
    top = "variables: {zone: UTC}\nenvironments: {prod: {variables: {zone: America/Los_Angeles}}}"
    world.workspace(top=top)
    assert world.run("import", "--env", "prod").code == 0
    assert "timezone: ${var.zone}" in (world.root / "sales.yaml").read_text(encoding="utf-8")
    assert world.run("plan", "--env", "prod", "--detailed-exitcode").code == 0
    assert world.run("plan", "--detailed-exitcode").code == 2


def test_errors_of_files_that_are_there_come_first(world: World) -> None:
    world.write("sales.yaml", "connection: sales\nschedules:\n  - recipe: A\n    frequncy: daily\n")
    world.forget_log()
    result = world.run("import", "--into", "desired_state/sales.yaml")
    assert result.code == 1
    assert "frequncy" in result.err
    assert world.calls() == []


def test_a_tamr_connection_has_nothing_to_import(world: World) -> None:
    world.write(
        "reconcile.yaml",
        'version: 1\nconnections:\n  tamr: {provider: tamr, base_url: "${env.TAMR_URL}", '
        'auth: {method: api_key, api_key: "${env.TAMR_API_KEY}"}}\n',
    )
    result = world.run("import")
    assert (result.code, result.out, result.err) == (0, "Imported: nothing.\n", "")


# -- plan --unmanaged --------------------------------------------------------------------------------------------------


def test_unmanaged_objects_are_listed_without_a_call_too_many(applied: World) -> None:
    applied.forget_log()
    plan = applied.plan("--unmanaged")
    lists = ["dataConnectors", "dataflows", "recipes?pageSize=200"]
    for_forecast = ("/dataflowjobs?", "/limits", "/userinfo", "/query?")
    assert sorted(p.rpartition("/")[2] for _, p in applied.calls() if not any(w in p for w in for_forecast)) == lists
    found = {item["address"]: item for item in plan["unmanaged"]}
    assert len(found) == SCHEDULED - 1
    assert found["sales/schedule/dataflow:SalesEdgeEltWorkflow"] == {
        "address": "sales/schedule/dataflow:SalesEdgeEltWorkflow",
        "values": {
            "frequency": "weekly",
            "days_of_week": ["Sunday"],
            "time": "00:00",
            "timezone": "America/Los_Angeles",
        },
        "label": "Default Salesforce Dataflow",
    }
    assert "unmanaged" not in applied.plan()
    text = applied.run("plan", "--unmanaged").out
    assert text.startswith("Unmanaged: 7 objects live and in no file (`reconcile import` writes them down)\n")
    assert "? live    sales/schedule/data_sync:SFDC_LOCAL  frequency: hourly, hourly_interval: 6" in text
    assert text.index("Unmanaged:") < text.index("Plan: 1 to update")
    shown = applied.run("plan", "--unmanaged", "--format", "markdown").out
    assert "<details><summary>Unmanaged: 7 objects live and in no file</summary>" in shown


def test_unmanaged_objects_can_be_selected(applied: World) -> None:
    plan = applied.plan("--unmanaged", "--select", "*SFDC_LOCAL")
    assert [item["address"] for item in plan["unmanaged"]] == ["sales/schedule/data_sync:SFDC_LOCAL"]
    assert plan["changes"] == []
    assert applied.run("plan", "--select", "*SFDC_LOCAL").code == 1
    assert applied.run("plan", "--unmanaged", "--select", "*Nix").code == 1
    assert "Unmanaged: nothing" in applied.run("plan", "--unmanaged", "--select", BOARD).out


# -- accept ------------------------------------------------------------------------------------------------------------


def test_drift_is_taken_into_the_file(applied: World) -> None:
    result = applied.spawn("accept", BOARD)
    assert result.code == 0, result
    assert result.out == (
        "--- a/desired_state/sales.yaml\n"
        "+++ b/desired_state/sales.yaml\n"
        "@@ -2,10 +2,9 @@\n"
        " connection: sales\n"
        " schedules:\n"
        "   - recipe: Board_Pack      # for the board\n"
        "-    frequency: monthlyrelative\n"
        "-    week_in_month: last\n"
        "-    day_in_week: Sunday\n"
        "-    time: '02:00'           # at night\n"
        "+    frequency: weekly\n"
        "+    days_of_week: [Monday, Friday]\n"
        "+    time: '03:15'           # at night\n"
        "     timezone: ${var.zone}\n"
        "     protect: true\n"
        " \n"
        f"accepted {BOARD} into desired_state/sales.yaml\n"
        "Commit it, and `reconcile apply` records it as ours.\n"
    )
    assert applied.plan()["changes"] == []
    applied.apply()
    again = applied.spawn("accept", BOARD)
    assert (again.code, again.out) == (0, f"in sync  {BOARD}: the file says what is live\n")


def test_the_diff_alone_is_a_patch_and_changes_nothing(applied: World, tmp_path: Path) -> None:
    result = applied.run("accept", "--diff", "sales/*")
    assert result.code == 0
    assert (applied.root / "sales.yaml").read_text(encoding="utf-8") == SALES
    assert "would accept" in result.err
    patch = tmp_path / "accepted.patch"
    patch.write_text(result.out, encoding="utf-8")
    subprocess.run(["git", "apply", str(patch)], cwd=applied.home, check=True)
    assert applied.plan()["changes"] == []


def test_a_variable_makes_way_and_that_is_said(applied: World) -> None:
    paris = {"frequency": "weekly", "daysOfWeek": ["monday"], "time": {**PACIFIC, "timeZone": "Europe/Paris"}}
    applied.by_hand("recipe", "Board_Pack", paris)
    result = applied.run("accept", BOARD, "--format", "json")
    (found,) = result.json["accepted"]
    assert found["replaced"] == {"timezone": "${var.zone}"}
    assert found["file"] == "desired_state/sales.yaml"
    assert {"path": "time", "before": "02:00", "after": "03:15"} in found["fields"]
    assert result.json["written"] is True
    assert "zone: America/Los_Angeles" in (applied.root / "reconcile.yaml").read_text(encoding="utf-8")
    assert applied.plan()["changes"] == []


def test_a_schedule_that_was_deleted_or_made_by_hand(applied: World) -> None:
    applied.by_hand("recipe", "Board_Pack", None)
    applied.by_hand("recipe", "Adhoc_Export", {"frequency": "daily", "time": PACIFIC})
    assert applied.run("accept", "sales/*").code == 0
    text = (applied.root / "sales.yaml").read_text(encoding="utf-8")
    assert "  - recipe: Board_Pack      # for the board\n    frequency: none\n    protect: true\n\n" in text
    assert text.endswith(
        '  - recipe: Adhoc_Export\n    frequency: daily\n    time: "03:15"\n    timezone: America/Los_Angeles\n'
    )
    assert applied.plan()["changes"] == []


def test_a_glob_takes_what_drifted_and_an_address_whatever_is_live(applied: World) -> None:
    """An edit that waits to be applied is nobody's drift."""
    edited = SALES.replace("Adhoc_Export\n    frequency: none", "Adhoc_Export\n    frequency: daily\n    time: '01:00'")
    applied.write("sales.yaml", edited)
    assert "Adhoc_Export" not in applied.run("accept", "sales/*").out.partition("accepted")[2]
    assert [c["address"] for c in applied.plan()["changes"]] == ["sales/schedule/recipe:Adhoc_Export"]
    assert applied.run("accept", "sales/schedule/recipe:Adhoc_Export").code == 0
    assert applied.plan()["changes"] == []
    nothing = applied.run("accept", "sales/schedule/recipe:Ad*")
    assert (nothing.code, nothing.out) == (0, "Nothing has drifted in 1 object.\n")


def test_what_cannot_be_accepted_leaves_every_file_alone(applied: World) -> None:
    applied.remove_asset("Adhoc_Export")
    result = applied.run("accept", BOARD, "sales/schedule/recipe:Adhoc_Export")
    assert result.code == 1
    assert "error[not-accepted]" in result.err
    assert "Adhoc_Export" in result.err
    assert (applied.root / "sales.yaml").read_text(encoding="utf-8") == SALES
    applied.tailer([flags()])
    unseen = applied.run("accept", f"tailer/configuration/table-to-table:{TABLE}")
    assert unseen.code == 1
    assert "no way to show it" in unseen.err
    unknown = applied.run("accept", "sales/schedule/recipe:Bord_Pack")
    assert unknown.code == 1
    assert f'did you mean "{BOARD}"' in unknown.err
    applied.write("sales.yaml", "connection: sales\nschedules: []\n")
    gone = applied.run("accept", BOARD)
    assert gone.code == 1
    assert f"reconcile import --select '{BOARD}' --into FILE" in gone.err


def test_a_platform_that_cannot_be_read_is_no_value(applied: World) -> None:
    applied.fault("status", status=500, method="GET", path="/wave/recipes")
    result = applied.run("accept", BOARD)
    assert result.code == 1
    assert (applied.root / "sales.yaml").read_text(encoding="utf-8") == SALES


def test_a_value_of_the_environment_is_left_to_people(applied: World) -> None:
    text = SALES.replace("${var.zone}", "${env.BOARD_ZONE}")
    applied.write("sales.yaml", text)
    paris = {"frequency": "weekly", "daysOfWeek": ["monday"], "time": {**PACIFIC, "timeZone": "Europe/Paris"}}
    applied.by_hand("recipe", "Board_Pack", paris)
    result = applied.run("accept", BOARD, env={"BOARD_ZONE": "America/Los_Angeles"})
    assert result.code == 1
    assert "error[cannot-edit]" in result.err
    assert "${env.BOARD_ZONE}" in result.err
    assert (applied.root / "sales.yaml").read_text(encoding="utf-8") == text
    # The same value needs no edit of that line.
    assert applied.run("accept", BOARD, env={"BOARD_ZONE": "Europe/Paris"}).code == 0


def test_files_of_several_folders_are_edited_at_once(applied: World) -> None:
    applied.write("sub/more.yaml", "connection: sales\nschedules:\n- {recipe: Month_Close, frequency: none}\n")
    result = applied.run(
        "accept", BOARD, "sales/schedule/recipe:Month_Close", "-C", str(applied.root), cwd=Path(os.sep)
    )
    assert result.code == 0, result
    assert result.out.count("--- a/") == 2
    assert "days_of_month: [1, 15, 31]" in (applied.root / "sub/more.yaml").read_text(encoding="utf-8")
    assert applied.plan()["changes"] == []


def test_what_is_held_is_not_accepted_away(applied: World) -> None:
    """While it is off on purpose, its entry says what comes after: that is neither drift nor to be lost."""
    held = SALES.replace("    protect: true\n", "    hold: {reason: the audit, until: 2099-01-01}\n")
    applied.write("sales.yaml", held)
    refused = applied.run("accept", BOARD)
    assert refused.code == 1, refused
    assert "the audit" in refused.err
    applied.by_hand("recipe", "Board_Pack", None)
    assert applied.run("accept", BOARD).out == f"in sync  {BOARD}: the file says what is live\n"
    assert (applied.root / "sales.yaml").read_text(encoding="utf-8") == held
    # An import leaves it alone, too.
    applied.apply()
    assert applied.run("import", "--into", "desired_state/sales.yaml").code == 0
    applied.settled()
