"""What others rely on: the names, that type checkers see the same ones, and that they cost nothing."""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

import reconcile
from reconcile.core import errors
from reconcile.engine.events import Event

ROOT = Path(__file__).parents[3]
STUB = ROOT / "src/reconcile/__init__.pyi"
CLASSES = ("Workspace", "Plan", "Applied", "Checked", "Validated", "Calendar", "History", "PipelineRun")

# What somebody who embeds it writes, wrong at the two marked places.
CONSUMER = """\
import threading
from pathlib import Path

import reconcile

flag = threading.Event()


def listen(event: reconcile.Event) -> None:
    match event:
        case reconcile.ChangeEnded(address=address, outcome=outcome):
            print(address.connection, outcome.upper())
        case reconcile.Waiting(seconds=seconds):
            print(seconds + 1)


def deploy(folder: Path) -> reconcile.Verdict:
    workspace = reconcile.load(folder, env="prod", select=["sales/*"], on_event=listen)
    plan = workspace.plan(allow_deletes=2)
    document: dict[str, object] = plan.to_json()
    for change in plan.changes:
        reveal_type(change.address)
    try:
        applied = workspace.apply(plan, stopping=flag)
    except reconcile.LockHeld as error:
        print(error.diagnostics[0].hint, document)
        raise
    reveal_type(applied.results)
    return applied.verdict


reconcile.load(1)  # wrong
reconcile.lod()  # wrong
"""


def test_type_checkers_see_every_public_name_and_no_other() -> None:
    tree = ast.parse(STUB.read_text(encoding="utf-8"))
    imported = {a.asname: node.module for node in tree.body if isinstance(node, ast.ImportFrom) for a in node.names}
    listed = next(ast.literal_eval(node.value) for node in tree.body if isinstance(node, ast.Assign))
    assert sorted(listed) == sorted(reconcile.__all__)
    assert imported == vars(reconcile)["_HOMES"]


@pytest.mark.parametrize("name", reconcile.__all__)
def test_every_public_name_is_there_and_documented(name: str) -> None:
    found = getattr(reconcile, name)
    if inspect.isclass(found) or inspect.isfunction(found):
        assert (found.__doc__ or "").strip()
    page = (ROOT / "docs/embedding.md").read_text(encoding="utf-8")
    assert re.search(rf"\b{name}\b", page)


@pytest.mark.parametrize("name", CLASSES)
def test_everything_public_of_a_class_is_documented(name: str) -> None:
    page = (ROOT / "docs/embedding.md").read_text(encoding="utf-8")
    own = {each: found for each, found in vars(getattr(reconcile, name)).items() if not each.startswith("_")}
    assert [each for each in own if not re.search(rf"`\.?{each}\b", page)] == []
    assert [each for each, found in own.items() if callable(found) and not found.__doc__] == []


def test_every_event_and_every_error_is_public() -> None:
    assert {each.__name__ for each in get_args(Event)} <= set(reconcile.__all__)
    of_ours = {
        name for name, found in vars(errors).items() if inspect.isclass(found) and found.__module__ == errors.__name__
    }
    assert of_ours <= set(reconcile.__all__)


def test_a_name_that_is_not_there_is_the_usual_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'lod'"):
        reconcile.lod  # type: ignore[attr-defined]  # noqa: B018


def checked_strictly(folder: Path, text: str) -> str:
    """Return what mypy says of a program of somebody else's."""
    path = folder / "consumer.py"
    path.write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(folder / "cache"), str(path)]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, check=False).stdout


def test_a_strict_type_checker_understands_a_consumer_and_the_examples(tmp_path: Path) -> None:
    page = (ROOT / "docs/embedding.md").read_text(encoding="utf-8")
    examples = "\n".join(re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL))
    found = checked_strictly(tmp_path, f"{CONSUMER}\n{examples}")
    wrong = [number for number, line in enumerate(CONSUMER.splitlines(), 1) if line.endswith("# wrong")]
    places = [int(number) for number in re.findall(r"consumer\.py:(\d+): error", found)]
    assert places == wrong, found
    assert 'Revealed type is "reconcile.core.address.Address"' in found
    assert "tuple[reconcile.engine.apply.Result, ...]" in found


def test_importing_it_costs_nothing() -> None:
    code = (
        "import sys, reconcile; heavy = {'pydantic', 'httpx', 'deepdiff', 'yaml', 'click', 'obstore'};"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules); assert 'load' in dir(reconcile);"
        "from reconcile import load; assert 'click' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
