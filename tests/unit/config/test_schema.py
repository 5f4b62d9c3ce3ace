"""The JSON Schema accepts what the program accepts, and references wherever a scalar stands."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from reconcile.config.document import parse
from reconcile.config.schema import combined_schema, desired_schema, schema_text, workspace_schema
from reconcile.providers.registry import providers

from .fakes import CATALOGUES, WORKSPACE
from .json_schema import fits
from .test_load import REAL

COMBINED = combined_schema(CATALOGUES)


def valid(text: str, schema: dict[str, Any] = COMBINED) -> bool:
    value = parse(text, "f").root
    assert value is not None
    return fits(value, schema, schema)


def alarm(entry: str) -> str:
    return f"alarms: [{{alarm: x, {entry}}}]\n"


GOOD = [
    WORKSPACE,
    "version: 1\n",
    "version: 1\nstate: ${env.STATE}\nmax_deletes: {count: 3, percent: 2.5}\n",
    'version: 1\nmax_deletes: {count: "${var.n}"}\n',
    "lamps: []\n",
    "connection: ${var.c}\nlamps: [{lamp: x, on: true, protect: true, connection: attic}]\n",
    'lamps: [{lamp: x, on: "${env.ON}", dim: "${var.dim}", protect: "${var.p}"}]\n',
    alarm("frequency: daily, time: '12:30', volume: 3, zone: Europe/Paris"),
    alarm('frequency: daily, time: "${env.T}", volume: "${env.V}", zone: "Europe/${var.city}"'),
    alarm('frequency: weekly, time: a, days: [Monday, "${var.day}"]'),
    alarm('frequency: "${var.f}", time: a'),
    alarm('frequency: monthly, days_of_month: [1, last, "${var.d}"]'),
    "pipelines: {p: {steps: {a: {clock.ring: {alarm: x, times: '${var.n}'}, needs: [b], wait_timeout: 1h30m}}}}\n",
    "pipelines: {p: {steps: {a: {clock.ring: {alarm: x}, wait_timeout: '${var.t}', when_busy: '${var.b}'}}}}\n",
]
BAD = [
    "version: 2\n",
    "version: 1\nfoo: 1\n",
    "version: 1\nconnections: {a b: {provider: light, house: '007'}}\n",
    "version: 1\nconnections: {a: {provider: ligth, house: '007'}}\n",
    "version: 1\nconnections: {a: {provider: light, house: '07'}}\n",
    "version: 1\nconnections: {a: {provider: light, house: '007', hose: 1}}\n",
    "version: 1\nconnections: {a: {house: '007'}}\n",
    "version: 1\nconnections: {a: {provider: clock, url: x, auth: {method: login, user: me}}}\n",
    "version: 1\nvariables: {a: [1]}\n",
    "version: 1\nmax_deletes: {percent: 101}\n",
    "version: 1\nlamps: []\n",
    "connection: attic\n",
    "lampen: []\n",
    "lamps: {}\n",
    "lamps: [foo]\n",
    "lamps: [{lamp: x}]\n",
    "lamps: [{lamp: x, on: yes}]\n",
    "lamps: [{lamp: x, on: 'a ${var.on}'}]\n",
    "lamps: [{lamp: x, on: true, protect: 1}]\n",
    "lamps: [{lamp: x, on: true, of: true}]\n",
    alarm("frequency: daily"),
    alarm("frequency: dayly, time: a"),
    alarm("time: a"),
    alarm("frequency: daily, time: a, days: [Monday]"),
    alarm("frequency: daily, time: a, volume: 11"),
    alarm("frequency: daily, time: a, volume: '3'"),
    alarm("frequency: daily, time: a, zone: a b"),
    alarm("frequency: monthly, days_of_month: [32]"),
    "pipelines: {p: {steps: {}}}\n",
    "pipelines: {p: {steps: {a: {needs: []}}}}\n",
    "pipelines: {p: {steps: {a: {clock.ring: {alarm: x}, light.shine: {lamp: x}}}}}\n",
    "pipelines: {p: {steps: {a: {clock.ring: {alarm: x}, wait_timeout: 3 hours}}}}\n",
    "pipelines: {p: {steps: {a: {clock.rang: {alarm: x}}}}}\n",
]


@pytest.mark.parametrize("text", GOOD)
def test_good_files(text: str) -> None:
    assert valid(text)


@pytest.mark.parametrize("text", BAD)
def test_bad_files(text: str) -> None:
    assert not valid(text)


def test_each_sort_has_its_own_schema() -> None:
    desired, workspace = desired_schema(CATALOGUES), workspace_schema(CATALOGUES)
    assert valid("lamps: []\n", desired)
    assert not valid(WORKSPACE, desired)
    assert valid(WORKSPACE, workspace)
    assert not valid("lamps: []\n", workspace)


def test_every_reference_leads_somewhere() -> None:
    for schema in (COMBINED, desired_schema(CATALOGUES), combined_schema(providers())):
        text = json.dumps(schema)
        for part in text.split('"$ref": "#/$defs/')[1:]:
            assert part.split('"')[0] in schema["$defs"]
        assert "discriminator" not in text
        assert schema["$schema"].endswith("2020-12/schema")


def test_the_same_catalogues_give_the_same_bytes() -> None:
    backwards = dict(reversed(CATALOGUES.items()))
    assert schema_text(CATALOGUES) == schema_text(backwards)
    assert json.loads(schema_text(CATALOGUES)) == COMBINED
    assert schema_text(CATALOGUES).endswith("}\n")


@pytest.mark.parametrize("name", sorted(REAL))
def test_the_real_platforms(name: str) -> None:
    schema = combined_schema(providers())
    assert valid(REAL[name], schema)
    # Editors read YAML with their own libraries; these files mean the same to YAML 1.1.
    assert fits(yaml.safe_load(REAL[name]), schema, schema)


def test_fields_are_described() -> None:
    defs = combined_schema(providers())["$defs"]
    assert "never delete" in json.dumps(defs["crm_analytics.schedule.Weekly"]["properties"]["protect"])
    assert defs["crm_analytics.schedule.Weekly"]["description"]
    assert "One org" in defs["crm_analytics.connection"]["description"]


def test_the_committed_schema_is_what_the_models_say() -> None:
    """Editors take docs/reconcile.schema.json; `reconcile schema > docs/reconcile.schema.json` renews it."""
    committed = Path(__file__).parents[3] / "docs" / "reconcile.schema.json"
    assert committed.read_text(encoding="utf-8") == schema_text(providers())
