"""The server's life, where it listens, and what survives a restart."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import httpx
import pytest

from reconcile.sandbox import Sandbox, Server, environment
from reconcile.sandbox.store import DELAY, FILE

from .client import TABLE, WEEKLY, Api


@contextmanager
def running(folder: Path | None, seed: str = "example", at: str | None = None) -> Iterator[Api]:
    sandbox = Sandbox(folder, seed)
    if at is not None:
        sandbox.clock.set(datetime.fromisoformat(at))
    with Server(sandbox) as server, httpx.Client(base_url=server.url) as http:
        yield Api(http, environment(server.url)["TAILER_API_JWT"])


def test_it_listens_on_loopback_only() -> None:
    with pytest.raises(ValueError, match="loopback only"):
        Server(Sandbox(), host="0.0.0.0")
    with Server(Sandbox(seed="empty")) as server:
        assert server.url.startswith("http://127.0.0.1:")
        assert httpx.get(f"{server.url}/_sandbox/log").status_code == 200


def test_a_taken_port_is_an_error_and_a_stopped_server_gives_it_back() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match="in use"):
            Server(Sandbox(), port).start()
    server = Server(Sandbox(), port)
    for _ in range(2):
        server.start()
        server.start()
        assert httpx.get(server.url).status_code == 200
        server.stop()
        server.stop()
        with pytest.raises(httpx.ConnectError):
            httpx.get(server.url)


def test_the_environment_is_what_the_simulators_accept() -> None:
    with running(None) as api:
        given = environment(str(api.http.base_url))
        assert set(given) == {
            "SF_INSTANCE_URL",
            "SF_CLIENT_ID",
            "SF_CLIENT_SECRET",
            "TAILER_URL",
            "TAILER_API_JWT",
            "TAMR_URL",
            "TAMR_API_KEY",
        }
        form = {
            "grant_type": "client_credentials",
            "client_id": given["SF_CLIENT_ID"],
            "client_secret": given["SF_CLIENT_SECRET"],
        }
        assert httpx.post(f"{given['SF_INSTANCE_URL']}/services/oauth2/token", data=form).status_code == 200
        jobs = httpx.get(f"{given['TAMR_URL']}/api/v1beta1/jobs", headers={"X-API-KEY": given["TAMR_API_KEY"]})
        assert jobs.status_code == 200
        assert api.flags().status_code == 200


def test_state_survives_a_restart(tmp_path: Path) -> None:
    with running(tmp_path) as api:
        api.put("Pipeline_Snapshot", WEEKLY)
        api.create("recipe", "Mine")
        api.flags(activated=False, archived=True)
        api.switch(put_response="object")
        api.tamr("POST", "jobs", {"configuration": {"load": {"sourceId": "src_a"}}})
        api.admin("PUT", "clock", {"advance": 3600})
        api.fault(kind="cut", path="/nowhere")
        before = api.admin("GET", "state")
    with running(tmp_path, "empty") as api:
        assert api.admin("GET", "state") == before | {"tamr": api.admin("GET", "state")["tamr"]}
        assert api.get("Pipeline_Snapshot")["frequency"] == "weekly"
        assert api.configuration(TABLE["configuration_id"])["archived"]
        assert len(api.admin("GET", "state")["tamr"]["jobs"]) == 1
        assert api.admin("GET", "faults")["faults"] == []
        assert api.create("recipe", "Next") not in {each["id"] for each in before["crm_analytics"]["assets"]}
        api.admin("POST", "reset", {"seed": "empty"})
    with running(tmp_path) as api:
        assert api.admin("GET", "state")["crm_analytics"]["assets"] == []


def test_jobs_and_runs_survive_a_restart_with_all_that_is_to_come(tmp_path: Path) -> None:
    with running(tmp_path, at="2026-11-22T12:00:00Z") as api:
        api.switch(crm_running_seconds=60, tailer_run_seconds=60)
        done, done_run = api.started("Board_Pack"), api.launch()
        long = {"type": "recipe", "name": "Adhoc_Export", "running_seconds": 130}
        api.admin("POST", "crm/jobs", {**long, "created_at": "2026-11-22T11:00:00Z"})
        api.script(of="Month_Close", outcome="failure", message="No", node="Transform", times=2)
        api.admin("PUT", "tailer/outcomes", {TABLE["configuration_id"]: {"outcome": "FAILED"}})
        api.pass_time(100)
        open_jobs = [api.started(name) for name in ("Month_Close", "Churn_Score")]
        refused = api.started("Churn_Score")
        open_run = api.launch()
        before = api.admin("GET", "state")
    with running(tmp_path, at="2026-11-22T12:01:40Z") as api:
        after = api.admin("GET", "state")
        assert after["crm_analytics"] == before["crm_analytics"] | {"calls": after["crm_analytics"]["calls"]}
        assert after["tailer"] == before["tailer"]
        assert api.job(refused)["status"] == "Failure"
        limits = api.crm("GET", "/services/data/v60.0/limits").json()
        assert limits["DailyAnalyticsDataflowJobExecutions"]["Remaining"] == 59
        api.pass_time(100)
        statuses = [api.job(job)["status"] for job in (done, *open_jobs)]
        assert statuses == ["Success", "Failure", "Success"]
        assert [api.run(run)["status"] for run in (done_run, open_run)] == ["SUCCESS", "SUCCESS"]
        assert api.started("Month_Close") not in (done, refused, *open_jobs)
        api.pass_time(100)
        assert api.jobs("status=Failure&q=month")[0]["message"] == "No"


def test_what_a_platform_call_changes_is_saved_by_itself(tmp_path: Path) -> None:
    with running(tmp_path):
        pass
    with running(tmp_path) as api:
        api.put("Pipeline_Snapshot", WEEKLY)
    with running(tmp_path) as api:
        assert api.get("Pipeline_Snapshot")["frequency"] == "weekly"


def test_a_change_is_on_disk_within_a_second_without_a_stop(tmp_path: Path) -> None:
    with running(tmp_path) as api:
        api.create("recipe", "Written_Soon")
        deadline = time.monotonic() + 1
        while time.monotonic() < deadline and "Written_Soon" not in _text(tmp_path):
            time.sleep(DELAY / 10)
        assert "Written_Soon" in _text(tmp_path)
    assert [each.name for each in tmp_path.iterdir()] == [FILE], "no temporary file stays"


def _text(folder: Path) -> str:
    path = folder / FILE
    return path.read_text() if path.exists() else ""


def test_without_a_folder_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with running(None) as api:
        api.put("Pipeline_Snapshot", WEEKLY)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", ["{", "[]", '{"format": 99}'])
def test_a_damaged_file_is_told_and_left_alone(tmp_path: Path, content: str) -> None:
    (tmp_path / FILE).write_text(content)
    with pytest.raises(ValueError, match="delete it"):
        Sandbox(tmp_path)
    assert (tmp_path / FILE).read_text() == content


def test_an_unknown_seed_is_an_error() -> None:
    with pytest.raises(ValueError, match="example, empty"):
        Sandbox(seed="demo")


def test_a_switch_that_is_no_more_is_dropped_on_load(tmp_path: Path) -> None:
    with running(tmp_path) as api:
        api.switch(put_response="object")
    path = tmp_path / FILE
    path.write_text(path.read_text().replace('"put_response":"object"', '"put_response":"song","gone":1'))
    assert Sandbox(tmp_path).switches["put_response"] == "empty"


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_serve_ends_in_order_on_a_signal(tmp_path: Path, sign: signal.Signals) -> None:
    program = (
        "import sys; from pathlib import Path; from reconcile.sandbox import Sandbox, Server\n"
        "server = Server(Sandbox(Path(sys.argv[1]))); server.start(); print(server.url, flush=True)\n"
        "server.serve(); print('bye', flush=True)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        with httpx.Client(base_url=url) as http:
            Api(http, "").create("recipe", "Last_Minute")
            os.kill(process.pid, sign)
            out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (0, "bye\n", "")
    assert "Last_Minute" in (tmp_path / FILE).read_text()
