"""History and undo, as people use them: the real program, the sandbox, files, and other people's hands."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from e2e.harness import FLOW, TABLE, Result, World, ended, flags, killed, recipe, reset, until

DAILY = {"frequency": "daily", "time": {"hour": 5, "minute": 0, "timeZone": "UTC"}}
LATER = {"frequency": "daily", "time": {"hour": 6, "minute": 0, "timeZone": "UTC"}}


def applied(world: World, *arguments: str) -> str:
    """Apply, and return the id of it."""
    result = world.run("apply", "--yes", "--format", "json", *arguments)
    assert result.code == 0, result
    found: str = result.json["id"]
    return found


def history(world: World, *arguments: str) -> list[dict[str, Any]]:
    """Return the applies, newest first."""
    result = world.run("history", "--format", "json", *arguments)
    assert result.code == 0, result
    found: list[dict[str, Any]] = result.json["applies"]
    return found


def undo(world: World, apply: str, *arguments: str) -> Result:
    """Undo without being asked."""
    return world.run("undo", apply, "--yes", "--format", "json", *arguments)


@pytest.fixture
def twice(world: World) -> tuple[World, str]:
    """Three recipes and a flag, applied; then changed, and applied again. The id of the second apply."""
    world.sales(recipe("Board_Pack"), recipe("Month_Close"), recipe("Retired_Report"))
    world.tailer([flags()])
    applied(world)
    world.sales(recipe("Board_Pack", time="02:00"), recipe("Month_Close", time="02:00"), recipe("Adhoc_Export"))
    world.tailer([flags(activated=True)])
    return world, applied(world, "--allow-deletes", "1")


# -- undo --------------------------------------------------------------------------------------------------------------


def test_all_of_an_apply_is_taken_back(twice: tuple[World, str]) -> None:
    """A create, updates, a delete, a flag: live and record are what the files of before ask for."""
    world, id_ = twice
    result = undo(world, id_)
    assert result.code == 0, result
    assert {r["address"].rpartition(":")[2]: r["action"] for r in result.json["results"]} == {
        "Adhoc_Export": "delete",
        "Board_Pack": "update",
        "Month_Close": "update",
        "Retired_Report": "create",
        TABLE: "update",
    }
    assert result.json["plan"]["undoes"] == id_
    assert world.flags(TABLE) == (False, False)
    assert world.live("Adhoc_Export")["frequency"] == "none"
    world.sales(recipe("Board_Pack"), recipe("Month_Close"), recipe("Retired_Report"))
    world.tailer([flags()])
    world.settled()


def test_the_files_still_ask_for_it(twice: tuple[World, str]) -> None:
    """Said before and after; and the next plan is what the first one was."""
    world, id_ = twice
    first = history(world)[0]
    result = world.run("undo", id_, "--yes")
    assert "warning[files-still-ask]" in result.err
    assert "The files still ask for what is taken back" in result.out.splitlines()[-1]
    again = world.plan("--allow-deletes", "1")["changes"]
    assert [(c["address"], c["action"], c["before"], c["after"]) for c in again] == [
        (c["address"], c["action"], c["before"], c["after"]) for c in first["changes"]
    ]


def test_nothing_is_said_of_files_that_were_reverted_first(twice: tuple[World, str]) -> None:
    world, id_ = twice
    world.sales(recipe("Board_Pack"), recipe("Month_Close"), recipe("Retired_Report"))
    world.tailer([flags()])
    result = undo(world, id_)
    assert (result.code, result.codes) == (0, [])
    world.settled()


def test_an_undo_is_undone(twice: tuple[World, str]) -> None:
    """That is the way to have it again."""
    world, id_ = twice
    assert undo(world, id_).code == 0
    assert undo(world, "latest").code == 0
    world.settled()
    newest, middle, oldest = history(world)[:3]
    assert newest["undoes"] == middle["id"]
    assert (middle["undoes"], middle["undone_by"]) == (id_, newest["id"])
    assert (oldest["id"], oldest["undone_by"]) == (id_, None)


def test_what_was_changed_by_hand_is_left_and_the_rest_is_taken_back(twice: tuple[World, str]) -> None:
    """Exit 4; with what it was made, what it is, and what it would have become."""
    world, id_ = twice
    world.by_hand("recipe", "Month_Close", DAILY)
    text = world.run("undo", id_, "--out", "u.plan")
    assert text.code == 4
    assert "time: 05:00 now; that apply made it 02:00, and it was 01:00 before" in text.out
    result = undo(world, id_)
    assert result.code == 4
    assert "changed-since" in result.codes
    (left,) = result.json["plan"]["left_out"]
    assert left["address"] == "sales/schedule/recipe:Month_Close"
    assert left["fields"] == [{"path": "time", "then": "02:00", "now": "05:00", "back": "01:00"}]
    assert world.live("Month_Close")["time"]["hour"] == 5
    assert world.live("Board_Pack")["time"]["hour"] == 1
    newest = history(world)[0]
    assert "Month_Close" not in str(newest["changes"])
    assert history(world)[1]["undone_in_part"]


def test_what_a_later_apply_changed_is_left_and_that_apply_named(twice: tuple[World, str]) -> None:
    """And what later applies did to other objects is in nobody's way."""
    world, id_ = twice
    world.sales(recipe("Board_Pack", time="03:00"), recipe("Month_Close", time="02:00"), recipe("Adhoc_Export"))
    later = applied(world)
    result = undo(world, id_)
    assert result.code == 4
    (left,) = result.json["plan"]["left_out"]
    assert left["address"] == "sales/schedule/recipe:Board_Pack"
    assert later in left["reason"]
    assert world.live("Board_Pack")["time"]["hour"] == 3
    # First the later one, then the rest of this one.
    assert undo(world, later).code == 0
    assert undo(world, id_).code == 0
    assert world.live("Board_Pack")["time"]["hour"] == 1


def test_when_all_of_it_was_changed_since_it_is_refused(world: World) -> None:
    """Exit 3, and nothing is sent."""
    world.sales(recipe("Board_Pack"))
    applied(world)
    world.by_hand("recipe", "Board_Pack", DAILY)
    world.forget_log()
    result = undo(world, "latest")
    assert (result.code, result.codes) == (3, ["changed-since"])
    assert world.sent() == []
    assert len(history(world)) == 1


def test_what_moves_between_the_plan_and_the_write_is_refused_alone(twice: tuple[World, str]) -> None:
    """The same look just before each write as for every apply."""
    world, id_ = twice
    assert world.run("undo", id_, "--out", "u.plan").code == 0
    world.by_hand("recipe", "Month_Close", LATER)
    result = world.run("apply", "u.plan", "--format", "json")
    assert result.code == 4, result
    outcomes = {r["address"].rpartition(":")[2]: r["outcome"] for r in result.json["results"]}
    assert outcomes.pop("Month_Close") == "refused"
    assert set(outcomes.values()) == {"done"}
    assert world.live("Month_Close")["time"]["hour"] == 6


def test_only_what_is_selected_is_taken_back(twice: tuple[World, str]) -> None:
    """The rest can follow."""
    world, id_ = twice
    assert undo(world, id_, "--select", "*Board_Pack").code == 0
    assert world.live("Board_Pack")["time"]["hour"] == 1
    assert world.live("Month_Close")["time"]["hour"] == 2
    assert history(world)[1]["undone_in_part"]
    assert undo(world, id_, "--exclude", "*Board_Pack").code == 0
    assert [each["undone_in_part"] for each in history(world) if each["id"] == id_] == [False]


def test_a_second_undo_finds_nothing_to_do(twice: tuple[World, str]) -> None:
    world, id_ = twice
    assert undo(world, id_).code == 0
    world.forget_log()
    result = undo(world, id_)
    assert (result.code, result.codes) == (0, ["undone-before"])
    assert world.sent() == []
    assert len(history(world)) == 3


def test_what_cannot_be_taken_back_is_said_in_the_plan_and_left(world: World) -> None:
    """A reset, and a flag that nobody had written before. Exit 4: not all of it is taken back."""
    world.sales(recipe("Board_Pack"))
    world.tailer([flags()], [reset("x")])
    plan = world.plan()
    marked = {c["address"].split("/")[1]: c["irreversible"] for c in plan["changes"]}
    assert marked == {
        "schedule": None,
        "configuration": "nobody knows what it is now",
        "workflow_reset": "what was done once stays done",
    }
    assert "cannot be undone: what was done once stays done" in world.run("plan").out
    assert "cannot be undone" in world.run("plan", "--format", "markdown").out
    world.run("apply", "--yes")
    world.forget_log()
    result = undo(world, "latest")
    assert result.code == 4
    assert sorted(result.codes) == ["files-still-ask", "irreversible", "irreversible"]
    assert [path for _, path, _ in world.sent() if "/wave/" not in path] == []
    assert world.run("state", "list").out.count("tailer/") == 2
    # Without them it is all there is.
    world.run("apply", "--yes")
    assert undo(world, "latest", "--select", "sales/*").code == 0


def test_only_what_cannot_be_taken_back_is_refused(world: World) -> None:
    world.sales()
    world.tailer([], [reset("x")])
    applied(world)
    assert undo(world, "latest").code == 3
    assert world.resets() == 1


def test_the_guards_hold(world: World) -> None:
    """What is protected stays. That what was made goes again was asked for, however much of the whole it is."""
    world.sales(recipe("Pipeline_Snapshot"), recipe("Adhoc_Export", protect=True))
    first = applied(world)
    result = undo(world, first)
    assert (result.code, {c for c in result.codes if c.startswith("guard")}) == (3, {"guard-protected"})
    assert world.live("Adhoc_Export")["frequency"] == "daily"
    assert undo(world, first, "--exclude", "*Adhoc_Export").code == 0
    assert world.live("Pipeline_Snapshot")["frequency"] == "none"
    assert world.live("Adhoc_Export")["frequency"] == "daily"


def test_what_was_only_adopted_or_forgotten_is_taken_back_in_the_record(world: World) -> None:
    """Nothing is sent for it."""
    world.by_hand("recipe", "Board_Pack", DAILY)
    world.sales(recipe("Board_Pack", time="05:00"))
    adopted = applied(world)
    told = world.run("history", "show", adopted, "--format", "json").json["applies"][0]
    assert (told["changes"], told["recorded"]) == ([], ["sales/schedule/recipe:Board_Pack"])
    world.forget_log()
    assert undo(world, adopted).code == 0
    assert world.run("state", "list").out == "Nothing is recorded.\n"
    assert undo(world, "latest").code == 0
    assert world.run("state", "forget", "*Board_Pack", "--yes").code == 0
    assert history(world)[0]["changes"][0]["action"] == "forget"
    assert undo(world, "latest").code == 0
    assert "Board_Pack" in world.run("state", "list").out
    assert world.sent() == []


def test_a_flag_that_was_switched_by_hand_is_switched_back(world: World) -> None:
    """`tailer activate` is an apply like any other."""
    world.sales()
    world.tailer([flags()])
    applied(world)
    assert world.run("tailer", "activate", "--type", "table-to-table", "--id", TABLE).code == 0
    assert world.flags(TABLE) == (True, False)
    assert undo(world, "latest").code == 0
    assert world.flags(TABLE) == (False, False)
    world.settled()


def test_a_hold_is_taken_back_and_what_it_held_is_on(world: World) -> None:
    """What was paused comes back as it was; the file still holds it, which is said."""
    world.sales(recipe("Board_Pack"))
    applied(world)
    world.sales(recipe("Board_Pack", hold={"reason": "audit"}))
    applied(world)
    assert world.live("Board_Pack")["frequency"] == "none"
    result = undo(world, "latest")
    assert (result.code, result.codes) == (0, ["files-still-ask"])
    assert world.live("Board_Pack")["frequency"] == "daily"
    world.sales(recipe("Board_Pack"))
    world.settled()


def test_a_saved_undo_is_an_undo(twice: tuple[World, str]) -> None:
    """Looked at in one job, made in the next."""
    world, id_ = twice
    saved = world.run("undo", id_, "--out", "u.plan")
    assert saved.code == 0
    assert len(history(world)) == 2
    assert world.run("apply", "u.plan").code == 0
    newest = history(world)[0]
    assert (newest["undoes"], bool(newest["plan"])) == (id_, True)
    assert world.run("apply", "u.plan").code == 3


def test_it_asks_and_without_a_terminal_it_refuses(twice: tuple[World, str]) -> None:
    world, id_ = twice
    result = world.run("undo", id_, "--format", "json")
    assert (result.code, result.codes) == (3, ["no-terminal"])


@pytest.mark.parametrize("name", ["nonsense", "", "la"])
def test_an_unknown_apply(twice: tuple[World, str], name: str) -> None:
    world, _ = twice
    for command in (["undo", name, "--yes"], ["history", "show", name]):
        result = world.run(*command, "--format", "json")
        assert (result.code, result.codes) == (1, ["unknown-apply"])


def test_a_beginning_of_an_id_will_do(twice: tuple[World, str]) -> None:
    world, id_ = twice
    assert world.run("history", "show", id_[:6]).out.startswith(id_)


def test_in_a_killed_apply_and_a_killed_undo_nothing_is_lost(world: World) -> None:
    """Cut off in the middle: history says so, the next apply accounts for it, and undo still finds its way back."""
    world.sales(recipe("Board_Pack"))
    applied(world)
    world.sales(recipe("Board_Pack", time="02:00"))
    changed = applied(world)
    world.fault("hang", method="PUT", times=1)
    world.forget_log()
    process = world.start("undo", changed, "--yes")
    until(lambda: any(e["method"] == "PUT" for e in world.log()) or process.poll() is not None)
    killed(process)
    world.clear_faults()
    newest = history(world)[0]
    assert (newest["outcome"], newest["serial"], newest["undoes"]) == ("cut off", None, changed)
    refused = world.run("undo", newest["id"], "--yes", "--format", "json")
    assert (refused.code, refused.codes) == (3, ["in-flight"])
    shown = world.run("history").out
    assert "cut off" in shown
    result = undo(world, changed)
    assert result.code == 0, result
    assert world.live("Board_Pack")["time"]["hour"] == 1
    last, cut, *_ = history(world)
    assert (cut["id"], cut["outcome"], cut["serial"]) == (newest["id"], "cut off", last["serial"])
    world.sales(recipe("Board_Pack"))
    world.settled()


def test_an_apply_that_was_cut_off_is_undone_once_it_is_accounted_for(world: World) -> None:
    """The next apply finds the call done. What was cut off is in history, and can be taken back."""
    world.sales(recipe("Board_Pack"))
    applied(world)
    world.sales(recipe("Board_Pack", time="02:00"))
    world.fault("hang", method="PUT", times=1, after_effect=True)
    world.forget_log()
    process = world.start("apply", "--yes")
    until(lambda: any(e["method"] == "PUT" and e["effect"] for e in world.log()) or process.poll() is not None)
    killed(process)
    world.clear_faults()
    (cut,) = [each for each in history(world) if each["outcome"] == "cut off"]
    applied(world)
    assert undo(world, cut["id"]).code == 0
    assert world.live("Board_Pack")["time"]["hour"] == 1
    world.sales(recipe("Board_Pack"))
    world.settled()


def test_an_undo_goes_to_the_account_that_was_applied_to_and_no_other(twice: tuple[World, str]) -> None:
    """Another tenant under the same name: nothing of the first one's is sent to it, whatever is allowed."""
    world, id_ = twice
    config = world.root / "reconcile.yaml"
    config.write_text(config.read_text().replace('account: "000099"', 'account: "000100"'))
    world.forget_log()
    for options in ([], ["--allow-account", "tailer"]):
        result = undo(world, id_, "--select", "tailer/*", *options)
        assert (result.code, result.codes) == (3, ["other-tenant"])
    assert world.sent() == []


def test_what_has_no_connection_any_more_is_left(twice: tuple[World, str]) -> None:
    world, id_ = twice
    config = world.root / "reconcile.yaml"
    config.write_text(config.read_text().partition("  tailer:\n")[0])
    (world.root / "tailer.yaml").unlink()
    result = undo(world, id_)
    assert result.code == 4
    assert [each["code"] for each in result.json["plan"]["left_out"]] == ["connection-removed"]
    assert world.live("Board_Pack")["time"]["hour"] == 1


# -- history -----------------------------------------------------------------------------------------------------------


def test_history_says_who_from_where_and_what(world: World) -> None:
    """Commit and CI job, from what CI systems tell; who, and every change with its before and after and its calls."""
    world.sales(recipe("Board_Pack"))
    _git(world.root, "init", "-q")
    _git(world.root, "-c", "user.name=k", "-c", "user.email=k@example.com", "commit", "-qm", "x", "--allow-empty")
    commit = _git(world.root, "rev-parse", "HEAD").strip()
    github = {
        "GITHUB_ACTOR": "ana",
        "GITHUB_SERVER_URL": "https://github.com",
        "GITHUB_REPOSITORY": "acme/data",
        "GITHUB_RUN_ID": "42",
    }
    assert world.run("apply", "--yes", env=github).code == 0
    (told,) = history(world)
    assert (told["by"], told["commit"], told["environment"], told["outcome"], told["serial"]) == (
        "ana",
        commit,
        "default",
        "done",
        1,
    )
    assert told["job"] == "https://github.com/acme/data/actions/runs/42"
    assert told["command"] == "reconcile apply --yes"
    (change,) = told["changes"]
    assert (change["action"], change["outcome"]) == ("update", "done")
    assert (change["before"]["frequency"], change["after"]["time"]) == ("monthlyrelative", "01:00")
    assert change["requests"] == [
        {"method": "PUT", "path": f"/services/data/v60.0/wave/asset/{world.asset('Board_Pack')['id']}/schedule"}
    ]
    text = world.run("history").out
    assert f"by ana, from commit {commit[:10]}" in text
    assert "actions/runs/42" in text
    hint = world.run("undo", "latest", "--yes").err
    assert f"revert commit {commit[:10]}" in hint
    gitlab = {"CI_JOB_URL": "https://gitlab.example.com/acme/jobs/7", "GITLAB_USER_LOGIN": "bo"}
    assert world.run("apply", "--yes", env=gitlab).code == 0
    newest = history(world)[0]
    assert (newest["by"], newest["job"]) == ("bo", "https://gitlab.example.com/acme/jobs/7")


def test_history_fits_in_80_columns(twice: tuple[World, str]) -> None:
    world, id_ = twice
    undo(world, id_)
    assert max(map(len, world.run("history").out.splitlines())) <= 80


def test_show_tells_all_of_one(twice: tuple[World, str]) -> None:
    world, id_ = twice
    text = world.run("history", "show", "latest").out
    assert text.startswith(f"{id_}  ")
    for words in (
        "command   reconcile apply --yes --format json --allow-deletes 1",
        "~ update  sales/schedule/recipe:Board_Pack  done\n    time: 01:00 -> 02:00\n    PUT /services/",
        "- delete  sales/schedule/recipe:Retired_Report  done\n    frequency: daily",
        "activated: false -> true\n    POST /v1/configuration/status",
    ):
        assert words in text


def test_history_of_an_object(twice: tuple[World, str]) -> None:
    """--select: the applies that touched it, and what they did to it."""
    world, id_ = twice
    world.sales(recipe("Board_Pack", time="03:00"), recipe("Month_Close", time="02:00"), recipe("Adhoc_Export"))
    applied(world)
    found = history(world, "--select", "*Month_Close")
    assert found[0]["id"] == id_
    assert all(c["address"].endswith("Month_Close") for each in found for c in each["changes"])
    text = world.run("history", "--select", "*Retired_Report").out
    assert "- delete  sales/schedule/recipe:Retired_Report  done" in text
    wrong = world.run("history", "--select", "*Nothing", "--format", "json")
    assert (wrong.code, wrong.codes) == (1, ["nothing-selected"])


def test_history_has_a_limit_and_says_what_is_older(world: World) -> None:
    for minute in range(7):
        world.sales(recipe("Board_Pack", time=f"01:{minute:02}"))
        applied(world)
    result = world.run("history", "--limit", "3")
    assert result.out.count(" UTC ") == 3
    assert "... and 4 older versions of the state: --limit 0 shows all" in result.out
    assert len(history(world, "--limit", "0")) == 7
    assert world.run("history", "--limit", "3", "--format", "json").json["older"] == 4


def test_before_the_first_apply_there_is_nothing(world: World) -> None:
    world.sales(recipe("Board_Pack"))
    assert world.run("history").out == "Nothing was applied yet.\n"
    assert history(world) == []
    result = world.run("undo", "latest", "--yes", "--format", "json")
    assert (result.code, result.codes) == (1, ["unknown-apply"])


def test_a_version_that_cannot_be_read_is_said_and_hides_no_other(twice: tuple[World, str]) -> None:
    """A damaged one in the middle; and an undo that would have needed it falls back on what the apply had seen."""
    world, id_ = twice
    folder = world.root / ".reconcile" / "default" / "state"
    (folder / "00000001.json").write_text("{")
    result = world.run("history", "--format", "json")
    assert (result.code, result.codes) == (0, ["state-damaged"])
    assert [each["id"] for each in result.json["applies"]] == [id_]
    assert "warning[state-damaged]" in world.run("history").err
    back = undo(world, id_)
    assert back.code == 0, back
    assert "version-gone" in back.codes
    assert world.live("Board_Pack")["time"]["hour"] == 1
    world.sales(recipe("Board_Pack"), recipe("Month_Close"), recipe("Retired_Report"))
    world.tailer([flags()])
    plan = world.plan()
    assert (plan["changes"], plan["drift"]) == ([], [])


def test_refused_and_failed_changes_are_told_and_not_undone(world: World) -> None:
    """What was not done is not taken back."""
    world.sales(recipe("Board_Pack"), recipe("Month_Close"))
    before = world.live("Month_Close")
    world.fault("status", method="PUT", path=f"{world.asset('Month_Close')['id']}/schedule", status=400, times=9)
    assert world.run("apply", "--yes").code == 4
    world.clear_faults()
    (told,) = history(world)
    assert told["outcome"] == "in part"
    failed = {c["address"].rpartition(":")[2]: c for c in told["changes"]}["Month_Close"]
    assert (failed["outcome"], failed["requests"], bool(failed["error"])) == ("failed", [], True)
    result = undo(world, "latest")
    assert result.code == 0
    assert [r["address"].rpartition(":")[2] for r in result.json["results"]] == ["Board_Pack"]
    assert world.live("Month_Close") == before


def test_no_secret_is_in_history(world: World) -> None:
    """Also one that somebody typed."""
    world.sales(recipe("Board_Pack"))
    secret = world.env["SF_CLIENT_SECRET"]
    applied(world, "--exclude", secret)
    for command in (["history"], ["history", "show", "latest"], ["history", "--format", "json"]):
        assert secret not in world.run(*command).out


# -- retention ---------------------------------------------------------------------------------------------------------


def test_old_versions_and_nothing_else_are_removed(world: World) -> None:
    """The newest so many are kept; history and undo go as far as they do."""
    world.workspace(top="retention: {applies: 10}")
    for minute in range(13):
        world.sales(recipe("Board_Pack", time=f"01:{minute:02}"))
        applied(world)
    kept = sorted(path.name for path in (world.root / ".reconcile" / "default" / "state").glob("*.json"))
    assert kept == [f"{serial:08}.json" for serial in range(4, 14)]
    found = history(world, "--limit", "0")
    assert len(found) == 10
    assert world.run("undo", found[-1]["id"], "--format", "json", "--yes").codes[0] in ("changed-since", "version-gone")
    assert undo(world, "latest").code == 0
    assert world.live("Board_Pack")["time"]["minute"] == 11


def test_a_retention_that_is_too_short_is_an_error(world: World) -> None:
    world.workspace(top="retention: {applies: 2}")
    world.sales(recipe("Board_Pack"))
    result = world.run("plan", "--format", "json")
    assert result.code == 1
    assert result.codes == ["out-of-range"]
    assert "at least 10" in result.json["diagnostics"][0]["detail"]


def test_old_runs_are_removed(world: World) -> None:
    """Those that are over, the oldest first; one of today is kept."""
    world.workspace(top="retention: {runs: 10}")
    world.sales()
    for _ in range(2):
        assert world.run("tailer", "reset", FLOW).code == 0
    folder = world.root / ".reconcile" / "default" / "runs"
    recent = min(folder.iterdir())
    for day in range(1, 13):
        old = folder / re.sub(r"^\d{8}", f"202601{day:02}", recent.name)
        old.mkdir()
        for part in recent.iterdir():
            text = part.read_text().replace(recent.name, old.name)
            (old / part.name).write_text(text)
    assert world.run("tailer", "reset", FLOW).code == 0
    left = sorted(path.name for path in folder.iterdir() if any(path.iterdir()))
    assert len(left) == 10
    assert sum(name.startswith("202601") for name in left) == 7


def _git(folder: Path, *arguments: str) -> str:
    found = subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return found.stdout


def test_the_installed_program_has_both_commands(world: World) -> None:
    """As a process of its own, piped."""
    world.sales(recipe("Board_Pack"))
    assert world.spawn("apply", "--yes").code == 0
    assert "1 updated" in world.spawn("history").out
    assert ended(world.start("undo", "latest", "--yes")).code == 0
    assert world.live("Board_Pack")["frequency"] == "monthlyrelative"
