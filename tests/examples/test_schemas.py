"""What can be said of the examples without running them: they are strict YAML, fit their schemas, and are pinned."""

from __future__ import annotations

import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest

from reconcile.config.duration import seconds

from .steps import EXAMPLES, documents

YAML_FILES = sorted([*EXAMPLES.rglob("*.yaml"), *EXAMPLES.rglob("*.yml")])
SCHEMAS = {
    "github/reconcile.yml": "vendor.github-workflows",
    "github/action/action.yml": "vendor.github-actions",
    "gitlab/gitlab-ci.yml": "vendor.gitlab-ci",
}
KUBERNETES = sorted((EXAMPLES / "kubernetes").glob("*.yaml"))


def name_of(path: Path) -> str:
    return path.relative_to(EXAMPLES).as_posix()


def pods() -> list[Any]:
    found = []
    for path in KUBERNETES:
        for each in documents(path):
            spec = each["spec"]
            spec = spec["jobTemplate"]["spec"] if "jobTemplate" in spec else spec
            found += [pytest.param(spec["template"]["spec"], id=path.name)] if "template" in spec else []
    return found


def test_nothing_lies_beside_what_users_copy() -> None:
    # No cache of a tool that ran here.
    assert not [path for path in EXAMPLES.rglob(".*") if path.is_dir()]


@pytest.mark.parametrize("path", YAML_FILES, ids=name_of)
def test_every_file_is_strict_yaml(path: Path) -> None:
    assert all(documents(path))


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_file_fits_the_schema_of_who_reads_it(name: str) -> None:
    found = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", SCHEMAS[name], str(EXAMPLES / name)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert found.returncode == 0, found.stdout + found.stderr


@pytest.mark.parametrize("path", KUBERNETES, ids=name_of)
@pytest.mark.parametrize("version", ["1.31", "1.37"])
def test_manifests_fit_the_schema_of_kubernetes(path: Path, version: str) -> None:
    for document in documents(path):
        kubernetes_validate.validate(document, version, strict=True)


@pytest.mark.parametrize("pod", pods())
def test_a_pod_may_do_no_more_than_it_needs(pod: Any) -> None:
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] is False
    (container,) = pod["containers"]
    context = container["securityContext"]
    assert context["allowPrivilegeEscalation"] is False
    assert context["readOnlyRootFilesystem"] is True
    assert context["capabilities"] == {"drop": ["ALL"]}
    assert {"requests", "limits"} <= set(container["resources"])
    # Secrets come by reference, never as a value.
    assert not [each for each in container.get("env", ()) if re.search("SECRET|TOKEN|KEY", each["name"])]


def test_the_indexed_job_tells_its_pods_how_many_they_are() -> None:
    (job,) = documents(EXAMPLES / "kubernetes/fleet-job.yaml")
    (container,) = job["spec"]["template"]["spec"]["containers"]
    count = {each["name"]: each["value"] for each in container["env"]}["RECONCILE_SHARD_COUNT"]
    assert int(count) == job["spec"]["completions"]


def test_the_report_takes_every_result_of_its_round() -> None:
    (job,) = documents(EXAMPLES / "kubernetes/fleet-job.yaml")
    (_, report) = documents(EXAMPLES / "kubernetes/fleet-report.yaml")
    (container,) = report["spec"]["template"]["spec"]["containers"]
    (age,) = (after for before, after in pairwise(container["args"]) if before == "--max-age")
    assert seconds(age) > job["spec"]["activeDeadlineSeconds"]


def test_a_check_that_still_runs_is_not_overtaken() -> None:
    (job,) = documents(EXAMPLES / "kubernetes/cronjob.yaml")
    assert job["spec"]["concurrencyPolicy"] == "Forbid"


def test_every_action_is_pinned_to_a_commit_and_names_its_version() -> None:
    text = "".join((EXAMPLES / name).read_text() for name in ("github/reconcile.yml", "github/action/action.yml"))
    used = [line.strip() for line in text.splitlines() if "uses: " in line and "uses: ./" not in line]
    assert len(used) >= 4
    for line in used:
        assert re.search(r"uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line), line


def test_the_workflow_gives_each_job_what_it_needs_and_nothing_by_default() -> None:
    (workflow,) = documents(EXAMPLES / "github/reconcile.yml")
    assert workflow["permissions"] == {}
    rights = {name: job["permissions"] for name, job in workflow["jobs"].items()}
    assert {name for name, given in rights.items() if "write" in given.values()} == {"plan", "drift"}
    # Two applies at once are refused by the lock; here they wait for each other, and none is cut off.
    assert workflow["jobs"]["apply"]["concurrency"] == {"group": "reconcile-apply", "cancel-in-progress": False}
    assert "pull_request_target" not in workflow["on"]


def test_secrets_are_only_where_they_are_needed() -> None:
    # The check of the files installs a program and runs for everybody: it has nothing that could be taken.
    (workflow,) = documents(EXAMPLES / "github/reconcile.yml")
    assert "secrets." not in str({name: part for name, part in workflow.items() if name != "jobs"})
    assert {name for name, job in workflow["jobs"].items() if "secrets." in str(job)} == {"plan", "apply", "drift"}


def test_no_condition_looks_for_a_file_outside_the_checkout() -> None:
    # hashFiles knows the files of the checkout and no others: of any other it says that there is none.
    for name in ("github/reconcile.yml", "github/action/action.yml"):
        assert "hashFiles" not in (EXAMPLES / name).read_text()


def test_no_expression_stands_in_a_script() -> None:
    # What a pull request may choose (a branch's name) must not become shell.
    for name in ("github/reconcile.yml", "github/action/action.yml"):
        (found,) = documents(EXAMPLES / name)
        jobs = found["jobs"].values() if "jobs" in found else [found["runs"]]
        assert all("${{" not in step.get("run", "") for job in jobs for step in job["steps"])


def scripts() -> list[Any]:
    found = []
    for name in ("github/reconcile.yml", "github/action/action.yml"):
        (document,) = documents(EXAMPLES / name)
        jobs = document["jobs"].values() if "jobs" in document else [document["runs"]]
        found += [(name, step["run"]) for job in jobs for step in job["steps"] if "run" in step]
    (gitlab,) = documents(EXAMPLES / "gitlab/gitlab-ci.yml")
    found += [("gitlab", "\n".join(job["script"])) for job in gitlab.values() if "script" in job]
    return [pytest.param(script, id=f"{name}-{number}") for number, (name, script) in enumerate(found)]


@pytest.mark.parametrize("script", scripts())
def test_shellcheck_has_nothing_to_say(script: str) -> None:
    program = Path(sys.executable).parent / "shellcheck"
    found = subprocess.run(
        [str(program), "--shell=bash", "-"], input=script, capture_output=True, text=True, timeout=60, check=False
    )
    assert found.returncode == 0, found.stdout
