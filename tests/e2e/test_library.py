"""``import reconcile``: the same engine, the same documents, and nothing of it in the way of the program around it."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

import reconcile
from e2e.harness import ALL_THREE, World, recipe

MINE, OTHER = "Mine_Alpha", "Mine_Beta"
# What differs between two plans of the same: who made it, and when.
OWN = frozenset({"id", "created_at", "start"})


def load(world: World, **more: Any) -> reconcile.Workspace:
    return reconcile.load(world.root, environ=world.env, **more)


def same(document: Any) -> Any:
    """Return a document without what is of the moment."""
    if isinstance(document, Mapping):
        return {key: same(value) for key, value in document.items() if key not in OWN}
    return [same(each) for each in document] if isinstance(document, list) else document


@pytest.fixture
def two(world: World) -> World:
    """Two recipes without a schedule, and files that ask for one each."""
    world.create("recipe", MINE)
    world.create("recipe", OTHER)
    world.sales(recipe(MINE), recipe(OTHER))
    return world


# -- the way round -----------------------------------------------------------------------------------------------------


def test_a_plan_is_applied_and_nothing_is_left(two: World) -> None:
    workspace = load(two)
    plan = workspace.plan()
    assert [(str(each.address), each.action) for each in plan.changes] == [
        ("sales/schedule/recipe:Mine_Alpha", reconcile.Action.CREATE),
        ("sales/schedule/recipe:Mine_Beta", reconcile.Action.CREATE),
    ]
    applied = workspace.apply(plan)
    assert applied.verdict is reconcile.Verdict.DONE
    assert [each.outcome for each in applied.results] == [reconcile.Outcome.DONE] * 2
    assert (applied.serial, applied.diagnostics) == (1, ())
    assert workspace.plan().changes == ()
    two.settled()


def test_drift_is_found_and_named(two: World) -> None:
    workspace = load(two)
    workspace.apply(workspace.plan())
    assert workspace.drift().drift == ()
    at_five = {"hour": 5, "minute": 0, "timeZone": "UTC"}
    two.by_hand("recipe", MINE, {"frequency": "daily", "time": at_five})
    found = workspace.drift()
    assert [str(each.address) for each in found.drift] == ["sales/schedule/recipe:Mine_Alpha"]
    assert not found.failed


def test_a_selection_is_kept_to(two: World) -> None:
    workspace = load(two, select="sales/schedule/recipe:Mine_Alpha")
    assert [each.name for each in workspace.addresses] == ["recipe:Mine_Alpha"]
    assert len(workspace.apply(workspace.plan()).results) == 1
    assert len(load(two).plan().changes) == 1


def test_a_selection_that_names_nothing_is_an_error(two: World) -> None:
    with pytest.raises(reconcile.ConfigError) as error:
        load(two, select=["sales/schedule/recipe:Mine_Alpah"]).plan()
    assert error.value.diagnostics[0].code == "nothing-selected"


def test_drift_that_somebody_has_acknowledged_is_apart(two: World) -> None:
    two.apply()
    two.by_hand("recipe", MINE, None)
    address = f"sales/schedule/recipe:{MINE}"
    assert two.run("drift", "ack", address, "--until", "2999-01-01", "--reason", "on purpose").code == 0
    found = load(two).drift()
    assert found.drift == ()
    assert [str(each.address) for each in found.acknowledged] == [address]
    assert "on purpose" in found.to_text()
    assert same(found.to_json()) == same(two.run("drift", "--format", "json").json)


# -- the same as the command -------------------------------------------------------------------------------------------


def test_documents_are_those_of_the_commands(two: World) -> None:
    workspace = load(two)
    assert workspace.validate().to_json() == two.run("validate", "--format", "json").json
    assert same(workspace.plan().to_json(everything=True)) == same(two.plan("--all", "--zone", "UTC"))
    two.apply()
    two.by_hand("recipe", MINE, None)
    assert same(workspace.drift().to_json()) == same(two.run("drift", "--format", "json").json)
    assert workspace.history().to_json() == two.run("history", "--format", "json").json
    assert set(workspace.calendar().to_json()) == set(two.run("calendar", "--format", "json").json)


def test_a_result_is_that_of_the_command(two: World) -> None:
    mine = same(load(two).apply(approve=lambda plan: True).to_json())
    two.server.sandbox.reset("example")
    two.create("recipe", MINE)
    two.create("recipe", OTHER)
    for path in sorted((two.root / ".reconcile").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    theirs = same(two.run("apply", "--yes", "--format", "json", env={"TZ": "UTC"}).json)
    assert mine.keys() == theirs.keys()
    assert [each["address"] for each in mine["results"]] == [each["address"] for each in theirs["results"]]
    assert mine["summary"] == theirs["summary"]
    assert mine["plan"]["digest"] == theirs["plan"]["digest"]


def test_texts_are_those_of_the_commands(two: World) -> None:
    workspace = load(two)
    assert workspace.validate().to_text() == two.run("validate").out
    plan = workspace.plan()
    shown = two.run("plan", "--zone", "UTC").out
    assert plan.to_text(prefix="desired_state/").splitlines()[:5] == shown.splitlines()[:5]
    assert plan.digest in plan.to_text()
    assert MINE in plan.to_markdown()
    assert plan.to_html().startswith("<!DOCTYPE html>")


# -- plans that are kept -----------------------------------------------------------------------------------------------


def test_a_plan_of_the_library_is_applied_by_the_command(two: World, tmp_path: Path) -> None:
    load(two).plan().save(tmp_path / "plan.json")
    assert two.run("apply", str(tmp_path / "plan.json")).code == 0
    two.settled()


def test_a_plan_of_the_command_is_applied_by_the_library(two: World, tmp_path: Path) -> None:
    assert two.run("plan", "--out", str(tmp_path / "plan.json")).code == 0
    workspace = load(two)
    plan = workspace.load_plan(tmp_path / "plan.json")
    assert workspace.apply(plan).verdict is reconcile.Verdict.DONE
    two.settled()


def test_a_plan_is_applied_once(two: World) -> None:
    workspace = load(two)
    plan = workspace.plan()
    workspace.apply(plan)
    with pytest.raises(reconcile.Refused) as error:
        workspace.apply(plan)
    assert error.value.diagnostics[0].code == "plan-used"


def test_a_plan_is_stale_once_something_else_was_applied(two: World) -> None:
    plan = load(two).plan()
    load(two, select="*:Mine_Alpha").apply(approve=lambda plan: True)
    with pytest.raises(reconcile.Refused) as error:
        load(two).apply(plan)
    assert error.value.diagnostics[0].code == "plan-stale"


def test_what_moved_since_the_plan_is_left_alone(two: World) -> None:
    workspace = load(two)
    plan = workspace.plan()
    two.by_hand("recipe", MINE, {"frequency": "daily", "time": {"hour": 7, "minute": 0, "timeZone": "UTC"}})
    applied = workspace.apply(plan)
    assert applied.verdict is reconcile.Verdict.IN_PART
    assert {str(each.change.address): each.outcome.value for each in applied.results} == {
        "sales/schedule/recipe:Mine_Alpha": "refused",
        "sales/schedule/recipe:Mine_Beta": "done",
    }


def test_a_plan_of_another_workspace_is_refused(two: World, tmp_path: Path) -> None:
    plan = load(two).plan()
    other = World(tmp_path / "other", two.server, two.http)
    other.workspace()
    other.sales(recipe(MINE))
    with pytest.raises(reconcile.Refused) as error:
        load(other).apply(plan)
    assert error.value.diagnostics[0].code == "plan-workspace"


def test_it_does_not_read_the_files_again(two: World) -> None:
    workspace = load(two)
    two.sales(recipe(MINE))
    assert len(workspace.plan().changes) == 2
    assert len(load(two).plan().changes) == 1


def test_a_state_in_memory_lasts_as_long_as_the_workspace(two: World) -> None:
    two.workspace(top="state: memory://")
    workspace = load(two)
    workspace.apply(workspace.plan())
    assert len(workspace.history().ids) == 1
    assert load(two).history().ids == ()


# -- asking ------------------------------------------------------------------------------------------------------------


def test_nothing_is_applied_that_nobody_has_seen(two: World) -> None:
    with pytest.raises(TypeError, match="approve"):
        load(two).apply()


def test_whoever_is_asked_sees_the_plan_and_may_decline(two: World) -> None:
    seen: list[reconcile.Plan] = []

    def approve(plan: reconcile.Plan) -> bool:
        seen.append(plan)
        return False

    applied = load(two).apply(approve=approve)
    assert applied.verdict is reconcile.Verdict.DECLINED
    assert [len(plan.changes) for plan in seen] == [2]
    assert two.sent() == []


def test_what_whoever_is_asked_raises_passes_and_the_lock_is_free(two: World) -> None:
    def approve(plan: reconcile.Plan) -> bool:
        raise PermissionError(plan.id)

    workspace = load(two)
    with pytest.raises(PermissionError):
        workspace.apply(approve=approve)
    assert workspace.apply(approve=lambda plan: True).verdict is reconcile.Verdict.DONE


def test_a_plan_takes_no_more_wishes(two: World) -> None:
    workspace = load(two)
    with pytest.raises(TypeError, match="as it was made"):
        workspace.apply(workspace.plan(), allow_deletes=3)


def test_what_makes_no_sense_is_said_and_not_taken_for_nothing(two: World) -> None:
    workspace: Any = load(two)
    with pytest.raises(TypeError, match="load_plan"):
        workspace.apply("plan.json")
    for limit in (0, -1):
        with pytest.raises(ValueError, match="None is all"):
            workspace.history(limit=limit)
    for days in (0, -1, 10**9):
        with pytest.raises(ValueError, match="1 to 366"):
            workspace.calendar(days=days)
    with pytest.raises(ValueError, match="allow_deletes"):
        workspace.plan(allow_deletes=-1)
    with pytest.raises(ValueError, match="poll_interval"):
        workspace.run("refresh", poll_interval=0)
    assert two.sent() == []


def test_a_guard_refuses_as_a_value(two: World) -> None:
    two.apply()
    two.sales()
    applied = load(two).apply(approve=lambda plan: True)
    assert applied.verdict is reconcile.Verdict.REFUSED
    plan = load(two).plan()
    assert [each.code for each in plan.refusals] == ["guard-deletes"]
    assert load(two).apply(plan).verdict is reconcile.Verdict.REFUSED
    assert load(two).apply(approve=lambda plan: True, allow_deletes=2).verdict is reconcile.Verdict.DONE


# -- pipelines ---------------------------------------------------------------------------------------------------------

REFRESH = """\
connection: tamr
pipelines:
  refresh:
    steps:
      source_a: {tamr.load: {source: src_a}}
      output:   {tamr.publish: {destination: Test 123, data_product: dp_xyz}, needs: [source_a]}
"""


@pytest.fixture
def tamr(world: World) -> World:
    world.write("reconcile.yaml", ALL_THREE)
    world.write("pipelines.yaml", REFRESH)
    world.switch(tamr_pending_seconds=0.02, tamr_running_seconds=0.1, tamr_stopping_seconds=0.05)
    return world


def test_a_pipeline_runs_to_its_end_once_under_a_key(tamr: World) -> None:
    states: list[tuple[str, str]] = []

    def hear(event: reconcile.Event) -> None:
        if isinstance(event, reconcile.StepMoved) and event.is_news:
            states.append((event.step, event.state))

    workspace = load(tamr, on_event=hear)
    assert workspace.pipelines == ("refresh",)
    done = workspace.run("refresh", once="monday", poll_interval=0.05)
    assert (done.state, done.is_over, done.diagnostics) == (reconcile.RunState.SUCCEEDED, True, ())
    assert done.steps == {"source_a": "succeeded", "output": "succeeded"}
    assert states.index(("source_a", "succeeded")) < states.index(("output", "running"))
    again = workspace.run("refresh", once="monday", poll_interval=0.05)
    assert again.id == done.id
    assert done.to_json() == tamr.run("runs", done.id, "--format", "json").json
    assert "refresh" in done.to_text()


def test_a_run_that_is_left_goes_on_and_can_be_gone_on_with(tamr: World) -> None:
    tamr.switch(tamr_running_seconds=3600)
    control = reconcile.Control()

    def hear(event: reconcile.Event) -> None:
        if isinstance(event, reconcile.StepMoved) and event.state == "running":
            control.leave()

    left = load(tamr, on_event=hear).run("refresh", poll_interval=0.05, control=control)
    assert not left.is_over
    assert [each.code for each in left.diagnostics] == ["run-left"]
    control = reconcile.Control()
    control.stop()
    over = load(tamr).run("refresh", poll_interval=0.05, control=control)
    assert (over.id, over.is_over, over.state) == (left.id, True, reconcile.RunState.STOPPED)


def test_a_pipeline_that_is_not_there_is_named(tamr: World) -> None:
    with pytest.raises(reconcile.ConfigError) as error:
        load(tamr).run("refrsh")
    assert (error.value.diagnostics[0].code, error.value.diagnostics[0].hint) == (
        "unknown-pipeline",
        'did you mean "refresh"?',
    )


# -- events and stopping -----------------------------------------------------------------------------------------------


def test_events_come_in_order_and_one_at_a_time(two: World) -> None:
    events: list[reconcile.Event] = []
    inside = threading.Lock()

    def hear(event: reconcile.Event) -> None:
        assert inside.acquire(blocking=False)
        events.append(event)
        inside.release()

    workspace = load(two, on_event=hear)
    workspace.apply(workspace.plan())
    kinds = [type(event) for event in events]
    assert kinds[:2] == [reconcile.ReadingBegan, reconcile.ReadingEnded]
    began = kinds.index(reconcile.ApplyBegan)
    ended = [event for event in events[began:] if isinstance(event, reconcile.ChangeEnded)]
    assert [event.done for event in ended] == [1, 2]
    assert {event.outcome for event in ended} == {"done"}


def test_a_listener_that_fails_harms_nothing(two: World, caplog: pytest.LogCaptureFixture) -> None:
    def hear(event: reconcile.Event) -> None:
        raise RuntimeError("the progress bar broke")

    assert load(two, on_event=hear).apply(approve=lambda plan: True).verdict is reconcile.Verdict.DONE
    assert "the progress bar broke" in caplog.text
    assert {record.name for record in caplog.records} == {"reconcile"}


@pytest.mark.parametrize("as_event", [True, False])
def test_what_has_not_begun_is_not_begun_once_it_is_to_stop(two: World, as_event: bool) -> None:
    flag = threading.Event()
    flag.set()
    stopping = flag if as_event else flag.is_set
    applied = load(two).apply(approve=lambda plan: True, stopping=stopping)
    assert [each.outcome for each in applied.results] == [reconcile.Outcome.SKIPPED] * 2
    assert applied.verdict is reconcile.Verdict.FAILED
    assert two.sent() == []
    assert load(two).apply(approve=lambda plan: True).verdict is reconcile.Verdict.DONE


def test_a_question_that_fails_counts_as_yes(two: World, caplog: pytest.LogCaptureFixture) -> None:
    def stopping() -> bool:
        raise RuntimeError("the queue is gone")

    applied = load(two).apply(approve=lambda plan: True, stopping=stopping)
    assert {each.outcome for each in applied.results} == {reconcile.Outcome.SKIPPED}
    assert "the queue is gone" in caplog.text


# -- errors and secrets ------------------------------------------------------------------------------------------------


def test_every_error_of_the_files_comes_at_once_with_its_place(two: World) -> None:
    two.write(
        "wrong.yaml", "connection: sales\nschedules:\n  - {recipe: A, frequncy: daily}\n  - {recipe: B, tme: 1}\n"
    )
    with pytest.raises(reconcile.ConfigError) as error:
        load(two)
    places = {str(each.span) for each in error.value.diagnostics if each.span}
    assert any(place.startswith("wrong.yaml:3:") for place in places)
    assert any(place.startswith("wrong.yaml:4:") for place in places)
    text = reconcile.error_text(error.value, prefix="desired_state/")
    assert text == two.run("validate").err
    assert reconcile.error_json(error.value) == two.run("validate", "--format", "json").json


def test_a_folder_without_a_workspace_is_named(tmp_path: Path) -> None:
    with pytest.raises(reconcile.ConfigError, match=r"path .*nowhere is no folder"):
        reconcile.load(tmp_path / "nowhere", environ={})


def _fails_elsewhere(root: str, environ: dict[str, str]) -> None:
    reconcile.load(root, env="staging", environ=environ)


def test_an_error_comes_back_from_another_process_as_it_is(two: World) -> None:
    with (
        ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool,
        pytest.raises(reconcile.ConfigError, match="no environment") as error,
    ):
        pool.submit(_fails_elsewhere, str(two.root), two.env).result(timeout=60)
    assert [each.code for each in error.value.diagnostics] == ["unknown-environment"]
    assert "staging" in reconcile.error_text(error.value)


def test_a_platform_that_does_not_answer_is_in_the_plan_and_no_exception(two: World) -> None:
    two.fault("status", status=503, path="/services/data")
    plan = load(two).plan()
    assert plan.has_errors
    assert {each.code for each in plan.diagnostics if each.is_error} & {"unavailable", "platform-error", "unread"}
    checked = load(two).drift()
    assert checked.failed


def test_no_secret_is_in_anything_that_can_be_printed(two: World) -> None:
    workspace = load(two)
    secrets = [two.env["SF_CLIENT_SECRET"], two.env["TAILER_API_JWT"]]
    plan = workspace.plan()
    applied = workspace.apply(plan)
    told = [
        workspace,
        plan,
        applied,
        workspace.drift(),
        workspace.history(),
        workspace.validate(),
        workspace.calendar(),
    ]
    texts = [repr(each) for each in told] + [plan.to_text(requests=True), plan.to_html(), json.dumps(applied.to_json())]
    assert not [text for text in texts for secret in secrets if secret in text]


def test_secrets_of_one_workspace_are_not_those_of_another(two: World) -> None:
    with pytest.raises(reconcile.ConfigError) as error:
        reconcile.load(two.root, environ={**two.env, "SF_CLIENT_SECRET": MINE})
    assert error.value.diagnostics[0].code == "secret-as-value"
    assert MINE in load(two).plan().to_text()


# -- in a program of somebody else's -----------------------------------------------------------------------------------


def test_it_needs_neither_the_environment_nor_the_current_folder(two: World, tmp_path: Path) -> None:
    before, handlers = dict(os.environ), [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)]
    out, err = StringIO(), StringIO()
    here = Path.cwd()
    workspace = load(two)
    gone = tmp_path / "gone"
    gone.mkdir()
    os.chdir(gone)
    try:
        gone.rmdir()
        with redirect_stdout(out), redirect_stderr(err):
            assert workspace.apply(load(two).plan()).verdict is reconcile.Verdict.DONE
    finally:
        os.chdir(here)
    assert (out.getvalue(), err.getvalue()) == ("", "")
    assert dict(os.environ) == before
    assert [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)] == handlers


def test_two_workspaces_work_side_by_side(two: World, tmp_path: Path) -> None:
    names = ["Side_A", "Side_B"]
    worlds = [World(tmp_path / name, two.server, two.http) for name in names]
    for name, world in zip(names, worlds, strict=True):
        two.create("recipe", name)
        world.workspace()
        world.sales(recipe(name))

    def work(world: World) -> list[str]:
        workspace = load(world)
        applied = workspace.apply(workspace.plan())
        assert workspace.drift().drift == ()
        return [each.change.address.name for each in applied.results]

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(work, worlds)) == [["recipe:Side_A"], ["recipe:Side_B"]]


def test_one_workspace_serves_several_threads(two: World) -> None:
    workspace = load(two)
    with ThreadPoolExecutor(4) as pool:
        plans = list(pool.map(lambda _: workspace.plan(), range(4)))
    assert len({plan.digest for plan in plans}) == 1
    assert len({plan.id for plan in plans}) == 4
    assert workspace.apply(plans[2]).verdict is reconcile.Verdict.DONE
    with pytest.raises(reconcile.Refused):
        workspace.apply(plans[0])


def test_of_two_applies_to_one_environment_one_is_refused(two: World) -> None:
    workspace = load(two)

    def approve(plan: reconcile.Plan) -> bool:
        with pytest.raises(reconcile.LockHeld):
            load(two).apply(approve=lambda plan: True)
        return True

    assert workspace.apply(approve=approve).verdict is reconcile.Verdict.DONE


def test_a_listener_may_use_the_workspace(two: World) -> None:
    found: list[int] = []

    def hear(event: reconcile.Event) -> None:
        if isinstance(event, reconcile.ApplyBegan):
            found.append(len(load(two).history().ids))

    load(two, on_event=hear).apply(approve=lambda plan: True)
    assert found


def test_the_history_says_which_program_did_it_and_for_whom(two: World) -> None:
    applied = load(two, program="nightly", by="ada").apply(approve=lambda plan: True)
    first = load(two).history().to_json()["applies"][0]
    assert (first["id"], first["by"], first["command"]) == (applied.id, "ada", "nightly: apply")


TRACED = """
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
import reconcile

exporter = InMemorySpanExporter()
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(exporter))
trace.set_tracer_provider(provider)
with trace.get_tracer("mine").start_as_current_span("nightly"):
    reconcile.load("desired_state").plan()
names = {span.context.span_id: span.name for span in exporter.get_finished_spans()}
(plan,) = [span for span in exporter.get_finished_spans() if span.name == "reconcile plan"]
print(names[plan.parent.span_id])
"""


def test_an_operation_is_a_span_below_that_of_the_program(two: World) -> None:
    pytest.importorskip("opentelemetry.sdk")
    command = [sys.executable, "-c", TRACED]
    done = subprocess.run(command, cwd=two.home, env=two.env, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "nightly\n"), done.stderr
