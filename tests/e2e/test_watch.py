"""`watch`: the check of `drift` again and again, in a process that lives until it is told to stop."""

from __future__ import annotations

import json
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from e2e.harness import World, ended, recipe, until

NINE = {"frequency": "daily", "time": {"hour": 9, "minute": 0, "timeZone": "UTC"}}


@pytest.fixture
def applied(world: World) -> World:
    world.sales(recipe("Board_Pack"), recipe("Month_Close"))
    world.apply()
    world.forget_log()
    return world


class Watch:
    """A watch of a period of one second, as a process. ``port`` serves its health."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        assert process.stderr is not None
        first = process.stderr.readline()
        assert "http://127.0.0.1:" in first, first + process.stderr.read()
        self.http = httpx.Client(base_url=first.split()[-1].removesuffix("/readyz"), trust_env=False, timeout=30)
        # What is not read stops whoever writes it.
        self.err: list[str] = []
        self._reader = threading.Thread(target=lambda: self.err.extend(process.stderr or ()))
        self._reader.start()

    def round(self) -> Any:
        """Return the next round."""
        assert self.process.stdout is not None
        return json.loads(self.process.stdout.readline())

    def until(self, result: str) -> Any:
        """Return the first round from now that ended like this."""
        while (found := self.round())["result"] != result:
            pass
        return found

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        self.process.wait(60)
        self._reader.join()
        return self.process.returncode

    def close(self) -> None:
        self.http.close()
        self.process.kill()
        self.process.wait()
        self._reader.join()
        for stream in (self.process.stdout, self.process.stderr):
            if stream:
                stream.close()


@contextmanager
def watching(world: World, *arguments: str) -> Iterator[Watch]:
    watch = Watch(world.start("watch", "--every", "1s", "--port", "0", "--format", "json", *arguments))
    try:
        yield watch
    finally:
        watch.close()


def numbers(text: str) -> dict[tuple[str, frozenset[str]], float]:
    return {
        (sample.name, frozenset(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_rounds_follow_what_happens(applied: World) -> None:
    """In sync, drift, wrong files, in sync again: each round reads everything anew, and none ends the process."""
    with watching(applied) as watch:
        first = watch.round()
        assert (first["format"], first["round"], first["result"]) == ("reconcile.watch/1", 1, "in-sync")
        applied.by_hand("recipe", "Board_Pack", NINE)
        found = watch.until("drift")
        assert [each["address"] for each in found["drift"]] == ["sales/schedule/recipe:Board_Pack"]
        assert found["drift"][0]["fields"] == [{"path": "time", "before": "01:00", "after": "09:00"}]
        good = (applied.root / "sales.yaml").read_text()
        applied.write("sales.yaml", "connection: sales\nschedules: [{recipee: x}]\n")
        broken = watch.until("failed")
        assert broken["drift"] is None
        assert {each["code"] for each in broken["diagnostics"]} == {"unknown-field", "missing-field"}
        applied.write("sales.yaml", good)
        applied.apply()
        assert watch.until("in-sync")["round"] > broken["round"]
        assert watch.stop() == 0
    writes = [each for each in applied.sent() if each[0] != "GET"]
    assert len(writes) == 1, "apply's own"


def test_a_platform_that_does_not_answer_is_a_failed_round(applied: World) -> None:
    """Nothing is said of objects that could not be read; and it is not ready when no check went well for long."""
    with watching(applied) as watch:
        watch.until("in-sync")
        assert watch.http.get("/readyz").status_code == 200
        assert watch.http.get("/healthz").text == "ok\n"
        applied.fault("status", status=500, method="GET", path="/wave/")
        failed = watch.until("failed")
        assert failed["unread"]
        assert numbers(watch.http.get("/metrics").text)["reconcile_unread_objects", frozenset({"sales"})] == 2
        until(lambda: watch.http.get("/readyz").status_code == 503)
        assert watch.http.get("/readyz").json()["result"] == "failed"
        assert watch.http.get("/healthz").status_code == 200
        applied.clear_faults()
        watch.until("in-sync")
        until(lambda: watch.http.get("/readyz").status_code == 200)


def test_numbers_for_an_operator(applied: World) -> None:
    """Served, and in the file; by connection and by the side that moved."""
    path = applied.home / "reconcile.prom"
    with watching(applied, "--metrics", str(path)) as watch:
        applied.by_hand("recipe", "Board_Pack", NINE)
        watch.until("drift")
        assert 'class="platform",connection="sales"} 1.0' in path.read_text()
        found = numbers(watch.http.get("/metrics").text)
        assert found["reconcile_drift_objects", frozenset({"sales", "platform"})] == 1
        assert found["reconcile_drift_objects", frozenset({"tailer", "platform"})] == 0
        assert found["reconcile_pending_changes", frozenset()] == 0
        assert found["reconcile_last_success_timestamp_seconds", frozenset()] > 1.7e9
        assert found["reconcile_rounds_total", frozenset({"drift"})] >= 1
        assert found["reconcile_rounds_total", frozenset({"failed"})] == 0
        assert found["reconcile_http_requests_total", frozenset({"sales", "200"})] >= 2
        assert watch.stop() == 0, "of drift the lines tell"
    assert numbers(path.read_text())["reconcile_command_exit_code", frozenset({"watch"})] == 0


def test_every_call_is_counted_once(applied: World) -> None:
    path = applied.home / "reconcile.prom"
    assert applied.run("watch", "--rounds", "1", "--metrics", str(path)).code == 0
    found = numbers(path.read_text())
    assert found["reconcile_http_requests_total", frozenset({"sales", "200"})] == len(applied.log())


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_it_stops_between_rounds(applied: World, number: int, code: int) -> None:
    process = applied.start("watch", "--every", "1h")
    assert process.stdout is not None
    assert " round 1: no drift in 2 recorded objects (" in process.stdout.readline()
    process.send_signal(number)
    result = ended(process)
    assert result.code == code, result
    assert result.out == ""
    assert "Traceback" not in result.err


def test_a_check_under_way_is_finished(applied: World) -> None:
    """What it found is told before the process ends."""
    applied.fault("delay", method="GET", path="/wave/", seconds=1.0)
    process = applied.start("watch", "--every", "1h")
    until(lambda: applied.log(method="GET"))
    process.send_signal(signal.SIGTERM)
    result = ended(process)
    assert result.code == 0, result
    assert " round 1: no drift" in result.out
    assert "stopping" in result.err


def test_a_second_signal_does_not_wait(applied: World) -> None:
    applied.fault("delay", method="GET", path="/wave/", seconds=30.0)
    process = applied.start("watch", "--every", "1h")
    until(lambda: applied.log(method="GET"))
    process.send_signal(signal.SIGTERM)
    process.send_signal(signal.SIGINT)
    result = ended(process)
    assert result.code in (0, 130), result
    assert result.out == ""
    assert "abandoned" in result.err


def test_so_many_rounds(applied: World) -> None:
    """One line each; what the files have to say is said once and not in every round."""
    applied.by_hand("recipe", "Board_Pack", NINE)
    applied.write("broken.yaml", "connection: sales\nschedules: [{recipee: x}]\n")
    result = applied.spawn("watch", "--every", "1s", "--rounds", "3", "--jitter")
    assert result.code == 1, result
    lines = result.out.splitlines()
    assert [line.split()[1:4] for line in lines] == [["round", f"{n}:", "FAILED:"] for n in (1, 2, 3)]
    assert result.err.count("error[unknown-field]") == 1


def test_after_so_many_rounds_the_exit_code_is_that_of_drift(applied: World) -> None:
    """As is the number of it. In the last round, that is: `tests/unit/engine/test_watching.py`."""
    path = applied.home / "reconcile.prom"

    def same(code: int) -> None:
        watch = applied.run("watch", "--rounds", "1", "--metrics", str(path), "--format", "json")
        assert (watch.code, applied.run("drift").code) == (code, code), watch
        assert numbers(path.read_text())["reconcile_command_exit_code", frozenset({"watch"})] == code

    same(0)
    applied.by_hand("recipe", "Board_Pack", NINE)
    same(5)
    applied.fault("status", status=500, method="GET", path="/wave/")
    same(1)
    applied.write("sales.yaml", "nonsense: 1\n")
    same(1)


def test_a_reader_who_leaves_ends_it(applied: World) -> None:
    """`| head`: nobody reads what it finds any more."""
    process = applied.start("watch", "--every", "1s")
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.wait(60) == 1
    assert process.stderr is not None
    assert "Traceback" not in process.stderr.read()
    process.stderr.close()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--every", "0s"], "at least 1s"),
        (["--every", "soon"], "no duration"),
        (["--metrics", "nowhere/x.prom"], "no folder nowhere"),
        (["--metrics", "-"], "not to stdout"),
        (["--format", "markdown"], "no --format markdown"),
        (["--rounds", "0"], "--rounds"),
        (["--rounds", "1", "--host", "", "--port", "0"], "it is empty"),
        (["--rounds", "1", "-C", "desired*"], "works on one workspace"),
    ],
)
def test_wrong_usage(applied: World, arguments: list[str], said: str) -> None:
    result = applied.run("watch", *arguments)
    assert result.code == 64, result
    assert said in result.err


def test_a_port_that_is_taken_ends_it_at_once(applied: World) -> None:
    port = applied.server.url.rpartition(":")[2]
    result = applied.run("watch", "--rounds", "1", "--port", port)
    assert result.code == 1
    assert "port-unusable" in result.err
    assert result.out == ""


def test_alerts_are_sent_once(applied: World) -> None:
    """Drift, a check that fails (the files are wrong by now), and works again: each is told once, in many rounds."""
    applied.workspace(top="alerts: {sinks: [{type: stdout}]}")
    with watching(applied, "--alert") as watch:
        assert watch.until("in-sync")["alerts"]["sent"] == []
        applied.by_hand("recipe", "Board_Pack", NINE)
        assert [each["kind"] for each in watch.until("drift")["alerts"]["sent"]] == ["drift"]
        assert watch.until("drift")["alerts"]["sent"] == []
        good = (applied.root / "sales.yaml").read_text()
        applied.write("sales.yaml", "nonsense: 1\n")
        assert [each["kind"] for each in watch.until("failed")["alerts"]["sent"]] == ["check-failed"]
        assert watch.until("failed")["alerts"]["sent"] == []
        applied.write("sales.yaml", good)
        assert [each["kind"] for each in watch.until("drift")["alerts"]["sent"]] == ["check-restored"]
        found = numbers(watch.http.get("/metrics").text)
        assert found["reconcile_alerts_total", frozenset({"sent"})] == 3


def test_nobody_to_tell_is_a_failed_round(applied: World) -> None:
    result = applied.run("watch", "--alert", "--rounds", "1")
    assert "no-sinks" in result.out
