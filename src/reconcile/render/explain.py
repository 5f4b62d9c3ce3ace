"""One object explained, as people read it: where it comes from, how it is, what becomes of it, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import wrap

from reconcile.core.address import Address
from reconcile.core.agenda import Entry
from reconcile.core.change import Change, Unchanged
from reconcile.core.diagnostic import Diagnostic
from reconcile.core.drift import Blame, Drift
from reconcile.core.history import History, Told
from reconcile.core.kind import Action
from reconcile.core.outlook import Outlook
from reconcile.core.snapshot import Live, Missing, ReadFailed, Reading, Recorded, SameAs, Unreadable, Values
from reconcile.render.diagnostics import prefixed
from reconcile.render.effect import effect_line, occurrence_words
from reconcile.render.held import hold_text
from reconcile.render.terminal import Paint, Style, painter, printable, value_text, when_text
from reconcile.render.text import change_text, drift_text
from reconcile.render.timing import assumption_words, silence_words, timing_words

WIDTH = 80
SHORT_COMMIT = 10
_INDENT = "  "
_TIES = {
    "waits_for": "runs after",
    "waited_for_by": "these run after it",
    "reads": "reads the output of",
    "read_by": "its output is read by",
}


@dataclass(frozen=True, slots=True)
class Sheet:
    """What there is to show of one object. ``place`` is where its entry begins, as people are shown it.

    ``entry`` is the text of that, line by line with numbers; ``blame`` the last commit of it. ``ties`` has others by
    what they are to it: ``waits_for``, ``waited_for_by``, ``reads``, ``read_by``.
    """

    address: Address
    zone: str
    is_offline: bool
    place: str
    entry: tuple[tuple[int, str], ...]
    blame: Blame | None
    hold: str
    recorded: Recorded | None
    live: Reading | None
    change: Change | None
    unchanged: Unchanged | None
    drift: Drift | None
    outlook: Outlook | None
    runs: Entry | None
    runs_live: Entry | None
    ties: tuple[tuple[str, tuple[Address, ...]], ...]
    findings: tuple[Diagnostic, ...]
    allowed: tuple[tuple[Diagnostic, str], ...]
    refusals: tuple[Diagnostic, ...]
    history: History
    prefix: str = ""


def explain_text(sheet: Sheet, *, color: bool = False) -> str:
    """Return everything, under headings; no heading for what there is nothing to say about."""
    paint = painter(color)
    blocks = [paint(printable(str(sheet.address)), Style.STRONG)]
    for title, lines in sections(sheet, paint):
        blocks.append("\n".join([paint(title, Style.STRONG), *(f"{_INDENT}{line}".rstrip() for line in lines)]))
    return "\n\n".join(blocks) + "\n"


def explain_markdown(sheet: Sheet) -> str:
    """Return the same as Markdown: a heading, and a block for each section."""
    lines = [f"### reconcile: {printable(str(sheet.address)).replace('<', '&lt;')}", ""]
    for title, body in sections(sheet, painter(False)):
        fence = "`" * (max((len(line) - len(line.lstrip("`")) for line in body), default=0) + 3)
        lines += [f"**{title}**", "", f"{fence}text", *body, fence, ""]
    return "\n".join(lines)


def sections(sheet: Sheet, paint: Paint) -> list[tuple[str, list[str]]]:
    """Return the headings, each with the lines below it."""
    found = (
        ("Declared", _declared(sheet)),
        ("Recorded", _recorded(sheet.recorded, sheet.history)),
        ("Live", _live(sheet)),
        ("Apply", _apply(sheet, paint)),
        ("Drift", _drift(sheet)),
        ("Guards", [line for each in sheet.refusals for line in _told(each)]),
        ("Runs", _runs(sheet)),
        ("Others", [line for name, others in sheet.ties for line in _others(_TIES[name], others)]),
        ("Findings", [line for each in sheet.findings for line in (*_told(each), *_elsewhere(each, sheet))]),
        ("Accepted", [line for each, reason in sheet.allowed for line in _text(f"{each.code}: {reason}")]),
        ("Applies", [line for told in sheet.history.applies for line in _applied(told)]),
    )
    return [(title, lines) for title, lines in found if lines]


def _declared(sheet: Sheet) -> list[str]:
    if not sheet.place:
        return ["in no file"]
    lines = _text(sheet.place + (f", {_blamed(sheet.blame)}" if sheet.blame else ""))
    width = len(str(sheet.entry[-1][0])) if sheet.entry else 0
    lines += [f"  {number:>{width}} | {printable(text)}" for number, text in sheet.entry]
    return [*lines, *(_text(f"held: {sheet.hold}") if sheet.hold else [])]


def _blamed(blame: Blame) -> str:
    if blame.commit is None:
        return "last changed since the last commit"
    commit = f"in commit {blame.commit[:SHORT_COMMIT]}"
    if blame.is_oldest:
        return f"last changed {commit} or before (shallow clone)"
    return f"last changed by {blame.by} at {when_text(blame.at)} {commit} ({blame.summary})"


def _recorded(recorded: Recorded | None, history: History) -> list[str]:
    if recorded is None:
        return ["nothing: not applied by us before"]
    last = next((each for each in history.applies if each.applied_at == recorded.applied_at), None)
    by = f" by {last.by}" if last else ""
    commit = f" from commit {last.commit[:SHORT_COMMIT]}" if last and last.commit else ""
    marks = ["protected"] * recorded.protect
    marks += [f"held since {when_text(recorded.held_since)}"] if recorded.held_since else []
    marks += [] if recorded.certain else ["nobody knows how that apply of it ended"]
    words = f"last applied by us at {when_text(recorded.applied_at)}{by}{commit}"
    return [*_text(", ".join([words, *marks])), *_values(recorded.values)]


def _live(sheet: Sheet) -> list[str]:
    match sheet.live:
        case None:
            return ["not asked (--offline)"] if sheet.is_offline else ["not read"]
        case Live() as live:
            head = [f"id {live.id}"] if live.id else []
            head += [f"called {live.label}"] if live.label else []
            if live.modified and (live.modified.by or live.modified.at):
                when = f" at {when_text(live.modified.at)}" if live.modified.at else ""
                head.append(
                    f"{live.modified.of} last modified{f' by {live.modified.by}' * bool(live.modified.by)}{when}"
                )
            hidden = [f"not shown: {', '.join(sorted(live.unknown))}"] if live.unknown else []
            return [*_text(", ".join([*head, *hidden]) or "there"), *_values(live.values)]
        case Missing(diagnostic=told):
            return _text(f"not there: {told.detail}")
        case Unreadable():
            return ["the platform has no way to show it: taken to be as recorded"]
        case ReadFailed(diagnostic=told):
            return _text(f"could not be read: {told.detail}")
        case SameAs(other=other):
            return _text(f"the same object as {other}")


def _apply(sheet: Sheet, paint: Paint) -> list[str]:
    if sheet.change is not None:
        effects = sheet.outlook.effects if sheet.outlook else {}
        effect = effects.get(sheet.address)
        told = [f"=> {effect_line(effect, sheet.outlook.zone)}"] if effect and sheet.outlook else []
        return [
            part
            for line in change_text(sheet.change, paint, sheet.prefix, True, told).split("\n")
            for part in (_text(line, "       ") if line.lstrip().startswith("=> ") else [line])
        ]
    if sheet.unchanged is not None:
        item = sheet.unchanged
        words = "would change nothing: it is as the file says"
        words += f"; {hold_text(item.hold)}" if item.hold else ""
        noted = item.to_record is not None and item.last_applied_at is None
        return _text(words + ("; it would be recorded as ours" if noted else ""))
    return ["not told (--offline)"] if sheet.is_offline else ["cannot be told: see the errors"]


def _drift(sheet: Sheet) -> list[str]:
    return drift_text((sheet.drift,), prefix=sheet.prefix).split("\n\n", 1)[-1].split("\n") if sheet.drift else []


def _runs(sheet: Sheet) -> list[str]:
    live = [("as it is live: ", sheet.runs_live)] if sheet.runs_live else []
    sides = [("as the file asks: " if live else "", sheet.runs), *live]
    return [line for words, entry in sides if entry for line in _coming(words, entry, sheet.zone)]


def _coming(words: str, entry: Entry, zone: str) -> list[str]:
    lines = _text(f"{words}{timing_words(entry.timing)}")
    lines += [f"held: {hold_text(entry.hold)}"] if entry.hold else []
    for each in entry.assumptions:
        lines += _text(assumption_words(each))
    if not entry.occurrences:
        silent = silence_words(entry.silence) if entry.silence else "none within two years"
        return [*lines, *_text(f"next runs: {silent}")]
    early = " at the earliest" if entry.after else ""
    return [*lines, f"next runs{early} ({zone}):", *(f"  {occurrence_words(run, zone)}" for run in entry.occurrences)]


def _others(words: str, others: Sequence[Address]) -> list[str]:
    return [words, *(f"  {printable(str(other))}" for other in others)] if others else []


def _told(diagnostic: Diagnostic) -> list[str]:
    lines = _text(f"{diagnostic.severity.value}[{diagnostic.code}]: {diagnostic.detail or diagnostic.summary}")
    return [*lines, *(f"  {line}" for line in _text(f"hint: {diagnostic.hint}"))] if diagnostic.hint else lines


def _elsewhere(diagnostic: Diagnostic, sheet: Sheet) -> list[str]:
    """Return the place of what stands in another file than the entry: the entry itself is shown."""
    if diagnostic.span is None:
        return []
    file = prefixed(diagnostic.span.file, sheet.prefix)
    return [] if sheet.place.rpartition(":")[0] == file else [f"  in {printable(file)}:{diagnostic.span.line}"]


def _applied(told: Told) -> list[str]:
    """Return one apply: when, by whom, what it did to this object."""
    commit = f" from commit {told.commit[:SHORT_COMMIT]}" if told.commit else ""
    undone = f", undone by {told.undone_by}" if told.undone_by else ""
    lines = _text(f"{told.id}  {when_text(told.applied_at)} by {told.by}{commit}: {told.outcome}{undone}")
    for change in told.changes:
        lines.append(f"  {change.action.value}, {change.outcome}")
        for field in change.fields:
            arrow = value_text(field.after)
            if change.action not in (Action.CREATE, Action.RUN):
                arrow = f"{value_text(field.before)} -> {arrow}"
            lines.append(f"    {field.path}: {arrow}")
    return lines


def _values(values: Values) -> list[str]:
    return [f"  {name}: {value_text(value)}" for name, value in values.items()] or ["  nothing is there"]


def _text(words: str, indent: str = "") -> list[str]:
    """Return words in lines that fit; an address or a URL that is longer stays whole."""
    return wrap(
        printable(words),
        WIDTH - len(_INDENT),
        break_long_words=False,
        break_on_hyphens=False,
        subsequent_indent=indent,
    )
