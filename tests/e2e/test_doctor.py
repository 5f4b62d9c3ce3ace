"""``reconcile doctor`` as users run it: what is wrong, and how to mend it."""

from __future__ import annotations

import base64
import json
import socket
import subprocess
import time
from collections.abc import Iterator
from typing import Any

import pytest

from e2e.harness import ALL_THREE, Result, World, recipe

TWO_TENANTS = """\
version: 1
connections:
  tamr: {provider: tamr, base_url: "${env.PROD_URL}", auth: {method: api_key, api_key: "${env.PROD_KEY}"}}
environments:
  dev: {connections: {tamr: {base_url: "${env.TAMR_URL}", auth: {api_key: "${env.TAMR_API_KEY}"}}}}
"""


@pytest.fixture
def three(world: World) -> World:
    """All three platforms, and one schedule."""
    world.write("reconcile.yaml", ALL_THREE)
    world.sales(recipe("Board_Pack"))
    return world


def finding(result: Result, check: str, subject: str = "") -> dict[str, Any]:
    """Return the finding of a check about a subject or a connection."""
    found = [
        each
        for each in result.json["checks"]
        if each["check"] == check and subject in ("", each["subject"], each["connection"])
    ]
    assert found, (check, result.out)
    return dict(found[0])


def jwt(seconds: float) -> str:
    claims = {"exp": int(time.time() + seconds), "aud": "https://tailer-api-nqonovswsq-ew.a.run.app"}
    parts = (json.dumps({"alg": "RS256"}), json.dumps(claims), "signature")
    return ".".join(base64.urlsafe_b64encode(each.encode()).decode().rstrip("=") for each in parts)


def doctor(world: World, *arguments: str, **env: str) -> Result:
    return world.run("doctor", "--format", "json", *arguments, env=env)


def test_all_is_well(three: World) -> None:
    result = doctor(three)
    assert result.code == 0, result
    assert result.json["ok"] is True
    assert result.json["counts"]["fail"] == 0
    for name in ("sales", "tailer", "tamr"):
        assert finding(result, "login", name)["verdict"] == "ok"
        assert finding(result, "clock", name)["verdict"] == "ok"
        assert finding(result, "read", name)["verdict"] == "ok"
    assert finding(result, "write", "tailer")["verdict"] == "skip"
    assert {each["subject"] for each in result.json["checks"]} == {"program", "workspace", "connection", "state"}


def test_it_changes_nothing(three: World) -> None:
    three.forget_log()
    assert doctor(three).code == 0
    written = [each for each in three.sent() if each[1] != "/v1/dag/status"]
    assert written == []
    assert not (three.root / ".reconcile").exists()


def test_the_text_fits_and_tells_without_colours(three: World) -> None:
    result = three.run("doctor", env={"TAMR_API_KEY": "wrong-key-wrong"})
    assert result.code == 1
    assert "x FAIL  login" in result.out
    assert "hint: check that the API key" in result.out
    assert "1 failed" in result.out.splitlines()[-1]
    assert "wrong-key-wrong" not in result.out + result.err
    long = [line for line in result.out.splitlines() if len(line) > 80 and str(three.home) not in line]
    assert long == []


def test_markdown(three: World) -> None:
    result = three.run("doctor", "--format", "markdown")
    assert result.out.startswith("### reconcile: ")
    assert "| ok | login |" in result.out


def test_without_a_workspace_it_says_so(world: World) -> None:
    (world.root / "reconcile.yaml").unlink()
    result = doctor(world)
    assert result.code == 1
    assert "reconcile init" in finding(result, "found")["hint"]


def test_without_a_workspace_the_way_out_is_told_once(world: World) -> None:
    told = finding(doctor(world, "-C", "nowhere"), "found")
    assert told["hint"].count("reconcile init") == 1


def test_a_workspace_that_the_environment_names_is_told_as_that(world: World) -> None:
    told = finding(doctor(world, RECONCILE_WORKSPACE="nowhere"), "found")
    assert told["detail"].startswith("RECONCILE_WORKSPACE=nowhere: ")


def test_variables_that_this_environment_does_not_need_are_no_failure(world: World) -> None:
    world.write("reconcile.yaml", TWO_TENANTS)
    result = doctor(world, "--env", "dev")
    told = finding(result, "variables")
    assert told["verdict"] == "ok"
    assert "missing: PROD_KEY, PROD_URL" in told["detail"]
    assert result.code == 0, result
    assert finding(doctor(world), "variables")["verdict"] == "fail"


def test_a_variable_that_is_empty_and_may_be_is_a_warning(three: World) -> None:
    three.write("reconcile.yaml", f'{ALL_THREE}\nvariables: {{suffix: "${{env.SUFFIX}}"}}\n')
    result = doctor(three, SUFFIX="")
    assert finding(result, "variables")["verdict"] == "warn"
    assert result.code == 0, result


@pytest.mark.parametrize("seconds", ["inf", "nan", "1e300"])
def test_a_time_that_no_clock_can_count_is_wrong_usage(three: World, seconds: str) -> None:
    assert doctor(three, "--timeout", seconds).code == 64


def test_missing_variables_are_named_and_their_values_never(three: World) -> None:
    del three.env["TAMR_API_KEY"]
    result = doctor(three)
    assert result.code == 1
    told = finding(result, "variables")
    assert told["verdict"] == "fail"
    assert "TAMR_API_KEY" in told["detail"]
    assert three.env["SF_CLIENT_SECRET"] not in result.out + result.err
    assert finding(result, "valid")["verdict"] == "fail"


def test_files_that_are_wrong_are_told_with_their_place(three: World) -> None:
    three.write("more.yaml", "schedules: [")
    told = finding(doctor(three), "valid")
    assert told["verdict"] == "fail"
    assert "more.yaml:1" in told["detail"]


def test_a_wrong_secret(three: World) -> None:
    result = doctor(three, SF_CLIENT_SECRET="not-the-secret-at-all")
    assert finding(result, "login", "sales")["verdict"] == "fail"
    assert "client_secret" in finding(result, "login", "sales")["hint"]
    assert "not-the-secret-at-all" not in result.out + result.err


@pytest.mark.parametrize(("seconds", "verdict"), [(-5, "fail"), (300, "warn"), (7200, "ok")])
def test_when_a_token_ends(three: World, seconds: float, verdict: str) -> None:
    result = doctor(three, TAILER_API_JWT=jwt(seconds))
    assert finding(result, "token", "tailer")["verdict"] == verdict
    assert finding(result, "login", "tailer")["verdict"] == ("fail" if verdict == "fail" else "ok")


def test_what_the_user_may_not(three: World) -> None:
    three.switch(crm_permissions=["PermissionsInsightsAppUser"])
    assert finding(doctor(three), "write", "sales")["verdict"] == "warn"
    three.switch(crm_permissions=[])
    result = doctor(three)
    assert finding(result, "write", "sales")["verdict"] == "fail"
    assert result.code == 1
    three.fault("status", method="GET", path="/query", status=403, times=1)
    assert finding(doctor(three), "write", "sales")["verdict"] == "skip"


def test_an_api_version_that_the_org_lacks(three: World) -> None:
    text = ALL_THREE.replace("provider: crm_analytics\n", 'provider: crm_analytics\n    api_version: "99.0"\n')
    three.write("reconcile.yaml", text)
    told = finding(doctor(three), "api-version", "sales")
    assert told["verdict"] == "fail"
    assert "66.0" in told["hint"]


def test_a_clock_that_is_off(three: World) -> None:
    three.admin("PUT", "clock", {"advance": 3600})
    told = finding(doctor(three), "clock", "sales")
    three.admin("DELETE", "clock")
    assert told["verdict"] == "warn"
    assert "behind" in told["detail"]


@pytest.fixture
def deaf() -> Iterator[str]:
    """A port that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def test_what_does_not_answer_is_told_in_time_and_keeps_nobody_else_from_being_told(three: World, deaf: str) -> None:
    result = doctor(three, "--timeout", "2", TAMR_URL=deaf)
    assert finding(result, "time", "tamr")["verdict"] == "fail"
    assert finding(result, "read", "sales")["verdict"] == "ok"
    assert finding(result, "lock", "state")["verdict"] == "ok"


def test_a_closed_port_and_an_unknown_host(three: World) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        closed = listening.getsockname()[1]
    result = doctor(three, TAMR_URL=f"http://127.0.0.1:{closed}", SF_INSTANCE_URL="https://nowhere.invalid")
    assert finding(result, "connection", "tamr")["verdict"] == "fail"
    assert finding(result, "address", "sales")["verdict"] == "fail"
    assert finding(result, "login", "sales")["verdict"] == "skip"


def test_the_state_is_looked_at(three: World) -> None:
    three.apply()
    told = finding(doctor(three), "readable", "state")
    assert "1 objects recorded" in told["detail"] or "1 object recorded" in told["detail"]
    result = doctor(three, "--probe")
    assert "removed again" in finding(result, "writable", "state")["detail"]
    assert not list((three.root / ".reconcile" / "default" / "probe").glob("*"))
    (three.root / ".reconcile" / "default" / "state" / "00000001.json").write_text("{")
    damaged = doctor(three)
    assert damaged.code == 1
    assert finding(damaged, "state-damaged", "state")["verdict"] == "fail"


def test_a_lock_names_its_holder(three: World) -> None:
    three.apply()
    three.sales(recipe("Board_Pack", time="05:00"))
    three.fault("delay", method="PUT", path="/schedule", seconds=30, times=1)
    running = three.start("apply", "--yes")
    lock = three.root / ".reconcile" / "default" / "lock.json"
    try:
        end = time.monotonic() + 30
        while not lock.exists():
            assert time.monotonic() < end
            time.sleep(0.05)
        told = finding(doctor(three), "lock", "state")
    finally:
        running.kill()
        running.communicate()
    assert told["verdict"] == "warn"
    assert str(running.pid) in told["detail"]
    left = doctor(three)
    assert "left the lock behind" in finding(left, "lock", "state")["detail"]
    assert finding(left, "applies", "state")["verdict"] in ("ok", "warn")


def test_a_state_that_git_would_take_in(three: World) -> None:
    git = ["git", "-C", str(three.home), "-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "commit", "-qm", "one"], check=True)
    result = doctor(three)
    assert "commit" in finding(result, "git")["detail"]
    assert finding(result, "ignored")["verdict"] == "warn"
    (three.root / ".gitignore").write_text(".reconcile/\n")
    assert "ignored" not in [each["check"] for each in doctor(three).json["checks"]]
