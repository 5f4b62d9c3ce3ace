"""``allow``: findings that are right as they are, in ``reconcile.yaml`` and at an entry."""

from __future__ import annotations

from pathlib import Path

from .fakes import WORKSPACE, errors, load_files, only, underlined, wrong

LAMP = "connection: attic\nlamps: [{lamp: x, on: true}]\n"
HERE = """\
connection: attic
lamps:
  - lamp: x
    on: true
    allow: [{code: dst-skipped, reason: '  it is
      fine '}]
"""
SOME = """\
allow:
  - {code: short-month, reason: known}
  - {code: dst-doubled, objects: ['home/*'], reason: no harm}
"""


def test_what_is_accepted_for_all_and_for_some(tmp_path: Path) -> None:
    config = load_files(tmp_path, {"a.yaml": LAMP, "reconcile.yaml": WORKSPACE + SOME})
    assert [(each.code, each.reason, each.objects) for each in config.allow] == [
        ("short-month", "known", ()),
        ("dst-doubled", "no harm", ("home/*",)),
    ]
    assert str(config.allow[1].source).startswith("reconcile.yaml:")


def test_an_entry_accepts_for_itself_alone(tmp_path: Path) -> None:
    config = load_files(tmp_path, {"a.yaml": HERE})
    (allow,) = config.allow
    (address,) = config.desired
    assert (allow.code, allow.reason, allow.objects) == ("dst-skipped", "it is fine", (str(address),))


def test_a_code_that_is_none_is_an_error_with_near_ones(tmp_path: Path) -> None:
    error = wrong(tmp_path, workspace("allow: [{code: dst-skiped, reason: x}]\n"))
    told = only(list(error.diagnostics))
    assert (told.code, told.hint) == ("unknown-value", 'did you mean "dst-skipped"?')
    assert underlined(error, told) == "dst-skiped"


def test_a_reason_is_needed(tmp_path: Path) -> None:
    assert only(errors(tmp_path, workspace("allow: [{code: dst-skipped}]\n"))).code == "missing-field"
    (told,) = errors(tmp_path, workspace("allow: [{code: dst-skipped, reason: ' '}]\n"))
    assert "whoever comes after you" in told.detail


def workspace(more: str) -> dict[str, str]:
    return {"a.yaml": LAMP, "reconcile.yaml": WORKSPACE + more}
