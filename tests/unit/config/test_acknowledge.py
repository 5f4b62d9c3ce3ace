"""``acknowledged.yaml``: read and checked with the rest; written so that all else in it stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconcile.config.acknowledge import read_acknowledged, text_with, text_without
from reconcile.config.document import parse
from reconcile.config.edit import Editor
from reconcile.config.notation import Unwritable
from reconcile.config.splice import CannotEdit
from reconcile.core.acknowledge import Acknowledgement
from reconcile.core.address import Address

from .fakes import errors, load_files, only

LAMP = "connection: attic\nlamps: []\n"
FILE = "acknowledged.yaml"
ENTRY = "  - {address: attic/lamp/hall, until: 2026-12-01, reason: paint, fingerprint: 0123456789abcdef}\n"


def ack(name: str = "hall", environment: str = "default", reason: str = "paint") -> Acknowledgement:
    address = Address.parse(f"attic/lamp/{name}")
    return Acknowledgement(address, environment, "0123456789abcdef", "2026-12-01T00:00:00Z", reason, "kim")


def read(text: str) -> list[Acknowledgement]:
    """Return what a text says, its places left out."""
    found, wrong = read_acknowledged(parse(text, FILE))
    assert wrong == ()
    return [Acknowledgement(e.address, e.environment, e.fingerprint, e.until, e.reason, e.by) for e in found]


def test_it_is_read_and_is_no_desired_state(tmp_path: Path) -> None:
    (found,) = load_files(tmp_path, {"a.yaml": LAMP, FILE: f"acknowledged:\n{ENTRY}"}).acknowledged
    assert (str(found.address), found.environment, found.until) == (
        "attic/lamp/hall",
        "default",
        "2026-12-01T00:00:00Z",
    )
    assert str(found.source) == f"{FILE}:2:5"


def test_it_alone_is_no_desired_state(tmp_path: Path) -> None:
    assert only(errors(tmp_path, {FILE: "acknowledged: []\n"})).code == "no-desired-state"


def test_a_file_of_that_name_further_down_is_desired_state(tmp_path: Path) -> None:
    assert load_files(tmp_path, {f"x/{FILE}": LAMP}).acknowledged == ()
    editor = Editor(tmp_path, None, {}, {})
    assert [editor.is_read(tmp_path / name) for name in (f"x/{FILE}", FILE)] == [True, False]


def test_accepting_drift_changes_nothing_of_what_the_files_ask_for(tmp_path: Path) -> None:
    """A saved plan stays good: the file is none of the sources."""
    files = {"a.yaml": LAMP, FILE: f"acknowledged:\n{ENTRY}"}
    assert FILE not in load_files(tmp_path, files).sources


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("", "empty-file", ""),
        ("- x\n", "wrong-type", "mapping"),
        ("{}\n", "missing-field", "acknowledged"),
        ("acknowledge: []\n", "unknown-field", "acknowledge"),
        (f"acknowledged:\n{ENTRY.replace('attic/lamp/hall', 'hall')}", "wrong-value", "CONNECTION/KIND/NAME"),
        (f"acknowledged:\n{ENTRY.replace('2026-12-01', 'soon')}", "wrong-value", "no date"),
        (f"acknowledged:\n{ENTRY.replace('paint', chr(39) * 2)}", "wrong-value", "must say something"),
        (f"acknowledged:\n{ENTRY.replace('0123456789abcdef', 'xyz')}", "wrong-format", "fingerprint"),
        (f"acknowledged:\n{ENTRY.replace('reason: paint, ', '')}", "missing-field", "reason"),
        ("acknowledged: [\n", "yaml-syntax", ""),
    ],
)
def test_what_is_wrong_with_it_is_an_error_with_a_place(text: str, code: str, words: str, tmp_path: Path) -> None:
    found = errors(tmp_path, {"a.yaml": LAMP, FILE: text})
    assert [each.code for each in found] == [code], found
    assert any(words in each.detail for each in found)
    assert all(each.span and each.span.file == FILE for each in found)


def test_a_new_file_says_what_it_is() -> None:
    text = text_with(None, FILE, [ack(), ack("stairs", "prod", "# no: comment")])
    assert text.startswith("# Drift")
    assert read(text) == [ack(), ack("stairs", "prod", "# no: comment")]


WRITTEN = f"""\
# ours
acknowledged:   # reviewed by ops
  # the hall
{ENTRY}      # really

  - address: attic/lamp/cellar  # below
    until: 2026-12-01
    reason: |
      two
      lines
    fingerprint: 0123456789abcdef
# the end
"""


def test_one_more_goes_to_the_end_and_all_else_stays() -> None:
    text = text_with(WRITTEN, FILE, [ack("stairs")])
    head, tail = WRITTEN.split("# the end")
    assert text.startswith(head)
    assert text.endswith("# the end" + tail)
    assert [each.address.name for each in read(text)] == ["hall", "cellar", "stairs"]


def test_another_of_the_same_object_takes_its_place() -> None:
    text = text_with(WRITTEN, FILE, [ack(reason="more paint")])
    assert [(each.address.name, each.reason) for each in read(text)] == [
        ("cellar", "two lines"),
        ("hall", "more paint"),
    ]


def test_of_another_environment_it_does_not() -> None:
    text = text_with(WRITTEN, FILE, [ack(environment="prod")])
    assert [each.environment for each in read(text)] == ["default", "default", "prod"]


def test_one_is_taken_out() -> None:
    text, gone = text_without(WRITTEN, FILE, lambda each: each.address.name == "hall")
    assert [each.address.name for each in gone] == ["hall"]
    assert [each.address.name for each in read(text)] == ["cellar"]
    assert "# below" in text
    assert text_without(WRITTEN, FILE, lambda each: False) == (WRITTEN, ())


@pytest.mark.parametrize("text", [WRITTEN, f"acknowledged:\n{ENTRY}", f"acknowledged:\n{ENTRY}".rstrip()])
def test_all_are_taken_out_and_one_comes_back(text: str) -> None:
    empty, _ = text_without(text, FILE, lambda each: True)
    assert read(empty) == []
    assert read(text_with(empty, FILE, [ack("stairs")])) == [ack("stairs")]


@pytest.mark.parametrize("text", ["acknowledged: []\n", "acknowledged: []  # none\n", "acknowledged: [ ]"])
def test_into_an_empty_list(text: str) -> None:
    assert read(text_with(text, FILE, [ack()])) == [ack()]


def test_line_ends_stay_as_they_are() -> None:
    text = text_with(f"acknowledged:\n{ENTRY}".replace("\n", "\r\n"), FILE, [ack("stairs")])
    assert "\n" not in text.replace("\r\n", "")
    assert len(read(text)) == 2


def test_what_cannot_be_written() -> None:
    flow = f"acknowledged: [{ENTRY.strip().removeprefix('- ')}]\n"
    with pytest.raises(CannotEdit):
        text_with(flow, FILE, [ack("stairs")])
    with pytest.raises(Unwritable):
        text_with(None, FILE, [ack(reason="${env.X}")])
