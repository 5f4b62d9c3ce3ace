"""Laws of writing files: what is written is read back, and an edit leaves everything else as it was."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from test_convert import scheduled

from reconcile.config.document import parse
from reconcile.config.draft import Acceptance, accepted, into_file
from reconcile.config.edit import Editor
from reconcile.config.entry import entry_for
from reconcile.config.load import Config, load
from reconcile.config.notation import Unwritable, comment_text, text_in_yaml, value_text
from reconcile.config.reference import REFERENCE, near_misses
from reconcile.config.writer import Entry, Layout, Variables, file_text
from reconcile.core.accept import accepted_changes
from reconcile.core.address import Address
from reconcile.core.snapshot import Live, Value, Values
from reconcile.providers.crm_analytics.schedule import ScheduleKind
from reconcile.providers.registry import providers
from reconcile.render.adopt import diff_text

KIND = ScheduleKind()
UNSCHEDULED: Values = {"frequency": "none"}
WORKSPACE = """\
version: 1
connections:
  sales:
    provider: crm_analytics
    instance_url: https://acme.my.salesforce.com
    auth: {method: access_token, access_token: "${env.TOKEN}"}
  on:
    provider: crm_analytics
    instance_url: https://acme.my.salesforce.com
    auth: {method: access_token, access_token: "${env.TOKEN}"}
variables: {zone: America/Los_Angeles, paris: Europe/Paris, also_paris: Europe/Paris}
"""
ENVIRON = {"TOKEN": "not-a-real-token"}

law = settings(max_examples=80)

HOSTILE = (
    *("on", "no", "Yes", "y", "~", "null", "Null", "true", "=", "<<", "-", "?", "...", "---", "--- a", "% a"),
    *("012", "1e3", "0x1F", "0o7", "1_000", ".5", "5.", "+1", "-0", ".inf", ".nan", "12:30", "02:30", "190:20:30"),
    *("2026-11-22", "2026-11-22 10:00:00", "1.1.1", "0b1", "a: b", "a:", ":a", "a #b", "# x", "#x", " a", "a ", ""),
    *("[a", "{a", "a]", "a,b", "a}", "*a", "&a", "!a", "!!str a", "%a", "@a", "`a", "|", ">", "'a", '"a', "it's"),
    *('say "x"', "back\\slash", "a\nb", "a\tb", "\ta", "\r", "\x00", "\x07", "\x7f", "\x85", "\u2028", "\ufeff", "é"),
    *("日本", "🎉", "\U000e0001", "\ud800", "$", "${", "${x}", "${env.A}", "${var.zone}", "${vars.a}", "${{ a }}"),
    *("{{FD_DATE}}", "a|b|{{x}}.csv", "-a", "- a", "?a", "? a", ":", "a:b", "a::b", "<a>", "=a", "\xa0", "a\xa0"),
)
TEXTS = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=12), st.lists(st.sampled_from(HOSTILE)).map("".join))
QUOTES = st.sampled_from(("", "'", '"'))


def can_be_said(text: str) -> bool:
    """Say whether a file can hold a text, worked out apart from what writes it."""
    return not (REFERENCE.search(text) or near_misses(text) or re.search("[\ud800-\udfff]", text))


@given(TEXTS, QUOTES, st.booleans())
@law
def test_text_is_read_back_by_us_and_by_every_other_reader(text: str, quote: str, flow: bool) -> None:
    try:
        written = text_in_yaml(text, flow=flow, quote=quote)
    except Unwritable:
        assert not can_be_said(text)
        return
    assert can_be_said(text)
    whole = f"a: [b, {written}, {{c: {written}}}]\n" if flow else f"a: {written}\n"
    expected: Any = {"a": ["b", text, {"c": text}]} if flow else {"a": text}
    document = parse(whole, "f")
    assert document.diagnostics == ()
    assert document.root == expected
    # YAML 1.1, for which on, 12:30 and 2026-11-22 are no text.
    assert yaml.safe_load(whole) == expected
    assert "\n" not in written


@given(st.recursive(st.one_of(TEXTS, st.integers(-(10**9), 10**9), st.booleans()), lambda inner: st.tuples(inner)))
@law
def test_values_are_read_back(value: Value) -> None:
    try:
        written = value_text(value)
    except Unwritable:
        return
    assert parse(f"a: {written}\n", "f").root == {"a": as_lists(value)}


@given(st.lists(TEXTS, max_size=3))
@law
def test_a_comment_is_a_comment_whatever_it_says(words: list[str]) -> None:
    document = parse(f"a: b  # {comment_text(words)}\nc: d\n", "f")
    assert document.root == {"a": "b", "c": "d"}
    assert document.diagnostics == ()


def as_lists(value: Any) -> Any:
    return [as_lists(item) for item in value] if isinstance(value, tuple) else value


# -- whole files -------------------------------------------------------------------------------------------------------

ASSETS = st.sampled_from(("recipe", "dataflow"))
NAMES = st.builds("{}:{}".format, ASSETS, TEXTS.filter(lambda text: bool(text.strip()) and can_be_said(text)))
ANY = st.one_of(scheduled, st.just(UNSCHEDULED))
OBJECTS = st.dictionaries(st.builds(Address, st.sampled_from(("sales", "on")), st.just("schedule"), NAMES), ANY)
NO_VARIABLES = Variables()
ALL_VARIABLES = Variables({"America/Los_Angeles": ("zone",), "Europe/Paris": ("paris", "also_paris")})


@contextmanager
def workspace(**files: str) -> Iterator[Editor]:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for name, text in {"reconcile": WORKSPACE, **files}.items():
            (root / f"{name}.yaml").write_bytes(text.encode())
        yield Editor(root, None, ENVIRON, providers())


def read(editor: Editor) -> Config:
    return load(editor.root, None, ENVIRON, providers(), editor.root, may_be_empty=True)


def entries(objects: Mapping[Address, Values], variables: Variables = NO_VARIABLES) -> list[Entry]:
    return [entry_for(KIND, None, address, values, variables, "ä # b") for address, values in objects.items()]


@given(NAMES, ANY)
@law
def test_an_entry_declares_what_it_was_made_of(name: str, values: Values) -> None:
    entry = entry_for(KIND, None, Address("sales", "schedule", name), values, NO_VARIABLES)
    assert dict(entry.keys[1:]) == dict(values)


@given(OBJECTS, st.sampled_from((NO_VARIABLES, ALL_VARIABLES)))
@law
def test_a_written_file_asks_for_just_that(objects: dict[Address, Values], variables: Variables) -> None:
    assume(objects)
    text = file_text(entries(objects, variables))
    with workspace(a=text) as editor:
        assert {a: dict(d.values) for a, d in read(editor).desired.items()} == objects
    # Europe/Paris has two names, so neither is taken.
    assert "paris}" not in text
    assert ("${var.zone}" in text) == (
        variables is ALL_VARIABLES and any(v.get("timezone") == "America/Los_Angeles" for v in objects.values())
    )


UNSAYABLE = st.tuples(TEXTS, st.sampled_from(("${env.A}", "${var.zone}", "${vars.a}", "\ud800")), TEXTS).map("".join)


@given(st.one_of(UNSAYABLE, st.sampled_from(("", " ", "\t", "\n"))), scheduled)
@law
def test_what_no_file_can_say_is_refused(name: str, values: Values) -> None:
    with pytest.raises(Unwritable, match=r"."):
        entry_for(KIND, None, Address("sales", "schedule", f"recipe:{name}"), values, NO_VARIABLES)


# -- into files that are there -----------------------------------------------------------------------------------------

LAYOUTS = st.builds(
    Layout,
    dash=st.integers(0, 4),
    offset=st.integers(2, 4),
    has_blanks=st.booleans(),
    flow=st.booleans(),
    quote=st.just(""),
)
SIMPLE_NAMES = st.integers(0, 99).map("recipe:R{}".format)
SIMPLE = st.dictionaries(st.builds(Address, st.just("sales"), st.just("schedule"), SIMPLE_NAMES), ANY, max_size=4)


@st.composite
def files(draw: Any) -> tuple[str, dict[Address, Values]]:
    """Return a file as people have them, and what it asks for."""
    objects, layout = draw(SIMPLE), draw(LAYOUTS)
    head = draw(st.sampled_from(("", "# mine\n\n", "%YAML 1.2\n---\n", "---\n")))
    section = "schedules:  # all of them" if objects else draw(st.sampled_from(("schedules: []  # none yet", "")))
    other = draw(st.sampled_from(("", "pipelines: {}\n", "configurations: []\n")))
    lines = layout.entries(entries(objects, ALL_VARIABLES), "sales")
    end = draw(st.sampled_from(("", "# the end\n", f"{' ' * (layout.dash + 2)}# of the last\n", "\n\n", "...\n")))
    assume(section or other)
    text = f"{head}connection: sales\n{other}" + "".join(f"{line}\n" for line in (section, *lines) if line or lines)
    text += end
    if draw(st.booleans()):
        text = text.rstrip("\n")
    return text.replace("\n", draw(st.sampled_from(("\n", "\r\n")))), objects


def by_hand(draw: Any, value: Value, column: int) -> str:
    """Return a value as somebody may have typed it behind a key in this column."""
    if isinstance(value, tuple):
        way = draw(st.integers(0, 3))
        if way == 0:
            indent = " " * (column + draw(st.sampled_from((0, 2))))
            comment = draw(st.sampled_from(("", "  # an item", f"\n{indent}# between")))
            return "".join(f"\n{indent}- {by_hand(draw, item, 0)}{comment}" for item in value)
        between, end = ((", ", ""), (" ,", " "), (",\n" + " " * (column + 3), ""))[way - 1]
        return f"[{end}{between.join(by_hand(draw, item, 0) for item in value)}{end}]"
    return value_text(value, quote=draw(QUOTES) if isinstance(value, str) else "")


@st.composite
def messy_files(draw: Any) -> tuple[str, dict[Address, Values]]:
    """Return a file that nobody ever formatted, and what it asks for."""
    objects = draw(SIMPLE.filter(bool))
    dash = draw(st.integers(0, 3))
    lines = ["connection: sales", "schedules:"]
    gaps = st.sampled_from(("", "\n", "\n\n", " # a remark\n", "# a remark\n", "   # deep\n"))
    for address, values in objects.items():
        lines.append(draw(gaps).removesuffix("\n"))
        keys = draw(st.permutations([*KIND.entry_of(address.name, values).items(), ("protect", True)]))
        column, lead = dash + 2, " " * dash + "- "
        if draw(st.integers(0, 3)) == 0:
            pairs = [f"{name}: {value_text(value, flow=True, quote=draw(QUOTES))}" for name, value in keys]
            joined = draw(st.sampled_from((", ", " , ", f",\n{' ' * (column + 2)}"))).join(pairs)
            lines.append(f"{lead}{{{joined}}}{draw(st.sampled_from(('', '  # short')))}")
            continue
        for name, value in keys:
            text = f"{lead}{name}: {by_hand(draw, value, column)}"
            lines.append(text + draw(st.sampled_from(("", "", "  # said"))))
            lines.append(" " * column + "# on its own" if draw(st.integers(0, 5)) == 0 else "")
            lead = " " * column
        if not draw(st.booleans()):
            lines = [line for line in lines if line]
    text = "\n".join(line for line in lines if line or draw(st.booleans()))
    end = draw(st.sampled_from(("", "\n", "\n\n# the end\n")))
    return (text + end).replace("\n", draw(st.sampled_from(("\n", "\r\n")))), objects


ANY_FILE = st.one_of(files(), messy_files())


@given(ANY_FILE, SIMPLE)
@law
def test_adding_leaves_all_else_as_it_is(file: tuple[str, dict[Address, Values]], more: dict[Address, Values]) -> None:
    text, objects = file
    new = {address: values for address, values in more.items() if address not in objects}
    assume(new)
    with workspace(a=text) as editor:
        before = read(editor)
        draft = into_file(editor, editor.root / "a.yaml", entries(new, ALL_VARIABLES))
        after = editor.check(before, [draft], new)
    assert draft.before == text
    assert {a: dict(d.values) for a, d in after.desired.items()} == {**objects, **new}
    # Every line is still there, in the same order, but for the brackets of an empty list.
    kept = iter(draft.text.replace("schedules:  # none yet", "schedules: []  # none yet").splitlines())
    assert all(line in kept for line in text.splitlines())
    assert ("\r\n" in draft.text) == ("\r\n" in text)
    assert "\r\n" not in text or not re.search(r"(?<!\r)\n", draft.text)
    assert draft.text.endswith("\n") == text.endswith("\n")


@given(ANY_FILE, ANY, st.data())
@law
def test_accepting_changes_one_entry_and_no_other(
    file: tuple[str, dict[Address, Values]], live: Values, data: Any
) -> None:
    text, objects = file
    assume(objects)
    address = data.draw(st.sampled_from(sorted(objects)))
    with workspace(a=text) as editor:
        before = read(editor)
        desired = before.desired[address]
        changes = accepted_changes(KIND, desired.values, Live(address, live))
        object_ = Acceptance(KIND, desired, changes)
        made = accepted(editor, [object_] if changes else [])
        after = editor.check(before, made.drafts, {address: object_.values})
        # Accepted once, there is nothing more to accept.
        assert accepted_changes(KIND, after.desired[address].values, Live(address, live)) == {}
    if not changes:
        assert not made.drafts
        return
    (draft,) = made.drafts
    assert draft.text.endswith("\n") == text.endswith("\n")
    assert ("\r\n" in draft.text) == ("\r\n" in text)
    # Whatever is different lies between the beginning of this entry and that of the next.
    old, new = text.splitlines(), draft.text.splitlines()
    begin = desired.source.line - 1
    assert old[:begin] == new[:begin]
    following = [d.source.line - 1 for d in before.desired.values() if d.source.line > desired.source.line]
    if following:
        rest = old[min(following) :]
        assert new[len(new) - len(rest) :] == rest
    # A remark behind or below a field goes with the field; all others stay, and none comes up.
    remarks = [re.findall(r"# a remark|# deep|# the end|# ä.*", each) for each in (text, draft.text)]
    assert remarks[0] == remarks[1]


@given(files(), files())
@law
def test_a_patch_makes_one_text_of_the_other(one: tuple[str, Any], other: tuple[str, Any]) -> None:
    before, after = one[0], other[0]
    patch = diff_text(before, after, "a.yaml")
    assert (patch == "") == (before == after)
    assert patched(before, patch) == after


def patched(text: str, patch: str) -> str:
    """Return ``text`` with a unified diff applied, read from the definition of the format."""
    old = re.findall(r"[^\n]*\n|[^\n]+$", text)
    new: list[str] = []
    at, sign = 0, ""
    for line in re.findall(r"[^\n]*\n", patch)[2:]:
        if head := re.match(r"@@ -(\d+)(?:,(\d+))? \+", line):
            start = int(head[1]) - (head[2] != "0")
            new += old[at:start]
            at = start
        elif line.startswith("\\"):
            new[-1:] = [line.removesuffix("\n") for line in new[-1:]] if sign != "-" else new[-1:]
        else:
            sign = line[0]
            new += [line[1:]] if sign in " +" else []
            at += sign in " -"
    return "".join(new + old[at:])
