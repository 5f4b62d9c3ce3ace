"""The providers' conversations, recorded against the simulators and replayed without any network.

tests/cassettes/README.md says how they are made. They hold what the sandbox answered, not a real platform; what they
guard is that the calls stay as they are, byte for byte.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import vcr
import yaml

from e2e.harness import FLOW, TABLE, World, flags, recipe, reset

FOLDER = Path(__file__).parents[1] / "cassettes"
RECORDS = bool(os.environ.get("RECONCILE_RECORD_CASSETTES"))
MOST_INTERACTIONS = 50
# Nothing listens there: a request that is not on the cassette cannot succeed by accident.
NOWHERE = "http://127.0.0.1:1"
MASK = "scrubbed-by-the-recorder"
HEADER = """\
# Recorded against the simulators of this project (reconcile.sandbox), not against a real platform.
# Made again by: RECONCILE_RECORD_CASSETTES=1 .venv/bin/python -m pytest tests/contract/test_provider_cassettes.py
"""
_SECRET_KEYS = ("access_token", "refresh_token", "signature")


def crm_analytics(world: World) -> Iterator[tuple[int, str]]:
    """Yield exit code and output of: a first apply of several kinds, an empty plan, a change and a delete, drift."""
    week = {"frequency": "weekly", "days_of_week": ["Thursday", "Monday"], "time": "00:45", "timezone": "UTC"}
    event = {"dataflow": "After_Sync", "frequency": "eventdriven", "trigger_rule": "$ALL_SALESFORCE_OBJECTS"}
    world.sales(recipe("Board_Pack"), event, {"data_sync": "Warehouse", **week})
    yield outcome(world, "apply", "--yes")
    yield outcome(world, "plan", "--detailed-exitcode")
    world.sales(recipe("Board_Pack", time="05:00", notification_level="always"), event)
    yield outcome(world, "apply", "--yes", "--allow-deletes", "1")
    yield outcome(world, "drift", "--exact")


def tailer(world: World) -> Iterator[tuple[int, str]]:
    """Yield exit code and output of: flags on and off, a reset, a plan, a refusal."""
    world.tailer([flags(), flags(FLOW, activated=True, type_="workflow")], [reset("relaunched by hand")])
    yield outcome(world, "apply", "--yes")
    yield outcome(world, "plan", "--detailed-exitcode")
    world.tailer([flags(TABLE, archived=True), flags("nobody_DEV")], [reset("again")])
    yield outcome(world, "apply", "--yes")


CONVERSATIONS: dict[str, tuple[Callable[[World], Iterator[tuple[int, str]]], list[int]]] = {
    "crm_analytics": (crm_analytics, [0, 0, 0, 0]),
    "tailer": (tailer, [0, 0, 4]),
}


def outcome(world: World, *words: str) -> tuple[int, str]:
    result = world.run(*words)
    return result.code, result.out


@contextmanager
def cassette(name: str, world: World) -> Iterator[Any]:
    """Record or replay. One call at a time, so that the order is the same each time."""
    path = FOLDER / f"{name}.yaml"
    url = world.server.url
    if RECORDS:
        path.unlink(missing_ok=True)
        world.admin("PUT", "clock", {"now": "2026-11-22T14:00:00Z"})
    else:
        world.env |= {
            "SF_INSTANCE_URL": NOWHERE,
            "TAILER_URL": NOWHERE,
            "TAILER_API_JWT": "another.token.than-recorded",
        }
        world.env["SF_CLIENT_SECRET"] = "another secret than recorded"
    world.workspace(crm="concurrency: 1", tailer="concurrency: 1")

    def request(each: Any) -> Any:
        if "/_sandbox/" in each.uri:
            return None
        each.uri = each.uri.replace(url, NOWHERE)
        each.headers["host"] = "127.0.0.1:1"
        return each

    recorder = vcr.VCR(
        record_mode="all" if RECORDS else "none",
        match_on=["method", "scheme", "host", "port", "path", "query", "body"],
        filter_headers=[("authorization", f"Bearer {MASK}")],
        filter_post_data_parameters=[("client_secret", MASK)],
        before_record_request=request,
        before_record_response=lambda response: _scrubbed(response, url),
    )
    with recorder.use_cassette(str(path)) as playing:
        yield playing
    if RECORDS:
        path.write_text(HEADER + path.read_text())


def _scrubbed(response: Any, url: str) -> Any:
    """Take out tokens, and the port that the simulator happened to have."""
    text = response["body"]["string"].decode().replace(url, NOWHERE)
    for key in _SECRET_KEYS:
        text = re.sub(rf'("{key}": *")[^"]*"', rf'\1{MASK}"', text)
    response["body"]["string"] = text.encode()
    # The length is not that of the scrubbed text any more.
    response["headers"] = {k: v for k, v in response["headers"].items() if k.lower() not in ("content-length", "date")}
    return response


@pytest.mark.parametrize("name", CONVERSATIONS)
def test_the_conversation_is_as_recorded(world: World, name: str) -> None:
    """Every call is on the cassette, byte for byte; every recorded call is made; the outcome is the same."""
    converse, codes = CONVERSATIONS[name]
    with cassette(name, world) as playing:
        found = list(converse(world))
        assert [code for code, _ in found] == codes, found
        assert playing.all_played or RECORDS
        assert 3 < len(playing) < MOST_INTERACTIONS


@pytest.mark.skipif(RECORDS, reason="recording")
@pytest.mark.parametrize("name", CONVERSATIONS)
def test_another_body_is_not_on_the_cassette(world: World, name: str) -> None:
    """The replay can fail: a request with another body finds no answer."""
    with cassette(name, world):
        if name == "tailer":
            world.tailer([flags("another_DEV")])
        else:
            world.sales(recipe("Board_Pack", time="23:59"))
        result = world.run("apply", "--yes")
    assert result.code == 1
    assert "CannotOverwriteExistingCassetteException" in result.err


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.yaml")), ids=lambda path: path.stem)
def test_a_cassette_says_what_it_is_and_holds_no_secret(world: World, path: Path) -> None:
    """Its first lines say that a simulator spoke; no token, secret or session is in it."""
    text = path.read_text()
    assert text.startswith(HEADER)
    for name in ("SF_CLIENT_SECRET", "TAILER_API_JWT", "TAMR_API_KEY"):
        assert world.env[name] not in text
    for pattern in (
        r"eyJ[A-Za-z0-9_-]{10}",
        r"00D[A-Za-z0-9]{12}!",
        r"client_secret=(?!scrubbed)",
        r"Bearer (?!scrubbed)",
    ):
        assert not re.search(pattern, text), pattern
    for interaction in yaml.safe_load(text)["interactions"]:
        body = interaction["response"]["body"]["string"]
        if "access_token" in body:
            assert json.loads(body)["access_token"] == MASK
