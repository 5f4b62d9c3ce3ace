"""``hold`` in files: on an entry, on an environment, and what is wrong with one."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconcile.core.hold import Hold

from .fakes import WORKSPACE, errors, load_files, only, underlined, wrong

LAMP = "connection: attic\nlamps:\n  - lamp: hall\n    on: true\n"


def lamp(hold: str) -> dict[str, str]:
    return {"a.yaml": f"{LAMP}    hold: {hold}\n"}


def hold_of(root: Path, files: dict[str, str], **environ: str) -> Hold | None:
    (found,) = load_files(root, files, **environ).desired.values()
    return found.hold


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("{reason: paint, until: 2026-12-01}", Hold("paint", "2026-12-01T00:00:00Z")),
        ('{reason: "paint", until: "2026-12-01T06:00:00+01:00"}', Hold("paint", "2026-12-01T05:00:00Z")),
        ("{reason: paint}", Hold("paint")),
        ("\n      reason: >\n        paint\n        and dust\n", Hold("paint and dust")),
        ("{reason: '${var.zone}', until: 2026-12-01T06:00:00Z}", Hold("Europe/Paris", "2026-12-01T06:00:00Z")),
    ],
)
def test_a_hold_is_read(written: str, meant: Hold, tmp_path: Path) -> None:
    """With or without quotes and end; its words on one line; its values are the entry's own business no more."""
    assert hold_of(tmp_path, lamp(written)) == meant
    (found,) = load_files(tmp_path, lamp(written)).desired.values()
    assert found.values == {"on": True, "dim": 1.0}


def test_a_hold_stands_beside_what_else_an_entry_may_have(tmp_path: Path) -> None:
    """With ``protect``, and with a connection of its own; without both there is none."""
    own = "lamps:\n  - {lamp: hall, on: true, connection: attic, protect: true, hold: {reason: paint}}\n"
    (found,) = load_files(tmp_path, {"a.yaml": own}).desired.values()
    assert (found.protect, found.hold) == (True, Hold("paint"))
    assert hold_of(tmp_path, {"a.yaml": LAMP}) is None
    assert hold_of(tmp_path, {"a.yaml": f"{LAMP}    protect: true\n"}) is None


@pytest.mark.parametrize(
    ("written", "code", "words", "marked"),
    [
        ("{until: 2026-12-01}", "missing-field", '"reason"', "{until: 2026-12-01}"),
        ("true", "wrong-type", "should be a mapping", "true"),
        ("paint", "wrong-type", "should be a mapping", "paint"),
        ("{reason: ' '}", "wrong-value", "must say something", "' '"),
        ("{reason: 5}", "wrong-type", "should be text", "5"),
        ("{reason: x, until: soon}", "wrong-value", "write it as 2026-12-01", "soon"),
        ("{reason: x, until: 2026-02-30}", "wrong-value", "no such day", "2026-02-30"),
        ("{reason: x, until: 2026}", "wrong-type", "A date is text", "2026"),
        ("{reason: x, untl: 2026-12-01}", "unknown-field", 'did you mean "until"?', "untl"),
        ("", "empty-field", '"hold" is empty', "hold"),
        ("{reason: x, until: }", "empty-field", '"until" is empty', "until"),
        ("{reason: x, until: '${var.nope}'}", "missing-variable", '"nope"', "${var.nope}"),
    ],
)
def test_a_wrong_hold_is_shown_where_it_is(written: str, code: str, words: str, marked: str, tmp_path: Path) -> None:
    """Each with its place, and with what to write instead."""
    error = wrong(tmp_path, lamp(written))
    told = only(list(error.diagnostics))
    assert told.code == code
    assert words in f"{told.detail} {told.hint}"
    assert underlined(error, told).strip('"') == marked


def test_what_has_no_off_cannot_be_held(tmp_path: Path) -> None:
    """An alarm of this platform rings or is not there, and nothing can be said in between."""
    alarm = "connection: home\nalarms:\n  - {alarm: tea, frequency: daily, time: '04:00', hold: {reason: coffee}}\n"
    told = only(errors(tmp_path, {"a.yaml": alarm}))
    assert (told.code, told.address) == ("cannot-be-held", "home/alarm/tea")


# -- of an environment -------------------------------------------------------------------------------------------------


def environment(hold: str) -> dict[str, str]:
    text = WORKSPACE.replace("dev: {variables: {zone: UTC}}", f"dev: {{variables: {{zone: UTC}}, hold: {hold}}}")
    assert text != WORKSPACE
    return {"reconcile.yaml": text, "a.yaml": LAMP}


def test_an_environment_is_held_and_no_other(tmp_path: Path) -> None:
    """It is the whole environment's: its entries have none of their own."""
    files = environment('{reason: "no work in ${var.zone}", until: "${env.END}"}')
    config = load_files(tmp_path, files, "dev", END="2026-12-01")
    assert config.hold == Hold("no work in UTC", "2026-12-01T00:00:00Z")
    assert [found.hold for found in config.desired.values()] == [None]
    # What only another environment needs need not be there.
    assert load_files(tmp_path, files, "prod").hold is None
    assert load_files(tmp_path, files).hold is None
    assert only(errors(tmp_path, files, "dev")).code == "missing-variable"


def test_the_default_environment_can_be_held(tmp_path: Path) -> None:
    """It is one like the others, if somebody writes it down."""
    text = WORKSPACE.replace("  dev: {", "  default: {hold: {reason: summer}}\n  dev: {")
    assert load_files(tmp_path, {"reconcile.yaml": text, "a.yaml": LAMP}).hold == Hold("summer")


@pytest.mark.parametrize("chosen", ["dev", "prod", None])
def test_a_wrong_hold_is_an_error_in_every_environment(chosen: str | None, tmp_path: Path) -> None:
    """The file is wrong, whichever part of it is asked for."""
    told = only(errors(tmp_path, environment("{reason: x, until: soon}"), chosen))
    assert (told.code, "2026-12-01" in told.detail) == ("wrong-value", True)


def test_what_cannot_be_held_does_not_mind_the_environment(tmp_path: Path) -> None:
    """A hold of everything is a hold of everything that has an off."""
    alarm = "connection: home\nalarms:\n  - {alarm: tea, frequency: daily, time: '04:00'}\n"
    config = load_files(tmp_path, {**environment("{reason: x}"), "b.yaml": alarm}, "dev")
    assert len(config.desired) == 2
