"""Pipelines: steps, options, and what waits for what."""

from __future__ import annotations

from pathlib import Path

import pytest

from .fakes import errors, load_files, only, underlined, wrong

STEPS = """\
connection: home
pipelines:
  morning:
    steps:
{steps}
"""


def steps(*lines: str) -> dict[str, str]:
    return {"a.yaml": STEPS.format(steps="\n".join(f"      {line}" for line in lines))}


def test_what_a_pipeline_says(tmp_path: Path) -> None:
    config = load_files(
        tmp_path,
        steps(
            "ring: {clock.ring: {alarm: '${var.zone}', times: \"${var.loud}\"}}",
            "light: {light.shine: {lamp: x}, connection: attic, needs: [ring], wait_timeout: 1h30m, stop_after: 2h,",
            "        when_busy: attach, on_limit: fail, retries: 2, min_gap: 30s}",
        ),
    )
    pipeline = config.pipelines["morning"]
    ring, light = pipeline.steps
    assert str(pipeline.span) == "a.yaml:3:3"
    assert (ring.name, ring.operation, ring.connection, ring.settings.alarm) == (
        "ring",
        "clock.ring",
        "home",
        "Europe/Paris",
    )
    assert ring.settings.times == 7
    assert (ring.needs, ring.wait_timeout, ring.when_busy, ring.on_limit, ring.retries) == ((), None, "wait", "wait", 0)
    assert (light.connection, light.needs, light.wait_timeout, light.stop_after) == ("attic", ("ring",), 5400, 7200)
    assert (light.when_busy, light.on_limit, light.retries, light.min_gap) == ("attach", "fail", 2, 30)
    assert str(light.span) == "a.yaml:6:7"


@pytest.mark.parametrize(
    ("step", "code", "place", "words"),
    [
        ("{clock.rang: {alarm: x}}", "unknown-operation", "clock.rang", '"clock.ring"'),
        ("{ring: {alarm: x}}", "unknown-field", "ring", "clock.ring, light.shine"),
        ("{clock.ring: {alarm: x}, neds: [a]}", "unknown-field", "neds", '"needs"'),
        ("{retries: 1}", "missing-operation", "retries", "operations: clock.ring, light.shine"),
        ("{}", "missing-operation", None, "does nothing"),
        ("{clock.ring: {alarm: x}, light.shine: {lamp: x}}", "several-operations", "light.shine", "make each a step"),
        ("{clock.ring: {alarm: 3}}", "wrong-type", "3", "text"),
        ("{clock.ring: {}}", "missing-field", "{}", 'clock.ring needs "alarm"'),
        ("{clock.ring: }", "wrong-type", None, "is empty"),
        ("{clock.ring: {alarm: x, time: 1}}", "unknown-field", "time", '"times"'),
        ("{clock.ring: {alarm: x}, needs: a}", "wrong-type", "a", "[a]"),
        ("{clock.ring: {alarm: x}, needs: [b]}", "unknown-step", "b", "steps: a"),
        ("{clock.ring: {alarm: x}, needs: [a]}", "step-cycle", "[a]", "a -> a"),
        ("{clock.ring: {alarm: x}, wait_timeout: 3 hours}", "wrong-value", "3 hours", "1h30m"),
        ("{clock.ring: {alarm: x}, wait_timeout: 30}", "wrong-type", "30", "1h30m"),
        ("{clock.ring: {alarm: x}, wait_timeout: }", "empty-field", "wait_timeout", ""),
        ("{clock.ring: {alarm: x}, when_busy: waitt}", "unknown-value", "waitt", '"wait"'),
        ("{clock.ring: {alarm: x}, retries: -1}", "out-of-range", "-1", "at least 0"),
        ("{clock.ring: {alarm: x}, connection: attic}", "wrong-connection", "clock.ring", "connections that fit: home"),
        ("{clock.ring: {alarm: x}, connection: hme}", "unknown-connection", "hme", '"home"'),
        ("3", "wrong-type", "a", "should be a mapping"),
    ],
)
def test_mistakes_in_a_step(tmp_path: Path, step: str, code: str, place: str | None, words: str) -> None:
    error = wrong(tmp_path, steps(f"a: {step}"))
    diagnostic = only(list(error.diagnostics))
    assert diagnostic.code == code
    assert words in f"{diagnostic.detail} {diagnostic.hint}"
    if place is not None:
        assert underlined(error, diagnostic) == place


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("pipelines: []\n", "wrong-type"),
        ("pipelines: {a: }\n", "wrong-type"),
        ("pipelines: {a: {steps: {}}}\n", "wrong-type"),
        ("pipelines: {a: {stps: {}}}\n", "unknown-field"),
        ("connection: home\npipelines: {a b: {steps: {x: {clock.ring: {alarm: x}}}}}\n", "bad-name"),
        ("connection: home\npipelines: {a: {steps: {-x: {clock.ring: {alarm: x}}}}}\n", "bad-name"),
        ("pipelines: {a: {steps: {x: {clock.ring: {alarm: x}}}}}\n", "missing-connection"),
    ],
)
def test_mistakes_around_steps(tmp_path: Path, text: str, code: str) -> None:
    assert code in [d.code for d in errors(tmp_path, {"a.yaml": text})]


def test_a_circle_is_named_in_the_order_of_needs(tmp_path: Path) -> None:
    ring = "{{clock.ring: {{alarm: x}}, needs: [{}]}}"
    found = only(errors(tmp_path, steps(*(f"{a}: {ring.format(b)}" for a, b in (("a", "b"), ("b", "c"), ("c", "a"))))))
    assert found.code == "step-cycle"
    assert any(circle in found.detail for circle in ("a -> b -> c -> a", "b -> c -> a -> b", "c -> a -> b -> c"))


def test_a_pipeline_declared_twice(tmp_path: Path) -> None:
    text = steps("a: {clock.ring: {alarm: x}}")["a.yaml"]
    found = only(errors(tmp_path, {"a.yaml": text, "b.yaml": text}))
    assert found.code == "duplicate-pipeline"
    assert "a.yaml:3:3" in found.detail
    assert str(found.span) == "b.yaml:3:3"


def test_needs_of_a_step_whose_reference_failed_are_not_looked_at(tmp_path: Path) -> None:
    found = errors(tmp_path, steps("a: {clock.ring: {alarm: x}, needs: ['${var.nix}']}"))
    assert [d.code for d in found] == ["missing-variable"]
