"""``reconcile.yaml``: strict, per environment, and silent about secrets."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconcile.core.guard import DeleteLimits
from reconcile.render.diagnostics import render

from .fakes import WORKSPACE, errors, load_files, only, underlined, wrong

LAMP = {"a.yaml": "connection: attic\nlamps: [{lamp: x, on: true}]\n"}


def text(old: str, new: str) -> dict[str, str]:
    assert old in WORKSPACE
    return {**LAMP, "reconcile.yaml": WORKSPACE.replace(old, new)}


def test_what_a_workspace_says(tmp_path: Path) -> None:
    config = load_files(tmp_path, LAMP)
    assert (config.environment, config.state, config.limits) == ("default", ".reconcile", DeleteLimits())
    assert list(config.connections) == ["attic", "home"]
    home = config.connections["home"]
    assert (home.provider, home.settings.url, home.settings.tries) == ("clock", "https://clock.example", 3)
    assert home.settings.auth.key.get_secret_value() == "opensesame-1234"
    assert str(home.span) == "reconcile.yaml:3:3"


def test_limits_and_state(tmp_path: Path) -> None:
    more = "state: s3://bucket/${var.zone}\nmax_deletes: {count: 3, percent: 10}\n"
    config = load_files(tmp_path, {**LAMP, "reconcile.yaml": WORKSPACE + more})
    assert config.state == "s3://bucket/Europe/Paris"
    assert config.limits == DeleteLimits(percent=10, count=3)


def test_an_environment_overrides(tmp_path: Path) -> None:
    config = load_files(tmp_path, LAMP, "prod")
    assert config.environment == "prod"
    assert config.connections["attic"].settings.house == "008"
    assert config.connections["home"].settings.tries == 3
    assert str(config.connections["attic"].span) == "reconcile.yaml:7:3"


def test_another_auth_method_replaces_the_old_one_whole(tmp_path: Path) -> None:
    more = "  local: {connections: {home: {tries: 1, auth: {method: login, user: me, password: '${env.KEY}'}}}}\n"
    config = load_files(tmp_path, {**LAMP, "reconcile.yaml": WORKSPACE + more}, "local")
    assert config.connections["home"].settings.auth.user == "me"
    assert config.connections["home"].settings.url == "https://clock.example"


def test_a_base_value_that_is_overridden_needs_no_variable(tmp_path: Path) -> None:
    more = "  local: {connections: {home: {url: 'https://localhost'}}}\n"
    files = {**LAMP, "reconcile.yaml": (WORKSPACE + more).replace("${env.URL}", "${env.GONE}")}
    assert load_files(tmp_path, files, "local").connections["home"].settings.url == "https://localhost"


def test_an_environment_named_default_is_used_without_env(tmp_path: Path) -> None:
    files = {**LAMP, "reconcile.yaml": WORKSPACE + "  default: {connections: {attic: {house: '009'}}}\n"}
    assert load_files(tmp_path, files).connections["attic"].settings.house == "009"


@pytest.mark.parametrize(
    ("old", "new", "code", "place", "words"),
    [
        ("version: 1", "version: 2", "unsupported-version", "2", "version: 1"),
        ("version: 1", 'version: "1"', "unsupported-version", '"1"', "version: 1"),
        ("version: 1", "version: true", "unsupported-version", "true", "version: 1"),
        ("version: 1\n", "", "missing-field", None, "version"),
        ("variables: {zone: Eu", "varables: {zone: Eu", "unknown-field", "varables", '"variables"'),
        ("variables: {zone: Eu", "sirens: {}\nvariables: {zone: Eu", "unknown-field", "sirens", "known fields"),
        ("variables: {zone: Eu", "lamps: []\nvariables: {zone: Eu", "unknown-field", "lamps", "files of its own"),
        ("loud: 7", "loud: [7]", "wrong-type", "[7]", "text, a number"),
        ("loud: 7", "loud: ", "wrong-type", None, "text, a number"),
        ("loud: 7", "lo-ud: 7", "bad-name", "lo-ud", "no digit"),
        ("  attic: {p", "  at/tic: {p", "bad-name", "at/tic", "letters"),
        ("  dev:", "  -dev:", "bad-name", "-dev", "letters"),
        ("provider: light", "provider: ligth", "unknown-provider", "ligth", '"light"'),
        ("provider: light, ", "", "missing-field", "attic", "clock, light"),
        ('house: "007"', "house: 007a", "wrong-format", "007a", "^[0-9]{3}$"),
        ('house: "007"', "house: 700", "wrong-type", "700", "put it in quotes"),
        ('house: "007"', "hose: '007'", "unknown-field", "hose", '"house"'),
        ("method: key,", "method: keys,", "unknown-value", "keys", '"key"'),
        ("method: key,", "", "missing-field", None, "key or login"),
        ('{method: key, key: "${env.KEY}"}', "3", "wrong-type", "3", "a mapping"),
        ("attic: {provider: light, ", "attic: [{provider: light}]\n  cellar: {provider: light, ", "wrong-type",
         "[{provider: light}]", "a mapping"),
        ("{variables: {zone: UTC}}", "{variable: {zone: UTC}}", "unknown-field", "variable", '"variables"'),
        ("{variables: {zone: UTC}}", "", "wrong-type", None, "{}"),
        ("${env.URL}", "http://x", "wrong-value", "http://x", "https"),
    ],
)  # fmt: skip
def test_mistakes(tmp_path: Path, old: str, new: str, code: str, place: str | None, words: str) -> None:
    files = text(old, new)
    if "at/tic" in new:
        files["a.yaml"] = "connection: at/tic\nlamps: []\n"
    if "[{provider" in new:
        files["a.yaml"] = "connection: cellar\nlamps: []\n"
    error = wrong(tmp_path, files)
    diagnostic = only(list(error.diagnostics))
    assert diagnostic.code == code
    assert words in f"{diagnostic.detail} {diagnostic.hint}"
    if place is not None:
        assert underlined(error, diagnostic) == place


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ("max_deletes: {count: -1}", "out-of-range"),
        ("max_deletes: {count: 1.5}", "wrong-type"),
        ("max_deletes: {percent: 100.5}", "out-of-range"),
        ("max_deletes: {percent: true}", "wrong-type"),
        ("max_deletes: {counts: 1}", "unknown-field"),
        ("max_deletes: {count: }", "empty-field"),
        ("state: ", "wrong-type"),
        ("state: ''", "out-of-range"),
    ],
)
def test_wrong_limits_and_state(tmp_path: Path, more: str, code: str) -> None:
    assert only(errors(tmp_path, {**LAMP, "reconcile.yaml": f"{WORKSPACE}{more}\n"})).code == code


def test_an_unknown_environment(tmp_path: Path) -> None:
    error = only(errors(tmp_path, LAMP, "prd"))
    assert error.code == "unknown-environment"
    assert '"prod"' in error.hint


def test_the_whole_file_being_something_else(tmp_path: Path) -> None:
    assert only(errors(tmp_path, {"reconcile.yaml": "- 1\n", "a.yaml": "lamps: []\n"})).code == "wrong-type"


def test_when_the_workspace_cannot_be_read_the_other_files_are_checked_all_the_same(tmp_path: Path) -> None:
    files = {
        "reconcile.yaml": "version: 1\n\tfoo: 2\n",
        "a.yaml": "connection: home\nalarms: [{alarm: x, frequency: wekly, zone: '${var.zone}'}]\n",
        "b.yaml": "connection: attic\nlamps: [{lamp: x, on: yes}]\n",
    }
    assert [(d.code, d.span.file if d.span else "") for d in errors(tmp_path, files)] == [
        ("unknown-value", "a.yaml"),
        ("wrong-type", "b.yaml"),
        ("yaml-tab", "reconcile.yaml"),
    ]


SECRET = "tops3cret-value"


@pytest.mark.parametrize(
    "workspace",
    [
        WORKSPACE.replace("${env.URL}", "${env.SECRET}"),
        WORKSPACE.replace("${env.URL}", "http://me:${env.SECRET}@x"),
        WORKSPACE.replace('"007"', "${env.SECRET}"),
        WORKSPACE.replace("method: key", 'method: "${env.SECRET}"'),
        WORKSPACE.replace("provider: light", 'provider: "${env.SECRET}"'),
        WORKSPACE.replace("url:", 'tries: "${env.SECRET}"\n    url:'),
        WORKSPACE.replace("loud: 7", 'loud: "${env.SECRET}", x: "${var.loud}"').replace("${env.URL}", "${var.x}"),
        WORKSPACE.replace("url:", 'auth2: "${env.SECRET}"\n    url:'),
        WORKSPACE + 'max_deletes: {count: "${env.SECRET}"}\n',
        WORKSPACE.replace('"${env.KEY}"', f"{SECRET}, kee: 1"),
        WORKSPACE.replace('"${env.KEY}"', f"[{SECRET}]"),
        WORKSPACE.replace('key: "${env.KEY}"', f"kee: {SECRET}"),
        WORKSPACE.replace("method: key", f"method: login, password: {SECRET}"),
        WORKSPACE.replace('"${env.KEY}"', f'"{SECRET}'),
        WORKSPACE.replace('"${env.KEY}"', f"{SECRET}: x"),
        WORKSPACE.replace("auth: ", f"api_token: {SECRET}\n    auth: "),
        WORKSPACE.replace("${env.URL}", "http://x").replace('key: "${env.KEY}"', f"key: &s {SECRET}\n "),
    ],
)
def test_secrets_are_in_no_error_and_no_source_line(tmp_path: Path, workspace: str) -> None:
    error = wrong(tmp_path, {**LAMP, "reconcile.yaml": workspace}, SECRET=SECRET)
    for shown in (
        str(error),
        repr(error),
        repr(error.diagnostics),
        render(error.diagnostics, error.sources, color=False),
    ):
        assert SECRET not in shown
    assert error.__cause__ is None
    assert error.__context__ is None


def test_secrets_of_a_right_workspace_are_in_no_repr(tmp_path: Path) -> None:
    config = load_files(tmp_path, LAMP, KEY=SECRET)
    assert SECRET not in repr(config)
    assert SECRET not in str(config.connections)
    literal = load_files(tmp_path, text('"${env.KEY}"', SECRET))
    assert SECRET not in repr(literal.sources)
    assert literal.connections["home"].settings.auth.key.get_secret_value() == SECRET
