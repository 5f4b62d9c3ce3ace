"""Every auth method of the contract, against the sandbox's login: works, is renewed once, is told when it fails."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from e2e.harness import TOKEN_PATH, World, files_below, flags, recipe

HEAD = """\
version: 1
connections:
  sales: {provider: crm_analytics, %s longest_wait: 0.02, attempts: 3, auth: %s}
"""
TAILER = """\
version: 1
connections:
  tailer: {provider: tailer, base_url: "${env.TAILER_URL}", account: "000099", environment: DEV, auth: %s}
"""
INSTANCE = 'instance_url: "${env.SF_INSTANCE_URL}",'


def tool(world: World, name: str, script: str) -> Path:
    """Put a program on the PATH of the workspace's environment; return the file that notes its calls."""
    folder = world.home / "bin"
    folder.mkdir(exist_ok=True)
    notes = world.home / f"{name}.calls"
    path = folder / name
    path.write_text(f'#!/bin/sh\necho "$*" >> {notes}\n{script}\n')
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    world.env["PATH"] = f"{folder}:/usr/bin:/bin"
    return notes


def client_credentials(world: World) -> str:
    return HEAD % (INSTANCE, "{method: client_credentials, client_id: sandbox-client, client_secret: sandbox-secret}")


def refresh_token(world: World) -> str:
    auth = "{method: refresh_token, client_id: sandbox-client, refresh_token: sandbox-refresh-token}"
    return HEAD % (INSTANCE, auth)


def jwt_bearer(world: World) -> str:
    serialization = pytest.importorskip("cryptography.hazmat.primitives.serialization")
    rsa = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.rsa")
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    world.switch(jwt_public_key=public.decode())
    path = world.home / "key.pem"
    path.write_bytes(pem)
    return HEAD % (
        INSTANCE,
        f'{{method: jwt_bearer, client_id: sandbox-client, username: ann@example.test, private_key_file: "{path}"}}',
    )


def sf_cli(world: World) -> str:
    """The real tool's answers (platform page 5): no token in `org display`, a slash at the end of the URL."""
    shown = json.dumps({"status": 0, "result": {"instanceUrl": f"{world.server.url}/", "accessToken": "[REDACTED]"}})
    token = json.dumps({"status": 0, "result": {"accessToken": "sandbox-access-token"}})
    tool(world, "sf", f"case \"$*\" in *show-access-token*) echo '{token}';; *) echo '{shown}';; esac")
    return HEAD % ("", "{method: sf_cli, org: my-org}")


def access_token(world: World) -> str:
    return HEAD % (INSTANCE, "{method: access_token, access_token: sandbox-access-token}")


METHODS: tuple[Callable[[World], str], ...] = (client_credentials, refresh_token, jwt_bearer, sf_cli, access_token)


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.__name__)
def test_each_method_of_crm_analytics_applies(world: World, method: Callable[[World], str]) -> None:
    """Plan and apply work; the session is nowhere in output or state."""
    world.write("reconcile.yaml", method(world))
    world.sales(recipe("Board_Pack"))
    result = world.apply("-v")
    text = (
        result.out
        + result.err
        + "".join(d.decode("utf-8", "replace") for _, d in files_below(world.root / ".reconcile"))
    )
    for token in (*world.server.sandbox.crm.sessions._open, "sandbox-access-token", "sandbox-refresh-token"):
        assert token not in text


@pytest.mark.parametrize("method", METHODS[:3], ids=lambda method: method.__name__)
def test_a_session_that_expires_is_renewed_once(world: World, method: Callable[[World], str]) -> None:
    """In the middle of a plan; without a word about failure, and with one login more."""
    world.write("reconcile.yaml", method(world))
    world.sales(recipe("Board_Pack"), {"dataflow": "Opportunities", "frequency": "none"})
    world.fault("status", method="GET", status=401, skip=1, times=1)
    assert world.run("plan").code == 0
    assert sum(entry["path"] == TOKEN_PATH for entry in world.log()) == 2


def test_a_session_that_somebody_else_opened_cannot_be_renewed(world: World) -> None:
    """access_token: 401 means exit 1, once, with what to do."""
    world.write("reconcile.yaml", access_token(world))
    world.sales(recipe("Board_Pack"))
    world.admin("POST", "crm/expire-sessions")
    result = world.run("plan")
    assert result.code == 1, result
    assert "INVALID_SESSION_ID" in result.err
    assert "hint:" in result.err
    assert len(world.log()) == 1


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo 'not json'", "sf"),
        (
            'echo \'{"status": 1, "message": "No authorization information found for my-org."}\'; exit 1',
            "No authorization",
        ),
        ("exit 3", "sf"),
    ],
)
def test_an_sf_that_fails_is_told(world: World, script: str, said: str) -> None:
    """Exit 1 with the tool's own words, and no call to the platform."""
    tool(world, "sf", script)
    world.write("reconcile.yaml", HEAD % ("", "{method: sf_cli, org: my-org}"))
    world.sales(recipe("Board_Pack"))
    result = world.run("plan")
    assert result.code == 1, result
    assert said in result.err
    assert "Traceback" not in result.err
    assert world.log() == []


def test_an_sf_that_is_not_installed_is_told(world: World) -> None:
    """Exit 1, and what to install."""
    world.env["PATH"] = str(world.home)
    world.write("reconcile.yaml", HEAD % ("", "{method: sf_cli, org: my-org}"))
    world.sales(recipe("Board_Pack"))
    result = world.run("plan")
    assert result.code == 1
    assert "sf" in result.err


def test_an_org_name_is_no_shell_and_no_option(world: World) -> None:
    """External commands run without a shell: the name arrives as one word."""
    notes = tool(world, "sf", "exit 1")
    world.write("reconcile.yaml", HEAD % ("", '{method: sf_cli, org: "a; touch pwned $(id)"}'))
    world.sales(recipe("Board_Pack"))
    world.run("plan")
    assert not list(world.home.glob("*pwned*"))
    assert "a; touch pwned $(id)" in notes.read_text()


def test_tailer_cli(world: World) -> None:
    """`tailer auth get-token` prints the token among other lines; it is asked again after a 401."""
    notes = tool(world, "tailer", 'echo "Hello"; echo "User token : $TAILER_API_JWT"')
    world.write("reconcile.yaml", TAILER % "{method: tailer_cli}")
    world.tailer([flags()])
    world.fault("status", platform="tailer", status=401, times=1)
    assert world.run("apply", "--yes").code == 0
    assert notes.read_text() == "auth get-token\nauth get-token\n"


def test_tailer_service_account(world: World) -> None:
    """A JWT signed with a Google key file, for the published audience."""
    serialization = pytest.importorskip("cryptography.hazmat.primitives.serialization")
    rsa = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.rsa")
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = world.home / "key.json"
    document = {"type": "service_account", "client_email": "bot@x.iam.gserviceaccount.com", "private_key_id": "1"}
    path.write_text(
        json.dumps({**document, "private_key": pem.decode(), "token_uri": "https://oauth2.googleapis.com/token"})
    )
    world.write("reconcile.yaml", TAILER % f'{{method: service_account, key_file: "{path}"}}')
    world.tailer([flags()])
    result = world.run("apply", "--yes", "-v")
    assert result.code == 0, result
    assert "PRIVATE KEY" not in result.out + result.err
