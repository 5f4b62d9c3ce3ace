"""``alerts`` in reconcile.yaml: what it means, what is wrong with it, and what nobody needs to know in time."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconcile.config.load import Config
from reconcile.core.alert import (
    REMIND_AFTER,
    Alerting,
    AlertKind,
    AppriseSink,
    JsonLinesSink,
    Level,
    Rule,
    StdoutSink,
    WebhookSink,
    Wording,
)

from .fakes import WORKSPACE, errors, load_files, only, underlined, wrong

LAMP = "connection: attic\nlamps: []\n"
SECRET = "0123456789abcdef"


def files(alerts: str, more: str = "") -> dict[str, str]:
    base = WORKSPACE.partition("environments:")[0] if more else WORKSPACE
    return {"reconcile.yaml": f"{base}alerts: {alerts}\n{more}", "a.yaml": LAMP}


def alerts_of(root: Path, alerts: str, more: str = "", environment: str | None = None, **environ: str) -> Alerting:
    return config_of(root, alerts, more, environment, **environ).alerts


def config_of(root: Path, alerts: str, more: str = "", environment: str | None = None, **environ: str) -> Config:
    return load_files(root, files(alerts, more), environment, **environ)


def test_without_it_nobody_is_told(tmp_path: Path) -> None:
    assert load_files(tmp_path, {"a.yaml": LAMP}).alerts == Alerting()


def test_every_sort_of_sink(tmp_path: Path) -> None:
    written = f"""
  remind_after: 4h
  severity:
    - {{level: error, kind: drift, objects: ["sales/*"]}}
    - {{level: info}}
  sinks:
    - {{type: stdout, title: "{{count}}", body: "{{address}} {{{{x}}}}"}}
    - {{type: json_lines, path: alerts.jsonl, at_least: warning}}
    - {{type: webhook, name: hook, url: "https://example.org/x?y=z", secret: {SECRET}, timeout: 5s}}
    - {{type: apprise, url: "${{env.CHAT}}"}}"""
    found = alerts_of(tmp_path, written, CHAT="slack://a/b/c")
    assert found == Alerting(
        (
            StdoutSink("stdout", Level.INFO, Wording("{count}", "{address} {{x}}")),
            JsonLinesSink("json_lines", "alerts.jsonl", Level.WARNING),
            WebhookSink("hook", "https://example.org/x?y=z", SECRET, 5),
            AppriseSink("apprise", "slack://a/b/c"),
        ),
        (Rule(Level.ERROR, AlertKind.DRIFT, ("sales/*",)), Rule(Level.INFO)),
        4 * 3600,
    )
    assert found.secrets == ("https://example.org/x?y=z", SECRET, "slack://a/b/c")


def test_an_environment_replaces_what_it_says(tmp_path: Path) -> None:
    """Field by field: the list of sinks whole, and the rest stays."""
    more = "environments: {prod: {alerts: {sinks: [{type: json_lines}]}}, dev: {}}\n"
    for environment, sinks in (("prod", ["json_lines"]), ("dev", ["stdout"]), (None, ["stdout"])):
        found = alerts_of(tmp_path, "{remind_after: 1h, sinks: [{type: stdout}]}", more, environment)
        assert [sink.name for sink in found.sinks] == sinks
        assert found.remind_after == 3600


def test_a_secret_that_is_not_set_keeps_nobody_from_planning(tmp_path: Path) -> None:
    """It is said to whoever is to tell; without it, and without those that another environment replaces."""
    alerts = "{sinks: [{type: apprise, url: '${env.CHAT}'}]}"
    config = config_of(tmp_path, alerts)
    assert [each.code for each in config.mute] == ["missing-variable"]
    assert config.alerts.remind_after == REMIND_AFTER
    assert config_of(tmp_path, alerts, CHAT="slack://x/y/z").mute == ()
    more = "environments: {prod: {alerts: {sinks: []}}, dev: {alerts: {remind_after: '${env.LATER}'}}}\n"
    assert config_of(tmp_path, alerts, more, "prod").mute == ()
    assert len(config_of(tmp_path, alerts, more, "dev").mute) == 2


def test_what_is_not_set_is_said_beside_other_errors(tmp_path: Path) -> None:
    found = errors(tmp_path, files("{sinks: [{type: apprise, url: '${env.CHAT}'}], remind: 1h}"))
    assert {each.code for each in found} == {"missing-variable", "unknown-field"}


@pytest.mark.parametrize(
    ("written", "code", "words", "hint"),
    [
        ("{remind: 1h}", "unknown-field", "remind", "remind_after"),
        ("{remind_after: 24}", "wrong-type", "A duration is text", ""),
        ("{sinks: [{type: slack}]}", "unknown-value", "slack", ""),
        ("{sinks: [{url: x}]}", "missing-field", "type", ""),
        ("{sinks: [{type: webhook}]}", "missing-field", "url", ""),
        ("{sinks: [{type: webhook, url: 'http://example.org'}]}", "wrong-value", "https://", "this machine"),
        ("{sinks: [{type: webhook, url: 'ftp://example.org'}]}", "wrong-value", "https://", ""),
        ("{sinks: [{type: webhook, url: 'https://u:p@example.org'}]}", "wrong-value", "user name", "secret"),
        ("{sinks: [{type: webhook, url: 'https://x', secret: short}]}", "wrong-value", "16 characters", "openssl"),
        ("{sinks: [{type: webhook, url: 'https://x', timeout: 5m}]}", "wrong-value", "1s to 1m", ""),
        ("{sinks: [{type: apprise, url: nonsense}]}", "wrong-value", "apprise URL", "slack://"),
        ("{sinks: [{type: stdout, title: '{sumary}'}]}", "unknown-placeholder", "{sumary}", 'did you mean "summary"?'),
        ("{sinks: [{type: stdout, body: 'a { b'}]}", "unknown-placeholder", "lone {", "{{ or }}"),
        ("{sinks: [{type: stdout, body: '{address.x}'}]}", "unknown-placeholder", "{address.x}", "address"),
        ("{sinks: [{type: stdout}, {type: stdout}]}", "wrong-value", 'called "stdout"', "name:"),
        ("{severity: [{level: urgent}]}", "unknown-value", "urgent", ""),
        ("{severity: [{level: error, kind: back-in-sync}]}", "unknown-value", "back-in-sync", ""),
        ("{severity: [{level: error, objects: []}]}", "out-of-range", "objects", ""),
    ],
)
def test_what_is_wrong_with_it(written: str, code: str, words: str, hint: str, tmp_path: Path) -> None:
    found = only(errors(tmp_path, files(written)))
    assert found.code == code, found
    assert words in found.detail
    assert hint in found.hint
    assert found.span
    assert found.span.file == "reconcile.yaml"


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/x", "http://localhost/x", "http://[::1]/x", "https://example.org"])
def test_http_is_for_this_machine(url: str, tmp_path: Path) -> None:
    found = alerts_of(tmp_path, f"{{sinks: [{{type: webhook, url: '{url}'}}]}}")
    assert found.sinks == (WebhookSink("webhook", url),)


def test_no_error_shows_a_url_or_a_secret(tmp_path: Path) -> None:
    """Neither in its words nor in the line that it quotes."""
    error = wrong(
        tmp_path,
        files("{sinks: [{type: webhook, url: 'http://example.org/T0KEN', secret: hunter22, tmeout: 1s}]}"),
    )
    quoted = "\n".join(line for lines in error.sources.values() for line in lines)
    for text in ("T0KEN", "hunter22"):
        assert text not in quoted
        assert all(text not in each.detail + each.hint for each in error.diagnostics)


def test_the_mark_is_at_the_value(tmp_path: Path) -> None:
    error = wrong(tmp_path, files("{sinks: [{type: stdout, body: '{adress}'}]}"))
    assert underlined(error, only(list(error.diagnostics))) == "'{adress}'"
