"""What the YAML parser stumbled over, in words for people."""

from __future__ import annotations

import re

import yaml

from reconcile.config.text import Text
from reconcile.core.diagnostic import Diagnostic

# What YAML allows in a file; see "5.1. Character Set" of the YAML 1.2 specification.
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")

# The first pattern that is found in libyaml's message decides. {where} is where the construct began.
_EXPLANATIONS: tuple[tuple[str, str, str], ...] = (
    (
        r"mapping values are not allowed",
        'A second ": " where only a value can stand.',
        'put a value that holds ": " in quotes; for a new key, check its indentation and the line before',
    ),
    (
        r"quoted scalar.*(unexpected end|document (indicator|separator))",
        "The quote that opens {where} is never closed.",
        "close it on the same line",
    ),
    (
        r"unknown escape character|invalid Unicode|hexdecimal|hexadecimal",
        "In double quotes a backslash begins an escape, and this is none.",
        "use single quotes, or write two backslashes",
    ),
    (
        r"flow sequence",
        "The list that opens {where} with [ is not closed, or a comma is missing.",
        "close it with ], and put a comma between items",
    ),
    (
        r"flow mapping",
        "The mapping that opens {where} with {{ is not closed, or a comma is missing.",
        "close it with }, and put a comma between pairs",
    ),
    (
        r"could not find expected ':'",
        'This is no "key: value" pair.',
        'put ": " after the key, or check whether a quote is missing above',
    ),
    (
        r"block collection",
        'This is no item of the list that begins {where}: it does not begin with "- ".',
        'begin it with "- ", or indent it to belong to the item above',
    ),
    (
        r"block mapping",
        "This does not fit the mapping that begins {where}.",
        "keys of one mapping begin in the same column, and nothing may follow a closing quote",
    ),
    (
        r"sequence entries are not allowed",
        'A list item ("- ") cannot begin here.',
        'put "- " on a line of its own, or the text in quotes',
    ),
    (r"an alias", "* begins an alias and must be followed by a name.", "put text that begins with * in quotes"),
    (r"an anchor", "& begins an anchor and must be followed by a name.", "put text that begins with & in quotes"),
    (r"\btag\b", "! begins a tag, and this is none.", "put text that begins with ! in quotes"),
    (
        r"block scalar",
        "After | or > only a line break (or + - and a digit) can stand.",
        "begin the text on the next line, indented",
    ),
    (
        r"directive|incompatible YAML",
        "A line that begins with % is an instruction to the YAML reader, and this one is unknown.",
        "delete the line",
    ),
    (r"document start", "The file goes on after its end.", "check for a bracket too many, or for lines after ..."),
    (
        r"node content",
        "A value is missing here, or a bracket has no partner.",
        "check the brackets; put text that begins with ] } or , in quotes",
    ),
    (r"cannot start any token", "No value can begin with this character.", "put the text in quotes"),
)


def unprintable(text: Text) -> Diagnostic | None:
    """Return an error for the first character that no YAML file may hold; None when all are fine."""
    found = _UNPRINTABLE.search(text.characters)
    if found is None:
        return None
    code_point = f"U+{ord(found.group()):04X}"
    return Diagnostic(
        "control-character",
        "A character that cannot be seen",
        f"The file holds the control character {code_point} here; YAML does not allow it.",
        'delete it; in double quotes it can be written as "\\x.." if it is meant',
        text.span(found.span()),
    )


def explain_syntax(error: yaml.YAMLError, text: Text) -> Diagnostic:
    """Return the error that says in plain words where and why ``text`` cannot be read as YAML."""
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return Diagnostic(
            "yaml-syntax",
            "The file cannot be read as YAML",
            hint="check quotes, brackets and indentation",
            span=text.span((0, 1)),
        )
    at = min(error.problem_mark.index, len(text.characters))
    began = error.context_mark.index if error.context_mark else at
    tab = _indenting_tab(text, at)
    if tab is not None:
        return Diagnostic(
            "yaml-tab",
            "A tab in the indentation",
            "YAML is indented with spaces; a tab cannot be told from several of them.",
            "replace it with spaces, and let the editor write spaces in YAML files",
            text.span((tab, tab + 1)),
        )
    message = f"{error.context or ''} {error.problem or ''}"
    detail, hint = _explanation(message)
    if "flow" in message and "${" in text.lines[text.line_of(at) - 1]:
        hint = "inside [ ] and { } put ${...} in quotes"
    where = f"on line {text.line_of(began)}" if text.line_of(began) != text.line_of(at) else "on this line"
    at = _shown_at(message, at, began, len(text.characters.rstrip()))
    return Diagnostic(
        "yaml-syntax", "The file cannot be read as YAML", detail.format(where=where), hint, text.span((at, at + 1))
    )


def _shown_at(message: str, at: int, began: int, end: int) -> int:
    """Return the offset to point at: the beginning of what is never finished, else where reading stopped."""
    never_closed = "quoted scalar" in message and "unexpected" in message
    if never_closed or at >= end or "could not find expected" in message:
        return min(began, max(0, end - 1))
    return at


def _explanation(message: str) -> tuple[str, str]:
    for pattern, detail, hint in _EXPLANATIONS:
        if re.search(pattern, message):
            return detail, hint
    return "The text does not go on as YAML would here.", "check quotes, brackets and indentation around this place"


def _indenting_tab(text: Text, at: int) -> int | None:
    """Return where a tab indents the line of ``at``; None when there is none."""
    begin = max(text.characters.rfind("\n", 0, at), text.characters.rfind("\r", 0, at)) + 1
    line = text.characters[begin:]
    indentation = line[: len(line) - len(line.lstrip(" \t-"))]
    return begin + indentation.index("\t") if "\t" in indentation else None
