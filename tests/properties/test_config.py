"""Laws of reading files."""

from __future__ import annotations

import json
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from reconcile.config.document import LOADER, Document, parse
from reconcile.config.load import Config, FilesWrong, load
from reconcile.config.marked import MarkedList, MarkedMap
from reconcile.config.reference import REFERENCE, near_misses
from reconcile.config.scalar import scalar
from reconcile.config.text import Text
from reconcile.providers.registry import providers
from reconcile.render.diagnostics import render

WORKSPACE = """\
version: 1
connections:
  t: {provider: tailer, account: "000099", environment: DEV, auth: {method: token, token: "${env.TOKEN}"}}
variables: {v: text}
"""
SECRET = "very-s3cret-token"

YAMLISH = st.lists(
    st.sampled_from(
        ["a", "b: ", "- ", "\n", "  ", "[", "]", "{", "}", ", ", "'", '"', "&x ", "*x", "<<: ", "|\n", ">\n", "#", "\t",
         "---\n", "...\n", "!!str ", "!t ", "? ", ": ", "${env.A}", "${var.b}", "1", "é", "\u2028", "\r\n", "%", "@",
         "\\", "~", "012", "12:30", "\x85", "\ufeff", "\x07", "configurations:\n", "connection: t\n", "pipelines:\n"]
    ),
    max_size=40,
).map("".join)  # fmt: skip
ANY_TEXT = st.one_of(YAMLISH, st.text(max_size=200), st.text(st.characters(categories=["Cs", "Cc", "L"]), max_size=20))


def load_text(files: dict[str, str], environ: dict[str, str]) -> Config:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for name, text in files.items():
            (root / name).write_bytes(text.encode("utf-8", "surrogatepass"))
        return load(root, None, environ, providers(), root)


def check_places(document: Document, value: Any) -> None:
    text = document.text
    if isinstance(value, MarkedMap):
        assert list(value.marks) == list(value) or value.keys() == value.marks.keys()
        for key in value:
            span = document.key_span(value, key)
            assert 1 <= span.line <= len(text.lines)
            assert document.value_span(value, key).length >= 1
            begin, end = value.mark_of(key)
            assert 0 <= begin <= end <= len(text.characters)
            check_places(document, value[key])
    elif isinstance(value, MarkedList):
        assert len(value.marks) == len(value)
        for item in value:
            check_places(document, item)


@given(ANY_TEXT)
def test_parsing_never_raises_and_says_why_it_failed(text: str) -> None:
    for loader in {LOADER, yaml.SafeLoader}:
        document = parse(text, "f", loader)
        assert document.root is not None or document.diagnostics
        for diagnostic in document.diagnostics:
            assert diagnostic.span is not None
            assert diagnostic.detail
        if not document.diagnostics:
            check_places(document, document.root)


@given(ANY_TEXT, st.booleans())
def test_loading_never_raises_anything_but_its_own_error(text: str, as_workspace: bool) -> None:
    files = {"reconcile.yaml": WORKSPACE, "a.yaml": "configurations: []\n"}
    files["reconcile.yaml" if as_workspace else "a.yaml"] = text
    error = None
    try:
        load_text(files, {"TOKEN": SECRET, "A": SECRET})
    except FilesWrong as raised:
        error = raised
    if error is not None:
        assert SECRET not in render(error.diagnostics, error.sources, color=False)
        assert SECRET not in repr(error)


DESIRED = """\
connection: t
configurations:
  - {type: workflow, id: w, activated: false, archived: false}
  - type: table-to-table
    id: "x_${var.v}"
    activated: true
    archived: false
    protect: true
workflow_resets: [{workflow: w, once: "why"}]
pipelines:
  p: {steps: {a: {tailer.reset: {workflow: w}, needs: [b], retries: 1}, b: {tailer.reset: {workflow: w}}}}
"""
BITS = ["", "x", "{", "}", "[", "]", ":", ": ", " ", "- ", ",", "\t", "\n", "3", "null", "true", "&a ", "*a", "'",
        "${env.A}", "'${env.A}'", "'${var.nix}'", "é", "\n  - ", "<<: "]  # fmt: skip


@given(
    st.booleans(),
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 12), st.sampled_from(BITS)), min_size=1, max_size=4),
)
def test_a_damaged_workspace_gives_errors_and_no_secret(
    in_desired: bool, damages: list[tuple[float, int, str]]
) -> None:
    text = DESIRED if in_desired else WORKSPACE
    for share, length, bit in damages:
        at = int(share * len(text))
        text = text[:at] + bit + text[at + length :]
    files = {"reconcile.yaml": WORKSPACE, "a.yaml": DESIRED, ("a.yaml" if in_desired else "reconcile.yaml"): text}
    error = None
    try:
        load_text(files, {"TOKEN": SECRET, "A": SECRET + "-2"})
    except FilesWrong as raised:
        error = raised
    if error is not None:
        assert SECRET not in "".join(f"{d.summary} {d.detail} {d.hint}" for d in error.diagnostics)
        assert all(d.detail and d.code for d in error.diagnostics)
        assert render(error.diagnostics, error.sources, color=False).count("[") >= len(error.diagnostics)


# JSON escapes all of these alike; beyond them it writes pairs of half characters, which YAML does not know.
JSON_TEXT = st.text(
    st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"], exclude_characters="\x7f"), max_size=100
)
JSON_NUMBERS = st.integers(-(10**20), 10**20) | st.floats(allow_nan=False, allow_infinity=False)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | JSON_NUMBERS | JSON_TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(JSON_TEXT, inner, max_size=4),
    max_leaves=15,
)


@given(st.dictionaries(JSON_TEXT, JSON_VALUES, min_size=1, max_size=4))
def test_json_means_the_same_as_yaml(value: dict[str, Any]) -> None:
    document = parse(json.dumps(value), "f")
    assert document.diagnostics == ()
    assert json.dumps(document.root) == json.dumps(value)


@given(st.none() | st.booleans() | st.integers(-(10**29), 10**29) | st.floats(allow_nan=False, allow_infinity=False))
def test_scalars_round_trip(value: Any) -> None:
    read = scalar(json.dumps(value))
    assert read == value
    assert type(read) is type(value)


@given(st.text())
def test_text_in_quotes_is_itself(text: str) -> None:
    document = parse("a: '" + text.replace("'", "''") + "'\n", "f")
    if not document.diagnostics and not any(c in text for c in "\n\r\x85\u2028\u2029"):
        assert document.root == {"a": text}


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_offsets_and_lines_agree(text: str) -> None:
    read = Text(text, "f")
    for offset in range(len(text)):
        span = read.span((offset, offset + 1))
        line = read.lines[span.line - 1]
        assert span.column <= len(line) + 2
        if text[offset] not in "\r\n":
            assert line[span.column - 1] == text[offset]


@given(st.text())
def test_a_reference_is_no_near_miss(text: str) -> None:
    for near in near_misses(text):
        assert not REFERENCE.fullmatch(near.written)
        assert not near.meant or REFERENCE.fullmatch(near.meant)


ENTRY = st.builds(
    lambda name, on: f"  - {{type: workflow, id: {name}, activated: {on}, archived: false}}\n",
    st.sampled_from(["w1", "w2", "w3", "w4", "w5", "w6"]),
    st.sampled_from(["true", "false", "yes", "'${var.nix}'"]),
)


@given(st.lists(ENTRY, min_size=1, max_size=6), st.randoms(use_true_random=False))
@pytest.mark.timeout(120)
def test_the_order_of_files_and_entries_does_not_matter(entries: list[str], random: Any) -> None:
    header = "connection: t\nconfigurations:\n"
    names = [f"{chr(97 + index)}.yaml" for index in range(len(entries))]
    first = {"reconcile.yaml": WORKSPACE, **{name: header + entry for name, entry in zip(names, entries, strict=True)}}
    shuffled = random.sample(entries, len(entries))
    second = {"reconcile.yaml": WORKSPACE, **{name: header + e for name, e in zip(names, shuffled, strict=True)}}
    assert outcome(first) == outcome(second)


def outcome(files: dict[str, str]) -> Any:
    """Return what a workspace asks for, or its errors, without the places."""
    try:
        config = load_text(files, {"TOKEN": SECRET})
    except FilesWrong as error:
        # Which of two that are the same is called the second depends on the files; that they are the same does not.
        return sorted((d.code, d.address or "") for d in error.diagnostics)
    nowhere = next(iter(config.desired.values())).source
    return [replace(desired, source=nowhere).values for desired in config.desired.values()], list(config.desired)
