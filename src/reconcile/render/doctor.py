"""What a checkup found: one line for each check, words and signs for how it went, and what to do about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from textwrap import wrap
from typing import Any

from reconcile.core.checkup import Checked, Finding, Verdict
from reconcile.render.terminal import Paint, Style, counted, painter, printable

DOCTOR_FORMAT = "reconcile.doctor/1"
WIDTH = 80

# Told apart by sign and word, not by colour alone.
_SIGNS = {
    Verdict.OK: ("+ ok  ", Style.CREATE),
    Verdict.WARN: ("! warn", Style.WARN),
    Verdict.FAIL: ("x FAIL", Style.BAD),
    Verdict.SKIP: ("- skip", Style.FAINT),
}
_CHECK_WIDTH = 12


def doctor_text(checked: Sequence[Checked], *, color: bool = False) -> str:
    """Return all findings, subject by subject, and the counts last."""
    paint = painter(color)
    blocks = [
        "\n".join([paint(_title(each), Style.STRONG), *(_lines(finding, paint) for finding in each.findings)])
        for each in checked
    ]
    return "\n\n".join([*blocks, paint(_summary(checked), Style.STRONG)]) + "\n"


def doctor_markdown(checked: Sequence[Checked]) -> str:
    """Return all findings as a table for each subject."""
    lines = [f"### reconcile: {_summary(checked).removesuffix('.')}", ""]
    for each in checked:
        lines += [f"**{_cell(_title(each))}**", "", "| | check | found |", "|---|---|---|"]
        lines += [f"| {f.verdict.value} | {f.check} | {_cell(_found(f))} |" for f in each.findings]
        lines.append("")
    return "\n".join(lines)


def doctor_document(checked: Sequence[Checked], environment: str | None, workspace: str | None) -> dict[str, Any]:
    """Return all findings in format ``reconcile.doctor/1``; ``ok`` says that none failed."""
    counts = _counts(checked)
    return {
        "format": DOCTOR_FORMAT,
        "environment": environment,
        "workspace": workspace,
        "ok": not counts[Verdict.FAIL],
        "counts": {verdict.value: counts[verdict] for verdict in Verdict},
        "checks": [
            {
                "subject": each.subject,
                "connection": each.connection,
                "check": finding.check,
                "verdict": finding.verdict.value,
                "detail": finding.detail,
                "hint": finding.hint or None,
            }
            for each in checked
            for finding in each.findings
        ],
        "diagnostics": [],
    }


def _title(checked: Checked) -> str:
    name = f"connection {checked.connection}" if checked.connection else checked.subject
    return printable(f"{name} ({checked.what})" if checked.what else name)


def _lines(finding: Finding, paint: Paint) -> str:
    sign, style = _SIGNS[finding.verdict]
    head = f"  {sign}  {finding.check:<{_CHECK_WIDTH}} "
    room = " " * len(head)
    width = WIDTH - len(head)
    text = _wrapped(finding.detail, width)
    lines = [f"  {paint(sign, style)}  {finding.check:<{_CHECK_WIDTH}} {text[0]}", *(room + line for line in text[1:])]
    if finding.hint and finding.verdict is not Verdict.OK:
        lines += [paint(room + line, Style.FAINT) for line in _wrapped(f"hint: {finding.hint}", width)]
    return "\n".join(lines)


def _wrapped(text: str, width: int) -> list[str]:
    """Return the text in lines; a path or URL that is longer stays whole, to be copied."""
    return wrap(printable(text), width, break_long_words=False, break_on_hyphens=False) or [""]


def _found(finding: Finding) -> str:
    return f"{finding.detail}; hint: {finding.hint}" if finding.hint else finding.detail


def _cell(text: str) -> str:
    return printable(text).replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")


def _counts(checked: Sequence[Checked]) -> Counter[Verdict]:
    return Counter(finding.verdict for each in checked for finding in each.findings)


def _summary(checked: Sequence[Checked]) -> str:
    counts = _counts(checked)
    words = {Verdict.OK: "ok", Verdict.WARN: "to look at", Verdict.FAIL: "failed", Verdict.SKIP: "not checked"}
    parts = [f"{counts[verdict]} {word}" for verdict, word in words.items() if counts[verdict]]
    return f"{counted(sum(counts.values()), 'check')}: {', '.join(parts)}."
