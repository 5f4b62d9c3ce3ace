"""The world around the program: streams, names, logins from other tools, connections that are away."""

from __future__ import annotations

import os
import pty
import signal
import socket
import subprocess
import sys
import time

import pytest

from e2e.harness import TABLE, World, ended, flags, recipe, reset, until


@pytest.fixture
def one(world: World) -> World:
    """A workspace with one recipe that is to be changed."""
    world.sales(recipe("Board_Pack"))
    return world


def shell(world: World, line: str) -> subprocess.CompletedProcess[str]:
    """Run a line of shell in which $R is the program."""
    env = {**world.env, "R": f"{sys.executable} -m reconcile"}
    return subprocess.run(["sh", "-c", line], cwd=world.home, env=env, capture_output=True, text=True, timeout=60)


def test_no_stdin_at_all_is_no_terminal(one: World) -> None:
    """cron and systemd may close it: exit 3, no traceback."""
    found = shell(one, "$R apply <&-")
    assert "Traceback" not in found.stderr
    assert found.returncode == 3, found
    assert one.sent() == []


def test_a_full_disk_behind_stdout(one: World) -> None:
    """A plan that cannot be printed is no success and no traceback."""
    found = shell(one, "$R plan >/dev/full")
    assert "Traceback" not in found.stderr, found.stderr
    assert found.returncode not in (0, 2)


def test_an_apply_whose_output_nobody_reads(one: World) -> None:
    """`apply | true`: whatever the exit code, the record and the platform agree afterwards."""
    shell(one, "$R apply --yes | true")
    assert one.run("apply", "--yes").code == 0
    one.settled()


def test_names_of_all_alphabets_on_a_terminal_without(one: World) -> None:
    """Under an ASCII locale names are printed somehow, and JSON stays JSON."""
    one.create("recipe", "Übersicht_日本")
    one.sales(recipe("Übersicht_日本"))
    env = {"LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    for words in (["plan"], ["plan", "--format", "json"], ["apply", "--yes"], ["validate"]):
        result = one.spawn(*words, env=env)
        assert "Traceback" not in result.err, result
        assert result.code == 0, result
    one.settled()


def test_escape_sequences_of_a_platform_do_not_reach_the_terminal(one: World) -> None:
    """Neither from an error's words nor from a name."""
    one.fault(
        "status", method="PUT", status=400, body=[{"errorCode": "X", "message": "evil \x1b[31m\x1b]0;title\x07 words"}]
    )
    one.create("recipe", "Bad\x1b[2JName")
    one.sales(recipe("Bad\u241b"), recipe("Board_Pack"))
    result = one.run("apply", "--yes")
    assert "\x1b" not in result.out + result.err
    assert "\x07" not in result.out + result.err


def test_ctrl_c_at_the_question(one: World) -> None:
    """130, nothing changed, and the lock is free again."""
    main, side = pty.openpty()
    process = one.start("apply", stdin=side)
    until(lambda: any("dataflows" in e["path"] or "recipes" in e["path"] for e in one.log()))
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    result = ended(process)
    os.close(main)
    os.close(side)
    assert result.code == 130, result
    assert one.sent() == []
    one.apply()


def test_a_connection_that_is_away_stops_no_other(one: World) -> None:
    """Nobody listens at one platform: plan exits 1 and shows the other; apply does the other and exits 4."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        one.env["SF_INSTANCE_URL"] = f"http://127.0.0.1:{free.getsockname()[1]}"
    one.tailer([flags()])
    plan = one.run("plan", "--format", "json")
    assert plan.code == 1, plan
    assert [change["address"] for change in plan.json["changes"]] == [f"tailer/configuration/table-to-table:{TABLE}"]
    result = one.run("apply", "--yes")
    assert result.code == 4, result
    assert one.flags(TABLE) == (False, False)


def test_a_read_back_that_fails_leaves_it_unknown(one: World) -> None:
    """The PUT was answered, and then nothing can be read: unknown, said, and the next plan looks."""
    one.fault("status", method="GET", status=500, skip=2)
    result = one.run("apply", "--yes", "--format", "json")
    assert [r["outcome"] for r in result.json["results"]] == ["unknown"], result
    assert result.code == 1
    one.clear_faults()
    one.apply()


def test_a_look_before_the_write_that_fails_sends_nothing(one: World) -> None:
    """What cannot be read again is not written."""
    one.fault("status", method="GET", status=500, skip=1)
    result = one.run("apply", "--yes")
    assert result.code == 1, result
    assert one.sent() == []


def test_from_name_to_id_and_back_deletes_nothing(one: World) -> None:
    """The same asset under its other address: forgotten there, kept here, no call."""
    others = [recipe(name) for name in ("Month_Close", "Adhoc_Export", "Churn_Score", "Quarter_Forecast")]
    one.sales(recipe("Board_Pack"), *others)
    one.apply()
    one.forget_log()
    id_ = one.asset("Board_Pack")["id"]
    by_id = {"id": id_, "frequency": "daily", "time": "01:00", "timezone": "UTC"}
    for entries in ([by_id, *others], [recipe("Board_Pack"), *others]):
        one.sales(*entries)
        assert {change["action"] for change in one.plan()["changes"]} <= {"forget"}
        one.apply()
    assert one.sent() == []


def test_protection_follows_an_asset_to_its_other_address(one: World) -> None:
    """Protected by name, declared by id, then removed: still protected."""
    others = [recipe(name) for name in ("Month_Close", "Adhoc_Export", "Churn_Score", "Quarter_Forecast")]
    one.sales(recipe("Board_Pack", protect=True), *others)
    one.apply()
    id_ = one.asset("Board_Pack")["id"]
    one.sales({"id": id_, "frequency": "daily", "time": "01:00", "timezone": "UTC"}, *others)
    one.apply()
    one.sales(*others)
    assert one.run("plan").code == 3


def test_the_same_reset_twice_is_an_error(one: World) -> None:
    """One workflow, two notes: which one would win?"""
    one.tailer([], [reset("a"), reset("b")])
    assert one.run("validate").code == 1


def test_two_connections_to_one_platform_keep_apart(one: World) -> None:
    """An entry may name another connection; each object belongs to one."""
    text = (one.root / "reconcile.yaml").read_text()
    again = text[text.index("  sales:") : text.index("  tailer:")].replace("  sales:", "  second:")
    one.write("reconcile.yaml", text + again)
    one.sales(recipe("Board_Pack"), recipe("Month_Close", connection="second"))
    assert [c["address"].partition("/")[0] for c in one.plan()["changes"]] == ["sales", "second"]
    one.apply()


def test_a_taken_port_of_the_sandbox_is_an_error(one: World) -> None:
    """Exit 1 with what to do."""
    port = one.server.url.rpartition(":")[2]
    result = one.run("sandbox", "--port", port)
    assert result.code == 1
    assert "--port 0" in result.err


def test_a_taken_port_of_the_sandbox_is_a_document(one: World) -> None:
    """On an error stdout is one JSON document."""
    port = one.server.url.rpartition(":")[2]
    assert one.run("sandbox", "--port", port, "--format", "json").json["diagnostics"]


def test_the_sandbox_command_serves_until_ctrl_c(one: World) -> None:
    """It prints the variables of a workspace, answers, and ends with 0 or 130 without a traceback."""
    process = one.start("sandbox", "--port", "0")
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(8)]
    env = dict(line.removeprefix("export ").rstrip().split("=", 1) for line in lines if line.startswith("export "))
    assert one.run("plan", env=env).code == 0
    process.send_signal(signal.SIGINT)
    result = ended(process)
    assert result.code in (0, 130), result
    assert "Traceback" not in result.err


def test_a_reading_is_never_older_than_ten_seconds(world: World) -> None:
    """A slow platform, one call at a time: each write follows a look at its object by at most ten seconds."""
    world.workspace(crm="concurrency: 1")
    world.admin("POST", "crm/assets", {"type": "recipe", "count": 28, "prefix": "Slow_"})
    world.sales(*(recipe(f"Slow_{n}") for n in range(1, 29)))
    world.admin("PUT", "latency", {"seconds": 0.4})
    assert world.run("apply", "--yes").code == 0
    looked: dict[str, float] = {}
    everything = 0.0
    for entry in world.log(platform="crm_analytics"):
        at = time.mktime(time.strptime(entry["time"][:19], "%Y-%m-%dT%H:%M:%S")) + float(entry["time"][19:23])
        if entry["method"] == "GET" and "/wave/recipes" in entry["path"]:
            everything = at
        elif entry["method"] == "GET":
            looked[entry["path"]] = at
        elif entry["method"] == "PUT":
            assert at - max(everything, looked.get(entry["path"], 0.0)) <= 10
