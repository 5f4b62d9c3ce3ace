"""No secret in any output or file, whatever a platform says; and none to anybody else than the platform."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from e2e.harness import World, files_below, flags, killed, recipe, reset, until


def all_text(world: World, *results: Any) -> str:
    """Return everything the program printed and everything it wrote below the workspace."""
    texts = [text for result in results for text in (result.out, result.err)]
    for path, data in files_below(world.root / ".reconcile"):
        texts += [str(path), data.decode("utf-8", "replace")]
    return "\n".join(texts)


def secrets(world: World) -> list[str]:
    return [world.env["SF_CLIENT_SECRET"], world.env["TAILER_API_JWT"]]


def sessions(world: World) -> list[str]:
    return list(world.server.sandbox.crm.sessions._open)


def test_an_error_that_echoes_the_credentials(world: World) -> None:
    """A platform quotes tokens and secrets in errors, of reads, writes and of the login: starred out everywhere."""
    world.sales(recipe("Board_Pack"), recipe("Month_Close"))
    world.tailer([flags()], [reset("x")])
    results = [world.run("plan")]
    echo = " ".join(secrets(world))
    for rule in (
        {"method": "PUT", "path": world.asset("Board_Pack")["id"], "status": 400},
        {"path": "/v1/configuration", "status": 400},
        {"path": "/v1/workflow", "status": 200},
    ):
        body = {"message": f"bad: {echo}"} if "/v1" in str(rule["path"]) else [{"errorCode": "X", "message": echo}]
        world.fault("status", body=body, **rule)
    for words in (["apply", "--yes", "-v"], ["apply", "--yes", "--format", "json"], ["plan", "--format", "json", "-v"]):
        results.append(world.run(*words))
    world.clear_faults()
    world.fault("status", path="oauth2", status=400, body={"error": "invalid_client", "error_description": echo})
    results += [world.run("plan", "-v"), world.run("drift", "--format", "json")]
    assert "***" in results[1].err
    text = all_text(world, *results)
    for secret in (*secrets(world), *sessions(world)):
        assert secret not in text


def test_the_session_token_in_an_error(world: World) -> None:
    """The token that a login brought is masked as soon as it is known, in the answer of the very next call."""
    token = "00D5e0000000001!known-only-since-the-login"
    world.switch(access_tokens=[token])
    world.fault("status", path="oauth2", status=200, body={"access_token": token, "instance_url": world.server.url})
    world.fault("status", method="PUT", status=400, body=[{"errorCode": "X", "message": f"bad token {token}"}])
    world.sales(recipe("Board_Pack"))
    results = [world.run("apply", "--yes", "-v"), world.run("apply", "--yes", "--format", "json")]
    assert "bad token ***" in results[0].err
    assert token not in all_text(world, *results)


def test_a_secret_in_the_journal(world: World) -> None:
    """A killed apply leaves a journal; no secret is in it, nor in the lock with its command line."""
    world.sales(recipe("Board_Pack"))
    world.tailer([flags()], [reset("because of " + world.env["TAILER_API_JWT"][:8])])
    world.fault("hang", method="PUT", times=1)
    process = world.start("apply", "--yes")
    until(lambda: any(e["method"] == "PUT" for e in world.log()))
    text = all_text(world)
    killed(process)
    assert "begin.json" in text
    for secret in (*secrets(world), *sessions(world)):
        assert secret not in text


def test_a_secret_written_into_the_file_is_not_shown(world: World) -> None:
    """A literal secret in reconcile.yaml with a mistake beside it: the quoted line has stars."""
    world.sales(recipe("Board_Pack"))
    text = (world.root / "reconcile.yaml").read_text()
    world.write(
        "reconcile.yaml",
        text.replace('client_secret: "${env.SF_CLIENT_SECRET}"', "client_secret: hunter2hunter2, x: 1"),
    )
    result = world.run("validate", "--format", "json")
    assert result.code == 1, result
    assert "hunter2hunter2" not in result.out + result.err


SECRET = "${env.SF_CLIENT_SECRET}"


@pytest.mark.parametrize(
    "section",
    [
        {"resets": [reset(SECRET)]},
        pytest.param({"resets": [reset(f"because {SECRET} said so")]}),
        pytest.param({"configurations": [flags(SECRET)]}),
    ],
    ids=["value", "part of a value", "name"],
)
def test_a_secret_used_as_a_value_is_an_error(world: World, section: dict[str, Any]) -> None:
    """Values and names are shown and recorded: a file that misuses a secret as one is refused, without printing it."""
    world.tailer(**section)
    for words in (["validate"], ["plan", "--format", "json"], ["apply", "--yes", "--format", "markdown"]):
        result = world.run(*words)
        assert result.code == 1, result
        assert secrets(world)[0] not in result.out + result.err
    assert world.sent() == []
    assert not list((world.root / ".reconcile").rglob("*.json"))


@pytest.mark.parametrize(
    "url", ["http://crm.example.test", "http://10.0.0.1", "ftp://127.0.0.1", "https://user:pw@crm.example.test", "x"]
)
def test_an_unsafe_url_is_refused_before_any_call(world: World, url: str) -> None:
    """http to anywhere but this machine, and credentials in a URL, are errors; the password is not shown."""
    world.sales(recipe("Board_Pack"))
    world.env["SF_INSTANCE_URL"] = url
    for command in (["validate"], ["plan"], ["apply", "--yes"]):
        result = world.run(*command)
        assert result.code == 1, result
        assert "pw" not in result.out + result.err
    assert world.log() == []


@contextmanager
def other_host() -> Iterator[tuple[str, list[tuple[str, dict[str, str]]]]]:
    """A second server that notes what it is sent, and answers like a list."""
    seen: list[tuple[str, dict[str, str]]] = []

    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            seen.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
            body = b'{"recipes": []}'
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_PUT = do_POST = _serve  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:
            return None

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", seen
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_another_host_gets_nothing(world: World, status: int) -> None:
    """Neither reads nor writes nor logins follow: exit 1, the other host sees no request at all."""
    world.sales(recipe("Board_Pack"))
    world.tailer([flags()])
    with other_host() as (url, seen):
        head = {"Location": f"{url}/elsewhere"}
        world.fault("status", status=status, headers=head, method="GET", body={})
        world.fault("status", status=status, headers=head, path="/v1/", body={})
        assert world.run("plan").code == 1
        assert world.run("apply", "--yes").code == 1
        world.clear_faults()
        world.fault("status", status=status, headers=head, path="oauth2", body={})
        assert world.run("plan").code == 1
        assert seen == []


def test_a_next_page_on_another_host_gets_nothing(world: World) -> None:
    """A list that continues elsewhere is not followed, and is not taken for whole."""
    world.sales(recipe("Board_Pack"))
    with other_host() as (url, seen):
        page = {"recipes": [], "nextPageUrl": f"{url}/services/data/v60.0/wave/recipes?page=2"}
        world.fault("status", method="GET", path="/wave/recipes", status=200, body=page)
        result = world.run("plan")
        assert result.code == 1, result
        assert seen == []


def test_an_instance_url_in_the_login_does_not_lead_elsewhere(world: World) -> None:
    """The configured instance_url is where calls go, whatever the token answer says."""
    world.sales(recipe("Board_Pack"))
    with other_host() as (url, seen):
        world.fault(
            "status", path="oauth2", status=200, body={"access_token": "sandbox-access-token", "instance_url": url}
        )
        assert world.run("plan").code == 0
        assert seen == []


@pytest.mark.parametrize("secret", ['with "quotes" inside', "back\\slash\\inside", "umlaut-ä-inside"])
def test_a_secret_that_json_spells_otherwise(world: World, secret: str) -> None:
    """A secret with characters that JSON escapes, quoted by a platform, is masked in the document as well."""
    world.env["SF_CLIENT_SECRET"] = secret
    world.sales(recipe("Board_Pack"))
    world.fault("status", path="oauth2", status=400, body={"error": "x", "error_description": f"bad {secret}"})
    result = world.run("plan", "--format", "json")
    assert result.code == 1
    assert secret not in str(result.json)
    assert secret not in result.err
