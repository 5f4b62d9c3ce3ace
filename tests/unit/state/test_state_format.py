"""State files: what they look like, and what becomes of older, newer and damaged ones."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from reconcile.core.address import Address
from reconcile.core.errors import StateDamaged, StateError, StateTooNew
from reconcile.core.kind import Action
from reconcile.core.snapshot import Recorded
from reconcile.state.format import STATE, Applied, AppliedChange, Origin, State, StateDocument, from_bytes, to_bytes
from reconcile.state.versioned import Family, Upgrade

BOARD = Address("sales", "schedule", "recipe:Board_Pack")
FLAGS = Address("tailer_dev", "configuration", "table-to-table:000099_x_DEV")
AT = "2026-11-22T14:00:00Z"

STATE_1 = State(
    environment="prod",
    lineage="0b6f3a52",
    serial=12,
    written_at=AT,
    recorded={
        FLAGS: Recorded(FLAGS, {"activated": True, "archived": False}, AT, certain=False),
        BOARD: Recorded(
            BOARD,
            {
                "frequency": "weekly",
                "days_of_week": ("Monday", "Thursday"),
                "n": 1,
                "nested": (("a", 1), ()),
                "x": None,
            },
            AT,
            "05v1",
            protect=True,
            file="sälés.yaml",
        ),
    },
    apply=Applied(
        Origin("a1", AT, "kim", "ci-7", "reconcile apply", "abc123", "https://ci/7"),
        "partial",
        (AppliedChange(BOARD, Action.UPDATE, "failed", {"n": 0}, {"n": 1}, "refused", (("PUT", "/x"),)),),
    ),
    took_in=("a0",),
)


def parsed(data: bytes) -> State:
    return from_bytes(data, "/srv/00000012.json", "the way out")


def test_what_is_written_is_read_back() -> None:
    assert parsed(to_bytes(STATE_1)) == STATE_1
    assert parsed(to_bytes(State(lineage="x", serial=1))) == State(lineage="x", serial=1)


def test_the_same_state_gives_the_same_bytes_whatever_the_order() -> None:
    backwards = reversed(list(STATE_1.recorded.values()))
    turned = {r.address: replace(r, values=dict(reversed(list(r.values.items())))) for r in backwards}
    assert list(turned) != list(STATE_1.recorded)
    turned_state = replace(STATE_1, recorded=turned)
    assert to_bytes(turned_state) == to_bytes(STATE_1)


def test_a_file_is_readable_json_with_one_object_a_line() -> None:
    data = to_bytes(STATE_1)
    document = json.loads(data)
    assert document["format"] == "reconcile.state/2"
    assert sorted(document) == list(document)
    assert document["objects"][str(BOARD)]["values"]["days_of_week"] == ["Monday", "Thursday"]
    assert [line for line in data.decode().splitlines() if line.startswith('"sales/')] == [
        '"sales/schedule/recipe:Board_Pack":{"applied_at":"2026-11-22T14:00:00Z","certain":true,"file":"sälés.yaml",'
        '"id":"05v1","protect":true,"values":{"days_of_week":["Monday","Thursday"],"frequency":"weekly","n":1,'
        '"nested":[["a",1],[]],"x":null}},'
    ]


def test_true_and_one_stay_apart() -> None:
    values = parsed(to_bytes(STATE_1)).recorded[FLAGS].values
    assert [type(v) for v in values.values()] == [bool, bool]
    assert type(parsed(to_bytes(STATE_1)).recorded[BOARD].values["n"]) is int


def test_text_that_is_no_unicode_is_written_so_that_it_can_be_read() -> None:
    odd = State(lineage="x", serial=1, recorded={BOARD: Recorded(BOARD, {"a": "\ud800!"}, AT, file="f\udcff.yaml")})
    found = parsed(to_bytes(odd)).recorded[BOARD]
    assert (found.values, found.file) == ({"a": "?!"}, "f?.yaml")


def damage(path: list[str], value: Any) -> bytes:
    document = json.loads(to_bytes(STATE_1))
    inner = document
    for step in path[:-1]:
        inner = inner[step]
    if value is ...:
        del inner[path[-1]]
    else:
        inner[path[-1]] = value
    return json.dumps(document).encode()


OBJECT = ["objects", str(BOARD)]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "it is empty"),
        (b"\x00" * 4096, "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (to_bytes(STATE_1)[:-40], "cut short"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "no JSON object"),
        (b"{}", 'does not say `"format"'),
        (damage(["format"], "reconcile.lock/1"), 'does not say `"format"'),
        (damage(["format"], "reconcile.state/one"), 'does not say `"format"'),
        (damage(["format"], "reconcile.state/0"), "never was a version 0"),
        (damage(["lineage"], ...), "lineage: Field required"),
        (damage(["serial"], "12"), "serial: "),
        (damage(["extra"], 1), "extra: "),
        (damage([*OBJECT, "protect"], 1), "protect: "),
        (damage([*OBJECT, "values"], []), "values: "),
        (damage([*OBJECT, "values", "n"], 1.5), "n"),
        (damage([*OBJECT, "values", "n"], [1.5]), "which no value can be"),
        (damage([*OBJECT, "values", "n"], {"a": 1}), "n"),
        (damage([*OBJECT, "values", "n"], [{"a": 1}]), "which no value can be"),
        (damage(["objects", "sales"], json.loads(to_bytes(STATE_1))["objects"][str(BOARD)]), "is no address"),
        (damage(["apply"], {}), "apply.id: Field required"),
        (damage(["apply", "changes"], [1]), "apply.changes.0"),
    ],
)
def test_a_damaged_file_says_what_is_wrong_and_the_way_out(data: bytes, reason: str) -> None:
    with pytest.raises(StateDamaged) as caught:
        parsed(data)
    (diagnostic,) = caught.value.diagnostics
    assert (diagnostic.code, diagnostic.hint) == ("state-damaged", "the way out")
    assert diagnostic.detail.startswith("/srv/00000012.json cannot be read: ")
    assert reason in diagnostic.detail


def test_what_a_damaged_file_holds_is_not_shown() -> None:
    with pytest.raises(StateDamaged) as caught:
        parsed(damage(["serial"], "hunter2"))
    assert "hunter2" not in str(caught.value)


def test_a_newer_format_says_to_upgrade_even_when_its_shape_is_unknown() -> None:
    with pytest.raises(StateTooNew) as caught:
        parsed(b'{"format": "reconcile.state/3", "surprise": true}')
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "state-too-new"
    assert "reconcile.state/3" in diagnostic.detail
    assert "reconcile.state/2" in diagnostic.detail
    assert "upgrade the program" in diagnostic.hint


VERSION_1: dict[str, Any] = {
    "apply": {
        "applied_at": "2026-11-22T14:00:00Z",
        "by": "ann",
        "changes": [
            {
                "action": "delete",
                "address": "sales/schedule/recipe:A",
                "after": {},
                "before": {"frequency": "daily"},
                "error": None,
                "outcome": "done",
                "requests": [["DELETE", "/x"]],
            }
        ],
        "command": "reconcile apply",
        "commit": None,
        "host": "h",
        "id": "0a1b",
        "job": None,
        "outcome": "done",
    },
    "environment": "prod",
    "format": "reconcile.state/1",
    "lineage": "l",
    "objects": {
        "sales/schedule/recipe:B": {
            "applied_at": "2026-11-22T14:00:00Z",
            "certain": True,
            "file": "sales.yaml",
            "id": "05v",
            "protect": False,
            "values": {"frequency": "daily"},
        }
    },
    "serial": 3,
    "took_in": ["9f"],
    "written_at": "2026-11-22T14:00:01Z",
}


@pytest.mark.parametrize("has_apply", [True, False])
def test_a_file_of_version_1_is_read(has_apply: bool) -> None:
    document = VERSION_1 if has_apply else {**VERSION_1, "apply": None}
    state = parsed(json.dumps(document).encode())
    assert (state.serial, state.lineage, state.took_in, state.accounts) == (3, "l", ("9f",), {})
    assert [str(address) for address in state.recorded] == ["sales/schedule/recipe:B"]
    if has_apply:
        assert state.apply
        assert (state.apply.origin.id, state.apply.plan, state.apply.undoes) == ("0a1b", None, None)
    assert parsed(to_bytes(state)) == state


def older(upgrades: dict[int, Upgrade]) -> Family[StateDocument]:
    """The family as if there had been versions before the first."""
    return Family("state", 2, StateDocument, upgrades)


def test_an_older_version_is_brought_up_step_by_step() -> None:
    old = json.loads(to_bytes(STATE_1)) | {"format": "reconcile.state/1", "number": 12}
    del old["serial"]

    def number_became_serial(document: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in document.items() if name != "number"} | {"serial": document["number"]}

    family = older({1: number_became_serial})
    assert from_bytes(json.dumps(old).encode(), "p", "h", family) == STATE_1


@pytest.mark.parametrize("number", ["reconcile.state/1", "reconcile.state/01"])
def test_an_older_version_that_is_damaged_is_damaged(number: str) -> None:
    old = json.dumps({"format": number}).encode()
    with pytest.raises(StateDamaged, match="not what version 1 was"):
        from_bytes(old, "p", "h", older({1: lambda d: {**d, "serial": d["number"]}}))
    with pytest.raises(StateDamaged, match="lineage: Field required"):
        from_bytes(old, "p", "h", older({1: lambda d: d}))


def test_every_released_version_has_its_way_up() -> None:
    assert set(STATE.upgrades) == set(range(1, STATE.version))
    assert STATE.format == "reconcile.state/2"
    assert issubclass(StateDamaged, StateError)
