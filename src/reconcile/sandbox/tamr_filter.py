r"""The `filter` language of the job list: text in, a test of one job out.

What is documented and no more (tamr.md 1.6, A): the fields, operators and functions below. How they combine is AIP-160
(B): `NOT` and `-` bind tightest, then `OR`, then `AND`; side by side means `AND`. Everything else is refused, as
AIP-160 wants it, so that a client which leans on something undocumented is found out here. Assumed (C): strings in
either quotes with `\` before a quote, no wildcards, times in quotes.
"""

import operator
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NoReturn

from reconcile.sandbox.tamr_model import IDS, Job

Test = Callable[[Job], bool]
Show = Callable[[Job], str]
"""The state of a job as the API shows it."""

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_TIMES: dict[str, Callable[[Job], datetime | None]] = {
    "create_time": lambda job: job.created,
    "start_time": lambda job: job.entered("RUNNING"),
    "cancel_time": lambda job: job.cancelled,
    "stop_time": lambda job: job.entered("DONE"),
}
_HAS: dict[tuple[str, str], Test] = {
    ("configuration", "load"): lambda job: job.kind == "load",
    ("configuration", "update"): lambda job: job.kind == "update",
    ("configuration", "publish"): lambda job: job.kind == "publish",
    ("status", "error"): lambda job: job.status.error is not None,
}
_ID_FIELDS = {
    f"configuration.{kind}.{alias}": (kind, name) for kind, names in IDS.items() for name, alias in names.items()
}
_KEYWORDS = ("AND", "OR", "NOT")
_DEEPEST = 32
"""Levels of parentheses; a service may set such a limit (AIP-160)."""

_TOKEN = re.compile(
    r"""\s*(?:(?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
          |(?P<text>[A-Za-z0-9_][\w.-]*)
          |(?P<sign><=|>=|!=|[=<>:()-]))""",
    re.VERBOSE | re.ASCII,
)
_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


class FilterError(ValueError):
    """The filter is not of this language; the message says where and what is."""


def parse_filter(text: str, states: Collection[str], shown: Show) -> Test:
    """Return the test that the filter is; an empty one is true for every job. Raises FilterError.

    `states` are the names of states there are, `shown` is a job's own.
    """
    tokens = _tokens(text)
    return _Parser(tokens, states, shown).parse() if tokens else lambda job: True


def parse_moment(text: str) -> datetime:
    """Return the moment of an RFC 3339 timestamp, with its offset; a FilterError for anything else."""
    if _RFC_3339.fullmatch(text):
        try:
            return datetime.fromisoformat(text.upper())
        except ValueError:
            pass
    raise FilterError(f"{text!r} is not an RFC 3339 timestamp such as 2026-05-01T10:00:00Z")


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    at: int


def _tokens(text: str) -> list[_Token]:
    tokens, at = [], 0
    while rest := text[at:].strip():
        found = _TOKEN.match(text, at)
        if found is None:
            raise FilterError(f"filter: cannot read {rest[:20]!r} at character {text.index(rest, at)}")
        kind = str(found.lastgroup)
        tokens.append(_Token(kind, found[kind], found.start(kind)))
        at = found.end()
    return tokens


class _Parser:
    """Recursive descent over the tokens, by the grammar of AIP-160; one method per rule."""

    def __init__(self, tokens: list[_Token], states: Collection[str], shown: Show) -> None:
        self._tokens, self._next, self._depth = tokens, 0, 0
        self._states, self._shown = states, shown

    def parse(self) -> Test:
        test = self._expression()
        if self._peek():
            self._refuse("a comparison, AND or the end")
        return test

    def _expression(self) -> Test:
        """Return factors joined by `AND` or standing side by side."""
        tests = [self._factor()]
        while self._takes("AND") or self._peek() not in ("", ")", "OR"):
            tests.append(self._factor())
        return lambda job: all(test(job) for test in tests)

    def _factor(self) -> Test:
        tests = [self._term()]
        while self._takes("OR"):
            tests.append(self._term())
        return lambda job: any(test(job) for test in tests)

    def _term(self) -> Test:
        if self._takes("NOT") or self._takes("-"):
            test = self._simple()
            return lambda job: not test(job)
        return self._simple()

    def _simple(self) -> Test:
        if not self._takes("("):
            return self._restriction()
        self._depth += 1
        if self._depth > _DEEPEST:
            raise FilterError(f"filter: more than {_DEEPEST} levels of parentheses")
        test = self._expression()
        self._expect(")")
        self._depth -= 1
        return test

    def _restriction(self) -> Test:
        name = self._peek()
        if not self._is("text") or name in _KEYWORDS:
            self._refuse("a field or a function")
        self._next += 1
        if self._takes("("):
            self._expect(")")
            return self._time(name)
        if self._takes(":"):
            return self._has(name)
        if name == "job_id":
            compare, wanted = self._compared(("=", "!="))
            return lambda job: compare(job.id, wanted)
        if name == "status.state":
            return self._state()
        if name in _ID_FIELDS:
            kind, key = _ID_FIELDS[name]
            _, wanted = self._compared(("=",))
            return lambda job: job.kind == kind and job.ids.get(key, "") == wanted
        raise FilterError(f"filter: {name} is not a field that can be compared")

    def _time(self, name: str) -> Test:
        """Return the test of a time function: a comparison, or alone whether it is defined."""
        if name not in _TIMES:
            raise FilterError(f"filter: there is no function {name}(); there are: {', '.join(_TIMES)}")
        when, sign = _TIMES[name], self._peek()
        if not self._is("sign") or sign not in _COMPARE:
            return lambda job: when(job) is not None
        self._next += 1
        if not self._is("string"):
            self._refuse("a timestamp in quotes")
        moment, compare = parse_moment(self._value()), _COMPARE[sign]
        return lambda job: (at := when(job)) is not None and compare(at, moment)

    def _has(self, name: str) -> Test:
        wanted = self._value() if self._is("text") else self._refuse("a field")
        if (name, wanted) not in _HAS:
            known = ", ".join(f"{field}:{part}" for field, part in _HAS)
            raise FilterError(f"filter: {name}:{wanted} is not known; there are: {known}")
        return _HAS[name, wanted]

    def _state(self) -> Test:
        compare, wanted = self._compared(("=", "!="))
        if wanted not in self._states:
            raise FilterError(f"filter: status.state must be one of: {', '.join(self._states)}")
        shown = self._shown
        return lambda job: compare(shown(job), wanted)

    def _compared(self, signs: tuple[str, ...]) -> tuple[Callable[[str, str], bool], str]:
        """Return the comparison and the value of `= "..."`."""
        sign = self._peek()
        if not self._is("sign") or sign not in signs:
            self._refuse(" or ".join(signs))
        self._next += 1
        return _COMPARE[sign], self._value()

    def _value(self) -> str:
        """Return the string, or bare word, that stands here, and move on."""
        if not (self._is("string") or (self._is("text") and self._peek() not in _KEYWORDS)):
            self._refuse("a value")
        text = self._peek()
        quoted = self._is("string")
        self._next += 1
        return re.sub(r"\\(.)", r"\1", text[1:-1]) if quoted else text

    def _peek(self) -> str:
        return self._tokens[self._next].text if self._next < len(self._tokens) else ""

    def _is(self, kind: str) -> bool:
        return self._next < len(self._tokens) and self._tokens[self._next].kind == kind

    def _takes(self, text: str) -> bool:
        if self._peek() != text:
            return False
        self._next += 1
        return True

    def _expect(self, text: str) -> None:
        if not self._takes(text):
            self._refuse(repr(text))

    def _refuse(self, wanted: str) -> NoReturn:
        if self._next >= len(self._tokens):
            raise FilterError(f"filter: {wanted} is missing at the end")
        token = self._tokens[self._next]
        raise FilterError(f"filter: {wanted} is wanted instead of {token.text!r} at character {token.at}")
