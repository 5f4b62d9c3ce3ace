"""Whole cases, end to end: files and live state in; plan as text and as JSON, and what apply really sent, out.

A case is a folder: ``desired/`` the workspace, ``live.json`` what is on the platforms, ``before/`` (if there) files
that are applied first. ``RECONCILE_UPDATE_GOLDEN=1`` writes ``plan.txt``, ``plan.json`` and ``requests.txt`` anew.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from e2e.harness import Result, World
from reconcile.core.lint import LINTS

HERE = Path(__file__).parent
CASES = sorted(path.parent for path in HERE.glob("*/live.json"))
UPDATES = bool(os.environ.get("RECONCILE_UPDATE_GOLDEN"))

_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(Z| UTC)")
_EFFECT = re.compile(r"^    => .*$", re.MULTILINE)
# It hangs on where the connections lead: to another port each time.
_DIGEST = re.compile(r"\b[0-9a-f]{64}\b")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_golden(world: World, case: Path) -> None:
    """The plan, and the calls, are as they were when somebody last looked at them and found them right."""
    live = json.loads((case / "live.json").read_text())
    words = live.get("options", [])
    world.admin("POST", "reset", {"seed": live.get("seed", "empty")})
    world.switch(**live.get("switches", {}))
    for asset in live.get("assets", []):
        world.create(**asset)
    for deployed in live.get("deployed", []):
        world.admin("POST", "tailer/deploy", deployed)
    if (case / "before").exists():
        _workspace(world, case / "before")
        assert world.run("apply", "--yes", *words).code == 0
    for place, schedule in live.get("by_hand", {}).items():
        kind, name = place.split("/")
        world.by_hand(kind, name, schedule)
    for name in live.get("removed", []):
        world.remove_asset(name)
    _workspace(world, case / "desired")
    ids = {a["id"]: f"<{a['type']}:{a['name']}>" for a in world.admin("GET", "state")["crm_analytics"]["assets"]}
    text, document = world.run("plan", "--requests", *words), world.run("plan", "--format", "json", *words)
    world.forget_log()
    applied = world.run("apply", "--yes", *words)
    _compare(case / "plan.txt", _plain(text.out, ids))
    _compare(case / "plan.json", _plain(_document(document), ids))
    _compare(case / "requests.txt", _plain(_requests(world, document, applied), ids))
    planned = [(r["method"], r["path"], r["body"]) for c in document.json["changes"] for r in c["requests"]]
    assert sorted(world.sent(), key=str) == ([] if document.json["refused"] else sorted(planned, key=str))
    if applied.code == 0:
        assert world.run("plan", "--detailed-exitcode", *words).code == 0


def _workspace(world: World, files: Path) -> None:
    for old in world.root.iterdir():
        if old.name != ".reconcile":
            shutil.rmtree(old) if old.is_dir() else old.unlink()
    shutil.copytree(files, world.root, dirs_exist_ok=True)
    if not (files / "reconcile.yaml").exists():
        world.workspace(crm="concurrency: 1", tailer="concurrency: 1")


def _document(plan: Result) -> str:
    document: Any = plan.json
    document |= {"id": "<id>", "base": {**document["base"], "lineage": "<lineage>"}}
    # What becomes of runs, and what findings say of dates, hangs on the day: tests/unit/render has it for one day.
    document["outlook"] = document["outlook"] and "<outlook>"
    for change in document["changes"]:
        change["effect"] = change["effect"] and "<effect>"
    for told in document["diagnostics"]:
        told["detail"] = "<finding>" if told["code"] in LINTS else told["detail"]
        told["hint"] = "<hint>" if told["code"] in LINTS else told["hint"]
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _requests(world: World, plan: Result, applied: Result) -> str:
    """Return what arrived: schedules by path, as none depends on another; Tailer's calls in their order."""
    sent: list[str] = []
    for method, path, body in world.sent():
        sent.append(f"{method} {path}" + ("" if body is None else " " + json.dumps(body, ensure_ascii=False)))
    schedules = sorted(line for line in sent if "/wave/" in line)
    ordered = [line for line in sent if "/wave/" not in line]
    return "\n".join([f"# plan exits {plan.code}, apply {applied.code}", *schedules, *ordered]) + "\n"


def _plain(text: str, ids: dict[str, str]) -> str:
    """Return the text with ids and times that differ from run to run by name."""
    for id_, name in ids.items():
        text = text.replace(id_, name)
    return _EFFECT.sub("    => <effect>", _DIGEST.sub("<digest>", _TIME.sub("<time>", text)))


def _compare(path: Path, found: str) -> None:
    if UPDATES:
        path.write_text(found, encoding="utf-8")
    assert path.exists(), f"{path.name} is missing: RECONCILE_UPDATE_GOLDEN=1 writes it"
    assert found == path.read_text(encoding="utf-8")
