"""What every command tells machines beside its result: numbers in a file, JSON lines on stderr, spans."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from e2e.harness import World, recipe

NINE = {"frequency": "daily", "time": {"hour": 9, "minute": 0, "timeZone": "UTC"}}

# What a host does that wants spans: set the SDK up before the program begins. Here they go to a file.
HOST = """\
import os
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

class ToFile(SpanExporter):
    def export(self, spans):
        with open(os.environ["SPANS"], "a") as file:
            file.writelines(span.to_json(indent=None) + "\\n" for span in spans)
        return SpanExportResult.SUCCESS

provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(ToFile(), schedule_delay_millis=3_600_000))
trace.set_tracer_provider(provider)
"""


@pytest.fixture
def applied(world: World) -> World:
    world.sales(recipe("Board_Pack"), recipe("Month_Close"))
    world.apply()
    world.forget_log()
    return world


def numbers(path: Path) -> dict[tuple[str, frozenset[str]], float]:
    return {
        (sample.name, frozenset(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(path.read_text())
        for sample in family.samples
    }


def lines(text: str) -> list[Any]:
    return [json.loads(line) for line in text.splitlines()]


# -- numbers -----------------------------------------------------------------------------------------------------------


def test_numbers_of_plan_apply_and_drift(applied: World) -> None:
    """Each writes the file anew: what is pending, what was done, what drifted; and how it ended."""
    path = applied.home / "reconcile.prom"
    applied.sales(recipe("Board_Pack", time="02:00"), recipe("Month_Close"))
    assert applied.run("plan", "--metrics", str(path)).code == 0
    found = numbers(path)
    assert found["reconcile_plan_changes", frozenset({"sales", "update"})] == 1
    assert found["reconcile_plan_refusals", frozenset()] == 0
    assert applied.run("apply", "--yes", "--metrics", str(path)).code == 0
    assert numbers(path)["reconcile_apply_changes", frozenset({"sales", "done"})] == 1
    applied.by_hand("recipe", "Board_Pack", NINE)
    assert applied.run("drift", env={"RECONCILE_METRICS": str(path)}).code == 5
    found = numbers(path)
    assert found["reconcile_drift_objects", frozenset({"sales", "platform"})] == 1
    assert found["reconcile_command_exit_code", frozenset({"drift"})] == 5
    assert found["reconcile_http_requests_total", frozenset({"sales", "200"})] >= 2
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_the_file_is_written_when_the_command_fails(applied: World) -> None:
    """It says so, says nothing of drift, and keeps the time of the last success; also after wrong usage."""
    path = applied.home / "reconcile.prom"
    assert applied.run("drift", "--metrics", str(path)).code == 0
    last = numbers(path)["reconcile_last_success_timestamp_seconds", frozenset()]
    applied.fault("status", status=500, method="GET", path="/wave/")
    assert applied.run("drift", "--metrics", str(path)).code == 1
    found = numbers(path)
    assert found["reconcile_unread_objects", frozenset({"sales"})] == 2
    assert found["reconcile_http_retries_total", frozenset({"sales"})] >= 1
    applied.write("sales.yaml", "nonsense: 1\n")
    assert applied.run("drift", "--metrics", str(path)).code == 1
    found = numbers(path)
    assert found["reconcile_command_exit_code", frozenset({"drift"})] == 1
    assert found["reconcile_last_success_timestamp_seconds", frozenset()] == last
    assert found["reconcile_last_check_timestamp_seconds", frozenset()] > last
    assert found["reconcile_check_duration_seconds", frozenset()] > 0
    assert not [name for name, _ in found if name == "reconcile_drift_objects"]
    assert applied.run("drift", "--metrics", str(path), "--format", "html").code == 64
    assert numbers(path)["reconcile_command_exit_code", frozenset({"drift"})] == 64


def test_numbers_that_cannot_be_written_change_no_exit_code(applied: World) -> None:
    folder = applied.home / "reconcile.prom"
    folder.mkdir()
    result = applied.run("drift", "--metrics", str(folder))
    assert result.code == 0, result
    assert "warning[metrics-not-written]" in result.err


# -- logs --------------------------------------------------------------------------------------------------------------


def test_stderr_is_json_lines_and_stdout_as_ever(applied: World) -> None:
    applied.sales(recipe("Board_Pack", time="02:00"), recipe("Month_Close"))
    as_text = applied.run("plan").out
    result = applied.run("plan", "--log-format", "json")
    assert result.out == as_text
    found = lines(result.err)
    events = [each["event"] for each in found]
    assert events[0] == "command_began"
    assert events[-1] == "command_ended"
    assert {"reading_began", "reading_ended"} <= set(events)
    assert found[-1]["exit_code"] == 0
    result = applied.run("apply", "--yes", env={"RECONCILE_LOG_FORMAT": "json"})
    ended = next(each for each in lines(result.err) if each["event"] == "change_ended")
    assert (ended["address"], ended["outcome"]) == ("sales/schedule/recipe:Board_Pack", "done")


def test_waits_and_errors_are_lines(applied: World) -> None:
    """A wait has its seconds, an error the fields of a diagnostic; no line holds a secret."""
    applied.fault("status", status=503, method="GET", path="/wave/")
    result = applied.spawn("drift", "--log-format", "json", "-v")
    assert result.code == 1
    found = lines(result.err)
    wait = next(each for each in found if each["event"] == "waiting")
    assert wait["connection"] == "sales"
    assert wait["seconds"] > 0
    error = next(each for each in found if each["event"] == "diagnostic")
    assert (error["level"], error["code"]) == ("error", "unavailable")
    assert not [secret for secret in _secrets(applied) if secret in result.err]


@pytest.mark.parametrize(
    ("arguments", "code"), [(["drfit"], 64), (["drift", "--nonsense"], 64), (["drift", "--format", "html"], 64)]
)
def test_wrong_usage_is_a_line_too(applied: World, arguments: list[str], code: int) -> None:
    result = applied.run(*arguments, "--log-format", "json")
    assert result.code == code
    (told,) = [each for each in lines(result.err) if each["event"] == "diagnostic"]
    assert (told["code"], told["level"]) == ("usage", "error")


def _secrets(world: World) -> list[str]:
    return [value for name, value in world.env.items() if any(word in name for word in ("SECRET", "JWT", "KEY"))]


# -- spans -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def host(tmp_path: Path) -> dict[str, str]:
    """Set up an SDK in every process that is given this environment."""
    folder = tmp_path / "host"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(HOST)
    return {"PYTHONPATH": str(folder), "SPANS": str(tmp_path / "spans")}


def spans(env: dict[str, str]) -> list[Any]:
    return lines(Path(env["SPANS"]).read_text())


def chain(span: Any, found: list[Any]) -> list[str]:
    """Return the names from a span up to the one that has no parent."""
    by_id = {each["context"]["span_id"]: each for each in found}
    names = [span["name"]]
    while span["parent_id"]:
        span = by_id[span["parent_id"]]
        names.append(span["name"])
    return names


def test_an_apply_as_spans(applied: World, host: dict[str, str]) -> None:
    """One trace: the command, plan and refresh, apply and its changes, each call with its status below what made it."""
    applied.sales(recipe("Board_Pack", time="02:00"), recipe("Month_Close", time="03:00"))
    result = applied.spawn("apply", "--yes", env=host)
    assert result.code == 0, result
    found = spans(host)
    assert len({each["context"]["trace_id"] for each in found}) == 1
    chains = [chain(each, found) for each in found]
    put = "PUT /services/data/v60.0/wave/asset/{}/schedule"
    assert chains.count([put, "change update", "apply", "reconcile apply"]) == 2
    assert ["refresh", "plan", "reconcile apply"] in chains
    (one,) = {json.dumps(each["attributes"], sort_keys=True) for each in found if each["name"] == put}
    assert json.loads(one) == {
        "http.request.method": "PUT",
        "http.request.resend_count": 0,
        "http.response.status_code": 200,
        "reconcile.connection": "sales",
        "url.template": "/services/data/v60.0/wave/asset/{}/schedule",
    }
    text = Path(host["SPANS"]).read_text()
    assert not [secret for secret in _secrets(applied) if secret in text]


def test_a_failure_as_spans(applied: World, host: dict[str, str]) -> None:
    applied.fault("status", status=503, method="GET", path="/wave/")
    assert applied.spawn("drift", env=host).code == 1
    found = spans(host)
    call = next(each for each in found if each["attributes"].get("http.response.status_code") == 503)
    assert call["attributes"]["http.request.resend_count"] == 2
    assert call["attributes"]["error.type"] == "503"
    command = next(each for each in found if each["name"] == "reconcile drift")
    assert command["attributes"]["reconcile.exit_code"] == 1
    assert command["status"]["status_code"] == "ERROR"


def test_an_sdk_that_cannot_be_loaded_keeps_no_command_from_its_work(applied: World) -> None:
    result = applied.spawn("drift", env={"OTEL_PYTHON_TRACER_PROVIDER": "no_such_provider"})
    assert result.code == 0, result


LOOK = """\
import sys
from reconcile.cli.main import run
run(sys.argv[1:])
print([name for name in sys.modules if name.split(".")[0] in ("opentelemetry", "prometheus_client")], file=sys.stderr)
"""


@pytest.mark.parametrize("arguments", [["--help"], ["watch", "--help"], ["drift"]])
def test_nothing_of_it_is_imported_without_need(applied: World, arguments: list[str]) -> None:
    """Neither for help nor for a command that nobody traces or measures."""
    done = subprocess.run(
        [sys.executable, "-c", LOOK, *arguments], cwd=applied.home, env=applied.env, capture_output=True, text=True
    )
    assert done.stderr.splitlines()[-1] == "[]"
