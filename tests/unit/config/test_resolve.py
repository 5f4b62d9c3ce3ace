"""References: what they become, and everything that is nearly one."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconcile.config.reference import near_misses
from reconcile.core.address import Address

from .fakes import WORKSPACE, errors, load_files, only, underlined, wrong

ALARM = "connection: home\nalarms:\n  - {{alarm: {name}, frequency: monthly, days_of_month: [1]{more}}}\n"


def alarm(name: str = "a", more: str = "") -> str:
    return ALARM.format(name=name, more=f", {more}" if more else "")


def test_a_whole_value_keeps_its_type(tmp_path: Path) -> None:
    config = load_files(tmp_path, {"a.yaml": alarm('"${var.zone}-${var.loud}"', 'volume: "${var.loud}"')})
    desired = config.desired[Address("home", "alarm", "Europe/Paris-7")]
    assert desired.values["volume"] == 7


def test_an_environment_variable_is_read_as_what_is_expected(tmp_path: Path) -> None:
    files = {
        "a.yaml": alarm('"${env.NUMBER}"', 'volume: "${env.NUMBER}"'),
        "b.yaml": 'connection: attic\nlamps: [{lamp: x, on: "${env.FLAG}", dim: "${env.NUMBER}"}]\n',
    }
    config = load_files(tmp_path, files)
    assert config.desired[Address("home", "alarm", "3")].values["volume"] == 3
    assert config.desired[Address("attic", "lamp", "x")].values == {"on": True, "dim": 3.0}


def test_text_that_is_no_reference_is_left_alone(tmp_path: Path) -> None:
    name = "{{FD_DATE}}-$ALL_SALESFORCE_OBJECTS-${HOME}-${{ env.X }}-$env.KEY"
    config = load_files(tmp_path, {"a.yaml": alarm(f"'{name}'")})
    assert list(config.desired) == [Address("home", "alarm", name)]


def test_values_from_the_environment_are_not_looked_through_again(tmp_path: Path) -> None:
    config = load_files(tmp_path, {"a.yaml": alarm('"${env.X}"')}, X="${env.KEY}")
    assert list(config.desired) == [Address("home", "alarm", "${env.KEY}")]


def test_variables_may_refer_to_variables_and_the_environment(tmp_path: Path) -> None:
    text = WORKSPACE.replace("{zone: Europe/Paris, loud: 7}", '{a: "${var.b}!", b: "${env.NUMBER}-${var.c}", c: 1.10}')
    config = load_files(tmp_path, {"reconcile.yaml": text, "a.yaml": alarm("'x${var.a}'")})
    assert list(config.desired) == [Address("home", "alarm", "x3-1.10!")]


def test_booleans_are_put_into_text_as_they_are_written(tmp_path: Path) -> None:
    text = WORKSPACE.replace("loud: 7", "loud: true")
    config = load_files(tmp_path, {"reconcile.yaml": text, "a.yaml": alarm("'x-${var.loud}'")})
    assert list(config.desired) == [Address("home", "alarm", "x-true")]


def test_references_work_through_aliases_and_merges(tmp_path: Path) -> None:
    text = """\
connection: home
alarms:
  - &base {alarm: a, frequency: monthly, days_of_month: [last], volume: "${var.loud}", zone: "${var.zone}"}
  - {<<: *base, alarm: b}
"""
    config = load_files(tmp_path, {"a.yaml": text}, "dev")
    assert [desired.values["zone"] for desired in config.desired.values()] == ["UTC", "UTC"]


@pytest.mark.parametrize(
    ("written", "code", "hint"),
    [
        ("${env.KYE}", "missing-variable", '"KEY"'),
        ("x ${var.zon} y", "missing-variable", '"zone"'),
        ("${var.qqq}", "missing-variable", "known variables: loud, zone"),
        ("${env.QQQQQQQ}", "missing-variable", "QQQQQQQ=..."),
        ("${vars.zone}", "bad-reference", "${var.zone}"),
        ("${ENV.KEY}", "bad-reference", "${env.KEY}"),
        ("${ env.KEY }", "bad-reference", "${env.KEY}"),
        ("${environment.KEY}", "bad-reference", "${env.KEY}"),
        ("${env:KEY}", "bad-reference", "${env.KEY}"),
        ("${env.KEY", "bad-reference", "${env.KEY}"),
        ("${env.a-b}", "bad-reference", "letters, digits"),
        ("${env.}", "bad-reference", "letters, digits"),
    ],
)
def test_failing_references_have_a_place_and_a_hint(tmp_path: Path, written: str, code: str, hint: str) -> None:
    error = wrong(tmp_path, {"a.yaml": alarm(f"'{written}'", "volume: 3")})
    diagnostic = only(list(error.diagnostics))
    assert diagnostic.code == code
    assert hint in diagnostic.hint
    assert underlined(error, diagnostic) == written.removeprefix("x ").removesuffix(" y")


def test_nothing_more_is_said_about_a_value_whose_reference_failed(tmp_path: Path) -> None:
    files = {"a.yaml": alarm("a", 'volume: "${var.nix}"'), "b.yaml": alarm("b", "zone: '${var.nix}', volume: 11")}
    found = errors(tmp_path, files)
    assert [(d.code, d.span.file if d.span else "") for d in found] == [
        ("missing-variable", "a.yaml"),
        ("missing-variable", "b.yaml"),
        ("out-of-range", "b.yaml"),
    ]


def test_variables_in_a_circle_are_named_once(tmp_path: Path) -> None:
    text = WORKSPACE.replace("{zone: Europe/Paris, loud: 7}", '{a: "${var.b}", b: "x${var.c}", c: "${var.a}"}')
    error = only(errors(tmp_path, {"reconcile.yaml": text, "a.yaml": alarm("'${var.a}'")}))
    assert error.code == "variable-cycle"
    assert "a -> b -> c -> a" in error.detail


def test_a_broken_variable_is_reported_where_it_is_set(tmp_path: Path) -> None:
    text = WORKSPACE.replace("loud: 7", "loud: '${env.GONE}'")
    error = only(
        errors(tmp_path, {"reconcile.yaml": text, "a.yaml": alarm("'${var.loud}'"), "b.yaml": alarm("'${var.loud}'")})
    )
    assert error.span is not None
    assert error.span.file == "reconcile.yaml"


def test_another_environment_is_not_asked_for_its_variables(tmp_path: Path) -> None:
    text = WORKSPACE + '  stage: {variables: {zone: "${env.GONE}"}, connections: {attic: {house: "${env.GONE}"}}}\n'
    files = {"reconcile.yaml": text, "a.yaml": alarm()}
    assert load_files(tmp_path, files).environment == "default"
    assert {d.code for d in errors(tmp_path, files, "stage")} == {"missing-variable"}


def test_an_object_declared_twice_names_both_places(tmp_path: Path) -> None:
    error = only(errors(tmp_path, {"b.yaml": alarm("x"), "a.yaml": alarm("x")}))
    assert error.code == "duplicate-object"
    assert "a.yaml:3:5" in error.detail
    assert "b.yaml:3:5" in error.detail
    assert str(error.span) == "b.yaml:3:5"
    assert error.address == "home/alarm/x"


def test_what_is_no_near_miss() -> None:
    for text in ("${env.X}", "${HOME}", "${environment}", "${{ vars.x }}", "{{env.X}}", "${envoy.x}", "${x.env.y}"):
        assert near_misses(text) == ()
