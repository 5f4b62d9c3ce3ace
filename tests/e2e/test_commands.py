"""How the program is called: workspace, options, environment, exit codes, stdout against stderr, JSON, help."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from e2e.harness import World, flags, recipe, reset

COMMANDS = ("validate", "plan", "apply", "drift", "state", "schema", "sandbox", "demo")


@pytest.fixture
def one(world: World) -> World:
    """A workspace with one recipe that is to be changed."""
    world.sales(recipe("Board_Pack"))
    return world


# -- finding the workspace ---------------------------------------------------------------------------------------------


def test_the_workspace_is_found_below_and_here(one: World) -> None:
    """./desired_state/reconcile.yaml from above it, ./reconcile.yaml from inside it."""
    assert one.run("validate", cwd=one.home).code == 0
    assert one.run("validate", cwd=one.root).code == 0


def test_the_workspace_here_comes_before_the_one_below(one: World) -> None:
    """A broken ./reconcile.yaml is not passed over in favour of ./desired_state."""
    (one.home / "reconcile.yaml").write_text("version: 2\n")
    assert one.run("validate", cwd=one.home).code == 1


def test_minus_c_comes_before_the_environment_and_that_before_the_folder(one: World, tmp_path: Path) -> None:
    """-C, then RECONCILE_WORKSPACE, then the folder; a named one that is not there is an error, never another one."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    assert one.run("validate", "-C", str(one.root), cwd=elsewhere).code == 0
    assert one.run("-C", str(one.root), "validate", cwd=elsewhere).code == 0
    assert one.run("validate", cwd=elsewhere, env={"RECONCILE_WORKSPACE": str(one.root)}).code == 0
    assert one.run("validate", cwd=one.home, env={"RECONCILE_WORKSPACE": str(elsewhere)}).code == 1
    assert one.run("validate", "-C", str(elsewhere), env={"RECONCILE_WORKSPACE": str(one.root)}).code == 1
    assert one.run("validate", "-C", "desired_state", cwd=one.home).code == 0


def test_no_workspace_is_an_error_that_says_where_it_looked(one: World, tmp_path: Path) -> None:
    """Exit 1 and an error document, for every command that needs one."""
    empty = tmp_path / "empty"
    empty.mkdir()
    for command in (["validate"], ["plan"], ["apply", "--yes"], ["drift"], ["state", "list"]):
        result = one.run(*command, "--format", "json", cwd=empty)
        assert result.code == 1, command
        assert result.codes == ["no-workspace"]
        assert "desired_state/reconcile.yaml" in result.err


def test_no_desired_state_file_is_an_error(world: World) -> None:
    """Never "nothing desired": that would mean to delete everything."""
    for command in ("validate", "plan", "apply", "drift"):
        result = world.run(command, "--format", "json")
        assert result.code == 1, result
        assert result.codes == ["no-desired-state"]


def test_hidden_folders_are_not_read(one: World) -> None:
    """A file in .hidden, and the state folder, hold no desired state; a folder below does, .yml too."""
    one.write(".hidden/broken.yaml", "connection: [")
    one.write("deep/er/more.yml", "connection: sales\nschedules: [{recipe: Month_Close, frequency: none}]\n")
    assert one.run("validate", "--format", "json").json["objects"] == 2


# -- options -----------------------------------------------------------------------------------------------------------


def test_options_stand_before_or_after_the_command(one: World) -> None:
    """--format, --select, --env and -C in both places give the same."""
    one.write("reconcile.yaml", (one.root / "reconcile.yaml").read_text() + "environments: {dev: {}}\n")
    words = ("--format", "json", "--select", "sales/*", "--env", "dev")
    before, after = one.run(*words, "plan"), one.run("plan", *words)
    assert before.code == after.code == 0, before
    assert before.json["environment"] == after.json["environment"] == "dev"
    assert before.json["changes"] == after.json["changes"]


def test_options_come_from_the_environment(one: World) -> None:
    """RECONCILE_FORMAT, _ENV, _SELECT, _EXCLUDE; a word on the command line wins."""
    one.write("reconcile.yaml", (one.root / "reconcile.yaml").read_text() + "environments: {dev: {}, prod: {}}\n")
    env = {"RECONCILE_FORMAT": "json", "RECONCILE_ENV": "dev", "RECONCILE_SELECT": "sales/*"}
    result = one.run("plan", env=env)
    assert (result.code, result.json["environment"]) == (0, "dev")
    assert one.run("plan", "--env", "prod", env=env).json["environment"] == "prod"
    assert "Plan: " in one.run("plan", "--format", "text", env=env).out
    assert one.run("plan", env={**env, "RECONCILE_EXCLUDE": "sales/*"}).json["changes"] == []


@pytest.mark.parametrize("name", ["DETAILED_EXITCODE", "REQUESTS", "YES"])
def test_only_common_options_come_from_the_environment(one: World, name: str) -> None:
    """The contract promises it for the common options: above all, no variable says yes to an apply."""
    result = one.run("apply", env={f"RECONCILE_{name}": "1"})
    assert result.code == 3
    assert one.sent() == []


def test_select_and_exclude_take_addresses_and_globs(one: World) -> None:
    """Exact, star, several; exclude wins."""
    one.sales(recipe("Board_Pack"), recipe("Month_Close"), {"dataflow": "Opportunities", "frequency": "daily",
              "time": "01:00", "timezone": "UTC"})  # fmt: skip
    one.tailer([flags()])

    def chosen(*words: str) -> list[str]:
        return [change["address"].rpartition("/")[2] for change in one.plan(*words)["changes"]]

    assert chosen("--select", "sales/schedule/recipe:Board_Pack") == ["recipe:Board_Pack"]
    assert chosen("--select", "sales/schedule/recipe:*") == ["recipe:Board_Pack", "recipe:Month_Close"]
    assert chosen("--select", "*dataflow*", "--select", "*Board*") == ["dataflow:Opportunities", "recipe:Board_Pack"]
    assert chosen("--select", "sales/*", "--exclude", "*Month*") == ["dataflow:Opportunities", "recipe:Board_Pack"]
    assert chosen("--exclude", "sales/*") == ["table-to-table:000099_Load_PDA_f_traffic_ma_DEV"]


def test_apply_of_a_selection_touches_nothing_else(one: World) -> None:
    """Neither the platform nor the record of what is not selected; a removed entry outside it stays."""
    one.sales(recipe("Board_Pack"), recipe("Month_Close"))
    one.apply()
    one.sales(recipe("Adhoc_Export"))
    one.forget_log()
    assert one.run("apply", "--yes", "--select", "*Adhoc*").code == 0
    assert len(one.sent()) == 1
    assert one.run("state", "list").out.count("sales/") == 3


@pytest.mark.parametrize("command", [["plan"], ["apply", "--yes"], ["drift"], ["state", "list"]])
def test_a_select_that_matches_nothing_is_an_error(one: World, command: list[str]) -> None:
    """Exit 1 with a suggestion; nothing is sent."""
    one.apply()
    one.forget_log()
    result = one.run(*command, "--format", "json", "--select", "sales/schedule/recipe:Board_Pak")
    assert result.code == 1, result
    assert result.codes == ["nothing-selected"]
    assert "Board_Pack" in result.json["diagnostics"][0]["hint"]
    assert one.log() == []


def test_one_of_two_selects_that_matches_nothing_is_an_error_too(one: World) -> None:
    """A typing mistake beside a right word must not pass in silence."""
    assert one.run("plan", "--select", "*Board*", "--select", "*nobody*").code == 1


def test_an_environment_has_variables_and_a_state_of_its_own(one: World) -> None:
    """dev overrides a variable; what dev applied, prod does not know."""
    more = "variables: {zone: America/Los_Angeles}\nenvironments: {dev: {variables: {zone: UTC}}, prod: {}}\n"
    one.write("reconcile.yaml", (one.root / "reconcile.yaml").read_text() + more)
    one.sales(recipe("Board_Pack", timezone="${var.zone}"))
    assert one.run("apply", "--yes", "--env", "dev").code == 0
    assert one.live("Board_Pack")["time"]["timeZone"]["zoneId"] == "UTC"
    assert sorted(p.name for p in (one.root / ".reconcile").iterdir()) == ["dev"]
    plan = one.plan("--env", "prod")
    assert plan["base"]["serial"] == 0
    assert plan["changes"][0]["fields"] == [{"path": "timezone", "before": "UTC", "after": "America/Los_Angeles"}]
    assert plan["changes"][0]["why"] == "new"


def test_an_unknown_environment_is_an_error_with_a_suggestion(one: World) -> None:
    """Also one that was never declared at all."""
    assert one.run("plan", "--env", "prod").code == 1
    one.write("reconcile.yaml", (one.root / "reconcile.yaml").read_text() + "environments: {prod: {}}\n")
    result = one.run("plan", "--env", "prd", "--format", "json")
    assert result.code == 1
    assert "prod" in result.json["diagnostics"][0]["hint"]


def test_interpolation(one: World) -> None:
    """${env.X} and ${var.X} in values; {{x}} is left alone; a missing one is an error with its place."""
    one.tailer([flags("000099_{{FD_X}}_DEV")])
    one.sales(recipe("${env.WHICH}_Pack"))
    assert one.run("validate", env={"WHICH": "Board"}).code == 0
    address = one.run("plan", "--format", "json", env={"WHICH": "Board"}).json["changes"][1]["address"]
    assert address == "tailer/configuration/table-to-table:000099_{{FD_X}}_DEV"
    result = one.run("validate", "--format", "json")
    assert result.code == 1
    found = result.json["diagnostics"][0]
    assert "WHICH" in found["detail"]
    assert found["file"].endswith("sales.yaml")


def test_all_errors_of_all_files_come_at_once(one: World) -> None:
    """Five mistakes in three files: five places, caret, suggestion, one run."""
    one.sales({"recipe": "A", "frequncy": "daily", "frequency": "daily", "time": "25:00"}, {"recipe": "B"})
    one.write("b.yaml", "connection: sale\nschedules: []\n")
    one.write("c.yaml", "connection: sales\nconnection: sales\nschedules: [{recipe: C, frequency: none}]\n")
    result = one.run("validate", "--format", "json")
    assert result.code == 1
    files = {each["file"].rpartition("/")[2] for each in result.json["diagnostics"]}
    assert files == {"sales.yaml", "b.yaml", "c.yaml"}
    assert len(result.json["diagnostics"]) >= 5
    assert 'did you mean "frequency"' in result.err
    assert 'did you mean "sales"' in result.err
    assert "^^^" in result.err
    assert re.search(r"desired_state/sales\.yaml:3:\d+", result.err)


# -- exit codes, streams, documents ------------------------------------------------------------------------------------


def test_detailed_exitcode(one: World) -> None:
    """2 with changes pending, 0 without; without the option 0 in both cases."""
    assert one.run("plan").code == 0
    assert one.run("plan", "--detailed-exitcode").code == 2
    one.apply()
    assert one.run("plan", "--detailed-exitcode").code == 0


@pytest.mark.parametrize(
    "words",
    [
        ["plna"],
        ["plan", "--no-such"],
        ["plan", "--format", "xml"],
        ["plan", "extra"],
        ["apply", "--allow-deletes", "x"],
    ],
)
def test_wrong_usage_is_64(one: World, words: list[str]) -> None:
    """Never click's own 2, which means changes; stdout stays empty without --format json."""
    result = one.run(*words)
    assert result.code == 64, result
    assert result.out == ""
    assert result.err


@pytest.mark.parametrize(
    "words",
    [["plan", "--no-such", "--format", "json"], ["--format=json", "plna"], ["validate", "--format", "json", "extra"]],
)
def test_wrong_usage_is_a_document_too(one: World, words: list[str]) -> None:
    """One JSON document with --format json, wherever it stands."""
    result = one.run(*words)
    assert result.code == 64
    assert result.codes == ["usage"]


def test_no_terminal_and_no_yes_is_a_refusal(one: World) -> None:
    """Exit 3, the plan is shown, nothing is sent, nothing is recorded, no lock stays."""
    result = one.spawn("apply")
    assert result.code == 3, result
    assert "Board_Pack" in result.out
    assert "--yes" in result.err
    assert one.sent() == []
    assert not [p for p in (one.root / ".reconcile").rglob("*") if p.is_file()]
    again = one.run("apply", "--format", "json")
    assert again.code == 3
    assert again.codes == ["no-terminal"]


def test_a_no_at_the_question_is_exit_3(one: World) -> None:
    """On a terminal: shown, asked, no; nothing changed."""
    import os
    import pty

    main, side = pty.openpty()
    process = one.start("apply", stdin=side)
    os.write(main, b"n\n")
    out, err = process.communicate(timeout=60)
    os.close(main)
    os.close(side)
    assert process.returncode == 3, (out, err)
    assert "Make 1 change?" in err
    assert one.sent() == []


def test_a_yes_at_the_question_applies(one: World) -> None:
    """On a terminal: yes makes the change."""
    import os
    import pty

    main, side = pty.openpty()
    process = one.start("apply", stdin=side)
    os.write(main, b"y\n")
    out, err = process.communicate(timeout=60)
    os.close(main)
    os.close(side)
    assert process.returncode == 0, (out, err)
    assert len(one.sent()) == 1


def test_stdout_has_the_result_and_stderr_the_rest(one: World) -> None:
    """Waits and progress are on stderr only; -v says more of the result, and nothing else on stdout."""
    one.fault("status", method="GET", path="/wave/recipes", status=503, times=1)
    quiet = one.run("plan")
    assert "waiting" in quiet.err
    assert "waiting" not in quiet.out
    loud = one.run("plan", "-v")
    assert set(quiet.out.splitlines()) <= set(loud.out.splitlines())
    assert "waiting" not in loud.out


@pytest.mark.parametrize("command", [["validate"], ["plan"], ["apply", "--yes"], ["drift"], ["state", "list"]])
def test_every_document_has_a_format_and_diagnostics(one: World, command: list[str]) -> None:
    """On success, on an error in files, and when the platform is away: one document each time."""
    good = one.run(*command, "--format", "json")
    assert good.code == 0, good
    assert {"format", "diagnostics"} <= good.json.keys()
    assert good.json["format"].startswith("reconcile.")
    one.fault("status", platform="crm_analytics", status=500)
    away = one.run(*command, "--format", "json")
    assert {"format", "diagnostics"} <= away.json.keys()
    if command[0] in ("plan", "apply", "drift"):
        assert away.code == 1, away
        assert away.json["diagnostics"]
    one.write("broken.yaml", "connection: [\n")
    bad = one.run(*command, "--format", "json")
    assert bad.code == 1, bad
    assert bad.json["format"] == "reconcile.error/1"
    assert bad.json["diagnostics"]


def test_the_plan_document_has_what_the_contract_says(one: World) -> None:
    """Keys and shapes of reconcile.plan/1; unchanged objects are counted, and listed with --all."""
    one.tailer([flags()], [reset("x")])
    plan = one.plan()
    assert plan["format"] == "reconcile.plan/1"
    assert {"id", "created_at", "environment", "base", "summary", "changes", "drift", "diagnostics"} <= plan.keys()
    assert {"lineage", "serial"} == plan["base"].keys()
    assert {"create", "update", "delete", "run", "unchanged"} <= plan["summary"].keys()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", plan["created_at"])
    for change in plan["changes"]:
        keys = {"address", "action", "before", "after", "fields", "why", "source", "requests"}
        assert keys <= change.keys()
        assert {"file", "line", "column"} == change["source"].keys()
    assert [c["action"] for c in plan["changes"]] == ["update", "assert", "run"]
    one.apply()
    assert "unchanged" not in one.plan()
    assert len(one.plan("--all")["unchanged"]) == 3


def test_markdown_fits_into_a_comment(world: World) -> None:
    """Never over 65,536 characters, however much there is; and it says that it was cut."""
    world.admin("POST", "crm/assets", {"type": "recipe", "count": 900, "prefix": "Many_With_A_Long_Name_"})
    world.sales(*(recipe(f"Many_With_A_Long_Name_{n}") for n in range(1, 901)))
    result = world.run("plan", "--format", "markdown", "--requests")
    assert result.code == 0
    assert len(result.out) <= 65_536
    assert "900" in result.out


def test_plan_is_stable(one: World) -> None:
    """Two runs over files in another order give the same bytes, id and time aside."""
    one.sales(recipe("Board_Pack"), recipe("Month_Close"), file="a.yaml")
    one.sales(recipe("Adhoc_Export"), file="sales.yaml")
    one.tailer([flags()], [reset("x")])
    first, second = one.plan(), one.plan()
    for document in (first, second):
        del document["id"], document["created_at"]
    assert json.dumps(first) == json.dumps(second)
    assert [c["address"] for c in first["changes"]] == sorted(c["address"] for c in first["changes"])
    text = one.run("plan", "--requests").out
    assert one.run("plan", "--requests").out == text


def test_a_closed_pipe_is_no_traceback(one: World) -> None:
    """`plan | head -0` ends quietly."""
    process = one.start("plan", "--requests")
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert "Traceback" not in process.stderr.read()
    process.stderr.close()
    process.wait(60)


def test_no_colour_into_a_pipe(one: World) -> None:
    """No escape sequence where nobody watches."""
    assert "\x1b" not in one.run("plan").out
    assert "\x1b" not in one.run("plan", "--no-color").out


# -- help, schema, demo ------------------------------------------------------------------------------------------------


def test_help_imports_nothing_heavy(world: World) -> None:
    """--help, --version and a command's help load none of the libraries that cost time."""
    code = (
        "import sys\nfrom reconcile.cli.main import run\n"
        "assert run(sys.argv[1:]) == 0\n"
        "heavy = {'pydantic', 'httpx', 'deepdiff', 'rich', 'yaml', 'obstore', 'stamina', 'starlette'}\n"
        "print('HEAVY', sorted(heavy & set(sys.modules)))"
    )
    for words in (["--help"], ["--version"], ["plan", "--help"], ["apply", "--help"]):
        found = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=True)
        assert "HEAVY []" in found.stdout, words


def test_every_command_is_in_the_help_and_has_help(world: World) -> None:
    """The list of commands is complete, and each explains itself with the common options."""
    top = world.run("--help")
    assert top.code == 0
    for command in COMMANDS:
        assert re.search(rf"^  {command} ", top.out, re.M), command
        own = world.run(command, "--help")
        assert own.code == 0
        for option in ("-C, --workspace", "--env", "--select", "--exclude", "--format", "--no-color", "-v"):
            assert option in own.out, (command, option)
    for command in ("list", "show", "unlock"):
        assert world.run("state", command, "--help").code == 0


def test_schema_prints_json(world: World) -> None:
    """Without a workspace, too."""
    result = world.run("schema", cwd=world.home.parent)
    assert result.code == 0
    assert "$defs" in result.json or "$schema" in result.json


def test_demo_runs(world: World, tmp_path: Path) -> None:
    """The guided first run ends with 0 in a checkout, with no environment, and leaves nothing behind."""
    root = Path(__file__).parents[2]
    bare = {"PATH": world.env["PATH"], "TMPDIR": str(tmp_path / "t")}
    (tmp_path / "t").mkdir()
    process = subprocess.run(
        [sys.executable, "-m", "reconcile", "demo"], cwd=root, env=bare, capture_output=True, text=True, timeout=100
    )
    assert process.returncode == 0, process.stderr
    assert process.stdout.count("$ reconcile ") >= 7
    assert list((tmp_path / "t").iterdir()) == []


def test_the_example_workspace_applies_in_every_environment(world: World) -> None:
    """The living example: default, dev and prod validate, apply and are settled."""
    import shutil

    shutil.rmtree(world.root)
    shutil.copytree(
        Path(__file__).parents[2] / "desired_state", world.root, ignore=shutil.ignore_patterns(".reconcile")
    )
    for words in ([], ["--env", "dev"], ["--env", "prod"]):
        world.admin("POST", "reset", {"seed": "example"})
        assert world.run("validate", *words).code == 0
        result = world.run("apply", "--yes", *words)
        assert result.code == 0, result
        assert world.run("plan", "--detailed-exitcode", *words).code == 0
        assert world.run("drift", *words).code == 0
