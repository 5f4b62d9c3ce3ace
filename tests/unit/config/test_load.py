"""A whole workspace, also one of the real platforms."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from reconcile.config.load import FilesWrong, load
from reconcile.core.errors import ConfigError
from reconcile.providers.registry import providers

from .fakes import CATALOGUES, ENVIRON, errors, load_files, only, write

LAMP = "connection: attic\nlamps: [{{lamp: {}, on: true}}]\n"


def test_order_is_that_of_addresses_and_names(tmp_path: Path) -> None:
    files = {"z.yaml": LAMP.format("a"), "a.yaml": LAMP.format("c"), "m/x.yaml": LAMP.format("b")}
    config = load_files(tmp_path, files)
    assert [address.name for address in config.desired] == ["a", "b", "c"]
    assert list(config.sources) == ["reconcile.yaml", "a.yaml", "m/x.yaml", "z.yaml"]
    assert config.root == tmp_path


def test_paths_are_shown_from_where_the_command_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = write(tmp_path / "desired_state", {"a.yaml": LAMP.format("a")})
    monkeypatch.chdir(tmp_path)
    config = load(Path("desired_state"), None, ENVIRON, CATALOGUES)
    assert [str(desired.source) for desired in config.desired.values()] == ["desired_state/a.yaml:2:9"]
    monkeypatch.chdir(root)
    config = load(root, None, ENVIRON, CATALOGUES)
    assert [desired.source.file for desired in config.desired.values()] == ["a.yaml"]


def test_no_desired_state_is_never_nothing_desired(tmp_path: Path) -> None:
    assert only(errors(tmp_path, {})).code == "no-desired-state"


def test_files_that_cannot_be_read_are_errors_among_the_others(tmp_path: Path) -> None:
    write(tmp_path, {"b.yaml": LAMP.format("[]")})
    (tmp_path / "a.yaml").write_bytes(b"\xff\xfea")
    (tmp_path / "c.yaml").symlink_to(tmp_path / "gone")
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, None, ENVIRON, CATALOGUES, tmp_path)
    assert [d.code for d in caught.value.diagnostics] == ["not-utf8", "wrong-type", "unreadable-file"]


def test_an_unreadable_workspace_file_is_an_error_among_the_others(tmp_path: Path) -> None:
    write(tmp_path, {"b.yaml": LAMP.format("[]")})
    (tmp_path / "reconcile.yaml").write_bytes(b"\xff\xfea")
    with pytest.raises(FilesWrong) as caught:
        load(tmp_path, None, ENVIRON, CATALOGUES, tmp_path)
    assert [d.code for d in caught.value.diagnostics] == ["wrong-type", "not-utf8"]


def test_a_note_when_yaml_is_read_slowly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reconcile.config.load.IS_FAST", False)
    config = load_files(tmp_path, {"a.yaml": LAMP.format("a")})
    assert [d.code for d in config.diagnostics] == ["slow-yaml"]


REAL = {
    "reconcile.yaml": """\
version: 1
connections:
  sales:
    provider: crm_analytics
    instance_url: ${env.SF_INSTANCE_URL}
    auth: {method: client_credentials, client_id: "${env.SF_CLIENT_ID}", client_secret: "${env.SF_CLIENT_SECRET}"}
  tailer_dev:
    provider: tailer
    account: "000099"
    environment: DEV
    auth: {method: token, token: "${env.TAILER_API_JWT}"}
  tamr:
    provider: tamr
    base_url: https://tenant.tamr.cloud
    auth: {method: api_key, api_key: "${env.TAMR_API_KEY}"}
variables: {zone: America/Los_Angeles}
environments:
  dev:  {variables: {zone: UTC}}
""",
    "sales.yaml": """\
connection: sales
schedules:
  - dataflow: Opportunities
    frequency: hourly
    hourly_interval: 3
    time: "02:30"
    last_hour: 20
    days_of_week: [Sunday, Monday]
    timezone: ${var.zone}
  - {recipe: Retired_Report, frequency: none}
""",
    "tailer.yaml": """\
connection: tailer_dev
configurations:
  - {type: table-to-table, id: 000099_Load_PDA_f_traffic_ma_DEV, activated: false, archived: false}
workflow_resets:
  - {workflow: 000099-iowa-liquor-load-pda, once: "2026-11-22 JC was relaunched by hand"}
""",
    "pipelines.yaml": """\
connection: tamr
pipelines:
  customers:
    steps:
      load_crm: {tamr.load: {source: src_a}}
      master:   {tamr.update: {data_product: dp_xyz}, needs: [load_crm]}
      board:    {crm_analytics.start: {recipe: Board_Pack}, connection: sales, needs: [master]}
""",
}
REAL_ENVIRON = {
    "SF_INSTANCE_URL": "https://org.my.salesforce.com",
    "SF_CLIENT_ID": "client",
    "SF_CLIENT_SECRET": "sf-secret-value",
    "TAILER_API_JWT": "tailer-secret-value",
    "TAMR_API_KEY": "tamr-secret-value",
}


def test_the_real_platforms(tmp_path: Path) -> None:
    config = load(write(tmp_path, REAL), "dev", REAL_ENVIRON, providers(), tmp_path)
    assert [str(address) for address in config.desired] == [
        "sales/schedule/dataflow:Opportunities",
        "sales/schedule/recipe:Retired_Report",
        "tailer_dev/configuration/table-to-table:000099_Load_PDA_f_traffic_ma_DEV",
        "tailer_dev/workflow_reset/000099-iowa-liquor-load-pda",
    ]


def test_the_real_platforms_mistakes(tmp_path: Path) -> None:
    sales = """\
connection: sales
schedules:
  - recipe: Pipeline_Snapshot
    frequncy: weekly
  - {recipe: A, frequency: weekly, days_of_week: [Monday], time: 0230, days_of_month: [1]}
  - {recipe: B, frequency: hourly, hourly_interval: "3", time: "02:30"}
"""
    tailer = "connection: tailer_dev\nconfigurations:\n  - {type: workflow, id: x, activated: yes, archived: no}\n"
    root = write(tmp_path, {**REAL, "sales.yaml": sales, "tailer.yaml": tailer})
    with pytest.raises(FilesWrong) as caught:
        load(root, None, REAL_ENVIRON, providers(), root)
    assert [f"{d.code} {d.span}" for d in caught.value.diagnostics] == [
        "unknown-field sales.yaml:4:5",
        "wrong-value sales.yaml:5:66",
        "unknown-field sales.yaml:5:72",
        "wrong-type sales.yaml:6:53",
        "wrong-type tailer.yaml:3:40",
        "wrong-type tailer.yaml:3:55",
    ]


def test_the_example_workspace_of_the_project() -> None:
    root = Path(__file__).parents[3] / "desired_state"
    environ = {**REAL_ENVIRON, "TAILER_URL": "https://tailer.example", "TAMR_URL": "https://tenant.tamr.cloud"}
    for environment in (None, "dev", "prod"):
        assert load(root, environment, environ, providers(), root).desired
    assert os.fspath(root).endswith("desired_state")
