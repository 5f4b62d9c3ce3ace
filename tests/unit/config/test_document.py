"""A YAML file as values with places."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from reconcile.config.document import Document, parse
from reconcile.core.diagnostic import Diagnostic

LOADERS = [yaml.SafeLoader, *([yaml.CSafeLoader] if hasattr(yaml, "CSafeLoader") else [])]


@pytest.fixture(params=LOADERS, ids=lambda loader: loader.__name__)
def loader(request: pytest.FixtureRequest) -> Any:
    return request.param


def good(text: str, loader: Any = LOADERS[-1]) -> Document:
    document = parse(text, "f.yaml", loader)
    assert document.diagnostics == ()
    return document


def bad(text: str, loader: Any = LOADERS[-1]) -> Diagnostic:
    document = parse(text, "f.yaml", loader)
    assert len(document.diagnostics) == 1, document
    return document.diagnostics[0]


def at(diagnostic: Diagnostic) -> tuple[int, int]:
    assert diagnostic.span is not None
    return diagnostic.span.line, diagnostic.span.column


def test_yaml_1_1_traps(loader: Any) -> None:
    text = "time: 12:30\non: no\nid: 012\nday: 2026-11-22\n1: x\nnull: y\nquoted: '12'\ntagged: !!str 12\nalso: ! 12\n"
    assert good(text, loader).root == {
        "time": "12:30", "on": "no", "id": "012", "day": "2026-11-22", "1": "x", "null": "y", "quoted": "12",
        "tagged": "12", "also": "12",
    }  # fmt: skip


def test_positions_count_characters_also_in_non_ascii(loader: Any) -> None:
    document = good('é: "ü"\nß☃:\n  - 🎉x: {k: [ä, zz]}\n', loader)
    root = document.root
    assert str(document.key_span(root, "ß☃")) == "f.yaml:2:1"
    inner = root["ß☃"][0]
    assert (document.key_span(inner, "🎉x").column, document.key_span(inner, "🎉x").length) == (5, 2)
    numbers = inner["🎉x"]["k"]
    span = document.value_span(numbers, 1)
    assert (span.line, span.column, span.length) == (3, 17, 2)
    assert document.text.slice(numbers.mark_of(1)) == "zz"
    assert document.value_span(root, "é").length == 3
    assert document.span_at(("ß☃", 0, "🎉x", "k", 7)) == document.value_span(inner["🎉x"], "k")


def test_positions_with_carriage_returns(loader: Any) -> None:
    document = good("a: 1\r\nb:\r\n  - x\r\n", loader)
    assert document.text.lines == ("a: 1", "b:", "  - x", "")
    span = document.value_span(document.root["b"], 0)
    assert (span.line, span.column, span.length) == (3, 5, 1)


def test_offsets_fit_for_splicing(loader: Any) -> None:
    text = "list:\n  - name: a # comment\n    deep: {x: 1}\n\n  # next\n  - name: b\nend: |\n  text\n"
    document = good(text, loader)
    entries = document.root["list"]
    assert document.text.slice(entries.mark_of(0)) == "name: a # comment\n    deep: {x: 1}"
    assert document.text.slice(entries.mark_of(1)) == "name: b"
    assert document.text.slice(document.root.mark_of("list")).endswith("- name: b")
    assert document.text.slice(document.root.mark_of("end")) == "|\n  text\n"


def test_a_span_stays_on_its_first_line(loader: Any) -> None:
    document = good("a:\n  b: 1\n  c: 2\nd: 'x\n  y'\n", loader)
    assert document.value_span(document.root, "a").length == len("b: 1")
    assert document.value_span(document.root, "d").length == len("'x")
    assert good("a:\nb: 1\n", loader).root["a"] is None


def test_duplicate_key_names_both_lines(loader: Any) -> None:
    error = bad("a: 1\nb: 2\n\n'a': 3\n", loader)
    assert error.code == "duplicate-key"
    assert "line 1" in error.detail
    assert "line 4" in error.detail
    assert at(error) == (4, 1)


def test_all_duplicate_keys_come_at_once() -> None:
    document = parse("a: 1\na: 2\nb: {c: 1, c: 2}\n", "f")
    assert [d.code for d in document.diagnostics] == ["duplicate-key", "duplicate-key"]


def test_aliases_share_the_object(loader: Any) -> None:
    root = good("a: &x [1, {y: 2}]\nb: *x\nc: &s 012\nd: *s\n", loader).root
    assert root["b"] is root["a"]
    assert root["d"] == "012"


def test_merge_keys(loader: Any) -> None:
    text = """
one: &one {a: 1, b: 1}
two: &two {b: 2, c: 2}
x: {b: 0, <<: *one}
y:
  <<: [*one, *two]
  d: 4
z: {<<: {q: 1}}
w: &w {<<: *one, a: 9}
v: {<<: *w}
text: {"<<": plain}
"""
    document = good(text, loader)
    root = document.root
    assert root["x"] == {"b": 0, "a": 1}
    assert root["y"] == {"d": 4, "a": 1, "b": 1, "c": 2}
    assert root["z"] == {"q": 1}
    assert root["v"] == {"a": 9, "b": 1}
    assert root["text"] == {"<<": "plain"}
    assert document.key_span(root["y"], "c") == document.key_span(root["two"], "c")


@pytest.mark.parametrize("text", ["a: {<<: 3}\n", "a: {<<: [{x: 1}, 3]}\n", "a: {<<: }\n"])
def test_merging_no_mapping(text: str, loader: Any) -> None:
    assert bad(text, loader).code == "merge-no-mapping"


def test_two_merge_keys_are_told_how_to_be_one(loader: Any) -> None:
    error = bad("a: {<<: {x: 1}, <<: {y: 1}}\n", loader)
    assert error.code == "duplicate-key"
    assert "[*one, *two]" in error.hint


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        ("a: *nix\n", "unknown-alias", (1, 4)),
        ("anchor: &foo 1\nb: *fo\n", "unknown-alias", (2, 4)),
        ("a: &a [*a]\n", "recursive-alias", (1, 8)),
        ("a: &a {b: {<<: *a}}\n", "recursive-alias", (1, 16)),
        ("a: !!int 3\n", "yaml-tag", (1, 4)),
        ("a: !foo {b: 1}\n", "yaml-tag", (1, 4)),
        ("a: !!python/object:os.system x\n", "yaml-tag", (1, 4)),
        ("? [a, b]\n: 1\n", "complex-key", (1, 3)),
        ("a: &a x\n*a : 1\n", "complex-key", (2, 1)),
        ("", "empty-file", (1, 1)),
        ("# only\n\n", "empty-file", (1, 1)),
        ("---\n", "empty-file", (1, 1)),
        ("~\n", "empty-file", (1, 1)),
        ("a: 1\n---\nb: 2\n", "several-documents", (2, 1)),
        ("a: 1\n---\n", "several-documents", (2, 1)),
        ("a: \x07\n", "control-character", (1, 4)),
        ("a: \ufeffx\n", "control-character", (1, 4)),
        ("a:\n\t- b\n", "yaml-tab", (2, 1)),
        ("a:\n  b: 1\n\tc: 2\n", "yaml-tab", (3, 1)),
        ("a: b: c\n", "yaml-syntax", (1, 5)),
        ("a: 1\nb: 'x\nc: 2\n", "yaml-syntax", (2, 4)),
        ("a: [1, 2\n", "yaml-syntax", (1, 4)),
        ("a: @x\n", "yaml-syntax", (1, 4)),
        ("a: 1\nb\nc: 2\n", "yaml-syntax", (2, 1)),
        ("a:\n  b: 1\n c: 2\n", "yaml-syntax", (3, 2)),
        ("a: *\n", "yaml-syntax", (1, 4)),
        ("a: }\n", "yaml-syntax", (1, 4)),
    ],
)
def test_what_cannot_be_meant(text: str, code: str, place: tuple[int, int], loader: Any) -> None:
    error = bad(text, loader)
    assert error.code == code
    assert at(error) == place
    words = f"{error.detail} {error.hint}".lower()
    for jargon in ("scalar", "token", "block end", "flow", "scanning", "node"):
        assert jargon not in words


def test_an_undecodable_escape_is_an_error_or_text(loader: Any) -> None:
    assert [d.code for d in parse('a: "\\ud800"\n', "f", loader).diagnostics] in (
        ["yaml-syntax"],
        ["control-character"],
    )


def test_an_unclosed_quote_is_shown_where_it_opens() -> None:
    error = bad('a: 1\nb: "x\nc: 2\nd: 3\n')
    assert at(error) == (2, 4)
    assert "never closed" in error.detail


def test_nesting_is_bounded(loader: Any) -> None:
    assert good("[" * 100 + "]" * 100, loader).root
    error = bad("[" * 101 + "]" * 101, loader)
    assert error.code == "too-deep"
    assert at(error) == (1, 101)
    assert bad("[" * 5000, loader).code == "too-deep"


def test_nesting_is_bounded_through_aliases(loader: Any) -> None:
    text = f"a: &a {'[' * 60}{']' * 60}\nb: {'[' * 60}*a{']' * 60}\n"
    assert bad(text, loader).code == "too-deep"


def test_a_bomb_is_refused(loader: Any) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 20)]
    error = bad("\n".join(lines), loader)
    assert error.code == "aliases-too-large"
    assert "1,000,000" in error.detail


def test_a_merged_bomb_is_refused() -> None:
    lines = ["a0: &a0 {k: [x, x, x, x, x, x, x, x, x, x]}"]
    lines += [f"a{i}: &a{i} {{l: [{', '.join([f'*a{i - 1}'] * 10)}], <<: *a{i - 1}}}" for i in range(1, 20)]
    assert bad("\n".join(lines)).code == "aliases-too-large"


def test_references_are_listed(loader: Any) -> None:
    document = good("a: ${var.x}\nb: [y, 'z${env.Z}']\nc: &c {d: '${'}\ne: {<<: *c}\nf: $x\n", loader)
    written: list[Any] = [container[segment] for container, segment in document.references]  # type: ignore[index]
    assert written == ["${var.x}", "z${env.Z}", "${", "${"]


def test_a_document_with_one_explicit_start_is_fine(loader: Any) -> None:
    assert good("%YAML 1.2\n---\na: 1\n...\n", loader).root == {"a": 1}
