"""``drift ack``: drift that somebody has looked at is shown, and neither counted nor told, until it ends."""

from __future__ import annotations

import pytest

from e2e.harness import World, ended, recipe

PACK = "sales/schedule/recipe:Board_Pack"
CLOSE = "sales/schedule/recipe:Month_Close"
UNTIL = ("--until", "2099-01-01", "--reason", "the launch")


def at(hour: int) -> dict[str, object]:
    return {"frequency": "daily", "time": {"hour": hour, "minute": 0, "timeZone": "UTC"}}


@pytest.fixture
def moved(world: World) -> World:
    """Two recipes, applied; one of them moved by hand."""
    world.sales(recipe("Board_Pack"), recipe("Month_Close"))
    world.apply()
    world.by_hand("recipe", "Board_Pack", at(9))
    return world


def test_what_is_acknowledged_is_shown_and_does_not_count(moved: World) -> None:
    made = moved.run("drift", "ack", PACK, *UNTIL)
    assert made.code == 0, made
    assert "1 acknowledgement written to desired_state/acknowledged.yaml." in made.out
    result = moved.run("drift", "--format", "json")
    assert (result.code, result.json["drift"]) == (0, [])
    (item,) = result.json["acknowledged"]
    assert (item["address"], item["until"], item["reason"]) == (PACK, "2099-01-01T00:00:00Z", "the launch")
    assert item["fields"] == [{"path": "time", "before": "01:00", "after": "09:00"}]
    text = moved.run("drift")
    assert "No drift but 1 acknowledged in 2 recorded objects." in text.out
    assert f"acknowledged: {PACK} (time: 01:00 -> 09:00) until 2099-01-01" in text.out
    markdown = moved.run("drift", "--format", "markdown")
    assert "### reconcile: no drift" in markdown.out
    assert "the launch" in markdown.out


def test_plan_and_apply_go_by_the_files(moved: World) -> None:
    """To accept drift is not to ask for it: a plan still takes it back."""
    moved.run("drift", "ack", PACK, *UNTIL)
    assert [change["address"] for change in moved.plan()["changes"]] == [PACK]


def test_what_moves_on_counts_again(moved: World) -> None:
    moved.run("drift", "ack", PACK, *UNTIL)
    moved.by_hand("recipe", "Board_Pack", at(10))
    result = moved.run("drift", "--format", "json")
    assert result.code == 5
    assert result.codes == ["acknowledgement-outrun"]
    assert result.json["acknowledged"] == []


def test_when_it_ends_it_counts_again(moved: World) -> None:
    moved.run("drift", "ack", PACK, *UNTIL)
    path = moved.root / "acknowledged.yaml"
    path.write_text(path.read_text().replace("2099", "2020"))
    result = moved.run("drift")
    assert result.code == 5
    assert "warning[acknowledgement-ended]" in result.err
    assert "desired_state/acknowledged.yaml:4:5" in result.err


def test_an_alert_is_sent_when_it_ends_and_not_before(moved: World) -> None:
    moved.workspace(top="alerts: {sinks: [{type: json_lines, path: told.jsonl}]}")

    def lines() -> int:
        path = moved.root / "told.jsonl"
        return len(path.read_text().splitlines()) if path.exists() else 0

    assert moved.run("drift", "--alert").code == 5
    assert lines() == 1
    moved.run("drift", "ack", PACK, *UNTIL)
    assert moved.run("drift", "--alert").code == 0
    assert lines() == 1
    assert moved.run("drift", "unack", PACK).code == 0
    assert moved.run("drift", "--alert").code == 5
    assert moved.run("drift", "--alert").code == 5
    assert lines() == 2


def test_globs_lists_and_taking_back(moved: World) -> None:
    moved.by_hand("recipe", "Month_Close", at(9))
    assert moved.run("drift", "ack", "sales/*", *UNTIL).code == 0
    listed = moved.run("drift", "acks", "--format", "json").json
    assert listed["format"] == "reconcile.acknowledged/1"
    assert [item["address"] for item in listed["acknowledged"]] == [PACK, CLOSE]
    assert [item["ended"] for item in listed["acknowledged"]] == [False, False]
    assert PACK in moved.run("drift", "acks").out
    assert moved.run("drift", "unack", PACK).out == f"no longer acknowledged: {PACK}\n"
    assert [item["address"] for item in moved.run("drift", "--format", "json").json["drift"]] == [PACK]
    assert moved.run("drift", "unack", "*").code == 0
    assert moved.run("drift", "acks").out == "Nothing is acknowledged.\n"
    assert moved.run("drift", "unack", "*", "--format", "json").codes == ["not-acknowledged"]


def test_the_file_is_edited_and_not_rewritten(moved: World) -> None:
    path = moved.write("acknowledged.yaml", "# reviewed by ops\nacknowledged: []\n")
    moved.run("drift", "ack", PACK, *UNTIL)
    moved.run("drift", "ack", PACK, "--until", "2099-02-01", "--reason", "still")
    text = path.read_text()
    assert text.startswith("# reviewed by ops\n")
    assert text.count("address:") == 1
    assert "reason: still" in text


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("ack", "sales/schedule/recipe:Board_Pak", *UNTIL), 1, 'did you mean "sales/schedule/recipe:Board_Pack"'),
        (("ack", CLOSE, *UNTIL), 1, "not-drifted"),
        (("ack", PACK, "--until", "tomorrow", "--reason", "x"), 64, "write it as 2026-12-01"),
        (("ack", PACK, "--until", "2020-01-01", "--reason", "x"), 64, "over already"),
        (("ack", PACK, "--until", "2099-01-01", "--reason", " "), 64, "say why"),
        (("ack", PACK, "--until", "2099-01-01"), 64, "--reason"),
        (("ack", PACK, "--until", "2099-01-01", "--reason", "${var.x}"), 64, "cannot be written down"),
        (("akc", PACK), 64, "akc"),
        (("--alert", "ack", PACK, *UNTIL), 64, "--alert says nothing to `drift ack`"),
    ],
)
def test_what_cannot_be_acknowledged(moved: World, arguments: tuple[str, ...], code: int, words: str) -> None:
    result = moved.run("drift", *arguments)
    assert result.code == code, result
    assert words in result.err
    assert not (moved.root / "acknowledged.yaml").exists()


def test_what_could_not_be_looked_at_cannot_be_acknowledged(moved: World) -> None:
    moved.fault("status", method="GET", path="/wave/recipes", status=500)
    assert moved.run("drift", "ack", PACK, *UNTIL).code == 1
    assert not (moved.root / "acknowledged.yaml").exists()


def test_what_is_excluded_is_neither_acknowledged_nor_taken_out(moved: World) -> None:
    moved.by_hand("recipe", "Month_Close", at(9))
    assert moved.run("drift", "ack", "sales/*", "--exclude", CLOSE, *UNTIL).code == 0
    assert [item["address"] for item in moved.run("drift", "--format", "json").json["drift"]] == [CLOSE]
    assert moved.run("drift", "ack", CLOSE, *UNTIL).code == 0
    assert moved.run("drift", "unack", "*", "--exclude", PACK).out == f"no longer acknowledged: {CLOSE}\n"


def test_what_is_said_to_be_written_is_written_also_by_many_at_once(moved: World) -> None:
    """Nobody writes over what another has just written: who comes too late is told so."""
    moved.run("drift", "ack", PACK, *UNTIL)
    names = [f"T_{number}" for number in range(6)]
    for name in names:
        moved.create("recipe", name, at(1))
    moved.sales(recipe("Board_Pack"), *(recipe(name) for name in names))
    assert moved.run("apply", "--yes", "--select", "*T_*").code == 0
    for name in names:
        moved.by_hand("recipe", name, at(9))
    started = [moved.start("drift", "ack", f"sales/schedule/recipe:{name}", *UNTIL) for name in names]
    results = [ended(process) for process in started]
    kept = (moved.root / "acknowledged.yaml").read_text()
    for name, result in zip(names, results, strict=True):
        assert (f":{name}\n" in kept) == (result.code == 0), result
        assert result.code == 0 or "file-changed" in result.err


def test_each_environment_for_itself(world: World) -> None:
    world.workspace(top="environments: {prod: {}}")
    world.sales(recipe("Board_Pack"))
    for arguments in ((), ("--env", "prod")):
        assert world.run("apply", "--yes", *arguments).code == 0
    world.by_hand("recipe", "Board_Pack", at(9))
    assert world.run("drift", "ack", PACK, *UNTIL, "--env", "prod").code == 0
    assert world.run("drift", "--env", "prod").code == 0
    assert world.run("drift").code == 5
    assert world.run("drift", "acks").out == "Nothing is acknowledged.\n"
