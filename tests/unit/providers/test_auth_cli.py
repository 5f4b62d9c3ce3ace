"""Logins through ``sf`` and ``tailer``, played by small scripts on the PATH."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest
from http_server import OK, Desk, Reply, Seen, Server, script

from reconcile.core.errors import AuthFailed
from reconcile.providers.auth import SfCli, TailerCli

ISSUED = "00Dx0000000001!AQ.issued-0123456789"
WARNING = " \u203a   Warning: @salesforce/cli update available from {2.1} to 2.2.\n"


def program(folder: Path, name: str, code: str) -> dict[str, str]:
    """Put an executable with this Python code into ``folder``; return the environment that finds it."""
    file = folder / name
    file.write_text(f"#!{sys.executable} -S\nimport os, sys, json\nhere = {str(folder)!r}\n{code}\n")
    file.chmod(0o755)
    return {"PATH": f"{folder}{os.pathsep}/usr/bin:/bin", "TAILER_HOME": "/home/tailer"}


def calls(folder: Path) -> list[list[str]]:
    """Return the arguments of every call so far."""
    return [json.loads(line) for line in (folder / "calls").read_text().splitlines()]


def sf(token: object = ISSUED, where: str = "", before: str = "") -> str:
    """Return the code of a ``sf`` that knows one org."""
    shown = {"status": 0, "result": {"accessToken": token}, "warnings": []}
    display = {
        "status": 0,
        "result": {"accessToken": "[REDACTED] Use 'sf org auth show-access-token'", "instanceUrl": where},
    }
    return f"""
open(here + "/calls", "a").write(json.dumps(sys.argv[1:]) + "\\n")
print({before!r}, end="")
print({json.dumps(display)!r} if "display" in sys.argv else {json.dumps(shown, indent=1)!r})
"""


TOKEN_CALL = ["org", "auth", "show-access-token", "-o", "my org", "--no-prompt", "--json"]


@pytest.mark.parametrize("before", ["", WARNING, "\x1b[33mWarning: {not json}\x1b[39m\n"])
def test_sf_gives_the_token(tmp_path: Path, before: str) -> None:
    """Whatever it prints before; an alias with a space is one argument; no second call when the URL is configured."""
    environment = program(tmp_path, "sf", sf(before=before))
    with Server(script(OK)) as server:
        desk = Desk(server.url, SfCli("my org"), environment)
        with desk.read() as client:
            client.get("/x")
        assert server.seen[0].token == ISSUED
    assert calls(tmp_path) == [TOKEN_CALL]
    assert desk.redactor.clean(ISSUED) == "***"


def test_sf_gives_the_instance(tmp_path: Path) -> None:
    """When none is configured; it may end in a slash."""
    with Server(script(OK)) as server:
        environment = program(tmp_path, "sf", sf(where=server.url + "/", before=WARNING))
        with Desk(None, SfCli("my org"), environment).read() as client:
            client.get("/services/x")
        assert server.paths == ["/services/x"]
    assert calls(tmp_path) == [TOKEN_CALL, ["org", "display", "-o", "my org", "--json"]]


def test_sf_is_asked_again_after_a_401(tmp_path: Path) -> None:
    """It renews the session itself."""
    environment = program(tmp_path, "sf", sf())
    refusals = [Reply(401), OK]
    with Server(script(*refusals)) as server, Desk(server.url, SfCli("my org"), environment).read() as client:
        assert client.get("/x").status == 200
    assert calls(tmp_path) == [TOKEN_CALL, TOKEN_CALL]


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("print('no json here')", "printed no JSON"),
        ("print('{')", "printed no JSON"),
        ("print('[1]')", "printed no JSON"),
        ("print('{\"status\": 0}')", "names no reason"),
        ('print(\'{"status": 1, "message": "No authorization found", "result": {}}\')', "No authorization found"),
        ('print(\'{"status": 0, "result": {}}\')', "missing or empty"),
        ('print(\'{"status": 0, "result": {"accessToken": 5}}\')', "missing or empty"),
        ('print(\'{"status": 1, "message": "No org\\\\nfor x"}\'); sys.exit(1)', "exit code 1: No org"),
        ("sys.stderr.write('first\\nlast words\\n'); sys.exit(2)", "exit code 2: last words"),
        ("sys.exit(3)", "exit code 3: it printed nothing"),
    ],
)
def test_sf_that_fails(tmp_path: Path, code: str, said: str) -> None:
    """Each in its own words, and no request goes out."""
    environment = program(tmp_path, "sf", code)
    with Server(script(OK)) as server:
        with Desk(server.url, SfCli("my org"), environment).read() as client, pytest.raises(AuthFailed) as caught:
            client.get("/x")
        assert server.seen == []
    assert said in str(caught.value)


def test_no_sf_at_all(tmp_path: Path) -> None:
    """It names the program."""
    with (
        Desk("https://x.example", SfCli("a"), {"PATH": str(tmp_path)}).read() as client,
        pytest.raises(AuthFailed, match="'sf' is not on the PATH"),
    ):
        client.get("/x")


@pytest.mark.parametrize("lines", [6, 7, 0])
def test_tailer_gives_the_token_on_any_line(tmp_path: Path, lines: int) -> None:
    """Its place moved between versions; it runs with the environment we were given."""
    code = f"""
assert sys.argv[1:] == ["auth", "get-token"] and os.environ["TAILER_HOME"] == "/home/tailer"
print("SSL Cert. : none\\n" * {lines} + "User id : u1\\nUser token : {ISSUED}\\nbye")
"""
    environment = program(tmp_path, "tailer", code)
    with Server(script(OK)) as server:
        desk = Desk(server.url, TailerCli(), environment)
        with desk.write() as client:
            client.get("/x")
        assert server.seen[0].token == ISSUED
    assert desk.redactor.clean(ISSUED) == "***"


@pytest.mark.parametrize("printed", ["", "User token :", "User token : \nnext", "token: x"])
def test_tailer_that_prints_no_token(tmp_path: Path, printed: str) -> None:
    """The next line is not the token."""
    environment = program(tmp_path, "tailer", f"print({printed!r})")
    with (
        Desk("https://x.example", TailerCli(), environment).read() as client,
        pytest.raises(AuthFailed, match="User token :"),
    ):
        client.get("/x")


def test_tailer_renews_by_asking_again(tmp_path: Path) -> None:
    """Its tokens live for an hour."""
    code = """
n = len(open(here + "/calls").read()) if os.path.exists(here + "/calls") else 0
open(here + "/calls", "a").write("x")
print(f"User token : token-number-{n}")
"""
    environment = program(tmp_path, "tailer", code)

    def handler(seen: Seen) -> Reply:
        return OK if seen.token == "token-number-1" else Reply(401)

    with Server(handler) as server, Desk(server.url, TailerCli(), environment).write() as client:
        assert client.get("/x").status == 200
