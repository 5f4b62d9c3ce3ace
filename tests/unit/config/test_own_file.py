"""Users' own JSON files: which are found, what they say and where, and which are none of ours."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconcile.config.glob import fits, glob_files
from reconcile.config.own_file import members, read_own_files
from reconcile.core.own_file import OwnFile, OwnFiles

DOCUMENT = """\
{
\t"configuration_type": "table-to-table",
\t"task_dependencies": ["{\\"activated\\": true}"],
\t"direct": {"activated": true},
\t"activated" :
\t\tfalse, "password": "hunter2-not-shown"
}
"""


def make(root: Path, *names: str, text: str = DOCUMENT) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")


def read(root: Path, *patterns: str) -> OwnFiles:
    return read_own_files(root / "ws", patterns or ("../ops/**/*.json",), "configuration_type")


def only(found: OwnFiles) -> OwnFile:
    (file,) = found.files
    return file


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "ws").mkdir()
    return tmp_path


def test_every_member_has_the_place_of_its_value(root: Path) -> None:
    """Also behind tabs, and whatever the same key says further down or inside a text."""
    make(root, "ops/a.json")
    file = only(read(root))
    assert file.file == "../ops/a.json"
    assert file.values["activated"] is False
    span = file.places["activated"]
    assert (span.file, span.line, span.column, span.length) == ("../ops/a.json", 6, 3, 5)
    assert "hunter2" not in repr(file)


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("../ops/**/*.json", ["a.json", "deep/b.json", "deep/er/c.json"]),
        ("../ops/**", ["a.json", "deep/b.json", "deep/er/c.json"]),
        ("../ops/*.json", ["a.json"]),
        ("../ops/*/*.json", ["deep/b.json"]),
        ("../ops/deep/**/c.json", ["deep/er/c.json"]),
        ("../ops/deep/b.json", ["deep/b.json"]),
        ("../ops/[ab].json", ["a.json"]),
        ("../*/?.json", ["a.json"]),
    ],
)
def test_what_a_pattern_names(pattern: str, found: list[str], root: Path) -> None:
    make(root, "ops/a.json", "ops/deep/b.json", "ops/deep/er/c.json", "ops/a.sql")
    make(root, "ops/.git/x.json", "ops/node_modules/y/z.json", "ops/.hidden.json")
    assert [each.file for each in read(root, pattern).files] == [f"../ops/{name}" for name in found]
    assert [each.file for each in read(root, str(root / "ws" / pattern)).files] == [f"../ops/{name}" for name in found]


def test_a_file_that_two_patterns_name_is_one_file(root: Path) -> None:
    make(root, "ops/a.json")
    found = read(root, "../ops/*.json", "../ops/a.json", "../none/*.json", "../ops/b.json")
    assert len(found.files) == 1
    assert found.idle == ("../none/*.json", "../ops/b.json")


def test_a_link_that_goes_round_ends(root: Path) -> None:
    make(root, "ops/a.json")
    (root / "ops" / "round").symlink_to(root / "ops")
    assert len(read(root).files) == 1


def test_a_tree_that_is_too_large_is_cut(root: Path) -> None:
    make(root, *(f"ops/{n}/a.json" for n in range(20)))
    found = glob_files(root, "ops/**/*.json", ".json", most=10)
    assert found.is_cut
    assert not glob_files(root, "ops/**/*.json", ".json").is_cut


@pytest.mark.parametrize("text", ["", "[1]", '{"a": 1}', "not json", '{"nested": {"configuration_type": "workflow"}}'])
def test_what_is_none_of_ours_is_passed_over(text: str, root: Path) -> None:
    make(root, "ops/a.json", text=text)
    assert read(root) == OwnFiles()


@pytest.mark.parametrize(
    ("text", "trouble", "line"),
    [
        ('{"configuration_type": "workflow",\n}', "it is no JSON: Expecting property name", 2),
        ('{"configuration_type": "workflow"\n "a": 1}', "it is no JSON: Expecting ','", 2),
        ('// what for\n{"configuration_type": "workflow"}', "it is no JSON: Expecting '{'", 1),
        ('{"configuration_type": "workflow"} {}', "it is no JSON: Extra data", 1),
        ('{"configuration_type": ' + "[" * 100_000 + "]" * 100_000 + "}", "it is no JSON that can be read", 1),
    ],
)
def test_a_broken_one_of_ours_says_where(text: str, trouble: str, line: int, root: Path) -> None:
    make(root, "ops/a.json", text=text)
    file = only(read(root))
    assert file.trouble.startswith(trouble)
    assert file.trouble_at is not None
    assert file.trouble_at.line == line


def test_one_that_is_not_utf_8(root: Path) -> None:
    make(root, "ops/a.json")
    (root / "ops/a.json").write_bytes(b'{"configuration_type": "\xff"}')
    assert "UTF-8" in only(read(root)).trouble or "0xFF" in only(read(root)).trouble
    assert not only(read(root)).trouble.endswith("."), "a sentence goes on with it"


def test_a_byte_order_mark_is_nothing(root: Path) -> None:
    make(root, "ops/a.json", text="\ufeff" + DOCUMENT)
    assert only(read(root)).values["activated"] is False


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_one_that_may_not_be_read(root: Path) -> None:
    make(root, "ops/a.json")
    (root / "ops/a.json").chmod(0)
    assert only(read(root)).trouble.startswith("it cannot be read")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=12,
)


@given(st.dictionaries(st.text(), JSON), st.sampled_from([None, 2, "\t"]))
def test_members_are_those_that_json_finds(document: dict[str, object], indent: int | str | None) -> None:
    text = json.dumps(document, indent=indent)
    found = list(members(text))
    assert {key: value for key, value, _ in found} == document
    assert [json.loads(text[begin:end]) for _, _, (begin, end) in found] == [*document.values()]


@pytest.mark.parametrize(
    ("path", "pattern", "fit"),
    [
        ("a/b/c", "**/c", True),
        ("c", "**/c", True),
        ("a/b", "**/c", False),
        ("a/x/y/c", "a/**/c", True),
        ("a/c", "a/**/c", True),
        ("a/b/c", "a/*", False),
        ("a/b/c/d", "**/b/**/d", True),
        ("a", "**", True),
    ],
)
def test_names_against_a_pattern(path: str, pattern: str, fit: bool) -> None:
    assert fits(path.split("/"), pattern.split("/")) is fit


def test_a_workspace_that_is_a_link_means_the_folder_that_it_leads_to(root: Path, tmp_path: Path) -> None:
    make(root, "ops/a.json")
    elsewhere = tmp_path / "else" / "where"
    elsewhere.parent.mkdir()
    elsewhere.symlink_to(root / "ws")
    assert only(read_own_files(elsewhere, ["../ops/*.json"], "configuration_type")).file == "../ops/a.json"
