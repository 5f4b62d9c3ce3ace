"""A glance at the files finds what loading them finds, and never says that anything is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconcile.config.glance import addresses, glance, pipelines, variables_named
from reconcile.config.load import load
from reconcile.providers.naming import NAMING
from reconcile.providers.registry import BUILT_IN, providers

WORKSPACE = """\
version: 1
state: ./kept
variables: {tier: DEV, who: Board}
connections:
  sales:
    provider: crm_analytics
    instance_url: ${env.SF_URL}
    auth: {method: access_token, access_token: "${env.SF_TOKEN}"}
  tailer:
    provider: tailer
    account: "000099"
    environment: DEV
    auth: {method: token, token: "${env.JWT}"}
  tamr: {provider: tamr, base_url: "https://x.tamr.cloud", auth: {method: api_key, api_key: "${env.KEY}"}}
environments:
  prod:
    variables: {tier: PROD}
    connections: {tailer: {environment: PROD, auth: {method: token, token: "${env.PROD_JWT}"}}}
  test: {}
"""
ENVIRON = {"SF_URL": "https://a.my.salesforce.com", "SF_TOKEN": "t", "JWT": "j", "PROD_JWT": "p", "KEY": "k"}
SCHEDULES = """\
connection: sales
schedules:
  - {recipe: "${var.who}_Pack", frequency: none}
  - {dataflow: "a b, c", frequency: none}
  - {data_sync: SFDC_LOCAL, frequency: daily, time: "04:00", timezone: UTC}
  - {id: 05vB0000000CaTQ, frequency: none}
"""
FLAGS = """\
configurations:
  - {connection: tailer, type: gbq-to-gbq, id: "x_${var.tier}", activated: true, archived: false}
  - {connection: tailer, type: workflow, id: flow, activated: true, archived: false}
workflow_resets:
  - {connection: tailer, workflow: flow, once: because}
"""
PIPELINES = """\
connection: tamr
pipelines:
  refresh: {steps: {a: {tamr.load: {source: src}}}}
  again: {steps: {a: {tamr.load: {source: src}}}}
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    texts = {"reconcile": WORKSPACE, "sales": SCHEDULES, "tailer": FLAGS, "more/pipes": PIPELINES}
    for name, text in texts.items():
        path = tmp_path / f"{name}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("environment", [None, "prod", "test"])
def test_it_names_what_loading_names(root: Path, environment: str | None) -> None:
    config = load(root, environment, ENVIRON, providers(), here=root)
    seen = glance(root, environment, ENVIRON)
    assert addresses(seen, NAMING) == sorted(map(str, config.desired))
    assert len(config.desired) == 7
    assert pipelines(seen) == sorted(config.pipelines)
    assert dict(seen.connections) == {name: each.provider for name, each in config.connections.items()}
    assert seen.state == config.state
    assert seen.environments == ("prod", "test", "default")


def test_every_kind_of_a_built_in_provider_has_a_name() -> None:
    kinds = {(name, kind.section): kind.name for name in BUILT_IN for kind in providers()[name].kinds}
    assert {key: kind for key, (kind, _) in NAMING.items()} == kinds


def test_credentials_need_not_be_set(root: Path) -> None:
    assert "sales/schedule/recipe:Board_Pack" in addresses(glance(root, None, {}), NAMING)


def test_a_name_that_cannot_be_told_is_left_out(root: Path) -> None:
    (root / "sales.yaml").write_text(
        'connection: sales\nschedules: [{recipe: "${env.NOT_SET}"}, {recipe: Seen}, {nothing: 1}, 7]\n'
    )
    assert [each for each in addresses(glance(root, None, {}), NAMING) if each.startswith("sales/")] == [
        "sales/schedule/recipe:Seen"
    ]


@pytest.mark.parametrize(
    "text", ["", "schedules: [", "\x00", "- a list", "connection: nobody\nschedules: [{recipe: a}]"]
)
def test_a_file_that_is_wrong_hides_no_other(root: Path, text: str) -> None:
    (root / "wrong.yaml").write_text(text)
    assert len(addresses(glance(root, None, ENVIRON), NAMING)) == 7


@pytest.mark.parametrize("text", ["", "version: [", "- a list", "connections: 7\nenvironments: []\nstate: 3\n"])
def test_a_workspace_file_that_is_wrong_is_an_empty_one(root: Path, text: str) -> None:
    (root / "reconcile.yaml").write_text(text)
    seen = glance(root, "prod", ENVIRON)
    assert addresses(seen, NAMING) == []
    assert seen.environments == ("default",)
    assert seen.state == ".reconcile"


def test_variables_are_those_of_the_environment(root: Path) -> None:
    assert variables_named(root, None) == ["JWT", "KEY", "SF_TOKEN", "SF_URL"]
    assert variables_named(root, "prod") == ["JWT", "KEY", "PROD_JWT", "SF_TOKEN", "SF_URL"]
