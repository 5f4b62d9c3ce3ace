"""The Airflow DAG and the Dagster asset, run with stand-ins: the real packages are too large to install for this.

The stand-ins have the few names that the examples use and nothing of what these systems do around them; what is tested
is that the examples call the library as it is, and what they make of its answers.
"""

from __future__ import annotations

import runpy
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import httpx
import pytest

from e2e.harness import World, recipe
from reconcile.sandbox import Sandbox, Server

from .steps import EXAMPLES

AIRFLOW = EXAMPLES / "airflow/reconcile_drift.py"
DAGSTER = EXAMPLES / "dagster/reconcile_assets.py"


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with Server(Sandbox()) as server, httpx.Client(base_url=server.url, trust_env=False, timeout=30) as http:
        found = World(tmp_path, server, http)
        found.workspace(attempts=1)
        with (found.root / "reconcile.yaml").open("a") as file:
            file.write("environments: {prod: {}}\n")
        found.sales(recipe("R"))
        found.create("recipe", "R")
        for name, value in found.env.items():
            monkeypatch.setenv(name, value)
        monkeypatch.chdir(tmp_path)
        yield found


@dataclass
class Failure(Exception):
    description: str
    allow_retries: bool


@dataclass
class Bag:
    """Whatever was given, by name."""

    given: dict[str, Any] = field(default_factory=dict)

    def __getattr__(self, name: str) -> Any:
        return self.given[name]


def bag(**given: Any) -> Bag:
    return Bag(given)


def decorator(**_: Any) -> Callable[[Any], Any]:
    return lambda function: function


@pytest.fixture
def dagster(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("dagster")
    module.__dict__.update(
        AssetCheckResult=bag,
        AssetCheckSeverity=SimpleNamespace(ERROR="ERROR", WARN="WARN"),
        Definitions=bag,
        Failure=Failure,
        MaterializeResult=bag,
        MetadataValue=SimpleNamespace(md=str),
        asset=decorator,
        asset_check=decorator,
    )
    monkeypatch.setitem(sys.modules, "dagster", module)


@pytest.fixture
def airflow(monkeypatch: pytest.MonkeyPatch) -> dict[str, Callable[..., Any]]:
    """Stand in for Airflow; return the DAG's tasks by name."""
    tasks: dict[str, Callable[..., Any]] = {}

    def task(**_: Any) -> Callable[[Any], Any]:
        def keep(function: Callable[..., Any]) -> Callable[..., str]:
            tasks[function.__name__] = function
            return lambda *_: "a reference to what it will return"

        return keep

    module = ModuleType("airflow.decorators")
    module.__dict__.update(dag=decorator, task=task)
    monkeypatch.setitem(sys.modules, "airflow", ModuleType("airflow"))
    monkeypatch.setitem(sys.modules, "airflow.decorators", module)
    return tasks


def airflow_tasks(world: World, tasks: dict[str, Callable[..., Any]], tmp_path: Path) -> tuple[Any, Any]:
    """Read the DAG with the workspace of the test in it."""
    text = AIRFLOW.read_text().replace("/opt/airflow/desired_state", str(world.root))
    (tmp_path / "dag.py").write_text(text)
    runpy.run_path(str(tmp_path / "dag.py"))
    return tasks["look"], tasks["judge"]


def test_the_dag_fails_for_drift_and_not_without(
    world: World, airflow: dict[str, Callable[..., Any]], tmp_path: Path
) -> None:
    assert world.run("apply", "--yes", "--env", "prod").code == 0
    look, judge = airflow_tasks(world, airflow, tmp_path)
    document = look()
    assert document["format"] == "reconcile.drift/1"
    judge(document)
    world.by_hand("recipe", "R", None)
    with pytest.raises(Exception, match="sales/schedule/recipe:R"):
        judge(look())


def test_a_look_that_failed_is_tried_again_and_is_no_drift(
    world: World, airflow: dict[str, Callable[..., Any]], tmp_path: Path
) -> None:
    assert world.run("apply", "--yes", "--env", "prod").code == 0
    look, _ = airflow_tasks(world, airflow, tmp_path)
    world.fault("status", path="/wave/recipes", status=503)
    with pytest.raises(RuntimeError, match="503"):
        look()


@pytest.mark.usefixtures("dagster")
def test_the_asset_applies_and_its_check_sees_drift(world: World) -> None:
    found = runpy.run_path(str(DAGSTER))
    made = found["schedules"]()
    assert made.metadata["changes"] == 1
    assert world.live("R")["frequency"] == "daily"
    assert found["no_drift"]().passed
    world.by_hand("recipe", "R", None)
    seen = found["no_drift"]()
    assert (seen.passed, seen.severity) == (False, "WARN")
    assert "sales/schedule/recipe:R" in seen.metadata["drift"]
    world.fault("status", path="/wave/recipes", status=503)
    assert found["no_drift"]().severity == "ERROR"
    with pytest.raises(Failure):
        found["schedules"]()


@pytest.mark.parametrize("path", [AIRFLOW, DAGSTER], ids=["airflow", "dagster"])
def test_the_file_says_what_is_missing(path: Path) -> None:
    # Here neither is installed, which is how whoever reads it by mistake meets it.
    with pytest.raises(ImportError, match="is not installed here"):
        runpy.run_path(str(path))


def test_the_scripts_are_typed() -> None:
    files = [str(file) for file in sorted(EXAMPLES.rglob("*.py"))]
    assert len(files) == 4
    options = ["--strict", "--ignore-missing-imports", "--disable-error-code=untyped-decorator"]
    alone = ["--config-file=", "--cache-dir=/dev/null", "--follow-imports=silent"]
    found = subprocess.run(
        [sys.executable, "-m", "mypy", *options, *alone, *files],
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert found.returncode == 0, found.stdout
